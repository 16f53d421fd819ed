"""The address space as OSCQuery tells it: a plan in, a tree of nodes; a path and a query in, a status and JSON out. PURE.

Source: the OSCQuery proposal, third revision (Vidvox). A node is what can be sent to an address, told under it, or both; one
address may take more than one kind of message, and then the first stands in the node and the others in its OVERLOADS. What there
is comes from `wire.osc_commands` (what is taken) and `wire.osc_answers` (what is told), the names from the plan.

    TYPE       I for a button, and i, f, s
    ACCESS     1 told, 2 taken, 3 both; 0 of a node that only holds others
    VALUE      what is told now; nothing where nothing is known yet
    CRITICAL   true of what fires or switches: better sent by the WebSocket, where nothing is lost; not of faders

Left out is what cannot be an address (names that are not ASCII), names beyond MOST_NAMES of a kind, and slots by number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from showctl.model import MOST_HELD
from showctl.plan import Plan
from showctl.wire.osc_answers import ANSWERS, Values
from showctl.wire.osc_commands import COMMANDS
from showctl.wire.osc_dictionary import LONGEST_TRACK, MOST_BARS, MOST_NUDGE_MS

Json: TypeAlias = dict[str, Any]

ROOT = "/showctl"
MOST_NAMES = 200  # of one kind
LONGEST_NAME = 100  # characters
LIST_TOLD = ("cue", "next", "state", "rate")  # of every list
NAMED = {"list": "LIST", "sub": "SUB", "flash": "SUB", "armed": "WHO"}  # whose the NAME is in what is told
HAPPENS = ("feedback", "sss", "what performers are told: kind, performer, text")  # and cannot be asked for
ARMED = ("armed/NAME", "i", "1 while the gestures of this performer may act")
NEEDS = {"track": "TRACK", "gesture": "WHO", "armed": "WHO", "feedback": "WHO"}  # first words that only some shows understand
NUMBERS: dict[str, tuple[str, Json]] = {
    "ON": ("i", {"MIN": 0, "MAX": 1}),
    "S": ("f", {"MIN": 0.0, "MAX": LONGEST_TRACK}),
    "MS": ("f", {"MIN": -MOST_NUDGE_MS, "MAX": MOST_NUDGE_MS}),
    "BARS": ("i", {"MIN": 1, "MAX": int(MOST_BARS)}),
    "STEP": ("i", {"VALS": [-1, 0, 1]}),
}

ASKED = frozenset({"FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "CRITICAL", "OVERLOADS"})
NOT_OURS = frozenset({"TAGS", "EXTENDED_TYPE", "UNIT", "CLIPMODE", "HTML"})  # of the proposal, too
EXTENSIONS = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "CRITICAL", "OVERLOADS", "LISTEN", "PATH_CHANGED")

OK, NO_CONTENT, BAD_REQUEST, NOT_FOUND = 200, 204, 400, 404
_RANGE = re.compile(r"([0-9.]+?)\.\.([0-9.]+)")


@dataclass(slots=True)
class Way:
    """One kind of message of an address."""

    tags: str
    text: str
    access: int  # 1 told, 2 taken, 3 both
    ranges: list[Json | None] = field(default_factory=list)  # one for each tag; empty: nothing is known
    critical: bool | None = None  # None: nothing is taken

    def told(self, values: Values | None) -> Json:
        """As JSON, with what is told now."""
        found: Json = {"TYPE": self.tags, "ACCESS": self.access, "DESCRIPTION": self.text}
        if any(self.ranges):
            found["RANGE"] = self.ranges
        if self.critical is not None:
            found["CRITICAL"] = self.critical
        if values is not None and self.access & 1:
            found["VALUE"] = list(values)
        return found


@dataclass(slots=True)
class Node:
    """An address: what goes there, and what is below."""

    path: str
    ways: list[Way] = field(default_factory=list)
    contents: dict[str, Node] = field(default_factory=dict)

    @property
    def is_told(self) -> bool:
        """Can it be listened to?"""
        return any(way.access & 1 for way in self.ways)

    def own(self, values: Mapping[str, Values]) -> Json:
        """Its attributes but CONTENTS."""
        said = values.get(self.path.removeprefix(ROOT + "/"))
        found: Json = {"FULL_PATH": self.path, "ACCESS": 0}
        if self.ways:
            found |= self.ways[0].told(said)
        if len(self.ways) > 1:
            found["OVERLOADS"] = [way.told(said) for way in self.ways[1:]]
        return found

    def json(self, values: Mapping[str, Values]) -> Json:
        """All of it, with all below."""
        found = self.own(values)
        if self.contents:
            found["CONTENTS"] = {name: one.json(values) for name, one in self.contents.items()}
        return found

    def at(self, path: str) -> Node | None:
        """The node of a path below this one, a whole address."""
        node: Node | None = self
        for word in path.split("/"):
            if word and node is not None:
                node = node.contents.get(word)
        return node

    def walk(self) -> Iterator[Node]:
        """This one and all below."""
        yield self
        for one in self.contents.values():
            yield from one.walk()


def tree_of(plan: Plan) -> Node:
    """The address space of a show."""
    names, root = _names(plan), Node("/")
    for line, text in COMMANDS.items():
        address, *words = line.split(" ")
        if _understood(address, names, plan):
            way = _taken(words, text, names)
            for path in _spelt(address, names):
                _grown(root, path).ways.append(way)
    told = [(one.path, one.tags, one.text) for one in ANSWERS]
    of_main = {path: (tags, text) for path, tags, text in told}
    told += [(f"list/NAME/{word}", *of_main[word]) for word in LIST_TOLD if f"list/NAME/{word}" not in of_main]
    for path, tags, text in (*told, ARMED, HAPPENS):
        if _understood(path, names, plan):
            for one in _spelt(path.replace("NAME", NAMED.get(path.split("/")[0], "NAME")), names):
                _tell(_grown(root, one), tags, text)
    return root


def answer(root: Node, path: str, query: str, values: Mapping[str, Values]) -> tuple[int, Json | None]:
    """What GET of a path is answered, with the one attribute that the query asks for or, empty, all: HTTP status and JSON.
    HOST_INFO is told by `host_info`."""
    node = root.at(path) if path.startswith("/") else None
    if node is None:
        return NOT_FOUND, None
    if not query:
        return OK, node.json(values)
    if query in NOT_OURS:
        return NO_CONTENT, None
    if query not in ASKED:
        return BAD_REQUEST, None
    found = node.json(values) if query == "CONTENTS" else node.own(values)
    if query == "VALUE" and not found["ACCESS"] & 1:
        return NO_CONTENT, None
    return OK, {query: found[query]} if query in found else {}


def host_info(name: str, ip: str | None, port: int) -> Json:
    """Who answers, where OSC goes (`ip` None: to the address that was asked) and what is understood."""
    found: Json = {"NAME": name, "OSC_PORT": port, "OSC_TRANSPORT": "UDP", "EXTENSIONS": dict.fromkeys(EXTENSIONS, True)}
    return found if ip is None else found | {"OSC_IP": ip}


# --- how it grows --------------------------------------------------------------------------------------------------


def _names(plan: Plan) -> dict[str, list[str]]:
    """What stands for each word in capitals."""
    lit, house = {n for n, one in enumerate(plan.parameters) if one.name == "intensity"}, frozenset(plan.house)

    def held(*elements: tuple[int, ...]) -> bool:
        """Have they an intensity that a hand may hold? House lights have a command of their own."""
        every = [parameter for one in elements for parameter in one]
        return len(every) <= MOST_HELD and not lit.isdisjoint(every) and house.isdisjoint(every)

    tracks = () if plan.tracks is None else plan.tracks.tracks
    targets = [one.name for one in plan.groups if held(*one.elements)]
    targets += [one.name for one in plan.fixtures if held(one.parameters)]
    return {
        "LIST": _fit(one.name for one in plan.lists),
        "SUB": _fit(one.name for one in plan.submasters),
        "TRACK": _fit(one.name for one in tracks),
        "MARKER": _fit(marker.name for one in tracks for marker in one.markers),
        "WHO": _fit(() if plan.gestures is None else plan.gestures.performers),
        "FIXTURE": _fit(one.name for one in plan.fixtures),
        "TARGET": _fit(targets),
    }


def _fit(names: Iterable[str]) -> list[str]:
    """Those that can stand in an address, each once."""
    found = (name for name in dict.fromkeys(names) if name.isascii() and name.isprintable() and 0 < len(name) <= LONGEST_NAME)
    return [name for name in found if "/" not in name and name not in (".", "..")][:MOST_NAMES]


def _understood(address: str, names: Mapping[str, list[str]], plan: Plan) -> bool:
    first = address.split("/")[0]
    if first == "house" and not plan.house:
        return False
    return not any(part.isdigit() for part in address.split("/")) and (first not in NEEDS or bool(names[NEEDS[first]]))


def _spelt(address: str, names: Mapping[str, list[str]]) -> Iterator[str]:
    """Every address that is meant."""
    name = next((part for part in address.split("/") if part in names), None)
    yield from (address,) if name is None else (address.replace(name, one, 1) for one in names[name])


def _taken(words: list[str], text: str, names: Mapping[str, list[str]]) -> Way:
    if not words:
        return Way("I", text, 2, critical=True)
    kinds = [_kind(word, names) for word in words]
    fader = all(tag == "f" for tag, _ in kinds)
    return Way("".join(tag for tag, _ in kinds), text, 2, [span for _, span in kinds], critical=not fader)


def _kind(word: str, names: Mapping[str, list[str]]) -> tuple[str, Json | None]:
    if word in NUMBERS:
        return NUMBERS[word]
    if (span := _RANGE.fullmatch(word)) is not None:
        return "f", {"MIN": float(span[1]), "MAX": float(span[2])}
    return "s", {"VALS": names[word]} if names.get(word) else None


def _tell(node: Node, tags: str, text: str) -> None:
    """It is told under this address: as what is taken there, or as a kind of its own."""
    for way in node.ways:
        if way.tags == tags:
            node.ways[node.ways.index(way)] = Way(tags, way.text, 3, way.ranges, way.critical)
            return
    node.ways.append(Way(tags, text, 1))


def _grown(root: Node, path: str) -> Node:
    """The node of a path below /showctl, made where it is not there yet."""
    node = root
    for word in f"{ROOT}/{path}".split("/")[1:]:
        if word not in node.contents:
            node.contents[word] = Node(f"{node.path.rstrip('/')}/{word}")
        node = node.contents[word]
    return node
