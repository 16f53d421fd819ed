"""What a stretch of motion looks like, in numbers for a classifier.

A stretch of any length is averaged into 16 equal bins, so that a gesture done faster or slower looks alike, of each of six axes:
three of acceleration and three of turning, in units of the performer's own gestures. Of these: the course in 8 bins, the path
(what turning adds up to, and velocity), spread and extremes of each axis; how much motion, how long; and how still it was just
before, since a gesture that begins out of stillness is more likely one. All stretches of a call are worked on at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.model import MOTION_HZ

Motion = NDArray[np.float64]  # (n, 6) acceleration in g, then turning in deg/s, at MOTION_HZ
Spans = NDArray[np.int64]  # samples
BINS = 16
BEFORE = 10  # samples before a stretch that are looked at
PARTS = np.repeat([0, 1, 2, 3, 4], [48, 24, 18, 5, 4])  # course, path, spread, amount, what was before: which feature is which
FEATURES = len(PARTS)
SOFT = 0.5  # of its usual size: a turn this slow still counts fully by its direction


@dataclass(frozen=True, slots=True)
class Scale:
    """What is usual in a performer's gestures: RMS of acceleration about its mean (g) and of turning (deg/s)."""

    acceleration: float
    rate: float

    @classmethod
    def of(cls, gestures: list[Motion]) -> Scale:
        """From the moving part of each example."""
        about = np.concatenate([one[:, :3] - one[:, :3].mean(0) for one in gestures])
        turning = np.concatenate([one[:, 3:] for one in gestures])
        return cls(max(0.03, float(np.sqrt((about**2).sum(1).mean()))), max(10.0, float(np.sqrt((turning**2).sum(1).mean()))))

    def __call__(self, motion: Motion) -> NDArray[np.float32]:
        """(n, 6) in these units, large values drawn in: twice as fast is not twice as different."""
        out = motion / ([self.acceleration] * 3 + [self.rate] * 3)
        turn = np.sqrt((out[:, 3:] ** 2).sum(1, keepdims=True))
        out[:, 3:] *= np.log1p(turn / SOFT) / np.maximum(turn, 1e-6)
        return out.astype(np.float32)


def binned(motion: NDArray[np.floating], begins: Spans, ends: Spans, bins: int = BINS) -> NDArray[np.float64]:
    """(k, bins, 6) means of the stretches [begin, end) of `motion` (n, 6), exact for bins of any fraction of a sample."""
    total = np.zeros((len(motion) + 1, motion.shape[1]))
    np.cumsum(motion, axis=0, out=total[1:])
    width = (ends - begins)[:, None] / bins
    at = begins[:, None] + width * np.arange(bins + 1)
    whole = np.minimum(at.astype(np.int64), len(motion) - 1)
    edge = total[whole] + (at - whole)[..., None] * motion[whole]
    return np.diff(edge, axis=1) / width[..., None]


def described(motion: NDArray[np.floating], begins: Spans, ends: Spans) -> NDArray[np.float64]:
    """(k, D) features of the stretches [begin, end) of scaled `motion`; what lies before its first sample counts as its first."""
    course = binned(motion, begins, ends)
    length = ((ends - begins) / MOTION_HZ)[:, None]
    halves = course.reshape(len(course), BINS // 2, 2, motion.shape[1]).mean(2)
    swing = course - course.mean(1, keepdims=True)
    path = np.cumsum(course, 1)[:, 3::4] / BINS * length[..., None] * 2
    turn, push = np.linalg.norm(course[:, :, 3:], axis=2), np.linalg.norm(swing[:, :, :3], axis=2)
    before = binned(motion, np.maximum(begins - BEFORE, 0), np.maximum(begins, 1), 1)[:, 0]
    speed = np.linalg.norm(motion[:, 3:], axis=1)[:, None]
    rush = binned(speed, np.maximum(begins - BEFORE, 0), np.maximum(begins, 1), 1)[:, 0]
    flat = [halves, path, swing.std(1), swing.min(1), swing.max(1)]
    flat += [turn.mean(1), turn.max(1), push.mean(1), push.max(1), np.log(length) * 2]
    flat += [np.log(rush + 0.1), before[:, :3] - course[:, 0, :3]]
    return np.hstack([part.reshape(len(course), math.prod(part.shape[1:])) for part in flat])
