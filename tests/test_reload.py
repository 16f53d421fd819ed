"""What the daemon does with what it is sent: takes over, keeps the old show, refuses, forces, undoes; and a loader that fails."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from showctl import reload
from showctl.config.loaded import Loaded, venue_of
from showctl.loader_client import Loader
from showctl.model import DeviceError, Health, Problem, State
from showctl.plan import Plan
from showctl.reload import Change, Reload
from showctl.wire.plan import Sender
from tests.test_changes import cues, plan


class FakeLoader(Loader):
    """A loader whose process is a test that writes into a pipe."""

    def __init__(self) -> None:
        super().__init__(Path("venue.yaml"), Path("show.yaml"), Path("history"), watch=True)
        self.asked: list[dict[str, Any]] = []
        self.starts = 0
        self._ends: tuple[int, int] | None = None
        self.sender = Sender()

    def start(self) -> None:
        super()._begin()
        self._ends, self.starts, self.sender = os.pipe(), self.starts + 1, Sender()

    @property
    def running(self) -> bool:
        return self._ends is not None

    @property
    def output(self) -> int:
        assert self._ends is not None
        return self._ends[0]

    def ask(self, **what: Any) -> None:
        self.asked.append(what)

    def close(self) -> None:
        ends, self._ends = self._ends, None
        for one in ends or ():
            os.close(one)

    def write(self, data: bytes) -> None:
        assert self._ends is not None
        os.write(self._ends[1], data)

    def end(self) -> None:
        """As if the process had ended."""
        assert self._ends is not None
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self._ends[1])
        os.close(null)

    def answer(self, version: str, made: Plan | None, problems: tuple[Problem, ...] = (), **settings: Any) -> None:
        """Send what came of reading."""
        said = [[p.path, p.line, p.column, p.text, p.code, p.severity] for p in problems]
        head = {"answer": "saved", "version": version, "problems": said, "more": 0, "good": made is not None, "seconds": 0.1}
        lines = [json.dumps({"reading": "saved"}), json.dumps(head | {"settings": settings, "files": []})]
        if made is not None:
            self.sender.send(made, lines.append)
            lines.append(json.dumps({"warnings": version, "problems": said, "more": 0}))
        self.write(("\n".join(lines) + "\n").encode())


class Daemon:
    """Stands in for the daemon around it."""

    def __init__(self) -> None:
        self.loader = FakeLoader()
        self.loader.start()
        self.taken: list[Change] = []
        self.problems: list[tuple[Problem, ...]] = []
        self.health: list[Health] = []
        self.lights: tuple[str, ...] = ()
        self.fail: Exception | None = None
        self.order: list[str] = []
        self.reload = Reload(
            self.loader,
            loaded("v1", plan()),
            playing=lambda: {"main": "1"},
            lit=lambda names: tuple(name for name in names if name in self.lights),
            prepare=self._prepare,
            between=self._between,
            take_over=self._take_over,
            on_problems=self.problems.append,
            on_health=self.health.append,
            now=asyncio.get_running_loop().time,
        )
        self.task = asyncio.create_task(self.reload.run())

    def _prepare(self, made: Loaded) -> str:
        self.order.append("prepare")
        if self.fail:
            raise self.fail
        return made.version

    async def _between(self) -> None:
        self.order.append("between")

    def _take_over(self, change: Change, ready: str) -> None:
        self.order.append("take over")
        assert ready == change.loaded.version
        self.taken.append(change)

    async def until(self, true: Callable[[], object]) -> None:
        """Wait for something, at most ten seconds."""
        async with asyncio.timeout(10):
            while not true():
                assert not self.task.done(), self.task
                await asyncio.sleep(0.001)

    @property
    def played(self) -> list[str]:
        return [change.loaded.version for change in self.taken]


def loaded(version: str, made: Plan) -> Loaded:
    return Loaded(made, venue_of(made.venue, {}), {}, (), (), version)


def louder(by: float) -> Plan:
    one, two = plan().lists[0].cues
    return cues(plan(), replace(one, moves=(one.moves[0]._replace(value=by),)), two)


def repatched() -> Plan:
    there = plan()
    return replace(there, parameters=(*there.parameters[:2], replace(there.parameters[2], slots=(9,))))


MISTAKE = Problem("show.yaml", 7, 3, "this is no level", "E-level")
WARNING = Problem("show.yaml", 8, 3, "nobody uses this", "W-unused", "warning")


@pytest.fixture
async def daemon() -> AsyncIterator[Daemon]:
    made = Daemon()
    yield made
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)


async def test_a_good_version_is_made_ready_and_taken_over_after_a_tick(daemon: Daemon, caplog) -> None:
    caplog.set_level("INFO")
    daemon.loader.answer("v2", louder(0.5), (WARNING,))
    await daemon.until(lambda: daemon.problems and daemon.problems[-1] == (WARNING,))
    assert daemon.order == ["prepare", "between", "take over"]
    assert daemon.taken[0].words == "reloaded: 1 cue changed: 1 (playing)"
    assert daemon.taken[0].loaded.plan == louder(0.5)
    assert daemon.health[-1].state is State.RUNNING
    assert "reloaded: 1 cue changed: 1 (playing)" in caplog.text
    await daemon.until(lambda: daemon.loader.asked)
    assert [(one["do"], one["name"], one["changed"]) for one in daemon.loader.asked] == [
        ("keep", "v2", "1 cue changed: 1 (playing)")
    ]


async def test_mistakes_leave_the_show_as_it_is_and_are_told_until_they_are_gone(daemon: Daemon, caplog) -> None:
    daemon.loader.answer("bad", None, (MISTAKE, WARNING))
    await daemon.until(lambda: daemon.health)
    assert daemon.taken == []
    assert daemon.problems[-1] == (MISTAKE, WARNING)
    assert daemon.health[-1].state is State.DEGRADED
    assert "show.yaml:7:3" in daemon.health[-1].detail
    assert str(MISTAKE) in caplog.text
    caplog.set_level("INFO")
    daemon.loader.answer("v1", plan())  # as it was before
    await daemon.until(lambda: daemon.health[-1].state is State.RUNNING)
    assert "the files are as they are played" in caplog.text, "else the last line of the log is the mistake"
    assert daemon.problems[-1] == ()
    assert daemon.taken == []


async def test_of_several_saves_the_newest_counts(daemon: Daemon) -> None:
    for number in range(2, 8):
        daemon.loader.answer(f"v{number}", louder(number / 10))
    await daemon.until(lambda: "v7" in daemon.played)
    assert len(daemon.played) < 6


async def test_fixtures_that_are_lit_are_not_moved_unless_it_is_forced(daemon: Daemon) -> None:
    daemon.lights = ("c",)
    daemon.loader.answer("v2", repatched())
    await daemon.until(lambda: daemon.health)
    assert daemon.taken == []
    assert daemon.health[-1].state is State.DEGRADED
    assert "patch of c" in daemon.health[-1].detail
    assert "showctl reload --force" in daemon.health[-1].detail
    assert daemon.problems[-1][0].code == "E-lit"
    daemon.reload.ask(force=True)
    await daemon.until(lambda: daemon.taken)
    assert daemon.played == ["v2"]
    assert daemon.health[-1].state is State.RUNNING


async def test_what_was_refused_is_taken_when_the_light_is_out_and_it_is_saved_again(daemon: Daemon) -> None:
    daemon.lights = ("c",)
    daemon.loader.answer("v2", repatched())
    await daemon.until(lambda: daemon.health)
    daemon.lights = ("a",)
    daemon.loader.answer("v2", repatched())
    await daemon.until(lambda: daemon.taken)


async def test_forcing_reaches_no_further_than_the_next_answer(daemon: Daemon) -> None:
    daemon.lights = ("c",)
    daemon.reload.ask(force=True)
    assert daemon.loader.asked == [{"do": "load"}]
    daemon.loader.answer("v1", plan())
    await daemon.until(lambda: daemon.health)
    daemon.loader.answer("v2", repatched())
    await daemon.until(lambda: daemon.health[-1].state is State.DEGRADED)
    assert daemon.taken == []


async def test_an_undo_plays_what_was_played_before_and_the_next_save_counts_again(daemon: Daemon) -> None:
    daemon.loader.answer("v2", louder(0.5))
    await daemon.until(lambda: daemon.taken)
    daemon.reload.undo()
    await daemon.until(lambda: len(daemon.taken) == 2)
    assert daemon.taken[-1].loaded.plan == plan()
    assert daemon.taken[-1].words.startswith("the last reload is undone")
    await daemon.until(lambda: daemon.loader.asked[-1]["name"] == "v1")
    daemon.loader.answer("v2", louder(0.5))
    await daemon.until(lambda: len(daemon.taken) == 3)
    assert daemon.played == ["v2", "v1", "v2"]


async def test_a_loader_that_is_started_again_does_not_undo_the_undo(daemon: Daemon, caplog) -> None:
    daemon.loader.answer("v2", louder(0.5))
    await daemon.until(lambda: daemon.taken)
    daemon.reload.undo()
    await daemon.until(lambda: len(daemon.taken) == 2)
    daemon.loader.end()
    await asyncio.wait([daemon.task], timeout=10)
    assert isinstance(daemon.task.exception(), DeviceError)
    daemon.task = asyncio.create_task(daemon.reload.run())
    await daemon.until(lambda: daemon.loader.starts == 2)
    caplog.set_level("INFO")
    daemon.loader.answer("v2", louder(0.5))
    await daemon.until(lambda: "the next save is taken up" in caplog.text)
    assert daemon.played == ["v2", "v1"]
    daemon.loader.answer("v2", louder(0.5))
    await daemon.until(lambda: len(daemon.taken) == 3)


async def test_a_mistake_is_no_longer_forced_to_be_what_was_refused_before(daemon: Daemon) -> None:
    daemon.lights = ("c",)
    daemon.loader.answer("v2", repatched())
    await daemon.until(lambda: daemon.health)
    daemon.loader.answer("bad", None, (MISTAKE,))
    await daemon.until(lambda: "1 mistake" in daemon.health[-1].detail)
    daemon.reload.ask(force=True)
    assert daemon.loader.asked == [{"do": "load"}]


async def test_without_a_reload_there_is_nothing_to_undo(daemon: Daemon, caplog) -> None:
    daemon.reload.undo()
    await daemon.until(lambda: "no reload to undo" in caplog.text)
    assert daemon.taken == []


async def test_settings_of_the_venue_take_effect_at_the_next_start(daemon: Daemon) -> None:
    daemon.loader.answer("v2", louder(0.5), osc={"listen": "127.0.0.1:9000"})
    await daemon.until(lambda: daemon.taken)
    assert daemon.taken[0].words.endswith("; `osc` of the venue takes effect at the next start")


async def test_channels_and_latency_of_the_sound_need_no_new_start(daemon: Daemon) -> None:
    daemon.loader.answer("v2", louder(0.5), audio={"in": "X18", "channels": ["17", "18"]})
    await daemon.until(lambda: daemon.taken)
    assert daemon.taken[0].words.endswith(
        "; `audio: channels` of the venue changed; `audio` of the venue takes effect at the next start"
    )
    daemon.loader.answer("v3", louder(0.5), audio={"in": "X18", "channels": ["3"], "latency": "20ms"})
    await daemon.until(lambda: len(daemon.taken) == 2)
    assert daemon.taken[1].words == "reloaded: `audio: channels` of the venue changed; `audio: latency` of the venue changed"
    assert daemon.taken[1].loaded.venue.audio.channels == [3]


async def test_a_version_that_the_engine_refuses_is_no_fault_of_the_show(daemon: Daemon, caplog) -> None:
    daemon.fail = ValueError("it contradicts itself")
    daemon.loader.answer("v2", louder(0.5))
    await daemon.until(lambda: daemon.health)
    assert daemon.health[-1].state is State.DEGRADED
    assert "it contradicts itself" in daemon.health[-1].detail
    daemon.fail = None
    daemon.loader.answer("v3", louder(0.6))
    await daemon.until(lambda: daemon.taken)
    assert daemon.played == ["v3"]


@pytest.mark.parametrize("way", ["end", "nonsense", "silence", "cut"])
async def test_a_loader_that_fails_is_started_again_and_nothing_else_happens(daemon: Daemon, way: str, monkeypatch) -> None:
    await asyncio.sleep(0)
    if way == "end":
        daemon.loader.end()
    elif way == "nonsense":
        daemon.loader.write(b'["plan",[1,2,3]]\n')
    elif way == "cut":
        daemon.loader.write(b'{"answer": "saved", "vers')
        daemon.loader.end()
    else:
        daemon.task.cancel()
        await asyncio.gather(daemon.task, return_exceptions=True)
        monkeypatch.setattr(reload, "SILENT_S", 0.05)
        daemon.loader.start()
        daemon.task = asyncio.create_task(daemon.reload.run())
    with pytest.raises(DeviceError, match="the show goes on"):
        async with asyncio.timeout(10):
            await daemon.task
    assert daemon.taken == []
    assert not daemon.loader.running
    monkeypatch.undo()
    daemon.task = asyncio.create_task(daemon.reload.run())  # as the supervisor does
    await daemon.until(lambda: daemon.loader.asked)
    assert daemon.loader.asked == [{"do": "load"}]
    daemon.loader.answer("v2", louder(0.5))
    await daemon.until(lambda: daemon.taken)


@pytest.mark.slow
async def test_a_process_that_is_killed_is_a_device_error_and_a_new_one_serves(tmp_path: Path) -> None:
    from showctl.commands.init import SHOW, VENUE

    (tmp_path / "venue.yaml").write_text(VENUE)
    (tmp_path / "show.yaml").write_text(SHOW)
    made = Loader(tmp_path / "venue.yaml", tmp_path / "show.yaml", tmp_path / "history", watch=True)
    try:
        first = made.first()
        assert first.loaded is not None
        assert made._process is not None
        os.kill(made._process.pid, signal.SIGKILL)
        with pytest.raises(DeviceError):
            made.first()
        assert made.first().loaded == first.loaded
    finally:
        made.close()
