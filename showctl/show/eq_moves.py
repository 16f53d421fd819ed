"""How a band of an equaliser gets from where it is to where it should be, so that nobody hears it go.

What is heard of a move is how far the band's curve changes, at the frequency where it changes most: that is the move's size, in
dB, and the only measure here. A change of gain is as large as it looks. A change of frequency or Q of a deep band is a jump
although its gain stays, and of a band near 0 dB it is nothing. So a band goes the shorter of two ways: all three in small steps
at once, or down to 0 dB, over to the new frequency, and up again. Kinds change only at 0 dB.

Curves come from outside (`Curve`): a filter's level is the same for a fit, for a console and here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.model import EqBand

Array: TypeAlias = NDArray[np.float64]
Curve: TypeAlias = Callable[[Iterable[EqBand], Array], Array]  # bands, Hz (points,) -> dB (points,) of all of them together
GRID: Array = np.geomspace(20.0, 20_000.0, 480)  # Hz, 48 an octave: between two of them a Q of 8 hides 0.04 dB of 3
_WAY = 4  # pieces of a way that is measured
_NEAR = 2.0  # times the frequency: a band that is farther from another goes by way of 0 dB
SMOOTHEST = 0.05  # dB, no step is smaller


@dataclass(frozen=True, slots=True)
class Slew:
    """A band moves by at most `most` dB within any `within` seconds, and by at most `at_once` in one step."""

    most: float
    within: float
    at_once: float


SHOW = Slew(0.5, 11.0, 0.25)  # half a dB in ten seconds; the eleventh is for what writes are late
QUICK = Slew(1.0, 1.0, 1.0)  # in an empty house
BY_HAND = Slew(6.0, 1.0, 6.0)  # what somebody asked for is to be heard, but does not crack


class Pace:
    """How much each band has moved of late."""

    def __init__(self, bands: int) -> None:
        self._moves: list[deque[tuple[float, float]]] = [deque() for _ in range(bands)]

    def moved(self, band: int, now: float, size: float) -> None:
        """A band moves by `size` dB now (s)."""
        self._moves[band].append((now, size))

    def room(self, band: int, now: float, slew: Slew) -> float:
        """dB that are left of what a band may move within the slew's time."""
        return slew.most - sum(size for t, size in self._moves[band] if now - t < slew.within - 1e-6)

    def left(self, band: int, now: float, slew: Slew, grain: float, share: float = 1.0) -> float:
        """dB that a band may move now: evenly spread steps, as fine as the device has them, at a share of the slew's pace."""
        moves = self._moves[band]
        while len(moves) > 1 and now - moves[0][0] > SHOW.within:
            moves.popleft()
        recent = sum(size for t, size in moves if now - t < slew.within - 1e-6)
        step = max(grain, SMOOTHEST)
        due = slew.at_once
        if moves:
            due = np.floor((now - moves[-1][0]) * share * slew.most / slew.within / step + 0.02) * step
        return float(max(0.0, min(slew.most - recent, max(slew.at_once, grain), due)))


def apart(curve: Curve, one: EqBand, other: EqBand) -> float:
    """dB between two bands where they differ most."""
    if one == other:
        return 0.0
    if one.kind == other.kind == "peaking" and one.freq == other.freq and one.q == other.q:
        return abs(one.gain - other.gain)
    at = np.concatenate([GRID, [one.freq, other.freq]])
    return float(np.abs(curve([one], at) - curve([other], at)).max())


def way(curve: Curve, one: EqBand, other: EqBand) -> float:
    """dB that a band moves altogether on the shorter of the two ways."""
    by_zero = abs(one.gain) + abs(other.gain)
    if one.gain * other.gain <= 0 or not _near(one, other):
        return by_zero
    return min(by_zero, abs(one.gain - other.gain) + _sideways(curve, one, other))


def _near(one: EqBand, other: EqBand) -> bool:
    return one.kind == other.kind and one.freq <= _NEAR * other.freq and other.freq <= _NEAR * one.freq


@lru_cache(maxsize=4096)  # 30 bands against 30, each second: most are as they were
def _sideways(curve: Curve, one: EqBand, other: EqBand) -> float:
    """dB that the change of frequency and Q costs at the smaller of the two gains; inf where it is too far."""
    if one.freq == other.freq and one.q == other.q and one.kind == other.kind:
        return 0.0
    if not _near(one, other):
        return np.inf
    least = replace(one, gain=min(one.gain, other.gain, key=abs))
    stops = [curve([along(least, other, n / _WAY)], GRID) for n in range(_WAY + 1)]
    return float(sum(np.abs(a - b).max() for a, b in pairwise(stops)))


def along(band: EqBand, goal: EqBand, share: float) -> EqBand:
    """A share of the way to another frequency and Q, straight in pitch; all of it is exactly there."""
    if share == 1.0:
        return replace(band, freq=goal.freq, q=goal.q)
    return replace(band, freq=band.freq * (goal.freq / band.freq) ** share, q=band.q * (goal.q / band.q) ** share)


def step(curve: Curve, now: EqBand, goal: EqBand, most: float, grain: float) -> EqBand:
    """The band that is nearest to its goal among those no more than `most` dB from it. Gains in whole grains (dB)."""
    if now == goal or most <= 0:
        return now
    if now.kind == goal.kind and apart(curve, now, goal) <= most + 1e-9:
        return goal
    aside = _sideways(curve, now, goal)
    if abs(now.gain - goal.gain) + aside < abs(now.gain) + abs(goal.gain) or aside == 0.0:
        steps = [replace(now, gain=_towards(now.gain, goal.gain, most, grain)), _farthest(curve, now, goal, most)]
        return min(steps, key=lambda one: apart(curve, one, goal))  # a goal that wanders aside must not starve the gain
    if abs(now.gain) > most + 1e-9:
        return replace(now, gain=_towards(now.gain, 0.0, most, grain))
    return replace(goal, gain=_towards(0.0, goal.gain, most, grain) if now.gain == 0.0 else 0.0)


def _farthest(curve: Curve, now: EqBand, goal: EqBand, most: float) -> EqBand:
    """As far aside as `most` dB let it."""
    low, high = 0.0, 1.0
    if apart(curve, now, along(now, goal, 1.0)) <= most:
        return along(now, goal, 1.0)
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if apart(curve, now, along(now, goal, middle)) <= most else (low, middle)
    return along(now, goal, low)


def _towards(gain: float, goal: float, most: float, grain: float) -> float:
    """Gain (dB) after at most `most`, in whole grains, the goal itself being one."""
    if abs(goal - gain) <= most + 1e-9:
        return goal
    end = gain + (most if goal > gain else -most)
    if grain <= 0:
        return end
    whole = np.floor(end / grain + 1e-6) if goal > gain else np.ceil(end / grain - 1e-6)
    return float(np.clip(whole * grain, min(gain, goal), max(gain, goal)))


def assigned(curve: Curve, bands: list[EqBand], wanted: tuple[EqBand, ...]) -> list[EqBand]:
    """Which wanted band each band becomes, so that little moves; those that none is left for go to 0 dB."""
    costs = sorted((way(curve, b, w) - abs(b.gain), i, j) for i, b in enumerate(bands) for j, w in enumerate(wanted))
    found: dict[int, int] = {}
    for _, i, j in costs:  # a band that is not taken moves to 0, which costs its gain: hence the difference
        if i not in found and j not in found.values():
            found[i] = j
    return [wanted[found[i]] if i in found else replace(b, gain=0.0) for i, b in enumerate(bands)]
