"""What a hand takes hold of, and a layer of held values.

A key names one thing: "par.1/intensity" a parameter, "1/101" a slot (universe/slot). A slot that belongs to a parameter acts
through it, so that masters, limits and the strobe limit go on to see what it does: the only slot of a parameter is its value,
one of several is that byte of it, and the others stay as whatever lies beneath says. A slot that nobody patched is written as
it is; nothing is known about it, so no master moves it and no limit holds it.

A layer is keys with values, each with the moment since when it is let go. How much of it is left then is a closed formula of
the moment: it does not matter how often one looks. What snaps (wheels, shutters) is let go at once: half a gobo is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from showctl.plan import Parameter, Plan
from showctl.show.fade import Floats, Ints, Moment, Singles
from showctl.show.patch import Slots
from showctl.show.refused import Refused

_ADDRESS = re.compile(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,2})")
EDGE = 1e-9  # rounding by which the level of a slot may lie outside the range of its parameter


@dataclass(frozen=True, slots=True)
class Grip:
    """What one key takes hold of: a parameter, one byte of a parameter, or a slot that nobody patched."""

    key: str  # the one name that it has, however it was asked for
    parameter: int = -1
    byte: int = -1  # which of the parameter's slots; -1 for all of it
    place: int = -1  # of an unpatched slot among all slots of the plan


class Keys:
    """The keys of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._parameters = plan.parameters
        self._house = frozenset(plan.house)
        self._rows = {u.number: row for row, u in enumerate(plan.universes)}
        self.fixtures: dict[str, list[int]] = {}  # parameters of each
        self._universes: dict[int, list[int]] = {}  # parameters that have slots there
        self._known: dict[str, Grip] = {}  # keys that were asked for: a fader asks for the same again and again
        for i, p in enumerate(plan.parameters):
            self.fixtures.setdefault(p.fixture, []).append(i)
            if p.slots:
                self._universes.setdefault(p.universe, []).append(i)

    def find(self, key: str) -> Grip:
        """What a key takes hold of; Refused if the show has nothing of that name, or keeps it for itself."""
        if (known := self._known.get(key)) is not None:
            return known
        self._known[key] = found = self._look_for(key)
        return found

    def _look_for(self, key: str) -> Grip:
        if match := _ADDRESS.fullmatch(key):
            return self._slot(int(match[1]), int(match[2]))
        fixture = key.partition("/")[0].partition(":")[0]
        found = next((i for i in self.fixtures.get(fixture, ()) if self._parameters[i].key == key), None)
        if found is None:
            raise Refused(f"there is no {key[:80]!r} in this show")
        return self._of(found)

    def hold(self, key: str, asked: float) -> tuple[Grip, float]:
        """What a key takes hold of, and the value to hold it at. Refused for what is not 0..1, or cannot be had there."""
        if not 0.0 <= asked <= 1.0:
            raise Refused(f"a value is 0 to 1, not {asked} ({key[:80]})")
        grip = self.find(key)
        if grip.parameter < 0 or grip.byte >= 0 or grip.key == key:
            return grip, asked
        start, size = laid(self._parameters[grip.parameter])
        value = (asked - start) / size
        if not -EDGE <= value <= 1.0 + EDGE:
            low, high = sorted((round(255 * start), round(255 * (start + size))))
            raise Refused(f"slot {key} is {grip.key}, which goes from {low} to {high} of 255")
        return grip, min(1.0, max(0.0, value))

    def _slot(self, universe: int, slot: int) -> Grip:
        if universe not in self._rows or not 1 <= slot <= 512:
            there = ", ".join(map(str, list(self._rows)[:12]))
            raise Refused(f"there is no slot {universe}/{slot}: universes are {there}, slots 1 to 512")
        for i in self._universes.get(universe, ()):
            p = self._parameters[i]
            if slot in p.slots:
                return (
                    self._of(i) if len(p.slots) == 1 else replace(self._of(i), key=f"{universe}/{slot}", byte=p.slots.index(slot))
                )
        return Grip(f"{universe}/{slot}", place=self._rows[universe] * 512 + slot - 1)

    def _of(self, parameter: int) -> Grip:
        if parameter in self._house:
            raise Refused(f"{self._parameters[parameter].key} is a house light: only the house fader moves it")
        return Grip(self._parameters[parameter].key, parameter)


def laid(p: Parameter) -> tuple[float, float]:
    """Where 0 of a parameter lies in the range of its slots, and how far from there 1 is (below zero if it is turned round)."""
    first, last = p.span[:: -1 if p.invert else 1]
    return first, last - first


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that is held, or on its way back."""

    grip: Grip
    value: float  # 0..1
    left: float = math.inf  # since when it is let go, in seconds or beats as the release time is; inf while it is held


Grasped: TypeAlias = tuple[str, float, float]  # as `Held`, by its key
Columns: TypeAlias = tuple[Ints, Floats, Floats]  # where, value, since when it is let go


class Layer:
    """Held values over a look, until they are let go and the release time is over."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._span = plan.release_time
        self._held: dict[str, Held] = {}
        self._arranged = True  # what follows is made of `_held`
        self._whole, self._raw = _columns([]), _columns([])
        self._bytes: list[Held] = []
        self._written = np.empty(0, dtype=np.int64)  # slots that this layer wrote last

    @property
    def values(self) -> tuple[tuple[str, float], ...]:
        """Keys that are held, with their values, in the order in which they were taken."""
        return tuple((key, one.value) for key, one in self._held.items() if one.left == math.inf)

    def grasps(self) -> tuple[Grasped, ...]:
        """All that is held or on its way back: key, value, and since when it is let go."""
        return tuple((key, one.value, one.left) for key, one in self._held.items())

    def resumed(self, grasps: Iterable[Grasped], keys: Keys) -> list[str]:
        """Hold what another layer did; the keys that are not there."""
        gone = []
        for key, value, left in grasps:
            try:
                self._held[key] = Held(keys.find(key), value, left)
            except Refused:
                gone.append(key)
        self._arranged = False
        return gone

    def take(self, found: Iterable[tuple[Grip, float]]) -> None:
        """Hold these from now on. A parameter is held whole or by its bytes: what is asked last counts."""
        for grip, value in found:
            for rival in self._rivals(grip):
                self._held.pop(rival, None)
            self._held[grip.key] = Held(grip, value)
        self._arranged = False

    def let_go(self, grips: Iterable[Grip] | None, now: Moment | None) -> int:
        """Let go of what is held of these (None: of everything) from this moment on (None: at once). -> how many keys."""
        asked = self._held if grips is None else [k for grip in grips for k in (grip.key, *self._rivals(grip))]
        keys = [k for k in asked if k in self._held and self._held[k].left == math.inf]
        for key in keys:
            one = self._held[key]
            if now is None or self._span.amount <= 0.0 or self._snaps(one):
                del self._held[key]
            else:
                self._held[key] = replace(one, left=self._clock(now)[0])
        self._arranged = False
        return len(keys)

    def drop_gone(self, now: Moment) -> None:
        """Forget what is back where it came from."""
        clock, length = self._clock(now)
        gone = [key for key, one in self._held.items() if clock - one.left >= length]
        for key in gone:
            del self._held[key]
        self._arranged = self._arranged and not gone

    def moving(self, now: Moment) -> bool:
        """Whether anything is on its way back."""
        clock, length = self._clock(now)
        return any(one.left != math.inf and clock - one.left < length for one in self._held.values())

    def lay(self, live: Singles, now: Moment) -> None:
        """Put what is held over the values of all parameters."""
        self._arrange()
        at, value, left = self._whole
        if len(at):
            share = self._share(left, now)
            live[at] = live[at] * (1.0 - share) + value * share
        for one in self._bytes:
            i, part = one.grip.parameter, float(self._share(np.array(one.left), now))
            live[i] = live[i] * (1.0 - part) + with_byte(self._plan.parameters[i], live[i], one) * part

    def clear(self, slots: Slots) -> None:
        """Put 0 where this layer has written."""
        slots.reshape(-1)[self._written] = 0

    def write(self, slots: Slots, now: Moment) -> None:
        """Write what is held of slots that nobody patched; `clear` first."""
        self._arrange()
        at, value, left = self._raw
        slots.reshape(-1)[at] = np.floor(255.0 * value * self._share(left, now) + 0.5)
        self._written = at

    def _clock(self, now: Moment) -> tuple[float, float]:
        """The moment as the release time counts it, and how long that is."""
        return (now.seconds, self._span.amount) if self._span.unit == "s" else (now.beats, now.beats_of(self._span))

    def _share(self, left: Floats, now: Moment) -> Floats:
        """How much of what is held shows, 0..1."""
        clock, length = self._clock(now)
        return np.clip(1.0 - np.maximum(clock - left, 0.0) / max(length, EDGE), 0.0, 1.0)

    def _snaps(self, one: Held) -> bool:
        return one.grip.parameter >= 0 and self._plan.parameters[one.grip.parameter].snap

    def _rivals(self, grip: Grip) -> list[str]:
        """Keys that hold the same in another way: the bytes of a whole parameter, the whole of a byte."""
        if grip.parameter < 0:
            return []
        p = self._plan.parameters[grip.parameter]
        if grip.byte >= 0:
            return [p.key]
        return [f"{p.universe}/{slot}" for slot in p.slots] if len(p.slots) > 1 else []

    def _arrange(self) -> None:
        if self._arranged:
            return
        self._arranged = True
        held = self._held.values()
        self._whole = _columns([(one.grip.parameter, one) for one in held if one.grip.place < 0 and one.grip.byte < 0])
        self._raw = _columns([(one.grip.place, one) for one in held if one.grip.place >= 0])
        self._bytes = [one for one in held if one.grip.byte >= 0]


def _columns(held: list[tuple[int, Held]]) -> Columns:
    where = np.array([at for at, _ in held], dtype=np.int64)
    value = np.array([one.value for _, one in held], dtype=np.float64)
    return where, value, np.array([one.left for _, one in held], dtype=np.float64)


def with_byte(p: Parameter, value: float, held: Held) -> float:
    """The value of a parameter with one byte of its slots held; at the end of its range where the byte leads beyond it."""
    start, size = laid(p)
    top, shift = 256 ** len(p.slots) - 1, 8 * (len(p.slots) - 1 - held.grip.byte)
    inside = min(p.high, max(p.low, value))
    raw = math.floor((start + size * inside) * top + 0.5) & ~(255 << shift)
    raw |= math.floor(255.0 * held.value + 0.5) << shift
    return min(1.0, max(0.0, float(raw / top - start) / size))
