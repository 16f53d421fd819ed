"""What one step of the engine is given, and what comes of it: the light, and where the show stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from showctl.model.control import ControlEvent, PlayTrack
from showctl.model.report import Happened
from showctl.model.sound import Features


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that reached the engine since its last step, each with its own time, in order of arrival."""

    features: tuple[Features, ...] = ()
    controls: tuple[ControlEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class ListState:
    """Where one cue list stands. Numbers are cue numbers as text; "0" is the blank state before the first cue."""

    name: str
    current: str  # cue that was fired last, "0" before any
    pending: str | None  # cue that GO would fire
    state: Literal["idle", "fading", "paused", "released"] = "idle"
    started: float = 0.0  # s, when the current cue was fired
    ends: float = 0.0  # s, when its last fade ends, as far as known now
    waiting: str = ""  # what the pending cue waits for, in words: "section drop"
    rate: float = 1.0  # how fast the list runs


@dataclass(frozen=True, slots=True)
class BeatState:
    """Where the beat comes from, and what people have said of it."""

    source: Literal["none", "ear", "tap", "lock"] = "none"
    flashes: bool = False  # whether anything flashes to it now
    nudge: float = 0.0  # s that it is later than heard
    octaves: int = 0  # by which its tempo is above the heard one, by hand
    folded: int = 0  # and by the range of a cue
    tempo: tuple[float, float] | None = None  # bpm, the range that a cue says
    downbeat: bool = False  # a hand has said where the bar begins
    counts: bool = False  # whether it is known where bars begin
    bar: int = 0  # position on which one does
    beats_per_bar: int = 4
    early: float = 0.0  # s by which it is earlier than heard, for sound and lamps


@dataclass(frozen=True, slots=True)
class PlaybackState:
    """All that an operator wants to know about the show, and all that a restart needs."""

    lists: tuple[ListState, ...]
    grand_master: float = 1.0  # 0..1
    blackout: bool = False
    submasters: tuple[tuple[str, float], ...] = ()
    effects: tuple[str, ...] = ()  # names of what runs now
    beat: float = 0.0  # beats since the show began, as the effects see them
    bpm: float = 120.0
    confidence: float = 0.0  # 0..1 of the beat
    house: float | None = None  # 0..1, None where the venue has no house lights
    held: tuple[tuple[str, float], ...] = ()  # keys held by hand, 0..1
    parked: tuple[tuple[str, float], ...] = ()  # keys that are parked, 0..1
    flashed: tuple[str, ...] = ()  # submasters whose flash button is down
    identified: tuple[str, ...] = ()  # fixtures that show which they are
    checked: str = ""  # fixture that the channel check stands at
    beats: BeatState = BeatState()
    track_volume: float = 1.0  # 0..1, the fader of the tracks


@dataclass(frozen=True, slots=True, eq=False)
class ShowFrame:
    """All that one step of the engine produced: the look OF `time`."""

    time: float  # s
    slots: NDArray[np.uint8]  # (universes, 512), in the order of the plan's universes; valid until the next step
    playback: PlaybackState
    events: tuple[Happened, ...] = ()
    tracks: tuple[PlayTrack, ...] = ()  # that cues asked for
