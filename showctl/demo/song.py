"""The song of the demo: three minutes of club music that the project makes itself, from a seed.

    python -m showctl.demo.song OUT.wav [--seed 1] [--beats OUT.beats] [--speed 1.07] [--shift 0.3]

It has the shape that light is made for: intro, verse, a build with a snare roll, drop, a break without drums, another build,
and a second drop at another tempo. The seed chooses key, chords and melody; the form is always the same. It is made beat by
beat in bounded memory, some dozens of times faster than it is played.

`truth` says where its beats are. That is for tests and benches: the program itself never reads it and knows nothing of the
song but what it hears.
"""

from __future__ import annotations

import argparse
import contextlib
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from showctl.demo.voices import RATE, Sound, Voices
from showctl.units import bpm_to_period

FORM = (
    ("intro", 8, 124.0),
    ("verse", 16, 124.0),
    ("build", 8, 124.0),
    ("drop", 16, 124.0),
    ("break", 8, 124.0),
    ("build", 4, 124.0),
    ("drop", 24, 130.0),
    ("outro", 8, 130.0),
)  # section, bars, beats a minute
MINOR = (0, 2, 3, 5, 7, 8, 10)
PROGRESSIONS = ((0, 5, 2, 6), (0, 3, 5, 6), (5, 6, 0, 2), (0, 5, 3, 4))  # degrees of the scale, a chord a bar
BASS_LINES = ("..x...x...x...x.", "..xx..xx..xx..xx", "..x...xx..x..xx.")  # sixteenths; the beat itself is the kick's
HOOKS = ("x..x..x...x..x..", "x.....x.x..x..x.", "x...x..x..x...x.")
STABS = "x..x..x.x..x..x."
TAIL_S = 2.5  # longer than any sound of the song
LOUDNESS = 0.85  # into the limiter; chosen so that the whole comes to about -14 LUFS


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat of the form."""

    frame: int  # where it begins
    end: int  # frame of the next one
    section: str
    bar: int  # of the section, from 0
    bars: int  # that the section has
    beat: int  # of the bar, 0..3
    period: float  # s


@dataclass(frozen=True, slots=True)
class Key:
    """What the seed chose."""

    root: int  # MIDI note of the bass
    chords: tuple[int, ...]
    bass: str
    hook: str
    melody: tuple[int, ...]  # degree above the chord's root for each sixteenth


def form(speed: float = 1.0, shift: float = 0.0) -> list[Beat]:
    """Every beat of the song; `speed` 1.07 is 7 % faster, `shift` (s) is silence before it."""
    beats, time = [], shift
    for section, bars, bpm in FORM:
        period = bpm_to_period(bpm * speed)
        for n in range(4 * bars):
            frame, time = round(time * RATE), time + period
            beats.append(Beat(frame, round(time * RATE), section, n // 4, bars, n % 4, period))
    return beats


def truth(seed: int, *, speed: float = 1.0, shift: float = 0.0) -> list[tuple[float, int, str]]:
    """(time s, position in the bar 1..4, section) of every beat."""
    del seed  # every seed has the same form
    return [(beat.frame / RATE, beat.beat + 1, beat.section) for beat in form(speed, shift)]


def frames(*, speed: float = 1.0, shift: float = 0.0) -> int:
    """Length of the song in audio frames."""
    return form(speed, shift)[-1].end


def song(seed: int, *, speed: float = 1.0, shift: float = 0.0) -> Iterator[NDArray[np.float32]]:
    """The song in blocks of one beat: (frames, 2) float32 at RATE, full scale +-1."""
    beats, voices, key = form(speed, shift), Voices(seed), _choose(seed)
    if beats[0].frame:
        yield np.zeros((beats[0].frame, 2), np.float32)
    tail = int(TAIL_S * RATE)
    drums, music = np.zeros((tail + RATE, 2), np.float32), np.zeros((tail + RATE, 2), np.float32)
    for beat in beats:
        _play_drums(drums, beat, voices)
        _play_music(music, beat, voices, key)
        size = beat.end - beat.frame
        mixed = drums[:size] + music[:size] * _duck(beat, size)
        for bus in (drums, music):
            bus[:-size] = bus[size:]
            bus[-size:] = 0.0
        if beat is beats[-1]:
            mixed *= np.linspace(1.0, 0.0, size, dtype=np.float32)[:, None] ** 2
        yield np.float32(0.9) * np.tanh(np.float32(LOUDNESS) * mixed)


def _choose(seed: int) -> Key:
    rng = np.random.default_rng([seed, 2])
    melody = rng.choice([0, 0, 2, 4, 4, 6, 7], 64)
    return Key(
        root=int(rng.integers(40, 47)),
        chords=PROGRESSIONS[rng.integers(len(PROGRESSIONS))],
        bass=BASS_LINES[rng.integers(len(BASS_LINES))],
        hook=HOOKS[rng.integers(len(HOOKS))],
        melody=tuple(int(m) for m in melody),
    )


def _note(key: Key, degree: int) -> int:
    """Degree of the scale, in octaves up from the root -> MIDI note."""
    return key.root + 12 * (degree // 7) + MINOR[degree % 7]


def _add(bus: NDArray[np.float32], at: float, sound: Sound, gain: float) -> None:
    """Mix a sound in, `at` seconds after the beat."""
    start = round(at * RATE)
    bus[start : start + len(sound)] += np.float32(gain) * sound[: len(bus) - start]


def _duck(beat: Beat, size: int) -> NDArray[np.float32]:
    """How far the music makes room for the kick: down within 3 ms, back over the beat. In a break it breathes a little."""
    depth = {"drop": 0.6, "verse": 0.5, "break": 0.25}.get(beat.section, 0.4)
    t = np.arange(size, dtype=np.float32) / RATE
    return (1.0 - depth * np.exp(-t / 0.13) * (1.0 - np.exp(-t / 0.002)))[:, None].astype(np.float32)


def _play_drums(bus: NDArray[np.float32], beat: Beat, voices: Voices) -> None:
    section, bar, step = beat.section, beat.bar, beat.period / 4
    last = beat.bars - bar  # bars left, this one included
    if section == "build":
        _play_roll(bus, beat, voices)
        return
    if section == "break":
        return
    _add(bus, 0.0, voices.kick, 1.0)
    full = section in ("verse", "drop")
    if beat.beat % 2 == 1 and (full or (section == "intro" and bar >= 4) or (section == "outro" and bar < 4)):
        _add(bus, 0.0, voices.clap, 0.55 if section == "drop" else 0.4)
    if section != "outro" or last > 2:
        _add(bus, 2 * step, voices.open_hat if section == "drop" else voices.hat, 0.26)
    if full:
        for n in (1, 3):
            _add(bus, n * step, voices.hat, 0.16 if n == 1 else 0.22)
    if section == "drop" and beat.beat == 0 and bar % 8 == 0:
        _add(bus, 0.0, voices.crash, 0.6)
    if section != "outro" and last == 1 and beat.beat == 3:  # a fill into the next section
        for n in (2, 3):
            _add(bus, n * step, voices.snare, 0.3)


def _play_roll(bus: NDArray[np.float32], beat: Beat, voices: Voices) -> None:
    """The build: snares on the beats, then eighths, then sixteenths, ever louder; silence on its very last beat but one snare."""
    done = (beat.bar + beat.beat / 4) / beat.bars
    if beat.bar == beat.bars - 1 and beat.beat == 3:
        _add(bus, 0.0, voices.snare, 0.6)
        return
    if done < 0.5:
        _add(bus, 0.0, voices.kick, 0.75)
    hits = 1 if done < 0.5 else 2 if done < 0.75 else 4
    for n in range(hits):
        accent = 1.0 if n == 0 else 0.7
        _add(bus, n * beat.period / hits, voices.snare, accent * (0.2 + 0.4 * done))


def _play_music(bus: NDArray[np.float32], beat: Beat, voices: Voices, key: Key) -> None:
    degree = key.chords[beat.bar % 4]
    step, section = beat.period / 4, beat.section
    notes = tuple(_note(key, 14 + degree + third) for third in (0, 2, 4, 6))
    if beat.beat == 0:
        _play_pad(bus, beat, voices, notes)
    for n in range(4):
        sixteenth, at = 4 * beat.beat + n, n * step
        if section in ("verse", "drop") and key.bass[sixteenth] == "x":
            _add(bus, at, voices.bass(_note(key, degree), 0.28), 0.6 if section == "drop" else 0.45)
        if section == "drop" and STABS[sixteenth] == "x":
            _add(bus, at, voices.chord(notes, 0.26, 5200.0, 0.003), 0.75)
        if section in ("drop", "build") and key.hook[sixteenth] == "x" and (section == "build" or beat.bar >= 8):
            _add(bus, at, voices.lead(_note(key, 21 + degree + key.melody[(beat.bar % 4) * 16 + sixteenth]), 0.3), 0.4)
        if _arpeggio(beat) and n % 2 == 0:
            tone = notes[(sixteenth // 2) % 4] + 12
            _add(bus, at, voices.pluck(tone, -0.6 if n else 0.6), 0.5 if n == 0 else 0.3)


def _arpeggio(beat: Beat) -> bool:
    return beat.section == "break" or (beat.section == "verse" and beat.bar >= 8) or (beat.section == "outro" and beat.bar < 4)


def _play_pad(bus: NDArray[np.float32], beat: Beat, voices: Voices, notes: tuple[int, ...]) -> None:
    """Once a bar: the chord that lies under everything, and the noise that rises before a drop."""
    length, done = 4.3 * beat.period, beat.bar / beat.bars
    gain, cutoff = {
        "intro": (0.25, 500.0),
        "verse": (0.2, 900.0),
        "build": (0.3, 1200.0 + 500 * beat.bar),
        "drop": (0.22, 2500.0),
        "break": (0.6, 900.0 + 250 * beat.bar),
        "outro": (0.3 * (1 - done), 700.0),
    }[beat.section]
    _add(bus, 0.0, voices.chord(notes, length, cutoff, 0.05), gain)
    if beat.section == "build" or (beat.section == "break" and beat.bar >= 6):
        rise = done if beat.section == "build" else 0.0
        step = 1.0 / beat.bars
        noise = voices.riser(4 * beat.period, 500 * 16.0**rise, 500 * 16.0 ** (rise + step))
        _add(bus, 0.0, noise, 0.12 + 0.35 * rise)


def write_wav(out: BinaryIO, seed: int, *, speed: float = 1.0, shift: float = 0.0) -> None:
    """The song as a WAV file of 16 bits, from first byte to last without going back, so that a pipe will do."""
    size = 4 * frames(speed=speed, shift=shift)
    out.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, RATE, 4 * RATE, 4, 16))
    out.write(b"data" + struct.pack("<I", size))
    for block in song(seed, speed=speed, shift=shift):
        out.write(np.rint(block * 32767.0).astype("<i2").tobytes())
        out.flush()


def main(argv: list[str] | None = None) -> int:
    """Write the song, and where its beats are."""
    parser = argparse.ArgumentParser(prog="python -m showctl.demo.song", description="Write the song of the demo.")
    parser.add_argument("out", metavar="OUT.wav", help="file to write, - for standard output")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another song (1)")
    parser.add_argument("--beats", type=Path, help="write time and position in the bar of every beat here")
    parser.add_argument("--speed", type=float, default=1.0, help="1.07 is 7 %% faster")
    parser.add_argument("--shift", type=float, default=0.0, help="seconds of silence before it")
    args = parser.parse_args(argv)
    if args.speed <= 0 or args.shift < 0 or args.seed < 0:
        parser.error("--speed must be above 0, --shift and --seed not below it")
    with contextlib.ExitStack() as stack:
        out = sys.stdout.buffer if args.out == "-" else stack.enter_context(Path(args.out).open("wb"))
        write_wav(out, args.seed, speed=args.speed, shift=args.shift)
    if args.beats:
        rows = truth(args.seed, speed=args.speed, shift=args.shift)
        args.beats.write_text("".join(f"{time:.4f}\t{position}\n" for time, position, _ in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
