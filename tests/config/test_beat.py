"""What files say of the beat: the range of a cue, how late sound and lamps are, which channels are listened to."""

from __future__ import annotations

from pathlib import Path

import pytest

from showctl.config import values
from showctl.config.load import check, load
from showctl.config.schema import Venue
from showctl.plan import Plan

VENUE = """showctl: 1
kind: venue
universes: {1: {}}
fixtures:
  par: {type: generic/rgb, mode: drgb, at: [1/1, 1/5]}
  lamp: {type: generic/dimmer, at: [1/10, 1/11]}
  bulb: {type: generic/dimmer, at: 1/20}
groups: {rig: [par, lamp], room: [bulb]}
house: [bulb]
"""
SHOW = """showctl: 1
kind: show
effects:
  kick: {shape: decay, param: intensity, spread: 360deg}
  hit: {sync: onset, shape: decay, param: intensity, every: 500ms}
cues:
  - {cue: 1, tempo: 80-110 bpm, start: {kick: rig, hit: rig}}
  - {cue: 2, stop: kick, set: {room: {intensity: 5%}, rig: {intensity: 5%}}}
"""


def room(folder: Path, venue: str = "", show: str = SHOW) -> list[Path]:
    (folder / "venue.yaml").write_text(VENUE + venue)
    (folder / "show.yaml").write_text(show)
    return [folder / "venue.yaml", folder / "show.yaml"]


def loaded(folder: Path, venue: str = "") -> tuple[Plan, Venue]:
    found = load(*room(folder, venue))
    return found.plan, found.venue


def test_a_cue_says_a_range_or_one_tempo(tmp_path: Path) -> None:
    assert [cue.tempo for cue in loaded(tmp_path)[0].lists[0].cues] == [(80.0, 110.0), None]
    assert values.tempo("128 bpm") == (128.0, 128.0)
    assert values.tempo("87.5 - 90bpm") == (87.5, 90.0)


@pytest.mark.parametrize("text", ["fast", "128", "110-80 bpm", "10-20 bpm", "300-500 bpm", "-80 bpm", "80-110"])
def test_what_is_no_tempo_is_told(tmp_path: Path, text: str) -> None:
    paths = room(tmp_path, show=SHOW.replace("80-110 bpm", text))
    assert [(p.code, p.line) for p in check(paths) if p.severity == "error"] == [("E-tempo", 7)]


def test_without_latencies_nothing_is_early_and_with_them_nothing_is_told(tmp_path: Path) -> None:
    plan, _ = loaded(tmp_path)
    assert (plan.sound_latency, plan.lamp_latency) == (0.0, 0.0)
    assert {e.early for e in plan.effects} == {0.0}
    paths = room(tmp_path, "audio: {in: card, latency: -12ms}\nlamps: {generic/rgb: 40ms, generic/dimmer: 10ms}\n")
    assert [str(p) for p in check(paths) if "latency" in p.text or p.code == "W-not-yet"] == []


def test_the_quickest_lamps_say_when_the_beat_is_and_slower_ones_run_ahead(tmp_path: Path) -> None:
    plan, _ = loaded(tmp_path, "audio: {latency: 20ms}\nlamps: {generic/rgb: 40ms, generic/dimmer: 10ms}\n")
    assert (plan.sound_latency, plan.lamp_latency) == (0.02, 0.01)
    early = {e.name: e.early for e in plan.effects}
    assert early == {"kick": pytest.approx(0.03), "kick~2": 0.0, "hit": 0.0}
    starts = {start.effect: start.targets for start in plan.lists[0].cues[0].starts}
    assert [len(t) for t in starts["kick"]] == [1, 1, 0, 0]
    assert [len(t) for t in starts["kick~2"]] == [0, 0, 1, 1], "each keeps its place in the group"
    assert set(plan.lists[0].cues[1].stops) == {"kick", "kick~2"}


def test_what_no_latency_is_said_of_is_quick_and_house_lights_do_not_count(tmp_path: Path) -> None:
    plan, _ = loaded(tmp_path, "lamps: {generic/rgb: 40ms}\n")
    assert plan.lamp_latency == 0.0
    assert max(e.early for e in plan.effects) == 0.04
    venue = VENUE.replace("lamp: {type: generic/dimmer, at: [1/10, 1/11]}", "lamp: {type: generic/rgb, at: [1/30, 1/40]}")
    (tmp_path / "venue.yaml").write_text(venue + "lamps: {generic/rgb: 40ms}\n")
    of = load(tmp_path / "venue.yaml", tmp_path / "show.yaml").plan
    assert (of.lamp_latency, {e.early for e in of.effects}) == (0.04, {0.0})


@pytest.mark.parametrize(
    ("venue", "code"),
    [
        ("audio: {latency: 600ms}\n", "E-range"),
        ("audio: {latency: 20s}\n", "E-range"),
        ("audio: {latency: 1 beat}\n", "E-unit"),
        ("lamps: {generic/rgb: -5ms}\n", "E-range"),
        ("lamps: {generic/rgb: 501ms}\n", "E-range"),
        ("lamps: {generic/rgb: 1/4 beat}\n", "E-unit"),
        ("audio: {channels: [0]}\n", "E-number"),
        ("audio: {channels: [33]}\n", "E-number"),
        ("audio: {channels: [2, 2]}\n", "E-clash"),
        ("audio: {channels: [1, 2], ltc: 2}\n", "E-clash"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, venue: str, code: str) -> None:
    assert [p.code for p in check(room(tmp_path, venue)) if p.severity == "error"] == [code]


def test_the_channels_that_are_listened_to(tmp_path: Path) -> None:
    assert loaded(tmp_path, "audio: {in: card, channels: [3, 4], ltc: 1}\n")[1].audio.channels == [3, 4]
    assert loaded(tmp_path, "audio: {in: card, channels: 5}\n")[1].audio.channels == [5]
    assert loaded(tmp_path)[1].audio.channels == []
