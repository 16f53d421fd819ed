"""Small plans, made in a line or two, and ways to play them. Slots of a parameter: `Show.level` reads it back as 0..1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from showctl.model import BeatGrid, ControlEvent, Features, Happened, Inputs, Section, ShowFrame
from showctl.plan import (
    Category,
    Cue,
    CueList,
    Effect,
    EffectStart,
    Move,
    Parameter,
    Plan,
    Span,
    Universe,
)
from showctl.show.engine import ShowEngine


def dimmer(slot: int, name: str = "", **more: object) -> Parameter:
    """An intensity on one slot of universe 1."""
    return Parameter(name or f"dim.{slot}", 0, "intensity", Category.INTENSITY, 1, (slot,), **more)  # type: ignore[arg-type]


def pan(slot: int, **more: object) -> Parameter:
    """A 16-bit pan, at the middle unless driven."""
    more = {"default": 0.5, **more}
    return Parameter(f"head.{slot}", 0, "pan", Category.POSITION, 1, (slot, slot + 1), **more)  # type: ignore[arg-type]


def spot(slot: int, **more: object) -> tuple[Parameter, Parameter]:
    """A moving light: its intensity on one slot, a 16-bit pan on the two after it, at the middle unless driven."""
    name = f"spot.{slot}"
    tail = Parameter(name, 0, "pan", Category.POSITION, 1, (slot + 1, slot + 2), default=0.5)
    return dimmer(slot, name, **more), tail


def move(parameter: int, value: float, time: float | Span = 0.0, down: float | Span | None = None, **more: object) -> Move:
    """A move in a time, or a time up and another down."""
    up = time if isinstance(time, Span) else Span(time)
    fall = up if down is None else down if isinstance(down, Span) else Span(down)
    return Move(parameter, value, up, fall, **more)  # type: ignore[arg-type]


def cue(number: str | int, *moves: Move, **more: object) -> Cue:
    """A cue by its number as text."""
    return Cue(Decimal(number), moves=moves, **more)  # type: ignore[arg-type]


def cues(*of: Cue, name: str = "main", **more: object) -> CueList:
    """A cue list."""
    return CueList(name, of, **more)  # type: ignore[arg-type]


def plan(parameters: Iterable[Parameter], *lists: CueList, **more: object) -> Plan:
    """A plan of one universe."""
    return Plan(tuple(parameters), universes=(Universe(1),), lists=lists, **more)  # type: ignore[arg-type]


class Show:
    """A plan that is played by hand: controls are given at their own times, levels are read at any later one."""

    def __init__(self, of: Plan) -> None:
        self.plan = of
        self.engine = ShowEngine(of)
        self.told: list[Happened] = []

    def at(self, now: float, *given: ControlEvent | Features) -> ShowFrame:
        """Step to a time, with what came in since."""
        features = tuple(g for g in given if isinstance(g, Features))
        controls = tuple(g for g in given if not isinstance(g, Features))
        frame = self.engine.step(now, Inputs(features, controls))
        self.told += frame.events
        return frame

    def level(self, now: float, parameter: int, *given: ControlEvent | Features) -> float:
        """0..1 of one parameter at a time, as its slots have it."""
        frame = self.at(now, *given)
        slots = self.plan.parameters[parameter].slots
        raw = 0
        for slot in slots:
            raw = raw * 256 + int(frame.slots[0, slot - 1])
        return raw / (256 ** len(slots) - 1)

    def types(self) -> list[str]:
        """Types of all that happened."""
        return [h.type for h in self.told]

    def fired(self) -> list[tuple[float, str]]:
        """Time and number of every cue that was fired."""
        return [(h.time, str(dict(h.data)["cue"])) for h in self.told if h.type == "cue"]


def beat(t: float, index: int, period: float = 0.5, anchor: float | None = None, **more: object) -> Features:
    """What the ear says at t: beat `index` falls at `anchor` (index * period)."""
    grid = BeatGrid(index * period if anchor is None else anchor, index, period, confidence=0.9)
    said = Features(time=t, level=-14.0, energy=0.5, grid=grid, section=Section.STEADY)
    return replace(said, **more)  # type: ignore[arg-type]


def beats(until: float, period: float = 0.5, step: float = 0.1, start: float = 0.0) -> list[Features]:
    """A tracker that announces every beat ahead of its time, from `start` on."""
    said = []
    for i in range(int((until - start) / step)):
        t = round(start + i * step, 4)
        said.append(beat(t, int(t / period + 1e-9) + 1, period))
    return said


def effect(name: str, targets: Iterable[int], **more: object) -> tuple[Effect, EffectStart]:
    """An effect on intensities, and how a cue starts it."""
    more = {"shape": "pulse", "parameter": "intensity", **more}
    return Effect(name=name, **more), EffectStart(name, tuple((t,) for t in targets))  # type: ignore[arg-type]
