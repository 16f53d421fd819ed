"""`showctl listen`: the objects that scripts rely on, and one line for each mistake."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from showctl.commands import listen
from showctl.wire.timecode import Rate
from tests.analysis.sounds import RATE, beat_times, drums, share_hit
from tests.wire.ltc_encoder import play, tape

BEATS = beat_times((124, 12))


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "drums.wav"
    soundfile.write(path, drums(BEATS), RATE, subtype="FLOAT")
    return path


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    listen.arguments(parser)
    return listen.run(parser.parse_args(argv))


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_is_one_object_a_line(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(song), "--json") == 0
    news = objects(capsys.readouterr().out)
    assert {o["type"] for o in news} >= {"beat", "onset", "section", "end"}
    assert news[-1]["type"] == "end"
    assert news[-1]["duration"] == pytest.approx(len(drums(BEATS)) / RATE, abs=1e-3)
    assert news[-1]["cpu_seconds"] > 0
    beats = [o for o in news if o["type"] == "beat"]
    assert set(beats[0]) == {"type", "time", "emitted", "index", "bar_position", "bpm", "confidence"}
    assert [b["index"] for b in beats] == list(range(len(beats)))
    flashes = np.array([max(b["time"], b["emitted"]) for b in beats])
    assert share_hit(BEATS[(BEATS > 6) & (BEATS < 12)], flashes) == 1.0
    emitted = [o["emitted"] for o in news if "emitted" in o]
    assert emitted == sorted(emitted)
    assert not any(o["type"] == "level" for o in news)


def test_half_the_file_gives_the_first_half_of_the_news(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(str(song), "--json")
    whole = objects(capsys.readouterr().out)
    samples, rate = soundfile.read(song, dtype="float32")
    half = tmp_path / "half.wav"
    soundfile.write(half, samples[: len(samples) // 2], rate, subtype="FLOAT")
    run(str(half), "--json")
    news = objects(capsys.readouterr().out)[:-1]
    assert len(news) > 10
    assert news == whole[: len(news)]


def test_levels_ten_times_a_second(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(str(song), "--json", "--levels")
    levels = [o for o in objects(capsys.readouterr().out) if o["type"] == "level"]
    assert np.diff([o["time"] for o in levels]) == pytest.approx(0.1, abs=1e-3)
    whole = {"integrated_lufs", "range_lu", "true_peak_dbtp"}
    assert set(levels[0]) == {"type", "time", "momentary_lufs", "short_term_lufs", "energy"} | whole
    peak = 20 * np.log10(np.abs(drums(BEATS)).max())
    assert max(o["true_peak_dbtp"] for o in levels) == pytest.approx(peak, abs=0.6)


def test_at_the_end_stands_how_loud_the_whole_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    t = np.arange(20 * 48_000) / 48_000
    tone = 10 ** (np.where(t < 10, -23, -33) / 20) * np.sin(2 * np.pi * 1000 * t)
    soundfile.write(tmp_path / "tones.wav", np.stack([tone, tone], axis=1), 48_000, subtype="FLOAT")
    assert run(str(tmp_path / "tones.wav"), "--json", "--levels") == 0
    *news, end = objects(capsys.readouterr().out)
    last = next(o for o in reversed(news) if o["type"] == "level")
    assert last["integrated_lufs"] == end["integrated_lufs"] == pytest.approx(-25.6, abs=0.2)  # within the gate: the mean power
    assert last["range_lu"] == end["range_lu"] == pytest.approx(10, abs=1)
    assert (end["momentary_max_lufs"], end["short_term_max_lufs"], end["true_peak_dbtp"]) == (-23.0, -23.0, -23.0)
    assert run(str(tmp_path / "tones.wav"), "--json") == 0
    assert set(objects(capsys.readouterr().out)[-1]) == {"type", "duration", "cpu_seconds"}


def test_one_channel_alone_is_heard(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples, rate = soundfile.read(song, dtype="float32")
    clicks = np.resize(np.append(0.9, np.zeros(rate // 7)), len(samples))
    soundfile.write(tmp_path / "desk.wav", np.stack([clicks, samples, samples], axis=1), rate, subtype="FLOAT")
    assert run(str(song), "--json") == 0
    whole = objects(capsys.readouterr().out)[:-1]
    assert run(str(tmp_path / "desk.wav"), "--json", "--channel", "2") == 0
    assert objects(capsys.readouterr().out)[:-1] == whole
    assert run(str(tmp_path / "desk.wav"), "--json", "--channel", "3", "--channel", "2") == 0
    beats = [o["time"] for o in objects(capsys.readouterr().out) if o["type"] == "beat"]
    assert beats == [o["time"] for o in whole if o["type"] == "beat"]
    assert run(str(tmp_path / "desk.wav"), "--channel", "2", "--channel", "4") == 2
    assert capsys.readouterr().err == "showctl listen: there is no channel 4: the sound has 3\n"


def test_people_get_lines(song: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(song), "--levels") == 0
    out = capsys.readouterr().out
    for word in ("bpm", "onset", "section  steady", "LUFS", "processor time"):
        assert word in out


@pytest.mark.parametrize(
    ("source", "why"), [("nowhere.wav", "no such file"), (__file__, "not a sound file"), ("/", "folder"), ("device:", "name")]
)
def test_mistakes_are_one_line(source: str, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(source, "--json") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert why in err
    assert err.count("\n") == 1


def test_a_reader_that_leaves_is_no_traceback(song: Path) -> None:
    command = f"{sys.executable} -m showctl listen {song} --json --levels | head -n 1"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=50, check=False)
    assert json.loads(ended.stdout)
    assert ended.stderr == ""


def test_time_code_on_a_channel_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, sound = tmp_path / "song.wav", play(tape(90_005, 30, Rate.PAL), Rate.PAL)
    soundfile.write(path, np.stack([np.zeros_like(sound), sound], axis=1), 48_000, subtype="FLOAT")
    assert run(str(path), "--ltc", "2", "--json") == 0
    *frames, end = objects(capsys.readouterr().out)
    assert frames[0] == {"type": "ltc", "time": 0.12, "frame": "01:00:00:07", "fps": "25", "direction": 1}
    assert len(frames) >= 27
    assert end["type"] == "end"
    assert run(str(path), "--ltc", "2") == 0
    assert "01:00:00:07  25 fps" in capsys.readouterr().out
    assert run(str(path), "--ltc", "3") == 2
    assert "there is no channel 3" in capsys.readouterr().err
