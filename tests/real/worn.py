"""Wearables that send to a daemon in real time, and their motion: packets built by python-osc, at 50 a second, from a thread."""

from __future__ import annotations

import csv
import gzip
import math
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from showctl.model import WireError
from showctl.wire.osc import Message, decode
from tests.real.conftest import Namespace, until
from tests.real.night import LONGEST, OSC, inside
from tests.wire.wearable.dialects import bundle, message

Motion = NDArray[np.float64]  # (n, 6) g and deg/s at 50 Hz
Packets = Callable[[float, list[float]], list[bytes]]  # of a time (s) and a row of motion

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "data" / "gestures" / "uhh_dev.csv.gz"
UP = (0.0, 0.0, 1.0)  # g: the recordings are without gravity, and what is sent has it
USER, GESTURES, SHOWN = "j", ("0", "1", "3"), 3  # whose gestures, which, and how many of each are examples
MARGIN = 20  # samples about a gesture


@cache
def recorded() -> dict[str, list[Motion]]:
    """Repetitions of three gestures, called wave, punch and circle here: by a person where the recordings are, else composed."""
    names = dict(zip(GESTURES, ("wave", "punch", "circle"), strict=True))
    if not RECORDED.exists():
        from tests.analysis.gesture.motions import gesture

        draw = np.random.default_rng(1)
        return {
            name: [gesture(how, draw) for _ in range(8)]
            for name, how in zip(names.values(), ("swipe", "twist", "vee"), strict=True)
        }
    found: dict[str, list[Motion]] = {}
    with gzip.open(RECORDED, "rt") as opened:
        rows = [row for row in list(csv.reader(opened))[1:] if row[0] == USER and row[1] in names]
    for which, name in names.items():
        mine = [row for row in rows if row[1] == which]
        motion = np.array([row[3:] for row in mine], float) + np.array((*UP, 0.0, 0.0, 0.0))
        edges = np.flatnonzero(np.diff(np.array([0, *(int(row[2]) for row in mine), 0])))
        found[name] = [motion[max(0, a - MARGIN) : b + MARGIN] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return found


def write_examples(path: Path) -> None:
    """The first repetitions of each gesture, as `gesture enrol --from` takes them."""
    with path.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["gesture", "rep", "ax", "ay", "az", "gx", "gy", "gz"])
        for name, motions in recorded().items():
            for rep, motion in enumerate(motions[:SHOWN]):
                rows.writerows([name, rep, *map(str, row)] for row in motion.tolist())


def ngimu(t: float, row: list[float]) -> list[bytes]:
    """An x-io NGIMU: bundles with the time at which it measured."""
    return [bundle(t, message("/sensors", *row[3:], *row[:3], 20, 0, 40, 1013))]


def gyrosc(_t: float, row: list[float]) -> list[bytes]:
    """GyrOSC on an iPhone: packets without a time, acceleration and gravity apart and downwards."""
    x, y, z = (a - b for a, b in zip(row[:3], UP, strict=True))
    return [
        message("/gyrosc/rrate", *(math.radians(one) for one in row[3:])),
        message("/gyrosc/accel", -x, -y, -z),
        message("/gyrosc/grav", *(-one for one in UP)),
    ]


class Wearable:
    """A device that sends all the time, from an address of its own: at rest, or what it is told to play."""

    def __init__(self, net: Namespace, host: str, packets: Packets, feels_at: tuple[str, int] | None = None) -> None:
        with inside(net):
            self._socket = _bound((host, 0))
            self._skin = self._socket if feels_at is None else _bound(feels_at)
        self.packets = packets
        self.on = True
        self.tilt = 0.0  # deg, at rest
        self.lost = self.doubled = self.overtaken = 0.0  # shares of packets
        self.felt: list[Message] = []  # where it listens: at the port that it sends from, unless `feels_at` is another
        self.astray: list[bytes] = []  # at the port that it sends from, where it does not listen
        self._chance = random.Random(1)
        self._late: list[bytes] = []
        self._stall = (0.0, 0.0)  # from when to when nothing comes through
        self._rows: list[list[float]] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stall(self, after: float, seconds: float) -> None:
        """Soon nothing comes through for a while, then all at once."""
        self._stall = (time.monotonic() + after, time.monotonic() + after + seconds)

    def play(self, motion: Motion) -> None:
        """Move so, and be at rest again; returns when it is over."""
        self._rows = motion.tolist()
        until(lambda: not self._rows, LONGEST + len(motion) / 50, "the end of a movement")

    def still(self, seconds: float) -> None:
        """Send so much of rest."""
        self.play(np.array([self._rest()] * int(seconds * 50)))

    def say(self, address: str, *values: float) -> None:
        """One message, such as of a button."""
        self._send(message(address, *values))

    def feels(self, kind: str) -> bool:
        """Whether the device was told so."""
        return any(one.address == "/showctl/feedback" and one.arguments[0] == kind for one in self.felt)

    def close(self) -> None:
        """Switch it off."""
        self._ending.set()
        self._thread.join()
        self._socket.close()
        self._skin.close()

    def _rest(self) -> list[float]:
        angle = math.radians(self.tilt)
        return [0.0, math.sin(angle), math.cos(angle), 0.3, -0.2, 0.1]

    def _run(self) -> None:
        began, n = time.monotonic(), 0
        while not self._ending.wait(max(0.0, began + n / 50 - time.monotonic())):
            row = self._rows[0] if self._rows else self._rest()
            if self.on:
                for packet in self.packets(n / 50, row):
                    self._pass(packet)
            self._rows = self._rows[1:]
            n += 1
            self._listen()

    def _pass(self, packet: bytes) -> None:
        """Through a network that loses, doubles and turns round."""
        if self._chance.random() < self.lost:
            return
        if self._stall[0] <= time.monotonic() < self._stall[1] or self._chance.random() < self.overtaken:
            self._late.append(packet)
            return
        self._send(packet)
        if self._chance.random() < self.doubled:
            self._send(packet)
        for late in self._late:
            self._send(late)
        self._late.clear()

    def _send(self, packet: bytes) -> None:
        with suppress(OSError):  # the daemon has not opened its port yet
            self._socket.sendto(packet, ("127.0.0.1", OSC))

    def _listen(self) -> None:
        if self._skin is not self._socket:
            self.astray += _waiting(self._socket)
        for data in _waiting(self._skin):
            try:
                self.felt += decode(data)
            except WireError as error:
                pytest.fail(f"a device was told what is not OSC: {error}")


def _bound(place: tuple[str, int]) -> socket.socket:
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(place)
    one.settimeout(0.0)
    return one


def _waiting(one: socket.socket) -> list[bytes]:
    """All packets that wait there."""
    found: list[bytes] = []
    with suppress(OSError):  # nothing more; or nobody there
        while True:
            found.append(one.recv(2048))
    return found


@contextmanager
def wearable(net: Namespace, host: str, packets: Packets, feels_at: tuple[str, int] | None = None) -> Iterator[Wearable]:
    """A device that is on until the block ends."""
    one = Wearable(net, host, packets, feels_at)
    try:
        yield one
    finally:
        one.close()
