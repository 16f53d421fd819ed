"""MIDI time code: eight pieces make one, and it is two frames old by then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.wire.mtc import RATES, Reader, full
from showctl.wire.timecode import Face, Frame, Rate, seconds
from tests.wire.ltc_encoder import label


def pieces(face: Face, rate: Rate) -> list[int]:
    """The data bytes of eight quarter frames."""
    hours, minutes, secs, frames = (int(one) for one in face)
    nibbles = [frames & 15, frames >> 4, secs & 15, secs >> 4, minutes & 15, minutes >> 4]
    nibbles += [hours & 15, hours >> 4 | RATES.index(rate) << 1]
    return [i << 4 | nibble for i, nibble in enumerate(nibbles)]


def read(data: list[int]) -> list[Frame]:
    reader = Reader()
    return [frame for one in data if (frame := reader.quarter(one)) is not None]


@given(st.sampled_from(Rate), st.integers(0, 24 * 3600 * 24 - 2))
def test_eight_pieces_make_a_time_code_that_is_seven_quarters_of_a_frame_on(rate: Rate, number: int) -> None:
    face = label(number, rate)
    [frame] = read(pieces(face, rate))
    assert (frame.face, frame.rate, frame.direction) == (face, rate, 1)
    assert frame.at == pytest.approx(number / rate.real + 1.75 / rate.real)


@given(st.sampled_from(Rate), st.integers(2, 24 * 3600 * 24 - 4))
def test_running_it_says_every_two_frames_where_it_is_both_ways(rate: Rate, number: int) -> None:
    forward = [p for i in (-2, 0, 2) for p in pieces(label(number + i, rate), rate)]
    assert [f.face for f in read(forward)] == [label(number + i, rate) for i in (-2, 0, 2)]
    back = read(forward[::-1])
    assert [(f.face, f.direction) for f in back] == [(label(number + i, rate), -1) for i in (2, 0, -2)]
    assert back[0].at == pytest.approx((number + 2) / rate.real)


def test_a_piece_that_is_missing_makes_no_wrong_time_code() -> None:
    face, after = Face(1, 2, 3, 4), Face(1, 2, 3, 6)
    lost = pieces(face, Rate.PAL)[:5] + pieces(face, Rate.PAL)[6:] + pieces(after, Rate.PAL)
    assert [f.face for f in read(lost)] == [after]
    assert read(pieces(face, Rate.PAL)[4:] + pieces(after, Rate.PAL)[:4]) == []


def test_a_clock_that_cannot_be_is_none() -> None:
    assert read(pieces(Face(1, 2, 3, 25), Rate.PAL)) == []
    assert read(pieces(Face(1, 1, 0, 1), Rate.DROP)) == []
    assert read(pieces(Face(1, 61, 0, 1), Rate.PAL)) == []


def test_a_full_frame_says_where_it_was_put() -> None:
    frame = full(bytes((0x7F, 0x7F, 1, 1, 0x20 | 1, 2, 3, 4)))
    assert frame is not None
    assert (frame.face, frame.rate, frame.direction) == (Face(1, 2, 3, 4), Rate.PAL, 0)
    assert frame.at == pytest.approx(seconds(Face(1, 2, 3, 4), Rate.PAL))
    assert full(bytes((0x7F, 0x7F, 1, 2, 0x21, 2, 3, 4))) is None


@given(st.lists(st.integers(0, 127), max_size=200), st.binary(max_size=12))
def test_any_bytes_never_raise(data: list[int], message: bytes) -> None:
    for frame in read(data):
        assert 0.0 <= frame.at < 86_401.0
    full(message)
