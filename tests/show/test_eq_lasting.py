"""The policy of the equaliser: writes that are lost, silences, switches, and another policy that takes the place of one."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.devices import X32
from showctl.analysis.room.grid import BANDS
from showctl.model import ConsoleState, EqBand, EqState, EqWanted
from showctl.show.eq_bands import NOTHING, HeldBands
from showctl.show.eq_moves import SHOW, apart
from showctl.show.eq_policy import EqPolicy
from tests.show.eq_desk import EMPTY, FLAT, FULL, SETTINGS, START, Desk, applied, ask, did, response, room_for, run


def test_a_band_whose_writes_are_never_taken_is_given_up_and_the_others_go_on() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    stuck: int | None = None
    states: list[EqState] = []
    for t in range(200):
        states.append(desk.take(t, policy.step(float(t), desk.inputs(float(t), EqWanted(float(t), EMPTY)))))
        stuck = next((i for i, _ in states[-1].writes), None) if stuck is None else stuck
        if stuck is not None:
            desk.bands[stuck] = START[stuck]
    assert stuck is not None
    assert did(states).count("sent_again") <= 4
    assert did(states).count("given_up") == 1
    assert states[-1].owners.count("engineer") == 1
    assert states[-1].stuck == (stuck,)
    assert stuck not in {i for s in states[120:] for i, _ in s.writes}
    assert any(b.gain < -1 for i, b in enumerate(desk.bands) if i != stuck)
    back = policy.step(200.0, desk.inputs(200.0, None, ask("yours", stuck)))
    assert set(back.owners) == {"showctl"}
    assert back.stuck == ()


def test_a_write_of_a_bypass_that_is_lost_is_sent_again() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk((replace(START[0], gain=-3.0), *START[1:]))
    run(policy, desk, range(3))
    state = policy.step(3.0, desk.inputs(3.0, None, ask("bypass")))
    assert dict(state.writes)[0].gain == 0.0
    states = run(policy, desk, range(4, 20))
    assert desk.bands[0].gain == 0.0
    assert "done" in did(states)


def test_an_update_just_before_a_silence_is_judged_by_music_that_came_after_it() -> None:
    """The silence lasts for minutes: what is then heard first is still what was heard before the update."""
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    now = 0
    while policy._doing != "settle":
        run(policy, desk, range(now, now + 1), EMPTY)
        now += 1
    old = (response(1e3, FLAT + 4.0 * np.sin(np.log(BANDS) * 3)),) * 3  # much worse
    run(policy, desk, range(now, now + 120), EMPTY, programme=-90.0)
    states = run(policy, desk, range(now + 120, now + 128), EMPTY, responses=old)
    assert not {"judged", "worse"} & set(did(states))
    states = run(policy, desk, range(now + 128, now + 140), EMPTY)
    assert "judged" in did(states)


def test_the_next_policy_goes_on_where_the_last_one_stood() -> None:
    held = tuple(replace(b, gain=-3.0) for b in START)
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk(held)
    run(policy, desk, range(5))
    applied(policy, desk, range(5, 40), EMPTY)
    fitted = tuple(desk.bands)
    assert fitted != held
    desk.take(40, policy.step(40.0, desk.inputs(40.0, None, ask("bypass"))))
    run(policy, desk, range(41, 46))
    again = EqPolicy(SETTINGS, cascade_db, "auto", policy.found)
    states = run(again, desk, range(50, 60), EMPTY)
    assert "bypassed" in states[-1].frozen
    assert {b.gain for b in desk.bands} == {0.0}
    unbypass, undo = ask("unbypass"), ask("undo")
    for at, command, bands in ((60, unbypass, fitted), (70, undo, held)):
        desk.take(at, again.step(float(at), desk.inputs(float(at), None, command)))
        run(again, desk, range(at + 1, at + 9))
        assert tuple(desk.bands) == bands


def test_a_hand_in_the_moment_between_two_policies_has_the_band_and_nothing_is_hurried() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(20), EMPTY)
    desk.bands[5] = replace(desk.bands[5], gain=4.0)
    again, before = EqPolicy(SETTINGS, cascade_db, "auto", policy.found), list(desk.bands)
    states = run(again, desk, range(20, 30), EMPTY)
    assert "being read" in states[0].frozen, "it may be a write that is on its way"
    assert states[-1].owners == (*["showctl"] * 5, "engineer")
    assert desk.bands == before, "what moved a moment ago waits"


def test_what_was_remembered_beyond_narrower_limits_is_not_gone_back_to() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    run(policy, desk, range(3))
    applied(policy, desk, range(3, 30), EMPTY)
    applied(policy, desk, range(30, 60), FULL)
    again = EqPolicy(replace(SETTINGS, least_gain=-2.0), cascade_db, "advise", policy.found)
    run(again, desk, range(60, 62))
    assert again._undo == deque([START])


def test_a_touch_that_is_told_of_while_the_console_is_silent_is_not_lost() -> None:
    """Back to where the band was a moment ago: without the touch it would look like a lost write."""
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(60), EMPTY)
    band = next(i for i in range(len(START)) if desk.bands[i] != START[i])
    before = [bands[band] for _, bands in desk.history if bands[band] != desk.bands[band]][-1]
    desk.bands[band], desk.touched, desk.answers, desk.last = before, [band], False, 50.0
    assert "no answer" in policy.step(60.0, desk.inputs(60.0)).frozen
    desk.answers = True
    assert run(policy, desk, range(61, 64), EMPTY)[-1].owners[band] == "engineer"
    assert desk.bands[band] == before


def test_what_was_found_is_brought_within_narrower_limits_where_nothing_beyond_them_is_taken() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk(tuple(replace(b, gain=-6.0 if b.freq < 1000 else 2.0) for b in START))
    run(policy, desk, range(3))
    narrow = replace(SETTINGS, alone=True, least_gain=-2.0, q=(2.5, 4.0))
    desk.bands = [replace(b, gain=-1.0, q=2.5) for b in desk.bands]
    again = EqPolicy(narrow, cascade_db, "advise", policy.found)
    run(again, desk, range(3, 8))
    desk.take(8, again.step(8.0, desk.inputs(8.0, None, ask("restore"))))
    run(again, desk, range(9, 20))
    assert [(b.gain, b.q) for b in desk.bands] == [(-2.0, 2.5)] * 3 + [(0.0, 2.5)] * 3


def test_a_fit_with_a_q_beyond_the_venues_is_refused() -> None:
    policy, desk = EqPolicy(replace(SETTINGS, q=(1.0, 4.0)), cascade_db, "auto"), Desk()
    states = run(policy, desk, range(4), (EqBand("peaking", 100.0, -3.0, 6.0),))
    assert "the venue allows 1 to 4" in str([dict(e.data).get("why") for s in states for e in s.events])


def test_an_equaliser_that_is_off_is_switched_on_by_command_and_flat() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk(tuple(replace(b, gain=-3.0) for b in START))
    inputs = desk.inputs(0.0)
    policy.step(0.0, inputs)
    assert "it is on already" in str(policy.step(0.5, replace(inputs, commands=(ask("switch_on"),))).events)
    off = replace(inputs, console=replace(inputs.console, answered=1.0, on=False))
    assert "switched off" in policy.step(1.0, off).frozen
    state = policy.step(2.0, replace(off, commands=(ask("switch_on"),)))
    assert (state.switch, state.writes) == ("on", ())
    assert {b.gain for b in state.bands} == {0.0}
    desk.bands = [replace(b, gain=0.0) for b in desk.bands]
    states = run(policy, desk, range(3, 8))
    assert set(states[-1].owners) == {"showctl"}
    assert {s.switch for s in states} == {""}
    desk.take(8, policy.step(8.0, desk.inputs(8.0, None, ask("restore"))))
    assert [s.switch for s in run(policy, desk, range(9, 14)) if s.switch] == ["found"]


def test_an_equaliser_in_graphic_mode_is_not_switched_on_and_nobody_is_told_to() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    inputs = desk.inputs(0.0)
    policy.step(0.0, inputs)
    graphic = replace(inputs, console=replace(inputs.console, answered=1.0, on=False, graphic=True))
    frozen = policy.step(1.0, graphic).frozen
    assert "set it to PEQ at the console" in frozen
    assert "switch-on" not in frozen
    state = policy.step(2.0, replace(graphic, commands=(ask("switch_on"),)))
    assert (state.switch, state.writes) == ("", ())
    assert frozen in str(state.events)


@pytest.mark.parametrize("goal", [EqBand("peaking", 121.0, -9.0, 7.8), EqBand("peaking", 105.0, -6.0, 6.0)])
def test_a_deep_narrow_band_goes_over_at_a_gain_at_which_no_step_of_the_console_is_heard(goal: EqBand) -> None:
    """At -9 dB and a Q of 7.8 one of an X32's steps of frequency is 2.9 dB at its flanks."""

    def snap(band: EqBand) -> EqBand:
        return replace(band, freq=X32.freq.nearest(band.freq), q=X32.q.nearest(band.q))

    start, goal = snap(EqBand("peaking", 100.0, -9.0, 7.8)), snap(goal)
    held, bands, last = HeldBands(cascade_db, 0.0, 0.25, NOTHING, lambda *_, **__: None, snap), [start], deque([start], 11)
    held.read(0.0, ConsoleState(0.0, (start,)))
    held.begin([goal])
    for second in range(700):
        now = float(second)
        held.read(now, ConsoleState(now, tuple(bands)))
        bands = [band for _, band in held.moves(now, SHOW)] or bands
        assert snap(bands[0]) == bands[0]
        assert max(apart(cascade_db, one, bands[0]) for one in last) <= SHOW.most + 1e-9
        last.append(bands[0])
    assert bands == [goal]
