"""Which message is of which wearable of the venue: of those that it names, and of no others."""

from __future__ import annotations

from dataclasses import replace

from showctl.config.signs import device_address
from showctl.config.words import Words
from showctl.inputs.osc import OscInput
from showctl.inputs.osc_routes import Routes
from showctl.model import ControlEvent, Reading
from showctl.performing.worn import MOST_MET, Worn
from showctl.plan import Plan, Wearable
from showctl.wire.osc import Message, encode
from showctl.wire.wearable.mqtt import Topics
from showctl.wire.wearable.profiles import PROFILES
from tests.performing.people import BAND, GLOVE, imu

SENSORS = Message("/sensors", (0.0,) * 5 + (1.0,) + (0.0,) * 4, "f" * 10)


def worn(*wearables: Wearable) -> Worn:
    return Worn(wearables or (GLOVE, BAND), PROFILES)


def test_a_device_is_called_as_the_venue_calls_it() -> None:
    it = worn()
    assert {one.device for one in it.take(imu([0, 0, 1, 0, 0, 0]), "10.0.0.9:4000", 1.0)} == {"glove"}
    assert {one.device for one in it.take(SENSORS, "10.0.0.5:8000", 1.0)} == {"band"}
    assert it.sources == {"glove": "10.0.0.9:4000", "band": "10.0.0.5:8000"}


def test_who_is_known_by_his_address_may_change_his_port() -> None:
    it = worn()
    assert it.take(SENSORS, "10.0.0.5:8000", 1.0)
    assert it.take(SENSORS, "10.0.0.5:9999", 1.1)
    assert len(it.devices()) == 1
    assert not it.troubles(1.2)


def test_it_is_told_where_it_listens() -> None:
    it = worn(
        BAND,
        Wearable("port", "ngimu", "10.0.0.6", "carl", feedback=("", 9001)),
        Wearable("place", "ngimu", "10.0.0.7", "dora", feedback=("10.0.0.30", 9001)),
    )
    assert [it.listens(name) for name in ("band", "port", "place")] == [None, None, ("10.0.0.30", 9001)], "not heard yet"
    for host in ("10.0.0.5", "10.0.0.6", "10.0.0.7"):
        assert it.take(SENSORS, f"{host}:8000", 1.0)
    assert [it.listens(name) for name in ("band", "port", "place")] == [
        ("10.0.0.5", 8000),
        ("10.0.0.6", 9001),
        ("10.0.0.30", 9001),
    ]


def test_what_nobody_named_is_left_alone_and_takes_no_room() -> None:
    it = worn()
    for n in range(MOST_MET + 10):
        assert not it.knows(f"/motion/stranger{n}/imu", "10.0.0.9:4000")
        assert it.take(imu([0, 0, 1, 0, 0, 0], f"stranger{n}"), "10.0.0.9:4000", 1.0) == ()
    assert not it.knows("/sensors", "10.0.0.6:8000")
    assert it.devices() == []
    assert it.knows("/motion/anna/imu", "10.0.0.9:4000")


def test_an_address_that_no_device_has_is_not_remembered() -> None:
    it = worn()
    long = f"/motion/{'x' * 60_000}/imu"
    assert not it.knows(long, "10.0.0.9:4000")
    assert long not in {address for address, _ in it._met} | set(it._known)


def test_the_venue_s_port_tells_two_of_one_address_apart() -> None:
    it = worn(Wearable("one", "ngimu", "10.0.0.5:8001", "anna"), Wearable("two", "ngimu", "10.0.0.5:8002", "ben"))
    assert {one.device for one in it.take(SENSORS, "10.0.0.5:8002", 1.0)} == {"two"}
    assert not it.knows("/sensors", "10.0.0.5:8003")


def test_a_wearable_by_its_ipv6_address() -> None:
    """From the packet on: it needs no `allow`, may not command, and is told where it listens."""
    six = Wearable("six", "ngimu", device_address("FD00::0021"), "anna")
    it = worn(six, Wearable("door", "ngimu", device_address("[fd00:0::22]:9001"), "ben"))
    came: list[Reading] = []
    told: list[ControlEvent] = []

    def motion(message: Message, source: str, arrival: float) -> bool:
        came.extend(it.take(message, source, arrival))
        return True

    osc = OscInput(
        "::",
        8000,
        wearables=[one.address for one in it.wearables],
        emit=lambda control: bool(told.append(control)) or True,
        now=lambda: 1.0,
        names=lambda: Words(Plan(())),
        routes=Routes(motion=motion),
    )
    packet = encode("/sensors", *SENSORS.arguments)
    for peer, device in ((("fd00::21", 8000), "six"), (("fd00::22", 9001), "door"), (("fd00::21", 8001), "six")):
        came.clear()
        osc.take(packet, peer)
        assert {one.device for one in came} == {device}
    assert it.listens("six") == ("fd00::21", 8001)
    came.clear()
    osc.take(packet, ("fd00::23", 8000))
    osc.take(packet, ("fd00::22", 9002))
    osc.take(encode("/showctl/stop"), ("fd00::21", 8000))
    assert (came, told) == ([], [])
    assert osc.views()[0].state == "quarantine"


def test_a_second_sender_of_one_name_is_refused_and_named() -> None:
    it = worn()
    assert it.take(imu([0, 0, 1, 0, 0, 0]), "10.0.0.9:4000", 1.0)
    assert not it.take(imu([0, 0, 1, 0, 0, 0]), "10.0.0.8:4000", 1.01)
    (told,) = it.troubles(1.1)
    assert "10.0.0.8:4000" in told
    assert it.sources["glove"] == "10.0.0.9:4000"


def test_the_same_by_mqtt() -> None:
    it = worn(Wearable("hat", "plain", "hat", "anna"))
    readings = Topics(it).take("stick/motion/hat/battery", b"81", 1.0)
    assert [(one.device, one.channel, one.values) for one in readings] == [("hat", "battery", (81.0,))]
    assert Topics(it).take("stick/motion/other/battery", b"81", 1.0) == ()


def test_who_sends_by_mqtt_is_no_host_that_could_be_told_anything() -> None:
    """Whatever it is called: the name of a host would be looked up, and the daemon would wait for that."""
    hat = Wearable("hat", "plain", "hat", "anna")
    for sender in ("9000", "1", "stick", "[::1]:9000"):
        for one in (hat, replace(hat, feedback=("", 9001))):
            it = worn(one)
            assert Topics(it).take(f"{sender}/motion/hat/battery", b"81", 1.0)
            assert it.listens("hat") is None
    it = worn(replace(hat, feedback=("10.0.0.30", 9001)))
    assert Topics(it).take("9000/motion/hat/battery", b"81", 1.0)
    assert it.listens("hat") == ("10.0.0.30", 9001)
