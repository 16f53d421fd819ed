"""Makes a piece worse as a venue does, and keeps its truth: room, crowd, announcer, noise, bad microphones, bad levels.

Each fault has a probability; a badly spoilt piece has three or four. The direct path of a room is at 0, so beats stay where
they are; only a change of speed moves them (and hits, and parts), by its factor. `mild` leaves the music alone but for tone,
level and speed: what differs between two clean recordings.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import soxr
from numpy.random import Generator
from scipy import signal

from training import nothing, tone
from training.piece import RATE, Piece
from training.tone import Sound

SPEEDS = (0.85, 1.15)  # the least and the most that a piece is slowed or hurried


def spoil(piece: Piece, seed: int, mild: bool = False) -> Piece:
    """The piece made worse. FileNotFoundError, RuntimeError: espeak-ng is absent or failed and the crowd would speak."""
    rng = np.random.default_rng([seed, 0x5B011])
    if rng.random() < 0.4:
        piece = hurried(piece, float(rng.uniform(*SPEEDS)))
    audio = piece.audio.copy()
    if not mild:
        audio = _venue(rng, audio)
    if rng.random() < 0.6:
        audio = _tone(rng, audio)
    audio = audio * np.float32(rng.choice([-1, 1]))
    audio = audio * np.float32(tone.gain(rng.uniform(-24, 0)) * 0.98 / max(0.05, float(np.max(np.abs(audio), initial=0.0))))
    if not mild:
        audio = _after(rng, audio)
    return replace(piece, audio=tone.level(audio, 1.0))


def hurried(piece: Piece, speed: float) -> Piece:
    """The piece played so many times as fast, as a tape would: pitch goes with it."""
    audio = soxr.resample(piece.audio, RATE * speed, RATE, quality="MQ").astype(np.float32)
    return replace(
        piece,
        audio=tone.level(audio, 1.0),
        beats=piece.beats / speed,
        hits={k: v / speed for k, v in piece.hits.items()},
        sections=tuple((t / speed, name) for t, name in piece.sections),
    )


def room(rng: Generator) -> Sound:
    """An impulse response, direct path at frame 0: a few early reflections, then noise that dies at each band's own rate.

    Reverberation time 0.3-3 s (log-uniform), shorter at the top; direct to reverberant -6 .. +15 dB.
    """
    rt = float(np.exp(rng.uniform(np.log(0.3), np.log(3.0))))
    frames = int(min(rt, 1.8) * RATE)
    t = np.arange(frames) / RATE
    spectrum, hz = np.fft.rfft(rng.standard_normal(frames)), np.fft.rfftfreq(frames, 1 / RATE)
    edges = (0, 180, 600, 2000, 6000, RATE)
    times = rt * np.array([rng.uniform(0.8, 1.6), rng.uniform(0.9, 1.3), 1.0, rng.uniform(0.6, 1.0), rng.uniform(0.25, 0.7)])
    tail = np.zeros(frames)
    for low, top, seconds in zip(edges, edges[1:], times, strict=False):
        share = np.fft.irfft(np.where((hz >= low) & (hz < top), spectrum, 0), frames)
        tail += share * 10 ** (-3 * t / seconds)
    first = int(rng.uniform(0.002, 0.025) * RATE)
    tail = np.concatenate([np.zeros(first), tail])[:frames]
    for _ in range(int(rng.integers(3, 12))):
        at = int(rng.uniform(0.001, 0.06) * RATE)
        tail[at] += rng.uniform(-1, 1) * 10 * np.sqrt(np.mean(tail[first : first + 2000] ** 2))
    ratio = tone.gain(rng.uniform(-6, 15))
    tail[0] = 0
    tail *= 1 / (np.sqrt(np.sum(tail**2)) * ratio)
    tail[0] = 1
    return tail.astype(np.float32)


def _venue(rng: Generator, audio: Sound) -> Sound:
    """What happens to the sound on its way through the hall."""
    frames, loud = len(audio), max(tone.rms(audio), 1e-3)
    if rng.random() < 0.25:  # an overdriven mixer
        drive = tone.gain(rng.uniform(0, 20)) / max(float(np.max(np.abs(audio))), 0.05)
        audio = np.clip(audio * drive, -1, 1) if rng.random() < 0.5 else np.tanh(audio * drive)
        audio = (audio * np.float32(loud / tone.rms(audio))).astype(np.float32)
    if rng.random() < 0.55:
        audio = signal.oaconvolve(audio, room(rng))[:frames].astype(np.float32)
        audio *= np.float32(loud / tone.rms(audio))
    if rng.random() < 0.45:
        kind = int(rng.choice(4, p=[0.5, 0.2, 0.15, 0.15]))
        crowd = (nothing.babble, nothing.applause, nothing.cheer, nothing.speech)[kind](rng, frames)
        audio = audio + crowd * np.float32(loud * tone.gain(-rng.uniform(0, 25)) / tone.rms(crowd))
    if rng.random() < 0.12:  # the announcer, over a part of it
        said = nothing.speech(rng, int(frames * rng.uniform(0.2, 1.0)), 1)
        voice = np.zeros(frames, np.float32)
        tone.add(voice, int(rng.uniform(0, frames - len(said) + 1)), said)
        audio = audio * (1 - (voice != 0) * np.float32(rng.choice([0, 0, 0.5]))) + voice * np.float32(
            loud * tone.gain(rng.uniform(-8, 4))
        )
    if rng.random() < 0.35:
        audio = audio + tone.noise(rng, frames, float(rng.choice([0, 1, 1, 2]))) * np.float32(
            loud * tone.gain(-rng.uniform(6, 35))
        )
    if rng.random() < 0.12:
        audio = audio + nothing.hum(rng, frames) * np.float32(loud * tone.gain(-rng.uniform(6, 30)))
    if rng.random() < 0.2:
        audio = _squeezed(rng, audio)
    return np.asarray(audio, np.float32)


def _squeezed(rng: Generator, audio: Sound) -> Sound:
    """A compressor or an automatic gain that pumps."""
    step = RATE // 200
    power = np.add.reduceat(np.square(audio), np.arange(0, len(audio), step)) / step
    over = np.maximum(0.0, 10 * np.log10(np.maximum(power, 1e-9)) - 20 * np.log10(tone.rms(audio)) + rng.uniform(0, 12))
    pole = float(np.exp(-1 / (200 * rng.uniform(0.005, 0.6))))
    held = signal.lfilter([1 - pole], [1, -pole], over * rng.uniform(0.3, 0.9))
    return np.asarray(audio * np.repeat(10 ** (-held / 20), step)[: len(audio)], np.float32)


def _tone(rng: Generator, audio: Sound) -> Sound:
    """Shelves, tilt, resonances of a room or a desk."""
    chain = [
        tone.shelf(rng.uniform(80, 400), rng.uniform(-9, 9), False),
        tone.shelf(rng.uniform(2000, 8000), rng.uniform(-12, 9), True),
    ]
    chain += [
        tone.peak(float(np.exp(rng.uniform(4.2, 9))), rng.uniform(0.6, 6), rng.uniform(-10, 10))
        for _ in range(int(rng.integers(0, 4)))
    ]
    return tone.through(audio, *chain)


def _after(rng: Generator, audio: Sound) -> Sound:
    """The microphone, the line and the hand on the fader."""
    frames = len(audio)
    way = rng.random()
    if way < 0.10:
        audio = tone.through(audio, tone.high(rng.uniform(150, 500), 2), tone.low(rng.uniform(3200, 8000), 4))  # a telephone
    elif way < 0.25:
        audio = tone.through(audio, tone.high(rng.uniform(60, 140)), tone.low(rng.uniform(6000, 11000), 2))  # a cheap microphone
    elif way < 0.40:
        audio = tone.through(audio, tone.low(rng.uniform(9000, 16500), 8))  # a lossy file
    if rng.random() < 0.15:  # a fader moved
        at, width = int(rng.uniform(0.15, 0.85) * frames), int(rng.uniform(0.01, 3) * RATE)
        knots = [0, at, min(frames - 1, at + width), frames]
        change = rng.uniform(-24, 0)
        levels = [0, 0, change, change] if rng.random() < 0.6 else [change, change, 0, 0]
        audio = audio * (10 ** (np.interp(np.arange(frames), knots, levels) / 20)).astype(np.float32)
    if rng.random() < 0.10:  # a plug pulled: the music goes on unheard
        length = int(np.exp(rng.uniform(np.log(0.3), np.log(5))) * RATE)
        at = int(rng.uniform(0.1, 0.8) * frames)
        audio = audio.copy()
        audio[at : at + length] *= np.float32(rng.choice([0.0, 0.0, 0.003]))
    if rng.random() < 0.15:  # the converter clips
        audio = np.clip(audio * tone.gain(rng.uniform(0, 12)), -1, 1)
    if rng.random() < 0.1:
        audio = audio + np.float32(rng.uniform(-0.02, 0.02))
    return np.asarray(audio, np.float32)
