"""What each OSC address of showctl means: a message in, what is asked for out. Tables first, then the few rules.

    /showctl/go  back  pause  resume  release        of the list "main"; fire without an argument or with one above 0
    /showctl/list/NAME/go  back  pause  ...          the same of list NAME
    /showctl/goto N, /showctl/list/NAME/goto N       N a string, int or float, rounded to 3 decimals: "12.5"
    /showctl/stop, /showctl/tap                      stop every list; tap the beat
    /showctl/blackout 0|1   /showctl/gm 0..1   /showctl/sub/NAME 0..1

Addresses are compared as they are: a pattern such as /showctl/* from a stray phone must not fire everything at once. Only the
first argument counts; senders append running numbers. A value that is out of range, not a number or of another type is
refused with its reason and never clamped: a fader at 1.7 is a mistake somewhere, and full light is the wrong answer to it.
MQTT speaks the same dictionary through the same function.
"""

from __future__ import annotations

import math
import re
from collections.abc import Set
from enum import StrEnum

from showctl.model import (
    Back,
    Blackout,
    ControlEvent,
    Go,
    Goto,
    Pause,
    Release,
    Resume,
    SetMaster,
    StopAll,
    Tap,
)
from showctl.wire.osc import Message, Value

LIST_TRIGGERS: dict[str, type[Go | Back | Pause | Resume | Release]] = {
    "go": Go,
    "back": Back,
    "pause": Pause,
    "resume": Resume,
    "release": Release,
}
TRIGGERS: dict[str, type[StopAll | Tap]] = {"stop": StopAll, "tap": Tap}
CUE_NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")


class Refusal(StrEnum):
    """Why a message was not acted upon."""

    ADDRESS = "unknown address"
    LIST = "unknown list"
    SUBMASTER = "unknown submaster"
    MISSING = "missing argument"
    TYPE = "wrong type"
    RANGE = "out of range"


class _RefusedError(Exception):
    """Carries a Refusal out of the rules below; never leaves this module."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def control(message: Message, time: float, source: str, lists: Set[str], submasters: Set[str]) -> ControlEvent | Refusal | None:
    """What a message asks for at `time` (s), or why it is refused, or None for a button that was let go."""
    try:
        return _control(message, time, source, lists, submasters)
    except _RefusedError as refused:
        return refused.refusal


def _control(message: Message, time: float, source: str, lists: Set[str], submasters: Set[str]) -> ControlEvent | None:
    match message.address.split("/"):
        case ["", "showctl", "list", name, word] if word == "goto" or word in LIST_TRIGGERS:
            return _of_list(name, word, message, time, source, lists)
        case ["", "showctl", word] if word == "goto" or word in LIST_TRIGGERS:
            return _of_list("main", word, message, time, source, lists)
        case ["", "showctl", word] if word in TRIGGERS:
            return TRIGGERS[word](time=time, source=source) if _fires(message) else None
        case ["", "showctl", "blackout"]:
            return Blackout(time=time, source=source, on=_switch(message))
        case ["", "showctl", "gm"]:
            return SetMaster(time=time, source=source, level=_level(message))
        case ["", "showctl", "sub", name]:
            if name not in submasters:
                raise _RefusedError(Refusal.SUBMASTER)
            return SetMaster(time=time, source=source, level=_level(message), submaster=name)
    raise _RefusedError(Refusal.ADDRESS)


def _of_list(name: str, word: str, message: Message, time: float, source: str, lists: Set[str]) -> ControlEvent | None:
    if name not in lists:
        raise _RefusedError(Refusal.LIST)
    if word == "goto":
        return Goto(time=time, source=source, cue=_cue_number(_first(message)), list=name)
    return LIST_TRIGGERS[word](time=time, source=source, list=name) if _fires(message) else None


def _first(message: Message) -> Value:
    if not message.arguments:
        raise _RefusedError(Refusal.MISSING)
    return message.arguments[0]


def _fires(message: Message) -> bool:
    """True for a trigger pressed, False for one released (0)."""
    if not message.arguments or message.tags.startswith("I"):
        return True
    value = message.arguments[0]
    if not isinstance(value, int | float):  # a bool is an int
        raise _RefusedError(Refusal.TYPE)
    if not math.isfinite(value) or value < 0:
        raise _RefusedError(Refusal.RANGE)
    return value > 0


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _RefusedError(Refusal.TYPE)
    return float(value)


def _level(message: Message) -> float:
    level = _number(_first(message))
    if not 0.0 <= level <= 1.0:  # NaN is not
        raise _RefusedError(Refusal.RANGE)
    return level


def _switch(message: Message) -> bool:
    value = _first(message)
    number = float(value) if isinstance(value, bool) else _number(value)
    if number not in (0.0, 1.0):
        raise _RefusedError(Refusal.RANGE)
    return number == 1.0


def _cue_number(value: Value) -> str:
    """A cue number as text, without zeros that say nothing: 12.50 -> "12.5", "007" -> "7"."""
    if isinstance(value, str):
        if not CUE_NUMBER.fullmatch(value):
            raise _RefusedError(Refusal.RANGE)
        number = float(value)
    else:
        number = _number(value)
    if not 0.0005 <= number < 9999.9995:  # what rounds to 0.001..9999.999
        raise _RefusedError(Refusal.RANGE)
    return f"{number:.3f}".rstrip("0").rstrip(".")
