"""Journals read back: what people wrote by hand, and the nights that `run` recorded.

A recorded journal begins with a `load` and holds every step of the engine. Its files follow each other; a folder means the
newest run of the daemon in it, from its first file that is still there. What a crash or a pulled plug tore off at the very end
is left out, and told.

One written by hand has no steps: every line acts at its own time, and they need to be in order only to LOOKAHEAD seconds.

Nothing grows with the length of a journal.
"""

from __future__ import annotations

import gzip
import heapq
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from showctl.model import ControlEvent, Features, Inputs, WireError
from showctl.wire.journal import LOAD_LIMIT, Given, Load, Tick, decode

LOOKAHEAD = 5.0  # s by which lines of a journal written by hand may be out of order
LONGEST = 30 * 86400.0  # s, a time beyond this in a journal is a mistake
BEGINNINGS = ("start", "resume")  # of a run of the daemon: show time begins again

Told = Callable[[str], None]


class BadJournal(ValueError):
    """A journal that cannot be played; the text names the line."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What reaches the engine at a time (s)."""

    time: float
    inputs: Inputs


# --- which files -----------------------------------------------------------------------------------------------------


def find(path: Path, tell: Told) -> list[Path]:
    """The files of a journal in their order: a file itself, of a folder the newest run in it. OSError, BadJournal."""
    if not path.is_dir():
        return [path]
    numbered = {_number(file): file for file in sorted(path.glob("journal-*.jsonl*"))}  # one that is compressed comes last
    run: list[Path] = []
    for _, file in sorted(((n, f) for n, f in numbered.items() if n is not None), reverse=True):
        load = begins(file)
        if load is None:
            if run:
                break
            tell(f"{file}: it was only just begun, and is left out")
            continue
        run.insert(0, file)
        if load.why in BEGINNINGS:
            break
    if not run:
        raise BadJournal(
            f"{path}: there is no recorded journal in this folder (name a file, or the folder of `run`: STATE/journal)"
        )
    return run


def begins(path: Path) -> Load | None:
    """The load that a recorded journal begins with; None for one written by hand, or torn at once. OSError, BadJournal."""
    with _opened(path, recorded=True) as file:
        line = file.readline(LOAD_LIMIT)
    try:
        first = decode(line) if line.endswith("\n") else None
    except WireError:
        return None
    return first if isinstance(first, Load) else None


def _number(path: Path) -> int | None:
    number, _, kind = path.name.removeprefix("journal-").partition(".")
    return int(number) if number.isdecimal() and kind in ("jsonl", "jsonl.gz") else None


# --- recorded ----------------------------------------------------------------------------------------------------------


def steps(files: Iterable[Path], tell: Told) -> Iterator[Load | Batch]:
    """Every load and every step of recorded journals. OSError; BadJournal with PATH:LINE:COLUMN."""
    before: int | None = None
    for path in files:
        number = _number(path)
        missing = before is not None and number != before + 1
        with _opened(path, recorded=True) as file:
            for one in _stepped(path, _whole(path, file, tell), tell):
                yield replace(one, why="gap") if missing and isinstance(one, Load) else one
        before = number


def _stepped(path: Path, lines: Iterator[tuple[int, Given]], tell: Told) -> Iterator[Load | Batch]:
    """What stands above a tick in a step of that tick's time."""
    features: list[Features] = []
    controls: list[ControlEvent] = []
    for _, given in lines:
        if isinstance(given, Load):
            yield given
        elif isinstance(given, Features):
            features.append(given)
        elif isinstance(given, Tick):
            inputs = Inputs(tuple(features), tuple(controls))
            features, controls = [], []
            for time in given.times():
                yield Batch(time, inputs)
                inputs = Inputs()
        else:
            controls.append(given)
    if features or controls:
        tell(f"{path}: the last {len(features) + len(controls)} lines had not reached the engine, and are left out")


def _whole(path: Path, file: TextIO, tell: Told) -> Iterator[tuple[int, Given]]:
    """The lines of a recorded journal; one without its end was torn off by a crash."""
    for number, line in enumerate(_bounded(file), 1):
        if not line.endswith("\n"):
            tell(f"{path}:{number}: this last line was torn off, and is left out")
            return
        yield number, _given(path, number, line)


# --- by hand -----------------------------------------------------------------------------------------------------------


def read_journal(files: Iterable[Path]) -> Iterator[Batch]:
    """What journals say in the order of its times, each line at its own. OSError; BadJournal with PATH:LINE:COLUMN."""
    waiting: list[tuple[float, int, Batch]] = []
    newest = given_out = -LONGEST
    for count, (path, number, given) in enumerate(_all(files)):
        if given.time < given_out:
            raise BadJournal(f"{path}:{number}:1: error: `time` goes back by more than {LOOKAHEAD:g} s [E-journal-order]")
        heapq.heappush(waiting, (given.time, count, _batch(given)))
        newest = max(newest, given.time)
        while waiting[0][0] < newest - LOOKAHEAD:
            given_out = waiting[0][0]
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def controls(journal: Iterable[Batch]) -> Iterator[Batch]:
    """A journal without what was heard."""
    for batch in journal:
        yield Batch(batch.time, Inputs(controls=batch.inputs.controls))


def _all(files: Iterable[Path]) -> Iterator[tuple[Path, int, Given]]:
    for path in files:
        number = 0
        with _opened(path, recorded=False) as file:
            try:
                for number, line in enumerate(_bounded(file), 1):
                    if line.strip():
                        yield path, number, _given(path, number, line)
            except UnicodeDecodeError as error:
                raise BadJournal(f"{path}:{number + 1}:1: error: not text in UTF-8 [E-journal]") from error


def _batch(given: Given) -> Batch:
    if isinstance(given, Features):
        return Batch(given.time, Inputs(features=(given,)))
    return Batch(given.time, Inputs() if isinstance(given, Tick | Load) else Inputs(controls=(given,)))


# --- lines -------------------------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path, recorded: bool) -> Iterator[TextIO]:
    """A journal as text. What is no text at the torn end of a recorded one is not read as such, and does no harm."""
    errors = "replace" if recorded else "strict"
    raw = gzip.GzipFile(path) if path.suffix == ".gz" else path.open("rb")
    with raw, TextIOWrapper(raw, "utf-8", errors) as file:
        try:
            yield file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise BadJournal(f"{path}:1:1: error: it was not compressed whole: {error} [E-journal]") from error


def _bounded(file: TextIO) -> Iterator[str]:
    while line := file.readline(LOAD_LIMIT):
        yield line


def _given(path: Path, number: int, line: str) -> Given:
    try:
        given = decode(line)
        if abs(given.time) > LONGEST:
            raise WireError(f"`time` is {given.time:g} s: more than 30 days")
    except WireError as error:
        raise BadJournal(f"{path}:{number}:1: error: {error} [E-journal]") from error
    return given
