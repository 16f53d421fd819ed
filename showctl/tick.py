"""The heart of the live driver: one look of the show for each frame of the output's grid.

The output process owns the grid. A little before each of its deadlines the tick gathers what came in, steps the engine to
the deadline and hands the look over; there is no await inside. A control or an onset also steps the engine at once: if the
universe had been idle for a period the output sends that early frame without waiting for its grid, so a GO into a still
stage is on the wire within a few milliseconds.

A step that raises never stops the light: the last look stays, the fault is told once with the state that caused it, and
after three in a row the engine is built anew and takes up the playback where it stood.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from showctl.clock import LEAD_NS, Clock
from showctl.model import ControlEvent, Features, Happened, Health, Inputs, PlaybackState, ShowFrame, State
from showctl.supervise import Quiet
from showctl.waiting import Waiting, ended_by

log = logging.getLogger("showctl")

CONTROLS_WAITING = 256  # more than this between two ticks is nobody's hand: refused, but for what ends something
FEATURES_WAITING = 1000  # ten seconds of the ear; the oldest go first
FAULTS_IN_A_ROW = 3
SPARE_NS = 8_000_000  # what is not urgent is done only where there is so much time before the next tick: a slice is shorter
EARLY_APART_NS = 5_000_000  # early steps are at least this far apart, so that a flood of controls cannot own the loop


class Sink(Protocol):
    """Where looks go: the output process' client, or nowhere."""

    def next_deadline(self, now_ns: int) -> int: ...
    def submit(self, slots: NDArray[np.uint8], deadline_ns: int, early: bool = False) -> None: ...


class Engine(Protocol):
    """What is ticked."""

    def step(self, now: float, inputs: Inputs) -> ShowFrame: ...
    def take_over(self, old: Any, now: float) -> Iterable[Happened]: ...
    def ahead(self) -> bool: ...


class Ticker:
    """Steps the engine on the grid; takes controls and features from everywhere in the daemon's one thread."""

    def __init__(
        self,
        engine: Engine,
        output: Sink,
        clock: Clock,
        *,
        on_step: Callable[[Inputs, ShowFrame], None],
        on_health: Callable[[Health], None],
        rebuild: Callable[[PlaybackState | None, float], Engine],
        gather: Callable[[], None] = lambda: None,
    ) -> None:
        """`gather` is called before each tick, to `emit` what goes on without anybody's word."""
        self.engine, self.output, self.clock = engine, output, clock
        self._on_step, self._on_health, self._rebuild, self._gather = on_step, on_health, rebuild, gather
        self._controls = Waiting[ControlEvent](CONTROLS_WAITING, ended_by)
        self._features: deque[Features] = deque(maxlen=FEATURES_WAITING)
        self._deadline_ns = self._early_ns = 0
        self._last_time = 0.0
        self._slots: NDArray[np.uint8] | None = None
        self._playback: PlaybackState | None = None
        self._faults = 0
        self._early_waits = False
        self._quiet = Quiet(clock.now)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticked = asyncio.Event()
        self.ticks = self.late = self.faults = 0
        self.longest_ms = 0.0

    # --- what comes in ---------------------------------------------------------------------------------------------

    def emit(self, control: ControlEvent) -> bool:
        """Take a control; False if so many wait that this one is refused."""
        if not self._controls.put(control):
            return False
        self._hurry()
        return True

    def hear(self, features: Iterable[Features]) -> None:
        """Take what the ear heard."""
        for one in features:
            self._features.append(one)
            if max(one.onset, *one.strikes) > 0:
                self._hurry()

    def _hurry(self) -> None:
        if self._loop and not self._early_waits and self.clock.now_ns() - self._early_ns > EARLY_APART_NS:
            self._early_waits = True
            self._loop.call_soon(self._early)

    # --- another show ------------------------------------------------------------------------------------------------

    async def between(self) -> None:
        """Return just after a tick, when there is most time until the next."""
        self._ticked.clear()
        await self._ticked.wait()

    def take_over(self, fresh: Engine) -> tuple[float, list[Happened]]:
        """Another engine goes on from where the present one stands; the time of that (s), and what it tells.

        Raises whatever the engine raises: then the present one goes on.
        """
        at = max(self.clock.now(), self._last_time)
        told = list(fresh.take_over(self.engine, at))
        self.engine, self._faults, self._last_time = fresh, 0, at
        self._slots = None  # of other universes, perhaps
        return at, told

    # --- the grid --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Tick until cancelled."""
        self._loop = asyncio.get_running_loop()
        self._tell()
        self._deadline_ns = self.output.next_deadline(self.clock.now_ns())
        self._handle = self._loop.call_at((self._deadline_ns - LEAD_NS) / 1e9, self._tick)
        try:
            while True:
                await asyncio.sleep(1.0)
                self._tell()
        finally:
            self._handle.cancel()
            self._loop = None

    def _tick(self) -> None:
        assert self._loop
        began = self.clock.now_ns()
        try:
            if began <= self._deadline_ns:
                self._gathered()
                self._step(self._deadline_ns, early=False)
            else:  # woken too late: this frame is left out, never caught up
                self.late += 1
        finally:  # whatever went wrong: a grid that is not set again is light that stands still
            now = self.clock.now_ns()
            self.longest_ms = max(self.longest_ms, (now - began) / 1e6)
            following = self.output.next_deadline(max(now + LEAD_NS, self._deadline_ns + 1))
            self._deadline_ns = following
            self._handle = self._loop.call_at((following - LEAD_NS) / 1e9, self._tick)
            self._ticked.set()
            self._loop.call_soon(self._ahead)

    def _gathered(self) -> None:
        """What is asked for with the tick goes into its very step, and hurries nobody."""
        waited, self._early_waits = self._early_waits, True
        try:
            self._gather()
        except Exception as error:  # the light does not depend on it
            self._blame(error, "engine: what comes with a tick failed after %.3f s%s", self._last_time)
        finally:
            self._early_waits = waited

    def _ahead(self) -> None:
        """A slice of the work for the next cues, then everything else that waits, then another: until the tick is near."""
        if self._loop is None or self.clock.now_ns() > self._deadline_ns - LEAD_NS - SPARE_NS:
            return
        try:
            more = self.engine.ahead()
        except Exception as error:  # the GO will find the same, and the look before it stays
            self._blame(error, "engine: what comes after %.3f s cannot be prepared%s", self._last_time)
        else:
            if more:
                self._loop.call_soon(self._ahead)

    def _early(self) -> None:
        self._early_waits = False
        self._early_ns = self.clock.now_ns()
        self._step(self._early_ns, early=True)

    def _step(self, at_ns: int, early: bool) -> None:
        at = max(self.clock.at(at_ns), self._last_time)
        inputs = Inputs(tuple(self._features), self._controls.take())
        self._features.clear()
        frame = None
        try:
            frame = self.engine.step(at, inputs)
        except Exception as error:
            self._fault(error, at, inputs)
        else:
            self._faults, self._last_time = 0, at
            self._slots, self._playback = frame.slots, frame.playback
            self.ticks += 1
            if self.ticks == 1:
                self._tell()
        if self._slots is not None:
            self.output.submit(self._slots, at_ns, early)
        if frame is not None:
            try:
                self._on_step(inputs, frame)
            except Exception as error:  # page, journal, log: the light does not depend on them
                self._blame(error, "engine: the look of %.3f s was sent, but what follows a look failed%s", at)

    def _fault(self, error: Exception, at: float, inputs: Inputs) -> None:
        self._faults += 1
        self._blame(error, "engine: the look of %.3f s failed%s; the last one stays. Inputs: %r", at, inputs)
        if self._faults >= FAULTS_IN_A_ROW:
            self._faults = 1
            try:
                self.engine = self._rebuild(self._playback, at)
            except Exception as error:  # the old one may yet come to itself
                self._blame(error, "engine: it cannot be built anew at %.3f s%s", at)

    def _blame(self, error: Exception, text: str, at: float, *more: object) -> None:
        """Count a fault of ours, and say it once a minute."""
        self.faults += 1
        held = self._quiet.line(f"{text} {type(error).__name__} {error}")
        if held is not None:
            log.error(text, at, held, *more, exc_info=error)

    def _tell(self) -> None:
        state, detail = (State.RUNNING, "") if self.ticks else (State.STARTING, "the first look is being made")
        if self._faults:
            state, detail = State.DEGRADED, "a step of the engine failed: the last look stays (the log says why)"
        counters = (
            ("ticks", self.ticks),
            ("late", self.late),
            ("faults", self.faults),
            ("longest_ms", round(self.longest_ms, 2)),
        )
        self.longest_ms = 0.0
        self._on_health(Health("engine", state, detail, self.clock.now(), counters))


class Nowhere:
    """A sink for `--sacn off`: the same grid, and the looks go nowhere but to the page."""

    period_ns = 22_727_273

    def next_deadline(self, now_ns: int) -> int:
        """The next point of the grid, at least 2 ms ahead (ns)."""
        return (now_ns + 2_000_000) // self.period_ns * self.period_ns + self.period_ns

    def submit(self, slots: NDArray[np.uint8], deadline_ns: int, early: bool = False) -> None:
        """Nothing leaves."""
