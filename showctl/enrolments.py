"""What is kept of performers: one file each, in the state folder, that they said yes to, and nothing else.

STATE/performers/NAME.npz, or NAME.WORN.npz of who wears more than one device, holds what a recogniser needs: examples of the
performer's gestures, averaged and scaled, and what was learned from them. That is how a person moves, so it is kept only with
their consent, and the file says when it was given and to what: to "templates", or to "motion", which keeps the recordings of
the examples, too, so that a gesture can be added without showing the others again.

Files appear whole or not at all. Numbers and words only, no pickles.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.gesture.enrolment import Enrolment
from showctl.analysis.gesture.keeping import restored, stored

Motion: TypeAlias = NDArray[np.float64]  # (n, 6) g and deg/s at MOTION_HZ
ConsentTo: TypeAlias = Literal["templates", "motion"]

FOLDER, SUFFIX, PART = "performers", ".npz", ".part"
LARGEST = 64_000_000  # bytes of a file
_NAME = re.compile(r"[\w-]{1,64}(\.[\w-]{1,64})?")


@dataclass(frozen=True, slots=True)
class Consent:
    """What a performer said yes to, and when (ISO 8601)."""

    to: ConsentTo
    date: str


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of how a performer moves. `recordings` are empty unless they said yes to it."""

    name: str  # performer, or performer.worn
    enrolment: Enrolment
    consent: Consent
    profile: str = ""  # of the device that it was recorded with
    recordings: tuple[tuple[str, Motion], ...] = ()

    @property
    def performer(self) -> str:
        """Whose it is."""
        return self.name.partition(".")[0]


def path_of(state: Path, name: str) -> Path:
    """The file of a performer, NAME or NAME.WORN. ValueError for what is no name."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a performer: letters, digits, - and _, and where it is worn behind a point")
    return state / FOLDER / f"{name}{SUFFIX}"


def names(state: Path, performer: str | None = None, *, torn: bool = False) -> list[str]:
    """Who is enrolled: all, or all that one performer wears; with `torn` also of whom an enrolment that was torn off is left."""
    there = [path for suffix in (SUFFIX, PART)[: 1 + torn] for path in (state / FOLDER).glob(f"*{suffix}")]
    found = sorted({path.name.removesuffix(path.suffix) for path in there})
    return [one for one in found if _NAME.fullmatch(one) and performer in (None, one.partition(".")[0])]


def files(state: Path, name: str) -> list[Path]:
    """All that lies there of a name: the file, and what an enrolment that was torn off has left of one."""
    path = path_of(state, name)
    return [one for one in (path, path.with_suffix(PART)) if one.exists()]


def save(state: Path, kept: Kept) -> Path:
    """Put a performer's file in place. Raises OSError; ValueError where recordings are to be kept without consent."""
    if kept.recordings and kept.consent.to != "motion":
        raise ValueError(f"{kept.name} did not say yes to recordings")
    path = path_of(state, kept.name)
    words = {"name": kept.name, "profile": kept.profile, "consent": asdict(kept.consent)}
    words["recorded"] = [gesture for gesture, _ in kept.recordings]
    arrays: dict[str, NDArray[Any]] = {"about": np.frombuffer(json.dumps(words).encode(), np.uint8)}
    arrays |= {f"recording_{n}": motion for n, (_, motion) in enumerate(kept.recordings)}
    arrays |= {f"enrolment_{name}": array for name, array in stored(kept.enrolment).items()}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(PART)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    return path


def load(state: Path, name: str) -> Kept | None:
    """What is kept under a name; None where nothing is. ValueError in words for people where it cannot be read."""
    path = path_of(state, name)
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as opened:
            return _read(name, {key: opened[key] for key in opened.files})
    except FileNotFoundError:
        return None
    except (OSError, EOFError, zipfile.BadZipFile, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path}: it cannot be read ({error}): enrol {name} again") from None


def erase(state: Path, name: str) -> None:
    """Take a performer's file away, and what an enrolment that was torn off left of it. Raises OSError."""
    for one in files(state, name):
        one.unlink(missing_ok=True)


def stamps(state: Path) -> dict[str, tuple[int, int]]:
    """Of each name what changes when its file does: for whoever watches them."""
    return dict(_stamps(state))


def _stamps(state: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    for name in names(state):
        try:
            found = path_of(state, name).stat()
        except OSError:  # erased meanwhile
            continue
        yield name, (found.st_mtime_ns, found.st_ino)


def _read(name: str, arrays: Mapping[str, NDArray[Any]]) -> Kept:
    words = json.loads(bytes(arrays["about"]))
    consent = Consent(**words["consent"])
    enrolment = restored({key.removeprefix("enrolment_"): one for key, one in arrays.items() if key.startswith("enrolment_")})
    recordings = tuple((gesture, arrays[f"recording_{n}"]) for n, gesture in enumerate(words["recorded"]))
    return Kept(name, enrolment, consent, words["profile"], recordings)
