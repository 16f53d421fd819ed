"""The policy of the equaliser: a loop closed over rooms that change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.grid import BANDS
from showctl.model import ConsoleState, EqBand, EqInputs, EqState, EqWanted
from showctl.show.eq_moves import GRID, apart
from showctl.show.eq_policy import EqPolicy
from tests.show.eq_desk import (
    EMPTY,
    FLAT,
    FULL,
    SETTINGS,
    START,
    Desk,
    applied,
    ask,
    did,
    response,
    room_for,
    run,
)


@pytest.mark.slow
def test_it_follows_a_room_that_fills_and_nobody_hears_it() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    before = run(policy, desk, range(240), EMPTY)
    assert before[0].error is not None
    assert before[0].error > 1.0
    assert before[-1].error is not None
    assert before[-1].error < 0.3
    desk.room = room_for(FULL)
    during = run(policy, desk, range(240, 540), FULL)
    assert during[0].error is not None
    assert during[-1].error is not None
    assert during[0].error > 0.8
    assert during[-1].error < 0.3
    assert "worse" not in did(before + during)
    gains = np.array([[b.gain for b in bands] for t, bands in desk.history])
    for lag in range(1, 11):
        assert np.abs(gains[lag:] - gains[:-lag]).max() <= 0.5 + 1e-9
    quiet = [s for s in during[-60:] if s.writes]
    assert quiet == []


def test_advise_proposes_and_applies_once() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    desk.room = room_for(EMPTY)
    states = run(policy, desk, range(10), EMPTY)
    assert all(s.writes == () for s in states)
    assert [b for b in states[-1].proposal if b is not None] != []
    desk.take(10, policy.step(10.0, desk.inputs(10.0, EqWanted(10.0, EMPTY), ask("apply"))))
    assert len(run(policy, desk, range(11, 40), FULL)[-1].writes) <= 6
    later = run(policy, desk, range(40, 240), FULL)
    assert cascade_db(desk.bands, BANDS) == pytest.approx(cascade_db(EMPTY, BANDS), abs=0.01), "what was asked for, nothing newer"
    assert all(s.writes == () for s in later[-30:])


def test_what_is_applied_at_once_goes_fast_for_as_long_as_the_house_may_be_empty() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(5))
    applied(policy, desk, range(5, 15), EMPTY)
    assert cascade_db(desk.bands, BANDS) == pytest.approx(cascade_db(EMPTY, BANDS), abs=0.01)
    desk.take(15, policy.step(15.0, desk.inputs(15.0, None, ask("bypass"))))
    late, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    run(late, desk, range(5))
    applied(late, desk, range(5, 8), EMPTY)
    before = desk.bands[0]
    run(late, desk, range(8, 100), EMPTY, programme=-90.0)  # the music stops, people come in
    assert desk.bands[0] == before
    run(late, desk, range(100, 112), EMPTY)
    assert all(apart(cascade_db, b, was) <= 0.5 for b, was in zip(desk.bands, desk.history[-13][1], strict=True))


def test_apply_does_not_wait_for_the_pause_after_an_undo() -> None:
    """The pause is for what moves by itself: who asks twice would else see bands move a minute (or an hour) after he asked."""
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    run(policy, desk, range(3))
    desk.take(3.0, policy.step(3.0, desk.inputs(3.0, None, ask("undo"))))
    states = run(policy, desk, range(4, 8), EMPTY)
    assert states[-1].paused > 60.0
    assert any(states[-1].proposal)
    state = desk.take(8.0, policy.step(8.0, desk.inputs(8.0, EqWanted(8.0, EMPTY), ask("apply"))))
    assert state.doing == "update"
    assert state.writes


def test_apply_is_refused_while_frozen_and_without_a_proposal() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    policy.step(0.0, desk.inputs(0.0))
    assert "refused" in did([policy.step(1.0, desk.inputs(1.0, None, ask("apply")))])
    assert "refused" in did([policy.step(2.0, desk.inputs(2.0, EqWanted(2.0, EMPTY), ask("apply"), programme=-80.0))])
    assert all(s.writes == () for s in run(policy, desk, range(6, 30), EMPTY))
    assert "refused" in did([policy.step(30.0, desk.inputs(30.0, EqWanted(30.0, START), ask("apply")))])


@pytest.mark.slow
def test_what_made_it_worse_is_taken_back_and_the_pauses_grow() -> None:
    """A bus that does the opposite of what it is told: in half an hour it is tried less and less, and never swings."""
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room, desk.works = room_for(EMPTY), -1.0
    states = run(policy, desk, range(1800), EMPTY)
    told = [(s.time, name) for s in states for name in did([s])]
    backs = [t for t, name in told if name == "rolled_back"]
    assert 2 <= len(backs) <= 6
    assert all(later - earlier > 1.5 * pause for pause, earlier, later in zip((60, 120, 240, 480), backs, backs[1:]))
    assert desk.bands == list(START) or states[-1].doing in {"update", "settle", "roll_back"}


def test_a_fit_that_what_is_heard_contradicts_is_not_followed() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    wrong = (EqBand("peaking", 300.0, -10.0, 0.5), EqBand("peaking", 3000.0, -10.0, 0.5))
    assert "update" not in did(run(policy, desk, range(60), wrong))
    assert desk.bands == list(START)


@pytest.mark.slow
def test_a_band_goes_back_only_for_a_larger_change() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(240), EMPTY)
    less = tuple(replace(b, gain=b.gain + (0.75 if b.freq == EMPTY[1].freq else 0.0)) for b in EMPTY)
    desk.room = room_for(less)
    states = run(policy, desk, range(240, 600), less)
    assert not any(s.writes for s in states)
    much = tuple(replace(b, gain=b.gain + (3.0 if b.freq == EMPTY[1].freq else 0.0)) for b in EMPTY)
    desk.room = room_for(much)
    assert any(s.writes for s in run(policy, desk, range(600, 660), much))


def test_a_room_that_changes_meanwhile_blames_nobody() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY[1:])
    run(policy, desk, range(20), EMPTY[1:])
    desk.room = room_for((*FULL, EqBand("peaking", 5000.0, -8.0, 1.0)))
    assert "worse" not in did(run(policy, desk, range(20, 120), EMPTY[1:]))


def test_what_the_engineer_does_meanwhile_is_not_blamed_on_the_update() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    assert run(policy, desk, range(6), EMPTY)[-1].doing == "update"
    desk.bands[5], desk.touched = EqBand("peaking", 300.0, 9.0, 0.7), [5]
    states = run(policy, desk, range(6, 120), EMPTY)
    assert "settle" in {s.doing for s in states}
    assert "worse" not in did(states)


def test_undo_restore_and_bypass() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(10))
    applied(policy, desk, range(10, 40), EMPTY)
    run(policy, desk, range(40, 100))
    fitted = list(desk.bands)
    assert fitted != list(START)

    def command(now: float, do: Any) -> list[EqState]:
        first = desk.take(now, policy.step(now, desk.inputs(now, EqWanted(now, EMPTY), ask(do))))
        return [first, *run(policy, desk, range(int(now) + 1, int(now) + 6), EMPTY)]

    assert "bypassed" in command(100.0, "bypass")[-1].frozen
    assert [b.gain for b in desk.bands] == [0.0] * 6
    command(110.0, "unbypass")
    assert desk.bands == fitted
    states = command(130.0, "undo")
    assert "done" in did(states)
    assert states[-1].paused > 130.0
    command(200.0, "restore")
    assert tuple(desk.bands) == START
    assert policy.step(210.0, desk.inputs(210.0)).mode == "advise"


def test_a_bypass_that_is_not_there_cannot_be_ended() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    run(policy, desk, range(3))
    state = policy.step(3.0, desk.inputs(3.0, None, ask("unbypass")))
    assert "it is not bypassed" in str(state.events)
    assert (state.doing, state.writes) == ("", ())


def test_a_bypass_lifts_nothing_on_its_way() -> None:
    """A tall boost that cuts hold down: were all of them let go alike, the cuts would be gone before it."""
    held = tuple(EqBand("peaking", 1000.0, gain, 1.0) for gain in (12.0, -3.0, -3.0, -3.0, -3.0))
    policy, desk = EqPolicy(replace(SETTINGS, most_gain=12.0), cascade_db), Desk(held)
    run(policy, desk, range(3))
    desk.take(3.0, policy.step(3.0, desk.inputs(3.0, None, ask("bypass"))))
    run(policy, desk, range(4, 12))
    assert {band.gain for band in desk.bands} == {0.0}
    assert max(cascade_db(bands, GRID).max() for _, bands in desk.history) <= cascade_db(held, GRID).max() + 1e-6 < 1.0


def test_the_snapshot_outlives_a_restart() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(10))
    applied(policy, desk, range(10, 60), EMPTY)
    again = EqPolicy(SETTINGS, cascade_db, "auto", replace(policy.found, owners=("engineer", *policy.found.owners[1:])))
    found = list(desk.bands)
    desk.take(60, again.step(60.0, desk.inputs(60.0, None, ask("restore"))))
    run(again, desk, range(61, 70))
    assert desk.bands[1:] == list(START[1:])
    assert desk.bands[0] == found[0]


def test_a_lost_write_is_sent_again_and_another_value_is_a_touch() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(30), EMPTY)
    moving = next(i for i, b in enumerate(desk.bands) if b.gain <= -1)
    desk.bands[moving] = START[moving]  # as if nothing had arrived
    states = run(policy, desk, range(40, 60), EMPTY)
    assert "sent_again" in did(states)
    assert set(states[-1].owners) == {"showctl"}
    desk.bands[moving] = replace(desk.bands[moving], gain=-7.25)
    states = run(policy, desk, range(60, 70), EMPTY)
    assert states[-1].owners[moving] == "engineer"
    assert desk.bands[moving].gain == -7.25
    back = policy.step(70.0, desk.inputs(70.0, None, ask("yours", moving)))
    assert back.owners[moving] == "showctl"


def gone(desk: Desk) -> None:
    desk.answers = False


FROZEN: list[tuple[dict[str, Any], str]] = [
    ({"programme": -70.0}, "silent"),
    ({"troubles": ("microphone left is dead: check its cable",)}, "cable"),
    ({"responses": (None, None, None)}, "nothing is known yet"),
    ({"responses": (response(1e3, FLAT, 0.3),) * 3}, "% of the bands"),
    ({"responses": (response(30.0, FLAT),) * 3}, "listening part"),
    ({"responses": (response(1e3, FLAT, delay=0.031),) * 3}, "microphone left hears"),
]


@pytest.mark.parametrize(("more", "words"), FROZEN)
def test_it_freezes_and_says_why(more: dict[str, Any], words: str) -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(20), EMPTY)
    states = run(policy, desk, range(50, 60), EMPTY, **more)
    assert all(words in s.frozen and s.writes == () for s in states)
    assert run(policy, desk, range(60, 100), EMPTY)[-1].frozen == ""


def test_a_dead_console_is_named_and_nothing_is_sent() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    run(policy, desk, range(20), EMPTY)
    gone(desk)
    states = run(policy, desk, range(20, 40), EMPTY)
    assert "network cable" in states[-1].frozen
    assert all(s.writes == () for s in states[6:])
    assert "address" in EqPolicy(SETTINGS, cascade_db).step(0.0, EqInputs(ConsoleState())).frozen


def test_microphones_may_be_relearned_before_the_console_is_read() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.answers = False
    state = policy.step(1.0, desk.inputs(1.0, None, ask("relearn")))
    assert did([state]) == ["asked"]


def test_an_update_is_not_judged_by_what_was_heard_before_the_microphones_were_moved() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    desk.room = room_for(EMPTY)
    run(policy, desk, range(30), EMPTY)
    assert policy.step(30.0, desk.inputs(30.0, None, ask("relearn"))).doing in {"update", "settle"}
    desk.room = desk.room + 3.0 * np.sin(np.arange(len(BANDS)))  # the same room from another place
    seen = run(policy, desk, range(31, 110))
    assert not {"worse", "judged"} & set(did(seen))


def test_a_microphone_that_stands_elsewhere_may_be_relearned() -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    run(policy, desk, range(5))
    moved = (response(1e3, FLAT, delay=0.03),) * 3
    assert "put it back" in run(policy, desk, range(5, 9), responses=moved)[-1].frozen
    desk.take(9, policy.step(9.0, desk.inputs(9.0, None, ask("relearn"), responses=moved)))
    assert run(policy, desk, range(10, 20), responses=moved)[-1].frozen == ""


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ((EqBand("peaking", 100.0, -20.0, 1.0),), "-12 to"),
        ((EqBand("peaking", 100.0, 2.0, 1.0),), "summed boost"),
        ((EqBand("low_shelf", 100.0, -2.0, 2.0),), "overshoots"),
        ((EqBand("peaking", float("nan"), -2.0, 1.0),), "nan Hz"),
        ((EqBand("peaking", 100.0, -2.0, 1.0),) * 7, "7 bands, 6 are free"),
    ],
)
def test_a_fit_beyond_what_the_venue_allows_is_refused_once(wanted: tuple[EqBand, ...], words: str) -> None:
    policy, desk = EqPolicy(SETTINGS, cascade_db, "auto"), Desk()
    states = [policy.step(t, desk.inputs(t, EqWanted(0.5, wanted))) for t in (1.0, 2.0, 3.0, 4.0)]
    why = [str(dict(e.data).get("why")) for s in states for e in s.events if dict(e.data)["did"] == "refused"]
    assert len(why) == 1
    assert words in why[0]
    assert all(s.writes == () for s in states)


@pytest.mark.parametrize("freq", np.geomspace(980.0, 1020.0, 9))
def test_a_narrow_boost_does_not_hide_between_two_points(freq: float) -> None:
    """Two bands of 3 dB with a Q of 8 where 5.8 dB are allowed."""
    policy, desk = EqPolicy(replace(SETTINGS, most_boost=5.8), cascade_db, "auto"), Desk()
    states = run(policy, desk, range(5), (EqBand("peaking", freq, 3.0, 8.0),) * 2)
    assert "refused" in did(states)


def test_boosts_go_first_where_the_sum_would_be_too_much() -> None:
    """From one pair that cancels to another: on the way the sum stays below its limit, and it arrives."""
    start = (EqBand("peaking", 1000.0, 3.0, 1.0), EqBand("peaking", 1000.0, -3.0, 1.0))
    goal = (EqBand("peaking", 300.0, 3.0, 1.0), EqBand("peaking", 300.0, -6.0, 0.7))
    policy, desk = EqPolicy(SETTINGS, cascade_db), Desk(start)
    desk.room = room_for(goal)
    run(policy, desk, range(5))
    applied(policy, desk, range(5, 60), goal)
    assert all(cascade_db(bands, GRID).max() <= 0.1 + 1e-6 for _, bands in desk.history)
    assert sorted(b.gain for b in desk.bands) == [-6.0, 3.0]
    assert {b.freq for b in desk.bands} == {300.0}
