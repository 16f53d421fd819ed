"""Masters: what faders of the operator do to intensities, and the house lights.

Inhibitive submasters, the grand master and blackout scale intensities and nothing else; not what is exempt. Additive
submasters join by taking the highest. A fixture with a dimmer AND dimmers in its cells is scaled once, at the dimmer of the
whole. Virtual dimmers scale the colours of fixtures that have no dimmer of their own (`dimmer_steps`).

House lights follow a fader of their own that fades: where it stands is a formula of the moment. No cue moves them, and no
master.
"""

from __future__ import annotations

import math

import numpy as np

from showctl.plan import Category, Parameter, Plan, Submaster
from showctl.show.fade import Bools, Floats, Ints, Singles
from showctl.show.refused import Refused


class Masters:
    """Faders of the operator, and what they do to intensities."""

    def __init__(self, plan: Plan) -> None:
        self.submasters = {s.name: s for s in plan.submasters}
        self.levels = {s.name: s.level for s in plan.submasters}
        self.flashed: set[str] = set()  # submasters whose flash button is down
        self.acting = dict(self.levels)  # the level at which each submaster acts
        self.grand, self.blackout = 1.0, False
        self._count = len(plan.parameters)
        own = _own_dimmers(plan.parameters)
        exempt = np.array([p.exempt for p in plan.parameters], dtype=np.bool_)
        self._mastered: Bools = own & ~exempt
        self._mastered[list(plan.house)] = False
        self.house_lights: Ints = np.array(plan.house, dtype=np.int64)
        self.house_from = self.house_to = plan.house_level
        self.house_begun, self.house_fade = 0.0, 0.0  # s, show time and length of the last fade of the house
        self._columns = {s.name: _levels(s, self._mastered if s.mode == "inhibitive" else None) for s in plan.submasters}
        self.scale: Singles = np.ones(self._count, dtype=np.float32)
        self.scales = False  # whether any of it is not 1
        self.additive: list[tuple[Ints, Floats]] = []
        self.refresh()

    def fader(self, name: str | None, level: float) -> None:
        """The grand master (None) or a submaster goes to a level, 0..1. Refused where that cannot be."""
        if not 0.0 <= level <= 1.0:
            raise Refused(f"a level is 0 to 1, not {level}")
        if name is None:
            self.grand = level
        else:
            self._there(name)
            self.levels[name] = level
        self.refresh()

    def flash(self, name: str, on: bool) -> None:
        """A flash button: full while it is down; of an inhibitive submaster out, as it is on an Eos. Refused as a fader is."""
        self._there(name)
        (self.flashed.add if on else self.flashed.discard)(name)
        self.refresh()

    def _there(self, name: str) -> None:
        if name not in self.levels:
            raise Refused(f"there is no submaster {name!r}")

    def refresh(self) -> None:
        """Work out the factors anew, after a fader moved."""
        down = {name: float(self.submasters[name].mode != "inhibitive") for name in self.flashed}
        self.acting = self.levels | down
        self.scale = np.ones(self._count, dtype=np.float32)
        self.additive = []
        for name, sub in self.submasters.items():
            (parameter, full), level = self._columns[name], self.acting[name]
            if sub.mode == "inhibitive":
                self.scale[parameter] *= 1.0 - full * (1.0 - level)
            elif sub.mode == "additive" and level > 0.0:
                self.additive.append((parameter, full * level))
        grand = 0.0 if self.blackout else self.grand
        if grand != 1.0:
            self.scale[self._mastered] *= grand
        self.scales = bool((self.scale != 1.0).any())

    def house(self, level: float, fade: float, t: float) -> None:
        """The house lights go from where they are at time t to this level, 0..1, in so many seconds. Refused where none are."""
        if not len(self.house_lights):
            raise Refused("the venue file names no house lights")
        if not 0.0 <= level <= 1.0 or not 0.0 <= fade < math.inf:
            raise Refused(f"house lights go from 0 to 1 in a time of 0 or more, not to {level} in {fade} s")
        self.house_from, self.house_to = self.house_at(t), level
        self.house_begun, self.house_fade = t, fade

    def house_at(self, t: float) -> float:
        """Level of the house lights at time t."""
        x = (t - self.house_begun) / self.house_fade if t < self.house_begun + self.house_fade else 1.0
        return self.house_to * x + self.house_from * (1.0 - x)

    def house_moves(self, t: float) -> bool:
        """Whether they are on their way."""
        return len(self.house_lights) > 0 and t < self.house_begun + self.house_fade

    def reaches(self, parameter: int) -> bool:
        """Whether grand master and blackout scale a parameter."""
        return bool(self._mastered[parameter])

    def join_additive(self, out: Singles) -> None:
        """Additive submasters: the highest has it."""
        for parameter, level in self.additive:
            out[parameter] = np.maximum(out[parameter], level)


def _levels(sub: Submaster, only: Bools | None) -> tuple[Ints, Floats]:
    levels = [(p, v) for p, v in sub.levels if only is None or only[p]]
    return np.array([p for p, _ in levels], dtype=np.int64), np.array([v for _, v in levels], dtype=np.float64)


def _own_dimmers(parameters: tuple[Parameter, ...]) -> Bools:
    """Intensities that are not those of a cell beneath a dimmer of the whole fixture."""
    whole = {p.fixture for p in parameters if p.category is Category.INTENSITY and p.cell == 0}
    return np.array(
        [p.category is Category.INTENSITY and (p.cell == 0 or p.fixture not in whole) for p in parameters],
        dtype=np.bool_,
    )


def dimmer_steps(parameters: tuple[Parameter, ...]) -> list[tuple[Ints, Ints]]:
    """(scaled, by) pairs of index arrays that put virtual dimmers to work, those that scale dimmers first.

    ValueError where dimmers scale each other in a circle.
    """
    pairs = [(i, k, master) for i, p in enumerate(parameters) if p.masters for k, master in enumerate(p.masters)]
    scaled, turn, by = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
    steps = []
    ready: Bools = np.ones(len(parameters), dtype=np.bool_)
    ready[scaled] = False
    while len(scaled):
        waits: Bools = np.zeros(len(parameters), dtype=np.bool_)
        waits[scaled[~ready[by]]] = True
        now = ~waits[scaled]
        if not now.any():
            p = parameters[int(scaled[0])]
            raise ValueError(f"{p.fixture} {p.name} is scaled by itself")
        for k in np.unique(turn[now]).tolist():
            at = now & (turn == k)
            steps.append((scaled[at], by[at]))
        ready[scaled[now]] = True
        scaled, turn, by = scaled[~now], turn[~now], by[~now]
    return steps
