"""Where in a recording the gesture is, and where a movement ends: by how fast the device turns.

Three levels, each as a share of the fastest turn of a gesture and never below what a resting hand does: it MOVES above a fifth; a
movement goes on through a slow corner of less than 0.4 s (the strokes of a V); it is STILL below a resting hand's 28 deg/s. A
short one, a flick of the wrist, is taken with up to 0.1 s of what is before and behind it: its strokes alone tell it from little.
Only recordings are cut up so, at enrolment: in a stream the performer's examples are looked for everywhere (warping.py), because
gestures begin without a pause when somebody dances.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Motion = NDArray[np.float64]  # (n, 6) g and deg/s at MOTION_HZ
MOVES, STILL = 0.2, 28.0  # of the fastest turn; deg/s
CORNER, MARGIN = 20, 2  # samples
SHORT, ROOM = 40, 5  # samples up to which a movement gets room before and behind it, and how much at most
SLOWEST = 40.0  # deg/s: without a turn as fast there is no gesture
SHORTEST = 10  # samples


def turning(motion: Motion) -> NDArray[np.float64]:
    """(n,) deg/s."""
    return np.asarray(np.linalg.norm(motion[:, 3:], axis=1))


def moving_part(motion: Motion) -> slice:
    """The movement that turns the most, with a margin. ValueError, in words for people, where there is none."""
    speed = turning(motion)
    moving = np.flatnonzero(speed > max(STILL, MOVES * speed.max(initial=0.0)))
    if speed.max(initial=0.0) < SLOWEST or len(moving) == 0:
        raise ValueError(f"no movement in it: it never turns faster than {SLOWEST:g} deg/s")
    strokes = np.split(moving, np.flatnonzero(np.diff(moving) > CORNER) + 1)
    main = max(strokes, key=lambda stroke: float((speed[stroke] ** 2).sum()))
    begin, end = max(0, int(main[0]) - MARGIN), min(len(motion), int(main[-1]) + 1 + MARGIN)
    if end - begin < SHORTEST:
        raise ValueError(f"its movement takes only {(end - begin) / 50:.2f} s: {SHORTEST / 50:g} s is the shortest")
    room = min(ROOM, max(0, (SHORT - (end - begin)) // 2))
    return slice(max(0, begin - room), min(len(motion), end + room))
