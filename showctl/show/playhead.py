"""One cue list at run: where it stands, and what it does next by itself.

Times of a list are list times (`listclock`): a pause stops them, a rate stretches them. What is due is computed anew from
them whenever the beat, the section or the list changes, so an automatic cue fires at its exact time, between two ticks too.

Four things come by themselves: a cue by its follow, hang, section or time code; the completion of a cue that hangs, from which
the hang is counted; and marks, the moves of the pending cue that wait for the dark (`mark`).

A cue fires by time code when its time is reached or passed, once: `reached` is up to where that was seen to. So what a hand took
back stays back, and what a hand has gone beyond is passed over, until time code jumps: then the list goes to where it belongs.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from showctl.model import ListState, Section
from showctl.plan import Cue, EffectStart, Span
from showctl.show.beatclock import BeatClock
from showctl.show.cuelist import BLANK, Mode, Track
from showctl.show.fade import Bools, Floats, Ints, Moment
from showctl.show.heard import Heard
from showctl.show.listclock import NEVER, ListClock, ListTime
from showctl.show.mark import Waiting
from showctl.show.moves import slower
from showctl.show.timecode import Code, clock_face

HISTORY, HISTORY_BYTES = 32, 64_000_000  # so many GOs can be undone to the letter; further back BACK follows the numbers
FRESH = 2.0  # s, a section entered so shortly before a cue became pending still fires it
SURE = 0.5  # confidence from which on a foretold section fires a cue at its time; one below has to be heard first
SAME = 4.0  # s; what was foretold and what is heard within so long of it are one, which fires a list once
GRACE = 0.1  # beats after a beat or bar line within which a quantised cue fires at once
RUSH, RUSH_TIME = 100, 1.0  # automatic cues of one list within so many seconds that are a runaway
COMPLETE, MARK, STAY = "complete", "mark", "stay"  # what is due and fires no cue
TIMECODE = "timecode"
SECTION = "section"
ASTRAY = -math.inf  # `reached` of a list that is not where its time code is


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A list as it was before a GO."""

    index: int
    owned: Bools  # parameters that this list gave to the stage
    held: Bools  # all that it had a value for
    target: Floats
    stamp: Ints
    effects: Mapping[str, EffectStart]
    followed: Mapping[int, int]
    leaving: bool
    waiting: frozenset[int]  # lamps whose marks had not been moved yet

    @property
    def size(self) -> int:
        """Bytes of it that grow with the plan."""
        return self.owned.nbytes + self.held.nbytes + self.target.nbytes + self.stamp.nbytes


@dataclass(slots=True, eq=False)
class Playhead:
    """The moving part of one list."""

    row: int
    track: Track
    mode: Mode = Mode.RUNNING
    time: ListClock = field(default_factory=ListClock)
    current: int = BLANK
    pending: int | None = None
    pending_since: float = 0.0  # s
    fired: float = 0.0  # s
    begun: ListTime = (0.0, 0.0)  # list time of that
    last_go: float = -math.inf  # s, for the guard
    automatic: bool = False  # follow and hang of the current cue count
    cue_ends: ListTime = NEVER  # at which the current cue is complete
    completed: ListTime | None = None  # at which it was, once it is
    fades_end: ListTime = NEVER  # at which nothing of this list moves
    followed: dict[int, int] = field(default_factory=dict)  # how often the link of a cue was followed, for those that lead back
    adrift: bool = False  # it keeps the look of a cue that is gone: the next GO plays the whole state
    leaving: bool = False  # the next link back is not followed
    answered: Section | None = None  # the section that fired a cue last
    answered_since: float = -math.inf  # s, when that section began
    waiting: list[Waiting] = field(default_factory=list)  # marks that wait for the dark
    look_again: float = math.inf  # s, when marks that found light are looked at again
    history: deque[Snapshot] = field(default_factory=lambda: deque(maxlen=HISTORY))
    code: Code | None = None  # the time code that it follows, once there was one
    reached: float = ASTRAY  # s of time code, up to where cues were fired
    due: float = math.inf  # s, when something happens by itself
    due_by: str = ""
    rush: int = 0
    rush_since: float = -math.inf

    @property
    def cue(self) -> Cue | None:
        """The cue that was fired last."""
        return None if self.current == BLANK else self.track.list.cues[self.current]

    def remember(self, was: Snapshot) -> None:
        """Keep how the list stood, for BACK; of a rig of hundreds of universes fewer than HISTORY."""
        self.history.append(was)
        while len(self.history) > 1 and sum(one.size for one in self.history) > HISTORY_BYTES:
            self.history.popleft()

    def moment(self, t: float, clock: BeatClock) -> Moment:
        """List time at show time t."""
        seconds, beats = self.time.read(t, clock)
        return Moment(seconds, beats, clock.period, clock.beats_per_bar)

    def pause(self, t: float, clock: BeatClock) -> None:
        """Stop the clock of the list."""
        self.time.tie(t, clock)
        self.time.paused = True

    def resume(self, t: float, clock: BeatClock) -> None:
        """Let the clock of the list go on from where it stands."""
        if self.time.paused:
            self.time.tie(t, clock)
            self.time.paused = False

    def run_at(self, rate: float, t: float, clock: BeatClock) -> None:
        """Let the clock of the list run at another rate from here on."""
        self.time.tie(t, clock)
        self.time.rate = rate

    def stand(self, index: int, t: float, now: Moment) -> None:
        """Be in this cue from show time t on, which is `now` for the list."""
        self.current, self.fired, self.begun, self.completed = index, t, (now.seconds, now.beats), None
        self.adrift = False
        self.await_next(t)

    def await_next(self, t: float) -> None:
        """Work out which cue is pending."""
        self.pending, self.pending_since = self.track.next(self.current, self.followed, self.leaving), t

    def pass_on(self, index: int) -> None:
        """Count that the list leaves its cue for this one: how often links back are followed, anew once they are left."""
        before = self.current
        if not self.track.is_loop(before):
            return
        if index == self.track.link(before):
            self.followed[before] = self.followed.get(before, 0) + 1
        else:
            self.followed.pop(before, None)
            self.leaving = False

    def reschedule(self, t: float, clock: BeatClock, heard: Heard) -> None:
        """Work out what comes next by itself and when, as far as known at time t."""
        self.due, self.due_by = math.inf, ""
        if self.mode is not Mode.RUNNING:
            return
        if self.pending is not None:
            if self.automatic and self.cue is not None:
                self._timed(self.cue, clock)
            self._on_section(t, clock, heard)
            self._in_the_dark(clock)
        self._on_time_code(t)

    def _timed(self, cue: Cue, clock: BeatClock) -> None:
        if cue.follow is not None:
            due = self._after(self.begun, slower(cue.follow, cue.rate), clock)
            self.due, self.due_by = max(self.fired, due), "follow"
        elif cue.hang is not None:
            hang = slower(cue.hang, cue.rate)
            if self.completed is not None:
                self.due, self.due_by = self._after(self.completed, hang, clock), "hang"
            elif hang.amount > 0.0:
                self.due, self.due_by = max(self.fired, self.time.show_time(self.cue_ends, clock)), COMPLETE
            else:
                complete = max(self.fired, self.time.show_time(self.cue_ends, clock))
                self.due, self.due_by = max(self.fired, self._before(complete, hang, clock)), "hang"

    def _after(self, since: ListTime, span: Span, clock: BeatClock) -> float:
        """Show time a span after a list time."""
        beats = _beats(span, clock)
        ends = (since[0] + span.amount, -math.inf) if beats is None else (-math.inf, since[1] + beats)
        return self.time.show_time(ends, clock)

    def _before(self, t: float, span: Span, clock: BeatClock) -> float:
        """Show time so far before t, for a span below zero."""
        beats, speed = _beats(span, clock), self.time.speed
        if speed <= 0.0 or not math.isfinite(t):
            return t
        if beats is None:
            return t + span.amount / speed
        position = clock.position(t) if t >= clock.at else clock.beat - (clock.at - t) * clock.rate
        return clock.time_of(position + beats / speed)

    def _on_section(self, t: float, clock: BeatClock, heard: Heard) -> None:
        assert self.pending is not None
        when = self.track.list.cues[self.pending].when
        since = None if when is None else self._begins(when.section, heard)
        if when is None or since is None:
            return
        edge = max(since, self.pending_since)
        due = edge
        if when.quantise != "none":
            position = clock.position(max(edge, clock.at))
            line = clock.next_beat if when.quantise == "beat" else clock.next_bar
            due = max(edge, clock.time_of(line(position, GRACE)))
        if due < self.due:
            self.due, self.due_by = max(due, t), SECTION

    def _begins(self, section: Section, heard: Heard) -> float | None:
        """When (s) a section began that may fire the pending cue, or will begin as it is foretold; None where there is none."""
        coming, begins = heard.coming, []
        if heard.section is section:
            begins.append(heard.section_since)
        if coming is not None and coming.section is section and coming.confidence >= SURE:
            begins.append(coming.time)
        earliest = self.pending_since - FRESH
        if section is self.answered:
            earliest = max(earliest, self.answered_since + SAME)
        return next((since for since in begins if since >= earliest), None)

    def answer(self, heard: Heard) -> None:
        """The pending cue is fired by the section that is heard or foretold, which fires no other of this list."""
        when = None if self.pending is None else self.track.list.cues[self.pending].when
        since = None if when is None else self._begins(when.section, heard)
        if when is not None and since is not None:
            self.answered, self.answered_since = when.section, since

    def _on_time_code(self, t: float) -> None:
        if self.code is None or not self.track.times.at:
            return
        found = self.track.times.next(self.reached, self.current)
        due = t if self.reached == ASTRAY else math.inf if found is None else max(self.code.when(found[0]), t)
        if due < self.due:
            self.due, self.due_by = due, TIMECODE

    def _in_the_dark(self, clock: BeatClock) -> None:
        for one in self.waiting:
            due = self.look_again if one.found_light else max(self.fired, self.time.show_time(one.ready, clock))
            if due < self.due:
                self.due, self.due_by = due, MARK

    def runs_away(self, t: float) -> bool:
        """Count an automatic cue at time t; whether they come too thick to be meant."""
        if t - self.rush_since > RUSH_TIME:
            self.rush, self.rush_since = 0, t
        self.rush += 1
        return self.rush > RUSH

    def state(self, t: float, clock: BeatClock) -> ListState:
        """What an operator sees."""
        ends = self.time.show_time(self.fades_end, clock)
        moving = "fading" if ends > t else "idle"
        word = {Mode.PAUSED: "paused", Mode.RELEASED: "released"}.get(self.mode, moving)
        pending = None if self.pending is None else self.track.number(self.pending)
        return ListState(
            name=self.track.list.name,
            current=self.track.number(self.current),
            pending=pending,
            state=word,  # type: ignore[arg-type]
            started=self.fired,
            ends=max(ends, self.fired) if math.isfinite(ends) else self.fired,
            waiting=self._waits_for(),
            rate=self.time.rate,
        )

    def _waits_for(self) -> str:
        when = None if self.pending is None else self.track.list.cues[self.pending].when
        if when is not None:
            return f"section {when.section.value}" + ("" if when.quantise == "none" else f", on the {when.quantise}")
        at = None if self.pending is None else self.track.list.cues[self.pending].at
        if at is not None and self.track.times.at and self.mode is Mode.RUNNING:
            return f"time code {clock_face(at)}"
        if self.pending is None or self.mode is not Mode.RUNNING or not self.automatic or self.cue is None:
            return ""
        return "follow" if self.cue.follow is not None else "hang" if self.cue.hang is not None else ""


def _beats(span: Span, clock: BeatClock) -> float | None:
    """A span in beats; None for one in seconds."""
    return None if span.unit == "s" else span.amount * (clock.beats_per_bar if span.unit == "bar" else 1)
