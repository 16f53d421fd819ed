"""Strokes are found, soon, told apart, and only where there are some."""

from __future__ import annotations

import numpy as np
import pytest

from showctl.analysis.hearing.onsets import BANDS, INPUTS, KINDS, LATE, Picker, ShortView, edges, learned
from tests.analysis.sounds import RATE, Sound, beat_times, click, drums, hear, kick, noise, put, silence


def onset_times(sound: np.ndarray, rate: int = RATE) -> np.ndarray:
    return np.array([f.time for f in hear(sound, rate) if f.onset > 0])


def strike_times(sound: np.ndarray, which: str, rate: int = RATE) -> np.ndarray:
    place = KINDS.index(which) - 1
    return np.array([f.time for f in hear(sound, rate) if f.strikes[place] > 0])


def snare(rate: int = RATE, seed: int = 5) -> Sound:
    """A shell of two tones under the hiss of the wires."""
    t = np.arange(round(0.2 * rate)) / rate
    shell = np.sin(2 * np.pi * 190 * t) + 0.6 * np.sin(2 * np.pi * 310 * t)
    wires = np.random.default_rng(seed).standard_normal(len(t))
    return (0.3 * shell * np.exp(-t / 0.05) + 0.25 * wires * np.exp(-t / 0.07)).astype(np.float32)


def hat(rate: int = RATE, seed: int = 6) -> Sound:
    """High hiss, short."""
    t = np.arange(round(0.06 * rate)) / rate
    hiss = np.diff(np.random.default_rng(seed).standard_normal(len(t) + 2), 2)
    return (0.08 * hiss * np.exp(-t / 0.02)).astype(np.float32)


STROKES = {"kick": kick, "snare": snare, "hat": hat}


def share(times: np.ndarray, found: np.ndarray, within: float = 0.025) -> float:
    """How many of the times are told within so many seconds after."""
    return float(np.mean([np.any((found >= t) & (found <= t + within)) for t in times]))


@pytest.mark.slow
@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("background", [None, -70, -50])
@pytest.mark.parametrize("seconds", [0.001, 0.004])
def test_clicks_are_found_within_25_ms(rate: int, background: float | None, seconds: float) -> None:
    rng = np.random.default_rng(7)
    at = 1.0 + np.cumsum(rng.uniform(0.4, 1.5, 20))
    sound = silence(at[-1] + 1, rate) if background is None else noise(at[-1] + 1, background, rate)
    for n, t in enumerate(at):
        put(sound, click(-12, seconds, rate, n), t, rate)
    found = onset_times(sound, rate)
    late = np.array([np.min(found[found >= t - 1e-9], initial=np.inf) - t for t in at])
    missed = late > 0.025
    assert missed.sum() <= (2 if background is None else 0)  # out of dead silence, which no room knows, not all are
    assert np.median(late) <= 0.01
    assert len(found[found > 1.2]) <= len(at)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("which", STROKES)
def test_single_drums_are_told_by_their_names(which: str, rate: int) -> None:
    at = 0.5 + 0.37 * np.arange(20)
    sound = silence(at[-1] + 1, rate)
    for t in at:
        put(sound, STROKES[which](rate), t, rate)
    assert share(at, onset_times(sound, rate)) >= 0.9
    assert share(at, strike_times(sound, which, rate), 0.035) >= 0.9
    for other in {"kick", "snare"} - {which}:  # the knock of a beater may be taken for a hat, but a drum for no other drum
        assert len(strike_times(sound, other, rate)) <= 2


@pytest.mark.slow
def test_drums_are_found() -> None:
    beats = beat_times((120, 10))
    sound = drums(beats)
    assert share(beats[1:-1], onset_times(sound)) > 0.95
    assert share(beats[2:-1:2], strike_times(sound, "kick")) > 0.9  # under a snare, on every second, a kick may be missed


@pytest.mark.slow
def test_the_gain_changes_nothing() -> None:
    sound = drums(beat_times((120, 10)))
    assert onset_times(0.1 * sound).tolist() == onset_times(sound).tolist()


@pytest.mark.slow
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


def picked(likely: list[float], heard: list[bool] | None = None) -> list[int]:
    picker = Picker(KINDS.index("onset"))
    return [n for n, one in enumerate(likely) if picker.feed(one, heard is None or heard[n])]


def test_what_stays_likely_is_told_once_and_again_only_after_it_was_not() -> None:
    assert picked([-5, 1, 3, 2, 1, 0, 0, 0]) == [1]
    assert picked([-5, 1, -0.4, -0.4, -0.4, -0.4, 1]) == [1]  # never unlikely between the two
    assert picked([-5, 1, -2, -2, -2, -2, 1]) == [1, 6]
    assert picked([-5, 1, -2, 1, 1, 1, 1]) == [1, 6]  # too soon at 3, and then still there


def test_what_was_not_wholly_heard_is_not_told_nor_what_it_left_behind() -> None:
    assert picked([3, 3, 3, -5, 3], [False, False, True, True, True]) == [4]


def test_the_view_is_what_its_essay_says() -> None:
    assert len(edges()) == BANDS + 2
    assert edges()[-2] < 15000
    for rate in (44100, 48000):
        view = ShortView(rate)
        t = np.arange(rate) / rate
        for hop in (0.5 * np.sin(2 * np.pi * 1000 * t)).astype(np.float32).reshape(100, -1):
            seen = view.feed(hop)
        assert seen.shape == (INPUTS // BANDS, BANDS)
        assert 0.1 < view.level < 0.5  # a mean over the band in which the sine lies
        assert abs(edges()[1:-1][seen[-2].argmax()] - 1000) < 200


def test_the_weights_are_whole() -> None:
    net = learned()
    assert net.inward.shape[0] == INPUTS
    assert net.outward.shape == (net.inward.shape[1], len(KINDS))
    assert all(np.isfinite(part).all() for part in (net.inward, net.inward_bias, net.outward, net.outward_bias))
    assert 0 < LATE < 0.025
