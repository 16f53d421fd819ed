"""A failure in a standstill of the machine is tried again, and once that of a real program; any other is one at once. By pytest
itself, with clocks that lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CONFTEST = """\
from tests.standstill import Standstill

class Told:
    def late(self, since):
        return {late}

def pytest_configure(config):
    config.addinivalue_line("markers", "real: .")
    config.pluginmanager.register(Standstill(Told()))
"""
TESTS = """\
import pytest

tried = []

@pytest.fixture(scope="module")
def server():
    tried.append("begun")
    return tried

{mark}
def test_that_fails_so_often(server):
    tried.append("run")
    assert tried.count("run") > {fails}

def test_that_passes(server):
    pass
"""


def run(folder: Path, *, late: float, fails: int, mark: str = "") -> tuple[int, str]:
    (folder / "conftest.py").write_text(CONFTEST.format(late=late))
    (folder / "test_it.py").write_text(TESTS.format(fails=fails, mark=mark))
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-c", "/dev/null", "--rootdir", str(folder), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], timeout=60)
    return done.returncode, done.stdout


def test_one_that_failed_in_a_standstill_is_tried_again_after_the_others(tmp_path: Path) -> None:
    code, said = run(tmp_path, late=0.3, fails=2)
    assert code == 0
    assert "2 passed, 2 skipped" in said
    assert "attempt 2 failed, the machine stood still for 0.30 s" in said


def test_one_that_goes_on_failing_has_failed(tmp_path: Path) -> None:
    code, said = run(tmp_path, late=0.3, fails=9)
    assert code == 1
    assert "1 failed, 1 passed, 2 skipped" in said


def test_one_of_a_real_program_that_met_a_standstill_each_time_is_left_out(tmp_path: Path) -> None:
    code, said = run(tmp_path, late=0.3, fails=9, mark="@pytest.mark.real")
    assert code == 0
    assert "1 passed, 3 skipped" in said


def test_without_a_standstill_a_failure_is_one(tmp_path: Path) -> None:
    code, said = run(tmp_path, late=0.02, fails=1)
    assert code == 1
    assert "1 failed, 1 passed" in said


def test_without_a_standstill_one_of_a_real_program_is_tried_once_more(tmp_path: Path) -> None:
    code, said = run(tmp_path, late=0.02, fails=1, mark="@pytest.mark.real")
    assert code == 0
    assert "attempt 1 failed, it is tried once more" in said


def test_one_of_a_real_program_that_fails_twice_without_a_standstill_has_failed(tmp_path: Path) -> None:
    code, said = run(tmp_path, late=0.02, fails=2, mark="@pytest.mark.real")
    assert code == 1
    assert "1 failed, 1 passed, 1 skipped" in said
