"""Long lists are worked out as far as they are asked for: in whatever order, as if they had been walked from the start."""

from __future__ import annotations

import numpy as np
import pytest

from showctl.plan import EffectStart, Span
from showctl.show import cuelist
from showctl.show.cuelist import Track, track
from tests.show.shows import cue, cues, dimmer, move


def _long(count: int, rng: np.random.Generator) -> Track:
    made = []
    for number in range(1, count + 1):
        moves = [move(int(p), float(rng.random())) for p in rng.choice(12, rng.integers(0, 5), replace=False)]
        starts = (EffectStart(f"e{rng.integers(3)}", ((0,),)),) if rng.random() < 0.2 else ()
        stops = (str(rng.choice(("e0", "e1", "all"))),) if rng.random() < 0.2 else ()
        made.append(cue(number, *moves, starts=starts, stops=stops, cue_only=bool(rng.random() < 0.2)))
    return Track(cues(*made), tuple(dimmer(i + 1) for i in range(12)), Span(1.0))


@pytest.mark.parametrize("seed", range(10))
def test_the_state_of_any_cue_is_that_of_a_walk_from_the_start(seed: int) -> None:
    rng = np.random.default_rng(seed)
    long = _long(3 * cuelist.STRIDE + 5, rng)
    walked = track(long.list.cues)
    for index in rng.permutation(len(walked)):
        state = long.state(int(index))
        assert dict(state.moves) == dict(walked[index].moves)
        assert dict(state.effects) == dict(walked[index].effects)


def test_what_is_kept_has_a_bound() -> None:
    long = _long(3 * cuelist.KEPT, np.random.default_rng(1))
    for index in range(len(long.list.cues)):
        long.sequence(index), long.whole(index), long.leap(index)
    assert len(long._states) <= cuelist.KEPT
    assert len(long._steps) <= cuelist.KEPT
    again = _long(3 * cuelist.KEPT, np.random.default_rng(1))
    assert np.array_equal(long.leap(0).moves.value, again.leap(0).moves.value)  # asked for again after it was let go
