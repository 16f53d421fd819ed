"""How a broker of MQTT is reached: one connection of aiomqtt 2, and what has to be put right about it.

aiomqtt 2 is the package that was called asyncio-mqtt before (asyncio-mqtt's last release does not work with today's paho).
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

import aiomqtt

_their_log = logging.getLogger("showctl.mqtt.client")
_their_log.setLevel(logging.CRITICAL)  # it warns once a message; what it would say is counted here

QUEUE = 100  # messages that wait for us
KEEPALIVE_S = 15  # the broker says "offline" for us after one and a half of these
TIMEOUT_S = 5.0  # for each answer of the broker


class Incoming(asyncio.Queue[aiomqtt.Message]):
    """Messages of one connection that wait; what finds no room is counted as `refused_full`."""

    def __init__(self, counts: dict[str, int], maxsize: int = QUEUE) -> None:
        super().__init__(maxsize)
        self._counts = counts

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if self.full():
            self._counts["refused_full"] += 1
        super().put_nowait(item)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where it is, and as whom it is spoken to."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None

    @asynccontextmanager
    async def joined(self, incoming: Incoming, will: aiomqtt.Will | None = None) -> AsyncIterator[aiomqtt.Client]:
        """A connection, whose messages go to `incoming`. MqttError or OSError where there is none."""
        # aiomqtt connects in a thread that nobody can cancel; a broker that is away is found out here, where one can.
        async with asyncio.timeout(TIMEOUT_S):
            _, knock = await asyncio.open_connection(self.host, self.port)
        knock.close()
        await knock.wait_closed()
        client = self._client(incoming, will)
        try:
            async with client:
                yield client
        except aiomqtt.MqttError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # asked to stop while the broker did not answer
                raise asyncio.CancelledError from error
            raise
        finally:
            # Where nobody answered, aiomqtt leaves the socket open until the keepalive runs out, and stumbles when it ends.
            paho = client._client
            left = cast("socket.socket | None", paho.socket())
            if left is not None:
                paho.on_disconnect = None
                with suppress(OSError):
                    left.shutdown(socket.SHUT_RDWR)

    def _client(self, incoming: Incoming, will: aiomqtt.Will | None) -> aiomqtt.Client:
        return aiomqtt.Client(
            self.host,
            self.port,
            username=self.username,
            password=self.password,
            logger=_their_log,
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", lambda **_: incoming),
            will=will,
            clean_session=True,
            timeout=TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            max_queued_outgoing_messages=QUEUE,
        )


async def messages(client: aiomqtt.Client, incoming: Incoming) -> AsyncIterator[aiomqtt.Message]:
    """What comes, until the connection is lost (MqttError). All that waits at once: aiomqtt takes a turn of the loop or two for
    each, in which as many more are read."""
    async for message in client.messages:
        yield message
        while not incoming.empty():
            yield incoming.get_nowait()


def reason(error: BaseException) -> str:
    """Why there is no connection, in words."""
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, OSError) and (number := re.search(r"\[Errno (\d+)\]", str(error))):
        return os.strerror(int(number[1]))  # asyncio's own text repeats each address that the host's name has
    return str(error) or type(error).__name__
