"""`showctl room fit`: its table, its JSON, its picture, and what it says of what cannot be fitted."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from scipy.signal import sosfilt

from showctl.__main__ import main
from showctl.analysis.room import microphone
from showctl.analysis.room.air import Climate, correction
from showctl.analysis.room.biquad import cascade_db, coefficients
from showctl.analysis.room.devices import DEVICES, X32
from showctl.analysis.room.grid import GRID
from showctl.commands import room_fit
from showctl.model import EqBand

FAULT = EqBand("peaking", 400.0, 8.0, 1.0)
KEYS = {"bands", "preamp_db", "summed_boost_db", "before_db_rms", "after_db_rms", "cpu_seconds"}


def response(*bands: EqBand, rate: int = 48_000, gain: float = 1.0) -> np.ndarray:
    """A loudspeaker that is flat but for these bands, in no room."""
    click = np.zeros(rate // 4)
    click[100] = gain
    return sosfilt(np.array([coefficients(band, rate) for band in bands]), click) if bands else click


def write(path: Path, sound: np.ndarray, rate: int = 48_000) -> str:
    soundfile.write(path, sound, rate, subtype="FLOAT")
    return str(path)


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main(["room", "fit", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def eq_of(found: dict) -> list[EqBand]:
    return [EqBand(one["type"], one["freq"], one["gain"], one["q"]) for one in found["bands"]]


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["room", "fit", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("showctl room fit: ")
    return err


def test_the_words_of_the_command_are_those_of_the_devices() -> None:
    assert tuple(DEVICES) == room_fit.DEVICES


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_a_fault_is_taken_out_again(rate: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "pa.wav", response(FAULT, rate=rate), rate)
    found = asked(capsys, "--ir", path, "--target", "flat")
    assert set(found) == KEYS
    assert found["before_db_rms"] > 2
    assert found["after_db_rms"] < 0.3
    assert found["summed_boost_db"] <= 0.1
    assert found["preamp_db"] <= 0
    at = cascade_db(eq_of(found), np.array([60.0, 400.0, 8000.0]))
    assert at[1] - at[0] == pytest.approx(-8, abs=1)
    assert at[1] - at[2] == pytest.approx(-8, abs=1)


def test_channels_and_files_are_microphones_and_their_levels_do_not_matter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = response(FAULT), response(FAULT, gain=0.01)
    both = write(tmp_path / "both.wav", np.stack([one, other], axis=1))
    single = [write(tmp_path / "one.wav", one), "--ir", write(tmp_path / "other.wav", other)]
    assert asked(capsys, "--ir", both)["bands"] == asked(capsys, "--ir", *single)["bands"]


def test_a_desk_gets_what_it_can_be_set_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "pa.wav", response(FAULT))
    found = asked(capsys, "--ir", path, "--device", "x32")
    assert 0 < len(found["bands"]) <= 6
    assert all(one["type"] == "peaking" and one["gain"] * 4 == round(one["gain"] * 4) for one in found["bands"])
    for band in eq_of(found):
        assert band.freq == pytest.approx(X32.freq.nearest(band.freq), abs=1e-3)
        assert band.q == pytest.approx(X32.q.nearest(band.q), abs=1e-4)


def test_a_target_file_is_met(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tilt.txt").write_text("20 6\n20000 -6\n", encoding="utf-8")
    found = asked(capsys, "--ir", write(tmp_path / "pa.wav", response()), "--target", str(tmp_path / "tilt.txt"))
    at = cascade_db(eq_of(found), np.array([63.0, 8000.0]))
    assert at[0] - at[1] == pytest.approx(12 * np.log(8000 / 63) / np.log(1000), abs=0.7)


def test_the_table_tells_bands_and_what_they_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "pa.wav", response(FAULT))
    assert main(["room", "fit", "--ir", path, "--target", "flat", "--bands", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "the system plays 40 Hz to" in lines[0]
    assert lines[1].split() == ["type", "Hz", "dB", "Q"]
    assert len(lines) <= 2 + 3 + 2
    assert lines[-1].endswith("(0 dB allowed)")


def test_the_picture_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, picture = write(tmp_path / "a <hall>.wav", response(FAULT)), tmp_path / "hall.svg"
    assert main(["room", "fit", "--ir", path, "--picture", str(picture)]) == 0
    root = ElementTree.parse(picture).getroot()
    texts = [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("a <hall>.wav" in text for text in texts)
    lines = list(root.iter("{http://www.w3.org/2000/svg}polyline"))
    capsys.readouterr()
    assert len(lines) == 3 + len(asked(capsys, "--ir", path)["bands"]) + 1


def test_wrong_use_is_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "pa.wav", response())
    assert "there is no such file" in refusal(capsys, "--ir", str(tmp_path / "none.wav"))
    assert "x32 has 1 to 6" in refusal(capsys, "--ir", path, "--device", "x32", "--bands", "7")
    assert "0 to 12 dB" in refusal(capsys, "--ir", path, "--max-boost", "-1")
    assert "0 to 12 dB" in refusal(capsys, "--ir", path, "--max-boost", "nan")
    assert "name it p.svg" in refusal(capsys, "--ir", path, "--picture", "p.gif")
    assert "neither flat nor house" in refusal(capsys, "--ir", path, "--target", "hosue")
    assert "silent" in refusal(capsys, "--ir", write(tmp_path / "s.wav", np.stack([response(), 0 * response()], axis=1)))
    sine = np.sin(np.arange(48_000) * 2 * np.pi * 1000 / 48_000)
    assert "less than an octave" in refusal(capsys, "--ir", write(tmp_path / "sine.wav", sine))


def test_a_bad_target_file_cannot_be_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.txt").write_text("20 6\n10 0\n", encoding="utf-8")
    path = write(tmp_path / "pa.wav", response())
    assert main(["room", "fit", "--ir", path, "--target", str(tmp_path / "t.txt")]) == 78
    assert "t.txt:2:1: error: 10 Hz does not lie above 20 Hz" in capsys.readouterr().err


MICROPHONE = "* a microphone\n1000 0\n10000 2 0\n"  # Hz, dB by which it hears too loud


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_a_microphone_that_hears_10_khz_2_db_too_loud_is_taken_2_db_lower_there(
    rate: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pa.wav"
    write(path, response(FAULT, rate=rate), rate)
    (tmp_path / "left.cal").write_text(MICROPHONE)
    curve = microphone.calibration(MICROPHONE)
    assert isinstance(curve, microphone.Calibration)
    (raw,), (flat,) = room_fit.read(path), room_fit.read(path, curve)
    assert (flat - raw)[GRID < 900] == pytest.approx(0, abs=0.05)
    assert np.interp(10_000, GRID, flat - raw) == pytest.approx(-2, abs=0.1)
    assert (flat - raw)[-1] == pytest.approx(-2, abs=0.01)  # beyond its end as at it
    words = ["--ir", str(path), "--target", "flat", "--calibration", str(tmp_path / "left.cal")]
    assert asked(capsys, *words)["calibration"] == [str(tmp_path / "left.cal")]
    assert main(["room", "fit", *words]) == 0
    assert f"calibration is taken out: {tmp_path / 'left.cal'}" in capsys.readouterr().out


def test_calibrations_that_do_not_fit_their_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [write(tmp_path / name, response(FAULT)) for name in ("a.wav", "b.wav", "c.wav")]
    good, bad = tmp_path / "good.cal", tmp_path / "bad.cal"
    good.write_text(MICROPHONE)
    bad.write_text("1000 0\n500 1\n")
    assert "2 files for 3" in refusal(capsys, "--ir", *paths, "--calibration", str(good), str(good))
    assert "bad.cal:2: frequencies must rise" in refusal(capsys, "--ir", paths[0], "--calibration", str(bad))
    assert "none.cal: No such file" in refusal(capsys, "--ir", paths[0], "--calibration", str(tmp_path / "none.cal"))
    saved = {"responses": [{"file": "a.wav", "calibration": "mics/left.cal", "calibrated": True}, {"file": "b.wav"}]}
    (tmp_path / "measurement.json").write_text(json.dumps(saved))
    said = refusal(capsys, "--ir", paths[0], "--calibration", str(good))
    assert "mics/left.cal has been taken out of it by `room measure`" in said
    assert asked(capsys, "--ir", *paths[:2])["calibration"] == ["mics/left.cal"]
    assert "calibration" in asked(capsys, "--ir", *paths[1:], "--calibration", str(good))


def test_a_file_that_is_too_short_to_say_anything_is_refused_with_how_long_it_has_to_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "short.wav", response(FAULT)[90:110])
    assert "0.00 s is too short for an impulse response: 0.25 s at least" in refusal(capsys, "--ir", path)


def test_a_room_that_was_measured_dry_is_fitted_for_the_damp_of_the_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Warm damp air lets more treble through: less of it is needed."""
    path = write(tmp_path / "a@b.wav", response(FAULT))
    told = ["--ir", path, "--target", "flat", "--air", "28", "70", "--distance", "40"]
    at = np.array([500.0, 10_000.0])
    before = cascade_db(eq_of(asked(capsys, "--ir", path, "--target", "flat")), at)
    after = cascade_db(eq_of(asked(capsys, *told, "--measured-air", "15", "25")), at)
    more = correction(at, 40.0, Climate(28, 70), Climate(15, 25))
    assert more[1] < -3
    assert (after - before)[1] - (after - before)[0] == pytest.approx(more[1] - more[0], abs=1.0)
    assert "in which air was it measured?" in refusal(capsys, *told)
    saved = {"responses": [{"file": "a@b.wav", "air": {"temperature": 15.0, "humidity": 25.0}}]}
    (tmp_path / "measurement.json").write_text(json.dumps(saved))
    assert cascade_db(eq_of(asked(capsys, *told)), at) == pytest.approx(after)
    assert "--air and --distance go together" in refusal(capsys, *told[:-2])
    assert "--measured-air goes with" in refusal(capsys, *told[:2], "--measured-air", "15", "25")
    assert "the air is at -20 to 50" in refusal(capsys, *told, "--measured-air", "90", "25")
