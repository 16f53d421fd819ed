"""Tracks in memory: what is fetched, in which order, how much of it, and what a file that is bad does."""

from __future__ import annotations

import os

import numpy as np
import pytest
import soundfile

from showctl.model.player import Define, Part
from showctl.sound.player.decoder import Decoder
from showctl.sound.player.shelf import AHEAD, Shelf, Track

RATE = 48_000


def written(path, frames, rate=RATE, channels=2, seed=1):
    sound = 0.1 * np.random.default_rng(seed).standard_normal((frames, channels)).astype(np.float32)
    soundfile.write(path, sound, rate, subtype="FLOAT")
    return str(path), sound


def shelf(heads=lambda: (), width=2, most=1 << 30):
    return Shelf(width, RATE, heads, lambda: None, most)


def all_of(one):
    while one.work():
        pass


def test_seconds_of_a_file_are_its_samples_in_any_order(tmp_path):
    path, sound = written(tmp_path / "a.wav", 2 * RATE + 500)
    decoder = Decoder(path, RATE)
    for k in (1, 0, 2, 0):
        piece = sound[k * RATE : (k + 1) * RATE]
        assert np.array_equal(decoder.second(k)[: len(piece)], piece)
    assert not decoder.second(2)[500:].any()
    decoder.close()


@pytest.mark.parametrize("rate", [44_100, 22_050, 96_000, 11_025])
def test_another_rate_is_the_same_whichever_second_is_asked_for_first(tmp_path, rate):
    import soxr

    path, sound = written(tmp_path / "a.wav", int(3.5 * rate), rate)
    decoder = Decoder(path, RATE)
    seconds = {k: decoder.second(k) for k in (2, 0, 3, 1)}
    joined = np.concatenate([seconds[k] for k in range(4)])[: decoder.frames]
    whole = soxr.resample(sound, rate, RATE)
    size = min(len(joined), len(whole))
    assert np.abs(joined[:size] - whole[:size]).max() < 1e-5
    decoder.close()


@pytest.mark.parametrize("name", ["song.ogg", "song.mp3", "song.flac"])
def test_seconds_of_a_compressed_file_are_the_same_in_any_order(tmp_path, name):
    """A decoder of Vorbis that was put elsewhere is wrong for some hundred frames."""
    noise = np.random.default_rng(3).uniform(-0.3, 0.3, (12 * RATE, 2))
    with soundfile.SoundFile(tmp_path / name, "w", RATE, 2) as file:
        for k in range(12):
            file.write(noise[k * RATE :][:RATE])
    whole, _ = soundfile.read(tmp_path / name, dtype="float32")
    decoder = Decoder(str(tmp_path / name), RATE)
    order = np.random.default_rng(4).permutation(12)
    assert all(np.array_equal(decoder.second(k), whole[k * RATE :][:RATE]) for k in order)
    decoder.close()


def test_what_is_no_number_is_silence(tmp_path):
    sound = np.full((1000, 1), 0.5, np.float32)
    sound[10:20] = np.nan
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    decoder = Decoder(str(tmp_path / "a.wav"), RATE)
    assert not decoder.second(0)[10:20].any()
    decoder.close()


@pytest.mark.parametrize("kind", ["missing", "text", "empty", "folder"])
def test_a_file_that_cannot_be_played_is_told_and_the_others_are_read(tmp_path, kind):
    bad = tmp_path / "bad.wav"
    if kind == "text":
        bad.write_text("no sound")
    elif kind == "empty":
        soundfile.write(bad, np.zeros((0, 2), np.float32), RATE)
    elif kind == "folder":
        bad.mkdir()
    good, sound = written(tmp_path / "good.wav", RATE)
    one = shelf()
    one.define(Define(1, "bad", (Part(str(bad), (0, 1)),)))
    one.define(Define(2, "good", (Part(good, (0, 1)),)))
    all_of(one)
    [(name, why)] = one.troubles()
    assert name == "bad"
    assert "bad.wav" in why
    out = np.zeros((RATE, 2), np.float32)
    assert one.find("good").read(0, out) == 0
    assert np.array_equal(out, sound)


def test_a_file_that_does_not_say_how_long_it_is_is_told(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, np.zeros((4800, 2)), RATE)
    data = bytearray(path.read_bytes())
    data[21], data[22:26] = data[21] & 0xF0, bytes(4)  # as it went through a pipe
    path.write_bytes(data)
    with pytest.raises(ValueError, match="how long"):
        Decoder(str(path), RATE)


def test_whatever_a_library_raises_the_other_tracks_are_read(tmp_path, monkeypatch):
    bad, good = written(tmp_path / "bad.wav", RATE)[0], written(tmp_path / "good.wav", RATE)[0]
    second = Decoder.second

    def raises(self, k):
        if self._path == bad:
            raise MemoryError
        return second(self, k)

    monkeypatch.setattr(Decoder, "second", raises)
    one = shelf()
    one.define(Define(1, "bad", (Part(bad, (0, 1)),)))
    one.define(Define(2, "good", (Part(good, (0, 1)),)))
    all_of(one)
    assert one.troubles() == (("bad", "MemoryError()"),)
    assert one.find("good").there(0, 0.9)


def test_a_file_that_has_come_is_found_when_its_track_is_wanted(tmp_path):
    one = shelf()
    one.define(Define(1, "late", (Part(str(tmp_path / "late.wav"), (0, 1)),)))
    all_of(one)
    assert one.troubles()
    written(tmp_path / "late.wav", RATE)
    one.prepare("late", 0.0)
    all_of(one)
    assert not one.troubles()
    assert one.find("late").there(0, 0.9)


def test_a_song_that_is_mixed_anew_is_what_is_played_next_and_what_plays_plays_on(tmp_path):
    heads: list = []
    one = shelf(lambda: heads)
    path, before = written(tmp_path / "song.wav", 3 * RATE)
    one.define(Define(1, "song", (Part(path, (0, 1)),)))
    all_of(one)
    playing = one.find("song")
    heads.append((playing, 0.0))
    written(tmp_path / "new.wav", 2 * RATE, seed=2)
    (tmp_path / "new.wav").rename(path)
    one.look()
    all_of(one)
    assert one.find("song") is not playing
    assert one.find("song").frames == 2 * RATE
    assert np.array_equal(read(playing, 2 * RATE, 100), before[2 * RATE :][:100])
    after, _ = soundfile.read(path, dtype="float32")
    assert np.array_equal(read(one.find("song"), 0, 100), after[:100])
    (tmp_path / "song.wav").unlink()
    one.look()
    assert one.find("song").frames == 2 * RATE, "what is in memory is played"


def test_a_file_that_comes_is_found_before_somebody_asks(tmp_path):
    one = shelf()
    one.define(Define(1, "late", (Part(str(tmp_path / "late.wav"), (0, 1)),)))
    all_of(one)
    one.look()
    assert one.troubles()
    written(tmp_path / "late.wav", RATE)
    one.look()
    all_of(one)
    assert not one.troubles()


def read(track, start, frames):
    out = np.zeros((frames, 2), np.float32)
    assert track.read(start, out) == 0
    return out


def test_a_damaged_file_is_silent_where_it_is_and_told(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, 0.1 * np.random.default_rng(1).standard_normal((4 * RATE, 2)), RATE)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(data)
    track = Track(Define(1, "a", (Part(str(path), (0, 1)),)), 2, RATE)
    track.open()
    for k in range(len(track.seconds)):
        track.fetch(k)
    assert track.seconds[0].any()
    assert all(second is not None for second in track.seconds)
    assert "damaged after" in track.trouble


@pytest.mark.parametrize("name", ["a.mp3", "a.wav"])
def test_a_file_that_is_shorter_than_it_says_is_told(tmp_path, name):
    path = tmp_path / name
    soundfile.write(path, 0.1 * np.random.default_rng(1).standard_normal((6 * RATE, 2)), RATE)
    decoder = Decoder(str(path), RATE)
    if name == "a.mp3":
        decoder.close()
    os.truncate(path, path.stat().st_size // 2)
    if name == "a.mp3":
        decoder = Decoder(str(path), RATE)
    assert decoder.second(1).any()
    with pytest.raises(ValueError, match="damaged after"):
        decoder.second(4)
    decoder.close()


def test_a_disk_that_was_pulled_out_and_is_back_leaves_no_hole(tmp_path):
    path, sound = written(tmp_path / "a.wav", 5 * RATE)
    one = shelf()
    one.define(Define(1, "a", (Part(path, (0, 1)),)))
    all_of(one)
    track = one.find("a")
    track.close()
    (tmp_path / "a.wav").rename(tmp_path / "away")
    one.prepare("a", 3.0 * RATE)
    all_of(one)
    one.look()
    assert "a.wav" in track.trouble
    assert not read(track, 3 * RATE, RATE).any()
    (tmp_path / "away").rename(path)
    one.look()
    assert one.find("a") is track
    assert not track.trouble
    assert np.array_equal(read(track, 3 * RATE, RATE), sound[3 * RATE : 4 * RATE])


def test_a_part_that_is_shorter_than_the_song_is_silent_then_and_no_trouble(tmp_path):
    (song, _), (click, _) = written(tmp_path / "a.wav", 5 * 44_100, 44_100), written(tmp_path / "b.wav", 66_000, 44_100, 1)
    track = Track(Define(1, "a", (Part(song, (0, 1)), Part(click, (2,)))), 3, RATE)
    track.open()
    for k in range(len(track.seconds)):
        track.fetch(k)
    assert not track.trouble
    assert not track.seconds[3][:, 2].any()


@pytest.mark.parametrize(
    ("channels", "lines", "wanted"), [(1, (0, 1), (0, 0)), (2, (2,), ((0, 1),)), (2, (0, 1), (0, 1)), (3, (0, 1), (0, 1))]
)
def test_channels_of_a_file_go_to_their_lines(tmp_path, channels, lines, wanted):
    path, sound = written(tmp_path / "a.wav", RATE // 2, channels=channels)
    track = Track(Define(1, "a", (Part(path, lines),)), 3, RATE)
    track.open()
    track.fetch(0)
    for line, source in zip(lines, wanted):
        want = sound[:, list(source)].mean(axis=1) if isinstance(source, tuple) else sound[:, source]
        assert np.allclose(track.seconds[0][: RATE // 2, line], want)
    assert not track.seconds[0][:, [n for n in range(3) if n not in lines]].any()


def test_what_plays_is_fetched_before_what_stands_by_and_only_so_far_ahead(tmp_path):
    path, _ = written(tmp_path / "a.wav", 40 * RATE, channels=1)
    heads = []
    one = shelf(lambda: tuple(heads), width=1)
    one.define(Define(1, "a", (Part(path, (0,)),)))
    one.define(Define(2, "b", (Part(path, (0,)),), ready=(30.0,)))
    all_of(one)
    a, b = one.find("a"), one.find("b")
    assert [k for k, second in enumerate(a.seconds) if second is not None] == [0], "the beginning of every track"
    one.prepare("b", 0.0)
    heads.append((a, 5.2 * RATE))
    one.work()
    assert a.seconds[5] is not None
    all_of(one)
    assert [k for k, second in enumerate(a.seconds) if second is not None] == [0, *range(5, 6 + AHEAD)]
    assert [k for k, second in enumerate(b.seconds) if second is not None] == [0, 1, 2, 29, 30, 31, 32]


def test_memory_is_bounded_and_what_is_wanted_stays(tmp_path):
    path, sound = written(tmp_path / "a.wav", 60 * RATE, channels=1)
    place = [0.0]
    one = shelf(lambda: ((one.find("a"), place[0]),) if one.find("a") else (), width=1, most=16 * 4 * RATE)
    one.define(Define(1, "a", (Part(path, (0,)),)))
    out = np.zeros((RATE, 1), np.float32)
    for second in range(48):
        place[0] = second * RATE
        all_of(one)
        assert one.find("a").read(second * RATE, out) == 0
        assert np.array_equal(out, sound[second * RATE : (second + 1) * RATE])
        held = sum(s is not None for s in one.find("a").seconds)
        assert held <= 18


def test_only_so_many_files_are_open_and_those_that_were_closed_are_opened_again(tmp_path, monkeypatch):
    monkeypatch.setattr("showctl.sound.player.shelf.MOST_OPEN", 3)
    path, sound = written(tmp_path / "a.wav", 3 * RATE)
    heads = []
    one = shelf(lambda: tuple(heads))
    for n in range(8):
        one.define(Define(n, f"track {n}", (Part(path, (0, 1)),)))
    all_of(one)
    assert sum(bool(one.find(f"track {n}")._parts) for n in range(8)) == 3
    heads.append((one.find("track 0"), 2.0 * RATE))
    all_of(one)
    out = np.zeros((RATE, 2), np.float32)
    assert one.find("track 0").read(2 * RATE, out) == 0
    assert np.array_equal(out, sound[2 * RATE :])
    (tmp_path / "a.wav").unlink()
    heads.append((one.find("track 1"), 2.0 * RATE))
    all_of(one)
    assert "a.wav" in one.find("track 1").trouble
    assert not one.find("track 1").seconds[2].any(), "silent, and told"


def test_a_track_that_is_told_again_as_it_was_keeps_what_is_in_memory(tmp_path):
    path, _ = written(tmp_path / "a.wav", RATE)
    one = shelf()
    one.define(Define(1, "a", (Part(path, (0, 1)),)))
    all_of(one)
    before = one.find("a")
    one.define(Define(7, "a", (Part(path, (0, 1)),), ready=(0.5,)))
    assert one.find("a") is before
    one.define(Define(8, "a", (Part(path, (0,)),)))
    assert one.find("a") is not before
