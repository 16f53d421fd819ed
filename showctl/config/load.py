"""Files -> Loaded: read, include, check, compile; every mistake of all files at once, each with its place.

A mistake must not hide others: what is wrong is reported and cut out of the tree, and the rest is checked as if it had never
been written (names that were cut out stay known, so that they are not called unknown). Only a file that is no YAML at all,
or of the wrong kind, hides what is in it.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from showctl.config import schema
from showctl.config.compile import Room, Source, compile_show, compile_venue
from showctl.config.loaded import RIG, Loaded, version
from showctl.config.memory import Memory
from showctl.config.sources import checked, opened, source
from showctl.config.tree import MAX_BYTES, Mark, Node, Report, Where
from showctl.model import ConfigError, Problem
from showctl.plan import PaPlan


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of reading a venue and a show, good or not."""

    loaded: Loaded | None
    problems: tuple[Problem, ...]
    files: tuple[Path, ...]  # every file that was asked for, there or not: a change of any of them may change what comes of it
    version: str  # of all of them


def load(venue_path: Path, show_path: Path) -> Loaded:
    """Read a venue and a show. Raises ConfigError with every problem of both files and all they include."""
    made = attempt(venue_path, show_path)
    if made.loaded is None:
        raise ConfigError(list(made.problems))
    return made.loaded


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the garbage collector: a long show makes a million objects that all live on, and to look at them for cycles again
    and again takes longer than to make them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def attempt(venue_path: Path, show_path: Path, instead: Mapping[str, bytes] | None = None) -> Attempt:
    """Read a venue and a show, with every problem of both files and all they include.

    `instead` holds, by absolute path, what files are to be taken for: how a change is tried before it is written.
    """
    with _uncollected():
        *_, made = stages(venue_path, show_path, instead=instead)
    return made


def stages(
    venue_path: Path, show_path: Path, *, instead: Mapping[str, bytes] | None = None, memory: Memory | None = None
) -> Iterator[Attempt]:
    """The same in two steps, for who waits for the plan: what can be played, then that with all that is worth a warning.

    `memory` is of the attempt before, for who tries the same files again and again.
    """
    report, files = Report(instead=dict(instead or {})), list[Path]()
    venue = source(venue_path, "venue", report, files)
    rig = dict(report.files)
    show = source(show_path, "show", report, files)
    room = compile_venue(venue, report) if venue else None
    if memory is not None:
        memory.venue = rig, [_digest(path) for path in room.files] if room else None
    plan = compile_show(show, room, report, memory) if show else None
    if memory is not None and memory.lost:
        memory.forget()
        yield from stages(venue_path, show_path, instead=instead, memory=memory)
        return
    types = room.files if room else ()
    asked = (*map(Path, report.files), *types)
    named = version([*report.files.values(), *map(_digest, types)])
    files += [path for path in types if path.is_relative_to(venue_path.parent)]  # what lies with the venue goes where it goes
    for turn in range(2):
        problems = tuple(_sorted(report.problems))
        if report.failed or plan is None or venue is None:
            loaded = None
        else:
            assert isinstance(venue.model, schema.Venue)
            settings = {key: node.plain() for key, node in _children(venue.root).items() if key not in RIG}
            loaded = Loaded(plan, venue.model, settings, problems, tuple(files), named)
        if turn or loaded is not None:
            yield Attempt(loaded, problems, asked, named)
        report.finish()


def _children(root: Node) -> dict[str, Node]:
    assert isinstance(root.value, dict)
    return root.value


def version_of(files: Iterable[Path]) -> str:
    """The version that an attempt would have that read these files as they are now."""
    return version(map(_digest, files))


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.sha256(file.read(MAX_BYTES + 1)).hexdigest()
    except (OSError, ValueError):  # not there: that is a state, too
        return ""


def load_venue(path: Path) -> schema.Venue:
    """Read a venue by itself. Raises ConfigError with every problem."""
    return _room(path).venue


def load_pa(path: Path) -> PaPlan | None:
    """What a venue says of the room's sound, None where it says nothing. Raises ConfigError with every problem of the file."""
    return _room(path).pa


def place_of(path: Path, where: Where) -> Mark:
    """Where a venue file, or one that it includes, says something; where that would stand, if it says nothing of it."""
    report = Report()
    venue = source(path, "venue", report, [])
    report.finish()
    if venue is None:
        raise ConfigError(_sorted(report.problems))
    return venue.root.at(*where)


def _room(path: Path) -> Room:
    report = Report()
    venue = source(path, "venue", report, [])
    room = compile_venue(venue, report) if venue is not None else None
    report.finish()
    if report.failed or room is None:
        raise ConfigError(_sorted(report.problems))
    return room


@_uncollected()
def check(paths: Sequence[Path]) -> list[Problem]:
    """Every problem of the files. Given together they are one show in one venue; alone, each is checked by itself."""
    report = Report()
    found: dict[str, Source] = {}
    first: dict[str, Path] = {}
    for path in paths:
        if (file := opened(path, None, report)) is None:
            continue
        root, kind = file
        if kind in first:
            text = f"a second {kind}: {first[kind]} is one already, and files given together are one show in one venue"
            report.error(root.key("kind"), "E-two-of-a-kind", text)
            continue
        first[kind] = path
        if (good := checked(path, root, kind, report, [])) is not None:
            found[kind] = good
    room: Room | None = None
    if "venue" in found:
        room = compile_venue(found["venue"], report)
    if "show" in found:
        compile_show(found["show"], room, report)
    report.finish()
    return _sorted(report.problems)


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    """By file in the order of their first problem, then by place."""
    problems = list(problems)
    order = {path: i for i, path in enumerate(dict.fromkeys(p.path for p in problems))}
    return sorted(problems, key=lambda p: (order[p.path], p.line, p.column))
