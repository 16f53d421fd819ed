"""The instruments of the metal band, without samples: strings, amplifier, drum kit, voices, and the bus they end in.

A string is Karplus-Strong written out period by period: the spectrum of one plucked period, every harmonic of which dies at its
own rate (K. Karplus, A. Strong 1983; the closed form needs no loop over samples). Chords of strings go through tanh and a
cabinet of a few filters; drums are falling sines and shaped noise; growls are noise and a rough buzz through two formants.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy import signal

from training import tone
from training.piece import RATE
from training.tone import Sound


def string(rng: Generator, hz: float, seconds: float, muted: float) -> Sound:
    """A plucked string; muted 0 (open) .. 1 (palm on the bridge)."""
    period = max(16, round(RATE / hz))
    pluck = rng.uniform(-1, 1, period)
    pluck = pluck - np.roll(pluck, max(1, round(period * rng.uniform(0.08, 0.3))))
    spectrum = np.fft.rfft(pluck)
    spectrum[0] = 0
    khz = np.arange(len(spectrum)) * hz / 1000
    dying = (0.4 + 14 * muted) + (0.8 + 10 * muted) * np.minimum(khz, 9) ** 1.3
    turns = max(2, int(seconds * hz))
    waves = spectrum[None, :] * np.exp(-np.arange(turns)[:, None] / hz * dying[None, :])
    return np.fft.irfft(waves, period).astype(np.float32).ravel() * 0.3


def chord(rng: Generator, midi: int, intervals: tuple[int, ...], seconds: float, muted: float) -> Sound:
    """Strings struck together, 0-4 ms apart, each a few cents off."""
    out = np.zeros(int((seconds + 0.02) * RATE), np.float32)
    for n, step in enumerate(intervals):
        hz = 440 * 2 ** ((midi + step - 69 + rng.normal(0, 0.04)) / 12)
        tone.add(out, int(n * rng.uniform(0, 0.002) * RATE), string(rng, hz, seconds, muted), 0.8)
    pick = rng.standard_normal(int(0.004 * RATE)).astype(np.float32)
    tone.add(out, 0, pick * np.linspace(1, 0, len(pick), dtype=np.float32), 0.15)
    return out


def amplifier(rng: Generator, strings: Sound, drive: float) -> Sound:
    """Through pre-filter, two stages of tanh and a cabinet; drive 0 (clean) .. 1 (wall)."""
    tight = tone.through(strings, tone.high(rng.uniform(60, 160)), tone.peak(rng.uniform(700, 1400), 0.7, rng.uniform(-3, 6)))
    loud = np.tanh(tight / np.float32(tone.rms(tight)) * np.float32(0.25 * 60**drive))
    if drive > 0.5:
        loud = np.tanh(2.5 * loud + np.float32(0.1))
    return tone.through(
        loud,
        tone.high(rng.uniform(70, 110)),
        tone.low(rng.uniform(3800, 6500), 4),
        tone.peak(rng.uniform(350, 1100), 0.7, rng.uniform(-12, 0)),
        tone.peak(rng.uniform(1800, 3200), 1.0, rng.uniform(0, 6)),
        tone.peak(rng.uniform(100, 180), 1.2, rng.uniform(0, 5)),
    )


def _fall(rng: Generator, start: float, end: float, sweep: float, ring: float, seconds: float) -> Sound:
    """A sine that falls from start to end Hz with time constant sweep and dies with time constant ring."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * (end * t + (start - end) * sweep * (1 - np.exp(-t / sweep))) + rng.uniform(0, 1)
    return (np.sin(phase) * np.exp(-t / ring)).astype(np.float32)


def _burst(rng: Generator, seconds: float, ring: float, *sections: tone.Sections) -> Sound:
    t = np.arange(int(seconds * RATE), dtype=np.float32) / np.float32(RATE)
    out = tone.through(tone.noise(rng, len(t)), *sections) * np.exp(-t / np.float32(ring))
    return out / np.float32(np.max(np.abs(out)) + 1e-9)


def _cymbal(rng: Generator, seconds: float, ring: float, lowest: float) -> Sound:
    """Noise above `lowest` Hz with a cluster of inharmonic partials, a fast and a slow decay."""
    t = np.arange(int(seconds * RATE)) / RATE
    metal = sum(np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in rng.uniform(lowest * 0.8, 9000, 6))
    body = tone.through(tone.noise(rng, len(t)), tone.high(lowest, 2)) + np.asarray(metal, np.float32) * np.float32(0.12)
    shape = 0.6 * np.exp(-t / ring) + 0.4 * np.exp(-t / (ring / 6))
    return (body * shape * 0.35).astype(np.float32)


def _kick(rng: Generator) -> Sound:
    body = _fall(rng, rng.uniform(110, 320), rng.uniform(42, 70), rng.uniform(0.008, 0.03), rng.uniform(0.05, 0.16), 0.35)
    click = _burst(rng, 0.03, rng.uniform(0.002, 0.006), tone.band(rng.uniform(1500, 3500), rng.uniform(5000, 9000)))
    tone.add(body, 0, click, rng.uniform(0.2, 1.0))
    return body


def _snare(rng: Generator) -> Sound:
    note = rng.uniform(160, 280)
    body = _fall(rng, note * 1.5, note, 0.01, rng.uniform(0.03, 0.09), 0.4) * np.float32(rng.uniform(0.5, 1.0))
    wires = _burst(rng, 0.35, rng.uniform(0.04, 0.14), tone.band(rng.uniform(900, 2200), rng.uniform(7000, 12000)))
    tone.add(body, 0, wires, rng.uniform(0.6, 1.1))
    crack = _burst(rng, 0.02, 0.004, tone.high(2000))
    tone.add(body, 0, crack, rng.uniform(0.2, 0.7))
    return body


def kit(rng: Generator) -> dict[str, list[Sound]]:
    """A drum kit: two strokes of everything, peak about 1."""
    lowest = rng.uniform(70, 110)
    state = int(rng.integers(1 << 30))
    twins = [np.random.default_rng(state), np.random.default_rng(state)]  # the same drum, struck twice, all but the noise

    def both(make: object, *args: float) -> list[Sound]:
        out = [make(r, *args) for r in twins]  # type: ignore[operator]
        return [out[0], tone.through(out[1], tone.shelf(3000, -3.0, True))]

    drums = {"kick": both(_kick), "snare": both(_snare)}
    for n, name in enumerate(("tom1", "tom2", "tom3")):
        hz = lowest * (1.0, 1.35, 1.8)[2 - n]
        drums[name] = [_fall(r, hz * 1.8, hz, 0.02, 0.18, 0.5) + 0.2 * _burst(r, 0.5, 0.03, tone.low(5000)) for r in twins]
    drums["hat"] = both(_cymbal, 0.12, rng.uniform(0.02, 0.05), rng.uniform(5000, 8000))
    drums["open"] = both(_cymbal, 0.5, rng.uniform(0.12, 0.3), rng.uniform(4500, 7000))
    drums["ride"] = both(_cymbal, 0.9, rng.uniform(0.2, 0.5), rng.uniform(3500, 6000))
    drums["crash"] = both(_cymbal, 2.0, rng.uniform(0.5, 1.0), rng.uniform(2500, 4500))
    drums["china"] = both(_cymbal, 1.2, rng.uniform(0.2, 0.5), rng.uniform(1200, 2500))
    drums["stick"] = [_burst(r, 0.05, 0.006, tone.band(1200, 6000)) for r in twins]
    return drums


def growl(rng: Generator, seconds: float, high_pitched: bool) -> Sound:
    """One syllable of a growled or screamed voice, RMS about 1."""
    frames = int(seconds * RATE)
    hz = rng.uniform(250, 500) if high_pitched else rng.uniform(50, 110)
    knots = np.arange(0, frames + 400, 400)
    wobble = np.cumsum(hz * (1 + 0.15 * np.interp(np.arange(frames), knots, rng.normal(0, 1, len(knots)))))
    buzz = signal.sawtooth(2 * np.pi * wobble / RATE).astype(np.float32)
    rough = buzz * 0.6 + tone.noise(rng, frames) * (1 + buzz) * 0.5
    a, b = (rng.uniform(600, 1100), rng.uniform(1500, 3000)) if high_pitched else (rng.uniform(300, 700), rng.uniform(900, 1900))
    out = np.tanh(
        2 * (tone.through(rough, tone.band(a * 0.8, a * 1.25)) + 0.7 * tone.through(rough, tone.band(b * 0.85, b * 1.2)))
    )
    t = np.linspace(0, 1, frames, dtype=np.float32)
    return out * np.minimum(1, t * 20) * np.minimum(1, (1 - t) * 6)


def sung(rng: Generator, midi: float, seconds: float) -> Sound:
    """One sung syllable: a soft sawtooth with vibrato through two formants, with a gentle start."""
    t = np.arange(int(seconds * RATE)) / RATE
    bend = rng.uniform(-1.5, 0.5) * np.exp(-t / 0.05) + 0.25 * np.sin(2 * np.pi * rng.uniform(4.5, 6) * t) * np.minimum(1, t * 2)
    phase = np.cumsum(440 * 2 ** ((midi - 69 + bend) / 12)) / RATE
    source = signal.sawtooth(2 * np.pi * phase).astype(np.float32)
    a, b = rng.uniform(350, 800), rng.uniform(1000, 2300)
    out = tone.through(source, tone.band(a * 0.8, a * 1.3)) + 0.6 * tone.through(source, tone.band(b * 0.9, b * 1.15))
    return out * np.minimum(1, t / 0.04).astype(np.float32) * np.minimum(1, (t[-1] - t) / 0.06).astype(np.float32)


def bus(rng: Generator, mix: Sound, squeeze: float) -> Sound:
    """Compressed and limited as such records are: squeeze 0 (open) .. 1 (a brick)."""
    mix = mix / np.float32(tone.rms(mix))
    step = RATE // 200
    power = np.add.reduceat(np.square(mix), np.arange(0, len(mix), step)) / step
    over = np.maximum(0.0, 10 * np.log10(np.maximum(power, 1e-9)) + 3.0)
    held = signal.lfilter([0.08], [1, -0.92], over * squeeze * 0.75)
    factor = np.repeat((10 ** (-held / 20)).astype(np.float32), step)[: len(mix)]
    out = mix * factor * np.float32(rng.uniform(0.16, 0.28) * (0.7 + 0.5 * squeeze))
    return tone.level(np.tanh(1.2 * out).astype(np.float32), float(rng.uniform(0.7, 0.98)))
