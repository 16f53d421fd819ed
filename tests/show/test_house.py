"""House lights: their own command moves them, and nothing else does."""

from __future__ import annotations

import pytest

from showctl.model import Blackout, Go, Release, SetHouse, SetMaster, StopAll
from showctl.plan import Category, Parameter
from tests.show.shows import Show, cue, cues, dimmer, move, plan

STEP = 1 / 255


def close(value: float) -> object:
    return pytest.approx(value, abs=0.6 * STEP)


def house() -> Show:
    """House lights at 60 %, and a cue that asks for them and for a lamp."""
    lights = Parameter("house", 0, "intensity", Category.INTENSITY, 1, (1,), exempt=True)
    return Show(plan([lights, dimmer(2)], cues(cue(1, move(0, 1.0), move(1, 1.0))), house=(0,), house_level=0.6))


def test_house_lights_are_moved_by_their_own_command_alone_in_its_time() -> None:
    show = house()
    assert show.level(0.0, 0, Go(time=0.0)) == close(0.6)
    show.at(10.0, SetHouse(time=10.0, level=0.0, fade=4.0))
    assert show.level(12.0, 0) == close(0.3)
    assert show.engine.playback.house == pytest.approx(0.3), "and so it is told to who looks on"
    assert show.level(14.0, 0) == 0.0
    assert Show(plan([dimmer(1)])).engine.playback.house is None


def test_stop_all_release_blackout_and_grand_master_leave_house_lights() -> None:
    show = house()
    show.at(1.0, Go(time=0.0), Blackout(time=0.5, on=True), SetMaster(time=0.6, level=0.0), Release(time=0.7), StopAll(time=0.8))
    assert (show.level(5.0, 0), show.level(5.0, 1)) == (close(0.6), 0.0)


def test_house_lights_that_are_not_there_or_beyond_full_are_refused() -> None:
    show = Show(plan([dimmer(1)]))
    show.at(1.0, SetHouse(time=1.0, level=0.5))
    assert "no house lights" in str(show.told)
    show = house()
    show.at(1.0, SetHouse(time=0.0, level=1.5), SetHouse(time=0.0, level=0.5, fade=-1.0), SetHouse(time=0.0, level=float("nan")))
    assert show.types() == ["refused"] * 3
    assert show.level(2.0, 0) == close(0.6)
