"""Mark, or move in black: lamps that the next cue lights move to their places in the dark, before anybody sees them.

As AutoMark of Eos does it (operations manual, "AutoMark"): where the pending cue marks, the cue before it executes the mark.
What moves are colour, position and beam of every lamp whose intensity the pending cue takes from 0 to above 0; when, once the
fades of the present cue on that lamp are over; how fast, in the time that the pending cue writes for just that category or
parameter, else in that of the present cue. A lamp that anything else lights by then (a list, a submaster, an effect, a hand) is
left alone, and looked at again every PATIENCE seconds, at times that the ticks have no part in. What has not been moved by GO
moves live, with GO.

A lamp here is a fixture or a cell of one that has intensities: lit if a dimmer of the whole is up (where it has one) and one of
the cell or cells is (where they have any). Masters and blackout do not count: what is dark through them comes back with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from showctl.plan import ZERO, Category, Move, Parameter
from showctl.show.cuelist import BLANK, Track
from showctl.show.fade import Bools, Floats, Ints, Singles
from showctl.show.listclock import ListTime

PATIENCE = 0.2  # s between two looks at a lamp that something lights


@dataclass(slots=True, eq=False)
class Waiting:
    """Moves of one lamp that wait for the dark."""

    lamp: int
    moves: list[Move]
    ready: ListTime  # at which the fades of the list on this lamp are over
    found_light: bool = False  # it was lit then


class Lamps:
    """Which intensities light which parameters."""

    def __init__(self, parameters: tuple[Parameter, ...]) -> None:
        dimmers: dict[str, dict[int, list[int]]] = {}
        for i, p in enumerate(parameters):
            if p.category is Category.INTENSITY:
                dimmers.setdefault(p.fixture, {}).setdefault(p.cell, []).append(i)
        self._others: list[list[int]] = []  # what else belongs to each lamp
        self.of: Ints = np.full(len(parameters), -1, dtype=np.int64)  # lamp of all that is no intensity; -1: nothing dims it
        self._parts: list[tuple[list[int], list[int]]] = []  # dimmers of the whole and of the cells, of each lamp
        self.intensity: Bools = np.array([p.category is Category.INTENSITY for p in parameters], dtype=np.bool_)
        known: dict[tuple[str, int], int] = {}
        for i, p in enumerate(parameters):
            if p.category is not Category.INTENSITY and p.fixture in dimmers:
                if (p.fixture, p.cell) not in known:
                    known[p.fixture, p.cell] = self._add(dimmers[p.fixture], p.cell)
                self.of[i] = known[p.fixture, p.cell]
                self._others[self.of[i]].append(i)
        self._whole, self._cells = _columns([w for w, _ in self._parts]), _columns([c for _, c in self._parts])

    def _add(self, dimmers: dict[int, list[int]], cell: int) -> int:
        cells = dimmers.get(cell, []) if cell else [i for c, found in dimmers.items() if c for i in found]
        self._parts.append((dimmers.get(0, []), cells))
        self._others.append([])
        return len(self._parts) - 1

    @property
    def shown(self) -> Ints:
        """One parameter of each lamp."""
        return np.array([others[0] for others in self._others], dtype=np.int64)

    def dimmers(self, lamp: int) -> list[int]:
        """Intensities that light a lamp."""
        return [*self._parts[lamp][0], *self._parts[lamp][1]]

    def parameters(self, lamp: int) -> list[int]:
        """All that belongs to a lamp."""
        return [*self.dimmers(lamp), *self._others[lamp]]

    def lit(self, levels: Floats | Singles) -> Bools:
        """For each lamp whether it is lit, at these levels of all parameters."""
        lit: Bools = np.ones(len(self._parts), dtype=np.bool_)
        for lamps, parameters in (self._whole, self._cells):
            has = np.bincount(lamps, minlength=len(lit)) > 0
            lit &= ~has | (np.bincount(lamps, weights=levels[parameters] > 0.0, minlength=len(lit)) > 0.0)
        return lit


def _columns(parts: list[list[int]]) -> tuple[Ints, Ints]:
    """(lamp, parameter) of every dimmer."""
    pairs = [(lamp, p) for lamp, part in enumerate(parts) for p in part]
    return np.array([lamp for lamp, _ in pairs], dtype=np.int64), np.array([p for _, p in pairs], dtype=np.int64)


def marks(track: Track, current: int, pending: int | None) -> bool:
    """Whether the pending cue has lamps move in the dark of the present one."""
    return current != BLANK and pending is not None and track.list.cues[pending].mark


def wanted(track: Track, current: int, pending: int | None, lamps: Lamps, own: Floats | Singles) -> dict[int, list[Move]]:
    """What the pending cue would have moved in the dark, by lamp; `own` (parameters,) is where the list leads to now."""
    if pending is None or not marks(track, current, pending):
        return {}
    moves = track.moves(pending, in_sequence=pending == current + 1)
    rising = {p for p, m in moves.items() if lamps.intensity[p] and m.value > 0.0}
    dark, now, then = ~lamps.lit(own), track.timings(current), track.timings(pending)
    found: dict[int, list[Move]] = {}
    for p, m in moves.items():
        lamp = int(lamps.of[p])
        if lamp >= 0 and dark[lamp] and not rising.isdisjoint(lamps.dimmers(lamp)):
            timing = then.own(p) or now.of(p)
            found.setdefault(lamp, []).append(m._replace(up=timing.up, down=timing.up, delay=ZERO))
    return found
