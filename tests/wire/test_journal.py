"""The journal: every line back to what it was, and every bad line refused with what is wrong."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import (
    Back,
    BeatGrid,
    Blackout,
    Check,
    Downbeat,
    ExitLoop,
    Features,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Happened,
    Hold,
    Identify,
    LetGo,
    LockBeat,
    Nudge,
    Octave,
    Park,
    Pause,
    Release,
    Resume,
    Section,
    SetHouse,
    SetMaster,
    SetRate,
    StopAll,
    Tap,
    Timecode,
    Unpark,
    WireError,
)
from showctl.wire.journal import Given, Load, Tick, decode, decode_happened, encode, encode_happened

finite = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(), max_size=20)  # halves of surrogate pairs too: the web can send them
values = st.lists(st.tuples(text, finite), max_size=3).map(tuple)
grids = st.builds(
    BeatGrid,
    finite,
    st.integers(-(2**53), 2**53),
    st.floats(1e-6, 1e6),
    st.integers(0, 12),
    st.integers(1, 12),
    finite,
)
given_values = st.one_of(
    *(st.builds(one, time=finite, source=text, list=text) for one in (Go, Back, Pause, Resume, Release)),
    st.builds(Goto, time=finite, source=text, list=text, cue=text),
    st.builds(StopAll, time=finite, source=text),
    st.builds(Tap, time=finite, source=text),
    st.builds(Nudge, time=finite, source=text, by=finite),
    st.builds(Octave, time=finite, source=text, step=st.sampled_from([-1, 1])),
    st.builds(Downbeat, time=finite, source=text),
    st.builds(LockBeat, time=finite, source=text, on=st.booleans()),
    st.builds(FreeBeat, time=finite, source=text),
    st.builds(Blackout, time=finite, source=text, on=st.booleans()),
    st.builds(SetMaster, time=finite, source=text, level=finite, submaster=st.none() | text),
    st.builds(ExitLoop, time=finite, source=text, list=text),
    st.builds(SetRate, time=finite, source=text, list=text, rate=finite),
    st.builds(SetHouse, time=finite, source=text, level=finite, fade=finite),
    *(st.builds(one, time=finite, source=text, values=values) for one in (Hold, Park)),
    *(st.builds(one, time=finite, source=text, keys=st.lists(text, max_size=3).map(tuple)) for one in (LetGo, Unpark)),
    st.builds(Flash, time=finite, source=text, submaster=text, on=st.booleans()),
    st.builds(Identify, time=finite, source=text, fixture=text, on=st.booleans()),
    st.builds(Timecode, time=finite, source=text, at=finite, clock=st.sampled_from(["mtc", "ltc"]), speed=finite),
    st.builds(Check, time=finite, source=text, step=st.integers(-1, 1)),
    st.builds(
        Features,
        finite,
        finite,
        st.lists(finite, max_size=4).map(tuple),
        finite,
        finite,
        st.none() | grids,
        st.sampled_from(Section),
    ),
    st.builds(Tick, finite),
    st.builds(Tick, finite, st.integers(2, 10**7), st.integers(1, 2**53)),
    st.builds(Load, finite, text, text, text, st.none() | st.dictionaries(text, st.lists(finite) | text | st.none(), max_size=3)),
)


@given(given_values)
def test_decode_gives_back_what_was_encoded(value: Given) -> None:
    line = encode(value)
    assert "\n" not in line
    back = decode(line)
    assert back == value
    assert type(back) is type(value)


contents = st.one_of(text, finite, st.integers(), st.booleans(), st.none())
happenings = st.builds(
    Happened,
    finite,
    text,
    st.dictionaries(text.filter(lambda n: n not in ("time", "type")), contents, max_size=5).map(lambda d: tuple(d.items())),
)


@given(happenings)
def test_happened_comes_back_too(value: Happened) -> None:
    back = decode_happened(encode_happened(value))
    assert back == value
    assert [type(v) for _, v in back.data] == [type(v) for _, v in value.data]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "object"),
        ("[" * 60000, "journal"),
        ("3", "object"),
        ('{"time": 1}', "`type` is None"),
        ('{"time": 1, "type": "fly"}', "'fly'; there are go, back"),
        ('{"time": 1, "type": ["go"]}', "`type`"),
        ('{"type": "go"}', "`time` is missing"),
        ('{"time": "1", "type": "go"}', "`time` must be a number"),
        ('{"time": true, "type": "go"}', "`time` must be a number"),
        ('{"time": NaN, "type": "go"}', "NaN"),
        ('{"time": 1e999, "type": "go"}', "`time` is not finite"),
        ('{"time": 1' + "0" * 400 + ', "type": "go"}', "too great"),
        ('{"time": 1' + "0" * 5000 + ', "type": "go"}', "journal"),
        ('{"time": 1, "time": 2, "type": "go"}', "twice"),
        ('{"time": 1, "type": "back", "cue": "2"}', "unknown field `cue`"),
        ('{"time": 1, "type": "goto", "cue": 2}', "`cue` must be text"),
        ('{"time": 1, "type": "goto"}', "`cue` is missing"),
        ('{"time": 1, "type": "blackout", "on": 1}', "true or false"),
        ('{"time": 1, "type": "master", "level": null}', "`level` must be a number"),
        ('{"time": 1, "type": "features", "level": -10, "bands": 3}', "list of numbers"),
        ('{"time": 1, "type": "features", "level": -10, "section": "chorus"}', "there are silence"),
        ('{"time": 1, "type": "features", "level": -10, "grid": 3}', "must be an object"),
        ('{"time": 1, "type": "features", "level": -10, "grid": {"anchor": 1, "index": 1}}', "`period` is missing"),
        ('{"time": 1, "type": "features", "level": -10, "grid": {"anchor": 1, "index": 1.5, "period": 1}}', "whole number"),
        ('{"time": 1, "type": "features", "level": -10, "grid": {"anchor": 1, "index": 1, "period": 0}}', "above 0"),
        ('{"time": 1, "type": "tick", "source": "x"}', "unknown field"),
        ('{"time": 1, "type": "tick", "count": 0}', "`count` is 1 to"),
        ('{"time": 1, "type": "tick", "count": 2}', "`every` is above 0"),
        ('{"time": 1, "type": "load", "state": [1]}', "`state` must be an object"),
        ('{"time": 1, "type": "go", "source": "' + "x" * 2**20 + '"}', "characters"),
    ],
)
def test_a_bad_line_is_refused_with_what_is_wrong(line: str, wrong: str) -> None:
    with pytest.raises(WireError) as error:
        decode(line)
    assert wrong in str(error.value)


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda b: b.decode("latin-1")))
def test_any_text_is_read_or_refused(line: str) -> None:
    for reader in (decode, decode_happened):
        try:
            reader(line)
        except WireError:
            continue


@given(given_values, st.data())
def test_a_line_with_one_thing_changed_is_read_or_refused(value: Given, data: st.DataObject) -> None:
    fields = json.loads(encode(value))
    name = data.draw(st.sampled_from(sorted(fields)))
    fields[name] = data.draw(st.none() | st.booleans() | st.integers() | st.lists(st.none()) | st.dictionaries(text, st.none()))
    try:
        decode(json.dumps(fields))
    except WireError:
        return


def test_what_is_no_number_is_not_written() -> None:
    with pytest.raises(WireError, match="finite"):
        encode(SetMaster(time=1.0, level=float("nan")))
    with pytest.raises(WireError, match="twice"):
        encode_happened(Happened(1.0, "x", (("time", 1.0),)))


def test_a_state_may_be_longer_than_any_hand_s_line() -> None:
    load = Load(1.0, state={"x": "y" * 2**21})
    assert decode(encode(load)) == load
    with pytest.raises(WireError, match="characters"):
        encode(Go(time=1.0, source="x" * 2**20))


@given(st.integers(0, 10**16), st.integers(1, 10**9), st.integers(1, 50))
def test_a_run_of_steps_is_exact(first: int, every: int, count: int) -> None:
    """To the last bit what a clock that counts nanoseconds gives, for a hundred days."""
    first = min(first, 86400 * 10**9 * 100)
    times = [(first + i * every) / 1e9 for i in range(count)]
    assert list(Tick(times[0], count, every if count > 1 else 0).times()) == times


def test_defaults_are_left_out() -> None:
    assert encode(Go(time=1.5)) == '{"time": 1.5, "type": "go"}'
    assert decode('{"time": 1, "type": "go"}') == Go(time=1.0)
