"""Gestures: how many are live at once, two bindings on one, and what nobody binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from showctl.config.tree import Node, Report
from showctl.plan import Gesture, GestureBinding, Window

MOST_LIVE = 5  # gestures of one performer at a time: with more they are confused
Placed = tuple[GestureBinding, int]  # and its place in `bind`


def gestures(root: Node, known: Mapping[str, Gesture], bindings: Sequence[Placed], report: Report) -> None:
    """All that is to be said of the bindings of a show together."""
    _twice(root, bindings, report)
    _live(root, known, bindings, report)


def unused_gestures(root: Node, known: Mapping[str, Gesture], report: Report) -> None:
    """Gestures that no binding names."""
    node, there = root.find(("bind",))
    rows = node.value if there == ("bind",) and isinstance(node.value, list) else []
    used = {child.value for row in rows if (child := row.child("gesture")) is not None}
    for name in known:
        if name not in used:
            report.warning(root.key("gestures", name), "W-unused", f"nothing is bound to the gesture `{name}`")


def _twice(root: Node, bindings: Sequence[Placed], report: Report) -> None:
    """Two bindings of one gesture that are armed by the same."""
    for (one, _), (other, i) in combinations(bindings, 2):
        if one.gesture == other.gesture and set(one.performers) & set(other.performers) and _meet(one.window, other.window):
            text = f"`{one.gesture}` is bound in line {one.line} already, and both are armed at the same time: which is meant?"
            report.error(root.at("bind", i, "gesture"), "E-bind-twice", text)


def _meet(one: Window, other: Window) -> bool:
    """Whether two windows of a kind may be open at once; of two kinds the more particular goes first."""
    if one.kind != other.kind:
        return False
    return one.kind != "cue" or (one.list == other.list and one.first <= other.last and other.first <= one.last)


def _live(root: Node, known: Mapping[str, Gesture], bindings: Sequence[Placed], report: Report) -> None:
    """More movements and postures of one performer than can be told apart, in any place of the lists."""
    moved = [(one, i) for one, i in bindings if one.gesture in known and known[one.gesture].sign.kind in ("movement", "posture")]
    for performer in dict.fromkeys(name for one, _ in moved for name in one.performers):
        mine = [(one, i) for one, i in moved if performer in one.performers]
        live = {one.gesture for one, _ in mine if one.window.kind != "cue"}
        for name in dict.fromkeys(one.window.list for one, _ in mine if one.window.kind == "cue"):
            live |= _busiest([one for one, _ in mine if one.window.kind == "cue" and one.window.list == name], live)
        if len(live) > MOST_LIVE:
            last = max(i for one, i in mine if one.gesture in live)
            text = (
                f"{len(live)} gestures of {performer} are live at once ({', '.join(sorted(live))}): only {MOST_LIVE} can be told"
            )
            report.error(root.at("bind", last, "gesture"), "E-too-many-gestures", f"{text} apart; arm them in different cues")


def _busiest(windows: Sequence[GestureBinding], live: set[str]) -> set[str]:
    """The gestures of the cue in which most of them are live: it is where one of the windows begins."""
    found: set[str] = set()
    for at in {one.window.first for one in windows}:
        here = {one.gesture for one in windows if one.window.first <= at <= one.window.last}
        if len(here - live) > len(found - live):
            found = here
    return found
