"""The instruments of the demo song: short sounds, each an array of samples at 48 kHz, made once and played often.

Drums are a falling sine and shaped noise; bass, chords and lead are saw waves (with polynomial band-limited steps, Valimaki
2005) behind a two-pole low-pass. Full scale is +-1; nothing here is louder than it.
"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

RATE = 48000  # Hz
Sound = NDArray[np.float32]  # (frames, 2)


def _seconds(length: float) -> NDArray[np.float64]:
    return np.arange(int(length * RATE)) / RATE


def _stereo(left: NDArray[np.float64], right: NDArray[np.float64] | None = None) -> Sound:
    """Two channels with an end that does not click."""
    out = np.stack((left, left if right is None else right), axis=1)
    fade = min(240, len(out))
    out[-fade:] *= np.linspace(1.0, 0.0, fade)[:, None]
    return out.astype(np.float32)


def _band(samples: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """What lies between two frequencies (Hz), an octave of slope at each side, peak 1."""
    spectrum, f = np.fft.rfft(samples), np.fft.rfftfreq(len(samples), 1 / RATE)
    slopes = (1 + (low / np.maximum(f, 1.0)) ** 4) * (1 + (f / high) ** 4)
    shaped: NDArray[np.float64] = np.fft.irfft(spectrum / slopes, len(samples))
    return shaped / float(np.abs(shaped).max())


def _low_pass(samples: NDArray[np.float64], cutoff: float, q: float = 0.9) -> NDArray[np.float64]:
    """A two-pole low-pass (Hz), by its response, so that no sample needs a loop."""
    size = 2 * len(samples)  # room for the tail, which would otherwise come round to the beginning
    x = np.fft.rfftfreq(size, 1 / RATE) / cutoff
    return np.asarray(np.fft.irfft(np.fft.rfft(samples, size) / (1 - x * x + 1j * x / q), size)[: len(samples)])


def _saw(frequency: float, length: float, phase: float) -> NDArray[np.float64]:
    step = frequency / RATE
    p = (np.arange(int(length * RATE)) * step + phase) % 1.0
    wave = np.asarray(2 * p - 1, np.float64)
    after, before = p < step, p > 1 - step
    t = p[after] / step
    wave[after] -= 2 * t - t * t - 1
    t = (p[before] - 1) / step
    wave[before] -= t * t + 2 * t + 1
    return wave


def hertz(note: int) -> float:
    """MIDI note -> Hz, A4 = 69 = 440 Hz."""
    return float(440.0 * 2.0 ** ((note - 69) / 12))


class Voices:
    """One set of instruments; the noise in it comes from a seed, so the same seed sounds the same."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.kick = self._kick()
        self.clap, self.snare = self._clap(), self._snare()
        self.hat, self.open_hat = self._hat(0.035, 0.12), self._hat(0.16, 0.35)
        self.crash = self._crash()
        # Notes are made when they are asked for; the last few dozen are kept, which is what a section needs.
        cache = lru_cache(maxsize=32)
        self.bass, self.chord = cache(self._bass), cache(self._chord)
        self.pluck, self.lead = cache(partial(self._pluck, 0.3)), cache(partial(self._pluck, 0.9))
        self.riser = cache(self._riser)

    def _noise(self, length: float) -> NDArray[np.float64]:
        return self._rng.uniform(-1.0, 1.0, int(length * RATE))

    def _kick(self) -> Sound:
        t = _seconds(0.42)
        phase = 2 * np.pi * (47 * t + 120 * 0.032 * (1 - np.exp(-t / 0.032)))
        click = _band(self._noise(0.42), 1500, 9000) * np.exp(-t / 0.006)
        return _stereo(0.9 * np.sin(phase) * np.exp(-t / 0.17) + 0.4 * click)

    def _clap(self) -> Sound:
        t = _seconds(0.28)
        hands = sum(np.exp(-np.maximum(t - at, 0) / 0.006) * (t >= at) for at in (0.0, 0.011, 0.023))
        envelope = 0.6 * np.asarray(hands) + 0.5 * np.exp(-np.maximum(t - 0.03, 0) / 0.07) * (t >= 0.03)
        return _stereo(*(0.7 * _band(self._noise(0.28), 900, 5000) * envelope for _ in range(2)))

    def _snare(self) -> Sound:
        t = _seconds(0.2)
        body = 0.5 * np.sin(2 * np.pi * 190 * t) * np.exp(-t / 0.05)
        return _stereo(body + 0.6 * _band(self._noise(0.2), 1200, 9000) * np.exp(-t / 0.055))

    def _hat(self, decay: float, length: float) -> Sound:
        t = _seconds(length)
        return _stereo(*(0.6 * _band(self._noise(length), 7500, 15000) * np.exp(-t / decay) for _ in range(2)))

    def _crash(self) -> Sound:
        t = _seconds(1.8)
        return _stereo(*(0.7 * _band(self._noise(1.8), 3500, 14000) * np.exp(-t / 0.5) for _ in range(2)))

    def _bass(self, note: int, length: float) -> Sound:
        t = _seconds(length)
        raw = _saw(hertz(note), length, 0.0) + 0.8 * np.sin(2 * np.pi * hertz(note) * t)
        return _stereo(0.5 * _low_pass(raw, 420, 1.4) * np.exp(-t / 0.25) * np.minimum(1.0, t / 0.003))

    def _chord(self, notes: tuple[int, ...], length: float, cutoff: float, attack: float) -> Sound:
        """Several saws a note, a little out of tune with each other and spread over the room; fades over its last fifth."""
        t, sides = _seconds(length), []
        for _ in range(2):
            detune = self._rng.uniform(0.995, 1.005, (len(notes), 3))
            saws = [
                _saw(hertz(n) * float(d), length, self._rng.random()) for n, row in zip(notes, detune, strict=True) for d in row
            ]
            sides.append(_low_pass(np.sum(saws, axis=0) / (1.6 * len(notes)), cutoff))
        envelope = np.minimum(1.0, t / attack) * np.minimum(1.0, (length - t) / (0.2 * length))
        return _stereo(0.5 * sides[0] * envelope, 0.5 * sides[1] * envelope)

    def _pluck(self, brightness: float, note: int, side: float) -> Sound:
        """A short note; `side` -1..1 is where it stands."""
        t = _seconds(0.45)
        body = _low_pass(_saw(hertz(note), 0.45, 0.0) + _saw(hertz(note) * 1.004, 0.45, 0.3), 1200 + 4500 * brightness)
        note_at = 0.4 * body * np.exp(-t / (0.09 + 0.06 * brightness)) * np.minimum(1.0, t / 0.002)
        return _stereo(note_at * (1 - 0.6 * max(0.0, side)), note_at * (1 + 0.6 * min(0.0, side)))

    def _riser(self, length: float, low: float, high: float) -> Sound:
        """Noise that climbs from `low` to `high` (Hz) and swells, for one bar of a build."""
        t = np.linspace(0.0, 1.0, int(length * RATE))
        raw = self._noise(length)
        dark, bright = _band(raw, low * 0.7, low * 1.6), _band(raw, high * 0.7, high * 1.6)
        return _stereo(0.5 * (dark * (1 - t) + bright * t), 0.5 * (bright * t - dark * (1 - t)))
