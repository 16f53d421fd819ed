"""Files of frames: a minute each, without dates, and never many of them in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from showctl.model import Happened, PlaybackState, ShowFrame
from showctl.outputs import record
from showctl.outputs.record import Recorder
from showctl.wire.journal import decode_happened


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


def test_a_great_show_does_not_wait_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit waits on the disk, and the file is the same."""
    made = []
    for spool in (record.SPOOL, 5000):
        monkeypatch.setattr(record, "SPOOL", spool)
        with Recorder(tmp_path / str(spool), (1, 2)) as recorder:
            for i in range(50):
                recorder.add(frame(i / 4, i % 200))
            assert recorder._slots._rolled is (spool == 5000)  # type: ignore[attr-defined]
        made.append((tmp_path / str(spool) / "frames-0000.npz").read_bytes())
    assert made[0] == made[1]


def test_a_file_that_cannot_be_finished_does_not_get_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    recorder = Recorder(tmp_path, (1, 2))
    recorder.add(frame(0.0, 1))
    monkeypatch.setattr(record.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space"):
        recorder.close()
    assert [p.name for p in tmp_path.iterdir()] == ["events.jsonl"]
