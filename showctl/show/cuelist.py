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

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import numpy as np

from showctl.plan import Category, Cue, CueList, EffectStart, Move, Parameter, Span, Timing
from showctl.show.fade import Ints, Moves, compile_moves

BLANK = -1  # index of cue 0
SLOWEST = 1e-9  # a rate of 0 makes every second a lifetime
STRIDE, KEPT = 32, 64  # cues between two whole states that are kept; steps and states that are kept of those asked for
K = TypeVar("K")
V = TypeVar("V")


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


class Timings:
    """The times of a cue by parameter, at the rate of the cue."""

    def __init__(self, cue: Cue, parameters: tuple[Parameter, ...]) -> None:
        self._times = {key: _rated_timing(timing, cue.rate) for key, timing in cue.times}
        self._parameters = parameters

    def own(self, parameter: int) -> Timing | None:
        """What the cue says of just this parameter, or of its category; None where it says nothing."""
        p = self._parameters[parameter]
        return self._times.get(p.name) or self._times.get(p.category.value)

    def of(self, parameter: int) -> Timing:
        """What the cue says of this parameter."""
        return self.own(parameter) or self._times.get("", Timing())


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
        self.blank = self._step({}, self._used, back_time)

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
        return Timings(self.list.cues[index], self._parameters)

    def state(self, index: int) -> Tracked:
        """The tracked state of a cue."""
        if index == BLANK:
            return NOTHING
        if index not in self._states:
            _keep(self._states, index, self.tracked(index))
        return self._states[index]

    def tracked(self, index: int) -> Tracked:
        """The tracked state of a cue, and nothing is remembered: for who looks on from another thread."""
        if index == BLANK:
            return NOTHING
        first = index // STRIDE * STRIDE
        return track(self.list.cues[first : index + 1], self._beneath[index // STRIDE])[-1]

    def sequence(self, index: int) -> Step:
        """What GO plays when the cue before was current."""
        return self._kept("sequence", index, lambda: self._in_sequence(index))

    def whole(self, index: int) -> Step:
        """What GO plays out of sequence: the whole state, what the cue itself moves in its own times."""
        return self._kept("whole", index, lambda: self._whole(index))

    def leap(self, index: int) -> Step:
        """The whole state of a cue, all of it in the back time."""
        if index == BLANK:
            return self.blank
        return self._kept("leap", index, lambda: self._leap(index))

    def _kept(self, kind: str, index: int, make: Callable[[], Step]) -> Step:
        if (kind, index) not in self._steps:
            _keep(self._steps, (kind, index), make())
        return self._steps[kind, index]

    def moves(self, index: int, in_sequence: bool) -> dict[int, Move]:
        """What GO moves: the cue and the undoing of a cue_only one before it, or out of sequence the whole state."""
        own, asserts, undone = self._own(index), self.list.cues[index].asserts, self._undone(index) if in_sequence else {}
        if in_sequence and not asserts and not undone:
            return own
        state, times = self.state(index).moves, self.timings(index)
        if in_sequence:
            again = [*(state if asserts else ()), *(p for p in undone if p in state)]
            return {**{p: timed(state[p], times.of(p)) for p in again}, **own}
        back = Timing(self._back_time, self._back_time)
        return {**{p: timed(m, times.of(p) if asserts else back) for p, m in state.items()}, **own}

    def _undone(self, index: int) -> dict[int, None]:
        """Parameters of a cue_only cue before this one."""
        before = self.list.cues[index - 1] if index > 0 else None
        return dict.fromkeys(m.parameter for m in before.moves) if before is not None and before.cue_only else {}

    def _own(self, i: int) -> dict[int, Move]:
        """What a cue itself moves, in its own times at its own rate."""
        rate = self.list.cues[i].rate
        return {m.parameter: m if rate == 1.0 else _rated(m, rate) for m in self.list.cues[i].moves}

    def _in_sequence(self, i: int) -> Step:
        let_go = [p for p in self._undone(i) if p not in self.state(i).moves]
        return self._step(self.moves(i, in_sequence=True), let_go, self._undoing(i, let_go))

    def _undoing(self, i: int, let_go: list[int]) -> Span:
        """In what time the list gives up what a cue_only cue before had alone: light in that in which it falls."""
        times, lights = self.timings(i), [p for p in let_go if self._parameters[p].category is Category.INTENSITY]
        if lights:
            return times.of(lights[0]).down
        return times.of(let_go[0]).up if let_go else self.list.release

    def _whole(self, i: int) -> Step:
        return self._step(self.moves(i, in_sequence=False), self._strange(i), self._back_time)

    def _leap(self, i: int) -> Step:
        back = Timing(self._back_time, self._back_time)
        moves = {p: timed(m, back) for p, m in self.state(i).moves.items()}
        return self._step(moves, self._strange(i), self._back_time)

    def _strange(self, i: int) -> list[int]:
        """Parameters that the list uses, but not in this cue."""
        state = self.state(i).moves
        return [p for p in self._used if p not in state]

    def _step(self, moves: Mapping[int, Move], let_go: list[int], span: Span) -> Step:
        return Step(compile_moves(list(moves.values()), self._parameters), np.array(let_go, dtype=np.int64), span)


def timed(move: Move, timing: Timing) -> Move:
    """The same move in other times."""
    return move._replace(up=timing.up, down=timing.down, delay=timing.delay)


def slower(span: Span, rate: float) -> Span:
    """A span at a rate: 0.5 makes it twice as long."""
    return span if rate == 1.0 or span.amount == 0.0 else Span(span.amount / max(rate, SLOWEST), span.unit)


def _rated(move: Move, rate: float) -> Move:
    return move._replace(up=slower(move.up, rate), down=slower(move.down, rate), delay=slower(move.delay, rate))


def _rated_timing(timing: Timing, rate: float) -> Timing:
    return Timing(slower(timing.up, rate), slower(timing.down, rate), slower(timing.delay, rate))
