"""`showctl privacy`: all that is kept of a performer is handed out, and taken away, and nothing of anybody else."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from showctl import enrolments
from showctl.__main__ import main
from showctl.commands.gesture_files import examples as examples_of
from showctl.enrolments import Consent
from showctl.outputs.gesture_log import GestureLog, lines_of
from tests.performing.people import YES, examples, kept

LAST = {"by anna": 5.0, "quick anna tap": 4.0, "by ben": 3.0, "list main": 5.0}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    enrolments.save(folder, replace(kept("anna"), consent=Consent("motion", YES.date), recordings=examples()))
    for name in ("anna.left", "ben"):
        enrolments.save(folder, kept(name))
    log = GestureLog(folder / "gestures")
    for performer in ("anna", "ben", "anna"):
        log.give(type="gesture", performer=performer, gesture="swipe", score=5.5, outcome="heard")
    log.write_down()
    (folder / "performers.json").write_text(json.dumps({"version": 1, "barred": ["anna", "ben"], "last": LAST}))
    return folder


def run(*words: str | Path) -> int:
    return main(["privacy", *map(str, words)])


def test_everything_is_handed_out(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "anna.zip"
    assert run("export", "anna", "--out", out, "--state", state) == 0
    assert [one.stat().st_mode & 0o077 for one in (out, state / "performers", state / "gestures")] == [0, 0, 0]
    with zipfile.ZipFile(out) as archive:
        assert set(archive.namelist()) == {"anna.npz", "anna.csv", "anna.left.npz", "tried.jsonl", "about.json"}
        about = json.loads(archive.read("about.json"))
        assert [one["consent"]["to"] for one in about["enrolments"]] == ["motion", "templates"]
        assert about["enrolments"][0]["gestures"] == ["swipe", "vee"]
        assert len(archive.read("tried.jsonl").splitlines()) == 2
        (tmp_path / "anna.csv").write_bytes(archive.read("anna.csv"))
        assert archive.read("anna.npz") == enrolments.path_of(state, "anna").read_bytes()
    assert [name for name, _ in examples_of(tmp_path / "anna.csv")] == [name for name, _ in examples()]
    assert run("export", "anna", "--out", out, "--state", state) == 2
    assert "is there already" in capsys.readouterr().err
    assert run("export", "carl", "--out", tmp_path / "carl.zip", "--state", state) == 1
    assert not (tmp_path / "carl.zip").exists()


def test_everything_is_taken_away_and_said(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("erase", "anna", "--yes", "--state", state) == 0
    told = capsys.readouterr().out
    for said in ("erased: " + str(enrolments.path_of(state, "anna")), "anna.left.npz", "erased: 2 lines", "kept: the journals"):
        assert said in told
    assert enrolments.names(state) == ["ben"]
    assert lines_of(state / "gestures", "anna") == []
    assert len(lines_of(state / "gestures", "ben")) == 1
    stands = json.loads((state / "performers.json").read_text())
    assert (stands["barred"], stands["last"]) == (["ben"], {"by ben": 3.0, "list main": 5.0})
    found = [path for path in state.rglob("*") if path.is_file() and b"anna" in path.read_bytes()]
    assert found == []
    assert run("erase", "anna", "--yes", "--state", state) == 1
    assert "nothing is kept of anna" in capsys.readouterr().err


def test_what_a_torn_off_enrolment_left_is_taken_away_too(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Motion is in it already, and no .npz stands beside it where it was the first."""
    for name in ("carl", "carl.left", "ben", "carlos"):
        enrolments.path_of(state, name).with_suffix(".part").write_bytes(b"motion")
    assert run("erase", "carl", "--yes", "--state", state) == 0
    assert str(enrolments.path_of(state, "carl.left").with_suffix(".part")) in capsys.readouterr().out
    assert sorted(one.name for one in (state / "performers").glob("*.part")) == ["ben.part", "carlos.part"]
    assert run("erase", "carl", "--yes", "--state", state) == 1


def test_that_they_were_taken_out_is_handed_out(state: Path, tmp_path: Path) -> None:
    (state / "performers.json").write_text(json.dumps({"barred": ["dora"], "last": {"by dora": 5.0, "by anna": 6.0}}))
    assert run("export", "dora", "--out", tmp_path / "d.zip", "--state", state) == 0
    with zipfile.ZipFile(tmp_path / "d.zip") as archive:
        about = json.loads(archive.read("about.json"))
    assert (about["taken_out"], about["acted_last"]) == (True, 5.0)


def test_somebody_has_to_say_yes(state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("erase", "anna", "--state", state) == 2
    assert "--yes" in capsys.readouterr().err
    for said, code in (("no\n", 1), ("", 1), ("anna\n", 0)):
        asked = io.StringIO(said)
        monkeypatch.setattr(asked, "isatty", lambda: True)
        monkeypatch.setattr("sys.stdin", asked)
        assert run("erase", "anna", "--state", state) == code
        assert (enrolments.names(state) == ["ben"]) == (code == 0)


def test_what_cannot_be_read_is_handed_out_and_taken_away_too(state: Path, tmp_path: Path) -> None:
    enrolments.path_of(state, "anna").write_bytes(b"torn")
    assert run("export", "anna", "--out", tmp_path / "a.zip", "--state", state) == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert "unreadable" in json.loads(archive.read("about.json"))["enrolments"][0]
    assert run("erase", "anna", "--yes", "--state", state) == 0
    assert enrolments.names(state) == ["ben"]
