"""Form of electronic pieces: which parts follow each other, which lines play in which bar, where pieces are cut and joined.

Parts have the names of showctl's sections (steady, build, drop, break, silence) and a role that decides who plays. A build ends
on the bar line where its drop begins; what falls silent for a moment before that belongs to the build. The outro is steady.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.lines import Line
from training.piece import RATE, Piece, Times
from training.voices import Chance, Sound

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Part:
    role: str  # intro, verse, break, build, drop, outro
    bars: int

    @property
    def section(self) -> str:
        return self.role if self.role in ("break", "build", "drop") else "steady"


CLUB = (
    ("intro", "verse", "break", "build", "drop", "verse", "break", "build", "drop", "outro"),
    ("intro", "break", "build", "drop", "break", "build", "drop", "outro"),
    ("intro", "verse", "build", "drop", "break", "build", "drop", "outro"),
    ("break", "build", "drop", "verse", "break", "build", "drop", "outro"),
)
PLAIN = (
    ("intro", "verse", "break", "verse", "outro"),
    ("intro", "verse", "verse", "break", "verse", "verse", "outro"),
    ("verse", "break", "verse", "break", "verse"),
)
EXCERPTS = (  # weight, parts
    (5, ("verse",)), (3, ("drop",)), (2, ("verse", "drop")), (2, ("build", "drop")), (2, ("break", "build", "drop")),
    (2, ("drop", "break")), (1, ("verse", "break", "verse")), (2, ("intro", "verse")), (1, ("break",)),
)  # fmt: skip
BARS = {"intro": (4, 8), "verse": (8, 16), "break": (4, 8), "build": (4, 8), "drop": (8, 16), "outro": (4, 8)}


def song_form(rng: Chance, bar: float, club: bool) -> tuple[Part, ...]:
    """Parts of a whole song of 90-180 s, where a bar lasts `bar` s."""
    roles = (CLUB if club else PLAIN)[rng.integers(len(CLUB if club else PLAIN))]
    parts = [Part(role, int(rng.choice(BARS[role]))) for role in roles]
    for _ in range(12):
        length = bar * sum(part.bars for part in parts)
        if 92 <= length <= 172:
            break
        if length < 92:
            parts = [Part(p.role, p.bars * 2 if p.role not in ("build", "intro", "outro") else p.bars) for p in parts]
        else:
            longest = int(np.argmax([p.bars for p in parts]))
            parts[longest] = Part(parts[longest].role, max(2, parts[longest].bars // 2))
    return tuple(parts)


def excerpt_form(rng: Chance, bar: float, length: float, club: bool) -> tuple[Part, ...]:
    """Parts that last at least `length` s."""
    usable = [(w, roles) for w, roles in EXCERPTS if club or not {"build", "drop"} & set(roles)]
    weights = np.array([w for w, _ in usable], float)
    roles = usable[rng.choice(len(usable), p=weights / weights.sum())][1]
    parts = [Part(role, int(rng.choice(BARS[role]))) for role in roles]
    while bar * sum(p.bars for p in parts) < length:
        last = parts[-1]
        parts[-1] = Part(last.role, last.bars + 4)
    return tuple(parts)


# --- who plays in which bar ------------------------------------------------------------------------------------------


def _entering(rng: Chance, count: int, bars: int) -> Mask:
    """(count, bars): one line after the other, every few bars."""
    order, every = rng.permutation(count), max(1, bars // max(2, count))
    return np.arange(bars)[None, :] // every >= order[:, None]


def _in_part(rng: Chance, part: Part, lines: tuple[Line, ...]) -> Mask:
    """(lines, bars of the part): who plays."""
    n, bars = len(lines), part.bars
    drum = np.array([not line.melody for line in lines])
    low = np.array([line.layer in ("kick", "snare", "bass") for line in lines])
    kick = np.array([line.layer == "kick" for line in lines])
    on = np.ones((n, bars), bool)
    match part.role:
        case "intro" | "outro":
            first = drum if rng.random() < 0.7 or drum.all() else ~drum
            stays = first & (rng.random(n) < 0.9)
            on = _entering(rng, n, bars) & (first | (rng.random(n) < 0.35))[:, None]
            on[np.argmax(stays) if stays.any() else 0] = True
            if part.role == "outro":
                on = on[:, ::-1]
        case "break":
            on = (~low & (rng.random(n) < np.where(drum, 0.25, 0.85)))[:, None] & np.ones((n, bars), bool)
            if not on[~drum].any() and not drum.all():  # a break is quiet, not silent
                on[rng.choice(np.flatnonzero(~drum & ~low if (~drum & ~low).any() else ~drum))] = True
            if not on.any():
                on[rng.integers(n)] = True
            if bars >= 8 and rng.random() < 0.5:
                on[~low, bars // 2 :] |= (rng.random(int((~low).sum())) < 0.5)[:, None]
        case "build":
            on = (~low & (rng.random(n) < np.where(drum, 0.5, 0.9)))[:, None] & np.ones((n, bars), bool)
            if rng.random() < 0.6:
                on[kick, : bars - max(1, bars // 4)] = True
        case _:
            spare = np.array([line.layer in ("hat", "perc") or (bool(line.melody) and line.layer != "bass") for line in lines])
            for start in range(0, bars, 4):  # lines come and go every four bars
                out = spare & (rng.random(n) < (0.25 if part.role == "verse" else 0.06))
                on[out, start : start + 4] = False
            if not on.any(axis=0).all():
                on[0] = True
    return on


def who_plays(rng: Chance, parts: tuple[Part, ...], lines: tuple[Line, ...]) -> Mask:
    """(lines, bars) of the whole form."""
    return np.concatenate([_in_part(rng, part, lines) for part in parts], axis=1)


def way_of_builds(parts: tuple[Part, ...], bar_frames: float, frames: int) -> Sound:
    """(frames,) 1, but from 0 to 1 within every build: how far it has come."""
    way, start = np.ones(frames, np.float32), 0
    for part in parts:
        if part.role == "build":
            a, b = int(start * bar_frames), int((start + part.bars) * bar_frames)
            way[a:b] = np.linspace(0, 1, max(0, min(b, frames) - a), dtype=np.float32)
        start += part.bars
    return way


# --- cutting, repeating and joining ---------------------------------------------------------------------------------------------


def _within(times: Times, start: float, end: float) -> Times:
    return times[(times >= start) & (times < end)] - start


def cut(piece: Piece, start: float, end: float) -> Piece:
    """From `start` to `end` s, with the truth that lies between; the part that goes on at the start begins at 0."""
    a, b = round(start * RATE), round(end * RATE)
    inside = (piece.beats >= start) & (piece.beats < end)
    audio = piece.audio[a:b].copy()
    fade = min(len(audio), 220)
    audio[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    audio[len(audio) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    before = [name for at, name in piece.sections if at <= start]
    after = [(at - start, name) for at, name in piece.sections if start < at < end]
    sections = tuple([(0.0, before[-1])] if before else []) + tuple(after)
    hits = {kind: _within(times, start, end) for kind, times in piece.hits.items()}
    return Piece(audio, piece.beats[inside] - start, piece.positions[inside], piece.meter, piece.style, hits, sections)


def looped(piece: Piece, length: float) -> Piece:
    """A sample loop: the piece, which ends on a bar line, again and again for at least `length` s, its cut audible."""
    once = len(piece.audio) / RATE
    rounds = int(np.ceil(length / once))
    starts = np.arange(rounds) * once
    hits = {kind: (starts[:, None] + times[times < once]).ravel() for kind, times in piece.hits.items()}
    return replace(
        piece, audio=np.tile(piece.audio, rounds), beats=(starts[:, None] + piece.beats).ravel(),
        positions=np.tile(piece.positions, rounds), hits=hits,
    )  # fmt: skip


def _shared(first: Times, second: Times, until: float, shift: float, since: float) -> Times:
    return np.concatenate([first[first < until], (second + shift)[second + shift >= since]])


def joined(first: Piece, second: Piece, at: float, fade: float) -> Piece:
    """`second` comes in at `at` s of the first and takes over within `fade` s; from the middle on its beats are the truth.

    With no fade it is a hard change. Where the meters differ the meter is 0: not one for all."""
    frames, start = round(fade * RATE), round(at * RATE)
    audio = np.zeros(start + len(second.audio), np.float32)
    gain = np.ones(start + frames, np.float32)
    gain[start:] = np.cos(np.linspace(0, np.pi / 2, frames))
    old = first.audio[: start + frames]
    audio[: len(old)] += old * gain[: len(old)]
    new = second.audio.copy()
    new[:frames] *= np.sin(np.linspace(0, np.pi / 2, frames, dtype=np.float32))
    audio[start:] += new
    audio /= np.float32(max(1.0, float(np.abs(audio).max())))
    middle = at + fade / 2
    gap = 0.25 * float(np.median(np.diff(second.beats)))  # no two beats closer than that where one grid meets the other
    old_in, new_in = first.beats < middle - gap, second.beats + at >= middle - 1e-6
    hits = {k: _shared(first.hits.get(k, np.zeros(0)), second.hits.get(k, np.zeros(0)), middle, at, middle) for k in first.hits}
    sections = tuple(s for s in first.sections if s[0] < middle)
    sections += tuple((t + at, name) for t, name in second.sections if t + at > middle)
    return Piece(
        audio, np.concatenate([first.beats[old_in], second.beats[new_in] + at]),
        np.concatenate([first.positions[old_in], second.positions[new_in]]),
        first.meter if first.meter == second.meter else 0, first.style, hits, sections,
    )  # fmt: skip
