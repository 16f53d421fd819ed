"""Simulated performers: a second set to measure gestures on, beside the three real ones that may be used.

A forearm about an elbow that itself moves a little: yaw, pitch and roll follow via points by minimum-jerk strokes, and the
sensor near the wrist measures what follows from them: acceleration in g WITH gravity (+1 on the axis that points up) and turning
in deg/s. Ten similar gestures (four swipes, two circles, V, S, P, a twist). What differs between performers: size, tempo, pose,
how the roll goes along, whether the arm comes back, how the sensor sits. What differs between repetitions: all of that a little,
and every via point; `mess` scales it. A repetition in fifteen is a poor one, twice as far off.

The spread was set by the closed-set figures that are published for a real set of such gestures (50 people, 3 examples, 10
classes: 1-NN on 32 samples 86 % and the worst of them 72, DTW 94 and 86): here the average is better and the worst are worse,
93 (66) and 96 (74). `python bench/gesture_performers.py` prints them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 50
SPREAD = 1.15  # between repetitions
FINE = 4  # steps of the simulation a sample
FOREARM = 0.24  # m from elbow to sensor
GRAVITY = 9.81
Curve = NDArray[np.float64]

# via points (yaw, pitch, roll) in units of a performer's size (about 55 degrees; roll 75), and the times between them
_ARC = np.linspace(0, 2 * np.pi, 9)
SHAPES: dict[str, Curve] = {
    "swipe_up": np.array([[0, -0.4, 0], [0, 0.8, 0]]),
    "swipe_down": np.array([[0, 0.5, 0], [0, -0.7, 0]]),
    "swipe_left": np.array([[-0.5, 0, 0], [0.7, 0, 0]]),
    "swipe_right": np.array([[0.5, 0, 0], [-0.7, 0, 0]]),
    "circle_cw": np.stack([-np.sin(_ARC), np.cos(_ARC) - 1, 0 * _ARC], 1) * 0.6,
    "circle_ccw": np.stack([np.sin(_ARC), np.cos(_ARC) - 1, 0 * _ARC], 1) * 0.6,
    "v": np.array([[0.5, 0.5, 0], [0, -0.6, 0], [-0.5, 0.5, 0]]),
    "s": np.array([[-0.4, 0.6, 0], [0.1, 0.8, 0], [0.4, 0.4, 0], [0, 0.05, 0], [-0.4, -0.3, 0], [-0.1, -0.7, 0], [0.4, -0.5, 0]]),
    "p": np.array([[0.3, -0.7, 0], [0.3, 0.7, 0], [-0.2, 0.6, 0], [-0.4, 0.3, 0], [-0.2, 0, 0], [0.25, -0.05, 0]]),
    "twist": np.array([[0, 0, 0], [0, 0, 1.0], [0, 0, 0]]),
}


@dataclass(frozen=True, slots=True)
class Style:
    """What a performer keeps."""

    size: float  # degrees
    tempo: float  # s that an average gesture takes
    pose: Curve  # (3,) yaw, pitch, roll at rest, degrees
    coupling: Curve  # (2,) degrees of roll for a degree of yaw and of pitch
    sitting: Curve  # (3, 3) how the sensor sits on the arm
    returns: bool
    mess: float
    habits: dict[str, Curve]  # own way of each shape


def turned(angles: Curve) -> Curve:
    """(n, 3) yaw, pitch, roll in degrees -> (n, 3, 3) arm to world: z by yaw, then x by pitch, then y (along the arm) by roll."""
    a, b, c = np.radians(angles).T
    ca, sa, cb, sb, cc, sc = np.cos(a), np.sin(a), np.cos(b), np.sin(b), np.cos(c), np.sin(c)
    zero, one = np.zeros_like(a), np.ones_like(a)

    def stack(*rows: tuple[Curve, Curve, Curve]) -> Curve:
        return np.stack([np.stack(row, -1) for row in rows], -2)

    yaw = stack((ca, -sa, zero), (sa, ca, zero), (zero, zero, one))
    pitch = stack((one, zero, zero), (zero, cb, -sb), (zero, sb, cb))
    roll = stack((cc, zero, sc), (zero, one, zero), (-sc, zero, cc))
    return yaw @ pitch @ roll


def style(draw: np.random.Generator) -> Style:
    """A performer by chance."""
    size, mess = float(draw.uniform(35, 75)), float(np.clip(draw.lognormal(0, 0.3), 0.5, 1.8))
    habits = {name: shape + draw.normal(0, 0.12, shape.shape) * [1, 1, 0.4] for name, shape in SHAPES.items()}
    return Style(
        size=size,
        tempo=float(draw.uniform(0.45, 1.05)),
        pose=draw.normal(0, [10, 18, 25]),
        coupling=draw.normal(0, 0.25, 2),
        sitting=turned(draw.normal(0, [25, 12, 40], (1, 3)))[0],
        returns=bool(draw.random() < 0.4),
        mess=mess,
        habits=habits,
    )


def eased(points: Curve, spans: Curve, step: float) -> Curve:
    """Through via points (m, 3), `spans` (m-1,) s between them: strokes that melt into each other, as arms draw them."""
    times = np.concatenate([[0], np.cumsum(spans)])
    n = max(8, round(times[-1] / step))
    at = np.linspace(0, times[-1], n)
    u = at / times[-1]
    at = times[-1] * (10 * u**3 - 15 * u**4 + 6 * u**5) * 0.75 + at * 0.25  # the whole begins and ends softly
    out = np.stack([np.interp(at, times, points[:, axis]) for axis in range(3)], 1)
    width = max(3, round(0.09 / step))
    kernel = np.hanning(width + 2)[1:-1]
    padded = np.pad(out, ((2 * width, 2 * width), (0, 0)), mode="edge")
    for _ in range(2):
        padded = np.stack([np.convolve(padded[:, axis], kernel / kernel.sum(), "same") for axis in range(3)], 1)
    return padded[width:-width]


def repetition(own: Style, name: str, draw: np.random.Generator, spread: float = 1.0) -> Curve:
    """(n, 6) one recording, still at both ends."""
    far = spread * own.mess * (2.0 if draw.random() < 1 / 15 else 1.0)
    step = 1 / RATE / FINE
    shape = own.habits[name] + draw.normal(0, 0.085 * far, own.habits[name].shape) * [1, 1, 0.5]
    angle = draw.normal(0, 0.09 * far)
    plane = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shape[:, :2] = shape[:, :2] @ plane.T
    shape = shape * np.array([1, 1, 75 / own.size]) * own.size * np.exp(draw.normal(0, 0.13 * far))
    shape = shape - shape[0] if not own.returns else np.vstack([0 * shape[:1], shape - shape[0] * 0.4, 0 * shape[:1]])
    lengths = np.linalg.norm(np.diff(shape, axis=0), axis=1) + 0.35 * own.size
    total = own.tempo * (0.45 + 0.14 * len(shape)) * np.exp(draw.normal(0, 0.12 * far))
    spans = lengths / lengths.sum() * total * np.exp(draw.normal(0, 0.13 * far, len(lengths)))
    arm = eased(shape, spans, step)
    still = (round(float(draw.uniform(0.3, 0.7)) / step), round(float(draw.uniform(0.3, 0.7)) / step))
    arm = np.pad(arm, (still, (0, 0)), mode="edge")
    arm[:, 2] += arm[:, :2] @ own.coupling
    arm = arm + own.pose + draw.normal(0, 5 * far, 3) + wander(len(arm), step, 2.0 * own.mess, draw)
    turn = turned(arm)
    elbow = wander(len(arm), step, 0.006 * own.mess, draw) + 0.05 * np.stack(
        [0 * arm[:, 0], 0 * arm[:, 0], np.radians(arm[:, 1])], 1
    )
    place = elbow + turn @ np.array([0, FOREARM, 0])
    force = np.gradient(np.gradient(place, step, axis=0), step, axis=0) / GRAVITY + [0, 0, 1]
    spin = np.einsum("nji,njk->nik", turn[:-1], turn[1:])  # what the arm turned by within a step, seen from the arm
    rate = np.degrees(
        np.stack([spin[:, 2, 1] - spin[:, 1, 2], spin[:, 0, 2] - spin[:, 2, 0], spin[:, 1, 0] - spin[:, 0, 1]], 1) / 2 / step
    )
    force = np.einsum("nji,nj->ni", turn, force)[:-1]
    both = np.hstack([force @ own.sitting, rate @ own.sitting])
    both = both[: len(both) // FINE * FINE].reshape(-1, FINE, 6).mean(1)
    return both + draw.normal(0, 1, both.shape) * ([0.012] * 3 + [1.2] * 3)


def wander(count: int, step: float, size: float, draw: np.random.Generator) -> Curve:
    """(count, 3) slow drift and tremor (9 Hz) of RMS `size` and a fortieth of it."""
    at = np.arange(count) * step
    out = np.zeros((count, 3))
    for freq, share in ((0.25, 0.8), (0.6, 0.5), (1.3, 0.2), (9.0, 0.025)):
        turns = draw.uniform(0.8, 1.2, 3) * freq
        out += size * share * np.sqrt(2) * np.sin(2 * np.pi * (at[:, None] * turns + draw.random(3)))
    return out


def performer(seed: int, count: int = 10, spread: float = SPREAD) -> dict[str, list[Curve]]:
    """Ten gestures of one performer, `count` repetitions each."""
    draw = np.random.default_rng([seed, 77])
    own = style(draw)
    return {name: [repetition(own, name, draw, spread) for _ in range(count)] for name in SHAPES}


def closed_set(distance: Callable[[Curve, list[Curve]], Curve], performers: int, spread: float) -> list[float]:
    """Share of right answers of 1-NN with 3 examples of each of ten gestures, a performer at a time."""
    shares = []
    for seed in range(performers):
        recordings = performer(seed, 8, spread)
        known = [(name, cut(r)) for name, all_of in recordings.items() for r in all_of[:3]]
        asked = [(name, cut(r)) for name, all_of in recordings.items() for r in all_of[3:]]
        right = [known[int(np.argmin(distance(one, [k for _, k in known])))][0] == name for name, one in asked]
        shares.append(float(np.mean(right)))
    return shares


def cut(samples: Curve) -> Curve:
    """(32, 6) the moving part, 150 deg/s and 1 g to one."""
    speed = np.linalg.norm(samples[:, 3:], axis=1)
    moving = np.flatnonzero(speed > max(28, 0.2 * speed.max()))
    part = samples[moving[0] : moving[-1] + 1] / ([0.5] * 3 + [100] * 3)
    at = np.linspace(0, len(part) - 1, 32)
    return np.stack([np.interp(at, np.arange(len(part)), part[:, axis]) for axis in range(6)], 1)


def euclid(one: Curve, known: list[Curve]) -> Curve:
    return np.array([np.linalg.norm(one - k) for k in known])


def warped(one: Curve, known: list[Curve]) -> Curve:
    """DTW, band of a sixth."""
    many = np.stack(known)
    cost = np.linalg.norm(one[None, :, None] - many[:, None], axis=-1)
    total = np.full((len(many), 33, 33), np.inf)
    total[:, 0, 0] = 0
    for i in range(1, 33):
        for j in range(max(1, i - 6), min(32, i + 6) + 1):
            best = np.minimum(np.minimum(total[:, i - 1, j], total[:, i, j - 1]), total[:, i - 1, j - 1])
            total[:, i, j] = cost[:, i - 1, j - 1] + best
    return np.array(total[:, 32, 32])


if __name__ == "__main__":
    wanted = float(sys.argv[1]) if len(sys.argv) > 1 else SPREAD
    for title, measure in (("1-NN, 32 samples", euclid), ("1-NN, DTW", warped)):
        shares = closed_set(measure, 12, wanted)
        print(f"{title:<18} {100 * np.mean(shares):.1f} % (worst performer {100 * min(shares):.0f})")
