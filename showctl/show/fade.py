"""Fades: for every list and every parameter one closed formula of time.

A fade is where it began, where it goes, and the ramp it goes by (`ramps`); its value at any moment follows from these alone.
So it does not matter how often one looks, and a new instruction starts from where the light IS at its own time.

Rows are lists, columns parameters. A layer that is released keeps its value and loses its opacity by a ramp of its own; what
lies beneath shines through until it is gone.

Levels are float32, times float64. Starts and targets lie on a grid of 2^-24, of which float32 holds every multiple from 0 to 1.
The way between two of them is one, too, so start + way * y is exact at both ends, and as rounding keeps the order of numbers it
never leaves the interval between them.

What is here is state, nothing else: `merge` works out what of it can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from showctl.plan import Span
from showctl.show.moves import Moves, Numbers, bounded, on_grid
from showctl.show.ramps import DONE, Bools, Floats, Ints, Ramps, Singles

__all__ = ["Bools", "Fades", "Floats", "Ints", "Moment", "Singles"]


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


class Fades:
    """All fades of all lists: where they begin and lead, what is held, what is leaving. Arrays are (lists, parameters)."""

    def __init__(self, lists: int, parameters: int) -> None:
        shape = (lists, parameters)
        self.start: Singles = np.zeros(shape, dtype=np.float32)
        self.target: Singles = np.zeros(shape, dtype=np.float32)
        self.ramp: Numbers = np.zeros(shape, dtype=np.int32)
        self.held: Bools = np.zeros(shape, dtype=np.bool_)
        self.stamp: Ints = np.zeros(shape, dtype=np.int64)  # order among all of the instruction that gave it
        self.leaving: Bools = np.zeros(shape, dtype=np.bool_)
        self.leave: Numbers = np.zeros(shape, dtype=np.int32)  # ramp by which it goes, where it is leaving
        self.ramps = Ramps(lists)
        self.numbered = 0  # how often the ramps got new numbers

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that fades are made of, but for the ramps that they name: (lists, parameters) each."""
        return {name: getattr(self, name) for name in ("start", "target", "ramp", "held", "stamp", "leaving", "leave")}

    def look(self, times: Floats) -> bool:
        """Go to list times (2 * lists,), seconds before beats. Whether anything stands elsewhere than at the last look."""
        return self.ramps.look(times)

    def at(self, cell: Ints) -> Singles:
        """Values of cells (row * parameters + parameter) as of the last look."""
        start = self.start.reshape(-1).take(cell)
        way = self.target.reshape(-1).take(cell) - start
        values: Singles = start + way * self.ramps.y.take(self.ramp.reshape(-1).take(cell))
        return values

    def value(self, row: int, parameter: int) -> float:
        """Value that a list has for a parameter, as of the last look."""
        return float(self.at(np.array([row * self.start.shape[1] + parameter]))[0])

    def opacity(self, row: int, parameter: int) -> float:
        """How much of it is there, 0..1, as of the last look."""
        left = 1.0 - self.ramps.y[self.leave[row, parameter]] if self.leaving[row, parameter] else 1.0
        return float(left * self.held[row, parameter])

    def releasing(self) -> list[int]:
        """Rows of which something is leaving."""
        return [int(row) for row in np.flatnonzero(self.leaving.any(axis=1))]

    def drop_gone(self) -> list[tuple[int, Ints]]:
        """Forget the layers that had faded out at the last look; their rows and parameters."""
        dropped = []
        for row in self.releasing():
            p = np.flatnonzero(self.leaving[row])
            p = p[~self.ramps.alive[self.leave[row, p]]]
            if len(p):
                self.held[row, p] = self.leaving[row, p] = False
                self.ramp[row, p] = self.leave[row, p] = DONE
                dropped.append((row, p))
        return dropped

    def move(self, row: int, moves: Moves, start: Singles, stamp: int | None, now: Moment) -> tuple[float, float]:
        """Begin fades of one list from `start` (one for each move).

        `stamp` is the order of this instruction among all; None leaves ownership as it is.
        Returns the list times, in seconds and in beats, at which the last of them ends (-inf where there is none).
        """
        if len(moves.parameter) == 0:
            return -np.inf, -np.inf
        start = on_grid(start)
        which = moves.rise + (moves.fall - moves.rise) * (moves.value < start)
        used = np.zeros(moves.times.shape[1], dtype=np.bool_)
        used[which] = True
        begin, amount, by_beat = _begin(moves, now)
        self._make_room(int(used.sum()))
        numbers = np.zeros(len(used), dtype=np.int32)
        numbers[used] = self.ramps.add(row, begin[used], amount[used], by_beat[used], moves.curve[:, used])
        at = run(moves.parameter)  # of a row: numpy writes into one array by index twice as fast as into two at once
        self.start[row][at], self.target[row][at], self.ramp[row][at] = start, moves.value, numbers.take(which)
        if stamp is not None:
            self.stamp[row][at] = stamp
        self.held[row][at] = True
        self.leaving[row][at] = False
        ends = begin + amount
        return _latest(ends[used & ~by_beat]), _latest(ends[used & by_beat])

    def release(self, row: int, parameters: Ints, span: Span, now: Moment) -> tuple[float, float]:
        """Let go of parameters of one list, at the values of the last `look`; -> its end, as `move` has it.

        What is let go stops where it is: going on to its target while it leaves, a lamp would come up once more. What is
        leaving already goes on leaving.
        """
        p = parameters[self.held[row, parameters] & ~self.leaving[row, parameters]]
        if len(p) == 0:
            return -np.inf, -np.inf
        by_beat = span.unit != "s" and span.amount > 0
        amount, begin = bounded(now.beats_of(span)), now.beats if by_beat else now.seconds
        self._make_room(1)
        straight = np.array([[1.0], [0.0], [0.0]])
        number = self.ramps.add(row, np.array([begin]), np.array([amount]), np.array([by_beat]), straight)
        self.start[row, p] = self.target[row, p] = on_grid(self.at(row * self.start.shape[1] + p))
        self.ramp[row, p] = DONE
        self.leaving[row, p] = True
        self.leave[row, p] = number
        return (-np.inf, begin + amount) if by_beat else (begin + amount, -np.inf)

    def end(self, row: int) -> tuple[float, float]:
        """List times, in seconds and in beats, after which nothing of a list moves; -inf where nothing does."""
        going = self.leaving[row]
        moving = np.zeros(len(self.ramps.end), dtype=np.bool_)
        moving[self.ramp[row] * (self.held[row] & ~going)] = True
        moving[self.leave[row] * going] = True
        by_beat = self.ramps.clock >= len(self.start)
        return _latest(self.ramps.end[moving & ~by_beat]), _latest(self.ramps.end[moving & by_beat])

    def ends(self, row: int, p: Ints) -> tuple[Floats, Floats]:
        """The same of each of these parameters alone."""
        going = self.leaving[row][p]
        ramp = self.ramp[row][p] * (self.held[row][p] & ~going) + self.leave[row][p] * going
        end, by_beat = self.ramps.end[ramp], self.ramps.clock[ramp] >= len(self.start)
        return np.where(by_beat, -np.inf, end), np.where(by_beat, end, -np.inf)

    def _make_room(self, wanted: int) -> None:
        """Room for so many ramps more."""
        if wanted <= self.ramps.room:
            return
        used = np.zeros(len(self.ramps.y), dtype=np.bool_)
        for row in range(len(self.start)):
            used[self.ramp[row]] = True
            used[self.leave[row]] = True
        numbers = self.ramps.collect(used, wanted).astype(np.int32)
        for row in range(len(self.start)):
            self.ramp[row], self.leave[row] = numbers.take(self.ramp[row]), numbers.take(self.leave[row])
        self.numbered += 1


def _begin(moves: Moves, now: Moment) -> tuple[Floats, Floats, Bools]:
    """Of each timing the list time at which it begins, how long it takes, and whether it runs by the beat."""
    (amount, delay), (unit, delay_unit) = moves.times, moves.units
    by_beat = np.where(amount > 0.0, unit > 0, delay_unit > 0)
    amount = np.where(unit == 2, amount * now.beats_per_bar, amount)
    delay = np.where(delay_unit == 2, delay * now.beats_per_bar, delay)
    delay = np.where(by_beat & (delay_unit == 0), delay / now.period, delay)
    delay = np.where(~by_beat & (delay_unit > 0), delay * now.period, delay)
    return np.where(by_beat, now.beats, now.seconds) + delay, amount, by_beat


def run(p: Ints) -> Ints | slice:
    """Indices as a slice where they are one: numpy goes through it ten times as fast."""
    first, last = int(p[0]), int(p[-1])
    if last - first == len(p) - 1 and (len(p) == 1 or bool((np.diff(p) == 1).all())):
        return slice(first, last + 1)
    return p


def _latest(ends: Floats) -> float:
    return float(ends.max()) if len(ends) else -np.inf
