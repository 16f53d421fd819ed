"""What the parts of a plan are called, so that the state of one engine is understood by another, of another plan too.

An engine counts: parameters, lists, cues, lamps. Its state is kept in those numbers, which costs nothing, together with these
tables, which say what each number means: a parameter its key, a list its name, a cue its number in its list, the start of an
effect the list (or submaster), cue and effect, a lamp one of its parameters. `Maps` lead from the numbers of one plan to those
of another; what the other has not is left out.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from showctl.plan import EffectStart, Plan
from showctl.show.cuelist import BLANK
from showctl.show.fade import Ints

MOST_BYTES = 2**28  # of the tables of one plan
GONE = -1


@dataclass(frozen=True, slots=True)
class Names:
    """The tables of a plan."""

    parameters: tuple[str, ...]  # keys
    lists: tuple[tuple[str, tuple[str, ...]], ...]  # name, and the numbers of its cues
    starts: tuple[str, ...]  # of effects
    lamps: tuple[int, ...]  # of marks: one parameter of each
    watched: tuple[int, ...]  # of the strobe limit: one parameter of each

    def pack(self) -> str:
        """As text that JSON carries."""
        tables = [self.parameters, self.lists, self.starts, self.lamps, self.watched]
        return base64.b64encode(zlib.compress(json.dumps(tables).encode(), 1)).decode()

    @classmethod
    def unpack(cls, text: Any) -> Names:
        """What was packed. ValueError for what was not."""
        try:
            unzip = zlib.decompressobj()
            parameters, lists, starts, lamps, watched = json.loads(unzip.decompress(base64.b64decode(text), MOST_BYTES))
            of_lists = tuple((str(name), tuple(map(str, cues))) for name, cues in lists)
            numbers = tuple(map(int, lamps)), tuple(map(int, watched))
            if any(not 0 <= i < len(parameters) for several in numbers for i in several):
                raise ValueError("a lamp without a parameter")
            return cls(tuple(map(str, parameters)), of_lists, tuple(map(str, starts)), *numbers)
        except (TypeError, zlib.error, RecursionError) as error:
            raise ValueError(f"no names: {error}") from error


def starts_of(plan: Plan) -> dict[str, EffectStart]:
    """Every start of an effect in a plan by its name."""
    found: dict[str, EffectStart] = {}
    for lst in plan.lists:
        for cue in lst.cues:
            for start in cue.starts:
                _name(found, f"{lst.name}\n{cue.number:f}\n{start.effect}", start)
    for sub in plan.submasters:
        for start in sub.starts:
            _name(found, f"\n{sub.name}\n{start.effect}", start)
    return found


def _name(found: dict[str, EffectStart], name: str, start: EffectStart) -> None:
    number = 0
    while (whole := f"{name}\n{number}") in found:
        number += 1
    found[whole] = start


def names_of(plan: Plan, starts: dict[str, EffectStart], lamps: Ints, watched: Ints) -> Names:
    """The tables of a plan; `lamps` and `watched` are one parameter of each lamp."""
    return Names(
        tuple(p.key for p in plan.parameters),
        tuple((lst.name, tuple(f"{cue.number:f}" for cue in lst.cues)) for lst in plan.lists),
        tuple(starts),
        tuple(lamps.tolist()),
        tuple(watched.tolist()),
    )


class Maps:
    """From the numbers of one plan to those of another: GONE for what is not there."""

    def __init__(self, old: Names, new: Names) -> None:
        self.old, self.new = old, new
        self.same = old is new or old == new
        index = {key: i for i, key in enumerate(new.parameters)}
        self.parameter: Ints = np.array([index.get(key, GONE) for key in old.parameters], dtype=np.int64)
        rows = {name: i for i, (name, _) in enumerate(new.lists)}
        self.row = [rows.get(name, GONE) for name, _ in old.lists]
        self._lamp = _lamps(self.parameter, old.lamps, new.lamps)
        self.watched = _lamps(self.parameter, old.watched, new.watched)
        self._cues = [{number: i for i, number in enumerate(cues)} for _, cues in new.lists]

    def pairs(self) -> tuple[Ints, Ints]:
        """Parameters that both have: their old numbers and their new ones."""
        old = np.flatnonzero(self.parameter >= 0)
        return old, self.parameter[old]

    def cue(self, row: int, index: int) -> int | None:
        """New index of a cue of an old list; None where it is not there."""
        if index == BLANK:
            return BLANK
        return self._cues[self.row[row]].get(self.old.lists[row][1][index])

    def before(self, row: int, index: int) -> int:
        """New index of the last cue whose number is lower than that of an old one; BLANK if there is none."""
        number = Decimal(self.old.lists[row][1][index])
        lower = [i for i, text in enumerate(self.new.lists[self.row[row]][1]) if Decimal(text) < number]
        return lower[-1] if lower else BLANK

    def lamp(self, lamp: int) -> int:
        """New number of a lamp of marks."""
        return int(self._lamp[lamp])


def _lamps(parameter: Ints, old: tuple[int, ...], new: tuple[int, ...]) -> Ints:
    at = {p: lamp for lamp, p in enumerate(new)}
    return np.array([at.get(int(parameter[p]), GONE) for p in old], dtype=np.int64)
