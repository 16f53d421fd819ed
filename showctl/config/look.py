"""What `set: {wash: {intensity: 70%, colour: warm}}` means: a value for each parameter.

The more particular target wins (fixture over group over `all`, a part of either over the whole); between equals the later line,
with a warning where the two differ. Within one target a parameter by its own name (`red: 50%`) goes over the category it
belongs to (`colour: warm`).

A target that has a parameter on none of its fixtures is a mistake, one that lacks it on some is worth a warning, except
under `all` and in a preset, which are mixed by nature.

What one line says is known by `meaning`; the compiler goes through each list by number, so that it is known where heads stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from showctl.config import schema, values
from showctl.config.meaning import Meaning, Pick, Values, by_order, written
from showctl.config.names import Element, Selection
from showctl.config.tree import Mark, Node, Report, Where

Owners: TypeAlias = dict[int, tuple[tuple[int, int], str]]  # parameter -> how particular the target was that set it, and its name


@dataclass(slots=True, kw_only=True)
class Looks(Meaning):
    """Resolves the `set` of cues and looks, and reports what is wrong with them."""

    report: Report
    own_fixtures: bool = True  # whether fixtures may be named, or only groups
    groups: set[str] = field(default_factory=set)  # groups that were named
    origins: dict[int, str] = field(default_factory=dict)  # of what was resolved last: how the file says it
    bound: bool = False  # whether something that was resolved depends on where heads stand
    said: set[str] = field(default_factory=set)  # what is worth one warning only
    _lines: dict[tuple[str, str, str], tuple[Values, set[tuple[str, str]]]] = field(default_factory=dict)
    # target, key, value -> what it comes to, and the palettes it uses
    _selected: dict[str, Selection] = field(default_factory=dict)

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


WORDS = {
    "intensity": "an intensity",
    "colour": "such a colour",
    "position": "this position",
    "beam": "such a beam",
    "preset": "anything of this preset",
}


def _what(name: str) -> str:
    return WORDS.get(name, f"`{name}`")


def _list(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
