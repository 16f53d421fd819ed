"""The board: how parts add up to a whole, words of cues, and JSON that every reader accepts."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import numpy as np
import pytest

from showctl.model import Features, Health, ListState, PlaybackState, Problem, Section, ShowFrame, State
from showctl.plan import Cue, CueList, Plan, Span, Universe, When
from showctl.remote.board import Board, Shown, follow_words, number_words, span_words, when_words
from showctl.wire.osc_senders import SenderView

PLAN = Plan(
    parameters=(),
    universes=(Universe(1, multicast=True), Universe(7, unicast=("10.0.0.5", "10.0.0.6"), priority=120, sync=7)),
    lists=(CueList("main", (Cue(Decimal("10")), Cue(Decimal("2.50"), "verse", when=When(Section.DROP, "bar"))), priority=6),),
    venue="hall",
    show="first",
)


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ({}, State.RUNNING),
        ({"engine": State.RUNNING, "osc": State.RUNNING}, State.RUNNING),
        ({"engine": State.RUNNING, "osc": State.STARTING}, State.RUNNING),
        ({"engine": State.STARTING}, State.DEGRADED),
        ({"engine": State.RUNNING, "osc": State.DEGRADED}, State.DEGRADED),
        ({"engine": State.RUNNING, "osc": State.FAILED}, State.DEGRADED),
        ({"engine": State.DEGRADED}, State.DEGRADED),
        ({"engine": State.FAILED, "osc": State.RUNNING}, State.FAILED),
    ],
)
def test_the_whole_is_as_well_as_its_worst_vital_part(parts: dict[str, State], whole: State) -> None:
    board = Board(PLAN, vital=frozenset({"engine"}))
    for name, state in parts.items():
        board.report(Health(name, state))
    assert board.overall() is whole
    assert board.health_json()["state"] == whole.value


def test_health_as_json() -> None:
    board = Board(PLAN)
    board.report(Health("osc", State.STARTING))
    board.report(Health("osc", State.RUNNING, "listens", 2.0, (("received", 3.0), ("odd", math.nan))))
    part = {"name": "osc", "state": "running", "detail": "listens", "since": 2.0, "counters": {"received": 3.0, "odd": None}}
    assert board.health_json() == {"state": "running", "parts": [part]}


def test_who_sends_osc_as_json() -> None:
    board = Board(PLAN)
    board.senders = (SenderView("10.0.0.9", "quarantine", 12, 0, 1.25, 3.0, "looks like x-io NGIMU"),)
    [told] = board.state_json()["senders"]
    assert told == {
        "name": "10.0.0.9",
        "state": "quarantine",
        "packets": 12,
        "cut_off": 0,
        "first": 1.2,
        "last": 3.0,
        "like": "looks like x-io NGIMU",
    }


def test_state_before_and_after_the_first_frame() -> None:
    board = Board(PLAN)
    before = board.state_json()
    assert (before["playback"], before["beat"], before["heard"]) == (None, None, None)
    assert before["universes"] == [
        {"number": 1, "to": ["multicast"], "priority": 100, "sync": 0},
        {"number": 7, "to": ["10.0.0.5", "10.0.0.6"], "priority": 120, "sync": 7},
    ]
    main = ListState("main", "2.5", "10", "fading", 3.0, math.inf)
    playback = PlaybackState((main,), 0.5, True, (("front", 0.25),), ("chase",), 8.5)
    slots = np.arange(1024, dtype=np.uint32).astype(np.uint8).reshape(2, 512)
    board.show(ShowFrame(4.0, slots, playback))
    board.hear(Features(4.0, -math.inf, (-20.0, math.nan, -40.0), section=Section.BUILD))
    slots[:] = 0  # the engine reuses its array
    assert board.frame == bytes(range(256)) * 4
    after = json.loads(json.dumps(board.state_json(), allow_nan=False))
    assert after["time"] == 4.0
    assert after["playback"]["lists"][0] == {
        "name": "main",
        "current": "2.5",
        "pending": "10",
        "state": "fading",
        "started": 3.0,
        "ends": None,
        "waiting": "",
        "rate": 1.0,
    }
    hands = {"held": {}, "parked": {}, "flashed": [], "identified": [], "checked": "", "house": None}
    assert after["playback"].items() >= hands.items()
    assert (after["playback"]["grand_master"], after["playback"]["blackout"]) == (0.5, True)
    assert (after["playback"]["submasters"], after["playback"]["effects"]) == ({"front": 0.25}, ["chase"])
    assert {key: after["beat"][key] for key in ("position", "bpm", "confidence", "source", "nudge_ms")} == {
        "position": 8.5,
        "bpm": 120.0,
        "confidence": 0.0,
        "source": "none",
        "nudge_ms": 0.0,
    }
    assert (after["heard"]["level"], after["heard"]["bands"], after["heard"]["section"]) == (None, [-20.0, None, -40.0], "build")
    assert [cue["number"] for cue in after["cue_lists"][0]["cues"]] == ["2.5", "10"]


def test_what_is_done_by_hand_is_shown() -> None:
    board = Board(PLAN)
    state = PlaybackState(
        (),
        house=0.3,
        held=(("par.1/red", 0.123456), ("1/101", 1.0)),
        parked=(("par.2/intensity", 0.5),),
        flashed=("front",),
        identified=("par.1",),
        checked="par.2",
    )
    board.show(ShowFrame(4.0, np.zeros((2, 512), np.uint8), state))
    shown = board.playback_json()["playback"]
    assert (shown["held"], shown["parked"]) == ({"par.1/red": 0.1235, "1/101": 1.0}, {"par.2/intensity": 0.5})
    assert (shown["house"], shown["flashed"], shown["identified"], shown["checked"]) == (0.3, ["front"], ["par.1"], "par.2")


def test_another_plan_replaces_cues_and_problems() -> None:
    board = Board(PLAN)
    board.frame = b"old"
    board.load(Shown.of(Plan((), venue="barn")), (Problem("v.yaml", 3, 1, "odd", "W-odd", "warning"),))
    state = board.state_json()
    assert (state["venue"], state["cue_lists"], board.frame) == ("barn", [], b"")
    assert state["problems"] == ["v.yaml:3:1: warning: odd [W-odd]"]


def test_words() -> None:
    assert [number_words(Decimal(n)) for n in ("1", "10", "100.0", "12.50", "0.001")] == ["1", "10", "100", "12.5", "0.001"]
    assert [span_words(s) for s in (Span(2), Span(0.5, "beat"), Span(1, "bar"), Span(4, "bar"))] == [
        "2 s",
        "0.5 beats",
        "1 bar",
        "4 bars",
    ]
    assert when_words(None) == ""
    assert when_words(When(Section.DROP)) == "drop"
    assert when_words(When(Section.BUILD, "beat")) == "build, on the next beat"
    assert follow_words(Cue(Decimal(1))) == ""
    assert follow_words(Cue(Decimal(1), follow=Span(3))) == "3 s after its GO"
    assert follow_words(Cue(Decimal(1), hang=Span(0))) == "0 s after its end"
