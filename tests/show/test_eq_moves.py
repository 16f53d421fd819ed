"""How a band goes from where it is to where it is wanted, and which band goes where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.room.biquad import cascade_db
from showctl.model import EqBand
from showctl.show.eq_moves import SHOW, Array, Pace, apart, assigned, step, way
from tests.show.eq_desk import (
    drawn_bands,
)


@pytest.mark.slow
@given(drawn_bands, drawn_bands, st.sampled_from([0.25, 0.5, 1.0]), st.sampled_from([0.0, 0.25]))
@settings(max_examples=25, deadline=None)
def test_a_band_arrives_in_steps_that_nobody_hears(begin: EqBand, goal: EqBand, most: float, grain: float) -> None:
    if most < grain:
        return
    begin, goal = (b if b.kind == "peaking" else replace(b, q=min(b.q, 0.7)) for b in (begin, goal))  # as fits have shelves
    grained = [replace(b, gain=max(-12.0, round(b.gain / 0.25) * 0.25)) for b in (begin, goal)]
    now, far = grained[0], way(cascade_db, *grained)
    for _ in range(int(6 * far / max(most, 0.05)) + 60):
        after = step(cascade_db, now, grained[1], most, grain)
        assert apart(cascade_db, now, after) <= most + 1e-6
        if max(abs(now.gain), abs(after.gain)) > 0.5 and most <= 0.5 and now.freq != after.freq:
            assert abs(np.log2(after.freq / now.freq)) < 0.5
        now = after
        if now == grained[1]:
            break
    assert now == grained[1]


def test_each_wanted_band_goes_to_the_nearest() -> None:
    bands = [EqBand("peaking", 100.0, -6.0, 2.0), EqBand("peaking", 1000.0, -6.0, 2.0), EqBand("peaking", 5000.0, 0.0, 2.0)]
    wanted = (EqBand("peaking", 1050.0, -5.0, 2.0), EqBand("peaking", 105.0, -5.0, 2.0))
    assert [b.freq for b in assigned(cascade_db, bands, wanted)] == [105.0, 1050.0, 5000.0]


def test_what_has_not_changed_is_not_worked_out_again() -> None:
    """30 bands each second, in the loop that also makes the light: it once took 50 ms of it."""
    asked: list[list[EqBand]] = []

    def counted(bands: Iterable[EqBand], at: Array) -> Array:
        asked.append(list(bands))
        return cascade_db(asked[-1], at)

    bands = [EqBand("peaking", 100.0 * 1.2**n, -3.0, 4.0) for n in range(30)]
    wanted = tuple(replace(one, freq=one.freq * 1.05, gain=-5.0) for one in bands)
    first = assigned(counted, bands, wanted)
    asked.clear()
    assert assigned(counted, bands, wanted) == first
    assert asked == []
    assigned(counted, bands, tuple(replace(one, gain=2.0) for one in wanted))  # all of them go by way of 0 dB
    assert asked == []


def test_the_pace_spreads_what_it_has() -> None:
    pace, total = Pace(1), 0.0
    for second in range(60):
        size = pace.left(0, second, SHOW, 0.25)
        if size:
            pace.moved(0, second, size)
            total += size
    assert 2.25 <= total <= 2.75
