"""What a page is sent as it happens, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from dataclasses import replace

import aiohttp
import numpy as np
import pytest

from showctl.model import (
    BeatState,
    Health,
    PlaybackState,
    ShowFrame,
    State,
)
from showctl.remote.board import Board, Shown
from showctl.remote.web.server import MAX_CLIENTS
from showctl.remote.web.stream import HEADER, REPLIES, Client, music_json
from tests.remote import fake_show
from tests.remote.site import PLAN, serve, topics


def test_the_page_sees_the_beat_that_lights_see() -> None:
    board = Board(PLAN)
    assert music_json(board, 1.0)["beat"] is None
    beats = BeatState("tap", flashes=True, nudge=0.02, octaves=-1, counts=True, bar=2)
    state = PlaybackState((), beat=8.75, bpm=120.0, beats=beats)
    board.show(ShowFrame(4.0, np.zeros((4, 512), np.uint8), state))
    told = music_json(board, 4.05)
    assert told["beat"] == {"in": 0.075, "period": 0.5, "bpm": 120.0, "bar": 4, "beats": 4, "confidence": 0.0}
    assert (told["beats"]["source"], told["beats"]["nudge_ms"], told["beats"]["octaves"]) == ("tap", 20.0, -1)
    for other, bar in ((replace(beats, flashes=False), None), (replace(beats, counts=False), 0)):
        board.show(ShowFrame(4.0, np.zeros((4, 512), np.uint8), replace(state, beats=other)))
        found = music_json(board, 4.05)["beat"]
        assert (found and found["bar"]) == bar


async def test_a_page_gets_all_there_is_and_then_what_changes() -> None:
    async with serve() as site, site.socket() as page:
        all_of_it = await topics(page, "hello", "patch", "show", "playback", "music", "health", "frame")
        assert len(all_of_it["patch"]["fixtures"]) == 27
        assert all_of_it["show"]["cue_lists"][0]["cues"][5]["number"] == "5.5"
        assert all_of_it["music"]["beat"]["beats"] == 4
        fake_show.move(site.board, 11.0)
        header, slots = HEADER.unpack_from(site.board.frame and (await topics(page, "frame"))["frame"]), site.board.frame
        assert header == (11.0,)
        assert len(slots) == 4 * 512


async def test_the_frame_is_the_one_that_was_sent_and_its_offsets_are_those_of_the_patch() -> None:
    async with serve() as site, site.socket() as page:
        got = await topics(page, "patch", "frame")
        slots = np.frombuffer(got["frame"], np.uint8, offset=HEADER.size)
        assert slots.tobytes() == site.board.frame
        spot = next(one for one in got["patch"]["fixtures"] if one["name"] == "spot.2")
        assert (spot["x"], spot["z"], spot["kind"]) == (-2.25, 5.6, "spot")
        pan = next(one for one in spot["parameters"] if one["name"] == "pan")
        assert (pan["universe"], pan["slots"], pan["at"]) == (3, [17, 18], [2 * 512 + 16, 2 * 512 + 17])
        table = slots.reshape(4, 512)
        assert [slots[at] for at in pan["at"]] == [table[2, 16], table[2, 17]]


async def test_what_did_not_change_is_not_sent_again() -> None:
    async with serve() as site, site.socket() as page:
        await topics(page, "frame", "health")
        site.time += 1.0  # the clock moves on by a second, nothing else does
        rest = await topics(page, "clock", "music")
        assert not {"frame", "health", "patch", "show", "playback"} & set(rest)


async def test_a_part_that_only_counts_is_no_news() -> None:
    async with serve() as site, site.socket() as page:
        await topics(page, "health")
        site.board.report(Health("output", State.RUNNING, "4 universes to 127.0.0.1, 44 a second", 9.0, (("packets", 9e9),)))
        site.time += 1.0
        assert "health" not in await topics(page, "clock", "music")
        site.board.report(Health("output", State.FAILED, "no route", 11.0))
        ill = (await topics(page, "health"))["health"]["parts"]
        assert {"name": "output", "state": "failed", "detail": "no route", "since": 11.0} in ill


async def test_another_show_brings_its_patch_before_its_frames() -> None:
    async with serve() as site, site.socket() as page:
        await topics(page, "frame")
        site.board.load(Shown.of(replace(PLAN, fixtures=PLAN.fixtures[:3])))
        fake_show.move(site.board, 12.0)
        async with asyncio.timeout(5):
            order = []
            while "frame" not in order:
                message = await page.receive()
                order.append("frame" if message.type is aiohttp.WSMsgType.BINARY else next(iter(json.loads(message.data))))
        assert "patch" in order


async def test_only_so_many_pages_are_served() -> None:
    async with serve() as site, contextlib.AsyncExitStack() as stack:
        for _ in range(MAX_CLIENTS):
            await stack.enter_async_context(site.socket())
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with site.socket():
                pass
        assert caught.value.status == 503
        await stack.aclose()
        async with asyncio.timeout(5):
            while site.server.clients:
                await asyncio.sleep(0)
        async with site.socket() as page:
            await topics(page, "patch")


class _Stuck:
    """A socket that takes nothing until it is let."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.sent: list[str | bytes] = []

    async def send_bytes(self, data: bytes) -> None:
        await self.gate.wait()
        self.sent.append(data)

    send_str = send_bytes


async def test_a_slow_page_misses_frames_and_costs_no_memory() -> None:
    stuck = _Stuck()
    client = Client(stuck, "control")  # type: ignore[arg-type]
    writer = asyncio.create_task(client.write())
    client.offer("frame", b"first")
    await asyncio.sleep(0)
    for number in range(1000):
        client.offer("frame", b"%d" % number)
        client.offer("playback", f"{number}")
        client.reply({"ok": True})
    stuck.gate.set()
    async with asyncio.timeout(5):
        while len(stuck.sent) < 3 + REPLIES:
            await asyncio.sleep(0)
    assert stuck.sent[0] == b"first"
    assert stuck.sent[-2:] == [b"999", "999"]
    assert client.dropped == 999
    writer.cancel()


async def test_a_page_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("showctl.remote.web.stream.SEND_TIMEOUT", 0.05)
    async with serve() as site:
        host, _, port = site.server.address.rpartition(":")
        raw = socket.create_connection((host, int(port)))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ask = f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        raw.sendall(f"{ask}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        with raw:
            async with asyncio.timeout(20):
                while not site.server.clients:
                    await asyncio.sleep(0)
                while site.server.clients:  # big frames until its buffers are full
                    site.board.frame = np.random.default_rng(0).bytes(2_000_000)
                    await asyncio.sleep(0.01)
                    site.board.frame = np.random.default_rng(1).bytes(2_000_000)
                    await asyncio.sleep(0.01)
