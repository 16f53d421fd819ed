"""Merge: many lists become one look.

1. LTP: of all lists that hold a parameter the one of the highest priority has it, among equals the one that moved it last.
   A layer that is being released is transparent by degrees: what lies beneath shines through.
2. HTP: intensities of lists that ask so join by taking the highest.

Who has what is worked out when something was moved, for what was moved; so is which of it moves by itself. A tick evaluates
that alone: the fades on top that run, the layers that are leaving above them, the intensities of HTP lists. The rest stands in
the look that was there. Where most of the parameters move, all of them are evaluated: straight through is faster than by index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.plan import Category, Plan
from showctl.show.fade import Bools, Fades, Floats, Ints, Singles, run
from showctl.show.moves import on_grid
from showctl.show.ramps import DONE, NEVER

Index: TypeAlias = NDArray[np.intp]
STAMP_BITS, ROW_BITS = 44, 15  # of a key: priority, stamp, row
ROW = (1 << ROW_BITS) - 1
LAST = np.iinfo(np.int64).max  # a key above all others


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Fades of some parameters, as columns: what a tick needs to evaluate them."""

    where: Ints | slice  # parameters
    start: Singles
    way: Singles  # from the start to the target
    ramp: Index
    leave: Index | None = None  # ramp by which they leave, of each or () for one of all; None: they stay

    def values(self, y: Singles, out: Singles | None = None) -> Singles:
        """Their values, where ramps stand at `y`."""
        out = np.take(y, self.ramp, out=out, mode="clip")
        out *= self.way
        out += self.start
        return out


class Layers:
    """Who has which parameter, and what is seen of it. ValueError for more lists than there is room for."""

    def __init__(self, plan: Plan, rest: Floats) -> None:
        lists, count = len(plan.lists), len(plan.parameters)
        if lists > ROW:
            raise ValueError(f"{lists} cue lists, where {ROW} are possible")
        self.rest: Singles = on_grid(rest)
        self.priority = np.array([lst.priority for lst in plan.lists], dtype=np.int64)
        intensity = np.array([p.category is Category.INTENSITY for p in plan.parameters], dtype=np.bool_)
        htp = np.array([lst.htp for lst in plan.lists], dtype=np.bool_)
        self.htp: Bools = htp[:, None] & intensity[None, :]
        self._htp_rows, self._intensities = np.flatnonzero(htp).tolist(), np.flatnonzero(intensity)
        self.owner: Ints = np.full(count, -1, dtype=np.int64)  # the list that has it for good, -1 for none
        self._key: Ints = np.zeros((lists, count), dtype=np.int64)  # order of what stays, 0 where nothing does
        self._best: Ints = np.zeros(count, dtype=np.int64)  # the highest of them
        self._start, self._way = self.rest.copy(), np.zeros(count, dtype=np.float32)  # of what is on top and stays
        self._ramp: Index = np.full(count, DONE, dtype=np.intp)
        self._under, self._look = self.rest.copy(), self.rest.copy()  # what is on top and stays; all of it
        self._numbered = 0  # of the fades, as far as known
        self._sorted = False  # what follows is made of what was arranged
        self._moving: Cells | None = None
        self._leaving: list[Cells] = []  # from the lowest to the highest
        self._highest: list[Cells] = []

    # --- when something was moved --------------------------------------------------------------------------------------

    def arrange(self, fades: Fades, row: int, p: Ints) -> None:
        """Work out anew who has these parameters, after a list moved or lost them; as of the last look."""
        if len(p) == 0:
            return
        at = run(p)
        stays = fades.held[row][at] & ~fades.leaving[row][at] & ~self.htp[row][at]
        key, top = self._keys(row, fades.stamp[row][at]) * stays, self._best[at]
        lost = (self._key[row][at] == top) & (key < top)  # it had them; who does now, all lists must be asked
        best = np.maximum(top, key)
        has = stays & (key == best)
        self._key[row][at], self._best[at] = key, best
        self._on_top(fades, row, at if has.all() else p[has])
        if lost.any():
            self._look_up(fades, p[lost])
        if fades.numbered != self._numbered:
            self._numbered = fades.numbered
            cell = np.maximum(self.owner, 0) * len(self.owner) + np.arange(len(self.owner))
            self._ramp[:] = fades.ramp.reshape(-1).take(cell) * (self.owner >= 0)
        self._sorted = False

    def _on_top(self, fades: Fades, row: int, at: Ints | slice) -> None:
        """A list has these now."""
        start = fades.start[row][at]
        self.owner[at], self._ramp[at] = row, fades.ramp[row][at]
        self._start[at], self._way[at] = start, fades.target[row][at] - start

    def _look_up(self, fades: Fades, p: Ints) -> None:
        """Find out who has these now, of all lists."""
        at = run(p)
        best = self._key[:, at].max(axis=0)
        held = best > 0
        owner = (best & ROW) - ~held
        cell = np.maximum(owner, 0) * len(self.owner) + p
        start = fades.start.reshape(-1).take(cell)
        way = fades.target.reshape(-1).take(cell) - start
        ramp = fades.ramp.reshape(-1).take(cell)
        if not held.all():  # multiplied, not chosen: numpy chooses slowly
            start, way, ramp = start * held + self.rest[at] * ~held, way * held, ramp * held
        self.owner[at], self._best[at] = owner, best
        self._start[at], self._way[at], self._ramp[at] = start, way, ramp

    def restart(self, fades: Fades) -> None:
        """Work out anew who has what, after all fades were written."""
        for row in range(len(self.priority)):
            self._key[row] = self._keys(row, fades.stamp[row]) * (fades.held[row] & ~fades.leaving[row] & ~self.htp[row])
        if len(self.priority) and len(self.owner):
            self._look_up(fades, np.arange(len(self.owner)))
        self._numbered, self._sorted = fades.numbered, False

    def beneath(self, fades: Fades, row: int, p: Ints) -> Singles:
        """Where fades of a list on these parameters begin: the stage as it is without the lists above this one."""
        if len(p) == 0:
            return np.empty(0, dtype=np.float32)
        at, y = run(p), fades.ramps.y
        rows = np.flatnonzero(self.priority <= self.priority[row])
        if len(rows) == len(self.priority):
            keys, found = self._best[at], Cells(at, self._start[at], self._way[at], self._ramp[at]).values(y)
        else:
            keys = self._key[row][at].copy()
            for other in rows[rows != row]:
                if fades.held[other].any():
                    np.maximum(keys, self._key[other][at], out=keys)
            held = keys > 0
            found = fades.at((keys & ROW) * len(self.owner) + p) * held + self.rest[at] * ~held
        if fades.releasing():
            values, best = self.rest.copy(), np.full(len(self.owner), LAST)
            values[at], best[at] = found, keys
            for cells in self._leaving_above(fades, best, set(rows.tolist())):
                _lay(cells, y, values)
            found = values[at]
        own = self.htp[row][at]
        if not own.any():
            return found
        alone = fades.at(row * len(self.owner) + p) * fades.held[row][at]
        alone *= 1.0 - y.take(np.where(fades.leaving[row][at], fades.leave[row][at], NEVER))
        return np.where(own, alone, found)

    def _keys(self, row: int, stamp: Ints) -> Ints:
        keys: Ints = (self.priority[row] << (STAMP_BITS + ROW_BITS)) + (stamp << ROW_BITS) + row
        return keys

    # --- the look ------------------------------------------------------------------------------------------------------

    def compose(self, fades: Fades) -> tuple[Singles, bool]:
        """The look of all lists as of the last look of the fades (read it, do not write it); whether it moves by itself."""
        if not self._sorted:
            self._sort(fades)
        y, moving, look = fades.ramps.y, self._moving, self._under
        if moving is not None:
            if isinstance(moving.where, slice):
                moving.values(y, self._under)
            else:
                self._under[moving.where] = moving.values(y)
            if fades.ramps.ended:
                self._thin(moving, fades.ramps.alive)
        fades.ramps.ended = False
        if self._leaving or self._highest:
            look = self._look
            np.copyto(look, self._under)
            for cells in self._leaving:
                _lay(cells, y, look)
            for cells in self._highest:
                _join(cells, y, look)
        return look, moving is not None or look is self._look

    def _sort(self, fades: Fades) -> None:
        """Find out what moves, after something was arranged."""
        Cells(slice(None), self._start, self._way, self._ramp).values(fades.ramps.y, self._under)
        self._pick(fades.ramps.alive)
        self._leaving = self._leaving_above(fades, self._best, set(range(len(self.priority))))
        self._highest = [cells for row in self._htp_rows if (cells := self._of_htp(fades, row)) is not None]
        self._sorted = True

    def _pick(self, alive: Bools) -> None:
        """Of what is on top, that which moves."""
        moving = alive.take(self._ramp)
        count = int(np.count_nonzero(moving))
        where: Ints | slice = np.flatnonzero(moving) if 2 * count < len(moving) else slice(None)
        self._moving = Cells(where, self._start[where], self._way[where], self._ramp[where]) if count else None

    def _thin(self, moving: Cells, alive: Bools) -> None:
        """Some of it has come to rest: leave that out, if it is much of it."""
        if 2 * int(np.count_nonzero(alive.take(moving.ramp))) < len(moving.ramp):
            self._pick(alive)

    def _leaving_above(self, fades: Fades, best: Ints, rows: set[int]) -> list[Cells]:
        """What is leaving of these lists above `best` of every parameter: the lowest of each parameter, the next..."""
        count, found = len(self.owner), []
        for row in rows.intersection(fades.releasing()):
            p = np.flatnonzero(fades.leaving[row] & ~self.htp[row])
            key = self._keys(row, fades.stamp[row, p])
            seen = key > best[p]
            found.append((p[seen], row * count + p[seen], key[seen]))
        if not found:
            return []
        p, cell, key = (np.concatenate(columns) for columns in zip(*found, strict=True))
        levels = []
        while len(p):
            now = np.ones(len(p), dtype=np.bool_)
            if len(found) > 1:
                lowest = np.full(count, LAST)
                np.minimum.at(lowest, p, key)
                now = key == lowest[p]
            levels.append(_cells(fades, p[now], cell[now], fades.leave.reshape(-1)[cell[now]]))
            p, cell, key = p[~now], cell[~now], key[~now]
        return levels

    def _of_htp(self, fades: Fades, row: int) -> Cells | None:
        """What an HTP list gives."""
        p = self._intensities[fades.held[row].take(self._intensities)]
        if len(p) == 0:
            return None
        leaving = fades.leaving[row].take(p)
        leave = np.where(leaving, fades.leave[row].take(p), NEVER) if leaving.any() else None
        return _cells(fades, p, row * len(self.owner) + p, leave)


def _cells(fades: Fades, p: Ints, cell: Ints, leave: NDArray[np.integer] | None) -> Cells:
    start = fades.start.reshape(-1).take(cell)
    way = fades.target.reshape(-1).take(cell) - start
    ramp = fades.ramp.reshape(-1).take(cell).astype(np.intp)
    if leave is not None and len(leave) and (leave == leave[0]).all():
        leave = leave[:1].reshape(())
    return Cells(p, start, way, ramp, None if leave is None else leave.astype(np.intp))


def _lay(cells: Cells, y: Singles, look: Singles) -> None:
    """Lay what is leaving over a look."""
    assert cells.leave is not None
    values, below = cells.values(y), look[cells.where]
    below -= values
    below *= y.take(cells.leave)
    below += values
    look[cells.where] = below


def _join(cells: Cells, y: Singles, look: Singles) -> None:
    """Join intensities of an HTP list to a look: the highest has it."""
    values = cells.values(y)
    if cells.leave is not None:
        values *= np.float32(1.0) - y.take(cells.leave)
    look[cells.where] = np.maximum(look[cells.where], values)


def rank(priority: Ints, stamp: Ints) -> Ints:
    """One number that orders layers by priority, then by the order of their instructions."""
    return priority * np.int64(2**48) + stamp
