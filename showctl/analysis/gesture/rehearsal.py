"""Few examples made many: what a performer might have done, put into other motion as it may be in a show.

Each example is bent in time (slower and faster, as a whole and in parts), made larger and smaller, and the device turned on the
arm by some degrees; then spliced into other people's motion, half of them between short rests and half of them straight out of
and into it. The recogniser is then trained on what it would see of that: whole gestures, halves of them, and what they pass into.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Motion = NDArray[np.float64]  # (n, 6) g and deg/s at MOTION_HZ
TEMPO, BEND, SIZE = 0.18, 0.08, 0.2  # deviations: of logarithms, of a share of the duration
TURN = 10.0  # degrees
RESTS = 0.5  # of them between rests
REST, OTHER = (12, 30), (60, 110)  # samples
BLEND = 6  # samples
HOLES, HOLE_EVERY = (8, 26), (40, 120)  # samples
NOISE, TREMOR = 0.01, 1.5  # g, deg/s of a rest


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A stream (n, 6), and (k, 4) of each gesture in it: first sample, the one after its last, whose, which example. `shown` (k,)
    says which are examples as they were shown, not bent; `after` (k,) the number of the recording that comes before each."""

    stream: Motion
    events: NDArray[np.int64]
    shown: NDArray[np.bool_]
    after: NDArray[np.int64]

    def again(self, times: int) -> Rehearsal:
        """The whole of it, so many times in a row."""
        events = np.vstack([self.events + np.array([1, 1, 0, 0]) * (n * len(self.stream)) for n in range(times)])
        return Rehearsal(np.tile(self.stream, (times, 1)), events, np.tile(self.shown, times), np.tile(self.after, times))


def bent(example: Motion, gravity: bool, draw: np.random.Generator) -> Motion:
    """One more repetition of it."""
    length = max(10, round(len(example) * float(np.exp(draw.normal(0, TEMPO)))))
    u = np.linspace(0, 1, length)
    way = u + sum(draw.normal(0, BEND / n) * np.sin(np.pi * n * u) for n in (1, 2, 3))
    at = np.maximum.accumulate(np.clip(way, 0, 1)) * (len(example) - 1)
    tempo = np.gradient(at)[:, None]
    out = np.stack([np.interp(at, np.arange(len(example)), axis) for axis in example.T], 1)
    size = float(np.exp(draw.normal(0, SIZE)))
    out[:, 3:] *= tempo * size
    pose = out[:, :3].mean(0) if gravity else np.zeros(3)
    out[:, :3] = pose + (out[:, :3] - pose) * size * np.clip(tempo, 0.5, 2)
    turn = turned(draw)
    return np.hstack([out[:, :3] @ turn, out[:, 3:] @ turn])


def turned(draw: np.random.Generator) -> NDArray[np.float64]:
    """(3, 3) a rotation by some degrees about any axis (Rodrigues)."""
    x, y, z = axis = draw.normal(0, np.radians(TURN), 3)
    angle = float(np.linalg.norm(axis)) + 1e-9
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]) / angle
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def rest(sample: Motion, draw: np.random.Generator) -> Motion:
    """Held still as it is at that sample."""
    count = int(draw.integers(*REST))
    return np.hstack([sample[:3] + draw.normal(0, NOISE, (count, 3)), draw.normal(0, TREMOR, (count, 3))])


def rehearsed(
    examples: list[Motion], gestures: list[int], null: list[Motion], times: int, gravity: bool, draw: np.random.Generator
) -> Rehearsal:
    """Each example as it is and `times` bent, in any order, each after a piece of other motion."""
    long_enough = [number for number, motion in enumerate(null) if len(motion) > OTHER[1]]
    parts: list[Motion] = []
    marks: list[tuple[int, int, int]] = []
    shown: list[bool] = []
    after: list[int] = []
    for number in draw.permutation(len(examples) * (times + 1)):
        which = int(number) % len(examples)
        done = examples[which] if number < len(examples) else bent(examples[which], gravity, draw)
        after.append(long_enough[int(draw.integers(len(long_enough)))])
        source = null[after[-1]]
        length = int(draw.integers(*OTHER))
        begin = int(draw.integers(0, len(source) - length))
        parts.append(source[begin : begin + length])
        resting = draw.random() < RESTS
        if resting:
            parts.append(rest(done[0], draw))
        marks.append((len(parts), gestures[which], which))
        shown.append(bool(number < len(examples)))
        parts.append(done)
        if resting:
            parts.append(rest(done[-1], draw))
    stream, begins = joined(parts)
    events = [(begins[part], begins[part] + len(parts[part]), gesture, which) for part, gesture, which in marks]
    return Rehearsal(stream, np.array(events), np.array(shown), np.array(after))


def torn(motion: Motion, draw: np.random.Generator) -> tuple[Motion, NDArray[np.bool_]]:
    """With a hole every second or two, bridged by straight lines; which samples are lost."""
    lost, at = np.zeros(len(motion), np.bool_), int(draw.integers(*HOLE_EVERY))
    while at < len(motion) - HOLES[1]:
        size = int(draw.integers(*HOLES))
        lost[at : at + size] = True
        at += size + int(draw.integers(*HOLE_EVERY))
    known, out = np.flatnonzero(~lost), motion.copy()
    out[lost] = np.stack([np.interp(np.flatnonzero(lost), known, axis[known]) for axis in motion.T], 1)
    return out, lost


def joined(parts: list[Motion]) -> tuple[Motion, list[int]]:
    """End to end, each joint blended; also where each part begins."""
    ramp = np.linspace(0, 1, BLEND)[:, None]
    pieces, begins, tail, at = [], [], parts[0][:0], 0
    for part in parts:
        begins.append(at)
        head = part[:BLEND] if not len(tail) else tail * (1 - ramp) + part[:BLEND] * ramp
        pieces += [head, part[BLEND:-BLEND]]
        at += len(part) - BLEND
        tail = part[-BLEND:]
    return np.concatenate([*pieces, tail]), begins
