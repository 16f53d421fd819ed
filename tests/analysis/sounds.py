"""Sound made for the tests of the ear: float32, full scale +-1, one channel unless it says otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.analyzer import Analyzer
from showctl.model import AudioBlock, Features

Sound = NDArray[np.float32]
RATE = 44100


def silence(seconds: float, rate: int = RATE) -> Sound:
    return np.zeros(round(seconds * rate), np.float32)


def noise(seconds: float, dbfs: float, rate: int = RATE, seed: int = 1) -> Sound:
    """White, of this RMS."""
    level = 10 ** (dbfs / 20)
    return (level * np.random.default_rng(seed).standard_normal(round(seconds * rate))).astype(np.float32)


def put(sound: Sound, piece: Sound, at: float, rate: int = RATE) -> None:
    """Add a piece at `at` seconds, in place."""
    start = round(at * rate)
    sound[start : start + len(piece)] += piece[: max(0, len(sound) - start)]


def click(dbfs: float = -12.0, seconds: float = 0.004, rate: int = RATE, seed: int = 2) -> Sound:
    """A burst of noise whose peak is at this level."""
    burst = np.random.default_rng(seed).uniform(-1, 1, round(seconds * rate))
    return (10 ** (dbfs / 20) * burst / np.abs(burst).max()).astype(np.float32)


def kick(rate: int = RATE) -> Sound:
    """A falling sine with the knock of the beater in front."""
    t = np.arange(round(0.2 * rate)) / rate
    sweep = np.cumsum(50 + 110 * np.exp(-t / 0.03)) / rate
    sound = (0.7 * np.sin(2 * np.pi * sweep) * np.exp(-t / 0.08)).astype(np.float32)
    put(sound, click(-14, 0.005, rate), 0, rate)
    return sound


def beat_times(*stretches: tuple[float, float], start: float = 0.5) -> NDArray[np.float64]:
    """Times of beats for stretches of (bpm, seconds), one after the other."""
    times, now = [], start
    for bpm, seconds in stretches:
        end = now + seconds
        while now < end - 1e-9:
            times.append(now)
            now += 60 / bpm
    return np.array(times)


def drums(beats: NDArray[np.float64], rate: int = RATE) -> Sound:
    """A kick on every beat, a hat halfway to the next, snare-like noise on every second."""
    sound = silence(float(beats[-1]) + 1, rate)
    for n, (now, then) in enumerate(zip(beats[:-1], beats[1:], strict=True)):
        put(sound, kick(rate), now, rate)
        put(sound, click(-24, 0.02, rate, n), (now + then) / 2, rate)
        if n % 2:
            put(sound, click(-14, 0.08, rate, n), now, rate)
    return sound


def speech(seconds: float, rate: int = RATE, seed: int = 3) -> Sound:
    """Syllables of voiced sound at irregular times, which is about as much rhythm as a speaker has."""
    rng = np.random.default_rng(seed)
    sound, now = silence(seconds, rate), 0.2
    while now < seconds - 0.5:
        length = rng.uniform(0.08, 0.3)
        t = np.arange(round(length * rate)) / rate
        pitch = rng.uniform(90, 180)
        tone = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 20))
        put(sound, (0.1 * tone * np.sin(np.pi * t / length)).astype(np.float32), now, rate)
        now += length + rng.exponential(0.12) + (rng.uniform(0.3, 0.9) if rng.random() < 0.15 else 0)
    return sound


def blocks(sound: Sound, rate: int = RATE, frames: int = 1024) -> Iterator[AudioBlock]:
    samples = sound if sound.ndim == 2 else sound[:, None]
    for start in range(0, len(samples), frames):
        yield AudioBlock(start, samples[start : start + frames], rate)


def hear(sound: Sound, rate: int = RATE, frames: int = 1024) -> list[Features]:
    analyzer = Analyzer(rate)
    return [features for block in blocks(sound, rate, frames) for features in analyzer.feed(block)]


def flashes(heard: list[Features]) -> NDArray[np.float64]:
    """When a lamp that obeys the grids would flash: each beat once, never before it was announced."""
    first: dict[int, float] = {}
    for features in heard:
        if features.grid is not None and features.grid.index not in first:
            first[features.grid.index] = max(features.grid.anchor, features.time)
    return np.array(list(first.values()))


def share_hit(truth: NDArray[np.float64], flash: NDArray[np.float64], tolerance: float = 0.05) -> float:
    """How many of the true times have a flash within the tolerance, 0..1."""
    if not len(flash):
        return 0.0
    return float(np.mean([np.abs(flash - t).min() <= tolerance for t in truth]))
