"""Tracks as arrays, and a mixer that is asked block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from showctl.sound.player.mixer import Mixer, Start

RATE = 48_000
Sound = NDArray[np.float32]


class Whole:
    """A track that is all there; frames of `holes` are not there yet."""

    def __init__(self, samples: Sound, holes: range = range(0)) -> None:
        self.name, self.samples, self.frames, self.holes = f"{id(self)}", samples, len(samples), holes

    def read(self, start: int, out: Sound) -> int:
        out[:] = 0.0
        first, end = max(0, start), min(self.frames, start + len(out))
        if end > first:
            out[first - start : end - start] = self.samples[first:end]
        return len(range(max(first, self.holes.start), min(end, self.holes.stop)))


def noise(frames: int, seed: int = 1, lines: int = 2) -> Whole:
    """No two places of it are alike."""
    return Whole(0.1 * np.random.default_rng(seed).standard_normal((frames, lines)).astype(np.float32))


def tone(frames: int, hertz: float = 220.0, level: float = 0.5) -> Whole:
    return Whole((level * np.sin(2 * np.pi * hertz * np.arange(frames) / RATE)).astype(np.float32)[:, None].repeat(2, axis=1))


def rendered(mixer: Mixer, frames: int, block: int = 256) -> Sound:
    """The next frames, made in blocks."""
    out = np.full((frames, mixer.width), 9.0, np.float32)
    for at in range(0, frames, block):
        mixer.render(out[at : at + block])
    return out


def playing(source: Whole, take: int = 1, at: float = 0.0) -> Mixer:
    mixer = Mixer(source.samples.shape[1], RATE)
    mixer.play(Start(source, take, at))
    return mixer
