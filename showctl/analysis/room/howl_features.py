"""What is known of a peak that may be feedback: the published features and their course, as numbers a small net can judge.

As van Waterschoot and Moonen collect them (JAES 58(11), 2010; Proc. IEEE 99(2), 2011), of the strongest peaks of a spectrum every
43 ms (85 ms Hann windows):

    PAPR  the peak against all, now and in the last half minute: the sound, that frequency, the most and the mean of both
    PHPR  the peak against its harmonics and those whose harmonic it could be: an instrument has them, feedback has not
    PNPR  the peak against its neighbours
    IPMP  where it has been: its mean over the last 0.3 s, the 0.3 s before, and so on twice as far back each time
    IMSD  how steep and how straight that course is, over 0.3 to 5.5 s; its steepest step up (an onset) and down (a note's end)

and how far its frequency wanders, and whether the rest of the sound and the harmonics grow with it, as they do for a player.

Beyond these: a loop multiplies what goes round by one complex number, so from one spectrum to the next its bin does nothing else.
What the best such number leaves over (linear prediction of the first order) tells of level and phase at once; the phase's advance
alone knows a frequency to a hundredth of a bin, which the levels do not. And what is beside the peak: the next peak and its
growth, how peaked the rest is, and the fifths and thirds that a chord or another of a loop's own frequencies would have.

Levels in dBFS (a sine at full scale: -3), all else in dB unless told.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SPANS = (8, 16, 32, 64, 128)  # spectra of a course that are looked at: 0.34 to 5.5 s
ROWS = SPANS[-1]
NOTHING = -80.0  # dBFS: what was softer counts as this
MEMORY, PIECE = 30.0, 1.5  # s, and of what it is made
RECENT = (2, 5)  # pieces that may hold the growth itself, a fast one's and a slow one's
RATIOS = (2.0, 3.0, 0.5)
OTHERS = (1 / 3, 2 / 3, 1.5, 4.0)
TURNS = (4, 8, 16, 32)  # spectra over which one factor is sought
DRIFTS = (8, 16, 31)  # steps over which the phase's advance is looked at
STRONGEST = 12  # bins of the rest
AROUND = 14  # bins on each side that are its neighbours, but for the nearest five
STEP = 2  # spectra that an onset takes: a window's length
LOUDEST = 60.0  # dB beyond which more tells nothing


def _lines() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(spans, ROWS) weights: a course times these is the rise of its line over each span; and its mean."""
    rise, mean = np.zeros((len(SPANS), ROWS)), np.zeros((len(SPANS), ROWS))
    for n, span in enumerate(SPANS):
        at = np.arange(span) - (span - 1) / 2
        rise[n, -span:] = at / (at @ at) * span
        mean[n, -span:] = 1 / span
    return rise, mean


RISE, MEAN = _lines()
SHARE = np.array([np.var(np.arange(span)) / span**2 for span in SPANS])  # of a rise, squared, that is variance of its course


class Spectra:
    """The last spectra of a stream, the newest last, and the most that was in half a minute."""

    def __init__(self, rate: int, highest: float) -> None:
        self.size = 1 << round(math.log2(0.085 * rate))
        self.hop = self.size // 2
        self.bins = math.ceil(highest * self.size / rate) + AROUND + 1
        self._window = np.hanning(self.size + 1)[:-1].astype(np.float32)
        self._scale = np.float32(2 / float(self._window.sum()) ** 2)
        self._levels = np.full((2 * ROWS, self.bins), NOTHING, np.float32)  # each twice, so that the last lie in one piece
        self._sums = np.full(2 * ROWS, NOTHING)
        self._waves = np.zeros((2 * TURNS[-1], self.bins), np.complex64)  # likewise
        self._past = np.full((round(MEMORY / PIECE), self.bins + 1), NOTHING, np.float32)  # the last: of the sum
        self._present = np.full(self.bins + 1, NOTHING, np.float32)
        self._each = round(PIECE * rate / self.hop)
        self._most: dict[int, NDArray[np.float32]] = {}
        self._row = 0
        self.count = 0
        self._remember()

    def hear(self, piece: NDArray[np.float32]) -> None:
        """(size,) sound."""
        spectrum = np.fft.rfft(piece * self._window)
        power = (spectrum.real**2 + spectrum.imag**2) * self._scale
        row = self._row = (self._row + 1) % ROWS
        level = np.maximum(10 * np.log10(power[: self.bins] + np.float32(1e-12)), np.float32(NOTHING))
        total = max(NOTHING, 10 * math.log10(float(power[5:].sum()) / 1.5 + 1e-12))
        self._levels[row] = self._levels[row + ROWS] = level
        self._sums[row] = self._sums[row + ROWS] = total
        turn = row % TURNS[-1]
        self._waves[turn] = self._waves[turn + TURNS[-1]] = spectrum[: self.bins]
        self.count += 1
        np.maximum(self._present[:-1], level, out=self._present[:-1])
        self._present[-1] = max(self._present[-1], total)
        if self.count % self._each == 0:
            self._past[1:] = self._past[:-1]
            self._past[0] = self._present
            self._present.fill(NOTHING)
            self._remember()

    def _remember(self) -> None:
        self._most = {pieces: self._past[pieces:].max(axis=0) for pieces in RECENT}
        known = self._past[RECENT[0] : max(RECENT[0] + 1, min(self.count // self._each, len(self._past))), -1]
        self._mean = 10 * math.log10(float(np.mean(10 ** (known.astype(np.float64) / 10))))

    @property
    def levels(self) -> NDArray[np.float32]:
        """(ROWS, bins) dBFS."""
        return self._levels[self._row + 1 : self._row + 1 + ROWS]

    @property
    def total(self) -> float:
        """dBFS of all the sound, in the last window."""
        return float(self._sums[self._row])

    def peaks(self, low: int, count: int) -> list[int]:
        """The strongest peaks from bin `low` on, the strongest first."""
        now = self._levels[self._row, low - 1 : 1 - AROUND]
        places = np.flatnonzero((now[1:-1] > now[:-2]) & (now[1:-1] >= now[2:]))
        return [int(k) + low for k in places[np.argsort(now[places + 1])[::-1][:count]]]

    def place(self, peak: int, count: int) -> NDArray[np.float32]:
        """(count,) bins: where a peak was between its bins in the last spectra, by a parabola."""
        near = self.levels[-count:, peak - 2 : peak + 3]
        middle = 1 + near[:, 1:4].argmax(axis=1)
        rows = np.arange(count)
        left, top, right = near[rows, middle - 1], near[rows, middle], near[rows, middle + 1]
        bent = np.minimum(left - 2 * top + right, np.float32(-1e-3))
        places: NDArray[np.float32] = peak - 2 + middle + np.clip(0.5 * (left - right) / bent, -1, 1)
        return places

    def growth(self, peak: int) -> float:
        """dB a frame by which a peak has grown over the last 0.3 s."""
        course = self.levels[-SPANS[0] :, peak - 1 : peak + 2].max(axis=1).astype(np.float64)
        return float(RISE[0, -SPANS[0] :] @ course) / SPANS[0] / self.hop

    def features(self, peak: int, low: int) -> NDArray[np.float64]:
        """(N,) what is known of a peak."""
        levels = self.levels
        sums = self._sums[self._row + 1 : self._row + 1 + ROWS]
        now = levels[-1]
        course = levels[:, peak - 1 : peak + 2].max(axis=1).astype(np.float64)
        level, total = float(course[-1]), float(sums[-1])
        band = slice(peak - 2, peak + 3)
        near = (float(now[max(0, peak - AROUND) : max(1, peak - 5)].mean()), float(now[peak + 6 : peak + AROUND + 1].mean()))
        other = max(float(now[low : max(low + 1, peak - 4)].max()), float(now[peak + 5 :].max(initial=NOTHING)))
        said = [level - total, level - other, level - sum(near) / 2, level - self._mean, total - self._mean]
        for pieces in RECENT:
            most = self._most[pieces]
            said += [level - float(most[band].max()), total - float(most[-1]), level - float(most[-1])]
        harmonics = []
        for ratio in RATIOS:
            place = round(peak * ratio)
            known = 4 < place < self.bins - 3 and abs(place - peak) > 4
            harmonics.append(levels[-SPANS[2] :, place - 2 : place + 3].max(axis=1) if known else None)
        said += [LOUDEST if one is None else level - float(one[-1]) for one in harmonics]
        grown = level - float(course[-SPANS[2] : -SPANS[1]].mean())
        said += [0.0 if one is None else grown - float(one[-1] - one[: -SPANS[1]].mean()) for one in harmonics[:2]]
        flat = course - level
        rises, means = RISE @ flat, MEAN @ flat
        bends = np.maximum(MEAN @ (flat * flat) - means * means - rises * rises * SHARE, 0)
        steps = course[STEP:] - course[:-STEP]
        rest = 10 ** (sums[-SPANS[3] :] / 10) - 1.5 * 10 ** (course[-SPANS[3] :] / 10)
        rest = 10 * np.log10(np.maximum(rest, 1e-8))
        rest = rest[-4:].mean() - np.array([rest[-16:-8].mean(), rest[-32:-16].mean(), rest[:-32].mean()])
        places = self.place(peak, SPANS[3])
        wander = [float(places[-span:].std()) for span in (6, *SPANS[1:4])]
        far = [steps[-span:].max() for span in SPANS[1:]] + [steps[-span:].min() for span in SPANS[1:]]
        return np.concatenate([
            np.clip(said, -LOUDEST, LOUDEST), rises, np.sqrt(bends), means[:1], 2 * means[1:] - means[:-1], far, rest,
            4 * np.log(np.array(wander) + 0.01), [4 * math.log2(peak * 0.0117)], self._turns(peak), self._beside(peak, low),
        ])  # fmt: skip

    def _turns(self, peak: int) -> list[float]:
        """How well one factor describes a peak's course, in dB of what it leaves; how the phase's advance wanders and drifts."""
        first = self._row % TURNS[-1] + 1
        near = self._waves[first : first + TURNS[-1], peak - 1 : peak + 2].astype(np.complex128)
        strongest = int(np.argmax((np.abs(near[-TURNS[-2] :]) ** 2).sum(axis=0)))
        wave = near[:, strongest] * math.sqrt(float(self._scale)) + 1e-9
        before, after = wave[:-1], wave[1:]
        even = 1 / np.sqrt(np.abs(before) * np.abs(after))  # so that the loud end counts no more than the soft one
        said = []
        for span in TURNS:
            one = slice(-(span - 1), None)
            said += [left(before[one] * even[one], after[one] * even[one]), left(before[one], after[one])]
        advance = np.unwrap(np.angle(after * before.conj())) / math.pi  # bins
        said += [4 * math.log(float(advance[-span:].std()) + 1e-3) for span in DRIFTS]
        said += [4 * math.log(abs(float(line @ advance[-len(line) :])) + 1e-3) for line in DRIFT]
        return said

    def _beside(self, peak: int, low: int) -> list[float]:
        """The next peak: how much softer, how it grew; how peaked the rest is; OTHERS."""
        now = self.levels[-1]
        level, said = float(now[peak]), [LOUDEST, 0.0, 0.0]
        second = next((k for k in self.peaks(low, 6) if abs(k - peak) > 4), None)
        if second is not None:
            course = self.levels[-SPANS[2] :, second - 1 : second + 2].max(axis=1).astype(np.float64)
            rises = float(course[-1] - course[-9:-7].mean()), float(course[-1] - course[:8].mean())
            said = [level - float(now[second]), *rises]
        rest = np.delete(now[low:], np.arange(max(0, peak - low - 4), peak - low + 5)).astype(np.float64)
        power = 10 ** (rest / 10)
        most = np.partition(power, -STRONGEST)[-STRONGEST:].sum()
        said += [10 * math.log10(power.mean()) - float(rest.mean()), 10 * math.log10(power.sum() / most)]
        for ratio in OTHERS:
            place = round(peak * ratio)
            known = 4 < place < self.bins - 3
            said.append(level - float(now[place - 2 : place + 3].max()) if known else LOUDEST)
        return [max(-LOUDEST, min(LOUDEST, one)) for one in said]


def left(before: NDArray[np.complex128], after: NDArray[np.complex128]) -> float:
    """dB of what is left of `after` when the best multiple of `before` is taken from it."""
    factor = np.vdot(before, after) / np.vdot(before, before).real
    rest = float(np.mean(np.abs(after - factor * before) ** 2) / np.mean(np.abs(after) ** 2))
    return 10 * math.log10(rest + 1e-6)


DRIFT = [(np.arange(n) - (n - 1) / 2) / np.var(np.arange(n)) for n in DRIFTS]  # times the advance: bins by which it drifts
