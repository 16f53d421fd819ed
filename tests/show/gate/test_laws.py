"""What holds whatever comes: of gestures, packets, losses, reloads and time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import Arm, Confirm, ControlEvent, Disarm, Flash, Go, Reading, SetMaster, StopAll, Tap
from showctl.show.gate import Gate
from showctl.show.gate.repeats import CUE_S, PERFORMER_S
from tests.show.gate.stage import ALWAYS, DARK, FLASH, GO, OPERATOR, PLAY, STOP, SWELL, Stage, bind, cues, show

EVERYTHING = (
    bind("swipe", GO),
    bind("circle", PLAY, cues(1, 9)),
    bind("wave", DARK, OPERATOR, way="turns", danger="alone"),
    bind("fist", GO, OPERATOR, words="fist go"),
    bind("long", replace(PLAY, track="a"), cues(5, 6), words="long play"),
    bind("clap", GO, cues(3, 4), on="bar", words="clap go"),
    bind("up", FLASH, way="holds"),
)
DEVICES = st.sampled_from(["left", "right", "ring", "phone"])
CANDIDATES = st.builds(
    lambda gesture, device, ago, accepted: ("gesture", (gesture, device, ago, accepted)),
    st.sampled_from(["swipe", "circle", "wave", "righty", "nothing"]),
    DEVICES,
    st.floats(-0.5, 1.0),
    st.booleans(),
)
READINGS = st.builds(
    lambda channel, name, device, on: ("reading", (channel, name, device, on)),
    st.sampled_from(["press", "event", "posture", "battery", "value"]),
    st.sampled_from(["1", "2", "3", "clap", "height above 0.8", ""]),
    DEVICES,
    st.floats(0.0, 1.0),
)
WAITS = st.floats(0.02, 2.0).map(lambda s: ("wait", s))
SILENCE = st.tuples(st.sampled_from(["silent", "heard"]), st.sampled_from(["left", "right", "ring"]))
CUES = st.integers(1, 9).map(lambda n: ("cue", str(n)))
BUTTONS = st.tuples(st.just("button"), st.tuples(st.sampled_from(["1", "2", "3"]), st.booleans()))
TOUCHES = st.tuples(st.just("touch"), st.booleans())
OPERATORS = st.sampled_from([("arm", None), ("arm", "anna"), ("disarm", "ben"), ("confirm", None), ("stop", None)])
BEATS = st.tuples(st.just("beat"), st.floats(0.0, 500.0))
Move = tuple[str, Any]


def play(stage: Stage, moves: Iterable[Move]) -> list[tuple[float, ControlEvent]]:
    """What comes of it, and when."""
    found: list[tuple[float, ControlEvent]] = []
    for what, value in moves:
        before = len(stage.steps)
        if what == "gesture":
            gesture, device, ago, accepted = value
            stage.gesture(gesture, device, time=stage.now + 0.02 - ago, accepted=accepted)
        elif what == "twice":
            stage.step(*(stage.candidate("swipe", time=stage.now),) * 2)
        elif what == "reading":
            channel, name, device, on = value
            stage.step(readings=(Reading(device, channel, (on,), stage.now, name=name),))
        elif what == "wait":
            stage.wait(value)
        elif what == "silent":
            stage.silent.add(value)
        elif what == "heard":
            stage.silent.discard(value)
        elif what == "cue":
            stage.stand("main", value)
        elif what == "button":
            stage.button(*value)
        elif what == "touch":
            (stage.touched.add if value else stage.touched.discard)("ring")
        elif what == "beat":
            stage.beats(120.0, value)
        elif what == "stop":
            stage.ask(StopAll(time=stage.now))
        elif what == "arm":
            stage.ask(Arm(time=stage.now, performer=value))
        else:
            stage.ask((Disarm if what == "disarm" else Confirm)(time=stage.now, performer=value))
        found += [(stage.now, one) for step in stage.steps[before:] for one in step.controls]
    return found


def moves(*kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Move]]:
    return st.lists(st.one_of(*kinds), max_size=30)


@settings(deadline=None)
@given(moves(CANDIDATES, READINGS, WAITS, SILENCE, BEATS, st.just(("button", ("2", True))), st.just(("button", ("3", True)))))
def test_disarmed_nothing_fires_whatever_comes(some: list[Move]) -> None:
    assert play(Stage.of(*EVERYTHING, controls=(SWELL,)), some) == []


@settings(deadline=None)
@given(moves(WAITS, SILENCE, CUES, BEATS))
def test_time_that_goes_on_fires_nothing(some: list[Move]) -> None:
    stage = Stage.of(*EVERYTHING, bind("righty", STOP, ALWAYS), controls=(SWELL,))
    stage.ask(Arm(time=stage.now))
    stage.clutch()
    assert [one for _, one in play(stage, some) if not isinstance(one, SetMaster)] == []


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(CANDIDATES, CANDIDATES, WAITS, BUTTONS, TOUCHES, BEATS, CUES, OPERATORS, st.just(("twice", None))), max_size=40
    )
)
def test_nothing_is_done_twice_within_its_time_whatever_is_doubled_or_comes_in_another_order(some: list[Move]) -> None:
    stage = Stage.of(*EVERYTHING)
    stage.ask(Arm(time=stage.now))
    stage.clutch()
    by, of = dict[str, float](), dict[str, float]()
    for _, one in play(stage, some):
        if isinstance(one, Flash | Tap | StopAll):
            continue
        performer = "ben" if one.source == "gesture:ring" else "anna"
        assert one.time - by.get(performer, -9e9) >= PERFORMER_S - 1e-6
        by[performer] = one.time
        if isinstance(one, Go):
            assert one.time - of.get(one.list, -9e9) >= CUE_S - 1e-6
            of[one.list] = one.time


@settings(deadline=None)
@given(st.lists(st.one_of(CANDIDATES, WAITS, BUTTONS.filter(lambda one: one[1][0] != "1"), READINGS, BEATS, CUES), max_size=40))
def test_what_is_dangerous_is_never_done_by_one_factor(some: list[Move]) -> None:
    """No clutch, no operator: what two gestures do has to be two, and pyro and blackout are never theirs."""
    stage = Stage.of(
        bind("swipe", GO, cues(1, 9)),
        bind("circle", DARK, cues(1, 9), way="turns", danger="alone"),
        bind("fist", GO, cues(1, 9), words="fist go"),
    )
    stage.stand("main", "7")
    stage.wait(2.1)
    tries: list[float] = []
    for move in some:
        pending = next(one.pending for one in stage.playback.lists if one.name == "main")
        before = stage.now
        fired = play(stage, [move])
        if move[0] == "gesture" and move[1][0] == "swipe" and move[1][3]:
            tries.append(min(before + 0.02 - move[1][2], stage.now))
        if move[0] == "button" and move[1] == ("2", True):
            tries.append(stage.now)
        for _, one in fired:
            assert isinstance(one, Go)
            assert pending != "9"
            if pending in ("7", "8"):
                assert any(0.49 <= b - a <= 3.01 for a in tries for b in tries)


@settings(deadline=None)
@given(
    st.lists(st.one_of(CANDIDATES, BUTTONS.filter(lambda one: one[1][0] != "1"), READINGS, WAITS, BEATS), max_size=25),
    st.floats(1.05, 5.0),
)
def test_after_a_loss_nothing_fires_before_it_is_armed_anew(some: list[Move], away: float) -> None:
    stage = Stage.of(*EVERYTHING, controls=(SWELL,))
    stage.stand("main", "5")
    stage.ask(Arm(time=stage.now))
    stage.clutch()
    stage.wait(0.1)
    stage.silent |= {"left", "right", "ring"}
    stage.wait(away)
    stage.silent.clear()
    gone = play(stage, some)
    assert [one for _, one in gone if not isinstance(one, SetMaster)] == []


@settings(deadline=None)
@given(st.lists(st.one_of(CANDIDATES, READINGS, WAITS, SILENCE, CUES, BUTTONS, TOUCHES, OPERATORS, BEATS), max_size=25))
def test_who_is_armed_stops_from_any_state_in_one_step_and_what_waited_is_gone(some: list[Move]) -> None:
    stage = Stage.of(*EVERYTHING, bind("righty", STOP, ALWAYS))
    play(stage, some)
    stage.silent.clear()
    stage.button("1", False)
    stage.ask(Arm(time=stage.now))
    stage.wait(1.1)
    stage.clutch()
    assert [type(one) for one in stage.gesture("righty", "right")][-1:] == [StopAll]
    later = stage.wait(8.0)
    assert [one for one in later if not isinstance(one, Flash)] == []


@settings(deadline=None)
@given(st.lists(st.one_of(CANDIDATES, WAITS, CUES, BUTTONS, TOUCHES, OPERATORS, BEATS), max_size=20))
def test_a_restart_arms_nobody(some: list[Move]) -> None:
    stage = Stage.of(*EVERYTHING, controls=(SWELL,))
    play(stage, some)
    again = Stage(Gate(show(*EVERYTHING, controls=(SWELL,))), now=stage.now, playback=stage.playback)
    again.gate.restore(stage.gate.pack(stage.now), again.now)
    again.wait(1.0)
    assert not any(one.armed for one in again.gate.performers(again.now))
    for gesture in ("swipe", "circle", "wave"):
        assert [one for one in again.gesture(gesture) if not isinstance(one, SetMaster)] == []


@settings(deadline=None)
@given(st.lists(st.one_of(CANDIDATES, READINGS, WAITS, SILENCE, CUES, BUTTONS, TOUCHES, OPERATORS, BEATS), max_size=25))
def test_the_same_again_is_the_same_again(some: list[Move]) -> None:
    once, twice = Stage.of(*EVERYTHING, controls=(SWELL,)), Stage.of(*EVERYTHING, controls=(SWELL,))
    assert play(once, some) == play(twice, some)
    assert once.steps == twice.steps


def test_the_laws_are_about_something() -> None:
    """Armed and with its factors, each of these does act: else the laws above would hold of a wall."""
    acts: list[tuple[str, Callable[[Stage], object]]] = [
        ("swipe", Stage.clutch),
        ("circle", lambda stage: stage.stand("main", "5")),
        ("wave", lambda stage: stage.ask(Arm(time=stage.now))),
    ]
    for gesture, arm in acts:
        stage = Stage.of(*EVERYTHING)
        arm(stage)
        stage.wait(2.1)
        first = stage.gesture(gesture)
        stage.wait(0.7)
        second = first or stage.gesture(gesture)
        stage.wait(0.5)
        second = second or stage.ask(Confirm(time=stage.now)).controls
        assert second, gesture
