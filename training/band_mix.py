"""What a mixing desk does to a finished sound: tilt of the tone, soft saturation, compression of the bus. Mono, at RATE."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, sosfilt

from training.piece import RATE

Audio = NDArray[np.float32]


def tilt(audio: Audio, db: float, corner: float = 900.0) -> Audio:
    """Lows down and highs up by `db` in all, around the corner (Hz); negative: the other way."""
    k = np.tan(np.pi * corner / RATE)
    low = lfilter([k / (1 + k), k / (1 + k)], [1, (k - 1) / (k + 1)], audio)
    half = 10 ** (db / 40)
    return (low / half + (audio - low) * half).astype(np.float32)


def shelf_cut(audio: Audio, corner: float) -> Audio:
    """A gentle high-pass at the corner (Hz), as small boxes have."""
    k = np.tan(np.pi * corner / RATE)
    norm = 1 / (1 + np.sqrt(2) * k + k * k)
    sos = [[norm, -2 * norm, norm, 1, 2 * (k * k - 1) * norm, (1 - np.sqrt(2) * k + k * k) * norm]]
    return np.asarray(sosfilt(sos, audio), dtype=np.float32)


def saturate(audio: Audio, drive: float) -> Audio:
    """A soft knee: `drive` 1 is barely heard, 6 is thick. The peak stays what it was."""
    peak = float(np.abs(audio).max()) or 1.0
    return (np.tanh(audio / peak * drive) / np.tanh(drive) * peak).astype(np.float32)


def compress(audio: Audio, threshold_db: float, ratio: float, release: float) -> Audio:
    """A bus compressor on blocks of 5 ms: attack of one block, release in s; quiet by threshold_db below the loudest block."""
    block = RATE // 200
    count = -(-len(audio) // block)
    level = np.sqrt(np.mean(np.pad(audio, (0, count * block - len(audio))).reshape(count, block) ** 2, axis=1)) + 1e-9
    over = np.maximum(0.0, 20 * np.log10(level / (level.max() + 1e-9)) + threshold_db)
    reduction = over * (1 - 1 / ratio)
    fall = np.exp(-1 / (200 * release))
    held = np.empty_like(reduction)
    last = 0.0
    for i, now in enumerate(reduction):
        last = now + 0.3 * (last - now) if now > last else now + fall * (last - now)
        held[i] = last
    gain = 10 ** (-np.interp(np.arange(len(audio)), (np.arange(count) + 0.5) * block, held) / 20)
    return (audio * gain).astype(np.float32)


def as_mixed(rng: np.random.Generator, audio: Audio) -> Audio:
    """A mix drawn by chance, its peak at a level drawn by chance."""
    if rng.uniform() < 0.6:
        audio = tilt(audio, rng.normal(0, 4))
    if rng.uniform() < 0.15:
        audio = shelf_cut(audio, rng.uniform(40, 200))
    if rng.uniform() < 0.4:
        audio = compress(audio, rng.uniform(6, 20), rng.uniform(1.5, 6), rng.uniform(0.05, 0.4))
    if rng.uniform() < 0.35:
        audio = saturate(audio, rng.uniform(1, 5))
    peak = float(np.abs(audio).max())
    wanted = 10 ** (-rng.uniform(0.1, 14) / 20)
    return (audio * (wanted / peak)).astype(np.float32) if peak > 0 else audio
