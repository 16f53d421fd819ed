"""Rates, hangs and loops: what a list does by itself, and how fast."""

from __future__ import annotations

import math

import pytest

from showctl.model import Back, ExitLoop, Go, Goto, Pause, Release, Resume, SetRate
from showctl.plan import Cue, Span, Timing
from tests.show.shows import Show, beats, cue, cues, dimmer, effect, move, plan

STEP = 1 / 255


def close(value: float) -> object:
    return pytest.approx(value, abs=0.6 * STEP)


# --- rate of a cue -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "half"), [(0.5, 5.0), (1.0, 2.5), (2.0, 1.25), (20.0, 0.125)])
def test_five_seconds_at_half_rate_are_ten(rate: float, half: float) -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 5.0), rate=rate))))
    show.at(0.0, Go(time=0.0))
    assert show.level(half, 0) == close(0.5)
    assert show.level(2 * half, 0) == 1.0


def test_the_rate_of_a_cue_scales_down_times_delays_and_beats() -> None:
    first = cue(1, move(0, 1.0), move(1, 1.0))
    second = cue(2, move(0, 0.0, 1.0, 3.0, delay=Span(1.0)), move(1, 0.0, Span(4.0, "beat")), rate=0.5)
    show = Show(plan([dimmer(1), dimmer(2)], cues(first, second)))
    show.at(10.0, Go(time=0.0), Go(time=10.0))
    assert show.level(12.0, 0) == 1.0
    assert show.level(15.0, 0) == close(0.5)
    assert show.level(14.0, 1) == 0.0, "8 beats of half a second"
    assert show.level(18.0, 0) == 0.0


@pytest.mark.parametrize("more", [{"follow": Span(3.0)}, {"hang": Span(1.0)}])
def test_the_rate_of_a_cue_scales_its_follow_and_hang(more: dict[str, Span]) -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 2.0), rate=0.5, **more), cue(2))))
    show.at(20.0, Go(time=0.0))
    assert show.fired() == [(0.0, "1"), (6.0, "2")]


def test_a_cue_at_rate_0_never_comes_to_its_end_and_fires_nothing() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 1.0), rate=0.0, hang=Span(0.0)), cue(2))))
    show.at(0.0, Go(time=0.0))
    assert show.level(86_400.0, 0) == 0.0
    assert show.fired() == [(0.0, "1")]


def test_goto_takes_the_go_to_time_whatever_the_rate_of_the_cue() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 8.0), rate=0.1)), back_time=Span(2.0)))
    show.at(0.0, Goto(time=0.0, cue="1"))
    assert show.level(1.0, 0) == close(0.5)


def test_a_goto_in_its_own_times_takes_the_go_to_time_only_for_what_tracks() -> None:
    two = cues(cue(1, move(0, 1.0)), cue(2, move(1, 1.0, 8.0)))
    show = Show(plan([dimmer(1), dimmer(2)], two, back_time=Span(2.0)))
    show.at(0.0, Goto(time=0.0, cue="2", own_times=True))
    assert (show.level(1.0, 0), show.level(4.0, 1)) == (close(0.5), close(0.5))
    show.at(10.0, Goto(time=10.0, cue="0", own_times=True))
    assert show.level(11.0, 1) == close(0.5), "cue 0 has no times of its own"


# --- rate of a list ----------------------------------------------------------------------------------------------------


def test_the_rate_of_a_list_acts_from_now_on_and_on_what_is_under_way() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 4.0), follow=Span(6.0)), cue(2))))
    show.at(0.0, Go(time=0.0))
    show.at(2.0, SetRate(time=2.0, rate=2.0))
    assert show.level(2.0, 0) == close(0.5)
    assert show.level(3.0, 0) == 1.0
    show.at(10.0)
    assert show.fired()[1] == (4.0, "2"), "4 s of list time in 2 s"
    assert show.engine.playback.lists[0].rate == 2.0


def test_at_rate_0_a_list_stands_still_and_goes_on_from_there() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 4.0), hang=Span(1.0)), cue(2))))
    show.at(1.0, Go(time=0.0), SetRate(time=1.0, rate=0.0))
    assert show.level(50.0, 0) == close(0.25)
    assert math.isfinite(show.engine.playback.lists[0].ends)
    assert show.level(52.0, 0, SetRate(time=50.0, rate=1.0)) == close(0.75)
    show.at(60.0)
    assert show.fired()[1] == (54.0, "2")


def test_pause_stops_a_list_at_any_rate_and_resume_goes_on_at_it() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 4.0)))))
    show.at(1.0, Go(time=0.0), SetRate(time=0.0, rate=2.0), Pause(time=1.0))
    assert show.level(9.0, 0) == close(0.5)
    show.at(9.0, SetRate(time=9.0, rate=0.5))
    assert show.level(10.0, 0) == close(0.5), "a new rate resumes nothing"
    assert show.level(12.0, 0, Resume(time=10.0)) == close(0.75)


def test_the_rate_of_a_list_is_its_own() -> None:
    lists = [cues(cue(1, move(i, 1.0, 4.0)), name=name) for i, name in enumerate(("main", "other"))]
    show = Show(plan([dimmer(1), dimmer(2)], *lists))
    show.at(0.0, Go(time=0.0), Go(time=0.0, list="other"), SetRate(time=0.0, rate=2.0, list="other"))
    assert (show.level(1.0, 0), show.level(1.0, 1)) == (close(0.25), close(0.5))


def test_the_rate_of_a_list_stretches_beats_and_effects_in_free_time() -> None:
    ramp, start = effect("ramp", [1], sync="free", shape="ramp", every=Span(10.0), length=1.0)
    made = cues(cue(1, move(0, 1.0, Span(4.0, "beat")), move(1, 0.0), starts=(start,)))
    seen = []
    for rate, t in ((1.0, 2.0), (0.5, 4.0)):
        show = Show(plan([dimmer(1), dimmer(2)], made, effects=(ramp,)))
        show.at(0.0, SetRate(time=0.0, rate=rate), Go(time=0.0))
        assert show.level(t / 2, 0) == close(0.5)
        assert show.level(t, 0) == 1.0
        seen.append(show.level(t, 1))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("rate", [-0.1, 20.1, math.nan, math.inf])
def test_a_rate_out_of_range_is_refused(rate: float) -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 4.0)))))
    show.at(0.0, Go(time=0.0), SetRate(time=0.0, rate=rate))
    assert show.types() == ["cue", "refused"]
    assert show.level(2.0, 0) == close(0.5)


# --- delays and hangs --------------------------------------------------------------------------------------------------


def test_a_cue_is_complete_when_its_last_parameter_is() -> None:
    """The greatest sum of delay and time counts: 1 + 4 s, not the longest time nor the longest delay."""
    moves = (move(0, 1.0, 3.0), move(1, 1.0, 4.0, delay=Span(1.0)), move(2, 1.0, 0.5, delay=Span(2.0)))
    show = Show(plan([dimmer(1), dimmer(2), dimmer(3)], cues(cue(1, *moves, hang=Span(2.0)), cue(2))))
    show.at(20.0, Go(time=0.0))
    assert show.fired()[1] == (7.0, "2")


def test_a_hang_in_seconds_behind_a_fade_in_beats_counts_from_the_end_of_the_fade() -> None:
    """While the ear announces beat after beat: what is past stays past."""
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, Span(4.0, "beat")), hang=Span(3.0)), cue(2))))
    show.at(1.0, *beats(1.0))
    show.at(1.0, Go(time=1.0))
    for one in beats(12.0, start=1.0):
        show.at(one.time, one)
    assert show.fired()[1] == (pytest.approx(6.0), "2")


def test_a_pause_between_completion_and_hang_is_not_counted() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 2.0), hang=Span(3.0)), cue(2))))
    show.at(40.0, Go(time=0.0), Pause(time=3.0), Resume(time=13.0))
    assert show.fired()[1] == (15.0, "2")


def test_a_negative_hang_overlaps_in_seconds_and_in_beats() -> None:
    for hang in (Span(-1.0), Span(-2.0, "beat")):
        show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 4.0), hang=hang), cue(2))))
        show.at(20.0, Go(time=0.0))
        assert show.fired()[1] == (pytest.approx(3.0), "2")


def test_a_point_cue_goes_between_two_others() -> None:
    made = cues(cue(1, move(0, 0.2)), cue("1.5", move(0, 0.5)), cue(2, move(0, 0.8)))
    show = Show(plan([dimmer(1)], made))
    show.at(3.0, *[Go(time=float(t)) for t in range(3)])
    assert [number for _, number in show.fired()] == ["1", "1.5", "2"]


def test_the_guard_of_go_is_one_of_each_list_and_of_100_ms() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1), cue(2), cue(3)), cues(cue(1), name="other")))
    show.at(3.0, Go(time=1.0), Go(time=1.0, list="other"), Go(time=1.099), Go(time=1.1))
    assert show.fired() == [(1.0, "1"), (1.0, "1"), (1.1, "2")]


# --- loops -------------------------------------------------------------------------------------------------------------


def turning(rounds: int, **more: object) -> Show:
    """Cue 2 to 3, round and round; cue 4 lies behind."""
    made = [cue(1), cue(2), Cue(cue(3).number, goto=cue(2).number, rounds=rounds), cue(4), cue(5)]
    return Show(plan([dimmer(1)], cues(*made, **more)))  # type: ignore[arg-type]


def numbers(show: Show, *given: object, gos: int = 1) -> str:
    """The cues that so many GOs, a second apart, and what else is given come through; all of the show so far."""
    last = max((t for t, _ in show.fired()), default=-1.0) + 1
    show.at(last + gos, *given, *[Go(time=last + i) for i in range(gos)])  # type: ignore[arg-type]
    return " ".join(number for _, number in show.fired())


@pytest.mark.parametrize(("rounds", "expected"), [(1, "1 2 3 2 3 4 5"), (2, "1 2 3 2 3 2 3 4 5"), (3, "1 2 3 2 3 2 3 2 3 4 5")])
def test_a_link_is_followed_so_many_rounds_and_then_the_list_goes_on(rounds: int, expected: str) -> None:
    show = turning(rounds)
    assert numbers(show, gos=len(expected.split())) == expected


def test_a_loop_without_rounds_turns_until_somebody_asks() -> None:
    show = turning(0)
    assert numbers(show, gos=9) == "1 2 3 2 3 2 3 2 3"
    show.at(9.0, ExitLoop(time=8.5))
    assert show.engine.playback.lists[0].pending == "4"
    assert numbers(show, gos=2).endswith("3 4 5")


def test_an_exit_in_the_middle_of_a_round_lets_it_end() -> None:
    show = turning(0)
    numbers(show, gos=4)
    assert numbers(show, ExitLoop(time=4.5), gos=3) == "1 2 3 2 3 4 5"


def test_an_exit_where_there_is_no_loop_is_refused() -> None:
    show = turning(0)
    show.at(0.0, ExitLoop(time=0.0))
    assert show.types() == ["refused"], "before the loop"
    numbers(show, gos=3)
    show.at(10.0, ExitLoop(time=10.0))
    assert numbers(show, gos=1).endswith("4")
    show.at(20.0, ExitLoop(time=20.0))
    assert show.types()[-1] == "refused", "behind it"
    show.at(21.0, ExitLoop(time=21.0, list="nobody"))
    assert show.types()[-1] == "refused"


def test_a_loop_is_counted_anew_each_time_the_list_comes_into_it() -> None:
    """An inner loop of one round within an outer one."""
    inner, outer = cue(2, goto=cue(1).number, rounds=1), cue(3, goto=cue(1).number, rounds=1)
    show = Show(plan([dimmer(1)], cues(cue(1), inner, outer, cue(4))))
    assert numbers(show, gos=11) == "1 2 1 2 3 1 2 1 2 3 4"


def test_back_takes_the_round_back_that_it_undoes() -> None:
    show = turning(1)
    numbers(show, gos=4)
    show.at(10.0, Back(time=10.0))
    assert show.engine.playback.lists[0].current == "3"
    assert show.engine.playback.lists[0].pending == "2", "the round is not used up"
    assert numbers(show, gos=3).endswith("3 2 3 4")


def test_back_across_the_exit_of_a_loop_stays_asked_to_leave() -> None:
    show = turning(0)
    numbers(show, gos=3)
    show.at(5.0, ExitLoop(time=5.0))
    numbers(show, gos=1)
    show.at(20.0, Back(time=20.0))
    assert show.engine.playback.lists[0].pending == "4"


def test_goto_begins_all_rounds_anew() -> None:
    show = turning(1)
    numbers(show, gos=4)
    show.at(10.0, Goto(time=10.0, cue="2"))
    assert numbers(show, gos=4).endswith("2 3 2 3 4")
    show = turning(0)
    numbers(show, gos=2)
    show.at(10.0, ExitLoop(time=9.0), Goto(time=10.0, cue="2"))
    assert numbers(show, gos=2).endswith("2 3 2"), "what was asked before is forgotten, too"


def test_a_list_that_is_a_loop_is_left_at_its_end() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1), cue(2), loop=True)))
    assert numbers(show, gos=4) == "1 2 1 2"
    show.at(10.0, ExitLoop(time=10.0))
    assert show.engine.playback.lists[0].pending is None


def test_a_link_forward_is_no_loop() -> None:
    skip = Cue(cue(1).number, goto=cue(3).number)
    show = Show(plan([dimmer(1)], cues(skip, cue(2), cue(3))))
    show.at(1.0, Go(time=0.0), ExitLoop(time=1.0))
    assert show.types() == ["cue", "refused"]
    assert numbers(show) == "1 3"


def test_a_loop_by_itself_turns_in_its_own_time_and_leaves_by_itself() -> None:
    back = Cue(cue(2).number, goto=cue(1).number, rounds=2, follow=Span(0.5))
    show = Show(plan([dimmer(1)], cues(cue(1, follow=Span(1.0)), back, cue(3))))
    show.at(30.0, Go(time=0.0))
    assert show.fired() == [(0.0, "1"), (1.0, "2"), (1.5, "1"), (2.5, "2"), (3.0, "1"), (4.0, "2"), (4.5, "3")]


def test_a_link_out_of_sequence_plays_what_tracks_in_the_back_time_and_what_asserts_in_its_own() -> None:
    for asserts, half in ((False, 0.5), (True, 2.0)):
        made = [cue(1, move(0, 0.8)), cue(2, move(1, 1.0), asserts=asserts, times=(("", Timing(Span(4.0), Span(4.0))),))]
        made.append(Cue(cue(3).number, moves=(move(0, 0.0),), goto=cue(2).number))
        show = Show(plan([dimmer(1), dimmer(2)], cues(*made)))
        show.at(10.0, Go(time=0.0), Go(time=1.0), Go(time=8.0), Go(time=10.0))
        assert show.level(10.0 + half, 0) == close(0.4)


@pytest.mark.parametrize("amount", [5e-324, 1e-310, 1e-13, 1e300, 1.7e308])
@pytest.mark.parametrize("unit", ["s", "beat", "bar"])
def test_no_length_of_time_is_too_short_or_too_long_to_be_reckoned_with(amount: float, unit: str) -> None:
    """No warning of numpy, no light that is no number: what takes next to nothing is there at once, the other way it stays."""
    span = Span(amount, unit)  # type: ignore[arg-type]
    first, second = cue(1, move(0, 1.0, span), move(1, 1.0, span, delay=span)), cue(2, move(0, 0.5, span), rate=1e-9)
    show = Show(plan([dimmer(1), dimmer(2)], cues(first, second, release=span), back_time=span))
    deeds = (Go(time=0.0), Go(time=1.0), Back(time=2.0), Goto(time=3.0, cue="1"), Release(time=4.0))
    for i, (control, level) in enumerate(zip(deeds, (255, 128, 255, 255, 0), strict=True)):
        show.at(float(i), control)
        assert show.at(i + 0.5).slots[0, 0] == (level if amount < 1.0 else 0)
        assert ((show.engine._stage.live >= 0.0) & (show.engine._stage.live <= 1.0)).all()
