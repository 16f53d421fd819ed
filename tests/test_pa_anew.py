"""A console that is found anew, as after its own configuration was loaded again, and one that answers but cannot be written."""

from __future__ import annotations

import time
from dataclasses import replace

from showctl import pa_loop
from showctl.model import ConsoleState, EqBand, EqCommand, EqState
from showctl.show.eq_bands import Found
from tests.pa_part import PLAN

FILE = tuple(EqBand("peaking", 100.0 * 2**n, -1.0, 1.0) for n in range(6))
MOVED = tuple(replace(band, gain=-4.0) for band in FILE)


class Desk:
    """A loop and what it is told of the console."""

    def __init__(self, found: Found) -> None:
        self.loop, self.now = pa_loop.Loop(PLAN, PLAN.zones[0], pa_loop.target_of(PLAN), found), time.monotonic()

    def step(self, console: ConsoleState, *commands: EqCommand) -> EqState:
        self.now += 1.0
        return self.loop.step(self.now, replace(console, answered=self.now), commands)


def moved() -> Desk:
    """The loop has moved every band, and the third is the engineer's."""
    owners = ("showctl", "showctl", "engineer", "showctl", "showctl", "showctl")
    desk = Desk(Found(FILE, owners, MOVED))
    desk.step(ConsoleState(bands=MOVED, found=3))
    desk.step(ConsoleState(bands=MOVED, found=3), EqCommand(time=0.0, do="auto"))
    return desk


def test_what_is_found_anew_is_no_hand_and_only_whose_the_bands_are_is_remembered() -> None:
    desk = moved()
    state = desk.step(ConsoleState(bands=FILE, found=4))
    assert state.owners == ("showctl", "showctl", "engineer", "showctl", "showctl", "showctl")
    assert (state.bands, state.snapshot, state.mode) == (FILE, FILE, "auto")
    state = desk.step(ConsoleState(bands=FILE[:4], found=5))
    assert state.owners == ("showctl",) * 4
    assert state.snapshot == FILE[:4]
    assert "had" not in state.frozen


def test_a_bypass_stands_when_the_console_is_found_anew_and_ends_at_what_was_found() -> None:
    desk = moved()
    now = ConsoleState(bands=MOVED, found=3)
    desk.step(now, EqCommand(time=0.0, do="bypass"))
    now, bands = ConsoleState(bands=FILE, found=4), list(FILE)
    for _ in range(30):
        state = desk.step(replace(now, bands=tuple(bands)))
        for index, band in state.writes:
            bands[index] = band
    assert state.bypassed
    assert [band.gain for band in bands] == [0.0, 0.0, -1.0, 0.0, 0.0, 0.0], "but for the engineer's own"
    desk.step(replace(now, bands=tuple(bands)), EqCommand(time=0.0, do="unbypass"))
    for _ in range(30):
        state = desk.step(replace(now, bands=tuple(bands)))
        for index, band in state.writes:
            bands[index] = band
    assert tuple(bands) == FILE


def test_the_same_bands_that_are_not_found_anew_are_a_hand() -> None:
    desk = moved()
    for _ in range(5):
        state = desk.step(ConsoleState(bands=FILE, found=3))
    assert set(state.owners) == {"engineer"}


def test_how_often_it_was_found_before_this_loop_is_nothing_to_it() -> None:
    state = moved().loop.state
    assert state is not None
    assert state.snapshot == FILE


def test_a_trouble_freezes_it_in_its_own_words() -> None:
    desk = moved()
    state = desk.step(ConsoleState(trouble="its configuration has no filter `main1`: add it"))
    assert state.frozen == "its configuration has no filter `main1`: add it"
    state = desk.step(ConsoleState(bands=MOVED, found=3))
    assert state.bands == MOVED
    assert "main1" not in state.frozen
