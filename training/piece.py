"""A piece of music with the truth about it: what every composer of this folder makes and every later step takes.

Times are seconds from the first audio frame. A beat is where people would tap; a composer that swings, drags or rushes moves
the notes, not the beat. Where a beat can be felt in two octaves, the composer decides as people tap: mostly between 70 and 180
beats a minute. Everything follows from a seed: the same seed gives the same piece, sample for sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE = 44100  # Hz of all audio here
KINDS = ("kick", "snare", "hat", "note")  # of hits: hats, rides and cymbals are "hat"; all else that is struck is "note"

Times: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Sound and truth."""

    audio: NDArray[np.float32]  # (frames,) mono at RATE, peak at most 1
    beats: Times  # s, rising; empty where there is no beat to be followed
    positions: NDArray[np.int64]  # of each beat in its bar, from 1; 0 where that is not known
    meter: int  # beats a bar: 2, 3, 4, 6 (5, 7 may occur); 0 where not known
    style: str  # "funk", "house", "solo piano", "speech"
    hits: dict[str, Times] = field(default_factory=dict)  # s of what is struck, by KINDS
    sections: tuple[tuple[float, str], ...] = ()  # (s, name) where a part begins: steady, build, drop, break, silence


Composer: TypeAlias = Callable[[int], Piece]  # a seed -> the piece that follows from it
