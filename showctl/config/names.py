"""What the names of a file mean in a room: fixtures, cells and groups -> elements, in order.

An element is one fixture or one cell of it; order is data, because effects spread along it.

    par            every fixture of `par: {at: [1/1, 1/7]}`, in the order of its addresses
    par.1  par.2-4  par.4-2  par.odd  par.even     some of them, counted from 1, in the order written; the same works on groups
    par.reverse    the last first
    bar.cells      every cell; bar.1.cells  the cells of one;  wash.cells  of a group
    wash - par.3   without;   front + side  both, each element once;   wash & front  those of the first that are in the second
    all            every fixture that is not exempt (house lights, hazers and whatever is measured stand apart)

Signs are worked off from the left. A fixture contains its cells: `bar - bar.1.cells.3` leaves the other cells of bar.1,
and `bar + bar.1.cells` is `bar`.

`reach` says how particular a name is: all 0, group 1, fixtures of one name 2; each step (`.odd`, `.2`, `.cells`) adds to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from showctl.config.values import Bad, did_you_mean

_STEP = re.compile(r"[0-9]{1,5}(?:-[0-9]{1,5})?|odd|even|cells|reverse")
SIGN = re.compile(r" ([+&-]) ")
MAX_TERMS = 50


@dataclass(frozen=True, slots=True, order=True)
class Element:
    """One fixture (cell 0) or one cell of it (from 1)."""

    unit: int  # index into Names.units
    cell: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """What a name means. Where it refers to something that has mistakes of its own, it is not `sure` to be complete."""

    elements: tuple[Element, ...]
    reach: tuple[int, int] = (0, 0)
    sure: bool = True
    fixtures: bool = False  # whether it names fixtures rather than groups
    groups: frozenset[str] = frozenset()  # groups it names


@dataclass(slots=True)
class Names:
    """Everything in a room that can be named."""

    cells: list[int] = field(default_factory=list)  # of each unit
    families: dict[str, list[int]] = field(default_factory=dict)  # fixture name -> units
    groups: dict[str, Selection] = field(default_factory=dict)
    everything: list[int] = field(default_factory=list)  # units that `all` means
    broken: frozenset[str] = frozenset()  # names that are written, and that have mistakes

    def select(self, text: str) -> Selection:
        """The elements that a target names; Bad if it names nothing."""
        parts = SIGN.split(text.strip())
        if len(parts) > 2 * MAX_TERMS:
            raise Bad("E-selection", f"more than {MAX_TERMS} names in one line: make a group of them")
        total = self._term(parts[0])
        for sign, term in zip(parts[1::2], parts[2::2], strict=True):
            other = self._term(term)
            total = Selection(
                self._joined(sign, total.elements, other.elements),
                total.reach,
                total.sure and other.sure,
                total.fixtures or other.fixtures,
                total.groups | other.groups,
            )
        if not total.elements and total.sure:
            raise Bad("E-empty-group", f"`{text}` leaves nothing: no fixture is in it")
        return total

    def _joined(self, sign: str, first: tuple[Element, ...], second: tuple[Element, ...]) -> tuple[Element, ...]:
        """Elements by `+`, `-` or `&`: each once, in the order of the first."""
        if sign == "+":
            return once((*first, *second))
        named = set(second)
        inside = {e for e in first if e in named or Element(e.unit) in named}
        if sign == "&":
            return tuple(e for e in first if e in inside)
        cut = {e.unit for e in second if e.cell}  # fixtures of which some cells go
        return tuple(
            one
            for e in first
            if e not in inside
            for one in (self._cells(e) if not e.cell and e.unit in cut else (e,))
            if one not in named
        )

    def _cells(self, element: Element) -> tuple[Element, ...]:
        """The cells of a fixture."""
        return tuple(Element(element.unit, cell) for cell in range(1, self.cells[element.unit] + 1))

    def _term(self, text: str) -> Selection:
        base, *steps = text.strip().split(".")
        found = self._base(base)
        elements = found.elements
        for step in steps:
            if not _STEP.fullmatch(step):
                near = did_you_mean(step, ("cells", "odd", "even", "reverse"))
                listed = "`.2`, `.1-4`, `.odd`, `.even`, `.reverse` or `.cells`"
                raise Bad("E-selection", f"`.{step}` in `{text}`: write {listed}{near}")
            try:
                elements = self._step(elements, step, text)
            except Bad:
                if found.sure:
                    raise
                elements = ()  # what was cut out of it might have been meant
        return Selection(elements, (found.reach[0], len(steps)), found.sure, found.fixtures, found.groups)

    def _base(self, name: str) -> Selection:
        if name == "all":
            return Selection(tuple(Element(u) for u in self.everything), (0, 0), not self.broken)
        if name in self.families:
            units = tuple(Element(u) for u in self.families[name])
            return Selection(units, (2, 0), name not in self.broken, fixtures=True)
        if name in self.groups:
            group = self.groups[name]
            return Selection(group.elements, (1, 0), group.sure, groups=frozenset((name,)))
        if name in self.broken:
            return Selection((), (1, 0), sure=False)
        known = [*self.families, *self.groups, "all"]
        near = did_you_mean(name, known)
        listed = "" if near else f": there are {', '.join(known[:12])}{' ...' if len(known) > 12 else ''}"
        raise Bad("E-unknown-group", f"no fixture or group is called `{name[:80]}`{near}{listed}")

    def _step(self, elements: tuple[Element, ...], step: str, text: str) -> tuple[Element, ...]:
        if step == "cells":
            cells = tuple(c for e in elements for c in ((e,) if e.cell else self._cells(e)))
            if not cells or all(self.cells[e.unit] < 2 for e in elements):
                raise Bad("E-selection", f"`{text}`: nothing there has cells")
            return tuple(c if self.cells[c.unit] > 1 else Element(c.unit) for c in cells)
        if step in ("odd", "even"):
            return elements[step == "even" :: 2]
        if step == "reverse":
            return elements[::-1]
        first, _, last = step.partition("-")
        start, end = int(first), int(last or first)
        if not (1 <= start <= len(elements) and 1 <= end <= len(elements)):
            raise Bad("E-selection", f"`{text}`: there are 1 to {len(elements)}")
        return elements[start - 1 : end] if start <= end else elements[end - 1 : start][::-1]


def once(elements: Iterable[Element]) -> tuple[Element, ...]:
    """Each once, in their order; a cell whose whole fixture is among them is in it already."""
    listed = dict.fromkeys(elements)
    whole = {e.unit for e in listed if not e.cell}
    return tuple(e for e in listed if not e.cell or e.unit not in whole)
