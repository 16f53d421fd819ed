#!/usr/bin/env python3
"""The room heard through the show: delay, clock and bands of `room transfer` in chosen cells of the acceptance script.

    python bench/room_transfer.py --score ../shared/bench/score_room.py --rirs ../shared/data/rirs [--songs DIR]
                                  [--cell 10:30] [--trials 20] [--seed 1] [--each]

A cell is SNR (dB) and length (s). Songs, rooms, crowd, noise and the truth are the script's own functions, drawn as it draws
them; only that it runs in this process and tells each trial. `trusted` and `all` are dB RMS, the mean over trials and that of
the worst; a `clear` room has nothing as strong 2 ms after the direct sound; `sure` is `delay_trusted`, and sure and more than
0.2 ms off must never be. Drift is told of trials in which anything at all is trusted.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from showctl.analysis.room.transfer import response

Record = dict[str, Any]
SLOWEST_DECAY = 3.0  # s of T20: rooms that ring longer are left out, as in the script
NEAR = 0.2  # ms


def trial(score: Any, path: Path, song: np.ndarray, seconds: int, snr: int, draw: np.random.Generator) -> Record:
    """One song through one room, and how far the answer is off."""
    impulse = score.read_mono(path)
    song = np.roll(np.resize(song, seconds * score.RATE), int(draw.integers(seconds * score.RATE)))
    song = song / (song.std() + 1e-12)
    delay, drift = draw.uniform(0.005, 0.4), draw.uniform(-50, 50)
    heard = score.recording(song, impulse, delay, drift, snr, draw)
    before = time.process_time()
    answer = response((0.05 * song).astype(np.float32), (0.05 * heard).astype(np.float32), score.RATE)
    cpu = time.process_time() - before
    inside = np.interp(answer.freq, score.GRID, score.system_band(score.response_db(impulse)[None]).astype(float)) > 0.5
    error = answer.magnitude - score.response_db(impulse, answer.freq)
    trusted = answer.trusted & inside
    good = error[trusted] - np.median(error[trusted if trusted.any() else inside])
    times, clear = score.arrivals(impulse)
    return {
        "room": path.stem,
        "all": float(np.sqrt(np.mean((error[inside] - np.median(error[inside])) ** 2))),
        "trusted": float(np.sqrt(np.mean(good**2))) if len(good) else np.nan,
        "bands": 100 * float(answer.trusted[inside].mean()),
        "misled": 100 * float(np.mean(np.abs(good) > 3)) if len(good) else np.nan,
        "delay": float(np.abs(1e3 * (answer.delay_at(0.0) - delay - times)).min()),
        "clear": clear,
        "sure": answer.delay_trusted,
        "drift": abs(answer.drift - drift) if answer.trusted.any() else np.nan,
        "cpu": cpu / seconds * 60,
    }


def told(cell: str, records: list[Record]) -> str:
    """A line of the table."""
    one = {key: np.array([r[key] for r in records]) for key in records[0]}
    near, clear, sure = one["delay"] <= NEAR, one["clear"], one["sure"]
    fields = [
        f"{cell:>7}{len(records):>7}{np.mean(one['all']):>7.2f}",
        f"{np.nanmean(one['trusted']):>9.2f}{np.nanmax(one['trusted']):>7.2f}{np.mean(one['bands']):>8.1f}",
        f"{np.nanmean(one['misled']):>8.2f}{np.median(one['delay']):>9.3f}{one['delay'][clear].max(initial=0):>8.2f}",
        f"{f'{np.sum(near & clear)} of {np.sum(clear)}':>12}{f'{np.sum(near)} of {len(near)}':>12}",
        f"{f'{np.sum(sure & clear)} of {np.sum(clear)}':>12}{np.sum(sure & ~near):>7}",
        f"{np.nanmedian(one['drift']):>8.3f}{np.nanmax(one['drift']):>7.2f}{np.mean(one['cpu']):>7.2f}",
    ]
    return "".join(fields)


HEADING = (
    f"{'dB:s':>7}{'trials':>7}{'all':>7}{'trusted':>9}{'worst':>7}{'bands%':>8}{'>3dB%':>8}{'delay ms':>9}{'clr max':>8}"
    f"{'clear <0.2':>12}{'all <0.2':>12}{'clear sure':>12}{'wrong':>7}{'ppm':>8}{'max':>7}{'CPU/mn':>7}"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--score", type=Path, default=Path("../shared/bench/score_room.py"), help="the acceptance script")
    parser.add_argument("--rirs", type=Path, required=True, help="folder with index.csv and 48 kHz responses")
    parser.add_argument("--songs", type=Path, help="folder of songs; without it a programme is synthesised")
    parser.add_argument("--cell", action="append", help="SNR:SECONDS, once for each cell (default: 10:30 and 0:30)")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", action="store_true", help="tell every trial")
    args = parser.parse_args()
    sys.path.insert(0, str(args.score.parent))
    score: Any = __import__(args.score.stem)

    rooms: dict[str, list[Path]] = defaultdict(list)
    for row in score.read_index(args.rirs):
        if float(row.get("t20_s") or 1) < SLOWEST_DECAY:
            rooms[row["group"]].append(row["path"])
    songs = sorted(p for p in args.songs.iterdir() if p.suffix in (".wav", ".flac", ".ogg")) if args.songs else []
    songs = [p for p in songs if not p.name.startswith("venue_")]
    print(f"{len(rooms)} rooms, {f'{len(songs)} songs' if songs else 'synthesised programme'}, seed {args.seed}\n{HEADING}")
    for cell in args.cell or ["10:30", "0:30"]:
        snr, seconds = (int(part) for part in cell.split(":"))
        draw, records = np.random.default_rng([args.seed, snr, seconds]), []
        for _ in range(args.trials):
            files = rooms[sorted(rooms)[draw.integers(len(rooms))]]
            path = files[draw.integers(len(files))]
            chosen = songs[draw.integers(len(songs))] if songs else None
            song = score.read_mono(chosen) if chosen else score.programme(seconds, draw)
            records.append(trial(score, path, song, seconds, snr, draw))
            if args.each:
                said = {key: round(v, 3) if isinstance(v, float) else v for key, v in records[-1].items()}
                print("  ", chosen.stem if chosen else "synthesised", said, flush=True)
        print(told(cell, records), flush=True)


if __name__ == "__main__":
    main()
