"""`showctl room report`: its table, its JSON, its picture, and what it says of files that are no impulse responses."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from showctl.__main__ import main
from tests.analysis.room.responses import diffuse, with_noise

RATE = 48_000
KEYS = {"file", "freq", "edt", "t20", "t30", "c50", "c80", "d50", "snr_db"}


def room(range_db: float = 55, rate: int = RATE, seconds: float = 0.6, seed: int = 1) -> np.ndarray:
    draw = np.random.default_rng(seed)
    sound = np.concatenate([np.zeros(rate // 50), diffuse(rate, [(0, seconds)], seconds, draw)])
    sound = with_noise(sound, rate, range_db, draw, 0.4)
    return sound / np.abs(sound).max()


def write(path: Path, sound: np.ndarray, rate: int = RATE) -> str:
    soundfile.write(path, sound, rate, subtype="FLOAT")
    return str(path)


def objects(text: str) -> list[dict[str, float | None]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_has_an_object_for_every_octave_of_the_standard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "hall.wav", room())
    assert main(["room", "report", "--ir", path, "--json"]) == 0
    found = objects(capsys.readouterr().out)
    assert [one["freq"] for one in found] == [125, 250, 500, 1000, 2000, 4000]
    for one in found:
        assert one.keys() >= KEYS
        assert one["file"] == path
        assert one["t20"] == pytest.approx(0.6, rel=0.25)
        assert one["sti"] == found[0]["sti"]
        assert one["polarity"] == 1
        assert one["arrival"] == pytest.approx(0.02, abs=1e-4)


def test_noise_makes_null_of_what_cannot_be_known_and_a_dash_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "hall.wav", room(20))
    assert main(["room", "report", "--ir", path, "--json"]) == 0
    assert all(one["t30"] is None and one["t20"] is None for one in objects(capsys.readouterr().out))
    assert main(["room", "report", "--ir", path]) == 0
    text = capsys.readouterr().out
    assert " - " in text
    assert "average more sweeps" in text


def test_more_files_more_channels_and_more_octaves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = write(tmp_path / "one.wav", room(rate=16_000), 16_000)
    two = write(tmp_path / "two.flac.wav", np.stack([room(seed=2), -room(seed=3)], axis=1))
    assert main(["room", "report", "--ir", one, two, "--ir", one, "--wide", "--json"]) == 0
    found = objects(capsys.readouterr().out)
    assert [one["freq"] for one in found[:7]] == [63, 125, 250, 500, 1000, 2000, 4000]
    assert len(found) == 7 + 2 * 8 + 7
    assert [(one["channel"], one["polarity"]) for one in found[7:23:8]] == [(1, 1), (2, -1)]
    assert found[0]["sti"] is None  # 8 kHz is not in a file of 16 kHz


def test_the_table_has_a_line_an_octave(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["room", "report", "--ir", write(tmp_path / "hall.wav", room())]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "direct sound after 20.0 ms, as sent; STI 0." in lines[0]
    assert [line.split()[0] for line in lines[2:8]] == ["125", "250", "500", "1000", "2000", "4000"]
    assert all(len(line.split()) == 8 for line in lines[2:8])


def test_a_picture_shows_every_octave_s_curve_and_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, picture = write(tmp_path / "a <hall>.wav", room()), tmp_path / "hall.svg"
    assert main(["room", "report", "--ir", path, "--picture", str(picture)]) == 0
    root = ElementTree.parse(picture).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f".//{space}polyline")) == 8
    assert len(root.findall(f".//{space}rect")) == 1 + 16
    assert any("a <hall>.wav" in (text.text or "") for text in root.iter(f"{space}text"))


def test_a_picture_of_noise_is_empty_but_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, picture = write(tmp_path / "noise.wav", 0.1 * np.random.default_rng(1).normal(size=RATE)), tmp_path / "noise.svg"
    assert main(["room", "report", "--ir", path, "--picture", str(picture)]) == 0
    ElementTree.parse(picture)
    assert "nothing rises out of the noise" in capsys.readouterr().out


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["room", "report", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("showctl room report: ")
    return err


def test_what_is_no_impulse_response_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no such file" in refusal(capsys, "--ir", str(tmp_path / "none.wav"))
    assert "is a folder" in refusal(capsys, "--ir", str(tmp_path))
    (tmp_path / "text.wav").write_text("hello")
    assert "not a sound file" in refusal(capsys, "--ir", str(tmp_path / "text.wav"))
    assert "digital silence" in refusal(capsys, "--ir", write(tmp_path / "zero.wav", np.zeros(RATE)))
    assert "holds no sound" in refusal(capsys, "--ir", write(tmp_path / "empty.wav", np.zeros(0)))
    assert "0.10 s is too short" in refusal(capsys, "--ir", write(tmp_path / "short.wav", room()[:4800]))
    assert "no numbers" in refusal(capsys, "--ir", write(tmp_path / "nan.wav", np.full(RATE, np.nan)))
    assert "at most 60 s" in refusal(capsys, "--ir", write(tmp_path / "song.wav", np.ones(61 * 8000), 8000))


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "hall.wav", room())
    assert "name it hall.svg" in refusal(capsys, "--ir", path, "--picture", "hall.jpg")
    assert "none/hall.svg: No such file" in refusal(capsys, "--ir", path, "--picture", str(tmp_path / "none" / "hall.svg"))


def test_one_bad_file_among_good_ones_is_named_before_anything_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write(tmp_path / "hall.wav", room())
    assert "none.wav" in refusal(capsys, "--ir", good, str(tmp_path / "none.wav"))


def test_a_calibration_that_is_taken_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, curve = write(tmp_path / "hall.wav", room()), tmp_path / "mic.cal"
    curve.write_text("100 0\n10000 6\n")
    assert main(["room", "report", "--ir", path, "--calibration", str(curve), "--json"]) == 0
    assert {one["calibration"] for one in objects(capsys.readouterr().out)} == {str(curve)}
    assert main(["room", "report", "--ir", path, "--calibration", str(curve)]) == 0
    assert f"calibration is taken out: {curve}" in capsys.readouterr().out
    assert main(["room", "report", "--ir", path]) == 0
    assert "taken out" not in capsys.readouterr().out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_is_full_is_said_with_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, picture = write(tmp_path / "hall.wav", room()), tmp_path / "hall.svg"
    picture.symlink_to("/dev/full")
    assert main(["room", "report", "--ir", path, "--picture", str(picture)]) == 2
    assert f"{picture}: No space left on device" in capsys.readouterr().err
