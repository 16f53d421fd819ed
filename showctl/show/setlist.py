"""The transport of the tracks: what plays, what stands by, what comes next; controls in, commands for the player out.

The set list is walked through as on a player: PLAY begins what stands by, NEXT the one after it, a track that ends leaves the
next one standing by unless its entry says otherwise (`then`). What was stopped goes on with RESUME where it was; STOP of all is a
stop like any other, only shorter. A track that is no part of the set list may be played by its name, and the list stays where it
was.

What the player makes of it is `setplayed`. Positions are seconds of the track. Jumps on a beat or a bar are worked out on the
track's own map of beats, so they are exact at any speed; AHEAD is kept from what is heard, because what is about to be heard has
been made already.

Pure: no clock, no I/O.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from showctl.model import (
    ExitTrackLoop,
    JumpTrack,
    LoopTrack,
    NextTrack,
    PauseTrack,
    PlayTrack,
    PreviousTrack,
    ResumeTrack,
    SeekTrack,
    StayTrack,
    StopAll,
    StopTrack,
    TrackControl,
    TrackRate,
    TrackVolume,
)
from showctl.model.player import (
    FASTEST,
    SLOWEST,
    Command,
    Loop,
    PausePlay,
    Play,
    Prepare,
    ResumePlay,
    Stay,
    StopPlay,
    Volume,
)
from showctl.plan import TrackPlan
from showctl.show.refused import Refused
from showctl.show.setplayed import Played, gain
from showctl.show.setstate import Place, found_from, place_at
from showctl.show.takes import Course, Take
from showctl.show.trackplaces import bars_from, line_from, marker

AHEAD = 0.06  # s of sound that may have been made, or be on its way, when something is asked for
RESTART = 3.0  # s from the beginning after which PREVIOUS is this track again
STOP_ALL = 0.3  # s of fade
CUT, SOFT = 0.05, 0.1  # s in which a track goes out for the next one; comes in that goes on
SHORTEST_LOOP = 0.05  # s


class SetList(Played):
    """The set list of a plan, and what hands do with it."""

    def ask(self, one: TrackControl | StopAll, heard: float, latency: float = 0.0) -> list[Command]:
        """What a control asks of the player; `heard` (s) is the place of the track that is heard now. Raises Refused."""
        match one:
            case PlayTrack():
                return self._play(one, heard, latency)
            case PauseTrack() if self.state.mode == "paused":
                return []
            case PauseTrack():
                self._sounding()
                self.state = replace(self.state, mode="paused", position=heard)
                self._moved = not self.there  # what is about to begin will not: the player stands elsewhere
                return [PausePlay(self._takes.expect())]
            case ResumeTrack():
                return self._resume()
            case StopTrack() | StopAll():
                fade = STOP_ALL if isinstance(one, StopAll) else self.plan.fade if one.fade is None else one.fade
                return self._stop(_within(fade, 0.0, 60.0, "a fade"), heard)
            case NextTrack():
                return self._step(1, self._later(one.quantise, heard, latency))
            case PreviousTrack():
                return self._again() if self.state.mode == "playing" and heard > RESTART else self._step(-1)
            case SeekTrack():
                return self._go_to(one.to, "none", heard, latency)
            case JumpTrack():
                return self._go_to(self._marked(one.marker), one.quantise, heard, latency)
            case LoopTrack():
                return self._round(one, heard, latency)
            case ExitTrackLoop():
                self._round_no_more()
                return [Loop(self._takes.number())]
            case StayTrack():
                self._takes.no_jump()
                return [Stay(self._takes.number())]
            case TrackVolume():
                self.state = replace(self.state, volume=_within(one.level, 0.0, 1.0, "a volume"))
                return [Volume(self._takes.number(), gain(one.level))]
            case TrackRate():
                self.state = replace(self.state, rate=_within(one.rate, SLOWEST, FASTEST, "a rate"))
                return [self._pace()]

    def _later(self, quantise: str, heard: float, latency: float) -> float | None:
        """Where in what plays (s) something that is quantised is to happen; None for at once."""
        if quantise == "none" or self.state.mode != "playing" or self.state.at is None:
            return None
        return self._line(self.state.at.track, quantise, heard, latency)

    def _play(self, one: PlayTrack, heard: float, latency: float) -> list[Command]:
        if one.track is None:
            if self.state.mode == "playing":
                return []
            if self.state.mode == "paused":
                return self._resume()
            if self.state.standby is None:
                raise Refused("the set list has come to its end: name a track, or go to the one before")
            return self._start(self.state.standby)
        if one.track not in self.tracks:
            raise Refused(f"there is no track {one.track!r}")
        here = self.state.at
        if here is None or here.track != one.track or self.state.mode == "stopped":
            here = found_from(one.track, self.plan.setlist, self.state.standby)
        return self._start(here, when=self._later(one.quantise, heard, latency))

    def _resume(self) -> list[Command]:
        state = self.state
        if state.mode == "playing":
            return []
        if state.at is None or not (state.mode == "paused" or state.resumes):
            raise Refused("no track was paused or stopped")
        if state.mode == "paused" and not self._moved:
            self.state = replace(state, mode="playing")
            return [ResumePlay(self._takes.expect())]
        return self._start(state.at, state.position, SOFT)

    def _stop(self, fade: float, heard: float) -> list[Command]:
        state = self.state
        if state.mode == "stopped":
            return [StopPlay(self._takes.number(), fade)]
        position = heard if state.mode == "playing" else state.position
        standby = state.standby if state.at is None or state.at.index is None else state.at
        self.state = replace(state, mode="stopped", position=position, resumes=True, standby=standby)
        self._takes.no_jump()
        self._course = Course()
        return [StopPlay(self._takes.expect(), fade)]

    def _step(self, by: int, when: float | None = None) -> list[Command]:
        playing, entries = self.state.mode == "playing", self.plan.setlist
        here = self.state.standby if self.state.mode == "stopped" else self.state.at
        index = None if here is None else here.index
        if index is None:  # from what was asked for by its name the list goes on where it was
            standby = self.state.standby
            nearest = len(entries) if standby is None or standby.index is None else standby.index
            index = nearest - 1 if by > 0 else nearest
        place = place_at(entries, index + by)
        if place is None:
            if by < 0 and playing:
                return self._again()
            raise Refused(f"the set list has no track {'after' if by > 0 else 'before'} this one")
        if playing:
            entry = self._entry(here) if here is not None and by > 0 else None
            crossfade = entry.crossfade if entry is not None and entry.then == "next" and when is None else 0.0
            return self._start(place, crossfade=crossfade, when=when)
        paused = self.state.mode == "paused"
        self.state = replace(self.state, mode="stopped", standby=place, resumes=False, position=0.0)
        return [*([StopPlay(self._takes.expect(), 0.0)] if paused else []), *self._stand_by()]

    def _again(self) -> list[Command]:
        assert self.state.at is not None
        return self._start(self.state.at)

    def _start(
        self, place: Place, at: float = 0.0, into: float = 0.0, crossfade: float = 0.0, when: float | None = None
    ) -> list[Command]:
        """Play a place of the set list from `at`; with `when`, once what plays is there."""
        if when is not None:
            seq = self._takes.number()
            self._takes.keep(seq, Take(place, fresh=True, waits=True))
            self._takes.jump(seq, when)
            return [Play(seq, place.track, at, 0.0, CUT, when)]
        seq, self._moved, self._unprepared = self._takes.leave(self.state, self._course, self.clock), False, False
        self._takes.keep(seq, Take(place, fresh=at == 0.0))
        self._takes.no_jump()
        self._round_no_more()
        self.state = replace(self.state, mode="playing", at=place, position=at, resumes=False)
        begin = Play(seq, place.track, at, crossfade or into, crossfade or (CUT if not into else 0.0))
        return [begin, Loop(self._takes.number(), of=seq), *self._prepare_next(place, seq)]

    def _go_to(self, to: float, quantise: str, heard: float, latency: float) -> list[Command]:
        place = self._here()
        length = self.length(self._track(place).name)
        if not 0.0 <= to < length:
            raise Refused(f"{place.track} is {length:.1f} s long: it has no {to:.1f} s")
        if self.state.mode != "playing":
            self.state = replace(self.state, mode="paused", at=place, position=to, resumes=False)
            self._moved = True
            return [Prepare(self._takes.number(), place.track, to)]
        when = None if quantise == "none" else self._line(place.track, quantise, heard, latency)
        seq = self._takes.number() if when is not None else self._takes.expect()
        self._takes.keep(seq, Take(place))
        self._takes.no_jump()
        if when is None:
            self.state = replace(self.state, position=to)
        else:
            self._takes.jump(seq, when, to)
        commands: list[Command] = [Play(seq, place.track, to, when=when)]
        if self.loop is not None and not self.loop[0] <= to < self.loop[1]:
            self._round_no_more()
            commands.insert(0, Loop(self._takes.number()))
        return commands if when is not None else [*commands, *self._prepare_next(place, seq)]  # another may lead by now

    def _here(self) -> Place:
        """What a jump is in: what plays, is paused or was stopped, else what stands by."""
        place = self.state.at if self.state.mode != "stopped" or self.state.resumes else self.state.standby
        if place is None:
            raise Refused("no track plays, and none stands by")
        return place

    def _track(self, place: Place) -> TrackPlan:
        if place.track not in self.tracks:
            raise Refused(f"the show has no track {place.track!r} any more")
        return self.tracks[place.track]

    def _marked(self, name: str) -> float:
        track = self._track(self._here())
        return marker(track, name, self.maps.get(track.name))

    def _soonest(self, heard: float, latency: float) -> float:
        """The first place of the track that has not been made yet."""
        return heard + (AHEAD + latency) * self.state.rate

    def _line(self, track: str, quantise: str, heard: float, latency: float) -> float:
        """The next line of what plays; where that goes round before it, the end of the round is one."""
        soonest, ends = self._soonest(heard, latency), inf if self.loop is None or heard >= self.loop[1] else self.loop[1]
        return line_from(track, quantise, self.maps.get(track), soonest, ends)

    def _round(self, one: LoopTrack, heard: float, latency: float) -> list[Command]:
        self._sounding()
        assert self.state.at is not None
        track, first, last = self._track(self.state.at).name, one.first, one.last
        if first is None or last is None:
            first, last = bars_from(track, one.bars, self.maps.get(track), heard, self._soonest(heard, latency))
        if not 0.0 <= first < last <= self.length(track) + 0.01 or last - first < SHORTEST_LOOP:
            raise Refused(f"a loop from {first:.2f} s to {last:.2f} s is none in {track}")
        self._course = replace(self._course, loop=(first, last))
        back = self._soonest(heard, latency) >= last  # what lies behind is played from its beginning
        start = self._go_to(first, "none", heard, latency) if back else []
        self._looping = self._takes.number()
        return [*start, Loop(self._looping, first, last)]

    def _sounding(self) -> None:
        if self.state.mode != "playing":
            raise Refused("no track plays")


def _within(value: float, low: float, high: float, what: str) -> float:
    if not low <= value <= high:
        raise Refused(f"{what} goes from {low:g} to {high:g}, not {value:g}")
    return value
