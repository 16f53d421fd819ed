"""How a device is held and how much it moves, in numbers that a fader or a posture can be made of.

    tilt      how far the device's far end points up, -90..90 degrees
    roll      how far it is turned to the right about its long axis, -180..180 degrees
    height    of an arm that the device lies along, from straight down (-1) to straight up (1)
    energy    of motion: acceleration without gravity (g) and turning (in full turns a second), over a quarter of a second
    yaw_rate  turning about the vertical, deg/s, to the left above 0. Never the angle: it drifts, and near iron it jumps

Where up is, is what the device's own quaternion says, else reckoned from both sensors: the gyroscope carries it along, the
accelerometer draws it back whenever it reads about 1 g (a complementary filter).
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

from showctl import rotation
from showctl.model import MotionSample, Vector

Motion: TypeAlias = Literal["tilt", "roll", "height", "energy", "yaw_rate"]

UPRIGHT_S, ABOUT_1G = 1.0, 0.15  # how fast the accelerometer corrects where up is, and how near to 1 g it must read
SWAY_S = 0.25  # the same of a device without a gyroscope: it knows nothing better
ENERGY_S = 0.25
FORGET_S = 1.0  # without a sample: where up was is of no use any more
SIDEWAYS = 0.2  # less of `up` than this across the long axis: there is no roll
FULL_TURN = 360.0


class Posture:
    """Of one device. Feed it every sample that is not lost."""

    def __init__(self) -> None:
        self.up: Vector = (0.0, 0.0, 1.0)  # in the device's axes
        self.energy = 0.0
        self.rate: Vector = (0.0, 0.0, 0.0)
        self._time: float | None = None

    def feed(self, sample: MotionSample) -> None:
        """A sample."""
        passed = 0.0 if self._time is None else max(0.0, sample.time - self._time)
        first, self._time = self._time is None or passed > FORGET_S, sample.time
        turning = not math.isnan(sample.rate[0])
        self.rate = sample.rate if turning else (0.0, 0.0, 0.0)
        if sample.quaternion is not None:
            self.up = rotation.up(sample.quaternion)
        else:
            self._tilt(sample, passed, first, turning)
        moves = math.dist(sample.acceleration, self.up) + math.hypot(*self.rate) / FULL_TURN
        self.energy += (moves - self.energy) * (1.0 if first else min(1.0, passed / ENERGY_S))

    def _tilt(self, sample: MotionSample, passed: float, first: bool, turning: bool) -> None:
        length = math.hypot(*sample.acceleration)
        if first:
            if length > 0:
                self.up = _unit(sample.acceleration)
            return
        if turning:  # what stands still in the world turns the other way in the device
            wx, wy, wz = (math.radians(one) * passed for one in self.rate)
            x, y, z = self.up
            self.up = _unit((x + wz * y - wy * z, y + wx * z - wz * x, z + wy * x - wx * y))
        if not turning or abs(length - 1) < ABOUT_1G:
            share = min(1.0, passed / (UPRIGHT_S if turning else SWAY_S))
            x, y, z = ((1 - share) * a + share * b for a, b in zip(self.up, sample.acceleration, strict=True))
            self.up = _unit((x, y, z))

    def value(self, kind: Motion, before: float | None = None) -> float | None:
        """In the unit of the kind; None where it has none now (a roll of a device that stands upright). A roll goes on from
        what it was before, beyond half a turn."""
        x, y, z = self.up
        if kind == "tilt":
            return math.degrees(math.asin(max(-1.0, min(1.0, y))))
        if kind == "roll":
            if math.hypot(x, z) < SIDEWAYS:
                return None
            roll = math.degrees(math.atan2(-x, z))
            return roll if before is None else roll + FULL_TURN * round((before - roll) / FULL_TURN)
        if kind == "height":
            return y
        if kind == "energy":
            return self.energy
        # the part of the rate that is about the vertical
        return sum(a * b for a, b in zip(self.up, self.rate, strict=True))


def _unit(v: Vector) -> Vector:
    length = math.hypot(*v)
    return (v[0] / length, v[1] / length, v[2] / length) if length > 0 else (0.0, 0.0, 1.0)
