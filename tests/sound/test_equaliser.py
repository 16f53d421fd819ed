"""The in-process equaliser: exact, silent when it moves, within its limits, however the sound is cut into blocks."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import sosfilt

from showctl.analysis.room.biquad import coefficients
from showctl.model import EqBand
from showctl.sound.cascade import NOTHING, Cascade
from showctl.sound.equaliser import EqLimits, Equaliser

RATE = 48_000
WIDE = EqLimits(boost=15.0, summed=100.0)
KINDS = st.sampled_from(["peaking", "low_shelf", "high_shelf"])
BAND = st.builds(EqBand, KINDS, st.floats(25, 18_000), st.floats(-12, 12), st.floats(0.5, 8))
BANDS = st.lists(BAND, max_size=5).map(tuple)
CUTS = st.lists(st.integers(7, 400), min_size=1, max_size=6)


def noise(frames, channels, seed=1):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)


def played(eq, samples, cuts=(256,)):
    """All of `samples` through the equaliser, in blocks of these sizes over and over."""
    out, at = np.empty_like(samples), 0
    sizes = itertools.cycle(cuts)
    while at < len(samples):
        size = next(sizes)
        eq.process(samples[at : at + size], out[at : at + size])
        at += size
    return out


def settled(eq):
    """Silence until what was set is heard."""
    block = np.zeros((4800, eq.channels), np.float32)
    for _ in range(2000):
        eq.process(block, np.empty_like(block))
        if not eq.moving:
            return eq
    raise AssertionError("it never settles")


def reference(samples, bands):
    """One channel through scipy's filter."""
    if not bands or not len(samples):
        return samples.astype(float)
    return sosfilt(np.array([coefficients(b, RATE) for b in bands]), samples.astype(float))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.tuples(BANDS, BANDS, BANDS), CUTS)
def test_every_channel_is_what_scipy_filters_however_it_is_cut(bands, cuts):
    eq = Equaliser(3, RATE, WIDE)
    eq.set(bands)
    settled(eq)
    samples = noise(1500, 3)
    out = played(eq, samples, cuts)
    for channel, some in enumerate(bands):
        np.testing.assert_allclose(out[:, channel], reference(samples[:, channel], some), atol=3e-6)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(BANDS, BANDS, CUTS)
def test_a_change_sounds_the_same_however_it_is_cut(before, after, cuts):
    samples, takes = noise(4000, 2), []
    for sizes in (cuts, [256]):
        eq = Equaliser(2, RATE, WIDE, slew=2000.0)
        eq.set([before, ()])
        settled(eq)
        eq.set([after, before])
        takes.append(played(eq, samples, sizes))
    np.testing.assert_allclose(*takes, atol=3e-6)


def test_the_filter_keeps_its_digits_over_twelve_low_narrow_bands():
    bands = [EqBand("peaking", f, -9.0, 10.0) for f in np.geomspace(20, 60, 12)]
    sections = np.array([[coefficients(b, RATE) for b in bands]])
    samples = noise(48_000, 1).astype(float)
    ours = Cascade(sections).process(samples)[:, 0]
    assert np.abs(ours - sosfilt(sections[0], samples[:, 0])).max() < 1e-9


def tone(freq, seconds, rate=RATE):
    return (0.5 * np.sin(2 * np.pi * freq * np.arange(round(seconds * rate)) / rate)).astype(np.float32)[:, None]


def far_from(samples, low, high):
    """dB of the energy between two frequencies against all of it, at the worst moment (4096 frames)."""
    window = np.kaiser(4096, 24)
    freqs = np.fft.rfftfreq(4096, 1 / RATE)
    band = (freqs >= low) & (freqs <= high)
    worst = 0.0
    for at in range(0, len(samples) - 4096, 512):
        power = np.abs(np.fft.rfft(samples[at : at + 4096, 0] * window)) ** 2
        worst = max(worst, power[band].sum() / power.sum())
    return 10 * math.log10(worst + 1e-30)


@pytest.mark.slow
@pytest.mark.parametrize("block", [64, 256, 1024, 333])
@pytest.mark.parametrize("kind", ["peaking", "low_shelf", "high_shelf"])
def test_a_step_of_6_db_is_not_heard_as_a_click(block, kind):
    eq = Equaliser(1, RATE)
    samples = tone(315, 2.5)
    eq.process(samples[:2400], np.empty((2400, 1), np.float32))
    eq.set([[EqBand(kind, 315.0, -6.0, 2.0 if kind == "peaking" else 0.7)]])
    out = played(eq, samples[2400:], [block])
    assert not eq.moving
    assert np.abs(out[-4800:]).max() < 0.9 * np.abs(samples).max(), "it did move"
    assert far_from(out, 3000, 24_000) < -130  # -100 is asked for; float32 samples alone are at about -150


@pytest.mark.slow
def test_flat_bands_are_the_very_same_bits_and_no_click_on_the_way() -> None:
    """So a bypass is the sound as it came in."""
    eq = Equaliser(1, RATE)
    held = [EqBand("peaking", 315.0, -6.0, 1.0), EqBand("low_shelf", 90.0, -3.0, 0.7), EqBand("high_shelf", 9000.0, -3.0, 0.7)]
    eq.set([held])
    settled(eq)
    samples = tone(315, 5.0)
    first = played(eq, samples[:24_000])
    eq.set([[EqBand(band.kind, band.freq, 0.0, band.q) for band in held]])
    second = played(eq, samples[24_000:200_000])
    assert not eq.moving
    np.testing.assert_array_equal(second[-24_000:], samples[176_000:200_000])
    assert far_from(np.concatenate((first, second))[4800:], 3000, 24_000) < -130


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(BANDS, BANDS, st.floats(30, 15_000))
def test_while_it_moves_no_frequency_is_louder_than_before_or_after(before, after, freq):
    """The steady mixture of both filters at any moment, by the triangle inequality and by measurement."""
    eq = Equaliser(1, RATE, WIDE, slew=1e9)
    eq.set([before])
    settled(eq)
    samples = tone(freq, 1.0)
    played(eq, samples[:24_000])
    eq.set([after])
    out = played(eq, samples[24_000:])
    steady = [np.abs(reference(samples[:, 0], bands)[-16_000:]).max() for bands in (before, after)]
    assert np.abs(out).max() <= max(steady) * 1.03 + 1e-4, "ringing of the steady reference aside"


def test_the_slew_holds_in_the_middle_of_the_fade():
    eq = Equaliser(1, RATE, slew=6.0)
    samples = tone(1000, 4.0)
    eq.set([[EqBand("peaking", 1000.0, -6.0, 1.0)]])
    out = played(eq, samples)
    level = 20 * np.log10(np.sqrt((out[: len(out) // 480 * 480].reshape(-1, 480) ** 2).mean(axis=1)))
    steps = np.abs(np.diff(level)) / 0.01
    assert steps.max() < 6.0 * 1.35, "dB/s; a line in amplitude is steeper in dB towards its lower end"
    assert level[-1] - level[0] == pytest.approx(-6.0, abs=0.05)


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        ([EqBand("peaking", math.nan, 0, 1)], "not a number"),
        ([EqBand("peaking", 100, math.inf, 1)], "not a number"),
        ([EqBand("peaking", 100, -3, 0)], "Q of 0"),
        ([EqBand("peaking", 19, -3, 1)], "20 to 20000 Hz"),
        ([EqBand("peaking", 100, 7, 1)], r"-15 to \+6 dB"),
        ([EqBand("peaking", 100, 1, 1)], "together lift by 1.0 dB: 0 dB"),
        ([EqBand("peaking", 100, -1, 1)] * 17, "16 are allowed"),
    ],
)
def test_a_bad_set_is_refused_in_words_and_the_last_good_one_stays(bands, words):
    good = [(EqBand("peaking", 100.0, -3.0, 1.0),), ()]
    eq = Equaliser(2, RATE)
    eq.set(good)
    settled(eq)
    with pytest.raises(ValueError, match=f"channel 2: .*{words}"):
        eq.set([(), bands])
    assert eq.bands == tuple(good)
    assert not eq.moving
    samples = noise(1000, 2)
    np.testing.assert_allclose(played(eq, samples)[:, 0], reference(samples[:, 0], good[0]), atol=1e-6)


@pytest.mark.parametrize("frames", [0, 1, 2, 31, 33, 1023])
def test_blocks_of_any_size(frames):
    eq = Equaliser(2, RATE)
    eq.set([[EqBand("peaking", 1000.0, -6.0, 1.0)], []])
    settled(eq)
    samples = noise(frames, 2)
    out = np.full_like(samples, 9.0)
    eq.process(samples, out)
    np.testing.assert_allclose(out[:, 0], reference(samples[:, 0], eq.bands[0]), atol=1e-6)
    np.testing.assert_allclose(out[:, 1], samples[:, 1], atol=1e-7)


def test_the_wrong_number_of_channels_is_refused():
    with pytest.raises(ValueError, match="bands for 1 channels: the equaliser has 2"):
        Equaliser(2, RATE).set([()])


def test_a_boost_under_a_cut_is_allowed():
    eq = Equaliser(1, RATE)
    eq.set([(EqBand("low_shelf", 300.0, -6.0, 0.7), EqBand("peaking", 80.0, 3.0, 2.0))])
    assert len(eq.bands[0]) == 2


def test_input_that_is_no_number_is_silence_and_is_counted():
    eq = Equaliser(2, RATE)
    eq.set([[EqBand("peaking", 100.0, -3.0, 1.0)]] * 2)
    settled(eq)
    samples = noise(512, 2)
    samples[100, 0], samples[101, 1], samples[102, 1] = np.nan, np.inf, 3e38
    out = played(eq, samples)
    assert eq.broken == 3
    clean = np.where(np.isfinite(samples) & (np.abs(samples) < 2), samples, 0)
    np.testing.assert_allclose(out[:, 1], reference(clean[:, 1], eq.bands[1]), atol=1e-6)


def test_only_the_newest_of_several_changes_is_played():
    eq = Equaliser(1, RATE)
    for gain in (-1.0, -2.0, -3.0):
        eq.set([[EqBand("peaking", 200.0, gain, 1.0)]])
    settled(eq)
    samples = noise(800, 1)
    np.testing.assert_allclose(played(eq, samples)[:, 0], reference(samples[:, 0], eq.bands[0]), atol=1e-6)
    assert eq.bands[0][0].gain == -3.0


def test_silence_ends_in_zero_and_not_in_numbers_that_are_slow():
    cascade = Cascade(np.array([[coefficients(EqBand("peaking", 40.0, -6.0, 8.0), RATE)]]))
    cascade.process(noise(4800, 1).astype(float))
    for _ in range(200):
        out = cascade.process(np.zeros((4800, 1)))
    assert not out.any()
    assert not (np.abs(cascade._state) < NOTHING).any() or not cascade._state.any()


def test_a_filter_that_would_run_away_is_refused():
    with pytest.raises(ValueError, match="not stable"):
        Cascade(np.array([[[1.0, 0, 0, 1, -2.1, 1.2]]]))
    with pytest.raises(ValueError, match="not a number"):
        Cascade(np.full((1, 1, 6), np.nan))


@pytest.mark.parametrize("freq", [120.0, 1000.0, 6000.0])
def test_a_notch_comes_quickly_and_without_a_zipper(freq):
    """All of it within a third of a second, and nothing farther than half an octave off, -100 dB."""
    equaliser, second = Equaliser(1, RATE), np.arange(RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * freq * second)[:, None].astype(np.float32)
    heard = np.empty_like(tone)
    equaliser.process(tone[: RATE // 2], heard[: RATE // 2])
    equaliser.set([[EqBand("peaking", freq, -3.0, 8.0)]], quick=True)
    for begin in range(RATE // 2, RATE, 500):
        equaliser.process(tone[begin : begin + 500], heard[begin : begin + 500])
        assert begin < 0.83 * RATE or not equaliser.moving
    seen = np.abs(np.fft.rfft(heard[:, 0] * np.kaiser(RATE, 30))) ** 2
    far = np.abs(np.arange(len(seen)) / freq - 1) > 0.5
    assert 10 * np.log10(seen[far].sum() / seen.sum()) < -100
    assert np.abs(heard[-RATE // 20 :]).max() == pytest.approx(0.5 * 10 ** (-3 / 20), abs=0.005)
