"""Sustained tones that are no feedback: the hard negatives of the feedback watch. 48 kHz, mono, everything follows from a seed.

A piece is one instrument with a line of long notes, alone or over a band, in a room: flute with vibrato and without, stopped
organ pipes and full organ under a swell pedal, sung vowels, synthesiser leads and pads whose filter opens, strings driven by an
e-bow, whistling; and the same families as a General MIDI soundfont has them, by fluidsynth. Notes swell straight in decibels as
often as straight in amplitude, for that is what feedback does.

A line has one of four forms: notes of all lengths, equally loud; crescendi, notes of 3 to 12 s that all rise by 10 to 30 dB; a
swell pedal, which opens and closes by 10 to 25 dB while notes come and go; terraces, phrases from pianissimo to fortissimo, so
that much in a piece is louder than all before it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from scipy import ndimage, signal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from training import synth_fluid

RATE = 48_000
Sound = np.ndarray
Chance = np.random.Generator
WORDS = "one two check this is the microphone on the left good evening everybody and welcome to the show tonight"
SCALE = np.array([0, 2, 3, 5, 7, 8, 10, 12, 14, 15, 17, 19])
FORMS = ("notes", "crescendi", "pedal", "terraces")
FLUID = {
    "flute": (73, 74, 75, 79), "organ": (16, 18, 19, 20, 21), "voice": (52, 53, 54, 85, 91),
    "lead": (80, 81, 82, 87), "pad": (88, 89, 90, 92, 94, 95, 48, 50), "whistle": (78, 72), "strings": (40, 41, 42, 44),
}  # fmt: skip


def swell(draw: Chance, frames: int, rises: bool = False) -> Sound:
    """The loudness of a note: an attack, then steady, rising, falling or both, in amplitude or straight in decibels."""
    t = np.linspace(0, 1, frames)
    depth = draw.uniform(10, 30) if rises else draw.uniform(3, 24)
    shape = "rise" if rises else draw.choice(["steady", "rise", "fall", "arch"], p=[0.4, 0.25, 0.15, 0.2])
    course = {"steady": np.ones(frames), "rise": t, "fall": 1 - t, "arch": np.sin(np.pi * t)}[shape]
    if shape == "steady":
        level = course
    elif draw.random() < 0.5:
        level = 10 ** (depth * (course - 1) / 20)
    else:
        level = 10 ** (-depth / 20) + (1 - 10 ** (-depth / 20)) * course
    attack, release = int(draw.uniform(0.02, 0.3) * RATE), int(draw.uniform(0.05, 0.3) * RATE)
    edge = np.minimum(1, np.minimum(np.arange(frames) / attack, np.arange(frames)[::-1] / release))
    return level * edge


def pitch(draw: Chance, hz: float, frames: int, depth: float) -> Sound:
    """Phase of a note with vibrato of `depth` cents, that begins late, and a slow wander."""
    t = np.arange(frames) / RATE
    late = np.clip((t - draw.uniform(0, 0.4)) / 0.5, 0, 1)
    cents = depth * late * np.sin(2 * np.pi * (draw.uniform(4.5, 6.5) * t + draw.random()))
    cents = cents + draw.uniform(0, 3) * np.sin(2 * np.pi * (draw.uniform(0.1, 0.5) * t + draw.random()))
    return 2 * np.pi * np.cumsum(hz * 2 ** (cents / 1200)) / RATE


def harmonics(phase: Sound, levels: Sound, hz: float) -> Sound:
    return sum((a * np.sin(n * phase) for n, a in enumerate(levels, 1) if n * hz < 20_000), np.zeros(len(phase)))


def flute(draw: Chance, hz: float, frames: int) -> Sound:
    levels = np.array([1, draw.uniform(0.05, 0.5), draw.uniform(0.02, 0.2), 0.05, 0.02]) * draw.uniform(0.3, 1, 5)
    tone = harmonics(pitch(draw, hz, frames, draw.choice([0, 0, 15, 30])), levels, hz)
    b, a = signal.butter(2, [hz, min(4 * hz, 16_000)], "bp", fs=RATE)
    return tone + draw.uniform(0.005, 0.05) * signal.lfilter(b, a, draw.normal(size=frames))


def organ(draw: Chance, hz: float, frames: int) -> Sound:
    phase = pitch(draw, hz, frames, 0)
    if draw.random() < 0.4:  # one stopped pipe, nearly a sine
        return harmonics(phase, np.array([1, 0.01, draw.uniform(0.01, 0.15), 0, 0.02]), hz)
    stops = draw.uniform(0, 1, 5)
    return sum((s * harmonics(m * phase + draw.uniform(0, 6), np.array([1, 0.3, 0.1, 0.05]), m * hz)
                for s, m in zip(stops, (0.5, 1, 2, 3, 4), strict=True)), np.zeros(frames))  # fmt: skip


def voice(draw: Chance, hz: float, frames: int) -> Sound:
    phase = pitch(draw, hz, frames, draw.choice([0, 20, 50, 80]))
    pulses = harmonics(phase, 1 / np.arange(1, 40) ** draw.uniform(1.0, 1.6), hz)
    formants = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))[draw.integers(5)]
    out = 0.02 * pulses
    for centre, width in zip(formants, (90, 110, 170), strict=True):
        b, a = signal.iirpeak(centre * draw.uniform(0.95, 1.15), centre / width, fs=RATE)
        out = out + signal.lfilter(b, a, pulses)
    return out


def lead(draw: Chance, hz: float, frames: int) -> Sound:
    phase = pitch(draw, hz, frames, draw.choice([0, 0, 20]))
    kind = draw.choice(["sine", "triangle", "square", "saw"])
    if kind == "sine":
        return np.sin(phase)
    cycle = phase / (2 * np.pi) % 1
    raw = {"triangle": 4 * np.abs(cycle - 0.5) - 1, "square": np.sign(cycle - 0.5), "saw": 2 * cycle - 1}[kind]
    return signal.sosfilt(signal.butter(4, min(hz * draw.uniform(1.5, 12), 16_000), fs=RATE, output="sos"), raw)


def pad(draw: Chance, hz: float, frames: int) -> Sound:
    detuned = sum(2 * (hz * (1 + d) * np.arange(frames) / RATE % 1) - 1 for d in draw.normal(0, 0.003, 3))
    closed, opened = hz * draw.uniform(1, 2), hz * draw.uniform(3, 12)
    resonance, out, state = draw.uniform(0.7, 8), np.zeros(frames), np.zeros((1, 2))
    for begin in range(0, frames, 480):  # the filter opens, with resonance
        cut = min(closed * (opened / closed) ** (begin / frames), 18_000)
        w, alpha = 2 * np.pi * cut / RATE, np.sin(2 * np.pi * cut / RATE) / (2 * resonance)
        b = np.array([1 - np.cos(w), 2 - 2 * np.cos(w), 1 - np.cos(w)]) / 2
        sos = np.array([[*b, 1 + alpha, -2 * np.cos(w), 1 - alpha]]) / (1 + alpha)
        out[begin : begin + 480], state = signal.sosfilt(sos, detuned[begin : begin + 480], zi=state)
    return out


def ebow(draw: Chance, hz: float, frames: int) -> Sound:
    """A string that is driven: every partial grows by itself until it is held."""
    t, phase = np.arange(frames) / RATE, pitch(draw, hz, frames, draw.choice([0, 10]))
    out = np.zeros(frames)
    for n in range(1, 9):
        rate = draw.uniform(8, 60) / n**0.3  # dB/s
        out += 1 / n ** draw.uniform(0.8, 2.0) * np.minimum(1, 10 ** ((-24 + rate * t) / 20)) * np.sin(n * phase)
    return out


def whistle(draw: Chance, hz: float, frames: int) -> Sound:
    return np.sin(pitch(draw, 2 * hz, frames, draw.choice([3, 10, 30]))) + 0.01 * draw.normal(size=frames)


INSTRUMENTS: dict[str, Callable[[Chance, float, int], Sound]] = {
    "flute": flute, "organ": organ, "voice": voice, "lead": lead, "pad": pad, "ebow": ebow, "whistle": whistle,
}  # fmt: skip


def line(draw: Chance, seconds: float, instrument: Callable[[Chance, float, int], Sound], form: str = "notes") -> Sound:
    """Long notes, sometimes as chords, one after the other; `form`: one of FORMS."""
    out, at, root = np.zeros(int(seconds * RATE)), 0.0, draw.uniform(110, 330)
    chords, rises = draw.random() < 0.4, form == "crescendi"
    while at < seconds - 0.5:
        length = draw.choice([0.4, 0.8, 1.6, 3.0, 6.0, 10.0], p=[0.15, 0.25, 0.25, 0.2, 0.1, 0.05])
        length = min(draw.uniform(3, 12) if rises else length, seconds - at)
        frames = int(length * RATE)
        loud = swell(draw, frames, rises)
        for step in draw.choice(SCALE, 3 if chords else 1, replace=False):
            note = instrument(draw, root * 2 ** (step / 12) * draw.choice([1, 1, 2]), frames)
            note = note / (note.std() + 1e-9)
            begin = int(at * RATE)
            out[begin : begin + frames] += (note * loud)[: len(out) - begin]
        at += length + draw.choice([0, 0, 0.2, 1.0])
    out = out * dynamics(draw, len(out), form)
    return out / out.std()


def dynamics(draw: Chance, frames: int, form: str) -> Sound:
    """How loud the player plays, beside what each note does."""
    t, level = np.arange(frames) / RATE, np.zeros(frames)
    if form == "pedal":
        level = draw.uniform(5, 12.5) * np.sin(2 * np.pi * (t / draw.uniform(8, 24) + draw.random()))
    elif form == "terraces":
        at = 0.0
        while at < t[-1]:
            level[int(at * RATE) :] = draw.uniform(-24, 0)
            at += draw.uniform(4, 12)
        level = ndimage.uniform_filter1d(level, int(0.05 * RATE))
    return 10 ** (level / 20)


def fluid_line(draw: Chance, seconds: float, family: str) -> Sound:
    """The same by fluidsynth, with a soft band beneath."""
    sounds, at = [], 0.0
    channels = {
        0: synth_fluid.Channel(int(draw.choice(FLUID[family])), 110),
        1: synth_fluid.Channel(int(draw.choice([0, 4, 24, 27])), 60),
    }
    key = int(draw.integers(48, 64))
    while at < seconds:
        length = float(draw.choice([0.5, 1.0, 2.0, 4.0, 8.0]))
        steps = draw.choice(SCALE, int(draw.choice([1, 1, 3])), replace=False)
        sounds += [synth_fluid.Sound(at, length, 0, key + 12 + int(step), int(draw.integers(60, 120))) for step in steps]
        for half in np.arange(0, length, 0.5):
            sounds.append(synth_fluid.Sound(at + half, 0.4, 1, key + int(draw.choice(SCALE[:5])), 70))
            sounds.append(synth_fluid.Sound(at + half, 0.2, synth_fluid.DRUMS, int(draw.choice([36, 38, 42])), 70))
        at += length
    made = synth_fluid.render(sounds, channels, seconds, draw.choice(synth_fluid.fonts()), reverb=bool(draw.random() < 0.5))
    return signal.resample_poly(made.astype(float), 160, 147)[: int(seconds * RATE)] / (made.std() + 1e-9)


def band(draw: Chance, seconds: float) -> Sound:
    """A kick, a snare, hats and a bass, so that the line is not alone."""
    out, beat = np.zeros(int(seconds * RATE)), 60 / draw.uniform(70, 140)
    for k in range(int(seconds / beat)):
        begin = int(k * beat * RATE)
        t = np.arange(min(int(beat * RATE), len(out) - begin)) / RATE
        hit = np.sin(2 * np.pi * (50 * t + 8 * (1 - np.exp(-30 * t)))) * np.exp(-14 * t) if k % 2 == 0 else 0
        snare = draw.normal(size=len(t)) * np.exp(-22 * t) * 0.4 * (k % 2)
        hats = 0.1 * draw.normal(size=len(t)) * np.exp(-60 * (t % (beat / 2)))
        bass = 0.3 * (2 * (55 * 2 ** (draw.choice(SCALE[:5]) / 12) * t % 1) - 1) * np.exp(-3 * t)
        out[begin : begin + len(t)] += hit + snare + hats + bass
    return out / out.std()


def piece(seed: int, seconds: float, rooms: list[Sound]) -> tuple[str, Sound]:
    """Its name, and (frames,) as a microphone in a room hears it, about -20 dBFS."""
    draw = np.random.default_rng([0x40, seed])
    families = list(INSTRUMENTS)
    family = families[seed % len(families)]
    fluid = seed // len(families) % 3 == 2 and not synth_fluid.lacking()
    if fluid:
        family = list(FLUID)[seed % len(FLUID)]
        dry = fluid_line(draw, seconds, family)
        dry = dry * dynamics(draw, len(dry), draw.choice(FORMS, p=[0.4, 0.2, 0.2, 0.2]))
    else:
        dry = line(draw, seconds, INSTRUMENTS[family], draw.choice(FORMS, p=[0.4, 0.2, 0.2, 0.2]))
        if draw.random() < 0.5:
            dry = dry + band(draw, seconds) * 10 ** (draw.uniform(-15, 3) / 20)
    if seed % 5 == 3:  # they begin later, or pause
        pause = np.random.default_rng([0x42, seed])
        begin, length = pause.choice([0.0, pause.uniform(2, 25)]), pause.uniform(4, 12)
        plays = np.ones(len(dry))
        plays[int(begin * RATE) : int((begin + length) * RATE)] = 0
        dry = dry * ndimage.uniform_filter1d(plays, int(0.05 * RATE))
    wet = signal.fftconvolve(dry, rooms[draw.integers(len(rooms))])[: len(dry)] if draw.random() < 0.7 else dry
    wet = wet / wet.std() + draw.normal(size=len(wet)) * 10 ** (draw.uniform(-60, -30) / 20)
    return f"{family}{' (soundfont)' if fluid else ''}", 0.1 * wet / wet.std()


def speech(draw: Chance, seconds: float) -> Sound:
    """Somebody at the microphone, by espeak-ng."""
    words = WORDS.split()
    text = " ".join(draw.choice(words, int(seconds * 3)))
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / "speech.wav"
        command = [
            "espeak-ng",
            "-w",
            str(wave),
            "-s",
            str(int(draw.integers(120, 170))),
            "-p",
            str(int(draw.integers(20, 80))),
            text,
        ]
        subprocess.run(command, check=True, timeout=60)
        sound, rate = soundfile.read(wave)
    sound = signal.resample_poly(sound, RATE, rate)
    sound = np.resize(sound, int(seconds * RATE))
    return sound / sound.std()
