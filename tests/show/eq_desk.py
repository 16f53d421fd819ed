"""A console and a room in time that the test makes, for the policy of the equaliser."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.grid import BANDS
from showctl.model import ConsoleState, EqBand, EqCommand, EqInputs, EqState, EqWanted, RoomResponse
from showctl.show.eq_limits import EqSettings
from showctl.show.eq_policy import EqPolicy

FLAT = np.zeros(len(BANDS))
MICROPHONES = ("left", "right", "balcony")
SETTINGS = EqSettings(FLAT, MICROPHONES)
START = tuple(EqBand("peaking", f, 0.0, 2.0) for f in (80.0, 200.0, 500.0, 1250.0, 3000.0, 8000.0))


def response(t: float, level: NDArray[np.float64], trusted: float = 1.0, delay: float = 0.02) -> RoomResponse:
    trust = np.arange(len(BANDS)) < trusted * len(BANDS)
    return RoomResponse(t, BANDS, level, np.where(trust, 0.9, 0.1), trust, trust.astype(float), delay, 0.0, True)


class Desk:
    """A console that does what it is told, and a room that hears it."""

    def __init__(self, bands: tuple[EqBand, ...] = START) -> None:
        self.bands, self.room, self.answers, self.works, self.touched = list(bands), FLAT.copy(), True, 1.0, list[int]()
        self.last: float | None = None
        self.history: deque[tuple[float, list[EqBand]]] = deque(maxlen=100_000)

    def inputs(self, now: float, wanted: EqWanted | None = None, *commands: EqCommand, **more: Any) -> EqInputs:
        self.last = now if self.answers else self.last
        heard = self.room + self.works * cascade_db(self.bands, BANDS)
        given = {"responses": (response(now, heard),) * 3, "programme": -20.0, **more}
        touched, self.touched = tuple(self.touched), []
        return EqInputs(ConsoleState(self.last, tuple(self.bands), True, touched), wanted=wanted, commands=commands, **given)

    def take(self, now: float, state: EqState) -> EqState:
        for i, band in state.writes:
            self.bands[i] = band
        self.history.append((now, list(self.bands)))
        return state


def run(policy: EqPolicy, desk: Desk, times: range, wanted: tuple[EqBand, ...] | None = None, **more: Any) -> list[EqState]:
    """Once a second, with a fit that knows of now."""
    wants = [None if wanted is None else EqWanted(float(t), wanted) for t in times]
    return [desk.take(t, policy.step(float(t), desk.inputs(float(t), w, **more))) for t, w in zip(times, wants, strict=True)]


def applied(policy: EqPolicy, desk: Desk, times: range, wanted: tuple[EqBand, ...]) -> list[EqState]:
    """What is wanted is taken over at once, as in an empty house."""
    first = float(times[0])
    states = [desk.take(first, policy.step(first, desk.inputs(first, EqWanted(first, wanted), ask("apply_at_once"))))]
    return states + run(policy, desk, times[1:], wanted)


def did(states: list[EqState]) -> list[str]:
    return [str(dict(e.data)["did"]) for s in states for e in s.events]


def ask(do: Any, band: int | None = None) -> EqCommand:
    return EqCommand(time=0.0, source="test", do=do, band=band)


def room_for(bands: tuple[EqBand, ...]) -> NDArray[np.float64]:
    """A room that these bands make flat."""
    room: NDArray[np.float64] = -cascade_db(bands, BANDS)
    return room


EMPTY = (EqBand("peaking", 110.0, -6.0, 3.0), EqBand("peaking", 420.0, -3.0, 1.5), EqBand("high_shelf", 6000.0, -2.0, 0.7))
FULL = (EqBand("peaking", 118.0, -3.0, 3.0), EqBand("peaking", 420.0, -4.0, 1.5), EqBand("peaking", 2500.0, -2.0, 2.0))
drawn_bands = st.builds(
    EqBand,
    st.sampled_from(["peaking", "low_shelf", "high_shelf"]),
    st.sampled_from([50.0, 112.0, 120.0, 400.0, 1000.0, 1100.0, 6000.0]),
    st.sampled_from([-40.0, -12.0, -9.0, -6.0, -3.3, -1.0, -0.4, 0.0, 0.5, 1.5, 3.0, 7.0]),
    st.sampled_from([0.3, 0.7, 1.4, 4.0]),
)
