"""What the daemon and the player's process say to each other. PURE: bytes <-> values.

A message is one packet of a local socket (SOCK_SEQPACKET). The daemon sends commands, each a JSON object with a running number;
the process answers with a record of its clock some fifty times a second and at once when something changed (CLOCK, binary, told
by its first byte), and with a status in words (JSON), once a second and when it changed. The number of the last command that
turned what plays is in every record of the clock.

The nouns are those of `model.player`. What is not as agreed is a WireError, and nothing is clamped.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import MISSING, asdict, fields
from typing import Any

from showctl.model import State, WireError
from showctl.model.player import (
    FASTEST,
    LONGEST_S,
    SLOWEST,
    Command,
    Define,
    Follow,
    Forget,
    Loop,
    Mode,
    Part,
    PausePlay,
    Play,
    PlayerClock,
    PlayerSetup,
    PlayerStatus,
    Prepare,
    ResumePlay,
    Speed,
    Stay,
    StopPlay,
    Volume,
)
from showctl.wire.checked import a_list, a_number, a_text, an_object

MESSAGE_LIMIT = 65_536  # bytes
MOST_LINES, MOST_PARTS, MOST_READY = 16, 8, 64

COMMANDS: dict[str, type[Any]] = {
    "define": Define,
    "forget": Forget,
    "prepare": Prepare,
    "play": Play,
    "stay": Stay,
    "pause": PausePlay,
    "resume": ResumePlay,
    "stop": StopPlay,
    "follow": Follow,
    "loop": Loop,
    "volume": Volume,
    "speed": Speed,
}
NAMES = {cls: name for name, cls in COMMANDS.items()}

_MODES = tuple(Mode)
_CLOCK_SIGN = ord("C")
CLOCK = struct.Struct("<2B2I2dqd")  # sign, mode; take, seq; position, rate; monotonic ns; length


# --- setup and commands ------------------------------------------------------------------------------------------------


def encode_setup(setup: PlayerSetup) -> str:
    """A line of JSON."""
    return json.dumps(asdict(setup))


def decode_setup(text: str) -> PlayerSetup:
    """The value that encode_setup was given. Raises WireError on anything else."""
    body = an_object(text, MESSAGE_LIMIT)
    try:
        return PlayerSetup(a_text(body["card"]), _lines(body["channels"], 64))
    except KeyError as error:
        raise WireError(f"a setup that lacks {error}") from None


def encode_command(command: Command) -> bytes:
    """One packet. Raises WireError where it is longer than a packet may be, or holds what is no number."""
    try:
        data = json.dumps({"type": NAMES[type(command)], **asdict(command)}, allow_nan=False).encode()
    except ValueError as error:
        raise WireError(f"a command with a number that is none: {error}") from None
    if len(data) > MESSAGE_LIMIT:
        raise WireError(f"a command of {len(data)} bytes")
    return data


def decode_command(data: bytes) -> Command:
    """The value that encode_command was given. Raises WireError on anything else."""
    body = an_object(data, MESSAGE_LIMIT)
    cls = COMMANDS.get(str(body.pop("type", "")))
    if cls is None:
        raise WireError("a command that is not known")
    known = {field.name: field for field in fields(cls)}
    missing = [name for name, field in known.items() if name not in body and field.default is MISSING]
    if missing or body.keys() - known.keys():
        raise WireError(f"{NAMES[cls]}: fields {sorted(body)} where {list(known)} are known")
    command: Command = cls(**{name: _READERS[name](value) for name, value in body.items()})
    if isinstance(command, Define | Forget | Prepare | Play) and command.track is None:
        raise WireError(f"{NAMES[cls]}: no track")
    if isinstance(command, Loop) and (command.first is None) != (command.last is None):
        raise WireError("a loop has two ends, or none")
    if isinstance(command, Loop) and command.first is not None and command.last is not None and command.first >= command.last:
        raise WireError("a loop ends after it begins")
    return command


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**32:
        raise WireError(f"not a count: {str(value)[:40]}")
    return value


def _seconds(value: Any) -> float:
    seconds = a_number(value)
    if not 0.0 <= seconds <= LONGEST_S:
        raise WireError(f"no time within a track: {seconds}")
    return seconds


def _maybe_seconds(value: Any) -> float | None:
    return None if value is None else _seconds(value)


def _unit(value: Any) -> float:
    number = a_number(value)
    if not 0.0 <= number <= 16.0:
        raise WireError(f"a gain of {number}")
    return number


def _rate(value: Any) -> float:
    number = a_number(value)
    if not SLOWEST <= number <= FASTEST:
        raise WireError(f"a rate of {number}: {SLOWEST} to {FASTEST} are possible")
    return number


def _lines(value: Any, most: int = MOST_LINES) -> tuple[int, ...]:
    lines = tuple(_count(one) for one in a_list(value, MOST_LINES))
    if any(one >= most for one in lines):
        raise WireError(f"lines {lines} where {most} are possible")
    return lines


def _parts(value: Any) -> tuple[Part, ...]:
    found = []
    for one in a_list(value, MOST_PARTS):
        if not isinstance(one, dict) or one.keys() != {"file", "lines"}:
            raise WireError("a part is a file and its lines")
        found.append(Part(a_text(one["file"]), _lines(one["lines"])))
    return tuple(found)


_READERS: dict[str, Any] = {
    **dict.fromkeys(("seq", "of"), _count),
    "track": lambda value: None if value is None else a_text(value),
    "parts": _parts,
    "gain": _unit,
    "ready": lambda value: tuple(_seconds(one) for one in a_list(value, MOST_READY)),
    **dict.fromkeys(("at", "into", "out", "crossfade"), _seconds),
    **dict.fromkeys(("when", "first", "last"), _maybe_seconds),
    "rate": _rate,
    "there": a_text,
    "length": _seconds,
}


# --- what the process says ---------------------------------------------------------------------------------------------


def encode_clock(clock: PlayerClock) -> bytes:
    """A record of CLOCK.size bytes. Raises WireError on numbers that do not fit."""
    if not all(map(math.isfinite, (clock.position, clock.rate, clock.length))):
        raise WireError("a clock with a number that is not finite")
    mode = _MODES.index(clock.mode)
    try:
        return CLOCK.pack(_CLOCK_SIGN, mode, clock.take, clock.seq, clock.position, clock.rate, clock.at_ns, clock.length)
    except struct.error as error:
        raise WireError(f"a clock that does not fit: {error}") from None


def encode_status(status: PlayerStatus) -> bytes:
    """One packet; long words are cut, and troubles for which there is no room are left out."""
    troubles = [[track[:100], why[:300]] for track, why in status.troubles[:100]]
    body = {**asdict(status), "detail": status.detail[:1000], "refused": status.refused[:1000], "troubles": troubles}
    while len(data := json.dumps(body, allow_nan=False).encode()) > MESSAGE_LIMIT:
        del troubles[len(troubles) // 2 :]
    return data


def decode_said(data: bytes) -> PlayerClock | PlayerStatus:
    """What encode_clock or encode_status was given. Raises WireError on anything else."""
    return _to_clock(data) if data[:1] == b"C" else _to_status(an_object(data, MESSAGE_LIMIT))


def _to_clock(data: bytes) -> PlayerClock:
    if len(data) != CLOCK.size:
        raise WireError(f"a clock has {CLOCK.size} bytes, not {len(data)}")
    _, mode, take, seq, position, rate, at_ns, length = CLOCK.unpack(data)
    if mode >= len(_MODES) or not all(map(math.isfinite, (position, rate, length))):
        raise WireError("a clock of an unknown mode, or with a number that is not finite")
    return PlayerClock(_MODES[mode], take, seq, position, rate, at_ns, length)


def _to_status(body: dict[str, Any]) -> PlayerStatus:
    try:
        counts = [_count(body[key]) for key in ("rate", "lost", "late", "starved")]
        memory = body["memory"]
        if type(memory) is not int or not 0 <= memory < 2**63:
            raise WireError("memory is counted in bytes")
        troubles = [a_list(one, 2) for one in a_list(body["troubles"], 100)]
        return PlayerStatus(
            State(body["state"]),
            a_text(body["detail"]),
            counts[0],
            a_number(body["latency"]),
            counts[1],
            counts[2],
            counts[3],
            memory,
            tuple((a_text(track), a_text(why)) for track, why in troubles),
            a_text(body["refused"]),
            _count(body["refused_seq"]),
        )
    except (KeyError, ValueError) as error:
        raise WireError(f"a status that lacks something or has an unknown state: {error}") from None
