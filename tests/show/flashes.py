"""Flashes counted on frames, and random shows with random hands to count them in.

The counter knows nothing of the engine's: it walks along the light of one lamp from turning point to turning point. Light is
taken from the slots alone, by the layout of the made-up rig.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from showctl.model import (
    Blackout,
    ControlEvent,
    Features,
    Flash,
    Go,
    Goto,
    Hold,
    Inputs,
    LetGo,
    Park,
    Release,
    SetMaster,
    StopAll,
    Tap,
    Unpark,
)
from showctl.plan import Category, Effect, EffectStart, Parameter, Plan, Span, Submaster, Universe
from showctl.show.engine import ShowEngine
from tests.show.shows import beat, cue, cues, dimmer, move

Light = NDArray[np.float64]
DEPTH = 0.2 + 1e-9
LIMIT = 8  # changes in any second
SHUTTER = {"closed": ((0.0, 31 / 255),), "strobe": ((64 / 255, 1.0),), "opened": 47 / 255}


def changes(light: Light) -> list[tuple[int, bool]]:
    """Frame and direction (True: up) of every change of more than a fifth of full against the last turning point."""
    found: list[tuple[int, bool]] = []
    lowest = highest = light[0]
    way = None
    for i, now in enumerate(light):
        lowest, highest = min(lowest, now), max(highest, now)
        if way is not True and now - lowest > DEPTH:
            way, highest = True, now
            found.append((i, True))
        elif way is not False and highest - now > DEPTH:
            way, lowest = False, now
            found.append((i, False))
    return found


def changes_a_second(light: Light, rate: float) -> NDArray[np.int64]:
    """How many changes, up and down, the second up to each frame has."""
    here = np.zeros(len(light), dtype=np.int64)
    for i, _ in changes(light):
        here[i] += 1
    total = np.concatenate([[0], np.cumsum(here)])
    window = round(rate)
    return np.array([total[i + 1] - total[max(0, i + 1 - window)] for i in range(len(light))], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured in one show."""

    fixtures: int
    most: int  # that may be over the limit
    beyond: int  # frames with more
    over: int  # fixtures over the limit at once, at the most


def measured(chance: np.random.Generator, *, limited: bool = True) -> Found:
    """A random rig, show and night, played and measured."""
    rate = int(chance.choice([25, 44, 50]))
    plan, fixtures = rig(chance)
    engine = ShowEngine(plan if limited else replace(plan, strobe=None))
    slots = np.array([engine.step(now, said).slots[0].copy() for now, said in night(chance, rate, plan)]) / 255.0
    over = np.zeros((len(fixtures), len(slots)), dtype=np.bool_)
    for row, fixture in zip(over, fixtures, strict=True):
        for light in lights(slots, fixture):
            row |= changes_a_second(light, rate) > LIMIT
        row |= strobes(slots, fixture, rate)
    most = len(fixtures) // 4
    at_once = over.sum(axis=0)
    return Found(len(fixtures), most, int((at_once > most).sum()), int(at_once.max()))


# --- light from slots: a fixture is (kind, first slot) ---------------------------------------------------------------

Fixture = tuple[str, int]


def lights(slots: Light, fixture: Fixture) -> list[Light]:
    """The light of each lamp of a fixture, frame by frame."""
    kind, at = fixture
    one = slots[:, at - 1]
    if kind == "dimmer":
        return [one]
    if kind == "wash":
        return [np.maximum(one, slots[:, at])]
    if kind == "bar":
        return [one * np.maximum(slots[:, at + 2 * c], slots[:, at + 2 * c + 1]) for c in range(3)]
    return [one * slots[:, at] * (slots[:, at + 1] * 255 > 31.5)]


def strobes(slots: Light, fixture: Fixture, rate: int) -> NDArray[np.bool_]:
    """In which frames a fixture strobes by its own shutter, or did within the second before."""
    kind, at = fixture
    now = np.zeros(len(slots), dtype=np.bool_)
    if kind == "head":
        own = (slots[:, at + 1] * 255 > 63.5) & (lights(slots, fixture)[0] > DEPTH)
        for i in np.flatnonzero(own):
            now[i : i + rate] = True
    return now


def rig(chance: np.random.Generator) -> tuple[Plan, list[Fixture]]:
    """Up to twelve fixtures of four kinds, a stack of sudden cues with effects, faders over everything."""
    table: list[Parameter] = []
    fixtures: list[Fixture] = []
    at = 1
    for i in range(int(chance.integers(1, 13))):
        kind = str(chance.choice(["dimmer", "wash", "bar", "head"]))
        own = _fixture(kind, f"{kind}.{i}", at, len(table))
        table += own
        fixtures.append((kind, at))
        at += sum(len(p.slots) for p in own)
    levels = [i for i, p in enumerate(table) if p.category is Category.INTENSITY]
    effects = [_effect(chance, f"e{i}") for i in range(4)]
    targets = [tuple((int(p),) for p in chance.permutation(len(table) if chance.random() < 0.3 else levels)) for _ in effects]
    starts = [EffectStart(e.name, t) for e, t in zip(effects, targets, strict=True)]
    stack = []
    for number in range(1, 6):
        some = [int(p) for p in chance.permutation(len(table))[: chance.integers(0, len(table) + 1)]]
        moves = [move(p, _level(chance), float(chance.choice([0.0, 0.0, 0.03, 0.4]))) for p in some]
        begun = tuple(s for s in starts if chance.random() < 0.4)
        stops = ("all",) if chance.random() < 0.3 else ()
        follow = Span(float(chance.choice([0.02, 0.1, 0.3]))) if chance.random() < 0.5 else None
        stack.append(cue(number, *moves, starts=begun, stops=stops, follow=follow))
    subs = (
        Submaster("add", "additive", tuple((p, 1.0) for p in levels)),
        Submaster("limit", "inhibitive", tuple((p, 1.0) for p in levels), level=1.0),
    )
    main = cues(*stack, loop=bool(chance.random() < 0.7))
    start = tuple((p, _level(chance)) for p in range(len(table)))
    plan = Plan(tuple(table), (), (Universe(1),), (main,), tuple(effects), subs, start, go_guard=0.0, release_time=Span(0.05))
    return plan, fixtures


def _fixture(kind: str, name: str, at: int, index: int) -> list[Parameter]:
    level = Parameter(name, 0, "intensity", Category.INTENSITY, 1, (at,))
    if kind == "dimmer":
        return [dimmer(at, name)]
    if kind == "wash":  # no dimmer of its own
        virtual = Parameter(name, 0, "intensity", Category.INTENSITY)
        return [virtual, *[_colour(name, 0, c, at + i, (index,)) for i, c in enumerate(("red", "white"))]]
    if kind == "bar":
        return [level, *[_colour(name, c, n, at + 2 * c - 1 + i) for c in (1, 2, 3) for i, n in enumerate(("red", "blue"))]]
    shutter = Parameter(name, 0, "shutter", Category.BEAM, 1, (at + 2,), snap=True, **SHUTTER)  # type: ignore[arg-type]
    return [level, _colour(name, 0, "white", at + 1), shutter]


def _colour(name: str, cell: int, colour: str, slot: int, masters: tuple[int, ...] = ()) -> Parameter:
    return Parameter(name, cell, colour, Category.COLOUR, 1, (slot,), default=1.0, masters=masters)


def _level(chance: np.random.Generator) -> float:
    return float(chance.choice([0.0, 0.2, 0.4, 1.0, 1.0, chance.random()]))


def _effect(chance: np.random.Generator, name: str) -> Effect:
    low, high = sorted((_level(chance), _level(chance)))
    sync = str(chance.choice(["free", "free", "beat", "onset"]))
    return Effect(
        name,
        str(chance.choice(["pulse", "sine", "decay", "random", "ramp", "step"])),  # type: ignore[arg-type]
        "intensity",
        sync,  # type: ignore[arg-type]
        Span(float(chance.choice([0.05, 0.1, 0.17, 0.25, 0.3, 1.0]))) if sync != "beat" else Span(0.25, "beat"),
        low,
        high,
        str(chance.choice(["replace", "replace", "scale", "add", "max"])),  # type: ignore[arg-type]
        length=float(chance.choice([0.2, 0.5, 0.9])),
        spread=float(chance.choice([0.0, 0.0, 1.0])),
        chase=bool(chance.random() < 0.1),
    )


def night(chance: np.random.Generator, rate: int, plan: Plan) -> list[tuple[float, Inputs]]:
    """Some seconds: a maniac's hands, a fast beat and onsets."""
    ticks, keys = [], [p.key for p in plan.parameters]
    mania = float(chance.choice([0.02, 0.1, 0.5]))
    for i in range(int(rate * chance.choice([2.5, 4.0]))):
        now = i / rate
        controls: list[ControlEvent] = [Go(time=now)] if i == 0 else []
        while chance.random() < mania:
            controls.append(_hand(chance, now, keys))
        heard: list[Features] = []
        if i % 4 == 0:
            onset = float(chance.random() < 0.6)
            heard.append(beat(now, int(now / 0.3) + 1, 0.3, onset=onset))
        ticks.append((now, Inputs(tuple(heard), tuple(controls))))
    return ticks


def _hand(chance: np.random.Generator, now: float, keys: list[str]) -> ControlEvent:
    some = tuple((keys[i], _level(chance)) for i in chance.permutation(len(keys))[: chance.integers(1, len(keys) + 1)])
    hands: list[ControlEvent] = [
        Go(time=now),
        Go(time=now),
        Blackout(time=now, on=bool(chance.random() < 0.5)),
        Blackout(time=now, on=bool(chance.random() < 0.5)),
        SetMaster(time=now, level=float(chance.choice([0.0, 0.5, 1.0]))),
        SetMaster(time=now, level=float(chance.choice([0.0, 1.0])), submaster=str(chance.choice(["add", "limit"]))),
        Goto(time=now, cue=str(chance.integers(0, 6))),
        Release(time=now),
        StopAll(time=now),
        Tap(time=now),
        Hold(time=now, values=some),
        LetGo(time=now),
        Park(time=now, values=some[:2]),
        Unpark(time=now),
        Flash(time=now, submaster=str(chance.choice(["add", "limit"])), on=bool(chance.random() < 0.5)),
    ]
    return hands[int(chance.integers(0, len(hands)))]
