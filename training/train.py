"""Trains a net.

    python -m training.train --data FOLDER --out FILE --minutes 45                                    on own music alone
    python -m training.train --data FOLDER --out FILE --minutes 11 --from FILE --excerpts 0.35 --fold K/N --songs INDEX

Torch does the work, offline; what comes out is a checkpoint, of which training.export makes the plain arrays that the ear reads.
A run is bounded by wall time, goes on from its own checkpoint where it was stopped, and says every two minutes how well the
running average of its weights does on excerpts that it is not trained on. `--excerpts` mixes that share of annotated
recordings into each batch; with `--fold K/N` every song of group K is left out, and is what is measured. One core.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.crops import Crops, Shards, look
from training.features import Example, read
from training.listener import Listener, blame, measure

SAY = 120.0  # s between two reports
WARM = 100  # steps until the full rate
KEEP = 0.998  # of the running average a step


def folds(songs: set[str], count: int) -> dict[str, int]:
    """The group of each song: all excerpts of it together, groups of equal size, the same on every machine."""
    ranked = sorted(songs, key=lambda song: hashlib.sha256(song.encode()).hexdigest())
    return {song: rank % count for rank, song in enumerate(ranked)}


def recordings(folder: Path, fold: str, index: Path | None) -> tuple[list[Example], list[Example]]:
    """Annotated excerpts to train on, plain and spoilt, and those to be tested on."""
    plain, spoilt = read(folder / "excerpts.npz"), read(folder / "excerpts-spoilt.npz")
    if not fold:
        return plain + spoilt, plain
    song = {e.name: e.name for e in plain}
    if index:
        with index.open() as file:
            song |= {row["id"]: row["song"] for row in csv.DictReader(file)}
    k, n = (int(x) for x in fold.split("/"))
    group = folds(set(song.values()), n)
    held = {e.name for e in plain if group[song[e.name]] == k}
    return [e for e in plain + spoilt if e.name not in held], [e for e in plain if e.name in held]


class Training:
    """A net on its way: its weights, their running average, the optimiser, and where the run stands."""

    def __init__(self, model: Listener, rate: float, seconds: float) -> None:
        self.model, self._rate, self._seconds = model, rate, seconds
        self.average = {name: value.clone() for name, value in model.state_dict().items()}
        self._optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-3, betas=(0.9, 0.98))
        self.steps, self.spent = 0, 0.0  # s

    def step(self, loss: torch.Tensor) -> None:
        """One step down the slope; the rate falls along half a cosine of the time."""
        share = min(1.0, self.spent / self._seconds)
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * min(1.0, (self.steps + 1) / WARM) * (0.51 + 0.49 * math.cos(math.pi * share))
        self._optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimiser.step()
        self.steps += 1
        keep = min(KEEP, self.steps / (self.steps + 10))
        for name, value in self.model.state_dict().items():
            self.average[name].mul_(keep).add_(value, alpha=1 - keep)

    def save(self, path: Path) -> None:
        """All of it, whole or not at all. `model` is the running average, which is what is used."""
        part = path.with_suffix(".part")
        state = {"model": self.average, "raw": self.model.state_dict(), "optimiser": self._optimiser.state_dict()}
        torch.save(state | {"shape": self.model.shape, "steps": self.steps, "spent": self.spent}, part)
        part.rename(path)

    def resume(self, path: Path) -> None:
        """Go on where `save` was called."""
        saved = torch.load(path)
        self.model.load_state_dict(saved["raw"])
        self._optimiser.load_state_dict(saved["optimiser"])
        self.average, self.steps, self.spent = saved["model"], saved["steps"], saved["spent"]

    def say(self, tested: list[Example], losses: list[float]) -> None:
        """How it goes, in a line."""
        calm = Listener(*self.model.shape)
        calm.load_state_dict(self.average)
        got = "  ".join(f"{key} {value:.4f}" for key, value in measure(calm, tested).items())
        print(f"{self.spent / 60:5.1f} min {self.steps:6d} steps  loss {np.mean(losses):.4f}  tested {got}", flush=True)


def normalise(model: Listener, some: list[Example]) -> None:
    """Mean and scale of what comes in."""
    frames = np.concatenate([e.frames for e in some]).astype(np.float32)
    seen = look(torch.from_numpy(frames)[None])[0]
    model.mean[:], model.scale[:] = seen.mean(0), 1 / (seen.std(0) + 0.05)


def train(training: Training, crops: Crops, shards: Shards, tested: list[Example], out: Path, seconds: float) -> None:
    """Until the time is over. The next batch is cut while the net learns from this one."""
    begun, said, losses = time.monotonic() - training.spent, training.spent, []
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(crops.make)
        while training.spent < seconds:
            batch, coming = coming.result(), ahead.submit(crops.make)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                answer = training.model(batch.frames)
            loss = blame(answer, batch)
            training.step(loss)
            losses.append(loss.item())
            training.spent = time.monotonic() - begun
            if training.spent - said > SAY or training.spent >= seconds:
                said = training.spent
                training.save(out)
                training.say(tested, losses)
                losses = []
                shards.look()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--minutes", type=float, default=45)
    p.add_argument("--width", type=int, default=128)
    p.add_argument("--first", type=int, default=128)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--rate", type=float, default=2e-3)
    p.add_argument("--from", dest="start", type=Path, help="a checkpoint to begin from")
    p.add_argument("--excerpts", type=float, default=0.0)
    p.add_argument("--fold", default="")
    p.add_argument("--songs", type=Path, help="index.csv that says which excerpts are of one song")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(1)
    shards = Shards(a.data)
    shards.look()
    recorded, tested = recordings(a.data, a.fold, a.songs)
    if not a.excerpts:
        recorded = []
    hours = sum(len(e.frames) for e in shards.pieces) / 360000
    print(f"{len(shards.pieces)} own pieces, {hours:.1f} h; {len(recorded)} recorded; {len(tested)} tested", flush=True)
    model = Listener(a.width, a.first)
    if a.start:
        model.load_state_dict(torch.load(a.start)["model"])
    else:
        normalise(model, shards.pieces[:: max(1, len(shards.pieces) // 60)])
    training = Training(model, a.rate, 60 * a.minutes)
    if a.out.exists():
        training.resume(a.out)
    crops = Crops(shards.pieces, recorded, a.excerpts, a.batch, a.seed + training.steps)
    train(training, crops, shards, tested, a.out, 60 * a.minutes)


if __name__ == "__main__":
    main()
