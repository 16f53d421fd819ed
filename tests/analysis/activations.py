"""What a net might say, made for the tests of the decoder: probabilities of beat and downbeat, one a hop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.follow import BeatTracker
from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.model import BeatGrid

Floats = NDArray[np.float64]
DELAY = 0.05  # s after a beat at which its peak stands
PEAK = (0.3, 0.85, 0.3)  # of a beat, hop by hop


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """One element a hop."""

    beat: Floats
    down: Floats


def said(
    beats: Sequence[float] | Floats,
    seconds: float,
    *,
    metre: int = 0,
    seed: int = 0,
    jitter: float = 0.0,
    missed: float = 0.0,
    false: float = 0.0,
) -> Activations:
    """Peaks at `beats` (s), every `metre`-th a downbeat (0: unknown), for so many seconds.

    `jitter`: s, standard deviation; `missed`: share of the beats without a peak; `false`: peaks a second that are none.
    """
    random = np.random.default_rng(seed)
    hops = round(seconds * HOPS_PER_SECOND)
    beat, down = random.uniform(0.001, 0.02, hops), np.zeros(hops)
    stray = random.uniform(0, seconds, random.poisson(false * seconds))
    for n, t in enumerate([*beats, *stray]):
        true = n < len(beats)
        if true and random.uniform() < missed:
            continue
        share = (0.9 if n % metre == 0 else 0.05) if true and metre else 0.25
        at = (t + DELAY + random.normal(0, jitter)) * HOPS_PER_SECOND - 1
        for hop in range(max(0, int(at) - 2), min(hops, int(at) + 4)):
            height = float(np.interp(hop - at, (-2, -1, 0, 1, 2), (0, *PEAK, 0))) * (1.0 if true else random.uniform(0.3, 1))
            beat[hop] = max(beat[hop], height)
            down[hop] = max(down[hop], height * share)
    return Activations(beat, np.minimum(down, beat))


def grids(
    heard: Activations, tracker: BeatTracker | None = None, level: float = -20.0, start: float = 0.0
) -> list[BeatGrid | None]:
    """What the tracker gave in each hop."""
    tracker = tracker or BeatTracker(DELAY)
    times = start + (np.arange(len(heard.beat)) + 1) / HOPS_PER_SECOND
    return [
        tracker.feed(t, level, b, d) for t, b, d in zip(times.tolist(), heard.beat.tolist(), heard.down.tolist(), strict=True)
    ]


def stood(given: Sequence[BeatGrid | None]) -> list[tuple[float, BeatGrid]]:
    """The beats that were not taken back: when each flashes (s), which is when it was told where that came too late; its grid."""
    told: dict[int, tuple[float, BeatGrid]] = {}
    before: BeatGrid | None = None
    for hop, grid in enumerate(given):
        now = (hop + 1) / HOPS_PER_SECOND
        if before is not None and (grid is None or grid.index != before.index) and before.anchor > now:
            told.pop(before.index, None)
        if grid is not None and grid is not before:
            told[grid.index] = max(grid.anchor, now), grid
        before = grid
    return sorted(told.values(), key=lambda one: one[0])


def flashes(given: Sequence[BeatGrid | None]) -> Floats:
    """When (s) lamps flash."""
    return np.array([t for t, _ in stood(given)])


def right(beats: Floats, flash: Floats, within: float = 0.05) -> float:
    """Share of the beats with a flash."""
    return float(np.mean([len(flash) > 0 and np.abs(flash - t).min() < within for t in beats]))
