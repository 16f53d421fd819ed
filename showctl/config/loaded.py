"""A venue and a show that can be played, however they were read: here, or in the process that reads for the daemon."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from showctl.config import schema
from showctl.model import Problem
from showctl.plan import Plan

RIG = frozenset({"showctl", "kind", "include", "name", "universes", "fixtures", "groups", "positions", "points", "house"})
RIG |= {"looks", "lamps", "pa", "safety"}  # what of a venue file is in the plan, or is no setting


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of the files."""

    plan: Plan
    venue: schema.Venue  # in the daemon without the RIG
    settings: dict[str, Any]  # what of the venue file is not of the RIG, as text
    warnings: tuple[Problem, ...]
    files: tuple[Path, ...]  # every file that was read
    version: str  # tells one state of the files from another, wherever they lie


def venue_of(name: str, settings: dict[str, Any]) -> schema.Venue:
    """The venue with these settings, and without a rig. They were valid where they came from."""
    return schema.Venue.model_validate({"showctl": "1", "kind": "venue", "name": name, **settings})


def version(digests: Iterable[str]) -> str:
    """The name of a state of the files, from the SHA-256 of each."""
    return hashlib.sha256("".join(sorted(set(digests))).encode()).hexdigest()[:16]
