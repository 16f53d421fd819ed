"""Random compositions for two hands, in the textures that classical piano music is made of; no tempo yet.

A score is bars of beats. Every bar has one or two chords of a key; the left hand spreads them in its texture, the right hand has
a melody made from a few rhythmic cells (so that it sounds like itself), runs, or broken chords. Positions and lengths are
in beats; a beat of a compound metre is split in three.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11)
# Where a chord goes next: degrees from 0, the tonic.
NEXT = {0: (3, 4, 5, 1, 4, 0), 1: (4, 4, 6), 2: (5, 3), 3: (4, 0, 1), 4: (0, 0, 5), 5: (1, 3, 4), 6: (0,)}
LEFT = ("alberti", "waltz", "arpeggio", "wide", "block", "repeated", "march", "walking", "offbeat", "bare", "drone", "octaves")
RIGHT = ("melody", "melody", "melody", "running", "broken", "chords", "sparse")
PAIRS = {  # usual marriages: (left, right), by name of the whole
    "sonatina": (("alberti", "melody"), ("repeated", "melody"), ("alberti", "running"), ("block", "running")),
    "waltz": (("waltz", "melody"), ("waltz", "chords"), ("waltz", "running")),
    "nocturne": (("wide", "melody"), ("arpeggio", "melody"), ("wide", "sparse")),
    "invention": (("walking", "running"), ("running", "walking"), ("walking", "melody"), ("running", "melody")),
    "chorale": (("block", "chorale"), ("walking", "chorale")),
    "march": (("march", "chords"), ("march", "melody"), ("octaves", "chords")),
    "etude": (("block", "running"), ("octaves", "broken"), ("block", "broken"), ("running", "chords")),
    "romance": (("offbeat", "melody"), ("repeated", "chords"), ("arpeggio", "chords"), ("broken", "sparse")),
    "prelude": (("bare", "broken"), ("arpeggio", "broken"), ("bare", "running"), ("wide", "bare")),
    "free": tuple((a, b) for a in LEFT for b in RIGHT[2:]),
}
SPEED = {  # beats a minute, at which it is played: lowest, highest
    "sonatina": (95, 165), "waltz": (100, 200), "nocturne": (48, 92), "invention": (62, 112), "chorale": (50, 96),
    "march": (88, 138), "etude": (76, 144), "romance": (55, 110), "prelude": (55, 110), "free": (55, 150),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the score."""

    beat: float
    length: float
    key: int
    weight: float  # -1 soft .. 1 accented, beside the phrase's dynamics
    right: bool  # of the right hand


@dataclass(frozen=True, slots=True)
class Score:
    """A whole piece on paper."""

    notes: tuple[Note, ...]
    bars: int
    meter: int
    split: int  # 2 or 3: what a beat is made of
    phrase: int  # bars
    name: str
    chords: tuple[float, ...]  # beats at which the harmony changes: where the pedal is lifted


@dataclass(frozen=True, slots=True)
class _Frame:
    """One stretch of one chord."""

    rng: Generator
    beat: float
    length: int  # beats
    chord: tuple[int, ...]  # pitch classes: root, third, fifth (and seventh)
    scale: tuple[int, ...]  # pitch classes
    split: int
    fast: int  # notes a beat of what runs


def compose(rng: Generator, bars: int) -> Score:
    """So many bars of some kind of music."""
    name = str(rng.choice(list(PAIRS), p=_shares()))
    meter, split = _metre(rng, name)
    minor, tonic, phrase = (
        rng.random() < 0.45,
        int(rng.integers(12)),
        int(rng.choice([4, 4, 8, 3, 5], p=[0.5, 0.2, 0.2, 0.05, 0.05])),
    )
    scale = tuple((tonic + s) % 12 for s in (MINOR if minor else MAJOR))
    harmony = _harmony(rng, bars, phrase, meter)
    cells = _cells(rng, split)
    fast = (6 if rng.random() < 0.15 else 3) if split == 3 else int(rng.choice([4, 4, 4, 3, 2]))
    notes: list[Note] = []
    changes: list[float] = []
    pair, middle = PAIRS[name][0], 74.0 + rng.uniform(-5, 5)
    line = middle
    for bar in range(bars):
        if bar % (2 * phrase) == 0:
            pair = PAIRS[name][int(rng.integers(len(PAIRS[name])))]
            middle = 74.0 + rng.uniform(-7, 8)
        for start, length, degree in harmony[bar]:
            chord = tuple(scale[(degree + step) % 7] for step in ((0, 2, 4, 6) if rng.random() < 0.2 else (0, 2, 4)))
            frame = _Frame(rng, bar * meter + start, length, chord, scale, split, fast)
            changes.append(frame.beat)
            closing = (bar + 1) % phrase == 0 and rng.random() < 0.6
            notes += _left(frame, pair[0], 48 + (0 if pair[1] != "bare" else 12), closing)
            line = _right(frame, pair[1], line, middle, cells, closing, notes)
    return Score(tuple(notes), bars, meter, split, phrase, name, tuple(changes))


def _shares() -> list[float]:
    raw = {"free": 2.0, "nocturne": 1.5, "sonatina": 1.5, "invention": 1.3, "etude": 1.2}
    values = [raw.get(n, 1.0) for n in PAIRS]
    return [v / sum(values) for v in values]


def _metre(rng: Generator, name: str) -> tuple[int, int]:
    """Beats a bar, and what a beat is made of. 6/8 is two beats of three; slow, it is felt in six."""
    if name == "waltz":
        return 3, 2
    if name == "march":
        return int(rng.choice([2, 4])), 2
    way = rng.random()
    if way < 0.17:
        return (6, 2) if way < 0.05 else (2, 3) if way < 0.14 else (4, 3)
    return int(rng.choice([4, 3, 2], p=[0.5, 0.28, 0.22])), 2


def _harmony(rng: Generator, bars: int, phrase: int, meter: int) -> list[list[tuple[int, int, int]]]:
    """For every bar its chords: (first beat, beats, degree). Phrases end on the dominant or at home."""
    out, degree, quick = [], 0, rng.random() < 0.3 and meter in (4, 6)
    for bar in range(bars):
        if bar % phrase == 0:
            degree = 0 if rng.random() < 0.7 else 5
        elif (bar + 1) % phrase == 0:
            degree = 0 if (bar // phrase) % 2 else 4
        halves = [(0, meter)] if not quick or rng.random() < 0.4 else [(0, meter // 2), (meter // 2, meter // 2)]
        row = []
        for start, length in halves:
            row.append((start, length, degree))
            degree = int(rng.choice(NEXT[degree]))
        out.append(row)
    return out


def _cells(rng: Generator, split: int) -> list[tuple[float, ...]]:
    """Rhythms of one or two beats of which this piece's melodies are made."""
    third = 1 / 3
    of_two = [
        *((1,), (0.5, 0.5), (0.75, 0.25), (1, 1), (1.5, 0.5), (0.5, 0.25, 0.25), (2,), (0.25,) * 4),
        *((0.25, 0.25, 0.5), (third,) * 3, (0.5, 1, 0.5), (0.25, 0.75), (1, 0.5, 0.5)),
    ]
    of_three = [
        (1,),
        (2 * third, third),
        (third, third, third),
        (1, 2 * third, third),
        (2,),
        (third,) * 6,
        (0.5, third / 2, third),
    ]
    pool = of_three if split == 3 else of_two
    return [pool[min(len(pool) - 1, int(rng.exponential(len(pool) / 3)))] for _ in range(int(rng.integers(3, 6)))]


def _near(pitch_class: int, key: float) -> int:
    """The key of this pitch class that is nearest."""
    return round(key) + (pitch_class - round(key) + 6) % 12 - 6


def _spread(f: _Frame, lowest: int) -> list[int]:
    """The chord's keys from `lowest` up, two octaves of them."""
    return sorted(_near(pc, lowest + 6) + octave for pc in f.chord[:3] for octave in (0, 12))


def _left(f: _Frame, texture: str, around: int, closing: bool) -> list[Note]:
    """The left hand under one chord."""
    keys, bass = _spread(f, around - 2), _near(f.chord[0], around - 8)
    beats = range(f.length)
    n = len(beats)

    def at(place: float, length: float, *which: int, weight: float = 0.0) -> list[Note]:
        return [Note(f.beat + place, length, k, weight, False) for k in which]

    if closing and texture not in ("running", "walking"):
        texture = "block"
    if texture == "alberti":
        order = (0, 2, 1, 2)
        per = f.fast if f.split == 3 else 4 if f.fast >= 4 and f.length <= 2 else 2
        return [x for i in range(n * per) for x in at(i / per, 1 / per, keys[order[i % 4] if f.split == 2 else (0, 1, 2)[i % 3]])]
    if texture in ("waltz", "march"):
        out: list[Note] = []
        for b in beats:
            first = b == 0 if texture == "waltz" else b % 2 == 0
            out += (
                at(b, 0.9, bass if b % 4 == 0 else _near(f.chord[2], bass), weight=0.3)
                if first
                else at(b, 0.6, *keys[1:4], weight=-0.3)
            )
            if texture == "march" and n == 2 and f.rng.random() < 0.3:
                out += at(b + 0.5, 0.4, *keys[1:3], weight=-0.4)
        return out
    if texture in ("arpeggio", "wide", "broken"):
        per = 3 if f.split == 3 else 2 if texture == "wide" or f.fast == 2 else f.fast
        row = [bass, *(k for k in keys if k > bass)] if texture == "wide" else [keys[0] - 12, *keys]
        turn = row + row[-2:0:-1]
        return [x for i in range(n * per) for x in at(i / per, 1 / per, turn[i % len(turn)], weight=0.2 if i == 0 else -0.2)]
    if texture in ("running", "octaves"):
        if texture == "octaves":
            return [x for b in beats if b % 2 == 0 or f.rng.random() < 0.5 for x in at(b, 0.9, bass, bass - 12, weight=0.2)]
        return _run(f, float(bass), False)[0]
    if texture == "walking":
        step, line, out = (0.5 if f.split == 2 and f.rng.random() < 0.5 else 1.0), float(bass), []
        for i in range(int(n / step)):
            line = (
                float(np.clip(_near(int(f.rng.choice(f.scale)), line + f.rng.choice([-3, -2, 2, 3])), 34, 62))
                if i
                else float(bass)
            )
            out += at(i * step, step * 0.95, round(line))
        return out
    if texture in ("repeated", "offbeat"):
        per = 3 if f.split == 3 else 2 if f.fast != 3 else 3
        places = [i / per for i in range(n * per) if texture == "repeated" or i % per]
        return at(0, f.length, bass) + [x for p in places for x in at(p, 0.8 / per, *keys[1:4], weight=-0.4)]
    if texture == "drone":
        return [x for b in beats for x in at(b, 0.95, keys[0], keys[2], weight=-0.1)]
    if texture == "bare":
        return at(0, f.length, bass)
    return at(0, f.length * 0.97, bass, *keys[: int(f.rng.integers(1, 4))])  # block


def _run(f: _Frame, line: float, right: bool) -> tuple[list[Note], float]:
    """Scales in the piece's fastest notes, that meet the chord on the beats."""
    out, way = [], float(f.rng.choice([-1, 1]))
    lowest, highest = (58, 96) if right else (34, 64)
    for i in range(f.length * f.fast):
        if i % f.fast == 0:
            line = _near(int(f.rng.choice(f.chord)), line)
            way = float(f.rng.choice([-1, 1]))
        else:
            steps = [k for k in range(round(line) - 3, round(line) + 4) if k % 12 in f.scale and (k - line) * way > 0]
            line = steps[0] if way > 0 and steps else steps[-1] if steps else line
        way = -1.0 if line > highest else 1.0 if line < lowest else way
        out.append(Note(f.beat + i / f.fast, 0.95 / f.fast, round(line), 0.2 if i % f.fast == 0 else -0.2, right))
    return out, line


def _right(
    f: _Frame, texture: str, line: float, middle: float, cells: list[tuple[float, ...]], closing: bool, notes: list[Note]
) -> float:
    """Write the right hand over one chord; where its line has come to."""
    if texture == "running":
        run, line = _run(f, line, True)
        notes += run
        return line
    if texture == "broken":
        keys = [k + 12 for k in _spread(f, round(middle) - 12)]
        order = f.rng.permutation(4)
        row = [keys[int(order[i % 4])] for i in range(f.fast)] if f.fast > 2 else keys[:3]
        notes += [
            Note(f.beat + i / f.fast, 1 / f.fast, row[i % len(row)], 0.3 if i % f.fast == 0 else -0.3, True)
            for i in range(f.length * f.fast)
        ]
        return line
    if texture in ("chorale", "walking", "bare"):
        step = 1 if texture == "chorale" else 2
        for b in range(0, f.length, step):
            line = _near(int(f.rng.choice(f.chord)), line + f.rng.choice([-3, 0, 3]) - 0.15 * (line - middle))
            below = [_near(pc, line - 5 - 3 * i) for i, pc in enumerate(f.chord[:3])] if texture == "chorale" else []
            notes += [Note(f.beat + b, step * 0.97, k, 0.1, True) for k in {round(line), *below}]
        return line
    place = 0.0
    if texture == "sparse" and f.rng.random() < 0.4:
        place = float(f.rng.choice([0.5 if f.split == 2 else 1 / 3, 1.0]))
    while place < f.length - 1e-6:
        cell = (
            (float(f.length),)
            if closing or (texture == "sparse" and f.rng.random() < 0.4)
            else cells[int(f.rng.integers(len(cells)))]
        )
        for part in cell:
            length = min(part, f.length - place)
            if length <= 1e-6:
                break
            strong = abs(place - round(place)) < 1e-6
            target = line + f.rng.choice([-5, -2, -1, 1, 2, 5]) - 0.12 * (line - middle)
            line = _near(int(f.rng.choice(f.chord if strong else f.scale)), target)
            if f.rng.random() > (0.05 if strong else 0.1):
                keys = {line}
                if texture == "chords":
                    keys |= {_near(pc, line - 5) for pc in f.chord[:2]} if f.rng.random() < 0.7 else {line - 12}
                notes += [Note(f.beat + place, length, round(k), 0.25 if strong else 0.0, True) for k in keys]
            place += length
    return line
