"""`showctl service`: which files are written, with which paths, and what is said where it cannot be."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from showctl.commands import service


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A venue and a show that anybody may read."""
    tmp_path.chmod(0o755)
    paths = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    for path in paths:
        path.write_text("showctl: 1\n")
        path.chmod(0o644)
    return paths


def asked(*words: str | Path) -> argparse.Namespace:
    """The command line as parsed."""
    parser = argparse.ArgumentParser()
    service.arguments(parser)
    return parser.parse_args([str(word) for word in words])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with systemd, on which we are root and the clone may be read."""
    folder = tmp_path / "system"
    folder.mkdir()
    monkeypatch.setattr(service, "SYSTEM", folder)
    monkeypatch.setattr(service.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(service.os, "geteuid", lambda: 0)
    monkeypatch.setattr(service, "closed", lambda _path, _folders: None)
    return folder


def test_install_writes_both_units_and_nothing_else(
    files: tuple[Path, Path], machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.run(asked("install", *files)) == 0
    assert sorted(path.name for path in machine.iterdir()) == sorted(service.UNITS)
    daemon = (machine / "showctl.service").read_text()
    assert f"showctl run {files[0]} {files[1]} --state" in daemon
    assert "/opt/showctl/.venv" not in daemon
    assert "systemctl enable --now" in capsys.readouterr().out


def test_a_second_install_changes_nothing(files: tuple[Path, Path], machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service.run(asked("install", *files))
    before = {path: path.stat().st_mtime_ns for path in machine.iterdir()}
    assert service.run(asked("install", *files)) == 0
    assert {path: path.stat().st_mtime_ns for path in machine.iterdir()} == before
    assert "as it should be" in capsys.readouterr().out


def test_dry_run_writes_nothing(files: tuple[Path, Path], machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert service.run(asked("install", *files, "--dry-run")) == 0
    assert not list(machine.iterdir())
    assert "WatchdogSec=5" in capsys.readouterr().out


def test_without_root_it_says_what_to_type(
    files: tuple[Path, Path], machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(service.os, "geteuid", lambda: 1000)
    assert service.run(asked("install", *files)) == 1
    assert not list(machine.iterdir())
    assert f"service install {files[0]} {files[1]}" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(files: tuple[Path, Path], machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert service.run(asked("install", files[0], files[1].with_name("none.yaml"))) == 2
    assert "none.yaml" in capsys.readouterr().err
    assert not list(machine.iterdir())


def test_a_path_with_spaces_is_refused(tmp_path: Path, machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "my show"
    folder.mkdir()
    for name in ("venue.yaml", "show.yaml"):
        (folder / name).touch()
    assert service.run(asked("install", folder / "venue.yaml", folder / "show.yaml")) == 2
    assert "my show" in capsys.readouterr().err


def test_a_file_that_the_service_could_not_read_is_named(files: tuple[Path, Path]) -> None:
    folders = [files[0].parent]
    assert service.closed(files[0], folders) is None
    files[0].chmod(0o600)
    assert service.closed(files[0], folders) == files[0]
    files[0].chmod(0o644)
    files[0].parent.chmod(0o700)
    assert service.closed(files[0], folders) == files[0].parent
    files[0].parent.chmod(0o755)


def test_what_lies_in_a_home_folder_is_bound_into_the_view() -> None:
    text = service.unit("showctl.service", Path("/home/bar/shows/venue.yaml"), Path("/home/bar/shows/show.yaml"))
    line = next(line for line in text.splitlines() if line.startswith("BindReadOnlyPaths="))
    assert "/home/bar/shows" in line.partition("=")[2].split()


def test_a_unit_in_words() -> None:
    running = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "StatusText": "cue 12", "NRestarts": "2"}
    assert service.in_words(running) == "active (running), cue 12, started again 2 times"
    assert "not installed" in service.in_words({"LoadState": "not-found"})
