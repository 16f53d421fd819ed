"""What OSC, MIDI desks, MQTT and the page say of the tracks: one vocabulary, and every way to be refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from showctl.config.words import Words
from showctl.model import (
    ControlEvent,
    ExitTrackLoop,
    JumpTrack,
    LoopTrack,
    NextTrack,
    PauseTrack,
    PlaybackState,
    PlayTrack,
    PreviousTrack,
    ResumeTrack,
    SeekTrack,
    StayTrack,
    StopTrack,
    TrackRate,
    TrackVolume,
    WireError,
)
from showctl.plan import Plan, TrackPart, TrackPlan, TracksPlan
from showctl.remote.mqtt_words import request
from showctl.remote.web.control import parse_control
from showctl.wire.midi import Controller, Note
from showctl.wire.midi_map import Surface, deed, knob
from showctl.wire.osc import decode, encode
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_dictionary import control

TRACKS = tuple(TrackPlan(name, (TrackPart(f"{name}.wav", (0, 1)),), 60.0) for name in ("opener", "ballad"))
PLAN = Plan((), tracks=TracksPlan(TRACKS, ()))
NAMES = Words(PLAN)
WHO: dict[str, Any] = {"time": 3.5, "source": "x"}
TRIGGERS: dict[str, ControlEvent] = {
    "play": PlayTrack(**WHO),
    "play/ballad": PlayTrack(track="ballad", **WHO),
    "pause": PauseTrack(**WHO),
    "resume": ResumeTrack(**WHO),
    "stop": StopTrack(**WHO),
    "next": NextTrack(**WHO),
    "next/bar": NextTrack(quantise="bar", **WHO),
    "next/beat": NextTrack(quantise="beat", **WHO),
    "play/ballad/bar": PlayTrack(track="ballad", quantise="bar", **WHO),
    "previous": PreviousTrack(**WHO),
    "exit": ExitTrackLoop(**WHO),
    "stay": StayTrack(**WHO),
    "jump/now/solo": JumpTrack(marker="solo", **WHO),
    "jump/beat/solo": JumpTrack(marker="solo", quantise="beat", **WHO),
    "jump/bar/solo": JumpTrack(marker="solo", quantise="bar", **WHO),
}
WITH_ARGUMENTS: list[tuple[str, tuple[Any, ...], ControlEvent]] = [
    ("play", ("ballad",), PlayTrack(track="ballad", **WHO)),
    ("fade", (4.0,), StopTrack(fade=4.0, **WHO)),
    ("seek", (62.5,), SeekTrack(to=62.5, **WHO)),
    ("loop", (10.0, 12.0), LoopTrack(first=10.0, last=12.0, **WHO)),
    ("loop/bars", (4.0,), LoopTrack(bars=4, **WHO)),
    ("jump", ("solo",), JumpTrack(marker="solo", **WHO)),
    ("jump/bar", ("solo",), JumpTrack(marker="solo", quantise="bar", **WHO)),
    ("volume", (0.5,), TrackVolume(level=0.5, **WHO)),
    ("rate", (1.5,), TrackRate(rate=1.5, **WHO)),
]


BAD = [
    "track loop 4 2",
    "track loop 4",
    "track seek 90000",
    "track fade 61",
    "track volume 0.5",
    "track volume 101%",
    "track volume -1%",
]


def osc(word: str, *arguments: Any) -> ControlEvent | Refusal | None:
    [message] = decode(encode(f"/showctl/track/{word}", *arguments))
    return control(message, 3.5, "x", NAMES)


@pytest.mark.parametrize(("word", "event"), TRIGGERS.items())
def test_a_trigger_of_osc_fires_when_pressed_and_not_when_released(word: str, event: ControlEvent) -> None:
    assert osc(word) == osc(word, 1) == osc(word, 1.0) == event
    assert osc(word, 0) is None


@pytest.mark.parametrize(("word", "arguments", "event"), WITH_ARGUMENTS)
def test_what_osc_says_with_arguments(word: str, arguments: tuple[Any, ...], event: ControlEvent) -> None:
    assert osc(word, *arguments) == event


@pytest.mark.parametrize(
    ("word", "arguments", "why"),
    [
        ("play", ("nothing",), Refusal.TRACK),
        ("play/nothing", (), Refusal.TRACK),
        ("play/opener/ballad", (), Refusal.ADDRESS),
        ("next/song", (), Refusal.ADDRESS),
        ("explode", (), Refusal.ADDRESS),
        ("jump", (), Refusal.MISSING),
        ("jump", (1.0,), Refusal.TYPE),
        ("seek", (-1.0,), Refusal.RANGE),
        ("seek", (math.nan,), Refusal.RANGE),
        ("loop", (1.0,), Refusal.MISSING),
        ("loop", (2.0, 1.0), Refusal.RANGE),
        ("loop/bars", (0.0,), Refusal.RANGE),
        ("volume", (1.1,), Refusal.RANGE),
        ("rate", (0.4,), Refusal.RANGE),
        ("rate", (2.1,), Refusal.RANGE),
        ("fade", (1e9,), Refusal.RANGE),
    ],
)
def test_what_osc_is_refused(word: str, arguments: tuple[Any, ...], why: Refusal) -> None:
    assert osc(word, *arguments) is why


@pytest.mark.parametrize(
    ("words", "event"),
    [
        ("track play", PlayTrack(**WHO)),
        ("track play ballad", PlayTrack(track="ballad", **WHO)),
        ("track next", NextTrack(**WHO)),
        ("track next bar", NextTrack(quantise="bar", **WHO)),
        ("track play ballad bar", PlayTrack(track="ballad", quantise="bar", **WHO)),
        ("track jump solo", JumpTrack(marker="solo", **WHO)),
        ("track jump bar solo", JumpTrack(marker="solo", quantise="bar", **WHO)),
        ("track loop bars 4", LoopTrack(bars=4, **WHO)),
        ("track loop 12 16.5", LoopTrack(first=12.0, last=16.5, **WHO)),
        ("track seek 102.5", SeekTrack(to=102.5, **WHO)),
        ("track exit", ExitTrackLoop(**WHO)),
        ("track fade 3", StopTrack(fade=3.0, **WHO)),
        ("track rate 1.5", TrackRate(rate=1.5, **WHO)),
        ("track volume 50%", TrackVolume(level=0.5, **WHO)),
        ("track volume 0%", TrackVolume(level=0.0, **WHO)),
    ],
)
def test_a_pad_of_a_desk_fires(words: str, event: ControlEvent) -> None:
    surface = Surface({knob("note 36"): deed(words)})
    assert surface.take(Note(1, 36, 100), PlaybackState(()), 3.5, "x", NAMES) == event
    assert surface.take(Note(1, 36, 0), PlaybackState(()), 3.5, "x", NAMES) is None


def test_a_fader_of_a_desk_takes_the_volume_over_where_it_meets_it() -> None:
    surface, stands = Surface({knob("cc 7"): deed("track volume")}), PlaybackState((), track_volume=0.5)
    assert surface.take(Controller(1, 7, 127), stands, 3.5, "x", NAMES) is None, "nothing jumps"
    assert surface.take(Controller(1, 7, 60), stands, 3.6, "x", NAMES) == TrackVolume(level=60 / 127, time=3.6, source="x")


@pytest.mark.parametrize(
    "words", ["track", "track explode", "track rate 5", "track loop bars 0", "track jump", "track fade x", *BAD]
)
def test_words_of_a_map_that_are_none(words: str) -> None:
    with pytest.raises(ValueError, match="track"):
        deed(words)


@pytest.mark.parametrize(
    ("topic", "payload", "event"),
    [
        ("track/play", b"", PlayTrack(**WHO)),
        ("track/play", b"ballad", PlayTrack(track="ballad", **WHO)),
        ("track/next", b"", NextTrack(**WHO)),
        ("track/next/bar", b"", NextTrack(quantise="bar", **WHO)),
        ("track/seek", b"12.5", SeekTrack(to=12.5, **WHO)),
        ("track/loop", b"10 12", LoopTrack(first=10.0, last=12.0, **WHO)),
        ("track/loop/bars", b"4", LoopTrack(bars=4, **WHO)),
        ("track/jump/bar", b"solo", JumpTrack(marker="solo", quantise="bar", **WHO)),
        ("track/volume", b"0.5", TrackVolume(level=0.5, **WHO)),
    ],
)
def test_what_mqtt_says(topic: str, payload: bytes, event: ControlEvent) -> None:
    message = request(topic, payload)
    assert not isinstance(message, Refusal)
    assert control(message, 3.5, "x", NAMES) == event


def page(**body: Any) -> ControlEvent:
    event = parse_control(json.dumps({"type": "track", **body}), PLAN, NAMES, 3.5, "x")
    assert isinstance(event, PlayTrack | StopTrack | SeekTrack | LoopTrack | JumpTrack | TrackVolume | TrackRate | NextTrack)
    return event


def test_what_a_page_says() -> None:
    assert page(do="play") == PlayTrack(**WHO)
    assert page(do="play", track="ballad") == PlayTrack(track="ballad", **WHO)
    assert page(do="stop", fade=4) == StopTrack(fade=4.0, **WHO)
    assert page(do="next") == NextTrack(**WHO)
    assert page(do="next", quantise="bar") == NextTrack(quantise="bar", **WHO)
    assert page(do="play", track="ballad", quantise="beat") == PlayTrack(track="ballad", quantise="beat", **WHO)
    assert page(do="seek", to=12) == SeekTrack(to=12.0, **WHO)
    assert page(do="loop", bars=4) == LoopTrack(bars=4, **WHO)
    assert page(do="loop", first=1, last=2) == LoopTrack(first=1.0, last=2.0, **WHO)
    assert page(do="jump", marker="solo", quantise="bar") == JumpTrack(marker="solo", quantise="bar", **WHO)
    assert page(do="volume", level=0.5) == TrackVolume(level=0.5, **WHO)
    assert page(do="rate", rate=1.5) == TrackRate(rate=1.5, **WHO)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"do": "explode"},
        {"do": "play", "track": "nothing"},
        {"do": "play", "marker": "solo"},
        {"do": "jump"},
        {"do": "jump", "marker": "solo", "quantise": "song"},
        {"do": "volume", "level": 2},
        {"do": "rate", "rate": 0.1},
        {"do": "loop", "first": 1},
    ],
)
def test_what_a_page_is_answered(body: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        page(**body)
    with pytest.raises(WireError, match="no tracks"):
        parse_control('{"type": "track", "do": "play"}', Plan(()), Words(Plan(())), 3.5, "x")
