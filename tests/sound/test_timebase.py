"""The fit of frames to time: jitter goes in, the card's own pace comes out."""

import numpy as np
import pytest

from showctl.sound.timebase import Timebase

START = 100.0


def run(rate_true, seconds, block=256, jitter=0.0, rate=48000, base=None, lost=()):
    """A card of rate_true frames a second whose callbacks are late by up to `jitter` s; the fit and its errors in the last 2 s.

    `lost` are times at which a block is lost, so that the frames after it come later than their number says.
    """
    base, rng, frame, gone, errors = base or Timebase(rate), np.random.default_rng(1), 0, 0, []
    lost = list(lost)
    while frame + gone < seconds * rate_true:
        if lost and (frame + gone) / rate_true >= lost[0]:
            lost.pop(0)
            gone += block
        true = START + (frame + gone) / rate_true
        base.observe(frame, true + jitter * rng.random())
        if true - START > seconds - 2:
            errors.append(base.at(frame) - true)
        frame += block
    return base, np.array(errors)


def test_an_even_clock_is_followed_exactly():
    _, errors = run(48000, 5)
    assert np.abs(errors).max() < 1e-6


@pytest.mark.parametrize("ppm", [-200, 0, 150])
def test_drift_is_absorbed_and_jitter_is_not(ppm):
    base, errors = run(48000 * (1 + ppm * 1e-6), 90, jitter=0.005)
    assert np.abs(errors).max() < 0.0005  # 5 ms of jitter in, half a millisecond out
    assert base.stretch == pytest.approx(1 / (1 + ppm * 1e-6), abs=1e-4)


def test_bursts_of_callbacks_do_not_move_it():
    """PulseAudio hands out 40 ms at once: eight blocks with one and the same time, of which the last is prompt."""
    base, frame = Timebase(48000), 0
    for burst in range(500):
        for _ in range(8):
            base.observe(frame, 10 + burst * 2048 / 48000)
            frame += 256
    assert base.at(frame - 256) == pytest.approx(10 + 499 * 2048 / 48000, abs=0.001)


def test_lost_sound_is_a_step_that_is_followed_at_once():
    """A busy machine: 40 blocks are lost, 213 ms in all. Half a second after the last one the time is right again."""
    _, errors = run(48000, 12, jitter=0.002, lost=np.linspace(3, 9.4, 40))
    assert np.abs(errors).max() < 0.004


def test_an_interruption_is_a_step_too():
    base, _ = run(48000, 5)
    for n in range(200):
        base.observe(5 * 48000 + 1000 + n * 256, 300.0 + n * 256 / 48000)
    assert base.at(5 * 48000 + 1000) == pytest.approx(300.0, abs=0.001)


def test_a_callback_twice_with_the_same_frame_changes_nothing():
    base, _ = run(48000, 5)
    before = base.at(300000)
    base.observe(100, 999.0)
    assert base.at(300000) == before


def test_a_card_that_runs_at_another_rate_than_it_says_is_seen():
    base, _ = run(44100, 4, rate=48000)
    assert base.measured_rate == pytest.approx(44100, rel=0.01)
    base, _ = run(44100, 1.5, rate=48000)
    assert base.measured_rate == 0.0
