"""The sender of `showctl osc bench`, a process of its own: `python -m showctl.commands.osc_sender PORT RATE SECONDS SOURCES`.

Says "ready", waits for a line, and sends /showctl/sub/probe 0.5 to 127.0.0.1:PORT, RATE a second, from SOURCES addresses of
loopback in turn; says how many as JSON.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time

PACKET = b"/showctl/sub/probe\0\0,f\0\0\x3f\0\0\0"
PAUSE_S = 0.001
AHEAD = 400  # packets in one go at most: who was kept from sending does not flood


def addresses(count: int) -> list[str]:
    """Addresses of loopback, none of them the usual one."""
    return [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(count)]


def main(port: int, rate: float, seconds: float, sources: int) -> None:
    """Send, then say how many."""
    with contextlib.ExitStack() as stack:
        senders = []
        for host in addresses(sources):
            one = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            one.bind((host, 0))
            one.connect(("127.0.0.1", port))
            senders.append(one)
        print("ready", flush=True)
        sys.stdin.readline()
        sent, begin = 0, time.monotonic()
        while (now := time.monotonic()) < begin + seconds:
            due = min(int((now - begin) * rate) - sent, AHEAD)
            for n in range(sent, sent + due):
                senders[n % sources].send(PACKET)
            sent += due
            time.sleep(PAUSE_S)
        print(json.dumps({"sent": sent, "seconds": time.monotonic() - begin, "cpu_seconds": time.process_time()}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
