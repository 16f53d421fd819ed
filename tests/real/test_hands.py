"""A hand on a daemon that runs: from a shell and by OSC to the slots, and back into the file that it reloads."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

import showctl
from showctl.wire.osc import encode
from tests.real.conftest import free_port, process, until

pytestmark = [pytest.mark.real, pytest.mark.slow]

DEMO = Path(showctl.__file__).parent / "demo"


def test_a_colour_is_held_written_back_reloaded_and_let_go(tmp_path: Path) -> None:
    for name in ("venue.yaml", "show.yaml"):
        shutil.copy(DEMO / name, tmp_path)
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    before, http, osc = show.read_text(), free_port(), free_port(socket.SOCK_DGRAM)
    where = ["--http", f"127.0.0.1:{http}", "--osc", f"127.0.0.1:{osc}", "--sacn", "off", "--state", str(tmp_path / "state")]

    def state() -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/api/state", timeout=5) as answer:
            return dict(json.load(answer))

    def say(*words: str) -> str:
        with process([sys.executable, "-m", "showctl", "set", "--to", f"http://127.0.0.1:{http}", *words]) as one:
            assert one.wait() == 0, one.output
            return one.output

    with process([sys.executable, "-m", "showctl", "run", str(venue), str(show), *where]) as daemon:
        daemon.wait_for("the page is at")
        say("back", "colour", "#123456")
        until(lambda: len(state()["playback"]["held"]) == 24, 10, "what is held to be shown")
        version = state()["version"]
        assert "is written" in say("--write", "colour violet")
        assert show.read_text() == before.replace('violet: "#6a1cff"', 'violet: "#123456"')
        assert (tmp_path / "show.yaml.bak").read_text() == before
        until(lambda: state()["version"] != version, 15, "the new version to be played")
        assert len(state()["playback"]["held"]) == 24  # a reload takes nothing out of a hand
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for address, values in (
                ("/showctl/release/hands", ()),
                ("/showctl/park/key.1/intensity", (0.5,)),
                ("/showctl/check", (1,)),
                ("/showctl/flash/blinders", (1,)),
                ("/showctl/set", ("heads position crowd",)),
            ):
                sender.sendto(encode(address, *values), ("127.0.0.1", osc))
        hands = until(lambda: (p := state()["playback"])["flashed"] and p["held"] and p, 10, "what was asked by OSC")
        assert (hands["parked"], hands["checked"], hands["flashed"]) == ({"key.1/intensity": 0.5}, "key.1", ["blinders"])
        assert set(hands["held"]) == {f"spot.{i}/{name}" for i in range(1, 7) for name in ("pan", "tilt")}
