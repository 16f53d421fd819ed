"""Profiles as text: what is read, and that every mistake in one is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl import rotation
from showctl.wire.osc import Message
from showctl.wire.wearable.intake import Wearables
from showctl.wire.wearable.profile import CHANNELS, profile
from showctl.wire.wearable.profiles import PROFILES, TABLES


def test_the_shipped_ones_say_where_they_are_from_and_how_to_connect() -> None:
    for one in PROFILES.values():
        assert one.routes
        assert one.source
        assert one.connect
        assert one.title
        assert one.channels


def test_no_two_profiles_claim_the_same_message() -> None:
    seen: dict[tuple[str, int, frozenset[int]], str] = {}
    for one in PROFILES.values():
        for route in one.routes:
            if all(field.channel == "nothing" for field in route.fields):
                continue
            for count in range(route.least, route.most + 1):
                key = (route.address, count, route.texts)
                assert key not in seen, f"{one.name} and {seen[key]}: {key}"
                seen[key] = one.name


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"routs": {}}, "no key 'routs'"),
        ({"routes": ["/a"]}, "routes are ADDRESS"),
        ({"routes": {"a": "rate deg/s"}}, "no address"),
        ({"routes": {"/a*": "rate deg/s"}}, "no address"),
        ({"routes": {"/{id}/{name}": "value"}}, "only one element"),
        ({"routes": {"/x{id}": "value"}}, "no address"),
        ({"routes": {"/showctl/{id}/imu": "value"}}, "a command"),
        ({"routes": {"/eos/fader": "value"}}, "a command"),
        ({"routes": {"/" + "a" * 300: "value"}}, "longer than"),
        ({"routes": {"/a": 3}}, "says what the arguments are"),
        ({"routes": {"/a": "speed m/s"}}, "is no field"),
        ({"routes": {"/a": "rate m/s2"}}, "in deg/s or rad/s"),
        ({"routes": {"/a": "rate"}}, "in deg/s or rad/s"),
        ({"routes": {"/a": "rate.w deg/s"}}, "no axis w"),
        ({"routes": {"/a": "battery.x %"}}, "no axis x"),
        ({"routes": {"/a": "quaternion zyxw"}}, "wxyz, xyzw"),
        ({"routes": {"/a": "quaternion wxyz turned"}}, "wxyz, xyzw"),
        ({"routes": {"/a": "3: rate deg/s from 2"}}, "take 4 arguments, and 3 to 3 come"),
        ({"routes": {"/a": "99: rate deg/s"}}, "99 to 99"),
        ({"routes": {"/a": "5-3: rate deg/s"}}, "5 to 3"),
        ({"routes": {"/a": "rate deg/s from 0"}}, "counted from 1"),
        ({"routes": {f"/a{n}": "value" for n in range(65)}}, "more than 64"),
        ({"rate": "fast"}, "readings a second"),
        ({"rate": 5000}, "readings a second"),
        ({"axes": "x y"}, "axes are three"),
        ({"axes": "x y z z"}, "axes are three"),
        ({"axes": "y x z"}, "mirrored"),
        ({"axes": "-x y z"}, "mirrored"),
    ],
)
def test_mistakes_are_named(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as error:
        profile("mine", data)
    assert str(error.value).startswith("mine: ")


@given(
    st.dictionaries(
        st.sampled_from(["/a", "/{id}/b", "/c/{name}"]), st.text("gnsaceltriqu.-/ :,0123456789", max_size=30) | st.integers()
    )
)
def test_any_text_is_a_profile_or_a_mistake(routes: dict[str, Any]) -> None:
    try:
        read = profile("mine", {"routes": routes})
    except ValueError:
        return
    assert all(field.channel in CHANNELS for route in read.routes for field in route.fields)


def test_the_tables_are_all_read() -> None:
    assert list(PROFILES) == list(TABLES)
    assert PROFILES["ngimu"] == profile("ngimu", TABLES["ngimu"])


def test_axes_and_the_rotation_they_are_agree() -> None:
    """A quaternion and a vector of a device that is worn another way come out in the same axes."""
    for axes in ("x y z", "-y x z", "y z x", "-x -y z", "x -y -z", "z -y x", "-z x -y"):
        one = profile("mine", {"axes": axes, "routes": {"/a": "acceleration g", "/q": "quaternion wxyz"}})
        wearables = Wearables([one])
        q = rotation.of_axes(((1, 1.0), (2, 1.0), (0, 1.0)))
        up = rotation.up(q)  # what the accelerometer says at rest, in the device's axes
        (force,) = wearables.take(Message("/a", up), "a", 1.0)
        (turned,) = wearables.take(Message("/q", q), "a", 1.0)
        w, x, y, z = turned.values
        assert rotation.up((w, x, y, z)) == pytest.approx(force.values, abs=1e-9)


def test_axes_name_where_the_devices_own_point() -> None:
    one = profile("mine", {"axes": "-y x z", "routes": {"/a": "acceleration g", "/x": "acceleration.x g"}})
    (force,) = Wearables([one]).take(Message("/a", (1.0, 2.0, 3.0)), "a", 1.0)
    assert force.values == (2.0, -1.0, 3.0)
