"""Laws of the fit: whatever the curves, no limit is broken; what can be mended is; what is chance is not."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.consensus import consensus
from showctl.analysis.room.devices import DEVICES, GENERIC, X32
from showctl.analysis.room.fit import LEAST, Fitted, Limits, fit, summed_boost
from showctl.analysis.room.grid import BANDS, GRID
from showctl.model import EqBand

FINE = np.geomspace(20, 20_000, 7001)  # Hz, between the points that are fitted and those that are checked
OCTAVES = np.log2(GRID / GRID[0])


def nasty(seed: int) -> np.ndarray:
    """Curves of one to six microphones: random walks, notches, loudspeakers without highs or lows, cliffs."""
    draw = np.random.default_rng(seed)
    mics = int(draw.integers(1, 7))
    common = np.cumsum(draw.normal(0, draw.uniform(0, 2.5), len(GRID)))
    curves = common + draw.normal(0, draw.uniform(0, 6), (mics, len(GRID)))
    for _ in range(int(draw.integers(0, 4))):
        width, depth = draw.uniform(0.02, 0.5), draw.uniform(-60, 20)
        curves = curves + depth * np.exp(-(((OCTAVES - draw.uniform(0, OCTAVES[-1])) / width) ** 2))
    low, high = draw.uniform(-2, 4), draw.uniform(5, 11)
    slopes = 24 * np.maximum(0, low - OCTAVES) + 24 * np.maximum(0, OCTAVES - high)
    return curves - slopes + draw.uniform(-80, 80)


def check(found: Fitted, device, limits: Limits, bands: int) -> None:
    assert len(found.bands) <= min(bands, device.bands)
    for band in found.bands:
        assert device.holds(band)
        assert abs(band.gain) >= LEAST
        assert limits.cut - 1e-9 <= band.gain <= limits.lift + 1e-9
        assert limits.wide - 1e-9 <= band.q <= limits.narrow + 1e-9
    assert found.boost == pytest.approx(cascade_db(found.bands, FINE).max(), abs=0.005)
    assert found.boost <= limits.boost + 0.1


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10**9),
    st.sampled_from(sorted(DEVICES)),
    st.integers(1, 12),
    st.builds(
        Limits,
        cut=st.floats(-12, -1),
        lift=st.floats(0, 12),
        narrow=st.floats(2, 10),
        wide=st.floats(0.3, 1.5),
        boost=st.floats(0, 6),
    ),
)
def test_no_limit_is_broken_whatever_the_curves(seed: int, name: str, bands: int, limits: Limits) -> None:
    try:
        found = fit(GRID, nasty(seed), device=DEVICES[name], bands=bands, limits=limits)
    except ValueError as error:
        refused = str(error)
    else:
        refused = ""
        check(found, DEVICES[name], limits, bands)
    assert not refused or "less than an octave" in refused


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**9), st.floats(-60, 60))
def test_level_and_order_of_the_microphones_change_nothing(seed: int, level: float) -> None:
    curves = nasty(seed)
    try:
        found = fit(GRID, curves).bands
    except ValueError:
        return
    assert fit(GRID, curves + level).bands == found
    assert fit(GRID, curves[::-1]).bands == found
    assert fit(GRID, curves).bands == found


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.builds(
            EqBand,
            kind=st.sampled_from(("peaking", "low_shelf", "high_shelf")),
            freq=st.floats(60, 10_000),
            gain=st.floats(1, 10),
            q=st.floats(0.5, 0.7),
        ),
        min_size=1,
        max_size=3,
    ),
    st.floats(500, 3000),
    st.floats(1, 3),
)
def test_a_room_that_is_an_equaliser_is_undone(shelves: list[EqBand], freq: float, q: float) -> None:
    room = [*shelves, EqBand("peaking", freq, 6.0, q)]
    found = fit(GRID, np.tile(cascade_db(room, GRID), (3, 1)))
    check(found, GENERIC, Limits(), 10)
    assert found.after < 0.3
    assert found.after < 0.15 * found.before + 0.1


def test_the_median_of_a_subwoofer_is_not_that_of_its_noise() -> None:
    noise = np.random.default_rng(2).normal(-60, 2, (3, len(GRID)))
    hump = cascade_db([EqBand("peaking", 70.0, 6.0, 2.0)], GRID)
    found = fit(GRID, np.where(GRID < 150, hump, noise))
    assert 140 < found.freqs[found.band].max() < 160
    assert found.after < 0.5


def test_a_room_without_faults_is_left_alone() -> None:
    found = fit(GRID, np.zeros((2, len(GRID))))
    assert found.bands == ()
    assert (found.boost, found.before, found.after) == (0, 0, 0)


def test_dips_are_not_filled_beyond_the_limit_but_may_be_within_it() -> None:
    dip = cascade_db([EqBand("peaking", 500.0, -8.0, 1.5)], GRID)[None]
    tight, loose = fit(GRID, dip), fit(GRID, dip, limits=Limits(lift=12, boost=9))
    check(tight, GENERIC, Limits(), 10)
    assert loose.after < 0.3
    assert loose.boost > 3


@pytest.mark.parametrize(("device", "bands"), [("generic", 10), ("x32", 6)])
@pytest.mark.parametrize("boost", [0.0, 6.0])
def test_the_limit_of_a_band_is_not_got_round_by_another_at_the_same_place(device: str, bands: int, boost: float) -> None:
    wave = 4 * np.sin(2 * np.pi * OCTAVES / 3)  # what a boost of 0 dB leaves room for
    dip = wave + cascade_db([EqBand("peaking", 100.0, -9.0, 4.0)], GRID)
    found = fit(GRID, dip[None], device=DEVICES[device], bands=bands, limits=Limits(boost=boost))
    lifting = [band for band in found.bands if band.gain > 0]
    assert lifting
    assert cascade_db(lifting, FINE).max() <= Limits().lift + 0.3


@pytest.mark.parametrize("seed", [3, 7, 8, 9])
def test_no_band_is_spent_on_what_another_at_its_place_could_do(seed: int) -> None:
    limits = Limits(boost=6)
    found = fit(GRID, nasty(seed), bands=16, limits=limits)
    for one, other in itertools.combinations(found.bands, 2):
        near = abs(np.log2(one.freq / other.freq)) < 0.4 / max(one.q, other.q) and abs(np.log2(one.q / other.q)) < 0.8
        together = one.gain + other.gain
        assert not (one.kind == other.kind and near and limits.cut <= together <= limits.lift), (one, other)


def test_what_the_seats_contradict_is_corrected_less_than_what_they_share() -> None:
    draw = np.random.default_rng(5)
    rough = draw.normal(0, 4, (6, len(GRID)))
    rough = np.array([np.convolve(one, np.ones(5) / 5, "same") for one in rough])
    apart, agreed = consensus(GRID, rough), consensus(GRID, np.tile(rough.mean(axis=0), (6, 1)))
    assert np.std(apart.common) < 0.7 * np.std(apart.mean)
    assert agreed.common[agreed.band] == pytest.approx(agreed.mean[agreed.band], abs=0.6)
    assert apart.weight.mean() < agreed.weight.mean()


def test_what_is_not_trusted_is_not_acted_upon() -> None:
    curves = np.tile(cascade_db([EqBand("peaking", 200.0, 9.0, 1.0), EqBand("peaking", 5000.0, 9.0, 1.0)], BANDS), (4, 1))
    trust = np.ones(curves.shape)
    trust[:, BANDS > 1500] = 0
    curves[:, BANDS > 1500] = np.nan  # where nothing is trusted, nothing need be known
    found = fit(BANDS, curves, trust=trust)
    level = cascade_db(found.bands, np.array([200.0, 1400.0, 5000.0]))
    assert level[0] - level[1] == pytest.approx(-8.5, abs=1)
    assert abs(level[2] - level[1]) < 1.5
    assert not found.band[found.freqs > 1600].any()


def test_what_lies_beyond_an_untrusted_stretch_is_mended_as_well() -> None:
    curves = np.tile(cascade_db([EqBand("peaking", 120.0, 9.0, 1.0), EqBand("peaking", 5000.0, 9.0, 1.0)], GRID), (4, 1))
    trust = np.ones(curves.shape)
    trust[:, (GRID > 250) & (GRID < 2500)] = 0
    level = cascade_db(fit(GRID, curves, trust=trust).bands, np.array([45.0, 120.0, 5000.0, 15_000.0]))
    assert level[1] - level[0] == pytest.approx(-8, abs=1.5)
    assert level[2] - level[3] == pytest.approx(-8, abs=1.5)


def test_a_standing_equaliser_stays_where_nothing_is_trusted() -> None:
    standing = (EqBand("peaking", 100.0, -6.0, 2.0), EqBand("peaking", 1000.0, -2.0, 1.0), EqBand("peaking", 8000.0, -3.0, 1.0))
    room = [EqBand("peaking", 1000.0, 6.0, 1.0)]
    curves = np.tile(cascade_db(room, GRID), (3, 1))
    trust = np.tile(((GRID > 300) & (GRID < 4000)).astype(float), (3, 1))
    found = fit(GRID, curves, trust=trust, standing=standing)
    level = cascade_db(found.bands, np.array([45.0, 100.0, 1000.0, 3900.0]))
    assert level[1] - level[0] == pytest.approx(-6, abs=0.8)
    assert level[2] - level[3] == pytest.approx(-5.5, abs=1)


def test_one_bad_microphone_counts_as_little_as_it_is_trusted() -> None:
    good = cascade_db([EqBand("peaking", 500.0, 6.0, 1.0)], GRID)
    curves = np.array([good, good, good + 20 * np.sin(OCTAVES)])
    trust = np.array([np.ones(len(GRID))] * 2 + [np.full(len(GRID), 0.01)])
    assert fit(GRID, curves, trust=trust).after < 0.5


def test_a_standing_equaliser_is_moved_not_replaced() -> None:
    draw = np.random.default_rng(3)
    walk = np.convolve(np.cumsum(draw.normal(0, 1, len(GRID))), np.ones(9) / 9, "same")[None]
    first = fit(GRID, walk, device=X32, bands=6)
    bump = 1.5 * np.exp(-(((OCTAVES - 5) / 0.5) ** 2))
    then = fit(GRID, walk + bump, device=X32, bands=6, standing=first.bands)
    check(then, X32, Limits(), 6)
    assert len(then.bands) == len(first.bands)
    for old, new in zip(first.bands, then.bands):
        assert abs(np.log2(new.freq / old.freq)) < 1
    assert then.after <= fit(GRID, walk + bump, device=X32, bands=6).after + 0.5


@pytest.mark.parametrize(("low", "high", "stays"), [(3.0, 5.0, True), (1.0, 7.0, False)])
def test_a_standing_equaliser_is_given_up_only_where_another_is_far_better(low: float, high: float, stays: bool) -> None:
    standing = (EqBand("peaking", 200.0, -6.0, 1.0),)
    curve = cascade_db([EqBand("peaking", 200.0, low, 1.0), EqBand("peaking", 4000.0, high, 1.0)], GRID)[None]
    (band,) = fit(GRID, curve, bands=1, standing=standing).bands
    assert (band.freq < 400) == stays
    (band,) = fit(GRID, curve, bands=1).bands
    assert band.freq > 2000


def test_the_summed_boost_is_found_between_the_points() -> None:
    sharp = [EqBand("peaking", 20 * 2 ** ((k + 0.5) / 96), 3.0, 8.0) for k in range(0, 900, 150)]
    assert summed_boost(sharp) == pytest.approx(cascade_db(sharp, np.geomspace(20, 20_000, 200_001)).max(), abs=1e-3)


@pytest.mark.parametrize(
    ("freqs", "curves", "trust", "said"),
    [
        (GRID, np.full((1, len(GRID)), np.nan), None, "microphone 1 has no level at 40 Hz"),
        (GRID, np.where(GRID > 999, np.inf, 0.0), None, "has no level at 10"),
        (GRID, np.zeros((2, 5)), None, "do not fit each other"),
        (GRID[::-1], np.zeros((1, len(GRID))), None, "must rise"),
        (GRID, np.zeros((1, len(GRID))), np.full((1, len(GRID)), 2.0), "within 0..1"),
        (GRID, np.zeros((1, len(GRID))), np.zeros((1, len(GRID))), "less than an octave"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(freqs, curves, trust, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fit(freqs, curves, trust=trust)


@pytest.mark.parametrize("change", [{"cut": 1.0}, {"lift": -1.0}, {"wide": 9.0}, {"boost": -1.0}, {"boost": float("nan")}])
def test_limits_that_contradict_each_other_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="contradict"):
        dataclasses.replace(Limits(), **change)
