"""What OSC costs: reading a message, and taking messages from the network, beside python-osc.

    python bench/osc.py [--seconds S] [--rates R ...]

First the CPU time of reading one message. Then each server in a process of its own takes /showctl/sub/probe 0.5 on loopback
at each rate (messages a second): how many arrive of those sent, the CPU time of each, and the longest pause of its event loop.
Both servers do the same with a message: look its address up and note its value; what showctl lets one sender send is unbounded
here, `showctl osc bench` measures it as it runs. CPU times are of the process, so that a
busy machine shifts them little, and hold 200 looks a second at the server's own loop, which tell at the low rates; what is
lost and the pauses depend on what else the machine does. A run of 2026-11-22 is kept in results/osc.txt.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
import time
import timeit
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_packet import OscPacket
from pythonosc.osc_server import AsyncIOOSCUDPServer

from showctl.config.words import Words
from showctl.inputs.osc import OscInput
from showctl.model import ControlEvent
from showctl.plan import CueList, Plan, Submaster
from showctl.wire.osc import Value, bundle, decode, encode
from showctl.wire.osc_dictionary import control

WORDS = Words(Plan((), lists=(CueList("main", ()), CueList("probe", ())), submasters=(Submaster("probe", "additive", ()),)))
SENT = encode("/showctl/sub/probe", 0.5)
PAUSE_S = 0.005  # how often the server's loop is asked for a sign of life


def reading() -> None:
    """CPU us of one packet."""
    wearable: tuple[Value, ...] = (0.1,) * 10
    packets = {
        "/showctl/list/probe/go": encode("/showctl/list/probe/go"),
        "/showctl/gm f": encode("/showctl/gm", 0.5),
        "/showctl/goto s": encode("/showctl/goto", "12.5"),
        "/sensors 10 f": encode("/sensors", *wearable),
        "bundle of 3 x 10 f": bundle(*[encode("/sensors", *wearable)] * 3),
    }
    print("| packet | read, us | read and looked up, us | python-osc reads, us |\n|---|---|---|---|")
    for name, data in packets.items():
        ours = cpu_us(lambda data=data: decode(data))
        both = cpu_us(lambda data=data: [control(m, 0.0, "bench", WORDS) for m in decode(data)])
        print(f"| {name} | {ours:.2f} | {both:.2f} | {cpu_us(lambda data=data: OscPacket(data)):.2f} |")


def cpu_us(work: Callable[[], Any], number: int = 20_000) -> float:
    """The least CPU time of three runs, in us a call."""
    return min(timeit.repeat(work, number=number, repeat=3, timer=time.process_time)) / number * 1e6


# --- a server in a process of its own --------------------------------------------------------------------------------


async def serve(name: str) -> None:
    """Take messages until the standard input ends, then say what was taken and what it cost."""
    logging.disable()
    taken: list[float] = []
    if name == "showctl":
        port, close = serve_ours(taken)
    else:
        port, close = await serve_theirs(taken)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(port, flush=True)
    began, longest, last = time.process_time(), 0.0, time.perf_counter()
    while not ended.done():
        await asyncio.wait([ended], timeout=PAUSE_S)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    print(json.dumps({"taken": len(taken), "cpu_s": time.process_time() - began, "longest_pause_ms": (longest - PAUSE_S) * 1e3}))
    await close()


def serve_ours(taken: list[float]) -> tuple[int, Callable[[], Any]]:
    """The intake of showctl."""

    def emit(event: ControlEvent) -> bool:
        taken.append(event.level)  # type: ignore[union-attr]
        return True

    intake = OscInput("127.0.0.1", 0, rate=1e9, together=1e9, emit=emit, now=time.monotonic, names=lambda: WORDS)
    intake.open()
    task = asyncio.create_task(intake.run())

    async def close() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return intake.port, close


async def serve_theirs(taken: list[float]) -> tuple[int, Callable[[], Any]]:
    """python-osc's server for asyncio, with a dispatcher that knows as many addresses as showctl's dictionary has."""
    dispatcher = Dispatcher()
    words = ("go", "back", "pause", "resume", "release", "goto", "stop", "tap", "blackout", "gm")
    for word in words:
        dispatcher.map(f"/showctl/{word}", lambda *_: None)
    dispatcher.map("/showctl/sub/probe", lambda _, value: taken.append(value))
    server = AsyncIOOSCUDPServer(("127.0.0.1", 0), dispatcher, asyncio.get_running_loop())
    transport, _ = await server.create_serve_endpoint()

    async def close() -> None:
        transport.close()

    return transport.get_extra_info("sockname")[1], close


def flood(name: str, rate: int, seconds: float) -> tuple[int, dict[str, float]]:
    """Send at `rate` for `seconds` to a fresh server; returns how many were sent and what it says."""
    command = [sys.executable, os.path.abspath(__file__), "--serve", name]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        sender.connect(("127.0.0.1", int(server.stdout.readline())))
        began, sent = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < seconds:
            for _ in range(int(passed * rate) - sent):
                sender.send(SENT)
                sent += 1
            time.sleep(0.001)
        time.sleep(0.5)  # what still waits in the kernel's buffer is taken
        server.stdin.close()
        return sent, json.loads(server.stdout.readline())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rates", type=int, nargs="+", default=[1000, 5000, 20_000, 40_000, 80_000])
    parser.add_argument("--serve", choices=("showctl", "python-osc"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(serve(arguments.serve))
        return
    reading()
    print(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print("| server | sent a second | lost | CPU us a message | longest pause of the loop, ms |\n|---|---|---|---|---|")
    for rate in arguments.rates:
        for name in ("showctl", "python-osc"):
            sent, said = flood(name, rate, arguments.seconds)
            lost, each = 1 - said["taken"] / sent, said["cpu_s"] / max(said["taken"], 1) * 1e6
            print(f"| {name} | {sent / arguments.seconds:.0f} | {lost:.2%} | {each:.1f} | {said['longest_pause_ms']:.1f} |")


if __name__ == "__main__":
    main()
