"""`check` and `init` as one types them."""

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
    path = write(tmp_path / "v.yaml", "showctl: 1\nkind: venue\nstandby: {}\n")
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
