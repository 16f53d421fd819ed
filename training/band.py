"""Bands with human drummers: composes a song of any style (band_styles.py, band_grooves.py), plays it as people do, renders it.

    seed -> style, tempo, players -> bars of strokes and notes, in beats (drums.py, band_tunes.py)
         -> times (humans.py) -> sound (synth_fluid.py, band_mix.py)

Three kinds: a band (bass, chords, perhaps melody, pad, horns), drums alone, a band without drums. A piece is a cut of 25 to 40 s
out of the song, so that its first beat may stand anywhere in a bar, or it is the song's beginning with an introduction,
sometimes a count-in, sometimes silence before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from training.band_grooves import GROOVES
from training.band_mix import as_mixed
from training.band_styles import FAMILIES, STYLES, Style
from training.band_table import Groove
from training.band_tunes import Harmony, Note, Singer, bass_bar, comp_bar, harmony, horn_row, melody_bar
from training.drums import HIT_KINDS, KEYS, LIMBS, Habits, Part, Stroke, choose, count_in, habits, play_bar, play_fill, without
from training.humans import CURVES, Feel, Swing, Tempo, Wander, a_feel, a_wander, performed_tempo
from training.piece import KINDS, Piece, Times
from training.synth_fluid import DRUMS, Channel, Sound, fonts, render

_SALT = 0xBA4D
_STRUMMED = ("nylon", "steel", "clean", "jazz", "banjo")
_SLOW = ("strings", "pad", "choir", "synth", "reed", "brass")  # no clear beginning of their notes
_DRUMS_ONLY, _NO_DRUMS = 0.30, 0.12  # shares of the pieces


@dataclass(frozen=True, slots=True)
class Seat:
    """One player of the band beside the drummer."""

    role: str  # bass, comp, tune, pad, horns
    channel: int
    program: int
    volume: int
    feel: Feel
    row: str = ""
    low: int = 52  # key its chords begin from
    strum: float = 0.0  # s between strings
    ducks: float = 0.0  # odds that it is silent in a section


@dataclass(slots=True)
class Song:
    """A song as played: strokes and notes in beats."""

    meter: int
    grid: int
    strokes: list[Stroke] = field(default_factory=list)
    notes: dict[int, list[Note]] = field(default_factory=dict)  # channel -> notes


def compose(seed: int) -> Piece:
    """The piece that follows from the seed. RuntimeError: fluidsynth or a soundfont is missing."""
    rng = np.random.default_rng([_SALT, seed])
    names = list(STYLES)
    weights = np.array([STYLES[n].weight for n in names])
    return compose_style(rng, str(rng.choice(names, p=weights / weights.sum())))


def compose_style(rng: np.random.Generator, name: str) -> Piece:
    """A piece of a style of STYLES, all else drawn by chance."""
    style = STYLES[name]
    fonts_here = fonts()
    if not fonts_here:
        raise RuntimeError("no General MIDI soundfont: install fluid-soundfont-gm and timgm6mb-soundfont")
    kind = str(rng.choice(["band", "drums", "no drums"], p=[1 - _DRUMS_ONLY - _NO_DRUMS, _DRUMS_ONLY, _NO_DRUMS]))
    first = GROOVES[style.grooves[0]]
    meter, grid = first.meter, first.grid
    seconds = rng.uniform(25, 40)
    bpm = rng.triangular(*style.bpm)
    from_start = rng.uniform() < 0.35
    bars = int(np.ceil((seconds + 3) * bpm * 1.5 / 60 / meter)) + 5
    curve = str(rng.choice(list(CURVES), p=np.array(list(CURVES.values())) / sum(CURVES.values())))
    tempo = performed_tempo(rng, bpm, bars * meter, curve, meter)
    seats = [] if kind == "drums" else seated(rng, style, kind == "no drums")
    song = written(rng, style, seats, bars, kind, from_start)
    counted = from_start and kind != "no drums" and rng.uniform() < 0.3
    if counted:
        song.strokes = count_in(rng, meter) + song.strokes
    start = _start(rng, tempo, meter, from_start, counted)
    swing = Swing(grid, rng.uniform(*style.swing), rng.uniform(*style.swing16))
    reach = float(rng.choice([0.0, rng.uniform(0.003, 0.018)], p=[0.2, 0.8]))
    wander = a_wander(rng, -meter, bars * meter, reach, rng.normal(-0.001, 0.008))
    clock = Clock(tempo, swing, wander, start, seconds)
    kit, struck = _kit(rng, song, _drummer(rng, style), clock)
    sounds, played = _players(rng, song, seats, clock)
    loud = rng.uniform(-6, 6) if seats and song.strokes else 0.0  # dB, drums against the band
    channels = _channels(rng, style, seats, loud)
    font = fonts_here[int(rng.integers(len(fonts_here)))]
    audio = render(kit + sounds, channels, seconds, font, reverb=rng.uniform() < 0.5, chorus=rng.uniform() < 0.2)
    beats, positions = _beats(tempo, meter, start, seconds, -meter if counted else 0)
    hits = {k: _merged(struck[k] + (played if k == "note" else [])) for k in KINDS}
    return Piece(as_mixed(rng, audio), beats, positions, meter, f"{name} {kind}", hits, ((0.0, "steady"),))


def _drummer(rng: np.random.Generator, style: Style) -> Feel:
    """How the drummer of a style plays: the wander is the drummer's own, the backbeat as late as the style has it."""
    feel = replace(a_feel(rng), follows=1.0)
    return replace(feel, limbs=feel.limbs | {"left": rng.uniform(*style.late)}) if any(style.late) else feel


def _start(rng: np.random.Generator, tempo: Tempo, meter: int, from_start: bool, counted: bool) -> float:
    """The song's time (s) at which the piece begins: its beginning, perhaps with silence before, or anywhere in four bars."""
    if not from_start:
        return float(tempo.at(np.array([rng.uniform(0.3, 4 * meter)]))[0])
    first = float(tempo.at(np.array([-float(meter) if counted else 0.0]))[0])
    return first - (rng.uniform(0.5, 2.0) if rng.uniform() < 0.4 else rng.uniform(0.02, 0.5))


def _beats(tempo: Tempo, meter: int, start: float, seconds: float, first: int) -> tuple[Times, np.ndarray]:
    """The beats within the piece and their positions in the bar."""
    numbers = np.arange(first, len(tempo.seconds))
    times = tempo.at(numbers.astype(float)) - start
    inside = (times >= 0) & (times < seconds - 0.01)
    return times[inside], (numbers[inside] % meter + 1).astype(np.int64)


# --- who plays


def seated(rng: np.random.Generator, style: Style, alone: bool) -> list[Seat]:
    """The band without its drummer: bass, those who play chords, perhaps melody, pad, horns; `alone`: they keep the time."""
    seats: list[Seat] = []

    def sit(role: str, family: str, row: str = "", low: int = 52) -> None:
        program, strum = int(rng.choice(FAMILIES[family])), rng.uniform(0.002, 0.012) if family in _STRUMMED else 0.0
        seats.append(
            Seat(role, len(seats), program, int(rng.integers(55, 120)), a_feel(rng), row, low, strum, rng.uniform(0, 0.3))
        )

    plain = rng.uniform() < 0.15
    bass, comp = _plain_rows(GROOVES[style.grooves[0]]) if plain else (style.bass, style.comp)
    if rng.uniform() < 0.92:
        sit("bass", str(rng.choice(style.basses)), str(rng.choice(bass)))
    comps = [comp[i] for i in rng.permutation(len(comp))[: int(rng.choice([1, 1, 2, 2, 3]))]]
    if alone:
        keeps_time = [c for c in style.comp if c[0] not in _SLOW]
        comps.append(max(keeps_time, key=lambda c: sum(sign not in ".-" for sign in c[1]) / len(c[1])))
    for family, row in dict.fromkeys(comps):
        sit("comp", family, row, int(rng.integers(45, 58)))
    if rng.uniform() < 0.4:
        sit("tune", str(rng.choice(style.tunes)))
    if rng.uniform() < 0.2:
        sit("pad", str(rng.choice(["strings", "pad", "choir", "organ"])), low=int(rng.integers(48, 60)))
    if rng.uniform() < style.horns:
        sit("horns", str(rng.choice(["brass", "sax"])), low=int(rng.integers(53, 62)))
    if alone:  # whoever keeps the time is heard all through
        keeper = next(s for s in seats if s.role == "comp" and s.row == comps[-1][1])
        seats[seats.index(keeper)] = replace(keeper, volume=max(keeper.volume, 90), ducks=0.0)
    return seats


def _plain_rows(groove: Groove) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Bass and chords that only accompany, whatever the style: roots on beats or with the kick, a chord a bar or a beat."""
    beat, bar = "-" * (groove.grid - 1), "-" * (groove.meter * groove.grid - 1)
    on_beats = ("R" + beat) * groove.meter
    comp = [(family, "X" + bar) for family in ("piano", "epiano", "organ", "strings", "pad", "synth", "steel")]
    comp += [(family, ("x" + beat) * groove.meter) for family in ("piano", "clean", "epiano")]
    return (on_beats, "R" + bar, "kick"), tuple(comp)


# --- what they play


def written(rng: np.random.Generator, style: Style, seats: list[Seat], bars: int, kind: str, intro: bool) -> Song:
    """All bars of a song: sections of 4 or 8 bars, each with its rows and who is silent; fills between."""
    first = GROOVES[style.grooves[0]]
    song = Song(first.meter, first.grid, notes={s.channel: [] for s in seats})
    how = habits(rng)
    singer = Singer(rng.uniform(0.5, 2.5), rng.uniform(0, 0.8), int(rng.integers(58, 70)), rng.uniform(0.1, 0.5))
    groove = str(rng.choice(style.grooves))
    tunes = [harmony(rng, str(p), first.meter) for p in rng.choice(style.progressions, 2)]
    tunes[1] = Harmony(tunes[0].key, tunes[1].chords, tunes[1].length)
    bar = 0
    while bar < bars:
        length = int(rng.choice([4, 8, 8]))
        opening = intro and bar == 0
        if rng.uniform() < 0.15:
            groove = str(rng.choice(style.grooves))
        part = choose(rng, groove, how)
        silent = _silent(rng, seats, part, kind, opening)
        _drummed(rng, song, part, range(bar, min(bars, bar + length)), how, silent, kind != "no drums", bar > 0 and not opening)
        _accompanied(rng, song, seats, tunes[int(rng.integers(2))], range(bar, min(bars, bar + length)), silent, singer)
        bar += length
    return song


def _silent(rng: np.random.Generator, seats: list[Seat], part: Part, kind: str, opening: bool) -> set[str]:
    """Who is silent in a section: voices of the kit by name, seats by "#channel"; someone always plays."""
    out = {f"#{s.channel}" for s in seats if rng.uniform() < s.ducks * (2 if opening else 1)}
    if len(out) == len(seats) and seats:
        out.discard(f"#{seats[0].channel}")
    if kind == "no drums":
        return out
    if opening and rng.uniform() < 0.6:
        voices = list(part.rows)
        keep = {str(v) for v in rng.choice(voices, min(len(voices), int(rng.integers(1, 3))), replace=False)}
        out |= set(voices) - keep if seats or keep & {"kick", "snare", "hat", "ride"} else set()
    elif seats and rng.uniform() < 0.08:
        out |= set(part.rows)  # the drummer drops out
    elif rng.uniform() < 0.1:
        out |= {str(rng.choice(["kick", "snare", "hat"]))}
    return out


def _drummed(
    rng: np.random.Generator, song: Song, part: Part, bars: range, how: Habits, silent: set[str], drums: bool, crash: bool
) -> None:
    """Adds the drummer's section: its bars, a fill where one is due, a crash where a fill or a section has ended."""
    voices = set(part.rows) - silent if drums else set()
    for bar in bars:
        strokes = play_bar(rng, part, bar, how, voices)
        last = bar == bars[-1]
        if voices and (last or (bar + 1) % how.fill_every == 0) and rng.uniform() < 0.8:
            fill = play_fill(rng, part, bar, how)
            begin = min(s.position for s in fill) if fill else (bar + 1) * song.meter
            kept = [s for s in strokes if s.position < begin - 1e-6 or (s.voice in ("pedal", "kick") and rng.uniform() < 0.5)]
            strokes = [*kept, *fill] if fill else strokes
            crash_next = rng.uniform() < how.crash
        else:
            crash_next = False
        if voices and bar == bars[0] and crash and rng.uniform() < how.crash:
            strokes = [
                *without(strokes, bar * song.meter, bar * song.meter + 0.01),
                Stroke(float(bar * song.meter), "crash", rng.uniform(0.6, 1)),
            ]
            strokes.append(Stroke(float(bar * song.meter), "kick", 1.0))
        elif crash_next and not last:
            strokes.append(Stroke(float((bar + 1) * song.meter), "crash", rng.uniform(0.5, 1)))
        song.strokes += list({(s.position, s.voice): s for s in strokes}.values())


def _accompanied(
    rng: np.random.Generator, song: Song, seats: list[Seat], tune: Harmony, bars: range, silent: set[str], singer: Singer
) -> None:
    """Adds what the seats play in a section."""
    meter, grid = song.meter, song.grid
    horns = horn_row(rng, meter * grid * 2, grid)
    for seat in seats:
        if f"#{seat.channel}" in silent:
            continue
        out = song.notes[seat.channel]
        key = singer.low + 7
        for bar in bars:
            if seat.role == "bass":
                out += bass_bar(rng, seat.row, bar, meter, grid, tune, _kicks(song, bar))
            elif seat.role == "comp":
                out += comp_bar(rng, seat.row, bar, meter, grid, tune, seat.low, seat.strum)
            elif seat.role == "tune":
                line, key = melody_bar(rng, singer, bar, meter, grid, tune, key)
                out += line
            elif seat.role == "horns":
                out += comp_bar(rng, horns, bar, meter, grid, tune, seat.low, 0.0)
            else:
                out += comp_bar(rng, "X" + "-" * (meter * grid - 1), bar, meter, grid, tune, seat.low, 0.0)


def _kicks(song: Song, bar: int) -> list[float]:
    """The beats of the bass drum in a bar; where it is silent, the first of the bar."""
    begin, end = bar * song.meter - 1e-6, (bar + 1) * song.meter - 1e-6
    return sorted({s.position for s in song.strokes if s.voice == "kick" and begin <= s.position < end}) or [
        float(bar * song.meter)
    ]


# --- when it sounds


@dataclass(frozen=True, slots=True)
class Clock:
    """From beats of the song to seconds of the piece."""

    tempo: Tempo
    swing: Swing
    wander: Wander
    start: float  # s of the song at which the piece begins
    seconds: float  # length of the piece

    def at(self, positions: Times) -> Times:
        """Where the positions fall for a player without fault."""
        return self.tempo.at(self.swing.move(positions)) - self.start


def _kit(rng: np.random.Generator, song: Song, feel: Feel, clock: Clock) -> tuple[list[Sound], dict[str, list[float]]]:
    """The strokes as sounds of the drum channel, and when each kind was struck (s)."""
    keys = {voice: int(rng.choice(cell)) for voice, cell in KEYS.items()}
    levels = {voice: rng.uniform(0.7, 1.0) for voice in KEYS}
    floor, reach = rng.uniform(10, 45), rng.uniform(60, 85)
    positions = np.array([s.position for s in song.strokes])
    limbs = [LIMBS.get(s.voice, "extra") for s in song.strokes]
    times = clock.at(positions) + feel.deviations(rng, limbs, positions, clock.wander)
    sounds: list[Sound] = []
    struck: dict[str, list[float]] = {k: [] for k in KINDS}
    for stroke, time in zip(song.strokes, times, strict=True):
        if not -0.5 < time < clock.seconds:
            continue
        key = int(rng.choice(KEYS["crash"])) if stroke.voice == "crash" else keys[stroke.voice]
        velocity = int(np.clip(floor + reach * stroke.loud * levels[stroke.voice], 1, 127))
        at = float(time)
        if stroke.voice == "snare" and stroke.loud > 0.9 and rng.uniform() < feel.flam:
            sounds.append(Sound(at - rng.uniform(0.015, 0.035), 0.1, DRUMS, key, max(1, velocity // 2)))
        sounds.append(Sound(at, 0.2, DRUMS, key, velocity))
        if at >= 0:
            struck[HIT_KINDS.get(stroke.voice, "note")].append(at)
    return sounds, struck


def _players(rng: np.random.Generator, song: Song, seats: list[Seat], clock: Clock) -> tuple[list[Sound], list[float]]:
    """The notes of all seats as sounds, and when they were struck (s)."""
    sounds: list[Sound] = []
    struck: list[float] = []
    for seat in seats:
        notes = song.notes[seat.channel]
        if not notes:
            continue
        begins = np.array([n.position for n in notes])
        ends = begins + np.array([n.length for n in notes])
        on = clock.at(begins) + seat.feel.deviations(rng, ["extra"] * len(notes), begins, clock.wander)
        off = clock.at(ends)
        base = rng.uniform(50, 75)
        for note, at, end in zip(notes, on, off, strict=True):
            time = float(at) + note.delay
            if -0.5 < time < clock.seconds:
                velocity = int(np.clip(base + 55 * (note.loud - 0.5), 1, 127))
                sounds.append(Sound(time, max(0.04, float(end - at)), seat.channel, int(np.clip(note.key, 20, 108)), velocity))
                if 0 <= at < clock.seconds and seat.role != "pad":
                    struck.append(float(at))
    return sounds, struck


def _channels(rng: np.random.Generator, style: Style, seats: list[Seat], drums_db: float) -> dict[int, Channel]:
    """How the channels are set; MIDI volume is a square law, 40 log10 of the value."""
    room = int(rng.integers(0, 100))
    band = 10 ** (-max(0.0, drums_db) / 40)
    out = {s.channel: Channel(s.program, int(s.volume * band), int(rng.integers(20, 108)), room) for s in seats}
    kit = int(rng.choice(style.kits))
    out[DRUMS] = Channel(
        kit, int(110 * 10 ** (min(0.0, drums_db) / 40)), 64, room, float(rng.choice([0.0, rng.uniform(-1.5, 1.5)]))
    )
    return out


def _merged(times: list[float], apart: float = 0.015) -> Times:
    """Rising times; those within `apart` s of the one kept before are one."""
    out: list[float] = []
    for t in sorted(times):
        if not out or t - out[-1] > apart:
            out.append(t)
    return np.array(out)
