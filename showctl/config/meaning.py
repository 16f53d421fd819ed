"""What one line of a set means, `colour: warm` or `red: 50%`: values for the parameters of whatever element it is applied to.

A palette is looked up each time it is named, so a palette that changes in the file changes everywhere. A point of the room is
solved for each head on its own, from where the head stands before (`stands`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from showctl.config import schema, values
from showctl.config.heads import parse_point, turn
from showctl.config.names import Element
from showctl.config.paint import Wanted, paint, parse
from showctl.config.patch import Patch
from showctl.config.points import Vector
from showctl.config.setting import setting

CATEGORIES = ("intensity", "colour", "position", "beam")
ORDER = ("preset", *CATEGORIES)  # what is set first, the less particular; parameters by their own names come last
Values: TypeAlias = dict[int, float]
Pick: TypeAlias = Callable[[Element], Iterable[tuple[int, float]]]  # parameters and values of one element


@dataclass(frozen=True, slots=True)
class Remark:
    """What happened while a value was worked out for one fixture; `once` says it is no news for the next of its kind."""

    code: str
    text: str
    once: str = ""


@dataclass(slots=True, kw_only=True)
class Meaning:
    """Knows fixtures, positions and palettes. Without a patch (a show by itself) it only checks what it can."""

    patch: Patch | None = None
    positions: dict[str, dict[Element, dict[str, str]]] = field(default_factory=dict)  # of the venue
    points: Mapping[str, Vector] = field(default_factory=dict)  # of the venue
    palettes: schema.Palettes = field(default_factory=schema.Palettes)
    presets: Mapping[str, schema.Setting] = field(default_factory=dict)
    stands: Values = field(default_factory=dict)  # what is not at home before the cue that is being resolved
    broken: dict[str, frozenset[str]] = field(default_factory=dict)  # category -> palettes that have mistakes of their own
    used: set[tuple[str, str]] = field(default_factory=set)  # (category, palette)
    unsure: bool = False  # whether something was left out because what it refers to has mistakes of its own
    _remarks: list[Remark] = field(default_factory=list)
    _moving: bool = False  # whether what was just worked out depends on where heads stand

    def pick(self, name: str, given: Any) -> Pick | None:
        """What `name: given` means; None where it refers to a mistake that is reported elsewhere. Raises Bad."""
        self._remarks.clear()
        kinds = {"colour": self._colour, "position": self._position, "beam": self._beam, "preset": self._preset}
        return kinds[name](given) if name in kinds else self._parameter(name, given)

    # --- what the value of each key means: -> function of an element, yielding (parameter, value) -----------------

    def _palette(self, category: str, given: Any, known: Mapping[str, Any]) -> str | None:
        """The name of a palette, None if `given` is none; Bad if it looks like one and is not."""
        if not isinstance(given, str) or given not in known:
            return None
        self.used.add((category, given))
        return given

    def _unknown(self, category: str, given: str, known: Mapping[str, Any]) -> None:
        """Nothing, if the name is that of a palette with mistakes of its own; Bad if nobody knows it."""
        if given in self.broken.get(category, ()):
            self.unsure = True
            return
        near = values.did_you_mean(given, known)
        there = f": there are {', '.join(list(known)[:12])}" if known and not near else ""
        what = category if category == "preset" else f"{category} palette"
        raise values.Bad("E-unknown-palette", f"no {what} is called `{given[:80]}`{near}{there}")

    def _parameter(self, name: str, given: Any) -> Pick | None:
        if name == "intensity" and (palette := self._palette("intensity", given, self.palettes.intensity)) is not None:
            level = self.palettes.intensity[palette]
            return lambda element: ((p, level) for p in self._find(element, name))
        if not isinstance(given, str):
            raise values.Bad("E-type", f"one value was expected for `{name}`, not a list or a mapping")
        if name == "intensity" and given in self.broken.get("intensity", ()):
            self.unsure = True
            return None
        if name == "intensity":
            level = self._level(given)
            return lambda element: ((p, level) for p in self._find(element, name))
        if self.patch is not None and name not in self.patch.known():
            known = {*CATEGORIES, *self.patch.known()}
            near = values.did_you_mean(name, known)
            raise values.Bad("E-unknown-key", f"no fixture here has `{name[:80]}`{near}: write {', '.join(sorted(known))}")
        return lambda element: self._set(element, name, given)

    def _level(self, given: str) -> float:
        try:
            return values.level(given)
        except values.Bad as bad:
            known = self.palettes.intensity
            if bad.code == "E-level" and known and (near := values.did_you_mean(given, known)):
                raise values.Bad("E-unknown-palette", f"no intensity palette is called `{given}`{near}") from None
            raise

    def _colour(self, given: Any) -> Pick | None:
        if isinstance(given, str) and not values.is_colour(given) and given:
            if (name := self._palette("colour", given, self.palettes.colour)) is None:
                self._unknown("colour", given, self.palettes.colour)
                return None
            try:
                wanted = parse(self.palettes.colour[name])
            except values.Bad:
                self.unsure = True  # said where the palette is written
                return None
        else:
            wanted = parse(given)
        return lambda element: self._paint(element, wanted, given)

    def _position(self, given: Any) -> Pick | None:
        if isinstance(given, dict):
            if given.keys() & {"x", "y", "z"}:
                point = parse_point(given)
                return lambda element: self._turn(element, point, "this point")
            return self._several(given)
        if not isinstance(given, str):
            raise values.Bad("E-type", "a position is a name, `{pan: 20deg, tilt: 45deg}` or a point `{x: 1m, y: 3m, z: 1.5m}`")
        if (name := self._palette("position", given, self.palettes.position)) is not None:
            given = self.palettes.position[name]
            if not isinstance(given, str):
                return self._placed(name, given)
        wrong = name is not None and given not in {**self.positions, **self.points}  # said where the palette is written
        if self.patch is None or wrong or any(given in self.broken.get(k, ()) for k in ("position", "positions", "points")):
            self.unsure = True
            return None
        if given in self.points:
            return lambda element: self._turn(element, self.points[given], f"the point `{given}`")
        if given not in self.positions:
            known = {**self.palettes.position, **self.positions, **self.points}
            near = values.did_you_mean(given, known)
            raise values.Bad("E-unknown-position", f"neither show nor venue has a position or point `{given[:80]}`{near}")
        angles = self.positions[given]
        return lambda element: [
            pair for name, text in angles.get(Element(element.unit), {}).items() for pair in self._set(element, name, text)
        ]

    def _placed(self, name: str, given: Any) -> Pick | None:
        """A palette that is a point."""
        try:
            point = parse_point(given)
        except values.Bad:
            self.unsure = True  # said where the palette is written
            return None
        return lambda element: self._turn(element, point, f"the point `{name}`")

    def _beam(self, given: Any) -> Pick | None:
        if isinstance(given, dict):
            return self._several(given)
        if not isinstance(given, str):
            raise values.Bad("E-type", "a beam is the name of a palette, or `{shutter: open}`")
        if (name := self._palette("beam", given, self.palettes.beam)) is None:
            self._unknown("beam", given, self.palettes.beam)
            return None
        return self._several(self.palettes.beam[name])

    def _preset(self, given: Any) -> Pick | None:
        if not isinstance(given, str):
            raise values.Bad("E-type", "a preset is called by its name")
        if given not in self.presets:
            if given.endswith("%") or given in ("full", "out"):
                raise values.Bad(
                    "E-unknown-palette", f"`{given[:80]}` alone is a preset's name: write `{{intensity: {given[:80]}}}`"
                )
            self._unknown("preset", given, self.presets)
            return None
        self.used.add(("preset", given))
        picks = []
        for name in by_order(self.presets[given]):
            if name == "preset":
                self.unsure = True  # said where the preset is written
                continue
            try:
                picks.append(self.pick(name, self.presets[given][name]))
            except values.Bad:
                self.unsure = True  # as well
        return _together(picks) if any(pick is not None for pick in picks) else None

    def _several(self, given: Mapping[str, Any]) -> Pick:
        return _together([self._parameter(name, value) for name, value in given.items()])

    # --- reaching the parameters ---------------------------------------------------------------------------------

    def _find(self, element: Element, name: str) -> tuple[int, ...]:
        assert self.patch is not None
        return self.patch.find(element, name)

    def _set(self, element: Element, name: str, text: str) -> Iterator[tuple[int, float]]:
        assert self.patch is not None
        channel = self.patch.units[element.unit].mode.channel(name, element.cell)
        for parameter in self._find(element, name):
            yield parameter, setting(text, channel)

    def _paint(self, element: Element, wanted: Wanted, given: Any) -> Iterable[tuple[int, float]]:
        assert self.patch is not None
        unit = self.patch.units[element.unit]
        painted = paint(unit, element.cell, wanted)
        if painted.slot:
            kind = f"{unit.type.name} {unit.mode.name}"
            text = f"{unit.name} ({kind}) has no `{written(given)}` on its wheel: it turns to `{painted.slot}`, which is nearest"
            self._remarks.append(Remark("W-wheel-colour", text, f"{kind} {given}"))
        return painted.levels.items()

    def _turn(self, element: Element, point: Vector, what: str) -> Iterable[tuple[int, float]]:
        assert self.patch is not None
        unit = self.patch.units[element.unit]
        self._moving = True
        turned = turn(self.patch, unit, element.cell, point, what, self.stands)
        if turned.refused:
            self._remarks.append(Remark("W-unreachable", turned.refused))
        return turned.levels.items()


def by_order(settings: Mapping[str, Any]) -> list[str]:
    """The keys of a setting, the less particular first."""
    return sorted(settings, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


def _together(picks: Iterable[Pick | None]) -> Pick:
    """All of them, the later over the earlier."""
    known = [pick for pick in picks if pick is not None]
    return lambda element: {index: value for pick in known for index, value in pick(element)}.items()


def written(given: Any) -> str:
    """A value as the file has it, in a line: `blood`, `{pan: 10deg}`."""
    if isinstance(given, dict):
        return "{" + ", ".join(f"{key}: {written(value)}" for key, value in given.items()) + "}"
    return str(given)
