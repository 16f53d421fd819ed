"""The tracks of the show: hands and cues ask the set list, which commands the player, whose clock gives the show its beat.

    TrackControl --> SetList.ask --> commands --> player (ours, or another program) --> PlayerClock --> SetList.hear
                                                                                    '--> TrackBeat --> Features

Everything but the player is in the daemon's one thread. While a track plays whose beats are known, its map speaks in place of the
ear (`leads`).

A player that goes away leaves what played paused where it was. Until another is there, one rule holds: what leaves it silent is
done (NEXT has the next one stand by, SEEK and JUMP go elsewhere in what is paused, STOP stops it, faders move), what would sound
(PLAY, RESUME) is refused, since it would sound whenever the player comes. The next player is told everything anew.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeAlias

from showctl.model import (
    BeatMap,
    DeviceError,
    Features,
    Happened,
    Health,
    PlayTrack,
    ResumeTrack,
    State,
    StopAll,
    TrackControl,
    TrackView,
)
from showctl.model.player import Command, Mode, PlayerClock, PlayerSetup, PlayerStatus
from showctl.outputs.player import PlayerProcess, health
from showctl.plan import Plan, TracksPlan
from showctl.playing.kept import Kept
from showctl.playing.maps import Maps
from showctl.show.refused import Refused
from showctl.show.setlist import SetList
from showctl.show.setstate import SetState
from showctl.show.trackbeat import Moment, TrackBeat, silence

KEEP_EVERY_S, LOOK_EVERY_S = 1.0, 0.1
SOUNDS = PlayTrack | ResumeTrack

Keep: TypeAlias = Callable[[str, Callable[[], Awaitable[None]]], Awaitable[None]]


class Player(Protocol):
    """What plays: outputs.player.PlayerProcess, outputs.mpv.Mpv, outputs.external.External."""

    @property
    def ready(self) -> bool:
        """Whether there is something that takes commands."""

    def send(self, command: Command) -> bool:
        """Hand a command over; False where it cannot be taken."""

    async def run(self) -> None:
        """Play until cancelled."""


class Tracks:
    """The parts "player" and "beat maps" of a night. Times are show time (s); `offset` is show time - monotonic."""

    def __init__(
        self,
        plan: Plan,
        *,
        now: Callable[[], float],
        offset: float,
        state: Path,
        on_features: Callable[[list[Features]], None],
        on_health: Callable[[Health], None],
        on_told: Callable[[Happened], None],
        on_view: Callable[[TrackView | None], None],
    ) -> None:
        """What stood when a run before ended unasked is taken up, paused."""
        assert plan.tracks is not None
        self._plan, self._tracks = plan, plan.tracks
        self._now, self._offset = now, offset
        self._on_features, self._on_health, self._on_told, self._on_view = on_features, on_health, on_told, on_view
        self._kept = Kept(state / "tracks.json", f"{plan.venue} / {plan.show}")
        found = self._kept.load()
        self.list = SetList(plan.tracks, None if found is None else _paused(found))
        if found is not None and found.at is not None and found.mode == "playing":
            told = (("track", found.at.track), ("did", "paused"), ("by", "restore"), ("at", round(found.position, 1)))
            on_told(Happened(now(), "track", told))
        self.maps = Maps(state / "maps", self._learn)
        self.player: Player | None = None
        self._status: PlayerStatus | None = None
        self._since = now()
        self._beat: TrackBeat | None = None
        self._take = self._index = 0
        self._refused_seq = 0
        self._ended, self._gone = 0, ""  # how often a player has gone away, and why, until the next one speaks
        self._looked = 0.0
        self.leads = False  # its map speaks in place of the ear

    # --- running -----------------------------------------------------------------------------------------------------------

    async def run(self, keep: Keep, current: Callable[[], Plan], changed: asyncio.Event) -> None:
        """Play what the plan that is current has, until cancelled."""
        try:
            while True:
                plan = current()
                if plan.tracks is None:
                    self._on_view(None)
                    await changed.wait()
                    changed.clear()
                else:
                    self.change(plan)
                    await self._play(plan.tracks, keep, current, changed)
        finally:
            self._fall_silent()

    async def _play(self, tracks: TracksPlan, keep: Keep, current: Callable[[], Plan], changed: asyncio.Event) -> None:
        """Until a plan comes that needs another player, or none."""
        self.player = self._player(tracks)
        self.maps.want(tracks.tracks)
        async with asyncio.TaskGroup() as group:
            parts = [("player", self._perform), ("beat maps", self.maps.run), ("tracks", self._keep)]
            tasks = [group.create_task(_kept_running(keep, name, part)) for name, part in parts]
            while True:
                await changed.wait()
                changed.clear()
                plan = current()
                if plan.tracks is None or _needs(plan.tracks) != _needs(tracks):
                    break
                self.change(plan)
                self.maps.want(plan.tracks.tracks)
            for task in tasks:
                task.cancel()
        self.player = None

    def _player(self, tracks: TracksPlan) -> Player:
        if tracks.player == "mpv":
            from showctl.outputs.mpv import Mpv  # only a venue that has it pays for the import

            return Mpv(tracks.card, on_started=self._begin, on_clock=self._hear, on_status=self._learn_of)
        if tracks.player != "device":
            from showctl.outputs.external import External

            return External(tracks, on_started=self._begin, on_clock=self._hear, on_status=self._learn_of)
        setup = PlayerSetup(tracks.card, tracks.channels)
        return PlayerProcess(setup, on_started=self._begin, on_clock=self._hear, on_status=self._learn_of)

    async def _perform(self) -> None:
        """Have the player play. Whatever it ends of, what played is paused."""
        assert self.player is not None
        try:
            await self.player.run()
        except Exception as error:
            self._lose(error)
            raise

    def _lose(self, error: Exception) -> None:
        self._ended += self._status is not None  # one that never came has not gone
        self._status, self._since = None, self._now()
        self._gone = str(error) if isinstance(error, DeviceError) else f"{type(error).__name__}: {error}; it is started again"
        self._fall_silent()
        self.list.away(self._now())
        self._pass_on()
        self._show()

    async def _keep(self) -> None:
        """What a crash would lose, on disk; how the player is, told."""
        while True:
            await asyncio.to_thread(self._kept.save, self._standing())
            self._on_health(self.health())
            self._show()
            await asyncio.sleep(KEEP_EVERY_S)

    def forget(self) -> None:
        """This end was asked for: the next run begins anew."""
        self._kept.forget()

    def _standing(self) -> SetState:
        state = self.list.state
        return replace(state, position=round(self._heard(), 2)) if state.mode == "playing" else state

    def change(self, plan: Plan) -> None:
        """Another version of the show is played from now on: what plays of it plays on."""
        self._beat = None  # latencies may be others
        if plan.tracks is None or plan.tracks == self._tracks:
            self._plan = plan
            return
        self._plan, self._tracks = plan, plan.tracks
        self._send(self.list.change(plan.tracks))

    # --- hands and cues ----------------------------------------------------------------------------------------------------

    def ask(self, control: TrackControl | StopAll) -> None:
        """What somebody asks of the tracks; what cannot be is told."""
        status = self._status
        try:
            if not self._there and isinstance(control, SOUNDS):
                raise Refused("the player is not there yet: its health says why")
            self._send(self.list.ask(control, self._heard(), 0.0 if status is None else status.latency))
        except Refused as refused:
            if not isinstance(control, StopAll):
                data = (("control", type(control).__name__.lower()), ("reason", str(refused)), ("source", control.source))
                self._on_told(Happened(control.time, "refused", data))
        self._show()

    @property
    def _there(self) -> bool:
        return self.player is not None and self.player.ready

    def _heard(self) -> float:
        """Seconds of the track that are heard now; while the player is away, those at which it was heard last."""
        return self.list.heard(round(1e9 * (self._now() - self._offset))) if self._there else self.list.state.position

    def _send(self, commands: Iterable[Command]) -> None:
        for command in commands:
            if self.player is not None:
                self.player.send(command)

    # --- the player --------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """The player has been started."""
        self._status, self._refused_seq = None, 0
        self._fall_silent()
        self._send(self.list.begin(self._now()))
        self._pass_on()

    def _hear(self, clock: PlayerClock) -> None:
        self._send(self.list.hear(clock, self._now()))
        self._pass_on()
        self._look()
        if self._now() >= self._looked + LOOK_EVERY_S:
            self._show()

    def _learn_of(self, status: PlayerStatus) -> None:
        if self._status is None or (status.state, status.detail) != (self._status.state, self._status.detail):
            self._since = self._now()
        self._status, self._gone = status, ""
        if status.refused_seq and status.refused_seq != self._refused_seq:
            self.list.refused(status.refused_seq, status.refused, self._now())
            self._pass_on()
        self._refused_seq = status.refused_seq
        self._on_health(self.health())

    def _pass_on(self) -> None:
        for happened in self.list.take_told():
            self._on_told(happened)

    def _learn(self, track: str, found: BeatMap) -> None:
        self._send(self.list.learn(track, found))

    # --- the beat ----------------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """What the map of the track has to say now."""
        the, clock = self.list, self.list.clock
        if the.state.mode == "playing" and not the.there:
            return  # what is heard still is no place of what was asked for
        track = the.state.at.track if the.state.at is not None else ""
        if the.state.mode != "playing" or clock.mode is not Mode.PLAYING or track not in the.maps:
            self._fall_silent()
            return
        if self._beat is None:
            plan = self._plan
            self._beat = TrackBeat(the.maps[track], plan.sound_latency, plan.lamp_latency, self._index)
            self._take = 0
        elif self._beat.map is not the.maps[track]:
            self._beat.play(the.maps[track])
            self._take = 0
        if clock.take != self._take:
            self._take = clock.take
            self._beat.jump(clock.position)
        turn, into, join = the.turn(), None, the.joins()
        if join is not None and (into := the.maps.get(join[1])) is not None:
            turn = join[0], 0.0
        moment = Moment(clock.at_ns / 1e9 + self._offset, clock.position, clock.rate, turn, into)
        features = self._beat.look(moment)
        self._index, self.leads = self._beat.index, True
        if features:
            self._on_features(features)

    def _fall_silent(self) -> None:
        """The map has nothing to say any more: where no ear speaks, it is silent."""
        if self.leads:
            self.leads, self._beat = False, None
            self._on_features([silence(self._now())])

    # --- what is told ------------------------------------------------------------------------------------------------------

    def health(self) -> Health:
        """How the player is, and whether the beats of its tracks are known."""
        one = health(self._status, self._since, self._ended)
        if self._gone:
            return replace(one, state=State.DEGRADED, detail=self._gone)
        if one.state is not State.RUNNING:
            return one
        said, missing = one.detail, self.maps.missing
        if self.maps.troubles:
            file, why = next(iter(self.maps.troubles.items()))
            said += f"; the beats of {Path(file).name} cannot be worked out: {why}"
        elif missing:
            said += f"; the beats of {missing} track{'s' * (missing > 1)} are being worked out"
        return replace(one, detail=said)

    def view(self) -> TrackView:
        """How it all stands."""
        the, state = self.list, self.list.state
        track, position = None if state.at is None else state.at.track, self._heard()
        found = None if track is None else the.maps.get(track)
        stopping = state.mode == "stopped" and the.clock.mode is Mode.STOPPING
        return TrackView(
            state="stopping" if stopping else state.mode,
            track=track,
            position=position,
            time=self._now(),
            length=0.0 if track is None else the.length(track),
            rate=state.rate,
            volume=state.volume,
            bar=0 if found is None else found.bar_at(position),
            loop=the.loop,
            standby=None if state.standby is None else state.standby.track,
            following=None if the.following is None else the.following.track,
            resume=state.position if state.resumes else None,
            mapped=found is not None,
            troubles=() if self._status is None else self._status.troubles,
        )

    def _show(self) -> None:
        self._looked = self._now()
        self._on_view(self.view())


def _paused(state: SetState) -> SetState:
    """What played is paused: nothing sounds by itself."""
    return replace(state, mode="paused") if state.mode == "playing" else state


def _needs(tracks: TracksPlan) -> tuple[str, str, str, tuple[int, ...]]:
    return tracks.player, tracks.card, tracks.passcode_file, tracks.channels


async def _kept_running(keep: Keep, name: str, part: Callable[[], Awaitable[None]]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await keep(name, part)
