"""The fit of frames to time: jitter goes in, the card's own pace comes out."""

import numpy as np
import pytest

from showctl.sound.timebase import Timebase


def run(rate_true, seconds, block=256, jitter=0.0, rate=48000, seed=1, start=100.0):
    """A card of rate_true frames a second whose callbacks are late by up to `jitter` s; the fit and the worst error at the end."""
    base, rng, frame = Timebase(rate), np.random.default_rng(seed), 0
    errors = []
    while frame < seconds * rate_true:
        true = start + frame / rate_true
        base.observe(frame, true + jitter * rng.random())
        if frame > (seconds - 2) * rate_true:
            errors.append(base.at(frame) - true)
        frame += block
    return base, np.array(errors)


def test_an_even_clock_is_followed_exactly():
    _, errors = run(48000, 5)
    assert np.abs(errors).max() < 1e-6


@pytest.mark.parametrize("ppm", [-200, 0, 150])
def test_drift_is_absorbed_and_jitter_is_not(ppm):
    base, errors = run(48000 * (1 + ppm * 1e-6), 90, jitter=0.005)
    assert errors.max() - errors.min() < 0.001  # 5 ms of jitter in, under 1 ms out
    assert abs(errors.mean() - 0.0025) < 0.001  # what is left is the mean of the jitter
    assert base.stretch == pytest.approx(1 / (1 + ppm * 1e-6), abs=3e-5)


def test_bursts_of_callbacks_do_not_move_it():
    """PulseAudio hands out 40 ms at once: eight blocks with one and the same time."""
    base, frame = Timebase(48000), 0
    for burst in range(500):
        for _ in range(8):
            base.observe(frame, 10 + burst * 2048 / 48000)
            frame += 256
    assert abs(base.at(frame) - (10 + 500 * 2048 / 48000)) < 0.045


def test_an_interruption_starts_anew():
    base, _ = run(48000, 5)
    frame = 10 * 48000
    base.observe(frame, 200.0)
    assert base.at(frame) == pytest.approx(200.0)
    assert base.at(frame + 48000) == pytest.approx(201.0)


def test_a_callback_twice_with_the_same_frame_changes_nothing():
    base, _ = run(48000, 5)
    before = base.at(300000)
    base.observe(100, 999.0)
    assert base.at(300000) == before


def test_a_card_that_runs_at_another_rate_than_it_says_is_seen():
    base, _ = run(44100, 4, rate=48000)
    assert base.measured_rate == pytest.approx(44100, rel=0.01)
