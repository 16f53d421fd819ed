"""Every device that moves, heard through the reader of OSC, its profile and the stream, makes the same motion of one turn."""

from __future__ import annotations

import math

import numpy as np
import pytest

from showctl.analysis.gesture.stream import MotionStream
from showctl.model import MotionSample
from showctl.wire.osc import decode
from showctl.wire.wearable.intake import Wearables
from showctl.wire.wearable.profiles import PROFILES
from tests.wire.wearable.dialects import DIALECTS, REST, TURN, Turn

SOURCE = "10.0.0.7:50000"


def heard(dialect: str, axis: int) -> list[MotionSample]:
    hertz, packets = DIALECTS[dialect]
    wearables, streams = Wearables(), {}
    samples: list[MotionSample] = []
    for n in range(int((2 * REST + TURN) * hertz)):
        time = n / hertz
        for k, packet in enumerate(packets(time, Turn(axis, time))):
            arrival = 100 + time + 0.004 + 0.0001 * k
            for message in decode(packet):
                for reading in wearables.take(message, SOURCE, arrival):
                    stream = streams.setdefault(reading.device, MotionStream(reading.device))
                    samples += stream.feed(reading)
    assert not wearables.counts
    assert len(streams) == 1
    assert next(iter(streams)).startswith(PROFILES[dialect.split()[0]].name)
    return samples


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_turn_about_each_axis(dialect: str, axis: int) -> None:
    samples = heard(dialect, axis)
    assert len(samples) > 120
    assert any(sample.quaternion for sample in samples) == (
        "quaternion" in PROFILES[dialect.split()[0]].channels and dialect != "gyrosc"
    )
    assert not any(sample.lost for sample in samples)
    assert np.allclose(np.diff([sample.time for sample in samples]), 0.02)
    turned = np.zeros(3)
    for sample in samples:
        time = sample.time - 100.004
        truth = Turn(axis, time)
        assert sample.acceleration == pytest.approx(truth.force, abs=0.05)
        if dialect == "touchosc":
            assert all(math.isnan(one) for one in sample.rate)
            continue
        turned += np.array(sample.rate) * 0.02
        if min(abs(time - REST), abs(time - REST - TURN)) > 0.06:  # at its ends the turn is a step
            assert sample.rate == pytest.approx(truth.rate, abs=3)
        if sample.quaternion is not None:
            xyzw = np.array([*sample.quaternion[1:], sample.quaternion[0]])
            assert abs(float(xyzw @ truth.xyzw)) > math.cos(math.radians(1))  # half the angle between them
    if dialect != "touchosc":
        assert turned == pytest.approx(np.eye(3)[axis] * 90, abs=2)


def test_every_device_that_moves_is_here() -> None:
    moving = {name for name, profile in PROFILES.items() if profile.rate}
    assert moving == {dialect.split()[0] for dialect in DIALECTS}
