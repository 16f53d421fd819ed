"""Teaches the ear to tell strokes apart: composes, listens through the ear's own short view, and learns a small net from it.

    python -m training.onsets --work FOLDER [--pieces 600] [--hidden 64] [--jobs 1]

Pieces are composed with seeds from 500000 on and spoilt as in a venue (`training.data`), with some bare strokes and swells of its
own; what was looked at is kept in FOLDER, so that a run that was stopped goes on. Numpy and Adam (Kingma & Ba 2015), always
from the same seed: the same weights again on the same machine. Thresholds are chosen on seeds from
700000 on, and what is reported is of seeds from 900000 on, which nothing was chosen by. It writes
showctl/analysis/hearing/onset_weights.npz. Cost: about a second and a half of processor time a piece, and three minutes to learn.

What is asked of the net: in the hop after the one in which a stroke falls and in the one after that, yes; in the hop itself it
may say so already; in the two that follow it may say what it likes; else no.
"""

from __future__ import annotations

import argparse
import importlib
import math
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.hearing.onsets import INPUTS, KINDS, LATE, Net, Picker, ShortView
from training import nothing, spoil
from training.piece import RATE, Piece
from training.voices import VOICES, noise, sine

Floats = NDArray[np.float32]
LEARNED, CHOSEN, REPORTED = 500_000, 700_000, 900_000  # first seeds
A_SHARD = 20  # pieces
HOP = RATE // 100
MARKS = {0: (1.0, 0.05), 1: (1.0, 0.6), 2: (1.0, 1.0), 3: (0.0, 0.0), 4: (0.0, 0.0)}  # hops after a stroke: wanted, its weight
COMPOSERS = ("band", "band", "electronic", "electronic", "metal", "piano")
BARE, NOTHING, MILD = 0.2, 0.12, 0.65  # shares: bare strokes, speech and crowds; and up to here the spoiling is mild
STRUCK = ("footsteps", "glasses", "tuning", "single drums")  # scenes of `nothing`
WINDOW, ONE_STROKE = 0.05, 0.03  # s
WEIGHTS = Path(__file__).parents[1] / "showctl" / "analysis" / "hearing" / "onset_weights.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A piece as the net sees it."""

    name: str
    views: NDArray[np.float16]  # (hops, INPUTS)
    strokes: tuple[NDArray[np.float64], ...]  # s, by KINDS


# --- what is listened to ---------------------------------------------------------------------------------------------


def click(rng: np.random.Generator) -> Floats:
    """A burst of noise or a pip of a few milliseconds: a stick, a hand, a metronome."""
    frames = int(rng.uniform(0.01, 0.06) * RATE)
    fall = np.exp(-np.arange(frames, dtype=np.float32) / RATE / rng.uniform(0.0002, 0.006)).astype(np.float32)
    sound = noise(rng, frames) if rng.random() < 0.6 else sine(float(rng.uniform(600, 5000)), frames)
    return (sound * fall / max(1e-6, float(np.abs(sound * fall).max()))).astype(np.float32)


def snare_drum(rng: np.random.Generator) -> Floats:
    """A shell of two tones and the hiss of the wires, in any mixture."""
    frames = int(0.3 * RATE)
    t = np.arange(frames, dtype=np.float32) / RATE
    low = float(rng.uniform(150, 260))
    shell = sine(low, frames) + rng.uniform(0.2, 0.9) * sine(low * float(rng.uniform(1.4, 1.9)), frames)
    sound = rng.uniform(0.1, 1) * shell * np.exp(-t / rng.uniform(0.02, 0.1))
    sound += rng.uniform(0.2, 1) * noise(rng, frames) * np.exp(-t / rng.uniform(0.03, 0.12))
    return (sound / np.abs(sound).max()).astype(np.float32)


STRUCK_BY_HAND = {"click": click, "snare drum": snare_drum}


def bare(seed: int) -> Piece:
    """Single strokes far apart, or none, on silence or noise, between tones that swell and hum: what is no stroke is none."""
    rng = np.random.default_rng(seed)
    seconds = 20.0
    audio = np.zeros(int(seconds * RATE), np.float32)
    hits: dict[str, list[float]] = {kind: [] for kind in ("kick", "snare", "hat", "note")}
    at, names = rng.uniform(0.3, 1), [*sorted(VOICES), *["click"] * 4, *["snare drum"] * 3]
    if rng.random() < 0.3:
        at = seconds
    while at < seconds - 1:
        name = names[rng.integers(len(names))]
        kind = "snare" if name in ("clap", "snap", "rim") else "hat" if name in ("ride", "crash", "shaker") else name.split()[0]
        sound, start = (VOICES.get(name) or STRUCK_BY_HAND[name])(rng)[: int(0.9 * RATE)], int(at * RATE)
        audio[start : start + len(sound)] += np.float32(rng.uniform(0.1, 1)) * sound[: len(audio) - start]
        hits[kind if kind in hits else "note"].append(at)
        at += rng.uniform(0.15, 1.5)
    for _ in range(rng.integers(0, 4)):  # a swell that nobody struck
        frames = int(rng.uniform(1, 6) * RATE)
        start = int(rng.uniform(0, len(audio) - frames))
        swell = np.sin(np.linspace(0, np.pi, frames, dtype=np.float32)) ** 2
        audio[start : start + frames] += np.float32(rng.uniform(0.05, 0.5)) * swell * sine(float(rng.uniform(40, 2000)), frames)
    if rng.random() < 0.3:
        audio += np.float32(rng.uniform(0.05, 0.5)) * sine(float(rng.uniform(40, 4000)), len(audio))
    if rng.random() < 0.7:
        audio += np.float32(10 ** (rng.uniform(-80, -6) / 20)) * noise(rng, len(audio))
    audio *= np.float32(rng.uniform(0.03, 0.9) / max(0.1, np.abs(audio).max()))
    return Piece(audio, np.zeros(0), np.zeros(0, np.int64), 0, "bare strokes", {k: np.array(v) for k, v in hits.items()})


def composed(seed: int) -> Piece:
    """A piece of one of the composers that know their strokes, plain."""
    maker = COMPOSERS[np.random.default_rng([seed, 78]).integers(len(COMPOSERS))]
    return importlib.import_module(f"training.{maker}").compose(seed)


def learned_from(seed: int) -> Piece:
    """What is learned from: mostly music, spoilt; speech and crowds, in which no stroke is meant; bare strokes."""
    chance = np.random.default_rng([seed, 79]).random()
    if chance < BARE:
        return bare(seed)
    piece = nothing.compose(seed) if chance < BARE + NOTHING else composed(seed)
    if any(scene in piece.style for scene in STRUCK):  # strokes that nobody wrote down
        piece = composed(seed)
    return spoil.spoil(piece, seed, mild=chance < MILD)


def looked_at(piece: Piece) -> Example:
    """A piece through the ear's short view."""
    view, hops = ShortView(RATE), len(piece.audio) // HOP
    cut = piece.audio[: hops * HOP].reshape(hops, HOP)
    views = np.stack([view.feed(hop).reshape(-1) for hop in cut]).astype(np.float16)
    strokes = [np.asarray(piece.hits.get(kind, ()), np.float64) for kind in KINDS[1:]]
    every = np.sort(np.concatenate([*strokes, np.asarray(piece.hits.get("note", ()), np.float64)]))
    return Example(piece.style, views, (every, *strokes))


def shard(first: int, work: Path) -> Path:
    """The pieces of A_SHARD seeds, made unless they are there."""
    path = work / f"onsets-{first}.npz"
    if not path.exists():
        make = learned_from if first < CHOSEN else composed
        examples = [looked_at(make(seed)) for seed in range(first, first + A_SHARD)]
        kept: dict[str, np.ndarray] = {"names": np.array([e.name for e in examples])}
        for n, e in enumerate(examples):
            kept[f"{n}-views"] = e.views
            kept |= {f"{n}-{kind}": times for kind, times in zip(KINDS, e.strokes, strict=True)}
        np.savez(path.with_suffix(".part.npz"), **kept)  # type: ignore[arg-type]
        path.with_suffix(".part.npz").rename(path)
    print(path.name, flush=True)
    return path


def read(paths: list[Path]) -> list[Example]:
    found = []
    for path in paths:
        with np.load(path) as kept:
            for n, name in enumerate(kept["names"]):
                found.append(Example(str(name), kept[f"{n}-views"], tuple(kept[f"{n}-{kind}"] for kind in KINDS)))
    return found


# --- what is learned -------------------------------------------------------------------------------------------------


def wanted(example: Example) -> tuple[Floats, Floats]:
    """(hops, 4) what the net shall say of each hop, and how much that weighs."""
    hops = len(example.views)
    yes, weight = np.zeros((hops, len(KINDS)), np.float32), np.ones((hops, len(KINDS)), np.float32)
    for column, times in enumerate(example.strokes):
        struck = np.floor(times * 100).astype(np.intp)
        for after in (4, 3, 0, 1, 2):  # the surest last: strokes follow each other
            at = struck[struck + after < hops] + after
            yes[at, column], weight[at, column] = MARKS[after]
    return yes, weight


def learn(examples: list[Example], hidden: int, rounds: int = 12, batch: int = 2048) -> Net:
    """Adam on the weighed cross-entropy, the rate falling along a cosine; mean and spread are folded into the first layer."""
    rng = np.random.default_rng(1)
    views = np.concatenate([e.views for e in examples])
    yes, weight = (np.concatenate(parts) for parts in zip(*map(wanted, examples), strict=True))
    some = views[::50].astype(np.float32)
    mean, spread = some.mean(axis=0), some.std(axis=0) + np.float32(0.05)
    inward = rng.standard_normal((INPUTS, hidden)) * math.sqrt(2 / INPUTS)
    outward = rng.standard_normal((hidden, len(KINDS))) * math.sqrt(1 / hidden)
    weights = [w.astype(np.float32) for w in (inward, np.zeros(hidden), outward, np.full(len(KINDS), -2.0))]
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    step, steps = 0, rounds * (len(views) // batch)
    for turn in range(rounds):
        order, loss = rng.permutation(len(views)), 0.0
        for at in range(0, len(views) - batch + 1, batch):
            some = order[at : at + batch]
            x = (views[some].astype(np.float32) - mean) / spread
            gradients, lost = _gradients(weights, x, yes[some], weight[some])
            step, loss = step + 1, loss + lost * batch / len(views)
            rate = 0.003 * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 3e-6
            for w, g, m, v in zip(weights, gradients, first, second, strict=True):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                w -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        print(f"round {turn + 1}: {loss:.4f}", flush=True)
    scaled = weights[0] / spread[:, None]
    return Net(scaled, weights[1] - mean @ scaled, weights[2], weights[3])


def _gradients(weights: list[Floats], x: Floats, yes: Floats, weight: Floats) -> tuple[list[Floats], float]:
    inward, inward_bias, outward, outward_bias = weights
    hidden = np.maximum(x @ inward + inward_bias, 0)
    out = hidden @ outward + outward_bias
    loss = float((weight * (np.logaddexp(0, out) - yes * out)).sum()) / len(x)
    back = weight * (1 / (1 + np.exp(-out)) - yes) / np.float32(len(x))
    inner = (back @ outward.T) * (hidden > 0)
    decay = np.float32(1e-5)
    return [x.T @ inner + decay * inward, inner.sum(axis=0), hidden.T @ back + decay * outward, back.sum(axis=0)], loss


# --- how well it does ------------------------------------------------------------------------------------------------


def likely(net: Net, example: Example) -> Floats:
    """(hops, 4) what the net says of each hop."""
    hidden = np.maximum(example.views.astype(np.float32) @ net.inward + net.inward_bias, 0)
    out: Floats = hidden @ net.outward + net.outward_bias
    return out


def told(said: Floats, kind: int, threshold: float = 0.0) -> NDArray[np.float64]:
    """s, the ends of the hops in which the detector would tell this kind."""
    picker = Picker(kind)
    hits = [n for n, one in enumerate((said[:, kind] - threshold).tolist()) if picker.feed(one, True)]
    return (np.array(hits, np.float64) + 1) / 100


def score(strokes: NDArray[np.float64], ends: NDArray[np.float64]) -> tuple[float, float, float, NDArray[np.float64]]:
    """F, precision, recall within 50 ms of what is announced, and the latencies (s) of those that are right."""
    truth = strokes[np.concatenate([[True], np.diff(strokes) >= ONE_STROKE])[: len(strokes)]]
    said, n, late = ends - LATE, 0, []
    for t in truth:
        while n < len(said) and said[n] < t - WINDOW:
            n += 1
        if n < len(said) and said[n] <= t + WINDOW:
            late.append(ends[n] - t)
            n += 1
    precision, recall = len(late) / max(1, len(said)), len(late) / max(1, len(truth))
    return 2 * len(late) / max(1, len(said) + len(truth)), precision, recall, np.array(late)


def threshold(said: list[Floats], examples: list[Example], kind: int) -> float:
    """Nepers at which the mean is highest of F over pieces with such strokes, and of half a mark for silence in the others."""
    best = (-1.0, 0.0)
    for at in np.arange(-2.0, 2.01, 0.25):
        marks = []
        for one, e in zip(said, examples, strict=True):
            ends = told(one, kind, float(at))
            marks.append(score(e.strokes[kind], ends)[0] if len(e.strokes[kind]) else 0.5 * 0.5 ** (len(ends) / 10))
        best = max(best, (float(np.mean(marks)), float(at)))
    return best[1]


def report(net: Net, examples: list[Example]) -> None:
    """One line a kind."""
    said = [likely(net, e) for e in examples]
    for kind, name in enumerate(KINDS):
        ends = [(e, told(one, kind)) for one, e in zip(said, examples, strict=True)]
        marks = [score(e.strokes[kind], found) for e, found in ends if len(e.strokes[kind])]
        late = np.concatenate([m[3] for m in marks]) * 1000
        f, precision, recall = (float(np.mean([m[n] for m in marks])) for n in range(3))
        others = [len(found) / len(e.views) * 6000 for e, found in ends if not len(e.strokes[kind])]
        print(f"{name:6s} {len(marks):3d} pieces  F {f:.3f}  precision {precision:.3f}  recall {recall:.3f}  ", end="")
        print(f"late {np.median(late):.1f} ms, 90 % {np.percentile(late, 90):.1f}  ", end="")
        print(f"in {len(others)} pieces without: {np.mean(others or [0]):.1f} a minute")


def write(net: Net) -> None:
    """The file that the ear reads: half floats."""
    np.savez(WEIGHTS, **{one.name: getattr(net, one.name).astype("<f2") for one in fields(net)})


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--work", type=Path, required=True, help="where what was looked at is kept: 1.5 MB a piece")
    p.add_argument("--pieces", type=int, default=600)
    p.add_argument("--judged", type=int, default=60, help="pieces to choose thresholds by, and again as many to report on")
    p.add_argument("--hidden", type=int, default=64)
    p.add_argument("--jobs", type=int, default=1)
    args = p.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    sets = {LEARNED: args.pieces, CHOSEN: args.judged, REPORTED: args.judged}
    firsts = [first + n for first, count in reversed(sets.items()) for n in range(0, count, A_SHARD)]
    with ProcessPoolExecutor(args.jobs) as pool:
        paths = dict(zip(firsts, pool.map(partial(shard, work=args.work), firsts), strict=True))
    learned, chosen, reported = (
        read([path for first, path in paths.items() if start <= first < start + 100_000]) for start in sets
    )
    net = learn(learned, args.hidden)
    said = [likely(net, e) for e in chosen]
    at = [threshold(said, chosen, kind) for kind in range(len(KINDS))]
    print("thresholds", dict(zip(KINDS, at, strict=True)))
    net = Net(net.inward, net.inward_bias, net.outward, net.outward_bias - np.array(at, np.float32))
    report(net, reported)
    write(net)


if __name__ == "__main__":
    main()
