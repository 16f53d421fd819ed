"""What a cue list means: which cue comes next, what tracks, and what each button does in each state.

Pure data and functions of the plan; `playhead` adds time, `engine` adds the stage.

Transport is a table: for every state of a list and every action there is one deed or one reason why not. Semantics are
those of Eos: GO fires the pending cue and, on a paused list, only lets it go on; PAUSE freezes and never resumes; BACK
undoes the last GO in the show's back time; GOTO, a link, the wrap of a loop and a GO after RELEASE are out of sequence
and play the whole tracked state, while a GO in sequence plays the moves of the cue alone.

Tracking: a value stays until a cue moves it. What a `cue_only` cue did is undone by the next one, in the times of that one, as
if the moves back stood in it. A cue that asserts plays all that tracked into it again, in its own times, and so takes back
what another list took. `block` changes nothing here: it is a matter of the files (see `config.lint`). Cue 0 is the blank state.

A link back to an earlier cue is a loop: it is followed `rounds` times, or until somebody asks to leave it, and then the list
goes on behind it. How often it was followed is counted by the playhead, anew each time that the list comes into the loop.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from operator import itemgetter
from typing import Generic, Literal, TypeAlias, TypeVar

import numpy as np

from showctl.plan import Category, Cue, CueList, EffectStart, Move, Parameter, Span, Timing
from showctl.show.fade import Ints
from showctl.show.moves import Columns, Moves, Traits, slower
from showctl.show.timecode import Times

BLANK = -1  # index of cue 0
STRIDE = 32  # cues between two whole states that are kept
KEPT, KEPT_MOVES = 64, 1_000_000  # steps and states that are kept of those asked for, and how much may be in them
SLICE = 1024  # moves that are worked out at a time: half a millisecond
V = TypeVar("V")
Kind: TypeAlias = Literal["sequence", "whole", "leap"]
Work: TypeAlias = Generator[None, None, V]  # done a slice at a time


class Mode(StrEnum):
    """State of the transport of one list."""

    RUNNING = "running"
    PAUSED = "paused"
    RELEASED = "released"


class Action(StrEnum):
    """What can be asked of a list."""

    GO = "go"
    BACK = "back"
    GOTO = "goto"
    PAUSE = "pause"
    RESUME = "resume"
    RELEASE = "release"


class Deed(StrEnum):
    """What is then done."""

    FIRE = "fire"
    UNDO = "undo"
    LEAP = "leap"
    FREEZE = "pause"
    THAW = "resume"
    LET_GO = "release"


NOT_PAUSED = "it is not paused"
DEEDS: Mapping[tuple[Mode, Action], Deed | str] = {
    (Mode.RUNNING, Action.GO): Deed.FIRE,
    (Mode.RUNNING, Action.BACK): Deed.UNDO,
    (Mode.RUNNING, Action.GOTO): Deed.LEAP,
    (Mode.RUNNING, Action.PAUSE): Deed.FREEZE,
    (Mode.RUNNING, Action.RESUME): NOT_PAUSED,
    (Mode.RUNNING, Action.RELEASE): Deed.LET_GO,
    (Mode.PAUSED, Action.GO): Deed.THAW,
    (Mode.PAUSED, Action.BACK): Deed.UNDO,
    (Mode.PAUSED, Action.GOTO): Deed.LEAP,
    (Mode.PAUSED, Action.PAUSE): "it is paused already",
    (Mode.PAUSED, Action.RESUME): Deed.THAW,
    (Mode.PAUSED, Action.RELEASE): Deed.LET_GO,
    (Mode.RELEASED, Action.GO): Deed.FIRE,
    (Mode.RELEASED, Action.BACK): Deed.UNDO,
    (Mode.RELEASED, Action.GOTO): Deed.LEAP,
    (Mode.RELEASED, Action.PAUSE): "it is released",
    (Mode.RELEASED, Action.RESUME): NOT_PAUSED,
    (Mode.RELEASED, Action.RELEASE): "it is released already",
}


@dataclass(frozen=True, slots=True)
class Tracked:
    """The whole state of a list in one cue: the move that set each parameter, and the effects that run."""

    moves: Mapping[int, Move]
    effects: Mapping[str, EffectStart]


NOTHING = Tracked({}, {})


def _strides(cues: tuple[Cue, ...]) -> list[Tracked]:
    """What tracks into cue 0, STRIDE, 2 STRIDE, ..."""
    moves: dict[int, Move] = {}
    effects: Mapping[str, EffectStart] = {}
    found = []
    for i, cue in enumerate(cues):
        if i % STRIDE == 0:
            found.append(Tracked(dict(moves), effects))
        if not cue.cue_only:
            moves.update(_by_parameter(cue))
            effects = _effects_after(effects, cue)
    return found


def _by_parameter(cue: Cue) -> Iterable[tuple[int, Move]]:
    return zip(map(itemgetter(0), cue.moves), cue.moves, strict=True)


def _effects_after(running: Mapping[str, EffectStart], cue: Cue) -> dict[str, EffectStart]:
    kept = {} if "all" in cue.stops else {name: s for name, s in running.items() if name not in cue.stops}
    return {**kept, **{s.effect: s for s in cue.starts}}


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """How one cue is played: what moves and what is let go, made once when the show is loaded."""

    moves: Moves
    let_go: Ints  # parameters given up if the list holds them
    span: Span  # in this time


class Timings:
    """The times of a cue by parameter, at the rate of the cue."""

    def __init__(self, times: Iterable[tuple[str, Timing]], rate: float, parameters: tuple[Parameter, ...]) -> None:
        self._times = {key: _rated_timing(timing, rate) for key, timing in times}
        self._parameters, self._rest = parameters, self._times.get("", Timing())
        self._alike = self._times.keys() <= {""}  # all parameters have the same

    def own(self, parameter: int) -> Timing | None:
        """What the cue says of just this parameter, or of its category; None where it says nothing."""
        p = self._parameters[parameter]
        return self._times.get(p.name) or self._times.get(p.category.value)

    def of(self, parameter: int) -> Timing:
        """What the cue says of this parameter."""
        return self._rest if self._alike else self.own(parameter) or self._rest


class _Kept(Generic[V]):
    """The last of what was asked for, with a bound on how much it is; the very last in any case."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Kind | None, int], tuple[V, int]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, kind: Kind | None, index: int) -> V | None:
        found = self._kept.get((kind, index))
        return None if found is None else found[0]

    def put(self, kind: Kind | None, index: int, value: V, moves: int) -> V:
        self._kept[kind, index] = value, moves
        while len(self._kept) > 1 and (len(self._kept) > KEPT or sum(n for _, n in self._kept.values()) > KEPT_MOVES):
            del self._kept[next(iter(self._kept))]
        return value


class Track:
    """One list, ready to be walked.

    What a cue does is worked out when it is first asked for, and the last of it kept: of a list of thousands of cues an
    evening needs few, and a reload must not wait for the others. Tracking is kept for every STRIDE-th cue. What will be asked
    for next can be worked out beforehand, a slice at a time (`ahead`); that changes nothing but how long it takes.
    """

    def __init__(self, cuelist: CueList, parameters: tuple[Parameter, ...], back_time: Span, traits: Traits) -> None:
        self.list, self.times = cuelist, Times(cuelist)
        self._index = {cue.number: i for i, cue in enumerate(cuelist.cues)}
        self._parameters, self._back_time, self._traits = parameters, back_time, traits
        self._beneath = _strides(cuelist.cues)
        used: set[int] = set()
        for cue in cuelist.cues:  # not all in one call, which would keep the interpreter from the tick of the engine before
            used.update(map(itemgetter(0), cue.moves))
        self._used: Ints = np.array(sorted(used), dtype=np.int64)
        self._states, self._steps = _Kept[Tracked](), _Kept[Step]()
        self._begun: tuple[Kind, int, Work[Step]] | None = None  # the step that is being worked out beforehand
        self.blank = Step(Columns(traits).moves(), self._used, back_time)

    def index(self, number: str) -> int | None:
        """Index of a cue by its number as text, BLANK for "0"; None where there is no such cue."""
        try:
            wanted = Decimal(number)
        except ArithmeticError:
            return None
        if not wanted.is_finite():
            return None
        return self._index.get(wanted) if wanted else BLANK

    def number(self, index: int) -> str:
        """Number of a cue as text."""
        return "0" if index == BLANK else format(self.list.cues[index].number, "f")

    def next(self, index: int, followed: Mapping[int, int], leaving: bool) -> int | None:
        """The cue that is pending once this one was fired: links followed so often, and whether loops are to be left."""
        link = self.link(index)
        if link is not None and not (self.is_loop(index) and (leaving or self._done(index, followed))):
            return link
        if index + 1 < len(self.list.cues):
            return index + 1
        return 0 if self.list.loop and self.list.cues and not leaving else None

    def link(self, index: int) -> int | None:
        """The cue that this one leads to, None where it is the next one as ever."""
        goto = None if index == BLANK else self.list.cues[index].goto
        return None if goto is None else self._index.get(goto)

    def is_loop(self, index: int) -> bool:
        """Whether the link of this cue leads back."""
        link = self.link(index)
        return link is not None and link <= index

    def in_loop(self, index: int) -> bool:
        """Whether a list that stands in this cue goes round: a link leads back across it, or the list itself is a loop."""
        ahead = range(index, len(self.list.cues)) if index != BLANK else ()
        links = [link for i in ahead if (link := self.link(i)) is not None and link <= i]
        return self.list.loop or any(link <= index for link in links)

    def _done(self, index: int, followed: Mapping[int, int]) -> bool:
        return 0 < self.list.cues[index].rounds <= followed.get(index, 0)

    def timings(self, index: int) -> Timings:
        """How long what this cue does not move itself would take in it."""
        cue = self.list.cues[index]
        return Timings(cue.times, cue.rate, self._parameters)

    def state(self, index: int) -> Tracked:
        """The tracked state of a cue."""
        return _done(self._state(index))

    def tracked(self, index: int) -> Tracked:
        """The tracked state of a cue, and nothing is remembered: for who looks on from another thread."""
        return NOTHING if index == BLANK else _done(self._walk(index))

    def sequence(self, index: int) -> Step:
        """What GO plays when the cue before was current."""
        return self._step("sequence", index)

    def whole(self, index: int) -> Step:
        """What GO plays out of sequence: the whole state, what the cue itself moves in its own times."""
        return self._step("whole", index)

    def leap(self, index: int) -> Step:
        """The whole state of a cue, all of it in the back time."""
        return self.blank if index == BLANK else self._step("leap", index)

    def ahead(self, index: int, in_sequence: bool) -> bool:
        """A slice of what GO will play, beforehand; whether there is more to do."""
        kind: Kind = "sequence" if in_sequence else "whole"
        if self._steps.get(kind, index) is not None:
            return False
        work = self._work(kind, index)
        self._begun = None  # what raises is not gone on with
        try:
            next(work)
        except StopIteration as end:
            self._keep(kind, index, end.value)
            return False
        self._begun = kind, index, work
        return True

    def moves(self, index: int, in_sequence: bool) -> dict[int, Move]:
        """What GO moves, whatever its times: the cue and the undoing of a cue_only one before it, or the whole state."""
        return {m.parameter: m for moves, _ in _done(self._plays(index, in_sequence)) for m in moves}

    # --- worked out a slice at a time ----------------------------------------------------------------------------------

    def _state(self, index: int) -> Work[Tracked]:
        if index == BLANK:
            return NOTHING
        kept = self._states.get(None, index)
        if kept is None:
            state = yield from self._walk(index)
            kept = self._states.put(None, index, state, len(state.moves))
        return kept

    def _walk(self, index: int) -> Work[Tracked]:
        """From what tracks into the last cue of which that is kept."""
        beneath = self._beneath[index // STRIDE]
        moves, effects, count = dict(beneath.moves), beneath.effects, len(beneath.moves)
        for i in range(index // STRIDE * STRIDE, index + 1):
            cue = self.list.cues[i]
            if i == index or not cue.cue_only:
                moves.update(_by_parameter(cue))
                effects, count = _effects_after(effects, cue), count + len(cue.moves)
            if count > SLICE:
                count = 0
                yield
        return Tracked(moves, effects)

    def _plays(self, index: int, in_sequence: bool) -> Work[list[tuple[Iterable[Move], Timings | None]]]:
        """What GO moves, what counts more after what counts less; with the times it is played in where not in its own."""
        cue, undone = self.list.cues[index], self._undone(index) if in_sequence else {}
        own = cue.moves, None
        if in_sequence and not cue.asserts and not undone:
            return [own]
        state, times = (yield from self._state(index)).moves, self.timings(index)
        if in_sequence:
            again = [*(state if cue.asserts else ()), *(p for p in undone if p in state)]
            return [([state[p] for p in again], times), own]
        return [(state.values(), times if cue.asserts else self._all_in_back_time()), own]

    def _undone(self, index: int) -> dict[int, None]:
        """Parameters of a cue_only cue before this one."""
        before = self.list.cues[index - 1] if index > 0 else None
        return dict.fromkeys(m.parameter for m in before.moves) if before is not None and before.cue_only else {}

    def _all_in_back_time(self) -> Timings:
        return Timings((("", Timing(self._back_time, self._back_time)),), 1.0, self._parameters)

    def _step(self, kind: Kind, index: int) -> Step:
        kept = self._steps.get(kind, index)
        return kept if kept is not None else self._keep(kind, index, _done(self._work(kind, index)))

    def _work(self, kind: Kind, index: int) -> Work[Step]:
        """The making of a step, from where it was left."""
        begun = self._begun
        return begun[2] if begun is not None and begun[:2] == (kind, index) else self._make(kind, index)

    def _keep(self, kind: Kind, index: int, step: Step) -> Step:
        self._begun = None
        return self._steps.put(kind, index, step, len(step.moves.parameter) + len(step.let_go))

    def _make(self, kind: Kind, index: int) -> Work[Step]:
        if kind == "sequence":
            let_go, span = yield from self._given_up(index)
        else:
            let_go, span = (yield from self._strange(index)), self._back_time
        if kind == "leap":
            plays: list[tuple[Iterable[Move], Timings | None]]
            plays = [((yield from self._state(index)).moves.values(), self._all_in_back_time())]
        else:
            plays = yield from self._plays(index, in_sequence=kind == "sequence")
        several, rate = Columns(self._traits), self.list.cues[index].rate
        for moves, times in plays:
            left = iter(moves)
            while some := list(islice(left, SLICE)):
                several.add(some, *((None, rate) if times is None else (times.of, 1.0)))
                yield
        return Step(several.moves(), let_go, span)

    def _given_up(self, i: int) -> Work[tuple[Ints, Span]]:
        """What a cue_only cue before had alone, and in what time the list gives it up: light in that in which it falls."""
        undone, times = self._undone(i), self.timings(i)
        state = (yield from self._state(i)).moves if undone else {}
        let_go = [p for p in undone if p not in state]
        lights = [p for p in let_go if self._parameters[p].category is Category.INTENSITY]
        found = np.array(let_go, dtype=np.int64)
        if lights:
            return found, times.of(lights[0]).down
        return found, times.of(let_go[0]).up if let_go else self.list.release

    def _strange(self, i: int) -> Work[Ints]:
        """Parameters that the list uses, but not in this cue."""
        state = (yield from self._state(i)).moves
        known = np.zeros(len(self._parameters), dtype=np.bool_)
        known[np.fromiter(state, np.int64, len(state))] = True
        return self._used[~known[self._used]]


def _done(work: Work[V]) -> V:
    """All that is left of some work, at once."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: V = end.value
            return found


def _rated_timing(timing: Timing, rate: float) -> Timing:
    return Timing(slower(timing.up, rate), slower(timing.down, rate), slower(timing.delay, rate))
