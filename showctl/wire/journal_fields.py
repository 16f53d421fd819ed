"""What a field of a journal's line may hold: each reader takes what JSON gave and the field's name, and returns the value that it
stands for, or says in a WireError what is wrong. Nothing is clamped or guessed."""

from __future__ import annotations

import math
from typing import Any

from showctl.model import NO_STRIKES, Section, Strikes, WireError

INDEX_LIMIT = 2**53  # counts that every reader of JSON keeps exact


def number(content: Any, name: str) -> float:
    """A finite number."""
    if isinstance(content, bool) or not isinstance(content, int | float):
        raise WireError(f"`{name}` must be a number, not {content!r:.40}")
    try:
        found = float(content)
    except OverflowError as error:
        raise WireError(f"`{name}` is too great a number") from error
    if not math.isfinite(found):
        raise WireError(f"`{name}` is not finite")
    return found


def whole(content: Any, name: str) -> int:
    """A whole number that every reader of JSON keeps."""
    if isinstance(content, bool) or not isinstance(content, int) or abs(content) > INDEX_LIMIT:
        raise WireError(f"`{name}` must be a whole number, not {content!r:.40}")
    return content


def text(content: Any, name: str) -> str:
    """Text."""
    if not isinstance(content, str):
        raise WireError(f"`{name}` must be text, not {content!r:.40}")
    return content


def truth(content: Any, name: str) -> bool:
    """true or false."""
    if not isinstance(content, bool):
        raise WireError(f"`{name}` must be true or false, not {content!r:.40}")
    return content


def numbers(content: Any, name: str) -> tuple[float, ...]:
    """A list of numbers."""
    if not isinstance(content, list):
        raise WireError(f"`{name}` must be a list of numbers")
    return tuple(number(one, name) for one in content)


def strikes(content: Any, name: str) -> Strikes:
    """How strong kick, snare and hat are."""
    found = numbers(content, name)
    if len(found) != len(NO_STRIKES):
        raise WireError(f"`{name}` are three: kick, snare and hat")
    return (found[0], found[1], found[2])


def texts(content: Any, name: str) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(content, list):
        raise WireError(f"`{name}` must be a list of texts")
    return tuple(text(one, name) for one in content)


def levels(content: Any, name: str) -> tuple[tuple[str, float], ...]:
    """Pairs of a key and a value."""
    if not isinstance(content, list) or not all(isinstance(one, list) and len(one) == 2 for one in content):
        raise WireError(f"`{name}` must be a list of pairs, a key and a value")
    return tuple((text(key, name), number(value, name)) for key, value in content)


def mapping(content: Any, name: str) -> dict[str, Any]:
    """An object."""
    if not isinstance(content, dict):
        raise WireError(f"`{name}` must be an object")
    return content


def section(content: Any, name: str) -> Section:
    """The name of a section."""
    try:
        return Section(text(content, name))
    except ValueError as error:
        raise WireError(f"`{name}` is {content!r:.40}; there are {', '.join(Section)}") from error


def clock(content: Any, name: str) -> str:
    """Which time code."""
    if content not in ("mtc", "ltc"):
        raise WireError(f"`{name}` is {content!r:.40}; there are mtc and ltc")
    return str(content)


def quantise(content: Any, name: str) -> str:
    """What is waited for."""
    if content not in ("none", "beat", "bar"):
        raise WireError(f"`{name}` is {content!r:.40}; there are none, beat and bar")
    return str(content)
