"""The loop over the PA in the daemon: what the room process hears, a fit now and then, the policy, the console.

All that is decided is `pa_loop.Loop`; here is what runs it once a second. A fit is made by a process of its own with a deadline
(`fitting`), and comes back as bands. Only a venue with `pa` has any of this.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from showctl.inputs.room_client import RoomEar, unwatched
from showctl.model import ConsoleState, EqBand, EqCommand, EqState, Happened, Health, Howl, RoomView, State, WireError
from showctl.outputs.pa.internal import InternalConsole
from showctl.outputs.pa.x32 import X32Console
from showctl.pa_loop import Loop, decode_found, encode_found, followed, target_of
from showctl.plan import PaPlan
from showctl.show.eq_bands import NOTHING, Found
from showctl.wire.fitting import FitAnswer, FitJob, decode_answer, encode_job
from showctl.wire.room import RoomHeard, RoomSetup
from showctl.wire.sensor import LIMITS, reading

log = logging.getLogger("showctl")

STEP_S, DEADLINE_S = 1.0, 20.0
COMMANDS = 32  # that wait for the next step


class Console(Protocol):
    """What outputs.pa.x32 and outputs.pa.internal do."""

    def apply(self, name: str, state: EqState, /) -> None:
        """Have an equaliser become what the policy decided."""

    def console(self, name: str, /) -> ConsoleState:
        """What it is now."""

    def health(self) -> Health:
        """How it is to be reached."""

    async def run(self) -> None:
        """Talk to it until cancelled."""


async def fit(job: FitJob, deadline: float = DEADLINE_S) -> FitAnswer:
    """A fit by a process of its own. What went wrong, or took too long, is an answer in words."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "showctl.fitting"], stdin=pipe, stdout=pipe, start_new_session=True, env=environment
        )
    except OSError as error:
        return FitAnswer((), f"its process cannot be started: {error}")
    try:
        said, _ = await asyncio.wait_for(process.communicate(encode_job(job)), deadline)
        return decode_answer(said)
    except TimeoutError:
        return FitAnswer((), f"it took longer than {deadline:.0f} s: is this machine busy with something else?")
    except WireError as error:
        return FitAnswer((), f"its process talks nonsense: {error}")
    finally:
        with suppress(ProcessLookupError):  # it has ended, as it should
            process.kill()
        await process.wait()


class Pa:
    """The parts of the daemon that a venue with `pa` has: `room` hears, `console` or `equaliser` is told, `pa` decides."""

    def __init__(
        self,
        plan: PaPlan,
        *,
        now: Callable[[], float],
        offset: float,
        runtime: Path,
        kept: Path,
        on_health: Callable[[Health], None],
        on_told: Callable[[Happened], None],
    ) -> None:
        """`offset` is show time - monotonic; `kept` the file of what was found. DeviceError where the target cannot be read."""
        self._now, self._on_health, self._on_told = now, on_health, on_told
        self._zone = followed(plan)
        self.console: Console | None = None
        if self._zone is not None:
            internal = plan.console == "internal"
            self.console = InternalConsole(plan, runtime / "equaliser.sock", now) if internal else X32Console.of(plan, now)
            self._name = self._zone.name if internal else self._zone.console
            self._which = f"{plan.console} {plan.host}:{plan.port} {self._name}"
        self._kept, self._saved = kept, NOTHING
        self._saving, self._ended = threading.Lock(), False
        self._plan = plan
        self._howl: Howl | None = None  # the last
        self._loop = None
        if self._zone is not None:
            self._saved = self._resumed()
            self._loop = Loop(plan, self._zone, target_of(plan), self._saved)
        programme = plan.programme or (1, 2)
        setup = RoomSetup(plan.card_in, programme, plan.microphones, plan.levels)
        self.room = RoomEar(setup, self._heard, offset) if plan.microphones else None
        if self.room is None and (text := unwatched(plan.levels, ())):
            on_health(Health("room", State.DEGRADED, text, now()))
        self._commands: deque[EqCommand] = deque()
        self._fitting: asyncio.Task[None] | None = None
        self._told: tuple[State, str] | None = None
        self._since = 0.0

    def parts(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """What is to be kept running, by name."""
        found: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        if self.room is not None:
            found.append(("room", self.room.run))
        if self.console is not None:
            found += [(self.console.health().part, self.console.run), ("pa", self.run)]
        return found

    def polled(self) -> dict[str, RoomEar | Console]:
        """The parts that are asked how they are, by name."""
        found: dict[str, RoomEar | Console] = {} if self.room is None else {"room": self.room}
        return found if self.console is None else found | {self.console.health().part: self.console}

    def ask(self, command: EqCommand) -> bool:
        """What somebody asks of the equaliser; False where there is none, or too much waits."""
        if self._loop is None or len(self._commands) >= COMMANDS:
            return False
        self._commands.append(command)
        return True

    def sensors(self) -> dict[str, Callable[[bytes, bool], None]]:
        """Topics over MQTT that tell the air of the room, each with what takes its payload and whether the broker had kept it."""
        climate = self._plan.climate
        topics = () if climate is None or climate.sensor is None else climate.sensor
        return {topic: partial(self._sensed, topic) for topic in topics}

    def _sensed(self, topic: str, payload: bytes, kept: bool) -> None:
        assert self._plan.climate is not None
        assert self._plan.climate.sensor is not None
        if self._loop is None or (weather := self._loop.weather) is None:
            return
        for what, of in zip(LIMITS, self._plan.climate.sensor, strict=True):
            try:
                if of == topic:
                    weather.read(self._now(), what, reading(payload, what), kept)
            except WireError as error:
                weather.refuse(what, f"{topic}: {error}")

    def _heard(self, heard: RoomHeard) -> None:
        if self._loop is not None:
            self._loop.hear(heard)
        for howl in heard.howls:
            self._howl = howl
            self._on_told(Happened(howl.time, "howl", (("what", howl.text),)))

    def view(self) -> RoomView:
        """All that is shown of the room's sound."""
        heard, loop = None if self.room is None else self.room.heard, self._loop
        return RoomView(
            self._now(),
            "" if self._zone is None else self._zone.name,
            None if loop is None else loop.state,
            loop is None or loop.on,
            "" if loop is None else loop.health()[1],
            None if loop is None else loop.curves(),
            tuple(one.name for one in self._plan.microphones),
            (None,) * len(self._plan.microphones) if heard is None else heard.levels,
            self._plan.levels,
            self._howl,
        )

    async def run(self) -> None:
        """Once a second until cancelled."""
        try:
            while True:
                self._step()
                await self._keep()
                await asyncio.sleep(STEP_S)
        finally:
            if self._fitting is not None:
                self._fitting.cancel()
                await asyncio.gather(self._fitting, return_exceptions=True)

    def _step(self) -> None:
        assert self._loop is not None
        assert self.console is not None
        console = self.console.console(self._name)
        problem = "no microphone is named in the venue file" if self.room is None else self.room.problem
        commands = tuple(self._commands)
        self._commands.clear()
        state = self._loop.step(self._now(), console, commands, problem)
        self.console.apply(self._name, state)
        if self.room is not None and console.bands:
            self.room.play(played(console))
        for happened in state.events:
            self._on_told(happened)
        if self._fitting is not None and self._fitting.done():
            done, self._fitting = self._fitting, None
            done.result()  # our own mistakes are told as a fault of this part
        if self._fitting is None and (job := self._loop.job(self._now())) is not None:
            self._fitting = asyncio.create_task(self._fit(self._loop, job), name="fit")
        told = self._loop.health()
        if told != self._told:
            self._told, self._since = told, self._now()
        self._on_health(Health("pa", *told, self._since))

    def _resumed(self) -> Found:
        """What a run that ended without being asked to had found."""
        try:
            return decode_found(self._kept.read_bytes(), self._which)
        except FileNotFoundError:
            return NOTHING
        except (OSError, WireError) as error:
            log.warning("what the equaliser was before the last run cannot be read from %s: %s", self._kept, error)
            return NOTHING

    async def _keep(self) -> None:
        """What was found on disk, where it has changed; a disk that hangs is waited for by a thread."""
        if self._loop is None or (found := self._loop.found) == self._saved or not found.snapshot:
            return
        self._saved = found
        try:
            await asyncio.to_thread(self._write, encode_found(found, self._which))
        except OSError as error:
            log.warning("what the equaliser was cannot be kept in %s: %s", self._kept, error)

    def _write(self, data: bytes) -> None:
        """Whole or not at all; in a thread, which may outlive the task that waits for it."""
        with self._saving:
            if not self._ended:
                self._kept.parent.mkdir(parents=True, exist_ok=True)
                new = self._kept.with_suffix(".new")
                new.write_bytes(data)
                new.replace(self._kept)

    def forget(self) -> None:
        """This end was asked for: what the next run finds is its own."""
        with self._saving:
            self._ended = True
            self._kept.unlink(missing_ok=True)

    async def _fit(self, loop: Loop, job: FitJob) -> None:
        loop.fitted(job, await fit(job))


def played(console: ConsoleState) -> tuple[EqBand, ...]:
    """What the PA plays through."""
    return console.bands if console.on else ()
