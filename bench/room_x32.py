"""The console adapter against the free X32 emulator (P. Maillot's X32-Behringer, GPL-3; built by hand, never part of this).

    python bench/room_x32.py --emulator PATH [--record FILE] [--seconds S]

Starts the emulator on loopback in a scratch folder. With --record it asks and tells it what tests/fakes/x32_dialogue.txt has, and
writes down every byte that comes back: facts, which the tests hold the fake console to. Then the adapter itself works on it: how
long it takes to read an equaliser, to bring all six bands to what was asked, to notice a hand and a console that dies; for
--seconds the bands move by quarters of a dB, and at the end it must hold what was found. Exit code 1 where one of it is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from showctl.model import EqBand, EqState, State
from showctl.outputs.pa.x32 import X32Console
from showctl.wire.osc import encode
from showctl.wire.x32 import KEYS, PORT, Limits, equaliser, quantised
from showctl.wire.x32_dialogue import Dialogue

HOST = ("127.0.0.1", PORT["x32"])
LIMITS = Limits()
QUIET_S = 0.05  # after so long nothing more is said


def dialogue() -> Iterator[tuple[str, bytes]]:
    """What two clients ask and tell an emulator that has just begun."""
    eq = "/main/st/eq"
    yield "a", encode("/info")
    yield "a", b"/info\0\0\0"  # without type tags
    yield "a", encode("/status")
    yield "a", encode("/nonsense")
    for prefix, bands in ((eq, 7), ("/main/m/eq", 6), ("/mtx/06/eq", 6), ("/bus/16/eq", 6), ("/ch/32/eq", 5)):
        yield "a", encode(f"{prefix}/on")
        for band in (1, bands):
            yield from (("a", encode(f"{prefix}/{band}/{key}")) for key in KEYS)
    yield from (("a", encode(f"{prefix}/1/f")) for prefix in ("/mtx/07/eq", "/bus/17/eq", "/ch/33/eq", "/mtx/1/eq", "/lr/eq"))
    yield from (("a", encode(address)) for address in (eq, f"{eq}/3", f"{eq}/mode"))
    for value in (0.3, 0.36564, 1.7, -0.2, 0.3012345):  # stored as they come
        for key in "fgq":
            yield "a", encode(f"{eq}/1/{key}", value)
            yield "a", encode(f"{eq}/1/{key}")
    for value in (2, 9, 1):
        yield "a", encode(f"{eq}/1/type", value)
        yield "a", encode(f"{eq}/1/type")
    yield "a", encode("/xremote")
    yield "b", encode(f"{eq}/2/g", 0.25)  # a is told
    yield "b", encode(f"{eq}/2/g", 0.25)  # and not again
    yield "a", encode(f"{eq}/2/g", 0.35)  # nobody is told
    yield "b", encode("/xremote")
    yield "a", encode(f"{eq}/2/g", 0.45)  # b is told
    yield "b", encode(f"{eq}/3", 2, 0.5, 0.4, 0.3)
    yield "b", encode(f"{eq}/3", 2, 0.5, 0.4, 0.3)
    yield from (("a", encode(f"{eq}/3/{key}")) for key in KEYS)
    yield "b", encode(f"{eq}/on", 1)
    yield "a", encode(f"{eq}/on")
    yield "b", encode(f"{eq}/4/f", 7)  # an int where a float belongs
    yield "a", encode(f"{eq}/4/f")


def written(data: bytes) -> str:
    """Bytes as ASCII, what is not printable escaped."""
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


def record(to: Path) -> None:
    """Say it all, and write down what comes back."""
    clients = {name: socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for name in "ab"}
    lines = ["# What the X32 emulator 0.88 says: > to it, < from it, a and b being two programs on one machine."]
    for one in clients.values():
        one.settimeout(QUIET_S)
        one.connect(HOST)
    for who, data in dialogue():
        clients[who].send(data)
        lines.append(f"{who} > {written(data)}")
        for name, one in clients.items():
            with contextlib.suppress(TimeoutError):
                while True:
                    lines.append(f"{name} < {written(one.recv(65535))}")
    for one in clients.values():
        one.close()
    to.write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{len(lines) - 1} lines in {to}")


@contextlib.contextmanager
def emulator(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The emulator, running; it writes its files into a folder that goes with it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(path.resolve()), "-i", HOST[0], "-v", "0"]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.settimeout(0.1)
                one.connect(HOST)
                for _ in range(100):
                    with contextlib.suppress(OSError):
                        one.send(encode("/info"))
                        one.recv(1000)
                        break
                    time.sleep(0.05)
            yield process
        finally:
            process.kill()
            process.wait()


class Bench:
    """The adapter at work, and what became of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self.bad = process, 0
        self.dialogue = Dialogue("x32", [equaliser("x32", "main")], LIMITS)
        self.us = X32Console(*HOST, self.dialogue, time.monotonic)

    async def takes(self, what: str, true: Callable[[], bool], most: float) -> None:
        """Wait for something, and say how long it took."""
        began = time.monotonic()
        while not (done := true()) and time.monotonic() - began < 2 * most + 1:
            await asyncio.sleep(0.002)
        took = time.monotonic() - began
        self.says(what, f"{took:.3f} s (at most {most:g} s)", done and took <= most)

    def says(self, what: str, value: str, good: bool) -> None:
        """One line of the table."""
        self.bad += not good
        print(f"| {what} | {value} | {'' if good else 'NO'} |")

    def write(self, *bands: EqBand) -> None:
        """As the policy does."""
        self.us.apply("main", EqState(time.monotonic(), "auto", bands, (), tuple(enumerate(bands))))

    async def work(self, seconds: float) -> None:
        """All of it, one after the other."""
        task = asyncio.create_task(self.us.run())
        hand = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        hand.connect(HOST)
        hand.setblocking(False)
        await self.takes("all six bands are read", lambda: len(self.us.console("main").bands) == 6, 1.5)
        self.dialogue.switch_on("main")
        await self.takes("six cuts are flat bands, and it is on", lambda: self.us.settled("main"), 2.0)
        first = [quantised(EqBand("peaking", 60.0 * 3**i, -1.0 - i / 2, 0.7 + i), LIMITS) for i in range(6)]
        self.write(*first)
        await self.takes("six bands as asked", lambda: self.us.settled("main"), 2.0)
        self.says("what the console holds is what was asked", "", self.us.console("main").bands == tuple(first))
        await self.slew(first, seconds)
        hand.send(encode("/main/st/eq/3/g", 0.6))
        await self.takes("a hand on band 3 is noticed", lambda: self.us.console("main").touched == (2,), 0.2)
        self.dialogue.switch_back("main")
        await self.takes("what was found is back, but for band 3", lambda: self.us.settled("main"), 2.0)
        self.process.kill()
        await self.takes("a console that died is noticed", lambda: self.us.health().state is not State.RUNNING, 3.0)
        print(f"\n{self.us.health().detail}\n{self.dialogue.counts}")
        hand.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def slew(self, bands: list[EqBand], seconds: float) -> None:
        """A quarter of a dB up and down, as fast as the console confirms it."""
        began, writes, touched = time.monotonic(), 0, set[int]()
        held = bands
        while time.monotonic() - began < seconds:
            held = [EqBand(b.kind, b.freq, b.gain - 0.25 * (writes % 8), b.q) for b in bands]
            self.write(*held)
            while not self.us.settled("main"):
                await asyncio.sleep(0.002)
            touched |= set(self.us.console("main").touched)
            writes += 1
        same = [one.gain for one in self.us.console("main").bands] == [one.gain for one in held]
        self.says("steps of six bands, each confirmed", f"{writes / seconds:.1f} a second", same)
        self.says("of our own taken for a hand's", f"{len(touched)}", not touched)


def main() -> int:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emulator", type=Path, required=True, help="the X32 program, built")
    parser.add_argument("--record", type=Path, help="write down what it says")
    parser.add_argument("--seconds", type=float, default=20.0, help="of slewing")
    args = parser.parse_args()
    if args.record is not None:
        with emulator(args.emulator):
            record(args.record)
    with emulator(args.emulator) as process:
        bench = Bench(process)
        print("| what | measured | |\n|---|---|---|")
        asyncio.run(bench.work(args.seconds))
    return 1 if bench.bad else 0


if __name__ == "__main__":
    sys.exit(main())
