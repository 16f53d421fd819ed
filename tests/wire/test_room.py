"""What the daemon and the process that hears the room say: as it went in, and nothing else gets through."""

from __future__ import annotations

import contextlib
import json
from dataclasses import astuple, fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import EqBand, Howl, LevelLimit, LevelPast, Levels, LevelWarning, RoomResponse, State, WireError
from showctl.plan import PaMicrophone
from showctl.wire import fitting, room
from showctl.wire.fitting import FitAnswer, FitJob
from showctl.wire.room import RoomHeard, RoomSetup

numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
above = st.floats(0, exclude_min=True, allow_infinity=False)
bands = st.builds(EqBand, st.sampled_from(["peaking", "low_shelf", "high_shelf"]), above, numbers, above)
limits = st.builds(LevelLimit, st.sampled_from(["laeq_1", "laeq_15", "laeq_60", "lcpeak"]), numbers)
warnings = st.builds(LevelWarning, limits, st.booleans(), st.none() | numbers, st.none() | numbers, words)
levels = st.builds(Levels, *[numbers] * 8, st.booleans(), st.lists(warnings, max_size=3).map(tuple))
howls = st.builds(Howl, *[numbers] * 5, words)


@st.composite
def heards(draw: st.DrawFn) -> RoomHeard:
    freq = np.array(sorted(draw(st.sets(st.floats(1.0, 30_000.0), max_size=6))))

    def response() -> RoomResponse:
        magnitude, coherence = (np.array(draw(st.lists(numbers, min_size=len(freq), max_size=len(freq)))) for _ in range(2))
        trusted = np.array(draw(st.lists(st.booleans(), min_size=len(freq), max_size=len(freq))), np.bool_)
        worth = np.array(draw(st.lists(st.floats(0.0, 1.0), min_size=len(freq), max_size=len(freq))))
        return RoomResponse(
            draw(numbers), freq, magnitude, coherence, trusted, worth, draw(numbers), draw(numbers), draw(st.booleans())
        )

    return RoomHeard(
        draw(numbers),
        draw(st.sampled_from(State)),
        draw(words),
        draw(st.integers(0, 200_000)),
        draw(st.integers(0, 10**12)),
        draw(numbers),
        tuple(response() if draw(st.booleans()) else None for _ in range(draw(st.integers(0, 3)))),
        tuple(draw(st.lists(st.none() | levels, max_size=3))),
        tuple(draw(st.lists(howls, max_size=3))),
        tuple(draw(st.lists(words, max_size=3))),
        tuple(draw(st.lists(words, max_size=3))),
    )


def plain(value: Any) -> Any:
    """All that is in it, arrays as lists, so that two can be compared."""
    if isinstance(value, RoomHeard | RoomResponse):
        return [plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [plain(one) for one in value] if isinstance(value, tuple) else value


@given(heards())
def test_what_is_heard_comes_as_it_went(heard: RoomHeard) -> None:
    assert plain(room.decode_heard(room.encode_heard(heard))) == plain(heard)


channels = st.integers(1, 64)
places = st.none() | st.tuples(numbers, numbers, numbers)
microphones = st.builds(PaMicrophone, words, channels, words, places, st.none() | numbers)


@given(
    st.builds(
        RoomSetup,
        words,
        st.lists(channels, max_size=2).map(tuple),
        st.lists(microphones, max_size=3).map(tuple),
        st.lists(limits, max_size=2).map(tuple),
    )
)
def test_a_setup_comes_as_it_went(setup: RoomSetup) -> None:
    assert room.decode_setup(room.encode_setup(setup)) == setup


@given(st.lists(bands, max_size=32).map(tuple))
def test_bands_come_as_they_went(some: tuple[EqBand, ...]) -> None:
    assert room.decode_bands(room.encode_bands(some)) == some


rows = st.lists(numbers, min_size=2, max_size=2).map(tuple)
jobs = st.builds(
    FitJob,
    numbers,
    st.just((100.0, 200.0)),
    st.lists(rows, min_size=2, max_size=2).map(tuple),
    st.lists(rows, min_size=2, max_size=2).map(tuple),
    words,
    st.integers(1, 32),
    st.tuples(numbers, numbers),
    numbers,
    st.tuples(numbers, numbers),
    st.lists(bands, max_size=3).map(tuple),
)


@given(jobs, st.builds(FitAnswer, st.lists(bands, max_size=3).map(tuple), words, numbers, numbers))
def test_a_fit_and_its_answer_come_as_they_went(job: FitJob, answer: FitAnswer) -> None:
    assert astuple(fitting.decode_job(fitting.encode_job(job))) == astuple(job)
    assert fitting.decode_answer(fitting.encode_answer(answer)) == answer


GOOD = RoomHeard(
    1.0,
    State.RUNNING,
    "",
    48_000,
    0,
    -20.0,
    (RoomResponse(1.0, np.array([100.0]), np.zeros(1), np.ones(1), np.ones(1, np.bool_), np.ones(1), 0.01, 0.0, True),),
    (
        Levels(
            1.0,
            90.0,
            90.0,
            90.0,
            90.0,
            100.0,
            101.0,
            60.0,
            False,
            (LevelWarning(LevelLimit("laeq_1", 90.0), False, 1.0, 89.0, "x"),),
        ),
    ),
    (Howl(1.0, 1000.0, -20.0, 12.0, 1000.0, "howls"),),
    ("left is dead",),
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(sorted(json.loads(room.encode_heard(GOOD)))), junk, st.booleans())
def test_a_field_that_is_something_else_is_refused_or_read(key: str, value: Any, within: bool) -> None:
    body = json.loads(room.encode_heard(GOOD))
    if within and isinstance(body[key], list) and body[key] and isinstance(body[key][0], dict):
        inner = sorted(body[key][0])
        body[key][0][inner[len(inner) // 2]] = value
    else:
        body[key] = value
    with contextlib.suppress(WireError):
        room.decode_heard(json.dumps(body).encode())


@given(st.binary(max_size=60))
def test_noise_is_a_wire_error(data: bytes) -> None:
    for decode in (room.decode_heard, room.decode_bands, fitting.decode_job, fitting.decode_answer):
        with pytest.raises(WireError):
            decode(data)


@given(st.lists(st.none() | st.binary(max_size=100), max_size=16))
def test_where_microphones_stood_comes_as_it_went(places: list[bytes | None]) -> None:
    assert room.decode_places(room.encode_places(places)) == tuple(places)


@pytest.mark.parametrize("places", [None, ["?"], ["A" * 8000], [3], [None] * 17])
def test_places_that_are_none_are_refused(places: Any) -> None:
    with pytest.raises(WireError):
        room.decode_places(json.dumps({"type": "places", "places": places}).encode())


def test_what_is_no_number_is_not_sent() -> None:
    response = GOOD.responses[0]
    assert response is not None
    response.magnitude[0] = np.nan
    try:
        with pytest.raises(WireError):
            room.encode_heard(GOOD)
    finally:
        response.magnitude[0] = 0.0


decibels = st.floats(-50.0, 250.0)


@given(words, numbers, st.lists(st.tuples(st.none() | decibels, decibels), max_size=20))
def test_how_loud_it_was_comes_out_as_it_went_in_but_for_rounding(name: str, time: float, seconds: list[Any]) -> None:
    past = LevelPast(tuple(la for la, _ in seconds), tuple(peak for _, peak in seconds))
    data = room.encode_past(name, time, past)
    assert room.says(data) == "past"
    who, when, found = room.decode_past(data)
    assert (who, when) == (name, time)
    assert found.peak == pytest.approx(past.peak, abs=0.051)
    assert [one is None for one in found.la] == [one is None for one in past.la]
    assert [one for one in found.la if one is not None] == pytest.approx([one for one in past.la if one is not None], abs=0.0051)


def test_an_hour_is_one_message_and_nonsense_is_refused() -> None:
    hour = room.encode_past("m" * 64, 1e9 / 3, LevelPast((-12.34,) * 3600, (100.1,) * 3600))
    assert len(hour) < room.MESSAGE_LIMIT
    body = json.loads(room.encode_past("left", 1.0, LevelPast((80.0,), (90.0,))))
    for change in ({"type": "bands"}, {"la": [1.0, 2.0]}, {"la": ["loud"]}, {"la": [1e9]}, {"peak": [None]}, {"time": None}):
        with pytest.raises(WireError):
            room.decode_past(json.dumps(body | change).encode())
    with pytest.raises(WireError):
        room.decode_past(room.encode_past("left", 1.0, LevelPast((80.0,) * 3601, (90.0,) * 3601)))
    with pytest.raises(WireError):
        room.says(b"[]")
