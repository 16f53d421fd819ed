"""What is heard: sound as it comes in, and what the ear makes of it. Levels in dBFS or LUFS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock:
    """A piece of sound as a device or a file delivered it."""

    start: int  # audio frames since the stream opened
    samples: NDArray[np.float32]  # (frames, channels), full scale +-1
    rate: int  # Hz
    lost: int = 0  # audio frames dropped just before `start`


@dataclass(frozen=True, slots=True)
class BeatGrid:
    """Where the beats are, as believed now: beat `index` falls (or will fall) at `anchor`, the next one `period` later.

    A tracker announces each beat ahead of its time by returning a grid whose anchor is that beat; `index` then goes up
    by one for every beat announced, and never goes back.
    """

    anchor: float  # s, time of beat `index`
    index: int  # beats since the tracker began to follow, never falls
    period: float  # s from this beat to the next
    bar_position: int = 0  # 1..beats_per_bar, 0 where it is not known
    beats_per_bar: int = 4
    confidence: float = 0.0  # 0..1

    @property
    def bpm(self) -> float:
        """Tempo in beats a minute."""
        return 60.0 / self.period

    def position(self, t: float) -> float:
        """Beats since beat 0 at time t, in a straight line through the anchor."""
        return self.index + (t - self.anchor) / self.period

    def phase(self, t: float) -> float:
        """0..1 without 1, how far t lies between two beats."""
        return self.position(t) % 1.0 % 1.0  # twice: a hair before a beat, -1e-20 % 1.0 is rounded up to 1.0

    def next_after(self, t: float) -> float:
        """The time (s) of the first beat later than t."""
        return self.anchor + (math.floor((t - self.anchor) / self.period) + 1) * self.period


class Section(StrEnum):
    """What part of a song is heard, as far as light is concerned."""

    SILENCE = "silence"
    STEADY = "steady"
    BUILD = "build"
    DROP = "drop"
    BREAK = "break"


Strikes: TypeAlias = tuple[float, float, float]  # strengths >= 0 of the kick, snare and hat that are struck in a hop, else 0
NO_STRIKES: Strikes = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Coming:
    """A section that is foretold: what begins on which beat, and how likely that is; it may be moved or taken back until then."""

    section: Section
    time: float  # s, when it begins
    confidence: float  # 0..1


@dataclass(frozen=True, slots=True)
class Features:
    """What the ear heard in one hop. Times are rounded to 0.1 ms and levels to 0.1 dB where they enter the engine."""

    time: float  # s, the end of the hop: nothing later was listened to
    level: float  # LUFS, momentary (400 ms)
    bands: tuple[float, ...] = ()  # dBFS of low, middle and high
    energy: float = 0.0  # 0..1, loudness against the song so far
    onset: float = 0.0  # strength >= 0 of the onset that begins in this hop, else 0
    grid: BeatGrid | None = None  # None where no beat is trusted
    section: Section = Section.SILENCE
    strikes: Strikes = NO_STRIKES
    sure: float = 1.0  # 0..1, how sure it is that this section is heard
    coming: Coming | None = None  # what is foretold to begin next; None for nothing
