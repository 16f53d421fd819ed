"""Trains the nets that hear the form of a song, on songs composed here; writes form_weights.npz of the ear. Needs torch.

    python -m training.form --keep DIR [--songs 118] [--first 700000 710000] [--nets 3] [--steps 1100] [--out FILE]

Every song is heard by the whole ear once; what it says hop by hop is kept in DIR, so the work can be stopped and taken up again.
From each song four are made: as it was heard; heard from some later moment on; and two with the true beats, whose bars are right,
unknown or wrong by turns, so that one bad phase does not teach that phrases mean nothing. Inputs are jittered, beat by beat and
for a whole song.

Asked for is how likely a drop begins on each of `form_net.DROPS`, most of all one beat ahead, and in which part a beat lies.
Seeds below 800000 are for learning; the same songs give the same weights. A song costs about 5 s of processor time to be heard
and half a second to be read; a net a minute or two.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from showctl.analysis.hearing.form_net import DROPS, PARTS
from showctl.analysis.hearing.phrase import INPUTS, Phrase
from training.heard import GRID, HeardSong, heard_song, hops

STYLES = (
    "house", "progressive house", "trance", "techno", "drum and bass", "dubstep", "psytrance", "hardcore", "electro",
    "future bass", "breaks", "trap", "eurodance", "synthwave", "uk garage", "downtempo",
)  # fmt: skip
OUT = Path(__file__).resolve().parent.parent / "showctl" / "analysis" / "hearing" / "form_weights.npz"
SOON = 0.115  # s before a beat at which the ear tells it
FIRST, WIDTH = 24, 32  # units of the first layer, of the recurrent one
DROPOUT, JITTER = 0.15, (0.1, 0.07)  # of an input's spread: at each beat, for a whole song
LENGTH, TOGETHER, RATE = 224, 24, 6e-3  # beats of a crop, crops a step, learning rate at its height
BLAME = (0.5, 2.0, 3.0, 1.0, 0.5, 0.5)  # weights of DROPS
ASIDE = 0.15  # that of the parts
VIEWS = (0.35, 0.25, 0.2, 0.2)  # how often each of the four is drawn
SECTIONS = {"silence": 0} | {str(part): n for n, part in enumerate(PARTS)}
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Table:
    """One song, beat by beat."""

    views: Floats  # (beats, INPUTS)
    drops: Floats  # (beats, DROPS) 1 where one begins
    parts: NDArray[np.int64]  # (beats,) of PARTS


def with_truth(it: HeardSong, seed: int) -> HeardSong:
    """The same sound with the true beats; their bars are right, unknown or shifted, as the seed has it."""
    rng = np.random.default_rng([seed, 79])
    rows, time = it.rows.copy(), it.rows[:, 0] + SOON
    at = np.clip(np.searchsorted(it.beats, time) - 1, 0, len(it.beats) - 2)
    shift = int(rng.choice([0, 0, 0, 1, 2, 2, 3]))
    places = (it.positions[at] - 1 + shift) % it.meter + 1 if rng.random() < 0.8 else np.zeros(len(at))
    meter, sure = np.full(len(at), it.meter), np.ones(len(at))
    rows[:, GRID:] = np.column_stack([it.beats[at], at, np.diff(it.beats)[at], places, meter, sure])
    rows[time < it.beats[0], GRID:] = 0.0
    return replace(it, rows=rows)


def later(it: HeardSong, start: float) -> HeardSong:
    """Heard from `start` s on."""
    return replace(it, rows=it.rows[it.rows[:, 0] >= start])


def table(it: HeardSong) -> Table:
    """What the phrase says of every beat, and the truth."""
    phrase = Phrase()
    views, drops, parts = [], [], []
    begins = np.array(it.begins("drop") or [-np.inf])
    for f in hops(it.rows):
        if phrase.feed(f):
            views.append(phrase.view())
            around = phrase.last + np.array(DROPS) * (phrase.next - phrase.last)
            drops.append(np.abs(begins - around[:, None]).min(axis=1) < 0.35 * phrase.period)
            part = np.searchsorted(it.starts, phrase.last - phrase.period / 2, "right") - 1
            parts.append(SECTIONS[it.parts[max(0, int(part))]])
    return Table(np.array(views, np.float32), np.array(drops, np.float32), np.array(parts))


def four(it: HeardSong, seed: int) -> tuple[Table, ...]:
    """The four that are made from a song."""
    rng = np.random.default_rng([seed, 80])
    known, late = with_truth(it, seed), later(with_truth(it, seed + 1_000_000), rng.uniform(0, 40))
    return table(it), table(later(it, rng.uniform(2, 25))), table(known), table(late)


class Learner(nn.Module):
    """The net as torch has it: the same sums as form_net."""

    def __init__(self, songs: list[tuple[Table, ...]]) -> None:
        super().__init__()
        views = np.concatenate([one.views for song in songs for one in song[::2]])
        self.mean, self.spread = torch.tensor(views.mean(axis=0)), torch.tensor(views.std(axis=0) + 0.05)
        self.inward = nn.Linear(INPUTS, FIRST)
        self.memory = nn.GRU(FIRST, WIDTH, batch_first=True)
        self.out = nn.Linear(WIDTH, len(DROPS) + len(PARTS))

    def forward(self, views: torch.Tensor) -> torch.Tensor:
        """(crops, beats, INPUTS), jittered while training -> (crops, beats, log-odds of DROPS and PARTS)."""
        x = (views - self.mean) / self.spread
        if self.training:
            x = x + JITTER[0] * torch.randn_like(x) + JITTER[1] * torch.randn(len(x), 1, INPUTS)
        x = nn.functional.dropout(torch.relu(self.inward(x)), DROPOUT, self.training)
        said: torch.Tensor = self.out(nn.functional.dropout(self.memory(x)[0], DROPOUT, self.training))
        return said

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """As FormNet takes them; mean and spread folded into the first layer."""
        state = {name: t.double().numpy() for name, t in self.state_dict().items()}
        inward = state["inward.weight"] / self.spread.double().numpy()
        ours = {
            "in": inward,
            "in_bias": state["inward.bias"] - inward @ self.mean.double().numpy(),
            "on": state["memory.weight_ih_l0"],
            "on_bias": state["memory.bias_ih_l0"],
            "back": state["memory.weight_hh_l0"],
            "back_bias": state["memory.bias_hh_l0"],
            "out": state["out.weight"],
            "out_bias": state["out.bias"],
        }
        return {name: array[:, None] if array.ndim == 1 else array for name, array in ours.items()}


def crops(songs: list[tuple[Table, ...]], rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Views, drops and parts of some; what is behind the end of a song is part -1."""
    views = np.zeros((TOGETHER, LENGTH, INPUTS), np.float32)
    drops = np.zeros((TOGETHER, LENGTH, len(DROPS)), np.float32)
    parts = np.full((TOGETHER, LENGTH), -1)
    for n in range(TOGETHER):
        one = songs[rng.integers(len(songs))][rng.choice(4, p=VIEWS)]
        start = int(rng.integers(max(1, len(one.parts) - LENGTH // 2))) if rng.random() < 0.5 else 0
        span = slice(start, start + LENGTH)
        count = len(one.parts[span])
        views[n, :count], drops[n, :count], parts[n, :count] = one.views[span], one.drops[span], one.parts[span]
    return torch.from_numpy(views), torch.from_numpy(drops), torch.from_numpy(parts)


def trained(songs: list[tuple[Table, ...]], seed: int, steps: int) -> Learner:
    """One net."""
    torch.manual_seed(seed)
    rng, net = np.random.default_rng([seed, 81]), Learner(songs)
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=1e-2)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    blame, total = torch.tensor(BLAME), 0.0
    for step in range(1, steps + 1):
        views, drops, parts = crops(songs, rng)
        said, there = net(views), parts >= 0
        wrong = nn.functional.binary_cross_entropy_with_logits(said[there][:, : len(DROPS)], drops[there], reduction="none")
        aside = nn.functional.cross_entropy(said[there][:, len(DROPS) :], parts[there])
        loss = (wrong.mean(dim=0) * blame).sum() + ASIDE * aside
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        rate.step()
        total += loss.item()
        if step % 200 == 0:
            print(f"net {seed}, step {step}: {total / 200:.4f}", flush=True)
            total = 0.0
    return net.eval()


def main() -> None:
    """Hear, train, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=118, help="from each of the first seeds on")
    parser.add_argument("--first", type=int, nargs="+", default=[700_000, 710_000])
    parser.add_argument("--nets", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1100)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.keep.mkdir(parents=True, exist_ok=True)
    songs = []
    for n, seed in ((n, first + n) for first in options.first for n in range(options.songs)):
        songs.append(four(heard_song(seed, STYLES[n % len(STYLES)], options.keep), seed))
        print(f"{len(songs)} of {len(options.first) * options.songs} songs", flush=True)
    each = [trained(songs, seed, options.steps).arrays() for seed in range(options.nets)]
    np.savez_compressed(options.out, **{name: np.stack([one[name] for one in each]).astype(np.float16) for name in each[0]})
    print(f"{options.out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
