"""OSC from the network: a UDP socket that the event loop drains, and the dictionary of `wire.osc_dictionary`.

Drained rather than read once a wake-up: asyncio's own one datagram a wake-up costs about 20 us each. A wake-up takes at most
BATCH packets or BATCH_S seconds, then everything else has its turn; what waits stays in the kernel's buffer, which is bounded,
and what the kernel drops is counted too. Nothing that arrives is answered, and nothing raises out of here but our own mistakes.

Who may send: the networks of `allow`; this machine itself where the socket is bound to loopback. Everybody else is counted
and shown in the health of the part, so that a technician sees at once which address to allow. UDP senders can be forged on a
network that strangers reach; an allow-list is for a show network of its own.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import os
import socket
import struct
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache

from showctl.model import ControlEvent, DeviceError, Health, State, WireError
from showctl.wire.osc import Message, decode
from showctl.wire.osc_dictionary import Refusal, Vocabulary, control

log = logging.getLogger("showctl.osc")

BATCH, BATCH_S = 100, 0.001  # at most so many packets, and so long, in one wake-up of the loop
BUFFER = 4 << 20  # bytes asked of the kernel; what net.core.rmem_max allows is given
LARGEST = 65535  # bytes of a UDP packet
LOG_EVERY_S, LOG_SENDERS = 60.0, 32  # one line a sender, and so many senders remembered
REFUSED_SHOWN = 8  # senders that were not allowed, the latest
SO_MEMINFO, MEMINFO_DROPS = 55, 8  # linux/sock_diag.h: nine counters of a socket, the last is what it dropped


class OscInput:
    """Takes OSC on host:port, and hands what it asks for to `emit`, which returns False where there is no room for more."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        allow: Sequence[str] = (),
        emit: Callable[[ControlEvent], bool],
        now: Callable[[], float],
        names: Callable[[], Vocabulary],
        eos: Callable[[Message, str], None] | None = None,
    ) -> None:
        """`allow` holds addresses and networks ("10.0.0.0/24"), `now` is show time (s); `eos` takes messages in the dialect of
        Eos consoles, and who sent them. Raises ValueError for a bad network."""
        self.host, self.port = host, port
        self._allow = [ipaddress.ip_network(one, strict=False) for one in allow]
        self._emit, self._now, self._names, self._eos = emit, now, names, eos
        self._socket: socket.socket | None = None
        self._local = False  # bound to loopback
        self._since = now()
        self._sources: Callable[[str], str | None] = lru_cache(maxsize=1024)(self._judge)
        self._logged: dict[str, tuple[float, int]] = {}  # sender -> time of its last line, packets held back since
        self._refused: OrderedDict[str, int] = OrderedDict()  # sender -> packets
        self._counts = dict.fromkeys(("received", "fired", "released", "dropped_malformed"), 0)
        self._counts |= {_counter(refusal): 0 for refusal in Refusal}
        self._counts |= {"refused_sender": 0, "refused_full": 0}

    def open(self) -> None:
        """Take the port. Raises DeviceError where that cannot be; `run` does it by itself where it was not done."""
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
        self._socket, self.port = opened, opened.getsockname()[1]
        self._local = ipaddress.ip_address(opened.getsockname()[0]).is_loopback
        self._since = self._now()

    def close(self) -> None:
        """Give the port back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def run(self) -> None:
        """Listen until cancelled. Raises DeviceError where the port cannot be had."""
        if self._socket is None:
            self.open()
        assert self._socket is not None
        loop, broken = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
        loop.add_reader(self._socket, self._wake, self._socket, broken)
        try:
            await broken
        finally:
            loop.remove_reader(self._socket)
            self.close()

    def health(self) -> Health:
        """How the intake is; the counters are since the start of the daemon."""
        counters = dict(self._counts)
        if self._socket is None:
            return Health("osc", State.STARTING, f"not listening on {self.host}:{self.port}", self._since, _pairs(counters))
        with suppress(OSError):  # a kernel that does not count them
            memory = struct.unpack("9I", self._socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))
            counters["lost_by_kernel"] = memory[MEMINFO_DROPS]
        detail = f"listens on {self.host}:{self.port}"
        if self._refused:
            senders = ", ".join(f"{host} ({count} packets)" for host, count in reversed(self._refused.items()))
            detail += f"; not allowed: {senders}; allow them in the venue file if they are yours"
        return Health("osc", State.RUNNING, detail, self._since, _pairs(counters))

    # --- packets ---------------------------------------------------------------------------------------------------

    def _wake(self, source: socket.socket, broken: asyncio.Future[None]) -> None:
        try:
            self._drain(source)
        except Exception as error:  # our mistake: it ends run(), rather than the loop logging it for each packet
            if not broken.done():
                broken.set_exception(error)

    def _drain(self, source: socket.socket) -> None:
        end = self._now() + BATCH_S
        for _ in range(BATCH):
            try:
                data, peer = source.recvfrom(LARGEST)
            except BlockingIOError:
                return
            except OSError as error:  # an interface that went away; the socket itself stays good
                self._tell(self.host, f"the network says: {error.strerror}")
                return
            self.take(data, peer[0])
            if self._now() > end:
                return

    def take(self, data: bytes, host: str) -> None:
        """One packet from `host`: what it asks for is emitted, all else counted."""
        self._counts["received"] += 1
        source = self._sources(host)
        if source is None:
            self._refuse(host)
            return
        try:
            messages = decode(data)
        except WireError as error:
            self._counts["dropped_malformed"] += 1
            self._tell(host, f"not OSC: {error}")
            return
        for message in messages:
            self._act(message, source, host)

    def _act(self, message: Message, source: str, host: str) -> None:
        if self._eos is not None and message.address.startswith("/eos/"):
            self._eos(message, source)
            return
        asked = control(message, self._now(), source, self._names())
        if isinstance(asked, Refusal):
            self._counts[_counter(asked)] += 1
            said = "".join(f" {one[:80]!r}" for one in message.arguments[:1] if isinstance(one, str))
            self._tell(host, f"{asked.value}: {message.address[:80]!r}{said}")
        elif asked is None:
            self._counts["released"] += 1
        elif self._emit(asked):
            self._counts["fired"] += 1
        else:
            self._counts["refused_full"] += 1
            self._tell(host, f"more commands than the show can take: {message.address[:80]!r} was left out")

    # --- who sends -------------------------------------------------------------------------------------------------

    def _judge(self, host: str) -> str | None:
        """The name of an allowed sender as events carry it, None for another."""
        address = ipaddress.ip_address(host.partition("%")[0])  # a link-local IPv6 address names its interface
        if (self._local and address.is_loopback) or any(address in network for network in self._allow):
            return f"osc:{host}"
        return None

    def _refuse(self, host: str) -> None:
        self._counts["refused_sender"] += 1
        self._refused[host] = self._refused.pop(host, 0) + 1
        if len(self._refused) > REFUSED_SHOWN:
            self._refused.popitem(last=False)
        self._tell(host, "this sender is not allowed; allow it in the venue file if it is yours")

    def _tell(self, host: str, what: str) -> None:
        """Log, at most one line a sender in LOG_EVERY_S; more senders than can be remembered are counted only."""
        now = self._now()
        if host in self._logged:
            last, held = self._logged[host]
            if now - last < LOG_EVERY_S:
                self._logged[host] = (last, held + 1)
                return
            more = f" ({held} more packets dropped since)" if held else ""
        else:
            if len(self._logged) >= LOG_SENDERS:
                self._logged = {h: seen for h, seen in self._logged.items() if now - seen[0] < LOG_EVERY_S}
            if len(self._logged) >= LOG_SENDERS:
                return
            more = ""
        self._logged[host] = (now, 0)
        log.warning("OSC from %s dropped: %s%s", host, what, more)


@lru_cache(maxsize=len(Refusal))
def _counter(refusal: Refusal) -> str:
    return "dropped_" + refusal.value.replace(" ", "_")


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
