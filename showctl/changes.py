"""What tells one plan from another, in the words of whoever wrote the files; and whom a new patch would move.

Parameters are compared by their keys: a fixture that is put in between moves every index behind it and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.plan import (
    Category,
    Cue,
    EffectStart,
    Group,
    Palette,
    PaPlan,
    Parameter,
    PatchedFixture,
    Plan,
    Submaster,
    Universe,
)

NAMED = 6  # of so many the names are said
TOLD = {  # fields of a plan that have no words of their own below -> what they are called
    "effects": "effect",
    "submasters": "submaster",
    "groups": "group",
    "palettes": "palette",
    "universes": "universe",
}
LOOKS = {"start": "the look before the first cue", "safe": "the look of last resort", "stop": "the look at the end"}
COVERED = {"parameters", "fixtures", "lists", "pa", "venue", "show", *TOLD, *LOOKS}


def changes(old: Plan, new: Plan, playing: Mapping[str, str]) -> tuple[str, ...]:
    """What is another, one line a kind: "2 cues changed: main 3 (playing), 4". `playing` is the current cue of each list."""
    alike = _alike(old, new)
    found = list(_lists(old, new, playing, alike))
    for name, word in TOLD.items():
        found += _named(word, getattr(old, name), getattr(new, name), alike)
    found += _patched(old, new)
    found += [f"{words} changed" for name, words in LOOKS.items() if not alike(getattr(old, name), getattr(new, name))]
    found += _room(old.pa, new.pa)
    rest = [f.name for f in fields(Plan) if f.name not in COVERED and getattr(old, f.name) != getattr(new, f.name)]
    found += [f"{name.replace('_', ' ')} changed" for name in rest]
    if (old.venue, old.show) != (new.venue, new.show):
        found.append(f"now called {new.venue} / {new.show}")
    return tuple(found)


def moved(old: Plan, new: Plan) -> tuple[str, ...]:
    """Fixtures that would get other slots, or none any more."""
    there = _slots(new)
    return tuple(name for name, slots in _slots(old).items() if slots and there.get(name) != slots)


def lit(plan: Plan, slots: NDArray[np.uint8], names: Iterable[str]) -> tuple[str, ...]:
    """Which of these fixtures give light in a frame (universes, 512) of the plan: their dimmers, or else their colours."""
    rows, wanted = {one.number: i for i, one in enumerate(plan.universes)}, set(names)
    found = {}
    for parameter in plan.parameters:
        if parameter.fixture in wanted and parameter.universe in rows and _shines(parameter):
            level = slots[rows[parameter.universe], parameter.slots[0] - 1] / 255
            if (1.0 - level if parameter.invert else level) > parameter.span[0]:
                found[parameter.fixture] = True
    return tuple(found)


def _shines(parameter: Parameter) -> bool:
    return bool(parameter.slots) and (parameter.category is Category.INTENSITY or bool(parameter.masters))


def _slots(plan: Plan) -> dict[str, list[tuple[str, int, tuple[int, ...]]]]:
    found: dict[str, list[tuple[str, int, tuple[int, ...]]]] = {}
    for parameter in plan.parameters:
        mine = found.setdefault(parameter.fixture, [])
        if parameter.slots:
            mine.append((parameter.key, parameter.universe, parameter.slots))
    return found


# --- what is named ---------------------------------------------------------------------------------------------------


def _lists(old: Plan, new: Plan, playing: Mapping[str, str], alike: _Alike) -> Iterable[str]:
    was, now = {one.name: one for one in old.lists}, {one.name: one for one in new.lists}
    yield from _come_and_gone("list", was, now)
    several = len(was.keys() | now.keys()) > 1
    more, gone, other = [], [], []
    for name in was.keys() & now.keys():
        before, after = ({f"{cue.number:f}": cue for cue in one.cues} for one in (was[name], now[name]))
        if replace(was[name], cues=()) != replace(now[name], cues=()):
            yield f"settings of list {name} changed"
        for number in {**before, **after}:
            words = f"{name} {number}" if several else number
            words += " (playing)" if playing.get(name) == number else ""
            if number not in before:
                more.append(words)
            elif number not in after:
                gone.append(words)
            elif before[number] is not after[number] and not alike(before[number], after[number]):
                other.append(words)
    yield from (
        line for what, names in (("new", more), ("gone", gone), ("changed", other)) for line in _count("cue", names, what)
    )


def _named(word: str, old: Sequence[Any], new: Sequence[Any], alike: _Alike) -> Iterable[str]:
    was, now = ({_name(one): one for one in each} for each in (old, new))
    yield from _come_and_gone(word, was, now)
    yield from _count(word, [n for n in was if n in now and not alike(was[n], now[n])], "changed")


def _name(one: Any) -> str:
    if isinstance(one, Universe):
        return str(one.number)
    return f"{one.category} {one.name}" if isinstance(one, Palette) else str(one.name)


def _patched(old: Plan, new: Plan) -> Iterable[str]:
    was, now = ({one.name: one for one in plan.fixtures} for plan in (old, new))
    yield from _come_and_gone("fixture", was, now)
    repatched = [name for name in moved(old, new) if name in now]
    yield from _count("fixture", repatched, "repatched")
    mine, theirs = _parameters(old), _parameters(new)
    other = [n for n in was if n in now and n not in repatched and (mine[n], _look(was[n])) != (theirs[n], _look(now[n]))]
    yield from _count("fixture", other, "changed")


def _look(fixture: PatchedFixture) -> PatchedFixture:
    return replace(fixture, parameters=())


def _parameters(plan: Plan) -> dict[str, list[Parameter]]:
    """Of each fixture, with the keys of what scales them instead of indices."""
    found: dict[str, list[Parameter]] = {one.name: [] for one in plan.fixtures}
    for parameter in plan.parameters:
        if parameter.fixture in found:
            masters: Any = tuple(plan.parameters[i].key for i in parameter.masters)
            found[parameter.fixture].append(replace(parameter, masters=masters))
    return found


def _room(old: PaPlan | None, new: PaPlan | None) -> Iterable[str]:
    """What is another of the room's sound."""
    if (old is None) != (new is None):
        yield f"the room's sound is {'new' if old is None else 'gone'}"
    elif old != new:
        names = [f.name.replace("_", " ") for f in fields(PaPlan) if getattr(old, f.name) != getattr(new, f.name)]
        yield f"of the room's sound changed: {', '.join(names)}"
    if _sensor(new) not in (None, _sensor(old)):
        yield "the sensor of the room's air takes effect at the next start"


def _sensor(pa: PaPlan | None) -> object:
    return None if pa is None or pa.climate is None else pa.climate.sensor


def _come_and_gone(word: str, was: Mapping[str, object], now: Mapping[str, object]) -> Iterable[str]:
    yield from _count(word, [name for name in now if name not in was], "new")
    yield from _count(word, [name for name in was if name not in now], "gone")


def _count(word: str, names: Sequence[str], what: str) -> Iterable[str]:
    if names:
        shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
        yield f"{len(names)} {word}{'s' * (len(names) != 1)} {what}: {shown}"


# --- alike, whatever the indices -------------------------------------------------------------------------------------

_Alike: TypeAlias = Callable[[Any, Any], bool]


def _alike(old: Plan, new: Plan) -> _Alike:
    """Compares values of the two plans; where a parameter has another index now, by what it is called."""
    keys, others = [p.key for p in old.parameters], [p.key for p in new.parameters]
    same = keys == others
    return lambda a, b: bool(_told(a, None if same else keys) == _told(b, None if same else others))


def _told(value: Any, keys: Sequence[str] | None) -> Any:
    """A value of a plan without its place in the file, and with the keys of parameters instead of indices, if there are any."""
    if isinstance(value, Cue):
        value = replace(value, line=0, path="")
    if keys is None:
        return value
    match value:
        case Cue():
            moves = [(keys[m.parameter], m._replace(parameter=0)) for m in value.moves]
            return replace(value, moves=(), starts=()), moves, _starts(value.starts, keys)
        case Submaster():
            return replace(value, levels=(), starts=()), _pairs(value.levels, keys), _starts(value.starts, keys)
        case Group():
            return value.name, _places(value.elements, keys)
        case Palette():
            return value.category, value.name, _pairs(value.values, keys)
        case tuple():  # a look
            return _pairs(value, keys)
    return value


def _pairs(values: Iterable[tuple[int, float]], keys: Sequence[str]) -> list[tuple[str, float]]:
    return [(keys[parameter], level) for parameter, level in values]


def _places(elements: Iterable[tuple[int, ...]], keys: Sequence[str]) -> list[list[str]]:
    return [[keys[parameter] for parameter in element] for element in elements]


def _starts(starts: Iterable[EffectStart], keys: Sequence[str]) -> list[tuple[EffectStart, list[list[str]]]]:
    return [(replace(one, targets=()), _places(one.targets, keys)) for one in starts]
