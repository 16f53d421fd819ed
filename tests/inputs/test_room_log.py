"""How loud the nights were, on disk: what a line says, when there is one, and that it never fills the disk."""

import csv
from datetime import UTC, datetime, timedelta, timezone

import pytest

from showctl.inputs.room_log import DAYS, WAITING, LevelLog
from showctl.model import LevelLimit, Levels, LevelWarning


class Clock:
    """A wall clock that stands where it is set."""

    def __init__(self, at=datetime(2026, 11, 23, 22, 14, 0, tzinfo=UTC)):
        self.at = at

    def __call__(self):
        return self.at

    def goes(self, seconds):
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def kept(tmp_path, clock):
    return LevelLog(tmp_path / "levels", clock)


def second(la, peak=100.0, over=False, clipped=False, time=0.0):
    limit = LevelLimit("laeq_15", 99.0)
    said = (LevelWarning(limit, over, None, None, "loud"),)
    return Levels(time, la, la, 95.0, 90.0, peak, peak, 60.0, clipped, said)


def lines(folder):
    return [row for path in sorted(folder.glob("*.csv")) for row in csv.DictReader(path.read_text("utf-8").splitlines())]


def test_a_minute_is_a_line_for_each_microphone(kept, clock, tmp_path):
    for n in range(60):
        kept.add([("left", second(100.0 if n % 2 else 90.0, 120.0 if n == 7 else 110.0)), ("right", second(80.0))])
        assert not kept.due()
        clock.goes(1)
    assert kept.due()
    kept.write()
    left, right = lines(tmp_path / "levels")
    assert left == {
        "time": "2026-11-23T22:14:00+00:00",
        "microphone": "left",
        "seconds": "60",
        "laeq_1": "97.4",  # the mean of 90 and 100 dB by energy: 10 lg(0.55e10)
        "laeq_15": "95.0",
        "laeq_60": "90.0",
        "lcpeak": "120.0",
        "passed": "",
        "clipped": "0",
    }
    assert (right["microphone"], right["laeq_1"]) == ("right", "80.0")


def test_what_was_passed_or_clipped_for_one_second_is_in_the_line(kept, clock, tmp_path):
    kept.add([("left", second(99.5, over=True, clipped=True))])
    kept.add([("left", second(60.0))])
    kept.close()
    assert [(one["passed"], one["clipped"], one["seconds"]) for one in lines(tmp_path / "levels")] == [("laeq_15", "1", "2")]


def test_a_minute_without_sound_has_no_line_and_the_one_before_does_not_wait_for_it(kept, clock, tmp_path):
    kept.add([("left", second(80.0))])
    clock.goes(60)
    assert kept.due()  # though nothing more has come
    kept.add([("left", second(0.0))])
    clock.goes(60)
    kept.close()
    assert [one["time"][11:16] for one in lines(tmp_path / "levels")] == ["22:14"]


def test_each_day_of_local_time_is_a_file_and_the_oldest_go(kept, clock, tmp_path):
    folder = tmp_path / "levels"
    clock.at = datetime(2026, 3, 1, 23, 59, 30, tzinfo=timezone(timedelta(hours=5)))
    for _ in range(DAYS + 5):
        kept.add([("left", second(80.0))])
        clock.goes(86_400)
        kept.due()
        kept.write()
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == DAYS
    assert names[-1] == f"levels-{(clock.at - timedelta(days=1)).date()}.csv"
    assert lines(folder)[0]["time"] == "2026-03-06T23:59:00+05:00"


def test_a_run_goes_on_in_the_file_of_the_one_before(kept, clock, tmp_path):
    kept.add([("left", second(80.0))])
    kept.close()
    clock.goes(60)
    again = LevelLog(tmp_path / "levels", clock)
    again.add([("left", second(81.0))])
    again.close()
    assert [one["laeq_1"] for one in lines(tmp_path / "levels")] == ["80.0", "81.0"]


def test_what_cannot_be_written_waits_and_is_said_once(kept, clock, tmp_path, caplog):
    caplog.set_level("INFO")
    (tmp_path / "levels").write_text("no folder")
    for _ in range(WAITING + 10):
        kept.add([("left", second(80.0))])
        clock.goes(60)
    kept.due()
    kept.write()
    kept.write()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    (tmp_path / "levels").unlink()
    kept.write()
    assert len(lines(tmp_path / "levels")) == WAITING
    assert not kept.due()
    assert "written down again" in caplog.records[-1].getMessage()
