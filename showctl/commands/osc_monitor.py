"""`showctl osc monitor`: what arrives by OSC, live, and how much of it each sender sends.

A port of its own: where the show runs already, its page says who sends to it, and the port here is another one. The same address
of the same sender is shown twice a second at most, with how often it comes, so that a glove at 100 Hz can be read; --all shows
every message. What is not OSC is shown with the reason. Nothing is answered and nothing is done.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import math
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from showctl.wire.osc import Message, Value

DONE, NOTHING, WRONG_USE, MISSING = 0, 1, 2, 69
LARGEST = 65535
SHOWN_EVERY_S = 0.5
MOST_SENDERS, MOST_ADDRESSES = 64, 256  # that are remembered; of each
LONGEST = 200  # characters of a line


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--listen", default="127.0.0.1:8000", metavar="HOST:PORT", help="where to listen (%(default)s)")
    parser.add_argument("--allow", action="append", default=[], metavar="NETWORK", help="beyond this machine: who may send")
    parser.add_argument("--seconds", type=float, metavar="S", help="how long (default: until Ctrl-C)")
    parser.add_argument("--all", action="store_true", help="every message, not each address twice a second")
    parser.add_argument("--json", action="store_true", help="one JSON object a message, and one a sender at the end")


def run(args: argparse.Namespace) -> int:
    """Listen and print; 0, 1 where nothing came, 2 for wrong use, 69 where the port cannot be had."""
    from showctl.address import is_loopback

    host, _, port = args.listen.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    try:
        networks = [ipaddress.ip_network(one, strict=False) for one in args.allow]
    except ValueError as error:
        return _wrong(f"--allow: {error}")
    if not port.isdecimal() or int(port) > 65535:
        return _wrong(f"--listen {args.listen}: write HOST:PORT, like 127.0.0.1:8000")
    if not is_loopback(host) and not networks:
        return _wrong(f"--listen {host} can be reached by others: say with --allow NETWORK who may send, as --allow 10.0.0.0/24")
    try:
        opened = _open(host, int(port))
    except OSError as error:
        text = f"{host}:{port}: {error.strerror or error}; a show that runs has its own port: see its page, or listen on another"
        print(f"showctl osc monitor: cannot listen on {text}", file=sys.stderr)
        return MISSING
    monitor = Monitor(networks, every=0.0 if args.all else SHOWN_EVERY_S, as_json=args.json)
    with opened:
        print("listens on {}:{}; end with Ctrl-C".format(*opened.getsockname()[:2]), file=sys.stderr)
        try:
            _listen(opened, monitor, args.seconds)
        except KeyboardInterrupt:
            print(file=sys.stderr)
    return monitor.end()


@dataclass(slots=True)
class Source:
    """Somebody who sends. `shown` are his addresses: when each was shown last, and how many came since."""

    name: str
    first: float  # s
    last: float = 0.0
    messages: int = 0
    malformed: int = 0
    shown: dict[str, tuple[float, int]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Messages a second."""
        return (self.messages - 1) / (self.last - self.first) if self.messages > 1 and self.last > self.first else 0.0


class Monitor:
    """Prints what it is handed, and counts it by its sender."""

    def __init__(self, networks: list[Any], every: float, as_json: bool) -> None:
        self._networks, self._every, self._json = networks, every, as_json
        self.sources: dict[str, Source] = {}
        self.others = 0  # packets of more senders than are remembered, or of who is not allowed

    def take(self, data: bytes, host: str, port: int, now: float) -> None:
        """One packet."""
        from showctl.model import WireError
        from showctl.wire.osc import decode

        name = f"{host}:{port}"
        source = self.sources.get(name)
        if source is None:
            address = ipaddress.ip_address(host.partition("%")[0])
            allowed = address.is_loopback or any(address in network for network in self._networks)
            if not allowed or len(self.sources) >= MOST_SENDERS:
                self.others += 1
                return
            source = self.sources[name] = Source(name, now)
        source.last = now
        try:
            messages = decode(data)
        except WireError as error:
            source.malformed += 1
            if (count := self._due(source, "", now)) is not None:
                self._tell({"source": name, "bytes": len(data), "error": str(error)}, f"not OSC: {error}", count)
            return
        for one in messages:
            source.messages += 1
            if (count := self._due(source, one.address, now)) is not None:
                self._tell(_object(name, one), f"{one.address} {' '.join(map(_word, one.arguments))}", count)

    def end(self) -> int:
        """Tell the senders; -> the exit code."""
        for one in self.sources.values():
            if self._json:
                print(
                    json.dumps(
                        {"source": one.name, "messages": one.messages, "rate_hz": round(one.rate, 2), "malformed": one.malformed}
                    )
                )
            else:
                bad = f", {one.malformed} packets that are not OSC" if one.malformed else ""
                print(f"{one.name}: {one.messages} messages, {one.rate:.1f} a second{bad}")
        if self.others:
            print(f"and {self.others} packets of others: allow them with --allow, if they are yours", file=sys.stderr)
        if not self.sources:
            print("nothing came: is it sent to this machine and this port?", file=sys.stderr)
        return DONE if self.sources else NOTHING

    def _due(self, source: Source, address: str, now: float) -> int | None:
        """How many came of this address since it was shown, if it is to be shown now."""
        if address not in source.shown and len(source.shown) >= MOST_ADDRESSES:
            return None
        last, count = source.shown.get(address, (-math.inf, 0))
        if now - last < self._every:
            source.shown[address] = (last, count + 1)
            return None
        source.shown[address] = (now, 0)
        return count + 1

    def _tell(self, told: dict[str, Any], words: str, count: int) -> None:
        if self._json:
            print(json.dumps(told | ({"count": count} if count > 1 else {})), flush=True)
        else:
            more = f"  ({count} messages)" if count > 1 else ""
            print(f"{told['source']:<22} {words[:LONGEST]}{more}", flush=True)


def _object(name: str, one: Message) -> dict[str, Any]:
    values = [_plain(value) for value in one.arguments]
    return {"source": name, "address": one.address, "tags": one.tags, "arguments": values}


def _plain(value: Value) -> Any:
    """An argument as JSON has it: bytes in hexadecimal digits, what is no number as a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


def _word(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else ascii(value)[:LONGEST]


def _wrong(text: str) -> int:
    print(f"showctl osc monitor: {text}", file=sys.stderr)
    return WRONG_USE


def _open(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = min(found, key=lambda one: one[0])  # IPv4 before IPv6
    opened = socket.socket(family, kind, protocol)
    try:
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


def _listen(opened: socket.socket, monitor: Monitor, seconds: float | None) -> None:
    end = time.monotonic() + (math.inf if seconds is None else seconds)
    while (left := end - time.monotonic()) > 0:
        opened.settimeout(min(left, 3600.0))
        try:
            data, peer = opened.recvfrom(LARGEST)
        except TimeoutError:
            continue
        monitor.take(data, peer[0], peer[1], time.monotonic())
