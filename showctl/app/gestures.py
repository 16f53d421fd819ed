"""The part "performers": what wearables send becomes what the show is asked for, and performers feel what came of it.

A finger or a gesture that was recognised is judged when its packet comes, so that a GO is on the wire within milliseconds; what
goes on by itself (levels, windows, what is held, what waits for the beat) with each tick. Motion is looked at in slices of a
millisecond, between which everything else has its turn.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from showctl.app.night import Night
from showctl.config.schema import Venue
from showctl.model import Arm, Confirm, ControlEvent, Disarm, Feedback, Happened, Health, State, Zero
from showctl.plan import GesturesPlan, Plan, Quantise
from showctl.supervise import Quiet, loaded
from showctl.wire.bound import Asked, Bound
from showctl.wire.osc import Message, encode
from showctl.wire.osc_answers import Values, plain

if TYPE_CHECKING:
    from showctl.enrolments import Kept
    from showctl.outputs.gesture_log import GestureLog
    from showctl.performing.performers import Performers

log = logging.getLogger("showctl")

Stamps: TypeAlias = dict[str, tuple[int, int]]
Peer: TypeAlias = tuple[str, int]

SLICE_S = 0.001  # of looking at motion, before everything else has its turn
APART_S = 0.002  # between two judgements: whoever presses more often than that waits for it
LOOK_S = 1.0  # between two looks at what is enrolled, and at how the devices are
SHOW_S = 0.1  # between two pictures for the page
PART = "performers"


class Gestures:
    """None of it is there, nor imported, until a plan has wearables."""

    def __init__(self, night: Night, emit: Callable[[ControlEvent], bool]) -> None:
        """What performers ask for goes to `emit`."""
        self._night, self._emit, self._venue = night, emit, night.venue
        self.performers: Performers | None = None
        self._changed = asyncio.Event()  # another version of the files is played
        self._record: GestureLog | None = None
        self._quiet = Quiet(night.clock.now, every=1.0)
        self._stamps: Stamps = {}  # of the enrolments as they were read
        self._unread: dict[str, str] = {}  # why those of some cannot be
        self._stepped = -LOOK_S
        self._later = self._working = False
        self._bound: tuple[Plan | None, Bound] = None, Bound(())
        self._refused = 0  # controls for which the show had no room
        self._kept, self._packed = night.options.state / "performers.json", ""
        self._unkept = ""  # why that cannot be
        self.reach(send=_nobody, wear=_nobody, tell=_nobody)

    def reach(
        self, *, send: Callable[[bytes, Peer], object], wear: Callable[[list[str]], object], tell: Callable[..., object]
    ) -> None:
        """How devices are answered; whom to tell which addresses are worn; and how subscribers are told."""
        self._send, self._wear, self._say = send, wear, tell

    # --- what comes in -----------------------------------------------------------------------------------------------

    def take(self, message: Message, source: str, arrival: float) -> bool:
        """A message of OSC from ip:port; False where it is of no wearable of ours."""
        if self.performers is None or not self.performers.take(message, source, arrival):
            return False
        self._heard()
        return True

    def over_mqtt(self) -> Callable[[str, bytes], None] | None:
        """What takes what wearables send by MQTT; None while nobody wears any."""
        return None if self.performers is None else self._take_topic

    def _take_topic(self, topic: str, payload: bytes) -> None:
        """A message whose topic below its base is `topic`."""
        if self.performers is not None:
            self.performers.take_topic(topic, payload, self._night.clock.now())
            self._heard()

    def ask(self, control: ControlEvent) -> bool | None:
        """What anybody asks for; of what is about performers alone whether it is taken, None for what the show is to do."""
        mine, taken = isinstance(control, Arm | Disarm | Confirm | Zero), True
        if self.performers is not None and isinstance(control, Zero):
            self.performers.zero(control.performer)
        elif self.performers is not None and not control.source.startswith("gesture:"):
            taken = self.performers.ask(control)
            if mine:
                self._soon()
        return taken if mine else None

    def bound(self) -> Bound:
        """What the show binds to OSC and MIDI, besides."""
        plan = self._night.plan
        if self._bound[0] is not plan:
            self._bound = plan, Bound(() if plan.gestures is None else plan.gestures.places)
        return self._bound[1]

    def bound_osc(self, message: Message, source: str, now: float) -> Asked | None:
        """What it binds to the address of a message; None where it binds nothing to it."""
        return self.bound().osc(message, self._night.board.playback, now, source, self._night.board.words)

    def later(self, event: ControlEvent, on: Quantise, words: str) -> bool:
        """What is asked for with the next beat or bar; False where nothing could keep it."""
        if self.performers is None:
            return False
        return self.performers.ask_timed(event, on, words)

    def _heard(self) -> None:
        assert self.performers is not None
        if self.performers.ready:
            self._soon()
        self._work_soon()

    def _work_soon(self) -> None:
        if not self._working:
            self._working = True
            asyncio.get_running_loop().call_soon(self._work)

    def _work(self) -> None:
        """A slice of motion."""
        self._working = False
        if self.performers is None:
            return
        now = self._night.clock.now
        more = self.performers.work(now, now() + SLICE_S)
        if self.performers.ready:
            self._soon()
        if more:
            self._work_soon()

    def armed(self) -> dict[str, Values]:
        """Who is armed, for whoever asks by OSC."""
        view = self._night.board.performers
        return {} if view is None else {f"armed/{one.performer}": (int(one.armed),) for one in view.performers}

    # --- what comes of it --------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """With each tick: what goes on without anybody's word."""
        if self.performers is not None:
            self.performers.advance(self._night.clock.now())
            self._work_soon()
            self._step(frame=True)

    def _soon(self) -> None:
        """At once, unless that was just so."""
        wait = self._stepped + APART_S - self._night.clock.now()
        if wait <= 0:
            self._step()
        elif not self._later:
            self._later = True
            asyncio.get_running_loop().call_later(wait, self._step)

    def _step(self, frame: bool = False) -> None:
        """Judge what came until now, and do what comes of it."""
        self._later = False
        board, now = self._night.board, self._night.clock.now()
        if self.performers is None or board.playback is None:
            return
        self._stepped = now
        made = self.performers.step(now, board.playback, board.frame_time, frame)
        for control in made.controls:
            self._refused += not self._emit(control)
        for told in made.told:
            self._tell(told)
        for one in made.feedback:
            self._feel(one)

    def _tell(self, told: Happened) -> None:
        """Everything to the record; to the log what anything might have come of, each kind once a second."""
        words = dict(told.data)
        self._write(told.type, told.time, words)
        if words.get("outcome") == "not recognised":
            return
        more = self._quiet.line(f"{told.type} {words.get('device')} {words.get('gesture')} {words.get('outcome')}")
        if more is not None:
            said = " ".join(f"{key}={value}" for key, value in words.items() if value not in (None, ""))
            log.info("%8.2f %s %s%s", told.time, told.type, said, more)

    def _feel(self, one: Feedback) -> None:
        """To the device that it is for, where it listens, and to whoever subscribed."""
        assert self.performers is not None
        words = (one.kind, plain(one.performer), plain(one.text))
        if (place := self.performers.worn.listens(one.device)) is not None:
            self._send(encode("/showctl/feedback", *words), place)
        self._say("feedback", *words)
        self._write("feedback", one.time, {"device": one.device, "performer": one.performer, "kind": one.kind, "text": one.text})

    def _write(self, kind: str, time: float, words: Mapping[str, Any]) -> None:
        if self._record is not None:
            self._record.give(**{"type": kind, "time": round(time, 3), **words})

    # --- kept running ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Wait for a plan with wearables, and keep them until cancelled."""
        while not _worn(self._night.plan):
            await self._changed.wait()
            self._changed.clear()
        await self._begin()
        looked = -LOOK_S
        while True:
            if self._changed.is_set():
                self._changed.clear()
                await self._take_over()
            now = self._night.clock.now()
            if now - looked >= LOOK_S:
                looked = now
                await self._look()
            self._show()
            with suppress(TimeoutError):
                async with asyncio.timeout(SHOW_S):  # wait_for may swallow a cancellation
                    await self._changed.wait()

    def use(self, venue: Venue) -> None:
        """Another version of the files is played from now on."""
        self._venue = venue
        self._changed.set()

    def close(self, clean: bool) -> None:
        """The end of the night. `clean`: it was asked for, so the next one begins with nobody taken out."""
        if self._record is not None:
            self._record.write_down()
        if clean:
            self._kept.unlink(missing_ok=True)

    async def _begin(self) -> None:
        if self.performers is not None:  # run again after a fault of ours: it goes on as it stands
            return
        plan, venue = self._night.plan, self._venue  # another version that comes meanwhile is taken over like any other
        # Only a venue with wearables pays for these imports.
        await loaded("showctl.config.wearables", "showctl.outputs.gesture_log", "showctl.performing.performers")
        from showctl.config.wearables import profiles_of
        from showctl.outputs.gesture_log import GestureLog
        from showctl.performing.performers import Performers

        self._record = GestureLog(self._night.options.state / "gestures")
        performers = Performers(plan, profiles_of(venue))
        with suppress(OSError, ValueError):  # nothing was kept, or by another version: nobody is armed, and that is all
            performers.gate.restore(json.loads(self._kept.read_text()), self._night.clock.now())
        self.performers = performers
        self._wear([one.address for one in performers.plan.wearables])

    async def _take_over(self) -> None:
        """What is as it was goes on as it stands; what has changed begins anew, disarmed."""
        from showctl.config.wearables import profiles_of
        from showctl.show.gate import Gate

        assert self.performers is not None
        plan = self._night.plan if self._night.plan.gestures is not None else replace(self._night.plan, gestures=GesturesPlan())
        before = set(self.performers.devices)
        gate = await asyncio.to_thread(Gate, plan)  # of a long show it takes longer than a tick may wait
        self.performers.take_over(gate, profiles_of(self._venue))
        self._wear([one.address for one in self.performers.plan.wearables])
        for name in before - set(self.performers.devices):
            self._night.board.forget(f"wearable {name}")

    # --- now and then ------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Enrolments that are new, gone or others; what is to be written; how the devices are."""
        assert self.performers is not None
        fresh = await asyncio.to_thread(self._read, self.performers.names(), dict(self._stamps))
        if fresh is not None:
            before, (self._stamps, found, self._unread) = self._stamps, fresh
            as_before = {name: one for name, one in self.performers.kept.items() if self._stamps.get(name) == before.get(name)}
            self.performers.enrol(as_before | found)
        packed = json.dumps(self.performers.gate.pack(self._night.clock.now()))
        await asyncio.to_thread(self._write_down, packed)
        for one in self._healths():
            self._night.board.report(one)

    def _read(self, wanted: frozenset[str], known: Stamps) -> tuple[Stamps, dict[str, Kept], dict[str, str]] | None:
        """In a thread: stamps of what is there, enrolments that are new, and what cannot be read; None: all is as it was."""
        from showctl import enrolments

        state = self._night.options.state
        there = {name: stamp for name, stamp in enrolments.stamps(state).items() if name in wanted}
        if there == known:
            return None
        found: dict[str, Kept] = {}
        unread = {name: why for name, why in self._unread.items() if there.get(name) == known.get(name)}
        for name in [name for name, stamp in there.items() if known.get(name) != stamp]:
            try:
                kept = enrolments.load(state, name)
            except ValueError as error:
                unread[name] = str(error)
            else:
                if kept is not None:
                    found[name] = kept
        return there, found, unread

    def _write_down(self, packed: str) -> None:
        """In a thread: the record, and how the gate stands, for a run after this one that was torn off."""
        if self._record is not None:
            self._record.write_down()
        if packed == self._packed:
            return
        temporary = self._kept.with_suffix(".new")
        try:
            temporary.write_text(packed)
            os.replace(temporary, self._kept)
            self._packed, self._unkept = packed, ""
        except OSError as error:
            self._unkept = f"who is disarmed cannot be kept: {error}"

    def _healths(self) -> list[Health]:
        assert self.performers is not None
        now, performers = self._night.clock.now(), self.performers
        told = self._troubles()
        counts = {f"refused_{reason.name.lower()}": float(n) for reason, n in performers.worn.counts.items()}
        counts |= {"left_out": float(self._refused)}
        detail = "; ".join(told) or ", ".join(performers.plan.performers)
        state = State.DEGRADED if told else State.RUNNING
        return [*performers.healths(now), Health(PART, state, detail, now, tuple(counts.items()))]

    def _troubles(self) -> list[str]:
        assert self.performers is not None
        fault = [] if self._record is None or not self._record.fault else [self._record.fault]
        unkept = [self._unkept] if self._unkept else []
        return [*self.performers.troubles(self._night.clock.now()), *self._unread.values(), *fault, *unkept]

    def _show(self) -> None:
        assert self.performers is not None
        self._night.board.see_performers(self.performers.view(self._night.clock.now(), tuple(self._troubles())))


def _nobody(*_: object) -> None:
    """As long as there is no port."""


def _worn(plan: Plan) -> bool:
    """Does anybody wear anything, or is anything to wait for a beat?"""
    if plan.gestures is None:
        return False
    return bool(plan.gestures.wearables) or any(one.on != "now" for one in plan.gestures.places)
