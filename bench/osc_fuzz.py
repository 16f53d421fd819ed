"""A million malformed packets, and bare clocks beside them: was it showctl that kept page or wire waiting, or the machine?

    python bench/osc_fuzz.py [--script ../shared/bench/fuzz_osc.py] [--packets 1000000] [--seed 1] [--json OUT]

The script starts the demo in a network namespace of its own, sends blocks of 2000 mutated messages and a flood, and tells the
longest time without an answer of the page or without a packet of sACN. Beside it run bare clocks (tools/bare_clocks.py), and the
blocks are told apart by the clocks' latest wake in them: what is showctl's own is seen where no clock was late. Needs root. Runs
are kept in results/fuzz.txt.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

LIMIT_MS = 250


def stamped(phase: Callable[..., dict[str, Any]], times: dict[str, tuple[float, float]]) -> Callable[..., dict[str, Any]]:
    """A phase of the script that also notes when it was."""

    def run(subject: Any, name: str, act: Callable[[], int]) -> dict[str, Any]:
        begin = time.monotonic()
        row = phase(subject, name, act)
        times[name] = (begin, time.monotonic())
        return row

    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--script", type=Path, default=Path("../shared/bench/fuzz_osc.py"))
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    sys.path[:0] = [str(asked.script.resolve().parent), str(Path(__file__).parents[1] / "tools")]
    import fuzz_osc
    from bare_clocks import LATE_S, BareClocks

    times: dict[str, tuple[float, float]] = {}
    fuzz_osc.Subject.phase = stamped(fuzz_osc.Subject.phase, times)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "told.json")
        sys.argv = [str(asked.script), "--target", "127.0.0.1:9000", "--http", "http://127.0.0.1:8080/api/health"]
        sys.argv += ["--packets", str(asked.packets), "--seed", str(asked.seed), "--flood", "20000", "--json", str(told)]
        sys.argv += ["--sentinel", "/showctl/sub/probe", "--slot", "4/512"]
        sys.argv += ["--", sys.executable, "-m", "showctl", "demo", "--osc", "127.0.0.1:9000", "--http", "127.0.0.1:8080"]
        sys.argv += ["--sacn", "127.0.0.1", "--no-browser", "--seconds", str(asked.packets // 1000 + 200)]
        sys.argv += ["--state", str(Path(folder, "state"))]
        clocks = BareClocks(str(Path(folder, "late")))
        code = int(fuzz_osc.run())
        clocks.close()
        rows = json.loads(told.read_text())["phases"]
        for row in rows:
            row["clock_late_ms"] = round(clocks.late(*times[row["phase"]]) * 1e3)
    print("\n| a clock was late by ms | kinds and blocks | page gap ms | sACN gap ms | fell short |\n|---|---|---|---|---|")
    for low, high in pairwise((0, LATE_S * 1e3, 50, 100, 150, 250, math.inf)):
        some = [row for row in rows if low <= row["clock_late_ms"] < high]
        if some:
            page, wire = ([row[gap] or math.inf for row in some] for gap in ("health_gap_ms", "sacn_gap_ms"))
            short = sum(max(both) > LIMIT_MS for both in zip(page, wire, strict=True))
            print(f"| {low:.0f}-{high:.0f} | {len(some)} | {max(page)} | {max(wire)} | {short} |")
    if asked.json:
        asked.json.write_text(json.dumps(rows))
    return code


if __name__ == "__main__":
    sys.exit(main())
