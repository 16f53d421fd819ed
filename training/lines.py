"""How electronic patterns are written, and the lines that many styles share; the styles are in grooves.py and grooves_hard.py.

A pattern is a string, one character a step of a sixteenth, as long as one bar or several:
  .  nothing     1..9  with a chance of so many tenths     o  soft (a ghost)     x  played     X  stressed     r  a roll of 2 to 4
Spaces are for the eye. A `Line` names what may play it (voices of training/voices.py, or patches for a melody), how likely it is
in a piece at all and how loud it is (dB). Tempi are those of the step grid; `tapped` says in which octave people tap it, with
chances: 1 is the grid's own quarter.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    layer: str  # kick, snare, hat, perc: drums; bass; else music
    voices: tuple[str, ...]
    patterns: tuple[str, ...]
    chance: float = 1.0
    level: float = 0.0  # dB
    melody: str = ""  # root, octaves, riff, arp, lead, chord, hold; "" for drums


@dataclass(frozen=True, slots=True)
class Groove:
    bpm: tuple[float, float]
    lines: tuple[Line, ...]
    weight: float = 1.0
    meter: int = 4
    beat: int = 4  # steps a beat: 4, 8 where thirty-seconds are played, 3 where beats are divided in three
    swing: tuple[float, float] = (0.0, 0.0)  # of a sixteenth that the second of two comes late
    loose: float = 0.0  # s, spread of the hits in time
    tapped: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    club: bool = True  # its songs have builds and drops
    chopped: float = 0.0  # chance that a bar of the break is cut up and put together anew
    minor: float = 0.75
    dirt: float = 0.2  # chance of lo-fi


def drums(layer: str, voices: str, *patterns: str, chance: float = 1.0, level: float = 0.0) -> Line:
    return Line(layer, tuple(voices.split(", ")), tuple(p.replace(" ", "") for p in patterns), chance, level)


def tones(melody: str, voices: str, *patterns: str, chance: float = 1.0, level: float = -8.0, layer: str = "music") -> Line:
    return Line(layer, tuple(voices.split(", ")), tuple(p.replace(" ", "") for p in patterns), chance, level, melody)


def bass(melody: str, voices: str, *patterns: str, chance: float = 1.0, level: float = -7.0) -> Line:
    return tones(melody, voices, *patterns, chance=chance, level=level, layer="bass")


FOUR, BACK, OFF = "X...X...X...X...", "....X.......X...", "..x...x...x...x."
EIGHTHS, SIXTEENTHS, HALF = "x.x.x.x.x.x.x.x.", "xoxoxoxoxoxoxoxo", "........X......."
ROLLING, TRESILLO = ".xxx.xxx.xxx.xxx", "x..x..x.x..x..x."
HOLD = "x..............."
ARP = ("xxxxxxxxxxxxxxxx", "x.xxx.xxx.xxx.xx", "x.x.x.x.x.x.x.x.", "x..x..x..x..x.x.", "x5xx5x5xx5xx5x5x")
SYNC = ("x..x..x...x.x...", "x..x..x..x..x.x.", "x.x..x.x..x.x...", "..x..x..x..x..x.", "5.55.55.55.55.55", "x.....x...x.....")
CHORDS = ("x...............", "x..x..x.........", "..x...x...x...x.", "x..x....x..x....", ".x.....x.x......", "x.....x.....x...")

FOUR_KICK = drums(
    "kick",
    "kick 909, kick 909, kick hard, kick 808, kick live, kick soft",
    FOUR,
    FOUR,
    FOUR,
    "X...X...X...X.3.",
    "X...X..2X...X..3",
)
CLAPS = drums("snare", "clap, snare 909, snap, rim", BACK, BACK, "....X.......X..2", "....X..1.1..X...", chance=0.8, level=-4)
OFF_HAT = drums("hat", "hat open, hat open, hat", OFF, OFF, "..x...x...x..5x.", chance=0.8, level=-10)
TOP_HAT = drums("hat", "hat, shaker, hat", SIXTEENTHS, EIGHTHS, "x5x5x5x5x5x5x5x5", "..xo..xo..xo..xo", chance=0.65, level=-14)
RIDE = drums("hat", "ride", "x.x.x.x.x.x.x.x.", "x...x...x...x...", OFF, chance=0.2, level=-14)
PERC = drums(
    "perc",
    "conga, block, cowbell, tom, rim, zap",
    "3..3..3...3..3..",
    "..3..3....3..3.3",
    "x..x..x...x..x..",
    chance=0.45,
    level=-12,
)
PAD = tones("hold", "pad, pad, supersaw", HOLD, chance=0.6, level=-15)
ARPS = tones("arp", "pluck, supersaw, bell, lead", *ARP, chance=0.6, level=-9)
LEAD = tones("lead", "lead, supersaw, lead", *SYNC, "x.x.x.x.x.x.x...", chance=0.5, level=-8)
VOX = tones("lead", "vox", "x.....x.........", "5..5..5...5.....", "....x.....x.....", chance=0.2, level=-11)
CRASH = drums("hat", "crash", HOLD + "." * 48, chance=0.6, level=-9)
