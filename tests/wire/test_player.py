"""What daemon and player say to each other comes out as it went in, and nothing else is taken."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import State, WireError
from showctl.model.player import (
    Command,
    Define,
    Follow,
    Forget,
    Loop,
    Mode,
    Part,
    PausePlay,
    Play,
    PlayerClock,
    PlayerSetup,
    PlayerStatus,
    Prepare,
    ResumePlay,
    Speed,
    StopPlay,
    Volume,
)
from showctl.wire.player import (
    MESSAGE_LIMIT,
    decode_command,
    decode_said,
    decode_setup,
    encode_clock,
    encode_command,
    encode_setup,
    encode_status,
)

COUNT, SECONDS = st.integers(0, 2**32 - 1), st.floats(0.0, 86_400.0)
NAMES = st.text(max_size=20)
LINES = st.lists(st.integers(0, 15), max_size=4).map(tuple)
COMMANDS = st.one_of(
    st.builds(
        Define,
        COUNT,
        NAMES,
        st.lists(st.builds(Part, NAMES, LINES), max_size=3).map(tuple),
        st.floats(0.0, 16.0),
        st.lists(SECONDS, max_size=4).map(tuple),
    ),
    st.builds(Forget, COUNT, NAMES),
    st.builds(Prepare, COUNT, NAMES, SECONDS),
    st.builds(Play, COUNT, NAMES, SECONDS, SECONDS, SECONDS, st.none() | SECONDS),
    st.builds(PausePlay, COUNT),
    st.builds(ResumePlay, COUNT),
    st.builds(StopPlay, COUNT, SECONDS),
    st.builds(Follow, COUNT, st.none() | NAMES, SECONDS, SECONDS),
    st.builds(Loop, COUNT)
    | st.builds(lambda seq, first, more: Loop(seq, first, first + more), COUNT, st.floats(0, 100), st.floats(1, 100)),
    st.builds(Volume, COUNT, st.floats(0.0, 1.0)),
    st.builds(Speed, COUNT, st.floats(0.5, 2.0)),
)


@given(COMMANDS)
def test_a_command_comes_out_as_it_went_in(command: Command) -> None:
    assert decode_command(encode_command(command)) == command


@given(st.builds(PlayerClock, st.sampled_from(Mode), COUNT, COUNT, SECONDS, st.floats(0.5, 2.0), st.integers(0, 2**62), SECONDS))
def test_a_clock_comes_out_as_it_went_in(clock: PlayerClock) -> None:
    assert decode_said(encode_clock(clock)) == clock


def test_a_status_and_a_setup_come_out_as_they_went_in() -> None:
    status = PlayerStatus(State.DEGRADED, "why", 48_000, 0.01, 1, 2, 3, 4, (("song", "gone"),), "no", 7)
    assert decode_said(encode_status(status)) == status
    setup = PlayerSetup("card", (0, 1, 5))
    assert decode_setup(encode_setup(setup)) == setup


def test_a_status_with_more_words_than_a_packet_holds_still_comes() -> None:
    why = "/музыка/" + "ж" * 400 + ": no such file"
    status = PlayerStatus(State.DEGRADED, "ж" * 2000, refused="ж" * 2000, troubles=tuple((f"песня {n}", why) for n in range(500)))
    data = encode_status(status)
    assert len(data) <= MESSAGE_LIMIT
    said = decode_said(data)
    assert isinstance(said, PlayerStatus)
    assert len(said.troubles) > 10


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(data: bytes) -> None:
    for decode in (decode_command, decode_said):
        try:
            decode(data)
        except WireError:
            continue


@pytest.mark.parametrize("memory", [-1, 1.5, True, 10**400])
def test_a_status_with_a_figure_that_cannot_be_is_refused(memory: object) -> None:
    said = json.loads(encode_status(PlayerStatus(State.RUNNING, "plays")))
    with pytest.raises(WireError):
        decode_said(json.dumps({**said, "memory": memory}).encode())


@pytest.mark.parametrize(
    "body",
    [
        {"type": "play", "seq": 1},
        {"type": "play", "seq": 1, "track": None},
        {"type": "play", "seq": -1, "track": "a"},
        {"type": "play", "seq": 1, "track": "a", "at": -1.0},
        {"type": "play", "seq": 1, "track": "a", "more": 1},
        {"type": "speed", "seq": 1, "rate": 3.0},
        {"type": "volume", "seq": 1, "gain": "loud"},
        {"type": "loop", "seq": 1, "first": 2.0, "last": 1.0},
        {"type": "loop", "seq": 1, "first": 2.0},
        {"type": "define", "seq": 1, "track": "a", "parts": [{"file": "x", "lines": [99]}]},
        {"type": "explode", "seq": 1},
        [],
    ],
)
def test_what_is_no_command_is_refused(body: object) -> None:
    with pytest.raises(WireError):
        decode_command(json.dumps(body).encode())


def test_what_is_no_number_cannot_be_sent() -> None:
    with pytest.raises(WireError):
        encode_command(Volume(1, math.nan))
    with pytest.raises(WireError):
        encode_clock(PlayerClock(Mode.PLAYING, 1, 1, math.inf))


def test_a_clock_runs_on_while_it_plays_and_stands_while_it_does_not() -> None:
    clock = PlayerClock(Mode.PLAYING, 1, 1, 10.0, 1.5, 2_000_000_000)
    assert clock.position_at(4_000_000_000) == 13.0
    assert clock.position_at(1_000_000_000) == 8.5
    assert PlayerClock(Mode.PAUSED, 1, 1, 10.0, 1.5, 2_000_000_000).position_at(4_000_000_000) == 10.0
