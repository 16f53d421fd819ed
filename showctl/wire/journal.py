"""The journal: what the engine was given, and what happened, as JSON Lines. PURE: lines of text <-> values.

One object a line, with `time` (s) and `type`. Given: "go", "back", "goto" and all else in TYPES (each with its `source`),
"features", and "tick": the engine was stepped to this time with all that stands above it, and then every `every` nanoseconds
with nothing, `count` steps in all. "load" says which show is played, and how the engine stands at that moment.

A journal that begins with a load is one that `run` wrote: it holds every step of the engine, and replays step by step. One
without was written by hand, and each line acts at its own time. Fields that have their default are left out.

What happened is told in the same form, `type` and then whatever belongs to it.

Nothing is clamped or guessed: an unknown field, a field twice, a wrong type or a number that is not finite is a WireError
that says what is wrong. decode(encode(x)) == x.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from typing import Any, NoReturn, TypeAlias

from showctl.model import (
    Arm,
    Back,
    BeatGrid,
    Blackout,
    Check,
    Coming,
    Confirm,
    ControlEvent,
    Disarm,
    Downbeat,
    ExitLoop,
    ExitTrackLoop,
    Features,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Happened,
    Hold,
    Identify,
    JumpTrack,
    LetGo,
    LockBeat,
    LoopTrack,
    NextTrack,
    Nudge,
    Octave,
    Park,
    Pause,
    PauseTrack,
    PlayTrack,
    PreviousTrack,
    Release,
    Reload,
    Resume,
    ResumeTrack,
    SeekTrack,
    SetHouse,
    SetMaster,
    SetRate,
    StayTrack,
    StopAll,
    StopTrack,
    Tap,
    Timecode,
    TrackRate,
    TrackVolume,
    Unpark,
    WireError,
    Zero,
)
from showctl.wire.journal_fields import (
    clock,
    levels,
    mapping,
    number,
    numbers,
    quantise,
    section,
    strikes,
    text,
    texts,
    truth,
    whole,
)

LINE_LIMIT = 2**20  # characters
LOAD_LIMIT = 2**28  # characters of a line that says how the engine of a great show stands
LOAD_SIGN, LOAD_WITHIN = '"type": "load"', 80  # how such a line is known before it is read
STEPS_LIMIT = 10**7  # of one line: a day and more


@dataclass(frozen=True, slots=True)
class Tick:
    """The engine was stepped to this time with all that stands above this line, and on from there on a grid."""

    time: float  # s
    count: int = 1  # steps, this one included
    every: int = 0  # ns from one to the next

    def times(self) -> Iterator[float]:
        """The time (s) of each step, to the last bit as a clock that counts nanoseconds has it."""
        yield self.time
        first = nanoseconds(self.time)
        for i in range(1, self.count):
            yield (first + i * self.every) / 1e9


def nanoseconds(time: float) -> int:
    """Show time in whole nanoseconds."""
    return round(time * 1e9)


@dataclass(frozen=True, slots=True)
class Load:
    """From here on this show is played, by an engine that stands so."""

    time: float  # s
    show: str = ""  # fingerprint of its files
    name: str = ""  # as people call it
    why: str = "start"  # "start", "resume", "full" (the file before; the same engine goes on), or what else made a new beginning
    state: dict[str, Any] | None = None  # of the engine, as `show.state` writes it; None: as at the start of a show


Given: TypeAlias = ControlEvent | Features | Tick | Load

TYPES: dict[str, type[Any]] = {
    "go": Go,
    "back": Back,
    "goto": Goto,
    "pause": Pause,
    "resume": Resume,
    "release": Release,
    "stop": StopAll,
    "blackout": Blackout,
    "master": SetMaster,
    "tap": Tap,
    "nudge": Nudge,
    "octave": Octave,
    "downbeat": Downbeat,
    "lock_beat": LockBeat,
    "free_beat": FreeBeat,
    "exit": ExitLoop,
    "rate": SetRate,
    "house": SetHouse,
    "hold": Hold,
    "let_go": LetGo,
    "park": Park,
    "unpark": Unpark,
    "flash": Flash,
    "identify": Identify,
    "check": Check,
    "timecode": Timecode,
    "play_track": PlayTrack,
    "pause_track": PauseTrack,
    "resume_track": ResumeTrack,
    "stop_track": StopTrack,
    "next_track": NextTrack,
    "previous_track": PreviousTrack,
    "seek_track": SeekTrack,
    "loop_track": LoopTrack,
    "exit_track": ExitTrackLoop,
    "jump_track": JumpTrack,
    "stay_track": StayTrack,
    "track_volume": TrackVolume,
    "track_rate": TrackRate,
    "arm": Arm,
    "disarm": Disarm,
    "confirm": Confirm,
    "zero": Zero,
    "reload": Reload,
    "features": Features,
    "tick": Tick,
    "load": Load,
}
NAMES = {cls: name for name, cls in TYPES.items()}


def encode(given: Given) -> str:
    """One line without its end. WireError for what a reader would refuse: numbers that are not finite, endless lists."""
    line = _line({"time": given.time, "type": NAMES[type(given)], **_said(given)})
    if len(line) > _limit(line):
        raise WireError(f"a line of {len(line)} characters; at most {_limit(line)} are read")
    return line


def decode(line: str) -> Given:
    """The value that `encode` was given. WireError for anything else."""
    data = _object(line)
    kind = data.pop("type", None)
    if not isinstance(kind, str) or kind not in TYPES:
        raise WireError(f"`type` is {kind!r}; there are {', '.join(TYPES)}")
    given: Given = _value(TYPES[kind], data, kind)
    return given


def encode_happened(happened: Happened) -> str:
    """One line without its end. WireError for what a line cannot carry."""
    data = dict(happened.data)
    if len(data) != len(happened.data) or data.keys() & {"time", "type"}:
        raise WireError(f"{happened.type}: a field twice")
    return _line({"time": happened.time, "type": happened.type, **data})


def decode_happened(line: str) -> Happened:
    """The value that `encode_happened` was given. WireError for anything else."""
    data = _object(line)
    time, kind = number(data.pop("time", None), "time"), data.pop("type", None)
    if not isinstance(kind, str):
        raise WireError("`type` must be text")
    for name, value in data.items():
        if not isinstance(value, str | float | int | bool | None):
            raise WireError(f"`{name}` must be text, a number, true, false or null")
        if isinstance(value, float):
            number(value, name)
    return Happened(time, kind, tuple(data.items()))


# --- values -> lines -------------------------------------------------------------------------------------------------


def _said(value: Any) -> dict[str, Any]:
    """Fields of a value that do not have their default, without the time of an event."""
    said = {}
    for field in fields(value):
        content = getattr(value, field.name)
        if content == field.default or (field.name == "time" and type(value) in NAMES):
            continue
        said[field.name] = _said(content) if isinstance(content, BeatGrid | Coming) else content
    return said


def _line(data: dict[str, Any]) -> str:
    try:
        return json.dumps(data, allow_nan=False, separators=(", ", ": "))
    except ValueError as error:
        raise WireError(f"a number that is not finite cannot be written down: {data}") from error


# --- lines -> values -------------------------------------------------------------------------------------------------


def _limit(line: str) -> int:
    return LOAD_LIMIT if LOAD_SIGN in line[:LOAD_WITHIN] else LINE_LIMIT


def _object(line: str) -> dict[str, Any]:
    if len(line) > _limit(line):
        raise WireError(f"a line of {len(line)} characters; at most {_limit(line)} are read")
    try:
        data = json.loads(line, parse_constant=_not_finite, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise WireError(f"not JSON: {error.msg} at column {error.colno}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or nesting without end
        raise WireError(f"not a line of a journal: {error}") from error
    if not isinstance(data, dict):
        raise WireError("a line must be one JSON object")
    return data


def _not_finite(word: str) -> NoReturn:
    raise WireError(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise WireError("a field stands there twice")
    return data


def _value(cls: type[Any], data: Any, kind: str) -> Any:
    """A value of this class from its fields."""
    if not isinstance(data, dict):
        raise WireError(f"{kind}: must be an object")
    known = {f.name: f for f in fields(cls)}
    if unknown := sorted(data.keys() - known.keys()):
        raise WireError(f"{kind}: unknown field `{unknown[0]}`; there are {', '.join(known)}")
    if missing := [n for n, f in known.items() if f.default is MISSING and n not in data]:
        raise WireError(f"{kind}: `{missing[0]}` is missing")
    value = cls(**{name: _field(cls, name, content) for name, content in data.items()})
    if isinstance(value, Tick) and not (1 <= value.count <= STEPS_LIMIT and (value.every > 0 or value.count == 1)):
        raise WireError(f"{kind}: `count` is 1 to {STEPS_LIMIT}, and above 1 `every` is above 0 (ns)")
    return value


def _field(cls: type[Any], name: str, content: Any) -> Any:
    reader = READERS[name]
    if name in OPTIONAL.get(cls, ()) and content is None:
        return None
    return reader(content, name)


def _grid(content: Any, name: str) -> BeatGrid:
    grid: BeatGrid = _value(BeatGrid, content, name)
    if grid.period <= 0.0 or grid.beats_per_bar < 1:
        raise WireError("a grid has a `period` above 0 and at least 1 beat in a bar")
    return grid


def _coming(content: Any, name: str) -> Coming:
    coming: Coming = _value(Coming, content, name)
    return coming


READERS: dict[str, Any] = {
    **dict.fromkeys(("time", "level", "energy", "onset", "anchor", "period", "confidence"), number),
    **dict.fromkeys(("rate", "fade", "at", "speed", "by", "sure", "to", "first", "last"), number),
    **dict.fromkeys(("index", "bar_position", "beats_per_bar", "step", "count", "every", "bars"), whole),
    **dict.fromkeys(
        ("source", "list", "cue", "submaster", "fixture", "show", "name", "why", "track", "marker", "performer"), text
    ),
    "on": truth,
    "clock": clock,
    "quantise": quantise,
    "bands": numbers,
    "strikes": strikes,
    "keys": texts,
    "values": levels,
    "section": section,
    "grid": _grid,
    "coming": _coming,
    "state": mapping,
}
OPTIONAL: dict[type[Any], tuple[str, ...]] = {
    Go: ("cue",),
    SetMaster: ("submaster",),
    **dict.fromkeys((Arm, Disarm, Confirm, Zero), ("performer",)),
    PlayTrack: ("track",),
    StopTrack: ("fade",),
    LoopTrack: ("first", "last"),
    Features: ("grid", "coming"),
    Load: ("state",),
}
