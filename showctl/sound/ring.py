"""The ring between the sound system's callback and whoever listens: one writer, one reader, fixed memory, no lock.

The writer only moves `head`, the reader only moves `tail`; both count audio frames for ever and never wrap. What does not fit
is dropped and counted, so a reader that stalls costs sound and never memory, and the writer, which runs in the sound system's
own thread, never waits. A gap is told to the reader where it lies: the block after it says how many frames were `lost`, and
its `start` counts them, so the time of every frame stays right. What a driver sends that is no number is read as silence: one
such sample would stay for ever in every filter that hears it.

Counters and samples lie in one anonymous mapping: nothing here is moved or freed by the collector while the callback copies.
Each counter has one writer and is an aligned 64-bit store, made after the samples it speaks of; the interpreter's lock
orders the two.
"""

from __future__ import annotations

import mmap

import numpy as np
from numpy.typing import NDArray

from showctl.model import AudioBlock

GAPS = 64  # gaps remembered; when there are more, the ring stays closed until the reader has seen one
_HEAD, _TAIL, _GAP_HEAD, _GAP_TAIL, _LOST = range(5)
_HEADER = 8


class Ring:
    """A ring of `frames` audio frames of `channels` float32 each, full scale +-1."""

    def __init__(self, frames: int, channels: int, rate: int) -> None:
        self.frames, self.channels, self.rate = frames, channels, rate
        counters = _HEADER + 2 * GAPS
        self._map = mmap.mmap(-1, 8 * counters + 4 * frames * channels)
        self._n: NDArray[np.int64] = np.frombuffer(self._map, np.int64, counters)
        self._gap_at, self._gap_lost = self._n[_HEADER : _HEADER + GAPS], self._n[_HEADER + GAPS :]
        samples = np.frombuffer(self._map, np.float32, frames * channels, 8 * counters)
        self._samples: NDArray[np.float32] = samples.reshape(frames, channels)
        self._start = 0  # frames of the stream up to `tail`, those that were lost included

    @property
    def waiting(self) -> int:
        """Audio frames that can be read now."""
        return int(self._n[_HEAD] - self._n[_TAIL])

    @property
    def lost(self) -> int:
        """Audio frames dropped so far."""
        return int(self._n[_LOST])

    def write(self, samples: NDArray[np.float32]) -> int:
        """Copy (n, channels) in; what does not fit is dropped and counted. Returns how many frames went in. Never waits."""
        head, size = int(self._n[_HEAD]), len(samples)
        room = self.frames - (head - int(self._n[_TAIL]))
        # A gap that begins where the last one began, with nothing between them, is the same gap and needs no new entry.
        closed = self._n[_GAP_HEAD] - self._n[_GAP_TAIL] >= GAPS
        take = 0 if closed else min(size, room)
        at = head % self.frames
        first = min(take, self.frames - at)
        self._samples[at : at + first] = samples[:first]
        self._samples[: take - first] = samples[first:take]
        self._n[_HEAD] = head + take
        if take < size:
            self._drop(head + take, size - take)
        return take

    def _drop(self, at: int, frames: int) -> None:
        newest = int(self._n[_GAP_HEAD])
        self._n[_LOST] += frames
        if newest > self._n[_GAP_TAIL] and self._gap_at[(newest - 1) % GAPS] == at:
            self._gap_lost[(newest - 1) % GAPS] += frames
            return
        self._gap_at[newest % GAPS], self._gap_lost[newest % GAPS] = at, frames
        self._n[_GAP_HEAD] = newest + 1

    def read(self, most: int) -> AudioBlock | None:
        """The next frames, `most` at most and never across a gap; None if there are none. The samples are the caller's."""
        head, tail, gap = int(self._n[_HEAD]), int(self._n[_TAIL]), int(self._n[_GAP_TAIL])
        if head == tail:
            return None
        lost, end = 0, min(head, tail + most)
        if gap < self._n[_GAP_HEAD] and self._gap_at[gap % GAPS] == tail:
            lost = int(self._gap_lost[gap % GAPS])
            gap += 1
            self._n[_GAP_TAIL] = gap
        if gap < self._n[_GAP_HEAD]:
            end = min(end, int(self._gap_at[gap % GAPS]))
        at, count = tail % self.frames, end - tail
        first = min(count, self.frames - at)
        samples = np.concatenate((self._samples[at : at + first], self._samples[: count - first]))
        if not (numbers := np.isfinite(samples)).all():
            samples[~numbers] = 0.0
        self._n[_TAIL] = end
        self._start += lost + count
        return AudioBlock(self._start - count, samples, self.rate, lost)
