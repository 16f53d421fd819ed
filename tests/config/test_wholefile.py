"""Sound files that were cut off, and those that only look so."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from showctl.config.wholefile import UNKNOWN, is_whole

KINDS = [
    ("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAVEX", "PCM_24"), ("RF64", "PCM_16"), ("AIFF", "PCM_24"),
    ("OGG", "VORBIS"), ("OGG", "OPUS"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III"),
]  # fmt: skip


def song(path: Path, kind: str = "WAV", subtype: str = "PCM_16") -> Path:
    sound = np.random.default_rng(1).uniform(-0.1, 0.1, (48_000 * 2 + 1, 1))
    soundfile.write(path, sound, 48_000, format=kind, subtype=subtype)
    return path


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
def test_what_was_exported_whole_is_whole(tmp_path: Path, kind: str, subtype: str) -> None:
    assert is_whole(str(song(tmp_path / "song", kind, subtype)))


@pytest.mark.parametrize(("kind", "subtype"), KINDS[:7])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_what_was_cut_off_is_not(tmp_path: Path, kind: str, subtype: str, share: float) -> None:
    path = song(tmp_path / "song", kind, subtype)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert not is_whole(str(path))


def test_a_file_that_is_big_endian_is_read_so(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, np.zeros((4800, 1)), 48_000, format="WAV", subtype="PCM_16", endian="BIG")
    assert path.read_bytes()[:4] == b"RIFX"
    assert is_whole(str(path))
    path.write_bytes(path.read_bytes()[:-2])
    assert not is_whole(str(path))


@pytest.mark.parametrize("length", [0, UNKNOWN, 0xFFFF_FFFF])
def test_what_went_through_a_pipe_does_not_know_its_length_and_is_whole(tmp_path: Path, length: int) -> None:
    path = song(tmp_path / "song.wav")
    data = bytearray(path.read_bytes())
    at = data.find(b"data")
    data[at + 4 : at + 8] = struct.pack("<I", length)
    path.write_bytes(data)
    assert is_whole(str(path))


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"FORM", b"nothing of a sound", b"RIFF" + b"\xff" * 100])
def test_what_is_no_sound_is_not_judged_here(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "song").write_bytes(data)
    assert is_whole(str(tmp_path / "song"))


@pytest.mark.parametrize("after", [b"ID3 of a careless program" * 10, b"LIST" + struct.pack("<I", 4) + b"INFO"])
def test_what_stands_behind_the_sound_does_not_matter(tmp_path: Path, after: bytes) -> None:
    for kind in ("WAV", "OGG"):
        path = song(tmp_path / kind, kind, "PCM_16" if kind == "WAV" else "VORBIS")
        path.write_bytes(path.read_bytes() + after)
        assert is_whole(str(path))
