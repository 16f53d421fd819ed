"""What small recurrent nets say of the form of a song, once a beat: how likely a drop begins on each of the beats around now, and
what part of the song the last beat was.

Each of them: what `phrase` knows of a beat -> a layer -> gated recurrent units (Cho et al. 2014, with the reset gate after the
product), which hold what came before -> log-odds. Several were trained alike from other beginnings; their mean opinion counts.
Trained by `training/form.py` on composed songs; form_weights.npz beside this module holds the weights. About 50 us a beat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.model import Section

_Floats = NDArray[np.float32]
DROPS = (-1, 0, 1, 2, 3, 4)  # beats from the end of the last beat to those of which it is said how likely a drop begins there
PARTS = (Section.STEADY, Section.BUILD, Section.DROP, Section.BREAK)


@dataclass(frozen=True, slots=True)
class Said:
    """Of one beat."""

    drops: dict[int, float]  # probability, of each of DROPS
    parts: dict[Section, float]  # probability, of each of PARTS


class FormNet:
    """The nets at work on one song: their memory is all that changes."""

    def __init__(self, weights: Mapping[str, _Floats]) -> None:
        """`weights` of N nets: `in` (N, E, inputs), `on` (N, 3H, E), `back` (N, 3H, H), `out` (N, len(DROPS) + len(PARTS), H),
        and of each `..._bias`; the gates in the order reset, update, new."""
        self._w = weights
        self._memory = np.zeros((*weights["back"].shape[::2], 1), np.float32)

    def feed(self, view: NDArray[np.float64]) -> Said:
        """(inputs,) of a beat that is over."""
        w, memory = self._w, self._memory
        size = memory.shape[1]
        x = np.maximum(w["in"] @ view.astype(np.float32)[:, None] + w["in_bias"], 0)
        new, old = w["on"] @ x + w["on_bias"], w["back"] @ memory + w["back_bias"]
        gates = _share(new[:, : 2 * size] + old[:, : 2 * size])
        candidate = np.tanh(new[:, 2 * size :] + gates[:, :size] * old[:, 2 * size :])
        self._memory = candidate + gates[:, size:] * (memory - candidate)
        said = (w["out"] @ self._memory + w["out_bias"]).mean(axis=0)[:, 0].astype(np.float64)
        parts = np.exp(said[len(DROPS) :] - said.max())
        drops = dict(zip(DROPS, _share(said[: len(DROPS)]).tolist(), strict=True))
        return Said(drops, dict(zip(PARTS, (parts / parts.sum()).tolist(), strict=True)))


def _share(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """The logistic function, by the hyperbolic tangent: nothing overflows."""
    share: NDArray[np.floating] = 0.5 + 0.5 * np.tanh(0.5 * x)
    return share
