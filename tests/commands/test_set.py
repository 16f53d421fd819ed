"""`showctl set`: what it sends to a daemon's HTTP door, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from showctl.__main__ import main
from showctl.model import Check, Hold, Identify, LetGo, Park, SetHouse, Unpark
from tests.remote.site import serve

WHO: dict[str, Any] = {"time": 10.0, "source": "web:127.0.0.1"}


@pytest.mark.parametrize(
    ("words", "event"),
    [
        (["wash.1", "red", "70%"], Hold(values=(("wash.1/red", 0.7),), **WHO)),
        (["wash.1 red 70%"], Hold(values=(("wash.1/red", 0.7),), **WHO)),
        (["1/300", "128"], Hold(values=(("1/300", 128 / 255),), **WHO)),
        (["house", "30%", "3s"], SetHouse(level=0.3, fade=3.0, **WHO)),
        (["--park", "front.1", "intensity", "50%"], Park(values=(("front.1/intensity", 0.5),), **WHO)),
        (["--release"], LetGo(**WHO)),
        (["--release", "front.1"], LetGo(keys=("front.1/intensity",), **WHO)),
        (["--unpark"], Unpark(**WHO)),
        (["--unpark", "1/300"], Unpark(keys=("1/300",), **WHO)),
        (["--identify", "spot.2"], Identify(fixture="spot.2", on=True, **WHO)),
        (["--identify", "spot.2", "--off"], Identify(fixture="spot.2", on=False, **WHO)),
        (["--check", "next"], Check(step=1, **WHO)),
        (["--check", "back"], Check(step=-1, **WHO)),
        (["--check", "off"], Check(step=0, **WHO)),
        (["--house", "full"], SetHouse(level=1.0, **WHO)),
        (["--house", "30%", "--fade", "3s"], SetHouse(level=0.3, fade=3.0, **WHO)),
    ],
)
async def test_each_wish_reaches_the_daemon(words: list[str], event: object, capsys: pytest.CaptureFixture[str]) -> None:
    async with serve() as site:
        assert await asyncio.to_thread(main, ["set", *words, "--to", site.url]) == 0
        assert site.events == [event]
        assert capsys.readouterr() == ("", "")


async def test_what_the_daemon_refuses_is_said_and_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    async with serve() as site:
        assert await asyncio.to_thread(main, ["set", "frnt", "intensity", "5%", "--to", site.url]) == 1
        assert "did you mean `front`" in capsys.readouterr().err
        assert await asyncio.to_thread(main, ["set", "spot.1", "pan", "-20deg", "--to", site.url]) == 1
        assert "-20deg" in capsys.readouterr().err  # it has no degrees, and it was no option
        assert not site.events


async def test_a_token_is_needed_where_the_page_needs_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(tokens={"look-at-this-show": "view", "run-this-whole-show": "control"}) as site:
        line = ["set", "--check", "next", "--to", site.url]
        assert await asyncio.to_thread(main, line) == 1
        assert "--token" in capsys.readouterr().err
        assert await asyncio.to_thread(main, [*line, "--token", "look-at-this-show"]) == 1
        assert "may look but not control" in capsys.readouterr().err
        assert await asyncio.to_thread(main, [*line, "--token", "run-this-whole-show"]) == 0
        monkeypatch.setenv("SHOWCTL_TOKEN", "run-this-whole-show")
        assert await asyncio.to_thread(main, line) == 0
        assert len(site.events) == 2


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--park"],
        ["--check", "sideways"],
        ["wash", "--check", "next"],
        ["--identify", "par.1", "wash"],
        ["--off"],
        ["wash", "intensity", "5%", "--fade", "3s"],
        ["--park", "--unpark", "wash"],
        ["wash", "intensity", "5%", "--to", "ftp://127.0.0.1"],
    ],
)
def test_wrong_use_is_2(words: list[str]) -> None:
    try:
        code = main(["set", *words])
    except SystemExit as left:
        code = int(left.code or 0)
    assert code == 2


def test_no_daemon_is_69(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    assert main(["set", "--check", "next", "--to", f"http://127.0.0.1:{port}"]) == 69
    assert "showctl run" in capsys.readouterr().err
