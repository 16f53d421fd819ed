"""The loudness meter against the signals of EBU Tech 3341 and EBU Tech 3342, made here from their descriptions.

Cases 7 and 8 of Tech 3341 and 5 and 6 of Tech 3342 are recordings of programmes and cannot be made. Every other case is here,
within the tolerance that the documents give: 0.1 LU of loudness, +0.2 and -0.4 dB of true peak, 1 LU of range.
The documents' signals cannot tell every mistake (a gate at -8 LU passes them), so some with a known answer follow.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from showctl.analysis.hearing.loudness import SILENT
from showctl.analysis.hearing.meter import LevelMeter, Reading, Summary
from showctl.analysis.hearing.programme import Blocks
from showctl.model import AudioBlock

Sound = NDArray[np.float32]
RATES = pytest.mark.parametrize("rate", [44100, 48000, 96000])
TWENTY = pytest.mark.parametrize("i", range(20))
RATE = 48000


def tones(*parts: tuple[float, float], rate: int = RATE) -> Sound:
    """One 1 kHz sine after the other, (dBFS of the peak, s) each: (frames,). -inf is silence."""
    level = np.concatenate([np.full(round(seconds * rate), 10 ** (dbfs / 20)) for dbfs, seconds in parts])
    return (level * np.sin(2 * np.pi * 1000 * np.arange(len(level)) / rate)).astype(np.float32)


def meter(sound: Sound, rate: int = RATE) -> tuple[list[Reading], Summary]:
    """(frames,) in both channels, or (frames, channels)."""
    one = LevelMeter(rate)
    stereo = sound if sound.ndim == 2 else np.stack([sound, sound], axis=1)
    readings = one.feed(AudioBlock(0, stereo, rate))
    return readings, one.summary()


def near(lufs: float) -> object:
    return pytest.approx(lufs, abs=0.1)


@pytest.mark.slow
@RATES
@pytest.mark.parametrize("level", [-23.0, -33.0])
def test_3341_cases_1_and_2_a_steady_tone(rate: int, level: float) -> None:
    readings, whole = meter(tones((level, 20), rate=rate), rate)
    last = readings[-1]
    assert (last.momentary, last.short_term, last.integrated) == (near(level), near(level), near(level))
    assert whole.integrated == near(level)


GATED: dict[int, list[tuple[float, float]]] = {
    3: [(-36, 10), (-23, 60), (-36, 10)],
    4: [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)],
    5: [(-26, 20), (-20, 20.1), (-26, 20)],
}


@pytest.mark.slow
@RATES
@pytest.mark.parametrize("case", GATED)
def test_3341_cases_3_to_5_what_is_gated(rate: int, case: int) -> None:
    assert meter(tones(*GATED[case], rate=rate), rate)[1].integrated == near(-23)


@pytest.mark.slow
@RATES
@pytest.mark.parametrize("lfe", [False, True])
def test_3341_case_6_surround(rate: int, lfe: bool) -> None:
    left, centre, surround = (tones((level, 20), rate=rate) for level in (-28.0, -24.0, -30.0))
    effects = [tones((-10.0, 20), rate=rate)] if lfe else []
    sound = np.stack([left, left, centre, *effects, surround, surround], axis=1)
    assert meter(sound, rate)[1].integrated == near(-23)


@RATES
def test_3341_case_9_short_term_is_constant(rate: int) -> None:
    readings, _ = meter(tones(*[(-20, 1.34), (-30, 1.66)] * 5, rate=rate), rate)
    assert len(readings) == 150
    assert [r.short_term for r in readings if r.time >= 3] == [near(-23)] * 121


@pytest.mark.slow
@TWENTY
def test_3341_case_10_the_highest_short_term_wherever_it_begins(i: int) -> None:
    assert meter(tones((-math.inf, 0.15 * i), (-23, 3), (-math.inf, 1)))[1].short_term_max == near(-23)


@pytest.mark.slow
def test_3341_case_11_the_highest_short_term_while_it_runs() -> None:
    one, at = LevelMeter(RATE), 0
    for i in range(20):
        sound = tones((-math.inf, 0.15 * i), (-38 + i, 3), (-math.inf, 3 - 0.15 * i))
        one.feed(AudioBlock(at, np.stack([sound, sound], axis=1), RATE))
        at += len(sound)
        assert one.summary().short_term_max == near(-38 + i)


@RATES
def test_3341_case_12_momentary_is_constant(rate: int) -> None:
    readings, _ = meter(tones(*[(-20, 0.18), (-30, 0.22)] * 25, rate=rate), rate)
    assert [r.momentary for r in readings if r.time >= 1] == [near(-23)] * 91


@TWENTY
def test_3341_case_13_the_highest_momentary_wherever_it_begins(i: int) -> None:
    assert meter(tones((-math.inf, 0.02 * i), (-23, 0.4), (-math.inf, 1)))[1].momentary_max == near(-23)


def test_3341_case_14_the_highest_momentary_while_it_runs() -> None:
    one, at = LevelMeter(RATE), 0
    for i in range(20):
        sound = tones((-math.inf, 0.02 * i), (-38 + i, 0.4), (-math.inf, 0.4 - 0.02 * i))
        one.feed(AudioBlock(at, np.stack([sound, sound], axis=1), RATE))
        at += len(sound)
        assert one.summary().momentary_max == near(-38 + i)


def faded(wave: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """A tone that is switched on and off is no longer one frequency: it comes and goes within so many frames."""
    ramp = np.minimum(1, np.arange(len(wave)) / frames)
    return wave * ramp * ramp[::-1]


SINES = {15: (4, 0, 0.5, -6), 16: (4, 45, 0.5, -6), 17: (6, 60, 0.5, -6), 18: (8, 67.5, 0.5, -6), 19: (4, 45, 1.41, 3)}


def within(peak: float, dbtp: float) -> bool:
    return dbtp - 0.4 <= peak <= dbtp + 0.2


@RATES
@pytest.mark.parametrize("case", SINES)
def test_3341_cases_15_to_19_true_peak_of_a_sine(rate: int, case: int) -> None:
    part, degrees, amplitude, dbtp = SINES[case]
    wave = amplitude * np.sin(2 * np.pi * np.arange(rate) / part + math.radians(degrees))
    readings, whole = meter(faded(wave, rate // 20).astype(np.float32), rate)
    assert within(whole.true_peak, dbtp)
    assert within(readings[5].true_peak, dbtp)


@RATES
@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_3341_cases_20_to_23_true_peak_wherever_the_samples_lie(rate: int, offset: int) -> None:
    """At four times the rate: a sine of a sixth of it at half scale, with one period of a quarter at full scale in the middle."""
    fine, half = 4 * rate, 2 * rate
    slow, fast = 24, 16  # samples of the fine signal a period
    wave = 0.5 * np.sin(2 * np.pi * np.arange(fine) / slow)
    start = half // slow * slow
    wave = np.concatenate([wave[:start], np.sin(2 * np.pi * np.arange(fast) / fast), wave[: fine - start - fast]])
    spectrum = np.fft.rfft(faded(wave, fine // 20))
    spectrum[fine // 8 :] = 0  # nothing above half the rate: else the decimated signal is another one
    limited = np.fft.irfft(spectrum, fine)
    assert within(20 * math.log10(np.abs(limited).max()), 0)
    assert within(meter(limited[offset::4].astype(np.float32), rate)[1].true_peak, 0)


RANGES: dict[int, tuple[list[tuple[float, float]], float]] = {
    1: ([(-20, 20), (-30, 20)], 10),
    2: ([(-20, 20), (-15, 20)], 5),
    3: ([(-40, 20), (-20, 20)], 20),
    4: ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
}


@pytest.mark.slow
@RATES
@pytest.mark.parametrize("case", RANGES)
def test_3342_cases_1_to_4(rate: int, case: int) -> None:
    parts, range_ = RANGES[case]
    assert meter(tones(*parts, rate=rate), rate)[1].range == pytest.approx(range_, abs=1)


def blocks(*parts: tuple[float, int]) -> Blocks:
    """So many blocks of each loudness (LUFS)."""
    counted = Blocks()
    for lufs, count in parts:
        for _ in range(count):
            counted.add(10 ** ((lufs + 0.691) / 10))
    return counted


def test_the_relative_gate_of_integrated_loudness_is_at_10() -> None:
    mean = -23 + 10 * math.log10((60 + 10 * 10**-0.85) / 70)
    assert blocks((-23, 60), (-31.5, 10)).integrated() == pytest.approx(mean, abs=1e-6)
    assert blocks((-23, 60), (-34.0, 10)).integrated() == pytest.approx(-23, abs=1e-6)


def test_the_absolute_gate_is_at_70() -> None:
    assert blocks((-69.9, 5), (-70.1, 5)).integrated() == pytest.approx(-69.9)
    assert blocks((-70.1, 5)).integrated() == SILENT
    assert blocks((-70.1, 5)).range() == 0.0


def test_the_range_lies_between_its_percentiles_and_is_gated_at_20() -> None:
    assert blocks((-50, 12), (-40, 76), (-30, 12)).range() == pytest.approx(20, abs=0.02)
    assert blocks((-50, 8), (-40, 88), (-30, 4)).range() == pytest.approx(0, abs=0.02)
    assert blocks((-20, 75), (-35, 25)).range() == pytest.approx(15, abs=0.02)
    assert blocks((-20, 75), (-43, 25)).range() == pytest.approx(0, abs=0.02)


def test_a_block_counts_only_when_it_is_whole() -> None:
    assert meter(tones((-23, 0.35)))[1].integrated == SILENT
    assert meter(tones((-20, 2), (-30, 0.9)))[1].range == 0.0


def test_a_long_loss_begins_the_windows_anew_and_keeps_what_was_measured() -> None:
    sound = np.repeat(tones((-23, 4))[:, None], 2, axis=1)
    one = LevelMeter(RATE)
    one.feed(AudioBlock(0, sound, RATE))
    readings = one.feed(AudioBlock(60 * RATE, sound, RATE, lost=56 * RATE))
    assert readings[0].time == pytest.approx(60.1)
    assert one.summary().integrated == near(-23)
    assert one.summary().range == pytest.approx(0, abs=0.02)


def test_however_it_is_cut_it_reads_the_same() -> None:
    sound = np.random.default_rng(5).uniform(-0.5, 0.5, (RATE, 2)).astype(np.float32)
    one, readings = LevelMeter(RATE), []
    for at in range(0, RATE, 777):
        readings += one.feed(AudioBlock(at, sound[at : at + 777], RATE))
    assert (readings, one.summary()) == meter(sound)
