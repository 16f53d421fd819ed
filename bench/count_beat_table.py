#!/usr/bin/env python3
"""Count what is heard at each place in a bar: makes showctl/analysis/hearing/beat_table.py.

Data: a folder with index.csv (columns id, file) and for each id the audio and ID.beats (seconds <TAB> place in the bar, from 1),
as the project's development set has them, and SYNTHETIC songs of drum_machine.py. Excerpts without beats are left out. Where
the place in a bar of four is not known, a beat counts for all four. The four beats are drawn towards their mean by PULL
counts, so that what was rarely seen is unlikely, not impossible.

    python bench/count_beat_table.py --data FOLDER [--out FILE] [--leave-out N OF]

--leave-out 1 5 counts without every fifth song, from the second on: for measuring on songs that were not counted.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import drum_machine
import numpy as np

from showctl.analysis.hearing.activation import DELAY, EDGES, LEVELS, ROWS, Witnesses
from showctl.analysis.hearing.barpointer import BEATS
from showctl.analysis.hearing.hops import HOPS_PER_SECOND, Hopper
from showctl.analysis.hearing.spectrum import LongView
from showctl.inputs import wavfile
from showctl.model import AudioBlock

PHASES = 24
SYNTHETIC = 50
PULL, FIRST = 60.0, 3.0
OUT = Path(__file__).resolve().parent.parent / "showctl" / "analysis" / "hearing" / "beat_table.py"
HEADER = '''"""How much likelier each thing heard is at each place in a bar: counted, not written by hand.

Made by bench/count_beat_table.py from {songs} annotated excerpts and {synthetic} songs of a drum machine. A line for each row of
`activation.Witnesses`: 100 x log(P(row | place) / its mean), for {phases} phases of each of {beats} beats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROWS, BEATS, PHASES = {rows}, {beats}, {phases}


def table() -> NDArray[np.float64]:
    """(ROWS, BEATS, PHASES) log-ratios."""
    return np.array(_HUNDREDTHS.split(), np.float64).reshape(ROWS, BEATS, PHASES) / 100


_HUNDREDTHS = """
'''  # fmt: skip
Excerpt = tuple[np.ndarray, np.ndarray, np.ndarray]  # (hops, 7) rows, (beats,) times, (beats,) places or -1


def rows_of(blocks: Iterator[AudioBlock]) -> np.ndarray:
    """(hops, 7) rows of the table that speak."""
    out, hopper = [], None
    for block in blocks:
        if hopper is None:
            hopper, view = Hopper(block.rate), LongView(block.rate)
            witnesses = Witnesses(view.centres)
        out += [witnesses.feed(view.feed(hop.mono)[2]) for hop in hopper.push(block)]
    return np.array(out)


def truth(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(beats,) times and places in a bar of four from 0, -1 where that is not known or the bar is another."""
    rows = [line.split("#")[0].split() for line in path.read_text().splitlines()]
    beats = sorted((float(r[0]), int(r[1].split(".")[-1]) - 1 if len(r) > 1 else -1) for r in rows if r)
    places = np.array([place for _, place in beats], int)
    if len(places) and places.max() != BEATS - 1:
        places[:] = -1
    return np.array([time for time, _ in beats]), places


def excerpts(data: Path, leave_out: list[int] | None) -> Iterator[Excerpt]:
    """Everything that is counted."""
    index = list(csv.DictReader((data / "index.csv").open()))
    songs = sorted({row["song"] for row in index})
    for row in index:
        if leave_out and songs.index(row["song"]) % leave_out[1] == leave_out[0]:
            continue
        beats, places = truth(data / f"{row['id']}.beats")
        if len(beats) > 1:
            yield rows_of(wavfile.blocks(data / row["file"], 65536)), beats, places
    for seed in range(SYNTHETIC):
        samples, beats, places = drum_machine.song(seed)
        yield rows_of(iter([AudioBlock(0, samples[:, None], drum_machine.RATE)])), beats, places


def count(excerpt: Excerpt, known: np.ndarray, unknown: np.ndarray) -> None:
    """Add an excerpt to (ROWS, BEATS, PHASES) and, where the place in the bar is not known, (ROWS, PHASES)."""
    rows, beats, places = excerpt
    time = (np.arange(len(rows)) + 1) / HOPS_PER_SECOND - DELAY
    before = np.searchsorted(beats, time, side="right") - 1
    inside = np.flatnonzero((before >= 0) & (before < len(beats) - 1))
    before = before[inside]
    phase = (time[inside] - beats[before]) / (beats[before + 1] - beats[before])
    bins, place = (phase * PHASES).astype(int), places[before]
    sure = place >= 0
    for witness in rows[inside].T:
        np.add.at(known, (witness[sure], place[sure], bins[sure]), 1)
        np.add.at(unknown, (witness[~sure], bins[~sure]), 1)


def ratios(known: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Counts -> (ROWS, BEATS, PHASES) log-ratios, each witness by itself."""
    borders = [*range(0, len(EDGES) * LEVELS + 1, LEVELS), ROWS]
    out = np.zeros_like(known)
    for start, end in pairwise(borders):
        any_beat = known[start:end].sum(axis=1) + unknown[start:end] + FIRST
        pulled = known[start:end] + PULL * (any_beat / any_beat.sum(axis=0))[:, None]
        share = pulled / pulled.sum(axis=0)
        out[start:end] = np.log(share / share.mean(axis=(1, 2), keepdims=True))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--leave-out", type=int, nargs=2, metavar=("N", "OF"))
    args = parser.parse_args()
    known, unknown, used = np.zeros((ROWS, BEATS, PHASES)), np.zeros((ROWS, PHASES)), 0
    for excerpt in excerpts(args.data, args.leave_out):
        count(excerpt, known, unknown)
        used += 1
    text = HEADER.format(songs=used - SYNTHETIC, synthetic=SYNTHETIC, rows=ROWS, beats=BEATS, phases=PHASES)
    for row in np.round(100 * ratios(known, unknown)).astype(int).reshape(ROWS, -1):
        numbers = [str(v) for v in row]
        text += "".join(" ".join(numbers[at : at + PHASES]) + "\n" for at in range(0, len(numbers), PHASES))
    args.out.write_text(text + '"""\n')


if __name__ == "__main__":
    main()
