"""Performers as they are shown: their wearables, how each stands, and the last movements that may have been gestures."""

from __future__ import annotations

from dataclasses import dataclass

from showctl.model.gestures import PerformerState


@dataclass(frozen=True, slots=True)
class WearableView:
    """A device of the venue, as it is now."""

    name: str
    performer: str
    worn: str
    heard: bool  # something of it came within the last second
    trouble: str  # what a person must put right, in words; empty where all is well
    rate: float  # readings a second
    loss: float  # share of its motion that did not come, 0..1
    motion: float  # how much it moves now, 0..1
    battery: float | None = None  # %
    signal: float | None = None  # dBm
    enrolled: tuple[str, ...] = ()  # gestures that are known by their movement


@dataclass(frozen=True, slots=True)
class Tried:
    """Something that may have been a gesture, and what came of it."""

    time: float  # s
    performer: str
    device: str
    gesture: str
    score: float | None  # log odds; None of what is no movement: a button, a posture
    done: bool
    reason: str  # why it was done, or why not


@dataclass(frozen=True, slots=True)
class PerformersView:
    """All of it, the latest try first."""

    wearables: tuple[WearableView, ...] = ()
    performers: tuple[PerformerState, ...] = ()
    tried: tuple[Tried, ...] = ()
    troubles: tuple[str, ...] = ()  # two devices of one name, enrolments that cannot be read
