"""What the metal band plays, as step patterns: x a stroke, o a soft one, . none; a bar is so many steps whatever its length.

16 steps are a bar of 4/4, 12 a bar of 3/4, of 6/8 or of 4/4 in triplets. In `skank`, `turned` and `d-beat` the annotated beat has
the kick and the snare falls between: that is how their charts count, and what a tracker gets wrong. In `slow sixteenths` it is
the slow beat, whatever runs over it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Groove:
    """A bar of drums, with the guitar figures that go with it."""

    kick: str
    snare: str
    cymbal: str
    riffs: tuple[str, ...]  # figures of the guitars: names that metal.py knows


E8, E4, OFF, E16 = "x.o.x.o.x.o.x.o.", "x...x...x...x...", "..x...x...x...x.", "xoxoxoxoxoxoxoxo"
BACK, HALF = "....x.......x...", "........x......."

GROOVES: dict[str, tuple[Groove, ...]] = {
    "rock": (
        Groove("x.....x.x.......", BACK, E8, ("sustain", "accent", "power")),
        Groove("x.x.....x.x...x.", BACK, E8, ("accent", "power", "sustain")),
        Groove("x..x..x.x..x....", BACK, E4, ("accent", "kick")),
        Groove("x.......x.......", BACK, E8, ("power", "sustain")),
        Groove("x.....x...x.....", BACK, OFF, ("power", "accent")),
    ),
    "punk": (
        Groove("x.......x.x.....", BACK, E8, ("power", "sustain")),
        Groove("x.x...x.x.x...x.", BACK, E8, ("power", "tremolo")),
        Groove("x...x...x...x...", "..x...x...x...x.", E4, ("power", "tremolo")),
    ),
    "d-beat": (
        Groove("x..x..x.x..x..x.", "..x..x....x..x..", E4, ("power", "tremolo")),
        Groove("x.....x.x.x.....", "....x.......x...", E4, ("power", "tremolo")),
    ),
    "skank": (
        Groove("x...x...x...x...", "..x...x...x...x.", E4, ("chug16", "gallop", "tremolo", "chug8")),
        Groove("x...x...x...x...", "..x...x...x...x.", "x.x.x.x.x.x.x.x.", ("chug16", "gallop", "accent")),
        Groove("x..xx..xx..xx..x", "..x...x...x...x.", OFF, ("gallop", "chug16")),
    ),
    "thrash": (
        Groove("x.x...x.x.x...x.", BACK, E8, ("chug16", "gallop", "accent")),
        Groove("x.xxx.xxx.xxx.xx", BACK, E4, ("gallop", "kick")),
    ),
    "blast": (
        Groove("x.x.x.x.x.x.x.x.", ".x.x.x.x.x.x.x.x", "x.x.x.x.x.x.x.x.", ("tremolo", "sustain")),
        Groove("x.x.x.x.x.x.x.x.", "x.x.x.x.x.x.x.x.", "x.x.x.x.x.x.x.x.", ("tremolo", "chug16")),
        Groove("xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x.", E4, ("tremolo", "sustain")),
        Groove("xxxxxxxxxxxxxxxx", "..x...x...x...x.", "x.x.x.x.x.x.x.x.", ("tremolo", "chug16")),
    ),
    "slow blast": (
        Groove("x.x.x.x.x.x.x.x.", "..x...x...x...x.", "x.x.x.x.x.x.x.x.", ("tremolo",)),
        Groove("x...x...x...x...", "..x...x...x...x.", "x...x...x...x...", ("tremolo", "sustain")),
    ),
    "double bass": (
        Groove("xxxxxxxxxxxxxxxx", BACK, E8, ("tremolo", "chug16", "sustain")),
        Groove("xxxxxxxxxxxxxxxx", BACK, E4, ("sustain", "accent")),
        Groove("xxxxxxxxxxxxxxxx", HALF, E4, ("sustain", "chug16")),
        Groove("x.xxx.xxx.xxx.xx", BACK, E4, ("gallop", "kick")),
        Groove("xxxx..x.xxxx..x.", BACK, E8, ("kick",)),
    ),
    "breakdown": (
        Groove("x..x..x...x.x...", HALF, E4, ("kick",)),
        Groove("x.xx....x.x..x..", HALF, E4, ("kick",)),
        Groove("x.....x...xx....", HALF, E8, ("kick", "sustain")),
        Groove("xx..x..xx..x..x.", HALF, E4, ("kick",)),
    ),
    "nu": (
        Groove("x..x......xx....", BACK, E8, ("kick", "accent")),
        Groove("x.....xx..x.....", BACK, OFF, ("kick", "sustain")),
        Groove("x.x...x..xx...x.", BACK, E16, ("kick",)),
    ),
    "doom": (
        Groove("x.......x.....x.", BACK, E4, ("sustain",)),
        Groove("x.......x.......", BACK, E8, ("sustain", "accent")),
        Groove("x.....x.x.......", BACK, E4, ("sustain", "kick")),
    ),
    "ballad": (
        Groove("x.......x.x.....", BACK, E8, ("arpeggio", "sustain")),
        Groove("x.....x.x.......", BACK, E8, ("arpeggio", "sustain")),
        Groove("x.........x.....", BACK, E4, ("sustain", "arpeggio")),
    ),
    "slow sixteenths": (  # a slow beat under feet or hats that run
        Groove("xxxxxxxxxxxxxxxx", BACK, E8, ("sustain", "accent")),
        Groove("x.xxx.xxx.xxx.xx", BACK, E16, ("kick", "gallop")),
        Groove("x..x..x.x..x..x.", BACK, E16, ("kick", "sustain")),
        Groove("x.....xxx.....xx", BACK, E16, ("accent", "sustain")),
    ),
    "turned": (  # as the skank, the snare between, in half the steps
        Groove("x...x...x...x.x.", "..x...x...x...x.", OFF, ("power", "tremolo")),
        Groove("x...x..xx...x..x", "..x...x...x...x.", E8, ("chug8", "power")),
        Groove("x.......x.......", "..x...x...x...x.", E4, ("sustain", "power")),
        Groove("x...x...x...x...", "..x...x...x..xx.", E4, ("chug16", "kick")),
    ),
    "six": (
        Groove("x...........", "......x.....", "x.x.x.x.x.x.", ("sustain", "arpeggio")),
        Groove("x.....x...x.", "......x.....", "x.....x.....", ("kick", "sustain")),
        Groove("xxxxxxxxxxxx", "......x.....", "x.x.x.x.x.x.", ("tremolo", "sustain")),
    ),
    "machine": (
        Groove("x...x...x...x...", BACK, OFF, ("chug16", "kick", "chug8")),
        Groove("x...x...x...x.x.", BACK, E16, ("chug16", "accent")),
    ),
    "shuffle": (
        Groove("x....xx.....", "...x.....x..", "x.ox.ox.ox.o", ("power", "sustain", "kick")),
        Groove("x.xx.xx.xx.x", "...x.....x..", "x..x..x..x..", ("kick", "chug16")),
        Groove("xxxxxxxxxxxx", "...x.....x..", "x..x..x..x..", ("tremolo", "chug16")),
    ),
    "three": (
        Groove("x.......x...", "....x.......", "x.o.x.o.x.o.", ("sustain", "arpeggio")),
        Groove("x.....x.....", "....x...x...", "x.o.x.o.x.o.", ("sustain", "power")),
        Groove("x.x...x.x...", "........x...", "x...x...x...", ("kick", "sustain")),
    ),
}


@dataclass(frozen=True, slots=True)
class Style:
    """What a kind of band plays and how fast."""

    bpm: tuple[float, float]
    grooves: tuple[str, ...]  # the first is the commonest
    drive: tuple[float, float]  # of the guitars, 0..1
    voice: str  # growl, scream, sung or none
    jitter: tuple[float, float]  # s, of human hands
    weight: float
    meter: int = 4


STYLES: dict[str, Style] = {
    "rock": Style((95, 150), ("rock", "rock", "ballad"), (0.5, 0.8), "sung", (0.003, 0.012), 2.0),
    "grunge": Style((90, 135), ("rock", "doom"), (0.6, 0.9), "sung", (0.004, 0.014), 1.0),
    "punk": Style((150, 200), ("punk", "rock"), (0.6, 0.9), "scream", (0.004, 0.014), 1.2),
    "hardcore": Style((140, 190), ("d-beat", "punk", "breakdown"), (0.7, 1.0), "scream", (0.004, 0.012), 0.8),
    "thrash": Style((135, 185), ("skank", "thrash", "skank", "double bass"), (0.8, 1.0), "scream", (0.002, 0.010), 2.2),
    "death metal": Style((160, 215), ("blast", "double bass", "skank", "breakdown"), (0.8, 1.0), "growl", (0.001, 0.007), 2.2),
    "black metal": Style((140, 200), ("slow blast", "blast", "double bass"), (0.8, 1.0), "scream", (0.002, 0.012), 1.2),
    "metalcore": Style((120, 180), ("breakdown", "thrash", "double bass", "skank"), (0.8, 1.0), "growl", (0.001, 0.006), 1.2),
    "nu metal": Style((85, 125), ("nu", "rock", "breakdown"), (0.7, 1.0), "scream", (0.002, 0.008), 1.0),
    "power metal": Style((120, 180), ("double bass", "rock", "thrash"), (0.7, 0.9), "sung", (0.002, 0.008), 1.2),
    "doom": Style((58, 84), ("doom", "doom", "breakdown"), (0.8, 1.0), "growl", (0.003, 0.015), 1.0),
    "ballad": Style((62, 105), ("ballad", "rock"), (0.3, 0.7), "sung", (0.003, 0.010), 1.6),
    "industrial": Style((100, 145), ("machine", "nu"), (0.7, 1.0), "scream", (0.0, 0.002), 0.8),
    "shuffle rock": Style((95, 160), ("shuffle",), (0.5, 0.9), "sung", (0.003, 0.012), 0.8),
    "metal waltz": Style((90, 170), ("three",), (0.5, 0.9), "sung", (0.003, 0.010), 0.7, 3),
    "sludge": Style((58, 96), ("slow sixteenths", "slow sixteenths", "doom"), (0.6, 1.0), "growl", (0.002, 0.012), 2.0),
    "skate punk": Style((140, 218), ("turned", "skank", "turned", "d-beat"), (0.5, 0.9), "sung", (0.003, 0.012), 2.4),
    "metal in six": Style((118, 196), ("six",), (0.4, 0.9), "sung", (0.003, 0.010), 1.0, 6),
}
