"""Logistic regression over several classes, the first of which is "no gesture": numpy alone, no chance in it.

Maximum of the penalised likelihood by L-BFGS (Liu and Nocedal 1989; two-loop recursion, Armijo steps). Features are brought to
mean 0 and deviation 1 by the weighted training set, or to less: what is trusted less must say more before it is believed.
Examples have weights, so that ten minutes of nothing do not drown three repetitions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MEMORY = 8


@dataclass(frozen=True, slots=True)
class Classifier:
    """weights (D + 1, C) on features brought to one scale; the last row is the offset."""

    mean: Array
    scale: Array
    weights: Array

    def scores(self, features: Array) -> Array:
        """(k, D) -> (k, C) logarithms of the probability of each class."""
        z = (features - self.mean) * self.scale
        return log_softmax(z @ self.weights[:-1] + self.weights[-1])


def log_softmax(z: Array) -> Array:
    z = z - z.max(1, keepdims=True)
    return np.asarray(z - np.log(np.exp(z).sum(1, keepdims=True)))


def fit(
    features: Array,
    classes: NDArray[np.int64],
    shares: Array,
    count: int,
    penalty: float,
    steps: int,
    trust: Array | float = 1.0,
    start: Classifier | None = None,
) -> Classifier:
    """Features (k, D), classes (k,) from 0 to count - 1, shares (k,) the weight of each; `penalty` on the squared weights, where
    all shares together count 1; `trust` (D,) is the deviation that each feature is brought to. From `start`, whose scale is kept,
    it is not so far."""
    shares = shares / shares.sum()
    if start is None:
        mean = shares @ features
        scale = trust / np.sqrt(shares @ (features - mean) ** 2 + 1e-6)
        begin = np.zeros((features.shape[1] + 1) * count)
    else:
        mean, scale, begin = start.mean, start.scale, start.weights.ravel()
    z = np.ones((len(features), features.shape[1] + 1), np.float32)  # what is 100 times the shares' precision costs half the time
    z[:, :-1] = (features - mean) * scale
    z_turned = np.ascontiguousarray(z.T)
    ridge = np.full((z.shape[1], 1), penalty)
    ridge[-1] = 0
    mine = np.arange(len(z)), classes

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(-1, count)
        logs = log_softmax(z @ weights.astype(np.float32))
        value = -float(shares @ logs[mine]) + 0.5 * float((ridge * weights**2).sum())
        off = np.exp(logs)
        off[mine] -= 1
        slope = z_turned @ (off * shares[:, None]).astype(np.float32) + ridge * weights
        return value, slope.ravel().astype(np.float64)

    return Classifier(mean, scale, least(loss, begin, steps).reshape(-1, count))


def least(loss: Callable[[Array], tuple[float, Array]], at: Array, steps: int) -> Array:
    """Where a smooth convex `loss` (value, slope) is least, from `at`, or near it after so many steps."""
    value, slope = loss(at)
    past: list[tuple[Array, Array, float]] = []
    for _ in range(steps):
        step = -downhill(slope, past)
        if not past:
            step /= max(1.0, float(np.linalg.norm(slope)))
        fall, size = float(step @ slope), 1.0
        new, new_slope = loss(at + step)
        while new > value + 1e-4 * size * fall and size > 1e-6:
            size *= 0.5
            new, new_slope = loss(at + size * step)
        if value - new < 1e-8 * max(1.0, abs(value)):
            break
        moved, bent = size * step, new_slope - slope
        if (product := float(moved @ bent)) > 1e-12:
            past = [*past[-MEMORY + 1 :], (moved, bent, 1 / product)]
        at, value, slope = at + moved, new, new_slope
    return at


def downhill(slope: Array, past: list[tuple[Array, Array, float]]) -> Array:
    """The slope times the inverse curvature that the last steps tell of."""
    way, shares = slope.copy(), []
    for moved, bent, rho in reversed(past):
        shares.append(rho * float(moved @ way))
        way -= shares[-1] * bent
    if past:
        moved, bent, rho = past[-1]
        way /= rho * float(bent @ bent)
    for (moved, bent, rho), share in zip(past, reversed(shares), strict=True):
        way += (share - rho * float(bent @ way)) * moved
    return way
