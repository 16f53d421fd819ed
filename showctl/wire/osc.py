"""OSC 1.0 packets <-> values: messages and bundles, strictly, in bounded time and with every size checked.

Source: The Open Sound Control 1.0 Specification (Wright, 2002). A packet is a message (address pattern, type tags, arguments)
or a bundle ("#bundle", a time tag, elements that are packets, each behind its size). All is big-endian and in multiples of
four bytes; strings are ASCII, ended and padded with zeros.

Why not the reader of python-osc: an element size of -4 in a packet of 20 bytes holds it for ever, a missing float reads as
0.0 (a fader that jumps to nothing), and an unknown type tag shifts the arguments behind it. Here a packet is either what the
specification says, to the last byte of its padding, or a WireError; a bundle with one bad element is refused as a whole.

Read are the tags i f s b h d T F N I t m c. What the specification leaves to the receiver: a message without type tags is
refused, because one cut short would otherwise fire; patterns (`/*`) are kept as text and mean nothing here. A time tag is
told with each message, for whoever wants to order by it; nobody waits for it.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from showctl.model import WireError

Midi: TypeAlias = tuple[int, int, int, int]  # port, status, data 1, data 2
Value: TypeAlias = int | float | str | bytes | bool | Midi | None

IMMEDIATELY = 1  # the time tag that means now
MAX_DEPTH = 8  # bundles within bundles
MAX_ELEMENTS = 64  # messages and bundles in one packet: more than go into 1500 bytes, and what 5 ms of CPU are enough for
MAX_ARGUMENTS = 256
LONGEST_HEAD, MOST_HEADS = 128, 1024  # bytes of address and type tags, and how many of them, that are kept as read

_BUNDLE = b"#bundle\0"
_HEAD = 16  # bytes of a bundle before its first element
_INT = struct.Struct(">i")
_TIMETAG = struct.Struct(">Q")
_ZEROS = bytes(4)
_FIXED = {"i": "i", "f": "f", "h": "q", "d": "d", "t": "Q"}  # tags whose argument is a plain number
_CONSTANT: dict[str, Value] = {"T": True, "F": False, "N": None, "I": math.inf}
_KNOWN = frozenset(_FIXED) | frozenset(_CONSTANT) | frozenset("sbmc")


Head: TypeAlias = tuple[str, str, struct.Struct | None]  # address, type tags, all arguments at once where they are plain numbers
_heads: dict[bytes, Head] = {}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Arguments by tag: i h t int, f d float (NaN is told as it came), s c str, b bytes, m Midi, T F bool, N
    None, I (impulse, or infinitum) math.inf."""

    address: str
    arguments: tuple[Value, ...] = ()
    tags: str = ""  # one letter for each argument
    timetag: int = IMMEDIATELY  # NTP, 32.32 bits, of the innermost bundle around the message


def decode(data: bytes, *, accents: bool = False) -> list[Message]:
    """The messages of one packet, in their order. Raises WireError unless the whole packet is what OSC 1.0 allows; with `accents`
    an argument may be UTF-8 as well, as many programs send the names that people give."""
    messages: list[Message] = []
    _packet(data, 0, len(data), IMMEDIATELY, 0, 0, messages, accents)
    return messages


def encode(address: str, *values: Value, tags: str | None = None) -> bytes:
    """One message. `tags` chooses the types, otherwise int is i (h beyond 32 bits), float f, str s, bytes b, bool T F, None
    N, a tuple of four m. Raises ValueError for what OSC cannot carry: our own mistake, not a sender's."""
    if not _is_address(address):
        raise ValueError(f"{address!r} is not an OSC address: it starts with / and is printable ASCII")
    tags = "".join(map(_tag, values)) if tags is None else tags
    if len(tags) != len(values) or len(tags) > MAX_ARGUMENTS:
        raise ValueError(f"{len(values)} arguments do not go with the type tags {tags[:MAX_ARGUMENTS]!r}")
    body = b"".join(map(_pack, tags, values))
    return _string(address) + _string("," + tags) + body


def bundle(*elements: bytes, timetag: int = IMMEDIATELY) -> bytes:
    """A bundle of packets that are encoded already."""
    return _BUNDLE + _TIMETAG.pack(timetag) + b"".join(_INT.pack(len(one)) + one for one in elements)


# --- bytes -> values -----------------------------------------------------------------------------------------------


def _packet(data: bytes, at: int, end: int, timetag: int, depth: int, count: int, into: list[Message], accents: bool) -> int:
    """Read the packet data[at:end] into the list; returns how many elements have been read so far."""
    if data[at : at + 1] == b"/":
        into.append(_message(data, at, end, timetag, accents))
        return count
    if data[at : at + 8] != _BUNDLE or end - at < _HEAD:
        raise WireError("neither a message nor a bundle")
    if depth == MAX_DEPTH:
        raise WireError(f"bundles are nested more than {MAX_DEPTH} deep")
    timetag = _TIMETAG.unpack_from(data, at + 8)[0]
    at += _HEAD
    while at < end:
        if end - at < 4:
            raise WireError("a bundle ends within the size of an element")
        size = _INT.unpack_from(data, at)[0]
        at += 4
        if size <= 0 or size & 3 or size > end - at:
            raise WireError(f"a bundle's element says {size} bytes where {end - at} are left")
        count += 1
        if count > MAX_ELEMENTS:
            raise WireError(f"more than {MAX_ELEMENTS} elements in one packet")
        count = _packet(data, at, at + size, timetag, depth + 1, count, into, accents)
        at += size
    return count


def _message(data: bytes, at: int, end: int, timetag: int, accents: bool) -> Message:
    if (end - at) & 3:
        raise WireError("the length is not a multiple of 4")
    tagged = (data.find(0, at, end) | 3) + 1  # `at` and `end` are multiples of 4; 0 where no zero was found
    head = data[at : (data.find(0, tagged, end) | 3) + 1]
    address, tags, fixed = _heads.get(head) or _head(data, at, end)
    at += len(head)
    if fixed is None:
        arguments, at = _arguments(tags, data, at, end, accents)
    elif end - at == fixed.size:
        return Message(address, fixed.unpack_from(data, at), tags, timetag)
    else:
        raise WireError(f"the arguments of {tags!r} take {fixed.size} bytes, {end - at} came")
    if at != end:
        raise WireError(f"{end - at} bytes more than {tags!r} asks for")
    return Message(address, arguments, tags, timetag)


def _head(data: bytes, at: int, end: int) -> Head:
    """Address and type tags, checked to the last byte; kept, because a device says the same ones all night."""
    address, tagged = _text(data, at, end)
    if not _is_address(address):
        raise WireError("the address is not printable ASCII")
    tags, behind = _text(data, tagged, end)
    if tags[:1] != ",":
        raise WireError("no type tags")
    head = address, tags[1:], _fixed(tags[1:])
    if behind - at <= LONGEST_HEAD:
        if len(_heads) >= MOST_HEADS:
            _heads.clear()
        _heads[data[at:behind]] = head
    return head


@lru_cache(maxsize=256)
def _fixed(tags: str) -> struct.Struct | None:
    """How to read all arguments at once where each is a plain number, else None. Raises WireError for unknown tags."""
    if len(tags) > MAX_ARGUMENTS:
        raise WireError(f"{len(tags)} arguments, at most {MAX_ARGUMENTS} are read")
    unknown = set(tags) - _KNOWN
    if unknown:
        raise WireError(f"unknown type tag {min(unknown)!r}")
    return struct.Struct(">" + "".join(_FIXED[tag] for tag in tags)) if set(tags) <= _FIXED.keys() else None


def _arguments(tags: str, data: bytes, at: int, end: int, accents: bool) -> tuple[tuple[Value, ...], int]:
    values: list[Value] = []
    for tag in tags:
        value: Value
        if tag == "s":
            value, at = _text(data, at, end, accents)
        elif tag == "b":
            value, at = _blob(data, at, end)
        elif tag in _CONSTANT:
            value = _CONSTANT[tag]
        else:
            value, at = _number(tag, data, at, end)
        values.append(value)
    return tuple(values), at


def _number(tag: str, data: bytes, at: int, end: int) -> tuple[Value, int]:
    behind = at + (8 if tag in "hdt" else 4)
    if behind > end:
        raise WireError(f"the packet ends within an argument {tag!r}")
    if tag == "m":
        return (data[at], data[at + 1], data[at + 2], data[at + 3]), behind
    if tag == "c":
        if data[at : at + 3] != b"\0\0\0" or data[at + 3] > 127:
            raise WireError("a character that is not ASCII")
        return chr(data[at + 3]), behind
    value: int | float = struct.unpack_from(">" + _FIXED[tag], data, at)[0]
    return value, behind


def _text(data: bytes, at: int, end: int, accents: bool = False) -> tuple[str, int]:
    """The string at `at` and where the next thing begins."""
    stop = data.find(0, at, end)
    if stop < 0:
        raise WireError("a string does not end")
    behind = stop + 4 - (stop - at) % 4
    _padding(data, stop, behind, end)
    raw = data[at:stop]
    if not accents and not raw.isascii():
        raise WireError("a string is not ASCII")
    return raw.decode("utf-8", "replace"), behind


def _blob(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    if end - at < 4:
        raise WireError("the packet ends within the size of a blob")
    size = _INT.unpack_from(data, at)[0]
    at += 4
    if not 0 <= size <= end - at:
        raise WireError(f"a blob says {size} bytes where {end - at} are left")
    behind = at + size + -size % 4
    _padding(data, at + size, behind, end)
    return data[at : at + size], behind


def _padding(data: bytes, at: int, behind: int, end: int) -> None:
    if behind > end or data[at:behind] != _ZEROS[: behind - at]:
        raise WireError("padding is missing or not zero")


def _is_address(text: str) -> bool:
    return text.startswith("/") and text.isascii() and text.isprintable()


# --- values -> bytes -----------------------------------------------------------------------------------------------


def _tag(value: Value) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int):
        return "i" if -(2**31) <= value < 2**31 else "h"
    if value is None:
        return "N"
    return {float: "f", str: "s", bytes: "b", tuple: "m"}[type(value)]


def _pack(tag: str, value: Value) -> bytes:
    if tag in _CONSTANT:
        return b""
    if tag == "s" and isinstance(value, str):
        return _string(value)
    if tag == "b" and isinstance(value, bytes):
        return _INT.pack(len(value)) + value + bytes(-len(value) % 4)
    if tag == "m" and isinstance(value, tuple):
        return bytes(value)
    if tag == "c" and isinstance(value, str) and len(value) == 1 and value.isascii():
        return b"\0\0\0" + value.encode("ascii")
    try:
        return struct.pack(">" + _FIXED[tag], value)
    except (KeyError, struct.error, OverflowError) as error:
        raise ValueError(f"{value!r} cannot be sent as OSC type {tag!r}") from error


def _string(text: str) -> bytes:
    """ASCII, a zero behind it, and zeros up to a multiple of 4. Raises ValueError for what is not ASCII."""
    if "\0" in text:
        raise ValueError(f"{text!r} holds a zero, which ends a string of OSC")
    raw = text.encode("ascii")
    return raw + bytes(4 - len(raw) % 4)
