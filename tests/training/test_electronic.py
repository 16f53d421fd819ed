"""Electronic music made for training: the same from the same seed, and a truth that agrees with the sound."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training composes with scipy, which showctl does not need: it comes with `make bench`")
from scipy.signal import butter, sosfilt

from showctl.model import Section
from training.arrange import Part, joined
from training.electronic import compose, drawn_style, excerpt, made, song
from training.grooves import STYLES
from training.grooves_hard import HARD
from training.patches import PATCHES
from training.piece import KINDS, RATE
from training.voices import VOICES


def low_rises(audio, times):
    """Whether the energy below 150 Hz of the 60 ms after each time is above that of the 30 ms before."""
    low = sosfilt(butter(2, 150, fs=RATE, output="sos"), audio) ** 2
    sums = np.concatenate([[0], np.cumsum(low)])
    at = np.round(times * RATE).astype(int)
    before = (sums[at] - sums[at - int(0.03 * RATE)]) / 0.03
    after = (sums[at + int(0.06 * RATE)] - sums[at]) / 0.06
    return after > before


def test_same_seed_same_samples():
    first, again, other = compose(5), compose(5), compose(6)
    assert np.array_equal(first.audio, again.audio)
    assert np.array_equal(first.beats, again.beats)
    assert first.sections == again.sections
    assert len(first.audio) != len(other.audio) or not np.array_equal(first.audio, other.audio)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_truth_lies_inside_the_audio(seed):
    piece = compose(seed)
    length = len(piece.audio) / RATE
    assert 24 <= length <= 48
    assert piece.audio.dtype == np.float32
    assert 0.01 < np.abs(piece.audio).max() <= 1
    assert len(piece.beats) == len(piece.positions)
    assert len(piece.beats) > 10
    assert np.diff(piece.beats).min() > 0.05
    assert piece.beats[0] >= 0
    assert piece.beats[-1] < length
    assert set(piece.hits) == set(KINDS)
    for times in piece.hits.values():
        assert ((times >= 0) & (times < length + 0.05)).all()
    starts = [at for at, _ in piece.sections]
    assert starts == sorted(starts)
    assert {name for _, name in piece.sections} <= {section.value for section in Section}


def test_patterns_fill_bars_with_known_signs_and_voices():
    for name, groove in STYLES.items():
        bar = groove.beat * groove.meter
        for line in groove.lines:
            assert set(line.voices) <= set(PATCHES if line.melody else VOICES), name
            for pattern in line.patterns:
                assert set(pattern) <= set(".123456789oxXr"), (name, pattern)
                assert len(pattern) % bar == 0 or bar % len(pattern) == 0, (name, pattern)


def test_what_is_easily_mistaken_is_a_good_third_and_often_slow():
    weights = {name: groove.weight for name, groove in STYLES.items()}
    assert 0.25 < sum(weights[name] for name in HARD) / sum(weights.values()) < 0.45
    slow = sum(weights[name] for name, groove in STYLES.items() if sum(groove.bpm) / 2 < 90)
    assert slow / sum(weights.values()) > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("style", ["slow trap", "old game"])
def test_the_slow_beat_is_the_truth_where_thirty_seconds_run(style):
    groove = STYLES[style]
    piece = made(np.random.default_rng(6), style, (Part("verse", 6),), groove.bpm[0], "", 0.0, 0.5)
    assert np.allclose(60 / np.diff(piece.beats), groove.bpm[0])
    assert (len(piece.beats), piece.positions.max()) == (24, 4)
    assert np.diff(np.unique(np.concatenate(list(piece.hits.values())))).min() < 0.3 * 60 / groove.bpm[0]


def test_every_style_is_reached():
    rng = np.random.default_rng(1)
    assert {drawn_style(rng) for _ in range(2000)} == set(STYLES)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_every_style_can_be_played_in_a_short_piece(style):
    groove = STYLES[style]
    parts = (Part("intro", 1), Part("verse", 1), Part("break", 1), Part("build", 1), Part("drop", 2))
    piece = made(np.random.default_rng(3), style, parts, groove.bpm[0], "", 0.3, 0.5)
    assert np.isfinite(piece.audio).all()
    assert sum(len(times) for times in piece.hits.values()) > 20
    drop = next(at for at, name in piece.sections if name == "drop")
    downs = piece.beats[piece.positions == 1]
    assert np.abs(downs - drop).min() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("style", ["house", "techno", "trance", "hardcore", "eurodance"])
def test_kicks_are_where_the_low_end_rises(style):
    bpm = STYLES[style].bpm[0]
    piece = made(np.random.default_rng(4), style, (Part("drop", 8),), bpm, "drums only", 0.3, 1.0)
    kicks = piece.hits["kick"]
    assert len(kicks) > 20
    assert low_rises(piece.audio.astype(float), kicks).mean() > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_song_has_its_form(seed):
    piece = song(seed, ["house", "dubstep"][seed])
    length = len(piece.audio) / RATE
    assert 85 <= length <= 185
    starts = [at for at, _ in piece.sections]
    assert starts == sorted(starts)
    drops = [at for at, name in piece.sections if name == "drop"]
    assert drops
    downs = piece.beats[piece.positions == 1]
    for drop in drops:
        assert np.abs(downs - drop).min() < 1e-6
        assert np.abs(piece.hits["kick"] - drop).min() < 0.01
    before = [name for (_, name), (_, after) in zip(piece.sections, piece.sections[1:]) if after == "drop"]
    assert set(before) <= {"build"}


def test_after_a_change_the_new_beats_are_the_truth():
    rng = np.random.default_rng(8)
    first, second = excerpt(rng, 14), excerpt(rng, 10)
    both = joined(first, second, 8.0, 4.0)
    late = both.beats[both.beats >= 10.0]
    assert np.allclose(late, (second.beats + 8.0)[second.beats + 8.0 >= 10.0])
    assert (both.beats[both.beats < 10.0] <= first.beats.max()).all()
    assert len(both.audio) == 8 * RATE + len(second.audio)
