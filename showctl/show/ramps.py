"""Ramps: the timings of all fades that run. A GO of a thousand parameters has a handful of them, one for each distinct timing.

A ramp is when it begins, how fast it goes, along which curve and by which clock; where it stands (0..1) follows from these and
the moment alone. A fade is a start, a target and the number of its ramp, so a tick works out the few ramps and looks the many
fades up. Two ramps are always there: DONE stands at 1, NEVER at 0.

Times are list times, seconds or beats: they stand still while a list is paused. They never run back, so a ramp that is done
stays done, and its number can be given to another (`collect`).

Curves are polynomials x(c1 + x(c2 + x c3)) that rise from 0 to 1: no library function that another machine rounds otherwise.
Worked out in float64; `y` is float32, like all levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Singles: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

CURVES: dict[str, tuple[float, float, float]] = {
    "linear": (1.0, 0.0, 0.0),
    "s": (0.0, 3.0, -2.0),
    "fast": (2.0, -1.0, 0.0),
    "slow": (0.0, 1.0, 0.0),
    "snap": (1.0, 0.0, 0.0),  # its time is taken as 0
}
AT_ONCE = 1e12  # a second or beat, speed of what takes no time
DONE, NEVER, FIRST = 0, 1, 2  # the ramps that are always there, and the first that is not
COLUMNS = ("begin", "end", "speed", "bias", "curve", "clock", "y", "alive")
ROOM = 256  # ramps there is room for at first


class Ramps:
    """Ramps of so many lists, by number. Arrays are (capacity,); `y` is where each stood at the last `look`."""

    def __init__(self, lists: int) -> None:
        self._lists = lists
        self.count = FIRST
        self.begin, self.end = np.zeros(ROOM), np.full(ROOM, -np.inf)  # list time
        self.speed, self.bias = np.zeros(ROOM), np.zeros(ROOM)
        self.bias[DONE] = 1.0
        self.curve = np.zeros((3, ROOM))
        self.curve[0] = 1.0
        self.clock: Ints = np.zeros(ROOM, dtype=np.int64)  # list, or number of lists + list where it runs by the beat
        self.y: Singles = np.zeros(ROOM, dtype=np.float32)
        self.y[DONE] = 1.0
        self.alive: Bools = np.zeros(ROOM, dtype=np.bool_)  # not done at the last look
        self.ended = False  # one has come to its end; whoever acts on it takes it back

    @property
    def room(self) -> int:
        """How many more there is room for."""
        return len(self.y) - self.count

    def add(self, row: int, begin: Floats, amount: Floats, by_beat: Bools, curve: Floats) -> Ints:
        """Begin ramps of a list at these list times (n,), `curve` (3, n); their numbers. There must be room."""
        n, first = len(begin), self.count
        new = slice(first, first + n)
        at_once = amount * AT_ONCE < 1.0
        self.begin[new], self.end[new] = begin, begin + amount
        self.speed[new] = np.where(at_once, AT_ONCE, 1.0 / np.where(at_once, 1.0, amount))
        self.bias[new] = at_once
        self.curve[:, new] = curve
        self.clock[new] = row + self._lists * by_beat
        self.y[new], self.alive[new] = 0.0, True
        self.count = first + n
        return np.arange(first, first + n)

    def look(self, times: Floats) -> bool:
        """Evaluate at list times (2 * lists,), seconds before beats. Whether any ramp stands elsewhere than at the last look."""
        n = self.count
        if n == FIRST:
            return False
        x = times.take(self.clock[:n])
        x -= self.begin[:n]
        x *= self.speed[:n]
        x += self.bias[:n]
        np.minimum(np.maximum(x, 0.0, out=x), 1.0, out=x)
        y = x * self.curve[2, :n]
        y += self.curve[1, :n]
        y *= x
        y += self.curve[0, :n]
        y *= x
        now = np.minimum(y, 1.0, out=y).astype(np.float32)
        alive = x < 1.0
        alive[NEVER] = False
        ended = bool((alive != self.alive[:n]).any())
        moved = ended or bool((now != self.y[:n]).any())
        self.y[:n], self.alive[:n] = now, alive
        self.ended = self.ended or ended
        return moved

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that ramps are made of: (..., how many there are) each."""
        return {name: getattr(self, name)[..., : self.count] for name in COLUMNS}

    def put(self, arrays: Mapping[str, NDArray[Any]], rows: Sequence[int]) -> None:
        """Take what another engine's `arrays` were; `rows` are the new rows of all its lists, below 0 for those that are gone."""
        self.count = arrays["y"].shape[-1]
        size = max(ROOM, 1 << int(self.count).bit_length())
        for name in COLUMNS:
            array = np.zeros((*arrays[name].shape[:-1], size), dtype=arrays[name].dtype)
            array[..., : self.count] = arrays[name]
            setattr(self, name, array)
        to = np.maximum(np.array([*rows, 0], dtype=np.int64), 0)
        by_beat, row = np.divmod(self.clock, max(1, len(rows)))
        self.clock = to[row] + self._lists * by_beat

    def running(self) -> bool:
        """Whether one was not done at the last look."""
        return bool(self.alive[: self.count].any())

    def collect(self, used: Bools, wanted: int) -> Ints:
        """Forget what is done or not used (capacity,), and make room for so many. The new number of every old one."""
        keep = np.flatnonzero(used & self.alive)
        numbers = np.zeros(len(self.y), dtype=np.int64)
        numbers[NEVER] = NEVER
        numbers[keep] = np.arange(FIRST, FIRST + len(keep))
        order = np.concatenate([[DONE, NEVER], keep])
        size = max(ROOM, 1 << int(2 * (len(order) + wanted) - 1).bit_length())
        for name in COLUMNS:
            old = getattr(self, name)
            new = np.zeros((*old.shape[:-1], size), dtype=old.dtype)
            new[..., : len(order)] = old[..., order]
            setattr(self, name, new)
        self.count = len(order)
        return numbers
