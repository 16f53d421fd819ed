"""How well the beats of a track are known beforehand, beside what the ear says while it plays.

    python bench/beatmap.py [FOLDER]

FOLDER holds sound files and, of the same name, `.beats` files: a line a beat, seconds and place in the bar. Counted is the
F-measure of beats within 70 ms and within 25 ms of the true ones, from the very first one on, of downbeats within 70 ms, and the
median distance of those that hit. Recordings without beats are left out.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from showctl.analysis.hearing.beatmap import Mapper
from showctl.inputs.wavfile import blocks

USUAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "beats"


def hits(true: np.ndarray, found: np.ndarray, within: float) -> list[float]:
    """Distances (s) of pairs, each beat in one of them at most."""
    pairs, k = [], 0
    for t in true:
        while k < len(found) and found[k] < t - within:
            k += 1
        if k < len(found) and found[k] <= t + within:
            pairs.append(abs(found[k] - t))
            k += 1
    return pairs


def f_measure(true: np.ndarray, found: np.ndarray, within: float) -> float:
    """0..1."""
    return 2 * len(hits(true, found, within)) / max(1, len(true) + len(found))


def truth(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(beats,) s, and their places in the bar, 0 where that is not said."""
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
    return np.array([float(row[0]) for row in rows]), np.array([int(row[1]) if len(row) > 1 else 0 for row in rows])


def figures(sound: Path) -> list[float] | None:
    """Of one recording: F 70 ms, F 25 ms, downbeats and median distance (ms), of the ear and of the map in turn."""
    true, places = truth(sound.with_suffix(".beats"))
    if len(true) < 8:
        return None
    mapper: Mapper | None = None
    for block in blocks(sound, 4800):
        mapper = mapper or Mapper(block.rate)
        mapper.feed(block)
    assert mapper is not None
    found = mapper.map()
    said = {one.grid.index: one.grid for one in mapper.heard if one.grid is not None}
    heard = np.array(sorted(grid.anchor for grid in said.values()))
    ones = np.array(sorted(grid.anchor for grid in said.values() if grid.bar_position == 1))
    down, row = true[places == 1], []
    for beats, bars in ((heard, ones), (found.beats, found.bars())):
        close = hits(true, beats, 0.07)
        bar = f_measure(down, bars, 0.07) if len(down) else np.nan
        apart = 1e3 * float(np.median(close)) if close else np.nan
        row += [f_measure(true, beats, 0.07), f_measure(true, beats, 0.025), bar, apart]
    return row


def line(row: list[float]) -> str:
    """The figures of the ear, and of the map."""
    return "      ".join("  ".join(f"{x:5.2f}" for x in some) for some in (row[:4], row[4:]))


def main() -> None:
    """A line a recording, and the mean."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else USUAL
    began, rows = time.process_time(), []
    names = "  ".join(f"{name:>5s}" for name in ("F70", "F25", "bars", "ms"))
    print(f"{'the ear, and the map':36s}{names}      {names}")
    for sound in sorted(folder.glob("*.ogg")):
        if (row := figures(sound)) is not None:
            rows.append(row)
            print(f"{sound.stem[:34]:36s}{line(row)}", flush=True)
    print(f"{f'mean of {len(rows)}':36s}{line(list(np.nanmean(np.array(rows), axis=0)))}")
    print(f"{time.process_time() - began:.0f} s of CPU")


if __name__ == "__main__":
    main()
