"""A room's decay as a picture: on the left every octave's curve as it sinks, on the right EDT and T20 as pairs of bars. SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from showctl.analysis.room.decay import CURVE_S, Decay
from showctl.analysis.room.sheet import sheet, title

HEIGHT, TOP, LEFT, CURVES, GAP, BARS, RIGHT, BOTTOM = 380, 46, 56, 470, 150, 470, 20, 40  # pixels
WIDTH = LEFT + CURVES + GAP + BARS + RIGHT
DEEPEST_DB = -60.0
COLOURS = ("#b39ddb", "#5c8df6", "#4fc3f7", "#26a69a", "#aed581", "#fff59d", "#ffb74d", "#ff6e5e")  # low octaves to high
EDT_COLOUR, T20_COLOUR = "#4fc3f7", "#ffb74d"
STEPS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # s between lines


def svg(name: str, octaves: list[Decay]) -> str:
    """The picture of a response called `name`."""
    return sheet(WIDTH, HEIGHT, [title(LEFT, 18, name), *_curves(octaves), *_bars(octaves)])


def _curves(octaves: list[Decay]) -> Iterator[str]:
    """Schroeder's curves with their octaves in a column beside them."""
    heard = [(one, COLOURS[i % len(COLOURS)]) for i, one in enumerate(octaves) if one.curve is not None]
    ends = [CURVE_S * int(np.searchsorted(-one.curve, -DEEPEST_DB)) for one, _ in heard if one.curve is not None]
    whole = max(ends, default=1.0)
    step = _step(whole)
    whole = math.ceil(whole / step - 1e-9) * step
    floor = HEIGHT - BOTTOM
    yield f'<text x="{LEFT}" y="{TOP - 10}">Energy still to come, dB; as far as it rises out of the noise</text>'
    for db in range(0, int(DEEPEST_DB) - 1, -10):
        y = TOP + db / DEEPEST_DB * (floor - TOP)
        yield f'<path d="M{LEFT} {y:.1f}h{CURVES}" stroke="#444"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{db}</text>'
    for k in range(round(whole / step) + 1):
        x = LEFT + k * step / whole * CURVES
        yield f'<path d="M{x:.1f} {TOP}V{floor}" stroke="#333"/>'
        yield f'<text x="{x:.1f}" y="{floor + 18}" text-anchor="middle">{k * step:g} s</text>'
    for row, (one, colour) in enumerate(heard):
        assert one.curve is not None
        levels = one.curve[: int(np.searchsorted(-one.curve, -DEEPEST_DB)) + 1]
        points = " ".join(
            f"{LEFT + i * CURVE_S / whole * CURVES:.1f},{TOP + max(level, DEEPEST_DB) / DEEPEST_DB * (floor - TOP):.1f}"
            for i, level in enumerate(levels)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        y = TOP + 12 + 18 * row
        yield f'<path d="M{LEFT + CURVES + 14} {y - 4}h18" stroke="{colour}" stroke-width="3"/>'
        yield f'<text x="{LEFT + CURVES + 38}" y="{y}">{_hertz(one.freq)}</text>'


def _bars(octaves: list[Decay]) -> Iterator[str]:
    """EDT and T20 of each octave, with their figures; a dash where one cannot be known."""
    left, floor = LEFT + CURVES + GAP, HEIGHT - BOTTOM
    times = [value for one in octaves for value in (one.edt, one.t20) if value is not None]
    step = _step(max(times, default=1.0))
    top = math.ceil(max(times, default=1.0) * 1.08 / step) * step
    yield f'<text x="{left}" y="{TOP - 10}">Seconds for 60 dB: <tspan fill="{EDT_COLOUR}">EDT</tspan> (the first 10 dB), '
    yield f'<tspan fill="{T20_COLOUR}">T20</tspan> (-5 to -25 dB)</text>'
    for k in range(round(top / step) + 1):
        y = floor - k * step / top * (floor - TOP)
        yield f'<path d="M{left} {y:.1f}h{BARS}" stroke="#444"/>'
        yield f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{k * step:g}</text>'
    room = BARS / max(1, len(octaves))
    for i, one in enumerate(octaves):
        middle = left + (i + 0.5) * room
        for value, x, colour in ((one.edt, middle - 22, EDT_COLOUR), (one.t20, middle + 1, T20_COLOUR)):
            tall = 0.0 if value is None else value / top * (floor - TOP)
            yield f'<rect x="{x:.1f}" y="{floor - tall:.1f}" width="21" height="{tall:.1f}" fill="{colour}"/>'
            said = "–" if value is None else f"{value:.2f}"
            yield f'<text x="{x + 10.5:.1f}" y="{floor - tall - 4:.1f}" text-anchor="middle" font-size="10">{said}</text>'
        yield f'<text x="{middle:.1f}" y="{floor + 18}" text-anchor="middle">{_hertz(one.freq)}</text>'


def _step(whole: float) -> float:
    """Seconds between lines, so that there are at most eight."""
    return next((step for step in STEPS if whole / step <= 8), math.ceil(whole / 8))


def _hertz(freq: float) -> str:
    return f"{freq:g} Hz" if freq < 1000 else f"{freq / 1000:g} kHz"
