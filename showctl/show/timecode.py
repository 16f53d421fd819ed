"""A time code as a list follows it: where it stands between two times that it was told.

It is told a few times a second and reckoned on from there, so a cue fires at its own time, between two ticks too. Without news
it runs on for LOST, or for as long as the list may go without (`freewheel`: Eos's internal clock that takes over), and stands.

What is more than JUMP from where it was reckoned to be is another place: the list goes there as by GOTO, and no cue between is
fired. Backwards it goes there step by step.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from showctl.model import Timecode
from showctl.plan import CueList

JUMP = 0.5  # s of time code
LOST = 0.5  # s without news


@dataclass(frozen=True, slots=True)
class Code:
    """Time code as a straight line of show time."""

    clock: str
    time: float  # s of show time at which it
    at: float  # stood there, s of time code
    speed: float
    until: float  # s of show time, from when on it stands

    @staticmethod
    def told(one: Timecode, freewheel: float) -> Code:
        """From here on, as it was told."""
        return Code(one.clock, one.time, one.at, one.speed, one.time + max(LOST, freewheel))

    def position(self, t: float) -> float:
        """Seconds of time code at show time t."""
        return self.at + self.speed * (min(t, self.until) - self.time)

    def when(self, at: float) -> float:
        """Show time at which it reaches `at`; inf where it will not, as far as known."""
        if at <= self.at:
            return self.time
        t = self.time + (at - self.at) / self.speed if self.speed > 0.0 else math.inf
        return t if t <= self.until else math.inf

    def leads_to(self, one: Timecode) -> bool:
        """Whether what is told is where it was reckoned to be, and on its way forward."""
        return one.speed >= 0.0 and abs(self.position(one.time) - one.at) <= JUMP


class Times:
    """When the cues of a list fire; nothing for one that follows no time code."""

    def __init__(self, of: CueList) -> None:
        found = [(cue.at, i) for i, cue in enumerate(of.cues) if cue.at is not None and of.timecode is not None]
        self.at, self.index = [at for at, _ in found], [i for _, i in found]

    def passed(self, position: float) -> int | None:
        """Index of the last cue whose time has come; None before the first."""
        i = bisect_right(self.at, position)
        return self.index[i - 1] if i else None

    def next(self, reached: float, current: int) -> tuple[float, int] | None:
        """Time and index of the first cue behind this one whose time comes after `reached`."""
        i = max(bisect_right(self.at, reached), bisect_right(self.index, current))
        return (self.at[i], self.index[i]) if i < len(self.at) else None


def clock_face(at: float) -> str:
    """`1:02:03.5`."""
    minutes, seconds = divmod(round(at, 2), 60.0)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{seconds:05.2f}".rstrip("0").rstrip(".")
    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"
