"""Effects: where they are on the beat, which lamp has its turn, and when they are silent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import Back, Go, Pause, Resume, SetMaster, StopAll, Strikes
from showctl.plan import Effect, Submaster, Sync
from showctl.show.effects import SHAPES, Singles, drawn, hashed, key, ranks, swung
from showctl.show.fade import Ints
from tests.show.shows import Show, Span, beat, beats, cue, cues, dimmer, effect, move, pan, plan


def on_beat(count: int = 1, base: float = 0.0, until: float = 6.0, **more: object) -> Show:
    """Dimmers at a level with one effect over them, and a tracker at 120 until `until`; beat k of the ear is at k / 2 s."""
    fx, start = effect("fx", range(count), **more)
    moves = [move(i, base) for i in range(count)]
    show = Show(
        plan([dimmer(i + 1) for i in range(count)], cues(cue(1, *moves, starts=(start,)), cue(2, stops=("fx",))), effects=(fx,))
    )
    show.at(0.0, Go(time=0.0))
    for word in beats(until):
        show.at(word.time, word)
    return show


def lit(show: Show, t: float) -> list[float]:
    """Levels of all dimmers."""
    frame = show.at(t)
    return [round(float(frame.slots[0, i]) / 255, 2) for i in range(len(show.plan.parameters))]


def test_a_pulse_is_on_the_beat() -> None:
    show = on_beat(length=0.25)
    assert [lit(show, t)[0] for t in (6.0, 6.12, 6.13, 6.49, 6.5)] == [1.0, 1.0, 0.0, 0.0, 1.0]


def test_a_sine_is_highest_on_the_beat_and_lowest_between_two() -> None:
    show = on_beat(shape="sine", low=0.2, high=0.8)
    assert lit(show, 6.0) == [0.8]
    assert lit(show, 6.125) == [0.5]
    assert lit(show, 6.25) == [0.2]


def test_a_decay_and_a_ramp() -> None:
    assert lit(on_beat(shape="decay", length=0.5), 6.125) == [0.25]
    assert lit(on_beat(shape="ramp"), 6.25) == [0.5]


def test_a_chase_gives_each_its_turn() -> None:
    show = on_beat(4, until=8.0, shape="step", chase=True, every=Span(4.0, "beat"))
    turns = [lit(show, t) for t in (8.0, 8.5, 9.0, 9.5, 9.8)]
    assert turns == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1]]


def test_parts_take_turns() -> None:
    show = on_beat(4, shape="step", parts=2, every=Span(2.0, "beat"))
    assert [lit(show, t) for t in (6.0, 6.5, 7.0)] == [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]


def test_spread_is_a_lag_in_the_order_of_the_group() -> None:
    show = on_beat(4, shape="ramp", spread=1.0, every=Span(4.0, "beat"))
    assert lit(show, 7.5) == [0.75, 0.5, 0.25, 0.0]


def test_orders() -> None:
    assert ranks("forward", 4, 0) == [0, 1, 2, 3]
    assert ranks("reverse", 4, 0) == [3, 2, 1, 0]
    assert ranks("centre-out", 4, 0) == [1, 0, 0, 1]
    assert ranks("centre-out", 5, 0) == [2, 1, 0, 1, 2]
    assert ranks("outside-in", 5, 0) == [0, 1, 2, 1, 0]
    assert sorted(ranks("random", 9, 4)) == list(range(9))
    assert ranks("random", 9, 4) != ranks("random", 9, 5)
    assert ranks("random", 0, 4) == []


def chances(seed: int, cycle: Ints, lamp: Ints) -> Singles:
    """A number 0..1 for each cycle and lamp."""
    return drawn(hashed(np.array([seed], dtype=np.uint64), cycle), key(lamp))


def test_chance_is_the_same_for_ever() -> None:
    made = chances(7, np.arange(4, dtype=np.int64), np.zeros(4, dtype=np.int64))
    assert [round(float(x), 6) for x in made] == [0.057125, 0.636264, 0.896343, 0.999262]
    many = chances(1, np.repeat(np.arange(100), 100), np.tile(np.arange(100), 100))
    assert 0.0 <= many.min() < 0.01
    assert 0.99 < many.max() < 1.0
    assert abs(float(many.mean()) - 0.5) < 0.01


def shaped(shape: str, u: Singles, length: float = 1.0) -> Singles:
    """A shape at phases."""
    y = np.empty_like(u)
    SHAPES[shape](u.copy(), np.full_like(u, length), y, np.empty_like(u))
    return y


def test_the_sine_is_the_cosine_to_20_bits_and_whole_at_its_ends() -> None:
    u = (np.arange(2**16 + 1) / 2**16).astype(np.float32)
    y = shaped("sine", u)
    assert np.abs(y - (1 + np.cos(2 * np.pi * u.astype(np.float64))) / 2).max() < 2**-20
    assert (y[0], y[2**15], y[-1]) == (1.0, 0.0, 1.0)


@given(st.sampled_from(sorted(SHAPES)), st.floats(0.0, 1.0, width=32), st.floats(2.0**-20, 1.0, width=32))
def test_every_shape_stays_between_0_and_1(shape: str, u: float, length: float) -> None:
    assert 0.0 <= shaped(shape, np.array([u], dtype=np.float32), length)[0] <= 1.0


@given(st.floats(0.0, 1000.0), st.sampled_from([0.55, 0.66, 0.75]))
def test_swing_keeps_pairs_and_order(x: float, swing: float) -> None:
    a, b = swung(np.array([x, x + 0.001]), np.array([swing]))
    assert a <= b
    assert np.floor(x / 2) * 2 <= a < np.floor(x / 2) * 2 + 2


def test_swing_delays_every_second_one() -> None:
    show = on_beat(every=Span(0.5, "beat"), swing=0.75, length=0.2)
    assert [lit(show, t)[0] for t in (6.0, 6.26, 6.376, 6.5)] == [1.0, 0.0, 1.0, 1.0]


def test_without_a_beat_nothing_flashes_and_what_lies_beneath_stays() -> None:
    show = on_beat(base=0.4, length=0.25, until=6.0)
    assert lit(show, 7.0) == [1.0], "it coasts"
    assert {lit(show, 9.0 + i / 50)[0] for i in range(100)} == {0.4}
    assert show.types()[-1] == "beat_lost"
    show.at(20.05, beat(20.05, 41))
    assert lit(show, 20.1) == [0.4]
    assert lit(show, 20.5) == [1.0], "back with a whole beat"
    assert show.types()[-1] == "beat_found"


def test_without_any_sound_nothing_ever_flashes() -> None:
    fx, start = effect("fx", [0])
    show = Show(plan([dimmer(1)], cues(cue(1, starts=(start,))), effects=(fx,)))
    show.at(0.0, Go(time=0.0))
    assert {lit(show, i / 44)[0] for i in range(200)} == {0.0}


def test_free_effects_and_heads_go_on_without_a_beat() -> None:
    fx, start = effect("fx", [0], sync="free", every=Span(2.0), length=0.5)
    sway, start_sway = effect("sway", [1], shape="ramp", parameter="pan", every=Span(4.0, "beat"), low=0.0, high=0.4, layer="add")
    show = Show(plan([dimmer(1), pan(2)], cues(cue(1, starts=(start, start_sway))), effects=(fx, sway)))
    show.at(1.0, Go(time=1.0))
    assert [lit(show, t)[0] for t in (1.0, 1.9, 2.1, 3.1)] == [1.0, 1.0, 0.0, 1.0]
    assert show.level(3.5, 1) == pytest.approx(0.5 + 0.4 * 0.75, abs=1e-3)


def test_an_onset_runs_the_shape_once() -> None:
    show = on_beat(sync="onset", shape="decay", every=Span(1.0))
    assert lit(show, 7.0) == [0.0]
    show.at(8.02, beat(8.0, 17, onset=2.0))
    assert [lit(show, t)[0] for t in (8.0 + 0.5, 9.01)] == [0.25, 0.0]


@pytest.mark.parametrize(("sync", "strikes"), [("kick", (2.0, 0.0, 0.0)), ("snare", (0.0, 2.0, 0.0)), ("hat", (0.0, 0.0, 2.0))])
def test_a_drum_runs_the_shape_once_and_no_other_drum_does(sync: Sync, strikes: Strikes) -> None:
    show = on_beat(sync=sync, shape="decay", every=Span(1.0))
    others = tuple(2.0 - one for one in strikes)
    show.at(7.02, beat(7.0, 15, onset=2.0, strikes=others))
    assert lit(show, 7.1) == [0.0]
    show.at(8.02, beat(8.0, 17, strikes=strikes))  # told a hop after its onset
    assert [lit(show, t)[0] for t in (8.0 + 0.5, 9.01)] == [0.25, 0.0]


def test_snares_move_a_chase_on() -> None:
    show = on_beat(3, sync="snare", shape="step", chase=True, every=Span(1.0))
    turns = []
    for i in range(4):
        show.at(8.0 + i, beat(8.0 + i, 17 + 2 * i, onset=1.0, strikes=(0.0, 1.0, 0.0)))
        show.at(8.05 + i, beat(8.05 + i, 17 + 2 * i, onset=1.0, strikes=(1.0, 0.0, 1.0)))
        turns.append(lit(show, 8.1 + i).index(1.0))
    assert turns == [0, 1, 2, 0]


def test_onsets_move_a_chase_on() -> None:
    show = on_beat(3, sync="onset", shape="step", chase=True, every=Span(1.0))
    turns = []
    for i in range(4):
        show.at(8.0 + i, beat(8.0 + i, 17 + 2 * i, onset=1.0))
        turns.append(lit(show, 8.1 + i).index(1.0))
    assert turns == [0, 1, 2, 0]


def test_energy_is_followed_gliding_and_sinks_when_the_ear_is_lost() -> None:
    show = on_beat(sync="energy", low=0.2, high=1.0)
    show.at(6.5, beat(6.5, 14, energy=0.5))
    show.at(7.0, beat(7.0, 15, energy=1.0))
    assert lit(show, 7.05) == [0.8]
    assert lit(show, 7.2) == [1.0]
    assert lit(show, 8.5) == [0.6]
    assert lit(show, 10.0) == [0.2]


def test_loudness() -> None:
    show = on_beat(sync="loudness")
    show.at(6.5, beat(6.5, 14, level=-30.0))
    assert lit(show, 6.7) == [0.5]


@pytest.mark.parametrize(
    ("layer", "dark", "bright"), [("replace", 0.1, 0.8), ("add", 0.6, 1.0), ("scale", 0.05, 0.4), ("max", 0.5, 0.8)]
)
def test_layers(layer: str, dark: float, bright: float) -> None:
    show = on_beat(base=0.5, layer=layer, low=0.1, high=0.8, length=0.5)
    assert lit(show, 6.1)[0] == pytest.approx(bright, abs=0.01)
    assert lit(show, 6.4)[0] == pytest.approx(dark, abs=0.01)


def test_a_cue_ends_it_and_back_brings_it_again() -> None:
    show = on_beat(length=0.9)
    assert lit(show, 6.1) == [1.0]
    show.at(6.1, Go(time=6.1))
    assert show.engine.playback.effects == ()
    assert lit(show, 6.4) == [0.0]
    show.at(6.5, Back(time=6.5))
    assert show.engine.playback.effects == ("fx",)
    assert lit(show, 6.6) == [1.0]
    show.at(7.0, StopAll(time=7.0))
    assert lit(show, 7.3) == [0.0]


def test_a_paused_list_halts_its_effects_and_resumes_with_the_beat() -> None:
    show = on_beat(shape="ramp")
    assert lit(
        show,
        6.2,
    ) == [0.4]
    show.at(6.2, Pause(time=6.2))
    assert lit(show, 6.45) == [0.4]
    show.at(6.7, Resume(time=6.7))
    assert lit(show, 6.8) == [0.6]


def test_a_list_above_or_later_hides_it() -> None:
    fx, start = effect("fx", [0, 1], sync="free", every=Span(1.0), length=1.0)
    other = cues(cue(1, move(0, 0.3)), name="other", priority=6)
    equal = cues(cue(1, move(1, 0.6)), name="equal")
    show = Show(plan([dimmer(1), dimmer(2)], cues(cue(1, starts=(start,))), other, equal, effects=(fx,)))
    show.at(1.0, Go(time=0.0, list="other"), Go(time=0.0, list="equal"), Go(time=1.0))
    assert lit(show, 1.5) == [0.3, 1.0]
    show.at(2.0, Back(time=2.0, list="equal"), Go(time=2.2, list="equal"))
    assert lit(show, 2.5) == [0.3, 0.6]


def test_a_submaster_scales_the_size_of_its_effect() -> None:
    fx, start = effect("fx", [0], sync="free", every=Span(1.0), length=1.0)
    show = Show(plan([dimmer(1)], cues(), effects=(fx,), submasters=(Submaster("s", "effect", (), (start,)),)))
    assert lit(show, 1.0) == [0.0]
    show.at(2.0, SetMaster(time=2.0, level=0.5, submaster="s"))
    assert lit(show, 2.5) == [0.5]
    show.at(3.0, SetMaster(time=3.0, level=0.0, submaster="s"))
    assert lit(show, 3.01) == [0.0]


def test_heads_grow_into_an_effect_and_out_of_it() -> None:
    fx, start = effect("sway", [0], shape="step", parameter="pan", sync="free", every=Span(100.0), low=0.0, high=0.4, layer="add")
    show = Show(plan([pan(1)], cues(cue(1, starts=(start,)), cue(2, stops=("sway",))), effects=(fx,)))
    show.at(0.0, Go(time=0.0))
    assert show.level(0.5, 0) == pytest.approx(0.7, abs=1e-4)
    assert show.level(2.0, 0) == pytest.approx(0.9, abs=1e-4)
    show.at(3.0, Go(time=3.0))
    assert show.level(3.25, 0) == pytest.approx(0.8, abs=1e-4)
    assert show.level(5.0, 0) == pytest.approx(0.5, abs=1e-4)


def test_segments_share_a_phase() -> None:
    show = on_beat(6, until=8.0, shape="step", chase=True, segments=2, every=Span(3.0, "beat"))
    assert [lit(show, t) for t in (7.5, 8.0, 8.5)] == [[1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1]]
    show = on_beat(5, shape="step", parts=2, segments=2, every=Span(2.0, "beat"))
    assert [lit(show, t) for t in (6.0, 6.5)] == [[1, 1, 0, 0, 1], [0, 0, 1, 1, 0]]
    show = on_beat(4, shape="ramp", spread=1.0, segments=2, every=Span(4.0, "beat"))
    assert lit(show, 7.5) == [0.75, 0.75, 0.25, 0.25]
    show = on_beat(4, shape="random", segments=2, until=8.0)
    assert all(a == b and c == d for a, b, c, d in (lit(show, 8.0 + t) for t in range(3)))


def turns_of(count: int, steps: int, **more: object) -> list[str]:
    """Who is lit in each of so many beats from 8 s on, where a cycle of 4 or 8 beats begins: "01" for the first two lamps."""
    show, seen = on_beat(count, until=8.0, shape="step", **more), []
    for i in range(5 * steps):
        t = round(8.0 + i / 10, 1)
        show.at(t, beat(t, int(t * 2 + 1e-9) + 1))
        if i % 5 == 2:
            seen.append("".join(str(k) for k, level in enumerate(lit(show, t)) if level == 1.0))
    return seen


@pytest.mark.parametrize(
    ("order", "chase", "parts", "segments", "spread"),
    [
        ("forward", "0 1 2 3", "02 13 02 13", "01 23 01 23", [0, 0.25, 0.5, 0.75]),
        ("reverse", "3 2 1 0", "13 02 13 02", "23 01 23 01", [0.75, 0.5, 0.25, 0]),
        ("centre-out", "12 03 12 03", "12 03 12 03", "0123 0123 0123 0123", [0.5, 0, 0, 0.5]),
        ("outside-in", "03 12 03 12", "03 12 03 12", "0123 0123 0123 0123", [0, 0.5, 0.5, 0]),
        ("random", "2 1 3 0", "23 01 23 01", "23 01 23 01", [0.75, 0.25, 0, 0.5]),
    ],
)
def test_orders_of_everything_that_has_one(order: str, chase: str, parts: str, segments: str, spread: list[float]) -> None:
    """Four lamps in each order: a chase, two parts, a chase of two segments, and how far each lags."""
    turns = len(set(chase.split()))
    assert turns_of(4, 4, chase=True, order=order, seed=6, every=Span(float(turns), "beat")) == chase.split()
    assert turns_of(4, 4, parts=2, order=order, seed=6, every=Span(2.0, "beat")) == parts.split()
    pairs = len(set(segments.split()))
    assert turns_of(4, 4, chase=True, segments=2, order=order, seed=6, every=Span(float(pairs), "beat")) == segments.split()
    show = on_beat(4, shape="ramp", spread=1.0, every=Span(4.0, "beat"), order=order, seed=6, until=8.0)
    assert [(0.95 - level) % 1.0 for level in lit(show, 9.9)] == pytest.approx(spread, abs=0.006)


def test_backwards_and_there_and_back() -> None:
    four = {"chase": True, "every": Span(4.0, "beat")}
    assert turns_of(4, 8, direction="reverse", **four) == ["3", "2", "1", "0"] * 2
    assert turns_of(4, 8, direction="bounce", **four) == ["0", "1", "2", "3", "3", "2", "1", "0"]
    assert turns_of(4, 4, parts=4, direction="reverse", every=Span(4.0, "beat")) == ["3", "2", "1", "0"]
    falls = on_beat(shape="ramp", direction="reverse", until=8.0)
    assert [lit(falls, t)[0] for t in (8.0, 8.125, 8.25)] == [1.0, 0.75, 0.5]
    swings = on_beat(shape="ramp", direction="bounce", until=8.0)
    assert [lit(swings, t)[0] for t in (8.0, 8.25, 8.5, 8.75, 9.0)] == [0.0, 0.5, 1.0, 0.5, 0.0]
    decays = on_beat(2, shape="decay", chase=True, direction="reverse", every=Span(2.0, "beat"), until=8.0)
    assert [lit(decays, t) for t in (8.0, 8.25)] == [[0, 1.0], [0, 0.25]], "each does what its shape says"


def test_swing_of_a_chase_is_between_its_turns() -> None:
    show = on_beat(4, until=8.0, shape="step", chase=True, every=Span(1.0, "beat"), swing=0.75)
    lamps = [lit(show, 8.0 + k / 80).index(1.0) for k in range(40)]  # half a second, 4 turns: 3/16, 1/16, 3/16, 1/16 s
    assert [lamps.count(i) for i in range(4)] == [15, 5, 15, 5]


@pytest.mark.parametrize(("band", "level"), [("low", 0.25), ("middle", 0.5), ("high", 1.0)])
def test_a_band_is_followed_and_sinks_with_the_ear(band: str, level: float) -> None:
    show = on_beat(sync=band, base=0.3)
    for i in range(5):
        t = 6.5 + i / 10
        show.at(t, beat(t, 14 + i // 5, bands=(-36.0, -26.0, -3.0)))
    assert lit(show, 7.2) == [level]
    assert lit(show, 8.4) == [pytest.approx(level / 2, abs=0.01)]
    assert lit(show, 9.0) == [0.0]


def test_an_ear_that_tells_no_bands_is_silence() -> None:
    show = on_beat(sync="low", low=0.2)
    assert lit(show, 6.0) == [0.2]


@given(st.sampled_from(["forward", "reverse", "random"]), st.integers(1, 40), st.integers(0, 99))
def test_an_order_is_a_permutation(order: str, count: int, seed: int) -> None:
    assert sorted(ranks(order, count, seed)) == list(range(count))


@given(st.sampled_from(["centre-out", "outside-in"]), st.integers(1, 40))
def test_an_order_from_the_centre_is_one_of_pairs(order: str, count: int) -> None:
    rank = ranks(order, count, 0)
    assert rank == rank[::-1]
    assert set(rank) == set(range((count + 1) // 2))
    assert sorted(rank[: (count + 1) // 2]) == list(range((count + 1) // 2))


@pytest.mark.parametrize("more", [{"every": Span(0.0)}, {"every": Span(-1.0, "beat")}, {"swing": 1.0}, {"swing": float("nan")}])
def test_an_effect_that_cannot_be_is_refused(more: dict[str, object]) -> None:
    fx, start = effect("fx", [0], **more)
    with pytest.raises(ValueError, match="fx"):
        Show(plan([dimmer(1)], cues(cue(1, starts=(start,))), effects=(fx,)))


def test_a_plan_that_starts_an_unknown_effect_is_refused() -> None:
    _, start = effect("fx", [0])
    with pytest.raises(ValueError, match="fx"):
        Show(plan([dimmer(1)], cues(cue(1, starts=(start,))), effects=(Effect("other", "sine", "intensity"),)))
