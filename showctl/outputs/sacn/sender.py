"""The socket that packets leave by, for a network that comes and goes.

Every OSError is an answer, not a fault: it is counted by its errno, said at most once a minute, and the packet is given up;
the next frame tries again. Where an interface was asked for and multicast does not leave by it, the socket is opened anew a
few times a second, so that an interface that comes back under the same name, with another index, is found; multicast leaves
by the interface that was asked for or not at all, never by whichever the default route happens to name.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import sys
import time
from typing import Any

from showctl.outputs.sacn.frames import Patch
from showctl.wire.e131 import PORT

REOPEN_NS = 250_000_000
MINUTE_NS = 60_000_000_000
SEND_BUFFER = 1 << 20  # bytes; the kernel gives what it allows


class Log:
    """At most one line a minute and cause, on standard error; how many were held back is said with the next."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[int, int]] = {}

    def __call__(self, cause: str, text: str) -> None:
        now = time.monotonic_ns()
        when, held = self._said.get(cause, (now - MINUTE_NS, 0))
        if now - when < MINUTE_NS:
            self._said[cause] = when, held + 1
            return
        self._said[cause] = now, 0
        with contextlib.suppress(OSError):  # nobody reads the log any more: the light goes on
            print(f"sacn: {text}" + (f" ({held} more in the last minute)" if held else ""), file=sys.stderr, flush=True)


def is_address(text: str) -> bool:
    """Whether this is an IPv4 address rather than the name of an interface."""
    try:
        socket.inet_pton(socket.AF_INET, text)
    except OSError:
        return False
    return True


class Sender:
    """One UDP socket and what went wrong with it; the counts go to the shared file."""

    def __init__(self, file: Any, log: Log) -> None:
        self._file, self._log = file, log  # the record of frames.Frames
        self._interface, self._ttl = "", 8
        self._socket: socket.socket | None = None
        self._multicast = False  # the interface is set: multicast may leave
        self._opened = 0
        self._broken = False  # to be opened anew

    def configure(self, patch: Patch) -> None:
        """Take interface and TTL; the socket stays if neither changed."""
        if self._socket is None or (self._interface, self._ttl) != (patch.interface, patch.ttl):
            self._interface, self._ttl = patch.interface, patch.ttl
            self._open()

    def mend(self, now: int) -> None:
        """Once a frame: open the socket anew if it needs that, from time to time."""
        if self._broken and now - self._opened >= REOPEN_NS:
            self._open()

    def send(self, packet: bytes | memoryview, address: str) -> bool:
        """False if it did not leave. Never raises."""
        multicast = address.startswith("239.")
        if self._socket is None or (multicast and not self._multicast):
            return False
        try:
            self._socket.sendto(packet, (address, PORT))
        except OSError as error:
            self._broken |= multicast and bool(self._interface)
            self._error(error, address)
            return False
        return True

    def close(self) -> None:
        """Give the socket back."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def _open(self) -> None:
        self.close()
        self._opened, self._multicast, self._broken = time.monotonic_ns(), False, True
        try:
            new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        except OSError as error:
            self._error(error, "")
            return
        self._socket = new
        new.setblocking(False)
        new.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        try:
            new.bind(("", 0))  # never 5568: that would take unicast away from a receiver on this machine
            new.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, self._ttl)
            new.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            if self._interface:
                new.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, self._request())
            self._multicast, self._broken = True, False
        except OSError as error:
            self._error(error, self._interface)

    def _request(self) -> bytes:
        """IP_MULTICAST_IF for an address (in_addr) or a name (ip_mreqn: group, address, index)."""
        if is_address(self._interface):
            return socket.inet_aton(self._interface)
        try:
            index = socket.if_nametoindex(self._interface)
        except OSError as error:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from error
        return struct.pack("=4s4si", bytes(4), bytes(4), index)

    def _error(self, error: OSError, to: str) -> None:
        number = error.errno or errno.EIO
        file = self._file
        file["errors"][min(number, 255)] += 1
        file["error_at"], file["error_number"], file["error_to"] = time.monotonic_ns(), number, to.encode()[:16]
        self._log(errno.errorcode.get(number, str(number)), explain(number, to))


def explain(number: int, to: str) -> str:
    """An errno of the network, for somebody who stands beside the rack."""
    words = {
        errno.ENETUNREACH: f"no route to {to}: is the cable in, has the interface an address? ip route",
        errno.EHOSTUNREACH: f"{to} cannot be reached: is it switched on and in this network? ip neigh",
        errno.ENETDOWN: f"the network interface towards {to} is down: ip link",
        errno.ENODEV: f"the network interface {to} is not there: ip link",
        errno.EADDRNOTAVAIL: f"no network interface has the address {to}: ip address",
        errno.EPERM: f"a firewall of this machine forbids packets to {to}, port {PORT}: nft list ruleset",
        errno.EACCES: f"{to} is a broadcast address, which sACN never uses: give the receiver's own address",
        errno.EAGAIN: "the network interface takes packets more slowly than they come: ip -s link",
        errno.ENOBUFS: "the network interface takes packets more slowly than they come: ip -s link",
        errno.EINVAL: f"packets to {to} are refused by the kernel: is this the receiver's address? ip route get {to}",
    }
    return words.get(number, f"sending to {to}: {os.strerror(number)}")
