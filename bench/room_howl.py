"""How well feedback is caught, and how often music is taken for it.

    .venv/bench/bin/python bench/room_howl.py --rirs DIR [--loops 40] [--pieces 84] [--songs DIR] [--first 5000] [--keep DIR]

Loops: measured responses closed through a desk of 5 ms, with speech, songs of long notes and music in them, or with nobody
playing; after 30 s the gain is raised 0.5 to 6 dB past the margin (howl_loops.py). Caught: an alarm within 1.5 s of the moment
when the loop has run away - what howls is as loud as the programme, for good - at a frequency at which it howls (3 %). Loops that
have not run away after 16 s, where it is watched, are listed and do not count. Alarms before the gain is raised are false, and so
is every alarm in music: pieces of sustained tones (howl_music.py), and all of --songs, recordings. At the end: what it would be
with more caution or less (howl_trade.py). Intervals are of 95 %.

Seeds from 1000 to 4999 belong to those who change the watch (bench/howl_learn.py learns from them, in every other room); what is
reported is of seeds that nobody looked at, in the rooms between. --dev: the rooms that are learned from. --keep: what was
simulated stays there. --notch N: the loops alone, with N notches in them that go by what is told (howl_notch.py).
"""

from __future__ import annotations

import argparse
import csv
import math
import pickle
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from howl_loops import RAISED, Loop, loop, setting
from howl_music import RATE, Sound, piece
from howl_trade import AGAIN, WITHIN, Case, Weighed, rate, share, trade
from scipy import signal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from howl_notch import notched

from showctl.analysis.room.howl import HowlWatch
from showctl.model import AudioBlock, Howl

LONG = 45.0  # s of a piece
NAMED = ("flute", "organ", "voice", "lead", "pad")


def main() -> int:
    """Simulate, listen, print. 0 when all is caught and at most one alarm in ten minutes of sustained tones is false."""
    options, cases = arguments(), list[Case]()
    rooms = read_rooms(options.rirs, 0 if options.dev else 1)
    if options.notch:
        return notches(options, rooms)
    seeds = range(options.first, options.first + options.loops)
    caught = away = 0
    if options.loops:
        caught, away = caught_loops((kept(options.keep, f"loop{s}", lambda s=s: loop(s, rooms)) for s in seeds), cases)
        print(f"({options.loops} loops in {len(rooms)} responses, seeds {seeds.start} to {seeds.stop - 1})\n", flush=True)
    tones, spent = hard_negatives(options, rooms, cases)
    print(f"{spent:.2f} % of a core\n")
    trade(cases)
    return int(caught < away or tones > 1)


def caught_loops(loops: Iterable[Loop], cases: list[Case]) -> tuple[int, int]:
    """How many were caught in time, and of how many; each is added to `cases`."""
    print(f"{'room, programme':46} {'dB over':>7} {'Hz':>6} {'dB/s':>6} {'away s':>7} {'caught':>7} {'after away':>11}")
    after, early, soft, minutes = list[float](), 0, 0, 0.0
    for one in loops:
        told, weighed = alarms(one.sound)
        cases.append(Case(weighed, len(one.sound) / RATE, one.raised, one.away, one.freqs + one.first))
        early, minutes = early + sum(t.time < one.raised for t in told), minutes + one.raised / 60
        at = next((t.time for t in told if t.time >= one.raised and howls(one, t.freq)), None)
        when = f"{at - one.raised:7.2f}" if at is not None else f"{'missed' if one.away is not None else 'no':>7}"
        if one.away is None:
            soft += 1
            print(f"{one.name:46} {one.excess:7.1f} {one.freqs[0]:6.0f} {'':6} {'not':>7} {when}")
            continue
        after.append(at - one.away if at is not None else math.inf)
        known = f"{one.excess:7.1f} {one.freqs[0]:6.0f} {one.growth:6.0f} {one.away - one.raised:7.2f}"
        print(f"{one.name:46} {known} {when} {after[-1]:+11.2f}")
    caught = sum(a <= WITHIN for a in after)
    print(f"\ncaught within {WITHIN} s of running away: {caught} of {len(after)} ({share(caught, len(after))})", end="; ")
    print(f"median {np.median(after):+.2f} s, last {max(after):+.2f} s; {soft} did not run away")
    print(f"false alarms before the gain was raised: {early} in {minutes:.1f} minutes")
    return caught, len(after)


def hard_negatives(options: argparse.Namespace, rooms: list[tuple[str, Sound]], cases: list[Case]) -> tuple[float, float]:
    """False alarms in ten minutes of sustained tones, each added to `cases`; processor time in % of real time, of all music."""
    responses = [response for _, response in rooms]
    seeds = range(options.first, options.first + options.pieces)
    songs = sorted(options.songs.glob("*.ogg")) if options.songs else []
    names = [(f"piece{s}", lambda s=s: piece(s, LONG, responses)) for s in seeds]
    names += [(path.stem, lambda path=path: ("recordings", recording(path))) for path in songs]
    seconds, spent, kinds = 0.0, 0.0, dict[str, list[float]]()
    for title, make in names:
        kind, sound = kept(options.keep, title, make)
        begun = time.process_time()
        told, weighed = alarms(sound)
        seconds, spent = seconds + len(sound) / RATE, spent + time.process_time() - begun
        if kind != "recordings":
            cases.append(Case(weighed, len(sound) / RATE))
        count = kinds.setdefault(kind, [0, 0.0])
        count[0], count[1] = count[0] + len(told), count[1] + len(sound) / RATE / 60
        for one in told:
            print(f"  false in {kind} ({title}): {one.freq:.0f} Hz at {one.time:.1f} s, {one.growth:.0f} dB/s")
    for kind, (false, minutes) in sorted(kinds.items()):
        print(f"{kind:24} {false:3.0f} in {minutes:5.1f} minutes")
    tones = {kind: count for kind, count in kinds.items() if kind != "recordings"}
    named = [count for kind, count in tones.items() if kind.startswith(NAMED)]
    for what, counts in (("flute, organ, voice, lead and pad", named), ("all sustained tones", list(tones.values()))):
        false, minutes = int(sum(c[0] for c in counts)), sum(c[1] for c in counts)
        print(f"false alarms in {what}: {false} in {minutes:.1f} minutes, in ten: {rate(false, minutes)}")
    return 10 * sum(c[0] for c in tones.values()) / max(1e-9, sum(c[1] for c in tones.values())), 100 * spent / max(1e-9, seconds)


def notches(options: argparse.Namespace, rooms: list[tuple[str, Sound]]) -> int:
    """Print what notches make of the loops. 0 when all that run away without them are brought back."""
    print(f"{'room, programme':46} {'dB over':>7} {'without':>8} {'with':>7} {'back s':>7}  notches")
    back, deep, needless = dict[float, list[float]](), list[tuple[float, float]](), 0
    for seed in range(options.first, options.first + options.loops):
        made = setting(seed, rooms)
        bare, kept = notched(made, options.notch, options.through)
        told = [f"{t - RAISED:+.1f} {what} {freq:.0f} {gain:+.3g}" for t, what, freq, gain in kept.told]
        needless += sum(t < RAISED and what == "notch" for t, what, _, _ in kept.told)
        row = f"{made.name + ', ' + made.kind:46} {made.excess:7.1f} {bare.over:8.1f} {kept.over:7.1f} {kept.back:7.2f}"
        print(f"{row}  {'; '.join(told)}", flush=True)
        if math.isinf(bare.back):
            back.setdefault(made.excess, []).append(kept.back)
            deep.append((bare.over, kept.over))
    print()
    for excess, some in sorted(back.items()):
        print(f"{excess:g} dB over the margin: {sum(map(math.isfinite, some))} of {len(some)} are brought back")
    every = [one for some in back.values() for one in some]
    came, away = sum(map(math.isfinite, every)), len(every)
    print(
        f"\n{came} of {away} that run away are brought back ({share(came, away)}), by {options.notch} notches, {options.through}",
        end="; ",
    )
    print(f"median {np.median([one for one in every if math.isfinite(one)]):.2f} s after the gain was raised")
    without, with_them = np.median(deep, axis=0)
    print(f"what the loop adds at the end: median {with_them:+.1f} dB over the programme, {without:+.1f} without notches")
    print(f"notches before the gain was raised: {needless}")
    return int(came < away)


class Weighing(HowlWatch):
    """A watch that keeps what it weighed: time, frequency, surplus."""

    def __init__(self) -> None:
        super().__init__(RATE)
        self.weighed: list[tuple[float, float, float]] = []

    def _tell(self, time: float, freq: float, surplus: float, level: float) -> bool:
        self.weighed.append((time, freq, surplus))
        return super()._tell(time, freq, surplus, level)


def alarms(sound: Sound) -> tuple[list[Howl], Weighed]:
    """What the watch says, each frequency once in AGAIN seconds, and what it weighed."""
    watch, told = Weighing(), list[Howl]()
    for begin in range(0, len(sound), RATE // 10):
        block = AudioBlock(begin, sound[begin : begin + RATE // 10].astype(np.float32)[:, None], RATE)
        for one in watch.feed(block):
            if not one.again and not any(abs(one.freq / t.freq - 1) < 0.03 and one.time - t.time < AGAIN for t in told):
                told.append(one)
    return told, watch.weighed


def howls(one: Loop, freq: float) -> bool:
    """Whether a frequency is one at which the loop howls."""
    return any(abs(freq / other - 1) < 0.03 for other in one.freqs + one.first)


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
    parser.add_argument("--pieces", type=int, default=84)
    parser.add_argument("--first", type=int, default=5000, help="seed of the first loop and of the first piece")
    parser.add_argument("--songs", type=Path)
    parser.add_argument("--dev", action="store_true", help="in the rooms that are learned from")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--notch", type=int, default=0, help="bring them back instead, by so many notches")
    parser.add_argument("--through", choices=("internal", "desk"), default="internal", help="that fade, or that jump")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
