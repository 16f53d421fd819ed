"""A point of the room on one fixture: what its heads' pan and tilt must be, from where they stand.

A fixture has one head, or one in each of its cells; a cell that has only pan or only tilt cannot meet a point. All heads of a
fixture are taken to be at its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from showctl.config import values
from showctl.config.patch import Patch, Unit
from showctl.config.points import INSIDE, Reach, Vector, distance, solve


@dataclass(slots=True)
class Turned:
    """Parameters and values; and why a head cannot turn there."""

    levels: dict[int, float] = field(default_factory=dict)
    refused: str = ""


def parse_point(given: Any) -> Vector:
    """`{x: 1m, y: 3m, z: 1.5m}` -> metres; z is the floor where it is left out. Bad if it is no point."""
    if not isinstance(given, dict):
        raise values.Bad("E-type", "a point is `{x: 1m, y: 3m, z: 1.5m}`")
    if wrong := [key for key in given if key not in ("x", "y", "z")]:
        raise values.Bad("E-unknown-key", f"`{wrong[0][:80]}`: a point has x, y and z")
    if missing := [key for key in ("x", "y") if key not in given]:
        raise values.Bad("E-missing-key", f"`{missing[0]}` of the point is missing: write `{{x: 1m, y: 3m, z: 1.5m}}`")
    if not all(isinstance(value, str) for value in given.values()):
        raise values.Bad("E-type", "one length was expected for each of x, y and z")
    return values.metres(given["x"]), values.metres(given["y"]), values.metres(given.get("z", "0m"))


def turn(patch: Patch, unit: Unit, cell: int, point: Vector, what: str, stands: Mapping[int, float]) -> Turned:
    """Every head of a cell, or of a whole fixture (cell 0), to a point called `what`.

    `stands` has the value of each parameter that is not at home. Bad where the file of the venue leaves no answer.
    """
    found = Turned()
    for one in (cell,) if cell else range(unit.mode.cells + 1):
        pan, tilt = (unit.parameters.get((name, one)) for name in ("pan", "tilt"))
        if pan is not None and tilt is not None:
            _head(patch, unit, (pan, tilt), point, what, stands, found)
    return found


def _head(
    patch: Patch, unit: Unit, pair: tuple[int, int], point: Vector, what: str, stands: Mapping[int, float], found: Turned
) -> None:
    if not unit.placed:
        text = f"`{unit.family}` has no `place` in the venue file, and {what} can only be met from a known place"
        raise values.Bad("E-no-place", text)
    if (away := distance(unit.place, point)) < INSIDE:
        raise values.Bad("E-point-inside", f"{what} lies {away:.2f} m from {unit.name}, that is inside it: move one of them")
    spans, edges, coming = [], [], []
    for index in pair:
        p = patch.parameters[index]
        if p.degrees is None:
            found.refused = f"{unit.name} cannot be turned to {what}: its fixture file does not say how many degrees it turns"
            return
        low, wide = p.degrees[0], p.degrees[1] - p.degrees[0]
        spans.append((low, wide))
        edges.append((low + p.low * wide, low + p.high * wide))
        coming.append(low + stands.get(index, p.default) * wide)
    angles = solve(unit.place, point, Reach(edges[0], edges[1], (coming[0], coming[1])))
    if angles is None:
        found.refused = f"{unit.name} cannot turn to {what} within its range and limits"
        return
    for index, angle, (low, wide) in zip(pair, angles, spans, strict=True):
        found.levels[index] = (angle - low) / wide
