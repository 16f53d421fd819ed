"""What is shown of the equaliser over frequency: it is what `error` tells, and no level is in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import RoomResponse
from showctl.show.eq_view import curves
from showctl.show.eq_why import heard, off

FREQ = 40.0 * 2.0 ** (np.arange(53) / 6)
HOUSE = np.interp(np.log2(FREQ), np.log2([80.0, 250.0]), [5.0, 0.0])
HELD = -4.0 * np.exp(-((np.log2(FREQ / 200)) ** 2) * 4)


def response(level: np.ndarray, trusted: np.ndarray | None = None) -> RoomResponse:
    sure = np.ones(len(level), np.bool_) if trusted is None else trusted
    return RoomResponse(1.0, FREQ[: len(level)], level, np.ones(len(level)), sure, sure.astype(float), 0.01, 0.0, True)


@given(st.integers(0, 2**31), st.floats(-40, 40))
def test_what_lies_between_the_room_and_the_target_is_the_error_that_is_told(seed: int, gain: float) -> None:
    draw = np.random.default_rng(seed)
    shapes, sure = draw.normal(size=(3, 53)) * 4, draw.random((3, 53)) < 0.7
    responses = tuple(response(shape + gain, trusted) for shape, trusted in zip(shapes, sure, strict=True))
    shown = curves(FREQ, HOUSE, responses, HELD, None)
    known = heard(tuple(response(shape + gain + HELD, trusted) for shape, trusted in zip(shapes, sure, strict=True)))
    assert known is not None
    left = (shown.now - HOUSE)[known.counts]
    assert np.sqrt(np.mean(left**2)) == pytest.approx(off(known.level - HOUSE, known.counts), abs=1e-9)
    assert left.mean() == pytest.approx(0.0, abs=1e-9)
    assert shown.trust == pytest.approx(sure.mean(axis=0))
    assert (np.isnan(shown.before) == ~sure.any(axis=0)).all()


def test_before_now_and_proposed_differ_by_what_the_equaliser_does() -> None:
    room = 3.0 * np.exp(-((np.log2(FREQ / 200)) ** 2) * 4)
    shown = curves(FREQ, HOUSE, (response(room),), HELD / 2, HELD)
    assert shown.proposed is not None
    for after, change in ((shown.now, HELD / 2), (shown.proposed, HELD)):
        assert np.ptp(after - shown.before - change) == pytest.approx(0.0, abs=1e-9)
    assert curves(FREQ, HOUSE, (response(room),), HELD, None).proposed is None


def test_a_microphone_that_knows_nothing_lessens_the_trust() -> None:
    half = np.arange(53) < 20
    shown = curves(FREQ, HOUSE, (response(HOUSE, half), None), HELD, None)
    assert shown.trust.tolist() == [0.5] * 20 + [0.0] * 33
    assert np.isnan(shown.before[20:]).all()
    assert np.isfinite(shown.before[:20]).all()


def test_where_nothing_is_heard_there_is_only_the_target() -> None:
    silent = response(HOUSE, np.zeros(53, np.bool_))
    for responses in ((), (None, None), (silent,)):
        shown = curves(FREQ, HOUSE, responses, HELD, HELD)
        assert np.isnan(shown.before).all()
        assert np.isnan(shown.now).all()
        assert (shown.target == HOUSE).all()
        assert not shown.trust.any()
    with pytest.raises(ValueError, match="responses of 5 bands"):
        curves(FREQ, HOUSE, (response(np.zeros(5)),), HELD, None)
