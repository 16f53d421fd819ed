"""Colours as people name them -> levels of what a fixture makes colour with.

`#rrggbb` is taken as the levels of red, green and blue themselves, as every lighting desk does. A colour temperature or a
chromaticity is turned into the linear levels of emitters with the primaries of IEC 61966-2-1 (sRGB), white at D65; what lies
outside their triangle is moved to its edge, and the brightest emitter is full, because a colour says nothing of intensity.

Temperatures below 4000 K lie on the Planckian locus (M. Krystek, "An algorithm to calculate correlated colour temperature",
Color Res. Appl. 10, 1985), those above 5000 K on the daylight locus (CIE 15), and those between are mixed of the two in
proportion, as the reference illuminants of CIE 224 are.

How a fixture mixes (`mix`), the first of these that it can:

    red, green, blue         as they are; a white (else a cold white) emitter takes what the three have in common,
                             white = min(R, G, B); cyan, magenta and yellow beside them stay out of the light
    cyan, magenta, yellow    what is not wanted is taken away: cyan = 1 - R
    hue, saturation          those of red, green and blue
    warm and cold white      of a temperature between the two (taken for 3000 K and 6500 K, equally bright) the mix of both that
                             has its x; where red, green and blue are there as well, they rest

Amber, lime, UV, indigo and a warm white alone light only where a file names them (`{amber: 60%, red: full}`): nobody says in a
fixture file what light such an emitter gives, and a law that guesses would change a colour rather than make it brighter.

Two colours are as far apart as their light is in CIE 1976 L*a*b* (CIE 15), the brightest of red, green and blue at full in
both. A `#rrggbb` is here what a screen shows for it. A difference of 2.3 is the least that people notice (M. Mahy, L. Van
Eycken, A. Oosterlinck, "Evaluation of uniform color spaces", Color Res. Appl. 19, 1994).
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass
from typing import TypeAlias

RGB: TypeAlias = tuple[float, float, float]

MIXES = (
    frozenset(("red", "green", "blue")),
    frozenset(("cyan", "magenta", "yellow")),
    frozenset(("hue", "saturation")),
    frozenset(("warm-white", "cold-white")),
)  # what can make a colour, the best first
WARM, COLD = 3000.0, 6500.0  # K, of the two whites
NOTICEABLE = 2.3  # in L*a*b*


@dataclass(frozen=True, slots=True)
class Tint:
    """A colour that somebody asked for."""

    rgb: RGB  # levels of red, green and blue, 0..1
    light: RGB  # the same as linear light, to compare with another
    kelvin: float | None = None  # where it was asked for as a temperature


def from_digits(digits: str) -> Tint:
    """Six hexadecimal digits: levels, and for the eye the light of a screen (IEC 61966-2-1)."""
    levels = from_hex(digits)
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels)
    return Tint(levels, (red, green, blue))


def from_hex(digits: str) -> RGB:
    """Six hexadecimal digits -> 0..1 each."""
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def from_xy(x: float, y: float) -> RGB:
    """Chromaticity CIE 1931 (y > 0) -> linear levels, the brightest 1."""
    big_x, big_y, big_z = x / y, 1.0, (1 - x - y) / y
    levels = (
        max(0.0, 3.2406 * big_x - 1.5372 * big_y - 0.4986 * big_z),
        max(0.0, -0.9689 * big_x + 1.8758 * big_y + 0.0415 * big_z),
        max(0.0, 0.0557 * big_x - 0.2040 * big_y + 1.0570 * big_z),
    )
    top = max(levels)
    red, green, blue = (round(level / top, 4) for level in levels)
    return red, green, blue


def from_kelvin(kelvin: float) -> RGB:
    """Correlated colour temperature, 1000..25000 K -> linear levels."""
    return from_xy(*_locus(kelvin))


def _locus(kelvin: float) -> tuple[float, float]:
    """Chromaticity x, y of a colour temperature."""
    share = min(1.0, max(0.0, (kelvin - 4000) / 1000))  # of daylight
    (px, py), (dx, dy) = planckian(kelvin), daylight(max(kelvin, 4000.0))
    return px + share * (dx - px), py + share * (dy - py)


def planckian(kelvin: float) -> tuple[float, float]:
    """Chromaticity x, y of a black body, 1000..15000 K; above that only its limit is right."""
    t = min(kelvin, 15_000.0)
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t)
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t)
    scale = 2 * u - 8 * v + 4
    return 3 * u / scale, 2 * v / scale


def daylight(kelvin: float) -> tuple[float, float]:
    """Chromaticity x, y of daylight, 4000..25000 K."""
    t = 1000 / kelvin
    if kelvin <= 7000:
        x = -4.6070 * t**3 + 2.9678 * t**2 + 0.09911 * t + 0.244063
    else:
        x = -2.0064 * t**3 + 1.9018 * t**2 + 0.24748 * t + 0.237040
    return x, -3.000 * x * x + 2.870 * x - 0.275


def mix(tint: Tint, present: frozenset[str]) -> dict[str, float]:
    """Levels of all in `present` that has to do with colour; nothing where these cannot make it. See the top of this module."""
    red, green, blue = tint.rgb
    kelvin = tint.kelvin if tint.kelvin is not None and MIXES[3] <= present else None
    if kelvin is not None and (WARM <= kelvin <= COLD or not MIXES[0] <= present):
        levels = _whites(min(COLD, max(WARM, kelvin)))
    elif MIXES[0] <= present:
        neutral = next((name for name in ("white", "cold-white") if name in present), "")
        white = min(tint.rgb) if neutral else 0.0
        levels = {"red": red - white, "green": green - white, "blue": blue - white, neutral: white}
    elif MIXES[1] <= present:
        levels = {"cyan": 1 - red, "magenta": 1 - green, "yellow": 1 - blue}
    elif MIXES[2] <= present:
        hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
        levels = {"hue": hue, "saturation": saturation}
    else:
        return {}
    return {name: levels.get(name, 0.0) for name in sorted(present)}


def _whites(kelvin: float) -> dict[str, float]:
    """Levels of a warm and a cold white whose mix has the x of this temperature, the brighter one full."""
    (x, _), (warm_x, warm_y), (cold_x, cold_y) = _locus(kelvin), _locus(WARM), _locus(COLD)
    cold, warm = (warm_x - x) / warm_y, (x - cold_x) / cold_y
    return {"warm-white": round(warm / max(warm, cold), 4), "cold-white": round(cold / max(warm, cold), 4)}


def difference(one: Tint, other: Tint) -> float:
    """How far two colours are apart in L*a*b*, both as bright as they can be."""
    return math.dist(_lab(one.light), _lab(other.light))


def _lab(light: RGB) -> tuple[float, float, float]:
    """L*, a*, b* of linear light, white at D65, the brightest of the three at full; black stays black."""
    top = max(light) or 1.0
    red, green, blue = (level / top for level in light)
    xyz = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.0890,
    )
    x, y, z = (v ** (1 / 3) if v > 216 / 24389 else v * 841 / 108 + 4 / 29 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
