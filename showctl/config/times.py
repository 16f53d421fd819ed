"""The times of a cue: `in`, `out` and `delay` for all of it, `times` and `delay: {...}` for a category or a single parameter.

The more particular goes first, for time and delay apart: parameter, then category, then the cue. `in` is for intensity that
rises, `out` for intensity that falls and is `in` where it is left out; all else takes `in`. A time that is not written is 0 s.
"""

from __future__ import annotations

from collections.abc import Mapping

from showctl.config import schema, values
from showctl.config.tree import Key, Node, Report
from showctl.plan import ZERO, Category, Span, Timing

CATEGORIES = {category.value: category for category in Category}


class Times:
    """What one cue says of times."""

    def __init__(self, cue: schema.CueModel) -> None:
        self._times, self._delays = cue.times, cue.delay
        self._up, self._down = cue.up or ZERO, cue.down
        self._found: dict[tuple[str, Category | None], Timing] = {}

    def of(self, name: str, category: Category | None) -> Timing:
        """The times of a parameter; "" for the rest of its category, and without one for the rest of the cue."""
        key = (name, category)
        if key not in self._found:
            self._found[key] = self._work_out(name, category)
        return self._found[key]

    def _work_out(self, name: str, category: Category | None) -> Timing:
        delay = _first(self._delays, name, category) or self._delays.get(schema.EVERYTHING, ZERO)
        time = _first(self._times, name, category)
        if time is not None:
            return Timing(time, time, delay)
        falls = self._down is not None and category in (Category.INTENSITY, None)
        return Timing(self._up, self._down or self._up if falls else self._up, delay)

    def plan(self, kinds: Mapping[str, Category]) -> tuple[tuple[str, Timing], ...]:
        """All of them, as `plan.Cue.times` has them; `kinds` are the parameters of the room."""
        found = {"": self.of("", None)}
        for name in {**self._times, **self._delays}:
            if name in CATEGORIES:
                found[name] = self.of("", CATEGORIES[name])
            elif name in kinds:
                found[name] = self.of(name, kinds[name])
        return tuple(found.items())


def _first(written: Mapping[str, Span], name: str, category: Category | None) -> Span | None:
    """What is written for the parameter, else for its category."""
    found = written.get(name)
    return found if found is not None or category is None else written.get(category.value)


def check(cue: schema.CueModel, way: tuple[Key, ...], root: Node, kinds: Mapping[str, Category], report: Report) -> None:
    """Times are given to categories and to parameters that some fixture of the room has."""
    known = {*CATEGORIES, *kinds}
    for key, written in (("times", cue.times), ("delay", cue.delay)):
        for name in written:
            if name not in known and not (key == "delay" and name == schema.EVERYTHING):
                near = values.did_you_mean(name, known)
                text = f"no fixture here has `{name[:80]}`{near}: write a category ({', '.join(CATEGORIES)}) or a parameter"
                report.error(root.key(*way, key, name), "E-unknown-key", text)
