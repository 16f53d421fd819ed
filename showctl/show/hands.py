"""Hands: what people hold themselves, above playback, and what they park above everything.

    held      at once, over cues, submasters and effects, beneath the masters: grand master, inhibitive submasters and
              blackout scale a held intensity (Eos does so with manual levels). Held until it is let go: neither a cue nor STOP
              ALL takes it back, as with captured channels of an Eos. Let go, it cross-fades in the release time from the held
              value to whatever lies beneath by then.
    identify  a fixture at full, open and white for a second, dark for a second, over what is held of it. Where it points
              stays as it is. Nothing else is touched, and when it ends the fixture is at once as it would have been.
    check     one fixture after the other at full, open and white, in the order of the patch and round again. What stands
              apart (house lights, hazers: `exempt`) is left out.
    parked    above masters, blackout and hands; only the limits of the venue file and the strobe limit hold it. Parking and
              unparking act at once. The intensity of a fixture without a dimmer scales its colours; parked, too.

House lights are moved by their own fader alone: to hold, park or identify them is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from showctl.model import MOST_HELD, Check, Hold, Identify, LetGo, Park, Unpark
from showctl.plan import Category, Parameter, Plan
from showctl.show.fade import Floats, Ints, Moment, Singles
from showctl.show.grips import Grasped, Keys, Layer
from showctl.show.patch import Slots
from showctl.show.refused import Refused

Asked: TypeAlias = Hold | LetGo | Park | Unpark | Identify | Check
BLINK = 1.0  # s that an identified fixture is bright, and then dark
WHITE = frozenset(("red", "green", "blue", "white", "cold-white", "warm-white"))  # what makes white light
COLOURED = frozenset(("amber", "uv", "lime", "indigo", "cyan", "magenta", "yellow"))  # what tints it


@dataclass(frozen=True, slots=True)
class Grasp:
    """All that hands do, by the keys of the plan."""

    held: tuple[Grasped, ...]
    parked: tuple[Grasped, ...]
    identified: dict[str, float]  # fixture -> s, since when
    checked: str


class Hands:
    """What is held, parked, identified and checked."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._keys = Keys(plan)
        self._held, self._parked = Layer(plan), Layer(plan)
        self._full: dict[str, tuple[Ints, Floats, Floats]] = {}  # fixture -> parameters, bright, dark
        apart = frozenset(plan.house)
        names = [f.name for f in plan.fixtures] or list(self._keys.fixtures)
        self._order = [
            n for n in names if not all(i in apart or plan.parameters[i].exempt for i in self._keys.fixtures.get(n, ()))
        ]
        self.identified: dict[str, float] = {}  # fixture -> s, since when
        self.checked = ""  # the fixture that the channel check stands at
        self.held: tuple[tuple[str, float], ...] = ()
        self.parked: tuple[tuple[str, float], ...] = ()

    def take(self, one: Asked, now: Moment) -> dict[str, str | int]:
        """Do what is asked; -> what is worth telling. Refused, before anything has changed."""
        self._held.drop_gone(now)
        if isinstance(one, Hold):
            return self._hold(self._held, one)
        if isinstance(one, Park):
            return self._hold(self._parked, one)
        if isinstance(one, LetGo):
            return self._let_go(self._held, one, now)
        if isinstance(one, Unpark):
            return self._let_go(self._parked, one, None)
        return self._identify(one, now) if isinstance(one, Identify) else self._check(one)

    def grasp(self) -> Grasp:
        """All that hands do now."""
        return Grasp(self._held.grasps(), self._parked.grasps(), dict(self.identified), self.checked)

    def resumed(self, grasp: Grasp) -> list[str]:
        """Do what other hands did; the keys that this plan has not."""
        gone = self._held.resumed(grasp.held, self._keys) + self._parked.resumed(grasp.parked, self._keys)
        self.identified = {name: since for name, since in grasp.identified.items() if name in self._keys.fixtures}
        self.checked = grasp.checked if grasp.checked in self._order else ""
        self._tell()
        return gone

    def moving(self, now: Moment) -> bool:
        """Whether the look changes by itself: something is on its way back, or blinks."""
        return bool(self.identified) or self._held.moving(now)

    # --- the look ------------------------------------------------------------------------------------------------------

    def lay(self, live: Singles, now: Moment) -> None:
        """Put hands over the values of all parameters, beneath the masters."""
        self._held.lay(live, now)
        for fixture, since in self.identified.items():
            at, bright, dark = self._lit(fixture)
            live[at] = bright if (now.seconds - since) % (2 * BLINK) < BLINK else dark
        if self.checked:
            at, bright, _ = self._lit(self.checked)
            live[at] = bright

    def park(self, live: Singles, now: Moment) -> None:
        """Put what is parked over everything; before virtual dimmers and after each of their steps."""
        if self.parked:
            self._parked.lay(live, now)

    def write(self, slots: Slots, now: Moment) -> None:
        """Write the slots that nobody patched."""
        for layer in (self._held, self._parked):
            layer.clear(slots)
        for layer in (self._held, self._parked):
            layer.write(slots, now)

    def _lit(self, fixture: str) -> tuple[Ints, Floats, Floats]:
        if fixture not in self._full:
            parameters = self._plan.parameters
            at = [i for i in self._keys.fixtures[fixture] if parameters[i].category is not Category.POSITION]
            bright = np.array([shown(parameters[i]) for i in at], dtype=np.float64)
            light = np.array([parameters[i].category is Category.INTENSITY for i in at], dtype=np.bool_)
            self._full[fixture] = (np.array(at, dtype=np.int64), bright, np.where(light, 0.0, bright))
        return self._full[fixture]

    # --- what is asked -------------------------------------------------------------------------------------------------

    def _hold(self, layer: Layer, one: Hold | Park) -> dict[str, str | int]:
        if len(one.values) > MOST_HELD:
            raise Refused(f"{len(one.values)} values at once, where {MOST_HELD} are possible: name fewer fixtures")
        layer.take([self._keys.hold(key, value) for key, value in one.values])
        self._tell()
        return {"values": len(one.values), "first": one.values[0][0] if one.values else ""}

    def _let_go(self, layer: Layer, one: LetGo | Unpark, now: Moment | None) -> dict[str, str | int]:
        if len(one.keys) > MOST_HELD:
            raise Refused(f"{len(one.keys)} keys at once, where {MOST_HELD} are possible: let go of everything instead")
        count = layer.let_go([self._keys.find(key) for key in one.keys] if one.keys else None, now)
        self._tell()
        return {"values": count, "first": one.keys[0] if one.keys else "all"}

    def _identify(self, one: Identify, now: Moment) -> dict[str, str | int]:
        self._fixture(one.fixture)
        if not one.on:
            self.identified.pop(one.fixture, None)
        else:
            self.identified.setdefault(one.fixture, now.seconds)
        return {"fixture": one.fixture, "on": one.on}

    def _check(self, one: Check) -> dict[str, str | int]:
        if one.step not in (-1, 0, 1):
            raise Refused(f"the channel check goes 1 on, 1 back, or ends (0), not {one.step}")
        if not self._order:
            raise Refused("there is no fixture to check")
        at = self._order.index(self.checked) if self.checked else (-1 if one.step > 0 else 0)
        self.checked = self._order[(at + one.step) % len(self._order)] if one.step else ""
        return {"fixture": self.checked}

    def _fixture(self, name: str) -> None:
        found = self._keys.fixtures.get(name)
        if found is None:
            raise Refused(f"there is no fixture {name[:80]!r} in this show")
        for i in found:
            self._keys.find(self._plan.parameters[i].key)  # Refused for the house lights

    def _tell(self) -> None:
        self.held, self.parked = self._held.values, self._parked.values


def shown(p: Parameter) -> float:
    """The value at which a parameter lets everything of a fixture be seen: full, open, white."""
    if p.category is Category.INTENSITY:
        return 1.0
    if p.category is Category.COLOUR:
        name = p.name.removeprefix("master-")
        return 1.0 if name in WHITE else 0.0 if name in COLOURED else p.default
    shut = (*p.closed, *p.strobe)
    return next((v for v in (p.default, p.opened, 1.0, 0.0) if not any(a <= v <= b for a, b in shut)), p.default)
