"""Two renders as a picture: fixtures by time, as SVG that any browser shows.

Every fixture that differs has a row of three stripes: its light in A, its light in B, and how far any of its parameters lie
apart, from nothing (dark) to the whole range (white-hot). A column is a moment; the difference is the greatest within it, so that
nothing is too short to be seen.

Light is an estimate for the eye: the strongest dimmer times the mean of the cells' colours, and its square root, so that what is
dim on stage is seen on a screen. The pixels are a PNG inside the SVG (RFC 2083: signature, IHDR, one IDAT of filter-0 lines,
IEND), the labels are text.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from showctl.compare import Channels, Compared, Render
from showctl.plan import Plan

COLUMNS = 1000
ROWS = 60  # fixtures; the picture says how many more there are
LIGHT, APART = 7, 4  # pixels, height of the stripes of light and of difference
GAP = 2
LEFT, TOP, BOTTOM = 130, 46, 30
EMITTERS = {
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "white": (1.0, 1.0, 1.0),
    "warm-white": (1.0, 0.8, 0.55),
    "cold-white": (0.85, 0.92, 1.0),
    "amber": (1.0, 0.6, 0.0),
    "uv": (0.3, 0.0, 0.8),
}
FILTERS = {"cyan": 0, "magenta": 1, "yellow": 2}

Colours = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """A fixture that differs."""

    name: str
    channels: list[int]


def draw(found: Compared, a: Render, b: Render, plan: Plan | None) -> str:
    """The picture as SVG. NoRender, OSError."""
    rows, left_out = _rows(found)
    end = max(min(found.ends), 1e-3)
    moments = (np.arange(COLUMNS) + 0.5) * end / COLUMNS
    both = [u for u in a.universes if u in b.universes]
    height = len(rows) * (2 * LIGHT + APART + GAP)
    pixels = np.zeros((max(1, height), COLUMNS, 3), dtype=np.uint8)
    apart = _apart(found, rows, end)
    for side, render in enumerate((a, b)):
        for column, raw in _sampled(render, both, found.channels, moments):
            for i, row in enumerate(rows):
                top = i * (2 * LIGHT + APART + GAP) + side * LIGHT
                pixels[top : top + LIGHT, column] = _light(found.channels, row, raw, plan is not None)
    for i in range(len(rows)):
        top = i * (2 * LIGHT + APART + GAP) + 2 * LIGHT
        pixels[top : top + APART] = _heat(apart[i])
    return "\n".join(_svg(found, rows, left_out, pixels, end))


# --- what is drawn -----------------------------------------------------------------------------------------------------


def _rows(found: Compared) -> tuple[list[Row], int]:
    """The fixtures that differ most, in the order of the channels, and how many others do."""
    weight: dict[str, float] = {}
    for one in found.differences:
        name = found.channels.names[one.channel][0]
        share = abs(one.a - one.b) / float(found.channels.top[one.channel])
        weight[name] = weight.get(name, 0.0) + share * (one.end - one.begin + 0.02)
    most = set(sorted(weight, key=lambda name: -weight[name])[:ROWS])
    channels: dict[str, list[int]] = {}
    for i, (name, _) in enumerate(found.channels.names):
        if name in most:
            channels.setdefault(name, []).append(i)
    return [Row(name, own) for name, own in channels.items()], len(weight) - len(most)


def _apart(found: Compared, rows: list[Row], end: float) -> NDArray[np.float64]:
    """The greatest difference 0..1 of each row in each column."""
    apart = np.zeros((len(rows), COLUMNS))
    at = {channel: i for i, row in enumerate(rows) for channel in row.channels}
    for one in found.differences:
        if one.channel in at:
            first = min(COLUMNS - 1, int(one.begin / end * COLUMNS))
            last = min(COLUMNS - 1, int(one.end / end * COLUMNS))
            stripe = apart[at[one.channel], first : last + 1]
            np.maximum(stripe, abs(one.a - one.b) / float(found.channels.top[one.channel]), out=stripe)
    return apart


def _sampled(
    render: Render, universes: list[int], channels: Channels, moments: NDArray[np.float64]
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """What stood at each moment: column and raw levels. A moment before the first frame shows that."""
    column, raw = 0, None
    for time, look in render.frames([render.universes.index(u) for u in universes]):
        while raw is not None and column < COLUMNS and moments[column] < time:
            yield column, raw
            column += 1
        if column == COLUMNS:
            return
        raw = channels.read(look)
    while raw is not None and column < COLUMNS:
        yield column, raw
        column += 1


def _light(channels: Channels, row: Row, raw: NDArray[np.int64], named: bool) -> Colours:
    """Colour of a fixture for the eye, 0..255."""
    level = {i: min(1.0, max(0.0, channels.level(i, int(raw[i])) / (100.0 if named else 255.0))) for i in row.channels}
    if not named:
        return np.full(3, 255.0 * np.sqrt(level[row.channels[0]]))
    dimmer, colour, cells, filters = 0.0, np.zeros(3), 0, np.ones(3)
    dimmed = emits = False
    for i in row.channels:
        name = channels.names[i][1].partition(":")[0]
        if name == "intensity":
            dimmer, dimmed = max(dimmer, level[i]), True
        elif name in EMITTERS:
            colour, emits, cells = colour + level[i] * np.array(EMITTERS[name]), True, cells + (name == "red")
        elif name in FILTERS:
            filters[FILTERS[name]] = min(filters[FILTERS[name]], 1.0 - level[i])
    colour = colour / max(1, cells) if emits else filters * float(dimmed)
    return np.sqrt(np.minimum(colour, 1.0) * (dimmer if dimmed else 1.0)) * 255.0


def _heat(apart: NDArray[np.float64]) -> Colours:
    """Difference 0..1 as black, red, orange, white; the least one is seen."""
    x = np.where(apart > 0.0, 0.25 + 0.75 * apart, 0.0)[:, None]
    heat: Colours = np.clip(x * np.array([[2.4, 1.4, 1.4]]) - np.array([[0.0, 0.4, 0.6]]), 0.0, 1.0) * 255.0
    return heat


# --- how it is written -------------------------------------------------------------------------------------------------


def _svg(found: Compared, rows: list[Row], left_out: int, pixels: NDArray[np.uint8], end: float) -> Iterator[str]:
    width, height = LEFT + COLUMNS + 12, TOP + len(pixels) + BOTTOM
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">'
    yield f'<rect width="{width}" height="{height}" fill="#181818"/><g fill="#ddd">'
    more = f"; {left_out} more fixtures differ" if left_out else ""
    yield f'<text x="{LEFT}" y="14">Each fixture: A above, B below it, then how far they lie apart{more}</text>'
    for i, row in enumerate(rows):
        y = TOP + i * (2 * LIGHT + APART + GAP) + LIGHT + 5
        yield f'<text x="{LEFT - 6}" y="{y}" text-anchor="end">{escape(row.name[:22])}</text>'
    yield from _cue_lines(found, end)
    step = next((s for s in (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600) if end / s <= 14), 7200)
    for k in range(int(end / step) + 1):
        x = LEFT + k * step / end * COLUMNS
        yield f'<text x="{x:.1f}" y="{TOP + len(pixels) + 16}" text-anchor="middle">{_clock(k * step)}</text>'
    yield "</g>"
    png = base64.b64encode(png_of(pixels)).decode()
    yield (
        f'<image x="{LEFT}" y="{TOP}" width="{COLUMNS}" height="{len(pixels)}" style="image-rendering:pixelated" '
        f'href="data:image/png;base64,{png}"/></svg>'
    )


def _cue_lines(found: Compared, end: float) -> Iterator[str]:
    """The cues of A as marks above; a label only where it has room."""
    free = 0.0
    for cue in found.cues:
        if cue.time > end:
            return
        x = LEFT + cue.time / end * COLUMNS
        yield f'<path d="M{x:.1f} {TOP - 8}v6" stroke="#8cf"/>'
        text = escape(f"{cue.cue} {cue.name}".strip()[:18])
        room = 7.0 * len(text)
        if x >= free:
            left = min(x, LEFT + COLUMNS - room)
            yield f'<text x="{left:.1f}" y="{TOP - 12}" fill="#8cf">{text}</text>'
            free = x + room + 8.0


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} s"
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """An image (height, width, 3) as PNG, RGB of 8 bits."""
    height, width, _ = pixels.shape
    lines = np.concatenate([np.zeros((height, 1), dtype=np.uint8), pixels.reshape(height, width * 3)], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [_chunk(b"IHDR", head), _chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
