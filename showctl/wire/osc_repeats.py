"""What comes twice acts once: triggers that a device repeats, and packets that a network doubles. PURE.

UDP loses packets and says nothing of it, so a device that means it sends a trigger three times (at 0, 15 and 40 ms), or until it
was told that it was heard, with the same running number behind the value: `/showctl/go 1 4711`. Whatever has such a number acts
once in COUNTED_S for each sender, address, arguments: Wi-Fi holds packets up for a quarter of a second, and loses the answer.

A number alone, `/showctl/go 4711`, may as well be how hard a pad was hit: it acts once in WITHIN_S. A lone 1 is no number but a
button that is down: two presses are two. Without a number a packet of the same time tag is the same packet. One without either
is never a repeat: somebody who presses GO twice means it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeAlias

from showctl.wire.osc import IMMEDIATELY, Message

WITHIN_S, COUNTED_S = 0.25, 2.0
MOST = 2048  # messages that are remembered

Key: TypeAlias = tuple[str, int]  # sender, and a hash of the rest: a message may be long


class Repeats:
    """What came a moment ago."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Key, float] = OrderedDict()  # -> when it came first, s; in this order

    def again(self, message: Message, number: int | None, host: str, now: float) -> bool:
        """Did this message of `host` come before, a moment ago? `number` is its running number, where it has one."""
        if number is None and message.timetag <= IMMEDIATELY:
            return False
        key = _key(message, number, host)
        before = self._seen.get(key)
        counted = number is not None and len(message.arguments) > 1
        if before is not None and now - before < (COUNTED_S if counted else WITHIN_S):
            return True
        self._seen[key] = now
        self._seen.move_to_end(key)
        if len(self._seen) > MOST:
            self._seen.popitem(last=False)
        return False

    def forget(self, message: Message, number: int | None, host: str) -> None:
        """Nothing could be made of it: the next of its repeats has its turn."""
        self._seen.pop(_key(message, number, host), None)


def _key(message: Message, number: int | None, host: str) -> Key:
    return host, hash((message.address, message.tags, message.arguments, message.timetag if number is None else None))
