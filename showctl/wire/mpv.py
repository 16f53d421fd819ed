"""The JSON IPC of mpv, as its manual has it: commands out, replies and events in. PURE: bytes <-> values.

A message is one line of JSON. A command carries a number, and its reply the same one with "success" or an error in words; events
come in between. Of the properties that are observed each change is an event with its new value, or none while it has none (no
file, no position). mpv grows by new events and fields: what is not known here is passed over, what is no line of JSON is a
WireError.

    -> {"command": ["set_property", "pause", true], "request_id": 7}
    <- {"request_id": 7, "error": "success"}
    <- {"event": "property-change", "id": 2, "name": "time-pos", "data": 12.48}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from showctl.model import WireError

LINE_LIMIT = 1 << 16  # bytes
MOST = 1e12  # of any number
SUCCESS = "success"
Value: TypeAlias = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a command."""

    number: int
    error: str  # "success", or why not

    @property
    def done(self) -> bool:
        """Whether it was done."""
        return self.error == SUCCESS


@dataclass(frozen=True, slots=True)
class Change:
    """A property that is observed has another value; None: it has none now."""

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened: `file-loaded`, `end-file` with its reason, ..."""

    name: str
    reason: str = ""


Said: TypeAlias = Reply | Change | Event


def command(number: int, *words: Value) -> bytes:
    """One line: a command and its arguments."""
    return json.dumps({"command": list(words), "request_id": number}, allow_nan=False).encode() + b"\n"


def volume(gain: float) -> float:
    """A factor of amplitude -> mpv's volume in percent, which is its cube root."""
    return float(round(100.0 * max(0.0, gain) ** (1.0 / 3.0), 3))


class Lines:
    """Bytes as they come -> what was said."""

    def __init__(self) -> None:
        self._part = b""

    def feed(self, data: bytes) -> list[Said]:
        """What is complete with these bytes. Raises WireError where mpv speaks no JSON, or a line has no end."""
        *lines, self._part = (self._part + data).split(b"\n")
        if len(self._part) > LINE_LIMIT:
            raise WireError(f"a line of more than {LINE_LIMIT} bytes")
        return [said for line in lines if line.strip() and (said := _said(line)) is not None]


def _said(line: bytes) -> Said | None:
    try:
        body = json.loads(line[:LINE_LIMIT])
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {line[:60]!s}") from error
    if not isinstance(body, dict):
        raise WireError(f"no object: {line[:60]!s}")
    if (name := body.get("event")) is None:
        number, became = body.get("request_id"), body.get("error")
        return Reply(number, became) if type(number) is int and isinstance(became, str) else None
    if not isinstance(name, str):
        raise WireError(f"an event without a name: {line[:60]!s}")
    if name == "property-change":
        return _change(body)
    reason = body.get("reason")
    return Event(name, reason if isinstance(reason, str) else "")


def _change(body: dict[str, Any]) -> Change | None:
    name, value = body.get("name"), body.get("data")
    if not isinstance(name, str) or not isinstance(value, str | float | int | bool | None):
        return None
    if isinstance(value, int | float) and not abs(value) < MOST:  # JSON as Python reads it has NaN, too
        value = None
    return Change(name, value)
