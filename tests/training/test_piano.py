"""Composed piano: same seed same sound, scores that fill their bars, time that moves on, notes near the grid."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training composes with scipy, which showctl does not need: it comes with `make bench`")

from training import piano, piano_score, synth_fluid
from training.piece import RATE

needs_fluidsynth = pytest.mark.skipif(bool(synth_fluid.lacking()), reason=synth_fluid.lacking() or "all there")


@pytest.mark.parametrize("seed", range(12))
def test_a_score_stays_in_its_bars_and_on_the_keyboard(seed):
    score = piano_score.compose(np.random.default_rng(seed), 16)
    end = score.bars * score.meter
    assert score.name in piano_score.SPEED
    assert len(score.notes) > 16
    for note in score.notes:
        assert 0 <= note.beat < end
        assert note.length > 0
        assert 15 <= note.key <= 115
    assert list(score.chords) == sorted(score.chords)
    on_beats = {n.beat for n in score.notes}
    assert sum(b * 1.0 in on_beats for b in range(0, end, score.meter)) > score.bars * 0.7


@pytest.mark.parametrize("seed", range(12))
def test_time_goes_on_and_bends_no_more_than_people_do(seed):
    rng = np.random.default_rng(seed)
    score = piano_score.compose(rng, 40)
    clock = piano._clock(rng, score)
    assert len(clock) == score.bars * score.meter * 4 + 1
    steps = np.diff(clock)
    assert (steps > 0).all()
    assert 60 / (np.median(steps) * 4) == pytest.approx(100, rel=0.8)
    assert (steps[1:] / steps[:-1]).max() < 3


def test_notes_are_near_where_the_grid_has_them():
    rng = np.random.default_rng(5)
    score = piano_score.compose(rng, 24)
    clock = piano._clock(rng, score) + 1
    sounds, hits = piano._hands(rng, score, clock)
    assert len(sounds) == len(score.notes)
    grid = np.interp([n.beat for n in score.notes], np.arange(len(clock)) / 4, clock)
    assert np.median(np.abs(np.sort([s.time for s in sounds]) - np.sort(grid))) < 0.02
    assert all(s.length > 0 and 1 <= s.velocity <= 127 for s in sounds)
    assert set(hits) <= {s.time for s in sounds}


@needs_fluidsynth
@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3])
def test_a_piece_follows_from_its_seed_and_its_truth_is_inside(seed):
    one, two = piano.compose(seed), piano.compose(seed)
    np.testing.assert_array_equal(one.audio, two.audio)
    np.testing.assert_array_equal(one.beats, two.beats)
    end = len(one.audio) / RATE
    assert np.abs(one.audio).max() <= 1
    assert (np.diff(one.beats) > 0.2).all()
    assert 0 <= one.beats[0] < one.beats[-1] < end
    assert len(one.positions) == len(one.beats) > 15
    np.testing.assert_array_equal(one.positions[1:], one.positions[:-1] % one.meter + 1)
    assert 0 <= one.hits["note"][0] <= one.hits["note"][-1] < end
