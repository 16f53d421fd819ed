"""OSCQuery and a real daemon: found by mDNS, browsed, listened to and commanded over a WebSocket; and nothing of it unasked."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from showctl.wire.osc import decode, encode
from tests.real.conftest import ip, namespace, until
from tests.real.night import LONGEST, SHOW, VENUE, Night, inside, night_in, wire

pytestmark = [pytest.mark.real, pytest.mark.slow]

QUERY, OSC = "_oscjson._tcp.local.", "_osc._udp.local."
LATE = "10.77.0.1"


@pytest.fixture
def night() -> Iterator[Night]:
    with namespace() as net, night_in(net) as one:
        one.venue.write_text(VENUE + "osc: {query: 127.0.0.1:8090}\n")
        yield one


class Browser:
    """What a surface on this network sees."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.there: set[str] = set()
        self.zeroconf = AsyncZeroconf(interfaces=[address], ip_version=IPVersion.V4Only)
        self._browser = AsyncServiceBrowser(self.zeroconf.zeroconf, [QUERY, OSC], handlers=[self._changed])

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        (self.there.discard if state_change is ServiceStateChange.Removed else self.there.add)(name)

    async def until(self, names: set[str]) -> None:
        async with asyncio.timeout(2 * LONGEST):
            while self.there != names:
                await asyncio.sleep(0.02)

    async def port(self, kind: str, name: str = "Hall") -> int:
        info = AsyncServiceInfo(kind, f"{name}.{kind}")
        assert await info.async_request(self.zeroconf.zeroconf, 10_000)
        return info.port or 0

    async def close(self) -> None:
        await self._browser.async_cancel()
        await self.zeroconf.async_close()


async def told(page: aiohttp.ClientWebSocketResponse) -> tuple[str, tuple[Any, ...]]:
    """What comes next: OSC as address and values, text as its command and data."""
    said = await page.receive(timeout=LONGEST)
    if said.type is aiohttp.WSMsgType.TEXT:
        found = json.loads(said.data)
        return found["COMMAND"], (found["DATA"],)
    assert said.type is aiohttp.WSMsgType.BINARY, said
    [message] = decode(said.data)
    return message.address, message.arguments


async def until_told(page: aiohttp.ClientWebSocketResponse, *wanted: tuple[str, tuple[Any, ...]]) -> None:
    missing = set(wanted)
    async with asyncio.timeout(2 * LONGEST):
        while missing:
            missing.discard(await told(page))


async def a_surface(show: Path) -> None:
    """From nothing known to a cue that was fired, and a submaster that is new."""
    async with contextlib.AsyncExitStack() as stack:
        browser = Browser()
        stack.push_async_callback(browser.close)
        await browser.until({f"Hall.{QUERY}", f"Hall.{OSC}"})
        assert await browser.port(OSC) == 8000
        url = f"http://127.0.0.1:{await browser.port(QUERY)}"
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def get(path: str) -> Any:
            async with session.get(url + path) as answer:
                return await answer.json() if answer.status == 200 else answer.status

        assert (await get("/?HOST_INFO"))["OSC_PORT"] == 8000
        below = (await get("/"))["CONTENTS"]["showctl"]["CONTENTS"]
        assert below["go"]["CRITICAL"]
        assert below["sub"]["CONTENTS"]["extra"]["ACCESS"] == 3
        page = await stack.enter_async_context(session.ws_connect(url))
        for path in ("/showctl/cue", "/showctl/gm"):
            await page.send_json({"COMMAND": "LISTEN", "DATA": path})
        await until_told(page, ("/showctl/cue", ("0", "")), ("/showctl/gm", (1.0,)))
        await page.send_bytes(encode("/showctl/go", 1, 4711))
        await until_told(page, ("/showctl/heard", ("/showctl/go", 4711)), ("/showctl/cue", ("1", "")))
        await page.send_bytes(encode("/showctl/gm", 0.5))
        await until_told(page, ("/showctl/gm", (0.5,)))
        assert await get("/showctl/gm?VALUE") == {"VALUE": [0.5]}
        assert await get("/showctl/sub/later") == 404
        show.write_text(SHOW.replace("submasters: {", "submasters: {later: {group: lamps}, "))
        await until_told(page, ("PATH_CHANGED", ("/",)))
        assert (await get("/showctl/sub/later"))["TYPE"] == "f"


def test_a_surface_finds_browses_and_plays_the_show(night: Night) -> None:
    with wire(night.net) as line, night.daemon() as daemon:
        with inside(night.net):
            asyncio.run(a_surface(night.show))
        line.until_level(1, 1, 25)  # cue 1 at 20 % under half a master
        night.until_part("mdns", lambda one: "port 8090" in one["detail"], "announced")
        night.until_part("osc query", lambda one: one["counters"]["asked"] >= 5 and one["counters"]["told"] >= 4, "counted")

        async def gone() -> None:
            browser = Browser()
            await browser.until({f"Hall.{QUERY}", f"Hall.{OSC}"})
            daemon.popen.terminate()
            await browser.until(set())
            await browser.close()

        with inside(night.net):
            asyncio.run(gone())
        assert daemon.wait() == 0


def test_unasked_nothing_is_served_and_nothing_of_it_loaded(night: Night) -> None:
    night.venue.write_text(VENUE)
    with night.daemon() as daemon:
        night.until_part("osc", lambda one: one["state"] == "running", "all parts are told")
        night.later(1.5)
        assert night.part("osc query")["state"] == night.part("mdns")["state"] == ""
        mapped = [Path(f"/proc/{pid}/maps").read_text() for pid in night.processes("showctl run")]
        assert not any("zeroconf" in one for one in mapped)
        assert mapped
        assert daemon.popen.poll() is None


def test_an_address_that_comes_late_or_goes_is_waited_for(night: Night) -> None:
    night.venue.write_text(VENUE + f"osc: {{listen: 0.0.0.0:8000, query: {LATE}:8090, allow: [10.77.0.0/24, 127.0.0.1]}}\n")
    manager = str(night.folder / "no-manager")  # what a service manager sets: then a port that cannot be had is tried again
    with night.daemon(env={"NOTIFY_SOCKET": manager}):
        part = night.until_part("osc query", lambda one: one["state"] == "degraded", "its address is not there")
        assert LATE in part["detail"]
        night.osc("/showctl/go")
        until(lambda: night.playback()["cue"] == "1", LONGEST, "a cue that fires all the same")
        ip("-n", night.net.name, "address", "add", f"{LATE}/24", "dev", "lo")
        night.until_part("osc query", lambda one: one["state"] == "running", "its address is there")
        night.until_part("mdns", lambda one: one["state"] == "running" and LATE in one["detail"], "announced")

        async def found() -> None:
            browser = Browser(LATE)
            await browser.until({f"Hall.{QUERY}", f"Hall.{OSC}"})
            await browser.close()

        with inside(night.net):
            asyncio.run(found())
        ip("-n", night.net.name, "address", "del", f"{LATE}/24", "dev", "lo")
        night.until_part("mdns", lambda one: one["state"] == "degraded" and LATE in one["detail"], "its address is gone")
        night.osc("/showctl/go")
        until(lambda: night.playback()["cue"] == "2", LONGEST, "a cue that fires all the same")
        ip("-n", night.net.name, "address", "add", f"{LATE}/24", "dev", "lo")
        night.until_part("mdns", lambda one: one["state"] == "running", "its address is back")
        with inside(night.net):
            asyncio.run(found())
