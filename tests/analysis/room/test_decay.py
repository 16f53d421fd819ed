"""Decay times and clarity: exact where they can be computed, None where noise hides them, wrong hardly ever."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from showctl.analysis.room.decay import EDT, OCTAVES, T20, T30, Decay, decays, octave, reverberation
from tests.analysis.room.responses import Sound, diffuse, exact, ringing, with_noise

RATES = st.sampled_from([16_000, 32_000, 44_100, 48_000, 96_000])
SEEDS = st.integers(0, 2**32 - 1)


def at(freq: float, found: list[Decay]) -> Decay:
    return next(one for one in found if one.freq == freq)


@pytest.mark.slow
@given(seconds=st.floats(0.1, 8.0), rate=RATES)
@settings(max_examples=25)
def test_slopes_of_an_exact_exponential_are_exact(seconds: float, rate: int) -> None:
    one = exact(rate, seconds, 0.8 * seconds)
    for levels in (EDT, T20, T30):
        assert reverberation(one, *levels) == pytest.approx(seconds, rel=1e-3)


@pytest.mark.slow
@given(seconds=st.floats(0.3, 2.0), rate=RATES, freq=st.sampled_from([250.0, 500.0, 1000.0, 2000.0]), ahead=st.floats(0.0, 0.3))
@settings(max_examples=10)
def test_a_tone_that_dies_away_has_its_time_at_any_rate(seconds: float, rate: int, freq: float, ahead: float) -> None:
    draw = np.random.default_rng(1)
    one = at(freq, decays(with_noise(ringing(rate, freq, seconds, 1.2 * seconds, ahead), rate, 90, draw, 0.3), rate))
    assert one.t20 == pytest.approx(seconds, rel=0.01)
    assert one.t30 == pytest.approx(seconds, rel=0.01)


@pytest.mark.slow
@given(seconds=st.floats(0.4, 2.0))
@settings(max_examples=5)
def test_clarity_of_an_exponential_is_as_computed(seconds: float) -> None:
    tone = ringing(48_000, 2000.0, seconds, 1.2 * seconds)
    one = at(2000.0, decays(with_noise(tone, 48_000, 90, np.random.default_rng(1)), 48_000))
    for got, after in ((one.c50, 0.05), (one.c80, 0.08)):
        assert got == pytest.approx(10 * math.log10(10 ** (6 * after / seconds) - 1), abs=0.1)
    assert one.c50 is not None
    assert one.d50 == pytest.approx(1 / (1 + 10 ** (-one.c50 / 10)))


@given(seed=SEEDS, rate=RATES, seconds=st.floats(0.3, 4.0), colour=st.floats(-0.95, 0.95))
@settings(max_examples=20)
def test_noise_alone_tells_nothing(seed: int, rate: int, seconds: float, colour: float) -> None:
    noise = signal.lfilter([1.0], [1.0, -colour], np.random.default_rng(seed).normal(size=int(seconds * rate)))
    for one in decays(noise, rate):
        assert (one.edt, one.t20, one.t30, one.c50, one.c80, one.d50) == (None,) * 6


@pytest.mark.slow
@given(seed=SEEDS, level=st.floats(1e-6, 1e3))
@settings(max_examples=5)
def test_the_level_of_a_response_does_not_matter(seed: int, level: float) -> None:
    sound = with_noise(diffuse(16_000, [(0, 0.6)], 0.8, np.random.default_rng(seed)), 16_000, 45, np.random.default_rng(seed + 1))
    for one, other in zip(decays(sound, 16_000), decays(sound * level, 16_000), strict=True):
        for key in ("edt", "t20", "t30", "c50", "c80", "snr_db"):
            assert (a := getattr(one, key)) == (b := getattr(other, key)) or a == pytest.approx(b, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("sound", [np.zeros(0), np.zeros(48_000), np.ones(10), np.eye(1, 300)[0], np.eye(1, 48_000)[0]])
def test_nothing_to_tell_is_told_as_such(sound: Sound) -> None:
    for one in decays(sound, 48_000):
        assert one.t20 is None
        assert one.edt is None


@pytest.mark.slow
def test_a_rate_tells_the_octaves_that_it_holds() -> None:
    sound = diffuse(48_000, [(0, 0.5)], 0.5, np.random.default_rng(1))
    assert [one.freq for one in decays(sound, 48_000)] == list(OCTAVES)
    assert [one.freq for one in decays(sound, 16_000)] == list(OCTAVES[:-1])
    assert [one.freq for one in decays(sound, 11_025)] == list(OCTAVES[:-2])


@pytest.mark.slow
def test_zeros_at_the_end_are_not_its_noise() -> None:
    sound = with_noise(diffuse(48_000, [(0, 1.0)], 1.5, np.random.default_rng(4)), 48_000, 50, np.random.default_rng(5))
    padded = np.concatenate([sound, np.zeros(96_000)])
    assert at(1000.0, decays(padded, 48_000)).t20 == at(1000.0, decays(sound, 48_000)).t20


def truth(clean: Sound, rate: int, freq: float) -> dict[str, float]:
    """Schroeder's integral of a response without noise, by the definitions, and lines through it."""
    energy = octave(clean, rate, freq) ** 2
    level = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / energy.sum() + 1e-30)
    found = {}
    for name, (top, bottom) in {"edt": EDT, "t20": T20, "t30": T30}.items():
        part = np.arange(np.argmax(level <= top), np.argmax(level <= bottom))
        found[name] = -60 / float(np.polyfit(part / rate, level[part], 1)[0])
    silence = np.zeros(rate // 5)
    for name, cut in (("c50", rate // 20), ("c80", rate * 80 // 1000)):
        early, late = (octave(np.concatenate([silence, part, silence]), rate, freq) for part in (clean[:cut], clean[cut:]))
        found[name] = 10 * math.log10(np.sum(early**2) / np.sum(late**2))
    return found


def errors(range_db: float, rooms: int, seed: int) -> dict[str, list[float | None]]:
    """Of rooms with one slope and with two: share or dB (a tenth for 1 dB) by which each answer is off, None for none."""
    draw, found = np.random.default_rng(seed), dict[str, list[float | None]]()
    for _ in range(rooms):
        first = 10 ** draw.uniform(-0.4, 0.3)
        slopes = [(0.0, first)] + ([(-draw.uniform(10, 30), first * draw.uniform(1.3, 3))] if draw.random() < 0.5 else [])
        clean = diffuse(16_000, slopes, 1.3 * max(seconds for _, seconds in slopes), draw, draw.uniform(0, 2))
        told = decays(with_noise(clean, 16_000, range_db, draw), 16_000, (250.0, 500.0, 1000.0, 2000.0))
        for one in told:
            for key, true in truth(clean, 16_000, one.freq).items():
                said = getattr(one, key)
                off = None if said is None else abs(said - true) / 10 if key[0] == "c" else abs(said / true - 1)
                found.setdefault(key, []).append(off)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("range_db", "answered"), [(60, 0.95), (45, 0.85), (35, 0.4), (25, 0.2)])
def test_an_answer_is_hardly_ever_wrong(range_db: float, answered: float) -> None:
    found = errors(range_db, 20, 7)
    for key in ("edt", "t20", "c50", "c80"):
        said = [off for off in found[key] if off is not None]
        assert np.mean([off > 0.1 for off in said] or [0.0]) <= 0.05, key
        if (key, range_db) != ("t20", 25):
            assert len(said) >= answered * len(found[key]), key
    if range_db >= 45:
        assert all(np.median([off for off in found[key] if off is not None]) < 0.02 for key in ("edt", "t20"))
        assert all(np.median([off for off in found[key] if off is not None]) < 0.01 for key in ("c50", "c80"))
