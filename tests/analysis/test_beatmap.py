"""The map of a track's beats: the chain, the places between hops, the bars; and of a song that we make ourselves, all of it."""

from __future__ import annotations

import numpy as np
import pytest

from showctl.analysis.hearing.beatmap import Mapper, bars, between, chain, smoothed, tempo
from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.net import DELAY
from showctl.model import AudioBlock, BeatGrid, Features
from showctl.model.track import HEARD
from tests.analysis.sounds import RATE, beat_times, blocks, drums


def said(times: np.ndarray, hops: int, down: np.ndarray | None = None, noise: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """What a net that hears well would say of beats at these times (s)."""
    at = (np.arange(hops) + 1) / HOPS_PER_SECOND - DELAY
    rng = np.random.default_rng(noise or 1)
    beat = np.full(hops, 0.02) if noise is None else rng.uniform(0.01, 0.2, hops)
    downs = np.full(hops, 0.005)
    for n, t in enumerate(times):
        shape = np.exp(-0.5 * ((at - t) / 0.012) ** 2)
        beat = np.maximum(beat, 0.9 * shape)
        if down is not None and down[n]:
            downs = np.maximum(downs, 0.75 * shape)
    return beat, downs


def drifting(count: int, period: float = 0.5) -> np.ndarray:
    """Beats of a drummer who goes from one tempo to one 15 % quicker."""
    return 1.0 + np.cumsum(np.linspace(period, period / 1.15, count))


def test_the_chain_follows_a_tempo_that_drifts_through_beats_that_are_missing() -> None:
    times = drifting(80)
    heard = np.delete(times, [10, 30, 31, 55])
    hops = int((times[-1] + 1.0) * HOPS_PER_SECOND)
    beat, _ = said(heard, hops, noise=3)
    period = np.interp(np.arange(hops) / HOPS_PER_SECOND, times[1:], np.diff(times)) * HOPS_PER_SECOND
    found = between(beat, chain(beat, period))
    inner = times[1:-1]
    apart = np.abs(found[:, None] - inner[None]).min(axis=0)
    assert np.delete(apart, [9, 29, 30, 54]).max() < 0.006
    assert apart.max() < 0.04
    assert ((found > times[0] - 0.1) & (found < times[-1] + 0.1)).sum() == len(times)


def test_places_between_two_hops_are_found() -> None:
    times = 1.0 + 0.4837 * np.arange(40)
    beat, _ = said(times, 2200)
    hops = np.round((times + DELAY) * HOPS_PER_SECOND).astype(np.intp) - 1
    assert np.abs(between(beat, hops) - times).max() < 0.001


def test_smoothing_takes_jitter_out_and_leaves_drift() -> None:
    times = drifting(200)
    noisy = times + np.random.default_rng(1).normal(0.0, 0.006, len(times))
    assert np.abs(smoothed(noisy) - times).std() < 0.6 * np.abs(noisy - times).std()
    assert np.abs(smoothed(times) - times).max() < 5e-4
    assert np.array_equal(smoothed(times[:3]), times[:3])


@pytest.mark.parametrize("per_bar", [3, 4])
def test_bars_are_found_from_where_they_begin_and_of_how_many_beats(per_bar: int) -> None:
    times = 1.0 + 0.5 * np.arange(64)
    place = (np.arange(64) + 1) % per_bar
    said_down = place == 0
    said_down[[7, 20]] ^= True  # now and then the net errs
    beat, down = said(times, 3400, said_down)
    hops = np.round((times + DELAY) * HOPS_PER_SECOND).astype(np.intp) - 1
    positions, found = bars(down, beat, hops)
    assert found == per_bar
    assert np.array_equal(positions, place + 1)


def test_the_tempo_is_in_one_octave_and_known_everywhere() -> None:
    heard = []
    for n in range(3000):
        period = 0.5 if n < 500 else 0.25 if n < 900 else 0.5
        grid = None if n < 200 else BeatGrid(0.0, n, period)
        heard.append(Features(n / 100, -20.0, grid=grid))
    found = tempo(heard)
    assert found is not None
    assert np.allclose(found, 50.0)
    assert tempo([Features(0.0, -20.0)]) is None


def test_silence_has_no_beat_and_a_word_has_none_either() -> None:
    mapper = Mapper(RATE)
    for n in range(20):
        mapper.feed(AudioBlock(n * 4800, np.zeros((4800, 1), np.float32), RATE))
    found = mapper.map()
    assert len(found.beats) == 0
    assert found.length == pytest.approx(20 * 4800 / RATE)
    assert found.heard is not None
    assert found.heard.shape[1] == len(HEARD)
    assert Mapper(RATE).map().length == 0.0


@pytest.mark.slow
def test_drums_that_are_made_here_have_their_beats_from_the_first_one_on() -> None:
    times = beat_times((112.0, 30.0))
    mapper = Mapper(RATE)
    for block in blocks(drums(times)):
        mapper.feed(block)
    found = mapper.map()
    apart = np.abs(found.beats[:, None] - times[None]).min(axis=0)
    assert np.median(apart) < 0.006
    assert (apart < 0.025).mean() > 0.93
    assert len(found.beats) <= len(times) + 3
    assert found.heard is not None
    kicks = found.heard[found.heard[:, 7] > 0.0, 0]
    assert len(kicks) > 20
    assert np.all(np.diff(found.heard[:, 0]) >= 0.0)
