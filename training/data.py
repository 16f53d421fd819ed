"""Composes, spoils and looks at many pieces: the shards that training reads.

    python -m training.data --out FOLDER --shards 0-59 [--jobs 2]          own music, 48 pieces a shard
    python -m training.data --out FOLDER --excerpts DIR [--spoilt 4]       annotated recordings, plain and spoilt

A shard that is there is not made again, so that a run that was stopped goes on. Shard n holds the seeds 48n .. 48n+47:
the same everywhere. About a second of processor time a piece.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from training import features
from training.piece import Composer, Piece

A_SHARD = 48
SPOILT = 0.45  # share of pieces that are spoilt as in a venue; the others only mildly


def composers() -> list[tuple[float, Composer]]:
    """Who composes, and how often."""
    from training import band, electronic, metal, nothing, piano

    return [
        (0.38, band.compose),
        (0.30, electronic.compose),
        (0.12, metal.compose),
        (0.10, piano.compose),
        (0.05, nothing.compose),
        (0.05, nothing.between),
    ]


def compose(seed: int) -> Piece:
    """The piece that follows from a seed."""
    from training import spoil

    rng = np.random.default_rng([seed, 77])
    shares, makers = zip(*composers(), strict=True)
    piece = makers[rng.choice(len(makers), p=np.array(shares) / sum(shares))](seed)
    return spoil.spoil(piece, seed, mild=bool(rng.random() > SPOILT))


def shard(number: int, out: Path) -> str:
    """Make one shard."""
    path = out / f"own-{number:04d}.npz"
    if path.exists():
        return f"{path.name} stands"
    made = []
    for seed in range(number * A_SHARD, (number + 1) * A_SHARD):
        piece = compose(seed)
        made.append(features.example(f"{seed} {piece.style}", piece))
    features.write(path, made)
    return f"{path.name} {sum(len(m.frames) for m in made) / 6000:.0f} minutes"


def recordings(folder: Path, out: Path, spoilt: int) -> None:
    """One shard of plain excerpts and one of the same, each spoilt so often."""
    from training import spoil

    plain, worse = [], []
    for n, (name, (_, piece)) in enumerate(features.excerpts(folder).items()):
        plain.append(features.example(name, piece))
        made = (spoil.spoil(piece, 1000 * n + k, mild=k % 2 == 0) for k in range(spoilt))
        worse.extend(features.example(name, one) for one in made)
        print(name, flush=True)
    features.write(out / "excerpts.npz", plain)
    features.write(out / "excerpts-spoilt.npz", worse)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", help="first-last")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--excerpts", type=Path)
    parser.add_argument("--spoilt", type=int, default=4)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.excerpts:
        recordings(args.excerpts, args.out, args.spoilt)
    if args.shards:
        first, last = (int(n) for n in args.shards.split("-"))
        with ProcessPoolExecutor(args.jobs) as pool:
            for said in pool.map(shard, range(first, last + 1), [args.out] * (last - first + 1)):
                print(said, flush=True)


if __name__ == "__main__":
    main()
