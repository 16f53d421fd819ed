"""MQTT with a real mosquitto on loopback: GO is taken, health is told, and neither survives what it must not survive."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from decimal import Decimal
from pathlib import Path

import aiomqtt
import numpy as np
import pytest

from showctl.clock import Clock
from showctl.model import ControlEvent, Go, Goto, Health, ListState, PlaybackState, ShowFrame, State
from showctl.plan import Cue, CueList, Plan
from showctl.remote.board import Board
from showctl.remote.mqtt import Mqtt
from tests.real.conftest import Process, free_port, need, process
from tests.remote import fake_show

pytestmark = pytest.mark.real

TOPIC = "showctl/hall"
PLAN = Plan(parameters=(), lists=(CueList("main", (Cue(Decimal(1)),)), CueList("probe", (Cue(Decimal(1)),))), venue="hall")
DEADLINE_S = 15.0


@contextmanager
def mosquitto(folder: Path, port: int, *lines: str) -> Iterator[Process]:
    """A broker on loopback with its configuration in the test's own folder."""
    config = folder / "mosquitto.conf"
    settings = [f"listener {port} 127.0.0.1", "persistence false", "user root", *(lines or ["allow_anonymous true"])]
    config.write_text("\n".join(settings) + "\n")
    with process(["mosquitto", "-c", str(config), "-v"]) as broker:
        broker.wait_for(r"mosquitto version .* running")
        yield broker


@pytest.fixture
def port() -> int:
    need("mosquitto")
    return free_port()


class Room:
    """Our client, what it emitted, and what another client of the same broker saw."""

    def __init__(self, port: int, username: str | None = None, password: str | None = None) -> None:
        self.events: list[ControlEvent] = []
        self.board, self.port = Board(PLAN), port
        self.mqtt = Mqtt(
            "127.0.0.1",
            port,
            topic=TOPIC,
            username=username,
            password=password,
            emit=lambda event: self.events.append(event) is None,
            now=Clock().now,
            board=self.board,
            wait=(0.05, 0.2),
        )

    @property
    def state(self) -> State:
        return self.mqtt.health().state

    def counts(self) -> dict[str, float]:
        return dict(self.mqtt.health().counters)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        before = self.counts()["connected"]
        task = asyncio.create_task(self.mqtt.run())
        try:
            await until(lambda: self.counts()["connected"] > before)
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Watcher]:
        async with aiomqtt.Client("127.0.0.1", self.port) as client:
            await client.subscribe(f"{TOPIC}/#", qos=1)
            watcher = Watcher(client)
            task = asyncio.create_task(watcher.watch())
            try:
                yield watcher
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


class Watcher:
    """Keeps the last payload of each topic below TOPIC."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client, self.seen = client, dict[str, str]()

    async def watch(self) -> None:
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            self.seen[message.topic.value.removeprefix(TOPIC + "/")] = message.payload.decode()

    async def until(self, word: str, true: Callable[[str], object]) -> str:
        await until(lambda: word in self.seen and true(self.seen[word]))
        return self.seen[word]

    async def publish(self, word: str, payload: str = "", retain: bool = False) -> None:
        await self.client.publish(f"{TOPIC}/{word}", payload, qos=1, retain=retain)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not true():
            await asyncio.sleep(0.01)


async def test_go_is_taken_and_the_show_is_told(tmp_path: Path, port: int) -> None:
    room = Room(port)
    room.board.report(Health("ear", State.DEGRADED, "no sound card"))
    with mosquitto(tmp_path, port):
        async with room.running(), room.watching() as other:
            assert await other.until("status", bool) == "online"
            health = json.loads(await other.until("health", lambda text: '"running"' in text))
            assert health["state"] == "degraded"
            assert [(part["name"], part["state"]) for part in health["parts"]] == [("ear", "degraded"), ("mqtt", "running")]
            await other.publish("go")
            await other.publish("go", "probe")
            await other.publish("goto", "12.5")
            await other.publish("go", "nobody")
            await until(lambda: room.counts()["received"] == 4)
            assert [(type(e), e.source) for e in room.events] == [(Go, "mqtt"), (Go, "mqtt"), (Goto, "mqtt")]
            assert [getattr(e, "list", "") for e in room.events] == ["main", "probe", "main"]
            assert room.counts()["dropped"] == 1
            playback = PlaybackState((ListState("main", "1", None),), bpm=124.04)
            room.board.show(ShowFrame(1.0, np.zeros((0, 512), np.uint8), playback))
            state = json.loads(await other.until("state", bool))
            assert (state["lists"]["main"]["current"], state["bpm"]) == ("1", 124.0)
            # what comes later finds the same without asking
            async with room.watching() as late:
                assert await late.until("status", bool) == "online"
                assert json.loads(await late.until("state", bool)) == state
                await late.until("health", bool)
                await other.publish("stop")


async def test_the_room_and_how_loud_it_is_are_there_for_who_comes_later(tmp_path: Path, port: int) -> None:
    room = Room(port)
    with mosquitto(tmp_path, port):
        async with room.running(), room.watching() as other:
            await other.until("health", bool)
            assert not {"room", "level"} & other.seen.keys()  # a venue without a PA has neither
            room.board.hear_room(fake_show.room(10.0, loud=97.2))
            assert json.loads(await other.until("room", bool))["bands"][3]["owner"] == "engineer"
            assert json.loads(await other.until("level", bool))["microphones"][0]["laeq_60"] == 97.2
            room.board.hear_room(fake_show.room(11.0, loud=99.4, frozen="the programme is silent"))
            assert json.loads(await other.until("level", lambda text: "99.4" in text))["warnings"][0]["over"] is True
            async with room.watching() as late:
                assert json.loads(await late.until("room", bool))["frozen"] == "the programme is silent"
                assert (await late.until("level", bool)) == other.seen["level"]


async def test_a_retained_go_is_never_acted_upon(tmp_path: Path, port: int) -> None:
    room = Room(port)
    with mosquitto(tmp_path, port):
        async with room.watching() as other:
            await other.publish("go", "main", retain=True)  # an empty one would only delete what was kept
            await other.until("go", lambda _: True)
        async with room.running(), room.watching() as other:
            await until(lambda: room.counts()["ignored_retained"] == 1)
            assert room.events == []
            await other.publish("go", "probe")
            await until(lambda: room.events)
            assert [e.list for e in room.events if isinstance(e, Go)] == ["probe"]


async def test_a_broker_that_dies_and_comes_back_is_found_again(
    tmp_path: Path, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    room = Room(port)
    with mosquitto(tmp_path, port) as broker:
        task = asyncio.create_task(room.mqtt.run())
        await until(lambda: room.state is State.RUNNING)
        broker.popen.kill()
        broker.popen.wait()
        await until(lambda: room.state is State.DEGRADED)
        assert "start it, or take `mqtt` out of the venue file" in room.mqtt.health().detail
    with mosquitto(tmp_path, port):
        await until(lambda: room.state is State.RUNNING)
        async with room.watching() as other:
            assert await other.until("status", bool) == "online"
            await other.until("health", bool)
            await other.publish("go")
            await until(lambda: room.events)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert room.counts()["connected"] == 2
    assert len(caplog.records) == 2, [record.getMessage() for record in caplog.records]  # connected, gone: then it is quiet


async def test_commands_given_while_we_were_away_are_not_done_late(tmp_path: Path, port: int) -> None:
    room = Room(port)
    with mosquitto(tmp_path, port):
        async with room.running():
            pass
        async with room.watching() as other:
            await other.publish("go")
        async with room.running(), room.watching() as other:
            await other.publish("go", "probe")
            await until(lambda: room.events)
            assert [e.list for e in room.events if isinstance(e, Go)] == ["probe"]


async def test_a_clean_stop_says_offline(tmp_path: Path, port: int) -> None:
    room = Room(port)
    with mosquitto(tmp_path, port):
        async with room.watching() as other:
            async with room.running() as task:
                await other.until("status", lambda text: text == "online")
            await other.until("status", lambda text: text == "offline")
        assert task.cancelled()


CLIENT = """
import asyncio
from showctl.plan import Plan
from showctl.remote.board import Board
from showctl.remote.mqtt import Mqtt
asyncio.run(Mqtt("127.0.0.1", {port}, topic="{topic}", emit=bool, now=lambda: 0.0, board=Board(Plan(()))).run())
"""


async def test_after_kill_9_the_broker_says_offline_for_us(tmp_path: Path, port: int) -> None:
    room = Room(port)
    with mosquitto(tmp_path, port), process([sys.executable, "-c", CLIENT.format(port=port, topic=TOPIC)]) as ours:
        async with room.watching() as other:
            await other.until("status", lambda text: text == "online")
            ours.popen.kill()
            await other.until("status", lambda text: text == "offline")
            async with room.watching() as late:
                assert await late.until("status", bool) == "offline"


async def test_a_wrong_password_is_said(tmp_path: Path, port: int) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    room = Room(port, "show", "wrong")
    with mosquitto(tmp_path, port, "allow_anonymous false", f"password_file {passwords}"):
        task = asyncio.create_task(room.mqtt.run())
        await until(lambda: "refuses us" in room.mqtt.health().detail)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert "check `username` and `password_file`" in room.mqtt.health().detail


async def test_a_sensor_of_the_air_is_heard_and_what_the_broker_kept_of_it_is_told_apart(port: int, tmp_path: Path) -> None:
    came: list[tuple[bytes, bool]] = []
    with mosquitto(tmp_path, port):
        async with aiomqtt.Client("127.0.0.1", port) as sensor:
            await sensor.publish("hall/air", "21.4", qos=1, retain=True)
            room = Room(port)
            wanted = {"hall/air": lambda payload, kept: came.append((payload, kept))}
            room.mqtt._also = lambda: dict(wanted)
            async with room.running():
                await until(lambda: came == [(b"21.4", True)])
                await sensor.publish("hall/air", '{"temperature": 22}', qos=1, retain=True)
                await until(lambda: came[1:] == [(b'{"temperature": 22}', False)])
                wanted["stage/air"] = wanted.pop("hall/air")  # another version of the venue file
                await until(lambda: room.mqtt._heard.keys() == {"stage/air"})
                await sensor.publish("hall/air", "23", qos=1)
                await sensor.publish("stage/air", "25", qos=1)
                await until(lambda: came[2:])
                assert came[2:] == [(b"25", False)]
    assert room.events == []
    assert room.counts()["connected"] == 1


async def test_what_an_earlier_night_told_of_its_pa_is_taken_back(tmp_path: Path, port: int) -> None:
    night = Room(port)
    night.board.hear_room(fake_show.room(10.0, loud=97.2))
    with mosquitto(tmp_path, port):
        async with night.watching() as other:
            async with night.running():
                await other.until("room", bool)
                await other.until("level", bool)
            room, clock = Room(port), Clock()
            room.mqtt._now = lambda: 10 * clock.now()
            async with room.running():
                await other.until("room", lambda text: not text)
                await other.until("level", lambda text: not text)
            async with room.watching() as late:
                await late.until("status", bool)
                await late.until("health", bool)
                assert not {"room", "level"} & late.seen.keys()


class Flood:
    """Somebody who publishes motion as fast as the broker takes it, from a thread, until the end of the block."""

    def __init__(self, port: int, topic: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(b"\x10\x11\x00\x04MQTT\x04\x02\x00\x00\x00\x05flood")
        assert self._socket.recv(4)[3] == 0, "the broker refuses the flood"
        body = len(topic).to_bytes(2, "big") + topic.encode() + b"[0.1, 0.2, 0.3]"
        self._burst = (bytes((0x30, len(body))) + body) * 500
        self._thread = threading.Thread(target=self._publish, daemon=True)

    def _publish(self) -> None:
        with suppress(OSError):  # closed
            while True:
                self._socket.sendall(self._burst)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


async def test_a_flood_of_motion_crowds_out_no_command(port: int, tmp_path: Path) -> None:
    worn, commands = [0], 40
    with mosquitto(tmp_path, port):
        room = Room(port)

        def take(_topic: str, _payload: bytes) -> None:
            worn[0] += 1

        room.mqtt._worn = lambda: take
        async with room.running(), aiomqtt.Client("127.0.0.1", port) as other:
            with Flood(port, f"{TOPIC}/wearables/stick/motion"):
                await until(lambda: worn[0] > 500)
                for number in range(commands):
                    await other.publish(f"{TOPIC}/goto", str(number + 1), qos=1)
                    await asyncio.sleep(0.02)
                await until(lambda: len(room.events) == commands)
    assert [one.cue for one in room.events if isinstance(one, Goto)] == [str(number + 1) for number in range(commands)]


async def test_where_there_is_no_second_connection_commands_go_on_and_it_is_said(port: int, tmp_path: Path) -> None:
    room, worn, real = Room(port), [0], Mqtt._listening

    def take(_topic: str, _payload: bytes) -> None:
        worn[0] += 1

    async def refused() -> None:
        raise aiomqtt.MqttError("Not authorized")

    room.mqtt._worn = lambda: take
    room.mqtt._listening = refused  # type: ignore[method-assign]
    with mosquitto(tmp_path, port):
        async with room.running(), aiomqtt.Client("127.0.0.1", port) as other:
            await until(lambda: room.state is State.DEGRADED)
            assert "no second connection of ours (Not authorized)" in room.mqtt.health().detail
            await other.publish(f"{TOPIC}/go", qos=1)
            await until(lambda: room.events)
            room.mqtt._worn = lambda: None  # whom nobody wants to hear is not missed
            await until(lambda: room.state is State.RUNNING)
            room.mqtt._worn = lambda: take
            await until(lambda: room.state is State.DEGRADED)
            room.mqtt._listening = lambda: real(room.mqtt)  # type: ignore[method-assign]
            await until(lambda: room.mqtt._heard)
            assert room.state is State.RUNNING
            await other.publish(f"{TOPIC}/wearables/stick/motion", "[1]", qos=1)
            await until(lambda: worn[0])
    assert room.counts()["connected"] == 1
