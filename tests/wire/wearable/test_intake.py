"""Who sends, under which name, what is refused and why; and that nothing at all can upset it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.wire.osc import Message, Value
from showctl.wire.wearable import intake
from showctl.wire.wearable.decode import Refused, answers_to
from showctl.wire.wearable.intake import Wearables
from showctl.wire.wearable.profiles import PROFILES

PHONE, OTHER = "10.0.0.7:50000", "10.0.0.8:50000"
RATE = Message("/gyrosc/rrate", (0.0, 0.0, 1.0))


def uuid(who: str = "AB", n: float = 1.0) -> Message:
    return Message(f"/{who}/gyro", (n, 0.0, 0.0))


def test_two_phones_of_one_kind_are_told_apart_by_where_they_send_from() -> None:
    wearables = Wearables()
    (one,), (two,) = wearables.take(RATE, PHONE, 1.0), wearables.take(RATE, OTHER, 1.0)
    assert (one.device, two.device) == (f"gyrosc@{PHONE}", f"gyrosc@{OTHER}")
    assert one.values == (0.0, 0.0, pytest.approx(math.degrees(1)))


def test_a_device_answers_to_what_a_person_wrote_down() -> None:
    (by_place,), (by_name,) = Wearables().take(RATE, PHONE, 1.0), Wearables().take(uuid(), PHONE, 1.0)
    assert answers_to(by_place.device, "gyrosc", "10.0.0.7")
    assert answers_to(by_place.device, "gyrosc", PHONE)
    assert not answers_to(by_place.device, "gyrosc", "10.0.0.70")
    assert not answers_to(by_place.device, "gyrosc", "10.0.0")
    assert not answers_to(by_place.device, "zigsim", PHONE)
    assert answers_to(by_name.device, "zigsim", "AB")
    assert not answers_to(by_name.device, "zigsim", PHONE)


def test_two_senders_under_one_name_are_not_mixed_and_it_is_said() -> None:
    wearables = Wearables()
    assert wearables.take(uuid(), PHONE, 1.0)
    assert not wearables.take(uuid(), OTHER, 1.5)
    assert wearables.counts == {Refused.SENDER: 1}
    (trouble,) = wearables.troubles(2.0)
    assert OTHER in trouble
    assert PHONE in trouble
    assert "zigsim/AB" in trouble
    assert wearables.take(uuid(), PHONE, 2.0)
    assert wearables.troubles(100.0) == []


def test_a_device_that_comes_back_from_another_port_is_the_same() -> None:
    wearables = Wearables()
    (before,) = wearables.take(uuid(), PHONE, 1.0)
    (after,) = wearables.take(uuid(), "10.0.0.7:50001", 1.0 + intake.OWNER_S)
    assert before.device == after.device


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e9, "1", None, (1, 2, 3, 4), b"x"])
def test_what_is_no_motion_is_refused_whole(value: Value) -> None:
    wearables = Wearables()
    assert wearables.take(Message("/gyrosc/rrate", (0.0, value, 0.0)), PHONE, 1.0) == ()
    assert sum(wearables.counts.values()) == 1
    assert not wearables.devices()


def test_a_quaternion_is_of_length_one() -> None:
    wearables = Wearables()
    assert wearables.take(Message("/gyrosc/quat", (0.0, 0.0, 0.0, 0.0)), PHONE, 1.0) == ()
    assert wearables.take(Message("/gyrosc/quat", (1.0, 1.0, 0.0, 0.0)), PHONE, 1.0) == ()
    assert wearables.counts == {Refused.RANGE: 2}
    (reading,) = wearables.take(Message("/gyrosc/quat", (0.99, 0.0, 0.0, 0.0)), PHONE, 1.0)
    assert reading.values == (1.0, 0.0, 0.0, 0.0)


def test_integers_are_numbers() -> None:
    (reading,) = Wearables().take(Message("/m5/3/imu", (0, 0, 1, 0, 0, 90), "iiiiii"), PHONE, 1.0)[1:]
    assert reading.values == (0.0, 0.0, 90.0)


def test_patterns_of_a_device_are_no_address() -> None:
    wearables = Wearables()
    for address in ("/*/gyro", "/?/gyro", "/[a]/gyro", "/{a,b}/gyro", "//gyro", "/a/b/gyro", "/*", "/gyrosc/*"):
        assert wearables.take(Message(address, (0.0, 0.0, 0.0)), PHONE, 1.0) == ()
    assert wearables.counts == {Refused.ADDRESS: 8}


def test_what_is_written_out_goes_before_what_is_free() -> None:
    assert Wearables().take(Message("/gyrosc/gyro", (0.0, 0.0, 0.0)), PHONE, 1.0) == ()  # angles, not ZIG SIM's rates
    (reading,) = Wearables().take(Message("/gyrosc2/gyro", (0.0, 0.0, 0.0)), PHONE, 1.0)
    assert reading.device == "zigsim/gyrosc2"


def test_one_address_of_two_devices_is_told_by_its_arguments() -> None:
    (volts,) = Wearables().take(Message("/battery", (3.9,)), PHONE, 1.0)
    assert (volts.device, volts.channel) == (f"x-osc@{PHONE}", "voltage")
    percent, volts = Wearables().take(Message("/battery", (81.0, 300.0, 3.9, -40.0, "Not connected")), PHONE, 1.0)
    assert (percent.device, percent.channel, percent.values) == (f"ngimu@{PHONE}", "battery", (81.0,))
    assert volts.values == (3.9,)


def test_a_sender_whose_profile_is_written_down_has_no_other() -> None:
    wearables = Wearables(chosen={"10.0.0.7": "gyrosc"})
    assert wearables.take(RATE, PHONE, 1.0)
    assert not wearables.take(uuid(), PHONE, 1.0)
    assert wearables.take(uuid(), OTHER, 1.0)
    with pytest.raises(ValueError, match="no profile 'gyrsc'"):
        Wearables(chosen={"10.0.0.7": "gyrsc"})


def test_what_the_network_doubles_is_dropped() -> None:
    wearables = Wearables()
    tagged = Message("/imu", (0.0,) * 9, "f" * 9, timetag=77 << 32)
    assert wearables.take(tagged, PHONE, 1.0)
    assert not wearables.take(tagged, PHONE, 1.1)
    assert wearables.take(Message("/imu", (0.0,) * 9, "f" * 9, timetag=78 << 32), PHONE, 1.1)
    assert wearables.take(RATE, PHONE, 1.0)
    assert wearables.take(RATE, PHONE, 1.02)  # a hand that is still
    press = Message("/output_2")
    assert [len(wearables.take(press, PHONE, time)) for time in (1.0, 1.1, 1.2, 1.5)] == [1, 0, 0, 1]
    assert wearables.counts == {Refused.DUPLICATE: 3}


def told(times: dict[float, int]) -> list[tuple[float, float]]:
    """When a button is heard of whose device says so much at these times, without time tags, and how it stands."""
    wearables = Wearables()
    heard = [one for at, on in times.items() for one in wearables.take(Message("/motion/hat/button", (on,), "i"), PHONE, at)]
    return [(one.arrival, one.values[0]) for one in heard]


def test_a_release_always_counts_however_soon_after_the_one_before() -> None:
    assert told({1.0: 1, 1.2: 0, 1.3: 1, 1.4: 0}) == [(1.0, 1), (1.2, 0), (1.3, 1), (1.4, 0)]


def test_a_press_that_its_release_has_overtaken_is_none() -> None:
    assert told({1.0: 1, 1.02: 0, 1.03: 1, 1.04: 0}) == [(1.0, 1), (1.02, 0)]
    assert told({1.0: 1, 1.015: 1, 1.04: 1}) == [(1.0, 1)]  # sent three times against loss


def test_a_button_that_is_told_of_again_and_again_is_heard_of_as_long_as_it_is_held() -> None:
    times = [at for at, _ in told({n / 100: 1 for n in range(500)})]
    assert all(b - a < 0.07 for a, b in zip(times, times[1:], strict=False))
    assert times[-1] > 4.9


def test_axes_one_a_packet_are_told_together() -> None:
    wearables = Wearables()
    axes = [Message(f"/accelerometer/raw/{axis}", (9.80665 * n,)) for n, axis in enumerate("xyz")]
    assert wearables.take(axes[0], PHONE, 1.0) == wearables.take(axes[2], PHONE, 1.0) == ()
    (reading,) = wearables.take(axes[1], PHONE, 1.0)
    assert reading.values == pytest.approx((0.0, 1.0, 2.0))
    assert wearables.take(axes[0], PHONE, 1.1) == ()
    assert wearables.take(axes[1], PHONE, 1.1) == ()
    assert wearables.take(axes[2], PHONE, 1.3) == ()  # the others were of another moment


def test_buttons_and_meanings() -> None:
    wearables = Wearables()

    def told(address: str, *values: Value) -> list[tuple[str, str, tuple[float, ...]]]:
        return [(one.channel, one.name, one.values) for one in wearables.take(Message(address, values), PHONE, 1.0)]

    assert told("/gyrosc/button", 1.0) == [("button", "button", (1.0,))]
    assert told("/gyrosc/button", 7, 1) == [("button", "7", (1.0,))]
    assert told("/gyrosc/button", 7, 0) == [("button", "7", (0.0,))]
    assert told("/button") == [("press", "button", (1.0,))]
    assert told("/AB/touch01", 0.2) == [("touch", "touch01", (1.0,))]
    assert told("/output_3") == [("event", "output_3", (1.0,))]
    assert told("/glover/event/fist") == [("event", "fist", (1.0,))]
    assert told("/glover/value/swell", 0.4) == [("value", "swell", (0.4,))]
    assert told("/wek/outputs", 0.1, 0.2) == [("values", "outputs", (0.1, 0.2))]
    assert told("/lx", *[0.5] * 21) == [("landmarks", "lx", (0.5,) * 21)]
    assert told("/lx", *[0.5] * 20) == []
    assert told("/rssi", -61.0, 70.0) == [("signal", "", (-61.0,))]


def test_everything_is_bounded() -> None:
    wearables = Wearables()
    for n in range(200):
        wearables.take(uuid(f"phone{n}"), f"10.0.0.{n}:1", 1.0)
        wearables.take(Message(f"/glover/value/{n}", (0.5,)), PHONE, 1.0)
    assert len(wearables.devices()) == intake.MOST_DEVICES
    assert wearables.counts[Refused.CROWDED] > 150
    assert wearables.counts[Refused.NAMES] > 100
    assert len(wearables.troubles(1.0)) == intake.MOST_TROUBLES
    assert wearables.take(uuid("late"), OTHER, 100.0)  # the one that was silent for longest makes room
    for n in range(5000):
        wearables.take(Message(f"/nobody/{n}", ()), PHONE, 100.0)
    assert len(wearables._known) <= intake.MOST_KNOWN


ADDRESSES = sorted(
    {route.address.replace("{id}", "A").replace("{name}", "b") for one in PROFILES.values() for route in one.routes}
)
VALUES = st.floats() | st.integers(-(2**63), 2**63) | st.booleans() | st.none() | st.text(max_size=4) | st.binary(max_size=4)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(ADDRESSES) | st.text(max_size=12),
            st.lists(VALUES, max_size=12) | st.lists(st.floats(-2, 2), max_size=22),
        ),
        max_size=20,
    ),
    st.integers(0, 2**64 - 1),
)
def test_whatever_comes_is_readings_of_finite_numbers_or_counted(messages: list[tuple[str, list[Value]]], timetag: int) -> None:
    wearables = Wearables()
    for n, (address, values) in enumerate(messages):
        before = sum(wearables.counts.values())
        made = wearables.take(Message(address, tuple(values), "", timetag), PHONE, float(n))
        assert all(math.isfinite(value) for one in made for value in one.values)
        assert sum(wearables.counts.values()) - before in ({0} if made else {0, 1})
