"""A concert to close the loop over the PA in: measured rooms empty and full, songs, a crowd; how an equaliser in it is judged.

Filled, the law: an audience of one for each --space m3 of the hall absorbs (m2 a person by octave: PERSON, standing and close),
so that in each octave 1/T = 1/T_empty + a / (0.161 s/m * space): every response decays faster by that from its direct sound on;
and what comes over the heads, direct sound and all, loses SHADE dB by octave. `space` is that of --space.

Sound at RATE, Hz, s, dB.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

from showctl.analysis.room import target as targets
from showctl.analysis.room.biquad import cascade_db, coefficients
from showctl.analysis.room.grid import BANDS, smoothed
from showctl.fitting import fitted
from showctl.model import EqBand
from showctl.wire.fitting import FitJob
from tests.real.hall import FLAT, Sound
from tests.real.jack import RATE

Bands = tuple[EqBand, ...]
OCTAVES = (63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0)  # Hz
PERSON = (0.10, 0.16, 0.30, 0.55, 0.80, 0.90, 0.90, 0.85, 0.85)  # m2 that somebody standing in a crowd absorbs
SHADE = (0.0, 0.0, 0.0, 0.0, 0.5, 1.2, 2.2, 3.5, 4.5)  # dB that the direct sound loses over heads
DELAYS = (0.018, 0.031, 0.044, 0.052)  # s from the loudspeaker
LASTS = 1.6  # s of a response
MUSIC = 0.05  # RMS of what a microphone hears of the music in the empty room
SENSITIVITY = -38.0  # dBFS of a calibrator: music and crowd are about 110 dB
TURN = 0.5  # dB
POINTS = np.geomspace(20.0, 20_000.0, 240)
WITHIN = 10.0  # s


# --- rooms, songs, crowds --------------------------------------------------------------------------------------------


def empty(folder: Path, group: str) -> Sound:
    """(1, microphones, frames): the responses of a group, their direct sounds at DELAYS."""
    with (folder / "index.csv").open(newline="") as text:
        files = [row["file"] for row in csv.DictReader(text) if row["group"] == group]
    if not files:
        raise SystemExit(f"there is no group {group} in {folder}/index.csv")
    found = np.zeros((1, len(files), round(LASTS * RATE)))
    for n, name in enumerate(files):
        sound, rate = soundfile.read(folder / name, always_2d=True)
        assert rate == RATE, f"{name} is at {rate} Hz"
        one = sound.mean(axis=1)
        direct = int(np.flatnonzero(np.abs(one) > 0.1 * np.abs(one).max())[0])
        begin = round(DELAYS[n % len(DELAYS)] * RATE)
        one = one[max(0, direct - 96) :][: found.shape[2] - begin + 96]
        one[-4800:] *= np.linspace(1, 0, len(one[-4800:]))
        found[0, n, begin - 96 : begin - 96 + len(one)] = one[: found.shape[2] - begin + 96]
    return found


def filled(responses: Sound, space: float) -> Sound:
    """The same room with an audience in it: the law above. `space` in m3 a person."""
    size = 1 << int(np.ceil(np.log2(2 * responses.shape[2])))
    freqs = np.fft.rfftfreq(size, 1 / RATE)
    full = np.zeros_like(responses)
    place = np.interp(np.log2(np.maximum(freqs, 1.0)), np.log2(OCTAVES), np.arange(len(OCTAVES)))
    for n, (absorbed, shade) in enumerate(zip(PERSON, SHADE, strict=True)):
        distance = np.minimum(1.0, np.abs(place - n))
        window = np.cos(np.pi / 2 * distance) ** 2 * 10 ** (-shade / 20)  # neighbours add up to 1
        more = absorbed / (0.161 * space)  # 1/s
        for index in np.ndindex(responses.shape[:2]):
            octave = np.fft.irfft(np.fft.rfft(responses[index], size) * window, size)[: responses.shape[2]]
            direct = int(np.abs(responses[index]).argmax())
            late = np.maximum(0.0, np.arange(len(octave)) - direct) / RATE
            full[index] += octave * 10 ** (-3 * more * late)
    return full


def playlist(folder: Path | None, draw: np.random.Generator, seconds: float) -> Sound:
    """(frames,) songs one after the other, each with an RMS of 0.1; without a folder one that is synthesised."""
    if folder is None:
        return synthesised(draw, seconds)
    files = sorted(path for path in folder.glob("*.ogg") if path.name.startswith(("lmms_", "loop_", "fof_")))
    parts: list[Sound] = []
    for at in draw.permutation(len(files)):
        sound, rate = soundfile.read(files[at], always_2d=True)
        song = signal.resample_poly(sound.mean(axis=1), 160, 147) if rate == 44_100 else sound.mean(axis=1)
        song[:4800] *= np.linspace(0, 1, 4800)
        song[-48_000:] *= np.linspace(1, 0, 48_000)
        parts.append(0.1 * song / song.std())
        if sum(map(len, parts)) > seconds * RATE:
            break
    return np.concatenate(parts)


def synthesised(draw: np.random.Generator, seconds: float) -> Sound:
    """(frames,) kick, snare, hats, a bass and chords that change; RMS 0.1."""
    song, beat = np.zeros(round(seconds * RATE)), round(0.5 * RATE)
    t = np.arange(2 * beat) / RATE
    kick = np.sin(2 * np.pi * (48 * t + 6 * (1 - np.exp(-25 * t)))) * np.exp(-9 * t)
    for n in range(len(song) // beat - 2):
        root = 55 * 2 ** (draw.integers(12) / 12)
        chord = sum(
            signal.sawtooth(2 * np.pi * root * k * 2 ** draw.normal(0, 0.002) * t) / k**0.5 for k in (1, 2, 2.52, 3, 5.04, 8)
        )
        hit = draw.normal(size=len(t)) * (0.5 * np.exp(-12 * t) * (n % 2) + 0.2 * np.exp(-50 * t))
        song[n * beat : n * beat + len(t)] += kick * (n % 2 == 0) + 0.15 * chord * np.exp(-2 * t) + hit
    return np.asarray(0.1 * song / song.std())


def babble(draw: np.random.Generator, microphones: int, seconds: float) -> Sound:
    """(microphones, frames) many who talk and clap, other ones at each microphone; RMS 1."""
    count = round(seconds * RATE)
    freqs = np.fft.rfftfreq(count, 1 / RATE)
    voice = np.minimum(1, (freqs / 150) ** 1.5) / np.sqrt(1 + (freqs / 500) ** 2) / (1 + (freqs / 4000) ** 2)
    found = np.zeros((microphones, count))
    for one in found:
        for _ in range(6):  # each a group that swells by itself, in syllables
            syllables = np.repeat(np.exp(draw.normal(0, 0.7, count // 9600 + 1)), 9600)[:count]
            one += np.fft.irfft(np.fft.rfft(draw.normal(size=count)) * voice, count) * syllables
        one /= one.std()
        claps = np.zeros(count)
        claps[draw.integers(0, count, round(12 * seconds))] = draw.normal(0, 1, round(12 * seconds))
        clap = draw.normal(size=480) * np.exp(-np.arange(480) / 80)
        claps = signal.sosfilt(
            signal.butter(2, [700, 5000], "bp", fs=RATE, output="sos"), signal.fftconvolve(claps, clap)[:count]
        )
        one += 0.5 * claps / claps.std()
        one /= one.std()
    return found


def chorus(song: Sound, draw: np.random.Generator, microphones: int) -> Sound:
    """(microphones, frames) voices that sing along, each late by now more, now less; RMS 1. Others near each microphone."""
    melody = signal.sosfilt(signal.butter(2, [200, 3000], "bp", fs=RATE, output="sos"), song)
    samples = np.arange(len(song), dtype=np.float64)
    found = np.zeros((microphones, len(song)))
    for one in found:
        for _ in range(5):
            wander = 0.012 * np.sin(2 * np.pi * (draw.uniform(0.1, 0.5) * samples / RATE + draw.random()))
            one += np.interp(samples - (draw.uniform(0.04, 0.25) + wander) * RATE, samples, melody)
        one /= one.std()
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Concert:
    """What plays, and where."""

    song: Sound  # (frames,) as it leaves the desk, over and over
    empty: Sound  # (1, microphones, frames)
    full: Sound
    crowds: list[Sound]  # (microphones, frames) each, over and over
    start: Bands  # of the console


def concert(
    rirs: Path, group: str, songs: Path | None, seed: int, space: float = 5.0, crowd: float = 0.0, flat: bool = False
) -> Concert:
    """A room of `group`, songs, and a crowd so many dB louder than the music. The equaliser starts at a fit of the empty room,
    or flat."""
    draw = np.random.default_rng(seed)
    rooms = [empty(rirs, group)]
    rooms.append(filled(rooms[0], space))
    song = playlist(songs, draw, 240.0)
    microphones, wanted = rooms[0].shape[1], oracle(rooms[0])
    start = FLAT if flat else (*wanted, *FLAT[len(wanted) :])
    heard = signal.sosfilt(np.array([coefficients(band) for band in start]), song[: 60 * RATE])
    music = np.array([float(signal.fftconvolve(heard, room).std()) for room in rooms[0][0]])
    rooms = [room * (MUSIC / music)[None, :, None] for room in rooms]
    loud = MUSIC * 10 ** (crowd / 20)
    talk, voices = babble(draw, microphones, 71.0), chorus(song, draw, microphones)
    return Concert(song, rooms[0], rooms[1], [loud * np.sqrt(2 / 3) * talk, loud * np.sqrt(1 / 3) * voices], start)


# --- what is judged --------------------------------------------------------------------------------------------------


def curve(response: Sound) -> Sound:
    """(bands,) dB."""
    size = 1 << 18
    return smoothed(np.fft.rfftfreq(size, 1 / RATE), np.abs(np.fft.rfft(response, size)) ** 2, BANDS)


def oracle(responses: Sound, standing: Bands = ()) -> Bands:
    """The bands of a fit that knows the room."""
    goal = targets.NAMED["house"](BANDS)
    rows = tuple(tuple((curve(one.sum(axis=0)) - goal).tolist()) for one in np.moveaxis(responses, 0, 1))
    trust = tuple((1.0,) * len(BANDS) for _ in rows)
    answer = fitted(FitJob(0.0, tuple(BANDS.tolist()), rows, trust, "x32", 6, (-12.0, 3.0), 0.0, (0.5, 8.0), standing))
    if answer.refused:
        raise SystemExit(answer.refused)
    return answer.bands


def off(bands: Bands, wanted: Bands, counts: NDArray[np.bool_]) -> float:
    """dB RMS between two equalisers over the bands that count, mean taken out."""
    return float(np.std((cascade_db(bands, BANDS) - cascade_db(wanted, BANDS))[counts]))


def farthest(held: Sequence[tuple[float, bool, Bands]], within: float = WITHIN) -> tuple[float, int, float]:
    """dB that a band moves at most within so many seconds, which band, and when (s): any two of its states in that time."""
    worst = (0.0, 0, 0.0)
    curves = [np.array([cascade_db([band], POINTS) for band in bands]) for _, _, bands in held]
    for n, (at, _, _) in enumerate(held):
        for m in range(n - 1, -1, -1):
            apart = np.abs(curves[n] - curves[m]).max(axis=1)
            if apart.max() > worst[0]:
                worst = float(apart.max()), int(apart.argmax()) + 1, at
            if at - held[m][0] > within:  # it stood until it changed, so it counts as well
                break
    return worst


def reversals(gains: Sequence[float]) -> int:
    """How often a gain turns round by more than TURN dB."""
    if not gains:
        return 0
    count, way, top = 0, 0, gains[0]
    for gain in gains:
        if way and way * (gain - top) < -TURN:
            count, way, top = count + 1, -way, gain
        elif not way and abs(gain - top) > TURN:
            way, top = (1 if gain > top else -1), gain
        elif not way or way * (gain - top) > 0:
            top = gain if way else top
    return count


def a_level(sound: Sound, seconds: float) -> float:
    """LAeq in dB, by the standard's formula on the spectrum; `seconds` it is the mean of."""
    size = len(sound)
    power = np.abs(np.fft.rfft(sound)) ** 2
    f2 = np.fft.rfftfreq(size, 1 / RATE) ** 2
    weight = (
        12_194.217**2 * f2**2 / ((f2 + 20.598997**2) * (f2 + 12_194.217**2) * np.sqrt((f2 + 107.65265**2) * (f2 + 737.86223**2)))
    )
    weight *= 10 ** (1.9997 / 20)
    energy = 2 * float((power * weight**2).sum()) / size / RATE  # Parseval, both halves
    return 10 * np.log10(energy / seconds) + 94.0 - SENSITIVITY


def told(bands: Bands) -> str:
    """Bands in words."""
    return ", ".join(
        f"{b.freq:.0f} Hz {b.gain:+.2f} Q{b.q:.1f}" for b in sorted(bands, key=lambda b: b.freq) if abs(b.gain) > 0.1
    )
