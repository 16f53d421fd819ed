"""What a hand says -> values by key: the small grammar of OSC, MQTT, the page and `showctl set`, against the compiled plan alone.

    wash intensity 70%        TARGET WHAT VALUE: a target as in a cue file (groups, fixtures, cells, `wash - par.3`, `all`)
    par.1 colour blood        colour, position, beam, preset, intensity: the name of a palette; or
    wash colour #ff8000       a colour as in a cue file: "#rrggbb", 2900K, gel L201, xy(0.3, 0.3); where only a wheel makes
                              colour the plan does not know its places, and a palette says which it is
    spot.1 pan 20deg          one parameter: a level, or an angle where it has one
    spots shutter open        or what a range of it is called: `krypton.1 gobo "Gobo 3"`
    1/101 128   1/101 50%     a slot: 0 to 255, or a level
    house 30%   house 30% 3s  the house lights, at once or in a time

    wash   wash colour   1/101     what to let go of: all of a target, one category or parameter of it, a slot

Nothing is guessed: whatever is not understood is Bad, with what was meant or what there is. Everything that is read from a show
file is already in the plan, so neither the schema nor YAML is needed here, and words are understood between two ticks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from showctl.config import colour, values
from showctl.config.names import Element, Names, Selection
from showctl.config.setting import setting
from showctl.config.values import Bad
from showctl.fixtures.model import COLOURS
from showctl.model import MOST_HELD, Hold, Park, SetHouse
from showctl.plan import Category, Palette, Parameter, Plan

Values: TypeAlias = tuple[tuple[str, float], ...]  # key, 0..1
CATEGORIES = ("intensity", "colour", "position", "beam", "preset")
LONGEST = 500  # characters
MIXING = frozenset((*COLOURS, "hue", "saturation"))
_ADDRESS = re.compile(r"[0-9]{1,5}/[0-9]{1,3}")
_LEVEL = re.compile(r"[0-9.]+%?|full|out")
_BYTE = re.compile(r"[0-9]{1,3}")


class Words:
    """The words that a plan understands."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.lists = frozenset(one.name for one in plan.lists)
        self.submasters = frozenset(one.name for one in plan.submasters)
        self.tracks = frozenset(one.name for one in (() if plan.tracks is None else plan.tracks.tracks))
        self.fixtures = frozenset(one.name for one in plan.fixtures)
        self.performers = frozenset(() if plan.gestures is None else plan.gestures.performers)
        self._palettes: dict[tuple[str, str], Palette] = {(p.category, p.name): p for p in plan.palettes}
        self._looks: dict[tuple[str, str], dict[int, float]] = {}  # values of the palettes that were called up
        self._own: dict[int, dict[tuple[str, int], int]] = {}  # (name, cell) -> parameter, of the fixtures that were named
        self._names = _names(plan)
        self._chosen: dict[str, Selection] = {}  # targets that were named; forgotten when there are too many
        self._freed: dict[str, tuple[str, ...]] = {}  # what was let go of; so is this

    # --- what is said --------------------------------------------------------------------------------------------------

    def asked(self, text: str, time: float, source: str) -> Hold | SetHouse:
        """What a line asks for: something held, or the house lights moved. Bad if it is not understood."""
        first, *rest = _split(text)
        if first == "house" and (not rest or _LEVEL.fullmatch(rest[0])):  # a lamp may be called so, too: `house intensity 30%`
            if not self._plan.house:
                raise Bad("E-words", "the venue file names no house lights: `house: [NAME]`")
            if not rest:
                raise Bad("E-words", "how bright? write `house 30%`, or `house 30% 3s`")
            return SetHouse(time=time, source=source, level=values.level(rest[0]), fade=_fade(rest[1:]))
        return Hold(time=time, source=source, values=self.hold(text))

    def parked(self, text: str, time: float, source: str) -> Park:
        """The same line, parked."""
        return Park(time=time, source=source, values=self.hold(text))

    def hold(self, text: str) -> Values:
        """`wash intensity 70%`, `1/101 128` -> keys and values; Bad if it is not understood."""
        said = _split(text)
        if _ADDRESS.fullmatch(said[0]):
            return ((self._address(said[0]), _raw(said[0], said[1:])),)
        target, rest = _target(said)
        if len(rest) < 2:
            raise Bad("E-words", f"`{text[:80]}`: write target, what and value, like `wash intensity 70%` or `wash colour blood`")
        what, value = rest[0], " ".join(rest[1:])
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        return self._said(target, what, lambda element: self._of(element, what, value))

    def level(self, target: str, what: str, level: float) -> Values:
        """One parameter of a target at 0..1 of its range, as a fader says it."""
        if target.isdigit() and what.isdigit():
            return ((self._address(f"{target}/{what}"), level),)
        if what in CATEGORIES[1:]:
            raise Bad("E-words", f"`{what}` is no fader: write the name of a palette or a parameter")
        return self._said(target, what, lambda element: ((p, level) for p in self._find(element, what)))

    def keys(self, text: str) -> tuple[str, ...]:
        """What to let go of: `wash`, `wash colour`, `spot.1 pan`, `1/101`. Bad if it is not understood."""
        if text not in self._freed:
            if len(self._freed) >= 64:
                self._freed.clear()
            self._freed[text] = self._keys(text)
        return self._freed[text]

    def _keys(self, text: str) -> tuple[str, ...]:
        said = _split(text)
        if _ADDRESS.fullmatch(said[0]):
            return (self._address(said[0]),)
        target, rest = _target(said)
        if len(rest) > 1:
            raise Bad("E-words", f"`{text[:80]}`: write a target and at most one parameter, like `wash colour`")
        what = rest[0] if rest else ""
        found = dict.fromkeys(p for element in self._select(target) for p in self._kind(element, what))
        for p in self._plan.house:
            found.pop(p, None)
        if not found:
            raise Bad("E-no-parameter", f"nothing in `{target}` has `{what}` to let go of{self._near(what)}")
        if len(found) > MOST_HELD:
            raise Bad(
                "E-words", f"that is {len(found)} values, and {MOST_HELD} at once are possible: let go of everything instead"
            )
        return tuple(self._plan.parameters[p].key for p in found)

    def named(self, target: str) -> tuple[str, ...]:
        """The fixtures of a target, each once. Bad if it names nothing."""
        return tuple(dict.fromkeys(self._plan.fixtures[element.unit].name for element in self._select(target)))

    # --- targets and parameters ------------------------------------------------------------------------------------------

    def _said(self, target: str, what: str, pick: Callable[[Element], Iterable[tuple[int, float]]]) -> Values:
        found = {p: v for element in self._select(target) for p, v in pick(element)}
        if not found:
            raise Bad("E-no-parameter", f"nothing in `{target}` has or can show that `{what}`{self._near(what)}")
        if len(found) > MOST_HELD:
            raise Bad("E-words", f"that is {len(found)} values, and {MOST_HELD} at once are possible: name fewer fixtures")
        if house := found.keys() & set(self._plan.house):
            name = self._plan.parameters[min(house)].fixture
            raise Bad("E-words", f"{name} is a house light, which only its own command moves: write `house 30%`")
        return tuple((self._plan.parameters[p].key, v) for p, v in found.items())

    def _select(self, target: str) -> tuple[Element, ...]:
        if target not in self._chosen:
            if len(self._chosen) >= 256:
                self._chosen.clear()
            self._chosen[target] = self._names.select(target)
        return self._chosen[target].elements

    def _parameters(self, unit: int) -> dict[tuple[str, int], int]:
        if unit not in self._own:
            parameters = self._plan.parameters
            self._own[unit] = {(parameters[i].name, parameters[i].cell): i for i in self._plan.fixtures[unit].parameters}
        return self._own[unit]

    def _find(self, element: Element, name: str) -> tuple[int, ...]:
        """The parameters of this name: of the whole fixture, else of all its cells."""
        own = self._parameters(element.unit)
        if (one := own.get((name, element.cell))) is not None:
            return (one,)
        return () if element.cell else tuple(index for (n, _), index in own.items() if n == name)

    def _reached(self, element: Element) -> list[int]:
        return [i for (_, cell), i in self._parameters(element.unit).items() if not element.cell or cell == element.cell]

    def _kind(self, element: Element, what: str) -> Iterable[int]:
        """All parameters of an element; of one category, or of one name."""
        if not what:
            return self._reached(element)
        if what in CATEGORIES[1:4]:
            return [i for i in self._reached(element) if self._plan.parameters[i].category == Category(what)]
        return self._find(element, what)

    # --- values ----------------------------------------------------------------------------------------------------------

    def _of(self, element: Element, what: str, value: str) -> Iterable[tuple[int, float]]:
        """Parameters of an element and their values."""
        if what in CATEGORIES and (what, value) in self._palettes:
            look = self._look(what, value)
            return [(p, look[p]) for p in self._reached(element) if p in look]
        if what == "colour" and values.is_colour(value):
            return self._mixed(element, values.tint(value))
        if what in CATEGORIES[1:]:
            raise self._unknown(what, value)
        return [(p, self._value(self._plan.parameters[p], value)) for p in self._find(element, what)]

    def _look(self, category: str, name: str) -> dict[int, float]:
        if (category, name) not in self._looks:
            self._looks[category, name] = dict(self._palettes[category, name].values)
        return self._looks[category, name]

    def _mixed(self, element: Element, tint: colour.Tint) -> Iterable[tuple[int, float]]:
        """A colour by what mixes it, in each cell; whatever else has to do with colour stands at rest."""
        own = self._parameters(element.unit)
        for cell in sorted({c for _, c in own}) if not element.cell else (element.cell,):
            here = {n: i for (n, c), i in own.items() if c == cell and self._plan.parameters[i].category is Category.COLOUR}
            levels = colour.mix(tint, frozenset(here) & MIXING)
            if levels:
                yield from ((i, levels.get(n, self._plan.parameters[i].default)) for n, i in here.items())

    def _value(self, p: Parameter, text: str) -> float:
        """A level, an angle or a label -> 0..1 of the parameter."""
        try:
            return setting(text, p)
        except Bad as bad:
            if bad.code == "E-level" and p.name in CATEGORIES:
                raise self._unknown(p.name, text) from None
            raise

    def _unknown(self, category: str, name: str) -> Bad:
        there = [n for c, n in self._palettes if c == category]
        near = values.did_you_mean(name, there)
        listed = f": there are {', '.join(there[:12])}" if there and not near else ""
        return Bad("E-unknown-palette", f"no {category} palette is called `{name[:80]}`{near}{listed}")

    def _near(self, what: str) -> str:
        known = {*CATEGORIES, *(p.name for p in self._plan.parameters)}
        return "" if what in known else values.did_you_mean(what, known)

    def _address(self, text: str) -> str:
        universe, slot = values.address(text)
        if universe not in (there := [u.number for u in self._plan.universes]):
            raise Bad("E-universe", f"`{text}`: this show has no universe {universe}, it has {', '.join(map(str, there[:12]))}")
        return f"{universe}/{slot}"


def _names(plan: Plan) -> Names:
    """What can be named, as the venue file has it."""
    names = Names(cells=[f.cells for f in plan.fixtures])
    units = {f.name: unit for unit, f in enumerate(plan.fixtures)}
    house = frozenset(plan.house)
    for unit, fixture in enumerate(plan.fixtures):
        names.families.setdefault(fixture.name.partition(".")[0], []).append(unit)
        if not all(plan.parameters[i].exempt or i in house for i in fixture.parameters):
            names.everything.append(unit)
    for group in plan.groups:
        elements = []
        for parameters in group.elements:
            name = plan.parameters[parameters[0]].fixture if parameters else ""
            if name in units:
                cells = {plan.parameters[i].cell for i in parameters}
                elements.append(Element(units[name], cells.pop() if len(cells) == 1 else 0))
        names.groups[group.name] = Selection(tuple(elements), (1, 0), groups=frozenset((group.name,)))
    return names


def _split(text: str) -> list[str]:
    if len(text) > LONGEST:
        raise Bad("E-words", f"more than {LONGEST} characters: make a group or a palette of it")
    if not (said := text.split()):
        raise Bad("E-words", "nothing was said: write target, what and value, like `wash intensity 70%`")
    return said


def _target(said: list[str]) -> tuple[str, list[str]]:
    """`wash - par.3 intensity 70%` -> "wash - par.3", and the rest."""
    end = 1
    while end + 1 < len(said) and said[end] in ("+", "-"):
        end += 2
    return " ".join(said[:end]), said[end:]


def _raw(address: str, said: list[str]) -> float:
    """`128`, `50%`, `full` -> 0..1."""
    if len(said) != 1:
        raise Bad("E-words", f"write `{address} 128`, or `{address} 50%`")
    if not _BYTE.fullmatch(said[0]):
        return values.level(said[0])
    if (value := int(said[0])) > 255:
        raise Bad("E-range", f"`{said[0]}`: a slot goes from 0 to 255")
    return value / 255


def _fade(said: list[str]) -> float:
    return values.seconds(" ".join(said)) if said else 0.0
