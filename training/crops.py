"""Batches for training: crops of pieces, changed as instruments, equalisers, rooms and players change music.

A crop is CROP hops of what the View compressed, cut at random; its speed (which moves the beats with it) and pitch are changed
by moving it along time and frequency, its colour and level through the compression, noise is laid under it, and sometimes
another piece begins in the middle. What rose is worked out last, as the ear does. Truth is given hop by hop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.net import DELAY, HOPS
from showctl.analysis.hearing.spectrum import View
from training.features import Example, read

CROP = 12 * HOPS_PER_SECOND  # hops
JOINED = 0.12  # share of crops in which another piece begins
FASTER, SHIFTED = 0.16, 3  # most change of speed (nepers), and of pitch (filters, a semitone each)
_LAG = 2  # hops that the rise looks back


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Crops and their truth."""

    frames: torch.Tensor  # (crops, CROP, 2 * COUNT): compressed and rise
    beats: torch.Tensor  # (crops, CROP, 2): share of a beat, and of a downbeat, in the hop
    known: torch.Tensor  # (crops, CROP): 0 where a beat's place in the bar is not known
    tempo: torch.Tensor  # (crops, CROP / HOPS): beats a minute, -1 where there is no beat


class Shards:
    """The own pieces, those too that are composed while the training runs."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._known = folder, set[str]()
        self.pieces: list[Example] = []

    def look(self) -> None:
        """Read what has come since."""
        for path in sorted(self._folder.glob("own-????.npz")):
            if path.name not in self._known:
                self._known.add(path.name)
                self.pieces.extend(read(path))


class Crops:
    """An endless supply of batches."""

    def __init__(self, own: list[Example], recorded: list[Example], share: float, batch: int, seed: int) -> None:
        """`share` of the crops are cut from `recorded`, the others from `own`."""
        self._own, self._recorded, self._share, self._batch = own, recorded, share, batch
        self._rng = np.random.default_rng(seed)

    def make(self) -> Batch:
        """The next one."""
        rng, n = self._rng, self._batch
        frames = np.zeros((n, CROP + _LAG, View.COUNT), np.float32)
        beats, known = np.zeros((n, CROP, 2), np.float32), np.ones((n, CROP), np.float32)
        tempo = np.full((n, CROP // HOPS), -1.0, np.float32)
        for i in range(n):
            pool = self._recorded if rng.random() < self._share else self._own
            split = int(rng.integers(CROP // 4, CROP * 3 // 4)) if rng.random() < JOINED else CROP
            for first, last in ((0, split), (split, CROP)):
                if last > first:
                    piece = pool[rng.integers(len(pool))]
                    when = self._cut(piece, frames[i], first, last)
                    share_out(when, piece.positions, first, last, beats[i], known[i])
                    tempi(when, first, last, tempo[i])
        seen = look(self._coloured(torch.from_numpy(frames)))
        return Batch(seen, torch.from_numpy(beats), torch.from_numpy(known), torch.from_numpy(tempo))

    def _cut(self, piece: Example, frames: np.ndarray, first: int, last: int) -> np.ndarray:
        """Part of a piece, its speed and pitch changed, into hops `first` to `last` -> the hops in which its beats are told."""
        rng, hops = self._rng, last - first + _LAG
        speed = float(np.exp(rng.uniform(-FASTER, FASTER))) if rng.random() < 0.6 else 1.0
        need = math.ceil(hops * speed) + 2
        free = len(piece.frames) - need
        begin = int(rng.integers(0, free)) if free > 0 else 0
        part = piece.frames[begin : begin + need].astype(np.float32)
        if len(part) < need:
            part = np.concatenate([part, np.repeat(part[-1:], need - len(part), axis=0)])
        at = np.arange(hops) * speed
        low = at.astype(np.intp)
        share = (at - low)[:, None].astype(np.float32)
        part = part[low] * (1 - share) + part[low + 1] * share
        if rng.random() < 0.5:
            part = np.roll(part, int(rng.integers(-SHIFTED, SHIFTED + 1)), axis=1)
        frames[first : last + _LAG] = part
        # hop i of the crop, after those that the rise needs, is hop begin + (i - first + LAG) x speed of the piece
        return (piece.beats * HOPS_PER_SECOND - 1 - begin) / speed - _LAG + first + DELAY * HOPS_PER_SECOND

    def _coloured(self, compressed: torch.Tensor) -> torch.Tensor:
        """As through other equalisers, at other levels, in some noise."""
        rng, n = self._rng, len(compressed)
        knots = rng.normal(0, 1, (n, 1, 9)) * rng.uniform(0, 6, (n, 1, 1))  # dB
        curve = torch.from_numpy(knots.astype(np.float32))
        curve = torch.nn.functional.interpolate(curve, View.COUNT, mode="linear", align_corners=True)
        level = torch.from_numpy(np.where(rng.random(n) < 0.3, rng.uniform(-20, 3, n), 0).astype(np.float32))
        linear = torch.expm1(compressed) * 10 ** ((curve + level[:, None, None]) / 20)
        floor = np.where(rng.random(n) < 0.3, 10 ** rng.uniform(-1, 0.9, n), 0).astype(np.float32)
        for i in np.flatnonzero(floor):  # the size of a complex normal number: Rayleigh's law
            linear[i] += torch.from_numpy(floor[i] * np.sqrt(2 * rng.standard_exponential(linear[i].shape, np.float32)))
        return torch.log1p(linear)


def look(compressed: torch.Tensor) -> torch.Tensor:
    """(crops, hops + LAG, COUNT) compressed -> (crops, hops, 2 * COUNT): compressed and rise, as spectrum.Flux has it."""
    widest = torch.nn.functional.max_pool1d(compressed[:, :-_LAG], 3, 1, 1)
    return torch.cat([compressed[:, _LAG:], torch.relu(compressed[:, _LAG:] - widest)], dim=2)


def share_out(when: np.ndarray, positions: np.ndarray, first: int, last: int, beats: np.ndarray, known: np.ndarray) -> None:
    """A beat at a fractional hop is shared out over the hops within two of it."""
    for hop, place in zip(when, positions, strict=True):
        kind = 1 if place == 1 else 0
        for i in range(max(first, math.ceil(hop - 1.99)), min(last, math.floor(hop + 1.99) + 1)):
            beats[i, kind] = max(beats[i, kind], 1 - abs(i - hop) / 2)
            if place == 0:
                known[i] = 0.0


def tempi(when: np.ndarray, first: int, last: int, tempo: np.ndarray) -> None:
    """The tempo (beats a minute) of every step that lies between beats: the median of five intervals round it."""
    gaps = np.diff(when)
    for n, gap in enumerate(gaps):
        low, high = max(first, math.ceil(when[n])), min(last, math.floor(when[n + 1]) + 1)
        if high > low and gap < 3 * HOPS_PER_SECOND:
            near = sorted(gaps[max(0, n - 2) : n + 3])
            tempo[low // HOPS : high // HOPS] = 60 * HOPS_PER_SECOND / near[len(near) // 2]
