"""A drummer: plays a groove bar by bar, with what a song does to it: variation, fills, crashes, ghost notes, another cymbal.

The groove is a table of odds (band_table.py); nothing here is a fixed loop. A stroke is a position in beats, a voice and a
loudness; the timing is added later (humans.py), the sound later still (synth_fluid.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.band_grooves import GROOVES
from training.band_table import SIGNS, Groove

KEYS = {  # voice -> General MIDI keys to choose from, closed and open
    "kick": (36, 36, 35), "snare": (38, 38, 40), "rim": (37,), "clap": (39,), "hat": (42,), "open": (46,), "pedal": (44,),
    "ride": (51, 51, 59), "bell": (53,), "crash": (49, 57, 55, 52), "tomh": (50, 48), "tomm": (47, 45), "toml": (43, 41),
    "tamb": (54,), "cowbell": (56,), "conga": (63, 64, 62), "clave": (75, 76), "shaker": (82, 70, 69), "maracas": (70,),
    "timbale": (65, 66), "agogo": (67, 68), "bongo": (60, 61), "guiro": (73, 74), "triangle": (81, 80),
    "stick": (31, 37, 42, 75),
}  # fmt: skip
LIMBS = {"kick": "foot", "snare": "left", "rim": "left", "clap": "left", "hat": "right", "open": "right", "ride": "right",
         "bell": "right", "crash": "right", "tomh": "right", "tomm": "left", "toml": "right", "pedal": "heel",
         "stick": "right"}  # fmt: skip
HIT_KINDS = {"kick": "kick", "snare": "snare", "rim": "snare", "clap": "snare", "hat": "hat", "open": "hat", "pedal": "hat",
             "ride": "hat", "bell": "hat", "crash": "hat", "shaker": "hat", "maracas": "hat", "tamb": "hat",
             "triangle": "hat"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stroke:
    """One hit of the kit."""

    position: float  # beats from the song's first
    voice: str  # of KEYS
    loud: float  # 0..1


@dataclass(frozen=True, slots=True)
class Habits:
    """What a drummer does with any groove."""

    vary: float  # odds that a step of kick or snare is altered for a section
    roam: float  # the same for one bar only
    miss: float  # odds that a stroke is left out
    answer: float  # odds that a voice plays another row in every second bar
    fill_every: int  # bars
    fill_size: float  # share of a bar that a fill takes, at most
    busy: float  # strokes a step in a fill
    crash: float  # odds of a crash where a section or a fill has ended
    ghosts: float  # how many ghost notes are really played, 0..1.5
    accent: float  # how far off-beats are softer than beats, 0..0.5
    leans: float  # how far all else is softer than a bar's first step, 0..0.35


def habits(rng: np.random.Generator) -> Habits:
    """A drummer drawn by chance: from one who keeps still to one who fills every second bar."""
    return Habits(
        vary=float(rng.choice([0.0, 0.02, 0.05, 0.1])),
        roam=float(rng.choice([0.0, 0.02, 0.05, 0.1])),
        miss=float(rng.choice([0.0, 0.0, 0.02, 0.06])),
        answer=rng.uniform(0.0, 0.7),
        fill_every=int(rng.choice([2, 4, 4, 8, 8, 16])),
        fill_size=float(rng.choice([0.25, 0.5, 0.5, 1.0])),
        busy=rng.uniform(0.45, 0.95),
        crash=rng.uniform(0.2, 1.0),
        ghosts=rng.uniform(0.0, 1.5),
        accent=rng.uniform(0.0, 0.45),
        leans=float(rng.choice([0.0, 0.0, rng.uniform(0.0, 0.35)])),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """The rows that one section plays."""

    groove: Groove
    rows: dict[str, str]


def choose(rng: np.random.Generator, name: str, how: Habits, colour: float = 0.25) -> Part:
    """One section's rows of a groove: a row a voice, altered here and there; hand percussion by the odds `colour`."""
    groove = GROOVES[name]
    rows = {voice: _phrase(rng, cell, groove, how.answer) for voice, cell in groove.base.items()}
    rows |= {voice: str(rng.choice(cell)) for voice, cell in groove.colour.items() if rng.uniform() < colour}
    if "hat" in rows and "ride" not in groove.base and rng.uniform() < 0.25:
        rows["ride"] = rows.pop("hat").replace("O", "x").replace("q", ".")
        if rng.uniform() < 0.2:
            rows["bell"] = rows.pop("ride")
    for voice in ("kick", "snare"):
        if voice in rows:
            rows[voice] = _altered(rng, rows[voice], groove, how.vary)
    return Part(groove, rows)


def _phrase(rng: np.random.Generator, cell: tuple[str, ...], groove: Groove, answer: float) -> str:
    """One row of the cell, or two that take turns."""
    row, other = (str(r) for r in rng.choice(cell, 2))
    return row + other if rng.uniform() < answer and len(row) == len(other) == groove.meter * groove.grid else row


def _altered(rng: np.random.Generator, row: str, groove: Groove, odds: float) -> str:
    """The row with some steps between the beats changed: what makes one drummer's version of a groove."""
    out = list(row)
    for i, sign in enumerate(row):
        if i % groove.grid and rng.uniform() < odds:
            out[i] = str(rng.choice(["x", "-", "o", "g"])) if sign == "." else "."
    return "".join(out)


def play_bar(rng: np.random.Generator, part: Part, bar: int, how: Habits, voices: set[str] | None = None) -> list[Stroke]:
    """The strokes of one bar (numbered from the song's first); `voices`: only these."""
    grid, length = part.groove.grid, part.groove.meter * part.groove.grid
    out = []
    for voice, row in part.rows.items():
        if voices is not None and voice not in voices:
            continue
        begin = (bar * length) % len(row)
        cut = row[begin : begin + length]
        if voice in ("kick", "snare") and how.roam:
            cut = _altered(rng, cut, part.groove, how.roam)
        softer = how.accent if voice in ("hat", "ride", "shaker", "bell") else 0.0
        dice = rng.uniform(size=(length, 2))
        for step, sign in enumerate(cut):
            odds, loud, is_open = SIGNS[sign]
            odds *= how.ghosts if sign in "gG" else 1 - how.miss
            if dice[step, 0] < odds:
                loud *= (1 - softer if step % grid else 1.0) * (1 - how.leans if step else 1.0) * (0.88 + 0.24 * dice[step, 1])
                at = bar * part.groove.meter + step / grid
                out.append(Stroke(at, "open" if is_open and voice == "hat" else voice, min(1.0, loud)))
    return out


def play_fill(rng: np.random.Generator, part: Part, bar: int, how: Habits) -> list[Stroke]:
    """A fill at the end of a bar: snare and toms, more or less falling and swelling; what it displaces is not its business."""
    grid = part.groove.grid if rng.uniform() < 0.85 else 3
    steps = max(grid, round(part.groove.meter * grid * how.fill_size * rng.choice([0.5, 1.0])))
    begin = (bar + 1) * part.groove.meter - steps / grid
    falls = rng.uniform() < 0.6
    voices = ["snare", "tomh", "tomm", "toml"]
    kick_under = rng.uniform() < 0.5
    swell = rng.uniform(-0.1, 0.4)
    out = []
    for step in range(steps):
        along = step / steps
        at = begin + step / grid
        if rng.uniform() < how.busy:
            drawn = min(3, int(4 * along)) if falls else int(rng.integers(4))
            voice = voices[drawn] if rng.uniform() < 0.75 else "snare"
            out.append(Stroke(at, voice, min(1.0, float(np.clip(0.65 + swell * (along - 0.5), 0.3, 1) * rng.uniform(0.75, 1.3)))))
        if step % grid == 0 and kick_under:
            out.append(Stroke(at, "kick", 0.8))
    return out


def without(strokes: list[Stroke], begin: float, end: float) -> list[Stroke]:
    """The strokes outside a stretch of beats."""
    return [s for s in strokes if not begin - 1e-6 <= s.position < end - 1e-6]


def count_in(rng: np.random.Generator, meter: int) -> list[Stroke]:
    """Sticks before the first bar: every beat of one bar."""
    loud = rng.uniform(0.6, 1.0)
    return [Stroke(float(i - meter), "stick", loud) for i in range(meter)]
