"""Rotations as unit quaternions (w, x, y, z), after Hamilton. That of a MotionSample turns the device's axes into the world's."""

from __future__ import annotations

import math
from collections.abc import Sequence

from showctl.model import Quaternion, Vector

NONE: Quaternion = (1.0, 0.0, 0.0, 0.0)
STRAIGHT = 0.9995  # two quaternions nearer than this (1.8 degrees apart): a straight line between them will do


def times(a: Quaternion, b: Quaternion) -> Quaternion:
    """First b, then a."""
    aw, ax, ay, az = a
    bw, bx, by, bz = b
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def conjugate(q: Quaternion) -> Quaternion:
    """The other way round."""
    return (q[0], -q[1], -q[2], -q[3])


def turned(q: Quaternion, v: Vector) -> Vector:
    """A vector of the device in the world's axes; with `conjugate(q)` one of the world in the device's."""
    _, x, y, z = times(times(q, (0.0, *v)), conjugate(q))
    return (x, y, z)


def up(q: Quaternion) -> Vector:
    """Where up is, in the device's axes."""
    return turned(conjugate(q), (0.0, 0.0, 1.0))


def between(a: Quaternion, b: Quaternion, share: float) -> Quaternion:
    """The way from a (0) to b (1), the shorter one, at a constant rate (Shoemake 1985)."""
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    if dot < 0:
        b, dot = (-b[0], -b[1], -b[2], -b[3]), -dot
    if dot > STRAIGHT:
        weights = (1 - share, share)
    else:
        angle = math.acos(dot)
        weights = (math.sin((1 - share) * angle) / math.sin(angle), math.sin(share * angle) / math.sin(angle))
    w, x, y, z = (weights[0] * m + weights[1] * n for m, n in zip(a, b, strict=True))
    length = math.sqrt(w * w + x * x + y * y + z * z)
    return (w / length, x / length, y / length, z / length)


def rate(a: Quaternion, b: Quaternion, seconds: float) -> Vector:
    """How fast a device turned that was at a and is at b, deg/s about its own axes."""
    w, x, y, z = times(conjugate(a), b)
    if w < 0:
        w, x, y, z = -w, -x, -y, -z
    sine = math.sqrt(x * x + y * y + z * z)
    factor = 2.0 if sine < 1e-9 else 2 * math.atan2(sine, w) / sine
    factor = math.degrees(factor) / seconds
    return (factor * x, factor * y, factor * z)


def of_axes(axes: Sequence[tuple[int, float]]) -> Quaternion:
    """The rotation whose row n takes axis `axes[n][0]` with sign `axes[n][1]`: one of the 24 that map axes onto axes."""
    rows = [[sign if column == axis else 0.0 for column in range(3)] for axis, sign in axes]
    # of the four ways to a quaternion that which divides by the largest of its parts (Shepperd 1978)
    squares = (
        1 + rows[0][0] + rows[1][1] + rows[2][2],
        1 + rows[0][0] - rows[1][1] - rows[2][2],
        1 - rows[0][0] + rows[1][1] - rows[2][2],
        1 - rows[0][0] - rows[1][1] + rows[2][2],
    )
    largest = max(range(4), key=lambda n: squares[n])
    part = math.sqrt(squares[largest]) / 2
    if largest == 0:
        x, y, z = rows[2][1] - rows[1][2], rows[0][2] - rows[2][0], rows[1][0] - rows[0][1]
        return (part, x / (4 * part), y / (4 * part), z / (4 * part))
    i, j, k = largest - 1, largest % 3, (largest + 1) % 3
    vector = [0.0, 0.0, 0.0]
    vector[i] = part
    vector[j] = (rows[i][j] + rows[j][i]) / (4 * part)
    vector[k] = (rows[i][k] + rows[k][i]) / (4 * part)
    return ((rows[k][j] - rows[j][k]) / (4 * part), vector[0], vector[1], vector[2])
