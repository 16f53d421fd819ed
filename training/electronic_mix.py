"""The mix of an electronic piece: placing, pumping, echo, room, filters that open, saturation, limiter.

Buses are (frames,) float32 at RATE. All here is causal: no sound moves forward in time, so onsets stay where they were placed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.signal import lfilter, oaconvolve

from training.piece import RATE, Times
from training.voices import Chance, Sound, between, fading, noise


def place(bus: Sound, sound: Sound, at: float, gain: float) -> None:
    """Adds a sound to a bus from `at` s on; what lies outside is cut."""
    start = round(at * RATE)
    if start < 0:
        sound, start = sound[-start:], 0
    end = min(len(bus), start + len(sound))
    if end > start:
        bus[start:end] += np.float32(gain) * sound[: end - start]


def pumping(frames: int, kicks: Times, depth: float, length: float) -> Sound:
    """(frames,) gain that every kick pushes down by `depth` (0..1) and that comes back within `length` s."""
    gain = np.ones(frames, np.float32)
    n = max(2, int(length * RATE))
    dip = 1 - np.float32(depth) * (1 - np.linspace(0, 1, n, dtype=np.float32) ** np.float32(1.5))
    soft = min(n, 90)
    dip[:soft] = np.linspace(1, dip[soft - 1], soft)  # 2 ms: no click
    for at in np.round(kicks * RATE).astype(int):
        end = min(frames, at + n)
        gain[at:end] = np.minimum(gain[at:end], dip[: end - at])
    return gain


def echo(sound: Sound, delay: float, feedback: float, wet: float) -> Sound:
    """Repeats every `delay` s, each darker than the one before."""
    out, tap, step = sound.copy(), sound, int(delay * RATE)
    for n in range(1, 6):
        level = wet * feedback ** (n - 1)
        if level < 0.03 or n * step >= len(sound):
            break
        tap = between(tap, 0, 6000, 1)
        out[n * step :] += np.float32(level) * tap[: len(sound) - n * step]
    return out


def room(rng: Chance, sound: Sound, tau: float, wet: float) -> Sound:
    """A reverberation of decaying noise (tau: s to 1/e)."""
    frames = int(4 * tau * RATE)
    tail = between(noise(rng, frames), 250, rng.uniform(3000, 9000)) * fading(frames, tau)
    tail[: int(0.008 * RATE)] = 0
    tail *= np.float32(wet / np.sqrt(float(np.sum(tail**2)) + 1e-9))
    return sound + np.asarray(oaconvolve(sound, tail), np.float32)[: len(sound)]


def opened(sound: Sound, way: Sound | np.float32, low: float = 250, high: float = 14000) -> Sound:
    """A low-pass that is shut at way 0 and open at 1; `way` moves it, (frames,) or one for all."""
    steps = 5
    stages = [between(sound, 0, hz) for hz in np.geomspace(low, high, steps)]
    place_ = np.clip(way, 0, 0.999) * np.float32(steps - 1)
    out = np.zeros_like(sound)
    for n, stage in enumerate(stages):
        out += stage * np.maximum(0, 1 - np.abs(place_ - n))
    return out


def pressed(sound: Sound, threshold: float, ratio: float) -> Sound:
    """A bus compressor on the level of 3 ms blocks; attack about 6 ms, release about 120 ms."""
    block = 128
    count = len(sound) // block + 1
    padded = np.zeros(count * block, np.float32)
    padded[: len(sound)] = sound
    level = np.sqrt(np.mean(padded.reshape(count, block) ** 2, axis=1) + 1e-9)
    over = np.maximum(0, 20 * np.log10(level / threshold)) * (1 - 1 / ratio)
    slow = np.asarray(lfilter([0.025], [1, -0.975], over))
    cut = np.maximum(slow, np.asarray(lfilter([0.4], [1, -0.6], over)))
    gain = np.interp(np.arange(len(sound)), np.arange(count) * block + block, 10 ** (-cut / 20))
    return sound * gain.astype(np.float32)


def total(buses: Iterable[Sound]) -> Sound:
    return np.sum(list(buses), axis=0, dtype=np.float32)


def master(rng: Chance, sound: Sound, dirt: bool) -> Sound:
    """What comes out of the desk: equaliser, compressor, saturation, sometimes lo-fi, a level, a noise floor."""
    sound = sound / np.float32(max(1e-6, float(np.abs(sound).max())))
    if rng.random() < 0.5:  # tilt
        sound = sound + np.float32(rng.uniform(-0.6, 1.0)) * between(sound, rng.uniform(1500, 5000), order=1)
    if rng.random() < 0.3:
        sound = sound + np.float32(rng.uniform(-0.6, 1.0)) * between(sound, 0, rng.uniform(90, 250), 1)
    if rng.random() < 0.6:
        sound = pressed(sound, rng.uniform(0.08, 0.35), rng.uniform(1.5, 6))
        sound /= np.float32(max(1e-6, float(np.abs(sound).max())))
    if rng.random() < 0.5:
        drive = np.float32(rng.uniform(1, 5))
        sound = np.tanh(drive * sound) / np.tanh(drive)
    if dirt:
        sound = between(sound, rng.uniform(20, 250), rng.uniform(2500, 9000), 1)
        if rng.random() < 0.4:
            steps = 2 ** rng.uniform(4, 8)
            sound = np.round(sound * steps) / np.float32(steps)
        sound += np.float32(10 ** rng.uniform(-3, -1.8)) * noise(rng, len(sound))
    sound = sound + np.float32(10 ** rng.uniform(-5, -3.2)) * noise(rng, len(sound))
    return np.asarray(sound * (10 ** (rng.uniform(-14, -0.2) / 20) / max(1e-6, float(np.abs(sound).max()))), np.float32)
