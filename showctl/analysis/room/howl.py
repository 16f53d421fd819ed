"""The feedback watch: one tone that grows by as many decibels every second, or that stands alone and louder than all before.

Features as van Waterschoot and Moonen collect them (JAES 58(11), 2010; Proc. IEEE 99(2), 2011), of the strongest peaks of a
spectrum every 43 ms (85 ms Hann windows, a hop of a quarter):

    PTPR  the peak against a threshold: what is softer than FLOOR is left alone
    PAPR  the peak against all: its share of the power of the spectrum
    PHPR  the peak against its harmonics and those whose harmonic it could be: an instrument has them, feedback has not
    IPMP  how long it is there: its course is looked back at in the spectra of the last seconds
    IMSD  how straight that course is: the RMS of its distance from a line, in dB
    and how far its frequency wanders, which tells it from voices and vibrato.

A loop that runs away multiplies by the same factor each time round, so its course is a line, and stays one for as long as the
loop grows. A player's swell may be as straight for a while; so there are several signs (SIGNS), and the less straight or long a
line is, the more the tone has to be louder than that frequency, and all the sound, have been in the last half minute. A loop that
is too fast for a line or has met the limiter is a tone that stands still, alone and louder than all before. In the first six
seconds of sound nothing is known to compare with, and nothing is told. PNPR, the peak against its neighbours, adds nothing here:
in rooms that ring long the neighbours ring, too.

Levels in dBFS (a sine at full scale: -3), times in s from the stream's start. It advises; it changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.model import AudioBlock, Howl

LOW, HIGH = 80.0, 12_000.0  # Hz that are watched
FLOOR = -50.0  # dBFS
PEAKS = 3  # looked at in each spectrum
LEARNING = 4  # of the pieces of MEMORY: so much must have been heard
WANDERS = 0.15  # bins RMS over a fifth of a second, at most
HARMONICS = (1 / 2, 2.0, 3.0)
ANY = 1e9  # dB
AGAIN = 2.0  # s: a frequency that was told of is told of again when it still grows
MEMORY, PIECE = 30.0, 1.5  # s, and of what it is made
FADERS = 1000.0 * 10 ** (np.arange(-17, 14) / 10)  # Hz, third octaves from 20 Hz to 20 kHz
# fmt: off
NOMINAL = (20, 25, 31.5, 40, 50, 63, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150,
           4000, 5000, 6300, 8000, 10_000, 12_500, 16_000, 20_000)
# fmt: on


@dataclass(frozen=True, slots=True)
class Sign:
    """What tells feedback: all of it, over any of the times."""

    seconds: tuple[float, ...]  # of the course that are looked at
    rise: float  # dB that the line rises over them, at least; 0: it stands, within 1.5 dB/s
    bend: float  # dB RMS that the course is off its line, at most
    free: float  # dB above the harmonics, at least
    share: float = 0.25  # of the power
    over_band: float = -ANY  # dB above the most that this frequency has been in MEMORY
    over_all: float = -ANY  # dB by which the sum is above its most
    over_mean: float = -ANY  # dB by which the sum is above the mean of its peaks


SIGNS = (
    Sign((0.8, 1.2, 1.6, 3.2, 6.0), 12.0, 0.5, 12.0, over_mean=-3.0),  # a long straight line
    Sign((1.6, 3.2, 6.0), 7.0, 0.2, 6.0, share=0.5, over_band=3.0),  # a perfect one
    Sign((0.8, 1.2, 1.6), 5.0, 0.9, 8.0, over_band=6.0, over_all=0.0),  # a line to where nothing has been
    Sign((0.8, 1.2), 8.0, 1.8, 8.0, share=0.5, over_band=12.0, over_all=3.0),  # a crooked one, far above all
    Sign((1.6, 3.2, 6.0), 5.0, 0.8, 6.0, share=0.4, over_band=0.0, over_mean=2.0),  # a slow one, in a room that rings long
    Sign((0.4,), 8.0, 1.0, 6.0, over_band=9.0, over_all=4.0),  # a fast one
    Sign((0.6,), 0.0, 0.4, -ANY, share=0.3, over_band=8.0, over_all=4.0),  # one that has met the limiter
)


class HowlWatch:
    """Listens to one channel of a stream."""

    def __init__(self, rate: int, channel: int = 0) -> None:
        self._rate, self._channel = rate, channel
        self._size = 1 << round(math.log2(0.085 * rate))
        self._hop = self._size // 4
        self._window = np.hanning(self._size + 1)[:-1]
        self._scale = 2 / (self._window.sum() ** 2)
        seconds = self._hop / rate
        self._hops = {t: max(4, round(t / seconds)) for sign in SIGNS for t in sign.seconds}
        self._fifth = max(4, round(0.2 / seconds))
        rows, bins = max(self._hops.values()), self._size // 2 + 1
        self._levels = np.full((rows, bins), -120.0, np.float32)  # dBFS, the newest at `_row`
        self._row, self._known = -1, 0
        self._past = np.full(
            (round(MEMORY / PIECE), bins + 1), -120.0, np.float32
        )  # the most in 1.5 s each; the last: of the sum
        self._present = np.full(bins + 1, -120.0, np.float32)
        self._each = round(PIECE / seconds)
        self._heard = np.zeros(0, np.float64)
        self._start: int | None = None
        self._count = 0  # spectra so far
        self._told: list[Howl] = []

    def feed(self, block: AudioBlock) -> list[Howl]:
        """A block of any size -> what began to howl in it."""
        samples = block.samples[:, self._channel].astype(np.float64)
        if self._start is None or block.lost:
            self._start, self._heard, self._known = block.start, np.zeros(0, np.float64), 0
        self._heard = np.concatenate([self._heard, samples])
        found: list[Howl] = []
        while len(self._heard) >= self._size:
            self._hear(self._heard[: self._size])
            if self._count % 2 == 0:
                found += self._judge((self._start + self._size) / self._rate)
            self._heard, self._start = self._heard[self._hop :], self._start + self._hop
        return found

    def _hear(self, piece: NDArray[np.float64]) -> None:
        power = np.abs(np.fft.rfft(piece * self._window)) ** 2 * self._scale + 1e-12
        self._row = (self._row + 1) % len(self._levels)
        self._levels[self._row] = 10 * np.log10(power)
        self._known, self._count = min(self._known + 1, len(self._levels)), self._count + 1
        self._sum = 10 * math.log10(power[5:].sum() / 1.5)
        self._present[:-1] = np.maximum(self._present[:-1], self._levels[self._row])
        self._present[-1] = max(self._present[-1], self._sum)
        if self._count % self._each == 0:
            self._past = np.roll(self._past, 1, axis=0)
            self._past[0], self._present = self._present, np.full_like(self._present, -120.0)

    def _judge(self, time: float) -> list[Howl]:
        now = self._levels[self._row]
        low, high = (int(f * self._size / self._rate) for f in (LOW, min(HIGH, 0.42 * self._rate)))
        inside = now[low:high]
        peaks = np.flatnonzero((inside > now[low - 1 : high - 1]) & (inside >= now[low + 1 : high + 1])) + low
        found = []
        for peak in sorted(peaks[np.argsort(now[peaks])[-PEAKS:]], key=lambda k: -now[k]):
            growth = self._howls(int(peak), now)
            if growth is None:
                continue
            freq = self._frequencies(int(peak), 1)[0] * self._rate / self._size
            self._told = [t for t in self._told if time - t.time < AGAIN]
            if not any(abs(freq / t.freq - 1) < 0.03 for t in self._told):
                found.append(advice(time, freq, float(now[peak]), growth))
                self._told.append(found[-1])
        return found

    def _howls(self, peak: int, now: NDArray[np.float32]) -> float | None:
        """How fast (dB/s) a peak grows if it is feedback, else None."""
        share = 10 ** ((now[peak] - self._sum) / 10)
        heard = self._past[1:][self._past[1:, -1] > FLOOR]  # the newest may hold its beginning
        if now[peak] < FLOOR or len(heard) < LEARNING or np.std(self._frequencies(peak, self._fifth)) > WANDERS:
            return None
        over_mean = self._sum - 10 * math.log10(np.mean(10 ** (heard[:, -1] / 10)))
        free, course = self._free(peak, now), self._course(peak)
        lines = {t: self._line(course[-hops:]) for t, hops in self._hops.items() if hops <= len(course)}
        for sign in SIGNS:
            if share < sign.share or free < sign.free:
                continue
            for t in (t for t in sign.seconds if t in lines):
                slope, bend = lines[t]
                straight = slope * t > sign.rise if sign.rise else abs(slope) < 1.5
                if straight and bend < sign.bend and over_mean > sign.over_mean and self._louder(peak, now, sign, t):
                    return slope
        return None

    def _rows(self, count: int) -> NDArray[np.int64]:
        """Rows of the last `count` spectra, the newest last."""
        return (self._row - np.arange(count)[::-1]) % len(self._levels)

    def _course(self, peak: int) -> NDArray[np.float64]:
        """(spectra,) dBFS: what a bin and its neighbours have been, as far as is known."""
        course: NDArray[np.float64] = self._levels[self._rows(self._known), peak - 1 : peak + 2].max(axis=1).astype(np.float64)
        return course

    def _frequencies(self, peak: int, count: int) -> NDArray[np.float64]:
        """(count,) bins: where the peak was between its bins in the last spectra, by a parabola."""
        rows = self._rows(min(count, self._known))
        middle = peak - 1 + np.argmax(self._levels[rows, peak - 1 : peak + 2], axis=1)
        left, top, right = (self._levels[rows, middle + n].astype(np.float64) for n in (-1, 0, 1))
        bent = left - 2 * top + right
        places: NDArray[np.float64] = middle + np.where(bent < 0, 0.5 * (left - right) / np.minimum(bent, -1e-9), 0.0)
        return places

    def _line(self, course: NDArray[np.float64]) -> tuple[float, float]:
        """Slope (dB/s) of the line through a course, and how far the course is off it (dB RMS)."""
        at = (np.arange(len(course)) - (len(course) - 1) / 2) * self._hop / self._rate
        level = course - course.mean()
        slope = float(at @ level / (at @ at))
        return slope, float(np.sqrt(np.mean((level - slope * at) ** 2)))

    def _louder(self, peak: int, now: NDArray[np.float32], sign: Sign, seconds: float) -> bool:
        """Whether a peak and all the sound are louder than they were before the last seconds, as far as is remembered."""
        before = self._past[1 + math.ceil(seconds / PIECE) :]
        over_band = now[peak] - before[:, peak - 2 : peak + 3].max()
        return bool(over_band > sign.over_band and self._sum - before[:, -1].max() > sign.over_all)

    def _free(self, peak: int, now: NDArray[np.float32]) -> float:
        """dB by which a peak is above its harmonics and those whose harmonic it could be."""
        places = [round(peak * ratio) for ratio in HARMONICS]
        others = [now[k - 2 : k + 3].max() for k in places if 3 < k < len(now) - 3 and abs(k - peak) > 4]
        return float(now[peak] - max(others, default=-120.0))


def advice(time: float, freq: float, level: float, growth: float) -> Howl:
    """What to say of a howl."""
    fader = float(NOMINAL[int(np.argmin(np.abs(np.log(FADERS / freq))))])
    name = f"{fader / 1000:g} kHz" if fader >= 1000 else f"{fader:g} Hz"
    course = f"growing by {growth:.0f} dB/s" if growth >= 1 else "standing"
    return Howl(
        time, freq, level, growth, fader, f"feedback at {freq:.0f} Hz, {course}: turn down, or pull the {name} band by 6 dB"
    )
