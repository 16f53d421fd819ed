"""The bands whose sum undoes a curve best: joint bounded least squares, with a limit on the sum.

Sought are n bands (log2 of freq, gain, log2 of Q; each within bounds) that make the weighted variance of `curve + sum of
bands` least: the variance, since the level of the whole is the fader's. That the sum stays below `boost` is a penalty here,
steep enough that a tenth of a dB is rarely left over; `fit` takes that away. Another one keeps the bands that lift from lifting
more together than one of them may: two at one place would be one beyond its limit.

Two steps in turn. *Matching pursuit*: of a dictionary of bands, the one that helps most joins (S. Mallat and Z. Zhang, IEEE
Trans. Signal Processing 41, 1993). *Levenberg-Marquardt*: all bands move together along their analytic slopes, those that lean
on a bound left out. Since early bands make room for later ones, that ends better than any start with all bands at once; at the
end a band that carries little may be changed for another. No random numbers: the same curve gives the same bands.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room.biquad import SHELF_Q, Array, Kind, levels, warped

POINTS = 20.0 * 2.0 ** (np.arange(math.floor(math.log2(1000.0) * 24) + 1) / 24)  # Hz, 24 an octave through those of `grid`
POINTS = np.append(POINTS, 20_000.0)
STEEP = 3.0  # of the penalty, against a weight of 1 shared by all points
QUIET = 0.02  # dB that a dB of level costs which the bands take off everything: a fader does that better
SHY = 0.002  # dB that a dB of gain costs: of two cascades that do the same, the one with less gain
NEAR = 0.1  # dB that it costs when a standing band's own curve changes by a dB: of two cascades that do the same, the nearer one
MOVE = np.array([0.3, 2.0, 0.5])  # octaves, dB, octaves of Q: steps that change about as much
ATOM = -6.0  # dB, of the bands of the dictionary
SHELVES: tuple[Kind, ...] = ("low_shelf", "high_shelf")


@dataclass(frozen=True, slots=True, eq=False)
class Cascade:
    """Bands as the solver has them."""

    kinds: tuple[Kind, ...]
    given: Array  # (n, 3) log2 of Hz, dB, log2 of Q
    sum: Array  # (points,) dB
    lift: Array  # (points,) dB of those alone that lift
    cost: float  # dB^2, the weighted variance left and the penalties

    def without(self, i: int) -> tuple[tuple[Kind, ...], Array]:
        """Kinds and values of the bands but one."""
        return self.kinds[:i] + self.kinds[i + 1 :], np.delete(self.given, i, axis=0)


class Problem:
    """A curve to undo, and within what. `low` and `high` (3,) are bounds as in `Cascade.given`; kinds are those allowed."""

    def __init__(
        self, curve: Array, weight: Array, boost: float, low: Array, high: Array, kinds: Sequence[Kind], rate: float
    ) -> None:
        """Curve (points,) dB and weight (points,) >= 0 on POINTS; boost in dB, rate in Hz."""
        self.curve, self.boost, self.low, self.high, self.rate = curve, boost, low, high, rate
        self.kinds = [kind for kind in kinds if kind == "peaking" or low[2] <= math.log2(SHELF_Q)]
        self.inside = np.flatnonzero(weight > 0)
        self.share = weight / weight.sum()
        self.root = np.sqrt(self.share[self.inside])
        self.at = warped(np.minimum(POINTS, 0.499 * rate), rate)
        self._atoms: tuple[list[Kind], Array, Array, Array] | None = None
        self._home, self._ties = np.zeros((0, 3)), np.zeros((0, 3))  # of the first bands, where they stand

    def tied(self, kinds: Sequence[Kind], given: Array) -> Problem:
        """The same problem where these bands stand already (n, 3): whatever begins with them pays for what they move."""
        other = copy.copy(self)
        slope = levels(kinds, given, self.at, self.rate, slopes=True)[1]
        other._home, other._ties = given, (NEAR * np.abs(slope).max(axis=2)) ** 2
        return other

    def released(self, i: int) -> Problem:
        """The same, where band i does not stand any more."""
        other = copy.copy(self)
        if i < len(self._home):
            other._home, other._ties = np.delete(self._home, i, axis=0), np.delete(self._ties, i, axis=0)
        return other

    def joined(self, i: int, later: int) -> Problem:
        """The same, where a later band has become part of band i: what stands of both stands there."""
        other = self.released(later)
        if later < len(self._home):
            other._home[i, 1] += self._home[later, 1]
        return other

    def bounds(self, kinds: Sequence[Kind]) -> tuple[Array, Array]:
        """Lowest and highest values (n, 3) of bands of these kinds: shelves must not overshoot."""
        low, high = np.tile(self.low, (len(kinds), 1)), np.tile(self.high, (len(kinds), 1))
        for i, kind in enumerate(kinds):
            if kind in SHELVES:
                high[i, 2] = min(high[i, 2], math.log2(SHELF_Q))
        return low, high

    def left(self, total: Array) -> Array:
        """(inside,) what a sum (points,) leaves, its level taken out, times the root of the weight."""
        rest = self.curve + total
        rooted: Array = (rest - self.share @ rest)[self.inside] * self.root
        return rooted

    def cost(self, total: Array, lift: Array, given: Array) -> float:
        """dB^2 of a sum (points,) of these bands (n, 3), of which those that lift come to `lift` (points,)."""
        rest, over, gains = self.left(total), np.maximum(0.0, total - self.boost), given[:, 1]
        heaped = np.maximum(0.0, lift - self.high[1])
        level, away = QUIET * (self.share @ total), given[: len(self._home)] - self._home
        shy = SHY**2 * (gains @ gains) + (self._ties * away * away).sum()
        return float(rest @ rest + level * level + STEEP * (over @ over + heaped @ heaped) + shy)

    def moved(self, kinds: Sequence[Kind], given: Array, rounds: int, fixed: NDArray[np.bool_] | None = None) -> Cascade:
        """Levenberg-Marquardt from `given`, at most so many rounds; `fixed` (n, 3) values stay, even out of bounds."""
        held = np.zeros(given.shape, dtype=bool) if fixed is None else fixed
        low, high = self.bounds(kinds)
        now = np.where(held, given, np.clip(given, low, high))
        scale, damping = np.tile(MOVE, len(kinds)), 1e-2
        level, slope = levels(kinds, now, self.at, self.rate, slopes=True)
        total, lift = level.sum(axis=0), lifted(level)
        cost = self.cost(total, lift, now)
        for _ in range(rounds):
            pull, bend = self._normal(total, lift, slope, now)
            free = (~(held | ((now <= low) & (pull > 0)) | ((now >= high) & (pull < 0)))).ravel()
            if not free.any():
                break
            pull, bend = (pull.ravel() * scale)[free], (bend * scale[:, None] * scale)[np.ix_(free, free)]
            before = cost
            for _ in range(6):
                step = np.zeros(now.size)
                step[free] = -np.linalg.solve(bend + damping * np.diag(np.diag(bend) + 1e-3), pull) * scale[free]
                new = np.where(held, now, np.clip(now + step.reshape(now.shape), low, high))
                level, new_slope = levels(kinds, new, self.at, self.rate, slopes=True)
                new_total, new_lift = level.sum(axis=0), lifted(level)
                cost = self.cost(new_total, new_lift, new)
                if cost < before:
                    break
                damping *= 4
            if cost >= before:
                cost = before
                break
            now, slope, total, lift, damping = new, new_slope, new_total, new_lift, max(damping / 3, 1e-7)
            if before - cost < 1e-4 * before:
                break
        return Cascade(tuple(kinds), now, total, lift, cost)

    def _normal(self, total: Array, lift: Array, slope: Array, now: Array) -> tuple[Array, Array]:
        """Half the gradient of the cost (n, 3) and half its bend (3n, 3n) in the Gauss-Newton sense."""
        flat = slope.reshape(now.size, len(POINTS))
        inside = flat[:, self.inside]
        level = inside @ self.share[self.inside]
        inside = (inside - level[:, None]) * self.root
        pull = inside @ self.left(total) + QUIET**2 * (self.share @ total) * level
        bend = inside @ inside.T + QUIET**2 * np.outer(level, level)
        over = np.flatnonzero(total > self.boost)
        if len(over):
            steep = flat[:, over]
            pull, bend = pull + STEEP * (steep @ (total[over] - self.boost)), bend + STEEP * (steep @ steep.T)
        heaped = np.flatnonzero(lift > self.high[1])
        if len(heaped):
            steep = flat[:, heaped] * np.repeat(now[:, 1] > 0, 3)[:, None]
            pull, bend = pull + STEEP * (steep @ (lift[heaped] - self.high[1])), bend + STEEP * (steep @ steep.T)
        gains = np.arange(1, now.size, 3)
        pull[gains] += SHY**2 * now[:, 1]
        bend[gains, gains] += SHY**2
        count = len(self._home)
        first = np.arange(3 * count)
        pull[first] += (self._ties * (now[:count] - self._home)).ravel()
        bend[first, first] += self._ties.ravel()
        return pull.reshape(now.shape), bend

    def filled(self, kinds: Sequence[Kind], given: Array, bands: int, least: float = 1e-4) -> Cascade:
        """Bands join until there are so many, or the best would take off less than `least` dB^2; all are moved each time."""
        now = self.moved(kinds, given, 6)
        while len(now.kinds) < bands and (best := self._best(now.sum, now.lift, least)) is not None:
            kind, values = best
            now = self.moved((*now.kinds, kind), np.vstack([now.given, values]), 4)
        return self.moved(now.kinds, now.given, 40)

    def _best(self, total: Array, lift: Array, least: float) -> tuple[Kind, Array] | None:
        """The band that takes most off what a sum leaves, with the gain it wants and may have."""
        kinds, values, level, seen = self._dictionary()
        along, own = seen @ self.left(total), np.einsum("ij,ij->i", seen, seen) + 1e-9
        want = np.clip(-along / own, self.high[1] / ATOM, self.low[1] / ATOM)  # in atoms: below 0 it boosts
        above = np.minimum(self.boost - total, self.high[1] - lift) + 0.5
        room = np.min(np.where(level < -0.05, above / -np.minimum(level, -0.05), np.inf), axis=1)
        want = np.maximum(want, -np.maximum(room, 0.0))
        taken = -(2 * want * along + want * want * own)
        best = int(np.argmax(taken))
        if taken[best] < least:
            return None
        return kinds[best], np.array([values[best, 0], want[best] * ATOM, values[best, 2]])

    def _dictionary(self) -> tuple[list[Kind], Array, Array, Array]:
        """Kinds, values (m, 3), levels (m, points), and those as `left` has them (m, inside), of all bands that may join."""
        if self._atoms is None:
            kinds: list[Kind] = []
            values: list[tuple[float, float, float]] = []
            for kind in self.kinds:
                top = self.bounds([kind])[1][0, 2]
                qs = np.arange(self.low[2], top + 1e-9, 0.5)
                for freq in np.arange(self.low[0], self.high[0], 0.25):
                    kinds += [kind] * len(qs)
                    values += [(float(freq), ATOM, float(q)) for q in qs]
            given = np.array(values).reshape(-1, 3)
            level = levels(kinds, given, self.at, self.rate)[0]
            seen = level[:, self.inside]
            self._atoms = kinds, given, level, (seen - (seen @ self.share[self.inside])[:, None]) * self.root
        return self._atoms

    def changed(self, now: Cascade, rounds: int = 3) -> Cascade:
        """One of the two bands that carry least is changed for another wherever that takes a 500th off the cost."""
        for _ in range(rounds):
            level = levels(now.kinds, now.given, self.at, self.rate)[0]
            rises = np.maximum(level, 0.0)
            lack = [
                self.cost(now.sum - level[i], now.lift - rises[i], np.delete(now.given, i, axis=0)) for i in range(len(now.kinds))
            ]
            for i in np.argsort(lack, kind="stable")[:2]:
                other = self.filled(*now.without(int(i)), len(now.kinds))
                if other.cost < 0.998 * now.cost:
                    now = other
                    break
            else:
                return now
        return now


def lifted(level: Array) -> Array:
    """Levels of bands (n, points) -> (points,) dB of those alone that lift."""
    total: Array = np.maximum(level, 0.0).sum(axis=0)
    return total
