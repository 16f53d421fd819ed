"""The life of effects: how they grow and shrink, what a section, a pause, a lost beat and a fader do to them."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import Back, Features, Go, Pause, Resume, Section, SetMaster
from showctl.plan import EffectStart, Plan, Submaster
from tests.show.shows import Show, Span, beat, beats, cue, cues, dimmer, effect, move, pan, plan
from tests.show.test_effects import lit, on_beat


def test_it_grows_and_shrinks_in_its_time() -> None:
    fx, start = effect("fx", [0], shape="ramp", sync="free", every=Span(1e6), low=1.0, entry=Span(2.0), exit=Span(4.0, "beat"))
    show = Show(plan([dimmer(1)], cues(cue(1, starts=(start,)), cue(2, stops=("fx",))), effects=(fx,)))
    show.at(1.0, Go(time=1.0))
    assert [lit(show, t)[0] for t in (1.0, 1.5, 2.0)] == [0.0, 0.25, 0.5]
    show.at(2.0, Go(time=2.0))
    assert [lit(show, t)[0] for t in (2.0, 3.0, 4.0)] == [0.5, 0.25, 0.0], (
        "from where it is, in its whole time: four beats are 2 s"
    )
    show.at(4.5, Back(time=4.5))
    assert lit(show, 5.0) == [0.25]


def test_an_effect_of_sections_shows_while_one_of_them_is_heard() -> None:
    more = {"shape": "ramp", "sync": "free", "every": Span(1e6), "low": 1.0, "entry": Span(1.0), "exit": Span(0.5)}
    show = on_beat(sections=(Section.BUILD, Section.DROP), **more)
    assert lit(show, 6.0) == [0.0]
    assert show.engine.playback.effects == ("fx",), "it was started, and waits"
    show.at(6.55, beat(6.5, 14, section=Section.BUILD), beat(6.7, 14, section=Section.DROP))
    assert lit(show, 7.0) == [0.5], "it counts from when the section began, not from the tick that saw it"
    show.at(8.25, beat(8.0, 17, section=Section.BREAK))
    assert lit(show, 8.25) == [0.5]
    show.at(8.3, beat(8.25, 17, section=Section.DROP))
    assert lit(show, 8.75) == [0.75], "from where it was"


def test_heads_coast_without_a_jump_and_flashes_come_back_with_a_beat() -> None:
    """A tracker that gives up, then finds the beat 0.2 s off: the head never turns faster than the walk allows."""
    fx, start = effect("fx", [0], length=0.5)
    sway, start_sway = effect(
        "sway", [1], shape="sine", parameter="pan", every=Span(8.0, "beat"), low=-0.4, high=0.4, layer="add"
    )
    show = Show(plan([dimmer(1), pan(2)], cues(cue(1, starts=(start, start_sway))), effects=(fx, sway)))
    show.at(0.0, Go(time=0.0))
    for word in beats(10.0):
        show.at(word.time, word)
    pans, flashes = [], []
    said = {
        round(t, 2): beat(t, 1 + int((t - 0.2) / 0.5), anchor=0.7 + 0.5 * int((t - 0.2) / 0.5))
        for t in np.arange(16.1, 20.0, 0.1)
    }
    for i in range(1000, 2000):
        t = i / 100
        doubt = beat(t, 1, anchor=t + 0.31, period=0.37)  # somewhere, but it is not sure of it
        word = said.get(t) or (replace(doubt, grid=replace(doubt.grid, confidence=0.05)) if doubt.grid else doubt)
        pans.append(show.level(t, 1, *([word] if i % 10 == 0 else [])))
        flashes.append(lit(show, t)[0])
    fastest = 0.8 * math.pi / 8 * 2 * 2 / 100  # the middle of the swing, at twice the tempo, in 10 ms
    assert max(abs(b - a) for a, b in itertools.pairwise(pans)) < fastest * 1.05
    assert 1.0 in flashes[:150]
    assert {round(x, 2) for x in flashes[260:600]} == {0.0}
    back = 10 + (600 + next(i for i, x in enumerate(flashes[600:]) if x > 0.0)) / 100
    assert (back - 0.2) % 0.5 == pytest.approx(0.0, abs=0.011), "on a beat of the new grid"


def test_a_pause_holds_heads_and_they_go_on_from_there() -> None:
    sway, start = effect("sway", [0], shape="ramp", parameter="pan", every=Span(8.0, "beat"), low=0.0, high=0.4, layer="add")
    late, start_late = effect("late", [1], shape="ramp", parameter="pan", sync="free", every=Span(1e6), low=0.4, layer="add")
    main = cues(cue(1, starts=(start, start_late)), cue(2, stops=("late",)))
    show = Show(plan([pan(1), pan(3)], main, effects=(sway, late)))
    show.at(0.0, Go(time=0.0))
    for word in beats(6.0):
        show.at(word.time, word)
    show.at(6.0, Go(time=6.0))
    at = show.level(6.5, 0)
    shrinking = show.level(6.5, 1)
    assert 0.6 < shrinking < 0.8
    show.at(6.5, Pause(time=6.5))
    assert show.level(7.3, 0) == at
    assert show.level(7.3, 1) == shrinking, "what shrinks halts, too"
    show.at(7.9, Resume(time=7.9))
    assert show.level(7.9, 0) == pytest.approx(at, abs=1e-4)
    assert show.level(8.4, 0) == pytest.approx(at + 0.4 / 8, abs=1e-4)
    assert show.level(8.5, 1) == pytest.approx(0.5, abs=1e-4)


def test_a_section_that_ends_in_a_pause_ends_the_effect_after_it() -> None:
    show = on_beat(shape="ramp", sync="free", every=Span(1e6), low=1.0, sections=(Section.STEADY,), exit=Span(1.0))
    show.at(6.0, Pause(time=6.0))
    show.at(7.0, beat(7.0, 15, section=Section.BREAK))
    assert lit(show, 9.0) == [1.0]
    show.at(9.0, Resume(time=9.0))
    assert lit(show, 9.5) == [0.5]


def test_an_effect_of_a_submaster_has_its_place_by_priority() -> None:
    """A list of a higher priority hides it, one of the same does not, however late; over its lamps the higher lies on top."""
    on = {"sync": "free", "every": Span(1.0), "length": 1.0}
    (low, of_low), (high, of_high), (own, of_list) = (
        effect(n, [0, 1], high=v, **on) for n, v in (("a", 0.2), ("b", 0.4), ("c", 0.6))
    )
    subs = (Submaster("low", "effect", (), (of_low,), 0.0, 3), Submaster("high", "effect", (), (of_high,), 0.0, 5))
    lists = (
        cues(cue(1, starts=(of_list,)), cue(2, move(0, 0.9), stops=("c",))),
        cues(cue(1, move(1, 1.0)), name="top", priority=6),
    )
    show = Show(plan([dimmer(1), dimmer(2)], *lists, effects=(low, high, own), submasters=subs))
    show.at(1.0, SetMaster(time=1.0, level=1.0, submaster="high"))
    show.at(2.0, SetMaster(time=2.0, level=1.0, submaster="low"), Go(time=2.0))
    assert lit(show, 2.5) == [0.4, 0.4], "5 over 4 over 3, whatever came last"
    show.at(3.0, Go(time=3.0))
    assert lit(show, 3.5) == [0.4, 0.4], "the list is 4"
    show.at(4.0, SetMaster(time=4.0, level=0.0, submaster="high"))
    assert lit(show, 4.5) == [0.9, 0.2], "and above 3"
    show.at(5.0, Go(time=5.0, list="top"))
    assert lit(show, 5.5) == [0.9, 1.0]


def test_an_effect_lowers_what_an_htp_list_brings() -> None:
    fx, start = effect("fx", [0], sync="free", every=Span(1.0), length=1.0, high=0.25, layer="scale")
    htp = cues(cue(1, move(0, 1.0)), name="htp", htp=True)
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 0.5), starts=(start,))), htp, effects=(fx,)))
    show.at(1.0, Go(time=0.5, list="htp"), Go(time=1.0))
    assert lit(show, 1.5) == [0.25]


def test_several_of_one_written_effect_are_told_once() -> None:
    one, start = effect("sway", [0], sync="free", every=Span(1.0))
    two = EffectStart("sway~2", ((), (1,)))
    made = plan([dimmer(1), dimmer(2)], cues(cue(1, starts=(start, two))), effects=(one, replace(one, name="sway~2")))
    show = Show(made)
    show.at(1.0, Go(time=1.0))
    assert show.engine.playback.effects == ("sway",)


def test_a_wave_runs_through_a_mixed_group_as_through_one_of_a_kind() -> None:
    more = {"shape": "ramp", "sync": "free", "every": Span(4.0), "spread": 1.0}
    one, start = effect("one", range(4), **more)
    odd, even = (EffectStart(n, t) for n, t in (("odd", ((0,), (), (2,), ())), ("even", ((), (1,), (), (3,)))))
    mixed = (replace(one, name="odd"), replace(one, name="even"))
    lamps = [dimmer(i + 1) for i in range(4)]
    for starts in ((start,), (odd, even)):
        show = Show(plan(lamps, cues(cue(1, starts=starts)), effects=(one, *mixed)))
        show.at(0.0, Go(time=0.0))
        assert lit(show, 3.0) == [0.75, 0.5, 0.25, 0.0]


@st.composite
def nights(draw: st.DrawFn) -> tuple[Plan, list[tuple[float, Go | Pause | Resume | Back | Features]]]:
    """A list that starts and stops some effects of any kind, and what happens to it."""
    kinds = st.sampled_from(["sine", "ramp", "step", "pulse", "decay", "random"])
    spans = st.one_of(st.none(), st.builds(Span, st.sampled_from([0.0, 0.7, 2.0]), st.sampled_from(["s", "beat"])))
    made = []
    for i in range(draw(st.integers(1, 3))):
        more = {"shape": draw(kinds), "sync": draw(st.sampled_from(["beat", "free", "onset", "energy", "low"])), "low": 0.2}
        more |= {"chase": draw(st.booleans()), "entry": draw(spans), "exit": draw(spans), "high": 0.7}
        more["sections"] = draw(st.sampled_from([(), (Section.DROP,)]))
        more["every"] = Span(draw(st.sampled_from([0.7, 1.0, 3.0])), draw(st.sampled_from(["s", "beat", "bar"])))
        made.append(effect(f"fx{i}", range(4), direction=draw(st.sampled_from(["forward", "bounce"])), **more))
    starts = tuple(start for _, start in made)
    main = cues(cue(1, starts=starts[:2]), cue(2, starts=starts[1:], stops=("fx0",)), cue(3, stops=("all",)), loop=True)
    heads = [pan(1, default=0.5), pan(3, default=0.5), dimmer(5), dimmer(6)]
    said = [(word.time, replace(word, section=draw(st.sampled_from(list(Section))))) for word in beats(6.0, step=0.3)]
    deeds = st.sampled_from([Go, Go, Pause, Resume, Back])
    times = draw(st.lists(st.floats(0.0, 6.0), min_size=1, max_size=8).map(sorted))
    return plan(heads, main, effects=tuple(e for e, _ in made)), [*said, *((t, draw(deeds)(time=t)) for t in times)]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(nights(), st.lists(st.floats(0.0, 6.5), max_size=12))
def test_how_often_one_looks_makes_no_difference(night: tuple[Plan, list[tuple[float, object]]], looks: list[float]) -> None:
    """The same night, seen at 6 and at 4 Hz and at times drawn by chance, is the same light at shared times."""
    of, given_ = night
    frames = []
    for times in ({i / 2 for i in range(14)}, {i / 2 for i in range(14)} | {i / 7 for i in range(46)} | set(looks)):
        show, done, found = Show(of), -1.0, []
        for t in sorted(times):
            frame = show.at(t, *(one for when, one in given_ if done < when <= t))  # type: ignore[arg-type]
            done = t
            if t * 2 == int(t * 2):
                found.append(frame.slots.copy())
        frames.append(np.array(found, dtype=int))
    assert np.abs(frames[0] - frames[1]).max() == 0
