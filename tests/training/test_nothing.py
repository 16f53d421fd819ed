"""What is not music: same seed same sound, no beats in it; beats between other things only where music is."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training composes with scipy, which showctl does not need: it comes with `make bench`")

from training import nothing, synth_fluid, tone
from training.piece import RATE

lacking = nothing.lacking()
needs_espeak = pytest.mark.skipif(bool(lacking), reason=lacking or "all there")
lacking_all = lacking or synth_fluid.lacking()


@pytest.mark.parametrize("name", sorted(nothing.SCENES))
def test_every_scene_is_made_of_its_seed(name):
    if name in ("speech", "dialogue", "crowd") and lacking:
        pytest.skip(lacking)
    make = nothing.SCENES[name][1]
    one, two = (make(np.random.default_rng(7), 8 * RATE) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.shape == (8 * RATE,)
    assert np.isfinite(one).all()
    assert name == "silence" or tone.rms(one) > 1e-3


@needs_espeak
@pytest.mark.parametrize("seed", range(3))
def test_no_beat_where_there_is_no_music(seed):
    piece = nothing.compose(seed)
    np.testing.assert_array_equal(piece.audio, nothing.compose(seed).audio)
    assert not len(piece.beats)
    assert piece.meter == 0
    assert 25 <= len(piece.audio) / RATE <= 35
    assert np.abs(piece.audio).max() <= 1


@needs_espeak
def test_lines_differ_and_every_voice_speaks():
    lines = [nothing.line(n) for n in range(4)]
    assert len({len(x) for x in lines}) == 4
    assert all(len(x) > RATE // 2 for x in lines)


@pytest.mark.slow
@pytest.mark.skipif(bool(lacking_all), reason=lacking_all or "all there")
@pytest.mark.parametrize("seed", range(3))
def test_beats_between_are_where_the_music_is(seed):
    piece = nothing.between(seed)
    assert len(piece.beats) == len(piece.positions) > 5
    assert (np.diff(piece.beats) > 0.15).all()
    assert piece.beats[-1] < len(piece.audio) / RATE
    marks = np.array([t for t, _ in piece.sections])
    order = np.argsort(marks, kind="stable")
    names = [piece.sections[i][1] for i in order]
    for beat in piece.beats:
        before = np.searchsorted(marks[order], beat + 1e-9) - 1
        assert before < 0 or names[before] != "silence" or "silence" in piece.style
