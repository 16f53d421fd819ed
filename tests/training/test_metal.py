"""Composed rock and metal: same seed same sound, truth inside the sound, figures fill their bars, strokes are where told."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training composes with scipy, which showctl does not need: it comes with `make bench`")

from training import metal, metal_grooves, metal_sounds, tone
from training.piece import KINDS, RATE


def test_grooves_fill_their_bars_and_belong_to_a_style():
    for name, family in metal_grooves.GROOVES.items():
        for groove in family:
            assert len(groove.kick) == len(groove.snare) == len(groove.cymbal), name
            assert set(groove.kick + groove.snare + groove.cymbal) <= set("xo."), name
            assert groove.riffs, name
    assert {g for s in metal_grooves.STYLES.values() for g in s.grooves} == set(metal_grooves.GROOVES)


def test_styles_have_grooves_of_their_meter():
    for name, style in metal_grooves.STYLES.items():
        for family in style.grooves:
            assert all(len(g.kick) % style.meter == 0 for g in metal_grooves.GROOVES[family]), name
        assert 40 <= style.bpm[0] < style.bpm[1] <= 250, name


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 4, 8])
def test_a_song_follows_from_its_seed_and_its_truth_is_inside(seed):
    one, two = metal.compose(seed), metal.compose(seed)
    np.testing.assert_array_equal(one.audio, two.audio)
    np.testing.assert_array_equal(one.beats, two.beats)
    end = len(one.audio) / RATE
    assert one.audio.dtype == np.float32
    assert np.isfinite(one.audio).all()
    assert np.abs(one.audio).max() <= 1
    assert 25 < end <= 41
    assert (np.diff(one.beats) > 0.2).all()
    assert (one.beats >= 0).all()
    assert (one.beats < end).all()
    assert len(one.positions) == len(one.beats) > 20
    np.testing.assert_array_equal(one.positions[1:], one.positions[:-1] % one.meter + 1)
    assert set(one.hits) == set(KINDS)
    for times in one.hits.values():
        assert (np.diff(times) > 0).all()
        assert not len(times) or 0 <= times[0] <= times[-1] < end


def test_a_stroke_sounds_where_it_is_noted():
    rng = np.random.default_rng(3)
    style = metal_grooves.STYLES["industrial"]
    band = metal.Band(rng, style, metal.grid(rng, 120, 10), 10 * RATE, 0.0)
    metal._strike(band, metal_sounds.kit(rng), "snare", 4, 1.0)
    frame = round(band.hits["snare"][0] * RATE)
    assert frame == round(band.at(4) * RATE)
    assert not band.drums[:frame].any()
    assert np.abs(band.drums[frame : frame + RATE // 100]).max() > 0.1


def test_a_string_has_its_pitch_and_a_muted_one_dies_sooner():
    rng = np.random.default_rng(1)
    still, muted = metal_sounds.string(rng, 110, 1.0, 0.0), metal_sounds.string(rng, 110, 1.0, 0.9)
    spectrum = np.abs(np.fft.rfft(still[:RATE]))
    pitch = np.argmax(np.correlate(spectrum[:2000], spectrum[:2000], "full")[2000 + 60 : 2000 + 160]) + 61
    assert abs(pitch - 110) <= 1
    late = slice(RATE // 2, None)
    assert tone.rms(muted[late]) / tone.rms(muted) < 0.2 * tone.rms(still[late]) / tone.rms(still)
