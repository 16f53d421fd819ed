"""How loud the room is, against what the venue may be: LAeq over 1, 15 and 60 minutes, LCpeak, and a warning before a limit
falls.

Sound of one calibrated microphone is weighted as IEC 61672-1 has it (`weighting`) and its A-weighted mean square kept for each
second of the last hour, which is all that is remembered, and may be handed on to a meter that goes on from there. LAeq over a
time is the mean of what was measured of it: right after the start it is the mean since then, and seconds that were lost count for
nothing. LCpeak is the highest C-weighted sample, at least 48 kHz being fast enough for it. `full_scale` is dB SPL of sound
whose RMS is 1.0: what a calibrator says, less 20 log10 of the RMS that it gives.

What is forecast: let the last minute's level (the last ten seconds' for LAeq over one minute) go on. After t more seconds the
window holds the newest seconds of the past and t of that level, so the first t at which their mean passes the limit follows from
sums, as does the level that never passes it: the least over t of (limit x seconds - what remains of the past) / t. A limit is
warned of while it is going to be passed within a third of its time, and from 1 dB (peaks: 3 dB) below it on.

A limit that is passed, or that only near silence would keep, cannot be held any more: then it is said after how long at 6 dB
below the limit the mean is within it again.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from showctl.analysis.room.weighting import Weighting
from showctl.model import AudioBlock, LevelLimit, LevelPast, Levels, LevelWarning

HOUR = 3600  # s, the longest window
WINDOWS = {"laeq_1": 60, "laeq_15": 900, "laeq_60": HOUR}  # s
LEAST = 0.0  # dB, what is below it is called so
CLIPPED = 0.999  # of full scale
NEAR, NEAR_PEAK = 1.0, 3.0  # dB below a limit
LESS, SILENCE = 6.0, 12.0  # dB below a limit: what is advised where it cannot be held, and what nobody can play at
PEAK_S = 10  # s that a peak is warned of
_NAMES = {"laeq_1": "LAeq over 1 minute", "laeq_15": "LAeq over 15 minutes", "laeq_60": "LAeq over an hour", "lcpeak": "LCpeak"}


class Past:
    """Energy (square of sound pressure over its reference) of the last hour, second by second."""

    def __init__(self) -> None:
        self._energy = np.zeros(HOUR)  # mean square x share, oldest first
        self._share = np.zeros(HOUR)  # of each second, how much was measured
        self._peak = np.zeros(HOUR)  # square of the highest C-weighted sample

    def add(self, energy: float, share: float, peak: float = 0.0) -> None:
        """One second: its mean square, how much of it was measured (0..1), and the square of its peak."""
        for kept, new in ((self._energy, energy * share), (self._share, share), (self._peak, peak)):
            kept[:-1] = kept[1:]
            kept[-1] = new

    def fill(self, energy: NDArray[np.float64], share: NDArray[np.float64], peak: NDArray[np.float64], ago: int) -> None:
        """(seconds,) of earlier, newest last, of which the newest is so many seconds older than the newest that is known here.
        What is known already stays."""
        count = min(len(energy), HOUR - ago)
        if count <= 0:
            return
        there = slice(HOUR - ago - count, HOUR - ago)
        free = self._share[there] == 0
        for kept, old in ((self._energy, energy * share), (self._share, share), (self._peak, peak)):
            kept[there] = np.where(free, old[len(old) - count :], kept[there])

    @property
    def seconds(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """(HOUR,) mean square, share and peak of each second, oldest first."""
        return self._energy / np.maximum(self._share, 1e-9), self._share, self._peak

    def peak(self, seconds: int) -> float:
        """Square of the highest peak of the last so many seconds."""
        return float(self._peak[-seconds:].max())

    def mean(self, seconds: int) -> float:
        """Mean square over what was measured of the last so many seconds; 0 where nothing was."""
        measured = float(self._share[-seconds:].sum())
        return float(self._energy[-seconds:].sum()) / measured if measured > 0 else 0.0

    @property
    def measured(self) -> float:
        """Seconds measured of the last hour."""
        return float(self._share.sum())

    def remaining(self, window: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For t = 1..window: energy and seconds of the past that a window ending t seconds from now still holds."""
        newest = [np.concatenate([[0.0], np.cumsum(kept[::-1][: window - 1])])[::-1] for kept in (self._energy, self._share)]
        return newest[0], newest[1]


def passed_in(past: Past, window: int, limit: float, rate: float) -> int | None:
    """Seconds until the mean over the window passes the limit if each second brings `rate` (all mean squares); None: never."""
    energy, seconds = past.remaining(window)
    ahead = np.arange(1, window + 1)
    over = np.flatnonzero(energy + rate * ahead > limit * (seconds + ahead))
    return int(over[0]) + 1 if len(over) else None


def below_in(past: Past, window: int, limit: float, rate: float) -> int:
    """Seconds until the mean over the window is below the limit for good if each brings `rate`, which is below it, too."""
    energy, seconds = past.remaining(window)
    ahead = np.arange(1, window + 1)
    over = np.flatnonzero(energy + rate * ahead > limit * (seconds + ahead))
    return int(over[-1]) + 2 if len(over) else 1


def to_hold(past: Past, window: int, limit: float) -> float:
    """The mean square that, held from now on, never passes the limit; 0 where it is going to be passed whatever is done."""
    energy, seconds = past.remaining(window)
    ahead = np.arange(1, window + 1)
    return max(0.0, float(((limit * (seconds + ahead) - energy) / ahead).min()))


class LevelMeter:
    """Levels of a stream, once a second. `taps` is a filter that takes the microphone's curve out. ValueError: a rate below
    32 kHz."""

    def __init__(
        self,
        rate: int,
        full_scale: float,
        limits: tuple[LevelLimit, ...] = (),
        channel: int = 0,
        taps: NDArray[np.float64] | None = None,
    ) -> None:
        self._rate, self._channel, self._limits = rate, channel, limits
        self._factor = 10 ** (full_scale / 10)
        self._a, self._c = Weighting(rate, "A"), Weighting(rate, "C")
        self._taps, self._before = taps, np.zeros(0 if taps is None else len(taps) - 1)
        self._past = Past()
        self._sum, self._peak, self._clipped = 0.0, 0.0, False
        self._frames = 0  # measured in this second
        self._end: int | None = None  # audio frame with which it ends

    def remember(self, past: LevelPast, ago: int) -> None:
        """What was measured before this meter was made; the newest of it so many seconds ago."""
        known = np.array([level is not None for level in past.la], dtype=np.float64)
        energy = np.array([0.0 if level is None else 10 ** (level / 10) for level in past.la])
        self._past.fill(energy, known, 10 ** (np.array(past.peak, dtype=np.float64) / 10) * known, max(0, ago))

    def past(self) -> LevelPast:
        """What another meter is to remember. A second that was measured in part counts as one if most of it was."""
        energy, share, peak = self._past.seconds
        first = int(np.argmax(share > 0)) if share.any() else HOUR
        la = [decibels(one) if part > 0.5 else None for one, part in zip(energy[first:], share[first:], strict=True)]
        return LevelPast(tuple(la), tuple(decibels(one) for one in peak[first:]))

    def feed(self, block: AudioBlock) -> list[Levels]:
        """A block of any size -> what each second that it completes was."""
        if self._end is None:
            self._end = block.start + self._rate
        done = []
        at, samples = block.start, block.samples[:, self._channel].astype(np.float64)
        while at >= self._end:
            done.append(self._second(self._end))  # lost in between
        while len(samples):
            piece, samples = np.split(samples, [min(len(samples), self._end - at)])
            at += len(piece)
            self._hear(piece)
            if at == self._end:
                done.append(self._second(at))
        return done

    def _hear(self, piece: NDArray[np.float64]) -> None:
        self._clipped |= bool(np.abs(piece).max() >= CLIPPED)
        if self._taps is not None:
            piece, self._before = lfilter(self._taps, [1.0], piece, zi=self._before)
        self._sum += float(np.sum(np.square(self._a.feed(piece))))
        self._peak = max(self._peak, float(np.abs(self._c.feed(piece)).max()))
        self._frames += len(piece)

    def _second(self, end: int) -> Levels:
        energy = self._sum / self._frames * self._factor if self._frames else 0.0
        self._past.add(energy, self._frames / self._rate, self._peak**2 * self._factor)
        averages = {name: decibels(self._past.mean(seconds)) for name, seconds in WINDOWS.items()}
        now = {**averages, "lcpeak": decibels(self._past.peak(PEAK_S))}
        said = Levels(
            end / self._rate,
            decibels(energy),
            **averages,
            lcpeak=decibels(self._past.peak(1)),
            lcpeak_60=decibels(self._past.peak(HOUR)),
            measured=self._past.measured,
            clipped=self._clipped,
            warnings=tuple(w for limit in self._limits if (w := warning(self._past, limit, now[limit.of]))),
        )
        self._sum, self._peak, self._clipped, self._frames = 0.0, 0.0, False, 0
        self._end = end + self._rate
        return said


def warning(past: Past, limit: LevelLimit, now: float) -> LevelWarning | None:
    """What is to be said of a limit whose measure stands at `now` (dB); None for nothing."""
    if limit.of == "lcpeak":
        return _peak_warning(limit, now)
    name, window = _NAMES[limit.of], WINDOWS[limit.of]
    most, rate = 10 ** (limit.level / 10), past.mean(window // 6 if window <= 60 else 60)
    hold, less = decibels(to_hold(past, window, most)), limit.level - LESS
    back = f"at {less:g} dB(A) it is back below the limit in {_span(below_in(past, window, most, 10 ** (less / 10)))}"
    if now > limit.level:
        text = f"{name} is {now:.1f} dB(A), above the limit of {limit.level:g}: turn down at once; {back}"
        return LevelWarning(limit, True, None, None, text)
    ahead = passed_in(past, window, most, rate)
    if (ahead is None or ahead > window / 3) and now <= limit.level - NEAR:
        return None
    if ahead is None:
        text = f"{name} is {now:.1f} dB(A), just below the limit of {limit.level:g}: no louder"
        return LevelWarning(limit, False, None, hold, text)
    text = f"{name} passes {limit.level:g} dB(A) in {_span(ahead)} at this level: "
    if hold < limit.level - SILENCE:
        return LevelWarning(limit, False, float(ahead), None, f"{text}it cannot be held any more, turn down at once; {back}")
    text += f"{max(0.1, decibels(rate) - hold):.1f} dB less ({hold:.1f} dB(A)) keeps it"
    return LevelWarning(limit, False, float(ahead), hold, text)


def _peak_warning(limit: LevelLimit, now: float) -> LevelWarning | None:
    if now <= limit.level - NEAR_PEAK:
        return None
    over = now > limit.level
    what = f"above the limit of {limit.level:g}: turn down" if over else f"just below the limit of {limit.level:g}: no louder"
    return LevelWarning(limit, over, None, None, f"{_NAMES[limit.of]} was {now:.1f} dB(C), {what}")


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} minutes"


def decibels(square: float) -> float:
    """Mean square over the reference's -> dB, at least LEAST."""
    return max(LEAST, 10 * math.log10(square)) if square > 0 else LEAST
