"""Where in the bar are we, how long is a beat, and is there one at all: exact inference over tempo, phase and metre.

The state is (beat of a bar of 2, 3, 4 or 6; period; place): the period is a whole number of hops (24..150, which is 250..40 beats
a minute; every whole number where a hop matters, steps of under 2 % above) and the place says how many hops of the beat have
passed. Each hop every state moves one place on; at the end of a beat, and only there, the period may change (the bar-pointer
model of Whiteley, Cemgil & Godsill 2006, with the state space of Krebs, Boeck & Widmer 2015). About 90000 states; what makes
them cheap is that nothing happens to most of them in a hop. They move on by moving the origin of the array, not the numbers;
and as all places away from a beat share one likelihood, that is divided out, and only the few places round a beat are touched.
What is summed over often (all bars; all places) is kept beside, by the differences.

Fed with the probabilities that a beat and a downbeat fell DELAY ago, hop by hop. Times here are hops, evidence is in nepers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.net import FASTEST, SLOWEST, TEMPI

_Floats = NDArray[np.float32]

# the space
SHORTEST, LONGEST = 24, 150  # hops a beat: 250 and 40 beats a minute
FINE, STEP = 60, 1.018  # hops up to which every period is there; from one period to the next above
METRES = ((4, 0.869), (3, 0.12), (2, 0.001), (6, 0.01))  # beats a bar, and how likely that is before anything was heard
# what was likely before
TYPICAL, SPREAD = 120.0, 0.7  # beats a minute and octaves
PULL = 1.0  # nepers a second for each neper of that: a tempo that people would tap stays likelier
BRISK = -0.2  # nepers a beat in favour of quicker tempi: what is heard between beats speaks for them wrongly
HEED, TURN = 0.5, 20  # the same for each neper of what is heard of the tempo; hops between two times that it counts
# how it goes on
STIFF, LOOSE = 90.0, 20.0  # a beat's change of tempo: exp(-STIFF x relative change), or more freely exp(-LOOSE x ..)
YIELD = 0.05  # of the beats change it freely
STRAY, REBAR = 0.004, 0.002  # of the probability at a beat goes on at any beat of its metre; in any metre
LEAK = 2e-5  # of the probability begins anew each hop: how a jump of tempo is found again
# what a beat looks like
WINDOW = (0.4, 0.9, 1.0, 0.9, 0.4)  # weights of the hops round a beat
FLOOR = 0.004  # probabilities are held so far from 0 and 1
USUAL, USUAL_DOWN = 0.05, 0.27  # how often a hop has a beat; a beat is said to be a downbeat, before anything was heard
HABIT = 0.02  # of the new, for each beat that is heard for sure, in how often that is said in this music
WEIGHT = 0.65  # of the evidence of a hop for a beat
DOWN_WEIGHT = 0.8  # of the evidence of a beat for a downbeat
MISS = 0.6  # of that evidence at worst: beats are left out
IDLE = 0.01  # how often a hop has a beat where there is no music
# what is held
NEAR = 1.04  # periods within this factor are one tempo
BINS, REACH = 24, 4  # of a beat, in which its phase is looked for; on either side of the peak
STAY = 2.0  # times likelier another tempo or phase must be to be taken for the one that is held
STAY_BAR = 100.0  # the same of another metre: songs seldom change theirs, and cues count bars
HIT = 5  # hops that a flash may be off
_SPARE = 512  # planes the origin can move before all is copied once


def periods() -> NDArray[np.intp]:
    """The periods (hops), rising."""
    steps = math.floor(math.log(LONGEST / FINE) / math.log(STEP))
    coarse = np.round(FINE * STEP ** np.arange(1, steps + 1)).astype(np.intp)
    return np.array(sorted({*range(SHORTEST, FINE + 1), *coarse.tolist(), LONGEST}), np.intp)


def evidence(beat: float, down: float | None, usual: float) -> tuple[float, float, float]:
    """Nepers for a beat against none, and what is added to that for the first beat of a bar and for any other.

    `usual`: the share of downbeats that is said in this music. Where every beat is said to be one as likely, nothing is added:
    else long bars would win wherever the net is shy of downbeats.
    """
    b = min(max(beat, FLOOR), 1 - FLOOR)
    on = WEIGHT * (math.log(b / (1 - b)) - math.log(USUAL / (1 - USUAL)))
    on = math.log(MISS + (1 - MISS) * math.exp(on))
    if down is None:
        return on, 0.0, 0.0
    share = _share(b, down)
    weight = DOWN_WEIGHT * b
    return on, weight * math.log(share / usual), weight * math.log((1 - share) / (1 - usual))


def _share(beat: float, down: float) -> float:
    """How likely a beat is a downbeat."""
    return min(max(down / beat, FLOOR), 1 - FLOOR)


@dataclass(frozen=True, slots=True, eq=False)
class _Bar:
    """The beats of all metres in a row."""

    metre: NDArray[np.intp]  # (bars,) beats a bar
    place: NDArray[np.intp]  # (bars,) 0.. of the beat in its bar
    first: NDArray[np.bool_]  # (bars,) whether it is a downbeat
    prior: _Floats  # (bars,)
    follow: _Floats  # (bars, bars) from column to row


def _bars() -> _Bar:
    metre = np.array([m for m, _ in METRES for _ in range(m)])
    place = np.array([b for m, _ in METRES for b in range(m)])
    prior = np.array([p / m for m, p in METRES for _ in range(m)])
    same = metre[:, None] == metre[None, :]
    follow = (
        (1 - STRAY - REBAR) * (same & (place[:, None] == (place + 1) % metre)) + STRAY * same / metre + REBAR * prior[:, None]
    )
    return _Bar(metre, place, place == 0, prior.astype(np.float32), follow.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Belief:
    """What the filter holds most likely."""

    period: float  # hops
    ahead: float  # hops from the hop heard last to the next beat
    mass: float  # 0..1: probability of the periods within 4 % of it
    focus: float  # 0..1: probability of the phases within a sixth of a beat, among those
    hit: float  # 0..1: probability that a beat falls within HIT hops of `ahead`


class Pointer:
    """The distribution over bar, period and place."""

    CENTRE = len(WINDOW) // 2

    def __init__(self) -> None:
        self.periods = periods()
        rows, bars = len(self.periods), sum(m for m, _ in METRES)
        self._octaves = np.log2(60.0 * HOPS_PER_SECOND / self.periods / TYPICAL)
        self._width = np.gradient(np.log(self.periods))  # how much of the range a period stands for
        octaves = np.log2(60.0 * HOPS_PER_SECOND / self.periods / SLOWEST)
        self._classes = octaves / math.log2(FASTEST / SLOWEST) * (TEMPI - 1)
        self._weights = np.array(WINDOW, np.float32)
        self._hold = int(self.periods[-1]) + len(WINDOW) + 1  # planes that mean something
        self._rows = np.arange(rows)
        self._bar = _bars()
        self._states = np.zeros((self._hold + _SPARE, bars, rows), np.float32)
        self._fold = np.zeros((self._hold + _SPARE, rows), np.float32)  # summed over bars
        self._ends = (self.periods[None, :] * bars + np.arange(bars)[:, None]) * rows + self._rows
        self._valid = (np.arange(self._hold)[:, None] < self.periods).astype(np.float32)
        count = np.arange(self._hold)[:, None]
        self._phase = (count - self.CENTRE) / self.periods % 1.0
        self._bin = (self._phase * BINS).astype(np.intp)
        self._turn = np.exp(2j * np.pi * self._phase).astype(np.complex64)
        self._around = np.arange(-HIT, HIT + 1)[:, None]
        self._tempi()
        self.reset()

    def _tempi(self) -> None:
        """What is likely before anything was heard, and how a beat's tempo goes over into the next beat's."""
        liking = -0.5 * (self._octaves / SPREAD) ** 2
        prior = np.exp(liking) * self._width
        self._prior = prior / prior.sum()
        change = np.abs(np.log(self.periods[None, :] / self.periods[:, None]))
        stay = np.exp(-STIFF * change) * self._width
        loose = np.exp(-LOOSE * change) * self._width
        step = (1 - YIELD) * stay / stay.sum(axis=1, keepdims=True) + YIELD * loose / loose.sum(axis=1, keepdims=True)
        pulled = step * np.exp(PULL * liking * self.periods / HOPS_PER_SECOND + BRISK)
        self._change = pulled.astype(np.float32)  # from row to column
        self._seed = (self._bar.prior[:, None] * self._prior).astype(np.float32)

    def reset(self) -> None:
        """Forget everything."""
        self._origin = _SPARE
        self._row = -1  # of the tempo that is held
        self._held = 0.0  # the phase that is held, when it was looked at last
        self._lit = np.ones(BINS, np.float32)  # 1 round it
        self._looked = 0  # hops since then
        self._metre = METRES[0][0]
        self._usual = USUAL_DOWN
        self._heard, self._hops = np.zeros(TEMPI), 0
        start = self._valid * (self._prior / self.periods)
        self._fold[self._origin :] = start
        self._states[self._origin :] = start[:, None, :] * self._bar.prior[:, None]
        self._count()

    def _count(self) -> None:
        """Sums anew what is kept by differences, and makes the whole 1."""
        held = slice(self._origin, self._origin + self._hold)
        whole = float((self._fold[held] * self._valid).sum())
        if whole < 1e-30:
            self.reset()
            return
        self._states[held] *= np.float32(1 / whole)
        self._fold[held] *= np.float32(1 / whole)
        self.tempo = (self._fold[held] * self._valid).sum(axis=0, dtype=np.float64)
        self.whole = float(self.tempo.sum())

    def _step(self) -> None:
        """A hop passes: the origin moves one plane down; if there is no room, everything up."""
        if self._origin == 0:
            self._states[_SPARE:] = self._states[: self._hold]
            self._fold[_SPARE:] = self._fold[: self._hold]
            self._origin = _SPARE
            self._count()
        elif not 1e-12 < self.whole < 1e12:
            self._count()
        self._origin -= 1
        self._looked += 1

    def feed(self, beat: float | None, down: float | None) -> float:
        """One hop passes. Probabilities that a beat and that a downbeat fell in it, or None: nothing was heard.

        Returns how much better (nepers) the hop was foreseen than by somebody who expects no music.
        """
        self._step()
        at, wide = self._origin, len(self._weights)
        plane = self._states[at].size
        ends = self._states.reshape(-1).take(self._ends + at * plane)
        born = self._bar.follow @ (ends @ self._change) + self._seed * np.float32(LEAK * self.whole)
        fold = born.sum(axis=0)
        self._states[at], self._fold[at] = born, fold
        self.tempo += fold - ends.sum(axis=0)
        whole = float(self.tempo.sum())
        if beat is None:
            self.whole = whole
            return 0.0
        on, first, other = evidence(beat, down, self._usual)
        if down is not None:
            self._usual += HABIT * beat * (_share(max(beat, FLOOR), down) - self._usual)
        ratio = np.exp(np.multiply.outer(self._weights, np.where(self._bar.first, on + first, on + other)), dtype=np.float32)
        near = self._states[at : at + wide]
        near *= ratio[:, :, None]
        folded = near.sum(axis=1)
        self.tempo += folded.sum(axis=0) - self._fold[at : at + wide].sum(axis=0)
        self._fold[at : at + wide] = folded
        self.whole = float(self.tempo.sum())
        return math.log(max(self.whole, 1e-30) / max(whole, 1e-30)) - math.log1p(IDLE * math.expm1(on))

    def hear(self, tempo: _Floats) -> None:
        """What was heard of the tempo in this hop: (TEMPI,) nepers, as net.Heard has it. It counts every TURN hops."""
        self._heard += tempo
        self._hops += 1
        if self._hops == TURN:
            liking = np.interp(self._classes, np.arange(TEMPI), self._heard / TURN)
            self._heard[:] = self._hops = 0
            factor = np.exp(HEED * TURN / HOPS_PER_SECOND * (liking - liking.max())).astype(np.float32)
            held = slice(self._origin, self._origin + self._hold)
            self._states[held] *= factor
            self._fold[held] *= factor
            self._count()

    def belief(self) -> Belief:
        """The most likely tempo, then phase. What is held stays until something else is clearly likelier."""
        lo, hi = self._near()
        at, deep = self._origin, int(self.periods[hi - 1])
        mass = self._fold[at : at + deep, lo:hi] * self._valid[:deep, lo:hi]
        total = max(float(mass.sum()), 1e-30)
        period = float(mass.sum(axis=0) @ self.periods[lo:hi]) / total
        bins = self._bin[:deep, lo:hi]
        around = np.bincount(bins.reshape(-1), mass.reshape(-1), BINS).astype(np.float32)
        mass *= self._hold_phase(around, self._looked / period)[bins]
        focus = max(float(mass.sum()), 1e-30)
        turn = complex((mass * self._turn[:deep, lo:hi]).sum())
        ahead = (1 - math.atan2(turn.imag, turn.real) / (2 * math.pi) % 1.0) * period
        self._looked = 0
        return Belief(period, ahead, total / self.whole, focus / total, self._hit(ahead))

    def bar(self) -> tuple[int, int, float]:
        """Of the beat that comes after the hop heard last: beats a bar, place (1..) in it, probability of that place."""
        lo, hi = self._near()
        at, deep = self._origin, int(self.periods[hi - 1])
        lit = self._lit[self._bin[:deep, lo:hi]] * self._valid[:deep, lo:hi]
        passing = np.einsum("psr,pr->s", self._states[at : at + deep, :, lo:hi], lit)
        return self._bar_ahead(passing / max(float(passing.sum()), 1e-30))

    def _near(self) -> tuple[int, int]:
        """Rows of the periods within NEAR of the one that is held."""
        near = np.convolve(self.tempo, np.ones(3), "same")
        best = int(near.argmax())
        if self._row < 0 or near[best] > STAY * near[self._row]:
            self._row = best
        else:  # drift with the peak
            first = max(0, self._row - 1)
            self._row = first + int(near[first : self._row + 2].argmax())
        held = self.periods[self._row]
        return int(np.searchsorted(self.periods, held / NEAR)), int(np.searchsorted(self.periods, held * NEAR, "right"))

    def _hold_phase(self, around: _Floats, step: float) -> _Floats:
        """(BINS,) probability round the beat -> (BINS,) 1 within a sixth of a beat of the phase that is held, else 0.

        `step`: by how much of a beat the phase moved since it was looked at last.
        """
        self._held = (self._held + step) % 1.0
        wide = around + np.roll(around, 1) + np.roll(around, -1)
        best, held = int(wide.argmax()), int(self._held * BINS) % BINS
        near = [(held + d) % BINS for d in (-2, -1, 0, 1, 2)]
        peak = max(near, key=lambda b: float(wide[b]))
        if wide[best] > STAY * wide[peak]:
            self._held = (best + 0.5) / BINS
        else:  # drift with the peak
            drift = ((peak + 0.5) / BINS - self._held + 0.5) % 1.0 - 0.5
            self._held = (self._held + 0.3 * drift) % 1.0
        self._lit = np.zeros(BINS, np.float32)
        self._lit[[(int(self._held * BINS) + d) % BINS for d in range(-REACH, REACH + 1)]] = 1.0
        return self._lit

    def _bar_ahead(self, passing: _Floats) -> tuple[int, int, float]:
        """Probability of each beat of a bar to be the one that passes -> metre, place of the next beat (1..), probability."""
        coming = self._bar.follow @ passing
        likely = {m: float(coming[self._bar.metre == m].sum()) for m, _ in METRES}
        best = max(likely, key=lambda m: likely[m])
        if likely[best] > STAY_BAR * likely[self._metre]:
            self._metre = best
        of = np.flatnonzero(self._bar.metre == self._metre)
        place = int(coming[of].argmax())
        sure = float(coming[self._bar.first].sum()) if place == 0 else float(coming[of[place]]) / max(likely[self._metre], 1e-30)
        return self._metre, place + 1, sure

    def _hit(self, ahead: float) -> float:
        """Probability that a beat falls within HIT hops of the one `ahead`."""
        place = (self.periods + self.CENTRE - round(ahead) + self._around) % self.periods
        return float(self._fold[self._origin + place, self._rows].sum()) / self.whole
