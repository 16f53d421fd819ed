"""Input -> equaliser -> output, for a venue without a console: what the sound system's callback does, block by block.

A route is one input that is heard on one output; an input may go to several. Each route has its own bands, so a zone of two
loudspeakers is two routes with the same. Outputs without a route are silent. The stream costs a block of delay, this none.

People are listening: were there a mistake in the equaliser, they would hear the sound as it came in from then on, and `fault`
would say so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from showctl.sound.equaliser import Equaliser


class Through:
    """`routes` are (input, output), from 0. The equaliser has a channel for each, in their order.

    ValueError where an output has two routes, or the equaliser not as many channels.
    """

    def __init__(self, routes: Sequence[tuple[int, int]], equaliser: Equaliser) -> None:
        self._inputs, self._outputs = [i for i, _ in routes], [o for _, o in routes]
        if len(set(self._outputs)) < len(self._outputs):
            raise ValueError("an output has two routes: only one can be heard on it")
        if len(routes) != equaliser.channels:
            raise ValueError(f"{len(routes)} routes for {equaliser.channels} channels of the equaliser")
        self.equaliser = equaliser
        self.fault = ""

    def process(self, samples: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """(frames, inputs) -> (frames, outputs)."""
        dry = samples[:, self._inputs]
        wet = np.empty_like(dry)
        if not self.fault:
            try:
                self.equaliser.process(dry, wet)
            except Exception as error:  # see above
                self.fault = repr(error)
        out[:] = 0.0
        out[:, self._outputs] = dry if self.fault else wet
