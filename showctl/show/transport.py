"""Transport: what each button does to a list and to the light on stage. Which deed belongs to which button: `cuelist.DEEDS`.

Every deed acts at time t, from where the light is at t. Those that cannot be done raise Refused, before they change anything.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from showctl.model import Back, Go, Goto, ListState, Pause, Release, Resume, SetRate, Timecode
from showctl.plan import ZERO
from showctl.show import mark
from showctl.show.cuelist import BLANK, DEEDS, Action, Deed, Mode, Step
from showctl.show.fade import Moment
from showctl.show.moves import compile_moves, together
from showctl.show.playhead import ASTRAY, COMPLETE, MARK, SECTION, STAY, TIMECODE, Playhead, Snapshot
from showctl.show.refused import Refused
from showctl.show.stage import Stage
from showctl.show.timecode import JUMP, Code

Asked = Go | Back | Goto | Pause | Resume | Release
ACTIONS: dict[type, Action] = {
    Go: Action.GO,
    Back: Action.BACK,
    Goto: Action.GOTO,
    Pause: Action.PAUSE,
    Resume: Action.RESUME,
    Release: Action.RELEASE,
}
FASTEST = 20.0  # a list runs at most so many times as fast


def ask(stage: Stage, head: Playhead, one: Asked, t: float) -> Deed:
    """Look up what this asks of the list in the state it is in, and do it. Returns what was done."""
    deed = DEEDS[head.mode, ACTIONS[type(one)]]
    if not isinstance(deed, Deed):
        raise Refused(deed)
    if isinstance(one, Go):
        _guard(head, deed, t, stage.plan.go_guard, one.cue)
    if isinstance(one, Goto):
        leap(stage, head, one.cue, t, own_times=one.own_times)
    elif deed is Deed.FIRE:
        fire(stage, head, t)
    elif deed is Deed.UNDO:
        undo(stage, head, t)
    elif deed is Deed.FREEZE:
        freeze(stage, head, t)
    elif deed is Deed.THAW:
        thaw(stage, head, t)
    else:
        let_go(stage, head, t)
    head.reschedule(t, stage.clock, stage.heard)
    return deed


def _guard(head: Playhead, deed: Deed, t: float, guard: float, meant: str | None) -> None:
    if t - head.last_go < guard:
        raise Refused(f"the last GO was less than {guard:g} s ago")
    if head.pending is None and deed is Deed.FIRE:
        raise Refused("there is no next cue")
    if meant is not None and (deed is not Deed.FIRE or head.pending is None or head.track.number(head.pending) != meant):
        raise Refused(f"it was meant for cue {meant}, which is not the next one any more")
    head.last_go = t


def fire(stage: Stage, head: Playhead, t: float) -> None:
    """Play the pending cue: its moves alone in sequence, else the whole tracked state."""
    assert head.pending is not None
    index, before, track = head.pending, head.current, head.track
    in_sequence = goes_on(head)
    stage.settle(t)
    head.remember(stage.snapshot(head))
    head.pass_on(index)
    if not in_sequence or track.list.cues[index].asserts or (before != BLANK and track.list.cues[before].cue_only):
        step = track.sequence(index) if in_sequence else track.whole(index)
        if head.adrift:  # it holds what the list does not know any more
            step = replace(step, let_go=np.setdiff1d(np.arange(len(stage.plan.parameters)), step.moves.parameter))
        _stand_in(stage, head, index, step, t)
    else:
        now = stage.play(head, track.sequence(index), t)
        _stand(stage, head, index, t, now)
        for name in track.list.cues[index].stops:
            stage.effects.stop(head.row, name, stage.view(head, t))
        for start in track.list.cues[index].starts:
            stage.begin(head, start, t)
    head.automatic = True


def goes_on(head: Playhead) -> bool:
    """Whether the pending cue is played in sequence: its moves alone."""
    return head.pending == head.current + 1 and head.mode is not Mode.RELEASED and not head.adrift


def ahead(head: Playhead) -> bool:
    """A slice of the work for what GO would play; whether there is more to do."""
    return head.pending is not None and head.track.ahead(head.pending, goes_on(head))


def by_itself(stage: Stage, head: Playhead, t: float) -> str:
    """What is due: a follow, hang or section fires the pending cue, a cue completes, marks move in the dark.

    Returns what it was, or "runaway" where a list runs away: then only a hand fires it on.
    """
    due = head.due_by
    if due == COMPLETE:
        now = head.moment(t, stage.clock)
        head.completed = (now.seconds, now.beats)
    elif due == MARK:
        _mark(stage, head, t)
    elif due == TIMECODE:
        due = _reach(stage, head, t)
    elif head.runs_away(t):
        head.automatic, head.pending_since, head.due = False, math.inf, math.inf
        return "runaway"
    else:
        if due == SECTION:
            head.answer(stage.heard)
        head.last_go = t
        fire(stage, head, t)
    head.reschedule(t, stage.clock, stage.heard)
    return due


def _mark(stage: Stage, head: Playhead, t: float) -> None:
    """Move what waits for the dark where it is dark; what is lit is looked at again."""
    stage.settle(t)
    lit = stage.lamps.lit(stage.lights(t))
    ready = [one for one in head.waiting if one.found_light or head.time.show_time(one.ready, stage.clock) <= t]
    dark = [one for one in ready if not lit[one.lamp]]
    for one in ready:
        one.found_light = True
    moved = set(map(id, dark))
    head.waiting = [one for one in head.waiting if id(one) not in moved]
    head.look_again = t + mark.PATIENCE
    if dark:
        moves = compile_moves([move for one in dark for move in one.moves], stage.traits)
        stage.play(head, Step(moves, np.empty(0, dtype=np.int64), ZERO), t, of_cue=False)


def _reach(stage: Stage, head: Playhead, t: float) -> str:
    """The time of a cue has come: it plays in its own times. Where time code is elsewhere the list goes there as by GOTO."""
    assert head.code is not None
    times, where, due = head.track.times, head.code.position(t), None
    if head.reached != ASTRAY:
        due = times.next(head.reached, head.current)
        assert due is not None
    before = head.current
    if due is not None and where - due[0] <= JUMP:
        head.reached, head.last_go = due[0], t
        if due[1] == head.pending:
            fire(stage, head, t)
        else:
            leap(stage, head, head.track.number(due[1]), t, own_times=True)
        return TIMECODE
    passed = times.passed(where)
    head.reached = where
    if before == (BLANK if passed is None else passed):
        return STAY
    leap(stage, head, head.track.number(BLANK if passed is None else passed), t)
    return TIMECODE


def chase(stage: Stage, head: Playhead, one: Timecode, t: float) -> None:
    """Reckon from here on where time code stands; of two clocks that run the one is followed that was first."""
    before = head.code
    if before is not None and before.clock != one.clock and before.speed != 0.0 and t < before.until:
        return
    head.code = Code.told(one, head.track.list.freewheel)
    if before is None or not before.leads_to(one):
        head.reached = ASTRAY
    head.reschedule(t, stage.clock, stage.heard)


def leap(stage: Stage, head: Playhead, number: str, t: float, own_times: bool = False) -> None:
    """GOTO: the whole state of a cue, in the back time, or what the cue itself moves in its own."""
    index = head.track.index(number)
    if index is None:
        raise Refused(f"there is no cue {number!r} in the list {head.track.list.name!r}")
    stage.settle(t)
    head.remember(stage.snapshot(head))
    head.followed.clear()
    head.leaving = False
    step = head.track.whole(index) if own_times and index != BLANK else head.track.leap(index)
    _stand_in(stage, head, index, step, t)
    head.automatic = index != BLANK


def undo(stage: Stage, head: Playhead, t: float) -> None:
    """BACK: as it was before the last GO, in the back time; beyond what is remembered, the cue before by number."""
    if not head.history and head.current == BLANK:
        raise Refused("there is nothing before cue 0")
    stage.settle(t)
    if head.history:
        was = head.history.pop()
        thaw(stage, head, t)
        now = _return_to(stage, head, was, t)
        head.followed, head.leaving = dict(was.followed), was.leaving or head.leaving
        _stand(stage, head, was.index, t, now)
        head.waiting = [one for one in head.waiting if one.lamp in was.waiting]  # what was moved then is back already
        stage.become(head, was.effects, t)
    else:
        index = head.current if head.mode is Mode.RELEASED else head.current - 1
        _stand_in(stage, head, index, head.track.leap(index), t)
    head.automatic = False


def freeze(stage: Stage, head: Playhead, t: float) -> None:
    """PAUSE: fades, delays, follows and effects stay where they are."""
    stage.effects.freeze(head.row, stage.view(head, t))
    head.pause(t, stage.clock)
    head.mode = Mode.PAUSED


def thaw(stage: Stage, head: Playhead, t: float) -> None:
    """RESUME: all goes on from where it stands."""
    stage.effects.thaw(head.row, stage.view(head, t))
    head.resume(t, stage.clock)
    head.mode = Mode.RUNNING


def let_go(stage: Stage, head: Playhead, t: float) -> None:
    """RELEASE: all that the list holds goes back to what lies beneath; it keeps its place."""
    stage.settle(t)
    head.remember(stage.snapshot(head))
    thaw(stage, head, t)
    everything = np.arange(len(stage.plan.parameters))
    nothing = together(np.empty(0, dtype=np.int64), np.empty(0), ZERO, stage.snaps)
    stage.play(head, Step(nothing, everything, head.track.list.release), t, fresh=False)
    stage.effects.stop(head.row, "all", stage.view(head, t))
    head.mode, head.automatic, head.due = Mode.RELEASED, False, math.inf
    head.waiting = []


def set_rate(stage: Stage, head: Playhead, one: SetRate, t: float) -> None:
    """How fast the list runs from now on: its fades, delays, follows and hangs, and its effects in free time."""
    if not 0.0 <= one.rate <= FASTEST:
        raise Refused(f"a rate is 0 to {FASTEST:g}, not {one.rate}")
    head.run_at(one.rate, t, stage.clock)
    stage.retime()
    head.reschedule(t, stage.clock, stage.heard)


def exit_loop(stage: Stage, head: Playhead, t: float) -> None:
    """The next link back is not followed: the list goes on behind it."""
    if not head.track.in_loop(head.current):
        raise Refused(f"the list {head.track.list.name!r} is in no loop")
    head.leaving = True
    if head.track.next(head.current, head.followed, head.leaving) != head.pending:
        head.await_next(t)
        await_dark(stage, head)
    head.reschedule(t, stage.clock, stage.heard)


def restore(stage: Stage, standing: ListState, t: float) -> Playhead | str:
    """Stand where a list stood, at once; returns the list, or why that cannot be."""
    head = next((h for h in stage.heads if h.track.list.name == standing.name), None)
    if head is None:
        return "there is no such list"
    index = head.track.index(standing.current)
    if index is None:
        return "there is no such cue"
    stage.settle(t)
    moves = head.track.state(index).moves if standing.state != "released" else {}
    values = np.array([m.value for m in moves.values()], dtype=np.float64)
    step = Step(together(np.array([*moves], dtype=np.int64), values, ZERO, stage.snaps), np.empty(0, dtype=np.int64), ZERO)
    _stand_in(stage, head, index, step, t)
    head.automatic = index != BLANK
    if standing.state == "paused":
        freeze(stage, head, t)
    elif standing.state == "released":
        stage.effects.stop(head.row, "all", stage.view(head, t))
        head.mode, head.automatic = Mode.RELEASED, False
    return head


def _stand_in(stage: Stage, head: Playhead, index: int, step: Step, t: float) -> None:
    """Be in a cue with its whole tracked state."""
    thaw(stage, head, t)
    now = stage.play(head, step, t)
    _stand(stage, head, index, t, now)
    stage.become(head, head.track.state(index).effects, t)


def _stand(stage: Stage, head: Playhead, index: int, t: float, now: Moment) -> None:
    head.stand(index, t, now)
    await_dark(stage, head)


def await_dark(stage: Stage, head: Playhead) -> None:
    """Find out what the pending cue would have moved in the dark, and when it may be looked for."""
    head.waiting, head.look_again = [], math.inf
    if not mark.marks(head.track, head.current, head.pending):
        return
    found = mark.wanted(head.track, head.current, head.pending, stage.lamps, stage.leads_to(head))
    if not found:
        return
    own = [stage.lamps.parameters(lamp) for lamp in found]
    first = np.cumsum([0, *map(len, own)])[:-1]
    seconds, beats = (np.maximum.reduceat(ends, first) for ends in stage.fades.ends(head.row, np.concatenate(own)))
    for (lamp, moves), second, beat in zip(found.items(), seconds.tolist(), beats.tolist(), strict=True):
        head.waiting.append(mark.Waiting(lamp, moves, (max(head.begun[0], second), beat)))


def _return_to(stage: Stage, head: Playhead, was: Snapshot, t: float) -> Moment:
    """Values of a snapshot, in the back time. What another list owned then goes back to it."""
    row, fades = head.row, stage.fades
    holds = fades.held[row] & ~fades.leaving[row]
    mine = was.owned & was.held
    untouched = was.held & (fades.stamp[row] == was.stamp)  # beneath another list then as now
    give_up = np.flatnonzero(holds & ~mine & ~untouched)
    changed = np.flatnonzero(mine & (~holds | (fades.target[row] != was.target)))
    gone = changed[~fades.held[row, changed]]
    fades.stamp[row, gone] = was.stamp[gone]
    back = stage.plan.back_time
    return stage.play(head, Step(together(changed, was.target[changed], back, stage.snaps), give_up, back), t, fresh=False)
