"""MQTT: the show tells a broker how it is, and takes GO from it.

Spoken through aiomqtt 2, the package that was called asyncio-mqtt before (asyncio-mqtt's last release does not work with
today's paho). Import this module only where a venue names a broker.

What is told below its topic is `mqtt_news`, what is asked there `mqtt_words`. Sensors of the air, where the venue file names
topics of theirs, are listened to as well; where it names others they are subscribed to on the same connection. So are
wearables, where somebody wears any, at TOPIC/wearables/SENDER/ADDRESS.

A command must never act late. So nothing retained is acted upon (it was meant for an earlier night), the session is clean (the
broker keeps nothing for us while we are away), and commands are taken with QoS 0 (never twice). MQTT takes milliseconds to tens
of them: it is for GO, not for beats.

The broker may be missing all night: then one line of log a minute at most, and one attempt in half a minute.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from showctl.model import ControlEvent, DeviceError, Health, State
from showctl.remote.board import Board
from showctl.remote.mqtt_news import AT_TIMES, SETTLED_S, News
from showctl.remote.mqtt_words import WORDS, request, topic_word
from showctl.supervise import Quiet
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import control

if TYPE_CHECKING:
    from showctl.config.schema import Mqtt as Settings

Sensed: TypeAlias = Callable[[bytes, bool], None]  # a payload, and whether the broker kept it
Worn: TypeAlias = Callable[[str, bytes], None]  # a topic below TOPIC/wearables, and a payload

log = logging.getLogger("showctl.mqtt")
_their_log = logging.getLogger("showctl.mqtt.client")
_their_log.setLevel(logging.CRITICAL)  # it warns once a message; what it would say is counted here

COUNTERS = ("connected", "received", "fired", "released", "ignored_retained", "dropped", "refused_full")
QUEUE = 100  # commands that wait for us
KEEPALIVE_S = 15  # the broker says "offline" for us after one and a half of these
TIMEOUT_S = 5.0  # for each answer of the broker
LAST_S = 1.0  # the same when we are asked to stop
STEADY_S = 10.0  # a connection that lasted so long begins anew with the first wait
WEARABLES = "wearables/"  # below our topic: SENDER/ADDRESS, as `wire.wearable.mqtt` has it
LOOK_S = 0.25  # between two looks at what is to be told, and listened to


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
        also: Callable[[], Mapping[str, Sensed]] = dict,
        worn: Callable[[], Worn | None] = lambda: None,
        wait: tuple[float, float] = (1.0, 30.0),
    ) -> None:
        """`also` says which topics others want to hear just now, each with what takes its payload and whether it was retained;
        `worn` what takes what wearables send, None while nobody wears any; `wait` holds the first and the longest pause (s)
        between two attempts."""
        self.host, self.port, self.topic = host, port, topic
        self._username, self._password = username, password
        self._emit, self._now, self._board, self._wait = emit, now, board, wait
        self._also, self._worn = also, worn
        self._heard: Mapping[str, Sensed] = {}  # of these, those that this connection has subscribed to
        self._denied = set[str]()  # what the broker does not let us read
        self._news = News()
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
        also: Callable[[], Mapping[str, Sensed]] = dict,
        worn: Callable[[], Worn | None] = lambda: None,
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
            worn=worn,
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
                self._news, self._heard, self._denied = News(), {}, set()
                if await self._subscribe(client, [f"{self.topic}/{word}" for word in WORDS]):
                    self._denied.add(f"{self.topic}/#")
                await self._subscribe(client, [f"{self.topic}/{word}" for word in AT_TIMES])  # denied: what was left stays
                await client.publish(f"{self.topic}/status", "online", qos=1, retain=True)
                self._counts["connected"] += 1
                self._here()
                self._say("here", self._detail, logging.INFO)
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
        tasks = [asyncio.create_task(self._receive(client)), asyncio.create_task(self._look(client))]
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
        word = topic.removeprefix(f"{self.topic}/")
        if word in AT_TIMES:  # mostly what we tell ourselves: of interest is what is left of an earlier night, or told by others
            if payload:
                self._news.heard(word, payload, retained)
            return
        self._counts["received"] += 1
        if topic in self._heard:
            self._heard[topic](payload, retained)
            return
        if word.startswith(WEARABLES):
            self._take_worn(word.removeprefix(WEARABLES), payload, retained)
            return
        if word == topic:  # of a sensor that nobody wants to hear any more
            return
        if retained:
            self._counts["ignored_retained"] += 1
            self._say("retained", f"{topic}: a retained command is never acted upon; publish it without retain")
            return
        message = request(word, payload)
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

    def _take_worn(self, topic: str, payload: bytes, retained: bool) -> None:
        """Of a wearable: what is retained was meant for an earlier night."""
        worn = self._worn()
        if retained:
            self._counts["ignored_retained"] += 1
        elif worn is not None:
            worn(topic, payload)

    async def _look(self, client: aiomqtt.Client) -> None:
        """Tell what is new, and listen to what others want to hear now."""
        settled = self._now() + SETTLED_S
        while True:
            await self._follow(client)
            self._board.report(self.health())
            for word, payload in self._news.of(self._board, self._now()):
                await client.publish(f"{self.topic}/{word}", payload, qos=1, retain=True)
            if self._now() >= settled:  # what was left has been seen, the rest is what we tell ourselves
                await client.unsubscribe([f"{self.topic}/{word}" for word in AT_TIMES])
                settled = math.inf
            await asyncio.sleep(LOOK_S)

    async def _follow(self, client: aiomqtt.Client) -> None:
        """Other topics of others: they are subscribed to, those that nobody wants any more are not."""
        wanted, before = dict(self._also()), self._heard
        if self._worn() is not None:
            wanted[f"{self.topic}/{WEARABLES}+/#"] = _of_nobody
        self._heard = wanted
        new, gone = sorted(wanted.keys() - before.keys()), sorted(before.keys() - wanted.keys())
        if gone:
            await client.unsubscribe(gone)
        if new or gone:
            self._denied = (self._denied - set(gone)) | (await self._subscribe(client, new))
            self._here()

    async def _subscribe(self, client: aiomqtt.Client, topics: list[str]) -> set[str]:
        """Subscribe to these, with QoS 0; those that the broker does not let us read."""
        codes = await client.subscribe([(topic, 0) for topic in topics]) if topics else ()
        return {topic for topic, code in zip(topics, codes, strict=False) if getattr(code, "is_failure", False)}

    # --- words -----------------------------------------------------------------------------------------------------

    def _here(self) -> None:
        if self._denied:
            topics = " and ".join(sorted(self._denied))
            self._become(State.DEGRADED, f"{self.host}:{self.port} lets us tell but not listen: allow us to read {topics}")
        else:
            self._become(State.RUNNING, f"connected to {self.host}:{self.port} as {self.topic}")

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


def _of_nobody(_payload: bytes, _retained: bool) -> None:
    """No topic is a pattern: what comes by it is taken by its own."""


class _Incoming(asyncio.Queue[aiomqtt.Message]):
    """Commands that wait; what finds no room is counted."""

    def __init__(self, counts: dict[str, int], maxsize: int) -> None:
        super().__init__(maxsize)
        self._counts = counts

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if self.full():
            self._counts["refused_full"] += 1
        super().put_nowait(item)


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
