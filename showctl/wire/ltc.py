"""Linear time code: sound in, whole time codes out. PURE.

Source: SMPTE ST 12-1. A frame is 80 bits in biphase mark: the level turns over at the beginning of every bit, and in the middle
of a 1. Numbers are BCD, the lowest bit first; the last 16 bits, 0011111111111101, end a frame and tell the way of the tape,
as nothing in it looks like them from the other side. User bits and flags are left unread, but for drop frame.

Only the moments at which the level turns over count, between samples, against the middle of what was heard lately: polarity and
level make no difference down to FLOOR. How long a bit is is learned from each bit, so the tape may run at half to twice its
speed and waver. In noise frames might be seen by chance: one is told only if the one before it was whole, and a frame earlier.

What a tape says of its rate is no more than the highest frame number: until a second has ended it is told by the length of a bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.wire.timecode import Face, Frame, Rate, seconds, valid

FLOOR = 0.001  # full scale is 1: half of what a signal must swing at least
PIECE = 256  # samples over which the level is taken
FADES = 0.8  # of the level stays from piece to piece
CLEAR = 0.25  # of half a swing that a turn must go beyond the middle
BITS, SYNC, SYNC_BACK = 80, 0x3FFD, 0xBFFC  # in the order in which they come
WHOLE = (1 << BITS) - 1
SLOWEST, FASTEST = 24 * BITS * 0.45, 30 * BITS * 2.2  # bits a second
LEARNS = 0.2  # how much of its length is learned from each bit


@dataclass(frozen=True, slots=True)
class Heard:
    """A time code, and when: audio frames since the first that was fed, a fraction too."""

    time: float
    frame: Frame


class Decoder:
    """Reads one channel. Keeps 80 bits and a sample, however long it listens; nothing in the samples raises."""

    def __init__(self) -> None:
        self._rate = 0
        self._heard = 0  # samples
        self._begin(0)

    def _begin(self, rate: int) -> None:
        self._rate = rate
        self._last = 0.0  # the sample before
        self._above = False  # the level, as of the last turn
        self._high = self._low = 0.0
        self._turned = -1e9  # samples, when that was
        self._half: float | None = None  # the first half of a 1
        self._length = 0.0  # samples of a bit, 0 where it is not known
        self._lose()

    def _lose(self) -> None:
        self._bits, self._count = 0, 0
        self._half = None
        self._before: tuple[Face, int] | None = None  # what was read last, and which way
        self._highest = 0  # frame number before the second ended, 0 where that was not seen

    def feed(self, samples: NDArray[np.float32], rate: int) -> list[Heard]:
        """What has become whole with these (frames,) at `rate` Hz. Another rate begins anew."""
        if rate != self._rate:
            self._begin(rate)
        clean = np.clip(np.nan_to_num(np.asarray(samples, np.float64), posinf=0.0, neginf=0.0), -8.0, 8.0)
        found: list[Heard] = []
        for first in range(0, len(clean), PIECE):
            for turn in self._turns(clean[first : first + PIECE]):
                self._turn(turn, found)
        return found

    def _turns(self, piece: NDArray[np.float64]) -> list[float]:
        """When the level turns over, in samples."""
        start, self._heard = self._heard, self._heard + len(piece)
        middle, stays = (self._high + self._low) / 2, FADES ** (len(piece) / PIECE)
        self._high = max(float(piece.max()), middle + (self._high - middle) * stays)
        self._low = min(float(piece.min()), middle + (self._low - middle) * stays)
        middle, swing = (self._high + self._low) / 2, (self._high - self._low) / 2
        before, self._last = self._last, float(piece[-1])
        if swing < FLOOR:
            return []
        level = np.concatenate(([before], piece)) - middle
        clear = swing * CLEAR
        side = np.where(level > clear, 1, np.where(level < -clear, -1, 0))
        sure = np.flatnonzero(side[1:]) + 1
        sides = np.concatenate(([1 if self._above else -1], side[sure]))
        at = sure[np.flatnonzero(sides[1:] != sides[:-1])]
        if len(at) == 0:
            return []
        self._above = bool(side[sure[-1]] > 0)
        edge, was, now = side[at] * clear, level[at - 1], level[at]
        share = np.clip((edge - was) / np.where(now == was, 1.0, now - was), 0.0, 1.0)
        turns: list[float] = (start + at - 2 + share).tolist()
        return turns

    def _turn(self, at: float, found: list[Heard]) -> None:
        passed, self._turned = at - self._turned, at
        if not self._length or not 0.25 * self._length < passed < 1.5 * self._length:
            self._lose()
            self._length = passed if self._rate / FASTEST < passed < self._rate / SLOWEST else 0.0
            return
        if self._half is None and passed < 0.75 * self._length:
            self._half = passed
            return
        one = self._half is not None
        if one and passed >= 0.75 * self._length:
            self._lose()
            self._length = passed
            return
        bit = passed + (self._half or 0.0)
        self._half = None
        self._length += LEARNS * (bit - self._length)
        self._bits, self._count = (self._bits << 1 | one) & WHOLE, min(self._count + 1, BITS)
        if self._count == BITS:
            self._look(at, found)

    def _look(self, at: float, found: list[Heard]) -> None:
        """Whether the last 80 bits are a frame, forward or backwards."""
        if self._bits & 0xFFFF == SYNC:
            way, bits = 1, int(f"{self._bits:080b}"[::-1], 2)
        elif self._bits >> 64 == SYNC_BACK:
            way, bits = -1, self._bits
        else:
            return
        before, self._before, self._count = self._before, None, 0
        face, drop = _read(bits)
        if face is None:
            return
        self._before = face, way
        rate = self._rate_of(before, face, drop)
        if before is None or before[1] != way or not valid(face, rate) or not _next(before[0], face, way):
            return
        passed = 1 / rate.real if way > 0 else 0.0
        found.append(Heard(at, Frame(face, rate, seconds(face, rate) + passed, 1 if way > 0 else -1)))

    def _rate_of(self, before: tuple[Face, int] | None, face: Face, drop: bool) -> Rate:
        if drop:
            return Rate.DROP
        ended = before is not None and before[0].seconds != face.seconds
        if ended and before is not None:
            self._highest = int(max(before[0].frames, face.frames)) + 1
        near = self._highest or self._rate / (BITS * self._length)
        can = [rate for rate in (Rate.FILM, Rate.PAL, Rate.FULL) if rate.face > face.frames]
        return min(can, key=lambda rate: abs(rate.face - near))


def _read(bits: int) -> tuple[Face | None, bool]:
    """The clock in 80 bits, the first of them the lowest; None where a number is none. And whether frames are dropped."""

    def number(units: int, tens: int, width: int) -> int:
        low = bits >> units & 15
        return low + 10 * (bits >> tens & ((1 << width) - 1)) if low < 10 else 99

    face = Face(number(48, 56, 2), number(32, 40, 3), number(16, 24, 3), number(0, 8, 2))
    there = valid(face, Rate.FULL)
    return (face if there else None), bool(bits >> 10 & 1)


def _next(before: Face, face: Face, way: int) -> bool:
    """Whether one frame lies between them, whatever the rate."""
    old, new = (before, face) if way > 0 else (face, before)
    if new[:3] == old[:3]:
        return new.frames == old.frames + 1
    went = seconds(Face(*new[:3]), Rate.FULL) - seconds(Face(*old[:3]), Rate.FULL)
    return went in (1.0, -86_399.0) and new.frames in (0, 2) and old.frames in (23, 24, 29)
