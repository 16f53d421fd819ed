"""Files -> Source: a file is read, what it includes is joined to it, and the whole is checked against the schema.

`include: [PATH...]` is relative to the file it stands in. Included files begin with the same two lines, `showctl: 1` and
`kind:`; mappings are joined, lists appended, and the same name in two files is a mistake.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from showctl.config import schema, values
from showctl.config.compile import Source
from showctl.config.structure import validate
from showctl.config.tree import Node, Report, Where, read

VERSION = "1"
MAX_FILES = 100
KINDS: dict[str, type[schema.Header]] = {"venue": schema.Venue, "show": schema.Show}


def source(path: Path, kind: str, report: Report, files: list[Path]) -> Source | None:
    """A venue or show with all it includes, which `files` are; None (and a report) if nothing can be made of it."""
    found = opened(path, kind, report)
    return None if found is None else checked(path, *found, report, files)


def opened(path: Path, wanted: str | None, report: Report) -> tuple[Node, str] | None:
    """A file's tree and kind; None (and a report) if it is not one of ours, or not the wanted one."""
    root = read(path, report)
    kind = None if root is None else _header(root, wanted, report)
    return None if root is None or kind is None else (root, kind)


def _header(root: Node, wanted: str | None, report: Report) -> str | None:
    if not isinstance(root.value, dict):
        report.error(root.mark, "E-header", "a file begins with `showctl: 1` and `kind: venue` or `kind: show`")
        return None
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


def checked(path: Path, root: Node, kind: str, report: Report, files: list[Path]) -> Source | None:
    """The same of a file that is opened: include what is to be included, and check the structure."""
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
    ("tracks",),
    ("gestures",),
    ("wearables",),
    *(("palettes", category) for category in ("intensity", "colour", "position", "beam")),
)


def _names(root: Node, way: Where) -> frozenset[str]:
    node, found = root.find(way)
    return frozenset(node.value) if found == way and isinstance(node.value, dict) else frozenset()


def _cues(root: Node) -> Iterator[tuple[Where, list[Node]]]:
    """The way to the cues of each list, and what stands there."""
    ways: list[Where] = [("cues",), *(("lists", name, "cues") for name in _names(root, ("lists",)))]
    for way in ways:
        node, found = root.find(way)
        yield way, node.value if found == way and isinstance(node.value, list) else []


def _cue_numbers(root: Node) -> dict[Where, frozenset[str]]:
    """The numbers of the cues of each list as they are written, those of broken cues too."""
    found: dict[Where, frozenset[str]] = {}
    for way, cues in _cues(root):
        numbers = (number.value for cue in cues if (number := cue.child("cue")) is not None)
        found[*way, "cue"] = frozenset(number for number in numbers if isinstance(number, str))
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
        elif (below := opened(path.parent / item.value, kind, report)) is not None:
            files.append(path.parent / item.value)
            _include(path.parent / item.value, root, below[0], kind, report, files, (*above, other))
            _merge(root, below[0], report)


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
