"""What waits between two steps: a queue that is bounded, refuses loudly, and never loses what ends something.

Whoever is told that there was no room asks again. But a button that was let go, or a stop, comes once, and what it was to end
would go on for the rest of the night. So where the queue is full such an end waits in a place of its own, behind all that came
before it. Saying it twice says no more than once: there is one place for each thing that can be ended, and so they are bounded by
the show and by what is worn. One rule for all doors, since whatever comes by any of them waits here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from showctl.model import (
    Blackout,
    Check,
    ControlEvent,
    Disarm,
    Flash,
    Identify,
    LetGo,
    PauseTrack,
    Reading,
    Release,
    StayTrack,
    StopAll,
    StopTrack,
)

T = TypeVar("T")


class Waiting(Generic[T]):
    """So many may wait; `ends` names what one of them ends, None for what ends nothing."""

    def __init__(self, room: int, ends: Callable[[T], Hashable | None]) -> None:
        self._room, self._ends_of = room, ends
        self._all: deque[T] = deque()
        self._ends: dict[Hashable, T] = {}  # those for which there was no room

    def put(self, one: T) -> bool:
        """Keep it; False where there is no room."""
        if len(self._all) < self._room:
            self._all.append(one)
            return True
        what = self._ends_of(one)
        if what is None:
            return False
        self._ends.setdefault(what, one)
        return True

    def take(self) -> tuple[T, ...]:
        """All that waits, in the order in which it came."""
        every = (*self._all, *self._ends.values())
        self._all.clear()
        self._ends.clear()
        return every


def ended_by(control: ControlEvent) -> Hashable | None:
    """What a control ends or takes back; None for one that ends nothing."""
    match control:
        case StopAll() | StopTrack() | PauseTrack() | StayTrack() | Blackout(on=True) | Check(step=0) | LetGo(keys=()):
            return (type(control).__name__,)
        case Release(list=name) | Flash(on=False, submaster=name) | Identify(on=False, fixture=name) | Disarm(performer=name):
            return type(control).__name__, name
    return None


def let_go(reading: Reading) -> Hashable | None:
    """The button or posture that a reading tells to be up; None for any other reading."""
    up = reading.channel in ("button", "posture") and not (reading.values and reading.values[0] > 0.0)
    return (reading.device, reading.channel, reading.name) if up else None
