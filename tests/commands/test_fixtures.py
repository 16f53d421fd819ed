"""`showctl fixtures`: what it prints and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from showctl.__main__ import main
from tests.fixtures.files import QXF, ofl_bytes


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "showctl" / "fixtures" / "acme"
    folder.mkdir(parents=True)
    (folder / "wanderer-3.qxf").write_text(QXF)
    (folder / "glow-bar.json").write_bytes(ofl_bytes())
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return folder


def test_search(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fixtures", "search", "Acme", "wander"]) == 0
    assert capsys.readouterr().out == "acme/wanderer-3\n"
    assert main(["fixtures", "search", "acme/wander"]) == 0
    assert capsys.readouterr().out == "acme/wanderer-3\n"
    assert main(["fixtures", "search", "acme", "--json"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"name": "acme/glow-bar"},
        {"name": "acme/wanderer-3"},
    ]
    assert main(["fixtures", "search", "zzzzz"]) == 1
    assert "no type has `zzzzz` in its name" in capsys.readouterr().err


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fixtures", "show", "acme/wanderer-3"]) == 0
    shown = capsys.readouterr()
    assert "type: acme/wanderer-3  mode: Full  (11 slots)" in shown.out
    assert "200-255 Reset (5 s) [danger]" in shown.out
    assert "-270deg..270deg" in shown.out
    assert "or: Speed (Programs: Auto)" in shown.out
    assert "names the channel `Smell`" in shown.err


def test_show_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fixtures", "show", "acme/glow-bar", "--mode", "head", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    mode = json.loads(line)
    assert (mode["type"], mode["mode"], mode["slots"], mode["cells"]) == ("acme/glow-bar", "head", 8, 1)
    wheel = next(c for c in mode["channels"] if c["name"] == "colour-wheel")
    assert wheel["slots"] == [6]
    assert wheel["ranges"][2] == {"label": "Rose", "first": 20, "last": 29, "kind": "slot", "colour": "#ff8899"}


def test_show_what_is_not_there(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fixtures", "show", "acme/glow-ber"]) == 1
    assert "did you mean `acme/glow-bar`?" in capsys.readouterr().err
    assert main(["fixtures", "show", "generic/rgb", "--mode", "x"]) == 1
    assert "has no mode `x`: it has drgb, rgb" in capsys.readouterr().err
    (shelf / "glow-bar.json").write_text("{")
    assert main(["fixtures", "show", "acme/glow-bar"]) == 78
    assert "glow-bar.json:1:2: error: not JSON" in capsys.readouterr().err


def test_check(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fixtures", "check", str(shelf), "--json"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"loaded", "files", "refused", "seconds"}
    assert (result["loaded"], result["files"]) == (8, 2)
    assert [(Path(r["file"]).name, r["mode"]) for r in result["refused"]] == [
        ("glow-bar.json", "broken"),
        ("wanderer-3.qxf", "Broken"),
    ]
    assert main(["fixtures", "check", str(shelf)]) == 1
    shown = capsys.readouterr()
    assert "wanderer-3.qxf:67:3: error: mode `Broken`: names the channel" in shown.out
    assert "2 files, 8 modes, 2 refused" in shown.err
    assert main(["fixtures", "check", str(shelf / "none")]) == 2
