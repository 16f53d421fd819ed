"""A venue and a show that can be played, however they were read: here, or in the process that reads for the daemon."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from showctl.config import schema
from showctl.model import Problem
from showctl.plan import Plan


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of the files."""

    plan: Plan
    venue: schema.Venue  # the daemon has only `settings` of it: the rest is in the plan
    warnings: tuple[Problem, ...]
    files: tuple[Path, ...]  # every file that was read
    version: str  # tells one state of the files from another, wherever they lie


def version(digests: Iterable[str]) -> str:
    """The name of a state of the files, from the SHA-256 of each."""
    return hashlib.sha256("".join(sorted(set(digests))).encode()).hexdigest()[:16]
