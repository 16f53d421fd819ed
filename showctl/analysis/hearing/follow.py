"""Beats, announced before they fall.

Each hop the pointer takes in what the net heard; when the next beat comes near, its belief is read, and LEAD before the beat a
grid is given whose anchor it is. A beat that is to come may still be moved or taken back; one whose time has come never.

Whether there is a beat at all is a question of its own: two states, music with a beat or none, switching now and then, and the
evidence is how much better the pointer foretells what the net says than somebody who expects no beat (`trust`, log-odds). A
firm beat is kept through a break without drums. Before anything can be foretold, a strong clear beat is told at once: late by
what the net takes, which is still within what people take for together.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.pointer import METRES, SHORTEST, Belief, Pointer
from showctl.model import BeatGrid

LEAD = 0.115  # s before a beat at which it is announced
APART = 0.6  # of a beat: two beats are never told closer together
MOVE, WRONG = 0.025, 0.3  # s by which an announced beat must be off to be moved; of a beat, to be taken back
LIKELY = 0.35  # probability that a beat falls where it is foretold, from which on it is told
SURE = 0.4  # probability of the place in the bar from which on it is told
LOOK = 6  # hops between two readings of the belief while no beat is near
# trust, in nepers of log-odds
GAIN = 1.0  # how much the evidence of a hop counts
TRUST, DOUBT = 0.0, -2.0  # follow above, give up below
BEGIN, END = 2e-4, 2e-4  # of a hop: how likely a beat sets in, or ends
UNKNOWN, LEAST, MOST = -0.7, -4.0, 8.0  # before anything was heard; bounds, so that a change is seen soon
MUSIC = 0.02  # weight of what the net says about music in a hop
PRAISE = 0.15  # nepers: at most so much of it speaks for a beat; that there is music is no beat yet
FIRM, COAST = 6.0, 10.0  # s of trust after which a beat is firm; s for which a firm beat is kept with nothing to hold on to
FAINT = 0.15  # probability of a beat that is nothing to hold on to
CERTAIN = 0.9  # probability of the foretold beat that is called a confidence of 1
# before anything can be foretold
STRONG = 0.25  # probability of a beat that is told at once
ABRUPT, ONSET = 0.4, HOPS_PER_SECOND // 4  # the same in so many hops after silence: that sound sets in is no beat yet
EARLY = -2.5  # trust that this takes
GATE = -60.0  # LUFS; below it nothing is followed
_SILENT = HOPS_PER_SECOND // 2  # hops below the gate until the grid is withdrawn
_FORGET = 3 * HOPS_PER_SECOND  # ... and until everything is forgotten


class BeatTracker:
    """Turns probabilities of beats into a grid of beats."""

    def __init__(self, delay: float, index: int = -1) -> None:
        """`delay` (s): how long after a beat its probability is fed; `index` of the last beat announced before, -1 for none."""
        self.delay = delay
        self.index = index
        self._pointer = Pointer()
        self._grid: BeatGrid | None = None
        self._last = self._before = -math.inf  # s, the last beat announced and the one before it
        self._trust = UNKNOWN
        self._trusted = False
        self._solid = self._coasted = 0  # hops
        self._quiet = self._loud = 0  # hops below the gate, and above
        self._look = 0  # hops until the belief is read
        self._heard = 0.0  # probability of a beat in the hop before

    def feed(
        self,
        time: float,
        level: float,
        beat: float | None,
        down: float | None,
        music: float | None = None,
        tempo: NDArray[np.float32] | None = None,
    ) -> BeatGrid | None:
        """The hop that ends at `time` (s): momentary loudness (LUFS); probabilities of a beat and of a downbeat `delay` before.

        None for those where nothing was heard; `music`: probability of music now, where it is known; `tempo`: what is heard of
        it, as net.Heard has it.
        """
        self._quiet, self._loud = (self._quiet + 1, 0) if level < GATE else (0, self._loud + 1)
        if self._quiet >= _SILENT:
            self._hush()
            return None
        if self._coasted and beat is not None and beat < FAINT:
            beat = down = None  # that no drum is heard says nothing against the beat: it is a break
        self._weigh(self._pointer.feed(beat, down), music)
        if tempo is not None:
            self._pointer.hear(tempo)
        self._look -= 1
        if not self._follows():
            self._grid = None
        elif self._look <= 0:
            self._foretell(time, self._pointer.belief())
        strong = STRONG if self._loud > ONSET else ABRUPT
        if beat is not None and beat >= strong > self._heard and self._trust > EARLY:
            self._tell_at_once(time)
        self._heard = beat or 0.0
        return self._grid

    def _weigh(self, gain: float, music: float | None) -> None:
        """A hop's evidence for a beat to follow."""
        p = 1 / (1 + math.exp(-self._trust))
        p += (1 - p) * BEGIN - p * END
        trust = math.log(p / (1 - p)) + GAIN * gain
        if music is not None:
            m = min(max(music, 0.02), 0.98)
            trust += MUSIC * min(math.log(m / (1 - m)), PRAISE)
        self._trust = min(max(trust, LEAST), MOST)

    def _follows(self) -> bool:
        """Whether there is a beat to follow, as far as can be told in this hop."""
        if self._trust > TRUST:
            self._trusted, self._coasted = True, 0
            self._solid += 1
        elif self._trusted and (self._coasted or self._trust < DOUBT):
            self._coasted += 1
            self._trusted = self._solid > FIRM * HOPS_PER_SECOND and self._coasted < COAST * HOPS_PER_SECOND
        if not self._trusted:
            self._solid = self._coasted = 0
        return self._trusted

    def _foretell(self, time: float, belief: Belief) -> None:
        """A new grid if the next beat is near and not yet told; a told one moved or taken back if it is better known now."""
        period = belief.period / HOPS_PER_SECOND
        beat, late = time - self.delay + belief.ahead / HOPS_PER_SECOND, False
        if beat < time:  # it fell while its trace was on its way
            beat, late = beat + period, True
        if self._coasted and self._grid is not None:  # nothing speaks: straight on
            period = self._grid.period
            beat = self._last if self._last > time else self._last + (math.floor((time - self._last) / period) + 1) * period
        self._look = LOOK
        if self._grid is not None and self._last > time:
            if abs(beat - self._last) > WRONG * period:
                self._grid, self._last = None, self._before
            elif abs(beat - self._last) > MOVE:
                self._last = beat
                self._grid = replace(self._grid, anchor=beat, period=period)
        elif beat - time > LEAD:
            self._look = min(LOOK, max(1, math.ceil((beat - time - LEAD) * HOPS_PER_SECOND - 1e-6)))
        elif beat - self._last < APART * period or (belief.hit < LIKELY and not self._coasted):
            self._look = 1
        else:
            metre, place, sure = self._pointer.bar()
            place = place % metre + 1 if late else place
            self._give(beat, period, place if sure > SURE else 0, metre, belief.hit)

    def _give(self, beat: float, period: float, place: int, metre: int, hit: float) -> None:
        self.index += 1
        self._before, self._last = self._last, beat
        self._grid = BeatGrid(beat, self.index, period, place, metre, min(1.0, hit / CERTAIN))

    def _tell_at_once(self, time: float) -> None:
        """A strong beat has just been heard; told unless it had been foretold."""
        belief = self._pointer.belief()
        beat, period = time - self.delay, belief.period / HOPS_PER_SECOND
        if beat - self._last >= (APART * period if self._trusted else SHORTEST / HOPS_PER_SECOND):
            self._give(beat, period, 0, METRES[0][0], belief.hit)

    def _hush(self) -> None:
        """A hop of silence: the beat is let go of at once, tempo and phase only after a while."""
        self._grid, self._trust, self._trusted = None, UNKNOWN, False
        self._solid = self._coasted = 0
        if self._quiet < _FORGET:
            self._pointer.feed(None, None)
        elif self._quiet == _FORGET:
            self._pointer.reset()
