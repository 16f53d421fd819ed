"""How long `showctl check` takes for a long show: the whole process, from a cold start, median of several.

    python bench/check.py [--cues 5000] [--seed 1] [--runs 5]

The show is made from the seed by bigshow.py: a hundred and four fixtures, one cue a line. Prints wall and CPU seconds. Exit code
1 if the median is beyond LIMIT_S.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import bigshow

LIMIT_S = 1.5


def once(command: list[str]) -> tuple[float, float, str]:
    """Wall and CPU seconds of a process, and the last line of what it said."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {said}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, said.strip().splitlines()[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cues", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        venue, show = bigshow.write(Path(folder), args.cues, args.seed)
        size = show.stat().st_size
        done = [once([sys.executable, "-m", "showctl", "check", str(venue), str(show)]) for _ in range(args.runs)]
    walls, cpus = [one[0] for one in done], [one[1] for one in done]
    print(f"{args.cues} cues in as many lines, {size / 1e6:.2f} MB; {done[0][2]}")
    wall, cpu = statistics.median(walls), statistics.median(cpus)
    print(
        f"showctl check, cold: median of {args.runs}, wall {wall:.2f} s ({min(walls):.2f} to {max(walls):.2f}), CPU {cpu:.2f} s"
    )
    print(f"allowed: {LIMIT_S:g} s")
    return int(wall > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
