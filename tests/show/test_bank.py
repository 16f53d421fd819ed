"""All effects at once are what each is by itself: columns and rows against one lamp after the other, in fractions."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from showctl.model import BeatGrid, Features, Section
from showctl.plan import STROKES, Effect, EffectStart, Span, Submaster
from showctl.show.beatclock import BeatClock
from showctl.show.effects import drawn, hashed, key, ranks
from showctl.show.heard import Heard
from showctl.show.running import SUBMASTER, Effects, View
from tests.show.shows import cue, cues, dimmer, plan

COUNT = 12
BARS = 4
ORDERS = ("forward", "reverse", "centre-out", "outside-in", "random")


# --- one lamp, in fractions ------------------------------------------------------------------------------------------------


def exact(effect: Effect, place: int, count: int, view: View, begun: float) -> float:
    """Value of one lamp, low..high. `place` in the group of so many."""
    return effect.low + (effect.high - effect.low) * share_of(effect, place, count, view, begun)


def share_of(effect: Effect, place: int, count: int, view: View, begun: float) -> float:
    levels = dict(zip(("energy", "loudness", "low", "middle", "high"), view.heard.levels_at(view.time), strict=True))
    if effect.sync in levels:
        return levels[effect.sync]
    segment = place // max(1, effect.segments)
    rank = ranks(effect.order, math.ceil(count / max(1, effect.segments)), effect.seed)
    turns = max(rank) + 1
    groups = min(effect.parts, turns) if effect.parts else turns
    group = rank[segment] % groups
    if effect.sync in STROKES:
        return on_onset(effect, group, groups, segment, view)
    c = cycles(effect, groups, view, begun)
    lag = group * (Fraction(1 if effect.parts else effect.spread) / groups)
    if effect.chase:
        turn = math.floor(c * groups)
        mine = turn % groups
        if effect.direction == "reverse" or (effect.direction == "bounce" and turn // groups % 2):
            mine = groups - 1 - mine
        return shape(effect, c * groups - turn, groups, math.floor(c), mine) if mine == group else 0.0
    if effect.shape == "random":
        return chance(effect, math.floor(c - lag % 1), segment)
    u = c
    if effect.direction == "reverse":
        u = -c - Fraction(1, 2**20)
    elif effect.direction == "bounce":
        u = c % 2 if c % 2 < 1 else 2 - c % 2 - Fraction(1, 2**20)
    return shape(effect, (u - lag) % 1, groups, 0, 0)


def cycles(effect: Effect, groups: int, view: View, begun: float) -> Fraction:
    """Cycles since the beginning of all beats, bent by swing."""
    per = {"s": 1, "beat": 1, "bar": BARS}[effect.every.unit]
    at = Fraction(view.seconds) - Fraction(begun) if effect.every.unit == "s" else Fraction(view.beats)
    c = at / (Fraction(effect.every.amount) * per)
    turns = groups if effect.chase or effect.parts else 1
    t, s = c * turns, Fraction(effect.swing)
    t = Fraction(round(t)) if abs(t - round(t)) < 1e-9 else t  # 1.4 s in fractions of 2 is a hair less than 28 turns of 50 ms
    pair, y = t // 2 * 2, t % 2
    return (pair + (y / (2 * s) if y < 2 * s else 1 + (y - 2 * s) / (2 - 2 * s))) / turns


def on_onset(effect: Effect, group: int, groups: int, segment: int, view: View) -> float:
    which = STROKES.index(effect.sync)
    struck = view.heard.struck[which]
    if struck is None:
        return 0.0
    unit = {"s": 1.0, "beat": view.clock.period, "bar": view.clock.period * BARS}[effect.every.unit]
    x = Fraction((view.time - struck) / (effect.every.amount * unit))
    turn, count = group, view.heard.strokes[which]
    if effect.chase or effect.parts:
        turn = (count - 1) % groups
        if effect.direction == "reverse" or (effect.direction == "bounce" and (count - 1) // groups % 2):
            turn = groups - 1 - turn
    else:
        x -= group * (Fraction(effect.spread) / groups)
    if turn != group or not 0 <= x < 1:
        return 0.0
    return shape(effect, x, groups, count, turn if effect.chase or effect.parts else segment)


def shape(effect: Effect, u: Fraction, groups: int, cycle: int, lamp: int) -> float:
    wide = (
        1.0 if effect.chase or (effect.parts and effect.sync in STROKES) else 1 / groups if effect.parts and groups > 1 else 0.5
    )
    if effect.shape == "random":
        return chance(effect, cycle, lamp)
    if effect.shape in ("step", "pulse"):
        length = wide if effect.shape == "step" else effect.length
        return float(u < Fraction(length).limit_denominator(1000))
    if effect.shape == "decay":
        return float(max(0, 1 - u / Fraction(effect.length)) ** 2)
    return float(u) if effect.shape == "ramp" else (1 + math.cos(2 * math.pi * float(u))) / 2


def chance(effect: Effect, cycle: int, lamp: int) -> float:
    hashes = hashed(np.array([effect.seed], dtype=np.uint64), np.array([cycle], dtype=np.int64))
    return float(drawn(hashes, key(np.array([lamp])))[0])


def laid(effect: Effect, value: float, beneath: float, size: float) -> float:
    if effect.layer == "add":
        return beneath + size * value
    if effect.layer == "max":
        return max(beneath, size * value)
    return beneath * (1 - size) + size * value * (beneath if effect.layer == "scale" else 1)


# --- many at once ------------------------------------------------------------------------------------------------------------


def effects_(**more: Any) -> st.SearchStrategy[Effect]:
    """Effects of every kind."""
    kinds = st.sampled_from(
        [{}, {"chase": True}, {"parts": 2}, {"parts": 5}, {"spread": 1.0}, {"spread": 0.5}, {"spread": -2.25}]
    )
    made = st.builds(
        Effect,
        name=st.just("fx"),
        shape=st.sampled_from(["sine", "ramp", "step", "pulse", "decay", "random"]),
        parameter=st.just("intensity"),
        sync=st.sampled_from(["beat", "beat", "free", "onset", "kick", "hat", "energy", "loudness", "low", "middle", "high"]),
        every=st.builds(Span, st.sampled_from([0.25, 0.5, 1.0, 3.0, 4.0]), st.sampled_from(["s", "beat", "bar"])),
        low=st.sampled_from([0.0, 0.25, 0.75]),
        high=st.sampled_from([0.0, 0.5, 1.0]),
        layer=st.sampled_from(["add", "scale", "replace", "max"]),
        length=st.sampled_from([0.25, 0.5, 1.0]),
        order=st.sampled_from(ORDERS),
        swing=st.sampled_from([0.5, 0.625, 0.75]),
        seed=st.integers(0, 5),
        segments=st.sampled_from([0, 2, 5]),
        direction=st.sampled_from(["forward", "reverse", "bounce"]),
        **more,
    )
    return st.builds(lambda effect, kind: replace(effect, **kind), made, kinds)


def world(beats: float, onset: float | None = None) -> View:
    """A moment at 120 beats a minute that has heard something."""
    t = beats / 2
    heard, clock = Heard(), BeatClock()
    said = Features(0.0, -30.0, (-26.0, -16.0, -24.0), 0.5, section=Section.STEADY)
    for i in range(10):
        now = max(0.0, t - 1.0) + i * 0.1
        index = math.floor(now * 2) + 1
        grid = BeatGrid(index / 2, index, 0.5, index % BARS + 1, BARS, 0.9)
        heard, clock = heard.after(now, said), clock.heard(now, grid)
    if onset is not None:
        heard = heard.after(t - 2 * onset, replace(said, onset=1.0, strikes=(1.0, 0.0, 0.0)))
        heard = heard.after(t - onset, replace(said, onset=1.0, strikes=(0.0, 0.0, 1.0)))
    return View(t, t, beats, clock, heard)


@given(
    st.lists(st.tuples(effects_(), st.lists(st.integers(0, COUNT - 1), unique=True, min_size=1)), min_size=1, max_size=6),
    st.one_of(st.integers(0, 400).map(lambda i: 4 + i / 4), st.floats(4.0, 100.0).map(lambda x: round(x, 3))),
    st.one_of(st.none(), st.just(0.0625)),
    st.floats(0.0, 1.0),
    st.booleans(),
)
@example(
    [(Effect("fx", "step", "intensity", parts=5, swing=0.75, direction="reverse"), [0, 1, 2, 5, 7, 9, 11])], 4.5, None, 1.0, False
)
def test_many_at_once_are_what_each_is_alone(
    of: list[tuple[Effect, list[int]]], beats: float, onset: float | None, level: float, wide: bool
) -> None:
    """Any effects over any lamps, some of them on a submaster that stands at `level`, over a look of their own."""
    some = [replace(effect, name=f"fx{i}") for i, (effect, _) in enumerate(of)]
    starts = [EffectStart(f"fx{i}", tuple((p,) for p in targets)) for i, (_, targets) in enumerate(of)]
    own, sub = starts[::2], starts[1::2]
    made = plan(
        [dimmer(i + 1) for i in range(COUNT)],
        cues(cue(1, starts=tuple(own))),
        effects=tuple(some),
        submasters=(Submaster("s", "effect", (), tuple(sub)),),
    )
    effects = Effects(made)
    before = View(1.0, 1.0, 2.0, BeatClock(), Heard())
    for i, start in enumerate(starts):
        effects.start(start, 0 if i % 2 == 0 else SUBMASTER, i, before, "" if i % 2 == 0 else "s")
    now = world(beats, onset)
    look = np.linspace(0.125, 0.875, COUNT)
    out = look.astype(np.float64 if wide else np.float32)
    effects.lay_over(out, [now], now, {"s": level})
    for i, (effect, (_, targets)) in enumerate(zip(some, of, strict=True)):
        for place, p in enumerate(targets):
            gain = now.clock.gain(now.beats) if effect.sync == "beat" else 1.0
            size = gain * (level if i % 2 else 1.0)
            look[p] = laid(effect, exact(effect, place, len(targets), now, before.seconds), look[p], size)
    assert out == pytest.approx(look, abs=2e-5)
