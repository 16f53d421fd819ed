"""The tree of OSCQuery: what is in it is understood and told, and what is understood and told is in it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config.load import load
from showctl.config.words import Words
from showctl.model import BeatState, ListState, PlaybackState, TrackView
from showctl.plan import (
    CueList,
    GesturesPlan,
    Group,
    Marker,
    PatchedFixture,
    Place,
    Plan,
    Submaster,
    TrackPart,
    TrackPlan,
    TracksPlan,
    Wearable,
)
from showctl.wire import osc_query
from showctl.wire.osc import Value, decode, encode
from showctl.wire.osc_answers import Standing, told
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_commands import COMMANDS
from showctl.wire.osc_dictionary import control
from showctl.wire.osc_query import ASKED, EXTENSIONS, MOST_NAMES, NOT_OURS, Node, Way, answer, host_info, tree_of
from tests.wire.test_osc_dictionary import PLAN as RIG

ROOT = Path(__file__).resolve().parents[2]
PLAN = replace(
    RIG,
    fixtures=(*RIG.fixtures, PatchedFixture("hall", "dimmer", "", Place(), (3,))),
    groups=(Group("wash", ((0, 1), (2,))), Group("reds", ((1,),)), Group("with-house", ((2,), (3,)))),
    tracks=TracksPlan((TrackPlan("opener", (TrackPart("opener.wav", (0, 1)),), 60.0, markers=(Marker("solo", 1.0),)),), ()),
    gestures=GesturesPlan((Wearable("glove", "plain", "anna", "anna"),)),
)
NAMES = Words(PLAN)
TREE = tree_of(PLAN)
VALUES = {
    **told(
        Standing(
            10.0,
            PlaybackState(
                lists=tuple(ListState(name, "1", "2", "idle", 0.0, 0.0, "") for name in ("main", "probe")),
                submasters=(("probe", 0.5), ("front", 1.0)),
                house=0.3,
                beats=BeatState(),
            ),
            TrackView("playing", "opener", 1.0, 10.0, 60.0),
            "Night",
            "running",
        )
    ),
    "armed/anna": (1,),
}


def ways(root: Node = TREE) -> Iterator[tuple[str, Way]]:
    return ((node.path, way) for node in root.walk() for way in node.ways)


def said(way: Way, at: str = "MIN") -> list[Value]:
    """Arguments that fit a way: the ends of its ranges, the first of its choices."""
    found: list[Value] = []
    for n, tag in enumerate(way.tags):
        span = way.ranges[n] if way.ranges else None
        if tag == "I":
            found.append(math.inf)
        elif span is not None:
            found.append(span["VALS"][0] if "VALS" in span else span[at])
        else:
            found.append("12.5" if "N" in _words(way) else "par.1" if "WHAT" in _words(way) else "par.1 intensity 70%")
    return found


def _words(way: Way) -> list[str]:
    return next(line.split(" ")[1:] for line, text in COMMANDS.items() if text == way.text)


def asked(address: str, way: Way, arguments: list[Value], names: Words = NAMES) -> object:
    if "70%" in _words(way):
        arguments = ["70%"]
    if way.tags == "ff" and len(set(arguments)) == 1:
        arguments = [0.0, 86_400.0]
    [message] = decode(encode(address, *arguments, tags=way.tags))
    return control(message, 1.0, "osc:10.0.0.7", names)


@pytest.mark.parametrize(("path", "way"), [one for one in ways() if one[1].access & 2], ids=lambda one: getattr(one, "tags", one))
@pytest.mark.parametrize("at", ["MIN", "MAX"])
def test_what_the_tree_takes_is_understood(path: str, way: Way, at: str) -> None:
    found = asked(path, way, said(way, at))
    assert found is not None
    assert not isinstance(found, Refusal), found


@pytest.mark.parametrize(("path", "way"), [one for one in ways() if one[1].access & 2 and any(one[1].ranges)], ids=str)
def test_what_is_beyond_its_range_is_refused(path: str, way: Way) -> None:
    for n, span in enumerate(way.ranges):
        arguments = said(way)
        if span is not None and "MAX" in span:
            arguments[n] = span["MAX"] + 1
        elif way.tags[n] == "i":
            arguments[n] = 2
        elif span is not None and "marker" not in way.text:  # markers are the business of the track that plays
            arguments[n] = "nobody"
        else:
            continue
        [message] = decode(encode(path, *arguments, tags=way.tags))
        assert isinstance(control(message, 1.0, "osc:10.0.0.7", NAMES), Refusal)


def test_of_fixtures_and_groups_those_are_told_that_a_hand_may_hold() -> None:
    assert set(TREE.contents["showctl"].contents["set"].contents) == {"wash", "par.1", "par.2"}


@pytest.mark.parametrize(
    "files", ["venues/small-club.yaml cues/evening.yaml", "showctl/demo/venue.yaml showctl/demo/show.yaml"], ids=["club", "demo"]
)
def test_every_address_of_a_real_show_is_understood(files: str) -> None:
    plan = load(*(ROOT / one for one in files.split())).plan
    names, tree = Words(plan), tree_of(plan)
    taken = [(path, way) for path, way in ways(tree) if way.access & 2 and not {"WHAT", "WORDS"} & set(_words(way))]
    assert len(taken) > 100
    for path, way in taken:
        found = asked(path, way, said(way), names)
        assert found is not None
        assert not isinstance(found, Refusal), (path, found)


def test_every_line_of_the_table_is_in_the_tree() -> None:
    texts = {way.text for _, way in ways()}
    assert {text for line, text in COMMANDS.items() if "1/101" not in line} <= texts


def test_what_is_told_is_in_the_tree_and_what_is_in_the_tree_is_told() -> None:
    listened = {node.path.removeprefix("/showctl/"): node for node in TREE.walk() if node.is_told}
    assert set(listened) == set(VALUES) | {"feedback"}
    tags = {path: next(way.tags for way in node.ways if way.access & 1) for path, node in listened.items()}
    for path, values in VALUES.items():
        assert tags[path] == "".join({int: "i", float: "f", str: "s"}[type(one)] for one in values), path


def test_each_path_is_found_again_and_is_alike_from_above() -> None:
    whole = TREE.json(VALUES)
    for node in TREE.walk():
        status, found = answer(TREE, node.path, "", VALUES)
        assert status == 200
        assert found is not None
        assert found["FULL_PATH"] == node.path
        inside = whole
        for word in node.path.split("/"):
            inside = inside["CONTENTS"][word] if word else inside
        assert inside == found


def _lawful(found: dict[str, Any], path: str) -> None:
    """What the proposal says of a node."""
    assert set(found) <= ASKED
    assert found["FULL_PATH"] == path
    assert ("TYPE" in found) == (found["ACCESS"] != 0)
    for way in (found, *found.get("OVERLOADS", [])):
        for name in ("VALUE", "RANGE"):
            assert name not in way or len(way[name]) == len(way["TYPE"])
        assert "VALUE" not in way or way["ACCESS"] & 1
        assert ("CRITICAL" in way) == bool(way["ACCESS"] & 2)
        assert "CONTENTS" not in way or way is found
        for span in way.get("RANGE", []):
            assert span is None or set(span) in ({"MIN", "MAX"}, {"VALS"})
        assert set(way.get("TYPE", "")) <= set("Iifs")
    for name, below in found.get("CONTENTS", {}).items():
        _lawful(below, f"{path.rstrip('/')}/{name}")


def test_the_tree_is_what_the_proposal_asks_for_as_json() -> None:
    _lawful(json.loads(json.dumps(TREE.json(VALUES), allow_nan=False)), "/")


def test_faders_are_not_critical_and_buttons_are() -> None:
    critical = {path: way.critical for path, way in ways() if way.access & 2}
    assert all(critical[f"/showctl/{one}"] for one in ("go", "stop", "blackout", "goto", "flash/front"))
    assert not any(critical[f"/showctl/{one}"] for one in ("gm", "sub/front", "track/volume"))


@pytest.mark.parametrize(
    ("path", "query", "status", "found"),
    [
        ("/showctl/gm", "VALUE", 200, {"VALUE": [1.0]}),
        ("/showctl/gm", "RANGE", 200, {"RANGE": [{"MIN": 0.0, "MAX": 1.0}]}),
        ("/showctl/gm", "ACCESS", 200, {"ACCESS": 3}),
        ("/showctl/gm", "CONTENTS", 200, {}),
        ("/showctl/gm/", "TYPE", 200, {"TYPE": "f"}),
        ("/showctl", "TYPE", 200, {}),
        ("/showctl/go", "VALUE", 204, None),
        ("/showctl", "VALUE", 204, None),
        ("/showctl/feedback", "VALUE", 200, {}),
        ("/showctl/gm", "UNIT", 204, None),
        ("/showctl/gm", "VALUES", 400, None),
        ("/showctl/gm", "value", 400, None),
        ("/showctl/gm/0", "", 404, None),
        ("/nothing", "VALUE", 404, None),
        ("showctl", "", 404, None),
    ],
)
def test_questions(path: str, query: str, status: int, found: object) -> None:
    assert answer(TREE, path, query, VALUES) == (status, found)


def test_a_value_that_is_told_beside_a_button_stands_in_its_overloads() -> None:
    _, found = answer(TREE, "/showctl/track/next", "", VALUES)
    assert found is not None
    assert found["TYPE"] == "I"
    assert found["OVERLOADS"] == [
        {"TYPE": "ss", "ACCESS": 1, "DESCRIPTION": found["OVERLOADS"][0]["DESCRIPTION"], "VALUE": ["", ""]}
    ]
    assert set(found["CONTENTS"]) == {"now", "beat", "bar"}


def test_a_show_without_tracks_and_performers_has_no_words_of_theirs() -> None:
    small = tree_of(Plan((), lists=(CueList("main", ()),)))
    assert set(small.contents["showctl"].contents).isdisjoint({"track", "gesture", "armed", "feedback", "house"})
    assert "house" in TREE.contents["showctl"].contents


def test_names_that_are_no_addresses_are_left_out_and_there_are_never_too_many() -> None:
    names = ("küche", "a/b", "", ".", "..", "x" * 101, "good", *(f"n{n}" for n in range(300)))
    tree = tree_of(Plan((), submasters=tuple(Submaster(name, "additive", ()) for name in names)))
    found = tree.contents["showctl"].contents["sub"].contents
    assert list(found)[:2] == ["good", "n0"]
    assert len(found) == MOST_NAMES


def test_host_info() -> None:
    assert host_info("Club", None, 8000) == {
        "NAME": "Club",
        "OSC_PORT": 8000,
        "OSC_TRANSPORT": "UDP",
        "EXTENSIONS": dict.fromkeys(EXTENSIONS, True),
    }
    assert host_info("Club", "10.0.0.5", 8000)["OSC_IP"] == "10.0.0.5"
    assert not set(EXTENSIONS) & NOT_OURS
    assert set(EXTENSIONS) <= ASKED | {"LISTEN", "PATH_CHANGED"}


@given(path=st.text(max_size=60), query=st.text(max_size=20))
def test_no_question_is_too_much(path: str, query: str) -> None:
    for asked_for in (path, f"/showctl/{path}"):
        status, found = answer(TREE, asked_for, query, VALUES)
        assert (status == osc_query.OK) == (found is not None)
