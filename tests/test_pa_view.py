"""What the daemon tells of the room's sound: with and without an equaliser, and nothing of the past as if it were new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from showctl import pa_loop
from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.grid import BANDS
from showctl.model import ConsoleState, EqBand, EqWanted, Health, Howl, LevelLimit, Levels, RoomResponse, State
from showctl.wire.room import RoomHeard
from tests import pa_part
from tests.pa_part import made

PLAN = replace(pa_part.PLAN, levels=(LevelLimit("laeq_60", 99.0),))
HELD = (EqBand("peaking", 200.0, -4.0, 1.5), *[EqBand("peaking", 1000.0, 0.0, 1.0)] * 5)
LOUD = Levels(1.0, 90.0, 91.0, 92.0, 93.0, 110.0, 120.0, 600.0, False)


def response(shape: np.ndarray) -> RoomResponse:
    return RoomResponse(
        19.0, BANDS, shape, np.ones(len(BANDS)), np.ones(len(BANDS), np.bool_), np.ones(len(BANDS)), 0.01, 0.0, True
    )


def heard(*responses: RoomResponse | None, howls: tuple[Howl, ...] = ()) -> RoomHeard:
    return RoomHeard(19.0, State.RUNNING, "card", 48_000, 0, -20.0, responses, (None, LOUD), howls)


def test_before_now_and_proposed_are_the_room_the_bands_that_stand_and_those_that_would() -> None:
    loop = pa_loop.Loop(PLAN, PLAN.zones[0], np.zeros(len(BANDS)))
    shape = cascade_db([EqBand("peaking", 200.0, 6.0, 1.5)], BANDS)
    loop.hear(heard(response(shape + 3.0), response(shape - 3.0)))
    loop._wanted = EqWanted(19.0, (EqBand("peaking", 200.0, -6.0, 1.5),))
    for second in range(8):  # a reason to freeze has to be gone for some seconds
        loop.step(15.0 + second, ConsoleState(15.0 + second, HELD))
    shown = loop.curves()
    for curve, left in ((shown.before, shape), (shown.now, shape + cascade_db(HELD, BANDS)), (shown.proposed, 0.0 * shape)):
        assert curve == pytest.approx(left - left.mean(), abs=0.15)
    off = loop.step(24.0, ConsoleState(24.0, HELD, on=False))
    assert "switched off" in off.frozen
    assert not loop.on
    assert loop.curves().now == pytest.approx(loop.curves().before)


def test_a_room_that_is_not_heard_any_more_is_not_shown_as_if_it_were() -> None:
    loop = pa_loop.Loop(PLAN, PLAN.zones[0], np.zeros(len(BANDS)))
    assert np.isnan(loop.curves().before).all()
    loop.hear(heard(response(np.ones(len(BANDS))), None))
    loop.step(20.0, ConsoleState(20.0, HELD))
    assert np.isfinite(loop.curves().before).all()
    assert set(loop.curves().trust) == {0.5}
    loop.step(21.0, ConsoleState(21.0, HELD), (), "its process has ended")
    assert np.isnan(loop.curves().before).all()
    assert not loop.curves().trust.any()


def test_the_view_has_levels_limits_and_the_last_howl_and_no_levels_while_nothing_is_heard(tmp_path: Path) -> None:
    told: list[Health] = []
    part = made(tmp_path, PLAN, told, lambda: 20.0)
    assert told == []
    before = part.view()
    assert (before.zone, before.state, before.howl, before.levels) == ("main", None, None, (None, None))
    assert (before.microphones, before.limits) == (("left", "right"), PLAN.levels)
    howl = Howl(19.0, 1000.0, -10.0, 20.0, 1000.0, "it howls")
    assert part.room is not None
    part.room._heard = heard(None, None, howls=(howl,))
    part.room._on_heard(part.room._heard)
    part.room._on_heard(heard(None, None))
    view = part.view()
    assert (view.howl, view.levels) == (howl, (None, LOUD))
    part.room._heard = None
    assert part.view().levels == (None, None)
    assert part.view().howl == howl


def test_a_venue_that_only_listens_has_levels_and_no_equaliser(tmp_path: Path) -> None:
    told: list[Health] = []
    view = made(tmp_path, replace(PLAN, console=None, zones=()), told, lambda: 20.0).view()
    assert (view.zone, view.state, view.curves, view.on) == ("", None, None, True)
    assert view.microphones == ("left", "right")
    assert told == []
    assert made(tmp_path, replace(PLAN, console=None, zones=(), microphones=()), told, lambda: 20.0).view().levels == ()
    [health] = told
    assert (health.part, health.state) == ("room", State.DEGRADED)
    assert "nobody watches `spl_limit`" in health.detail
