"""What the ear says of a composed song, hop by hop, kept in a file: who learns from it or measures it hears it once.

A row is a hop: time, level, three bands, onset, three strikes, and of the grid its anchor, index, period (0 for no grid), bar
position, beats a bar and confidence; s, LUFS, dBFS. Form is left out: that is what is learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.analyzer import Analyzer
from showctl.model import AudioBlock, BeatGrid, Features
from training.electronic import song
from training.piece import RATE, Times

Rows = NDArray[np.float64]
GRID = 9  # the first column of the grid
_BLOCK = 4410  # frames


@dataclass(frozen=True, eq=False)
class HeardSong:
    """A song as it was heard, and the truth about it."""

    rows: Rows  # (hops, 15)
    beats: Times  # s
    positions: NDArray[np.int64]
    meter: int
    starts: Times  # s of its parts
    parts: tuple[str, ...]

    def begins(self, name: str) -> list[float]:
        """When (s) parts of this name begin."""
        return [float(at) for at, part in zip(self.starts, self.parts, strict=True) if part == name]

    @property
    def beat(self) -> float:
        """Seconds a beat."""
        return float(np.median(np.diff(self.beats)))


def hear(samples: NDArray[np.float32], rate: int) -> Rows:
    """(hops, 15) what the ear says of (frames,)."""
    ear, rows = Analyzer(rate), []
    for start in range(0, len(samples), _BLOCK):
        for f in ear.feed(AudioBlock(start, samples[start : start + _BLOCK].reshape(-1, 1), rate)):
            g = f.grid or BeatGrid(0.0, 0, 0.0, 0, 0)
            grid = (g.anchor, g.index, g.period, g.bar_position, g.beats_per_bar, g.confidence)
            rows.append((f.time, f.level, *f.bands, f.onset, *f.strikes, *grid))
    return np.array(rows)


def hops(rows: Rows) -> Iterator[Features]:
    """The same as Features."""
    for time, level, low, middle, high, onset, kick, snare, hat, anchor, index, period, place, bar, sure in rows.tolist():
        grid = BeatGrid(anchor, int(index), period, int(place), int(bar), sure) if period > 0 else None
        yield Features(time, level, (low, middle, high), onset=onset, grid=grid, strikes=(kick, snare, hat))


def heard_song(seed: int, style: str, keep: Path | None = None) -> HeardSong:
    """A song, from the folder `keep` if it was heard before."""
    path = keep and keep / f"{style.replace(' ', '_')}_{seed}.npz"
    if path and path.exists():
        d = np.load(path)
        return HeardSong(d["rows"], d["beats"], d["positions"], int(d["meter"]), d["starts"], tuple(d["parts"].tolist()))
    piece = song(seed, style)
    starts, parts = np.array([at for at, _ in piece.sections]), tuple(name for _, name in piece.sections)
    it = HeardSong(hear(piece.audio, RATE), piece.beats, piece.positions, piece.meter, starts, parts)
    if path:
        truth = {"beats": it.beats, "positions": it.positions, "meter": it.meter, "starts": it.starts, "parts": np.array(parts)}
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, rows=it.rows, **truth)
        part.rename(path)  # a file that is there is whole
    return it
