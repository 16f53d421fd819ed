"""What a program that plays songs by OSC is to us: wire.reaper, wire.qlab and wire.ableton are one each. PURE: values only.

A dialect says what is to be sent for each thing that is asked, and remembers what the program has told: whether it plays, and
where. It has no clock and no socket; outputs.external has both, and all that these players have in common.

Whatever comes from the network may be anything: a message that says nothing here is passed over, and nothing raises.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from showctl.wire.osc import Message, Value

LONGEST_NAME = 200  # characters
MOST_S = 1e6  # of any time that is told


class Standing(StrEnum):
    """What the program does."""

    STOPPED = "stopped"
    PLAYING = "playing"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Said:
    """What it told last of a song."""

    standing: Standing
    place: float  # s of the song
    count: int  # of the times that it said where it is


class Dialect(Protocol):
    """A program that plays songs, each by a name that it has there. Packets to be sent are returned in their order."""

    title: str  # what people call it
    setup: str  # what to look at where it does not answer
    cannot: str  # what it cannot do, for the health; empty: it can all
    rates: bool  # whether it plays faster and slower
    loops: bool
    look_s: float  # between two questions where it is; 0 where it tells by itself

    @property
    def trouble(self) -> str:
        """Why it takes nothing from us, and what to do; else nothing."""

    @property
    def lacks(self) -> str:
        """What it should have there and has not, in words; else nothing."""

    def greet(self) -> list[bytes]:
        """At the beginning, and after it was away."""

    def ask(self, names: list[str], /) -> list[bytes]:
        """Something that it answers, once a second while it is silent; `names` are the songs that matter."""

    def look(self, name: str, /) -> list[bytes]:
        """Ask where a song is."""

    def take_in(self, message: Message, /) -> None:
        """What it says."""

    def names(self) -> list[str]:
        """The songs that it is known to have."""

    def length(self, name: str, /) -> float:
        """Seconds of a song as it is there; 0 where that is not known."""

    def said(self, name: str, /) -> Said | None:
        """What it told of a song; None for one that it has not, or before it has said enough."""

    def lost(self) -> None:
        """What it was told, and has not said yet, was lost on its way: what it says holds."""

    def play(self, name: str, at: float, /) -> list[bytes]:
        """From this second of the song on, whatever it does now."""

    def leave(self, name: str, /) -> list[bytes]:
        """Another song is played next."""

    def pause(self, name: str, /) -> list[bytes]:
        """Stand still; nothing where it does."""

    def resume(self, name: str, at: float, /) -> list[bytes]:
        """Go on after a pause, in which it stood at `at`."""

    def stop(self, name: str, /) -> list[bytes]:
        """Be silent."""

    def loud(self, name: str, gain: float, /) -> list[bytes]:
        """A factor of amplitude."""

    def pace(self, name: str, rate: float, /) -> list[bytes]:
        """How fast."""

    def loop(self, name: str, first: float | None, last: float | None, /) -> list[bytes]:
        """Go round between these seconds of the song; None: no more."""


def number(message: Message, place: int = 0) -> float | None:
    """An argument that is a number of a size that can be meant; else None."""
    value: Value = message.arguments[place] if place < len(message.arguments) else None
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= MOST_S:
        return float(value)
    return None


def text(message: Message, place: int = 0) -> str | None:
    """An argument that is text, as a name; else None."""
    value: Value = message.arguments[place] if place < len(message.arguments) else None
    return value[:LONGEST_NAME] if isinstance(value, str) else None


def decibels(gain: float, lowest: float) -> float:
    """A factor of amplitude in dB, no lower than `lowest`."""
    return lowest if gain <= 0.0 else max(lowest, 20.0 * math.log10(gain))
