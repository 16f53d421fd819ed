"""Music from a random drum machine, with the truth about its beats: what few recordings show, many of these do.

Patterns of sixteen steps in the manners of house (kick on every beat, hats between), rock, hip-hop, drum and bass and bare
clicks; random sounds, gains, swing, tempo, saturation and noise. Everything follows from the seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RATE = 44100
STYLES = {"house": 0.38, "rock": 0.22, "hiphop": 0.1, "dnb": 0.1, "click": 0.2}
OFFBEATS, EIGHTHS = [2, 6, 10, 14], list(range(0, 16, 2))
Pattern = dict[str, tuple[list[int], float]]  # voice: steps of the bar, gain


def fading(frames: int, seconds: float) -> np.ndarray:
    return np.exp(-np.arange(frames) / RATE / seconds)


def tone(hz: float, seconds: float, attack: float, partials: int) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, partials + 1))
    return wave * np.minimum(1, t / attack) * np.minimum(1, (seconds - t) / 0.02)


def kick(rng: np.random.Generator) -> np.ndarray:
    length = rng.uniform(0.05, 0.2)
    frames = int(4 * length * RATE)
    hz = rng.uniform(40, 60) + rng.uniform(60, 200) * fading(frames, rng.uniform(0.01, 0.05))
    sound = np.sin(2 * np.pi * np.cumsum(hz) / RATE) * fading(frames, length)
    if rng.random() < 0.6:
        sound[:200] += rng.uniform(0.1, 0.6) * rng.standard_normal(200) * fading(200, 0.001)
    return 0.8 * sound


def snare(rng: np.random.Generator) -> np.ndarray:
    length = rng.uniform(0.03, 0.1)
    frames = int(5 * length * RATE)
    body = np.sin(2 * np.pi * rng.uniform(160, 240) * np.arange(frames) / RATE) * fading(frames, 0.05)
    return rng.uniform(0.3, 0.6) * (0.6 * rng.standard_normal(frames) * fading(frames, length) + body)


def hat(rng: np.random.Generator) -> np.ndarray:
    length = rng.uniform(0.01, 0.08)
    frames = int(5 * length * RATE)
    return 0.25 * np.diff(rng.standard_normal(frames + 2), 2) * fading(frames, length)


def bass(rng: np.random.Generator) -> np.ndarray:
    return 0.4 * tone(rng.uniform(40, 90), rng.uniform(0.08, 0.3), 0.004, 4)


def chord(rng: np.random.Generator) -> np.ndarray:
    root, length, attack = rng.uniform(150, 400), rng.uniform(0.1, 0.9), rng.uniform(0.003, 0.05)
    return 0.08 * sum(tone(root * ratio, length, attack, 5) for ratio in (1, 1.26, 1.5))


VOICES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "kick": kick, "snare": snare, "hat": hat, "shaker": hat, "bass": bass, "chord": chord,
}  # fmt: skip


def pattern(rng: np.random.Generator) -> tuple[Pattern, float]:
    """What is played when, and beats a minute."""

    def some(chance: float, every: int) -> list[int]:
        return [step for step in range(0, 16, every) if rng.random() < chance]

    def pick(*choices: list[int]) -> list[int]:
        return choices[rng.integers(len(choices))]

    between = rng.uniform
    match rng.choice(list(STYLES), p=list(STYLES.values())):
        case "house":
            played: Pattern = {"kick": ([0, 4, 8, 12], 1.0)}
            options: list[tuple[float, str, list[int], float]] = [
                (0.85, "hat", OFFBEATS, between(0.3, 2.5)),
                (0.4, "shaker", some(0.7, 1), between(0.1, 0.6)),
                (0.7, "snare", [4, 12], between(0.4, 1.2)),
                (0.8, "bass", pick(OFFBEATS, [2, 3, 6, 7, 10, 11, 14, 15], some(0.4, 1), [0, 3, 6, 10, 12]), between(0.4, 1.2)),
                (0.7, "chord", pick([0], OFFBEATS, some(0.3, 1), [0, 3, 6, 9, 12]), between(0.4, 1.5)),
            ]
            played |= {voice: (steps, gain) for chance, voice, steps, gain in options if rng.random() < chance}
            return played, between(112, 145)
        case "rock":
            kicks = sorted({0, 8} | (set(some(0.25, 2)) - {4, 12}))
            steady = EIGHTHS if rng.random() < 0.5 else [0, 6, 8]
            played = {"kick": (kicks, 1.0), "snare": ([4, 12], between(0.7, 1.4)), "hat": (EIGHTHS, between(0.3, 1.5))}
            return played | {"bass": (steady, between(0.4, 1)), "chord": ([0, 8], between(0.4, 1.5))}, between(75, 160)
        case "hiphop":
            kicks = sorted({0} | (set(some(0.25, 1)) - {4, 12}))
            played = {"kick": (kicks, 1.0), "snare": ([4, 12], between(0.7, 1.4)), "hat": (some(0.8, 2), between(0.3, 1))}
            return played | {"bass": ([0, 7, 10], between(0.4, 1)), "chord": ([0], between(0.3, 1))}, between(70, 105)
        case "dnb":
            played = {"kick": ([0, 10], 1.0), "snare": ([4, 12], between(0.7, 1.4)), "hat": (EIGHTHS, between(0.3, 1.2))}
            return played | {"bass": ([0, 6, 10], between(0.4, 1))}, between(150, 180)
        case _:
            return {"hat": ([0, 4, 8, 12], between(0.8, 2))}, between(70, 185)


def song(seed: int, seconds: float = 24.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(frames,) float32 at RATE, (beats,) times in s, (beats,) places in the bar from 0."""
    rng = np.random.default_rng(seed)
    played, bpm = pattern(rng)
    frames, period = int(seconds * RATE), 60 / bpm
    out = np.zeros(frames + RATE)
    sounds = {voice: VOICES[voice](rng) for voice in played}
    swing = rng.uniform(0, 0.25) if rng.random() < 0.25 else 0.0
    beats = np.arange(rng.uniform(0.1, 0.9), seconds - 0.1, period)
    for n, at in enumerate(beats):
        if n % 4 == 0 and "chord" in sounds:
            sounds["chord"] = chord(rng)
        for voice, (steps, gain) in played.items():
            for step in (s for s in steps if s // 4 == n % 4):
                late = (step % 4 + swing * (step % 2)) / 4 * period + rng.normal(0, 0.002)
                start = max(0, int((at + late) * RATE))
                piece = sounds[voice][: len(out) - start]
                out[start : start + len(piece)] += gain * rng.uniform(0.8, 1) * piece
    out = out[:frames] / np.abs(out).max()
    if rng.random() < 0.3:
        out = np.tanh(out * rng.uniform(1, 4))
    out += 10 ** (rng.uniform(-80, -45) / 20) * rng.standard_normal(frames)
    return (out * rng.uniform(0.2, 0.9)).astype(np.float32), beats, np.arange(len(beats)) % 4
