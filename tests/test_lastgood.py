"""Whatever happens to the copies, the newest whole one is found, and what it includes is found from it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from showctl import lastgood


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A venue, and a show that includes a third file, in folders of their own."""
    paths = (tmp_path / "venues" / "hall.yaml", tmp_path / "shows" / "night.yaml", tmp_path / "shows" / "parts" / "colours.yaml")
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"first {path.name}")
    return paths


def test_nothing_was_kept_yet(tmp_path: Path) -> None:
    assert lastgood.find(tmp_path / "good") is None


def test_what_was_kept_is_found_with_the_folders_between(tmp_path: Path, files: tuple[Path, Path, Path]) -> None:
    venue, show, colours = files
    good = tmp_path / "state" / "good"
    good.parent.mkdir()
    lastgood.keep(good, venue, show, [venue, show, colours])
    for path in files:
        path.write_text("broken")
    found = lastgood.find(good)
    assert found is not None
    assert [path.read_text() for path in found] == ["first hall.yaml", "first night.yaml"]
    assert (found[1].parent / "parts" / "colours.yaml").read_text() == "first colours.yaml"


def test_what_is_no_longer_included_is_no_longer_kept(tmp_path: Path, files: tuple[Path, Path, Path]) -> None:
    venue, show, colours = files
    good = tmp_path / "good"
    lastgood.keep(good, venue, show, files)
    show.write_text("second")
    lastgood.keep(good, venue, show, [venue, show])
    found = lastgood.find(good)
    assert found is not None
    assert found[1].read_text() == "second"
    assert not list(good.rglob(colours.name))


def test_a_file_that_cannot_be_copied_leaves_the_copy_before(tmp_path: Path, files: tuple[Path, Path, Path]) -> None:
    venue, show, colours = files
    good = tmp_path / "good"
    lastgood.keep(good, venue, show, files)
    show.write_text("second")
    colours.unlink()
    with pytest.raises(FileNotFoundError):
        lastgood.keep(good, venue, show, files)
    found = lastgood.find(good)
    assert found is not None
    assert found[1].read_text() == "first night.yaml"


def test_a_plug_that_is_pulled_between_two_renames(tmp_path: Path, files: tuple[Path, Path, Path]) -> None:
    venue, show, _ = files
    good = tmp_path / "good"
    lastgood.keep(good, venue, show, files)
    good.rename(tmp_path / "good.old")  # the new copy has not got its name yet
    found = lastgood.find(good)
    assert found is not None
    assert found[1].read_text() == "first night.yaml"
    lastgood.keep(good, venue, show, files)
    assert lastgood.find(good) == tuple(good / path.relative_to(tmp_path) for path in (venue, show))


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"venue": "hall.yaml"', '{"venue": 1, "show": 2}', "\udcff"])
def test_a_damaged_copy_gives_way_to_the_one_before(tmp_path: Path, files: tuple[Path, Path, Path], index: str) -> None:
    venue, show, _ = files
    good = tmp_path / "good"
    lastgood.keep(good, venue, show, files)
    shutil.copytree(good, tmp_path / "good.old")
    (good / lastgood.INDEX).write_bytes(index.encode(errors="surrogateescape"))
    found = lastgood.find(good)
    assert found is not None
    assert found[0].is_relative_to(tmp_path / "good.old")


def test_a_plug_that_is_pulled_twice_between_two_renames(
    tmp_path: Path, files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    venue, show, _ = files
    good = tmp_path / "good"
    lastgood.keep(good, venue, show, files)
    good.rename(tmp_path / "good.old")

    def pulled(*_: object) -> None:
        raise OSError("pulled")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", pulled)
        with pytest.raises(OSError, match="pulled"):
            lastgood.keep(good, venue, show, files)
    assert lastgood.find(good) is not None


def test_every_file_is_on_the_disk_before_the_copy_counts(
    tmp_path: Path, files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    venue, show, _ = files
    flushed: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: flushed.append((tmp_path / "good").exists()))
    lastgood.keep(tmp_path / "good", venue, show, files)
    assert flushed == [False] * 4
