"""The song of the demo: it keeps its form and its time, and is fit to be played."""

import subprocess
import sys
import wave

import numpy as np
import pytest

from showctl.demo.song import FORM, RATE, form, frames, main, song, truth


@pytest.fixture(scope="module")
def whole():
    """The song of seed 1."""
    return np.concatenate(list(song(1)))


def test_its_form(whole):
    beats = truth(1)
    assert len(whole) == frames()
    assert 160 < len(whole) / RATE < 200
    assert [position for _, position, _ in beats[:5]] == [1, 2, 3, 4, 1]
    sections = [section for n, (_, _, section) in enumerate(beats) if n == 0 or beats[n - 1][2] != section]
    assert sections == ["intro", "verse", "build", "drop", "break", "build", "drop", "outro"]
    assert len({bpm for _, _, bpm in FORM}) == 2, "one tempo change"
    assert 60 / (beats[1][0] - beats[0][0]) == pytest.approx(124, abs=0.01)
    assert 60 / (beats[-1][0] - beats[-2][0]) == pytest.approx(130, abs=0.01)


def test_it_is_fit_to_be_played(whole):
    assert whole.dtype == np.float32
    assert np.isfinite(whole).all()
    assert 0.5 < np.abs(whole).max() < 0.95
    assert np.abs(whole.mean(axis=0)).max() < 0.005
    assert not np.array_equal(whole[:, 0], whole[:, 1])
    assert np.abs(np.diff(whole[-RATE:], axis=0)).max() < 0.5
    assert np.abs(whole[-100:]).max() < 0.01, "it ends without a click"


def test_the_kick_is_where_the_truth_says(whole):
    """Low sound begins at each beat of a drop, and not before it."""
    beats = [beat for beat in form() if beat.section == "drop"]
    mono = whole.mean(axis=1)
    for beat in beats[::7]:
        before, after = mono[beat.frame - 960 : beat.frame], mono[beat.frame : beat.frame + 960]
        assert np.sum(after**2) > 2 * np.sum(before**2)


def test_its_parts_are_as_loud_as_light_needs(whole):
    def level(name):
        parts = [whole[b.frame : b.end] for b in form() if b.section == name]
        return 10 * np.log10(np.mean(np.concatenate(parts) ** 2))

    assert level("drop") > level("verse") + 0.5
    assert level("drop") > level("break") + 5
    assert level("build") < level("drop")


def test_the_same_seed_is_the_same_song_and_another_is_another():
    def start(seed):
        blocks = song(seed, speed=4.0)
        return np.concatenate([next(blocks) for _ in range(80)])  # into the verse, where the melody is

    assert np.array_equal(start(3), start(3))
    assert not np.array_equal(start(3), start(4))


def test_it_comes_a_beat_at_a_time():
    blocks = song(1)
    assert [len(next(blocks)) for _ in range(8)] == [beat.end - beat.frame for beat in form()[:8]]


def test_faster_and_later():
    beats, quick = np.array([t for t, _, _ in truth(1)]), np.array([t for t, _, _ in truth(1, speed=1.07, shift=0.3)])
    np.testing.assert_allclose(quick, beats / 1.07 + 0.3, atol=2 / RATE)
    blocks = song(1, speed=1.07, shift=0.3)
    assert not next(blocks).any()
    assert len(next(blocks)) == pytest.approx(60 / 124 / 1.07 * RATE, abs=1)


@pytest.mark.slow
def test_the_file_and_its_beats(tmp_path):
    out, beats = tmp_path / "song.wav", tmp_path / "song.beats"
    assert main([str(out), "--seed", "1", "--beats", str(beats), "--shift", "0.3", "--speed", "4"]) == 0
    with wave.open(str(out)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, RATE, 2)
        assert file.getnframes() == frames(speed=4.0, shift=0.3)
    rows = [line.split("\t") for line in beats.read_text().splitlines()]
    assert rows[0] == ["0.3000", "1"]
    assert len(rows) == len(truth(1))


def test_wrong_use_is_refused():
    done = subprocess.run([sys.executable, "-m", "showctl.demo.song", "-", "--speed", "0"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--speed must be above 0" in done.stderr
