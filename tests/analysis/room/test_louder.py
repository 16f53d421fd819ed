"""How loud a sweep is played: never louder than it must be, never by more than a step, and stopped at once."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.analysis.room.louder import FIRST_DB, HOT_DB, LEAST_REPEATS, MOST_REPEATS, STEP_DB, Heard, Levels, Phase


def venue(state: Levels, loudness: float, noise: float, clips_at: float = 0.0) -> list[Levels]:
    """All states of a measurement where a microphone hears a sweep at its level + loudness, in so much noise (dBFS)."""
    states = [state]
    while states[-1].phase is Phase.PLAY:
        peak = states[-1].level + loudness
        states.append(states[-1].heard(Heard(min(peak, 0.0), peak >= clips_at, (peak - noise, peak - noise + 10))))
        assert len(states) < 100
    return states


@given(loudness=st.floats(-60, 60), noise=st.floats(-120, 0), limit=st.floats(-40, 0))
def test_it_always_ends_and_never_leaps_nor_exceeds_its_limit(loudness: float, noise: float, limit: float) -> None:
    states = venue(Levels(limit=limit), loudness, noise)
    levels = [state.level for state in states]
    assert levels[0] == FIRST_DB
    assert max(levels) <= max(limit, FIRST_DB)
    assert all(0 <= after - before <= STEP_DB for before, after in zip(levels, levels[1:]))
    for before, after in zip(states, states[1:]):
        if after.level > before.level:
            assert after.level + loudness <= HOT_DB + 1e-9
    assert states[-1].kept <= MOST_REPEATS


def test_a_quiet_room_needs_no_loud_sweep() -> None:
    last = venue(Levels(), loudness=20, noise=-80)[-1]
    assert (last.phase, last.level, last.kept, last.why) == (Phase.DONE, FIRST_DB, LEAST_REPEATS, "")


def test_it_rises_until_it_is_enough() -> None:
    last = venue(Levels(), loudness=0, noise=-60)[-1]
    assert (last.phase, last.level, last.kept) == (Phase.DONE, -24.0, 2)


def test_at_the_limit_it_is_repeated_as_often_as_is_needed() -> None:
    last = venue(Levels(limit=-30.0), loudness=0, noise=-58)[-1]
    assert (last.phase, last.level, last.why) == (Phase.DONE, -30.0, "")
    assert last.kept == math.ceil(10**0.7)
    assert last.gained == pytest.approx(28 + 10 * math.log10(last.kept))


def test_what_is_not_reached_is_said() -> None:
    last = venue(Levels(limit=-30.0), loudness=0, noise=-40)[-1]
    assert last.phase is Phase.DONE
    assert last.kept == MOST_REPEATS
    assert "22 dB over the noise after 16 sweeps" in last.why


def test_clipping_stops_it() -> None:
    last = venue(Levels(), loudness=0, noise=-10, clips_at=-20.0)[-1]
    assert last.phase is Phase.STOPPED
    assert "gain down" in last.why


def test_a_hand_stops_it_and_nothing_follows() -> None:
    stopped = Levels().heard(Heard(-40, False, (5.0,))).stopped("a hand")
    assert (stopped.phase, stopped.why) == (Phase.STOPPED, "a hand")
    with pytest.raises(ValueError, match="stopped"):
        stopped.heard(Heard(-40, False, (50.0,)))
