"""The queue between two steps: bounded, refusing loudly, and never losing what ends something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import (
    Blackout,
    Check,
    ControlEvent,
    Disarm,
    Flash,
    Go,
    Identify,
    LetGo,
    PauseTrack,
    Reading,
    Release,
    SetMaster,
    StayTrack,
    StopAll,
    StopTrack,
)
from showctl.waiting import Waiting, ended_by, let_go

ENDS: list[ControlEvent] = [
    StopAll(time=1.0),
    StopTrack(time=1.0),
    PauseTrack(time=1.0),
    StayTrack(time=1.0),
    Blackout(time=1.0, on=True),
    Check(time=1.0, step=0),
    LetGo(time=1.0),
    Release(time=1.0, list="main"),
    Flash(time=1.0, submaster="front", on=False),
    Flash(time=1.0, submaster="back", on=False),
    Identify(time=1.0, fixture="par", on=False),
    Disarm(time=1.0),
    Disarm(time=1.0, performer="anna"),
]
ELSE: list[ControlEvent] = [
    Go(time=1.0),
    Blackout(time=1.0, on=False),
    Check(time=1.0, step=1),
    LetGo(time=1.0, keys=("par/red",)),
    Flash(time=1.0, submaster="front", on=True),
    Identify(time=1.0, fixture="par", on=True),
    SetMaster(time=1.0, level=0.0),
]


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_something_is_kept_where_nothing_more_is_taken_and_comes_behind_all_that_came_before(end: ControlEvent) -> None:
    waiting = Waiting(2, ended_by)
    goes = [Go(time=0.1), Go(time=0.2), Go(time=0.3)]
    assert [waiting.put(one) for one in goes] == [True, True, False]
    assert waiting.put(end)
    assert waiting.take() == (*goes[:2], end)
    assert waiting.take() == ()


@pytest.mark.parametrize("other", ELSE)
def test_all_else_is_refused(other: ControlEvent) -> None:
    waiting = Waiting(0, ended_by)
    assert not waiting.put(other)
    assert waiting.take() == ()


def test_what_is_to_be_ended_has_one_place_however_often_that_is_said() -> None:
    waiting = Waiting(0, ended_by)
    assert all(waiting.put(one) for _ in range(100) for one in ENDS)
    assert waiting.take() == tuple(ENDS)


@given(st.lists(st.sampled_from([*ENDS, *ELSE]), max_size=60), st.integers(0, 9))
def test_what_was_taken_comes_out_and_what_was_refused_does_not(asked: list[ControlEvent], room: int) -> None:
    waiting = Waiting(room, ended_by)
    taken = [one for one in asked if waiting.put(one)]
    out = waiting.take()
    assert set(out) == set(taken)
    assert list(out[:room]) == asked[:room]
    assert {one for one in asked if one in ENDS} <= set(out)


def test_a_button_that_was_let_go_is_kept() -> None:
    def word(channel: str, value: float, name: str = "a") -> Reading:
        return Reading("ring", channel, (value,), 1.0, None, name)

    waiting = Waiting(1, let_go)
    assert [waiting.put(word("button", 1.0, name)) for name in ("a", "b")] == [True, False]
    assert [waiting.put(word(kind, 0.0)) for kind in ("button", "posture", "touch", "battery")] == [True, True, False, False]
    assert waiting.take() == (word("button", 1.0), word("button", 0.0), word("posture", 0.0))
