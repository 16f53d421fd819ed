"""What the feedback watch knows, learned: showctl/analysis/room/howl_weights.npz.

    .venv/bench/bin/python bench/howl_learn.py --rirs DIR --keep DIR [--loops 200] [--pieces 300] [--cross]

From seeds 1000 on, in every other room: simulated loops (howl_loops.py) and pieces of sustained tones (howl_music.py). Every peak
that the watch would judge is an example: feedback, where the loop howls at it, from half a second before it has run away to four
seconds after; none, before the gain is raised and in all pieces; left out, what else there is after it is raised, as nobody can
say. No recording is learned from.

NETS nets of one hidden layer, each from its own beginning, by L-BFGS on the weighted likelihood; notes that were taken for
feedback count more in each round. Their mean is one wider net. A loop takes 1.5 s of a core, a piece 0.8 s, the learning a minute
or two in all; --keep keeps what each seed gave, so that a run that was stopped goes on.

--cross: five times one net learns from four fifths, loops in other rooms, and judges the rest; what caution costs (howl_trade.py)
is printed, and that is what ENOUGH in the watch is decided by. Loops 1000 to 1199 and pieces 1000 to 1299 it was.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from howl_loops import loop
from howl_music import INSTRUMENTS, RATE, piece
from howl_trade import Case, trade
from room_howl import LONG, read_rooms
from scipy.optimize import minimize
from scipy.special import expit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from showctl.analysis.room.howl import EVERY, Courses, HowlWatch
from showctl.model import AudioBlock

FIRST, LOOPS, PIECES, FOLDS = 1000, 200, 300, 5
TICK = EVERY * 2048 / RATE  # s from one judgement to the next
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
    return np.array(times), np.array(freqs), np.array(features, np.float32)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a seed gave: all its peaks, and the truth (NaN where nothing howls)."""

    kind: str  # loop or piece
    seed: int
    times: Array
    freqs: Array
    features: Array
    raised: float
    away: float
    howls: Array

    def known(self) -> tuple[Array, Array, Array]:
        """Of each peak: whether anybody can say what it is, whether it is feedback, what it counts."""
        whole = np.ones(len(self.times), bool)
        if self.kind == "piece":
            return whole, ~whole, np.ones(len(whole))
        before = self.times < self.raised
        if math.isnan(self.away):
            return before, ~whole, np.ones(len(whole))
        howls = (np.abs(self.freqs[:, None] / self.howls - 1) < 0.02).any(axis=1)
        howls &= (self.times > max(self.raised + 0.3, self.away - BEFORE)) & (self.times < self.away + AFTER)
        return before | howls, howls, np.where(howls & (self.times > self.away + SOON), 0.2, 1.0)

    def fold(self, rooms: int) -> int:
        """Loops of one room are in one fold, and every instrument in each."""
        return self.seed % rooms * FOLDS // rooms if self.kind == "loop" else self.seed // len(INSTRUMENTS) % FOLDS


def heard(kind: str, seed: int, rooms: list[tuple[str, Array]]) -> Heard:
    """Simulate or play, and listen."""
    if kind == "piece":
        return Heard(kind, seed, *examples(piece(seed, LONG, [r for _, r in rooms])[1]), math.nan, math.nan, np.zeros(0))
    one = loop(seed, rooms)
    away = math.nan if one.away is None else one.away
    return Heard(kind, seed, *examples(one.sound), one.raised, away, np.array(one.freqs))


def read_heard(options: argparse.Namespace, rooms: list[tuple[str, Array]]) -> Iterator[Heard]:
    """What every seed gave, made where it is not kept."""
    options.keep.mkdir(parents=True, exist_ok=True)
    for kind, count in (("loop", options.loops), ("piece", options.pieces)):
        for seed in range(FIRST, FIRST + count):
            path = options.keep / f"{kind}{seed}.npz"
            if not path.exists():
                made = {f.name: getattr(one, f.name) for one in [heard(kind, seed, rooms)] for f in fields(Heard)}
                np.savez(path, **made)
            with np.load(path) as stored:
                kept = {name: stored[name] for name in stored.files}
            yield Heard(**kept | {"kind": kind, "seed": seed, "raised": float(kept["raised"]), "away": float(kept["away"])})


def cross(found: list[Heard], rooms: int) -> None:
    """Each fold judged by what was learned from the others: print what caution costs."""
    cases = []
    for fold in range(FOLDS):
        net = learned([one for one in found if one.fold(rooms) != fold], 1)
        cases += [weighed(one, odds_of(net, one.features)) for one in found if one.fold(rooms) == fold]
        print(f"fold {fold + 1} of {FOLDS}", flush=True)
    trade(cases)


def weighed(one: Heard, said: Array) -> Case:
    """What the watch would make of it with these odds."""
    courses, kept = Courses(), list[tuple[float, float, float]]()
    ticks = np.floor(one.times / TICK).astype(int)  # a judgement ends half-way between two of them
    for tick in range(ticks.min(initial=0), ticks.max(initial=0) + 1):
        places = np.flatnonzero(ticks == tick)
        beyond = courses.add([(one.freqs[k], said[k]) for k in places])
        kept += [(one.times[k], one.freqs[k], more) for k, more in zip(places, beyond, strict=True)]
    away = None if math.isnan(one.away) else one.away
    return Case(kept, LONG, None if one.kind == "piece" else one.raised, away, tuple(one.howls))


def odds_of(net: dict[str, Array], features: Array) -> Array:
    """As the watch's `evidence`, of other weights."""
    if not len(features):
        return np.zeros(0)
    said: Array = np.tanh((features - net["mean"]) / net["spread"] @ net["inner"] + net["bias"]) @ net["outer"] + net["offset"]
    return said


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


def learned(found: list[Heard], count: int) -> dict[str, Array]:
    """The weights of so many nets as one."""
    known = [(one.features, *one.known()) for one in found if len(one.times)]
    x, y, counts = (np.concatenate([one[k][one[1]] for one in known]) for k in (0, 2, 3))
    y = y.astype(float)
    counts = np.where(y > 0, counts * FEEDBACK * counts[y == 0].sum() / counts[y > 0].sum(), counts)
    mean, spread = x.mean(axis=0, dtype=float), x.std(axis=0, dtype=float) + 1e-3
    x, y, counts = thinned(((x - mean) / spread).astype(np.float32), y, counts)
    nets = [parts(one_net(seed, x, y, counts), x.shape[1] * HIDDEN) for seed in range(count)]
    return {
        "mean": mean,
        "spread": spread,
        "inner": np.concatenate([inner for inner, _, _, _ in nets], axis=1),
        "bias": np.concatenate([bias for _, bias, _, _ in nets]),
        "outer": np.concatenate([outer for _, _, outer, _ in nets]) / count,
        "offset": np.mean([offset for _, _, _, offset in nets]),
    }


def main() -> int:
    """Make or read the examples, learn, write the weights."""
    options = arguments()
    rooms = read_rooms(options.rirs, 0)
    found = list(read_heard(options, rooms))
    print(f"{sum(len(one.times) for one in found)} peaks, {sum(int(one.known()[1].sum()) for one in found)} feedback", flush=True)
    if options.cross:
        cross(found, len(rooms))
    else:
        np.savez(options.out, **{name: np.asarray(value, np.float32) for name, value in learned(found, NETS).items()})
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rirs", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--loops", type=int, default=LOOPS)
    parser.add_argument("--pieces", type=int, default=PIECES)
    parser.add_argument("--cross", action="store_true", help="write nothing; judge each fifth by what the rest teaches")
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
