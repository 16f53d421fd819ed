"""Arrival of a zone: when, which way round, how loud, and what is said of zones that do not agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from showctl.analysis.room.arrival import Arrival, arrival, onset, told
from tests.analysis.room.responses import Sound, diffuse, with_noise

RATE = 48_000


def zone(delay: float, turned: bool = False, gain: float = 1.0, seed: int = 1) -> Sound:
    """A loudspeaker, 70 Hz to 15 kHz, in a room, in noise 50 dB down, before and after."""
    draw = np.random.default_rng(seed)
    box = signal.butter(2, [70, 15_000], "bandpass", fs=RATE, output="sos")
    room = signal.sosfilt(box, np.concatenate([np.zeros(round(delay * RATE)), diffuse(RATE, [(0, 0.8)], 0.8, draw, direct=6)]))
    return with_noise((-1 if turned else 1) * gain * room, RATE, 50, draw, 0.3)


@given(delay=st.floats(0, 0.4), seed=st.integers(0, 100), turned=st.booleans(), gain=st.floats(1e-4, 100))
@settings(max_examples=20)
def test_time_and_polarity_are_found_at_any_level(delay: float, seed: int, turned: bool, gain: float) -> None:
    came = arrival(zone(delay, turned, gain, seed), RATE)
    assert came is not None
    assert came.time == pytest.approx(delay, abs=2e-4)
    assert came.polarity == (-1 if turned else 1)


def test_levels_differ_as_the_gains_do_and_equal_octaves_count_alike() -> None:
    one, other = arrival(zone(0.01), RATE), arrival(zone(0.01, gain=0.1), RATE)
    assert one is not None
    assert other is not None
    assert one.level - other.level == pytest.approx(20.0)
    assert one.direct - other.direct == pytest.approx(20.0)
    click = arrival(np.concatenate([np.zeros(100), [0.5], np.zeros(9899)]), RATE)
    assert click is not None
    assert click.level == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(4800), np.random.default_rng(3).normal(size=RATE), np.ones(4800)])
def test_noise_and_nothing_do_not_arrive(sound: Sound) -> None:
    assert onset(sound) is None
    assert arrival(sound, RATE) is None


def test_what_rings_evenly_both_ways_has_no_polarity() -> None:
    times = np.arange(480) / RATE
    burst = np.sin(2 * np.pi * 1500 * times) * np.hanning(480)
    came = arrival(np.concatenate([np.zeros(2400), burst, np.zeros(4800)]), RATE)
    assert came is not None
    assert came.polarity is None


def test_zones_that_agree_are_not_spoken_of() -> None:
    assert told({"left": Arrival(0.02, 1, -10, -3), "right": Arrival(0.025, None, -12, -3)}) == []
    assert told({}) == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (None, "delay is not heard"),
        (Arrival(0.02, -1, -10, -3), "delay is turned round"),
        (Arrival(0.2, 1, -10, -3), "delay comes 180 ms after"),
        (Arrival(0.02, 1, -30, -3), "delay is 20 dB quieter"),
    ],
)
def test_a_zone_that_does_not_agree_is_named(other: Arrival | None, said: str) -> None:
    (line,) = told({"main": Arrival(0.02, 1, -10, -3), "delay": other})
    assert line.startswith(said)


def test_where_every_zone_is_turned_round_it_is_the_microphone() -> None:
    (line,) = told({"left": Arrival(0.02, -1, -10, -3), "right": Arrival(0.02, -1, -10, -3)})
    assert "microphone's cable" in line
