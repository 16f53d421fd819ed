"""The one beat of the show: what a tracker announces, made into a position that only ever runs forward.

A tracker says "beat 17 will fall at 9.312 s, the next one 0.484 s later" and may change its mind. Effects, beat-timed fades
and quantised cues need one number, beats since the show began, that is continuous, never goes back and is a function of time
alone between two announcements, so that it does not matter when it is looked at. BeatClock is that number: a straight run
from where the position is to the announced beat, then onwards at the announced tempo.

The run is never slower than half and never faster than twice the tempo: a beat that is re-anchored is reached by walking, so
that no whole beat is crossed twice, and two are never crossed within half a period.

Without an announcement the clock coasts at its last tempo (120 at first) and beat-timed fades go on. Whether one may FLASH to
it is `gain`: full for COAST beats after the last trusted announcement, then down to nothing over FADE beats; after a loss it
comes back with a whole beat, not in the middle of one. Taps of the operator stand above the ear for TAP_HOLDS beats, and are
trusted for TAP_TRUST beats.

Units: seconds of show time, beats. Positions are counted from 0 at show time 0 and have nothing to do with the tracker's
index except by a whole number that is chosen to keep them together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from showctl.model import BeatGrid

TRUST = 0.1  # confidence below which an announced grid counts as no grid
COAST = 4.0  # beats of full trust after the last announcement
FADE = 1.0  # beats from full trust to none
SLOWEST, FASTEST = 0.5, 2.0  # bounds of the run to an announced beat, times the tempo
TAP_HOLDS = 8.0  # beats for which the ear does not contradict the operator
TAP_TRUST = 64.0  # beats for which tapped beats may flash
TAP_GAPS = (0.2, 2.0)  # s between two taps that belong together: 300 to 30 bpm
TAPS = 8  # so many of the last taps give the tempo


@dataclass(frozen=True, slots=True)
class BeatClock:
    """Position of the beat as a function of time: from (at, beat) to (meet, met), then at `rate`."""

    at: float = 0.0  # s
    beat: float = 0.0
    meet: float = 0.0  # s
    met: float = 0.0
    slope: float = 2.0  # beats a second up to `meet`
    rate: float = 2.0  # beats a second after it
    offset: int = 0  # our position less the tracker's index
    origin: int = 0  # a position on which a bar begins
    beats_per_bar: int = 4
    trusted: float = -math.inf  # position up to which the beat was confirmed
    back: float = math.inf  # position from which flashing is allowed again after a loss
    confidence: float = 0.0  # of the last announcement, 0 where there is none
    taps: tuple[float, ...] = ()
    held_until: float = -math.inf  # s, until when taps stand above the ear
    grid: BeatGrid | None = None  # the announcement that the run follows

    @property
    def bpm(self) -> float:
        """Tempo in beats a minute."""
        return 60.0 * self.rate

    @property
    def period(self) -> float:
        """Seconds a beat."""
        return 1.0 / self.rate

    def position(self, t: float) -> float:
        """Beats at time t (not before `at`, the last announcement)."""
        if t < self.meet:
            return min(self.met, self.beat + (t - self.at) * self.slope)
        return self.met + (t - self.meet) * self.rate

    def time_of(self, position: float) -> float:
        """When the position is reached, as far as known now; `at` for all that lies behind it."""
        if position <= self.beat:
            return self.at
        if position < self.met:
            return self.at + (position - self.beat) / self.slope
        return self.meet + (position - self.met) / self.rate

    def gain(self, position: float) -> float:
        """0..1, how far the beat may be shown as flashes at this position."""
        if position < self.back:
            return 0.0
        return min(1.0, max(0.0, 1.0 - (position - self.trusted - COAST) / FADE))

    @property
    def lost_at(self) -> float:
        """When (s) nothing flashes any more unless a beat is announced; inf where none is trusted."""
        return self.time_of(self.trusted + COAST + FADE) if self.trusted > -math.inf else math.inf

    def next_beat(self, position: float, grace: float = 0.0) -> float:
        """The first whole beat at or after the position, or the one that passed at most `grace` beats ago."""
        return max(position, float(math.ceil(position - grace)))

    def next_bar(self, position: float, grace: float = 0.0) -> float:
        """The first bar line at or after the position, or the one that passed at most `grace` beats ago."""
        bars = math.ceil((position - grace - self.origin) / self.beats_per_bar)
        return max(position, float(self.origin + bars * self.beats_per_bar))

    def heard(self, t: float, grid: BeatGrid | None) -> BeatClock:
        """The clock after the ear spoke at time t. The same object where nothing is new."""
        if grid is None or not _sound(grid) or grid.confidence < TRUST:
            return self if self.confidence == 0.0 or t < self.held_until else replace(self, confidence=0.0, grid=None)
        if t < self.held_until:
            return self
        clock = self if grid == self.grid else self._follow(t, grid)
        return clock._trust(clock.position(t), 0.0, grid.confidence)

    def tapped(self, t: float) -> BeatClock:
        """The clock after the operator tapped at time t: from the second tap on this is the beat."""
        low, high = TAP_GAPS
        if self.taps and t - self.taps[-1] < low:
            return self
        taps = (*self.taps, t)[-TAPS:] if self.taps and t - self.taps[-1] <= high else (t,)
        if len(taps) == 1:
            return replace(self, taps=taps)
        period = (taps[-1] - taps[0]) / (len(taps) - 1)
        p = self.position(t)
        grid = BeatGrid(anchor=t, index=round(p) - self.offset, period=period, confidence=1.0)
        clock = replace(self._follow(t, grid), taps=taps, held_until=t + TAP_HOLDS * period)
        return clock._trust(p, TAP_TRUST - COAST, 1.0)

    def _follow(self, t: float, grid: BeatGrid) -> BeatClock:
        """From where the position is at time t, walk to the line that the grid draws."""
        p, rate = self.position(t), 1.0 / grid.period
        expected = p + (grid.anchor - t) * self.rate
        offset = self.offset
        if abs(grid.index + offset - expected) > 0.5:  # another song, or a tracker that began anew: the nearest beat will do
            offset = round(expected - grid.index)
        ahead = 0 if grid.anchor > t else math.floor((t - grid.anchor) / grid.period) + 1
        goal, goal_beat = grid.anchor + ahead * grid.period, float(grid.index + offset + ahead)
        slope, meet, met = _walk(t, p, goal, goal_beat, rate)
        clock = replace(self, at=t, beat=p, slope=slope, meet=meet, met=met, rate=rate, offset=offset, grid=grid)
        if grid.bar_position > 0:
            first = grid.index + offset - (grid.bar_position - 1)
            clock = replace(clock, origin=first % grid.beats_per_bar, beats_per_bar=grid.beats_per_bar)
        return clock

    def _trust(self, p: float, further: float, confidence: float) -> BeatClock:
        """Confirmed at position p, and `further` beats beyond it."""
        lost = p > self.trusted + COAST
        back = float(math.ceil(p)) if lost else self.back
        return replace(self, trusted=max(p + further, self.trusted), back=back, confidence=confidence)


def _walk(t: float, p: float, goal: float, goal_beat: float, rate: float) -> tuple[float, float, float]:
    """The run from (t, p) to the line through (goal, goal_beat): its slope, and when and where it meets the line.

    It meets the line at the goal itself where that is allowed, else as soon as allowed.
    """
    slope = (goal_beat - p) / max(goal - t, 1e-6)
    if SLOWEST * rate <= slope <= FASTEST * rate:
        return slope, goal, goal_beat
    slope = SLOWEST * rate if slope < rate else FASTEST * rate
    error = goal_beat - (goal - t) * rate - p  # beats that the line is ahead of us at t
    wait = max(0.0, error / (slope - rate))
    return slope, t + wait, p + slope * wait


def _sound(grid: BeatGrid) -> bool:
    """Whether a grid can be followed at all: finite, and between 10 and 1000 beats a minute."""
    numbers = math.isfinite(grid.anchor) and math.isfinite(grid.period) and math.isfinite(grid.confidence)
    return numbers and 0.06 <= grid.period <= 6.0 and grid.beats_per_bar >= 1 and abs(grid.index) < 2**53
