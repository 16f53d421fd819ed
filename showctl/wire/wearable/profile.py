"""What a kind of device sends, as data: a profile, written as a mapping and checked as a whole when it is read.

    title: ZIG SIM             rate: 60             axes: "x y z"            source: who says so             certain: true
    routes:
      /{id}/gyro: rate rad/s                        three numbers
      /sensors: "10: rate deg/s, acceleration g from 4"    ten numbers, of which the fourth to the sixth are acceleration
      /rotationvector: [quaternion xyz, "4-5: quaternion xyzw"]       the first whose count fits

A route is an address as the device sends it, and what its arguments mean. One element of an address may be free: `{id}` where
the device puts what tells it from its like, `{name}` where it names a button or value. The freedom is ours: a pattern in a
device's own address is never one. A field is CHANNEL, UNIT and, behind `from`, its first argument (1). Before the fields may
stand how many arguments there are: `10:`, `4-5:`, or a letter each, n a number and s a string, `nnnns:`. Otherwise there are
as many as the fields take.

`axes` says along which of ours (x right, y away, z up) the device's own axes point, one after the other: "-y x z" is a device
whose x axis points towards us and whose y axis points right. That is a rotation: a mirrored one would turn the wrong way round.
A minus before a unit is for a device that counts acceleration downwards, as iPhones do.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from showctl.model import Quaternion
from showctl.rotation import of_axes
from showctl.units import STANDARD_GRAVITY

Axes: TypeAlias = tuple[tuple[int, float], tuple[int, float], tuple[int, float]]  # ours: which of the device's, and its sign

KEYS = frozenset(("title", "routes", "rate", "axes", "timed", "certain", "source", "connect"))
MOST_ROUTES = 64  # of a profile
MOST_ARGUMENTS = 64  # of a message that is understood
LONGEST_ID, LONGEST_ADDRESS = 64, 256
OTHERS = ("/showctl/", "/eos/")  # addresses that have their meaning already, whoever sends them
SLOWEST, FASTEST = 1.0, 1000.0  # readings a second

_ACCELERATION = {"g": 1.0, "m/s2": 1 / STANDARD_GRAVITY, "mg": 1e-3}
_ORDERS = ("wxyz", "xyzw", "xyz")


@dataclass(frozen=True, slots=True)
class Channel:
    """What a channel takes: how many numbers (0: all that are left), in which units, and how far it can reach."""

    width: int
    units: Mapping[str, float]  # factor to the canonical unit
    least: float = -1e9
    most: float = 1e9


CHANNELS: dict[str, Channel] = {
    "acceleration": Channel(3, _ACCELERATION, -64, 64),
    "linear": Channel(3, _ACCELERATION, -64, 64),
    "gravity": Channel(3, _ACCELERATION, -1.5, 1.5),
    "rate": Channel(3, {"deg/s": 1.0, "rad/s": math.degrees(1)}, -5000, 5000),
    "quaternion": Channel(4, dict.fromkeys(_ORDERS, 1.0), -1.1, 1.1),
    "battery": Channel(1, {"%": 1.0, "1": 100.0}, 0, 110),
    "voltage": Channel(1, {"V": 1.0, "mV": 1e-3}, 0, 100),
    "signal": Channel(1, {"dBm": 1.0}, -150, 20),
    "button": Channel(1, {"": 1.0}, 0, 1024),
    "buttons": Channel(2, {"": 1.0}, 0, 1024),  # which, and whether it is down: becomes `button`
    "press": Channel(-1, {"": 1.0}),  # a message is all there is
    "touch": Channel(-1, {"": 1.0}),
    "event": Channel(-1, {"": 1.0}),
    "value": Channel(1, {"": 1.0}, -1e6, 1e6),
    "values": Channel(0, {"": 1.0}, -1e6, 1e6),
    "landmarks": Channel(21, {"": 1.0}, -2, 3),
    "nothing": Channel(-1, {"": 1.0}),  # known, and of no use here
}
LETTERS = {"acceleration": "a", "linear": "l", "gravity": "d", "rate": "g", "quaternion": "q"}  # before x, y, z in JSON
VECTORS = frozenset(("acceleration", "linear", "gravity", "rate"))


@dataclass(frozen=True, slots=True)
class Field:
    """Arguments `first` to `first + width` of a message are `channel`, times `factor`."""

    channel: str
    first: int  # from 0
    width: int  # 0: all that are left; -1: none
    factor: float = 1.0
    axis: str = ""  # of a vector or quaternion that comes one axis a packet
    order: str = ""  # of a quaternion
    conjugate: bool = False  # a quaternion that turns the world's axes into the device's


@dataclass(frozen=True, slots=True)
class Route:
    """What the arguments of one address mean, where there are `least` to `most` of them."""

    address: str
    least: int
    most: int
    texts: frozenset[int]  # arguments that are strings
    fields: tuple[Field, ...]

    @property
    def around(self) -> tuple[str, str] | None:
        """What stands before and behind the free element of the address; None where none is free."""
        before, brace, behind = self.address.partition("{")
        return (before, behind.partition("}")[2]) if brace else None

    @property
    def keys(self) -> tuple[str | None, ...]:
        """What the arguments are called in JSON: x, y, z of a field alone, ax, gx, qw ... where there are several, `value`
        of one number; None where nothing is made of one."""
        keys: list[str | None] = [None] * self.least
        for field in self.fields:
            letters = field.order or ("xyz" if field.channel in VECTORS and not field.axis else "")
            prefix = LETTERS.get(field.channel, "") if len(self.fields) > 1 else ""
            for n, letter in enumerate(letters):
                keys[field.first + n] = prefix + letter
            if not letters and field.width == 1:
                keys[field.first] = field.channel if len(self.fields) > 1 else "value"
        return tuple(keys)


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of device."""

    name: str
    title: str
    routes: tuple[Route, ...]
    rate: float  # readings of motion a second, as it is delivered; 0 where it sends no motion
    axes: Axes
    turn: Quaternion  # from the device's axes to ours
    timed: bool  # it says when it measured
    certain: bool  # the addresses and units are from its maker's document or program, not from others' use of it
    source: str  # where they are from
    connect: str  # how to make it send

    @property
    def identified(self) -> bool:
        """Its addresses tell it from its like; otherwise only where the packets come from does."""
        return any("{id}" in route.address for route in self.routes)

    @property
    def channels(self) -> tuple[str, ...]:
        """All that it can tell, without repeats, in the order of CHANNELS."""
        told = {field.channel for route in self.routes for field in route.fields} - {"nothing"}
        return tuple(channel for channel in CHANNELS if channel in told)


def profile(name: str, data: Mapping[str, Any]) -> Profile:
    """Read a profile. Raises ValueError, in a sentence that names the mistake, for what is not one."""
    if set(data) - KEYS:
        raise ValueError(
            f"{name}: there is no key {min(map(str, set(data) - KEYS))!r} in a profile, only {', '.join(sorted(KEYS))}"
        )
    if not isinstance(data.get("routes") or {}, Mapping):
        raise ValueError(f"{name}: routes are ADDRESS: what its arguments are")
    routes: list[Route] = []
    for address, meaning in dict(data.get("routes") or {}).items():
        routes += [_route(name, address, text) for text in (meaning if isinstance(meaning, list) else [meaning])]
    if len(routes) > MOST_ROUTES:
        raise ValueError(f"{name}: more than {MOST_ROUTES} routes")
    rate = data.get("rate", 0)
    if not isinstance(rate, int | float) or not (rate == 0 or SLOWEST <= rate <= FASTEST):
        raise ValueError(f"{name}: rate is readings a second, {SLOWEST:g} to {FASTEST:g}")
    axes = _axes(name, data.get("axes", "x y z"))
    return Profile(
        name=name,
        title=str(data.get("title") or name),
        routes=tuple(routes),
        rate=float(rate),
        axes=axes,
        turn=of_axes(axes),
        timed=bool(data.get("timed")),
        certain=bool(data.get("certain")),
        source=str(data.get("source", "")),
        connect=str(data.get("connect", "")),
    )


def free_element(text: str) -> bool:
    """Can this element of a device's address stand where a profile has a free one? A pattern cannot."""
    return 0 < len(text) <= LONGEST_ID and not set(text) & set("*?[]{}#+, ") and text.isprintable()


ADDRESS = re.compile(r"(/([^/{}*?\[\]#, \"'\\]+|\{id\}|\{name\}))+")
_COUNT = re.compile(r"\s*(?:(\d{1,2})(?:-(\d{1,2}))?|([ns]{1,64}))\s*:\s*(.*)", re.DOTALL)
_FIELD = re.compile(r"([a-z]+)(?:\.([wxyz]))?((?:\s+(?!from\b)\S+){0,2})(?:\s+from\s+(\d{1,2}))?")


def could_be(address: str) -> bool:
    """Can a profile have this address?"""
    short = len(address) <= LONGEST_ADDRESS - LONGEST_ID
    return short and not address.startswith(OTHERS) and ADDRESS.fullmatch(address) is not None


def _route(name: str, address: Any, text: Any) -> Route:
    where = f"{name}: {address}"
    if not isinstance(address, str) or not ADDRESS.fullmatch(address):
        raise ValueError(f"{where} is no address: /like/this, where one element may be {{id}} or {{name}}")
    if len(address) > LONGEST_ADDRESS - LONGEST_ID:
        raise ValueError(f"{name}: {address[:40]}... is longer than an address can be")
    if address.startswith(OTHERS):
        raise ValueError(f"{where}: is no device's: what comes there is a command")
    if address.count("{") > 1:
        raise ValueError(f"{where}: only one element may be free")
    if not isinstance(text, str):
        raise ValueError(f"{where}: says what the arguments are, as in `rate deg/s`")
    counted = _COUNT.fullmatch(text)
    fields: list[Field] = []
    for part in (counted[4] if counted else text).split(","):
        fields.append(_field(where, part.strip(), max((f.first + max(f.width, 0) for f in fields), default=0)))
    taken = max(field.first + max(field.width, 0) for field in fields)
    least, most, texts = taken, taken, frozenset[int]()
    if counted and counted[3]:
        least = most = len(counted[3])
        texts = frozenset(n for n, letter in enumerate(counted[3]) if letter == "s")
    elif counted:
        least, most = int(counted[1]), int(counted[2] or counted[1])
    elif any(field.width <= 0 for field in fields):
        most = MOST_ARGUMENTS
    if not taken <= least <= most <= MOST_ARGUMENTS:
        raise ValueError(f"{where}: the fields take {taken} arguments, and {least} to {most} come")
    return Route(address, least, most, texts, tuple(fields))


def _field(where: str, text: str, at: int) -> Field:
    found = _FIELD.fullmatch(text)
    channel = CHANNELS.get(found[1]) if found else None
    if found is None or channel is None:
        raise ValueError(f"{where}: {text!r} is no field: CHANNEL UNIT from N, with one of {', '.join(CHANNELS)}")
    name, axis, words = found[1], found[2] or "", found[3].split()
    unit = words[0] if words else ""
    sign = -1.0 if unit.startswith("-") else 1.0
    first = int(found[4]) - 1 if found[4] else at
    if not 0 <= first < MOST_ARGUMENTS:
        raise ValueError(f"{where}: arguments are counted from 1 to {MOST_ARGUMENTS}")
    if axis and not (name == "quaternion" or (name in VECTORS and axis != "w")):
        raise ValueError(f"{where}: {name} has no axis {axis}")
    if name == "quaternion":
        if (not axis and unit not in _ORDERS) or words[1:] not in ([], ["conjugate"]) or (axis and unit not in ("", "conjugate")):
            raise ValueError(f"{where}: a quaternion is wxyz, xyzw or xyz, and `conjugate` where it turns the other way round")
        return Field(
            name, first, 1 if axis else len(unit), axis=axis, order=unit if not axis else "", conjugate="conjugate" in words
        )
    if unit.lstrip("-") not in channel.units or words[1:]:
        raise ValueError(
            f"{where}: {name} is in {' or '.join(filter(None, channel.units)) or 'no unit'}, not {' '.join(words)!r}"
        )
    return Field(name, first, 1 if axis else channel.width, sign * channel.units[unit.lstrip("-")], axis)


def _axes(name: str, text: Any) -> Axes:
    parts = text.split() if isinstance(text, str) else []
    if sorted(part.lstrip("-") for part in parts) != ["x", "y", "z"]:
        raise ValueError(f'{name}: axes are three, as in "x y z" or "-y x z"')
    # "-y x z" names, for each axis of the device in turn, ours that it points along
    ours: dict[int, tuple[int, float]] = {}
    for n, part in enumerate(parts):
        ours["xyz".index(part[-1])] = (n, -1.0 if part[0] == "-" else 1.0)
    axes = (ours[0], ours[1], ours[2])
    if _determinant(axes) < 0:
        raise ValueError(f'{name}: axes "{text}" are mirrored, not turned; one sign more or less')
    return axes


def _determinant(axes: Sequence[tuple[int, float]]) -> float:
    order = [axis for axis, _ in axes]
    swaps = sum(order[i] > order[j] for i in range(3) for j in range(i + 1, 3))
    return (-1.0) ** swaps * math.prod(sign for _, sign in axes)
