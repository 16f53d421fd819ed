"""A rock or metal band: composed and synthesised here, from ballad to blast beat.

A song is a row of parts of a few bars. A part has a groove (metal_grooves) and a riff of two or four bars that follows it; parts
without drums, stops, fills and solos come between. The grid is a chart's: constant or slightly drifting tempo, beats where the
chart has them (in a blast or a half-time part the count goes on). Hands are late or early by some milliseconds; the beat is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from training import metal_sounds, tone
from training.metal_grooves import GROOVES, STYLES, Groove, Style
from training.piece import RATE, Piece, Times
from training.tone import Sound

SCALES = ((0, 3, 5, 6, 7, 10), (0, 1, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 8, 10), (0, 1, 4, 5, 7, 8), (0, 2, 4, 5, 7, 9))
Stroke = tuple[float, float, int, str]  # beat, length in beats, step above the root in half-tones, kind: mute, open, clean


@dataclass(slots=True)
class Band:
    """Everything one song is made of while it is being made."""

    rng: Generator
    style: Style
    beats: Times  # s of every beat of the grid
    frames: int
    jitter: float
    drums: Sound = field(init=False)
    hits: dict[str, list[float]] = field(default_factory=lambda: {"kick": [], "snare": [], "hat": [], "note": []})
    strokes: list[Stroke] = field(default_factory=list)
    solo: list[Stroke] = field(default_factory=list)
    voice: list[tuple[float, float]] = field(default_factory=list)  # beat, length
    faders: dict[str, float] = field(default_factory=dict)  # of the drums

    def __post_init__(self) -> None:
        self.drums = np.zeros(self.frames, np.float32)
        kick, snare, toms, metal = (float(self.rng.uniform(*r)) for r in ((0.4, 1.0), (0.4, 1.1), (0.5, 1.1), (0.5, 1.7)))
        self.faders = {"kick": kick, "snare": snare, "tom1": toms, "tom2": toms, "tom3": toms}
        self.faders |= dict.fromkeys(("hat", "open", "ride", "crash", "china", "stick"), metal)

    def at(self, beat: float) -> float:
        """s of a beat or a part of one."""
        return float(np.interp(beat, np.arange(len(self.beats)), self.beats))

    def hand(self, beat: float) -> float:
        """s at which a hand plays it."""
        return max(0.0, self.at(beat) + float(np.clip(self.rng.normal(0, self.jitter), -0.03, 0.03)))


def grid(rng: Generator, bpm: float, seconds: float) -> Times:
    """Beats of a band: to a click track, or drifting by some tenths of a per cent, or pushing in one direction."""
    count = int(seconds * bpm / 60) + 8
    way = rng.random()
    drift = np.zeros(count)
    if way > 0.5:
        drift = np.cumsum(rng.normal(0, 0.0015, count))
    if way > 0.85:
        drift = drift + np.linspace(0, rng.uniform(-0.04, 0.06), count)
    lengths = 60 / bpm / (1 + np.clip(drift, -0.08, 0.08))
    return np.concatenate([[0.0], np.cumsum(lengths)]) + rng.uniform(0.02, 0.3)


def compose(seed: int) -> Piece:
    """30-40 s of a rock or metal song."""
    rng = np.random.default_rng([seed, 0x3E7A1])
    names = list(STYLES)
    weights = np.array([STYLES[n].weight for n in names])
    name = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    style = STYLES[name]
    seconds = float(rng.uniform(30, 40))
    band = Band(rng, style, grid(rng, rng.uniform(*style.bpm), seconds), int(seconds * RATE), rng.uniform(*style.jitter))
    kit = metal_sounds.kit(rng)
    sections: list[tuple[float, str]] = []
    beat, last = 0, sum(band.beats < seconds)
    opening = rng.random() < 0.3
    while beat < last:
        beat += _part(band, kit, beat, opening, sections)
        opening = rng.random() < 0.12
    mix = _mix(band, rng)
    cut = rng.uniform(0, 3) if rng.random() < 0.5 else 0.0  # excerpts begin anywhere
    return _piece(band, mix, cut, f"{name}", sections)


def _piece(band: Band, mix: Sound, cut: float, name: str, sections: list[tuple[float, str]]) -> Piece:
    audio = mix[int(cut * RATE) :]
    cut, end = int(cut * RATE) / RATE, len(audio) / RATE
    shifted = band.beats - cut
    inside = (shifted >= 0) & (shifted < end)
    positions = np.arange(len(shifted)) % band.style.meter + 1
    hits = {k: np.unique([t - cut for t in v if 0 <= t - cut < end]) for k, v in band.hits.items()}
    marks = [(max(0.0, t - cut), n) for t, n in sections if t - cut < end]
    first = max((i for i, m in enumerate(marks) if m[0] == 0.0), default=0)
    return Piece(audio, shifted[inside], positions[inside], band.style.meter, name, hits, tuple(marks[first:]))


def _part(band: Band, kit: dict[str, list[Sound]], beat: int, bare: bool, sections: list[tuple[float, str]]) -> int:
    """Write one part from this beat; beats written. Bare: guitars alone, perhaps with hats."""
    rng, meter = band.rng, band.style.meter
    family = band.style.grooves[min(int(rng.exponential(1.0)), len(band.style.grooves) - 1)]
    groove = GROOVES[family][int(rng.integers(len(GROOVES[family])))]
    bars = int(rng.choice([2, 4, 4, 8])) if bare else int(rng.choice([4, 4, 8, 8]))
    cymbal = str(rng.choice(["hat", "hat", "open", "ride", "crash", "china"]))
    sections.append((band.at(beat), "break" if bare else "steady"))
    riff = [_riff(band, groove, family) for _ in range(int(rng.choice([1, 2, 4])))]
    stop = rng.random() < 0.1
    for bar in range(bars):
        start, final = beat + bar * meter, bar == bars - 1
        if final and stop:
            _stop(band, kit, start)
            continue
        band.strokes += [(start + b, n, s, k) for b, n, s, k in riff[bar % len(riff)]]
        if bare:
            _count(band, kit, start, final)
        else:
            _bar(
                band, kit, start, groove, cymbal, bar == 0 or (bar % 4 == 0 and rng.random() < 0.5), final and rng.random() < 0.7
            )
    if not bare:
        _front(band, beat, bars)
    return bars * meter


def _strike(band: Band, kit: dict[str, list[Sound]], drum: str, beat: float, loudness: float) -> None:
    when = band.hand(beat)
    sample = kit[drum][int(band.rng.integers(2))]
    tone.add(band.drums, round(when * RATE), sample, loudness * band.faders[drum] * float(band.rng.uniform(0.85, 1.0)))
    kind = drum if drum in ("kick", "snare") else "note" if drum.startswith("tom") else "hat"
    band.hits[kind].append(round(when * RATE) / RATE)


def _bar(band: Band, kit: dict[str, list[Sound]], start: int, groove: Groove, cymbal: str, crash: bool, fill: bool) -> None:
    """One bar of drums; a fill takes the last one or two beats, or nearly the whole of it."""
    meter, steps = band.style.meter, len(groove.kick)
    until = meter - (float(band.rng.choice([0.5, 1, 1, 2, meter - 1])) if fill else 0)
    loud = {"hat": 0.35, "open": 0.4, "ride": 0.4, "crash": 0.45, "china": 0.5}[cymbal]
    for n in range(steps):
        place = n * meter / steps
        if place >= until - 1e-9:
            break
        if groove.kick[n] != ".":
            _strike(band, kit, "kick", start + place, 0.9)
        if groove.snare[n] != ".":
            _strike(band, kit, "snare", start + place, 0.85)
        elif band.rng.random() < 0.02:
            _strike(band, kit, "snare", start + place, 0.2)
        if groove.cymbal[n] != "." and not (crash and n == 0):
            _strike(band, kit, cymbal, start + place, loud * (0.55 if groove.cymbal[n] == "o" else 1.0))
    if crash:
        _strike(band, kit, "crash", start, 0.6)
    if fill:
        _fill(band, kit, start + until, start + meter, steps / meter)


def _fill(band: Band, kit: dict[str, list[Sound]], start: float, end: float, division: float) -> None:
    """Snare and toms, downwards, in the groove's division."""
    count = round((end - start) * division)
    drums = ["snare", "tom1", "tom2", "tom3"]
    sparse = band.rng.random() < 0.3
    for n in range(count):
        if sparse and band.rng.random() < 0.35:
            continue
        drum = drums[min(3, int(n / max(1, count) * 4))] if band.rng.random() < 0.8 else "snare"
        _strike(band, kit, drum, start + n / division, 0.75)
        if band.rng.random() < 0.25:
            _strike(band, kit, "kick", start + n / division, 0.8)


def _count(band: Band, kit: dict[str, list[Sound]], start: int, final: bool) -> None:
    """In a part without drums: nothing, or hats on the beat; before the drums come in perhaps sticks or a fill."""
    way = band.rng.random()
    for n in range(band.style.meter):
        if way < 0.2 or (final and way < 0.5):
            _strike(band, kit, "stick" if final else "hat", start + n, 0.4)
    if final and way > 0.7:
        _fill(band, kit, start + band.style.meter - 2, start + band.style.meter, 4)


def _stop(band: Band, kit: dict[str, list[Sound]], start: int) -> None:
    """All together on one, then air, then the way back in."""
    for drum in ("kick", "snare", "crash"):
        _strike(band, kit, drum, start, 0.9)
    band.strokes.append((start, band.style.meter - 1.5 if band.rng.random() < 0.5 else 0.4, 0, "open"))
    if band.rng.random() < 0.6:
        _fill(band, kit, start + band.style.meter - 1, start + band.style.meter, 4)


def _riff(band: Band, groove: Groove, family: str) -> list[Stroke]:
    """A bar of the rhythm guitars that suits the groove."""
    rng, meter, steps = band.rng, band.style.meter, len(groove.kick)
    figure = groove.riffs[int(rng.integers(len(groove.riffs)))]
    scale = SCALES[int(rng.integers(len(SCALES)))]
    unit = meter / steps

    def pitch() -> int:
        return int(scale[min(int(rng.exponential(1.6)), len(scale) - 1)])

    if figure == "sustain":
        length = float(rng.choice([meter, meter / 2, meter / 2])) if meter == 4 else float(meter)
        return [(b, length, pitch(), "open") for b in np.arange(0, meter, length)]
    if figure == "power":
        low = pitch()
        return [(b, meter / 8, low if b < meter / 2 else pitch(), "open") for b in np.arange(0, meter, 0.5)]
    if figure == "tremolo":
        line = [pitch() + 12 * int(rng.random() < 0.2) for _ in range(meter)]
        return [(n * unit, unit, line[int(n * unit)], "open") for n in range(steps)]
    if figure == "arpeggio":
        low, shape = pitch(), [0, 7, 12, 15 if family == "ballad" else 16, 12, 7]
        return [(n * 0.5, 2.0, low + shape[n % 6], "clean") for n in range(meter * 2)]
    if figure == "kick":
        places = [n for n in range(steps) if groove.kick[n] != "."]
        return [(n * unit, unit, 0 if rng.random() < 0.75 else pitch(), "mute" if rng.random() < 0.8 else "open") for n in places]
    if figure == "gallop":
        places = [n for n in range(steps) if n % 4 != 1] if steps == 16 else list(range(steps))
    elif figure == "chug8":
        places = list(range(0, steps, 2))
    elif figure == "chug16":
        places = list(range(steps))
    else:  # accent: chugs, with chords in threes against the four
        return [(n * unit, unit * (3 if n % 3 == 0 else 1), pitch() if n % 3 == 0 else 0, "open" if n % 3 == 0 else "mute")
                for n in range(steps) if n % 3 == 0 or rng.random() < 0.7]  # fmt: skip
    accents = {int(n) for n in rng.choice(steps, size=int(rng.integers(0, 4)), replace=False)}
    return [(n * unit, unit, pitch() if n in accents else 0, "open" if n in accents else "mute") for n in places]


def _front(band: Band, beat: int, bars: int) -> None:
    """The voice or the lead guitar over a part."""
    rng, meter, way = band.rng, band.style.meter, band.rng.random()
    end = beat + bars * meter
    if way < 0.55 and band.style.voice != "none":
        place = beat + float(rng.choice([0, 0.5, 1]))
        while place < end:
            length = float(rng.choice([0.25, 0.5, 0.5, 1, 1, 2, 4]))
            if rng.random() < 0.75:
                band.voice.append((place, length))
            place += length
    elif way < 0.75:
        scale = SCALES[int(rng.integers(len(SCALES)))]
        place, n = float(beat), int(rng.integers(4, 12))
        while place < end:
            length = float(rng.choice([0.25, 0.25, 0.25, 1 / 3, 0.5, 1]))
            for _ in range(int(rng.choice([1, 2, 4]))):
                n = int(np.clip(n + rng.choice([-2, -1, -1, 1, 1, 2]), 0, 3 * len(scale) - 1))
                band.solo.append((place, length, 24 + scale[n % len(scale)] + 12 * (n // len(scale)), "open"))
                place += length


def _play(band: Band, rng: Generator, strokes: list[Stroke], root: int, kinds: dict[str, tuple[int, ...]], note: bool) -> Sound:
    """The strokes on one instrument: each cuts the one before off (a clean one rings on)."""
    out = np.zeros(band.frames, np.float32)
    made: dict[tuple[int, str], Sound] = {}
    when = [band.hand(s[0]) for s in strokes]
    for n, (beat, length, step, kind) in enumerate(strokes):
        if kind not in kinds:
            continue
        if (step, kind) not in made:
            seconds = 0.4 if kind == "mute" else 2.5
            made[step, kind] = metal_sounds.chord(rng, root + step, kinds[kind], seconds, 0.9 if kind == "mute" else 0.0)
        end = band.at(beat + length) + (0.0 if kind != "clean" else 0.5)
        if kind != "clean" and n + 1 < len(strokes):
            end = min(end, max(when[n] + 0.03, when[n + 1]))
        first = round(when[n] * RATE)
        sound = made[step, kind][: max(200, round(end * RATE) - first)].copy()
        sound[-132:] *= np.linspace(1, 0, 132, dtype=np.float32)
        tone.add(out, first, sound, float(rng.uniform(0.85, 1.0)))
        if note and first < band.frames:
            band.hits["note"].append(first / RATE)
    return out


def _voices(band: Band, rng: Generator) -> Sound:
    out = np.zeros(band.frames, np.float32)
    midi = float(rng.uniform(50, 64))
    for beat, length in band.voice:
        seconds = min(3.0, max(0.08, (band.at(beat + length) - band.at(beat)) * rng.uniform(0.7, 0.98)))
        if band.style.voice == "sung":
            sound = metal_sounds.sung(rng, midi + float(rng.choice([0, 2, 3, 5, 7, 10])), seconds)
        else:
            sound = metal_sounds.growl(rng, seconds, band.style.voice == "scream")
        tone.add(out, round((band.at(beat) + rng.normal(0, 0.025)) * RATE), sound, float(rng.uniform(0.6, 1.0)))
    return out


def _mix(band: Band, rng: Generator) -> Sound:
    """Everything at its level through the bus. The strokes of the second guitar are the first's with hands of its own."""
    root, drive = int(rng.integers(33, 42)), rng.uniform(*band.style.drive)
    power = {"mute": (0, 7), "open": (0, 7, 12)}
    clean = _play(band, rng, band.strokes, root + 12, {"clean": (0,)}, True)
    parts = [(metal_sounds.amplifier(rng, clean, 0.1), 0.5)]
    for take in range(2):
        strings = _play(band, rng, band.strokes, root, power, take == 0)
        parts.append((metal_sounds.amplifier(rng, strings, drive), rng.uniform(0.4, 0.75)))
    bass = _play(band, rng, band.strokes, root - 12, {"mute": (0,), "open": (0,), "clean": (0,)}, False)
    parts.append((tone.through(metal_sounds.amplifier(rng, bass, 0.35), tone.shelf(150, 6, False)), rng.uniform(0.5, 0.9)))
    lead = metal_sounds.amplifier(rng, _play(band, rng, band.solo, root + 12, {"open": (0,)}, True), 0.8)
    late = round(rng.uniform(0.15, 0.45) * RATE)
    lead[late:] += 0.35 * lead[:-late].copy()
    parts += [(lead, rng.uniform(0.4, 0.8)), (_voices(band, rng), rng.uniform(0.4, 1.0))]
    mix = band.drums * np.float32(rng.uniform(0.4, 1.2) / max(tone.rms(band.drums), 0.02))
    for sound, share in parts:
        loud = sound[np.abs(sound) > 1e-4]
        if len(loud) > RATE // 10:
            mix = mix + sound * np.float32(share / tone.rms(loud))
    scooped = (
        tone.peak(rng.uniform(600, 1300), 0.6, rng.uniform(-10, 0)),
        tone.peak(rng.uniform(120, 220), 0.8, rng.uniform(0, 5)),
    )
    mix = tone.through(
        mix, *scooped, tone.shelf(rng.uniform(3000, 8000), rng.uniform(-10, 3), True), tone.high(rng.uniform(25, 60))
    )
    return metal_sounds.bus(rng, mix, rng.uniform(0.3, 1.0))
