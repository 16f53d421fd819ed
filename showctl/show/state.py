"""The whole state of an engine: all that decides its frames and events from here on, taken, kept as JSON, and put back.

The law: an engine takes a state at any tick; another, of the same plan, into which it is put, gives the same frames and the same
events from then on, to the byte. What the plan makes (tables, indices) and what follows from the state (who owns what, what is
drawn already) is not in it: the one is there, the other is worked out anew. So this module knows the insides of what it keeps.

Taking costs a copy of what may change; packing, which costs more, can be done in another thread.

Put into the engine of another plan (`takeover`), everything finds its place by its name; what has none is left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.model import ControlEvent, Features
from showctl.plan import EffectStart
from showctl.show.beatclock import BeatClock
from showctl.show.hands import Grasp
from showctl.show.heard import Heard
from showctl.show.mark import Waiting
from showctl.show.names import GONE, Maps, Names, names_of, starts_of
from showctl.show.plain import Plain
from showctl.show.playhead import HISTORY, Playhead, Snapshot
from showctl.show.running import SUBMASTER, Running, View

if TYPE_CHECKING:
    from showctl.show.engine import ShowEngine
    from showctl.show.stage import Stage

VERSION = 5
Fields: TypeAlias = dict[str, Any]
Arrays: TypeAlias = dict[str, NDArray[Any]]

PLAIN = Plain(
    skip={Playhead: frozenset(("row", "track")), Running: frozenset(("lamps", "priority"))},
    instead={(Snapshot, "effects"): dict[str, int], (Running, "start"): int, (Playhead, "history"): tuple[Snapshot, ...]},
    open=frozenset((Playhead, Snapshot, Running)),
)
PLAIN.learn(Playhead, Snapshot, Running)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What changes from tick to tick, in the numbers of the plan."""

    happened: float  # s of the last thing that happened
    arrived: int
    trusting: bool
    held_told: float  # s
    track_volume: float
    ahead: tuple[tuple[float, int, int, Features | ControlEvent], ...]  # inputs that wait for their time
    clock: BeatClock
    heard: Heard
    stamp: int
    shown: float
    heads: tuple[Playhead, ...]
    fades: dict[str, NDArray[Any]]
    ramps: dict[str, NDArray[Any]]
    running: tuple[Running, ...]
    frozen: dict[int, View]
    levels: dict[str, float]  # of submasters
    flashed: frozenset[str]
    grand: float
    blackout: bool
    hands: Grasp
    house: tuple[float, float, float, float]  # from and to which level, begun (s), in so many s
    limiter: dict[str, NDArray[Any]] | None
    steps: NDArray[Any] | None  # of all parameters, as the strobe limit let them out


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """How an engine stands after its step to `time` (s of show time)."""

    time: float
    names: Names
    body: Body

    def pack(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {"version": VERSION, "time": self.time, "names": self.names.pack(), "body": PLAIN.pack(Body, self.body)}

    @classmethod
    def unpack(cls, data: Mapping[str, Any]) -> State:
        """What was packed. ValueError for what is none, or of another version."""
        if data.get("version") != VERSION:
            raise ValueError(f"a state of version {data.get('version')!r:.20}, where {VERSION} is understood")
        try:
            return cls(PLAIN.unpack(float, data["time"]), Names.unpack(data["names"]), PLAIN.unpack(Body, data["body"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"no state: {error}") from error


# --- taken -------------------------------------------------------------------------------------------------------------


def naming(stage: Stage) -> tuple[Names, dict[str, EffectStart]]:
    """What the parts of this stage are called, and the starts of its effects."""
    starts = starts_of(stage.plan)
    watched = np.empty(0, dtype=np.int64) if stage._limiter is None else stage._limiter.shown
    return names_of(stage.plan, starts, stage.lamps.shown, watched), starts


def take(engine: ShowEngine, now: float, copied: bool = True) -> State:
    """The state after the step to `now`; where it is `copied` nothing in it changes any more, whatever the engine does.

    Left out is what shrinks of effects that its plan has no more.
    """
    stage = engine._stage
    number = {id(start): i for i, start in enumerate(engine.starts.values())}
    masters, limiter = stage.masters, stage._limiter
    body = Body(
        happened=engine._time,
        arrived=engine._arrived,
        trusting=engine._trusting,
        held_told=engine._held_told,
        track_volume=engine._track_volume,
        ahead=tuple(engine._waiting),
        clock=stage.clock,
        heard=stage.heard,
        stamp=stage._stamp,
        shown=stage._shown,
        heads=tuple(_take_head(head, number) for head in stage.heads),
        fades={name: array.copy() if copied else array for name, array in stage.fades.arrays().items()},
        ramps={name: array.copy() if copied else array for name, array in stage.fades.ramps.arrays().items()},
        running=tuple(_with(PLAIN.taken(r), start=number[id(r.start)]) for r in stage.effects.running if id(r.start) in number),
        frozen=dict(stage.effects._frozen),
        levels=dict(masters.levels),
        flashed=frozenset(masters.flashed),
        grand=masters.grand,
        blackout=masters.blackout,
        hands=stage.hands.grasp(),
        house=(masters.house_from, masters.house_to, masters.house_begun, masters.house_fade),
        steps=None if limiter is None else limiter.steps.copy(),
        limiter=None if limiter is None else {name: array.copy() for name, array in limiter.arrays().items()},
    )
    return State(now, engine.names, body)


def _with(fields: Fields, **more: Any) -> Any:
    return {**fields, **more}


def _take_head(head: Playhead, number: dict[int, int]) -> Any:
    past = [
        _with(PLAIN.taken(was), effects={name: number[id(start)] for name, start in was.effects.items()}) for was in head.history
    ]
    return _with(
        PLAIN.taken(head),
        time=replace(head.time),
        followed=dict(head.followed),
        waiting=[replace(one, moves=list(one.moves)) for one in head.waiting],
        history=tuple(past),
    )


# --- put back ----------------------------------------------------------------------------------------------------------


def put(engine: ShowEngine, state: State, maps: Maps) -> list[str]:
    """Stand as the state says, in an engine that has done nothing yet. Returns what its plan has not, in words.

    Lists stand in their cues, or in the cue before where theirs is gone; what follows from another plan is not done here, and
    neither is what follows from all this on the stage (`Stage.resumed`).
    """
    gone: list[str] = []
    stage, body = engine._stage, state.body
    starts = _starts(engine, maps)
    engine._time, engine._arrived, engine._trusting = body.happened, body.arrived, body.trusting
    engine._held_told, engine._track_volume = body.held_told, body.track_volume
    engine._waiting = list(body.ahead)
    stage.clock, stage.heard, stage._stamp, stage._shown = body.clock, body.heard, body.stamp, body.shown
    stage.drawn = state.time
    for row, fields in enumerate(body.heads):
        if maps.row[row] == GONE:
            gone.append(f"the list {maps.old.lists[row][0]!r}")
        else:
            _put_head(stage, stage.heads[maps.row[row]], row, _with(fields), maps, starts)  # type: ignore[arg-type]
    _put_arrays(stage.fades.arrays(), body.fades, maps)
    stage.fades.ramps.put(body.ramps, maps.row)
    _put_masters(stage, body, gone)
    _put_effects(stage, body, maps, starts, gone)
    gone += [f"what was held of {key}" for key in stage.hands.resumed(body.hands)]
    if stage._limiter is not None and body.limiter is not None:
        old = np.flatnonzero(maps.watched >= 0)
        for name, array in stage._limiter.arrays().items():
            array[..., maps.watched[old]] = body.limiter[name][..., old]
        if body.steps is not None:
            before, after = maps.pairs()
            stage._limiter.steps[after] = body.steps[before]
        stage._limiter.resumed()
    return gone


def _starts(engine: ShowEngine, maps: Maps) -> list[EffectStart | None]:
    """The starts of effects by their old numbers."""
    return [engine.starts.get(name) for name in maps.old.starts]


def _put_head(stage: Stage, head: Playhead, row: int, fields: Fields, maps: Maps, starts: list[EffectStart | None]) -> None:
    if not maps.same:
        _translate(stage, row, fields, maps)
    past = [{**was, "effects": _found(was["effects"], starts)} for was in fields.pop("history")]
    for name, value in fields.items():
        setattr(head, name, value)
    head.time, head.followed = replace(head.time), dict(head.followed)
    head.waiting = [replace(one, moves=list(one.moves)) for one in head.waiting]
    head.history = deque((Snapshot(**was) for was in past), maxlen=HISTORY)


def _found(effects: dict[str, int], starts: list[EffectStart | None]) -> dict[str, EffectStart]:
    return {name: start for name, i in effects.items() if (start := starts[i]) is not None}


def _translate(stage: Stage, row: int, fields: Fields, maps: Maps) -> None:
    """The fields of a list in the numbers of another plan."""
    current = maps.cue(row, fields["current"])
    fields["current"] = maps.before(row, fields["current"]) if current is None else current
    fields["pending"] = None if fields["pending"] is None else maps.cue(row, fields["pending"])
    fields["followed"] = _followed(row, fields["followed"], maps)
    fields["waiting"] = _waiting(fields["waiting"], maps)
    fields["history"] = [new for was in fields["history"] if (new := _past(stage, row, was, maps)) is not None]


def _followed(row: int, followed: Mapping[int, int], maps: Maps) -> dict[int, int]:
    return {cue: count for old, count in followed.items() if (cue := maps.cue(row, old)) is not None}


def _waiting(waiting: list[Waiting], maps: Maps) -> list[Waiting]:
    found = []
    for one in waiting:
        moves = [m._replace(parameter=int(maps.parameter[m.parameter])) for m in one.moves]
        if maps.lamp(one.lamp) != GONE:
            found.append(replace(one, lamp=maps.lamp(one.lamp), moves=[m for m in moves if m.parameter != GONE]))
    return found


def _past(stage: Stage, row: int, was: Fields, maps: Maps) -> Fields | None:
    """A snapshot in the numbers of another plan; None where its cue is gone."""
    index = maps.cue(row, was["index"])
    if index is None:
        return None
    old, new = maps.pairs()
    count = len(stage.plan.parameters)
    arrays: Arrays = {name: np.zeros(count, dtype=part.dtype) for name, part in was.items() if isinstance(part, np.ndarray)}
    for name, array in arrays.items():
        array[new] = was[name][old]
    lamps = frozenset(maps.lamp(lamp) for lamp in was["waiting"]) - {GONE}
    return {**was, **arrays, "index": index, "followed": _followed(row, was["followed"], maps), "waiting": lamps}


def _put_arrays(into: Arrays, arrays: Arrays, maps: Maps) -> None:
    """Arrays (..., lists, parameters) in the numbers of another plan; what is new stays as it is made."""
    if maps.same:
        for name, array in into.items():
            array[...] = arrays[name]
        return
    rows = [row for row, new in enumerate(maps.row) if new != GONE]
    old, new = maps.pairs()
    for name, array in into.items():
        for row in rows:
            array[..., maps.row[row], new] = arrays[name][..., row, old]


def _put_masters(stage: Stage, body: Body, gone: list[str]) -> None:
    masters = stage.masters
    gone += [f"the submaster {name!r}" for name in body.levels if name not in masters.levels]
    masters.levels.update({name: level for name, level in body.levels.items() if name in masters.levels})
    masters.flashed = {name for name in body.flashed if name in masters.levels}
    masters.grand, masters.blackout = body.grand, body.blackout
    masters.house_from, masters.house_to, masters.house_begun, masters.house_fade = body.house
    masters.refresh()


def _put_effects(stage: Stage, body: Body, maps: Maps, starts: list[EffectStart | None], gone: list[str]) -> None:
    running = []
    for fields in body.running:
        own: Any = fields
        start, row = starts[own["start"]], own["row"] if own["row"] == SUBMASTER else maps.row[own["row"]]
        if start is None or (row == GONE and own["row"] != SUBMASTER):
            gone.append(f"the effect {maps.old.starts[own['start']].split(chr(10))[2]!r}")
            continue
        lamps, priority = stage.effects.made_for(start, row, own["submaster"])
        running.append(Running(**{**own, "start": start, "row": row, "lamps": lamps, "priority": priority}))
    stage.effects.resumed(running, {maps.row[row]: view for row, view in body.frozen.items() if maps.row[row] != GONE})
