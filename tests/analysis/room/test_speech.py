"""Speech: the closed forms of IEC 60268-16, for a room that decays evenly and for noise alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.room.speech import MALE, OCTAVES, SWINGS, TOLD_TWICE, WEIGHTS, index, speech, swings_left
from tests.analysis.room.responses import diffuse, exact, with_noise

WHOLE = np.ones((7, 14))


def of_exponential(seconds: float) -> np.ndarray:
    """What an even decay leaves of each swing (13.8 is 6 ln 10)."""
    return 1 / np.sqrt(1 + (2 * np.pi * SWINGS * seconds / (6 * np.log(10))) ** 2)


@given(seconds=st.floats(0.1, 8.0), lasts=st.floats(0.3, 1.5))
@settings(max_examples=25)
def test_an_even_decay_leaves_what_the_closed_form_says_although_it_is_cut(seconds: float, lasts: float) -> None:
    assert swings_left(exact(16_000, seconds, lasts * seconds)) == pytest.approx(of_exponential(seconds), abs=1e-3)


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0, 4.0])
def test_the_index_of_a_diffuse_room_is_that_of_its_decay_time(seconds: float) -> None:
    draw = np.random.default_rng(3)
    found = speech(with_noise(diffuse(48_000, [(0, seconds)], 1.2 * seconds, draw, direct=0), 48_000, 50, draw), 48_000)
    assert found is not None
    assert found.index == pytest.approx(index(np.tile(of_exponential(seconds), (7, 1))).index, abs=0.03)


def test_weights_make_a_perfect_room_1_and_a_ratio_of_0_db_a_half() -> None:
    assert WEIGHTS.sum() - TOLD_TWICE.sum() == pytest.approx(1.0)
    assert index(WHOLE).index == 1.0
    assert index(WHOLE / 2).index == pytest.approx(0.5)
    assert index(WHOLE * 0).index == 0.0


@given(ratio=st.floats(-25, 25))
@settings(max_examples=25)
def test_noise_alone_takes_from_every_swing_alike(ratio: float) -> None:
    level = np.full(7, 75.0)  # where neither threshold nor masking counts for much
    found = index(WHOLE, level, level - ratio)
    assert found.left == pytest.approx(np.full((7, 14), 1 / (1 + 10 ** (-ratio / 10))), abs=0.02)
    assert found.index == pytest.approx(min(1.0, max(0.0, (ratio + 15) / 30)), abs=0.05)


def test_a_voice_of_no_db_a_adds_up_to_that() -> None:
    weighting = np.array([-16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1])
    assert 10 * np.log10(np.sum(10 ** ((MALE + weighting) / 10))) == pytest.approx(0.0, abs=0.1)


def test_too_quiet_and_too_loud_speech_are_understood_less() -> None:
    quiet, well, loud = (index(WHOLE, MALE + level).index for level in (15.0, 65.0, 110.0))
    assert quiet < 0.5 < loud < well
    assert well > 0.95


def test_noise_without_a_level_of_speech_does_not_count() -> None:
    assert index(WHOLE, None, np.full(7, 90.0)).index == 1.0


@pytest.mark.parametrize(("range_db", "rate"), [(5.0, 48_000), (60.0, 16_000)])
def test_the_index_is_none_where_an_octave_is_not_known(range_db: float, rate: int) -> None:
    draw = np.random.default_rng(3)
    assert speech(with_noise(diffuse(rate, [(0, 1.0)], 1.0, draw), rate, range_db, draw), rate) is None
    assert len(OCTAVES) == 7


def test_noise_alone_has_no_index() -> None:
    assert speech(np.random.default_rng(1).normal(size=48_000), 48_000) is None
