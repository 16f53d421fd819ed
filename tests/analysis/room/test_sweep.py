"""The sweep: a known system comes back as it is, its distortion stands aside, its noise is told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from showctl.analysis.room.sweep import OCTAVES, averaged, deconvolved, snr, snr_of_repeats, sweep

RATE = 48_000


def level(samples: np.ndarray, freqs: np.ndarray, rate: int = RATE) -> np.ndarray:
    return 20 * np.log10(np.abs(signal.freqz(samples, worN=freqs, fs=rate)[1]))


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("seconds", [4.0, 6.0])
def test_a_biquad_room_comes_back_within_a_hundredth_of_a_db(rate: int, seconds: float) -> None:
    sent = sweep(rate, seconds)
    b, a = signal.iirpeak(1000, 3, fs=rate)
    b = b + 0.2 * a
    recorded = signal.lfilter(b, a, np.concatenate([np.zeros(700), sent.samples, np.zeros(rate)]))
    found = deconvolved(recorded, sent, 1.0)
    freqs = np.geomspace(45, 18_000, 300)
    true = 20 * np.log10(np.abs(signal.freqz(b, a, worN=freqs, fs=rate)[1]))
    assert level(found.samples, freqs, rate) == pytest.approx(true, abs=0.01)
    assert np.argmax(np.abs(found.samples)) == found.lead + 700


@pytest.mark.slow
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5)
def test_any_fir_room_comes_back_within_a_hundredth_of_a_db(seed: int) -> None:
    draw = np.random.default_rng(seed)
    room = draw.normal(size=2000) * np.exp(-np.arange(2000) / 300)
    room[0] = 60.0  # so that no frequency is silent
    sent = sweep(RATE, 6.0)
    found = deconvolved(np.concatenate([signal.fftconvolve(sent.samples, room), np.zeros(RATE)]), sent, 1.0)
    freqs = np.geomspace(60, 18_000, 200)
    assert level(found.samples, freqs) == pytest.approx(level(room, freqs), abs=0.01)


@pytest.mark.slow
def test_distortion_stands_ahead_of_the_direct_sound_and_is_told() -> None:
    sent = sweep(RATE, 6.0, high=8000.0)  # no harmonic of interest beyond half the rate
    bent = 0.5 * sent.samples
    bent = bent + 0.1 * bent**2 + 0.04 * bent**3
    room = np.zeros(3000)
    room[[400, 1900]] = 1.0, 0.4
    found = deconvolved(np.concatenate([signal.fftconvolve(bent, room), np.zeros(RATE)]), sent, 1.0)
    # second: 0.1 * 0.25 / 2 against 0.5; third: 0.04 * 0.125 / 4 against it
    assert found.harmonics[:2] == pytest.approx([20 * math.log10(0.025), 20 * math.log10(0.0025)], abs=0.5)
    assert found.harmonics[2:].max() < -80
    whole = 0.5 + 0.75 * 0.04 * 0.125
    freqs = np.geomspace(100, 2500, 60)
    assert level(found.samples, freqs) == pytest.approx(level(whole * room, freqs), abs=0.01)


@pytest.mark.slow
def test_a_straight_system_has_no_distortion() -> None:
    sent = sweep(RATE, 3.0)
    assert deconvolved(np.concatenate([sent.samples, np.zeros(RATE)]), sent, 0.5).harmonics.max() < -80


@given(rate=st.sampled_from([16_000, 44_100, 48_000, 96_000]), seconds=st.floats(2, 6))
@settings(max_examples=10)
def test_a_sweep_is_as_long_as_asked_begins_and_ends_in_silence_and_never_clips(rate: int, seconds: float) -> None:
    sent = sweep(rate, seconds)
    assert len(sent.samples) / rate == pytest.approx(seconds, rel=0.15)
    assert np.abs(sent.samples).max() <= 1.0
    assert np.abs(sent.samples[[0, -1]]).max() < 1e-3
    assert sent.high < rate / 2


@pytest.mark.parametrize(("rate", "seconds", "low"), [(48_000, 0.01, 30.0), (48_000, 6.0, 15_000.0), (48_000, 6.0, 0.0)])
def test_what_cannot_be_swept_is_refused(rate: int, seconds: float, low: float) -> None:
    with pytest.raises(ValueError, match=r"sweep from"):
        sweep(rate, seconds, low)


def noisy_takes(count: int, seed: int = 1, noise: float = 0.01) -> tuple[list[np.ndarray], np.ndarray]:
    """So many recordings of a sweep through a short room, in white noise, and two seconds of the noise alone."""
    draw, sent = np.random.default_rng(seed), sweep(RATE, 3.0)
    clean = np.concatenate([np.zeros(300), sent.samples, np.zeros(RATE)])
    return [clean + noise * draw.normal(size=len(clean)) for _ in range(count)], noise * draw.normal(size=2 * RATE)


@pytest.mark.slow
def test_noise_is_the_same_whether_from_silence_or_from_repeats() -> None:
    sent = sweep(RATE, 3.0)
    takes, silence = noisy_takes(8)
    responses = [deconvolved(take, sent, 1.0) for take in takes]
    one = snr(responses[0], silence, sent)
    assert snr_of_repeats(responses, RATE) - 10 * math.log10(8) == pytest.approx(one, abs=1.5)
    assert one.min() > 20


def test_four_sweeps_gain_six_db_against_the_truth() -> None:
    sent = sweep(RATE, 3.0)
    responses = [deconvolved(take, sent, 1.0) for take in noisy_takes(4)[0]]
    clean = deconvolved(noisy_takes(1, noise=0.0)[0][0], sent, 1.0).samples
    one, four = (np.sum((samples - clean) ** 2) for samples in (responses[0].samples, averaged(responses)[0].samples))
    assert 10 * math.log10(one / four) == pytest.approx(6.0, abs=0.5)


def test_a_sweep_into_which_a_door_slammed_is_left_out() -> None:
    sent = sweep(RATE, 3.0)
    takes, _ = noisy_takes(4)
    takes[2][3 * RATE : 3 * RATE + 5000] += 0.5 * np.random.default_rng(9).normal(size=5000)
    whole, out = averaged([deconvolved(take, sent, 1.0) for take in takes])
    assert out == [2]
    assert np.abs(whole.samples).max() == pytest.approx(1.0, abs=0.2)


def test_one_sweep_alone_does_not_tell_its_noise_and_none_has_no_mean() -> None:
    sent = sweep(RATE, 1.0)
    with pytest.raises(ValueError, match="repeat"):
        snr_of_repeats([deconvolved(sent.samples, sent, 0.5)], RATE)
    with pytest.raises(ValueError, match="no sweep"):
        averaged([])


def test_octaves_beyond_the_rate_are_no_numbers() -> None:
    sent = sweep(16_000, 1.0)
    found = snr(deconvolved(sent.samples, sent, 0.5), np.random.default_rng(1).normal(size=16_000), sent)
    assert np.isnan(found).tolist() == [freq > 4000 for freq in OCTAVES]
