"""The room and its equaliser as remotes show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from showctl.model.equaliser import EqState
from showctl.model.room import Howl, LevelLimit, Levels


@dataclass(frozen=True, slots=True, eq=False)
class RoomCurves:
    """What the microphones hear of the programme, their mean, as it is shown: (bands,) each, in dB, the level taken out.

    NaN where no microphone can be trusted.
    """

    freq: NDArray[np.float64]  # (bands,) Hz
    target: NDArray[np.float64]  # what is aimed at
    before: NDArray[np.float64]  # the room without equaliser
    now: NDArray[np.float64]  # with the equaliser that stands
    proposed: NDArray[np.float64] | None  # with what is proposed; None where nothing is
    trust: NDArray[np.float64]  # 0..1, the share of the microphones that trust the band


@dataclass(frozen=True, slots=True, eq=False)
class RoomView:
    """All that remotes show of the room's sound, about once a second."""

    time: float  # s
    zone: str = ""  # whose equaliser is followed; empty where there is none
    state: EqState | None = None  # of it; None before the first second, or where there is none
    on: bool = True  # the equaliser's own switch
    words: str = ""  # how the loop stands, as its health has it
    curves: RoomCurves | None = None
    microphones: tuple[str, ...] = ()
    levels: tuple[Levels | None, ...] = ()  # one a microphone; None where it is not known
    limits: tuple[LevelLimit, ...] = ()
    howl: Howl | None = None  # told last
    graphic: bool = False  # a graphic equaliser is heard in its place
