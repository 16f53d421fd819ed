"""The song in the cache: made once, whole or not at all, played from its first second."""

import os
import time
from contextlib import ExitStack, closing

import numpy as np
import pytest

from showctl.demo.song import frames
from showctl.inputs import ear_song
from showctl.inputs.ear_song import HEADER, Song
from showctl.model import DeviceError


@pytest.fixture
def song_in():
    """Opens the song of seed 1 in a folder; however a test ends, who makes the song ends with it."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(closing(Song(1, folder)))


def complete(song, seconds=60):
    """Read to the end; the samples, and after how many blocks there was something to wait for."""
    out, deadline = [], time.monotonic() + seconds
    for block in song.blocks():
        assert time.monotonic() < deadline
        if block is None:
            time.sleep(0.005)  # a poll with a deadline: the song is being made
        else:
            out.append(block.samples)
    return np.concatenate(out)


def first_block(song):
    """The song's first block, as soon as it is made; who makes it comes last where a machine is busy."""
    deadline, blocks = time.monotonic() + 60, song.blocks()
    while (block := next(blocks)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return block


@pytest.mark.slow
def test_the_first_time_it_is_made_while_it_is_heard_and_the_second_time_it_is_there(song_in, tmp_path):
    song = song_in(tmp_path)
    first = complete(song)
    assert len(first) == frames()
    assert np.abs(first).max() > 0.5
    song.close()
    assert [p.name for p in tmp_path.iterdir()] == [song.path.name]
    assert song.path.stat().st_size == HEADER + 4 * frames()
    again = song_in(tmp_path)
    assert all(block is not None for block in again.blocks())
    np.testing.assert_array_equal(complete(again), first)
    again.close()


def test_a_song_that_is_given_up_leaves_nothing(song_in, tmp_path):
    song = song_in(tmp_path)
    assert len(first_block(song).samples) == 480
    song.close()
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_only_costs_the_cache(song_in, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    song = song_in(tmp_path / "file" / "cache")
    assert len(first_block(song).samples) == 480
    song.close()


def test_a_song_that_cannot_be_made_is_told(song_in, tmp_path, monkeypatch):
    monkeypatch.setattr(ear_song.sys, "executable", "/bin/false")
    song = song_in(tmp_path)
    with pytest.raises(DeviceError, match="could not be made"):
        complete(song, 20)
    assert list(tmp_path.iterdir()) == []


def test_half_a_song_in_the_cache_is_made_again_and_old_parts_are_swept(song_in, tmp_path):
    song, left, young = song_in(tmp_path), tmp_path / "song-1-1.wav.x.part", tmp_path / "song-1-1.wav.y.part"
    song.path.write_bytes(b"RIFF" + bytes(1000))
    left.write_bytes(bytes(10))
    os.utime(left, (1e9, 1e9))
    young.write_bytes(bytes(10))
    first_block(song)
    assert song._maker is not None
    assert (left.exists(), young.exists()) == (False, True)
    song.close()
