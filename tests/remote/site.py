"""A web server that runs on loopback, and what its tests ask of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from showctl.config.words import Words
from showctl.model import ControlEvent, EqCommand, WireError
from showctl.plan import PaPlan, PaZone
from showctl.remote.board import Board
from showctl.remote.web.server import WebServer
from tests.remote import fake_show

PLAN = replace(
    fake_show.plan(),
    house=(len(fake_show.plan().parameters) - 1,),  # the probe is the hall
    pa=PaPlan(zones=(PaZone("main", (1, 2)),), console="internal"),
)
WORDS = Words(PLAN)
TOKENS = {"look-at-this-show": "view", "run-this-whole-show": "control"}


@dataclass
class Site:
    """A server that runs, and what it handed on."""

    server: WebServer
    board: Board
    session: aiohttp.ClientSession
    events: list[ControlEvent | EqCommand] = field(default_factory=list)
    full: bool = False  # whether the queue of controls takes no more
    time: float = 10.0

    @property
    def url(self) -> str:
        return f"http://{self.server.address}"

    def emit(self, event: ControlEvent) -> bool:
        if not self.full:
            self.events.append(event)
        return not self.full

    async def equaliser(self, command: EqCommand) -> None:
        if self.full:
            raise WireError("it is in no mood")
        self.events.append(command)

    async def post(self, body: Any, **headers: str) -> tuple[int, str]:
        async with self.session.post(f"{self.url}/api/control", json=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(f"{self.url}{path}", headers=headers) as answer:
            return answer.status, await answer.text()

    def socket(self, **headers: str) -> Any:
        return self.session.ws_connect(f"{self.url}/ws", headers=headers)


@contextlib.asynccontextmanager
async def serve(host: str = "127.0.0.1", **options: Any) -> AsyncIterator[Site]:
    board = Board(PLAN)
    fake_show.healthy(board)
    fake_show.move(board, 10.0)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        site: Site
        doors: dict[str, Any] = {"emit": lambda event: site.emit(event), "equaliser": lambda command: site.equaliser(command)}
        server = WebServer(host, 0, board=board, now=lambda: site.time, **doors, **options)
        site = Site(server, board, session)
        await server.open()
        running = asyncio.create_task(server.run())
        try:
            yield site
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def topics(page: aiohttp.ClientWebSocketResponse, *wanted: str) -> dict[str, Any]:
    """Read until each of these topics has come; the latest of each."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while not set(wanted) <= set(found):
            message = await page.receive()
            if message.type is aiohttp.WSMsgType.BINARY:
                found["frame"] = message.data
            elif message.type is aiohttp.WSMsgType.TEXT:
                found |= json.loads(message.data)
            else:
                raise AssertionError(f"closed: {message}")
    return found
