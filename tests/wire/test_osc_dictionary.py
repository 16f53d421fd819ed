"""Every address of the dictionary, every way to fire it and every way to be refused."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.words import Words
from showctl.model import (
    Back,
    Blackout,
    Check,
    ControlEvent,
    Downbeat,
    ExitLoop,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Hold,
    Identify,
    LetGo,
    LockBeat,
    Nudge,
    Octave,
    Park,
    Pause,
    Release,
    Reload,
    Resume,
    SetHouse,
    SetMaster,
    SetRate,
    StopAll,
    Tap,
    Unpark,
)
from showctl.plan import Category, CueList, Palette, Parameter, PatchedFixture, Place, Plan, Submaster, Universe
from showctl.wire.osc import Message, Value, decode, encode
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import control

PLAN = Plan(
    (
        Parameter("par.1", 0, "intensity", Category.INTENSITY, 1, (1,)),
        Parameter("par.1", 0, "red", Category.COLOUR, 1, (2,)),
        Parameter("par.2", 0, "intensity", Category.INTENSITY, 1, (3,)),
        Parameter("hall", 0, "intensity", Category.INTENSITY, 1, (4,)),
    ),
    (PatchedFixture("par.1", "wash", "", Place(), (0, 1)), PatchedFixture("par.2", "wash", "", Place(), (2,))),
    (Universe(1),),
    (CueList("main", ()), CueList("probe", ())),
    submasters=(Submaster("probe", "additive", ()), Submaster("front", "additive", ())),
    palettes=(Palette("colour", "blood", ((1, 0.8),)),),
    house=(3,),
)
NAMES = Words(PLAN)
WHO = {"time": 3.5, "source": "osc:10.0.0.7"}


def asked(address: str, *values: Value, tags: str | None = None) -> ControlEvent | Refusal | None:
    [message] = decode(encode(address, *values, tags=tags))
    return control(message, 3.5, "osc:10.0.0.7", NAMES)


TRIGGERS = [
    ("/showctl/go", Go(list="main", **WHO)),
    ("/showctl/back", Back(list="main", **WHO)),
    ("/showctl/pause", Pause(list="main", **WHO)),
    ("/showctl/resume", Resume(list="main", **WHO)),
    ("/showctl/release", Release(list="main", **WHO)),
    ("/showctl/stop", StopAll(**WHO)),
    ("/showctl/tap", Tap(**WHO)),
    ("/showctl/beat/half", Octave(step=-1, **WHO)),
    ("/showctl/beat/double", Octave(step=1, **WHO)),
    ("/showctl/beat/downbeat", Downbeat(**WHO)),
    ("/showctl/beat/earlier", Nudge(by=-0.01, **WHO)),
    ("/showctl/beat/later", Nudge(by=0.01, **WHO)),
    ("/showctl/beat/free", FreeBeat(**WHO)),
    ("/showctl/reload", Reload(**WHO)),
    ("/showctl/reload/force", Reload(do="force", **WHO)),
    ("/showctl/reload/undo", Reload(do="undo", **WHO)),
    ("/showctl/exit", ExitLoop(list="main", **WHO)),
    ("/showctl/list/probe/exit", ExitLoop(list="probe", **WHO)),
    ("/showctl/release/hands", LetGo(**WHO)),
    ("/showctl/release/hands/par.2", LetGo(keys=("par.2/intensity",), **WHO)),
    ("/showctl/unpark", Unpark(**WHO)),
    ("/showctl/unpark/par colour", Unpark(keys=("par.1/red",), **WHO)),
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
        wrong = Refusal.WORDS if address in ("/showctl/release/hands", "/showctl/unpark") else Refusal.TYPE
        assert asked(address, text) is wrong
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


def test_the_beat_is_nudged_by_milliseconds_and_locked_by_a_switch() -> None:
    assert asked("/showctl/beat/nudge", -12.5) == Nudge(by=-0.0125, **WHO)
    assert asked("/showctl/beat/nudge", 20) == Nudge(by=0.02, **WHO)
    assert asked("/showctl/beat/lock", 1) == LockBeat(on=True, **WHO)
    assert asked("/showctl/beat/lock", 0.0) == LockBeat(on=False, **WHO)


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
        *(("/showctl/flash/probe", (v,), Refusal.RANGE) for v in (2, 0.5, math.nan, -1)),
        ("/showctl/flash/nobody", (1,), Refusal.SUBMASTER),
        ("/showctl/flash/probe", (), Refusal.MISSING),
        *(("/showctl/rate", (v,), Refusal.RANGE) for v in (-0.1, 20.1, math.nan, math.inf)),
        ("/showctl/rate", ("fast",), Refusal.TYPE),
        ("/showctl/list/nobody/rate", (1,), Refusal.LIST),
        *(("/showctl/house", (v,), Refusal.RANGE) for v in (-0.1, 1.1, math.nan)),
        ("/showctl/beat/nudge", (), Refusal.MISSING),
        *(("/showctl/beat/nudge", (v,), Refusal.RANGE) for v in (-1000.5, 1001, math.nan, -math.inf)),
        ("/showctl/beat/nudge", ("10",), Refusal.TYPE),
        ("/showctl/beat/lock", (), Refusal.MISSING),
        ("/showctl/beat/lock", (0.5,), Refusal.RANGE),
        ("/showctl/beat/stop", (), Refusal.ADDRESS),
        ("/showctl/beat", (), Refusal.ADDRESS),
        ("/showctl/set", (), Refusal.MISSING),
        ("/showctl/set", (0.5,), Refusal.TYPE),
        *(("/showctl/set", (v,), Refusal.WORDS) for v in ("", "par", "par intensity 2", "pat intensity 50%", "par colour wood")),
        *(("/showctl/set/par/intensity", (v,), Refusal.RANGE) for v in (-0.01, 1.01, 255, math.nan)),
        ("/showctl/set/par/intensity", (True,), Refusal.TYPE),
        ("/showctl/set/par/intensity", ("fullest",), Refusal.WORDS),
        *((a, (0.5,), Refusal.WORDS) for a in ("/showctl/set/par/pan", "/showctl/park/nobody/red", "/showctl/set/9/1")),
        ("/showctl/set/par/colour", (0.5,), Refusal.WORDS),
        ("/showctl/release/hands/nobody", (), Refusal.WORDS),
        ("/showctl/identify", (), Refusal.MISSING),
        ("/showctl/identify", ("par.1",), Refusal.MISSING),
        ("/showctl/identify", ("par", 1), Refusal.FIXTURE),
        ("/showctl/identify/par.1", (2,), Refusal.RANGE),
        *(("/showctl/check", (v,), Refusal.RANGE) for v in (2, 0.5, math.nan)),
        ("/showctl/check", ("next",), Refusal.TYPE),
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
    probe = Words(Plan((), lists=(CueList("probe", ()),)))
    assert control(Message("/showctl/go"), 0.0, "", probe) is Refusal.LIST


@given(st.floats(0, 1, width=32))
def test_a_level_arrives_as_it_was_sent(level: float) -> None:
    assert asked("/showctl/gm", level) == SetMaster(level=level, **WHO)
    assert asked("/showctl/sub/front", level, 17) == SetMaster(level=level, submaster="front", **WHO)


BOTH = (("par.1/intensity", 0.75), ("par.2/intensity", 0.75))


@pytest.mark.parametrize(
    ("address", "values", "event"),
    [
        ("/showctl/set", ("par intensity 75%",), Hold(values=BOTH, **WHO)),
        ("/showctl/set/par/intensity", (0.75,), Hold(values=BOTH, **WHO)),
        ("/showctl/set/par/intensity", ("75%",), Hold(values=BOTH, **WHO)),
        ("/showctl/set/par - par.2/intensity", (1, 17), Hold(values=(("par.1/intensity", 1.0),), **WHO)),
        ("/showctl/set/par/colour", ("blood",), Hold(values=(("par.1/red", 0.8),), **WHO)),
        ("/showctl/set/1/7", (0.5,), Hold(values=(("1/7", 0.5),), **WHO)),
        ("/showctl/set/1/7", ("255",), Hold(values=(("1/7", 1.0),), **WHO)),
        ("/showctl/set", ("house 30% 2s",), SetHouse(level=0.3, fade=2.0, **WHO)),
        ("/showctl/park", ("par intensity 75%",), Park(values=BOTH, **WHO)),
        ("/showctl/park/par.1/red", (0,), Park(values=(("par.1/red", 0.0),), **WHO)),
        ("/showctl/release/hands", ("par.1 colour",), LetGo(keys=("par.1/red",), **WHO)),
        ("/showctl/unpark", ("1/7",), Unpark(keys=("1/7",), **WHO)),
        ("/showctl/house", (0.25,), SetHouse(level=0.25, **WHO)),
        ("/showctl/rate", (20,), SetRate(rate=20.0, list="main", **WHO)),
        ("/showctl/list/probe/rate", (0.5,), SetRate(rate=0.5, list="probe", **WHO)),
        ("/showctl/flash/front", (1,), Flash(submaster="front", on=True, **WHO)),
        ("/showctl/flash/front", (0.0,), Flash(submaster="front", on=False, **WHO)),
        ("/showctl/identify/par.1", (1,), Identify(fixture="par.1", on=True, **WHO)),
        ("/showctl/identify", ("par.1", 0), Identify(fixture="par.1", on=False, **WHO)),
        *(("/showctl/check", (v,), Check(step=int(v), **WHO)) for v in (1, -1, 0, 1.0, -1.0)),
    ],
)
def test_hands(address: str, values: tuple[Value, ...], event: ControlEvent) -> None:
    assert asked(address, *values) == event


def test_blackout_is_on_or_off() -> None:
    for on in (1, 1.0, True):
        assert asked("/showctl/blackout", on) == Blackout(on=True, **WHO)
    for off in (0, 0.0, False):
        assert asked("/showctl/blackout", off) == Blackout(on=False, **WHO)


VALUE = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=8) | st.binary(max_size=4)
WORDS = st.sampled_from(
    ["showctl", "list", "sub", "main", "probe", "go", "goto", "gm", "blackout", "tap", "stop", "*", "", "set", "park", "par"]
) | st.sampled_from(["par", "intensity", "1", "release", "hands", "unpark", "identify", "check", "rate", "house", "flash"])


@given(st.lists(WORDS, max_size=5).map(lambda words: "/" + "/".join(words)), st.lists(VALUE, max_size=3))
def test_nothing_raises_and_no_bad_level_passes(address: str, values: list[Value]) -> None:
    event = control(Message(address, tuple(values), "x" * len(values)), 1.0, "", NAMES)
    if isinstance(event, SetMaster):
        assert 0.0 <= event.level <= 1.0
    if isinstance(event, Hold | Park):
        assert all(0.0 <= value <= 1.0 for _, value in event.values)
    if isinstance(event, Goto):
        assert Decimal("0.001") <= Decimal(event.cue) <= Decimal("9999.999")
