"""Motion as levels: nothing jumps, what is lost stands and then rests, other hands win."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import ControlEvent, Disarm, SetMaster, SetRate, StopAll, TrackRate
from showctl.show.gate import Gate
from showctl.show.gate.faders import PickUp
from tests.show.gate.stage import CLUTCH, SWELL, Stage, cues, show

TILT = ("left", "tilt 1")


def stage_of(**more: object) -> Stage:
    stage = Stage.of(controls=(replace(SWELL, **more),))  # type: ignore[arg-type]
    stage.shares[TILT] = 0.5
    return stage


def levels(events: list[ControlEvent]) -> list[float]:
    return [one.level for one in events if isinstance(one, SetMaster)]


def standing(stage: Stage) -> float:
    return dict(stage.playback.submasters)["swell"]


def test_nothing_moves_until_it_is_armed() -> None:
    stage = stage_of()
    stage.shares[TILT] = 1.0
    assert stage.wait(1.0) == []


def test_it_begins_where_the_level_stands_and_the_device_is_told_to_wait_there() -> None:
    stage = stage_of(range=(0.0, 0.8))
    stage.shares[TILT] = 0.9  # elsewhere
    stage.clutch()
    assert stage.steps[-1].pick_up == (PickUp("left", "tilt 1", pytest.approx(0.625)),)  # type: ignore[arg-type]
    assert stage.wait(0.5) == []
    stage.shares[TILT] = 0.65
    assert levels(stage.wait(0.1)) == [pytest.approx(0.52)]


def test_it_goes_no_faster_than_its_slew() -> None:
    stage = stage_of(slew=0.5)
    stage.clutch()
    stage.shares[TILT] = 1.0
    found = levels(stage.wait(2.0))
    assert found[0] == pytest.approx(0.51)
    assert found[-1] == pytest.approx(1.0)
    assert len(found) == pytest.approx(50, abs=1)


def test_a_range_that_runs_the_other_way() -> None:
    stage = stage_of(range=(1.0, 0.0))
    stage.clutch()
    stage.shares[TILT] = 0.8
    assert levels(stage.wait(1.0))[-1] == pytest.approx(0.2)


def test_when_the_clutch_is_let_go_it_stays_and_is_picked_up_again() -> None:
    stage = stage_of()
    stage.clutch()
    stage.shares[TILT] = 0.7
    stage.wait(1.0)
    stage.clutch(False)
    stage.shares[TILT] = 0.1
    assert stage.wait(2.0) == []
    stage.clutch()
    assert [one.share for one in stage.steps[-1].pick_up] == [pytest.approx(0.7)]


def test_a_hole_lets_it_stand_and_a_loss_lets_it_rest() -> None:
    stage = stage_of(rest=0.3)
    stage.clutch()
    stage.shares[TILT] = 0.9
    stage.wait(1.0)
    stage.silent.add("left")
    assert levels(stage.wait(1.0)) == []
    found = levels(stage.wait(2.4))
    assert found[-1] == pytest.approx(0.3)
    assert 95 <= len(found) <= 101  # two seconds
    stage.silent.clear()
    stage.shares[TILT] = 0.9
    assert stage.wait(2.0) == []  # not before it is armed anew


def test_without_a_rest_it_stays() -> None:
    stage = stage_of(rest=None)
    stage.clutch()
    stage.shares[TILT] = 0.9
    stage.wait(1.0)
    stage.silent.add("left")
    assert stage.wait(5.0) == []


def test_what_was_let_go_before_it_was_lost_does_not_rest() -> None:
    stage = stage_of()
    stage.clutch()
    stage.shares[TILT] = 0.9
    stage.wait(1.0)
    stage.clutch(False)
    stage.wait(0.1)
    stage.silent.add("left")
    assert stage.wait(5.0) == []


def test_another_hand_on_the_level_wins() -> None:
    stage = stage_of(window=cues(5, 9))
    stage.stand("main", "5")
    stage.wait(0.1)
    stage.shares[TILT] = 0.9
    stage.wait(1.0)
    stage.playback = replace(stage.playback, submasters=(("swell", 0.1),))
    stage.step()
    assert [one.share for one in stage.steps[-1].pick_up] == [pytest.approx(0.1)]
    stage.silent.add("left")
    stage.wait(1.5)
    stage.playback = replace(stage.playback, submasters=(("swell", 0.8),))
    assert stage.wait(3.0) == []  # not even to its rest


@pytest.mark.parametrize("silent", [0.12, 0.3, 0.9])
def test_what_another_hand_took_while_the_device_was_not_heard_is_its_own(silent: float) -> None:
    stage = stage_of(window=CLUTCH, rest=0.3)
    stage.clutch()
    stage.shares[TILT] = 0.9
    stage.wait(0.1)
    stage.silent.add("left")
    stage.wait(silent - 0.02)
    stage.playback = replace(stage.playback, submasters=(("swell", 0.1),))
    assert levels(stage.wait(3.0)) == []
    stage.silent.clear()
    stage.wait(0.5)
    assert standing(stage) == 0.1


def test_a_speed_of_a_list_and_of_tracks() -> None:
    stage = stage_of(do=SetRate(time=0.0, list="film", rate=1.0), range=(0.5, 2.0))
    stage.clutch()
    assert stage.shares[TILT] == pytest.approx(1 / 3)
    stage.shares[TILT] = 0.9
    [first, *_] = [one for one in stage.wait(0.1) if isinstance(one, SetRate)]
    assert (first.list, first.source) == ("film", "gesture:left")
    assert first.rate == pytest.approx(1.02, abs=1e-3)
    stage = stage_of(do=TrackRate(time=0.0, rate=1.0), range=(0.5, 2.0))
    stage.clutch()
    stage.shares[TILT] = 0.0
    assert [one.rate for one in stage.wait(3.0) if isinstance(one, TrackRate)][-1] == pytest.approx(0.5)


def test_a_stop_takes_the_hand_off() -> None:
    stage = stage_of()
    stage.clutch()
    stage.shares[TILT] = 0.9
    stage.gate._stop(stage.now)
    stage.step()
    assert stage.wait(1.0) == []


@pytest.mark.parametrize("end", [Disarm(time=0.0), StopAll(time=0.0)])
@pytest.mark.parametrize("silent", [0.14, 0.5])
def test_whom_the_operator_takes_the_hand_off_has_it_off_also_while_the_device_is_not_heard(
    end: ControlEvent, silent: float
) -> None:
    stage = stage_of(rest=0.0)
    stage.clutch()
    stage.shares[TILT] = 0.9
    stage.wait(0.1)
    stage.silent.add("left")
    stage.wait(silent)
    stage.ask(end)
    stage.steps.clear()
    assert levels(stage.wait(4.0)) == [], "nor does it go to its rest: it is the operator's now"


def test_after_a_restart_what_moved_a_level_and_does_not_come_back_rests() -> None:
    stage = stage_of()
    stage.clutch()
    stage.shares[TILT] = 0.9
    stage.wait(1.0)
    again = Stage.of(controls=(SWELL,))
    again.playback = stage.playback
    again.silent.add("left")
    again.gate = Gate(show(controls=(SWELL,)))
    again.gate.restore(stage.gate.pack(stage.now), again.now)
    again.heard.clear()
    assert levels(again.wait(4.0))[-1] == pytest.approx(0.3)


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("share"), st.floats(-1.0, 2.0)),
        st.tuples(st.just("clutch"), st.booleans()),
        st.tuples(st.just("silent"), st.booleans()),
        st.tuples(st.just("other"), st.floats(0.0, 1.0)),
        st.tuples(st.just("wait"), st.floats(0.02, 1.5)),
        st.tuples(st.just("gap"), st.floats(0.0, 30.0)),
    ),
    max_size=25,
)


@given(MOVES, st.floats(0.05, 1.0), st.booleans())
def test_a_level_never_jumps_whatever_comes(moves: list[tuple[str, float]], slew: float, rests: bool) -> None:
    stage = stage_of(slew=slew, rest=0.3 if rests else None, window=CLUTCH)
    known = {0.0, 1.0, standing(stage)}
    for what, value in moves:
        if what == "share":
            stage.shares[TILT] = value
        elif what == "clutch":
            stage.clutch(bool(value))
        elif what == "silent":
            (stage.silent.add if value else stage.silent.discard)("left")
        elif what == "other":
            if value in known:  # that could as well be what was asked for here, on its way
                continue
            known.add(value)
            stage.playback = replace(stage.playback, submasters=(("swell", value),))
        elif what == "gap":
            stage.now += value
        else:
            for _ in range(round(value / 0.02)):
                checked(stage, slew)
        checked(stage, slew)


def checked(stage: Stage, slew: float) -> None:
    """One step, in which the level moves by no more than it may at once."""
    before = standing(stage)
    found = levels(list(stage.step().controls))
    assert len(found) <= 1
    for one in found:
        assert abs(one - before) <= 0.02 * max(slew, 0.5) + 1e-6
        assert 0.0 <= one <= 1.0
