"""JSON from a page or a script -> a ControlEvent, or one line that says what to send instead.

Nothing is guessed and nothing clamped: a field that is not known, a number out of range or a cue that the show does not
have is an answer to the sender, never a change of the light. Levels are 0..1, cue numbers text or numbers as in the show
file. The body is small (the server bounds it) and may be anything at all; only WireError is ever raised.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from showctl.model import (
    Blackout,
    ControlEvent,
    Goto,
    SetMaster,
    StopAll,
    Tap,
    WireError,
)
from showctl.plan import CueList, Plan
from showctl.wire.osc_dictionary import LIST_TRIGGERS

_FIELDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(LIST_TRIGGERS, ("list",)),
    "goto": ("cue", "list"),
    "stop": (),
    "tap": (),
    "blackout": ("on",),
    "master": ("level", "submaster"),
}


def parse_control(text: str | bytes, plan: Plan, time: float, source: str) -> ControlEvent:
    """What the sender asks for at show time `time` (s). Raises WireError with one line that says what to send."""
    body = _read_object(text)
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise WireError(f'send {{"type": T}} with T one of {", ".join(sorted(_FIELDS))}')
    for key in body:
        if key != "type" and key not in _FIELDS[kind]:
            known = ", ".join(_FIELDS[kind]) or "no other field"
            raise WireError(f"{kind} has no field {_shown(key)}; it takes {known}")
    if kind in LIST_TRIGGERS:
        return LIST_TRIGGERS[kind](time=time, source=source, list=_list(body, plan).name)
    if kind == "goto":
        cue_list = _list(body, plan)
        return Goto(time=time, source=source, list=cue_list.name, cue=_cue(body, cue_list))
    if kind == "blackout":
        return Blackout(time=time, source=source, on=_flag(body))
    if kind == "master":
        return SetMaster(time=time, source=source, level=_level(body), submaster=_submaster(body, plan))
    return StopAll(time=time, source=source) if kind == "stop" else Tap(time=time, source=source)


def _read_object(text: str | bytes) -> dict[str, Any]:
    try:
        body = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise WireError('this is not JSON; send an object such as {"type": "go"}') from error
    if not isinstance(body, dict):
        raise WireError('send a JSON object such as {"type": "go"}')
    return body


def _no_constant(name: str) -> NoReturn:
    raise WireError(f"{name} is not a number; send a level of 0..1")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise WireError("a field is there twice; send each once")
    return body


def _list(body: dict[str, Any], plan: Plan) -> CueList:
    name = body.get("list", "main")
    for cue_list in plan.lists:
        if cue_list.name == name:
            return cue_list
    raise WireError(f"no list {_shown(name)}; {_choice(one.name for one in plan.lists)}")


def _cue(body: dict[str, Any], cue_list: CueList) -> str:
    asked = body.get("cue")
    if isinstance(asked, bool) or not isinstance(asked, str | int | float) or len(str(asked)[:32]) > 16:
        raise WireError('goto needs "cue": the number of a cue, as in "12.5"')
    try:
        number = Decimal(str(asked).strip())
    except InvalidOperation:
        raise WireError(f'{_shown(asked)} is not the number of a cue; send one such as "12.5"') from None
    for cue in cue_list.cues:
        if cue.number == number:
            return f"{cue.number.normalize():f}"
    raise WireError(f"list {cue_list.name} has no cue {_shown(asked)}")


def _flag(body: dict[str, Any]) -> bool:
    on = body.get("on")
    if not isinstance(on, bool):
        raise WireError('blackout needs "on": true or false')
    return on


def _level(body: dict[str, Any]) -> float:
    level = body.get("level")
    # Compared before it becomes a float: an integer of a thousand digits would overflow there.
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= 1 or not math.isfinite(level):
        raise WireError('master needs "level": a number of 0..1')
    return float(level)


def _submaster(body: dict[str, Any], plan: Plan) -> str | None:
    name = body.get("submaster")
    if name is None or any(one.name == name for one in plan.submasters):
        return name
    raise WireError(f"no submaster {_shown(name)}; {_choice(one.name for one in plan.submasters)}")


def _choice(names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"there is {known}" if known else "the show has none"


def _shown(value: object) -> str:
    """What somebody sent, short enough for one line."""
    try:
        text = ascii(value)
    except ValueError:  # an integer of more digits than Python prints
        return "that"
    return text if len(text) <= 40 else text[:37] + "..."
