"""Files -> Loaded: read, include, check, compile; every mistake of all files at once, each with its place.

A mistake must not hide others: what is wrong is reported and cut out of the tree, and the rest is checked as if it had never
been written (names that were cut out stay known, so that they are not called unknown). Only a file that is no YAML at all,
or of the wrong kind, hides what is in it.

`include: [PATH...]` is relative to the file it stands in. Included files begin with the same two lines, `showctl: 1` and
`kind:`; mappings are joined, lists appended, and the same name in two files is a mistake.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from showctl.config import schema, values
from showctl.config.compile import Room, Source, compile_show, compile_venue
from showctl.config.loaded import RIG, Loaded, version
from showctl.config.memory import Memory
from showctl.config.tree import MAX_BYTES, Key, Mark, Node, Report, Where, read
from showctl.model import ConfigError, Problem
from showctl.plan import PaPlan

M = TypeVar("M", bound=schema.Header)

VERSION = "1"
MAX_FILES = 100
KINDS: dict[str, type[schema.Header]] = {"venue": schema.Venue, "show": schema.Show}


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
    venue = _source(venue_path, "venue", report, files)
    rig = dict(report.files)
    show = _source(show_path, "show", report, files)
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
    source = _source(path, "venue", report, [])
    report.finish()
    if source is None:
        raise ConfigError(_sorted(report.problems))
    return source.root.at(*where)


def _room(path: Path) -> Room:
    report = Report()
    source = _source(path, "venue", report, [])
    room = compile_venue(source, report) if source is not None else None
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
        root = _read(path, report)
        kind = _header(root, None, report) if root else None
        if root is None or kind is None:
            continue
        if kind in first:
            text = f"a second {kind}: {first[kind]} is one already, and files given together are one show in one venue"
            report.error(root.key("kind"), "E-two-of-a-kind", text)
            continue
        first[kind] = path
        if (source := _checked(path, root, kind, report, [])) is not None:
            found[kind] = source
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


# --- files -----------------------------------------------------------------------------------------------------------


def _read(path: Path, report: Report) -> Node | None:
    root = read(path, report)
    if root is not None and not isinstance(root.value, dict):
        report.error(root.mark, "E-header", "a file begins with `showctl: 1` and `kind: venue` or `kind: show`")
        return None
    return root


def _header(root: Node, wanted: str | None, report: Report) -> str | None:
    """The kind of a file, None (and a report) if it is not one of ours or not the wanted one."""
    assert isinstance(root.value, dict)
    first = list(root.value)[:2]
    version, kind = root.value.get("showctl"), root.value.get("kind")
    if version is None or kind is None:
        missing = "`showctl: 1`" if version is None else "`kind: venue` or `kind: show`"
        report.error(root.mark, "E-header", f"{missing} is missing: every file begins with `showctl: 1` and its kind")
        return None
    if version.value != VERSION:
        text = f"`showctl: {_short(version)}` is not a version that this program knows: it knows {VERSION}"
        report.error(version.mark, "E-version", text)
        return None
    if not isinstance(kind.value, str) or kind.value not in KINDS:
        near = values.did_you_mean(_short(kind), KINDS)
        report.error(kind.mark, "E-kind", f"`kind: {_short(kind)}`: write `venue` or `show`{near}")
        return None
    if wanted is not None and kind.value != wanted:
        text = f"this is a {kind.value} file where a {wanted} was expected: is the order of the files wrong?"
        report.error(kind.mark, "E-kind", text)
        return None
    if set(first) != {"showctl", "kind"}:
        report.error(root.mark, "E-header", "`showctl: 1` and `kind:` come first in a file: move them to the top")
    return str(kind.value)


def _short(node: Node) -> str:
    return node.value[:40] if isinstance(node.value, str) else "..."


def _source(path: Path, kind: str, report: Report, files: list[Path]) -> Source | None:
    root = _read(path, report)
    if root is None or _header(root, kind, report) is None:
        return None
    return _checked(path, root, kind, report, files)


def _checked(path: Path, root: Node, kind: str, report: Report, files: list[Path]) -> Source | None:
    """Include what is to be included and check the structure."""
    files.append(path)
    _include(path, root, root, kind, report, files, (_real(path),))
    names = {way: _names(root, way) for way in _NAMED}
    names |= _cue_numbers(root)
    _not_yet(root, kind, report)
    cut: set[int] = set()
    model = validate(root, KINDS[kind], report, cut)
    return Source(model, root, names, frozenset(cut)) if isinstance(model, schema.Venue | schema.Show) else None


_NAMED: tuple[Where, ...] = (
    ("fixtures",),
    ("groups",),
    ("positions",),
    ("points",),
    ("looks",),
    ("presets",),
    ("effects",),
    *(("palettes", category) for category in ("intensity", "colour", "position", "beam")),
)


def _names(root: Node, way: Where) -> frozenset[str]:
    node, found = root.find(way)
    return frozenset(node.value) if found == way and isinstance(node.value, dict) else frozenset()


def _cue_numbers(root: Node) -> dict[Where, frozenset[str]]:
    """The numbers of the cues of each list as they are written, those of broken cues too."""
    ways: list[Where] = [("cues",), *(("lists", name, "cues") for name in _names(root, ("lists",)))]
    found: dict[Where, frozenset[str]] = {}
    for way in ways:
        node, there = root.find(way)
        numbers = set()
        for item in node.value if there == way and isinstance(node.value, list) else ():
            number = item.child("cue")
            if number is not None and isinstance(number.value, str):
                numbers.add(number.value)
        found[*way, "cue"] = frozenset(numbers)
    return found


def _real(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _include(path: Path, root: Node, node: Node, kind: str, report: Report, files: list[Path], above: tuple[Path, ...]) -> None:
    """Join every file that `node` includes into `root`; `above` are the files on the way here."""
    wanted = node.child("include")
    for item in wanted.value if wanted is not None and isinstance(wanted.value, list) else ():
        if not isinstance(item.value, str) or not item.value:
            continue  # the schema says so, or _merge for a file further down
        other = _real(path.parent / item.value)
        if other in above:
            report.error(item.mark, "E-include-cycle", f"`{item.value}` includes itself, by way of this file")
        elif "*" in item.value:
            report.error(item.mark, "E-include", "write each file by its name: `*` is not understood here")
        elif len(files) >= MAX_FILES:
            report.error(item.mark, "E-too-many-files", f"more than {MAX_FILES} files: join some of them")
        elif not os.path.isfile(other):
            report.files.setdefault(str(other), "")
            report.error(item.mark, "E-missing-file", f"no such file: {other}")
        elif (below := _read(path.parent / item.value, report)) is not None and _header(below, kind, report) is not None:
            files.append(path.parent / item.value)
            _include(path.parent / item.value, root, below, kind, report, files, (*above, other))
            _merge(root, below, report)


def _merge(root: Node, other: Node, report: Report) -> None:
    assert isinstance(root.value, dict)
    assert isinstance(other.value, dict)
    for key, node in other.value.items():
        mark = other.keys[key]
        mine = root.value.get(key)
        if key in ("showctl", "kind", "include"):
            continue
        if mine is None:
            root.value[key], root.keys[key] = node, mark
        elif isinstance(mine.value, list) and isinstance(node.value, list):
            mine.value.extend(node.value)
        elif isinstance(mine.value, dict) and isinstance(node.value, dict):
            _join(key, mine, node, report)
        else:
            report.error(mark, "E-name-twice", f"`{key}` is already in {root.keys[key]}: keep one")


def _join(section: str, mine: Node, node: Node, report: Report) -> None:
    assert isinstance(mine.value, dict)
    assert isinstance(node.value, dict)
    for name, value in node.value.items():
        if name not in mine.value:
            mine.value[name], mine.keys[name] = value, node.keys[name]
        elif section == "palettes" and isinstance(mine.value[name].value, dict) and isinstance(value.value, dict):
            _join(name, mine.value[name], value, report)
        else:
            text = f"`{name}` is already among `{section}`, in {mine.keys[name]}: choose another name"
            report.error(node.keys[name], "E-name-twice", text)


# --- structure -------------------------------------------------------------------------------------------------------


def _not_yet(root: Node, kind: str, report: Report) -> None:
    """Say which keys do nothing in this version, and take them out."""
    assert isinstance(root.value, dict)
    for key, what in schema.LATER[kind].items():
        if key in root.value:
            report.warning(root.keys[key], "W-not-yet", f"`{key}` ({what}) does nothing in this version")
            del root.value[key]
    safety = root.value.get("safety") if kind == "venue" else None
    if safety is not None and isinstance(safety.value, dict):
        for key in schema.LATER_IN_SAFETY.keys() & safety.value.keys():
            text = f"`{key}` ({schema.LATER_IN_SAFETY[key]}) does nothing in this version"
            report.warning(safety.keys[key], "W-not-yet", text)
            del safety.value[key]
    ways: list[Where] = [("cues",), *(("lists", name, "cues") for name in _names(root, ("lists",)))]
    for way in ways if kind == "show" else ():
        node, found = root.find(way)
        for cue in node.value if found == way and isinstance(node.value, list) else ():
            if not isinstance(cue.value, dict):
                continue
            for key in schema.LATER_IN_CUE.keys() & cue.value.keys():
                text = f"`{key}` ({schema.LATER_IN_CUE[key]}) does nothing in this version"
                report.warning(cue.keys[key], "W-not-yet", text)
                del cue.value[key]


def validate(root: Node, model: type[M], report: Report, cut: set[int]) -> M | None:
    """The model of a tree. What is wrong is reported and cut out of the tree until the rest is right; None if nothing is left.

    `cut` gathers id() of the nodes above each cut. Each round cuts out at least one node, so it ends. What is missing only
    because it was cut out is not reported again.
    """
    first = True
    while True:
        try:
            return model.model_validate(root.plain())
        except ValidationError as error:
            cuts: list[Where] = []
            for one in error.errors(include_url=False, include_input=True):
                missing = one["type"] in ("missing", "too_short")
                if first or not missing:
                    _report(root, model, one, report)
                whole = one.get("ctx", {}).get("whole", False)  # the mistake says nothing certain about its neighbours
                cuts.append(root.find(tuple(one["loc"]))[1] if whole else _way(root, one))
            if () in cuts:
                return None
            cut |= {id(root.find(way[:i])[0]) for way in cuts for i in range(len(way))}
            _remove(root, cuts)
            first = False


def _way(root: Node, error: Any) -> Where:
    """The way to what an error is about (to what misses it, where something is missing), with the key that the error names.

    Steps that pydantic made up are left out.
    """
    key = error.get("ctx", {}).get("key")
    loc: Where = (*error["loc"], key) if key is not None else tuple(error["loc"])
    return root.find(loc)[1]


def _remove(root: Node, ways: Iterable[Where]) -> None:
    doomed: dict[int, tuple[Node, set[Key]]] = {}
    for way in ways:
        above, _ = root.find(way[:-1])
        doomed.setdefault(id(above), (above, set()))[1].add(way[-1])
    for above, keys in doomed.values():
        if isinstance(above.value, dict):
            for key in keys:
                above.value.pop(str(key), None)
        elif isinstance(above.value, list):
            above.value[:] = [node for i, node in enumerate(above.value) if i not in keys]


def _report(root: Node, model: type[BaseModel], error: Any, report: Report) -> None:
    """One error of pydantic as a problem with a place and a sentence."""
    kind, loc = error["type"], tuple(error["loc"])
    way = _way(root, error)
    mark = root.at(*way)
    if kind.startswith("E-"):
        if loc and loc[-1] == "[key]":
            mark = root.key(*way)
        report.error(mark, kind, error["msg"])
    elif kind == "extra_forbidden":
        _unknown_key(root, model, way, report)
    elif kind == "missing":
        report.error(mark, "E-missing-key", f"`{loc[-1]}` is missing{_in(way)}")
    elif kind == "too_short":
        report.error(mark, "E-empty", f"`{_last(way)}` needs at least {error['ctx']['min_length']}: write it, or remove the key")
    elif kind == "too_long":
        report.error(mark, "E-type", f"`{_last(way)}` takes at most {error['ctx']['max_length']}")
    elif error["input"] == "":
        report.error(mark, "E-empty", f"nothing stands under `{_last(way)}`: write its entries, or remove the key")
    elif kind in ("model_type", "dict_type"):
        report.error(mark, "E-type", f"`{_last(way)}` is a mapping: write `key: value` pairs under it")
    elif kind == "list_type":
        report.error(mark, "E-type", f"`{_last(way)}` is a list: write `[ ... ]`, or lines that begin with `- `")
    else:
        report.error(mark, "E-type", f"`{_last(way)}`: {error['msg'].lower()}")


def _unknown_key(root: Node, model: type[BaseModel], way: Where, report: Report) -> None:
    known = _keys(model, way[:-1])
    near = values.did_you_mean(str(way[-1]), known)
    listed = f": there are {', '.join(known)}" if known and not near else ""
    report.error(root.key(*way), "E-unknown-key", f"unknown key `{str(way[-1])[:80]}`{_in(way[:-1])}{near}{listed}")


def _in(way: Where) -> str:
    names = [str(key) for key in way if not isinstance(key, int)]
    return f" in `{'.'.join(names)[:80]}`" if names else ""


def _last(way: Where) -> str:
    return next((str(key) for key in reversed(way) if not isinstance(key, int)), "file")


def _keys(model: Any, way: Where) -> list[str]:
    """The keys that a mapping may have, from the schema."""
    for step in way:
        model = _model(model)
        if isinstance(model, type) and issubclass(model, BaseModel):
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            model = fields[str(step)].annotation if str(step) in fields else None
        elif get_origin(model) in (dict, list):
            model = get_args(model)[-1]
    model = _model(model)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _model(annotation: Any) -> Any:
    """The mapping or list behind Optional and Annotated."""
    if hasattr(annotation, "__metadata__"):
        return _model(annotation.__origin__)
    for one in get_args(annotation) if get_origin(annotation) not in (dict, list) else ():
        if one is not type(None):
            return _model(one)
    return annotation
