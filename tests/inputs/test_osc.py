"""The OSC intake on real sockets of loopback: what fires, what is counted, who is refused, and what it costs in lines of log."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from pythonosc.udp_client import SimpleUDPClient

from showctl.config.words import Words
from showctl.inputs import osc as module
from showctl.inputs.osc import OscInput
from showctl.model import ControlEvent, DeviceError, Go, SetMaster, State
from showctl.plan import CueList, Plan, Submaster
from showctl.wire.osc import bundle, encode

WORDS = Words(Plan((), lists=(CueList("main", ()), CueList("probe", ())), submasters=(Submaster("probe", "additive", ()),)))


class Desk:
    """An intake with a clock in the test's hand; `room` is how many events it still takes."""

    def __init__(self, allow: tuple[str, ...] = (), room: int = 1000, host: str = "127.0.0.1", port: int = 0) -> None:
        self.events: list[ControlEvent] = []
        self.time, self.room = 1.0, room
        self.osc = OscInput(host, port, allow=allow, emit=self.emit, now=lambda: self.time, names=lambda: WORDS)

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
    one.osc._local = True
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
            client.send_message("/showctl/sub/probe", n / 100)
        while len(desk.events) < 100:
            turns.append(len(desk.events))
            await asyncio.sleep(0)
    assert max(b - a for a, b in zip(turns, turns[1:], strict=False)) <= 10
    assert [e.level for e in desk.events if isinstance(e, SetMaster)] == pytest.approx([n / 100 for n in range(100)])


async def test_a_wake_up_ends_when_its_time_is_up() -> None:
    desk = Desk()

    def slow(event: ControlEvent) -> bool:
        desk.time += 0.01  # each takes longer than BATCH_S
        return desk.events.append(event) is None

    desk.osc._emit = slow
    async with listening(desk) as client:
        for _ in range(5):
            client.send_message("/showctl/tap", [])
        turns = [0]
        while len(desk.events) < 5:
            await asyncio.sleep(0)
            turns.append(len(desk.events))
    assert max(b - a for a, b in zip(turns, turns[1:], strict=False)) == 1


async def test_our_own_mistake_ends_the_part_instead_of_flooding_the_log() -> None:
    desk = Desk()

    def broken(event: ControlEvent) -> bool:
        raise RuntimeError("a mistake of ours")

    desk.osc._emit = broken
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
        desk.osc.take(data, "127.0.0.1")
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
    desk.osc._local = True
    for _ in range(5):
        desk.osc.take(encode("/showctl/tap"), "127.0.0.1")
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
    desk.osc._local = local
    desk.osc.take(encode("/showctl/go"), host)
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
                desk.osc.take(encode("/showctl/go"), f"10.0.0.{n}")
        detail = desk.osc.health().detail
    assert "10.0.0.199 (2 packets), 10.0.0.198 (1 packets)" in detail
    assert "10.0.0.1 " not in detail
    assert detail.count("packets") == module.REFUSED_SHOWN
    assert not desk.events


def test_the_log_says_one_line_a_sender_and_is_bounded(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(1000):
        desk.osc.take(b"rubbish!", "127.0.0.1")
    assert len(caplog.records) == 1
    desk.time += module.LOG_EVERY_S
    desk.osc.take(b"rubbish!", "127.0.0.1")
    assert len(caplog.records) == 2
    assert "999 more" in caplog.text
    for n in range(5000):  # forged senders
        desk.osc.take(b"rubbish!", f"10.0.{n // 250}.{n % 250}")
    assert len(caplog.records) == module.LOG_SENDERS + 1
    assert len(desk.osc._logged) == module.LOG_SENDERS
    desk.time += module.LOG_EVERY_S
    desk.osc.take(b"rubbish!", "10.9.9.9")
    assert len(desk.osc._logged) == 1


def test_a_line_of_log_cannot_be_forged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.osc.take(encode("/a\\" + "x" * 500), "127.0.0.1")
    desk.osc.take(b"/a\nshowctl: all is well\0\0\0,\0\0\0", "127.0.0.1")
    assert all("\n" not in record.getMessage() and len(record.getMessage()) < 200 for record in caplog.records)


def test_a_taken_port_says_what_to_do() -> None:
    first = Desk()
    first.osc.open()
    second = Desk(port=first.osc.port)
    try:
        with pytest.raises(DeviceError, match=rf"127\.0\.0\.1:{first.osc.port}: Address already in use; another program"):
            second.osc.open()
    finally:
        first.osc.close()


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
