"""Notes -> sound, by the fluidsynth program and a General MIDI soundfont.

A standard MIDI file of one track is written with 4000 ticks a second, so that a note falls where it is asked for; the synthesiser
itself works in blocks of 64 frames, 1.5 ms. A note sounds a little later than asked (the block, the sample's own start): LATENCY,
measured for each soundfont, is taken off again, which leaves the kit's sounds within 2 ms of their times.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from training.piece import RATE

FOLDER = Path("/usr/share/sounds/sf2")
LATENCY = {"FluidR3_GM.sf2": 0.0045, "TimGM6mb.sf2": 0.0030}  # s from a note's time to its first sound: median over the kit
FONTS = tuple(FOLDER / name for name in LATENCY)
TICKS = 4000  # a second
DRUMS = 9  # the channel of the kit
_TIMEOUT = 900.0  # s; half a second of work, but a machine that is training may be slow to give it


@dataclass(frozen=True, slots=True)
class Sound:
    """One struck or held note."""

    time: float  # s
    length: float  # s
    channel: int  # 0..15
    key: int
    velocity: int  # 1..127


@dataclass(frozen=True, slots=True)
class Channel:
    """What a channel is set to."""

    program: int  # 0..127
    volume: int = 100  # 0..127
    pan: int = 64
    reverb: int = 40
    bend: float = 0.0  # semitones, within +-2


def fonts() -> list[Path]:
    """The soundfonts that are installed."""
    return [p for p in FONTS if p.is_file()]


def lacking() -> str:
    """What is missing to render, in words; empty where nothing is."""
    if shutil.which("fluidsynth") is None:
        return "the fluidsynth program is not installed"
    missing = [p.name for p in FONTS if not p.is_file()]
    return f"no soundfont {', '.join(missing)} in {FOLDER}" if missing else ""


def midi_file(sounds: list[Sound], channels: dict[int, Channel], seconds: float) -> bytes:
    """The bytes of a standard MIDI file of format 0 that lasts `seconds`."""
    events: list[tuple[int, int, bytes]] = []  # tick, order within the tick, message
    for number, c in channels.items():
        bend = int(np.clip(8192 + c.bend * 4096, 0, 16383))
        events.append((0, 0, bytes([0xC0 | number, c.program])))
        events += [(0, 0, bytes([0xB0 | number, cc, v])) for cc, v in ((7, c.volume), (10, c.pan), (91, c.reverb))]
        events.append((0, 0, bytes([0xE0 | number, bend & 127, bend >> 7])))
    for s in sounds:
        on = max(1, round(s.time * TICKS))
        off = max(on + 20, round((s.time + s.length) * TICKS))
        events.append((on, 2, bytes([0x90 | s.channel, s.key, s.velocity])))
        events.append((off, 1, bytes([0x80 | s.channel, s.key, 0])))
    events.sort(key=lambda e: e[:2])
    body = bytearray(b"\x00\xff\x51\x03" + (250_000).to_bytes(3, "big"))
    last = 0
    for tick, _, message in events:
        body += _length(tick - last) + message
        last = tick
    body += _length(max(0, round(seconds * TICKS) - last)) + b"\xff\x2f\x00"
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS // 4)
    return header + struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)


def _length(ticks: int) -> bytes:
    """A variable-length quantity, seven bits a byte."""
    out = [ticks & 127]
    while ticks := ticks >> 7:
        out.append(ticks & 127 | 128)
    return bytes(reversed(out))


def render(
    sounds: list[Sound],
    channels: dict[int, Channel],
    seconds: float,
    font: Path,
    *,
    reverb: bool = False,
    chorus: bool = False,
    lead: float = 0.5,
) -> NDArray[np.float32]:
    """The mono sound of `seconds` from time 0; notes from `-lead` on are played, so that what rings over time 0 is there.

    FileNotFoundError: no fluidsynth; RuntimeError: it failed.
    """
    shifted = [Sound(s.time + lead, s.length, s.channel, s.key, s.velocity) for s in sounds if s.time > -lead]
    with tempfile.TemporaryDirectory() as folder:
        score, wave = Path(folder) / "score.mid", Path(folder) / "sound.wav"
        score.write_bytes(midi_file(shifted, channels, seconds + lead + 0.5))
        command = ["fluidsynth", "-ni", "-q", "-F", str(wave), "-T", "wav", "-O", "float", "-r", str(RATE), "-g", "0.2"]
        command += ["-R", str(int(reverb)), "-C", str(int(chorus)), "-o", "synth.dynamic-sample-loading=1", str(font), str(score)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
        if done.returncode != 0 or not wave.is_file():
            raise RuntimeError(f"fluidsynth failed ({done.returncode}) on {font}: {done.stderr.strip()[-300:]}")
        stereo, _ = sf.read(wave, dtype="float32", always_2d=True)
    begin = round((lead + LATENCY.get(font.name, 0.003)) * RATE)
    mono = stereo.mean(axis=1)[begin : begin + round(seconds * RATE)]
    return np.pad(mono, (0, round(seconds * RATE) - len(mono)))
