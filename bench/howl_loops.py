"""Microphone, desk, loudspeaker, room and back: a loop from a measured response, brought past its stability margin.

    u = limit(gain x (source + response * u, delayed))

The gain stands 8 dB below the margin and is then raised past it, at once, as a hand at a fader does. The margin is Nyquist's: the
least gain at which the loop's response crosses the real axis at 1. Somebody speaks, an instrument plays long notes, alone or with
a band, or nobody plays and the room is only not silent. What is watched is either the desk's input or a microphone elsewhere: in
the same building where more than one place was measured there, else in another.

A loop has run away, where it is watched, when what howls begins to be as loud as the programme: when the frequencies that the
desk's input has at the end are as strong, over 400 ms, as all of the programme at that gain, without the loop's growth, has been
over 3 s, and stay so for a second or more. Then the sound as a whole is 3 dB too loud, and half of it is one tone; softer, it is
a colour of the programme, and in a pause it rings. A programme below -40 dBFS counts as -40, for soft music is as loud.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from howl_music import INSTRUMENTS, RATE, Sound, band, line, speech
from scipy import ndimage, signal
from scipy.fft import next_fast_len

BLOCK = 256  # frames, the desk's delay
SAFE = -8.0  # dB below the margin
RAISED = 30.0  # s: as long as the watch remembers
SECONDS = 46.0
USUAL = 0.1  # RMS of a programme where it is watched: -20 dBFS
SOFT = 0.01
WINDOW = 4096  # frames


@dataclass(frozen=True, slots=True)
class Loop:
    """What was watched, and the truth."""

    name: str
    sound: Sound  # (frames,)
    excess: float  # dB above the margin
    raised: float  # s
    away: float | None  # s, since when it is as loud as the programme; None: never, where it is watched
    freqs: tuple[float, ...]  # Hz, what howls at the end, the strongest first
    growth: float  # dB/s, of the strongest, in the second up to that moment


def margin(response: Sound) -> float:
    """The least gain at which the loop through `response` (behind one BLOCK) does not decay."""
    size = 1 << 19
    spectrum = np.fft.rfft(response, size) * np.exp(-2j * np.pi * np.arange(size // 2 + 1) * BLOCK / size)
    at = np.flatnonzero(np.diff(np.sign(spectrum.imag)) != 0)
    share = spectrum.imag[at] / (spectrum.imag[at] - spectrum.imag[at + 1])
    crossing = spectrum.real[at] + share * (spectrum.real[at + 1] - spectrum.real[at])
    return float(1 / crossing.max())


def closed(source: Sound, response: Sound, gain: float) -> Sound:
    """(frames,) of the desk's input, below the margin and without the limiter."""
    size = next_fast_len(len(source) + 10 * RATE)  # what rings longer than that is lost
    loop_spectrum = np.fft.rfft(response, size) * np.exp(-2j * np.pi * np.arange(size // 2 + 1) * BLOCK / size)
    heard: Sound = np.fft.irfft(np.fft.rfft(source, size) / (1 - gain * loop_spectrum), size)[: len(source)]
    return heard


def run(source: Sound, before: Sound, response: Sound, gain: float, most: float) -> tuple[Sound, Sound]:
    """(frames,) of the desk's input and of what the loudspeaker gets, which got `before`; `most`: where the limiter bends."""
    parts = -(-len(response) // BLOCK)
    padded = np.zeros(parts * BLOCK)
    padded[: len(response)] = response
    filters = np.fft.rfft(padded.reshape(parts, BLOCK), 2 * BLOCK).astype(np.complex64)[::-1]  # the last part first
    blocks = np.lib.stride_tricks.sliding_window_view(before[-(parts + 1) * BLOCK :], 2 * BLOCK)[::BLOCK]
    history = np.tile(np.fft.rfft(blocks).astype(np.complex64), (2, 1))  # of what was played, twice: the last lie in one piece
    heard, played, last = np.zeros(len(source)), np.zeros(len(source)), before[-BLOCK:]
    for k in range(len(source) // BLOCK):
        piece, oldest = slice(k * BLOCK, (k + 1) * BLOCK), k % parts
        back = np.fft.irfft((history[oldest : oldest + parts] * filters).sum(axis=0), 2 * BLOCK)[BLOCK:]
        heard[piece] = source[piece] + back
        played[piece] = most * np.tanh(gain * heard[piece] / most)
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
    kind = str(draw.choice(["speech", "song", "music", "nobody"], p=[0.3, 0.3, 0.3, 0.1]))
    soft = 10 ** (draw.uniform(-40, -15) / 20) if kind == "nobody" else 1.0
    source = 0.05 * soft * programme(draw, kind) + 1e-4 * draw.normal(size=int(SECONDS * RATE))
    critical, excess = margin(shaped), float(draw.choice([0.5, 1, 2, 3, 4, 6]))
    safe, gain = critical * 10 ** (SAFE / 20), critical * 10 ** (excess / 20)
    raised = int(RAISED * RATE / BLOCK) * BLOCK
    source = source[: len(source) // BLOCK * BLOCK]
    quiet = closed(source, shaped, safe)
    after = run(source[raised:], safe * quiet[:raised], shaped, gain, 12 * 0.05 * gain)
    loud = np.concatenate([quiet[:raised], after[0]])
    if draw.random() < 0.5:  # the desk's input
        watched, expected = loud, quiet
    else:
        near = [other for title, other in rooms if title != name and title[:10] == name[:10]]
        other = near[draw.integers(len(near))] if near else rooms[draw.integers(len(rooms))][1]
        gains = np.where(np.arange(len(source)) < raised, safe, gain)
        watched = signal.fftconvolve(np.concatenate([safe * quiet[:raised], after[1]]), other)[: len(source)]
        expected = signal.fftconvolve(quiet * gains, other)[: len(source)]
        crowd = draw.normal(size=len(watched)) * expected.std() * 10 ** (draw.uniform(-40, -10) / 20)
        watched, expected = watched + crowd, expected + crowd
    scale = USUAL * soft / expected[:raised].std()
    watched, expected = np.clip(watched * scale, -1, 1), expected * scale
    end = spectra(loud)[-int(4 * RATE / WINDOW * 2) :].mean(axis=0)
    away = ran_away(watched, expected, end > end.max() / 100)
    freqs = howling(loud)
    return Loop(f"{name}, {kind}", watched, excess, raised / RATE, away, freqs, growth(watched, away, freqs[0]))


def programme(draw: np.random.Generator, kind: str) -> Sound:
    """What the microphone hears beside the loudspeakers, RMS 1."""
    if kind == "nobody":
        return signal.lfilter([0.2], [1, -0.8], draw.normal(size=int(SECONDS * RATE))) / 0.3333
    if kind == "speech":
        return speech(draw, SECONDS)
    source = line(draw, SECONDS, list(INSTRUMENTS.values())[draw.integers(len(INSTRUMENTS))])
    if kind == "music":
        source = source + band(draw, SECONDS)
    return source / source.std()


def spectra(sound: Sound) -> Sound:
    """(pieces, bins) power, every half WINDOW."""
    pieces = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float32), WINDOW)[:: WINDOW // 2]
    power: Sound = np.abs(np.fft.rfft(pieces * np.hanning(WINDOW).astype(np.float32))) ** 2
    return power


def ran_away(watched: Sound, expected: Sound, howls: Sound) -> float | None:
    """Since when (s) the bins that howl are as loud over 400 ms as the programme over 3 s, for a second or more."""
    second = RATE / WINDOW * 2
    heard, whole = spectra(watched)[:, howls].sum(axis=1), spectra(expected).sum(axis=1)
    tone = ndimage.uniform_filter1d(heard, int(0.4 * second))
    long = int(3 * second)
    usual = np.array([whole[max(0, n - long) : n + 1].mean() for n in range(len(whole))])
    soft = SOFT**2 * WINDOW * np.sum(np.hanning(WINDOW) ** 2) / 2
    times = (np.arange(len(tone)) + 1) / second
    over = (tone > np.maximum(usual[: len(tone)], soft)) & (times >= RAISED)
    labels, count = ndimage.label(over)
    since = [float(times[labels == n][0]) for n in range(1, count + 1) if np.sum(labels == n) >= second]
    return since[0] if since else None


def howling(heard: Sound) -> tuple[float, ...]:
    """Hz of what is within 20 dB of the strongest in the last 4 s, the strongest first, 1 % apart or more."""
    end = heard[-4 * RATE :]
    power = np.abs(np.fft.rfft(end * np.hanning(len(end)))) ** 2
    found: list[float] = []
    for place in np.argsort(power)[::-1][: np.sum(power > power.max() / 100)]:
        freq = float(place) / 4
        if all(abs(freq / other - 1) > 0.01 for other in found):
            found.append(freq)
    return tuple(found)


def growth(watched: Sound, away: float | None, freq: float) -> float:
    """How fast (dB/s) a frequency grew in the second up to the moment it had run away."""
    if away is None:
        return 0.0
    t = np.arange(len(watched)) / RATE
    sos = signal.butter(2, 30, fs=RATE, output="sos")
    level = np.abs(signal.sosfiltfilt(sos, watched * np.exp(-2j * np.pi * freq * t)))
    begin = int(max(RAISED, away - 1) * RATE)
    stop = max(int(away * RATE), begin + RATE // 5)
    return float(np.polyfit(t[begin:stop], 20 * np.log10(level[begin:stop] + 1e-9), 1)[0])
