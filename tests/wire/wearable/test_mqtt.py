"""The same profiles over MQTT: arrays, objects, numbers; and anything at all."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import Reading
from showctl.wire.wearable.decode import Refused
from showctl.wire.wearable.intake import Wearables
from showctl.wire.wearable.mqtt import MOST_SENDERS, Topics


def told(topic: str, body: Any) -> tuple[Reading, ...]:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Topics(Wearables()).take(topic, payload, 5.0)


IMU = {"ax": 0, "ay": 0, "az": 1, "gx": 0, "gy": 0, "gz": 90}


@pytest.mark.parametrize("body", [[0, 0, 1, 0, 0, 90], IMU, IMU | {"name": "of no use", "time": 12.5}])
def test_arrays_and_objects_are_the_same_message(body: Any) -> None:
    force, rate = told("esp/m5/3/imu", body)
    assert (force.device, force.channel, force.values) == ("m5stick/3", "acceleration", (0.0, 0.0, 1.0))
    assert (rate.channel, rate.values, rate.arrival) == ("rate", (0.0, 0.0, 90.0), 5.0)
    assert rate.time == (12.5 if "time" in body else None)


def test_several_below_one_topic() -> None:
    zero = {"x": 0, "y": 0, "z": 0}
    said = told(
        "phone/AB12", {"accel": zero, "gravity": {"x": 0, "y": 0, "z": -1}, "gyro": [0, 0, 1], "quaternion": zero | {"w": 1}}
    )
    assert [one.channel for one in said] == ["linear", "gravity", "rate", "quaternion"]
    assert {one.device for one in said} == {"zigsim/AB12"}
    assert said[1].values == (0.0, 0.0, 1.0)
    assert said[3].values == (1.0, 0.0, 0.0, 0.0)


def test_numbers_buttons_and_presses() -> None:
    assert told("hat/motion/hat/battery", 81)[0].values == (81.0,)
    assert told("hat/motion/hat/battery", {"value": 81})[0].values == (81.0,)
    assert told("hat/motion/hat/button", True)[0].values == (1.0,)
    assert told("wek/output_2", b"")[0].channel == "event"
    assert told("box/battery", {"battery": 80, "voltage": 3.9})[0].device == "ngimu@mqtt:box"


def test_by_name_in_the_order_of_the_profile() -> None:
    turned = {"w": 0.8, "x": 0.6, "y": 0, "z": 0}
    assert told("p/gyrosc/quat", turned)[0].values == pytest.approx((0.8, 0.6, 0.0, 0.0))
    assert told("p/rotationvector", turned)[0].values == pytest.approx((0.8, 0.6, 0.0, 0.0))
    named = {"gx": 0, "gy": 0, "gz": 9, "ax": 0, "ay": 0, "az": 1}
    assert told("n/sensors", named)[0].values == (0.0, 0.0, 9.0)


@pytest.mark.parametrize(
    "payload",
    [
        *(b"{", b"nan", b"[NaN, 0, 0]", b"[1e999, 0, 0]", b"null", b'{"x": 1}', b"[[1, 2], 3]", b"[" * 3000, b"1" * 5000),
        *(json.dumps(body).encode() for body in ({"time": -1, "rate": [0, 0, 0]}, {str(n): [0] for n in range(20)}, [0] * 65)),
    ],
)
def test_nonsense_is_counted(payload: bytes) -> None:
    wearables = Wearables()
    assert Topics(wearables).take("a/gyrosc/rrate", payload, 5.0) == ()
    assert wearables.counts == {Refused.PAYLOAD: 1}


def test_a_topic_needs_a_sender_and_an_address() -> None:
    wearables = Wearables()
    assert Topics(wearables).take("rrate", b"1", 5.0) == ()
    assert Topics(wearables).take("a/nobody", b"1", 5.0) == ()
    assert wearables.counts == {Refused.ADDRESS: 2}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["x", "y", "z", "w", "time", "accel", "gyro"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(st.text("abAB/+#*0", max_size=12), JSON.map(lambda body: json.dumps(body).encode()) | st.binary(max_size=40))
def test_any_payload_is_finite_readings_or_counted(topic: str, payload: bytes) -> None:
    wearables = Wearables()
    for whole in (topic, "p/AB", "p/AB/quaternion", "p/gyrosc/rrate"):
        assert all(math.isfinite(value) for one in Topics(wearables).take(whole, payload, 5.0) for value in one.values)


def test_one_above_its_rate_is_cut_off_and_others_do_not_feel_it() -> None:
    wearables = Wearables()
    topics = Topics(wearables)

    def sent(sender: str, count: int, at: float, body: bytes = b"81") -> int:
        return sum(bool(topics.take(f"{sender}/motion/{sender}/battery", body, at + n / count)) for n in range(count))

    heard = sent("flood", 5000, 10.0)
    assert 740 <= heard <= 751, "500 a second, and what half of one brings at once"
    assert wearables.counts[Refused.RATE] == 5000 - heard
    assert "mqtt:flood sends more than 500 messages a second" in " ".join(wearables.troubles(11.0))
    assert sent("calm", 100, 11.0) == 100
    assert sent("flood", 100, 20.0) == 100, "and later it may again"


def test_a_new_name_is_no_new_rate() -> None:
    wearables, count = Wearables(), 60_000
    topics = Topics(wearables)
    for n in range(count):
        topics.take(f"s{n}/motion/hat/battery", b"81", 10.0 + n / count)
    assert wearables.counts[Refused.RATE] >= count - 751 * MOST_SENDERS


def test_what_one_message_holds_counts_each() -> None:
    topics = Topics(Wearables())
    both = b'{"gyro": {"x": 0, "y": 0, "z": 1}, "accel": [0, 0, 0]}'
    assert 125 <= sum(bool(topics.take("phone/AB12", both, 10.0)) for _ in range(500)) <= 126
