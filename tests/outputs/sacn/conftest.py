"""A receiver on loopback of its own for each test, and outputs that end with the test that made them."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from showctl.outputs.sacn.client import Output
from showctl.plan import Universe
from showctl.wire import e131
from showctl.wire.e131 import DataPacket, Packet

LONGEST = 15.0  # s, what any event is waited for
_hosts = itertools.count(2)


@dataclass
class Received:
    """A packet and the time (s, monotonic) at which we read it."""

    time: float
    packet: Packet


class Receiver:
    """Whoever listens at an address of 127/8 that no other test uses."""

    def __init__(self) -> None:
        self.address = f"127.{1 + os.getpid() % 250}.{os.getpid() // 250 % 250}.{next(_hosts)}"
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, e131.PORT))
        self.packets: list[Received] = []

    def listen(self, seconds: float) -> None:
        """Take what comes within a time."""
        self.until(lambda _: False, seconds, must=False)

    def until(self, wanted: Callable[[DataPacket], bool], seconds: float = LONGEST, must: bool = True) -> DataPacket | None:
        """The first data packet for which wanted() holds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                packet = e131.decode(self.socket.recv(2000))
            except TimeoutError:
                break
            self.packets.append(Received(time.monotonic(), packet))
            if isinstance(packet, DataPacket) and wanted(packet):
                return packet
        if must:
            pytest.fail(f"no such packet within {seconds} s; {len(self.packets)} others")
        return None

    def until_there_are(self, count: int, universe: int) -> None:
        """So many data packets of a universe, all in all."""
        if len(self.of(universe)) < count:
            self.until(lambda p: p.universe == universe and len(self.of(universe)) >= count)

    def of(self, universe: int) -> list[DataPacket]:
        """The data packets of a universe so far."""
        return [r.packet for r in self.packets if isinstance(r.packet, DataPacket) and r.packet.universe == universe]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.socket.close()


class Studio:
    """Opens outputs in one runtime directory; whatever still sends at the end of the test is ended."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runtime = folder, folder / "run"
        self.outputs: list[Output] = []

    def open(self, universes: list[Universe], on_stop: str = "terminate", **options: object) -> Output:
        output = Output.open(
            self.runtime,
            universes,
            source_name="studio",
            interface=None,
            ttl=1,
            state_dir=self.folder / "state",
            on_stop=on_stop,
            **options,  # type: ignore[arg-type]
        )
        self.outputs.append(output)
        return output

    def output_pid(self) -> int:
        """Whoever holds the output's lock, as it wrote into it."""
        path = self.runtime / "output.lock"
        return int((path.read_text() if path.exists() else "").strip() or 0)

    def end(self) -> None:
        for output in self.outputs:
            output.close("terminate")
        pid = self.output_pid()
        if pid and b"showctl.outputs.sacn" in cmdline(pid):
            os.kill(pid, signal.SIGKILL)


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def wait_for(true: Callable[[], object], what: str, seconds: float = LONGEST) -> None:
    """Until something holds, or fail."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            pytest.fail(f"waited {seconds} s in vain for {what}")
        time.sleep(0.01)


@pytest.fixture
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    one = Studio(tmp_path_factory.mktemp("sacn"))
    yield one
    one.end()
