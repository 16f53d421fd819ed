"""The clock that runs only while somebody looks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.watched import LOOK_S, Watched


@given(st.lists(st.floats(0.0, 5.0), max_size=50))
def test_only_time_in_which_somebody_looked_counts(gaps: list[float]) -> None:
    now = [50.0]
    watched, expected = Watched(lambda: now[0]), 0.0
    for gap in gaps:
        now[0] += gap
        expected += min(gap, LOOK_S)
        assert watched.look() == pytest.approx(expected)
    assert watched.look() == pytest.approx(expected), "looking again is no time"
