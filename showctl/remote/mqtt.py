"""MQTT: the show tells a broker how it is, and takes GO from it.

Import this module only where a venue names a broker; how it is reached is `mqtt_broker`. What is told below its topic is
`mqtt_news`, what is asked there `mqtt_words`. Sensors of the air are listened to as well, where the venue file names topics of
theirs, and so are wearables, where somebody wears any, at TOPIC/wearables/SENDER/ADDRESS.

What sensors and wearables send has a connection of its own. On one and the same a flood of it would hold up commands, and the
answers to what we tell, in every queue on the way, the broker's own among them, which then drops what was sent with QoS 0.

A command must never act late. So nothing retained is acted upon (it was meant for an earlier night), the session is clean (the
broker keeps nothing for us while we are away), and commands are taken with QoS 0 (never twice). MQTT takes milliseconds to tens
of them: it is for GO, not for beats.

The broker may be missing all night: then one line of log a minute at most, and one attempt in half a minute.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from showctl.model import ControlEvent, DeviceError, Health, State
from showctl.remote.board import Board
from showctl.remote.mqtt_broker import Broker, Incoming, messages, reason
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

COUNTERS = ("connected", "received", "fired", "released", "ignored_retained", "dropped", "refused_full")
LAST_S = 1.0  # for an answer of the broker when we are asked to stop
STEADY_S = 10.0  # a connection that lasted so long begins anew with the first wait
WEARABLES = "wearables/"  # below our topic: SENDER/ADDRESS, as `wire.wearable.mqtt` has it
LOOK_S = 0.25  # between two looks at what is to be told, and listened to


class Mqtt:
    """Talks with one broker for ever. `now` is show time (s), `emit` returns False where there is no room for more."""

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
        self.topic, self._broker = topic, Broker(host, port, username, password)
        self._emit, self._now, self._board, self._wait = emit, now, board, wait
        self._also, self._worn = also, worn
        self._heard: Mapping[str, Sensed] = {}  # of these, those that are subscribed to
        self._denied = set[str]()  # what the broker does not let us read
        self._unheard = ""  # why there is no connection for what others send
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
        first, longest = self._wait
        wait = first
        self._become(State.STARTING, f"asks {self._place}")
        while True:
            began = self._now()
            try:
                await self._connection()
            except (aiomqtt.MqttError, OSError) as error:
                self._away(error, wait)
            if self._now() - began > STEADY_S:
                wait = first
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))
            wait = min(2 * wait, longest)

    # --- its connections -------------------------------------------------------------------------------------------

    async def _connection(self) -> None:
        """From the first knock to the end of a connection, which is always an exception."""
        will, incoming = aiomqtt.Will(f"{self.topic}/status", "offline", qos=1, retain=True), Incoming(self._counts)
        async with self._broker.joined(incoming, will) as client:
            try:
                self._news, self._heard, self._denied, self._unheard = News(), {}, set(), ""
                if await self._subscribe(client, [f"{self.topic}/{word}" for word in WORDS]):
                    self._denied.add(f"{self.topic}/#")
                await self._subscribe(client, [f"{self.topic}/{word}" for word in AT_TIMES])  # denied: what was left stays
                await client.publish(f"{self.topic}/status", "online", qos=1, retain=True)
                self._counts["connected"] += 1
                self._here()
                self._say("here", self._detail, logging.INFO)
                await _all(self._receive(client, incoming), self._look(client), self._listen())
            except asyncio.CancelledError:
                client.timeout = LAST_S
                with suppress(aiomqtt.MqttError):  # a clean end has no last will; a broker that is gone says it by itself
                    await client.publish(f"{self.topic}/status", "offline", qos=1, retain=True)
                raise

    async def _listen(self) -> None:
        """To what others send, as long as anybody wants to hear it; where that cannot be, commands go on."""
        while True:
            if self._wanted():
                try:
                    await self._listening()
                except (aiomqtt.MqttError, OSError) as error:
                    self._unheard = reason(error)
                    self._here()
                    self._say("unheard", self._detail)
                    await asyncio.sleep(self._wait[0])
            elif self._unheard:
                self._unheard = ""
                self._here()
            await asyncio.sleep(LOOK_S)

    async def _listening(self) -> None:
        """The other connection, to its end, which is always an exception."""
        incoming = Incoming(self._counts)
        async with self._broker.joined(incoming) as client:
            self._denied -= self._heard.keys()
            self._heard, self._unheard = {}, ""
            self._here()
            await _all(self._receive(client, incoming), self._follow_them(client))

    async def _receive(self, client: aiomqtt.Client, incoming: Incoming) -> None:
        async for message in messages(client, incoming):
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
        """Tell what is new."""
        settled = self._now() + SETTLED_S
        while True:
            self._board.report(self.health())
            for word, payload in self._news.of(self._board, self._now()):
                await client.publish(f"{self.topic}/{word}", payload, qos=1, retain=True)
            if self._now() >= settled:  # what was left has been seen, the rest is what we tell ourselves
                await client.unsubscribe([f"{self.topic}/{word}" for word in AT_TIMES])
                settled = math.inf
            await asyncio.sleep(LOOK_S)

    async def _follow_them(self, client: aiomqtt.Client) -> None:
        while True:
            await self._follow(client)
            await asyncio.sleep(LOOK_S)

    def _wanted(self) -> dict[str, Sensed]:
        """The topics of others that somebody wants to hear now."""
        wearables = {} if self._worn() is None else {f"{self.topic}/{WEARABLES}+/#": _of_nobody}
        return {**self._also(), **wearables}

    async def _follow(self, client: aiomqtt.Client) -> None:
        """What is wanted is subscribed to, what nobody wants any more is not."""
        wanted, before = self._wanted(), self._heard
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

    @property
    def _place(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"

    def _here(self) -> None:
        if self._denied:
            topics = " and ".join(sorted(self._denied))
            self._become(State.DEGRADED, f"{self._place} lets us tell but not listen: allow us to read {topics}")
        elif self._unheard:
            text = f"{self._place} takes no second connection of ours ({self._unheard})"
            self._become(State.DEGRADED, f"{text}: wearables and sensors are not heard; allow us two")
        else:
            self._become(State.RUNNING, f"connected to {self._place} as {self.topic}")

    def _away(self, error: BaseException, wait: float) -> None:
        place, why = self._place, reason(error)
        if isinstance(error, MqttConnectError):
            text = f"the broker at {place} refuses us ({why}); check `username` and `password_file` in the venue file"
        else:
            text = f"no broker at {place} ({why}); start it, or take `mqtt` out of the venue file"
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


async def _all(*parts: Coroutine[None, None, None]) -> None:
    """Do these until one of them fails. No TaskGroup: Python 3.11's leaves its owner marked as cancelled."""
    tasks = [asyncio.create_task(one) for one in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _password(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise DeviceError(f"MQTT: no password: {error}; check `password_file` in the venue file") from error
