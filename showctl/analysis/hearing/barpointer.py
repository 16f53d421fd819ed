"""Where in the bar are we, and how long is a beat: exact inference over every tempo and every place within a bar of four.

The state is (beat of the bar, period, place): the period is a whole number of hops (28..109, which is 214..55 beats a minute) and
the place says how many hops of the beat have passed. Each hop every state moves one place on; at the end of a beat, and
only there, the period may change, with a probability that falls off exponentially with the relative change (the bar-pointer
model of Whiteley, Cemgil & Godsill 2006, with the state space of Krebs, Boeck & Widmer 2015). About 22000 states are few enough
to hold the whole distribution: no particles, no search, nothing random, and every hop costs the same. Music in other
metres is followed as well, beat for beat; only the place in the bar then means nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import HOPS_PER_SECOND

_Floats = NDArray[np.float32]
BEATS = 4  # a bar
SHORTEST, LONGEST = 28, 109  # hops a beat: 214 and 55 beats a minute
PERIODS = np.arange(SHORTEST, LONGEST + 1)
BINS, REACH = 24, 4  # of a beat, in which its phase is looked for
PHASES = 96  # how finely a beat is divided where likelihoods are looked up
TYPICAL, SPREAD = 120.0, 0.5  # beats a minute and octaves: what is likely before anything was heard


@dataclass(frozen=True, slots=True)
class Belief:
    """What the filter holds most likely."""

    period: float  # hops
    phase: float  # 0..1 of a beat that has passed
    mass: float  # 0..1: probability of the periods within 4 % of it
    focus: float  # 0..1: probability of the phases within a sixth of a beat, among those
    beat: int  # 0..3, of the bar, the one that is passing
    sure: float  # 0..1: probability of that beat of the bar among those


class BarPointer:
    """The distribution over beat, period and place, fed one likelihood a hop."""

    STIFFNESS = 70.0  # how unlikely a change of tempo is: exp(-STIFFNESS x relative change)
    BRISK = 0.3  # nepers a beat in favour of quicker tempi: else half the tempo of bare clicks explains them as well
    STRAY = 0.01  # of the probability at a beat goes on at any beat of the bar
    STAY = 2.0  # times likelier another tempo or phase must be to be taken for the one that is held
    LEAK = 1e-5  # of the probability begins anew each hop: how a jump of tempo is found again

    def __init__(self) -> None:
        places = np.arange(LONGEST)
        valid = places[None, :] < PERIODS[:, None]
        phase = np.where(valid, places[None, :] / PERIODS[:, None], 0.0)
        look = np.where(valid, np.floor(phase * PHASES), PHASES).astype(np.intp)  # the last entry is "no such state"
        self._lookup = look[None] + (PHASES + 1) * np.arange(BEATS)[:, None, None]
        self._bin = np.where(valid, (phase * BINS).astype(np.intp), BINS)
        self._turn = np.where(valid, np.exp(2j * np.pi * phase), 0).astype(np.complex64)
        change = np.exp(-self.STIFFNESS * np.abs(PERIODS[None, :] / PERIODS[:, None] - 1))
        self._change = (change / change.sum(axis=1, keepdims=True)).astype(np.float32)  # from row to column
        follow = (1 - self.STRAY) * np.roll(np.eye(BEATS), 1, axis=0) + self.STRAY / BEATS
        self._follow = follow.astype(np.float32)  # from column to row
        octaves = np.log2(60.0 * HOPS_PER_SECOND / PERIODS / TYPICAL)
        prior = np.exp(-0.5 * (octaves / SPREAD) ** 2)
        start = valid * (prior / prior.sum() / BEATS / PERIODS)[:, None]
        self._start = np.repeat(start.astype(np.float32)[None], BEATS, axis=0)
        self._seep = self._start * np.float32(self.LEAK)
        self._rows = np.arange(len(PERIODS))
        self._state, self._next = self._start.copy(), np.zeros_like(self._start)
        self._weights = np.zeros((BEATS, PHASES + 1), np.float32)
        self._looked = np.zeros_like(self._start)
        self._kept = -1  # row of the tempo held so far
        self._held = 0.0  # the phase held so far

    def reset(self) -> None:
        """Forget everything."""
        self._state[:] = self._start
        self._kept = -1

    def feed(self, likelihood: _Floats | None) -> float:
        """One hop passes. (BEATS, PHASES) likelihood of what was heard at each place of a bar, or None: nothing was heard.

        Returns how much better (nepers) the hop was foreseen than by somebody who knows of no beat: about 0 where there is
        none to be foreseen.
        """
        new, old = self._next, self._state
        ends = old[:, self._rows, PERIODS - 1]
        new[:, :, 1:] = old[:, :, :-1]
        new[:, :, 0] = self._follow @ (ends @ self._change) * np.float32(math.exp(self.BRISK))
        new += self._seep
        whole = 1.0 + float(ends.sum()) * (math.exp(self.BRISK) - 1.0) + self.LEAK
        self._weights[:, :PHASES] = 1.0 if likelihood is None else likelihood
        np.take(self._weights.reshape(-1), self._lookup, out=self._looked, mode="clip")
        new *= self._looked
        foreseen = max(float(new.sum()), 1e-30)
        new *= np.float32(1.0 / foreseen)
        self._state, self._next = new, old
        return math.log(foreseen / whole) - (0.0 if likelihood is None else math.log(float(likelihood.mean())))

    def belief(self) -> Belief:
        """The most likely tempo, then phase, then beat. What is held stays until something else is clearly likelier."""
        lo, hi = self._near(self._state.sum(axis=(0, 2)))
        states = self._state[:, lo:hi]
        beats = states.sum(axis=0)
        mass = max(float(beats.sum()), 1e-30)
        period = float(beats.sum(axis=1) @ PERIODS[lo:hi]) / mass
        around = np.bincount(self._bin[lo:hi].reshape(-1), beats.reshape(-1), BINS + 1)[:BINS].astype(np.float32)
        lit = self._hold(around, 1.0 / period)
        beats *= lit[self._bin[lo:hi]]
        focus = max(float(beats.sum()), 1e-30)
        turn = complex((beats * self._turn[lo:hi]).sum())
        passing = (states * lit[self._bin[lo:hi]]).sum(axis=(1, 2))
        beat = int(passing.argmax())
        phase = math.atan2(turn.imag, turn.real) / (2 * math.pi) % 1.0
        return Belief(period, phase, mass, focus / mass, beat, float(passing[beat]) / focus)

    def _hold(self, around: _Floats, step: float) -> _Floats:
        """(BINS,) probability round the beat -> (BINS + 1,) 1 within a sixth of a beat of the phase that is held, else 0.

        `step`: by how much of a beat the phase moved since the last hop.
        """
        self._held = (self._held + step) % 1.0
        wide = around + np.roll(around, 1) + np.roll(around, -1)
        best, held = int(wide.argmax()), int(self._held * BINS)
        near = [(held + d) % BINS for d in (-2, -1, 0, 1, 2)]
        peak = max(near, key=lambda b: float(wide[b]))
        if wide[best] > self.STAY * wide[peak]:
            self._held = (best + 0.5) / BINS
        else:  # drift with the peak
            self._held = (self._held + 0.05 * (((peak + 0.5) / BINS - self._held + 0.5) % 1.0 - 0.5)) % 1.0
        lit = np.zeros(BINS + 1, np.float32)
        lit[[(int(self._held * BINS) + d) % BINS for d in range(-REACH, REACH + 1)]] = 1.0
        return lit

    def _near(self, tempo: _Floats) -> tuple[int, int]:
        """Rows of the periods within 4 % of the one that is held."""
        near = np.convolve(tempo, np.ones(3, np.float32), "same")
        best = int(near.argmax())
        if self._kept < 0 or near[best] > self.STAY * near[self._kept]:
            self._kept = best
        else:  # drift with the peak
            first = max(0, self._kept - 1)
            self._kept = first + int(near[first : self._kept + 2].argmax())
        held = PERIODS[self._kept]
        return int(np.searchsorted(PERIODS, held / 1.04)), int(np.searchsorted(PERIODS, held * 1.04, "right"))
