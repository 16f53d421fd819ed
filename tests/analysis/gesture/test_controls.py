"""Faders that a performer moves: what each hears, that nothing ever jumps, and what becomes of them without motion."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl import rotation
from showctl.analysis.gesture.controls import KINDS, Controls, ControlSettings, Kind, Mode
from showctl.analysis.gesture.one_euro import OneEuro
from showctl.analysis.gesture.stream import MotionStream
from showctl.model import MotionSample, Quaternion, Reading, Vector
from tests.analysis.gesture.wifi import START, Wifi, sent

MOVED = [kind for kind in KINDS if kind != "value"]
AXES: dict[str, Vector] = {"tilt": (1.0, 0.0, 0.0), "roll": (0.0, 1.0, 0.0), "yaw": (0.0, 0.0, 1.0)}


def posture(about: str, degrees: float) -> Quaternion:
    half = math.radians(degrees) / 2
    x, y, z = (math.sin(half) * one for one in AXES[about])
    return (math.cos(half), x, y, z)


def held(about: str, degrees: float, time: float, *, seen: bool = True, rate: Vector = (0.0, 0.0, 0.0)) -> MotionSample:
    """A device that is held so; `seen`: its quaternion is known."""
    q = posture(about, degrees)
    return MotionSample(time, "left", rotation.up(q), rate, q if seen else None)


def play(controls: Controls, samples: Iterable[MotionSample]) -> list[dict[str, float]]:
    return [controls.feed(sample) for sample in samples]


def live(kind: Kind, **more: Any) -> Controls:
    """One fader, taken up already: it stands where the device that lies flat has it."""
    controls = Controls([ControlSettings("it", kind, **more)])
    controls.feed(held("tilt", 0, 0.0))
    controls.pick_up(("it", controls._faders["it"]._played or 0.0))
    assert controls.modes() == {"it": Mode.LIVE}
    return controls


def after(controls: Controls, about: str, degrees: float, seconds: float = 3.0, **more: Any) -> float:
    """The fader once the device was held so for a while."""
    return play(controls, [held(about, degrees, 0.02 * n, **more) for n in range(1, int(50 * seconds))])[-1]["it"]


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize(
    ("kind", "about", "degrees", "value"),
    [
        ("tilt", "tilt", 0, 0.5),
        ("tilt", "tilt", 30, 0.75),
        ("tilt", "tilt", 60, 1.0),
        ("tilt", "tilt", 85, 1.0),
        ("tilt", "tilt", -60, 0.0),
        ("tilt", "roll", 60, 0.5),
        ("roll", "roll", 30, 0.75),
        ("roll", "roll", -60, 0.0),
        ("roll", "tilt", 60, 0.5),
        ("height", "tilt", 80, 1.0),
        ("height", "tilt", -80, 0.0),
        ("height", "tilt", 0, 0.5),
        ("energy", "tilt", 40, 0.0),
        ("yaw_rate", "tilt", 40, 0.5),
    ],
)
def test_what_a_posture_is(kind: Kind, about: str, degrees: float, value: float, seen: bool) -> None:
    assert after(live(kind), about, degrees, seen=seen, seconds=3 if seen else 8) == pytest.approx(value, abs=0.03)


def test_yaw_is_a_rate_and_never_an_angle() -> None:
    controls = live("yaw_rate")
    assert after(controls, "yaw", 170) == pytest.approx(0.5, abs=0.02)
    assert after(controls, "yaw", 170, rate=(0.0, 0.0, 90.0)) == pytest.approx(0.75, abs=0.025)
    tilted = live("yaw_rate")  # held upright, the vertical is the device's long axis
    assert after(tilted, "tilt", 90, rate=(0.0, 90.0, 0.0)) == pytest.approx(0.75, abs=0.025)


def test_energy_rises_with_motion_and_falls_with_rest() -> None:
    controls = live("energy")
    shaken = [MotionSample(0.02 * n, "left", (0.0, 0.0, 1 + math.sin(n)), (200.0, 0.0, 0.0)) for n in range(1, 150)]
    assert play(controls, shaken)[-1]["it"] > 0.5
    still = [MotionSample(3 + 0.02 * n, "left", (0.0, 0.0, 1.0), (0.0, 0.0, 0.0)) for n in range(250)]
    assert play(controls, still)[-1]["it"] < 0.001


def test_a_pushed_device_is_not_tilted() -> None:
    """Half a g to the side for a moment: the gyroscope knows better."""
    controls = live("roll")
    pushed = [MotionSample(0.02 * n, "left", (0.5, 0.0, 1.0), (0.0, 0.0, 0.0)) for n in range(1, 11)]
    assert max(abs(one["it"] - 0.5) for one in play(controls, pushed)) < 0.05


def test_the_other_way_round() -> None:
    assert after(live("tilt", low=60.0, high=-60.0), "tilt", 60) == pytest.approx(0.0, abs=1e-6)


def test_beyond_the_range_a_roll_stays_on_its_side() -> None:
    """Turned on past upside down it is at 1 still, and does not fall to 0 at 180 degrees."""
    controls = live("roll")
    turned = play(controls, [held("roll", 2 * n, 0.02 * n) for n in range(1, 151)])  # to 300 degrees: -60
    values = [one["it"] for one in turned]
    assert min(values[60:145]) > 0.9
    assert after(controls, "roll", 330) == pytest.approx(0.25, abs=0.05)  # back in the range from the other side


def test_zeroing() -> None:
    controls = live("tilt")
    after(controls, "tilt", 40)
    controls.zero()
    assert after(controls, "tilt", 40) == pytest.approx(0.5, abs=0.02)
    assert after(controls, "tilt", 70) == pytest.approx(0.75, abs=0.025)


def test_the_dead_zone_has_no_step() -> None:
    controls = live("tilt")
    assert after(controls, "tilt", 0.9) == pytest.approx(0.5, abs=0.003)
    values = [one["it"] for one in play(controls, [held("tilt", n / 50, 3 + 0.02 * n) for n in range(500)])]
    assert max(abs(b - a) for a, b in zip(values, values[1:])) < 0.005


def said(name: str, values: tuple[float, ...], time: float, channel: str = "value") -> Reading:
    return Reading("glove", channel, values, time, None, name)


def test_a_number_that_the_device_says_is_a_fader_with_the_same_manners() -> None:
    controls = Controls(
        [ControlSettings("it", "value", of="swell"), ControlSettings("hand", "value", of="ry.2", low=1.0, high=0.0)]
    )
    seen = []
    for n in range(200):
        controls.hear(said("swell", (n / 100 if n < 80 else 0.8,), 0.02 * n))
        controls.hear(said("other", (0.0,), 0.02 * n))
        controls.hear(said("ry", (0.0, 1 - n / 400), 0.02 * n, "landmarks"))
        seen.append(controls.values(0.02 * n))
    assert seen[-1]["it"] == pytest.approx(0.8, abs=0.03)
    assert seen[-1]["hand"] == pytest.approx(0.5, abs=0.05)
    assert max(abs(b["it"] - a["it"]) for a, b in zip(seen, seen[1:])) <= 0.02 + 1e-9
    assert controls.values(10.0) != seen[-1]
    assert controls.modes() == {"it": Mode.RESTING, "hand": Mode.RESTING}
    controls.hear(said("ry", (0.5,), 10.0, "landmarks"))  # fewer than it asks for


# --- takeover, staleness ---------------------------------------------------------------------------------------------


def test_nothing_moves_until_the_performer_meets_the_fader() -> None:
    controls = Controls([ControlSettings("it", "tilt", rest=0.25)])
    assert after(controls, "tilt", 50) == 0.25
    assert controls.modes() == {"it": Mode.WAITING}
    down = play(controls, [held("tilt", 50 - 1.6 * n, 3 + 0.02 * n) for n in range(60)])
    values = [one["it"] for one in down]
    assert controls.modes() == {"it": Mode.LIVE}
    assert max(abs(b - a) for a, b in zip(values, values[1:])) <= 0.02 + 1e-9
    assert values[-1] < 0.25


def test_without_motion_it_freezes_holds_and_rests() -> None:
    controls = live("tilt", rest=0.1)
    value = after(controls, "tilt", 60)
    last = 2.98
    assert controls.discrete(last + 0.09)
    assert not controls.discrete(last + 0.11)
    controls.values(last + 0.9)
    assert controls.modes() == {"it": Mode.HELD}
    assert controls.values(last + 0.99) == {"it": value}
    way = [controls.values(last + 1 + 0.02 * n)["it"] for n in range(1, 120)]
    assert controls.modes() == {"it": Mode.RESTING}
    assert way[48] == pytest.approx((value + 0.1) / 2, abs=0.02)
    assert way[102] == pytest.approx(0.1, abs=0.001)
    assert max(abs(b - a) for a, b in zip(way, way[1:])) < 0.02


def test_after_a_rest_it_must_be_met_again() -> None:
    controls = live("tilt")
    after(controls, "tilt", 60)
    for n in range(200):
        controls.values(3 + 0.02 * n)
    back = play(controls, [held("tilt", 50, 8 + 0.02 * n) for n in range(50)])
    assert {one["it"] for one in back} == {0.0}
    assert controls.modes() == {"it": Mode.WAITING}
    down = play(controls, [held("tilt", 50 - 3 * n, 9 + 0.02 * n) for n in range(60)])
    assert controls.modes() == {"it": Mode.LIVE}
    assert max(one["it"] for one in down) < 0.2


def test_rest_may_be_to_stay() -> None:
    controls = live("tilt", rest=None)
    value = after(controls, "tilt", 30)
    assert [controls.values(3 + n)["it"] for n in range(10)] == [value] * 10


def test_lost_samples_are_no_motion() -> None:
    controls = live("tilt")
    value = after(controls, "tilt", 30)
    lost = [MotionSample(3 + 0.02 * n, "left", (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), lost=True) for n in range(40)]
    assert play(controls, lost)[-1]["it"] == pytest.approx(value, abs=0.02)
    assert controls.modes() == {"it": Mode.HELD}


WIFI = st.builds(
    Wifi,
    seed=st.integers(0, 2**32),
    hertz=st.sampled_from([25.0, 50.0, 100.0]),
    timed=st.booleans(),
    loss=st.floats(0, 0.4),
    jitter=st.floats(0, 0.1),
    doubled=st.floats(0, 0.3),
    stalls=st.lists(st.floats(1, 5), max_size=2).map(tuple),
    holes=st.lists(st.floats(1, 5), max_size=2).map(tuple),
    sets=st.lists(st.tuples(st.floats(1, 5), st.floats(-20, 20)), max_size=2).map(tuple),
)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(WIFI)
def test_behind_any_network_nothing_jumps_by_more_than_two_percent(net: Wifi) -> None:
    stream, controls = MotionStream("left"), Controls([ControlSettings(kind, kind) for kind in MOVED])
    controls.pick_up()
    readings, n = sent(net), 0
    before = controls.values(START)
    for tick in range(1, 350):
        now = START + 0.02 * tick
        while n < len(readings) and readings[n].arrival <= now:
            for sample in stream.feed(readings[n]):
                controls.feed(sample, now)
            n += 1
        for sample in stream.advance(now):
            controls.feed(sample, now)
        values = controls.values(now)
        assert all(0 <= values[kind] <= 1 and abs(values[kind] - before[kind]) <= 0.02 + 1e-9 for kind in MOVED)
        before = values


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 2),
            st.tuples(*[st.floats(-70, 70)] * 3),
            st.tuples(*[st.floats(-6000, 6000) | st.just(math.nan)] * 3),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_any_motion_is_a_value(motion: list[tuple[float, Vector, Vector, bool]]) -> None:
    controls, now = Controls([ControlSettings(kind, kind) for kind in MOVED]), 0.0
    for passed, force, rate, lost in motion:
        now += passed
        rate = rate if not any(map(math.isnan, rate)) else (math.nan,) * 3
        assert all(0 <= value <= 1 for value in controls.feed(MotionSample(now, "left", force, rate, lost=lost)).values())


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"kind": "yaw"}, "is none of"),
        ({"kind": "tilt", "low": 30.0, "high": 30.0}, "give it a range"),
        ({"kind": "tilt", "low": math.nan}, "give it a range"),
        ({"kind": "tilt", "rest": 2.0}, "rest is 0 to 1"),
        ({"kind": "value"}, "NAME or NAME.3"),
        ({"kind": "value", "of": "a.0"}, "NAME or NAME.3"),
        ({"kind": "tilt", "of": "a"}, "belongs to the kind value"),
        ({"kind": "tilt", "slew": 0.0}, "slew above 0"),
        ({"kind": "tilt", "dead_zone": 0.9}, "dead_zone is 0"),
    ],
)
def test_settings_that_cannot_be(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ControlSettings("it", **data)


def test_the_filter_is_still_when_still_and_quick_when_quick() -> None:
    still, quick = OneEuro(1.0, 1.8), OneEuro(1.0, 1.8)
    wobble = [still(0.5 + 0.01 * (-1) ** n, 0.02) for n in range(200)]
    assert max(wobble[50:]) - min(wobble[50:]) < 0.006
    swept = [quick(min(1.0, n * 0.04), 0.02) for n in range(26)]  # 0 to 1 in half a second
    assert swept[25] > 0.85  # a tenth of a second behind at most
