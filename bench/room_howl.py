"""How well feedback is caught, and how often music is taken for it.

    .venv/bench/bin/python bench/room_howl.py --rirs DIR [--loops 40] [--pieces 28] [--songs DIR] [--dev] [--keep DIR]

Loops: measured responses closed through a desk of 5 ms, with speech, songs of long notes and music in them; after 8 s the gain is
raised 0.5 to 6 dB past the margin (howl_loops.py). Caught: an alarm within 1.5 s of the moment when the loop has run away (3 dB
louder than the programme would be), at its frequency (3 %, or another at which it howls). Alarms before the gain is raised are
false, and so is every alarm in music: pieces of sustained tones (howl_music.py), and all of --songs, recordings.

--dev: seeds and rooms that the thresholds were chosen on; without it, seeds that were never looked at, in rooms that were seen
with other seeds. --keep: what was simulated stays there.
"""

from __future__ import annotations

import argparse
import csv
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from howl_loops import Loop, loop
from howl_music import FLUID, INSTRUMENTS, RATE, Sound, piece
from scipy import signal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from showctl.analysis.room.howl import HowlWatch
from showctl.model import AudioBlock, Howl

LONG = 45.0  # s of a piece
WITHIN = 1.5  # s
FAMILIES = {*INSTRUMENTS, *FLUID}
AGAIN = 5.0  # s: alarms at one frequency that are closer are one


def main() -> int:
    """Simulate, listen, print. 0 when all is caught and at most one alarm in ten minutes is false."""
    options = arguments()
    rooms = read_rooms(options.rirs, 0 if options.dev else 1)
    first = 0 if options.dev else 2000
    loops = [kept(options.keep, f"loop{s}", lambda s=s: loop(s, rooms)) for s in range(first, first + options.loops)]
    away = [(one, alarms(one.sound)) for one in loops if one.away is not None]
    print(f"{len(loops)} loops in {len(rooms)} responses, {len(away)} ran away; seeds {first} to {first + options.loops - 1}")
    print(f"{'room, programme':44} {'dB over':>7} {'Hz':>6} {'dB/s':>6} {'away s':>7} {'caught':>7} {'after away':>11}")
    late, early = [judged(one, told) for one, told in away], 0
    for (one, told), at in zip(away, late, strict=True):
        early += sum(t.time < one.raised for t in told)
        when = f"{at - one.raised:7.2f} {at - one.away:+11.2f}" if at is not None else f"{'missed':>7}"
        print(f"{one.name:44} {one.excess:7.1f} {one.freq:6.0f} {one.growth:6.0f} {one.away - one.raised:7.2f} {when}")
    after = sorted(at - one.away for (one, _), at in zip(away, late, strict=True) if at is not None)
    caught = sum(a <= WITHIN for a in after)
    print(f"\ncaught within {WITHIN} s of running away: {caught} of {len(away)}", end="; ")
    print(f"median {np.median(after):+.2f} s, last {after[-1]:+.2f} s")
    print(f"false alarms before the gain was raised: {early} in {len(away) * 8 / 60:.1f} minutes\n")
    false, minutes, spent = hard_negatives(options, rooms, first)
    print(f"false alarms in music: {false} in {minutes:.1f} minutes ({10 * false / minutes:.2f} in ten); {spent:.1f} % of a core")
    return int(caught < len(away) or 10 * false / minutes > 1)


def hard_negatives(options: argparse.Namespace, rooms: list[tuple[str, Sound]], first: int) -> tuple[int, float, float]:
    """False alarms, minutes, processor time in % of real time."""
    responses = [response for _, response in rooms]
    sounds = [
        kept(options.keep, f"piece{s}", lambda s=s: piece(s, LONG, responses)) for s in range(first, first + options.pieces)
    ]
    sounds += [(path.stem, recording(path)) for path in sorted(options.songs.glob("*.ogg"))] if options.songs else []
    false, seconds, begun, kinds = 0, 0.0, time.process_time(), dict[str, list[float]]()
    for name, sound in sounds:
        told = alarms(sound)
        false, seconds = false + len(told), seconds + len(sound) / RATE
        kind = name if name.partition(" ")[0] in FAMILIES else "recordings"
        count = kinds.setdefault(kind, [0, 0.0])
        count[0], count[1] = count[0] + len(told), count[1] + len(sound) / RATE / 60
        for one in told:
            print(f"  false in {name}: {one.freq:.0f} Hz at {one.time:.1f} s, {one.growth:.0f} dB/s")
    print("\n".join(f"{kind:24} {count[0]:3.0f} in {count[1]:5.1f} minutes" for kind, count in sorted(kinds.items())))
    return false, seconds / 60, 100 * (time.process_time() - begun) / seconds


def alarms(sound: Sound) -> list[Howl]:
    """What the watch says, each frequency once in AGAIN seconds."""
    watch, told = HowlWatch(RATE), list[Howl]()
    for begin in range(0, len(sound), RATE // 10):
        block = AudioBlock(begin, sound[begin : begin + RATE // 10].astype(np.float32)[:, None], RATE)
        for one in watch.feed(block):
            if not any(abs(one.freq / t.freq - 1) < 0.03 and one.time - t.time < AGAIN for t in told):
                told.append(one)
    return told


def judged(one: Loop, told: list[Howl]) -> float | None:
    """When it was caught (s): the first alarm since the gain was raised, at a frequency that really howls."""
    return next((t.time for t in told if t.time >= one.raised and howls(one, t.freq)), None)


def howls(one: Loop, freq: float) -> bool:
    """Whether a frequency is the loop's own, or within 20 dB of it at the end: more than one may run away."""
    if abs(freq / one.freq - 1) < 0.03:
        return True
    end = one.sound[-4 * RATE :]
    power = np.abs(np.fft.rfft(end * np.hanning(len(end)))) ** 2
    low, high = (int(freq * side * len(end) / RATE) for side in (0.97, 1.03))
    return bool(power[low : high + 1].max() > power.max() / 100)


def kept(folder: Path | None, name: str, make: Any) -> Any:
    """What was made before, or made now."""
    if folder is None:
        return make()
    path = folder / f"{name}.pickle"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(make()))
    return pickle.loads(path.read_bytes())


def recording(path: Path) -> Sound:
    """(frames,) at RATE, about -20 dBFS."""
    sound, rate = soundfile.read(path, always_2d=True)
    mono = signal.resample_poly(sound.mean(axis=1), RATE // np.gcd(RATE, rate), rate // np.gcd(RATE, rate))
    return 0.1 * mono / (mono.std() + 1e-9)


def read_rooms(folder: Path, half: int) -> list[tuple[str, Sound]]:
    """Every second room (0 or 1 first): name and the first 3 s of its response, its spectrum's peak at 1."""
    with open(folder / "index.csv", newline="") as text:
        rows = list(csv.DictReader(text))
    groups = sorted({row["group"] for row in rows})
    found = []
    for row in (row for row in rows if groups.index(row["group"]) % 2 == half):
        sound, rate = soundfile.read(folder / row["file"], always_2d=True)
        assert rate == RATE, f"{row['file']} is not at {RATE} Hz"
        response = sound.mean(axis=1)[: 3 * RATE]
        found.append((Path(row["file"]).stem, response / np.abs(np.fft.rfft(response)).max()))
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rirs", type=Path, required=True)
    parser.add_argument("--loops", type=int, default=40)
    parser.add_argument("--pieces", type=int, default=28)
    parser.add_argument("--songs", type=Path)
    parser.add_argument("--dev", action="store_true")
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
