"""`explain` as one types it: where a lamp stands in a cue, and why."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from showctl.__main__ import main
from showctl.model import Blackout, Go
from showctl.show.explain import as_data
from tests.remote.site import serve
from tests.show.shows import Show, cue, cues, dimmer, move, plan

DEMO = Path(__file__).resolve().parents[2] / "showctl" / "demo"
VENUE, SHOW = str(DEMO / "venue.yaml"), str(DEMO / "show.yaml")
ROOM = """\
showctl: 1
kind: venue
name: Room
universes: {1: {}}
fixtures:
  par: {type: generic/rgbw, mode: drgbw, at: [1/1, 1/6]}
  spot: {type: generic/spot, at: [1/101, 1/111], home: {tilt: 30deg}}
groups: {wash: [par], heads: [spot]}
positions: {singer: {spot: {pan: 10deg, tilt: 40deg}}}
looks: {start: {wash: {intensity: 20%}}}
"""
NIGHT = """\
showctl: 1
kind: show
name: Night
palettes: {colour: {blood: "#c00010"}}
effects: {kick: {param: intensity, shape: decay, layer: scale}}
cues:
  - {cue: 1, name: Doors, set: {wash: {intensity: 50%, colour: blood}, heads: {intensity: out}}, in: 4s, out: 6s}
  - {cue: 2, name: Song, set: {wash: {intensity: 30%}}, in: 4s, out: 6s, delay: 1s, start: {kick: wash}, follow: 2 bars}
  - {cue: 3, name: Solo, set: {heads: {intensity: 80%, position: singer}}, in: 2s, mark: true, cue_only: true}
  - {cue: 4, set: {wash: {intensity: 60%}}, stop: all, assert: true, rate: 50%}
  - {cue: 5, set: {wash: {intensity: out}, heads: {intensity: out}}, block: true, goto: 2, rounds: 3}
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for name, text in (("venue.yaml", ROOM), ("show.yaml", NIGHT)):
        (tmp_path / name).write_text(text)
    return [str(tmp_path / "venue.yaml"), str(tmp_path / "show.yaml")]


def told(files: list[str], capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    assert main(["explain", *files, *more]) == 0
    return capsys.readouterr().out.replace(files[1], "SHOW").splitlines()


def test_what_a_cue_sets_itself(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(files, capsys, "--cue", "2", "--fixture", "par.1")
    assert lines[0] == "main cue 2 Song (SHOW:8)"
    assert "  follow: the next GO 2 bars after this one" in lines
    intensity = next(line for line in lines if "intensity" in line)
    wanted = "* par.1 intensity 30.0% cue 2 Song (SHOW:8): wash intensity 30%, in 6s after 1s"
    assert " ".join(intensity.split()) == wanted
    assert " ".join(lines[lines.index(intensity) + 1].split()) == "effect kick cue 2 Song (SHOW:8)"


def test_what_tracked_into_it(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(files, capsys, "--cue", "2", "--fixture", "par.1")
    assert ["par.1", "red", "75.3%", "cue", "1", "Doors", "(SHOW:7):", "wash", "colour", "blood"] in [x.split() for x in lines]
    assert "par.1 colour               #c00010  as mixed of what follows" in [line.strip() for line in lines]


def test_what_no_cue_sets(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.split() for line in told(files, capsys, "--cue", "2", "--fixture", "spot.1")]
    assert ["spot.1", "tilt", "30.0deg", "at", "rest"] in lines
    assert not any("tilt" in line for line in told(files, capsys, "--cue", "2"))


@pytest.mark.parametrize(
    ("cue", "wanted"),
    [
        ("2", "cue 3 marks: spot.1, spot.2 moves here, once it is dark"),
        ("3", "mark: spot.1, spot.2 moved in cue 2 already, in the dark, unless something lit it"),
        ("3", "cue_only: the next cue undoes 6 values that it sets"),
        ("4", "undoes what cue 3 set, which is cue_only"),
        ("4", "assert: plays 10 tracked values again, and takes them back from other lists"),
        ("4", "rate: every time of it at 50%"),
        ("5", "block: what it sets is not changed by edits of earlier cues; 8 values track in"),
        ("5", "goto: cue 2 is next, 3 times"),
    ],
)
def test_what_the_words_of_a_cue_mean(cue: str, wanted: str, files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert wanted in [line.strip() for line in told(files, capsys, "--cue", cue)]


def test_a_track_that_a_cue_begins_is_told(files: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.zeros((4800, 2)), 48_000)
    show = Path(files[1])
    show.write_text(show.read_text().replace("rounds: 3}", "rounds: 3, play: song}") + "tracks: {song: song.wav}\n")
    assert "  play: track song begins with it" in told(files, capsys, "--cue", "5")


def test_heads_are_told_in_degrees_and_what_moved_in_the_dark(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(files, capsys, "--cue", "3", "--fixture", "spot.2")
    tilt = next(line for line in lines if " tilt " in line)
    assert "40.0deg" in tilt
    assert tilt.endswith("heads position singer, in 2s, moved already in the dark")
    assert not any("dark" in line for line in lines if "intensity" in line)
    assert any("intensity" in line and "0.0%" in line for line in told(files, capsys, "--cue", "4", "--fixture", "spot.2"))


def test_json(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    first, *rest = [json.loads(line) for line in told(files, capsys, "--cue", "2", "--fixture", "par.1", "--json")]
    assert (first["type"], first["list"], first["number"], first["line"]) == ("cue", "main", "2", 8)
    intensity = next(one for one in rest if one["parameter"] == "intensity")
    assert intensity["value"] == 0.3
    assert intensity["by"] == "cue"
    assert intensity["cue"]["number"] == "2"
    assert intensity["words"] == "wash intensity 30%"
    assert intensity["moves"]
    assert [one["effect"] for one in intensity["effects"]] == ["kick"]
    assert not next(one for one in rest if one["parameter"] == "red")["moves"]


def in_a_show(fixture: str) -> list[dict[str, object]]:
    """What the engine says of a lamp of a small show, blacked out."""
    show = Show(plan([dimmer(1, "par.1")], cues(cue(1, move(0, 0.5, origin="wash intensity 50%"), path="show.yaml", line=7))))
    show.at(1.0, Go(time=1.0), Blackout(time=1.0, on=True))
    return as_data(show.engine.explain(fixture))


async def test_live(capsys: pytest.CaptureFixture[str]) -> None:
    async with serve(why=in_a_show) as site:
        assert await asyncio.to_thread(main, ["explain", "--live", "par.1", "--to", site.url]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "par.1/intensity  0.0%",
            "  rest                    0.0%  where it stands undriven",
            "  list main              50.0%  cue 1 (show.yaml:7): wash intensity 50%, priority 4, has it",
            "  masters                 0.0%  blackout",
            "  slots                         1/1 = 0",
        ]
        assert await asyncio.to_thread(main, ["explain", "--live", "par.1", "--json", "--to", site.url]) == 0
        [one] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert (one["type"], one["key"], one["time"]) == ("parameter", "par.1/intensity", site.time)
        assert [layer["what"] for layer in one["layers"]] == ["rest", "list main", "masters"]
        assert await asyncio.to_thread(main, ["explain", "--live", "nobody", "--to", site.url]) == 1
        assert "'nobody'" in capsys.readouterr().err


async def test_the_door_of_explain_asks_for_a_token_like_all_others() -> None:
    async with serve(why=in_a_show, tokens={"look-at-this-show": "view"}) as site:
        assert (await site.get("/api/explain?fixture=par.1"))[0] == 401
        status, text = await site.get("/api/explain?fixture=par.1", Authorization="Bearer look-at-this-show")
        assert status == 200
        assert json.loads(text)["fixture"] == "par.1"
    async with serve() as site:
        assert (await site.get("/api/explain?fixture=par.1"))[0] == 404


@pytest.mark.parametrize("words", [[], [VENUE, SHOW], ["--live", "par.1", VENUE], ["--live", "par.1", "--to", "nowhere"]])
def test_wrong_use(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *words]) == 2
    assert capsys.readouterr().err.startswith("showctl explain: ")


def test_explain_says_where_a_value_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", VENUE, SHOW, "--cue", "3", "--fixture", "spot.1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("intensity" in line and "60.0%" in line and "cue 3 " in line for line in lines)
    assert any("shutter" in line and "18.6% open" in line and "cue 1 " in line for line in lines)
    assert any("effect sway" in line for line in lines)
    assert not any("drift" in line for line in lines)
    assert main(["explain", VENUE, SHOW, "--cue", "1"]) == 0
    assert "probe" not in capsys.readouterr().out


def test_explain_knows_that_an_effect_ends_with_the_cue_only_that_started_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show = tmp_path / "show.yaml"
    show.write_text(
        "showctl: 1\nkind: show\nname: S\n"
        "effects: {kick: {sync: beat, shape: decay, param: intensity, every: 1 beat}}\n"
        "cues:\n"
        "  - {cue: 1, set: {front: {intensity: 30%}}}\n"
        "  - {cue: 2, cue_only: true, set: {front: {intensity: 50%}}, start: {kick: front}}\n"
        "  - {cue: 3, set: {front: {intensity: 60%}}}\n"
    )
    assert main(["explain", VENUE, str(show), "--cue", "2"]) == 0
    assert f"effect kick                         cue 2 ({show}:7)" in capsys.readouterr().out
    assert main(["explain", VENUE, str(show), "--cue", "3"]) == 0
    assert "effect" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "code", "text"),
    [
        (["--cue", "77"], 1, "no cue 77"),
        (["--cue", "x"], 2, "no cue number"),
        (["--cue", "1", "--list", "mian"], 1, "did you mean `main`"),
        (["--cue", "1", "--fixture", "spto.1"], 1, "did you mean `spot.1`"),
    ],
)
def test_explain_asked_for_what_is_not_there(more: list[str], code: int, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", VENUE, SHOW, *more]) == code
    assert text in capsys.readouterr().err


def test_explain_of_files_that_cannot_be_run(tmp_path: Path) -> None:
    assert main(["explain", VENUE, str(tmp_path / "no.yaml"), "--cue", "1"]) == 78


def test_what_performers_may_do_in_a_cue(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with open(files[0], "a", encoding="utf-8") as venue:
        venue.write("wearables: {ring: {profile: plain, address: ring, performer: anna, clutch: button 1}}\n")
    with open(files[1], "a", encoding="utf-8") as night:
        night.write("submasters: {swell: {group: wash, mode: inhibitive}}\n")
        night.write("gestures: {swipe: movement, fist: button 2, wave: movement}\nbind:\n")
        night.write("  - {gesture: swipe, do: go, armed: cue 2-3}\n  - {gesture: fist, do: stop}\n")
        night.write("  - {gesture: swipe, do: blackout}\n  - {gesture: wave, do: go, armed: cue 4}\n")
        night.write("  - {control: tilt of anna, to: sub swell}\n")
    text = Path(files[1]).read_text().replace("cue_only: true}", "cue_only: true, danger: pyro}")
    Path(files[1]).write_text(text)
    assert [line for line in told(files, capsys, "--cue", "2") if "anna" in line] == [
        "  swipe by anna: go, armed here, and needs the clutch or the operator's yes (SHOW:15)",
        "  fist by anna: stop, armed always (SHOW:16)",
        "  swipe by anna: blackout, armed by the clutch (SHOW:17)",
        "  tilt of ring by anna: sub swell, armed by the clutch (SHOW:19)",
    ]
    assert "  swipe by anna: go, armed here (SHOW:15)" in told(files, capsys, "--cue", "3")
    assert not any("anna" in line for line in told(files, capsys, "--cue", "2", "--fixture", "par.1"))
    objects = [json.loads(line) for line in told(files, capsys, "--cue", "4", "--json")]
    gestures = [one for one in objects if one["type"] == "gesture"]
    assert (gestures[0]["armed"], gestures[0]["second"]) == ("always", [])
    assert [one["what"] for one in gestures] == ["fist", "swipe", "wave", "tilt of ring"]
