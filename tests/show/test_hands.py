"""What people hold, park, flash, identify and check: over playback, beneath or above the masters, and back again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import (
    Blackout,
    Check,
    ControlEvent,
    Flash,
    Go,
    Hold,
    Identify,
    LetGo,
    Park,
    SetMaster,
    StopAll,
    Unpark,
)
from showctl.plan import Category, Parameter, PatchedFixture, Place, Plan, Span, StrobeLimit, Submaster
from tests.show import flashes
from tests.show.shows import Show, cue, cues, dimmer, effect, move, pan, plan

BLACK = Blackout(time=1.0, on=True)


def hold(time: float, **values: float) -> Hold:
    return Hold(time=time, values=tuple(values.items()), source="web")


def held(time: float, *values: tuple[str, float]) -> Hold:
    return Hold(time=time, values=values)


def parked(time: float, *values: tuple[str, float]) -> Park:
    return Park(time=time, values=values)


def let_go(time: float, *keys: str) -> LetGo:
    return LetGo(time=time, keys=keys)


def colour(name: str, slot: int, **more: Any) -> Parameter:
    return Parameter("par.1", 0, name, Category.COLOUR, 1, (slot,), **more)


def two(**more: Any) -> Plan:
    """Two dimmers, both up in 10 s by cue 1."""
    return plan([dimmer(1), dimmer(2)], cues(cue(1, move(0, 1.0, 10.0), move(1, 1.0, 10.0))), strobe=None, **more)


def rgb() -> Plan:
    """A fixture of three colours with a virtual dimmer."""
    virtual = Parameter("par.1", 0, "intensity", Category.INTENSITY)
    return plan([virtual, *(colour(n, i + 1, masters=(0,)) for i, n in enumerate(("red", "green", "blue")))], strobe=None)


# --- held ------------------------------------------------------------------------------------------------------------


def test_a_hand_takes_at_once_and_goes_back_in_the_release_time_to_where_playback_is_by_then() -> None:
    show = Show(two(release_time=Span(2.0)))
    assert show.level(0.0, 0, Go(time=0.0)) == 0.0
    assert show.level(1.0, 0, held(1.0, ("dim.1/intensity", 0.8))) == pytest.approx(0.8, abs=1 / 255)
    assert show.level(4.0, 0) == pytest.approx(0.8, abs=1 / 255)
    assert show.level(4.0, 1) == pytest.approx(0.4, abs=1 / 255)  # not held: the cue has it
    assert show.level(5.0, 0, let_go(4.0)) == pytest.approx(0.5 * 0.8 + 0.5 * 0.5, abs=1 / 255)
    assert show.level(6.0, 0) == pytest.approx(0.6, abs=1 / 255)
    assert show.level(7.0, 0) == pytest.approx(0.7, abs=1 / 255)


def test_the_release_time_may_be_counted_in_beats() -> None:
    show = Show(plan([dimmer(1)], release_time=Span(4.0, "beat"), strobe=None))  # 120 a minute while nothing is heard
    show.at(0.0, held(0.0, ("dim.1/intensity", 1.0)))
    assert show.level(2.0, 0, let_go(1.0)) == pytest.approx(0.5, abs=1 / 255)
    assert show.level(3.0, 0) == 0.0


def test_what_snaps_is_let_go_at_once() -> None:
    gobo = Parameter("spot.1", 0, "gobo", Category.BEAM, 1, (1,), snap=True)
    show = Show(plan([gobo], release_time=Span(5.0), strobe=None))
    assert show.level(0.0, 0, held(0.0, ("spot.1/gobo", 1.0))) == 1.0
    assert show.level(1.0, 0, let_go(1.0, "spot.1/gobo")) == 0.0


def test_one_key_is_let_go_alone_and_a_hand_that_comes_back_takes_at_once() -> None:
    show = Show(two(release_time=Span(2.0)))
    frame = show.at(0.0, held(0.0, ("dim.1/intensity", 1.0), ("dim.2/intensity", 0.5)))
    assert frame.playback.held == (("dim.1/intensity", 1.0), ("dim.2/intensity", 0.5))
    frame = show.at(1.0, let_go(1.0, "dim.1/intensity"))
    assert frame.playback.held == (("dim.2/intensity", 0.5),)
    assert show.level(2.0, 0) == pytest.approx(0.5, abs=1 / 255)
    assert show.level(2.0, 1) == pytest.approx(0.5, abs=1 / 255)
    assert show.level(2.5, 0, held(2.5, ("dim.1/intensity", 0.9))) == pytest.approx(0.9, abs=1 / 255)
    assert show.level(9.0, 0) == pytest.approx(0.9, abs=1 / 255)


def test_neither_a_cue_nor_an_effect_nor_stop_all_takes_from_a_hand() -> None:
    run, start = effect("run", [0], shape="step", low=0.0, high=1.0)
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0), starts=(start,))), effects=(run,), strobe=None))
    show.at(0.0, held(0.0, ("dim.1/intensity", 0.2)))
    for t, control in ((1.0, Go(time=1.0)), (2.0, StopAll(time=2.0))):
        assert show.level(t, 0, control) == pytest.approx(0.2, abs=1 / 255)
        assert show.level(t + 0.3, 0) == pytest.approx(0.2, abs=1 / 255)


def test_masters_and_blackout_scale_what_is_held_and_nothing_but_intensity() -> None:
    sub = Submaster("limit", "inhibitive", ((0, 1.0),), level=1.0)
    show = Show(plan([dimmer(1), pan(10)], submasters=(sub,), strobe=None))
    show.at(0.0, held(0.0, ("dim.1/intensity", 0.8), ("head.10/pan", 0.25)))
    assert show.level(1.0, 0, SetMaster(time=1.0, level=0.5)) == pytest.approx(0.4, abs=1 / 255)
    assert show.level(2.0, 0, SetMaster(time=2.0, level=0.5, submaster="limit")) == pytest.approx(0.2, abs=1 / 255)
    assert show.level(3.0, 0, Blackout(time=3.0, on=True)) == 0.0
    assert show.level(3.0, 1) == pytest.approx(0.25, abs=1e-4)


def test_a_held_virtual_dimmer_scales_the_colours() -> None:
    show = Show(rgb())
    show.at(0.0, held(0.0, ("par.1/intensity", 0.5), ("par.1/red", 0.8)))
    assert show.level(0.0, 1) == pytest.approx(0.4, abs=1 / 255)
    assert show.level(1.0, 1, BLACK) == 0.0


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (held(0.0, ("dim.9/intensity", 0.5)), "dim.9/intensity"),
        (held(0.0, ("dim.1/pan", 0.5)), "dim.1/pan"),
        (held(0.0, ("", 0.5)), "''"),
        (held(0.0, ("dim.1/intensity", 0.5), ("dim.1/intensity", 1.01)), "0 to 1"),
        (held(0.0, ("dim.1/intensity", float("nan"))), "0 to 1"),
        (held(0.0, ("2/1", 0.5)), "universes are 1"),
        (held(0.0, ("1/513", 0.5)), "slots 1 to 512"),
        (held(0.0, ("house.1/intensity", 0.5)), "house fader"),
        (parked(0.0, ("1/200", 0.5)), "house fader"),
        (parked(0.0, ("nobody/intensity", 0.5)), "nobody"),
        (let_go(0.0, "dim.7/intensity"), "dim.7"),
        (let_go(0.0, *(["dim.1/intensity"] * 5000)), "4096"),
        (Unpark(time=0.0, keys=("dim.7/intensity",)), "dim.7"),
        (Identify(time=0.0, fixture="dim.7", on=True), "dim.7"),
        (Identify(time=0.0, fixture="house.1", on=True), "house fader"),
        (Check(time=0.0, step=2), "not 2"),
        (Flash(time=0.0, submaster="nobody", on=True), "nobody"),
        (held(0.0, *((f"1/{1 + i % 512}", 0.5) for i in range(5000))), "4096"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason_and_changes_nothing(control: ControlEvent, reason: str) -> None:
    house = dimmer(200, "house.1", exempt=True)
    show = Show(plan([dimmer(1), dimmer(2), house], house=(2,), strobe=None))
    before = show.at(0.0).slots.copy()
    frame = show.at(0.1, control)
    told = dict(frame.events[0].data)
    assert frame.events[0].type == "refused"
    assert reason in str(told["reason"])
    of = frame.playback
    assert (of.held, of.parked, of.identified, of.checked) == ((), (), (), "")
    assert np.array_equal(frame.slots, before)


# --- raw slots -------------------------------------------------------------------------------------------------------


def test_a_slot_of_eight_bits_acts_through_its_parameter() -> None:
    turned = Parameter("par.1", 0, "red", Category.COLOUR, 1, (2,), invert=True)
    part = Parameter("old.1", 0, "intensity", Category.INTENSITY, 1, (3,), span=(0.0, 0.5))
    show = Show(plan([dimmer(1), turned, part], strobe=None))
    frame = show.at(0.0, held(0.0, ("1/1", 128 / 255), ("1/2", 10 / 255), ("1/3", 100 / 255)))
    assert list(frame.slots[0, :3]) == [128, 10, 100]
    assert [key for key, _ in frame.playback.held] == ["dim.1/intensity", "par.1/red", "old.1/intensity"]
    assert list(show.at(1.0, BLACK).slots[0, :3]) == [0, 10, 0]
    frame = show.at(2.0, held(2.0, ("1/3", 200 / 255)))
    assert "goes from 0 to 128" in str(dict(frame.events[-1].data)["reason"])


@given(st.integers(0, 255), st.floats(0.0, 1.0), st.booleans(), st.integers(0, 1))
def test_a_byte_of_sixteen_bits_is_held_and_the_other_follows_playback(byte: int, to: float, invert: bool, which: int) -> None:
    show = Show(plan([pan(1, invert=invert)], cues(cue(1, move(0, to))), strobe=None))
    beneath = show.at(0.0, Go(time=0.0)).slots[0, :2].copy()
    frame = show.at(1.0, held(1.0, (f"1/{1 + which}", byte / 255)))
    assert frame.slots[0, which] == byte
    assert frame.slots[0, 1 - which] == beneath[1 - which]
    assert [key for key, _ in frame.playback.held] == [f"1/{1 + which}"]
    frame = show.at(2.0, held(2.0, ("head.1/pan", 0.0)))
    assert [key for key, _ in frame.playback.held] == ["head.1/pan"]  # the whole takes over from the byte
    assert list(show.at(9.0, let_go(3.0, "1/1")).slots[0, :2]) == list(beneath)  # and a byte lets go of the whole


def test_a_slot_that_nobody_patched_is_written_and_goes_back_to_nothing() -> None:
    show = Show(plan([dimmer(1)], release_time=Span(1.0), strobe=None))
    assert show.at(0.0, held(0.0, ("1/300", 1.0))).slots[0, 299] == 255
    assert show.at(1.0, BLACK).slots[0, 299] == 255  # nobody knows whether it is light
    assert show.at(2.5, let_go(2.0)).slots[0, 299] == 128
    assert show.at(3.5).slots[0, 299] == 0
    assert show.at(4.0, parked(4.0, ("1/300", 0.2)), held(4.0, ("1/300", 0.8))).slots[0, 299] == 51
    assert show.at(5.0, Unpark(time=5.0)).slots[0, 299] == 204
    assert show.at(9.0, let_go(6.0)).slots[0, 299] == 0


# --- parked ----------------------------------------------------------------------------------------------------------


def test_what_is_parked_stays_whatever_else_happens() -> None:
    show = Show(two())
    show.at(0.0, parked(0.0, ("dim.1/intensity", 0.6)), Go(time=0.0))
    for t, control in enumerate(
        (BLACK, SetMaster(time=2.0, level=0.0), held(3.0, ("dim.1/intensity", 1.0)), StopAll(time=4.0)), 1
    ):
        assert show.level(float(t), 0, control) == pytest.approx(0.6, abs=1 / 255)
    assert show.level(4.0, 1) == 0.0
    frame = show.at(
        5.0, Unpark(time=5.0, keys=("dim.1/intensity",)), Blackout(time=5.0, on=False), SetMaster(time=5.0, level=1.0)
    )
    assert frame.playback.parked == ()
    assert frame.slots[0, 0] == 255  # held beneath all the time


def test_a_parked_virtual_dimmer_gives_light_in_a_blackout_and_a_parked_colour_is_not_dimmed() -> None:
    show = Show(rgb())
    show.at(0.0, held(0.0, ("par.1/green", 1.0)), parked(0.0, ("par.1/red", 0.5)), BLACK)
    assert show.level(1.0, 1) == pytest.approx(0.5, abs=1 / 255)
    assert show.level(1.0, 2) == 0.0
    assert show.level(2.0, 2, parked(2.0, ("par.1/intensity", 0.4))) == pytest.approx(0.4, abs=1 / 255)


def test_limits_of_the_venue_hold_what_is_held_and_parked() -> None:
    show = Show(plan([pan(1, low=0.25, high=0.75), pan(3, low=0.25, high=0.75)], strobe=None))
    show.at(0.0, held(0.0, ("head.1/pan", 1.0)), parked(0.0, ("head.3/pan", 0.0)))
    assert show.level(0.0, 0) == pytest.approx(0.75, abs=1e-4)
    assert show.level(0.0, 1) == pytest.approx(0.25, abs=1e-4)


@pytest.mark.parametrize("way", ["hold", "park", "flash"])
def test_the_strobe_limit_holds_hands(way: str) -> None:
    sub = Submaster("all", "additive", tuple((i, 1.0) for i in range(4)))
    show = Show(plan([dimmer(i) for i in range(1, 5)], submasters=(sub,), strobe=StrobeLimit()))
    keys = tuple(f"dim.{i}/intensity" for i in range(1, 5))
    levels = []
    for k in range(60):  # ten flashes in every second
        t, on = k * 0.05, k % 2 == 0
        control: ControlEvent = Flash(time=t, submaster="all", on=on)
        if way != "flash":
            control = (Hold if way == "hold" else Park)(time=t, values=tuple((key, float(on)) for key in keys))
        levels.append(show.at(t, control).slots[0, :4] / 255.0)
    fast = [flashes.changes_a_second(np.array(levels)[:, lamp], 20).max() for lamp in range(4)]
    assert sorted(fast) == [8, 8, 8, 20]  # one of four is a quarter: it may


# --- flash, identify, check ------------------------------------------------------------------------------------------


def test_a_flash_button_is_full_while_it_is_down_and_then_where_the_fader_stands() -> None:
    sub = Submaster("blinder", "additive", ((0, 0.9),), level=0.2)
    show = Show(plan([dimmer(1)], submasters=(sub,), strobe=None))
    assert show.level(0.0, 0) == pytest.approx(0.18, abs=1 / 255)
    assert show.level(1.0, 0, Flash(time=1.0, submaster="blinder", on=True)) == pytest.approx(0.9, abs=1 / 255)
    frame = show.at(2.0, SetMaster(time=2.0, level=0.5, submaster="blinder"))
    assert frame.playback.flashed == ("blinder",)
    assert frame.playback.submasters == (("blinder", 0.5),)
    assert frame.slots[0, 0] == 230
    assert show.level(3.0, 0, Flash(time=3.0, submaster="blinder", on=False)) == pytest.approx(0.45, abs=1 / 255)


def test_the_flash_button_of_an_inhibitive_submaster_puts_out() -> None:
    sub = Submaster("limit", "inhibitive", ((0, 1.0),), level=1.0)
    show = Show(plan([dimmer(1)], cues(cue(1, move(0, 1.0))), submasters=(sub,), strobe=None))
    assert show.level(0.0, 0, Go(time=0.0)) == 1.0
    assert show.level(1.0, 0, Flash(time=1.0, submaster="limit", on=True)) == 0.0
    assert show.level(2.0, 0, Flash(time=2.0, submaster="limit", on=False)) == 1.0


def test_the_flash_button_of_an_effect_submaster_runs_its_effect() -> None:
    run, start = effect(
        "run", [0], shape="step", sync="free", every=Span(1.0), low=1.0, high=1.0, entry=Span(0.0), exit=Span(0.0)
    )
    show = Show(plan([dimmer(1)], effects=(run,), submasters=(Submaster("fx", "effect", (), (start,)),), strobe=None))
    assert show.at(0.0).playback.effects == ()
    frame = show.at(1.0, Flash(time=1.0, submaster="fx", on=True))
    assert (frame.playback.effects, frame.slots[0, 0]) == (("run",), 255)
    frame = show.at(2.0, Flash(time=2.0, submaster="fx", on=False))
    assert frame.slots[0, 0] == 0
    assert show.at(2.1).playback.effects == ()


def moving_head(**more: Any) -> Plan:
    """A head whose shutter is closed at rest, with a colour wheel, white, amber and pan."""
    parameters = [
        dimmer(1, "spot.1"),
        Parameter("spot.1", 0, "shutter", Category.BEAM, 1, (2,), closed=((0.0, 0.2),), strobe=((0.8, 1.0),), opened=0.5),
        Parameter("spot.1", 0, "white", Category.COLOUR, 1, (3,)),
        Parameter("spot.1", 0, "amber", Category.COLOUR, 1, (4,), default=0.3),
        Parameter("spot.1", 0, "cyan", Category.COLOUR, 1, (5,), default=0.3),
        Parameter("spot.1", 0, "colour-wheel", Category.COLOUR, 1, (6,), default=0.1),
        Parameter("spot.1", 0, "pan", Category.POSITION, 1, (7,), default=0.7),
        dimmer(8, "dim.1"),
        dimmer(9, "hazer", exempt=True),
    ]
    return plan(parameters, strobe=None, **more)


def test_identify_blinks_full_open_and_white_once_in_two_seconds_and_leaves_the_head_where_it_points() -> None:
    show = Show(moving_head())
    before = show.at(0.0, held(0.0, ("spot.1/intensity", 0.1), ("dim.1/intensity", 0.4))).slots[0, :9].copy()
    frame = show.at(1.0, Identify(time=1.0, fixture="spot.1", on=True))
    assert frame.playback.identified == ("spot.1",)
    bright = [255, 128, 255, 0, 0, 26, 179]
    assert list(frame.slots[0, :7]) == bright
    assert list(show.at(1.99).slots[0, :7]) == bright
    assert list(show.at(2.0).slots[0, :7]) == [0, *bright[1:]]
    assert list(show.at(3.0).slots[0, :7]) == bright
    assert show.at(3.1).slots[0, 7] == before[7]  # nobody else notices
    frame = show.at(4.0, Identify(time=4.0, fixture="spot.1", on=False))
    assert list(frame.slots[0, :9]) == list(before)


def test_channel_check_walks_the_patch_and_round_again_without_what_stands_apart() -> None:
    fixtures = tuple(PatchedFixture(n, "dimmer", "", Place(), ()) for n in ("dim.1", "hazer", "spot.1"))
    show = Show(moving_head(fixtures=fixtures))
    walked = []
    for k, step in enumerate((1, 1, 1, -1, -1, 0, -1)):
        frame = show.at(float(k), Check(time=float(k), step=step))
        walked.append(frame.playback.checked)
        assert frame.slots[0, 7] == 255 * (frame.playback.checked == "dim.1")
        assert frame.slots[0, 0] == 255 * (frame.playback.checked == "spot.1")
        assert frame.slots[0, 8] == 0
    assert walked == ["dim.1", "spot.1", "dim.1", "spot.1", "dim.1", "", "spot.1"]


# --- laws ------------------------------------------------------------------------------------------------------------

KEYS = ("dim.1/intensity", "head.10/pan", "1/10", "1/11", "1/1", "1/400", "par.1/red", "par.1/intensity")
TIMES = st.integers(0, 400).map(lambda n: n / 100)


@st.composite
def hands(draw: st.DrawFn) -> list[ControlEvent]:
    """Some seconds of hands."""
    found: list[ControlEvent] = []
    for t in sorted(draw(st.lists(TIMES, max_size=12))):
        keys = tuple(draw(st.lists(st.sampled_from(KEYS), max_size=3, unique=True)))
        values = tuple((key, draw(st.sampled_from((0.0, 0.3, 1.0)))) for key in keys)
        kind = draw(st.integers(0, 8))
        found.append(
            (
                Hold(time=t, values=values),
                Hold(time=t, values=values),
                LetGo(time=t, keys=keys),
                LetGo(time=t),
                Park(time=t, values=values),
                Unpark(time=t),
                Flash(time=t, submaster="sub", on=bool(draw(st.booleans()))),
                Identify(time=t, fixture="dim.1", on=bool(draw(st.booleans()))),
                Check(time=t, step=draw(st.sampled_from((-1, 0, 1)))),
            )[kind]
        )
    return found


def rig() -> Plan:
    virtual = Parameter("par.1", 0, "intensity", Category.INTENSITY, masters=())
    red = Parameter("par.1", 0, "red", Category.COLOUR, 1, (5,), masters=(2,))
    sub = Submaster("sub", "additive", ((0, 0.7), (2, 0.5)))
    main = cues(cue(1, move(0, 1.0, 3.0), move(1, 0.9, 2.0), move(3, 0.8)))
    return plan([dimmer(1), pan(10), virtual, red], main, submasters=(sub,), release_time=Span(1.5), strobe=None)


@pytest.mark.slow
@settings(max_examples=60)
@given(hands(), st.sampled_from((0.01, 0.05, 0.37)))
def test_the_tick_rate_changes_nothing(given_: list[ControlEvent], step: float) -> None:
    ends = []
    for ticks in ([], [k * step for k in range(int(5 / step))]):
        show = Show(rig())
        show.at(0.0, Go(time=0.0))
        for t in sorted({*ticks, *(c.time for c in given_)} if ticks else {c.time for c in given_}):
            show.at(max(t, 0.0), *(c for c in given_ if c.time == t))
        frame = show.at(5.0)
        ends.append((frame.slots.tobytes(), frame.playback.held, frame.playback.parked, frame.playback.checked))
    assert ends[0] == ends[1]


@pytest.mark.slow
@settings(max_examples=60)
@given(hands())
def test_with_all_hands_gone_the_show_is_as_if_nobody_had_touched_it(given_: list[ControlEvent]) -> None:
    show, untouched = Show(rig()), Show(rig())
    for one in (show, untouched):
        one.at(0.0, Go(time=0.0))
    last: list[ControlEvent] = [LetGo(time=4.5), Unpark(time=4.5), Flash(time=4.5, submaster="sub", on=False)]
    last += [Check(time=4.5, step=0), Identify(time=4.5, fixture="dim.1", on=False)]
    frame = show.at(4.5, *given_, *last)
    assert (frame.playback.held, frame.playback.parked, frame.playback.checked) == ((), (), "")
    assert np.array_equal(show.at(6.1).slots, untouched.at(6.1).slots)
    assert not any(h.type == "refused" for h in show.told)
