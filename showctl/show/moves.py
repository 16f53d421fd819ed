"""Moves as columns: what a cue instructs, in the form in which fades take it.

A plan has a cue's moves as tuples, half a million of them in a long show. To play one they become arrays and a short table of
the distinct timings among them. That takes half a microsecond a move, too long for a tick where a whole rig moves; so they can
be added some at a time, beside the ticks (`cuelist.Track.ahead`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.plan import ZERO, Category, Move, Parameter, Span, Timing
from showctl.show.ramps import CURVES, Bools, Floats, Ints, Singles

Numbers: TypeAlias = NDArray[np.int32]
Ramping: TypeAlias = tuple[Span, Span, str]  # time, delay, curve
UNITS = {"s": 0, "beat": 1, "bar": 2}
GRID = np.float32(2.0**24)
LONGEST = 1e9  # seconds, beats or bars that anything takes at most: no sum of them is beyond what floats hold
SLOWEST = 1e-9  # a rate of 0 makes every second a lifetime


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Instructions of a cue as columns, and the distinct timings that they have."""

    parameter: Ints
    value: Singles
    rise: Numbers  # timing of each move if its value rises, and of all that is not intensity
    fall: Numbers  # timing if it falls
    times: Floats  # (2, timings): length, delay
    units: Ints  # (2, timings): 0 s, 1 beat, 2 bar
    curve: Floats  # (3, timings)


class Traits:
    """What fades want to know of all parameters of a plan."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.snaps: Bools = np.fromiter((p.snap for p in parameters), np.bool_, len(parameters))
        self.intensity: Bools = np.fromiter((p.category is Category.INTENSITY for p in parameters), np.bool_, len(parameters))


def compile_moves(moves: Sequence[Move], traits: Traits) -> Moves:
    """Moves as columns; what snaps takes no time. ValueError for an unknown curve."""
    several = Columns(traits)
    several.add(moves)
    return several.moves()


class Columns:
    """Moves on their way into columns, some at a time. Thousands of them share a few spans: what is one object is seen first."""

    def __init__(self, traits: Traits) -> None:
        self._traits = traits
        self._parts: list[tuple[Ints, Singles, Numbers, Numbers]] = []  # parameter, value, rise, fall
        self._numbers: dict[tuple[float, int, int, int, str], int] = {}
        self._spans: list[tuple[Span, Span, Span]] = []  # of each number; held, so that no id comes twice
        self._ramps: list[tuple[int, int, int]] = []  # by which a move of this number rises, falls and jumps
        self._table: dict[Ramping, int] = {}

    def add(self, moves: Sequence[Move], times: Callable[[int], Timing] | None = None, rate: float = 1.0) -> None:
        """Some more, at a rate; with `times` each parameter in those instead of the move's own."""
        if not moves:
            return
        parameter, value, up, down, delay, curve, _ = zip(*moves, strict=True)
        if times is not None:
            up, down, delay = zip(*((t.up, t.down, t.delay) for t in map(times, parameter)), strict=True)
        keys = list(zip(repeat(rate), map(id, up), map(id, down), map(id, delay), curve))
        if new := set(keys) - self._numbers.keys():
            for i, key in enumerate(keys):
                if key in new and key not in self._numbers:
                    self._numbers[key] = len(self._spans)
                    self._spans.append((up[i], down[i], delay[i]))
                    self._ramps.append(self._ramps_of(rate, up[i], down[i], delay[i], curve[i]))
        some, which = np.unique(np.fromiter(map(self._numbers.__getitem__, keys), np.int64, len(keys)), return_inverse=True)
        rise, fall, snap = np.array([self._ramps[i] for i in some.tolist()], dtype=np.int32).T
        at: Ints = np.array(parameter, dtype=np.int64)
        snaps = self._traits.snaps[at]
        rise = np.where(snaps, snap[which], rise[which])
        fall = np.where(self._traits.intensity[at] & ~snaps, fall[which], rise)
        self._parts.append((at, on_grid(np.array(value, dtype=np.float64)), rise, fall))

    def moves(self) -> Moves:
        """All of them in the order of parameters; where one came twice the last."""
        if self._parts:
            parameter, value, rise, fall = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        else:
            parameter, value, rise, fall = (np.empty(0, dtype) for dtype in (np.int64, np.float32, np.int32, np.int32))
        if not (np.diff(parameter) > 0).all():
            place = np.full(len(self._traits.snaps), -1)
            place[parameter] = np.arange(len(parameter))
            last = place[place >= 0]
            parameter, value, rise, fall = parameter[last], value[last], rise[last], fall[last]
        spans = [(time, delay) for time, delay, _ in self._table]
        return Moves(
            parameter=parameter,
            value=value,
            rise=rise,
            fall=fall,
            times=np.array([[s.amount, d.amount] for s, d in spans], dtype=np.float64).reshape(-1, 2).T.clip(0.0, LONGEST),
            units=np.array([[UNITS[s.unit], UNITS[d.unit]] for s, d in spans], dtype=np.int64).reshape(-1, 2).T,
            curve=np.array([CURVES[shape] for _, _, shape in self._table], dtype=np.float64).reshape(-1, 3).T,
        )

    def _ramps_of(self, rate: float, up: Span, down: Span, delay: Span, curve: str) -> tuple[int, int, int]:
        """Numbers in the table of distinct ones."""
        if curve not in CURVES:
            raise ValueError(f"unknown curve {curve!r}; there are {', '.join(CURVES)}")
        times = (ZERO,) * 3 if curve == "snap" else (slower(up, rate), slower(down, rate), ZERO)
        late = slower(delay, rate)
        rise, fall, snap = (self._table.setdefault((span, late, curve), len(self._table)) for span in times)
        return rise, fall, snap


def bounded(amount: float) -> float:
    """A length of time that can be reckoned with."""
    return min(LONGEST, max(0.0, amount))


def slower(span: Span, rate: float) -> Span:
    """A span at a rate: 0.5 makes it twice as long."""
    return span if rate == 1.0 or span.amount == 0.0 else Span(span.amount / max(rate, SLOWEST), span.unit)


def together(parameters: Ints, values: Floats | Singles, span: Span, snaps: Bools) -> Moves:
    """Moves that all take the same time, in a straight line; what snaps (of all parameters) takes none."""
    which = snaps[parameters].astype(np.int32)
    return Moves(
        parameter=parameters,
        value=on_grid(values),
        rise=which,
        fall=which,
        times=np.array([[bounded(span.amount), 0.0], [0.0, 0.0]]),
        units=np.array([[UNITS[span.unit], 0], [0, 0]], dtype=np.int64),
        curve=np.repeat([[1.0], [0.0], [0.0]], 2, axis=1),
    )


def on_grid(values: Floats | Singles) -> Singles:
    """Levels 0..1 as the nearest between which fades are exact."""
    return (np.rint(values * GRID) / GRID).astype(np.float32)
