"""Palettes, presets, positions and points by themselves: every mistake in one is reported where it is written, used or not.

Whoever uses a palette with such a mistake hears nothing more of it. What no fixture of the room could show is found where a
cue asks for it. A preset mixes categories and parameters, and may name palettes but no presets, so that none can contain itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from showctl.config import schema, values
from showctl.config.heads import parse_point
from showctl.config.look import Looks
from showctl.config.meaning import CATEGORIES
from showctl.config.names import Element
from showctl.config.paint import parse
from showctl.config.patch import Patch
from showctl.config.tree import Node, Report


def check(show: schema.Show, root: Node, looks: Looks) -> None:
    """Look at every palette and preset of a show."""
    for name, given in show.palettes.colour.items():
        with _reported(root, looks, "palettes", "colour", name):
            parse(given)
    for name, setting in show.palettes.beam.items():
        _keys(setting, root, looks, "palettes", "beam", name)
    for name, given in show.palettes.position.items():
        _position(given, root, looks, name)
    for name, setting in show.presets.items():
        _preset(setting, root, looks, name)


def positions(venue: schema.Venue, root: Node, patch: Patch, report: Report) -> dict[str, dict[Element, dict[str, str]]]:
    """The positions of a venue, by fixture; every angle is looked at, used or not."""
    found: dict[str, dict[Element, dict[str, str]]] = {}
    looks = Looks(report=report, patch=patch)
    for name, targets in venue.positions.items():
        mine = found.setdefault(name, {})
        for target, angles in targets.items():
            way = ("positions", name, target)
            selection = looks.select(target, root.key(*way))
            looks.resolve({target: dict(angles)}, root, ("positions", name))
            for element in selection.elements if selection else ():
                mine[Element(element.unit)] = {**mine.get(Element(element.unit), {}), **angles}
    patch.used_groups |= looks.groups
    return found


def check_points(venue: schema.Venue, root: Node, report: Report) -> None:
    """A cue says `position: drums`, so a point cannot be called like a position."""
    for name in venue.points.keys() & venue.positions.keys():
        line = root.key("positions", name).line
        text = f"`{name}` is already a position, in line {line}: choose another name"
        report.error(root.key("points", name), "E-name-twice", text)


def _position(given: Any, root: Node, looks: Looks, name: str) -> None:
    way = ("palettes", "position", name)
    if isinstance(given, dict):
        with _reported(root, looks, *way):
            parse_point(given)
        return
    if not isinstance(given, str):
        text = "a position palette is a position or a point of the venue, or a point `{x: 1m, y: 3m, z: 1.5m}`"
        looks.report.error(root.at(*way), "E-type", text)
        return
    known = {**looks.positions, **looks.points}
    broken = looks.broken.get("positions", frozenset()) | looks.broken.get("points", frozenset())
    if looks.patch is not None and given not in known and given not in broken:
        near = values.did_you_mean(given, known)
        text = f"the venue has no position or point `{given[:80]}`{near}"
        looks.report.error(root.at(*way), "E-unknown-position", text)


def _preset(setting: schema.Setting, root: Node, looks: Looks, name: str) -> None:
    way = ("presets", name)
    if "preset" in setting:
        text = "a preset holds palettes and values, not presets: write what is in the other one"
        looks.report.error(root.key(*way, "preset"), "E-preset", text)
    if not setting:
        looks.report.error(root.at(*way), "E-empty", f"nothing is in the preset `{name}`: write its settings, or remove it")
    _keys({key: value for key, value in setting.items() if key not in (*CATEGORIES, "preset")}, root, looks, *way)
    for key in CATEGORIES:
        if key in setting:
            with _reported(root, looks, *way, key):
                looks.pick(key, setting[key])


def _keys(setting: schema.Setting, root: Node, looks: Looks, *way: str) -> None:
    """Every parameter is one that some fixture of the room has."""
    known = looks.patch.known() if looks.patch is not None else setting.keys()
    for key in setting:
        if key not in known:
            near = values.did_you_mean(key, known)
            looks.report.error(root.key(*way, key), "E-unknown-key", f"no fixture here has `{key[:80]}`{near}")


@contextmanager
def _reported(root: Node, looks: Looks, *way: str) -> Iterator[None]:
    """What is Bad in here is a mistake at this place."""
    try:
        yield
    except values.Bad as bad:
        looks.report.error(root.at(*way), bad.code, str(bad))
