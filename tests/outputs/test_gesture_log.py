"""The record of what performers tried: bounded, in lines, and without somebody where they ask for it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from showctl.outputs.gesture_log import BEFORE, NAME, WAITING, GestureLog, lines_of, without


def test_lines_are_written_and_found_by_performer(tmp_path: Path) -> None:
    log = GestureLog(tmp_path / "gestures")
    log.give(type="gesture", performer="anna", score=7.5)
    log.give(type="gesture", performer="ben", score=None)
    assert log.waits
    log.write_down()
    assert not log.waits
    assert lines_of(tmp_path / "gestures", "anna") == [{"type": "gesture", "performer": "anna", "score": 7.5}]
    assert without(tmp_path / "gestures", "anna") == 1
    assert lines_of(tmp_path / "gestures", "anna") == []
    assert len(lines_of(tmp_path / "gestures", "ben")) == 1
    assert without(tmp_path / "elsewhere", "anna") == 0
    assert not (tmp_path / "elsewhere").exists()


def test_there_are_two_files_at_most(tmp_path: Path) -> None:
    log = GestureLog(tmp_path, file_bytes=1000)
    for n in range(200):
        log.give(performer="anna", n=n)
        log.write_down()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {NAME, BEFORE, "gestures.lock"}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2200
    assert [line["n"] for line in lines_of(tmp_path, "anna")][-1] == 199
    assert without(tmp_path, "anna") > 10
    assert lines_of(tmp_path, "anna") == []


def test_what_waits_is_bounded_and_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "gestures"
    blocked.write_text("a file where the folder should be")
    log = GestureLog(blocked)
    for n in range(WAITING + 5):
        log.give(n=n)
    assert log.lost == 5
    log.write_down()
    assert "cannot be written down" in log.fault
    assert log.lost == WAITING + 5
    blocked.unlink()
    log.give(n=1)
    log.write_down()
    assert not log.fault


def test_nobody_is_erased_into_a_line_that_is_being_written(tmp_path: Path) -> None:
    log = GestureLog(tmp_path)

    def write() -> None:
        for n in range(300):
            log.give(performer=("anna", "ben")[n % 2], n=n)
            log.write_down()

    writer = threading.Thread(target=write)
    writer.start()
    gone = 0
    while writer.is_alive():
        gone += without(tmp_path, "anna")
    writer.join()
    gone += without(tmp_path, "anna")
    assert gone == 150
    assert [line["n"] for line in lines_of(tmp_path, "ben")] == list(range(1, 300, 2))


def test_a_line_that_was_torn_off_is_left_out(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(json.dumps({"performer": "anna"}) + '\n{"performer": "an')
    assert len(lines_of(tmp_path, "anna")) == 1
