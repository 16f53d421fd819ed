"""As much of a JSON Schema validator (draft 2020-12) as our schemas need. A keyword that it does not know is an error."""

from __future__ import annotations

import re
from typing import Any

IGNORED = {"$schema", "$defs", "title", "description", "examples"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], way: str = "$") -> list[str]:
    """Every fault of a value, with the way to it."""
    found: list[str] = []
    for keyword, given in schema.items():
        if keyword not in IGNORED:
            found += CHECKS[keyword](value, given, schema, root, way)
    return found


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _type(value: Any, given: Any, _schema: Any, _root: Any, way: str) -> list[str]:
    names = given if isinstance(given, list) else [given]
    return [] if any(_is(value, name) for name in names) else [f"{way}: {value!r} is no {names}"]


def _pattern(value: Any, given: Any, _schema: Any, _root: Any, way: str) -> list[str]:
    return [] if not isinstance(value, str) or re.search(given, value) else [f"{way}: {value!r} is not like {given}"]


def _enum(value: Any, given: Any, _schema: Any, _root: Any, way: str) -> list[str]:
    alike = any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in given)
    return [] if alike else [f"{way}: {value!r} is none of {given}"]


def _limit(ok: Any) -> Any:
    def check(value: Any, given: Any, _schema: Any, _root: Any, way: str) -> list[str]:
        return [] if not _is(value, "number") or ok(value, given) else [f"{way}: {value!r} is beyond {given}"]

    return check


def _properties(value: Any, given: Any, _schema: Any, root: Any, way: str) -> list[str]:
    own = value.items() if isinstance(value, dict) else ()
    return [fault for key, below in own if key in given for fault in faults(below, given[key], root, f"{way}.{key}")]


def _additional(value: Any, given: Any, schema: Any, root: Any, way: str) -> list[str]:
    others = [key for key in value if key not in schema.get("properties", {})] if isinstance(value, dict) else []
    if given is False:
        return [f"{way}: unknown key {key!r}" for key in others]
    return [fault for key in others for fault in faults(value[key], given, root, f"{way}.{key}")]


def _required(value: Any, given: Any, _schema: Any, _root: Any, way: str) -> list[str]:
    return [f"{way}: {key} is missing" for key in given if isinstance(value, dict) and key not in value]


def _items(value: Any, given: Any, _schema: Any, root: Any, way: str) -> list[str]:
    own = enumerate(value) if isinstance(value, list) else ()
    return [fault for i, below in own for fault in faults(below, given, root, f"{way}[{i}]")]


def _most(value: Any, given: Any, _schema: Any, _root: Any, way: str) -> list[str]:
    return [f"{way}: more than {given}"] if isinstance(value, list) and len(value) > given else []


def _any(value: Any, given: Any, _schema: Any, root: Any, way: str) -> list[str]:
    each = [faults(value, one, root, way) for one in given]
    return [] if any(not one for one in each) else min(each, key=len)


def _ref(value: Any, given: Any, _schema: Any, root: Any, way: str) -> list[str]:
    return faults(value, root["$defs"][given.removeprefix("#/$defs/")], root, way)


CHECKS: dict[str, Any] = {
    "type": _type,
    "pattern": _pattern,
    "enum": _enum,
    "minimum": _limit(lambda v, g: v >= g),
    "maximum": _limit(lambda v, g: v <= g),
    "exclusiveMinimum": _limit(lambda v, g: v > g),
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "maxItems": _most,
    "anyOf": _any,
    "$ref": _ref,
}
