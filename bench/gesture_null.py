"""Makes showctl/analysis/gesture/null.npz of CSV files `user,activity,rec,ax,ay,az,gx,gy,gz` (50 Hz, g, deg/s; also .gz).

    python bench/gesture_null.py ../shared/data/gestures [--out showctl/analysis/gesture/null.npz]

Acceleration in 1/256 g, turning in whole deg/s, stored as differences, which pack better. NULL.md beside it names whose it is.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import defaultdict
from pathlib import Path

import numpy as np

UNIT = np.array([1 / 256] * 3 + [1.0] * 3)
SHORTEST = 100  # samples


def recordings(folder: Path) -> dict[tuple[str, str, str], np.ndarray]:
    """(n, 6) by (source:person, activity, recording)."""
    found = defaultdict(list)
    for path in sorted(folder.glob("null_*.csv*")):
        source = path.name.split("_")[1]
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as opened:
            rows = csv.reader(opened)
            next(rows)
            for user, activity, record, *values in rows:
                found[f"{source}:{user}", activity, record].append([float(value) for value in values])
    return {key: np.array(rows) for key, rows in found.items() if len(rows) >= SHORTEST}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "showctl/analysis/gesture/null.npz")
    args = parser.parse_args()
    found = recordings(args.folder)
    whole = np.concatenate([np.round(motion / UNIT) for motion in found.values()])
    steps = np.diff(whole, axis=0, prepend=0)
    assert np.abs(steps).max() < 32768
    np.savez_compressed(
        args.out,
        steps=steps.astype(np.int16),
        unit=UNIT,
        lengths=np.array([len(motion) for motion in found.values()]),
        people=np.array([person for person, _, _ in found]),
    )
    print(
        f"{args.out}: {len(whole) / 50 / 3600:.2f} h of {len({p for p, _, _ in found})} people, {args.out.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
