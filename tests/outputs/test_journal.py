"""The journal of a night: every step of it, in files that each stand alone, that never fill the disk and never raise."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from showctl.model import Features, Go, Inputs, SetMaster
from showctl.outputs.journal import RETRY_S, JournalWriter
from showctl.replay import Batch, find, steps
from showctl.wire.journal import Load, Tick, decode

PERIOD = 22_727_273  # ns
QUIET = Inputs()


def lines(folder: Path) -> list[str]:
    """Every line of every file."""
    found = []
    for path in sorted(folder.glob("journal-*")):
        data = path.read_bytes()
        found += (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines()
    return found


def given(folder: Path) -> list[object]:
    return [decode(line) for line in lines(folder)]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[JournalWriter]:
    one = JournalWriter(tmp_path)
    one.begin(Load(0.0, "abc", "Night"))
    yield one
    one.close()


def test_steps_on_a_grid_are_one_line(writer: JournalWriter, tmp_path: Path) -> None:
    times = [(123_456_789 + i * PERIOD) / 1e9 for i in range(10)]
    for i, now in enumerate(times):
        writer.given(Inputs(controls=(Go(time=now - 0.001),)) if i == 3 else QUIET, now)
    writer.given(QUIET, early := times[-1] + 0.007)
    writer.close()
    assert given(tmp_path) == [
        Load(0.0, "abc", "Night"),
        Tick(times[0], 3, PERIOD),
        Go(time=times[3] - 0.001),
        Tick(times[3], 7, PERIOD),
        Tick(early),
    ]
    told: list[str] = []
    played = [one for one in steps(find(tmp_path, told.append), told.append) if isinstance(one, Batch)]
    assert [one.time for one in played] == [*times, early]
    assert [len(one.inputs.controls) for one in played] == [0, 0, 0, 1, *[0] * 7]
    assert told == []


def test_times_that_no_clock_of_ours_gives_are_kept_to_the_bit(writer: JournalWriter, tmp_path: Path) -> None:
    times = [i / 44 for i in range(100)]
    for now in times:
        writer.given(QUIET, now)
    writer.close()
    played = [one.time for one in steps(find(tmp_path, print), print) if isinstance(one, Batch)]
    assert played == times


def test_what_was_written_down_survives_a_crash(writer: JournalWriter, tmp_path: Path) -> None:
    for i in range(5):
        writer.given(Inputs(controls=(Go(time=float(i)),)), float(i))
    writer.write_down()
    assert len(lines(tmp_path)) == 11, "without a close"


def night(folder: Path, count: int, file_bytes: int = 2000, total_bytes: int = 20_000) -> JournalWriter:
    """A run of the daemon of so many steps, which begins a new file when it is asked to."""
    writer = JournalWriter(folder, file_bytes, total_bytes)
    writer.begin(Load(0.0))
    for i in range(count):
        writer.given(Inputs(features=(Features(float(i), -10.0),)), float(i))
        writer.write_down()
        if why := writer.due(float(i)):
            writer.begin(Load(float(i), why=why), lambda i=i: {"after": i})  # type: ignore[misc]
    writer.close()
    return writer


def test_a_full_file_is_followed_by_one_that_stands_alone(tmp_path: Path) -> None:
    night(tmp_path, 200)
    files = sorted(tmp_path.glob("journal-*"))
    assert len(files) > 5
    assert [f.suffix for f in files] == [".gz"] * (len(files) - 1) + [".jsonl"]
    played: list[float] = []
    for file in files:
        load, *rest = steps([file], print)
        assert isinstance(load, Load)
        assert load.why == ("start" if file is files[0] else "full")
        assert load.state == ({"after": played[-1]} if played else None)
        played += [one.time for one in rest]
    assert played == [float(i) for i in range(200)]


def test_all_files_together_stay_within_their_bytes_and_the_oldest_go(tmp_path: Path) -> None:
    for _ in range(3):
        night(tmp_path, 2000, total_bytes=6000)
        assert sum(f.stat().st_size for f in tmp_path.iterdir()) < 6000 + 300, "but for the line that made it full"
    assert decode(lines(tmp_path)[-1]).time == 1999.0
    run = find(tmp_path, print)
    assert [one.time for one in steps(run, print)][-1] == 1999.0


def test_a_folder_means_the_newest_run(tmp_path: Path) -> None:
    night(tmp_path, 50)
    night(tmp_path, 70)
    played = [one.time for one in steps(find(tmp_path, print), print) if isinstance(one, Batch)]
    assert played == [float(i) for i in range(70)]


def test_a_file_that_is_gone_makes_a_new_beginning(tmp_path: Path) -> None:
    night(tmp_path, 200)
    files = find(tmp_path, print)
    files[2].unlink()
    loads = [one for one in steps(find(tmp_path, print), print) if isinstance(one, Load)]
    assert [one.why for one in loads[:4]] == ["start", "full", "gap", "full"]


def test_what_cannot_be_written_is_counted_and_told(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    writer.begin(Load(0.0))
    writer.given(Inputs(controls=(SetMaster(time=1.0, level=float("nan")), Go(time=1.0))), 1.0)
    writer.close()
    assert (writer.lost, len(lines(tmp_path))) == (1, 3)


def test_a_disk_that_comes_back_gets_a_file_that_stands_alone(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.write_text("in the way")
    writer = JournalWriter(folder)
    writer.begin(Load(0.0))
    writer.given(QUIET, 1.0)
    writer.write_down()
    assert "cannot be written" in writer.fault
    assert (writer.lost, writer.due(RETRY_S - 0.1), writer.due(RETRY_S)) == (2, "", "gap")
    folder.unlink()
    writer.begin(Load(RETRY_S, why="gap"), lambda: {"stands": 1})
    assert writer.due(RETRY_S) == "", "one is on its way"
    writer.given(QUIET, 6.0)
    writer.close()
    assert writer.fault == ""
    assert given(folder) == [Load(RETRY_S, why="gap", state={"stands": 1}), Tick(6.0)]


def test_a_disk_that_hangs_costs_steps_and_not_memory(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, waiting=10)
    writer.begin(Load(0.0))
    for i in range(20):
        writer.given(Inputs(controls=(Go(time=float(i)),)), float(i))
        assert writer.due(float(i)) == ""
    writer.write_down()
    writer.given(QUIET, 20.0)
    assert (writer.lost, writer.due(20.0)) == (12, "gap"), "nothing more in a file that has a gap"
    writer.begin(Load(20.0, why="gap"))
    writer.given(QUIET, 21.0)
    writer.close()
    assert [one.time for one in steps(find(tmp_path, print), print)] == [*map(float, [0, *range(9)]), 20.0, 21.0]


@pytest.mark.parametrize("name", ["journal-x.jsonl", "journal-000001.txt", "journal-.jsonl", "other.jsonl.gz"])
def test_files_of_others_are_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    night(tmp_path, 300, total_bytes=3000)
    assert (tmp_path / name).read_text() == "mine"
