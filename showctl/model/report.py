"""What is told: what happened, how each part is, mistakes in files, and the errors that are no mistake of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


@dataclass(frozen=True, slots=True)
class Happened:
    """Something worth telling: a cue fired, a section changed, a beat was lost. A pure stage reports by returning these."""

    time: float  # s
    type: str  # "cue", "section", "beat_lost", "refused", ...
    data: tuple[tuple[str, str | float | int | bool | None], ...] = ()


class State(StrEnum):
    """How a part of the daemon is."""

    STARTING = "starting"
    RUNNING = "running"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Health:
    """How one part is, in words that say what to do next."""

    part: str
    state: State
    detail: str = ""
    since: float = 0.0  # s
    counters: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file: what, where, and what to do. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    text: str
    code: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.severity}: {self.text} [{self.code}]"


@dataclass
class ConfigError(Exception):
    """The files cannot be run: every problem found, at once. Exit code 78."""

    problems: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(str(p) for p in self.problems)


class WireError(Exception):
    """What somebody sent is not what the protocol allows: the sender's fault. Counted, never raised out of a receiver."""


class DeviceError(Exception):
    """The world's fault: a card, a library or a network is missing. The text says what to do; everything else goes on."""
