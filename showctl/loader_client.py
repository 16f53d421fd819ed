"""The daemon's end of the process that reads the files (`loader`): starts it, asks it, and puts together what it writes.

What it writes is taken in slices, a line at a time: JSON where the line begins with a brace, else a piece of the plan
(`wire.plan`) that the last answer announced. A process that has ended or talks nonsense is for `reload` to end and start again.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from showctl.config.loaded import Loaded, venue_of
from showctl.model import DeviceError, Problem, WireError
from showctl.plan import Plan
from showctl.wire.plan import Reader

SILENT_S = 30.0  # the loader speaks every 5 s, and compiles no show for so long


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of reading the files."""

    why: str  # "saved", "asked"
    version: str
    problems: tuple[Problem, ...]
    more: int  # problems that are not among them
    loaded: Loaded | None  # None: it cannot be run
    seconds: float  # that it took


@dataclass(frozen=True, slots=True)
class Warnings:
    """All that is worth a warning in a version; it comes after the plan, which need not wait for it."""

    version: str
    problems: tuple[Problem, ...]


class Loader:
    """The process that reads. `start` it, `ask` it, `feed` what it writes."""

    def __init__(self, venue: Path, show: Path, history: Path, *, watch: bool) -> None:
        self.venue = venue
        self.watched = (venue, show) if watch else None
        self._command = [sys.executable, "-m", "showctl.loader", str(venue), str(show), str(history)]
        self._command += ["--watch"] if watch else []
        self._process: subprocess.Popen[bytes] | None = None
        self._reader, self._rest = Reader(), b""
        self._answer: Mapping[str, Any] | None = None  # whose plan is coming

    def start(self) -> None:
        """Begin anew with a process of its own, which ends when this one does. Raises DeviceError."""
        self.close()
        self._begin()
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        except OSError as error:
            raise DeviceError(f"the process that reads the files cannot be started: {error}") from error

    def _begin(self) -> None:
        self._reader, self._rest, self._answer = Reader(), b"", None

    @property
    def running(self) -> bool:
        """Whether it was started and has not been closed."""
        return self._process is not None

    @property
    def output(self) -> int:
        """The file descriptor to read from."""
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def ask(self, **what: Any) -> None:
        """Have it do something; see `loader`. Nothing where it is gone: `feed` will say so."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(json.dumps(what).encode() + b"\n")
                self._process.stdin.flush()

    def feed(self, data: bytes) -> Iterator[Answer | Warnings | dict[str, Any]]:
        """What it says in these bytes: answers, warnings, other messages as they are. WireError if it talks nonsense."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"{"):
                message = json.loads(line)
                if "warnings" in message:
                    yield Warnings(message["warnings"], _problems(message))
                elif "answer" not in message:
                    yield message
                elif message["good"]:
                    self._answer = message
                else:
                    yield _answer(message, None)
            elif (plan := self._reader.take(line.decode())) is not None:
                if self._answer is None:
                    raise WireError("a plan that nobody announced")
                yield _answer(self._answer, plan)
                self._answer = None

    def first(self, **more: str) -> Answer:
        """Ask for a load and wait for it: for the start, when there is nothing else to do. Raises DeviceError."""
        if not self.running:
            self.start()
        self.ask(do="load", **more)
        until, answer = time.monotonic() + SILENT_S, None
        while select.select([self.output], [], [], max(0.0, until - time.monotonic()))[0]:
            data = os.read(self.output, 1 << 20)
            if not data:
                break
            for said in self.feed(data):
                if isinstance(said, Answer):
                    answer = said
                if isinstance(said, Warnings) and answer is not None and answer.loaded is not None:
                    return replace(answer, problems=said.problems, loaded=replace(answer.loaded, warnings=said.problems))
            if answer is not None and answer.loaded is None:
                return answer
        self.close()
        raise DeviceError("the process that reads the files has ended or hangs: start again, and see what it said above")

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # a line that nobody will read any more
                    pipe.close()
        process.wait()


def _answer(message: Mapping[str, Any], plan: Plan | None) -> Answer:
    problems = _problems(message)
    loaded = None
    if plan is not None:
        settings, files = message["settings"], tuple(map(Path, message["files"]))
        loaded = Loaded(plan, venue_of(plan.venue, settings), settings, problems, files, message["version"])
    return Answer(message["answer"], message["version"], problems, message["more"], loaded, message["seconds"])


def _problems(message: Mapping[str, Any]) -> tuple[Problem, ...]:
    return tuple(Problem(*one) for one in message["problems"])
