"""YAML text -> a tree in which every scalar is text and every node knows its file, line and column.

YAML 1.1 guesses types (`on` becomes True, `1:30` becomes 90, `010` becomes 8); here nothing is guessed: a scalar is the text
that was written, and its key decides later what it means. The tree is built from the parser's events, not by its composer,
because the composer recurses in C and can be made to overflow the stack by a file of brackets.

Refused, each with its place: duplicate keys, tabs in the indentation, merge keys, unknown or recursive aliases, tags, a
second document, control characters, bytes that are not UTF-8, files over 2 MB, nesting over 40, over 200 000 values once
aliases are expanded. Every limit is far above what a show needs.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

from showctl.model import Problem

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_NODES = 200_000
MAX_TEXT = 1000  # characters of a message

Key: TypeAlias = str | int
Where: TypeAlias = tuple[Key, ...]


class Mark(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(slots=True)
class Node:
    """A scalar, a list or a mapping, with its place. `keys` holds the places of a mapping's keys."""

    mark: Mark
    value: str | list[Node] | dict[str, Node]
    keys: dict[str, Mark] = field(default_factory=dict)

    def plain(self) -> Any:
        """The same as str, list and dict."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    def child(self, key: Key) -> Node | None:
        """What lies under a key or an index, None if nothing does."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]
        return None

    def find(self, where: Where) -> tuple[Node, Where]:
        """The deepest node on the way, and the part of the way that exists; steps that do not exist are passed over."""
        node, found = self, []
        for key in where:
            if (below := node.child(key)) is not None:
                node = below
                found.append(key)
        return node, tuple(found)

    def at(self, *where: Key) -> Mark:
        """The place of the value there, or of what lies nearest above it."""
        return self.find(where)[0].mark

    def key(self, *where: Key) -> Mark:
        """The place of the key there (of the value where it is an item of a list)."""
        above, _ = self.find(where[:-1])
        return above.keys.get(str(where[-1])) or self.at(*where)


@dataclass(slots=True)
class Report:
    """Every problem found so far, each once."""

    problems: list[Problem] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)  # every file that was asked for -> SHA-256 of what was read, "" for none
    instead: dict[str, bytes] = field(default_factory=dict)  # by absolute path: what is read instead of the file
    later: list[Callable[[], None]] = field(default_factory=list)  # what only warns: the plan need not wait for it
    _seen: set[Problem] = field(default_factory=set)

    def finish(self) -> None:
        """Do what was left for later."""
        while self.later:
            self.later.pop(0)()

    def error(self, mark: Mark, code: str, text: str) -> None:
        """Something that cannot be run."""
        self._add(Problem(mark.path, mark.line, mark.column, _printable(text), code))

    def warning(self, mark: Mark, code: str, text: str) -> None:
        """Something that runs and is probably not what was meant."""
        self._add(Problem(mark.path, mark.line, mark.column, _printable(text), code, "warning"))

    def _add(self, problem: Problem) -> None:
        if problem not in self._seen:
            self._seen.add(problem)
            self.problems.append(problem)

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return any(p.severity == "error" for p in self.problems)


def _printable(text: str) -> str:
    """One line, whatever somebody wrote into a key or a file's name: no line ends, no escape codes for the terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:MAX_TEXT])


def read(path: Path, report: Report) -> Node | None:
    """The tree of a file, or None and at least one error in the report."""
    data = content(path, report)
    return None if data is None else parse(data, _name(path), report)


def content(path: Path, report: Report) -> bytes | None:
    """The bytes of a file, one more than are allowed at most; None and an error in the report where they cannot be had."""
    name, place = _name(path), os.path.abspath(path)
    report.files.setdefault(place, "")
    try:
        if path.is_dir():
            raise IsADirectoryError
        if (data := report.instead.get(place, b"")) == b"":
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        report.files[place] = hashlib.sha256(data).hexdigest()
        return data
    except FileNotFoundError:
        report.error(Mark(name), "E-missing-file", "no such file: check the name and the folder")
    except IsADirectoryError:
        report.error(Mark(name), "E-directory", "this is a folder: name the file in it")
    except PermissionError:
        report.error(Mark(name), "E-unreadable", f"no permission to read this file: try `chmod a+r {name}`")
    except (OSError, ValueError) as error:
        report.error(Mark(name), "E-unreadable", f"cannot be read: {getattr(error, 'strerror', None) or error}")
    return None


def _name(path: Path) -> str:
    return _printable(os.fsencode(path).decode("utf-8", "replace"))


def parse(data: bytes, name: str, report: Report) -> Node | None:
    """The tree of a file's bytes, or None and at least one error in the report."""
    if len(data) > MAX_BYTES:
        report.error(Mark(name), "E-too-big", f"larger than {MAX_BYTES // 1_000_000} MB: split it with `include`")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        report.error(Mark(name, before.count(b"\n") + 1, column), "E-encoding", "not UTF-8: save the file as UTF-8 text")
        return None
    if bad := _UNPRINTABLE.search(text):
        line, column = text.count("\n", 0, bad.start()) + 1, bad.start() - text.rfind("\n", 0, bad.start())
        report.error(Mark(name, line, column), "E-character", f"a control character (U+{ord(bad[0]):04X}): remove it")
        return None
    tabs = _tabs(text, name, report)
    try:
        return _build(text, name, report)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.context_mark and "unexpected end of stream" in str(error.problem):
            mark = error.context_mark  # where the quote was opened, not where the file ends
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if line not in tabs:
            words = _in_words(str(error.problem or ""))
            report.error(Mark(name, line, column), "E-syntax", words + _swallowed(text, error.context_mark, line))
    except yaml.YAMLError as error:
        report.error(Mark(name), "E-syntax", f"not YAML: {' '.join(str(error).split())}")
    except _Refused as refused:
        report.error(*refused.args)
    return None


# The scanner in C where PyYAML was built with it (it is in every wheel), else the same in Python.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NO_KEYS: dict[str, Mark] = {}  # of everything that is no mapping
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BARE_COLOUR = re.compile(r"[:,\[] +(#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3}))\b")
_HINTS = (
    ("mapping values are not allowed", "a second `: ` in one line: put the text in quotes, or indent the lines alike"),
    (
        "did not find expected key",
        "this line fits nothing above it: indent it like its neighbours, close quotes and brackets",
    ),
    ("did not find expected '-'", "this line fits nothing above it: begin every item of the list with `- `, indented alike"),
    ("could not find expected ':'", "expected `key: value`: is the colon, or the space after it, missing?"),
    ("cannot start any token", "a value cannot begin with this character: put the text in quotes"),
    ("did not find expected ',' or", "a bracket is not closed, or a comma is missing between two items"),
    ("unexpected end of stream", "a quote that was opened is never closed"),
    ("did not find expected <document start>", "a line here fits nothing above it: indent it like its neighbours"),
    ("did not find expected node content", "a value is missing here: is there a comma, a bracket or a dash too many?"),
    ("unknown escape character", "in double quotes a backslash begins an escape: write \\\\ or use single quotes"),
)


class _Refused(Exception):
    """(mark, code, text): the file is well-formed YAML, and more than we take."""


def _in_words(problem: str) -> str:
    return next((hint for start, hint in _HINTS if start in problem), f"not YAML: {problem}")


def _swallowed(text: str, context: Any, line: int) -> str:
    """What a `#` in a bracket has to do with it: it makes the rest of its line a comment, the closing bracket, too."""
    first = context.line + 1 if context else line
    for number, one in enumerate(text.split("\n")[first - 1 : line], first):
        if found := _BARE_COLOUR.search(one):
            return f'; {found[1]} in line {number} begins a comment: write "{found[1]}"'
    return ""


def _tabs(text: str, name: str, report: Report) -> set[int]:
    """Report every line that is indented by a tab; -> their numbers."""
    found = set()
    for number, line in enumerate(text.split("\n"), 1):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent and line.strip() and not line.lstrip().startswith("#"):
            found.add(number)
            report.error(Mark(name, number, indent.index("\t") + 1), "E-tab", "a tab in the indentation: use spaces")
    return found


def _build(text: str, name: str, report: Report) -> Node | None:
    loader = _LOADER(text)
    try:
        return _Builder(name, report, loader.get_event).build()
    finally:
        loader.dispose()


class _Builder:
    """Events -> tree. `event` gives the next one."""

    def __init__(self, name: str, report: Report, event: Callable[[], Any]) -> None:
        self.name, self.event = name, event
        self.report = report
        self.anchors: dict[str, Node | None] = {}  # None while the node is still being read
        self.sizes: dict[str, tuple[int, int]] = {}  # values in it, levels below it
        self.count = 0
        self.deepest = 0

    def mark(self, event: Any) -> Mark:
        return Mark(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def build(self) -> Node | None:
        root: Node | None = None
        while not isinstance(event := self.event(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _Refused(self.mark(event), "E-documents", "a second document begins here: one file is one document")
                root = self.node(self.event(), 0)
        if root is None:
            self.report.error(
                Mark(self.name), "E-empty", "the file is empty: begin with `showctl: 1` and `kind: venue` (or show)"
            )
        return root

    def node(self, event: Any, depth: int) -> Node:
        if type(event) is yaml.ScalarEvent and event.tag is None and event.anchor is None:  # nearly all: the short way
            start: Any = event.start_mark
            mark = Mark(self.name, start.line + 1, start.column + 1)
            self.charge(1, depth, mark)
            return Node(mark, event.value, _NO_KEYS)
        return self.any_node(event, depth)

    def any_node(self, event: Any, depth: int) -> Node:
        mark = self.mark(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth, mark)
        self.charge(1, depth, mark)
        if event.tag not in (None, "!"):
            raise _Refused(mark, "E-tag", f"tags like `{event.tag}` are not used: every value is typed by its key")
        start, deepest = self.count, self.deepest
        if event.anchor:
            self.anchors[event.anchor] = None
            self.deepest = depth
        if isinstance(event, yaml.ScalarEvent):
            node = Node(mark, event.value, _NO_KEYS)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node(mark, self.items(depth))
        else:
            node = self.mapping(mark, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
            self.sizes[event.anchor] = (self.count - start + 1, self.deepest - depth)
            self.deepest = max(deepest, self.deepest)
        return node

    def items(self, depth: int) -> list[Node]:
        found = []
        while type(event := self.event()) is not yaml.SequenceEndEvent:
            found.append(self.node(event, depth + 1))
        return found

    def mapping(self, mark: Mark, depth: int) -> Node:
        values: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        while type(event := self.event()) is not yaml.MappingEndEvent:
            key = self.node(event, depth + 1)
            value = self.node(self.event(), depth + 1)
            if not isinstance(key.value, str):
                self.report.error(key.mark, "E-key", "a key must be a word: is there a bracket or `? ` too many?")
            elif key.value == "<<":
                self.report.error(key.mark, "E-merge", "merge keys (`<<`) are not used: write the lines, or use a palette")
            elif key.value in values:
                first = keys[key.value]
                self.report.error(key.mark, "E-duplicate-key", f"`{key.value}` stands here twice, first in line {first.line}")
            else:
                values[key.value], keys[key.value] = value, key.mark
        return Node(mark, values, keys)

    def alias(self, event: Any, depth: int, mark: Mark) -> Node:
        if event.anchor not in self.anchors:
            raise _Refused(mark, "E-alias", f"`*{event.anchor}` refers to nothing: put text with a `*` in quotes")
        node = self.anchors[event.anchor]
        if node is None:
            raise _Refused(mark, "E-alias", f"`*{event.anchor}` contains itself")
        size, height = self.sizes[event.anchor]
        self.charge(size, depth + height, mark)
        return node

    def charge(self, values: int, depth: int, mark: Mark) -> None:
        """An alias costs what it stands for: a few lines of aliases can stand for millions of values."""
        self.count += values
        if depth > self.deepest:
            self.deepest = depth
        if self.count > MAX_NODES:
            raise _Refused(mark, "E-too-big", f"more than {MAX_NODES} values, aliases counted: use fewer aliases")
        if depth > MAX_DEPTH:
            raise _Refused(mark, "E-too-deep", f"nested more than {MAX_DEPTH} deep: is a bracket or an indent wrong?")
