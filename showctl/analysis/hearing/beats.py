"""Beats, announced before they fall.

Each hop the bar pointer is asked for its belief; from tempo and phase follows when the next beat will be, and 115 ms before
that time it is announced, once, by a grid whose anchor it is. A grid is only given while the beat is trusted:
the probability must have gathered round one tempo and one phase for some seconds, as it does in music and not in speech, applause
or noise. When the drums stop but the music goes on, the beat is carried on at its last tempo for some bars.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.activation import DELAY
from showctl.analysis.hearing.barpointer import BarPointer, Belief
from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.model import BeatGrid

LEAD = 0.115  # s before a beat at which it is announced
GATE = -60.0  # LUFS; below it nothing is followed
_SILENT = HOPS_PER_SECOND // 2  # hops below the gate until the grid is withdrawn
_FORGET = 3 * HOPS_PER_SECOND  # ... and until everything is forgotten


class BeatTracker:
    """Turns likelihoods into a grid of beats."""

    TRUST, DOUBT = 0.62, 0.3  # of the smoothed confidence: follow above, give up below
    PATIENCE = 1.5  # s, time constant of that smoothing

    def __init__(self) -> None:
        self._pointer = BarPointer()
        self._grid: BeatGrid | None = None  # the last one announced
        self._index = -1
        self._trust = 0.0
        self._trusted = False
        self._quiet = 0  # hops below the gate

    def feed(self, time: float, level: float, likelihood: NDArray[np.float32] | None) -> BeatGrid | None:
        """The hop that ends at `time` (s): momentary loudness (LUFS) and the likelihood of each phase -> grid."""
        self._quiet = self._quiet + 1 if level < GATE else 0
        if self._quiet >= _SILENT:
            self._hush()
            return None
        self._pointer.feed(likelihood)
        belief = self._pointer.belief()
        self._trust += (belief.mass * belief.focus - self._trust) / (self.PATIENCE * HOPS_PER_SECOND)
        self._trusted = self._trust > (self.DOUBT if self._trusted else self.TRUST)
        if not self._trusted:
            self._grid = None
        else:
            self._announce(time, belief)
        return self._grid

    def _announce(self, time: float, belief: Belief) -> None:
        period = belief.period / HOPS_PER_SECOND
        beat = time - DELAY + (1 - belief.phase) * period
        if beat < time:  # it fell while its trace was on its way
            beat += period
        if beat - time > LEAD or (self._grid is not None and beat - self._grid.anchor < 0.6 * period):
            return
        self._index += 1
        self._grid = BeatGrid(beat, self._index, period, confidence=min(1.0, self._trust))

    def _hush(self) -> None:
        """A hop of silence: the beat is let go of at once, tempo and phase only after a while."""
        self._grid, self._trust, self._trusted = None, 0.0, False
        if self._quiet < _FORGET:
            self._pointer.feed(None)
        elif self._quiet == _FORGET:
            self._pointer.reset()
