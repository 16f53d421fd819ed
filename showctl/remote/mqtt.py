"""MQTT: the show tells a broker how it is, and takes GO from it.

Spoken through aiomqtt 2, the package that was called asyncio-mqtt before (asyncio-mqtt's last release does not work with
today's paho). Import this module only where a venue names a broker.

    TOPIC/status    "online", or "offline" once we are gone, said by the broker in our name (last will); retained
    TOPIC/health    as GET /api/health; retained, when a part changes and every 30 s
    TOPIC/state     where the cue lists stand, grand master, blackout, bpm and whose it is; retained, when it changes
    TOPIC/room      as `room` of GET /api/state: curves, bands and whose they are, why the equaliser stands still; retained,
                    when it changes, every 5 s at most (1 s where it is more than figures). Only of a venue with `pa`, as is
    TOPIC/level     as `level` of GET /api/state: LAeq and LCpeak at each microphone, limits and warnings; likewise
    TOPIC/go  back  pause  resume  release  exit   payload: nothing, or the name of a cue list
    TOPIC/goto  rate                           payload: a number, or the name of a list and a number: "probe 2"
    TOPIC/stop  tap                            payload: nothing
    TOPIC/beat/half  double  downbeat  earlier  later  free   payload: nothing;   TOPIC/beat/nudge MS   TOPIC/beat/lock 1|0
    TOPIC/blackout 0|1   TOPIC/gm 0..1   TOPIC/house 0..1   TOPIC/sub/NAME 0..1   TOPIC/flash/NAME 1|0
    TOPIC/set  park                            payload: words, "wash colour blood"
    TOPIC/release/hands  unpark                payload: nothing for all, or "wash", "wash colour"
    TOPIC/identify/FIXTURE 1|0   TOPIC/check 1|-1|0

Sensors of the air, where the venue file names their topics, are listened to as well.

A command must never act late. So nothing retained is acted upon (it was meant for an earlier night), the session is clean (the
broker keeps nothing for us while we are away), and commands are taken with QoS 0 (never twice). MQTT takes milliseconds to tens
of them: it is for GO, not for beats.

The broker may be missing all night: then one line of log a minute at most, and one attempt in half a minute.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from showctl.model import ControlEvent, DeviceError, Health, RoomView, State
from showctl.remote.board import Board, Json, finite
from showctl.remote.room import level_json, room_json
from showctl.supervise import Quiet
from showctl.wire.osc import Message, Value
from showctl.wire.osc_dictionary import LIST_TRIGGERS, Refusal, control

if TYPE_CHECKING:
    from showctl.config.schema import Mqtt as Settings

log = logging.getLogger("showctl.mqtt")
_their_log = logging.getLogger("showctl.mqtt.client")
_their_log.setLevel(logging.CRITICAL)  # it warns once a message; what it would say is counted here

COUNTERS = ("connected", "received", "fired", "released", "ignored_retained", "dropped", "refused_full")
SAID = ("set", "park", "unpark", "release/hands")  # what takes words
WORDS = (
    *LIST_TRIGGERS,
    "goto",
    "rate",
    "stop",
    "tap",
    "beat/+",
    "blackout",
    "gm",
    "house",
    "sub/+",
    "flash/+",
    "identify/+",
    "check",
    *SAID,
)
LONGEST = 200  # bytes of a payload that can mean anything
QUEUE = 100  # commands that wait for us
KEEPALIVE_S = 15  # the broker says "offline" for us after one and a half of these
TIMEOUT_S = 5.0  # for each answer of the broker
LAST_S = 1.0  # the same when we are asked to stop
STEADY_S = 10.0  # a connection that lasted so long begins anew with the first wait
LOOK_S, CHANGE_S, REPEAT_S = 0.25, 1.0, 30.0  # how often to look, to tell of small changes, to repeat the health
FIGURES_S = 5.0  # how often to tell of figures of the room


class Mqtt:
    """A client of one broker for ever. `now` is show time (s), `emit` returns False where there is no room for more."""

    def __init__(
        self,
        host: str,
        port: int = 1883,
        *,
        topic: str,
        username: str | None = None,
        password: str | None = None,
        emit: Callable[[ControlEvent], bool],
        now: Callable[[], float],
        board: Board,
        also: Mapping[str, Callable[[bytes, bool], None]] = MappingProxyType({}),
        wait: tuple[float, float] = (1.0, 30.0),
    ) -> None:
        """`also` are topics of others, each with what takes its payload and whether it was retained; `wait` holds the first and
        the longest pause (s) between two attempts."""
        self.host, self.port, self.topic = host, port, topic
        self._username, self._password = username, password
        self._emit, self._now, self._board, self._wait = emit, now, board, wait
        self._also = also
        self._quiet = Quiet(now)
        self._state, self._detail, self._since = State.STARTING, "not begun", now()
        self._counts = dict.fromkeys(COUNTERS, 0)

    @classmethod
    def of(
        cls,
        settings: Settings,
        venue: str,
        *,
        emit: Callable[[ControlEvent], bool],
        now: Callable[[], float],
        board: Board,
        also: Mapping[str, Callable[[bytes, bool], None]] = MappingProxyType({}),
    ) -> Mqtt:
        """What a venue file asks for; below its topic comes the venue's name. Raises DeviceError for what cannot work."""
        if set(settings.topic) & set("+#"):
            raise DeviceError(f"MQTT: the topic {settings.topic!r} holds a wildcard; take + and # out of it in the venue file")
        return cls(
            settings.host,
            settings.port,
            topic=f"{settings.topic.strip('/')}/{topic_word(venue)}",
            username=settings.username,
            password=_password(settings.password_file),
            emit=emit,
            now=now,
            board=board,
            also=also,
        )

    def health(self) -> Health:
        """How the connection is; the counters are since the start."""
        counters = tuple((name, float(count)) for name, count in self._counts.items())
        return Health("mqtt", self._state, self._detail, self._since, counters)

    async def run(self) -> None:
        """Connect, serve, connect again, until cancelled."""
        task = asyncio.current_task()
        first, longest = self._wait
        wait = first
        self._become(State.STARTING, f"asks {self.host}:{self.port}")
        while True:
            began = self._now()
            try:
                await self._connection()
            except (aiomqtt.MqttError, OSError) as error:
                if task is not None and task.cancelling():  # asked to stop while the broker did not answer
                    raise asyncio.CancelledError from error
                self._away(error, wait)
            if self._now() - began > STEADY_S:
                wait = first
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))
            wait = min(2 * wait, longest)

    # --- one connection --------------------------------------------------------------------------------------------

    async def _connection(self) -> None:
        """From the first knock to the end of a connection, which is always an exception."""
        # aiomqtt connects in a thread that nobody can cancel; a broker that is away is found out here, where one can.
        async with asyncio.timeout(TIMEOUT_S):
            _, knock = await asyncio.open_connection(self.host, self.port)
        knock.close()
        await knock.wait_closed()
        async with self._joined() as client:
            try:
                codes = await client.subscribe(
                    [(topic, 0) for topic in (*(f"{self.topic}/{word}" for word in WORDS), *self._also)]
                )
                await client.publish(f"{self.topic}/status", "online", qos=1, retain=True)
                self._here(refused=any(getattr(code, "is_failure", False) for code in codes))
                await self._both(client)
            except asyncio.CancelledError:
                client.timeout = LAST_S
                with suppress(aiomqtt.MqttError):  # a clean end has no last will; a broker that is gone says it by itself
                    await client.publish(f"{self.topic}/status", "offline", qos=1, retain=True)
                raise

    @asynccontextmanager
    async def _joined(self) -> AsyncIterator[aiomqtt.Client]:
        client = self._client()
        try:
            async with client:
                yield client
        finally:
            # Where nobody answered, aiomqtt leaves the socket open until the keepalive runs out, and stumbles when it ends.
            paho = client._client
            left = cast("socket.socket | None", paho.socket())
            if left is not None:
                paho.on_disconnect = None
                with suppress(OSError):
                    left.shutdown(socket.SHUT_RDWR)

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self.host,
            self.port,
            username=self._username,
            password=self._password,
            logger=_their_log,
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", partial(_Incoming, self._counts)),
            will=aiomqtt.Will(f"{self.topic}/status", "offline", qos=1, retain=True),
            clean_session=True,
            timeout=TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            max_queued_incoming_messages=QUEUE,
            max_queued_outgoing_messages=QUEUE,
        )

    async def _both(self, client: aiomqtt.Client) -> None:
        """Take and tell until either fails. No TaskGroup: Python 3.11's leaves its owner marked as cancelled."""
        tasks = [asyncio.create_task(self._receive(client)), asyncio.create_task(self._publish(client))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            self.take(message.topic.value, payload, retained=message.retain)

    def take(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """One message of the broker: what it asks for is emitted, all else counted and, now and then, said."""
        self._counts["received"] += 1
        if topic in self._also:
            self._also[topic](payload, retained)
            return
        if retained:
            self._counts["ignored_retained"] += 1
            self._say("retained", f"{topic}: a retained command is never acted upon; publish it without retain")
            return
        message = request(topic.removeprefix(f"{self.topic}/"), payload)
        asked = message if isinstance(message, Refusal) else control(message, self._now(), "mqtt", self._board.words)
        if isinstance(asked, Refusal):
            self._counts["dropped"] += 1
            self._say("dropped", f"{topic} {payload[:40]!r} dropped: {asked.value}")
        elif asked is None:
            self._counts["released"] += 1
        elif self._emit(asked):
            self._counts["fired"] += 1
        else:
            self._counts["refused_full"] += 1
            self._say("full", f"more commands than the show can take: {topic} was left out")

    async def _publish(self, client: aiomqtt.Client) -> None:
        news = _News()
        while True:
            self._board.report(self.health())
            for word, payload in news.of(self._board, self._now()):
                await client.publish(f"{self.topic}/{word}", payload, qos=1, retain=True)
            await asyncio.sleep(LOOK_S)

    # --- words -----------------------------------------------------------------------------------------------------

    def _here(self, refused: bool) -> None:
        self._counts["connected"] += 1
        self._become(State.RUNNING, f"connected to {self.host}:{self.port} as {self.topic}")
        if refused:
            self._become(State.DEGRADED, f"{self.host}:{self.port} lets us tell but not listen: allow us to read {self.topic}/#")
        self._say("here", self._detail, logging.INFO)

    def _away(self, error: BaseException, wait: float) -> None:
        place, reason = f"{self.host}:{self.port}", _reason(error)
        if isinstance(error, MqttConnectError):
            text = f"the broker at {place} refuses us ({reason}); check `username` and `password_file` in the venue file"
        else:
            text = f"no broker at {place} ({reason}); start it, or take `mqtt` out of the venue file"
        self._become(State.DEGRADED, f"{text}; asked again every {self._wait[1]:g} s at most")
        self._say("away", f"{text}; asked again in {wait:.0f} s")

    def _become(self, state: State, detail: str) -> None:
        if state is not self._state:
            self._since = self._now()
        self._state, self._detail = state, detail
        self._board.report(self.health())

    def _say(self, cause: str, text: str, level: int = logging.WARNING) -> None:
        more = self._quiet.line(cause)
        if more is not None:
            log.log(level, "MQTT: %s%s", text, more)


class _Incoming(asyncio.Queue[aiomqtt.Message]):
    """Commands that wait; what finds no room is counted."""

    def __init__(self, counts: dict[str, int], maxsize: int) -> None:
        super().__init__(maxsize)
        self._counts = counts

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if self.full():
            self._counts["refused_full"] += 1
        super().put_nowait(item)


class _News:
    """What is worth publishing: remembers what one connection was told, and when."""

    def __init__(self) -> None:
        self._health: object = None
        self._state: Json = {}
        self._health_at = self._state_at = -float("inf")
        self._room, self._level = _Slow("room"), _Slow("level")

    def of(self, board: Board, now: float) -> list[tuple[str, str]]:
        """Words and payloads that are due now."""
        due = []
        health = board.health_json()
        without_counters = [health["state"], *((part["name"], part["state"], part["detail"]) for part in health["parts"])]
        if now - self._health_at >= (CHANGE_S if without_counters != self._health else REPEAT_S):
            self._health, self._health_at = without_counters, now
            due.append(("health", json.dumps(health, allow_nan=False)))
        state = state_json(board)
        if state is not None and self._tells(state, now):
            self._state, self._state_at = state, now
            due.append(("state", json.dumps(state, allow_nan=False)))
        if (view := board.room) is not None:
            due += self._sound(view, now)
        else:
            due += self._room.gone() + self._level.gone()
        return due

    def _sound(self, view: RoomView, now: float) -> list[tuple[str, str]]:
        room, level = room_json(view) or {}, level_json(view) or {}
        facts = [room[key] for key in ("zone", "mode", "on", "doing", "bypassed", "howl")]
        facts += [bool(room["frozen"]), [band["owner"] for band in room["bands"]]]
        warned = [[warning["of"], warning["over"]] for warning in level["warnings"]]
        return self._room.told(room, facts, now) + self._level.told(level, warned, now)

    def _tells(self, state: Json, now: float) -> bool:
        """A cue is told at once, a tempo that wanders once in a while."""
        if now - self._state_at < CHANGE_S:
            state = state | {"bpm": self._state["bpm"]}
        return state != self._state


class _Slow:
    """A topic whose figures change all the time: they are told every FIGURES_S at most, its facts every CHANGE_S."""

    def __init__(self, word: str) -> None:
        self._word, self._body, self._at = word, Json(), -float("inf")
        self._facts: object = None

    def told(self, body: Json, facts: object, now: float) -> list[tuple[str, str]]:
        """What is to be published now: nothing, or one message."""
        if body == self._body or now - self._at < (CHANGE_S if facts != self._facts else FIGURES_S):
            return []
        self._body, self._facts, self._at = body, facts, now
        return [(self._word, json.dumps(body, allow_nan=False))]

    def gone(self) -> list[tuple[str, str]]:
        """There is nothing of it any more: what was retained is taken back, by an empty message."""
        if not self._body:
            return []
        self._body, self._facts, self._at = {}, None, -float("inf")
        return [(self._word, "")]


def state_json(board: Board) -> Json | None:
    """What TOPIC/state holds; None before the first frame."""
    playback = board.playback
    if playback is None:
        return None
    lists = {
        one.name: {"current": one.current, "pending": one.pending, "state": one.state, "waiting": one.waiting}
        for one in playback.lists
    }
    return {
        "lists": lists,
        "grand_master": finite(playback.grand_master),
        "blackout": playback.blackout,
        "bpm": finite(playback.bpm, 1),
        "beat": playback.beats.source,
    }


def request(word: str, payload: bytes) -> Message | Refusal:
    """A command below TOPIC, as the message of OSC that says the same."""
    if len(payload) > LONGEST:
        return Refusal.TYPE
    try:
        said = payload.decode().strip()
    except UnicodeDecodeError:
        return Refusal.TYPE
    if word in SAID:
        return Message(f"/showctl/{word}", (said,), "s") if said else Message(f"/showctl/{word}")
    if not said.isascii():
        return Refusal.TYPE
    text = said.split()
    if word in LIST_TRIGGERS:
        if len(text) > 1:
            return Refusal.LIST
        return Message(f"/showctl/list/{text[0] if text else 'main'}/{word}")
    if word in ("goto", "rate"):
        if len(text) not in (1, 2):
            return Refusal.MISSING if not text else Refusal.TYPE
        name = text[0] if len(text) == 2 else "main"
        number = text[-1] if word == "goto" else _number(text[-1])
        return Message(f"/showctl/list/{name}/{word}", (number,), "f" if isinstance(number, float) else "s")
    arguments: tuple[Value, ...] = tuple(map(_number, text))
    return Message(f"/showctl/{word}", arguments, "".join("f" if isinstance(a, float) else "s" for a in arguments))


def _number(text: str) -> float | str:
    """A number as people write it; text otherwise, which no command takes."""
    return float(text) if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{0,9})?", text) else text


def topic_word(name: str) -> str:
    """A name as one level of a topic: what MQTT or a shell would take amiss becomes a dash."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "venue"


def _password(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise DeviceError(f"MQTT: no password: {error}; check `password_file` in the venue file") from error


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, OSError) and (number := re.search(r"\[Errno (\d+)\]", str(error))):
        return os.strerror(int(number[1]))  # asyncio's own text repeats each address that the host's name has
    return str(error) or type(error).__name__
