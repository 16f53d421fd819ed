"""From messages to what the show is asked for, without a daemon: fingers at once, movements, postures, levels, other versions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from showctl.model import Arm, ControlEvent, Go, SetMaster, State, StopAll
from showctl.performing.performers import Performers
from showctl.plan import ControlBinding, Plan, Wearable, Window
from showctl.show.gate import Gate
from showctl.wire.osc import Message
from showctl.wire.wearable.profiles import PROFILES
from tests.analysis.gesture.motions import Motion, gesture, rest
from tests.performing.people import BAND, GLOVE, binding, button, imu, kept, plan, playback

FROM = "10.0.0.9:4000"
START = 10.0  # s
FLAT = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]


class Stage:
    """Performers, and a time that goes on by what they send."""

    def __init__(self, of: Plan | None = None) -> None:
        self.it = Performers(of or plan(), PROFILES)
        self.now = START
        self.out: list[ControlEvent] = []

    def step(self) -> None:
        self.it.advance(self.now)
        while self.it.work(lambda: self.now, self.now + 1):
            pass
        self.out += self.it.step(self.now, replace(playback(), submasters=(("swell", self.swell()),)), self.now).controls

    def swell(self) -> float:
        """The level of a submaster, as it was asked for last."""
        return next((one.level for one in reversed(self.out) if isinstance(one, SetMaster)), 0.0)

    def move(self, motion: Motion) -> None:
        """A packet each 20 ms, and a step behind each."""
        for row in motion.tolist():
            self.now += 0.02
            assert self.it.take(imu(row), FROM, self.now)
            self.step()

    def still(self, seconds: float, row: list[float] = FLAT) -> None:
        self.move(np.array([row] * int(seconds * 50)))

    def press(self, number: int, down: bool = True) -> None:
        assert self.it.take(button(number, down), FROM, self.now)


@pytest.fixture
def stage() -> Stage:
    one = Stage()
    one.still(2.2)  # what is pressed from now on was not held before anything was heard
    return one


def test_a_button_is_ready_at_once_and_does_nothing_without_the_clutch(stage: Stage) -> None:
    assert not stage.it.ready
    stage.press(1)
    assert stage.it.ready
    stage.step()
    assert not stage.it.ready
    assert stage.out == []
    assert stage.it.tried[0].reason == "the clutch is not held"
    assert not stage.it.tried[0].done
    stage.press(2)
    stage.still(0.5)
    stage.press(1, down=False)
    stage.press(1)
    stage.step()
    assert [(type(one), one.source) for one in stage.out] == [(Go, "gesture:glove")]
    assert stage.it.tried[0].done


@pytest.mark.slow
def test_a_movement_that_was_enrolled_fires_where_it_is_armed(stage: Stage) -> None:
    stage.it.enrol({"anna": kept()})
    draw = np.random.default_rng(5)
    stage.move(np.vstack([rest(50, draw), gesture("swipe", draw), rest(40, draw)]))
    assert stage.out == []
    assert [(one.gesture, one.reason) for one in stage.it.tried] == [("swipe", "the clutch is not held")]
    assert stage.it.tried[0].score is not None
    stage.press(2)
    stage.move(np.vstack([rest(50, draw), gesture("swipe", draw), rest(40, draw)]))
    assert [type(one) for one in stage.out] == [Go]
    stage.move(np.vstack([rest(100, draw), gesture("vee", draw), rest(40, draw)]))
    assert stage.it.tried[0].gesture == "vee"
    assert stage.it.tried[0].reason == "nothing is bound to it"
    assert len(stage.out) == 1


def test_a_posture_that_is_held_is_a_gesture_and_so_is_none_at_its_edge(stage: Stage) -> None:
    stage.press(2)
    stage.still(0.5)
    stage.still(1.5, [-1.0, 0.0, 0.05, 0.0, 0.0, 0.0])
    assert stage.out == []
    stage.still(3.0, [-0.5, 0.0, -0.87, 0.0, 0.0, 0.0])
    assert [type(one) for one in stage.out] == [Go]


def test_a_clutch_that_was_let_go_twice_within_a_moment_is_let_go(stage: Stage) -> None:
    for down, seconds in ((True, 0.2), (False, 0.1), (True, 0.1), (False, 0.1)):
        stage.press(2, down)
        stage.still(seconds)
    stage.press(1)
    stage.step()
    assert stage.out == []
    assert stage.it.tried[0].reason == "the clutch is not held"


@pytest.mark.parametrize(("held_up", "tagged", "does"), [(0.3, True, 1), (0.8, True, 0), (0.8, False, 1), (0.0, True, 1)])
def test_a_press_that_was_held_up_for_too_long_fires_as_little_as_a_movement(held_up: float, tagged: bool, does: int) -> None:
    """By the device's own clock, where it has one; the packets of half a second of Wi-Fi come at once."""
    stage = Stage(plan(binding("next", window=Window("operator"))))

    def said(message: Message, since: float) -> None:
        tag = int((5000.0 + since) * 2**32) if tagged else 1
        assert stage.it.take(replace(message, timetag=tag), FROM, stage.now)

    def still(seconds: float, late: float = 0.0) -> None:
        for n in range(int(seconds * 50)):
            stage.now += 0.0 if late else 0.02
            said(imu(FLAT), stage.now - max(late - n * 0.02, 0.0))
            stage.step()

    still(2.2)
    stage.it.ask(Arm(time=stage.now))
    still(0.5)
    stage.now += held_up + 0.02
    said(button(1, True), stage.now - held_up)
    still(held_up, late=held_up)
    stage.step()
    assert len(stage.out) == does
    if not does:
        assert "it comes 0.8 s late" in [one.reason for one in stage.it.tried]
        assert not any(one.done for one in stage.it.tried)
    said(button(1, False), stage.now + 0.3)
    still(2.2)
    said(button(1, True), stage.now)
    stage.step()
    assert len(stage.out) == does + 1, "the next one is none of that"


@pytest.mark.parametrize("hole", [0.3, 0.7, 1.5])
def test_a_button_that_is_told_of_with_each_packet_is_pressed_once_whatever_is_lost(stage: Stage, hole: float) -> None:
    def hold(seconds: float, down: bool) -> None:
        for _ in range(round(seconds * 50)):
            stage.press(1, down)
            stage.press(2)
            stage.still(0.02)

    hold(1.0, False)
    hold(3.0, True)
    assert [type(one) for one in stage.out] == [Go]
    stage.now += hole
    hold(3.0, True)
    assert len(stage.out) == 1
    hold(0.5, False)
    stage.press(2, False)
    stage.still(0.1)
    hold(0.5, False)
    hold(0.5, True)
    assert len(stage.out) == 2


def test_stop_needs_no_clutch_but_a_while(stage: Stage) -> None:
    stage.press(9)
    stage.still(0.3)
    assert stage.out == []
    stage.still(0.5)
    assert [type(one) for one in stage.out] == [StopAll]


def test_a_tilt_is_a_level_that_waits_to_be_met() -> None:
    to = SetMaster(time=0.0, level=0.0, submaster="swell")
    fader = ControlBinding("tilt 1", "glove", "tilt", to, "sub swell", Window("clutch"), low=0.0, high=60.0, rest=0.0)
    one = plan()
    assert one.gestures is not None
    stage = Stage(replace(one, gestures=replace(one.gestures, controls=(fader,))))
    stage.still(2.2)
    stage.press(2)
    stage.still(1.0)
    stage.still(5.0, [0.0, 0.7, 0.7, 0.0, 0.0, 0.0])
    levels = [one.level for one in stage.out if isinstance(one, SetMaster)]
    assert levels[-1] == pytest.approx(0.75, abs=0.03)
    assert max(abs(b - a) for a, b in zip(levels, levels[1:])) <= 0.02 + 1e-9


def test_as_it_is_held_now_it_is_in_the_middle() -> None:
    to = SetMaster(time=0.0, level=0.0, submaster="swell")
    fader = ControlBinding("tilt 1", "glove", "tilt", to, "sub swell", Window("clutch"), low=-60.0, high=60.0)
    one = plan()
    assert one.gestures is not None
    stage = Stage(replace(one, gestures=replace(one.gestures, controls=(fader,))))
    held = [0.0, 0.5, 0.87, 0.0, 0.0, 0.0]
    stage.still(1.0, held)
    controls = stage.it.devices["glove"].controls
    controls.pick_up(("tilt 1", 0.75))
    stage.still(1.0, held)
    assert controls.values(stage.now)["tilt 1"] == pytest.approx(0.75, abs=0.03)
    stage.it.zero("ben")
    stage.still(2.0, held)
    assert controls.values(stage.now)["tilt 1"] == pytest.approx(0.75, abs=0.03)
    stage.it.zero("anna")
    stage.still(2.0, held)
    assert controls.values(stage.now)["tilt 1"] == pytest.approx(0.5, abs=0.03)


def test_a_burst_is_looked_at_in_slices(stage: Stage) -> None:
    stage.it.enrol({"anna": kept()})
    for n in range(60):
        stage.it.take(imu(FLAT), FROM, stage.now + 0.02 * n)
    times = iter(np.arange(stage.now, stage.now + 10, 0.0004).tolist())
    assert stage.it.work(lambda: next(times), stage.now + 0.001)
    assert stage.it.devices["glove"].waits
    while stage.it.work(lambda: next(times), stage.now + 100):
        pass
    assert not stage.it.devices["glove"].waits


def test_another_version_keeps_what_is_as_it_was_and_disarms_what_changed(stage: Stage) -> None:
    stage.press(2)
    stage.still(0.5)
    device = stage.it.devices["glove"]
    moved = replace(BAND, address="10.0.0.6")
    stage.it.take_over(Gate(plan(wearables=(GLOVE, moved, Wearable("new", "plain", "new", "carl")))), PROFILES)
    assert stage.it.devices["glove"] is device
    assert set(stage.it.devices) == {"glove", "band", "new"}
    stage.press(1)
    stage.step()
    assert [type(one) for one in stage.out] == [Go]
    stage.it.take_over(Gate(plan(wearables=(replace(GLOVE, clutch=None, address="berta"),))), PROFILES)
    assert set(stage.it.devices) == {"glove"}
    assert not stage.it.take(button(1, True), FROM, stage.now)
    assert not stage.it.gate.performers(stage.now)[0].armed


def test_a_release_that_comes_with_another_version_is_one(stage: Stage) -> None:
    stage.press(2)
    stage.still(0.5)
    stage.press(2, down=False)
    stage.it.take_over(Gate(plan(binding("next"))), PROFILES)
    stage.still(0.5)
    stage.press(1)
    stage.step()
    assert stage.out == []
    assert stage.it.tried[0].reason == "the clutch is not held"


def test_the_operator_arms_and_takes_out() -> None:
    stage = Stage(plan(binding("next", window=Window("operator"))))
    stage.still(1.0)
    stage.it.ask(Arm(time=stage.now, source="web", performer="anna"))
    stage.step()
    stage.press(1)
    stage.step()
    assert [type(one) for one in stage.out] == [Go]


def test_how_devices_are_and_what_is_missing(stage: Stage) -> None:
    glove, band = stage.it.healths(stage.now)
    assert (glove.part, glove.state) == ("wearable glove", State.RUNNING)
    assert band.state is State.STARTING, "nobody misses what was never heard"
    assert "not heard yet" in band.detail
    assert "anna has not shown swipe: showctl gesture enrol anna swipe" in stage.it.troubles(stage.now)
    stage.now += 5.0
    stage.step()
    glove, _ = stage.it.healths(stage.now)
    assert glove.state is State.DEGRADED
    view = stage.it.view(stage.now, ("trouble",))
    assert [(one.name, one.heard, one.motion) for one in view.wearables] == [("glove", False, 0.0), ("band", False, 0.0)]
    assert view.troubles == ("trouble",)
    assert [one.performer for one in view.performers] == ["anna", "ben"]


def test_the_nearest_enrolment_counts() -> None:
    stage = Stage()
    both = {"anna": kept("anna"), "anna.left": kept("anna.left")}
    assert stage.it.names() == {"anna", "anna.left", "ben"}
    stage.it.enrol(both)
    assert [one.enrolled for one in stage.it.devices.values()] == [("swipe", "vee"), ()]
    stage.it.enrol({})
    assert not any(one.enrolled for one in stage.it.devices.values())
