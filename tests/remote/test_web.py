"""The web server, over real connections on loopback: what it shows, and its port."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest

from showctl.model import (
    DeviceError,
)
from showctl.remote.board import Board
from showctl.remote.web import server as server_module
from showctl.remote.web.server import WebServer
from tests.remote.site import PLAN, TOKENS, serve


async def test_health_and_state_are_those_of_the_board() -> None:
    async with serve() as site:
        status, text = await site.get("/api/health")
        assert (status, json.loads(text)) == (200, site.board.health_json())
        assert {"web", "output", "mqtt"} <= {part["name"] for part in json.loads(text)["parts"]}
        status, text = await site.get("/api/state")
        assert (status, json.loads(text)) == (200, site.board.state_json())


async def test_metrics_give_the_state_and_counters_of_each_part() -> None:
    async with serve() as site:
        await site.post({"type": "go"})
        status, text = await site.get("/metrics")
        assert status == 200
        assert 'showctl_part_counter{counter="packets",part="output"} 7040.0' in text
        assert 'showctl_part_state{part="mqtt",state="degraded"} 1.0' in text
        assert 'showctl_part_counter{counter="controls",part="page"} 1.0' in text


async def test_every_answer_carries_the_headers_that_keep_strangers_out() -> None:
    async with serve() as site:
        for path in ("/", "/style.css", "/api/health", "/nothing-here"):
            async with site.session.get(site.url + path) as answer:
                assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_the_page_is_small_and_all_of_it_comes_from_here() -> None:
    files = [path for path in server_module.STATIC.iterdir() if path.name not in {"login.html", "welcome.html"}]
    assert sum(path.stat().st_size for path in files) <= 100_000
    assert len(files) <= 9
    for path in files:
        text = path.read_text().replace("http://www.w3.org/", "")  # a namespace, never fetched
        assert "http://" not in text
        assert "https://" not in text


async def test_a_file_of_the_page_is_typed_and_fetched_once() -> None:
    async with serve() as site:
        async with site.session.get(f"{site.url}/stage.js") as answer:
            assert answer.content_type == "text/javascript"
            tag = answer.headers["ETag"]
        async with site.session.get(f"{site.url}/stage.js", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
        for path in ("/login.html", "/server.py", "/..%2fserver.py", "/%2e%2e/server.py"):
            assert (await site.get(path))[0] == 404


async def test_a_taken_port_is_told_with_its_cure() -> None:
    async with serve() as site:
        port = int(site.server.address.rpartition(":")[2])
        second = WebServer("127.0.0.1", port, board=site.board, emit=site.emit, now=lambda: 0.0)
        with pytest.raises(DeviceError, match=rf"already listens on 127\.0\.0\.1:{port}.*--http"):
            await second.open()
    await second.open()  # now that the first is gone
    assert second.address == f"127.0.0.1:{port}"
    await second.close()


async def test_an_address_of_another_machine_is_told() -> None:
    server = WebServer("192.0.2.1", 0, board=Board(PLAN), emit=lambda _: True, now=lambda: 0.0, tokens=TOKENS)
    with pytest.raises(DeviceError, match="an address of this machine"):
        await server.open()


async def test_it_can_run_again_after_it_was_stopped() -> None:
    async with serve() as site:
        assert (await site.get("/api/health"))[0] == 200
    again = asyncio.create_task(site.server.run())
    async with asyncio.timeout(5):
        while True:
            with contextlib.suppress(RuntimeError):
                site.server.address  # noqa: B018 - it raises until the port is open
                break
            await asyncio.sleep(0)
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
