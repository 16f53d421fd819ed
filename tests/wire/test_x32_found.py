"""What is found at a console and left as it is: switches, cuts, graphic mode, bands beyond the limits."""

from __future__ import annotations

import pytest

from showctl.model import EqBand, State
from showctl.wire import x32
from tests.fakes.x32 import FakeConsole
from tests.wire.x32_stand import CUT, VENUE, Stand, on, raw


def test_an_equaliser_that_is_off_shows_what_is_heard_of_it_and_is_flat_before_it_is_switched_on() -> None:
    stand = Stand()
    stand.fake.hand("/main/st/eq/4/g", 0.9, 0.0)  # what the switch hides
    stand.fake.hand("/main/st/eq/4/type", 2, 0.0)
    stand.run(1.0)
    state = stand.us.take("main")
    assert not state.on
    assert state.touched == ()  # an emulator begins as six cuts, switched off
    assert {band.gain for band in state.bands} == {0.0}
    assert stand.us.switch_on("main")
    stand.run(3.0)
    assert stand.us.settled("main")
    assert stand.fake.value("/main/st/eq/on") == 1
    assert stand.writes()[-1] == ("/main/st/eq/on", 1.0)
    assert {raw(stand, i)[0] for i in range(6)} == {2}
    assert [raw(stand, i)[2] for i in range(6)] == [0.5] * 6
    after = stand.us.take("main")
    assert after.on
    assert after.bands == state.bands
    assert after.touched == ()
    assert not stand.us.switch_on("main")


def test_what_the_engineer_switches_on_is_shown_as_it_is() -> None:
    stand = Stand()
    for i in range(6):
        stand.fake.hand(f"/main/st/eq/{i + 1}/type", 2, 0.0)
    stand.fake.hand("/main/st/eq/4/g", 0.9, 0.0)
    stand.run(1.0)
    stand.hand("/main/st/eq/on", 1)
    state = stand.us.take("main")
    assert state.on
    assert state.bands[3].gain == pytest.approx(12.0)


def test_what_a_hand_switches_off_stays_off() -> None:
    stand = on(Stand())
    stand.hand("/main/st/eq/on", 0)
    assert not stand.us.take("main").on
    stand.us.write("main", 0, CUT)
    stand.run(1.0)
    assert stand.fake.value("/main/st/eq/on") == 0
    assert "switched off" in stand.us.health(stand.now)[1]


def test_cuts_that_are_in_use_are_the_engineers_as_long_as_they_are_cuts() -> None:
    stand = on(Stand())
    stand.hand("/main/st/eq/1/type", 0)
    for _ in range(2):
        state = stand.us.take("main")
        assert state.touched == (0,)
        assert state.bands[0] == EqBand("peaking", x32.heard((0, 0.5, 0, 0))[0], 0.0, x32.heard((0, 0, 0, 33 / 71))[2])
        assert not stand.us.write("main", 0, CUT)
        stand.run(0.5)
    stand.hand("/main/st/eq/1/type", 2)
    assert stand.us.take("main").touched == (0,)
    assert stand.us.take("main").touched == ()
    assert stand.us.write("main", 0, CUT)


def test_a_limit_gives_way_to_what_was_found_and_to_nothing_beyond_it() -> None:
    stand = Stand(limits=VENUE)
    for address, value in {"on": 1, "1/type": 2, "1/f": 0.0, "1/g": 1.0, "1/q": 1.0}.items():
        stand.fake.hand(f"/main/st/eq/{address}", value, 0.0)
    stand.run(1.0)
    found = stand.us.take("main").bands[0]
    for gain, held in ((15.0, 15.0), (-30.0, -6.0), (15.0, 15.0), (7.0, 7.0)):
        stand.us.write("main", 0, EqBand("peaking", found.freq, gain, found.q))
        stand.run(0.3)
        assert stand.us.take("main").bands[0] == EqBand("peaking", found.freq, held, found.q)


def test_graphic_mode_of_an_x_air_is_said_and_counts_as_off() -> None:
    stand = on(Stand(model="xr18"))
    assert stand.us.take("main").on
    for mode in (1, 2):
        stand.hand("/lr/eq/mode", mode)
        told = stand.us.take("main")
        assert (told.on, told.graphic) == (False, True)
        state, words = stand.us.health(stand.now)
        assert state is State.DEGRADED
        assert "set it to PEQ at the console" in words
    stand.hand("/lr/eq/on", 0)
    stand.run(1.0)
    said = len(stand.sent)
    assert not stand.us.switch_on("main")  # its graphic bands would be heard
    stand.run(1.0)
    assert stand.writes(said) == []
    stand.hand("/lr/eq/mode", 0)
    told = stand.us.take("main")
    assert (told.on, told.graphic) == (False, False)
    assert stand.us.switch_on("main")
    stand.run(1.0)
    assert stand.us.take("main").on
    assert stand.fake.value("/lr/eq/mode") == 0


def test_a_console_of_the_other_type_is_never_written_to() -> None:
    """/ch/01/eq is an address of both."""
    stand = Stand("ch/1", model="x32")
    stand.fake = FakeConsole("xr18")
    on(stand)
    assert not stand.us.write("ch/1", 0, EqBand("peaking", 100.0, -3.0, 1.0))
    assert not stand.us.switch_on("ch/1")
    stand.run(1.0)
    assert stand.writes() == []
    assert stand.us.take("ch/1").bands == ()
    assert "correct the file" in stand.us.health(stand.now)[1]


def test_what_a_switch_hid_comes_back_behind_it_but_for_what_a_hand_has_moved() -> None:
    stand = Stand()
    before = [
        (3, 0.31, 0.61, 0.2),
        (2, 0.5, 0.4, 0.1),
        (1, 0.2, 0.55, 0.3),
        (2, 0.6, 0.5, 0.4),
        (4, 0.9, 0.5, 0.3),
        (2, 0.7, 0.2, 0.2),
    ]
    for i, values in enumerate(before):
        for key, value in zip(("type", "f", "g", "q"), values, strict=True):
            stand.fake.hand(f"/main/st/eq/{i + 1}/{key}", value, 0.0)
    stand.run(1.0)
    assert not stand.us.switch_back("main"), "it was not switched on"
    assert not stand.us.write("main", 0, CUT), "what a switch hides is not written to"
    assert stand.us.switch_on("main")
    stand.run(3.0)
    for i in range(5):
        stand.us.write("main", i, EqBand("peaking", 300.0 + i, -2.0, 2.0))
    stand.run(3.0)
    assert stand.us.take("main").on
    stand.hand("/main/st/eq/3/g", 0.1)
    stand.us.take("main")
    first = len(stand.writes())
    assert stand.us.switch_back("main")
    stand.run(3.0)
    assert stand.us.settled("main")
    assert stand.fake.value("/main/st/eq/on") == 0
    assert stand.writes()[first] == ("/main/st/eq/on", 0.0)
    for i in (0, 1, 3, 4, 5):
        assert raw(stand, i) == pytest.approx(before[i], abs=0.003), i
    assert raw(stand, 2)[2] == pytest.approx(0.1)
    assert {band.gain for band in stand.us.take("main").bands} == {0.0}
    assert not stand.us.switch_back("main")


def test_a_switch_that_a_hand_has_turned_is_not_turned_back() -> None:
    stand = Stand()
    stand.run(1.0)
    stand.us.switch_on("main")
    stand.run(3.0)
    stand.hand("/main/st/eq/on", 0)
    stand.hand("/main/st/eq/on", 1)
    assert not stand.us.switch_back("main")


def test_what_a_switch_hid_widens_no_limit() -> None:
    stand = Stand(limits=VENUE)
    for i in range(6):
        stand.fake.hand(f"/main/st/eq/{i + 1}/type", 2, 0.0)
        stand.fake.hand(f"/main/st/eq/{i + 1}/g", 0.9, 0.0)
    stand.run(1.0)
    stand.us.switch_on("main")
    stand.run(3.0)
    stand.us.write("main", 0, EqBand("peaking", 300.0, 12.0, 2.0))
    stand.run(1.0)
    assert stand.us.take("main").bands[0].gain == 1.0


def test_a_snapshot_of_an_earlier_run_may_be_gone_back_to_though_it_is_beyond_the_limits() -> None:
    stand = on(Stand(limits=VENUE))
    stand.us.write("main", 0, EqBand("peaking", 300.0, 9.0, 2.0), EqBand("peaking", 300.0, 6.0, 2.0))
    stand.run(1.0)
    assert stand.us.take("main").bands[0].gain == 6.0
