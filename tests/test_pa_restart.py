"""The part of the PA is ended as it is asked to, and started anew beside the same console: whose the bands are stays."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from showctl import pa
from showctl.model import EqState
from showctl.plan import PaPlan, PaZone
from tests.fakes.x32 import FakeConsole, Served
from tests.inputs.test_ear_client import eventually
from tests.pa_part import made

PLAN = PaPlan(mode="auto", zones=(PaZone("main", (1, 2), "main", 6, "x32"),), console="x32", host="127.0.0.1", target="flat")


class Run:
    """One run of the part, from its start to its end."""

    def __init__(self, part: pa.Pa) -> None:
        self.part = part

    @property
    def state(self) -> EqState:
        view = self.part.view()
        assert view is not None
        assert view.state is not None
        return view.state

    def read(self) -> bool:
        view = self.part.view()
        return view is not None and view.state is not None and len(view.state.bands) == 6

    def theirs(self) -> list[int]:
        return [i + 1 for i, owner in enumerate(self.state.owners) if owner == "engineer"]


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[Run]:
    """As the daemon runs it, and ends it when it is asked to."""
    part = made(folder, replace(PLAN, port=port))
    tasks = [asyncio.create_task(run()) for run in part.parts().values()]
    try:
        run = Run(part)
        await eventually(run.read, "the console's bands")
        yield run
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        part.forget()


@pytest.fixture
async def desk() -> AsyncIterator[Served]:
    """A console that is on and flat."""
    console = FakeConsole(rounds=True)
    for address in console.values:
        console.hand(address, {"on": 1, "type": 2, "g": 0.5, "f": 0.5}.get(address.rpartition("/")[2], 33 / 71), 0.0)
    served = Served(console, time.monotonic)
    yield served
    served.close()


@pytest.mark.slow
async def test_a_band_that_was_touched_is_the_engineers_after_a_restart_unless_it_was_set_otherwise(
    tmp_path: Path, desk: Served
) -> None:
    port = await desk.open()
    async with running(tmp_path, port) as run:
        assert run.theirs() == []
        for band in (2, 5):
            desk.hand(f"/main/st/eq/{band}/g", 0.4)
        await eventually(lambda: run.theirs() == [2, 5], "his hands")
        stood = run.state.bands
    desk.hand("/main/st/eq/5/g", 0.3)
    desk.hand("/main/st/eq/6/g", 0.3)
    async with running(tmp_path, port) as run:
        assert run.theirs() == [2], "5 and 6 are as another scene has them"
        assert "the engineer's: 2;" in f"{run.part.view().words};"
        assert run.state.bands[1] == stood[1]
        assert run.state.snapshot == run.state.bands, "what was found is what this run has found"
    async with running(tmp_path, port) as run:
        assert run.theirs() == [2]
        run.part.ask(pa.EqCommand(time=0.0, do="yours", band=1))
        await eventually(lambda: run.theirs() == [], "handed back")
    assert list(tmp_path.glob("equaliser*")) == []
    async with running(tmp_path, port) as run:
        assert run.theirs() == []


@pytest.mark.slow
async def test_what_an_end_has_left_is_checked_when_it_is_read(
    tmp_path: Path, desk: Served, caplog: pytest.LogCaptureFixture
) -> None:
    port = await desk.open()
    body = {"owners": ["engineer"] * 6, "held": [["peaking", 100.0, 0.0, 1.0]] * 5}
    body |= {"snapshot": [], "bypassed": [], "undo": [], "asked": None}
    (tmp_path / "kept.json").write_text(json.dumps({f"x32 127.0.0.1:{port} main": body}))
    async with running(tmp_path, port) as run:
        assert run.theirs() == []
    assert "owners that do not belong to the bands" in caplog.text
