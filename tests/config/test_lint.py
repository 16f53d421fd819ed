"""Mistakes that need more than a line: dangerous channels, hidden colours, strobes, a hundred files; and shows that are good."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from showctl.config.load import check
from tests.fixtures.files import OFL

VENUE = "showctl: 1\nkind: venue\nuniverses: {1: {}}\n"
SHOW = "showctl: 1\nkind: show\n"


def found(folder: Path, venue: str, show: str = "", fixture: Any = OFL) -> list[tuple[int, int, str]]:
    """What is said of a venue (after three lines) and a show (after two), in which `acme/bar` is a fixture file."""
    (folder / "fixtures" / "acme").mkdir(parents=True, exist_ok=True)
    (folder / "fixtures" / "acme" / "bar.json").write_text(json.dumps(fixture))
    (folder / "venue.yaml").write_text(VENUE + venue)
    (folder / "show.yaml").write_text(SHOW + show)
    return [(p.line, p.column, p.code) for p in check([folder / "venue.yaml", folder / "show.yaml"])]


HEAD = "fixtures: {a: {type: acme/bar, mode: head, at: [1/1, 1/21], home: {tilt: 20deg}}}\ngroups: {heads: [a]}\n"
CUE = "cues:\n  - {cue: 1, set: {heads: {intensity: 50%, shutter: "


@pytest.mark.parametrize(("value", "wanted"), [("Reset", []), ("open", []), ("5%", []), ("90%", [(4, 11, "W-danger")])])
def test_a_reset_is_reached_by_its_name_alone(value: str, wanted: list[object], tmp_path: Path) -> None:
    assert found(tmp_path, HEAD, f"{CUE}{value}}}}}}}\n") == wanted


@pytest.mark.parametrize(("high", "wanted"), [("60%", []), ("90%", [(5, 11, "W-danger")])])
def test_an_effect_through_a_reset(high: str, wanted: list[object], tmp_path: Path) -> None:
    show = f"effects: {{a: {{param: shutter, low: 5%, high: {high}}}}}\ncues:\n"
    place = "  - {cue: 1, set: {heads: {intensity: 50%}}, start: {a: heads}}\n"
    column = place.index("a: heads") + 1
    assert found(tmp_path, HEAD, show + place) == [(line, column, code) for line, _, code in wanted]


def test_colours_that_another_channel_hides(tmp_path: Path) -> None:
    fixture = copy.deepcopy(OFL)
    fixture["availableChannels"]["Red 1"] = fixture["availableChannels"].pop("Deep")
    fixture["availableChannels"]["Program"]["capabilities"][0]["switchChannels"]["Red / Speed"] = "Red 1"
    venue = "fixtures: {a: {type: acme/bar, mode: switch, at: 1/1}}\n"
    assert found(tmp_path, venue, fixture=fixture) == []
    fixture["availableChannels"]["Program"]["defaultValue"] = 100
    assert found(tmp_path, venue, fixture=fixture) == [(4, 38, "W-switching")]


@pytest.mark.parametrize(("safety", "codes"), [("{strobe: off}", []), ("{strobe: {share: 100%}}", []), ("{}", ["W-strobe"])])
def test_fixtures_that_strobe_by_themselves(safety: str, codes: list[str], tmp_path: Path) -> None:
    venue = "fixtures: {a: {type: generic/spot, at: [1/1, 1/21], home: {tilt: 20deg}}}\ngroups: {heads: [a]}\n"
    problems = found(tmp_path, venue + f"safety: {safety}\n", f"{CUE}strobe}}}}}}\n")
    assert [code for _, _, code in problems] == codes


def test_a_hundred_files(tmp_path: Path) -> None:
    names = [f"part{i}.yaml" for i in range(101)]
    for name in names:
        (tmp_path / name).write_text(SHOW + "name: part\n" if name == "none" else SHOW)
    assert [code for *_, code in found(tmp_path, "", f"include: [{', '.join(names)}]\n")] == ["E-too-many-files"] * 2


ROOM = """\
showctl: 1
kind: venue
name: Hall
universes: {1: {}, 2: {}}
fixtures:
  key: {type: generic/dimmer, at: [1/1, 1/2, 1/3, 1/4]}
  par: {type: generic/rgbw, mode: drgbw, at: [1/11, 1/16, 1/21, 1/26, 1/31, 1/36]}
  spot: {type: generic/spot, at: [2/1, 2/11, 2/21, 2/31], home: {tilt: 30deg}, limits: {tilt: [-20deg, 110deg]}}
  bar: {type: generic/bar, at: [2/101, 2/131]}
  counter: {type: generic/dimmer, at: 1/512}
groups: {face: [key], wash: [par], heads: [spot], bars: [bar], cells: [bar.cells]}
house: [counter]
positions:
  singer: {spot.odd: {pan: 20deg, tilt: 40deg}, spot.even: {pan: -20deg, tilt: 40deg}}
  crowd: {spot: {pan: 0deg, tilt: 75deg}}
looks: {start: {face: {intensity: 20%}}}
"""
CONCERT = """\
showctl: 1
kind: show
name: A rock concert, written as one writes it
palettes:
  colour: {night: "#101080", fire: "#ff5010", ice: {blue: 100%, white: 60%}}
  beam: {open: {shutter: open}, flash: {shutter: strobe}}
effects:
  kick: {param: intensity, shape: decay, every: 1 beat, low: 40%, layer: scale}
  run: {param: intensity, shape: decay, every: 1 bar, chase: true, low: 5%, layer: scale}
  glint: {param: intensity, shape: random, every: 1/2 beat, low: 20%, layer: scale}
  sway: {param: pan, every: 8 bars, size: 20deg, spread: 180deg}
cues:
  - {cue: 1, name: Walk in, set: {face: {intensity: 30%}, wash: {intensity: 40%, colour: night}}, in: 5s}
  - {cue: 2, name: House down, set: {face: {intensity: out}, wash: {intensity: 15%}}, out: 6s}
  - {cue: 3, name: Intro, set: {heads: {intensity: 60%, colour: ice, position: singer}}, in: 3s, mark: true}
  - cue: 4
    name: Verse
    set: {face: {intensity: 70%}, wash: {intensity: 60%, colour: fire}, bars: {intensity: 50%, colour: fire}}
    in: 2s
    start: {kick: wash, sway: heads}
  - {cue: 5, name: Chorus, set: {wash: {intensity: full, colour: ice}}, in: 0s, start: {run: cells}}
  - {cue: 5.5, name: Bump, set: {bars: {intensity: full}}, cue_only: true}
  - {cue: 6, name: Verse again, set: {wash: {intensity: 60%, colour: fire}}, in: 1 beat, stop: run}
  - {cue: 7, name: Solo, set: {heads: {intensity: full, position: crowd}, wash: {intensity: 20%}}, in: 2s, out: 4s}
  - {cue: 8, name: Black, set: {all: {intensity: out}}, stop: [kick, sway]}
  - {cue: 9, name: Encore, set: {all: {intensity: 80%}, wash: {colour: ice}, heads: {beam: open}}, in: 1s, start: {glint: bars}}
  - {cue: 10, name: Two heads flash, set: {heads.1-2: {beam: flash}}, follow: 4 beats}
  - {cue: 11, set: {heads: {beam: open}}}
  - {cue: 12, name: Bows, set: {face: {intensity: 90%}}, in: 2s, hang: -1s}
  - {cue: 12.5, set: {heads: {intensity: out}}, out: 3s}
  - {cue: 13, name: Walk out, set: {all: {intensity: out}, wash: {intensity: 30%, colour: night}}, in: 5s, out: 5s, stop: all}
"""
PLAY = """\
showctl: 1
kind: show
name: A play, in which everything is slow and one list is for practicals
palettes: {colour: {day: 5600K, dusk: "#a04020", moon: "#4060c0"}}
lists:
  practicals:
    priority: 6
    loop: true
    cues: [{cue: 1, set: {bars: {intensity: 30%, colour: dusk}}, in: 3s}, {cue: 2, set: {bars: {intensity: out}}, out: 3s}]
cues:
  - {cue: 1, name: Preset, set: {face: {intensity: 20%}, wash: {intensity: 30%, colour: dusk}}, in: 8s}
  - {cue: 2, name: Blackout, set: {face + wash: {intensity: out}}, out: 4s, follow: 5s}
  - {cue: 3, name: Dawn, set: {wash: {intensity: 60%, colour: day}, face: {intensity: 40%}}, in: 30s, times: {colour: 45s}}
  - {cue: 4, name: A special, set: {heads.1: {intensity: 50%, position: singer, colour: day}}, in: 4s, mark: true}
  - {cue: 5, name: Gone, set: {heads.1: {intensity: out}}, out: 3s}
  - {cue: 6, name: Night, set: {wash: {intensity: 20%, colour: moon}, face: {intensity: 10%}}, in: 10s, out: 12s, block: true}
  - {cue: 7, name: Scene change, set: {all: {intensity: out}}, out: 2s}
  - {cue: 8, set: {wash: {intensity: 30%}}, in: 4s, follow: 3s}
  - {cue: 9, set: {wash: {intensity: 25%}}, in: 4s, follow: 6s, goto: 8, rounds: 4}
  - {cue: 10, name: Curtain, set: {all: {intensity: out}}, out: 5s}
"""
UNUSED = {"W-unused"}  # the room has more than each of them uses


@pytest.mark.parametrize(
    ("count", "said"), [(0, []), (1, ["group `g0`"]), (3, ["groups `g0`, `g1`, `g2`"]), (10, ["`g7` and 2 more"])]
)
def test_groups_that_a_show_does_not_use_are_one_line(count: int, said: list[str], tmp_path: Path) -> None:
    groups = "  used: [lamp]\n" + "".join(f"  g{i}: [lamp]\n" for i in range(count))
    (tmp_path / "venue.yaml").write_text(
        "showctl: 1\nkind: venue\nuniverses: {1: {}}\nfixtures: {lamp: {type: generic/dimmer, at: 1/1}}\ngroups:\n" + groups
    )
    (tmp_path / "show.yaml").write_text("showctl: 1\nkind: show\ncues: [{cue: 1, set: {used: {intensity: 50%}}}]\n")
    found = [p for p in check([tmp_path / "venue.yaml", tmp_path / "show.yaml"]) if p.code == "W-unused"]
    assert [(p.line, p.text.endswith(said[0])) for p in found] == [(7, True) for _ in said]


@pytest.mark.parametrize("show", [CONCERT, PLAY], ids=["concert", "play"])
def test_a_good_show_is_quiet(show: str, tmp_path: Path) -> None:
    (tmp_path / "venue.yaml").write_text(ROOM)
    (tmp_path / "show.yaml").write_text(show)
    problems = check([tmp_path / "venue.yaml", tmp_path / "show.yaml"])
    assert [str(p) for p in problems if p.code not in UNUSED] == []
