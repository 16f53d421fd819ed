"""What is kept of a room while it stands, what is dropped when it is another one, and what the old one still says then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from showctl.analysis.room import spectra
from showctl.analysis.room.biquad import coefficients
from showctl.analysis.room.delay import Lag
from showctl.analysis.room.grid import BANDS
from showctl.analysis.room.lasting import Evidence, Lasting, changed, helped
from showctl.analysis.room.listening import RoomListener
from showctl.analysis.room.spectra import Frames, Known
from showctl.model import EqBand
from tests.analysis.room.test_transfer import INSIDE, RATE, crowd, late, programme

Sound = NDArray[np.float32]
QUIET = 10.0 ** (-12 / 20)


def answers_of(song: Sound, heard: Sound) -> list[tuple[float, NDArray[np.float64], NDArray[np.bool_]]]:
    """s, dB and trust, hop by hop, of one microphone."""
    listener = RoomListener(RATE, 1)
    return [(one.time, one.magnitude, one.trusted) for (one,) in listener.feed(song, heard[:, None])]


def filled(sound: Sound, gain: float) -> Sound:
    """Less of the highs."""
    out: Sound = signal.sosfilt([coefficients(EqBand("high_shelf", 1500.0, gain, 0.7), RATE)], sound).astype(np.float32)
    return out


@pytest.mark.slow
def test_a_room_that_fills_is_known_in_half_a_minute_although_the_song_becomes_quiet_just_then() -> None:
    song = programme(110)
    change = 60 * RATE
    song[change:] *= QUIET
    here = late(song, 0.02)
    heard = np.where(np.arange(len(song)) < change, here, filled(here, -3.0)).astype(np.float32)
    heard += (0.5 * QUIET * crowd(len(song))).astype(np.float32)
    found = answers_of(song, heard)
    highs = (BANDS > 2500) & INSIDE
    _, level, trusted = next(one for one in found if one[0] > 60 + 32)
    assert trusted[highs].mean() > 0.8
    assert np.median(level[highs & trusted]) == pytest.approx(-3.0, abs=0.4)
    lows = BANDS < 600
    assert np.median(level[lows & trusted]) == pytest.approx(0.0, abs=0.3)


@pytest.mark.slow
def test_while_a_room_stands_what_is_known_becomes_better_for_minutes_song_after_song() -> None:
    song = programme(150)
    song *= np.repeat([1.0, 0.3, 0.7, 0.25, 1.0], 30 * RATE).astype(np.float32)
    found = answers_of(song, late(song, 0.02) + 0.5 * crowd(len(song)))
    wrong = [np.sqrt(np.mean(level[trusted & INSIDE] ** 2)) for time, level, trusted in found if time > 40]
    share = [trusted[INSIDE].mean() for time, _, trusted in found if time > 40]
    assert max(wrong[-20:]) < 0.25
    assert min(share[-20:]) > 0.9
    steps = [np.abs(b[1] - a[1])[a[2] & b[2] & INSIDE].max() for a, b in zip(found[-30:], found[-29:], strict=False)]
    assert max(steps) < 0.15  # dB from one second to the next


def heard_of(gains: list[float], seed: int) -> Lasting:
    """What a microphone has heard, frame by frame, of noise at these gains, with noise of its own."""
    draw, frames = np.random.default_rng(seed), Frames(RATE)
    heard = Lasting(frames, Lag(0.0, 0.0, 30.0))
    for n, gain in enumerate(gains):
        real, imag = draw.normal(size=(2, 2, frames.high - frames.low)).astype(np.float32)
        x, noise = (real + 1j * imag).astype(np.complex64)
        heard.add(frames.segment(n * frames.hop / RATE, x, x * gain + 0.3 * noise))
    return heard


def test_microphones_follow_one_that_is_sure_however_little_they_have_heard() -> None:
    old, young = heard_of([1.0] * 40 + [0.5] * 8, 1), heard_of([0.5] * 2, 2)
    assert changed([old, young], [old.known(), young.known()]) == [0, 1]
    level = 10 * np.log10(old.told(old.known()).power[INSIDE])
    assert level == pytest.approx(-6.0, abs=0.5)
    assert sum(one.frames for one in young.segments) == 2


def test_microphones_that_hear_the_same_room_keep_all_they_know() -> None:
    one, other = heard_of([1.0] * 48, 3), heard_of([0.5] * 30, 4)
    assert changed([one, other], [one.known(), other.known()]) == []
    assert sum(segment.frames for segment in one.segments) == 48


def known(level: NDArray[np.float64], error: NDArray[np.float64]) -> Known:
    nothing = spectra.nothing(Frames(RATE))
    power = np.where(np.isfinite(error), 10 ** (level / 10), 0.0)
    return replace(nothing, power=power, error=error, trusted=error < spectra.TRUSTED)


def test_a_few_bands_tell_how_all_have_changed() -> None:
    draw = np.random.default_rng(4)
    octaves = np.log2(BANDS / BANDS[0])
    old = draw.normal(0, 4, len(BANDS))  # rough, as rooms are
    new = old - 0.6 * octaves
    error = np.full(len(BANDS), np.inf)
    error[::5] = 0.4
    before = known(old + draw.normal(0, 0.2, len(BANDS)), np.full(len(BANDS), 0.2))
    fresh = known(new + np.where(np.isfinite(error), draw.normal(0, 0.4, len(BANDS)), 0.0), error)
    told = helped(fresh, before, 1.0)
    apart = 10 * np.log10(told.power) - new
    assert fresh.trusted.mean() < 0.25
    assert told.trusted.all()
    assert np.sqrt(np.mean(apart**2)) < 0.5
    assert np.sqrt(np.mean((apart / told.error) ** 2)) < 1.5  # and it knows how far it may be off


def test_what_is_known_anew_outweighs_what_was() -> None:
    old, new = np.zeros(len(BANDS)), np.where(np.arange(len(BANDS)) % 2, 3.0, -3.0)  # no smooth change at all
    told = helped(known(new, np.full(len(BANDS), 0.05)), known(old, np.full(len(BANDS), 0.2)), 10.0)
    assert 10 * np.log10(told.power) == pytest.approx(new, abs=0.1)


def test_where_nothing_is_known_anew_the_old_room_is_not_told_for_the_new_one() -> None:
    nothing = spectra.nothing(Frames(RATE))
    told = helped(nothing, known(np.zeros(len(BANDS)), np.full(len(BANDS), 0.2)), 1.0)
    assert not told.trusted.any()


def test_few_bands_need_more_proof() -> None:
    assert not Evidence(6, 36.0, 16, 0.0).sure()
    assert Evidence(6, 36.0 * 4, 16 * 4, 0.0).sure()
    assert not Evidence(6, 70.0, 7, 0.0).sure()
    assert not Evidence(6, 0.0, 0, 0.0).sure()


def test_a_smooth_course_proves_it_where_no_band_does() -> None:
    assert Evidence(6, 40.0, 40, 31.0).sure()
    assert not Evidence(6, 40.0, 40, 31.0).sure(microphones=3)
