"""`showctl gesture learn`: shows what wearables send to this machine, says which it are, and proposes a profile for others.

Listens on loopback unless `--host` says otherwise; beyond loopback only to networks that are `--allow`ed, and names those that
knock. It takes the port for itself: a daemon that runs has it already, so give the device another port meanwhile.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import math
import os
import socket
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from showctl.address import is_loopback

if TYPE_CHECKING:
    from showctl.wire.wearable.learn import Heard, Learner, Source

MISSING, WRONG = 69, 2
PORT = 8000
LARGEST = 65535
SHOW_S = 1.0  # between two pictures of what comes
MOST_TOLD = 32  # senders that are not allowed, or do not speak OSC
MOST_SHOWN = 12  # addresses of a sender, on the screen


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    port_arguments(parser)
    parser.add_argument("--seconds", type=float, metavar="S", help="listen for so long; otherwise until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="one JSON object a sender, at the end")


def port_arguments(parser: argparse.ArgumentParser) -> None:
    """What a command takes that listens to devices by itself."""
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"UDP port that devices send to ({PORT})")
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="listen here; 0.0.0.0 is every network (127.0.0.1)"
    )
    parser.add_argument(
        "--allow", action="append", default=[], metavar="NETWORK", help="who may send: 10.0.0.0/24; may be repeated"
    )


def run(args: argparse.Namespace) -> int:
    """Listen and say it; 0, 1 where nothing came, 2 for wrong use, 69 where the port cannot be had."""
    if args.seconds is not None and not 0 < args.seconds <= 86400:
        return wrong("learn", "--seconds is above 0 and at most 86400")
    opened = listener(args, "learn")
    if isinstance(opened, int):
        return opened
    allowed = [ipaddress.ip_network(one, strict=False) for one in args.allow]
    from showctl.wire.wearable.learn import Learner

    ear = Ear(Learner(), allowed)
    with opened:
        host, port = opened.getsockname()[:2]
        print(f"listens on {host}:{port}; move the device, turn it about each axis, and end with Ctrl-C", file=sys.stderr)
        try:
            _listen(opened, ear, args.seconds)
        except KeyboardInterrupt:
            print(file=sys.stderr)
    for name, count in ear.knocking.items():
        print(f"{name} sends, too ({count} packets): allow it with --allow {name}, if it is yours", file=sys.stderr)
    for name, count in ear.garbled.items():
        print(f"{name} sends what is not OSC ({count} packets): is the device set to OSC?", file=sys.stderr)
    return _tell(ear.learner, args.json)


def listener(args: argparse.Namespace, command: str) -> socket.socket | int:
    """The port that devices send to; an exit code where it cannot be had, which has been said: 2 for wrong use, 69."""
    try:
        allowed = [ipaddress.ip_network(one, strict=False) for one in args.allow]
    except ValueError as error:
        return wrong(command, f"--allow: {error}; write an address or a network, as in 10.0.0.0/24")
    if not 0 <= args.port <= LARGEST:
        return wrong(command, f"--port is 0 to {LARGEST}")
    if not is_loopback(args.host) and not allowed:
        return wrong(
            command,
            f"--host {args.host} can be reached by others: say with --allow NETWORK who may send, as in --allow 10.0.0.0/24",
        )
    try:
        return _open(args.host, args.port)
    except OSError as error:
        text = error.strerror or str(error)
        print(
            f"showctl gesture {command}: cannot listen on {args.host}:{args.port}: {text}; choose another --port", file=sys.stderr
        )
        return MISSING


class Ear:
    """Who may send, what is learned of them, and who else did."""

    def __init__(self, learner: Learner, allowed: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> None:
        self.learner, self._allowed = learner, allowed
        self.knocking, self.garbled = Counter[str](), Counter[str]()  # packets

    def hear(self, data: bytes, host: str, port: int, now: float) -> None:
        """One packet from host:port, at `now` (s)."""
        from showctl.model import WireError
        from showctl.wire.osc import decode
        from showctl.wire.places import joined

        address = ipaddress.ip_address(host.partition("%")[0])
        if not address.is_loopback and not any(address in network for network in self._allowed):
            _count(self.knocking, host)
            return
        try:
            messages = decode(data)
        except WireError:
            _count(self.garbled, joined(host, port))
            return
        for message in messages:
            self.learner.take(message, joined(host, port), now)


def _count(counts: Counter[str], name: str) -> None:
    if name in counts or len(counts) < MOST_TOLD:
        counts[name] += 1


def wrong(command: str, text: str) -> int:
    """Say what is wrong with the use of a command, and its exit code."""
    print(f"showctl gesture {command}: {text}", file=sys.stderr)
    return WRONG


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


def _listen(opened: socket.socket, ear: Ear, seconds: float | None) -> None:
    begin = shown = time.monotonic()
    while (now := time.monotonic()) < begin + (seconds or math.inf):
        opened.settimeout(min(SHOW_S, begin + (seconds or math.inf) - now))
        try:
            data, peer = opened.recvfrom(LARGEST)
        except TimeoutError:
            pass
        else:
            ear.hear(data, peer[0], peer[1], time.monotonic())
        if sys.stderr.isatty() and now > shown + SHOW_S:
            shown = now
            _draw(ear.learner)


def _draw(learner: Learner) -> None:
    """What comes, in place of what was shown before."""
    rows = [row for source in learner.sources.values() for row in shown(source, MOST_SHOWN)]
    height = os.get_terminal_size(sys.stderr.fileno()).lines - 2
    print("\x1b[2J\x1b[H" + "\n".join(rows[:height]), file=sys.stderr, flush=True)


def shown(source: Source, most: int = 1000) -> list[str]:
    """A sender and its addresses: how often, how many arguments, from where to where."""
    rows = [f"{source.name}  {', '.join(sorted(source.devices)) or 'of no known device'}"]
    for heard in list(source.heard.values())[:most]:
        spans = "  ".join(f"{low:g}..{high:g}" for low, high in zip(heard.least, heard.most, strict=True))
        tags = f"{len(heard.tags)} numbers" if set(heard.tags) <= {"n"} else repr(heard.tags)
        rows.append(f"  {heard.address:<32} {heard.rate:6.1f} Hz  {tags:<11} {spans}")
    missing = source.more + max(0, len(source.heard) - most)
    return rows + ([f"  and more addresses ({missing})"] if missing else [])


def _tell(learner: Learner, as_json: bool) -> int:
    from showctl.wire.wearable.learn import as_profile, guesses

    if not learner.sources:
        print("nothing came: is the device sending to this machine and this port, and is --host its network?", file=sys.stderr)
        return 1
    for source in learner.sources.values():
        unknown, doubts = learner.unknown(source), learner.doubts(source)
        found = guesses(unknown + [heard for heard, _ in doubts])
        proposal = as_profile("my-device", source, found) if found else None
        if as_json:
            print(json.dumps(_object(source, unknown, [text for _, text in doubts], proposal)))
            continue
        print("\n".join(shown(source)))
        for device in sorted(source.devices):
            print(f"  is {device}: its profile is shipped, see `showctl gesture devices {_profile(device)}`")
        for _, text in doubts:
            print(f"  but {text}")
        if proposal is not None:
            print("  a profile for what is not known; look at what stands behind each #, and give it a name:\n")
            print(proposal + "\n")
        elif unknown:
            print("  nothing can be said of the rest: is it motion? Then move it for longer")
    if learner.more:
        print(f"and {learner.more} messages of more senders than can be watched", file=sys.stderr)
    return 0


def _profile(device: str) -> str:
    return device.partition("@")[0].partition("/")[0]


def _object(source: Source, unknown: list[Heard], doubts: list[str], proposal: str | None) -> dict[str, object]:
    return {
        "source": source.name,
        "devices": sorted(source.devices),
        "addresses": [
            {
                "address": heard.address,
                "count": heard.count,
                "rate_hz": round(heard.rate, 2),
                "arguments": heard.tags,
                "least": heard.least,
                "most": heard.most,
                "timed": heard.timed,
                "known": heard not in unknown,
            }
            for heard in source.heard.values()
        ],
        "doubts": doubts,
        "profile": proposal,
    }
