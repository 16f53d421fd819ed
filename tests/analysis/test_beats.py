"""The beat is found, told ahead, kept, found again, and not imagined."""

from __future__ import annotations

import numpy as np
import pytest

from tests.analysis.sounds import RATE, beat_times, click, drums, flashes, hear, noise, put, share_hit, silence, speech


@pytest.mark.slow
@pytest.mark.parametrize("bpm", [70, 90, 110, 141, 180])
def test_clicks_are_followed(bpm: float) -> None:
    beats = beat_times((bpm, 20))
    sound = noise(22, -70)
    for t in beats:
        put(sound, click(-12, 0.01), t)
    flash = flashes(hear(sound))
    late = beats[beats > 8]
    assert share_hit(late, flash, 0.03) == 1.0
    assert len(flash[(flash > 8) & (flash < beats[-1] + 0.1)]) <= len(late) + 1


@pytest.mark.slow
@pytest.mark.parametrize("bpm", [90, 124, 150])
def test_drums_are_followed_and_the_beat_is_told_ahead(bpm: float) -> None:
    beats = beat_times((bpm, 20))
    heard = hear(drums(beats))
    assert share_hit(beats[(beats > 6) & (beats < 20)], flashes(heard), 0.03) == 1.0
    firsts = {f.grid.index: f for f in reversed(heard) if f.grid}
    notice = [f.grid.anchor - f.time for f in firsts.values() if f.grid and f.time > 6]
    assert np.median(notice) == pytest.approx(0.11, abs=0.015)
    assert min(notice) > 0.05
    late = [f.grid for f in heard if f.grid and f.time > 8]
    told = float(np.median([g.bpm for g in late]))
    assert min(abs(told / (bpm * octave) - 1) for octave in ((1, 2) if bpm < 100 else (1,))) < 0.01  # slow drums may be doubled
    assert min(g.confidence for g in late) > 0.5


@pytest.mark.slow
def test_indices_count_beats() -> None:
    grids = [f.grid for f in hear(drums(beat_times((124, 20)))) if f.grid]
    steps = np.diff([g.index for g in grids])
    assert set(steps) == {0, 1}
    for before, after in zip(grids, grids[1:], strict=False):
        assert after is before or after.anchor > before.anchor + 0.5 * before.period


@pytest.mark.slow
@pytest.mark.parametrize("change", [(124, 132), (124, 100), (90, 140), (150, 124)])
def test_a_jump_of_tempo_is_found_within_5_s(change: tuple[float, float]) -> None:
    beats = beat_times((change[0], 15), (change[1], 15))
    flash = flashes(hear(drums(beats)))
    after = beats[(beats > 0.5 + 15 + 5) & (beats < 30)]
    assert share_hit(after, flash) == 1.0


@pytest.mark.slow
def test_a_ramp_of_tempo_is_followed() -> None:
    beats = 0.5 + np.cumsum(60 / np.linspace(110, 130, 60))
    flash = flashes(hear(drums(beats)))
    assert share_hit(beats[(beats > 8) & (beats < beats[-2])], flash) > 0.95


@pytest.mark.slow
def test_the_beat_goes_with_the_music() -> None:
    shifted = np.concatenate([beat_times((124, 12)), beat_times((124, 12), start=12.5 + 0.2)])
    flash = flashes(hear(drums(shifted)))
    assert share_hit(shifted[(shifted > 18) & (shifted < 24)], flash) == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("sound", [silence(20), noise(20, -70), noise(20, -20)], ids=["silence", "hiss", "noise"])
def test_where_there_is_no_beat_none_is_told(sound: np.ndarray) -> None:
    assert len(flashes(hear(sound))) == 0


@pytest.mark.slow
def test_a_speaker_has_few_beats() -> None:
    told = sum(len(flashes(hear(speech(30, seed=seed)))) for seed in range(2))
    assert told < 40  # of about 120


@pytest.mark.slow
def test_in_silence_the_beat_is_let_go() -> None:
    beats = beat_times((124, 12))
    sound = np.concatenate([drums(beats), silence(5)])
    heard = hear(sound)
    assert [f.grid for f in heard if f.time > beats[-1] + 2] == [None] * len([f for f in heard if f.time > beats[-1] + 2])
    assert any(f.grid for f in heard if f.time < beats[-1])


@pytest.mark.slow
def test_one_rate_hears_what_the_other_does() -> None:
    for rate in (44100, 48000):
        beats = beat_times((124, 15))
        assert share_hit(beats[(beats > 6) & (beats < 15)], flashes(hear(drums(beats, rate), rate)), 0.03) == 1.0
    assert RATE == 44100
