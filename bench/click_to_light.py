"""From a sound at the input to light on the wire, on a real sound server: what the whole path costs.

    python bench/click_to_light.py [--clicks 60]

JACK with its dummy driver runs in real time; `showctl run` opens it as a device; another program plays clicks at random
intervals of 0.4-1.5 s into showctl's input port. A show of one dimmer flashes at each onset. Measured: from the moment at which
the player's callback hands the click's first sample to the server to the arrival of the first packet in which the level rose.
Needs jackd2 and root (a network namespace of its own). Beside it a process that only sleeps tells how late this machine wakes.
"""

from __future__ import annotations

import argparse
import bisect
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from lone import alone, end_output

from showctl.wire.e131 import decode

VENUE = """showctl: 1
kind: venue
name: One lamp
universes: {1: {to: [127.0.0.1]}}
fixtures: {lamp: {type: generic/dimmer, at: [1/1]}}
groups: {lamp-group: [lamp]}
"""
SHOW = """showctl: 1
kind: show
effects: {hit: {sync: onset, shape: decay, param: intensity, every: 200ms, layer: replace}}
cues: [{cue: 1, set: {lamp-group: {intensity: out}}, start: {hit: lamp-group}}]
"""
HTTP, OSC = "127.0.0.1:18433", "127.0.0.1:18434"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=60)
    arguments = parser.parse_args()
    alone()
    os.environ |= {"JACK_DEFAULT_SERVER": f"bench-{os.getpid()}", "JACK_NO_AUDIO_RESERVATION": "1"}
    started: list[subprocess.Popen[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            clicks, rises = measure(Path(folder), arguments.clicks, started)
        finally:
            for one in reversed(started):
                one.terminate()
                one.wait(10)
            end_output(Path(folder) / "state" / "run")
    report(clicks, rises)
    return 0


def measure(folder: Path, count: int, started: list[subprocess.Popen[str]]) -> tuple[list[float], list[float]]:
    """Monotonic times of the clicks and of the packets in which the lamp rose."""
    (folder / "venue.yaml").write_text(VENUE)
    (folder / "show.yaml").write_text(SHOW)
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 5568))
    rises: list[float] = []
    threading.Thread(target=watch, args=(receiver, rises), daemon=True).start()
    start(started, "jackd", "--no-realtime", "-n", os.environ["JACK_DEFAULT_SERVER"], "-d", "dummy", "-r", "48000", "-p", "256")
    until(lambda: "system:capture_1" in ports())
    command = [sys.executable, "-m", "showctl", "run", str(folder / "venue.yaml"), str(folder / "show.yaml")]
    start(started, *command, "--audio", "device:system", "--http", HTTP, "--osc", OSC, "--state", str(folder / "state"))
    ear = until(lambda: port("in_0", []))
    fire(OSC)
    known = ports()
    player = start(started, sys.executable, str(Path(__file__).parent.parent / "tests" / "real" / "play_clicks.py"), "7")
    out = until(lambda: port("out_0", known))
    subprocess.run(["jack_connect", out, ear], check=True, capture_output=True)
    for source in ("system:capture_1", "system:capture_2"):
        subprocess.run(["jack_disconnect", source, ear], check=False, capture_output=True)
    clicks: list[float] = []
    assert player.stdout is not None
    for line in player.stdout:
        if line.startswith("click"):
            clicks.append(float(line.split()[1]))
        if len(clicks) >= count + 2:
            break
    time.sleep(0.3)
    return clicks[2:], rises


def start(started: list[subprocess.Popen[str]], *command: str) -> subprocess.Popen[str]:
    """Begin a program that is ended with the bench."""
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    started.append(program)
    return program


def ports() -> list[str]:
    """All ports of the server."""
    return subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout.split()


def port(kind: str, known: list[str]) -> str | None:
    """A port of a PortAudio client that was not there before."""
    return next((one for one in ports() if re.fullmatch(rf"PortAudio.*:{kind}", one) and one not in known), None)


def until(condition, seconds: float = 20.0):  # type: ignore[no-untyped-def]
    """Wait for what must come."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise SystemExit("it did not begin in time")
        time.sleep(0.05)
    return found


def fire(target: str) -> None:
    """GO, by OSC."""
    host, _, number = target.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"/showctl/go\0,\0\0\0", (host, int(number)))


def watch(receiver: socket.socket, rises: list[float]) -> None:
    """Write down when the lamp rises."""
    last = 0
    while True:
        packet = decode(receiver.recv(2048))
        now, level = time.monotonic(), getattr(packet, "slots", b"\0")[0]
        if level > last + 30:
            rises.append(now)
        last = level


def report(clicks: list[float], rises: list[float]) -> None:
    """Each click with the first rise after it."""
    delays = []
    for click in clicks:
        at = bisect.bisect_left(rises, click - 0.002)
        if at < len(rises) and rises[at] - click < 0.3:
            delays.append(1000 * (rises[at] - click))
    delays.sort()
    if not delays:
        raise SystemExit("no click became light")
    middle, high = statistics.median(delays), delays[int(0.95 * (len(delays) - 1))]
    print(f"clicks {len(clicks)}, flashed {len(delays)}, flashes in all {len(rises)}")
    print(f"click to packet: median {middle:.1f} ms, 95 % {high:.1f} ms, least {delays[0]:.1f}, most {delays[-1]:.1f} ms")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
