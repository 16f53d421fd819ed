"""The loop over the PA: what the room process hears, a fit now and then, the policy, the console. Only a venue with `pa` has it.

`Loop` is all that is decided, without a clock, a socket or a process; `Pa` is what runs it once a second in the daemon. A fit is
made every FIT_EVERY_S while nothing is frozen, by a process of its own with a deadline (`fitting`), and comes back as bands.

One zone is followed: the first that has an equaliser. What the programme says of the room is the sum of all zones, and of a sum
nobody can tell which zone would have to change.

What the air swallows on its way to the microphones is in what they hear, and so in the fit: there is nothing to be added for it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from showctl.analysis.room import target as targets
from showctl.analysis.room.biquad import Array, cascade_db
from showctl.analysis.room.devices import DEVICES
from showctl.analysis.room.grid import BANDS
from showctl.inputs.room_client import RoomEar
from showctl.model import (
    ConfigError,
    ConsoleState,
    DeviceError,
    EqBand,
    EqCommand,
    EqInputs,
    EqState,
    EqWanted,
    Happened,
    Health,
    RoomResponse,
    State,
    WireError,
)
from showctl.outputs.pa.internal import InternalConsole
from showctl.outputs.pa.x32 import X32Console
from showctl.plan import PaPlan, PaZone
from showctl.show.eq_policy import EqPolicy, EqSettings
from showctl.wire.fitting import FitAnswer, FitJob, decode_answer, encode_job
from showctl.wire.room import RoomHeard, RoomSetup

STEP_S, FIT_EVERY_S, DEADLINE_S = 1.0, 10.0, 20.0
LEAST = 0.5  # dB, a band that does less is no standing equaliser
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


def followed(plan: PaPlan) -> PaZone | None:
    """The zone whose equaliser is followed; None where there is none."""
    if plan.console == "internal":
        return next(iter(plan.zones), None)
    return next((zone for zone in plan.zones if zone.console), None) if plan.console else None


def target_of(plan: PaPlan) -> Array:
    """(bands,) dB that is aimed at. DeviceError where its file cannot be read any more."""
    if plan.target in targets.NAMED:
        return targets.NAMED[plan.target](BANDS)
    try:
        return targets.read(Path(plan.target).read_text(encoding="utf-8"), plan.target)(BANDS)
    except (OSError, UnicodeDecodeError, ConfigError) as error:
        raise DeviceError(f"the target {plan.target} cannot be used: {error}") from None


class Loop:
    """What is heard and what the console holds -> what is written to it, and what is to be fitted next."""

    def __init__(self, plan: PaPlan, zone: PaZone, target: Array) -> None:
        self._plan, self._zone, self._target = plan, zone, target
        self._device = DEVICES[zone.device]
        self._names = tuple(one.name for one in plan.microphones)
        gain = self._device.gain
        settings = EqSettings(
            target,
            self._names,
            most_gain=plan.gain[1],
            least_gain=plan.gain[0],
            most_boost=plan.boost,
            grain=(gain.high - gain.low) / (gain.count - 1),
        )
        self._policy = EqPolicy(settings, cascade_db, plan.mode)
        self._heard: RoomHeard | None = None
        self._wanted: EqWanted | None = None
        self._refused = ""
        self._next_fit = 0.0
        self.state: EqState | None = None

    def hear(self, heard: RoomHeard) -> None:
        """What the room process said last, in show time."""
        self._heard = heard

    def step(self, now: float, console: ConsoleState, commands: tuple[EqCommand, ...] = (), problem: str = "") -> EqState:
        """One second: what becomes of the equaliser. `problem` is why nothing is heard."""
        heard = self._heard
        held = cascade_db(console.bands, BANDS) if console.on else np.zeros(len(BANDS))
        responses = tuple(None if one is None else replace(one, magnitude=one.magnitude + held) for one in self._responses())
        troubles = (problem,) if problem else heard.troubles if heard is not None else ()
        programme = -120.0 if heard is None else heard.programme
        self.state = self._policy.step(now, EqInputs(console, responses, self._wanted, programme, troubles, commands))
        return self.state

    def _responses(self) -> tuple[RoomResponse | None, ...]:
        """One a microphone, of the room without equaliser; None where nothing of it can be trusted: the others do not speak for
        its place, so the equaliser waits."""
        heard = () if self._heard is None else self._heard.responses
        well = (one is not None and len(one.freq) == len(BANDS) and one.trusted.any() for one in heard)
        known = [one if fine else None for one, fine in zip(heard[: len(self._names)], well, strict=False)]
        return (*known, *[None] * (len(self._names) - len(known)))

    def job(self, now: float) -> FitJob | None:
        """What is to be fitted now; None where there is nothing to fit, or it is too early."""
        state, known = self.state, [one for one in self._responses() if one is not None]
        if state is None or state.mode == "off" or state.frozen or not known or now < self._next_fit:
            return None
        pairs = list(zip(state.bands, state.owners, strict=True))
        ours = [band for band, owner in pairs if owner == "showctl"]
        if not ours:
            return None
        self._next_fit = now + FIT_EVERY_S
        theirs = cascade_db([band for band, owner in pairs if owner == "engineer"], BANDS)
        standing = self._wanted.bands if self._wanted is not None and len(self._wanted.bands) <= len(ours) else ()
        return FitJob(
            min(one.time for one in known),
            tuple(BANDS.tolist()),
            tuple(tuple((one.magnitude + theirs - self._target).tolist()) for one in known),
            tuple(tuple(one.trusted.astype(float).tolist()) for one in known),
            self._device.name,
            len(ours),
            self._plan.gain,
            self._plan.boost,
            self._plan.q,
            standing or tuple(band for band in ours if abs(band.gain) >= LEAST),
        )

    def fitted(self, job: FitJob, answer: FitAnswer) -> None:
        """What came of a job."""
        self._refused = answer.refused
        if not answer.refused:
            self._wanted = EqWanted(job.time, answer.bands)

    def health(self) -> tuple[State, str]:
        """How the loop is, in words that say what to do."""
        state = self.state
        if state is None:
            return State.STARTING, "the first second has not passed yet"
        error = "" if state.error is None else f"; what is heard is {state.error:.1f} dB RMS off the target"
        if state.frozen:
            return State.RUNNING, f"{state.mode}: {self._zone.name} stands still: {state.frozen}{error}"
        if self._refused:
            return State.DEGRADED, f"{state.mode}: no fit: {self._refused}"
        if state.doing:
            return State.RUNNING, f"{state.mode}: {self._zone.name}: {_DOING[state.doing]}{error}"
        changes = sum(one is not None for one in state.proposal)
        if changes and state.mode == "advise":
            return State.RUNNING, f"advise: {changes} bands would change: `showctl room apply` takes it over{error}"
        return State.RUNNING, f"{state.mode}: {self._zone.name} stands{error}"


_DOING = {
    "update": "bands move to what was fitted",
    "settle": "waits until the change is heard",
    "roll_back": "it became worse: the bands go back",
    "undo": "goes back to before the last change",
    "restore": "goes back to what was found at the start",
    "bypass": "becomes flat",
    "unbypass": "comes back from the bypass",
}


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
        on_health: Callable[[Health], None],
        on_told: Callable[[Happened], None],
    ) -> None:
        """`offset` is show time - monotonic. DeviceError where the target cannot be read."""
        self._now, self._on_health, self._on_told = now, on_health, on_told
        self._zone = followed(plan)
        self.console: Console | None = None
        if self._zone is not None:
            internal = plan.console == "internal"
            self.console = InternalConsole(plan, runtime / "equaliser.sock", now) if internal else X32Console.of(plan, now)
            self._name = self._zone.name if internal else self._zone.console
        self._loop = None if self._zone is None else Loop(plan, self._zone, target_of(plan))
        programme = plan.programme or (1, 2)
        setup = RoomSetup(plan.card_in, programme, plan.microphones, plan.levels)
        self.room = RoomEar(setup, self._heard, offset) if plan.microphones else None
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

    def _heard(self, heard: RoomHeard) -> None:
        if self._loop is not None:
            self._loop.hear(heard)
        for howl in heard.howls:
            self._on_told(Happened(howl.time, "howl", (("what", howl.text),)))

    async def run(self) -> None:
        """Once a second until cancelled."""
        try:
            while True:
                self._step()
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

    async def _fit(self, loop: Loop, job: FitJob) -> None:
        loop.fitted(job, await fit(job))


def played(console: ConsoleState) -> tuple[EqBand, ...]:
    """What the PA plays through."""
    return console.bands if console.on else ()
