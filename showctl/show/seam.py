"""The seam between the ear and the engine: what is heard is rounded and thinned here, once, for the live and the offline driver.

Rounding (0.1 ms, 0.1 dB, thousandths) makes what two machines' FFTs hear the same. Thinning makes the log of a night small:
of a hundred hops a second only those enter the engine that say something new (an onset, a kick, another section or one that
is foretold, another beat) and one every INTERVAL. What enters is exactly what is recorded, so that a replay is exact: feed the
engine only what `take` returns, and write down the same.
"""

from __future__ import annotations

from dataclasses import replace

from showctl.model import BeatGrid, Coming, Features
from showctl.units import round_level, round_time

INTERVAL = 0.1  # s
SHIFT = 0.002  # s by which a beat or a foretold section must be moved to be news
SURER = 0.1  # by which the confidence of a foretold section must change


class Seam:
    """Rounds Features and leaves out what says nothing new."""

    def __init__(self) -> None:
        self._last: Features | None = None

    def take(self, features: Features) -> Features | None:
        """The rounded features if they are to enter the engine, else None."""
        rounded = round_features(features)
        if self._last is not None and not _news(self._last, rounded):
            return None
        self._last = rounded
        return rounded


def round_features(f: Features) -> Features:
    """As finely as features may enter the engine."""
    grid = f.grid
    if grid is not None:
        grid = replace(
            grid,
            anchor=round_time(grid.anchor),
            period=round(grid.period, 5),
            confidence=round(grid.confidence, 3),
        )
    coming = f.coming
    if coming is not None:
        coming = replace(coming, time=round_time(coming.time), confidence=round(coming.confidence, 3))
    return replace(
        f,
        time=round_time(f.time),
        level=round_level(f.level),
        bands=tuple(round_level(b) for b in f.bands),
        energy=round(f.energy, 3),
        onset=round(f.onset, 3),
        strikes=(round(f.strikes[0], 3), round(f.strikes[1], 3), round(f.strikes[2], 3)),
        grid=grid,
        sure=round(f.sure, 3),
        coming=coming,
    )


def _news(last: Features, now: Features) -> bool:
    return (
        max(now.onset, *now.strikes) > 0.0
        or now.section is not last.section
        or now.time - last.time >= INTERVAL - 1e-6
        or _another_beat(last.grid, now.grid)
        or _another_fate(last.coming, now.coming)
    )


def _another_beat(last: BeatGrid | None, now: BeatGrid | None) -> bool:
    if last is None or now is None:
        return last is not now
    return last.index != now.index or abs(last.anchor - now.anchor) > SHIFT or last.bar_position != now.bar_position


def _another_fate(last: Coming | None, now: Coming | None) -> bool:
    if last is None or now is None:
        return last is not now
    moved = abs(last.time - now.time) > SHIFT or abs(last.confidence - now.confidence) > SURER
    return moved or last.section is not now.section
