"""MIDI Show Control: what a show controller asks of a lighting desk. PURE: one message in, controls out.

Source: MIDI Show Control 1.1 (MMA RP-002/014), and for what it means to a desk Eos. F0 7F ID 02 FORMAT COMMAND DATA F7, with
our device id or 7F (everybody) and the format 01 (lighting) or 7F (everything). Cue and list are ASCII with 00 between.

    01 GO [CUE [LIST]]   GO where that cue is the next or none is named, else GOTO in its own times; of list 1 where none is named
    02 STOP  03 RESUME [CUE [LIST]]   of that list; of all lists where none is named
    06 SET   a number (1 to 127 a submaster, 510 the grand master) and a level (0 to 100), two bytes each, the lower one first

All else (FIRE means macros, which we have none of; loads, clocks, paths) asks nothing of us. Lists and submasters are counted as
in `wire.eos`, which also knows what a cue of a number means.
"""

from __future__ import annotations

import re

from showctl.model import Pause, PlaybackState, Resume, SetMaster
from showctl.wire.eos import Controls, Desk, asked
from showctl.wire.osc import Message
from showctl.wire.osc_arguments import Refusal

EVERYBODY, LIGHTING, EVERYTHING, SHOW_CONTROL = 0x7F, 0x01, 0x7F, 0x02
GO, STOP, RESUME, SET = 0x01, 0x02, 0x03, 0x06
GRAND, FULL = 510, 100
_NUMBER = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?")


def understood(
    data: bytes, device: int, desk: Desk, playback: PlaybackState | None, time: float, source: str
) -> Controls | Refusal:
    """What a system exclusive, without its F0 and F7, asks of device `device` at `time` (s); () for what is not for us."""
    if len(data) < 5 or data[0] != 0x7F or data[2] != SHOW_CONTROL:
        return ()
    if data[1] not in (device, EVERYBODY) or data[3] not in (LIGHTING, EVERYTHING):
        return ()
    command, rest = data[4], data[5:]
    if command == SET:
        return _set(rest, desk, playback, time, source)
    if command not in (GO, STOP, RESUME):
        return ()
    cue, number, *_ = [part.decode("ascii", "replace").strip() for part in rest.split(b"\0")] + ["", ""]
    if any(one and not _NUMBER.fullmatch(one) for one in (cue, number)):
        return Refusal.RANGE
    if command == GO:
        return _go(cue, number, desk, playback, time, source)
    return _hold(command, number, desk, playback, time, source)


def _go(cue: str, number: str, desk: Desk, playback: PlaybackState | None, time: float, source: str) -> Controls | Refusal:
    if cue:
        return asked(Message(f"/eos/cue/{number or '1'}/{cue}/fire"), desk, playback, time, source)
    return asked(Message("/eos/key/go_0"), desk, playback, time, source)


def _hold(command: int, number: str, desk: Desk, playback: PlaybackState | None, time: float, source: str) -> Controls | Refusal:
    kind = Pause if command == STOP else Resume
    if number:
        found = desk.list(number)
        return Refusal.LIST if found is None else (kind(time=time, source=source, list=found.name),)
    standing = {} if playback is None else {one.name: one.state for one in playback.lists}
    fits = ("paused",) if command == RESUME else ("fading", "idle")
    return tuple(kind(time=time, source=source, list=one.name) for _, one in desk.lists if standing.get(one.name) in fits)


def _set(data: bytes, desk: Desk, playback: PlaybackState | None, time: float, source: str) -> Controls | Refusal:
    if len(data) < 4:
        return Refusal.MISSING
    number, level = data[0] | data[1] << 7, data[2] | data[3] << 7
    if level > FULL:
        return Refusal.RANGE
    if number == GRAND:
        return (SetMaster(time=time, source=source, level=level / FULL),)
    return asked(Message(f"/eos/sub/{number}", (level / FULL,)), desk, playback, time, source)
