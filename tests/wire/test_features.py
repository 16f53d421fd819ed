"""Records of features keep every bit, and nothing malformed passes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import BeatGrid, Coming, Features, Section, State, WireError
from showctl.wire.features import (
    CODE,
    RECORD,
    STATUS_LIMIT,
    CodeRead,
    EarStatus,
    decode,
    decode_choice,
    decode_code,
    decode_features,
    decode_status,
    encode_choice,
    encode_code,
    encode_features,
    encode_status,
)
from showctl.wire.timecode import Face, Frame, Rate, valid

finite = st.floats(allow_nan=False, allow_infinity=False)
unit = st.floats(0, 1)
grids = st.integers(1, 16).flatmap(
    lambda n: st.builds(
        BeatGrid,
        anchor=finite,
        index=st.integers(0, 2**62),
        period=st.floats(1e-3, 10),
        bar_position=st.integers(0, n),
        beats_per_bar=st.just(n),
        confidence=unit,
    )
)
all_features = st.builds(
    Features,
    time=finite,
    level=finite,
    bands=st.lists(finite, max_size=8).map(tuple),
    energy=unit,
    onset=st.floats(0, 1e6),
    strikes=st.tuples(*[st.floats(0, 1e6)] * 3),
    grid=st.none() | grids,
    section=st.sampled_from(Section),
    sure=unit,
    coming=st.none() | st.builds(Coming, section=st.sampled_from(Section), time=finite, confidence=unit),
)
statuses = st.builds(
    EarStatus,
    state=st.sampled_from(State),
    detail=st.text(max_size=100),
    source=st.text(max_size=50),
    device=st.text(max_size=50),
    rate=st.integers(0, 192000),
    peak=finite,
    lost=st.integers(0, 2**40),
    overflows=st.integers(0, 2**40),
    clipped=st.booleans(),
)

faces = st.builds(Face, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.floats(0, 29.99))
codes = st.builds(
    CodeRead,
    time=finite,
    frame=st.builds(Frame, faces, st.sampled_from(Rate), st.floats(0, 1e6), st.sampled_from([-1, 0, 1])).filter(
        lambda frame: valid(frame.face, frame.rate)
    ),
)


@given(all_features)
def test_a_record_comes_back_as_it_went(features):
    data = encode_features(features)
    assert len(data) == RECORD.size
    assert decode(data) == features


@given(codes)
def test_a_time_code_comes_back_as_it_went(code):
    data = encode_code(code)
    assert len(data) == CODE.size
    assert decode(data) == code


@given(statuses)
def test_a_status_comes_back_as_it_went(status):
    assert decode(encode_status(status)) == status


@given(st.lists(st.integers(1, 32), max_size=32))
def test_a_choice_of_channels_comes_back_as_it_went(channels):
    assert decode_choice(encode_choice(tuple(channels))) == tuple(channels)


@pytest.mark.parametrize("data", [b"", b"[]", b'{"type": "choice"}', b'{"type": "choice", "channels": [0]}', b"[" * 100_000])
def test_what_is_no_choice_is_refused(data):
    with pytest.raises(WireError):
        decode_choice(data)


def test_a_status_that_is_too_long_is_cut_not_lost():
    status = decode_status(encode_status(EarStatus(State.DEGRADED, detail="\N{SPEAKER}" * 5000)))
    assert status.state is State.DEGRADED
    assert len(encode_status(status)) <= STATUS_LIMIT
    assert status.detail.startswith("\N{SPEAKER}")


@given(
    st.binary(max_size=200)
    | st.binary(min_size=RECORD.size, max_size=RECORD.size).map(lambda b: b"F" + b[1:])
    | st.binary(min_size=CODE.size - 1, max_size=CODE.size - 1).map(lambda b: b"T" + b)
)
def test_whatever_arrives_is_a_value_or_a_wire_error(data):
    try:
        value = decode(data)
    except WireError:
        return
    assert isinstance(value, Features | CodeRead | EarStatus)


@given(st.recursive(st.none() | st.booleans() | finite | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_other_json_is_refused(value):
    import json

    with pytest.raises(WireError):
        decode_status(json.dumps(value).encode())


@pytest.mark.parametrize(
    "features",
    [
        Features(float("nan"), -20.0),
        Features(1.0, float("-inf")),
        Features(1.0, -20.0, energy=1.5),
        Features(1.0, -20.0, onset=-1.0),
        Features(1.0, -20.0, strikes=(0.0, -1.0, 0.0)),
        Features(1.0, -20.0, strikes=(0.0, 0.0, math.nan)),
        Features(1.0, -20.0, bands=(0.0,) * 9),
        Features(1.0, -20.0, sure=1.5),
        Features(1.0, -20.0, coming=Coming(Section.DROP, math.nan, 0.5)),
        Features(1.0, -20.0, coming=Coming(Section.DROP, 2.0, -0.1)),
        Features(1.0, -20.0, grid=BeatGrid(1.0, 0, 0.0)),
        Features(1.0, -20.0, grid=BeatGrid(1.0, -1, 0.5)),
        Features(1.0, -20.0, grid=BeatGrid(1.0, 0, 0.5, 5, 4)),
        Features(1.0, -20.0, grid=BeatGrid(1.0, 0, 0.5, 1, 300)),
    ],
)
def test_nonsense_is_refused_by_the_sender_too(features):
    with pytest.raises(WireError):
        encode_features(features)


@pytest.mark.parametrize(
    ("time", "face", "rate", "at"),
    [
        (float("inf"), Face(1, 0, 0, 0), Rate.PAL, 3600.0),
        (1.0, Face(1, 0, 0, 0), Rate.PAL, float("nan")),
        (1.0, Face(1, 0, 0, 0), Rate.PAL, -1.0),
        (1.0, Face(1, 0, 0, 25), Rate.PAL, 3600.0),
        (1.0, Face(24, 0, 0, 0), Rate.PAL, 3600.0),
        (1.0, Face(0, 1, 0, 0), Rate.DROP, 60.0),
        (1.0, Face(0, -1, 0, 0), Rate.PAL, 0.0),
    ],
)
def test_a_time_that_no_clock_shows_is_refused_by_both_ends(time, face, rate, at):
    with pytest.raises(WireError):
        encode_code(CodeRead(time, Frame(face, rate, at, 1)))
    if face.minutes >= 0:
        with pytest.raises(WireError):
            decode_code(CODE.pack(ord("T"), list(Rate).index(rate), 1, *face[:3], face.frames, at, time))


def test_a_flipped_kind_or_length_is_refused():
    data = encode_features(Features(1.0, -20.0))
    for bad in (data[:-1], data + b"\0", b"G" + data[1:], b""):
        with pytest.raises(WireError):
            decode_features(bad)
