"""Where the show stood, kept on disk so that a crash or a pulled plug resumes it.

Two generations of one small JSON file: written to a temporary file, flushed to the disk, then renamed, so that at any instant
one whole file is there. A checksum tells a torn file from a whole one. It says whether the daemon stopped as it was asked to:
only what stopped otherwise is resumed by itself.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from showctl.model import ListState, PlaybackState

VERSION = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """What was kept of a run."""

    show: str  # which venue and show it was
    clean: bool  # the daemon stopped because somebody asked it to
    playback: PlaybackState


def save(path: Path, standing: Standing) -> None:
    """Write atomically; the file that was there stays as PATH.1. Raises OSError."""
    body = json.dumps({"version": VERSION, **asdict(standing)}, separators=(",", ":"))
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
        return Standing(data["show"], data["clean"], _playback(data["playback"]))
    except (OSError, ValueError, KeyError, TypeError):  # missing, torn or foreign: the generation before, or a fresh start
        return None


def _playback(data: dict[str, Any]) -> PlaybackState:
    data["lists"] = tuple(ListState(**one) for one in data["lists"])
    data["submasters"] = tuple((str(name), float(level)) for name, level in data["submasters"])
    data["effects"] = tuple(data["effects"])
    return PlaybackState(**data)
