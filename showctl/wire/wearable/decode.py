"""A message of a device, by its profile, into readings in g, deg/s and quaternions; or why not. PURE.

Whatever is not a number, not finite or beyond what the sensor could mean is refused with the whole message: half of one would
be a wrong motion, and a zero in its place a wrong one, too. The time tag of a bundle is told as the device's time, in its own
seconds; nobody ever waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import cast

from showctl.model import Quaternion, Reading
from showctl.rotation import conjugate, times
from showctl.wire.osc import IMMEDIATELY, Message, Value
from showctl.wire.places import ways
from showctl.wire.wearable.profile import CHANNELS, VECTORS, Field, Profile, Route

NTP_SECOND = 2**32
ROUND = 0.2  # how far the length of a quaternion may be from 1: rounding, not another four numbers


class Refused(StrEnum):
    """Why nothing was made of a message."""

    ADDRESS = "address of no known device"
    SHAPE = "other arguments than its address has"
    NUMBER = "not a number"
    RANGE = "beyond what the sensor can mean"
    SENDER = "two senders under one name"
    CROWDED = "more devices than can be watched"
    NAMES = "more names than a device may have"
    DUPLICATE = "came twice"
    RATE = "more than may be sent"
    PAYLOAD = "neither a number nor JSON of numbers"


class _RefusedError(Exception):
    """Carries a Refused out of the rules below; never leaves this module."""

    def __init__(self, why: Refused) -> None:
        self.why = why


def device_name(profile: Profile, route: Route, free: str, source: str) -> str:
    """What tells this device from all others: the element of its address that does, or where it sends from."""
    return f"{profile.name}/{free}" if "{id}" in route.address else f"{profile.name}@{source}"


def answers_to(device: str, profile: str, address: str) -> bool:
    """Is the device of this name the one that a person wrote down: by its own name, or where it sends from (ip:port, ip)?"""
    source = device.removeprefix(f"{profile}@")
    return device == f"{profile}/{address}" or (source != device and address in ways(source))


def fits(route: Route, message: Message) -> bool:
    """Are there as many arguments as the route takes, strings where it has strings and nowhere else?"""
    given = message.arguments
    return route.least <= len(given) <= route.most and all(
        isinstance(one, str) == (n in route.texts) for n, one in enumerate(given)
    )


def readings(
    profile: Profile, route: Route, message: Message, device: str, arrival: float, free: str = ""
) -> tuple[Reading, ...] | Refused:
    """One reading a field of a message that fits its route. One axis by itself is named by its letter, until `Wearables` has
    all of them."""
    time = seconds(message.timetag)
    try:
        made = [_field(profile, route, field, message.arguments, free) for field in route.fields if field.channel != "nothing"]
    except _RefusedError as error:
        return error.why
    return tuple(Reading(device, channel, values, arrival, time, name) for channel, values, name in made)


def seconds(timetag: int) -> float | None:
    """A time tag in seconds of its sender's clock; None where it says nothing."""
    return None if timetag <= IMMEDIATELY else timetag / NTP_SECOND


def _field(profile: Profile, route: Route, field: Field, given: Sequence[Value], free: str) -> tuple[str, tuple[float, ...], str]:
    name = free if "{name}" in route.address else route.address.rpartition("/")[2]
    if field.width < 0:
        return field.channel, (1.0,), name
    end = len(given) if field.width == 0 else field.first + field.width
    numbers = [_number(one) for one in given[field.first : end]]
    if field.channel == "quaternion":
        return _quaternion(profile, field, numbers)
    limits = CHANNELS[field.channel]
    values = [one * field.factor for one in numbers]
    if not all(limits.least <= one <= limits.most for one in values):
        raise _RefusedError(Refused.RANGE)
    if field.axis:
        axis, sign = next((n, sign) for n, (its, sign) in enumerate(profile.axes) if its == "xyz".index(field.axis))
        return field.channel, (sign * values[0],), "xyz"[axis]
    if field.channel in VECTORS:
        return field.channel, tuple(sign * values[axis] for axis, sign in profile.axes), ""
    if field.channel == "buttons":
        return "button", (float(values[1] > 0),), f"{values[0]:g}"
    if field.channel == "button":
        return "button", (float(values[0] > 0),), name
    if field.channel in ("battery", "voltage", "signal"):
        return field.channel, tuple(values), ""
    return field.channel, tuple(values), name


def _quaternion(profile: Profile, field: Field, numbers: list[float]) -> tuple[str, tuple[float, ...], str]:
    if not all(-1 - ROUND <= one <= 1 + ROUND for one in numbers):
        raise _RefusedError(Refused.RANGE)
    if field.axis:
        return "quaternion", (-numbers[0] if field.conjugate and field.axis != "w" else numbers[0],), field.axis
    if field.order == "xyz":  # Android leaves w out where it can be reckoned
        square = sum(one * one for one in numbers)
        numbers = [math.sqrt(max(0.0, 1 - square)), *numbers]
    elif field.order == "xyzw":
        numbers = [numbers[3], *numbers[:3]]
    q = whole(profile, cast("Quaternion", tuple(numbers)), field.conjugate)
    if q is None:
        raise _RefusedError(Refused.RANGE)
    return "quaternion", q, ""


def whole(profile: Profile, q: Quaternion, conjugated: bool = False) -> Quaternion | None:
    """A device's quaternion (w, x, y, z) made 1 long, from our axes of the device to the world's; None where it is none."""
    length = math.sqrt(sum(one * one for one in q))
    if abs(length - 1) > ROUND:
        return None
    unit = cast("Quaternion", tuple(one / length for one in q))
    return times(conjugate(unit) if conjugated else unit, conjugate(profile.turn))


def _number(value: Value) -> float:
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, int | float):
        raise _RefusedError(Refused.NUMBER)
    try:
        number = float(value)
    except OverflowError:
        raise _RefusedError(Refused.NUMBER) from None
    if not math.isfinite(number):
        raise _RefusedError(Refused.NUMBER)
    return number
