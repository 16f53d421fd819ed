"""Everyday and dance-like motion of other people, in which no gesture is meant: shipped as null.npz, see NULL.md beside it.

Recordings of a wrist at 50 Hz, acceleration with gravity. A performer whose device takes gravity away gets it without: the slow
part (1 s, twice) is taken out, as those devices' filters do about as well.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Motion = NDArray[np.float64]  # (n, 6) g and deg/s at MOTION_HZ
SLOW = 50  # samples
HEAVY = 0.5  # g: the middle length of acceleration that tells with gravity from without


@cache
def shipped() -> dict[str, list[Motion]]:
    """Recordings of each person, by `source:person`."""
    people: dict[str, list[Motion]] = {}
    with (files(__package__) / "null.npz").open("rb") as opened, np.load(opened) as stored:
        motion = np.cumsum(stored["steps"], axis=0, dtype=np.int32) * stored["unit"]
        ends = np.cumsum(stored["lengths"])
        for name, end, length in zip(stored["people"], ends, stored["lengths"], strict=True):
            people.setdefault(str(name), []).append(motion[end - length : end])
    return people


def has_gravity(motion: Motion) -> bool:
    """Whether the acceleration is what a sensor feels, not what is left without gravity."""
    return bool(np.median(np.linalg.norm(motion[:, :3], axis=1)) > HEAVY)


def without_gravity(motion: Motion) -> Motion:
    """The same with its slow acceleration taken out."""
    slow = motion[:, :3]
    for _ in range(2):
        padded = np.pad(slow, ((SLOW // 2 + 1, SLOW - SLOW // 2 - 1), (0, 0)), mode="reflect" if len(slow) > SLOW else "edge")
        total = np.cumsum(padded, axis=0)
        slow = np.vstack([total[SLOW - 1 : SLOW], total[SLOW:] - total[:-SLOW]])[: len(motion)] / SLOW
    return np.hstack([motion[:, :3] - slow, motion[:, 3:]])
