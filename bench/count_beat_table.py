#!/usr/bin/env python3
"""Count how often each level of rise occurs at each phase of a beat: makes showctl/analysis/hearing/beat_table.py.

Data: a folder with index.csv (columns id, file) and for each id the audio and ID.beats (seconds <TAB> position in the bar), as
the project's development set has them; excerpts without beats are left out. Every excerpt weighs the same. Each
cell begins with a count of 3, so that what was never seen is unlikely, not impossible.

    python bench/count_beat_table.py --data FOLDER > showctl/analysis/hearing/beat_table.py
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from showctl.analysis.hearing.activation import DELAY, EDGES, THRESHOLDS, Levels
from showctl.analysis.hearing.hops import HOPS_PER_SECOND, Hopper
from showctl.analysis.hearing.spectrum import LongView
from showctl.inputs import wavfile

PHASES = 24
HEADER = '''"""How much likelier each level of rise is at each phase of a beat: counted, not written by hand.

Made by bench/count_beat_table.py from {count} annotated excerpts. For each of the {ranges} ranges of frequency {phases} rows, one a phase
of the beat, of {levels} numbers, one a level: 100 x log(P(level | phase) / mean over the phases).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RANGES, PHASES, LEVELS = {ranges}, {phases}, {levels}


def table() -> NDArray[np.float64]:
    """(RANGES, PHASES, LEVELS) log-ratios."""
    return np.array(_HUNDREDTHS.split(), np.float64).reshape(RANGES, PHASES, LEVELS) / 100


_HUNDREDTHS = """
'''


def heard_levels(path: Path) -> np.ndarray:
    """(hops, ranges) levels of a whole file."""
    out, hopper = [], None
    for block in wavfile.blocks(path, 65536):
        if hopper is None:
            hopper, view = Hopper(block.rate), LongView(block.rate)
            levels = Levels(view.centres)
        out += [levels.feed(view.feed(hop.mono)[2]) for hop in hopper.push(block)]
    return np.array(out)


def phases_of(hops: int, beats: np.ndarray) -> np.ndarray:
    """(hops,) phase 0..1 of what each hop shows, -1 outside the annotation."""
    time = (np.arange(hops) + 1) / HOPS_PER_SECOND - DELAY
    before = np.searchsorted(beats, time, side="right") - 1
    inside = np.flatnonzero((before >= 0) & (before < len(beats) - 1))
    out = np.full(hops, -1.0)
    start = beats[before[inside]]
    out[inside] = (time[inside] - start) / (beats[before[inside] + 1] - start)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    counts = np.zeros((len(EDGES) - 1, PHASES, len(THRESHOLDS) + 1))
    used = 0
    for row in csv.DictReader((data / "index.csv").open()):
        text = (data / f"{row['id']}.beats").read_text()
        beats = np.array(sorted(float(line.split()[0]) for line in text.splitlines() if line.split("#")[0].strip()))
        if len(beats) < 2:
            continue
        levels = heard_levels(data / row["file"])
        phase = phases_of(len(levels), beats)
        inside = phase >= 0
        used += 1
        bins = (phase[inside] * PHASES).astype(int)
        for k in range(len(counts)):
            np.add.at(counts[k], (bins, levels[inside, k]), 4000 / inside.sum())
    counts += 3.0
    share = counts / counts.sum(axis=2, keepdims=True)
    ratios = np.log(share / share.mean(axis=1, keepdims=True))
    print(HEADER.format(count=used, ranges=len(counts), phases=PHASES, levels=counts.shape[2]), end="")
    for row in np.round(100 * ratios).astype(int).reshape(-1, counts.shape[2]):
        print(" ".join(str(v) for v in row))
    print('"""')


if __name__ == "__main__":
    main()
