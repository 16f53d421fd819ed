"""When a reading was measured, in show time: the device's time tags put on our clock.

A packet may be late, never early: of all arrivals less their time tags in the last ten seconds the least is the offset of the
clocks (and the shortest way through the network). It is followed by at most 2 % of the time that passes, so that neither the
drift of the device's clock nor a lucky packet bends the motion. Nothing is ever scheduled by it.

A reading that is more than half a second late is of no use any more, and one that is early is wrong. Where all of them are,
steadily, the device's clock was set: it is followed from there on. So it is where all were later than ever for a second: set
back a little, or a longer way through the network. A clock that will not keep still, or stands, is not followed at all: then
the arrival is the time, as it is of devices without time tags.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

REMEMBERED_S = 10.0  # of offsets
KEPT = 64  # of offsets that are odd
FOLLOW = 0.02  # s of offset in a second
SETTLE_S = 0.3  # at the start, while the offset is taken as it comes
LATE_S, EARLY_S = 0.5, 0.06  # a reading further off is of no use, or of another clock
LATER_S, LATER_FOR_S, LATER_READINGS = 0.1, 1.0, 10  # all of so many, for so long, later by this: followed at once
STEADY_S, STEADY_SPREAD_S, STEADY_READINGS = 0.25, 0.15, 5  # so long, and within this: the clock was set
HOPELESS_S, HOPELESS_TIMES, HOPELESS_WITHIN_S = 2.0, 3, 30.0  # unsteady for so long, or set so often: no clock


class Placed(Enum):
    """What became of a time tag."""

    GOOD = auto()
    LATE = auto()  # or early: no use can be made of the reading
    SET = auto()  # the first reading by a clock that was set: nothing from before goes together with it


class DeviceClock:
    """The clock of one device."""

    def __init__(self) -> None:
        self.hopeless = False  # its time tags are not used any more
        self._offsets: deque[tuple[float, float]] = deque()  # arrival, offset: rising, the least in front
        self._offset: float | None = None  # the one that is used
        self._since = self._before = 0.0  # s, the first reading and the last one
        self._later: list[float] = []  # offsets of readings that were all later than ever
        self._later_since = 0.0  # s, the first of them
        self._odd: deque[tuple[float, float]] = deque(maxlen=KEPT)  # arrival, offset of readings that lie off
        self._odd_since = 0.0
        self._settings: deque[float] = deque(maxlen=HOPELESS_TIMES)  # when it was set

    def place(self, time: float | None, arrival: float) -> tuple[Placed, float]:
        """When the reading was measured (s, show time), and whether that is to be believed."""
        if time is None or self.hopeless:
            return Placed.GOOD, arrival
        offset = arrival - time
        if self._offset is None:
            return Placed.GOOD, self._begin(arrival, offset) + time
        if not -EARLY_S <= offset - self._offset <= LATE_S:
            return self._off(time, arrival, offset)
        self._odd.clear()
        self._remember(arrival, offset)
        if self._all_later(arrival, offset):
            return Placed.GOOD, self._begin(arrival, min(self._later)) + time
        least = self._offsets[0][1]
        if arrival - self._since < SETTLE_S:
            self._offset = least
        else:
            step = FOLLOW * min(max(arrival - self._before, 0.0), 1.0)
            self._offset += min(max(least - self._offset, -step), step)
        self._before = max(self._before, arrival)
        return Placed.GOOD, time + self._offset

    def late(self, time: float | None, arrival: float) -> float:
        """How long a reading was under way (s) beyond the shortest way that is known; 0 where nobody can know."""
        if time is None or self.hopeless or self._offset is None:
            return 0.0
        return max(0.0, arrival - time - self._offset)

    def _begin(self, arrival: float, offset: float) -> float:
        self._offsets.clear()
        self._odd.clear()
        self._later.clear()
        self._offsets.append((arrival, offset))
        self._offset, self._since, self._before = offset, arrival, arrival
        return offset

    def _remember(self, arrival: float, offset: float) -> None:
        while self._offsets and self._offsets[-1][1] >= offset:
            self._offsets.pop()
        self._offsets.append((arrival, offset))
        while arrival - self._offsets[0][0] > REMEMBERED_S:
            self._offsets.popleft()

    def _all_later(self, arrival: float, offset: float) -> bool:
        """Has every reading been later than ever, for a second?"""
        if self._offset is None or offset - self._offset <= LATER_S:
            self._later.clear()
            return False
        if not self._later:
            self._later_since = arrival
        self._later = [*self._later[-KEPT:], offset]
        return arrival - self._later_since > LATER_FOR_S and len(self._later) >= LATER_READINGS

    def _off(self, time: float, arrival: float, offset: float) -> tuple[Placed, float]:
        """A reading that does not go with the others: a late one, unless all that come now agree with it."""
        if not self._odd:
            self._odd_since = arrival
        self._odd.append((arrival, offset))
        while arrival - self._odd[0][0] > 2 * STEADY_S:
            self._odd.popleft()
        offsets = [one for _, one in self._odd]
        lasted = arrival - self._odd_since
        steady = max(offsets) - min(offsets) < STEADY_SPREAD_S and arrival - self._odd[0][0] >= STEADY_S
        if steady and len(offsets) >= STEADY_READINGS:
            self._settings.append(arrival)
            self.hopeless = len(self._settings) == HOPELESS_TIMES and arrival - self._settings[0] < HOPELESS_WITHIN_S
            return Placed.SET, arrival if self.hopeless else self._begin(arrival, min(offsets)) + time
        if lasted > HOPELESS_S:
            self.hopeless = True
            return Placed.SET, arrival
        return Placed.LATE, arrival
