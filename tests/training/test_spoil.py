"""Spoilt pieces: same seed same sound, beats kept but for the speed, rooms whose direct path is first."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training composes with scipy, which showctl does not need: it comes with `make bench`")

from training import nothing, spoil, tone
from training.piece import RATE, Piece

needs_espeak = pytest.mark.skipif(bool(nothing.lacking()), reason=nothing.lacking() or "all there")


def clicks(seconds: float = 6.0) -> Piece:
    """A tick every half second over a little hiss."""
    audio = 0.003 * np.random.default_rng(0).standard_normal(int(seconds * RATE)).astype(np.float32)
    beats = np.arange(0.5, seconds - 0.2, 0.5)
    for b in beats:
        audio[round(b * RATE) : round(b * RATE) + 200] += np.linspace(0.8, 0, 200, dtype=np.float32)
    return Piece(audio, beats, np.arange(len(beats)) % 4 + 1, 4, "clicks", {"note": beats}, ((0.0, "steady"), (3.0, "break")))


def rises(piece: Piece) -> np.ndarray:
    """s of what stands out of the sound at each beat, by the steepest rise near it."""
    out = []
    for b in piece.beats:
        near = np.abs(piece.audio[round((b - 0.02) * RATE) : round((b + 0.02) * RATE)])
        out.append(b - 0.02 + np.argmax(near > 0.5 * near.max()) / RATE)
    return np.array(out)


@needs_espeak
@pytest.mark.parametrize("mild", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_a_spoilt_piece_keeps_its_truth_but_for_its_speed(seed, mild):
    piece = clicks()
    worse, again = spoil.spoil(piece, seed, mild), spoil.spoil(piece, seed, mild)
    np.testing.assert_array_equal(worse.audio, again.audio)
    speed = len(piece.audio) / len(worse.audio)
    assert spoil.SPEEDS[0] - 1e-3 <= speed <= spoil.SPEEDS[1] + 1e-3
    np.testing.assert_allclose(worse.beats * speed, piece.beats, atol=1e-3)
    np.testing.assert_allclose(worse.hits["note"] * speed, piece.hits["note"], atol=1e-3)
    assert worse.sections[1][0] * speed == pytest.approx(3.0, abs=1e-3)
    assert (worse.positions == piece.positions).all()
    assert worse.audio.dtype == np.float32
    assert np.isfinite(worse.audio).all()
    assert np.abs(worse.audio).max() <= 1
    assert not np.array_equal(worse.audio, piece.audio)


@pytest.mark.parametrize("speed", [0.85, 0.97, 1.15])
def test_a_hurried_piece_sounds_where_its_truth_says(speed):
    assert np.abs(rises(spoil.hurried(clicks(), speed)) - spoil.hurried(clicks(), speed).beats).max() < 0.002


def test_mild_faults_leave_the_ticks_in_place():
    for seed in range(12):
        worse = spoil.spoil(clicks(), seed, mild=True)
        assert np.abs(rises(worse) - worse.beats).max() < 0.005, seed


@pytest.mark.parametrize("seed", range(6))
def test_a_room_answers_after_its_direct_path_and_dies_away(seed):
    answer = spoil.room(np.random.default_rng(seed))
    assert answer[0] == 1
    rest = answer[1:]
    ratio = 10 * np.log10(1 / np.sum(np.square(rest, dtype=float)))
    assert -6.1 <= ratio <= 15.1
    third = len(rest) // 3
    assert tone.rms(rest[-third:]) < tone.rms(rest[:third])


def test_nothing_stays_nothing():
    still = Piece(np.zeros(RATE, np.float32), np.empty(0), np.empty(0, np.int64), 0, "silence")
    for seed in range(6):
        worse = spoil.spoil(still, seed, mild=True)
        assert not len(worse.beats)
        assert not worse.audio.any()
