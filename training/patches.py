"""Synthesisers of the electronic pieces: single-cycle tables whose partials are filtered before they are added up.

A table for each of a few cut-off frequencies, and an envelope (or a slow oscillator) that fades from one to the next, is a
filter that moves: exact, without aliasing, and cheap, as a note costs two look-ups a frame and oscillator. Frequencies in Hz,
times in s, detuning in cents. A patch is drawn once for a piece; notes of the same pitch and length are rendered once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.piece import RATE
from training.voices import Chance, Sound, fading, seconds

SIZE = 2048  # frames of a table
TABLES = 6  # cut-off frequencies between the dark end and the bright end
VOWELS = ((800, 1150, 2900), (400, 1600, 2700), (350, 2000, 2800), (450, 800, 2830), (325, 700, 2700))  # a e i o u, Hz


@dataclass(frozen=True, slots=True)
class Patch:
    wave: str = "saw"  # saw, square, pulse, triangle, organ, sine, vowel, fm
    voices: int = 1
    detune: float = 0.0  # cents, the spread of all voices
    dark: float = 800.0  # Hz, where the filter ends
    bright: float = 6000.0  # Hz, where it begins
    fall: float = 0.15  # s, of the filter
    q: float = 0.8
    attack: float = 0.003
    decay: float = 0.3
    sustain: float = 0.6
    release: float = 0.05
    vibrato: float = 0.0  # cents
    glide: float = 0.0  # s, from the note before
    wobble: float = 0.0  # Hz, of an oscillator that moves the filter instead of its envelope
    sub: float = 0.0  # of a sine an octave below
    drive: float = 1.0
    ratio: float = 2.0  # fm: of the modulator
    gate: float = 0.9  # of the time to the next note that a note sounds


def partials(wave: str, count: int) -> NDArray[np.float64]:
    n = np.arange(1, count + 1)
    match wave:
        case "square":
            return (n % 2) / n
        case "pulse":
            return np.abs(np.sin(np.pi * n * 0.22)) / n
        case "triangle":
            return (n % 2) / n**2
        case "organ":
            return np.isin(n, (1, 2, 3, 4, 6, 8)) / np.sqrt(n)
        case "sine" | "fm":
            return (n == 1).astype(float)
        case _:
            return 1 / n


def tables(patch: Patch, hz: float) -> Sound:
    """(TABLES, SIZE) float32, from dark to bright."""
    n = np.arange(1, max(1, min(SIZE // 2 - 1, int(16000 / hz))) + 1)
    source = partials(patch.wave, len(n))
    if patch.wave == "vowel":
        steps = np.linspace(patch.dark % 4, patch.bright % 4, TABLES)  # the ends are vowels here
        formants = [[np.interp(s, range(5), [v[k] for v in VOWELS]) for k in range(3)] for s in steps]
        gains = np.array([sum(1 / (1 + ((n * hz - f) / 90) ** 2) for f in three) + 0.01 for three in formants])
    else:
        r = n * hz / np.geomspace(patch.dark, max(patch.bright, patch.dark + 1), TABLES)[:, None]
        gains = 1 / np.sqrt((1 - r**2) ** 2 + (r / patch.q) ** 2)
    spectrum = np.zeros((TABLES, SIZE // 2 + 1), complex)
    spectrum[:, 1 : len(n) + 1] = -0.5j * SIZE * source * gains
    waves = np.fft.irfft(spectrum, SIZE)
    return (waves / np.abs(waves).max()).astype(np.float32)


def _place(patch: Patch, frames: int) -> Sound:
    """Where in the tables each frame is, 0..TABLES-1."""
    if patch.wobble:
        return (0.5 - 0.5 * np.cos(np.float32(2 * np.pi * patch.wobble) * seconds(frames))) * np.float32(TABLES - 1.01)
    return fading(frames, patch.fall) * np.float32(TABLES - 1.01)


def _oscillators(rng: Chance, patch: Patch, hz: float, frames: int, start: float) -> Sound:
    book, place = tables(patch, hz).ravel(), _place(patch, frames)
    page = place.astype(np.int32)
    part, page = place - page, page * SIZE
    bend = np.zeros(frames, np.float32)
    if patch.glide and start:
        bend += np.float32(12 * np.log2(start / hz)) * fading(frames, patch.glide / 2)
    if patch.vibrato:
        t = seconds(frames)
        bend += np.float32(patch.vibrato / 100) * np.sin(np.float32(2 * np.pi * 5.5) * t) * np.minimum(3 * t, 1)
    bent = bool(patch.vibrato or (patch.glide and start))
    cycles = np.cumsum(np.exp2(bend / 12), dtype=np.float64) if bent else np.arange(frames, dtype=np.float64)
    out = np.zeros(frames, np.float32)
    for cents in np.linspace(-patch.detune / 2, patch.detune / 2, patch.voices) if patch.voices > 1 else (0.0,):
        phase = rng.uniform(0, SIZE) if patch.voices > 1 else 0.0
        at = (cycles * (SIZE / RATE * hz * 2 ** (cents / 1200)) + phase).astype(np.int64).astype(np.int32) & (SIZE - 1)
        at += page
        low = book[at]
        out += low + part * (book[at + SIZE] - low)
    return out / np.float32(np.sqrt(patch.voices))


def note(rng: Chance, patch: Patch, hz: float, length: float, start: float = 0.0) -> Sound:
    """(frames,) float32 of one note held for so many seconds, its release after that; `start` Hz is where a glide begins."""
    held = max(64, int(length * RATE))
    frames = held + int(4 * patch.release * RATE)
    if patch.wave == "fm":
        t, depth = seconds(frames), np.float32(patch.bright / 2000) * fading(frames, patch.fall)
        w = np.float32(2 * np.pi * hz)
        out = np.sin(w * t + depth * np.sin(np.float32(patch.ratio) * w * t))
    else:
        out = _oscillators(rng, patch, hz, frames, start)
    if patch.sub:
        out = out + np.float32(patch.sub) * np.sin(np.float32(np.pi * hz) * seconds(frames))
    if patch.drive > 1:
        out = np.tanh(np.float32(patch.drive) * out)
    envelope = patch.sustain + (1 - patch.sustain) * fading(frames, patch.decay)
    rise = int(patch.attack * RATE)
    envelope[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)[: len(envelope)]
    envelope[held:] *= fading(frames - held, patch.release)
    return (out * envelope).astype(np.float32)


# --- a patch of each name, drawn -------------------------------------------------------------------------------------

Drawn = Callable[[Chance], Patch]


def _bass(wave: str, **more: float) -> Drawn:
    def draw(rng: Chance) -> Patch:
        u = rng.uniform
        made = Patch(
            wave, dark=u(120, 600), bright=u(600, 5000), fall=u(0.03, 0.25), q=u(0.7, 2.5), decay=u(0.1, 0.6), sustain=u(0.2, 1),
            release=u(0.01, 0.05), sub=u(0, 0.5), drive=u(0.8, 2.5), gate=u(0.4, 1),
        )  # fmt: skip
        return replace(made, **more)  # type: ignore[arg-type]

    return draw


def reese(rng: Chance) -> Patch:
    u = rng.uniform
    return Patch("saw", 3, u(15, 50), u(150, 500), u(400, 3000), u(0.2, 2), u(0.7, 3), u(0.003, 0.02), 1, 0.9, sub=u(0.2, 0.8),
                 drive=u(1, 3), gate=1.0)  # fmt: skip


def acid(rng: Chance) -> Patch:
    u = rng.uniform
    wave = str(rng.choice(["saw", "square"]))
    return Patch(wave, dark=u(150, 500), bright=u(1200, 5000), fall=u(0.05, 0.2), q=u(3, 9), sustain=u(0.3, 0.8), drive=u(1, 4),
                 glide=u(0, 0.08), gate=u(0.5, 1))  # fmt: skip


def wobble(rng: Chance) -> Patch:
    """The speed is set by whoever knows the tempo."""
    u = rng.uniform
    return Patch("saw", 2, u(5, 30), u(80, 300), u(1500, 7000), q=u(1, 4), sustain=1, sub=u(0.3, 1), drive=u(1.5, 5), wobble=1.0,
                 gate=1.0)  # fmt: skip


def pluck(rng: Chance) -> Patch:
    u, wave = rng.uniform, str(rng.choice(["saw", "square", "pulse", "triangle", "organ"]))
    return Patch(wave, int(rng.integers(1, 4)), u(5, 25), u(200, 1500), u(2000, 12000), u(0.02, 0.15), u(0.7, 2), u(0.001, 0.006),
                 u(0.05, 0.3), u(0, 0.2), u(0.03, 0.25), gate=u(0.5, 1))  # fmt: skip


def supersaw(rng: Chance) -> Patch:
    u = rng.uniform
    return Patch("saw", int(rng.integers(5, 8)), u(15, 60), u(1500, 6000), u(6000, 15000), u(0.1, 0.5), 0.8, u(0.002, 0.02),
                 u(0.2, 1), u(0.4, 1), u(0.03, 0.2), gate=u(0.6, 1))  # fmt: skip


def pad(rng: Chance) -> Patch:
    u, wave = rng.uniform, str(rng.choice(["saw", "saw", "pulse", "triangle", "organ", "vowel"]))
    vowel = (u(0, 3.9), u(0, 3.9)) if wave == "vowel" else (u(300, 1500), u(500, 4000))
    return Patch(wave, 3, u(8, 30), vowel[0], vowel[1], u(0.5, 3), 0.7, u(0.02, 0.6), 2, u(0.7, 1), u(0.1, 0.4), gate=1.0)


def lead(rng: Chance) -> Patch:
    u, wave = rng.uniform, str(rng.choice(["saw", "square", "pulse", "triangle", "sine"]))
    return Patch(wave, int(rng.integers(1, 4)), u(4, 30), u(800, 4000), u(3000, 12000), u(0.1, 0.5), u(0.7, 1.5), u(0.002, 0.03),
                 u(0.2, 1), u(0.5, 1), u(0.03, 0.12), u(0, 35) * (rng.random() < 0.5), u(0, 0.12) * (rng.random() < 0.5),
                 gate=u(0.5, 1))  # fmt: skip


def bell(rng: Chance) -> Patch:
    u = rng.uniform
    return Patch("fm", bright=u(1000, 9000), fall=u(0.05, 0.5), decay=u(0.2, 0.9), sustain=0.02, release=u(0.1, 0.4),
        attack=0.001,
                 ratio=float(rng.choice([1.0, 1.41, 2.0, 3.0, 3.5, 7.0])))  # fmt: skip


def epiano(rng: Chance) -> Patch:
    u = rng.uniform
    return Patch("fm", bright=u(600, 3000), fall=u(0.1, 0.4), decay=u(0.4, 1.2), sustain=0.1, release=u(0.08, 0.2), attack=0.002,
                 ratio=float(rng.choice([1.0, 2.0, 14.0])))  # fmt: skip


def stab(rng: Chance) -> Patch:
    u, wave = rng.uniform, str(rng.choice(["saw", "organ", "square"]))
    return Patch(wave, int(rng.integers(1, 5)), u(5, 30), u(400, 2000), u(2000, 9000), u(0.04, 0.2), u(0.7, 2), 0.002, u(0.1,
        0.3),
                 u(0, 0.3), u(0.03, 0.12), gate=u(0.3, 0.8))  # fmt: skip


def vox(rng: Chance) -> Patch:
    """A chop of something sung: a buzz through the mouth's resonances, going from one vowel to another."""
    u = rng.uniform
    return Patch("vowel", int(rng.integers(1, 4)), u(5, 20), u(0, 3.9), u(0, 3.9), u(0.05, 0.4), attack=u(0.005, 0.03),
        sustain=0.8,
                 release=u(0.03, 0.1), vibrato=u(0, 40), glide=u(0, 0.08), gate=u(0.4, 1))  # fmt: skip


def _chip(wave: str, **more: float) -> Drawn:
    def draw(rng: Chance) -> Patch:
        flat = Patch(wave, dark=9000, bright=14000, decay=rng.uniform(0.08, 0.5), sustain=rng.uniform(0, 0.8), attack=0.001,
                     release=0.005, gate=rng.uniform(0.5, 1), vibrato=rng.uniform(0, 30) * (rng.random() < 0.4))  # fmt: skip
        return replace(flat, **more)  # type: ignore[arg-type]

    return draw


PATCHES: dict[str, Drawn] = {
    "saw bass": _bass("saw"), "square bass": _bass("square"), "sub": _bass("sine", drive=1.3, sub=0.0, sustain=0.9, gate=0.95),
    "fm bass": _bass("fm", ratio=1.0, bright=4000.0), "pluck bass": _bass("saw", sustain=0.0, decay=0.12, fall=0.06),
    "long bass": _bass("triangle", sustain=0.9, gate=1.0), "reese": reese, "acid": acid, "wobble": wobble, "pluck": pluck,
    "supersaw": supersaw, "pad": pad, "lead": lead, "bell": bell, "epiano": epiano, "stab": stab, "vox": vox,
    "chip square": _chip("square"), "chip pulse": _chip("pulse"), "chip bass": _chip("triangle", sustain=0.9),
}  # fmt: skip
