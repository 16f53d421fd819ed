"""The whole state of an engine: taken at any tick, through JSON, into another engine that goes on to the byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from showctl.model import (
    Back,
    Check,
    ControlEvent,
    Features,
    Flash,
    Go,
    Hold,
    Identify,
    Inputs,
    LetGo,
    Park,
    Pause,
    Resume,
    SetHouse,
    SetMaster,
    ShowFrame,
)
from showctl.plan import Plan, Span, StrobeLimit, Timing
from showctl.replay import read_journal
from showctl.show import playhead
from showctl.show.engine import ShowEngine
from showctl.show.state import State
from tests.golden.make import HERE, demo, small
from tests.show.shows import beat, beats, cue, cues, dimmer, effect, move, pan, plan, spot
from tests.show.test_laws import AT_44, QUICK, examples, made_controls, made_features, made_plans, times

EARLY = 0.6  # s by which what is dated ahead may reach the engine
SAME_PLAN = settings(QUICK, max_examples=examples(8), suppress_health_check=list(HealthCheck), phases=[Phase.generate])

more = st.one_of(
    *[st.builds(Go, time=times, list=st.sampled_from(["main", "side", "top"]))] * 8,
    made_controls(),
    st.builds(Flash, time=times, submaster=st.sampled_from(["add", "limit", "fx"]), on=st.booleans()),
    st.builds(Check, time=times, step=st.sampled_from([-1, 0, 1, 1])),
    st.builds(Identify, time=times, fixture=st.sampled_from(["head", "wash", "nobody"]), on=st.booleans()),
    st.builds(SetHouse, time=times, level=st.sampled_from([0.0, 0.4, 1.0]), fade=st.sampled_from([0.0, 1.5])),
    st.builds(Hold, time=times, values=st.sampled_from([(("1/4", 0.3),), (("1/200", 0.8),), (("head/pan", 0.9),)])),
    st.builds(Park, time=times, values=st.sampled_from([(("1/201", 0.5),), (("dim.1/intensity", 0.5),)])),
)
nights = st.tuples(made_features(), st.lists(more, min_size=12, max_size=40).map(lambda c: sorted(c, key=lambda one: one.time)))
limits = st.sampled_from([None, StrobeLimit(), StrobeLimit(1, 0.0)])


def given_at(night: tuple[list[Features], list[ControlEvent]], ticks: list[float]) -> list[Inputs]:
    """What reaches the engine at each tick: words of the ear in time, hands somewhat ahead of theirs."""
    found, before = [], -1.0
    for now in ticks:
        heard = tuple(f for f in night[0] if before < f.time <= now)
        asked = tuple(c for c in night[1] if before < c.time - EARLY * (int(c.time * 10) % 2) <= now)
        found.append(Inputs(heard, asked))
        before = now
    return found


def through_json(state: State) -> State:
    return State.unpack(json.loads(json.dumps(state.pack(), allow_nan=False)))


def seen(frame: ShowFrame) -> tuple[bytes, str, str]:
    return frame.slots.tobytes(), repr(frame.events), repr(frame.playback)


@pytest.mark.slow
@SAME_PLAN
@given(made_plans(), limits, nights, st.sampled_from([1, 2, 3, 5, 50]), st.integers(0, 49))
def test_a_restart_with_state_gives_the_same_frames(
    of: Plan, limit: StrobeLimit | None, night: tuple[list[Features], list[ControlEvent]], every: int, first: int
) -> None:
    """And the same events, and the same for the operator, wherever it happens, and again and again."""
    of = replace(of, strobe=limit, house=(1,), house_level=0.4)
    living, restarted = ShowEngine(of), ShowEngine(of)
    for i, (now, inputs) in enumerate(zip(AT_44, given_at(night, AT_44), strict=True)):
        expected = living.step(now, inputs)
        got = restarted.step(now, inputs)
        assert seen(got) == seen(expected), f"at {now} s"
        if i % every == first % every:
            restarted, gone = ShowEngine.restored(of, through_json(restarted.state(now)))
            assert gone == []
            assert repr(restarted.playback) == repr(got.playback)


@pytest.mark.slow
@pytest.mark.parametrize("of", [small(), demo()], ids=["small", "demo"])
def test_a_stored_night_goes_on_after_a_restart_every_second(of: Plan) -> None:
    living, restarted = ShowEngine(of), ShowEngine(of)
    batches = list(read_journal([HERE / "night.jsonl"]))
    for i in range(40 * 44):
        now = i / 44
        due = [b for b in batches if b.time <= now]
        batches = batches[len(due) :]
        inputs = Inputs(tuple(f for b in due for f in b.inputs.features), tuple(c for b in due for c in b.inputs.controls))
        assert seen(restarted.step(now, inputs)) == seen(living.step(now, inputs)), f"at {now} s"
        if i % 44 == 17:
            restarted, _ = ShowEngine.restored(of, through_json(restarted.state(now)))


def both(of: Plan, *steps: tuple[float, tuple[Features | ControlEvent, ...]], cut: int) -> None:
    """The same steps with and without a restart after `cut` of them."""
    living, restarted = ShowEngine(of), ShowEngine(of)
    for i, (now, given_) in enumerate(steps):
        heard = tuple(one for one in given_ if isinstance(one, Features))
        inputs = Inputs(heard, tuple(one for one in given_ if not isinstance(one, Features)))
        assert seen(restarted.step(now, inputs)) == seen(living.step(now, inputs)), f"at {now} s"
        if i == cut - 1:
            restarted, _ = ShowEngine.restored(of, through_json(restarted.state(now)))


STACK = cues(cue(1, move(0, 1.0), follow=Span(1.0)), cue(2, move(0, 0.5), follow=Span(1.0)), cue(3, move(0, 0.1)))


def test_what_comes_late_after_a_restart_acts_after_what_had_happened() -> None:
    late = (2.1, (Pause(time=1.2),))
    both(plan([dimmer(1)], STACK), (0.0, (Go(time=0.0),)), (1.5, ()), (2.05, ()), late, (4.0, ()), cut=3)


def test_of_the_same_time_what_arrived_first_comes_first_across_a_restart() -> None:
    many = tuple(SetMaster(time=5.0, level=i / 10) for i in range(5))
    both(plan([dimmer(1)], STACK), (0.0, (Go(time=0.0), *many)), (1.0, (SetMaster(time=5.0, level=0.9),)), (6.0, ()), cut=1)


def test_the_guard_of_go_holds_across_a_restart() -> None:
    of = plan([dimmer(1)], cues(cue(1, move(0, 1.0)), cue(2, move(0, 0.5)), cue(3, move(0, 0.1))))
    both(of, (0.0, (Go(time=0.0),)), (0.05, (Go(time=0.04),)), (1.0, ()), cut=1)


def test_a_list_that_runs_away_is_stopped_across_a_restart() -> None:
    loop = cues(cue(1, move(0, 1.0), follow=Span(0.005)), cue(2, move(0, 0.0), follow=Span(0.005)), loop=True)
    both(plan([dimmer(1)], loop), (0.0, (Go(time=0.0),)), (0.4, ()), (0.9, ()), (3.0, ()), cut=2)


def test_late_news_of_the_beat_do_not_turn_light_back_across_a_restart() -> None:
    ramp, start = effect("run", [0], shape="ramp", sync="beat", every=Span(1.0, "beat"))
    of = plan([dimmer(1)], cues(cue(1, starts=(start,))), effects=(ramp,), strobe=None)
    slower = beat(0.9, 2, period=0.9, anchor=1.1)
    told = tuple(beats(0.6))
    both(of, (0.0, (Go(time=0.0),)), (0.61, told), (1.24, ()), (1.25, (slower,)), (1.26, ()), (1.3, ()), (2.0, ()), cut=3)


@pytest.mark.slow
def test_what_the_strobe_limit_holds_it_holds_after_a_restart() -> None:
    """And it is told again only when that is due."""
    flicker, start = effect("flicker", [0, 1], sync="free", every=Span(0.1), length=0.5)
    lamps = [dimmer(1), dimmer(2)]
    of = plan(lamps, cues(cue(1, starts=(start,))), effects=(flicker,), strobe=StrobeLimit(2, 0.0))
    ticks = [(i / 44, ()) for i in range(1, 700)]
    for cut in (20, 61, 333):
        both(of, (0.0, (Go(time=0.0),)), *ticks, cut=cut)


def test_a_loop_counts_on_and_a_hang_waits_on_after_a_restart() -> None:
    loop = (cue(1, move(0, 1.0)), cue(2, move(0, 0.5), goto=Decimal(1), rounds=2), cue(3, move(0, 0.1)))
    goes = [(float(i), (Go(time=float(i)),)) for i in range(8)]
    for cut in range(1, 8):
        both(plan([dimmer(1)], cues(*loop)), *goes, cut=cut)
    hang = cues(cue(1, move(0, 1.0, 2.0), hang=Span(1.5)), cue(2, move(0, 0.5)))
    for cut in range(1, 9):
        both(plan([dimmer(1)], hang), (0.0, (Go(time=0.0),)), *[(i / 2, ()) for i in range(1, 12)], cut=cut)


def test_an_effect_that_came_later_stays_above_after_a_restart() -> None:
    flat, start = effect("flat", [0], sync="free", shape="ramp", low=0.9, high=1.0)
    above, below = cues(cue(1, starts=(start,)), name="above"), cues(cue(1, move(0, 0.2)), name="below")
    of = plan([dimmer(1)], above, below, effects=(flat,))
    goes = [(0.0, (Go(time=0.0, list="below"),)), (1.0, (Go(time=1.0, list="above"),))]
    both(of, *goes, (2.0, ()), (3.0, (SetMaster(time=3.0, level=0.9),)), (4.0, ()), cut=3)


def test_an_effect_that_was_paused_stands_where_it_stood_after_a_restart() -> None:
    sway, start = effect("sway", [0], parameter="pan", shape="sine", every=Span(4.0, "beat"))
    of = plan([pan(1)], cues(cue(1, starts=(start,))), effects=(sway,))
    told = [(t / 10, ()) for t in range(1, 30)]
    both(of, (0.0, (Go(time=0.0),)), (0.05, (Pause(time=0.05),)), *told, (3.1, (Resume(time=3.0),)), (4.0, ()), (5.0, ()), cut=33)


def test_a_mark_that_waited_for_the_dark_is_told_alike_before_and_after_a_restart() -> None:
    """Nothing but the move in the dark happens after 2 s: the engine that lives on has to see it as one put back does."""
    slowly = (("", Timing(Span(4.0), Span(4.0))),)
    marked = cue(3, move(0, 1.0), move(1, 0.9), mark=True)
    of = plan([*spot(1)], cues(cue(1, move(0, 1.0)), cue(2, move(0, 0.0), times=slowly), marked))
    lit = Hold(time=0.9, values=(("spot.1/intensity", 0.5),))
    goes = [(0.0, (Go(time=0.0),)), (1.0, (lit, Go(time=1.0))), (2.0, (LetGo(time=2.0),))]
    for cut in (4, 5, 6):
        both(of, *goes, (2.5, ()), (4.0, ()), (6.0, ()), (9.0, ()), cut=cut)


def test_a_state_does_not_change_with_its_engine() -> None:
    engine = ShowEngine(small())
    engine.step(1.0, Inputs(controls=(Go(time=0.5), Hold(time=0.6, values=(("par.1/intensity", 0.5),)))))
    state = engine.state(1.0)
    before = json.dumps(state.pack())
    engine.step(9.0, Inputs(controls=(Go(time=5.0), SetMaster(time=6.0, level=0.3), Go(time=7.0, list="probe"))))
    assert json.dumps(state.pack()) == before


def test_the_state_of_the_demo_is_small() -> None:
    engine = ShowEngine(demo())
    for i in range(40):
        engine.step(float(i), Inputs(controls=(Go(time=float(i)),)))
    assert len(json.dumps(engine.state(40.0).pack())) < 60_000


# What each part keeps (it must be in `state.Body`) and what it makes of the plan or of what is kept.
PARTS: list[tuple[Callable[[ShowEngine], object], str, str]] = [
    (
        lambda e: e,
        "_waiting _arrived _time _trusting _held_told _track_volume",
        "plan _stage names starts _by_name _told _takeover _lists _lists_until _playback _early _hints _tracks",
    ),
    (
        lambda e: e._stage,
        "heads fades effects masters hands clock heard _limiter _stamp _shown drawn",
        "plan lamps traits layers _dimmers _patch _base _live _settled _drawn _arranged",
    ),
    (lambda e: e._stage.fades, "start target ramp held stamp leaving leave ramps", "numbered"),
    (lambda e: e._stage.fades.ramps, "count begin end speed bias curve clock y alive", "_lists ended"),
    (
        lambda e: e._stage.layers,
        "",
        "rest priority htp owner _htp_rows _intensities _key _best _start _way _ramp _under _look _numbered _sorted _moving "
        "_leaving _highest",
    ),
    (
        lambda e: e._stage.masters,
        "levels flashed grand blackout house_from house_to house_begun house_fade",
        "submasters acting scale scales additive house_lights _count _mastered _columns",
    ),
    (lambda e: e._stage.effects, "running _frozen", "_lamps _priority _sub_priority _bank _hiding _names"),
    (lambda e: e._stage.hands, "_held _parked identified checked", "_plan _keys _full _order held parked"),
    (lambda e: e._stage.hands._held, "_held", "_plan _span _arranged _whole _raw _bytes _written"),
    (
        lambda e: e._stage._limiter,
        "light lowest highest up down changes oldest strobing strobed steps",
        "held most seen _columns _column_fixture _start _scale _value _lights _shutters _first _second",
    ),
]


@pytest.mark.parametrize(("part", "kept", "made"), PARTS)
def test_whatever_a_part_remembers_is_kept(part: Callable[[ShowEngine], object], kept: str, made: str) -> None:
    """A new attribute is either in the state, or follows from the plan and the rest: say here which."""
    engine = ShowEngine(small())
    engine.step(1.0, Inputs(controls=(Go(time=0.5),)))
    assert set(vars(part(engine))) == {*kept.split(), *made.split()}


def test_of_what_back_remembers_a_restart_forgets_nothing_however_large_the_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a rig of hundreds of universes has no room for is forgotten at once, not at the restart."""
    of = plan([dimmer(1)], cues(*[cue(i, move(0, i / 10)) for i in range(1, 9)]), back_time=Span(0.0))
    size = ShowEngine(of)._stage.snapshot(ShowEngine(of)._stage.heads[0]).size
    monkeypatch.setattr(playhead, "HISTORY_BYTES", 3 * size)
    living = ShowEngine(of)
    for i in range(8):
        living.step(float(i), Inputs(controls=(Go(time=float(i)),)))
    assert len(living._stage.heads[0].history) == 3
    restarted, gone = ShowEngine.restored(of, through_json(living.state(7.0)))
    assert gone == []
    for i in range(8, 16):
        inputs = Inputs(controls=(Back(time=float(i)),))
        assert seen(restarted.step(float(i), inputs)) == seen(living.step(float(i), inputs))
    assert living.playback.lists[0].current == "0"
