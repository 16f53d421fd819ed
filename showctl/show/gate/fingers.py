"""Buttons, screens and postures: what is down, since when, and what was just pressed.

Devices tell of a button in two ways. Some say 1 and 0 as it changes: a 0 that is lost would leave it down for ever, so it counts
as up after the device's limit, and a 1 that comes again after PAUSE_S is another press. Others repeat how it stands (postures
come so, too): there a 1 after a pause is nothing new, and it is down as long as it is told of; after LOST_S without a word it has
to be let go first. Which of them a device is shows itself; until then a 1 that follows a 1 sooner is no press, since it may be
the repeat of one that is held. A finger on a screen is told of again and again, and is gone TOUCH_S after the last time; that
it was lifted is certain only where its device was heard all that time: in a hole nothing is told of one that lies there.

What is a little older by the device's own clock than what was heard of it already was overtaken on its way: it is dropped. So is
a press of the very time of the one before.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from showctl.model import Reading
from showctl.plan import Sign
from showctl.show.gate.presence import LOST_S, Presence

TOUCH_S = 0.25
PAUSE_S = 2.0  # who repeats how a button stands does so at least as often, also where some of it is lost
IDLE_S = 5.0  # the same of one that is up: of a press whose release was lost there is none, so it can be taken at its word
STREAMS = 3  # repeats in a row: it tells how it stands
COPY_S = 0.005  # what comes again within this was sent several times against loss, or doubled on its way
OVERTAKEN_S = 0.5  # so much older by the device's own clock was overtaken; more, and the clock was set
COPIED_S = 2.0  # of the very same time by that clock, within this: the same packet, however late; later, and the clock stands
MOST_FINGERS = 64  # of a device


class Press(NamedTuple):
    """Something was just pressed, touched, or told."""

    time: float  # s, when it was heard of
    device: str
    channel: str
    name: str
    late: float = 0.0  # s, as of `Reading`

    def is_of(self, sign: Sign) -> bool:
        """Whether this is what a sign means."""
        return self.channel == sign.kind and sign.name in ("", self.name)


class Word(NamedTuple):
    """What is told of a finger."""

    on: bool
    at: float  # s, when it was heard of
    gap: float  # s since the word before it
    copy: bool  # it is the very packet of that


@dataclass(slots=True)
class Finger(ABC):
    """One of those of a device. What it is told of is kept apart from its copies, and in order."""

    limit: float  # s that it counts as down where it was told of once
    told: float = -math.inf  # s, when it was told of last
    measured: float = -math.inf  # s, of the device's own clock

    def take(self, reading: Reading) -> bool:
        """What is told of it; whether that is a press."""
        gap, copy = reading.arrival - self.told, False
        if reading.time is not None:
            copy = reading.time == self.measured and gap < COPIED_S
            if self.measured - OVERTAKEN_S < reading.time < self.measured:
                return False
            self.measured = reading.time
        on = bool(reading.values) and reading.values[0] > 0.0
        return self._hear(Word(on, reading.arrival, gap, copy))

    @abstractmethod
    def _hear(self, word: Word) -> bool: ...


@dataclass(slots=True)
class Moment(Finger):
    """A press or an event: over as soon as it is told of."""

    def _hear(self, word: Word) -> bool:
        if word.copy:
            return False
        self.told = max(self.told, word.at)
        return True


@dataclass(slots=True)
class Held(Finger):
    """What has a beginning and an end."""

    since: float = -math.inf  # s, when it went down last

    @abstractmethod
    def is_down(self, now: float) -> bool:
        """Whether it is down now, as far as can be known."""

    @abstractmethod
    def was_up(self, after: float) -> bool:
        """Whether it is certain that it was up at some time after this (s), before it went down."""

    def _press(self, at: float) -> bool:
        self.since = at
        return True


@dataclass(slots=True)
class Touch(Held):
    """A finger on a screen."""

    up: float = -math.inf  # s, when it was certain last that it is lifted

    def _hear(self, word: Word) -> bool:
        self.told = max(self.told, word.at)
        return self._press(word.at) if word.gap > TOUCH_S else False

    def is_down(self, now: float) -> bool:
        """As long as it is told of."""
        return now - self.told <= TOUCH_S

    def was_up(self, after: float) -> bool:
        """Nothing was told of it for so long, of a device that was heard."""
        return self.up > after

    def listen(self, since: float, until: float) -> None:
        """Its device was heard without a hole between these times (s)."""
        if until - max(self.told, since) > TOUCH_S:
            self.up = until


@dataclass(slots=True)
class Button(Held):
    """A button or posture, which is told to be up, too."""

    down: bool = False
    up: float = -math.inf  # s, when it was told to be up last
    repeats: int = 0
    lapsed: bool = False  # there was no word of it for so long that it has to be let go first

    def _hear(self, word: Word) -> bool:
        self.told = max(self.told, word.at)
        self._count(word)
        if not word.on:
            self.down, self.lapsed, self.up = False, False, word.at
            return False
        if not self.down:
            self.down = True
            return self._press(word.at)
        if self.streams:
            self.lapsed = self.lapsed or word.gap > LOST_S
            return False
        return self._press(word.at) if word.gap > PAUSE_S and not word.copy else False

    def _count(self, word: Word) -> None:
        """Learn whether it repeats how it stands. Of several words in one moment only the first says anything of that."""
        same = word.on == self.down
        if same and word.gap <= COPY_S:
            return
        if same and word.gap <= (PAUSE_S if word.on else IDLE_S):
            self.repeats += 1
        elif not self.streams:
            self.repeats = 0

    @property
    def streams(self) -> bool:
        """It is told of again and again."""
        return self.repeats >= STREAMS

    def is_down(self, now: float) -> bool:
        """As long as it is told of, where it is; else until it is told to be up, or the limit is over."""
        if self.streams:
            return self.down and not self.lapsed and now - self.told <= LOST_S
        return self.down and now - self.since <= self.limit

    def was_up(self, after: float) -> bool:
        """It was said."""
        return self.up > after


KINDS: dict[str, type[Finger]] = {"button": Button, "posture": Button, "touch": Touch, "press": Moment, "event": Moment}


class Fingers:
    """All that performers press."""

    def __init__(self, limits: Mapping[str, float]) -> None:
        """`limits`: of each device, how long (s) a button is down that was told of once."""
        self._limits = dict(limits)
        self._known: dict[str, dict[tuple[str, str], Finger]] = {}  # device -> channel and name
        self._presence: Presence | None = None  # as of the last look

    def take(self, readings: Iterable[Reading]) -> list[Press]:
        """What was told, in the order in which it came; what of it is a press."""
        found = []
        for one in readings:
            finger = self._finger(one)
            if finger is not None and finger.take(one):
                found.append(Press(one.arrival, one.device, one.channel, one.name, one.late))
        return found

    def _finger(self, reading: Reading) -> Finger | None:
        """What a reading tells of; None for what is no finger, or one too many."""
        kind, name = KINDS.get(reading.channel), (reading.channel, reading.name)
        mine = self._known.setdefault(reading.device, {})
        if kind is None or (name not in mine and len(mine) >= MOST_FINGERS):
            return None
        if name not in mine:
            mine[name] = one = kind(self._limits.get(reading.device, 0.0))
            if isinstance(one, Touch) and self._presence is not None:
                one.listen(*self._presence.heard(reading.device))
        return mine[name]

    def listen(self, presence: Presence) -> None:
        """Look how long nothing was told of fingers on screens that are heard."""
        self._presence = presence
        for device, mine in self._known.items():
            for one in mine.values():
                if isinstance(one, Touch):
                    one.listen(*presence.heard(device))

    def since(self, device: str, sign: Sign, now: float) -> float | None:
        """Since when (s) a held sign is down; None if it is not."""
        return min((one.since for one in self._down(device, sign, now)), default=None)

    def newest(self, device: str, sign: Sign, now: float) -> float | None:
        """When (s) the last of those went down that hold it down; None if none does."""
        return max((one.since for one in self._down(device, sign, now)), default=None)

    def was_up(self, device: str, sign: Sign, after: float, now: float) -> bool:
        """Whether it is certain of all that hold a sign down that they were up at some time after this (s)."""
        return all(one.was_up(after) for one in self._down(device, sign, now))

    def said(self, device: str, sign: Sign, now: float) -> bool:
        """Whether down is the last that was said of it, however long ago; of a finger on a screen: whether it is there."""
        return any(one.down if isinstance(one, Button) else one.is_down(now) for one in self._of(device, sign))

    def _down(self, device: str, sign: Sign, now: float) -> list[Held]:
        return [one for one in self._of(device, sign) if one.is_down(now)]

    def _of(self, device: str, sign: Sign) -> list[Held]:
        mine = self._known.get(device, {}).items()
        those = (one for (channel, name), one in mine if channel == sign.kind and sign.name in ("", name))
        return [one for one in those if isinstance(one, Held)]

    def take_over(self, old: Fingers, devices: set[str]) -> None:
        """Go on from what was known of these devices."""
        self._known = {device: mine for device, mine in old._known.items() if device in devices}
