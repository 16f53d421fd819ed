"""A stored night must look as it did, to the byte. After a change that is meant: `python -m tests.golden.make`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.golden.make import HERE, RATE, SHOWS, played, song_played


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


@pytest.mark.slow
def test_the_whole_song_gives_the_cues_it_gave(tmp_path: Path) -> None:
    """From sound to cue, all three minutes: the same events in the same order, each within 50 ms of its time."""
    heard = [json.loads(line) for line in song_played(tmp_path).splitlines()]
    stored = [json.loads(line) for line in (HERE / "song.jsonl").read_text().splitlines()]
    assert [what(one) for one in heard] == [what(one) for one in stored]
    assert [one["time"] for one in heard] == pytest.approx([one["time"] for one in stored], abs=0.05)
    assert sum(one["type"] == "cue" for one in stored) >= 10


def what(event: dict[str, object]) -> tuple[object, ...]:
    """An event without its time and its numbers from the ear."""
    return tuple(event.get(key) for key in ("type", "list", "cue", "by", "section"))


def test_the_stored_night_moves_the_light(tmp_path: Path) -> None:
    """A golden file of darkness would prove nothing."""
    slots, _ = played("small", tmp_path)
    assert (slots.min(axis=0) != slots.max(axis=0)).sum() >= 12
