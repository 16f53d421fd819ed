"""The loop over the PA in the daemon: what the room process hears, a fit now and then, the policy, the console.

All that is decided is `pa_loop.Loop`; here is what runs it once a second. A fit is made by a process of its own with a deadline
(`fitting`), and comes back as bands. Only a venue with `pa` has any of this.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.inputs.room_client import RoomEar, unwatched
from showctl.inputs.room_log import LevelLog
from showctl.inputs.room_past import Pasts
from showctl.model import ConsoleState, DeviceError, EqBand, EqCommand, Happened, Health, Howl, RoomView, State, WireError
from showctl.outputs.pa.console import Console, console_of
from showctl.pa_kept import Kept
from showctl.pa_loop import Loop, followed, target_of
from showctl.plan import PaPlan, PaZone
from showctl.wire.fitting import FitAnswer, FitJob, decode_answer, encode_job
from showctl.wire.room import RoomHeard, RoomSetup
from showctl.wire.sensor import LIMITS, reading

Run: TypeAlias = Callable[[], Awaitable[None]]
STEP_S, DEADLINE_S = 1.0, 20.0
COMMANDS = 32  # that wait for the next step
WAITS_S = 5.0  # that one waits: whoever asked for it looks elsewhere by then
Answer: TypeAlias = Callable[[str], None]  # gets why something is not done; empty where it is


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
        boot: str = "",
        on_health: Callable[[Health], None],
        on_told: Callable[[Happened], None],
    ) -> None:
        """`offset` is show time - monotonic; `kept` the file of what was found, beside which lies what is known of how loud it
        was; `boot` tells this start of the machine from others."""
        self._now, self._offset, self._runtime, self._on_health, self._on_told = now, offset, runtime, on_health, on_told
        self._kept, self._pasts = Kept(kept), Pasts(kept.with_name("levels.json"), boot)
        self._log = LevelLog(kept.with_name("levels"))
        self._plan = PaPlan()
        self._zone: PaZone | None = None
        self.console: Console | None = None
        self.room: RoomEar | None = None
        self._setup: RoomSetup | None = None
        self._calibrated: list[int] = []  # when each microphone's file was written, ns
        self._target: NDArray[np.float64] | None = None
        self._name = self._which = ""  # of the equaliser: at its console, and among all
        self._loop: Loop | None = None
        self._howl: Howl | None = None  # the last
        self._hurry = asyncio.Event()  # something howls: the next step is now
        self._commands: deque[tuple[float, EqCommand, Answer]] = deque()  # s, when it was asked for
        self._fitting: asyncio.Task[None] | None = None
        self._told: tuple[State, str] | None = None
        self._wrong = ""  # why a version of the venue file is not followed
        self._since = 0.0
        self.take(plan)

    # --- the venue file, and what another version of it changes ---------------------------------------------------------

    def take(self, plan: PaPlan) -> None:
        """This version of the venue file is played from now on. What it does not change goes on: the process that hears, the
        console or the in-process equaliser; and for the same equaliser its bands, whose they are, what was found, a bypass, the
        mode that somebody asked for."""
        zone = followed(plan)
        try:
            target = None if zone is None else target_of(plan)
        except DeviceError as error:
            self._wrong = f"{error}; what was before goes on" if self._loop is not None else str(error)
            self._on_health(Health("pa", State.DEGRADED, self._wrong, self._now()))
            if self._loop is not None:
                return
            zone = target = None
        else:
            self._wrong = ""
        before, self._plan, self._zone = self._plan, plan, zone
        self._hear(plan)
        if plan != before or (target is not None and not np.array_equal(target, [] if self._target is None else self._target)):
            self._talk(plan)
            self._decide(before, target)

    def _hear(self, plan: PaPlan) -> None:
        setup = RoomSetup(plan.card_in, plan.programme or (1, 2), plan.microphones, plan.levels)
        files = [Path(one.calibration) for one in plan.microphones if one.calibration]
        calibrated = [file.stat().st_mtime_ns if file.exists() else 0 for file in files]
        if not plan.microphones:
            self.room, self._setup = None, None
            if text := unwatched(plan.levels, ()):
                self._on_health(Health("room", State.DEGRADED, text, self._now()))
        elif (setup, calibrated) != (self._setup, self._calibrated):
            self.room = RoomEar(setup, partial(self._heard, setup), self._offset, self._pasts, self._log)
            self._setup, self._calibrated = setup, calibrated

    def _talk(self, plan: PaPlan) -> None:
        """The console, or the in-process equaliser, that this plan names."""
        old, self.console = self.console, None
        if self._zone is None:
            pass
        elif old is not None and old.plays(plan):
            old.limit(plan)
            self.console = old
        else:
            self.console = console_of(plan, self._runtime, self._now)
        if old is not None and type(old) is not type(self.console):
            old.end()  # one of the same type takes over what was started

    def _decide(self, before: PaPlan, target: NDArray[np.float64] | None) -> None:
        """A loop of its own for each version, which goes on where the one before stood."""
        old, which, self._loop, self._target = self._loop, self._which, None, target
        if old is not None:
            self._kept.remember(which, old.found)
        if self._zone is None or target is None:
            self._name = self._which = ""
            self._refuse("the venue file names no equaliser any more")
            return
        plan, self._name = self._plan, self._plan.equaliser(self._zone)
        self._which = f"{plan.console} {plan.place} {self._name}"
        if which != self._which:
            self._refuse("it was asked of another equaliser")
        self._loop = Loop(plan, self._zone, target, self._kept.of(self._which))
        if old is not None and old.weather is not None and self._loop.weather is not None and _sensor(before) == _sensor(plan):
            self._loop.weather.heard_as(old.weather)
        if self.room is not None and (heard := self.room.heard) is not None:
            self._loop.hear(heard)

    def parts(self) -> dict[str, Run]:
        """What is to be kept running, by name."""
        found: dict[str, Run] = {}
        if self.room is not None:
            found["room"] = self.room.run
        if self.console is not None and self._loop is not None:
            found |= {self.console.health().part: self.console.run, "pa": self.run}
        return found

    def polled(self) -> list[Health]:
        """How its parts are."""
        return [part.health() for part in (self.room, self.console) if part is not None]

    async def keep(
        self,
        supervised: Callable[[str, Run], Coroutine[Any, Any, None]],
        plan: Callable[[], PaPlan | None],
        changed: asyncio.Event,
        on_gone: Callable[[str], None],
    ) -> None:
        """Keep the parts running that the venue has, until cancelled. `changed` says that `plan` may be another; `on_gone` is
        told of parts that the venue has no more."""
        running: dict[str, tuple[Run, asyncio.Task[None]]] = {}
        try:
            while True:
                changed.clear()
                self.take(plan() or PaPlan())
                parts = self.parts()
                gone = [name for name, (run, _) in running.items() if parts.get(name) != run]
                for name in gone:
                    running[name][1].cancel()  # all of them now: one that takes its time must not leave another running
                for name in gone:
                    await _ended(running.pop(name)[1])
                    if name not in parts:
                        on_gone(name)
                for name in parts.keys() - running.keys():
                    running[name] = parts[name], asyncio.create_task(supervised(name, parts[name]), name=name)
                await changed.wait()
        finally:
            for _, task in running.values():
                await _ended(task)
            await asyncio.to_thread(self._log.close)

    # --- what is asked of it, and what it tells ---------------------------------------------------------------------------

    def ask(self, command: EqCommand, answer: Answer = lambda _: None) -> bool:
        """What somebody asks of the equaliser, or of the microphones; False where there is none, or too much waits. `answer` is
        called with the next step."""
        if command.do == "relearn" and self.room is not None:
            self.room.relearn()
            if self._loop is None:
                answer("")
                return True
        if self._loop is None or len(self._commands) >= COMMANDS:
            return False
        self._commands.append((self._now(), command, answer))
        return True

    def _refuse(self, why: str) -> None:
        """Nothing of what waits is done."""
        while self._commands:
            self._commands.popleft()[2](why)

    def sense(self, topic: str, payload: bytes, kept: bool) -> None:
        """What a sensor of the air says over MQTT; `kept` by the broker from earlier."""
        climate, weather = self._plan.climate, None if self._loop is None else self._loop.weather
        if climate is None or climate.sensor is None or weather is None:
            return
        for what, of in zip(LIMITS, climate.sensor, strict=True):
            try:
                if of == topic:
                    weather.read(self._now(), what, reading(payload, what), kept)
            except WireError as error:
                weather.refuse(what, f"{topic}: {error}")

    def _heard(self, setup: RoomSetup, heard: RoomHeard) -> None:
        if self._loop is not None and setup is self._setup:
            self._loop.hear(heard)
        for howl in heard.howls:
            self._howl = howl
            if not howl.again:
                self._on_told(Happened(howl.time, "howl", (("what", howl.text),)))
        if heard.howls and self._plan.notches:
            self._hurry.set()

    def view(self) -> RoomView | None:
        """All that is shown of the room's sound; None where the venue has none of it any more."""
        if self._plan == PaPlan():
            return None
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
            loop is not None and loop.graphic,
        )

    async def run(self) -> None:
        """Once a second until cancelled, and at once where something howls. A disk that hangs holds up nothing but what is kept
        on it."""
        keeping: asyncio.Task[None] | None = None
        try:
            while True:
                self._step()
                if keeping is not None and keeping.done():
                    keeping.result()  # our own mistakes, as with a fit
                if self._loop is not None and (keeping is None or keeping.done()):
                    keeping = asyncio.create_task(self._kept.keep(self._which, self._loop.found), name="keep")
                with suppress(TimeoutError):
                    async with asyncio.timeout(STEP_S):  # wait_for of Python 3.11 may swallow that it is cancelled
                        await self._hurry.wait()
                self._hurry.clear()
        finally:
            self._refuse("what sets the equaliser has ended")
            fitting, self._fitting = self._fitting, None
            for task in filter(None, (fitting, keeping)):
                await _ended(task)

    def _step(self) -> None:
        if self._loop is None or self.console is None:
            return  # the venue has none any more
        console = self.console.console(self._name)
        problem = "no microphone is named in the venue file" if self.room is None else self.room.problem
        asked = self._asked()
        state = self._loop.step(self._now(), console, tuple(command for command, _ in asked), problem)
        data = [dict(event.data) for event in state.events]
        refused = {one["asked"]: str(one["why"]) for one in data if one["did"] == "refused"}
        for command, answer in asked:
            answer(refused.get(command.do, ""))
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
        told = (State.DEGRADED, self._wrong) if self._wrong else self._loop.health()
        if told != self._told:
            self._told, self._since = told, self._now()
        self._on_health(Health("pa", *told, self._since))

    def _asked(self) -> list[tuple[EqCommand, Answer]]:
        """What is asked now; what nobody waits for any more is let go."""
        since, asked = self._now() - WAITS_S, []
        for at, command, answer in self._commands:
            if at >= since:
                asked.append((command, answer))
            else:
                answer("it was asked for too long ago")
        self._commands.clear()
        return asked

    def forget(self) -> None:
        """This end was asked for: what the next run finds is its own, but for bands of the engineer's."""
        if self._loop is not None:
            self._kept.remember(self._which, self._loop.found)
        self._kept.end()

    async def _fit(self, loop: Loop, job: FitJob) -> None:
        loop.fitted(job, await fit(job))


def _sensor(plan: PaPlan) -> tuple[str, str] | None:
    return None if plan.climate is None else plan.climate.sensor


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def played(console: ConsoleState) -> tuple[EqBand, ...]:
    """What the PA plays through."""
    return console.bands if console.on else ()
