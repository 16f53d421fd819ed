"""What microphones heard of the programme, as a picture: magnitude above, coherence below, trusted bands in full colour. SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.room.sheet import sheet
from showctl.model import RoomResponse

WIDTH, LEFT, RIGHT, TOP, LEVELS, GAP, COHERENCE, BOTTOM, ROW = 1000, 56, 20, 26, 300, 34, 110, 40, 18  # pixels
COLOURS = ("#4fc3f7", "#ffb74d", "#aed581", "#b39ddb", "#ff6e5e", "#26a69a", "#fff59d", "#5c8df6")
MARKS = (50, 100, 200, 500, 1000, 2000, 5000, 10000)  # Hz
LEAST_DB = 18.0  # that the picture spans at least
MOST_DB = 60.0


def svg(responses: Sequence[tuple[str, RoomResponse]]) -> str:
    """The picture of microphones, each with its name."""
    top = TOP + ROW * len(responses)
    height = top + LEVELS + GAP + COHERENCE + BOTTOM
    low, high = _span([r for _, r in responses])
    parts = list(_grid(top, low, high))
    for i, (name, one) in enumerate(responses):
        colour = COLOURS[i % len(COLOURS)]
        parts.append(f'<path d="M{LEFT} {TOP + ROW * i - 4}h18" stroke="{colour}" stroke-width="3"/>')
        sure = "" if one.delay_trusted else " (direct sound not clear)"
        late, share = one.delay_at(0.0) * 1e3, 100 * one.trusted.mean()
        said = f"{name}: {late:.2f} ms{sure}, {one.drift:+.2f} ppm, {share:.0f} % of the bands trusted"
        parts.append(f'<text x="{LEFT + 26}" y="{TOP + ROW * i}">{escape(said)}</text>')
        x = _places(one.freq)
        y = top + (high - np.clip(one.magnitude, low, high)) / (high - low) * LEVELS
        parts += _curve(x, y, one.trusted, colour)
        parts += _curve(x, top + LEVELS + GAP + (1 - one.coherence) * COHERENCE, one.trusted, colour)
    return sheet(WIDTH, height, parts)


def _span(responses: Sequence[RoomResponse]) -> tuple[float, float]:
    """Lowest and highest level (dB), multiples of 6, that hold all that is trusted, or all where nothing is."""
    levels = np.concatenate([r.magnitude[r.trusted] for r in responses])
    levels = levels if len(levels) else np.concatenate([r.magnitude for r in responses])
    high = 6 * float(np.ceil((levels.max() + 1) / 6))
    low = 6 * float(np.floor((max(levels.min(), high - MOST_DB) - 1) / 6))
    return min(low, high - LEAST_DB), high


def _grid(top: int, low: float, high: float) -> Iterator[str]:
    right, floor = WIDTH - RIGHT, top + LEVELS + GAP
    for db in np.arange(low, high + 1, 6):
        y = top + (high - db) / (high - low) * LEVELS
        yield f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#444"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{db:.0f} dB</text>'
    for share in (0.0, 0.5, 1.0):
        y = floor + (1 - share) * COHERENCE
        yield f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#444"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{share:g}</text>'
    for hertz, x in zip(MARKS, _places(np.array(MARKS, dtype=np.float64)), strict=True):
        yield f'<path d="M{x:.1f} {top}V{top + LEVELS}M{x:.1f} {floor}V{floor + COHERENCE}" stroke="#333"/>'
        said = f"{hertz} Hz" if hertz < 1000 else f"{hertz // 1000} kHz"
        yield f'<text x="{x:.1f}" y="{floor + COHERENCE + 18}" text-anchor="middle">{said}</text>'
    yield f'<text x="{LEFT}" y="{floor - 8}">Coherence, the noise taken out; hollow and thin: not trusted</text>'


def _places(freqs: NDArray[np.float64]) -> NDArray[np.float64]:
    x: NDArray[np.float64] = LEFT + np.log(freqs / 38.0) / np.log(16_500.0 / 38.0) * (WIDTH - LEFT - RIGHT)
    return x


def _curve(x: NDArray[np.float64], y: NDArray[np.float64], trusted: NDArray[np.bool_], colour: str) -> Iterator[str]:
    """Thin all along, thick where two neighbours are trusted; a dot a band, hollow where it is not."""
    places = [f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)]
    thin = 'stroke-width="0.8" stroke-dasharray="3 3" opacity="0.5"'
    yield f'<path d="M{" L".join(places)}" fill="none" stroke="{colour}" {thin}/>'
    for i in range(1, len(x)):
        if trusted[i - 1] and trusted[i]:
            yield f'<path d="M{places[i - 1]} L{places[i]}" stroke="{colour}" stroke-width="2"/>'
    for i in range(len(x)):
        fill = f'fill="{colour}"' if trusted[i] else f'fill="#181818" stroke="{colour}" opacity="0.6"'
        yield f'<circle cx="{x[i]:.1f}" cy="{y[i]:.1f}" r="{2.6 if trusted[i] else 2.2}" {fill}/>'
