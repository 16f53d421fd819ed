"""When packets leave, in virtual time: the laws of 6.6 under every pattern of changes, early frames and late wake-ups."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.wire.e131_stream import MOST_A_SECOND, PERIOD, REPEATS, SECOND, Streams

MS = 1_000_000


class Output:
    """A grid without a clock: what the output process does with Streams, in virtual time."""

    def __init__(self, universes=1):
        self.streams = Streams(universes)
        self.deadline, self.packets = PERIOD, [[] for _ in range(universes)]

    def send(self, mask, now):
        which = np.flatnonzero(mask)
        self.streams.sent(which, now)
        for one in which:
            self.packets[one].append(now)

    def frame(self, late=0):
        """Serve the deadline, woken `late` ns after it."""
        now = self.deadline + late
        if late <= PERIOD // 2:
            which, wait = self.streams.due(now)
            if 0 < wait <= self.deadline + PERIOD // 2 - now:
                now += wait
                which, _ = self.streams.due(now)
            self.send(which, now)
        self.deadline += PERIOD
        return now

    def early(self, now):
        if 0 < (wait := self.streams.early_wait(now)) < self.deadline - now:
            now += wait
        mask = self.streams.early(now)
        if mask.any():
            still = not self.streams.streaming(now)
            self.send(mask, now)
            if still:
                self.deadline = now + PERIOD
        return now


def intervals(times):
    return [b - a for a, b in itertools.pairwise(times)]


def test_a_universe_that_never_had_a_frame_is_not_sent():
    output = Output()
    for _ in range(100):
        output.frame()
    assert output.packets == [[]]


def test_a_change_its_repeats_then_keep_alive():
    output = Output()
    output.streams.changed(np.array([True]))
    for _ in range(200):
        output.frame()
    gaps = intervals(output.packets[0])
    assert REPEATS >= 3  # 6.6.2
    assert gaps[:REPEATS] == [PERIOD] * REPEATS
    assert len(gaps) >= REPEATS + 3
    assert all(800 * MS <= gap <= 1000 * MS for gap in gaps[REPEATS:])


def test_a_changing_universe_leaves_with_every_frame():
    output = Output()
    for _ in range(500):
        output.streams.changed(np.array([True]))
        output.frame()
    assert intervals(output.packets[0]) == [PERIOD] * 499


def test_an_early_frame_leaves_at_once_and_the_grid_starts_anew():
    output = Output()
    output.streams.changed(np.array([True]))
    for _ in range(REPEATS + 7):
        output.frame()
    now = output.deadline - PERIOD // 3
    output.streams.changed(np.array([True]))
    output.early(now)
    for _ in range(3):
        output.frame()
    assert output.packets[0][1 + REPEATS :] == [now, now + PERIOD, now + 2 * PERIOD, now + 3 * PERIOD]


@given(st.integers(0, PERIOD - 1))
def test_a_keep_alive_holds_up_an_early_frame_by_half_a_period_at_most(x):
    output = Output()
    output.streams.changed(np.array([True]))
    while len(output.packets[0]) < REPEATS + 3:
        output.frame()
    kept = output.packets[0][-1]
    assert kept - output.packets[0][-2] >= 800 * MS
    output.streams.changed(np.array([True]))
    output.early(kept + x)
    left = output.packets[0][-1]
    assert left == max(kept + x, kept + PERIOD // 2)
    output.frame()
    assert output.packets[0][-1] == left + PERIOD  # the grid starts anew


def test_an_early_frame_never_disturbs_a_stream_that_runs():
    output = Output(2)
    for step in range(200):
        output.streams.changed(np.array([True, step == 100]))
        if step == 100:
            output.early(output.deadline - PERIOD // 3)
        output.frame()
    assert set(intervals(output.packets[0])) == {PERIOD}
    early, *repeats = output.packets[1][:4]
    assert intervals([early, *repeats]) == [PERIOD // 3 + PERIOD, PERIOD, PERIOD]  # joins the grid, no nearer than half a period


def test_an_early_change_of_a_stream_that_runs_waits_for_its_deadline():
    output = Output()
    for _ in range(10):
        output.streams.changed(np.array([True]))
        output.frame()
    output.streams.changed(np.array([True]))
    assert not output.streams.early(output.deadline - 5 * MS).any()


def test_late_by_less_than_half_a_period_is_echoed_not_left_out():
    output = Output()
    for step in range(300):
        output.streams.changed(np.array([True]))
        output.frame(late=10 * MS if step == 100 else 0)
    times = output.packets[0]
    assert len(times) == 300
    assert max(intervals(times)) <= PERIOD + 10 * MS
    assert all(b - a >= SECOND for a, b in zip(times, times[MOST_A_SECOND:], strict=False))


steps = st.lists(
    st.tuples(st.sampled_from(["frame", "frame", "frame", "early"]), st.integers(0, 30 * MS), st.integers(0, 7)),
    min_size=120,
    max_size=250,
)


@pytest.mark.slow
@given(steps)
def test_no_pattern_of_frames_breaks_the_rate(pattern):
    output, now = Output(3), 0
    for what, x, which in pattern:
        output.streams.changed(np.array([bool(which & 1), bool(which & 2), bool(which & 4)]))
        if what == "early":
            now = max(now, output.deadline - PERIOD) + x % PERIOD
            if now < output.deadline:
                now = output.early(now)
        else:
            now = output.frame(late=x if x % 3 == 0 else x % MS)
    for times in output.packets:
        assert all(gap >= PERIOD // 2 for gap in intervals(times))
        assert all(b - a >= SECOND for a, b in zip(times, times[MOST_A_SECOND:], strict=False))


@given(st.lists(st.integers(0, 3 * MS), min_size=100, max_size=300))
def test_on_a_machine_that_is_a_little_late_no_frame_is_left_out(lates):
    output = Output()
    for late in lates:
        output.streams.changed(np.array([True]))
        output.frame(late)
    assert len(output.packets[0]) == len(lates)


@given(st.lists(st.booleans(), min_size=50, max_size=300))
def test_nothing_is_forgotten_and_nothing_is_silent(changes):
    """The latest content is sent, at the deadline after it; and no gap is longer than a second."""
    output = Output()
    output.streams.changed(np.array([True]))
    for change in changes:
        if change:
            output.streams.changed(np.array([True]))
        now = output.frame()
        assert not change or output.packets[0][-1] == now
    assert all(gap <= SECOND for gap in intervals(output.packets[0]))


def test_carry_keeps_what_was_sent():
    old, new = Streams(2), Streams(2)
    old.changed(np.array([True, False]))
    old.sent(np.array([0]), SECOND)
    new.carry(old, [(1, 0)])
    assert new.known.tolist() == [False, True]
    assert not new.due(SECOND + MS)[0].any()
    assert new.due(SECOND + PERIOD)[0].tolist() == [False, True]
