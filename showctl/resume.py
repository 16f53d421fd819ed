"""Where the show stood, kept on disk so that a crash or a pulled plug resumes it.

Two generations of one small JSON file: written to a temporary file, flushed to the disk, then renamed, so that at any instant
one whole file is there. A checksum tells a torn file from a whole one. It says whether the daemon stopped as it was asked to:
only what stopped otherwise is resumed by itself.

It holds the whole state of the engine, and where show time began on CLOCK_MONOTONIC. A daemon that comes back within AWAY_S of
the last moment that was kept, while the machine ran on, goes on as if it had been there all the time: fades are where they would
be. Later, or after the machine was started anew, it goes on from where the show stood. What was listened to or asked for between
the last keeping and the end is lost. For a showctl that does not understand the state there is what the operator saw: cues,
masters, blackout.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from showctl.model import BeatState, ListState, PlaybackState

VERSION = 2
AWAY_S = 60.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What was kept of a run."""

    show: str  # which venue and show it was
    clean: bool  # the daemon stopped because somebody asked it to
    playback: PlaybackState
    boot: str = ""  # which start of the machine
    origin_ns: int = 0  # CLOCK_MONOTONIC at show time 0
    time: float = 0.0  # s of show time of the state
    state: dict[str, Any] | None = None  # of the engine, as `show.state` packs it


def boot_id() -> str:
    """What tells this start of the machine from others; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def origin_ns(standing: Standing, now_ns: int) -> int:
    """CLOCK_MONOTONIC at show time 0 for a run that goes on from this one."""
    stood_ns = standing.origin_ns + round(standing.time * 1e9)
    ran_on = standing.boot != "" and standing.boot == boot_id() and 0 <= now_ns - stood_ns <= AWAY_S * 1e9
    return standing.origin_ns if ran_on else now_ns - round(standing.time * 1e9)


def save(path: Path, standing: Standing) -> None:
    """Write atomically; the file that was there stays as PATH.1. Raises OSError."""
    body = json.dumps(
        {"version": VERSION, **asdict(replace(standing, state=None)), "state": standing.state}, separators=(",", ":")
    )
    temporary = path.with_suffix(".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("w") as file:
        file.write(f"{zlib.crc32(body.encode()):08x} {body}\n")
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        os.replace(path, older(path))
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path) -> Standing | None:
    """The newest whole generation, or None where there is none."""
    for one in (path, older(path)):
        standing = _read(one)
        if standing is not None:
            return standing
    return None


def older(path: Path) -> Path:
    """The generation before."""
    return path.with_suffix(path.suffix + ".1")


def _read(path: Path) -> Standing | None:
    try:
        checksum, _, body = path.read_text().partition(" ")
        if int(checksum, 16) != zlib.crc32(body.rstrip("\n").encode()):
            return None
        data = json.loads(body)
        if data.pop("version") != VERSION:
            return None
        return Standing(**{**data, "playback": _playback(data["playback"])})
    except (OSError, ValueError, KeyError, TypeError):  # missing, torn or foreign: the generation before, or a fresh start
        return None


def _playback(data: dict[str, Any]) -> PlaybackState:
    data["lists"] = tuple(ListState(**one) for one in data["lists"])
    for name in ("submasters", "held", "parked"):
        data[name] = tuple((str(key), float(level)) for key, level in data[name])
    for name in ("effects", "flashed", "identified"):
        data[name] = tuple(data[name])
    beats = data.get("beats", {})
    data["beats"] = BeatState(**{**beats, "tempo": None if beats.get("tempo") is None else tuple(beats["tempo"])})
    return PlaybackState(**data)
