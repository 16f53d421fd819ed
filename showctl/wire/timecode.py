"""Time code: the clock that a sender of songs or films shows, in hours, minutes, seconds and frames. PURE.

Source: SMPTE ST 12-1. There are 24, 25 and 30 frames a second, and 29.97 with drop frame: of every minute but each tenth the
numbers 0 and 1 are left out, so that the clock stays true. 30 without drop frame is the face of the clock: where video runs it
at 29.97 it is a clock that runs 0.1 % slow, and is followed as one.

Everywhere else time code is float seconds since 0:00:00:00.

`Chase` makes of what a decoder reads what the engine is told: where time code stood at which moment and how fast it ran, five
times a second, and at once where it jumps. Between that the engine reckons on by itself, so the jitter of a wire moves no cue.
One that reads but once, or stands still between two frames, is not believed: two that follow each other are.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from showctl.model import Timecode

TOLD_EVERY = 0.2  # s
WINDOW, SURE = 0.6, 0.3  # s over which is measured how fast it runs; what fewer tell is no more than the way
READ = 64  # that are looked at, at most
INSTANT = 1e-6  # s; frames no further apart are one, and give no speed
LOST = 0.25  # s without a frame, after which it begins anew
OFF = 0.03  # s from where it should stand that are told at once
JUMP = 0.1  # s from there that are another place
SLOWEST, FASTEST = 0.25, 4.0
TRUE = 0.03  # so near to 1 it runs as fast as time


class Rate(StrEnum):
    """How frames are counted."""

    FILM = "24"
    PAL = "25"
    DROP = "29.97df"
    FULL = "30"

    @property
    def face(self) -> int:
        """Frames that the clock counts in a second."""
        return 30 if self is Rate.DROP else int(self.value)

    @property
    def real(self) -> float:
        """Frames a second."""
        return 30_000 / 1001 if self is Rate.DROP else float(self.value)


class Face(NamedTuple):
    """What the clock shows. Frames may be a fraction."""

    hours: int
    minutes: int
    seconds: int
    frames: float = 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole time code that was read."""

    face: Face
    rate: Rate
    at: float  # s of time code at that moment
    direction: Literal[-1, 0, 1]  # 0: it stands


def seconds(face: Face, rate: Rate) -> float:
    """Seconds since 0:00:00:00."""
    minutes = face.hours * 60 + face.minutes
    dropped = 2 * (minutes - minutes // 10) if rate is Rate.DROP else 0
    return ((minutes * 60 + face.seconds) * rate.face + face.frames - dropped) / rate.real


def valid(face: Face, rate: Rate) -> bool:
    """Whether the clock can show it."""
    there = face.hours < 24 and face.minutes < 60 and face.seconds < 60 and face.frames < rate.face
    left_out = rate is Rate.DROP and face.minutes % 10 and not face.seconds and face.frames < 2
    return there and not left_out


class Chase:
    """Follows one time code: frames in, what is to be told out. `clock` and `source` are those of Timecode."""

    def __init__(self, clock: Literal["mtc", "ltc"], source: str) -> None:
        self._clock, self._source = clock, source
        self._read: deque[tuple[float, float]] = deque(maxlen=READ)  # show time, time code (s)
        self._told: Timecode | None = None

    def stands(self, time: float, at: float) -> Timecode:
        """It was put to `at` (s) and does not run."""
        self._read.clear()
        self._told = None
        return Timecode(time=time, source=self._source, clock=self._clock, at=round(at, 4), speed=0.0)

    def runs(self, time: float, at: float) -> Timecode | None:
        """At show time `time` (s) it was at `at` (s): what is to be told of that, if anything."""
        if self._read and not self._goes_on(time, at):
            self._read.clear()
            self._told = None
        self._read.append((time, at))
        while self._read[0][0] < time - WINDOW:
            self._read.popleft()
        if len(self._read) < 2:
            return None
        now = self._measured(time)
        last = self._told
        if last is not None and time < last.time + TOLD_EVERY and abs(now.at - last.at - (time - last.time) * last.speed) < OFF:
            return None
        self._told = now
        return now

    def _goes_on(self, time: float, at: float) -> bool:
        before, was = self._read[-1]
        passed, went = time - before, at - was
        if not INSTANT < passed < LOST:
            return False
        if len(self._read) == 1:  # a wire may bring two in a bunch: the place says as much as the speed
            return SLOWEST * passed <= abs(went) <= FASTEST * passed + 2 * OFF
        return abs(was + self._speed() * passed - at) < JUMP

    def _speed(self) -> float:
        """By the least squares."""
        count = len(self._read)
        middle, level = sum(t for t, _ in self._read) / count, sum(a for _, a in self._read) / count
        spread = sum((t - middle) ** 2 for t, _ in self._read)
        speed = sum((t - middle) * (a - level) for t, a in self._read) / spread
        away = speed - 1.0 if speed > 0.0 else speed + 1.0
        true = TRUE if self._read[-1][0] - self._read[0][0] >= SURE else 0.3
        return (1.0 if speed > 0.0 else -1.0) if abs(away) < true else speed

    def _measured(self, time: float) -> Timecode:
        speed = self._speed()
        at = sum(a + (time - t) * speed for t, a in self._read) / len(self._read)
        where = round(max(at, 0.0), 4)
        return Timecode(time=round(time, 4), source=self._source, clock=self._clock, at=where, speed=round(speed, 4))
