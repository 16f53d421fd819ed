"""The console of a filter-chain, with programs in the place of PipeWire's that hold a node in a file, hang, fail or talk on."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from showctl.model import EqBand, State
from showctl.outputs.pa import pipewire
from showctl.outputs.pa.console import console_of
from showctl.outputs.pa.pipewire import PipewireConsole
from showctl.plan import PaPlan, PaZone
from tests.pa_part import deciding

PLAN = PaPlan(console="pipewire", node="venue_eq", zones=(PaZone("hall", (1, 2), "main"),))
SAMPLE = Path(__file__).parents[2] / "fakes" / "pipewire_dump.json"
DUMP = "import sys\nassert sys.argv[1:] == ['venue_eq']\nprint(open({file!r}).read())\n"
CLI = """\
import json, sys
assert sys.argv[1] == "set-param" and sys.argv[3] == "Props", sys.argv
objects = json.load(open({file!r}))
assert int(sys.argv[2]) == objects[0]["id"]
words = sys.argv[4].split("[")[1].split("]")[0].split()
for held in objects[0]["info"]["params"]["Props"]:
    for key, value in zip(words[::2], words[1::2]):
        if key.strip('"') in held["params"]:
            held["params"][held["params"].index(key.strip('"')) + 1] = float(value)
open({file!r}, "w").write(json.dumps(objects))
"""
FAILS = "import sys\nsys.exit('failed to connect: Host is down')\n"
HANGS = "import time\ntime.sleep(600)\n"
TALKS = "while True: print('[' * 60000)\n"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts programs where PipeWire's are; the file that holds the node."""
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "node.json"
    file.write_text(SAMPLE.read_text())

    def put(dump: str = DUMP, cli: str = CLI) -> Path:
        for name, text in (("pw-dump", dump), ("pw-cli", cli)):
            path = tmp_path / name
            new = tmp_path / f"{name}.new"
            new.write_text(f"#!{sys.executable} -S\n" + text.format(file=str(file)))
            new.chmod(0o755)
            os.replace(new, path)
        return file

    return put


def meet(body: Callable[[PipewireConsole], Awaitable[None]]) -> None:
    async def night() -> None:
        console = console_of(PLAN, Path(), time.monotonic)
        assert isinstance(console, PipewireConsole)
        running = asyncio.create_task(console.run())
        try:
            await body(console)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    asyncio.run(night())


async def until(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.01)


def set_at(file: Path, **controls: float) -> None:
    objects = json.loads(file.read_text())
    for held in objects[0]["info"]["params"]["Props"]:
        for key, value in controls.items():
            if key.replace("__", ":") in held["params"]:
                held["params"][held["params"].index(key.replace("__", ":")) + 1] = value
    new = file.with_suffix(".new")
    new.write_text(json.dumps(objects))
    os.replace(new, file)


@pytest.mark.slow
def test_it_is_read_written_and_read_back(programs: Callable[..., Path]) -> None:
    file = programs()

    async def body(console: PipewireConsole) -> None:
        assert console.console("main").bands == ()
        await until(lambda: console.console("main").bands, "what it is")
        assert console.health().state is State.RUNNING
        assert console.health().detail == "filter-chain venue_eq: main has 6 bands"
        console.apply("main", deciding((3, EqBand("peaking", 1100.0, -2.0, 1.5))))
        assert not console.settled("main")
        await until(lambda: console.settled("main"), "what was written")
        assert console.console("main").bands[3] == EqBand("peaking", 1100.0, -2.0, 1.5)
        assert console.console("main").touched == ()
        set_at(file, main_peaking4__Gain=1.0)
        console.apply("main", deciding((0, EqBand("peaking", 125.0, -0.25, 1.0))))
        await until(lambda: 3 in console.console("main").touched, "the hand")
        assert dict(console.health().counters)["touched"] == 1

    meet(body)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dump", "cli", "words"),
    [
        (FAILS, CLI, "pw-dump: failed to connect: Host is down: does PipeWire run, for the user that showctl runs as?"),
        (HANGS, CLI, "pw-dump took longer than"),
        (TALKS, CLI, "pw-dump says more than"),
        ("print('[]')", CLI, "there is no node called `venue_eq`: is the filter-chain loaded"),
        ("print('nonsense')", CLI, "not JSON"),
        (DUMP, FAILS, "pw-cli: failed to connect"),
        (DUMP, HANGS, "pw-cli took longer than"),
        (DUMP, "", "main: band 1 does not become 125 Hz, -0.50 dB"),
    ],
)
def test_what_is_wrong_is_said_and_passes(
    dump: str, cli: str, words: str, programs: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipewire, "DEADLINE_S", 1.5)
    monkeypatch.setattr(pipewire, "EVERY_S", 0.3)
    monkeypatch.setattr(pipewire, "SILENT_S", 0.5)
    programs()

    async def body(console: PipewireConsole) -> None:
        await until(lambda: console.console("main").bands, "what it is")
        programs(dump, cli)
        console.apply("main", deciding((0, EqBand("peaking", 125.0, -3.0, 1.0))))
        await until(lambda: words in console.health().detail, words)
        assert console.health().state is State.DEGRADED
        assert console.settled("main"), "it was given up"
        programs()
        console.apply("main", deciding((0, EqBand("peaking", 125.0, -3.0, 1.0))))
        await until(lambda: console.health().state is State.RUNNING, "the end of it")

    meet(body)


@pytest.mark.slow
def test_an_equaliser_that_is_not_there_is_not_read(programs: Callable[..., Path]) -> None:
    file = programs()

    async def body(console: PipewireConsole) -> None:
        await until(lambda: console.console("main").bands, "what it is")
        set_at(file, main_peaking2__Freq=0.0)
        await until(lambda: not console.console("main").bands, "that it is wrong")
        assert "`main_peaking2` stands at 0 Hz" in console.health().detail
        assert console.console("main").answered is not None
        assert console.console("main").trouble in console.health().detail

    meet(body)


def test_without_the_programs_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    async def body(console: PipewireConsole) -> None:
        await until(lambda: "pipewire-bin" in console.health().detail, "the words")

    meet(body)


def test_another_version_of_the_venue_file_is_the_same_console_or_another() -> None:
    console = PipewireConsole(PLAN, time.monotonic)
    assert console.plays(replace(PLAN, gain=(-6.0, 0.0), mode="auto"))
    for other in (replace(PLAN, node="other"), replace(PLAN, console="x32"), replace(PLAN, zones=(PaZone("hall", (1,), "sub"),))):
        assert not console.plays(other)
