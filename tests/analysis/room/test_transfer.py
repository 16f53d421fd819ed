"""Delay, clock and response of a room out of the programme: against rooms that are known exactly, and against what is none."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from showctl.analysis.room import delay
from showctl.analysis.room.grid import BANDS, smoothed
from showctl.analysis.room.spectra import Frames
from showctl.analysis.room.transfer import Heard, arrival, response
from showctl.model import RoomResponse

RATE = 16_000  # Hz; the bands up to 7 kHz are there, and a test takes a third of the time
INSIDE = BANDS < 6000
Sound = NDArray[np.float32]


def programme(seconds: float, seed: int = 1) -> Sound:
    """Pink noise in bursts, with pauses between them: a stand-in for music."""
    draw = np.random.default_rng(seed)
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(draw.normal(size=count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    bursts = np.interp(np.arange(count) / RATE, np.arange(0, seconds + 1, 0.25), draw.uniform(0, 1, int((seconds + 1) * 4)) ** 2)
    sound = np.fft.irfft(spectrum, count) * bursts
    return (0.1 * sound / sound.std()).astype(np.float32)


def late(sound: Sound, seconds: float, drift: float = 0.0) -> Sound:
    """As a microphone with a clock of its own hears it so many seconds later: cubic between four points a frame."""
    fine = np.fft.irfft(np.fft.rfft(sound.astype(np.float64)) * 4, 4 * len(sound))
    places = (np.arange(len(sound)) - seconds * RATE) / (1 + drift * 1e-6)
    return ndimage.map_coordinates(fine, [4 * places], order=3, mode="constant").astype(np.float32)


def crowd(count: int, seed: int = 9) -> Sound:
    draw = np.random.default_rng(seed)
    return (0.1 * draw.normal(size=count)).astype(np.float32)


@pytest.fixture(scope="module")
def song() -> Sound:
    return programme(24)


def test_a_delay_and_a_gain_come_out_as_they_went_in(song: Sound) -> None:
    heard = np.concatenate([np.zeros(1600, np.float32), 0.5 * song])[: len(song)]
    found = response(song, heard, RATE)
    assert found.delay == pytest.approx(0.1, abs=5e-6)
    assert found.drift == pytest.approx(0.0, abs=0.01)
    assert found.delay_trusted
    assert found.trusted[INSIDE].all()
    assert found.magnitude[INSIDE] == pytest.approx(20 * np.log10(0.5), abs=0.06)
    assert found.coherence[INSIDE] == pytest.approx(1.0, abs=0.02)


@pytest.mark.slow
def test_a_room_known_tap_by_tap(song: Sound) -> None:
    draw = np.random.default_rng(3)
    taps = draw.normal(size=RATE // 2) * np.exp(-13.8 * np.arange(RATE // 2) / (0.4 * RATE)) * 0.1
    taps[0] = 1.0
    heard = np.convolve(song, taps)[: len(song)].astype(np.float32)
    found = response(song, heard, RATE)
    freqs = np.fft.rfftfreq(1 << 17, 1 / RATE)
    true = smoothed(freqs, np.abs(np.fft.rfft(taps, 1 << 17)) ** 2, BANDS)
    error = (found.magnitude - true)[found.trusted & INSIDE]
    assert found.trusted[INSIDE].mean() > 0.95
    assert np.sqrt(np.mean(error**2)) < 0.25
    assert found.delay == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("drift", [-50.0, 7.0, 50.0, 120.0])
def test_a_clock_that_runs_away_is_found_and_taken_out(song: Sound, drift: float) -> None:
    heard = late(song, 0.05, drift)
    found = response(song, heard, RATE)
    assert found.drift == pytest.approx(drift, abs=0.05)
    assert found.delay_at(0.0) == pytest.approx(0.05, abs=2e-5)
    assert found.delay == pytest.approx(0.05 + len(song) / RATE * drift * 1e-6, abs=2e-5)
    assert found.magnitude[INSIDE] == pytest.approx(0.0, abs=0.1)


def test_what_is_learnt_of_a_clock_after_an_hour_is_no_jump_of_the_delay(song: Sound) -> None:
    """Half a millionth is 1.8 ms after an hour: told as of its beginning, the delay would jump by so much."""
    frames, hour, microphone = Frames(RATE), 3600 * RATE, late(song, 0.05)
    heard = Heard(frames, delay.Lag(0.05, 0.0, 20.0), longest=16)
    for at in range(0, len(song) - 2 * frames.size, frames.hop):
        heard.add(heard.frame(hour + at, frames.spectrum(song[at : at + frames.size]), microphone, hour))
    before = heard.response(heard.known(), 3600.0)
    heard.turn(0.5, 3600.0)
    after = heard.response(heard.known(), 3600.0)
    assert before.delay_trusted
    assert after.delay_trusted
    assert before.delay == pytest.approx(0.05, abs=5e-5)
    assert after.delay == pytest.approx(before.delay, abs=5e-5)


@pytest.mark.slow
def test_a_crowd_as_loud_as_the_programme_costs_bands_and_no_truth(song: Sound) -> None:
    found = response(song, late(song, 0.2, 30.0) + crowd(len(song)), RATE)
    trusted = found.trusted & INSIDE
    assert found.drift == pytest.approx(30.0, abs=1.0)
    assert trusted.mean() > 0.3
    assert found.worth[trusted].min() > 0.8
    assert np.sqrt(np.mean(found.magnitude[trusted] ** 2)) < 0.6
    assert np.abs(found.magnitude[trusted]).max() < 3.0


@pytest.mark.slow
def test_turned_polarity_changes_no_level_and_no_delay(song: Sound) -> None:
    one, other = response(song, late(song, 0.03), RATE), response(song, -late(song, 0.03), RATE)
    assert other.magnitude == pytest.approx(one.magnitude, abs=1e-3)
    assert other.delay == pytest.approx(one.delay, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("gain", [1e-4, 30.0])
def test_how_loud_it_was_recorded_is_nothing_but_a_level(song: Sound, gain: float) -> None:
    heard = late(song, 0.03) + crowd(len(song)) * 0.3
    one, other = response(song, heard, RATE), response(song * np.float32(gain), heard * np.float32(gain), RATE)
    assert np.array_equal(other.trusted, one.trusted)
    assert other.magnitude[one.trusted] == pytest.approx(one.magnitude[one.trusted], abs=0.01)
    only_mic = response(song, heard * np.float32(gain), RATE)
    assert only_mic.magnitude[one.trusted] == pytest.approx(one.magnitude[one.trusted] + 20 * np.log10(gain), abs=0.01)


@pytest.mark.parametrize("heard", ["silence", "crowd", "another song", "no programme"])
def test_where_nothing_is_in_common_nothing_is_trusted(song: Sound, heard: str) -> None:
    sound = {"silence": np.zeros_like(song), "crowd": crowd(len(song)), "another song": programme(30, 2), "no programme": song}[
        heard
    ]
    found = response(np.zeros_like(song) if heard == "no programme" else song, sound, RATE)
    assert not found.delay_trusted
    assert not found.trusted.any()
    assert not found.worth.any()
    _finite(found)


def test_a_recording_shorter_than_a_frame_is_no_answer(song: Sound) -> None:
    found = response(song[: 2 * RATE], song[: 2 * RATE], RATE)
    assert not found.trusted.any()
    _finite(found)


def test_bands_where_the_programme_has_nothing_are_not_trusted(song: Sound) -> None:
    spectrum = np.fft.rfft(song)
    spectrum[np.fft.rfftfreq(len(song), 1 / RATE) > 2000] = 0
    dull = np.fft.irfft(spectrum, len(song)).astype(np.float32)
    found = response(dull, late(dull, 0.05) + crowd(len(dull)) * 0.03, RATE)
    assert not found.trusted[BANDS > 2300].any()
    assert found.worth[BANDS > 2300].max() < 0.8
    assert found.trusted[BANDS < 1500].mean() > 0.9
    assert not found.delay_trusted  # who has not heard the highs cannot say to 0.2 ms when the direct sound came


def test_two_arrivals_as_strong_are_no_clear_direct_sound(song: Sound) -> None:
    found = response(song, late(song, 0.05) + late(song, 0.06) * np.float32(0.97), RATE)
    assert not found.delay_trusted
    assert found.delay == pytest.approx(0.05, abs=2e-4)


def test_arrival_between_frames() -> None:
    spectrum = np.exp(-2j * np.pi * np.fft.rfftfreq(1 << 15) * 700.3)
    found, clear = arrival(np.fft.irfft(spectrum, 1 << 15).astype(np.float32), RATE)
    assert clear
    assert found == pytest.approx(700.3 / RATE, abs=0.25 / RATE)


def test_a_direct_sound_between_frames_is_not_passed_over_for_a_weaker_one_upon_a_frame() -> None:
    freqs = np.fft.rfftfreq(1 << 15)
    spectrum = np.exp(-2j * np.pi * freqs * 700.5) + 0.9 * np.exp(-2j * np.pi * freqs * 705)
    found, _ = arrival(np.fft.irfft(spectrum, 1 << 15).astype(np.float32), RATE)
    assert found == pytest.approx(700.5 / RATE, abs=0.25 / RATE)


@pytest.mark.parametrize(("start", "step"), [(0.0, 1.0), (10.37, 1 + 50e-6), (-40.6, 1 - 200e-6)])
def test_sound_is_moved_by_parts_of_a_frame(start: float, step: float) -> None:
    at = np.arange(6000)
    tone = np.sin(2 * np.pi * 0.03 * at).astype(np.float32)
    out = delay.resampled(tone, start, step, 5000)
    places = start + np.arange(5000) * step
    inside = (places > 40) & (places < 5950)
    assert np.abs(out - np.sin(2 * np.pi * 0.03 * places))[inside].max() < 0.005
    assert not out[places < -delay.TAPS].any()


def _finite(found: RoomResponse) -> None:
    for values in (found.magnitude, found.coherence, np.array([found.delay, found.drift])):
        assert np.isfinite(values).all()
