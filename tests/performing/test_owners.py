"""Which wearable of the venue a device is."""

from __future__ import annotations

import pytest

from showctl.performing.worn import chosen, wearable_of
from showctl.plan import Wearable
from showctl.wire.osc import Message
from showctl.wire.wearable.intake import Wearables

WORN = (
    Wearable("left", "ngimu", "10.0.0.21", "anna", "left"),
    Wearable("right", "zigsim", "AB12", "anna", "right"),
    Wearable("two", "gyrosc", "10.0.0.30:9001", "ben"),
    Wearable("stick", "m5stick", "3", "cleo"),
    Wearable("radio", "plain", "mqtt:esp", "dora"),
    Wearable("six", "ngimu", "fd00::21", "emma"),
    Wearable("door", "ngimu", "[fd00::22]:9001", "fred"),
)


@pytest.mark.parametrize(
    ("profile", "name", "source", "owner"),
    [
        ("ngimu", "ngimu@10.0.0.21:8000", "10.0.0.21:8000", "left"),
        ("ngimu", "ngimu@10.0.0.22:8000", "10.0.0.22:8000", None),
        ("gyrosc", "gyrosc@10.0.0.21:8000", "10.0.0.21:8000", None),  # another program on anna's machine
        ("zigsim", "zigsim/AB12", "10.9.9.9:5000", "right"),
        ("zigsim", "zigsim/AB13", "10.9.9.9:5000", None),
        ("gyrosc", "gyrosc@10.0.0.30:9001", "10.0.0.30:9001", "two"),
        ("gyrosc", "gyrosc@10.0.0.30:9002", "10.0.0.30:9002", None),
        ("m5stick", "m5stick/3", "10.0.0.9:1", "stick"),
        ("plain", "plain/hat", "mqtt:esp", "radio"),
        ("plain", "plain/hat", "mqtt:other", None),
        ("ngimu", "ngimu@[fd00::21]:8000", "[fd00::21]:8000", "six"),
        ("ngimu", "ngimu@[fd00::21%wlan0]:8000", "[fd00::21%wlan0]:8000", "six"),
        ("ngimu", "ngimu@[fd00::22]:9001", "[fd00::22]:9001", "door"),
        ("ngimu", "ngimu@[fd00::22]:9002", "[fd00::22]:9002", None),
        ("ngimu", "ngimu@[fd00::2]:1", "[fd00::2]:1", None),
        ("ngimu", "ngimu@[::ffff:10.0.0.21]:8000", "[::ffff:10.0.0.21]:8000", "left"),  # at a port for both
    ],
)
def test_who_is_who(profile: str, name: str, source: str, owner: str | None) -> None:
    found = wearable_of(WORN, profile, name, source)
    assert (None if found is None else found.name) == owner


def test_names_are_those_that_the_intake_gives() -> None:
    intake = Wearables(chosen=chosen(WORN))
    [one, *_] = intake.take(Message("/sensors", tuple(float(n == 5) for n in range(10))), "10.0.0.21:8123", 1.0)
    found = wearable_of(WORN, "ngimu", one.device, "10.0.0.21:8123")
    assert found is WORN[0]
    [other] = intake.take(Message("/AB12/gyro", (0.0, 0.0, 1.0)), "10.4.4.4:1", 1.0)
    assert wearable_of(WORN, "zigsim", other.device, "10.4.4.4:1") is WORN[1]


def test_of_who_is_known_by_where_they_send_from_the_profile_is_chosen() -> None:
    by_place = {"10.0.0.21": "ngimu", "10.0.0.30:9001": "gyrosc", "fd00::21": "ngimu", "[fd00::22]:9001": "ngimu"}
    assert chosen(WORN) == by_place
    both = (*WORN, Wearable("other", "zigsim", "10.0.0.21", "eve"))
    assert "10.0.0.21" not in chosen(both)
