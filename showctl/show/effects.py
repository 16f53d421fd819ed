"""Effects: pure functions of the beat, of time or of what is heard, laid over the look of the cues.

An effect is a dict entry (its shape) and a few arrays (its lamps); there are no classes of effects. Its value is a closed
formula of the moment, so it does not matter how often one looks.

Phase: a cycle is `every` long. A beat-synced effect stands on the show's beat position, not on its start, so that two of
them agree. Each lamp lags by its share of `spread` (or of the `parts`) in the order of the group. A chase divides the
cycle among the lamps: each has its turn, and the shape runs within it. Swing lengthens the first of every two cycles.

Only tables, + - * / and floor: the sine is a table made of exact fractions, chance is an integer hash (splitmix64) of seed,
cycle and lamp. The same show gives the same bytes on any machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from showctl.plan import Category, Effect, EffectStart, Parameter, Span
from showctl.show.fade import Bools, Floats, Ints

Hashes = NDArray[np.uint64]

TABLE = 1024  # steps of the sine table a cycle
STEADY_IN, STEADY_OUT = 1.0, 1.0  # s in which an effect on position grows and shrinks: heads do not jump
QUICK_OUT = 0.25  # s in which all other effects end; they begin at once


def _cosine_table() -> Floats:
    """(1 + cos) / 2 of a whole turn in TABLE steps, one more entry to interpolate to, each a multiple of 1/32767."""
    pi = Fraction(3141592653589793, 10**15)
    quarter = []
    for k in range(TABLE // 4 + 1):
        x2, term, total = (2 * pi * Fraction(k, TABLE)) ** 2, Fraction(1), Fraction(0)
        for n in range(10):
            total += term
            term = -term * x2 / ((2 * n + 1) * (2 * n + 2))
            term = Fraction(round(term * 10**15), 10**15)  # short fractions: enough for a table of 15 bits
        quarter.append(round(total * 16383))
    half = [*quarter, *(-v for v in quarter[-2::-1])]
    turn = [*half, *half[-2::-1]]
    return np.array([16383 + v for v in turn], dtype=np.float64) / 32766.0


_COSINE = _cosine_table()


def _sine(u: Floats, _length: float, _chance: Floats) -> Floats:
    """Highest on the beat, lowest between two."""
    x = u * TABLE
    i = np.minimum(x.astype(np.int64), TABLE - 1)
    y: Floats = _COSINE[i]
    rise: Floats = _COSINE[i + 1] - y
    return y + rise * (x - i)


def _ramp(u: Floats, _length: float, _chance: Floats) -> Floats:
    return u


def _pulse(u: Floats, length: float, _chance: Floats) -> Floats:
    return (u < length).astype(np.float64)


def _decay(u: Floats, length: float, _chance: Floats) -> Floats:
    """Full at once, then down ever more slowly, as a lamp that cools."""
    x = np.maximum(0.0, 1.0 - u / length) if length > 1e-6 else np.zeros_like(u)
    return x * x


def _random(_u: Floats, _length: float, chance: Floats) -> Floats:
    return chance


SHAPES: dict[str, Callable[[Floats, float, Floats], Floats]] = {
    "sine": _sine,
    "ramp": _ramp,
    "step": _pulse,  # of a length that the number of lamps gives
    "pulse": _pulse,
    "decay": _decay,
    "random": _random,
}


def chances(seed: int, cycle: Ints, lamp: Ints) -> Floats:
    """A number 0..1 for each cycle and lamp, the same for ever (splitmix64)."""
    key = np.array([seed & (2**64 - 1)], dtype=np.uint64)
    z: Hashes = cycle.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + _mix(key + np.uint64(1))
    z = _mix(z) + lamp.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
    return (_mix(z) >> np.uint64(40)).astype(np.float64) / float(2**24)


def _mix(z: Hashes) -> Hashes:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def ranks(order: str, count: int, seed: int) -> list[int]:
    """When each of `count` lamps has its turn, 0 first; lamps that mirror each other share one."""
    forward = list(range(count))
    if order == "reverse":
        return forward[::-1]
    if order == "random":
        draw = chances(seed, np.zeros(count, dtype=np.int64), np.arange(count, dtype=np.int64))
        turn = np.argsort(draw, kind="stable")
        return [int(r) for r in np.argsort(turn, kind="stable")]
    if order in ("centre-out", "outside-in"):
        from_centre = [abs(2 * i - (count - 1)) // 2 for i in forward]
        return from_centre if order == "centre-out" else [max(from_centre) - r for r in from_centre]
    return forward


@dataclass(frozen=True, slots=True, eq=False)
class Lamps:
    """An effect over its targets, as columns: made once, when the show is loaded."""

    effect: Effect
    parameter: Ints
    lamp: Ints  # index of the element of the group
    group: Ints  # whose turn it is: rank, or rank modulo parts
    groups: int  # how many turns there are
    lag: Floats  # cycles that a lamp is behind the first
    length: float  # share of a cycle, or of a turn of a chase
    steady: bool  # moves heads: may coast without a beat, grows and shrinks


def compile_effect(effect: Effect, start: EffectStart, parameters: tuple[Parameter, ...]) -> Lamps:
    """An effect and its targets as columns. ValueError for a cycle or a swing that cannot be."""
    if effect.every.amount < 1e-3 or not 0.5 <= effect.swing <= 0.75:
        raise ValueError(f"effect {effect.name}: a cycle takes time, and swing is 0.5 to 0.75")
    rank = ranks(effect.order, len(start.targets), effect.seed)
    turns = max(rank, default=0) + 1
    groups = min(effect.parts, turns) if effect.parts > 0 else turns
    group = [r % groups for r in rank]
    spread = 1.0 if effect.chase or effect.parts > 0 else effect.spread
    per_lamp = [len(t) for t in start.targets]
    wide = 1.0 if effect.chase else 1.0 / groups if effect.parts > 1 else 0.5
    flat = [p for target in start.targets for p in target]
    columns = np.repeat(np.array(group, dtype=np.int64), per_lamp)
    return Lamps(
        effect=effect,
        parameter=np.array(flat, dtype=np.int64),
        lamp=np.repeat(np.arange(len(start.targets), dtype=np.int64), per_lamp),
        group=columns,
        groups=groups,
        lag=columns.astype(np.float64) * (spread / groups),
        length=wide if effect.shape == "step" else effect.length,
        steady=bool(flat) and all(parameters[p].category is Category.POSITION for p in flat),
    )


@dataclass(frozen=True, slots=True)
class Instant:
    """All that an effect may depend on."""

    seconds: float  # since the effect began, of its list
    beats: float  # position of the beat
    since_bar: float  # position since a bar line
    period: float  # s a beat
    beats_per_bar: int
    since_onset: float | None  # s
    onsets: int
    energy: float  # 0..1
    loudness: float  # 0..1


def shape_of(lamps: Lamps, now: Instant) -> Floats:
    """Value 0..1 of the effect's shape for each of its parameters."""
    effect = lamps.effect
    if effect.sync == "energy":
        return np.full(len(lamps.parameter), now.energy)
    if effect.sync == "loudness":
        return np.full(len(lamps.parameter), now.loudness)
    if effect.sync == "onset":
        return _from_onset(lamps, now)
    x = _cycles(effect.every, now) - lamps.lag
    if effect.swing != 0.5:
        x = swung(x, effect.swing)
    cycle = np.floor(x)
    return _within(lamps, x - cycle, cycle.astype(np.int64))


def _within(lamps: Lamps, u: Floats, cycle: Ints) -> Floats:
    """The shape at phase u of its cycle, in the turn of each lamp where they chase."""
    on: Bools | None = None
    if lamps.effect.chase:
        u = u * lamps.groups
        on = u < 1.0
        u = np.where(on, u, 0.0)
    random = lamps.effect.shape == "random"
    value = SHAPES[lamps.effect.shape](u, lamps.length, chances(lamps.effect.seed, cycle, lamps.lamp) if random else u)
    return value if on is None else np.where(on, value, 0.0)


def _cycles(every: Span, now: Instant) -> float:
    if every.unit == "s":
        return now.seconds / every.amount
    if every.unit == "bar":
        return now.since_bar / (every.amount * now.beats_per_bar)
    return now.beats / every.amount


def _from_onset(lamps: Lamps, now: Instant) -> Floats:
    """Once from each onset; where lamps take turns, one group an onset, else each after its lag."""
    if now.since_onset is None or now.since_onset < 0.0:
        return np.zeros(len(lamps.parameter))
    every = lamps.effect.every
    bar = now.beats_per_bar if every.unit == "bar" else 1
    u = now.since_onset / (every.amount if every.unit == "s" else every.amount * bar * now.period)
    count = np.full(len(lamps.parameter), now.onsets, dtype=np.int64)
    turns = lamps.effect.chase or lamps.effect.parts > 0
    x = np.full(len(lamps.parameter), u) if turns else u - lamps.lag
    on = (x >= 0.0) & (x < 1.0)
    if turns:
        on &= lamps.group == (now.onsets - 1) % lamps.groups
    random = lamps.effect.shape == "random"
    chance = chances(lamps.effect.seed, count, lamps.lamp) if random else x
    return np.where(on, SHAPES[lamps.effect.shape](np.clip(x, 0.0, 0.999999), lamps.length, chance), 0.0)


def swung(x: Floats, swing: float) -> Floats:
    """Cycles -> cycles, the first of every two lasting `swing` of the pair."""
    pair = np.floor(x * 0.5) * 2.0
    y = x - pair
    first, second = y / (2.0 * swing), 1.0 + (y - 2.0 * swing) / (2.0 - 2.0 * swing)
    return pair + np.minimum(np.where(y < 2.0 * swing, first, second), math.nextafter(2.0, 0.0))


def lay(effect: Effect, shape: Floats, beneath: Floats, size: float | Floats) -> Floats:
    """How an effect of a size 0..1 meets the levels beneath it."""
    value = effect.low + (effect.high - effect.low) * shape
    if effect.layer == "add":
        return beneath + size * value
    if effect.layer == "scale":
        return beneath * (1.0 - size + size * value)
    if effect.layer == "max":
        return np.maximum(beneath, size * value)
    return (1.0 - size) * beneath + size * value
