"""What a few small recurrent nets hear: how likely a beat, and a downbeat, fell a moment ago.

Each of them: two hops of the view (compressed and rise) -> a layer -> two layers of long short-term memory (Hochreiter and
Schmidhuber 1997, with the forget gate of Gers et al. 2000) -> for each of the two hops three classes: no beat, beat, downbeat;
whether there is a beat to be followed at all; and at what tempo people would tap to it, roughly. They were trained to speak
DELAY after the beat, when the attack has passed through the window. How they were trained, on what, and how well they do on
what they never heard: docs/hearing-model.md. Weights are plain arrays; one step is a handful of products of a matrix with a
vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float32]
DELAY = 0.05  # s from a beat to the end of the hop in which it is told
HOPS = 2  # a step
TEMPI, SLOWEST, FASTEST = 48, 40.0, 250.0  # classes of tempo, equal steps of pitch; beats a minute of the first and the last


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """One hop, DELAY ago."""

    beat: float  # 0..1: probability that a beat fell, downbeats included
    down: float  # 0..1: that a downbeat did
    music: float  # 0..1: that there is a beat to be followed
    tempo: _Floats  # (TEMPI,) nepers: log-probability of each class of tempo


class Net:
    """The nets at work on one stream: their memory is all that changes. N of them listen, their mean opinion counts."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """`weights`: `in` (N, E, inputs), `in_bias` (N, E); for each layer n `n` (N, 4H, inputs + H) and `n_bias` (N, 4H), the
        gates in the order let in, keep, let out, new, those of the first three halved; `out` (N, classes, H), `out_bias`."""
        w = {name: np.ascontiguousarray(array, np.float32) for name, array in weights.items()}
        self._in, self._in_bias = w["in"], w["in_bias"]
        self._layers: list[tuple[_Floats, _Floats]] = []
        while f"{len(self._layers)}" in w:
            self._layers.append((w[f"{len(self._layers)}"], w[f"{len(self._layers)}_bias"]))
        self._out, self._out_bias = w["out"], w["out_bias"]
        self._input = np.zeros(self._in.shape[2], np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._seen = [
            np.zeros((len(all_), all_.shape[2]), np.float32) for all_, _ in self._layers
        ]  # what comes in, what was said
        self._kept = [np.zeros((len(all_), all_.shape[1] // 4), np.float32) for all_, _ in self._layers]
        self._filled = 0

    def feed(self, compressed: _Floats, rise: _Floats) -> tuple[Heard, ...]:
        """One hop of the view -> nothing, or at every second hop what was heard in both."""
        size = len(compressed)
        at = self._filled * 2 * size
        self._input[at : at + size] = compressed
        self._input[at + size : at + 2 * size] = rise
        self._filled = (self._filled + 1) % HOPS
        return () if self._filled else self._step()

    def _step(self) -> tuple[Heard, ...]:
        x: _Floats = np.maximum(self._in @ self._input + self._in_bias, np.float32(0.0))
        for layer, seen, kept in zip(self._layers, self._seen, self._kept, strict=True):
            x = _remembered(x, seen, kept, *layer)
        said = (_each(self._out, x) + self._out_bias).mean(axis=0)
        said, tempo = said[:-TEMPI], said[-TEMPI:]
        tempo = tempo - np.log(np.exp(tempo - tempo.max()).sum()) - tempo.max()
        odds = said[:-1].reshape(HOPS, 3)
        classes = np.exp(odds - odds.max(axis=1, keepdims=True))
        classes /= classes.sum(axis=1, keepdims=True)
        music = float(_share(said[-1:])[0])
        return tuple(Heard(float(one[1] + one[2]), float(one[2]), music, tempo) for one in classes)


def _each(matrices: _Floats, vectors: _Floats) -> _Floats:
    """(N, rows, columns), (N, columns) -> (N, rows): each net's product."""
    products: _Floats = (matrices @ vectors[:, :, None])[:, :, 0]
    return products


def _remembered(x: _Floats, seen: _Floats, kept: _Floats, gates: _Floats, bias: _Floats) -> _Floats:
    """(N, inputs) -> (N, H): one step of a layer. `seen` (N, inputs + H) and `kept` (N, H) are its memory and are changed.

    The logistic function of x is 1/2 + tanh(x/2)/2: the halves of x are in the weights, nothing overflows, one function does.
    """
    size = kept.shape[1]
    seen[:, :-size] = x
    said = np.tanh(_each(gates, seen) + bias)
    share = np.float32(0.5) * said[:, : 3 * size] + np.float32(0.5)
    kept *= share[:, size : 2 * size]
    kept += share[:, :size] * said[:, 3 * size :]
    out: _Floats = share[:, 2 * size :] * np.tanh(kept)
    seen[:, -size:] = out
    return out


def _share(x: _Floats) -> _Floats:
    """The logistic function, by the hyperbolic tangent: nothing overflows."""
    half = np.float32(0.5)
    share: _Floats = half + half * np.tanh(half * x)
    return share
