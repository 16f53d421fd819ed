"""What a performer is told, and what an operator sees of performers, as plain values: for the device and the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

FeedbackKind: TypeAlias = Literal["armed", "disarmed", "heard", "again", "waiting", "asked", "refused", "battery"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing that a performer should feel or see at once.

    armed, disarmed   whether a gesture of theirs would do anything now, each time that it changes
    heard             it was done
    again             do it once more, it is dangerous; asked: the operator has to say yes
    waiting           it will be done on the beat
    refused           and why; battery: it is low
    """

    time: float  # s
    device: str  # a wearable of the venue
    performer: str
    kind: FeedbackKind
    text: str = ""  # for people


@dataclass(frozen=True, slots=True)
class PerformerState:
    """How a performer stands."""

    performer: str
    armed: bool
    by: str  # what arms them, or why nothing does
    live: tuple[str, ...]  # gestures that would do something now
    asked: str = ""  # what waits for a second factor: "go, by swipe_right: again, or with the clutch, within 3 s"
    waiting: str = ""  # what waits for the beat
    lost: tuple[str, ...] = ()  # their devices that are not heard
    yes: bool = False  # what is asked may be answered by the operator's yes
