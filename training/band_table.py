"""How tables of odds for drummers are written and read; the tables are in band_grooves.py and band_grooves_hard.py.

A row is read against the groove's grid: `grid` steps a beat, `meter` beats a bar; a row may be several bars long (claves, two-bar
phrases). Where a cell offers several rows, a song takes one of them for a section. Signs (odds of a stroke, loudness 0..1):

    X always, loud    x always, middling   o mostly    - sometimes   , seldom
    G ghost, likely   g ghost, perhaps     O open, always   q open, sometimes     . never
"""

from __future__ import annotations

from dataclasses import dataclass, field

SIGNS = {  # odds, loudness, open
    ".": (0.0, 0.0, False),
    ",": (0.1, 0.6, False),
    "-": (0.3, 0.65, False),
    "o": (0.65, 0.75, False),
    "x": (0.97, 0.72, False),
    "X": (0.99, 1.0, False),
    "g": (0.3, 0.28, False),
    "G": (0.7, 0.32, False),
    "q": (0.3, 0.8, True),
    "O": (0.97, 0.85, True),
}

Rows = dict[str, tuple[str, ...]]  # voice -> rows to choose from


@dataclass(frozen=True, slots=True)
class Groove:
    """A way of playing the kit."""

    meter: int
    grid: int  # steps a beat: 2, 3, 4 or 8
    base: Rows  # what every bar is made of
    colour: Rows = field(default_factory=dict)  # hand percussion and the like: each joins by chance


EIGHTHS, QUARTERS, SIXTEENTHS = "X.x.X.x.X.x.X.x.", "X...X...X...X...", "XoxoXoxoXoxoXoxo"
OPENING, OFF, NONE = "X.x.X.xqX.x.X.xq", "..X...X...X...X.", "................"
BACK = "....X.......X..."
SHAKEN, TAMB = "XgxgXgxgXgxgXgxg", "x.x.X.x.x.x.X.x."
