"""How a zone sounds at each microphone, as a picture: a curve each, their mean, and the target. SVG.

Each curve is drawn with its mean of 250 Hz to 4 kHz at 0 dB: the level is the fader's, and the gain of a microphone its preamp's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

import numpy as np

from showctl.analysis.room.arrival import BODY
from showctl.analysis.room.biquad import Array
from showctl.analysis.room.fit_drawing import A_DB, BOTTOM, COLOURS, LEFT, SUM, TARGET, WIDTH, frame, polyline, span
from showctl.analysis.room.sheet import sheet, title

TOP, ROW = 34, 18  # pixels
DEEPEST_DB, HIGHEST_DB = -36.0, 24.0  # drawn


def svg(name: str, freqs: Array, curves: Sequence[tuple[str, Array]], target: Array) -> str:
    """The picture called `name` of (points,) dB over `freqs` (Hz), each with its name, and what is aimed at. ValueError for no
    curve."""
    if not curves:
        raise ValueError("there is no curve to be drawn")
    body = (freqs >= BODY[0]) & (freqs <= BODY[1])
    levelled = [(name, np.clip(one - one[body].mean(), DEEPEST_DB, HIGHEST_DB)) for name, one in curves]
    mean = np.mean([one for _, one in levelled], axis=0)
    aim = target - target[body].mean()
    names = [(name, COLOURS[i % len(COLOURS)]) for i, (name, _) in enumerate(levelled)]
    names += [("mean", SUM)] * (len(curves) > 1) + [("target", TARGET)]
    top = TOP + ROW * len(names)
    within = span([*(one for _, one in levelled), aim])
    height = round(top + (within[1] - within[0]) * A_DB + BOTTOM)
    parts = [title(LEFT, 20, name), *_legend(names), *frame(top, within)]
    parts.append(polyline(freqs, aim, top, within[1], TARGET, 1.8, ' stroke-dasharray="6 4"'))
    for (_, one), (_, colour) in zip(levelled, names, strict=False):
        parts.append(polyline(freqs, one, top, within[1], colour, 1.2))
    if len(curves) > 1:
        parts.append(polyline(freqs, mean, top, within[1], SUM, 2.2))
    return sheet(WIDTH, height, parts)


def _legend(names: list[tuple[str, str]]) -> Iterator[str]:
    for row, (text, colour) in enumerate(names):
        y = TOP + 4 + ROW * row
        yield f'<path d="M{LEFT} {y}h18" stroke="{colour}" stroke-width="3"/>'
        yield f'<text x="{LEFT + 24}" y="{y + 4}">{escape(text)}</text>'
