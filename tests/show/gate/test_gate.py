"""The gate, rule by rule: armed, heard, refused, twice, on the beat; and stop before everything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from showctl.model import (
    Arm,
    Blackout,
    Confirm,
    ControlEvent,
    Disarm,
    Flash,
    Go,
    Goto,
    Happened,
    NextTrack,
    PlayTrack,
    Reading,
    StayTrack,
    StopAll,
    Tap,
    Zero,
)
from showctl.plan import Gesture, GestureBinding, Sign
from showctl.show.gate import Gate, GateInputs
from showctl.wire.journal import decode_happened, encode_happened
from tests.show.gate.stage import (
    ALWAYS,
    CLUTCH,
    DARK,
    FLASH,
    GO,
    LEFT,
    OPERATOR,
    PLAY,
    RIGHT,
    STOP,
    SWELL,
    TAP,
    Stage,
    bind,
    cues,
    show,
)
from tests.show.shows import plan as small_plan

# --- the clutch -----------------------------------------------------------------------------------------------------------


def test_nothing_is_armed_to_begin_with() -> None:
    stage = Stage.of(bind("swipe", GO))
    assert stage.gesture() == []
    assert stage.reasons() == ["the clutch is not held"]
    assert stage.felt() == []  # whoever dances is left in peace


def test_a_gesture_while_the_clutch_is_held_acts_at_its_own_time() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    at = stage.now + 0.01
    assert stage.gesture(time=at) == [Go(time=at, source="gesture:left", cue="2")]
    assert stage.felt() == [("left", "armed"), ("right", "armed"), ("left", "heard")]


@pytest.mark.parametrize(("before", "does"), [(0.3, 0), (0.05, 0), (-0.05, 1)])
def test_a_movement_that_was_made_before_its_performer_was_armed_is_not_meant(before: float, does: int) -> None:
    """It is decided a third of a second after its end: the clutch may be pressed in between."""
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    pressed = stage.now
    stage.wait(0.2)
    assert len(stage.gesture(middle=pressed - before)) == does
    assert stage.reasons() == ([] if does else ["it was made before that was armed"])


def test_nor_is_a_clutch_that_is_pressed_after_it_its_second_factor() -> None:
    stage = at("8", bind("swipe", GO, cues(1, 9)))
    stage.clutch()
    pressed = stage.now
    stage.wait(0.2)
    assert stage.gesture(middle=pressed - 0.1) == []
    stage.wait(0.7)
    assert len(stage.gesture(middle=pressed + 0.6)) == 1


def test_a_stop_is_one_whenever_it_was_made() -> None:
    stage = Stage.of(bind("swipe", STOP, ALWAYS), bind("circle", GO))
    stage.clutch()
    assert len(stage.gesture(middle=stage.now - 0.3)) == 1


def test_a_clutch_that_is_let_go_disarms_at_once() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    stage.clutch(False)
    assert stage.gesture() == []


def test_one_clutch_arms_all_that_a_performer_wears_and_nobody_else() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    assert stage.gesture(device="ring") == []
    assert len(stage.gesture(device="right")) == 1


def test_a_finger_on_the_screen_is_a_clutch_as_long_as_it_is_there() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.touched.add("ring")
    stage.wait(0.1)
    assert len(stage.gesture(device="ring")) == 1
    stage.touched.clear()
    stage.wait(2.5)
    assert stage.gesture(device="ring") == []


def test_a_clutch_whose_device_is_not_heard_counts_as_let_go() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    stage.silent.add("left")
    stage.wait(0.16)
    assert stage.gesture(device="right") == []
    stage.silent.clear()
    assert len(stage.gesture(device="right")) == 1  # it was a hole, no loss


def test_a_press_that_was_overtaken_by_its_release_is_none_and_a_clock_that_was_set_is_no_matter() -> None:
    stage = Stage.of(bind("swipe", GO))

    def told(on: bool, time: float) -> None:
        stage.step(readings=(Reading("left", "button", (float(on),), stage.now + 0.02, time, "1"),))

    told(True, 500.00)
    told(False, 500.10)
    told(True, 500.05)
    assert stage.gesture() == []
    told(True, 500.20)
    told(False, 490.0)  # it was set back by ten seconds
    assert stage.gesture() == []
    told(True, 490.2)
    assert len(stage.gesture()) == 1


@pytest.mark.parametrize(("channel", "name", "gesture"), [("event", "clap", "clap"), ("button", "2", "fist")])
def test_a_packet_that_comes_again_much_later_is_the_same_by_the_devices_own_clock(channel: str, name: str, gesture: str) -> None:
    stage = Stage.of(bind(gesture, TAP, OPERATOR))
    stage.ask(Arm(time=stage.now))

    def told(measured: float) -> list[ControlEvent]:
        return list(stage.step(readings=(Reading("left", channel, (1.0,), stage.now + 0.02, measured, name),)).controls)

    assert len(told(500.0)) == 1
    stage.wait(0.9)
    assert told(500.0) == []
    stage.wait(2.1)
    assert len(told(503.0)) == 1


def test_a_release_that_was_lost_does_not_arm_for_ever() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    stage.wait(9.5)
    assert len(stage.gesture()) == 1
    stage.wait(2.5)
    assert stage.felt()[-1] == ("right", "disarmed")
    assert stage.gesture() == []
    assert stage.reasons() == ["let the clutch go and hold it again"]
    longer = replace(LEFT, button_limit=60.0)
    stage = Stage.of(bind("swipe", GO, performers=("anna",)), wearables=(longer, RIGHT))
    stage.clutch()
    stage.wait(55.0)
    assert len(stage.gesture()) == 1


def repeating(stage: Stage, seconds: float, on: bool | None, every: float = 0.1) -> None:
    """A device that says again and again how its clutch stands; None: it says nothing of it."""
    for n in range(round(seconds / 0.02)):
        said = on is not None and n % round(every / 0.02) == 0
        stage.step(readings=(Reading("left", "button", (float(bool(on)),), stage.now + 0.02, name="1"),) if said else ())


@pytest.mark.parametrize("every", [0.02, 0.1, 0.4])
def test_a_device_that_repeats_how_its_button_stands_holds_it_as_long_as_it_says_so(every: float) -> None:
    stage = Stage.of(bind("swipe", GO))
    repeating(stage, 2.0, False, every)
    repeating(stage, 45.0, True, every)
    assert len(stage.gesture()) == 1
    repeating(stage, every, False, every)  # the first of its releases may be lost
    stage.wait(2.0)
    assert stage.gesture() == []


def told_now_and_then(stage: Stage, seconds: float, on: bool, every: float) -> int:
    """How often something comes of a device that says now and then how its button stands."""
    made = 0
    for n in range(round(seconds / 0.02)):
        reading = Reading("left", "button", (float(on),), stage.now + 0.02, name="2")
        made += len(stage.step(readings=() if n % round(every / 0.02) else (reading,)).controls)
    return made


@pytest.mark.parametrize("every", [0.4, 0.6, 1.0, 2.0, 3.0])
def test_a_button_that_is_told_of_now_and_then_is_pressed_once_however_long_it_is_held(every: float) -> None:
    stage = at("1", bind("fist", GO, cues(1, 99)))
    assert told_now_and_then(stage, 4 * every, False, every) == 0
    assert told_now_and_then(stage, 20.0, True, every) == 1
    assert told_now_and_then(stage, 1.0, False, every) == 0
    assert told_now_and_then(stage, 5.0, True, every) == 1


@pytest.mark.parametrize("every", [0.4, 0.5, 0.6, 1.0, 1.8])
@pytest.mark.parametrize("idle", [0, 1, 2])
def test_that_holds_from_its_first_words_on(every: float, idle: int) -> None:
    """Before it can be known that it repeats how it stands."""
    stage = at("1", bind("fist", GO, cues(1, 99)))
    assert told_now_and_then(stage, idle * every, False, every) == 0
    assert told_now_and_then(stage, 20.0, True, every) == 1
    assert told_now_and_then(stage, every, False, every) == 0
    assert told_now_and_then(stage, 5.0, True, every) == 1


def test_a_press_whose_release_was_lost_is_followed_by_another() -> None:
    stage = at("1", bind("fist", TAP, cues(1, 99)))
    assert len(stage.button("2")) == 1
    stage.wait(2.1)
    assert len(stage.button("2")) == 1


def test_a_press_that_comes_many_times_at_once_is_one_that_was_told_of_once() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.step(readings=tuple(Reading("left", "button", (1.0,), stage.now + n / 1000, name="1") for n in range(6)))
    stage.wait(5.0)
    assert len(stage.gesture()) == 1


def test_a_repeated_button_of_which_no_word_comes_is_up_and_has_to_be_let_go_before_it_counts_again() -> None:
    stage = Stage.of(bind("swipe", GO), bind("fist", TAP))
    repeating(stage, 1.0, False)
    repeating(stage, 3.0, True)
    repeating(stage, 0.6, None)  # a hole
    repeating(stage, 1.0, True)
    assert len(stage.gesture()) == 1
    repeating(stage, 1.2, None)
    assert stage.gesture() == []
    repeating(stage, 3.0, True)
    assert stage.gesture() == []
    assert stage.reasons()[-1] == "let the clutch go and hold it again"
    repeating(stage, 0.2, False)
    repeating(stage, 1.0, True)
    assert len(stage.gesture()) == 1


# --- windows --------------------------------------------------------------------------------------------------------------


def test_cues_open_a_window_and_close_it() -> None:
    stage = Stage.of(bind("swipe", TAP, cues(5, 6)))
    assert stage.gesture() == []
    stage.stand("main", "5")
    stage.wait(0.1)
    assert len(stage.gesture()) == 1
    stage.stand("main", "7")
    stage.wait(2.5)
    assert stage.gesture() == []
    assert stage.reasons() == ["not armed in this cue"] * 2


def test_a_list_that_stands_there_already_opens_nothing() -> None:
    stage = Stage.of(bind("swipe", TAP, cues(1, 6)))
    stage.wait(1.0)
    assert stage.gesture() == []
    stage.stand("main", "2")
    stage.wait(0.1)
    assert len(stage.gesture()) == 1


def test_an_engine_that_was_built_anew_opens_nothing() -> None:
    stage = Stage.of(bind("swipe", TAP, cues(1, 6)))
    stage.stand("main", "1")  # the same cue, by the clock of another engine
    stage.wait(0.1)
    assert stage.gesture() == []


def test_a_window_closes_by_itself() -> None:
    stage = Stage.of(bind("swipe", TAP, cues(5, 6, seconds=2.0)))
    stage.stand("main", "5")
    stage.wait(2.5)
    assert stage.gesture() == []


def test_a_list_that_is_released_arms_nobody() -> None:
    stage = Stage.of(bind("swipe", TAP, cues(5, 6)))
    stage.stand("main", "5")
    stage.wait(0.1)
    stage.stand("main", "5", state="released")
    stage.wait(0.1)
    assert stage.gesture() == []


def test_the_operator_opens_his_windows_for_half_a_minute() -> None:
    stage = Stage.of(bind("swipe", TAP, OPERATOR))
    stage.ask(Arm(time=stage.now, performer="anna"))
    assert stage.gesture(device="ring") == []
    assert len(stage.gesture()) == 1
    stage.wait(31.0)
    assert stage.gesture() == []


def test_whom_the_operator_takes_out_is_out_whatever_they_hold() -> None:
    stage = Stage.of(bind("swipe", TAP), bind("fist", STOP, ALWAYS))
    stage.clutch()
    stage.ask(Disarm(time=stage.now))
    assert stage.gesture() == []
    stage.clutch(False)
    stage.clutch()
    assert stage.gesture() == []
    assert stage.button("2") == []
    assert stage.wait(1.0) == []
    stage.button("2", False)
    stage.ask(Arm(time=stage.now, performer="anna"))
    assert len(stage.gesture()) == 1


def test_the_cue_goes_before_the_clutch() -> None:
    stage = Stage.of(bind("swipe", TAP), bind("swipe", GO, cues(5, 5)))
    stage.clutch()
    assert [type(one) for one in stage.gesture()] == [Tap]
    stage.stand("main", "5")
    stage.wait(3.0)
    assert [type(one) for one in stage.gesture()] == [Go]


# --- who may, and what is late --------------------------------------------------------------------------------------------


def test_only_who_may() -> None:
    stage = Stage.of(bind("swipe", GO, performers=("anna",)))
    stage.touched.add("ring")
    stage.wait(0.1)
    assert stage.gesture(device="ring") == []
    assert stage.reasons() == ["ben may not"]


def test_a_gesture_of_the_other_hand_is_none() -> None:
    stage = Stage.of(bind("righty", GO))
    stage.clutch()
    assert stage.gesture("righty") == []
    assert len(stage.gesture("righty", "right")) == 1


def test_of_a_device_that_nobody_named_nothing_comes_and_it_is_told_once() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    assert [stage.gesture(device="phone") for _ in range(5)] == [[]] * 5
    assert stage.reasons() == ["no wearable of this venue"]


def test_what_is_old_is_refused() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    assert stage.gesture(time=stage.now - 0.6) == []
    stage.silent.add("left")
    stage.wait(0.1)
    assert stage.gesture() == []
    assert stage.reasons()[0] == "it comes 0.6 s late"


@pytest.mark.parametrize(("do", "does"), [(GO, 0), (STOP, 1)])
def test_a_press_that_comes_late_is_refused_unless_it_is_the_stop(do: ControlEvent, does: int) -> None:
    stage = Stage.of(bind("fist", do))
    stage.clutch()
    late = Reading("left", "button", (1.0,), stage.now + 0.02, name="2", late=4.0)
    assert len(stage.step(readings=(late,)).controls) == does
    assert stage.reasons() == ([] if does else ["it comes 4.0 s late"])


def test_what_a_recogniser_turned_down_is_told_and_nothing_else() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    assert stage.gesture(accepted=False, reason="not sure enough") == []
    [told] = [one for step in stage.steps for one in step.told]
    assert dict(told.data) == {
        "device": "left",
        "performer": "anna",
        "gesture": "swipe",
        "score": 3.0,
        "outcome": "not recognised",
        "reason": "not sure enough",
    }
    assert decode_happened(encode_happened(told)) == told


# --- after a loss ---------------------------------------------------------------------------------------------------------


def test_after_a_loss_the_clutch_has_to_be_let_go_first() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.touched.add("ring")
    stage.wait(0.5)
    stage.silent.add("ring")
    stage.wait(1.2)
    stage.silent.clear()
    stage.wait(0.5)
    assert stage.gesture(device="ring") == []
    assert "let the clutch go" in stage.reasons()[0]
    stage.touched.clear()
    stage.wait(0.5)
    stage.touched.add("ring")
    stage.wait(0.1)
    assert len(stage.gesture(device="ring")) == 1


@pytest.mark.parametrize("hole", [0.2, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("after", [0.2, 1.0, 3.0])
def test_a_finger_that_lay_there_over_a_loss_is_not_let_go_by_a_hole_of_its_device(hole: float, after: float) -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.touched.add("ring")
    stage.wait(0.5)
    for silence in (1.2, hole):
        stage.silent.add("ring")
        stage.wait(silence)
        stage.silent.clear()
        stage.wait(after)
    assert stage.gesture(device="ring") == []
    assert "let the clutch go" in stage.reasons()[0]
    stage.touched.clear()
    stage.wait(0.3)
    stage.touched.add("ring")
    stage.wait(0.1)
    assert len(stage.gesture(device="ring")) == 1


def lost(stage: Stage, seconds: float = 1.5) -> None:
    """Anna's left device is not heard for so long, then heard again."""
    stage.silent.add("left")
    stage.wait(seconds)
    stage.silent.clear()
    stage.step()


@pytest.mark.parametrize("every", [0.1, 0.4, 0.6, 1.0])
def test_a_clutch_that_was_down_when_its_device_came_back_does_not_arm(every: float) -> None:
    """It was pressed meanwhile, or before anything was heard at all; and its first words may be lost."""
    stage = Stage.of(bind("swipe", GO))
    lost(stage)
    stage.wait(every)
    repeating(stage, 10.0, True, every)
    assert stage.gesture() == []
    assert stage.reasons() == ["let the clutch go and hold it again"]
    repeating(stage, every, False, every)
    repeating(stage, 0.6, True, every)
    assert len(stage.gesture()) == 1


def test_after_a_loss_a_press_arms_at_once_where_the_clutch_was_said_to_be_up_before_it() -> None:
    stage = Stage.of(bind("swipe", GO))
    lost(stage)
    stage.button("1", False)
    stage.wait(0.4)
    stage.clutch()
    assert len(stage.gesture()) == 1


def test_after_a_loss_a_button_that_is_told_of_as_it_changes_arms_once_it_cannot_be_a_repeat() -> None:
    stage = Stage.of(bind("swipe", GO))
    lost(stage)
    stage.wait(2.1)
    stage.clutch()
    assert len(stage.gesture()) == 1


def test_what_was_held_up_by_a_loss_and_comes_with_its_end_does_not_arm() -> None:
    stage = Stage.of(bind("swipe", GO))
    lost(stage)
    stage.button("1", False)
    stage.clutch()
    stage.wait(1.0)
    assert stage.gesture() == []


def test_after_a_loss_the_next_cue_arms_again() -> None:
    stage = Stage.of(bind("swipe", TAP, cues(5, 9)))
    stage.stand("main", "5")
    stage.wait(0.1)
    stage.silent.add("left")
    stage.wait(1.2)
    stage.silent.clear()
    stage.wait(0.1)
    assert stage.gesture() == []
    assert stage.reasons() == ["not armed since it was lost, or stopped"]
    stage.stand("main", "6")
    stage.wait(0.1)
    assert len(stage.gesture()) == 1


def test_a_loss_that_nobody_saw_is_one_too() -> None:
    stage = Stage.of(bind("swipe", TAP, cues(5, 9)))
    stage.stand("main", "5")
    stage.wait(0.1)
    stage.now += 5.0  # the daemon itself stood still
    stage.wait(0.02)
    assert stage.gesture() == []


def test_the_other_device_of_the_same_performer_stays_armed() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    stage.silent.add("right")
    stage.wait(1.2)
    stage.silent.clear()
    assert stage.gesture(device="right") == []
    assert len(stage.gesture(device="left")) == 1


# --- again, and again -----------------------------------------------------------------------------------------------------


def test_a_performer_does_one_thing_a_second_and_a_list_one_in_two() -> None:
    stage = Stage.of(bind("swipe", GO), bind("circle", PLAY))
    stage.clutch()
    assert len(stage.gesture()) == 1
    assert stage.gesture("circle") == []
    stage.wait(1.0)
    assert len(stage.gesture("circle")) == 1
    stage.wait(0.5)
    assert stage.gesture() == []
    assert "ago" in stage.reasons()[0]


def test_two_performers_mean_the_same_cue() -> None:
    stage = Stage.of(bind("swipe", GO, OPERATOR))
    stage.ask(Arm(time=stage.now))
    both = stage.step(stage.candidate(), stage.candidate(device="ring"))
    assert len(both.controls) == 1
    stage.wait(0.5)
    assert stage.gesture(device="ring") == []


def test_the_operator_was_quicker() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    stage.stand("main")
    stage.wait(0.2)
    assert stage.gesture() == []
    assert stage.reasons() == ["cue 2 has just begun"]


def test_taps_come_as_quickly_as_they_are_meant() -> None:
    stage = Stage.of(bind("fist", TAP))
    stage.clutch()
    times = []
    for _ in range(4):
        times += [one.time for one in stage.button("2")]
        stage.button("2", False)
        stage.wait(0.26)
    assert len(times) == 4


# --- danger ---------------------------------------------------------------------------------------------------------------


def at(cue: str, *bindings: object, **more: object) -> Stage:
    """Anna armed in a cue by the cue itself, not by a clutch."""
    stage = Stage.of(*bindings, **more)  # type: ignore[arg-type]
    stage.stand("main", "99")
    stage.wait(0.1)
    stage.stand("main", cue)
    stage.wait(3.0)
    stage.steps.clear()
    return stage


def test_a_dangerous_cue_takes_the_gesture_twice() -> None:
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    assert stage.gesture() == []
    assert stage.felt() == [("left", "again")]
    stage.wait(0.6)
    assert [type(one) for one in stage.gesture()] == [Go]


SERIES = {"accepted": False, "series": True, "reason": "the same again within 4 s"}


def test_one_of_a_series_is_the_second_time_of_what_was_asked_for_and_nothing_else() -> None:
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    assert stage.gesture(**SERIES) == []
    assert stage.felt() == [], "alone it is no gesture: nothing is asked for by it"
    stage.gesture()
    stage.wait(0.6)
    assert [type(one) for one in stage.gesture(**SERIES)] == [Go]
    safe = at("1", bind("swipe", GO, cues(1, 9)))
    assert safe.gesture(**SERIES) == []
    assert "the same again within 4 s" in str([step.told for step in safe.steps])


def test_one_of_a_series_stops_all_the_same() -> None:
    stage = at("1", bind("swipe", STOP, ALWAYS))
    stage.clutch()
    assert [type(one) for one in stage.gesture(**SERIES)] == [StopAll]
    unarmed = Stage.of(bind("swipe", STOP, ALWAYS))
    assert unarmed.gesture() == []
    unarmed.wait(0.8)
    assert [type(one) for one in unarmed.gesture(**SERIES)] == [StopAll]


def test_a_packet_that_came_twice_is_not_a_gesture_done_twice() -> None:
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    one = stage.candidate()
    for _ in range(40):
        assert stage.step(one).controls == ()


def test_one_movement_of_both_arms_is_not_a_gesture_done_twice() -> None:
    """Both devices tell of it, the one that came to rest later by 0.6 s after the other."""
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    assert stage.gesture(device="left") == []
    stage.wait(0.6)
    assert stage.gesture(device="right") == []
    stage.wait(0.6)
    assert [type(one) for one in stage.gesture(device="left")] == [Go]
    stage.wait(0.4)
    assert stage.gesture(device="right") == []
    assert stage.wait(3.0) == []
    stage.stand("main", "7")
    stage.wait(2.1)
    assert stage.gesture(device="right") == [], "what was asked before is answered"


def test_a_gesture_done_twice_too_slowly_is_one() -> None:
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    stage.gesture()
    stage.wait(3.1)
    assert stage.gesture() == []


def test_a_cue_that_a_dangerous_one_follows_is_dangerous() -> None:
    stage = at("6", bind("swipe", GO, cues(1, 9)))
    assert stage.gesture() == []
    assert at("5", bind("swipe", GO, cues(1, 9))).gesture() != []


def test_a_dangerous_cue_with_the_clutch() -> None:
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    stage.clutch()
    assert len(stage.gesture()) == 1


def test_goto_is_as_dangerous_as_where_it_leads() -> None:
    do = Goto(time=0.0, cue="8")
    stage = at("1", bind("swipe", do, cues(1, 9)), bind("circle", replace(do, cue="5"), cues(1, 9)))
    assert stage.gesture() == []
    assert len(stage.gesture("circle")) == 1


def test_the_operator_says_yes() -> None:
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    stage.gesture()
    stage.wait(0.5)
    [go] = stage.ask(Confirm(time=stage.now, performer="anna")).controls
    assert go == Go(time=stage.now, source="gesture:left", cue="8")
    assert stage.ask(Confirm(time=stage.now)).controls == ()


def asked_for_two(between: float, since: float) -> Stage:
    """A dangerous GO, then a blackout, are asked for and wait for their second factor."""
    dark = bind("circle", DARK, cues(1, 9), danger="alone", words="dark")
    stage = at("7", bind("swipe", GO, cues(1, 9), words="next"), dark)
    stage.gesture()
    stage.wait(between)
    stage.gesture("circle")
    stage.wait(since)
    return stage


def test_the_operators_yes_is_to_what_is_shown_and_to_nothing_else() -> None:
    stage = asked_for_two(between=0.7, since=0.5)
    for words, kind in (("`dark`", Blackout), ("`next`", Go)):
        assert stage.gate.performers(stage.now)[0].asked.startswith(words)
        [done] = stage.ask(Confirm(time=stage.now, performer="anna")).controls
        assert isinstance(done, kind)
        stage.wait(1.0)
    assert stage.gate.performers(stage.now)[0].asked == ""


def test_a_yes_that_crosses_a_new_ask_is_not_to_it() -> None:
    stage = asked_for_two(between=1.0, since=0.2)
    told = stage.ask(Confirm(time=stage.now, performer="anna"))
    assert told.controls == ()
    assert stage.gate.performers(stage.now)[0].asked.startswith("`dark`"), "it is still asked for"
    stage.wait(0.3)
    assert [type(one) for one in stage.ask(Confirm(time=stage.now, performer="anna")).controls] == [Blackout]


def test_an_ask_that_comes_late_is_no_older_than_it_is_shown() -> None:
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    assert stage.gesture(time=stage.now - 0.4) == []
    assert stage.ask(Confirm(time=stage.now, performer="anna")).controls == (), "nobody has seen it"
    stage.wait(0.4)
    assert len(stage.ask(Confirm(time=stage.now, performer="anna")).controls) == 1


def test_the_operators_yes_is_not_to_what_is_hidden_behind_something_else() -> None:
    again = bind("circle", DARK, cues(1, 9), danger="danger", factor="again")
    stage = at("7", bind("swipe", GO, cues(1, 9)), again)
    stage.gesture()
    stage.wait(0.7)
    stage.gesture("circle")
    stage.wait(0.5)
    assert stage.ask(Confirm(time=stage.now, performer="anna")).controls == ()


@pytest.mark.parametrize(("factor", "yes"), [("", True), ("again", False), ("clutch", False), ("operator", True)])
def test_a_yes_is_shown_only_where_it_would_be_one(factor: str, yes: bool) -> None:
    stage = at("1", bind("swipe", DARK, cues(1, 9), danger="danger", factor=factor))
    assert not stage.gate.performers(stage.now)[0].yes
    stage.gesture()
    stage.wait(0.5)
    assert stage.gate.performers(stage.now)[0].yes is yes
    assert len(stage.ask(Confirm(time=stage.now, performer="anna")).controls) == yes
    stage.wait(3.1)
    assert not stage.gate.performers(stage.now)[0].yes, "it is forgotten"


@pytest.mark.parametrize("whom", [None, "anna"])
def test_a_yes_to_what_takes_none_says_so_and_what_it_takes(whom: str | None) -> None:
    stage = at("1", bind("swipe", DARK, cues(1, 9), danger="danger", factor="again", words="dark"))
    stage.gesture()
    stage.wait(0.5)
    assert stage.ask(Confirm(time=stage.now, performer=whom)).controls == ()
    assert stage.reasons() == ["the operator's yes is none to it: `dark`: once more, within 3 s"]
    assert stage.felt()[-1] == ("left", "again"), "it stands: she is not told that it was refused"
    assert len(stage.gesture()) == 1


@pytest.mark.parametrize("whom", [None, "anna"])
def test_a_yes_to_nothing_says_so(whom: str | None) -> None:
    stage = at("1", bind("swipe", DARK, cues(1, 9)))
    stage.ask(Confirm(time=stage.now, performer=whom, source="web"))
    assert stage.reasons() == ["nothing is asked for"]


def test_the_operator_says_yes_too_late_or_to_somebody_else() -> None:
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    stage.gesture()
    assert stage.ask(Confirm(time=stage.now, performer="ben")).controls == ()
    stage.wait(3.1)
    assert stage.ask(Confirm(time=stage.now)).controls == ()


def test_the_operator_does_it_himself() -> None:
    stage = at("7", bind("swipe", GO, cues(1, 9)))
    stage.gesture()
    assert stage.ask(Go(time=stage.now, source="web")).controls == ()
    stage.wait(0.5)
    assert stage.ask(Confirm(time=stage.now)).controls == ()


@pytest.mark.parametrize("binding", [bind("swipe", GO, cues(1, 9)), bind("swipe", GO, cues(1, 9), factor="again")])
def test_pyro_is_never_fired_by_gestures_alone(binding: object) -> None:
    stage = at("8", binding)
    for _ in range(5):
        assert stage.gesture() == []
        stage.wait(0.7)
    stage.gesture()
    stage.wait(0.5)
    assert len(stage.ask(Confirm(time=stage.now)).controls) == 1


def test_a_blackout_is_never_done_by_gestures_alone_and_turned_over() -> None:
    stage = at("1", bind("swipe", DARK, cues(1, 9), way="turns", danger="alone"))
    for _ in range(3):
        assert stage.gesture() == []
        stage.wait(0.7)
    stage.clutch()
    assert [one.on for one in stage.gesture() if isinstance(one, Blackout)] == [True]
    stage.wait(2.1)
    assert [one.on for one in stage.gesture() if isinstance(one, Blackout)] == [False]


def test_a_second_factor_that_is_always_asked_for() -> None:
    stage = at("1", bind("swipe", GO, cues(1, 9), factor="clutch"))
    assert stage.gesture() == []
    stage.clutch()
    assert len(stage.gesture()) == 1


# --- what is held ---------------------------------------------------------------------------------------------------------


def test_a_button_acts_when_it_is_pressed_and_once() -> None:
    stage = Stage.of(bind("fist", GO))
    stage.clutch()
    assert len(stage.button("2")) == 1
    assert stage.wait(5.0) == []


@pytest.mark.parametrize("takes", [0.0, 0.3])
def test_a_hand_that_is_taken_off_one_of_two_buttons_does_nothing(takes: float) -> None:
    """Any button will do: it was held all the time, by one or by the other."""
    any_button = Gesture("any", Sign("button"), hold=takes)
    stage = at("1", bind("any", TAP, cues(1, 99)), gestures=(any_button,))
    made = len(stage.button("4")) + len(stage.wait(3.0))
    assert made == 1
    made = len(stage.button("5")) + len(stage.wait(3.0))
    assert made == (0 if takes else 1), "a press is one, what is held is held already"
    assert len(stage.button("4", False)) + len(stage.wait(3.0)) == 0
    assert len(stage.button("5", False)) + len(stage.wait(3.0)) == 0
    assert len(stage.button("5")) + len(stage.wait(3.0)) == 1


def test_who_zeroes_their_faders_zeroes_nobody_elses() -> None:
    stage = Stage.of(bind("fist", Zero(time=0.0)))
    stage.clutch()
    [zero] = stage.button("2")
    assert isinstance(zero, Zero)
    assert zero.performer == "anna"


def test_a_hold_of_its_own() -> None:
    stage = Stage.of(bind("long", GO))
    stage.clutch()
    assert stage.button("3") == []
    assert stage.wait(0.4) == []
    assert len(stage.wait(0.2)) == 1
    assert stage.wait(3.0) == []


def test_what_stays_on_is_held_for_a_moment() -> None:
    stage = Stage.of(bind("fist", DARK, way="turns", danger="alone"))
    stage.clutch()
    assert stage.button("2") == []
    assert stage.wait(0.2) == []
    assert [type(one) for one in stage.wait(0.2)] == [Blackout]


def test_a_flash_is_as_long_as_the_button_is_down() -> None:
    stage = Stage.of(bind("fist", FLASH, way="holds"))
    stage.clutch()
    assert [one.on for one in stage.button("2") if isinstance(one, Flash)] == [True]
    assert stage.wait(0.5) == []
    assert [one.on for one in stage.button("2", False) if isinstance(one, Flash)] == [False]


@pytest.mark.parametrize("end", ["silence", "clutch", "stop"])
def test_a_flash_ends_with_whatever_armed_it(end: str) -> None:
    stage = Stage.of(bind("fist", FLASH, way="holds"))
    stage.clutch()
    stage.button("2")
    if end == "silence":
        stage.silent.add("left")
    elif end == "clutch":
        stage.clutch(False)
    else:
        stage.ask(StopAll(time=stage.now))
    off = [one for step in stage.steps for one in step.controls if isinstance(one, Flash) and not one.on]
    assert len(off) + len(stage.wait(0.3)) == 1


def test_a_posture_counts_once_each_time_that_it_is_held() -> None:
    stage = Stage.of(bind("up", GO))
    stage.clutch()

    def posture(seconds: float, on: bool) -> int:
        made = 0
        for _ in range(round(seconds / 0.02)):
            reading = Reading("left", "posture", (float(on),), stage.now + 0.02, name="height above 0.8")
            made += len(stage.step(readings=(reading,)).controls)
        return made

    assert posture(0.2, True) == 0  # an arm that passes by
    assert posture(0.5, False) == 0
    assert posture(3.0, True) == 1
    assert posture(1.0, False) == 0
    assert posture(0.4, True) == 1


def test_what_another_program_has_recognised() -> None:
    stage = Stage.of(bind("clap", GO))
    stage.clutch()
    event = Reading("right", "event", (1.0,), stage.now + 0.02, name="clap")
    assert len(stage.step(readings=(event,)).controls) == 1


# --- stop -----------------------------------------------------------------------------------------------------------------


def test_stop_goes_before_everything_that_comes_with_it() -> None:
    stage = Stage.of(bind("swipe", STOP, ALWAYS), bind("circle", GO))
    stage.clutch()
    made = stage.step(stage.candidate("circle", time=stage.now), stage.candidate())
    assert [type(one) for one in made.controls] == [StopAll]
    assert stage.reasons() == ["the show was stopped"]


def test_a_yes_just_before_the_operators_stop_fires_nothing_behind_it() -> None:
    """The engine has the stop already when the gate hears of both."""
    stage = Stage.of(bind("swipe", GO, factor="operator"))
    stage.clutch()
    stage.gesture()
    stage.wait(0.5)
    made = stage.ask(Confirm(time=stage.now, performer="anna"), StopAll(time=stage.now))
    assert [one for one in made.controls if isinstance(one, Go)] == []
    assert stage.wait(4.0) == []


def test_a_yes_just_before_the_stop_of_a_performer_fires_nothing_behind_it() -> None:
    stage = Stage.of(bind("swipe", GO, factor="operator"), bind("circle", STOP, ALWAYS))
    stage.clutch()
    stage.gesture()
    stage.wait(0.5)
    made = stage.step(stage.candidate("circle"), asked=(Confirm(time=stage.now, performer="anna"),))
    assert [type(one) for one in made.controls] == [StopAll]


def test_a_stop_that_comes_late_is_not_dated_before_what_was_done_meanwhile() -> None:
    """The engine takes what came since its last step in the order of its times."""
    stage = Stage.of(bind("swipe", STOP, ALWAYS), bind("fist", GO))
    stage.clutch()
    [go] = stage.button("2")
    [stop] = stage.gesture(time=stage.now - 0.3)
    assert stop.time >= go.time


@pytest.mark.parametrize("whose", ["performer", "operator"])
def test_what_was_given_ahead_for_its_beat_does_not_outlive_a_stop(whose: str) -> None:
    stage = Stage.of(bind("swipe", GO, on="beat"), bind("circle", STOP, ALWAYS))
    stage.clutch()
    stage.beats(60.0, 100.5)
    assert stage.gesture() == []
    stage.beats(60.0, 100.975)
    [go] = stage.step().controls
    assert go.time > stage.now + 0.02, "the engine has it, and its time is to come"
    made = stage.gesture("circle") if whose == "performer" else list(stage.ask(StopAll(time=stage.now + 0.02)).controls)
    assert all(isinstance(one, StopAll) for one in made)
    assert max(one.time for one in made) >= go.time, "a stop behind it"
    assert whose == "operator" or min(one.time for one in made) == stage.now, "and the stop at once"
    assert stage.wait(3.0) == []


def test_a_stop_of_who_is_not_armed_takes_the_movement_twice() -> None:
    stage = Stage.of(bind("swipe", STOP, ALWAYS))
    assert stage.gesture() == []
    assert stage.felt() == [("left", "again")]
    stage.wait(0.8)
    assert [type(one) for one in stage.gesture()] == [StopAll]


def test_a_stop_of_who_is_not_armed_takes_the_button_held() -> None:
    stage = Stage.of(bind("fist", STOP, ALWAYS))
    assert stage.button("2") == []
    assert stage.wait(0.5) == []
    assert [type(one) for one in stage.wait(0.2)] == [StopAll]
    stage.button("2", False)
    assert stage.wait(5.0) == []


def test_a_button_of_stop_that_is_only_touched_does_nothing() -> None:
    stage = Stage.of(bind("fist", STOP, ALWAYS))
    stage.button("2")
    stage.wait(0.4)
    assert stage.button("2", False) == []
    assert stage.wait(1.0) == []


def test_a_stop_of_who_is_armed_acts_when_it_is_pressed() -> None:
    stage = Stage.of(bind("fist", STOP, ALWAYS), bind("swipe", GO))
    stage.clutch()
    assert [type(one) for one in stage.button("2")] == [StopAll]


def test_a_stop_that_was_pressed_before_the_clutch_acts_with_it() -> None:
    stage = Stage.of(bind("fist", STOP, ALWAYS), bind("swipe", GO))
    stage.button("2")
    assert [type(one) for one in (*stage.clutch(), *stage.wait(0.04))] == [StopAll]


def test_a_stop_may_come_late_and_from_a_device_that_fades() -> None:
    stage = Stage.of(bind("swipe", STOP, ALWAYS), bind("circle", GO, OPERATOR))
    stage.ask(Arm(time=stage.now))
    stage.silent.add("left")
    stage.wait(0.3)
    assert [type(one) for one in stage.gesture(time=stage.now - 0.8)] == [StopAll]


def test_after_a_stop_nobody_is_armed() -> None:
    stage = Stage.of(bind("swipe", GO), bind("circle", TAP, cues(5, 9)), bind("fist", STOP, ALWAYS))
    stage.stand("main", "5")
    stage.wait(0.1)
    stage.clutch()
    stage.button("2")
    stage.wait(3.0)
    assert stage.gesture() == []
    assert stage.gesture("circle") == []
    stage.clutch(False)
    stage.clutch()
    assert len(stage.gesture()) == 1


def test_what_goes_on_after_a_stop_can_be_stopped_at_once() -> None:
    stage = Stage.of(bind("fist", STOP, ALWAYS), bind("swipe", GO))
    stage.clutch()
    assert [type(one) for one in stage.button("2")] == [StopAll]
    stage.button("2", False)
    stage.wait(0.16)
    stage.ask(Go(time=stage.now, source="web"))
    stage.button("2")
    assert [type(one) for one in stage.wait(0.7)] == [StopAll], "held, as nobody is armed any more"


def test_a_show_may_want_the_clutch_for_a_stop() -> None:
    stage = Stage.of(bind("fist", STOP, CLUTCH))
    stage.button("2")
    assert stage.wait(2.0) == []


# --- on the beat ----------------------------------------------------------------------------------------------------------


def test_it_waits_for_the_bar_and_acts_on_it() -> None:
    stage = Stage.of(bind("swipe", GO, on="bar"))
    stage.beats(120.0, 101.5, bar=100)
    stage.clutch()
    begun = stage.now + 0.02
    assert stage.gesture() == []
    assert ("left", "waiting") in stage.felt()
    found: list[ControlEvent] = []
    for _ in range(100):
        stage.beats(120.0, 101.5 + (stage.now + 0.02 - begun) * 2.0, bar=100)
        found += stage.step().controls
    assert [type(one) for one in found] == [Go]
    assert found[0].time == pytest.approx(begun + 1.25, abs=1e-6)


def test_a_stop_takes_back_what_waits() -> None:
    stage = Stage.of(bind("swipe", GO, on="bar"))
    stage.beats(60.0, 101.0, bar=100)
    stage.clutch()
    stage.gesture()
    stage.ask(StopAll(time=stage.now))
    assert stage.wait(6.0) == []


def test_who_waits_for_the_bar_does_nothing_else() -> None:
    stage = Stage.of(bind("swipe", GO, on="bar"), bind("circle", PLAY))
    stage.beats(20.0, 101.0, bar=100)
    stage.clutch()
    stage.gesture()
    stage.wait(1.5)
    assert stage.gesture("circle") == []
    assert stage.reasons() == ["`Go` waits for its beat"]


def test_what_became_dangerous_while_it_waited_is_not_done() -> None:
    stage = at("2", bind("swipe", GO, cues(1, 9), on="bar"))
    stage.beats(60.0, 101.0, bar=100)
    assert stage.gesture() == []
    stage.stand("main", "7")
    assert stage.wait(0.02) == []
    stage.beats(60.0, 103.99, bar=100)
    assert stage.wait(0.5) == []
    assert stage.reasons() == ["it has become dangerous"]
    [told] = [dict(one.data) for step in stage.steps for one in step.told if one.type == "refused"]
    assert told["performer"] == "anna", "else `privacy erase` would not find the line"


def test_a_go_that_waits_is_of_the_cue_that_was_meant() -> None:
    """Somebody else fires it early in a long bar: at its end nobody means the cue after it."""
    stage = at("1", bind("swipe", GO, cues(1, 9), on="bar"))
    stage.beats(60.0, 101.0, bar=100)
    assert stage.gesture() == []
    stage.ask(Go(time=stage.now, source="web"))
    stage.stand("main")
    assert stage.wait(2.5) == []
    stage.beats(60.0, 103.99, bar=100)
    assert stage.wait(0.5) == []
    assert stage.reasons() == ["the list has gone on meanwhile"]


def test_a_go_that_waits_to_go_on_from_a_pause_fires_no_cue() -> None:
    stage = at("1", bind("swipe", GO, cues(1, 9), on="bar", danger="danger", factor="clutch"))
    stage.clutch()
    stage.stand("main", "1", state="paused")
    stage.wait(3.0)
    stage.beats(60.0, 101.0, bar=100)
    assert stage.gesture() == []
    stage.stand("main", "1", state="idle")  # the operator has gone on himself
    stage.wait(2.5)
    stage.beats(60.0, 103.99, bar=100)
    assert stage.wait(0.5) == []


def test_an_operator_waits_for_the_beat_too() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.beats(120.0, 101.5, bar=100)
    made = stage.step(
        timed=((Go(time=stage.now + 0.02, source="osc:1.2.3.4"), "beat", "go"), (replace(TAP, time=1.0), "now", "tap"))
    )
    assert [type(one) for one in made.controls] == [Tap]
    stage.beats(120.0, 102.0, bar=100)
    [go] = stage.wait(0.02)
    assert go.source == "osc:1.2.3.4"


# --- what is told ---------------------------------------------------------------------------------------------------------


def test_armed_and_disarmed_do_not_flicker() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    for _ in range(5):
        stage.silent.add("left")
        stage.wait(0.2)
        stage.silent.clear()
        stage.wait(0.1)
    assert stage.felt() == [("left", "armed"), ("right", "armed")]
    stage.clutch(False)
    stage.wait(0.4)
    assert stage.felt()[2:] == [("left", "disarmed"), ("right", "disarmed")]


def test_a_battery_is_told_once() -> None:
    stage = Stage.of(bind("swipe", GO))
    for level in (50.0, 19.0, 20.5, 19.5, 18.0):
        stage.step(readings=(Reading("ring", "battery", (level,), stage.now),))
    assert stage.felt() == [("ring", "battery")]


def test_a_device_that_is_lost_is_told_once() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.silent.add("ring")
    stage.wait(3.0)
    assert [one.type for step in stage.steps for one in step.told] == ["wearable_lost"]


def test_how_performers_stand() -> None:
    stage = Stage.of(bind("swipe", GO), bind("circle", GO, cues(5, 9)), bind("fist", STOP, ALWAYS))
    anna, ben = stage.gate.performers(stage.now)
    assert (anna.armed, anna.by, anna.live) == (False, "the clutch is not held", ("fist",))
    stage.silent.add("ring")
    stage.clutch()
    stage.wait(1.5)
    anna, ben = stage.gate.performers(stage.now)
    assert (anna.armed, anna.by, anna.live) == (True, "clutch", ("swipe", "fist"))
    assert (ben.armed, ben.lost, ben.by) == (False, ("ring",), "ring is not heard")


def test_a_level_alone_arms_too() -> None:
    stage = Stage.of(controls=(SWELL,))
    assert not stage.gate.performers(stage.now)[0].armed
    stage.clutch()
    assert stage.gate.performers(stage.now)[0].armed


def test_a_flood_of_candidates_is_told_of_in_bounds() -> None:
    stage = Stage.of(bind("swipe", GO))
    made = stage.step(*(stage.candidate(accepted=False) for _ in range(500)))
    assert len(made.told) == 65
    assert made.told[-1] == Happened(stage.now, "gestures_untold", (("count", 436),))


# --- kept, and taken over -------------------------------------------------------------------------------------------------


def test_a_restart_knows_who_was_taken_out_and_nothing_that_was_armed() -> None:
    stage = Stage.of(bind("swipe", TAP, cues(1, 9)), bind("circle", GO))
    stage.stand("main", "5")
    stage.clutch()
    stage.ask(Disarm(time=stage.now, performer="ben"))
    assert len(stage.gesture()) == 1
    packed = stage.gate.pack(stage.now)
    again = Stage(Gate(show(bind("swipe", TAP, cues(1, 9)), bind("circle", GO))), now=stage.now, playback=stage.playback)
    again.gate.restore(packed, again.now)
    again.wait(2.0)
    assert again.gesture() == []
    assert again.gesture("circle") == []
    assert [one.by for one in again.gate.performers(again.now)][1] == "disarmed by the operator"
    assert again.gate.pack(again.now)["barred"] == ["ben"]


def test_a_restart_forgets_no_refractory_time() -> None:
    stage = Stage.of(bind("swipe", GO, OPERATOR))
    stage.ask(Arm(time=stage.now))
    stage.gesture()
    again = Stage(Gate(show(bind("swipe", GO, OPERATOR))), now=stage.now, playback=stage.playback)
    again.gate.restore(stage.gate.pack(stage.now), again.now)
    again.step()
    again.ask(Arm(time=again.now))
    assert again.gesture(device="ring") == []


@pytest.mark.parametrize(
    "packed",
    [{}, {"version": 2}, {"version": 1, "barred": 3}, {"version": 1, "barred": [], "last": [], "moving": [], "flashing": []}],
)
def test_a_state_of_something_else_is_refused(packed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no state of a gate"):
        Gate(show()).restore(packed, 0.0)


def test_a_reload_keeps_what_is_as_it_was() -> None:
    stage = Stage.of(bind("swipe", TAP, cues(5, 9)), bind("circle", GO))
    stage.stand("main", "5")
    stage.clutch()
    fresh = Gate(show(bind("swipe", TAP, cues(5, 9), line=7), bind("wave", PLAY)))
    fresh.take_over(stage.gate)
    stage.gate = fresh
    assert len(stage.gesture()) == 1
    stage.wait(1.0)
    assert [type(one) for one in stage.gesture("wave")] == [PlayTrack]


@pytest.mark.parametrize("how", ["reload", "restart"])
def test_what_was_held_by_what_is_gone_is_let_go(how: str) -> None:
    stage = Stage.of(bind("fist", FLASH, way="holds"))
    stage.clutch()
    stage.button("2")
    fresh = Gate(show(bind("swipe", GO)))
    if how == "reload":
        fresh.take_over(stage.gate)
    else:
        fresh.restore(stage.gate.pack(stage.now), stage.now)
    stage.gate = fresh
    assert [(one.submaster, one.on) for one in stage.step().controls if isinstance(one, Flash)] == [("swell", False)]
    assert stage.step().controls == ()


def reloaded(stage: Stage, *bindings: GestureBinding) -> None:
    """Another version of the show is played from now on."""
    fresh = Gate(show(*bindings))
    fresh.take_over(stage.gate)
    stage.gate = fresh


@pytest.mark.parametrize(
    ("meanwhile", "called_off"),
    [
        ((), True),
        ((NextTrack(time=0.0, source="web", quantise="bar"),), False),  # that is his own
        ((PlayTrack(time=0.0, source="web"),), False),  # and so nothing waits any more
    ],
)
def test_who_is_taken_out_of_the_show_takes_his_jump_on_the_bar_along(
    meanwhile: tuple[ControlEvent, ...], called_off: bool
) -> None:
    """It waits in the player, on the beats of the track."""
    stage = Stage.of(bind("swipe", NextTrack(time=0.0, quantise="bar")))
    stage.clutch()
    assert len(stage.gesture()) == 1
    stage.ask(*meanwhile)
    assert stage.ask(Disarm(time=stage.now, performer="ben")).controls == ()
    made = stage.ask(Disarm(time=stage.now, performer="anna")).controls
    assert [type(one) for one in made] == [StayTrack] * called_off
    assert stage.ask(Disarm(time=stage.now)).controls == ()


@pytest.mark.parametrize(
    ("after", "fires"),
    [
        ([bind("swipe", GO, cues(1, 9), on="bar"), bind("wave", PLAY)], True),
        ([bind("swipe", GO, cues(1, 9), on="bar", performers=("ben",))], False),
        ([bind("swipe", TAP, cues(1, 9))], False),
    ],
)
def test_what_waits_for_the_bar_while_a_reload_takes_it_out_is_not_done(after: list[GestureBinding], fires: bool) -> None:
    stage = at("1", bind("swipe", GO, cues(1, 9), on="bar"))
    stage.beats(60.0, 101.0, bar=100)
    assert stage.gesture() == []
    reloaded(stage, *after)
    stage.beats(60.0, 103.99, bar=100)
    assert [type(one) for one in stage.wait(0.5)] == [Go] * fires


@pytest.mark.parametrize("words", ["go", "another"])
def test_what_is_held_over_a_reload_does_not_count_again(words: str) -> None:
    stage = Stage.of(bind("fist", GO, words="go"))
    stage.clutch()
    assert len(stage.button("2")) == 1
    stage.wait(3.0)
    reloaded(stage, bind("fist", GO, words=words), bind("up", TAP))
    assert stage.wait(3.0) == []
    stage.button("2", on=False)
    stage.wait(0.6)
    assert len(stage.button("2")) == 1


def test_a_stop_that_is_being_held_over_a_reload_is_one() -> None:
    stage = Stage.of(bind("fist", STOP, ALWAYS))
    assert stage.button("2") == []
    stage.wait(0.3)
    reloaded(stage, bind("fist", STOP, ALWAYS), bind("swipe", GO))
    assert [type(one) for one in stage.wait(0.5)] == [StopAll]


def test_a_gesture_in_the_very_step_of_the_operators_go_is_none() -> None:
    """The state of the show tells of that GO only with the next frame: the cue after it may be a dangerous one."""
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    stage.stand("main", "6")
    stage.wait(3.0)
    assert stage.step(stage.candidate(), asked=(Go(time=stage.now, source="osc:10.0.0.7"),)).controls == ()
    assert stage.step(stage.candidate()).controls == ()
    assert stage.reasons() == ["list main went on just now"] * 2


def test_a_gesture_just_after_the_operators_go_on_the_bar_is_none() -> None:
    stage = Stage.of(bind("swipe", GO))
    stage.clutch()
    stage.beats(120.0, 3.99)
    assert stage.gate.step(stage.now, GateInputs(timed=((GO, "beat", "go"),)), stage.playback).controls != ()
    assert stage.gesture() == []


@pytest.mark.parametrize("way", ["again", "operator"])
def test_a_yes_to_a_cue_is_none_to_the_one_after_it(way: str) -> None:
    stage = Stage.of(bind("swipe", GO, OPERATOR))
    stage.ask(Arm(time=stage.now))
    stage.stand("main", "6")  # 7 leads into 8, which is dangerous
    stage.wait(2.2)
    assert stage.gesture() == []
    stage.stand("main", "8")  # by itself, or by time code: 9 is pyro
    stage.wait(2.2)
    assert stage.ask(Confirm(time=stage.now)).controls == () if way == "operator" else stage.gesture() == []


def test_numbers_that_are_none_do_nothing() -> None:
    stage = Stage.of(bind("swipe", GO), bind("fist", GO, words="fist go"), controls=(SWELL,))
    stage.clutch()
    nan = float("nan")
    stage.shares["left", "tilt 1"] = nan
    for reading in ("button", "battery", "posture", "touch"):
        assert stage.step(readings=(Reading("left", reading, (nan,), stage.now, name="2"),)).controls == ()
    assert stage.gesture(time=nan) == []
    assert stage.step(readings=(Reading("left", "button", (), stage.now, name="2"),)).controls == ()
    assert stage.reasons() == ["its time is no number"]


def test_a_plan_without_performers_has_no_gate() -> None:
    with pytest.raises(ValueError, match="nobody"):
        Gate(small_plan([]))
    with pytest.raises(ValueError, match="a number"):
        Gate(show()).step(float("nan"), GateInputs(), Stage.of().playback)
