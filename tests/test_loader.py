"""Watching by looking: whatever an editor does, the newest content is read once it has come to rest; and what is then sent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from showctl import history, loader
from showctl.config.load import attempt, version_of
from showctl.loader import Loader, Watch
from showctl.wire.plan import Reader

VENUE = """\
showctl: 1
kind: venue
name: Hall
universes: {1: {to: 127.0.0.1}}
fixtures: {lamp: {type: generic/dimmer, at: 1/1}, wash: {type: generic/rgb, mode: rgb, at: 1/11}}
groups: {lamps: [lamp], washes: [wash]}
osc: {listen: 127.0.0.1:8123}
"""
SHOW = """\
showctl: 1
kind: show
name: Night
palettes: {colour: {red: "#ff0000", blue: "#0000ff"}}
cues:
  - {cue: 1, set: {lamps: {intensity: 20%}}}
  - {cue: 2, set: {lamps: {intensity: 30%}, washes: {intensity: 50%, colour: red}}}
  - {cue: 3, set: {washes: {colour: blue}}}
"""


class Hand:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text("one")
    return path


@pytest.fixture
def watch(file: Path) -> tuple[Watch, Callable[[], bool]]:
    """A watch on one file that has been read, and a look after a twentieth of a second."""
    hand = Hand()
    made = Watch(hand)
    made.begin()
    made.follow([file])

    def look() -> bool:
        hand.time += 0.05
        return made.rested()

    return made, look


def in_place(path: Path) -> None:
    path.write_text("two, in place")


def by_rename(path: Path) -> None:
    path.with_suffix(".tmp").write_text("two")
    os.replace(path.with_suffix(".tmp"), path)


def by_backup(path: Path) -> None:
    path.rename(path.with_suffix(".bak"))
    path.write_text("two")


def with_the_time_of_before(path: Path) -> None:
    was = path.stat()
    path.write_text("owt")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


@pytest.mark.parametrize("save", [in_place, by_rename, by_backup, with_the_time_of_before])
def test_a_save_of_any_kind_is_seen_when_it_has_come_to_rest(watch, file: Path, save: Callable[[Path], None]) -> None:
    _, look = watch
    assert not look()
    save(file)
    assert [look(), look()] == [False, True]


def test_a_file_that_is_still_written_is_not_read(watch, file: Path) -> None:
    _, look = watch
    for size in range(2, 30):
        file.write_text("x" * size)
        assert not look()
    assert look()


@pytest.mark.parametrize("empty", [False, True])
def test_a_file_that_is_gone_for_a_moment_is_waited_for(watch, file: Path, empty: bool) -> None:
    _, look = watch
    file.write_text("") if empty else file.unlink()
    assert not any(look() for _ in range(8))
    file.write_text("two")
    assert [look(), look()] == [False, True]


def test_a_file_that_stays_away_is_read_as_missing(watch, file: Path) -> None:
    _, look = watch
    file.unlink()
    assert [look() for _ in range(12)].index(True) >= 10


def test_a_save_while_it_is_read_is_read_in_its_turn(watch, file: Path) -> None:
    made, look = watch
    by_rename(file)
    look(), look()
    made.begin()
    file.write_text("three, saved while two is compiled")
    made.follow([file])
    assert [look(), look()] == [False, True]


def test_what_was_read_is_at_rest(watch, file: Path) -> None:
    made, look = watch
    by_rename(file)
    look(), look()
    made.begin()
    made.follow([file])
    assert not any(look() for _ in range(20))


# --- what is sent --------------------------------------------------------------------------------------------------------


class Site:
    """A loader on a venue and a show, and what it says."""

    def __init__(self, folder: Path) -> None:
        self.venue, self.show, self.history = folder / "venue.yaml", folder / "show.yaml", folder / "history"
        self.venue.write_text(VENUE)
        self.show.write_text(SHOW)
        self.lines: list[str] = []
        self.reader = Reader()
        self.loader = Loader(self.venue, self.show, self.history, True, self.lines.append)

    def load(self) -> tuple[dict[str, Any], Any]:
        """The answer, and the plan that came with it."""
        self.loader.do({"do": "load"})
        return self.said()

    def said(self) -> tuple[dict[str, Any], Any]:
        lines, self.lines[:] = list(self.lines), []
        messages = [json.loads(line) for line in lines if line.startswith("{")]
        plans = [self.reader.take(line) for line in lines if line.startswith("[")]
        answer = next(one for one in messages if "answer" in one)
        answer["late"] = next((one["problems"] for one in messages if "warnings" in one), None)
        return answer, plans[-1] if plans else None


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_good_version_comes_with_its_plan_and_the_settings_of_the_venue(site: Site) -> None:
    answer, plan = site.load()
    assert answer["good"]
    assert plan == attempt(site.venue, site.show).loaded.plan
    assert answer["settings"] == {"osc": {"listen": "127.0.0.1:8123"}}
    assert answer["files"] == [str(site.venue), str(site.show)]
    assert answer["version"] == version_of([site.venue, site.show])


def test_every_plan_is_that_of_the_files_whatever_was_kept_of_the_one_before(site: Site) -> None:
    """What is kept between two compiles saves time and changes nothing: plan and problems are those of a first compile."""
    edits = [
        ("20%", "25%"),
        ('red: "#ff0000"', 'red: "#ff8000"'),
        ("cue: 2, set", "cue: 2.5, name: More, set"),
        ("colour: red", "colour: blue"),
        ("  - {cue: 1, set: {lamps: {intensity: 25%}}}\n", ""),
        ("washes: {intensity: 50%", "washes: {intensity: 55%"),
        ("colour: blue}}}\n", "colour: blue}}}\n  - {cue: 9, set: {lamps: {intensity: 20%}}, in: 2s}\n"),
        ("lamp: {type: generic/dimmer, at: 1/1}", "lamp: {type: generic/dimmer, at: [1/1, 1/2]}"),
    ]
    for before, after in edits:
        for path in (site.venue, site.show):
            path.write_text(path.read_text().replace(before, after, 1))
        answer, plan = site.load()
        fresh = attempt(site.venue, site.show)
        assert fresh.loaded is not None, fresh.problems
        assert plan == fresh.loaded.plan
        assert answer["late"] == [[p.path, p.line, p.column, p.text, p.code, p.severity] for p in fresh.problems]


def test_a_version_with_mistakes_comes_with_them_and_the_next_good_one_is_whole(site: Site) -> None:
    site.load()
    site.show.write_text(SHOW.replace("20%", "20"))
    answer, plan = site.load()
    assert (answer["good"], plan) == (False, None)
    assert [problem[1] for problem in answer["problems"] if problem[5] == "error"] == [6]
    site.show.write_text(SHOW.replace("20%", "40%"))
    assert site.load()[1] == attempt(site.venue, site.show).loaded.plan


def test_a_mistake_among_many_warnings_is_sent(site: Site) -> None:
    unused = ", ".join(f'c{i}: "#00{i:04x}"' for i in range(2 * loader.MOST_PROBLEMS))
    site.show.write_text(SHOW.replace('red: "', f'{unused}, red: "').replace("colour: blue", "colour: bleu"))
    answer, _ = site.load()
    assert len(answer["problems"]) == loader.MOST_PROBLEMS
    assert answer["more"] > 0
    assert answer["problems"][0][5] == "error"


def test_what_is_played_is_kept_once_and_only_as_it_was_read(site: Site) -> None:
    answer, _ = site.load()
    keep = {"do": "keep", "name": answer["version"], "time": 5.0, "changed": "the start"}
    site.loader.do(keep)
    site.loader.do(keep)
    assert [one.name for one in history.versions(site.history)] == [answer["version"]]
    site.show.write_text(SHOW.replace("20%", "60%"))
    other, _ = site.load()
    site.show.write_text("half writ")
    site.loader.do(keep | {"name": other["version"]})
    assert len(history.versions(site.history)) == 1


def test_a_history_that_cannot_be_written_is_told(site: Site) -> None:
    answer, _ = site.load()
    site.history.write_text("a file where a folder should be")
    site.loader.do({"do": "keep", "name": answer["version"], "time": 5.0, "changed": ""})
    assert "cannot keep a copy" in json.loads(site.lines[-1])["unkept"]


def test_what_the_times_of_a_file_do_not_tell_its_content_does(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.load()
    monkeypatch.setattr(loader, "stamps", lambda files: dict.fromkeys(files, (1, 2, 3, 4)))
    site.loader._watch.begin()
    site.show.write_text(SHOW.replace("20%", "21%"))
    site.loader.look()
    assert not site.lines
    site.loader._recheck = 1.0  # the time for it has come
    site.loader.look()
    assert site.said()[1] == attempt(site.venue, site.show).loaded.plan


def test_what_is_written_just_when_contents_are_compared_must_come_to_rest_first(site: Site) -> None:
    site.load()
    site.loader._recheck = 1.0
    site.show.write_text(SHOW[: len(SHOW) // 2])
    site.loader._watch._seen = loader.stamps(site.loader._watch._files)  # it has grown since the last look
    site.show.write_text(SHOW.replace("20%", "22%"))
    site.loader.look()
    site.loader._recheck = 1.0
    assert not site.lines
    site.loader.look()
    assert site.said()[1] == attempt(site.venue, site.show).loaded.plan


def test_a_fixture_file_that_appears_is_looked_at(site: Site) -> None:
    site.load()
    (site.venue.parent / "fixtures").mkdir()
    site.loader.look()
    site.loader.look()
    assert site.said()[0]["answer"] == "saved"
