"""How far a stretch of motion is from each of a performer's gestures, and how far that usually is.

A linear classifier alone takes whatever lies far out on the right side; these say how near it is to where the examples lie. Four
distances a gesture, each of its own part of the features: course, path, spread, and amount with duration. And a fifth, to the
nearest example as it was shown: its course and path of turning, at whatever pace and size, by dynamic time warping (in steps like
those of warping.py). Three examples are too few to say how repetitions differ in time; the warping need not be told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.gesture.features import BINS, PARTS, Spans, binned
from showctl.model import MOTION_HZ

Array = NDArray[np.float64]
Drawn = NDArray[np.float32]
GROUPS = 4
FLOOR = 0.1  # of a squared distance in deviations: nearer than this tells nothing
WEIGHT = 1.5  # brings the logarithms to the spread of the other features
PATH = 4.0  # what turning adds up to in a second, as much as the turning itself
SLOW = 0.3  # of the usual turning: what turns no faster is not made larger
SKIP = 0.5  # of its distance, that a bin of an example costs which is passed over
WARPED_FLOOR, WARPED_WEIGHT = 0.05, 2.0
ODD = 2.5  # times as far from its nearest as the others usually are from theirs: an example that is unlike them
FAR = np.float32(1e6)
MANY = 500  # stretches that are warped at a time: what they need fits a cache


def drawn(motion: NDArray[np.floating], begins: Spans, ends: Spans) -> Drawn:
    """(k, 16, 9) course and path of turning of the stretches [begin, end) of scaled `motion`, brought to one size."""
    course = binned(motion, begins, ends)
    seconds = ((ends - begins) / MOTION_HZ)[:, None, None]
    path = np.cumsum(course[:, :, 3:], 1) / BINS * seconds * PATH
    size = np.sqrt((course[:, :, 3:] ** 2).sum((1, 2), keepdims=True) / BINS)
    return np.asarray(np.concatenate([course, path - path.mean(1, keepdims=True)], 2) / np.maximum(size, SLOW), np.float32)


def warped(some: Drawn, examples: Drawn) -> Drawn:
    """(k, 16, F), (J, 16, F) -> (k, J) mean squared distances along the cheapest path from one of the first two bins to one of
    the last two, each bin of a stretch going on by none, one or two of the example's."""
    flat, square = examples.reshape(-1, examples.shape[2]).T, (examples**2).sum(2)
    out = np.empty((len(some), len(examples)), np.float32)
    for first in range(0, len(some), MANY):
        part = some[first : first + MANY]
        cross = (part.reshape(-1, part.shape[2]) @ flat).reshape(len(part), BINS, *square.shape)
        own = (part**2).sum(2)[:, :, None, None] + square - 2 * cross
        cost = np.full((len(part), len(examples), BINS + 2), FAR)  # two more than bins: what would come from before
        cost[:, :, 2:4] = own[:, 0, :, :2]
        for at in range(1, BINS):
            now = own[:, at]
            best = np.minimum(cost[:, :, 2:], cost[:, :, 1:-1])
            two = cost[:, :, :-2].copy()
            two[:, :, 1:] += SKIP * now[:, :, :-1]
            cost[:, :, 2:] = np.minimum(best, two) + now
        out[first : first + MANY] = cost[:, :, -2:].min(2) / BINS
    return out


@dataclass(frozen=True, slots=True)
class Likeness:
    """middle (C, D) of each gesture, spread (D,) within gestures, of features.described; examples (J, 16, 9) as `drawn`, and
    whose each is (J,)."""

    middle: Array
    spread: Array
    examples: Drawn
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, described: Array, gestures: NDArray[np.int64], count: int, examples: Drawn, owner: NDArray[np.int64]) -> Likeness:
        """From repetitions (k, D) and whose they are (k,), and the examples as they were shown."""
        middle = np.stack([described[gestures == one].mean(0) for one in range(count)])
        within = np.sqrt(((described - middle[gestures]) ** 2).mean(0))
        return cls(middle, within + 0.15 * described.std(0) + 1e-3, examples, owner)

    def odd(self) -> list[int | None]:
        """Of each gesture the example, by its place among them, that is unlike all others while these are alike; None where there
        is none, or are fewer than three."""
        return [_odd(self.examples[self.owner == one]) for one in range(len(self.middle))]

    def __call__(self, described: Array, some: Drawn) -> Array:
        """(k, D) and (k, 16, 9) of stretches -> (k, 5 C) logarithms of mean squared distances."""
        out = []
        for group in range(GROUPS):
            inside = group == PARTS
            off = (described[:, None, inside] - self.middle[None, :, inside]) / self.spread[inside]
            out.append(WEIGHT * np.log((off**2).mean(2) + FLOOR))
        far = warped(some, self.examples)
        nearest = np.stack([far[:, self.owner == one].min(1) for one in range(len(self.middle))], 1)
        return np.hstack([*out, WARPED_WEIGHT * np.log(np.maximum(nearest, 0) + WARPED_FLOOR)])


def _odd(examples: Drawn) -> int | None:
    if len(examples) < 3:
        return None
    far = warped(examples, examples)
    far = np.maximum(far + far.T, 0) / 2 + WARPED_FLOOR
    np.fill_diagonal(far, np.inf)
    nearest = far.min(1)
    one = int(nearest.argmax())
    return one if nearest[one] > ODD * np.median(np.delete(nearest, one)) else None
