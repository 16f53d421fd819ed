"""What hands may call by name: groups, palettes, house lights, and the angles of pan and tilt."""

from __future__ import annotations

from pathlib import Path

import pytest

from showctl.config.load import load
from showctl.plan import Plan

VENUE = """\
showctl: 1
kind: venue
name: Room
universes: {1: {}}
fixtures:
  par: {type: generic/rgbw, mode: drgbw, at: [1/1, 1/6, 1/11]}
  spot: {type: generic/spot, at: 1/101}
  side: {type: generic/spot, at: 1/121, swap: true}
  bar: {type: generic/bar, mode: 8-cell-dimmer, at: 1/301}
  foyer: {type: generic/dimmer, at: [1/501, 1/502]}
groups: {reverse: [par.3, par.1], cells: [bar.cells.2-3], unused: [par]}
house: [foyer]
positions: {singer: {spot: {pan: 54deg}}}
"""
SHOW = """\
showctl: 1
kind: show
palettes:
  intensity: {half: 50%}
  colour: {blood: "#ff0000", unused: "#00ff00"}
  position: {there: singer}
  beam: {open: {shutter: open}}
cues: [{cue: 1, set: {reverse: {intensity: half, colour: blood}}}]
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "venue.yaml").write_text(VENUE)
    (tmp_path / "show.yaml").write_text(SHOW)
    return load(tmp_path / "venue.yaml", tmp_path / "show.yaml").plan


def test_groups_in_their_order(plan: Plan) -> None:
    groups = {group.name: [{plan.parameters[p].key for p in element} for element in group.elements] for group in plan.groups}
    assert list(groups) == ["reverse", "cells", "unused"]
    assert [sorted(keys)[0] for keys in groups["reverse"]] == ["par.3/blue", "par.1/blue"]
    assert groups["cells"][0] == {"bar:2/red", "bar:2/green", "bar:2/blue", "bar:2/intensity"}


def test_palettes_for_all_who_can_show_them(plan: Plan) -> None:
    palettes = {(p.category, p.name): {plan.parameters[i].key: v for i, v in p.values} for p in plan.palettes}
    assert palettes["position", "there"] == palettes["position", "singer"] == {"spot/pan": pytest.approx(0.6)}
    assert set(palettes["beam", "open"]) == {"spot/shutter", "side/shutter"}
    assert palettes["colour", "unused"]["bar:8/green"] == 1.0
    assert palettes["intensity", "half"]["foyer.2/intensity"] == 0.5
    assert not any(key.startswith("foyer") for key in palettes["colour", "blood"])


def test_house_lights(plan: Plan) -> None:
    assert [plan.parameters[i].key for i in plan.house] == ["foyer.1/intensity", "foyer.2/intensity"]
    assert all(plan.parameters[i].exempt for i in plan.house)


def test_degrees_are_those_of_what_turns(plan: Plan) -> None:
    degrees = {p.key: p.degrees for p in plan.parameters if p.degrees}
    assert degrees == {
        "spot/pan": (-270.0, 270.0),
        "spot/tilt": (-135.0, 135.0),
        "side/pan": (-135.0, 135.0),
        "side/tilt": (-270.0, 270.0),
    }
    slots = {p.key: p.slots for p in plan.parameters}
    assert (slots["side/pan"], slots["side/tilt"]) == ((123, 124), (121, 122))
