"""The sweep that measures a room: an exponential sine, what was recorded of it back to an impulse response, and how good that is.

The sweep's phase is that of Novák et al. (JAES 63, 2015): 2 pi f1 L exp(t / L) with f1 L whole, so that every harmonic which a
loudspeaker adds is the same sweep earlier by L ln(order). Dividing spectra, with a little added where the sweep has no power
(Farina, AES 108, 2000; Kirkeby's regularisation), gives the impulse response at 0, and the harmonics' responses ahead of it, out
of its way. The ends are faded, at frequencies that are not asked for.

Sound is (frames,) in units of full scale; times s; levels dB of full scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from showctl.analysis.room.decay import held, octave
from showctl.analysis.room.tail import blocks_of

Sound = NDArray[np.float64]

SECONDS, LOW, HIGH = 6.0, 30.0, 20_000.0  # s, Hz: a PA's lowest octave, and no more below than must be
FADED_LOW, FADED_HIGH = 2**0.5, 2 ** (1 / 12)  # of frequency: how far beyond LOW and HIGH the fades reach
MOST_OF_RATE = 0.49
WITHIN, OUTSIDE = 1e-10, 1.0  # regularisation, of the sweep's greatest power, inside its range and where it is faded out
LEAD_S = 0.2  # of a response that is kept ahead of the moment at which it was sent: there its lowest end rings, too
ORDERS = (2, 3, 4, 5)
BASS = 4.0  # of the lowest frequency, from which on distortion is told
DISTURBED = 4.0  # of energy: a repeat that differs so much more from the others than they do is left out
OCTAVES = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """What is played, with a peak of 1."""

    rate: int  # Hz
    low: float  # Hz from which on, and up to which, it is not faded
    high: float
    growth: float  # s in which its frequency grows by e
    samples: Sound


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """What came back of a sweep."""

    samples: Sound  # (frames,) impulse response; it was sent at `lead`
    lead: int  # frames
    harmonics: Sound  # (4,) dB of the harmonics of ORDERS, against the response


def sweep(rate: int, seconds: float = SECONDS, low: float = LOW, high: float = HIGH) -> Sweep:
    """A sweep of about so many seconds. ValueError where the range is none, or too short to be swept."""
    high = min(high, MOST_OF_RATE * rate / FADED_HIGH)
    if not 0 < low < high / 2:
        raise ValueError(f"a sweep from {low:g} to {high:g} Hz is none: an octave at least, below half the rate of {rate} Hz")
    first, last = low / FADED_LOW, high * FADED_HIGH
    whole = round(first * seconds / math.log(last / first))
    if whole < 1:
        raise ValueError(f"{seconds:g} s are too short for a sweep from {low:g} Hz")
    growth = whole / first
    times = np.arange(round(growth * math.log(last / first) * rate)) / rate
    samples = np.sin(2 * math.pi * whole * np.expm1(times / growth))
    samples *= _rise(times / (growth * math.log(FADED_LOW))) * _rise((times[-1] - times) / (growth * math.log(FADED_HIGH)))
    return Sweep(rate, low, high, growth, samples)


def _rise(share: Sound) -> Sound:
    """0 to 1, smoothly, where share goes from 0 to 1."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(share, 0.0, 1.0)))


def deconvolved(recorded: Sound, sent: Sweep, seconds: float) -> Response:
    """(frames,) recorded from the moment on at which the sweep was sent -> so many seconds of impulse response."""
    whole = _divided(recorded, sent)
    lead, frames = int(min(LEAD_S, sent.growth * math.log(2) / 2) * sent.rate), int(seconds * sent.rate)
    kept = np.concatenate([whole[-lead:] * _rise(2 * np.arange(lead) / lead), whole[: min(frames, len(recorded))]])
    return Response(kept, lead, _harmonics(whole, sent))


def _divided(recorded: Sound, sent: Sweep) -> Sound:
    """All of the response, circular: what is earlier than the sweep, as harmonics are, stands at the end."""
    size = fft.next_fast_len(len(recorded) + len(sent.samples), real=True)
    spectrum = fft.rfft(sent.samples, size)
    power = np.abs(spectrum) ** 2
    freqs = np.maximum(np.arange(len(power)) * sent.rate / size, 1e-3)
    below, above = np.log(sent.low / freqs) / math.log(FADED_LOW), np.log(freqs / sent.high) / math.log(FADED_HIGH)
    extra = power.max() * np.exp(np.interp(np.maximum(below, above), [0.0, 1.0], np.log([WITHIN, OUTSIDE])))
    return np.asarray(fft.irfft(fft.rfft(recorded, size) * spectrum.conj() / (power + extra), size), np.float64)


def _harmonics(whole: Sound, sent: Sweep) -> Sound:
    """dB of each harmonic's response against the linear one, both within the time that lies between two harmonics.

    Only above the range in which the linear one rings ahead of its time for want of lower frequencies.
    """
    high = signal.butter(4, BASS * sent.low, "highpass", fs=sent.rate, output="sos")
    middle = len(whole) // 2
    whole = np.roll(signal.sosfiltfilt(high, np.roll(whole, middle)), -middle)
    apart = int(sent.growth * math.log(ORDERS[-1] / ORDERS[-2]) * sent.rate)
    reach = np.arange(-apart // 8, apart - apart // 8)
    linear = float(np.sum(whole[reach] ** 2))
    orders = [np.sum(whole[reach - round(sent.growth * math.log(order) * sent.rate)] ** 2) for order in ORDERS]
    return 10 * np.log10(np.maximum(np.array(orders), 1e-30) / max(linear, 1e-30))


# --- noise -------------------------------------------------------------------------------------------------------------


def snr(response: Response, noise: Sound, sent: Sweep, octaves: tuple[float, ...] = OCTAVES) -> Sound:
    """(octaves,) dB: the response's strongest 10 ms over what `noise` (frames,), recorded without a sweep, becomes beside it.

    Octaves that the rate does not hold are NaN.
    """
    turned = _divided(noise, sent)
    powers = [
        np.sum(octave(turned, sent.rate, freq) ** 2) / max(1, len(noise)) if held(freq, sent.rate) else np.nan for freq in octaves
    ]
    return _over(response.samples, np.array(powers), sent.rate, octaves)


def snr_of_repeats(responses: list[Response], rate: int, octaves: tuple[float, ...] = OCTAVES) -> Sound:
    """(octaves,) dB: the same of the mean of two or more responses, from how they differ. ValueError for one alone."""
    if len(responses) < 2:
        raise ValueError("one response alone does not tell its noise: repeat the sweep")
    every = np.array([one.samples for one in responses])
    mean = every.mean(axis=0)
    powers = []
    for freq in octaves:
        if not held(freq, rate):
            powers.append(np.nan)
            continue
        apart = np.array([octave(one - mean, rate, freq) for one in every])
        powers.append(float(np.sum(apart**2)) / (len(every) - 1) / len(mean) / len(every))
    return _over(mean, np.array(powers), rate, octaves)


def _over(samples: Sound, powers: Sound, rate: int, octaves: tuple[float, ...]) -> Sound:
    strongest = [blocks_of(octave(samples, rate, freq) ** 2, rate).max() if held(freq, rate) else np.nan for freq in octaves]
    return np.asarray(10 * np.log10(np.maximum(strongest, 1e-30) / np.maximum(powers, 1e-30)))


def averaged(responses: list[Response]) -> tuple[Response, list[int]]:
    """The mean of repeats, and which of them were left out because something else was heard in them. ValueError for none.

    Three at least are needed to tell which one is the odd one out.
    """
    if not responses:
        raise ValueError("no sweep was recorded")
    every = np.array([one.samples for one in responses])
    apart = np.sum((every - np.median(every, axis=0)) ** 2, axis=1)
    odd = apart > DISTURBED * max(float(np.median(apart)), 1e-30) if len(every) > 2 else np.zeros(len(every), bool)
    harmonics = np.array([one.harmonics for one in responses])[~odd].mean(axis=0)
    return Response(every[~odd].mean(axis=0), responses[0].lead, harmonics), [int(i) for i in np.flatnonzero(odd)]
