"""Long lists are worked out as far as they are asked for: in whatever order, as if they had been walked from the start."""

from __future__ import annotations

import numpy as np
import pytest

from showctl.plan import EffectStart, Move, Span
from showctl.show import cuelist
from showctl.show.cuelist import Step, Track
from showctl.show.moves import Traits, compile_moves
from tests.show.shows import cue, cues, dimmer, move, pan


def _long(count: int, rng: np.random.Generator) -> Track:
    made = []
    for number in range(1, count + 1):
        moves = [move(int(p), float(rng.random())) for p in rng.choice(12, rng.integers(0, 5), replace=False)]
        starts = (EffectStart(f"e{rng.integers(3)}", ((0,),)),) if rng.random() < 0.2 else ()
        stops = (str(rng.choice(("e0", "e1", "all"))),) if rng.random() < 0.2 else ()
        made.append(cue(number, *moves, starts=starts, stops=stops, cue_only=bool(rng.random() < 0.2)))
    dimmers = tuple(dimmer(i + 1) for i in range(12))
    return Track(cues(*made), dimmers, Span(1.0), Traits(dimmers))


def _walked(of: Track) -> list[tuple[dict[int, Move], dict[str, EffectStart]]]:
    """Values and effects of every cue: a slow, plain statement of it."""
    moves: dict[int, Move] = {}
    effects: dict[str, EffectStart] = {}
    found = []
    for one in of.list.cues:
        kept = {name: start for name, start in effects.items() if not {"all", name} & {*one.stops}}
        here = {**moves, **{m.parameter: m for m in one.moves}}, {**kept, **{s.effect: s for s in one.starts}}
        found.append(here)
        moves, effects = (moves, effects) if one.cue_only else here
    return found


@pytest.mark.parametrize("seed", range(10))
def test_the_state_of_any_cue_is_that_of_a_walk_from_the_start(seed: int) -> None:
    rng = np.random.default_rng(seed)
    long = _long(3 * cuelist.STRIDE + 5, rng)
    walked = _walked(long)
    for index in rng.permutation(len(walked)):
        state = long.state(int(index))
        assert (dict(state.moves), dict(state.effects)) == walked[index]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_worked_out_beforehand_is_what_is_asked_for(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far that came, and whatever was asked for in between."""
    monkeypatch.setattr(cuelist, "SLICE", 3)
    rng, plain = np.random.default_rng(seed), _long(40, np.random.default_rng(seed))
    sliced = _long(40, np.random.default_rng(seed))
    for _ in range(200):
        index, in_sequence = int(rng.integers(40)), bool(rng.random() < 0.5)
        for _ in range(int(rng.integers(8))):
            if not sliced.ahead(index, in_sequence):
                break
        if rng.random() < 0.5:
            assert_same(sliced.leap(index), plain.leap(index))
        if rng.random() < 0.7:
            kind = "sequence" if in_sequence else "whole"
            assert_same(getattr(sliced, kind)(index), getattr(plain, kind)(index))
            assert not sliced.ahead(index, in_sequence)


def assert_same(a: Step, b: Step) -> None:
    assert a.span == b.span
    assert np.array_equal(a.let_go, b.let_go)
    for name in ("parameter", "value", "rise", "fall", "times", "units", "curve"):
        assert np.array_equal(getattr(a.moves, name), getattr(b.moves, name)), name


def test_of_moves_of_one_parameter_the_last_counts_and_what_snaps_takes_no_time() -> None:
    parameters = (dimmer(1), pan(2), pan(4, snap=True))
    made = compile_moves(
        [move(2, 0.1, 3.0), move(0, 0.2, 1.0, 2.0), move(1, 0.5, 4.0, curve="snap"), move(0, 0.75, 5.0, 6.0)], Traits(parameters)
    )
    assert made.parameter.tolist() == [0, 1, 2]
    assert made.value[0] == 0.75
    assert made.times[0][made.rise].tolist() == [5.0, 0.0, 0.0]
    assert made.times[0][made.fall].tolist() == [6.0, 0.0, 0.0]


def test_what_is_kept_has_a_bound() -> None:
    long = _long(3 * cuelist.KEPT, np.random.default_rng(1))
    for index in range(len(long.list.cues)):
        long.sequence(index), long.whole(index), long.leap(index)
    assert len(long._states) <= cuelist.KEPT
    assert len(long._steps) <= cuelist.KEPT
    again = _long(3 * cuelist.KEPT, np.random.default_rng(1))
    assert np.array_equal(long.leap(0).moves.value, again.leap(0).moves.value)  # asked for again after it was let go
