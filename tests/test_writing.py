"""What is held goes back into the files of a show through a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from showctl import writing
from showctl.model import WireError
from showctl.writing import Writer

VENUE = """\
showctl: 1
kind: venue
name: Cellar
universes: {1: {to: 127.0.0.1}}
fixtures: {par: {type: generic/rgb, at: [1/1]}}
"""
SHOW = """\
showctl: 1
kind: show
name: Trio
venue: Cellar
palettes: {colour: {blood: "#c00010"}} # dark
cues: [{cue: 1, set: {par: {intensity: full, colour: blood}}}]
"""
RED = (("par/red", 160 / 255), ("par/green", 16 / 255), ("par/blue", 32 / 255))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    venue.write_text(VENUE)
    show.write_text(SHOW)
    return venue, show


@pytest.mark.slow
async def test_it_is_written_and_said(files: tuple[Path, Path]) -> None:
    writer = Writer(*files)
    first = asyncio.create_task(writer.write("blood", RED))
    await asyncio.sleep(0)
    with pytest.raises(WireError, match="another palette"):
        await writer.write("blood", RED)
    assert "colour `blood` is written" in await first
    assert files[1].read_text() == SHOW.replace("#c00010", "#a01020")
    with pytest.raises(WireError, match="did you mean `blood`"):
        await writer.write("blod", RED)


async def test_a_process_that_hangs_or_breaks_is_an_answer(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(*files)
    monkeypatch.setattr(writing, "TIMEOUT_S", 0.01)
    with pytest.raises(WireError, match="took longer"):
        await writer.write("blood", RED)
    monkeypatch.undo()

    def breaks(*args: object, **options: object) -> None:
        raise subprocess.CalledProcessError(1, "python", stderr="Traceback\nKeyError: 'held'\n")

    monkeypatch.setattr(writing.subprocess, "run", breaks)
    with pytest.raises(WireError, match="KeyError"):
        await writer.write("blood", RED)
