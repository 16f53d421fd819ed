"""OSC from the network: a UDP socket that the event loop drains. Where each message goes then is `inputs.osc_routes`.

Drained rather than read once a wake-up: asyncio's own one datagram a wake-up costs about 20 us each. A wake-up takes at most
BATCH packets or BATCH_S seconds, also within a packet, then everything else has its turn; what waits stays in the kernel's
buffer, which is bounded, and what the kernel drops is counted too. Nothing raises out of here but our own mistakes.

What comes by a WebSocket of OSCQuery goes through the same door as a packet (`accept`), and its answers go back there.

Who may send, and how much of it is read, is `wire.osc_senders`: everybody else is counted and shown in the health of the part,
so that a technician sees at once which address to allow. UDP senders can be forged on a network that strangers reach; an
allow-list is for a show network of its own.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import math
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache

from showctl.inputs.osc_routes import DICTIONARY, Peer, Router, Routes
from showctl.inputs.osc_told import Lines, standing
from showctl.model import ControlEvent, DeviceError, Health, State, WireError
from showctl.wire.osc import Message, decode
from showctl.wire.osc_dictionary import Vocabulary
from showctl.wire.osc_senders import RATE, TOGETHER, Sender, Senders, SenderView, Verdict

BATCH, BATCH_S = 100, 0.001  # at most so many packets, and so long, in one wake-up of the loop
BUFFER = 4 << 20  # bytes asked of the kernel; what net.core.rmem_max allows is given
LARGEST = 65535  # bytes of a UDP packet
ELSEWHERE = 65536  # the port of a peer that is no UDP port but a connection: this and its TCP port
SO_MEMINFO, MEMINFO_DROPS = 55, 8  # linux/sock_diag.h: nine counters of a socket, the last is what it dropped


class OscInput:
    """Takes OSC on host:port, and hands what it asks for to `emit`, which returns False where there is no room for more."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        allow: Sequence[str] = (),
        wearables: Iterable[str] = (),
        rate: float = RATE,
        together: float = TOGETHER,
        emit: Callable[[ControlEvent], bool],
        now: Callable[[], float],
        names: Callable[[], Vocabulary],
        routes: Routes = DICTIONARY,
    ) -> None:
        """`allow` holds addresses and networks ("10.0.0.0/24"), `wearables` the ip or ip:port of those that the venue names;
        `rate` are the messages a second that one sender may send, `together` all of them. `now` is show time (s). Raises
        ValueError for a bad network."""
        self.host, self.port = host, port
        self.senders = Senders(allow, wearables=wearables, rate=rate, together=together, now=now())
        self._now, self.lines = now, Lines(now)
        self.router = Router(self.senders, self.lines, emit=emit, names=names, send=self.send, routes=routes)
        self._socket: socket.socket | None = None
        self._since = now()
        self._rest: deque[tuple[Message, Sender, Peer]] = deque()  # messages of the packet that is looked at
        self._end = math.inf  # s, when this turn is over
        self._soon = False  # the next turn is due without anything to read
        self._draining = False
        self._broken: asyncio.Future[None] | None = None  # what ends run()
        self._ways: dict[Peer, Callable[[bytes], bool]] = {}  # to those who are connected in another way
        self._hindered = ""  # why it does not listen
        self._counts = dict.fromkeys(("received", "dropped_malformed", "unsent"), 0)

    def open(self) -> None:
        """Take the port. Raises DeviceError where that cannot be; `run` does it by itself where it was not done."""
        try:
            self._open()
        except DeviceError as error:
            self._hindered = str(error)
            raise

    def _open(self) -> None:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
            family, kind, protocol, _, address = min(found, key=lambda one: one[0])  # IPv4 before IPv6
            opened = socket.socket(family, kind, protocol)
        except OSError as error:
            raise DeviceError(
                f"OSC cannot listen on {self.host}:{self.port}: {error.strerror}; check the host in --osc"
            ) from error
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            opened.bind(address)
        except OSError as error:
            opened.close()
            raise DeviceError(_cannot_bind(self.host, self.port, error)) from error
        self._socket, self.port, self._hindered = opened, opened.getsockname()[1], ""
        self.senders.local = ipaddress.ip_address(opened.getsockname()[0]).is_loopback
        self._since = self._now()

    @property
    def ip(self) -> str | None:
        """The address that it listens on; None while it does not."""
        return None if self._socket is None else str(self._socket.getsockname()[0])

    def close(self) -> None:
        """Give the port back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._rest.clear()
            self.router.clear()
            self._soon = False

    async def run(self) -> None:
        """Listen until cancelled. Raises DeviceError where the port cannot be had."""
        if self._socket is None:
            self.open()
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        self._broken = broken = loop.create_future()
        loop.add_reader(self._socket, self._wake, self._socket, broken)
        try:
            await broken
        finally:
            loop.remove_reader(self._socket)
            self.close()

    def send(self, packet: bytes, to: Peer) -> bool:
        """A packet from our own port; False where it cannot leave now. Never to ourselves: our answers are no commands."""
        if to[1] >= ELSEWHERE:
            way = self._ways.get(to)
            return way is not None and way(packet)
        if self._socket is None or (to[1] == self.port and _is_ours(to[0])):
            return False
        try:
            self._socket.sendto(packet, to)
        except OSError:  # nobody there, no way there, or no room: whoever asks again is told again
            self._counts["unsent"] += 1
            return False
        return True

    # --- who is connected in another way ---------------------------------------------------------------------------

    def admit(self, peer: Peer, like: str) -> Verdict | None:
        """Somebody asks who is `like` this: None where he may command, else why not, told and counted as of packets."""
        sender = self.senders.admit(peer[0], self._now())
        if isinstance(sender, Verdict):
            self._turn_away(like, peer[0], sender, self._now())
            return sender
        if sender.commands(peer[1]):
            return None
        self.router.counts["refused_wearable"] += 1
        self.lines.tell(peer[0], f"a wearable may not command: it {like}; allow its very address if it may")
        return Verdict.STRANGER

    def connect(self, peer: Peer, way: Callable[[bytes], bool]) -> None:
        """Answers to `peer`, whose port is ELSEWHERE or above, go this way."""
        self._ways[peer] = way

    def disconnect(self, peer: Peer) -> None:
        """No more."""
        self._ways.pop(peer, None)

    def accept(self, data: bytes, peer: Peer) -> bool:
        """A packet of somebody who is connected, treated like one from the port; False while that is not open."""
        source, broken = self._socket, self._broken
        if source is None or broken is None:
            return False
        self._end = self._now() + BATCH_S
        self.take(data, peer)
        self._go_on(source, broken)
        return True

    def health(self) -> Health:
        """How the intake is; the counters are since the start of the daemon."""
        counters = {**self._counts, **self.router.counts, "refused_sender": self.senders.refused, "cut_off": self.senders.cut_off}
        if self._socket is None:
            state, detail = State.STARTING, f"not listening on {self.host}:{self.port}"
            if self._hindered:
                state, detail = State.DEGRADED, self._hindered
            return Health("osc", state, detail, self._since, _pairs(counters))
        with suppress(OSError):  # a kernel that does not count them
            memory = struct.unpack("9I", self._socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))
            counters["lost_by_kernel"] = memory[MEMINFO_DROPS]
        detail = f"listens on {self.host}:{self.port}" + standing(self.views(), self.senders.rate)
        return Health("osc", State.RUNNING, detail, self._since, _pairs(counters))

    def views(self) -> tuple[SenderView, ...]:
        """Everybody who is remembered, those in quarantine first."""
        return self.senders.views(self._now())

    # --- packets ---------------------------------------------------------------------------------------------------

    def _wake(self, source: socket.socket, broken: asyncio.Future[None], soon: bool = False) -> None:
        """There is something to read; or, `soon`, the rest of a packet is to be done."""
        if (self._soon and not soon) or self._socket is not source:
            return
        self._soon = False
        try:
            self._drain(source)
        except Exception as error:  # our mistake: it ends run(), rather than the loop logging it for each packet
            if not broken.done():
                broken.set_exception(error)
            return
        self._go_on(source, broken)

    def _go_on(self, source: socket.socket, broken: asyncio.Future[None]) -> None:
        """What is left of a packet is done in another turn."""
        if self._rest and not self._soon:
            self._soon = True
            asyncio.get_running_loop().call_soon(self._wake, source, broken, True)

    def _drain(self, source: socket.socket) -> None:
        self._end, self._draining = self._now() + BATCH_S, True
        try:
            self._read(source)
        finally:
            self._draining = False
        self.router.move_faders()

    def _read(self, source: socket.socket) -> None:
        self._work()
        for _ in range(BATCH):
            if self._rest or self._now() > self._end:
                return
            try:
                data, peer = source.recvfrom(LARGEST)
            except BlockingIOError:
                return
            except OSError as error:  # an interface that went away; the socket itself stays good
                self.lines.tell(self.host, f"the network says: {error.strerror}")
                return
            self.take(data, peer[:2])

    def take(self, data: bytes, peer: Peer) -> None:
        """One packet from `peer`: what it asks for is done, all else counted."""
        host, now = peer[0], self._now()
        self._counts["received"] += 1
        sender = self.senders.admit(host, now)
        if isinstance(sender, Verdict):
            self._turn_away(data, host, sender, now)
            return
        try:
            messages = decode(data)
        except WireError as error:
            self._counts["dropped_malformed"] += 1
            self.lines.tell(host, f"not OSC: {error}")
            return
        self.senders.more(sender, len(messages))
        self.router.begin()
        if len(messages) == 1:
            self.router.route(messages[0], sender, peer, now)
        else:
            self._rest.extend((message, sender, peer) for message in messages)
            self._work()
        if not self._draining:
            self.router.move_faders()

    def _work(self) -> None:
        """Do what has been read, as long as this turn lasts: in a large show one message by hand may take a while."""
        while self._rest:
            message, sender, peer = self._rest.popleft()
            self.router.route(message, sender, peer, self._now())
            if self._rest and self._now() > self._end:
                return

    def _turn_away(self, what: bytes | str, host: str, why: Verdict, now: float) -> None:
        """Count, and say who it looks like: by his packet, or as it is known."""
        if why is Verdict.CUT_OFF:
            self.lines.tell(host, f"more than {self.senders.rate:g} messages a second")
            return
        stranger = self.senders.stranger(host, now)
        if stranger is not None:
            stranger.like = what if isinstance(what, str) else self._like(what) or stranger.like or "does not send OSC"
        self.lines.tell(host, "this sender is not allowed; allow it in the venue file if it is yours")

    def _like(self, data: bytes) -> str:
        """What sends such a packet; empty for what is no OSC."""
        try:
            messages = decode(data)
        except WireError:
            return ""
        return self.router.looks.like(messages[0]) if messages else ""


@lru_cache(maxsize=64)
def _is_ours(host: str) -> bool:
    """Is this an address of this machine?"""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
    return True


def _pairs(counters: dict[str, int]) -> tuple[tuple[str, float], ...]:
    return tuple((name, float(count)) for name, count in counters.items())


def _cannot_bind(host: str, port: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        cure = "ports below 1024 need root: choose a higher one with --osc HOST:PORT"
    elif error.errno == errno.EADDRINUSE:
        cure = "another program has it: end that one or choose another with --osc HOST:PORT"
    else:
        cure = "choose an address of this machine with --osc HOST:PORT"
    return f"OSC cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}; {cure}"
