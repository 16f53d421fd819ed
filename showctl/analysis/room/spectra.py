"""Programme and microphone side by side, and what can be said of the room between them: the core of `transfer` and `listening`.

A frame is 2.7 s, long enough that a hall's reverberation falls within it. Frames are summed over segments of some seconds:
programme power xx, microphone power yy, cross-spectrum xy. Over segments the estimate is dual-channel H1 (J. S. Bendat and A. G.
Piersol, "Random Data", ch. 6), with three things that music and a crowd make necessary:

- The power of the room in a band is taken from products of DIFFERENT segments. What is noise, a crowd, or a voice that is late by
  now more, now less, has no fixed phase against the programme, so it adds nothing in the mean, however loud it is. The square of
  an average, as analysers show it, has the noise in it.
- Music is lines with nothing between. Within a band a bin counts by 1 / (1 + v/p)^2, where v is the variance of its response by
  the scatter of the segments and p the band's power: bins that are known count alike, as the ear and the smoothing of curves have
  it, and those that are not do not count.
- An answer comes with its error: segments left out one at a time (jackknife: B. Efron, 1982), and how much of the band the
  programme has sounded at all. Trust is that error, not a coherence: a band at coherence 0.2 is known well after a minute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from showctl.analysis.room.grid import BANDS, SMOOTH

Sound = NDArray[np.float32]
Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Powers = NDArray[np.float32]  # (bins,)
Spectrum = NDArray[np.complex64]  # (bins,)

FRAME = 2.7  # s
# What is summed to one bin, by the frequency (Hz) it begins at: a response is smooth over the inverse of its length, and high
# notes ring shorter. It is a window in time round MIDDLE (s) after the frame's begin, the shorter the more are pooled.
ABOVE, POOLED = (150.0, 300.0, 1200.0), (1, 2, 4, 6)
MIDDLE = 0.05
RINGS = 0.35  # s of an impulse response that say how much that window takes away
TRUSTED = 0.95  # dB of error that an answer may have and be trusted
LEAST = 4  # segments that must stand side by side before anything is trusted
FEWEST = 0.05  # of the square of the programme that is products of different segments; below, it sounded but once
OVERLAP = 1 / 6  # correlation of the noise in frames that overlap by half
DECIBEL = 10 / math.log(10)  # dB that a small relative error of power is


@dataclass(slots=True)
class Segment:
    """Sums over the frames of some seconds."""

    time: float  # s, middle of what has sounded
    frames: int
    xx: Powers
    yy: Powers
    xy: Spectrum


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What the segments say of each band of BANDS, and how far each bin is to be believed."""

    power: Floats  # (bands,) of the response; 0 where nothing is known
    error: Floats  # (bands,) dB, standard deviation to be expected; inf where nothing is known
    coherence: Floats  # (bands,) 0..1, of the microphone's power what comes of the programme
    trusted: NDArray[np.bool_]  # (bands,)
    response: Spectrum  # (bins,) H1
    worth: Powers  # (bins,) 0..1


class Frames:
    """How sound at `rate` (Hz) becomes bins, and which bins make up which band."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.size = 1 << round(math.log2(FRAME * rate))
        self.hop = self.size // 2
        self._window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.size) / self.size)).astype(np.float32)
        edges = np.append(BANDS * 2 ** (-SMOOTH / 2), BANDS[-1] * 2 ** (SMOOTH / 2)) * self.size / rate
        whole: Places = np.rint(edges[edges < self.size // 2]).astype(np.int64)
        self.low, self.high = int(whole[0]), int(whole[-1])
        self._starts, self._first = _pools(whole, [POOLED[np.searchsorted(ABOVE, f, "right")] for f in BANDS])
        self._pools = np.diff(np.append(self._starts, self.high))
        self._pooled = np.maximum.reduceat(self._pools, self._first)
        self._width = np.diff(np.append(self._first, len(self._starts)))
        every = np.arange(self.low, self.high) * (rate / self.size)
        self.freqs: Floats = np.add.reduceat(every, self._starts - self.low) / self._pools
        self._turn = np.exp(2j * np.pi * MIDDLE * every).astype(np.complex64)

    def spectrum(self, sound: Sound) -> Spectrum:
        """(size,) -> (every,) from the lowest band to the highest, not yet pooled."""
        spectrum: Spectrum = fft.rfft(sound * self._window)[self.low : self.high]
        return spectrum

    def segment(self, time: float, x: Spectrum, y: Spectrum) -> Segment:
        """Two spectra of a frame, pooled into bins."""
        xx, yy, xy = (
            np.add.reduceat(v, self._starts - self.low) for v in (product(x, x), product(y, y), x.conj() * y * self._turn)
        )
        return Segment(time, 1, xx, yy, xy)

    def bands(self, values: Powers) -> Floats:
        """(bins,) -> (bands,) sums."""
        sums = np.zeros(len(BANDS))
        sums[: len(self._first)] = np.add.reduceat(values, self._first)
        return sums

    def bins(self, values: Floats) -> Powers:
        """(bands,) -> (bins,), the band's value for each of its bins."""
        return np.repeat(values[: len(self._first)].astype(np.float32), self._width)

    def width(self) -> Floats:
        """(bands,) bins in each; 0 where the rate does not hold the band."""
        width = np.zeros(len(BANDS))
        width[: len(self._first)] = self._width
        return width

    def impulse(self, response: Spectrum) -> Sound:
        """(bins,) -> (size,) the impulse response."""
        spectrum = np.zeros(self.size // 2 + 1, dtype=np.complex64)
        spectrum[self.low : self.high] = np.repeat(response, self._pools) * self._turn.conj()
        impulse: Sound = fft.irfft(spectrum, self.size)
        return impulse

    def taken(self, impulse: Sound) -> Floats:
        """(size,) impulse response -> (bands,) share of its power that the frame and the band's pools leave."""
        lags = np.arange(round(RINGS * self.rate)) / self.rate
        noise = float(np.median(impulse[self.size // 2 :] ** 2)) / 0.455  # of Gaussian noise, the square's median over its mean
        energy = impulse[: len(lags)].astype(np.float64) ** 2 - noise
        windows = {int(m): np.sinc(m * (lags - MIDDLE) * self.rate / self.size) ** 2 for m in np.unique(self._pooled)}
        # What comes late in a frame of the microphone has less of the programme's frame to answer to.
        part = lags * self.rate / self.size
        overlap = ((1 - part) * (2 + np.cos(2 * np.pi * part)) / 3 + np.sin(2 * np.pi * part) / (2 * np.pi)) ** 2
        windows = {m: window * overlap for m, window in windows.items()}
        energy /= np.maximum(windows[max(windows)], 0.2)  # most of the bins stand in the narrowest
        whole = max(float(energy.sum()), 1e-30)
        shares = {m: min(1.0, max(0.5, float(energy @ window) / whole)) for m, window in windows.items()}
        left = np.ones(len(BANDS))
        left[: len(self._first)] = [shares[int(m)] for m in self._pooled]
        return left


def _pools(edges: Places, pooled: list[int]) -> tuple[Places, Places]:
    """Edges of the bands -> first of each pool, and the first pool of each band."""
    starts: list[int] = []
    first = []
    for low, high, most in zip(edges[:-1], edges[1:], pooled, strict=False):
        first.append(len(starts))
        count = max(1, round((high - low) / most))
        starts.extend(int(low + i * (high - low) // count) for i in range(count))
    return np.array(starts), np.array(first)


def nothing(frames: Frames) -> Known:
    """Before anything has sounded."""
    bands, bins = len(BANDS), len(frames.freqs)
    none = np.zeros(bins, dtype=np.float32)
    return Known(
        np.zeros(bands), np.full(bands, np.inf), np.zeros(bands), np.zeros(bands, dtype=bool), none.astype(np.complex64), none
    )


def known(frames: Frames, segments: Sequence[Segment], weights: Floats) -> Known:
    """What segments, weighted (segments,), say together."""
    if len(segments) < 2 or not any(s.xx.any() for s in segments):
        return nothing(frames)
    a = weights.astype(np.float32)
    x, y = (sum(w * s.xx for w, s in zip(a, segments, strict=True)), sum(w * s.yy for w, s in zip(a, segments, strict=True)))
    s = sum(w * one.xy for w, one in zip(a, segments, strict=True))
    # Scaled to 1, so that no square of quiet music falls out of single precision.
    scale_x, scale_y = float(x.max()), max(float(y.max()), 1e-30)
    across = math.sqrt(scale_x * scale_y)
    parts = [(w * one.xx / scale_x, w * one.xy / across) for w, one in zip(a, segments, strict=True)]
    x, y, s = x / scale_x + np.float32(1e-12), y / scale_y, s / across
    # Neighbours share half a frame, so a little more than a segment's product with itself goes.
    shared = 1 + _shared(segments)
    own_s, own_x = shared * sum(product(c, c) for _, c in parts), shared * sum(q * q for q, _ in parts)
    whole = x * x
    pairs = np.maximum(whole - own_x, FEWEST * whole)
    h = s / x
    squared = (product(s, s) - own_s) / pairs  # of the response, without bias
    scatter = sum(product(d, d) for d in (c - h * q for q, c in parts)) * (shared * whole / pairs)
    noise = frames.bands(scatter / x) / np.maximum(frames.width(), 1)
    v = frames.bins(noise) / x
    w, p = _weighed(frames, squared, x, v)
    sums = frames.bands(w)
    left_out = []
    for q, c in parts:
        rest = np.maximum((x - q) ** 2 - (own_x - shared * q * q), FEWEST * whole)
        power = product(s - c, s - c) - (own_s - shared * product(c, c))
        left_out.append(frames.bands(w * (power / rest)) / np.maximum(sums, 1e-30))
    error = _error(frames, np.array(left_out), p, w, v)
    coherence = np.clip(frames.bands(x * squared) / np.maximum(frames.bands(y), 1e-30), 0.0, 1.0)
    trusted = (error < TRUSTED) & (len(segments) >= LEAST)
    gain = scale_y / scale_x
    return Known(p * gain, error, coherence, trusted, (h * math.sqrt(gain)).astype(np.complex64), w)


def product(one: Spectrum, other: Spectrum) -> Powers:
    """Real part of one times the conjugate of the other."""
    product: Powers = one.real * other.real + one.imag * other.imag
    return product


def _shared(segments: Sequence[Segment]) -> np.float32:
    """Noise that neighbours share, against what each has: 1/6 from frame to frame, Hann windows that overlap by half."""
    frames, count = sum(s.frames for s in segments) / len(segments), len(segments)
    return np.float32(2 * OVERLAP * (count - 1) / count / (frames + 2 * (frames - 1) * OVERLAP))


def _weighed(frames: Frames, squared: Powers, x: Powers, v: Powers) -> tuple[Powers, Floats]:
    """Weights of the bins, and power of the bands by them: each follows from the other."""
    heard = frames.bands(x)
    first = np.maximum(frames.bands(x * squared) / np.maximum(heard, 1e-30), 0.0)
    p, w = first, np.zeros_like(x)
    for _ in range(3):
        ratio = v / np.maximum(frames.bins(p), np.float32(1e-20))
        w = (1 / (1 + np.minimum(ratio, np.float32(1e6))) ** 2).astype(np.float32)
        p = np.maximum(frames.bands(w * squared) / np.maximum(frames.bands(w), 1e-30), 0.01 * first)
    return w, p


def _error(frames: Frames, left_out: Floats, p: Floats, w: Powers, v: Powers) -> Floats:
    """(segments left out, bands) powers -> (bands,) dB: by scatter, by noise, and by what of the band has not sounded."""
    count = len(left_out)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (count - 1) / count * np.sum((left_out - left_out.mean(axis=0)) ** 2, axis=0)
        bins = frames.bins(p)
        sums, squares = frames.bands(w), frames.bands(w * w)
        noise = 1.2 * frames.bands(w * w * v * (2 * bins + v)) / sums**2
        missing = 1.5 * np.maximum(0.0, 1 - sums / frames.width()) * squares / sums**2 * p**2
        error: Floats = DECIBEL * np.sqrt(np.maximum(spread, noise) + missing) / p
    error[~np.isfinite(error)] = np.inf
    return error
