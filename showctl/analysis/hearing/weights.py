"""What the net has learned, as it was learned: weights.npz beside this module, made by training.export.

It is read once, with the module's first use, as Python reads its code: constants too many to be written down.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """The arrays that Net takes."""
    with (files(__package__) / "weights.npz").open("rb") as file, np.load(file) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}
