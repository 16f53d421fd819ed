"""The clock of one cue list: show time that a pause stops and a rate stretches, in seconds and in beats.

List time is a straight line of show time from where it was tied last: at a pause, a resume, a change of the rate. Between two
ties nothing is added up, so it does not matter how often one looks. In beats it runs on the position of the beat in the same way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from showctl.show.beatclock import BeatClock

ListTime: TypeAlias = tuple[float, float]  # seconds and beats of a list
NEVER: ListTime = (-math.inf, -math.inf)


@dataclass(slots=True)
class ListClock:
    """List time as a function of show time."""

    rate: float = 1.0
    paused: bool = False
    tied: tuple[float, float] = (0.0, 0.0)  # show time (s) and position of the beat at the last tie
    base: ListTime = (0.0, 0.0)  # list time there

    @property
    def speed(self) -> float:
        """Seconds of list time in a second of show time."""
        return 0.0 if self.paused else self.rate

    def read(self, t: float, beat: BeatClock) -> ListTime:
        """List time at show time t."""
        speed = self.speed
        seconds = self.base[0] + (t - self.tied[0]) * speed
        return seconds, self.base[1] + (beat.position(t) - self.tied[1]) * speed

    def tie(self, t: float, beat: BeatClock) -> None:
        """Count from show time t on: call it before `rate` or `paused` change."""
        self.base, self.tied = self.read(t, beat), (t, beat.position(t))

    def show_time(self, ends: ListTime, beat: BeatClock) -> float:
        """The later of a list time in seconds and one in beats, in s of show time; inf where that is never, -inf for NEVER."""
        return max(self._when(ends[0] - self.base[0], self.tied[0]), self._when_beat(ends[1] - self.base[1], beat))

    def _when(self, ahead: float, tied: float) -> float:
        speed = self.speed
        if speed > 0.0:
            return tied + ahead / speed
        return math.inf if ahead > 0.0 else -math.inf

    def _when_beat(self, ahead: float, beat: BeatClock) -> float:
        position = self._when(ahead, self.tied[1])
        return beat.time_of(position) if math.isfinite(position) else position
