"""A console that the venue file describes by its own lines, over TCP or UDP.

What is said is decided in `wire.template_dialogue`; here are the socket and the time. A connection that breaks, or that is open
and silent, is made anew; nothing here waits for an answer.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

from showctl.model import ConsoleState, EqState, Health, State, WireError
from showctl.plan import PaPlan, PaTemplate
from showctl.wire.template_dialogue import Talk
from showctl.wire.x32 import Limits

TICK_S = 0.05  # between two looks at what is to be sent
CONNECT_S = 4.0
AGAIN_S = 2.0  # from one connection that failed to the next
UNREAD = 65_536  # bytes that a console may leave unread


class Broken(Exception):
    """A connection is of no use any more; why, in words."""


class TemplateConsole:
    """The console at host:port as long as `run` runs. Equalisers are called as `PaZone.console` says."""

    def __init__(self, template: PaTemplate, plan: PaPlan, now: Callable[[], float]) -> None:
        self._template, self._place, self._now = template, (plan.host, plan.port), now
        self._names = [zone.console for zone in plan.zones if zone.console]
        self._talk = Talk(template, self._names, Limits(plan.gain, plan.q))
        self._wrong = ""  # why there is no connection, until something is heard over a new one
        self._connected: float | None = None  # s
        self._state, self._since = State.STARTING, now()

    # --- as of any console -----------------------------------------------------------------------------------------------

    def apply(self, name: str, state: EqState) -> None:
        """Have an equaliser become what the policy decided."""
        for index, band in state.writes:
            self._talk.write(name, index, band, state.snapshot[index] if state.snapshot else None)
        if state.switch == "on":
            self._talk.switch_on(name)

    def console(self, name: str) -> ConsoleState:
        """What an equaliser is, and what was touched since this was asked last."""
        return self._talk.take(name)

    def settled(self, name: str) -> bool:
        """Whether the console has confirmed all that it was told; one that cannot be asked, whether it was told all."""
        return self._talk.equalisers[name].settled

    def limit(self, plan: PaPlan) -> None:
        """The limits of another version of the venue file hold from now on."""
        self._talk.limit(Limits(plan.gain, plan.q))

    def plays(self, plan: PaPlan) -> bool:
        """Whether it is what another version of the venue file names, limits aside."""
        names = [zone.console for zone in plan.zones if zone.console]
        same = (plan.template, (plan.host, plan.port), names) == (self._template, self._place, self._names)
        return plan.console == "template" and same

    def health(self) -> Health:
        """How it is, in words that say what to do."""
        state, words = self._talk.health(self._now())
        heard = self._connected is not None and (self._talk.answered or 0.0) >= self._connected
        if self._wrong and not heard:
            state, words = State.DEGRADED, self._wrong
        if state is not self._state:
            self._state, self._since = state, self._now()
        counts = dict(self._talk.counts)
        for one in self._talk.equalisers.values():
            for key, count in one.counts.items():
                counts[key] = counts.get(key, 0) + count
        told = f"{self._place[0]}:{self._place[1]}: {words}"
        return Health("console", state, told, self._since, tuple((key, float(count)) for key, count in counts.items()))

    def end(self) -> None:
        """Nothing was started for it."""

    async def run(self) -> None:
        """Talk until cancelled. A connection that cannot be had is words in its health, and tried again."""
        once = self._by_tcp if self._template.transport == "tcp" else self._by_udp
        while True:
            try:
                await once()
            except TimeoutError:
                self._wrong = "it cannot be reached: is it on, is its address right, and this machine in its network?"
            except OSError as error:
                words = os.strerror(error.errno).lower() if error.errno else str(error)
                self._wrong = f"it cannot be reached: {words}; is it on, and is its address and port right?"
            except (Broken, WireError) as error:
                self._wrong = str(error)
            finally:
                self._talk.lost()
                self._connected = None
            await asyncio.sleep(AGAIN_S)

    # --- the two ways ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._connected = self._now()
        self._talk.connected(self._connected)

    async def _by_tcp(self) -> None:
        """One connection, to its end."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection(*self._place), CONNECT_S)
        listening = asyncio.create_task(self._listen(reader))
        try:
            self._begin()
            while not listening.done():
                for data in self._talk.due(self._now()):
                    writer.write(data)
                if writer.transport.get_write_buffer_size() > UNREAD:
                    raise Broken("the console does not read what it is told: it is connected to again")
                if self._talk.silent:
                    raise Broken(self._talk.health(self._now())[1])
                await asyncio.wait([listening], timeout=TICK_S)
            listening.result()
            raise Broken("the console has hung up: it is connected to again")
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            writer.transport.abort()  # what waits to be sent is of no use any more
            with suppress(OSError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), CONNECT_S)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(65_536):
            self._talk.received(data, self._now())

    async def _by_udp(self) -> None:
        """One socket, for ever: a console that is off shows as silence."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Packets(self._talk, self._now, ended), remote_addr=self._place
        )
        try:
            self._begin()
            while not ended.done():
                for data in self._talk.due(self._now()):
                    transport.sendto(data)
                await asyncio.wait([ended], timeout=TICK_S)
            ended.result()
        finally:
            transport.close()


class _Packets(asyncio.DatagramProtocol):
    """What comes from that console alone."""

    def __init__(self, talk: Talk, now: Callable[[], float], ended: asyncio.Future[None]) -> None:
        self._talk, self._now, self._ended = talk, now, ended

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:  # noqa: ARG002 (the socket is connected)
        try:
            self._talk.received(data, self._now())
        except Exception as error:  # our mistake: it ends run(), rather than the loop logging it each time
            self._end(error)

    def error_received(self, exc: Exception) -> None:
        if not isinstance(exc, ConnectionRefusedError):  # nobody listens there now: that shows as silence
            self._end(exc)

    def _end(self, error: Exception) -> None:
        if not self._ended.done():
            self._ended.set_exception(error)
