"""Attacks are found, soon, and only where there are some."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.sounds import RATE, beat_times, click, drums, hear, noise, put, silence


def onset_times(sound: np.ndarray, rate: int = RATE) -> np.ndarray:
    return np.array([f.time for f in hear(sound, rate) if f.onset > 0])


@pytest.mark.slow
@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("background", [None, -70, -50])
@pytest.mark.parametrize("seconds", [0.001, 0.004])
def test_every_click_is_found_within_20_ms(rate: int, background: float | None, seconds: float) -> None:
    rng = np.random.default_rng(7)
    at = 1.0 + np.cumsum(rng.uniform(0.4, 1.5, 40))
    sound = silence(at[-1] + 1, rate) if background is None else noise(at[-1] + 1, background, rate)
    for n, t in enumerate(at):
        put(sound, click(-12, seconds, rate, n), t, rate)
    found = onset_times(sound, rate)
    late = np.array([found[found >= t - 1e-9][0] - t for t in at])
    assert late.max() <= 0.02
    assert np.median(late) <= 0.01
    assert len(found[found > 1.2]) == len(at)


def test_drums_are_found() -> None:
    beats = beat_times((120, 10))
    found = onset_times(drums(beats))
    assert np.mean([np.any((found >= t) & (found < t + 0.025)) for t in beats[1:-1]]) > 0.95


def test_steady_sound_has_none() -> None:
    t = np.arange(RATE * 4) / RATE
    tone = (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    assert not len(onset_times(tone)[1:])
    assert len(onset_times(noise(10, -20))) <= 3


def test_a_hum_that_swells_has_none() -> None:
    t = np.arange(RATE * 4) / RATE
    swell = (0.3 * (t / 4) * np.sin(2 * np.pi * 110 * t)).astype(np.float32)
    found = onset_times(swell)
    assert not len(found[found > 0.5])


def test_two_in_a_row_are_told_apart_but_not_one_twice() -> None:
    sound = silence(3)
    for t in (1.0, 1.12, 2.0):
        put(sound, click(-12), t)
    assert len(onset_times(sound)) == 3
