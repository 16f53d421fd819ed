"""Notches against feedback: how many, how deep, for how long; and that a policy which sets them leaves all else as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.analysis.room.biquad import cascade_db
from showctl.model import EqBand, Howl
from showctl.show.eq_bands import NOTHING, Found
from showctl.show.eq_limits import EqSettings
from showctl.show.eq_notches import DEPTHS, HOLD_S, LONGEST_S, RELEASE_S, Notches
from showctl.show.eq_policy import EqPolicy
from tests.show.eq_desk import EMPTY, FLAT, SETTINGS, START, Desk, ask, did, room_for, run

NOTCHING = replace(SETTINGS, notches=2)
FREE = EqBand("peaking", 1000.0, 0.0, 1.0)


def howl(t: float, freq: float) -> Howl:
    return Howl(t, freq, -10.0, 30.0, freq, "it howls")


class Bench:
    """A machine with its bands, and what it told."""

    def __init__(self, count: int = 2, least: float = -12.0) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.bands = dict.fromkeys(range(4, 4 + count), FREE)
        self.machine = Notches(8.0, least, lambda band: band, lambda did, **data: self.told.append((did, data)))

    def step(self, now: float, *freqs: float) -> dict[int, EqBand]:
        changed = self.machine.step(now, [howl(now, freq) for freq in freqs], self.bands)
        self.bands |= changed
        return changed

    def gains(self) -> list[float]:
        return [band.gain for band in self.bands.values()]


def test_a_howl_gets_a_notch_that_goes_deeper_while_it_howls() -> None:
    bench = Bench()
    assert bench.step(0.0, 2000.0) == {4: EqBand("peaking", 2000.0, -3.0, 8.0)}
    assert not bench.step(0.5, 2000.0)  # it takes a moment to be heard
    assert bench.step(1.0, 2040.0)[4].gain == -6.0  # within its width
    assert bench.step(2.0, 1960.0)[4] == EqBand("peaking", 2000.0, -12.0, 8.0)
    assert not bench.step(3.0, 2000.0)
    assert "turn down" in bench.machine.said(3.0)
    assert not bench.machine.said(60.0)


def test_it_goes_no_deeper_than_the_venue_lets_a_band_go() -> None:
    bench = Bench(least=-4.0)
    for t in range(5):
        bench.step(float(t), 500.0)
    assert min(bench.gains()) == -4.0
    none = Bench(least=0.0)
    assert not none.step(0.0, 500.0)
    assert "turn down" in none.machine.said(0.0)


def test_it_is_released_in_steps_and_comes_back_at_once() -> None:
    bench = Bench()
    bench.step(0.0, 2000.0)
    bench.step(1.0, 2000.0)
    assert not bench.step(1.0 + HOLD_S - 0.1)
    assert bench.step(1.0 + HOLD_S)[4].gain == -3.0
    assert not bench.step(1.0 + HOLD_S + RELEASE_S - 0.1)
    assert bench.step(64.0, 2000.0)[4].gain == -6.0  # as it was, no deeper
    assert not bench.step(64.0 + 2 * HOLD_S - 0.1)  # and held longer
    bench.step(64.0 + 2 * HOLD_S)
    assert bench.step(64.0 + 2 * HOLD_S + RELEASE_S)[4].gain == 0.0
    assert [name for name, _ in bench.told] == ["notch", "notch", "released", "notch", "released", "released"]


def test_when_all_are_taken_the_one_that_is_quiet_longest_gives_way() -> None:
    bench = Bench()
    bench.step(0.0, 1000.0)
    bench.step(2.0, 3000.0)
    assert not bench.step(4.0, 500.0)
    assert "all 2 notches are in use" in bench.machine.said(4.0)
    assert not bench.step(29.0, 500.0)
    assert bench.step(31.0, 500.0) == {4: EqBand("peaking", 500.0, -3.0, 8.0)}
    assert [name for name, _ in bench.told] == ["notch", "notch", "in_vain", "in_vain", "gave_way", "notch"]


def test_what_nobody_remembers_is_released_slowly_and_what_a_run_before_has_left_as_a_notch_is() -> None:
    bench = Bench()
    bench.bands = {4: EqBand("peaking", 900.0, -6.0, 8.0), 5: EqBand("low_shelf", 90.0, 4.0, 0.7)}
    assert not bench.machine.step(0.0, (), bench.bands, {4})
    bench.bands |= bench.machine.step(HOLD_S, (), bench.bands)
    assert bench.gains() == [-3.0, 3.5]
    for t in range(200):
        bench.step(HOLD_S + 1 + t)
    assert bench.gains() == [0.0, 0.0]


courses = st.lists(
    st.tuples(st.floats(0.05, 40.0), st.lists(st.sampled_from([200.0, 210.0, 990.0, 1000.0, 5000.0, 11000.0]), max_size=3)),
    max_size=60,
)


@given(courses, st.integers(1, 4), st.sampled_from([-12.0, -7.0, -3.0, -1.0, 0.0]))
def test_laws(course: list[tuple[float, list[float]]], count: int, least: float) -> None:
    """Whatever howls when: no more bands than there are, none lifts or goes too deep, steps up are small, all are released."""
    bench, now = Bench(count, least), 0.0
    for after, freqs in course:
        now += after
        before = dict(bench.bands)
        changed = bench.step(now, *freqs)
        assert changed.keys() <= before.keys()
        for i, band in changed.items():
            assert least <= band.gain <= 0.0
            assert band.gain >= DEPTHS[-1]
            assert freqs or 0 < band.gain - before[i].gain <= 3.0
            assert band.gain < 0 or band.freq == before[i].freq
    quiet = now
    while any(bench.gains()):
        quiet += 1.0
        bench.step(quiet)
        assert quiet - now < LONGEST_S + 5 * RELEASE_S


# --- with the policy -----------------------------------------------------------------------------------------------------


def made(settings: EqSettings = NOTCHING, found: Found = NOTHING) -> tuple[EqPolicy, Desk]:
    policy, desk = EqPolicy(settings, cascade_db, "auto", found), Desk()
    return policy, desk


def at(policy: EqPolicy, desk: Desk, now: float, *freqs: float, **more: Any) -> Any:
    howls = tuple(howl(now, freq) for freq in freqs)
    return desk.take(now, policy.step(now, replace(desk.inputs(now, None, *more.pop("commands", ()), **more), howls=howls)))


def test_no_fit_has_the_bands_that_are_set_aside() -> None:
    policy, desk = made()
    desk.room = room_for(EMPTY)
    states = run(policy, desk, range(300), EMPTY)
    assert states[-1].owners == ("showctl",) * 4 + ("notch",) * 2
    assert desk.bands[4:] == list(START[4:])
    assert any(band.gain < -1 for band in desk.bands[:4])
    full = (*EMPTY, *(EqBand("peaking", f, -1.0, 2.0) for f in (300.0, 700.0)))
    refused = run(policy, desk, range(300, 303), full)
    assert "refused" in did(refused)


@pytest.mark.parametrize("why", [{"programme": -100.0}, {"responses": ()}, {"troubles": ("microphone left clips",)}])
def test_a_howl_is_answered_although_all_else_is_frozen(why: dict[str, Any]) -> None:
    policy, desk = made()
    at(policy, desk, 0.0)
    state = at(policy, desk, 0.5, 2000.0, **why)
    assert state.frozen
    assert state.quick
    assert state.writes == ((4, EqBand("peaking", 2000.0, -3.0, 8.0)),)
    assert [(e.type, dict(e.data)["gain"]) for e in state.events if e.type == "notch"] == [("notch", -3.0)]


@pytest.mark.parametrize("mode", ["off", "advise"])
def test_nothing_is_notched_but_in_auto(mode: str) -> None:
    policy, desk = made()
    at(policy, desk, 0.0, commands=(ask(mode),))
    assert not at(policy, desk, 1.0, 2000.0).writes


def test_nothing_is_notched_at_a_dead_console_one_that_is_off_or_while_it_is_bypassed() -> None:
    policy, desk = made()
    at(policy, desk, 0.0)
    desk.answers = False
    assert not at(policy, desk, 30.0, 2000.0).writes
    desk.answers = True
    given = desk.inputs(31.0)
    off = replace(given, console=replace(given.console, on=False), howls=(howl(31.0, 2000.0),))
    assert not policy.step(31.0, off).writes
    at(policy, desk, 32.0, commands=(ask("bypass"),))
    for t in range(33, 40):
        assert not at(policy, desk, float(t), 2000.0).writes


def test_a_touched_notch_is_the_engineers_until_he_hands_it_back() -> None:
    policy, desk = made()
    at(policy, desk, 0.0)
    at(policy, desk, 1.0, 2000.0)
    desk.bands[4], desk.touched = EqBand("peaking", 2000.0, -1.0, 3.0), [4]
    state = at(policy, desk, 2.0, 2000.0)
    assert state.owners[4] == "engineer"
    assert [i for i, _ in state.writes] == [5]  # the other one answers
    for t in range(3, 300):
        assert 4 not in dict(at(policy, desk, float(t)).writes)
    state = at(policy, desk, 300.0, commands=(ask("yours", 4),))
    assert state.owners[4] == "notch"
    for t in range(301, 500):
        at(policy, desk, float(t))
    assert desk.bands[4].gain == 0.0


def test_a_bypass_takes_notches_with_it_and_brings_them_back_and_restore_ends_them() -> None:
    policy, desk = made()
    at(policy, desk, 0.0)
    at(policy, desk, 1.0, 2000.0)
    at(policy, desk, 2.0, commands=(ask("bypass"),))
    run(policy, desk, range(3, 8))
    assert desk.bands[4].gain == 0.0
    at(policy, desk, 8.0, commands=(ask("unbypass"),))
    run(policy, desk, range(9, 14))
    assert desk.bands[4] == EqBand("peaking", 2000.0, -3.0, 8.0)
    at(policy, desk, 14.0, commands=(ask("restore"),))
    run(policy, desk, range(15, 30))
    assert desk.bands == list(START)


def test_an_undo_leaves_notches_alone() -> None:
    policy, desk = made()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(30), EMPTY)
    at(policy, desk, 30.0, 2000.0)
    at(policy, desk, 31.0, commands=(ask("undo"),))
    run(policy, desk, range(32, 40))
    assert desk.bands[:4] == list(START[:4])
    assert desk.bands[4].gain == -3.0


def test_a_notch_is_not_judged_as_an_update_is() -> None:
    """The loop leaves notches out of what is heard."""
    policy, desk = made()
    desk.room = room_for(EMPTY)
    states = run(policy, desk, range(40), EMPTY)
    at(policy, desk, 40.0, 2000.0)
    at(policy, desk, 41.5, 2000.0)
    at(policy, desk, 43.0, 2000.0)
    held = FLAT + cascade_db([desk.bands[4]], np.array([2000.0]))
    assert held[0] < -10
    states = run(policy, desk, range(44, 100), EMPTY)
    assert "worse" not in did(states)


@pytest.mark.parametrize("asked_for", [True, False])
def test_what_a_run_before_has_left_is_released_and_is_not_what_was_found(asked_for: bool) -> None:
    policy, desk = made()
    at(policy, desk, 0.0)
    at(policy, desk, 1.0, 2000.0)
    at(policy, desk, 2.0)
    found = policy.found.left() if asked_for else policy.found
    assert found.owners[4] == "notch"
    policy, _ = made(found=found)
    states = [at(policy, desk, 100.0 + t) for t in range(80)]
    assert states[0].snapshot[4].gain == 0.0
    assert desk.bands[4].gain == 0.0
    assert not [s for s in states if "engineer" in s.owners]


def test_a_write_that_was_lost_is_written_again() -> None:
    policy, desk = made()
    at(policy, desk, 0.0)
    before = list(desk.bands)
    at(policy, desk, 1.0, 2000.0)
    desk.bands = before  # it never got there
    for t in range(2, 8):
        at(policy, desk, float(t))
    assert desk.bands[4].gain == -3.0
