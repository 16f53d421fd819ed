"""What the band plays beside the drums: chords of a key, bass lines, comping, melody, horns; from rows (band_styles.py) to notes.

Positions and lengths are in beats, keys are those of MIDI (60 is the middle C). Everything is drawn from the passed generator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

_DEGREES = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_CHORD = re.compile(r"(b?)([ivIV]+)(maj7|7)?")


@dataclass(frozen=True, slots=True)
class Note:
    """One note of the band."""

    position: float  # beats
    length: float  # beats
    key: int
    loud: float  # 0..1
    delay: float = 0.0  # s: the strings of a strum, around its middle


@dataclass(frozen=True, slots=True)
class Chord:
    """Semitones above the key's first degree."""

    root: int
    tones: tuple[int, ...]  # from the root, rising


def parse_chord(text: str) -> Chord:
    """ "bVII7" -> the chord. ValueError: not written so."""
    match = _CHORD.fullmatch(text)
    if match is None or match[2].lower() not in _DEGREES:
        raise ValueError(f"not a chord: {text!r} (a degree I..VII, b before, 7 or maj7 behind)")
    root = _DEGREES[match[2].lower()] - (match[1] == "b")
    tones = (0, 3 if match[2].islower() else 4, 7)
    return Chord(root, tones + {"maj7": (11,), "7": (10,)}.get(match[3] or "", ()))


def chords_of(progression: str, meter: int) -> list[tuple[float, Chord]]:
    """(beat within the progression, chord) of "I IV/V"."""
    out = []
    for bar, cell in enumerate(progression.split()):
        parts = cell.split("/")
        out += [(bar * meter + i * meter / len(parts) // 1, parse_chord(p)) for i, p in enumerate(parts)]
    return out


@dataclass(frozen=True, slots=True)
class Harmony:
    """A progression that goes round, in a key."""

    key: int  # 0..11
    chords: tuple[tuple[float, Chord], ...]
    length: int  # beats

    def at(self, position: float) -> Chord:
        """The chord that sounds at a beat."""
        within = position % self.length + 1e-6
        return [c for begin, c in self.chords if begin <= within][-1]


def harmony(rng: np.random.Generator, progression: str, meter: int) -> Harmony:
    """The progression in a key drawn by chance."""
    return Harmony(int(rng.integers(12)), tuple(chords_of(progression, meter)), meter * len(progression.split()))


def _cells(row: str, bar: int, steps: int) -> list[tuple[int, str, int]]:
    """(step, sign, steps it holds) of one bar of a row; rests and holds left out."""
    begin = (bar * steps) % len(row)
    cut = row[begin : begin + steps]
    out = []
    for step, sign in enumerate(cut):
        if sign not in ".-":
            rest = cut[step + 1 :]
            out.append((step, sign, 1 + len(rest) - len(rest.lstrip("-"))))
    return out


def bass_bar(
    rng: np.random.Generator, row: str, bar: int, meter: int, grid: int, tune: Harmony, kicks: list[float]
) -> list[Note]:
    """One bar of bass; `kicks`: beats of the bass drum in it, for the row "kick"."""
    if row == "walk":
        return _walk(rng, bar, meter, tune)
    if row == "kick":
        return _with_kicks(rng, bar, meter, tune, kicks)
    out = []
    for step, sign, holds in _cells(row, bar, meter * grid):
        at = bar * meter + step / grid
        if sign in "rpon" and rng.uniform() > (0.75 if sign == "n" else 0.5):
            continue
        chord = tune.at(at)
        root = _low(tune.key + chord.root)
        if sign == "n":
            key = _low(tune.key + tune.at((bar + 1) * meter).root) + int(rng.choice([-2, -1, 1, 2]))
        else:
            third = chord.tones[1]
            key = (
                root
                + {
                    "R": 0,
                    "r": 0,
                    "3": third,
                    "5": 7,
                    "p": 7,
                    "7": chord.tones[3] if len(chord.tones) > 3 else 10,
                    "8": 12,
                    "o": 12,
                }[sign]
            )
        out.append(
            Note(
                at,
                holds / grid * rng.uniform(0.7, 0.98),
                key,
                rng.uniform(0.75, 1.0) if step % grid == 0 else rng.uniform(0.6, 0.95),
            )
        )
    return out


def _low(pitch: int) -> int:
    """The pitch class in the bass's octave, 28..39."""
    return 28 + (pitch - 28) % 12


def _walk(rng: np.random.Generator, bar: int, meter: int, tune: Harmony) -> list[Note]:
    """A note a beat: the root where the chord changes, chord tones and steps between, a step into the next chord."""
    out = []
    previous: Chord | None = None
    for beat in range(meter):
        at = bar * meter + beat
        chord, coming = tune.at(at), tune.at(at + 1)
        if beat == 0 or chord != previous:
            offset = 0
        elif coming != chord or beat == meter - 1:
            offset = (coming.root - chord.root + 6) % 12 - 6 + int(rng.choice([-1, 1, 1, 2, -2]))
        else:
            offset = int(rng.choice([*chord.tones, 12, 2, 5]))
        previous = chord
        out.append(Note(float(at), rng.uniform(0.75, 0.98), _low(tune.key + chord.root) + offset, rng.uniform(0.75, 1.0)))
        if rng.uniform() < 0.07:
            out.append(Note(at + 2 / 3, 0.25, out[-1].key, 0.55))
    return out


def _with_kicks(rng: np.random.Generator, bar: int, meter: int, tune: Harmony, kicks: list[float]) -> list[Note]:
    """The root wherever the bass drum falls, held to the next."""
    ends = [*kicks[1:], float((bar + 1) * meter)]
    out = []
    for at, end in zip(kicks, ends, strict=True):
        root = _low(tune.key + tune.at(at).root)
        out.append(
            Note(
                at, min(end - at, 2.0) * rng.uniform(0.6, 0.97), root + int(rng.choice([0, 0, 0, 0, 7, 12])), rng.uniform(0.75, 1)
            )
        )
    return out


def voiced(tune: Harmony, chord: Chord, low: int, spread: int) -> list[int]:
    """The chord's keys upward from about `low`, `spread` of them (doubled in octaves where it has fewer)."""
    classes = sorted((tune.key + chord.root + t - low) % 12 for t in chord.tones)
    return [low + classes[i % len(classes)] + 12 * (i // len(classes)) for i in range(spread)]


def comp_bar(
    rng: np.random.Generator, row: str, bar: int, meter: int, grid: int, tune: Harmony, low: int, strum: float
) -> list[Note]:
    """One bar of chords or broken chords; `strum`: s from one string to the next."""
    out = []
    for step, sign, holds in _cells(row, bar, meter * grid):
        at = bar * meter + step / grid
        if sign == "o" and rng.uniform() > 0.55:
            continue
        keys = voiced(tune, tune.at(at), low, 6)
        length = holds / grid * rng.uniform(0.6, 0.97)
        loud = rng.uniform(0.8, 1.0) if sign == "X" else rng.uniform(0.55, 0.8)
        if sign.isdigit():
            out.append(Note(at, max(length, 1.5 / grid), keys[int(sign) - 1], loud))
            continue
        keys = keys[2:5] if sign == "u" else keys[: int(rng.integers(3, 6)) if strum else 4]
        order = reversed(keys) if sign == "u" else keys
        out += [Note(at, length, key, loud, (i - (len(keys) - 1) / 2) * strum) for i, key in enumerate(order)]
    return out


@dataclass(frozen=True, slots=True)
class Singer:
    """How a melody goes: what a player of it keeps through a song."""

    density: float  # notes a beat, at most the grid
    on_beats: float  # odds that a phrase prefers beats to off-beats
    low: int
    rests: float  # share of bars without it


def melody_bar(
    rng: np.random.Generator, who: Singer, bar: int, meter: int, grid: int, tune: Harmony, key: int
) -> tuple[list[Note], int]:
    """One bar of a line and the key it ends on: mostly steps of the scale, chord tones where notes are long."""
    if rng.uniform() < who.rests:
        return [], key
    steps = meter * grid
    weight = np.array(
        [1.0 if s % grid == 0 else (1 - who.on_beats) * (1.0 if (2 * s) % grid == 0 else 0.6) for s in range(steps)]
    )
    chosen = np.flatnonzero(rng.uniform(size=steps) < np.clip(weight * who.density / grid * 2, 0, 0.95))
    out = []
    for i, step in enumerate(chosen):
        at = bar * meter + int(step) / grid
        chord = tune.at(at)
        scale = {0, 2, 5, 7, 9, 4 if chord.tones[1] == 4 else 3, 10}
        until = (int(chosen[i + 1]) if i + 1 < len(chosen) else steps) - int(step)
        key = int(np.clip(key + rng.integers(-4, 5), who.low, who.low + 21))
        allowed = {(tune.key + chord.root + t) % 12 for t in (chord.tones if until >= grid else scale)}
        while key % 12 not in allowed:
            key += 1
        out.append(Note(at, until / grid * rng.uniform(0.5, 0.98), key, rng.uniform(0.65, 1.0)))
    return out, key


def horn_row(rng: np.random.Generator, steps: int, grid: int) -> str:
    """A figure for the horns: few stabs, some held."""
    row = ["."] * steps
    for step in sorted(rng.choice(steps, int(rng.integers(1, 5)), replace=False)):
        row[step] = str(rng.choice(["X", "x"]))
        if rng.uniform() < 0.3:
            for held in range(step + 1, min(steps, step + 1 + int(rng.integers(1, 2 * grid)))):
                row[held] = "-"
    return "".join(row)
