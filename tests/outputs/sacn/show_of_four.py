"""A daemon in miniature, for the checks of the output: four universes, the first moves with every frame, the last never does.

python tests/outputs/sacn/show_of_four.py STATE_DIR [--to multicast|IP[,IP]] [--seconds S] [--on-stop hold|terminate]
"""

from __future__ import annotations

import argparse
import signal
import time
from pathlib import Path

import numpy as np

from showctl.outputs.sacn.client import Output
from showctl.plan import Universe

AHEAD_NS = 2_000_000


def main() -> None:
    """Until SIGTERM, or for some seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("--to", default="multicast")
    parser.add_argument("--interface")
    parser.add_argument("--sync", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--on-stop", default="terminate")
    arguments = parser.parse_args()
    multicast = arguments.to == "multicast"
    unicast = () if multicast else tuple(arguments.to.split(","))
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    output = Output.open(
        arguments.state / "run",
        [Universe(number, multicast, unicast, sync=arguments.sync) for number in (1, 2, 3, 4)],
        source_name="show of four",
        interface=arguments.interface,
        ttl=8,
        state_dir=arguments.state,
        on_stop=arguments.on_stop,
    )
    print("adopted" if output.adopted else "started", flush=True)
    slots, frame, tended, told = np.zeros((4, 512), np.uint8), 0, 0.0, ""
    slots[3] = 77
    end = time.monotonic() + arguments.seconds
    while not stopped and (now := time.monotonic()) < end:
        deadline = output.next_deadline(time.monotonic_ns() + AHEAD_NS)
        time.sleep(max(0.0, (deadline - AHEAD_NS) / 1e9 - time.monotonic()))
        frame += 1
        slots[0] = frame % 256
        slots[1] = (frame // 11) % 256  # four changes a second
        slots[2] = (frame // 132) % 256  # one in three seconds
        output.submit(slots, deadline)
        if now - tended > 1:
            tended = now
            output.tend()
            health = output.health()
            if (health.state.value, health.detail) != told:
                told = health.state.value, health.detail
                print(*told, flush=True)
    output.close(arguments.on_stop)


if __name__ == "__main__":
    main()
