"""A web server that strangers cannot wear out: its connections are bounded, and what is no HTTP is not logged.

Whoever connects and asks nothing holds a file descriptor of the daemon. There are never more than so many connections: for one
more the oldest is cut off that is not kept (a page that is open, a WebSocket). Cut off and not closed: a connection that is
closed stays until its last answer is read, and who reads nothing would hold it for ever, and the end of the night with it.

aiohttp would write a page of log for each stranger who sends no HTTP; what goes wrong in our own code it still writes.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable

from aiohttp import web
from aiohttp.http import HttpProcessingError

log = logging.getLogger(__name__)
log.addFilter(lambda record: record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError))

AT_ONCE = 16  # connections that are let in in one turn of the loop, since each takes a moment of it
WAITING = 128  # that wait in the kernel meanwhile
GOODBYE_S = 1.0  # that those who are connected have for it; a service manager waits five seconds for everything


class Listening:
    """An application of aiohttp at one address, of at most `most` connections; `kept` says which are not to be closed."""

    def __init__(self, app: web.Application, most: int, kept: Callable[[asyncio.BaseTransport | None], bool]) -> None:
        self._runner = web.AppRunner(app, access_log=None, logger=log, shutdown_timeout=1.0)
        self._most, self._kept = most, kept
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> None:
        """Listen. OSError where that cannot be; it is closed then."""
        try:
            await self._runner.setup()
            self._server = await asyncio.get_running_loop().create_server(self._protocol, host, port, backlog=AT_ONCE)
            for one in self._server.sockets:  # asyncio lets in as many a turn as may wait
                with socket.fromfd(one.fileno(), one.family, one.type) as same:
                    same.listen(WAITING)
        except OSError:
            await self.close()
            raise

    async def close(self, sockets: Iterable[web.WebSocketResponse] = ()) -> None:
        """Listen no more, take leave of those who are connected by WebSocket, and cut off who is still there then."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        leaving = [asyncio.create_task(one.close()) for one in sockets]
        if leaving:
            await asyncio.wait(leaving, timeout=GOODBYE_S)
        for transport in self._transports():
            transport.abort()
        await asyncio.gather(*leaving, return_exceptions=True)
        await self._runner.cleanup()

    @property
    def address(self) -> tuple[str, int] | None:
        """Where it listens, the real port also where 0 was asked for; None while it does not."""
        if self._server is None or not self._server.sockets:
            return None
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    @property
    def connections(self) -> int:
        """How many there are."""
        return 0 if self._runner.server is None else len(self._runner.server.connections)

    def _protocol(self) -> asyncio.BaseProtocol:
        """For another connection."""
        server = self._runner.server
        assert server is not None
        if (more := self.connections + 1 - self._most) > 0:
            for transport in [one for one in self._transports() if not self._kept(one)][:more]:
                transport.abort()
        return server()

    def _transports(self) -> list[asyncio.WriteTransport]:
        """Of all who are connected, the oldest first."""
        connections = () if self._runner.server is None else self._runner.server.connections
        return [one.transport for one in connections if isinstance(one.transport, asyncio.WriteTransport)]
