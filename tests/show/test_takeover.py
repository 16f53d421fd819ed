"""A changed plan takes over between two ticks: only what changed moves, in the back time; all else goes on to the bit."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from showctl.model import Back, Check, ControlEvent, Features, Go, Goto, Hold, Inputs, Pause, Release, SetMaster, StopAll
from showctl.plan import Cue, CueList, Effect, EffectStart, Plan, Span, StrobeLimit, Submaster
from showctl.show.engine import ShowEngine
from tests.show.shows import cue, cues, dimmer, effect, move, pan, plan
from tests.show.test_laws import AT_44, QUICK, examples, made_plans
from tests.show.test_state import given_at, limits, nights, seen

ANY_SHOW = settings(QUICK, max_examples=examples(12), suppress_health_check=list(HealthCheck), phases=[Phase.generate])
PAN, PAN_SLOTS = 4, slice(3, 5)
Night = tuple[list[Features], list[ControlEvent]]


def taken_over(of: Plan, old: ShowEngine, now: float) -> ShowEngine:
    engine = ShowEngine(of)
    engine.prepare(old)
    assert engine.take_over(old, now) == ()
    return engine


@pytest.mark.slow
@ANY_SHOW
@given(made_plans(), limits, nights, st.integers(0, len(AT_44) - 1))
def test_the_same_plan_changes_nothing(of: Plan, limit: StrobeLimit | None, night: Night, at: int) -> None:
    of = replace(of, strobe=limit)
    living, other = ShowEngine(of), ShowEngine(of)
    for i, (now, inputs) in enumerate(zip(AT_44, given_at(night, AT_44), strict=True)):
        assert seen(other.step(now, inputs)) == seen(living.step(now, inputs)), f"at {now} s"
        if i == at:
            other = taken_over(copy.deepcopy(of), other, now)


def with_pans(of: Plan, to: float) -> Plan:
    """Every value that a cue gives the pan is another, as when a palette of positions was changed."""

    def changed(one: Cue) -> Cue:
        moves = tuple(m._replace(value=abs(m.value - to)) if m.parameter == PAN else m for m in one.moves)
        return replace(one, moves=moves)

    return replace(of, lists=tuple(replace(lst, cues=tuple(map(changed, lst.cues))) for lst in of.lists))


@pytest.mark.slow
@ANY_SHOW
@given(made_plans(), nights, st.integers(0, len(AT_44) - 1), st.sampled_from([0.3, 0.9]))
def test_a_changed_palette_moves_only_what_uses_it(of: Plan, night: Night, at: int, to: float) -> None:
    living, changed = ShowEngine(of), ShowEngine(of)
    for i, (now, inputs) in enumerate(zip(AT_44, given_at(night, AT_44), strict=True)):
        expected, got = living.step(now, inputs), changed.step(now, inputs)
        a, b = expected.slots.copy(), got.slots.copy()
        a[0, PAN_SLOTS] = b[0, PAN_SLOTS] = 0
        assert (a == b).all(), f"at {now} s"
        assert repr(got.events) == repr(expected.events)
        if i == at:
            changed = taken_over(with_pans(of, to), changed, now)


@pytest.mark.slow
@ANY_SHOW
@given(made_plans(), nights, st.integers(0, len(AT_44) - 1))
def test_a_fixture_more_moves_nothing_of_the_others(of: Plan, night: Night, at: int) -> None:
    """Every number of the plan is another then: parameters, lamps, lists. The channel check rightly begins at the new one."""
    wider, night = shifted(of), (night[0], [one for one in night[1] if not isinstance(one, Check)])
    living, changed = ShowEngine(of), ShowEngine(of)
    for i, (now, inputs) in enumerate(zip(AT_44, given_at(night, AT_44), strict=True)):
        expected, got = living.step(now, inputs), changed.step(now, inputs)
        assert (expected.slots[0, :7] == got.slots[0, :7]).all(), f"at {now} s"
        assert repr(got.events) == repr(expected.events)
        if i == at:
            changed = taken_over(wider, changed, now)


def shifted(of: Plan) -> Plan:
    """The same show with a fixture patched before all others, and with a list before all others."""

    def later(one: Cue) -> Cue:
        moves = tuple(m._replace(parameter=m.parameter + 1) for m in one.moves)
        starts = tuple(replace(s, targets=tuple(tuple(p + 1 for p in t) for t in s.targets)) for s in one.starts)
        return replace(one, moves=moves, starts=starts)

    first = (dimmer(100, "another"), *of.parameters)
    parameters = tuple(replace(p, masters=tuple(m + 1 for m in p.masters)) for p in first)
    lists = tuple(replace(lst, cues=tuple(map(later, lst.cues))) for lst in of.lists)
    subs = tuple(
        replace(
            sub,
            levels=tuple((p + 1, v) for p, v in sub.levels),
            starts=tuple(replace(s, targets=tuple(tuple(p + 1 for p in t) for t in s.targets)) for s in sub.starts),
        )
        for sub in of.submasters
    )
    start = tuple((p + 1, v) for p, v in of.start)
    empty = CueList("empty", (cue(1),))
    return replace(of, parameters=parameters, lists=(empty, *lists), submasters=subs, start=start)


# --- one by one --------------------------------------------------------------------------------------------------------


def levels(engine: ShowEngine, now: float, *asked: ControlEvent) -> list[int]:
    return engine.step(now, Inputs(controls=asked)).slots[0, :6].tolist()


def show(*of: Cue, back: float = 2.0, **more: object) -> Plan:
    return plan([dimmer(1), dimmer(2), dimmer(3), dimmer(4)], cues(*of), back_time=Span(back), strobe=None, **more)


def played(of: Plan, *asked: tuple[float, ControlEvent]) -> ShowEngine:
    engine = ShowEngine(of)
    for t, one in asked:
        engine.step(t, Inputs(controls=(one,)))
    return engine


GO = Go(time=0.0)


def test_a_value_that_is_another_is_gone_to_in_the_back_time() -> None:
    before = show(cue(1, move(0, 1.0, 4.0), move(1, 1.0)))
    after = show(cue(1, move(0, 1.0, 4.0), move(1, 0.2)))
    old = played(before, (0.0, GO))
    levels(old, 1.0)
    new = ShowEngine(after)
    new.prepare(old)
    assert new.take_over(old, 1.0) == ()
    assert levels(new, 1.0)[:2] == [64, 255]
    assert levels(new, 2.0)[:2] == [128, 153]
    assert levels(new, 3.0)[:2] == [191, 51]
    assert levels(new, 4.0)[:2] == [255, 51]


def test_what_is_tracked_no_more_is_let_go_and_what_is_new_comes() -> None:
    before = show(cue(1, move(0, 1.0), move(1, 1.0)), start=((1, 0.2),))
    after = show(cue(1, move(0, 1.0), move(2, 0.8)), start=((1, 0.2),))
    old = played(before, (0.0, GO))
    levels(old, 1.0)
    new = taken_over(after, old, 1.0)
    assert levels(new, 1.0)[:3] == [255, 255, 0]
    assert levels(new, 2.0)[:3] == [255, 153, 102]
    assert levels(new, 3.0)[:3] == [255, 51, 204]


def test_what_stands_elsewhere_than_the_plan_said_is_left_alone() -> None:
    before = show(cue(1, move(0, 0.4)), cue(2, move(0, 1.0)))
    after = show(cue(1, move(0, 0.6)), cue(2, move(0, 0.9)))
    released = played(before, (0.0, GO), (1.0, Release(time=1.0)))
    levels(released, 9.0)
    assert levels(taken_over(after, released, 9.0), 12.0)[0] == 0, "a released list"
    old = played(before, (0.0, GO), (1.0, Goto(time=1.0, cue="2")), (5.0, Back(time=5.0)))
    levels(old, 9.0)
    new = taken_over(after, old, 9.0)
    assert levels(new, 12.0)[0] == 153, "cue 1 as it is now: BACK led to what it said"


def test_a_cue_that_is_gone_leaves_its_look_until_the_next_go() -> None:
    before = show(cue(1, move(0, 0.2)), cue(2, move(1, 1.0)), cue(3, move(2, 1.0)), back=0.0)
    after = show(cue(1, move(0, 0.2)), cue(3, move(2, 1.0)), back=0.0)
    old = played(before, (0.0, GO), (1.0, Go(time=1.0)))
    new = taken_over(after, old, 1.0)
    assert levels(new, 2.0)[:3] == [51, 255, 0]
    state = new.playback.lists[0]
    assert (state.current, state.pending) == ("1", "3")
    assert levels(new, 3.0, Go(time=3.0))[:3] == [51, 0, 255], "the whole state: nothing of cue 2 is left"


def test_a_cue_put_in_between_is_the_next_one() -> None:
    before = show(cue(1, move(0, 0.2), follow=Span(5.0)), cue(3, move(2, 1.0)))
    after = show(cue(1, move(0, 0.2), follow=Span(5.0)), cue(2, move(1, 1.0)), cue(3, move(2, 1.0)))
    new = taken_over(after, played(before, (0.0, GO)), 1.0)
    frame = new.step(5.0, Inputs())
    assert new.playback.lists[0].current == "2"
    assert frame.slots[0, 1] == 255


def test_a_list_and_a_held_value_that_are_gone_are_told() -> None:
    side = cues(cue(1, move(3, 1.0)), name="side")
    before = replace(show(cue(1, move(0, 0.5))), submasters=(Submaster("fill", "additive", ((1, 1.0),)),))
    before = replace(before, lists=(*before.lists, side))
    after = plan([dimmer(1), dimmer(2)], cues(cue(1, move(0, 0.5))), strobe=None)
    old = played(before, (0.0, GO), (0.1, Go(time=0.1, list="side")), (0.2, Hold(time=0.2, values=(("dim.4/intensity", 0.3),))))
    new = ShowEngine(after)
    new.prepare(old)
    told = {str(dict(h.data)["what"]) for h in new.take_over(old, 1.0)}
    assert told == {"the list 'side'", "the submaster 'fill'", "what was held of dim.4/intensity"}
    assert levels(new, 1.0) == [128, 0, 0, 0, 0, 0]


def test_masters_submasters_and_hands_stay() -> None:
    sub = Submaster("fill", "additive", ((1, 1.0),))
    before = show(cue(1, move(0, 1.0)), submasters=(sub,))
    after = show(cue(1, move(0, 1.0)), cue(2), submasters=(replace(sub, levels=((2, 1.0),), level=0.1),))
    given_ = (SetMaster(time=0.1, level=0.5), SetMaster(time=0.1, level=0.6, submaster="fill"))
    old = played(before, (0.0, GO), *((0.2, one) for one in given_), (0.3, Hold(time=0.3, values=(("dim.4/intensity", 1.0),))))
    assert levels(old, 0.4) == [128, 77, 0, 128, 0, 0]
    assert levels(taken_over(after, old, 0.4), 0.4) == [128, 0, 77, 128, 0, 0]


def test_an_effect_that_is_new_to_a_submaster_that_is_up_begins() -> None:
    ramp, start = effect("run", [0], shape="ramp", sync="free", every=Span(4.0), low=1.0)
    sub = Submaster("fx", "effect", ())
    before = show(cue(1), effects=(ramp,), submasters=(sub,))
    after = show(cue(1), effects=(ramp,), submasters=(replace(sub, starts=(start,)),))
    old = played(before, (0.0, SetMaster(time=0.0, level=0.5, submaster="fx")))
    assert levels(taken_over(after, old, 1.0), 1.0)[0] == 128
    stopped = played(after, (0.0, SetMaster(time=0.0, level=0.5, submaster="fx")), (1.0, StopAll(time=1.0)))
    levels(stopped, 5.0)
    other = replace(after, submasters=(replace(after.submasters[0], priority=7),))
    assert levels(taken_over(other, stopped, 5.0), 6.0)[0] == 0, "what a hand has stopped stays so"


def with_effect(**more: object) -> tuple[Effect, EffectStart]:
    return effect("run", [0], shape="ramp", sync="free", every=Span(4.0), **{"exit": Span(1.0), **more})


def test_an_effect_that_is_another_goes_on_at_its_phase() -> None:
    (ramp, start), (half, _) = with_effect(), with_effect(high=0.5)
    one = cue(1, starts=(start,))
    old = played(show(one, effects=(ramp,)), (0.0, GO))
    assert levels(old, 2.0)[0] == 128
    new = taken_over(show(one, effects=(half,)), old, 2.0)
    assert levels(new, 2.0)[0] == 64
    assert levels(new, 3.0)[0] == 96


@pytest.mark.parametrize("gone", ["from the cue", "with its definition"])
def test_an_effect_that_is_gone_shrinks(gone: str) -> None:
    ramp, start = with_effect(low=1.0)
    old = played(show(cue(1, starts=(start,)), effects=(ramp,)), (0.0, GO))
    assert levels(old, 2.0)[0] == 255
    new = ShowEngine(show(cue(1), effects=(ramp,) if gone == "from the cue" else ()))
    new.prepare(old)
    new.take_over(old, 2.0)
    assert [levels(new, t)[0] for t in (2.0, 2.5, 3.0)] == [255, 128, 0]
    restored, _ = ShowEngine.restored(new.plan, new.state(3.0))
    assert levels(restored, 4.0)[0] == 0


def test_an_effect_that_is_new_begins_but_not_one_that_a_hand_stopped() -> None:
    ramp, start = with_effect(low=1.0)
    without, with_it = show(cue(1), effects=(ramp,)), show(cue(1, starts=(start,)), effects=(ramp,))
    new = taken_over(with_it, played(without, (0.0, GO)), 1.0)
    assert levels(new, 1.0)[0] == 255
    old = played(with_it, (0.0, GO), (1.0, StopAll(time=1.0)))
    levels(old, 5.0)
    assert levels(taken_over(show(cue(1, starts=(start,), name="x"), effects=(ramp,)), old, 5.0), 6.0)[0] == 0


def test_a_paused_list_stays_paused_and_history_is_kept() -> None:
    before = show(cue(1, move(0, 0.4)), cue(2, move(0, 1.0, 4.0)))
    after = shifted(before)
    old = played(before, (0.0, GO), (1.0, Go(time=1.0)), (3.0, Pause(time=3.0)))
    new = taken_over(after, old, 3.0)
    assert levels(new, 9.0)[0] == 179
    assert new.playback.lists[1].state == "paused"
    levels(new, 10.0, Back(time=10.0))
    assert levels(new, 13.0)[0] == 102
    assert new.playback.lists[1].current == "1"


def test_without_a_preparation_it_is_the_same() -> None:
    before, after = show(cue(1, move(0, 1.0, 4.0))), show(cue(1, move(0, 0.5, 4.0)))
    old = played(before, (0.0, GO))
    levels(old, 1.0)
    prepared, unprepared = taken_over(after, old, 1.0), ShowEngine(after)
    unprepared.take_over(old, 1.0)
    for t in np.linspace(1.0, 4.0, 20).tolist():
        assert levels(prepared, t) == levels(unprepared, t)


def test_a_preparation_may_be_older_than_the_show() -> None:
    """GO was pressed twice in between."""
    before = show(*(cue(i, move(0, i / 10)) for i in range(1, 6)), back=0.0)
    after = show(*(cue(i, move(0, i / 10 + 0.05)) for i in range(1, 6)), back=0.0)
    old = played(before, (0.0, GO))
    new = ShowEngine(after)
    new.prepare(old)
    levels(old, 1.0, Go(time=1.0))
    levels(old, 2.0, Go(time=2.0))
    new.take_over(old, 2.0)
    assert levels(new, 2.0)[0] == round(0.35 * 255)


def test_a_head_goes_by_its_own_way_and_nothing_else_moves() -> None:
    """Two parameters of one fixture: only the pan has another value."""
    make: Callable[[float], Plan] = lambda to: plan(  # noqa: E731
        [pan(1), dimmer(5, "head.1")], cues(cue(1, move(0, to, 1.0), move(1, 1.0, 8.0))), back_time=Span(1.0), strobe=None
    )
    old = played(make(1.0), (0.0, GO))
    levels(old, 4.0)
    new = taken_over(make(0.0), old, 4.0)
    assert levels(new, 4.5)[0] == 128
    assert levels(new, 5.0)[:2] == [0, 0]
    assert levels(new, 6.0)[4] == round(0.75 * 255)
