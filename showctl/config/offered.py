"""What hands may call by name while a show runs: every group of the venue, and every palette of the show.

A palette is listed with its value for every parameter of every fixture that can show it, house lights and exempt fixtures
too, whether or not a cue uses it; whoever calls it takes those of the fixtures that he means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from showctl.config import schema, values
from showctl.config.look import Looks
from showctl.config.meaning import Pick
from showctl.config.names import Element
from showctl.config.patch import Patch
from showctl.plan import Group, Palette

Kind: TypeAlias = Literal["intensity", "colour", "position", "beam", "preset"]


def groups(patch: Patch) -> tuple[Group, ...]:
    """The groups of the venue, in the order of the file; elements in the order of the group."""
    return tuple(
        Group(name, tuple(patch.units[e.unit].reached(e.cell) for e in selection.elements))
        for name, selection in patch.names.groups.items()
    )


def palettes(show: schema.Show, looks: Looks, patch: Patch) -> tuple[Palette, ...]:
    """The palettes and presets of the show, the positions and points of the venue; heads turn to points from home."""
    return tuple(_palettes(show, looks, patch))


def _palettes(show: schema.Show, looks: Looks, patch: Patch) -> Iterator[Palette]:
    written = show.palettes
    offered: tuple[tuple[Kind, Mapping[str, object]], ...] = (
        ("intensity", written.intensity),
        ("colour", written.colour),
        ("position", {**written.position, **looks.positions, **looks.points}),
        ("beam", written.beam),
        ("preset", show.presets),
    )
    for category, names in offered:
        for name in names:
            try:
                pick = looks.pick(category, name)
            except values.Bad:
                continue  # reported where it is written
            if pick is not None:
                own = category == "position" or (category == "preset" and "position" in show.presets[name])
                yield Palette(category, name, tuple(sorted(_values(pick, patch, own).items())))


def _values(pick: Pick, patch: Patch, own: bool) -> dict[int, float]:
    """Parameter -> value on every fixture. Unless each has its own, fixtures of one mode have the same."""
    found: dict[int, float] = {}
    known: dict[int, list[tuple[tuple[str, int], float]]] = {}
    for number, unit in enumerate(patch.units):
        if own or id(unit.mode) not in known:
            keys = {index: key for key, index in unit.parameters.items()}
            try:
                known[id(unit.mode)] = [(keys[index], value) for index, value in pick(Element(number))]
            except values.Bad:
                known[id(unit.mode)] = []  # it cannot show it: said where a cue asks it to
        found.update((unit.parameters[key], value) for key, value in known[id(unit.mode)])
    return found
