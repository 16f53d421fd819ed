"""Target files: what they say, and what is wrong with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.analysis.room.grid import GRID
from showctl.analysis.room.target import NAMED, read
from showctl.model import ConfigError, Problem


def test_a_file_is_straight_in_pitch_and_level_beyond_its_ends() -> None:
    target = read("* my hall\n# Hz  dB\n100, 6\n400\t0 180\n\n1600 -2 ; end\n", "hall.txt")
    found = target(np.array([20.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 20_000.0]))
    assert found == pytest.approx([6, 6, 3, 0, -1, -2, -2])


def test_house_written_to_a_file_is_house() -> None:
    text = "\n".join(f"{f!r} {d!r}" for f, d in zip(GRID.tolist(), NAMED["house"](GRID).tolist()))
    assert read(text, "house.txt")(GRID) == pytest.approx(NAMED["house"](GRID))


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "t:1:1", "two points"),
        ("80 5\n", "t:1:1", "two points"),
        ("80 5\n  90\n", "t:2:3", "stands alone"),
        ("80 5\n90 loud\n", "t:2:4", "'loud' is not a number of dB"),
        ("80 5\n90 nan\n", "t:2:4", "not a number of dB"),
        ("80 5\n70 3\n", "t:2:1", "does not lie above 80 Hz"),
        ("0 5\n70 3\n", "t:1:1", "is no frequency"),
        ("5 80\n6 100\n", "t:1:3", "are the columns"),
        ("1 1\n" * 2 + "x y\n", "t:2:1", "above"),
        ("\n".join(f"{i} 0" for i in range(1, 20_000)), "t:10001:1", "more than 10000 points"),
    ],
)
def test_mistakes_have_a_place_and_a_cure(text: str, place: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text, "t")
    first = str(caught.value.problems[0])
    assert first.startswith(place + ":")
    assert said in first


@given(st.text(max_size=200))
def test_any_text_is_a_target_or_a_mistake(text: str) -> None:
    problems: list[Problem] = []
    try:
        assert np.isfinite(read(text, "any")(GRID)).all()
    except ConfigError as error:
        problems = error.problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)
