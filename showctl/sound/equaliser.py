"""The equaliser for venues without a console: bands for each channel, worked out in the sound system's own callback.

It adds no delay, and a change is never heard as a click. Coefficients are never moved under a running recursion: that rings,
and more so the lower the band. Instead the new cascade runs beside the old one, unheard, until its state has settled, and then
is faded in on a curve without corners. So each of the two filters is exact at any time, and what is heard between is a mixture,

    H = (1 - w) H_old + w H_new,   hence |H| <= max(|H_old|, |H_new|) at every frequency:

limits that hold for both hold all the way between them, which coefficients that move do not promise. The fade takes as long as
`slew` (dB/s) wants for the place where the curve moves most. A change that comes while another is under way waits for its
end, the newest only. Bands without gain are the sound as it came in, the very same samples.

Limits are held here behind everything: a set of bands that breaks one, or is not a number, raises ValueError and the last
good one stays. Input that is no number, or no sound, counts as silence: one of those would otherwise ring for ever.

`set` is for any thread; `process` is for one, never waits, and takes memory for one block only.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room.biquad import cascade_db, coefficients
from showctl.model import EqBand
from showctl.sound.cascade import Array, Cascade

Bands: TypeAlias = tuple[EqBand, ...]
SLEW = 6.0  # dB/s at most
QUICK = 60.0  # dB/s of what is wanted quickly: a notch against feedback
SHORTEST_S = 0.05  # of a fade: shorter ones could be heard as a click
STEEPEST = 1.875  # of the fade's curve: its slope in the middle against the mean
SETTLED = 1e-5  # what is left of the new filter's start (-100 dB) when its fade begins
SLACK = 0.1  # dB that a sum of bands may be over its limit: two programs that reckon on two grids differ by so much
SHRUNK = 31  # sizes that boosts are tried in
LOUDEST = 1e4  # full scale is 1; what is beyond +80 dBFS is a broken sample
UNDER_HOWL = 1e-3  # the same of what is wanted quickly: what is on its way to be heard is a howl
IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class EqLimits:
    """What no set of bands may go beyond, whoever asks for it."""

    bands: int = 16  # in a channel
    boost: float = 6.0  # dB of one band
    cut: float = 15.0  # dB of one band
    summed: float = 0.0  # dB of all bands of a channel together, at any frequency
    low: float = 20.0  # Hz
    high: float = 20_000.0  # Hz; never above 0.45 of the rate
    q: tuple[float, float] = (0.3, 10.0)

    def broken(self, bands: Sequence[EqBand], rate: float) -> str:
        """Which limit these bands of one channel break first, in words; empty if none."""
        if len(bands) > self.bands:
            return f"{len(bands)} bands: {self.bands} are allowed"
        high = min(self.high, 0.45 * rate)
        for band in bands:
            name = f"the band at {band.freq:g} Hz"
            if not all(map(math.isfinite, (band.freq, band.gain, band.q))):
                return f"a band is not a number: {band.freq} Hz, {band.gain} dB, Q {band.q}"
            if not self.low <= band.freq <= high:
                return f"{name}: {self.low:g} to {high:g} Hz are allowed"
            if not -self.cut <= band.gain <= self.boost:
                return f"{name} has {band.gain:+g} dB: {-self.cut:g} to {self.boost:+g} dB are allowed"
            if not self.q[0] <= band.q <= self.q[1]:
                return f"{name} has a Q of {band.q:g}: {self.q[0]:g} to {self.q[1]:g} are allowed"
        if (summed := _lifted(bands, rate)) > self.summed + SLACK:
            return f"the bands together lift by {summed:.1f} dB: {self.summed:g} dB are allowed"
        return ""

    def within(self, bands: Sequence[EqBand], rate: float) -> Bands:
        """The same as far as these limits let them be: where they lift too much together, boosts shrink alike."""
        high, (wide, narrow) = min(self.high, 0.45 * rate), self.q
        held = [
            replace(
                band,
                freq=min(max(band.freq, self.low), high),
                gain=min(max(band.gain, -self.cut), self.boost),
                q=min(max(band.q, wide), narrow),
            )
            for band in bands[: self.bands]
        ]
        for part in (*np.linspace(1.0, 0.0, SHRUNK), None):
            some = tuple(_shrunk(band, part) for band in held)
            if _lifted(some, rate) <= self.summed + SLACK / 2:
                break
        return some


@dataclass(slots=True)
class _Deck:
    """One set of bands with the filter that plays it."""

    bands: tuple[Bands, ...]
    cascade: Cascade
    curves: Array = field(repr=False)  # (channels, points) dB
    quick: bool = False


class Equaliser:
    """Bands for each of `channels`, flat at first. `slew` in dB/s."""

    def __init__(self, channels: int, rate: int, limits: EqLimits | None = None, slew: float = SLEW) -> None:
        self.channels, self.rate, self.limits, self._slew = channels, rate, limits or EqLimits(), slew
        self.broken = 0  # samples that came in as no number, or far beyond full scale
        self._now = self._deck(((),) * channels)
        self._next: _Deck | None = None
        self._wanted: deque[_Deck] = deque(maxlen=1)  # from `set` to `process`: its ends may be used by two threads at once
        self._newest = self._now.bands
        self._at = self._warm = self._fade = 0  # frames: of this change, of its first and of its second part

    @property
    def bands(self) -> tuple[Bands, ...]:
        """What was set last: heard, or on its way."""
        return self._newest

    @property
    def moving(self) -> bool:
        """Whether a change is on its way to being heard."""
        return bool(self._wanted) or self._next is not None

    def set(self, bands: Sequence[Sequence[EqBand]], quick: bool = False) -> None:
        """Bands for every channel, to be faded to. ValueError, and nothing changes, where a limit is broken."""
        if len(bands) != self.channels:
            raise ValueError(f"bands for {len(bands)} channels: the equaliser has {self.channels}")
        for channel, some in enumerate(bands, 1):
            if problem := self.limits.broken(some, self.rate):
                raise ValueError(f"channel {channel}: {problem}")
        deck = self._deck(tuple(tuple(some) for some in bands))
        deck.quick = quick
        self._newest = deck.bands
        self._wanted.append(deck)

    def process(self, samples: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """(frames, channels) in -> out, of any number of frames."""
        dry = self._clean(samples)
        wet, done = np.empty_like(dry), 0
        while done < len(dry):
            done += self._piece(dry[done:], wet[done:])
        out[:] = wet

    def _deck(self, bands: tuple[Bands, ...]) -> _Deck:
        sections = np.tile(np.array(IDENTITY), (len(bands), max(map(len, bands), default=0), 1))
        for channel, some in enumerate(bands):
            for k, band in enumerate(some):
                sections[channel, k] = coefficients(band, self.rate)
        grid = _grid(self.rate)
        return _Deck(bands, Cascade(sections), np.array([cascade_db(some, grid, self.rate) for some in bands]))

    def _clean(self, samples: NDArray[np.float32]) -> Array:
        dry = samples.astype(np.float64)
        good = np.abs(dry) <= LOUDEST
        if not good.all():
            self.broken += int(dry.size - np.count_nonzero(good))
            dry[~good] = 0.0
        return dry

    def _piece(self, dry: Array, wet: Array) -> int:
        """Fill `wet` up to where something begins or ends; how many frames that were."""
        if self._next is None and self._wanted:
            self._begin(self._wanted.pop())
        if self._next is None:
            wet[:] = self._now.cascade.process(dry)
            return len(dry)
        ends = self._warm if self._at < self._warm else self._warm + self._fade
        count = min(len(dry), ends - self._at)
        old, new = self._now.cascade.process(dry[:count]), self._next.cascade.process(dry[:count])
        if ends == self._warm:
            wet[:count] = old
        else:
            at = self._at - self._warm + 1 + np.arange(count)
            wet[:count] = old + _smooth(at / self._fade)[:, None] * (new - old)
        self._at += count
        if self._at == self._warm + self._fade:
            self._now, self._next = self._next, None
        return count

    def _begin(self, deck: _Deck) -> None:
        moved = float(np.abs(deck.curves - self._now.curves).max(initial=0.0))
        deck.cascade.take_over(self._now.cascade)
        slew, left = (max(QUICK, self._slew), UNDER_HOWL) if deck.quick else (self._slew, SETTLED)
        self._next, self._at, self._warm = deck, 0, deck.cascade.settles(left)
        self._fade = max(1, round(self.rate * max(SHORTEST_S, STEEPEST * moved / slew)))


def _lifted(bands: Sequence[EqBand], rate: float) -> float:
    """dB that bands lift together where they lift most."""
    return float(cascade_db(bands, _grid(rate), rate).max())


def _shrunk(band: EqBand, part: float | None) -> EqBand:
    """With a part of its boost, cuts as they are; None: without any gain."""
    return replace(band, gain=0.0 if part is None else float(band.gain * part) if band.gain > 0.0 else band.gain)


def _smooth(t: Array) -> Array:
    """0..1 -> 0..1, level at both ends to the second derivative, so that nothing is heard far from what is faded."""
    return t * t * t * (t * (6.0 * t - 15.0) + 10.0)


def _grid(rate: float) -> Array:
    """Hz at which curves are compared: 24 an octave over what can be heard at this rate."""
    return 10.0 * 2.0 ** (np.arange(math.floor(24 * math.log2(0.045 * rate)) + 1) / 24)
