"""One cue list at run: where it stands, its own clock that a pause stops, and when its next cue comes by itself.

Times of a list are list times: show time less all pauses, in seconds and in beats. What is due is computed anew from
them whenever the beat or the section changes, so an automatic cue fires at its exact time, between two ticks too.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from showctl.model import ListState
from showctl.plan import Cue, EffectStart, Span
from showctl.show.beatclock import BeatClock
from showctl.show.cuelist import BLANK, Mode, Track
from showctl.show.fade import Bools, Floats, Ints, Moment
from showctl.show.heard import Heard

HISTORY = 32  # so many GOs can be undone to the letter; further back BACK follows the numbers
FRESH = 2.0  # s, a section entered so shortly before a cue became pending still fires it
GRACE = 0.1  # beats after a beat or bar line within which a quantised cue fires at once
RUSH, RUSH_TIME = 100, 1.0  # automatic cues of one list within so many seconds that are a runaway


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A list as it was before a GO."""

    index: int
    owned: Bools  # parameters that this list gave to the stage
    held: Bools  # all that it had a value for
    target: Floats
    stamp: Ints
    effects: Mapping[str, EffectStart]


@dataclass(slots=True, eq=False)
class Playhead:
    """The moving part of one list."""

    row: int
    track: Track
    mode: Mode = Mode.RUNNING
    current: int = BLANK
    pending: int | None = None
    pending_since: float = 0.0  # s
    fired: float = 0.0  # s
    begun: tuple[float, float] = (0.0, 0.0)  # list time of that, in seconds and beats
    last_go: float = -math.inf  # s, for the guard
    automatic: bool = False  # follow and hang of the current cue count
    lag: tuple[float, float] = (0.0, 0.0)  # seconds and beats that all pauses took
    frozen: tuple[float, float] | None = None  # list time while paused
    cue_ends: tuple[float, float] = (-math.inf, -math.inf)  # list times at which the current cue is complete
    fades_end: tuple[float, float] = (-math.inf, -math.inf)  # and at which nothing of this list moves
    history: deque[Snapshot] = field(default_factory=lambda: deque(maxlen=HISTORY))
    due: float = math.inf  # s, when the pending cue fires by itself
    due_by: str = ""
    rush: int = 0
    rush_since: float = -math.inf

    @property
    def cue(self) -> Cue | None:
        """The cue that was fired last."""
        return None if self.current == BLANK else self.track.list.cues[self.current]

    def moment(self, t: float, clock: BeatClock) -> Moment:
        """List time at show time t."""
        seconds, beats = self.frozen or (t - self.lag[0], clock.position(t) - self.lag[1])
        return Moment(seconds, beats, clock.period, clock.beats_per_bar)

    def pause(self, t: float, clock: BeatClock) -> None:
        """Stop the clock of the list."""
        self.frozen = (t - self.lag[0], clock.position(t) - self.lag[1])

    def resume(self, t: float, clock: BeatClock) -> None:
        """Let the clock of the list go on from where it stands."""
        if self.frozen is not None:
            self.lag = (t - self.frozen[0], clock.position(t) - self.frozen[1])
            self.frozen = None

    def stand(self, index: int, pending: int | None, t: float, now: Moment) -> None:
        """Be in this cue from show time t on, which is `now` for the list."""
        self.current, self.pending, self.fired, self.pending_since = index, pending, t, t
        self.begun = (now.seconds, now.beats)

    def show_time(self, ends: tuple[float, float], clock: BeatClock) -> float:
        """The later of a list time in seconds and one in beats, in seconds of show time; -inf for (-inf, -inf)."""
        seconds, beats = ends
        beat_time = clock.time_of(beats + self.lag[1]) if beats > -math.inf else -math.inf
        return max(seconds + self.lag[0], beat_time)

    def reschedule(self, t: float, clock: BeatClock, heard: Heard) -> None:
        """Work out when the pending cue comes by itself, as far as known at time t."""
        self.due, self.due_by = math.inf, ""
        if self.pending is None or self.mode is not Mode.RUNNING:
            return
        if self.automatic and self.cue is not None:
            self._timed(self.cue, clock)
        self._on_section(t, clock, heard)

    def _timed(self, cue: Cue, clock: BeatClock) -> None:
        begun = self.begun[0] + self.lag[0]
        if cue.follow is not None:
            beats = _beats(cue.follow, clock)
            ends = (self.begun[0] + cue.follow.amount, -math.inf) if beats is None else (-math.inf, self.begun[1] + beats)
            self.due, self.due_by = max(begun, self.show_time(ends, clock)), "follow"
        elif cue.hang is not None:
            complete = max(begun, self.show_time(self.cue_ends, clock))
            self.due, self.due_by = max(begun, _later(complete, cue.hang, clock)), "hang"

    def _on_section(self, t: float, clock: BeatClock, heard: Heard) -> None:
        assert self.pending is not None
        when = self.track.list.cues[self.pending].when
        if when is None or heard.section is not when.section or heard.section_since < self.pending_since - FRESH:
            return
        edge = max(heard.section_since, self.pending_since)
        due = edge
        if when.quantise != "none":
            position = clock.position(max(edge, clock.at))
            line = clock.next_beat if when.quantise == "beat" else clock.next_bar
            due = max(edge, clock.time_of(line(position, GRACE)))
        if due < self.due:
            self.due, self.due_by = max(due, t), "section"

    def runs_away(self, t: float) -> bool:
        """Count an automatic cue at time t; whether they come too thick to be meant."""
        if t - self.rush_since > RUSH_TIME:
            self.rush, self.rush_since = 0, t
        self.rush += 1
        return self.rush > RUSH

    def state(self, t: float, clock: BeatClock) -> ListState:
        """What an operator sees."""
        ends = self.show_time(self.fades_end, clock)
        moving = "fading" if ends > t else "idle"
        word = {Mode.PAUSED: "paused", Mode.RELEASED: "released"}.get(self.mode, moving)
        pending = None if self.pending is None else self.track.number(self.pending)
        return ListState(
            name=self.track.list.name,
            current=self.track.number(self.current),
            pending=pending,
            state=word,  # type: ignore[arg-type]
            started=self.fired,
            ends=max(ends, self.fired),
            waiting=self._waiting(),
        )

    def _waiting(self) -> str:
        when = None if self.pending is None else self.track.list.cues[self.pending].when
        if when is not None:
            return f"section {when.section.value}" + ("" if when.quantise == "none" else f", on the {when.quantise}")
        return self.due_by


def _beats(span: Span, clock: BeatClock) -> float | None:
    """A span in beats; None for one in seconds."""
    return None if span.unit == "s" else span.amount * (clock.beats_per_bar if span.unit == "bar" else 1)


def _later(t: float, span: Span, clock: BeatClock) -> float:
    """Show time a span after t. Beats from before the last announcement are counted at the present tempo."""
    beats = _beats(span, clock)
    if beats is None:
        return t + span.amount
    position = clock.position(t) if t >= clock.at else clock.beat - (clock.at - t) * clock.rate
    return clock.time_of(position + beats)
