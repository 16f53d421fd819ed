"""Motion for the tests of the recogniser: gestures of a made-up arm, rest, and the shipped motion of other people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Motion = NDArray[np.float64]
STROKES = {
    "swipe": [(0.0, 0.0, 300.0)],
    "vee": [(0.0, 250.0, 120.0), (0.0, -250.0, 120.0)],
    "twist": [(350.0, 0.0, 0.0), (-350.0, 0.0, 0.0)],
}


def gesture(name: str, draw: np.random.Generator, gravity: bool = True, mess: float = 0.08) -> Motion:
    """One repetition of it, half a second of rest about it: each stroke a smooth turn that pushes as it goes."""
    parts = []
    for stroke in STROKES[name]:
        length = int(22 * np.exp(draw.normal(0, mess)))
        bump = np.sin(np.linspace(0, np.pi, length))[:, None] ** 2
        turn = np.array(stroke) * np.exp(draw.normal(0, mess)) + draw.normal(0, 150 * mess, 3)
        push = np.gradient(bump[:, 0])[:, None] * np.roll(turn, 1) / 40
        parts.append(np.hstack([push, bump * turn]))
    out = np.vstack([np.zeros((25, 6)), *parts, np.zeros((25, 6))])
    out += draw.normal(0, 1, out.shape) * ([0.01] * 3 + [1.5] * 3)
    if gravity:
        out[:, :3] += np.array([0.1, 0.3, 0.95])
    return out


def rest(count: int, draw: np.random.Generator, gravity: bool = True) -> Motion:
    """Held still."""
    return np.array([0.1, 0.3, 0.95, 0, 0, 0]) * gravity + draw.normal(0, 1, (count, 6)) * ([0.01] * 3 + [1.5] * 3)


def show(
    order: list[str], null: list[Motion], draw: np.random.Generator, gravity: bool = True
) -> tuple[Motion, list[tuple[float, float, str]]]:
    """A stream: other motion, a gesture between rests, and so on; first and last second of each gesture."""
    parts, events, at = [], [], 0
    for name in order:
        source = null[int(draw.integers(len(null)))]
        begin = int(draw.integers(0, len(source) - 200))
        for part in (source[begin : begin + 200], rest(20, draw, gravity)):
            parts.append(part)
            at += len(part)
        done = gesture(name, draw, gravity)
        events.append(((at + 25) / 50, (at + len(done) - 25) / 50, name))
        parts += [done, rest(20, draw, gravity)]
        at += len(done) + 20
    return np.vstack(parts), events
