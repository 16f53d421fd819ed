"""A colour on one fixture: what its emitters, filters, wheels and temperature channel do to show it.

`colour.mix` says how emitters and filters mix. Beside them a wheel turns to its free place, and a temperature channel to where
it does nothing: `colour: blood` says all about the colour of a fixture, whatever its wheel did in the cue before. Where nothing
mixes, the wheel (or a channel of fixed colours) turns to the place whose colour is nearest by `colour.difference`; which one
that is, and that it is not the colour asked for, goes back to whoever asked. Fixture files give the colours of places as a
screen shows them; a free place counts as white.

A temperature is set on its own channel where the fixture file says which kelvins that runs through; filters stay open then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from showctl.config import colour, values
from showctl.config.patch import Unit
from showctl.fixtures.model import COLOURS, SUBTRACTIVE, TEMPERATURES, WHEELS, Channel, Kind, Range

Wanted: TypeAlias = colour.Tint | dict[str, float]  # a colour, or levels of emitters by name
MIXING = frozenset((*COLOURS, "hue", "saturation"))


@dataclass(frozen=True, slots=True)
class Painted:
    """Parameters and values; and the place of a wheel, where that is only near to what was asked for."""

    levels: dict[int, float]
    slot: str = ""


def parse(given: Any) -> Wanted:
    """A colour as written, or levels of emitters by name; Bad if neither."""
    if isinstance(given, str):
        return values.tint(given)
    if not isinstance(given, dict) or not given:
        raise values.Bad("E-colour", 'a colour is "#rrggbb", `2900K`, or levels by emitter: `{white: 100%, blue: 40%}`')
    if wrong := [n for n in given if n not in COLOURS]:
        near = values.did_you_mean(wrong[0], COLOURS)
        raise values.Bad("E-colour", f"`{wrong[0][:80]}` is no emitter{near}: there are {', '.join(COLOURS)}")
    if not all(isinstance(v, str) for v in given.values()):
        raise values.Bad("E-type", "one level was expected for each emitter")
    return {name: values.level(text) for name, text in given.items()}


def paint(unit: Unit, cell: int, wanted: Wanted) -> Painted:
    """The colour on a cell, or on a whole fixture (cell 0) with all its cells; no levels where it cannot show it."""
    cells = (cell,) if cell else range(unit.mode.cells + 1)
    levels: dict[int, float] = {}
    for one in cells:
        present = frozenset(n for n, c in unit.parameters if c == one and n in MIXING)
        mixed = _named(wanted, present & {*COLOURS}) if isinstance(wanted, dict) else colour.mix(wanted, present)
        levels |= {unit.parameters[name, one]: value for name, value in mixed.items()}
    if isinstance(wanted, dict):
        return Painted(levels)
    wheels = [c for c in unit.mode.channels if c.cell in cells and c.base in WHEELS]
    warmth = [c for c in unit.mode.channels if c.cell in cells and c.base in TEMPERATURES]
    additive = any(name == "red" and unit.parameters[name, c] in levels for name, c in unit.parameters if c in cells)
    if not additive and (kelvin := _kelvin(unit, warmth, wanted)):
        still = {unit.parameters[n, c]: 0.0 for n, c in unit.parameters if c in cells and n in (*SUBTRACTIVE, "saturation")}
        return Painted({**still, **_rest(unit, wheels), **kelvin})
    if levels:
        return Painted({**levels, **_rest(unit, [*wheels, *warmth])})
    return _turned(unit, wheels, wanted)


def _named(levels: dict[str, float], present: frozenset[str]) -> dict[str, float]:
    """What is named, and the others out; nothing where none of them is there."""
    wanted = {name: value for name, value in levels.items() if name in present}
    return dict.fromkeys(sorted(present), 0.0) | wanted if wanted else {}


def _rest(unit: Unit, channels: Sequence[Channel]) -> dict[int, float]:
    """Where wheels, fixed colours and temperatures leave the light alone, as far as their file says."""
    found = {}
    for channel in channels:
        kinds = (Kind.NONE,) if channel.base == "colour-macro" else (Kind.OPEN, Kind.NONE)  # its white would hide what is mixed
        still = next((r.value for kind in kinds for r in channel.ranges if r.kind is kind), None)
        if still is not None:
            found[unit.parameters[channel.name, channel.cell]] = still
    return found


def _kelvin(unit: Unit, channels: Sequence[Channel], wanted: colour.Tint) -> dict[int, float]:
    """The temperature on the first channel that runs through it, nothing if none does."""
    kelvin = wanted.kelvin
    for channel in channels if kelvin is not None else ():
        for one in channel.ranges:
            low, high = one.physical if one.unit == "K" and one.kind is Kind.LEVEL and one.physical else (0.0, 0.0)
            if kelvin is not None and low != high and min(low, high) <= kelvin <= max(low, high):
                steps = one.first + (kelvin - low) / (high - low) * (one.last - one.first)
                return {unit.parameters[channel.name, channel.cell]: steps / 255}
    return {}


def _turned(unit: Unit, wheels: Sequence[Channel], wanted: colour.Tint) -> Painted:
    """The place of a wheel that is nearest, and every other wheel at its free one."""
    places = [(channel, one, light) for channel in wheels for one in channel.ranges if (light := _light(one)) is not None]
    if not any(one.kind is Kind.SLOT for _, one, _ in places):
        return Painted({})
    away = [colour.difference(wanted, light) for _, _, light in places]
    nearest = min(range(len(places)), key=lambda i: away[i])
    channel, one, _ = places[nearest]
    levels = {**_rest(unit, wheels), unit.parameters[channel.name, channel.cell]: one.value}
    return Painted(levels, one.label if away[nearest] > colour.NOTICEABLE else "")


def _light(one: Range) -> colour.Tint | None:
    """The colour of a place, None where it is not known or not one."""
    if one.kind is Kind.OPEN:
        return colour.from_digits("ffffff")
    return colour.from_digits(one.colour[1:]) if one.kind is Kind.SLOT and one.colour else None
