"""`fmt` as one types it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from showctl.__main__ import main

UGLY = "showctl:   1\nkind: 'show'\ncues:\n- {cue: 1,  name: 'on' }   # first\n"
FINE = 'showctl: 1\nkind: show\ncues:\n  - {cue: 1, name: "on"} # first\n'


@pytest.fixture
def show(tmp_path: Path) -> Path:
    path = tmp_path / "show.yaml"
    path.write_text(UGLY)
    return path


def test_it_writes_and_the_second_time_leaves_alone(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show.chmod(0o640)
    assert main(["fmt", str(show)]) == 0
    assert show.read_text() == FINE
    assert show.stat().st_mode & 0o777 == 0o640
    assert capsys.readouterr().out == f"showctl: wrote {show}\n"
    assert main(["fmt", str(show)]) == 0
    assert capsys.readouterr().out == ""
    assert os.listdir(show.parent) == ["show.yaml"]


def test_check_and_diff_change_nothing(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", str(show), "--check"]) == 1
    assert main(["fmt", str(show), "--diff"]) == 0
    out = capsys.readouterr().out
    assert '+  - {cue: 1, name: "on"} # first\n' in out
    assert show.read_text() == UGLY
    show.write_text(FINE)
    assert main(["fmt", str(show), "--check"]) == 0


def test_a_link_stays_a_link(show: Path) -> None:
    link = show.with_name("link.yaml")
    link.symlink_to(show.name)
    assert main(["fmt", str(link)]) == 0
    assert link.is_symlink()
    assert show.read_text() == FINE


def test_a_broken_file_is_left_alone_and_the_others_are_done(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = show.with_name("broken.yaml")
    broken.write_text("a:  [1\n")
    assert main(["fmt", str(broken), str(show), str(show.with_name("none.yaml"))]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"{broken}:2:1: error: ")
    assert "[E-missing-file]" in out
    assert broken.read_text() == "a:  [1\n"
    assert show.read_text() == FINE


def test_a_folder_that_cannot_be_written_to(
    show: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert main(["fmt", str(show)]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert show.read_text() == UGLY
    assert os.listdir(show.parent) == ["show.yaml"]


def test_upgrade_knows_of_one_version(show: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", str(show), "--upgrade"]) == 0
    assert "the newest there is" in capsys.readouterr().err
    show.write_text("showctl: 2\nkind: show\n")
    assert main(["fmt", str(show), "--upgrade"]) == 1
    assert ":1:10: error: " in capsys.readouterr().out
