"""JSON from a page or a script -> a ControlEvent, or one line that says what to send instead.

Nothing is guessed and nothing clamped: a field that is not known, a number out of range or a cue that the show does not
have is an answer to the sender, never a change of the light. Levels are 0..1, cue numbers text or numbers as in the show
file. The body is small (the server bounds it) and may be anything at all; only WireError is ever raised.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, get_args

from showctl.config.words import Words
from showctl.model import (
    Blackout,
    Check,
    ControlEvent,
    EqCommand,
    EqDo,
    Flash,
    Goto,
    Identify,
    JumpTrack,
    LetGo,
    LockBeat,
    LoopTrack,
    NextTrack,
    Nudge,
    PlayTrack,
    Reload,
    SeekTrack,
    SetHouse,
    SetMaster,
    SetRate,
    StopAll,
    StopTrack,
    Tap,
    TrackRate,
    TrackVolume,
    Unpark,
    WireError,
)
from showctl.plan import CueList, Plan
from showctl.wire.osc_dictionary import (
    BEAT_TRIGGERS,
    FASTEST,
    GESTURE_TRIGGERS,
    LIST_TRIGGERS,
    LONGEST_TRACK,
    MOST_BARS,
    MOST_NUDGE_MS,
    TRACK_RATES,
    TRACK_TRIGGERS,
    beat,
)
from showctl.wire.osc_dictionary import LONGEST_FADE as LONGEST_TRACK_FADE

LONGEST_ANSWER = 190  # characters
LONGEST_FADE = 86_400.0  # s
MOST_BANDS = 32  # of an equaliser
_FIELDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(LIST_TRIGGERS, ("list",)),
    "goto": ("cue", "list"),
    "rate": ("rate", "list"),
    "stop": (),
    "reload": ("force",),
    "undo_reload": (),
    "tap": (),
    "beat": ("do", "ms"),
    "blackout": ("on",),
    "master": ("level", "submaster"),
    "flash": ("submaster", "on"),
    "house": ("level", "fade"),
    **dict.fromkeys(("hold", "let_go", "park", "unpark"), ("what",)),
    "identify": ("fixture", "on"),
    "check": ("step",),
    "write": ("palette",),
    "track": ("do", "track", "marker", "quantise", "to", "first", "last", "bars", "level", "rate", "fade"),
    "eq": ("do", "band"),
    "gesture": ("do", "performer"),
}
_OF_TRACKS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(TRACK_TRIGGERS, ()),
    "play": ("track", "quantise"),
    "next": ("quantise",),
    "stop": ("fade",),
    "seek": ("to",),
    "loop": ("first", "last", "bars"),
    "jump": ("marker", "quantise"),
    "volume": ("level",),
    "rate": ("rate",),
}
_EQUALISER: tuple[EqDo, ...] = get_args(EqDo)


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What is held is to become this palette of the files: nothing for the engine."""

    palette: str


def parse_control(text: str | bytes, plan: Plan, words: Words, time: float, source: str) -> ControlEvent | EqCommand | WriteBack:
    """What the sender asks for at show time `time` (s). Raises WireError with one line that says what to send."""
    body = read_object(text)
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise WireError(f'"type": one of {" ".join(sorted(_FIELDS))}')
    for key in body:
        if key != "type" and key not in _FIELDS[kind]:
            known = ", ".join(_FIELDS[kind]) or "no other field"
            raise WireError(f"{kind} has no field {shown(key)}; it takes {known}")
    if kind == "write":
        if not isinstance(palette := body.get("palette"), str) or not palette.strip():
            raise WireError('write needs "palette": one that the show has, such as "colour blood"')
        return WriteBack(palette)
    if kind == "eq":
        return _equaliser(body, plan, time, source)
    if kind in ("hold", "let_go", "park", "unpark"):
        return _by_hand(kind, body, words, time, source)
    return _playback(kind, body, plan, time, source)


def _playback(kind: str, body: dict[str, Any], plan: Plan, time: float, source: str) -> ControlEvent:
    if kind in LIST_TRIGGERS:
        return LIST_TRIGGERS[kind](time=time, source=source, list=_list(body, plan).name)
    if kind == "goto":
        cue_list = _list(body, plan)
        return Goto(time=time, source=source, list=cue_list.name, cue=_cue(body, cue_list))
    if kind == "rate":
        return SetRate(time=time, source=source, list=_list(body, plan).name, rate=_number(body, kind, "rate", FASTEST))
    if kind == "blackout":
        return Blackout(time=time, source=source, on=_flag(body, kind))
    if kind == "master":
        return SetMaster(time=time, source=source, level=_number(body, kind, "level"), submaster=_submaster(body, plan))
    if kind == "flash":
        if (name := _submaster(body, plan)) is None:
            raise WireError('flash needs "submaster": the name of one')
        return Flash(time=time, source=source, submaster=name, on=_flag(body, kind))
    if kind == "house":
        if not plan.house:
            raise WireError("the venue file names no house lights: house: [NAME]")
        fade = _number(body, kind, "fade", LONGEST_FADE) if "fade" in body else 0.0
        return SetHouse(time=time, source=source, level=_number(body, kind, "level"), fade=fade)
    if kind == "identify":
        return Identify(time=time, source=source, fixture=_fixture(body, plan), on=_flag(body, kind))
    if kind == "reload":
        return Reload(time=time, source=source, do="force" if "force" in body and _flag(body, kind, "force") else "now")
    if kind == "undo_reload":
        return Reload(time=time, source=source, do="undo")
    if kind == "beat":
        return _beat(body, time, source)
    if kind == "track":
        return _track(body, plan, time, source)
    if kind == "gesture":
        return _gesture(body, plan, time, source)
    if kind == "check":
        return Check(time=time, source=source, step=_step(body))
    return StopAll(time=time, source=source) if kind == "stop" else Tap(time=time, source=source)


def _track(body: dict[str, Any], plan: Plan, time: float, source: str) -> ControlEvent:
    """What is asked of the tracks, in the words of OSC."""
    do, known = body.get("do"), () if plan.tracks is None else tuple(one.name for one in plan.tracks.tracks)
    if not known:
        raise WireError("the show file names no tracks: tracks: {NAME: FILE}")
    if not isinstance(do, str) or do not in _OF_TRACKS:
        raise WireError(f'track needs "do": one of {", ".join(_OF_TRACKS)}')
    for key in body.keys() - {"type", "do", *_OF_TRACKS[do]}:
        raise WireError(f'{shown(key)} does not belong to "do": "{do}"')
    who: dict[str, Any] = {"time": time, "source": source}
    match do:
        case "play":
            if (track := body.get("track")) is not None and track not in known:
                raise WireError(f"there is no track {shown(track)}; there is {', '.join(known)}"[:LONGEST_ANSWER])
            return PlayTrack(**who, track=track, quantise=_quantise(body))
        case "next":
            return NextTrack(**who, quantise=_quantise(body))
        case "stop":
            return StopTrack(**who, fade=_number(body, do, "fade", LONGEST_TRACK_FADE) if "fade" in body else None)
        case "seek":
            return SeekTrack(**who, to=_number(body, do, "to", LONGEST_TRACK))
        case "loop" if "bars" in body:
            return LoopTrack(**who, bars=int(_number(body, do, "bars", MOST_BARS, 1.0)))
        case "loop":
            first, last = (_number(body, do, key, LONGEST_TRACK) for key in ("first", "last"))
            return LoopTrack(**who, first=first, last=last)
        case "jump":
            if not isinstance(marker := body.get("marker"), str):
                raise WireError('jump needs "marker": its name')
            return JumpTrack(**who, marker=marker, quantise=_quantise(body))
        case "volume":
            return TrackVolume(**who, level=_number(body, do, "level"))
        case "rate":
            return TrackRate(**who, rate=_number(body, do, "rate", TRACK_RATES[1], TRACK_RATES[0]))
    return TRACK_TRIGGERS[do](**who)


def _quantise(body: dict[str, Any]) -> Any:
    """On what it waits."""
    if (on := body.get("quantise", "none")) not in ("none", "beat", "bar"):
        raise WireError('"quantise" is none, beat or bar')
    return on


def _beat(body: dict[str, Any], time: float, source: str) -> ControlEvent:
    """What hands do to the beat, in the words of OSC."""
    do = body.get("do")
    if do == "nudge":
        return Nudge(time=time, source=source, by=_number(body, "nudge", "ms", MOST_NUDGE_MS, -MOST_NUDGE_MS) / 1000.0)
    if "ms" in body:
        raise WireError('"ms" belongs to "do": "nudge"')
    if do in ("lock", "unlock"):
        return LockBeat(time=time, source=source, on=do == "lock")
    if isinstance(do, str) and do in BEAT_TRIGGERS:
        return beat(do, time, source)
    raise WireError(f'beat needs "do": one of {", ".join(BEAT_TRIGGERS)}, lock, unlock, or nudge with "ms"')


def _gesture(body: dict[str, Any], plan: Plan, time: float, source: str) -> ControlEvent:
    """What the operator says of a performer, or of all."""
    do, performer = body.get("do"), body.get("performer")
    known = () if plan.gestures is None else plan.gestures.performers
    if not known:
        raise WireError("nobody wears anything in this venue: wearables: {NAME: {profile, address, performer}}")
    if not isinstance(do, str) or do not in GESTURE_TRIGGERS:
        raise WireError(f'gesture needs "do": one of {", ".join(GESTURE_TRIGGERS)}')
    if performer is not None and performer not in known:
        raise WireError(f"there is no performer {shown(performer)}; {_choice(known)}"[:LONGEST_ANSWER])
    return GESTURE_TRIGGERS[do](time=time, source=source, performer=performer)


def _equaliser(body: dict[str, Any], plan: Plan, time: float, source: str) -> EqCommand:
    """What is asked of the equaliser of the PA; bands count from 1."""
    do, band = body.get("do"), body.get("band")
    if do == "relearn" and plan.pa is not None and plan.pa.microphones and band is None:
        return EqCommand(time=time, source=source, do="relearn")  # of the microphones: it takes no equaliser
    if plan.pa is None or plan.pa.console is None:
        raise WireError("the venue file names no equaliser: `console` under `pa`")
    if not any(map(plan.pa.equaliser, plan.pa.zones)):
        raise WireError("no zone has an equaliser: write `console: main` in a zone of the venue file's `pa`")
    if do not in _EQUALISER:
        raise WireError(f'eq needs "do": one of {", ".join(_EQUALISER)}')
    if band is not None and (do not in ("mine", "yours") or type(band) is not int or not 1 <= band <= MOST_BANDS):
        raise WireError('"band" belongs to "do": "mine" and "yours": the number of one, from 1')
    return EqCommand(time=time, source=source, do=do, band=None if band is None else band - 1)


def _by_hand(kind: str, body: dict[str, Any], words: Words, time: float, source: str) -> ControlEvent:
    """What is held, parked or let go, in words; without any, everything is let go."""
    what = body.get("what")
    if what is None and kind in ("let_go", "unpark"):
        return LetGo(time=time, source=source) if kind == "let_go" else Unpark(time=time, source=source)
    if not isinstance(what, str):
        raise WireError(f'{kind} needs "what": words such as "wash intensity 70%"')
    try:
        if kind == "hold":
            return words.asked(what, time, source)
        if kind == "park":
            return words.parked(what, time, source)
        return (LetGo if kind == "let_go" else Unpark)(time=time, source=source, keys=words.keys(what))
    except ValueError as error:
        raise WireError("".join(c if c.isprintable() else "?" for c in str(error)[:LONGEST_ANSWER])) from None


def read_object(text: str | bytes) -> dict[str, Any]:
    """A JSON object out of whatever was sent. Raises WireError."""
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
    raise WireError(f"no list {shown(name)}; {_choice(one.name for one in plan.lists)}")


def _cue(body: dict[str, Any], cue_list: CueList) -> str:
    asked = body.get("cue")
    if isinstance(asked, bool) or not isinstance(asked, str | int | float) or len(str(asked)[:32]) > 16:
        raise WireError('goto needs "cue": the number of a cue, as in "12.5"')
    try:
        number = Decimal(str(asked).strip())
    except InvalidOperation:
        raise WireError(f'{shown(asked)} is not the number of a cue; send one such as "12.5"') from None
    for cue in cue_list.cues:
        if cue.number == number:
            return f"{cue.number.normalize():f}"
    raise WireError(f"list {cue_list.name} has no cue {shown(asked)}")


def _flag(body: dict[str, Any], kind: str, field: str = "on") -> bool:
    on = body.get(field)
    if not isinstance(on, bool):
        raise WireError(f'{kind} needs "{field}": true or false')
    return on


def _number(body: dict[str, Any], kind: str, field: str, most: float = 1.0, least: float = 0.0) -> float:
    value = body.get(field)
    # Compared before it becomes a float: an integer of a thousand digits would overflow there.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most or not math.isfinite(value):
        raise WireError(f'{kind} needs "{field}": a number of {least:g}..{most:g}')
    return float(value)


def _step(body: dict[str, Any]) -> int:
    step = body.get("step")
    if isinstance(step, bool) or not isinstance(step, int) or step not in (-1, 0, 1):
        raise WireError('check needs "step": 1 for the next fixture, -1 for the one before, 0 to end it')
    return step


def _fixture(body: dict[str, Any], plan: Plan) -> str:
    name = body.get("fixture")
    if isinstance(name, str) and any(one.name == name for one in plan.fixtures):
        return name
    raise WireError(f"no fixture {shown(name)}; {_choice(one.name for one in plan.fixtures[:12])}")


def _submaster(body: dict[str, Any], plan: Plan) -> str | None:
    name = body.get("submaster")
    if name is None or any(one.name == name for one in plan.submasters):
        return name
    raise WireError(f"no submaster {shown(name)}; {_choice(one.name for one in plan.submasters)}")


def _choice(names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"there is {known}" if known else "the show has none"


def shown(value: object) -> str:
    """What somebody sent, short enough for one line."""
    try:
        text = ascii(value)
    except ValueError:  # an integer of more digits than Python prints
        return "that"
    return text if len(text) <= 40 else text[:37] + "..."
