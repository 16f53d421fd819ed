"""Whom the web server turns away, over real connections on loopback."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from showctl.address import is_loopback
from showctl.model import (
    ConfigError,
)
from showctl.remote.board import Board
from showctl.remote.web.guard import Guard, host_name
from showctl.remote.web.server import WebServer
from tests.remote.site import PLAN, TOKENS, serve, topics


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.7", "a@localhost", "[::1", ""]
)
async def test_a_name_that_is_not_ours_is_no_way_in(host: str) -> None:
    async with serve() as site:
        for path in ("/", "/api/health", "/ws", "/stage.js"):
            assert (await site.get(path, Host=host))[0] in {400, 403}
        assert (await site.post({"type": "go"}, Host=host))[0] in {400, 403}
        assert not site.events


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9000", "127.0.0.1:1", "[::1]:8080", "show.venue", "localhost."])
async def test_loopback_and_allowed_names_are(host: str) -> None:
    async with serve(allow_hosts=["Show.Venue"]) as site:
        assert (await site.get("/api/health", Host=host))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_presses_no_button(headers: dict[str, str]) -> None:
    async with serve() as site:
        assert (await site.post({"type": "go"}, **headers))[0] == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with site.socket(**headers):
                pass
        assert caught.value.status == 403
        assert not site.events


async def test_our_own_page_does() -> None:
    async with serve() as site:
        assert (await site.post({"type": "go"}, Origin=site.url, **{"Sec-Fetch-Site": "same-origin"}))[0] == 200
        async with site.socket(Origin=site.url) as page:
            await topics(page, "patch")


async def test_only_the_networks_that_are_named_get_an_answer() -> None:
    async with serve(allow=["10.0.0.0/24"]) as site:
        assert (await site.get("/api/health"))[0] == 200  # this machine always may
    guard = Guard("0.0.0.0", TOKENS, (), ["10.0.0.0/24"], lambda: 0.0)
    for address, may in (("10.0.0.7", True), ("10.0.1.7", False), ("fe80::1%eth0", False), ("::1", True)):
        request = make_mocked_request("GET", "/", transport=_Peer(address))
        with contextlib.nullcontext() if may else pytest.raises(web.HTTPForbidden):
            guard.check_peer(request)


class _Peer(asyncio.Transport):
    """A connection from an address."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 50000)})


def test_beyond_loopback_a_token_is_a_must() -> None:
    with pytest.raises(ConfigError, match="needs a token"):
        WebServer("0.0.0.0", 0, board=Board(PLAN), emit=lambda _: True, now=lambda: 0.0)


async def test_tokens_have_scopes() -> None:
    async with serve(tokens=TOKENS) as site:
        look, run = ({"Authorization": f"Bearer {token}"} for token in TOKENS)
        assert (await site.get("/api/state"))[0] == 401
        assert (await site.get("/metrics", Authorization="Bearer wrong"))[0] == 401
        assert (await site.get("/metrics", Authorization="Basic x"))[0] == 401
        assert (await site.get("/api/state", **look))[0] == 200
        assert (await site.post({"type": "go"}))[0] == 401
        assert (await site.post({"type": "go"}, **look))[0] == 403
        assert not site.events
        assert (await site.post({"type": "go"}, **run))[0] == 200
        async with site.socket(**look) as page:
            assert (await topics(page, "hello"))["hello"]["scope"] == "view"
            await page.send_json({"type": "go"})
            assert not (await topics(page, "reply"))["reply"]["ok"]
        assert len(site.events) == 1


@pytest.mark.parametrize("way", ["link", "form"])
async def test_a_token_becomes_a_cookie_that_does_not_hold_it(way: str) -> None:
    token = "run-this-whole-show"
    async with serve(tokens=TOKENS) as site:
        assert (await site.get("/"))[0] == 401
        if way == "link":
            answer = await site.session.get(f"{site.url}/", params={"token": token})
        else:
            answer = await site.session.post(f"{site.url}/login", data={"token": token})
        async with answer:
            assert answer.status == 200
            cookie = answer.headers["Set-Cookie"]
        assert token not in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        status, page = await site.get("/")
        assert status == 200
        assert "stage" in page
        assert (await site.post({"type": "go"}, Origin=site.url))[0] == 200


async def test_guessing_tokens_ends_soon() -> None:
    async with serve(tokens=TOKENS) as site:
        answers = [(await site.get("/api/state", Authorization=f"Bearer {n}"))[0] for n in range(12)]
        assert answers == [401] * 10 + [429] * 2
        right = {"Authorization": "Bearer look-at-this-show"}
        assert (await site.get("/api/state", **right))[0] == 429
        site.time += 61.0
        assert (await site.get("/api/state", **right))[0] == 200


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("[::1]:80", "::1"),
        ("a:b", ""),
        ("u@h", ""),
        ("h/x", ""),
        ("", ""),
        ("[::1", ""),
        ("h:99999", ""),
    ],
)
def test_host_headers_are_read_strictly(header: str, name: str) -> None:
    assert host_name(header) == name


@given(st.text(max_size=40))
def test_no_host_header_raises(header: str) -> None:
    is_loopback(host_name(header))


async def test_connections_that_ask_nothing_are_bounded_and_a_page_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("showctl.remote.web.server.MAX_CONNECTIONS", 8)
    async with serve() as site, site.socket() as page:
        host, _, port = site.server.address.rpartition(":")
        idle = [await asyncio.open_connection(host, int(port)) for _ in range(30)]
        assert await asyncio.wait_for(idle[0][0].read(), 10) == b""  # the oldest was closed
        assert (await site.get("/api/health"))[0] == 200
        await topics(page, "hello")
        for _, writer in idle:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in idle), return_exceptions=True)


async def test_what_is_no_http_is_not_logged_and_our_own_mistakes_are(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve() as site:
        host, _, port = site.server.address.rpartition(":")
        for nonsense in (
            b"\x16\x03\x01\x02\x00\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(nonsense)
            assert b"400" in await asyncio.wait_for(reader.read(100), 10)
            writer.close()
        assert not caplog.records
        monkeypatch.setattr(site.board, "health_json", lambda: 1 // 0)
        assert (await site.get("/api/health"))[0] == 500
        assert "ZeroDivisionError" in caplog.text


async def test_a_page_that_reads_nothing_does_not_hold_up_the_end() -> None:
    async with serve() as site, site.socket() as page:
        await topics(page, "hello")
        assert page._conn is not None
        assert page._conn.transport is not None
        page._conn.transport.pause_reading()  # type: ignore[attr-defined]
        [client] = site.server._clients
        for n in range(400):  # more than the kernel keeps for it
            client.offer(f"much {n}", "x" * 60_000)
        await asyncio.sleep(0.5)
        async with asyncio.timeout(8):  # the ten seconds of a slow reader are too many: a service manager waits for five
            await site.server.close()
