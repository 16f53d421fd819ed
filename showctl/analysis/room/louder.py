"""How loud a measurement sweep is played: a pure state machine that begins low and stops as soon as it is enough.

A sweep at full level can hurt people and drivers, and nobody knows the gain of a strange amplifier. So the first one is quiet,
and the next is louder by a step only if the last did not suffice and was heard without clipping. At the highest level that is
allowed it is repeated instead, and the repeats averaged: n of them gain 10 lg n dB. Clipping ends it, and so does a hand.

    state = Levels(limit=-12.0)
    while state.phase is Phase.PLAY:
        ...play at state.level...
        state = state.heard(Heard(peak, clipped, snr)) or state.stopped("a hand")
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

ENOUGH_DB = 35.0  # of the strongest 10 ms over the noise, in every octave: a T20 that may be said
FIRST_DB, STEP_DB = -48.0, 6.0  # of full scale; at most a step at once
LIMIT_DB = -12.0
HOT_DB = -6.0  # dBFS at the microphone: no louder
LEAST_REPEATS, MOST_REPEATS = 2, 16  # a disturbance is seen in two


class Phase(StrEnum):
    """Where the measurement stands."""

    PLAY = "play"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back of one sweep."""

    peak: float  # dBFS at the microphone
    clipped: bool
    snr: tuple[float, ...]  # dB an octave, of this sweep alone


@dataclass(frozen=True, slots=True)
class Levels:
    """What is to be played next, and how many sweeps at this level are kept already."""

    level: float = FIRST_DB  # dB of full scale
    limit: float = LIMIT_DB
    enough: float = ENOUGH_DB
    phase: Phase = Phase.PLAY
    kept: int = 0
    final: bool = False  # the level is found; from now on it is repeated
    gained: float = -math.inf  # dB of the worst octave, repeats averaged
    why: str = ""  # it was stopped, or what falls short, in words

    def heard(self, one: Heard) -> Levels:
        """What follows from what came back. ValueError when nothing was to be played."""
        if self.phase is not Phase.PLAY:
            raise ValueError(f"nothing more is played: {self.phase}")
        if one.clipped:
            return self.stopped(f"the microphone clipped at {self.level:g} dB: turn its gain down and begin again")
        worst = min(one.snr, default=-math.inf)
        if not self.final:
            louder = min(self.level + STEP_DB, self.limit)
            if worst < self.enough and louder > self.level and one.peak + louder - self.level <= HOT_DB:
                return replace(self, level=louder)
        kept = self.kept + 1
        gained = worst if kept == 1 else self._averaged(worst, kept)
        after = replace(self, final=True, kept=kept, gained=gained)
        if kept >= LEAST_REPEATS and gained >= self.enough:
            return replace(after, phase=Phase.DONE)
        if kept >= MOST_REPEATS:
            short = (
                f"{gained:.0f} dB over the noise after {kept} sweeps, {self.enough:g} are due: allow more level, or less noise"
            )
            return replace(after, phase=Phase.DONE, why=short)
        return after

    def _averaged(self, worst: float, kept: int) -> float:
        """dB of the mean of all repeats: noise powers add, and are divided by the square of how many there are."""
        before = 10 ** (-self.gained / 10) * (kept - 1) ** 2
        return -10 * math.log10((before + 10 ** (-worst / 10)) / kept**2)

    def stopped(self, why: str) -> Levels:
        """It ends here, now: a hand, or what the measurement saw."""
        return replace(self, phase=Phase.STOPPED, why=why)
