"""Why is this lamp like this: every layer that a parameter's value went through in the last frame, from the bottom to the top.

Rest or start look; each list that holds it, lowest first, with the cue that set it and who has it and why, then those that join
by HTP; additive submasters; effects; the house fader; hands; masters; park; virtual dimmers; the strobe limit; the limits of the
venue; and the bytes that left. Nothing is changed by asking. The values are those of `Stage.growing`, which a test holds to what
`Stage.draw` makes; the words are made here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from showctl.plan import Cue, Parameter
from showctl.show.fade import Singles
from showctl.show.origin import shown
from showctl.show.playhead import Playhead
from showctl.show.running import LAST, Running
from showctl.show.stage import Stage

EPS = 1e-9


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing that has to do with a parameter."""

    what: str  # "rest", "list main", "effect kick", "hand", "masters" ...
    text: str  # who, and why
    value: float | None = None  # 0..1 once it has been laid; None where only all of its kind together have a value


@dataclass(frozen=True, slots=True)
class Explained:
    """One parameter, from rest to slots."""

    parameter: Parameter
    value: float  # 0..1, as it left
    layers: tuple[Layer, ...]
    slots: tuple[tuple[int, int, int], ...]  # universe, slot, byte


def explain(stage: Stage, fixture: str) -> tuple[Explained, ...]:
    """Every parameter of a fixture, as of the frame drawn last. () if there is no such fixture."""
    wanted = [i for i, p in enumerate(stage.plan.parameters) if p.fixture == fixture]
    steps = {name: live[wanted].copy() for name, live in stage.growing()} if wanted else {}
    everything = stage.live
    rows = {universe.number: row for row, universe in enumerate(stage.plan.universes)}
    found = []
    for column, i in enumerate(wanted):
        p = stage.plan.parameters[i]
        grown = {name: float(values[column]) for name, values in steps.items()}
        layers = tuple(_layers(stage, i, p, grown, everything))
        value = min(p.high, max(p.low, grown["strobe limit"]))
        slots = tuple((p.universe, slot, int(stage.slots[rows[p.universe], slot - 1])) for slot in p.slots)
        found.append(Explained(p, value, layers, slots))
    return tuple(found)


def _layers(stage: Stage, i: int, p: Parameter, grown: dict[str, float], live: Singles) -> Iterator[Layer]:
    yield _rest(stage, i)
    yield from _lists(stage, i, p, htp=False)
    yield from _lists(stage, i, p, htp=True)
    for sub in stage.plan.submasters:
        level = stage.masters.acting[sub.name]
        if sub.mode == "additive" and level > 0.0 and (full := dict(sub.levels).get(i)) is not None:
            yield Layer(f"submaster {sub.name}", f"brings {full * level:.1%}, the highest has it", grown["submasters"])
    running = [r for r in stage.effects.running if i in r.lamps.parameter]
    for r in running:
        yield Layer(f"effect {r.name.partition('~')[0]}", _effect(stage, r, i))
    if running:
        yield Layer("effects", "all of them together", grown["effects"])
    if i in stage.plan.house:
        yield Layer("house", "the house fader alone moves it", grown["house"])
    if (text := _hand(stage, p)) or abs(grown["hands"] - grown["house"]) > EPS:
        yield Layer("hand", text or "what was held is on its way back", grown["hands"])
    if text := _masters(stage, i):
        yield Layer("masters", text, grown["masters"])
    if p.key in dict(stage.hands.parked):
        yield Layer("park", "nothing moves it until it is unparked", grown["park"])
    for master in p.masters:
        by = stage.plan.parameters[master]
        yield Layer("dimmer", f"scaled by {by.key}, at {shown(by, float(live[master]))}", grown["dimmers"])
    if abs(grown["strobe limit"] - grown["dimmers"]) > EPS:
        yield Layer("strobe limit", "held: it would flash once too often", grown["strobe limit"])
    if not p.low <= grown["strobe limit"] <= p.high:
        text = f"the venue lets it go from {shown(p, p.low)} to {shown(p, p.high)}"
        yield Layer("limits", text, min(p.high, max(p.low, grown["strobe limit"])))


def _rest(stage: Stage, i: int) -> Layer:
    started = i in dict(stage.plan.start)
    return Layer("rest", "the start look of the venue" if started else "where it stands undriven", float(stage.layers.rest[i]))


def _lists(stage: Stage, i: int, p: Parameter, htp: bool) -> Iterator[Layer]:
    """What each list has to say of a parameter, the lowest first."""
    layers, fades = stage.layers, stage.fades
    for row in sorted(range(len(stage.heads)), key=lambda row: (int(layers.priority[row]), int(fades.stamp[row, i]))):
        if not fades.held[row, i] or bool(layers.htp[row, i]) != htp:
            continue
        head, value, target = stage.heads[row], fades.value(row, i), float(fades.target[row, i])
        text = f"{_cue(head, i)}, priority {head.track.list.priority}"
        text += f", on its way to {shown(p, target)}" if abs(value - target) > EPS else ""
        if fades.leaving[row, i]:
            text += f", let go: {fades.opacity(row, i):.0%} of it left"
        elif htp:
            text += ", joins by HTP: the highest has it"
        else:
            text += f", {_rival(stage, row, int(layers.owner[i]))}"
        yield Layer(f"list {head.track.list.name}", text, value)


def _rival(stage: Stage, row: int, owner: int) -> str:
    """Why a list has a parameter, or who has taken it."""
    if owner == row:
        return "has it"
    if owner < 0:
        return "beneath what is being let go"
    mine, other = stage.heads[row].track.list, stage.heads[owner].track.list
    why = "has a higher priority" if other.priority > mine.priority else "moved it later"
    return f"but {other.name} {why}"


def _cue(head: Playhead, i: int) -> str:
    """The cue that gave a list its value, and how its file says it."""
    cues = head.track.list.cues
    for at in range(min(head.current, len(cues) - 1), -1, -1):
        cue = cues[at]
        move = next((m for m in cue.moves if m.parameter == i), None) if at == head.current or not cue.cue_only else None
        if move is not None:
            words = f": {move.origin}" if move.origin else ""
            return f"cue {_named(cue)} ({cue.path}:{cue.line}){words}"
    return "a cue that is past" if head.current >= 0 else "cue 0"


def _named(cue: Cue) -> str:
    return f"{cue.number:f} {cue.name}".rstrip()


def _effect(stage: Stage, r: Running, i: int) -> str:
    effect = r.lamps.effect
    head = stage.heads[r.row] if not r.submaster else None
    who = f"submaster {r.submaster}" if head is None else f"list {head.track.list.name}"
    size = r.envelope.at(stage.view(head, stage.drawn))
    text = f"{effect.shape}, layer {effect.layer}, of {who}"
    text += f", {size:.0%} of its size" if size < 1.0 else ""
    text += ", ending" if r.ended else ""
    return text + (", hidden by a list above it" if _hidden(stage, r, i) else "")


def _hidden(stage: Stage, r: Running, i: int) -> bool:
    """Whether a list above an effect owns a parameter of it; as `Effects` says it for all at once."""
    owner = int(stage.layers.owner[i])
    if owner < 0 or owner == r.row:
        return False
    mine = (r.priority, LAST if r.submaster else r.stamp)
    return (int(stage.layers.priority[owner]), int(stage.fades.stamp[owner, i])) > mine


def _hand(stage: Stage, p: Parameter) -> str:
    if stage.hands.checked == p.fixture:
        return "channel check stands at it"
    if p.fixture in stage.hands.identified:
        return "it shows which it is (identify)"
    held = dict(stage.hands.held)
    keys = [p.key, *(f"{p.universe}/{slot}" for slot in p.slots)]
    key = next((key for key in keys if key in held), None)
    return "" if key is None else f"held at {held[key]:.1%} as {key}"


def _masters(stage: Stage, i: int) -> str:
    """What scales an intensity; nothing where it is not scaled."""
    masters = stage.masters
    if float(masters.scale[i]) == 1.0:
        return ""
    inhibiting = [s for s in stage.plan.submasters if s.mode == "inhibitive" and i in dict(s.levels)]
    parts = [f"submaster {s.name} {masters.acting[s.name]:.0%}" for s in inhibiting if masters.acting[s.name] < 1.0]
    if masters.reaches(i):
        parts += ["blackout"] if masters.blackout else [f"grand master {masters.grand:.0%}"] if masters.grand < 1.0 else []
    return ", ".join(parts)


def as_data(found: tuple[Explained, ...]) -> list[dict[str, object]]:
    """As JSON has it: one object a parameter, its layers from the bottom to the top."""
    return [
        {
            "key": one.parameter.key,
            "value": round(one.value, 6),
            "shown": shown(one.parameter, one.value),
            "layers": [
                {
                    "what": layer.what,
                    "text": layer.text,
                    "value": None if layer.value is None else round(layer.value, 6),
                    "shown": "" if layer.value is None else shown(one.parameter, layer.value),
                }
                for layer in one.layers
            ],
            "slots": [{"universe": universe, "slot": slot, "byte": byte} for universe, slot, byte in one.slots],
        }
        for one in found
    ]
