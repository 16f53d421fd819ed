"""What microphones hear of the room: the programme band by band, how loud it is, and what howls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class RoomResponse:
    """What one microphone hears of the programme, band by band, as known at `time`: the system, the room and the place."""

    time: float  # s
    freq: NDArray[np.float64]  # (bands,) Hz, the 1/6-octave grid of analysis.room.grid
    magnitude: NDArray[np.float64]  # (bands,) dB against the programme, the programme's level taken out
    coherence: NDArray[np.float64]  # (bands,) 0..1
    trusted: NDArray[np.bool_]  # (bands,) whether the magnitude may be acted upon
    worth: NDArray[np.float64]  # (bands,) 0..1, how much the magnitude counts beside others; 0 where nothing is known
    delay: float  # s from the programme to the microphone, at `time`
    drift: float  # ppm, positive where the microphone's clock is fast
    delay_trusted: bool

    def delay_at(self, time: float) -> float:
        """s from the programme to the microphone at another time (s), as far as the drift tells."""
        return self.delay + (time - self.time) * self.drift * 1e-6


@dataclass(frozen=True, slots=True)
class LevelLimit:
    """How loud a venue may be: LAeq over 1, 15 or 60 minutes, or the highest C-weighted peak."""

    of: Literal["laeq_1", "laeq_15", "laeq_60", "lcpeak"]
    level: float  # dB


@dataclass(frozen=True, slots=True)
class LevelWarning:
    """A limit that is near or passed."""

    limit: LevelLimit
    over: bool  # it is passed already
    within: float | None  # s until it is passed if it stays as loud as now; None where it is not going to be, or is
    hold: float | None  # dB(A) that can be held from now on without passing it; None for peaks, and where it is too late
    text: str


@dataclass(frozen=True, slots=True)
class LevelPast:
    """The last hour's loudness second by second, newest last: what a meter that is made anew is told, so that it goes on."""

    la: tuple[float | None, ...] = ()  # dB(A); None where nothing was measured
    peak: tuple[float, ...] = ()  # dB(C)


@dataclass(frozen=True, slots=True)
class Levels:
    """Sound pressure at one microphone, once a second. Averages are over what was measured of their time."""

    time: float  # s, the end of the second
    la: float  # dB(A) of this second
    laeq_1: float  # dB(A) over the last minute
    laeq_15: float
    laeq_60: float
    lcpeak: float  # dB(C), the highest peak of this second
    lcpeak_60: float  # dB(C), the highest peak of the last hour
    measured: float  # s of sound in the last 60 minutes
    clipped: bool  # the input was overdriven in this second: it was louder than these figures say
    warnings: tuple[LevelWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Howl:
    """Feedback that is building up, and what to do about it."""

    time: float  # s, when it was known
    freq: float  # Hz
    level: float  # dBFS
    growth: float  # dB/s
    fader: float  # Hz, the third-octave band that a graphic equaliser has for it
    text: str
    again: bool = False  # it was told of a second ago, and still stands: no news for people
