"""What equalisers can be set to: how many bands, of which types, on which steps. What is sent must be what was fitted.

A parameter is a scale: the values there are, and nothing between them. The X32 and M32 take floats 0..1 that they round to 201
steps of frequency (20 Hz..20 kHz, equal ratios), 121 of gain (-15..+15 dB) and 72 of Q (10..0.3, equal ratios); the main
equaliser of the XR18 is taken to have the same. How steep the shelves of these desks are is published nowhere, so their bands
are used as peaking filters only, though they have shelves, too.

The filters of a PipeWire filter-chain take any number; of them the peaking ones are used. Its scales are as fine as CamillaDSP's.

A console that a venue file describes by its lines (`template`) is taken to have `generic`'s steps, and peaking bands alone.

`generic` is an equaliser that is set by hand: three digits of a frequency, tenths of a dB, hundredths of a Q, as people type
them. CamillaDSP takes any number; its scales are as fine as its file is worth reading. The shelves of both are those of
`biquad`.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from showctl.analysis.room.biquad import Array, Kind
from showctl.model import EqBand


@dataclass(frozen=True, slots=True)
class Scale:
    """The values of a parameter from low to high: `count` of them, an equal step or an equal ratio apart, or all that have
    `count` digits."""

    low: float
    high: float
    count: int
    spaced: Literal["step", "ratio", "digits"] = "step"

    def values(self) -> Array:
        """Every value, rising."""
        return _values(self)

    def between(self, low: float, high: float) -> Array:
        """The values from low to high, rising. ValueError where there is none."""
        values = self.values()
        found = values[np.searchsorted(values, low - 1e-9) : np.searchsorted(values, high + 1e-9, "right")]
        if not len(found):
            raise ValueError(f"nothing between {low:g} and {high:g} can be set: it goes from {self.low:g} to {self.high:g}")
        return found

    def nearest(self, value: float, low: float = -math.inf, high: float = math.inf) -> float:
        """Of the values from low to high the one next to `value`. ValueError where there is none."""
        found = self.between(low, high)
        after = int(np.searchsorted(found, value))  # a scale may have hundreds of thousands of values, and this is asked often
        near = found[max(after - 1, 0) : after + 1]
        return float(near[int(np.argmin(np.abs(near - value)))])


@functools.cache
def _values(scale: Scale) -> Array:
    if scale.spaced == "step":
        return np.linspace(scale.low, scale.high, scale.count).round(6)
    if scale.spaced == "ratio":
        return np.geomspace(scale.low, scale.high, scale.count)
    powers = range(math.floor(math.log10(scale.low)), math.floor(math.log10(scale.high)) + 1)
    mantissas = np.arange(10 ** (scale.count - 1), 10**scale.count)
    found = np.concatenate([mantissas / 10.0 ** (scale.count - 1 - power) for power in powers])
    return found[(found >= scale.low) & (found <= scale.high)]


@dataclass(frozen=True, slots=True)
class Device:
    """An equaliser whose bands are all alike. Freq in Hz, gain in dB."""

    name: str
    bands: int
    kinds: tuple[Kind, ...]
    freq: Scale
    gain: Scale
    q: Scale

    def holds(self, band: EqBand) -> bool:
        """Whether a band is just what the device can be set to."""
        pairs = ((band.freq, self.freq), (band.gain, self.gain), (band.q, self.q))
        return band.kind in self.kinds and all(math.isclose(value, scale.nearest(value)) for value, scale in pairs)


_ALL: tuple[Kind, ...] = ("peaking", "low_shelf", "high_shelf")
_X = (Scale(20, 20_000, 201, "ratio"), Scale(-15, 15, 121), Scale(0.3, 10, 72, "ratio"))
GENERIC = Device("generic", 20, _ALL, Scale(20, 20_000, 3, "digits"), Scale(-24, 24, 481), Scale(0.1, 20, 1991))
X32 = Device("x32", 6, ("peaking",), *_X)
XR18 = Device("xr18", 6, ("peaking",), *_X)
CAMILLADSP = Device("camilladsp", 30, _ALL, Scale(20, 20_000, 5, "digits"), Scale(-40, 40, 8001), Scale(0.1, 20, 19_901))
TEMPLATE = replace(GENERIC, name="template", kinds=("peaking",))
PIPEWIRE = replace(CAMILLADSP, name="pipewire", kinds=("peaking",))
DEVICES = {device.name: device for device in (GENERIC, X32, XR18, CAMILLADSP, PIPEWIRE, TEMPLATE)}
