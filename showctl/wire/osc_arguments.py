"""What the arguments of an OSC message must be: types, ranges, and why a message is refused that has others. PURE.

A value that is out of range, not a number or of another type is refused with its reason and never clamped: a fader at 1.7 is a
mistake somewhere, and full light is the wrong answer to it. Each function returns what it reads, or raises RefusedError.
"""

from __future__ import annotations

import math
import re
from enum import StrEnum

from showctl.wire.osc import Message, Value

CUE_NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")


class Refusal(StrEnum):
    """Why a message was not acted upon."""

    ADDRESS = "unknown address"
    LIST = "unknown list"
    SUBMASTER = "unknown submaster"
    TRACK = "unknown track"
    PERFORMER = "unknown performer"
    MISSING = "missing argument"
    TYPE = "wrong type"
    RANGE = "out of range"
    FIXTURE = "unknown fixture"
    WORDS = "words that are not understood"


class RefusedError(Exception):
    """Carries a Refusal out of the readers below; `wire.osc_dictionary` turns it into one."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def first(message: Message) -> Value:
    """The first argument."""
    if not message.arguments:
        raise RefusedError(Refusal.MISSING)
    return message.arguments[0]


def fires(message: Message) -> bool:
    """True for a trigger pressed, False for one released (0)."""
    if not message.arguments or message.tags.startswith("I"):
        return True
    value = message.arguments[0]
    if not isinstance(value, int | float):  # a bool is an int
        raise RefusedError(Refusal.TYPE)
    if not math.isfinite(value) or value < 0:
        raise RefusedError(Refusal.RANGE)
    return value > 0


def number(value: Value) -> float:
    """An int or a float, NaN and infinity among them."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError(Refusal.TYPE)
    return float(value)


def between(message: Message, least: float, most: float) -> float:
    """The first argument, a number from `least` to `most`."""
    value = number(first(message))
    if not least <= value <= most:  # NaN is not
        raise RefusedError(Refusal.RANGE)
    return value


def level(message: Message) -> float:
    """What a fader says, 0..1."""
    return between(message, 0.0, 1.0)


def text(value: Value) -> str:
    """A string."""
    if not isinstance(value, str):
        raise RefusedError(Refusal.TYPE)
    return value


def switch(value: Value) -> bool:
    """On or off: True or False, 1 or 0 of any type."""
    said = float(value) if isinstance(value, bool) else number(value)
    if said not in (0.0, 1.0):
        raise RefusedError(Refusal.RANGE)
    return said == 1.0


def cue_number(value: Value) -> str:
    """A cue number as text, without zeros that say nothing: 12.50 -> "12.5", "007" -> "7"."""
    if isinstance(value, str):
        if not CUE_NUMBER.fullmatch(value):
            raise RefusedError(Refusal.RANGE)
        said = float(value)
    else:
        said = number(value)
    if not 0.0005 <= said < 9999.9995:  # what rounds to 0.001..9999.999
        raise RefusedError(Refusal.RANGE)
    return f"{said:.3f}".rstrip("0").rstrip(".")
