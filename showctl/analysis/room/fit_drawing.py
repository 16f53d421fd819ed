"""A fit as a picture: the mean of the microphones before and behind the equaliser, the target, and below them the bands. SVG.

The levels of the three curves are taken out, for that of the whole is the fader's. A dB is as tall of the bands as of the curves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from showctl.analysis.room.biquad import Array, cascade_db
from showctl.analysis.room.fit import Fitted
from showctl.analysis.room.sheet import sheet, title
from showctl.analysis.room.target import Target
from showctl.model import EqBand

WIDTH, LEFT, RIGHT, TOP, GAP, BOTTOM = 1000, 50, 20, 62, 34, 30  # pixels
A_DB = 8.0  # pixels
LOW, HIGH = 20.0, 20_000.0  # Hz
BEFORE, AFTER, TARGET, SUM = "#ff8a65", "#4fc3f7", "#aed581", "#fff"
COLOURS = ("#b39ddb", "#5c8df6", "#26a69a", "#d4e157", "#ffb74d", "#f06292", "#90a4ae", "#a1887f", "#4dd0e1", "#dce775")
LINES = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)  # Hz


def svg(name: str, found: Fitted, target: Target) -> str:
    """The picture of a fit, called `name`, to a target."""
    aim = target(found.freqs)
    aim = aim - aim[found.band].mean()
    before = found.mean + aim
    after = before + found.eq - (found.mean + found.eq)[found.band].mean()
    alone = [cascade_db([band], found.freqs) for band in found.bands]
    above = span([before[found.band], after[found.band], aim[found.band]])
    below = span([found.eq, *alone, np.zeros(1)])
    middle = TOP + (above[1] - above[0]) * A_DB + GAP
    height = round(middle + (below[1] - below[0]) * A_DB + BOTTOM)
    parts = [title(LEFT, 20, name), *_legend(found), *frame(TOP, above)]
    played = _runs(found)
    whole = slice(played[0].start, played[-1].stop)
    parts.append(polyline(found.freqs[whole], aim[whole], TOP, above[1], TARGET, 1.8, ' stroke-dasharray="6 4"'))
    for curve, colour in ((before, BEFORE), (after, AFTER)):
        parts += [polyline(found.freqs[run], curve[run], TOP, above[1], colour, 1.8) for run in played]
    parts += frame(middle, below)
    for i, (band, curve) in enumerate(zip(found.bands, alone, strict=True)):
        colour = COLOURS[i % len(COLOURS)]
        parts.append(polyline(found.freqs, curve, middle, below[1], colour, 1.1))
        parts.append(_label(i + 1, band, middle, below, colour))
    parts.append(polyline(found.freqs, found.eq, middle, below[1], SUM, 2.0))
    return sheet(WIDTH, height, parts)


def _runs(found: Fitted) -> list[slice]:
    """Where the system plays, without its holes."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], found.band, [False]]).astype(int)))
    return [slice(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _legend(found: Fitted) -> Iterator[str]:
    words = (
        (f"before: {found.before:.1f} dB RMS off the target", BEFORE),
        (f"with the equaliser: {found.after:.1f} dB", AFTER),
        ("target", TARGET),
        (f"all bands together, at most {_signed(found.boost)} dB", SUM),
    )
    for i, (text, colour) in enumerate(words):
        x = LEFT + (0, 255, 475, 555)[i]
        yield f'<path d="M{x} 40h18" stroke="{colour}" stroke-width="3"/><text x="{x + 24}" y="44">{text}</text>'


def frame(top: float, span: tuple[int, int]) -> Iterator[str]:
    """Lines every 3 dB and at round frequencies; the dB on the left, the Hz below."""
    floor = top + (span[1] - span[0]) * A_DB
    for db in range(span[0], span[1] + 1, 3):
        y = top + (span[1] - db) * A_DB
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{"#777" if db == 0 else "#333"}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_signed(db)}</text>'
    for freq in LINES:
        yield f'<path d="M{_x(freq):.1f} {top:.1f}V{floor:.1f}" stroke="#333"/>'
        text = f"{freq:g}" if freq < 1000 else f"{freq / 1000:g}k"
        yield f'<text x="{_x(freq):.1f}" y="{floor + 16:.1f}" text-anchor="middle">{text}</text>'


def _label(number: int, band: EqBand, top: float, span: tuple[int, int], colour: str) -> str:
    """The number of a band at its frequency: at its end of a peak, halfway up a shelf."""
    gain = band.gain if band.kind == "peaking" else band.gain / 2
    y = top + (span[1] - gain) * A_DB
    dot = f'<circle cx="{_x(band.freq):.1f}" cy="{y:.1f}" r="8" fill="#181818" stroke="{colour}"/>'
    return f'{dot}<text x="{_x(band.freq):.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="10">{number}</text>'


def polyline(freqs: Array, curve: Array, top: float, highest: int, colour: str, wide: float, extra: str = "") -> str:
    points = " ".join(f"{_x(f):.1f},{top + (highest - level) * A_DB:.1f}" for f, level in zip(freqs, curve, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{wide}"{extra}/>'


def span(curves: list[Array]) -> tuple[int, int]:
    """Lowest and highest dB of a frame, multiples of 3."""
    low, high = min(float(c.min()) for c in curves), max(float(c.max()) for c in curves)
    return 3 * math.floor((low - 0.5) / 3), 3 * math.ceil((high + 0.5) / 3)


def _x(freq: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * math.log(freq / LOW) / math.log(HIGH / LOW)


def _signed(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−") if value else "0"
