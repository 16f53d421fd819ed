"""What may have been a gesture, frame by frame: each gesture's cheapest path that ends now, if it is cheap enough.

The same for one frame of a live stream and for hours of recordings at an enrolment. A frame is two samples (25 Hz). Several
hypotheses may hold at a frame: one of each gesture, with its own begin. What is asked of the classifier is the features of that
stretch, its likeness to each gesture, and what each gesture's path costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.analysis.gesture.features import BEFORE, described
from showctl.analysis.gesture.likeness import Likeness, drawn
from showctl.analysis.gesture.warping import FAR, Bank, Follower

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Frames = NDArray[np.float32]
HOP = 2  # samples a frame
SHORTEST, LONGEST = 10, 400  # samples of a hypothesis
MOST = 2  # hypotheses at a frame: the cheapest
FOREIGN = 0.4  # a gesture whose own cost is so far (a logarithm) beyond its gate is not meant, whatever the stretch looks like
NEVER = -30.0  # log odds
USUAL = 0.4  # of its gate: what a state of an example costs where the motion is not known
KNOWN = 0.55  # of a hypothesis that must be known
COST = 2.0  # brings the logarithms of costs to the spread of the other features


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """k of them, by frame: that of their last frame, whose gesture, the example that is followed, the first frame, and (k, C)
    logarithms of all gestures' costs at that frame, 0 at the gate."""

    frame: Indices
    gesture: Indices
    example: Indices
    begin: Indices
    costs: Array

    def __len__(self) -> int:
        return len(self.frame)

    def only(self, which: Indices | NDArray[np.bool_]) -> Hypotheses:
        """Some of them."""
        return Hypotheses(self.frame[which], self.gesture[which], self.example[which], self.begin[which], self.costs[which])


def frames(scaled: NDArray[np.float32]) -> Frames:
    """(n, 6) samples -> (n // 2, 6)."""
    count = len(scaled) // HOP
    return np.asarray(scaled[: count * HOP].reshape(count, HOP, -1).mean(1), np.float32)


def unknown(gate: Array, owner: Indices) -> Frames:
    """(J,) what a frame that is not known costs in each state of an example."""
    return (USUAL * gate[owner]).astype(np.float32)


def followed(
    bank: Bank, stream: Frames, lanes: int, lost: NDArray[np.bool_] | None = None, price: Frames | None = None
) -> tuple[Frames, NDArray[np.int32]]:
    """(n, J) costs and begins of all frames of a stream, cut into lanes that are followed side by side. What lies across a cut is
    not seen. Which frames are `lost` (n,), and what one of these costs (J,)."""
    lanes = max(1, min(lanes, len(stream) // 500))
    length = -(-len(stream) // lanes)
    side = np.zeros((lanes * length, stream.shape[1]), np.float32)
    side[: len(stream)] = stream
    side = np.ascontiguousarray(side.reshape(lanes, length, -1).transpose(1, 0, 2))
    gone = np.zeros(lanes * length, np.bool_)
    gone[: len(stream)] = False if lost is None else lost
    follower, count = Follower(bank, lanes, price), len(bank.sizes)
    cost, begin = np.empty((length, lanes, count), np.float32), np.empty((length, lanes, count), np.int32)
    for n, (frame, unseen) in enumerate(zip(side, gone.reshape(lanes, length).T, strict=True)):
        cost[n], begin[n] = follower.step(frame, unseen)
    begin += (np.arange(lanes, dtype=np.int32) * length)[None, :, None]
    whole = len(stream)
    return cost.transpose(1, 0, 2).reshape(-1, count)[:whole], begin.transpose(1, 0, 2).reshape(-1, count)[:whole]


def cheapest(cost: Frames, owner: Indices, count: int) -> tuple[Frames, Indices]:
    """(n, J) costs of examples -> (n, C) the least of each gesture, and which example has it."""
    least, which = np.full((len(cost), count), FAR, np.float32), np.zeros((len(cost), count), np.int64)
    for gesture in range(count):
        mine = np.flatnonzero(owner == gesture)
        which[:, gesture] = mine[cost[:, mine].argmin(1)]
        least[:, gesture] = np.take_along_axis(cost, which[:, gesture, None], 1)[:, 0]
    return least, which


def hypotheses(cost: Frames, begin: NDArray[np.int32], owner: Indices, gate: Array, first: int = 0) -> Hypotheses:
    """Of (n, J) costs and begins; gate (C,) is what is looked at; `first` is the number of the first frame."""
    least, which = cheapest(cost, owner, len(gate))
    near = least / gate
    rank = np.sort(near, axis=1)[:, min(MOST, len(gate)) - 1 :][:, :1]
    frame, gesture = np.nonzero((near < 1) & (near <= rank))
    example = which[frame, gesture]
    begins = begin[frame, example].astype(np.int64)
    length = (frame + first + 1 - begins) * HOP
    fits = (length >= SHORTEST) & (length <= LONGEST) & (begins >= 0)
    frame, gesture, example, begins = frame[fits], gesture[fits], example[fits], begins[fits]
    return Hypotheses(frame + first, gesture, example, begins, np.log(np.maximum(least[frame] / gate, 1e-3)))


def features(motion: NDArray[np.float32], some: Hypotheses, like: Likeness, first: int = 0) -> Array:
    """(k, D + 6 C) of hypotheses in scaled `motion`, whose first sample begins frame `first`."""
    begins, ends = (some.begin - first) * HOP, (some.frame + 1 - first) * HOP
    shape = described(motion, begins, ends)
    return np.hstack([shape, COST * np.clip(some.costs, -3, 3), like(shape, drawn(motion, begins, ends))])


def share_lost(lost: NDArray[np.bool_], some: Hypotheses, first: int = 0) -> Array:
    """(k,) which share of each stretch is lost, where the first of the samples (n,) begins frame `first`."""
    total = np.concatenate([[0], np.cumsum(lost)])
    begins, ends = (some.begin - first) * HOP, (some.frame + 1 - first) * HOP
    return np.asarray((total[ends] - total[begins]) / (ends - begins), np.float64)


def mended(
    motion: NDArray[np.float32], lost: NDArray[np.bool_], some: Hypotheses, bank: Bank, first: int = 0
) -> tuple[NDArray[np.float32], Hypotheses]:
    """The stretches of hypotheses one behind the other, each with what is just before it, and where they lie there. Lost samples
    of a stretch are what the example that is followed does at that share of its duration."""
    pieces, begins, ends, length = [], [], [], 0
    spans = zip((some.begin - first) * HOP, (some.frame + 1 - first) * HOP, some.example, strict=True)
    for begin, end, example in spans:
        low = max(0, int(begin) - BEFORE)
        piece, shape = motion[low:end].copy(), bank.states[example, -bank.sizes[example] :]
        gone = np.flatnonzero(lost[begin:end])
        at = (gone + 0.5) / (end - begin) * len(shape) - 0.5
        piece[gone + begin - low] = np.stack([np.interp(at, np.arange(len(shape)), axis) for axis in shape.T], 1)
        pieces.append(piece)
        begins.append((length + begin - low) // HOP)
        length += len(piece)
        ends.append(length // HOP - 1)
    return np.concatenate(pieces), Hypotheses(np.array(ends), some.gesture, some.example, np.array(begins), some.costs)


def odds(logs: Array, costs: Array) -> Array:
    """(k, C + 1) logarithms of probabilities, (k, C) of costs -> (k, C) log odds of each gesture against all else."""
    other = np.maximum(1e-12, 1 - np.exp(logs[:, 1:]))
    return np.where(costs < FOREIGN, logs[:, 1:] - np.log(other), NEVER)
