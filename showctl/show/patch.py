"""Patch: values of parameters become slots, by tables made once when the show is loaded.

A parameter has as many slots as it has bytes, most significant first; 1.0 is all ones. A value is first held between the
limits of the venue file, then turned round if the fixture is mounted the other way, then laid into the part of the slots'
range that the parameter spans (all of it, for most), then rounded to the nearest step. The steps of all parameters are what
the strobe limit sees and holds; then every slot looks up its byte.

float32 has 24 bits, so it counts the steps of 8 and 16 bits exactly; a plan with wider parameters is worked out in float64.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.plan import Plan
from showctl.show.fade import Singles

Slots: TypeAlias = NDArray[np.uint8]
Steps: TypeAlias = NDArray[np.floating[Any]]


class Patch:
    """The way from parameters to slots. ValueError for a plan whose addresses cannot be."""

    def __init__(self, plan: Plan) -> None:
        parameters = plan.parameters
        self.slots: Slots = np.zeros((len(plan.universes), 512), dtype=np.uint8)
        width = np.array([len(p.slots) for p in parameters], dtype=np.int64)
        wide = int(width.max(initial=1)) > 2
        dtype: np.dtype[np.floating[Any]] = np.dtype(np.float64 if wide else np.float32)
        self._low = np.array([p.low for p in parameters], dtype=dtype)
        self._high = np.array([p.high for p in parameters], dtype=dtype)
        self._clips = bool((self._low > 0.0).any() or (self._high < 1.0).any())
        ends = np.array([p.span[:: -1 if p.invert else 1] for p in parameters], dtype=np.float64).reshape(-1, 2)
        top = 256.0 ** np.maximum(width, 1) - 1.0
        self.start: Steps = (ends[:, 0] * top).astype(dtype)  # step of 0
        self.size: Steps = ((ends[:, 1] - ends[:, 0]) * top).astype(dtype)  # steps from there to 1, below 0 if turned round
        self._bias = (ends[:, 0] * top + 0.5).astype(dtype)
        self._steps: Steps = np.zeros(len(parameters), dtype=dtype)
        self._bytes = np.zeros(len(parameters) + 1, dtype="<u4" if wide else "<u2")  # the last one for slots of nothing
        self._where = _places(plan, self._bytes.itemsize)

    def steps(self, values: Singles) -> Steps:
        """The steps of these values (parameters,), whole numbers; the same array each time."""
        steps = self._steps
        if self._clips:
            np.maximum(values, self._low, out=steps)
            np.minimum(steps, self._high, out=steps)
            steps *= self.size
        else:
            np.multiply(values, self.size, out=steps)
        steps += self._bias
        np.floor(steps, out=steps)
        return steps

    def values(self, steps: Steps) -> Steps:
        """The values (parameters,) that steps are."""
        return (steps - self.start) / np.where(self.size == 0.0, 1.0, self.size)

    def write(self, steps: Steps) -> Slots:
        """Slots of these steps; the same array each time."""
        np.copyto(self._bytes[:-1], steps, casting="unsafe")
        np.take(self._bytes.view(np.uint8), self._where, out=self.slots.reshape(-1), mode="clip")
        return self.slots


def _places(plan: Plan, size: int) -> NDArray[np.intp]:
    """For every slot of all universes the byte that it shows, of words of this size, one a parameter and one of zeros."""
    rows = {u.number: i for i, u in enumerate(plan.universes)}
    where = np.full(len(rows) * 512, len(plan.parameters) * size, dtype=np.intp)
    places, shown = [], []
    for i, p in enumerate(plan.parameters):
        if not p.slots:
            continue
        if p.universe not in rows:
            raise ValueError(f"{p.fixture} {p.name} is in universe {p.universe}, which the plan does not send")
        if min(p.slots) < 1 or max(p.slots) > 512 or len(p.slots) > 4:
            raise ValueError(f"{p.fixture} {p.name} has slots {p.slots}: 1 to 4 of 1..512 are possible")
        first, least = rows[p.universe] * 512 - 1, i * size + len(p.slots) - 1
        for k, slot in enumerate(p.slots):
            places.append(first + slot)
            shown.append(least - k)
    where[places] = shown
    return where
