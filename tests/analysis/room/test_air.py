"""Absorption of air against the tables of ISO 9613-1 and 9613-2, and the correction that follows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.analysis.room.air import MOST, Climate, absorption, correction

# ISO 9613-1, table 1: degrees Celsius, % humidity, exact midband frequency (Hz), dB/km
TABLE_1 = [
    (-20, 10, 10**1.7, 0.589),
    (10, 70, 1000.0, 3.66),
    (15, 70, 10**2.4, 1.13),
    (20, 15, 10**3.8, 175),
    (20, 15, 10_000.0, 267),
    (20, 80, 10**1.7, 0.0501),
    (20, 80, 1000.0, 5.15),
    (40, 10, 1000.0, 7.68),
    (40, 70, 1000.0, 8.66),
    (45, 20, 1000.0, 10.1),
    (50, 10, 100.0, 0.584),
    (50, 70, 100.0, 0.0913),
    (50, 10, 10**3.9, 155),
    (50, 70, 10**3.9, 80.3),
    (50, 100, 1000.0, 6.05),
]
# ISO 9613-2, table 2: degrees Celsius, % humidity -> dB/km in the octaves 63 Hz to 8 kHz
TABLE_2 = {
    (10, 70): (0.1, 0.4, 1.0, 1.9, 3.7, 9.7, 32.8, 117),
    (20, 70): (0.1, 0.3, 1.1, 2.8, 5.0, 9.0, 22.9, 76.6),
    (30, 70): (0.1, 0.3, 1.0, 3.1, 7.4, 12.7, 23.1, 59.3),
    (15, 20): (0.3, 0.6, 1.2, 2.7, 8.2, 28.2, 88.8, 202),
    (15, 50): (0.1, 0.5, 1.2, 2.2, 4.2, 10.8, 36.2, 129),
    (15, 80): (0.1, 0.3, 1.1, 2.4, 4.1, 8.3, 23.7, 82.8),
}
FREQS = np.geomspace(40, 16_000, 40)


@pytest.mark.parametrize(("temperature", "humidity", "freq", "table"), TABLE_1)
def test_pure_tones_are_swallowed_as_the_table_says(temperature: float, humidity: float, freq: float, table: float) -> None:
    found = absorption(np.array([freq]), Climate(temperature, humidity))[0] * 1000
    assert found == pytest.approx(table, rel=0.006)  # three digits are printed


@pytest.mark.parametrize("air", TABLE_2)
def test_octaves_are_swallowed_as_the_table_says(air: tuple[float, float]) -> None:
    midbands = 10 ** (np.arange(-12, 10, 3) / 10 + 3)
    found = absorption(midbands, Climate(*air)) * 1000
    assert found == pytest.approx(np.array(TABLE_2[air]), rel=0.006, abs=0.055)  # one digit is printed, of table 1's three


def test_thin_air_swallows_otherwise() -> None:
    """Pressure scales everything: as much water, half the pressure and half the frequency, and half as much is swallowed."""
    thin, full = Climate(20, 30, 101.325 / 2), Climate(20, 60)
    assert absorption(FREQS / 2, thin) == pytest.approx(absorption(FREQS, full) / 2, rel=1e-9)


def test_a_hall_that_fills_needs_less_treble_than_a_dry_one() -> None:
    dry, full = Climate(18, 30), Climate(26, 60)
    change = correction(FREQS, 40.0, full, dry)
    assert change[-1] < -1.0  # damp and warm air swallows less at the top
    assert np.allclose(change[FREQS < 200], 0, atol=0.05)


@given(st.floats(-20, 50), st.floats(10, 100), st.floats(-20, 50), st.floats(10, 100), st.floats(0, 500))
def test_there_and_back_is_nothing_and_no_correction_is_above_its_limit(
    a: float, b: float, c: float, d: float, far: float
) -> None:
    there, back = correction(FREQS, far, Climate(a, b), Climate(c, d)), correction(FREQS, far, Climate(c, d), Climate(a, b))
    assert np.array_equal(there, -back)
    assert np.abs(there).max() <= MOST
    assert np.all(absorption(FREQS, Climate(a, b)) > 0)


@pytest.mark.parametrize(("air", "words"), [((60, 50), "not 60"), ((20, 0), "humidity"), ((20, 50, 200), "pressure")])
def test_air_that_the_standard_does_not_know_is_refused(air: tuple[float, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Climate(*air)


def test_a_distance_that_no_hall_has_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 500 m"):
        correction(FREQS, -1.0, Climate(20, 50), Climate(20, 50))
