"""A song beat by beat, as what tells a build and a drop sees it: how the bands stand, how they climb, how thick things come.

A beat is summed up shortly before it ends, so that what follows from it is known a whole beat before the beat after the next.
Where the grid is lost the beats are counted on at its last tempo (half a second before there was one), so that a phrase can be
counted through a break without drums. The bars of the grid are asked too, but changes of music mark phrases better: what changes
much does it on the first beat of a bar, mostly of four bars. How much changed on which beat of four and of sixteen is summed
up over the last phrases (`marks`), and the beat on which most changed is where the next change is expected.

All measures are ratios against the same song (dB, octaves of density), so neither gain nor style matters. Levels in dBFS.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, median

from showctl.model import BeatGrid, Features

EARLY = 0.06  # s before its end at which a beat is summed up
KEPT = 32  # beats
_PERIOD = 0.5  # s, while no beat is known
_FLOOR = 1e-9  # power, -90 dBFS
_SINK = 0.05  # dB a beat by which the usual low band falls
GONE = 8.0  # dB by which the low band misses what is usual where the kick is not there
_FADE = 0.985  # a beat, of what marks phrases
_CHANGED = 4.0  # dB of a band that are a change
_BAR = 4.0  # dB of changes that a bar line of the grid is worth
_BEGUN = 8.0  # dB of changes that the beginning is worth
_EVEN = 8.0  # dB of changes that are imagined, spread evenly
NAMES = (
    "low band", "low against middle", "low gone in 4", "low gone in 16", "high band", "high climbs 8", "high climbs 2",
    "high climbs 16", "middle climbs 8", "density", "density grows", "snares", "snares grow", "held breath", "hats",
)  # fmt: skip
MARKS = ("of four", "of sixteen", "bars without", "phrases without", "bars of the grid", "downbeat")


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat's worth of sound."""

    low: float  # dBFS
    middle: float
    high: float
    half: float  # dBFS of everything in its second half
    whole: float  # dBFS of everything
    onsets: int
    snares: int
    hats: int
    gone: bool  # the low band is


class Phrase:
    """One hop in; now and then a beat is over."""

    def __init__(self) -> None:
        self.beats: deque[Beat] = deque(maxlen=KEPT)
        self.next = 0.0  # s, when the beat that is heard now ends
        self.period = _PERIOD
        self.without = 0  # so many beats the low band has been gone
        self.top = -90.0  # dBFS, the low band where the kick is there
        self._last = -math.inf  # s, when that beat began
        self._grid: BeatGrid | None = None
        self._hops: list[tuple[float, float, float]] = []  # power of the bands
        self._struck = [0, 0, 0]
        self._changes: deque[tuple[float, float]] = deque(maxlen=KEPT)  # (s, dB)
        self._bars: deque[tuple[float, float]] = deque(maxlen=KEPT)  # (s, _BAR) of the bars that the grid had begin
        self._vanished = 0.0  # s, when the low band did
        self._ends: deque[float] = deque(maxlen=9)  # s, of the last beats
        self._spans: deque[float] = deque(maxlen=24)  # s, that a beat of two bars lasted, of late

    @property
    def pace(self) -> float:
        """Seconds a beat, of the last bars: more exact than that of one grid."""
        return median(self._spans) if self._spans else self.period

    def feed(self, heard: Features) -> bool:
        """Whether a beat is over with this hop."""
        if self._last == -math.inf:
            self._last = heard.time
            self._changes.append((heard.time, _BEGUN))  # music that begins, begins with a phrase
        self._keep_time(heard)
        low, middle, high = (10 ** (level / 10) for level in heard.bands)
        self._hops.append((low, middle, high))
        self._struck = [n + (s > 0) for n, s in zip(self._struck, (heard.onset, *heard.strikes[1:]), strict=True)]
        if heard.time < self.next - EARLY:
            return False
        if self.downbeat() > 0:
            self._bars.append((self.next, _BAR))
        self._sum_up()
        self._ends.append(self.next)
        if len(self._ends) == self._ends.maxlen:
            self._spans.append((self._ends[-1] - self._ends[0]) / (len(self._ends) - 1))
        self._last, self.next = self.next, self.next + self.period
        return True

    def _keep_time(self, heard: Features) -> None:
        """Where the beat ends that is heard now: on the first line of the grid that is far enough from where it began."""
        self._grid = grid = heard.grid
        if grid is None:
            self.next = self._last + self.period
            return
        if abs(math.log2(grid.period / self.period)) > 0.3:  # another octave, or another song: phrases are counted anew
            self._changes.clear()
            self._bars.clear()
        self.period = grid.period
        steps = math.ceil((self._last - grid.anchor) / grid.period + 0.6)
        self.next = grid.anchor + steps * grid.period

    def _sum_up(self) -> None:
        hops = self._hops or [(_FLOOR, _FLOOR, _FLOOR)]
        low, middle, high = (_db(fmean(band)) for band in zip(*hops, strict=True))
        second = hops[len(hops) // 2 :]
        half, whole = _db(fmean(map(sum, second))), _db(fmean(map(sum, hops)))
        self.top = max(low, self.top - _SINK)
        onsets, snares, hats = self._struck
        gone = low < self.top - GONE
        if gone and not self.without:
            self._vanished = self._last
        self.without = self.without + 1 if gone else 0
        self.beats.append(Beat(low, middle, high, half, whole, onsets, snares, hats, gone))
        self._hops, self._struck = [], [0, 0, 0]
        self._mark()

    def _mark(self) -> None:
        """How much the beat that is over differs from those before it, and when it began."""
        if len(self.beats) < 6:
            return
        now, before = self.beats[-1], list(self.beats)[-5:-1]
        change = 0.0
        for level, was in (
            (now.low, [b.low for b in before]),
            (now.middle, [b.middle for b in before]),
            (now.high, [b.high for b in before]),
        ):
            apart = max(min(was) - level, level - max(was))  # outside all of the last bar
            change += min(12.0, max(0.0, apart - _CHANGED))
        if change > 0.0:
            self._changes.append((self._last, change))

    def marks(self) -> tuple[float, ...]:
        """What MARKS name, of the beat that begins at `next`: how much speaks for a change on it."""
        gone = (self.next - self._vanished) / self.pace
        without = [float(self.without > 0 and _falls_on(gone, beats)) for beats in (4, 16)]
        changed = [self._odds(self._changes, beats) for beats in (4, 16)]
        return *changed, *without, self._odds(self._bars, 4), float(self.downbeat())

    def _odds(self, marks: Iterable[tuple[float, float]], beats: int) -> float:
        """How much more was marked so many beats before `next`, and twice as many, and so on, than elsewhere: octaves / 3."""
        here = all_ = 0.0
        for at, change in marks:
            ago = (self.next - at) / self.pace
            kept = change * _FADE**ago
            all_ += kept
            here += kept if _falls_on(ago, beats) else 0.0
        return math.log2((here + _EVEN / beats) * beats / (all_ + _EVEN)) / 3

    def downbeat(self) -> int:
        """1 where the grid has a bar begin at `next`, -1 where it has none, 0 where it does not know."""
        grid = self._grid
        if grid is None or not grid.bar_position:
            return 0
        steps = round((self.next - grid.anchor) / grid.period)
        return 1 if (grid.bar_position - 1 + steps) % grid.beats_per_bar == 0 else -1

    def measures(self) -> tuple[float, ...]:
        """What NAMES name, of the beats so far, each about -1..1."""
        beats = list(self.beats)
        now, high = beats[-1], [b.high for b in beats]
        few, many = beats[-2:], beats[-10:-2] or beats[:1]
        return (
            _within((now.low - self.top) / 20, -1.5, 0.0),
            _within((now.low - now.middle) / 20, -1.5, 0.5),
            fmean(b.gone for b in beats[-4:]),
            fmean(b.gone for b in beats[-16:]),
            _within((now.high - median(high)) / 10, -1.0, 1.5),
            _climb(high, 8),
            _climb(high, 2),
            _climb(high, 16),
            _climb([b.middle for b in beats], 8),
            math.log2(1 + now.onsets) / 3,
            math.log2((1 + fmean(b.onsets for b in few)) / (1 + fmean(b.onsets for b in many))),
            math.log2(1 + now.snares) / 3,
            math.log2((1 + fmean(b.snares for b in few)) / (1 + fmean(b.snares for b in many))),
            _within((now.half - fmean(b.whole for b in beats[-5:])) / 10, -2.0, 0.5),
            math.log2(1 + now.hats) / 3,
        )


def _db(power: float) -> float:
    return 10 * math.log10(max(_FLOOR, power))


def _within(x: float, low: float, high: float) -> float:
    return min(high, max(low, x))


def _climb(levels: list[float], beats: int) -> float:
    """By how many tens of dB the last quarter of so many beats is above the first."""
    part = levels[-beats:]
    quarter = max(1, len(part) // 4)
    return _within((fmean(part[-quarter:]) - fmean(part[:quarter])) / 10, -1.0, 1.5)


def _falls_on(ago: float, beats: int) -> bool:
    """Whether so many beats are a whole number of times these, to a third of a beat; not none."""
    return ago > beats / 2 and abs(ago - beats * round(ago / beats)) < 1 / 3
