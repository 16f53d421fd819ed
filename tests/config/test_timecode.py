"""Times of time code in a file: how they are written, what they are in seconds, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.config import values
from showctl.config.load import check, load

VENUE = """showctl: 1
kind: venue
fixtures: {lamp: {type: generic/dimmer, at: 1/1}}
groups: {front: [lamp]}
universes: {1: {}}
"""


def files(folder: Path, lists: str) -> list[Path]:
    (folder / "venue.yaml").write_text(VENUE)
    (folder / "show.yaml").write_text(f"showctl: 1\nkind: show\nlists:\n  film: {lists}\n")
    return [folder / "venue.yaml", folder / "show.yaml"]


def times(folder: Path, more: str, *at: str) -> list[float | None]:
    cues = ", ".join(f"{{cue: {i}, at: {one}, set: {{front: {{intensity: {i}%}}}}}}" for i, one in enumerate(at, 1))
    loaded = load(*files(folder, f"{{timecode: mtc, {more}cues: [{cues}]}}"))
    return [cue.at for one in loaded.plan.lists for cue in one.cues]


def codes(folder: Path, lists: str) -> list[str]:
    return [problem.code for problem in check(files(folder, lists))]


def test_times_with_frames_or_fractions_count_from_the_offset(tmp_path: Path) -> None:
    assert times(tmp_path, "", "1.5s", "0:10", "1:02.5", "1:00:00") == [1.5, 10.0, 62.5, 3600.0]
    assert times(tmp_path, "fps: 25, ", "00:00:01:05", "1:02:03:24") == pytest.approx([1.2, 3723.96])
    assert times(tmp_path, "fps: 24, offset: 01:00:00:12, ", "0:01", "00:00:02:06") == pytest.approx([3601.5, 3602.75])


def test_drop_frame_is_what_the_clock_shows(tmp_path: Path) -> None:
    found = times(tmp_path, "fps: 29.97df, ", "00:01:00;02", "0:10:00", "1:00:00")
    assert found == pytest.approx([60.06, 600.0, 3600.0], abs=0.005)


@pytest.mark.parametrize(
    ("lists", "code"),
    [
        ("{cues: [{cue: 1, at: 0:10}]}", "E-timecode"),
        ("{timecode: mtc, cues: [{cue: 1, at: 00:00:01:02}]}", "E-timecode"),
        ("{timecode: mtc, fps: 24, cues: [{cue: 1, at: 00:00:01:24}]}", "E-timecode"),
        ("{timecode: mtc, fps: 29.97df, cues: [{cue: 1, at: 00:01:00:00}]}", "E-timecode"),
        ("{timecode: mtc, offset: 00:00:00:10, cues: [{cue: 1, at: 0:01}]}", "E-timecode"),
        ("{timecode: mtc, cues: [{cue: 2, at: 0:01}, {cue: 1, at: 0:01}]}", "E-at-order"),
        ("{timecode: mtc, cues: [{cue: 1, at: 0:01}, {cue: 2}]}", "W-no-at"),
        ("{timecode: mtc, cues: [{cue: 1, at: ten}]}", "E-time"),
        ("{timecode: mtc, cues: [{cue: 1, at: 0:70}]}", "E-range"),
        ("{timecode: smpte, cues: [{cue: 1}]}", "E-choice"),
        ("{fps: 25, cues: [{cue: 1}]}", "E-clash"),
        ("{timecode: mtc, fps: 29.97, cues: [{cue: 1, at: 0:01}]}", "E-choice"),
    ],
)
def test_what_cannot_be_is_told(lists: str, code: str, tmp_path: Path) -> None:
    assert code in codes(tmp_path, lists)


@pytest.mark.parametrize("clock", ["mtc", "ltc", "any"])
def test_a_list_follows_the_clock_that_it_names(clock: str, tmp_path: Path) -> None:
    loaded = load(*files(tmp_path, f"{{timecode: {clock}, cues: [{{cue: 1, at: 0:01, set: {{front: {{intensity: 5%}}}}}}]}}"))
    assert [one.timecode for one in loaded.plan.lists if one.name == "film"] == [clock]


@pytest.mark.parametrize(
    ("channel", "fault"), [("1", None), ("32", None), ("0", "E-number"), ("33", "E-number"), ("left", "E-number")]
)
def test_the_channel_of_ltc_is_a_number_from_1_to_32(channel: str, fault: str | None, tmp_path: Path) -> None:
    paths = files(tmp_path, "{timecode: ltc, cues: [{cue: 1, at: 0:01, set: {front: {intensity: 5%}}}]}")
    paths[0].write_text(VENUE + f"audio: {{ltc: {channel}}}\n")
    found = check(paths)
    assert [one.code for one in found if one.code.startswith("E-")] == ([fault] if fault else [])
    if fault is None:
        assert load(*paths).venue.audio.ltc == int(channel)


def test_a_cue_that_comes_by_itself_needs_no_time(tmp_path: Path) -> None:
    cues = "{cue: 1, at: 0:01, follow: 2s}, {cue: 2}, {cue: 3, when: section drop}"
    assert "W-no-at" not in codes(tmp_path, f"{{timecode: any, cues: [{cues}]}}")


def test_the_cues_of_the_list_main_need_a_place_for_the_clock(tmp_path: Path) -> None:
    paths = files(tmp_path, "{cues: [{cue: 1}]}")
    paths[1].write_text("showctl: 1\nkind: show\ncues:\n  - cue: 1\n    at: 0:10\n")
    assert [(p.code, p.line) for p in check(paths) if p.code == "E-timecode"] == [("E-timecode", 5)]


@given(st.text(alphabet="0123456789:;.s -", max_size=14))
def test_any_text_is_a_time_or_a_mistake(text: str) -> None:
    try:
        found = values.code(text)
    except values.Bad:
        return
    assert 0 <= found.hours < 24
    assert found.minutes < 60
    assert found.seconds < 60
