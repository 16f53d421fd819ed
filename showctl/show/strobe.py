"""Strobe limit: the last word on light before it leaves. No show, no hand and no mistake makes the room flash faster.

Flickering light can bring on a seizure in people with photosensitive epilepsy. The UK's Health and Safety Executive advises
at most four flashes a second where strobes are used in public (as the Epilepsy Society reports). What a flash is, and the
quarter, come from television: Recommendation ITU-R BT.1702 and WCAG 2 (2.3.1) count pairs of opposing changes, on more than
a quarter of what is seen. We say: a lamp's light 0..1 is its brightest emitter times its dimmers, as they leave in slots, and
nothing where its shutter is closed (`lamps`). It changes when it is over 20 % of full above its lowest since it last fell, or
below its highest since it last rose. A flash is two changes. A fixture is over the limit while one of its lamps (the whole, or a
cell) has made more than twice `flashes` changes within the last second, or strobes by its own shutter, whose speed we do not
trust, and for the second after that.

How it is kept: at most a share of the fixtures may be over the limit. A fixture that would be one too many is held: all of its
light stays exactly as it left at the last tick, until the oldest change has left the second. A fixture that is held makes no
change, so the bound holds whatever is asked for. A strobing shutter in its place stands open. Who is over the limit keeps that
place, others come in the order of the patch, so which ones flash does not wander.

Falls are held, too: of a strobe at the limit that goes to blackout in the middle of a flash, the fall is one change too many
until the moment at which that flash would have ended anyway. So blackout is late by what is left of that flash where a strobe
is regular, by less than a second where it is not, on fixtures at their limit beyond the share; everywhere else it is at once.

Nothing is changed in a show within the limit, as seen at the ticks; so where the limit acts the light depends on when ticks
fall; the bound holds at any rate. The first tick after a start knows nothing of the second before.
Units: seconds, light 0..1. Not seen: colours that change at the same brightness, and lamps that take turns within the limit.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.plan import Parameter, Plan, StrobeLimit
from showctl.show.fade import Bools, Floats, Ints, Singles
from showctl.show.lamps import Lights, shuts
from showctl.show.patch import Patch, Steps

DEPTH = np.float32(0.2 + 5e-6)  # of full: a change over this counts; the last digits are less than a step of 16 bits
SECOND = 1.0 - 1e-6  # the sliding window: (t - 1 s, t], whatever the rounding of tick times
EPS = 1e-5  # of a shutter's range, less than a step of 16 bits
Ranges: TypeAlias = list[tuple[Floats, Floats]]  # first and last value of the first range of every shutter, of the second...


class Limiter:
    """Watches the light of one plan from tick to tick and holds what would be too much. For a plan with a strobe limit."""

    def __init__(self, plan: Plan, limit: StrobeLimit, patch: Patch) -> None:
        count = len(plan.parameters)
        self._start, self._scale = patch.start, (1.0 / np.where(patch.size == 0.0, 1.0, patch.size)).astype(patch.size.dtype)
        self._value: Steps = np.ones(count + 1, dtype=patch.size.dtype)  # and 1 for a factor that a lamp has not
        self._lights = Lights(plan.parameters)
        self._shutters = _Shutters(plan.parameters, patch, self._lights.fixtures)
        self._columns, self._column_fixture = self._lights.columns(count)
        self.most = int(limit.share * len(self._lights.fixtures) + 1e-9)  # fixtures that may be over the limit

        lamps = len(self._lights.fixture)
        self.seen = False  # there was a last tick
        self.steps: Steps = np.zeros(count, dtype=patch.size.dtype)  # as they left at it
        self.light: Singles = np.zeros(lamps, dtype=np.float32)  # likewise
        self.lowest, self.highest = self.light.copy(), self.light.copy()  # since the last fall, and since the last rise
        self.up: Bools = np.zeros(lamps, dtype=np.bool_)  # the last change was a rise
        self.down: Bools = np.zeros(lamps, dtype=np.bool_)  # or a fall; neither before the first
        self.changes: Floats = np.full((2 * limit.flashes + 1, lamps), -np.inf)  # s, when the last ones were, in a ring
        self.oldest: Ints = np.zeros(lamps, dtype=np.int64)  # place of the oldest in it
        self.strobing: Bools = np.zeros(lamps, dtype=np.bool_)  # by the shutter of its fixture
        self.strobed: Floats = np.full(lamps, -np.inf)  # s, when that ended
        self._first, self._second = np.full(lamps, -np.inf), np.full(lamps, -np.inf)  # of the ring, the oldest first
        self.held = 0  # lamps that are held, as of the last tick

    @property
    def shown(self) -> Ints:
        """One parameter of each lamp, the first of its emitters."""
        return self._lights.shown

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is remembered of each lamp: (..., lamps) each. What is remembered of parameters is `steps`."""
        names = ("light", "lowest", "highest", "up", "down", "changes", "oldest", "strobing", "strobed")
        return {name: getattr(self, name) for name in names}

    def resumed(self) -> None:
        """Its arrays were written: go on from them."""
        self.seen = True
        everything = np.arange(len(self.light))
        self._first, self._second = (self.changes[(self.oldest + k) % len(self.changes), everything] for k in (0, 1))

    def hold(self, steps: Steps, t: float) -> None:
        """Hold what would be too much of these steps (parameters,), which are to leave at time t (s), in place."""
        self.held = 0
        if not self.light.size:
            return
        light, strobing = self._look(steps)
        if not self.seen:
            self.lowest, self.highest, self.seen = light.copy(), light.copy(), True
        changed = (light > self.lowest + DEPTH) & ~self.up
        changed |= (light < self.highest - DEPTH) & ~self.down
        lamps = np.flatnonzero(changed)
        if strobing is not None or (len(lamps) and float(self._second[lamps].max()) > t - SECOND):
            lamps = self._decide(steps, t, light, lamps, strobing)
        np.minimum(self.lowest, light, out=self.lowest)
        np.maximum(self.highest, light, out=self.highest)
        if len(lamps):
            self._count(lamps, light[lamps], t)
        self.light = light
        np.copyto(self.steps, steps)

    def _look(self, steps: Steps) -> tuple[Singles, Bools | None]:
        """The light of every lamp as it would leave, and which strobe by themselves; None: none does, and none did."""
        value = self._value[:-1]
        np.subtract(steps, self._start, out=value)
        value *= self._scale
        strobes = self._shutters.replace(self._value)
        light = self._lights.of(self._value)
        if not strobes.any() and not self.strobing.any():
            return light, None
        return light, self._shutters.fixtures(strobes)[self._lights.fixture] & (light > DEPTH)

    def _decide(self, steps: Steps, t: float, light: Singles, lamps: Ints, strobing: Bools | None) -> Ints:
        """Who may change or strobe: hold the others in `steps` and `light`. The lamps that do change."""
        since, fixture = t - SECOND, self._lights.fixture
        own = np.zeros_like(self.strobing) if strobing is None else strobing
        over, asks, strobes = (np.zeros(len(self._lights.fixtures), dtype=np.bool_) for _ in range(3))
        over[fixture[self.strobing | (self.strobed > since) | (self._first > since)]] = True
        asks[fixture[lamps[self._second[lamps] > since]]] = True
        strobes[fixture[own]] = True
        wants = (asks | strobes) & ~over
        denied = wants & (np.cumsum(wants) > max(0, self.most - int(over.sum())))
        if denied.any():
            frozen, still = denied & asks, denied & ~asks
            self._shutters.open(steps, still)
            columns = self._columns[frozen[self._column_fixture]]
            steps[columns] = self.steps[columns]
            kept = frozen[fixture]
            light[kept] = self.light[kept]
            self.held = int(kept.sum()) + int(still.sum())
            lamps = lamps[~kept[lamps]]
            own = own & ~denied[fixture]
        self.strobed[self.strobing & ~own] = t
        self.strobing = own
        return lamps

    def _count(self, lamps: Ints, light: Singles, t: float) -> None:
        """These lamps have changed at time t."""
        at, size = self.oldest[lamps], len(self.changes)
        self.changes[at, lamps] = t
        self.oldest[lamps] = at = (at + 1) % size
        self._first[lamps], self._second[lamps] = self.changes[at, lamps], self.changes[(at + 1) % size, lamps]
        up = light > self.light[lamps]
        self.up[lamps], self.down[lamps] = up, ~up
        self.highest[lamps[up]], self.lowest[lamps[~up]] = light[up], light[~up]


class _Shutters:
    """The shutters of a plan: which are closed, which strobe."""

    def __init__(self, parameters: tuple[Parameter, ...], patch: Patch, fixtures: dict[str, int]) -> None:
        found = [(i, p) for i, p in enumerate(parameters) if shuts(p) and p.slots and p.fixture in fixtures]
        self._at = np.array([i for i, _ in found], dtype=np.int64)
        opened = np.array([p.opened for _, p in found])
        self._opened = np.floor(opened * patch.size[self._at] + patch.start[self._at] + 0.5)
        self._closed, self._strobe = _ranges([p.closed for _, p in found]), _ranges([p.strobe for _, p in found])
        self._fixture = np.array([fixtures[p.fixture] for _, p in found], dtype=np.int64)
        self._count = len(fixtures)
        self._seen: Steps = np.full(len(found), np.nan)
        self._passes: Steps = np.ones(len(found))
        self._strobes: Bools = np.zeros(len(found), dtype=np.bool_)

    def replace(self, values: Steps) -> Bools:
        """Put the share of light that passes in the place of each shutter's value; which of them strobe."""
        if self._at.size:
            now = values.take(self._at)
            if not (now == self._seen).all():
                self._seen, self._passes = now, (~_within(now, self._closed)).astype(now.dtype)
                self._strobes = _within(now, self._strobe)
            values[self._at] = self._passes
        return self._strobes

    def fixtures(self, strobes: Bools) -> Bools:
        """Which fixtures strobe, when these shutters do."""
        marked = np.zeros(self._count, dtype=np.bool_)
        marked[self._fixture[strobes]] = True
        return marked

    def open(self, steps: Steps, fixtures: Bools) -> None:
        """Open every shutter of these fixtures."""
        which = fixtures[self._fixture]
        steps[self._at[which]] = self._opened[which]


def _ranges(of: list[tuple[tuple[float, float], ...]]) -> Ranges:
    """Ranges by their place in each shutter's list, widened by less than a step; where there is none, one of nothing."""
    nothing = (2.0, -2.0)
    columns = [np.array([one[k] if k < len(one) else nothing for one in of]) for k in range(max(map(len, of), default=0))]
    return [(c[:, 0] - EPS, c[:, 1] + EPS) for c in columns]


def _within(value: Steps, ranges: Ranges) -> Bools:
    inside: Bools = np.zeros(len(value), dtype=np.bool_)
    for first, last in ranges:
        inside |= (value >= first) & (value <= last)
    return inside
