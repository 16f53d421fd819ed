"""The good versions of venue and show, kept in the state folder: a service falls back on them, and people can go back to them.

A version is a folder with a number, `000012`, of copies of all files, with the folders between them, so that their includes
still find each other; and `index.json`: which are venue and show, where they came from, when, and what had changed. It gets its
name when it is whole and on the disk: a plug that is pulled leaves no version that is half there. The last KEEP of them are
kept, and fewer where they are large; the newest always.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KEEP, KEEP_BYTES = 20, 64_000_000
INDEX = "index.json"
NEW = "new"  # where a version is written before it has its number


@dataclass(frozen=True, slots=True)
class Version:
    """One good state of all files."""

    number: int
    folder: Path
    venue: Path  # in the folder
    show: Path
    top: Path  # what the paths in the folder were relative to
    name: str  # Loaded.version
    time: float  # s since 1970, when it began to be played
    changed: str  # in words
    files: tuple[Path, ...]  # in the folder


def keep(folder: Path, venue: Path, show: Path, files: Sequence[Path], *, name: str, time: float, changed: str) -> None:
    """Copy all files of a good show, or make the newest again what is kept already. Raises OSError."""
    if has(folder, name):
        _again(folder, name, time, changed)
        return
    every = list(dict.fromkeys(Path(os.path.abspath(one)) for one in (venue, show, *files)))
    top = Path(os.path.commonpath([one.parent for one in every]))
    fresh = folder / NEW
    shutil.rmtree(fresh, ignore_errors=True)
    for one in every:
        target = fresh / one.relative_to(top)
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, one.read_bytes())
    paths = [str(one.relative_to(top)) for one in every]
    index = {"venue": paths[0], "show": paths[1], "files": paths, "top": str(top), "name": name, "time": time, "changed": changed}
    _write(fresh / INDEX, json.dumps(index).encode())
    fresh.rename(_next(folder))
    _prune(folder)


def has(folder: Path, name: str) -> bool:
    """Whether this version is kept."""
    return any(one.name == name for one in versions(folder))


def versions(folder: Path) -> list[Version]:
    """Every version that is whole, the newest first."""
    found = [_read(one) for one in _numbered(folder)]
    return sorted((one for one in found if one is not None), key=lambda one: -one.number)


def restore(version: Version, to: Path | None = None) -> list[Path]:
    """Write the files of a version back where they came from, or below another folder; returns what was written.

    A file that would be overwritten and differs is kept beside, as NAME.before-restore. Raises OSError.
    """
    written = []
    for one in version.files:
        data = (version.folder / one).read_bytes()
        target = (to or version.top) / one
        if target.exists():
            if target.read_bytes() == data:
                continue
            shutil.copy2(target, target.with_name(target.name + ".before-restore"))
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(target.name + ".restored")
        _write(beside, data)
        os.replace(beside, target)
        written.append(target)
    return written


def _again(folder: Path, name: str, time: float, changed: str) -> None:
    """What is played again becomes the newest."""
    newest, *others = versions(folder)
    if newest.name != name:
        (one,) = (one for one in others if one.name == name)
        index = json.loads((one.folder / INDEX).read_text()) | {"time": time, "changed": changed}
        _write(one.folder / INDEX, json.dumps(index).encode())
        one.folder.rename(_next(folder))


def _next(folder: Path) -> Path:
    return folder / f"{1 + max((int(one.name) for one in _numbered(folder)), default=0):06d}"


def _numbered(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.name.isdecimal()] if folder.is_dir() else []


def _read(folder: Path) -> Version | None:
    try:
        index = json.loads((folder / INDEX).read_text())
        files = tuple(Path(one) for one in index["files"])
        if any(one.is_absolute() or ".." in one.parts for one in files):
            return None
        venue, show = folder / index["venue"], folder / index["show"]
        top, name, time, changed = Path(index["top"]), str(index["name"]), float(index["time"]), str(index["changed"])
        return Version(int(folder.name), folder, venue, show, top, name, time, changed, files)
    except (OSError, ValueError, KeyError, TypeError):  # damaged, or not one of ours: it is as if it were not there
        return None


def _prune(folder: Path) -> None:
    size = 0
    kept: list[Path] = []
    for one in versions(folder)[:KEEP]:
        size += sum(path.stat().st_size for path in one.folder.rglob("*") if path.is_file())
        if not kept or size <= KEEP_BYTES:
            kept.append(one.folder)
    for path in _numbered(folder):
        if path not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    """On the disk before the version gets its number."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
