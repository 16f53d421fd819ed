"""Mark: what the next cue lights moves in the dark, before it; what could not, moves live."""

from __future__ import annotations

import pytest

from showctl.model import Back, Go, Goto, Hold, LetGo, Pause, Release, Resume, SetMaster, SetRate
from showctl.plan import Category, Cue, EffectStart, Parameter, Span, Submaster, Timing
from tests.show.shows import Show, cue, cues, dimmer, effect, move, plan, spot

UP, PAN, OTHER = 0, 1, 2  # a spot's intensity and pan, and a dimmer beside it
PLACE = 0.9


def close(value: float) -> object:
    return pytest.approx(value, abs=1e-4)


def takes(seconds: float, **of: float) -> tuple[tuple[str, Timing], ...]:
    """The times of a cue: so long for all of it, and for what is named."""
    found = {"": Timing(Span(seconds), Span(seconds)), **{k: Timing(Span(v), Span(v)) for k, v in of.items()}}
    return tuple(found.items())


def lights(number: int = 3, **more: object) -> Cue:
    """The cue that takes the spot from dark to full and from the middle to its place, marked."""
    return cue(number, move(UP, 1.0, 2.0), move(PAN, PLACE, 2.0), **{"mark": True, **more})


def dark(number: int = 2, fade: float = 2.0, **more: object) -> Cue:
    """The cue before: the spot goes out in 2 s; what it has no move for takes 4 s in it."""
    return cue(number, move(UP, 0.0, fade), **{"times": takes(4.0), **more})


def three(*with_them: object, before: Cue | None = None, after: Cue | None = None, **more: object) -> Show:
    """Lit in cue 1 since 0 s, dark in cue 2, marked in cue 3; cue 4 goes on."""
    first, last = cue(1, move(UP, 0.5), move(PAN, 0.5)), cue(4, move(OTHER, 1.0))
    made = cues(first, before or dark(), after or lights(), last)
    show = Show(plan([*spot(1), dimmer(4)], made, *with_them, **more))  # type: ignore[arg-type]
    show.at(0.0, Go(time=0.0))
    return show


def test_marked_moves_run_after_the_fade_to_dark_in_the_time_of_the_cue_before() -> None:
    show = three()
    show.at(10.0, Go(time=10.0))
    assert show.level(12.0, PAN) == close(0.5), "still lit until 12 s"
    assert show.level(14.0, PAN) == close(0.7), "half of 4 s"
    assert show.level(16.0, PAN) == close(PLACE)
    assert show.level(16.0, UP) == 0.0


def test_go_after_a_mark_only_brings_up_the_intensity() -> None:
    show = three()
    show.at(10.0, Go(time=10.0))
    show.at(20.0, Go(time=20.0))
    for t in (20.0, 20.3, 21.0, 22.0):
        assert show.level(t, PAN) == close(PLACE)
        assert show.level(t, UP) == pytest.approx((t - 20.0) / 2, abs=0.005)


def test_the_time_that_the_marked_cue_writes_for_the_category_goes_before_that_of_the_cue_before() -> None:
    show = three(after=lights(times=takes(2.0, position=8.0)))
    show.at(10.0, Go(time=10.0))
    assert show.level(16.0, PAN) == close(0.7)
    show = three(before=dark(times=takes(4.0, position=1.0)))
    show.at(10.0, Go(time=10.0))
    assert show.level(12.5, PAN) == close(0.7), "and that of the cue before for the category before its own"


def test_without_mark_the_head_moves_live() -> None:
    show = three(after=lights(mark=False))
    show.at(10.0, Go(time=10.0))
    assert show.level(20.0, PAN, Go(time=20.0)) == close(0.5)
    assert show.level(21.0, PAN) == close(0.7)


def test_a_lamp_that_is_lit_in_the_cue_before_moves_live() -> None:
    show = three(before=cue(2, move(UP, 0.1, 2.0), times=takes(4.0)))
    show.at(10.0, Go(time=10.0))
    assert show.level(20.0, PAN, Go(time=20.0)) == close(0.5)
    assert show.level(21.0, PAN) == close(0.7)


def test_a_lamp_that_the_cue_leaves_dark_is_not_marked() -> None:
    show = three(after=cue(3, move(PAN, PLACE, 2.0), mark=True))
    show.at(10.0, Go(time=10.0))
    assert show.level(20.0, PAN) == close(0.5)


def test_a_delay_of_the_fade_to_dark_is_waited_for() -> None:
    show = three(before=cue(2, move(UP, 0.0, 2.0, delay=Span(3.0)), times=takes(4.0)))
    show.at(10.0, Go(time=10.0))
    assert show.level(15.0, PAN) == close(0.5)
    assert show.level(17.0, PAN) == close(0.7)


def test_an_earlier_movement_of_the_lamp_is_waited_for() -> None:
    show = three(before=cue(2, move(UP, 0.0), move(PAN, 0.1, 5.0), times=takes(4.0)))
    show.at(10.0, Go(time=10.0))
    assert show.level(15.0, PAN) == close(0.1)
    assert show.level(17.0, PAN) == close(0.5)


def test_go_before_the_dark_moves_live_and_go_in_the_midst_of_a_mark_moves_the_rest_live() -> None:
    show = three()
    show.at(11.0, Go(time=10.0), Go(time=11.0))
    assert show.level(12.0, PAN) == close(0.7), "from the middle, in 2 s"
    show = three()
    show.at(14.0, Go(time=10.0), Go(time=14.0))
    assert show.level(14.0, PAN) == close(0.7), "half of the mark is done"
    assert show.level(15.0, PAN) == close(0.8), "the other half in the 2 s of the cue"


OTHER_LIGHT = cues(cue(1, move(UP, 0.3)), cue(2, move(UP, 0.0, 3.0)), name="other", htp=True)


def test_a_lamp_that_another_list_lights_is_left_alone_until_it_is_dark() -> None:
    show = three(OTHER_LIGHT)
    show.at(5.0, Go(time=5.0, list="other"))
    show.at(10.0, Go(time=10.0))
    assert show.level(20.0, PAN) == close(0.5)
    show.at(20.0, Go(time=20.0, list="other"))
    assert show.level(23.0, PAN) == close(0.5), "the other list takes 3 s"
    assert show.level(23.2, PAN) > 0.5, "then the mark begins, within a fifth of a second"
    assert show.level(25.1, PAN) == pytest.approx(0.7, abs=0.011)


def test_a_lamp_that_a_hand_lets_go_is_marked_once_it_is_dark() -> None:
    show = three()
    show.at(10.0, Hold(time=5.0, values=(("spot.1/intensity", 0.4),)), Go(time=10.0))
    show.at(20.0, LetGo(time=20.0))
    assert show.level(21.0, PAN) == close(0.5), "it goes in the second of the release time"
    assert show.level(25.2, PAN) == close(PLACE)


def test_a_lamp_that_another_list_lights_moves_live_with_go() -> None:
    show = three(OTHER_LIGHT)
    show.at(5.0, Go(time=5.0, list="other"))
    show.at(20.0, Go(time=10.0), Go(time=20.0))
    assert show.level(21.0, PAN) == close(0.7)


@pytest.mark.parametrize("how", ["submaster", "hand", "effect"])
def test_a_lamp_that_a_submaster_a_hand_or_an_effect_lights_is_left_alone(how: str) -> None:
    pulse, start = effect("pulse", [UP])
    subs = (Submaster("front", "additive", ((UP, 1.0),)), Submaster("fx", "effect", (), (start,)))
    show = three(submasters=subs, effects=(pulse,))
    given = {
        "submaster": SetMaster(time=5.0, submaster="front", level=0.4),
        "effect": SetMaster(time=5.0, submaster="fx", level=0.4),
        "hand": Hold(time=5.0, values=(("spot.1/intensity", 0.4),)),
    }[how]
    show.at(5.0, given)
    show.at(10.0, Go(time=10.0))
    assert show.level(20.0, PAN) == close(0.5)
    assert show.level(21.0, PAN, Go(time=20.0)) == close(0.7)


def test_a_lamp_is_not_dark_because_grand_master_or_blackout_hide_it() -> None:
    show = three(before=cue(2, move(UP, 0.1, 2.0), times=takes(4.0)))
    show.at(10.0, SetMaster(time=9.0, level=0.0), Go(time=10.0))
    assert show.level(20.0, PAN) == close(0.5)


def test_back_to_the_cue_before_marks_again() -> None:
    show = three()
    show.at(10.0, Go(time=10.0))
    show.at(20.0, Go(time=20.0))
    show.at(30.0, Back(time=30.0))
    assert (show.level(40.0, UP), show.level(40.0, PAN)) == (0.0, close(PLACE))
    show.at(40.0, Back(time=40.0))
    assert show.level(50.0, PAN) == close(0.5), "back beyond the mark: where it was"


def test_a_mark_that_go_came_too_early_for_is_made_up_for_after_back() -> None:
    show = three()
    show.at(10.5, Go(time=10.0), Go(time=10.5))
    show.at(20.0, Back(time=20.0))
    assert show.level(21.0, PAN) == close(0.5), "as it was, in the back time"
    assert show.level(25.0, PAN) == close(PLACE), "then marked as if nothing had been"


def test_goto_the_cue_before_marks_and_goto_the_cue_itself_moves_live() -> None:
    show = three()
    show.at(10.0, Goto(time=10.0, cue="2"))
    assert show.level(11.0, PAN) == close(0.5)
    assert show.level(13.0, PAN) == close(0.7), "4 s from the end of the go-to time"
    show.at(20.0, Goto(time=20.0, cue="1"))
    show.at(30.0, Goto(time=30.0, cue="3"))
    assert show.level(30.5, PAN) == close(0.7), "in the go-to time"


def test_goto_elsewhere_forgets_what_waited() -> None:
    show = three()
    show.at(10.0, Go(time=10.0), Goto(time=11.0, cue="1"))
    assert show.level(30.0, PAN) == close(0.5)


def test_the_last_cue_of_a_loop_marks_the_first() -> None:
    back = cue(2, move(UP, 0.0), goto=cue(1).number, times=takes(2.0))
    show = Show(plan(spot(1), cues(lights(1), back)))
    show.at(0.0, Go(time=0.0))
    show.at(5.0, Go(time=5.0))
    assert show.level(10.0, PAN) == close(PLACE)
    away = cue(2, move(UP, 0.0), move(PAN, 0.1), goto=cue(1).number, times=takes(2.0))
    show = Show(plan(spot(1), cues(lights(1), away)))
    show.at(0.0, Go(time=0.0))
    assert show.level(6.0, PAN, Go(time=5.0)) == close(0.5), "half way back from 0.1"
    assert show.level(9.0, PAN) == close(PLACE)


def test_pause_holds_what_waits_for_the_dark_and_a_rate_stretches_it() -> None:
    show = three()
    show.at(11.0, Go(time=10.0), Pause(time=11.0))
    assert show.level(20.0, PAN) == close(0.5)
    assert show.level(23.0, PAN, Resume(time=20.0)) == close(0.7)
    show = three()
    show.at(10.0, SetRate(time=10.0, rate=2.0), Go(time=10.0))
    assert show.level(11.0, PAN) == close(0.5)
    assert show.level(12.0, PAN) == close(0.7)


def test_release_forgets_what_waited() -> None:
    show = three()
    show.at(11.0, Go(time=10.0), Release(time=11.0))
    assert show.level(30.0, PAN) == close(0.5)


def test_an_undone_cue_only_move_is_marked_too() -> None:
    """Cue 2 turns the head away for itself alone; cue 3 lights it, and it is back in its place by then."""
    away = cue(2, move(UP, 0.0), move(PAN, 0.1), cue_only=True, times=takes(2.0))
    show = three(before=away, after=cue(3, move(UP, 1.0), mark=True))
    show.at(10.0, Go(time=10.0))
    assert show.level(11.0, PAN) == close(0.3)
    assert show.level(12.0, PAN) == close(0.5)


def test_what_snaps_jumps_in_the_dark() -> None:
    gobo = Parameter("spot.1", 0, "gobo", Category.BEAM, 1, (5,), snap=True)
    first, then = cue(1, move(0, 0.0, 2.0), times=takes(4.0)), cue(2, move(0, 1.0), move(2, 1.0), mark=True)
    show = Show(plan([*spot(1), gobo], cues(cue("0.5", move(0, 1.0)), first, then)))
    show.at(10.0, Go(time=0.0), Go(time=10.0))
    assert show.level(11.9, 2) == 0.0
    assert show.level(12.0, 2) == 1.0


def test_a_cell_is_marked_by_its_own_dimmer() -> None:
    cells = [Parameter("bar", c, "intensity", Category.INTENSITY, 1, (c,)) for c in (1, 2)]
    reds = [Parameter("bar", c, "red", Category.COLOUR, 1, (2 + c,)) for c in (1, 2)]
    first = cue(1, move(0, 0.0), move(1, 0.5), times=takes(2.0))
    then = cue(2, move(0, 1.0), move(1, 1.0), move(2, 1.0, 2.0), move(3, 1.0, 2.0), mark=True)
    show = Show(plan([*cells, *reds], cues(first, then)))
    show.at(0.0, Go(time=0.0))
    assert (show.level(3.0, 2), show.level(3.0, 3)) == (1.0, 0.0), "the second cell is lit and moves live"


def test_a_mark_waits_for_no_cue_that_comes_by_itself() -> None:
    """A follow of 1 s comes before the dark: live. One of 5 s comes after it: half a mark, and the rest live."""
    for follow, at_go in ((1.0, 0.5), (4.0, 0.7)):
        show = three(before=dark(follow=Span(follow)))
        show.at(10.0, Go(time=10.0))
        assert show.level(10.0 + follow, PAN) == close(at_go)
        assert show.level(12.0 + follow, PAN) == close(PLACE)


def test_a_hang_is_not_prolonged_by_a_mark() -> None:
    """The mark begins at 12 s and lasts to 16 s; the cue is complete at 13 s."""
    show = three(before=cue(2, move(UP, 0.0, 2.0), move(OTHER, 0.5, 3.0), times=takes(4.0), hang=Span(1.0)))
    show.at(30.0, Go(time=10.0))
    assert show.fired()[2] == (14.0, "3")


def test_cue_0_marks_nothing() -> None:
    show = Show(plan(spot(1), cues(lights(1))))
    assert show.level(10.0, PAN) == close(0.5)
    assert show.level(20.0, PAN, Goto(time=10.0, cue="0")) == close(0.5)


def test_an_effect_that_only_scales_lights_nothing() -> None:
    scale, _ = effect("scale", [UP], layer="scale")
    show = three(effects=(scale,), before=dark(starts=(EffectStart("scale", ((UP,),)),)))
    show.at(10.0, Go(time=10.0))
    assert show.level(20.0, PAN) == close(PLACE)


def test_a_list_is_told_to_fade_while_its_marks_move() -> None:
    """Also when nothing else happens: a mark itself is no event, and what was told of the list before it holds no longer."""
    show = three()
    show.at(9.0, Hold(time=9.0, values=(("spot.1/intensity", 0.4),)))
    told = show.at(12.9, Go(time=10.0)).playback.lists[0]
    assert (told.state, told.ends) == ("idle", 12.0), "the fade to dark is over, and a hand lights the lamp"
    show.at(12.95, LetGo(time=12.95))
    told = show.at(14.1).playback.lists[0]
    assert (told.state, told.ends) == ("fading", close(18.0)), "let go in 1 s, and 4 s from the look at 14 s"
    assert show.at(18.1).playback.lists[0].state == "idle"


def test_a_list_is_told_to_fade_until_its_marks_are_there_while_another_of_its_fades_goes_on() -> None:
    show = three(before=cue(2, move(UP, 0.0, 2.0), move(OTHER, 1.0, 3.0), times=takes(4.0)))
    assert show.at(10.0, Go(time=10.0)).playback.lists[0].ends == 13.0
    assert show.at(12.1).playback.lists[0].ends == close(16.0)
