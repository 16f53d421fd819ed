"""What the nets have learned, as it was learned: weights.npz beside this module, made by training.export, and onset_weights.npz,
made by training.onsets.

A file is read once, with its first use, as Python reads its code: constants too many to be written down.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


@cache
def weights(file: str = "weights.npz") -> dict[str, NDArray[np.float32]]:
    """The arrays that a net takes: those of the beat, or of another `file`."""
    with (files(__package__) / file).open("rb") as opened, np.load(opened) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}
