"""MIDI bytes: any of them may come, cut anywhere; what a desk sends is understood, all else is skipped."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.wire.midi import LONGEST, Bend, Controller, Exclusive, Message, Note, Program, Quarter, Stream, System, encode

CHANNEL, DATA = st.integers(1, 16), st.integers(0, 127)
MESSAGES = st.one_of(
    st.builds(Note, CHANNEL, DATA, DATA),
    st.builds(Controller, CHANNEL, DATA, DATA),
    st.builds(Program, CHANNEL, DATA),
    st.builds(Bend, CHANNEL, st.integers(0, 16383)),
)


def heard(data: bytes) -> list[Message]:
    return [one for one in Stream().feed(data) if not isinstance(one, Quarter | Exclusive)]


def system(data: bytes) -> list[System]:
    return [one for one in Stream().feed(data) if isinstance(one, Quarter | Exclusive)]


@given(st.binary(max_size=400))
def test_any_bytes_never_raise_and_give_only_what_midi_has(data: bytes) -> None:
    for message in heard(data):
        assert heard(encode(message)) == [message]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_where_the_bytes_are_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    stream, places = Stream(), [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [one for a, b in zip(places, places[1:], strict=False) for one in stream.feed(data[a:b])]
    whole = Stream()
    assert (pieces, stream.skipped) == (whole.feed(data), whole.skipped)


@given(st.lists(MESSAGES, max_size=20))
def test_what_is_encoded_is_decoded(messages: list[Message]) -> None:
    assert heard(b"".join(map(encode, messages))) == messages


@given(st.lists(MESSAGES, max_size=10), st.data())
def test_real_time_bytes_anywhere_change_nothing(messages: list[Message], data: st.DataObject) -> None:
    sent = bytearray(b"".join(map(encode, messages)))
    for _ in range(data.draw(st.integers(0, 10))):
        sent.insert(data.draw(st.integers(0, len(sent))), data.draw(st.integers(0xF8, 0xFF)))
    assert heard(bytes(sent)) == messages


@given(MESSAGES, st.binary(max_size=300).map(lambda data: bytes(byte & 0x7F for byte in data)))
def test_a_system_exclusive_is_skipped(message: Message, inside: bytes) -> None:
    assert heard(b"\xf0" + inside + b"\xf7" + encode(message)) == [message]
    assert heard(b"\xf0" + inside + encode(message)) == [message]  # one that was never ended


def test_running_status() -> None:
    assert heard(bytes((0x99, 36, 100, 36, 0, 37, 1))) == [Note(10, 36, 100), Note(10, 36, 0), Note(10, 37, 1)]
    assert heard(bytes((0xC0, 1, 2))) == [Program(1, 1), Program(1, 2)]


def test_a_system_message_ends_the_running_status() -> None:
    stream = Stream()
    assert stream.feed(bytes((0xB0, 7, 1, 0xF1, 5, 7, 2))) == [Controller(1, 7, 1), Quarter(5)]
    assert stream.skipped == 2


def test_time_code_and_show_control_are_told_whole_whatever_stands_between() -> None:
    go = b"\x7f\x01\x02\x01\x01\x35"
    assert system(b"\xf1\x15") == [Quarter(0x15)]
    assert system(b"\xf0" + go[:3] + b"\xf8" + go[3:] + b"\xf7") == [Exclusive(go)]
    assert system(b"\xf0" + go + b"\x90\x01\x02\xf7") == []  # never ended
    assert system(b"\xf0\x7f" + bytes(LONGEST - 1) + b"\xf7") == [Exclusive(b"\x7f" + bytes(LONGEST - 1))]


def test_a_message_in_real_time_that_is_too_long_is_skipped_byte_for_byte() -> None:
    stream = Stream()
    assert stream.feed(b"\xf0\x7f" + bytes(LONGEST) + b"\xf7") == []
    assert stream.skipped == LONGEST + 1


def test_the_bytes_of_the_standard() -> None:
    assert heard(bytes((0x80, 60, 64))) == [Note(1, 60, 0)]
    assert heard(bytes((0x90, 60, 0))) == [Note(1, 60, 0)]
    assert heard(bytes((0xEF, 0x00, 0x40))) == [Bend(16, 8192)]
    assert heard(bytes((0xA0, 60, 9, 0xD0, 9, 0xF2, 1, 2, 0xFE, 0xF6))) == []


def test_a_new_status_in_the_midst_begins_anew() -> None:
    assert heard(bytes((0x90, 60, 0xB0, 7, 3))) == [Controller(1, 7, 3)]


@pytest.mark.slow
def test_a_system_exclusive_without_end_takes_no_room() -> None:
    stream, piece = Stream(), bytes(4096)
    stream.feed(b"\xf0" + piece)
    tracemalloc.start()
    try:
        for _ in range(250):
            assert stream.feed(piece) == []
        assert tracemalloc.get_traced_memory()[0] < 4096
    finally:
        tracemalloc.stop()
    assert stream.skipped == 251 * 4096


@pytest.mark.parametrize("message", [Note(0, 1, 1), Note(17, 1, 1), Controller(1, 128, 0), Program(1, -1), Bend(1, 16384)])
def test_what_midi_cannot_carry_is_our_mistake(message: Message) -> None:
    with pytest.raises(ValueError, match="cannot carry"):
        encode(message)
