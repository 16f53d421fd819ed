"""MIDI Show Control asks of a desk what Eos does when it is asked so."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import ControlEvent, Go, Goto, ListState, Pause, PlaybackState, Resume, SetMaster
from showctl.plan import Cue, CueList, Plan, Submaster
from showctl.wire.eos import Desk
from showctl.wire.msc import understood
from showctl.wire.osc_arguments import Refusal

LISTS = tuple(CueList(name, tuple(Cue(Decimal(n)) for n in ("1", "2", "2.5"))) for name in ("main", "side"))
DESK = Desk.of(Plan((), lists=LISTS, submasters=(Submaster("front", "additive", ()), Submaster("back", "additive", ()))))
PLAYBACK = PlaybackState((ListState("main", "1", "2"), ListState("side", "1", "2", "paused")))
WHO = {"time": 3.0, "source": "midi:desk"}


def ask(*data: int | str, device: int = 5, form: int = 1, to: int = 5) -> tuple[ControlEvent, ...] | Refusal:
    body = b"".join(one.encode() if isinstance(one, str) else bytes((one,)) for one in data)
    return understood(bytes((0x7F, to, 2, form)) + body, device, DESK, PLAYBACK, 3.0, "midi:desk")


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        ((1,), Go(**WHO)),
        ((1, "2"), Go(**WHO)),
        ((1, "2", 0, "1"), Go(**WHO)),
        ((1, "2.5", 0, "1"), Goto(**WHO, cue="2.5", own_times=True)),
        ((1, "2.5", 0, "2", 0, "7"), Goto(**WHO, cue="2.5", list="side", own_times=True)),
        ((1, "2", 0, "2"), Goto(**WHO, cue="2", list="side", own_times=True)),  # it is the next, but the list is paused
        ((2, "2", 0, "1"), Pause(**WHO)),
        ((2,), Pause(**WHO)),
        ((3,), Resume(**WHO, list="side")),
        ((3, 0, "2"), Resume(**WHO, list="side")),
        ((6, 1, 0, 50, 0), SetMaster(**WHO, level=0.5, submaster="front")),
        ((6, 2, 0, 100, 0), SetMaster(**WHO, level=1.0, submaster="back")),
        ((6, 510 & 127, 510 >> 7, 25, 0), SetMaster(**WHO, level=0.25)),
    ],
)
def test_what_a_message_asks_for(data: tuple[int | str, ...], asked: ControlEvent) -> None:
    assert ask(*data) == (asked,)


def test_only_what_is_for_us() -> None:
    assert ask(1, to=0x7F) == (Go(**WHO),)
    assert ask(1, form=0x7F) == (Go(**WHO),)
    assert ask(1, to=6) == ()
    assert ask(1, form=0x10) == ()  # sound


def test_macros_and_loads_ask_nothing() -> None:
    assert ask(7, 3) == ()
    assert ask(5, "2") == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ((1, "2", 0, "9"), Refusal.LIST),
        ((1, "x"), Refusal.RANGE),
        ((2, 0, "9"), Refusal.LIST),
        ((6, 9, 0, 5, 0), Refusal.SUBMASTER),
        ((6, 1, 0, 101, 0), Refusal.RANGE),
        ((6, 1, 0), Refusal.MISSING),
    ],
)
def test_what_cannot_be_is_refused(data: tuple[int | str, ...], why: Refusal) -> None:
    assert ask(*data) == why


@given(st.binary(max_size=60))
def test_any_bytes_never_raise(data: bytes) -> None:
    understood(data, 1, DESK, None, 0.0, "")
    understood(b"\x7f\x7f\x02\x01" + data, 1, DESK, PLAYBACK, 0.0, "")
