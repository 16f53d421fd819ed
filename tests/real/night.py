"""A night in a network of its own: the daemon as people start it, its wire, its page, and whatever it left behind.

What is on the wire is read by a packet socket, with the kernel's time of each packet, so that no receiver of ours is part of
what is tested. A thread of the test enters a network namespace for the moment in which it makes a socket; the socket stays.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pythonosc.osc_message_builder import OscMessageBuilder

from showctl.model import WireError
from showctl.wire import e131
from showctl.wire.e131 import DataPacket
from tests.real.conftest import Namespace, Process, process, until

ROOT = Path(__file__).resolve().parents[2]
SHOWCTL = [sys.executable, "-m", "showctl"]
PAGE, OSC = 8080, 8000  # in a network of one's own every port is free
LONGEST = 15.0  # s, what any event is waited for

VENUE = """\
showctl: 1
kind: venue
name: Hall
universes:
  1: {to: 127.0.0.1, priority: 120}
  2: {to: 127.0.0.1}
fixtures:
  lamp: {type: generic/dimmer, at: [1/1, 1/2]}
  door: {type: generic/dimmer, at: 2/512, exempt: true} # beyond master and blackout
groups: {lamps: [lamp], doors: [door]}
looks: {start: {doors: {intensity: 10%}}}
"""

SHOW = """\
showctl: 1
kind: show
name: Night
submasters: {extra: {group: lamps}}
cues:
  - {cue: 1, set: {lamps: {intensity: 20%}, doors: {intensity: full}}, in: 0s}
  - {cue: 2, set: {lamps: {intensity: 80%}}, in: 0s}
  - {cue: 3, set: {lamps: {intensity: full}}, in: 0s}
"""

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SO_TIMESTAMPNS, PACKET_OUTGOING, ETH_P_IP = 35, 4, 0x0800


@contextmanager
def inside(net: Namespace) -> Iterator[None]:
    """Sockets that this thread makes meanwhile belong to that network, for good."""
    with Path("/proc/thread-self/ns/net").open() as home, Path(f"/run/netns/{net.name}").open() as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(network: int) -> None:
    if _libc.setns(network, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Wire:
    """Every E1.31 data packet that comes in by an interface: (Unix time ns, packet), in order."""

    def __init__(self, net: Namespace, interface: str = "lo") -> None:
        with inside(net):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
            self._socket.setsockopt(socket.SOL_SOCKET, 33, 4 << 20)  # SO_RCVBUFFORCE: none may be lost
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            self._socket.bind((interface, ETH_P_IP))
        self._socket.settimeout(0.1)
        self.packets: list[tuple[int, DataPacket]] = []
        self.bytes: list[bytes] = []  # the same packets with their IP and UDP headers
        self.malformed: list[str] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._ending.is_set():
            with suppress(TimeoutError):
                self._take(*self._socket.recvmsg(2048, 128))

    def _take(self, data: bytes, extra: list[tuple[int, int, bytes]], _flags: int, sender: Any) -> None:
        head = 4 * (data[0] & 15)
        if sender[2] == PACKET_OUTGOING or data[9] != socket.IPPROTO_UDP:  # loopback shows what is sent as it leaves, too
            return
        if struct.unpack_from(">H", data, head + 2)[0] != e131.PORT:
            return
        try:
            packet = e131.decode(data[head + 8 :])
        except WireError as error:
            self.malformed.append(str(error))
            return
        if isinstance(packet, DataPacket):
            seconds, nanoseconds = next(struct.unpack("qq", value) for _, kind, value in extra if kind == SO_TIMESTAMPNS)
            self.bytes.append(data)
            self.packets.append((seconds * 10**9 + nanoseconds, packet))

    def of(self, universe: int, since: int = 0) -> list[DataPacket]:
        """The packets of a universe, from number `since` of all packets on."""
        return [packet for _, packet in self.packets[since:] if packet.universe == universe]

    def level(self, universe: int, slot: int) -> int:
        """What was sent last for a slot (from 1); -1 before the first packet."""
        packets = self.of(universe)
        return packets[-1].slots[slot - 1] if packets else -1

    def until_level(self, universe: int, slot: int, level: int, seconds: float = LONGEST) -> None:
        """Until a slot has this level."""
        until(lambda: self.level(universe, slot) == level, seconds, f"{level} on {universe}/{slot}", every=0.005)

    def until_more(self, since: int, count: int, *universes: int) -> None:
        """Until `count` packets of each universe have come after number `since`."""
        more = f"{count} more packets of {universes}"
        until(lambda: all(len(self.of(u, since)) >= count for u in universes), LONGEST, more)

    def save(self, path: Path, count: int) -> None:
        """The first packets as a pcap file of raw IP."""
        with path.open("wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            for (at, _), data in zip(self.packets[:count], self.bytes):
                file.write(struct.pack("<IIII", at // 10**9, at % 10**9 // 1000, len(data), len(data)) + data)

    def close(self) -> None:
        """Listen no more."""
        self._ending.set()
        self._thread.join()
        self._socket.close()


@contextmanager
def wire(net: Namespace, interface: str = "lo") -> Iterator[Wire]:
    """Listen at an interface until the block ends."""
    one = Wire(net, interface)
    try:
        yield one
    finally:
        one.close()


def without_a_gap(packets: list[DataPacket]) -> bool:
    """Whether each sequence number follows the one before."""
    numbers = [packet.sequence for packet in packets]
    return all((b - a) % 256 == 1 for a, b in zip(numbers, numbers[1:]))


class Night:
    """A folder with venue, show and state, and the daemons that are started on them in one network."""

    def __init__(self, net: Namespace, folder: Path) -> None:
        self.net, self.folder = net, folder
        self.venue, self.show, self.state = folder / "venue.yaml", folder / "show.yaml", folder / "state"
        self.venue.write_text(VENUE)
        self.show.write_text(SHOW)

    def command(self, *more: str, name: str = "run") -> list[str]:
        """`showctl run` on the files here (or another command with the state here), in the network."""
        files = [str(self.venue), str(self.show)] if name == "run" else []
        return self.net.command([*SHOWCTL, name, *files, "--state", str(self.state), *more])

    @contextmanager
    def daemon(self, *more: str, name: str = "run", ready: bool = True, env: dict[str, str] | None = None) -> Iterator[Process]:
        """A daemon whose page answers, ended with the block."""
        with process(self.command(*more, name=name), cwd=ROOT, env=os.environ | (env or {})) as started:
            if ready:
                started.wait_for(r"http://\S+")
            yield started

    def ask(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """GET, or POST of a body as JSON: status, and the answer (from JSON where it is JSON)."""
        with inside(self.net):
            connection = http.client.HTTPConnection("127.0.0.1", PAGE, timeout=LONGEST)
            connection.connect()
        try:
            text = None if body is None else json.dumps(body)
            connection.request(
                "GET" if body is None else "POST", path, text, {"Content-Type": "application/json", **(headers or {})}
            )
            answer = connection.getresponse()
            said = answer.read().decode()
            is_json = "json" in (answer.getheader("Content-Type") or "")
            return answer.status, json.loads(said) if is_json and said else said
        finally:
            connection.close()

    def answers(self) -> bool:
        """Whether the page answers."""
        with suppress(OSError):
            return bool(self.ask("/api/health")[0] == 200)
        return False

    def control(self, **body: Any) -> None:
        """Press a button of the page."""
        status, said = self.ask("/api/control", body)
        assert status < 300, said

    def playback(self) -> dict[str, Any]:
        """Cue, master, blackout and submasters as /api/state has them, as soon as there was a first look."""
        state = until(lambda: self.ask("/api/state")[1]["playback"], LONGEST, "the first look")
        return {
            "cue": state["lists"][0]["current"],
            **{key: state[key] for key in ("grand_master", "blackout", "submasters")},
        }

    def later(self, seconds: float) -> None:
        """Until show time has gone on by so much."""
        before = self.ask("/api/state")[1]["time"]
        until(lambda: self.ask("/api/state")[1]["time"] > before + seconds, LONGEST, "show time to go on")

    def part(self, name: str) -> dict[str, Any]:
        """A part of /api/health; an empty one before it is there."""
        parts = {part["name"]: part for part in self.ask("/api/health")[1]["parts"]}
        return parts.get(name, {"state": "", "detail": "", "counters": {}})

    def until_part(self, name: str, true: Callable[[dict[str, Any]], Any], what: str) -> dict[str, Any]:
        """Until a part of the health is as it should be; returns it."""

        def found() -> dict[str, Any] | None:
            part = self.part(name)
            return part if true(part) else None

        return until(found, LONGEST, f"{name}: {what}")  # type: ignore[no-any-return]

    def osc(self, address: str, *values: Any) -> None:
        """One OSC message to the daemon, built by python-osc."""
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        with inside(self.net), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(builder.build().dgram, ("127.0.0.1", OSC))

    def output(self) -> int:
        """The output process; 0 for none."""
        return next(iter(self.processes("showctl.outputs.sacn.process")), 0)

    def processes(self, *words: str) -> list[int]:
        """All that runs with this folder, and with these words, on its command line."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(self.folder) in line and all(word in line for word in words):
                    found.append(int(path.parent.name))
        return found

    def end(self) -> None:
        """Whatever still runs on this folder is ended."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not self.processes(), LONGEST, "an end of every process")


@contextmanager
def night_in(net: Namespace) -> Iterator[Night]:
    """A night whose folder has a short name, for the sake of the sockets in it; nothing of it is left."""
    with TemporaryDirectory(prefix="night-") as folder:
        one = Night(net, Path(folder))
        try:
            yield one
        finally:
            one.end()
