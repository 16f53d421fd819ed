"""When a sound device counts as gone."""

from hypothesis import given
from hypothesis import strategies as st

from showctl.sound.pulse import DEAD_S, Pulse
from showctl.watched import LOOK_S


class Clock:
    now = 50.0

    def __call__(self):
        return self.now


def looked(pulse, clock, gaps):
    """What each look says, `gaps` seconds apart."""
    said = []
    for gap in gaps:
        clock.now += gap
        said.append(pulse.gone())
    return said


def test_a_device_that_no_longer_calls_is_gone():
    clock = Clock()
    pulse = Pulse(clock)
    pulse.beat()
    pulse.gone()
    assert looked(pulse, clock, [0.125] * 25) == [False] * 24 + [True]


def test_one_that_stands_still_is_told_long_before_it_is_gone_and_is_well_with_its_next_call():
    clock = Clock()
    pulse = Pulse(clock)
    stood = []
    for _ in range(6):
        looked(pulse, clock, [0.125])
        stood.append(pulse.stands)
    assert stood == [False] * 4 + [True] * 2
    pulse.beat()
    assert looked(pulse, clock, [0.125]) == [False]
    assert not pulse.stands


def test_a_machine_that_stood_still_is_no_device_that_went():
    clock = Clock()
    pulse = Pulse(clock)
    assert looked(pulse, clock, [3600.0, 0.02]) == [False, False]
    pulse.beat()
    assert looked(pulse, clock, [3600.0] * 3) == [False] * 3


@given(st.lists(st.floats(0.0, 5.0), max_size=50))
def test_while_it_calls_it_is_never_gone_and_without_a_call_only_watching_counts(gaps):
    clock = Clock()
    calls, silent = Pulse(clock), Pulse(clock)
    watched = 0.0
    for gap in gaps:
        clock.now += gap
        calls.beat()
        assert not calls.gone()
        watched += min(gap, LOOK_S)
        said = silent.gone()
        if abs(watched - DEAD_S) > 1e-6:
            assert said == (watched > DEAD_S)
