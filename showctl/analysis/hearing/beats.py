"""Beats, announced before they fall.

Each hop the bar pointer is asked for its belief; from tempo and phase follows when the next beat will be, and 115 ms before
that time it is announced, once, by a grid whose anchor it is. A grid is only given while the beat is trusted: what is heard
must have been foreseen better than by chance for a while. Music is, by 4..12 nepers a second; a speaker by 1..3, applause and
noise by less than 1, however firmly the bar pointer believes in some tempo. Once followed, a firm beat is kept through a
break without drums.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.activation import DELAY
from showctl.analysis.hearing.barpointer import BEATS, BarPointer, Belief
from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.model import BeatGrid

LEAD = 0.115  # s before a beat at which it is announced
SURE = 0.6  # probability of the place in the bar from which on it is told
GATE = -60.0  # LUFS; below it nothing is followed
_SILENT = HOPS_PER_SECOND // 2  # hops below the gate until the grid is withdrawn
_FORGET = 3 * HOPS_PER_SECOND  # ... and until everything is forgotten


class BeatTracker:
    """Turns likelihoods into a grid of beats."""

    TRUST, DOUBT = 3.8, 2.6  # nepers a second by which a beat must foretell the sound: follow above, give up below
    FIRM, COAST = 6.0, 16.0  # a beat that was that firm is kept for so long (s) with nothing to hold on to
    CERTAIN = 9.0  # nepers a second that are called a confidence of 1
    PATIENCE = 2.0  # s, time constant of that measure

    def __init__(self, index: int = -1) -> None:
        """`index` of the last beat that was announced before this tracker began, -1 for none."""
        self.index = index
        self._pointer = BarPointer()
        self._grid: BeatGrid | None = None
        self._last = -math.inf  # s, the last beat announced
        self._trust = 0.0  # nepers a second
        self._trusted = self._firm = False
        self._coasted = 0  # hops that a firm beat has been kept for
        self._quiet = 0  # hops below the gate

    def feed(self, time: float, level: float, likelihood: NDArray[np.float32] | None) -> BeatGrid | None:
        """The hop that ends at `time` (s): momentary loudness (LUFS) and the likelihood of each phase -> grid."""
        self._quiet = self._quiet + 1 if level < GATE else 0
        if self._quiet >= _SILENT:
            self._hush()
            return None
        gain = self._pointer.feed(likelihood)
        self._trust += (gain * HOPS_PER_SECOND - self._trust) / (self.PATIENCE * HOPS_PER_SECOND)
        if self._follows():
            self._announce(time, self._pointer.belief())
        else:
            self._grid = None
        return self._grid

    def _follows(self) -> bool:
        """Whether there is a beat to follow, as far as can be told in this hop."""
        if self._trust > self.DOUBT:
            self._firm |= self._trust > self.FIRM
            self._coasted = 0
            self._trusted |= self._trust > self.TRUST
        elif self._trusted:
            self._coasted += 1
            self._trusted = self._firm and self._coasted < self.COAST * HOPS_PER_SECOND
        self._firm &= self._trusted
        return self._trusted

    def _announce(self, time: float, belief: Belief) -> None:
        """A new grid if the next beat is near and not yet told."""
        period = belief.period / HOPS_PER_SECOND
        beat, place = time - DELAY + (1 - belief.phase) * period, belief.beat + 1
        if beat < time:  # it fell while its trace was on its way
            beat, place = beat + period, place + 1
        if beat - time > LEAD or beat - self._last < 0.6 * period:
            return
        self.index += 1
        self._last = beat
        position = place % BEATS + 1 if belief.sure > SURE else 0
        self._grid = BeatGrid(beat, self.index, period, position, BEATS, min(1.0, self._trust / self.CERTAIN))

    def _hush(self) -> None:
        """A hop of silence: the beat is let go of at once, tempo and phase only after a while."""
        self._grid, self._trust, self._trusted, self._firm = None, 0.0, False, False
        if self._quiet < _FORGET:
            self._pointer.feed(None)
        elif self._quiet == _FORGET:
            self._pointer.reset()
