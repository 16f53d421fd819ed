"""The map of a MIDI desk in a venue file: what it may say, and what a show does not have."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config import midi
from showctl.config.load import check, load
from showctl.config.loaded import venue_of
from showctl.config.tree import Mark, Node, Report
from showctl.config.values import Bad
from showctl.wire.midi_map import VERBS, Deed, Knob, Way
from tests.wire.test_osc_dictionary import PLAN

VENUE = """\
showctl: 1
kind: venue
name: Room
universes: {1: {to: 127.0.0.1}}
fixtures: {par: {type: generic/rgbw, mode: drgbw, at: [1/1, 1/6]}}
groups: {wash: [par]}
"""
SHOW = """\
showctl: 1
kind: show
palettes: {colour: {blood: "#c00010"}}
submasters: {front: {group: wash, mode: inhibitive}}
lists:
  main: {cues: [{cue: 1, set: {wash: {intensity: 5%, colour: blood}}}]}
  probe: {cues: [{cue: 2.5, set: {wash: {intensity: 5%}}}]}
"""


def files(folder: Path, midi: str) -> list[Path]:
    (folder / "venue.yaml").write_text(VENUE + f"midi: {midi}\n")
    (folder / "show.yaml").write_text(SHOW)
    return [folder / "venue.yaml", folder / "show.yaml"]


def test_a_map_is_read_and_comes_through_as_settings(tmp_path: Path) -> None:
    loaded = load(*files(tmp_path, "{in: Launchpad, channel: 10, map: {note 36: list probe go, pitch: gm}}"))
    midi = loaded.venue.midi
    assert midi is not None
    assert (midi.input, midi.channel) == ("Launchpad", 10)
    assert midi.map == {
        Knob("note", 36): Deed(Way.FIRES, "/showctl/list/probe/go"),
        Knob("pitch"): Deed(Way.FOLLOWS, "/showctl/gm"),
    }
    assert venue_of("Room", loaded.settings).midi == midi


def test_any_channel_and_an_empty_map(tmp_path: Path) -> None:
    midi = load(*files(tmp_path, "{in: /dev/snd/midiC1D0, channel: any}")).venue.midi
    assert midi is not None
    assert (midi.channel, midi.map) == (None, {})


HAS = "go, list probe back, list probe goto 2.5, sub front, flash front, set wash colour blood, set wash red, set 1/5 12"
HAS += ", release hands, release hands wash colour, unpark wash, identify par.1, gm, blackout, stop, check -1, rate 0.5, set 1/7"


@pytest.mark.parametrize("words", HAS.split(", "))
def test_what_the_show_has_is_not_spoken_of(tmp_path: Path, words: str) -> None:
    assert check(files(tmp_path, f"{{in: A, map: {{cc 1: {words}}}}}")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sub frnt", "unknown submaster `frnt` (did you mean `front`?)"),
        ("flash frnt", "unknown submaster `frnt` (did you mean `front`?)"),
        ("list prob go", "unknown list `prob` (did you mean `probe`?)"),
        ("goto 7", "list main has no cue 7"),
        ("list probe goto 7", "list probe has no cue 7"),
        ("identify par", "unknown fixture `par`"),
        ("set wash colour bloood", "no colour palette is called `bloood` (did you mean `blood`?)"),
        ("set wahs red", "wahs"),
        ("unpark wahs", "wahs"),
        ("house", "`house`"),
        ("set 9/1", "no universe 9"),
    ],
)
def test_what_the_show_has_not_is_a_warning_at_its_place(tmp_path: Path, words: str, said: str) -> None:
    venue = files(tmp_path, f"{{in: A, map: {{cc 1: gm, cc 2: {words}}}}}")
    [problem] = check(venue)
    assert (problem.code, problem.severity, problem.line, problem.column) == ("W-midi", "warning", 7, 37)
    assert said in problem.text
    assert problem.text.endswith("cc 2 does nothing in this show")
    assert load(*venue).venue.midi


def test_of_a_show_with_mistakes_nothing_is_called_unknown(tmp_path: Path) -> None:
    paths = files(tmp_path, "{in: A, map: {cc 1: sub front}}")
    paths[1].write_text(SHOW.replace("mode: inhibitive", "mode: inhibiting"))
    assert [problem.code for problem in check(paths)] == ["E-choice"]


def test_a_word_that_is_nearly_one_says_which(tmp_path: Path) -> None:
    [problem] = check(files(tmp_path, "{in: A, map: {note 1: blakout}}"))
    assert (problem.code, problem.line, problem.column) == ("E-midi", 7, 29)
    assert "did you mean `blackout`?" in problem.text


ANY = st.sampled_from(
    [*VERBS, "hands", "main", "probe", "front", "par", "par.1", "1/1", "9/9", "a/b", "/", "-", "red", "50%", "3"]
)


@given(st.lists(ANY | st.text(max_size=3), min_size=1, max_size=5).map(" ".join))
def test_whatever_is_read_can_be_looked_for_in_a_show(words: str) -> None:
    try:
        asked = midi.deed(words)
    except Bad:
        return
    mark, report = Mark("venue.yaml", 1, 1), Report()
    root = Node(mark, {"midi": Node(mark, {"map": Node(mark, {"cc 1": Node(mark, words)})})})
    midi.check({Knob("cc", 1): asked}, root, PLAN, report)
    assert {problem.code for problem in report.problems} <= {"W-midi"}
