"""`showctl gesture devices`: every device, one by name, and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from showctl.__main__ import main
from showctl.analysis.gesture.controls import KINDS
from showctl.wire.wearable.profile import profile
from showctl.wire.wearable.profiles import PROFILES


def test_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gesture", "devices"]) == 0
    told = capsys.readouterr().out
    assert all(f"\n{name}" in "\n" + told for name in PROFILES)
    assert "not for certain" in told


def test_one_with_its_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gesture", "devices", "sensors2osc"]) == 0
    told = capsys.readouterr().out
    assert "/gyroscope" in told
    assert "4-5: quaternion xyzw" in told
    assert "ngimu" not in told


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gesture", "devices", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["name"] for one in told] == list(PROFILES)
    gives = {one["name"]: one["gives"] for one in told}
    assert gives["touchosc"] == "faders only (no gyroscope)"
    assert gives["wekinator"] == gives["glover"] == "recognises by itself"
    assert gives["oschook"] == "gestures and faders"
    assert {one["name"] for one in told if one["identity"] == "address"} == {"plain", "x-osc", "zigsim", "m5stick", "genki-wave"}


def test_the_guide_has_every_device() -> None:
    text = (Path(__file__).parents[2] / "docs" / "performer.md").read_text()
    assert set(re.findall(r"^\| `([a-z0-9-]+)` ", text, re.MULTILINE)) - set(KINDS) == set(PROFILES)
    assert {kind for kind in KINDS if f"| `{kind}` |" in text} == set(KINDS)


def test_the_profile_in_the_guide_can_be_read() -> None:
    text = (Path(__file__).parents[2] / "docs" / "performer.md").read_text()
    (block,) = re.findall(r"^```yaml\n(my-glove:.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert profile("my-glove", yaml.safe_load(block)["my-glove"]).channels == ("acceleration", "rate", "quaternion", "button")


def test_a_mistyped_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gesture", "devices", "ngimuu"]) == 1
    assert "did you mean ngimu?" in capsys.readouterr().err
