"""The journal of the nights: what the engine was given, every step of it, so that `showctl render` gives the same frames.

In the form of `wire.journal`, in DIR/journal-NNNNNN.jsonl. Each file begins with a `load` line, which says what is played and
how the engine stands, so each replays by itself; a new one begins at every start, when the show or the engine is another, when
the one before is full, and when something could not be written. A file that is done is compressed, and the oldest go first:
the disk never fills.

What a night costs: 13 lines a second of what is heard and one for the steps between two of them are 14 MB an hour (the demo
song for an hour), of which gzip leaves 1.3 MB; 12 hours are 170 MB of lines, 30 MB on the disk. TOTAL_BYTES holds all files
together, whatever comes.

Two threads: the engine's thread gives and never waits; another writes. What it could not keep up with is counted.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, TypeAlias

from showctl.model import Inputs, WireError
from showctl.wire.journal import Given, Load, Tick, encode, nanoseconds

FILE_BYTES = 16_000_000  # of a file, before it is compressed: about an hour
TOTAL_BYTES = 200_000_000  # of all files: every one that stands in the folder counts
MOST_FILES = 1000
STATES = 4  # the state of a great show is many bytes: a file goes on until what follows is so many times as long
WAITING = 20_000  # steps that wait for a disk that hangs, seven minutes; then a new file begins when it is back
RETRY_S = 5.0  # after what could not be written

State: TypeAlias = Callable[[], dict[str, Any] | None]


class JournalWriter:
    """Writes down what the engine is given. Never raises: a full disk does not stop a show.

    `fault` is what went wrong last, in words, or empty; `lost` counts the steps that could not be written.
    """

    def __init__(
        self, folder: Path, file_bytes: int = FILE_BYTES, total_bytes: int = TOTAL_BYTES, waiting: int = WAITING
    ) -> None:
        self._folder, self._file_bytes, self._total_bytes, self._most = folder, file_bytes, total_bytes, waiting
        self._queue: deque[tuple[Inputs, float] | tuple[Load, State]] = deque()
        self._file: IO[str] | None = None
        self._run: Tick | None = None  # steps that are not written yet, the first of which took what is
        self._head = self._written = 0  # bytes of the first line, and of what follows it
        self._full = self._broken = False  # a new file should begin, or must
        self._gap = self._asked = False  # steps are left out until one begins; a load is on its way
        self._missed = self._unwritten = 0
        self._retry = 0.0  # s of show time, not before
        self.fault = ""

    @property
    def lost(self) -> int:
        """Steps that are in no file."""
        return self._missed + self._unwritten

    # --- the engine's thread -------------------------------------------------------------------------------------------

    def given(self, inputs: Inputs, now: float) -> None:
        """The inputs of one step, and the time it was stepped to (s)."""
        if self._gap or len(self._queue) >= self._most:
            self.fault, self._gap = "the disk does not keep up", True
            self._missed += 1
        else:
            self._queue.append((inputs, now))

    def due(self, now: float) -> str:
        """Why a new file should begin now, to be asked after a step: then call `begin`. Empty if none should."""
        if self._asked or now < self._retry or len(self._queue) >= self._most:
            return ""
        return "gap" if self._gap or self._broken else "full" if self._full else ""

    def begin(self, load: Load, state: State = lambda: None) -> None:
        """A file begins here; `state` makes the state of the load in the other thread, from what does not change any more."""
        self._asked, self._gap = True, False
        self._queue.append((load, state))

    # --- the writer's thread -------------------------------------------------------------------------------------------

    def write_down(self) -> None:
        """Write all that was given until now, and hand it to the system: a crash of the daemon loses nothing of it."""
        while self._queue:
            one, rest = self._queue.popleft()
            if isinstance(one, Load):
                self._open(replace(one, state=rest() if callable(rest) else None))
            elif self._file is None:
                self._unwritten += 1  # nothing stands before it from which it could be replayed
            else:
                assert not callable(rest)
                self._step(one, rest)
        self._flush()

    def close(self) -> None:
        """Write what is left. The last file stays as it is: the next night compresses it."""
        self.write_down()
        self._shut()

    def _step(self, inputs: Inputs, now: float) -> None:
        given = (*inputs.features, *inputs.controls)
        longer = None if given or self._run is None else longer_by(self._run, now)
        if longer is None:
            self._end_run()
            for one in given:
                self._line(one, now)
        self._run = longer or Tick(now)
        if self._written >= max(self._file_bytes, STATES * self._head):
            self._full = True

    def _end_run(self) -> None:
        if self._run is not None:
            self._line(self._run, self._run.time)
            self._run = None

    def _line(self, one: Given, now: float) -> None:
        try:
            self._put(encode(one))
        except WireError as error:  # the engine refuses such a thing, so a replay does not miss it
            self.fault, self._unwritten = str(error), self._unwritten + 1
        except OSError as error:
            self._failed(error, now)

    def _put(self, line: str) -> None:
        if self._file is not None:
            self._file.write(line + "\n")
            self._written += len(line) + 1

    def _flush(self) -> None:
        now = self._run.time if self._run is not None else 0.0
        self._end_run()
        try:
            if self._file is not None:
                self._file.flush()
        except OSError as error:
            self._failed(error, now)

    # --- files ---------------------------------------------------------------------------------------------------------

    def _open(self, load: Load) -> None:
        self._end_run()
        self._shut()
        self._asked = self._full = self._broken = False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            line = encode(load)
            number = self._tidy(self._total_bytes - self._file_bytes - len(line)) + 1
            self._file = (self._folder / f"journal-{number:06d}.jsonl").open("w", encoding="utf-8", newline="\n")
            self._put(line)
            self._head, self._written = len(line), 0
            self._file.flush()
            self.fault = ""
        except (OSError, WireError) as error:
            self._failed(error, load.time)

    def _shut(self) -> None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self._failed(error, 0.0)
            self._file = None

    def _tidy(self, room: int) -> int:
        """Compress what is done, remove the oldest beyond `room` bytes; the number of the newest. Raises OSError."""
        for plain in self._folder.glob("journal-[0-9]*.jsonl"):
            if number_of(plain) is not None:
                compress(plain)
        there = sorted((n, path) for path in self._folder.glob("journal-[0-9]*") if (n := number_of(path)) is not None)
        sizes = [path.stat().st_size for _, path in there]
        newest = there[-1][0] if there else 0
        while there and (sum(sizes) > room or len(there) >= MOST_FILES):
            there.pop(0)[1].unlink(missing_ok=True)
            sizes.pop(0)
        return newest

    def _failed(self, error: Exception, now: float) -> None:
        """What was being written cannot be gone on with: the next file begins in a while, with how the engine then stands."""
        file, self._file, self._run = self._file, None, None
        self.fault, self._unwritten = f"the journal cannot be written: {error}", self._unwritten + 1
        self._broken, self._asked, self._retry = True, False, now + RETRY_S
        if file is not None:
            with contextlib.suppress(OSError):  # of the same fault, which is told already
                file.close()


def longer_by(run: Tick, now: float) -> Tick | None:
    """The run with a step to `now` more; None where that is not the next point of its grid, to the last bit."""
    first, at = nanoseconds(run.time), nanoseconds(now)
    if first / 1e9 != run.time or at / 1e9 != now:
        return None
    every = run.every if run.count > 1 else at - first
    fits = every > 0 and at == first + run.count * every
    return replace(run, count=run.count + 1, every=every) if fits else None


def number_of(path: Path) -> int | None:
    """Number of a file of the journal; None for what is none."""
    number, _, kind = path.name.removeprefix("journal-").partition(".")
    return int(number) if number.isdecimal() and kind in ("jsonl", "jsonl.gz") else None


def compress(path: Path) -> None:
    """PATH -> PATH.gz; one of the two is there whole at any instant. Raises OSError."""
    part, whole = path.with_name(path.name + ".part"), path.with_name(path.name + ".gz")
    with path.open("rb") as plain, part.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as packed:
        shutil.copyfileobj(plain, packed, 2**18)
    os.replace(part, whole)
    path.unlink()
