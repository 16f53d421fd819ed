"""The recogniser's parts by themselves: following, features, logistic regression, the tail, the shipped motion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.gesture.classifier import fit
from showctl.analysis.gesture.corpus import has_gravity, shipped, without_gravity
from showctl.analysis.gesture.features import FEATURES, binned, described
from showctl.analysis.gesture.hypotheses import HOP, Hypotheses, followed, mended, share_lost
from showctl.analysis.gesture.likeness import SKIP, drawn, warped
from showctl.analysis.gesture.rehearsal import HOLE_EVERY, HOLES, torn
from showctl.analysis.gesture.segment import moving_part
from showctl.analysis.gesture.threshold import Tail, peaks
from showctl.analysis.gesture.warping import STAY, Bank, Follower
from tests.analysis.gesture.motions import gesture


def slow_path(example: np.ndarray, stream: np.ndarray) -> float:
    """The cheapest path to the end of an example that ends with the stream, by trying all: state by state, frame by frame."""
    apart = ((example[:, None] - stream[None]) ** 2).sum(2)
    best = np.full(apart.shape, np.inf)
    for t in range(len(stream)):
        for i in range(len(example)):
            ways = [apart[i, t]] if i < 2 else []
            if t:
                ways.append(best[i, t - 1] + STAY * apart[i, t])
                if i > 0:
                    ways.append(best[i - 1, t - 1] + apart[i, t])
                if i > 1:
                    ways.append(best[i - 2, t - 1] + apart[i, t] + apart[i - 1, t])
            best[i, t] = min(ways, default=np.inf)
    return float(best[-1, -1] / len(example))


@given(st.integers(0, 10**6), st.integers(3, 9), st.integers(6, 20))
@settings(max_examples=30, deadline=None)
def test_the_follower_finds_the_cheapest_path(seed: int, size: int, length: int) -> None:
    draw = np.random.default_rng(seed)
    examples = [draw.normal(size=(n, 6)).astype(np.float32) for n in (size, size + 3)]
    stream = draw.normal(size=(length, 6)).astype(np.float32)
    follower = Follower(Bank.of(examples))
    for frame in stream:
        cost, _ = follower.step(frame[None])
    wanted = [slow_path(example, stream) for example in examples]
    assert cost[0] == pytest.approx(wanted, rel=1e-3, abs=1e-3)


def test_side_by_side_a_hole_costs_the_same_as_alone() -> None:
    draw = np.random.default_rng(2)
    bank = Bank.of([draw.normal(size=(n, 6)).astype(np.float32) for n in (7, 9)])
    stream, lost = draw.normal(size=(1000, 6)).astype(np.float32), draw.random(1000) < 0.2
    lost[500:520] = False
    price = np.array([0.3, 0.5], np.float32)
    cost, begin = followed(bank, stream, 2, lost, price)
    follower = Follower(bank, 1, price)
    alone = [follower.step(frame[None], bool(gone)) for frame, gone in zip(stream[500:], lost[500:], strict=True)]
    assert np.allclose(cost[500:], np.concatenate([one for one, _ in alone]), rtol=1e-4)
    assert (begin[510:] == np.concatenate([one for _, one in alone])[10:] + 500).all()
    assert not np.allclose(cost, followed(bank, stream, 2)[0])


def test_what_is_lost_of_a_stretch_is_what_its_example_does() -> None:
    example = np.arange(60, dtype=np.float32).reshape(10, 6)
    motion = np.repeat(np.vstack([np.full((20, 6), -1, np.float32), example, np.full((5, 6), -2, np.float32)]), HOP, 0)
    lost = np.zeros(len(motion), np.bool_)
    lost[46:54] = True
    torn_motion = np.where(lost[:, None], np.float32(99), motion)
    none = np.array([0])
    some = Hypotheses(np.array([129]), none, none, np.array([120]), np.zeros((1, 1)))
    assert share_lost(lost, some, 100) == pytest.approx([0.4])
    pieces, there = mended(torn_motion, lost, some, Bank.of([example]), 100)
    begin, end = int(there.begin[0]) * HOP, (int(there.frame[0]) + 1) * HOP
    assert end - begin == 20
    assert pieces[:begin] == pytest.approx(motion[30:40])
    assert pieces[begin:end].reshape(10, HOP, 6).mean(1) == pytest.approx(example)


def test_holes_are_bridged_by_straight_lines_and_known() -> None:
    motion = np.arange(6000, dtype=float)[:, None] * np.arange(1.0, 7.0)
    damaged, lost = torn(motion, np.random.default_rng(3))
    assert damaged == pytest.approx(motion)
    edges = np.flatnonzero(np.diff(lost.astype(int)))
    sizes, apart = edges[1::2] - edges[::2], edges[2::2] - edges[1:-1:2]
    assert HOLES[0] <= sizes.min() <= sizes.max() < HOLES[1]
    assert HOLE_EVERY[0] <= apart.min() <= apart.max() < HOLE_EVERY[1]


def test_an_example_in_a_stream_costs_nothing_and_its_begin_is_known() -> None:
    draw = np.random.default_rng(1)
    example = draw.normal(size=(12, 6)).astype(np.float32)
    stream = np.vstack([draw.normal(size=(30, 6)), example, draw.normal(size=(9, 6))]).astype(np.float32)
    cost, begin = followed(Bank.of([example]), stream, 1)
    assert int(cost[:, 0].argmin()) == 41
    assert cost[41, 0] == pytest.approx(0, abs=1e-4)
    assert begin[41, 0] == 30


def test_lanes_see_what_one_stream_does_but_for_the_cuts() -> None:
    draw = np.random.default_rng(2)
    bank = Bank.of([draw.normal(size=(n, 6)).astype(np.float32) for n in (8, 12)])
    stream = draw.normal(size=(2000, 6)).astype(np.float32)
    one, many = followed(bank, stream, 1), followed(bank, stream, 4)
    same = np.abs(one[0] - many[0]).max(1) < 1e-3
    assert same.mean() > 0.9
    assert (one[1] == many[1])[same].mean() > 0.99


@given(st.integers(0, 10**6), st.integers(10, 200), st.floats(0.5, 2))
@settings(max_examples=30, deadline=None)
def test_bins_are_means_whatever_their_length(seed: int, length: int, factor: float) -> None:
    motion = np.random.default_rng(seed).normal(size=(300, 6))
    whole = binned(motion, np.array([50]), np.array([50 + length]))
    assert whole[0].mean(0) == pytest.approx(motion[50 : 50 + length].mean(0), abs=1e-9)
    assert binned(motion * factor, np.array([50]), np.array([50 + length])) == pytest.approx(whole * factor)


def test_features_of_one_stretch_do_not_hang_on_the_others() -> None:
    motion = np.random.default_rng(3).normal(size=(400, 6)).astype(np.float32)
    begins, ends = np.array([20, 0, 200]), np.array([60, 30, 399])
    together = described(motion, begins, ends)
    assert together.shape == (3, FEATURES)
    for n in range(3):
        assert described(motion, begins[n : n + 1], ends[n : n + 1])[0] == pytest.approx(together[n], abs=1e-6)


def test_logistic_regression_finds_what_made_the_data() -> None:
    draw = np.random.default_rng(4)
    x = draw.normal(size=(4000, 3))
    true = np.array([[0, 2.0, -1.0], [0, -1.0, 1.5], [0, 0.5, 0.0], [0, 0.3, -0.4]])
    logits = x @ true[:3] + true[3]
    drawn = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).cumsum(1) > draw.random((4000, 1))
    classes = drawn.argmax(1)
    of = fit(x, classes, np.ones(4000), 3, 1e-6, 100)
    found = of.weights * np.append(of.scale, 1)[:, None]
    found = found[:3] - found[:3, :1]
    assert found == pytest.approx(true[:3], abs=0.25)
    assert np.exp(of.scores(x)).sum(1) == pytest.approx(np.ones(4000), abs=1e-6)


def test_what_is_trusted_less_is_believed_less() -> None:
    draw = np.random.default_rng(11)
    classes = np.arange(400) % 2
    x = draw.normal(size=(400, 2)) + classes[:, None]  # both tell as much
    of = fit(x, classes, np.ones(400), 2, 1e-2, 100, np.array([1.0, 0.1]))
    told = np.abs((of.weights[:2, 1] - of.weights[:2, 0]) * of.scale)
    assert told[1] < told[0] / 4


@given(st.floats(0.5, 2), st.floats(1, 20))
@settings(max_examples=25, deadline=None)
def test_the_tail_of_an_exponential_is_found(fall: float, hours: float) -> None:
    scores = np.random.default_rng(5).exponential(fall, 2000) - 3
    tail = Tail.of(scores, hours)
    wanted = -3 + fall * np.log(2000 / hours / 1.0)
    assert tail.rate(wanted) == pytest.approx(1.0, rel=1.5)
    assert tail.rate(wanted) > tail.rate(wanted + 1)


def test_below_the_tail_what_is_there_is_counted() -> None:
    tail = Tail.of(np.arange(100.0), 10.0)
    assert tail.rate(49.5) == pytest.approx(5.0)
    assert tail.rate(tail.level - 1e-9) == pytest.approx(tail.rate(tail.level), abs=0.11)


def test_one_score_far_out_makes_no_long_tail() -> None:
    near = np.random.default_rng(8).exponential(0.9, 300)
    far = np.append(near, near.max() + 20)
    assert Tail.of(far, 1.0).fall < Tail.of(near, 1.0).fall + 1


def cheapest_warp(some: np.ndarray, example: np.ndarray) -> float:
    """The same as `warped`, one step at a time, each path by itself."""
    apart = ((some[:, None] - example[None]) ** 2).sum(2)
    best = np.full(apart.shape, np.inf)
    best[0, :2] = apart[0, :2]
    for t in range(1, len(some)):
        for i in range(len(example)):
            ways = [best[t - 1, i]]
            if i > 0:
                ways.append(best[t - 1, i - 1])
            if i > 1:
                ways.append(best[t - 1, i - 2] + SKIP * apart[t, i - 1])
            best[t, i] = min(ways) + apart[t, i]
    return float(best[-1, -2:].min() / len(some))


def test_the_warping_takes_the_cheapest_path() -> None:
    draw = np.random.default_rng(9)
    some, examples = (draw.normal(0, 1, (count, 16, 3)).astype(np.float32) for count in (4, 3))
    wanted = [[cheapest_warp(one, example) for example in examples] for one in some]
    assert warped(some, examples) == pytest.approx(np.array(wanted), rel=1e-4)


def test_larger_slower_and_uneven_is_still_the_same_gesture() -> None:
    draw = np.random.default_rng(10)
    vee, twist = gesture("vee", draw), gesture("twist", draw)
    at = np.linspace(0, 1, 150) ** 1.2 * (len(vee) - 1)
    other = np.stack([np.interp(at, np.arange(len(vee)), axis) for axis in vee.T], 1) * [1, 1, 1, 1.4, 1.4, 1.4]
    seen = [drawn(one / ([1.0] * 3 + [150.0] * 3), np.array([0]), np.array([len(one)])) for one in (vee, twist, other)]
    to_vee, to_twist = warped(seen[2], np.concatenate(seen[:2]))[0]
    assert to_vee < to_twist / 3


def test_peaks_are_apart_and_the_highest() -> None:
    frame, score = np.array([0, 50, 100, 2500, 3000, 5000]), np.array([1.0, 3.0, 2.0, 0.0, 5.0, -1.0])
    assert peaks(frame, score).tolist() == [4, 1, 5]


def test_the_moving_part_is_the_gesture() -> None:
    done = gesture("vee", np.random.default_rng(6))
    part = moving_part(done)
    assert 20 <= part.start <= 35
    assert len(done) - 35 <= part.stop <= len(done) - 20


def test_a_short_movement_gets_room_but_no_more_than_there_is() -> None:
    flick, long = np.full((12, 6), 200.0), np.full((60, 6), 200.0)
    rests = np.zeros((30, 6))
    assert moving_part(np.vstack([rests, flick, rests])) == slice(30 - 2 - 5, 42 + 2 + 5)
    assert moving_part(np.vstack([rests[:4], flick, rests[:1]])) == slice(0, 17)
    assert moving_part(np.vstack([rests, long, rests])) == slice(28, 92)


def test_shipped_motion_is_whole_and_has_gravity() -> None:
    people = shipped()
    hours = sum(len(motion) for person in people.values() for motion in person) / 50 / 3600
    assert len(people) == 19
    assert hours == pytest.approx(1.38, abs=0.01)
    for person in people.values():
        for motion in person:
            assert np.abs(motion[:, :3]).max() < 20
            assert np.abs(motion[:, 3:]).max() < 2500
    one = people["geotec:s01"][0]
    assert has_gravity(one)
    assert not has_gravity(without_gravity(one))
