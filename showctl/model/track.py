"""A track of our own: where its beats are, known beforehand, and how the player stands, for whoever shows it.

Times are seconds of the track as it was recorded, whatever its speed when it is played.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# The columns of what was heard of a track: those of Features, in this order, with -1 for no section that is foretold.
HEARD = (
    *("time", "level", "low", "middle", "high", "energy", "onset", "kick", "snare", "hat", "section", "sure"),
    *("coming", "coming_time", "coming_sure"),
)


@dataclass(frozen=True, slots=True, eq=False)
class BeatMap:
    """Every beat of a track, and what an ear would hear of it."""

    beats: NDArray[np.float64]  # (n,) s, rising
    positions: NDArray[np.int64]  # (n,) 1.. in the bar, 0 where it is not known
    beats_per_bar: int = 4
    length: float = 0.0  # s
    heard: NDArray[np.float64] | None = None  # (hops, len(HEARD)), rising in time
    steady: bool = False  # said by a person, not heard

    def with_tempo(self, bpm: float, downbeat: float, beats_per_bar: int) -> BeatMap:
        """The same sound with the beats of a steady tempo: bar 1 begins at `downbeat` (s)."""
        period = 60.0 / bpm
        before = math.floor(downbeat / period)
        count = math.ceil((self.length - downbeat) / period)
        steps = np.arange(-before, max(count, 0), dtype=np.float64)
        return replace(
            self,
            beats=downbeat + period * steps,
            positions=np.where(steps < 0, 0, steps % beats_per_bar + 1).astype(np.int64),
            beats_per_bar=beats_per_bar,
            steady=True,
        )

    def next_beat(self, t: float) -> float | None:
        """The first beat at or after t (s); None after the last."""
        k = int(np.searchsorted(self.beats, t - 1e-6))
        return float(self.beats[k]) if k < len(self.beats) else None

    def next_bar(self, t: float) -> float | None:
        """The first bar line at or after t (s); None after the last."""
        bars = self.bars()
        k = int(np.searchsorted(bars, t - 1e-6))
        return float(bars[k]) if k < len(bars) else None

    def bars(self) -> NDArray[np.float64]:
        """(bars,) s of each bar line: bar 1 is the first."""
        lines: NDArray[np.float64] = self.beats[self.positions == 1]
        return lines

    def bar(self, number: int) -> float | None:
        """Where bar `number` (1..) begins (s); None where the track has no such bar."""
        bars = self.bars()
        return float(bars[number - 1]) if 1 <= number <= len(bars) else None

    def bar_at(self, t: float) -> int:
        """Number of the bar that t (s) lies in, 0 before the first."""
        return int(np.searchsorted(self.bars(), t + 1e-6))


@dataclass(frozen=True, slots=True)
class TrackView:
    """How the tracks stand, for who looks."""

    state: Literal["stopped", "playing", "paused", "stopping"] = "stopped"
    track: str | None = None  # what plays, is paused, or was stopped
    position: float = 0.0  # s of it that are heard at `time`
    time: float = 0.0  # s of show time
    length: float = 0.0  # s, 0 where it is not known
    rate: float = 1.0
    volume: float = 1.0  # 0..1, as the fader stands
    bar: int = 0  # that is heard, 0 where it is not known
    loop: tuple[float, float] | None = None  # s
    standby: str | None = None  # what PLAY would begin
    following: str | None = None  # what comes when this one has ended, by itself
    resume: float | None = None  # s, where a stopped track would go on
    mapped: bool = False  # its beats are known beforehand
    troubles: tuple[tuple[str, str], ...] = ()  # tracks that cannot be played, and why
