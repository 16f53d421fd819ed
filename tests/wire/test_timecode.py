"""Time code in seconds, and what of it the engine is told."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from showctl.model import Timecode
from showctl.wire.timecode import TOLD_EVERY, Chase, Face, Rate, seconds, valid
from tests.wire.ltc_encoder import label


def told(reads: list[tuple[float, float]]) -> list[Timecode]:
    chase = Chase("mtc", "midi:desk")
    return [one for time, at in reads if (one := chase.runs(time, at)) is not None]


@given(st.sampled_from(Rate), st.integers(0, 24 * 3600 * 24 - 1))
def test_seconds_are_frames_counted(rate: Rate, number: int) -> None:
    face = label(number, rate)
    assert valid(face, rate)
    assert seconds(face, rate) == pytest.approx(number / rate.real)


def test_drop_frame_stays_true_to_the_clock() -> None:
    assert seconds(Face(0, 1, 0, 2), Rate.DROP) == pytest.approx(1800 / 30 * 1.001)
    assert seconds(Face(1, 0, 0, 0), Rate.DROP) == pytest.approx(3600.0, abs=0.004)
    assert not valid(Face(0, 1, 0, 0), Rate.DROP)
    assert valid(Face(0, 10, 0, 0), Rate.DROP)


@given(st.sampled_from([0.5, 0.8, 1.0, 1.7, 2.0, -1.0, -0.6]), st.lists(st.floats(-0.002, 0.002), min_size=100, max_size=100))
def test_a_wire_that_jitters_is_told_five_times_a_second_and_evenly(speed: float, jitter: list[float]) -> None:
    reads = [(1 + i / 12.5 + late, 100 + speed * i / 12.5) for i, late in enumerate(jitter)]
    found = told(reads)
    assert len(found) <= 8.0 / TOLD_EVERY + 2
    for one in found[2:]:
        assert one.speed == pytest.approx(speed, abs=0.06)
        assert one.at == pytest.approx(100 + speed * (one.time - 1), abs=0.005)


def test_what_runs_as_fast_as_time_is_said_to_do_so() -> None:
    found = told([(i / 25 + 0.001 * (i % 3), 60 + i / 25) for i in range(50)])
    assert {one.speed for one in found} == {1.0}


def test_a_jump_is_told_with_the_second_frame_after_it() -> None:
    reads = [(i / 25, (60 if i < 30 else 200) + i / 25) for i in range(60)]
    after = [one for one in told(reads) if one.at > 150]
    assert after[0].time == pytest.approx(31 / 25)


def test_one_frame_alone_is_not_told() -> None:
    assert told([(1.0, 60.0)]) == []
    assert told([(1.0, 60.0), (1.04, 900.0), (1.08, 12.0)]) == []


def test_where_it_was_put_is_told_at_once() -> None:
    assert Chase("mtc", "x").stands(3.0, 61.5) == Timecode(time=3.0, source="x", clock="mtc", at=61.5, speed=0.0)


@example([(0.0, 0.0), (2.3e-178, 0.03125)])
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 86_400)), max_size=200))
def test_any_frames_never_raise(reads: list[tuple[float, float]]) -> None:
    for one in told(reads):
        assert abs(one.speed) < 1e6
