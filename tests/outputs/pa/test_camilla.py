"""The adapter for CamillaDSP on real sockets of loopback, with a server that answers as its document says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from showctl.config.load import check, load
from showctl.model import EqBand, State
from showctl.outputs.pa import camilla
from showctl.outputs.pa.camilla import CamillaConsole
from showctl.outputs.pa.console import console_of
from showctl.outputs.pa.x32 import X32Console
from showctl.plan import PaPlan, PaZone
from showctl.wire.x32 import Limits
from tests.config.test_pa import files
from tests.fakes.camilla import FakeCamilla, Served
from tests.pa_part import deciding, made
from tests.wire.camilla_stand import Stand, config

CUT = EqBand("peaking", 250.0, -6.0, 2.0)
ZONES = (PaZone("main", (1, 2), "main", 0, "camilladsp"), PaZone("delay", (3,), "fill", 0, "camilladsp"), PaZone("foyer", (4,)))


def plan(port: int, **more: Any) -> PaPlan:
    return PaPlan(**{"zones": ZONES, "console": "camilladsp", "host": "127.0.0.1", "port": port, **more})


class Hall:
    """CamillaDSP at a port, and us."""

    def __init__(self, fake: FakeCamilla | None = None) -> None:
        self.fake = fake or FakeCamilla(config(("main", "fill")))
        self.served = Served(self.fake)
        self.us: CamillaConsole

    async def until(self, true: Callable[[], object], seconds: float = 10.0) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not true():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            pytest.fail(f"waited in vain: {self.us.health()}")

    def says(self, words: str) -> Callable[[], bool]:
        return lambda: words in self.us.health().detail


@asynccontextmanager
async def talking(hall: Hall | None = None, read: bool = True) -> AsyncIterator[Hall]:
    hall = hall or Hall()
    hall.us = CamillaConsole(plan(await hall.served.start()), time.monotonic)
    task = asyncio.create_task(hall.us.run())
    try:
        if read:
            await hall.until(lambda: len(hall.us.console("fill").bands) == 6)
        yield hall
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await hall.served.stop()


async def test_what_the_policy_decides_is_at_the_console_and_is_read_back() -> None:
    async with talking() as hall:
        hall.us.apply("fill", deciding((1, CUT), (5, EqBand("high_shelf", 9000.0, -1.0, 0.7))))
        await hall.until(lambda: hall.us.settled("fill"))
        assert hall.fake.band("fill2") == {"type": "Peaking", "freq": 250.0, "gain": -6.0, "q": 2.0}
        assert hall.fake.band("fill6")["type"] == "Highshelf"
        assert {name for patch in hall.fake.patches for name in patch["filters"]} == {"fill2", "fill6"}
        health = hall.us.health()
        assert (health.part, health.state) == ("console", State.RUNNING)
        assert "CamillaDSP 4.1.3; main has 6 bands; fill has 6 bands" in health.detail
        assert dict(health.counters)["written"] >= 12


async def test_a_hand_is_noticed() -> None:
    async with talking() as hall:
        hall.fake.hand("main3", gain=1.5)
        await hall.until(lambda: hall.us.console("main").touched == (2,))


async def test_a_connection_that_is_lost_is_words_and_then_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camilla, "FIRST_S", 0.05)
    async with talking() as hall:
        await hall.served.stop()
        await hall.until(lambda: hall.us.health().state is State.DEGRADED)
        await hall.until(hall.says("connection refused"))
        assert "nothing is changed" in hall.us.health().detail
        heard = len(hall.fake.heard)
        await hall.served.start()
        await hall.until(lambda: hall.us.health().state is State.RUNNING)
        assert hall.fake.heard[heard : heard + 4] == ["GetVersion", "GetState", "GetConfigFilePath", "GetConfigJson"]
        hall.us.apply("main", deciding((0, CUT)))
        await hall.until(lambda: hall.us.settled("main"))
        assert hall.fake.band("main1")["gain"] == -6.0


async def test_a_program_that_hangs_is_left_and_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("showctl.wire.camilla_dialogue.DEAD_S", 0.2)
    async with talking() as hall:
        command, silent = hall.served.fake.command, True
        hangs = asyncio.Event()

        async def late(text: str) -> str:
            if silent:
                await hangs.wait()
            return command(text)

        hall.served.answer = late
        await hall.until(hall.says("has not answered"))
        silent = False
        hangs.set()
        await hall.until(lambda: hall.us.health().state is State.RUNNING)
        assert dict(hall.us.health().counters)["connections"] >= 2


@pytest.mark.parametrize("nonsense", ["no JSON", json.dumps({"GetVolume": {"result": "Ok", "value": 1.0}}), "x" * 300_000])
async def test_nonsense_ends_the_connection_and_is_said(nonsense: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camilla, "FIRST_S", 0.05)
    hall = Hall()
    hall.fake.answers_with = lambda _: nonsense
    async with talking(hall, read=False):
        words = "its configuration is longer than" if len(nonsense) > 1000 else "it talks nonsense"
        await hall.until(hall.says(words))
        hall.fake.answers_with = None
        await hall.until(lambda: hall.us.health().state is State.RUNNING)


async def test_where_no_websocket_is_it_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    hall = Hall()
    hall.us = CamillaConsole(plan(port), time.monotonic)
    assert hall.us.health().state is State.STARTING
    task = asyncio.create_task(hall.us.run())
    try:
        await hall.until(hall.says("nobody answers (connection refused): does CamillaDSP run there, started with `--port`"))
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_the_guide_shows_a_configuration_and_a_venue_that_fit_together(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "sound-engineer.md").read_text(encoding="utf-8")
    section = text.split("\n## CamillaDSP\n")[1].split("\n## ")[0]
    held, venue = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    paths = files(tmp_path, venue)
    assert [str(problem) for problem in check(paths)] == []
    pa = load(*paths).plan.pa
    assert pa is not None
    assert (pa.host, pa.port, pa.zones[0].console, pa.zones[0].device) == ("127.0.0.1", 1234, "main", "camilladsp")
    stand = Stand(pa.zones[0].console, fake=FakeCamilla(yaml.safe_load(held)))
    stand.run(1.0)
    assert stand.us.health(stand.now) == (State.RUNNING, "CamillaDSP 4.1.3; main has 6 bands")
    assert stand.us.take("main").bands[5] == EqBand("high_shelf", 8000.0, 0.0, 0.7)


async def test_another_version_of_the_venue_file_keeps_it_or_takes_another_console(tmp_path: Path) -> None:
    part = made(tmp_path, plan(1234))
    first = part.console
    assert isinstance(first, CamillaConsole)
    assert list(part.parts()) == ["console", "pa"]
    part.take(plan(1234, gain=(-9.0, 1.0), mode="auto"))
    assert part.console is first
    assert first._dialogue.limits.gain == (-9.0, 1.0)
    part.take(plan(1235))
    assert isinstance(part.console, CamillaConsole)
    assert part.console is not first
    part.take(plan(1235, console="x32", zones=(PaZone("main", (1,), "main", 6, "x32"),)))
    assert isinstance(part.console, X32Console)
    part.take(PaPlan())
    assert part.console is None


def test_it_is_what_the_venue_file_says() -> None:
    one = plan(1234, gain=(-9.0, 1.0), q=(0.7, 4.0))
    us = console_of(one, Path(), lambda: 0.0)
    assert isinstance(us, CamillaConsole)
    assert us.console("fill").bands == ()
    with pytest.raises(KeyError):
        us.console("foyer")
    assert us._dialogue.limits == Limits((-9.0, 1.0), (0.7, 4.0))
    assert us.plays(plan(1234))
    assert not us.plays(plan(1235))
    assert not us.plays(plan(1234, zones=ZONES[:1]))
    us.limit(plan(1234))
    assert us._dialogue.limits == Limits()
    us.end()
