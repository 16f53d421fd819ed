"""MQTT without a broker: what commands mean, what is worth telling, and how quietly a missing broker is borne."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from showctl.model import (
    Back,
    Blackout,
    Check,
    ControlEvent,
    DeviceError,
    Downbeat,
    ExitLoop,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Health,
    Hold,
    Identify,
    LetGo,
    ListState,
    LockBeat,
    Nudge,
    Octave,
    Park,
    PlaybackState,
    SetHouse,
    SetMaster,
    SetRate,
    ShowFrame,
    State,
    StopAll,
    Tap,
    TrackView,
    Unpark,
)
from showctl.plan import Category, Cue, CueList, Parameter, PatchedFixture, Place, Plan, Submaster, Universe
from showctl.remote import mqtt as module
from showctl.remote import mqtt_broker
from showctl.remote.board import Board
from showctl.remote.mqtt import Mqtt
from showctl.remote.mqtt_broker import Incoming
from showctl.remote.mqtt_news import SETTLED_S, News
from showctl.remote.mqtt_words import request, topic_word
from showctl.wire.osc_arguments import Refusal
from tests.remote import fake_show

PLAN = Plan(
    parameters=tuple(
        Parameter(name, 0, "intensity", Category.INTENSITY, 1, (slot,)) for slot, name in enumerate(("par", "lämp"), 1)
    ),
    fixtures=tuple(PatchedFixture(name, "dimmer", "", Place(), (i,)) for i, name in enumerate(("par", "lämp"))),
    universes=(Universe(1),),
    lists=(CueList("main", (Cue(Decimal(1)),)), CueList("probe", (Cue(Decimal(1)),))),
    submasters=(Submaster("front", "additive", ()),),
    venue="The Old Hall",
)
WHO = {"time": 4.0, "source": "mqtt"}


class Room:
    """A client with a clock in the test's hand."""

    def __init__(self, host: str = "127.0.0.1", port: int = 1, room: int = 100) -> None:
        self.events: list[ControlEvent] = []
        self.time, self.room, self.board = 4.0, room, Board(PLAN)
        self.mqtt = Mqtt(
            host, port, topic="showctl/hall", emit=self.emit, now=lambda: self.time, board=self.board, wait=(0.01, 0.02)
        )

    def emit(self, event: ControlEvent) -> bool:
        if len(self.events) >= self.room:
            return False
        self.events.append(event)
        return True

    def counts(self) -> dict[str, float]:
        return {name: count for name, count in self.mqtt.health().counters if count}


@pytest.mark.parametrize(
    ("word", "payload", "event"),
    [
        ("go", b"", Go(list="main", **WHO)),
        ("go", b"probe", Go(list="probe", **WHO)),
        ("go", b" probe\n", Go(list="probe", **WHO)),
        ("back", b"main", Back(list="main", **WHO)),
        ("goto", b"12.5", Goto(cue="12.5", list="main", **WHO)),
        ("goto", b"probe 2", Goto(cue="2", list="probe", **WHO)),
        ("stop", b"", StopAll(**WHO)),
        ("tap", b"", Tap(**WHO)),
        ("beat/half", b"", Octave(step=-1, **WHO)),
        ("beat/later", b"", Nudge(by=0.01, **WHO)),
        ("beat/nudge", b"-25", Nudge(by=-0.025, **WHO)),
        ("beat/downbeat", b"", Downbeat(**WHO)),
        ("beat/lock", b"1", LockBeat(on=True, **WHO)),
        ("beat/free", b"", FreeBeat(**WHO)),
        ("blackout", b"1", Blackout(on=True, **WHO)),
        ("blackout", b"0", Blackout(on=False, **WHO)),
        ("gm", b"0.25", SetMaster(level=0.25, **WHO)),
        ("sub/front", b"1", SetMaster(level=1.0, submaster="front", **WHO)),
        ("exit", b"probe", ExitLoop(list="probe", **WHO)),
        ("rate", b"1.5", SetRate(rate=1.5, list="main", **WHO)),
        ("rate", b"probe 2", SetRate(rate=2.0, list="probe", **WHO)),
        ("house", b"0.5", SetHouse(level=0.5, **WHO)),
        ("flash/front", b"1", Flash(submaster="front", on=True, **WHO)),
        ("set", b"par intensity 70%", Hold(values=(("par/intensity", 0.7),), **WHO)),
        ("set", "lämp intensity full\n".encode(), Hold(values=(("lämp/intensity", 1.0),), **WHO)),
        ("park", b"1/7 255", Park(values=(("1/7", 1.0),), **WHO)),
        ("release/hands", b"", LetGo(**WHO)),
        ("release/hands", b"par", LetGo(keys=("par/intensity",), **WHO)),
        ("unpark", b" ", Unpark(**WHO)),
        ("unpark", b"1/7", Unpark(keys=("1/7",), **WHO)),
        ("identify/par", b"0", Identify(fixture="par", on=False, **WHO)),
        ("check", b"-1", Check(step=-1, **WHO)),
    ],
)
def test_a_command_is_taken(word: str, payload: bytes, event: ControlEvent) -> None:
    room = Room()
    room.mqtt.take(f"showctl/hall/{word}", payload)
    assert room.events == [event]
    assert room.counts() == {"received": 1, "fired": 1}


@pytest.mark.parametrize(
    ("word", "payload"),
    [
        ("go", b"nobody"),
        ("go", b"main probe"),
        ("go", b"probe/goto"),
        ("go", b"\xff"),
        ("go", b"x" * 1000),
        ("goto", b""),
        ("goto", b"0"),
        ("goto", b"one two three"),
        ("goto", b"nobody 1"),
        ("tap", b"now"),
        ("blackout", b""),
        ("blackout", b"on"),
        ("blackout", b"2"),
        ("gm", b"1.01"),
        ("gm", b"-0.1"),
        ("gm", b"nan"),
        ("gm", b"1e-1"),
        ("gm", b"1_0"),
        ("sub/nobody", b"0.5"),
        ("sub/front", b""),
        ("status", b"online"),
        ("rate", b"fast"),
        ("rate", b"21"),
        ("set", b""),
        ("set", b"par intensity 70"),
        ("set", b"\xff intensity 70%"),
        ("release/hands", b"nobody"),
        ("identify/nobody", b"1"),
        ("check", b"2"),
        ("", b""),
    ],
)
def test_what_is_wrong_is_counted_and_said(word: str, payload: bytes, caplog: pytest.LogCaptureFixture) -> None:
    room = Room()
    for _ in range(50):
        room.mqtt.take(f"showctl/hall/{word}", payload)
    assert room.events == []
    assert room.counts() == {"received": 50, "dropped": 50}
    assert len(caplog.records) == 1


def test_nothing_retained_is_acted_upon(caplog: pytest.LogCaptureFixture) -> None:
    room = Room()
    room.mqtt.take("showctl/hall/go", b"", retained=True)
    assert room.events == []
    assert room.counts() == {"received": 1, "ignored_retained": 1}
    assert "without retain" in caplog.text


class Broker:
    """A connection that remembers what it was asked for; what is in `forbids` may not be read."""

    def __init__(self, *forbids: str) -> None:
        self.topics, self.forbids = set[str](), forbids

    async def subscribe(self, topics: list[tuple[str, int]]) -> list[SimpleNamespace]:
        self.topics |= {topic for topic, _ in topics}
        return [SimpleNamespace(is_failure=topic in self.forbids) for topic, _ in topics]

    async def unsubscribe(self, topics: list[str]) -> None:
        self.topics -= set(topics)


async def test_topics_of_others_are_handed_on_as_long_as_they_are_wanted_and_are_no_commands() -> None:
    came: list[tuple[str, bytes, bool]] = []
    room, broker, wanted = Room(), Broker("hall/secret"), {"hall/air"}
    room.mqtt._also = lambda: {topic: lambda payload, kept, topic=topic: came.append((topic, payload, kept)) for topic in wanted}  # type: ignore[misc]

    async def follow() -> None:
        await room.mqtt._follow(broker)  # type: ignore[arg-type]

    await follow()
    assert broker.topics == {"hall/air"}
    room.mqtt.take("hall/air", b"21.4", retained=True)
    room.mqtt.take("hall/air", b"21.5")
    assert came == [("hall/air", b"21.4", True), ("hall/air", b"21.5", False)]
    wanted = {"stage/air", "hall/secret"}
    await follow()
    assert broker.topics == {"stage/air", "hall/secret"}
    room.mqtt.take("hall/air", b"21.6")
    room.mqtt.take("stage/air", b"25")
    assert came[2:] == [("stage/air", b"25", False)]
    assert room.mqtt.health().state is State.DEGRADED
    assert "allow us to read hall/secret" in room.mqtt.health().detail
    wanted = set()
    await follow()
    assert broker.topics == set()
    assert room.mqtt.health().state is State.RUNNING
    assert room.events == []
    assert room.counts() == {"received": 4}


async def test_wearables_are_listened_to_while_somebody_wears_any() -> None:
    came: list[tuple[str, bytes]] = []
    room, broker = Room(), Broker("nothing")
    await room.mqtt._follow(broker)  # type: ignore[arg-type]
    assert broker.topics == set()
    room.mqtt._worn = lambda: lambda topic, payload: came.append((topic, payload))
    await room.mqtt._follow(broker)  # type: ignore[arg-type]
    base = f"{room.mqtt.topic}/wearables/"
    assert broker.topics == {f"{base}+/#"}
    room.mqtt.take(f"{base}stick/motion/hat/battery", b"81")
    room.mqtt.take(f"{base}stick/motion/hat/battery", b"80", retained=True)
    assert came == [("stick/motion/hat/battery", b"81")]
    assert room.counts() == {"received": 2, "ignored_retained": 1}
    room.mqtt._worn = lambda: None
    await room.mqtt._follow(broker)  # type: ignore[arg-type]
    assert broker.topics == set()
    room.mqtt.take(f"{base}stick/go", b"")
    assert room.events == []


def test_a_full_show_refuses_loudly(caplog: pytest.LogCaptureFixture) -> None:
    room = Room(room=1)
    for _ in range(3):
        room.mqtt.take("showctl/hall/go", b"")
    assert room.counts() == {"received": 3, "fired": 1, "refused_full": 2}
    assert "more commands than the show can take" in caplog.text


def test_no_payload_can_name_another_command() -> None:
    assert request("go", b"main/goto") != request("goto", b"main")
    assert request("go", b"a b") is Refusal.LIST


async def test_what_waits_is_bounded_and_counted() -> None:
    counts = {"refused_full": 0}
    queue = Incoming(counts, 2)
    for n in range(2):
        queue.put_nowait(SimpleNamespace(n=n))  # type: ignore[arg-type]
    with pytest.raises(asyncio.QueueFull):
        queue.put_nowait(SimpleNamespace(n=2))  # type: ignore[arg-type]
    assert counts == {"refused_full": 1}


# --- what is told ----------------------------------------------------------------------------------------------------


def frame(current: str, bpm: float, time: float = 0.0) -> ShowFrame:
    playback = PlaybackState((ListState("main", current, "2"),), bpm=bpm)
    return ShowFrame(time, np.zeros((0, 512), np.uint8), playback)


def words(news: News, board: Board, now: float) -> list[str]:
    return [word for word, _ in news.of(board, now)]


def test_health_is_told_on_change_and_every_half_minute() -> None:
    board, news = Board(PLAN), News()
    board.report(Health("osc", State.RUNNING, "well", 0.0, (("received", 1.0),)))
    assert words(news, board, 0.0) == ["health"]
    board.report(Health("osc", State.RUNNING, "well", 0.0, (("received", 2.0),)))
    assert words(news, board, 5.0) == []  # a counter is no news
    board.report(Health("osc", State.DEGRADED, "port taken"))
    assert words(news, board, 5.25) == ["health"]
    board.report(Health("osc", State.RUNNING, "well again"))
    assert words(news, board, 6.0) == []  # within a second of the last
    assert words(news, board, 6.25) == ["health"]
    assert words(news, board, 36.0) == []
    assert words(news, board, 36.25) == ["health"]


def test_a_cue_is_told_at_once_and_a_wandering_tempo_once_a_second() -> None:
    board, news = Board(PLAN), News()
    assert words(news, board, 0.0) == ["health"]
    board.show(frame("0", 120.0))
    assert words(news, board, 0.25) == ["state"]
    board.show(frame("1", 120.0))
    [(word, payload)] = news.of(board, 0.5)
    assert word == "state"
    assert json.loads(payload) == {
        "lists": {"main": {"current": "1", "pending": "2", "state": "idle", "waiting": ""}},
        "grand_master": 1.0,
        "blackout": False,
        "bpm": 120.0,
        "beat": "none",
    }
    board.show(frame("1", 121.0))
    assert words(news, board, 1.0) == []
    assert words(news, board, 1.5) == ["state"]
    board.show(frame("1", 121.04))  # rounds to the same
    assert words(news, board, 9.0) == []


def test_what_an_earlier_night_left_of_its_pa_is_taken_back_where_there_is_none() -> None:
    room, board = Room(), Board(PLAN)
    room.mqtt.take("showctl/hall/room", b'{"mode": "auto"}', retained=True)
    room.mqtt.take("showctl/hall/level", b"", retained=True)
    assert room.counts() == {}
    news = room.mqtt._news
    assert words(news, board, 100.0) == ["health"]
    assert words(news, board, 99.9 + SETTLED_S) == []
    assert news.of(board, 100.0 + SETTLED_S) == [("room", "")]
    assert words(news, board, 110.0 + SETTLED_S) == []
    later = News()
    later.heard("room", b'{"mode": "auto"}', retained=True)
    assert words(later, board, 0.0) == ["health"]
    board.hear_room(fake_show.room(1.0))
    assert words(later, board, 1.0) == ["room", "level"]
    assert words(later, board, 20.0) == [], "it is its own now"


@pytest.mark.parametrize("payload", [b"21.5", b"[]", b"[" * 5000, b'{"temperature": 21.5}', b"\xff"])
def test_what_is_not_as_we_say_it_is_not_ours_to_take_back(payload: bytes) -> None:
    room, board = Room(), Board(PLAN)
    room.mqtt.take("showctl/hall/room", payload, retained=True)
    assert words(room.mqtt._news, board, 0.0) == ["health"]
    assert words(room.mqtt._news, board, 100.0) == ["health"]


def test_what_another_one_tells_there_is_not_taken_from_it() -> None:
    """A spare machine of the same name, whose venue has no PA, beside the one that plays."""
    room, board = Room(), Board(PLAN)
    room.mqtt.take("showctl/hall/level", b'{"warnings": []}', retained=True)
    assert words(room.mqtt._news, board, 0.0) == ["health"]
    room.mqtt.take("showctl/hall/level", b'{"warnings": []}')
    assert words(room.mqtt._news, board, 100.0) == ["health"]


def test_what_plays_is_told_at_once_and_how_far_it_is_once_in_a_while() -> None:
    news, board = News(), Board(PLAN)
    assert words(news, board, 0.0) == ["health"]
    board.hear_tracks(TrackView("playing", "opener", 1.0, standby="ballad"))
    [(word, payload)] = news.of(board, 1.0)
    said = json.loads(payload)
    assert (word, said["state"], said["track"], said["position"], said["standby"]) == (
        "track",
        "playing",
        "opener",
        1.0,
        "ballad",
    )
    board.hear_tracks(TrackView("playing", "opener", 3.0, standby="ballad"))
    assert words(news, board, 3.0) == []
    assert words(news, board, 6.5) == ["track"]
    board.hear_tracks(TrackView("paused", "opener", 4.0, standby="ballad"))
    assert words(news, board, 7.6) == ["track"]
    board.hear_tracks(None)
    assert news.of(board, 8.0) == [("track", "")], "a show without tracks has none to tell of"


def test_a_venue_becomes_a_level_of_the_topic() -> None:
    assert [topic_word(n) for n in ("The Old Hall", "a/b+#", "Café", "--")] == ["The-Old-Hall", "a-b", "Caf", "venue"]


def settings(**changes: object) -> SimpleNamespace:
    return SimpleNamespace(**{"host": "h", "port": 1, "username": "u", "password_file": None, "topic": "showctl"} | changes)


def test_settings_of_the_venue_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    secret = tmp_path / "secret"
    secret.write_text("quiet\n")
    made = Mqtt.of(settings(password_file=str(secret)), "The Old Hall", emit=bool, now=lambda: 0.0, board=Board(PLAN))  # type: ignore[arg-type]
    assert (made._broker.host, made.topic, made._broker.password) == ("h", "showctl/The-Old-Hall", "quiet")
    with pytest.raises(DeviceError, match=r"password_file"):
        Mqtt.of(settings(password_file="/nowhere"), "x", emit=bool, now=lambda: 0.0, board=Board(PLAN))  # type: ignore[arg-type]
    with pytest.raises(DeviceError, match="wildcard"):
        Mqtt.of(settings(topic="all/#"), "x", emit=bool, now=lambda: 0.0, board=Board(PLAN))  # type: ignore[arg-type]


# --- no broker -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def running(room: Room) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(room.mqtt.run())
        yield
        task.cancel()


async def refused_port() -> int:
    """A port where nobody listens."""
    server = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_without_a_broker_one_line_and_words_of_help(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(port=await refused_port())
    attempts, real = [], asyncio.open_connection

    async def counted(*address: object) -> object:
        attempts.append(address)
        return await real(*address)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "open_connection", counted)
    async with asyncio.timeout(10), running(room):
        while len(attempts) < 6:
            await asyncio.sleep(0.01)
    health = room.board.health["mqtt"]
    assert health.state is State.DEGRADED
    assert f"no broker at 127.0.0.1:{room.mqtt._broker.port} (Connection refused); start it, or take `mqtt` out" in health.detail
    assert len(caplog.records) == 1


async def test_waits_grow_to_the_longest_and_begin_anew_after_a_steady_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    room, waits, steady = Room(), [], [5]

    class EnoughError(Exception):
        pass

    async def attempt() -> None:
        room.time += module.STEADY_S + 1 if len(waits) in steady else 0.1
        raise OSError(111, "Connection refused")

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 8:
            raise EnoughError

    room.mqtt._wait = (1.0, 30.0)
    monkeypatch.setattr(room.mqtt, "_connection", attempt)
    monkeypatch.setattr(module.asyncio, "sleep", sleep)
    with pytest.raises(EnoughError):
        await room.mqtt.run()
    expected = [1, 2, 4, 8, 16, 1, 2, 4]
    assert all(0.8 * e <= w <= 1.2 * e for w, e in zip(waits, expected, strict=True)), waits
    assert len(set(waits)) == len(waits)  # jitter


NO_BROKER = {"silent": b"", "http": b"HTTP/1.1 400 Bad Request\r\n\r\n", "not allowed": b"\x20\x02\x00\x05"}


@pytest.mark.parametrize("answer", NO_BROKER.values(), ids=NO_BROKER.keys())
async def test_what_is_no_broker_or_refuses_us_is_borne(
    answer: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mqtt_broker, "TIMEOUT_S", 0.2)
    opened = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        if await reader.read(1):
            writer.write(answer)
            await writer.drain()
            while await reader.read(100):
                pass
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server, asyncio.timeout(20):
        room = Room(port=server.sockets[0].getsockname()[1])
        async with running(room):
            while len(opened) < 6:
                await asyncio.sleep(0.01)
        for writer in opened:
            await writer.wait_closed()
    assert room.board.health["mqtt"].state is State.DEGRADED
    if answer[:1] == b"\x20":
        assert "refuses us" in room.board.health["mqtt"].detail
    assert len(caplog.records) == 1
