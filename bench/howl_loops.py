"""Microphone, desk, loudspeaker, room and back: a loop from a measured response, brought past its stability margin.

    u = limit(gain x (source + response * u, delayed))

The gain stands 8 dB below the margin and is then raised past it, at once, as a hand at a fader does. The margin is Nyquist's: the
least gain at which the loop's response crosses the real axis at 1. Somebody speaks, an instrument plays long notes, alone or with
a band, or nobody plays and the room is only not silent. What is watched is either the desk's input or a microphone elsewhere: in
the same building where more than one place was measured there, else in another.

A loop has run away, where it is watched, when what howls begins to be as loud as the programme and does not stop again: when all
that the loop adds to the programme (the sound less what that programme is at that gain without the loop's growth) is as strong,
over 400 ms, as the programme has been over 3 s, and never again 6 dB softer. Then the sound as a whole is 3 dB too loud, and half
of it is one tone; softer, it is a colour of the programme, and in a pause it rings: a note that the loop makes ring for a second,
and that is gone with the next, is no runaway yet. A programme below -40 dBFS counts as -40, for soft music is as loud.

Of several frequencies past the margin the limiter leaves one or two after some seconds. So a loop howls, beside these, at what is
among the strongest within two seconds of running away, and ten times what the programme is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from howl_music import INSTRUMENTS, RATE, Sound, band, line, speech
from scipy import signal
from scipy.fft import next_fast_len

BLOCK = 256  # frames, the desk's delay
SAFE = -8.0  # dB below the margin
RAISED = 30.0  # s: as long as the watch remembers
SECONDS = 46.0
USUAL = 0.1  # RMS of a programme where it is watched: -20 dBFS
SOFT = 0.01
PIECE = 960  # frames


@dataclass(frozen=True, slots=True)
class Loop:
    """What was watched, and the truth."""

    name: str
    sound: Sound  # (frames,)
    excess: float  # dB above the margin
    raised: float  # s
    away: float | None  # s, since when it is as loud as the programme, for good; None: not yet, where it is watched
    freqs: tuple[float, ...]  # Hz, what howls at the end, the strongest first
    first: tuple[float, ...]  # Hz, what howled when it had just run away
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


class Through(Protocol):
    """What is between the desk's input and its gain."""

    def through(self, sound: Sound) -> Sound:
        """A block -> a block."""


def run(
    source: Sound, before: Sound, response: Sound, gain: float, most: float, way: Through | None = None
) -> tuple[Sound, Sound]:
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
        passed = heard[piece] if way is None else way.through(heard[piece])
        played[piece] = most * np.tanh(gain * passed / most)
        history[oldest] = history[oldest + parts] = np.fft.rfft(np.concatenate([last, played[piece]]))
        last = played[piece]
    return heard, played


@dataclass(frozen=True, slots=True)
class Setting:
    """A loop that has not been played yet."""

    draw: np.random.Generator
    name: str  # of the room
    kind: str  # of the programme
    source: Sound
    response: Sound
    soft: float  # of the programme's level
    safe: float  # gain before
    gain: float  # gain after
    excess: float  # dB above the margin
    raised: int  # frames
    quiet: Sound  # (frames,) of the desk's input, were the gain not raised

    def after(self, way: Through | None = None) -> tuple[Sound, Sound]:
        """From when the gain is raised: the desk's input, and what the loudspeaker gets."""
        most = 12 * 0.05 * self.gain
        return run(self.source[self.raised :], self.safe * self.quiet[: self.raised], self.response, self.gain, most, way)


def setting(seed: int, rooms: list[tuple[str, Sound]]) -> Setting:
    """What follows from the seed, in one of the rooms (name, response)."""
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
    return Setting(draw, name, kind, source, shaped, soft, safe, gain, excess, raised, quiet)


def loop(seed: int, rooms: list[tuple[str, Sound]]) -> Loop:
    """The loop that follows from the seed."""
    made = setting(seed, rooms)
    draw, name, source, quiet, raised, soft = made.draw, made.name, made.source, made.quiet, made.raised, made.soft
    safe, gain, kind, excess, after = made.safe, made.gain, made.kind, made.excess, made.after()
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
    away, freqs = ran_away(watched, expected), howling(loud - quiet)
    first = () if away is None else at_first(loud - quiet, quiet, away)
    return Loop(f"{name}, {kind}", watched, excess, raised / RATE, away, freqs, first, growth(watched, away, freqs[0]))


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


def ran_away(watched: Sound, expected: Sound) -> float | None:
    """Since when (s) what the loop adds is as loud over 400 ms as the programme over 3 s, and not 6 dB softer up to the end."""

    def power(sound: Sound, seconds: float) -> Sound:
        """Every PIECE, the mean over what has been."""
        pieces = np.square(sound[: len(sound) // PIECE * PIECE]).reshape(-1, PIECE).mean(axis=1)
        whole, count = np.concatenate([[0.0], np.cumsum(pieces)]), int(seconds * RATE / PIECE)
        first = np.maximum(0, np.arange(1, len(pieces) + 1) - count)
        return (whole[1:] - whole[first]) / (np.arange(1, len(pieces) + 1) - first)

    tone, usual = power(watched - expected, 0.4), np.maximum(power(expected, 3.0), SOFT**2)
    times = np.arange(1, len(tone) + 1) * PIECE / RATE
    softer = np.flatnonzero((tone < usual / 4) | (times < RAISED))
    since = np.flatnonzero((tone > usual) & (np.arange(len(tone)) > softer[-1]))
    return float(times[since[0]]) if len(since) else None


def howling(added: Sound) -> tuple[float, ...]:
    """Hz of what is within 20 dB of the strongest that the loop added in the last 4 s, the strongest first, 1 % apart or more."""
    end = added[-4 * RATE :]
    power = np.abs(np.fft.rfft(end * np.hanning(len(end)))) ** 2
    found: list[float] = []
    for place in np.argsort(power)[::-1][: np.sum(power > power.max() / 100)]:
        freq = float(place) / 4
        if all(abs(freq / other - 1) > 0.01 for other in found):
            found.append(freq)
    return tuple(found)


def at_first(added: Sound, expected: Sound, away: float) -> tuple[float, ...]:
    """Hz of what is within 10 dB of the strongest that is added, in one of three seconds, and 10 dB above the programme there."""
    found: list[float] = []
    for late in (0.0, 0.5, 1.0):
        begin = min(int((away + late) * RATE), len(added) - RATE)
        pieces = (one[begin : begin + RATE] * np.hanning(RATE) for one in (added, expected))
        power, usual = (np.abs(np.fft.rfft(piece)) ** 2 for piece in pieces)
        for freq in np.argsort(power)[::-1][: np.sum(power > power.max() / 10)]:
            near = slice(max(0, int(0.98 * freq)), int(1.02 * freq) + 2)
            if power[near].sum() > 10 * usual[near].sum() and all(abs(freq / other - 1) > 0.01 for other in found):
                found.append(float(freq))
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
