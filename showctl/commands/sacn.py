"""`showctl sacn bench`: what the sACN output does on this machine, measured through the real path (file, process, socket).

Data that changes with every frame goes to an output process of the bench's own; what is reported is what that process saw:
when its frames left, how many it had to leave out, what it cost. CPU is that of the output and of the bench's half, from
the first frame to the last.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from showctl.outputs.sacn.client import Output

WRONG_USE, MISSING = 2, 69
AHEAD_NS = 2_000_000  # a look is handed over this long before its deadline, as the daemon does
PATTERNS = 16  # different looks, in turn
START_S = 5.0  # the output process must send within this


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    commands = parser.add_subparsers(dest="command", required=True, metavar="bench")
    bench = commands.add_parser("bench", help="send changing data through the real output path and say what it cost")
    bench.add_argument("--universes", type=int, default=4, metavar="N", help="1..512 (default: 4)")
    bench.add_argument("--seconds", type=float, default=10.0, metavar="S")
    bench.add_argument("--rate", type=float, default=44.0, metavar="HZ", help="frames a second, at most 44 (default)")
    bench.add_argument("--to", default="127.0.0.1", metavar="IP|multicast", help="default: 127.0.0.1")
    bench.add_argument("--interface", metavar="NAME", help="the interface that multicast leaves by")
    bench.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0, 2 for a wrong number or address, 69 where nothing leaves this machine."""
    from showctl.model import DeviceError

    try:
        result = bench(args.universes, args.seconds, args.rate, args.to, args.interface)
    except ValueError as error:
        print(f"showctl sacn: {error}", file=sys.stderr)
        return WRONG_USE
    except DeviceError as error:
        print(f"showctl sacn: {error}", file=sys.stderr)
        return MISSING
    print(json.dumps(result) if args.json else as_text(result))
    return 0


def as_text(result: dict[str, Any]) -> str:
    """A result for people."""
    gaps = "p50 {p50}, p99 {p99}, max {max} ms".format(**result["interval_ms"])
    share = 100 * result["cpu_seconds"] / result["seconds"]
    return (
        f"{result['packets']} packets, {result['rate_hz']:.2f} frames a second, {result['late_frames']} late; interval {gaps}; "
        f"{result['cpu_seconds']:.2f} s of CPU in {result['seconds']:.1f} s ({share:.1f} % of a core)"
    )


def bench(universes: int, seconds: float, rate: float, to: str, interface: str | None) -> dict[str, Any]:
    """Send for some seconds. Raises ValueError for what cannot be sent, DeviceError where nothing leaves."""
    from showctl.outputs.sacn.client import Output
    from showctl.plan import Universe

    if universes < 1 or not 0.5 <= seconds <= 86400 or not 1 <= rate <= 44:
        raise ValueError("--universes must be 1..512, --seconds 0.5..86400, --rate 1..44")
    multicast = to == "multicast"
    patch = [Universe(n, multicast, () if multicast else (to,)) for n in range(1, universes + 1)]
    with tempfile.TemporaryDirectory(prefix="showctl-bench-") as folder:
        output = Output.open(
            Path(folder) / "run",
            patch,
            source_name="showctl sacn bench",
            interface=interface,
            ttl=8,
            state_dir=Path(folder),
            on_stop="terminate",
            orphan=10.0,
            period=int(1e9 / rate),
        )
        try:
            return _measure(output, universes, seconds)
        finally:
            output.close("terminate")


def _measure(output: Output, universes: int, seconds: float) -> dict[str, Any]:
    import numpy as np

    looks = np.random.default_rng(1).integers(0, 256, (PATTERNS, universes, 512), np.uint8)
    _first_frame(output, looks)
    begin, ours, theirs, packets, late = time.monotonic(), time.process_time(), _cpu(output.pid), *_counts(output)
    times = [output.sent_at(output.frames)]
    frame, read = 0, begin
    while (now := time.monotonic()) < begin + seconds:
        if now > read + 1:
            read = now
            times.append(output.sent_at(output.frames - 100))
        deadline = output.next_deadline(time.monotonic_ns() + AHEAD_NS)
        _sleep_until(deadline - AHEAD_NS)
        output.submit(looks[frame % PATTERNS], deadline)
        frame += 1
    took = time.monotonic() - begin
    cpu = time.process_time() - ours + _cpu(output.pid) - theirs
    times.append(output.sent_at(output.frames - 100))
    sent = np.unique(np.concatenate(times))
    now_packets, now_late = _counts(output)
    return {
        "packets": now_packets - packets,
        "cpu_seconds": round(cpu, 3),
        "rate_hz": round(float((len(sent) - 1) / (sent[-1] - sent[0]) * 1e9), 3),
        "interval_ms": _quantiles(np.diff(sent) / 1e6),
        "late_frames": now_late - late,
        "seconds": round(took, 3),
        "universes": universes,
    }


def _first_frame(output: Output, looks: NDArray[np.uint8]) -> None:
    """Until packets leave, a few frames of them."""
    from showctl.model import DeviceError

    end = time.monotonic() + START_S
    while output.frames < 5:
        if time.monotonic() > end:
            raise DeviceError(f"no packet left this machine within {START_S:.0f} s: {output.health().detail or 'see ip route'}")
        deadline = output.next_deadline(time.monotonic_ns())
        output.submit(looks[output.frames % PATTERNS], deadline)
        _sleep_until(deadline)


def _quantiles(gaps: NDArray[np.float64]) -> dict[str, float]:
    import numpy as np

    p50, p99, largest = np.percentile(gaps, [50, 99, 100])
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3), "max": round(float(largest), 3)}


def _counts(output: Output) -> tuple[int, int]:
    counters = dict(output.health().counters)
    return int(counters["packets"]), int(counters["late"])


def _cpu(pid: int) -> float:
    """CPU seconds of a process with one thread, to the ns where the kernel keeps that."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _sleep_until(when_ns: int) -> None:
    time.sleep(max(0.0, (when_ns - time.monotonic_ns()) / 1e9))
