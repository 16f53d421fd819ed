"""What somebody sends, watched until it can be said what it is: the profile that fits, or a new one with the best guesses. PURE.

Numbers are judged by what motion must look like, not by their addresses alone:

    four of length 1                              a quaternion; where up is by each way to read it is held against gravity
    three whose length rests at 1, 9.81 or 1000   acceleration in g, m/s2 or mg; one that never varies is gravity
    three that rest at 0                          rate, or linear acceleration by its address. rad/s or deg/s by how fast the
                                                  quaternion turns, else by how far it reaches: no sensor does 40 rad/s
    none or one                                   a press, or a button where it is only ever 0 or 1

What cannot be told from numbers is said as a question.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import cast

from showctl import rotation
from showctl.model import Quaternion
from showctl.wire.osc import IMMEDIATELY, Message
from showctl.wire.wearable.intake import Wearables
from showctl.wire.wearable.profile import CHANNELS, VECTORS, could_be, free_element

MOST_SOURCES = 32
MOST_ADDRESSES = 64  # of a source
MOST_ARGUMENTS = 32  # that are judged
KEPT = 512  # messages of an address
ENOUGH = 10  # messages that a judgement needs
GRAVITY = {"g": 1.0, "m/s2": 9.81, "mg": 1000.0}
NEAR = 0.1  # of it, as a share
FASTEST_RAD = 40.0  # rad/s: 2300 deg/s
MOVED_RAD = 0.1  # rad/s, or deg/s: less is noise


@dataclass(slots=True)
class Heard:
    """One address of a source."""

    address: str
    count: int = 0
    tags: str = ""  # n a number, s a string, . anything else
    first: float = 0.0  # s, arrival
    last: float = 0.0
    timed: bool = False
    least: list[float] = field(default_factory=list)  # of each argument that is a number
    most: list[float] = field(default_factory=list)
    rows: deque[tuple[float, tuple[float, ...]]] = field(default_factory=lambda: deque(maxlen=KEPT))  # arrival, numbers

    @property
    def rate(self) -> float:
        """Messages a second."""
        return (self.count - 1) / (self.last - self.first) if self.last > self.first else 0.0


@dataclass(slots=True)
class Source:
    """Somebody who sends."""

    name: str  # ip:port
    heard: OrderedDict[str, Heard] = field(default_factory=OrderedDict)
    devices: set[str] = field(default_factory=set)  # as the known profiles have it
    more: int = 0  # messages of addresses beyond MOST_ADDRESSES


@dataclass(frozen=True, slots=True)
class Three:
    """What three arguments may be."""

    meaning: str
    because: str
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """What the arguments of an address may mean, in the words of a profile, and what the reader should know of it."""

    address: str
    meaning: str
    because: str


class Learner:
    """Watches all that is sent."""

    def __init__(self) -> None:
        self.sources: OrderedDict[str, Source] = OrderedDict()
        self.more = 0  # messages of sources beyond MOST_SOURCES
        self._known = Wearables()

    def take(self, message: Message, source: str, arrival: float) -> None:
        """A message that arrived."""
        one = self.sources.get(source)
        if one is None:
            if len(self.sources) >= MOST_SOURCES:
                self.more += 1
                return
            one = self.sources[source] = Source(source)
        heard = one.heard.get(message.address)
        if heard is None:
            if len(one.heard) >= MOST_ADDRESSES:
                one.more += 1
                return
            heard = one.heard[message.address] = Heard(message.address, first=arrival)
        one.devices |= {reading.device for reading in self._known.take(message, source, arrival)}
        _note(heard, message, arrival)

    def unknown(self, source: Source) -> list[Heard]:
        """Its addresses that no profile has."""
        return [heard for heard in source.heard.values() if not self._known.routes(heard.address)]

    def doubts(self, source: Source) -> list[tuple[Heard, str]]:
        """Its addresses that a profile has and that look like something else for certain, and why, in a sentence."""
        every = list(source.heard.values())
        turning = next(((one, at) for one in every for at in _quaternions(one)), None)
        found = []
        for heard in every:
            for profile, route, _ in self._known.routes(heard.address)[:1]:
                for at, three in _pieces(heard, turning) if set(heard.tags) == {"n"} else ():
                    meant = next((one for one in route.fields if one.first == at and one.channel in VECTORS), None)
                    if meant is None or three is None or not three.sure:
                        continue
                    channel, unit = three.meaning.split()
                    if channel != meant.channel or not math.isclose(CHANNELS[channel].units[unit], abs(meant.factor)):
                        found.append(
                            (heard, f"{heard.address} looks like {three.meaning} ({three.because}), not as {profile.name} has it")
                        )
        return found


def _note(heard: Heard, message: Message, arrival: float) -> None:
    numbers = []
    tags = ""
    for one in message.arguments[:MOST_ARGUMENTS]:
        number = isinstance(one, int | float) and abs(one) < 1e9 and math.isfinite(one)
        tags += "n" if number else "s" if isinstance(one, str) else "."
        if number:
            numbers.append(float(cast("float", one)))
    if tags != heard.tags:  # another shape: what was known of it is of no use
        heard.tags, heard.least, heard.most = tags, list(numbers), list(numbers)
        heard.rows.clear()
    heard.least = [min(pair) for pair in zip(heard.least, numbers, strict=True)]
    heard.most = [max(pair) for pair in zip(heard.most, numbers, strict=True)]
    heard.rows.append((arrival, tuple(numbers)))
    heard.count += 1
    heard.last = arrival
    heard.timed = heard.timed or message.timetag > IMMEDIATELY


# --- guesses -------------------------------------------------------------------------------------------------------------


def guesses(heard: Sequence[Heard]) -> list[Guess]:
    """What these addresses of one source may mean; those of which nothing can be said are left out."""
    up = next((upward for one in heard for upward in _rests(one)), None)
    turning = next(((one, at) for one in heard for at in _quaternions(one)), None)
    found = [_guess(one, up, turning) for one in heard if one.count >= ENOUGH or not one.rows or not one.rows[0][1]]
    return [guess for guess in found if guess is not None]


def as_profile(name: str, source: Source, guesses: Sequence[Guess]) -> str:
    """A profile as text (YAML), to be pasted."""
    free = _identity([guess.address for guess in guesses])
    rates = [source.heard[guess.address].rate for guess in guesses if re.match(r"(\S+: )?(acc|lin|rate|quat)", guess.meaning)]
    lines = [f"{name}:", f"  rate: {min(max(round(max(rates, default=1.0)), 1), 1000)}"]
    lines += ["  timed: true"] * any(heard.timed for heard in source.heard.values())
    lines.append("  routes:")
    for guess in guesses:
        address = guess.address if free is None else guess.address.replace(f"/{free}/", "/{id}/", 1)
        lines.append(f'    "{address}": "{guess.meaning}"  # {guess.because}')
    return "\n".join(lines)


def _guess(one: Heard, up: tuple[Heard, int, str] | None, turning: tuple[Heard, int] | None) -> Guess | None:
    if set(one.tags) - {"n"} or not could_be(one.address):
        return None
    if not one.tags:
        return Guess(one.address, "press", "no arguments")
    parts: list[str] = []
    because: list[str] = []
    for at, three in _pieces(one, turning):
        meaning, why = (three.meaning, three.because) if three else _order(one, at, up)
        parts.append(f"{meaning} from {at + 1}")
        because.append(why)
    if parts:
        return Guess(one.address, f"{len(one.tags)}: {', '.join(parts)}", "; ".join(because))
    if len(one.tags) == 1 and {row[0] for _, row in one.rows} <= {0.0, 1.0}:
        return Guess(one.address, "button", "only ever 0 or 1")
    return None


def _pieces(one: Heard, turning: tuple[Heard, int] | None) -> Iterator[tuple[int, Three | None]]:
    """The arguments from left to right: where three mean something, and what; or where four are a quaternion (None)."""
    at, quaternions = 0, _quaternions(one)
    while at < len(one.tags):
        three = None if at in quaternions or at + 3 > len(one.tags) else _three(one, at, turning)
        if at in quaternions or three is not None:
            yield at, three
        at += 4 if at in quaternions else 3 if three is not None else 1


def _three(one: Heard, at: int, turning: tuple[Heard, int] | None) -> Three | None:
    """What three arguments may be, and why."""
    lengths = [math.hypot(*row[at : at + 3]) for _, row in one.rows]
    word = "/".join(one.address.lower().split("/")[2:] or [one.address.lower()])  # the first element is the device's own name
    resting = median(lengths)
    unit = next((unit for unit, length in GRAVITY.items() if abs(resting / length - 1) < NEAR), None)
    if unit and not re.search(r"gyr|rate|rot|angul|omega|linear|user|mag|euler|orient", word):
        steady = max(lengths) - min(lengths) < 0.02 * resting
        if "grav" in word:
            return Three(f"gravity {unit}", f"of length {resting:.2f} throughout", True)
        why = f"at rest of length {resting:.2f}; flat, z must be above 0: otherwise -{unit}"
        alone = steady and max(_spans(one, at)) > 0.3 * resting
        return Three(f"acceleration {unit}", why + ("; is it gravity alone?" if alone else ""), not alone)
    if re.search(r"linear|user", word):
        most = max(lengths)
        unit = "m/s2" if most > 6 else "g"
        return Three(f"linear {unit}", f"reaches {most:.2f}; m/s2 or g? Shaken hard it reaches 20 m/s2, or 2 g")
    quiet = resting < 0.2 * max(lengths) or max(lengths) < MOVED_RAD
    if re.search(r"gyr|rate|rot|angul|omega", word) or (quiet and len(one.tags) > 3):
        return _rate(one, at, turning, max(lengths))
    return None


def _rate(one: Heard, at: int, turning: tuple[Heard, int] | None, most: float) -> Three:
    if turning is not None:
        ratio = _against_quaternion(one, at, *turning)
        for unit, degrees in (("rad/s", math.degrees(1)), ("deg/s", 1.0)):
            if ratio is not None and degrees / 1.5 < ratio < degrees * 1.5:
                return Three(f"rate {unit}", f"the quaternion turns by {ratio:.1f} degrees for each of it", True)
    if most > FASTEST_RAD:
        return Three("rate deg/s", f"reaches {most:.0f}: too fast for rad/s", True)
    if most < MOVED_RAD:
        return Three("rate rad/s", "it did not move: turn it, rad/s reach 10, deg/s 500")
    return Three("rate rad/s", f"reaches {most:.1f}: turn it fast; deg/s would reach 500")


def _against_quaternion(one: Heard, at: int, quaternions: Heard, first: int) -> float | None:
    """Degrees a second by the quaternion for each unit of the rate, where it moved enough to say; the order of its four does
    not matter for how fast it turns."""
    rows = list(quaternions.rows)
    turned = 0.0
    for (_, a), (_, b) in itertools.pairwise(rows):
        dot = abs(sum(x * y for x, y in zip(a[first : first + 4], b[first : first + 4], strict=True)))
        turned += 2 * math.degrees(math.acos(min(1.0, dot)))
    begin, end = rows[0][0], rows[-1][0]
    lengths = [(when, math.hypot(*row[at : at + 3])) for when, row in one.rows if begin <= when <= end]
    added = sum((b - a) * (x + y) / 2 for (a, x), (b, y) in itertools.pairwise(lengths))
    return turned / added if turned > 20 and added > 0 else None


def _quaternions(one: Heard) -> list[int]:
    """Where four arguments are of length 1, always, and not three of them already."""
    found = []
    for at in range(len(one.tags) - 3 if set(one.tags) == {"n"} else 0):
        rows = [row[at : at + 4] for _, row in one.rows]
        if one.count >= ENOUGH and rows and all(abs(math.hypot(*row) - 1) < 0.02 for row in rows):
            three = [math.hypot(*row[:3]) for row in rows]
            varies = max(_spans(one, at, 4)) > 0.02 or len(one.tags) == 4
            if varies and not (max(abs(length - 1) for length in three) < 0.02 and len(one.tags) > 4):
                found.append(at)
    return found


def _spans(one: Heard, at: int, count: int = 3) -> list[float]:
    return [max(row[n] for _, row in one.rows) - min(row[n] for _, row in one.rows) for n in range(at, at + count)]


def _rests(one: Heard) -> Iterator[tuple[Heard, int, str]]:
    """Where up is: acceleration, or gravity."""
    if set(one.tags) == {"n"} and one.count >= ENOUGH:
        for at, three in _pieces(one, None):
            if three is not None and three.meaning.startswith(("acceleration", "gravity")):
                yield one, at, three.meaning.split()[1]


def _order(one: Heard, at: int, up: tuple[Heard, int, str] | None) -> tuple[str, str]:
    """The way to read a quaternion by which gravity is where the accelerometer feels it, most of the time."""
    if up is None:
        return "quaternion wxyz", "in which order? Without acceleration nobody can say: xyzw, or `conjugate`?"
    other, first, unit = up
    scale = GRAVITY[unit]
    pairs = list(zip(one.rows, _nearest(one, other), strict=True))
    errors: dict[str, float] = {}
    for order in ("wxyz", "xyzw"):
        for conjugated in (False, True):
            for sign in (1, -1):
                misses = []
                for (_, row), felt in pairs:
                    four = row[at : at + 4]
                    q = cast("Quaternion", four if order == "wxyz" else (four[3], *four[:3]))
                    upward = rotation.up(rotation.conjugate(q) if conjugated else q)
                    misses.append(math.dist(upward, [sign * value / scale for value in felt[first : first + 3]]))
                name = order + (" conjugate" if conjugated else "")
                errors[f"{name}|{sign}"] = median(misses)
    best = min(errors, key=lambda key: errors[key])
    name, _, sign_text = best.partition("|")
    rival = min(error for key, error in errors.items() if key.partition("|")[0] != name)
    why = f"so read, gravity is where acceleration has it, within {errors[best]:.2f} g"
    if sign_text == "-1":
        why += ", but with the other sign: write the acceleration as -g or -m/s2"
    if rival < errors[best] + 0.1:
        why = "not tilted enough to tell the order: tilt it by 60 degrees forwards, then sideways"
    return f"quaternion {name}", why


def _nearest(one: Heard, other: Heard) -> list[tuple[float, ...]]:
    """For each row of one the row of the other that arrived nearest to it."""
    rows, n, found = list(other.rows), 0, []
    for when, _ in one.rows:
        while n + 1 < len(rows) and abs(rows[n + 1][0] - when) <= abs(rows[n][0] - when):
            n += 1
        found.append(rows[n][1])
    return found


def _identity(addresses: Sequence[str]) -> str | None:
    """The first element of all addresses, where it looks like a name that was given: it has a digit in it."""
    first = {address.split("/")[1] for address in addresses}
    whole = all(address.count("/") > 1 for address in addresses)
    one = next(iter(first)) if len(first) == 1 and whole else ""
    return one if re.search(r"\d", one) and free_element(one) else None
