"""Where the values of a cue come from: what it sets itself, what tracked into it and from where, what runs over it.

A value stays until a later cue moves it (tracking), so what is seen in cue 12 may have been written in cue 3, or in the start
look, or be where the fixture stands when nothing drives it. What a `cue_only` cue sets does not track on. This follows the
numbers of one list; what a link, another list, a hand or a master does to it belongs to the night (see `explain`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from showctl.plan import ZERO, Category, Cue, CueList, Move, Parameter, Plan, Span
from showctl.show import mark
from showctl.show.cuelist import Track
from showctl.show.moves import Traits

SAME = 1e-6  # as far as values lie apart that were the same before they became float32


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one parameter stands in a cue, and why."""

    parameter: int
    value: float  # 0..1
    cue: Cue | None = None  # that set it; None: no cue of this list did
    move: Move | None = None  # with which it was set
    started: bool = False  # no cue did, but the start look of the venue
    own: bool = False  # the cue itself moves it
    time: Span = ZERO  # in which it does
    marked: bool = False  # it has moved already, in the dark, in the cue before
    effects: tuple[tuple[str, Cue], ...] = ()  # that run over it, and the cue that started each


def origins(plan: Plan, one: CueList, index: int) -> tuple[Origin, ...]:
    """Every parameter of the plan in cue `index` of a list."""
    setters: dict[int, tuple[Move, Cue]] = {}
    before: dict[int, float] = dict(plan.start)
    running: dict[str, Cue] = {}
    for cue in one.cues[: index + 1]:
        if cue is one.cues[index]:
            before |= {p: move.value for p, (move, _) in setters.items()}
        if cue is one.cues[index] or not cue.cue_only:
            setters.update((m.parameter, (m, cue)) for m in cue.moves)
            running |= {start.effect: cue for start in cue.starts}
    effects = Track(one, plan.parameters, plan.back_time, Traits(plan.parameters)).state(index).effects
    over: dict[int, dict[str, Cue]] = {}
    for name, start in effects.items():
        for parameter in (p for target in start.targets for p in target):
            over.setdefault(parameter, {}).setdefault(name.partition("~")[0], running[name])
    start_look, dark = dict(plan.start), marked(plan, one, index)
    found = []
    for i, p in enumerate(plan.parameters):
        runs = tuple(over.get(i, {}).items())
        if i in setters:
            move, by = setters[i]
            time = move.up if move.value >= before.get(i, p.default) else move.down
            found.append(Origin(i, move.value, by, move, False, by is one.cues[index], time, i in dark, runs))
        else:
            found.append(Origin(i, start_look.get(i, p.default), started=i in start_look, effects=runs))
    return tuple(found)


def marked(plan: Plan, one: CueList, index: int) -> frozenset[int]:
    """Parameters that have moved in the dark, in the cue before, where this cue marks and nothing else lights them."""
    if index == 0 or not one.cues[index].mark:
        return frozenset()
    track = Track(one, plan.parameters, plan.back_time, Traits(plan.parameters))
    leads = np.array([p.default for p in plan.parameters], dtype=np.float64)
    for parameter, value in plan.start:
        leads[parameter] = value
    for parameter, move in track.state(index - 1).moves.items():
        leads[parameter] = move.value
    waiting = mark.wanted(track, index - 1, index, mark.Lamps(plan.parameters), leads)
    return frozenset(move.parameter for moves in waiting.values() for move in moves)


# --- in words --------------------------------------------------------------------------------------------------------


def shown(p: Parameter, value: float) -> str:
    """A value as people write it: degrees of pan and tilt, percent of everything else, with the label that has this value."""
    if p.degrees is not None:
        low, high = p.degrees
        return f"{low + value * (high - low):.1f}deg"
    label = next((f" {label}" for label, own in p.labels if abs(own - value) < SAME), "")
    return f"{value * 100:.1f}%{label}"


def in_words(span: Span) -> str:
    """A span as a file says it."""
    return f"{span.amount:g}s" if span.unit == "s" else f"{span.amount:g} {span.unit}{'s' * (span.amount != 1)}"


def colours(plan: Plan, values: Mapping[int, float]) -> dict[tuple[str, int], str]:
    """(fixture, cell) -> "#rrggbb", roughly, of what has red, green and blue, at these values of all parameters."""
    levels: dict[tuple[str, int], dict[str, float]] = {}
    for i, p in enumerate(plan.parameters):
        if p.category is Category.COLOUR and i in values:
            levels.setdefault((p.fixture, p.cell), {})[p.name] = values[i]
    found = {}
    for key, own in levels.items():
        if {"red", "green", "blue"} <= own.keys():
            mixed = [min(1.0, own[name] + own.get("white", 0.0)) for name in ("red", "green", "blue")]
            found[key] = "#" + "".join(f"{round(255 * level):02x}" for level in mixed)
    return found


def flags(plan: Plan, one: CueList, index: int, found: tuple[Origin, ...]) -> list[str]:
    """What the words of a cue beside its values mean here, a line each."""
    cue, lines = one.cues[index], []
    before = one.cues[index - 1] if index else None
    tracked = [o for o in found if o.cue is not None and not o.own]
    if cue.block:
        lines.append(f"block: what it sets is not changed by edits of earlier cues; {_count(len(tracked), 'value')} track in")
    if cue.asserts:
        lines.append(f"assert: plays {_count(len(tracked), 'tracked value')} again, and takes them back from other lists")
    if cue.cue_only:
        lines.append(f"cue_only: the next cue undoes {_count(len(cue.moves), 'value')} that it sets")
    if before is not None and before.cue_only:
        lines.append(f"undoes what cue {before.number:f} set, which is cue_only")
    dark = marked(plan, one, index)
    if cue.mark and before is not None:
        lines.append(
            f"mark: {_fixtures(plan, dark)} moved in cue {before.number:f} already, in the dark, unless something lit it"
        )
    after = one.cues[index + 1] if index + 1 < len(one.cues) else None
    if after is not None and (next_ := marked(plan, one, index + 1)):
        lines.append(f"cue {after.number:f} marks: {_fixtures(plan, next_)} moves here, once it is dark")
    if cue.rate != 1.0:
        lines.append(f"rate: every time of it at {cue.rate:.0%}")
    if cue.play:
        lines.append(f"play: track {cue.play} begins with it")
    return lines + _next(cue)


def _next(cue: Cue) -> list[str]:
    lines = []
    if cue.when is not None:
        at = "" if cue.when.quantise == "none" else f", at the next {cue.when.quantise}"
        lines.append(f"when: fires by itself when {cue.when.section} is foreseen or heard{at}, while it is the next")
    if cue.follow is not None:
        lines.append(f"follow: the next GO {in_words(cue.follow)} after this one")
    if cue.hang is not None:
        lines.append(f"hang: the next GO {in_words(cue.hang)} after it is complete")
    if cue.goto is not None:
        often = f", {cue.rounds} times" if cue.rounds else ""
        lines.append(f"goto: cue {cue.goto:f} is next{often}")
    return lines


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _fixtures(plan: Plan, parameters: frozenset[int]) -> str:
    names = list(dict.fromkeys(plan.parameters[p].fixture for p in sorted(parameters)))
    return (", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")) or "nothing"
