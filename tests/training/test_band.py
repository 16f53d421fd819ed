"""Bands composed for training: same seed same sound, beats in order, strokes where the sound is, tables that can be played."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training composes with scipy, which showctl does not need: it comes with `make bench`")

from training import band, band_grooves, band_styles, band_table, band_tunes, drums, humans, synth_fluid
from training.band_grooves_hard import HARD
from training.piece import KINDS, RATE

needs_fluidsynth = pytest.mark.skipif(bool(synth_fluid.lacking()), reason=synth_fluid.lacking() or "all there")


def test_rows_of_grooves_fill_whole_bars_with_known_signs():
    for name, groove in band_grooves.GROOVES.items():
        for voice, cell in [*groove.base.items(), *groove.colour.items()]:
            assert voice in drums.KEYS, (name, voice)
            for row in cell:
                assert len(row) % (groove.meter * groove.grid) == 0, (name, voice, row)
                assert set(row) <= set(band_table.SIGNS), (name, voice, row)


def test_styles_fit_their_grooves():
    for name, style in band_styles.STYLES.items():
        grooves = [band_grooves.GROOVES[g] for g in style.grooves]
        assert len({(g.meter, g.grid) for g in grooves}) == 1, name
        steps = grooves[0].meter * grooves[0].grid
        for row in [*style.bass, *(r for _, r in style.comp)]:
            assert row in ("walk", "kick") or len(row) % steps == 0, (name, row)
        assert {f for f, _ in style.comp} | set(style.basses) | set(style.tunes) <= set(band_styles.FAMILIES), name
        for progression in style.progressions:
            assert band_tunes.chords_of(progression, grooves[0].meter), (name, progression)
        lowest, usual, highest = style.bpm
        assert 40 <= lowest <= usual <= highest <= 250, name


def test_every_groove_belongs_to_a_style():
    assert {g for s in band_styles.STYLES.values() for g in s.grooves} == set(band_grooves.GROOVES)


def test_what_is_easily_mistaken_is_nearly_half_of_what_bands_play_and_often_slow():
    styles = band_styles.STYLES.values()
    total = sum(s.weight for s in styles)
    assert 0.35 < sum(s.weight * np.mean([g in HARD for g in s.grooves]) for s in styles) / total < 0.55
    assert sum(s.weight for s in styles if s.bpm[1] <= 90) / total > 0.2
    assert sum(s.weight for s in styles if band_grooves.GROOVES[s.grooves[0]].meter in (3, 6)) / total > 0.1


@pytest.mark.parametrize("name", ["between", "oompah"])
def test_the_kick_has_the_beat_and_the_snare_falls_between(name):
    groove = band_grooves.GROOVES[name]
    for row in groove.base["kick"]:
        assert {row[s] for s in range(0, len(row), groove.grid * groove.meter)} <= set("Xx")
    for row in groove.base["snare"]:
        assert not any(sign in "Xx" for sign in row[:: groove.grid]), row


def test_who_leans_on_the_one_plays_all_else_softer():
    how = drums.habits(np.random.default_rng(1))
    loud = {}
    for leans in (0.0, 0.3):
        rng, part = np.random.default_rng(2), drums.choose(np.random.default_rng(3), "waltz", how, colour=0.0)
        bar = drums.play_bar(rng, part, 0, replace(how, leans=leans, roam=0.0))
        loud[leans] = {(s.position, s.voice): s.loud for s in bar}
    assert loud[0.0].keys() == loud[0.3].keys()
    for at, was in loud[0.0].items():
        assert loud[0.3][at] == pytest.approx(was if at[0] == 0 else 0.7 * was, abs=1e-9) or was == 1.0


@pytest.mark.parametrize("curve", humans.CURVES)
def test_tempo_moves_on_and_stays_within_bounds(curve):
    for seed in range(20):
        tempo = humans.performed_tempo(np.random.default_rng(seed), 120.0, 80, curve, 4)
        lengths = np.diff(tempo.seconds)
        assert lengths.min() > 0.5 / 1.35, curve
        assert lengths.max() < 0.5 * 1.35, curve


def test_swing_moves_off_beats_only():
    straight, swung = humans.Swing(4), humans.Swing(4, eighth=0.6)
    steps = np.arange(0, 8, 0.25)
    assert np.allclose(straight.move(steps), steps)
    assert np.allclose(swung.move(np.arange(8.0)), np.arange(8.0))
    assert swung.move(np.array([3.5]))[0] == pytest.approx(3.6)
    assert humans.Swing(3, eighth=0.6).move(np.array([2 + 2 / 3]))[0] == pytest.approx(2.6)


def test_a_walk_leads_to_the_next_root():
    rng = np.random.default_rng(1)
    tune = band_tunes.harmony(rng, "ii7 V7 Imaj7 Imaj7", 4)
    for bar in range(1, 8):
        notes = [n for n in band_tunes.bass_bar(rng, "walk", bar, 4, 3, tune, []) if n.position == int(n.position)]
        assert (notes[0].key - tune.key - tune.at(4.0 * bar).root) % 12 == 0
        ahead = (notes[-1].key - tune.key - tune.at(4.0 * bar + 4).root) % 12
        assert bar % 4 == 2 or ahead in (1, 2, 10, 11), bar


def test_an_unknown_chord_is_refused():
    with pytest.raises(ValueError, match="not a chord"):
        band_tunes.parse_chord("H7")


def test_midi_times_are_kept_to_a_quarter_of_a_millisecond():
    sounds = [synth_fluid.Sound(t, 0.1, 9, 36, 100) for t in (0.5, 1.23456, 70.0)]
    data = synth_fluid.midi_file(sounds, {9: synth_fluid.Channel(0)}, 71.0)
    body = data[data.index(b"MTrk") + 8 :]
    ons, at, i = [], 0, 0
    while i < len(body):
        ticks = 0
        while True:
            ticks = ticks << 7 | body[i] & 127
            i += 1
            if not body[i - 1] & 128:
                break
        at += ticks
        if body[i] == 0xFF:
            i += 3 + body[i + 2]
            continue
        if body[i] & 0xF0 == 0x90:
            ons.append(at / synth_fluid.TICKS)
        i += 2 if body[i] & 0xF0 == 0xC0 else 3
    assert ons == pytest.approx([0.5, 1.23456, 70.0], abs=0.000125)


@needs_fluidsynth
@pytest.mark.slow
def test_same_seed_same_samples():
    one, two, other = band.compose(11), band.compose(11), band.compose(12)
    assert np.array_equal(one.audio, two.audio)
    assert np.array_equal(one.beats, two.beats)
    assert len(other.audio) != len(one.audio) or not np.array_equal(one.audio, other.audio)


def beginning(sounds, channels, seconds, font, **how):
    """What render gives, silent after eight seconds: for each style a whole piece would cost four times as much."""
    audio = synth_fluid.render([s for s in sounds if s.time < 8], channels, 8.0, font, **how)
    return np.pad(audio, (0, round(seconds * RATE) - len(audio)))


@needs_fluidsynth
@pytest.mark.slow
@pytest.mark.parametrize("name", band_styles.STYLES)
def test_every_style_makes_a_piece(name, monkeypatch):
    monkeypatch.setattr(band, "render", beginning)
    piece = band.compose_style(np.random.default_rng(list(name.encode())), name)
    seconds = len(piece.audio) / RATE
    assert piece.style.startswith(name)
    assert piece.audio.dtype == np.float32
    assert 0.05 < np.abs(piece.audio).max() <= 1.0, name
    assert 25 <= seconds <= 40
    assert (np.diff(piece.beats) > 60 / 280).all(), name
    assert (np.diff(piece.beats) < 60 / 40).all(), name
    assert piece.beats[0] >= 0
    assert piece.beats[-1] < seconds
    assert piece.beats[-1] > seconds - 2
    assert len(piece.positions) == len(piece.beats)
    assert (np.diff(piece.positions) % piece.meter == 1 % piece.meter).all()
    assert set(piece.hits) == set(KINDS)
    for times in piece.hits.values():
        assert (np.diff(times) >= 0).all()
        assert len(times) == 0 or (times[0] >= 0 and times[-1] < seconds)


@needs_fluidsynth
@pytest.mark.slow
@pytest.mark.parametrize("font", synth_fluid.FONTS, ids=lambda p: p.stem)
def test_a_stroke_sounds_when_it_is_struck(font):
    asked = np.cumsum(np.random.default_rng(3).uniform(0.45, 0.7, 20))
    for key in (36, 38, 42):
        sounds = [synth_fluid.Sound(float(t), 0.2, synth_fluid.DRUMS, key, 110) for t in asked]
        audio = synth_fluid.render(sounds, {synth_fluid.DRUMS: synth_fluid.Channel(0, reverb=0)}, float(asked[-1]) + 1, font)
        late = []
        for t in asked:
            begin = round((t - 0.01) * RATE)
            cut = np.abs(audio[begin : begin + RATE // 20])
            late.append(float(np.argmax(cut > 0.1 * cut.max())) / RATE - 0.01)
        assert abs(np.median(late)) < 0.003, key
        assert max(np.abs(late)) < 0.005, key


@needs_fluidsynth
@pytest.mark.slow
def test_kicks_are_heard_where_they_are_listed():
    rises = []
    for seed in range(2):
        piece = band.compose_style(np.random.default_rng([5, seed]), "disco")
        hop = RATE // 200
        energy = np.add.reduceat(piece.audio.astype(float) ** 2, np.arange(0, len(piece.audio), hop))
        for t in piece.hits["kick"]:
            i = round(t * RATE / hop)
            if 4 < i < len(energy) - 6:
                rises.append(energy[i : i + 5].mean() / (energy[i - 4 : i - 1].mean() + 1e-9))
    assert len(rises) > 60
    assert np.mean(np.array(rises) > 1.0) > 0.85
