"""What is told of a show: every path once, what OSC can carry, the table of docs/osc.md word for word."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage

from showctl.model import BeatState, ListState, PlaybackState, TrackView
from showctl.plan import Cue, CueList, Plan
from showctl.wire.osc import decode
from showctl.wire.osc_answers import ANSWERS, Standing, covers, cue_names, message, plain, told

PLAYBACK = PlaybackState(
    lists=(ListState("main", "2.5", "3", "fading", waiting="drop"), ListState("probe", "0", None)),
    grand_master=0.5,
    blackout=True,
    submasters=(("front", 0.25), ("haze", 1.0)),
    flashed=("haze",),
    beat=17.9,
    bpm=128.04,
    house=0.75,
    beats=BeatState(source="lock", counts=True, bar=1),
)
TRACKS = TrackView("playing", "song", 10.0, 5.0, 200.0, 0.5, 0.8, 6, None, "next one", "outro")
STANDING = Standing(7.0, PLAYBACK, TRACKS, "A night", "running", {("main", "2.5"): "Straße"})


def test_everything_that_is_told() -> None:
    assert told(STANDING) == {
        "cue": ("2.5", "Straße"),
        "list/main/cue": ("2.5", "Straße"),
        "list/probe/cue": ("0", ""),
        "next": ("3", "", "drop"),
        "list/main/next": ("3", "", "drop"),
        "list/probe/next": ("", "", ""),
        "state": ("fading",),
        "list/main/state": ("fading",),
        "list/probe/state": ("idle",),
        "rate": (1.0,),
        "list/main/rate": (1.0,),
        "list/probe/rate": (1.0,),
        "gm": (0.5,),
        "blackout": (1,),
        "house": (0.75,),
        "sub/front": (0.25,),
        "sub/haze": (1.0,),
        "flash/front": (0,),
        "flash/haze": (1,),
        "bpm": (128.0,),
        "beat": (17, 1),
        "beat/source": ("lock",),
        "beat/lock": (1,),
        "track/state": ("playing", "song"),
        "track/next": ("next one", "outro"),
        "track/position": (11.0, 200.0, 6),
        "track/volume": (0.8,),
        "track/rate": (0.5,),
        "show": ("A night",),
        "health": ("running",),
    }


def test_types_are_those_of_the_table() -> None:
    for answer in ANSWERS:
        for path, values in answer.of(STANDING):
            packet = message(path, values)
            assert packet is not None
            [one] = decode(packet)
            assert (one.address, one.tags) == (f"/showctl/{path}", answer.tags)
            theirs = OscMessage(packet)
            assert (theirs.address, tuple(theirs.params)) == (one.address, one.arguments)


def test_before_the_first_frame_only_the_show_is_known() -> None:
    assert told(Standing(0.0, show="A night", state="starting")) == {"show": ("A night",), "health": ("starting",)}


def test_the_document_has_the_table_word_for_word() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "osc.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| `[^`]+` \| `[a-z]*` \|", line)]
    assert rows == [f"| `{one.path}` | `{one.tags}` | {one.text} |" for one in ANSWERS]


def test_names_of_cues() -> None:
    plan = Plan((), lists=(CueList("main", (Cue(Decimal("2.50"), "Verse"), Cue(Decimal(10), ""))),))
    assert cue_names(plan) == {("main", "2.5"): "Verse"}


@pytest.mark.parametrize(
    ("asked", "path", "covered"),
    [
        ("", "gm", True),
        ("gm", "gm", True),
        ("list/main", "list/main/cue", True),
        ("list/ma", "list/main/cue", False),
        ("list/main/cue", "list/main", False),
        ("*", "gm", False),
    ],
)
def test_a_path_covers_what_is_below_it(asked: str, path: str, covered: bool) -> None:
    assert covers(asked, path) == covered


@given(st.text(max_size=300))
def test_any_text_can_be_told(text: str) -> None:
    packet = message("cue", (text,))
    assert packet is not None
    assert decode(packet)[0].arguments == (plain(text),)


@given(st.text(max_size=20))
def test_a_name_that_is_no_address_is_left_out(name: str) -> None:
    packet = message(f"sub/{name}", (0.5,))
    if packet is not None:
        assert decode(packet)[0].address == f"/showctl/sub/{name}"
    else:
        assert not (name.isascii() and name.isprintable())


@given(st.floats(), st.floats(), st.floats(), st.floats())
def test_what_is_no_number_is_never_told(beat: float, bpm: float, gm: float, position: float) -> None:
    playback = PlaybackState((), grand_master=gm, beat=beat, bpm=bpm)
    standing = Standing(7.0, playback, TrackView("playing", "song", position, 5.0, 200.0))
    for path, values in told(standing).items():
        packet = message(path, values)
        assert packet is not None
        assert all(math.isfinite(one) for one in decode(packet)[0].arguments if isinstance(one, float))
