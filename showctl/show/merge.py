"""Merge: many layers become one look.

1. LTP: of all lists that hold a parameter the one of the highest priority has it, among equals the one that moved it last.
   A layer that is being released is transparent by degrees: what lies beneath shines through.
2. HTP: intensities of lists that ask so, and additive submasters, join by taking the highest.
3. Masters: inhibitive submasters, the grand master and blackout scale intensities and nothing else; not what is exempt.
4. Virtual dimmers scale the colours of fixtures that have no dimmer of their own.

A fixture with a dimmer AND dimmers in its cells is scaled once, at the dimmer of the whole.
"""

from __future__ import annotations

import numpy as np

from showctl.plan import Category, Parameter, Plan, Submaster
from showctl.show.fade import Bools, Fades, Floats, Ints


class Layers:
    """Who has which parameter: LTP over all lists, worked out when something was moved, not at every tick."""

    def __init__(self, plan: Plan, rest: Floats) -> None:
        self.rest = rest
        self.priority = np.array([lst.priority for lst in plan.lists], dtype=np.int64)
        intensity = np.array([p.category is Category.INTENSITY for p in plan.parameters], dtype=np.bool_)
        htp = np.array([lst.htp for lst in plan.lists], dtype=np.bool_)
        self.htp: Bools = htp[:, None] & intensity[None, :]
        self.htp_rows = [int(r) for r in np.flatnonzero(htp)]
        shape = (len(plan.lists), len(plan.parameters))
        self.order: Ints = np.zeros(shape, dtype=np.int64)  # lists from the lowest to the highest, for each parameter
        self.rank: Ints = np.zeros(shape, dtype=np.int64)  # of each list (priority, then time), -1 if it does not hold
        self.owner: Ints = np.full(shape[1], -1, dtype=np.int64)  # the list that has it for good, -1 for none
        self._columns = np.arange(shape[1])

    def arrange(self, fades: Fades) -> None:
        """Work out anew who has what."""
        lists = len(self.priority)
        if lists == 0:
            return
        holds = fades.held & ~self.htp
        self.rank = np.where(holds, rank(self.priority[:, None], fades.stamp), -1)
        self.order = np.argsort(self.rank, axis=0, kind="stable")
        staying = np.where(fades.leaving, -1, self.rank)
        top = np.argmax(staying, axis=0)
        self.owner = np.where(staying[top, self._columns] >= 0, top, -1)

    def compose(self, fades: Fades, out: Floats, up_to: int = 10) -> None:
        """The LTP look of all lists of a priority up to this, into `out`."""
        np.copyto(out, self.rest)
        for at in self.order:
            opacity = fades.opacity[at, self._columns]
            counts = (self.rank[at, self._columns] >= 0) & (self.priority[at] <= up_to)
            opacity = np.where(counts, opacity, 0.0)
            np.multiply(out, 1.0 - opacity, out=out)
            out += opacity * fades.value[at, self._columns]

    def join_htp(self, fades: Fades, out: Floats) -> None:
        """Intensities of HTP lists: the highest has it."""
        for row in self.htp_rows:
            np.maximum(out, np.where(self.htp[row], fades.value[row] * fades.opacity[row], 0.0), out=out)


def rank(priority: Ints, stamp: Ints) -> Ints:
    """One number that orders layers by priority, then by the order of their instructions."""
    return priority * np.int64(2**48) + stamp


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
        self._mastered = np.array([own[i] and not p.exempt for i, p in enumerate(plan.parameters)], dtype=np.bool_)
        self._columns = {s.name: _levels(s, own & ~exempt if s.mode == "inhibitive" else None) for s in plan.submasters}
        self.scale: Floats = np.ones(self._count)
        self.additive: list[tuple[Ints, Floats]] = []
        self.refresh()

    def flash(self, name: str, on: bool) -> None:
        """A flash button: full while it is down; of an inhibitive submaster out, as it is on an Eos."""
        (self.flashed.add if on else self.flashed.discard)(name)
        self.refresh()

    def refresh(self) -> None:
        """Work out the factors anew, after a fader moved."""
        down = {name: float(self.submasters[name].mode != "inhibitive") for name in self.flashed}
        self.acting = self.levels | down
        self.scale = np.ones(self._count)
        self.additive = []
        for name, sub in self.submasters.items():
            (parameter, full), level = self._columns[name], self.acting[name]
            if sub.mode == "inhibitive":
                self.scale[parameter] *= 1.0 - full * (1.0 - level)
            elif sub.mode == "additive" and level > 0.0:
                self.additive.append((parameter, full * level))
        grand = 0.0 if self.blackout else self.grand
        self.scale[self._mastered] *= grand

    def reaches(self, parameter: int) -> bool:
        """Whether grand master and blackout scale a parameter."""
        return bool(self._mastered[parameter])

    def join_additive(self, out: Floats) -> None:
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
    depth: dict[int, int] = {}

    def depth_of(i: int, path: tuple[int, ...]) -> int:
        if i in path:
            raise ValueError(f"{parameters[i].fixture} {parameters[i].name} is scaled by itself")
        if i not in depth:
            depth[i] = max((1 + depth_of(m, (*path, i)) for m in parameters[i].masters), default=0)
        return depth[i]

    pairs: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for i, p in enumerate(parameters):
        for k, master in enumerate(p.masters):
            pairs.setdefault((depth_of(i, ()), k), []).append((i, master))
    columns = [np.array(pairs[key], dtype=np.int64).T for key in sorted(pairs)]
    return [(c[0], c[1]) for c in columns]
