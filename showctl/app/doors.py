"""Who may reach the show, and is told of it: the page, OSC with OSCQuery and Eos layouts, a MIDI desk, MQTT.

In a terminal a port that is taken refuses the start; as a service it is health, and tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from showctl.app.gestures import Gestures
from showctl.app.night import Night
from showctl.app.room import Sensed
from showctl.config.schema import Midi as MidiSettings
from showctl.config.schema import Mqtt as MqttSettings
from showctl.config.values import host_port
from showctl.inputs.eos import EosDoor
from showctl.inputs.midi import MidiInput
from showctl.inputs.osc import OscInput
from showctl.inputs.osc_routes import Routes
from showctl.model import ControlEvent, DeviceError, EqCommand, Health, State
from showctl.remote.osc_query import OscQuery
from showctl.remote.osc_replies import OscReplies
from showctl.remote.web.guard import Scope
from showctl.remote.web.server import WebServer
from showctl.show.explain import as_data
from showctl.supervise import loaded
from showctl.wire.osc import Value

Part: TypeAlias = tuple[str, Callable[[], Awaitable[None]]]


class Polled(Protocol):
    """A door that knows how it is."""

    def health(self) -> Health: ...


class Doors:
    """The parts by which people and machines reach the show."""

    def __init__(
        self,
        night: Night,
        *,
        emit: Callable[[ControlEvent], bool],
        write: Callable[[str], Awaitable[str]] | None,
        equaliser: Callable[[EqCommand], Awaitable[None]],
        sensors: Callable[[], dict[str, Sensed]],
        gestures: Gestures,
    ) -> None:
        """What comes in goes to `emit`; `write` puts what is held into a palette, None where there are no files to write;
        `equaliser` has something done at the PA's, or says why not (WireError);
        `sensors` says who wants to know what of MQTT; `gestures` takes what wearables send."""
        self._night, self._emit, self._write, self._sensors, self._gestures = night, emit, write, sensors, gestures
        self._equaliser = equaliser
        self.polled: dict[str, Polled] = {}  # doors that are asked how they are, once a second
        self.osc: OscInput | None = None
        self.query: OscQuery | None = None
        self.replies = OscReplies(night.board, night.clock.now, more=gestures.armed)

    async def open(self, stack: contextlib.AsyncExitStack) -> tuple[str, list[Part]]:
        """Open the ports, which `stack` closes; -> where the page is (empty: nowhere), and what is to be kept running."""
        venue, parts = self._night.venue, list[Part]()
        web = await self._web(stack)
        if web is not None:
            parts.append(("web", web.run))
        eos = await self._eos(stack)
        self.osc = osc = await self._osc(stack, eos)
        if osc is not None:
            self.polled["osc"] = osc
            parts.append(("osc", osc.run))
            parts.append(("osc replies", lambda: self.replies.run(osc.send)))
            if venue.osc.query is not None:
                parts += await self._osc_query(stack, osc, host_port(venue.osc.query))
        if venue.osc.eos is not None or venue.osc.feedback:
            self.polled["eos"] = eos
            parts.append(("eos", eos.run))
        if venue.midi is not None:
            self.polled["midi"] = midi = self._midi(venue.midi)
            parts.append(("midi", midi.run))
        if (mqtt := venue.mqtt) is not None:
            parts.append(("mqtt", lambda: self._mqtt(mqtt)))
        return f"http://{web.address}/" if web else "", parts

    def tend(self) -> None:
        """Once a second: how the doors are."""
        for door in self.polled.values():
            self._night.board.report(door.health())
        if self.osc is not None:
            self._night.board.senders = self.osc.views()

    # --- one by one --------------------------------------------------------------------------------------------------

    async def _web(self, stack: contextlib.AsyncExitStack) -> WebServer | None:
        night, venue = self._night, self._night.venue
        if night.options.http is None:
            return None
        tokens: dict[str, Scope] = dict.fromkeys(venue.web.tokens, "control")
        web = WebServer(
            *night.options.http,
            board=night.board,
            emit=self._emit,
            now=night.clock.now,
            tokens=tokens,
            allow=venue.web.allow,
            write=self._write,
            equaliser=self._equaliser,
            why=self._why,
        )
        await self._open("web", web.open)
        stack.push_async_callback(web.close)
        return web

    def _why(self, fixture: str) -> list[dict[str, object]]:
        """Why a lamp is as it is, for whoever asks at a door; nothing where no fixture has this name."""
        return as_data(self._night.engine.explain(fixture))

    async def _eos(self, stack: contextlib.AsyncExitStack) -> EosDoor:
        """What understands Eos layouts; it has ports of its own where the venue says so."""
        night, osc = self._night, self._night.venue.osc
        door = EosDoor(
            None if osc.eos is None else host_port(osc.eos),
            [host_port(one) for one in osc.feedback],
            allow=osc.allow,
            emit=self._emit,
            now=night.clock.now,
            plan=lambda: night.plan,
            playback=lambda: night.board.playback,
        )
        if osc.eos is not None or osc.feedback:
            await self._open("eos", door.open)
            stack.push_async_callback(door.close)
        return door

    async def _osc(self, stack: contextlib.AsyncExitStack, eos: EosDoor) -> OscInput | None:
        night = self._night
        if night.options.osc is None:
            return None
        settings = night.venue.osc
        osc = OscInput(
            *night.options.osc,
            allow=settings.allow,
            rate=settings.rate,
            emit=self._emit,
            now=night.clock.now,
            names=lambda: night.board.words,
            routes=Routes(
                eos=eos.act,
                motion=self._gestures.take,
                replies=self.replies.take,
                bound=self._gestures.bound_osc,
                later=self._gestures.later,
            ),
        )
        self._gestures.reach(send=osc.send, wear=osc.senders.wear, tell=self._tell)
        await self._open("osc", osc.open)
        stack.callback(osc.close)
        return osc

    async def _osc_query(self, stack: contextlib.AsyncExitStack, osc: OscInput, at: tuple[str, int]) -> list[Part]:
        """What tells of OSC what there is, and announces it."""
        await loaded("showctl.remote.announce")  # only a venue that asks for it pays for the import
        from showctl.remote.announce import Announcer, Place, host_name

        night = self._night
        self.polled["osc query"] = self.query = query = OscQuery(
            *at,
            door=osc,
            board=night.board,
            values=lambda: self.replies.values(night.clock.now()),
            now=night.clock.now,
            called=[host_name()],
        )

        def place() -> Place | None:
            if (where := query.address) is None:
                return None
            return Place(*where, osc.port if osc.ip in (where[0], "0.0.0.0", "::") else None)

        announcer = Announcer(lambda: night.board.plan.venue, place, report=night.board.report, now=night.clock.now)
        await self._open("osc query", query.open)
        stack.push_async_callback(query.close)
        return [("osc query", query.run), ("mdns", announcer.run)]

    def _tell(self, path: str, *values: Value) -> None:
        """Something happened that is told once, to all who subscribed to it or listen to it."""
        self.replies.event(path, *values)
        if self.query is not None:
            self.query.event(path, *values)

    async def _open(self, name: str, door: Callable[[], object]) -> None:
        try:
            result = door()
            if asyncio.iscoroutine(result):
                await result
        except DeviceError as error:
            if not self._night.options.service:
                raise
            self._night.report(name, State.DEGRADED, str(error))

    def _midi(self, desk: MidiSettings) -> MidiInput:
        night = self._night
        return MidiInput(
            desk.input,
            desk.map,
            channel=desk.channel,
            emit=self._emit,
            now=night.clock.now,
            playback=lambda: night.board.playback,
            names=lambda: night.board.words,
            device=None if desk.msc is None else desk.msc.device,
            plan=lambda: night.plan,
            bound=self._gestures.bound,
            later=self._gestures.later,
        )

    async def _mqtt(self, settings: MqttSettings) -> None:
        await loaded("showctl.remote.mqtt")  # only a venue with a broker pays for the import
        from showctl.remote.mqtt import Mqtt

        night = self._night
        client = Mqtt.of(
            settings,
            night.plan.venue,
            emit=self._emit,
            now=night.clock.now,
            board=night.board,
            also=self._sensors,
            worn=self._gestures.over_mqtt,
        )
        self.polled["mqtt"] = client
        await client.run()
