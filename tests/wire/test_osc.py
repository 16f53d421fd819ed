"""The reader of OSC against python-osc as oracle, against the specification's own examples, and against anything at all."""

from __future__ import annotations

import math
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from showctl.model import WireError
from showctl.wire import osc
from showctl.wire.osc import Message, bundle, decode, encode

ASCII = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=12)
ADDRESS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20).map(lambda s: "/" + s)
TIMETAG = st.integers(0, 2**64 - 1)
VALUES = {
    "i": st.integers(-(2**31), 2**31 - 1),
    "h": st.integers(-(2**63), 2**63 - 1),
    "f": st.floats(width=32, allow_nan=False),
    "d": st.floats(allow_nan=False),
    "t": TIMETAG,
    "s": ASCII,
    "c": st.characters(min_codepoint=0, max_codepoint=127),
    "b": st.binary(max_size=12),
    "m": st.tuples(*[st.integers(0, 255)] * 4),
    "T": st.just(True),
    "F": st.just(False),
    "N": st.none(),
    "I": st.just(math.inf),
}
ARGUMENTS = st.lists(st.sampled_from(sorted(VALUES)).flatmap(lambda tag: st.tuples(st.just(tag), VALUES[tag])), max_size=8)
MESSAGES = st.builds(
    lambda address, given: Message(address, tuple(v for _, v in given), "".join(t for t, _ in given)), ADDRESS, ARGUMENTS
)


def packed(message: Message) -> bytes:
    return encode(message.address, *message.arguments, tags=message.tags)


# --- laws ----------------------------------------------------------------------------------------------------------


@given(MESSAGES)
def test_what_is_encoded_is_decoded(message: Message) -> None:
    assert decode(packed(message)) == [message]


@given(
    st.binary(max_size=200)
    | st.binary(max_size=120).map(lambda b: b"/a\0\0" + b)
    | st.binary(max_size=120).map(b"#bundle\0".__add__)
)
def test_any_bytes_are_messages_or_a_wire_error(data: bytes) -> None:
    try:
        messages = decode(data)
    except WireError:
        return
    assert len(data) % 4 == 0
    assert len(messages) <= osc.MAX_ELEMENTS + 1


@given(st.lists(MESSAGES, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_a_mutated_packet_is_messages_or_a_wire_error(messages: list[Message], draw: random.Random) -> None:
    data = bytearray(bundle(*map(packed, messages)) if len(messages) > 1 else packed(messages[0]))
    for _ in range(draw.choice((1, 1, 2, 5))):
        at = draw.randrange(len(data) + 1)
        data[at : at + draw.choice((0, 1, 4))] = draw.randbytes(draw.choice((0, 1, 4)))
    try:
        read = decode(bytes(data))
    except WireError:
        return
    # what is accepted is canonical: there is one way only to write a message (a signalling NaN may come back as a quiet one)
    for message in read:
        assert [m.tags for m in decode(packed(message))] == [message.tags]


@given(st.lists(MESSAGES, max_size=3), st.lists(MESSAGES, max_size=3), TIMETAG, TIMETAG)
def test_bundles_are_flattened_in_order_with_the_inner_time_tag(
    first: list[Message], second: list[Message], outer: int, inner: int
) -> None:
    data = bundle(*map(packed, first), bundle(*map(packed, second), timetag=inner), timetag=outer)
    told = [(m.address, m.tags, m.timetag) for m in decode(data)]
    assert told == [(m.address, m.tags, outer) for m in first] + [(m.address, m.tags, inner) for m in second]


# --- python-osc as oracle -------------------------------------------------------------------------------------------

ORACLE = {tag: VALUES[tag] for tag in "ihfdsTFNm"} | {"b": st.binary(min_size=1, max_size=12)}  # it writes no empty blob


@given(ADDRESS, st.lists(st.sampled_from(sorted(ORACLE)).flatmap(lambda tag: st.tuples(st.just(tag), ORACLE[tag])), max_size=8))
def test_python_osc_writes_the_same_bytes_and_reads_ours(address: str, given: list[tuple[str, object]]) -> None:
    builder = OscMessageBuilder(address)
    for tag, value in given:
        builder.add_arg(value, tag)  # type: ignore[arg-type]
    theirs = builder.build().dgram
    values = tuple(value for _, value in given)
    ours = encode(address, *values, tags="".join(tag for tag, _ in given))  # type: ignore[arg-type]
    assert ours == theirs
    assert decode(theirs)[0].arguments == values
    read = OscMessage(ours)
    assert (read.address, tuple(read.params)) == (address, values)


def test_a_bundle_of_python_osc() -> None:
    builder, inner = OscBundleBuilder(2_000_000_000), OscBundleBuilder(0)
    for where, value in ((builder, 1), (inner, 2)):
        message = OscMessageBuilder("/m")
        message.add_arg(value)
        where.add_content(message.build())
    builder.add_content(inner.build())
    data = builder.build().dgram
    messages = decode(data)
    assert [m.arguments for m in messages] == [(1,), (2,)]
    assert messages[0].timetag >> 32 == 2_000_000_000 + 2_208_988_800  # NTP counts from 1900
    assert messages[1].timetag == osc.IMMEDIATELY
    assert len(OscPacket(bundle(encode("/a", 1), bundle(encode("/b"))))._messages) == 2


# --- the specification's examples, by hand ---------------------------------------------------------------------------


def test_the_examples_of_the_specification() -> None:
    assert decode(b"/oscillator/4/frequency\0,f\0\0\x43\xdc\0\0") == [Message("/oscillator/4/frequency", (440.0,), "f")]
    data = b"/foo\0\0\0\0,iisff\0\0" + struct.pack(">ii", 1000, -1) + b"hello\0\0\0" + struct.pack(">ff", 1.234, 5.678)
    [message] = decode(data)
    assert message.arguments[:3] == (1000, -1, "hello")
    assert message.arguments[3:] == pytest.approx((1.234, 5.678))
    assert encode("/foo", *message.arguments) == data


def test_not_a_number_is_told_as_it_came() -> None:
    [message] = decode(encode("/f", math.nan, math.inf))
    value, infinite = message.arguments
    assert isinstance(value, float)
    assert math.isnan(value)
    assert infinite == math.inf


GOOD = encode("/a", 0.5)
SIZED = b"#bundle\0" + bytes(7) + b"\1"
BAD = {
    "nothing": b"",
    "neither": b"abc\0,\0\0\0",
    "no type tags": b"/ab\0",
    "tags without comma": b"/ab\0f\0\0\0" + bytes(4),
    "address without end": b"/abc",
    "tags without end": b"/ab\0,fff",
    "padding that is not zero": b"/a\0x,\0\0\0",
    "padding that is not there": b"/ab\0,s\0\0abcd",
    "length": GOOD + b"\0",
    "a byte missing": GOOD[:-1],
    "no argument": GOOD[:-4],
    "an argument too many": GOOD + bytes(4),
    "half of two floats": b"/a\0\0,ff\0" + bytes(4),
    "unknown tag": b"/a\0\0,xf\0" + bytes(4),
    "array": b"/a\0\0,[f]\0\0\0\0" + bytes(4),
    "not ASCII": b"/\xc3\xa4\0,\0\0\0",
    "control character in the address": b"/a\n\0,\0\0\0",
    "string that is not ASCII": b"/a\0\0,s\0\0\xff\xfe\xc0\0",
    "character that is not ASCII": b"/a\0\0,c\0\0\0\0\0\xff",
    "blob beyond the end": b"/a\0\0,b\0\0" + struct.pack(">i", 2**31 - 1),
    "blob of negative size": b"/a\0\0,b\0\0" + struct.pack(">i", -8) + bytes(8),
    "blob without padding": b"/a\0\0,b\0\0" + struct.pack(">i", 3) + b"abcd",
    "blob without size": b"/a\0\0,b\0\0",
    "arguments without end": b"/a\0\0" + b"," + b"f" * 1003 + bytes(4016),
    "bundle cut in its name": b"#bundle",
    "bundle cut in its time tag": SIZED[:12],
    "bundle cut in a size": SIZED + b"\0\0",
    **{
        f"element of size {size}": SIZED + struct.pack(">i", size) + GOOD
        for size in (-(2**31), -4, -1, 0, 1, 3, 6, len(GOOD) + 4, 2**31 - 1)
    },
    "20 bytes that hang python-osc": SIZED + struct.pack(">i", -4),
    "one bad element among good ones": bundle(GOOD, b"/ab\0", GOOD),
    "many elements": bundle(*[GOOD] * (osc.MAX_ELEMENTS + 1)),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_not_osc_is_a_wire_error(data: bytes) -> None:
    with pytest.raises(WireError):
        decode(data)


def test_bundles_within_bundles_end_somewhere() -> None:
    data = GOOD
    for _ in range(osc.MAX_DEPTH):
        data = bundle(data)
    assert len(decode(data)) == 1
    for _ in range(1500):
        data = bundle(data)
    with pytest.raises(WireError, match="nested"):
        decode(data)


def test_a_time_tag_ahead_is_only_told() -> None:
    ahead = (2**32 - 1) << 32
    assert decode(bundle(GOOD, timetag=ahead))[0].timetag == ahead


@pytest.mark.parametrize(
    ("address", "values", "tags"),
    [
        ("go", (), None),
        ("/ä", (), None),
        ("/a", (1,), ""),
        ("/a", ("x",), "i"),
        ("/a", (2**31,), "i"),
        ("/a", ("\0",), None),
        ("/a", ("é",), None),
        ("/a", (1.0,), "x"),
        ("/a", (1e300,), "f"),
        ("/a", (2**63,), None),
        ("/a", (1,) * 300, None),
    ],
)
def test_what_osc_cannot_carry_is_a_value_error(address: str, values: tuple[osc.Value, ...], tags: str | None) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (one kind of error, many texts)
        encode(address, *values, tags=tags)


def test_names_with_accents_are_read_where_that_is_asked_for() -> None:
    word = encode("/name", "J??ger").replace(b"??", "ä".encode())
    assert decode(word, accents=True) == [Message("/name", ("Jäger",), "s")]
    assert decode(word.replace("ä".encode(), b"\xe4\xe4"), accents=True)[0].arguments == ("J\ufffd\ufffdger",)
    with pytest.raises(WireError, match="not ASCII"):
        decode(word)
    with pytest.raises(WireError, match="not ASCII"):
        decode(encode("/n", "x").replace(b"/n", b"/\xe4"), accents=True)
