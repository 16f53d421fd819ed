"""What each OSC address of showctl means: a message in, what is asked for out. Tables first, then the few rules.

    /showctl/go  back  pause  resume  release  exit  of the list "main"; fire without an argument or with one above 0
    /showctl/goto N   /showctl/rate 0..20            N a string, int or float, rounded to 3 decimals: "12.5"; 1 is as written
    /showctl/list/NAME/go  back  goto N  rate ...    the same of list NAME
    /showctl/stop, /showctl/tap                      stop every list; tap the beat
    /showctl/beat/half  double  downbeat  free       the tempo; a bar begins now; the ear alone, all of this forgotten
    /showctl/beat/earlier  later   .../beat/nudge MS    by 10 ms, or by -1000..1000 ms
    /showctl/beat/lock 1|0                           the beat runs on by itself
    /showctl/reload, .../reload/force, .../reload/undo    read the files again; although lit fixtures move; undo the last one
    /showctl/blackout 0|1   /showctl/gm 0..1   /showctl/house 0..1   /showctl/sub/NAME 0..1   /showctl/flash/NAME 1|0

By hand, where WORDS are those of `config.words` ("wash colour blood") and a fader sends 0..1 of the range:

    /showctl/set WORDS   /showctl/set/TARGET/intensity 0..1 or "70%"      hold; the same with park
    /showctl/release/hands   /showctl/release/hands WORDS   .../hands/TARGET    let go of all, or of that; the same with unpark
    /showctl/identify/FIXTURE 1|0   /showctl/identify FIXTURE 1|0         shows which it is
    /showctl/check 1|-1|0                                                 the next fixture, the one before, no more

Addresses are compared as they are: a pattern such as /showctl/* from a stray phone must not fire everything at once. Only the
first argument counts (of identify FIXTURE the first two); senders append running numbers. A value that is out of range, not a
number or of another type is refused with its reason and never clamped: a fader at 1.7 is a mistake somewhere, and full light is
the wrong answer to it. MQTT speaks the same dictionary through the same function.
"""

from __future__ import annotations

import math
import re
from collections.abc import Set
from enum import StrEnum
from typing import Protocol

from showctl.model import (
    Back,
    Blackout,
    Check,
    ControlEvent,
    Downbeat,
    ExitLoop,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Hold,
    Identify,
    LetGo,
    LockBeat,
    Nudge,
    Octave,
    Park,
    Pause,
    Release,
    Reload,
    Resume,
    SetHouse,
    SetMaster,
    SetRate,
    StopAll,
    Tap,
    Unpark,
)
from showctl.wire.osc import Message, Value

LIST_TRIGGERS: dict[str, type[Go | Back | Pause | Resume | Release | ExitLoop]] = {
    "go": Go,
    "back": Back,
    "pause": Pause,
    "resume": Resume,
    "release": Release,
    "exit": ExitLoop,
}
LIST_WORDS = frozenset((*LIST_TRIGGERS, "goto", "rate"))
TRIGGERS: dict[str, type[StopAll | Tap]] = {"stop": StopAll, "tap": Tap}
BEAT_TRIGGERS = ("half", "double", "downbeat", "earlier", "later", "free")
NUDGE_S, MOST_NUDGE_MS = 0.01, 1000.0  # of one press; of one message
FASTEST = 20.0  # times as fast as the cues say
CUE_NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")


class Refusal(StrEnum):
    """Why a message was not acted upon."""

    ADDRESS = "unknown address"
    LIST = "unknown list"
    SUBMASTER = "unknown submaster"
    MISSING = "missing argument"
    TYPE = "wrong type"
    RANGE = "out of range"
    FIXTURE = "unknown fixture"
    WORDS = "words that are not understood"


class Vocabulary(Protocol):
    """What the names of a show mean. Every function raises ValueError for what it does not understand."""

    lists: frozenset[str]
    submasters: frozenset[str]
    fixtures: frozenset[str]

    def asked(self, text: str, time: float, source: str) -> Hold | SetHouse:
        """`wash colour blood`, held."""

    def parked(self, text: str, time: float, source: str) -> Park:
        """`wash colour blood`, parked."""

    def level(self, target: str, what: str, level: float) -> tuple[tuple[str, float], ...]:
        """One parameter of a target at 0..1 of its range: keys and values."""

    def keys(self, text: str) -> tuple[str, ...]:
        """What `wash` or `wash colour` takes hold of."""


class _RefusedError(Exception):
    """Carries a Refusal out of the rules below; never leaves this module."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def control(message: Message, time: float, source: str, names: Vocabulary) -> ControlEvent | Refusal | None:
    """What a message asks for at `time` (s), or why it is refused, or None for a button that was let go."""
    try:
        return _control(message, time, source, names)
    except _RefusedError as refused:
        return refused.refusal


def _control(message: Message, time: float, source: str, names: Vocabulary) -> ControlEvent | None:
    match message.address.split("/"):
        case ["", "showctl", "list", name, word] if word in LIST_WORDS:
            return _of_list(name, word, message, time, source, names.lists)
        case ["", "showctl", word] if word in LIST_WORDS:
            return _of_list("main", word, message, time, source, names.lists)
        case ["", "showctl", word] if word in TRIGGERS:
            return TRIGGERS[word](time=time, source=source) if _fires(message) else None
        case ["", "showctl", "beat", word] if word in BEAT_TRIGGERS:
            return beat(word, time, source) if _fires(message) else None
        case ["", "showctl", "beat", "nudge"]:
            return Nudge(time=time, source=source, by=_within(message, MOST_NUDGE_MS) / 1000.0)
        case ["", "showctl", "beat", "lock"]:
            return LockBeat(time=time, source=source, on=_switch(_first(message)))
        case ["", "showctl", "reload"]:
            return Reload(time=time, source=source) if _fires(message) else None
        case ["", "showctl", "reload", "force" | "undo" as word]:
            return Reload(time=time, source=source, do="force" if word == "force" else "undo") if _fires(message) else None
        case ["", "showctl", "blackout"]:
            return Blackout(time=time, source=source, on=_switch(_first(message)))
        case ["", "showctl", "gm"]:
            return SetMaster(time=time, source=source, level=_level(message))
        case ["", "showctl", "house"]:
            return SetHouse(time=time, source=source, level=_level(message))
        case ["", "showctl", "sub", name]:
            return SetMaster(time=time, source=source, level=_level(message), submaster=_submaster(name, names))
        case ["", "showctl", "flash", name]:
            return Flash(time=time, source=source, on=_switch(_first(message)), submaster=_submaster(name, names))
        case ["", "showctl", *words]:
            try:
                return _by_hand(words, message, time, source, names)
            except ValueError:
                raise _RefusedError(Refusal.WORDS) from None
    raise _RefusedError(Refusal.ADDRESS)


def beat(word: str, time: float, source: str) -> Octave | Nudge | Downbeat | FreeBeat:
    """What one of BEAT_TRIGGERS asks for."""
    match word:
        case "half" | "double":
            return Octave(time=time, source=source, step=1 if word == "double" else -1)
        case "earlier" | "later":
            return Nudge(time=time, source=source, by=NUDGE_S if word == "later" else -NUDGE_S)
        case "downbeat":
            return Downbeat(time=time, source=source)
        case _:
            return FreeBeat(time=time, source=source)


def _by_hand(words: list[str], message: Message, time: float, source: str, names: Vocabulary) -> ControlEvent | None:
    match words:
        case ["set"]:
            return names.asked(_text(_first(message)), time, source)
        case ["park"]:
            return names.parked(_text(_first(message)), time, source)
        case ["set" | "park" as word, target, what]:
            if isinstance(said := _first(message), str):
                line = f"{target}{'/' if what.isdigit() else ' '}{what} {said}"
                return names.asked(line, time, source) if word == "set" else names.parked(line, time, source)
            return (Hold if word == "set" else Park)(time=time, source=source, values=names.level(target, what, _level(message)))
        case ["release", "hands", *targets] | ["unpark", *targets] if len(targets) < 2:
            asked = LetGo if words[0] == "release" else Unpark
            if not targets and message.arguments and isinstance(message.arguments[0], str):
                targets = [message.arguments[0]]
            elif not _fires(message):
                return None
            return asked(time=time, source=source, keys=names.keys(targets[0]) if targets else ())
        case ["identify", fixture]:
            return _identify(fixture, _first(message), time, source, names)
        case ["identify"] if len(message.arguments) > 1:
            return _identify(_text(_first(message)), message.arguments[1], time, source, names)
        case ["identify"]:
            raise _RefusedError(Refusal.MISSING)
        case ["check"]:
            if (step := _number(_first(message))) not in (-1.0, 0.0, 1.0):
                raise _RefusedError(Refusal.RANGE)
            return Check(time=time, source=source, step=int(step))
    raise _RefusedError(Refusal.ADDRESS)


def _of_list(name: str, word: str, message: Message, time: float, source: str, lists: Set[str]) -> ControlEvent | None:
    if name not in lists:
        raise _RefusedError(Refusal.LIST)
    if word == "goto":
        return Goto(time=time, source=source, cue=_cue_number(_first(message)), list=name)
    if word == "rate":
        return SetRate(time=time, source=source, rate=_level(message, FASTEST), list=name)
    return LIST_TRIGGERS[word](time=time, source=source, list=name) if _fires(message) else None


def _identify(fixture: str, value: Value, time: float, source: str, names: Vocabulary) -> Identify:
    if fixture not in names.fixtures:
        raise _RefusedError(Refusal.FIXTURE)
    return Identify(time=time, source=source, fixture=fixture, on=_switch(value))


def _submaster(name: str, names: Vocabulary) -> str:
    if name not in names.submasters:
        raise _RefusedError(Refusal.SUBMASTER)
    return name


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


def _level(message: Message, most: float = 1.0) -> float:
    level = _number(_first(message))
    if not 0.0 <= level <= most:  # NaN is not
        raise _RefusedError(Refusal.RANGE)
    return level


def _within(message: Message, most: float) -> float:
    number = _number(_first(message))
    if not abs(number) <= most:  # NaN is not
        raise _RefusedError(Refusal.RANGE)
    return number


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise _RefusedError(Refusal.TYPE)
    return value


def _switch(value: Value) -> bool:
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
