"""The stream of motion behind Wi-Fi as it is: laws that hold in any network, and what becomes of each kind of trouble."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.gesture.stream import MOST_LOST, PATIENCE_S, MotionStream
from showctl.model import MotionSample, Reading, State
from tests.analysis.gesture.wifi import DELAY, START, Wifi, motion, sent


def run(readings: list[Reading], stream: MotionStream | None = None) -> tuple[MotionStream, list[MotionSample]]:
    stream = stream or MotionStream("left")
    return stream, [sample for reading in readings for sample in stream.feed(reading)]


def error(sample: MotionSample, late: float = 0.0) -> float:
    """How far a sample is from the truth, in g; of acceleration alone, as it moves by up to 4.4 g/s."""
    return math.dist(sample.acceleration, motion(sample.time - DELAY - late)[0])


SECONDS = st.floats(1.0, 5.0)
WIFI = st.builds(
    Wifi,
    seed=st.integers(0, 2**32),
    hertz=st.sampled_from([25.0, 50.0, 60.0, 100.0, 200.0]),
    timed=st.booleans(),
    loss=st.floats(0, 0.4),
    jitter=st.floats(0, 0.1),
    doubled=st.floats(0, 0.3),
    stalls=st.lists(SECONDS, max_size=2).map(tuple),
    holes=st.lists(SECONDS, max_size=2).map(tuple),
    sets=st.lists(st.tuples(SECONDS, st.floats(-20, 20)), max_size=2).map(tuple),
    together=st.booleans(),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(WIFI)
def test_whatever_the_network_does_times_rise_and_nothing_is_invented(net: Wifi) -> None:
    _, samples = run(sent(net))
    times = [sample.time for sample in samples]
    assert all(round(50 * b) > round(50 * a) for a, b in zip(times, times[1:]))
    assert all(abs(50 * time - round(50 * time)) < 1e-6 for time in times)
    for before, sample in zip(samples, samples[1:]):
        if sample.lost:
            assert (sample.acceleration, sample.rate) == (before.acceleration, before.rate)
    for sample in samples:
        # It moves by 4.4 g/s. A clock that is set may cost 0.2 s of that; without time tags whoever is held up for 0.25 s while
        # what follows is lost cannot be told from who is late.
        assert sample.lost or error(sample) < (0.9 if net.timed else 1.3)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.builds(Wifi, seed=st.integers(0, 2**32), loss=st.floats(0, 0.3), jitter=st.floats(0, 0.1), doubled=st.floats(0, 0.3)))
def test_a_device_that_says_when_it_measured_loses_no_shape(net: Wifi) -> None:
    """Late, overtaken and doubled packets leave what was measured where it was."""
    stream, samples = run(sent(net))
    settled = [sample for sample in samples if sample.time > START + 3]
    late = sorted(error(sample) for sample in settled if not sample.lost)
    assert late[-1] < 0.2
    assert stream.counts["set"] == 0
    assert sum(sample.lost for sample in samples) < 0.3 * len(samples)


def test_a_clean_network_is_the_truth() -> None:
    stream, samples = run(sent(Wifi(drift=0.0)))
    assert len(samples) > 280
    assert not any(sample.lost for sample in samples)
    assert max(error(sample) for sample in samples) < 1e-3
    assert max(abs(sample.rate[0] - motion(sample.time - DELAY)[1][0]) for sample in samples) < 2
    assert stream.age(samples[-1].time + 0.5) == pytest.approx(0.5)


def test_a_burst_after_a_quarter_of_a_second_costs_nothing() -> None:
    _, samples = run(sent(Wifi(stalls=(2.0, 4.0))))
    assert not any(sample.lost for sample in samples)
    assert max(error(sample) for sample in samples) < 0.01


@pytest.mark.parametrize("hertz", [50.0, 60.0, 100.0, 200.0])
def test_without_time_tags_a_burst_is_spread_out_again(hertz: float) -> None:
    _, samples = run(sent(Wifi(hertz=hertz, stalls=(2.0, 4.0), timed=False, jitter=0.002)))
    assert not any(sample.lost for sample in samples)
    assert max(error(sample) for sample in samples) < 0.12  # 4.4 g/s: 27 ms, at 50 Hz with the phase unknown


def test_a_loss_is_no_backlog() -> None:
    _, samples = run(sent(Wifi(holes=(2.0,), timed=False, jitter=0.002)))
    assert 18 <= sum(sample.lost for sample in samples) <= 22
    assert max(error(sample) for sample in samples if not sample.lost) < 0.05


def test_a_hole_is_told_sample_by_sample() -> None:
    _, samples = run(sent(Wifi(holes=(2.0,))))
    lost = [sample.time for sample in samples if sample.lost]
    assert lost == pytest.approx([START + 2.0 + 0.02 * n for n in range(len(lost))], abs=0.011)
    assert 19 <= len(lost) <= 21


@pytest.mark.parametrize("by", [-3600.0, -5.0, -0.7, 0.1, 0.7, 5.0, 1e6])
def test_a_clock_that_is_set_is_noticed_and_nothing_jumps(by: float) -> None:
    stream, samples = run(sent(Wifi(sets=((2.5, by),), drift=0.0)))
    assert stream.counts["set"] == 1
    assert not stream.health(samples[-1].time).detail.startswith("its time tags")
    good = [sample for sample in samples if not sample.lost]
    assert max(error(sample) for sample in good) < 0.02
    gap = max(b.time - a.time for a, b in zip(good, good[1:]))
    assert gap < 0.8


@pytest.mark.parametrize("by", [-0.45, -0.3, -0.15])
def test_a_clock_that_is_set_back_a_little_is_followed_within_two_seconds(by: float) -> None:
    stream, samples = run(sent(Wifi(sets=((2.5, by),), drift=0.0)))
    good = [sample for sample in samples if not sample.lost]
    assert max(error(sample) for sample in good if sample.time > START + 4.5 or sample.time < START + 2.4) < 0.02
    assert stream.age(START + 6) < 0.1
    assert len(good) > 200


@pytest.mark.parametrize("off", [-1e6, -3.0, 0.2, 0.45, 1e6])
def test_one_wrong_time_tag_is_one_reading_less(off: float) -> None:
    readings = sent(Wifi())
    odd = readings[400]
    assert odd.time is not None
    readings[400] = Reading(odd.device, odd.channel, (9.0, 9.0, 9.0), odd.arrival, odd.time + off)
    stream, samples = run(readings)
    assert stream.counts["late"] == 1
    assert not any(sample.lost for sample in samples)
    assert max(error(sample) for sample in samples) < 0.02


def test_a_clock_that_stands_is_not_followed() -> None:
    readings = [Reading(r.device, r.channel, r.values, r.arrival, 77.0) for r in sent(Wifi(seconds=8))]
    stream, samples = run(readings)
    good = [sample for sample in samples if sample.time > START + 5]
    assert len(good) > 100
    assert max(error(sample) for sample in good) < 0.1
    assert "time tags" in stream.health(START + 8).detail


def test_what_comes_seconds_late_is_dropped() -> None:
    """A gesture of three seconds ago must not be recognised now."""
    _, samples = run(sent(Wifi(stalls=(1.5,), stall=3.0)))
    good = [sample.time for sample in samples if not sample.lost]
    assert not [time for time in good if START + 1.6 < time < START + 3.9]
    assert max(good) > START + 5.9
    assert max(error(sample) for sample in samples if not sample.lost) < 0.02


def test_a_device_that_falls_silent_and_comes_back() -> None:
    readings = [one for one in sent(Wifi(seconds=20)) if not START + 2 <= one.arrival < START + 15]
    stream = MotionStream("left")
    before = [one for one in readings if one.arrival < START + 10]
    _, samples = run(before, stream)
    away = [sample for n in range(650) for sample in stream.advance(START + 2 + 0.02 * n)]
    assert len(away) == MOST_LOST
    assert all(sample.lost for sample in away)
    assert away[0].time < START + 2 + PATIENCE_S
    assert stream.age(START + 10) == pytest.approx(8, abs=0.1)
    assert "nothing came for 8 s" in stream.health(START + 10).detail
    _, after = run(readings[len(before) :], stream)
    assert len(after) < 250 + 2 * MOST_LOST
    assert not any(sample.lost for sample in after if sample.time > START + 15.1)
    times = [sample.time for sample in (*samples, *away, *after)]
    assert all(b > a for a, b in zip(times, times[1:]))


def test_a_sensor_that_falls_silent_is_a_loss_not_a_zero() -> None:
    readings = [one for one in sent(Wifi()) if one.channel == "acceleration" or one.arrival < START + 3]
    stream, samples = run(readings)
    assert all(sample.lost for sample in samples if sample.time > START + 3.1)
    assert stream.age(START + 6) > 2.9


def test_no_gyroscope_is_no_number() -> None:
    stream, samples = run([one for one in sent(Wifi()) if one.channel == "acceleration"])
    assert all(math.isnan(axis) for sample in samples for axis in sample.rate)
    assert "gestures do not" in stream.health(START + 6).detail


def test_gravity_alone_is_no_acceleration() -> None:
    readings = [Reading("left", "gravity", (0.0, 0.0, 1.0), START + n / 50) for n in range(100)]
    stream, samples = run(readings)
    assert samples == []
    assert "switch on acceleration" in stream.health(START + 2).detail
    assert stream.age(START + 2) == math.inf


def test_rare_readings_are_not_paid_for_by_the_second() -> None:
    """A device that says something once an hour makes no hour of samples."""
    stream = MotionStream("left")
    made = [sample for n in range(50) for sample in stream.feed(Reading("left", "acceleration", (0.0, 0.0, 1.0), 3600.0 * n))]
    assert len(made) <= 50 * (MOST_LOST + 1)
    made = [
        sample for n in range(100) for sample in stream.feed(Reading("left", "acceleration", (0.0, 0.0, 1.0), 200_000 + n / 50))
    ]
    assert 50 < len(made) < 100 + 3 * MOST_LOST
    for n in range(50):
        assert len(stream.feed(Reading("left", "acceleration", (0.0, 0.0, 1.0), 300_000 + 3600.0 * n))) <= MOST_LOST + 2


def still(values: tuple[float, float, float], **more: tuple[float, ...]) -> MotionStream:
    stream = MotionStream("left")
    for n in range(200):
        at = START + n / 50
        for channel, said in {"acceleration": values, "rate": (0.0, 0.0, 0.0), **more}.items():
            stream.feed(Reading("left", channel, said, at))
    return stream


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (still((0.0, 0.0, 9.81)), "reads 9.81 g instead of 1"),
        (still((0.0, 0.0, 0.0)), "reads 0.00 g instead of 1"),
        (still((0.0, 0.0, -1.0), quaternion=(1.0, 0.0, 0.0, 0.0)), "upside down"),
        (still((0.0, 0.0, 1.0), battery=(12.0,)), "battery at 12 %"),
        (still((0.0, 0.0, 1.0), signal=(-88.0,)), "nearer to the access point"),
    ],
)
def test_what_health_says(stream: MotionStream, words: str) -> None:
    health = stream.health(START + 4)
    assert health.state is State.DEGRADED
    assert words in health.detail


def test_health_of_a_device_that_is_well() -> None:
    health = still((0.0, 0.0, 1.0), battery=(80.0,), quaternion=(1.0, 0.0, 0.0, 0.0)).health(START + 4)
    assert (health.part, health.state) == ("wearable left", State.RUNNING)
    assert "battery 80 %" in health.detail


def test_loss_is_counted() -> None:
    stream, _ = run(sent(Wifi(loss=0.2, seconds=10, together=True)))
    counters = dict(stream.health(START + 10).counters)
    assert counters["loss"] == pytest.approx(0.2, abs=0.05)
    assert "is lost on the way" in stream.health(START + 10).detail
