"""`showctl room transfer`: what it prints, draws, and says of files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from showctl.__main__ import main
from tests.analysis.room.test_transfer import RATE, programme


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("transfer")
    song = programme(12)
    heard = np.concatenate([np.zeros(800, np.float32), 0.5 * song])[: len(song)]
    for name, sound, rate in (("song", song, RATE), ("mic", heard, RATE), ("other", heard, 22050), ("short", heard[:RATE], RATE)):
        soundfile.write(folder / f"{name}.wav", sound, rate, subtype="FLOAT")
    soundfile.write(folder / "quiet.wav", 1e-6 * heard, RATE, subtype="FLOAT")
    return folder


def test_json_and_picture(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = files / "out.svg"
    mic = str(files / "mic.wav")
    asked = ["room", "transfer", "--reference", str(files / "song.wav"), "--mic", mic, "--mic", mic, "--json"]
    assert main([*asked, "--picture", str(picture)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    answer = json.loads(lines[0])
    assert answer["delay_ms"] == pytest.approx(50.0, abs=0.05)
    assert answer["delay_trusted"] is True
    assert len({len(answer[key]) for key in ("freq", "magnitude_db", "coherence", "trusted")}) == 1
    assert answer["freq"][0] == 40
    ElementTree.fromstring(picture.read_text(encoding="utf-8"))


def test_a_microphone_that_hears_10_khz_too_loud_is_taken_lower_there(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "left.cal").write_text("1000 0\n10000 2\n")
    asked = ["room", "transfer", "--reference", str(files / "song.wav"), "--mic", str(files / "mic.wav"), "--json"]
    assert main(asked) == 0
    assert main([*asked, "--calibration", str(files / "left.cal")]) == 0
    raw, flat = map(json.loads, capsys.readouterr().out.splitlines())
    lower = np.subtract(flat["magnitude_db"], raw["magnitude_db"])
    assert np.interp([500, 3162, 10_000, 15_000], raw["freq"], lower) == pytest.approx([0, -1, -2, -2], abs=0.03)
    assert flat["calibration"] == str(files / "left.cal")
    assert "calibration" not in raw


def test_text(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["room", "transfer", "--reference", str(files / "song.wav"), "--mic", str(files / "mic.wav")]) == 0
    out = capsys.readouterr().out
    assert "50.00 ms late" in out
    assert "% of the bands trusted" in out


@pytest.mark.parametrize(
    ("mic", "said"),
    [("other", "at the same rate"), ("short", "too short"), ("quiet", "silent"), ("none", "there is no such file")],
)
def test_files_that_cannot_be_used(files: Path, capsys: pytest.CaptureFixture[str], mic: str, said: str) -> None:
    assert main(["room", "transfer", "--reference", str(files / "song.wav"), "--mic", str(files / f"{mic}.wav"), "--json"]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert not captured.out


def test_a_picture_is_svg(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song = str(files / "song.wav")
    assert main(["room", "transfer", "--reference", song, "--mic", song, "--picture", "out.png"]) == 2
    assert "SVG" in capsys.readouterr().err
