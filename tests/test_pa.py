"""The loop over the PA, closed: sound through a room that is known, what hears it, the fit, the policy and a console, in
simulated time; and what is said when a microphone, a cable or the console fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from showctl import pa, pa_kept, pa_loop
from showctl.analysis.room.biquad import cascade_db, coefficients
from showctl.analysis.room.grid import BANDS, smoothed
from showctl.fitting import fitted
from showctl.inputs.room.listening import Listening
from showctl.model import AudioBlock, ConsoleState, EqBand, EqCommand, EqState, Health, State, WireError
from showctl.outputs.pa.x32 import X32Console
from showctl.plan import PaMicrophone, PaPlan
from showctl.show.eq_bands import NOTHING, Found
from showctl.wire.camilla import KINDS
from showctl.wire.fitting import FitAnswer, FitJob
from showctl.wire.room import RoomHeard, RoomSetup
from showctl.wire.x32 import Limits
from tests import pa_part
from tests.analysis.room.test_transfer import crowd, programme
from tests.inputs.test_ear_client import eventually
from tests.pa_part import made
from tests.wire.camilla_stand import Stand as CamillaStand
from tests.wire.x32_stand import Stand, on

RATE = 48_000
Sound = NDArray[np.float64]
PLAN = replace(pa_part.PLAN, mode="auto")
SYSTEM = (EqBand("peaking", 130.0, 4.0, 2.0), EqBand("peaking", 900.0, 2.5, 1.5), EqBand("peaking", 3200.0, 3.5, 1.2))


def sections(bands: tuple[EqBand, ...]) -> Sound:
    return np.array([coefficients(band, RATE) for band in bands]).reshape(-1, 6)


def response_of(seed: int, delay: float) -> Sound:
    """The system in a room, at one place."""
    draw = np.random.default_rng(seed)
    taps = draw.normal(size=RATE // 4) * np.exp(-6.9 * np.arange(RATE // 4) / (0.3 * RATE)) * 0.01
    taps[0] = 1.0
    return np.concatenate([np.zeros(round(delay * RATE)), signal.sosfilt(sections(SYSTEM), taps)])


class Hall:
    """A desk that plays, an equaliser at a console, a room and what hears it; a second at a time."""

    def __init__(self, plan: PaPlan = PLAN, seconds: int = 60, stand: Stand | CamillaStand | None = None) -> None:
        self.stand = stand or on(Stand(limits=Limits(plan.gain, plan.q)))
        self.song = programme(seconds).astype(np.float64)
        self.rooms = [response_of(1, 0.012), response_of(2, 0.021)]
        self.loop = pa_loop.Loop(plan, plan.zones[0], pa_loop.target_of(plan))
        self.listening = Listening(RoomSetup("", plan.programme, plan.microphones), RATE, [None, None])
        self.states: list[EqState] = []
        self.answers: list[FitAnswer] = []
        self.noise = 0.03
        self.wired: Callable[[Sound], Sound] = lambda inputs: inputs  # (frames, inputs)
        self._zi: Sound | None = None
        self._tails = [np.zeros(len(room) - 1) for room in self.rooms]
        self._second = 0

    @property
    def bands(self) -> tuple[EqBand, ...]:
        return self.stand.us.take("main").bands

    def second(self, *commands: EqCommand) -> EqState:
        console = self.stand.us.take("main")
        self.listening.play(pa.played(console))
        self.listening.feed(AudioBlock(self._second * RATE, self.wired(self._sound(console.bands)).astype(np.float32), RATE))
        self._second += 1
        shift = self.stand.now - self.listening.end  # the stream's clock is not the show's
        heard = self.listening.take()
        self.loop.hear(replace(heard, responses=tuple(one and replace(one, time=one.time + shift) for one in heard.responses)))
        state = self.loop.step(self.stand.now, console, commands)
        for index, band in state.writes:
            self.stand.us.write("main", index, band)
        if (job := self.loop.job(self.stand.now)) is not None:
            self.answers.append(fitted(job))
            self.loop.fitted(job, self.answers[-1])
        self.stand.run(1.0)
        self.states.append(state)
        return state

    def seconds(self, count: int) -> list[EqState]:
        return [self.second() for _ in range(count)]

    def _sound(self, bands: tuple[EqBand, ...]) -> Sound:
        at = self._second * RATE % len(self.song)
        dry = self.song[at : at + RATE]
        wet = dry
        if bands:
            zi = np.zeros((len(bands), 2)) if self._zi is None else self._zi
            wet, self._zi = signal.sosfilt(sections(bands), dry, zi=zi)
        heard = []
        for n, room in enumerate(self.rooms):
            full = signal.fftconvolve(wet, room)
            full[: len(self._tails[n])] += self._tails[n]
            self._tails[n] = full[RATE:]
            heard.append(full[:RATE] + self.noise * crowd(RATE, 100 * self._second + n) / 0.1)
        return np.stack([dry, *heard], axis=1)

    def level(self) -> Sound:
        return cascade_db(self.bands, BANDS)

    def oracle(self, device: str = "x32") -> FitAnswer:
        """A fit that knows the rooms themselves."""
        freqs = np.fft.rfftfreq(1 << 17, 1 / RATE)
        curves = [smoothed(freqs, np.abs(np.fft.rfft(room, 1 << 17)) ** 2, BANDS) for room in self.rooms]
        rows = tuple(tuple(curve.tolist()) for curve in curves)
        trust = tuple((1.0,) * len(BANDS) for _ in rows)
        return fitted(FitJob(0.0, tuple(BANDS.tolist()), rows, trust, device, 6, PLAN.gain, PLAN.boost, PLAN.q))

    def trusted(self) -> NDArray[np.bool_]:
        heard = self.loop._responses()
        return np.all([one.trusted for one in heard if one is not None], axis=0)


@pytest.mark.slow
def test_the_loop_closes_on_what_a_fit_that_knows_the_room_would_have() -> None:
    hall = Hall()
    oracle = hall.oracle()
    wanted = cascade_db(oracle.bands, BANDS)
    assert oracle.before > 1.0
    hall.seconds(200)
    trusted = hall.trusted()
    assert trusted.mean() > 0.6
    assert np.std((hall.level() - wanted)[trusted]) < 0.8
    began = np.std(wanted[trusted])
    assert np.std((hall.level() - wanted)[trusted]) < 0.5 * began
    after = hall.level()
    hall.seconds(60)
    assert np.abs(hall.level() - after).max() < 0.8  # it has come to rest
    assert not any(dict(event.data)["did"] == "rolled_back" for state in hall.states for event in state.events)
    assert hall.loop.health()[0] is State.RUNNING


@pytest.mark.slow
def test_the_loop_closes_through_camilladsp_too_and_over_its_restart() -> None:
    zone = replace(PLAN.zones[0], bands=0, device="camilladsp")
    plan = replace(PLAN, console="camilladsp", zones=(zone,))
    stand = CamillaStand(limits=Limits(plan.gain, plan.q))
    stand.run(1.0)
    hall = Hall(plan, stand=stand)
    wanted = cascade_db(hall.oracle("camilladsp").bands, BANDS)
    hall.seconds(200)
    trusted = hall.trusted()
    off = np.std((hall.level() - wanted)[trusted])
    assert off < 0.8
    assert off < 0.5 * np.std(wanted[trusted])
    assert hall.loop.health()[0] is State.RUNNING
    held = hall.level()
    for do, level in (("bypass", 0.0 * held), ("unbypass", held)):
        hall.second(EqCommand(time=0.0, source="test", do=do))  # type: ignore[arg-type]
        hall.seconds(7)
        assert np.abs(hall.level() - level).max() < 0.6
    assert stand.us.take("main").found == 0, "back to what was found by our own hand"
    stand.fake.restart()
    hall.seconds(3)
    assert np.abs(hall.level()).max() < 0.6
    assert hall.states[-1].owners == ("showctl",) * 6
    hall.seconds(30)
    assert np.abs(hall.level()).max() > 0.9, "it begins anew"
    assert hall.states[-1].owners == ("showctl",) * 6
    assert stand.us.take("main").found == 1
    for _, name, old, new in stand.steps:
        assert name != "hp"
        bands = (EqBand(KINDS[one["type"]], one["freq"], one["gain"], one["q"]) for one in (old, new))
        first, then = (cascade_db([band], BANDS) for band in bands)
        assert np.abs(first - then).max() < 0.52


def still(states: list[EqState]) -> bool:
    return not any(state.writes for state in states)


@pytest.fixture(scope="module")
def moved() -> Hall:
    """A hall in which the equaliser has moved; a test takes a copy of it."""
    hall = Hall(seconds=60)
    hall.seconds(40)
    assert not still(hall.states)
    return hall


@pytest.mark.slow
def test_a_dead_microphone_freezes_the_equaliser_and_is_named(moved: Hall) -> None:
    hall = deepcopy(moved)
    hall.wired = lambda inputs: inputs * [1.0, 1.0, 0.0]
    states = hall.seconds(12)
    assert still(states[4:])
    assert "microphone right is dead" in states[-1].frozen
    assert "stands still: microphone right is dead" in hall.loop.health()[1]
    hall.wired = lambda inputs: inputs * [1.0, 1.0, 1e-5]  # a cable without its microphone: the input's own noise
    states = hall.seconds(8)
    assert still(states)
    assert "microphone right hears nothing while the programme plays" in states[-1].frozen


@pytest.mark.slow
def test_a_swapped_cable_end_freezes_the_equaliser_and_says_what_is_swapped(moved: Hall) -> None:
    hall = deepcopy(moved)
    hall.wired = lambda inputs: inputs[:, [0, 2, 1]]  # the microphones, one for the other
    states = hall.seconds(30)
    assert still(states[8:])
    assert (
        "microphones left and right look swapped: left hears now what right heard, and right what left heard" in states[-1].frozen
    )
    line = deepcopy(moved)
    line.wired = lambda inputs: np.stack([inputs[:, 0], inputs[:, 1], inputs[:, 0]], axis=1)  # a line where a microphone was
    states = line.seconds(30)
    assert still(states[8:])
    assert "is a line in its input" in states[-1].frozen


@pytest.mark.slow
def test_a_microphone_that_hears_something_else_is_named() -> None:
    hall = Hall(seconds=60)
    hall.wired = lambda inputs: np.stack([inputs[:, 0], inputs[:, 1], 0.1 * crowd(len(inputs))], axis=1)
    states = hall.seconds(60)
    assert still(states)
    assert "microphone right does not hear the programme" in states[-1].frozen


@pytest.mark.slow
def test_a_dead_console_freezes_the_equaliser_and_is_told(moved: Hall) -> None:
    hall = deepcopy(moved)
    hall.stand.off = True
    states = hall.seconds(10)
    assert still(states[-3:])
    assert "no answer from the console" in states[-1].frozen
    assert "no answer from the console" in hall.loop.health()[1]
    hall.stand.off = False
    assert not still(hall.seconds(40))


@pytest.mark.slow
def test_it_says_so_while_nothing_is_heard_and_while_nothing_plays(moved: Hall) -> None:
    hall = deepcopy(moved)
    hall.wired = lambda inputs: inputs * 0.0 + 1e-3 * crowd(len(inputs))[:, None] * [0.0, 1.0, 1.0]
    states = hall.seconds(8)
    assert "the programme is silent" in states[-1].frozen
    state = hall.loop.step(hall.stand.now, hall.stand.us.take("main"), (), "the card has gone away")
    assert state.frozen == "the card has gone away"


@pytest.mark.slow
def test_advise_moves_nothing_until_it_is_taken_over_and_bypass_and_undo_are_obeyed() -> None:
    hall = Hall(replace(PLAN, mode="advise"))
    assert still(hall.seconds(45))
    assert "`showctl room apply` takes it over" in hall.loop.health()[1]
    hall.second(EqCommand(time=0.0, source="test", do="apply"))
    hall.seconds(40)
    assert hall.level().min() < -0.9
    hall.second(EqCommand(time=0.0, source="test", do="bypass"))
    states = hall.seconds(6)
    assert np.abs(hall.level()).max() < 0.01
    assert "bypassed" in states[-1].frozen
    hall.second(EqCommand(time=0.0, source="test", do="unbypass"))
    hall.seconds(6)
    assert hall.level().min() < -0.9
    hall.second(EqCommand(time=0.0, source="test", do="undo"))
    hall.seconds(6)
    assert np.abs(hall.level()).max() < 0.01
    off = Hall(replace(PLAN, mode="off"))
    assert still(off.seconds(30))
    assert not off.answers


def test_a_level_is_told_of_a_microphone_whose_sensitivity_is_known() -> None:
    setup = RoomSetup("", (1,), (PaMicrophone("left", 2), PaMicrophone("right", 3, sensitivity=-30.0)))
    listening = Listening(setup, RATE, [None, None])
    tone = np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE) * np.sqrt(2) * 10 ** (-30 / 20)
    listening.feed(AudioBlock(0, np.stack([0 * tone, tone, tone], axis=1).astype(np.float32), RATE))
    heard: RoomHeard = listening.take()
    assert heard.levels[0] is None
    assert heard.levels[1] is not None
    assert heard.levels[1].la == pytest.approx(94.0, abs=0.1)


@pytest.mark.slow
async def test_a_fit_in_a_process_of_its_own_is_the_same_fit_and_has_a_deadline() -> None:
    row = tuple((4.0 * np.exp(-(np.log2(BANDS / 200) ** 2) * 4)).tolist())
    job = FitJob(1.0, tuple(BANDS.tolist()), (row,), ((1.0,) * len(row),), "x32", 6, (-12.0, 3.0), 0.0, (0.5, 8.0))
    answer = await pa.fit(job)
    assert answer == fitted(job)
    assert answer.after < 0.5 * answer.before
    assert "took longer than 0 s" in (await pa.fit(job, 0.0)).refused
    silent = replace(job, trust=((0.0,) * len(row),))
    assert "less than an octave" in (await pa.fit(silent)).refused


def test_what_was_found_outlives_a_crash_for_the_same_equaliser_alone() -> None:
    found = Found((EqBand("peaking", 100.0, -3.0, 1.0), EqBand("high_shelf", 5000.0, 0.0, 0.7)), ("showctl", "engineer"))
    found = replace(found, held=found.snapshot[::-1], bypassed=found.snapshot, undo=(found.snapshot,) * 3, asked=("auto", "off"))
    left = found.left()
    assert left == Found(owners=found.owners, held=found.held)
    assert replace(found, owners=("showctl",) * 2).left() == NOTHING
    both = {"x32 main": found, "x32 mtx/1": left}
    assert pa_kept.decoded(pa_kept.encoded(both)) == both
    for nonsense in (
        b"",
        b"[]",
        b'{"a": 1}',
        b'{"a": {"snapshot": [], "owners": ["me"]}}',
        b'{"a": {"snapshot": 1, "owners": []}}',
    ):
        with pytest.raises(WireError):
            pa_kept.decoded(nonsense)
    for nonsense in (b'["auto"]', b'["auto", "loud"]', b'"auto"'):
        with pytest.raises(WireError):
            pa_kept.decoded(pa_kept.encoded({"a": found}).replace(b'["auto", "off"]', nonsense))
    no_bands = [
        replace(found, snapshot=(replace(found.snapshot[0], **wrong), found.snapshot[1]))
        for wrong in ({"freq": 0.0}, {"q": -1.0})
    ]
    for wrong in (
        {"a": replace(left, owners=("engineer",))},
        {str(n): left for n in range(pa_kept.MOST + 1)},
        *({"a": one} for one in no_bands),
    ):
        with pytest.raises(WireError):
            pa_kept.decoded(pa_kept.encoded(wrong))
    hall = Hall(seconds=20)
    hall.loop = pa_loop.Loop(PLAN, PLAN.zones[0], np.zeros(len(BANDS)), Found(found.snapshot * 3, found.owners * 3))
    state = hall.second()
    assert state.snapshot == found.snapshot * 3
    assert state.owners == found.owners * 3


async def test_what_was_found_is_on_disk_while_it_runs_and_gone_when_it_was_asked_to_end(tmp_path: Path) -> None:
    told: list[Health] = []
    kept, plan = tmp_path / "state" / "kept.json", replace(PLAN, microphones=())

    part = made(kept.parent, plan, told)
    bands = (EqBand("peaking", 100.0, -3.0, 1.0),) * 6

    class Desk(X32Console):
        def console(self, name: str) -> ConsoleState:
            return ConsoleState(time.monotonic(), bands)

    assert isinstance(part.console, X32Console)
    part.console.__class__ = Desk
    assert list(part.parts()) == ["console", "pa"]
    task = asyncio.create_task(part.run())
    await eventually(kept.exists, "the file")
    assert "no microphone is named" in told[-1].detail
    again = made(kept.parent, plan)
    assert again._kept.of(again._which) == Found(bands, ("showctl",) * 6, bands)
    kept.write_bytes(b"nonsense")
    assert made(kept.parent, plan)._kept.of(again._which) == NOTHING
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert kept.exists()
    part.forget()
    assert not kept.exists()
    part._kept._write(b"late")  # a thread that a disk held up
    assert not kept.exists()
