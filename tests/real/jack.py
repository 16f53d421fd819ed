"""A JACK server without any sound card, for tests: it ticks with its dummy driver.

A machine has places for eight servers (jack2, common/shm.c: a header of 24 bytes in the registry, then eight times a pid, a name
of 256 bytes and a number), and a server that was killed keeps its place for its name: "Too many servers already active". One of
the same name that ends as it should gives it back.
"""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real.conftest import Process, process, until

RATE, PERIOD = 48_000, 2048
REGISTRY, HEADER, PLACE, PLACES = Path("/dev/shm/jack-shm-registry"), 24, struct.Struct("<i256si"), 8


def places() -> list[tuple[int, str]]:
    """Process id and name of the servers that have a place."""
    data = REGISTRY.read_bytes() if REGISTRY.exists() else b""
    rows = [PLACE.unpack_from(data, HEADER + n * PLACE.size) for n in range(PLACES)] if len(data) > 3000 else []
    # As libjack writes it: "jack-UID:NAME:"
    return [
        (pid, name.partition(b"\0")[0].decode(errors="replace").partition(":")[2].rstrip(":")) for pid, name, _ in rows if pid
    ]


def vacate() -> None:
    """Give back the places of servers that were killed: by one of each name that ends as it should."""
    for name in [name for pid, name in places() if not Path(f"/proc/{pid}").exists()]:
        with process(["jackd", "--no-realtime", "-n", name, "-d", "dummy"]) as server:
            until(lambda server=server: server.pid in dict(places()) or server.popen.poll() is not None, 20, f"JACK {name}")
            until(lambda server=server: "self-connect" in server.output or server.popen.poll() is not None, 20, f"JACK {name}")
            server.end(20)


@contextmanager
def jack(name: str, inputs: int, period: int = PERIOD, strict: bool = True) -> Iterator[Process]:
    """A server in step with its clients (-S): a busy machine makes it late, and never lose a sample, and who is late (-t, ms) is
    not thrown out. One that is not `strict` goes on without who is late, as people have it. `inputs` and as many outputs."""
    vacate()
    environment = {"JACK_DEFAULT_SERVER": name, "JACK_NO_AUDIO_RESERVATION": "1"}
    before = {key: os.environ.get(key) for key in environment}
    os.environ |= environment
    driver = ["-d", "dummy", "-r", str(RATE), "-p", str(period), "-C", str(inputs), "-P", str(inputs)]
    try:
        with process(["jackd", "--no-realtime", *(["-S"] if strict else []), "-t", "20000", "-n", name, *driver]) as server:
            try:
                until(lambda: "system:capture_1" in ports(), 60, "JACK's ports", every=0.2)
                yield server
            finally:
                server.end(30)  # a server that is killed keeps its place
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


def ports() -> list[str]:
    """Names of all ports of the server."""
    return subprocess.run(["jack_lsp"], capture_output=True, text=True, timeout=60).stdout.split()


def connect(source: str, destination: str) -> None:
    """A cable."""
    subprocess.run(["jack_connect", source, destination], check=True, capture_output=True, timeout=60)
