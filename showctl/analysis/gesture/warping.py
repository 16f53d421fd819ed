"""Where in a stream does one of a performer's own examples come to its end? Subsequence dynamic time warping, a step a frame.

Each example is a row of states, its frames. A path enters a row at any frame, for nothing, and goes on by none, one or two states
a frame, so it follows a gesture done at from half to about twice the speed. What it costs is the squared distance of each frame
from its state: a step of two states pays for both, staying pays a share. All paths to the end of a row have therefore paid for
about as many states, whatever their start, and the cheapest is known at each frame, with its start, without any segment or pause
(Sakurai, Faloutsos, Yamamuro: Stream monitoring under the time warping distance, ICDE 2007, in the asymmetric steps of
Sakoe and Chiba 1978, which need only the frame before and so are one array operation for all states of all examples).

Frames are any numbers of equal weight; costs are a mean squared distance for each state of the example.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.float32]
STAY = np.float32(0.7)  # of a state's distance, paid for staying in it
FAR = np.float32(1e6)  # a cost that nothing reaches


@dataclass(frozen=True, slots=True)
class Bank:
    """Examples side by side, padded at their front so that all end in the last column: `states` (J, M, F), `sizes` (J,)."""

    states: Frames
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, examples: list[Frames]) -> Bank:
        """From frames (n, F) of each."""
        longest = max(map(len, examples))
        states = np.zeros((len(examples), longest, examples[0].shape[1]), np.float32)
        for row, one in zip(states, examples, strict=True):
            row[longest - len(one) :] = one
        return cls(states, np.array([len(one) for one in examples]))


class Follower:
    """Follows `lanes` streams at once; each call takes one frame of every lane."""

    def __init__(self, bank: Bank, lanes: int = 1, unknown: Frames | None = None) -> None:
        """`unknown` (J,) is what a lost frame costs in each state of an example."""
        count, longest, width = bank.states.shape
        column = np.arange(longest)[None]
        first = (longest - bank.sizes)[:, None]
        self._flat = np.ascontiguousarray(2 * bank.states.reshape(-1, width).T)  # (F, J M)
        self._square = (bank.states**2).sum(2)
        self._square[column < first] = FAR  # padding is never on a path
        self._entry = np.where((column == first) | (column == first + 1), np.float32(0), FAR)  # what it costs to come in here
        self._norm = (1 / bank.sizes).astype(np.float32)
        self._cost = np.full((lanes, count, longest + 2), FAR, np.float32)
        self._start = np.zeros((lanes, count, longest + 2), np.int32)
        self._own = np.full((lanes, count, longest + 1), FAR, np.float32)  # distance of the frame to each state
        self._unknown = None if unknown is None else np.where(column < first, FAR, unknown[:, None]).astype(np.float32)
        self._now = 0

    def step(self, frames: Frames, lost: bool | NDArray[np.bool_] = False) -> tuple[Frames, NDArray[np.int32]]:
        """(lanes, F) -> (lanes, J) the cost of the cheapest path to the end of each example, and the frame at which it began.
        A frame that is `lost`, of all lanes or of each, is not looked at, if it was said what such a one costs."""
        lanes, (count, longest) = len(frames), self._square.shape
        own, cost, start = self._own[:, :, 1:], self._cost, self._start
        np.subtract(self._square, (frames @ self._flat).reshape(lanes, count, longest), out=own)
        own += (frames * frames).sum(1)[:, None, None]
        if self._unknown is not None and np.any(lost):
            own[np.broadcast_to(lost, lanes)] = self._unknown
        best = cost[:, :, 1:-1] + own
        stay = cost[:, :, 2:] + STAY * own
        two = cost[:, :, :-2] + own + self._own[:, :, :-1]
        begun = np.where(stay < best, start[:, :, 2:], start[:, :, 1:-1])
        np.minimum(best, stay, out=best)
        np.copyto(begun, start[:, :, :-2], where=two < best)
        np.minimum(best, two, out=best)
        enter = self._entry + own
        np.copyto(begun, self._now, where=enter < best)
        np.minimum(best, enter, out=best)
        np.minimum(best, FAR, out=best)
        cost[:, :, 2:], start[:, :, 2:] = best, begun
        self._now += 1
        return best[:, :, -1] * self._norm, start[:, :, -1].copy()
