"""Wearables over MQTT: the same profiles, an address being a topic. PURE.

    BASE/SENDER/m5/3/imu      [0, 0, 1, 0, 0, 90]                       arguments as OSC has them
                              {"ax": 0, ..., "gz": 90, "time": 12.5}    by their names; `time` is the device's own, in seconds
    BASE/SENDER/AB12          {"accel": {"x": 0, "y": 0, "z": 0}, "gyro": [0, 0, 0]}       several at once, below the topic
    BASE/SENDER/motion/hat/battery    81                                a number alone

SENDER stands for the ip:port that OSC has: one for each program that publishes. Each has as many messages a second as a sender
of OSC; what is above is cut off before it is read, and counted. What is retained is of an earlier night and nothing for `take`.
MQTT takes milliseconds to tens of them more than OSC, and a broker's own time on top.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from typing import Any

from showctl.model import Reading, WireError
from showctl.wire.checked import a_number
from showctl.wire.osc import IMMEDIATELY, Message
from showctl.wire.osc_senders import BURST_S, RATE, Bucket
from showctl.wire.wearable.decode import NTP_SECOND, Refused
from showctl.wire.wearable.intake import Wearables
from showctl.wire.wearable.profile import LONGEST_ID, MOST_ARGUMENTS

SENDER = "mqtt:"  # before who sends, where OSC has an ip
LONGEST = 4096  # bytes of a payload
MOST_BELOW = 16  # messages in one
MOST_SENDERS = 64
LATEST = 2**31  # s, of a device's clock


class Topics:
    """Takes what wearables publish."""

    def __init__(self, wearables: Wearables) -> None:
        self._wearables = wearables
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()  # by sender, the one heard last at the end

    def take(self, topic: str, payload: bytes, arrival: float) -> tuple[Reading, ...]:
        """What a message says whose topic below BASE is `topic`: as `Wearables.take` has it, and refused and counted there."""
        sender, slash, rest = topic.partition("/")
        if not slash or len(sender) > LONGEST_ID:
            return self._wearables.refuse(Refused.ADDRESS)
        bucket = self._bucket(sender, arrival)
        if not bucket.take(arrival):
            self._wearables.trouble(f"{SENDER}{sender} sends more than {RATE:g} messages a second: the rest is left out", arrival)
            return self._wearables.refuse(Refused.RATE)
        try:
            messages = _messages(self._wearables, f"/{rest}", _body(payload))
        except WireError:
            return self._wearables.refuse(Refused.PAYLOAD)
        bucket.tokens -= len(messages) - 1
        return tuple(reading for one in messages for reading in self._wearables.take(one, SENDER + sender, arrival))

    def _bucket(self, sender: str, now: float) -> Bucket:
        """Of a sender; who comes when all are taken has that of who was silent for longest, so a new name is no new rate."""
        bucket = self._buckets.pop(sender, None)
        if bucket is None and len(self._buckets) >= MOST_SENDERS:
            _, bucket = self._buckets.popitem(last=False)
        bucket = bucket or Bucket(RATE, RATE * BURST_S, now)
        self._buckets[sender] = bucket
        return bucket


def _body(payload: bytes) -> Any:
    if len(payload) > LONGEST:
        raise WireError(f"longer than {LONGEST} bytes")
    try:
        return json.loads(payload) if payload.strip() else []
    except (ValueError, RecursionError):
        raise WireError("neither a number nor JSON") from None


def _messages(wearables: Wearables, address: str, body: Any) -> list[Message]:
    if isinstance(body, list):
        return [_message(address, body, IMMEDIATELY)]
    if not isinstance(body, dict):
        return [_message(address, [body], IMMEDIATELY)]
    timetag = _timetag(body.get("time"))
    below = {key: one for key, one in body.items() if isinstance(one, list | dict)}
    if not below:
        return [_message(address, _arranged(wearables, address, body), timetag)]
    if len(below) > MOST_BELOW:
        raise WireError(f"more than {MOST_BELOW} messages in one")
    return [
        _message(f"{address}/{key}", one if isinstance(one, list) else _arranged(wearables, f"{address}/{key}", one), timetag)
        for key, one in below.items()
    ]


def _message(address: str, values: list[Any], timetag: int) -> Message:
    if len(values) > MOST_ARGUMENTS:
        raise WireError(f"more than {MOST_ARGUMENTS} numbers")
    numbers = tuple(one if isinstance(one, str | bool) else a_number(one) for one in values)
    return Message(address, numbers, "", timetag)


def _arranged(wearables: Wearables, address: str, named: dict[str, Any]) -> list[Any]:
    """An object of numbers in the order in which the profile wants them."""
    for _, route, _ in sorted(wearables.routes(address), key=lambda one: -len(one[1].keys)):
        keys = route.keys
        if any(keys) and all(key is None or key in named for key in keys):
            return [named[key] if key is not None else "" if n in route.texts else 0.0 for n, key in enumerate(keys)]
    raise WireError("an object that lacks what its profile asks for")


def _timetag(value: Any) -> int:
    if value is None:
        return IMMEDIATELY
    seconds = a_number(value)
    if not 0 < seconds < LATEST or not math.isfinite(seconds):
        raise WireError("no time of a clock")
    return int(seconds * NTP_SECOND)
