"""More than one list: who has a parameter, what asserts, what cue_only leaves behind."""

from __future__ import annotations

import pytest

from showctl.model import Back, Go, Goto, Hold, Release
from showctl.plan import Category, EffectStart, Parameter, Span, Timing
from tests.show.shows import Show, cue, cues, dimmer, effect, move, pan, plan

STEP = 1 / 255


def close(value: float) -> object:
    return pytest.approx(value, abs=0.6 * STEP)


def takes(up: float, down: float | None = None, **of: float) -> tuple[tuple[str, Timing], ...]:
    """The times of a cue: for all of it, and for what is named."""
    found = {"": Timing(Span(up), Span(up if down is None else down))}
    return tuple({**found, **{name: Timing(Span(time), Span(time)) for name, time in of.items()}}.items())


# --- ownership ---------------------------------------------------------------------------------------------------------


def two(**more: object) -> Show:
    """Two lists over one dimmer: main at 80 % and on without a move, other at 20 %."""
    main = cues(cue(1, move(0, 0.8)), cue(2), cue(3, move(0, 0.5)), **more)
    return Show(plan([dimmer(1)], main, cues(cue(1, move(0, 0.2)), cue(2), name="other")))


def test_the_list_that_gave_the_last_move_owns_and_a_go_without_a_move_takes_nothing_back() -> None:
    show = two()
    show.at(2.0, Go(time=0.0), Go(time=1.0, list="other"), Go(time=2.0))
    assert show.level(2.0, 0) == close(0.2)
    assert show.level(3.0, 0, Go(time=3.0)) == close(0.5), "a move of its own takes it back"


def test_a_higher_priority_keeps_what_a_later_move_of_a_lower_one_asks_for() -> None:
    show = two(priority=5)
    show.at(1.0, Go(time=0.0), Go(time=1.0, list="other"))
    assert show.level(1.0, 0) == close(0.8)
    assert show.level(5.0, 0, Release(time=2.0)) == close(0.2), "what lies beneath shines through when it is released"


def test_a_fade_of_a_list_begins_where_the_light_is_whoever_made_it() -> None:
    main = cues(cue(1, move(0, 1.0, 2.0)))
    show = Show(plan([dimmer(1)], main, cues(cue(1, move(0, 0.4)), name="other")))
    show.at(1.0, Go(time=0.0, list="other"), Go(time=1.0))
    assert show.level(2.0, 0) == close(0.7)


def test_goto_takes_back_what_another_list_took() -> None:
    show = two()
    show.at(3.0, Go(time=0.0), Go(time=1.0, list="other"), Goto(time=2.0, cue="2"))
    assert show.level(3.0, 0) == close(0.8)


def test_goto_leaves_what_a_hand_holds() -> None:
    show = two()
    show.at(3.0, Go(time=0.0), Hold(time=1.0, values=(("dim.1/intensity", 0.3),)), Goto(time=2.0, cue="2"))
    assert show.level(3.0, 0) == close(0.3)


# --- assert ------------------------------------------------------------------------------------------------------------


def asserting(**more: object) -> Show:
    """Cue 2 of main moves only dimmer 1, and asserts; list other has taken dimmer 0 from it."""
    second = cue(2, move(1, 1.0, 3.0), **{"asserts": True, "times": takes(4.0, 2.0), **more})
    main = cues(cue(1, move(0, 0.8, 0.5), move(1, 0.5), move(2, 0.9)), second)
    show = Show(plan([dimmer(1), dimmer(2), pan(3)], main, cues(cue(1, move(0, 0.2), move(2, 0.1)), name="other")))
    show.at(1.0, Go(time=0.0), Go(time=1.0, list="other"))
    return show


def test_assert_plays_what_tracked_again_from_where_the_light_is_in_the_times_of_this_cue() -> None:
    show = asserting()
    assert show.level(10.0, 0, Go(time=10.0)) == close(0.2)
    assert show.level(12.0, 0) == close(0.5), "half of the 4 s up"
    assert show.level(14.0, 0) == close(0.8)
    assert show.level(14.0, 2) == pytest.approx(0.9, abs=1e-4)


def test_assert_takes_the_time_of_a_category_where_the_cue_writes_one_and_falls_in_its_out_time() -> None:
    show = asserting(times=takes(4.0, position=1.0))
    show.at(10.0, Go(time=10.0))
    assert show.level(10.5, 2) == pytest.approx(0.5, abs=1e-4)
    show = Show(
        plan(
            [dimmer(1)],
            cues(cue(1, move(0, 0.2)), cue(2, asserts=True, times=takes(4.0, 2.0))),
            cues(cue(1, move(0, 1.0)), name="other"),
        )
    )
    show.at(2.0, Go(time=0.0), Go(time=1.0, list="other"), Go(time=2.0))
    assert show.level(3.0, 0) == close(0.6)


def test_without_assert_what_another_list_took_stays_taken() -> None:
    show = asserting(asserts=False)
    assert show.level(20.0, 0, Go(time=10.0)) == close(0.2)


def test_what_an_asserting_cue_moves_itself_keeps_its_own_time() -> None:
    show = asserting()
    show.at(10.0, Go(time=10.0))
    assert show.level(11.5, 1) == close(0.75), "half of 3 s"


def test_an_asserting_cue_is_complete_when_what_it_asserts_is() -> None:
    show = asserting(hang=Span(1.0))
    third = cue(3, move(1, 0.0))
    main = show.plan.lists[0]
    show = Show(plan(show.plan.parameters, cues(*main.cues, third), show.plan.lists[1]))
    show.at(30.0, Go(time=0.0), Go(time=1.0, list="other"), Go(time=10.0))
    assert show.fired()[-1] == (15.0, "3")


def test_assert_brings_back_the_place_of_the_effects_that_track() -> None:
    """The effect of main lay under the move of the other list; asserted, it is seen again."""
    pulse, start = effect("still", [0], shape="step", low=0.6, high=0.6)
    main = cues(cue(1, move(0, 0.1), starts=(start,)), cue(2, asserts=True))
    show = Show(plan([dimmer(1)], main, cues(cue(1, move(0, 0.3)), name="other"), effects=(pulse,)))
    show.at(1.0, Go(time=0.0))
    assert show.level(1.5, 0, Go(time=1.5, list="other")) == close(0.3)
    show.at(2.0, Go(time=2.0))
    assert show.engine.playback.effects == ("still",)
    assert show.level(2.0, 0) != close(0.3)


# --- block and cue_only --------------------------------------------------------------------------------------------------


def test_block_changes_nothing_in_playback() -> None:
    for block in (False, True):
        main = cues(cue(1, move(0, 0.8)), cue(2, block=block))
        show = Show(plan([dimmer(1)], main, cues(cue(1, move(0, 0.2)), name="other")))
        assert show.level(3.0, 0, Go(time=0.0), Go(time=1.0, list="other"), Go(time=2.0)) == close(0.2)


def test_what_cue_only_did_is_undone_in_the_times_of_the_next_cue() -> None:
    only = cue(2, move(0, 1.0, 9.0), cue_only=True)
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 0.2)), only, cue(3, times=takes(7.0, 2.0)))))
    show.at(20.0, Go(time=0.0), Go(time=1.0), Go(time=20.0))
    assert show.level(21.0, 0) == close(0.6), "half of 2 s down"


def test_what_only_cue_only_had_is_given_up_in_the_times_of_the_next_cue() -> None:
    only = cue(1, move(0, 1.0), cue_only=True)
    lists = cues(only, cue(2, times=takes(7.0, 4.0)), release=Span(1.0)), cues(cue(1, move(0, 0.5)), name="other")
    show = Show(plan([dimmer(1)], *lists))
    show.at(10.0, Go(time=0.0, list="other"), Go(time=1.0), Go(time=10.0))
    assert show.level(12.0, 0) == close(0.75), "half of 4 s down"
    assert show.level(14.0, 0) == close(0.5)


# --- BACK of what snaps --------------------------------------------------------------------------------------------------


def test_back_lets_wheels_jump_at_once() -> None:
    wheel = Parameter("spot", 0, "gobo", Category.BEAM, 1, (1,), snap=True)
    show = Show(plan([wheel], cues(cue(1, move(0, 0.2)), cue(2, move(0, 0.9)))))
    show.at(10.0, Go(time=0.0), Go(time=5.0), Back(time=10.0))
    assert show.level(10.1, 0) == close(0.2)


def test_effects_that_a_goto_finds_running_go_on() -> None:
    """The very same effect is not begun anew by GOTO: its phase goes on."""
    sway, _ = effect("sway", [0], sync="free", shape="ramp", every=Span(10.0))
    start = EffectStart("sway", ((0,),))
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 0.0), starts=(start,)), cue(2)), effects=(sway,)))
    show.at(0.0, Go(time=0.0))
    before = show.level(4.0, 0)
    assert show.level(4.0, 0, Goto(time=4.0, cue="2")) == close(before)
