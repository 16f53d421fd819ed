"""The air as it is known, and what listeners hear less than microphones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.analysis.room.air import MOST_LIVE, TOP, Climate, absorption, less_heard
from showctl.analysis.room.grid import BANDS
from showctl.analysis.room.weather import STALE_S, Weather

ROOM, FULL = Climate(20.0, 45.0), Climate(26.0, 65.0)
airs = st.builds(Climate, st.floats(-20, 50), st.floats(10, 100))


def test_listeners_farther_away_hear_less_treble_by_what_the_air_between_swallows() -> None:
    less = less_heard(BANDS, 25.0, 10.0, ROOM)
    at = BANDS <= TOP
    assert less[at] == pytest.approx(np.minimum(15.0 * absorption(BANDS[at], ROOM), MOST_LIVE))
    assert less[BANDS < 500].max() < 0.05
    assert 2.0 < less[-1] < MOST_LIVE
    assert less[-1] == pytest.approx(less_heard(np.array([TOP]), 25.0, 10.0, ROOM)[0])  # no more above
    assert less_heard(BANDS, 10.0, 25.0, ROOM) == pytest.approx(-less)
    assert not less_heard(BANDS, 20.0, 20.0, ROOM).any()


def test_what_was_judged_right_in_an_air_is_right_in_it_and_only_the_difference_counts_in_another() -> None:
    assert not less_heard(BANDS, 25.0, 10.0, ROOM, ROOM).any()
    change = less_heard(BANDS, 25.0, 10.0, FULL, ROOM)
    assert change == pytest.approx(less_heard(BANDS, 25.0, 10.0, FULL) - less_heard(BANDS, 25.0, 10.0, ROOM), abs=1e-9)
    assert change[-1] < -0.5  # warm and damp: more treble comes through


@given(st.floats(0.1, 500), st.floats(0.1, 500), airs, st.none() | airs)
def test_it_is_never_more_than_its_limit(far: float, near: float, now: Climate, judged: Climate | None) -> None:
    less = less_heard(BANDS, far, near, now, judged)
    assert np.abs(less).max() <= MOST_LIVE
    assert np.isfinite(less).all()


def test_a_sensor_is_followed_and_what_was_typed_in_holds_when_it_falls_silent() -> None:
    weather = Weather(ROOM, 25.0, 10.0, sensed=True)
    assert weather.air(0.0) == ROOM
    assert weather.said(0.0).startswith("air of 20 C, 45 %, as typed in: its sensor has said nothing yet; +2.")
    weather.read(10.0, "temperature", 26.0)
    assert weather.air(10.0) == Climate(26.0, 45.0)
    assert "told one of them alone" in weather.said(10.0)
    weather.read(20.0, "humidity", 65.0)
    assert weather.air(20.0) == FULL
    assert weather.less(BANDS, 20.0) == pytest.approx(less_heard(BANDS, 25.0, 10.0, FULL))
    assert weather.said(20.0).startswith("air of 26 C, 65 % by its sensor; +1.")
    assert weather.air(20.0 + STALE_S) == Climate(20.0, 65.0)  # the temperature is older
    assert weather.air(21.0 + STALE_S) == ROOM
    assert "as typed in: its sensor has said nothing for 32 minutes" in weather.said(1900.0)
    assert weather.less(BANDS, 1900.0) == pytest.approx(less_heard(BANDS, 25.0, 10.0, ROOM))
    weather.read(2000.0, "temperature", 26.0)
    weather.read(2000.0, "humidity", 65.0)
    assert weather.air(2000.0) == FULL


def test_a_reading_that_the_broker_kept_counts_once_and_does_not_keep_a_dead_sensor_alive() -> None:
    weather = Weather(ROOM, 25.0, 10.0, sensed=True)
    weather.read(0.0, "temperature", 26.0, retained=True)
    assert weather.air(1.0).temperature == 26.0
    weather.read(1700.0, "temperature", 26.0, retained=True)  # the connection was lost and came back
    assert weather.air(STALE_S + 1).temperature == 20.0


def test_without_a_sensor_nothing_is_said_of_one_and_at_the_same_distance_nothing_is_made_up_for() -> None:
    assert Weather(ROOM, 20.0, 20.0).said(5.0) == ""
    assert Weather(ROOM, 20.0, 8.0, ROOM).said(5.0) == ""
    assert Weather(ROOM, 8.0, 20.0).said(5.0) == "air of 20 C, 45 %; -2.1 dB at 10 kHz for the listeners"


def test_what_a_sensor_says_that_makes_no_sense_is_told_until_it_does() -> None:
    weather = Weather(ROOM, 25.0, 10.0, sensed=True)
    weather.refuse("humidity", "hall/air: 'wet' is neither a number nor JSON")
    assert "has said nothing yet (hall/air: 'wet' is neither a number nor JSON)" in weather.said(0.0)
    weather.read(1.0, "humidity", 50.0)
    weather.read(1.0, "temperature", 20.0)
    assert weather.said(1.0).startswith("air of 20 C, 50 % by its sensor; ")
