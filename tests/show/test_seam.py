"""The seam: what enters the engine is rounded, thinned, and the same however it is looked at."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from showctl.model import BeatGrid, Features, Section
from showctl.show.seam import Seam, round_features

hops = st.lists(
    st.builds(
        Features,
        time=st.just(0.0),
        level=st.floats(-120, 0),
        bands=st.tuples(st.floats(-120, 0)),
        energy=st.floats(0, 1),
        onset=st.sampled_from([0.0, 0.0, 0.0, 2.3456]),
        strikes=st.sampled_from([(0.0, 0.0, 0.0)] * 3 + [(0.0, 1.2345, 0.0)]),
        grid=st.one_of(st.none(), st.builds(BeatGrid, st.floats(0, 9), st.integers(0, 3), st.floats(0.3, 1))),
        section=st.sampled_from([Section.STEADY, Section.STEADY, Section.DROP]),
    ),
    max_size=60,
)


def timed(said: list[Features]) -> list[Features]:
    return [replace(f, time=i / 100 + 0.00001) for i, f in enumerate(said)]


@given(hops)
def test_no_onset_no_section_and_no_beat_is_lost(said: list[Features]) -> None:
    seam = Seam()
    kept = [k for f in timed(said) if (k := seam.take(f)) is not None]
    assert len([k for k in kept if k.onset > 0]) == len([f for f in said if f.onset > 0])
    assert len([k for k in kept if k.strikes[1] > 0]) == len([f for f in said if f.strikes[1] > 0])
    for a, b in zip(timed(said), timed(said)[1:], strict=False):
        news = (
            a.section is not b.section
            or (a.grid is None) != (b.grid is None)
            or (a.grid and b.grid and a.grid.index != b.grid.index)
        )
        if news and all(k.time != round(b.time, 4) for k in kept):
            # Then what was kept last already said so: it had changed and changed back.
            last = [k for k in kept if k.time < b.time][-1]
            assert last.section is b.section
            assert (last.grid is None) == (b.grid is None)


@given(hops)
def test_rounding_twice_changes_nothing(said: list[Features]) -> None:
    for f in timed(said):
        assert round_features(round_features(f)) == round_features(f)


def test_ten_a_second_where_nothing_happens() -> None:
    seam, quiet = Seam(), Features(time=0.0, level=-14.04)
    kept = [k for i in range(1000) if (k := seam.take(replace(quiet, time=i / 100))) is not None]
    assert len(kept) == 100
    assert kept[0].level == -14.0
