"""Levels and slopes of bands are those of the filters that are run."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import freqz_sos

from showctl.analysis.room.biquad import SHELF_Q, cascade_db, coefficients, levels, warped
from showctl.model import EqBand

FREQS = np.geomspace(20, 20_000, 120)

bands = st.builds(
    EqBand,
    kind=st.sampled_from(("peaking", "low_shelf", "high_shelf")),
    freq=st.floats(20, 20_000),
    gain=st.floats(-15, 15),
    q=st.floats(0.2, 12),
)


@given(st.lists(bands, max_size=6), st.sampled_from((44_100.0, 48_000.0, 96_000.0)))
def test_the_level_is_that_of_the_filter_that_runs(cascade: list[EqBand], rate: float) -> None:
    sections = np.array([coefficients(band, rate) for band in cascade]).reshape(-1, 6)
    sections = sections if len(sections) else np.array([[1.0, 0, 0, 1, 0, 0]])
    filtered = 20 * np.log10(np.abs(freqz_sos(sections, FREQS, fs=rate)[1]))
    assert cascade_db(cascade, FREQS, rate) == pytest.approx(filtered, abs=1e-5)


@given(bands)
def test_the_filter_is_stable(band: EqBand) -> None:
    assert np.abs(np.roots(coefficients(band)[3:])).max() < 1


@given(bands)
def test_slopes_are_the_level_s(band: EqBand) -> None:
    at = warped(FREQS)
    here = np.array([[math.log2(band.freq), band.gain, math.log2(band.q)]])
    _, slope = levels([band.kind], here, at, slopes=True)
    for column in range(3):
        step = 1e-5 * np.eye(3)[column]
        rise = (levels([band.kind], here + step, at)[0] - levels([band.kind], here - step, at)[0]) / 2e-5
        assert np.abs(slope[:, column] - rise).max() <= 1e-4 * (1 + np.abs(rise).max()) + 1e-6 * np.abs(rise).max()


@given(st.floats(20, 20_000), st.floats(-15, 15), st.floats(0.1, SHELF_Q))
def test_a_shelf_that_is_not_too_steep_never_overshoots(freq: float, gain: float, q: float) -> None:
    for kind in ("low_shelf", "high_shelf"):
        level = cascade_db([EqBand(kind, freq, gain, q)], FREQS)
        assert min(0.0, gain) - 1e-6 <= level.min()
        assert level.max() <= max(0.0, gain) + 1e-6


def test_a_peak_is_at_its_frequency_and_its_gain() -> None:
    level = cascade_db([EqBand("peaking", 1000.0, -6.0, 2.0)], np.array([20.0, 1000.0, 20_000.0]))
    assert level == pytest.approx([0.0, -6.0, 0.0], abs=0.01)


@pytest.mark.parametrize("band", [EqBand("peaking", 24_000.0, 3.0, 1.0), EqBand("peaking", 100.0, 3.0, 0.0)])
def test_a_band_that_cannot_be_is_refused(band: EqBand) -> None:
    with pytest.raises(ValueError, match="cannot be had at 48000 Hz"):
        coefficients(band)
