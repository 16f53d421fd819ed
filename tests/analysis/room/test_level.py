"""Weighting against the standard's table, averages against an independent reckoning, warnings against what then happens."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import sosfreqz

from showctl.analysis.room.level import HOUR, LESS, LevelMeter, Past, below_in, passed_in, to_hold, warning
from showctl.analysis.room.microphone import Calibration
from showctl.analysis.room.weighting import Weight, Weighting, analogue_db, sections
from showctl.model import AudioBlock, LevelLimit, LevelPast, Levels

RATE = 48_000
# IEC 61672-1:2013, table 3: A, C, and the limits of class 1, at 1000 x 10^(n/10) Hz from n = -20 (10 Hz) to 13 (20 kHz)
# fmt: off
A = (-70.4, -63.4, -56.7, -50.5, -44.7, -39.4, -34.6, -30.2, -26.2, -22.5, -19.1, -16.1, -13.4, -10.9, -8.6, -6.6, -4.8, -3.2,
     -1.9, -0.8, 0.0, 0.6, 1.0, 1.2, 1.3, 1.2, 1.0, 0.5, -0.1, -1.1, -2.5, -4.3, -6.6, -9.3)
C = (-14.3, -11.2, -8.5, -6.2, -4.4, -3.0, -2.0, -1.3, -0.8, -0.5, -0.3, -0.2, -0.1, 0.0, 0.0, 0.0, 0.0, 0.0,
     0.0, 0.0, 0.0, 0.0, -0.1, -0.2, -0.3, -0.5, -0.8, -1.3, -2.0, -3.0, -4.4, -6.2, -8.5, -11.2)
ABOVE = (3.0, 2.5, 2.0, 2.0, 2.0, 1.5, *[1.0] * 14, 0.7, *[1.0] * 6, 1.5, 1.5, 1.5, 2.0, 2.0, 2.5, 3.0)
BELOW = (99.0, 99.0, 4.0, 2.0, 1.5, 1.5, *[1.0] * 14, 0.7, *[1.0] * 6, 1.5, 2.0, 2.5, 3.0, 5.0, 16.0, 99.0)
# fmt: on
FREQS = 1000 * 10 ** (np.arange(-20, 14) / 10)
TABLES: dict[Weight, tuple[float, ...]] = {"A": A, "C": C}


@pytest.mark.parametrize("weight", ["A", "C"])
@pytest.mark.parametrize("rate", [32_000, 44_100, 48_000, 96_000, 192_000])
def test_weighting_is_of_class_1_at_every_rate(rate: int, weight: Weight) -> None:
    heard = 0.48 * rate > FREQS
    error = 20 * np.log10(np.abs(sosfreqz(sections(rate, weight), FREQS[heard], fs=rate)[1])) - np.array(TABLES[weight])[heard]
    assert np.all(error <= np.array(ABOVE)[heard])
    assert np.all(error >= -np.array(BELOW)[heard])
    assert np.abs(error[FREQS[heard] < min(16_500, 0.45 * rate)]).max() < 0.13  # of which 0.05 dB is the table's rounding


@pytest.mark.parametrize("weight", ["A", "C"])
def test_the_standards_formula_gives_the_standards_table(weight: Weight) -> None:
    assert np.abs(analogue_db(FREQS, weight) - np.array(TABLES[weight])).max() < 0.0501


def test_a_rate_that_holds_too_little_is_refused() -> None:
    with pytest.raises(ValueError, match="48000"):
        sections(22_050, "A")


def mono(samples: NDArray[np.float64], start: int = 0) -> AudioBlock:
    return AudioBlock(start, samples.astype(np.float32)[:, None], RATE)


def music(draw: np.random.Generator, seconds: int) -> NDArray[np.float64]:
    """Noise of a pink kind that swells, with a beat: nothing that an average could take for steady."""
    frames = seconds * RATE
    hertz = np.fft.rfftfreq(frames, 1 / RATE)
    sound = np.fft.irfft(np.fft.rfft(draw.normal(size=frames)) / np.sqrt(np.maximum(hertz, 20)), frames)
    t = np.arange(frames) / RATE
    sound *= (1 + 0.8 * np.sin(2 * np.pi * 0.05 * t)) * (1 + 3 * np.exp(-20 * (t % 0.5)))
    return 0.05 * sound / sound.std()


def reference_laeq(samples: NDArray[np.float64], full_scale: float) -> float:
    """By Parseval: the whole spectrum at once, weighted by the standard's formula."""
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    power = np.abs(np.fft.rfft(samples)) ** 2
    power[1:-1] *= 2
    weight = 10 ** (analogue_db(np.maximum(hertz, 0.1), "A") / 10)
    return float(10 * np.log10((power * weight).sum() / len(samples) ** 2) + full_scale)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_laeq_is_that_of_an_independent_reckoning(seed: int) -> None:
    sound = music(np.random.default_rng(seed), 90)
    said = LevelMeter(RATE, 124.0).feed(mono(sound))
    assert len(said) == 90
    assert said[-1].laeq_1 == pytest.approx(reference_laeq(sound[30 * RATE :], 124.0), abs=0.05)
    assert said[-1].laeq_15 == said[-1].laeq_60 == pytest.approx(reference_laeq(sound, 124.0), abs=0.05)
    assert said[40].la == pytest.approx(reference_laeq(sound[40 * RATE : 41 * RATE], 124.0), abs=0.2)


@pytest.mark.parametrize(
    ("freq", "cycles", "more", "tolerance"),
    [(31.5, 1.0, 2.5, 2.0), (500, 1.0, 3.5, 1.0), (8000, 1.0, 3.4, 2.0), (500, 0.5, 2.4, 1.0)],
)
def test_peaks_of_single_cycles_are_as_the_standard_has_them(freq: float, cycles: float, more: float, tolerance: float) -> None:
    """IEC 61672-1, table 5: LCpeak of one cycle (or half of one) above the C-weighted level of the steady tone."""
    t = np.arange(RATE) / RATE
    steady = np.sqrt(2) * 0.1 * np.sin(2 * np.pi * freq * t)
    weighted = Weighting(RATE, "C").feed(steady)
    level = 20 * np.log10(np.sqrt(np.mean(weighted[RATE // 2 :] ** 2)))
    burst = np.where((t >= 0.5) & (t < 0.5 + cycles / freq), np.sqrt(2) * 0.1 * np.sin(2 * np.pi * freq * (t - 0.5)), 0.0)
    (said,) = LevelMeter(RATE, 100.0).feed(mono(burst))
    assert said.lcpeak - 100.0 - level == pytest.approx(more, abs=tolerance)


def test_a_calibrator_reads_what_it_says() -> None:
    tone = 0.02 * np.sqrt(2) * np.sin(2 * np.pi * 1000 * np.arange(3 * RATE) / RATE)
    said = LevelMeter(RATE, 94.0 - 20 * np.log10(0.02)).feed(mono(tone))
    assert said[-1].la == pytest.approx(94.0, abs=0.02)
    assert said[-1].lcpeak == pytest.approx(97.01, abs=0.02)


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=20), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_how_sound_is_cut_changes_nothing(sizes: list[int], seed: int) -> None:
    sound = 0.1 * np.random.default_rng(seed).normal(size=sum(sizes))
    meter, whole = LevelMeter(RATE, 120.0), LevelMeter(RATE, 120.0)
    cut: list[Levels] = []
    for begin, end in pairwise(np.concatenate([[0], np.cumsum(sizes)])):
        cut += meter.feed(mono(sound[begin:end], int(begin)))
    for one, other in zip(cut, whole.feed(mono(sound)), strict=True):
        assert (one.la, one.laeq_60, one.lcpeak) == pytest.approx((other.la, other.laeq_60, other.lcpeak), abs=1e-6)


def test_what_was_lost_counts_for_nothing() -> None:
    meter, sound = LevelMeter(RATE, 120.0), 0.1 * np.random.default_rng(1).normal(size=RATE)
    first = meter.feed(mono(sound))[0]
    assert meter.feed(mono(sound[: RATE // 2], start=3 * RATE)) != []
    later = meter.feed(mono(sound[RATE // 2 :], start=3 * RATE + RATE // 2))[0]
    assert later.measured == 2.0
    assert later.laeq_60 == pytest.approx(first.laeq_60, abs=0.1)


def test_an_overdriven_input_is_said() -> None:
    assert LevelMeter(RATE, 120.0).feed(mono(np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE) * 2))[0].clipped


def filled(levels: list[float]) -> Past:
    past = Past()
    for level in levels:
        past.add(10 ** (level / 10), 1.0)
    return past


@given(
    st.lists(st.tuples(st.floats(60, 110), st.integers(1, 400)), min_size=1, max_size=5),
    st.floats(60, 110),
    st.sampled_from([60, 900]),
)
@settings(max_examples=60, deadline=None)
def test_a_limit_is_passed_when_it_was_foretold(past: list[tuple[float, int]], rate: float, window: int) -> None:
    kept = filled([level for level, seconds in past for _ in range(seconds)])
    limit = 10**9.5
    foretold = passed_in(kept, window, limit, 10 ** (rate / 10))
    for t in range(1, window + 1):
        kept.add(10 ** (rate / 10), 1.0)
        if kept.mean(window) > limit * (1 + 1e-9):
            assert foretold is not None
            assert foretold <= t
            assert foretold == t or kept.mean(window) == pytest.approx(limit, rel=1e-6)
            return
        assert foretold != t or kept.mean(window) == pytest.approx(limit, rel=1e-6)


@given(st.lists(st.tuples(st.floats(60, 100), st.integers(1, 400)), min_size=1, max_size=5), st.sampled_from([60, 900]))
@settings(max_examples=40, deadline=None)
def test_what_is_said_to_hold_holds_and_a_little_more_does_not(past: list[tuple[float, int]], window: int) -> None:
    kept = filled([level for level, seconds in past for _ in range(seconds)])
    hold = to_hold(kept, window, 10**9.5)
    if hold > 0:
        assert passed_in(kept, window, 10**9.5, hold * 0.999) is None
        assert passed_in(kept, window, 10**9.5, hold * 1.01) is not None
    else:
        assert passed_in(kept, window, 10**9.5, 1e-9) is not None


def test_the_warning_comes_minutes_before_the_limit_and_its_advice_keeps_it() -> None:
    """A quiet hour, then 103 dB(A) against 99 over 15 minutes: told in time, and what it advises is enough."""
    limit, past = LevelLimit("laeq_15", 99.0), filled([85.0] * HOUR)
    told: list[int] = []
    for second in range(900):
        past.add(10**10.3, 1.0)
        level = 10 * np.log10(past.mean(900))
        said = warning(past, limit, level)
        if said is not None and said.within is not None:
            told.append(second)
            assert not said.over
            assert ("dB less" in said.text) is (said.hold is not None)
            assert said.hold is not None or said.within < 10  # too late for it
        if level > 99:
            break
    assert 250 <= second - told[0] <= 305  # a third of the window, and then all the time
    advised = filled([85.0] * HOUR)
    for _ in range(told[0]):
        advised.add(10**10.3, 1.0)
    hold = to_hold(advised, 900, 10**9.9)
    for _ in range(1800):
        advised.add(hold, 1.0)
        assert advised.mean(900) <= 10**9.9 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("level", "over", "words"), [(99.6, True, "turn down at once"), (98.5, False, "no louder"), (97.5, None, "")]
)
def test_near_a_limit_and_above_it_something_is_said(level: float, over: bool | None, words: str) -> None:
    said = warning(filled([level] * HOUR), LevelLimit("laeq_60", 99.0), level)
    assert (said.over if said else None) is over
    assert words in (said.text if said else "")


@given(
    st.lists(st.tuples(st.floats(60, 115), st.integers(1, 400)), min_size=1, max_size=5),
    st.floats(60, 94),
    st.sampled_from([60, 900]),
)
@settings(max_examples=60, deadline=None)
def test_it_is_back_below_the_limit_when_it_was_said(past: list[tuple[float, int]], rate: float, window: int) -> None:
    kept, limit = filled([level for level, seconds in past for _ in range(seconds)]), 10**9.5
    told = below_in(kept, window, limit, 10 ** (rate / 10))
    assert 1 <= told <= window
    over = []
    for t in range(1, window + 1):
        kept.add(10 ** (rate / 10), 1.0)
        over += [t] if kept.mean(window) > limit * (1 + 1e-9) else []
    assert max(over, default=0) < told
    assert told - max(over, default=0) <= 1 or told == 1 or kept.mean(window) == pytest.approx(limit, rel=1e-6)


@pytest.mark.parametrize(("over", "of", "window"), [(0.4, "laeq_60", HOUR), (3.0, "laeq_15", 900), (12.0, "laeq_1", 60)])
def test_where_a_limit_cannot_be_held_it_is_said_when_it_is_back(over: float, of: str, window: int) -> None:
    """Never a level that nobody can play at: 6 dB below the limit, and the time that it takes there."""
    past = filled([99.0 + over] * HOUR)
    said = warning(past, LevelLimit(of, 99.0), 99.0 + over)  # type: ignore[arg-type]
    assert said is not None
    assert (said.over, said.hold, said.within) == (True, None, None)
    assert f"above the limit of 99: turn down at once; at {99 - LESS:g} dB(A) it is back below the limit in " in said.text
    seconds = below_in(past, window, 10**9.9, 10**9.3)
    assert (f"{seconds} s" if seconds < 120 else f"{seconds // 60} minutes") in said.text
    for _ in range(seconds):
        past.add(10**9.3, 1.0)
    assert 10 * np.log10(past.mean(window)) <= 99.0


def test_a_limit_that_only_silence_would_keep_is_not_advised_to_be_kept() -> None:
    past = filled([60.0] * HOUR + [106.0] * 10)
    level = float(10 * np.log10(past.mean(60)))
    said = warning(past, LevelLimit("laeq_1", level + 0.01), level)
    assert said is not None
    assert said.hold is None
    assert not said.over
    assert "cannot be held any more" in said.text


def test_the_highest_peak_is_kept_for_an_hour_and_warned_of_for_some_seconds() -> None:
    click, limits = np.zeros(RATE), (LevelLimit("lcpeak", 110.0),)
    click[1000:1004] = 0.9
    meter = LevelMeter(RATE, 120.0, limits)
    loud = meter.feed(mono(click))[0]
    assert loud.lcpeak == loud.lcpeak_60 > 110.0
    assert "LCpeak was" in loud.warnings[0].text
    later = meter.feed(mono(np.zeros(12 * RATE), start=RATE))
    assert later[-1].lcpeak < 60.0
    assert later[-1].lcpeak_60 == loud.lcpeak
    assert [bool(one.warnings) for one in later] == [True] * 9 + [False] * 3


@pytest.mark.parametrize(("peak", "over"), [(136.0, True), (133.0, False), (131.0, None)])
def test_peaks_are_warned_of(peak: float, over: bool | None) -> None:
    said = warning(Past(), LevelLimit("lcpeak", 135.0), peak)
    assert (said.over if said else None) is over


@pytest.mark.slow
def test_a_meter_that_goes_on_where_another_stood_reads_what_that_one_would_have() -> None:
    draw = np.random.default_rng(3)
    sound = music(draw, 100) * np.repeat([0.1, 1.0], 50 * RATE)
    whole, before, after = (LevelMeter(RATE, 110.0) for _ in range(3))
    told = whole.feed(mono(sound))
    before.feed(mono(sound[: 70 * RATE]))
    after.feed(mono(sound[75 * RATE : 77 * RATE], 75 * RATE))  # five seconds lost, two measured
    after.remember(before.past(), 7)
    after.remember(before.past(), 7)  # told twice is once
    said = after.feed(mono(sound[77 * RATE :], 77 * RATE))[-1]
    assert said.measured == pytest.approx(95, abs=0.01)
    assert said.laeq_60 == pytest.approx(told[-1].laeq_60, abs=0.15)
    assert said.laeq_1 == pytest.approx(told[-1].laeq_1, abs=0.3)
    assert said.lcpeak_60 == pytest.approx(max(told[-1].lcpeak_60, 0), abs=2.0)
    assert LevelMeter(RATE, 110.0).past() == LevelPast()


def test_what_is_more_than_an_hour_old_is_forgotten_and_what_is_known_stays() -> None:
    meter = LevelMeter(RATE, 110.0)
    said = meter.feed(mono(music(np.random.default_rng(1), 2)))[-1]
    meter.remember(LevelPast((140.0,) * HOUR, (140.0,) * HOUR), 0)
    past = meter.past()
    assert len(past.la) == HOUR
    assert past.la[-1] == pytest.approx(said.la)
    fresh = LevelMeter(RATE, 110.0)
    fresh.remember(LevelPast((100.0,) * HOUR, (100.0,) * HOUR), HOUR - 10)
    assert fresh.past().la[:10] == pytest.approx((100.0,) * 10)
    assert fresh.past().la[10:] == (None,) * (HOUR - 10)
    fresh = LevelMeter(RATE, 110.0)
    fresh.remember(LevelPast((100.0,), (100.0,)), HOUR)
    assert fresh.past() == LevelPast()


@pytest.mark.parametrize(("freq", "wrong"), [(1000.0, 0.0), (8000.0, 3.0), (200.0, -1.0)])
def test_a_microphone_s_own_curve_is_taken_out_of_levels_and_1_khz_stays(freq: float, wrong: float) -> None:
    """Its curve is 2 dB at 1 kHz, where its sensitivity was told, 5 dB at 8 kHz and 1 dB at 200 Hz."""
    curve = Calibration(np.array([200.0, 1000.0, 8000.0]), np.array([1.0, 2.0, 5.0]))
    tone = 0.1 * np.sin(2 * np.pi * freq * np.arange(3 * RATE) / RATE)
    heard = tone * 10 ** (wrong / 20)
    flat, raw = LevelMeter(RATE, 110.0, taps=curve.taps(RATE)), LevelMeter(RATE, 110.0)
    assert flat.feed(mono(heard))[-1].la == pytest.approx(raw.feed(mono(tone))[-1].la, abs=0.1)
    cut = LevelMeter(RATE, 110.0, taps=curve.taps(RATE))
    said = [one for at in range(0, len(heard), 777) for one in cut.feed(mono(heard[at : at + 777], at))]
    assert said[-1].la == pytest.approx(raw.feed(mono(tone, 3 * RATE))[-1].la, abs=0.1)
