"""Scales, steps and limits of the consoles' equalisers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.analysis.room import devices
from showctl.model import EqBand
from showctl.wire import x32
from showctl.wire.x32 import equaliser
from tests.fakes.x32 import FakeConsole
from tests.wire.x32_stand import CUT, VENUE, WIDE

bands = st.builds(
    EqBand,
    st.sampled_from(["peaking", "low_shelf", "high_shelf"]),
    st.floats(1e-3, 1e6),
    st.floats(-100, 100),
    st.floats(1e-3, 1e3),
)


def test_the_scales_are_those_that_were_measured() -> None:
    kind, f, g, q = x32.parameters(CUT, WIDE)
    assert kind == 2
    assert f == pytest.approx(0.36564, abs=0.5 / 200)
    assert g == pytest.approx(0.3)
    assert q == pytest.approx(0.45898, abs=0.5 / 71)
    assert x32.heard((2, 0.0, 0.0, 0.0)) == (20.0, -15.0, 10.0)
    assert x32.heard((2, 1.0, 1.0, 1.0)) == pytest.approx((20_000.0, 15.0, 0.3))


@given(bands)
def test_what_is_sent_is_on_a_step_and_comes_back_as_it_is(wanted: EqBand) -> None:
    raw = x32.parameters(wanted, WIDE)
    for key, value in zip(("f", "g", "q"), raw[1:], strict=True):
        assert value * x32.STEPS[key] == pytest.approx(round(value * x32.STEPS[key]), abs=1e-9)  # type: ignore[index]
    held = x32.band(raw)
    assert held is not None
    assert x32.parameters(held, WIDE) == raw
    assert x32.quantised(held, WIDE) == held


@given(bands)
def test_nothing_leaves_that_is_beyond_the_limits(wanted: EqBand) -> None:
    held = x32.quantised(wanted, VENUE)
    assert -6.0 <= held.gain <= 1.0
    assert 0.7 - 1e-9 <= held.q <= 4.0 + 1e-9
    assert 40.0 - 1e-9 <= held.freq <= 16_000.0 + 1e-6


@given(st.floats(20, 20_000), st.floats(-15, 15), st.floats(0.3, 10))
def test_a_band_moves_by_half_a_step_at_most(freq: float, gain: float, q: float) -> None:
    held = x32.quantised(EqBand("peaking", freq, gain, q), WIDE)
    assert abs(math.log(held.freq / freq)) <= math.log(1000) / 400 + 1e-9
    assert abs(held.gain - gain) <= 0.125 + 1e-9
    assert abs(math.log(held.q / q)) <= math.log(10 / 0.3) / 142 + 1e-9


@pytest.mark.parametrize(
    "wrong", [EqBand("peaking", math.nan, 0, 1), EqBand("peaking", 100, math.inf, 1), EqBand("peaking", 9, 0, 0)]
)
def test_what_is_no_number_is_our_mistake(wrong: EqBand) -> None:
    with pytest.raises(ValueError, match="is no band"):
        x32.parameters(wrong, WIDE)


@pytest.mark.parametrize("kind", [0, 3, 5, 6, 13])
def test_cuts_and_crossovers_are_no_bands_of_ours(kind: int) -> None:
    assert x32.band((kind, 0.5, 0.5, 0.5)) is None


@pytest.mark.parametrize(
    ("console", "name", "address"),
    [
        ("x32", "main", "/main/st/eq/6/g"),
        ("x32", "mono", "/main/m/eq/6/g"),
        ("x32", "mtx/1", "/mtx/01/eq/6/g"),
        ("x32", "bus/16", "/bus/16/eq/6/g"),
        ("x32", "ch/5", "/ch/05/eq/4/g"),
        ("xr18", "main", "/lr/eq/6/g"),
        ("xr18", "bus/6", "/bus/6/eq/6/g"),
        ("xr18", "ch/16", "/ch/16/eq/4/g"),
    ],
)
def test_equalisers_are_where_the_console_has_them(console: x32.Console, name: str, address: str) -> None:
    one = equaliser(console, name)
    assert one.address(one.bands - 1, "g") == address
    assert address in FakeConsole(console).values
    with pytest.raises(ValueError, match="no band"):
        one.address(one.bands, "g")


@pytest.mark.parametrize(
    ("console", "name", "said"),
    [
        ("x32", "mian", "there are main, mono, mtx/1 to 6"),
        ("x32", "mtx/7", "`mtx/1` to `mtx/6`"),
        ("x32", "mtx", "`mtx/1` to `mtx/6`"),
        ("x32", "main/1", "without a number"),
        ("xr18", "mtx/1", "there are main, bus/1 to 6"),
        ("xr18", "bus/0", "`bus/1` to `bus/6`"),
    ],
)
def test_equalisers_that_are_not_there(console: x32.Console, name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        equaliser(console, name)


def test_what_is_fitted_for_these_consoles_is_what_they_take() -> None:
    for device in (devices.X32, devices.XR18):
        assert device.bands == equaliser("x32", "main").bands
        for key, scale in (("f", device.freq), ("g", device.gain), ("q", device.q)):
            assert scale.count == x32.STEPS[key] + 1  # type: ignore[index]
        for freq in device.freq.values()[::7]:
            for q in device.q.values()[::5]:
                one = EqBand("peaking", float(freq), -2.25, float(q))
                held = x32.quantised(one, WIDE)
                assert (held.freq, held.gain, held.q) == pytest.approx((one.freq, one.gain, one.q))
