"""What plays, as the player tells it: which track, where it is, what comes by itself, and what is to be ready for that.

The player is another process and a little behind. What it says (`hear`) is believed once it has acted upon the last command that
changes its mode, so that a clock from before a GO does not undo it. It answers with the number of the command that began what
plays, by which a follow or a jump that waited is known to have happened. What it could not do (`refused`) leaves what stood.

Pure: no clock, no I/O. What is worth telling is left in `told`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from showctl.model import (
    BeatMap,
    Happened,
)
from showctl.model.player import (
    Command,
    Define,
    Follow,
    Forget,
    Loop,
    Mode,
    PlayerClock,
    Prepare,
    Speed,
    Volume,
)
from showctl.plan import SetEntry, TrackPlan, TracksPlan
from showctl.show.setstate import Place, SetState, Standing, found_again, place_at, standing_by
from showctl.show.takes import Course, Take, Takes
from showctl.show.trackplaces import defined

STANDS: Mapping[Mode, Standing] = {Mode.PLAYING: "playing", Mode.PAUSED: "paused"}


class Played:
    """What a player does with the set list of a plan. Commands are returned in the order in which they are to be sent."""

    def __init__(self, plan: TracksPlan, state: SetState | None = None) -> None:
        self.plan = plan
        self.tracks = {one.name: one for one in plan.tracks}
        self.maps: dict[str, BeatMap] = {}
        self.state = SetState(standby=place_at(plan.setlist, 0)) if state is None else self._fitting(state)
        self.clock = PlayerClock(Mode.STOPPED, 0, 0)
        self.told: list[Happened] = []
        self._takes, self._course = Takes(), Course()
        self._moved = False  # paused, and put elsewhere since: the player does not know where
        self._looping = self._pacing = 0  # numbers of the last commands for a loop and for a rate: a player may have none
        self._unprepared = False  # another track leads, and what follows it has not been said

    # --- what is told ------------------------------------------------------------------------------------------------------

    @property
    def following(self) -> Place | None:
        """What comes by itself when this track has ended."""
        return self._course.follows if self.state.mode != "stopped" else None

    @property
    def loop(self) -> tuple[float, float] | None:
        """Where it goes round (s of the track); None where it does not."""
        return self._course.loop

    @property
    def there(self) -> bool:
        """Whether the player has acted upon the last command that changes what plays: its clock is of that."""
        return self.clock.seq >= self._takes.awaited

    def length(self, track: str) -> float:
        """Seconds of a track, of its file as it was heard last where that is longer; 0 for one that is not in the show."""
        plan, found = self.tracks.get(track), self.maps.get(track)
        return 0.0 if plan is None else max(plan.length, 0.0 if found is None else found.length)

    def heard(self, ns: int) -> float:
        """Seconds of the track that are heard at monotonic `ns`; those that were asked for, until the player is there."""
        state, clock = self.state, self.clock
        if state.mode != "playing" or not self.there or clock.mode not in (Mode.PLAYING, Mode.STOPPING):
            return state.position
        return max(0.0, clock.position_at(ns))

    def turn(self) -> tuple[float, float] | None:
        """The next place (s) at which the track does not simply go on, and where it goes; None where it goes on."""
        ahead, loop = self._takes.jump_ahead(self.clock), self.loop
        if loop is not None and self.clock.position < loop[1] and (ahead is None or loop[1] < ahead[0]):
            return loop[1], loop[0]
        return ahead

    def joins(self) -> tuple[float, str] | None:
        """The place (s) at which the track ends and another follows from its beginning without a gap, and which; else None."""
        state, follows = self.state, self.following
        entry = self._entry(state.at)
        if follows is None or state.at is None or entry is None or entry.crossfade > 0.0 or self.turn() is not None:
            return None
        return self.clock.length or self.length(state.at.track), follows.track

    def take_told(self) -> list[Happened]:
        """What happened since the last call."""
        told, self.told = self.told, []
        return told

    def _tell(self, time: float, kind: str, **data: str | float | int | bool | None) -> None:
        self.told.append(Happened(time, kind, tuple(data.items())))

    # --- the player's side ---------------------------------------------------------------------------------------------------

    def away(self, time: float) -> None:
        """There is no player, or one that knows nothing: what played is paused where it was, and nothing sounds by itself."""
        self._takes.forget()
        self._course, self._moved, self._unprepared = Course(), True, False
        self.clock = PlayerClock(Mode.STOPPED, 0, 0)
        if self.state.mode == "playing" and self.state.at is not None:
            self._tell(time, "track", track=self.state.at.track, did="paused", by="player", at=round(self.state.position, 1))
            self.state = replace(self.state, mode="paused")

    def begin(self, time: float) -> list[Command]:
        """A player has just been started: all that it has to know."""
        self.away(time)
        commands: list[Command] = [self._define(one) for one in self.plan.tracks]
        return [*commands, Volume(self._takes.number(), gain(self.state.volume)), self._pace(), *self._stand_by()]

    def change(self, plan: TracksPlan) -> list[Command]:
        """Another version of the show: what plays plays on, and stands in the list where its track does now."""
        before, state = self.tracks, self.state
        standby, self.plan = standing_by(state.standby, self.plan.setlist, plan.setlist), plan
        self.tracks = {one.name: one for one in plan.tracks}
        at = None if state.at is None else self._moved_to(state.at)
        kept = self.tracks if at is None else {at.track: before.get(at.track), **self.tracks}
        self.maps = {name: found for name, found in self.maps.items() if kept.get(name) == before.get(name)}
        self.state = replace(state, at=at, standby=standby)
        self._takes.moved(self._moved_to)
        if self._course.follows is not None:
            self._course = replace(self._course, follows=self._moved_to(self._course.follows))
        commands: list[Command] = [Forget(self._takes.number(), name) for name in before if name not in self.tracks]
        commands += [self._define(one) for one in plan.tracks if before.get(one.name) != one]
        leads = state.mode == "playing" or (state.mode == "paused" and not self._moved)
        if leads and at is not None and self._takes.get(self.clock.take) is not None:
            return [*commands, *self._prepare_next(at)]
        return [*commands, *self._stand_by()]

    def _moved_to(self, place: Place) -> Place:
        """Where something that began is in the set list now; what is not in the show any more is like what was asked for by its
        name."""
        return self._found_again(place) or Place(place.track)

    def _fitting(self, state: SetState) -> SetState:
        """A state that was kept, without what this plan has no more."""
        at = self._found_again(state.at)
        if at is None:
            state = replace(state, mode="stopped", position=0.0, resumes=False)
        return replace(state, at=at, standby=standing_by(state.standby, (), self.plan.setlist))

    def _found_again(self, place: Place | None) -> Place | None:
        return found_again(place, self.plan.setlist, self.tracks)

    def hear(self, clock: PlayerClock, time: float) -> list[Command]:
        """Where the player is, at show time `time`."""
        if clock.seq < self._takes.awaited:
            return []
        moved, self.clock = clock.take != self.clock.take, clock
        state, take = self.state, self._takes.get(clock.take)
        if take is None:
            return []
        self._unprepared |= moved and take.waits
        place = take.place
        match clock.mode:
            case Mode.PLAYING:
                self.state = replace(state, mode="playing", at=place, position=clock.position, resumes=False)
                if moved and take.fresh:
                    self._tell(time, "track", track=place.track, did="play")
                return self._went_on(place) if self._unprepared else []
            case Mode.PAUSED if not self._moved:
                self.state = replace(state, mode="paused", at=place, position=clock.position)
            case Mode.STOPPED | Mode.STOPPING if state.mode != "paused" and not self._moved:
                position = clock.position if state.resumes else state.position
                self.state = replace(state, mode="stopped", at=place, position=position)
            case Mode.ENDED if state.mode == "playing":
                return self._ended(place, time)
        return []

    def refused(self, seq: int, why: str, time: float) -> None:
        """The player says that it could not do a command: what played, or was paused, still is."""
        self._tell(time, "refused", control="player", reason=why)
        if seq == self._looping:
            self._round_no_more()
        elif seq == self._pacing:
            self.state = replace(self.state, rate=self.clock.rate)
        changes = seq == self._takes.awaited
        before = self._takes.failed(seq)
        if before is not None and before[0].mode == STANDS.get(self.clock.mode):
            was, self._course = before
            self._moved = was.mode == "paused"  # it goes on where it was put, wherever the player stands
            position = was.position if self._moved else self.clock.position
            self.state = replace(was, position=position, volume=self.state.volume, rate=self.state.rate)
        elif changes and self.clock.mode is not Mode.PLAYING:
            self.state = replace(self.state, mode="stopped")

    def learn(self, track: str, found: BeatMap) -> list[Command]:
        """The beats of a track are known from now on."""
        self.maps[track] = found
        known = self.tracks.get(track)
        return [] if known is None else [self._define(known)]

    def _went_on(self, place: Place) -> list[Command]:
        """Another track leads: what follows it, and what is to be ready."""
        self._takes.no_jump()
        self._unprepared = False
        looped = [Loop(self._takes.number())] if self.loop is not None else []  # the same track, perhaps: that would go round on
        self._round_no_more()
        return [*looped, *self._prepare_next(place)]

    def _ended(self, place: Place, time: float) -> list[Command]:
        entry = self._entry(place)
        held = place if entry is not None and entry.then == "hold" else None
        standby = held or (self.state.standby if place.index is None else place_at(self.plan.setlist, place.index + 1))
        self.state = replace(self.state, mode="stopped", position=0.0, resumes=False, standby=standby)
        self._takes.no_jump()
        self._round_no_more()
        self._tell(time, "track", track=place.track, did="end", next=None if standby is None else standby.track)
        return self._stand_by()

    # --- commands ------------------------------------------------------------------------------------------------------------

    def _pace(self) -> Speed:
        self._pacing = self._takes.number()
        return Speed(self._pacing, self.state.rate)

    def _define(self, track: TrackPlan) -> Define:
        return defined(track, self.maps.get(track.name), self._takes.number())

    def _stand_by(self) -> list[Command]:
        """Have what may be asked for next ready to sound."""
        state = self.state
        commands: list[Command] = []
        if state.standby is not None:
            commands.append(Prepare(self._takes.number(), state.standby.track))
        if state.at is not None and (state.mode == "paused" or state.resumes):
            commands.append(Prepare(self._takes.number(), state.at.track, state.position))
        return commands

    def _prepare_next(self, place: Place, of: int = 0) -> list[Command]:
        """What follows a track that begins with the command `of`, and all that may be asked for meanwhile."""
        entry, following = self._entry(place), None
        if entry is not None and entry.then == "next" and place.index is not None:
            following = place_at(self.plan.setlist, place.index + 1)
        seq = self._takes.number()
        self._course = replace(self._course, follows=following)
        standby = self.state.standby if place.index is None else place_at(self.plan.setlist, place.index + 1)
        self.state = replace(self.state, standby=standby)
        if following is None or entry is None:
            return [Follow(seq, of=of), Prepare(self._takes.number(), place.track), *self._stand_by()]
        self._takes.keep(seq, Take(following, fresh=True, waits=True))
        follow = Follow(seq, following.track, 0.0, entry.crossfade, of)
        return [follow, Prepare(self._takes.number(), place.track), *self._stand_by()]

    def _round_no_more(self) -> None:
        self._course = replace(self._course, loop=None)

    def _entry(self, place: Place | None) -> SetEntry | None:
        """What the set list says of a place in it."""
        index = None if place is None else place.index
        return None if index is None or index >= len(self.plan.setlist) else self.plan.setlist[index]


def gain(level: float) -> float:
    """A fader of sound: half of its way is a quarter of the amplitude, -12 dB."""
    return level * level
