"""The laws of the ear: cutting changes nothing, nothing later is listened to, nothing makes it fall over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from showctl.analysis.hearing.analyzer import Analyzer
from showctl.model import AudioBlock, Features, Section
from tests.analysis.sounds import RATE, beat_times, blocks, drums, hear, noise, silence


def music(seconds: float = 4.0) -> np.ndarray:
    beats = drums(beat_times((128, seconds + 2)))[: round(seconds * RATE)]
    return np.stack([beats, 0.5 * beats + noise(seconds, -50)[: len(beats)]], axis=1)


MUSIC = music()
WHOLE = hear(MUSIC, frames=len(MUSIC))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, len(MUSIC)), max_size=60))
def test_cutting_the_sound_changes_nothing(cuts: list[int]) -> None:
    analyzer, heard = Analyzer(RATE), []
    edges = sorted({0, *cuts, len(MUSIC)})
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        heard += analyzer.feed(AudioBlock(start, MUSIC[start:end], RATE))
    assert heard == WHOLE


@pytest.mark.parametrize("frames", [1, 64, 441, 1000])
def test_any_block_size_gives_the_same(frames: int) -> None:
    short = MUSIC[: RATE // 2]
    assert hear(short, frames=frames) == WHOLE[: len(hear(short))]


def test_memory_layout_changes_nothing() -> None:
    analyzer = Analyzer(RATE)
    assert analyzer.feed(AudioBlock(0, np.asfortranarray(MUSIC), RATE)) == WHOLE


@settings(max_examples=15, deadline=None)
@given(st.integers(0, len(MUSIC)))
def test_what_comes_later_is_never_listened_to(end: int) -> None:
    prefix = hear(MUSIC[:end], frames=777)
    assert prefix == WHOLE[: len(prefix)]
    assert len(prefix) == end // 441


def test_one_hop_is_ten_milliseconds_at_either_rate() -> None:
    for rate in (44100, 48000):
        heard = hear(silence(1.0, rate), rate)
        assert [f.time for f in heard] == pytest.approx(np.arange(1, 101) / 100)


def test_the_stream_may_have_begun_before() -> None:
    heard = Analyzer(RATE).feed(AudioBlock(RATE * 3, silence(0.05)[:, None], RATE))
    assert heard[0].time == pytest.approx(3.01)


def test_rates_it_cannot_take_are_told() -> None:
    with pytest.raises(ValueError, match="22050 Hz"):
        Analyzer(22050)
    with pytest.raises(ValueError, match="16000 Hz"):  # a whole number of hops, but nothing above 8 kHz
        Analyzer(16000)
    assert len(Analyzer(32000).feed(AudioBlock(0, silence(1.0, 32000)[:, None], 32000))) == 100
    with pytest.raises(ValueError, match="48000 Hz in a stream at 44100 Hz"):
        Analyzer(44100).feed(AudioBlock(0, silence(0.1)[:, None], 48000))


def finite(heard: list[Features]) -> bool:
    numbers = [v for f in heard for v in (f.time, f.level, f.energy, f.onset, *f.bands)]
    grids = [v for f in heard if f.grid for v in (f.grid.anchor, f.grid.period, f.grid.confidence)]
    return bool(np.isfinite(numbers + grids).all())


BAD = {
    "not a number": np.full(RATE, np.nan, np.float32),
    "infinite": np.full(RATE, -np.inf, np.float32),
    "the loudest float": np.full(RATE, np.finfo(np.float32).max, np.float32),
    "tiny": np.full(RATE, 1e-40, np.float32),
    "an offset": np.full(RATE, 0.9, np.float32),
    "clipped": np.sign(noise(1.0, 0)).astype(np.float32),
    "every kind": np.tile(np.array([np.nan, 1, -np.inf, 1e38, 0], np.float32), RATE // 5),
}


@pytest.fixture(scope="module")
def good() -> tuple[np.ndarray, list[Features]]:
    """Drums from 2 s on, and what is heard of them."""
    sound = drums(beat_times((120, 12), start=2.0))
    return sound, hear(sound)


@pytest.mark.slow
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_bad_sound_is_survived_and_forgotten(bad: np.ndarray, good: tuple[np.ndarray, list[Features]]) -> None:
    sound = good[0].copy()
    sound[: len(bad)] = bad
    heard = hear(sound)
    assert finite(heard)
    late = [f for f in heard if 10 < f.time < 13]
    assert all(f.grid and f.grid.bpm == pytest.approx(120, rel=0.03) for f in late)
    assert late[100].level == pytest.approx(good[1][heard.index(late[100])].level, abs=0.1)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(width=32), min_size=1, max_size=400), st.integers(1, 3))
def test_no_samples_ever_raise(values: list[float], channels: int) -> None:
    samples = np.repeat(np.resize(np.array(values, np.float32), 3000)[:, None], channels, axis=1)
    assert finite(hear(samples))


def test_a_short_loss_is_time_that_passed_and_no_onset() -> None:
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE * 2) / RATE)).astype(np.float32)[:, None]
    analyzer = Analyzer(RATE)
    heard = analyzer.feed(AudioBlock(0, tone[:RATE], RATE))
    lost = RATE // 10
    heard += analyzer.feed(AudioBlock(RATE + lost, tone[RATE + lost :], RATE, lost=lost))
    assert len(heard) == 200
    assert heard[-1].time == pytest.approx(2.0)
    assert not [f for f in heard if f.onset and f.time > 0.1]
    assert min(f.level for f in heard[100:]) > heard[99].level - 1


@pytest.mark.parametrize("at", [100, 101])
def test_after_a_loss_beats_are_heard_of_sound_alone(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    hop, lost, hiss = RATE // 100, 10, noise(3.0, -20)[:, None]

    def hear(*blocks: AudioBlock) -> tuple[list[np.ndarray], list[bool]]:
        """What the net was given in each hop, and whether what it said counted."""
        given: list[np.ndarray] = []
        counted: list[bool] = []
        analyzer = Analyzer(RATE)
        feed_net, feed_beats = analyzer._net.feed, analyzer._beats.feed

        def net(compressed: np.ndarray, rise: np.ndarray) -> Any:
            given.append(np.concatenate([compressed, rise]))
            return feed_net(compressed, rise)

        def beats(time: float, level: float, beat: float | None, *more: Any) -> Any:
            counted.append(beat is not None)
            return feed_beats(time, level, beat, *more)

        monkeypatch.setattr(analyzer._net, "feed", net)
        monkeypatch.setattr(analyzer._beats, "feed", beats)
        for block in blocks:
            analyzer.feed(block)
        return given, counted

    whole, _ = hear(AudioBlock(0, hiss, RATE))
    first, rest = hiss[: at * hop], hiss[(at + lost) * hop :]
    given, counted = hear(AudioBlock(0, first, RATE), AudioBlock((at + lost) * hop, rest, RATE, lost=lost * hop))
    settled = [n for n in range(at, len(counted)) if counted[n]]
    assert at + lost + 5 <= settled[0] <= at + lost + 9  # the window, and little more
    assert settled == list(range(settled[0], len(counted)))
    for n in settled:
        assert given[n] == pytest.approx(whole[n], abs=1e-6)


def test_a_long_loss_begins_anew_at_the_right_time() -> None:
    analyzer = Analyzer(RATE)
    analyzer.feed(AudioBlock(0, MUSIC, RATE))
    lost = 3600 * RATE
    heard = analyzer.feed(AudioBlock(len(MUSIC) + lost, MUSIC, RATE, lost=lost))
    assert heard[0].time == pytest.approx((len(MUSIC) + lost + 441) / RATE)
    assert [f.onset for f in heard] == [f.onset for f in WHOLE]
    assert [f.bands for f in heard] == [f.bands for f in WHOLE]


@pytest.mark.slow
def test_the_count_of_beats_survives_a_long_loss() -> None:
    sound = drums(beat_times((124, 8)))[:, None]
    analyzer = Analyzer(RATE)
    before = [f.grid.index for f in analyzer.feed(AudioBlock(0, sound, RATE)) if f.grid]
    lost = 60 * RATE
    after = [f.grid.index for f in analyzer.feed(AudioBlock(len(sound) + lost, sound, RATE, lost=lost)) if f.grid]
    assert before[0] == 0
    assert after[0] == before[-1] + 1


def test_a_change_of_channels_is_survived() -> None:
    analyzer = Analyzer(RATE)
    heard = analyzer.feed(AudioBlock(0, MUSIC[:1000], RATE))
    heard += analyzer.feed(AudioBlock(1000, MUSIC[1000:2000, :1], RATE))
    heard += analyzer.feed(AudioBlock(2000, MUSIC[2000:3000], RATE))
    assert len(heard) == 3000 // 441
    assert finite(heard)


def test_silence_is_silence() -> None:
    for sound in (silence(5), noise(5, -90)):
        heard = hear(sound)
        assert {f.section for f in heard} == {Section.SILENCE}
        assert not any(f.onset or f.grid or f.energy for f in heard)


def test_bands_are_levels() -> None:
    t = np.arange(RATE) / RATE
    for place, hz in enumerate((80, 1000, 6000)):
        bands = hear((0.1 * np.sin(2 * np.pi * hz * t)).astype(np.float32))[-1].bands
        assert bands[place] == pytest.approx(-20, abs=0.3)
        assert max(b for n, b in enumerate(bands) if n != place) < -50


def test_blocks_helper_covers_everything() -> None:
    assert sum(len(b.samples) for b in blocks(MUSIC)) == len(MUSIC)
