"""Solo piano as pianists play it: scores of piano_score.py, given time by a model of expression, rendered with a soundfont.

Time: the logarithm of the tempo is an arc over every phrase and a wider one over two, minus a ritardando at their ends, plus a
slow walk, a little weight on first beats, and now and then a fermata; how much of all this is drawn for each piece, from strict
to free. The beat is the score's own grid so warped. Hands are not on it: the melody leads the accompaniment by
10-30 ms, chords are spread, some are rolled. What the pedal would hold is written as length. One piece in ten is for
harpsichord, guitar, harp or organ.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from training import piano_score, synth_fluid, tone
from training.piano_score import Note, Score
from training.piece import Piece, Times

_STEP = 0.25  # beats: of the tempo curve
_PIANOS, _OTHERS = (0, 0, 0, 1, 2, 3), (4, 6, 19, 24, 25, 46)


def compose(seed: int) -> Piece:
    """30-40 s of solo piano. FileNotFoundError, RuntimeError: fluidsynth is absent or failed."""
    rng = np.random.default_rng([seed, 0x91A40])
    seconds = float(rng.uniform(30, 40))
    score = piano_score.compose(rng, 90)
    clock = _clock(rng, score) + rng.uniform(0.05, 0.6)
    if rng.random() < 0.5:  # excerpts begin anywhere
        clock -= float(clock[int(rng.integers(1, 9 * score.meter) / _STEP)]) - rng.uniform(0, 0.5)
    sounds, hits = _hands(rng, score, clock)
    sounds = [s for s in sounds if s.time < seconds]
    program = int(rng.choice(_PIANOS if rng.random() < 0.9 else _OTHERS))
    font = synth_fluid.FONTS[int(rng.integers(len(synth_fluid.FONTS)))]
    channel = {0: synth_fluid.Channel(program, reverb=int(rng.integers(0, 100)))}
    audio = synth_fluid.render(sounds, channel, seconds, font, reverb=bool(rng.random() < 0.6))
    beats = clock[:: int(1 / _STEP)]
    sounding = (beats >= max(0.0, min((s.time for s in sounds), default=0.0) - 0.05)) & (beats < seconds)
    positions = np.arange(len(beats)) % score.meter + 1
    loud = tone.gain(float(rng.uniform(-18, -1)))
    audio = tone.level(audio / np.float32(np.max(np.abs(audio)) + 1e-6) * np.float32(loud))
    struck = np.unique([t for t in hits if 0 <= t < seconds])
    return Piece(
        audio,
        beats[sounding],
        positions[sounding],
        score.meter,
        f"solo piano: {score.name}",
        {"note": struck},
        ((0.0, "steady"),),
    )


def _clock(rng: Generator, score: Score) -> Times:
    """s at every quarter of a beat."""
    free = float(rng.choice([0.15, 0.6, 1.0, 1.5], p=[0.2, 0.3, 0.3, 0.2]))
    lowest, highest = piano_score.SPEED[score.name]
    bpm = float(np.exp(rng.uniform(np.log(lowest), np.log(highest))))
    bpm *= 1.7 if score.meter == 6 else 0.75 if score.split == 3 else 1.0
    beat = np.arange(0, score.bars * score.meter, _STEP)
    phrase, bar = score.phrase * score.meter, score.meter
    within, wider = beat % phrase / phrase, beat % (2 * phrase) / (2 * phrase)
    curve = free * rng.uniform(0.02, 0.16) * (0.6 - (2 * within - rng.uniform(0.8, 1.2)) ** 2)
    curve = curve + free * rng.uniform(0, 0.10) * (0.5 - (2 * wider - 1) ** 2)
    ends = rng.uniform(0.3, 1.0, score.bars + 1) * (rng.random(score.bars + 1) < 0.8)
    last = np.clip((beat % phrase - (phrase - bar * rng.uniform(0.5, 1.0))) / bar, 0, 1)
    curve = curve - free * rng.uniform(0.05, 0.4) * ends[(beat // phrase).astype(int)] * last**1.3
    curve = curve - free * rng.uniform(0, 0.06) * (beat % bar < 1)
    curve = curve + free * _walk(rng, len(beat), 0.02)
    parts = rng.normal(0, 0.09 * free, score.bars) * (rng.random(score.bars) < 0.6)
    curve = curve + parts[(beat // (2 * phrase)).astype(int)]
    lengths = _STEP * 60 / bpm * np.exp(-np.clip(curve, -0.7, 0.5))
    for end in range(phrase, len(beat) // int(1 / _STEP), phrase):
        if rng.random() < 0.07 * free:  # a fermata: the last beat waits
            lengths[int((end - 1) / _STEP) : int(end / _STEP)] *= rng.uniform(1.4, 2.5)
    return np.concatenate([[0.0], np.cumsum(lengths)])


def _walk(rng: Generator, count: int, size: float) -> Times:
    """A slow random walk that returns to 0."""
    out, here = np.empty(count), 0.0
    for i, step in enumerate(rng.normal(0, size, count)):
        here = 0.96 * here + step
        out[i] = here
    return out


def _hands(rng: Generator, score: Score, clock: Times) -> tuple[list[synth_fluid.Sound], list[float]]:
    """What is struck, and when."""
    ticks = np.arange(len(clock)) * _STEP
    lead, spread, tremble = rng.uniform(0.0, 0.03), rng.uniform(0, 0.012), rng.uniform(0.001, 0.007)
    rolled, roll = rng.uniform(0, 0.25), rng.uniform(0.025, 0.07)
    pedal, staccato = rng.random() < 0.65, rng.random() < 0.3
    loud, arc = rng.uniform(45, 80), rng.uniform(0, 22)
    lifts = np.array([*score.chords, score.bars * score.meter])
    phrase = score.phrase * score.meter
    sounds, hits = [], []
    together: dict[tuple[float, bool], list[Note]] = {}
    for note in score.notes:
        together.setdefault((round(note.beat, 6), note.right), []).append(note)
    for (beat, right), chord in sorted(together.items()):
        when = float(np.interp(beat, ticks, clock)) + (-0.5 if right else 0.5) * lead * rng.uniform(0.5, 1.3)
        step = roll if len(chord) > 2 and rng.random() < rolled else spread
        chord.sort(key=lambda n: n.key)
        for n, note in enumerate(chord):
            late = (n - len(chord) + 1 if right else n) * step * rng.uniform(0.6, 1.2)  # the melody's note is where it belongs
            time = when + late + float(np.clip(rng.normal(0, tremble), -0.02, 0.02))
            end = beat + note.length * (0.45 if staccato and note.length <= 1 else 1.0)
            if pedal:
                end = max(end, float(lifts[np.searchsorted(lifts, beat + 1e-6)]))
            length = max(0.05, float(np.interp(end, ticks, clock)) + 0.02 - time)
            force = loud + arc * np.sin(np.pi * (beat % phrase) / phrase) + 14 * note.weight + (12 if right else -4)
            force += (4 if beat % score.meter == 0 else 0) + rng.normal(0, 4)
            key = int(np.clip(note.key, 24, 103))
            sounds.append(synth_fluid.Sound(time, length, 0, key, int(np.clip(force, 12, 126))))
            if n == 0 or step == roll:
                hits.append(time)
    return sounds, hits
