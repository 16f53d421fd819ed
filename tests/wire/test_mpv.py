"""What mpv is told and says, line by line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import WireError
from showctl.wire.mpv import Change, Event, Lines, Reply, command, volume

SAID = (
    b'{"request_id":7,"error":"success"}\n'
    b'{"event":"property-change","id":2,"name":"time-pos","data":12.48}\n'
    b'{"event":"property-change","id":1,"name":"path"}\n'
    b'{"event":"end-file","reason":"eof","playlist_entry_id":3}\n'
    b'{"event":"something-new","deep":{"er":[1]}}\n'
    b'{"request_id":8,"error":"property unavailable","data":null}\n'
)
MEANT = [
    Reply(7, "success"),
    Change("time-pos", 12.48),
    Change("path", None),
    Event("end-file", "eof"),
    Event("something-new"),
    Reply(8, "property unavailable"),
]


@given(st.lists(st.integers(0, len(SAID)), max_size=6))
def test_where_the_bytes_are_cut_makes_no_difference(cuts: list[int]) -> None:
    lines, said, at = Lines(), [], 0
    for cut in (*sorted(cuts), len(SAID)):
        said += lines.feed(SAID[at:cut])
        at = cut
    assert said == MEANT
    assert MEANT[0].done  # type: ignore[union-attr]
    assert not MEANT[5].done  # type: ignore[union-attr]


def test_a_command_is_a_line() -> None:
    line = command(3, "set_property", "pause", True)
    assert line.endswith(b"\n")
    assert json.loads(line) == {"command": ["set_property", "pause", True], "request_id": 3}


@pytest.mark.parametrize("data", [b"mpv 0.38\n", b"[1]\n", b'{"event":4}\n', b"x" * 70_000])
def test_what_is_no_line_of_it_is_said(data: bytes) -> None:
    with pytest.raises(WireError):
        Lines().feed(data)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 400])
def test_a_property_that_is_no_number_has_no_value(number: str) -> None:
    line = b'{"event": "property-change", "id": 2, "name": "time-pos", "data": %s}\n' % number.encode()
    assert Lines().feed(line) == [Change("time-pos", None)]


@given(st.binary(max_size=100))
def test_any_bytes_are_taken_or_refused(data: bytes) -> None:
    try:
        Lines().feed(data)
    except WireError:
        return


def test_a_volume_is_a_cube_root() -> None:
    assert volume(1.0) == 100.0
    assert volume(0.125) == 50.0
    assert volume(0.0) == 0.0
