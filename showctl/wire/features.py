"""What the ear's process tells the daemon: a record a hop, each time code it read, and how it is. PURE: bytes <-> values.

The daemon tells its ear one thing only: to which channels it is to listen now.

One message is one datagram of a socket pair, told apart by its first byte. A record ("F") is RECORD.size bytes, and of
time code ("T") CODE.size, little endian, floats as doubles so that nothing is lost on the way: decode(encode(x)) == x. A
status ("{") is a small JSON object.
Times here are CLOCK_MONOTONIC seconds, which both processes share; the daemon turns them into show time.

The daemon trusts its ear no more than a stranger: a record of the wrong length, a value that is not finite, a period that is
not positive, an unknown section or a time that no clock shows is a WireError. Nothing is clamped.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from showctl.model import BeatGrid, Coming, Features, Section, State, WireError
from showctl.wire.timecode import Face, Frame, Rate, valid

MAX_BANDS = 8
_KIND = ord("F")
_SECTIONS = tuple(Section)
# kind, bands, section, has grid, bar position, beats per bar, has coming, section that is coming; time, level, energy, onset,
# how sure the section is; kick, snare, hat; the bands; time and confidence of what is coming; anchor, period, confidence of
# the grid; its index
RECORD = struct.Struct("<8B5d3d8d2d3dq")
_KIND_CODE = ord("T")
_RATES = tuple(Rate)
_WAYS: tuple[Literal[-1, 0, 1], ...] = (-1, 0, 1)
# kind, rate, direction, hours, minutes, seconds; frames, time code (s), monotonic s
CODE = struct.Struct("<2Bb3B3d")
STATUS_LIMIT = 8192  # bytes
MESSAGE_LIMIT = max(RECORD.size, STATUS_LIMIT)


def encode_features(features: Features) -> bytes:
    """A record of RECORD.size bytes.

    Raises WireError on what the record cannot carry: more than MAX_BANDS bands, numbers that are not finite or out of range.
    """
    grid = features.grid or BeatGrid(0.0, 0, 1.0, 0, 1)
    coming = features.coming or Coming(Section.SILENCE, 0.0, 0.0)
    bands = (*features.bands, *[0.0] * (MAX_BANDS - len(features.bands)))
    _check(features)
    try:
        return RECORD.pack(
            *(_KIND, len(features.bands), _SECTIONS.index(features.section), features.grid is not None),
            *(grid.bar_position, grid.beats_per_bar),
            *(features.coming is not None, _SECTIONS.index(coming.section)),
            *(features.time, features.level, features.energy, features.onset, features.sure),
            *features.strikes,
            *bands,
            *(coming.time, coming.confidence),
            *(grid.anchor, grid.period, grid.confidence, grid.index),
        )
    except struct.error as error:
        raise WireError(f"features that do not fit the record: {error}") from None


def decode_features(data: bytes) -> Features:
    """The value that encode_features was given. Raises WireError on anything else."""
    if len(data) != RECORD.size:
        raise WireError(f"a record of features has {RECORD.size} bytes, not {len(data)}")
    kind, count, section, has_grid, position, per_bar, has_coming, next_section, *numbers = RECORD.unpack(data)
    if kind != _KIND or count > MAX_BANDS or max(section, next_section) >= len(_SECTIONS) or max(has_grid, has_coming) > 1:
        raise WireError("a record of features with an unknown kind, section or number of bands")
    time, level, energy, onset, sure = numbers[:5]
    kick, snare, hat = numbers[5:8]
    begins, likely, anchor, period, confidence, index = numbers[8 + MAX_BANDS :]
    grid = BeatGrid(anchor, index, period, position, per_bar, confidence) if has_grid else None
    coming = Coming(_SECTIONS[next_section], begins, likely) if has_coming else None
    bands, strikes = tuple(numbers[8 : 8 + count]), (kick, snare, hat)
    features = Features(time, level, bands, energy, onset, grid, _SECTIONS[section], strikes, sure, coming)
    _check(features)
    return features


def _check(features: Features) -> None:
    if len(features.bands) > MAX_BANDS:
        raise WireError(f"{len(features.bands)} bands, more than {MAX_BANDS}")
    strengths = (features.onset, *features.strikes)
    if not all(map(math.isfinite, (features.time, features.level, *features.bands, features.energy, *strengths))):
        raise WireError("features with a number that is not finite")
    if not 0.0 <= features.energy <= 1.0 or min(strengths) < 0.0:
        raise WireError(f"energy {features.energy} is outside 0..1 or one of the strengths {strengths} below 0")
    if not 0.0 <= features.sure <= 1.0:
        raise WireError(f"a section that is {features.sure} sure")
    coming = features.coming
    if coming is not None and not (math.isfinite(coming.time) and 0.0 <= coming.confidence <= 1.0):
        raise WireError(f"a section that cannot be coming: at {coming.time} s, confidence {coming.confidence}")
    grid = features.grid
    if grid is None:
        return
    if not all(map(math.isfinite, (grid.anchor, grid.period, grid.confidence))):
        raise WireError("a beat grid with a number that is not finite")
    if not (grid.period > 0.0 and 0.0 <= grid.confidence <= 1.0 and grid.index >= 0):
        raise WireError(f"a beat grid that cannot be: period {grid.period}, confidence {grid.confidence}, index {grid.index}")
    if not 0 <= grid.bar_position <= grid.beats_per_bar or grid.beats_per_bar < 1:
        raise WireError(f"beat {grid.bar_position} of a bar of {grid.beats_per_bar}")


@dataclass(frozen=True, slots=True)
class CodeRead:
    """A whole time code that was read from the sound, and when that was."""

    time: float  # s, at which it stood at frame.at
    frame: Frame


def encode_code(code: CodeRead) -> bytes:
    """A record of CODE.size bytes. Raises WireError on a time that no clock shows."""
    _check_code(code)
    face, frame = code.frame.face, code.frame
    numbers = (face.hours, face.minutes, face.seconds, face.frames, frame.at, code.time)
    try:
        return CODE.pack(_KIND_CODE, _RATES.index(frame.rate), frame.direction, *numbers)
    except struct.error as error:
        raise WireError(f"time code that does not fit the record: {error}") from None


def decode_code(data: bytes) -> CodeRead:
    """The value that encode_code was given. Raises WireError on anything else."""
    if len(data) != CODE.size:
        raise WireError(f"a record of time code has {CODE.size} bytes, not {len(data)}")
    kind, rate, way, hours, minutes, seconds, frames, at, time = CODE.unpack(data)
    if kind != _KIND_CODE or rate >= len(_RATES) or way not in _WAYS:
        raise WireError("a record of time code with an unknown kind, rate or direction")
    code = CodeRead(time, Frame(Face(hours, minutes, seconds, frames), _RATES[rate], at, way))
    _check_code(code)
    return code


def _check_code(code: CodeRead) -> None:
    frame = code.frame
    if not all(map(math.isfinite, (code.time, frame.at, frame.face.frames))) or min(frame.at, *frame.face) < 0:
        raise WireError("time code with a number that is below 0 or not finite")
    if not valid(frame.face, frame.rate):
        raise WireError(f"time code that no clock of {frame.rate} shows: {':'.join(f'{one:g}' for one in frame.face)}")


@dataclass(frozen=True, slots=True)
class EarStatus:
    """How the ear is, in words with the next step, and its meters."""

    state: State
    detail: str = ""
    source: str = ""  # "file:song.wav", "device:scarlett"
    device: str = ""  # the full name of what is open now, "" for none
    rate: int = 0  # Hz, 0 while nothing is open
    peak: float = -120.0  # dBFS since the last status
    lost: int = 0  # audio frames dropped since the process began
    overflows: int = 0  # times that the sound system said it had dropped sound
    clipped: bool = False


def encode_status(status: EarStatus) -> bytes:
    """A JSON object of at most STATUS_LIMIT bytes; a longer detail is cut."""
    body = {"type": "status", **asdict(status)}
    data = json.dumps(body, allow_nan=False).encode()
    if len(data) > STATUS_LIMIT:
        body |= {key: str(body[key])[:200] for key in ("detail", "source", "device")}
        data = json.dumps(body, allow_nan=False).encode()
    return data


def decode_status(data: bytes) -> EarStatus:
    """The value that encode_status was given. Raises WireError on anything else."""
    try:
        body: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WireError(f"a status that is not JSON: {error}") from None
    if not isinstance(body, dict) or body.pop("type", None) != "status":
        raise WireError("not a status")
    known = {f.name for f in fields(EarStatus)}
    if set(body) != known:
        raise WireError(f"a status with other fields than {sorted(known)}")
    try:
        state = State(body["state"])
    except ValueError:
        raise WireError(f"an unknown state {body['state']!r}") from None
    texts = all(isinstance(body[k], str) for k in ("detail", "source", "device"))
    counts = all(type(body[k]) is int and body[k] >= 0 for k in ("rate", "lost", "overflows"))
    if not (texts and counts and type(body["clipped"]) is bool and type(body["peak"]) is float and math.isfinite(body["peak"])):
        raise WireError("a status with a field of the wrong type")
    return EarStatus(**{**body, "state": state})


def encode_choice(channels: tuple[int, ...]) -> bytes:
    """What the daemon tells its ear: the channels (from 1) that are listened to from now on; () for the first two, or all."""
    return json.dumps({"type": "choice", "channels": channels}).encode()


def decode_choice(data: bytes) -> tuple[int, ...]:
    """The channels that encode_choice was given. Raises WireError on anything else."""
    try:
        body: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WireError(f"a choice that is not JSON: {error}") from None
    channels = body.get("channels") if isinstance(body, dict) and body.get("type") == "choice" else None
    if not isinstance(channels, list) or not all(type(one) is int and one >= 1 for one in channels):
        raise WireError("not a choice of channels")
    return tuple(channels)


def decode(data: bytes) -> Features | CodeRead | EarStatus:
    """Whatever the ear sent. Raises WireError."""
    if data[:1] == b"{":
        return decode_status(data)
    return decode_code(data) if data[:1] == b"T" else decode_features(data)
