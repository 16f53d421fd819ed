"""Every movement that may have been a gesture, with its score and what came of it and why: for after the night.

JSON Lines in DIR/gestures.jsonl, and the lines before in gestures.1.jsonl: never more than two files of FILE_BYTES. Words and
scores only, never motion. Each write opens the file anew and holds the lock of the folder meanwhile, so that `privacy erase`
can take somebody's lines out while the daemon runs.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAME, BEFORE, LOCK = "gestures.jsonl", "gestures.1.jsonl", "gestures.lock"
FILE_BYTES = 4_000_000  # some ten thousand tries
WAITING = 2000  # lines that wait for a disk that hangs; then the oldest go


class GestureLog:
    """Two threads: the daemon's gives and never waits, another writes. `fault` says in words what went wrong last."""

    def __init__(self, folder: Path, file_bytes: int = FILE_BYTES) -> None:
        self._folder, self._file_bytes = folder, file_bytes
        self._waiting: deque[dict[str, Any]] = deque(maxlen=WAITING)
        self.lost = 0
        self.fault = ""

    def give(self, **words: Any) -> None:
        """A line."""
        self.lost += len(self._waiting) == WAITING
        self._waiting.append(words)

    @property
    def waits(self) -> bool:
        """Is there anything to write?"""
        return bool(self._waiting)

    def write_down(self) -> None:
        """Write all that was given until now. Never raises: a full disk does not stop a show."""
        lines = []
        while self._waiting:
            lines.append(json.dumps(self._waiting.popleft(), allow_nan=False) + "\n")
        if not lines:
            return
        try:
            with locked(self._folder):
                path = self._folder / NAME
                if path.exists() and path.stat().st_size > self._file_bytes:
                    os.replace(path, self._folder / BEFORE)
                with path.open("a", encoding="utf-8") as file:
                    file.writelines(lines)
            self.fault = ""
        except OSError as error:
            self.lost += len(lines)
            self.fault = f"what performers try cannot be written down: {error}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else writes the files of this folder meanwhile, nor reads them at any time. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lines_of(folder: Path, performer: str) -> list[dict[str, Any]]:
    """What is kept of somebody's tries. Raises OSError."""
    return [line for path in files(folder) for line in _lines(path) if line.get("performer") == performer]


def without(folder: Path, performer: str) -> int:
    """Take somebody's lines out; how many they were. Raises OSError."""
    count = 0
    if not files(folder):
        return 0
    with locked(folder):
        for path in files(folder):
            lines = _lines(path)
            kept = [line for line in lines if line.get("performer") != performer]
            if len(kept) < len(lines):
                part = path.with_suffix(".part")
                part.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
                os.replace(part, path)
                count += len(lines) - len(kept)
    return count


def files(folder: Path) -> list[Path]:
    """Those that are there, the older one first."""
    return [path for path in (folder / BEFORE, folder / NAME) if path.exists()]


def _lines(path: Path) -> list[dict[str, Any]]:
    """A line that was torn off is left out."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict):
            found.append(one)
    return found
