"""The commands of the set list: their numbers, what each of them began, and from which on the player is believed. PURE.

What a player says may be of before a command that was just given. So after one that changes what plays nothing older is believed;
and where the player could not do it, what stood before goes on standing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from showctl.model.player import PlayerClock
from showctl.show.setstate import Place, SetState

REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Take:
    """What a command began."""

    place: Place
    fresh: bool = False  # from its beginning
    waits: bool = False  # until what played before comes to its beat or bar, or its end


@dataclass(frozen=True, slots=True)
class Course:
    """What comes by itself while a track plays, and is over with it."""

    follows: Place | None = None  # what comes when it has ended
    loop: tuple[float, float] | None = None  # s


class Takes:
    """Counts commands, and remembers the last of those that began something."""

    def __init__(self) -> None:
        self.awaited = 0  # number of the last command that changes the mode
        self._last = 0
        self._known: dict[int, Take] = {}
        self._before: tuple[SetState, Course] | None = None  # how it stood before that command
        self._jump: tuple[int, float, float] | None = None  # a jump that waits: number, and from where to where (s)

    def number(self) -> int:
        """Of the next command."""
        self._last += 1
        return self._last

    def expect(self) -> int:
        """Number of a command after which nothing older is believed."""
        self.awaited = self.number()
        self._before = None
        return self.awaited

    def leave(self, state: SetState, course: Course, clock: PlayerClock) -> int:
        """As `expect`, where something else is to begin; it stands so now, unless the player has not got as far as that yet."""
        before = self._before if clock.seq < self.awaited else None
        number = self.expect()
        self._before = before or (state, course)
        return number

    def failed(self, number: int) -> tuple[SetState, Course] | None:
        """The player could not do a command. How it stood before, where that is known; the player is believed at once."""
        if self._jump is not None and self._jump[0] == number:
            self._jump = None
        if number != self.awaited:
            return None
        self.awaited, before, self._before = 0, self._before, None
        return before

    def keep(self, number: int, take: Take) -> None:
        """What a command begins, or has begun."""
        self._known[number] = take
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def get(self, number: int) -> Take | None:
        """What a command began, as far back as is remembered."""
        return self._known.get(number)

    def moved(self, to: Callable[[Place], Place]) -> None:
        """Places are elsewhere in another set list."""
        self._known = {number: replace(take, place=to(take.place)) for number, take in self._known.items()}

    def jump(self, number: int, when: float, to: float = math.inf) -> None:
        """A command waits until the track is at `when` (s), and goes on at `to`; inf: with another track."""
        self._jump = number, when, to

    def no_jump(self) -> None:
        """None waits any more."""
        self._jump = None

    def jump_ahead(self, clock: PlayerClock) -> tuple[float, float] | None:
        """The jump that waits, from where to where (s); numbers rise, so one that has happened shows by what plays."""
        return self._jump[1:] if self._jump is not None and self._jump[0] > clock.take else None

    def forget(self) -> None:
        """Another player, that knows of nothing; numbers go on."""
        self.awaited, self._known, self._before, self._jump = 0, {}, None, None
