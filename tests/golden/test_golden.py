"""A stored night must look as it did, to the byte. After a change that is meant: `python -m tests.golden.make`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.golden.make import HERE, RATE, SHOWS, played


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_a_stored_night_looks_as_it_did(name: str, tmp_path: Path) -> None:
    slots, events = played(name, tmp_path)
    with np.load(HERE / f"{name}.npz") as stored:
        golden = stored["slots"]
    assert slots.shape == golden.shape
    different = np.argwhere(slots != golden)
    where = [
        f"{t / RATE:.3f} s, universe row {u}, slot {s + 1}: {golden[t, u, s]} -> {slots[t, u, s]}" for t, u, s in different[:5]
    ]
    assert not where, f"{len(different)} slots differ, first {where}"
    assert events == (HERE / f"{name}.jsonl").read_text()


def test_the_stored_night_moves_the_light(tmp_path: Path) -> None:
    """A golden file of darkness would prove nothing."""
    slots, _ = played("small", tmp_path)
    assert (slots.min(axis=0) != slots.max(axis=0)).sum() >= 12
