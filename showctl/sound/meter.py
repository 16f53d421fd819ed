"""What is wrong with this sound, if anything: nothing at all, too quiet, too loud. Levels in dBFS of the highest sample.

Digital zero and quiet are told apart, because the cure differs: a card whose cable is out still hisses at -90 dBFS, while
exact zeros come from a muted channel, a port that nobody connected or a program that does not play. Clipping is seen as
runs of samples at full scale: one such sample is a well-mastered record, three in a row are a cut-off peak.

Pure: time is counted in audio frames.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from showctl.model import AudioBlock
from showctl.units import SILENCE_DB, db

QUIET_DB = -60.0  # below this no beat will be found
ZERO_S, QUIET_S = 2.0, 2.0  # this long before it is said: the gap between two songs is shorter
CLIP_HOLD_S = 3.0  # how long clipping is remembered
CLIP_RUN = 3  # samples
FULL_SCALE = 0.999


class Condition(StrEnum):
    """What is heard, as far as a technician must know."""

    FINE = "fine"
    ZERO = "zero"
    QUIET = "quiet"
    CLIPS = "clips"


class Meter:
    """Feed it every block; ask for the condition and the peak."""

    def __init__(self) -> None:
        self._zero = self._quiet = 0.0  # s that this has lasted
        self._clip = 0.0  # s left of having clipped
        self._peak = 0.0
        self.sounded = False  # whether there ever was anything but digital zero

    def add(self, block: AudioBlock) -> None:
        """Take in one block of any length."""
        if not len(block.samples):
            return
        seconds = len(block.samples) / block.rate
        peak = float(np.abs(block.samples).max())
        self._peak = max(self._peak, peak)
        self.sounded |= peak > 0.0
        self._zero = self._zero + seconds if peak == 0.0 else 0.0
        self._quiet = self._quiet + seconds if db(peak) < QUIET_DB else 0.0
        self._clip = max(0.0, self._clip - seconds)
        if peak >= FULL_SCALE and _clipped(block.samples):
            self._clip = CLIP_HOLD_S

    @property
    def clipped(self) -> bool:
        """Whether the sound was cut off at full scale in the last CLIP_HOLD_S seconds."""
        return self._clip > 0.0

    @property
    def condition(self) -> Condition:
        """The worst of what holds now."""
        if self._zero >= ZERO_S:
            return Condition.ZERO
        if self.clipped:
            return Condition.CLIPS
        return Condition.QUIET if self._quiet >= QUIET_S else Condition.FINE

    def take_peak(self) -> float:
        """DBFS of the highest sample since the last call."""
        peak, self._peak = db(self._peak), 0.0
        return max(SILENCE_DB, peak)


def _clipped(samples: NDArray[np.float32]) -> bool:
    """Whether any channel stays at full scale, on one side, for CLIP_RUN samples."""
    for full in (samples >= FULL_SCALE, samples <= -FULL_SCALE):
        runs = full[: len(full) - CLIP_RUN + 1].copy()
        for k in range(1, CLIP_RUN):
            runs &= full[k : len(full) - CLIP_RUN + 1 + k]
        if runs.any():
            return True
    return False
