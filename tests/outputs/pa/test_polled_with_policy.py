"""The policy and consoles that are polled: what is wanted gets there in small pieces, and no rounding is taken for a hand."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest

from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.devices import DEVICES
from showctl.analysis.room.grid import BANDS
from showctl.config.consoles import CONSOLES
from showctl.model import ConsoleState, EqBand, EqCommand, EqInputs, EqState, EqWanted
from showctl.show.eq_limits import EqSettings
from showctl.show.eq_policy import WORTH, EqPolicy
from showctl.wire.polled import PIECE, Polled
from tests.fakes.qsys import Core
from tests.show.eq_desk import FLAT, response
from tests.wire.test_template_dialogue import BLIND, LIMITS, QSYS, TEXT, Mixer
from tests.wire.test_template_dialogue import Stand as Lines

WANTED = (EqBand("peaking", 118.0, -3.0, 3.0), EqBand("peaking", 423.0, -2.0, 1.5), EqBand("peaking", 2510.0, -1.5, 2.0))
GRID = np.geomspace(20, 20_000, 400)


def narrow(value: float) -> float:
    """Once through 32 bits and six decimals, as PipeWire has it."""
    return float(f"{struct.unpack('f', struct.pack('f', value))[0]:.6f}")


class Chain:
    """A filter-chain: `Polled` and filters, a round of it as often as PipeWire is asked."""

    device = "pipewire"

    def __init__(self) -> None:
        self.now, self.bands = 0.0, [EqBand("peaking", 125.0 * 2**n, 0.0, 1.0) for n in range(6)]
        self.us = Polled(LIMITS)
        self.us.read(tuple(self.bands))

    def write(self, index: int, band: EqBand, found: EqBand | None) -> None:
        self.us.write(index, band, found)

    def take(self) -> ConsoleState:
        return self.us.take(self.now)

    def run(self) -> None:
        for _ in range(10):
            self.us.read(tuple(self.bands))
            for i, band in self.us.due().items():
                self.bands[i] = EqBand(band.kind, narrow(band.freq), narrow(band.gain), narrow(band.q))
            self.now += 0.1

    def held(self) -> list[EqBand]:
        return list(self.bands)


class Described:
    """A console by its own lines."""

    device = "template"

    def __init__(self, stand: Lines) -> None:
        self.stand = stand
        stand.run(1.0)

    def write(self, index: int, band: EqBand, found: EqBand | None) -> None:
        self.stand.us.write("main", index, band, found)

    def take(self) -> ConsoleState:
        return self.stand.take()

    def run(self) -> None:
        self.stand.run(1.0)

    @property
    def now(self) -> float:
        return self.stand.now

    def held(self) -> list[EqBand]:
        console = self.stand.console
        if isinstance(console, Core):
            rows = [[console.controls[f"main.{key}.{n}"] for key in ("freq", "gain", "q")] for n in range(1, 7)]
        else:
            rows = [[float(word) for word in text.split()] for text in console.bands.values()]
        return [EqBand("peaking", *row) for row in rows]


class Loop:
    """Everything but the sound: the room is one that the wanted bands make flat."""

    def __init__(self, console: Chain | Described) -> None:
        self.console, device = console, DEVICES[console.device]
        gain = device.gain

        def snap(band: EqBand) -> EqBand:
            return replace(band, freq=device.freq.nearest(band.freq), q=device.q.nearest(band.q))

        grain = (gain.high - gain.low) / (gain.count - 1)
        self.policy = EqPolicy(EqSettings(FLAT, ("left",), grain=grain, snap=snap), cascade_db, "auto")
        self.room = -cascade_db(WANTED, BANDS)

    def second(self, *commands: EqCommand) -> EqState:
        """One step of the policy, and what comes of it."""
        console, now = self.console.take(), self.console.now
        heard = self.room + cascade_db(self.console.held(), BANDS)
        wanted = EqWanted(now, WANTED)
        state = self.policy.step(now, EqInputs(console, (response(now, heard),), wanted, -20.0, commands=commands))
        for index, band in state.writes:
            self.console.write(index, band, state.snapshot[index])
        self.console.run()
        return state


def test_what_is_fitted_for_them_is_peaking_bands_alone() -> None:
    for name in ("pipewire", "template"):
        assert CONSOLES[name].device == name  # type: ignore[index]
        assert DEVICES[name].kinds == ("peaking",)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [Chain, lambda: Described(Lines(QSYS, Core())), lambda: Described(Lines(TEXT, Mixer()))],
    ids=["pipewire", "q-sys", "text"],
)
def test_what_is_wanted_gets_there_and_every_band_is_still_ours(make: type[Chain]) -> None:
    loop = Loop(make())
    states = [loop.second() for _ in range(240)]
    assert set(states[-1].owners) == {"showctl"}
    assert states[-1].frozen == ""
    assert not any(dict(event.data)["did"] in ("owner", "sent_again", "given_up") for state in states for event in state.events)
    assert np.std(cascade_db(loop.console.held(), BANDS) - cascade_db(WANTED, BANDS)) < WORTH
    assert np.std(cascade_db(WANTED, BANDS)) > 2 * WORTH
    moved = loop.console.held()
    assert max(abs(band.gain) for band in moved) > 1.5
    for command in [(EqCommand(time=loop.console.now, do="bypass"),), *[()] * 8]:
        loop.second(*command)
    assert max(abs(band.gain) for band in loop.console.held()) < 0.06
    states = [loop.second(EqCommand(time=loop.console.now, do="unbypass"))] + [loop.second() for _ in range(8)]
    assert [band.gain for band in loop.console.held()] == pytest.approx([band.gain for band in moved], abs=0.06)
    assert set(states[-1].owners) == {"showctl"}


def test_a_bypass_goes_to_a_filter_chain_in_pieces() -> None:
    chain = Chain()
    for _ in range(8):
        chain.write(2, EqBand("peaking", 500.0, -6.0, 4.0), None)
        chain.run()
    steps = []
    chain.write(2, EqBand("peaking", 500.0, 0.0, 4.0), None)
    while not chain.us.settled:
        before = chain.bands[2]
        chain.us.read(tuple(chain.bands))
        for i, band in chain.us.due().items():
            chain.bands[i] = band
        steps.append(float(np.abs(cascade_db([chain.bands[2]], GRID) - cascade_db([before], GRID)).max()))
    assert max(steps) <= PIECE + 0.01
    assert len(steps) >= 12


def test_one_that_cannot_be_asked_waits_until_it_was_made_flat() -> None:
    console = Described(Lines(BLIND, Mixer()))
    loop = Loop(console)
    state = loop.second()
    assert state.writes == ()
    assert "`showctl room apply --switch-on`" in state.frozen
    state = loop.second(EqCommand(time=console.now, do="switch_on"))
    assert state.switch == "on"
    console.stand.us.switch_on("main")
    for _ in range(5):
        state = loop.second()
    assert state.frozen == ""
    assert set(state.owners) == {"showctl"}
