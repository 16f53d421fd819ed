"""What the lines of an electronic piece play: patterns made into gains a step, drum breaks cut up, chords and melodies.

Gains are (steps,) float32, 0 where nothing is played and below 0 for a roll; pitches are MIDI note numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.lines import Groove, Line
from training.voices import Chance

Gains: TypeAlias = NDArray[np.float32]
MINOR, MAJOR = (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 5, 7, 9, 11)
PROGRESSIONS = (  # degrees of the scale, a chord each
    (0, 5, 2, 6), (0, 5, 3, 4), (0, 3, 4, 4), (0, 0, 0, 0), (0, 6, 5, 6), (5, 6, 0, 0), (0, 4, 5, 3), (0, 2, 3, 5), (0, 0, 5, 6),
    (0, 3, 0, 4),
)  # fmt: skip
LEVELS = {".": 0.0, "o": 0.3, "x": 0.75, "X": 1.0, "r": 0.6}


def realised(rng: Chance, pattern: str) -> Gains:
    """(steps,) gains of one passage through a pattern; a roll is a gain below 0."""
    out = np.zeros(len(pattern), np.float32)
    for n, sign in enumerate(pattern):
        if sign.isdigit():
            out[n] = rng.uniform(0.4, 0.9) if rng.random() < int(sign) / 10 else 0
        else:
            out[n] = LEVELS[sign] * rng.uniform(0.85, 1) * (-1 if sign == "r" else 1)
    return out


def played(rng: Chance, pattern: str, steps: int, alive: float) -> Gains:
    """(steps,) a pattern again and again; now and then (`alive`: how often) it is another passage through its chances."""
    usual, other = realised(rng, pattern), realised(rng, pattern)
    rounds = []
    for n in range(steps // len(pattern) + 1):
        fresh = rng.random() < alive
        rounds.append(realised(rng, pattern) if fresh else other if n % 4 == 3 else usual)
    return np.concatenate(rounds)[:steps]


def accented(rng: Chance, gains: Gains, beat: int) -> Gains:
    """At times what falls between the beats is played softer."""
    if rng.random() < 0.5:
        return gains
    return gains * np.where(np.arange(len(gains)) % beat == 0, 1, rng.uniform(0.5, 0.95)).astype(np.float32)


def grounded(pattern: str, beat: int) -> bool:
    """Whether the beats themselves are played, and not less than what lies half-way between them."""
    on = np.array([sign in "xXr56789" for sign in pattern])
    return bool(on[::beat].mean() >= max(0.5, on[beat // 2 :: beat].mean()))


def chopped(rng: Chance, score: dict[int, Gains], lines: tuple[Line, ...], per_bar: int, chance: float) -> None:
    """Cuts bars of the drums into eighths and puts them together in another order, all drums alike."""
    drums = [n for n in score if lines[n].layer in ("kick", "snare", "hat")]
    slices = per_bar // 2
    for bar in range(len(score[drums[0]]) // per_bar if drums else 0):
        if rng.random() >= chance or bar % 4 == 0:
            continue
        order = np.where(rng.random(slices) < 0.45, rng.integers(0, slices, slices), np.arange(slices))
        steps = bar * per_bar + (2 * order[:, None] + np.arange(2)).ravel()
        for n in drums:
            score[n][bar * per_bar : (bar + 1) * per_bar] = score[n][steps]


# --- harmony ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Harmony:
    key: int  # MIDI of the tonic, 36..47
    scale: tuple[int, ...]
    degrees: tuple[int, ...]  # of each bar
    seventh: bool

    def pitch(self, degree: int) -> int:
        return self.key + self.scale[degree % 7] + 12 * (degree // 7)

    def chord(self, bar: int) -> tuple[int, ...]:
        root = self.degrees[bar % len(self.degrees)]
        return tuple(self.pitch(root + n) for n in ((0, 2, 4, 6) if self.seventh else (0, 2, 4)))


def harmony(rng: Chance, groove: Groove) -> Harmony:
    degrees = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    hold = int(rng.choice([1, 1, 2]))
    scale = MINOR if rng.random() < groove.minor else MAJOR
    return Harmony(int(rng.integers(36, 48)), scale, tuple(np.repeat(degrees, hold).tolist()), bool(rng.random() < 0.35))


def melody(rng: Chance, line: Line, gains: Gains, chords: Harmony, per_bar: int) -> list[tuple[int, ...]]:
    """The pitches (MIDI) of every step that is played, in order."""
    steps = np.flatnonzero(gains)
    loop = per_bar * int(rng.choice([1, 2, 2, 4]))
    jumps = rng.choice([0, 0, 0, 0, 0, 7, 12, -2], loop)
    riff = rng.choice([0, 0, 0, 2, 4, 7, 7, 6, -3], loop)
    walk = np.clip(np.cumsum(rng.choice([-2, -1, -1, 0, 1, 1, 2, 4, -4], loop)) % 9, 0, 8)
    up, span = 12 * int(rng.choice([2, 2, 3])), int(rng.integers(1, 4))
    order, varied = str(rng.choice(["up", "down", "both", "drawn"])), rng.random() < 0.5
    out: list[tuple[int, ...]] = []
    count, bar_before = 0, -1
    for step in steps:
        bar = int(step) // per_bar
        chord = chords.chord(bar)
        count, bar_before = (0 if bar != bar_before else count + 1), bar
        match line.melody:
            case "root":
                out.append((chord[0] + (int(jumps[step % loop]) if varied else 0) - 12 * (chord[0] > 47),))
            case "octaves":
                out.append((chord[0] - 12 * (chord[0] > 45) + 12 * (count % 2),))
            case "riff":
                low = 0 if line.layer == "bass" else 12
                out.append((chords.pitch(int(riff[step % loop])) + low,))
            case "arp":
                tones = [tone + 12 * octave for octave in range(span) for tone in chord]
                tones = {"down": tones[::-1], "both": tones + tones[-2:0:-1]}.get(order, tones)
                place = int(walk[step % loop]) if order == "drawn" else count
                out.append((tones[place % len(tones)] + up,))
            case "lead":
                degree = int(walk[step % loop]) + (chords.degrees[bar % len(chords.degrees)] if varied else 0)
                out.append((chords.pitch(degree) + up,))
            case _:
                out.append(tuple(tone + 12 + 12 * (tone < 44) for tone in chord))
    return out
