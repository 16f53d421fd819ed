"""Files of frames without dates, and a journal that never fills the disk and never raises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from showctl.model import Go, Happened, Inputs, PlaybackState, SetMaster, ShowFrame
from showctl.outputs.record import JournalWriter, Recorder
from showctl.wire.journal import Tick, decode, decode_happened


def frame(t: float, value: int) -> ShowFrame:
    slots = np.full((2, 512), value, dtype=np.uint8)
    return ShowFrame(t, slots, PlaybackState(()), (Happened(t, "x", (("value", value),)),))


def test_a_file_a_minute_and_what_happened(tmp_path: Path) -> None:
    with Recorder(tmp_path, (1, 7)) as recorder:
        for i in range(600):
            recorder.add(frame(i * 0.25, i % 256))
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["events.jsonl", "frames-0000.npz", "frames-0001.npz", "frames-0002.npz"]
    with np.load(tmp_path / "frames-0001.npz") as data:
        assert data["time"].dtype == np.float64
        assert data["time"][[0, -1]].tolist() == [60.0, 119.75]
        assert data["universe"].dtype == np.uint16
        assert data["universe"].tolist() == [1, 7]
        assert data["slots"].shape == (240, 2, 512)
        assert data["slots"][3, 1, 5] == (240 + 3) % 256
    lines = (tmp_path / "events.jsonl").read_text().splitlines()
    assert decode_happened(lines[5]) == Happened(1.25, "x", (("value", 5),))


def test_the_same_frames_are_the_same_bytes_and_an_older_render_leaves_nothing(tmp_path: Path) -> None:
    def made(folder: Path, count: int) -> dict[str, bytes]:
        with Recorder(folder, (1, 2)) as recorder:
            for i in range(count):
                recorder.add(frame(i / 4, i % 200))
        return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}

    assert made(tmp_path / "a", 500) != made(tmp_path / "b", 100)
    assert made(tmp_path / "a", 100) == made(tmp_path / "b", 100)


def lines(folder: Path) -> list[str]:
    return [line for path in sorted(folder.glob("journal-*.jsonl")) for line in path.read_text().splitlines()]


def test_the_journal_is_what_was_given_and_when(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.write(Inputs(controls=(Go(time=1.01),)), 1.02)
    writer.write(Inputs(), 1.04)
    writer.write(Inputs(controls=(Go(time=1.05), Go(time=1.06))), 1.07)
    writer.close()
    given = [decode(line) for line in lines(tmp_path)]
    assert given == [Tick(1.02), Go(time=1.01), Tick(1.02), Go(time=1.05), Go(time=1.06), Tick(1.07)]


def test_the_journal_begins_anew_when_full_and_keeps_the_newest(tmp_path: Path) -> None:
    for _ in range(3):
        writer = JournalWriter(tmp_path, file_bytes=2000, files=4)
        for i in range(200):
            writer.write(Inputs(controls=(Go(time=float(i)),)), float(i))
        writer.close()
    files = sorted(tmp_path.glob("journal-*.jsonl"))
    assert len(files) == 4
    assert all(f.stat().st_size < 2200 for f in files)
    assert all(isinstance(decode(f.read_text().splitlines()[0]), Tick) for f in files)
    assert decode(lines(tmp_path)[-2]) == Go(time=199.0)


def test_what_cannot_be_written_is_counted_and_told(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.write(Inputs(controls=(SetMaster(time=1.0, level=float("nan")), Go(time=1.0))), 1.0)
    writer.close()
    assert (writer.lost, len(lines(tmp_path))) == (1, 3)
    blocked = tmp_path / "file"
    blocked.write_text("")
    writer = JournalWriter(blocked / "journal")
    writer.write(Inputs(controls=(Go(time=1.0),)), 1.0)
    assert writer.lost == 2
    assert "cannot be written" in writer.fault
    writer.close()


@pytest.mark.parametrize("name", ["journal-x.jsonl", "journal-000001.txt"])
def test_files_of_others_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    writer = JournalWriter(tmp_path, files=1)
    for i in range(3):
        writer.write(Inputs(controls=(Go(time=float(i)),)), float(i))
        writer.close()
    assert (tmp_path / name).read_text() == "mine"
