"""What is held becomes a palette or a position of the files; everything else in them stays, byte for byte."""

from __future__ import annotations

import difflib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from showctl.config import writeback
from showctl.config.load import load
from showctl.config.values import Bad
from showctl.config.words import Words
from showctl.config.writeback import write

VENUE = """\
# The cellar.
showctl: 1
kind: venue
name: Cellar

universes: {1: {to: 127.0.0.1}}
fixtures:
  par: {type: generic/rgb, at: [1/1, 1/11]}   # by the door
  wash: {type: generic/rgbw, mode: drgbw, at: [1/21, 1/31]}
  spot: {type: generic/spot, mode: 10ch, at: [1/41, 1/61]}

positions:
  drums: # where the drums are
    spot.1: {pan: -20deg, tilt: 40deg} # left
    spot.2: {pan: 20deg, tilt: 40deg}

  # both the same
  floor: {spot: {pan: 0deg, tilt: 8deg}}
  fan:
    spot.1:
      pan: 60deg # wide
      tilt: 50deg
points:
  singer: {x: 0m, y: 1m, z: 1.5m}
"""
SHOW = """\
showctl: 1
kind: show
name: Trio
venue: Cellar

palettes:
  colour:
    blood: "#c00010"   # dark
    warm: 2900K
    ice: { blue: 100%, white: 55% } # cold
  intensity: {half: 50%, low: 10%}
  position: {kit: drums, voice: singer}
  beam: {open: {shutter: open}}
presets:
  chorus: {intensity: half, colour: blood}
cues:
  # the only one
  - {cue: 1, set: {par: {intensity: half, colour: blood}, wash: {intensity: half, colour: ice}, spot: {position: kit}}}
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    venue.write_text(VENUE)
    show.write_text(SHOW)
    return venue, show


def held(files: tuple[Path, Path], *lines: str) -> dict[str, float]:
    words = Words(load(*files).plan)
    return {key: value for line in lines for key, value in words.hold(line)}


def changes(before: str, after: str) -> list[str]:
    """Lines that went and came."""
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


@pytest.mark.parametrize(
    ("palette", "lines", "went", "came"),
    [
        ("colour blood", ["par colour #a01020"], '    blood: "#c00010"   # dark', '    blood: "#a01020"   # dark'),
        (
            "blood",
            ["par colour #a01020", "wash colour #a01020"],
            '    blood: "#c00010"   # dark',
            '    blood: "#a01020"   # dark',
        ),
        ("warm", ["par.1 colour 4000K"], "    warm: 2900K", None),
        (
            "ice",
            ["wash.1 colour ice", "wash.1 blue 70%", "wash.1 red 12.5%"],
            "    ice: { blue: 100%, white: 55% } # cold",
            "    ice: { blue: 70%, white: 55%, red: 12.5% } # cold",
        ),
        (
            "blood",
            ["wash.1 colour blood", "wash.1 green 30%", "wash.1 white 20%"],
            '    blood: "#c00010"   # dark',
            "    blood: {red: 75.3%, green: 30%, blue: 6.3%, white: 20%}   # dark",
        ),
        ("half", ["par intensity 62%"], "  intensity: {half: 50%, low: 10%}", "  intensity: {half: 62%, low: 10%}"),
        (
            "beam open",
            ["spot shutter 20%"],
            "  beam: {open: {shutter: open}}",
            "  beam: {open: {shutter: 20%}}",
        ),
        ("beam open", ["spot shutter closed"], "  beam: {open: {shutter: open}}", "  beam: {open: {shutter: closed}}"),
    ],
)
def test_a_palette_of_the_show(files: tuple[Path, Path], palette: str, lines: list[str], went: str, came: str | None) -> None:
    hands = held(files, *lines)
    said = write(*files, palette, hands)
    assert "show.yaml" in said
    diff = changes(SHOW, files[1].read_text())
    assert diff[0] == f"- {went}"
    assert len([line for line in diff if line[0] == "+"]) == 1
    if came is not None:
        assert diff[-1] == f"+ {came}"
    assert files[0].read_text() == VENUE
    assert (files[1].parent / "show.yaml.bak").read_text() == SHOW
    plan = load(*files).plan
    look = next(one for one in plan.palettes if one.name == palette.split()[-1])
    now = {plan.parameters[p].key: v for p, v in look.values}
    assert {key: now[key] for key in hands} == pytest.approx(hands, abs=0.003)


@pytest.mark.parametrize(
    ("palette", "lines", "diff"),
    [
        (
            "position drums",
            ["spot.1 pan -25.3deg", "spot.1 tilt 41deg"],
            ["-     spot.1: {pan: -20deg, tilt: 40deg} # left", "+     spot.1: {pan: -25.3deg, tilt: 41deg} # left"],
        ),
        (
            "kit",
            ["spot.2 tilt 44.5deg"],
            ["-     spot.2: {pan: 20deg, tilt: 40deg}", "+     spot.2: {pan: 20deg, tilt: 44.5deg}"],
        ),
        (
            "floor",
            ["spot.2 pan 5deg", "spot.2 tilt 9deg"],
            [
                "-   floor: {spot: {pan: 0deg, tilt: 8deg}}",
                "+   floor: {spot: {pan: 0deg, tilt: 8deg}, spot.2: {pan: 5deg, tilt: 9deg}}",
            ],
        ),
        (
            "floor",
            ["spot pan 5deg"],
            ["-   floor: {spot: {pan: 0deg, tilt: 8deg}}", "+   floor: {spot: {pan: 5deg, tilt: 8deg}}"],
        ),
        (
            "fan",
            ["spot position drums"],
            [
                "-       pan: 60deg # wide",
                "-       tilt: 50deg",
                "+       pan: -20deg # wide",
                "+       tilt: 40deg",
                "+     spot.2:",
                "+       pan: 20deg",
                "+       tilt: 40deg",
            ],
        ),
    ],
)
def test_a_position_of_the_venue(files: tuple[Path, Path], palette: str, lines: list[str], diff: list[str]) -> None:
    write(*files, palette, held(files, *lines))
    found = [line for line in changes(VENUE, files[0].read_text()) if line[0] in "+-"]
    assert sorted(found) == sorted(diff)
    assert files[1].read_text() == SHOW


@pytest.mark.parametrize(
    ("palette", "lines", "why"),
    [
        ("blod", ["par colour blood"], "did you mean `blood`"),
        ("position blood", ["par colour blood"], "no palette is called"),
        ("blood", [], "no colour is held"),
        ("blood", ["par.1 red 50%"], "of par.1 red is held and green is not"),
        ("blood", ["par.1 colour #ff0000", "par.2 colour #00ff00"], "a palette is one look"),
        ("ice", ["par.1 colour #ff0000", "wash.1 colour #00ff00"], "a palette is one look"),
        ("half", ["par.1 intensity 5%", "par.2 intensity 6%"], "a palette is one look"),
        ("singer", ["spot pan 20deg"], "point of the room"),
        ("voice", ["spot pan 20deg"], "point of the room"),
        ("chorus", ["par intensity 5%"], "preset"),
    ],
)
def test_what_cannot_be_written_is_refused_and_the_files_stay(
    files: tuple[Path, Path], palette: str, lines: list[str], why: str
) -> None:
    with pytest.raises(Bad, match=why) as bad:
        write(*files, palette, held(files, *lines))
    assert bad.value.code == "E-write"
    assert (files[0].read_text(), files[1].read_text()) == (VENUE, SHOW)
    assert sorted(one.name for one in files[0].parent.iterdir()) == ["show.yaml", "venue.yaml"]


def test_a_line_that_says_otherwise_is_not_fought(files: tuple[Path, Path]) -> None:
    files[0].write_text(VENUE.replace("tilt: 40deg}\n\n", "tilt: 40deg}\n    spot: {pan: 1deg}\n\n"))
    with pytest.raises(Bad, match=r"another line of `drums` gives spot\.1/pan 1deg, not -25deg"):
        write(*files, "drums", held(files, "spot.1 pan -25deg"))


def test_a_file_with_mistakes_is_not_touched(files: tuple[Path, Path]) -> None:
    hands = held(files, "par colour #a01020")
    files[1].write_text(SHOW.replace("set: {par", "set: {pra"))
    with pytest.raises(Bad, match=r"mend them first.*show\.yaml:18"):
        write(*files, "blood", hands)


def test_a_result_that_would_be_a_mistake_is_not_written(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writeback, "percent", lambda _: "120%")
    with pytest.raises(Bad, match=r"that would be a mistake, so nothing is written: .*show\.yaml:11.*above 100%"):
        write(*files, "half", held(files, "par intensity 70%"))
    assert files[1].read_text() == SHOW


def test_a_file_that_changes_meanwhile_is_left_to_who_changed_it(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    hands, later = held(files, "par colour #a01020"), SHOW + "# mine\n"
    monkeypatch.setattr(writeback, "_try", lambda *_: files[1].write_text(later))
    with pytest.raises(Bad, match="has changed meanwhile"):
        write(*files, "blood", hands)
    assert files[1].read_text() == later


def test_what_is_included_is_written_where_it_stands(files: tuple[Path, Path]) -> None:
    venue, show = files
    palettes = "showctl: 1\nkind: show\n" + SHOW[SHOW.index("palettes:") : SHOW.index("presets:")]
    rest = SHOW.replace(SHOW[SHOW.index("palettes:") : SHOW.index("presets:")], "include: [sub/colours.yaml]\n")
    (show.parent / "sub").mkdir()
    (show.parent / "sub" / "colours.yaml").write_text(palettes)
    show.write_text(rest)
    write(venue, show, "blood", held(files, "par colour #a01020"))
    assert show.read_text() == rest
    assert (show.parent / "sub" / "colours.yaml").read_text() == palettes.replace("#c00010", "#a01020")


def test_marks_line_ends_and_rights_of_a_file_stay(files: tuple[Path, Path]) -> None:
    raw = b"\xef\xbb\xbf" + SHOW.replace("\n", "\r\n").encode()
    files[1].write_bytes(raw)
    files[1].chmod(0o640)
    link = files[1].with_name("link.yaml")
    link.symlink_to(files[1])
    write(files[0], link, "blood", held(files, "par colour #a01020"))
    assert files[1].read_bytes() == raw.replace(b"#c00010", b"#a01020")
    assert files[1].stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()


def test_to_write_it_twice_changes_nothing(files: tuple[Path, Path]) -> None:
    hands = held(files, "par colour #a01020")
    write(*files, "blood", hands)
    assert "is that already" in write(*files, "blood", hands)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 0xFFFFFF), st.sampled_from(["par", "wash", "par.1", "all"]))
def test_any_colour_comes_back_as_it_was_held(files: tuple[Path, Path], rgb: int, target: str) -> None:
    files[1].write_text(SHOW)
    write(*files, "blood", held(files, f"{target} colour #{rgb:06x}"))
    assert files[1].read_text() == SHOW.replace("#c00010", f"#{rgb:06x}")


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1), st.floats(0, 1))
def test_any_position_comes_back_within_a_tenth_of_a_degree(files: tuple[Path, Path], pan: float, tilt: float) -> None:
    files[0].write_text(VENUE)
    hands = {"spot.1/pan": pan, "spot.1/tilt": tilt}
    write(*files, "drums", hands)
    plan = load(*files).plan
    look = next(one for one in plan.palettes if one.name == "drums")
    for p, value in look.values:
        one = plan.parameters[p]
        if one.key in hands:
            assert one.degrees is not None
            assert abs(value - hands[one.key]) * (one.degrees[1] - one.degrees[0]) <= 0.051


@pytest.mark.slow
def test_the_process_answers_in_a_line(files: tuple[Path, Path]) -> None:
    for palette, ok in (("blood", True), ("blod", False)):
        job = {"venue": str(files[0]), "show": str(files[1]), "palette": palette, "held": held(files, "par colour #a01020")}
        command = [sys.executable, "-m", "showctl.config.writeback"]
        done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["ok"] is ok
