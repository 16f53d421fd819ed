"""Every address of the dictionary, every way to fire it and every way to be refused."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import Back, Blackout, ControlEvent, Go, Goto, Pause, Release, Resume, SetMaster, StopAll, Tap
from showctl.wire.osc import Message, Value, decode, encode
from showctl.wire.osc_dictionary import Refusal, control

LISTS, SUBMASTERS = frozenset({"main", "probe"}), frozenset({"probe", "front"})
WHO = {"time": 3.5, "source": "osc:10.0.0.7"}


def asked(address: str, *values: Value, tags: str | None = None) -> ControlEvent | Refusal | None:
    [message] = decode(encode(address, *values, tags=tags))
    return control(message, 3.5, "osc:10.0.0.7", LISTS, SUBMASTERS)


TRIGGERS = [
    ("/showctl/go", Go(list="main", **WHO)),
    ("/showctl/back", Back(list="main", **WHO)),
    ("/showctl/pause", Pause(list="main", **WHO)),
    ("/showctl/resume", Resume(list="main", **WHO)),
    ("/showctl/release", Release(list="main", **WHO)),
    ("/showctl/stop", StopAll(**WHO)),
    ("/showctl/tap", Tap(**WHO)),
    ("/showctl/list/probe/go", Go(list="probe", **WHO)),
    ("/showctl/list/probe/back", Back(list="probe", **WHO)),
    ("/showctl/list/probe/pause", Pause(list="probe", **WHO)),
    ("/showctl/list/probe/resume", Resume(list="probe", **WHO)),
    ("/showctl/list/probe/release", Release(list="probe", **WHO)),
]


@pytest.mark.parametrize(("address", "event"), TRIGGERS)
def test_a_trigger_fires_when_pressed_and_not_when_released(address: str, event: ControlEvent) -> None:
    for pressed in ((), (1,), (1.0,), (0.01,), (17,), (True,), (1, "id")):
        assert asked(address, *pressed) == event
    assert asked(address, math.inf, tags="I") == event
    assert asked(address, math.inf, 17, tags="Ii") == event
    for released in ((0,), (0.0,), (-0.0,), (False,), (0, 17)):
        assert asked(address, *released) is None
    for text in ("1", "main"):
        assert asked(address, text) is Refusal.TYPE
    for wild in (math.nan, math.inf, -1.0):
        assert asked(address, wild) is Refusal.RANGE


@pytest.mark.parametrize(
    ("value", "cue"),
    [
        ("12.5", "12.5"),
        (12.5, "12.5"),
        (12, "12"),
        (12.1, "12.1"),
        (100, "100"),
        ("007", "7"),
        ("12.50", "12.5"),
        (0.001, "0.001"),
    ],
)
def test_goto_takes_text_and_numbers(value: Value, cue: str) -> None:
    assert asked("/showctl/goto", value) == Goto(cue=cue, list="main", **WHO)
    assert asked("/showctl/goto", value, 17) == Goto(cue=cue, list="main", **WHO)
    assert asked("/showctl/list/probe/goto", value) == Goto(cue=cue, list="probe", **WHO)


@given(st.decimals("0.001", "9999.999", places=3))
def test_goto_means_the_same_cue_as_text_and_as_a_double(number: Decimal) -> None:
    by_text, by_number = asked("/showctl/goto", str(number)), asked("/showctl/goto", float(number), tags="d")
    assert isinstance(by_text, Goto)
    assert by_text == by_number
    assert Decimal(by_text.cue) == number


@pytest.mark.parametrize(
    ("address", "values", "why"),
    [
        ("/showctl/goto", (), Refusal.MISSING),
        ("/showctl/goto", (True,), Refusal.TYPE),
        ("/showctl/goto", (None,), Refusal.TYPE),
        ("/showctl/goto", (b"12",), Refusal.TYPE),
        *(
            ("/showctl/goto", (v,), Refusal.RANGE)
            for v in (0, -1, 0.0, "0", 10000, math.nan, math.inf, "", "12,5", "1e3", "-1", "12.3456", " 1", "nan", "1/a")
        ),
        ("/showctl/gm", (), Refusal.MISSING),
        ("/showctl/sub/probe", (), Refusal.MISSING),
        ("/showctl/blackout", (), Refusal.MISSING),
        *(
            (a, (v,), Refusal.RANGE)
            for a in ("/showctl/gm", "/showctl/sub/probe")
            for v in (-0.01, 1.01, 255, math.nan, -math.inf, 3e38)
        ),
        *((a, (v,), Refusal.TYPE) for a in ("/showctl/gm", "/showctl/sub/probe") for v in ("0.5", True, None, b"1234")),
        *(("/showctl/blackout", (v,), Refusal.RANGE) for v in (2, 0.5, math.nan, -1)),
        ("/showctl/blackout", ("on",), Refusal.TYPE),
        ("/showctl/sub/nobody", (0.5,), Refusal.SUBMASTER),
        ("/showctl/sub/", (0.5,), Refusal.SUBMASTER),
        ("/showctl/list/nobody/go", (), Refusal.LIST),
        ("/showctl/list/nobody/goto", (1,), Refusal.LIST),
        *(
            (a, (1.0,), Refusal.ADDRESS)
            for a in (
                "/",
                "//",
                "/*",
                "/showctl",
                "/showctl/",
                "/showctl/*",
                "/showctl/g?",
                "/showctl/{go,back}",
                "/Showctl/go",
                "/showctl/GO",
                "/showctl/go/",
                "/showctl/list/probe",
                "/showctl/list/probe/stop",
                "/showctl/sub/probe/x",
                "/sensors",
                "/go",
            )
        ),
        ("/showctl/list/*/go", (), Refusal.LIST),
        ("/showctl/sub/*", (0.5,), Refusal.SUBMASTER),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(address: str, values: tuple[Value, ...], why: Refusal) -> None:
    assert asked(address, *values) is why


def test_without_a_list_main_its_commands_are_refused() -> None:
    assert control(Message("/showctl/go"), 0.0, "", {"probe"}, set()) is Refusal.LIST


@given(st.floats(0, 1, width=32))
def test_a_level_arrives_as_it_was_sent(level: float) -> None:
    assert asked("/showctl/gm", level) == SetMaster(level=level, **WHO)
    assert asked("/showctl/sub/front", level, 17) == SetMaster(level=level, submaster="front", **WHO)


def test_blackout_is_on_or_off() -> None:
    for on in (1, 1.0, True):
        assert asked("/showctl/blackout", on) == Blackout(on=True, **WHO)
    for off in (0, 0.0, False):
        assert asked("/showctl/blackout", off) == Blackout(on=False, **WHO)


VALUE = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=8) | st.binary(max_size=4)
WORDS = st.sampled_from(["showctl", "list", "sub", "main", "probe", "go", "goto", "gm", "blackout", "tap", "stop", "*", ""])


@given(st.lists(WORDS, max_size=5).map(lambda words: "/" + "/".join(words)), st.lists(VALUE, max_size=3))
def test_nothing_raises_and_no_bad_level_passes(address: str, values: list[Value]) -> None:
    event = control(Message(address, tuple(values), "x" * len(values)), 1.0, "", LISTS, SUBMASTERS)
    if isinstance(event, SetMaster):
        assert 0.0 <= event.level <= 1.0
    if isinstance(event, Goto):
        assert Decimal("0.001") <= Decimal(event.cue) <= Decimal("9999.999")
