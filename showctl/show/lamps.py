"""Lamps: what of a rig makes light, and how bright each is, from where its parameters stand.

A cell is a lamp; so is a fixture without cells. Its emitters are its colours; without any it is its dimmer. The light of an
emitter is the product of where it stands, of the master of its colour, and of what stands before the whole lamp: dimmers of the
cell and of the fixture, shutters. Light of the lamp is that of its brightest emitter.

Fixtures of one make are alike, so how lamps are made up is worked out once for each make and laid over all of them as arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.plan import Category, Parameter
from showctl.show.fade import Ints, Singles
from showctl.show.patch import Steps

NOT_LAMPS = ("cyan", "magenta", "yellow")  # filters: they take light away
FEW = 256  # lamps of one kind that are not worth a pass of their own
Index: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Lamp:
    """One lamp by the places of its parameters in its fixture."""

    emitters: tuple[int, ...]
    masters: tuple[int, ...]  # of each emitter, -1 for none; () where no emitter has one
    before: tuple[int, ...]  # what stands before all of them


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """Lamps with as many emitters and as much before them, by the indices of their parameters."""

    fixture: Ints  # (lamps,)
    emitters: Index  # (emitters, lamps)
    masters: Index | None  # likewise
    before: Index  # (things before them, lamps)

    def light(self, value: Steps) -> Steps:
        """Light of each, where parameters stand at `value`."""
        emitters = value.take(self.emitters, mode="clip")
        if self.masters is not None:
            emitters *= value.take(self.masters, mode="clip")
        light: Steps = emitters.max(axis=0)
        for at in self.before:
            light *= value.take(at, mode="clip")
        return light


class Lights:
    """All lamps of a plan. `fixtures` numbers those that have lamps; `fixture` is that number, of each lamp."""

    def __init__(self, parameters: tuple[Parameter, ...]) -> None:
        nothing = len(parameters)  # index of what is always 1
        by_fixture: dict[str, list[int]] = {}
        for i, p in enumerate(parameters):
            if p.slots:
                by_fixture.setdefault(p.fixture, []).append(i)
        makes: dict[tuple[object, ...], list[str]] = {}
        for fixture, own in by_fixture.items():
            parts = [parameters[i] for i in own]
            makes.setdefault(tuple([(p.name, p.cell, p.category, shuts(p)) for p in parts]), []).append(fixture)
        of_make = [(lamps_of([parameters[i] for i in by_fixture[alike[0]]]), alike) for alike in makes.values()]
        lit = {fixture for lamps, alike in of_make if lamps for fixture in alike}
        self.fixtures = {fixture: i for i, fixture in enumerate(f for f in by_fixture if f in lit)}
        kinds: dict[tuple[int, int, bool], list[Kind]] = {}
        for lamps, alike in of_make:
            places = np.array([[*by_fixture[fixture], nothing] for fixture in alike], dtype=np.intp)  # so that -1 is nothing
            numbers = np.array([self.fixtures.get(fixture, -1) for fixture in alike], dtype=np.int64)
            for lamp in lamps:
                masters = places[:, lamp.masters].T if lamp.masters else None
                kind = Kind(numbers, places[:, lamp.emitters].T, masters, places[:, lamp.before].T)
                kinds.setdefault((len(lamp.emitters), len(lamp.before), bool(lamp.masters)), []).append(kind)
        self._kinds = _few_together([_joined(of) for of in kinds.values()], nothing)
        self.fixture: Ints = np.concatenate([np.empty(0, dtype=np.int64), *(kind.fixture for kind in self._kinds)])

    def of(self, value: Steps) -> Singles:
        """Light of every lamp, where parameters stand at `value` (parameters + 1,); the last one is 1."""
        light = [kind.light(value) for kind in self._kinds]
        return (light[0] if len(light) == 1 else np.concatenate(light)).astype(np.float32, copy=False)

    @property
    def shown(self) -> Ints:
        """One parameter of each lamp, the first of its emitters."""
        return np.concatenate([np.empty(0, dtype=np.int64), *(kind.emitters[0] for kind in self._kinds)])

    def columns(self, parameters: int) -> tuple[Ints, Ints]:
        """All parameters that light depends on, of so many, and the fixture of each."""
        fixture: Ints = np.full(parameters + 1, -1, dtype=np.int64)
        for kind in self._kinds:
            for rows in (kind.emitters, kind.before) if kind.masters is None else (kind.emitters, kind.masters, kind.before):
                fixture[rows] = kind.fixture
        columns = np.flatnonzero(fixture[:-1] >= 0)
        return columns, fixture[columns]


def shuts(p: Parameter) -> bool:
    """Whether it only lets light pass, or not: a level that shares its slots with a strobe is no shutter."""
    return bool(p.closed or p.strobe) and p.category is Category.BEAM


def lamps_of(own: Sequence[Parameter]) -> list[Lamp]:
    """The lamps of a fixture, of its parameters with slots."""
    at = {(p.name, p.cell): i for i, p in enumerate(own)}
    emitters: dict[int, list[int]] = {}
    for i, p in enumerate(own):
        if p.category is Category.COLOUR and p.name not in NOT_LAMPS and not p.name.startswith("master-"):
            emitters.setdefault(p.cell, []).append(i)
    for cell in sorted((cell for name, cell in at if name == "intensity"), reverse=True):
        if cell not in emitters and (cell or not emitters):
            emitters[cell] = [at["intensity", cell]]
    lamps = []
    for cell, glows in sorted(emitters.items()):
        masters = tuple(at.get((f"master-{own[i].name}", 0), -1) for i in glows)
        before = [at[name] for name in (("intensity", cell), ("intensity", 0)) if name in at]
        before += [i for i, p in enumerate(own) if shuts(p) and p.cell in (0, cell)]
        stands = tuple(i for i in dict.fromkeys(before) if i not in glows)
        lamps.append(Lamp(tuple(glows), masters if max(masters) >= 0 else (), stands))
    return lamps


def _joined(of: list[Kind]) -> Kind:
    """Lamps of one kind side by side."""
    masters = [kind.masters for kind in of if kind.masters is not None]
    return Kind(
        np.concatenate([kind.fixture for kind in of]),
        np.hstack([kind.emitters for kind in of]),
        np.hstack(masters) if masters else None,
        np.hstack([kind.before for kind in of]),
    )


def _few_together(kinds: list[Kind], nothing: int) -> list[Kind]:
    """Kinds of which there are few as one: some emitters come twice, and nothing stands before some lamps."""
    few = [kind for kind in kinds if len(kind.fixture) < FEW]
    if len(few) < 2:
        return kinds
    widest, deepest = max(len(kind.emitters) for kind in few), max(len(kind.before) for kind in few)
    mastered = any(kind.masters is not None for kind in few)
    alike = []
    for kind in few:
        count, twice = len(kind.fixture), np.arange(widest) % len(kind.emitters)
        none = np.full((max(widest, deepest), count), nothing, dtype=np.intp)
        masters = none[:widest] if kind.masters is None else kind.masters[twice]
        before = np.vstack([kind.before, none[: deepest - len(kind.before)]])
        alike.append(Kind(kind.fixture, kind.emitters[twice], masters if mastered else None, before))
    return [*(kind for kind in kinds if len(kind.fixture) >= FEW), _joined(alike)]
