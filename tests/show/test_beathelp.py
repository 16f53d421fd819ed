"""What operators do to the beat, as laws: against an ear that hears the right beats, the wrong octave, or nothing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import (
    BeatGrid,
    Downbeat,
    Features,
    FreeBeat,
    Go,
    Happened,
    LockBeat,
    Nudge,
    Octave,
    Release,
    Section,
    Tap,
)
from showctl.show.beatclock import EASE, GENTLE, TAP_HOLDS, BeatClock
from showctl.show.beathelp import NOTHING, fold, octaves_between, tapped_line, with_tap
from tests.show.shows import Show, beat, beats, cue, cues, dimmer, effect, plan

periods = st.floats(0.3, 0.9)
moments = st.floats(12.0, 16.0)


def ear(
    start: float, until: float, period: float, *, anchor: float = 0.0, bar: int = 0, index: int = 0
) -> Iterator[tuple[float, BeatGrid]]:
    """Each beat is announced half a period ahead. With a `bar`, beat 0 at the anchor begins one."""
    number = math.ceil((start - anchor) / period) + 1
    while (at := anchor + number * period) - period / 2 <= until:
        place = number % bar + 1 if bar else 0
        yield at - period / 2, BeatGrid(at, index + number, period, place, bar or 4, 0.9)
        number += 1


def hearing(clock: BeatClock, start: float, until: float, period: float, **more: float) -> BeatClock:
    """The clock after an ear that speaks from `start` to `until`."""
    for t, grid in ear(start, until, period, **more):  # type: ignore[arg-type]
        if t >= max(start, clock.at):
            clock = clock.heard(t, grid)
    return clock


def off(clock: BeatClock, t: float) -> float:
    """Beats that a moment lies beside a whole one, -0.5..0.5."""
    p = clock.position(t)
    return p - round(p)


def in_bar(clock: BeatClock, t: float) -> int:
    """Which beat of the bar falls at t, from 1."""
    return (round(clock.position(t)) - clock.origin) % clock.beats_per_bar + 1


# --- nudge -----------------------------------------------------------------------------------------------------------


@given(periods, moments, st.lists(st.integers(-60, 60), min_size=1, max_size=12))
def test_nudges_add_up_and_stay_with_the_ear(period: float, t: float, steps: list[int]) -> None:
    clock = hearing(BeatClock(), 0.0, t, period)
    for ms in steps:
        clock = clock.nudged(t, ms / 1000)
    assert clock.help.nudge == pytest.approx(sum(steps) / 1000, abs=1e-9)
    clock = hearing(clock, t, t + 10.0, period)
    at = math.ceil((t + 10.0) / period) * period + clock.help.nudge
    assert off(clock, at) == pytest.approx(0.0, abs=1e-6)


def test_a_nudge_moves_a_tapped_and_a_locked_beat_too() -> None:
    tapped = BeatClock()
    for t in (5.0, 5.5, 6.0):
        tapped = tapped.tapped(t)
    assert off(tapped.nudged(6.1, 0.03), 10.03) == pytest.approx(0.0, abs=1e-9)
    locked = hearing(BeatClock(), 0.0, 10.0, 0.5).lock(10.0).nudged(10.1, -0.02)
    assert off(locked, 19.98) == pytest.approx(0.0, abs=1e-9)


# --- half, double ----------------------------------------------------------------------------------------------------


@given(periods, moments, st.floats(0.05, 3.0), st.sampled_from([1, -1]), st.sampled_from([0, 3, 4]))
def test_half_then_double_is_as_before(period: float, t: float, wait: float, step: int, bar: int) -> None:
    """Tempo, phase and bar, whether the ear goes on meanwhile or not."""
    before = hearing(BeatClock(), 0.0, t, period, bar=bar)
    for heard in (False, True):
        clock = before.multiplied(t, step)
        clock = hearing(clock, t, t + wait, period, bar=bar) if heard else clock
        clock = clock.multiplied(t + wait, -step)
        assert clock.help == before.help
        assert clock.bpm == pytest.approx(before.bpm)
        for k in range(20, 25):
            at = (math.ceil(t / period) + k) * period
            assert off(clock, at) == pytest.approx(off(before, at), abs=1e-6)
            if bar == 4:
                assert in_bar(clock, at) == in_bar(before, at)


@pytest.mark.parametrize("step", [1, -1])
def test_half_and_double_go_with_what_is_heard_and_keep_the_bar_line(step: int) -> None:
    clock = hearing(BeatClock(), 0.0, 10.1, 0.5, bar=4).multiplied(10.1, step)
    clock = hearing(clock, 10.1, 20.0, 0.5, bar=4)
    assert clock.bpm == pytest.approx(120.0 * 2.0**step)
    assert off(clock, 24.0) == pytest.approx(0.0, abs=1e-9), "a heard bar line"
    assert in_bar(clock, 24.0) in ((1, 3) if step < 0 else (1,))
    faster = hearing(clock, 20.0, 30.0, 0.48, anchor=20.0, bar=4)
    assert faster.bpm == pytest.approx(125.0 * 2.0**step), "it is relative to the ear"


@given(st.floats(10.1, 14.0), st.sampled_from([1, -1]))
def test_half_and_double_keep_the_bar_line_where_no_ear_says_one(t: float, step: int) -> None:
    locked = hearing(BeatClock(), 0.0, 8.0, 0.5).lock(8.0).on_downbeat(9.0)
    line = 9.0 + 2.0 * math.floor((t - 9.0) / 2.0)
    clock = locked.multiplied(t, step)
    for k in range(4, 8):
        at = line + k * 4 * 0.5 / 2.0**step
        assert off(clock, at) == pytest.approx(0.0, abs=1e-6)
        assert in_bar(clock, at) == 1
    if step < 0:  # of the two bars in each one that came of doubling nobody knows which was the first
        back = clock.multiplied(t + 1.3, 1)
        assert [in_bar(back, 21.0 + i / 2) for i in range(4)] == [1, 2, 3, 4]


def test_an_ear_that_changes_its_octave_is_not_corrected_twice() -> None:
    """170 is heard, 85 is right; then the ear finds it out by itself."""
    double = 60 / 170
    clock = hearing(BeatClock(), 0.0, 10.0, double).multiplied(10.0, -1)
    clock = hearing(clock, 10.0, 20.0, double)
    assert clock.bpm == pytest.approx(85.0)
    right = hearing(clock, 20.0, 30.0, 2 * double, index=1000)
    assert right.bpm == pytest.approx(85.0)
    assert right.help.asked == 0
    worse = hearing(clock, 20.0, 30.0, double / 2, index=1000)
    assert worse.bpm == pytest.approx(85.0)
    assert worse.help.asked == -2


# --- downbeat --------------------------------------------------------------------------------------------------------


@given(periods, st.integers(0, 3), st.floats(-0.4, 0.4))
def test_the_downbeat_is_now_and_stays_where_it_was_said(period: float, beat_: int, beside: float) -> None:
    clock = hearing(BeatClock(), 0.0, 40 * period, period, bar=4)
    t = (44 + beat_ + beside) * period
    clock = hearing(clock, 40 * period, t, period, bar=4).on_downbeat(t)
    for number in range(44 + beat_, 44 + beat_ + 20):
        clock = hearing(clock, number * period, (number + 1) * period, period, bar=4)
        assert in_bar(clock, (number + 2) * period) == (number + 2 - 44 - beat_) % 4 + 1


def test_a_downbeat_holds_before_the_ear_knows_a_bar() -> None:
    clock = hearing(BeatClock(), 0.0, 10.0, 0.5).on_downbeat(10.52)
    assert in_bar(clock, 10.5) == 1
    clock = hearing(clock, 10.52, 20.0, 0.5, bar=4)
    assert in_bar(clock, 18.5) == 1
    assert in_bar(clock.new_song().heard(20.3, BeatGrid(20.5, 41, 0.5, 2, 4, 0.9)), 20.0) == 1, "of another song the ear's"


# --- taps ------------------------------------------------------------------------------------------------------------


@given(
    st.floats(60.0, 150.0),
    st.lists(st.floats(-0.03, 0.03), min_size=16, max_size=24),
)
def test_taps_of_any_jitter_give_the_tempo_within_two_percent(bpm: float, jitter: list[float]) -> None:
    clock, period = BeatClock(), 60 / bpm
    for i, late in enumerate(jitter):
        clock = clock.tapped(5.0 + i * period + late)
    assert clock.bpm == pytest.approx(bpm, rel=0.02)


@given(st.floats(60.0, 180.0), st.integers(2, 12), st.floats(5.0, 6.0), st.sampled_from([0.0, 0.05]))
def test_even_taps_are_exact_from_the_second_on(bpm: float, count: int, first: float, lag: float) -> None:
    clock, period = BeatClock(), 60 / bpm
    for i in range(count):
        clock = clock.tapped(first + i * period, lag)
    assert clock.bpm == pytest.approx(bpm)
    assert off(clock, first + (count + 3) * period - lag) == pytest.approx(0.0, abs=1e-6), "lamps that lag are early"


@given(st.integers(1, 8), st.floats(-0.2, 0.2))
def test_a_tap_that_is_missed_or_wrong_changes_next_to_nothing(which: int, error: float) -> None:
    times = [5.0 + i * 0.5 for i in range(12)]
    missed = [t for i, t in enumerate(times) if i != which]
    wrong = [t + error * (i == which) for i, t in enumerate(times)]
    for chosen in (missed, wrong):
        taps: tuple[float, ...] = ()
        for t in chosen:
            taps = with_tap(taps, t)
        at, period = tapped_line(taps)
        assert period == pytest.approx(0.5, abs=0.002)
        assert at == pytest.approx(times[-1], abs=0.01)


def test_taps_at_another_tempo_are_the_new_one_after_three() -> None:
    taps: tuple[float, ...] = ()
    for t in (*[5.0 + i * 0.5 for i in range(10)], 10.3, 11.1):
        taps = with_tap(taps, t)
    assert tapped_line(taps)[1] == pytest.approx(0.8)


def test_one_tap_says_where_the_beat_is_and_the_ear_comes_back_after_two_seconds() -> None:
    clock = hearing(BeatClock(), 0.0, 10.0, 0.5).tapped(10.2)
    assert clock.bpm == pytest.approx(120.0)
    assert off(clock, 11.7) == pytest.approx(0.0, abs=1e-9)
    held = hearing(clock, 10.2, 12.1, 0.5)
    assert off(held, 12.15) == pytest.approx(off(clock, 12.15), abs=1e-9)
    assert off(hearing(held, 12.2, 24.0, 0.5), 26.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("period", "bpm"), [(0.5, 120.0), (0.25, 120.0), (1.0, 120.0), (0.505, 60 / 0.505)])
def test_the_ear_takes_over_what_was_tapped_in_the_tapped_octave(period: float, bpm: float) -> None:
    clock = BeatClock()
    for i in range(6):
        clock = clock.tapped(5.0 + i * 0.5)
    after = hearing(clock, 7.5, 20.0, period, anchor=7.5)
    assert after.source(20.0) == "ear"
    assert after.bpm == pytest.approx(bpm)
    assert off(after, 7.5 + 40 * 60 / bpm) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("period", "anchor"), [(0.41, 7.5), (0.5, 7.75)])
def test_an_ear_that_contradicts_the_taps_is_not_heard_for_sixty_four_beats(period: float, anchor: float) -> None:
    clock = BeatClock()
    for i in range(6):
        clock = clock.tapped(5.0 + i * 0.5)
    end = 7.5 + TAP_HOLDS * 0.5
    held = hearing(clock, 7.5, end - 0.5, period, anchor=anchor)
    assert held.source(end - 0.5) == "tap"
    assert (held.rate, held.meet, held.met) == (clock.rate, clock.meet, clock.met)
    assert hearing(held, end, end + 2.0, period, anchor=anchor).bpm == pytest.approx(60 / period)
    assert hearing(held.free(10.0), 10.0, 14.0, period, anchor=anchor).bpm == pytest.approx(60 / period)


# --- lock ------------------------------------------------------------------------------------------------------------


@given(periods, moments, periods, st.floats(-0.4, 0.4))
def test_a_lock_is_a_straight_line_whatever_is_heard(period: float, t: float, other: float, shift: float) -> None:
    clock = hearing(BeatClock(), 0.0, t, period).lock(t)
    later = hearing(clock, t, t + 60.0, other, anchor=shift)
    later = later.heard(t + 60.5, None)
    for k in range(8):
        at = clock.meet + 61.0 + 7.3 * k
        assert later.position(at) == pytest.approx(clock.met + (at - clock.meet) / period, abs=1e-6)
        assert later.gain(later.position(at)) == 1.0
    assert later.source(t + 60.0) == "lock"
    assert later.lost_at == math.inf


@given(moments, st.floats(-0.5, 0.5), st.booleans())
def test_what_is_unlocked_joins_the_ear_gently(t: float, shift: float, speaks: bool) -> None:
    """Never more than an eighth of the tempo beside the tempo; within EASE beats it is there."""
    period = 0.5
    clock = hearing(BeatClock(), 0.0, t, period).lock(t)
    t2 = t + 20.0
    clock = hearing(clock, t, t2, period, anchor=shift)
    clock = (clock if speaks else clock.heard(t2, None)).unlock(t2)
    says = list(ear(t2, t2 + 12.0, period, anchor=shift))
    last, at = clock.position(t2), t2
    for when, grid in says:
        for look in [at + (when - at) * k / 6 for k in range(1, 7)] if when > at else []:
            speed = (clock.position(look) - last) / ((when - at) / 6)
            assert 1 - GENTLE - 1e-6 <= speed * period <= 1 + GENTLE + 1e-6
            last = clock.position(look)
        at = max(at, when)
        clock = clock.heard(when, grid) if when >= t2 else clock
        last = clock.position(at)
    beat_ = shift + math.ceil((t2 + EASE * period + 2.0) / period) * period
    assert off(clock, beat_) == pytest.approx(0.0, abs=1e-6)


def test_a_lock_before_anything_is_heard_flashes_from_the_next_beat_on() -> None:
    clock = BeatClock().lock(3.2)
    assert clock.gain(clock.position(3.4)) == 0.0
    assert clock.gain(clock.position(3.51)) == 1.0
    assert clock.unlock(60.0).lost_at == pytest.approx(62.5)


# --- the range of a cue ----------------------------------------------------------------------------------------------


@given(st.floats(40.0, 250.0), st.floats(50.0, 150.0), st.floats(1.0, 3.0), st.integers(-2, 2))
def test_a_fold_is_as_near_to_the_range_as_octaves_can_bring_it(bpm: float, low: float, width: float, now: int) -> None:
    def outside(k: int) -> float:
        return max(0.0, math.log2(low / (bpm * 2.0**k)), math.log2(bpm * 2.0**k / (low * width)))

    chosen = fold(bpm, (low, low * width), now)
    assert outside(chosen) <= max(min(outside(k) for k in range(-3, 4)), 0.1) + 1e-9
    assert fold(bpm, (low, low * width), chosen) == chosen, "it stays"
    if width >= 2.0:
        assert outside(chosen) <= 0.1 + 1e-9


def test_a_tempo_on_the_edge_of_a_range_does_not_flicker() -> None:
    now, seen = 0, []
    for bpm in (170.0, 161.0, 159.0, 161.0, 158.0, 162.0, 149.0, 150.0):
        now = fold(bpm, (75.0, 160.0), now)
        seen.append(now)
    assert seen == [0, 0, 0, 0, 0, 0, 0, 0]
    assert fold(175.0, (75.0, 160.0), 0) == -1
    assert fold(161.0, (75.0, 160.0), -1) == -1
    assert fold(140.0, (75.0, 160.0), -1) == 0


def test_octaves_are_whole_or_none() -> None:
    assert octaves_between(85.0, 170.0) == 1
    assert octaves_between(170.0, 43.0) == -2
    assert octaves_between(120.0, 121.0) == 0
    assert octaves_between(100.0, 150.0) is None
    assert octaves_between(0.0, 150.0) is None


def test_a_range_stands_above_what_was_asked_before_and_is_followed_by_the_ear() -> None:
    said = NOTHING.heard(170.0)
    halved = replace(said, asked=-1)
    assert halved.within((80.0, 110.0)).octaves == -1
    assert halved.within((80.0, 110.0)).asked == 0
    assert halved.within((80.0, 110.0)).heard(86.0).octaves == 0
    assert replace(said.within((80.0, 110.0)), asked=1).heard(85.0).octaves == 1, "asked for, it stays above the range"


# --- in the engine ---------------------------------------------------------------------------------------------------

PULSE, START = effect("kick", [0], length=0.3)


def pulsing(**more: object) -> Show:
    lists = cues(cue(1, starts=(START,)), cue(2, tempo=(50.0, 80.0)), cue(3))
    show = Show(plan([dimmer(1)], lists, effects=(PULSE,), strobe=None, **more))
    show.at(0.0, Go(time=0.0))
    return show


def flashes(show: Show, start: float, until: float, said: list[Features], *asked: object) -> list[float]:
    """When the lamp comes on, to a millisecond, with what is given until then."""
    found, before = [], show.level(start, 0)
    waiting = sorted([*[f for f in said if f.time > start], *asked], key=lambda one: one.time)  # type: ignore[attr-defined]
    for i in range(1, round((until - start) * 1000)):
        now = start + i / 1000
        given_now = [one for one in waiting if one.time <= now]  # type: ignore[attr-defined]
        waiting = waiting[len(given_now) :]
        level = show.level(now, 0, *given_now)  # type: ignore[arg-type]
        if level > 0.5 >= before:
            found.append(round(now, 3))
        before = level
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("sound", "lamp"), [(0.0, 0.0), (0.04, 0.0), (0.025, 0.035), (-0.03, 0.01)])
def test_light_is_early_by_the_latency_of_sound_and_lamps(sound: float, lamp: float) -> None:
    show = pulsing(sound_latency=sound, lamp_latency=lamp)
    for said in beats(4.0):
        show.at(said.time, said)
    show.at(4.2, *[f for f in beats(4.2) if f.time > 4.0])
    ons = flashes(show, 4.2, 6.2, beats(6.2))
    assert len(ons) == 4
    assert ons == [pytest.approx(4.5 + i * 0.5 - sound - lamp, abs=0.002) for i in range(4)]


@pytest.mark.slow
def test_lamps_that_are_slower_than_others_run_ahead_of_them() -> None:
    """And a pulse on an onset, which nobody can foresee, does not."""
    quick, start = effect("kick", [0], length=0.3)
    slow = replace(quick, name="kick~2", early=0.06)
    hit, hits = effect("hit", [2], sync="onset", shape="decay", length=0.5, early=0.06)
    starts = (start, replace(start, effect="kick~2", targets=((1,),)), hits)
    of = plan([dimmer(1), dimmer(2), dimmer(3)], cues(cue(1, starts=starts)), effects=(quick, slow, hit), strobe=None)
    show = Show(of)
    show.at(0.0, Go(time=0.0))
    for said in beats(4.2):
        show.at(said.time, said)
    ons: list[list[float]] = [[], [], []]
    before = [0.0] * 3
    for i in range(1300):
        now = 4.2 + i / 1000
        said_now = [replace(f, onset=float(f.time == 5.2)) for f in beats(6.0) if now - 0.001 < f.time <= now]
        frame = show.at(now, *said_now)
        for k in range(3):
            level = frame.slots[0, k] / 255
            if level > 0.5 >= before[k]:
                ons[k].append(now)
            before[k] = level
    assert ons[0] == [pytest.approx(4.5, abs=0.002), pytest.approx(5.0, abs=0.002)]
    assert ons[1] == [pytest.approx(4.44, abs=0.002), pytest.approx(4.94, abs=0.002), pytest.approx(5.44, abs=0.002)]
    assert ons[2] == [pytest.approx(5.2, abs=0.002)]


def test_a_cue_with_a_range_halves_the_tempo_while_it_is_current() -> None:
    show = pulsing()
    said = beats(30.0)

    def play(start: float, until: float, *asked: object) -> float:
        for one in sorted([f for f in said if start < f.time <= until] + list(asked), key=lambda one: one.time):  # type: ignore[operator, attr-defined]
            show.at(one.time, one)  # type: ignore[attr-defined, arg-type]
        return show.at(until).playback.bpm

    assert play(0.0, 5.0) == pytest.approx(120.0)
    assert play(5.0, 10.0, Go(time=5.2)) == pytest.approx(60.0)
    assert show.at(10.0).playback.beats.folded == -1
    assert show.at(10.0).playback.beats.tempo == (50.0, 80.0)
    assert play(10.0, 15.0, Octave(time=10.1, step=1)) == pytest.approx(120.0)
    assert play(15.0, 20.0, Go(time=15.1)) == pytest.approx(120.0)
    assert show.at(20.0).playback.beats.octaves == 0
    assert play(20.0, 25.0, Go(time=20.1), Release(time=21.0)) == pytest.approx(120.0)


def test_what_was_said_of_a_song_ends_with_two_seconds_of_silence_and_a_lock_does_not() -> None:
    show = pulsing()
    for said in beats(5.0):
        show.at(said.time, said)
    show.at(5.0, Nudge(time=5.0, by=0.1), Octave(time=5.0, step=-1), Downbeat(time=5.0))
    quiet = [beat(5.0 + i / 10, 11 + i // 5, grid=None, section=Section.SILENCE) for i in range(1, 40)]
    for said in quiet[:20]:
        show.at(said.time, said)
    assert show.at(7.05).playback.beats.nudge == pytest.approx(0.1)
    show.at(7.06, LockBeat(time=7.06, on=True))
    for said in quiet[20:]:
        show.at(said.time, said)
    now = show.at(9.0).playback.beats
    assert (now.nudge, now.octaves, now.downbeat, now.source) == (0.0, 0, False, "lock")
    show.at(9.1, FreeBeat(time=9.1))
    assert show.at(9.2).playback.beats.source == "none"


def test_what_cannot_be_is_refused_and_changes_nothing() -> None:
    show = pulsing()
    show.at(1.0, Nudge(time=1.0, by=0.9))
    show.at(2.0, Nudge(time=2.0, by=0.2), Nudge(time=2.0, by=math.nan), Octave(time=2.0, step=3))
    show.at(3.0, *[Octave(time=3.0, step=1)] * 3)
    assert show.types().count("refused") == 4
    standing = show.at(4.0).playback
    assert (standing.beats.nudge, standing.bpm) == (pytest.approx(0.9), 480.0)
    told = [dict(h.data).get("did") for h in show.told if h.type == "beat_help"]
    assert told == ["nudge", "double", "double"]


def test_a_lock_tells_that_the_beat_is_found_and_is_never_lost() -> None:
    show = pulsing()
    show.at(1.2, LockBeat(time=1.2, on=True))
    assert "beat_found" in show.types()
    show.at(60.0)
    assert "beat_lost" not in show.types()
    show.at(61.0, LockBeat(time=61.0, on=False))
    show.at(70.0)
    lost: list[Happened] = [h for h in show.told if h.type == "beat_lost"]
    assert [h.time for h in lost] == [pytest.approx(63.5)]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.floats(0.02, 1.2), st.integers(0, 9)), max_size=40), st.sampled_from([0.35, 0.5, 0.7]))
def test_hands_never_make_the_beat_jump_or_go_back(deeds: list[tuple[float, int]], period: float) -> None:
    clock, t = BeatClock(), 0.0
    said = list(ear(0.0, 60.0, period, bar=4))
    for wait, deed in deeds:
        for when, grid in [one for one in said if t < one[0] <= t + wait]:
            before = clock.position(when)
            clock = clock.heard(when, grid)
            assert clock.position(when) == pytest.approx(before, abs=1e-6)
        t += wait
        before = clock.position(t)
        match deed:
            case 0 | 1:
                clock = clock.tapped(t)
            case 2:
                clock = clock.nudged(t, 0.07)
            case 3 | 4 if abs(clock.help.asked + 2 * deed - 7) <= 2:
                clock = clock.multiplied(t, 2 * deed - 7)
            case 5:
                clock = clock.on_downbeat(t)
            case 6:
                clock = clock.lock(t)
            case 7:
                clock = clock.unlock(t)
            case 8:
                clock = clock.free(t)
            case 9:
                clock = clock.hinted(t, (60.0, 100.0) if clock.help.tempo is None else None)
        looks = [clock.position(t + i / 50) for i in range(60)]
        assert looks[0] == pytest.approx(before, abs=1e-6)
        for one, two in itertools.pairwise(looks):
            assert 0.0 <= two - one <= 2.0 * clock.rate / 50 + 1e-6
        for p in (before + 0.3, before + 2.7):
            assert clock.position(clock.time_of(p)) == pytest.approx(p, abs=1e-6)


def test_taps_reach_the_engine_early_by_what_lamps_take() -> None:
    show = pulsing(sound_latency=0.1, lamp_latency=0.05)
    show.at(5.0, *[Tap(time=1.0 + i * 0.5) for i in range(6)])
    ons = flashes(show, 5.0, 7.0, [])
    assert ons == [pytest.approx(5.45 + i * 0.5, abs=0.002) for i in range(4)]
