"""What is known of a beat: finite and bounded whatever is heard, the same at every gain, and right about what it names."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.hearing.phrase import EARLY, INPUTS, Phrase
from showctl.model import BeatGrid, Features

LEVEL = st.floats(-120.0, 3.0)
GRID = st.none() | st.builds(
    BeatGrid, st.floats(-1.0, 1.0), st.integers(0, 9), st.floats(0.24, 1.5), st.integers(0, 6), st.integers(1, 6), st.just(0.8)
)
HEARD = st.tuples(LEVEL, LEVEL, LEVEL, st.booleans(), st.booleans(), GRID, st.integers(1, 60))


@settings(max_examples=20, deadline=None)
@given(st.lists(HEARD, min_size=1, max_size=12))
def test_what_is_known_is_finite_and_bounded(spans: list[tuple[float, float, float, bool, bool, BeatGrid | None, int]]) -> None:
    phrase, time, before = Phrase(), 0.0, -np.inf
    for low, middle, high, onset, snare, grid, hops in spans:
        for _ in range(hops):
            time += 0.01
            now = grid and BeatGrid(time + grid.anchor, grid.index, grid.period, grid.bar_position, grid.beats_per_bar)
            heard = Features(time, -20.0, (low, middle, high), onset=float(onset), grid=now, strikes=(0.0, float(snare), 0.0))
            if phrase.feed(heard):
                view = phrase.view()
                assert view.shape == (INPUTS,)
                assert np.isfinite(view).all()
                assert np.abs(view).max() < 100
                assert before < phrase.last < phrase.next
                before = phrase.last


def beats(gain: float) -> list[tuple[float, np.ndarray]]:
    """Sixteen bars with a kick, then four without: (when a beat was summed up, its view)."""
    phrase, out = Phrase(), []
    for hop in range(40 * 96):
        time = (hop + 1) * 0.01
        index = int((time + 0.1) / 0.48)
        kick = hop % 48 < 12 and hop < 32 * 96
        bands = (gain + (-12.0 if kick else -50.0), gain - 22.0, gain - 30.0)
        grid = BeatGrid(index * 0.48, index, 0.48, index % 4 + 1, 4, 0.9)
        if phrase.feed(Features(time, -14.0, bands, grid=grid, strikes=(float(kick and hop % 48 == 0), 0.0, 0.0))):
            out.append((time, phrase.view()))
    return out


def test_a_beat_is_known_shortly_before_it_ends() -> None:
    for n, (time, _) in enumerate(beats(0.0)[2:], 2):
        assert -EARLY - 1e-6 <= time - (n + 1) * 0.48 < -EARLY + 0.011


def test_gain_changes_nothing() -> None:
    for (_, view), (_, louder) in zip(beats(0.0), beats(9.0), strict=True):
        np.testing.assert_allclose(view, louder, atol=1e-9)


def test_the_place_where_the_kick_went_marks_the_phrase() -> None:
    """Sixteen beats after the low band went, the beat to come is marked as that of a change; the one after it is not."""
    changes = slice(36 + 12, 36 + 12 + 16)
    views = [view for _, view in beats(0.0)]
    marked = [n for n, view in enumerate(views) if n > 66 and view[changes].argmax() == 0]
    assert marked
    assert all((n + 2) % 16 == 0 for n in marked)
