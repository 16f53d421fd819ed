"""Feedback that grows is told in time, with its frequency and its fader; notes that are held are not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from showctl.analysis.room.howl import ENOUGH, MOST, Courses, HowlWatch, Told, advice, evidence
from showctl.analysis.room.howl_features import AROUND, Spectra, left
from showctl.model import AudioBlock, Howl

RATE = 48_000


def told(sound: NDArray[np.float64], rate: int = RATE, cuts: int = 4800) -> list[Howl]:
    watch, edges = HowlWatch(rate), np.append(np.arange(0, len(sound), cuts), len(sound))
    return [h for a, b in pairwise(edges) for h in watch.feed(AudioBlock(int(a), sound[a:b].astype(np.float32)[:, None], rate))]


def hall(seconds: float, rate: int = RATE) -> NDArray[np.float64]:
    """Noise with a beat, -20 dBFS: something to compare with."""
    t = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(1).normal(size=len(t))
    return 0.05 * noise * (0.5 + np.exp(-8 * (t % 0.5)))


def growing(freq: float, speed: float, since: float, seconds: float, rate: int = RATE) -> NDArray[np.float64]:
    """A loop's tone: from -60 dBFS on by so many dB/s, up to a limiter at full scale."""
    t = np.arange(int(seconds * rate)) / rate
    level = np.where(t > since, 10 ** ((-60 + speed * (t - since)) / 20), 0.0)
    return np.tanh(level * np.sin(2 * np.pi * freq * t))


@pytest.mark.slow
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize(("freq", "speed"), [(317.0, 8.0), (317.0, 40.0), (2520.0, 15.0), (6100.0, 120.0), (1000.0, 400.0)])
def test_a_loop_that_runs_away_is_caught(freq: float, speed: float, rate: int) -> None:
    """As loud as the music (-25 dBFS RMS) it is after 38 dB; it must be known 1.5 s after that."""
    since = 15.0
    away = since + 38 / speed
    found = told(hall(away + 3, rate) + growing(freq, speed, since, away + 3, rate), rate)
    assert found != []
    assert found[0].time < away + 1.5
    assert found[0].freq == pytest.approx(freq, rel=0.005)
    assert f"{found[0].freq:.0f} Hz" in found[0].text


@pytest.mark.slow
def test_held_notes_and_vibrato_are_music() -> None:
    t = np.arange(30 * RATE) / RATE
    held = sum(0.1 / n * np.sin(2 * np.pi * 440 * n * t) for n in range(1, 5)) * (t % 6 > 1)
    vibrato = 0.1 * np.sin(2 * np.pi * 700 * t + 8 * np.sin(2 * np.pi * 5.5 * t)) * np.clip(t % 5, 0, 1)
    assert told(hall(30) + held) == []
    assert told(hall(30) + vibrato) == []
    assert told(hall(30)) == []


def test_how_sound_is_cut_changes_nothing() -> None:
    sound = hall(17.5) + growing(800.0, 30.0, 14.0, 17.5)
    first, other = told(sound), told(sound, cuts=1777)
    assert first == other != []


def test_one_howl_is_told_once() -> None:
    assert [one.again for one in told(hall(16.5) + growing(800.0, 60.0, 14.0, 16.5))][:1] == [False]
    many = told(hall(20) + np.clip(growing(800.0, 60.0, 14.0, 20), -0.5, 0.5))
    assert [one.again for one in many] == [False] + [True] * (len(many) - 1)
    assert len(many) >= 4, "it stands, and that is told each second"
    assert all(0.95 < b.time - a.time < 1.2 for a, b in pairwise(many))


def test_nothing_is_told_before_there_is_something_to_compare_with() -> None:
    assert told(hall(8) + growing(800.0, 60.0, 5.0, 8)) == []


def test_what_is_known_of_a_peak_are_numbers_whatever_it_is() -> None:
    """Noise, silence and full scale, and peaks at both ends of what is watched."""
    draw = np.random.default_rng(2)
    for level in (0.0, 1e-6, 1e-2, 1.0):
        spectra = Spectra(RATE, 12_000.0)
        for _ in range(5):
            spectra.hear((level * draw.normal(size=spectra.size)).astype(np.float32))
        for peak in (7, 8, 500, spectra.bins - AROUND - 1):
            assert np.isfinite(evidence(spectra.features(peak, 7)))


def test_one_factor_tells_a_loop_from_vibrato() -> None:
    """What multiplies by one number leaves nothing; noise leaves all but what chance gives, a wandering phase much."""
    n = np.arange(32)
    loop = 1.05**n * np.exp(1.3j * n)
    assert left(loop[:-1], loop[1:]) == pytest.approx(-60, abs=0.1)
    vibrato = loop * np.exp(0.8j * np.sin(0.9 * n))
    assert left(vibrato[:-1], vibrato[1:]) > -15
    draw = np.random.default_rng(3)
    noise = draw.normal(size=500) + 1j * draw.normal(size=500)
    assert left(noise[:-1], noise[1:]) == pytest.approx(0, abs=0.1)


def test_a_course_is_enough_after_as_many_judgements_as_it_takes_and_at_one_frequency() -> None:
    courses, fewest = Courses(), min(ENOUGH)
    beyond = [courses.add([(500.0, 99.0)])[0] for _ in range(fewest)]
    assert all(one < 0 for one in beyond[:-1])
    assert beyond[-1] == MOST - ENOUGH[fewest] > 0
    assert courses.add([(600.0, 99.0)])[0] < 0
    assert courses.add([]) == []


def test_an_overtone_of_what_was_told_is_not_told_until_later() -> None:
    told = Told()
    assert told.new(10.0, 400.0, -20.0)
    assert not told.new(10.5, 402.0, -20.0)
    assert not told.new(10.5, 800.5, -20.0)
    assert told.new(10.5, 900.0, -20.0)
    assert told.new(13.0, 800.5, -20.0)


def test_a_howl_that_stands_is_told_each_second_until_it_is_softer() -> None:
    told = Told()
    assert told.new(10.0, 400.0, -20.0)
    assert not told.still(10.9, 400.0, -10.0)
    assert told.still(11.0, 402.0, -10.0)
    assert not told.still(11.5, 402.0, -10.0)
    assert told.still(12.1, 402.0, -11.0)
    assert not told.still(13.2, 402.0, -13.5)  # something was done about it
    assert not told.still(13.2, 500.0, -11.0)


def test_silence_and_a_loss_are_no_feedback() -> None:
    watch = HowlWatch(RATE)
    assert watch.feed(AudioBlock(0, np.zeros((RATE, 2), np.float32), RATE)) == []
    assert watch.feed(AudioBlock(5 * RATE, np.ones((RATE, 2), np.float32), RATE, lost=4 * RATE)) == []


@pytest.mark.parametrize(
    ("freq", "fader", "name"), [(1230.0, 1250.0, "1.25 kHz"), (63.0, 63.0, "63 Hz"), (330.0, 315.0, "315 Hz")]
)
def test_the_advice_names_a_fader(freq: float, fader: float, name: str) -> None:
    said = advice(1.0, freq, -20.0, 12.0)
    assert said.fader == fader
    assert name in said.text
