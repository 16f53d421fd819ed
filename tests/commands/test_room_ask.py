"""`showctl room apply|bypass|restore|undo`: what they ask the running show, and how they end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from showctl.__main__ import main
from showctl.model import EqCommand
from showctl.remote.board import Shown
from tests.remote import fake_show
from tests.remote.test_web import PLAN, serve

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
