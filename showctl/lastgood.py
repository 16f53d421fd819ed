"""The last venue and show that were good, kept beside the standing, so that a service never starts without a show.

A service that finds mistakes in its files at the start plays the last good ones and says so; a person in a terminal is told
the mistakes instead. The files are kept with the folders between them, so that their includes still find each other.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

INDEX = "index.json"


def keep(folder: Path, venue: Path, show: Path, files: Sequence[Path]) -> None:
    """Copy all files of a good show; the copy is whole or the one before stays. Raises OSError."""
    every = [one.resolve() for one in (venue, show, *files)]
    top = Path(os.path.commonpath([one.parent for one in every]))
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for one in dict.fromkeys(every):
        target = fresh / one.relative_to(top)
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, one.read_bytes())
    names = {"venue": str(every[0].relative_to(top)), "show": str(every[1].relative_to(top))}
    _write(fresh / INDEX, json.dumps(names).encode())
    if folder.exists():  # else a plug was pulled just here, and the copy before is all there is
        before = folder.with_name(folder.name + ".old")
        shutil.rmtree(before, ignore_errors=True)
        folder.rename(before)
    fresh.rename(folder)


def find(folder: Path) -> tuple[Path, Path] | None:
    """Venue and show of the last good pair, or None where none was ever kept whole."""
    for one in (folder, folder.with_name(folder.name + ".old")):
        try:
            names = json.loads((one / INDEX).read_text())
            return one / names["venue"], one / names["show"]
        except (OSError, ValueError, KeyError, TypeError):  # not there or not whole: the one before
            continue
    return None


def fingerprint(files: Iterable[Path]) -> str:
    """What tells one state of the files of a show from another, wherever they lie. Raises OSError."""
    each = sorted(hashlib.sha256(one.read_bytes()).hexdigest() for one in {path.resolve() for path in files})
    return hashlib.sha256("".join(each).encode()).hexdigest()[:16]


def _write(path: Path, data: bytes) -> None:
    """On the disk before the copy gets its name: a plug that is pulled must not leave a good show of empty files."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
