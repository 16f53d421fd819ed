"""One night from its beginning to its end: the parts are built, tied together, kept running, and closed. Reads top to bottom."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Callable

from showctl.app.doors import Doors, Part
from showctl.app.gestures import Gestures
from showctl.app.hearing import Hearing
from showctl.app.keeper import Keeper
from showctl.app.light import Light
from showctl.app.night import Night
from showctl.app.options import Options
from showctl.app.recorder import Recorder
from showctl.app.room import Room
from showctl.app.songs import Songs
from showctl.app.versions import Versions
from showctl.config.loaded import Loaded
from showctl.loader_client import Loader
from showctl.model import ControlEvent, Go, Happened, Inputs, Problem, ShowFrame, StopAll, TrackControl
from showctl.model import Reload as ReloadEvent
from showctl.nurse import Nurse
from showctl.rank import go_first
from showctl.show.engine import ShowEngine
from showctl.supervise import Supervisor, sd_notify, watchdog_period
from showctl.tick import Ticker

log = logging.getLogger("showctl")

TEND_EVERY_S = 1.0


def run(
    loaded: Loaded,
    options: Options,
    on_ready: Callable[[str], None],
    problems: tuple[Problem, ...] = (),
    loader: Loader | None = None,
) -> int:
    """Run the night. Returns the exit code; raises DeviceError if it cannot begin."""
    go_first()
    return asyncio.run(Daemon(loaded, options, on_ready, problems, loader).live())


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
        self.on_ready = on_ready
        self.night = night = Night(loaded, options, problems)
        self.supervisor = Supervisor(night.clock.now, night.board.report)
        self.nurse = Nurse(self.supervisor.quiet, silent=frozenset({"mqtt", "show"}))
        self.light = Light(night)
        self.recorder = Recorder(night)
        self.keeper = Keeper(night)
        self.room = Room(night, self.supervisor, self.keeper.boot)
        self.hearing = Hearing(night, self.emit)
        self.songs = Songs(night, self.supervisor, self.hearing)
        self.gestures = Gestures(night, self.emit)
        self.versions = None if loader is None else Versions(night, self.light, loader, self._taken)
        write = self.versions.write_back if self.versions is not None and self.versions.writes else None
        self.doors = Doors(
            night, emit=self.emit, write=write, equaliser=self.room.ask, sensors=self.room.sensors, gestures=self.gestures
        )

    # --- the night -------------------------------------------------------------------------------------------------

    async def live(self) -> int:
        """Open, run until asked to stop, close."""
        stop = self._signals()
        night = self.night
        kept = self.keeper.found(self.light.adopted)
        engine = ShowEngine(night.plan) if kept is None else self.keeper.goes_on(kept)
        self.recorder.begin("start" if kept is None else "resume", engine)
        night.ticker = Ticker(
            engine,
            self.light.sink,
            night.clock,
            on_step=self._stepped,
            on_health=night.board.report,
            rebuild=self.keeper.rebuilt,
            gather=self.gestures.tick,
        )
        try:
            await self._parts(stop, begin=night.options.begin and kept is None)
        finally:
            self._close()
        return 0

    def _signals(self) -> asyncio.Event:
        """What is set when the end is asked for."""
        stop, options = asyncio.Event(), self.night.options
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        hang_up = ReloadEvent(time=0.0, source="SIGHUP", do="force" if options.service else "now")
        loop.add_signal_handler(signal.SIGHUP, self.emit, hang_up)  # from a closed terminal, too: that must not force anything
        if options.seconds is not None:
            loop.call_later(options.seconds, stop.set)
        return stop

    async def _parts(self, stop: asyncio.Event, begin: bool) -> None:
        night, keep = self.night, self.supervisor.keep
        async with contextlib.AsyncExitStack() as stack:
            page, doors = await self.doors.open(stack)
            ear = self.hearing.open()
            parts: list[Part] = [("output", self._tend), ("state", self.keeper.run), ("journal", self.recorder.run), *doors]
            parts += [("ear", ear.run)] if ear else []
            parts += [("pa", self.room.run), ("tracks", self.songs.run), ("performers", self.gestures.run)]
            parts += [("show", self.versions.run)] if self.versions else []
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(keep("engine", night.ticker.run, vital=True))]
                tasks += [group.create_task(keep(name, part)) for name, part in parts]
                if begin:
                    for one in night.plan.lists[:1]:
                        night.ticker.emit(Go(time=night.clock.now(), source="start", list=one.name))
                gc.collect()
                gc.freeze()  # what lives now lives all night: the collector need not look at it during a tick
                self.on_ready(page)
                sd_notify("READY=1")
                await stop.wait()
                sd_notify("STOPPING=1")
                night.clean = True
                for task in tasks:
                    task.cancel()

    def _close(self) -> None:
        """Keep what is to be kept, then leave the light."""
        self.keeper.close()
        self.gestures.close(self.night.clean)
        if self.night.clean:
            self.room.forget()
            self.songs.forget()
        self.recorder.close()
        self.light.close()

    # --- what happens ----------------------------------------------------------------------------------------------

    def emit(self, control: ControlEvent) -> bool:
        """What anybody asks for: reloads are done here, who is armed is the performers', all else is the engine's; the tracks do
        what is theirs at once, and the engine is told of it."""
        if (taken := self.gestures.ask(control)) is not None:
            return taken
        if not isinstance(control, ReloadEvent):
            taken = self.night.ticker.emit(control)
            if isinstance(control, TrackControl | StopAll):
                self.songs.ask(control)
            return taken
        if self.versions is None:
            log.info("reload: the files of this show are not watched")
        else:
            self.versions.ask(control)
        return True

    def _stepped(self, inputs: Inputs, frame: ShowFrame) -> None:
        """After each step of the engine."""
        self.night.board.show(frame)
        self.night.stepped = frame.time
        self.keeper.stepped(inputs, frame)
        self.recorder.stepped(inputs, frame)
        for happened in frame.events:
            self.night.tell(happened)
        for one in frame.tracks:
            self.songs.ask(one)

    def _taken(self, loaded: Loaded, engine: ShowEngine, told: list[Happened]) -> None:
        """Another version is played from now on."""
        self.hearing.listen_to(loaded.venue.audio.channels)
        self.gestures.use(loaded.venue)
        self.recorder.begin("reload", engine)
        for happened in told:
            self.night.tell(happened)
        self.keeper.moved()
        self.room.changed.set()
        self.songs.changed.set()

    async def _tend(self) -> None:
        """Once a second: how the parts are, the watchdog, the log."""
        period = min(watchdog_period() or TEND_EVERY_S, TEND_EVERY_S)
        ticks = 0
        while True:
            await asyncio.sleep(period)
            alive = self.night.ticker.ticks > ticks
            ticks = self.night.ticker.ticks
            self.doors.tend()
            self.room.tend()
            self.light.tend()
            if alive and self.light.lives():
                sd_notify("WATCHDOG=1")
            self.recorder.report()
            self.nurse.visit(self.night.board.health.values())
