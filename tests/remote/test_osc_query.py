"""OSCQuery as a client meets it, over real sockets of loopback: who may ask, what is answered, what is told and what is taken."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from showctl.inputs import osc as intake
from showctl.inputs.osc import OscInput
from showctl.inputs.osc_routes import Routes
from showctl.model import ControlEvent, DeviceError, Go, SetMaster, State
from showctl.plan import GesturesPlan, Submaster, Wearable
from showctl.remote import osc_query as module
from showctl.remote.board import Board, Shown
from showctl.remote.osc_query import MOST_OF_ONE, MOST_PATHS, OscQuery
from showctl.remote.osc_replies import OscReplies
from showctl.wire.osc import Message, bundle, decode, encode
from tests.remote import fake_show

PLAN = replace(fake_show.plan(), gestures=GesturesPlan((Wearable("glove", "plain", "anna", "anna"),)))


@dataclass
class Place:
    """An OSC intake with OSCQuery beside it, both running, and what came of what was sent."""

    query: OscQuery
    osc: OscInput
    board: Board
    clock: list[float]  # show time, s
    session: aiohttp.ClientSession
    events: list[ControlEvent] = field(default_factory=list)

    @property
    def url(self) -> str:
        assert self.query.address is not None
        host, port = self.query.address
        return f"http://{host}:{port}"

    def emit(self, event: ControlEvent) -> bool:
        self.events.append(event)
        return True

    def counts(self) -> dict[str, float]:
        return dict(self.osc.health().counters) | dict(self.query.health().counters)

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.url}{path}", headers=headers) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    def connect(self, **headers: str) -> Any:
        return self.session.ws_connect(self.url, headers=headers)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def place(allow: tuple[str, ...] = (), **options: Any) -> AsyncIterator[Place]:
    board = Board(PLAN)
    fake_show.healthy(board)
    fake_show.move(board, 10.0)
    clock = [10.0]
    replies = OscReplies(board, lambda: clock[0])
    osc = OscInput(
        "127.0.0.1",
        0,
        allow=allow,
        emit=lambda event: one.emit(event),
        now=lambda: clock[0],
        names=lambda: board.words,
        routes=Routes(replies=replies.take),
        **options,
    )
    query = OscQuery(
        "127.0.0.1",
        0,
        door=osc,
        board=board,
        values=lambda: replies.values(clock[0]),
        now=lambda: clock[0],
        called=["club.local"],
    )
    async with aiohttp.ClientSession() as session:
        one = Place(query, osc, board, clock, session)
        osc.open()
        await query.open()
        tasks = [asyncio.create_task(part) for part in (osc.run(), query.run(), replies.run(osc.send))]
        try:
            yield one
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            osc.close()


async def packet(page: aiohttp.ClientWebSocketResponse) -> Message:
    said = await page.receive(timeout=10)
    assert said.type is WSMsgType.BINARY, said
    [message] = decode(said.data)
    return message


async def listen(page: aiohttp.ClientWebSocketResponse, path: str, command: str = "LISTEN") -> None:
    await page.send_json({"COMMAND": command, "DATA": path})


# --- questions -----------------------------------------------------------------------------------------------------


async def test_questions_are_answered() -> None:
    async with place() as one:
        status, whole = await one.get("/")
        assert status == 200
        assert whole["CONTENTS"]["showctl"]["CONTENTS"]["gm"]["FULL_PATH"] == "/showctl/gm"
        gm = one.board.playback.grand_master if one.board.playback else 0.0
        assert await one.get("/showctl/gm?VALUE") == (200, {"VALUE": [gm]})
        assert await one.get("/showctl/go?VALUE") == (204, "")
        assert (await one.get("/showctl/gm?NONSENSE"))[0] == 400
        assert (await one.get("/showctl/nothing"))[0] == 404
        assert await one.get("/?CONTENTS") == (200, {"CONTENTS": whole["CONTENTS"]})
        assert await one.get("/showctl/gm?CONTENTS") == (200, {})
        assert one.counts()["asked"] == 7


async def test_who_answers_is_told_under_every_path() -> None:
    async with place() as one:
        for path in ("/", "/showctl/nothing"):
            status, found = await one.get(f"{path}?HOST_INFO")
            assert status == 200
            assert (found["NAME"], found["OSC_PORT"], found["OSC_TRANSPORT"]) == (PLAN.venue or "showctl", one.osc.port, "UDP")
            assert found["EXTENSIONS"]["LISTEN"]
            assert "OSC_IP" not in found


async def test_each_address_of_the_whole_answer_answers() -> None:
    async with place() as one:

        async def visit(node: dict[str, Any]) -> int:
            assert await one.get(node["FULL_PATH"]) == (200, node)
            return 1 + sum([await visit(below) for below in node.get("CONTENTS", {}).values()])

        one.osc.senders.rate = 1e6
        whole = (await one.get("/"))[1]
        [sender] = one.osc.senders._known.values()
        sender.bucket.tokens = 1e6  # a client that asks for a thousand nodes one by one is for the test of the rate
        sender.bucket.burst = 1e6
        assert await visit(whole) > 50


# --- who may -------------------------------------------------------------------------------------------------------


async def test_who_may_not_command_gets_no_answer_and_is_listed() -> None:
    async with place(allow=("10.0.0.0/24",)) as one:
        one.osc.senders.local = False
        assert (await one.get("/"))[0] == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await one.connect()
        assert refused.value.status == 403
        [stranger] = one.osc.views()
        assert (stranger.name, stranger.state, stranger.packets) == ("127.0.0.1", "quarantine", 2)
        assert "OSCQuery" in stranger.like
        assert one.counts()["refused_sender"] == 2


async def test_a_wearable_gets_no_answer_unless_its_very_address_is_allowed() -> None:
    async with place(wearables=["127.0.0.1"]) as one:
        assert (await one.get("/"))[0] == 403
        assert one.counts()["refused_wearable"] == 1
    async with place(wearables=["127.0.0.1"], allow=("127.0.0.1",)) as one:
        assert (await one.get("/"))[0] == 200
    async with place(wearables=["127.0.0.1:9000"]) as one:
        assert (await one.get("/"))[0] == 200


async def test_who_asks_too_often_is_cut_off() -> None:
    async with place(rate=10.0) as one:
        statuses = [(await one.get("/showctl/gm?TYPE"))[0] for _ in range(8)]
        assert statuses == [200] * 5 + [429] * 3
        assert one.counts()["cut_off"] == 3
        one.clock[0] += 1.0
        assert (await one.get("/showctl/gm?TYPE"))[0] == 200


async def test_other_sites_pages_and_other_names_are_refused() -> None:
    async with place() as one:
        assert (await one.get("/", Host="evil.example"))[0] == 403
        assert (await one.get("/", Host="club.local:1234"))[0] == 200
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await one.connect(Origin="http://evil.example")
        assert refused.value.status == 403
        async with one.connect(Origin=one.url) as page:
            assert not page.closed
        async with one.session.post(one.url, data=b"x") as answer:
            assert answer.status == 405


# --- WebSocket -----------------------------------------------------------------------------------------------------


async def test_what_is_listened_to_is_told_at_once_and_as_it_changes() -> None:
    async with place() as one, one.connect() as page:
        assert one.board.playback is not None
        await listen(page, "/showctl/gm")
        first = await packet(page)
        assert (first.address, first.tags) == ("/showctl/gm", "f")
        one.board.playback = replace(one.board.playback, grand_master=0.25)
        one.clock[0] += 1.0
        assert (await packet(page)).arguments == (0.25,)
        await listen(page, "/showctl/gm", "IGNORE")
        await listen(page, "/showctl/blackout")
        one.board.playback = replace(one.board.playback, grand_master=0.75)
        one.clock[0] += 1.0
        assert (await packet(page)).address == "/showctl/blackout"  # and nothing of the master between
        assert one.counts()["told"] == 3


async def test_what_one_is_told_in_a_second_is_bounded_and_the_rest_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOLD_HZ", 1.0)
    monkeypatch.setattr(module, "TOLD_BURST", 2.0)
    async with place() as one, one.connect() as page:
        wanted = {f"/showctl/{path}" for path in ("gm", "blackout", "bpm", "show")}
        for path in wanted:
            await listen(page, path)
        found = {(await packet(page)).address for _ in range(2)}
        await asyncio.sleep(0.2)  # ten turns, in which nothing may come
        assert one.counts()["told"] == 2
        for _ in range(2):
            one.clock[0] += 1.0
            found.add((await packet(page)).address)
        assert found == wanted


async def test_what_performers_are_told_comes_as_it_happens() -> None:
    async with place() as one, one.connect() as page:
        await listen(page, "/showctl/feedback")
        await one.until(lambda: any(listener.paths for listener in one.query._listeners.values()))
        one.query.event("other", "nobody listens to this")
        one.query.event("feedback", "armed", "anna", "")
        assert (await packet(page)).arguments == ("armed", "anna", "")


async def test_osc_comes_in_by_the_same_door() -> None:
    async with place() as one, one.connect() as page:
        await page.send_bytes(encode("/showctl/gm", 0.5))
        await page.send_bytes(encode("/showctl/go", 1, 4711))
        assert (await packet(page)).arguments == ("/showctl/go", 4711)
        await page.send_bytes(encode("/showctl/go", 1, 4711))  # a repeat
        assert (await packet(page)).address == "/showctl/heard"
        assert [type(event) for event in one.events] == [SetMaster, Go]
        assert all(event.source == "osc:127.0.0.1" for event in one.events)
        await page.send_bytes(encode("/showctl/nonsense", 1, 4712))
        assert (await packet(page)).address == "/showctl/refused"
        await page.send_bytes(b"garbage!")
        await page.send_bytes(encode("/showctl/get/gm"))
        assert (await packet(page)).address == "/showctl/gm"
        assert one.counts()["dropped_malformed"] == 1


async def test_a_long_bundle_is_done_to_its_end_although_each_message_takes_a_whole_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH_S", -1.0)
    async with place() as one, one.connect() as page:
        for _ in range(3):
            await page.send_bytes(bundle(*(encode("/showctl/go") for _ in range(60))))
        await one.until(lambda: len(one.events) == 180)


async def test_a_subscription_is_told_where_it_was_asked_for() -> None:
    async with place() as one, one.connect() as page:
        await page.send_bytes(encode("/showctl/subscribe", "gm", 50.0))
        assert (await packet(page)).address == "/showctl/gm"
        [peer] = one.query._listeners
        await page.close()
        await one.until(lambda: not one.query._listeners)
        assert not one.osc.send(encode("/showctl/gm", 1.0), peer)  # nothing goes to the UDP port of the same number
        assert one.counts()["unsent"] == 0


async def test_another_show_is_told() -> None:
    async with place() as one, one.connect() as page:
        await listen(page, "/showctl/gm")
        await packet(page)
        plan = replace(PLAN, submasters=(*PLAN.submasters, Submaster("new-one", "additive", ())))
        assert (await one.get("/showctl/sub/new-one"))[0] == 404
        one.board.load(Shown.of(plan))
        assert (await one.get("/showctl/sub/new-one"))[
            0
        ] == 200  # whoever asks first makes the tree; the others are told all the same
        said = await page.receive(timeout=10)
        assert json.loads(said.data) == {"COMMAND": "PATH_CHANGED", "DATA": "/"}
        one.board.load(Shown.of(replace(plan)))  # another plan of the same words
        await asyncio.sleep(0.1)
        await listen(page, "/showctl/gm")
        assert (await page.receive(timeout=10)).type is WSMsgType.BINARY


async def test_what_is_listened_to_and_gone_is_forgotten() -> None:
    async with place() as one, one.connect() as page:
        name = PLAN.submasters[0].name
        await listen(page, f"/showctl/sub/{name}")
        await packet(page)
        one.board.load(Shown.of(replace(PLAN, submasters=())))
        assert (await page.receive(timeout=10)).type is WSMsgType.TEXT
        [listener] = one.query._listeners.values()
        assert not listener.paths


async def test_commands_that_make_no_sense_are_counted() -> None:
    async with place() as one, one.connect() as page:
        wrong = [
            "nonsense",
            "[]",
            "{}",
            "[" * 1000,
            '{"COMMAND": "LISTEN"}',
            '{"COMMAND": "LISTEN", "DATA": 5}',
            '{"COMMAND": "LISTEN", "DATA": "/showctl/go"}',  # nothing is told there
            '{"COMMAND": "LISTEN", "DATA": "/showctl//gm"}',
            '{"COMMAND": "LISTEN", "DATA": "gm"}',
            '{"COMMAND": "IGNORE", "DATA": "/showctl/gm"}',
            '{"COMMAND": "DANCE", "DATA": "/showctl/gm"}',
            json.dumps({"COMMAND": "LISTEN", "DATA": "/" * 2000}),
        ]
        for text in wrong:
            await page.send_str(text)
        await one.until(lambda: one.counts()["dropped"] == len(wrong))
        [listener] = one.query._listeners.values()
        assert not listener.paths


async def test_connections_and_what_they_listen_to_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PATHS", 2)
    async with place() as one, contextlib.AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(one.connect()) for _ in range(MOST_OF_ONE)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await one.connect()
        assert refused.value.status == 503
        for path in ("gm", "blackout", "bpm", "gm"):
            await listen(pages[0], f"/showctl/{path}")
        await one.until(lambda: one.counts()["dropped"] == 1)
        await pages[0].close()
        await one.until(lambda: one.counts()["connected"] == MOST_OF_ONE - 1)
        async with one.connect() as another:
            assert not another.closed
    assert MOST_PATHS > 100


async def test_connections_that_ask_nothing_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CONNECTIONS", 8)
    async with place() as one, one.connect() as page:
        assert one.query.address is not None
        idle = [await asyncio.open_connection(*one.query.address) for _ in range(30)]
        for _, writer in idle[-3:]:
            assert not writer.is_closing()
        assert await asyncio.wait_for(idle[0][0].read(), 10) == b""  # the oldest was closed
        assert one.query._listening is not None
        assert one.query._listening.connections <= 8
        assert (await one.get("/showctl/gm?TYPE"))[0] == 200
        await listen(page, "/showctl/gm")
        assert (await packet(page)).address == "/showctl/gm"  # a WebSocket stays
        for _, writer in idle:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in idle), return_exceptions=True)


async def test_a_packet_that_is_too_large_ends_the_connection() -> None:
    async with place() as one, one.connect() as page:
        await page.send_bytes(bytes(70_000))
        assert (await page.receive(timeout=10)).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        await one.until(lambda: one.counts()["connected"] == 0)


async def test_a_flood_is_cut_off_as_by_udp() -> None:
    async with place(rate=50.0) as one, one.connect() as page:
        for _ in range(200):
            await page.send_bytes(encode("/showctl/go"))
        await one.until(lambda: one.counts()["cut_off"] >= 175)
        assert len(one.events) <= 25


async def test_while_osc_has_no_port_nothing_is_taken() -> None:
    async with place() as one, one.connect() as page:
        one.osc.close()
        await page.send_bytes(encode("/showctl/go"))
        assert (await page.receive(timeout=10)).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
        assert not one.events


async def test_a_port_that_is_taken_says_so() -> None:
    async with place() as one:
        assert one.query.address is not None
        second = OscQuery(*one.query.address, door=one.osc, board=one.board, values=dict, now=lambda: 0.0)
        with pytest.raises(DeviceError, match="already listens"):
            await second.open()
        assert second.health().state is State.DEGRADED
        assert "already listens" in second.health().detail
        assert one.query.health().state is State.RUNNING


# --- anything at all -----------------------------------------------------------------------------------------------


@given(
    frames=st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.text(max_size=100),
            st.builds(
                lambda command, data: json.dumps({"COMMAND": command, "DATA": data}),
                st.sampled_from(["LISTEN", "IGNORE", "", None]),
                st.one_of(
                    st.none(),
                    st.integers(),
                    st.sampled_from(["/showctl/gm", "/showctl", "/", "/showctl/go"]),
                    st.text(max_size=30),
                ),
            ),
        ),
        max_size=20,
    ),
    paths=st.lists(st.binary(max_size=40), max_size=5),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_that_is_sent_harms(frames: list[bytes | str], paths: list[bytes]) -> None:
    async def run() -> None:
        async with place() as one:
            one.osc.senders.rate = 1e6
            async with one.connect() as page:
                for frame in frames:
                    await (page.send_bytes(frame) if isinstance(frame, bytes) else page.send_str(frame))
            assert one.query.address is not None
            for path in paths:
                reader, writer = await asyncio.open_connection(*one.query.address)
                writer.write(
                    b"GET /"
                    + path.replace(b"\r", b"").replace(b"\n", b"")
                    + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                )
                head = await asyncio.wait_for(reader.read(), 10)
                assert head[:7] == b"HTTP/1.", head  # aiohttp answers what is no HTTP with 1.0
                assert head[9:12] in (b"200", b"204", b"400", b"404", b"405"), head[:100]
                writer.close()
                await writer.wait_closed()
            assert (await one.get("/showctl/gm?TYPE"))[0] == 200

    asyncio.run(run())
