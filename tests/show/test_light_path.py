"""The light path against a slow, plain statement of it: fades by ramps, who is seen, steps and bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.model import Go, Release
from showctl.plan import Category, Parameter, Plan, Span
from showctl.show.fade import Fades, Moment
from showctl.show.merge import Layers
from showctl.show.moves import on_grid, together
from showctl.show.ramps import CURVES, ROOM, Ramps
from tests.show.shows import Show, cue, cues, dimmer, move, pan, plan

PARAMETERS = 12
levels = st.floats(0.0, 1.0, width=32)
deeds = st.tuples(
    st.integers(0, 3),  # list
    st.booleans(),  # release
    st.lists(st.integers(0, PARAMETERS - 1), min_size=1, max_size=PARAMETERS, unique=True),
    st.lists(levels, min_size=PARAMETERS, max_size=PARAMETERS),
    st.sampled_from([0.0, 0.5, 2.0]),
    st.sampled_from([0.1, 0.7, 1.3]),  # s until the next
)


def rig() -> Plan:
    """Four lists of two priorities, one of them HTP, on dimmers and pans."""
    parameters = [dimmer(i + 1) if i % 3 else pan(40 + 2 * i) for i in range(PARAMETERS)]
    lists = [cues(cue(1), name=f"l{row}", priority=4 + row % 2, htp=row == 3) for row in range(4)]
    return plan(parameters, *lists)


def plain(layers: Layers, fades: Fades, p: int) -> float:
    """What is seen of a parameter, list by list from the lowest."""
    rows = sorted(range(len(layers.priority)), key=lambda row: (int(layers.priority[row]), int(fades.stamp[row, p])))
    level = float(layers.rest[p])
    for row in rows:
        if fades.held[row, p] and not layers.htp[row, p]:
            opacity = fades.opacity(row, p)
            level = level * (1.0 - opacity) + opacity * fades.value(row, p)
    joined = [fades.value(row, p) * fades.opacity(row, p) for row in rows if fades.held[row, p] and layers.htp[row, p]]
    return max([level, *joined])


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(st.lists(deeds, min_size=1, max_size=12))
def test_the_look_is_what_list_by_list_gives(given_deeds: list[tuple[int, bool, list[int], list[float], float, float]]) -> None:
    """Whatever is moved and let go, whenever one looks; much of it or little."""
    of = rig()
    fades, layers = Fades(4, PARAMETERS), Layers(of, np.full(PARAMETERS, 0.25))
    snaps, t = np.zeros(PARAMETERS, dtype=np.bool_), 0.0

    def look() -> None:
        fades.look(np.full(8, t))
        for row, p in fades.drop_gone():
            layers.arrange(fades, row, p)

    for stamp, (row, release, p, values, length, wait) in enumerate(given_deeds, 1):
        look()
        now, some = Moment(t, t), np.array(sorted(p), dtype=np.int64)
        if release:
            fades.release(row, some, Span(length), now)
        else:
            moves = together(some, np.array(values)[some], Span(length), snaps)
            fades.move(row, moves, layers.beneath(fades, row, some), stamp, now)
        layers.arrange(fades, row, some)
        for _ in range(3):
            t += wait / 3
            look()
            seen = layers.compose(fades)[0]
            assert np.abs(seen - [plain(layers, fades, i) for i in range(PARAMETERS)]).max() <= 2e-6
    t += 10.0
    look()
    restarted = Layers(of, np.full(PARAMETERS, 0.25))
    restarted.restart(fades)
    assert (restarted.compose(fades)[0] == layers.compose(fades)[0]).all()
    assert (restarted.owner == layers.owner).all()


@given(levels, levels, st.sampled_from(sorted(CURVES)), st.lists(st.floats(0.0, 3.0), min_size=2, max_size=30))
def test_a_fade_is_exact_at_both_ends_never_outside_and_never_turns(a: float, b: float, curve: str, moments: list[float]) -> None:
    ramps = Ramps(1)
    shape = np.array([CURVES[curve]]).T
    number = ramps.add(0, np.array([0.5]), np.array([2.0]), np.array([False]), shape)
    start, target = on_grid(np.array([a, b], dtype=np.float32))
    way, seen = target - start, []
    for t in [0.0, 0.5, *sorted(moments), 2.5, 4.0]:
        ramps.look(np.array([t, 0.0]))
        seen.append(float(start + way * ramps.y[number][0]))
    at = dict(zip([0.0, 0.5], seen, strict=False))
    assert at[0.0] == at[0.5] == float(start)
    assert seen[-1] == seen[-2] == float(target)
    inner = seen[2:-2]
    assert all(min(start, target) <= v <= max(start, target) for v in inner)
    assert inner == sorted(inner, reverse=bool(target < start))


@pytest.mark.slow
def test_ramps_that_are_done_make_room_for_others() -> None:
    """A thousand GOs with timings of their own, and one fade that lasts through all of them."""
    long = cues(cue(1, move(1, 1.0, 1000.0)), name="long")
    show = Show(plan([dimmer(1), dimmer(2)], cues(*[cue(k + 1, move(0, k % 2, 0.1 + k / 1e4)) for k in range(1000)]), long))
    show.at(0.0, Go(time=0.0, list="long"))
    for k in range(1000):
        show.at(k + 0.5, Go(time=k + 0.5))
        assert show.level(k + 1.0, 0) == k % 2
        assert show.level(k + 1.0, 1) == pytest.approx((k + 1) / 1000, abs=0.003)
    assert len(show.engine._stage.fades.ramps.y) <= 2 * ROOM


def test_a_layer_that_leaves_over_another_that_leaves() -> None:
    lists = [cues(cue(1, move(0, level)), name=name, release=Span(2.0)) for name, level in (("low", 0.4), ("top", 1.0))]
    show = Show(plan([dimmer(1)], *lists))
    show.at(0.0, Go(time=0.0, list="low"), Go(time=0.0, list="top"))
    show.at(1.0, Release(time=1.0, list="low"), Release(time=1.0, list="top"))
    assert show.level(2.0, 0) == pytest.approx(0.5 * 1.0 + 0.5 * (0.5 * 0.4), abs=0.003)
    assert show.level(3.0, 0) == 0.0


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_step_of_a_slot_can_be_reached(width: int) -> None:
    top = 256**width - 1
    for raw in (0, 1, 2, 127, 128, 254, 255, top // 3, top - 1, top):
        one = Parameter("x", 0, "focus", Category.BEAM, 1, tuple(range(1, width + 1)), default=min(raw, top) / top)
        slots = Show(plan([one])).at(0.0).slots[0, :width]
        close = 0 if width < 3 else top >> 24  # a level has 24 bits
        assert abs(int.from_bytes(slots.tobytes(), "big") - min(raw, top)) <= close
