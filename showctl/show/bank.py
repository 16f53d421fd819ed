"""The bank: all effects that run, evaluated together, so that two hundred small ones cost little more than eight big ones.

A call of numpy costs half a microsecond however small the array. So what is alike is put side by side, once, when the set of
running effects changes (at a cue, not at a tick): columns with one entry an effect say where it is in its cycle, rows are
what is worked out, those of one shape next to each other. `Lamps.row` says which of its rows each parameter shows.

What an effect may depend on stands in one flat list of numbers, the facts: 1, 0, a block for each list (a paused one sees
the world stand still) and the faders of submasters. Every column of the bank says which fact it takes. Lamps that are slower
than the quickest see the beat so much earlier: they have a block of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from showctl.plan import STROKES
from showctl.show.effects import FOLLOWS, SHAPES, Hashes, Lamps, Singles, backwards, drawn, hashed, key, swung
from showctl.show.fade import Bools, Floats, Ints
from showctl.show.layering import Levels, lay, pieces, tiers

if TYPE_CHECKING:
    from showctl.show.running import Running, View

NEVER = -1e12  # s since a stroke that was not
ONE, NIL, BLOCKS = 0, 1, 2  # the facts 1 and 0, and where the blocks begin
WRAPPING, ONCE, FOLLOWING = 0, 1, 2  # kinds: cycle after cycle; from each stroke; what is heard
BELOW_1 = 1.0 - 2.0**-24  # the last that float32 does not round up to 1
Indices = list[int]


class Fact(IntEnum):
    """What a list sees."""

    TIME = 0  # s, show time
    SECONDS = 1  # list time
    BEATS = 2  # as early as the lamps need it
    ORIGIN = 3  # position of a bar line
    BAR = 4  # beats
    PERIOD = 5  # s a beat
    BAR_PERIOD = 6
    GAIN = 7  # 0..1, how far the beat may flash
    SINCE_ONSET = 8  # s since the last one
    SINCE_KICK = 9
    SINCE_SNARE = 10
    SINCE_HAT = 11
    COUNT_ONSET = 12
    COUNT_KICK = 13
    COUNT_SNARE = 14
    COUNT_HAT = 15
    ENERGY = 16  # 0..1, as the other four
    LOUDNESS = 17
    LOW = 18
    MIDDLE = 19
    HIGH = 20
    PLACE = 21  # position of the beat, whatever lamps need


def _block(view: View, early: float) -> list[float]:
    """What a list sees, in the order of Fact, for lamps to which the beat is sent so much (s) earlier."""
    clock, heard, period = view.clock, view.heard, view.clock.period
    beats = view.beats if early == 0.0 else max(view.beats, clock.position(view.time + early))
    since = [NEVER if struck is None else view.time - struck for struck in heard.struck]
    place = [view.time, view.seconds, beats, clock.origin, clock.beats_per_bar, period, period * clock.beats_per_bar]
    return [*place, clock.gain(beats), *since, *heard.strokes, *heard.levels_at(view.time), view.beats]


class Bank:
    """Effects that run, as columns and rows. `running` comes in the order in which they are laid."""

    def __init__(self, running: Sequence[Running]) -> None:
        self._laid = list(running)
        self._running = sorted(running, key=_kind)
        self._list = {block: i for i, block in enumerate(sorted({_block_of(r) for r in running}))}
        self._subs = sorted({r.submaster for r in running if r.submaster})
        self._wrapping = sum(_kind(r)[0] == WRAPPING for r in running)
        lamps = [r.lamps for r in self._running]
        self._clockwork()
        self._time_bent(lamps)
        self._rows(lamps)
        self._turns_taken()
        self._kernels = list(self._kinds(lamps))
        self._place = {id(r): i for i, r in enumerate(self._running)}
        self._tier = tiers([r.lamps for r in self._laid])
        self.hide({})
        self.refresh()

    # --- columns: one entry an effect --------------------------------------------------------------------------------

    def _fact(self, r: Running, fact: Fact) -> int:
        return BLOCKS + len(Fact) * self._list[_block_of(r)] + fact

    def _count(self, r: Running) -> int:
        """Where it stands how often what it runs from was struck."""
        return self._fact(r, Fact[f"COUNT_{r.lamps.effect.sync.upper()}"])

    def _clockwork(self) -> None:
        """Where each is in its cycle is (source - zero - offset) / (amount * unit)."""
        columns = [self._timed_by(r) for r in self._running]
        self._source, self._zero, self._unit = (np.array([c[k] for c in columns], dtype=np.intp) for k in range(3))
        self._offset, self._amount = np.array([c[3] for c in columns]), np.array([c[4] for c in columns])
        flashing = [r.lamps.effect.sync == "beat" and not r.lamps.steady for r in self._running]
        gains = [self._fact(r, Fact.GAIN) if f else ONE for r, f in zip(self._running, flashing, strict=True)]
        faders = BLOCKS + len(Fact) * len(self._list)
        subs = [faders + self._subs.index(r.submaster) if r.submaster else ONE for r in self._running]
        self._gains = np.array(gains, dtype=np.intp) if any(flashing) else None
        self._faders = np.array(subs, dtype=np.intp) if self._subs else None

    def _timed_by(self, r: Running) -> tuple[int, int, int, float, float]:
        effect, every = r.lamps.effect, r.lamps.effect.every
        if effect.sync in FOLLOWS:
            return self._fact(r, Fact[effect.sync.upper()]), NIL, ONE, 0.0, 1.0
        if effect.sync in STROKES:
            unit = ONE if every.unit == "s" else self._fact(r, Fact.PERIOD if every.unit == "beat" else Fact.BAR_PERIOD)
            return self._fact(r, Fact[f"SINCE_{effect.sync.upper()}"]), NIL, unit, 0.0, every.amount
        if every.unit == "s":
            return self._fact(r, Fact.SECONDS), NIL, ONE, r.begun, every.amount
        beats, lag = self._fact(r, Fact.BEATS), r.lag if r.lamps.steady else 0.0
        if every.unit == "beat":
            return beats, NIL, ONE, lag, every.amount
        bar = self._fact(r, Fact.BAR)
        if effect.shape in ("sine", "ramp"):  # it glides: a new bar line must not make it jump
            return beats, NIL, bar, lag + r.origin, every.amount
        return beats, self._fact(r, Fact.ORIGIN), bar, lag, every.amount

    def _time_bent(self, lamps: list[Lamps]) -> None:
        effects = [one.effect for one in lamps[: self._wrapping]]
        self._turns = np.array([float(one.turns) for one in lamps[: self._wrapping]])
        self._swinging = np.array([i for i, e in enumerate(effects) if e.swing != 0.5], dtype=np.intp)
        self._swing = np.array([effects[i].swing for i in self._swinging])
        back = [e.direction != "forward" and e.shape != "random" and not lamps[i].in_turn for i, e in enumerate(effects)]
        self._backwards = np.flatnonzero(back)
        self._bounces = np.array([effects[i].direction == "bounce" for i in self._backwards], dtype=np.bool_)

    # --- rows ----------------------------------------------------------------------------------------------------------

    def _rows(self, lamps: list[Lamps]) -> None:
        """Rows that are worked out; behind them those that take turns, which show one of these or rest."""
        in_turn = [i for i, one in enumerate(lamps) if one.in_turn]
        self._counts = np.array([one.evaluated for one in lamps], dtype=np.intp)
        widths = np.array([lamps[i].rows for i in in_turn], dtype=np.intp)
        begins = np.cumsum([0, *self._counts, *widths])
        worked = int(begins[len(lamps)])
        self._first, self._bases = begins[: len(lamps)].copy(), begins[len(lamps) : -1]
        self._turning, self._widths = np.array(in_turn, dtype=np.intp), widths.astype(np.float64)
        self._lit = self._first[self._turning]
        self._edge = int(begins[self._wrapping])
        self._lag = np.concatenate([one.lag for one in lamps])
        low = np.array([one.effect.low for one in lamps])
        span = np.array([one.effect.high for one in lamps]) - low
        self._low, self._span = (np.repeat(column, self._counts).astype(np.float32) for column in (low, span))
        self._rest = np.repeat(low[self._turning], widths).astype(np.float32)
        self._owners = np.concatenate([np.arange(len(lamps)), self._turning])
        self._owned = np.concatenate([self._counts, widths])
        self._u, self._f = np.empty(worked, dtype=np.float32), np.empty(worked, dtype=np.float32)
        self._y = np.empty(int(begins[-1]), dtype=np.float32)

    def _turns_taken(self) -> None:
        some = [self._running[i] for i in self._turning]
        self._timed = self._turning[self._turning < self._wrapping]
        self._strokes = np.array([self._count(r) for r in some[len(self._timed) :]], dtype=np.intp)
        self._turn_back = np.array([r.lamps.effect.direction == "reverse" for r in some], dtype=np.bool_)
        self._turn_bounces = np.array([r.lamps.effect.direction == "bounce" for r in some], dtype=np.bool_)

    def _kinds(self, lamps: list[Lamps]) -> list[_Kernel | _Chance]:
        """The rows of each kind of effect, and what works them out."""
        ends = np.cumsum(self._counts)
        found: list[_Kernel | _Chance] = []
        for (kind, shape), several in groupby(range(len(lamps)), key=lambda i: _kind(self._running[i])):
            some = list(several)
            rows = slice(int(ends[some[0]] - self._counts[some[0]]), int(ends[some[-1]]))
            length = np.repeat(np.array([lamps[i].length for i in some]), self._counts[some])
            found.append(self._chance(some, rows, lamps) if shape == "random" else _Kernel(shape, kind == ONCE, rows, length))
        return found

    def _chance(self, some: Indices, rows: slice, lamps: list[Lamps]) -> _Chance:
        in_turn = [i for i in some if lamps[i].in_turn]
        once = some[0] >= self._wrapping
        return _Chance(
            once=once,
            rows=rows,
            effects=slice(some[0], some[-1] + 1),
            seed=np.array([lamps[i].effect.seed & (2**64 - 1) for i in some], dtype=np.uint64),
            key=np.concatenate([lamps[i].key for i in some]),
            pick=np.repeat(2 * np.arange(len(some)), self._counts[some]),
            strokes=np.array([self._count(self._running[i]) if once else NIL for i in some], dtype=np.intp),
            turning=np.searchsorted(self._turning, in_turn),
            turns=np.array([self._lit[k] - rows.start for k in np.searchsorted(self._turning, in_turn)], dtype=np.intp),
        )

    # --- what changes without a new bank -------------------------------------------------------------------------------

    def hide(self, hidden: Mapping[int, Bools]) -> None:
        """Leave out parameters that lists above own, by id() of a running effect."""
        first = [int(self._first_row(r)) for r in self._laid]
        self._pieces = pieces([r.lamps for r in self._laid], self._tier, first, [hidden.get(id(r)) for r in self._laid])
        order = np.array([self._place[id(r)] for r in self._laid], dtype=np.intp)
        self._of = [order[piece.effects] for piece in self._pieces]

    def _first_row(self, r: Running) -> int:
        i = self._place[id(r)]
        return int(self._bases[np.searchsorted(self._turning, i)] if r.lamps.in_turn else self._first[i])

    def refresh(self) -> None:
        """Take over how each grows or shrinks, after one began to."""
        some = [r.envelope for r in self._running]
        self._from, self._to = np.array([e.start for e in some]), np.array([e.target for e in some])
        self._began = np.array([e.began for e in some])
        self._takes = np.array([max(e.takes, 1e-9) for e in some])
        by = [self._fact(r, Fact.PLACE if r.envelope.by_beat else Fact.TIME) for r in self._running]
        self._by = np.array(by, dtype=np.intp)
        self._settled = False  # nothing grows or shrinks

    # --- the look of now -----------------------------------------------------------------------------------------------

    def facts(self, views: Mapping[int, View], levels: Mapping[str, float]) -> Floats:
        """What can be known now: `views` by list, levels 0..1 of submasters. Lists that differ by their seconds share a block."""
        found: list[float] = [1.0, 0.0]
        first: dict[float, tuple[View, list[float]]] = {}  # by how much earlier
        for row, early in self._list:
            view = views[row]
            like, block = first.get(early, (None, []))
            if like is not None and view.heard is like.heard and view.clock is like.clock and view.time == like.time:
                block = block.copy()
                block[Fact.SECONDS] = view.seconds
            else:
                block = _block(view, early)
            first.setdefault(early, (view, block))
            found += block
        return np.array([*found, *(levels[name] for name in self._subs)], dtype=np.float64)

    def lay_over(self, out: Levels, now: Floats) -> None:
        """Lay all over `out` (parameters,), as the facts are."""
        size = self._sizes(now)
        full = size == 1.0
        all_full = bool(full.all())
        if not all_full and not size.any():
            return
        value, rest = self._values(now), None
        if not all_full:
            sizes = np.repeat(size[self._owners], self._owned).astype(np.float32)
            np.multiply(value, sizes, out=value)
            rest = np.subtract(np.float32(1.0), sizes, out=sizes)
        for piece, effects in zip(self._pieces, self._of, strict=True):
            if all_full or full[effects].all():
                lay(piece, out, value, None)
            elif size[effects].any():
                lay(piece, out, value, rest)

    def _sizes(self, now: Floats) -> Floats:
        """(effects,) 0..1."""
        size = self._to
        if not self._settled:
            x = np.clip((now.take(self._by) - self._began) / self._takes, 0.0, 1.0)
            self._settled = bool((x >= 1.0).all())
            size = self._from * (1.0 - x) + size * x  # exact at both ends
        if self._gains is not None:
            size = size * now.take(self._gains)
        return size if self._faders is None else size * now.take(self._faders)

    def _values(self, now: Floats) -> Singles:
        """(rows,) from low to high."""
        u, f, y = self._u, self._f, self._y
        x = (now.take(self._source) - now.take(self._zero) - self._offset) / (self._amount * now.take(self._unit))
        cycle, turn = self._cycles(x, now)
        phase = x.astype(np.float32)
        np.subtract(phase if len(x) == len(u) else np.repeat(phase, self._counts), self._lag, out=u)
        before = slice(0, self._edge)
        np.floor(u[before], out=f[before])
        np.subtract(u[before], f[before], out=u[before])
        for kernel in self._kernels:
            if isinstance(kernel, _Kernel):
                kernel.work(u, f, y)
            else:
                kernel.work(u, f, y, now, cycle, turn)
        worked = y[: len(u)]
        np.multiply(worked, self._span, out=worked)
        np.add(worked, self._low, out=worked)
        if len(turn):
            y[len(u) :] = self._rest
            y[self._bases + turn] = y[self._lit]
        return y

    def _cycles(self, x: Floats, now: Floats) -> tuple[Floats, Ints]:
        """Cycles `x` become, in place, what has passed of one, or of a turn. Returns the cycles before, and whose turn it is."""
        wraps = x[: self._wrapping]
        t = wraps * self._turns
        near = np.rint(t)
        t = np.where(np.abs(t - near) < 1e-9, near, t)  # a turn that begins on the beat begins on it, whatever was rounded
        if len(self._swinging):
            t[self._swinging] = swung(t[self._swinging], self._swing)
        c = t / self._turns
        cycle = np.floor(c)
        np.subtract(c, cycle, out=wraps)
        if len(self._backwards):
            x[self._backwards] = backwards(c[self._backwards], self._bounces)
        turn = self._turn(x, t, now) if len(self._turning) else self._turning
        np.minimum(wraps, BELOW_1, out=wraps)
        return cycle, turn

    def _turn(self, x: Floats, t: Floats, now: Floats) -> Ints:
        """Whose turn it is in each effect whose rows take turns; what has passed of it goes into `x`."""
        timed = np.floor(t[self._timed])
        x[self._timed] = t[self._timed] - timed
        passed = np.concatenate([timed, now.take(self._strokes) - 1.0])
        rounds = np.floor(passed / self._widths)
        turn = passed - rounds * self._widths
        odd = rounds * 0.5 != np.floor(rounds * 0.5)
        back = self._turn_back | (self._turn_bounces & odd)
        return np.where(back, self._widths - 1.0 - turn, turn).astype(np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class _Kernel:
    """Rows that one shape works out."""

    shape: str
    once: bool  # runs from each stroke, and is nothing before and after
    rows: slice
    length: Singles

    def work(self, u: Singles, f: Singles, y: Singles) -> None:
        """Phase `u` -> value 0..1 `y`; both `u` and `f` are to work in."""
        u, f, y = u[self.rows], f[self.rows], y[self.rows]
        on = (u >= 0.0) & (u < 1.0) if self.once else None
        if on is not None:
            np.clip(u, 0.0, BELOW_1, out=u)
        SHAPES[self.shape](u, self.length, y, f)
        if on is not None:
            np.multiply(y, on, out=y)


@dataclass(frozen=True, slots=True, eq=False)
class _Chance:
    """Rows of chance: a number for each cycle, or stroke, and lamp."""

    once: bool
    rows: slice
    effects: slice
    seed: Hashes
    key: Hashes
    pick: Ints  # where the hash of each row's effect stands; that of the cycle before follows it
    strokes: Ints
    turning: Ints  # where the turns of effects stand whose lamps take turns
    turns: Ints  # and their rows

    def work(self, u: Singles, f: Singles, y: Singles, now: Floats, cycle: Floats, turn: Ints) -> None:
        """The cycle, and whether a row still lags in the one before (`f` below 0) -> chance 0..1 `y`."""
        u, f, y = u[self.rows], f[self.rows], y[self.rows]
        over = (now.take(self.strokes) if self.once else cycle[self.effects]).astype(np.int64)
        hashes = np.empty(2 * len(over), dtype=np.uint64)
        hashes[0::2], hashes[1::2] = hashed(self.seed, over), hashed(self.seed, over - 1)
        if len(self.turns):
            self.key[self.turns] = key(turn[self.turning])
        y[:] = drawn(hashes.take(self.pick if self.once else self.pick + (f < 0.0)), self.key)
        if self.once:
            np.multiply(y, (u >= 0.0) & (u < 1.0), out=y)


def _block_of(r: Running) -> tuple[int, float]:
    """The list of an effect, and how much (s) earlier its lamps see the beat."""
    return r.row, r.lamps.effect.early


def _kind(r: Running) -> tuple[int, str]:
    """Effects of one kind are worked out together, and stand next to each other."""
    effect = r.lamps.effect
    if effect.sync in FOLLOWS:
        return FOLLOWING, "ramp"
    return ONCE if effect.sync in STROKES else WRAPPING, "pulse" if effect.shape == "step" else effect.shape
