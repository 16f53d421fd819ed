"""Trains the net: crops of music, changed as instruments, rooms and players change it, against where people tap.

    python -m training.train --data FOLDER --out FILE --minutes 45 [--width 112] [--from FILE]
                             [--excerpts SHARE --fold K/N] [--seed 1]

Torch does the work, offline; what comes out is a checkpoint, which `training.export` turns into the plain arrays that the ear
reads. The run is bounded by processor-independent wall time, goes on from its own checkpoint when it was stopped, and says
every minute how well it does on excerpts that it is not trained on. `--excerpts` mixes that share of annotated recordings into
each batch; with `--fold K/N` every song of group K is left out of it, and is what is measured.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import nn

from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.net import DELAY, HOPS, TEMPI
from showctl.analysis.hearing.spectrum import View
from training.features import Example, read

CROP = 12 * HOPS_PER_SECOND  # hops
JOINED = 0.12  # share of crops in which another piece begins
SLOWEST, FASTEST = 40.0, 250.0  # beats a minute, of the classes of tempo


class Listener(nn.Module):
    """The net as torch has it: the same sums as showctl.analysis.hearing.net."""

    def __init__(self, width: int, first: int, layers: int = 2) -> None:
        super().__init__()
        self.shape = (width, first, layers)
        self.register_buffer("mean", torch.zeros(2 * View.COUNT))
        self.register_buffer("scale", torch.ones(2 * View.COUNT))
        self.inward = nn.Linear(HOPS * 2 * View.COUNT, first)
        self.memory = nn.GRU(first, width, layers, batch_first=True, dropout=0.1)
        self.out = nn.Linear(width, 3 * HOPS + 1 + TEMPI)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(crops, hops, 2 * COUNT) -> (crops, steps, classes)."""
        x = (frames - self.mean) * self.scale
        x = x.reshape(len(x), -1, HOPS * x.shape[2])
        x = nn.functional.dropout(torch.relu(self.inward(x)), 0.1, self.training)
        return self.out(self.memory(x)[0])


class Shards:
    """The own pieces, those too that are composed while the training runs."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._known = folder, set[str]()
        self.pieces: list[Example] = []

    def look(self) -> None:
        """Read what has come since."""
        for path in sorted(self._folder.glob("own-*.npz")):
            if path.name not in self._known and ".part" not in path.name:
                self._known.add(path.name)
                self.pieces.extend(read(path))


class Crops:
    """An endless supply of batches."""

    def __init__(self, own: list[Example], recorded: list[Example], share: float, batch: int, seed: int) -> None:
        self._own, self._recorded, self._share, self._batch = own, recorded, share, batch
        self._rng = np.random.default_rng(seed)

    def make(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """frames, classes (none, beat, downbeat), whether the bar is known, tempo (or -1), music."""
        rng = self._rng
        frames = np.zeros((self._batch, CROP + 2, View.COUNT), np.float32)
        beats = np.zeros((self._batch, CROP, 2), np.float32)
        known = np.ones((self._batch, CROP), np.float32)
        tempo = np.full((self._batch, CROP // HOPS), -1.0, np.float32)
        for n in range(self._batch):
            pool = self._recorded if rng.random() < self._share else self._own
            split = int(rng.integers(CROP // 4, CROP * 3 // 4)) if rng.random() < JOINED else CROP
            for first, last in ((0, split), (split, CROP)):
                if last > first:
                    piece = pool[rng.integers(len(pool))]
                    self._cut(piece, frames[n], beats[n], known[n], tempo[n], first, last)
        c = torch.from_numpy(frames)
        c = self._colour(c)
        return look(c), torch.from_numpy(beats), torch.from_numpy(known), torch.from_numpy(tempo), torch.from_numpy(tempo > 0)

    def _cut(self, piece: Example, frames, beats, known, tempo, first: int, last: int) -> None:
        """Part of a piece, its speed and pitch changed, into hops `first` to `last` of a crop."""
        rng, hops = self._rng, last - first
        speed = float(np.exp(rng.uniform(-0.16, 0.16))) if rng.random() < 0.6 else 1.0
        need = int(math.ceil((hops + 2) * speed)) + 2
        free = len(piece.frames) - need
        begin = int(rng.integers(0, free)) if free > 0 else 0
        part = piece.frames[begin : begin + need].astype(np.float32)
        if len(part) < need:
            part = np.concatenate([part, np.repeat(part[-1:], need - len(part), axis=0)])
        if speed == 1.0:
            part = part[: hops + 2]
        else:
            at = np.arange(hops + 2) * speed
            low = at.astype(np.intp)
            share = (at - low)[:, None].astype(np.float32)
            part = part[low] * (1 - share) + part[low + 1] * share
        pitch = int(rng.integers(-3, 4)) if rng.random() < 0.5 else 0
        if pitch:
            part = np.roll(part, pitch, axis=1)
        frames[first : last + 2] = part
        # hop i of the crop (after the two that rise needs) ends at source time (begin + (i - first + 2) * speed + 1) hops
        when = (piece.beats * HOPS_PER_SECOND - 1 - begin) / speed - 2 + first + DELAY * HOPS_PER_SECOND
        targets(when, piece.positions, first, last, beats, known)
        steps(when, first, last, tempo)

    def _colour(self, c: torch.Tensor) -> torch.Tensor:
        """As through other equalisers, at other levels, in some noise."""
        rng, n = self._rng, len(c)
        knots = rng.normal(0, 1, (n, 9)).astype(np.float32) * rng.uniform(0, 6, (n, 1)).astype(np.float32)  # dB
        curve = torch.nn.functional.interpolate(torch.from_numpy(knots)[:, None], View.COUNT, mode="linear", align_corners=True)[:, 0]
        level = torch.from_numpy(np.where(rng.random(n) < 0.3, rng.uniform(-20, 3, n), 0).astype(np.float32))
        gain = 10 ** ((curve + level[:, None]) / 20)
        linear = torch.expm1(c) * gain[:, None]
        floor = torch.from_numpy(np.where(rng.random(n) < 0.3, 10 ** rng.uniform(-1, 0.9, n), 0).astype(np.float32))
        if (floor > 0).any():
            linear += floor[:, None, None] * torch.from_numpy(rng.rayleigh(1.0, tuple(c.shape)).astype(np.float32))
        return torch.log1p(linear)


def targets(when: np.ndarray, positions: np.ndarray, first: int, last: int, beats: np.ndarray, known: np.ndarray) -> None:
    """A beat at a fractional hop is shared out over the hops round it."""
    for hop, place in zip(when, positions, strict=True):
        if hop < first - 2 or hop > last + 1:
            continue
        for i in range(max(first, math.ceil(hop - 1.99)), min(last, math.floor(hop + 1.99) + 1)):
            beats[i, 0 if place != 1 else 1] = max(beats[i, 0 if place != 1 else 1], 1 - abs(i - hop) / 2)
            if place == 0:
                known[i] = 0.0


def steps(when: np.ndarray, first: int, last: int, tempo: np.ndarray) -> None:
    """The tempo (beats a minute) of every step that lies between beats."""
    gaps = np.diff(when)
    for n in range(len(gaps)):
        low, high = max(first, math.ceil(when[n])), min(last, math.floor(when[n + 1]) + 1)
        if high > low and gaps[n] < 3 * HOPS_PER_SECOND:
            near = np.median(gaps[max(0, n - 2) : n + 3])
            tempo[low // HOPS : high // HOPS] = 60 * HOPS_PER_SECOND / near


def look(compressed: torch.Tensor) -> torch.Tensor:
    """(crops, hops + 2, COUNT) compressed -> (crops, hops, 2 * COUNT): compressed and rise, as spectrum.Flux has it."""
    widest = torch.nn.functional.max_pool1d(compressed[:, :-2], 3, 1, 1)
    rise = torch.relu(compressed[:, 2:] - widest)
    return torch.cat([compressed[:, 2:], rise], dim=2)


def loss_of(said: torch.Tensor, beats: torch.Tensor, known: torch.Tensor, tempo: torch.Tensor, music: torch.Tensor) -> torch.Tensor:
    """Cross entropy of the classes; where the bar is not known beat and downbeat are one. Tempo and music beside it."""
    classes = said[..., : 3 * HOPS].reshape(len(said), -1, 3)
    logs = torch.log_softmax(classes, dim=-1)
    either = torch.logaddexp(logs[..., 1], logs[..., 2])
    total = beats.sum(-1)
    apart = beats[..., 0] * logs[..., 1] + beats[..., 1] * logs[..., 2]
    main = -((1 - total) * logs[..., 0] + torch.where(known > 0, apart, total * either)).mean()
    there = nn.functional.binary_cross_entropy_with_logits(said[..., 3 * HOPS], music.float())
    place = (torch.log2(tempo.clamp(SLOWEST, FASTEST) / SLOWEST) / math.log2(FASTEST / SLOWEST) * (TEMPI - 1))[..., None]
    wanted = torch.softmax(-0.5 * ((torch.arange(TEMPI) - place) / 0.7) ** 2, dim=-1)
    speed = -(wanted * torch.log_softmax(said[..., 3 * HOPS + 1 :], dim=-1)).sum(-1)
    speed = (speed * (tempo > 0)).sum() / (tempo > 0).sum().clamp(min=1)
    return main + 0.02 * there + 0.01 * speed


def fold_of(song: str, folds: int) -> int:
    """A song's group, the same for all excerpts of it."""
    return int(hashlib.sha256(song.encode()).hexdigest(), 16) % folds


def measure(model: nn.Module, some: list[Example]) -> dict[str, float]:
    """Loss and the F of plain peak picking over whole pieces (no tracker: how sharp the activation is)."""
    losses, scores, downs = [], [], []
    model.eval()
    with torch.no_grad():
        for e in some:
            said, beat, down = activations(model, e)
            when = (e.beats + DELAY) * HOPS_PER_SECOND - 1 - 2
            hops = len(beat)
            y, known = np.zeros((hops, 2), np.float32), np.ones(hops, np.float32)
            targets(when, e.positions, 0, hops, y, known)
            tempo = np.full(hops // HOPS, -1.0, np.float32)
            t = [torch.from_numpy(a)[None] for a in (y, known, tempo, tempo > 0)]
            losses.append(float(loss_of(said, *t)))
            if len(e.beats):
                scores.append(_f(_peaks(beat, 0.25), when))
                if (e.positions == 1).any():
                    downs.append(_f(_peaks(down, 0.2), when[e.positions == 1]))
    model.train()
    return {"loss": float(np.mean(losses)), "F": float(np.mean(scores)), "down": float(np.mean(downs or [0]))}


def activations(model: nn.Module, e: Example) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    """Everything said, (hops,) beat and (hops,) downbeat of a whole piece, from its third hop on."""
    c = torch.from_numpy(e.frames.astype(np.float32))[None]
    x = look(c)
    x = x[:, : x.shape[1] // HOPS * HOPS]
    said = model(x)
    classes = torch.softmax(said[0, :, : 3 * HOPS].reshape(-1, 3), dim=-1).numpy()
    return said, classes[:, 1] + classes[:, 2], classes[:, 2]


def _peaks(a: np.ndarray, least: float) -> np.ndarray:
    top = (a[1:-1] >= a[:-2]) & (a[1:-1] > a[2:]) & (a[1:-1] > least)
    found, kept = np.flatnonzero(top) + 1, [-100]
    for i in found:
        if i - kept[-1] > 15:
            kept.append(int(i))
    return np.array(kept[1:], float)


def _f(found: np.ndarray, true: np.ndarray) -> float:
    """F within 70 ms, in hops; each true one is met once."""
    if not len(found) or not len(true):
        return 0.0
    hit = sum(bool((np.abs(found - t) <= 7).any()) for t in true)
    right = sum(bool((np.abs(true - f) <= 7).any()) for f in found)
    return 2 * hit * right / max(1, hit * len(found) + right * len(true))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--minutes", type=float, default=45)
    p.add_argument("--width", type=int, default=112)
    p.add_argument("--first", type=int, default=128)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--rate", type=float, default=2e-3)
    p.add_argument("--from", dest="start", type=Path)
    p.add_argument("--excerpts", type=float, default=0.0)
    p.add_argument("--fold", default="")
    p.add_argument("--songs", type=Path, help="index.csv that says which excerpts are of one song")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(1)
    shards = Shards(a.data)
    own = shards.pieces
    shards.look()
    excerpts, worse = read(a.data / "excerpts.npz"), read(a.data / "excerpts-spoilt.npz")
    songs = {}
    if a.songs:
        import csv

        songs = {row["id"]: row["song"] for row in csv.DictReader(a.songs.open())}
    tested, recorded = excerpts, []
    if a.excerpts:
        recorded = excerpts + worse
        if a.fold:
            k, n = (int(x) for x in a.fold.split("/"))
            held = {e.name for e in excerpts if fold_of(songs.get(e.name, e.name), n) == k}
            tested, recorded = [e for e in excerpts if e.name in held], [e for e in recorded if e.name not in held]
    print(f"{len(own)} own pieces, {sum(len(e.frames) for e in own) / 360000:.1f} h; {len(recorded)} recorded; {len(tested)} tested")
    model = Listener(a.width, a.first)
    if a.start:
        model.load_state_dict(torch.load(a.start)["model"])
    else:
        sample = look(torch.from_numpy(np.concatenate([e.frames for e in own[:: max(1, len(own) // 60)]]).astype(np.float32))[None])[0]
        model.mean[:], model.scale[:] = sample.mean(0), 1 / (sample.std(0) + 0.05)
    average = {k: v.clone() for k, v in model.state_dict().items()}
    best = torch.optim.AdamW(model.parameters(), lr=a.rate, weight_decay=1e-3, betas=(0.9, 0.98))
    done, spent = 0, 0.0
    if a.out.exists():
        saved = torch.load(a.out)
        model.load_state_dict(saved["raw"])
        average, done, spent = saved["model"], saved["steps"], saved["spent"]
        best.load_state_dict(saved["optimiser"])
    crops = Crops(own, recorded, a.excerpts, a.batch, a.seed + done)
    begun = time.monotonic() - spent
    said, losses = spent, []
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(crops.make)
        while (spent := time.monotonic() - begun) < 60 * a.minutes:
            batch, coming = coming.result(), ahead.submit(crops.make)
            x = spent / (60 * a.minutes)
            warm = min(1.0, (done + 1) / 100)
            for group in best.param_groups:
                group["lr"] = a.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * x)))
            loss = loss_of(model(batch[0]), *batch[1:])
            best.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            best.step()
            done += 1
            keep = min(0.998, done / (done + 10))
            for k, v in model.state_dict().items():
                average[k].mul_(keep).add_(v, alpha=1 - keep)
            losses.append(loss.item())
            if spent - said > 120:
                said = spent
                _save(a.out, model, average, best, done, spent)
                _say(model, average, tested, done, spent, losses)
                losses = []
                shards.look()
    _save(a.out, model, average, best, done, 60 * a.minutes)
    _say(model, average, tested, done, spent, losses)


def _save(path: Path, model: Listener, average: dict, best: torch.optim.Optimizer, done: int, spent: float) -> None:
    part = path.with_suffix(".part")
    torch.save(
        {"model": average, "raw": model.state_dict(), "shape": model.shape, "optimiser": best.state_dict(), "steps": done, "spent": spent},
        part,
    )
    part.rename(path)


def _say(model: Listener, average: dict, tested: list[Example], done: int, spent: float, losses: list[float]) -> None:
    calm = Listener(*model.shape)
    calm.load_state_dict(average)
    got = measure(calm, tested)
    print(f"{spent / 60:5.1f} min {done:6d} steps  loss {np.mean(losses):.4f}  tested " + "  ".join(f"{k} {v:.4f}" for k, v in got.items()), flush=True)


if __name__ == "__main__":
    main()
