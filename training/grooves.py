"""Patterns of electronic music as tables: who plays on which sixteenth with what chance.

A pattern is a string, one character a step of a sixteenth, as long as one bar or several:
  .  nothing     1..9  with a chance of so many tenths     o  soft (a ghost)     x  played     X  stressed     r  a roll of 2 to 4
Spaces are for the eye. A `Line` names what may play it (voices of training/voices.py, or patches for a melody), how likely it is
in a piece at all and how loud it is (dB). Tempi are those of the step grid; `tapped` says in which octave people tap it, with
chances: 1 is the grid's own quarter. Own tables, after what the manners have in common.
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
    beat: int = 4  # steps a beat: 4, or 3 where beats are divided in three
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

STYLES: dict[str, Groove] = {
    "house": Groove((116, 130), (
        FOUR_KICK, CLAPS, OFF_HAT, TOP_HAT, PERC, CRASH,
        bass("root", "saw bass, square bass, fm bass, sub", OFF, "x..x..x...x..x..", "x.....x..x....x.", "..x..xx...x..x..",
            "x.x..x..x.x..x.."),
        tones("chord", "stab, epiano, pluck, supersaw", *CHORDS, chance=0.7), PAD, LEAD, VOX,
    ), 2.0, swing=(0, 0.2), minor=0.7),
    "disco house": Groove((118, 128), (
        FOUR_KICK, drums("snare", "clap, snare live, snare 909", BACK, level=-3), OFF_HAT, TOP_HAT, CRASH,
        drums("perc", "conga, cowbell", "x.xx..x.x.xx..x.", "3.x33.x33.x33.x3", chance=0.6, level=-12),
        bass("octaves", "saw bass, fm bass, square bass", "x.x.x.x.x.x.x.x.", "x.xxx.x.x.xxx.x.", "x..xx.x.x..xx.x."),
        tones("chord", "epiano, stab, pluck", "..x...x...x...x.", "x..x..x..x..x...", "..xx..xx..xx..xx"), PAD, LEAD, VOX,
    ), 0.8, swing=(0, 0.15), minor=0.5),
    "progressive house": Groove((122, 130), (
        FOUR_KICK, CLAPS, OFF_HAT, TOP_HAT, CRASH, RIDE,
        bass("root", "saw bass, reese, sub, pluck bass", OFF, "..xx..xx..xx..xx", "x..x..x..x..x.x.", "xxxxxxxxxxxxxxxx", HOLD),
        tones("arp", "pluck, pluck, bell", *ARP, *SYNC, chance=0.9), tones("chord", "supersaw", *CHORDS, *SYNC, chance=0.5),
            PAD, LEAD,
    ), 1.6, minor=0.65),
    "techno": Groove((124, 146), (
        drums("kick", "kick 909, kick hard, kick 808", FOUR, level=1), OFF_HAT, TOP_HAT, RIDE, PERC,
        drums("snare", "clap, snare 909, rim", BACK, "....2..2....x...", "............x...", chance=0.55, level=-6),
        bass("root", "sub, reese, saw bass", "..xx..xx..xx..xx", ROLLING, ".oxo.oxo.oxo.oxo", chance=0.8, level=-9),
        tones("riff", "acid, stab, fm bass", "x.xxx.xx.xxx.xx.", "5555555555555555", "x..x..x..x..x...", "..x..x..x..x..x.",
            chance=0.7, level=-10),
        tones("chord", "stab", "x..x............", "..x..x..........", "...x.....x......", chance=0.5, level=-10), PAD,
    ), 1.8, swing=(0, 0.1), minor=0.95),
    "trance": Groove((130, 150), (
        drums("kick", "kick 909, kick hard", FOUR, chance=0.88), CLAPS, OFF_HAT, TOP_HAT, CRASH, RIDE,
        bass("root", "saw bass, square bass, pluck bass", ROLLING, ROLLING, OFF, "..xx..xx..xx..xx", ".xxx.xxx.xxx.xxo"),
        tones("arp", "supersaw, pluck, saw bass", *ARP, chance=0.85), LEAD, PAD,
        tones("chord", "supersaw, pad", "x.xxx.xxx.xxx.xx", "x.x.x.x.x.x.x.x.", "xx.xx.xx.xx.xx.x", "..x...x...x...x.",
            chance=0.6, level=-10),
    ), 2.0, minor=0.8),
    "psytrance": Groove((136, 150), (
        drums("kick", "kick hard, kick 909", FOUR), OFF_HAT, TOP_HAT, PERC,
        drums("snare", "clap, snare 909", BACK, chance=0.55, level=-6),
        bass("root", "pluck bass, saw bass", ROLLING, ROLLING, ".xxx.xxx.xxx.xx5", level=-3),
        tones("riff", "acid, lead, fm bass", "5355535553555355", "..x..x..x.x..x..", "x.xxx.xx.x.xx.xx", chance=0.85), PAD,
        tones("arp", "pluck, bell", *ARP, chance=0.4),
    ), 1.2, minor=1.0),
    "hardcore": Groove((160, 200), (
        drums("kick", "kick hard", FOUR, FOUR, "X...X...X...X.X.", "X...X...X..xX.x.", level=1),
        drums("snare", "clap, snare fat, snare 909", BACK, "..x...x...x...x.", "....X..x.x..X...", chance=0.75, level=-4),
        OFF_HAT, TOP_HAT, CRASH, RIDE,
        bass("root", "saw bass, square bass", OFF, ROLLING, "..xx..xx..xx..xx"),
        tones("lead", "supersaw, lead, chip square", "x.xxx.x.x.x.xxx.", "xxxxxxxxxxxxxxxx", "x..x..x.x..x..x.",
            "x.x.x.xxx.x.x.xx", chance=0.85, level=-7),
        tones("chord", "supersaw, stab", "x..x..x.x..x..x.", "x...x...x...x...", "..x...x...x...x.", chance=0.6), PAD, ARPS, VOX,
    ), 1.6, minor=0.7, dirt=0.05),
    "breakcore": Groove((165, 200), (
        drums("kick", "kick live, kick hard", "X.X.......X.....", "X..X......XX....", level=-1),
        drums("snare", "snare live, snare fat", "....X..o.o..X..o", "....X..x.x..X.r.", level=-1),
        drums("hat", "hat, ride", EIGHTHS, SIXTEENTHS, level=-11), CRASH,
        bass("root", "reese, square bass, sub", "x.....x...x.....", "x..x..x.x..x..x."), ARPS, LEAD, PAD, VOX,
    ), 0.6, chopped=0.7, loose=0.002),
    "electro": Groove((112, 140), (
        drums("kick", "kick 808, kick 909, kick hard", "X.....x...X.....", "X..x....X.x.....", "X.....X.X..x..x.",
            "X...X.........X.", FOUR),
        drums("snare", "snare 909, clap, snare fat", BACK, "....X.......X..3", level=-2), TOP_HAT, OFF_HAT, PERC, CRASH,
        bass("riff", "saw bass, square bass, fm bass, acid", "x.xx.x.xx.xx.x.x", "x..x..x.x.x..x..", "x.x.x.x.x.x.x.x.",
            "xx.xx.x.xx.xx.x."),
        tones("chord", "stab, supersaw", *CHORDS, chance=0.5), ARPS, LEAD, VOX, PAD,
    ), 1.3, minor=0.85),
    "dubstep": Groove((138, 145), (
        drums("kick", "kick 808, kick hard, kick 909", "X.............3.", "X.....x...x.....", "X..x......x.....",
            "X...............", level=1),
        drums("snare", "snare fat, snare 909, clap", HALF, HALF, "........X.....2.", level=0),
        drums("hat", "hat, hat open", EIGHTHS, "x.x3x.xrx.x3x.x.", "..x...x...x...x.", "x..x..x.x..x..x.", chance=0.85,
            level=-12), PERC, CRASH,
        bass("riff", "wobble, reese, fm bass", "x.......x.......", "x..x..x.x..x..x.", "x.....x.....x...", "x...xx..x.x.x...",
            level=-1),
        LEAD, PAD, VOX, ARPS, tones("chord", "stab, supersaw", "..x...x...x...x.", *CHORDS, chance=0.4, level=-11),
    ), 1.3, tapped=((1.0, 0.8), (0.5, 0.2)), minor=0.95),
    "future bass": Groove((130, 165), (
        drums("kick", "kick 808, kick 909", "X.....x...x.....", "X..x..x...x..x..", "X.........X....."),
        drums("snare", "clap, snare fat, snap", HALF, level=-1),
        drums("hat", "hat", "x.x.x.x.x.x.x.x.", "x.xrx.x.x.rrx.x.", "xoxoxoxoxoxoxoxo", level=-13), CRASH,
        bass("root", "sub, saw bass", "x.....x...x.....", "x..x..x.x..x..x."),
        tones("chord", "supersaw", "x..x..x.x..x..x.", "x.xx.xx.x.xx.xx.", "x.x.x.x.x.x.x.x.", "x..x..x...x.x.x.", level=-4),
            ARPS, LEAD, VOX,
    ), 0.9, tapped=((1.0, 0.75), (0.5, 0.25)), minor=0.4),
    "drum and bass": Groove((165, 178), (
        drums("kick", "kick live, kick 909, kick hard", "X.........X.....", "X.........X..3..", "X..x......X.....",
            "X.x.......X....."),
        drums("snare", "snare fat, snare live, snare 909", BACK, "....X..o.o..X..o", "....X....2..X..1", level=0),
        drums("hat", "hat, ride, hat open", EIGHTHS, SIXTEENTHS, "x.x.xox.x.x.xox.", "..x...x...x...x.", level=-11), TOP_HAT,
            CRASH, PERC,
        bass("root", "reese, sub, wobble, saw bass", "x...............", "x.....x...x.....", "x..x..x.x..x..x.",
            "..x.x...x..x....", level=-3),
        PAD, LEAD, ARPS, VOX, tones("chord", "stab, epiano, supersaw", *CHORDS, chance=0.4),
    ), 1.8, chopped=0.15, tapped=((1.0, 0.95), (0.5, 0.05)), minor=0.85, loose=0.001),
    "breaks": Groove((110, 150), (
        drums("kick", "kick live, kick 909", "X.X.......XX....", "X.......x.X.....", "X..x......X..x..", "X.x....x..X....."),
        drums("snare", "snare live, snare 909, snare fat", "....X..o.o..X..o", BACK, "....X..2.x..X..3", "....X..x....X...",
            level=-1),
        drums("hat", "hat, ride, hat open", EIGHTHS, "x.x.x.xox.x.x.xo", SIXTEENTHS, level=-11), PERC, CRASH,
        bass("riff", "reese, acid, saw bass, sub", "x..x..x.....x...", "x.x..x..x.x.....", "x.....x..x......",
            "..x..x..x..x..x."),
        tones("chord", "stab, epiano", *CHORDS, chance=0.5), PAD, LEAD, ARPS, VOX,
    ), 1.6, swing=(0, 0.15), chopped=0.35, loose=0.002),
    "reggaeton": Groove((84, 104), (
        drums("kick", "kick 909, kick 808, kick live", FOUR, FOUR, "X.......X......."),
        drums("snare", "snare 909, snare live, rim, clap", "...x..x....x..x.", "...x..x....x..x.", "...x..x....x..xo", level=-1),
        TOP_HAT, OFF_HAT, PERC, CRASH,
        bass("root", "sub, square bass, saw bass", "x..x..x.x..x..x.", "x...x...x...x...", "x.....x.x.....x."),
        tones("chord", "stab, pluck, epiano", TRESILLO, "..x...x...x...x.", *CHORDS, chance=0.8), LEAD, ARPS, PAD, VOX,
    ), 1.1, tapped=((1.0, 0.7), (2.0, 0.3)), minor=0.8),
    "moombahton": Groove((104, 114), (
        drums("kick", "kick 909, kick hard", FOUR), drums("snare", "snare fat, clap, tom", "...x..x....x..x.",
            "...x..x....x.xx.", level=-2),
        TOP_HAT, OFF_HAT, PERC, CRASH, bass("riff", "wobble, saw bass, square bass", TRESILLO, "x..x..x.x..xx.x."),
        tones("lead", "lead, chip square, vox", *SYNC, chance=0.8), tones("chord", "supersaw, stab", TRESILLO, *CHORDS,
            chance=0.6),
    ), 0.7),
    "trap": Groove((130, 160), (
        drums("kick", "kick 808", "X.....x...x.....", "X..x......x..x..", "X.........xx....", "X.....x......3x.", level=1),
        drums("snare", "clap, snare 909, snare fat, snap", HALF, HALF, "........X......2", level=-1),
        drums("hat", "hat", "x.x.x.x.x.x.x.x.", "x.xrx.x.x.x.rrx.", "x.x.x.xxx.r.x.x.", "xoxoxrxoxoxoxorr", level=-10),
        drums("hat", "hat open", "......x.........", "..........x.....", chance=0.5, level=-12), PERC, CRASH,
        bass("root", "sub, fm bass", "x.....x...x.....", "x..x......x..x..", "x...............", level=-3),
        tones("lead", "bell, pluck, lead, vox", *SYNC, "x...x..x..x.....", chance=0.8), PAD, ARPS, VOX,
    ), 1.3, tapped=((1.0, 0.7), (0.5, 0.3)), minor=0.95),
    "hip-hop": Groove((72, 102), (
        drums("kick", "kick live, kick 808, kick soft", "X..x....x.x.....", "X.....x..xx.....", "X......xx.......",
            "X.x....x..x..x.."),
        drums("snare", "snare live, clap, rim, snap", BACK, BACK, "....X..o.o..X...", level=-2),
        drums("hat", "hat, hat, shaker", EIGHTHS, SIXTEENTHS, "x.x.x.x.x.xxx.x.", "x.xox.x.x.xox.xo", level=-12), PERC,
        bass("root", "sub, long bass, pluck bass", "x..x....x.......", "x......x..x.....", "x.....x.........",
            "x.x....xx..x...."),
        tones("chord", "epiano, stab, pad", *CHORDS, chance=0.9, level=-9), tones("lead", "bell, epiano, vox, pluck", *SYNC,
            chance=0.4), PAD,
    ), 1.4, swing=(0, 0.35), loose=0.006, club=False, dirt=0.6),
    "downtempo": Groove((70, 110), (
        drums("kick", "kick soft, kick 808, kick live", "X.......x.......", "X..x......x.....", FOUR, "X.........x.....",
            chance=0.85),
        drums("snare", "rim, snare live, snap, clap", BACK, HALF, "....x.......x..2", chance=0.8, level=-5), TOP_HAT, PERC,
        bass("root", "sub, long bass, reese", HOLD, "x.......x.......", "x..x..x........."),
        tones("arp", "pluck, bell, epiano", *ARP, *SYNC, chance=0.7), tones("hold", "pad", HOLD, level=-9), LEAD, VOX,
    ), 1.3, swing=(0, 0.2), loose=0.003, club=False),
    "ambient": Groove((70, 120), (
        drums("kick", "kick soft, kick 808", "X.......X.......", FOUR, "X...............", chance=0.5, level=-5),
        drums("perc", "tick, block, rim, shaker", "x...x...x...x...", "..x...x...x...x.", "3.3.3.3.3.3.3.3.", chance=0.6,
            level=-12),
        bass("root", "sub, long bass", HOLD, "x.......x.......", chance=0.7),
        tones("hold", "pad", HOLD, level=-6), tones("arp", "pluck, bell, epiano", *ARP, level=-8), tones("lead",
            "bell, lead, vox", *SYNC, chance=0.4),
    ), 1.0, club=False, minor=0.5),
    "synthwave": Groove((80, 128), (
        drums("kick", "kick 909, kick live, kick 808", FOUR, "X.......X.......", "X.....x.X.......", "X.......X.x....."),
        drums("snare", "snare fat, snare 909, clap", BACK, BACK, level=-1), drums("hat", "hat", EIGHTHS, SIXTEENTHS, chance=0.7,
            level=-13),
        drums("perc", "tom", "............xxxx" + "." * 48, chance=0.4, level=-5), OFF_HAT, CRASH,
        bass("octaves", "saw bass, square bass, pluck bass", "xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x.", "x.xxx.xxx.xxx.xx"),
        tones("arp", "pluck, lead, bell", *ARP, chance=0.7), LEAD, PAD, tones("chord", "supersaw, stab", *CHORDS, chance=0.4),
    ), 1.4, club=False, minor=0.75),
    "eurodance": Groove((126, 160), (
        FOUR_KICK, CLAPS, OFF_HAT, TOP_HAT, CRASH, bass("root", "saw bass, square bass, fm bass", OFF, OFF, "..xx..xx..xx..xx",
            "x.xxx.xxx.xxx.xx"),
        tones("lead", "supersaw, lead, pluck", "x..x..x.x..x..x.", "x.xx.xx.x.x.x.x.", *SYNC, level=-6),
        tones("chord", "stab, supersaw", "..x...x...x...x.", *CHORDS, chance=0.7), PAD, VOX,
    ), 1.0, minor=0.85),
    "chiptune": Groove((100, 180), (
        drums("kick", "kick chip", FOUR, "X.....x.X.......", "X.......X.x.....", chance=0.8),
        drums("snare", "snare chip", BACK, "....X..2....X..2", chance=0.85, level=-2),
        drums("hat", "hat chip", EIGHTHS, SIXTEENTHS, OFF, chance=0.7, level=-12),
        bass("octaves", "chip bass, chip square", "x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.", "xxxxxxxxxxxxxxxx", "x.....x.x.x....."),
        tones("arp", "chip pulse, chip square", "xxxxxxxxxxxxxxxx", "x.xxx.xxx.xxx.xx", chance=0.8),
        tones("lead", "chip square, chip pulse", *SYNC, "x.x.x.xxx.x.x...", "x...x.x.x..xx...", chance=0.85, level=-5),
    ), 1.6, club=False, minor=0.5, dirt=0.1),
    "game waltz": Groove((100, 190), (
        drums("kick", "kick chip, kick soft, kick 909", "X...........", "X.......x...", "X.....x.....", chance=0.7),
        drums("snare", "snare chip, rim, snare 909", "....x...x...", "........x...", chance=0.6, level=-4),
        drums("hat", "hat chip, hat, shaker", "x.x.x.x.x.x.", "..x...x...x.", "x...x...x...", chance=0.6, level=-12),
        bass("root", "chip bass, long bass, sub", "x...........", "x.......x...", "x...x...x..."),
        tones("chord", "chip pulse, stab, epiano, pluck", "....x...x...", "....x...x...", "..x.x.x.x.x."),
        tones("lead", "lead, chip square, bell", "x.....x.x...", "x...x...x.x.", "x...x.x.x...", "x.......x...", chance=0.8,
            level=-5),
        tones("arp", "pluck, bell", "x.x.x.x.x.x.", "xxxxxxxxxxxx", chance=0.5),
    ), 0.9, meter=3, club=False, minor=0.5),
    "uk garage": Groove((126, 140), (
        drums("kick", "kick 909, kick live", "X.........x.....", "X.....x...x.....", "X..........x..3.", "X.......5.x....."),
        drums("snare", "snare 909, clap, rim, snap", BACK, "....X..3....X..5", "....X..o.2..X.2.", level=-1),
        drums("hat", "hat, shaker", "x.xox.xox.xox.xo", "..x..xx...x..xx.", OFF, "x5x.x5x.x5x.x5x.", level=-11), OFF_HAT, PERC,
        bass("root", "sub, reese, fm bass, square bass", "x..x..x...x..x..", "..x..x....x..x..", "x.....x..x......"),
        tones("chord", "epiano, stab", *CHORDS, chance=0.8), VOX, PAD, LEAD,
    ), 1.0, swing=(0.1, 0.4)),
    "footwork": Groove((155, 164), (
        drums("kick", "kick 808", "X..x..x.X..x..x.", "X..X..X..X..X...", "XX.x..X...x..x..", level=1),
        drums("snare", "clap, snare 909, rim", "............X...", "....x.......X...", "......x.....X..."),
        drums("hat", "hat, hat open", "..x...x...x...x.", "x.xrx.x.x.xrx.x.", level=-11), PERC, bass("root", "sub", TRESILLO,
            HOLD),
        tones("lead", "vox, epiano", "x..x..x..x..x.x.", "5.55.5.5", level=-8), PAD,
    ), 0.4, tapped=((1.0, 0.9), (0.5, 0.1))),
    "idm": Groove((80, 160), (
        drums("kick", "kick 909, kick 808, zap, kick soft", "X..5..4.3.x..4..", "X....5..x..5....", "X.5..x...5.x..5."),
        drums("snare", "snare live, snare chip, rim, snap", "....X..3.3..X..r", "...3X.....5.X.3.", "........X..5..3r", level=-2),
        drums("hat", "hat, tick, hat chip", "x5r5x555x5r5x555", "xoxrxoxoxrxoxoxo", "5555555555555555", level=-11), PERC,
        drums("perc", "tick, zap, block, tom", "3434343434343434", level=-12),
        bass("riff", "reese, fm bass, acid, sub", "x.5..5..x.5...5.", *SYNC), ARPS, PAD, tones("lead", "bell, pluck", *SYNC,
            chance=0.6),
    ), 0.9, chopped=0.3, club=False, dirt=0.4),
    "drum machine": Groove((80, 150), (
        drums("kick", "kick 808, kick 909, kick live, kick chip", FOUR, "X.....x.X.......", "X..x....X.x.....",
            "X.......X..x....", "X.......XX......"),
        drums("snare", "snare 909, clap, snare live, rim", BACK, "....X..2.1..X..2", level=-2), OFF_HAT,
        drums("hat", "hat, shaker", EIGHTHS, SIXTEENTHS, "x.xxx.xxx.xxx.xx", level=-11),
        drums("perc", "cowbell, conga, tom, block, clap", "3..3..3...3..3..", "x.....x..x......", "..x.x...x..x....",
            chance=0.7, level=-9), PERC,
        bass("root", "sub, acid, square bass", *SYNC, chance=0.35),
    ), 1.5, swing=(0, 0.3), club=False, dirt=0.3),
    "hand drums": Groove((70, 130), (
        drums("kick", "tabla low, conga", "X.....x.X.......", "X.......X..x..x.", "X..x..x.....x...", "X.......x.x....."),
        drums("snare", "tabla high, conga", "..xx..x...xx..xx", "x.x.X.x.x.x.X.xx", "..x.x.x.5.x.xxx5", "x5xxX5x5x5xxX5x5",
            level=-1),
        drums("perc", "conga, block, tabla high, rim", "3.3.3.3.3.3.3.3.", "x..x..x...x.x...", "5555555555555555", chance=0.6,
            level=-6),
        drums("hat", "shaker, tick", EIGHTHS, SIXTEENTHS, chance=0.5, level=-12),
        bass("root", "sub, long bass", HOLD, "x.......x.......", chance=0.25), tones("hold", "pad", HOLD, chance=0.2, level=-12),
    ), 1.2, swing=(0, 0.15), loose=0.006, club=False),
    "triplets": Groove((84, 150), (
        drums("kick", "kick 909, kick hard, kick 808, kick live", "X..X..X..X..", "X..X..X..X.3", "X.....X....."),
        drums("snare", "clap, snare 909, snare live", "...X.....X..", "......X.....", chance=0.8, level=-3),
        drums("hat", "hat, hat open, shaker", "x.xx.xx.xx.x", "xooxooxooxoo", "..x..x..x..x", chance=0.85, level=-11),
        bass("root", "saw bass, sub, square bass, reese", "..x..x..x..x", "x.xx.xx.xx.x", ".xx.xx.xx.xx", "x...........",
            chance=0.9),
        tones("arp", "pluck, bell, supersaw, chip square", "xxxxxxxxxxxx", "x.xx.xx.xx.x", chance=0.75),
        tones("chord", "stab, epiano, supersaw", "x.....x.....", "..x..x..x..x", "x...........", "x..x.xx..x.x", chance=0.5),
        tones("lead", "lead, bell, vox, chip square", "x.xx..x.x...", "x..x.xx.....", chance=0.6), tones("hold", "pad",
            "x...........", chance=0.5, level=-14),
    ), 0.8, beat=3, club=False, dirt=0.3),
}  # fmt: skip
