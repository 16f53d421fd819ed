"""A song beat by beat, as what tells its form sees it: levels and strokes within the beat, what has climbed, where phrases begin.

A beat is summed up shortly before it ends, so that what follows from it is known a whole beat before the beat after the next.
Where the grid is lost the beats are counted on at its last tempo (half a second before there was one), so that a phrase can be
counted through a break without drums. The bars of the grid are asked too, but changes of music mark phrases better: what changes
much does it on the first beat of a bar, mostly of four bars. How much changed on which beat of four and of sixteen is summed
up over the last phrases, and the beat on which most changed is where the next change is expected.

Everything is measured against the same song (dB below its loudest kick, octaves of density, beats), so neither gain nor tempo nor
style matters. Levels in dBFS.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from showctl.model import BeatGrid, Features

_Floats = NDArray[np.float64]
EARLY = 0.06  # s before its end at which a beat is summed up
KEPT = 32  # beats
_PERIOD = 0.5  # s, while no beat is known
_FLOOR = 1e-9  # power, -90 dBFS
_SINK = 0.05  # dB a beat by which the usual level of a band falls
GONE = 8.0  # dB by which the low band misses what is usual where the kick is not there
_FADE = 0.985  # a beat, of what marks phrases
_CHANGED, _MUCH = 4.0, 6.0  # dB of a band that are a change; of all bands together that are a great one
_BAR = 4.0  # dB of changes that a bar line of the grid is worth
_BEGUN = 8.0  # dB of changes that the beginning is worth
_EVEN = 8.0  # dB of changes that are imagined, spread evenly
_POINTS = (np.arange(32) + 0.5) / 32  # of a beat, at which its levels are taken
_PULSES = (1, 2, 3, 4, 6, 8)  # a beat: how strongly middle and high swell with each of these
_DEPTH = 40.0  # dB below what is usual at which a level is as good as none
_CYCLES = 2 * math.pi / np.array([8.0, 16.0, 32.0])  # radians a beat
INPUTS = 12 + 2 * len(_PULSES) + 12 + 12 + (16 + 4 + 4 + 4) + 14 + 1


class Phrase:
    """One hop in; now and then a beat is over."""

    def __init__(self) -> None:
        self.next = 0.0  # s, when the beat that is heard now ends
        self.last = -math.inf  # s, when that beat began
        self.period = _PERIOD
        self.top = np.full(3, -90.0)  # dBFS, what each band reaches where it is there
        # of the last beats: dBFS of the three bands, of all, of its second half; onsets, snares; 1 where the low band is gone
        self._beats: deque[tuple[float, ...]] = deque(maxlen=KEPT)
        self._within = np.zeros(0)  # what is told of the last beat by itself
        self.gone = 0  # beats that the low band has been gone
        self._vanished = self._turned = 0.0  # s, when the low band was last gone, when much changed last
        self._grid: BeatGrid | None = None
        self._hops: list[tuple[float, ...]] = []  # dBFS of the bands; whether there was an onset, a kick, a snare, a hat
        self._changes: deque[tuple[float, float]] = deque(maxlen=KEPT)  # (s, dB)
        self._bars: deque[tuple[float, float]] = deque(maxlen=KEPT)  # (s, _BAR) of the bars that the grid had begin
        self._ends: deque[float] = deque(maxlen=9)  # s, of the last beats
        self._spans: deque[float] = deque(maxlen=24)  # s, that a beat of two bars lasted, of late

    @property
    def pace(self) -> float:
        """Seconds a beat, of the last bars: more exact than that of one grid."""
        return median(self._spans) if self._spans else self.period

    def feed(self, heard: Features) -> bool:
        """Whether a beat is over with this hop: from then on `last` is its end, `next` that of the beat that begins."""
        if self.last == -math.inf:
            self.last = self._vanished = self._turned = heard.time
            self._changes.append((heard.time, _BEGUN))  # music that begins, begins with a phrase
        self._keep_time(heard)
        self._hops.append((*heard.bands, heard.onset > 0, *(strike > 0 for strike in heard.strikes)))
        if heard.time < self.next - EARLY:
            return False
        if self._place() == 0:
            self._bars.append((self.next, _BAR))
        self._sum_up()
        self._ends.append(self.next)
        if len(self._ends) == self._ends.maxlen:
            self._spans.append((self._ends[-1] - self._ends[0]) / (len(self._ends) - 1))
        self.last, self.next = self.next, self.next + self.period
        return True

    def _keep_time(self, heard: Features) -> None:
        """Where the beat ends that is heard now: on the first line of the grid that is far enough from where it began."""
        self._grid = grid = heard.grid
        if grid is None:
            self.next = self.last + self.period
            return
        if abs(math.log2(grid.period / self.period)) > 0.3:  # another octave, or another song: phrases are counted anew
            self._changes.clear()
            self._bars.clear()
        self.period = grid.period
        steps = math.ceil((self.last - grid.anchor) / grid.period + 0.6)
        self.next = grid.anchor + steps * grid.period

    def _sum_up(self) -> None:
        hops, self._hops = np.array(self._hops, np.float64), []
        count = len(hops)
        levels = hops[(_POINTS * count).astype(np.intp), :3]
        power = 10 ** (levels / 10)
        bands, quarters = _db(power.mean(axis=0)), _db(power.reshape(4, -1, 3).mean(axis=1))
        self.top = np.maximum(bands, self.top - _SINK)
        swell = np.abs(np.fft.rfft(np.maximum(levels, self.top - _DEPTH)[:, 1:], axis=0)) * (2 / len(_POINTS))
        quarter, half = np.arange(count) * 4 // count, np.arange(count) * 2 // count
        onset, kick, snare, hat = hops[:, 3:].T
        self._within = np.concatenate(
            [
                ((quarters - self.top).clip(-_DEPTH, 10.0) / 20).ravel(),
                swell[_PULSES, :].ravel() / 5,
                np.bincount(quarter, onset, 4) / 2,
                np.bincount(quarter, snare, 4),
                np.bincount(half, kick, 2),
                np.bincount(half, hat, 2) / 2,
            ]
        )
        gone = bool(bands[0] < self.top[0] - GONE)
        if gone and not self.gone:
            self._vanished = self.last
        self.gone = self.gone + 1 if gone else 0
        self._mark(bands)
        whole, late = _db(power.sum(axis=1).mean()), _db(power[len(_POINTS) // 2 :].sum(axis=1).mean())
        self._beats.append((*bands.tolist(), float(whole), float(late), float(onset.sum()), float(snare.sum()), float(gone)))

    def _mark(self, bands: _Floats) -> None:
        """How much the beat that is over differs from those before it, and when it began."""
        if len(self._beats) < 5:
            return
        before = np.array([beat[:3] for beat in list(self._beats)[-4:]])
        apart = np.maximum(before.min(axis=0) - bands, bands - before.max(axis=0))  # outside all of the last bar
        change = float((apart - _CHANGED).clip(0.0, 12.0).sum())
        if change > 0.0:
            self._changes.append((self.last, change))
        if change > _MUCH:
            self._turned = self.last

    def view(self) -> _Floats:
        """(INPUTS,) of what is known when a beat is over, each mostly within -1..1."""
        low, middle, high, whole, late, onsets, snares, gone = (list(each) for each in zip(*self._beats, strict=True))
        lately = [
            *((low[-1] - middle[-1]) / 20, fmean(gone[-4:]), fmean(gone[-16:]), (high[-1] - median(high)) / 10),
            *(_climb(high, 2), _climb(high, 8), _climb(high, 16), _climb(middle, 8)),
            *(_thicker(onsets), _thicker(snares)),
            *((late[-1] - fmean(whole[-5:])) / 10, min(1.0, self.gone / 16)),
        ]
        place = np.zeros(4)
        if (bar := self._place()) is not None:
            place[bar % 4] = 1.0
        return np.concatenate(
            [
                self._within,
                np.clip(lately, -2.0, 1.5),
                *(self._odds(self._changes, 16), self._odds(self._changes, 4), self._odds(self._bars, 4), place),
                *(self._since(self._vanished), self._since(self._turned)),
                [math.log2(self.pace / _PERIOD)],
            ]
        )

    def _since(self, then: float) -> _Floats:
        """(7,) how many beats ago something will have been at `next`, and where that is in 8, 16 and 32 beats."""
        ago = max(0.0, (self.next - then) / self.pace)
        return np.concatenate([[math.log2(1 + ago) / 5], np.cos(_CYCLES * ago), np.sin(_CYCLES * ago)])

    def _odds(self, marks: Iterable[tuple[float, float]], beats: int) -> _Floats:
        """(beats,) how much more than elsewhere was marked n beats before `next`, and n + `beats`, and so on: octaves / 3.

        What lies between two beats, by more than a third of one, speaks for none of them."""
        here, pace = np.zeros(beats), self.pace
        for at, change in marks:
            ago = (self.next - at) / pace
            nearest, kept = round(ago), change * _FADE**ago
            if abs(ago - nearest) < 1 / 3 and nearest > 0:
                here[nearest % beats] += kept
            else:
                here += kept / beats
        odds: _Floats = np.log2((here + _EVEN / beats) * beats / (here.sum() + _EVEN)) / 3
        return odds

    def _place(self) -> int | None:
        """How many beats after the first of a bar `next` lies, as the grid has it; None where it does not know."""
        grid = self._grid
        if grid is None or not grid.bar_position:
            return None
        return (grid.bar_position - 1 + round((self.next - grid.anchor) / grid.period)) % grid.beats_per_bar


def _db(power: _Floats) -> _Floats:
    return 10 * np.log10(np.maximum(_FLOOR, power))


def _climb(levels: list[float], beats: int) -> float:
    """By how many tens of dB the last quarter of so many beats is above the first."""
    part = levels[-beats:]
    quarter = max(1, len(part) // 4)
    return (fmean(part[-quarter:]) - fmean(part[:quarter])) / 10


def _thicker(counts: list[float]) -> float:
    """By how many octaves there were more in the last two beats than in the eight before."""
    return math.log2((1 + fmean(counts[-2:])) / (1 + fmean(counts[-10:-2] or counts[:1])))
