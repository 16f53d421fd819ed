"""What somebody costs who floods OSCQuery, reads nothing of it, or is not let in: little, and never the end of the night."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import WSMsgType

from showctl.plan import Submaster
from showctl.remote import osc_query as module
from showctl.remote.board import Shown
from showctl.remote.web.listening import Listening
from showctl.wire.osc import bundle, encode
from tests.remote.test_osc_query import PLAN, Place, listen, packet, place

TEXT, PING = 1, 9
UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "


class Raw:
    """A connection by hand, which reads only when it is told to, and then no more than a few KiB wait for it."""

    def __init__(self, plug: socket.socket) -> None:
        self.plug = plug

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.plug, data)

    async def ask(self, headers: str = "") -> None:
        await self.send(f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n".encode())

    async def read(self) -> bytes:
        async with asyncio.timeout(10):
            return await asyncio.get_running_loop().sock_recv(self.plug, 65536)

    async def frame(self, kind: int, payload: bytes = b"") -> None:
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
        await self.send(bytes([0x80 | kind]) + size + bytes(4) + payload)


@contextlib.asynccontextmanager
async def raw(one: Place, web_socket: bool = False) -> AsyncIterator[Raw]:
    assert one.query.address is not None
    with socket.socket() as plug:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        plug.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plug, one.query.address)
        found = Raw(plug)
        if web_socket:
            await found.ask(f"{UPGRADE}{base64.b64encode(os.urandom(16)).decode()}\r\n")
            assert b" 101 " in await found.read()
        yield found


async def go_on(clock: list[float]) -> None:
    while True:
        await asyncio.sleep(0.01)
        clock[0] += 0.01


# --- who reads nothing ---------------------------------------------------------------------------------------------


async def test_who_reads_nothing_does_not_hold_up_the_end() -> None:
    async with place() as one, contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(raw(one, web_socket=True))
        await one.until(lambda: len(one.query._listeners) == 3)
        large = encode("/showctl/much", "x" * 60_000)
        for _ in range(100):  # more than the kernel keeps for them
            for listener in one.query._listeners.values():
                listener.hand(large)
            await asyncio.sleep(0.005)
        async with asyncio.timeout(8):  # the ten seconds of a slow reader are too many: a service manager waits for five
            await one.query.close()
        await one.until(lambda: not one.query._listeners)


async def test_connections_that_ask_and_read_nothing_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CONNECTIONS", 8)
    async with place() as one, contextlib.AsyncExitStack() as stack:
        one.board.load(Shown.of(replace(PLAN, submasters=tuple(Submaster(f"s{n}", "additive", ()) for n in range(200)))))
        assert one.query._listening is not None
        server = one.query._listening._runner.server
        assert server is not None

        def full() -> int:
            return sum(c.transport is not None and c.transport.get_write_buffer_size() > 0 for c in server.connections)

        async def ask(connections: int) -> None:
            for _ in range(connections):
                other = await stack.enter_async_context(raw(one))
                for _ in range(60):
                    await other.ask()
                one.clock[0] += 1.0
                await asyncio.sleep(0.05)

        await ask(8)
        await one.until(lambda: full() > 0)
        await ask(24)
        await one.until(lambda: len(server.connections) <= 8)


async def test_no_answer_is_lost_because_a_subscription_is_told_in_the_same_turn() -> None:
    async with place() as one, one.connect() as page:
        names = [f"s{n}" for n in range(150)]
        one.board.load(Shown.of(replace(PLAN, submasters=tuple(Submaster(name, "additive", ()) for name in names))))
        assert one.board.playback is not None
        one.board.playback = replace(one.board.playback, submasters=tuple((name, 0.5) for name in names))
        one.clock[0] += 1.0
        await page.send_bytes(bundle(encode("/showctl/get/sub"), encode("/showctl/subscribe", "flash", 50.0)))
        wanted = {f"/showctl/{kind}/{name}" for name in names for kind in ("sub", "flash")}
        going = asyncio.create_task(go_on(one.clock))
        async with asyncio.timeout(10):
            while wanted:
                said = await page.receive()
                if said.type is WSMsgType.BINARY:
                    wanted.discard(said.data[: said.data.index(0)].decode())
        going.cancel()


# --- floods --------------------------------------------------------------------------------------------------------


async def test_a_flood_of_frames_is_read_as_slowly_as_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARD_BURST", 5.0)
    monkeypatch.setattr(module, "APART_S", 0.05)
    async with place() as one, raw(one, web_socket=True) as other:
        began, answered = asyncio.get_running_loop().time(), 0
        for _ in range(35):
            await other.frame(PING)
        while answered < 35 * 2:
            answered += len(await other.read())  # two bytes each
        assert asyncio.get_running_loop().time() - began >= 30 * 0.05 * 0.9


async def test_while_frames_are_slow_the_heart_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT", 0.2)
    async with place() as one, one.connect() as page:
        reading = asyncio.create_task(page.receive())  # answers what asks whether it is still there
        await asyncio.sleep(1.0)
        assert not reading.done()
        await listen(page, "/showctl/gm")
        assert (await reading).type is WSMsgType.BINARY
        assert one.counts()["dropped"] == 0


# --- who is not let in ---------------------------------------------------------------------------------------------


async def test_who_is_refused_has_asked_once() -> None:
    async with place(allow=("10.0.0.0/24",)) as one:
        one.osc.senders.local = False
        async with raw(one) as other:
            for _ in range(5):
                await other.ask()
            said = b""
            with contextlib.suppress(ConnectionError):
                while more := await other.read():
                    said += more
            assert said.count(b"403 Forbidden") == 1
            assert one.counts()["refused"] == 1


async def test_a_page_of_another_site_takes_nothing_of_what_its_machine_may_send() -> None:
    async with place(rate=10.0) as one:
        for _ in range(10):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await one.connect(Origin="http://evil.example")
            assert refused.value.status == 403
            assert (await one.get("/", Host="evil.example"))[0] == 403
        assert (await one.get("/showctl/gm?TYPE"))[0] == 200
        async with one.connect() as page:
            await page.send_str(json.dumps({"COMMAND": "LISTEN", "DATA": "/showctl/gm"}))
            assert (await packet(page)).address == "/showctl/gm"
        assert one.counts()["cut_off"] == 0


async def test_of_those_who_come_at_once_a_few_are_let_in_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, turn, came = asyncio.get_running_loop(), [0], Counter[int]()
    let_in = Listening._protocol

    def counted(self: Listening) -> asyncio.BaseProtocol:
        came[turn[0]] += 1
        return let_in(self)

    def another_turn() -> None:
        turn[0] += 1
        loop.call_soon(another_turn)

    monkeypatch.setattr(Listening, "_protocol", counted)
    async with place() as one, contextlib.AsyncExitStack() as stack:
        another_turn()
        plugs = [stack.enter_context(socket.socket()) for _ in range(60)]
        for plug in plugs:
            plug.setblocking(False)
            plug.connect_ex(one.query.address)
        await one.until(lambda: came.total() >= 60)
    assert max(came.values()) <= 16
