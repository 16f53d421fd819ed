"""The strobe limit, measured on frames by a counter of the test's own: no show and no hand gets beyond it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.load import load
from showctl.model import Blackout, ConfigError, Go, Inputs, SetMaster
from showctl.plan import Category, Effect, EffectStart, Parameter, Plan, Span, StrobeLimit, Universe
from showctl.show.engine import ShowEngine
from tests.show import flashes
from tests.show.shows import Show, cue, cues, dimmer, effect, move, plan

RATE = 44


def strobing(fixtures: int, over: int, hertz: float, length: float = 0.5, **more: object) -> Plan:
    """The first `over` of so many dimmers strobe at GO; all begin dark."""
    made, start = effect("strobe", range(over), sync="free", every=Span(1 / hertz), length=length)
    stack = cues(cue(1, starts=(start,)), cue(2, *[move(i, 0.0) for i in range(fixtures)], stops=("all",)))
    return plan([dimmer(i + 1) for i in range(fixtures)], stack, effects=(made,), **more)


def frames(of: Plan, seconds: float, rate: float = RATE) -> np.ndarray:
    """Slots (T, 512) from a GO at 0 s on."""
    engine, said = ShowEngine(of), [Inputs(controls=(Go(time=0.0),))]
    return np.array([engine.step(i / rate, said.pop() if said else Inputs()).slots[0].copy() for i in range(int(seconds * rate))])


def untouched(of: Plan, seconds: float = 5.0) -> bool:
    return np.array_equal(frames(of, seconds), frames(replace(of, strobe=None), seconds))


@pytest.mark.parametrize("hertz", [1.0, 2.9, 3.9, 4.0])
@pytest.mark.parametrize("length", [0.1, 0.5, 0.9])
def test_a_strobe_within_the_limit_passes_untouched(hertz: float, length: float) -> None:
    assert untouched(strobing(20, 20, hertz, length))


@pytest.mark.parametrize("over", [1, 5])
def test_a_fast_strobe_on_a_quarter_passes_untouched(over: int) -> None:
    assert untouched(strobing(20, over, 10.0))


def test_one_more_is_held_and_the_quarter_goes_on() -> None:
    of = strobing(20, 6, 10.0)
    slots = frames(of, 5.0)
    free = frames(replace(of, strobe=None), 5.0)
    assert np.array_equal(slots[:, :5], free[:, :5])
    assert not np.array_equal(slots[:, 5], free[:, 5])
    assert flashes.changes_a_second(slots[:, 5] / 255.0, RATE).max() == 8
    assert flashes.changes_a_second(free[:, 5] / 255.0, RATE).max() >= 20


@pytest.mark.parametrize("rate", [23.0, 44.0, 100.0])
def test_the_bound_holds_at_any_rate(rate: float) -> None:
    slots = frames(strobing(8, 8, 9.0), 4.0, rate)
    over = [flashes.changes_a_second(slots[:, i] / 255.0, rate) > 8 for i in range(8)]
    assert np.sum(over, axis=0).max() == 2


def test_only_the_venue_sets_another() -> None:
    assert untouched(strobing(4, 4, 7.0, strobe=StrobeLimit(8, 0.25)))
    assert untouched(strobing(4, 2, 10.0, strobe=StrobeLimit(4, 0.5)))
    assert not untouched(strobing(4, 3, 10.0, strobe=StrobeLimit(4, 0.5)))
    assert not untouched(strobing(4, 1, 4.0, strobe=StrobeLimit(3, 0.0)))


def until_dark(show: Show, t: float, fixtures: int) -> float:
    """Seconds from a blackout at t until nothing of so many dimmers is lit; it stays so for a second."""
    lit = [show.at(t + i / RATE, *(() if i else [Blackout(time=t, on=True)])).slots[0, :fixtures].max() > 0 for i in range(90)]
    return (max((i for i, one in enumerate(lit) if one), default=-1) + 1) / RATE


@given(st.floats(0.2, 2.2), st.sampled_from([2.0, 3.9, 4.0]), st.sampled_from([0.1, 0.5, 0.9]))
def test_a_blackout_waits_for_the_end_of_a_regular_flash_at_most(when: float, hertz: float, length: float) -> None:
    show = Show(strobing(8, 8, hertz, length, strobe=StrobeLimit(4, 0.0)))
    show.at(0.0, Go(time=0.0))
    ticks = [i / RATE for i in range(1, int(when * RATE) + 1)]
    for t in ticks:
        show.at(t)
    t = ticks[-1] + 1 / RATE
    phase = t * hertz % 1.0
    assert until_dark(show, t, 8) <= max(0.0, (length - phase) / hertz) + 1 / RATE + 1e-9


@given(st.floats(0.2, 2.2), st.sampled_from([6.0, 10.0, 15.0]), st.sampled_from([0.0, 0.5]))
def test_a_blackout_of_what_strobes_beyond_the_limit_is_late_by_less_than_a_second_beyond_the_share_only(
    when: float, hertz: float, share: float
) -> None:
    show = Show(strobing(8, 8, hertz, strobe=StrobeLimit(4, share)))
    show.at(0.0, Go(time=0.0))
    t = 0.0
    while t < when:
        t += 1 / RATE
        show.at(t)
    t += 1 / RATE
    frame = show.at(t, Blackout(time=t, on=True))
    assert int((frame.slots[0, :8] > 0).sum()) <= 8 - int(8 * share)
    assert until_dark(show, t, 8) < 1.0


def test_what_is_within_the_limit_goes_dark_at_once_beside_what_is_not() -> None:
    show = Show(strobing(8, 4, 10.0, strobe=StrobeLimit(4, 0.0), start=tuple((i, 1.0) for i in range(4, 8))))
    show.at(0.0, Go(time=0.0))
    for i in range(1, 60):
        show.at(i / RATE)
    assert show.at(60 / RATE, Blackout(time=60 / RATE, on=True)).slots[0, 4:8].max() == 0


def test_a_tapped_blackout_is_held_and_told_once() -> None:
    show = Show(plan([dimmer(i + 1) for i in range(4)], cues(cue(1, *[move(i, 1.0) for i in range(4)]))))
    show.at(0.0, Go(time=0.0))
    for i in range(40):
        show.at(i / RATE, Blackout(time=i / RATE, on=bool(i % 2)))
    t = 40 / RATE
    show.at(t, Blackout(time=t, on=True))
    assert (show.level(t, 0), show.level(t, 3)) == (0.0, 1.0), "a quarter may; the others stay as they were"
    assert show.level(t + 0.2, 3) == 0.0, "a second after their first change, though nothing moves"
    assert show.types().count("strobe_limit") == 1


def test_cells_colours_and_virtual_dimmers_are_light_too() -> None:
    """A bar whose cells flash beneath a steady dimmer, and a wash without one."""
    bar = [
        Parameter("bar", 0, "intensity", Category.INTENSITY, 1, (1,), default=1.0),
        *[Parameter("bar", cell, "red", Category.COLOUR, 1, (1 + cell,)) for cell in (1, 2, 3)],
    ]
    wash = [
        Parameter("wash", 0, "intensity", Category.INTENSITY),
        Parameter("wash", 0, "blue", Category.COLOUR, 1, (11, 12), default=1.0, masters=(4,)),
    ]
    made = Effect("strobe", "pulse", "red", sync="free", every=Span(0.1), length=0.5)
    start = EffectStart("strobe", ((1,), (2,), (4,)))
    slots = frames(plan([*bar, *wash], cues(cue(1, starts=(start,))), effects=(made,)), 3.0)
    for light in (slots[:, 1], slots[:, 2], slots[:, 10]):
        assert flashes.changes_a_second(light / 255.0, RATE).max() == 8
    assert (slots[:, 0] == 255).all()


VENUE = """\
showctl: 1
kind: venue
universes: {1: {}}
fixtures: {spot: {type: generic/spot, at: [1/1, 1/11, 1/21, 1/31, 1/41, 1/51, 1/61, 1/71]}}
"""
SHOW = """\
showctl: 1
kind: show
effects: {shut: {param: shutter, shape: pulse, sync: free, every: 100ms, length: 50%, low: 0%, high: 19%, layer: replace}}
cues:
  - {cue: 1, set: {all: {intensity: full, shutter: strobe}}}
  - {cue: 2, set: {all: {shutter: open}}, start: {shut: all}}
"""


def test_strobes_of_the_fixtures_themselves(tmp_path: Path) -> None:
    """A quarter of the heads may strobe, the others stand open; a shutter that an effect shuts is counted as light."""
    (tmp_path / "v.yaml").write_text(VENUE)
    (tmp_path / "s.yaml").write_text(SHOW)
    show = Show(load(tmp_path / "v.yaml", tmp_path / "s.yaml").plan)
    shutters = [5 + 10 * i for i in range(8)]
    dark = show.at(0.0).slots[0, shutters]
    for i in range(100):
        slots = show.at(1 + i / RATE, *([Go(time=1.0)] if i == 0 else [])).slots[0, shutters]
        assert sum(slot >= 64 for slot in slots) == 2
        assert sum(32 <= slot <= 63 for slot in slots) == 6
    assert (dark < 64).all()
    show.at(20.0, SetMaster(time=20.0, level=0.1))
    assert (show.at(22.0).slots[0, shutters] >= 64).all(), "at a tenth of full nothing flashes by more than a fifth"
    seen = []
    show.at(40.0, SetMaster(time=39.0, level=1.0), Go(time=40.0))
    for i in range(150):
        slots = show.at(40 + i / RATE).slots[0]
        seen.append([slots[4 + 10 * k] / 255.0 * (slots[5 + 10 * k] > 31) for k in range(8)])
    over = np.array([flashes.changes_a_second(light, RATE) > 8 for light in np.array(seen).T])
    assert over.any(axis=1).sum() == 2


def test_the_venue_file_sets_it(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(SHOW)

    def limit(text: str) -> StrobeLimit | None:
        (tmp_path / "v.yaml").write_text(VENUE + text)
        return load(tmp_path / "v.yaml", tmp_path / "s.yaml").plan.strobe

    assert limit("") == StrobeLimit(4, 0.25)
    assert limit("safety: {strobe: {flashes: 6}}\n") == StrobeLimit(6, 0.25)
    assert limit("safety: {strobe: {share: 50%}}\n") == StrobeLimit(4, 0.5)
    assert limit("safety: {strobe: off}\n") is None
    with pytest.raises(ConfigError):
        limit("safety: {strobe: on}\n")


@given(st.integers(0, 2**32))
def test_no_show_and_no_hand_gets_beyond_it(seed: int) -> None:
    found = flashes.measured(np.random.default_rng(seed))
    assert not found.beyond, found


@pytest.mark.slow
def test_the_counter_sees_what_is_beyond() -> None:
    """Without the limit the same shows go beyond it: the law above can fail."""
    assert sum(bool(flashes.measured(np.random.default_rng(seed), limited=False).beyond) for seed in range(30)) >= 10


def test_a_rig_of_nothing_that_lights() -> None:
    head = Parameter("head", 0, "pan", Category.POSITION, 1, (1, 2))
    engine = ShowEngine(Plan((head,), universes=(Universe(1),)))
    assert engine.step(0.0, Inputs()).slots.shape == (1, 512)
