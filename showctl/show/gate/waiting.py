"""What was asked for and waits for the next beat or bar of the show's own beat.

A control that is given to the engine cannot be taken back, so it is kept here until AHEAD_S before its time and given then with
the time of the beat itself. The beat may bend meanwhile: the time is worked out anew at each step. A stop forgets all of it.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

from showctl.model import ControlEvent, JumpTrack, NextTrack, PlaybackState, PlayTrack, StayTrack
from showctl.plan import Danger, Quantise
from showctl.show.gate.factors import Stand

NOBODY = ""  # no performer: an operator, by OSC or MIDI
AHEAD_S = 0.03
GRACE = 0.05  # beats after the line that still count as on it
MOST = 16
LONGEST_S = 30.0  # no bar is that long


@dataclass(frozen=True, slots=True)
class Waits:
    """A control, and the position of the beat that it waits for."""

    control: ControlEvent
    position: float
    asked: float  # s
    performer: str  # who asked for it, or NOBODY
    words: str
    cleared: Danger = ""  # up to which it has had its second factor
    meant: Stand | None = None  # where its list stood when it was asked for, as of `standing`; of a performer's


@dataclass(frozen=True, slots=True)
class Beat:
    """The beat of the show as a line: its position at a time, and how fast it runs."""

    at: float  # s
    position: float
    rate: float  # beats a second
    bar: int  # a position on which a bar begins
    beats_per_bar: int

    @classmethod
    def of(cls, playback: PlaybackState, at: float) -> Beat:
        """As a playback shows it that is of the time `at` (s)."""
        beats = playback.beats
        return cls(at, playback.beat, max(playback.bpm, 1.0) / 60.0, beats.bar, max(beats.beats_per_bar, 1))

    def next(self, on: Quantise, t: float) -> float:
        """The position of the first beat or bar at or after the time t (s), or just before it."""
        here = self.position + (t - self.at) * self.rate - GRACE
        if on == "bar":
            return float(self.bar + math.ceil((here - self.bar) / self.beats_per_bar) * self.beats_per_bar)
        return float(math.ceil(here))

    def time_of(self, position: float) -> float:
        """When (s) a position is reached."""
        return self.at + (position - self.position) / self.rate


class Waiting:
    """All that waits."""

    def __init__(self) -> None:
        self._all: list[Waits] = []
        self._jumps: tuple[str, float] | None = None  # whose jump waits in the player, and since when

    def add(
        self,
        control: ControlEvent,
        on: Quantise,
        beat: Beat,
        now: float,
        performer: str,
        words: str,
        cleared: Danger,
        meant: Stand | None = None,
    ) -> bool:
        """Keep it for the next beat or bar after its own time; False where too much waits already."""
        if len(self._all) >= MOST:
            return False
        self._all.append(Waits(control, beat.next(on, control.time), now, performer, words, cleared, meant))
        return True

    def due(self, now: float, beat: Beat) -> list[Waits]:
        """What is to be given now, each with the time of its beat."""
        ready = [one for one in self._all if beat.time_of(one.position) <= now + AHEAD_S]
        self._all = [one for one in self._all if one not in ready and now - one.asked < LONGEST_S]
        return [replace(one, control=replace(one.control, time=max(now, beat.time_of(one.position)))) for one in ready]

    def keep(self, bound: Collection[tuple[str, str]]) -> None:
        """Of what performers wait for only these are bound from now on: performer and words."""
        self._all = [one for one in self._all if one.performer == NOBODY or (one.performer, one.words) in bound]

    def of(self, performer: str) -> Waits | None:
        """What a performer waits for."""
        return next((one for one in self._all if one.performer == performer), None)

    def passed_on(self, control: ControlEvent, performer: str, now: float) -> None:
        """Given away: of what a track does on its own beats the player waits for the last that was asked for."""
        if isinstance(control, PlayTrack | NextTrack | JumpTrack):
            self._jumps = None if control.quantise == "none" else (performer, now)

    def forget(self, whose: Collection[str], now: float) -> ControlEvent | None:
        """Take back what these have asked for; what is to be asked of the player so that it does, too."""
        self._all = [one for one in self._all if one.performer not in whose]
        if self._jumps is None or self._jumps[0] not in whose or now - self._jumps[1] > LONGEST_S:
            return None
        self._jumps = None
        return StayTrack(time=now, source="gesture")
