"""What the feedback watch knows, learned: showctl/analysis/room/howl_weights.npz.

    .venv/bench/bin/python bench/howl_learn.py --rirs DIR --keep DIR [--loops 120] [--pieces 200]

From seeds 1000 on, in every other room: simulated loops (howl_loops.py) and pieces of sustained tones (howl_music.py). Every peak
that the watch would judge is an example: feedback, where the loop howls at it, from half a second before it has run away to four
seconds after; none, before the gain is raised and in all pieces; left out, what else there is after it is raised, as nobody can
say. No recording is learned from.

NETS nets of one hidden layer, each from its own beginning, by L-BFGS on the weighted likelihood; notes that were taken for
feedback count more in each round. Their mean is one wider net. A seed takes 5 s of a core, the learning half a minute in all;
--keep keeps the examples of each seed, and with --made nothing is learned from but those. The weights that are there come from
loops 1000 to 1041 and 1060 to 1119 and from 168 pieces between 1000 and 1331, some made before a fifth of the pieces had pauses.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from howl_loops import Loop, loop
from howl_music import RATE, piece
from room_howl import LONG, read_rooms
from scipy.optimize import minimize
from scipy.special import expit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from showctl.analysis.room.howl import HowlWatch
from showctl.model import AudioBlock

FIRST, LOOPS, PIECES = 1000, 120, 200
BEFORE, AFTER, SOON = 0.5, 4.0, 2.0  # s around the moment when a loop has run away; until when it counts in full
NETS, HIDDEN, STEPS, ROUNDS = 6, 10, 120, 3
STIFF = 1.5e-3  # what a weight's square costs, in the first round; a third of it in each that follows
FEEDBACK = 0.15  # weight of all feedback, where that of all else is 1
TAKEN = 20.0  # what a note counts more that was taken for feedback
EASY, THIN = -5.0, 5  # odds of a note below which one of so many stays
OUT = Path(__file__).resolve().parent.parent / "showctl/analysis/room/howl_weights.npz"
Array = np.ndarray


class Examples(HowlWatch):
    """A watch that keeps what it would judge."""

    def __init__(self) -> None:
        super().__init__(RATE)
        self.kept: list[tuple[float, float, Array]] = []  # time, frequency, features

    def _odds(self, time: float, freq: float, features: Array) -> float:
        self.kept.append((time, freq, features))
        return -10.0


def examples(sound: Array) -> tuple[Array, Array, Array]:
    """(n,) times, (n,) frequencies, (n, N) features of all peaks that the watch would judge."""
    watch = Examples()
    watch.feed(AudioBlock(0, sound.astype(np.float32)[:, None], RATE))
    if not watch.kept:
        return np.zeros(0), np.zeros(0), np.zeros((0, 0))
    times, freqs, features = zip(*watch.kept, strict=True)
    return np.array(times), np.array(freqs), np.array(features)


def of_loop(one: Loop) -> dict[str, Array]:
    """Features, whether they are feedback, and what they count."""
    times, freqs, features = examples(one.sound)
    before = times < one.raised
    if one.away is None:
        return {"features": features[before], "feedback": np.zeros(before.sum()), "counts": np.ones(before.sum())}
    howls = (np.abs(freqs[:, None] / np.array(one.freqs) - 1) < 0.02).any(axis=1)
    howls &= (times > max(one.raised + 0.3, one.away - BEFORE)) & (times < one.away + AFTER)
    known = before | howls
    counts = np.where(howls & (times > one.away + SOON), 0.2, 1.0)
    return {"features": features[known], "feedback": howls[known].astype(float), "counts": counts[known]}


def of_piece(sound: Array) -> dict[str, Array]:
    """Features, none of which are feedback."""
    features = examples(sound)[2]
    return {"features": features, "feedback": np.zeros(len(features)), "counts": np.ones(len(features))}


def read_examples(options: argparse.Namespace) -> Iterator[dict[str, Array]]:
    """Those of every seed, made where they are not kept."""
    rooms = read_rooms(options.rirs, 0)
    options.keep.mkdir(parents=True, exist_ok=True)
    for seed in range(FIRST, FIRST + max(options.loops, options.pieces)):
        for kind, count in (("loop", options.loops), ("piece", options.pieces)):
            path = options.keep / f"{kind}{seed}.npz"
            if seed >= FIRST + count:
                continue
            if not path.exists():
                if options.made:
                    continue
                made = of_loop(loop(seed, rooms)) if kind == "loop" else of_piece(piece(seed, LONG, [r for _, r in rooms])[1])
                np.savez(path, **made)
            with np.load(path) as stored:
                if len(stored["features"]):
                    yield dict(stored)


def learn(x: Array, y: Array, counts: Array, start: Array, stiff: float) -> Array:
    """A net's weights (flat: inner, bias, outer, offset) from examples (n, N), 0 or 1, and what each counts."""
    wide = x.shape[1] * HIDDEN
    counts = counts / counts.sum()

    def cost(net: Array) -> tuple[float, Array]:
        inner, bias, outer, offset = parts(net, wide)
        hidden = np.tanh(x @ inner.astype(x.dtype) + bias.astype(x.dtype))
        said = hidden @ outer + offset
        likely = counts @ (np.logaddexp(0, said) - y * said)
        slope = counts * (expit(said) - y)
        back = (slope[:, None] * outer * (1 - hidden * hidden)).astype(x.dtype)
        slopes = (x.T @ back + stiff * inner).ravel(), back.sum(axis=0), hidden.T @ slope + stiff * outer, [slope.sum()]
        return likely + stiff / 2 * (np.sum(inner**2) + np.sum(outer**2)), np.concatenate(slopes)

    found: Array = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return found


def parts(net: Array, wide: int) -> tuple[Array, Array, Array, float]:
    inner, bias, outer = net[:wide].reshape(-1, HIDDEN), net[wide : wide + HIDDEN], net[wide + HIDDEN : -1]
    return inner, bias, outer, float(net[-1])


def odds(x: Array, net: Array) -> Array:
    inner, bias, outer, offset = parts(net, x.shape[1] * HIDDEN)
    said: Array = np.tanh(x @ inner.astype(x.dtype) + bias.astype(x.dtype)) @ outer + offset
    return said


def begun(seed: int, wide: int) -> Array:
    draw = np.random.default_rng([0x43, seed])
    inner, outer = draw.normal(size=wide * HIDDEN) / np.sqrt(wide), 0.3 * draw.normal(size=HIDDEN)
    return np.concatenate([inner, np.zeros(HIDDEN), outer, [-1]])


def thinned(x: Array, y: Array, counts: Array) -> tuple[Array, Array, Array]:
    """Without four of five of the notes that a first net never takes for feedback; the fifth counts for them."""
    some = slice(None, None, THIN)
    easy = (y == 0) & (odds(x, learn(x[some], y[some], counts[some], begun(NETS, x.shape[1]), STIFF)) < EASY)
    stays = ~easy | (np.arange(len(y)) % THIN == 0)
    return x[stays], y[stays], np.where(easy, THIN * counts, counts)[stays]


def one_net(seed: int, x: Array, y: Array, counts: Array) -> Array:
    """Weights, after ROUNDS in each of which the notes that were taken for feedback count more."""
    net, weights = begun(seed, x.shape[1]), counts
    for turn in range(ROUNDS):
        net = learn(x, y, weights, net, STIFF / 3**turn)
        said = odds(x, net)
        weights = counts * np.where(y == 0, 1 + TAKEN * expit(said + 1), np.where(said < 3, 2.0, 1.0))
    return net


def main() -> int:
    """Make or read the examples, learn, write the weights."""
    options = arguments()
    found = list(read_examples(options))
    x, y, counts = (np.concatenate([one[name] for one in found]) for name in ("features", "feedback", "counts"))
    print(f"{len(y)} examples, {int(y.sum())} of them feedback", flush=True)
    counts = np.where(y > 0, counts * FEEDBACK * counts[y == 0].sum() / counts[y > 0].sum(), counts)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-3
    x, y, counts = thinned(((x - mean) / spread).astype(np.float32), y, counts)
    print(f"{len(y)} of them stay", flush=True)
    nets = [parts(one_net(seed, x, y, counts), x.shape[1] * HIDDEN) for seed in range(NETS)]
    whole = {
        "mean": mean,
        "spread": spread,
        "inner": np.concatenate([inner for inner, _, _, _ in nets], axis=1),
        "bias": np.concatenate([bias for _, bias, _, _ in nets]),
        "outer": np.concatenate([outer for _, _, outer, _ in nets]) / NETS,
        "offset": np.mean([offset for _, _, _, offset in nets]),
    }
    np.savez(options.out, **{name: np.asarray(value, np.float32) for name, value in whole.items()})
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rirs", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--loops", type=int, default=LOOPS)
    parser.add_argument("--pieces", type=int, default=PIECES)
    parser.add_argument("--made", action="store_true", help="learn from what is kept and make no more")
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
