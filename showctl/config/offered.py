"""What hands may call by name while a show runs: every group of the venue, and every palette of the show.

A palette is listed with its value for every parameter of every fixture that can show it, house lights and exempt fixtures
too, whether or not a cue uses it; whoever calls it takes those of the fixtures that he means.
"""

from __future__ import annotations

from collections.abc import Iterator

from showctl.config import schema, values
from showctl.config.look import Looks, Pick
from showctl.config.names import Element
from showctl.config.patch import Patch
from showctl.plan import Group, Palette


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
    for category, names in (
        ("intensity", written.intensity),
        ("colour", written.colour),
        ("position", {**written.position, **looks.positions, **looks.points}),
        ("beam", written.beam),
        ("preset", show.presets),
    ):
        for name in names:
            try:
                pick = looks.pick(category, name)
            except values.Bad:
                continue  # reported where it is written
            if pick is not None:
                yield Palette(category, name, _values(pick, patch))  # type: ignore[arg-type]


def _values(pick: Pick, patch: Patch) -> tuple[tuple[int, float], ...]:
    found: dict[int, float] = {}
    for unit in range(len(patch.units)):
        try:
            found.update(pick(Element(unit)))
        except values.Bad:
            continue  # this fixture cannot show it: said where a cue asks it to
    return tuple(sorted(found.items()))
