"""MIDI time code: quarter frames and full frames in, whole time codes out. PURE.

Source: MIDI Time Code (MMA RP-004/008). While it runs a sender says a time code in eight pieces (F1 0nnndddd), one every quarter
of a frame; piece 0 and piece 4 fall on the beginning of a frame, and the time code is that of piece 0. So when it is whole,
with piece 7, seven quarters of a frame have passed, which are added here. Backwards the pieces come from 7 to 0, and piece 0
falls on the time that they say. Where it is put without running comes as one system exclusive: F0 7F ID 01 01 hh mm ss ff F7.

Pieces that are not in turn, and clocks that cannot be, make nothing.
"""

from __future__ import annotations

from showctl.wire.timecode import Face, Frame, Rate, seconds, valid

PIECES = 8
RATES = (Rate.FILM, Rate.PAL, Rate.DROP, Rate.FULL)
FULL_FRAME = bytes((0x01, 0x01))


class Reader:
    """Puts quarter frames together."""

    def __init__(self) -> None:
        self._pieces = [0] * PIECES
        self._last = 0
        self._way = 0  # 1 forward, -1 backwards, 0 not known
        self._run = 0  # pieces in turn that way

    def quarter(self, data: int) -> Frame | None:
        """The data byte of an F1; the time code that is whole with it."""
        piece, value = data >> 4 & 7, data & 0x0F
        step = (piece - self._last) % PIECES
        way = {1: 1, PIECES - 1: -1}.get(step, 0)
        if way == 0:
            self._run = 0
        elif way != self._way:
            self._run = 1
        self._way, self._last, self._pieces[piece] = way, piece, value
        self._run = min(self._run + 1, PIECES)
        if self._run < PIECES or piece != (PIECES - 1 if way > 0 else 0):
            return None
        low, high = self._pieces[::2], self._pieces[1::2]
        frames, secs, minutes, hours = (one | (other << 4) for one, other in zip(low, high, strict=True))
        return _frame(hours, minutes & 0x3F, secs & 0x3F, frames & 0x1F, 1 if way > 0 else -1, 7 / 4 if way > 0 else 0.0)


def full(data: bytes) -> Frame | None:
    """A system exclusive without its F0 and F7: where time code was put; None for any other."""
    if len(data) != 8 or data[0] != 0x7F or data[2:4] != FULL_FRAME:
        return None
    hours, minutes, secs, frames = data[4:8]
    return _frame(hours, minutes, secs, frames, 0, 0.0)


def _frame(hours: int, minutes: int, secs: int, frames: int, direction: int, passed: float) -> Frame | None:
    rate, face = RATES[hours >> 5 & 3], Face(hours & 0x1F, minutes, secs, frames)
    if not valid(face, rate):
        return None
    return Frame(face, rate, seconds(face, rate) + passed / rate.real, direction)  # type: ignore[arg-type]
