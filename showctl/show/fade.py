"""Fades: for every list and every parameter one closed formula of time, evaluated for all of them at once.

A fade is where it began, where it goes, when, how fast and along which curve; its value at any moment follows from these
alone. So it does not matter how often one looks, and a new instruction starts from where the light IS at its own time.

Rows are lists, columns parameters. Times are list times: seconds and beats of a list stand still while it is paused.
A layer that is released keeps its value and loses its opacity; what lies beneath shines through until it is gone.

Curves are polynomials x(c1 + x(c2 + x c3)) that rise from 0 to 1: no library function that another machine rounds otherwise.
float64 throughout: at a few hundred parameters numpy's calls cost more than its arithmetic, and exactness is simpler to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.plan import Category, Move, Parameter, Span

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

CURVES: dict[str, tuple[float, float, float]] = {
    "linear": (1.0, 0.0, 0.0),
    "s": (0.0, 3.0, -2.0),
    "fast": (2.0, -1.0, 0.0),
    "slow": (0.0, 1.0, 0.0),
    "snap": (1.0, 0.0, 0.0),  # its time is taken as 0
}
UNITS = {"s": 0, "beat": 1, "bar": 2}
AT_ONCE = 1e12  # a second or beat, speed of what takes no time


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as one list sees it."""

    seconds: float  # list time
    beats: float  # list time in beats
    period: float = 0.5  # s a beat, to change one unit into the other
    beats_per_bar: int = 4

    def beats_of(self, span: Span) -> float:
        """A span of beats or bars in beats."""
        return span.amount * (self.beats_per_bar if span.unit == "bar" else 1)


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Instructions of a cue as columns: made once, when the show is loaded."""

    parameter: Ints
    value: Floats
    times: Floats  # (3, n): up, down, delay
    units: Ints  # (3, n): 0 s, 1 beat, 2 bar
    curve: Floats  # (3, n)
    falls: Bools  # may take the down time: intensities


def compile_moves(moves: list[Move], parameters: tuple[Parameter, ...]) -> Moves:
    """Moves as columns; what snaps takes no time. ValueError for an unknown curve."""
    unknown = sorted({m.curve for m in moves} - CURVES.keys())
    if unknown:
        raise ValueError(f"unknown curve {unknown[0]!r}; there are {', '.join(CURVES)}")
    spans = [[m.up for m in moves], [m.down for m in moves], [m.delay for m in moves]]
    times = np.array([[s.amount for s in row] for row in spans], dtype=np.float64).reshape(3, len(moves))
    times[:2, [m.curve == "snap" or parameters[m.parameter].snap for m in moves]] = 0.0
    return Moves(
        parameter=np.array([m.parameter for m in moves], dtype=np.int64),
        value=np.array([m.value for m in moves], dtype=np.float64),
        times=np.maximum(times, 0.0),
        units=np.array([[UNITS[s.unit] for s in row] for row in spans], dtype=np.int64).reshape(3, len(moves)),
        curve=np.array([CURVES[m.curve] for m in moves], dtype=np.float64).reshape(-1, 3).T,
        falls=np.array([parameters[m.parameter].category is Category.INTENSITY for m in moves], dtype=np.bool_),
    )


class Fades:
    """All fades of all lists. `value` and `opacity` (lists, parameters) are those of the last `look`."""

    def __init__(self, lists: int, parameters: int) -> None:
        shape = (lists, parameters)
        self.start, self.target, self.begin = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.speed, self.bias = np.full(shape, AT_ONCE), np.ones(shape)
        self.curve = np.zeros((3, *shape))
        self.curve[0] = 1.0
        self.by_beat = np.zeros(shape, dtype=np.bool_)
        self.held = np.zeros(shape, dtype=np.bool_)
        self.stamp = np.zeros(shape, dtype=np.int64)
        self.leaving = np.zeros(shape, dtype=np.bool_)
        self.leave_begin, self.leave_speed = np.zeros(shape), np.full(shape, AT_ONCE)
        self.leave_bias = np.ones(shape)
        self.leave_by_beat = np.zeros(shape, dtype=np.bool_)
        self.value, self.opacity = np.zeros(shape), np.zeros(shape)
        self.busy = False  # something still moves after the last look
        self._x, self._y = np.zeros(shape), np.zeros(shape)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that fades are made of: (..., lists, parameters) each."""
        names = ("start", "target", "begin", "speed", "bias", "curve", "by_beat", "held", "stamp", "leaving")
        leave = ("leave_begin", "leave_speed", "leave_bias", "leave_by_beat")
        return {name: getattr(self, name) for name in (*names, *leave)}

    def look(self, seconds: Floats, beats: Floats) -> None:
        """Evaluate at list times (lists, 1)."""
        x, y = self._x, self._y
        np.subtract(np.where(self.by_beat, beats, seconds), self.begin, out=x)
        np.multiply(x, self.speed, out=x)
        np.add(x, self.bias, out=x)
        np.clip(x, 0.0, 1.0, out=x)
        np.multiply(x, self.curve[2], out=y)
        y += self.curve[1]
        y *= x
        y += self.curve[0]
        y *= x
        self.busy = bool((x < 1.0).any())
        # Not start + (target - start) * y: this form is exact at both ends; the clip holds the last bit between them.
        np.multiply(self.target, y, out=self.value)
        np.subtract(1.0, y, out=y)
        y *= self.start
        self.value += y
        np.clip(self.value, np.minimum(self.start, self.target), np.maximum(self.start, self.target), out=self.value)
        self._fade_out(seconds, beats)

    def _fade_out(self, seconds: Floats, beats: Floats) -> None:
        np.copyto(self.opacity, self.held)
        if not self.leaving.any():
            return
        x = np.where(self.leave_by_beat, beats, seconds) - self.leave_begin
        x = np.clip(x * self.leave_speed + self.leave_bias, 0.0, 1.0)
        np.copyto(self.opacity, 1.0 - x, where=self.leaving)
        self.busy = self.busy or bool((self.opacity[self.leaving] > 0.0).any())

    def drop_gone(self) -> None:
        """Forget the layers that had faded out at the last look."""
        gone = self.leaving & (self.opacity <= 0.0)
        self.held &= ~gone
        self.leaving &= ~gone

    def move(self, row: int, moves: Moves, start: Floats, stamp: int | None, now: Moment) -> tuple[float, float]:
        """Begin fades of one list from `start` (one for each move).

        `stamp` is the order of this instruction among all; None leaves ownership as it is.
        Returns the list times, in seconds and in beats, at which the last of them ends (-inf where there is none).
        """
        p = moves.parameter
        which = np.where(moves.falls & (moves.value < start), 1, 0)
        columns = np.arange(len(p))
        amount, unit = moves.times[which, columns], moves.units[which, columns]
        delay, delay_unit = moves.times[2], moves.units[2]
        by_beat = np.where(amount > 0.0, unit > 0, delay_unit > 0)
        amount = np.where(unit == 2, amount * now.beats_per_bar, amount)
        delay = np.where(delay_unit == 2, delay * now.beats_per_bar, delay)
        delay = np.where(by_beat & (delay_unit == 0), delay / now.period, delay)
        delay = np.where(~by_beat & (delay_unit > 0), delay * now.period, delay)
        begin = np.where(by_beat, now.beats, now.seconds) + delay
        self.start[row, p], self.target[row, p], self.begin[row, p] = start, moves.value, begin
        self.speed[row, p], self.bias[row, p] = _speed(amount)
        self.curve[:, row, p] = moves.curve
        self.by_beat[row, p] = by_beat
        if stamp is not None:
            self.stamp[row, p] = stamp
        self.held[row, p] = True
        self.leaving[row, p] = False
        ends = begin + amount
        return _latest(ends[~by_beat]), _latest(ends[by_beat])

    def release(self, row: int, parameters: Ints, span: Span, now: Moment) -> tuple[float, float]:
        """Let go of parameters of one list, at the values of the last `look`; -> its end, as `move` has it.

        What is let go stops where it is: going on to its target while it leaves, a lamp would come up once more. What is
        leaving already goes on leaving.
        """
        p = parameters[self.held[row, parameters] & ~self.leaving[row, parameters]]
        if len(p) == 0:
            return -np.inf, -np.inf
        by_beat = span.unit != "s" and span.amount > 0
        amount = max(0.0, now.beats_of(span))
        self.start[row, p] = self.target[row, p] = self.value[row, p]
        self.leaving[row, p] = True
        self.leave_begin[row, p] = begin = now.beats if by_beat else now.seconds
        self.leave_speed[row, p], self.leave_bias[row, p] = _speed(np.array(amount))
        self.leave_by_beat[row, p] = by_beat
        return (-np.inf, begin + amount) if by_beat else (begin + amount, -np.inf)

    def ends(self, row: int) -> tuple[Floats, Floats]:
        """For each parameter the list time, in seconds or in beats, after which it does not move; -inf where it does not."""
        held, leaving = self.held[row], self.leaving[row]
        end = self.begin[row] + np.where(self.bias[row] > 0.0, 0.0, 1.0 / self.speed[row])
        out = self.leave_begin[row] + np.where(self.leave_bias[row] > 0.0, 0.0, 1.0 / self.leave_speed[row])
        end, by_beat = np.where(leaving, out, end), np.where(leaving, self.leave_by_beat[row], self.by_beat[row])
        return np.where(held & ~by_beat, end, -np.inf), np.where(held & by_beat, end, -np.inf)


def _speed(amount: Floats) -> tuple[Floats, Floats]:
    """Speed of a fade of this length, and what makes one of no length be done at its very beginning."""
    at_once = amount <= 0.0
    return np.where(at_once, AT_ONCE, 1.0 / np.where(at_once, 1.0, amount)), np.where(at_once, 1.0, 0.0)


def _latest(ends: Floats) -> float:
    return float(ends.max()) if len(ends) else -np.inf
