"""The list of mutants fits the code: what each replaces is there once, and its test is there. `tools/mutants.py` runs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from mutants import Mutant, mutants  # noqa: E402  (tools are no package)


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.rule)
def test_a_mutant_changes_something_and_names_a_test_that_is_there(mutant: Mutant) -> None:
    assert mutant.text(ROOT) != (ROOT / mutant.file).read_text()
    path, _, name = mutant.test.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text()


def test_there_are_enough_of_them() -> None:
    assert len({mutant.rule for mutant in mutants()}) >= 40
