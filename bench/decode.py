#!/usr/bin/env python3
"""Score the decoder alone: activations and truth in, the measures of score_beats.py out, in seconds.

    python bench/decode.py ACTIVATIONS --data ../shared/data/beats [--set NAME=VALUE ...] [--delay S] [--only WORD] [--songs]

ACTIVATIONS holds ID.npz files: `beat`, `down` (N,) probabilities, one a hop of `fps` (100) a second; element i is what the net
said when hop i had been heard, about a beat `delay` before that; optional `music` (N,), `level` (N,) LUFS, and `delay`. The
truth is ID.beats in --data (seconds <TAB> place in the bar), styles and kinds are in its index.csv. --set changes a constant of
pointer.py or follow.py for this run: --set STIFF=60 --set TRUST=1.5. --sweep NAME=A,B,C prints one line for each value.
"""

from __future__ import annotations

import argparse
import ast
import csv
import os
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import mir_eval
import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing import follow, pointer
from showctl.analysis.hearing.announce import Announcer
from showctl.model import Features

Floats = NDArray[np.float64]
Row = dict[str, Any]
MEANS = ("F", "CMLt", "AMLt", "downF", "tempo", "octave", "false")
MEDIANS = ("lock", "err", "spread", "notice", "notice10", "cpu")


@dataclass(frozen=True, slots=True)
class Item:
    """One excerpt."""

    name: str
    style: str
    kind: str
    activation: Path
    beats: Floats
    downs: Floats


def items(folder: Path, data: Path, only: str) -> list[Item]:
    """Every excerpt of `data` that has an activation."""
    found = []
    with (data / "index.csv").open() as file:
        for info in csv.DictReader(file):
            path = folder / f"{info['id']}.npz"
            if path.exists() and only in info["id"] + info["style"] + info["kind"]:
                rows = [line.split("#")[0].split() for line in (data / f"{info['id']}.beats").read_text().splitlines()]
                beats = np.array(sorted(float(r[0]) for r in rows if r))
                downs = np.array(sorted(float(r[0]) for r in rows if len(r) > 1 and r[1].split(".")[-1] == "1"))
                found.append(Item(info["id"], info["style"], info["kind"], path, beats, downs))
    return found


def listen(item: Item, delay: float) -> tuple[list[dict[str, Any]], float, float]:
    """The beats that stood; seconds of sound; CPU seconds."""
    with np.load(item.activation) as z:
        beat, down = z["beat"].astype(float), z["down"].astype(float)
        music = z["music"].astype(float) if "music" in z else None
        tempo = z.get("tempo")
        level = z["level"].astype(float) if "level" in z else np.full(len(beat), -20.0)
        delay = float(z["delay"]) if "delay" in z else delay
        fps = float(z["fps"])
    tracker, announcer = follow.BeatTracker(delay), Announcer()
    told: dict[int, dict[str, Any]] = {}
    before = time.process_time()
    grids = [
        tracker.feed(
            (i + 1) / fps,
            level[i],
            beat[i],
            down[i],
            None if music is None else music[i],
            None if tempo is None else tempo[i],
        )
        for i in range(len(beat))
    ]
    spent = time.process_time() - before
    for i, grid in enumerate(grids):
        for news in announcer.feed(Features((i + 1) / fps, -20.0, grid=grid)):
            if news["type"] == "beat":
                told[news["index"]] = news
            elif news["type"] == "withdraw" and news["index"] in told:
                del told[news["index"]]
    return sorted(told.values(), key=flash), len(beat) / fps, spent


def flash(beat: dict[str, Any]) -> float:
    """When (s) a lamp that obeys flashes."""
    return float(max(beat["time"], beat["emitted"]))


def lock(truth: Floats, flashes: Floats) -> float:
    """Seconds from the first beat to the fourth right one in a row."""
    run = 0
    for t in truth:
        run = run + 1 if np.count_nonzero(np.abs(flashes - t) < 0.07) == 1 else 0
        if run == 4:
            return float(t - truth[0])
    return float("inf")


def measure(item: Item, beats: list[dict[str, Any]], seconds: float, spent: float) -> Row:
    """One row of measures, as score_beats.py has them."""
    row: Row = {"name": item.name, "style": item.style, "kind": item.kind, "cpu": 100 * spent / seconds}
    at = np.array([flash(b) for b in beats])
    if not len(item.beats):
        return row | {"false": 60 * len(beats) / seconds}
    if beats:
        notice = 1000 * np.array([b["time"] - b["emitted"] for b in beats])
        row |= {"notice": float(np.median(notice)), "notice10": float(np.percentile(notice, 10))}
    truth = item.beats
    heard = at[(at >= truth[0] - 0.5) & (at <= truth[-1] + 0.5)]
    reference, estimate = mir_eval.beat.trim_beats(truth), mir_eval.beat.trim_beats(heard)
    row["F"] = mir_eval.beat.f_measure(reference, estimate) if len(estimate) else 0.0
    row["CMLt"], row["AMLt"] = 0.0, 0.0
    if len(estimate) > 1:
        _, row["CMLt"], _, row["AMLt"] = mir_eval.beat.continuity(reference, estimate)
    row["lock"] = lock(truth, heard)
    errors = np.array([heard[np.argmin(np.abs(heard - t))] - t for t in truth]) * 1000 if len(heard) else np.zeros(0)
    errors = errors[np.abs(errors) < 70]
    if len(errors):
        row |= {"err": float(np.median(errors)), "spread": float(np.median(np.abs(errors - np.median(errors))))}
    said = [b["bpm"] for b in beats if truth[0] + 8 < flash(b) < truth[-1]]
    true, bpm = 60 / float(np.median(np.diff(truth))), float(np.median(said)) if said else 0.0
    row["tempo"] = float(abs(bpm / true - 1) <= 0.04)
    row["octave"] = float(any(abs(bpm / (true * m) - 1) <= 0.04 for m in (1 / 3, 0.5, 1, 2, 3)))
    if len(item.downs) > 2:
        ones = np.array([flash(b) for b in beats if b["bar_position"] == 1])
        ones = mir_eval.beat.trim_beats(ones[(ones >= truth[0] - 0.5) & (ones <= truth[-1] + 0.5)])
        row["downF"] = mir_eval.beat.f_measure(mir_eval.beat.trim_beats(item.downs), ones) if len(ones) else 0.0
    return row


def change(settings: list[str]) -> None:
    """Put NAME=VALUE into whichever module has that name."""
    for setting in settings:
        name, value = setting.split("=", 1)
        owners = [module for module in (pointer, follow) if hasattr(module, name)]
        if not owners:
            raise SystemExit(f"neither pointer.py nor follow.py has a constant {name}")
        for module in owners:
            setattr(module, name, ast.literal_eval(value))


def work(item: Item, delay: float, settings: list[str]) -> Row:
    """One excerpt, in a process of its own."""
    change(settings)
    return measure(item, *listen(item, delay))


def line(name: str, rows: list[Row]) -> str:
    """Means, medians for times."""
    cells = []
    for key in (*MEANS, *MEDIANS):
        values = [r[key] for r in rows if key in r]
        one = "" if not values else f"{np.mean(values) if key in MEANS else np.median(values):.3f}"
        cells.append(f"{one:>8s}")
    return f"{name[:34]:34s}{len(rows):4d}" + "".join(cells)


def groups(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """What score_beats.py tells apart."""
    clean = [r for r in rows if r["kind"] == "clean"]
    return [
        ("all clean", clean),
        ("clean, without solo piano", [r for r in clean if "piano" not in r["style"]]),
        ("made worse as in a venue", [r for r in rows if r["kind"] != "clean" and "F" in r]),
        ("no music at all", [r for r in rows if "false" in r]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("activations", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--sweep", metavar="NAME=A,B,C")
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--only", default="")
    parser.add_argument("--songs", action="store_true", help="a line for each excerpt, the worst first")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    found = items(args.activations, args.data, args.only)
    name, _, values = (args.sweep or "").partition("=")
    print(f"{'':34s}{'n':>4s}" + "".join(f"{k:>8s}" for k in (*MEANS, *MEDIANS)))
    for value in values.split(",") if name else [""]:
        settings = [*args.set, f"{name}={value}"] if name else args.set
        with ProcessPoolExecutor(args.jobs) as pool:
            rows = list(pool.map(work, found, [args.delay] * len(found), [settings] * len(found)))
        if name:
            print(f"{name}={value}")
        styles: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            styles[row["style"]].append(row)
        for label, group in groups(rows) + ([] if name else sorted(styles.items())):
            print(line(label, group))
        if args.songs:
            for row in sorted(rows, key=lambda r: float(r.get("F", 0.0))):
                print(line(row["name"], [row]))


if __name__ == "__main__":
    main()
