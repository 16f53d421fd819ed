"""Blocks of any size in, hops of 10 ms out.

Everything behind this module sees the same hops however a device or a file cut the sound into blocks: that is where the
law "cutting never changes the features" comes from. Sound is made harmless here, too: what is not a number becomes zero
and nothing exceeds +-4, so that one bad buffer of a driver cannot poison a filter for ever.

Frames that a device lost are time that passed. A short loss is filled with silence and its hops are marked as not heard;
after a long one the hearing begins anew, at the right time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.model import AudioBlock

HOPS_PER_SECOND = 100
LONG_LOSS = 2.0  # s; after more than this nothing of what was heard before is worth keeping
_LOUDEST = np.float32(4.0)  # x full scale: 12 dB over, more is a broken driver


@dataclass(frozen=True, slots=True, eq=False)
class Hop:
    """10 ms of sound."""

    time: float  # s, its end
    samples: NDArray[np.float32]  # (frames, channels)
    mono: NDArray[np.float32]  # (frames,) mean of the channels
    heard: bool = True  # False where frames were lost
    anew: bool = False  # True after a long loss: forget everything


def hop_frames(rate: int) -> int:
    """Audio frames in a hop. ValueError for a rate that has no whole number of them."""
    if rate < 8000 or rate % HOPS_PER_SECOND:
        raise ValueError(f"sound at {rate} Hz cannot be analysed: resample it to 48000 Hz first")
    return rate // HOPS_PER_SECOND


class Hopper:
    """Cuts a stream of blocks into hops."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._size = hop_frames(rate)
        self._origin: int | None = None  # frames at the beginning of hop 0
        self._count = 0  # hops given out since the origin
        self._part = np.zeros((0, 1), np.float32)  # the beginning of the next hop
        self._whole = True  # nothing of it was lost
        self._anew = False

    def push(self, block: AudioBlock) -> Iterator[Hop]:
        """The hops that are complete with this block. ValueError when it has another rate than the stream."""
        if block.rate != self._rate:
            raise ValueError(f"a block at {block.rate} Hz in a stream at {self._rate} Hz")
        samples = _harmless(block.samples)
        if self._part.shape[1] != samples.shape[1]:
            self._part = np.repeat(_mono(self._part)[:, None], samples.shape[1], axis=1)
        if self._origin is None:
            self._origin = block.start
        elif block.lost > LONG_LOSS * self._rate:
            self._origin += self._count * self._size + len(self._part) + block.lost
            self._count, self._part = 0, self._part[:0]
            self._whole, self._anew = True, True
        elif block.lost > 0:
            yield from self._cut(np.zeros((block.lost, samples.shape[1]), np.float32), heard=False)
        yield from self._cut(samples, heard=True)

    def _cut(self, samples: NDArray[np.float32], heard: bool) -> Iterator[Hop]:
        assert self._origin is not None
        sound = np.concatenate([self._part, samples])
        self._whole &= heard or not len(samples)
        mono = _mono(sound[: len(sound) // self._size * self._size])
        for begin in range(0, len(mono), self._size):
            end = begin + self._size
            self._count += 1
            time = (self._origin + self._count * self._size) / self._rate
            yield Hop(time, sound[begin:end], mono[begin:end], self._whole, self._anew)
            self._whole, self._anew = heard, False
        self._part = sound[len(mono) :].copy()
        if not len(self._part):
            self._whole = True


def _harmless(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(frames, channels) of finite numbers within +-4, in the order of time; a row of samples is one channel."""
    array = np.ascontiguousarray(samples, np.float32)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(f"sound must be (frames, channels), not {array.shape}")
    if not array.size or (array.min() >= -_LOUDEST and array.max() <= _LOUDEST):  # not so where one is not a number
        return array
    clean = np.where(np.isfinite(array), array, np.float32(0.0))
    return np.clip(clean, -_LOUDEST, _LOUDEST)


def _mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of the channels, added in one order so that the sum never depends on how the memory lies."""
    total = samples[:, 0].copy()
    for channel in range(1, samples.shape[1]):
        total += samples[:, channel]
    return total / np.float32(samples.shape[1])
