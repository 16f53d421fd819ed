"""What is announced by mDNS, as a browser on loopback meets it: found, renamed where the name is taken, gone at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable

import pytest
from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from showctl.model import DeviceError, Health, State
from showctl.remote import announce
from showctl.remote.announce import OSC, QUERY, Announcer, Place, host_name, instance

HALL = f"Hall {os.getpid()}"  # nobody else's tests
HERE = Place("127.0.0.1", 8090, 8000)


class Network:
    """What a browser sees: full names of services that are there."""

    def __init__(self) -> None:
        self.there: set[str] = set()
        self._zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, [QUERY, OSC], handlers=[self._changed])

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        (self.there.discard if state_change is ServiceStateChange.Removed else self.there.add)(name)

    async def ask(self, kind: str, name: str) -> AsyncServiceInfo:
        info = AsyncServiceInfo(kind, f"{name}.{kind}")
        assert await info.async_request(self._zeroconf.zeroconf, 10_000)
        return info

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self._browser.async_cancel()
        await self._zeroconf.async_close()


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    one = Network()
    yield one
    await one.close()


@contextlib.asynccontextmanager
async def announced(place: Callable[[], Place | None] = lambda: HERE, name: str = HALL) -> AsyncIterator[list[Health]]:
    """An announcer that runs, and what it reports."""
    told: list[Health] = []
    task = asyncio.create_task(Announcer(lambda: name, place, report=told.append, now=lambda: 1.0).run())
    try:
        yield told
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def full(*names: str) -> set[str]:
    return {f"{name}.{kind}" for name in names for kind in (QUERY, OSC)}


@pytest.mark.slow
async def test_both_are_found_and_are_gone_at_the_end(network: Network) -> None:
    async with announced() as told:
        await network.until(lambda: full(HALL) <= network.there)
        query, osc = await network.ask(QUERY, HALL), await network.ask(OSC, HALL)
        assert (query.port, osc.port) == (8090, 8000)
        assert query.parsed_addresses() == osc.parsed_addresses() == ["127.0.0.1"]
        assert query.server == f"{host_name()}."
        await network.until(lambda: bool(told))
        assert told[-1].part == "mdns"
        assert told[-1].state is State.RUNNING
        assert f"_osc._udp {HALL!r}, port 8000" in told[-1].detail
    await network.until(lambda: not full(HALL) & network.there)


@pytest.mark.slow
async def test_a_name_that_is_taken_is_another_one_and_told(network: Network) -> None:
    async with announced() as first:
        await network.until(lambda: bool(first))
        async with announced(lambda: Place("127.0.0.1", 8091, 8001)) as second:
            await network.until(lambda: bool(second))
            await network.until(lambda: full(HALL, f"{HALL}-2") <= network.there)
            assert "is taken" in second[-1].detail
            assert (await network.ask(QUERY, f"{HALL}-2")).port == 8091
            assert (await network.ask(QUERY, HALL)).port == 8090


@pytest.mark.slow
async def test_where_osc_cannot_be_reached_only_oscquery_is_announced(network: Network) -> None:
    async with announced(lambda: Place("127.0.0.1", 8090, None)) as told:
        await network.until(lambda: bool(told))
        await network.until(lambda: f"{HALL}.{QUERY}" in network.there)
        assert "_osc._udp" not in told[-1].detail


@pytest.mark.slow
async def test_another_place_is_announced_anew(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announce, "LOOK_S", 0.02)
    places: list[Place | None] = [None]
    async with announced(lambda: places[0]) as told:
        await network.until(lambda: bool(told))
        assert told[0].state is State.STARTING
        places[0] = HERE
        await network.until(lambda: told[-1].state is State.RUNNING)
        places[0] = Place("127.0.0.1", 8095, 8000)
        await network.until(lambda: "8095" in told[-1].detail)


async def test_a_network_that_is_not_there_is_the_worlds_fault() -> None:
    missing = Place("198.51.100.7", 8090, 8000)  # of no machine: RFC 5737
    with pytest.raises(DeviceError, match=r"cannot be announced on 198\.51\.100\.7"):
        await Announcer(lambda: HALL, lambda: missing, report=lambda _: None, now=lambda: 1.0).run()


async def test_no_address_yet_is_the_worlds_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announce.ifaddr, "get_adapters", list)
    with pytest.raises(DeviceError, match="no address beyond loopback"):
        await Announcer(lambda: HALL, lambda: Place("0.0.0.0", 8090, 8000), report=lambda _: None, now=lambda: 1.0).run()


def test_two_machines_of_one_name_are_two_on_the_network() -> None:
    ours = host_name()
    assert host_name() == ours
    host_name.cache_clear()  # as in another process
    assert host_name() != ours


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Club", "Club"),
        ("Café Zürich", "Café Zürich"),
        ("St. Mary", "St  Mary"),
        ("", "showctl"),
        ("...", "showctl"),
        ("two\nlines", "two lines"),
        ("ü" * 60, "ü" * 28),
    ],
)
def test_names(name: str, said: str) -> None:
    assert instance(name) == said


@pytest.mark.slow
async def test_any_name_can_be_announced(network: Network) -> None:
    names = [f"{os.getpid()} {name}" for name in ("Café Zürich", "St. Mary's / 2", "ü" * 60, "-_-", "(a) {b} %41 \\")]
    async with contextlib.AsyncExitStack() as stack:
        for name in names:
            await stack.enter_async_context(announced(name=name))
        await network.until(lambda: full(*map(instance, names)) <= network.there)
