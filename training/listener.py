"""The net as torch has it, the same sums as showctl.analysis.hearing.net, what it is blamed for, and how good it is.

Where the place in the bar is not known, beat and downbeat are one class. Whether there is music, and its tempo, are asked for
beside. `measure` judges by plain peak picking: how sharp the activation is, no tracker.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn

from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.analysis.hearing.net import DELAY, FASTEST, HOPS, SLOWEST, TEMPI
from showctl.analysis.hearing.spectrum import View
from training.crops import Batch, look, share_out, tempi
from training.features import Example

MUSIC, TEMPO = 0.02, 0.01  # weights of what is asked for beside
NEAR = 7  # hops within which a peak is right


class Listener(nn.Module):
    """One net."""

    def __init__(self, width: int, first: int, layers: int = 2) -> None:
        """`width` of a recurrent layer, and of the `first` one, which is not recurrent."""
        super().__init__()
        self.shape = (width, first, layers)
        self.register_buffer("mean", torch.zeros(2 * View.COUNT))
        self.register_buffer("scale", torch.ones(2 * View.COUNT))
        self.inward = nn.Linear(HOPS * 2 * View.COUNT, first)
        self.memory = nn.LSTM(first, width, layers, batch_first=True, dropout=0.1)
        self.out = nn.Linear(width, 3 * HOPS + 1 + TEMPI)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(crops, hops, 2 * COUNT) -> (crops, steps, what is said)."""
        x = (frames - self.mean) * self.scale
        x = x.reshape(len(x), -1, HOPS * x.shape[2])
        x = nn.functional.dropout(torch.relu(self.inward(x)), 0.1, self.training)
        said: torch.Tensor = self.out(self.memory(x)[0])
        return said.float()


def blame(said: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Cross entropy of what was said, a number."""
    logs = torch.log_softmax(said[..., : 3 * HOPS].reshape(len(said), -1, 3), dim=-1)
    share, music = batch.beats.sum(-1), batch.tempo > 0
    apart = batch.beats[..., 0] * logs[..., 1] + batch.beats[..., 1] * logs[..., 2]
    either = share * torch.logaddexp(logs[..., 1], logs[..., 2])
    main = -((1 - share) * logs[..., 0] + torch.where(batch.known > 0, apart, either)).mean()
    there = nn.functional.binary_cross_entropy_with_logits(said[..., 3 * HOPS], music.float())
    place = torch.log2(batch.tempo.clamp(SLOWEST, FASTEST) / SLOWEST) / math.log2(FASTEST / SLOWEST) * (TEMPI - 1)
    wanted = torch.softmax(-0.5 * ((torch.arange(TEMPI) - place[..., None]) / 0.7) ** 2, dim=-1)
    speed = -(wanted * torch.log_softmax(said[..., 3 * HOPS + 1 :], dim=-1)).sum(-1)
    return main + MUSIC * there + TEMPO * (speed * music).sum() / music.sum().clamp(min=1)


def measure(model: Listener, some: list[Example]) -> dict[str, float]:
    """Loss, and F of beats and downbeats, means over whole pieces."""
    losses, beats, downs = [], [], []
    model.eval()
    with torch.no_grad():
        for piece in some:
            frames = look(torch.from_numpy(piece.frames.astype(np.float32))[None])
            frames = frames[:, : frames.shape[1] // HOPS * HOPS]
            when = (piece.beats + DELAY) * HOPS_PER_SECOND - 3
            truth, known = np.zeros((frames.shape[1], 2), np.float32), np.ones(frames.shape[1], np.float32)
            share_out(when, piece.positions, 0, len(known), truth, known)
            tempo = np.full(len(known) // HOPS, -1.0, np.float32)
            tempi(when, 0, len(known), tempo)
            said = model(frames)
            batch = Batch(frames, *(torch.from_numpy(one)[None] for one in (truth, known, tempo)))
            losses.append(float(blame(said, batch)))
            classes = torch.softmax(said[0, :, : 3 * HOPS].reshape(-1, 3), dim=-1).numpy()
            if len(when):
                beats.append(f_measure(peaks(classes[:, 1] + classes[:, 2], 0.25), when))
            if (piece.positions == 1).any():
                downs.append(f_measure(peaks(classes[:, 2], 0.2), when[piece.positions == 1]))
    model.train()
    return {"loss": float(np.mean(losses)), "F": float(np.mean(beats or [0])), "down": float(np.mean(downs or [0]))}


def peaks(activation: np.ndarray, least: float) -> np.ndarray:
    """Hops of local maxima of at least so much, 150 ms apart or more."""
    top = (activation[1:-1] >= activation[:-2]) & (activation[1:-1] > activation[2:]) & (activation[1:-1] > least)
    kept: list[float] = []
    for hop in np.flatnonzero(top) + 1:
        if not kept or hop - kept[-1] > 15:
            kept.append(float(hop))
    return np.array(kept)


def f_measure(found: np.ndarray, true: np.ndarray) -> float:
    """F within NEAR hops."""
    if not len(found) or not len(true):
        return 0.0
    hit = sum(bool((np.abs(found - t) <= NEAR).any()) for t in true)
    right = sum(bool((np.abs(true - f) <= NEAR).any()) for f in found)
    return 2 * hit * right / max(1, hit * len(found) + right * len(true))
