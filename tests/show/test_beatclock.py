"""The beat as the show sees it: never back, never two beats at once, and no flash that nobody hears."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import BeatGrid
from showctl.show.beatclock import COAST, FADE, FASTEST, BeatClock


def followed(until: float, period: float = 0.5, ahead: float = 0.2) -> BeatClock:
    """A clock after a tracker that announced every beat `ahead` of its time."""
    clock, index = BeatClock(), 1
    while index * period - ahead <= until:
        clock = clock.heard(index * period - ahead, BeatGrid(index * period, index, period, confidence=0.9))
        index += 1
    return clock


def test_it_coasts_at_120_before_anything_is_heard() -> None:
    clock = BeatClock()
    assert clock.position(3.0) == 6.0
    assert clock.time_of(7.0) == 3.5
    assert clock.gain(6.0) == 0.0
    assert clock.heard(3.0, None) is clock


def test_an_announced_beat_is_reached_at_its_anchor() -> None:
    clock = followed(10.0, period=0.48)
    for index in range(22, 26):
        whole = clock.position(index * 0.48)
        assert whole == pytest.approx(round(whole), abs=1e-9)
    assert clock.bpm == pytest.approx(125.0)


def test_it_goes_on_at_the_last_tempo_when_nothing_more_is_heard() -> None:
    clock = followed(10.0, period=0.6).heard(10.1, None)
    assert clock.position(20.0) - clock.position(14.0) == pytest.approx(10.0)
    assert clock.confidence == 0.0


def test_flashes_go_on_for_some_beats_then_stop_and_come_back_on_a_whole_beat() -> None:
    clock = followed(10.0)
    last = clock.trusted
    assert clock.gain(last + COAST) == 1.0
    assert clock.gain(last + COAST + FADE / 2) == pytest.approx(0.5)
    assert clock.gain(last + COAST + FADE) == 0.0
    assert clock.position(clock.lost_at) == pytest.approx(last + COAST + FADE)
    again = clock.heard(20.3, BeatGrid(20.5, 41, 0.5, confidence=0.9))
    assert again.gain(again.position(20.31)) == 0.0
    assert again.gain(again.position(20.5)) == 1.0


def test_a_beat_that_is_hardly_believed_is_none() -> None:
    clock = followed(10.0)
    assert clock.heard(10.1, BeatGrid(10.3, 30, 0.5, confidence=0.01)).grid is None


@pytest.mark.parametrize(
    "grid",
    [
        BeatGrid(math.nan, 1, 0.5, confidence=1.0),
        BeatGrid(1.0, 1, 0.0, confidence=1.0),
        BeatGrid(1.0, 1, -1.0, confidence=1.0),
        BeatGrid(1.0, 1, math.inf, confidence=1.0),
        BeatGrid(1.0, 1, 0.5, beats_per_bar=0, confidence=1.0),
        BeatGrid(1.0, 10**40, 0.5, confidence=1.0),
    ],
)
def test_a_grid_that_cannot_be_is_none(grid: BeatGrid) -> None:
    clock = BeatClock()
    assert clock.heard(0.5, grid) is clock


def test_bars_follow_the_tracker() -> None:
    clock = followed(10.0).heard(10.2, BeatGrid(10.5, 21, 0.5, bar_position=3, confidence=0.9))
    at = clock.position(10.5)
    assert clock.next_bar(at) == at + 2
    assert clock.next_bar(at + 2.05, grace=0.1) == at + 2.05
    assert clock.next_beat(at + 0.2) == at + 1


def test_taps_are_the_beat_and_stand_above_the_ear() -> None:
    clock = BeatClock()
    for t in (5.0, 5.4, 5.8, 6.2):
        clock = clock.tapped(t)
    assert clock.bpm == pytest.approx(150.0)
    assert clock.position(7.4) == pytest.approx(round(clock.position(7.4)), abs=1e-6)
    assert clock.gain(clock.position(20.0)) == 1.0
    assert clock.heard(6.5, BeatGrid(6.7, 3, 0.5, confidence=0.9)).bpm == pytest.approx(150.0)
    assert clock.heard(31.7, BeatGrid(32.0, 9, 0.5, confidence=0.9)).bpm == pytest.approx(150.0)
    assert clock.heard(31.9, BeatGrid(32.0, 9, 0.5, confidence=0.9)).bpm == pytest.approx(120.0), "64 beats later"


def test_one_tap_and_a_bounce_say_nothing() -> None:
    clock = BeatClock().tapped(5.0)
    assert clock.tapped(5.01) is clock
    assert clock.bpm == 120.0


words = st.lists(
    st.tuples(
        st.floats(0.01, 1.0),  # s since the last word
        st.floats(-0.6, 1.5),  # anchor, s from now
        st.integers(-3, 3),  # the index skips
        st.sampled_from([0.25, 0.4, 0.5, 0.52, 1.0]),  # period
        st.sampled_from([0.0, 0.9, 0.9, 0.9]),  # confidence
        st.booleans(),  # and a tap
    ),
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(words)
def test_it_never_goes_back_never_jumps_and_time_of_is_its_inverse(
    said: list[tuple[float, float, int, float, float, bool]],
) -> None:
    """Whatever a mad tracker says. Between two looks it moves by no more than twice the tempo."""
    clock, t, index = BeatClock(), 0.0, 0
    last, last_t = 0.0, 0.0
    for wait, ahead, skip, period, confidence, tap in said:
        for k in range(1, 8):
            look = t + wait * k / 8
            here = clock.position(look)
            assert here >= last
            assert here - last <= (look - last_t) * FASTEST * clock.rate + 1e-6
            last, last_t = here, look
        t, index = t + wait, index + skip
        before = clock.position(t)
        clock = clock.heard(t, BeatGrid(t + ahead, index, period, confidence=confidence))
        clock = clock.tapped(t) if tap else clock
        assert clock.position(t) == pytest.approx(before, abs=1e-9)
        last, last_t = max(last, before), t
        for p in (before + 0.3, before + 2.7):
            assert clock.position(clock.time_of(p)) == pytest.approx(p, abs=1e-6)
        clock = BeatClock() if not math.isfinite(clock.position(t)) else clock


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-0.24, 0.24), min_size=3, max_size=30))
def test_beats_that_are_re_anchored_make_no_double_flashes(errors: list[float]) -> None:
    """A tracker that moves every beat, even after it passed: two whole beats are never crossed within half a period."""
    period, clock, crossings, t = 0.5, followed(3.0), [], 3.0
    for i, error in enumerate(errors):
        index = 6 + i
        for say_at, anchor in ((index * period - 0.3, index * period), (index * period + 0.05, index * period + error)):
            while t < say_at:
                if math.floor(clock.position(t + 0.001)) > math.floor(clock.position(t)):
                    crossings.append(t)
                t += 0.001
            clock = clock.heard(t, BeatGrid(anchor, index, period, confidence=0.9))
    for one, two in itertools.pairwise(crossings):
        assert two - one >= period / FASTEST - 0.002
