"""Lists that follow time code: a cue fires when its time is reached or passed, and a jump is a GOTO."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import Back, Go, Goto, Inputs, Pause, Release, Resume, Timecode
from showctl.plan import Span
from showctl.show.engine import ShowEngine
from showctl.show.state import State
from tests.show.shows import Show, cue, cues, dimmer, move, plan

NAMES = ("1", "2", "3", "4")
AT = (10.0, 20.0, 20.1, 40.0)


def code(time: float, at: float, speed: float = 1.0, clock: str = "mtc") -> Timecode:
    return Timecode(time=time, source="midi:desk", clock=clock, at=at, speed=speed)  # type: ignore[arg-type]


def runs(start: float, at: float, until: float, speed: float = 1.0, clock: str = "mtc") -> list[Timecode]:
    """Time code that stands at `at` at show time `start`, told five times a second."""
    times = [start + i / 5 for i in range(int((until - start) * 5) + 1)]
    return [code(t, at + speed * (t - start), speed, clock) for t in times]


def show(**more: object) -> Show:
    """Four cues that take a dimmer to a fifth, two fifths ..., each in its own 2 s."""
    made = [cue(n, move(0, i / 5, 2.0), at=at) for i, (n, at) in enumerate(zip(NAMES, AT, strict=True), 1)]
    more = {"timecode": "mtc", **more}
    return Show(plan([dimmer(1)], cues(*made, **more)))


def test_a_cue_fires_when_time_code_reaches_it_at_its_own_time_between_two_ticks() -> None:
    played = show()
    played.at(0.0, *runs(0.0, 5.03, 0.5))
    for i in range(1, 40):
        played.at(0.5 + i / 2, *runs(0.5 + (i - 1) / 2, 5.53 + (i - 1) / 2, 0.5 + i / 2))
    assert played.fired() == [(pytest.approx(t), n) for t, n in [(4.97, "1"), (14.97, "2"), (15.07, "3")]]
    assert [dict(h.data)["by"] for h in played.told if h.type == "cue"] == ["timecode"] * 3


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.01, 1.5), min_size=1, max_size=60), st.floats(0.5, 2.0))
def test_the_tick_rate_changes_nothing_in_what_time_code_fires(steps: list[float], speed: float) -> None:
    expected = [(10.0 - 5.0) / speed, (20.0 - 5.0) / speed, (20.1 - 5.0) / speed]
    played, told, now = show(), runs(0.0, 5.0, 40.0, speed), 0.0
    for step in [*steps, 40.0 - sum(steps)] if sum(steps) < 40.0 else [40.0]:
        due = [one for one in told if now <= one.time < now + step]
        now += step
        played.at(now, *due)
    assert [t for t, _ in played.fired()][:3] == pytest.approx(expected)


def test_each_plays_in_its_own_times() -> None:
    played = show()
    played.at(6.0, *runs(0.0, 5.0, 6.0))
    assert played.level(6.0, 0) == pytest.approx(0.2 * 0.5, abs=0.01)  # fired at 5 s, a second into its 2
    assert played.level(6.0 + 1.0, 0, *runs(6.2, 11.2, 7.0)) == pytest.approx(0.2, abs=0.01)


def test_a_jump_applies_the_tracked_state_of_the_last_cue_passed_and_fires_none_between() -> None:
    played = show()
    played.at(1.0, *runs(0.0, 5.0, 1.0))
    played.at(3.0, *runs(1.2, 30.0, 3.0))
    assert played.fired() == [(pytest.approx(1.2), "3")]
    assert played.level(2.3 + 1.0, 0) == pytest.approx(0.6, abs=0.01)  # in the back time


def test_a_jump_back_does_the_same() -> None:
    played = show()
    played.at(5.0, *runs(0.0, 39.0, 5.0))
    played.at(8.0, *runs(5.2, 12.0, 8.0))
    played.at(9.0, *runs(8.2, 2.0, 9.0))
    assert [n for _, n in played.fired()] == ["3", "4", "1", "0"]
    assert played.level(10.0, 0) == 0.0


def test_a_step_of_less_than_half_a_second_is_no_jump() -> None:
    played = show()
    played.at(3.0, *runs(0.0, 17.0, 2.8))  # at 19.8
    played.at(3.5, *runs(3.0, 20.4, 3.4))
    assert played.fired()[1:] == [(pytest.approx(3.0), "2"), (pytest.approx(3.0), "3")]
    played.at(5.0, *runs(3.6, 20.6, 4.4))  # a little back: nothing is fired twice
    assert len(played.fired()) == 3


def test_when_it_stops_playback_goes_on_where_it_is() -> None:
    played = show()
    played.at(5.2, *runs(0.0, 5.0, 5.2))  # cue 1 came at 5 s
    assert played.level(8.0, 0) == pytest.approx(0.2, abs=0.01)
    played.at(60.0)
    assert [n for _, n in played.fired()] == ["1"]


def test_it_goes_on_by_itself_for_as_long_as_the_list_says() -> None:
    told = runs(0.0, 5.0, 3.0)  # the last at 8
    for freewheel, fired in ((0.0, []), (1.9, []), (2.5, ["1"])):
        played = show(freewheel=freewheel)
        played.at(3.0, *told)
        played.at(60.0)
        assert [n for _, n in played.fired()] == fired


def test_where_time_code_was_put_while_it_stands_is_a_jump_too() -> None:
    played = show()
    played.at(1.0, code(1.0, 25.0, speed=0.0))
    assert [n for _, n in played.fired()] == ["3"]
    played.at(60.0)
    assert [n for _, n in played.fired()] == ["3"]


def test_backwards_the_list_follows_step_by_step() -> None:
    played = show()
    played.at(1.0, *runs(0.0, 39.5, 1.0))
    played.at(25.0, *runs(1.2, 40.5, 25.0, speed=-1.0))
    assert [n for _, n in played.fired()] == ["3", "4", "3", "1"]  # cue 2 is shorter than a step


def test_go_by_hand_still_works_and_what_is_fired_is_not_fired_again() -> None:
    played = show()
    played.at(1.0, *runs(0.0, 8.0, 1.0), Go(time=0.6))
    played.at(3.0, *runs(1.2, 9.2, 3.0))
    assert played.fired() == [(0.6, "1")]
    played.at(13.0, *runs(3.2, 11.2, 13.0))
    assert [n for _, n in played.fired()] == ["1", "2", "3"]


def test_what_a_hand_has_gone_beyond_is_passed_over() -> None:
    played = show()
    played.at(1.0, *runs(0.0, 8.0, 1.0), Goto(time=0.6, cue="3"))
    played.at(31.0, *runs(1.2, 9.2, 31.0))
    assert [n for _, n in played.fired()] == ["3"]
    played.at(33.0, *runs(31.2, 39.2, 33.0))
    assert [n for _, n in played.fired()] == ["3", "4"]


def test_back_by_hand_stays_back_until_the_next_time_comes() -> None:
    played = show()
    played.at(4.0, *runs(0.0, 8.0, 4.0))
    played.at(11.0, *runs(4.2, 12.2, 11.0), Back(time=4.5))
    assert [n for _, n in played.fired()] == ["1", "0"]
    played.at(12.05, *runs(11.2, 19.2, 12.05))  # cue 2: not the next one of the list, so its whole state
    assert [n for _, n in played.fired()] == ["1", "0", "2"]


@pytest.mark.parametrize("held", [Pause, Release])
def test_a_list_that_is_paused_or_released_is_left_alone_and_then_finds_its_place(held: type[Pause] | type[Release]) -> None:
    played = show()
    played.at(4.0, *runs(0.0, 8.0, 4.0), held(time=3.0))
    played.at(20.0, *runs(4.2, 12.2, 20.0))
    assert [n for _, n in played.fired()] == ["1"]
    played.at(21.0, (Resume if held is Pause else Go)(time=20.5))
    assert played.fired()[-1] == (20.5, "3")


def test_only_the_clock_that_the_list_names_is_followed() -> None:
    for names, clock, fired in (("mtc", "ltc", []), ("ltc", "ltc", ["1"]), ("any", "ltc", ["1"]), (None, "mtc", [])):
        played = show(timecode=names)
        played.at(6.0, *runs(0.0, 5.0, 6.0, clock=clock))
        assert [n for _, n in played.fired()] == fired


def test_of_two_clocks_the_one_is_followed_that_was_first() -> None:
    played = show(timecode="any")
    played.at(6.0, *sorted([*runs(0.0, 5.0, 6.0), *runs(0.1, 41.0, 6.0, clock="ltc")], key=lambda one: one.time))
    assert [n for _, n in played.fired()] == ["1"]
    played.at(8.0, *runs(7.0, 41.0, 8.0, clock="ltc"))  # the first was lost
    assert [n for _, n in played.fired()] == ["1", "4"]


def test_a_follow_and_a_time_live_side_by_side() -> None:
    made = [cue(1, move(0, 0.2), at=10.0, follow=Span(1.0)), cue(2, move(0, 0.4)), cue(3, move(0, 0.6), at=12.0)]
    played = Show(plan([dimmer(1)], cues(*made, timecode="mtc")))
    played.at(8.0, *runs(0.0, 5.0, 8.0))
    assert played.fired() == [(pytest.approx(t), n) for t, n in [(5.0, "1"), (6.0, "2"), (7.0, "3")]]


def test_the_list_says_what_it_waits_for() -> None:
    played = show()
    frame = played.at(6.0, *runs(0.0, 15.0, 6.0))
    assert [one.waiting for one in frame.playback.lists] == ["time code 0:40"]


def test_a_restart_with_state_follows_on_to_the_same_frames() -> None:
    of = show().plan
    told = runs(0.0, 5.0, 36.0)
    living, restarted = ShowEngine(of), ShowEngine(of)
    for i in range(80):
        now = i * 0.45
        inputs = Inputs(controls=tuple(one for one in told if now - 0.45 < one.time <= now))
        a, b = living.step(now, inputs), restarted.step(now, inputs)
        assert (a.slots.tobytes(), repr(a.events), repr(a.playback)) == (b.slots.tobytes(), repr(b.events), repr(b.playback))
        state = State.unpack(json.loads(json.dumps(restarted.state(now).pack())))
        restarted, gone = ShowEngine.restored(of, state)
        assert gone == []


def test_a_reload_keeps_following() -> None:
    old = show()
    old.at(7.0, *runs(0.0, 5.0, 7.0))
    lists = tuple(replace(one, cues=(*one.cues[:-1], replace(one.cues[-1], at=13.0))) for one in old.plan.lists)
    lists = tuple(replace(one, cues=(one.cues[0], one.cues[-1])) for one in lists)
    new = Show(replace(old.plan, lists=lists))
    new.engine.take_over(old.engine, 7.0)
    new.at(9.0, *runs(7.2, 12.2, 9.0))
    assert new.fired() == [(pytest.approx(8.0), "4")]


@pytest.mark.parametrize("wrong", [code(1.0, -1.0), code(1.0, float("nan")), code(1.0, 1.0, speed=float("inf"))])
def test_what_no_time_code_can_be_is_refused(wrong: Timecode) -> None:
    played = show()
    played.at(2.0, wrong)
    assert played.types() == ["refused"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds(code, st.floats(0, 20), st.floats(0, 60), st.sampled_from([1.0, 1.0, 0.0, -1.0, 0.5, 2.0])),
            st.builds(Go, time=st.floats(0, 20)),
            st.builds(Back, time=st.floats(0, 20)),
            st.builds(Pause, time=st.floats(0, 20)),
            st.builds(Resume, time=st.floats(0, 20)),
            st.builds(Release, time=st.floats(0, 20)),
        ),
        max_size=25,
    )
)
def test_whatever_comes_the_engine_goes_on_and_no_cue_fires_without_end(asked: list[Timecode | Go]) -> None:
    played = show()
    for i, one in enumerate(sorted(asked, key=lambda one: one.time)):
        played.at(20.0 if i + 1 == len(asked) else one.time, one)
    assert len(played.fired()) <= 4 * len(asked) + 1
