"""Packets as each device sends them, built by python-osc from the makers' documents and from nothing of ours."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

G = 9.80665
REST, TURN, RATE = 1.0, 1.0, 90.0  # s still, s of turning, deg/s
CLOCK = 1_700_000_000.0  # s, what the device's own clock says at 0


class Turn:
    """A device that lies flat, turns by 90 degrees about one of its axes and lies still again, pushed aside meanwhile."""

    def __init__(self, axis: int, time: float) -> None:
        moved = min(max(time - REST, 0.0), TURN)
        angle = math.radians(RATE * moved)
        unit = np.eye(3)[axis]
        self.turning = 0 < time - REST < TURN
        self.rate = unit * (RATE if self.turning else 0.0)  # deg/s, in the device's axes
        self.xyzw = np.concatenate([unit * math.sin(angle / 2), [math.cos(angle / 2)]])  # device to world
        skew = np.array([[0, -unit[2], unit[1]], [unit[2], 0, -unit[0]], [-unit[1], unit[0], 0]])
        world = np.eye(3) + math.sin(angle) * skew + (1 - math.cos(angle)) * skew @ skew  # Rodrigues: device to world
        self.up = world.T @ [0, 0, 1.0]  # g
        self.pushed = world.T @ [0.3 * math.sin(math.pi * moved), 0, 0]  # g
        self.force = self.up + self.pushed


def message(address: str, *values: float | str) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value if isinstance(value, str) else float(value), "s" if isinstance(value, str) else "f")
    return builder.build().dgram


def bundle(time: float, *messages: bytes) -> bytes:
    builder = OscBundleBuilder(CLOCK + time)
    for one in messages:
        builder.add_content(OscMessage(one))
    return builder.build().dgram


def ngimu(t: float, m: Turn) -> list[bytes]:
    x, y, z, w = m.xyzw
    return [
        bundle(t, message("/sensors", *m.rate, *m.force, 20, 0, 40, 1013)),
        bundle(t, message("/quaternion", w, -x, -y, -z)),  # the earth in the device's axes, as its example for Unity undoes it
    ]


def x_osc(t: float, m: Turn) -> list[bytes]:
    return [bundle(t, message("/imu", *m.rate, *m.force, 0.2, 0, 0.4))]


def gyrosc(t: float, m: Turn) -> list[bytes]:
    return [
        message("/gyrosc/rrate", *np.radians(m.rate)),
        message("/gyrosc/accel", *-m.pushed),
        message("/gyrosc/grav", *-m.up),
    ]


def gyrosc_quaternion(t: float, m: Turn) -> list[bytes]:
    """Rotation Rate is off: it has to be reckoned."""
    return [message("/gyrosc/quat", m.xyzw[3], *m.xyzw[:3]), message("/gyrosc/accel", *-m.pushed)]


def zigsim(t: float, m: Turn) -> list[bytes]:
    who = "/AB12-34"
    return [
        message(f"{who}/accel", *-m.pushed),
        message(f"{who}/gravity", *-m.up),
        message(f"{who}/gyro", *np.radians(m.rate)),
        message(f"{who}/quaternion", *m.xyzw),
        message(f"{who}/touch01", 0.2),
        message(f"{who}/touch02", -0.4),
    ]


def sensors2osc(t: float, m: Turn) -> list[bytes]:
    return [
        message("/accelerometer", *m.force * G),
        message("/gyroscope", *np.radians(m.rate)),
        message("/gamerotationvector", *m.xyzw[:3]),
    ]


def sensors2osc_fused(t: float, m: Turn) -> list[bytes]:
    """The raw sensors are off, the phone's own fusion is on."""
    return [
        message("/linearacceleration", *m.pushed * G),
        message("/gravity", *m.up * G),
        message("/rotationvector", *m.xyzw, 0.1),
    ]


def oschook(t: float, m: Turn) -> list[bytes]:
    raw = [message(f"/accelerometer/raw/{axis}", value * G) for axis, value in zip("xyz", m.force)]
    return raw + [message(f"/rotation_vector/r{n}", value) for n, value in enumerate(m.xyzw, 1)]


def m5stick(t: float, m: Turn) -> list[bytes]:
    return [message("/m5/3/imu", *m.force, *m.rate)]


def touchosc(t: float, m: Turn) -> list[bytes]:
    return [message("/accxyz", *-m.force)]


def genki_wave(t: float, m: Turn) -> list[bytes]:
    return [message("/wave/left/motion", *m.rate, *m.force, m.xyzw[3], *m.xyzw[:3])]


def plain(t: float, m: Turn) -> list[bytes]:
    return [bundle(t, message("/motion/hat/imu", *m.force, *m.rate, m.xyzw[3], *m.xyzw[:3]))]


DIALECTS: dict[str, tuple[float, Callable[[float, Turn], list[bytes]]]] = {  # readings a second, packets
    "ngimu": (50, ngimu),
    "x-osc": (100, x_osc),
    "gyrosc": (60, gyrosc),
    "gyrosc quaternion": (60, gyrosc_quaternion),
    "zigsim": (60, zigsim),
    "sensors2osc": (50, sensors2osc),
    "sensors2osc fused": (50, sensors2osc_fused),
    "oschook": (50, oschook),
    "m5stick": (200, m5stick),
    "touchosc": (50, touchosc),
    "genki-wave": (100, genki_wave),
    "plain": (100, plain),
}
