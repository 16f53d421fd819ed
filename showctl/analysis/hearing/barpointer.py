"""Where in the beat are we, and how long is a beat: exact inference over every tempo and every place within a beat.

The state is a pair (period, place): the period is a whole number of hops (28..109, which is 214..55 beats a minute) and the
place says how many hops of it have passed. Each hop every state moves one place on; at the end of a beat, and only there,
the period may change, with a probability that falls off exponentially with the relative change (the bar-pointer model of
Whiteley, Cemgil & Godsill 2006, with the state space of Krebs, Boeck & Widmer 2015, brought down to one beat). About 5600 states
are few enough to hold the whole distribution: no particles, no search, nothing random, and every hop costs the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import HOPS_PER_SECOND

_Floats = NDArray[np.float32]
SHORTEST, LONGEST = 28, 109  # hops a beat: 214 and 55 beats a minute
PERIODS = np.arange(SHORTEST, LONGEST + 1)
PHASES = 96  # how finely a beat is divided where likelihoods are looked up
TYPICAL, SPREAD = 120.0, 0.5  # beats a minute and octaves: what is likely before anything was heard


@dataclass(frozen=True, slots=True)
class Belief:
    """What the filter holds most likely."""

    period: float  # hops
    phase: float  # 0..1 of a beat that has passed
    mass: float  # 0..1: probability of the periods within 4 % of it
    focus: float  # 0..1: how concentrated the phase is among those


class BarPointer:
    """The distribution over period and place, fed one likelihood a hop."""

    STIFFNESS = 70.0  # how unlikely a change of tempo is: exp(-STIFFNESS x relative change)
    LEAK = 1e-5  # of the probability begins anew each hop: how a jump of tempo is found again

    def __init__(self) -> None:
        places = np.arange(LONGEST)
        valid = places[None, :] < PERIODS[:, None]
        self._phase = np.where(valid, places[None, :] / PERIODS[:, None], 0.0)
        self._lookup = np.where(valid, np.floor(self._phase * PHASES), PHASES).astype(
            np.intp
        )  # the last entry is "no such state"
        self._turn = np.where(valid, np.exp(2j * np.pi * self._phase), 0).astype(np.complex64)
        change = np.exp(-self.STIFFNESS * np.abs(PERIODS[None, :] / PERIODS[:, None] - 1))
        self._change = (change / change.sum(axis=1, keepdims=True)).astype(np.float32)  # from row to column
        octaves = np.log2(60.0 * HOPS_PER_SECOND / PERIODS / TYPICAL)
        prior = np.exp(-0.5 * (octaves / SPREAD) ** 2)
        start = valid * (prior / prior.sum())[:, None] / PERIODS[:, None]
        self._start = start.astype(np.float32)
        self._rows = np.arange(len(PERIODS))
        self._state = self._start.copy()
        self._next = np.zeros_like(self._state)
        self._kept = -1  # row of the tempo held so far

    def reset(self) -> None:
        """Forget everything."""
        self._state[:] = self._start
        self._kept = -1

    def feed(self, likelihood: _Floats | None) -> None:
        """One hop passes. (PHASES,) likelihood of what was heard at each phase of a beat, or None: nothing was heard."""
        new, old = self._next, self._state
        ends = old[self._rows, PERIODS - 1]
        new[:, 1:] = old[:, :-1]
        new[:, 0] = ends @ self._change
        new += self._start * np.float32(self.LEAK)
        weights = np.ones(PHASES + 1, np.float32)
        if likelihood is not None:
            weights[:PHASES] = likelihood
        weights[PHASES] = 0.0
        new *= weights[self._lookup]
        new *= np.float32(1.0) / max(new.sum(), np.float32(1e-30))
        self._state, self._next = new, old

    def belief(self) -> Belief:
        """The most likely tempo and the phase there. The tempo held so far stays until another is clearly likelier."""
        tempo = self._state.sum(axis=1)
        near = np.convolve(tempo, np.ones(3, np.float32), "same")
        best = int(near.argmax())
        if self._kept < 0 or near[best] > 2 * near[self._kept]:
            self._kept = best
        else:  # drift with the peak
            lo, hi = max(0, self._kept - 1), min(len(tempo), self._kept + 2)
            self._kept = lo + int(near[lo:hi].argmax())
        centre = PERIODS[self._kept]
        lo = int(np.searchsorted(PERIODS, centre / 1.04))
        hi = int(np.searchsorted(PERIODS, centre * 1.04, "right"))
        share = tempo[lo:hi]
        mass = float(share.sum())
        period = float(share @ PERIODS[lo:hi]) / max(mass, 1e-30)
        turn = complex((self._state[lo:hi] * self._turn[lo:hi]).sum()) / max(mass, 1e-30)
        phase = math.atan2(turn.imag, turn.real) / (2 * math.pi) % 1.0
        return Belief(period, phase, mass, abs(turn))
