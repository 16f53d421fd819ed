"""`showctl room apply|bypass|relearn|restore|undo`: what they ask the running show, and how they end."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import pytest

from showctl.__main__ import main
from showctl.commands import door
from showctl.config.schema import Web
from showctl.model import EqCommand
from showctl.remote.board import Shown
from tests.remote import fake_show
from tests.remote.site import PLAN, TOKENS, serve

VENUE = """showctl: 1
kind: venue
name: hall
pa:
  console: {type: x32, address: 127.0.0.1}
  zones:
    main: {out: [1, 2], console: main}
"""


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    path = tmp_path / "hall.yaml"
    path.write_text(VENUE)
    return path


@pytest.mark.parametrize(
    ("words", "do"),
    [
        (["apply"], "apply"),
        (["bypass"], "bypass"),
        (["bypass", "--off"], "unbypass"),
        (["undo"], "undo"),
        (["restore"], "restore"),
        (["relearn"], "relearn"),
        (["apply", "--at-once"], "apply_at_once"),
        (["apply", "--switch-on"], "switch_on"),
    ],
)
async def test_each_reaches_the_running_show(words: list[str], do: str, venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with serve() as site:
        assert site.board.plan == PLAN
        assert await asyncio.to_thread(main, ["room", *words, str(venue), "--to", site.url]) == 0
        assert site.events == [EqCommand(time=10.0, source="web:127.0.0.1", do=do)]  # type: ignore[arg-type]
        assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_the_page_and_its_token_are_those_of_the_venue_file(
    host: str, venue: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOWCTL_TOKEN", raising=False)
    async with serve(tokens=TOKENS) as site:
        port = site.url.rpartition(":")[2]
        venue.write_text(f"{VENUE}web: {{listen: '{host}:{port}', tokens: [run-this-whole-show]}}\n")
        assert await asyncio.to_thread(main, ["room", "bypass", str(venue)]) == 0
        assert [type(one) for one in site.events] == [EqCommand]
        assert capsys.readouterr() == ("", "")
        assert await asyncio.to_thread(main, ["room", "bypass", str(venue), "--to", site.url]) == 1
        assert "--token" in capsys.readouterr().err, "the file's token is for the file's page alone"
        assert len(site.events) == 1


def test_the_page_is_here_where_neither_line_nor_file_says_otherwise() -> None:
    args = argparse.Namespace(to=None, token=None)
    for listen, to in (
        (None, "http://127.0.0.1:8080"),
        ("[::]:8081", "http://[::1]:8081"),
        ("10.0.0.5:80", "http://10.0.0.5:80"),
    ):
        args.to = None
        door.of_venue(args, Web(listen=listen, allow=[], tokens=["run-this-whole-show"]))
        assert args.to == to


async def test_what_is_refused_is_said_and_told_by_the_exit_code(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with serve() as site:
        site.full = True
        assert await asyncio.to_thread(main, ["room", "apply", str(venue), "--to", site.url]) == 1
        assert capsys.readouterr() == ("", "showctl room: it is in no mood\n")


async def test_a_show_without_an_equaliser_says_so(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with serve() as site:
        site.board.load(Shown.of(fake_show.plan()))
        assert await asyncio.to_thread(main, ["room", "apply", str(venue), "--to", site.url]) == 1
        assert not site.events
        assert "names no equaliser" in capsys.readouterr().err


def test_a_venue_without_an_equaliser_asks_nobody(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    venue.write_text("showctl: 1\nkind: venue\nname: hall\n")
    assert main(["room", "undo", str(venue)]) == 78
    assert "names no equaliser: write `console` under `pa`" in capsys.readouterr().err


def test_nobody_there_is_said(venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["room", "undo", str(venue), "--to", "http://127.0.0.1:9"]) == 69
    assert "no daemon answers" in capsys.readouterr().err
