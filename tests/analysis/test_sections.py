"""The parts of a song, told soon after they begin, and no drop where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from showctl.model import Section
from tests.analysis.sounds import RATE, Sound, beat_times, click, drums, hear, kick, noise, put, silence

BPM = 125.0
BEAT = 60 / BPM


def told(sound: Sound) -> list[tuple[float, Section]]:
    """When each section began to be told."""
    news: list[tuple[float, Section]] = []
    for features in hear(sound):
        if not news or news[-1][1] is not features.section:
            news.append((features.time, features.section))
    return news


def pads(seconds: float) -> Sound:
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.05 * sum(np.sin(2 * np.pi * f * t) for f in (220, 277, 330, 440))).astype(np.float32)


def full(bars: int) -> Sound:
    """Kick, snare, hats and pads."""
    beats = np.arange(bars * 4 + 1) * BEAT
    sound = drums(beats)[: round(bars * 4 * BEAT * RATE)]
    return sound + pads(len(sound) / RATE)[: len(sound)]


def rising(bars: int) -> Sound:
    """A snare roll that comes closer and louder over swelling noise; no kick."""
    beats = bars * 4
    sound = silence(beats * BEAT)
    for n in range(beats):
        share = n / beats
        hits = 2 if share < 0.5 else 4
        for h in range(hits):
            put(sound, click(-30 + 16 * share, 0.05, seed=n * 8 + h), (n + h / hits) * BEAT)
        put(sound, noise(BEAT, -50 + 24 * share, seed=n), n * BEAT)
    return sound + pads(len(sound) / RATE)[: len(sound)]


@pytest.mark.slow
def test_break_build_and_drop() -> None:
    parts = [full(16), pads(8 * 4 * BEAT), rising(8), full(16)]
    starts = np.cumsum([0, *(len(p) / RATE for p in parts)])
    news = told(np.concatenate(parts))
    kinds = [kind for _, kind in news if kind is not Section.SILENCE]
    assert kinds == [Section.STEADY, Section.BREAK, Section.BUILD, Section.DROP]
    when = {kind: time for time, kind in news}
    assert starts[1] + BEAT < when[Section.BREAK] < starts[1] + 9 * BEAT
    assert starts[2] + BEAT < when[Section.BUILD] < starts[3] - BEAT
    assert starts[3] < when[Section.DROP] < starts[3] + 1.1 * BEAT


@pytest.mark.slow
@pytest.mark.parametrize("bpm", [100, 128, 174])
def test_plain_music_has_no_drop_and_no_break(bpm: float) -> None:
    kinds = [kind for _, kind in told(drums(beat_times((bpm, 40))))]
    assert kinds[-1] is Section.STEADY or kinds[-1] is Section.SILENCE
    assert not {Section.DROP, Section.BREAK} & set(kinds)


@pytest.mark.slow
def test_a_short_stop_is_no_break() -> None:
    stop = full(8)
    assert Section.BREAK not in [kind for _, kind in told(np.concatenate([full(16), pads(2 * BEAT), stop]))]


def test_silence_is_told_within_a_second_and_ends_at_once() -> None:
    sound = np.concatenate([full(4), silence(4), full(2)])
    quiet = len(full(4)) / RATE
    news = told(sound)
    silent = [time for time, kind in news if kind is Section.SILENCE and time > 1]
    again = [time for time, kind in news if kind is Section.STEADY and time > quiet]
    assert quiet + 0.5 < silent[0] < quiet + 1.5
    assert again[0] < quiet + 4 + 0.1


@pytest.mark.slow
def test_one_low_boom_in_a_break_is_no_drop() -> None:
    quiet = pads(12 * 4 * BEAT)
    put(quiet, kick(), 8 * 4 * BEAT)
    assert Section.DROP not in [kind for _, kind in told(np.concatenate([full(16), quiet]))]
