"""CamillaDSP, by its websocket: what the equalisers are to be goes out, its configuration comes in.

All that is said is decided in `wire.camilla_dialogue`; here are the connection and the time. A connection that is lost, silent or
talks nonsense is made anew, later each time it fails; nothing but words in the health of the part comes of it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from showctl.model import ConsoleState, EqState, Health, State, WireError
from showctl.plan import PaPlan
from showctl.wire.camilla import LIMIT
from showctl.wire.camilla_dialogue import Dialogue
from showctl.wire.x32 import Limits

if TYPE_CHECKING:
    from aiohttp import ClientSession, ClientWebSocketResponse

TICK_S = 0.03  # between two looks at what is to be sent
CONNECT_S = 3.0  # that a connection may take to be made, or a text to be sent
FIRST_S, LONGEST_S = 0.5, 8.0  # from one connection to the next


class Gone(Exception):
    """The connection is of no use any more; in words."""


class CamillaConsole:
    """Talks to the CamillaDSP at host:port as long as `run` runs. Equalisers are called as `PaZone.console` says."""

    def __init__(self, plan: PaPlan, now: Callable[[], float]) -> None:
        self.host, self.port, self._now = plan.host, plan.port, now
        names = [zone.console for zone in plan.zones if zone.console]
        self._dialogue = Dialogue(names, Limits(plan.gain, plan.q))
        self._state, self._since = State.STARTING, now()
        self._wait = FIRST_S

    # --- as of any console -----------------------------------------------------------------------------------------------

    def apply(self, name: str, state: EqState) -> None:
        """Have an equaliser become what the policy decided. It has no switch."""
        for index, band in state.writes:
            self._dialogue.write(name, index, band, state.snapshot[index] if state.snapshot else None)

    def console(self, name: str) -> ConsoleState:
        """What an equaliser is, and what was touched since this was asked last."""
        return self._dialogue.take(name)

    def settled(self, name: str) -> bool:
        """Whether it is read back that an equaliser is all that it was told to be."""
        return self._dialogue.settled(name)

    def limit(self, plan: PaPlan) -> None:
        """The limits of another version of the venue file hold from now on."""
        self._dialogue.limits = Limits(plan.gain, plan.q)

    def plays(self, plan: PaPlan) -> bool:
        """Whether it is what another version of the venue file names, limits aside."""
        names = [zone.console for zone in plan.zones if zone.console]
        return plan.console == "camilladsp" and (plan.host, plan.port, names) == (self.host, self.port, self._dialogue.names)

    def health(self) -> Health:
        """How it is, in words that say what to do."""
        state, words = self._dialogue.health(self._now())
        if state is not self._state:
            self._state, self._since = state, self._now()
        counters = tuple((name, float(count)) for name, count in self._dialogue.counted().items())
        return Health("console", state, f"{self.host}:{self.port}: {words}", self._since, counters)

    def end(self) -> None:
        """Nothing was started for it: CamillaDSP is somebody else's, and plays on."""

    # --- the connection --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Talk until cancelled."""
        from aiohttp import ClientSession  # it takes a while to import, and only this console needs it here

        async with ClientSession() as session:
            while True:
                try:
                    await self._talk(session)
                except Gone as gone:
                    self._dialogue.lost(str(gone))
                await asyncio.sleep(self._wait)
                self._wait = min(2 * self._wait, LONGEST_S)

    async def _talk(self, session: ClientSession) -> None:
        """A connection from its beginning to its end. Raises Gone."""
        from aiohttp import ClientError

        try:
            async with asyncio.timeout(CONNECT_S):
                socket = await session.ws_connect(f"ws://{self.host}:{self.port}", max_msg_size=LIMIT)
        except TimeoutError:
            raise Gone(f"no connection within {CONNECT_S:.0f} s") from None
        except (ClientError, OSError) as error:
            raise Gone(_said(error)) from None
        self._dialogue.connected(self._now())
        try:
            while True:
                await self._round(socket)
        except (ClientError, ConnectionError) as error:
            raise Gone(_said(error)) from None
        except WireError as error:
            raise Gone(f"it talks nonsense: {error}") from None
        finally:
            await _closed(socket)

    async def _round(self, socket: ClientWebSocketResponse) -> None:
        """Send what is due, hear what was said, for as long as a tick."""
        from aiohttp import WSMsgType

        if why := self._dialogue.overdue(self._now()):
            raise Gone(why)
        await _send(socket, self._dialogue.due(self._now()))
        try:
            message = await socket.receive(timeout=TICK_S)
        except TimeoutError:
            return
        if message.type is WSMsgType.TEXT:
            await _send(socket, self._dialogue.received(message.data, self._now()))
            self._wait = FIRST_S
        elif message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
            long = message.type is WSMsgType.ERROR and "exceeds limit" in str(message.data)
            raise Gone(f"its configuration is longer than {LIMIT} bytes" if long else "it has closed the connection")


async def _send(socket: ClientWebSocketResponse, texts: list[str]) -> None:
    for text in texts:
        try:
            async with asyncio.timeout(CONNECT_S):
                await socket.send_str(text)
        except TimeoutError:
            raise Gone("it takes nothing more in") from None


async def _closed(socket: ClientWebSocketResponse) -> None:
    """Say goodbye, but wait for no answer of one that hangs."""
    try:
        async with asyncio.timeout(0.5):
            await socket.close()
    except TimeoutError:
        return


def _said(error: BaseException) -> str:
    """What the network says, without what everybody knows."""
    cause = error if isinstance(error, OSError) else error.__cause__
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return str(error)[:100] or type(error).__name__
