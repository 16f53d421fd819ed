"""The policy, the dialogue and a console: what is wanted gets there, through losses, hands and a console without power."""

from __future__ import annotations

import random

import numpy as np
import pytest

from showctl.analysis.room.biquad import cascade_db
from showctl.analysis.room.grid import BANDS
from showctl.model import EqBand, EqCommand, EqInputs, EqState, EqWanted
from showctl.show.eq_limits import EqSettings
from showctl.show.eq_policy import WORTH, EqPolicy
from showctl.wire.x32 import Limits, quantised
from tests.show.eq_desk import FLAT, response
from tests.wire.x32_stand import Stand, on, raw

LIMITS = Limits()
WANTED = tuple(
    quantised(EqBand("peaking", freq, gain, q), LIMITS)
    for freq, gain, q in ((118.0, -3.0, 3.0), (420.0, -2.0, 1.5), (2500.0, -1.5, 2.0))
)


class Loop:
    """Everything but the sound: the room is one that the wanted bands make flat."""

    def __init__(self, **fake: bool) -> None:
        self.stand = on(Stand(limits=LIMITS, **fake))
        settings = EqSettings(FLAT, ("left",), least_gain=LIMITS.gain[0], most_gain=LIMITS.gain[1])
        self.policy = EqPolicy(settings, cascade_db, "auto")
        self.room = -cascade_db(WANTED, BANDS)
        self.commands: tuple[EqCommand, ...] = ()

    def second(self) -> EqState:
        """One step of the policy, and what comes of it."""
        now, console = self.stand.now, self.stand.us.take("main")
        heard = self.room + (cascade_db(console.bands, BANDS) if console.bands else FLAT)
        inputs = EqInputs(console, (response(now, heard),), EqWanted(now, WANTED), -20.0, commands=self.commands)
        self.commands = ()
        state = self.policy.step(now, inputs)
        for index, band in state.writes:
            self.stand.us.write("main", index, band, state.snapshot[index])
        if state.switch == "on":
            self.stand.us.switch_on("main")
        elif state.switch == "found":
            self.stand.us.switch_back("main")
        self.stand.run(1.0)
        return state

    def seconds(self, count: int) -> list[EqState]:
        return [self.second() for _ in range(count)]

    def level(self) -> np.ndarray:
        return cascade_db(self.stand.us.take("main").bands, BANDS)


@pytest.mark.slow
@pytest.mark.parametrize("fake", [{}, {"rounds": True}, {"rounds": True, "tells_all": True}])
def test_what_is_wanted_is_at_the_console_in_the_end_and_every_band_is_still_ours(fake: dict[str, bool]) -> None:
    chance = random.Random(3)
    loop = Loop(**fake)
    loop.stand.loses = lambda _: chance.random() < 0.1
    states = loop.seconds(240)
    assert set(states[-1].owners) == {"showctl"}
    assert np.std(loop.level() - cascade_db(WANTED, BANDS)) < WORTH  # the rest promises too little to be moved for
    assert np.std(cascade_db(WANTED, BANDS)) > 2 * WORTH
    assert states[-1].frozen == ""


@pytest.mark.slow
def test_a_band_that_is_touched_is_never_moved_again_until_it_is_handed_back() -> None:
    loop = Loop()
    loop.seconds(20)
    moving = next(i for i in range(6) if raw(loop.stand, i)[2] != 0.5)
    loop.stand.hand(f"/main/st/eq/{moving + 1}/g", 0.6)
    states = loop.seconds(30)
    assert states[-1].owners[moving] == "engineer"
    assert raw(loop.stand, moving)[2] == pytest.approx(0.6)
    loop.commands = (EqCommand(time=0.0, source="web", do="yours", band=moving),)
    loop.seconds(30)
    assert raw(loop.stand, moving)[2] < 0.6


def test_a_cut_of_the_engineers_is_his_whatever_is_commanded() -> None:
    loop = Loop()
    loop.stand.hand("/main/st/eq/1/type", 0)
    loop.seconds(2)
    loop.commands = (EqCommand(time=0.0, source="web", do="yours", band=0),)
    states = loop.seconds(20)
    assert states[-1].owners[0] == "engineer"
    assert raw(loop.stand, 0)[0] == 0


@pytest.mark.slow
def test_a_console_without_power_freezes_it_and_it_goes_on_after() -> None:
    loop = Loop()
    loop.seconds(10)
    before = [raw(loop.stand, i) for i in range(6)]
    loop.stand.off = True
    frozen = [bool(state.frozen) for state in loop.seconds(20)]
    assert frozen.index(True) <= 5
    assert all(frozen[6:])
    assert [raw(loop.stand, i) for i in range(6)] == before
    loop.stand.off = False
    states = loop.seconds(60)
    assert states[-1].frozen == ""
    assert set(states[-1].owners) == {"showctl"}
    assert [raw(loop.stand, i) for i in range(6)] != before


def test_an_equaliser_that_is_off_freezes_it_until_it_is_switched_on() -> None:
    loop = Loop()
    loop.stand = Stand(limits=LIMITS)
    loop.stand.run(1.0)
    assert "switched off" in loop.seconds(8)[-1].frozen
    assert loop.stand.writes() == []
    hidden = [raw(loop.stand, i) for i in range(6)]
    loop.commands = (EqCommand(time=0.0, source="web", do="switch_on"),)
    states = loop.seconds(30)
    assert states[-1].frozen == ""
    assert set(states[-1].owners) == {"showctl"}
    assert loop.stand.us.take("main").on
    assert any(raw(loop.stand, i)[2] < 0.5 for i in range(6))
    for _ in range(2):
        loop.commands = (EqCommand(time=0.0, source="web", do="restore"),)
        states = loop.seconds(15)
        assert not loop.stand.us.take("main").on
        assert [raw(loop.stand, i) for i in range(6)] == hidden
        assert "switched off" in states[-1].frozen
        assert set(states[-1].owners) == {"showctl"}
        loop.commands = (EqCommand(time=0.0, source="web", do="switch_on"),)
        states = loop.seconds(15)
        assert loop.stand.us.take("main").on
        assert set(states[-1].owners) == {"showctl"}
