"""Composes electronic music with the truth about its beats, bars, hits and parts; everything follows from the seed.

`song` is a whole piece with its form, `compose` an excerpt of some 30 s cut at a random place, as a tracker meets it. A style of
training/grooves.py gives the patterns, training/voices.py and training/patches.py the sounds, training/arrange.py the form. What
real trackers stumble over is made on purpose: no drums at all, loud off-beat hats over a soft kick, echoes of a dotted eighth,
a bass that never plays on the beat, a change of tempo, one record mixed into another.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from training import electronic_mix as mix
from training.arrange import Part, cut, excerpt_form, joined, looped, song_form, way_of_builds, who_plays
from training.electronic_score import Gains, Harmony, accented, chopped, grounded, harmony, melody, played
from training.grooves import STYLES
from training.lines import Groove, Line
from training.patches import PATCHES, Patch, note
from training.piece import KINDS, RATE, Piece, Times
from training.voices import VOICES, Chance, Sound, impact, noise, riser, struck

TWISTS = {"": 0.54, "bare": 0.14, "loud off-beats": 0.12, "drums only": 0.06, "no kick": 0.06, "loop": 0.08}
BRIGHT = ("hat", "ride", "crash", "shaker", "tick")


@dataclass(slots=True)
class Take:
    """A piece in the making."""

    rng: Chance
    groove: Groove
    parts: tuple[Part, ...]
    lines: tuple[Line, ...]
    step: float  # s, a sixteenth
    lead_in: float  # s before the first bar
    swing: float
    twist: str = ""
    buses: dict[str, Sound] = field(default_factory=dict)
    hits: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    @property
    def per_bar(self) -> int:
        return self.groove.beat * self.groove.meter

    @property
    def bars(self) -> int:
        return sum(part.bars for part in self.parts)

    def at(self, step: float) -> float:
        late = self.swing * self.step if step % 2 == 1 else 0.0
        return self.lead_in + step * self.step + late

    def hit(self, bus: str, kind: str, sound: Sound, at: float, gain: float) -> None:
        if self.groove.loose:
            at = max(0.0, at + self.rng.normal(0, self.groove.loose))
        mix.place(self.buses[bus], sound, at, gain)
        if gain > 0.02:
            self.hits[kind].append(at)


# --- patterns --------------------------------------------------------------------------------------------------------


def chosen_patterns(take: Take, on: NDArray[np.bool_]) -> list[str]:
    """One pattern a line. Where no kick is heard some other line has to play on the beat: else the off-beat would be the beat to
    everybody who did not hear what came before."""
    rng, beat = take.rng, take.groove.beat
    patterns = [str(rng.choice(line.patterns)) for line in take.lines]
    heard = [n for n, line in enumerate(take.lines) if on[n].mean() > 0.3 and line.level > -13]
    kicks = any(take.lines[n].layer == "kick" for n in heard)
    if kicks or not heard or any(grounded(patterns[n], beat) for n in heard):
        return patterns
    n = heard[rng.integers(len(heard))]
    able = [pattern for pattern in take.lines[n].patterns if grounded(pattern, beat)]
    patterns[n] = str(rng.choice(able)) if able else ("x" + "." * (beat - 1)) * take.groove.meter
    return patterns


def filled(take: Take, score: dict[int, Gains]) -> None:
    """Fills at the ends of phrases: a run of snares or toms, the kick left out."""
    rng, start = take.rng, 0
    for part in take.parts:
        for bar in range(start + 3, start + part.bars, 4):
            end = (bar + 1) * take.per_bar
            if part.role not in ("verse", "drop") or rng.random() < (0.75 if bar % 8 == 3 else 0.45):
                continue
            run = int(rng.choice([2, 4, 6, 8]))
            for n, line in enumerate(take.lines):
                if line.layer == "kick" and rng.random() < 0.5:
                    score[n][end - run : end] = 0
                if line.layer in ("snare", "perc") and not line.melody and rng.random() < 0.6:
                    score[n][end - run : end] = (rng.random(run) < 0.75) * np.linspace(0.4, 1, run)
        start += part.bars


# --- playing ---------------------------------------------------------------------------------------------------------


def kind_of(voice: str) -> str:
    name = voice.split()[0]
    return (
        name if name in ("kick", "snare") else "snare" if name in ("clap", "snap", "rim") else "hat" if name in BRIGHT else "note"
    )


def layered(sound: Sound, other: Sound, level: float) -> Sound:
    out = np.zeros(max(len(sound), len(other)), np.float32)
    out[: len(sound)] += sound
    out[: len(other)] += np.float32(level) * other
    return struck(out)


def choked(sound: Sound, length: float) -> Sound:
    """At most so many seconds of a sound: a voice of a drum machine ends where it is struck again."""
    frames = int(length * RATE)
    if len(sound) <= frames:
        return sound
    out, fade = sound[:frames].copy(), min(frames, 300)
    out[frames - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return out


def play_drums(take: Take, line: Line, gains: Gains, level: float) -> None:
    rng = take.rng
    voice = str(rng.choice(line.voices))
    many = 3 if voice in ("tom", "conga", "zap", "block") else 2 if rng.random() < 0.3 else 1
    sounds = [VOICES[voice](rng) for _ in range(many)]
    if many == 2:
        sounds[1] = 0.8 * sounds[1]
    bus = "kick" if kind_of(voice) == "kick" else "drums"
    kind = kind_of(voice)
    late = rng.uniform(0, 0.012) if line.layer == "snare" and take.groove.loose > 0.004 else 0.0
    if line.layer == "snare" and rng.random() < 0.25:
        sounds = [layered(sound, VOICES[str(rng.choice(line.voices))](rng), rng.uniform(0.3, 1)) for sound in sounds]
    steps = np.flatnonzero(gains)
    for step, end in zip(steps, np.append(steps, len(gains))[1:], strict=True):
        gain, sound = float(abs(gains[step])) * level, sounds[rng.integers(many)]
        times = int(rng.choice([2, 3, 4])) if gains[step] < 0 else 1
        if kind in ("kick", "hat"):
            sound = choked(sound, float(end - step) * take.step / times)
        for n in range(times):
            take.hit(bus, kind, sound, take.at(int(step)) + late + n * take.step / times, gain)


def play_notes(take: Take, line: Line, gains: Gains, level: float, chords: Harmony) -> None:
    rng = take.rng
    name = str(rng.choice(line.voices))
    patch = PATCHES[name](rng)
    if patch.wobble:
        patch = replace(patch, wobble=float(rng.choice([1, 2, 2, 3, 4])) / (take.groove.beat * take.step))
    steps = np.flatnonzero(gains)
    ends = np.append(steps, len(gains))[1:]
    longest = take.per_bar * (2 if line.melody == "hold" else 1)
    bus = "bass" if line.layer == "bass" else "music"
    done: dict[tuple[object, ...], Sound] = {}
    before = 0.0
    for step, end, pitches in zip(steps, ends, melody(rng, line, gains, chords, take.per_bar), strict=True):
        length = patch.gate * min(int(end - step), longest) * take.step
        key = (pitches, round(length, 3), before if patch.glide else 0.0)
        if key not in done:
            done[key] = sounded(rng, patch, pitches, length, before)
        before = 440 * 2 ** ((pitches[-1] - 69) / 12)
        take.hit(bus, "note", done[key], take.at(int(step)), float(gains[step]) * level)


def sounded(rng: Chance, patch: Patch, pitches: tuple[int, ...], length: float, before: float) -> Sound:
    """One note or chord, at peak 1 for the sum."""
    notes = [note(rng, patch, 440 * 2 ** ((p - 69) / 12), length, before if len(pitches) == 1 else 0.0) for p in pitches]
    sound = np.sum(notes, axis=0, dtype=np.float32)
    return sound / np.float32(max(1e-3, float(np.abs(sound).max())))


def play_build(take: Take, start: int, bars: int) -> None:
    """A roll that gets faster (quarters, eighths, sixteenths, thirty-seconds) and higher, a riser, then the wash of the drop."""
    rng = take.rng
    first, last = start * take.per_bar, (start + bars) * take.per_bar
    length = (last - first) * take.step
    if rng.random() < 0.85:
        sound = VOICES[str(rng.choice(["snare 909", "snare fat", "clap", "snare live"]))](rng)
        rise, level = rng.uniform(0, 0.8) * (rng.random() < 0.6), 10 ** (rng.uniform(-9, -2) / 20)
        step = float(first)
        edges = np.array([0.5, 0.75, 0.9]) if rng.random() < 0.7 else np.array([0.25, 0.5, 0.8])
        while step < last - 1e-9:
            way = (step - first) / (last - first)
            faster = np.interp(np.arange(0, len(sound), 1 + rise * way), np.arange(len(sound)), sound).astype(np.float32)
            take.hit("drums", "snare", faster, take.lead_in + step * take.step, level * (0.35 + 0.65 * way))
            step += (4.0, 2.0, 1.0, 0.5)[int(np.searchsorted(edges, way, "right"))]
    if rng.random() < 0.85:
        mix.place(take.buses["effects"], riser(rng, length), take.at(first), 10 ** (rng.uniform(-16, -5) / 20))
    if rng.random() < 0.7:
        mix.place(take.buses["effects"], impact(rng, rng.uniform(0.6, 2.5)), take.at(last), 10 ** (rng.uniform(-14, -5) / 20))


def play_air(take: Take) -> None:
    """What is no beat: cymbals that swell backwards into a phrase, wind on the off-beat, the crackle of a record."""
    rng, bus = take.rng, take.buses["effects"]
    last = take.bars * take.per_bar
    if rng.random() < 0.3:
        swell = VOICES["crash"](rng)[::-1]
        for step in range(take.per_bar * 8, last, take.per_bar * 8):
            if rng.random() < 0.6:
                mix.place(bus, swell, take.at(step) - len(swell) / RATE, rng.uniform(0.05, 0.35))
    if rng.random() < 0.12:
        wind = mix.opened(noise(rng, int(take.groove.beat * take.step * RATE)), np.float32(0.5))
        wind = struck(wind * np.hanning(len(wind)).astype(np.float32))
        level = rng.uniform(0.03, 0.2)
        for step in range(take.groove.beat // 2, last, take.groove.beat * int(rng.choice([1, 2, 4]))):
            mix.place(bus, wind, take.at(step), level)
    if rng.random() < 0.5 * take.groove.dirt:
        for at in rng.uniform(0, len(bus) / RATE, int(len(bus) / RATE * rng.uniform(2, 20))):
            mix.place(bus, VOICES["tick"](rng), at, rng.uniform(0.005, 0.08))


def play(take: Take) -> None:
    """All lines and builds into the buses."""
    rng, chords = take.rng, harmony(take.rng, take.groove)
    steps = take.bars * take.per_bar
    alive = rng.choice([0.0, 0.1, 0.5])
    on = who_plays(rng, take.parts, take.lines)
    patterns = chosen_patterns(take, on)
    score = {n: accented(rng, played(rng, pattern, steps, alive), take.groove.beat) for n, pattern in enumerate(patterns)}
    if take.groove.chopped and rng.random() < 0.8:
        chopped(rng, score, take.lines, take.per_bar, take.groove.chopped)
    filled(take, score)
    gaps(take, score)
    loud = take.twist == "loud off-beats"
    for n, line in enumerate(take.lines):
        gains = score[n] * np.repeat(on[n], take.per_bar)
        change = 9.0 if loud and line.layer == "hat" else -9.0 if loud and line.layer == "kick" else 0.0
        level = 0.8 * 10 ** ((line.level + rng.uniform(-4, 3) + change) / 20)
        if line.melody:
            play_notes(take, line, np.abs(gains), level, chords)
        else:
            play_drums(take, line, gains, level)
    play_air(take)
    start = 0
    for part in take.parts:
        if part.role == "build":
            play_build(take, start, part.bars)
        start += part.bars


def gaps(take: Take, score: dict[int, Gains]) -> None:
    """Before a drop everything may hold its breath for a beat or a bar; on its first step the kick always falls."""
    start = 0
    for before, part in zip((None, *take.parts), take.parts, strict=False):
        first = start * take.per_bar
        if part.role == "drop":
            gap = int(take.rng.choice([0, 0, 2, 4, 8, 16])) if before and before.role == "build" else 0
            for n, line in enumerate(take.lines):
                score[n][max(0, first - gap) : first] = 0
                if line.layer == "kick":
                    score[n][first] = 1.0
        start += part.bars


# --- the mix and the truth -------------------------------------------------------------------------------------------


def mixed(take: Take, dirt: bool) -> Sound:
    rng, buses = take.rng, take.buses
    frames = len(buses["kick"])
    beat = take.groove.beat * take.step
    if rng.random() < 0.15:
        sway = 0.5 - 0.5 * np.cos(
            2 * np.pi * np.arange(frames, dtype=np.float32) / RATE / np.float32(beat * rng.choice([16, 32, 64]))
        )
        buses["music"] = mix.opened(buses["music"], (0.3 + 0.7 * sway).astype(np.float32))
    if any(part.role == "build" for part in take.parts) and rng.random() < 0.7:
        bar = take.per_bar * take.step * RATE
        way = np.roll(way_of_builds(take.parts, bar, frames), round(take.lead_in * RATE))
        buses["music"] = mix.opened(buses["music"], way)
    if rng.random() < 0.45:
        delay = take.step * float(rng.choice([3, 3, 3, 2, 4, 6, 8 / 3]))
        buses["music"] = mix.echo(buses["music"], delay, rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.8))
    if rng.random() < 0.6:
        buses["music"] = mix.room(rng, buses["music"], rng.uniform(0.08, 0.7), rng.uniform(0.05, 0.6))
    if rng.random() < 0.35:
        buses["drums"] = mix.room(rng, buses["drums"], rng.uniform(0.03, 0.25), rng.uniform(0.05, 0.5))
    kicks = np.array(take.hits["kick"])
    if len(kicks) and take.groove.club and rng.random() < 0.7:
        gain = mix.pumping(frames, kicks, rng.uniform(0.3, 0.97), beat * rng.uniform(0.4, 0.95))
        for bus in ("bass", "music", "effects"):
            buses[bus] = buses[bus] * gain
    return mix.master(rng, mix.total(buses.values()), dirt)


def truth(take: Take, factor: float) -> tuple[Times, NDArray[np.int64]]:
    """Beats (s) and their positions, in the octave in which people tap."""
    every = take.groove.beat / factor
    count = int(take.bars * take.per_bar / every)
    return take.lead_in + np.arange(count) * every * take.step, np.arange(count) % take.groove.meter + 1


def _moving(groove: Groove) -> list[Line]:
    """Melodic lines that give a beat by themselves: an arpeggio, a bass on eighths."""
    moving = [line for line in groove.lines if line.melody not in ("", "hold")]
    return [line for line in moving if line.chance > 0.3 and max(len(p) - p.count(".") for p in line.patterns) > 3]


def chosen_lines(rng: Chance, groove: Groove, twist: str) -> tuple[Line, ...]:
    """Which lines of the style this piece has."""
    lines = [line for line in groove.lines if rng.random() < line.chance]
    match twist:
        case "bare":
            bare = [line for line in groove.lines if line.melody]
            moving = _moving(groove)
            lines = [line for line in bare if rng.random() < 0.6]
            if not set(lines) & set(moving):
                lines.append(moving[rng.integers(len(moving))])
        case "loop" if rng.random() < 0.6:
            lines = [line for line in lines if not line.melody or line.layer == "bass"]
        case "drums only":
            lines = [line for line in groove.lines if not line.melody and rng.random() < max(0.5, line.chance)]
        case "whole":
            lines = [line for line in groove.lines if line in lines or (groove.club and line.layer in ("kick", "bass"))]
        case "no kick":
            lines = [line for line in lines if line.layer != "kick"]
    return tuple(lines) or (groove.lines[0],)


def made(rng: Chance, style: str, parts: tuple[Part, ...], bpm: float, twist: str, lead_in: float, tail: float) -> Piece:
    """One piece of one tempo, form and style."""
    groove = STYLES[style]
    swing = rng.uniform(*groove.swing) if rng.random() < 0.6 or groove.swing[0] else 0.0
    take = Take(rng, groove, parts, chosen_lines(rng, groove, twist), 60 / bpm / groove.beat, lead_in, float(swing), twist)
    end = take.at(take.bars * take.per_bar)
    frames = int((end + tail) * RATE)
    take.buses = {bus: np.zeros(frames, np.float32) for bus in ("kick", "drums", "bass", "music", "effects")}
    play(take)
    audio = mixed(take, bool(rng.random() < groove.dirt))
    factors, chances = np.array(groove.tapped).T
    factor = float(rng.choice(factors, p=chances))
    if twist == "bare" and bpm < 104 and rng.random() < 0.3:
        factor = 2.0  # an arpeggio alone: its eighths are what is tapped
    beats, positions = truth(take, factor)
    sections = [(0.0, "silence")] if lead_in > 0.5 else []
    start = 0
    for part in parts:
        if not sections or sections[-1][1] != part.section:
            sections.append((take.at(start * take.per_bar), part.section))
        start += part.bars
    hits = {kind: np.unique(np.array(times)) for kind, times in take.hits.items()}
    return Piece(audio, beats, positions, groove.meter, style, hits, tuple(sections))


def drawn_style(rng: Chance) -> str:
    weights = np.array([groove.weight for groove in STYLES.values()])
    return str(rng.choice(list(STYLES), p=weights / weights.sum()))


def song(seed: int, style: str | None = None) -> Piece:
    """A whole song of 90 to 180 s, its parts and their times in `sections`. KeyError: no such style."""
    rng = np.random.default_rng([seed, 77])
    style = style or drawn_style(rng)
    groove = STYLES[style]
    bpm = float(np.round(rng.uniform(*groove.bpm)))
    parts = song_form(rng, 60 / bpm * groove.meter, groove.club)
    piece = made(rng, style, parts, bpm, "whole", float(rng.choice([0.0, rng.uniform(0, 2)])), 2.5)
    end = float(piece.beats[-1] + np.median(np.diff(piece.beats)))
    fade = round(end * RATE)
    piece.audio[fade:] *= np.linspace(1, 0, len(piece.audio) - fade, dtype=np.float32)
    return replace(piece, sections=(*piece.sections, (end, "silence")))


def excerpt(rng: Chance, length: float) -> Piece:
    """So many seconds of a piece, cut at a random place or taken from its first note on, in which enough is struck that a beat
    can be heard."""
    while True:
        piece = _excerpt(rng, length)
        struck_at = np.unique(np.round(np.concatenate(list(piece.hits.values())), 2))
        if len(struck_at) > max(0.6 * len(piece.beats), 20):
            return piece


def _excerpt(rng: Chance, length: float) -> Piece:
    style = drawn_style(rng)
    groove = STYLES[style]
    bpm = rng.uniform(*groove.bpm)
    bpm = float(np.round(bpm) if rng.random() < 0.8 else bpm)
    twist = str(rng.choice(list(TWISTS), p=list(TWISTS.values())))
    if twist == "bare" and not _moving(groove):
        twist = ""  # nobody would give the beat
    bar = 60 / bpm * groove.meter
    if twist == "loop":
        bars = int(rng.choice([1, 2, 2, 4]))
        whole = looped(made(rng, style, (Part("verse", bars),), bpm, twist, 0.0, 0.0), length + bars * bar)
        start = float(rng.uniform(0, bars * bar)) if rng.random() < 0.5 else 0.0
        return cut(whole, start, start + length)
    parts = excerpt_form(rng, bar, length + 2 * bar, groove.club and twist in ("", "loud off-beats"))
    from_start = rng.random() < 0.2
    piece = made(rng, style, parts, bpm, twist, float(rng.uniform(0, 1.5)) if from_start else 0.0, 0.5)
    start = 0.0 if from_start else float(rng.uniform(0, len(piece.audio) / RATE - 0.5 - length))
    return cut(piece, start, start + length)


def compose(seed: int) -> Piece:
    """An excerpt of 25 to 40 s; one in eight changes its tempo or is mixed into another."""
    rng = np.random.default_rng([seed, 78])
    length = float(rng.uniform(25, 40))
    kind = rng.choice(["steady", "mix", "jump"], p=[0.88, 0.07, 0.05])
    if kind == "steady":
        return excerpt(rng, length)
    first, second = excerpt(rng, 0.5 * length + 6), excerpt(rng, 0.5 * length)
    fade = float(rng.uniform(3, 8)) if kind == "mix" else 0.0
    downs = first.beats[(first.positions == 1) & (first.beats > 8) & (first.beats + fade < len(first.audio) / RATE)]
    at = float(downs[-1]) if len(downs) else 0.5 * length - fade
    opening = float(second.beats[0]) if kind == "jump" else 0.0  # a hard change falls on a beat of the new music
    return joined(first, cut(second, opening, len(second.audio) / RATE), at, fade)
