"""A voice: one reading head on one track, with its way in and its way out.

Whatever jumps in time (a seek, a loop, the next song) is a second voice that comes in while the first goes out, so that nothing
ever steps. At its own speed and on a whole sample a voice hands over the very samples of the track; at any other it is
`varispeed`. A voice that comes back to its own speed between two samples slides onto a whole one within SETTLE frames, by less
than a five-thousandth of its speed.

Pure: positions are frames of the track at the rate of the device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from showctl.sound.player.varispeed import MOST_RATE, ZEROS, kernel

Sound = NDArray[np.float32]
SETTLE = 4800  # frames
MOST = 1024  # frames that are made at once
NEAR = 1e-6  # of a frame: nearer than that is on it


class Source(Protocol):
    """A track: a finite number of frames, silence before and after them."""

    name: str  # that of another version of its file is the same
    frames: int

    def read(self, start: int, out: Sound) -> int:
        """Fill `out` (frames, lines) from frame `start`; how many of the frames are not there yet (they are silent)."""


@dataclass(slots=True)
class Fade:
    """A gain on its way from 0 to 1 or back. `power`: two of them, in and out, keep the power of sounds that differ; else the
    sum of the two is 1, which is right for a sound and itself."""

    frames: int
    way: Literal["in", "out"]
    power: bool = False
    top: float = 1.0  # the gain at its upper end
    done: int = 0

    @property
    def gain(self) -> float:
        """Of the last frame."""
        return float(self._curve(np.array([self.done]))[0])

    @property
    def over(self) -> bool:
        """Whether it has come to its end."""
        return self.done >= self.frames

    def take(self, count: int) -> NDArray[np.float32]:
        """(count, 1) the gains of the next frames."""
        curve = self._curve(np.arange(self.done + 1, self.done + count + 1))
        self.done += count
        return curve.astype(np.float32)[:, None]

    def _curve(self, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        x = (frames / (self.frames + 1)).clip(0.0, 1.0)
        if self.way == "out":
            x = 1.0 - x
        curve: NDArray[np.float64] = self.top * (np.sin(0.5 * np.pi * x) if self.power else x)
        return curve


class Voice:
    """`take` is the number of the command that began it; `at` the frame of the track that is next."""

    def __init__(self, source: Source, take: int, at: float, into: Fade | None, width: int) -> None:
        self.source, self.take, self.position = source, take, at
        self.into = into
        self.out: Fade | None = None
        self._settle = 0
        self._scratch = np.zeros((int(MOST * MOST_RATE) + 2 * math.ceil(ZEROS * MOST_RATE) + 2, width), np.float32)

    @property
    def gone(self) -> bool:
        """Whether nothing of it is heard any more."""
        return self.position >= self.source.frames or (self.out is not None and self.out.over)

    def leave(self, frames: int, power: bool = False) -> None:
        """Go out within so many frames; the sooner of two ways out counts, from as loud as it is on the other."""
        if self.out is None:
            self.out = Fade(frames, "out", power)
        elif frames < self.out.frames - self.out.done:
            self.out = Fade(frames, "out", power, self.out.gain)

    def add(self, out: Sound, rate: float) -> int:
        """Add the next frames, MOST at most, to `out` (frames, lines); how many of the track's were not there yet."""
        count = len(out)
        piece, missing = self._next(count, rate)
        if self.into is not None:
            piece = piece * self.into.take(count)
            self.into = None if self.into.over else self.into
        if self.out is not None:
            piece = piece * self.out.take(count)
        out += piece
        return missing

    def _next(self, count: int, rate: float) -> tuple[Sound, int]:
        if rate != 1.0:
            self._settle = SETTLE
            return self._between(count, rate)
        apart = math.ceil(self.position - NEAR) - self.position
        if abs(apart) <= NEAR:
            self.position, self._settle = float(round(self.position)), 0
            piece = self._scratch[:count]
            missing = self.source.read(int(self.position), piece)
            self.position += count
            return piece, missing
        left = self._settle or SETTLE
        first = min(count, left)
        piece, missing = self._between(first, 1.0 + apart / left)
        self._settle = left - first
        if not self._settle:
            self.position = float(round(self.position))
        if first == count:
            return piece, missing
        piece = piece.copy()
        more, lacking = self._next(count - first, rate)
        return np.concatenate((piece, more)), missing + lacking

    def _between(self, count: int, rate: float) -> tuple[Sound, int]:
        """The next frames, read between the samples."""
        k = kernel(rate)
        begin = math.floor(self.position)
        positions = self.position - begin + np.arange(count, dtype=np.float64) * rate
        size = math.floor(positions[-1]) + k.taps
        samples = self._scratch[:size]
        missing = self.source.read(begin - k.before, samples)
        piece = k.at(samples, positions)
        self.position += count * rate
        return piece, missing
