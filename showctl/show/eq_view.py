"""What is shown of the equaliser over frequency: the room without it, what is aimed at, the room with it, and what is proposed.

All of it in dB on the grid of the responses. Levels are taken out, for that of the whole is the fader's: each curve lies on the
target as well as its shape allows, over the bands that count (eq_why), so that what lies between the two is what `error` tells.
"""

from __future__ import annotations

import numpy as np

from showctl.model import RoomCurves, RoomResponse
from showctl.show.eq_why import Array, heard


def curves(
    freq: Array, target: Array, responses: tuple[RoomResponse | None, ...], held: Array, wanted: Array | None
) -> RoomCurves:
    """`responses`, one a microphone, are those without equaliser; `held` (bands,) dB is what it does, `wanted` what it would do.

    A response of another grid than `freq` is a ValueError.
    """
    known = heard(responses)
    if known is None:
        nothing = np.full(len(freq), np.nan)
        return RoomCurves(freq, target, nothing, nothing, None, np.zeros(len(freq)))
    if len(known.freq) != len(freq):
        raise ValueError(f"responses of {len(known.freq)} bands, to be drawn over {len(freq)}")
    trust = sum((one.trusted.astype(float) for one in responses if one is not None), np.zeros(len(freq))) / len(responses)
    level = np.where(trust > 0, known.level, np.nan)
    counts = known.counts if known.counts.any() else trust > 0

    def laid(change: Array) -> Array:
        curve: Array = level + change
        return curve - (curve - target)[counts].mean() if counts.any() else curve

    return RoomCurves(freq, target, laid(np.zeros(len(freq))), laid(held), None if wanted is None else laid(wanted), trust)
