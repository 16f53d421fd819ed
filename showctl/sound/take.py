"""A take: a signal is played into some outputs of a device while some of its inputs are recorded, sample against sample.

Frame n of the recording came in with the block that frame n of the signal went out with, so the two are apart by the way through
the card and the room and by nothing else, and by the same in every take as long as the stream is open.

The take looks after the ears of those in the room: it begins and ends without a click, an input that reaches full scale stops it
within the block in which that is seen, and so does `stop`. A stopped take fades out in FADE_S and is not a measurement.

Pure: blocks in, blocks out. `process` is for the sound system's thread, the rest for any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FADE_S = 0.01
FULL_SCALE = 0.999

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What came of a take."""

    samples: Sound  # (frames, inputs)
    stopped: str  # why it ended early, in words; empty where it is whole
    clipped: tuple[int, ...] = ()  # inputs that were at full scale, or sent what is no number: that ended it


class Take:
    """Plays `signal` (frames,) into `outputs` and goes on recording `inputs` for `tail` frames; channels count from 0.

    ValueError where the signal is no number or beyond full scale.
    """

    def __init__(self, signal: Sound, outputs: Sequence[int], inputs: Sequence[int], tail: int, rate: int) -> None:
        if not np.isfinite(signal).all() or (len(signal) and np.abs(signal).max() > 1.0):
            raise ValueError("what is to be played is beyond full scale")
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self._signal = signal.astype(np.float32)
        self._kept = np.zeros((len(signal) + tail, len(self.inputs)), np.float32)
        self._fade = np.linspace(1.0, 0.0, max(2, round(FADE_S * rate)), dtype=np.float32)
        self._at = 0  # frames played and recorded
        self._reason = ""
        self._clipped: tuple[int, ...] = ()
        self._ends: int | None = None  # the frame at which the fade of a stop is over

    @property
    def done(self) -> bool:
        """Whether all is played and recorded, or it has been stopped."""
        return self._at >= (len(self._kept) if self._ends is None else self._ends)

    @property
    def taken(self) -> Taken:
        """What was recorded; to be asked when it is done."""
        return Taken(self._kept[: self._at].copy(), self._reason, self._clipped)

    def stop(self, reason: str) -> None:
        """Fade out and end; the first reason stays."""
        self._reason = self._reason or reason

    def process(self, samples: Sound, out: Sound) -> None:
        """(frames, channels) in -> out; channels that are not the take's are silent."""
        out[:] = 0.0
        heard = samples[:, self.inputs]
        if not self._reason and (clipped := self._loud(heard)):
            self._clipped = clipped
            self.stop(f"input {clipped[0] + 1} clips: turn its gain down")
        if self._reason and self._ends is None:
            self._ends = min(self._at + len(self._fade), len(self._kept))
        ends = len(self._kept) if self._ends is None else self._ends
        count = max(0, min(len(samples), ends - self._at))
        played = self._signal[self._at : self._at + count]
        if self._ends is not None:
            played = played * self._fade[len(self._fade) - (self._ends - self._at) :][: len(played)]
        for channel in self.outputs:
            out[: len(played), channel] = played
        self._kept[self._at : self._at + count] = heard[:count]
        self._at += count

    def _loud(self, heard: Sound) -> tuple[int, ...]:
        """Inputs that are at full scale, or send what is no number."""
        good = np.abs(heard).max(axis=0, initial=0.0) < FULL_SCALE
        return () if good.all() else tuple(one for one, well in zip(self.inputs, good, strict=True) if not well)
