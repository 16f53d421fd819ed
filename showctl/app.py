"""The live driver: builds the parts from venue and show, and runs them in one TaskGroup. Nothing imports it but the commands.

Start: the output is adopted or started, the engine is built and takes up where a crash left it, the ports are opened, and
only then the service manager hears READY. Stop: whoever asked (a signal, --seconds), the parts are cancelled, the standing of
the show is kept, and the light does what the venue's `on_stop` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from showctl import resume
from showctl.changes import lit
from showctl.clock import Clock
from showctl.config.loaded import Loaded
from showctl.config.schema import Mqtt as MqttSettings
from showctl.config.values import host_port
from showctl.inputs.ear_client import Ear
from showctl.inputs.eos import EosDoor
from showctl.inputs.midi import MidiInput
from showctl.inputs.osc import OscInput
from showctl.model import (
    ControlEvent,
    DeviceError,
    EqCommand,
    Features,
    Go,
    Happened,
    Health,
    Inputs,
    PlaybackState,
    Problem,
    ShowFrame,
    State,
)
from showctl.model import Reload as ReloadEvent
from showctl.nurse import Nurse
from showctl.outputs.journal import JournalWriter
from showctl.outputs.sacn.client import Output
from showctl.plan import Plan, Universe
from showctl.reload import Change, Loader, Reload, place
from showctl.remote.board import Board, Shown
from showctl.remote.web.guard import Scope
from showctl.remote.web.server import WebServer
from showctl.show.engine import ShowEngine
from showctl.show.explain import as_data
from showctl.show.seam import Seam
from showctl.show.state import State as Stood
from showctl.supervise import Quiet, Supervisor, sd_notify, watchdog_period
from showctl.tick import Nowhere, Ticker, words
from showctl.wire.features import CodeRead
from showctl.wire.journal import Load
from showctl.wire.timecode import Chase
from showctl.writing import Writer

if TYPE_CHECKING:
    from showctl.pa import Pa

log = logging.getLogger("showctl")

TEND_EVERY_S = 1.0
RECORD_EVERY_S = 0.25  # the journal is written so often
SAVE_EVERY_S, SAVE_SHARE = 10.0, 20.0  # what changes by itself is kept so often; saving takes at most so small a part of the time
SAVES_APART_S = 0.2  # a cue is on disk so soon, and a fader that moves does not wear the disk out
DEEDS = frozenset({"cue", "section", "blackout", "pause", "resume", "release", "stop"})  # each of them is worth its line
VITAL = frozenset({"engine", "output"})


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line adds to the files."""

    audio: str = "none"  # file:PATH, device:NAME, song:SEED, none
    http: tuple[str, int] | None = None
    osc: tuple[str, int] | None = None
    sacn: str | None = None  # "off", "multicast" or an address instead of what the venue says
    state: Path = Path("state")
    runtime: Path = Path("run")
    seconds: float | None = None  # stop by itself after this long
    heard: bool = False  # play the sound on the default device, too
    begin: bool = False  # fire the first cue at once
    on_stop: str | None = None  # instead of the venue's
    orphan: float | None = None  # where the venue has none: after so long without a daemon (s) the output gives up
    service: bool = False  # run by a service manager: a taken port is retried, not refused


def run(
    loaded: Loaded,
    options: Options,
    on_ready: Callable[[str], None],
    problems: tuple[Problem, ...] = (),
    loader: Loader | None = None,
) -> int:
    """Run the night. Returns the exit code; raises DeviceError if it cannot begin."""
    return asyncio.run(Daemon(loaded, options, on_ready, problems, loader).live())


@dataclass(frozen=True, slots=True)
class Ready:
    """A version, with all made that takes time."""

    plan: Plan
    engine: ShowEngine
    shown: Shown
    safe: NDArray[np.uint8] | None


class Polled(Protocol):
    """A part that knows how it is."""

    def health(self) -> Health: ...


class Daemon:
    """One night: the parts and what ties them together."""

    def __init__(
        self,
        loaded: Loaded,
        options: Options,
        on_ready: Callable[[str], None],
        problems: tuple[Problem, ...],
        loader: Loader | None = None,
    ) -> None:
        self.loaded, self.options, self.on_ready = loaded, options, on_ready
        self.plan = replace(loaded.plan, universes=universes(loaded.plan, options.sacn))
        self.clock = Clock()
        self.board = Board(self.plan, VITAL, -self.clock.offset)
        self.board.load(Shown.of(self.plan), (*problems, *loaded.warnings), loaded.version)
        self._tell_version(loaded, problems)
        self.supervisor = Supervisor(self.clock.now, self.board.report)
        self.quiet = Quiet(self.clock.now)
        self.deeds = Quiet(self.clock.now, every=1.0)
        self.nurse = Nurse(self.supervisor.quiet, silent=frozenset({"mqtt", "show"}))
        self.output = self._open_output()
        self.journal = JournalWriter(options.state / "journal")
        self.faults = 0  # of the engine, as far as the journal knows
        self.seam = Seam()
        self.chase = Chase("ltc", f"ltc:{options.audio}")
        self.eos: EosDoor | None = None
        self.ear: Ear | None = None
        self.pa: Pa | None = None
        self.pa_changed = asyncio.Event()  # another version of the files is played
        self.polled: dict[str, Polled] = {}  # parts that are asked how they are, once a second
        self.fingerprint = loaded.version
        self.standing = options.state / "standing.json"
        self.boot = resume.boot_id()
        self.stepped = 0.0  # s, the time of the engine's last step
        self.changed = False  # since the standing was kept
        self.moved = asyncio.Event()  # the standing on disk may be out of date
        self.saving = threading.Lock()  # a thread that saves outlives the task that waited for it,
        self.recording = threading.Lock()  # and so does one that writes the journal
        self.clean = False
        self.reload = None if loader is None else self._reload(loader)
        self.writer = None if loader is None or loader.watched is None else Writer(*loader.watched)

    # --- parts -----------------------------------------------------------------------------------------------------

    def _open_output(self) -> Output | Nowhere:
        if self.options.sacn == "off":
            self.board.report(Health("output", State.RUNNING, "off: nothing leaves this machine (--sacn off)"))
            return Nowhere()
        venue = self.loaded.venue
        output = Output.open(
            self.options.runtime,
            self.plan.universes,
            source_name=f"showctl {venue.name}"[:63],
            interface=venue.network.interface,
            ttl=venue.network.ttl,
            state_dir=self.options.state,
            on_stop=self.on_stop,
            orphan=venue.orphan or self.options.orphan,
        )
        self.board.report(output.health())
        if self.plan.safe:
            output.set_safe(still(self.plan, self.plan.safe))
        return output

    @property
    def on_stop(self) -> str:
        """What the light does when the daemon is asked to stop: hold or terminate."""
        return self.options.on_stop or ("terminate" if self.loaded.venue.on_stop == "terminate" else "hold")

    def _engine(self, playback: PlaybackState | None, at: float) -> ShowEngine:
        """An engine in the cues of this playback; all else of what was before is left behind."""
        engine = ShowEngine(self.plan)
        if playback is not None:
            for happened in engine.restore(playback, at):
                self._told(happened)
        return engine

    def _goes_on(self, kept: resume.Standing) -> ShowEngine:
        """The engine of a run before, where it stood; from now on show time is that of this run."""
        self.clock.go_on(resume.origin_ns(kept, self.clock.now_ns()))
        self.board.origin, self.stepped = -self.clock.offset, kept.time
        log.info("the show goes on where it stood")
        try:
            if kept.state is None:
                raise ValueError("it is not there")
            engine, gone = ShowEngine.restored(self.plan, Stood.unpack(kept.state))
        except ValueError as error:
            log.warning("of how the show stood only cues and masters can be read: %s", error)
            return self._engine(kept.playback, self.clock.now())
        for what in gone:
            log.warning("the show has no place any more for %s", what)
        return engine

    def _resumed(self) -> resume.Standing | None:
        """What to take up: only what ended without being asked to, or what an output still holds."""
        kept = resume.load(self.standing)
        if kept is None or kept.show != self._show_id():
            return None
        adopted = isinstance(self.output, Output) and self.output.adopted
        if kept.clean and not adopted:
            return None
        return kept

    def _show_id(self) -> str:
        return f"{self.plan.venue} / {self.plan.show}"

    # --- another version of the show -----------------------------------------------------------------------------------

    def _reload(self, loader: Loader) -> Reload[Ready]:
        return Reload(
            loader,
            self.loaded,
            playing=self._current,
            lit=self._lit,
            prepare=self._prepare,
            between=lambda: self.ticker.between(),
            take_over=self._take_over,
            on_problems=self.board.tell,
            on_health=self.board.report,
            now=self.clock.now,
        )

    def _tell_version(self, loaded: Loaded, problems: tuple[Problem, ...]) -> None:
        """What is played at the start; `problems` are those of files that are not played for them."""
        state, text = State.RUNNING, f"version {loaded.version}"
        if problems:
            state, text = (
                State.DEGRADED,
                f"the files have mistakes, the first at {place(problems[0])}: the last good show is played",
            )
        self.board.report(Health("show", state, text, self.clock.now()))

    def _current(self) -> dict[str, str]:
        """The cue that each list is in."""
        playback = self.board.playback
        return {} if playback is None else {one.name: one.current for one in playback.lists}

    def _lit(self, fixtures: tuple[str, ...]) -> tuple[str, ...]:
        """Which of these fixtures give light now."""
        if not self.board.frame:
            return ()
        return lit(self.plan, np.frombuffer(self.board.frame, np.uint8).reshape(-1, 512), fixtures)

    def _prepare(self, loaded: Loaded) -> Ready:
        """All of a version that takes time; called in a thread."""
        plan = replace(loaded.plan, universes=universes(loaded.plan, self.options.sacn))
        if plan.pa is not None:
            import showctl.pa  # noqa: F401  # it takes its time, which a tick has not
        engine = ShowEngine(plan)
        if isinstance(self.ticker.engine, ShowEngine):
            engine.prepare(self.ticker.engine)
        return Ready(plan, engine, Shown.of(plan), still(plan, plan.safe) if plan.safe else None)

    def _take_over(self, change: Change, ready: Ready) -> None:
        """Put a version in the place of the one that runs, between two ticks."""
        if isinstance(self.output, Output) and ready.plan.universes != self.plan.universes:
            self.output.set_universes(ready.plan.universes)
        try:
            at, told = self.ticker.take_over(ready.engine)
        except Exception:
            if isinstance(self.output, Output):
                self.output.set_universes(self.plan.universes)
            raise
        if isinstance(self.output, Output) and ready.safe is not None:
            self.output.set_safe(ready.safe)
        if self.ear is not None:
            self.ear.listen_to(change.loaded.venue.audio.channels)
        self.plan, self.fingerprint = ready.plan, change.loaded.version
        self.board.load(ready.shown, change.loaded.warnings, change.loaded.version)
        self.stepped, self.changed = at, True
        self._begin_journal("reload", ready.engine)
        for happened in told:
            self._told(happened)
        self.moved.set()
        self.pa_changed.set()

    def _emit(self, control: ControlEvent | EqCommand) -> bool:
        """What anybody asks for: reloads are done here, the equaliser is the PA's, all else is the engine's."""
        if isinstance(control, EqCommand):
            return self.pa is not None and self.pa.ask(control)
        if not isinstance(control, ReloadEvent):
            return self.ticker.emit(control)
        if self.reload is None:
            log.info("reload: the files of this show are not watched")
        elif control.do == "undo":
            self.reload.undo()
        else:
            self.reload.ask(force=control.do == "force")
        return True

    async def _write_back(self, palette: str) -> str:
        """What is held now becomes a palette of the files that are watched. Raises WireError."""
        assert self.writer is not None
        playback = self.board.playback
        said = await self.writer.write(palette, () if playback is None else playback.held)
        log.info("written back: %s", said)
        return said

    # --- the night -------------------------------------------------------------------------------------------------

    async def live(self) -> int:
        """Open, run until asked to stop, close."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        hang_up = ReloadEvent(time=0.0, source="SIGHUP", do="force" if self.options.service else "now")
        loop.add_signal_handler(signal.SIGHUP, self._emit, hang_up)  # from a closed terminal, too: that must not force anything
        if self.options.seconds is not None:
            loop.call_later(self.options.seconds, stop.set)
        kept = self._resumed()
        engine = ShowEngine(self.plan) if kept is None else self._goes_on(kept)
        self._begin_journal("start" if kept is None else "resume", engine)
        self.ticker = Ticker(
            engine,
            self.output,
            self.clock,
            on_step=self._stepped,
            on_health=self.board.report,
            rebuild=self._engine,
        )
        try:
            await self._parts(stop, begin=self.options.begin and kept is None)
        finally:
            self._close()
        return 0

    async def _parts(self, stop: asyncio.Event, begin: bool) -> None:
        keep = self.supervisor.keep
        async with contextlib.AsyncExitStack() as stack:
            web, osc = await self._doors(stack)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(keep("engine", self.ticker.run, vital=True))]
                parts = [("output", self._tend), ("state", self._keep), ("journal", self._record), *self._others(web, osc)]
                parts += [("show", self.reload.run)] if self.reload else []
                tasks += [group.create_task(keep(name, part)) for name, part in parts]
                if begin:
                    for one in self.plan.lists[:1]:
                        self.ticker.emit(Go(time=self.clock.now(), source="start", list=one.name))
                gc.collect()
                gc.freeze()  # what lives now lives all night: the collector need not look at it during a tick
                self.on_ready(f"http://{web.address}/" if web else "")
                sd_notify("READY=1")
                await stop.wait()
                sd_notify("STOPPING=1")
                self.clean = True
                for task in tasks:
                    task.cancel()

    async def _doors(self, stack: contextlib.AsyncExitStack) -> tuple[WebServer | None, OscInput | None]:
        """Open the ports. In a terminal a taken port refuses the start; as a service it is health, and tried again."""
        venue, now, emit = self.loaded.venue, self.clock.now, self._emit
        web = osc = None
        if self.options.http:
            tokens: dict[str, Scope] = dict.fromkeys(venue.web.tokens, "control")
            web = WebServer(
                *self.options.http,
                board=self.board,
                emit=emit,
                now=now,
                tokens=tokens,
                allow=venue.web.allow,
                write=None if self.writer is None else self._write_back,
                why=self._why,
            )
            await self._open("web", web.open)
            stack.push_async_callback(web.close)
        door = EosDoor(
            None if venue.osc.eos is None else host_port(venue.osc.eos),
            [host_port(one) for one in venue.osc.feedback],
            allow=venue.osc.allow,
            emit=emit,
            now=now,
            plan=lambda: self.plan,
            playback=lambda: self.board.playback,
        )
        if venue.osc.eos is not None or venue.osc.feedback:
            self.eos = door
            await self._open("eos", door.open)
            stack.push_async_callback(door.close)
        if self.options.osc:
            names, allow = lambda: self.board.words, venue.osc.allow
            osc = OscInput(*self.options.osc, allow=allow, emit=emit, now=now, names=names, eos=door.act)
            await self._open("osc", osc.open)
            stack.callback(osc.close)
        return web, osc

    def _why(self, fixture: str) -> list[dict[str, object]]:
        """Why a lamp is as it is, for whoever asks at a door; nothing where no fixture has this name."""
        engine = self.ticker.engine
        return as_data(engine.explain(fixture)) if isinstance(engine, ShowEngine) else []

    async def _open(self, name: str, door: Callable[[], object]) -> None:
        try:
            result = door()
            if asyncio.iscoroutine(result):
                await result
        except DeviceError as error:
            if not self.options.service:
                raise
            self.board.report(Health(name, State.DEGRADED, str(error), self.clock.now()))

    def _others(self, web: WebServer | None, osc: OscInput | None) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """The parts that the light does not need."""
        parts: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        if web:
            parts.append(("web", web.run))
        if osc:
            self.polled["osc"] = osc
            parts.append(("osc", osc.run))
        if self.eos:
            self.polled["eos"] = self.eos
            parts.append(("eos", self.eos.run))
        if (desk := self.loaded.venue.midi) is not None:
            playback, names = lambda: self.board.playback, lambda: self.board.words
            midi = MidiInput(
                desk.input,
                desk.map,
                channel=desk.channel,
                emit=self._emit,
                now=self.clock.now,
                playback=playback,
                names=names,
                device=None if desk.msc is None else desk.msc.device,
                plan=lambda: self.plan,
            )
            self.polled["midi"] = midi
            parts.append(("midi", midi.run))
        if self.options.audio == "none":
            self.board.report(Health("ear", State.RUNNING, "off: no sound is listened to (--audio none)", self.clock.now()))
        else:
            self.ear = Ear(
                self.options.audio,
                output=self.options.heard,
                on_features=self._heard,
                on_status=self.board.report,
                offset=self.clock.offset,
                ltc=self.loaded.venue.audio.ltc,
                on_codes=self._read,
                channels=self.loaded.venue.audio.channels,
            )
            parts.append(("ear", self.ear.run))
        parts.append(("pa", self._room))
        mqtt = self.loaded.venue.mqtt
        if mqtt is not None:
            parts.append(("mqtt", partial(self._mqtt, mqtt)))
        return parts

    async def _room(self) -> None:
        """The parts that hear the room and set its equaliser, as the plan that is played has them; none where it has none."""
        while self.plan.pa is None:
            await self.pa_changed.wait()
            self.pa_changed.clear()
        from showctl.pa import Pa  # only a venue with a PA pays for the import

        self.pa = self.pa or Pa(
            self.plan.pa,
            now=self.clock.now,
            offset=self.clock.offset,
            runtime=self.options.runtime,
            kept=self.options.state / "equaliser.json",
            boot=self.boot,
            on_health=self.board.report,
            on_told=self._told,
        )
        await self.pa.keep(self.supervisor.keep, lambda: self.plan.pa, self.pa_changed, self.board.forget)

    def _sensed(self, topic: str, payload: bytes, kept: bool) -> None:
        if self.pa is not None:
            self.pa.sense(topic, payload, kept)

    async def _mqtt(self, settings: MqttSettings) -> None:
        from showctl.remote.mqtt import Mqtt  # only a venue with a broker pays for the import

        climate = None if self.plan.pa is None else self.plan.pa.climate
        topics = () if climate is None or climate.sensor is None else climate.sensor
        also = {topic: partial(self._sensed, topic) for topic in topics}
        client = Mqtt.of(settings, self.plan.venue, emit=self._emit, now=self.clock.now, board=self.board, also=also)
        self.polled["mqtt"] = client
        await client.run()

    async def _tend(self) -> None:
        """Once a second: the output's health, the watchdog, the journal."""
        period = min(watchdog_period() or TEND_EVERY_S, TEND_EVERY_S)
        ticks = 0
        while True:
            await asyncio.sleep(period)
            alive = self.ticker.ticks > ticks
            ticks = self.ticker.ticks
            for part in self.polled.values():
                self.board.report(part.health())
            if self.pa is not None:
                for health in self.pa.polled():
                    self.board.report(health)
                self.board.hear_room(self.pa.view())
            if isinstance(self.output, Output):
                self.output.tend()
                self.board.report(self.output.health())
                alive = alive and self.output.taken_over()
            if alive:
                sd_notify("WATCHDOG=1")
            self._report_journal()
            self.nurse.visit(self.board.health.values())

    async def _keep(self) -> None:
        """The standing on disk, soon after each change: a crash loses next to nothing. A disk that hangs holds up only this."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.moved.wait(), SAVE_EVERY_S)
            self.moved.clear()
            began = self.clock.now()
            if (kept := self._stands()) is not None:
                await asyncio.to_thread(self._save, kept)
            await asyncio.sleep(max(SAVES_APART_S, SAVE_SHARE * (self.clock.now() - began)))

    def _playing(self) -> ShowEngine:
        engine = self.ticker.engine
        assert isinstance(engine, ShowEngine)
        return engine

    def _stands(self) -> Callable[[], resume.Standing] | None:
        """What makes, in a thread, the standing after the last step; None where nothing has changed since it was kept."""
        playback = self.board.playback
        if playback is None or not (self.changed or self.clean):
            return None
        self.changed = False
        state, clean, origin, show = self._playing().state(self.stepped), self.clean, self.clock.origin_ns, self._show_id()
        return lambda: resume.Standing(show, clean, playback, self.boot, origin, state.time, state.pack())

    async def _record(self) -> None:
        """The journal on disk, beside the tick: a disk that hangs costs lines of it and nothing else."""
        while True:
            await asyncio.sleep(RECORD_EVERY_S)
            await asyncio.to_thread(self._write_down)

    def _write_down(self) -> None:
        with self.recording:
            self.journal.write_down()

    def _begin_journal(self, why: str, engine: ShowEngine) -> None:
        """A new file of the journal, with how the engine stands after its last step."""
        load = Load(self.stepped, self.fingerprint, self._show_id(), why)
        self.journal.begin(load, engine.state(self.stepped).pack)

    def _report_journal(self) -> None:
        if self.journal.fault:
            lost = (("lost_lines", float(self.journal.lost)),)
            detail = f"the night is not recorded whole: {self.journal.fault}"
            self.board.report(Health("journal", State.DEGRADED, detail, self.clock.now(), lost))
        elif "journal" in self.board.health:
            self.board.report(Health("journal", State.RUNNING, "the night is recorded again", self.clock.now()))

    # --- what happens ----------------------------------------------------------------------------------------------

    def _heard(self, features: list[Features]) -> None:
        self.board.hear(features[-1])
        self.ticker.hear(one for one in map(self.seam.take, features) if one is not None)

    def _read(self, codes: list[CodeRead]) -> None:
        """Linear time code in the sound: what is to be told of it."""
        for code in codes:
            told = self.chase.runs(code.time, code.frame.at)
            if told is not None:
                self._emit(told)

    def _stepped(self, inputs: Inputs, frame: ShowFrame) -> None:
        self.board.show(frame)
        self.stepped = frame.time
        self.changed = self.changed or bool(inputs.features or inputs.controls or frame.events)
        self.journal.given(inputs, frame.time)
        why = "fault" if self.ticker.faults > self.faults else self.journal.due(frame.time)
        if why:
            self.faults = self.ticker.faults
            self._begin_journal(why, self._playing())
        if frame.events:
            self.moved.set()
        for happened in frame.events:
            self._told(happened)

    def _told(self, happened: Happened) -> None:
        said = (f"{key}={value}" for key, value in happened.data if not isinstance(value, float))
        quiet = self.deeds if happened.type in DEEDS else self.quiet
        more = quiet.line(" ".join((happened.type, *said)))  # without numbers: a fader that moves is one cause
        if more is not None:
            log.info("%8.2f %s%s", happened.time, words(happened), more)

    def _save(self, standing: Callable[[], resume.Standing]) -> None:
        """Keep the standing on disk."""
        with self.saving:
            try:
                resume.save(self.standing, standing())
            except OSError as error:
                self.changed = True
                why = f"cannot keep the standing of the show: {error}"
                self.board.report(Health("state", State.DEGRADED, why, self.clock.now()))
            else:
                if "state" in self.board.health:
                    self.board.report(Health("state", State.RUNNING, "the standing of the show is kept again", self.clock.now()))

    def _close(self) -> None:
        """Leave the light as the venue says; if nobody asked for this end leave it as it is, for the next daemon to adopt."""
        if (kept := self._stands()) is not None:
            self._save(kept)
        if self.clean and self.pa is not None:
            self.pa.forget()
        self._write_down()
        self.journal.close()
        if not isinstance(self.output, Output):
            return
        policy = self.on_stop if self.clean else "hold"
        if not self.clean and not self.output.adopted and not self.ticker.ticks:
            policy = "terminate"  # a start that failed: there is no light to hold
        if self.clean and self.plan.stop is not None and policy == "hold":
            self.output.submit(still(self.plan, self.plan.stop), self.clock.now_ns(), early=True)
        pid = self.output.pid
        self.output.close(policy)
        if policy == "hold" and not self.options.service:
            log.info("the light holds its last look: process %d sends it until another run takes over, or `kill %d`", pid, pid)


def still(plan: Plan, look: tuple[tuple[int, float], ...]) -> NDArray[np.uint8]:
    """The slots of a look of the venue file, with nothing playing over it."""
    return ShowEngine(replace(plan, start=look, lists=(), submasters=())).step(0.0, Inputs()).slots.copy()


def universes(plan: Plan, override: str | None) -> tuple[Universe, ...]:
    """The plan's universes, or all of them sent where the command line says."""
    if override in (None, "off"):
        return plan.universes
    if override == "multicast":
        return tuple(replace(one, multicast=True, unicast=()) for one in plan.universes)
    return tuple(replace(one, multicast=False, unicast=(override,)) for one in plan.universes)
