"""The one beat of the show: what a tracker announces, made into a position that only ever runs forward.

A tracker says "beat 17 will fall at 9.312 s, the next one 0.484 s later" and may change its mind. Effects, beat-timed fades
and quantised cues need one number, beats since the show began, that is continuous, never goes back and is a function of time
alone between two announcements, so that it does not matter when it is looked at. BeatClock is that number: a straight run
from where the position is to the announced beat, then onwards at the announced tempo.

The run is never slower than half and never faster than twice the tempo: a beat that is re-anchored is reached by walking, so
that no whole beat is crossed twice, and two are never crossed within half a period. Where the ear takes over from a hand it is
pulled in by a GENTLE part of the tempo instead.

Without an announcement the clock coasts at its last tempo (120 at first) and beat-timed fades go on. Whether one may FLASH to
it is `gain`: full for COAST beats after the last trusted announcement, then down to nothing over FADE beats; after a loss it
comes back with a whole beat, not in the middle of one.

An operator stands above the ear. What is heard is bent by a `BeatHelp` (nudge, octaves, bar). TAPS are the beat themselves until
the ear has agreed with them for AGREES beats, in whatever octave, or for TAP_HOLDS beats; a single tap says where the beat is,
and holds for as long as another may come. LOCK freezes the line: the clock runs on by itself, trusted, until it is unlocked.

Units: seconds of show time, beats. Positions are counted from 0 at show time 0; the tracker's index times 2 to the octaves, plus
`offset`, is our position. Times are those of light: who calls has put what is heard earlier by the latency of sound and lamps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from showctl.model import BeatGrid
from showctl.show.beathelp import NOTHING, TAP_GAPS, BeatHelp, octaves_between, tapped_line, with_tap

TRUST = 0.1  # confidence below which an announced grid counts as no grid
COAST = 4.0  # beats of full trust after the last announcement
FADE = 1.0  # beats from full trust to none
SLOWEST, FASTEST = 0.5, 2.0  # bounds of the run to an announced beat, times the tempo
GENTLE = 0.125  # share of the tempo by which the run differs at most while the ear takes over
EASE = 8.0  # beats in which it does
TAP_HOLDS = 64.0  # beats for which the ear does not contradict the operator, and for which tapped beats may flash
AGREES, PHASE = 3, 0.15  # so many beats in a row the ear must be within so many beats of the tapped ones

Source = Literal["none", "ear", "tap", "lock"]


@dataclass(frozen=True, slots=True)
class BeatClock:
    """Position of the beat as a function of time: from (at, beat) to (meet, met), then at `rate`."""

    at: float = 0.0  # s
    beat: float = 0.0
    meet: float = 0.0  # s
    met: float = 0.0
    slope: float = 2.0  # beats a second up to `meet`
    rate: float = 2.0  # beats a second after it
    offset: float = 0.0  # our position less the tracker's index times 2 to the octaves
    origin: int = 0  # a position on which a bar begins
    beats_per_bar: int = 4
    trusted: float = -math.inf  # position up to which the beat was confirmed
    back: float = math.inf  # position from which flashing is allowed again after a loss
    confidence: float = 0.0  # of the last announcement, 0 where there is none
    taps: tuple[float, ...] = ()
    held_until: float = -math.inf  # s, until when taps stand above the ear
    grid: BeatGrid | None = None  # the announcement that the run follows
    apart: BeatGrid | None = None  # what the ear says while the run does not follow it
    agreed: tuple[int, int] = (0, 0)  # so many beats in a row the ear has said what was tapped; index of the last
    locked: bool = False
    easing: float = -math.inf  # s, until when the ear only pulls gently
    help: BeatHelp = NOTHING

    @property
    def bpm(self) -> float:
        """Tempo in beats a minute."""
        return 60.0 * self.rate

    @property
    def period(self) -> float:
        """Seconds a beat."""
        return 1.0 / self.rate

    @property
    def run(self) -> tuple[float, ...]:
        """All that says when a beat or a bar is reached. `at` alone does not tell two of them apart: late grids share it."""
        return self.at, self.beat, self.meet, self.met, self.slope, self.rate, self.origin, self.beats_per_bar

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
        if self.locked:
            return 1.0
        return min(1.0, max(0.0, 1.0 - (position - self.trusted - COAST) / FADE))

    @property
    def lost_at(self) -> float:
        """When (s) nothing flashes any more unless a beat is announced; -inf where none was trusted yet."""
        if self.locked:
            return math.inf
        return self.time_of(self.trusted + COAST + FADE) if self.trusted > -math.inf else -math.inf

    def by_hand(self, t: float) -> bool:
        """Whether the ear is not followed at time t, because of taps or the lock."""
        return self.locked or t < self.held_until

    def source(self, t: float) -> Source:
        """Where the beat comes from."""
        if self.locked:
            return "lock"
        return "tap" if t < self.held_until else "ear" if self.grid is not None else "none"

    def next_beat(self, position: float, grace: float = 0.0) -> float:
        """The first whole beat at or after the position, or the one that passed at most `grace` beats ago."""
        return max(position, float(math.ceil(position - grace)))

    def next_bar(self, position: float, grace: float = 0.0) -> float:
        """The first bar line at or after the position, or the one that passed at most `grace` beats ago."""
        bars = math.ceil((position - grace - self.origin) / self.beats_per_bar)
        return max(position, float(self.origin + bars * self.beats_per_bar))

    # --- the ear -----------------------------------------------------------------------------------------------------

    def heard(self, t: float, grid: BeatGrid | None) -> BeatClock:
        """The clock after the ear spoke at time t. The same object where nothing is new."""
        if grid is None or not _sound(grid) or grid.confidence < TRUST:
            return self._unheard(t)
        if self.by_hand(t):
            clock = self._overheard(t, grid)
            if self.locked or clock.agreed[0] < AGREES:
                return clock
            return clock._agree(t, grid)
        if grid == self.grid:
            return self._trust(self.position(t), 0.0, grid.confidence)
        clock = self if self.apart is None else self._eased(t)
        clock = clock._listen(t, grid)
        return clock._trust(clock.position(t), 0.0, grid.confidence)

    def _unheard(self, t: float) -> BeatClock:
        if self.by_hand(t):
            return self if self.apart is None else replace(self, apart=None, agreed=(0, 0))
        return self if self.confidence == 0.0 else replace(self, confidence=0.0, grid=None)

    def _listen(self, t: float, grid: BeatGrid) -> BeatClock:
        """Follow a grid, in the octave that people want."""
        before, bent = self.help.octaves, self.help.heard(60.0 / grid.period)
        clock = replace(self, help=bent)
        if bent.octaves != before:
            tempo = 60.0 * 2.0**bent.octaves / grid.period
            clock = clock._times(t, octaves_between(self.bpm, tempo) or 0)._refer(t, grid)
        return clock._follow(t, grid)

    def _overheard(self, t: float, grid: BeatGrid) -> BeatClock:
        """Keep what the ear says while a hand has the beat, and count the beats for which it agrees."""
        if grid == self.apart:
            return self
        count, index = self.agreed
        if not self._agrees(t, grid):
            count = 0
        elif count == 0 or grid.index != index:
            count += 1
        return replace(self, apart=grid, grid=None, agreed=(count, grid.index))

    def _agrees(self, t: float, grid: BeatGrid) -> bool:
        """Whether a grid has the beats of the run, in whatever octave."""
        octaves = octaves_between(60.0 / grid.period, self.bpm)
        if octaves is None:
            return False
        at = self.position(t) + (grid.anchor + self.help.nudge - t) * self.rate
        return abs(at - _near(at, octaves)) <= PHASE * min(1.0, 2.0**octaves)

    def _agree(self, t: float, grid: BeatGrid) -> BeatClock:
        """The ear takes over what was tapped: its octave stays as it was tapped."""
        heard = 60.0 / grid.period
        clock = replace(self._eased(t), held_until=-math.inf, help=self.help.agreed(heard, octaves_between(heard, self.bpm) or 0))
        clock = clock._refer(t, grid)._follow(t, grid)
        return clock._trust(clock.position(t), 0.0, grid.confidence)

    def _eased(self, t: float) -> BeatClock:
        """From now on the ear is followed again, gently at first."""
        return replace(self, apart=None, agreed=(0, 0), easing=t + EASE * self.period)

    # --- hands -------------------------------------------------------------------------------------------------------

    def tapped(self, t: float, lag: float = 0.0) -> BeatClock:
        """The clock after the operator tapped at time t: the first says where the beat is, from the second on also how fast.

        `lag` is how long (s) lamps take, whose light is to be on the tapped beat.
        """
        taps = with_tap(self.taps, t)
        if taps == self.taps:
            return self
        p = self.position(t)
        if len(taps) == 1:
            clock = self._onto(t, t - lag, self._nearest(t - lag), self.rate)
            return replace(clock, taps=taps, held_until=max(self.held_until, t + TAP_GAPS[1]), grid=None)
        at, period = tapped_line(taps)
        beat = round(p - (t - at + lag) / period)
        clock = self._onto(t, at - lag, beat, 1.0 / period)
        clock = replace(clock, taps=taps, held_until=t + TAP_HOLDS * period, grid=None, agreed=(0, 0))
        return clock._trust(p, TAP_HOLDS - COAST, 1.0)

    def nudged(self, t: float, by: float) -> BeatClock:
        """Later by so many seconds (earlier below 0), also than what will be heard."""
        clock = replace(self, help=replace(self.help, nudge=round(self.help.nudge + by, 4)))
        if self.grid is not None and not self.by_hand(t):
            return clock._follow(t, self.grid)
        return clock._onto(t, self.meet + by, self.met, self.rate)

    def multiplied(self, t: float, octaves: int) -> BeatClock:
        """Twice as fast (+1) or half (-1), also than what will be heard; a bar line stays one."""
        bent = replace(self.help, asked=self.help.asked + octaves)
        clock = replace(self._times(t, octaves), help=bent, taps=())
        if self.grid is not None and not self.by_hand(t):
            return clock._refer(t, self.grid)._follow(t, self.grid)
        return clock

    def on_downbeat(self, t: float, lag: float = 0.0) -> BeatClock:
        """The beat nearest to time t, as it is heard, is the first of a bar; `lag` as for taps."""
        beat = round(self._nearest(t - lag))
        shift = None
        if self.grid is not None and self.grid.bar_position > 0 and not self.by_hand(t):
            shift = ((self.help.shift or 0) + beat - self.origin) % self.beats_per_bar
        return replace(self, origin=beat % self.beats_per_bar, help=replace(self.help, downbeat=True, shift=shift))

    def lock(self, t: float) -> BeatClock:
        """Tempo and phase stay as they are."""
        if self.locked:
            return self
        clock = self._trust(self.position(t), 0.0, self.confidence)
        return replace(clock, locked=True, grid=None, apart=self.grid if self.apart is None else self.apart)

    def unlock(self, t: float) -> BeatClock:
        """The ear is followed again, taps or not."""
        return self._to_ear(t, self.help) if self.locked else self

    def free(self, t: float) -> BeatClock:
        """The ear alone: nothing of what hands have said counts any more."""
        return self._to_ear(t, self.help.forgotten())

    def _to_ear(self, t: float, bent: BeatHelp) -> BeatClock:
        p, grid = self.position(t), self.apart if self.apart is not None else self.grid
        octaves = bent.octaves - self.help.octaves
        followed = self.grid is not None and not self.by_hand(t)
        clock = replace(self._eased(t), taps=(), held_until=-math.inf, locked=False, help=bent, grid=None)
        clock = replace(clock, trusted=p if self.locked else min(p, self.trusted))
        if followed:
            clock = clock._times(t, octaves)
        if grid is None:
            return clock
        clock = clock._refer(t, grid)._listen(t, grid)
        return clock._trust(p, 0.0, grid.confidence)

    def hinted(self, t: float, tempo: tuple[float, float] | None) -> BeatClock:
        """Another cue says another range of tempo (bpm), or none."""
        if tempo == self.help.tempo:
            return self
        bent = self.help.within(tempo)
        clock = replace(self, help=bent)
        if self.by_hand(t) or bent.octaves == self.help.octaves:
            return clock
        clock = clock._times(t, bent.octaves - self.help.octaves)
        return clock if self.grid is None else clock._refer(t, self.grid)._follow(t, self.grid)

    def new_song(self) -> BeatClock:
        """Silence: what was said of the last song does not hold for the next. A lock does."""
        return replace(
            self, help=replace(NOTHING, tempo=self.help.tempo), taps=(), held_until=-math.inf, grid=None, confidence=0.0
        )

    # --- the run -----------------------------------------------------------------------------------------------------

    def _nearest(self, t: float) -> float:
        """The whole beat nearest to time t on the line of the run."""
        return float(round(self.position(max(t, self.at)) - max(0.0, self.at - t) * self.rate))

    def _times(self, t: float, octaves: int) -> BeatClock:
        """The run at another octave: the bar line before t stays where it is, and is one."""
        if octaves == 0:
            return self
        rate, bar = self.rate * 2.0**octaves, self.beats_per_bar
        x = self.met + (t - self.meet) * self.rate
        line = self.origin + bar * math.floor((x - self.origin) / bar)
        at = self.meet + (line - self.met) / self.rate
        shift = round(self.position(t) - line - (t - at) * rate)
        return replace(self._onto(t, at, line + shift, rate), origin=(self.origin + shift) % bar)

    def _refer(self, t: float, grid: BeatGrid) -> BeatClock:
        """Count the tracker's beats anew, so that its nearest ones are those of the run."""
        octaves = self.help.octaves
        expected = self.position(t) + (grid.anchor + self.help.nudge - t) * self.rate
        return replace(self, offset=_near(expected - grid.index * 2.0**octaves, octaves))

    def _follow(self, t: float, grid: BeatGrid) -> BeatClock:
        """From where the position is at time t, walk to the line that the grid draws."""
        octaves = self.help.octaves
        scale = 2.0**octaves
        period, anchor, p = grid.period / scale, grid.anchor + self.help.nudge, self.position(t)
        expected = p + (anchor - t) * self.rate
        offset = self.offset
        if abs(grid.index * scale + offset - expected) > 0.5:  # another song, or a tracker that began anew: the nearest will do
            offset = _near(expected - grid.index * scale, octaves)
        clock = replace(self._onto(t, anchor, grid.index * scale + offset, 1.0 / period, period), offset=offset, grid=grid)
        return clock if grid.bar_position <= 0 else clock._bars(grid, scale)

    def _bars(self, grid: BeatGrid, scale: float) -> BeatClock:
        """Where bars begin, as the tracker has it, or so many beats after that as a hand has said."""
        bar, bent = grid.beats_per_bar, self.help
        first = (grid.index - (grid.bar_position - 1)) * scale + self.offset
        lines = [
            first + i * bar * scale for i in range(max(1, round(1.0 / scale)))
        ]  # of the slower bars one is as good as another
        found = [int(line) % bar for line in lines if line.is_integer()]
        if not found:  # its bars begin between two of our beats
            return replace(self, beats_per_bar=bar)
        if not bent.downbeat:
            return replace(self, origin=self.origin if self.origin in found else found[0], beats_per_bar=bar)
        if bent.shift is None or bar != self.beats_per_bar:
            bent = replace(bent, shift=(self.origin - found[0]) % bar)
        shifted = [(one + (bent.shift or 0)) % bar for one in found]
        return replace(self, origin=self.origin if self.origin in shifted else shifted[0], beats_per_bar=bar, help=bent)

    def _onto(self, t: float, at: float, beat: float, rate: float, period: float | None = None) -> BeatClock:
        """From where the position is at time t, walk to the line through (at, beat)."""
        period = 1.0 / rate if period is None else period
        first = math.ceil(beat)
        at += (first - beat) * period
        ahead = 0 if at > t else math.floor((t - at) / period) + 1
        bounds = (1.0 - GENTLE, 1.0 + GENTLE) if t < self.easing else (SLOWEST, FASTEST)
        p = self.position(t)
        slope, meet, met = _walk(t, p, at + ahead * period, float(first + ahead), rate, bounds)
        return replace(self, at=t, beat=p, slope=slope, meet=meet, met=met, rate=rate)

    def _trust(self, p: float, further: float, confidence: float) -> BeatClock:
        """Confirmed at position p, and `further` beats beyond it."""
        lost = p > self.trusted + COAST
        back = float(math.ceil(p)) if lost else self.back
        return replace(self, trusted=max(p + further, self.trusted), back=back, confidence=confidence)


def _near(x: float, octaves: int) -> float:
    """The nearest position that a heard beat may have: a whole one, at half tempo also one between two."""
    step = min(1.0, 2.0**octaves)
    return round(x / step) * step


def _walk(
    t: float, p: float, goal: float, goal_beat: float, rate: float, bounds: tuple[float, float]
) -> tuple[float, float, float]:
    """The run from (t, p) to the line through (goal, goal_beat): its slope, and when and where it meets the line.

    It meets the line at the goal itself where that is allowed, else as soon as allowed; `bounds` are times the tempo.
    """
    slowest, fastest = bounds
    slope = (goal_beat - p) / max(goal - t, 1e-6)
    if slowest * rate <= slope <= fastest * rate:
        return slope, goal, goal_beat
    slope = slowest * rate if slope < rate else fastest * rate
    error = goal_beat - (goal - t) * rate - p  # beats that the line is ahead of us at t
    wait = max(0.0, error / (slope - rate))
    return slope, t + wait, p + slope * wait


def _sound(grid: BeatGrid) -> bool:
    """Whether a grid can be followed at all: finite, and between 10 and 1000 beats a minute."""
    numbers = math.isfinite(grid.anchor) and math.isfinite(grid.period) and math.isfinite(grid.confidence)
    return numbers and 0.06 <= grid.period <= 6.0 and grid.beats_per_bar >= 1 and abs(grid.index) < 2**53
