"""One microphone against the programme: what the room does to it, with whatever song is playing as the test signal.

`response` is for recordings; `Heard` is what it feeds, frame by frame, and what `listening` feeds while the band plays. A
microphone's frames are summed into a few segments, which the segments' own phases then pull straight: a clock that was taken for
a part in a million faster than it is shows as a delay that grows from segment to segment.

Sound (frames,) float32, Hz, s, dB, ppm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from showctl.analysis.room import delay, spectra
from showctl.analysis.room.delay import Lag
from showctl.analysis.room.grid import BANDS
from showctl.analysis.room.spectra import Floats, Frames, Known, Segment, Sound, Spectrum
from showctl.model import RoomResponse

LONGEST_HEARD = 180.0  # s of a recording: rooms and clocks change
SEGMENTS = 12  # at most; sums of two are made of them when there are more
BEFORE = 0.04  # s that frames of the microphone begin before the strongest arrival: the first may be weaker
TOPS = ((2000.0, 16), (9000.0, 8))  # Hz up to which segments are compared, and how many drifts are tried on each side
STEP = 0.2  # of a period at that frequency, from one drift to the next over all segments
STRAIGHT = 2e-6  # s that the segments may lie apart by the drift that is left
CLEAR = 0.6  # of the strongest arrival that may come CLOSE after the first one, for that to be the direct sound
CLOSE = 0.002  # s
FIRST = 0.35  # of the strongest arrival: what comes before and is as strong is the direct sound
FINE = 4  # parts of a frame that arrivals are told apart by
PEAK = 12.0  # times the noise of the impulse response that an arrival must be to be sure of
# Woofers answer up to 0.4 ms after tweeters do: without the highs nobody can say when the direct sound came.
HIGHS, KNOWN = 4000.0, 0.05  # Hz, and how much of what is above must be known
UNSURE = 2.0  # dB of error, at which a band counts half
STEADY = 0.4  # ppm of standard error that the clock may have: above, it may be 1 ppm off, and nothing is trusted


class Heard:
    """What one microphone has heard of the programme, in at most SEGMENTS segments; it forgets what is pushed out."""

    def __init__(self, frames: Frames, lag: Lag, longest: int) -> None:
        """`longest`: frames that a segment may grow to; from then on the oldest segments are forgotten."""
        self.frames, self.lag = frames, lag
        self.segments: list[Segment] = []
        self.count = 0  # frames heard
        self._longest, self._span = longest, 1

    def begin(self, start: int) -> float:
        """Where in the microphone's sound the frame lies that begins at programme frame `start`, in frames."""
        rate = self.frames.rate
        return (self.lag.delay - BEFORE) * rate + start * (1 + self.lag.drift * 1e-6)

    def end(self, start: int) -> int:
        """How many frames of the microphone must have come before that frame can be heard."""
        return int(self.begin(start + self.frames.size)) + delay.TAPS + 2

    def frame(self, start: int, x: Spectrum, microphone: Sound, origin: int = 0) -> Segment:
        """The programme's spectrum from frame `start` on, beside the microphone's sound, whose first is its frame `origin`."""
        place = self.begin(start) - origin
        y = self.frames.spectrum(delay.resampled(microphone, place, 1 + self.lag.drift * 1e-6, self.frames.size))
        return self.frames.segment((start + self.frames.size / 2) / self.frames.rate, x, y)

    def add(self, frame: Segment) -> None:
        """Take a frame in."""
        self.count += 1
        if self.segments and self.segments[-1].frames < self._span:
            self.segments[-1] = summed([self.segments[-1], frame])
        else:
            self.segments.append(frame)
        if len(self.segments) > SEGMENTS and 2 * self._span <= self._longest:
            self._span *= 2
            whole = self.segments
            self.segments = [summed(whole[i : i + 2]) for i in range(0, len(whole), 2)]
        self.segments = self.segments[-SEGMENTS:]

    def known(self, fade: float = np.inf) -> Known:
        """What all segments say, older ones less: by e in `fade` seconds."""
        if not self.segments:
            return spectra.nothing(self.frames)
        age = self.segments[-1].time - np.array([s.time for s in self.segments])
        return spectra.known(self.frames, self.segments, np.exp(-age / fade))

    def straighten(self, known: Known) -> bool:
        """Take out the drift that the segments still show; whether there was any worth the while."""
        drift, middle = self._slope(known)
        span = self.segments[-1].time - self.segments[0].time if self.segments else 0.0
        if abs(drift) * 1e-6 * span <= STRAIGHT:
            return False
        self.turn(drift, middle)
        return True

    def turn(self, drift: float, middle: float) -> None:
        """Take out a drift (ppm) round a time (s)."""
        for one in self.segments:
            late = drift * 1e-6 * (one.time - middle)
            one.xy = one.xy * np.exp((2j * np.pi * late) * self.frames.freqs).astype(np.complex64)
        self.lag = replace(self.lag, delay=self.lag.delay - drift * 1e-6 * middle, drift=self.lag.drift + drift)

    def _slope(self, known: Known) -> tuple[float, float]:
        """Drift in ppm that is left, and the time (s) about which it turns: that under which the segments agree most."""
        times = np.array([s.time for s in self.segments])
        if len(times) < 3 or not known.worth.any():
            return 0.0, 0.0
        middle, span, drift = float(times.mean()), float(times[-1] - times[0]), 0.0
        for top, reach in TOPS:
            last = int(np.searchsorted(self.frames.freqs, top))
            weight = known.worth[:last] * _inverse(known, self.frames, self.segments)[:last]
            crosses = np.array([s.xy[:last] for s in self.segments]) * np.sqrt(weight)
            step = STEP * 1e6 / (top * span)
            tried: Floats = drift + np.arange(-reach, reach + 1) * np.float64(step)
            energies = _energies(crosses, self.frames.freqs[:last], times - middle, tried)
            best = int(np.argmax(energies))
            drift = float(tried[best]) + step * delay.vertex(energies, best)
        return drift, middle

    def response(self, known: Known, time: float) -> RoomResponse:
        """All of it, as of `time` (s)."""
        levels = _levels(known) - 10 * np.log10(self.frames.taken(self.frames.impulse(known.response * known.worth)))
        # To find a time, whatever is known of a bin helps as much as it is known: Wiener's weights, not those of levels.
        late, clear = arrival(self.frames.impulse(known.response * np.sqrt(known.worth)), self.frames.rate)
        first = self.lag.delay - BEFORE + late + (late + time) * self.lag.drift * 1e-6
        timed = self.lag.clarity > delay.SURE and self._unsteady(known) < STEADY
        trusted, worth = known.trusted & timed, timed / (1 + (known.error / UNSURE) ** 2)
        highs = known.worth[self.frames.freqs > HIGHS]
        sharp = len(highs) > 0 and float(highs.mean()) > KNOWN
        sure = clear and sharp and self.lag.sure and bool(trusted.any())
        return RoomResponse(time, BANDS, levels, known.coherence, trusted, worth, first, self.lag.drift, delay_trusted=sure)

    def _unsteady(self, known: Known) -> float:
        """ppm of standard error that the drift has at least, by what is known of the bins in trusted bands."""
        wiener = np.sqrt(np.minimum(known.worth, 0.998)) * self.frames.bins(known.trusted.astype(np.float64))
        turns = float(np.sum(2 * wiener / (1 - wiener) * (2 * np.pi * self.frames.freqs) ** 2))
        times = np.array([s.time for s in self.segments])
        apart = float(times.std()) if len(times) else 0.0
        return 1e6 / (math.sqrt(turns) * apart) if turns * apart > 0 else math.inf


def summed(segments: Sequence[Segment]) -> Segment:
    """One segment of several, in their order."""
    if len(segments) == 1:
        return segments[0]
    frames = sum(s.frames for s in segments)
    time = sum(s.time * s.frames for s in segments) / frames
    xx, yy = (np.sum([getattr(s, key) for s in segments], axis=0) for key in ("xx", "yy"))
    return Segment(time, frames, xx, yy, np.sum([s.xy for s in segments], axis=0))


def _inverse(known: Known, frames: Frames, segments: list[Segment]) -> NDArray[np.float32]:
    """(bins,) 1 over the programme's power squared and the band's power: what makes cross-spectra weigh by what is known."""
    xx = sum(s.xx for s in segments)
    power = np.maximum(frames.bins(known.power), 1e-30)
    inverse: NDArray[np.float32] = np.where(power > 1e-29, 1 / np.maximum(power * xx**2, 1e-30), 0.0)
    return inverse


def _energies(crosses: NDArray[np.complexfloating], freqs: Floats, times: Floats, drifts: Floats) -> Floats:
    """(segments, bins) cross-spectra -> (drifts,) energy of their sum, had the clock run by so many ppm (equally spaced)."""
    turned = crosses * np.exp(2j * np.pi * drifts[0] * 1e-6 * np.outer(times, freqs))
    turn = np.exp(2j * np.pi * (drifts[1] - drifts[0]) * 1e-6 * np.outer(times, freqs)).astype(np.complex64)
    energies = np.zeros(len(drifts))
    for i in range(len(drifts)):
        whole = turned.sum(axis=0)
        energies[i] = float(np.sum(spectra.product(whole, whole)))
        turned *= turn
    return energies


def arrival(impulse: Sound, rate: int) -> tuple[float, bool]:
    """Of an impulse response (frames,), round: s of the direct sound after its beginning, and whether that is clear."""
    before, close = round(BEFORE * rate), round(CLOSE * rate)
    rolled = np.roll(impulse, before)[: len(impulse) // 2]
    size = np.abs(rolled)
    if not size.any():
        return BEFORE, False
    strongest = int(np.argmax(size))
    early = max(0, strongest - 2 * before)
    # Between the frames: a peak that falls in the middle of two has up to 4 dB less in either.
    near = rolled[early : strongest + close]
    fine = np.abs(fft.irfft(fft.rfft(near), FINE * len(near))) * FINE
    top = float(fine.max())
    first = int(np.argmax(fine >= FIRST * top))
    peak = first + int(np.argmax(fine[first : first + FINE * close // 4]))
    noise = float(np.median(np.abs(impulse[len(impulse) // 2 : -before]))) / 0.6745
    later = float(size[early + first // FINE + close :].max(initial=0.0))
    return (early + peak / FINE - before) / rate, later < CLEAR * top and top > PEAK * noise


def _levels(known: Known) -> Floats:
    """dB; where nothing is known, as in the nearest bands that are."""
    there = known.power > 0
    if not there.any():
        return np.zeros(len(BANDS))
    levels: Floats = np.interp(np.log(BANDS), np.log(BANDS[there]), 10 * np.log10(known.power[there]))
    return levels


def response(reference: Sound, microphone: Sound, rate: int) -> RoomResponse:
    """What a microphone (frames,) heard of the programme (frames,), both begun at the same moment; of the first 180 s.

    Where either is silent, or they have nothing in common, nothing in the answer is trusted.
    """
    frames = Frames(rate)
    most = round(LONGEST_HEARD * rate)
    reference, microphone = reference[:most].astype(np.float32), microphone[:most].astype(np.float32)
    lag = delay.found(reference, microphone, rate)
    if lag is None:
        return Heard(frames, Lag(0.0, 0.0, 0.0), 1).response(spectra.nothing(frames), len(reference) / rate)
    heard = Heard(frames, lag, longest=len(reference))
    for start in range(0, len(reference) - frames.size + 1, frames.hop):
        if heard.end(start) <= len(microphone):
            heard.add(heard.frame(start, frames.spectrum(reference[start : start + frames.size]), microphone))
    known = heard.known()
    for _ in range(3):
        if not heard.straighten(known):
            break
        known = heard.known()
    return heard.response(known, len(reference) / rate)
