"""Laws of the conversions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl import units


@given(st.floats(-119.0, 60.0))
def test_a_level_survives_the_way_to_a_ratio_and_back(level: float) -> None:
    assert units.db(units.ratio(level)) == pytest.approx(level, abs=1e-9)


@pytest.mark.parametrize("nothing", [0.0, -0.0, -1.0, 1e-300])
def test_nothing_has_a_level_that_can_be_compared(nothing: float) -> None:
    assert units.db(nothing) == units.SILENCE_DB


@pytest.mark.parametrize(("ratio", "level"), [(1.0, 0.0), (10.0, 20.0), (0.5, -6.0206), (0.001, -60.0)])
def test_known_levels(ratio: float, level: float) -> None:
    assert units.db(ratio) == pytest.approx(level, abs=1e-4)
    assert units.ratio(level) == pytest.approx(ratio, rel=1e-4)


def test_a_tempo_is_a_period() -> None:
    assert units.bpm_to_period(120) == 0.5
    assert units.bpm_to_period(60 / 0.48) == pytest.approx(0.48)


@given(st.floats(0, 1e6), st.floats(-120, 20))
def test_rounding_is_idempotent_and_close(seconds: float, level: float) -> None:
    time, loudness = units.round_time(seconds), units.round_level(level)
    assert units.round_time(time) == time
    assert math.isclose(time, seconds, abs_tol=0.51e-4)
    assert units.round_level(loudness) == loudness
    assert math.isclose(loudness, level, abs_tol=0.051)
