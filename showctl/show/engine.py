"""The engine: what happened until now, and the look OF now. Read `step` first: it is the order of things in one tick.

Two rules make the same show come out of 44 ticks a second, of 100, or of a replay:
- whatever happens acts at its own time. Inputs, follows, hangs, sections and the end of a trusted beat are taken one by
  one in the order of their times, however many lie between two ticks;
- the look is a closed formula of the state and the moment. Nothing is added up from tick to tick.

What arrives late (its time lies before something that was already taken) acts right after that; what is dated ahead waits.
Units: seconds of show time, levels 0..1. No clock, no I/O, no chance; what is worth telling comes back as Happened.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Any, TypeAlias, get_args

from showctl.model import (
    Back,
    Blackout,
    Check,
    ControlEvent,
    Downbeat,
    ExitLoop,
    Features,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Happened,
    Hold,
    Identify,
    Inputs,
    LetGo,
    ListState,
    LockBeat,
    Nudge,
    Octave,
    Park,
    Pause,
    PlaybackState,
    PlayTrack,
    Release,
    Resume,
    SetHouse,
    SetMaster,
    SetRate,
    ShowFrame,
    StopAll,
    Tap,
    Timecode,
    TrackControl,
    TrackVolume,
    Unpark,
)
from showctl.plan import Plan
from showctl.show import beathands, transport
from showctl.show.cuelist import Deed, Mode
from showctl.show.explain import Explained, explain
from showctl.show.hands import Asked
from showctl.show.names import Maps
from showctl.show.playhead import COMPLETE, MARK, STAY, Playhead
from showctl.show.refused import Refused
from showctl.show.stage import Stage
from showctl.show.state import State, naming, put, take
from showctl.show.takeover import Takeover

Handler: TypeAlias = Callable[["ShowEngine", float, Any], None]  # at time t (s), a control of the type that it stands for
HELD_TOLD = 10.0  # s between two times it is told that the strobe limit holds lamps
WAITING = 4096  # inputs dated ahead that are kept; more are refused
HANDS = {Hold: "hold", LetGo: "let_go", Park: "park", Unpark: "unpark", Identify: "identify", Check: "check"}
QUIETLY = ("back", "restore")  # ways into a cue that begin no track
TOLD = {Deed.FIRE: "go", Deed.LEAP: "goto", Deed.UNDO: "back"}  # deeds after which the list is in another cue


class ShowEngine:
    """Plays a plan. ValueError for a plan that contradicts itself."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._stage = Stage(plan)
        self.names, self.starts = naming(self._stage)
        self._by_name = {head.track.list.name: head for head in self._stage.heads}
        self._waiting: list[tuple[float, int, int, Features | ControlEvent]] = []
        self._arrived = 0
        self._time = -math.inf  # s of the last thing that happened
        self._trusting = False  # a beat is trusted, as far as was told
        self._early = plan.sound_latency + plan.lamp_latency  # s by which what is heard comes too late
        self._hints = any(cue.tempo is not None for one in plan.lists for cue in one.cues)
        self._held_told = -math.inf  # s
        self._told: list[Happened] = []
        self._track_volume = 1.0  # as far as was told
        self._tracks: list[PlayTrack] = []  # that cues asked for since the last step
        self._takeover: Takeover | None = None  # prepared
        self._lists: tuple[ListState, ...] = ()
        self._lists_until = -math.inf  # s, until when `_lists` holds
        self._playback = self._state(0.0)

    @property
    def playback(self) -> PlaybackState:
        """Where the show stands, as of the last step."""
        return self._playback

    def step(self, now: float, inputs: Inputs) -> ShowFrame:
        """Take what reached the engine, and make the look of `now` (s). ValueError if `now` is no number."""
        if not math.isfinite(now):
            raise ValueError(f"the time of a step must be a number, not {now}")
        for one in (*inputs.features, *inputs.controls):
            self._take(one, now)
        self._happen(now)
        slots = self._stage.draw(now)
        if self._stage.held and now >= self._held_told + HELD_TOLD:
            self._held_told = now
            self._tell(now, "strobe_limit", lamps=self._stage.held)
        self._playback = self._state(now)
        told, self._told = tuple(self._told), []
        tracks, self._tracks = tuple(self._tracks), []
        return ShowFrame(now, slots, self._playback, told, tracks)

    def ahead(self) -> bool:
        """A slice, about a millisecond, of the work for the next cues; whether there is more to do.

        To be called beside the ticks, as often as there is time. It changes nothing but how long the tick with the GO takes.
        """
        return any(transport.ahead(head) for head in self._stage.heads)

    def explain(self, fixture: str) -> tuple[Explained, ...]:
        """Why each parameter of a fixture is as it is, as of the last step; () if there is no such fixture."""
        return explain(self._stage, fixture)

    # --- kept, and taken up again ------------------------------------------------------------------------------------

    def state(self, now: float) -> State:
        """All that decides what comes, after the step to `now` (s)."""
        return take(self, now)

    @classmethod
    def restored(cls, plan: Plan, state: State) -> tuple[ShowEngine, list[str]]:
        """An engine that goes on as the state says, and what its plan has not, in words. ValueError as for the plan."""
        engine = cls(plan)
        gone = put(engine, state, Maps(state.names, engine.names))
        engine._stage.resumed()
        engine._lists_until = -math.inf
        engine._playback = engine._state(state.time)
        return engine, gone

    def prepare(self, old: ShowEngine) -> None:
        """Do beforehand, beside the ticks of the old engine, what taking over from it needs; this one has done nothing yet."""
        self._takeover = Takeover(self, old)

    def take_over(self, old: ShowEngine, now: float) -> tuple[Happened, ...]:
        """Go on from where another engine stands after its step to `now`, of this plan or another; what is gone is told.

        `prepare` first, or it takes longer.
        """
        prepared, self._takeover = self._takeover, None
        change = prepared if prepared is not None and prepared.old is old else Takeover(self, old)
        gone = change.done(now)
        self._lists_until = -math.inf
        self._playback = self._state(now)
        return tuple(Happened(now, "left_out", (("what", what),)) for what in gone)

    # --- what happens, in the order of its time ----------------------------------------------------------------------

    def _take(self, one: Features | ControlEvent, now: float) -> None:
        if not math.isfinite(one.time):
            self._refuse(now, one, "its time is no number")
        elif len(self._waiting) >= WAITING and one.time > now:
            self._refuse(now, one, "too many wait for a time to come")
        else:
            self._arrived += 1
            kind = 0 if isinstance(one, Features) else 1  # of the same time, what was heard comes first
            heapq.heappush(self._waiting, (one.time, kind, self._arrived, one))

    def _happen(self, now: float) -> None:
        """Take everything that is due until now, whichever comes first."""
        while True:
            head = min(self._stage.heads, key=lambda h: h.due, default=None)
            due = math.inf if head is None else head.due
            lost = self._stage.clock.lost_at if self._trusting else math.inf
            arrives = self._waiting[0][0] if self._waiting else math.inf
            first = min(due, lost, arrives)
            if first > now:
                return
            t = self._time = max(first, self._time)
            if lost == first:
                self._trusting = False
                self._tell(t, "beat_lost")
            elif due == first and head is not None:
                self._by_itself(head, t)
            else:
                self._input(t, heapq.heappop(self._waiting)[3])
            self._hint(t)

    def _input(self, t: float, one: Features | ControlEvent) -> None:
        if isinstance(one, Features):
            self._hear(t, one)
            return
        try:
            self._control(t, one)
        except Refused as refusal:
            self._refuse(t, one, str(refusal))

    def _hear(self, t: float, features: Features) -> None:
        if not all(map(math.isfinite, (features.level, features.energy, features.onset, *features.strikes))):
            self._refuse(t, features, "a level that is no number")
            return
        stage = self._stage
        section, run = stage.heard.section, stage.clock.run
        before, stage.heard = stage.heard, stage.heard.after(t, features, self._early)
        stage.clock = stage.clock.heard(t, beathands.earlier(features.grid, self._early))
        if beathands.new_song(before, t, stage.heard):
            stage.clock = stage.clock.new_song()
        if stage.heard.section is not section:
            stage.effects.hear(stage.view(None, t))
            self._tell(t, "section", section=features.section.value)
        self._trust(t)
        if stage.clock.run != run or stage.heard.section is not section or stage.heard.coming != before.coming:
            self._reschedule(t)

    def _trust(self, t: float) -> None:
        if not self._trusting and t < self._stage.clock.lost_at:
            self._trusting = True
            self._tell(t, "beat_found", bpm=round(self._stage.clock.bpm, 2))

    def _reschedule(self, t: float) -> None:
        """The beat or the section is another: so is the time of all that hangs on them."""
        for head in self._stage.heads:
            head.reschedule(t, self._stage.clock, self._stage.heard)
        self._lists_until = -math.inf

    def _control(self, t: float, one: ControlEvent) -> None:
        handler = CONTROLS.get(type(one))
        if handler is None:
            raise Refused("this version cannot do that yet")
        handler(self, t, one)

    def _head(self, name: str) -> Playhead:
        if name not in self._by_name:
            raise Refused(f"there is no list {name!r}")
        return self._by_name[name]

    def _ask(self, t: float, one: transport.Asked) -> None:
        head = self._head(one.list)
        deed = transport.ask(self._stage, head, one, t)
        if deed in TOLD:
            self._tell_cue(head, t, TOLD[deed], one.source)
        else:
            self._tell(t, deed.value, list=one.list, source=one.source)

    def _rate(self, t: float, one: SetRate) -> None:
        transport.set_rate(self._stage, self._head(one.list), one, t)
        self._tell(t, "rate", list=one.list, rate=one.rate, source=one.source)

    def _exit_loop(self, t: float, one: ExitLoop) -> None:
        transport.exit_loop(self._stage, self._head(one.list), t)
        self._tell(t, "exit_loop", list=one.list, source=one.source)

    def _blackout(self, t: float, one: Blackout) -> None:
        self._stage.blackout(one.on)
        self._tell(t, "blackout", on=one.on, source=one.source)

    def _beat(self, t: float, one: beathands.Asked) -> None:
        self._stage.clock, told = beathands.ask(self._stage.clock, one, t, self.plan.lamp_latency)
        if told:
            self._tell(t, "beat_help", **told, source=one.source)
        self._trust(t)
        self._reschedule(t)

    def _hint(self, t: float) -> None:
        """Hold the beat in the range of tempo that the cue says which is current now."""
        clock = self._stage.clock
        tempo = beathands.tempo_of(self._stage.heads) if self._hints else None
        if tempo != clock.help.tempo:
            self._stage.clock = clock.hinted(t, tempo)
            self._reschedule(t)

    def _timecode(self, t: float, one: Timecode) -> None:
        if not (0.0 <= one.at < math.inf and abs(one.speed) <= transport.FASTEST):
            raise Refused(f"time code at {one.at:g} s that runs {one.speed:g} times as fast")
        for head in self._stage.heads:
            if head.track.list.timecode in (one.clock, "any"):
                transport.chase(self._stage, head, one, t)

    def _house(self, t: float, one: SetHouse) -> None:
        self._stage.house(one.level, one.fade, t)
        self._tell(t, "house", level=one.level, fade=one.fade, source=one.source)

    def _fader(self, t: float, one: SetMaster) -> None:
        self._stage.fader(one.submaster, one.level, t)
        self._tell(t, "master", submaster=one.submaster, level=one.level, source=one.source)

    def _hand(self, t: float, one: Asked) -> None:
        told = self._stage.hand(one, t)
        self._tell(t, HANDS[type(one)], **told, source=one.source)

    def _track(self, t: float, one: TrackControl) -> None:
        """What is asked of the tracks is done beside the engine, which only knows of it: its journal is that of the night."""
        if self.plan.tracks is None:
            raise Refused("the show file names no tracks")
        if isinstance(one, TrackVolume):
            if not 0.0 <= one.level <= 1.0:
                raise Refused(f"a volume is 0 to 1, not {one.level}")
            self._track_volume = one.level
        self._tell(t, "asked_track", control=type(one).__name__.lower(), source=one.source)

    def _flash(self, t: float, one: Flash) -> None:
        self._stage.flash(one.submaster, one.on, t)
        self._tell(t, "flash", submaster=one.submaster, on=one.on, source=one.source)

    def _stop(self, t: float, one: StopAll) -> None:
        for head in self._stage.heads:
            if head.mode is not Mode.RELEASED:
                transport.let_go(self._stage, head, t)
        self._stage.effects.stop_all(self._stage.view(None, t))
        self._tracks.clear()  # who plays them has had this stop already
        self._tell(t, "stop", source=one.source)

    def _by_itself(self, head: Playhead, t: float) -> None:
        by = transport.by_itself(self._stage, head, t)
        self._lists_until = -math.inf  # marks move the list, too, and of them nothing is told
        if by == "runaway":
            self._tell(t, by, list=head.track.list.name, cue=head.track.number(head.current))
        elif by not in (COMPLETE, MARK, STAY):
            self._tell_cue(head, t, by, "")

    # --- what is told ------------------------------------------------------------------------------------------------

    def _state(self, now: float) -> PlaybackState:
        if now >= self._lists_until or self._told:
            self._lists = tuple(head.state(now, self._stage.clock) for head in self._stage.heads)
            self._lists_until = min((s.ends for s in self._lists if s.state == "fading"), default=math.inf)
        return self._stage.standing(now, self._lists, self._track_volume)

    def _tell(self, t: float, type_: str, **data: str | float | int | bool | None) -> None:
        self._told.append(Happened(t, type_, tuple(data.items())))

    def _tell_cue(self, head: Playhead, t: float, by: str, source: str) -> None:
        name = "" if head.cue is None else head.cue.name
        number = head.track.number(head.current)
        self._tell(t, "cue", list=head.track.list.name, cue=number, name=name, by=by, source=source)
        if head.cue is not None and head.cue.play and by not in QUIETLY:
            self._tracks.append(PlayTrack(time=t, source=f"cue:{number}", track=head.cue.play))

    def _refuse(self, t: float, one: Features | ControlEvent, reason: str) -> None:
        source = "ear" if isinstance(one, Features) else one.source
        self._tell(t, "refused", control=type(one).__name__.lower(), reason=reason, source=source)

    # --- after a crash -----------------------------------------------------------------------------------------------

    def restore(self, state: PlaybackState, now: float) -> list[Happened]:
        """Stand where a show stood: each list in its cue with all that tracked, at once; masters and blackout.

        Follows and hangs count from now. When a list was fired is told as long before now as it was before the last of them:
        from that the next restart knows again which list moved last. What the plan no longer has is left out, and told.
        """
        self._time = max(self._time, now)
        last = max((standing.started for standing in state.lists), default=now)
        for standing in sorted(state.lists, key=lambda s: s.started):
            head = transport.restore(self._stage, standing, now)
            if isinstance(head, str):
                self._tell(now, "refused", control="restore", reason=head, list=standing.name, cue=standing.current)
            else:
                head.fired = now + standing.started - last
                self._tell_cue(head, now, "restore", "restore")
        masters = self._stage.masters
        for name, level in ((None, state.grand_master), *state.submasters):
            if level != (masters.grand if name is None else masters.levels.get(name)):
                self._input(now, SetMaster(time=now, source="restore", level=level, submaster=name))
        if state.blackout != masters.blackout:
            self._input(now, Blackout(time=now, source="restore", on=state.blackout))
        self._reschedule(now)
        told, self._told = self._told, []
        self._playback = self._state(now)
        return told


CONTROLS: dict[type, Handler] = {  # the one place that says what the engine can be asked
    **dict.fromkeys((Go, Back, Goto, Pause, Resume, Release), ShowEngine._ask),
    SetRate: ShowEngine._rate,
    ExitLoop: ShowEngine._exit_loop,
    StopAll: ShowEngine._stop,
    Blackout: ShowEngine._blackout,
    SetMaster: ShowEngine._fader,
    SetHouse: ShowEngine._house,
    **dict.fromkeys((Tap, Nudge, Octave, Downbeat, LockBeat, FreeBeat), ShowEngine._beat),
    Timecode: ShowEngine._timecode,
    **dict.fromkeys(get_args(TrackControl), ShowEngine._track),
    Flash: ShowEngine._flash,
    **dict.fromkeys(HANDS, ShowEngine._hand),
}
