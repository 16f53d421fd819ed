"""What a device can be set to, and what it cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.analysis.room.devices import DEVICES, GENERIC, X32, Scale
from showctl.model import EqBand


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES)
def test_scales_rise_from_end_to_end(device) -> None:
    for scale in (device.freq, device.gain, device.q):
        values = scale.values()
        assert (np.diff(values) > 0).all()
        assert (values[0], values[-1]) == pytest.approx((scale.low, scale.high))


@given(st.integers(0, 200), st.integers(0, 120), st.integers(0, 71))
def test_the_x32_s_steps_are_those_of_its_protocol(f: int, g: int, q: int) -> None:
    band = EqBand("peaking", 20 * 1000 ** (f / 200), -15 + g * 0.25, 10 * (0.3 / 10) ** (q / 71))
    assert X32.holds(band)
    assert not X32.holds(EqBand("peaking", band.freq, band.gain + 0.1, band.q))


def test_shelves_are_not_sent_to_a_desk_whose_shelves_nobody_knows() -> None:
    assert not X32.holds(EqBand("low_shelf", 20.0, 0.0, 10.0))


def test_what_is_typed_by_hand_has_three_digits() -> None:
    assert GENERIC.freq.nearest(1234.0) == 1230.0
    assert GENERIC.freq.nearest(63.27) == 63.3
    assert GENERIC.gain.nearest(-3.16) == -3.2


@given(st.floats(-20, 20), st.floats(-20, 20), st.floats(-20, 20))
def test_the_nearest_is_nearest_of_those_allowed(value: float, a: float, b: float) -> None:
    scale, low, high = Scale(-15, 15, 121), min(a, b), max(a, b)
    allowed = [v for v in np.arange(-60, 61) / 4 if low - 1e-9 <= v <= high + 1e-9]
    if not allowed:
        with pytest.raises(ValueError, match="can be set"):
            scale.nearest(value, low, high)
    else:
        found = scale.nearest(value, low, high)
        assert found in allowed
        assert math.isclose(abs(found - value), min(abs(v - value) for v in allowed))
