"""`showctl beat`: what it sends to a daemon's HTTP door, and how it ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from showctl.__main__ import main
from showctl.model import BeatState, Downbeat, FreeBeat, LockBeat, Nudge, Octave, Tap
from showctl.remote.board import Board
from tests.remote.site import serve

WHO: dict[str, Any] = {"time": 10.0, "source": "web:127.0.0.1"}


@pytest.mark.parametrize(
    ("words", "event"),
    [
        (["tap"], Tap(**WHO)),
        (["half"], Octave(step=-1, **WHO)),
        (["double"], Octave(step=1, **WHO)),
        (["earlier"], Nudge(by=-0.01, **WHO)),
        (["nudge", "-25"], Nudge(by=-0.025, **WHO)),
        (["nudge", "2.5"], Nudge(by=0.0025, **WHO)),
        (["downbeat"], Downbeat(**WHO)),
        (["lock"], LockBeat(on=True, **WHO)),
        (["unlock"], LockBeat(on=False, **WHO)),
        (["free"], FreeBeat(**WHO)),
    ],
)
async def test_each_word_reaches_the_daemon(words: list[str], event: object, capsys: pytest.CaptureFixture[str]) -> None:
    async with serve() as site:
        assert await asyncio.to_thread(main, ["beat", *words, "--to", site.url]) == 0
        assert site.events == [event]
        assert capsys.readouterr() == ("", "")


def show(board: Board, bpm: float, confidence: float, beats: BeatState) -> None:
    assert board.playback is not None
    board.playback = replace(board.playback, bpm=bpm, confidence=confidence, beats=beats)


async def test_without_a_word_it_says_how_the_beat_is(capsys: pytest.CaptureFixture[str]) -> None:
    async with serve() as site:
        beats = BeatState(
            "ear", flashes=True, nudge=-0.015, octaves=1, tempo=(80.0, 110.0), downbeat=True, beats_per_bar=3, early=0.02
        )
        show(site.board, 124.0, 0.9, beats)
        assert await asyncio.to_thread(main, ["beat", "--to", site.url]) == 0
        assert not site.events
        assert capsys.readouterr() == (
            "124.0 bpm, as it is heard, 90% sure; 3 beats a bar, from where you said; 2 times what is heard; "
            "the cue says 80-110 bpm; 15 ms earlier than heard; light leaves 20 ms early\n",
            "",
        )
        site.board.playback = None
        assert await asyncio.to_thread(main, ["beat", "--to", site.url]) == 0
        assert capsys.readouterr().out == "nothing is played yet\n"


async def test_how_the_beat_is_without_an_ear(capsys: pytest.CaptureFixture[str]) -> None:
    async with serve() as site:
        show(site.board, 120.0, 0.0, BeatState("lock", flashes=True))
        assert await asyncio.to_thread(main, ["beat", "--to", site.url]) == 0
        assert capsys.readouterr().out == "120.0 bpm, locked; 4 beats a bar\n"
        show(site.board, 120.0, 0.0, BeatState("none"))
        assert await asyncio.to_thread(main, ["beat", "--to", site.url]) == 0
        assert capsys.readouterr().out == "no beat is heard; the tempo stands at 120.0 bpm\n"


async def test_what_the_daemon_refuses_is_said_and_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    async with serve() as site:
        assert await asyncio.to_thread(main, ["beat", "nudge", "5000", "--to", site.url]) == 1
        assert "-1000..1000" in capsys.readouterr().err
        assert not site.events


@pytest.mark.parametrize("words", [["nudge"], ["half", "3"]])
def test_only_a_nudge_takes_a_number(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["beat", *words, "--to", "http://127.0.0.1:9"]) == 2
    assert "nudge -25" in capsys.readouterr().err


def test_another_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["beat", "stop"])
    assert "invalid choice" in capsys.readouterr().err


def test_without_a_daemon_it_is_69() -> None:
    assert main(["beat", "half", "--to", "http://127.0.0.1:9"]) == 69
