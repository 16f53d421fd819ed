"""The dialect of Eos: what its messages ask for, and what a listener is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import Back, Blackout, Flash, Go, Goto, Hold, ListState, Pause, PlaybackState, SetMaster, WireError
from showctl.plan import Category, Cue, CueList, Group, Move, Parameter, PatchedFixture, Place, Plan, Span, Submaster
from showctl.wire.eos import Desk, Feedback, asked
from showctl.wire.osc import Message, Value, decode, encode
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_stream import Deframer, frame

FIVE = Move(0, 1.0, Span(5.0), Span(5.0))
PLAN = Plan(
    parameters=(
        Parameter("par.1", 0, "intensity", Category.INTENSITY, 1, (1,)),
        Parameter("par.1", 0, "red", Category.COLOUR, 1, (2,)),
        Parameter("par.2", 0, "intensity", Category.INTENSITY, 1, (3,)),
    ),
    fixtures=(
        PatchedFixture("par.1", "wash", "rgb", Place(), (0, 1)),
        PatchedFixture("par.2", "dimmer", "dimmer", Place(), (2,)),
    ),
    lists=(
        CueList("main", (Cue(Decimal("1"), "Intro"), Cue(Decimal("2.5"), "Verse one", (FIVE,)), Cue(Decimal("3")))),
        CueList("7", (Cue(Decimal("1")),)),
        CueList("side", (Cue(Decimal("9")),)),
    ),
    submasters=(Submaster("front", "additive", ((0, 1.0),)), Submaster("back", "inhibitive", ((2, 1.0),), level=1.0)),
    groups=(Group("pars", ((0, 1), (2,))),),
    show="Night",
)
DESK = Desk.of(PLAN)


def playing(current: str = "1", pending: str | None = "2.5", state: str = "idle", **more: object) -> PlaybackState:
    lists = (
        ListState("main", current, pending, state, 10.0, 15.0),  # type: ignore[arg-type]
        ListState("7", "0", "1"),
        ListState("side", "0", "9"),
    )
    return PlaybackState(lists, **more)  # type: ignore[arg-type]


def ask(address: str, *values: Value, playback: PlaybackState | None = None) -> object:
    message = decode(encode(address, *values))[0]
    return asked(message, DESK, playback or playing(), 1.0, "eos:x")


AT = {"time": 1.0, "source": "eos:x"}


@pytest.mark.parametrize(
    ("address", "values", "wanted"),
    [
        ("/eos/key/go_0", (), (Go(**AT, list="main"),)),
        ("/eos/key/go_0", (1.0,), (Go(**AT, list="main"),)),
        ("/eos/key/go_0", (0.0,), ()),
        ("/eos/key/stop", (1.0,), (Back(**AT, list="main"),)),
        ("/eos/key/Go_Main_CueList", (1.0,), (Go(**AT, list="main"),)),
        ("/eos/key/Stop_Back_Main_CueList", (1.0,), (Back(**AT, list="main"),)),
        ("/eos/key/blackout", (), (Blackout(**AT, on=True),)),
        ("/eos/cue/1/2.5/fire", (), (Go(**AT, list="main"),)),
        ("/eos/cue/1/3/fire", (), (Goto(**AT, list="main", cue="3", own_times=True),)),
        ("/eos/cue/3/fire", (), (Goto(**AT, list="main", cue="3", own_times=True),)),
        ("/eos/cue/7/1/fire", (), (Go(**AT, list="7"),)),
        ("/eos/cue/2/9/fire", (), (Go(**AT, list="side"),)),
        ("/eos/sub/2", (0.25,), (SetMaster(**AT, level=0.25, submaster="back"),)),
        ("/eos/sub/1/full", (), (SetMaster(**AT, level=1.0, submaster="front"),)),
        ("/eos/sub/1/out", (), (SetMaster(**AT, level=0.0, submaster="front"),)),
        ("/eos/fader/1/2", (0.5,), (SetMaster(**AT, level=0.5, submaster="back"),)),
        ("/eos/sub/1/fire", (), (Flash(**AT, submaster="front", on=True), Flash(**AT, submaster="front", on=False))),
        ("/eos/sub/1/fire", (1.0,), (Flash(**AT, submaster="front", on=True),)),
        ("/eos/sub/1/fire", (0.0,), (Flash(**AT, submaster="front", on=False),)),
        ("/eos/chan/2", (75.0,), (Hold(**AT, values=(("par.2/intensity", 0.75),)),)),
        ("/eos/group/1/full", (), (Hold(**AT, values=(("par.1/intensity", 1.0), ("par.2/intensity", 1.0))),)),
        ("/eos/user", (1,), ()),
        ("/eos/cmd", ("Go_To_Cue 5#",), Refusal.ADDRESS),
        ("/eos/key/park", (), Refusal.ADDRESS),
        ("/eos/cue/4/1/fire", (), Refusal.LIST),
        ("/eos/sub/3", (0.5,), Refusal.SUBMASTER),
        ("/eos/sub/0", (0.5,), Refusal.SUBMASTER),
        ("/eos/sub/1", (1.5,), Refusal.RANGE),
        ("/eos/sub/1", (float("nan"),), Refusal.RANGE),
        ("/eos/sub/1", ("full",), Refusal.TYPE),
        ("/eos/sub/1", (), Refusal.MISSING),
        ("/eos/chan/3", (50.0,), Refusal.RANGE),
        ("/eos/chan/1", (150.0,), Refusal.RANGE),
    ],
)
def test_what_a_message_asks_for(address: str, values: tuple[Value, ...], wanted: object) -> None:
    assert ask(address, *values) == wanted


def test_stop_pauses_what_fades_and_blackout_is_a_toggle() -> None:
    assert ask("/eos/key/stop", playback=playing(state="fading")) == (Pause(**AT, list="main"),)
    assert ask("/eos/key/stop", playback=playing(state="paused")) == (Back(**AT, list="main"),)
    assert ask("/eos/key/blackout", playback=playing(blackout=True)) == (Blackout(**AT, on=False),)


@given(
    st.text("/abceosubfirgnk.0123456789 \u00e9", max_size=40), st.lists(st.floats() | st.text(max_size=3) | st.none(), max_size=2)
)
def test_nothing_raises(tail: str, values: list[Value]) -> None:
    message = Message("/eos/" + tail, tuple(values), "f" * len(values))
    found = asked(message, DESK, playing(), 1.0, "x")
    assert isinstance(found, Refusal | tuple)
    if message.address.split("/")[2:3] != ["ping"]:  # which gives back what it was given, and that came from the wire
        assert isinstance(Feedback(DESK).answer(message), list | None)


def told(feedback: Feedback, playback: PlaybackState, now: float) -> dict[str, tuple[Value, ...]]:
    return {m.address: m.arguments for packet in feedback.tell(playback, now) for m in decode(packet)}


def test_a_listener_is_told_what_is_active_and_then_what_is_new() -> None:
    feedback = Feedback(DESK)
    first = told(feedback, playing("2.5", "3", "fading"), 12.0)
    assert first["/eos/out/show/name"] == ("Night",)
    assert first["/eos/out/active/cue/1/2.5"] == pytest.approx((0.4,))
    assert first["/eos/out/active/cue/text"] == ("1/2.5 Verse one 5.0 40%",)
    assert first["/eos/out/pending/cue/text"] == ("1/3 0.0",)
    assert "/eos/out/pending/cue/1/3" in first
    assert first["/eos/out/previous/cue/text"] == ("1/1 Intro 0.0",)
    assert told(feedback, playing("2.5", "3", "fading"), 12.0) == {}
    later = told(feedback, playing("2.5", "3"), 16.0)
    assert later["/eos/out/active/cue/text"] == ("1/2.5 Verse one 5.0 100%",)
    assert "/eos/out/show/name" not in later


def test_events_of_cues_and_flash_buttons() -> None:
    feedback = Feedback(DESK)
    assert not any("event" in address for address in told(feedback, playing(), 12.0))
    assert "/eos/out/event/cue/1/2.5/fire" in told(feedback, playing("2.5", "3"), 12.0)
    assert told(feedback, playing("2.5", "3", flashed=("back",)), 12.0) == {"/eos/out/event/sub/2": (1,)}
    assert told(feedback, playing("2.5", "3"), 12.0) == {"/eos/out/event/sub/2": (0,)}


def test_nothing_pending_is_told_without_arguments() -> None:
    first = told(Feedback(DESK), playing("3", None), 12.0)
    assert first["/eos/out/pending/cue"] == ()
    assert first["/eos/out/pending/cue/text"] == ("",)


def answer(address: str, *values: Value) -> list[tuple[str, tuple[Value, ...]]]:
    packets = Feedback(DESK).answer(decode(encode(address, *values))[0])
    return [(m.address, m.arguments) for packet in packets or () for m in decode(packet)]


def test_questions_are_answered() -> None:
    assert answer("/eos/ping", "hello", 3) == [("/eos/out/ping", ("hello", 3))]
    assert answer("/eos/get/sub/count") == [("/eos/out/get/sub/count", (2,))]
    assert answer("/eos/get/sub/index", 1) == [("/eos/out/get/sub/2/list/0/3", (1, "sub-2", "back"))]
    assert answer("/eos/get/sub/1") == [("/eos/out/get/sub/1/list/0/3", (0, "sub-1", "front"))]
    assert answer("/eos/get/cuelist/index", 2) == [("/eos/out/get/cuelist/2/list/0/3", (2, "cuelist-2", "side"))]
    assert answer("/eos/get/macro/count") == [("/eos/out/get/macro/count", (0,))]
    assert answer("/eos/get/cue/1/count") == [("/eos/out/get/cue/1/count", (3,))]
    assert answer("/eos/get/cue/1/index", 1) == [("/eos/out/get/cue/1/2.5/0/list/0/4", (1, "cue-1-2.5", "Verse one", 5000))]
    assert answer("/eos/get/version")[0][0] == "/eos/out/get/version"
    assert answer("/eos/get/sub/index", 9) == []


def test_fader_banks_are_told_once_they_are_asked_for() -> None:
    feedback = Feedback(DESK)
    feedback.answer(decode(encode("/eos/fader/1/config/10"))[0])
    first = told(feedback, playing(submasters=(("front", 0.5), ("back", 1.0))), 12.0)
    assert first["/eos/out/fader/1/1/name"] == ("front",)
    assert (first["/eos/fader/1/1"], first["/eos/fader/1/2"]) == ((0.5,), (1.0,))


@given(
    st.lists(st.binary(min_size=1, max_size=40).map(lambda b: b"/" + b + bytes(-len(b) - 1 & 3)), max_size=5),
    st.booleans(),
    st.data(),
)
def test_packets_come_out_of_a_stream_as_they_went_in(packets: list[bytes], slip: bool, data: st.DataObject) -> None:
    stream = b"".join(frame(one, slip) for one in packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    deframer, found = Deframer(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += deframer.feed(stream[start:end])
    assert found == packets


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", bytes(4), b"\0\0\0\3abc", b"\0\1\0\0", b"\xc0" + bytes(20_000)])
def test_what_is_no_stream_of_osc_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        Deframer().feed(data)
