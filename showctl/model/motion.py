"""How a performer moves, as every stage after the devices sees it, and what a recogniser makes of it.

Axes are those of the device as it is worn or held flat: right-handed, x to the right, y away, z up. Acceleration is specific
force: at rest it reads +1 g on the axis that points up. Rates turn by the right hand. The quaternion turns the device's axes
into the world's, whose z points up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Vector: TypeAlias = tuple[float, float, float]
Quaternion: TypeAlias = tuple[float, float, float, float]  # w, x, y, z, of length 1

MOTION_HZ = 50  # samples a second of a MotionSample stream


@dataclass(frozen=True, slots=True)
class Reading:
    """What one message of a device says of one of its channels, in canonical units and axes. Channels:

    motion     acceleration, linear (without gravity), gravity (+1 g upwards, as acceleration has it): g; rate: deg/s; quaternion
    fingers    button: 1 or 0; press: happened; touch: a finger is on the screen now, and comes again as long as it is
    meaning    event: recognised elsewhere; value, values: numbers, as they came; landmarks: 21 of a hand, 0..1
    health     battery: %; voltage: V; signal: dBm
    """

    device: str
    channel: str
    values: tuple[float, ...]
    arrival: float  # s, show time
    time: float | None = None  # s on the device's own clock, whatever it counts from
    name: str = ""  # which button, value or event
    late: float = 0.0  # s, how old it was when it arrived, as far as the device's clock tells


@dataclass(frozen=True, slots=True)
class MotionSample:
    """The motion of one device at one moment. What is `lost` is the last that was known, and nothing may be made of it."""

    time: float  # s
    device: str
    acceleration: Vector  # g
    rate: Vector  # deg/s; NaN of a device without a gyroscope
    quaternion: Quaternion | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A movement that may have been a gesture: what a recogniser says of it, and why it was taken or turned down."""

    time: float  # s, when it was decided
    device: str
    gesture: str
    score: float
    accepted: bool
    reason: str
    series: bool = False  # turned down for nothing but that the same was there just before: it may be its second time
    middle: float | None = None  # s, half-way between its beginning and its end, which lie before the decision; None: not known
