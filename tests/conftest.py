"""What tests of every folder share: the material beside the repository, and how hard the property tests look.

`pytest --hypothesis-profile=accept` looks much longer than the everyday run, and `make quick` takes a "glance"; "ci" always
tries the same examples, so that a green change stays green until somebody changes it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.standstill import Standstill
from tools.bare_clocks import BareClocks

REPOSITORY = Path(__file__).resolve().parent.parent

SLOW_MACHINE = [HealthCheck.too_slow]
settings.register_profile("glance", max_examples=10, deadline=None, suppress_health_check=SLOW_MACHINE)
settings.register_profile("quick", max_examples=50, deadline=None, suppress_health_check=SLOW_MACHINE)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, suppress_health_check=SLOW_MACHINE)
settings.register_profile("accept", max_examples=2000, deadline=None, suppress_health_check=SLOW_MACHINE)
settings.load_profile("ci" if os.environ.get("CI") else "quick")


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """Bare clocks beside the tests."""
    with tempfile.TemporaryDirectory(prefix="showctl-clocks-") as folder:
        clocks = BareClocks(f"{folder}/late")
        config.pluginmanager.register(Standstill(clocks))
        try:
            return (yield)
        finally:
            clocks.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ../shared beside the repository: music with annotated beats, scoring scripts."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}: the material that is not part of the project")
    return folder
