"""The door for what was made for an Eos: real connections on loopback, both framings, feedback by UDP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from showctl.inputs.eos import BACKLOG, LISTENERS, EosDoor
from showctl.model import ControlEvent, Go, PlaybackState
from showctl.plan import CueList
from showctl.wire.osc import Message, decode, encode
from showctl.wire.osc_stream import Deframer, frame
from tests.wire.test_eos import PLAN, playing


class Night:
    """A door on loopback, and what came through it."""

    def __init__(self) -> None:
        self.emitted: list[ControlEvent] = []
        self.playback: PlaybackState | None = playing()
        self.plan = PLAN
        self.task: asyncio.Task[None]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.setblocking(False)
        self.door = EosDoor(
            ("127.0.0.1", 0),
            [self.udp.getsockname()],
            emit=self.emit,
            now=lambda: 12.0,
            plan=lambda: self.plan,
            playback=lambda: self.playback,
        )

    def emit(self, one: ControlEvent) -> bool:
        self.emitted.append(one)
        return True

    @property
    def address(self) -> tuple[str, int]:
        assert self.door.listen
        return self.door.listen


@pytest.fixture
async def night() -> AsyncIterator[Night]:
    one = Night()
    await one.door.open()
    one.task = asyncio.create_task(one.door.run())
    yield one
    one.task.cancel()
    await asyncio.gather(one.task, return_exceptions=True)
    one.udp.close()


async def hears(reader: asyncio.StreamReader, stream: Deframer, address: str) -> Message:
    """The first message of this address; the test's own time limit ends the wait."""
    while True:
        data = await asyncio.wait_for(reader.read(4096), 10)
        assert data, "the door closed"
        for packet in stream.feed(data):
            for message in decode(packet):
                if message.address == address:
                    return message


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the other side closed; the test's own time limit ends the wait."""
    try:
        while await asyncio.wait_for(reader.read(4096), 10):
            pass
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize("slip", [False, True])
async def test_a_button_of_a_console_layout_fires_and_hears_what_is_active(night: Night, slip: bool) -> None:
    reader, writer = await asyncio.open_connection(*night.address)
    for packet in (encode("/eos/reset"), encode("/eos/user", 1), encode("/eos/ping", "there?"), encode("/eos/key/go_0", 1.0)):
        writer.write(frame(packet, slip))
    stream = Deframer()
    assert (await hears(reader, stream, "/eos/out/ping")).arguments == ("there?",)
    assert (await hears(reader, stream, "/eos/out/active/cue/text")).arguments == ("1/1 Intro 5.0 40%",)
    assert stream.slip is slip
    assert night.emitted == [Go(time=12.0, source="eos:127.0.0.1", list="main")]
    night.playback = playing("2.5", "3")
    assert (await hears(reader, stream, "/eos/out/event/cue/1/2.5/fire")).arguments == ()
    writer.close()


async def test_a_layout_that_listens_by_udp_is_told(night: Night) -> None:
    loop = asyncio.get_running_loop()
    found = set()
    while "/eos/out/pending/cue/text" not in found:
        found |= {m.address for m in decode(await asyncio.wait_for(loop.sock_recv(night.udp, 4096), 10))}
    assert "/eos/out/show/name" in found


async def test_a_message_after_a_reload_means_the_new_numbers(night: Night) -> None:
    night.task.cancel()  # by UDP alone there is nobody to tell, and that loop does not run
    night.plan = replace(PLAN, lists=(CueList("other", ()),))
    night.door.act(Message("/eos/key/go_0"), "osc:10.0.0.7")
    assert night.emitted == [Go(time=12.0, source="osc:10.0.0.7", list="other")]


async def test_what_is_no_osc_ends_the_connection_and_nothing_else(night: Night) -> None:
    reader, writer = await asyncio.open_connection(*night.address)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await ended(reader)
    writer.close()
    again, writer = await asyncio.open_connection(*night.address)
    writer.write(frame(encode("/eos/ping"), False))
    await hears(again, Deframer(), "/eos/out/ping")
    writer.close()
    assert dict(night.door.health().counters)["dropped"] == 1


async def test_no_more_listeners_than_there_is_room_for(night: Night) -> None:
    held = [await asyncio.open_connection(*night.address) for _ in range(LISTENERS)]
    for reader, writer in held:
        writer.write(frame(encode("/eos/ping"), False))
        await hears(reader, Deframer(), "/eos/out/ping")
    reader, one_more = await asyncio.open_connection(*night.address)
    assert await ended(reader)
    for _, writer in (*held, (reader, one_more)):
        writer.close()
    assert dict(night.door.health().counters)["refused_sender"] == 1


async def test_one_who_does_not_read_is_cut_off(night: Night) -> None:
    """Its own questions fill what the kernel keeps for it; the door does not keep the rest."""
    loop = asyncio.get_running_loop()
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    await loop.sock_connect(deaf, night.address)
    question = frame(encode("/eos/ping", "x" * 4000), False)
    asked = 0
    with contextlib.suppress(ConnectionError):
        while asked < 400 * BACKLOG:
            await asyncio.wait_for(loop.sock_sendall(deaf, question), 10)
            asked += len(question)
    deaf.close()
    assert asked < 400 * BACKLOG


async def test_who_is_not_allowed_may_not_connect() -> None:
    door = EosDoor(
        ("0.0.0.0", 0), allow=["192.0.2.0/24"], emit=lambda _: True, now=lambda: 0.0, plan=lambda: PLAN, playback=lambda: None
    )
    await door.open()
    assert door.listen
    reader, writer = await asyncio.open_connection("127.0.0.1", door.listen[1])
    assert await ended(reader)
    writer.close()
    await door.close()
