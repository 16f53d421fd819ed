"""A show of so many universes from a seed, for the bench of the engine: every slot used, eight layers, effects on a quarter.

Three kinds of fixtures take the slots: washes without a dimmer (4 slots: red, green, blue, white beneath a virtual dimmer), bars
of eight cells (25: a dimmer and the colours of each cell) and heads (10: 16-bit pan and tilt, dimmer, shutter, wheel, gobo,
zoom, focus); what is left of a universe are single dimmers.

Eight cue lists lie over them: the lowest holds the whole rig, each other a half of the fixtures drawn by chance; two of them
join their intensities by HTP. Intensities, colours and positions fade in times of their own, some by the beat, some with
delays, so that at every moment of the night most of the visible parameters move. One list is paused in the middle of its fades
and one is being released, so half of the rig is seen through a layer that fades out.

Sixteen effects run on a quarter of all channels: pulses, sines, decays, chance, chases on intensities, colours and positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from showctl.model import BeatGrid, ControlEvent, Features, Go, Inputs, Pause, Release, Section
from showctl.plan import Category, Cue, CueList, Effect, EffectStart, Move, Parameter, Plan, Span, Universe

RATE = 44
LAYERS = 8
NIGHT = 12.0  # s that are played; what follows the first GO of every list is measured
PERIOD = 60 / 124
BEAM = ("shutter", "wheel", "gobo", "zoom", "focus")
SHUTTER = {"closed": ((0.0, 31 / 255),), "strobe": ((64 / 255, 1.0),), "opened": 47 / 255}


@dataclass(slots=True)
class Rig:
    """The table of parameters, and which of them a fixture has."""

    parameters: list[Parameter]
    fixtures: list[list[int]]

    def add(self, made: list[Parameter]) -> None:
        """One more fixture."""
        self.fixtures.append(list(range(len(self.parameters), len(self.parameters) + len(made))))
        self.parameters += made


def _wash(name: str, universe: int, at: int, first: int) -> list[Parameter]:
    colours = [
        Parameter(name, 0, colour, Category.COLOUR, universe, (at + i,), default=1.0, masters=(first,))
        for i, colour in enumerate(("red", "green", "blue", "white"))
    ]
    return [Parameter(name, 0, "intensity", Category.INTENSITY), *colours]


def _bar(name: str, universe: int, at: int) -> list[Parameter]:
    cells = [
        Parameter(name, cell, colour, Category.COLOUR, universe, (at + 3 * cell - 2 + i,), default=1.0)
        for cell in range(1, 9)
        for i, colour in enumerate(("red", "green", "blue"))
    ]
    return [Parameter(name, 0, "intensity", Category.INTENSITY, universe, (at,)), *cells]


def _head(name: str, universe: int, at: int) -> list[Parameter]:
    angles = [
        Parameter(name, 0, angle, Category.POSITION, universe, (at + i, at + i + 1), default=0.5)
        for i, angle in ((0, "pan"), (2, "tilt"))
    ]
    beam = [
        Parameter(
            name,
            0,
            what,
            Category.BEAM,
            universe,
            (at + 5 + i,),
            47 / 255 if what == "shutter" else 0.0,
            what in ("shutter", "wheel", "gobo"),
            **(SHUTTER if what == "shutter" else {}),  # type: ignore[arg-type]
        )
        for i, what in enumerate(BEAM)
    ]
    return [*angles, Parameter(name, 0, "intensity", Category.INTENSITY, universe, (at + 4,)), *beam]


def rig(universes: int) -> Rig:
    """Every slot of so many universes: 40 % washes, 30 % bars, 30 % heads, dimmers in what is left."""
    made = Rig([], [])
    for u in range(1, universes + 1):
        at = 1
        for kind, size, until in (("wash", 4, 205), ("bar", 25, 359), ("head", 10, 513)):
            while at + size <= until:
                name, first = f"{kind}.{u}.{at}", len(made.parameters)
                made.add(_wash(name, u, at, first) if kind == "wash" else (_bar if kind == "bar" else _head)(name, u, at))
                at += size
        for slot in range(at, 513):
            made.add([Parameter(f"dim.{u}.{slot}", 0, "intensity", Category.INTENSITY, u, (slot,))])
    return made


def _cue(made: Rig, fixtures: list[int], number: int, rng: np.random.Generator, times: dict[Category, Span]) -> Cue:
    """Everything of these fixtures goes somewhere else, each category in its time, some later than others."""
    moves = []
    delays = (Span(0.0), Span(0.5), Span(1.0))
    curves = {Category.INTENSITY: "linear", Category.COLOUR: "s", Category.POSITION: "s", Category.BEAM: "linear"}
    for i in fixtures:
        levels = rng.random(len(made.fixtures[i]))
        delay = delays[i % 3]
        for p, level in zip(made.fixtures[i], levels.tolist(), strict=True):
            own = made.parameters[p]
            value = own.default if own.name == "shutter" else level
            span = times[own.category]
            moves.append(Move(p, value, span, span, delay, curves[own.category]))
    return Cue(Decimal(number), moves=tuple(moves))


def _list(made: Rig, layer: int, rng: np.random.Generator) -> CueList:
    count = len(made.fixtures)
    fixtures = list(range(count)) if layer == 0 else np.sort(rng.permutation(count)[: (count + 1) // 2]).tolist()
    first = {Category.INTENSITY: Span(9.0 + layer), Category.COLOUR: Span(14.0), Category.POSITION: Span(30.0, "beat")}
    second = {Category.INTENSITY: Span(20.0), Category.COLOUR: Span(8.0, "bar"), Category.POSITION: Span(25.0)}
    cues = [_cue(made, fixtures, n + 1, rng, {Category.BEAM: Span(10.0), **t}) for n, t in enumerate((first, second))]
    return CueList(f"layer{layer}", tuple(cues), priority=1 + layer, htp=layer in (3, 6), release=Span(15.0))


def _effects(made: Rig, rng: np.random.Generator) -> tuple[tuple[Effect, ...], tuple[EffectStart, ...]]:
    """Sixteen effects, each on a sixty-fourth of all channels."""
    shapes = (
        {"shape": "pulse", "parameter": "intensity", "every": Span(1.0, "beat"), "layer": "scale", "spread": 1.0},
        {"shape": "sine", "parameter": "red", "every": Span(1.0, "bar"), "spread": 1.0},
        {"shape": "decay", "parameter": "green", "every": Span(2.0, "beat"), "layer": "max", "parts": 4},
        {"shape": "step", "parameter": "blue", "every": Span(2.0, "bar"), "chase": True, "segments": 8, "low": 0.1},
        {"shape": "random", "parameter": "white", "every": Span(1.0, "beat"), "layer": "scale", "seed": 3},
        {"shape": "sine", "parameter": "pan", "sync": "free", "every": Span(5.0), "layer": "add", "low": -0.1, "high": 0.1},
        {"shape": "ramp", "parameter": "red", "every": Span(4.0, "beat"), "order": "centre-out", "spread": 1.0},
        {"shape": "sine", "parameter": "blue", "sync": "free", "every": Span(3.0), "swing": 0.6, "spread": 2.0},
    )
    by_name: dict[str, list[tuple[int, ...]]] = {}
    for fixture in made.fixtures:
        names: dict[str, list[int]] = {}
        for p in fixture:
            names.setdefault(made.parameters[p].name, []).append(p)
        for name, own in names.items():
            by_name.setdefault(name, []).append(tuple(own))
    wanted = sum(len(p.slots) for p in made.parameters) // 64
    effects, starts = [], []
    for i in range(16):
        effect = Effect(f"effect{i}", **{"sync": "beat", **shapes[i % 8]})  # type: ignore[arg-type]
        groups = by_name.get(effect.parameter, [])
        chosen, size = [], 0
        for k in rng.permutation(len(groups)):
            if size >= wanted:
                break
            chosen.append(int(k))
            size += len(groups[k]) * max(1, len(made.parameters[groups[k][0]].slots))
        effects.append(effect)
        starts.append(EffectStart(effect.name, tuple(groups[k] for k in sorted(chosen))))
    return tuple(effects), tuple(starts)


def show(universes: int, seed: int = 1) -> Plan:
    """The whole of it."""
    rng = np.random.default_rng(seed)
    made = rig(universes)
    effects, starts = _effects(made, rng)
    lists = [_list(made, layer, rng) for layer in range(LAYERS)]
    loud = Cue(Decimal(1), moves=lists[-1].cues[0].moves, starts=starts)
    lists[-1] = CueList("layer7", (loud, *lists[-1].cues[1:]), priority=LAYERS, release=Span(15.0))
    table = tuple(Universe(u) for u in range(1, universes + 1))
    return Plan(tuple(made.parameters), (), table, tuple(lists), effects)


def night(seconds: float = NIGHT) -> Iterator[tuple[float, Inputs]]:
    """GO on every list, one paused and one released in the middle of its fades, GO again here and there; a steady beat."""
    said: list[ControlEvent] = [Go(time=0.1 * layer, list=f"layer{layer}") for layer in range(LAYERS)]
    said += [Pause(time=2.0, list="layer4"), Release(time=2.5, list="layer5")]
    said += [Go(time=3.0 + 1.5 * layer, list=f"layer{layer}") for layer in (0, 2, 3, 6)]
    said.sort(key=lambda c: c.time)
    spoken = 0.0
    for i in range(int(seconds * RATE)):
        now, features = i / RATE, []
        controls = [c for c in said if c.time <= now]
        said = said[len(controls) :]
        while spoken <= now:
            index = int(spoken / PERIOD) + 1
            grid = BeatGrid(round(index * PERIOD, 4), index, round(PERIOD, 5), 1 + index % 4, 4, 0.9)
            features.append(Features(time=round(spoken, 4), level=-14.0, energy=0.5, grid=grid, section=Section.STEADY))
            spoken = round(spoken + 0.1, 4)
        yield now, Inputs(tuple(features), tuple(controls))
