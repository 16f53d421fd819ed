"""Effects: pure functions of the beat, of time or of what is heard, laid over the look of the cues.

An effect is a dict entry (its shape) and a few columns (its lamps); there are no classes of effects. Its value is a closed
formula of the moment, so it does not matter how often one looks. Here is what one effect is by itself; `bank` evaluates all
that run at once, `running` starts and ends them.

Phase: a cycle is `every` long. A beat-synced effect stands on the show's beat position, not on its start, so that two of
them agree. Each lamp lags by its share of `spread` (or of the `parts`) in the order of the group; with `segments` so many
neighbours count as one. A chase divides the cycle among the lamps: each has its turn, and the shape runs within it.

Two things bend time for the whole picture, before any lamp lags: `swing` lengthens the first of every two cycles (of two
turns, where lamps take turns), and `direction` plays the cycle backwards, always or every second time. In a chase the turns
come backwards while each lamp still does what its shape says: Eos runs its steps so, and a decay that swells is none.

Lamps that do the same share a row; `Lamps.row` says which row each parameter shows. Cycle and phase are worked out in
float64, what is left of a cycle and all values in float32: 24 bits, where a fine slot has 16.

Only + - * / and floor: the sine is a polynomial, chance an integer hash (splitmix64) of seed, cycle and lamp. The same
show gives the same bytes on any machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.plan import STROKES, ZERO, Category, Effect, EffectStart, Parameter, Span
from showctl.show.fade import Floats, Ints

Singles: TypeAlias = NDArray[np.float32]
Hashes: TypeAlias = NDArray[np.uint64]

STEADY = Span(1.0)  # in which an effect on position grows and shrinks where it does not say: heads do not jump
QUICK_OUT = Span(0.25)  # in which all others end; they begin at once
FOLLOWS = ("energy", "loudness", "low", "middle", "high")  # syncs whose value is what is heard
EVER = np.float32(1.5)  # length of a pulse that fills its cycle
HAIR = 2.0**-20  # of a cycle, by which pulses stay short of the edge where the next begins; two, what runs backwards

# sin(pi/2 z) = z (a + b z^2 + c z^4 + d z^6) for z of -1 to 1, within 5e-7 and exact at both ends.
_SINE = tuple(np.float32(c) for c in (1.57079029, -0.645886064, 0.0794183537, -0.00432259031))
_CYCLE, _LAMP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)


# --- shapes: (phase 0..1, length of each row, into, to work in) ----------------------------------------------------------


def _sine(u: Singles, _length: Singles, y: Singles, z: Singles) -> None:
    """Highest on the beat, lowest between two."""
    a, b, c, d = _SINE
    np.subtract(u, np.float32(0.5), out=u)
    np.abs(u, out=u)
    np.multiply(u, np.float32(4.0), out=u)
    np.subtract(u, np.float32(1.0), out=u)
    np.multiply(u, u, out=z)
    np.multiply(z, d, out=y)
    for k in (c, b, a):
        np.add(y, k, out=y)
        np.multiply(y, u if k is a else z, out=y)
    np.multiply(y, np.float32(0.5), out=y)
    np.add(y, np.float32(0.5), out=y)


def _ramp(u: Singles, _length: Singles, y: Singles, _z: Singles) -> None:
    np.copyto(y, u)


def _pulse(u: Singles, length: Singles, y: Singles, _z: Singles) -> None:
    np.copyto(y, u < length)


def _decay(u: Singles, length: Singles, y: Singles, _z: Singles) -> None:
    """Full at once, then down ever more slowly, as a lamp that cools."""
    np.divide(u, length, out=y)
    np.subtract(np.float32(1.0), y, out=y)
    np.maximum(y, np.float32(0.0), out=y)
    np.multiply(y, y, out=y)


SHAPES: dict[str, Callable[[Singles, Singles, Singles, Singles], None]] = {
    "sine": _sine,
    "ramp": _ramp,
    "step": _pulse,  # of a length that the number of lamps gives
    "pulse": _pulse,
    "decay": _decay,
}  # and "random", which is `drawn` of the cycle


def drawn(cycle: Hashes, key: Hashes) -> Singles:
    """A number 0..1 for each row, the same for ever, from `hashed` of its cycle and the `key` of its lamp."""
    return (_mix(cycle + key) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def hashed(seed: Hashes, cycle: Ints) -> Hashes:
    """What `drawn` wants to know of seeds and cycles."""
    return _mix(cycle.astype(np.uint64) * _CYCLE + _mix(seed + np.uint64(1)))


def key(lamp: Ints) -> Hashes:
    """What `drawn` wants to know of a lamp."""
    return lamp.astype(np.uint64) * _LAMP


def _mix(z: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


# --- time ----------------------------------------------------------------------------------------------------------------


def swung(x: Floats, swing: Floats) -> Floats:
    """Cycles -> cycles, the first of every two lasting `swing` of the pair."""
    pair = np.floor(x * 0.5) * 2.0
    y = x - pair
    first, second = y / (2.0 * swing), 1.0 + (y - 2.0 * swing) / (2.0 - 2.0 * swing)
    return pair + np.minimum(np.where(y < 2.0 * swing, first, second), math.nextafter(2.0, 0.0))


def backwards(x: Floats, bounce: NDArray[np.bool_]) -> Floats:
    """Cycles -> phase 0..1 of a cycle that is played from its end; where it bounces, every second one is."""
    u = x - np.floor(x)
    turned = ~bounce | (np.floor(x * 0.5) * 2.0 + 1.0 <= x)
    return np.where(turned, np.maximum(0.0, 1.0 - u - 2.0 * HAIR), u)


# --- lamps ---------------------------------------------------------------------------------------------------------------


def ranks(order: str, count: int, seed: int) -> list[int]:
    """When each of `count` lamps has its turn, 0 first; lamps that mirror each other share one."""
    forward = list(range(count))
    if order == "reverse":
        return forward[::-1]
    if order == "random":
        draw = drawn(hashed(np.array([seed], dtype=np.uint64), np.zeros(1, dtype=np.int64)), key(np.arange(count)))
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
    row: Ints | None  # row that each parameter shows; None: there is one row, or row i is parameter i
    rows: int
    in_turn: bool  # one row is lit at a time, the others are at 0 of the shape
    turns: int  # into which the cycle is divided; 1 where lamps do not take turns
    lag: Singles  # (rows,) cycles behind the first; one entry where rows take turns
    key: Hashes  # (rows,) of chance; one entry where rows take turns
    length: np.float32  # share of a cycle, or of a turn of a chase
    steady: bool  # moves heads: may coast without a beat, and a pause does not put it out of its place
    entry: Span
    exit: Span

    @property
    def evaluated(self) -> int:
        """So many rows are worked out."""
        return len(self.lag)


def compile_effect(effect: Effect, start: EffectStart, parameters: tuple[Parameter, ...]) -> Lamps:
    """An effect and its targets as columns. ValueError for a cycle or a swing that cannot be."""
    if effect.every.amount < 1e-3 or not 0.5 <= effect.swing <= 0.75:
        raise ValueError(f"effect {effect.name}: a cycle takes time, and swing is 0.5 to 0.75")
    each = np.array([len(t) for t in start.targets], dtype=np.intp)
    flat = np.array([p for target in start.targets for p in target], dtype=np.intp)
    segment = np.arange(len(each)) // max(1, effect.segments)
    rank = np.array(ranks(effect.order, int(segment[-1]) + 1 if len(each) else 0, effect.seed), dtype=np.intp)
    turns = int(rank.max(initial=0)) + 1
    groups = min(effect.parts, turns) if effect.parts > 0 else turns
    group = rank % groups
    follows = effect.sync in FOLLOWS
    by_turns = effect.chase or (effect.parts > 0 and (effect.sync in STROKES or (effect.shape == "step" and groups > 1)))
    in_turn = by_turns and not follows
    spread = 1.0 if effect.parts > 0 else effect.spread
    lag = np.arange(groups) * spread / groups
    if effect.sync not in STROKES:
        lag -= np.floor(lag)
    if follows:
        row, lags, keys = np.zeros(len(flat), dtype=np.intp), lag[:1] * 0.0, key(np.zeros(1, dtype=np.int64))
    elif in_turn:
        row, lags, keys = np.repeat(group[segment], each), lag[:1] * 0.0, key(np.zeros(1, dtype=np.int64))
    elif effect.shape == "random":
        row, lags, keys = np.repeat(segment, each), lag[group], key(np.arange(len(group)))
    elif not lag.any():
        row, lags, keys = np.zeros(len(flat), dtype=np.intp), lag[:1], key(np.zeros(1, dtype=np.int64))
    else:
        row, lags, keys = np.repeat(group[segment], each), lag, key(np.zeros(groups, dtype=np.int64))
    rows = groups if in_turn else len(lags)
    if not in_turn and 1 < rows < len(flat) < 2 * rows:  # one row each costs less than to look up whose it is
        rows, row, lags, keys = len(flat), np.arange(len(flat)), lags[row], keys[row]
    plain = rows == 1 or (rows == len(flat) and bool((row == np.arange(len(flat))).all()))
    steady = len(flat) > 0 and all(parameters[p].category is Category.POSITION for p in flat)
    return Lamps(
        effect=effect,
        parameter=flat,
        row=None if plain else row,
        rows=rows,
        in_turn=in_turn,
        turns=groups if effect.chase or effect.parts > 0 else 1,
        lag=lags.astype(np.float32),
        key=keys,
        length=_length(effect, in_turn),
        steady=steady,
        entry=effect.entry if effect.entry is not None else STEADY if steady else ZERO,
        exit=effect.exit if effect.exit is not None else STEADY if steady else QUICK_OUT,
    )


def _length(effect: Effect, in_turn: bool) -> np.float32:
    """Share of a cycle, or of a turn. A pulse ends a hair early, that no rounding lets it reach into the next one."""
    length = effect.length if effect.shape != "step" else 1.0 if in_turn else 0.5
    if effect.shape == "decay":
        return np.float32(max(length, HAIR))
    return EVER if length >= 1.0 else np.float32(length - HAIR)
