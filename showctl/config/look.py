"""What `set: {wash: {intensity: 70%, colour: warm}}` means: a value for each parameter.

The more particular target wins (fixture over group over `all`, a part of either over the whole); between equals the later line,
with a warning where the two differ. Within one target a parameter by its own name (`red: 50%`) goes over the category it
belongs to (`colour: warm`).

A target that has a parameter on none of its fixtures is a mistake, one that lacks it on some is worth a warning, except
under `all` and in a preset, which are mixed by nature.

A palette is looked up each time it is named, so a palette that changes in the file changes everywhere. A point of the room is
solved for each head on its own, from where the head stands before (`stands`): the compiler goes through each list by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from showctl.config import schema, values
from showctl.config.heads import parse_point, turn
from showctl.config.names import Element, Selection
from showctl.config.paint import Wanted, paint, parse
from showctl.config.patch import Patch
from showctl.config.points import Vector
from showctl.config.setting import setting
from showctl.config.tree import Mark, Node, Report, Where

CATEGORIES = ("intensity", "colour", "position", "beam")
ORDER = ("preset", *CATEGORIES)  # what is set first, the less particular; parameters by their own names come last
Values: TypeAlias = dict[int, float]
Pick: TypeAlias = Callable[[Element], Iterable[tuple[int, float]]]  # parameters and values of one element
Owners: TypeAlias = dict[int, tuple[tuple[int, int], str]]  # parameter -> how particular the target was that set it, and its name


@dataclass(frozen=True, slots=True)
class Remark:
    """What happened while a value was worked out for one fixture; `once` says it is no news for the next of its kind."""

    code: str
    text: str
    once: str = ""


@dataclass(slots=True)
class Looks:
    """Resolves the `set` of cues and looks. Without a patch (a show by itself) it only checks what it can."""

    report: Report
    patch: Patch | None = None
    positions: dict[str, dict[Element, dict[str, str]]] = field(default_factory=dict)  # of the venue
    points: Mapping[str, Vector] = field(default_factory=dict)  # of the venue
    palettes: schema.Palettes = field(default_factory=schema.Palettes)
    presets: Mapping[str, schema.Setting] = field(default_factory=dict)
    stands: Values = field(default_factory=dict)  # what is not at home before the cue that is being resolved
    broken: dict[str, frozenset[str]] = field(default_factory=dict)  # category -> palettes that have mistakes of their own
    own_fixtures: bool = True  # whether fixtures may be named, or only groups
    used: set[tuple[str, str]] = field(default_factory=set)  # (category, palette)
    groups: set[str] = field(default_factory=set)  # groups that were named
    origins: dict[int, str] = field(default_factory=dict)  # of what was resolved last: how the file says it
    unsure: bool = False  # whether something was left out because what it refers to has mistakes of its own
    bound: bool = False  # whether something that was resolved depends on where heads stand
    said: set[str] = field(default_factory=set)  # what is worth one warning only
    _remarks: list[Remark] = field(default_factory=list)
    _lines: dict[tuple[str, str, str], tuple[Values, set[tuple[str, str]]]] = field(default_factory=dict)
    # target, key, value -> what it comes to, and the palettes it uses
    _selected: dict[str, Selection] = field(default_factory=dict)
    _moving: bool = False  # whether what was just worked out depends on where heads stand

    def select(self, text: str, mark: Mark) -> Selection | None:
        """What a target names, None (and a report) if nothing, or if there is no venue to ask."""
        if self.patch is None:
            return None
        try:
            found = self.patch.names.select(text)
        except values.Bad as bad:
            self.report.error(mark, bad.code, str(bad))
            return None
        self.groups |= found.groups
        self.unsure |= not found.sure
        if found.fixtures and not self.own_fixtures:
            hint = f"`{text}` is a fixture: a show names groups, so make a group of it in the venue"
            self.report.error(mark, "E-fixture-in-show", f"{hint}, or write `venue: NAME` at the top of the show")
            return None
        if found.sure and found.elements:
            self._selected[text] = found
        return found if found.elements else None

    def resolve(self, targets: schema.Targets, root: Node, way: Where) -> Values:
        """Parameter -> value of everything under `way`."""
        chosen: Values = {}
        owners: Owners = {}
        self.origins.clear()
        for target, settings in targets.items():
            here = (*way, target)
            if (selection := self._selected.get(target)) is None:
                selection = self.select(target, root.key(*here))
            else:
                self.groups |= selection.groups
            found: Values = {}
            said: dict[int, str] = {}
            for name in by_order(settings):
                line = self._line(name, settings[name], selection, target, root, here)
                found.update(line)
                said.update(dict.fromkeys(line, f"{target} {name} {written(settings[name])}"))
            if selection is not None:
                if not chosen.keys().isdisjoint(found):
                    self._yield(found, chosen, owners, selection.reach, target, root.key(*here))
                    said = {p: said[p] for p in found}
                chosen.update(found)
                owners.update(dict.fromkeys(found, (selection.reach, target)))
                self.origins.update(said)
        return chosen

    def _line(
        self, name: str, given: Any, selection: Selection | None, target: str, root: Node, here: Where
    ) -> Mapping[int, float]:
        """The same line means the same in every cue, unless it depends on where heads stand or there is something to say."""
        key = (target, name, given) if isinstance(given, str) else ("", "", "")
        if (known := self._lines.get(key)) is not None:
            self.used |= known[1]
            return known[0]
        before, unsure, used = len(self.report.problems), self.unsure, self.used
        self.unsure, self._moving, self.used = False, False, set()
        line = self._one(name, given, selection, target, root.at(*here, name), root.key(*here, name))
        if key[0] and selection is not None and not (self.unsure or self._moving or len(self.report.problems) > before):
            self._lines[key] = line, self.used
        self.unsure |= unsure
        self.bound |= self._moving
        self.used = used | self.used
        return line

    def _yield(self, found: Values, chosen: Values, owners: Owners, reach: tuple[int, int], target: str, mark: Mark) -> None:
        """Take out of `found` what a more particular target has chosen; say who else is as particular and means otherwise."""
        clash: dict[str, int] = {}
        for parameter in [p for p in found if p in chosen]:
            other, named = owners[parameter]
            if other == reach and chosen[parameter] != found[parameter]:
                clash.setdefault(named, parameter)
            if other > reach:
                del found[parameter]
        for named, parameter in clash.items():
            assert self.patch is not None
            p = self.patch.parameters[parameter]
            text = f"`{target}` and `{named}` both set {p.name} of {p.fixture}: this line wins, being the later one"
            self.report.warning(mark, "W-set-twice", text)

    # --- one line of a set ---------------------------------------------------------------------------------------

    def _one(self, name: str, given: Any, selection: Selection | None, target: str, mark: Mark, key: Mark) -> Values:
        """`intensity: 70%` for every element of the selection."""
        try:
            pick = self.pick(name, given)
        except values.Bad as bad:
            place = key if bad.code == "E-unknown-key" else mark
            self.report.error(place, bad.code, str(bad))
            return {}
        if selection is None or pick is None:
            return {}
        return self._apply(name, pick, selection, target, mark)

    def pick(self, name: str, given: Any) -> Pick | None:
        """What `name: given` means; None where it refers to a mistake that is reported elsewhere. Raises Bad."""
        self._remarks.clear()
        kinds = {"colour": self._colour, "position": self._position, "beam": self._beam, "preset": self._preset}
        return kinds[name](given) if name in kinds else self._parameter(name, given)

    def _apply(self, name: str, pick: Pick, selection: Selection, target: str, mark: Mark) -> Values:
        assert self.patch is not None
        found: Values = {}
        lacking = []
        for element in selection.elements:
            known = len(self._remarks)
            try:
                values_here = dict(pick(element))
            except values.Bad as bad:
                self.report.error(mark, bad.code, str(bad))
                return {}
            found.update(values_here)
            if not values_here and len(self._remarks) == known:
                lacking.append(self.patch.units[element.unit].name)
            elif name == "intensity" and values_here and not element.cell:
                self._virtual_dimmer(element, mark)
        self._tell(mark, nothing=not found)
        if lacking and not found and selection.sure:
            self.report.error(mark, "E-no-parameter", f"nothing in `{target}` has {_what(name)}: {_list(lacking)}")
        elif lacking and selection.reach[0] > 0 and name != "preset":
            self.report.warning(
                mark, "W-no-parameter", f"{_list(lacking)} in `{target}` has not {_what(name)}, and stays as it is"
            )
        return found

    def _tell(self, mark: Mark, nothing: bool) -> None:
        """Report what was remarked: a head that cannot turn there is a mistake only where no other can."""
        for remark in self._remarks:
            if remark.once and remark.once in self.said:
                continue
            self.said.add(remark.once)
            if nothing and remark.code == "W-unreachable":
                self.report.error(mark, "E-unreachable", remark.text)
            else:
                self.report.warning(mark, remark.code, remark.text)
        self._remarks.clear()

    def _virtual_dimmer(self, element: Element, mark: Mark) -> None:
        assert self.patch is not None
        unit = self.patch.units[element.unit]
        kind = f"{unit.type.name} {unit.mode.name}"
        if unit.virtual and kind not in self.said:
            self.said.add(kind)
            self.report.warning(mark, "W-virtual-dimmer", f"{kind} ({unit.name}) has no dimmer: its colours are scaled instead")

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


WORDS = {
    "intensity": "an intensity",
    "colour": "such a colour",
    "position": "this position",
    "beam": "such a beam",
    "preset": "anything of this preset",
}


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


def _what(name: str) -> str:
    return WORDS.get(name, f"`{name}`")


def _list(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
