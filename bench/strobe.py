"""The strobe limit, measured on frames: random rigs, shows and hands, none of which may get beyond it.

    python bench/strobe.py [--shows 10000] [--seed 1]

Each show is up to twelve fixtures of four kinds (a dimmer, a wash without one, a bar of cells, a head with a shutter of its
own), sudden cues and fast effects, and hands on GO, blackout, masters, release, on fixtures and on park, at 25, 44 or 50 frames a
second. The counter of tests/show/flashes.py knows slots only, and counts rises and falls alike. Also without the limit, so that
one sees how wild the shows are. Exit code 1 if one show of those with the limit is beyond it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.show.flashes import measured


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shows", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    began = time.process_time()
    found = [measured(np.random.default_rng([args.seed, i])) for i in range(args.shows)]
    spent = time.process_time() - began
    without = max(1, args.shows // 10)
    free = [measured(np.random.default_rng([args.seed, i]), limited=False) for i in range(without)]
    beyond = [i for i, one in enumerate(found) if one.beyond]
    print(f"random shows with the limit      {len(found):6d}, {spent:.0f} s CPU")
    print(f"  beyond it                      {len(beyond):6d}{': shows ' + str(beyond[:10]) if beyond else ''}")
    print(f"  with a fixture over it         {sum(one.over > 0 for one in found):6d} (at most a quarter of the fixtures)")
    print(f"the first {without} without the limit   {sum(one.beyond > 0 for one in free):6d} beyond it")
    return int(bool(beyond))


if __name__ == "__main__":
    sys.exit(main())
