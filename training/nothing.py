"""What a microphone in a hall hears when nobody plays: no beat is true here, and none must be announced.

Speech by espeak-ng in many voices and languages (sentences from a small grammar; a line is made once a process), one
speaker, a dialogue or a babble of twenty; thousands of claps, cheers, whistles, footsteps, glasses, wind and rain, hum,
sound-check knocks, instruments being tuned, drones. `between` puts such things before, between and after music.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.random import Generator
from scipy import signal

from training import metal_sounds, tone
from training.piece import RATE, Piece
from training.tone import Sound

LINES = 400  # different lines a process may ask for; each follows from its number
_VOICES = (
    "en-us",
    "en-gb",
    "en-gb-scotland",
    "de",
    "fr-fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "pl",
    "ru",
    "cs",
    "fi",
    "tr",
    "el",
    "hu",
    "ro",
    "cmn",
    "hi",
)
_VARIANTS = (
    "",
    "+m1",
    "+m3",
    "+m5",
    "+m7",
    "+f1",
    "+f2",
    "+f3",
    "+f4",
    "+f5",
    "+croak",
    "+whisper",
    "+klatt2",
    "+klatt4",
    "+rob",
    "+max",
)
_WHO = (
    "the singer",
    "my brother",
    "our engineer",
    "the whole hall",
    "somebody",
    "the woman at the door",
    "your friend",
    "the band",
    "he",
    "we",
)
_DOES = (
    "waits for",
    "has lost",
    "talks about",
    "would like",
    "forgot",
    "is looking for",
    "never saw",
    "remembers",
    "paid for",
    "brings",
)
_WHAT = (
    "a cold drink",
    "the last train",
    "two tickets",
    "her coat",
    "the next song",
    "a long cable",
    "the weather",
    "that old guitar",
    "nothing",
)
_WHEN = (
    "tonight",
    "again",
    "before the doors open",
    "in the rain",
    "with a smile",
    "every year",
    "at the bar",
    "",
    "",
    "by the way",
)
_CALLS = (
    "Good evening!",
    "Check, one, two.",
    "Thank you so much!",
    "Are you all right?",
    "Please welcome",
    "Ladies and gentlemen,",
    "One more!",
    "No.",
    "Wait.",
)


def lacking() -> str:
    """What is missing to speak, in words; empty where nothing is."""
    return "" if shutil.which("espeak-ng") else "the espeak-ng program is not installed"


def _sentence(rng: Generator) -> str:
    words = [str(rng.choice(part)) for part in (_WHO, _DOES, _WHAT, _WHEN)]
    call = f"{rng.choice(_CALLS)} " if rng.random() < 0.3 else ""
    return call + " ".join(w for w in words if w).capitalize() + str(rng.choice([".", "!", "?", ", and"]))


@lru_cache(maxsize=LINES)
def line(number: int) -> Sound:
    """A spoken line of some seconds, RMS about 1. FileNotFoundError, RuntimeError: espeak-ng is absent or failed."""
    rng = np.random.default_rng([number, 0x5BEEC])
    text = " ".join(_sentence(rng) for _ in range(int(rng.integers(1, 5))))
    voice = str(rng.choice(_VOICES, p=_first_half())) + str(rng.choice(_VARIANTS))
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder) / "line.wav"
        command = [
            "espeak-ng",
            "-v",
            voice,
            "-s",
            str(rng.integers(110, 230)),
            "-p",
            str(rng.integers(15, 85)),
            "-w",
            str(wave),
            text,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0 or not wave.is_file():
            raise RuntimeError(f"espeak-ng failed ({done.returncode}) on voice {voice}: {done.stderr.strip()[-300:]}")
        audio, rate = soundfile.read(wave, dtype="float32")
    audio = soxr.resample(audio, rate, RATE, quality="MQ")
    return np.asarray(audio / np.float32(tone.rms(audio[np.abs(audio) > 0.01])), np.float32)


def _first_half() -> list[float]:
    """English half of the time."""
    return [0.5 / 3] * 3 + [0.5 / (len(_VOICES) - 3)] * (len(_VOICES) - 3)


def speech(rng: Generator, frames: int, voices: int = 1) -> Sound:
    """So many people, each of whom says line after line with pauses; RMS about 1 while they speak."""
    out = np.zeros(frames, np.float32)
    for v in range(voices):
        at, last = (
            int(rng.uniform(-3, 0.5) * RATE) if voices > 2 else int(rng.uniform(0, 1) * RATE) + v * RATE * 3,
            int(rng.integers(LINES)),
        )
        away = rng.uniform(0.2, 1.0) if voices > 2 else 1.0
        while at < frames:
            said = line((last + int(rng.integers(0, 12)) * 20) % LINES)
            tone.add(out, at, said, away)
            at += len(said) + int(rng.exponential(0.6 if voices < 5 else 0.2) * RATE) + (5 * RATE if voices == 2 else 0)
    return out / np.float32(max(1.0, np.sqrt(voices) * 0.6))


def babble(rng: Generator, frames: int) -> Sound:
    """A room full of talk, RMS about 1."""
    out = speech(rng, frames, int(rng.integers(6, 16)))
    for _ in range(2):  # the same crowd again, elsewhere in the room: more voices for nothing
        out = out + np.float32(0.8) * np.roll(out, int(rng.integers(RATE, max(RATE + 1, frames - RATE))))
    out = tone.through(out, tone.low(rng.uniform(1500, 6000)), tone.high(120))
    return np.asarray(out / np.float32(tone.rms(out)), np.float32)


@lru_cache(maxsize=24)
def _clap(number: int) -> Sound:
    rng = np.random.default_rng([number, 0xC1A])
    t = np.arange(int(0.06 * RATE)) / RATE
    hz = rng.uniform(700, 2500)
    out = tone.through(tone.noise(rng, len(t)), tone.band(hz * 0.6, hz * 1.8)) * np.exp(-t / rng.uniform(0.003, 0.012))
    return np.asarray(out / np.max(np.abs(out)), np.float32)


def applause(rng: Generator, frames: int) -> Sound:
    """From a handful of hands to a full hall, each clapping at a rate of its own; RMS about 1."""
    people = int(np.exp(rng.uniform(np.log(4), np.log(300))))
    near = rng.uniform(0.1, 1.0, people) ** 2
    impulses = np.zeros((8, frames), np.float32)
    for n in range(people):
        gaps = np.clip(rng.normal(rng.uniform(0.2, 0.45), 0.04 if people > 20 else 0.09, int(frames / RATE / 0.2)), 0.1, 1.0)
        if rng.random() < 0.5:
            gaps[rng.random(len(gaps)) < 0.1] += rng.uniform(0.3, 2)
        places = ((np.cumsum(gaps) + rng.uniform(-1, 0.5)) * RATE).astype(int)
        places = places[(places >= 0) & (places < frames)]
        np.add.at(impulses[n % 8], places, (near[n] * rng.uniform(0.6, 1.0, len(places))).astype(np.float32))
    out = np.zeros(frames, np.float32)
    for n in range(min(8, people)):
        out += signal.oaconvolve(impulses[n], _clap(int(rng.integers(24))))[:frames].astype(np.float32)
    swell = np.interp(np.arange(frames), np.linspace(0, frames, 6), rng.uniform(0.5, 1.2, 6)).astype(np.float32)
    out *= swell
    return np.asarray(out / np.float32(tone.rms(out)), np.float32)


def cheer(rng: Generator, frames: int) -> Sound:
    """Many long vowels at once with whistles over them; RMS about 1."""
    out = tone.through(tone.noise(rng, frames, 0.5), tone.band(rng.uniform(500, 800), rng.uniform(1200, 2500)))
    for _ in range(int(rng.integers(5, 25))):
        length = rng.uniform(0.4, 2.5)
        shout = metal_sounds.sung(rng, rng.uniform(50, 76), length)
        tone.add(out, int(rng.uniform(0, frames)), shout, rng.uniform(0.1, 0.8))
    for _ in range(int(rng.integers(0, 4))):
        tone.add(out, int(rng.uniform(0, frames)), whistle(rng), rng.uniform(0.2, 1.0))
    shape = np.interp(np.arange(frames), np.linspace(0, frames, 8), rng.uniform(0.2, 1.0, 8)).astype(np.float32)
    out = out * shape
    return np.asarray(out / np.float32(tone.rms(out)), np.float32)


def whistle(rng: Generator) -> Sound:
    """A whistle that bends."""
    frames = int(rng.uniform(0.2, 1.2) * RATE)
    hz = np.interp(np.arange(frames), np.linspace(0, frames, 4), rng.uniform(1200, 3800) * rng.uniform(0.7, 1.3, 4))
    t = np.linspace(0, 1, frames)
    fades = np.minimum(1, np.minimum(t, 1 - t) * 12)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(hz) / RATE) * fades, np.float32)


def _scattered(rng: Generator, frames: int, gap: float, make: Callable[[Generator], Sound]) -> Sound:
    """Sounds at moments that keep no time, `gap` s apart on the mean (never a row of like gaps)."""
    out, at = np.zeros(frames, np.float32), rng.uniform(0, gap)
    while at * RATE < frames:
        tone.add(out, int(at * RATE), make(rng), float(rng.uniform(0.2, 1.0)))
        at += 0.08 + gap * float(rng.gamma(1.2) / 1.2)
    return out


def _step(rng: Generator) -> Sound:
    t = np.arange(int(0.15 * RATE)) / RATE
    out = tone.through(tone.noise(rng, len(t)), tone.low(rng.uniform(200, 1500))) * np.exp(-t / rng.uniform(0.01, 0.04))
    return np.asarray(out / (np.max(np.abs(out)) + 1e-9), np.float32)


def _glass(rng: Generator) -> Sound:
    t = np.arange(int(0.6 * RATE)) / RATE
    base = rng.uniform(1500, 4500)
    return sum(
        (np.sin(2 * np.pi * base * k * t) * np.exp(-t / rng.uniform(0.03, 0.25)) * 0.3 for k in (1, 2.32, 4.25)), np.zeros(len(t))
    ).astype(np.float32)


def _string(rng: Generator) -> Sound:
    """An open string, a little off, as while tuning."""
    hz = float(rng.choice([82.4, 110, 146.8, 196, 246.9, 329.6, 41.2, 55])) * rng.uniform(0.97, 1.03)
    return metal_sounds.string(rng, hz, float(rng.uniform(0.5, 3)), 0.0)


def _drums(rng: Generator, frames: int) -> Sound:
    kit = metal_sounds.kit(rng)
    names = list(rng.choice(list(kit), size=int(rng.integers(1, 5)), replace=False))
    return _scattered(rng, frames, rng.uniform(0.8, 4), lambda r: kit[str(r.choice(names))][int(r.integers(2))])


def _drone(rng: Generator, frames: int) -> Sound:
    """A held chord that breathes slowly: pads, a bowed string, an organ's note, feedback."""
    t = np.arange(frames) / RATE
    out = np.zeros(frames)
    root = rng.uniform(50, 200)
    for ratio in rng.choice([1, 1.5, 2, 2.5, 3, 4, 1.2], size=int(rng.integers(1, 5)), replace=False):
        hz = root * ratio * (1 + 0.002 * rng.normal())
        depth = np.interp(t, np.arange(0, t[-1] + 6, 5.0), rng.uniform(0.3, 1.0, len(np.arange(0, t[-1] + 6, 5.0))))
        wave = np.sin(2 * np.pi * hz * t) if rng.random() < 0.4 else signal.sawtooth(2 * np.pi * hz * t)
        out += wave * depth / ratio
    return tone.through(out.astype(np.float32), tone.low(rng.uniform(300, 4000)))


def _weather(rng: Generator, frames: int) -> Sound:
    """Wind, rain, traffic, ventilation."""
    out = tone.noise(rng, frames, rng.uniform(0.5, 2.2))
    knots = np.arange(0, frames + RATE, int(RATE * rng.uniform(0.5, 3)))
    gusts = np.interp(np.arange(frames), knots, rng.uniform(0.1, 1.0, len(knots))).astype(np.float32)
    out = out * (gusts if rng.random() < 0.6 else np.float32(0.5))
    if rng.random() < 0.4:
        drops = tone.noise(rng, frames) * (rng.random(frames, dtype=np.float32) < 0.002)
        out = out + tone.through(drops, tone.high(1500)) * np.float32(rng.uniform(1, 6))
    return out


def hum(rng: Generator, frames: int) -> Sound:
    """Mains hum of 50 or 60 Hz with a little hiss."""
    t = np.arange(frames) / RATE
    mains = float(rng.choice([50, 60]))
    parts = sum(rng.uniform(0, 1) / k * np.sin(2 * np.pi * mains * k * t + rng.uniform(0, 6)) for k in (1, 2, 3, 4, 5, 6, 8, 10))
    return np.asarray(parts, np.float32) + tone.noise(rng, frames, 1.0) * np.float32(rng.uniform(0.01, 0.5))


def _nearly_silent(rng: Generator, frames: int) -> Sound:
    return (
        np.zeros(frames, np.float32)
        if rng.random() < 0.4
        else tone.noise(rng, frames, float(rng.uniform(0, 2))) * np.float32(0.001)
    )


Maker = Callable[[Generator, int], Sound]
SCENES: dict[str, tuple[float, Maker]] = {  # name -> how often, how it is made
    "speech": (3.0, lambda r, n: speech(r, n, 1)),
    "dialogue": (1.0, lambda r, n: speech(r, n, int(r.integers(2, 4)))),
    "crowd": (2.0, babble),
    "applause": (1.5, applause),
    "cheers": (1.0, cheer),
    "weather": (0.8, _weather),
    "hum": (0.5, hum),
    "footsteps": (0.6, lambda r, n: _scattered(r, n, float(r.uniform(0.4, 1.5)), _step)),
    "glasses": (0.5, lambda r, n: _scattered(r, n, float(r.uniform(0.5, 3)), _glass)),
    "tuning": (1.0, lambda r, n: _scattered(r, n, float(r.uniform(0.5, 2)), _string)),
    "single drums": (1.0, _drums),
    "drone": (1.0, _drone),
    "silence": (0.5, _nearly_silent),
}


def scene(rng: Generator, frames: int) -> tuple[Sound, str]:
    """One scene or two at once, at a level between a whisper and full; and what it is."""
    names, weights = list(SCENES), np.array([w for w, _ in SCENES.values()])
    chosen = rng.choice(len(names), size=int(rng.choice([1, 1, 2, 3])), replace=False, p=weights / weights.sum())
    out = np.zeros(frames, np.float32)
    for rank, n in enumerate(chosen):
        sound = SCENES[names[n]][1](rng, frames)
        loudness = tone.rms(sound) if names[n] != "silence" else 1.0
        out += sound * np.float32((1.0 if rank == 0 else tone.gain(rng.uniform(-20, 0))) / max(loudness, 1e-4))
    out *= np.float32(tone.gain(rng.uniform(-45, -12)))
    return tone.level(out), " and ".join(names[n] for n in chosen)


def compose(seed: int) -> Piece:
    """25-35 s of what is not music. FileNotFoundError: espeak-ng is absent and somebody would speak."""
    rng = np.random.default_rng([seed, 0x0])
    frames = int(rng.uniform(25, 35) * RATE)
    out, name = np.zeros(frames, np.float32), []
    edges = [0, frames] if rng.random() < 0.6 else [0, int(frames * rng.uniform(0.2, 0.8)), frames]
    for start, end in pairwise(edges):
        part, what = scene(rng, end - start)
        out[start:end] = _faded(part, 0.05)
        name.append(what)
    return Piece(out, np.empty(0), np.empty(0, np.int64), 0, ", then ".join(name), {}, ((0.0, "silence"),))


def _faded(part: Sound, seconds: float) -> Sound:
    n = min(len(part) // 2, int(seconds * RATE))
    ramp = np.linspace(0, 1, n, dtype=np.float32)
    part[:n] *= ramp
    part[len(part) - n :] *= ramp[::-1]
    return part


def between(seed: int) -> Piece:
    """Songs with something else before, between or after: beats only where there is music, which stops or fades."""
    from training import band, electronic, metal, piano

    rng = np.random.default_rng([seed, 0xBE7])
    parts: list[Sound] = []
    beats, positions, sections = [], [], []
    at, meter, names = 0, 0, []
    order = str(rng.choice(["mn", "nm", "mnm", "nmn"]))
    for n, kind in enumerate(order):
        frames = int(rng.uniform(5, 14) * RATE)
        if kind == "n":
            part, what = scene(rng, frames)
            if tone.rms(part) > 2e-4:  # silence stays silence
                part = part * np.float32(0.05 / tone.rms(part) * tone.gain(rng.uniform(-15, 9)))
            part = _faded(part, 0.2)
            sections.append((at / RATE, "silence"))
        else:
            maker = (band, electronic, metal, piano)[int(rng.choice(4, p=[0.35, 0.35, 0.2, 0.1]))]
            song = maker.compose(seed * 7 + n)
            frames = min(len(song.audio), int(rng.uniform(12, 20) * RATE))
            part, what, meter = song.audio[:frames].copy(), song.style, song.meter
            heard = song.beats < frames / RATE - 0.05
            if rng.random() < 0.4:  # faded out, and the last of it is not to be counted
                tail = int(rng.uniform(1, 4) * RATE)
                part[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32) ** 2
                heard &= song.beats < (frames - 0.4 * tail) / RATE
            beats.append(song.beats[heard] + at / RATE)
            positions.append(song.positions[heard])
            sections += [(t + at / RATE, s) for t, s in song.sections if t < frames / RATE]
        names.append(what)
        parts.append(part)
        at += len(part)
    audio = tone.level(np.concatenate(parts))
    return Piece(
        audio, np.concatenate(beats), np.concatenate(positions), meter, "between: " + ", ".join(names), {}, tuple(sections)
    )
