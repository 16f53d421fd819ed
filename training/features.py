"""What the net is trained on: the view of the very class that listens at night, stored as half floats, with the truth beside it.

A shard is one .npz of some dozens of pieces laid end to end: `frames` (hops, 81) what the View compressed, `lengths` hops of
each piece, `beats` (s from the piece's beginning), `positions`, `counts` of beats, `names`. What rose is worked out again when
a shard is read, after the augmentation.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.spectrum import View
from training.piece import RATE, Piece


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One piece as the net meets it."""

    name: str
    frames: np.ndarray  # (hops, View.COUNT) float16
    beats: np.ndarray  # s
    positions: np.ndarray  # of each beat in its bar, 0 unknown


def view(audio: np.ndarray) -> np.ndarray:
    """(frames,) at RATE -> (hops, View.COUNT) float16."""
    eyes, hop = View(RATE), RATE // HOPS_PER_SECOND
    hops = len(audio) // hop
    out = np.empty((hops, View.COUNT), np.float16)
    for i in range(hops):
        out[i] = eyes.feed(audio[i * hop : (i + 1) * hop])[1]
    return out


def example(name: str, piece: Piece) -> Example:
    """What the net sees of a piece."""
    return Example(name, view(piece.audio), np.asarray(piece.beats), np.asarray(piece.positions))


def excerpts(folder: Path) -> dict[str, tuple[dict[str, str], Piece]]:
    """Annotated recordings: index.csv (id, file, style, song), the audio and ID.beats (s, place in the bar) beside it."""
    found = {}
    with (folder / "index.csv").open() as file:
        for row in csv.DictReader(file):
            audio, rate = soundfile.read(folder / row["file"], dtype="float32", always_2d=True)
            mono = audio.mean(axis=1)
            if rate != RATE:
                mono = soxr.resample(mono, rate, RATE)
            lines = [line.split("#")[0].split() for line in (folder / f"{row['id']}.beats").read_text().splitlines()]
            lines = [line for line in lines if line]
            beats = np.array([float(line[0]) for line in lines])
            places = np.array([int(line[1].split(".")[-1]) if len(line) > 1 else 0 for line in lines], np.int64)
            meter = int(row["meter"].split("/")[0]) if row["meter"] else 0
            found[row["id"]] = row, Piece(mono.astype(np.float32), beats, places, meter, row["style"])
    return found


def write(path: Path, examples: Iterable[Example]) -> None:
    """A shard, whole or not at all."""
    some = list(examples)
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        frames=np.concatenate([e.frames for e in some]),
        lengths=np.array([len(e.frames) for e in some]),
        beats=np.concatenate([e.beats for e in some]),
        positions=np.concatenate([e.positions for e in some]),
        counts=np.array([len(e.beats) for e in some]),
        names=np.array([e.name for e in some]),
    )
    part.rename(path)


def read(path: Path) -> list[Example]:
    """The pieces of a shard."""
    with np.load(path) as shard:
        frames = np.split(shard["frames"], np.cumsum(shard["lengths"])[:-1])
        at = np.cumsum(shard["counts"])[:-1]
        beats, positions = np.split(shard["beats"], at), np.split(shard["positions"], at)
        return [Example(str(n), *rest) for n, *rest in zip(shard["names"], frames, beats, positions, strict=True)]
