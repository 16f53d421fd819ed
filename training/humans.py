"""How people keep time: the tempo of a performance, and how far hands and feet fall from it.

A position is counted in beats from the first beat of the song; `Tempo` turns positions into seconds. Beats stand on the tempo
map; what swings, drags, rushes or wavers is the notes. Figures (ms of spread, share of swing, per cent of drift) cover what
studies of drummers report: hands and feet within 2 to 14 ms, a backbeat up to 15 ms early or late, a wander around the click of
up to 20 ms, swing of 50 to 70 %.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.piece import Times

CURVES = {  # how the tempo goes -> how often
    "constant": 0.36,
    "live drift": 0.26,
    "accelerando": 0.07,
    "ritardando": 0.07,
    "wave": 0.08,
    "jump": 0.06,
    "jump down": 0.06,
    "dj ramp": 0.04,
}


@dataclass(frozen=True, slots=True)
class Tempo:
    """Seconds of positions: linear between whole beats."""

    seconds: Times  # of beat 0, 1, 2, ...

    def at(self, positions: NDArray[np.float64]) -> Times:
        """Seconds of positions in beats; before the first beat and after the last the nearest tempo goes on."""
        knots = np.arange(len(self.seconds), dtype=float)
        out = np.interp(positions, knots, self.seconds)
        first, last = self.seconds[1] - self.seconds[0], self.seconds[-1] - self.seconds[-2]
        out = np.where(positions < 0, self.seconds[0] + positions * first, out)
        return np.where(positions > knots[-1], self.seconds[-1] + (positions - knots[-1]) * last, out)


def performed_tempo(rng: np.random.Generator, bpm: float, count: int, curve: str, bar: int) -> Tempo:
    """The tempo of `count` beats that begin at `bpm`; jumps fall on a bar line. ValueError: no such curve."""
    factors = np.ones(count)
    along = np.linspace(0.0, 1.0, count)
    if curve == "live drift":
        factors = _drift(rng, count, rng.uniform(0.015, 0.06))
    elif curve == "accelerando":
        factors = rng.uniform(1.05, 1.45) ** (along - 0.5)
    elif curve == "ritardando":
        factors = rng.uniform(1.05, 1.45) ** (0.5 - along)
    elif curve == "wave":
        turns = rng.uniform(0.7, 2.5)
        factors = 1 + rng.uniform(0.02, 0.07) * np.sin(2 * np.pi * (along * turns + rng.uniform()))
    elif curve in ("jump", "jump down"):
        where = bar * int(rng.integers(max(1, count // (8 * bar)), max(2, 5 * count // (8 * bar))))
        factors[where:] = rng.uniform(1.06, 1.3) if curve == "jump" else 1 / rng.uniform(1.06, 1.3)
    elif curve == "dj ramp":
        begin, end = sorted(rng.uniform(0.1, 0.9, 2))
        factors = 1 + rng.uniform(-0.12, 0.14) * np.clip((along - begin) / max(0.05, end - begin), 0, 1)
    elif curve != "constant":
        raise ValueError(f"no tempo curve {curve!r}: {', '.join(CURVES)}")
    lengths = 60.0 / (bpm * factors)
    return Tempo(np.concatenate(([0.0], np.cumsum(lengths))))


def _drift(rng: np.random.Generator, count: int, reach: float) -> NDArray[np.float64]:
    """A slow random walk around 1 that never leaves 1 +- reach."""
    knots = max(4, count // 6)
    walk = np.cumsum(rng.normal(0, 1, knots))
    walk -= walk.mean()
    walk *= reach / max(1.0, np.abs(walk).max())
    smooth = np.interp(np.linspace(0, knots - 1, count), np.arange(knots), walk)
    return 1 + np.convolve(np.pad(smooth, 2, mode="edge"), np.ones(5) / 5, mode="valid")


@dataclass(frozen=True, slots=True)
class Swing:
    """Where the steps between the beats fall."""

    grid: int  # steps a beat
    eighth: float = 0.5  # share of the beat before its second eighth (0.5 straight, 0.667 a triplet)
    sixteenth: float = 0.5  # share of the eighth before its second sixteenth

    def move(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions as written (triplets at thirds where the grid is 3) -> as swung."""
        whole = np.floor(positions + 1e-9)
        phase = positions - whole
        if self.grid == 3:
            return whole + np.interp(phase, (0, 1 / 3, 2 / 3, 1), (0, self.eighth / 2, self.eighth, 1))
        s, e = self.sixteenth, self.eighth
        return whole + np.interp(phase, (0, 0.25, 0.5, 0.75, 1), (0, e * s, e, e + (1 - e) * s, 1))


@dataclass(frozen=True, slots=True)
class Wander:
    """How far a whole band, or its drummer, is off the beat: a slow wander, one value a beat, in s (late is positive)."""

    first: int  # beat of the first value
    late: Times

    def at(self, positions: NDArray[np.float64]) -> Times:
        """s late at positions in beats."""
        return np.interp(positions, np.arange(self.first, self.first + len(self.late)), self.late)


def a_wander(rng: np.random.Generator, first: int, last: int, reach: float, bias: float) -> Wander:
    """A wander of beats first..last with a spread of `reach` s around `bias` s; it comes back within 5 to 20 beats."""
    stay = rng.uniform(0.8, 0.95)
    late = np.zeros(last - first + 1)
    steps = rng.normal(0, reach * np.sqrt(1 - stay * stay), len(late))
    for i in range(1, len(late)):
        late[i] = stay * late[i - 1] + steps[i]
    return Wander(first, np.clip(late, -3 * reach, 3 * reach) + bias)


@dataclass(frozen=True, slots=True)
class Feel:
    """One player's ways."""

    limbs: dict[str, float] = field(default_factory=dict)  # limb -> s it is usually late (negative: early)
    spread: float = 0.005  # s, from stroke to stroke
    flam: float = 0.0  # odds of a flam on a loud snare
    follows: float = 1.0  # how much of the drummer's wander this player goes along with, 0..1

    def deviations(self, rng: np.random.Generator, limbs: list[str], positions: NDArray[np.float64], wander: Wander) -> Times:
        """s to add to each stroke."""
        usual = np.array([self.limbs.get(limb, 0.0) for limb in limbs])
        own = np.clip(rng.normal(0, self.spread, len(limbs)), -3 * self.spread, 3 * self.spread)
        return usual + own + self.follows * wander.at(positions)


def a_feel(rng: np.random.Generator) -> Feel:
    """A player drawn by chance; some play as a machine does."""
    follows = float(rng.choice([0.0, 1.0, rng.uniform(0, 1)]))
    if rng.uniform() < 0.12:
        return Feel({}, 0.0005, 0.0, follows)
    late = {limb: float(rng.normal(0, 0.004)) for limb in ("foot", "left", "right", "heel", "extra")}
    late["left"] += float(rng.choice([0, 0, 0, rng.uniform(0, 0.015), rng.uniform(-0.012, 0)]))
    return Feel(late, rng.uniform(0.002, 0.015), float(rng.choice([0, 0, 0.05, 0.2])), follows)
