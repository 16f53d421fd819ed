"""Whatever happens to the copies, the newest whole version is found, and what it includes is found from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from showctl import history


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A venue, and a show that includes a third file, in folders of their own."""
    paths = (tmp_path / "venues" / "hall.yaml", tmp_path / "shows" / "night.yaml", tmp_path / "shows" / "parts" / "colours.yaml")
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"first {path.name}")
    return paths


def keep(folder: Path, files: tuple[Path, ...], name: str = "v1", changed: str = "the start") -> None:
    history.keep(folder, files[0], files[1], files, name=name, time=1000.0, changed=changed)


def test_nothing_was_kept_yet(tmp_path: Path) -> None:
    assert history.versions(tmp_path / "history") == []


def test_what_was_kept_is_found_with_the_folders_between(tmp_path: Path, files: tuple[Path, ...]) -> None:
    keep(tmp_path / "state" / "history", files)
    for path in files:
        path.write_text("broken")
    (one,) = history.versions(tmp_path / "state" / "history")
    assert [path.read_text() for path in (one.venue, one.show)] == ["first hall.yaml", "first night.yaml"]
    assert (one.show.parent / "parts" / "colours.yaml").read_text() == "first colours.yaml"
    assert (one.number, one.name, one.time, one.changed) == (1, "v1", 1000.0, "the start")


def test_the_newest_comes_first_and_what_is_played_again_is_the_newest(tmp_path: Path, files: tuple[Path, ...]) -> None:
    folder = tmp_path / "history"
    for name in ("v1", "v2", "v2", "v1"):
        keep(folder, files, name)
    assert [(one.number, one.name) for one in history.versions(folder)] == [(3, "v1"), (2, "v2")]


def test_as_many_are_kept_as_there_is_room_for(tmp_path: Path, files: tuple[Path, ...], monkeypatch) -> None:
    folder = tmp_path / "history"
    for number in range(history.KEEP + 5):
        keep(folder, files, f"v{number}")
    assert [one.number for one in history.versions(folder)] == list(range(history.KEEP + 5, 5, -1))
    monkeypatch.setattr(history, "KEEP_BYTES", 1)
    keep(folder, files, "large")
    assert [one.name for one in history.versions(folder)] == ["large"]


@pytest.mark.parametrize("damage", ["index", "half", "foreign"])
def test_a_version_that_is_not_whole_is_as_if_it_were_not_there(tmp_path: Path, files: tuple[Path, ...], damage: str) -> None:
    folder = tmp_path / "history"
    keep(folder, files, "v1")
    keep(folder, files, "v2")
    if damage == "index":
        (folder / "000002" / history.INDEX).write_text('{"venue": "hall.y')
    elif damage == "half":
        (folder / "000002").rename(folder / history.NEW)
    else:
        (folder / "000002" / history.INDEX).write_text('{"venue": "a", "show": "b", "files": ["../../etc/passwd"], "top": "/"}')
    assert [one.name for one in history.versions(folder)] == ["v1"]
    keep(folder, files, "v3")
    assert history.versions(folder)[0].name == "v3"


def test_what_cannot_be_kept_is_an_error_and_the_one_before_stays(tmp_path: Path, files: tuple[Path, ...]) -> None:
    folder = tmp_path / "history"
    keep(folder, files, "v1")
    files[2].unlink()
    with pytest.raises(OSError, match="colours"):
        keep(folder, files, "v2")
    assert [one.name for one in history.versions(folder)] == ["v1"]


def test_a_version_is_written_back_and_what_was_there_stays_beside(tmp_path: Path, files: tuple[Path, ...]) -> None:
    folder = tmp_path / "history"
    keep(folder, files)
    files[1].write_text("second")
    files[2].unlink()
    written = history.restore(history.versions(folder)[0])
    assert written == [files[1], files[2]]
    assert [path.read_text() for path in files] == [f"first {path.name}" for path in files]
    assert files[1].with_name("night.yaml.before-restore").read_text() == "second"
    assert not files[0].with_name("hall.yaml.before-restore").exists()
    assert sorted(os.listdir(files[1].parent)) == ["night.yaml", "night.yaml.before-restore", "parts"]


def test_a_version_is_written_to_another_folder(tmp_path: Path, files: tuple[Path, ...]) -> None:
    keep(tmp_path / "history", files)
    history.restore(history.versions(tmp_path / "history")[0], tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / "shows" / "parts" / "colours.yaml").read_text() == "first colours.yaml"
