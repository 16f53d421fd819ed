"""Each news once, in the words of `showctl listen`."""

from __future__ import annotations

from dataclasses import replace

from showctl.analysis.hearing.announce import Announcer
from showctl.model import BeatGrid, Coming, Features, Section

GRID = BeatGrid(anchor=10.1, index=7, period=0.5, bar_position=3, confidence=0.9)
QUIET = Features(time=10.0, level=-20.0, section=Section.STEADY)


def test_a_beat_is_told_once() -> None:
    announcer = Announcer()
    announcer.feed(QUIET)
    assert announcer.feed(replace(QUIET, time=10.01, grid=GRID)) == [
        {"type": "beat", "time": 10.1, "emitted": 10.01, "index": 7, "bar_position": 3, "bpm": 120.0, "confidence": 0.9}
    ]
    assert announcer.feed(replace(QUIET, time=10.02, grid=GRID)) == []


def test_an_unknown_place_in_the_bar_is_null() -> None:
    news = Announcer().feed(replace(QUIET, grid=replace(GRID, bar_position=0)))
    assert news[0]["bar_position"] is None


def test_a_beat_is_withdrawn_before_its_time_and_never_after() -> None:
    announcer = Announcer()
    announcer.feed(replace(QUIET, grid=GRID))
    assert announcer.feed(replace(QUIET, time=10.05)) == [{"type": "withdraw", "index": 7, "emitted": 10.05}]
    announcer = Announcer()
    announcer.feed(replace(QUIET, grid=GRID))
    assert announcer.feed(replace(QUIET, time=10.1)) == []


def test_a_beat_that_another_takes_the_place_of_before_its_time_is_withdrawn() -> None:
    announcer = Announcer()
    announcer.feed(replace(QUIET, grid=GRID))
    news = announcer.feed(replace(QUIET, time=10.05, grid=replace(GRID, anchor=10.0, index=8)))
    assert [(one["type"], one["index"]) for one in news] == [("withdraw", 7), ("beat", 8)]
    assert [one["type"] for one in announcer.feed(replace(QUIET, time=10.4, grid=replace(GRID, anchor=10.5, index=9)))] == [
        "beat"
    ]


def test_onsets_and_sections() -> None:
    announcer = Announcer()
    assert announcer.feed(replace(QUIET, onset=1.5)) == [
        {"type": "onset", "time": 9.988, "emitted": 10.0, "strength": 1.5, "band": "other"},
        {"type": "section", "time": 10.0, "emitted": 10.0, "kind": "steady", "confidence": 1.0},
    ]
    assert announcer.feed(QUIET) == []
    several = announcer.feed(replace(QUIET, onset=1.5, strikes=(0.0, 2.0, 1.0)))
    assert [(one["type"], one["band"], one["strength"]) for one in several] == [
        ("onset", "snare", 1.5),
        ("strike", "snare", 2.0),
        ("strike", "hat", 1.0),
    ]
    assert [one["type"] for one in announcer.feed(replace(QUIET, strikes=(0.5, 0.0, 0.0)))] == ["strike"]
    assert announcer.feed(replace(QUIET, section=Section.DROP))[0]["kind"] == "drop"


def test_a_foretold_section_is_told_once_again_where_it_moves_and_taken_back() -> None:
    announcer, drop = Announcer(), Coming(Section.DROP, 11.0, 0.6)
    announcer.feed(QUIET)
    told = [announcer.feed(replace(QUIET, coming=one)) for one in (drop, drop, replace(drop, time=11.02), None)]
    coming = {"type": "coming", "emitted": 10.0, "kind": "drop"}
    assert told[0] == [{**coming, "time": 11.0, "confidence": 0.6}]
    assert told[1] == []
    assert told[2] == [{**coming, "time": 11.02, "confidence": 0.6}]
    assert told[3] == [{**coming, "time": None}]


def test_a_foretold_section_whose_time_has_come_is_not_taken_back() -> None:
    announcer = Announcer()
    announcer.feed(replace(QUIET, coming=Coming(Section.DROP, 10.5, 0.6)))
    assert announcer.feed(replace(QUIET, time=10.6)) == []
