"""Buttons, screens and postures: what is down, since when, and what was just pressed.

Devices tell of a button in two ways. Some say 1 and 0 as it changes: a 0 that is lost would leave it down for ever, so it counts
as up after the device's limit, and a 1 that comes again after a pause is another press. Others repeat how it stands (postures
come so, too): there a 1 after a pause is nothing new, and it is down as long as it is told of; after LOST_S without a word it has
to be let go first. Which of them a device is shows itself. A finger on a screen is told of again and again, and is gone TOUCH_S
after the last time.

What is a little older by the device's own clock than what was heard of it already was overtaken on its way: it is dropped. So is
a press of the very time of the one before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from showctl.model import Reading
from showctl.plan import Sign
from showctl.show.gate.presence import LOST_S

TOUCH_S = 0.25
STREAM_S, STREAMS = 0.5, 3  # repeated within this, so many times in a row: it tells how it stands
IDLE_S = 5.0  # the same of one that is up: of a press whose release was lost there is none, so it can be taken at its word
COPY_S = 0.005  # what comes again within this was sent several times against loss, or doubled on its way
OVERTAKEN_S = 0.5  # so much older by the device's own clock was overtaken; more, and the clock was set
COPIED_S = 2.0  # of the very same time by that clock, within this: the same packet, however late; later, and the clock stands
MOST_FINGERS = 64  # of a device
CHANNELS = frozenset(("button", "press", "touch", "event", "posture"))


class Press(NamedTuple):
    """Something was just pressed, touched, or told."""

    time: float  # s
    device: str
    channel: str
    name: str

    def is_of(self, sign: Sign) -> bool:
        """Whether this is what a sign means."""
        return self.channel == sign.kind and sign.name in ("", self.name)


@dataclass(slots=True)
class Finger:
    """One button, touch or posture of a device."""

    down: bool = False
    since: float = -math.inf  # s, when it went down
    told: float = -math.inf  # s, when it was told of last
    measured: float = -math.inf  # s, of the device's own clock
    repeats: int = 0
    lapsed: bool = False  # there was no word of it for so long that it has to be let go first

    def take(self, reading: Reading) -> bool:
        """What is told of it; whether that is a press."""
        gap = reading.arrival - self.told
        copy = reading.time is not None and reading.time == self.measured and gap < COPIED_S
        if reading.time is not None:
            if self.measured - OVERTAKEN_S < reading.time < self.measured:
                return False
            self.measured = reading.time
        if copy and reading.channel in ("press", "event"):
            return False
        on = bool(reading.values) and reading.values[0] > 0.0
        self.told = max(self.told, reading.arrival)
        if reading.channel == "touch":
            return self._press(reading.arrival) if gap > TOUCH_S else False
        if reading.channel in ("press", "event"):
            return True
        if on != self.down or gap > COPY_S:
            again = on == self.down and gap <= (STREAM_S if on else IDLE_S)
            self.repeats = self.repeats + 1 if again else self.repeats if self.streams else 0
        if not on:
            self.down = self.lapsed = False
        elif self.streams and self.down and gap > LOST_S:
            self.lapsed = True
        elif not self.down or (not self.streams and gap > STREAM_S and not copy):
            return self._press(reading.arrival)
        return False

    @property
    def streams(self) -> bool:
        """It is told of again and again."""
        return self.repeats >= STREAMS

    def is_down(self, now: float, channel: str, limit: float) -> bool:
        """Whether it is down now, as far as can be known; `limit` (s) is for what is told of once."""
        if channel == "touch":
            return now - self.told <= TOUCH_S
        if self.streams:
            return self.down and not self.lapsed and now - self.told <= LOST_S
        return self.down and now - self.since <= limit

    def _press(self, at: float) -> bool:
        self.down, self.since = True, at
        return True


class Fingers:
    """All that performers press."""

    def __init__(self, limits: Mapping[str, float]) -> None:
        """`limits`: of each device, how long (s) a button is down that was told of once."""
        self._limits = dict(limits)
        self._known: dict[str, dict[tuple[str, str], Finger]] = {}  # device -> channel and name

    def take(self, readings: Iterable[Reading]) -> list[Press]:
        """What was told, in the order in which it came; what of it is a press."""
        found = []
        for one in readings:
            if one.channel not in CHANNELS:
                continue
            mine = self._known.setdefault(one.device, {})
            if (one.channel, one.name) not in mine and len(mine) >= MOST_FINGERS:
                continue
            if mine.setdefault((one.channel, one.name), Finger()).take(one):
                found.append(Press(one.arrival, one.device, one.channel, one.name))
        return found

    def since(self, device: str, sign: Sign, now: float) -> float | None:
        """Since when (s) a held sign is down; None if it is not."""
        limit = self._limits.get(device, 0.0)
        times = [one.since for one in self._of(device, sign) if one.is_down(now, sign.kind, limit)]
        return min(times, default=None)

    def said(self, device: str, sign: Sign, now: float) -> bool:
        """Whether down is the last that was said of it, however long ago; of a finger on a screen: whether it is there."""
        return any(one.is_down(now, "touch", 0.0) if sign.kind == "touch" else one.down for one in self._of(device, sign))

    def _of(self, device: str, sign: Sign) -> list[Finger]:
        mine = self._known.get(device, {}).items()
        return [one for (channel, name), one in mine if channel == sign.kind and sign.name in ("", name)]

    def take_over(self, old: Fingers, devices: set[str]) -> None:
        """Go on from what was known of these devices."""
        self._known = {device: mine for device, mine in old._known.items() if device in devices}
