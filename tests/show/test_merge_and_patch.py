"""Masters, virtual dimmers, limits and slots: from levels to the bytes of a universe."""

from __future__ import annotations

import pytest

from showctl.model import Blackout, Go, SetMaster
from showctl.plan import Category, Parameter, Plan, Submaster
from tests.show.shows import Show, cue, cues, dimmer, move, pan, plan


def wash(slot: int, **more: object) -> list[Parameter]:
    """Parameters 0 and 1: a virtual dimmer and the red that it scales."""
    red = Parameter("wash", 0, "red", Category.COLOUR, 1, (slot,), masters=(0,), default=1.0)
    return [Parameter("wash", 0, "intensity", Category.INTENSITY, **more), red]  # type: ignore[arg-type]


def test_grand_master_and_blackout_scale_intensities_and_virtual_dimmers_only() -> None:
    show = Show(
        plan([*wash(1), dimmer(2), pan(3), dimmer(9, exempt=True)], cues(cue(1, move(0, 1.0), move(2, 1.0), move(4, 1.0))))
    )
    show.at(0.0, Go(time=0.0), SetMaster(time=0.0, level=0.5))
    frame = show.at(1.0)
    assert frame.slots[0, [0, 1, 2, 3, 8]].tolist() == [128, 128, 128, 0, 255]
    frame = show.at(2.0, Blackout(time=2.0, on=True))
    assert frame.slots[0, [0, 1, 2, 3, 8]].tolist() == [0, 0, 128, 0, 255]
    assert frame.playback.blackout
    frame = show.at(3.0, Blackout(time=3.0, on=False), SetMaster(time=3.0, level=1.0))
    assert frame.slots[0, :2].tolist() == [255, 255]


def test_playback_goes_on_beneath_a_blackout() -> None:
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0, 2.0)))))
    show.at(1.0, Go(time=0.0), Blackout(time=0.5, on=True))
    assert show.level(1.5, 0) == 0.0
    assert show.level(1.5, 0, Blackout(time=1.5, on=False)) == pytest.approx(0.75, abs=0.003)


def test_additive_submasters_join_by_the_highest_and_inhibitive_ones_limit() -> None:
    subs = (
        Submaster("up", "additive", ((0, 0.8),)),
        Submaster("limit", "inhibitive", ((0, 1.0),), level=1.0),
    )
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 0.5))), submasters=subs))
    show.at(0.0, Go(time=0.0))

    def after(name: str, level: float) -> float:
        t = show.engine.playback.beat / 2 + 1.0
        return round(show.level(t, 0, SetMaster(time=t, level=level, submaster=name)), 2)

    assert after("up", 0.5) == 0.5
    assert after("up", 1.0) == 0.8
    assert after("limit", 0.5) == 0.4
    assert after("up", 0.0) == 0.25
    assert dict(show.engine.playback.submasters) == {"up": 0.0, "limit": 0.5}


@pytest.mark.parametrize("level", [1.001, -0.1, float("nan"), float("inf")])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    show = Show(plan([dimmer(1, default=1.0)]))
    assert show.level(0.0, 0, SetMaster(time=0.0, level=level)) == 1.0
    assert show.types() == ["refused"]
    show.at(1.0, SetMaster(time=1.0, level=0.5, submaster="nobody"))
    assert "nobody" in str(dict(show.told[-1].data)["reason"])


def test_a_fixture_with_a_dimmer_and_dimmers_of_cells_is_scaled_once() -> None:
    bar = [
        Parameter("bar", 0, "intensity", Category.INTENSITY, 1, (1,), default=1.0),
        Parameter("bar", 1, "intensity", Category.INTENSITY, default=1.0),
        Parameter("bar", 1, "red", Category.COLOUR, 1, (2,), masters=(1,), default=1.0),
    ]
    frame = Show(plan(bar)).at(0.0, SetMaster(time=0.0, level=0.5))
    assert frame.slots[0, :2].tolist() == [128, 255]


def test_a_dimmer_that_is_scaled_by_a_dimmer() -> None:
    whole = Parameter("bar", 0, "intensity", Category.INTENSITY, default=0.5)
    cell = Parameter("bar", 1, "intensity", Category.INTENSITY, default=0.5, masters=(2,))
    red = Parameter("bar", 1, "red", Category.COLOUR, 1, (1,), masters=(1,), default=1.0)
    assert Show(plan([red, cell, whole])).at(0.0).slots[0, 0] == 64
    circle = [Parameter("a", 0, "intensity", Category.INTENSITY, masters=(0,))]
    with pytest.raises(ValueError, match="by itself"):
        Show(plan(circle))


def test_slots_of_8_16_and_24_bits_most_significant_first() -> None:
    wide = Parameter("x", 0, "focus", Category.BEAM, 1, (5, 6, 9), default=0.5)
    frame = Show(plan([dimmer(1, default=0.5), pan(2, default=1 / 65535 * 258), wide])).at(0.0)
    assert frame.slots[0, :9].tolist() == [128, 1, 2, 0, 128, 0, 0, 0, 0]
    full = [Parameter("y", 0, "focus", Category.BEAM, 1, tuple(range(1, n + 1)), default=1.0) for n in (1, 2, 3, 4)]
    for parameter in full:
        assert set(Show(plan([parameter])).at(0.0).slots[0, : len(parameter.slots)].tolist()) == {255}


def test_limits_come_last_and_turning_round_after_them() -> None:
    parameters = [
        pan(1, low=0.25, high=0.75, default=0.0),
        pan(3, invert=True, low=0.25, default=0.0),
        dimmer(5, high=0.5, default=1.0),
    ]
    frame = Show(plan(parameters)).at(0.0)
    assert [int(frame.slots[0, i]) for i in (0, 2, 4)] == [64, 191, 128]


def test_the_look_before_the_first_cue() -> None:
    show = Show(plan([dimmer(1), dimmer(2, default=0.2)], cues(cue(1, move(0, 0.0))), start=((0, 0.6),)))
    assert show.at(0.0).slots[0, :2].tolist() == [153, 51]
    assert show.level(1.0, 0, Go(time=1.0)) == 0.0


@pytest.mark.parametrize("parameter", [dimmer(0), dimmer(513), Parameter("x", 0, "pan", Category.POSITION, 2, (1,))])
def test_an_address_that_cannot_be_is_refused(parameter: Parameter) -> None:
    with pytest.raises(ValueError, match=r"universe|slots"):
        Show(plan([parameter]))


def test_a_plan_of_nothing_plays() -> None:
    frame = Show(Plan(())).at(0.0)
    assert frame.slots.shape == (0, 512)


def test_a_list_of_higher_priority_keeps_the_stage_while_one_below_moves() -> None:
    show = Show(
        plan([dimmer(1)], cues(cue(1, move(0, 1.0, 1.0)), priority=3), cues(cue(1, move(0, 0.2)), name="top", priority=9))
    )
    show.at(1.0, Go(time=0.0, list="top"), Go(time=1.0))
    assert show.level(5.0, 0) == pytest.approx(0.2, abs=0.003)


def test_controls_dated_ahead_wait_and_too_many_are_refused() -> None:
    show = Show(plan([dimmer(1)]))
    show.at(0.0, *[SetMaster(time=10.0, level=0.5)] * 5000)
    assert show.types() == ["refused"] * (5000 - 4096)
    show.at(9.9)
    assert show.engine.playback.grand_master == 1.0
    show.at(10.0)
    assert show.engine.playback.grand_master == 0.5


@pytest.mark.parametrize("time", [float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(time: float) -> None:
    show = Show(plan([dimmer(1)]))
    show.at(0.0, Blackout(time=time, on=True))
    assert show.types() == ["refused"]
    with pytest.raises(ValueError, match="time"):
        show.at(time)
