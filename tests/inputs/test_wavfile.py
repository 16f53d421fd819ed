"""Files as streams: every frame once, at a rate that analysis takes, and one line when it cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from showctl.inputs import wavfile


def write(path: Path, rate: int, seconds: float = 1.0, channels: int = 2, **form: str) -> np.ndarray:
    t = np.arange(round(rate * seconds)) / rate
    samples = np.repeat(0.5 * np.sin(2 * np.pi * 440 * t)[:, None], channels, axis=1).astype(np.float32)
    soundfile.write(path, samples, rate, **form)
    return samples


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("frames", [1, 1000, 1024, 10**6])
def test_native_rates_pass_as_they_are(tmp_path: Path, rate: int, frames: int) -> None:
    path = tmp_path / "tone.wav"
    samples = write(path, rate, 0.1, subtype="FLOAT")
    blocks = list(wavfile.blocks(path, frames))
    assert np.array_equal(np.concatenate([b.samples for b in blocks]), samples)
    assert [b.start for b in blocks] == list(range(0, len(samples), frames))
    assert {b.rate for b in blocks} == {rate}
    assert all(b.samples.dtype == np.float32 and b.lost == 0 for b in blocks)
    assert all(len(b.samples) == frames for b in blocks[:-1])


@pytest.mark.parametrize("rate", [8000, 22050, 32000, 96000])
@pytest.mark.parametrize("channels", [1, 2])
def test_other_rates_become_48_khz(tmp_path: Path, rate: int, channels: int) -> None:
    path = tmp_path / "tone.flac"
    write(path, rate, 3.0, channels)
    blocks = list(wavfile.blocks(path))
    whole = np.concatenate([b.samples for b in blocks])
    assert {b.rate for b in blocks} == {48000}
    assert [b.start for b in blocks] == list(np.cumsum([0, *(len(b.samples) for b in blocks)])[:-1])
    assert len(whole) == pytest.approx(3 * 48000, abs=2)
    assert whole.shape[1] == channels
    t = np.arange(len(whole)) / 48000
    middle = slice(4800, -4800)
    assert np.abs(whole[middle, 0] - 0.5 * np.sin(2 * np.pi * 440 * t)[middle]).max() < 0.01


def test_the_header_says_how_long(tmp_path: Path) -> None:
    write(tmp_path / "tone.ogg", 44100, 2.0)
    assert wavfile.duration_of(tmp_path / "tone.ogg") == pytest.approx(2.0, abs=0.01)


def test_an_empty_file_has_no_blocks(tmp_path: Path) -> None:
    for rate in (44100, 32000):
        write(tmp_path / "none.wav", rate, 0.0)
        assert list(wavfile.blocks(tmp_path / "none.wav")) == []


def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("not a sound\n" * 100)
    (tmp_path / "empty.wav").write_bytes(b"")
    whole = tmp_path / "whole.flac"
    write(whole, 44100, 2.0)
    for name, why in (
        ("missing.wav", "no such file"),
        (".", "is a folder"),
        ("words.txt", "not a sound"),
        ("empty.wav", "not a sound"),
    ):
        with pytest.raises(ValueError, match=why) as caught:
            next(wavfile.blocks(tmp_path / name))
        assert "\n" not in str(caught.value)


def test_a_damaged_file_says_where(tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    t = np.random.default_rng(1).standard_normal((44100 * 3, 1)) * 0.1
    soundfile.write(path, t, 44100)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 30000] = bytes(30000)
    path.write_bytes(data)
    heard = 0
    try:
        for block in wavfile.blocks(path):
            heard += len(block.samples)
    except ValueError as error:
        assert "damaged after" in str(error)  # noqa: PT017 (some versions of libsndfile skip what is damaged instead)
    assert heard > 44100
