"""`check`, `init` and `explain` as one types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from showctl.__main__ import main

DEMO = Path(__file__).resolve().parents[2] / "showctl" / "demo"
VENUE, SHOW = str(DEMO / "venue.yaml"), str(DEMO / "show.yaml")


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", VENUE, SHOW, "--strict"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "showctl check: no errors, no warnings\n"


def test_a_line_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "v.yaml", "showctl: 1\nkind: venue\nnmae: x\nuniverses: {0: {}}\n")
    assert main(["check", path]) == 1
    out, err = capsys.readouterr()
    first, second = out.splitlines()
    assert first.startswith(f"{path}:3:1: error: unknown key `nmae` (did you mean `name`?)")
    assert first.endswith("[E-unknown-key]")
    assert second.startswith(f"{path}:4:13: error: ")
    assert err == "showctl check: 2 errors, no warnings\n"


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "v.yaml", "showctl: 1\nkind: venue\npa: {}\n")
    assert main(["check", path, "--json"]) == 0
    assert main(["check", path, "--json", "--strict"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(o["path"], o["line"], o["column"], o["severity"], o["code"]) for o in lines] == [
        (path, 3, 1, "warning", "W-not-yet")
    ] * 2


def test_files_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "no.yaml"), str(tmp_path)]) == 1
    assert [line.split("[")[-1] for line in capsys.readouterr().out.splitlines()] == ["E-missing-file]", "E-directory]"]


def test_wrong_use() -> None:
    with pytest.raises(SystemExit) as left:
        main(["check"])
    assert left.value.code == 2


def test_what_init_writes_is_right_and_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "mine"
    assert main(["init", str(folder)]) == 0
    assert f"showctl run {folder / 'venue.yaml'} {folder / 'show.yaml'}" in capsys.readouterr().out
    for name in ("venue.yaml", "show.yaml"):
        assert len((folder / name).read_text().splitlines()) <= 40
    assert main(["check", "--strict", str(folder / "venue.yaml"), str(folder / "show.yaml")]) == 0


def test_init_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "show.yaml", "mine")
    assert main(["init", str(tmp_path)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "show.yaml").read_text() == "mine"
    assert not (tmp_path / "venue.yaml").exists()
    assert main(["init", str(tmp_path / "show.yaml")]) == 1


def test_explain_says_where_a_value_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", VENUE, SHOW, "--cue", "3", "--fixture", "spot.1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("intensity" in line and "60.0%" in line and "cue 3 " in line for line in lines)
    assert any("shutter" in line and "cue 1 " in line for line in lines)
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
    assert "effect kick                       cue 2 (line 7)" in capsys.readouterr().out
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
