"""Laws of the shared nouns."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl import model, plan
from showctl.model import BeatGrid, ConfigError, Control, ControlEvent, Go, Problem

times = st.floats(0, 1e5)
grids = st.builds(BeatGrid, anchor=times, index=st.integers(0, 10**6), period=st.floats(0.25, 2.0))


@given(grids, st.integers(-100, 100))
def test_position_is_whole_on_every_beat(grid: BeatGrid, beats: int) -> None:
    assert grid.position(grid.anchor + beats * grid.period) == pytest.approx(grid.index + beats, abs=1e-6)


@given(grids, times)
def test_phase_lies_between_two_beats(grid: BeatGrid, t: float) -> None:
    assert 0.0 <= grid.phase(t) < 1.0


@given(grids, times)
def test_the_next_beat_is_later_and_not_more_than_a_period_away(grid: BeatGrid, t: float) -> None:
    following = grid.next_after(t)
    assert t - 1e-6 < following <= t + grid.period + 1e-6
    away = abs(grid.position(following) - round(grid.position(following)))
    assert away < 1e-6


def test_the_next_beat_after_a_beat_is_not_that_beat() -> None:
    assert BeatGrid(anchor=10.0, index=4, period=0.5).next_after(10.0) == 10.5


def test_tempo() -> None:
    assert BeatGrid(anchor=0, index=0, period=0.5).bpm == 120.0


def test_every_value_is_frozen_and_slotted() -> None:
    classes = [c for m in (model, plan) for c in vars(m).values() if is_dataclass(c) and isinstance(c, type)]
    values = [c for c in classes if not issubclass(c, Exception)]
    assert len(values) > 25
    for c in values:
        assert c.__dataclass_params__.frozen, c  # type: ignore[attr-defined]
        assert "__slots__" in vars(c), c
    with pytest.raises(FrozenInstanceError):
        Go(time=0.0).list = "other"  # type: ignore[misc]


def test_every_control_has_its_time_and_its_source() -> None:
    controls = get_args(ControlEvent)
    assert {control.__name__ for control in controls} == {control.__name__ for control in Control.__subclasses__()}
    for control in controls:
        assert {"time", "source"} <= {field.name for field in fields(control)}


def test_a_problem_reads_as_an_editor_understands_it() -> None:
    problem = Problem("show.yaml", 12, 5, "no cue 7", "E-cue")
    assert str(problem) == "show.yaml:12:5: error: no cue 7 [E-cue]"
    assert str(ConfigError([problem, problem])).count("\n") == 1
