"""Drums of machines, made of sines and noise: each is struck once, rendered once and placed wherever a pattern wants it.

Every voice takes a generator and a kind and returns (frames,) float32 at RATE whose first frame is the onset and whose peak is 1.
Nothing is sampled: a kick is a sine that falls in pitch, a snare two tones under noise, a hat high-passed noise or six squares
out of tune, a tabla a few partials that bend. What the generator varies is what machines differ in: length, pitch, click, drive.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from training.piece import RATE

Sound: TypeAlias = NDArray[np.float32]
Chance: TypeAlias = np.random.Generator
Voice: TypeAlias = Callable[[Chance], Sound]


def seconds(frames: int) -> Sound:
    return (np.arange(frames) / RATE).astype(np.float32)


def fading(frames: int, tau: float) -> Sound:
    """e^(-t / tau)."""
    return np.exp(-seconds(frames) / np.float32(tau))


def noise(rng: Chance, frames: int) -> Sound:
    return rng.standard_normal(frames, dtype=np.float32)


@cache
def _band(low: int, high: int, order: int) -> NDArray[np.float64]:
    top = RATE // 2 - 500
    if low <= 0:
        return butter(order, min(high, top), "lowpass", fs=RATE, output="sos")
    if high >= top:
        return butter(order, low, "highpass", fs=RATE, output="sos")
    return butter(order, (low, high), "bandpass", fs=RATE, output="sos")


def between(sound: Sound, low: float, high: float = RATE, order: int = 2) -> Sound:
    """What lies between two frequencies; causal, so that no onset is heard before its time."""
    coarse = [int(round(hz, -1)) for hz in (low, high)]  # rounded: few filters, kept
    return np.asarray(sosfilt(_band(coarse[0], coarse[1], order), sound), np.float32)


def struck(sound: Sound) -> Sound:
    """To peak 1, the last 3 ms faded so that the end does not click."""
    tail = min(len(sound), 130)
    sound = np.array(sound, np.float32)
    sound[len(sound) - tail :] *= np.linspace(1, 0, tail, dtype=np.float32)
    return sound / np.float32(max(1e-6, float(np.abs(sound).max())))


def sine(hz: Sound | float, frames: int, phase: float = 0.0) -> Sound:
    if isinstance(hz, float):
        return np.sin(np.float32(2 * np.pi * hz) * seconds(frames) + np.float32(phase))
    return np.sin((2 * np.pi / RATE * np.cumsum(hz, dtype=np.float64) + phase).astype(np.float32))


def metal(rng: Chance, frames: int, root: float) -> Sound:
    """Six squares out of tune, as in the cymbals of the analogue machines."""
    t = seconds(frames)
    ratios = np.array([1.0, 1.34, 1.54, 1.97, 2.36, 2.61]) * rng.uniform(0.97, 1.03, 6)
    squares = [np.where((t * np.float32(root * r)) % 1 < 0.5, 1, -1) for r in ratios]
    return np.sum(squares, axis=0).astype(np.float32)


# --- kicks -----------------------------------------------------------------------------------------------------------


def _kick(rng: Chance, base: float, sweep: float, bend: float, tau: float, click: float, drive: float) -> Sound:
    frames = int(min(1.2, 5 * tau) * RATE)
    body = sine(base + sweep * fading(frames, bend), frames, rng.choice([0.0, np.pi / 2])) * fading(frames, tau)
    snap = int(0.004 * RATE)
    body[:snap] += click * noise(rng, snap) * fading(snap, 0.001)
    if drive > 1:
        body = np.tanh(drive * body)
    return struck(body)


def kick_909(rng: Chance) -> Sound:
    u = rng.uniform
    return _kick(rng, u(42, 60), u(120, 280), u(0.015, 0.04), u(0.07, 0.16), u(0.1, 0.8), u(1, 2.5))


def kick_808(rng: Chance) -> Sound:
    u = rng.uniform
    return _kick(rng, u(38, 56), u(30, 140), u(0.01, 0.03), u(0.12, 0.25), u(0.05, 0.4), u(0.9, 1.6))


def kick_hard(rng: Chance) -> Sound:
    u = rng.uniform
    return _kick(rng, u(45, 65), u(200, 500), u(0.01, 0.035), u(0.06, 0.13), u(0.2, 1.2), u(2, 9))


def kick_soft(rng: Chance) -> Sound:
    u = rng.uniform
    return between(_kick(rng, u(45, 70), u(20, 80), u(0.01, 0.03), u(0.05, 0.12), 0.0, 1.0), 0, u(150, 900))


def kick_acoustic(rng: Chance) -> Sound:
    u = rng.uniform
    body = _kick(rng, u(55, 80), u(40, 120), u(0.008, 0.02), u(0.05, 0.1), u(0.3, 1.2), u(1, 2))
    return struck(body + u(0.02, 0.15) * between(noise(rng, len(body)), 300, 4000) * fading(len(body), 0.03))


def kick_chip(rng: Chance) -> Sound:
    frames = int(rng.uniform(0.06, 0.14) * RATE)
    phase = np.cumsum(rng.uniform(40, 70) + rng.uniform(200, 600) * fading(frames, rng.uniform(0.01, 0.03))) / RATE
    return struck((2 * np.abs(2 * (phase % 1) - 1) - 1) * fading(frames, 0.08))


# --- snares, claps, rims ---------------------------------------------------------------------------------------------


def _snare(rng: Chance, tone: float, tau: float, hiss: float, low: float, body: float) -> Sound:
    frames = int(min(0.8, 6 * max(tau, hiss)) * RATE)
    shell = sine(tone + 0.6 * tone * fading(frames, 0.008), frames) + 0.6 * sine(1.6 * tone, frames)
    wires = between(noise(rng, frames), low, RATE) * fading(frames, hiss)
    return struck(body * shell * fading(frames, tau) + wires)


def snare_909(rng: Chance) -> Sound:
    u = rng.uniform
    return _snare(rng, u(150, 230), u(0.03, 0.08), u(0.05, 0.13), u(600, 2500), u(0.4, 1.2))


def snare_fat(rng: Chance) -> Sound:
    u = rng.uniform
    return np.tanh(u(1.5, 4) * _snare(rng, u(170, 260), u(0.06, 0.14), u(0.1, 0.2), u(300, 1200), u(0.8, 2)))


def snare_acoustic(rng: Chance) -> Sound:
    u = rng.uniform
    return _snare(rng, u(180, 330), u(0.02, 0.05), u(0.06, 0.14), u(900, 3000), u(0.3, 0.9))


def snare_chip(rng: Chance) -> Sound:
    frames, hold = int(rng.uniform(0.06, 0.16) * RATE), int(rng.integers(2, 12))
    coarse = np.repeat(np.where(noise(rng, frames // hold + 1) > 0, 1, -1), hold)[:frames]
    return struck(coarse * fading(frames, rng.uniform(0.02, 0.06)))


def clap(rng: Chance) -> Sound:
    frames = int(rng.uniform(0.2, 0.5) * RATE)
    envelope, gap = np.zeros(frames, np.float32), int(rng.uniform(0.006, 0.012) * RATE)
    for burst in range(3):
        envelope[burst * gap :] = np.maximum(envelope[burst * gap :], fading(frames - burst * gap, 0.005))
    envelope = np.maximum(envelope, 0)
    envelope[2 * gap :] = np.maximum(envelope[2 * gap :], 0.8 * fading(frames - 2 * gap, rng.uniform(0.04, 0.12)))
    return struck(between(noise(rng, frames), rng.uniform(600, 1100), rng.uniform(2500, 9000)) * envelope)


def snap(rng: Chance) -> Sound:
    frames = int(0.12 * RATE)
    return struck(between(noise(rng, frames), rng.uniform(1500, 2500), 7000) * fading(frames, rng.uniform(0.008, 0.03)))


def rim(rng: Chance) -> Sound:
    frames, hz = int(0.09 * RATE), rng.uniform(400, 1900)
    tone = sine(hz, frames) + 0.7 * sine(rng.uniform(1.4, 2.8) * hz, frames)
    return struck(tone * fading(frames, rng.uniform(0.006, 0.02)) + 0.3 * noise(rng, frames) * fading(frames, 0.003))


# --- hats and cymbals ------------------------------------------------------------------------------------------------


def _hiss(rng: Chance, tau: float, low: float, ring: float) -> Sound:
    frames = int(min(2.5, 6 * tau) * RATE)
    source = (1 - ring) * noise(rng, frames) + ring * metal(rng, frames, rng.uniform(250, 560))
    return struck(between(source, low) * fading(frames, tau))


def hat_closed(rng: Chance) -> Sound:
    return _hiss(rng, rng.uniform(0.008, 0.035), rng.uniform(5000, 9500), rng.uniform(0, 0.8))


def hat_open(rng: Chance) -> Sound:
    return _hiss(rng, rng.uniform(0.06, 0.18), rng.uniform(4000, 9000), rng.uniform(0, 0.7))


def ride(rng: Chance) -> Sound:
    return _hiss(rng, rng.uniform(0.15, 0.4), rng.uniform(3000, 7000), rng.uniform(0.5, 0.9))


def crash(rng: Chance) -> Sound:
    return _hiss(rng, rng.uniform(0.35, 0.9), rng.uniform(1500, 5000), rng.uniform(0.1, 0.5))


def shaker(rng: Chance) -> Sound:
    frames = int(rng.uniform(0.06, 0.12) * RATE)
    swell = np.minimum(seconds(frames) / np.float32(rng.uniform(0.004, 0.02)), 1)
    return struck(between(noise(rng, frames), rng.uniform(3000, 7000)) * swell * fading(frames, rng.uniform(0.02, 0.04)))


def hat_chip(rng: Chance) -> Sound:
    frames = int(rng.uniform(0.02, 0.05) * RATE)
    return struck(np.where(noise(rng, frames) > 0, 1, -1) * fading(frames, 0.01))


# --- other percussion ------------------------------------------------------------------------------------------------


def tom(rng: Chance) -> Sound:
    base, frames = rng.uniform(70, 220), int(0.5 * RATE)
    body = sine(base + 0.5 * base * fading(frames, 0.03), frames) * fading(frames, rng.uniform(0.07, 0.16))
    return struck(body + 0.1 * noise(rng, frames) * fading(frames, 0.01))


def conga(rng: Chance) -> Sound:
    base, frames = rng.uniform(160, 420), int(0.35 * RATE)
    body = sine(base + 0.15 * base * fading(frames, 0.01), frames) * fading(frames, rng.uniform(0.04, 0.1))
    slap = between(noise(rng, frames), 800, 5000) * fading(frames, rng.uniform(0.003, 0.015))
    return struck(body + rng.uniform(0.1, 0.8) * slap)


def tabla_high(rng: Chance) -> Sound:
    """Dayan: partials close to whole numbers, which the black spot makes, ringing."""
    base, frames = rng.uniform(240, 420), int(0.6 * RATE)
    ring = sum(
        sine(base * r, frames) * fading(frames, tau) * g
        for r, tau, g in ((1.0, 0.16, 0.5), (2.02, 0.12, 1.0), (3.01, 0.08, 0.7), (4.03, 0.05, 0.4))
    )
    return struck(ring + 0.5 * between(noise(rng, frames), 1500, 7000) * fading(frames, 0.004))


def tabla_low(rng: Chance) -> Sound:
    """Bayan: low, its pitch pressed upwards by the heel of the hand."""
    base, frames = rng.uniform(65, 110), int(0.6 * RATE)
    bend = base * (1 + rng.uniform(0, 0.6) * (1 - fading(frames, rng.uniform(0.05, 0.15))))
    body = sine(bend.astype(np.float32), frames) * fading(frames, rng.uniform(0.1, 0.2))
    return struck(body + 0.3 * between(noise(rng, frames), 400, 3000) * fading(frames, 0.006))


def block(rng: Chance) -> Sound:
    frames, hz = int(0.12 * RATE), rng.uniform(600, 2200)
    return struck((sine(hz, frames) + 0.5 * sine(1.5 * hz, frames)) * fading(frames, rng.uniform(0.01, 0.03)))


def cowbell(rng: Chance) -> Sound:
    frames, hz = int(0.4 * RATE), rng.uniform(480, 620)
    t = seconds(frames)
    squares = np.where((t * np.float32(hz)) % 1 < 0.5, 1, -1) + np.where((t * np.float32(1.5 * hz)) % 1 < 0.5, 1, -1)
    return struck(between(squares.astype(np.float32), hz, 4 * hz) * fading(frames, rng.uniform(0.04, 0.12)))


def zap(rng: Chance) -> Sound:
    frames = int(rng.uniform(0.1, 0.3) * RATE)
    return struck(sine(80 + rng.uniform(1500, 6000) * fading(frames, rng.uniform(0.01, 0.05)), frames) * fading(frames, 0.06))


def tick(rng: Chance) -> Sound:
    frames = int(0.03 * RATE)
    return struck(noise(rng, frames) * fading(frames, rng.uniform(0.0005, 0.004)))


VOICES: dict[str, Voice] = {
    "kick 909": kick_909, "kick 808": kick_808, "kick hard": kick_hard, "kick soft": kick_soft, "kick live": kick_acoustic,
    "kick chip": kick_chip, "snare 909": snare_909, "snare fat": snare_fat, "snare live": snare_acoustic,
    "snare chip": snare_chip, "clap": clap, "snap": snap, "rim": rim, "hat": hat_closed, "hat open": hat_open, "ride": ride,
    "crash": crash, "shaker": shaker, "hat chip": hat_chip, "tom": tom, "conga": conga, "tabla high": tabla_high,
    "tabla low": tabla_low, "block": block, "cowbell": cowbell, "zap": zap, "tick": tick,
}  # fmt: skip


# --- what announces a change -----------------------------------------------------------------------------------------


def riser(rng: Chance, length: float) -> Sound:
    """(frames,) noise and a tone that rise for so many seconds, loudest at the end."""
    frames = max(1, int(length * RATE))
    way = np.linspace(0, 1, frames, dtype=np.float32)
    source, out = noise(rng, frames), np.zeros(frames, np.float32)
    edges = np.geomspace(400, 9000, 6)
    for n, (low, high) in enumerate(pairwise(edges)):  # bands that open one after the other
        out += between(source, low, high) * np.clip(5 * way - n + 0.6, 0, 1)
    if rng.random() < 0.6:
        hz = rng.uniform(80, 300) * np.float32(2) ** (rng.uniform(1, 3) * way)
        saw = 2 * ((np.cumsum(hz, dtype=np.float64) / RATE) % 1) - 1
        out += rng.uniform(0.1, 0.6) * saw.astype(np.float32)
    return struck(out * way ** np.float32(rng.uniform(0.7, 2)))


def impact(rng: Chance, length: float) -> Sound:
    """(frames,) the wash after a drop's first beat."""
    frames = int(length * RATE)
    return struck(between(noise(rng, frames), 200, rng.uniform(4000, 12000)) * fading(frames, length / 4))
