"""What a cue list means: which cue comes next, what tracks, and what each button does in each state.

Pure data and functions of the plan; `playhead` adds time, `engine` adds the stage.

Transport is a table: for every state of a list and every action there is one deed or one reason why not. Semantics are
those of Eos: GO fires the pending cue and, on a paused list, only lets it go on; PAUSE freezes and never resumes; BACK
undoes the last GO in the show's back time; GOTO, a link, the wrap of a loop and a GO after RELEASE are out of sequence
and play the whole tracked state, while a GO in sequence plays the moves of the cue alone.

Tracking: a value stays until a cue moves it. What a `cue_only` cue did is undone by the next one. Cue 0 is the blank state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import numpy as np

from showctl.plan import ZERO, Cue, CueList, EffectStart, Move, Parameter, Span
from showctl.show.fade import Ints, Moves, compile_moves

BLANK = -1  # index of cue 0
STRIDE, KEPT = 32, 64  # cues between two whole states that are kept; steps and states that are kept of those asked for
K, V = TypeVar("K"), TypeVar("V")


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


def track(cues: tuple[Cue, ...], beneath: Tracked = NOTHING) -> tuple[Tracked, ...]:
    """The tracked state of every cue, walking the list from the blank state (or from what tracked before it)."""
    states = []
    for cue in cues:
        state = Tracked({**beneath.moves, **{m.parameter: m for m in cue.moves}}, _effects_after(beneath.effects, cue))
        states.append(state)
        if not cue.cue_only:
            beneath = state
    return tuple(states)


def _strides(cues: tuple[Cue, ...]) -> list[Tracked]:
    """What tracks into cue 0, STRIDE, 2 STRIDE, ..."""
    moves: dict[int, Move] = {}
    effects: Mapping[str, EffectStart] = {}
    found = []
    for i, cue in enumerate(cues):
        if i % STRIDE == 0:
            found.append(Tracked(dict(moves), effects))
        if not cue.cue_only:
            moves.update((m.parameter, m) for m in cue.moves)
            effects = _effects_after(effects, cue)
    return found


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    """Remember the last KEPT of something."""
    if len(kept) >= KEPT:
        del kept[next(iter(kept))]
    kept[key] = value


def _effects_after(running: Mapping[str, EffectStart], cue: Cue) -> dict[str, EffectStart]:
    kept = {} if "all" in cue.stops else {name: s for name, s in running.items() if name not in cue.stops}
    return {**kept, **{s.effect: s for s in cue.starts}}


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """How one cue is played: what moves and what is let go, made once when the show is loaded."""

    moves: Moves
    let_go: Ints  # parameters given up if the list holds them
    span: Span  # in this time


class Track:
    """One list, ready to be walked.

    What a cue does is worked out when it is first asked for, and the last of it kept: of a list of thousands of cues an
    evening needs few, and a reload must not wait for the others. Tracking is kept for every STRIDE-th cue.
    """

    def __init__(self, cuelist: CueList, parameters: tuple[Parameter, ...], back_time: Span) -> None:
        self.list = cuelist
        self._index = {cue.number: i for i, cue in enumerate(cuelist.cues)}
        self._parameters, self._back_time = parameters, back_time
        self._beneath = _strides(cuelist.cues)
        self._used = sorted({m.parameter for cue in cuelist.cues for m in cue.moves})
        self._states: dict[int, Tracked] = {}
        self._steps: dict[tuple[str, int], Step] = {}
        self.blank = self._step([], self._used, back_time)

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

    def next(self, index: int) -> int | None:
        """The cue that is pending once this one was fired."""
        cues = self.list.cues
        if index != BLANK and (link := cues[index].goto) is not None:
            return self._index.get(link)
        if index + 1 < len(cues):
            return index + 1
        return 0 if self.list.loop and cues else None

    def state(self, index: int) -> Tracked:
        """The tracked state of a cue."""
        if index == BLANK:
            return NOTHING
        if index not in self._states:
            first = index // STRIDE * STRIDE
            beneath, cues = self._beneath[index // STRIDE], self.list.cues[first : index + 1]
            _keep(self._states, index, track(cues, beneath)[-1])
        return self._states[index]

    def sequence(self, index: int) -> Step:
        """What GO plays when the cue before was current."""
        return self._kept("sequence", index, lambda: self._in_sequence(index))

    def whole(self, index: int) -> Step:
        """What GO plays out of sequence: the whole state, what the cue itself moves in its own times."""
        return self._kept("whole", index, lambda: self._whole(index, own_times=True))

    def leap(self, index: int) -> Step:
        """The whole state of a cue, all of it in the back time."""
        if index == BLANK:
            return self.blank
        return self._kept("leap", index, lambda: self._whole(index, own_times=False))

    def _kept(self, kind: str, index: int, make: Callable[[], Step]) -> Step:
        if (kind, index) not in self._steps:
            _keep(self._steps, (kind, index), make())
        return self._steps[kind, index]

    def _in_sequence(self, i: int) -> Step:
        """The moves of the cue, and the undoing of the cue before where that was cue_only."""
        cues = self.list.cues
        moves = {m.parameter: m for m in cues[i].moves}
        let_go = []
        for was in cues[i - 1].moves if i > 0 and cues[i - 1].cue_only else ():
            if was.parameter in moves:
                continue
            if (beneath := self.state(i).moves.get(was.parameter)) is not None:
                moves[was.parameter] = replace(was, value=beneath.value, delay=ZERO)
            else:
                let_go.append(was.parameter)
        return self._step(list(moves.values()), let_go, self.list.release)

    def _whole(self, i: int, own_times: bool) -> Step:
        """The tracked state of a cue; what the cue itself moves may take its own times."""
        own = {m.parameter for m in self.list.cues[i].moves} if own_times else set()
        state = self.state(i).moves
        moves = [m if p in own else _in_time(m, self._back_time) for p, m in state.items()]
        return self._step(moves, [p for p in self._used if p not in state], self._back_time)

    def _step(self, moves: list[Move], let_go: list[int], span: Span) -> Step:
        return Step(compile_moves(moves, self._parameters), np.array(let_go, dtype=np.int64), span)


def _in_time(move: Move, span: Span) -> Move:
    return replace(move, up=span, down=span, delay=ZERO)
