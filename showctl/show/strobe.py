"""Strobe limit: the last word on light before the patch. No show, no hand and no mistake makes the room flash faster.

Flickering light can bring on a seizure in people with photosensitive epilepsy. The UK's Health and Safety Executive advises
at most four flashes a second where strobes are used in public (as the Epilepsy Society reports). What a flash is, and the
quarter, come from television: Recommendation ITU-R BT.1702 and WCAG 2 (2.3.1) count pairs of opposing changes, on more than
a quarter of what is seen. We say: a lamp's light 0..1 is its brightest emitter times its dimmers, as they leave in slots, and
nothing where its shutter is closed; it has risen when it is over 20 % of full above its lowest since it last fell, and fallen
likewise. A flash is a rise and a fall. A fixture is over the limit while one of its lamps (the whole, or a cell) rose more
than `flashes` times within a second, or strobes by its own shutter, whose speed we do not trust.

How it is kept: a rise that would put one fixture too many over the limit is not made; the lamp stays as bright as it was
until the second has passed. A strobing shutter in its place stands open. Light that falls is never held, so blackout is
blackout at once; that is why it is rises that are counted. A fixture has at most eight changes a second with four flashes,
or nine where the ninth is the fall that ends an early one.

Nothing is changed in a show within the limit. Rises are seen at the ticks, so where the limit acts the light depends on when
ticks fall; the bound holds at any rate. The first tick after a start knows nothing of the second before.
Units: seconds, light 0..1. Not seen: colours that change at the same brightness, and lamps that take turns within the limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from showctl.plan import Category, Parameter, Plan, StrobeLimit
from showctl.show.fade import Bools, Floats, Ints

DEPTH = 0.2  # of full: a change over this counts
EPS = 1e-7  # far below a step of 16 bits
SECOND = 1.0 - 1e-6  # the sliding window: (t - 1 s, t], whatever the rounding of tick times
NOT_LAMPS = ("cyan", "magenta", "yellow")  # filters: they take light away


class Limiter:
    """Watches the light of one plan from tick to tick and holds what would be too much. For a plan with a strobe limit."""

    def __init__(self, plan: Plan, limit: StrobeLimit) -> None:
        lamps = _lamps(plan.parameters)
        self._flashes = limit.flashes
        columns = sorted({c for lamp in lamps for emitter in lamp for c in emitter})
        at = {column: i for i, column in enumerate(columns)} | {-1: len(columns)}
        self._columns = np.array(columns, dtype=np.int64)
        own = [plan.parameters[c] for c in columns]
        self._low = np.array([p.low for p in own])
        self._high = np.array([p.high for p in own])
        self._clips = bool(self._low.any() or (self._high < 1.0).any())
        top = np.array([float(256 ** len(p.slots) - 1) for p in own])
        spans = np.array([p.span[:: -1 if p.invert else 1] for p in own]).reshape(-1, 2)
        self._steps = (spans[:, 1] - spans[:, 0]) * top  # of the slots, from 0 to 1
        self._start = spans[:, 0] * top
        self._bias = self._start + 0.5
        self._x: Floats = np.ones(len(columns) + 1)  # what leaves, and 1 for a factor that a lamp has not
        self._last: Floats = np.full(len(columns), np.nan)  # what was wanted at the last tick

        emitters = [emitter for lamp in lamps for emitter in lamp]
        depth = max(map(len, emitters), default=1)
        self._factors = np.array([[at[c] for c in (*e, *[-1] * (depth - len(e)))] for e in emitters], dtype=np.int64).T.copy()
        self._lamp_starts = np.cumsum([0, *map(len, lamps)])[:-1]
        fixtures = [plan.parameters[lamp[0][0]].fixture for lamp in lamps]
        order = {fixture: i for i, fixture in enumerate(dict.fromkeys(fixtures))}
        self._fixture: Ints = np.array([order[f] for f in fixtures], dtype=np.int64)
        self._fixture_starts = np.flatnonzero(np.diff(self._fixture, prepend=-1))
        self.most = int(limit.share * len(order) + 1e-9)  # fixtures that may be over the limit
        self._shutters = _Shutters(plan.parameters, columns, order)
        scaled = [(at[c], i) for i, lamp in enumerate(lamps) for c in _scaled(lamp, plan.parameters)]
        self._scaled, self._scaled_lamp = np.array(scaled, dtype=np.int64).reshape(-1, 2).T.copy()

        count = len(lamps)
        self._light: Floats = np.zeros(count)  # of the last tick
        self._floor: Floats = np.zeros(count)  # light within floor..floor + DEPTH is no change
        self._up: Bools = np.zeros(count, dtype=np.bool_)  # the last change was a rise
        self._rises: Floats = np.full((limit.flashes + 1, count), -np.inf)  # s, the latest first
        self._strobing: Bools = np.zeros(count, dtype=np.bool_)
        self._strobed: Floats = np.full(count, -np.inf)  # s, when a shutter's strobe ended
        self._new = True
        self.held = 0  # lamps that are held, as of the last tick

    @property
    def shown(self) -> Ints:
        """One parameter of each lamp, the first of its emitters."""
        found: Ints = self._columns[self._factors[0][self._lamp_starts]] if self._light.size else np.empty(0, dtype=np.int64)
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is remembered of each lamp: (..., lamps) each."""
        names = ("light", "floor", "up", "rises", "strobing", "strobed")
        return {name: getattr(self, f"_{name}") for name in names}

    def resumed(self, held: int) -> None:
        """Its arrays were written: go on from them. `held`: lamps that it held then."""
        self.held, self._new = held, False

    def hold(self, live: Floats, t: float) -> None:
        """Hold what would be too much in `live` (parameters, values 0..1 as they go to the patch) at time t (s), in place."""
        if not self._light.size:
            return
        wanted = live[self._columns]
        if not self.held and (wanted == self._last).all():
            return
        self._last = wanted
        light, strobing = self._look(wanted)
        if self._new:
            self._floor, self._new = light.copy(), False
        high = light > self._floor + (DEPTH + EPS)
        rising = high & ~self._up
        self.held = 0
        if strobing is not None or rising.any():
            strobing = np.zeros_like(rising) if strobing is None else strobing
            light, strobing = self._decide(live, t, light, rising, strobing)
            high = light > self._floor + (DEPTH + EPS)
            rising = high & ~self._up
            self._rises[1:, rising] = self._rises[:-1, rising]
            self._rises[0, rising] = t
            self._strobed[self._strobing & ~strobing] = t
            self._strobing = strobing
        self._up |= high
        self._up &= light >= self._floor - EPS
        self._floor = np.minimum(np.maximum(self._floor, light - DEPTH), light)
        self._light = light

    def _look(self, values: Floats) -> tuple[Floats, Bools | None]:
        """The light of every lamp as it would leave, and which strobe by themselves; None: none, and none did."""
        x = self._x[:-1]
        if self._clips:
            np.clip(values, self._low, self._high, out=x)
        else:
            np.copyto(x, values)
        x *= self._steps
        x += self._bias
        np.floor(x, out=x)
        x -= self._start
        x /= self._steps
        strobes = self._shutters.replace(self._x)
        product = self._x[self._factors[0]]
        for factor in self._factors[1:]:
            product *= self._x[factor]
        light: Floats = np.maximum.reduceat(product, self._lamp_starts)
        if not strobes.any() and not self._strobing.any():
            return light, None
        return light, self._shutters.fixtures(strobes)[self._fixture] & (light > DEPTH + EPS)

    def _decide(self, live: Floats, t: float, light: Floats, rising: Bools, strobing: Bools) -> tuple[Floats, Bools]:
        """Who may rise or strobe: hold the others in `live`; light and own strobes as they then are."""
        since = t - SECOND
        over = (self._rises[self._flashes] > since) | self._strobing | (self._strobed > since)
        too_often = rising & (self._rises[self._flashes - 1] > since)
        over_limit = np.logical_or.reduceat(over, self._fixture_starts)
        asks = np.logical_or.reduceat(too_often | strobing, self._fixture_starts) & ~over_limit
        room = max(0, self.most - int(over_limit.sum()))
        denied = (asks & (np.cumsum(asks) > room))[self._fixture]
        too_often &= denied
        still = strobing & denied
        self.held = int(too_often.sum()) + int(still.sum())
        if not self.held:
            return light, strobing
        self._shutters.open(live, np.logical_or.reduceat(still, self._fixture_starts))
        self._dim(live, light, too_often)
        light, left = self._look(live[self._columns])
        return light, np.zeros_like(strobing) if left is None else left

    def _dim(self, live: Floats, light: Floats, held: Bools) -> None:
        """Bring these lamps down to what they were at the last tick, rounded down to whole steps."""
        by = np.ones_like(light)
        by[held] = np.minimum(1.0, self._light[held] / light[held])
        pick = held[self._scaled_lamp]
        at = self._scaled[pick]
        steps, start = self._steps[at], self._start[at]
        raw = self._x[at] * by[self._scaled_lamp[pick]] * steps + start
        raw = np.where(steps > 0.0, np.floor(raw + 1e-6), np.ceil(raw - 1e-6))
        live[self._columns[at]] = (raw - start) / steps


class _Shutters:
    """The shutters among the columns of a limiter: which are closed, which strobe."""

    def __init__(self, parameters: tuple[Parameter, ...], columns: list[int], order: dict[str, int]) -> None:
        found = [(i, parameters[c]) for i, c in enumerate(columns) if _shuts(parameters[c])]
        self._at = np.array([i for i, _ in found], dtype=np.int64)
        self._column = np.array([columns[i] for i, _ in found], dtype=np.int64)
        self._open = np.array([p.opened for _, p in found])
        self._closed = _spans([p.closed for _, p in found])
        self._strobe = _spans([p.strobe for _, p in found])
        self._fixture = np.array([order[p.fixture] for _, p in found], dtype=np.int64)
        self._marked: Bools = np.zeros(len(order), dtype=np.bool_)
        self._seen: Floats = np.full(len(found), np.nan)
        self._passes: Floats = np.ones(len(found))
        self._strobes: Bools = np.zeros(len(found), dtype=np.bool_)

    def replace(self, x: Floats) -> Bools:
        """Put the share of light that passes in the place of each shutter's value; which of them strobe."""
        if self._at.size:
            value = x[self._at]
            if not (value == self._seen).all():
                self._seen, self._passes = value, np.where(_within(value, self._closed), 0.0, 1.0)
                self._strobes = _within(value, self._strobe)
            x[self._at] = self._passes
        return self._strobes

    def fixtures(self, strobes: Bools) -> Bools:
        """Which fixtures strobe, when these shutters do."""
        self._marked[:] = False
        self._marked[self._fixture[strobes]] = True
        return self._marked

    def open(self, live: Floats, fixtures: Bools) -> None:
        """Open every shutter of these fixtures."""
        shutters = fixtures[self._fixture]
        live[self._column[shutters]] = self._open[shutters]


def _shuts(p: Parameter) -> bool:
    """Whether it only lets light pass, or not: a level that shares its slots with a strobe is no shutter."""
    return bool(p.closed or p.strobe) and p.category is Category.BEAM


def _spans(of: list[tuple[tuple[float, float], ...]]) -> tuple[Ints, Floats, Floats]:
    """Index, first and last of every span, widened by less than a step."""
    flat = [(i, first - EPS, last + EPS) for i, spans in enumerate(of) for first, last in spans]
    index = np.array([i for i, _, _ in flat], dtype=np.int64)
    return index, np.array([a for _, a, _ in flat]), np.array([b for _, _, b in flat])


def _within(value: Floats, spans: tuple[Ints, Floats, Floats]) -> Bools:
    index, first, last = spans
    inside = np.zeros(len(value), dtype=np.bool_)
    np.logical_or.at(inside, index, (value[index] >= first) & (value[index] <= last))
    return inside


def _lamps(parameters: tuple[Parameter, ...]) -> list[list[tuple[int, ...]]]:
    """Every lamp as its emitters, every emitter as the parameters with slots whose product its light is, itself first.

    A cell is a lamp; so is a fixture without cells. Lamps of a fixture stand together. Without emitters a lamp is its dimmer.
    """
    slots: dict[str, dict[tuple[str, int], int]] = {}
    for i, p in enumerate(parameters):
        if p.slots:
            slots.setdefault(p.fixture, {})[p.name, p.cell] = i
    found = []
    for fixture in slots.values():
        emitters: dict[int, list[int]] = {}
        for (name, cell), i in fixture.items():
            if parameters[i].category is Category.COLOUR and name not in NOT_LAMPS and not name.startswith("master-"):
                emitters.setdefault(cell, []).append(i)
        for cell in sorted((cell for name, cell in fixture if name == "intensity"), reverse=True):
            if cell not in emitters and (cell or not emitters):
                emitters[cell] = [fixture["intensity", cell]]
        found += [[_product(fixture, parameters, i) for i in own] for _, own in sorted(emitters.items())]
    return found


def _product(fixture: dict[tuple[str, int], int], parameters: tuple[Parameter, ...], emitter: int) -> tuple[int, ...]:
    """The parameters that an emitter's light is the product of: itself, dimmers, master of its colour, shutters."""
    p = parameters[emitter]
    names = [("intensity", p.cell), ("intensity", 0), (f"master-{p.name}", 0)]
    factors = [fixture[name] for name in names if name in fixture]
    factors += [i for (_, cell), i in fixture.items() if _shuts(parameters[i]) and cell in (0, p.cell)]
    return tuple(dict.fromkeys((emitter, *factors)))


def _scaled(lamp: list[tuple[int, ...]], parameters: tuple[Parameter, ...]) -> list[int]:
    """The parameters by which a lamp is held: its own dimmer if it can go out and nothing else hangs on it, else its emitters."""
    cell = parameters[lamp[0][0]].cell
    for column in lamp[0][1:]:
        p = parameters[column]
        if p.name == "intensity" and p.cell == cell and p.low == 0.0:
            return [column]
    return [emitter[0] for emitter in lamp]
