"""MIDI 1.0 as a wire carries it: bytes in, the messages that a desk of pads and faders sends out. PURE.

Source: MIDI 1.0 Detailed Specification (the MIDI Association), tables I to VI. A byte from 0x80 up is a status and begins a
message, one below is data. Running status: data without a new status belong to a message of the last one. Real-time bytes
(0xF8 up: clock, active sensing) may stand anywhere, inside another message too, and change nothing. System messages end the
running status; any other system exclusive is skipped to its end, byte for byte, so however long it is it takes no room.

Notes, controllers, program changes and pitch bend are told, and of the system's messages the quarter frames of time code and
system exclusives in real time (those that begin with 7F: show control, time code) of at most LONGEST bytes; pressure and all
other system messages are skipped. Numbers are
those on the wire: channels 1 to 16, notes, controllers, programs and values from 0 to 127, the bend from 0 to 16383. A note-on
with velocity 0 is a note-off, as the standard has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

HIGHEST, MIDDLE, BEND_HIGHEST = 127, 64, 16383  # of a data byte; from where on a switch is on; of the pitch wheel


@dataclass(frozen=True, slots=True)
class Note:
    """A key or pad: velocity 1 to 127 is how hard it was hit, 0 that it was let go."""

    channel: int
    number: int
    velocity: int


@dataclass(frozen=True, slots=True)
class Controller:
    """A fader, knob or switch (control change)."""

    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Program:
    """A program was chosen."""

    channel: int
    number: int


@dataclass(frozen=True, slots=True)
class Bend:
    """The pitch wheel, or a fader of 14 bits that speaks as one: 8192 is the middle."""

    channel: int
    value: int


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter frame of time code."""

    data: int


@dataclass(frozen=True, slots=True)
class Exclusive:
    """A system exclusive in real time, without its F0 and F7."""

    data: bytes


Message: TypeAlias = Note | Controller | Program | Bend
System: TypeAlias = Quarter | Exclusive

LONGEST = 128  # bytes of a system exclusive that is told
_NOTE_ON, _CONTROL, _PROGRAM, _BEND = 0x90, 0xB0, 0xC0, 0xE0
_SYSTEM, _QUARTER, _END, _REAL_TIME = 0xF0, 0xF1, 0xF7, 0xF8
_ONE_BYTE = frozenset({0xC0, 0xD0})  # kinds with one data byte; the other channel messages have two


class Stream:
    """The bytes of one cable, in pieces of any size. Nothing raises: what makes no message is counted in `skipped`."""

    def __init__(self) -> None:
        self.skipped = 0  # data bytes that belong to no message that is told
        self._status = 0  # of the message that data bytes belong to, 0 for none that is told
        self._first: int | None = None  # data byte of a message that is not whole yet
        self._inside = bytearray()  # of a system exclusive

    def feed(self, data: bytes) -> list[Message | System]:
        """The messages that are whole with these bytes, in their order."""
        return list(self._feed(data))

    def _feed(self, data: bytes) -> Iterator[Message | System]:
        for byte in data:
            if byte >= _REAL_TIME:
                continue
            if byte > HIGHEST:
                if byte == _END and self._inside:
                    yield Exclusive(bytes(self._inside))
                    self._inside.clear()
                self._skip()
                self._status, self._first = (byte if byte <= _QUARTER else 0), None
            elif self._status == _SYSTEM:
                self._exclusive(byte)
            elif self._status == _QUARTER:
                self._status = 0
                yield Quarter(byte)
            elif not self._status:
                self.skipped += 1  # a system message's, or from before we listened
            elif self._first is None and self._status & 0xF0 not in _ONE_BYTE:
                self._first = byte
            else:
                message = _message(self._status, byte if self._first is None else self._first, byte)
                self._first = None
                if message is not None:
                    yield message

    def _exclusive(self, byte: int) -> None:
        """One more byte of it; one that is not in real time, or too long, is skipped from here on."""
        self._inside.append(byte)
        if self._inside[0] != HIGHEST or len(self._inside) > LONGEST:
            self._skip()
            self._status = 0

    def _skip(self) -> None:
        self.skipped += len(self._inside)
        self._inside.clear()


def _message(status: int, first: int, last: int) -> Message | None:
    """A whole message; where there is one data byte `first` is that. None for pressure."""
    channel = (status & 0x0F) + 1
    match status & 0xF0:
        case 0x80:
            return Note(channel, first, 0)
        case 0x90:
            return Note(channel, first, last)
        case 0xB0:
            return Controller(channel, first, last)
        case 0xC0:
            return Program(channel, first)
        case 0xE0:
            return Bend(channel, first | last << 7)
    return None


def encode(message: Message) -> bytes:
    """One message with its status. Raises ValueError for what MIDI cannot carry: our own mistake."""
    kind, *data = _parts(message)
    if not 1 <= message.channel <= 16 or not all(0 <= one <= HIGHEST for one in data):
        raise ValueError(f"MIDI cannot carry {message}")
    return bytes((kind | (message.channel - 1), *data))


def _parts(message: Message) -> tuple[int, ...]:
    match message:
        case Note():
            return (_NOTE_ON, message.number, message.velocity)
        case Controller():
            return (_CONTROL, message.number, message.value)
        case Program():
            return (_PROGRAM, message.number)
        case Bend():
            return (_BEND, message.value & 0x7F, message.value >> 7)
