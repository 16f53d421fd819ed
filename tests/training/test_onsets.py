"""What the small net for strokes is taught, and how it is judged."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training composes with scipy, which showctl does not need: it comes with `make bench`")

from showctl.analysis.hearing.onsets import INPUTS, KINDS, Net
from training import onsets
from training.onsets import Example


def example(hops: int, **strokes: list[float]) -> Example:
    every = np.sort(np.concatenate([np.zeros(0), *map(np.array, strokes.values())]))
    times = tuple(np.array(strokes.get(kind, []), np.float64) for kind in KINDS[1:])
    return Example("made up", np.zeros((hops, INPUTS), np.float16), (every, *times))


def test_a_stroke_is_wanted_in_the_hops_after_it_and_later_hops_do_not_count() -> None:
    yes, weight = onsets.wanted(example(12, kick=[0.035]))
    assert np.flatnonzero(yes[:, 1]).tolist() == [3, 4, 5]
    assert np.flatnonzero(weight[:, 1] == 0).tolist() == [6, 7]
    assert (yes[:, 0] == yes[:, 1]).all()
    assert not yes[:, 2:].any()
    assert (weight[:, 2:] == 1).all()


def test_of_strokes_close_to_each_other_the_later_is_wanted_as_well() -> None:
    yes, weight = onsets.wanted(example(12, hat=[0.01, 0.04]))
    assert np.flatnonzero(yes[:, 3]).tolist() == [1, 2, 3, 4, 5, 6]
    assert weight[5, 3] == 0.6


def test_marks_and_latency() -> None:
    strokes = np.array([1.0, 1.01, 2.0, 3.0])  # the second is one with the first
    f, precision, recall, late = onsets.score(strokes, np.array([1.02, 2.015, 2.5]))
    assert (f, precision, recall) == pytest.approx((2 * 2 / 6, 2 / 3, 2 / 3))
    assert late == pytest.approx([0.02, 0.015])


def test_bare_strokes_follow_from_their_seed() -> None:
    first, again = onsets.bare(16), onsets.bare(16)
    assert (first.audio == again.audio).all()
    assert np.isfinite(first.audio).all()
    assert np.abs(first.audio).max() <= 1
    assert sum(len(times) for times in first.hits.values()) > 5


@pytest.mark.slow
def test_it_learns_what_is_there_to_be_learned() -> None:
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.1, 0.4, 60))
    taught = example(int(times[-1] * 100) + 20, kick=times.tolist())
    yes, _ = onsets.wanted(taught)
    taught.views[:] = rng.normal(0, 0.1, taught.views.shape)
    taught.views[:, :5] += (2 * yes[:, 1:2]).astype(np.float16)
    net = onsets.learn([taught], hidden=4, rounds=60, batch=128)
    assert isinstance(net, Net)
    f, *_ = onsets.score(taught.strokes[1], onsets.told(onsets.likely(net, taught), 1))
    assert f > 0.95
