"""The OSC intake on real sockets of loopback: what fires, what is counted, who is refused, and what it costs in lines of log."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.udp_client import SimpleUDPClient

from showctl.config.words import Words
from showctl.inputs import osc as module
from showctl.inputs import osc_told
from showctl.inputs.osc import OscInput
from showctl.inputs.osc_routes import Routes
from showctl.model import ControlEvent, DeviceError, Go, Goto, SetMaster, State, TrackRate, TrackVolume
from showctl.plan import CueList, Plan, Submaster
from showctl.remote.board import Board
from showctl.remote.osc_replies import OscReplies
from showctl.wire.osc import Message, bundle, decode, encode

PLAN = Plan((), lists=(CueList("main", ()), CueList("probe", ())), submasters=(Submaster("probe", "additive", ()),))
WORDS = Words(PLAN)


class Desk:
    """An intake with a clock in the test's hand; `room` is how many events it still takes."""

    def __init__(
        self, allow: tuple[str, ...] = (), room: int = 1000, host: str = "127.0.0.1", port: int = 0, **more: Any
    ) -> None:
        self.events: list[ControlEvent] = []
        self.time, self.room = 1.0, room
        settings: dict[str, Any] = {"emit": self.emit, "now": lambda: self.time, "names": lambda: WORDS, **more}
        self.osc = OscInput(host, port, allow=allow, **settings)

    def emit(self, event: ControlEvent) -> bool:
        if len(self.events) >= self.room:
            return False
        self.events.append(event)
        return True

    def counts(self) -> dict[str, float]:
        return {name: count for name, count in self.osc.health().counters if count}

    async def until(self, true: Callable[[], bool], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.002)


@asynccontextmanager
async def listening(desk: Desk) -> AsyncIterator[SimpleUDPClient]:
    desk.osc.open()
    task = asyncio.create_task(desk.osc.run())
    client = SimpleUDPClient("127.0.0.1", desk.osc.port)
    try:
        yield client
    finally:
        client._sock.close()  # python-osc has no way to say it
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        desk.osc.close()  # a task that is cancelled before its first step closes nothing


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Never opened: packets are handed to it."""
    one = Desk()
    one.osc.senders.local = True
    yield one
    one.osc.close()


async def test_what_python_osc_sends_fires_at_the_time_of_its_arrival() -> None:
    desk = Desk()
    async with listening(desk) as client:
        client.send_message("/showctl/list/probe/go", [])
        client.send_message("/showctl/sub/probe", [0.5, 17])
        client.send_message("/showctl/go", 0)
        await desk.until(lambda: desk.counts().get("received") == 3)
    assert desk.events == [
        Go(time=1.0, source="osc:127.0.0.1", list="probe"),
        SetMaster(time=1.0, source="osc:127.0.0.1", submaster="probe", level=0.5),
    ]
    assert desk.osc.health().state is State.STARTING  # closed again
    assert desk.counts() == {"received": 3, "fired": 2, "released": 1}


async def test_a_flood_is_taken_in_small_bites_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 10)
    desk, turns = Desk(), []
    async with listening(desk) as client:
        for n in range(100):
            client.send_message("/showctl/goto", n + 1)
        while len(desk.events) < 100:
            turns.append(len(desk.events))
            await asyncio.sleep(0)
    assert max(b - a for a, b in zip(turns, turns[1:], strict=False)) <= 10
    assert [e.cue for e in desk.events if isinstance(e, Goto)] == [f"{n + 1}" for n in range(100)]


async def test_a_wake_up_ends_when_its_time_is_up() -> None:
    desk = Desk()

    def slow(event: ControlEvent) -> bool:
        desk.time += 0.01  # each takes longer than BATCH_S
        return desk.events.append(event) is None

    desk.osc.router._emit = slow
    async with listening(desk) as client:
        for _ in range(5):
            client.send_message("/showctl/tap", [])
        turns = [0]
        while len(desk.events) < 5:
            await asyncio.sleep(0)
            turns.append(len(desk.events))
    assert max(b - a for a, b in zip(turns, turns[1:], strict=False)) == 1


async def test_a_packet_that_takes_long_is_done_in_several_turns_and_in_its_order() -> None:
    desk = Desk()

    def slow(event: ControlEvent) -> bool:
        desk.time += 0.01
        return desk.events.append(event) is None

    desk.osc.router._emit = slow
    cues = [f"{n + 1}" for n in range(32)]
    async with listening(desk) as client:
        client._sock.sendto(bundle(*[encode("/showctl/goto", one) for one in cues]), ("127.0.0.1", desk.osc.port))
        client.send_message("/showctl/goto", "99")
        turns = [0]
        async with asyncio.timeout(5):
            while len(desk.events) < 33:
                await asyncio.sleep(0)
                turns.append(len(desk.events))
    assert [event.cue for event in desk.events if isinstance(event, Goto)] == [*cues, "99"]
    assert max(b - a for a, b in zip(turns, turns[1:], strict=False)) <= 2


def test_faders_of_the_tracks_are_faders(desk: Desk) -> None:
    levels = [encode("/showctl/track/volume", n / 10) for n in range(8)]
    rates = [encode("/showctl/track/rate", 1.0 + n / 10) for n in range(8)]
    desk.osc.take(bundle(*levels, *rates), ("127.0.0.1", 9000))
    assert [type(one) for one in desk.events] == [TrackVolume, TrackRate]
    assert desk.counts()["superseded"] == 14


async def test_of_a_flood_of_levels_the_last_of_each_turn_counts_and_nothing_is_put_out_of_order() -> None:
    desk = Desk()
    desk.osc.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for n in range(40):
            sender.sendto(encode("/showctl/sub/probe", n / 40), ("127.0.0.1", desk.osc.port))
            sender.sendto(encode("/showctl/gm", n / 40), ("127.0.0.1", desk.osc.port))
            if n == 19:
                sender.sendto(encode("/showctl/go"), ("127.0.0.1", desk.osc.port))
    task = asyncio.create_task(desk.osc.run())
    await desk.until(lambda: desk.counts().get("received") == 81)
    counts = desk.counts()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    asked = [(type(event).__name__, getattr(event, "submaster", None), getattr(event, "level", None)) for event in desk.events]
    half, full = pytest.approx(19 / 40), pytest.approx(39 / 40)
    assert asked == [
        ("SetMaster", "probe", half),
        ("SetMaster", None, half),
        ("Go", None, None),
        ("SetMaster", "probe", full),
        ("SetMaster", None, full),
    ]
    assert counts["fired"] + counts["superseded"] == 81


async def test_a_mistake_within_a_packet_leaves_nothing_behind_for_the_next_start() -> None:
    desk = Desk()

    def slow(event: ControlEvent) -> bool:
        desk.time += 0.01
        if len(desk.events) == 3:
            raise RuntimeError("a mistake of ours")
        return desk.events.append(event) is None

    desk.osc.router._emit = slow
    desk.osc.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(bundle(*[encode("/showctl/tap")] * 20), ("127.0.0.1", desk.osc.port))
        with pytest.raises(RuntimeError, match="a mistake"):
            await asyncio.wait_for(desk.osc.run(), 5)
    desk.events.clear()
    async with listening(desk) as client:
        client.send_message("/showctl/stop", [])
        await desk.until(lambda: bool(desk.events))
    assert [type(event).__name__ for event in desk.events] == ["StopAll"]


async def test_our_own_mistake_ends_the_part_instead_of_flooding_the_log() -> None:
    desk = Desk()

    def broken(event: ControlEvent) -> bool:
        raise RuntimeError("a mistake of ours")

    desk.osc.router._emit = broken
    desk.osc.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(encode("/showctl/go"), ("127.0.0.1", desk.osc.port))
        with pytest.raises(RuntimeError, match="a mistake"):
            await asyncio.wait_for(desk.osc.run(), 5)
    assert desk.osc.health().state is State.STARTING


def test_everything_dropped_is_counted_by_its_reason(desk: Desk) -> None:
    for data in (
        b"",
        encode("/sensors", 1.0),
        encode("/showctl/list/nobody/go"),
        encode("/showctl/sub/nobody", 0.5),
        encode("/showctl/sub/probe"),
        encode("/showctl/sub/probe", "loud"),
        encode("/showctl/sub/probe", 1.5),
        encode("/showctl/go", 0),
        bundle(encode("/showctl/gm", 0.5), encode("/showctl/gm", float("nan"))),
    ):
        desk.osc.take(data, ("127.0.0.1", 9000))
    assert desk.counts() == {
        "received": 9,
        "fired": 1,
        "released": 1,
        "dropped_malformed": 1,
        "dropped_unknown_address": 1,
        "dropped_unknown_list": 1,
        "dropped_unknown_submaster": 1,
        "dropped_missing_argument": 1,
        "dropped_wrong_type": 1,
        "dropped_out_of_range": 2,
    }


def test_a_full_show_refuses_loudly(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(room=2)
    desk.osc.senders.local = True
    for _ in range(5):
        desk.osc.take(encode("/showctl/tap"), ("127.0.0.1", 9000))
    assert desk.counts() == {"received": 5, "fired": 2, "refused_full": 3}
    assert "more commands than the show can take" in caplog.text


@pytest.mark.parametrize(
    ("host", "local", "allow", "taken"),
    [
        ("127.0.0.1", True, (), True),
        ("::1", True, (), True),
        ("127.0.0.1", False, (), False),
        ("127.0.0.1", False, ("127.0.0.0/8",), True),
        ("10.0.0.7", True, (), False),
        ("10.0.0.7", False, ("10.0.0.0/24",), True),
        ("10.0.0.7", False, ("10.0.0.7",), True),
        ("10.0.0.7", False, ("10.0.0.9/24",), True),
        ("10.0.1.7", False, ("10.0.0.0/24", "192.168.0.0/16"), False),
        ("fe80::1%eth0", False, ("fe80::/10",), True),
        ("fe80::1%eth0", False, ("10.0.0.0/8",), False),
    ],
)
def test_who_may_send(host: str, local: bool, allow: tuple[str, ...], taken: bool) -> None:
    desk = Desk(allow)
    desk.osc.senders.local = local
    desk.osc.take(encode("/showctl/go"), (host, 9000))
    assert [e.source for e in desk.events] == ([f"osc:{host}"] if taken else [])
    assert desk.counts() == {"received": 1, ("fired" if taken else "refused_sender"): 1}


def test_a_bad_network_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        Desk(("nowhere",))


async def test_refused_senders_are_few_and_shown() -> None:
    desk = Desk()
    async with listening(desk):
        for n in range(200):
            for _ in range(n % 3 + 1):
                desk.osc.take(encode("/showctl/go"), (f"10.0.0.{n}", 9000))
        detail = desk.osc.health().detail
    assert "10.0.0.199 (2 packets), 10.0.0.198 (1 packets)" in detail
    assert "10.0.0.1 " not in detail
    assert detail.count("packets") == osc_told.SHOWN
    assert not desk.events


def test_the_log_says_one_line_a_sender_and_is_bounded(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(1000):
        desk.osc.take(b"rubbish!", ("127.0.0.1", 9000))
    assert len(caplog.records) == 1
    desk.time += osc_told.LOG_EVERY_S
    desk.osc.take(b"rubbish!", ("127.0.0.1", 9000))
    assert len(caplog.records) == 2
    assert "999 more" in caplog.text
    for n in range(5000):  # forged senders
        desk.osc.take(b"rubbish!", (f"10.0.{n // 250}.{n % 250}", 9000))
    assert len(caplog.records) == osc_told.LOG_SENDERS + 1
    assert len(desk.osc.lines._told) == osc_told.LOG_SENDERS
    desk.time += osc_told.LOG_EVERY_S
    desk.osc.take(b"rubbish!", ("10.9.9.9", 9000))
    assert len(desk.osc.lines._told) == 1


def test_a_line_of_log_cannot_be_forged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.osc.take(encode("/a\\" + "x" * 500), ("127.0.0.1", 9000))
    desk.osc.take(b"/a\nshowctl: all is well\0\0\0,\0\0\0", ("127.0.0.1", 9000))
    assert all("\n" not in record.getMessage() and len(record.getMessage()) < 200 for record in caplog.records)


def test_a_taken_port_says_what_to_do() -> None:
    first = Desk()
    first.osc.open()
    second = Desk(port=first.osc.port)
    try:
        with pytest.raises(DeviceError, match=rf"127\.0\.0\.1:{first.osc.port}: Address already in use; another program"):
            second.osc.open()
        assert "another program" in second.osc.health().detail  # asked for each second: the reason stays
    finally:
        first.osc.close()
    second.osc.open()
    assert second.osc.health().detail.startswith("listens")
    second.osc.close()


def test_an_address_of_another_machine_says_what_to_do() -> None:
    with pytest.raises(
        DeviceError, match=r"OSC cannot listen on 192\.0\.2\.1:8000: .* choose an address of this machine with --osc"
    ):
        Desk(host="192.0.2.1", port=8000).osc.open()


def test_a_name_that_nobody_knows_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(
        DeviceError, match=r"OSC cannot listen on nohost:8000: .*Name or service not known; check the host in --osc"
    ):
        Desk(host="nohost", port=8000).osc.open()


async def test_what_the_kernel_drops_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUFFER", 1)  # the kernel makes it as small as it allows
    desk = Desk()
    desk.osc.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(200):
            sender.sendto(encode("/showctl/tap"), ("127.0.0.1", desk.osc.port))
    lost = desk.counts()["lost_by_kernel"]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(desk.osc.run())
        await desk.until(lambda: len(desk.events) == 200 - lost)
        task.cancel()
    assert lost > 100


async def test_the_loop_goes_on_while_bad_packets_pour_in(caplog: pytest.LogCaptureFixture) -> None:
    """What freezes python-osc's server: a negative size, a time tag ahead, nested bundles, an explosive pattern."""
    nested = encode("/a")
    for _ in range(1500):
        nested = bundle(nested)
    bad = [
        b"#bundle\0" + bytes(7) + b"\1\xff\xff\xff\xfc",
        bundle(encode("/showctl/tap"), timetag=(int(time.time()) + 2_208_988_800 + 5) << 32),
        nested,
        encode("/" + "*a" * 14 + "*b"),
        bundle(*[b""] * 100),
    ]
    desk = Desk()
    desk.osc._now = time.monotonic
    with caplog.at_level(logging.WARNING):
        async with listening(desk) as client:
            for data in bad:
                client._sock.sendto(data, ("127.0.0.1", desk.osc.port))
            await desk.until(lambda: desk.counts().get("received") == len(bad))
    assert len(desk.events) == 1  # the tap with a time tag ahead acts when it arrives
    assert desk.counts() == {"received": 5, "fired": 1, "dropped_malformed": 3, "dropped_unknown_address": 1}
    assert len(caplog.records) == 1


# --- who is cut off, who is in quarantine ------------------------------------------------------------------------------


def test_one_above_its_rate_is_cut_off_counted_and_told(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(("10.0.0.0/24",), room=10_000, rate=500.0)
    for n in range(2000):
        desk.time = 1.0 + n / 2000
        desk.osc.take(encode("/showctl/tap"), ("10.0.0.7", 9000))
        if n % 100 == 0:
            desk.osc.take(encode("/showctl/stop"), ("10.0.0.8", 9000))
    counts = desk.counts()
    assert counts["fired"] == pytest.approx(750 + 20, abs=2)
    assert counts["cut_off"] == 2000 + 20 - counts["fired"]
    assert sum(event.source == "osc:10.0.0.8" for event in desk.events) == 20
    assert len(caplog.records) == 1
    desk.osc.open()
    detail = desk.osc.health().detail
    desk.osc.close()
    assert f"cut off at 500 messages a second: 10.0.0.7 ({counts['cut_off']:g} packets)" in detail


def test_who_is_cut_off_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, read = Desk(("10.0.0.0/24",)), list[bytes]()
    monkeypatch.setattr(module, "decode", lambda data: read.append(data) or [])
    for _ in range(1000):
        desk.osc.take(encode("/showctl/tap"), ("10.0.0.7", 9000))
    assert len(read) == 250


def test_bundles_without_messages_are_cut_off_too() -> None:
    desk = Desk(("10.0.0.0/24",))
    for _ in range(1000):
        desk.osc.take(bundle(), ("10.0.0.7", 9000))
    assert desk.counts() == {"received": 1000, "cut_off": 750}


async def test_strangers_are_listed_with_what_they_look_like() -> None:
    desk = Desk(("10.0.0.1",))
    packets = {
        "10.0.0.2": encode("/sensors", *(0.5,) * 10),
        "10.0.0.3": encode("/showctl/go"),
        "10.0.0.4": b"rubbish!",
        "10.0.0.5": encode("/knob/7", 1.0),
    }
    desk.osc.open()
    for host, data in packets.items():
        desk.osc.take(data, (host, 9000))
    desk.time = 3.0
    desk.osc.take(packets["10.0.0.2"], ("10.0.0.2", 9001))
    views, detail = desk.osc.views(), desk.osc.health().detail
    desk.osc.close()
    assert [(view.name, view.packets, view.first, view.last) for view in views][:2] == [
        ("10.0.0.2", 2, 1.0, 3.0),
        ("10.0.0.5", 1, 1.0, 1.0),
    ]
    assert [view.like for view in views[1:]] == ["sends /knob/7", "does not send OSC", "a remote for showctl"]
    assert views[0].like.startswith("looks like x-io NGIMU")
    assert all(view.state == "quarantine" for view in views)
    assert "in quarantine: 10.0.0.2 (2 packets, looks like x-io NGIMU" in detail
    assert desk.events == []


def test_a_flood_of_strangers_is_looked_at_a_few_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, read = Desk(("10.0.0.1",)), list[bytes]()
    monkeypatch.setattr(module, "decode", lambda data: read.append(data) or [])
    for n in range(20_000):
        desk.time = 1.0 + n / 20_000
        desk.osc.take(b"/a\0\0,\0\0\0", (f"10.7.{n >> 8 & 255}.{n & 255}", 9000))
    assert len(read) <= 41
    assert len(desk.osc.views()) <= 32
    assert desk.counts()["received"] == 20_000


# --- wearables ---------------------------------------------------------------------------------------------------------


class Worn:
    """Takes the motion of one ip:port."""

    def __init__(self, of: str) -> None:
        self.of, self.taken = of, list[tuple[str, str, float]]()

    def take(self, message: Message, source: str, arrival: float) -> bool:
        if source != self.of:
            return False
        self.taken.append((message.address, source, arrival))
        return True


def test_a_wearable_moves_and_does_not_command() -> None:
    worn = Worn("10.0.0.21:8001")
    desk = Desk(("10.0.0.0/24",), wearables=["10.0.0.21"], routes=Routes(motion=worn.take, eos=lambda *_: pytest.fail("an Eos")))
    sent = bundle(encode("/sensors", *(0.5,) * 10), encode("/button"), timetag=2**63)
    desk.osc.take(sent, ("10.0.0.21", 8001))
    desk.osc.take(encode("/showctl/go"), ("10.0.0.21", 8001))
    desk.osc.take(encode("/showctl/get"), ("10.0.0.21", 8001))
    desk.osc.take(encode("/eos/key/go_0"), ("10.0.0.21", 8001))
    assert worn.taken == [(address, "10.0.0.21:8001", 1.0) for address in ("/sensors", "/button", "/eos/key/go_0")]
    assert desk.events == []
    assert desk.counts() == {"received": 4, "motion": 3, "refused_wearable": 2}


def test_a_wearable_whose_very_address_is_allowed_commands_too() -> None:
    worn = Worn("10.0.0.21:8001")
    desk = Desk(("10.0.0.21",), wearables=["10.0.0.21"], routes=Routes(motion=worn.take))
    desk.osc.take(encode("/sensors", 1.0), ("10.0.0.21", 8001))
    desk.osc.take(encode("/showctl/go"), ("10.0.0.21", 8001))
    assert len(worn.taken) == len(desk.events) == 1


def test_a_wearable_that_nobody_named_is_in_quarantine(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(("10.0.0.0/24",), routes=Routes(motion=Worn("10.0.0.21:8001").take))
    for _ in range(3):
        desk.osc.take(encode("/sensors", *(0.5,) * 10), ("10.0.0.22", 8001))
    desk.osc.take(encode("/showctl/tap"), ("10.0.0.22", 9000))
    first, second = desk.osc.views()
    assert (first.name, first.state, first.packets) == ("10.0.0.22:8001", "quarantine", 3)
    assert "NGIMU" in first.like
    assert "wearables of the venue file" in first.like
    assert (second.name, second.state) == ("10.0.0.22", "allowed")
    assert len(desk.events) == 1
    assert not caplog.records  # the page lists it


# --- repeats and answers -----------------------------------------------------------------------------------------------


async def test_a_trigger_that_is_repeated_fires_once_and_is_answered_each_time() -> None:
    desk = Desk()
    async with listening(desk):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
            device.bind(("127.0.0.1", 0))
            device.setblocking(False)
            for _ in range(3):
                device.sendto(encode("/showctl/list/probe/go", 1, 4711), ("127.0.0.1", desk.osc.port))
            device.sendto(encode("/showctl/list/nobody/go", 1, 4712), ("127.0.0.1", desk.osc.port))
            await desk.until(lambda: desk.counts().get("received") == 4)
            answers = [decode(device.recv(1000))[0] for _ in range(4)]
    assert len(desk.events) == 1
    assert [(one.address, *one.arguments) for one in answers] == [
        *[("/showctl/heard", "/showctl/list/probe/go", 4711)] * 3,
        ("/showctl/refused", "/showctl/list/nobody/go", 4712, "unknown list"),
    ]
    assert desk.counts() == {"received": 4, "fired": 1, "repeated": 2, "dropped_unknown_list": 1}


def test_what_found_no_room_fires_with_its_repeat(desk: Desk) -> None:
    desk.room = 0
    desk.osc.take(encode("/showctl/go", 1, 5), ("127.0.0.1", 9000))
    desk.room = 1
    desk.osc.take(encode("/showctl/go", 1, 5), ("127.0.0.1", 9000))
    desk.osc.take(encode("/showctl/go", 1, 5), ("127.0.0.1", 9000))
    assert len(desk.events) == 1


async def test_answers_leave_from_our_port_and_never_go_to_ourselves() -> None:
    def asked(message: Message, peer: tuple[str, int], now: float) -> list[tuple[bytes, tuple[str, int]]] | None:
        if message.address != "/showctl/get/gm":
            return None
        return [(encode("/showctl/gm", 0.5), peer), (encode("/showctl/gm", 1.0), ("127.0.0.1", desk.osc.port))]

    desk = Desk(routes=Routes(replies=asked))
    async with listening(desk):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
            surface.settimeout(5)
            surface.bind(("127.0.0.1", 0))
            surface.sendto(encode("/showctl/get/gm"), ("127.0.0.1", desk.osc.port))
            surface.sendto(encode("/showctl/getaway"), ("127.0.0.1", desk.osc.port))
            await desk.until(lambda: desk.counts().get("received") == 2)
            data, peer = surface.recvfrom(1000)
    assert decode(data)[0].arguments == (0.5,)
    assert peer == ("127.0.0.1", desk.osc.port)
    assert desk.counts() == {"received": 2, "asked": 1, "dropped_unknown_address": 1}


ARGUMENT = (
    st.integers(-(2**31), 2**31 - 1) | st.floats(width=32) | st.text("az0 /*", max_size=9) | st.binary(max_size=9) | st.booleans()
)
WORDS_SENT = ["go", "stop", "gm", "get", "get/gm", "subscribe", "unsubscribe", "track/play", "identify", "set", "release/hands"]
ADDRESSES = st.sampled_from([*(f"/showctl/{word}" for word in WORDS_SENT), "/sensors", "/*", "/showctl/*"])
PACKETS = st.binary(max_size=60) | st.tuples(ADDRESSES, st.lists(ARGUMENT, max_size=4)).map(lambda one: encode(one[0], *one[1]))
HOSTS = st.sampled_from(["127.0.0.1", "10.0.0.21", "10.0.0.22", "192.0.2.9", "fe80::1%eth0"])


@given(st.lists(st.tuples(PACKETS, HOSTS), max_size=30))
def test_nothing_that_arrives_raises_or_sets_what_it_may_not(sent: list[tuple[bytes, str]]) -> None:
    desk = Desk(("10.0.0.0/24",), wearables=["10.0.0.21"])
    desk.osc.router._routes = Routes(replies=OscReplies(Board(PLAN), lambda: desk.time).take, motion=Worn("10.0.0.21:8001").take)
    for data, host in sent:
        desk.osc.take(data, (host, 8001))
    assert all(event.source == "osc:10.0.0.22" for event in desk.events)
    assert desk.counts().get("received", 0) == len(sent)
