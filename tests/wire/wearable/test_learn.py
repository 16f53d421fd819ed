"""Learning what somebody sends: each way to say a motion is guessed right, and the guess is a profile that hears it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from showctl import rotation
from showctl.wire.osc import Message, Value, decode
from showctl.wire.wearable import learn
from showctl.wire.wearable.intake import Wearables
from showctl.wire.wearable.learn import Learner, as_profile, guesses
from showctl.wire.wearable.profile import profile
from tests.wire.wearable.dialects import DIALECTS, G, Turn

SOURCE = "10.0.0.7:50000"


def turns(say: Callable[[Turn], dict[str, object]], hertz: float = 50) -> Learner:
    """A device that is turned about each axis in turn, and lies still between."""
    learner = Learner()
    for n in range(int(9 * hertz)):
        time = n / hertz
        for address, values in say(Turn(int(time // 3), time % 3)).items():
            learner.take(Message(address, tuple(map(float, values)), timetag=1), SOURCE, 5 + time)
    return learner


def meanings(learner: Learner) -> dict[str, str]:
    return {one.address: one.meaning for one in guesses(list(learner.sources[SOURCE].heard.values()))}


@pytest.mark.parametrize(
    ("say", "found"),
    [
        (
            lambda m: {"/d1/a": m.force, "/d1/gyro": m.rate},
            {"/d1/a": "3: acceleration g from 1", "/d1/gyro": "3: rate deg/s from 1"},
        ),
        (
            lambda m: {"/a": m.force * G, "/omega": np.radians(m.rate)},
            {"/a": "3: acceleration m/s2 from 1", "/omega": "3: rate rad/s from 1"},
        ),
        (lambda m: {"/a": m.force * 1000}, {"/a": "3: acceleration mg from 1"}),
        (lambda m: {"/my/imu": [*m.force, *m.rate]}, {"/my/imu": "6: acceleration g from 1, rate deg/s from 4"}),
        (lambda m: {"/my/imu": [*m.rate, *m.force, 3, 4, 5]}, {"/my/imu": "9: rate deg/s from 1, acceleration g from 4"}),
        (
            lambda m: {"/grav": m.up * G, "/user": m.pushed * G, "/rot": np.radians(m.rate)},
            {"/grav": "3: gravity m/s2 from 1", "/user": "3: linear g from 1", "/rot": "3: rate rad/s from 1"},
        ),
        (
            lambda m: {"/a": m.force, "/q": [m.xyzw[3], *m.xyzw[:3]]},
            {"/a": "3: acceleration g from 1", "/q": "4: quaternion wxyz from 1"},
        ),
        (lambda m: {"/a": m.force, "/q": m.xyzw}, {"/a": "3: acceleration g from 1", "/q": "4: quaternion xyzw from 1"}),
        (
            lambda m: {"/a": m.force, "/q": [m.xyzw[3], *-m.xyzw[:3]]},
            {"/a": "3: acceleration g from 1", "/q": "4: quaternion wxyz conjugate from 1"},
        ),
        (
            lambda m: {"/all": [*m.xyzw, *m.force, *np.radians(m.rate)], "/q": m.xyzw},
            {"/all": "10: quaternion xyzw from 1, acceleration g from 5, rate rad/s from 8", "/q": "4: quaternion xyzw from 1"},
        ),
        (lambda m: {"/trigger": [float(m.turning)], "/level": [0.3]}, {"/trigger": "1: button"}),
    ],
)
def test_motion_is_guessed(say: Callable[[Turn], dict[str, object]], found: dict[str, str]) -> None:
    told = meanings(turns(say))
    assert told == {address: meaning.removeprefix("1: ") for address, meaning in found.items()}


def test_a_device_that_counts_downwards_is_told_by_its_quaternion() -> None:
    learner = turns(lambda m: {"/a": -m.force, "/q": m.xyzw})
    (_, quaternion) = guesses(list(learner.sources[SOURCE].heard.values()))
    assert quaternion.meaning == "4: quaternion xyzw from 1"
    assert "-g" in quaternion.because


def test_what_was_not_moved_is_a_question() -> None:
    learner = Learner()
    for n in range(50):
        learner.take(Message("/w1/gyro", (0.001, 0.0, 0.0)), SOURCE, n / 50)
        learner.take(Message("/w1/q", (1.0, 0.0, 0.0, 0.0)), SOURCE, n / 50)
    rate, quaternion = guesses(list(learner.sources[SOURCE].heard.values()))
    assert "turn it" in rate.because
    assert "Without acceleration nobody can say" in quaternion.because


def test_the_guess_is_a_profile_that_hears_the_same() -> None:
    learner = turns(lambda m: {"/glove7/a": m.force * G, "/glove7/gyro": m.rate, "/glove7/q": m.xyzw}, hertz=80)
    source = learner.sources[SOURCE]
    text = as_profile("my-glove", source, guesses(list(source.heard.values())))
    read = profile("my-glove", yaml.safe_load(text)["my-glove"])
    assert read.rate == 80
    wearables = Wearables([read])
    (force,) = wearables.take(Message("/glove8/a", (0.0, 0.0, G)), SOURCE, 1.0)
    assert (force.device, force.values) == ("my-glove/glove8", (0.0, 0.0, pytest.approx(1.0)))
    (q,) = wearables.take(Message("/glove8/q", (0.6, 0.0, 0.0, 0.8)), SOURCE, 1.0)
    w, x, y, z = q.values
    assert rotation.up((w, x, y, z)) == pytest.approx((0.0, 0.96, 0.28))


def test_a_known_device_is_known() -> None:
    learner = Learner()
    learner.take(Message("/gyrosc/rrate", (0.0, 0.0, 1.0)), SOURCE, 1.0)
    learner.take(Message("/gyrosc/else", (0.0,)), SOURCE, 1.0)
    source = learner.sources[SOURCE]
    assert source.devices == {f"gyrosc@{SOURCE}"}
    assert [one.address for one in learner.unknown(source)] == ["/gyrosc/else"]


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_no_known_device_is_doubted(dialect: str) -> None:
    hertz, packets = DIALECTS[dialect]
    learner = Learner()
    for n in range(int(9 * hertz)):
        for packet in packets(n / hertz, Turn(int(n / hertz // 3), n / hertz % 3)):
            for message in decode(packet):
                learner.take(message, SOURCE, 5 + n / hertz)
    assert learner.doubts(learner.sources[SOURCE]) == []
    assert learner.unknown(learner.sources[SOURCE]) == []


def test_learning_is_bounded() -> None:
    learner = Learner()
    for n in range(100):
        learner.take(Message(f"/a{n}", (1.0,)), SOURCE, n)
        learner.take(Message("/a", (1.0,) * 60), f"10.0.0.{n}:1", n)
    assert len(learner.sources) == learn.MOST_SOURCES
    assert learner.more > 60
    assert len(learner.sources[SOURCE].heard) == learn.MOST_ADDRESSES
    assert learner.sources[SOURCE].more > 30
    for n in range(2000):
        learner.take(Message("/a0", (float(n),)), SOURCE, n)
    assert len(learner.sources[SOURCE].heard["/a0"].rows) == learn.KEPT


ANY = st.floats() | st.integers(-(2**63), 2**63) | st.booleans() | st.none() | st.text(max_size=3) | st.binary(max_size=3)
ADDRESS = st.text("/ab1*{ \"'#:", min_size=1, max_size=8).map(lambda text: "/" + text)


@given(
    st.lists(
        st.tuples(
            ADDRESS | st.sampled_from(["/q", "/gyro", "/eos/x", "/showctl/x"]),
            st.lists(ANY, max_size=6) | st.lists(st.floats(-1, 1), max_size=12),
        ),
        max_size=60,
    )
)
def test_whatever_is_sent_the_proposal_can_be_read(messages: list[tuple[str, list[Value]]]) -> None:
    learner = Learner()
    for n, (address, values) in enumerate(messages):
        for k in range(12):
            learner.take(Message(address, tuple(values)), SOURCE, n + k / 10)
    for source in learner.sources.values():
        found = guesses(list(source.heard.values()))
        if found and len(found) <= 64:
            profile("new", yaml.safe_load(as_profile("new", source, found))["new"])
        assert all(math.isfinite(heard.rate) for heard in source.heard.values())
