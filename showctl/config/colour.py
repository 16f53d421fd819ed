"""Colours as people name them -> levels of the emitters that a fixture has.

`#rrggbb` is taken as the levels of red, green and blue themselves, as every lighting desk does. A colour temperature or a
chromaticity is turned into the linear levels of emitters with the primaries of IEC 61966-2-1 (sRGB), white at D65; what lies
outside their triangle is moved to its edge, and the brightest emitter is full, because a colour says nothing of intensity.

Temperatures below 4000 K lie on the Planckian locus (M. Krystek, "An algorithm to calculate correlated colour temperature",
Color Res. Appl. 10, 1985), those above 5000 K on the daylight locus (CIE 15), and those between are mixed of the two in
proportion, as the reference illuminants of CIE 224 are.

White is taken out of red, green and blue where a fixture has a white emitter: white = min(R, G, B).
"""

from __future__ import annotations

from typing import TypeAlias

RGB: TypeAlias = tuple[float, float, float]


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
    share = min(1.0, max(0.0, (kelvin - 4000) / 1000))  # of daylight
    (px, py), (dx, dy) = planckian(kelvin), daylight(max(kelvin, 4000.0))
    return from_xy(px + share * (dx - px), py + share * (dy - py))


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


def emitters(rgb: RGB, present: frozenset[str]) -> dict[str, float]:
    """Levels of the emitters of one cell; amber, UV and others only light when a file names them."""
    red, green, blue = rgb
    white = min(rgb) if "white" in present else 0.0
    levels = {"red": red - white, "green": green - white, "blue": blue - white, "white": white}
    return {name: levels.get(name, 0.0) for name in sorted(present)}
