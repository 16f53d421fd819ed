"""What universes of sACN cost: our output beside the `sacn` package, on loopback, data that changes with every frame.

    .venv/bin/python bench/sacn_output.py [--seconds 5]

Ours is `showctl sacn bench`: the daemon's half and the output process together. The package runs as its documentation says: a
thread of its own at 44 Hz, and one assignment a universe and frame from the caller. "late" are frames left out.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from sacn import sACNsender

from showctl.commands.sacn import bench

PERIOD = 0.0228
TO = "127.99.0.1"  # nobody listens there
HEAD = ("universes", "% of a core", "frames/s", "interval p50 / p99 / max ms", "late", "sacn package: % of a core")


def package(universes: int, seconds: float) -> float:
    """Share of a core that the `sacn` package takes for as much."""
    sender = sACNsender(bind_address="127.0.0.1", bind_port=0, fps=44, universeDiscovery=False)
    sender.start()
    for number in range(1, universes + 1):
        sender.activate_output(number)
        sender[number].destination = TO
    looks = [row.tobytes() for row in np.random.default_rng(1).integers(0, 256, (16, 512), np.uint8)]
    begin, cpu, frame = time.monotonic(), time.process_time(), 0
    while time.monotonic() < begin + seconds:
        frame += 1
        time.sleep(max(0.0, begin + frame * PERIOD - time.monotonic()))
        for number in range(1, universes + 1):
            sender[number].dmx_data = looks[(frame + number) % 16]
    share = (time.process_time() - cpu) / (time.monotonic() - begin)
    sender.stop()
    return share


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    print("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")
    for universes in (1, 4, 16, 64, 256, 512):
        ours = bench(universes, seconds, 44.0, TO, None)
        share = 100 * ours["cpu_seconds"] / ours["seconds"]
        gaps = "{p50} / {p99} / {max}".format(**ours["interval_ms"])
        theirs = 100 * package(universes, seconds)
        print(
            f"| {universes} | {share:.1f} | {ours['rate_hz']:.2f} | {gaps} | {ours['late_frames']} | {theirs:.1f} |", flush=True
        )


if __name__ == "__main__":
    main()
