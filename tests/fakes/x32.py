"""A console of the X32 or X-Air kind, as far as its equalisers go, for tests without one.

Written from P. Maillot's description of the protocol and from what the emulator of it was seen to answer (`x32_dialogue.txt`,
which the tests hold this fake to): questions are answered to who asks, with or without type tags; what is set is told to the
other listeners, and only where it changed; nothing is clamped; an int where a float belongs is kept bit by bit; listeners are
forgotten after eleven seconds and there are four; what is not there is not answered. A real console rounds to its steps
(`rounds`), and an X-Air tells who set a value as well (`tells_all`): the emulator does neither.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import TypeAlias

from showctl.model import WireError
from showctl.wire.osc import Message, decode, encode

Peer: TypeAlias = tuple[str, int]
LISTENERS, LISTENS_S = 4, 11.0
STEPS = {"f": 200, "g": 120, "q": 71}
SHAPES = {
    "x32": {"/main/st": 6, "/main/m": 6, "/mtx/{:02d}": (6, 6), "/bus/{:02d}": (16, 6), "/ch/{:02d}": (32, 4)},
    "xr18": {"/lr": 6, "/bus/{:d}": (6, 6), "/ch/{:02d}": (16, 4)},
}
INFO = {"x32": ("V2.07", "X32 Emulator", "X32", "4.06"), "xr18": ("V0.04", "XR18-00-00-00", "XR18", "1.22")}


class FakeConsole:
    """The console itself: packets in, packets out, and whoever listens."""

    def __init__(self, model: str = "x32", rounds: bool = False, tells_all: bool = False) -> None:
        self.info = INFO[model]
        self.rounds, self.tells_all = rounds, tells_all
        self.values: dict[str, tuple[str, bytes]] = {}  # address -> type tag and the four bytes
        self.listeners: dict[Peer, float] = {}  # until when
        self.heard: list[tuple[Peer, Message]] = []  # all that came
        for shape, size in SHAPES[model].items():
            count, bands = size if isinstance(size, tuple) else (1, size)
            for i in range(1, count + 1):
                self._equaliser(shape.format(i) + "/eq", bands, model == "xr18" and bands == 6)

    def _equaliser(self, prefix: str, bands: int, mode: bool) -> None:
        names = ["on", *(["mode"] if mode else []), *(f"{i}/type" for i in range(1, bands + 1))]
        self.values |= {f"{prefix}/{name}": ("i", bytes(4)) for name in names}
        self.values |= {f"{prefix}/{i}/{key}": ("f", bytes(4)) for i in range(1, bands + 1) for key in "fgq"}

    def value(self, address: str) -> float:
        """What a parameter is."""
        tag, raw = self.values[address]
        found: float = struct.unpack(">" + tag, raw)[0]
        return found

    def packet(self, data: bytes, peer: Peer, now: float) -> list[tuple[Peer, bytes]]:
        """What it says to a packet, and to whom."""
        if b"," not in data:  # a question may come without type tags
            data += b",\0\0\0"
        try:
            message = decode(data)[0]
        except WireError:
            return []
        self.heard.append((peer, message))
        if message.address == "/xremote":
            self.listeners = {p: until for p, until in self.listeners.items() if until >= now or p == peer}
            if peer in self.listeners or len(self.listeners) < LISTENERS:
                self.listeners[peer] = now + LISTENS_S
            return []
        if not message.tags:
            return [(peer, answer) for answer in self._answer(message.address)]
        return [(other, data) for other in self._to(peer, now)] if self._set(message, data) else []

    def _answer(self, address: str) -> list[bytes]:
        if address == "/info":
            return [encode("/info", *self.info)]
        if address == "/status":
            return [encode("/status", "active", "127.0.0.1", self.info[1])]
        for below in ("", "/type", "/on"):  # of a band its type, of an equaliser its switch
            if (found := self.values.get(address + below)) is not None:
                return [_told(address + below, *found)]
        return []

    def _set(self, message: Message, data: bytes) -> bool:
        """Whether it changed anything."""
        if message.address in self.values and len(message.tags) == 1 and message.tags in "if":
            return self._put(message.address, data[-4:])
        if message.address + "/type" in self.values and message.tags == "ifff":
            places = enumerate(("type", "f", "g", "q"), -4)
            changed = [self._put(f"{message.address}/{key}", data[4 * at : 4 * at + 4 or None]) for at, key in places]
            return any(changed)
        return False

    def _put(self, address: str, raw: bytes) -> bool:
        tag, before = self.values[address]
        steps = STEPS.get(address.rpartition("/")[2])
        if self.rounds and steps:
            raw = struct.pack(">f", round(struct.unpack(">f", raw)[0] * steps) / steps)
        self.values[address] = tag, raw
        return raw != before

    def _to(self, peer: Peer, now: float) -> list[Peer]:
        return [one for one, until in self.listeners.items() if until > now and (one != peer or self.tells_all)]

    def hand(self, address: str, value: float, now: float) -> list[tuple[Peer, bytes]]:
        """Somebody turns a knob of the console itself."""
        tag, _ = self.values[address]
        if not self._put(address, struct.pack(">" + tag, value)):
            return []
        return [(one, _told(address, *self.values[address])) for one, until in self.listeners.items() if until > now]


def _told(address: str, tag: str, raw: bytes) -> bytes:
    return encode(address, struct.unpack(">" + tag, raw)[0], tags=tag)


class Served(asyncio.DatagramProtocol):
    """A console on a port of loopback. `off` is a console without power; `loses` says of each packet whether it is lost."""

    def __init__(self, console: FakeConsole, now: Callable[[], float]) -> None:
        self.console, self.now = console, now
        self.off = False
        self.loses: Callable[[bytes], bool] = lambda _: False
        self.transport: asyncio.DatagramTransport | None = None

    async def open(self) -> int:
        """Take a port."""
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def close(self) -> None:
        """Give the port back."""
        if self.transport is not None:
            self.transport.close()

    def datagram_received(self, data: bytes, addr: Peer) -> None:
        if not self.off and not self.loses(data):
            self._say(self.console.packet(data, addr, self.now()))

    def hand(self, address: str, value: float) -> None:
        """Somebody turns a knob."""
        self._say(self.console.hand(address, value, self.now()))

    def _say(self, packets: list[tuple[Peer, bytes]]) -> None:
        assert self.transport is not None
        for peer, data in packets:
            if not self.loses(data):
                self.transport.sendto(data, peer)
