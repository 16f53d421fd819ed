"""What the venue allows of its equaliser: gain and Q of a band, the summed boost of all of them. And whether a fit keeps to it.

A fit that does not is refused, in words, and never trimmed: what was fitted together must be heard together. All but its gains,
which are brought to the whole steps that the device has. One that is too old, or was made for other bands than are free now, is
passed over. Gains and boost in dB.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from showctl.model import EqBand, EqWanted
from showctl.show.eq_moves import GRID, Array, Curve

OVER = 0.07  # dB that a summed boost may be above its limit: fits round to 0.05, and from 0.1 on others refuse it
STALE = 120.0  # s, wants that know of nothing newer are not followed
SHELF_Q = 0.75  # a steeper shelf changes by more than its gain does
ROUNDED = 1.02  # by so much a Q may be beyond its limit: the device's steps
Bands: TypeAlias = tuple[EqBand, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EqSettings:
    """What the venue says."""

    target: Array  # (bands,) dB that is aimed at, on the responses' grid
    microphones: tuple[str, ...]
    most_gain: float = 3.0
    least_gain: float = -12.0
    q: tuple[float, float] = (0.3, 10.0)
    most_boost: float = 0.0  # of the sum of showctl's bands
    grain: float = 0.25  # the device's steps of gain; 0 where it has none
    snap: Callable[[EqBand], EqBand] = lambda band: band  # the device's nearest band: frequency and Q have steps, too
    alone: bool = False  # nobody else can write to it: what stands there otherwise than it was left is no hand
    budget: float = 2.0  # that a band moves in one update
    settle: float = 10.0  # s until what is heard has followed a move
    notches: int = 0  # bands, the last ones, that are set aside against feedback
    notch_q: float = 8.0  # of them: the narrowest that device and venue let them be


def boost(curve: Curve, bands: Sequence[EqBand]) -> float:
    """dB that bands lift together where they lift most; inf for what is no band."""
    fine = all(math.isfinite(b.gain + b.q + b.freq) and 0 < b.freq <= 20_000 and b.q > 0 for b in bands)
    return float(curve(bands, GRID).max()) if fine else math.inf


def grained(curve: Curve, bands: Bands, settings: EqSettings) -> Bands:
    """The same with gains in whole grains: the nearest, or where that lifts too much the next below."""
    grain = settings.grain
    if grain <= 0:
        return bands
    near, below = (
        tuple(replace(b, gain=whole(b.gain / grain) * grain) if math.isfinite(b.gain) else b for b in bands)
        for whole in (round, math.floor)
    )
    return near if boost(curve, near) <= settings.most_boost + OVER else below


def brought_within(curve: Curve, bands: Bands, settings: EqSettings) -> Bands:
    """The same as far as the limits let them be, for a device that takes nothing beyond them; without boosts where these lift too
    much together."""
    (wide, narrow), low, high = settings.q, settings.least_gain, settings.most_gain
    held = tuple(replace(b, gain=min(max(b.gain, low), high), q=min(max(b.q, wide), narrow)) for b in bands)
    lifts = boost(curve, held) > settings.most_boost + OVER
    return tuple(replace(b, gain=min(b.gain, 0.0)) for b in held) if lifts else held


def broken(curve: Curve, bands: Bands, free: int, settings: EqSettings) -> str:
    """Which limit a fit breaks first, in words; empty if none. `free` is how many bands are showctl's."""
    s, (wide, narrow) = settings, settings.q
    if len(bands) > free:
        return f"a fit of {len(bands)} bands, {free} are free: it has to be fitted again"
    for b in bands:
        if not (20 <= b.freq <= 20_000 and b.q > 0):
            return f"a fit wants a band at {b.freq:g} Hz with Q {b.q:g}"
        if not wide / ROUNDED <= b.q <= narrow * ROUNDED:
            return f"a fit wants a Q of {b.q:.2g} at {b.freq:.0f} Hz, the venue allows {wide:g} to {narrow:g}"
        if b.kind != "peaking" and b.q > SHELF_Q:
            return f"a fit wants a shelf with Q {b.q:g}, which overshoots: at most {SHELF_Q:g}"
        if not s.least_gain - 1e-9 <= b.gain <= s.most_gain + 1e-9:
            return f"a fit wants {b.gain:+.1f} dB at {b.freq:.0f} Hz, the venue allows {s.least_gain:g} to {s.most_gain:+g} dB"
    if (lifted := boost(curve, bands)) > s.most_boost + OVER:
        return f"a fit wants a summed boost of {lifted:.1f} dB, the venue allows {s.most_boost:g} dB"
    return ""


class Wants:
    """Which of what is wanted may be followed. `tell` hears what was refused, once each."""

    def __init__(self, settings: EqSettings, curve: Curve, tell: Callable[..., None]) -> None:
        self._settings, self._curve, self._tell = settings, curve, tell
        self._ignored = self._refused = -math.inf  # s

    def ignore(self, until: float) -> None:
        """What knows of nothing later than this (s) is not followed."""
        self._ignored = max(self._ignored, until)

    def allows(self, bands: Sequence[EqBand]) -> bool:
        """Whether bands that stood once are within the limits."""
        gained = tuple(b for b in bands if b.gain)
        return not broken(self._curve, gained, len(gained), self._settings)

    def eligible(self, now: float, wanted: EqWanted | None, free: int) -> EqWanted | None:
        """What is wanted, in whole grains, if it may be followed at all; `free` is how many bands are showctl's."""
        if wanted is None or not free or wanted.time <= self._ignored or not -1 <= now - wanted.time <= STALE:
            return None
        bands = grained(self._curve, wanted.bands, self._settings)
        if why := broken(self._curve, bands, free, self._settings):
            if wanted.time != self._refused:
                self._refused = wanted.time
                self._tell("refused", asked="update", why=why)
            return None
        return EqWanted(wanted.time, bands)
