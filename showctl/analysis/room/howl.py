"""The feedback watch: one tone that grows by as many decibels every second, or that stands alone and louder than all before.

Every 85 ms the two strongest peaks of the spectrum are looked at, if they are above FLOOR and hold a sixteenth of the sound or
more. What is known of each (`howl_features`: the published features of feedback and their course) is judged by a small net: how
much more likely is it a loop that runs away than a note? When judgements one after the other, at one frequency, have in the mean
what is ENOUGH for so many, it says so: a loop goes on, and a slow one is known by a second of little.

A loop that runs away multiplies by the same factor each time round, so its course is a line at one frequency, for as long as it
grows. A player's swell may be as straight for a while, a synthesiser's tone as steady; no one of the features tells them apart,
and limits set by hand on each were late with one loop in seven, and took a note for a loop every two minutes. The programme
does not help either: what howls through a desk's microphone is in it, and a pipe organ is not.

The net (howl_weights.npz beside this module) has learned from simulated loops and from played notes: bench/howl_learn.py. In the
first twelve seconds too little is known to compare with, and nothing is told.

Levels in dBFS (a sine at full scale: -3), times in s from the stream's start. It advises; it changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room.howl_features import Spectra
from showctl.model import AudioBlock, Howl

LOW, HIGH = 80.0, 12_000.0  # Hz that are watched
FLOOR, SHARE = -50.0, -12.0  # dBFS; dB below all the sound
PEAKS = 2  # looked at in each spectrum
EVERY = 2  # spectra from one judgement to the next
LEARNING = 12.0  # s that must have been heard
ENOUGH = {3: 4.0, 6: 2.5, 12: 1.0}  # judgements, and the mean of the natural logarithms of their odds
MOST = 6.0  # that one of them counts, for it or against; against it, where there was no such peak
NEAR = 0.02  # of a frequency: the same, one judgement later
AGAIN = 2.0  # s: a frequency that was told of is told of anew
STILL, SOFTER = 1.0, 2.0  # s, dB: one that stands is told of again as long as it is no softer than that
SAME = 0.03  # of a frequency: one howl
OVERTONE = 0.003  # of a frequency: so near is what a limiter makes
FADERS = 1000.0 * 10 ** (np.arange(-17, 14) / 10)  # Hz, third octaves from 20 Hz to 20 kHz
# fmt: off
NOMINAL = (20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150,
           4000, 5000, 6300, 8000, 10_000, 12_500, 16_000, 20_000)
# fmt: on


@cache
def _weights() -> dict[str, NDArray[np.float64]]:
    """Read once, with its first use, as Python reads its code."""
    with (files(__package__) / "howl_weights.npz").open("rb") as opened, np.load(opened) as stored:
        return {name: stored[name].astype(np.float64) for name in stored.files}


def evidence(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., N) features -> (...,) natural logarithm of the odds that it is feedback."""
    net = _weights()
    hidden = np.tanh((features - net["mean"]) / net["spread"] @ net["inner"] + net["bias"])
    odds: NDArray[np.float64] = hidden @ net["outer"] + net["offset"]
    return odds


class HowlWatch:
    """Listens to one channel of a stream."""

    def __init__(self, rate: int, channel: int = 0) -> None:
        self._rate, self._channel = rate, channel
        self._spectra = Spectra(rate, min(HIGH, 0.42 * rate))
        self._low = int(LOW * self._spectra.size / rate)
        self._learned = round(LEARNING * rate / self._spectra.hop)
        self._heard = np.zeros(0, np.float32)
        self._start: int | None = None
        self._courses, self._told = Courses(), Told()

    def feed(self, block: AudioBlock) -> list[Howl]:
        """A block of any size -> what began to howl in it."""
        samples = block.samples[:, self._channel].astype(np.float32)
        if self._start is None or block.lost:
            self._start, self._heard = block.start, np.zeros(0, np.float32)
        self._heard = np.concatenate([self._heard, samples])
        size, hop, found, at = self._spectra.size, self._spectra.hop, list[Howl](), 0
        while len(self._heard) - at >= size:
            self._spectra.hear(self._heard[at : at + size])
            if self._spectra.count % EVERY == 0 and self._spectra.count >= self._learned:
                found += self._judge((self._start + at + size) / self._rate)
            at += hop
        self._heard, self._start = self._heard[at:], self._start + at
        return found

    def _judge(self, time: float) -> list[Howl]:
        now, judged = self._spectra.levels[-1], list[tuple[int, float, float]]()
        for peak in self._spectra.peaks(self._low, PEAKS):
            level = float(now[peak])
            if level < FLOOR or level - self._spectra.total < SHARE:
                continue
            freq = float(self._spectra.place(peak, 1)[0]) * self._rate / self._spectra.size
            judged.append((peak, freq, self._odds(time, freq, self._spectra.features(peak, self._low))))
        beyond = self._courses.add([(freq, odds) for _, freq, odds in judged])
        found = list[Howl]()
        for (peak, freq, _), surplus in zip(judged, beyond, strict=True):
            level = float(now[peak])
            again = not self._tell(time, freq, surplus, level)
            if not again or self._told.still(time, freq, level):
                found.append(replace(advice(time, freq, level, self._spectra.growth(peak) * self._rate), again=again))
        return found

    def _odds(self, _time: float, _freq: float, features: NDArray[np.float64]) -> float:
        return float(evidence(features))

    def _tell(self, time: float, freq: float, surplus: float, level: float) -> bool:
        return surplus > 0 and self._told.new(time, freq, level)


class Courses:
    """What has been judged, one time after the other, and whether it is enough."""

    def __init__(self) -> None:
        self._before: deque[list[tuple[float, float]]] = deque(maxlen=max(ENOUGH) - 1)  # frequencies and odds, newest first

    def add(self, judged: Sequence[tuple[float, float]]) -> list[float]:
        """Frequencies and odds of one time -> by how much the mean of each course is more than what is ENOUGH for it."""
        now = [(freq, min(MOST, max(-MOST, odds))) for freq, odds in judged]
        beyond = [self._surplus(freq, odds) for freq, odds in now]
        self._before.appendleft(now)
        return beyond

    def _surplus(self, freq: float, odds: float) -> float:
        course = [odds] + [max((o for f, o in one if abs(freq / f - 1) < NEAR), default=-MOST) for one in self._before]
        return max((sum(course[:n]) / n - least for n, least in ENOUGH.items() if len(course) >= n), default=-MOST)


class Told:
    """What has been told of."""

    def __init__(self) -> None:
        self._last: list[tuple[float, float, float]] = []  # time, frequency and level

    def new(self, time: float, freq: float, level: float) -> bool:
        """Whether it has not just been told, nor is an overtone, which a limiter makes, of one that has; from now on it has."""
        self._last = [one for one in self._last if time - one[0] < AGAIN]
        if any(abs(freq / f - 1) < SAME or any(abs(freq / f / n - 1) < OVERTONE for n in (2, 3, 5)) for _, f, _ in self._last):
            return False
        self._last.append((time, freq, level))
        return True

    def still(self, time: float, freq: float, level: float) -> bool:
        """Whether it was told a second ago, and is not softer for what was done about it: a loop that a limiter holds grows no
        more, but it howls. From now on it has been told."""
        for i, (t, f, before) in enumerate(self._last):
            if abs(freq / f - 1) < SAME and STILL <= time - t < AGAIN and level > before - SOFTER:
                self._last[i] = time, freq, level
                return True
        return False


def advice(time: float, freq: float, level: float, growth: float) -> Howl:
    """What to say of a howl."""
    fader = float(NOMINAL[int(np.argmin(np.abs(np.log(FADERS / freq))))])
    name = f"{fader / 1000:g} kHz" if fader >= 1000 else f"{fader:g} Hz"
    course = f"growing by {growth:.0f} dB/s" if growth >= 1 else "standing"
    return Howl(
        time, freq, level, growth, fader, f"feedback at {freq:.0f} Hz, {course}: turn down, or pull the {name} band by 6 dB"
    )
