"""Patch: values of parameters become slots, by tables made once when the show is loaded.

A parameter has as many slots as it has bytes, most significant first; 1.0 is all ones. A value is first held between the
limits of the venue file, then turned round if the fixture is mounted the other way, then laid into the part of the slots'
range that the parameter spans (all of it, for most), then rounded to the nearest step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from showctl.plan import Plan
from showctl.show.fade import Floats, Ints

Slots = NDArray[np.uint8]


class Patch:
    """The way from parameters to slots. ValueError for a plan whose addresses cannot be."""

    def __init__(self, plan: Plan) -> None:
        self.slots: Slots = np.zeros((len(plan.universes), 512), dtype=np.uint8)
        self._flat = self.slots.reshape(-1)
        rows = {u.number: i for i, u in enumerate(plan.universes)}
        self._low = np.array([p.low for p in plan.parameters], dtype=np.float64)
        self._high = np.array([p.high for p in plan.parameters], dtype=np.float64)
        by_width: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
        for i, p in enumerate(plan.parameters):
            if not p.slots:
                continue
            if p.universe not in rows:
                raise ValueError(f"{p.fixture} {p.name} is in universe {p.universe}, which the plan does not send")
            if not all(1 <= s <= 512 for s in p.slots) or len(p.slots) > 4:
                raise ValueError(f"{p.fixture} {p.name} has slots {p.slots}: 1 to 4 of 1..512 are possible")
            places = tuple(rows[p.universe] * 512 + s - 1 for s in p.slots)
            by_width.setdefault(len(p.slots), []).append((i, places))
        self._groups = [_group(width, members, plan) for width, members in sorted(by_width.items())]

    def write(self, values: Floats) -> Slots:
        """Slots of these values (parameters,); the same array each time."""
        held = np.clip(values, self._low, self._high)
        for parameters, places, top, sign, shift in self._groups:
            raw = np.floor((shift + sign * held[parameters]) * top + 0.5).astype(np.int64)
            for k, place in enumerate(places):
                self._flat[place] = (raw >> (8 * (len(places) - 1 - k))) & 255
        return self.slots


def _group(width: int, members: list[tuple[int, tuple[int, ...]]], plan: Plan) -> tuple[Ints, Ints, float, Floats, Floats]:
    """Parameters of one width: their indices, their places (width, n), the top value, and how to turn them round."""
    parameters = np.array([i for i, _ in members], dtype=np.int64)
    places = np.array([p for _, p in members], dtype=np.int64).T.copy()
    spans = [plan.parameters[i].span[:: -1 if plan.parameters[i].invert else 1] for i, _ in members]
    start, end = np.array(spans, dtype=np.float64).T
    return parameters, places, float(256**width - 1), end - start, start
