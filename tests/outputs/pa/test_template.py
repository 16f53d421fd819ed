"""A console by its own lines over real sockets: the Q-SYS of the document against a fake Core, a mixer of text over UDP."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from showctl.config.load import load
from showctl.model import EqBand, State
from showctl.outputs.pa import template
from showctl.outputs.pa.console import console_of
from showctl.outputs.pa.template import TemplateConsole
from showctl.plan import PaPlan, PaTemplate, PaZone
from tests.config.test_pa import files, q_sys
from tests.fakes.qsys import Core
from tests.pa_part import deciding
from tests.wire.test_template_dialogue import BLIND, QSYS, TEXT, Mixer

CUT = EqBand("peaking", 260.0, -3.0, 2.0)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "AGAIN_S", 0.1)


def plan_of(lines: PaTemplate, port: int) -> PaPlan:
    zones = (PaZone("hall", (1, 2), "main"),)
    return PaPlan(console="template", host="127.0.0.1", port=port, template=lines, zones=zones)


async def until(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def running(plan: PaPlan) -> AsyncIterator[TemplateConsole]:
    console = console_of(plan, Path(), time.monotonic)
    assert isinstance(console, TemplateConsole)
    task = asyncio.create_task(console.run())
    try:
        yield console
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Server:
    """A Core that serves one design at a port; `mute` reads on and says nothing, `hang_up` ends every connection."""

    def __init__(self, core: Core) -> None:
        self.core, self.mute, self.port, self.times = core, False, 0, 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.times += 1
        writer.write(self.core.greeting())
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                said = (await reader.readuntil(b"\0")).removesuffix(b"\0")
                if not self.mute:
                    writer.write(self.core.take(said))
        self._writers.discard(writer)
        writer.close()

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()
        await until(lambda: not self._writers, "the end of all connections")


@asynccontextmanager
async def served(core: Core) -> AsyncIterator[Server]:
    server = Server(core)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def meet(body: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(body())  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_q_sys_of_the_document_sets_a_core(tmp_path: Path) -> None:
    document = load(*files(tmp_path, q_sys())).plan.pa
    assert document is not None

    async def body() -> None:
        core = Core()
        async with served(core) as server, running(replace(document, host="127.0.0.1", port=server.port)) as console:
            await until(lambda: console.console("main").bands, "what it is")
            assert console.health().state is State.RUNNING
            console.apply("main", deciding((1, CUT)))
            await until(lambda: console.settled("main"), "what was written")
            assert [core.controls[f"main.{key}.2"] for key in ("freq", "gain", "q")] == [260.0, -3.0, 2.0]
            core.controls["main.gain.2"] = 1.0
            await until(lambda: console.console("main").touched == (1,), "the hand")
            server.hang_up()
            await until(lambda: server.times == 2, "a new connection")
            core.controls["main.gain.1"] = -1.0
            await until(lambda: console.console("main").touched == (0,), "what was done meanwhile")
            assert console.health().state is State.RUNNING

    meet(body)


@pytest.mark.slow
def test_one_that_is_connected_and_silent_is_said_and_connected_to_again() -> None:
    async def body() -> None:
        async with served(Core()) as server, running(plan_of(QSYS, server.port)) as console:
            await until(lambda: console.console("main").bands, "what it is")
            server.mute = True
            await until(lambda: server.times >= 2, "a new connection")
            assert "does not answer for band 1 of main" in console.health().detail
            assert console.health().state is State.DEGRADED
            server.mute = False
            await until(lambda: console.health().state is State.RUNNING, "the end of it")

    meet(body)


def test_one_that_is_off_is_said_and_found_when_it_is_on() -> None:
    async def body() -> None:
        server = Server(Core())
        await server.start()
        await server.stop()
        async with running(plan_of(QSYS, server.port)) as console:
            await until(lambda: console.health().state is State.DEGRADED, "that it is off")
            told = f"127.0.0.1:{server.port}: it cannot be reached: connection refused"
            assert told in console.health().detail
            assert console.console("main").answered is None
            await server.start()
            await until(lambda: console.console("main").bands, "what it is")
            await server.stop()

    meet(body)


class Packets(asyncio.DatagramProtocol):
    """A mixer at a UDP port."""

    def __init__(self, mixer: Mixer) -> None:
        self.mixer = mixer

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(self.mixer.take(data), addr)


@pytest.mark.slow
@pytest.mark.parametrize("lines", [TEXT, BLIND])
def test_a_mixer_of_text_over_udp(lines: PaTemplate) -> None:
    async def body() -> None:
        mixer = Mixer()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Packets(mixer), local_addr=("127.0.0.1", 0))
        try:
            async with running(plan_of(lines, transport.get_extra_info("sockname")[1])) as console:
                await until(lambda: console.console("main").answered, "the socket")
                if lines is BLIND:
                    assert not console.console("main").on
                    console.apply("main", deciding(switch="on"))
                await until(lambda: console.console("main").on and console.console("main").bands, "what it is")
                console.apply("main", deciding((1, CUT)))
                await until(lambda: mixer.bands["2"] == "260 -3.0 2.00" and console.settled("main"), "what was written")
                assert console.health().state is State.RUNNING
        finally:
            transport.close()

    meet(body)


@pytest.mark.slow
def test_udp_to_where_nobody_listens_is_silence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]

    async def body() -> None:
        async with running(plan_of(TEXT, port)) as console:
            await until(lambda: dict(console.health().counters)["sent"] >= 8, "questions")
            assert console.console("main").answered is None

    meet(body)


def test_another_version_of_the_venue_file_is_the_same_console_or_another() -> None:
    plan = plan_of(TEXT, 1000)
    console = console_of(plan, Path(), time.monotonic)
    assert console is not None
    assert console.plays(replace(plan, gain=(-6.0, 0.0), mode="auto"))
    for other in (replace(plan, port=1001), replace(plan, template=BLIND), replace(plan, console="x32")):
        assert not console.plays(other)
