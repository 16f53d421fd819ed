"""The air between microphones and listeners, in the loop over the PA: typed in, by a sensor, and when the sensor falls silent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from showctl import pa_loop
from showctl.analysis.room.air import Climate, less_heard
from showctl.analysis.room.grid import BANDS
from showctl.fitting import fitted
from showctl.model import ConsoleState, EqBand, RoomResponse, State
from showctl.plan import PaClimate
from showctl.wire.room import RoomHeard
from tests import pa_part
from tests.pa_part import made

TYPED = PaClimate(20.0, 45.0, 28.0, 8.0)
PLAN = replace(pa_part.PLAN, climate=TYPED)
DESK = tuple(EqBand("peaking", freq, 0.0, 1.0) for freq in (60.0, 150.0, 400.0, 1000.0, 3000.0, 9000.0))


def loop_of(climate: PaClimate | None, level: np.ndarray | float = 0.0) -> pa_loop.Loop:
    """One that hears so many dB in each band, everything trusted."""
    plan = replace(PLAN, climate=climate)
    loop = pa_loop.Loop(plan, plan.zones[0], pa_loop.target_of(plan))
    count = len(BANDS)
    one = RoomResponse(
        0.0, BANDS, np.zeros(count) + level, np.ones(count), np.ones(count, np.bool_), np.ones(count), 0.02, 0.0, True
    )
    loop.hear(RoomHeard(0.0, State.RUNNING, "card", 48_000, programme=-20.0, responses=(one, one)))
    return loop


def error_of(loop: pa_loop.Loop, now: float = 1.0) -> float:
    """dB RMS off the target."""
    found = loop.step(now, ConsoleState(now, DESK)).error
    assert found is not None
    return found


def test_a_room_that_is_flat_at_the_microphones_is_not_for_those_who_sit_farther_away() -> None:
    less = less_heard(BANDS, 28.0, 8.0, Climate(20.0, 45.0))
    assert error_of(loop_of(None)) < 1e-6
    assert error_of(loop_of(replace(TYPED, microphones=None))) < 1e-6  # they stand where people sit
    assert error_of(loop_of(TYPED)) == pytest.approx(np.std(less), rel=0.1)
    assert error_of(loop_of(TYPED, less)) < 1e-6  # as much more at the microphones is right
    assert error_of(loop_of(replace(TYPED, judged=(20.0, 45.0)))) < 1e-6


def test_the_fit_makes_up_for_the_air_by_less_of_all_else_and_keeps_to_the_summed_boost() -> None:
    loop = loop_of(TYPED)
    for now in range(1, 40):
        loop.step(float(now), ConsoleState(float(now), DESK))
        loop.hear(
            replace(loop._heard, time=float(now), responses=tuple(replace(r, time=float(now)) for r in loop._heard.responses))
        )
        if (job := loop.job(float(now))) is not None:
            break
    assert job is not None
    answer = fitted(job)
    assert not answer.refused
    curve = pa_loop.cascade_db(answer.bands, BANDS)
    top, middle = curve[np.argmin(abs(BANDS - 9000))], curve[(BANDS > 300) & (BANDS < 1500)].mean()
    assert 1.0 < top - middle < 3.0
    assert curve.max() < 0.1
    assert "+3.0 dB at 10 kHz for the listeners" in loop.health()[1]


def test_what_is_hardly_known_counts_little_in_the_fit_whether_it_is_trusted_or_not() -> None:
    loop, worth, job = loop_of(None, np.sin(np.arange(len(BANDS)))), np.linspace(0.2, 1.0, len(BANDS)), None
    responses = tuple(replace(one, trusted=worth > 0.4, worth=worth) for one in loop._heard.responses)
    for now in map(float, range(1, 20)):
        loop.hear(replace(loop._heard, time=now, responses=tuple(replace(one, time=now) for one in responses)))
        loop.step(now, ConsoleState(now, DESK))
        job = job or loop.job(now)
    assert job is not None
    assert job.trust == (tuple(worth),) * 2


async def test_a_sensor_moves_it_live_and_silence_brings_what_was_typed_in_back(tmp_path: Path) -> None:
    climate = replace(TYPED, sensor=("hall/air", "hall/air"))
    clock = [0.0]
    part = made(tmp_path, replace(PLAN, climate=climate, microphones=()), now=lambda: clock[0])
    loop = part._loop
    assert loop is not None

    def said(now: float) -> str:
        clock[0] = now
        loop.step(now, ConsoleState(now, DESK))
        return loop.health()[1]

    assert "as typed in: its sensor has said nothing yet" in said(1.0)
    before = loop._air.copy()
    part.sense("hall/air", b'{"temperature": 29.0, "humidity": 75}', False)
    assert "air of 29 C, 75 % by its sensor" in said(2.0)
    assert loop._air[-1] < before[-1] - 0.5
    part.sense("hall/air", b"nonsense", False)
    assert "(hall/air: 'nonsense' is neither a number nor JSON)" in said(3.0)
    assert loop._air[-1] < before[-1] - 0.5
    part.take(replace(part._plan, climate=replace(climate, distance=40.0)))
    loop = part._loop
    assert "air of 29 C, 75 % by its sensor" in said(4.0), "what it said is not forgotten by a version of the venue file"
    part.take(replace(part._plan, climate=replace(climate, sensor=("stage/air", "stage/air"))))
    loop = part._loop
    assert "its sensor has said nothing yet" in said(5.0), "that was another one"
    part.take(replace(part._plan, climate=climate))
    loop = part._loop
    part.sense("hall/air", b'{"temperature": 29.0, "humidity": 75}', False)
    assert "said nothing for 31 minutes" in said(1870.0)
    assert loop._air == pytest.approx(before)


def test_what_a_topic_says_that_the_venue_does_not_name_moves_nothing(tmp_path: Path) -> None:
    part = made(tmp_path, PLAN, now=lambda: 0.0)
    part.sense("hall/air", b"29", False)
    assert part._loop is not None
    assert part._loop.weather is not None
    assert part._loop.weather.air(0.0) == Climate(20.0, 45.0)
