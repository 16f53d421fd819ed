"""Notches in a loop that is closed: a microphone that hears the PA, past its margin, and what the daemon makes of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from showctl import pa_loop
from showctl.analysis.room.biquad import coefficients
from showctl.analysis.room.howl import HowlWatch
from showctl.model import AudioBlock, ConsoleState, EqBand, EqCommand, Howl, State
from showctl.pa_kept import decoded, encoded
from showctl.show.eq_bands import NOTHING, Found
from showctl.wire.room import RoomHeard
from showctl.wire.x32 import Limits
from tests import pa_part
from tests.wire.x32_stand import Stand, on

RATE, BLOCK = 48_000, 1200  # frames: sound goes round in 25 ms
PLAN = replace(pa_part.PLAN, mode="auto", notches=2)
FLAT = tuple(EqBand("peaking", f, 0.0, 2.0) for f in (80.0, 200.0, 500.0, 1250.0, 3000.0, 8000.0))
FREQ = 1000.0


class Stage:
    """A microphone, the loop over the PA, a console that obeys, a loudspeaker, and back."""

    def __init__(self, found: Found = NOTHING, bands: tuple[EqBand, ...] = FLAT) -> None:
        self.loop = pa_loop.Loop(PLAN, PLAN.zones[0], pa_loop.target_of(PLAN), found)
        self.bands, self.now, self.gain = list(bands), 0.0, 0.5
        self.levels: list[float] = []
        self._draw, self._watch = np.random.default_rng(1), HowlWatch(RATE)
        # What goes round once, at a gain of 1: 0 dB at FREQ, far less elsewhere.
        self._path = coefficients(EqBand("peaking", FREQ, 12.0, 4.0), RATE).reshape(1, 6)
        self._states = [np.zeros((1, 2)), np.zeros((len(bands), 2))]
        self._back = np.zeros(BLOCK)

    def seconds(self, count: float, *commands: EqCommand) -> None:
        for _ in range(round(count * RATE / BLOCK)):
            heard = 0.01 * self._draw.normal(size=BLOCK) + self._back
            start = round(self.now * RATE)
            self.now += BLOCK / RATE
            howls = self._watch.feed(AudioBlock(start, heard.astype(np.float32)[:, None], RATE))
            self._decide(howls, commands)
            commands = ()
            sections = np.array([coefficients(band, RATE) for band in self.bands])
            wet, self._states[1] = signal.sosfilt(sections, heard, zi=self._states[1])
            around, self._states[0] = signal.sosfilt(self._path, 10 ** (-12 / 20) * wet, zi=self._states[0])
            self._back = 0.5 * np.tanh(self.gain * around / 0.5)
            self.levels.append(float(np.std(heard)))

    def _decide(self, howls: list[Howl], commands: tuple[EqCommand, ...]) -> None:
        """Once a second, and at once where it howls."""
        if howls or commands or self.now % 1.0 < BLOCK / RATE:
            self.loop.hear(RoomHeard(self.now, State.RUNNING, "", howls=tuple(howls)))
            state = self.loop.step(self.now, ConsoleState(self.now, tuple(self.bands)), commands)
            for index, band in state.writes:
                self.bands[index] = band


@pytest.mark.slow
def test_a_loop_past_its_margin_runs_away_and_a_notch_stops_it_and_is_released_when_the_gain_is_back() -> None:
    stage = Stage()
    stage.seconds(15)
    usual = np.mean(stage.levels[-100:])
    assert stage.bands == list(FLAT)
    stage.gain = 10 ** (1.5 / 20)
    stage.seconds(15)
    assert max(stage.levels) > 3 * usual, "it ran away"
    assert np.mean(stage.levels[-100:]) < 2 * usual, "it is stopped"
    notches = [band for band in stage.bands if band.gain]
    assert [band.gain for band in notches] == [-3.0]
    assert abs(notches[0].freq / FREQ - 1) < 0.03
    assert stage.bands[:4] == list(FLAT[:4])
    assert stage.loop.health()[1].startswith(f"notched: {notches[0].freq:.0f} Hz -3 dB; ")
    stage.gain = 0.5
    stage.seconds(65)
    assert not any(band.gain for band in stage.bands)
    assert "notched" not in stage.loop.health()[1]


def test_without_auto_nothing_stops_it() -> None:
    stage = Stage()
    stage.seconds(15)
    usual = np.mean(stage.levels[-100:])
    stage.seconds(0.1, EqCommand(time=0.0, source="test", do="advise"))
    stage.gain = 10 ** (1.5 / 20)
    stage.seconds(10)
    assert np.mean(stage.levels[-20:]) > 5 * usual
    assert stage.bands == list(FLAT)


def test_a_loop_that_no_notch_may_stop_is_said_to_need_less_level() -> None:
    stage = Stage()
    stage.seconds(15)
    stage.gain = 10 ** (30 / 20)
    stage.seconds(10)
    state, words = stage.loop.health()
    assert state is State.DEGRADED
    assert "turn down" in words
    assert min(band.gain for band in stage.bands) == -12.0


def notched() -> Stage:
    """A loop past its margin that has its notch."""
    stage = Stage()
    stage.seconds(15)
    stage.gain = 10 ** (1.5 / 20)
    stage.seconds(6)
    assert any(band.gain for band in stage.bands)
    return stage


@pytest.mark.slow
def test_whose_notches_they_are_outlives_a_crash_and_an_end() -> None:
    stage = notched()
    for found in (stage.loop.found, stage.loop.found.left()):
        again = Stage(decoded(encoded({"main": found}))["main"], tuple(stage.bands))
        again.now = stage.now
        again.seconds(3)
        assert again.loop.state is not None
        assert again.loop.state.owners == ("showctl",) * 4 + ("notch",) * 2
        assert any(band.gain for band in again.bands)
        again.seconds(62)
        assert not any(band.gain for band in again.bands)


def test_a_fit_knows_nothing_of_notches() -> None:
    """What they do is no part of what it is told of the room, nor its bands."""
    stage = notched()
    done = stage.loop._notched(ConsoleState(stage.now, tuple(stage.bands)))
    assert done.min() < -1.0
    assert np.allclose(stage.loop._held, done)


def test_the_daemon_steps_at_once_where_it_howls(tmp_path: Path) -> None:
    async def steps() -> int:
        part, now = pa_part.made(tmp_path, PLAN), []
        part._step = lambda: now.append(1)  # type: ignore[method-assign]
        task = asyncio.create_task(part.run())
        try:
            async with asyncio.timeout(0.8):  # less than a second
                while len(now) < 3:
                    await asyncio.sleep(0)
                    assert part.room is not None
                    part.room._on_heard(
                        RoomHeard(1.0, State.RUNNING, "", howls=(Howl(1.0, FREQ, -10.0, 30.0, FREQ, "it howls"),))
                    )
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return len(now)

    assert asyncio.run(steps()) >= 3


def test_an_x32_has_its_notch_a_tenth_of_a_second_after_the_step() -> None:
    stand = on(Stand(limits=Limits(PLAN.gain, PLAN.q)))
    loop = pa_loop.Loop(PLAN, PLAN.zones[0], pa_loop.target_of(PLAN))
    loop.step(stand.now, stand.us.take("main"))
    loop.hear(RoomHeard(stand.now, State.RUNNING, "", howls=(Howl(stand.now, FREQ, -10.0, 30.0, FREQ, "it howls"),)))
    state = loop.step(stand.now, stand.us.take("main"))
    for index, band in state.writes:
        assert stand.us.write("main", index, band)
    stand.run(0.1)
    band = stand.us.take("main").bands[4]
    assert (band.kind, band.gain) == ("peaking", -3.0)
    assert abs(band.freq / FREQ - 1) < 0.02
    assert 7.5 < band.q <= 8.0
    for _ in range(80):
        stand.run(1.0)
        for index, to in loop.step(stand.now, stand.us.take("main")).writes:
            assert stand.us.write("main", index, to)
    assert stand.us.take("main").bands[4].gain == 0.0
    assert loop.state is not None
    assert loop.state.owners == ("showctl",) * 4 + ("notch",) * 2
