r"""Where a head must turn so that its light meets a point of the room.

    from above               hung (from its right)    standing (from its right)    wall (from its side)

        +y  back                  __|__ base                 tilt +   tilt 0           ||        tilt +
         |                          o                             \   |                ||      /
    -x --+-- +x  right             /|\                             \  |                ||     /
         |                        / | \                             \ |                ||==o--------  tilt 0
        -y  audience       tilt +   |   tilt -                        o                ||     \
    facing 0deg looks here        tilt 0                            __|__ base         ||      \
    90deg to +x, 180deg to +y                                                          ||        tilt -

Tilt 0 is the beam along the axis of pan: straight down from a head that hangs, straight up from one that stands, straight out
of the wall. Tilt above 0 raises or lowers it towards where the fixture faces (on a wall: up). Pan above 0 turns the head
clockwise as seen from above where it hangs, and so the other way round where the same head stands, because then it is upside
down. A head that turns the other way gets `invert`, one whose pan and tilt are exchanged `swap`: a position in degrees means
what is drawn here whatever is inside.

Almost every point is reached in two ways, (pan, tilt) and (pan + 180, -tilt), and again with whole turns of pan. Of those that
the range and the limits allow the one is taken that turns least from where the head comes: the shorter the longer of the two
turns, for both take the same time; between equals the smaller sum, then the pan nearer to the middle. Straight along its axis
pan does not matter and stays. Places are in metres, angles in degrees rounded to 0.001, so that every machine finds the same.

A head is taken for one point, its place: what is between its yoke and its lens (0.2 m, half a degree at 20 m) is left out,
and mirrors of scanners are not solved.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from showctl.plan import Place

Vector: TypeAlias = tuple[float, float, float]

INSIDE = 0.2  # m: nearer than this a point is inside the fixture
ALONG = 1e-6  # of the distance: nearer to its axis than this, pan does not matter
SLACK = 0.0005  # deg by which a limit may be passed, so that an angle at its very edge counts


@dataclass(frozen=True, slots=True)
class Reach:
    """What a head can do and may: its angles (deg) within range and limits, and those where it comes from."""

    pan: tuple[float, float]
    tilt: tuple[float, float]
    coming: tuple[float, float]  # pan, tilt


def axes(place: Place) -> tuple[Vector, Vector, Vector]:
    """Unit vectors of a fixture: its beam at tilt 0, where tilt + leads to at pan 0, and where at pan 90."""
    turn = math.radians(place.facing)
    faces = (math.sin(turn), -math.cos(turn), 0.0)
    along, towards = {
        "hung": ((0.0, 0.0, -1.0), faces),
        "standing": ((0.0, 0.0, 1.0), faces),
        "wall": (faces, (0.0, 0.0, 1.0)),
    }[place.mount]
    (ax, ay, az), (bx, by, bz) = along, towards
    return along, towards, (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)


def aim(place: Place, pan: float, tilt: float) -> Vector:
    """The unit vector that a head's beam follows at these angles (deg)."""
    along, towards, aside = axes(place)
    p, t = math.radians(pan), math.radians(tilt)
    shares = (math.cos(t), math.sin(t) * math.cos(p), math.sin(t) * math.sin(p))
    x, y, z = (sum(share * axis[i] for share, axis in zip(shares, (along, towards, aside), strict=True)) for i in range(3))
    return x, y, z


def distance(place: Place, point: Vector) -> float:
    """From the place of a fixture to a point, metres."""
    return math.dist((place.x, place.y, place.z), point)


def solve(place: Place, point: Vector, reach: Reach) -> tuple[float, float] | None:
    """Pan and tilt (deg) that meet the point, by the turn that is shortest; None where range or limits forbid every one.

    The point must not be that of the fixture itself: see `distance` and INSIDE.
    """

    def turned(angles: tuple[float, float]) -> tuple[float, ...]:
        pan, tilt = (round(abs(a - b), 3) for a, b in zip(angles, reach.coming, strict=True))
        return max(pan, tilt), pan + tilt, abs(angles[0]), angles[0]

    return min(_ways(place, point, reach), key=turned, default=None)


def _ways(place: Place, point: Vector, reach: Reach) -> Iterator[tuple[float, float]]:
    """Every pair of angles within reach that meets the point."""
    pan, tilt = _angles(place, point)
    if pan is None:
        stays = min(max(reach.coming[0], reach.pan[0]), reach.pan[1])
        pairs = [(stays, tilt), (stays, -tilt)]
    else:
        pairs = [*_turns(pan, tilt, reach), *_turns(pan + 180, -tilt, reach)]
    (first, last), (low, high) = reach.pan, reach.tilt
    for p, t in pairs:
        if first - SLACK <= p <= last + SLACK and low - SLACK <= t <= high + SLACK:
            yield min(max(round(p, 3), first), last), min(max(round(t, 3), low), high)


@lru_cache(maxsize=8192)  # heads times points of a large room: a show asks for the same ones in every cue
def _angles(place: Place, point: Vector) -> tuple[float | None, float]:
    """Pan -180..180, None where it does not matter, and tilt 0..180 (deg) that meet the point."""
    ray = (point[0] - place.x, point[1] - place.y, point[2] - place.z)
    along, towards, aside = (sum(r * a for r, a in zip(ray, axis, strict=True)) for axis in axes(place))
    off = math.hypot(towards, aside)
    tilt = math.degrees(math.atan2(off, along))
    return (None if off <= ALONG * distance(place, point) else math.degrees(math.atan2(aside, towards))), tilt


def _turns(pan: float, tilt: float, reach: Reach) -> list[tuple[float, float]]:
    """The same look by every whole turn of pan that its range holds."""
    first = math.ceil((reach.pan[0] - SLACK - pan) / 360)
    last = math.floor((reach.pan[1] + SLACK - pan) / 360)
    return [(pan + 360 * turns, tilt) for turns in range(first, last + 1)]
