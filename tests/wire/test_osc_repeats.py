"""A trigger that is sent three times fires once; two presses are two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.wire import osc_repeats as module
from showctl.wire.osc import Message, Value, decode, encode
from showctl.wire.osc_dictionary import running_number
from showctl.wire.osc_repeats import Repeats


def message(address: str, *values: Value, timetag: int = 1) -> Message:
    [one] = decode(encode(address, *values))
    return Message(one.address, one.arguments, one.tags, timetag)


@pytest.mark.parametrize(
    ("address", "values", "number"),
    [
        ("/showctl/go", (), None),
        ("/showctl/go", (1,), None),  # a button
        ("/showctl/go", (0,), None),
        ("/showctl/go", (4711,), 4711),
        ("/showctl/go", (1.0, 4711), 4711),
        ("/showctl/go", (1, 1), 1),
        ("/showctl/go", (1.0, 4711.0), None),  # the second of two axes
        ("/showctl/go", (True, False), None),
        ("/showctl/list/probe/go", (2,), 2),
        ("/showctl/track/play/song", (7,), 7),
        ("/showctl/track/play/song/bar", (7,), 7),
        ("/showctl/track/next/beat", (7,), 7),
        ("/showctl/gesture/arm/anna", (7,), 7),
        ("/showctl/gesture/arm/anna", (1,), None),
        ("/", (7,), None),
        ("/showctl", (7,), None),
        ("/showctl/track/loop", (1, 7), None),
        ("/showctl/track/loop", (1, 7, 9), 9),
        ("/showctl/goto", (17,), None),  # a cue
        ("/showctl/goto", (17, 9), 9),
        ("/showctl/goto", ("17", 9), 9),
        ("/showctl/rate", (2,), None),
        ("/showctl/beat/nudge", (25,), None),
        ("/showctl/identify", ("par.1", 1), None),
        ("/showctl/identify", ("par.1", 1, 8), 8),
        ("/showctl/sub/front", (0.5, 3), 3),
    ],
)
def test_what_is_a_running_number(address: str, values: tuple[Value, ...], number: int | None) -> None:
    assert running_number(message(address, *values)) == number


def fired(repeats: Repeats, one: Message, times: list[float], host: str = "10.0.0.7") -> list[float]:
    return [time for time in times if not repeats.again(one, running_number(one), host, time)]


def test_three_times_with_a_number_is_once() -> None:
    repeats = Repeats()
    assert fired(repeats, message("/showctl/go", 1, 5), [0.0, 0.015, 0.04]) == [0.0]
    assert fired(repeats, message("/showctl/go", 1, 6), [0.05, 0.065, 0.09]) == [0.05]
    assert fired(repeats, message("/showctl/back", 1, 6), [0.05]) == [0.05]
    assert fired(repeats, message("/showctl/go", 1, 6), [0.06], "10.0.0.8") == [0.06]
    assert fired(repeats, message("/showctl/go", 1, 5), [0.26, 0.3, 1.9]) == []  # held up by Wi-Fi, or asked again
    assert fired(repeats, message("/showctl/go", 1, 5), [2.1, 2.2]) == [2.1]


def test_a_number_alone_may_be_how_hard_a_pad_was_hit() -> None:
    assert fired(Repeats(), message("/showctl/tap", 127), [0.0, 0.015, 0.04, 0.45, 0.9]) == [0.0, 0.45, 0.9]


def test_two_presses_of_a_button_are_two() -> None:
    assert fired(Repeats(), message("/showctl/go", 1), [0.0, 0.1, 0.1]) == [0.0, 0.1, 0.1]
    assert fired(Repeats(), message("/showctl/go"), [0.0, 0.1]) == [0.0, 0.1]


def test_what_a_network_doubles_has_the_same_time_tag() -> None:
    repeats = Repeats()
    assert fired(repeats, message("/showctl/go", timetag=1 << 40), [0.0, 0.001]) == [0.0]
    assert fired(repeats, message("/showctl/go", timetag=2 << 40), [0.002]) == [0.002]
    numbered = [message("/showctl/go", 1, 5, timetag=tag << 40) for tag in (5, 6, 7)]  # each repeat in a bundle of its own time
    assert [repeats.again(one, 5, "10.0.0.7", n / 50) for n, one in enumerate(numbered)] == [False, True, True]


def test_a_fader_that_goes_back_is_no_repeat_of_another_level() -> None:
    repeats = Repeats()
    levels = [(0.5, 1), (0.6, 2), (0.5, 1), (0.6, 2), (0.5, 3)]
    again = [repeats.again(message("/showctl/gm", *one), one[1], "10.0.0.7", n / 100) for n, one in enumerate(levels)]
    assert again == [False, False, True, True, False]


def test_what_came_to_nothing_may_come_again() -> None:
    repeats, one = Repeats(), message("/showctl/go", 1, 5)
    assert not repeats.again(one, 5, "10.0.0.7", 0.0)
    repeats.forget(one, 5, "10.0.0.7")
    assert not repeats.again(one, 5, "10.0.0.7", 0.015)


VALUES = st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.floats(width=32) | st.binary(max_size=8)
MESSAGES = st.builds(
    message,
    st.sampled_from(["/showctl/go", "/showctl/gm", "/showctl/identify", "/showctl/track/play/x", "/showctl/"]),
    *[VALUES] * 2,
    timetag=st.integers(0, 2**64 - 1),
)


@given(st.lists(st.tuples(MESSAGES, st.floats(0.0, 0.3)), max_size=60))
def test_nothing_acts_twice_within_its_time_and_nothing_waits_longer(sent: list[tuple[Message, float]]) -> None:
    repeats, now, acted = Repeats(), 0.0, dict[object, float]()
    for one, step in sent:
        now += step
        number = running_number(one)
        again = repeats.again(one, number, "10.0.0.7", now)
        key = (one.address, one.tags, one.arguments, number is None and one.timetag)
        counted = number is not None or one.timetag > 1
        within = module.COUNTED_S if number is not None and len(one.arguments) > 1 else module.WITHIN_S
        if not counted or key not in acted or now - acted[key] >= within:
            assert not again or "nan" in repr(one.arguments)
            acted[key] = now
        else:
            assert again or "nan" in repr(one.arguments)


def test_a_flood_of_numbers_takes_no_memory() -> None:
    repeats = Repeats()
    for n in range(10_000):
        assert not repeats.again(message("/showctl/go", "x" * 100, n), n, "10.0.0.7", n / 1e6)
    assert len(repeats._seen) == module.MOST
