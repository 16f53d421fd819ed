"""JSON Schema of venue and show files (draft 2020-12), so that an editor completes keys, explains them and marks mistakes.

It is made from the models of `schema`, so that it cannot fall behind them: structure and keys from pydantic's fields, the form
of a value from the parser that reads it, a sentence for each key from `described`. An editor reads YAML 1.2, where `1` is a
number and `true` a truth; we read every scalar as text, so what may look like a number is allowed to be one here.

What a name refers to, and whether a lamp has what it is told, only `showctl check` knows.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel

from showctl.config import schema, values
from showctl.config.described import KEYS
from showctl.fixtures.generic import TYPES

Json: TypeAlias = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ROOTS: dict[str, type[schema.Header]] = {"venue": schema.Venue, "show": schema.Show}
_NUMBER = r"[0-9]{1,9}(\.[0-9]{1,9})?"
_TIME = rf"{_NUMBER} ?(ms|s)|[0-9]{{1,4}}:[0-5][0-9](\.[0-9]{{1,3}})?|{_NUMBER}(/[0-9]{{1,4}})? ?(beat|bar)s?"
_LEVEL = rf"full|out|{_NUMBER} ?%"
_HOST = r"(localhost|[0-9.]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}"
_WORD: Json = {"type": ["string", "number", "boolean"]}  # text that an editor may take for a number or a truth


def _text(pattern: str, *examples: str) -> Json:
    return {"type": "string", "pattern": f"^({pattern})$", "examples": list(examples)}


def _number(pattern: str, *examples: str, **more: Any) -> Json:
    """Text that looks like a number, or is taken for one."""
    return {**_text(pattern, *examples), "type": ["string", "number"], **more}


# Parsers by name -> what they read. A test holds that every parser of the schema is here, and that each pattern is right.
SCALARS: dict[str, Json] = {
    "time": _text(_TIME, "2s", "500ms", "1:30", "1/2 beat", "4 bars"),
    "_hang": _text(_TIME.replace(_NUMBER, f"-?{_NUMBER}"), "2s", "-1s", "1 bar"),
    "seconds": _text(rf"{_NUMBER} ?(ms|s)|[0-9]{{1,4}}:[0-5][0-9](\.[0-9]{{1,3}})?", "2s", "500ms"),
    "latency": _text(rf"{_NUMBER} ?(ms|s)|0:00(\.[0-9]{{1,3}})?", "30ms"),
    "sound_latency": _text(rf"-?{_NUMBER} ?(ms|s)|0:00(\.[0-9]{{1,3}})?", "20ms", "-10ms"),
    "tempo": _text(rf"{_NUMBER}( ?- ?{_NUMBER})? ?bpm", "80-110 bpm", "128 bpm"),
    "code": _text(
        rf"{_NUMBER} ?(ms|s)|([0-9]{{1,2}}:)?[0-9]{{1,2}}:[0-9]{{1,2}}(\.[0-9]{{1,6}})?"
        r"|[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}[:;][0-9]{1,2}",
        "00:01:02:03",
        "1:02.5",
    ),
    "level": _text(_LEVEL, "70%", "full", "out"),
    "rate": _text(rf"{_NUMBER} ?%", "50%", "200%"),
    "angle": _text(rf"-?{_NUMBER} ?deg", "25deg", "-90deg"),
    "metres": _number(rf"-?{_NUMBER} ?m?", "2.5m", "-1m"),
    "hertz": _text(rf"{_NUMBER} ?Hz", "40Hz"),
    "address": _text("[0-9]{1,6}/[0-9]{1,4}", "1/1", "2/101"),
    "cue_number": _number(r"[0-9]{1,4}(\.[0-9]{1,3})?", "1", "2.5", exclusiveMinimum=0, maximum=9999.999),
    "universe": _number("[0-9]{1,6}", "1", minimum=1, maximum=63999),
    "truth": {"enum": [True, False]},
    "name": {**_WORD, "pattern": r"^[^\s.:,/+\[\]{}]{1,64}$"},
    "label": _WORD,
    "_written": _WORD,
    "interface": _text(r"[^\s/]{1,15}", "eth0", "10.0.0.2"),
    "listener": _text(_HOST, "127.0.0.1:8000", "0.0.0.0:8080"),
    "network": _text("[0-9a-fA-F.:]+(/[0-9]{1,3})?", "10.0.0.0/24"),
    "_swing": _text(rf"{_NUMBER} ?%", "58%", "66%"),
    "_when": {"enum": [f"section {name}" for name in schema.SECTIONS]},
    "knob": _text(r"(note|cc|program) +[0-9]{1,3}|pitch", "note 36", "cc 7", "program 3", "pitch"),
    "deed": _text(r"\s*[a-z]+(\s+\S+)*\s*", "go", "list probe go", "goto 3", "sub front", "flash front", "gm", "blackout"),
    "channel": _number("any|[0-9]{1,2}", "any", "10", minimum=1, maximum=16),
    "marker": _text(rf"bar [0-9]{{1,5}}|{_NUMBER} ?(ms|s)|[0-9]{{1,4}}:[0-5][0-9](\.[0-9]{{1,3}})?", "12.5s", "1:02.5", "bar 33"),
    "player": _text(
        r"device:.+|mpv:/.+|(reaper|qlab|ableton):[^:\s]+(:[0-9]{1,5}){0,2}", "device:X32", "mpv:/run/mpv.sock", "reaper:10.0.0.5"
    ),
    "there": _number(r"[ -~]{1,200}", "Opener", "12"),
    "decibels": _text(rf"[+-]?{_NUMBER} ?dB", "-12dB", "3dB", "99dB"),
    "quality": _number(_NUMBER, "0.7", "2", minimum=0.3, maximum=10),
    "celsius": _text(rf"-?{_NUMBER} ?C", "21C"),
    "topic": _text(r"[^+#]{1,200}", "hall/air"),
    "node": _text(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}", "venue_eq"),
    "template_line": {"type": "string", "examples": ["EQ {equaliser} {band} {freq:.0f} {gain:.1f} {q:.2f}"]},
    "template_answer": {"type": "string", "examples": ["EQ {equaliser} {band} {freq} {gain} {q}"]},
    "template_pointer": _text(r"/.*", "/id", "/result/0/Value"),
    "console_address": _text(r"[0-9.]+(:[0-9]{1,5})?", "192.168.1.32"),
    "sign": _text(r"[a-z]+( .+)?", "movement", "button 2", "touch", "event swipe_left", "height above 0.8"),
    "motion": _text(r"[a-z_]+( \S+)? of \S+", "tilt of anna.left", "value swell of ben"),
    "window": _text(r"(clutch|operator|always|cue .+)( for .+)?", "clutch", "cue 5-9", "cue 5-9 of film", "operator for 30s"),
    "danger": {"enum": [True, False, "pyro", "flying"]},
    "share": _text(rf"full|out|{_NUMBER} ?%", "70%", "full", "out"),
    "osc_address": _text(r"(/[^\s/#*,?\[\]{}]{1,64}){1,16}", "/pad/1"),
    "device_address": _number(r"[^\s/]{1,64}", "10.0.0.21", "10.0.0.21:9000", "left-hand"),
    "feedback_place": _number(rf"[0-9]{{1,5}}|{_HOST}", "9001", "10.0.0.30:9001", minimum=1, maximum=65535),
    "_words": _text(r"\s*[a-z]+(\s+\S+)*\s*", "go", "list film go", "goto 3", "track jump drop", "stop", "sub front"),
    "_on_stop": _text(r"hold|terminate|look +\S.*", "hold", "terminate", "look safe"),
}
COLOUR: Json = {
    "description": '"#rrggbb" (in quotes), a temperature, a filter, a chromaticity, a palette, or levels by emitter',
    "type": ["string", "object"],
    "examples": ["#c00010", "2900K", "gel L201", "xy(0.3, 0.3)"],
}
POSITION: Json = {"type": ["string", "object"], "description": "a position or point, a palette, or `{pan: 20deg, tilt: 45deg}`"}
BEAM: Json = {"type": ["string", "object"], "description": "a palette, or `{shutter: open, zoom: 40%}`"}
SETTING: Json = {
    "type": "object",
    "properties": {
        "intensity": {**_WORD, "description": "a level or a palette", "examples": ["70%", "full", "out"]},
        "colour": COLOUR,
        "position": POSITION,
        "beam": BEAM,
        "preset": {**_WORD, "description": "a preset of this show"},
    },
    "additionalProperties": {"type": ["string", "number", "object"], "description": "a parameter by its own name"},
}
TARGETS: Json = {
    "type": "object",
    "additionalProperties": {"anyOf": [{"$ref": "#/$defs/Setting"}, {"type": "string", "description": "a preset"}]},
}
START: Json = {
    "type": "object",
    "additionalProperties": {"anyOf": [_WORD, {"type": "array", "items": _WORD}]},
    "examples": [{"kick": "wash"}],
}
RECEIVERS: Json = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": schema.MOST_RECEIVERS}]
}
# What the models leave open, or read in more than one form.
OPEN: dict[str, Json] = {
    "Header.showctl": {"enum": [1, "1"]},
    "UniverseOut.to": {**RECEIVERS, "examples": ["multicast", "192.168.1.60"]},
    "Fixture.type": {"type": "string", "examples": sorted(TYPES)},
    "Venue.looks": {"type": "object", "additionalProperties": TARGETS},
    "Palettes.colour": {"type": "object", "additionalProperties": COLOUR},
    "Palettes.position": {"type": "object", "additionalProperties": POSITION},
    "Venue.profiles": {"type": "object", "additionalProperties": {"type": "object"}},
    "Show.presets": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Setting"}},
    "SubmasterModel.start": START,
    "CueModel.set": TARGETS,
    "CueModel.start": START,
}
ONE_OR_MORE = frozenset(
    {
        "Fixture.at",
        "Fixture.invert",
        "Fixture.place",
        "CueModel.stop",
        "Audio.channels",
        "Pa.programme",
        "PaZoneModel.out",
        "ConsoleTemplate.set",
        "ConsoleTemplate.ask",
        "ConsoleTemplate.answer",
        "ConsoleTemplate.hello",
        "ConsoleTemplate.alive",
        "BindModel.by",
    }
)  # a single one needs no brackets
SHORT: dict[str, Json] = {  # what each entry may be instead of the whole of it
    "Audio.out": {"type": "integer", "minimum": 1, "maximum": 64},
    "Show.tracks": {"type": "string", "examples": ["songs/opener.wav"]},
    "Show.setlist": {"type": "string"},
    "Show.gestures": SCALARS["sign"],
}
WORD_OR_MORE = {
    "Safety.strobe": {"enum": ["off", False]},
    "Pa.mode": {"enum": [False]},
    "SplLimit.minutes": {"enum": [1, 15, 60]},
    "CueModel.delay": SCALARS["time"],
    "ListModel.fps": {"enum": [24, 25, 30]},
}


def json_schema(kind: str) -> Json:
    """The schema of a venue or a show. KeyError for anything else."""
    definitions: dict[str, Json] = {"Setting": SETTING}
    top = _model(ROOTS[kind], definitions)
    return {"$schema": DRAFT, "title": f"showctl {kind}", **top, "$defs": dict(sorted(definitions.items()))}


def _model(model: type[BaseModel], definitions: dict[str, Json]) -> Json:
    """A mapping with its keys; models below it become definitions."""
    properties: dict[str, Json] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        owner = next(c.__name__ for c in reversed(model.__mro__) if name in getattr(c, "__annotations__", {}))
        label = f"{owner}.{key}"
        one = dict(OPEN[label]) if label in OPEN else _of(field.annotation, tuple(field.metadata), definitions)
        if label in ONE_OR_MORE:
            one = {"anyOf": [one["items"], one]}
        if label in SHORT:
            entries = "additionalProperties" if one["type"] == "object" else "items"
            one[entries] = {"anyOf": [SHORT[label], one[entries]]}
        if label in WORD_OR_MORE:
            one = {"anyOf": [WORD_OR_MORE[label], one]}
        properties[key] = {"title": key, "description": KEYS.get(label, ""), **one}
    kind = next((k for k, root in ROOTS.items() if root is model), "")
    later = {**schema.LATER.get(kind, {})}
    later |= schema.LATER_IN_SAFETY if model is schema.Safety else {}
    properties |= {key: {"title": key, "description": f"{what}: does nothing in this version"} for key, what in later.items()}
    required = [field.alias or name for name, field in model.model_fields.items() if field.is_required()]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of(annotation: Any, metadata: tuple[Any, ...], definitions: dict[str, Json]) -> Json:
    """What pydantic reads with this annotation."""
    if (parse := parser(metadata)) is not None:
        return scalar(parse)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _of(args[0], tuple(args[1:]), definitions)
    if origin in (Union, types.UnionType):
        return _of(next(arg for arg in args if arg is not type(None)), (), definitions)
    if origin is Literal:
        return {"enum": list(args)}
    if origin is list:
        return {"type": "array", "items": _of(args[0], (), definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(args[1], (), definitions)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation.__name__ not in definitions:
            definitions[annotation.__name__] = {}  # its place, for what contains itself
            definitions[annotation.__name__] = _model(annotation, definitions)
        return {"$ref": f"#/$defs/{annotation.__name__}"}
    return {}


def parser(metadata: tuple[Any, ...]) -> Callable[[str], Any] | None:
    """The parser of a field whose value is one scalar."""
    found = (getattr(getattr(one, "func", None), "parse", None) for one in metadata)
    return next((parse for parse in found if parse is not None), None)


def scalar(parse: Callable[[str], Any]) -> Json:
    """What a parser reads; KeyError for one that nobody has described."""
    if parse.__qualname__.startswith((values.whole.__name__, values.choice.__name__)):
        given = inspect.getclosurevars(parse).nonlocals
        if "words" in given:
            return {"enum": list(given["words"])}
        return {"type": "integer", "minimum": given["first"], "maximum": given["last"]}
    return dict(SCALARS[parse.__name__])
