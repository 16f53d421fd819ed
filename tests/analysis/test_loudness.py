"""Loudness against the numbers of ITU-R BS.1770-4 and against the plain recursion."""

from __future__ import annotations

import numpy as np
import pytest

from showctl.analysis.hearing.loudness import Energy, KFilter, Loudness, k_weighting, lufs
from showctl.analysis.hearing.meter import LevelMeter
from showctl.model import AudioBlock


def sine(hz: float, dbfs: float, seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def momentary(samples: np.ndarray, rate: int) -> float:
    meter, hop, value = Loudness(rate), rate // 100, 0.0
    for at in range(0, len(samples) - hop + 1, hop):
        value = meter.feed(samples[at : at + hop])
    return value


def test_coefficients_at_48_khz_are_the_standards() -> None:
    b, a = k_weighting(48000)
    assert b[0] == pytest.approx([1.53512485958697, -2.69169618940638, 1.19839281085285], abs=1e-7)
    assert a[0] == pytest.approx([1, -1.69065929318241, 0.73248077421585], abs=1e-7)
    assert b[1] == pytest.approx([1, -2, 1])
    assert a[1] == pytest.approx([1, -1.99004745483398, 0.99007225036621], abs=1e-7)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_the_standards_sine(rate: int) -> None:
    assert momentary(sine(997, 0, 1, rate), rate) == pytest.approx(-3.01, abs=0.02)
    assert momentary(sine(997, -20, 1, rate, channels=2), rate) == pytest.approx(-20.0, abs=0.03)
    assert momentary(sine(1000, -23, 1, rate, channels=2), rate) == pytest.approx(-23.0, abs=0.03)  # EBU Tech 3341, case 1


def recursion(x: np.ndarray, rate: int) -> np.ndarray:
    """The two biquads as the standard draws them, a sample at a time."""
    for b, a in zip(*k_weighting(rate), strict=True):
        y = np.zeros_like(x)
        for n in range(len(x)):
            y[n] = sum(b[k] * x[n - k] for k in range(3) if n >= k) - sum(a[k] * y[n - k] for k in (1, 2) if n >= k)
        x = y
    return x


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_blocks_are_the_recursion(rate: int) -> None:
    hop = rate // 100
    x = np.random.default_rng(4).standard_normal((2, 5 * hop))
    k = KFilter(rate, 2)
    y = np.concatenate([k.filter(np.ascontiguousarray(x[:, at : at + hop])) for at in range(0, 5 * hop, hop)], axis=1)
    for channel in range(2):
        assert y[channel] == pytest.approx(recursion(x[channel], rate), abs=1e-9)


def test_momentary_looks_back_400_ms_and_short_term_3_s() -> None:
    rate = 48000
    sound = np.concatenate([sine(997, 0, 1, rate), np.zeros((rate, 1), np.float32)])
    readings = LevelMeter(rate).feed(AudioBlock(0, sound, rate))
    assert readings[12].time == pytest.approx(1.3)
    assert readings[12].momentary == pytest.approx(-3.01 + 10 * np.log10(1 / 4), abs=0.1)
    assert readings[14].momentary < -60
    assert readings[14].short_term == pytest.approx(-3.01 + 10 * np.log10(1 / 3), abs=0.1)


def test_nothing_is_called_minus_120() -> None:
    assert lufs(0.0) == -120.0
    assert momentary(np.zeros((48000, 2), np.float32), 48000) == -120.0


def test_energy_follows_the_range_of_the_song() -> None:
    energy = Energy()
    assert energy.feed(-90) == 0.0
    loud = [energy.feed(-12) for _ in range(2000)][-1]
    soft = [energy.feed(-22) for _ in range(300)][-1]
    again = [energy.feed(-12) for _ in range(300)][-1]
    assert loud > 0.95
    assert soft < 0.25
    assert again > 0.95
    quiet_song = Energy()
    assert [quiet_song.feed(-42) for _ in range(2000)][-1] > 0.95


def test_true_peak_sees_between_the_samples() -> None:
    rate = 48000
    t = np.arange(rate) / rate
    wave = (0.5 * np.sin(2 * np.pi * rate / 4 * t + np.pi / 4)).astype(np.float32)[:, None]  # every sample is 3 dB below the peak
    readings = LevelMeter(rate).feed(AudioBlock(0, wave, rate))
    assert len(readings) == 10
    assert readings[5].true_peak == pytest.approx(-6.02, abs=0.2)
    assert readings[5].time == pytest.approx(0.6)
