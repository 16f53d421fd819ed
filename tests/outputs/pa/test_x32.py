"""The adapter on real sockets of loopback, with a console that answers as the emulator does; and that fake against the emulator's
own answers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from showctl.model import DeviceError, EqBand, State
from showctl.outputs.pa.console import console_of
from showctl.outputs.pa.internal import InternalConsole
from showctl.outputs.pa.x32 import X32Console
from showctl.plan import PaPlan, PaZone
from showctl.wire.x32 import Limits, equaliser, quantised
from showctl.wire.x32_dialogue import Dialogue
from tests.fakes.x32 import FakeConsole, Peer, Served
from tests.pa_part import deciding

RECORDED = Path(__file__).parents[2] / "fakes" / "x32_dialogue.txt"
LIMITS = Limits()
CUT = EqBand("peaking", 250.0, -6.0, 2.0)
SPEED = 10.0  # so much faster than the clock on the wall


class Hall:
    """A console, us, and a clock that runs fast."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.fake = FakeConsole()
        self.served = Served(self.fake, self.now)
        self.dialogue = Dialogue("x32", [equaliser("x32", "main"), equaliser("x32", "mtx/1")], LIMITS)
        self.us: X32Console

    def now(self) -> float:
        return (time.monotonic() - self.began) * SPEED

    async def until(self, true: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.005)


@asynccontextmanager
async def talking() -> AsyncIterator[Hall]:
    hall = Hall()
    for address in hall.fake.values:
        key = address.rpartition("/")[2]
        hall.fake.hand(address, {"on": 1, "type": 2, "g": 0.5, "f": 0.5}.get(key, 33 / 71), 0.0)
    port = await hall.served.open()
    hall.us = X32Console("127.0.0.1", port, hall.dialogue, hall.now)
    task = asyncio.create_task(hall.us.run())
    try:
        await hall.until(lambda: len(hall.us.console("mtx/1").bands) == 6)
        yield hall
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        hall.served.close()


async def test_what_the_policy_decides_is_at_the_console_and_is_told_back() -> None:
    async with talking() as hall:
        hall.us.apply("mtx/1", deciding((0, CUT), (5, EqBand("high_shelf", 8000.0, -3.0, 0.7))))
        await hall.until(lambda: hall.us.settled("mtx/1"))
        assert hall.fake.value("/mtx/01/eq/1/g") == pytest.approx(0.3)
        assert hall.fake.value("/mtx/01/eq/6/type") == 4
        assert hall.us.console("mtx/1").bands[0] == quantised(CUT, LIMITS)
        assert all(not m.address.startswith("/main") for _, m in hall.fake.heard if m.arguments)
        assert hall.us.health().state is State.RUNNING


async def test_the_engineers_hand_is_noticed() -> None:
    async with talking() as hall:
        hall.served.hand("/main/st/eq/3/g", 0.61)
        await hall.until(lambda: hall.us.console("main").touched == (2,))


async def test_a_console_without_power_is_words_and_then_well_again() -> None:
    async with talking() as hall:
        hall.served.off = True
        await hall.until(lambda: hall.us.health().state is State.DEGRADED)
        assert "nothing is changed" in hall.us.health().detail
        hall.served.off = False
        await hall.until(lambda: hall.us.health().state is State.RUNNING)
        hall.us.apply("main", deciding((1, CUT)))
        await hall.until(lambda: hall.us.settled("main"))
        hall.us.apply("main", deciding((1, replace(CUT, gain=0.0)), switch="found"))
        await hall.until(lambda: hall.us.settled("main"))
        assert hall.fake.value("/main/st/eq/2/g") == 0.5
        assert hall.fake.value("/main/st/eq/on") == 1, "it was found on"


async def test_a_console_whose_port_is_closed_is_words_with_what_the_network_says() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    hall = Hall()
    us = X32Console("127.0.0.1", port, hall.dialogue, hall.now)
    task = asyncio.create_task(us.run())
    try:
        await hall.until(lambda: us.health().state is State.DEGRADED and "connection refused" in us.health().detail)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_an_address_without_a_way_is_the_worlds_fault() -> None:
    hall = Hall()
    with pytest.raises(DeviceError, match="cannot be reached"):
        await X32Console("255.255.255.255", 10023, hall.dialogue, hall.now).run()


def test_it_is_what_the_venue_file_says() -> None:
    zones = (PaZone("main", (1, 2), "main", 6, "x32"), PaZone("delay", (3,), "mtx/2", 6, "x32"), PaZone("foyer", (4,)))
    plan = PaPlan(zones=zones, console="x32", host="10.0.0.5", port=10023, gain=(-9.0, 1.0), q=(0.7, 4.0))
    us = console_of(plan, Path(), lambda: 0.0)
    assert isinstance(us, X32Console)
    assert (us.host, us.port) == ("10.0.0.5", 10023)
    assert us.console("mtx/2").bands == ()
    with pytest.raises(KeyError):
        us.console("foyer")
    assert us._dialogue.limits == Limits((-9.0, 1.0), (0.7, 4.0))
    assert isinstance(console_of(PaPlan(zones=zones, console="internal"), Path(), lambda: 0.0), InternalConsole)
    assert console_of(PaPlan(zones=zones[2:], console="x32", host="10.0.0.5", port=10023), Path(), lambda: 0.0) is None


async def test_packets_of_others_are_not_the_consoles() -> None:
    async with talking() as hall:
        assert hall.us._socket is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"/main/st/eq/1/g\0,f\0\0\0\0\0\0", hall.us._socket.getsockname())
        before = hall.dialogue.counts["received"]
        await hall.until(lambda: hall.dialogue.counts["received"] > before + 20)
        assert hall.us.console("main").touched == ()
        assert hall.us.console("main").bands[0].gain == 0.0


# --- the fake against the emulator -------------------------------------------------------------------------------------


def recorded() -> Iterator[tuple[str, bytes, dict[str, list[bytes]]]]:
    """Who said what, and what the emulator then said to each."""
    step: tuple[str, bytes, dict[str, list[bytes]]] | None = None
    for line in RECORDED.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            who, arrow, text = line.split(" ", 2)
            data = text.encode("ascii").decode("unicode_escape").encode("latin-1")
            if arrow == ">":
                if step is not None:
                    yield step
                step = (who, data, {})
            else:
                assert step is not None
                step[2].setdefault(who, []).append(data)
    assert step is not None
    yield step


def test_the_fake_answers_as_the_emulator_did() -> None:
    fake, steps = FakeConsole(), list(recorded())
    assert len(steps) > 80
    for n, (who, data, said) in enumerate(steps):
        answers: dict[str, list[bytes]] = {}
        for (name, _), answer in fake.packet(data, Peer((who, 1)), 0.0):
            answers.setdefault(name, []).append(answer)
        assert answers == said, f"step {n}: {who} {data!r}"
