"""What systemd itself says of the units, with the paths that `showctl service install` puts in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from showctl.commands import service
from tests.real.conftest import need

pytestmark = pytest.mark.real

EXPOSURE_AT_MOST = 2.0  # of systemd-analyze security: 0 is safe from itself, 10 is open


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Both units as installed for a venue and a show in a home folder."""
    need("systemd-analyze")
    venue, show = tmp_path / "venue.yaml", tmp_path / "show.yaml"
    paths = [tmp_path / name for name in service.UNITS]
    for path in paths:
        path.write_text(service.unit(path.name, venue, show))
    return paths


def analyze(*words: str | Path) -> str:
    """Run systemd-analyze; its whole answer. Fails where it does."""
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_verify_has_nothing_to_say(units: list[Path]) -> None:
    assert analyze("verify", "--man=no", *units).strip() == ""


def test_verify_sees_a_mistake(units: list[Path]) -> None:
    units[0].write_text(units[0].read_text().replace("WatchdogSec=5", "WatchdogSec=soon"))
    assert "soon" in analyze("verify", "--man=no", units[0])


@pytest.mark.parametrize("name", service.UNITS)
def test_little_is_exposed(units: list[Path], name: str) -> None:
    path = next(path for path in units if path.name == name)
    said = re.search(r"Overall exposure level for \S+: ([\d.]+)", analyze("security", "--offline=true", "--no-pager", path))
    assert said is not None
    assert float(said[1]) <= EXPOSURE_AT_MOST
