"""Microphone, desk, loudspeaker, room and back: a loop from a measured response, brought past its stability margin.

    u = limit(gain x (source + response * u, delayed))

The gain stands 8 dB below the margin and is then raised past it, at once, as a hand at a fader does. The margin is Nyquist's: the
least gain at which the loop's response crosses the real axis at 1. What is watched is either the desk's input or a microphone
elsewhere in the room. A loop has run away when it begins to be more than 3 dB louder, for a second at least, than the same
programme would be at that gain without the loop's growth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from howl_music import INSTRUMENTS, RATE, Sound, band, line, speech
from scipy import ndimage, signal

BLOCK = 256  # frames, the desk's delay
SAFE = -8.0  # dB below the margin
RAISED = 8.0  # s
SECONDS = 24.0


@dataclass(frozen=True, slots=True)
class Loop:
    """What was watched, and the truth."""

    name: str
    sound: Sound  # (frames,)
    excess: float  # dB above the margin
    raised: float  # s
    away: float | None  # s, since when it is 3 dB too loud; None: it never ran away
    freq: float  # Hz, the strongest of its end
    growth: float  # dB/s, of that frequency, from the raised gain to half way up


def margin(response: Sound) -> float:
    """The least gain at which the loop through `response` (behind one BLOCK) does not decay."""
    size = 1 << 19
    spectrum = np.fft.rfft(response, size) * np.exp(-2j * np.pi * np.arange(size // 2 + 1) * BLOCK / size)
    at = np.flatnonzero(np.diff(np.sign(spectrum.imag)) != 0)
    share = spectrum.imag[at] / (spectrum.imag[at] - spectrum.imag[at + 1])
    crossing = spectrum.real[at] + share * (spectrum.real[at + 1] - spectrum.real[at])
    return float(1 / crossing.max())


def run(source: Sound, response: Sound, gains: Sound, most: float) -> tuple[Sound, Sound]:
    """(frames,) of the desk's input and of what the loudspeaker got; gains a block; `most`: where the limiter bends."""
    parts = -(-len(response) // BLOCK)
    padded = np.zeros(parts * BLOCK)
    padded[: len(response)] = response
    filters = np.fft.rfft(padded.reshape(parts, BLOCK), 2 * BLOCK).astype(np.complex64)[::-1]  # the last part first
    history = np.zeros((2 * parts, BLOCK + 1), np.complex64)  # of what was played, twice, so that the newest lie in one piece
    heard, played, last = np.zeros(len(source)), np.zeros(len(source)), np.zeros(BLOCK)
    for k in range(len(source) // BLOCK):
        piece, oldest = slice(k * BLOCK, (k + 1) * BLOCK), k % parts
        back = np.fft.irfft((history[oldest : oldest + parts] * filters).sum(axis=0), 2 * BLOCK)[BLOCK:]
        heard[piece] = source[piece] + back
        played[piece] = most * np.tanh(gains[k] * heard[piece] / most)
        history[oldest] = history[oldest + parts] = np.fft.rfft(np.concatenate([last, played[piece]]))
        last = played[piece]
    return heard, played


def loop(seed: int, rooms: list[tuple[str, Sound]]) -> Loop:
    """The loop that follows from the seed, in one of the rooms (name, response)."""
    draw = np.random.default_rng([0x41, seed])
    name, response = rooms[seed % len(rooms)]
    limits = np.vstack([signal.butter(2, draw.uniform(60, 150), "hp", fs=RATE, output="sos"),
                        signal.butter(2, draw.uniform(9_000, 16_000), "lp", fs=RATE, output="sos")])  # fmt: skip
    shaped = signal.sosfilt(limits, response[: RATE + RATE // 2])
    kind = ("speech", "song", "music")[seed % 3]
    source = speech(draw, SECONDS) if kind == "speech" else line(draw, SECONDS, list(INSTRUMENTS.values())[draw.integers(7)])
    if kind == "music":
        source = source + band(draw, SECONDS)
    source = 0.05 * source / source.std() + 1e-4 * draw.normal(size=len(source))
    critical, excess = margin(shaped), float(draw.choice([0.5, 1, 2, 3, 4, 6]))
    safe = critical * 10 ** (SAFE / 20)
    raised = int(RAISED * RATE / BLOCK)
    gains = np.full(len(source) // BLOCK, safe)
    most = 12 * 0.05 * safe * 10 ** ((excess - SAFE) / 20)
    quiet = run(source, shaped, gains, most)
    gains[raised:] = critical * 10 ** (excess / 20)
    loud = run(source, shaped, gains, most)
    if draw.random() < 0.5:  # the desk's input
        watched, expected = loud[0], quiet[0]
    else:
        _, other = rooms[draw.integers(len(rooms))]
        gained = np.repeat(gains, BLOCK) / safe
        watched = signal.fftconvolve(loud[1], other)[: len(gained)]
        expected = signal.fftconvolve(quiet[1][: len(gained)] * gained, other)[: len(gained)]
        crowd = draw.normal(size=len(watched)) * expected.std() * 10 ** (draw.uniform(-40, -10) / 20)
        watched, expected = watched + crowd, expected + crowd
    away = ran_away(watched, expected)
    freq, growth = course(watched, away)
    scale = 0.1 / expected[: raised * BLOCK].std()
    return Loop(f"{name}, {kind}", np.clip(watched * scale, -1, 1), excess, raised * BLOCK / RATE, away, freq, growth)


def ran_away(watched: Sound, expected: Sound) -> float | None:
    """Since when (s) it is 3 dB louder than it would be, over 400 ms, and that for a second or more."""
    frames = min(len(watched), len(expected))
    power = [ndimage.uniform_filter1d(x[:frames] ** 2, int(0.4 * RATE))[:: RATE // 100] for x in (watched, expected)]
    over = 10 * np.log10((power[0] + 1e-12) / (power[1] + 1e-12)) > 3
    labels, count = ndimage.label(over)
    lengths = np.bincount(labels, minlength=count + 1)[1:]
    long = np.flatnonzero(lengths >= 100)
    return float(np.flatnonzero(labels == long[0] + 1)[0] / 100) if len(long) else None


def course(watched: Sound, away: float | None) -> tuple[float, float]:
    """The strongest frequency (Hz) of the end, and how fast (dB/s) it grew in the second up to the moment it had run away."""
    if away is None:
        return 0.0, 0.0
    end = watched[int(-4 * RATE) :] * np.hanning(4 * RATE)
    freq = float(np.argmax(np.abs(np.fft.rfft(end))) / 4)
    t = np.arange(len(watched)) / RATE
    sos = signal.butter(2, 30, fs=RATE, output="sos")
    level = np.abs(signal.sosfiltfilt(sos, watched * np.exp(-2j * np.pi * freq * t)))
    begin = int(max(RAISED, away - 1) * RATE)
    stop = max(int(away * RATE), begin + RATE // 5)
    course_db = 20 * np.log10(level[begin:stop] + 1e-9)
    return freq, float(np.polyfit(t[begin:stop], course_db, 1)[0])
