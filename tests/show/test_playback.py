"""What the buttons do: GO, BACK, GOTO, PAUSE, RESUME, RELEASE, and cues that come by themselves."""

from __future__ import annotations

import pytest

from showctl.model import Back, Go, Goto, Pause, Release, Resume, Section, StopAll
from showctl.plan import When
from tests.show.shows import Show, Span, beat, cue, cues, dimmer, move, pan, plan

STEP = 1 / 255


def close(value: float) -> object:
    return pytest.approx(value, abs=0.6 * STEP)


def three() -> Show:
    """Dimmers 0 and 1 over three cues: 0 up in 2 s, 1 up in 2 s, 0 down in 4 s."""
    return Show(
        plan(
            [dimmer(1), dimmer(2)],
            cues(cue(1, move(0, 0.8, 2.0)), cue(2, move(1, 0.6, 2.0)), cue("2.5", move(0, 0.2, 2.0, 4.0))),
        )
    )


def test_go_acts_at_its_own_time_not_at_the_tick() -> None:
    show = three()
    show.at(0.0)
    assert show.level(1.0, 0, Go(time=0.5)) == close(0.8 * 0.25)
    assert show.level(2.5, 0) == close(0.8)
    assert show.fired() == [(0.5, "1")]


def test_up_and_down_times_are_chosen_by_direction() -> None:
    show = three()
    show.at(0.0, Go(time=0.0))
    show.at(3.0, Go(time=3.0))
    show.at(6.0, Go(time=6.0))
    assert show.level(8.0, 0) == close(0.5)
    assert show.level(10.0, 0) == close(0.2)


def test_a_fade_without_a_new_instruction_goes_on_and_one_with_retargets_from_where_it_is() -> None:
    show = Show(plan([dimmer(1), dimmer(2)], cues(cue(1, move(0, 1.0, 4.0), move(1, 1.0, 4.0)), cue(2, move(0, 0.0, 1.0)))))
    show.at(0.0, Go(time=0.0))
    assert show.level(2.0, 0, Go(time=2.0)) == close(0.5)
    assert show.level(2.5, 0) == close(0.25)
    assert show.level(3.0, 1) == close(0.75)


def test_delay_and_snap() -> None:
    show = Show(
        plan(
            [dimmer(1), pan(2, snap=True)],
            cues(cue(1, move(0, 1.0, 1.0, delay=Span(1.0)), move(1, 1.0, 5.0, delay=Span(2.0)))),
        )
    )
    show.at(0.0, Go(time=0.0))
    assert show.level(1.0, 0) == 0.0
    assert show.level(1.5, 0) == close(0.5)
    assert show.level(1.999, 1) == pytest.approx(0.5, abs=1e-4)
    assert show.level(2.0, 1) == 1.0


def test_times_in_beats_run_on_the_beat_and_at_120_where_there_is_none() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, Span(4.0, "beat"))), cue(2, move(0, 0.0, Span(1.0, "bar"))))))
    show.at(0.0, Go(time=0.0))
    assert show.level(1.0, 0) == close(0.5)
    assert show.level(2.0, 0) == 1.0
    for i in range(40):
        show.at(10 + i / 10, beat(10 + i / 10, i // 10 + 1, period=1.0, anchor=11.0 + i // 10))
    show.at(14.0, Go(time=14.0))
    assert show.level(16.0, 0) == close(0.5)


def test_of_two_beats_that_come_late_the_last_one_says_when_the_next_cue_comes() -> None:
    """Both act at the time of the GO that overtook them; a cue that follows by the beat is reckoned anew at each."""
    by_beat = Span(4.0, "beat")
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, by_beat), follow=by_beat), cue(2, move(0, 0.5)))))
    show.at(10.0, beat(9.9, 20))
    show.at(10.05, Go(time=10.05))
    show.at(10.06, beat(10.0, 21))
    told = show.at(10.07, beat(10.01, 21, period=0.6, anchor=10.6)).playback.lists[0]
    show.at(13.0)
    assert show.fired() == [(10.05, "1"), (told.ends, "2")]
    assert told.ends == pytest.approx(10.6 + 3.1 * 0.6), "beat 21 is at 10.6 s, and the cue ends with beat 24.1"


def test_a_beat_that_is_heard_as_a_song_ends_counts_for_what_is_due() -> None:
    """It is followed and forgotten at once, so what was followed before is the same as after."""
    by_beat = Span(4.0, "beat")
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, by_beat), follow=by_beat), cue(2, move(0, 0.5)))))
    show.at(10.0, beat(10.0, 1, section=Section.SILENCE, grid=None))
    show.at(11.9, Go(time=11.9))
    told = show.at(12.0, beat(12.0, 1, period=1.0, anchor=12.5, section=Section.SILENCE)).playback.lists[0]
    show.at(17.0)
    assert told.ends > 14.5, "at 120 it would have been 13.9 s"
    assert show.fired() == [(11.9, "1"), (told.ends, "2")]


def test_back_is_as_it_was_before_go_in_the_back_time() -> None:
    show = three()
    show.at(0.0, Go(time=0.0))
    show.at(5.0, Go(time=5.0))
    show.at(10.0, Go(time=10.0))
    show.at(20.0, Back(time=20.0))
    assert show.level(20.5, 0) == close(0.5)
    assert show.level(21.0, 0) == close(0.8)
    assert show.level(23.0, 1, Back(time=22.0)) == 0.0
    show.at(30.0, Back(time=30.0))
    assert show.level(32.0, 0) == 0.0
    assert show.engine.playback.lists[0].current == "0"
    show.at(33.0, Back(time=33.0))
    assert show.types()[-1] == "refused"


def test_back_from_a_pause_goes_to_the_cue_before_in_the_back_time() -> None:
    show = three()
    show.at(6.0, Go(time=0.0), Go(time=5.0), Pause(time=6.0))
    assert show.level(9.0, 1) == close(0.3)
    show.at(9.0, Back(time=9.0))
    assert show.level(9.5, 1) == close(0.15)
    assert show.level(10.0, 1) == 0.0
    assert (show.engine.playback.lists[0].current, show.engine.playback.lists[0].state) == ("1", "idle")


def test_after_back_the_next_cue_waits_for_go_whatever_follow_says() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, follow=Span(2.0)), cue(2), cue(3))))
    show.at(60.0, Go(time=0.0), Back(time=10.0))
    assert show.fired() == [(0.0, "1"), (2.0, "2"), (10.0, "1")]


def test_back_leaves_what_another_list_took_since_and_gives_back_what_it_took() -> None:
    show = Show(
        plan(
            [dimmer(1), dimmer(2)],
            cues(cue(1, move(0, 0.5)), cue(2, move(0, 1.0), move(1, 1.0))),
            cues(cue(1, move(1, 0.4)), cue(2, move(0, 0.2)), name="other"),
        )
    )
    show.at(1.0, Go(time=0.0), Go(time=1.0, list="other"))
    show.at(2.0, Go(time=2.0))
    assert show.level(2.0, 1) == 1.0
    show.at(3.0, Go(time=3.0, list="other"))
    show.at(4.0, Back(time=4.0))
    assert show.level(6.0, 0) == close(0.2), "taken since by the other list"
    assert show.level(6.0, 1) == close(0.4), "taken by the GO that was undone"


def test_goto_is_the_whole_tracked_state() -> None:
    show = three()
    show.at(0.0, Goto(time=0.0, cue="2.50"))
    assert (show.level(2.0, 0), show.level(2.0, 1)) == (close(0.2), close(0.6))
    show.at(3.0, Goto(time=3.0, cue="1"))
    assert (show.level(5.0, 0), show.level(5.0, 1)) == (close(0.8), 0.0)
    show.at(6.0, Goto(time=6.0, cue="0"))
    assert show.level(8.0, 0) == 0.0


@pytest.mark.parametrize("number", ["9", "x", "", "nan", "sNaN", "-1", "1e9999"])
def test_goto_nowhere_is_refused_with_a_reason_and_changes_nothing(number: str) -> None:
    show = three()
    show.at(0.0, Goto(time=0.0, cue=number))
    assert show.types() == ["refused"]
    assert "no cue" in str(dict(show.told[0].data)["reason"])
    assert show.engine.playback.lists[0].current == "0"


def test_pause_freezes_and_never_resumes_and_go_only_resumes() -> None:
    show = three()
    show.at(0.0, Go(time=0.0))
    show.at(1.0, Pause(time=1.0))
    assert show.level(9.0, 0) == close(0.4)
    show.at(9.0, Pause(time=9.0))
    assert show.types()[-1] == "refused"
    assert show.engine.playback.lists[0].state == "paused"
    show.at(10.0, Go(time=10.0))
    assert show.level(10.5, 0) == close(0.6)
    assert show.engine.playback.lists[0].current == "1"
    show.at(20.0, Pause(time=10.6), Resume(time=12.6))
    assert show.level(20.0, 0) == close(0.8)


def test_pause_holds_follow_and_delay() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 1.0), follow=Span(2.0)), cue(2, move(0, 0.5, delay=Span(1.0))))))
    show.at(30.0, Go(time=0.0), Pause(time=1.5), Resume(time=11.5))
    assert show.fired()[1] == (12.0, "2")
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 0.0, delay=Span(1.0))))))
    show.at(9.0, Go(time=0.0), Pause(time=0.5))
    assert show.level(9.0, 0) == 0.0
    assert show.level(10.5, 0, Resume(time=10.0)) == 1.0


def test_follow_counts_from_go_and_hang_from_completion_at_their_exact_time() -> None:
    for more, due in (
        ({"follow": Span(1.5)}, 2.0),
        ({"hang": Span(1.5)}, 5.0),
        ({"hang": Span(-0.5)}, 3.0),
        ({"hang": Span(-99.0)}, 0.5),
        ({"follow": Span(0.0)}, 0.5),
        ({"follow": Span(2.0, "beat")}, 1.5),
        ({"hang": Span(1.0, "bar")}, 5.5),
    ):
        show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 2.0, delay=Span(1.0)), **more), cue(2, move(0, 0.0)))))
        show.at(0.0)
        show.at(60.0, Go(time=0.5))
        assert show.fired() == [(0.5, "1"), (pytest.approx(due), "2")], more


def test_loop_and_link() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0)), cue(2, move(0, 0.0)), loop=True)))
    levels = [show.level(t, 0, Go(time=float(t))) for t in range(4)]
    assert levels == [1.0, 0.0, 1.0, 0.0]
    one = cue(1, move(0, 1.0), goto=cue(3).number)
    show = Show(plan([dimmer(1), dimmer(2)], cues(one, cue(2, move(1, 0.5)), cue(3, move(0, 0.2)))))
    show.at(1.0, Go(time=0.0), Go(time=1.0))
    assert show.fired() == [(0.0, "1"), (1.0, "3")]
    assert show.level(5.0, 1) == close(0.5), "out of sequence: the whole tracked state"


def test_the_end_of_a_list_and_unknown_lists_are_refused() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0))), cues(name="empty")))
    show.at(3.0, Go(time=0.0), Go(time=1.0), Go(time=2.0, list="x"), Go(time=2.0, list="empty"), Back(time=2.0, list="empty"))
    assert show.types() == ["cue"] + ["refused"] * 4
    assert show.level(3.0, 0) == 1.0


def test_two_gos_at_once_are_one() -> None:
    show = three()
    show.at(2.0, Go(time=1.0), Go(time=1.05), Go(time=1.2))
    assert show.fired() == [(1.0, "1"), (1.2, "2")]


def test_release_goes_back_to_what_lies_beneath_and_go_takes_up_the_whole_state() -> None:
    beneath = cues(cue(1, move(0, 0.4)), name="beneath")
    show = Show(plan([dimmer(1)], beneath, cues(cue(1, move(0, 1.0)), cue(2), release=Span(2.0))))
    show.at(0.0, Go(time=0.0, list="beneath"))
    show.at(1.0, Go(time=1.0))
    show.at(2.0, Release(time=2.0))
    assert show.level(3.0, 0) == close(0.7)
    assert show.level(4.0, 0) == close(0.4)
    assert show.engine.playback.lists[1].state == "released"
    show.at(5.0, Go(time=5.0))
    assert show.level(7.0, 0) == 1.0
    assert show.engine.playback.lists[1].current == "2"


@pytest.mark.parametrize("how", [Release(time=1.0), Back(time=1.0), Goto(time=1.0, cue="0"), StopAll(time=1.0)])
def test_what_is_let_go_in_the_midst_of_a_fade_leaves_from_where_it_is(how: Release | Back | Goto | StopAll) -> None:
    lists = cues(cue(1, move(0, 1.0, 2.0)), release=Span(4.0))
    show = Show(plan([dimmer(1)], lists, back_time=Span(4.0)))
    show.at(1.0, Go(time=0.0), how)
    assert [show.level(t, 0) for t in (1.0, 2.0, 3.0, 4.0, 5.0)] == [close(v) for v in (0.5, 0.375, 0.25, 0.125, 0.0)]


def test_back_after_release_takes_the_cue_up_again() -> None:
    show = three()
    show.at(9.0, Go(time=0.0), Release(time=5.0), Back(time=8.0))
    assert show.level(9.5, 0) == close(0.8)
    assert show.engine.playback.lists[0].current == "1"


def test_stop_all_releases_everything() -> None:
    show = three()
    show.at(9.0, Go(time=0.0), StopAll(time=4.0))
    assert show.level(9.0, 0) == 0.0
    assert show.engine.playback.lists[0].state == "released"


def test_cue_only_does_not_track() -> None:
    show = Show(
        plan(
            [dimmer(1), dimmer(2)],
            cues(cue(1, move(0, 0.4)), cue(2, move(0, 1.0), move(1, 1.0), cue_only=True), cue(3), release=Span(0.0)),
        )
    )
    show.at(1.0, Go(time=0.0), Go(time=1.0))
    assert show.level(1.0, 1) == 1.0
    show.at(2.0, Go(time=2.0))
    assert (show.level(9.0, 0), show.level(9.0, 1)) == (close(0.4), 0.0)


def waits(quantise: str) -> Show:
    """A second cue that waits for a drop, and a third that waits for a break."""
    drop, broken = When(Section.DROP, quantise), When(Section.BREAK)  # type: ignore[arg-type]
    return Show(plan([dimmer(1)], cues(cue(1), cue(2, when=drop), cue(3, when=broken))))


@pytest.mark.parametrize(("quantise", "due"), [("none", 10.2), ("beat", 10.5), ("bar", 12.0)])
def test_a_section_fires_the_cue_that_waits_for_it(quantise: str, due: float) -> None:
    show = waits(quantise)
    show.at(1.0, Go(time=1.0))
    assert show.engine.playback.lists[0].waiting.startswith("section drop")
    for i in range(200):
        t = i / 10
        show.at(t, beat(t, i // 5 + 1, section=Section.DROP if t >= 10.2 else Section.BUILD))
    assert show.fired() == [(1.0, "1"), (pytest.approx(due), "2")]


def test_a_section_that_was_there_long_before_fires_nothing_and_one_that_just_began_does() -> None:
    for since, fires in ((5.0, False), (8.5, True)):
        show = waits("none")
        show.at(9.0, beat(since, 1, section=Section.DROP))
        show.at(10.0, Go(time=10.0))
        show.at(20.0)
        assert (len(show.fired()) == 2) is fires


def test_a_section_that_is_over_before_the_bar_fires_nothing() -> None:
    show = waits("bar")
    show.at(1.0, Go(time=1.0), beat(2.2, 1, section=Section.DROP))
    show.at(20.0, beat(2.3, 1, section=Section.DROP), beat(2.8, 1, section=Section.STEADY))
    assert show.fired() == [(1.0, "1")]


def test_an_ear_that_is_lost_moves_no_cue() -> None:
    """It is not silence that is heard then: nothing is."""
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 0.5)), cue(2, move(0, 1.0), when=When(Section.SILENCE)))))
    show.at(0.0, Go(time=0.0))
    for i in range(50):
        show.at(i / 10, beat(i / 10, i // 5 + 1))
    assert show.level(600.0, 0) == close(0.5)
    assert show.fired() == [(0.0, "1")]
    show.at(601.0, beat(601.0, 20, section=Section.SILENCE))
    assert show.fired()[-1] == (601.0, "2"), "silence that is heard does"


def test_a_list_that_runs_away_is_stopped_and_told() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0), follow=Span(0.0)), cue(2, follow=Span(0.0)), loop=True)))
    show.at(5.0, Go(time=0.0))
    assert show.types().count("runaway") == 1
    assert len(show.fired()) <= 102
    show.at(6.0, Go(time=6.0))
    assert show.types()[-1] == "runaway", "a hand may go on"


def test_a_restart_stands_where_the_show_stood() -> None:
    show = three()
    show.at(9.0, Go(time=0.0), Go(time=3.0))
    kept = show.at(9.0, Pause(time=8.0)).playback
    again = Show(show.plan)
    told = again.engine.restore(kept, 100.0)
    assert [h.type for h in told] == ["cue"]
    assert (again.level(100.0, 0), again.level(100.0, 1)) == (close(0.8), close(0.6))
    state = again.engine.playback.lists[0]
    assert (state.current, state.pending, state.state) == ("2", "2.5", "paused")


def test_a_restart_with_another_show_leaves_out_what_is_gone() -> None:
    kept = three().at(9.0, Go(time=0.0), Go(time=3.0)).playback
    again = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0)))))
    told = again.engine.restore(kept, 0.0)
    assert [h.type for h in told] == ["refused"]
    assert again.level(1.0, 0) == 0.0


def test_a_second_crash_still_knows_which_list_moved_last() -> None:
    stacks = [cues(cue(1, move(0, level)), name=name) for name, level in (("main", 1.0), ("other", 0.2))]
    show = Show(plan([dimmer(1)], *stacks))
    show.at(1.0, Go(time=0.5, list="other"))
    state = show.at(2.0, Go(time=1.5, list="main")).playback
    for _ in range(3):
        again = Show(show.plan)
        again.engine.restore(state, 0.0)
        state = again.at(0.1).playback
        assert again.level(0.2, 0) == 1.0
