"""Maps on disk: made once, known again by what is in the file, bounded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from showctl import mapping
from showctl.model import BeatMap
from showctl.model.track import HEARD

FOUND = BeatMap(np.array([0.5, 1.0, 1.5]), np.array([1, 2, 3]), 3, 2.0, np.arange(30.0).reshape(2, len(HEARD)))


def same(one: BeatMap, other: BeatMap) -> bool:
    assert one.heard is not None
    assert other.heard is not None
    arrays = np.array_equal(one.beats, other.beats) and np.array_equal(one.positions, other.positions)
    return (
        arrays
        and np.array_equal(one.heard, other.heard)
        and (one.beats_per_bar, one.length) == (other.beats_per_bar, other.length)
    )


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that were heard."""
    heard: list[Path] = []
    monkeypatch.setattr(mapping, "heard", lambda file: heard.append(file) or FOUND)
    monkeypatch.setattr(os, "nice", lambda _: 0)
    return heard


def test_a_map_is_kept_as_it_was(tmp_path: Path) -> None:
    mapping.save(tmp_path / "a.npz", FOUND)
    assert same(mapping.load(tmp_path / "a.npz"), FOUND)


def test_a_file_is_heard_once_whatever_it_is_called(tmp_path: Path, ear: list[Path]) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    (tmp_path / "b.wav").write_bytes(b"sound")
    first = mapping.mapped(tmp_path / "maps", tmp_path / "a.wav")
    assert mapping.mapped(tmp_path / "maps", tmp_path / "b.wav") == first
    assert len(ear) == 1
    (tmp_path / "b.wav").write_bytes(b"mixed anew")
    assert mapping.mapped(tmp_path / "maps", tmp_path / "b.wav") != first
    assert len(ear) == 2


def test_a_map_that_is_torn_is_made_again(tmp_path: Path, ear: list[Path]) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    kept = mapping.mapped(tmp_path / "maps", tmp_path / "a.wav")
    for torn in (b"", kept.read_bytes()[:100], b"no zip at all"):
        kept.write_bytes(torn)
        assert same(mapping.load(mapping.mapped(tmp_path / "maps", tmp_path / "a.wav")), FOUND)
    assert len(ear) == 4


@pytest.mark.slow
def test_a_map_that_rotted_is_a_map_no_more_wherever_it_did(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    mapping.save(path, FOUND)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
        try:
            mapping.load(path)
        except (ValueError, OSError):
            continue


def test_only_so_many_are_kept_the_last_used(tmp_path: Path, ear: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "MOST", 3)
    made = []
    for n in range(6):
        (tmp_path / "a.wav").write_bytes(b"%d" % n)
        made.append(mapping.mapped(tmp_path / "maps", tmp_path / "a.wav"))
        os.utime(made[-1], (n, n))
    assert set((tmp_path / "maps").glob("*")) <= set(made[2:])
    assert made[-1].exists()


def test_each_file_has_its_line_and_a_bad_one_holds_up_none(
    tmp_path: Path, ear: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    assert mapping.main([str(tmp_path / "maps"), str(tmp_path / "none.wav"), str(tmp_path / "a.wav")]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "why" in lines[0]
    assert Path(lines[1]["map"]).exists()


def test_what_is_no_sound_is_told_and_what_lasts_for_ever_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.wav").write_text("words")
    with pytest.raises(ValueError, match=r"bad\.wav"):
        mapping.heard(tmp_path / "bad.wav")
    soundfile.write(tmp_path / "long.wav", np.zeros(48_000, np.float32), 48_000)
    monkeypatch.setattr(mapping, "LONGEST_S", 0.5)
    with pytest.raises(ValueError, match="hours"):
        mapping.heard(tmp_path / "long.wav")
    monkeypatch.setattr(mapping, "LONGEST_S", 10.0)
    assert mapping.heard(tmp_path / "long.wav").length == pytest.approx(1.0)
