"""bench/hearing: the figures that it adds to the scorer's, and that a real-time run says what `listen` says."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bench.hearing import figures, peers, realtime
from showctl.commands.listen import listen
from showctl.inputs import wavfile
from tests.analysis.sounds import RATE, beat_times, drums

BENCH = Path(figures.__file__).parent


def row(style: str, kind: str = "clean", **measures: object) -> figures.Row:
    return {
        "id": style,
        "style": style,
        "kind": kind,
        "cpu": 0.02,
        "memory_mb": 38.0,
        "notices": [],
        "positions": False,
        **measures,
    }


@given(st.lists(st.floats(-100, 300), min_size=1, max_size=60))
def test_ninety_percent_have_the_notice_and_no_greater_would_do(notices: list[float]) -> None:
    most = figures.notice_of_most(notices)
    assert most in notices
    assert sum(one >= most for one in notices) >= 0.9 * len(notices) - 1e-9
    assert sum(one > most for one in notices) < 0.9 * len(notices)


def test_no_beats_have_no_notice() -> None:
    assert figures.notice_of_most([]) is None


def test_a_row_takes_each_measure_from_its_own_set() -> None:
    rows = [row("EDM: trance", F=1.0, notices=[100.0]), row("solo piano", F=0.5, notices=[60.0])]
    rows += [row("rock", kind="venue: crowd", F=0.3, notices=[-5.0]), row("speech", kind="venue: speech", false_per_min=2.0)]
    cells = figures.row_of(rows, lambda some: {"F": sum(one.get("F", 0) for one in some) / max(1, len(some))})
    assert cells["F no piano"] == 1.0
    assert cells["F clean"] == 0.75
    assert cells["F venue"] == 0.3
    assert (cells["notice ms"], cells["90 % have ms"]) == (80.0, 60.0)
    assert cells["downbeat F"] is None  # it tells no bars: that is not the same as telling them wrong


def test_styles_of_a_family_are_one_row_and_the_venue_is_not_among_them() -> None:
    rows = [row("EDM: trance", F=1.0), row("EDM: 80s", F=0.5), row("rock", F=0.4), row("rock", kind="venue: clip", F=0.0)]
    assert figures.by_family(rows) == {"EDM": (2, 0.75), "rock": (1, 0.4)}
    assert [one["F"] for one in figures.worst(rows, 2)] == [0.0, 0.4]


def test_beats_are_partners_within_the_tolerance_of_time_and_of_emission() -> None:
    first = [{"time": 1.0, "emitted": 0.9}, {"time": 2.0, "emitted": 1.9}]
    assert figures.same_beats(first, [{"time": 1.0004, "emitted": 0.9}, {"time": 2.0, "emitted": 1.9}]).holds
    later = figures.same_beats(first, [{"time": 1.0, "emitted": 0.9}, {"time": 2.0, "emitted": 1.95}])
    assert (later.same, later.holds) == (1, False)
    assert not figures.same_beats(first, [*first, {"time": 3.0, "emitted": 2.9}]).holds


@given(st.lists(st.floats(0, 2), max_size=40))
def test_strokes_that_are_kept_stand_apart_and_none_is_lost(times: list[float]) -> None:
    rising = np.sort(np.array(times))
    kept = rising[figures.one_stroke(rising)]
    assert np.all(np.diff(kept) > figures.ONE_STROKE)
    assert all(np.any((time - kept >= 0) & (time - kept <= figures.ONE_STROKE)) for time in rising)


def test_a_table_has_its_columns_in_line_and_a_dash_for_nothing() -> None:
    lines = figures.table(
        "ear", {"one": {"F": 0.5, "error ms": -12.34}, "another": {"F": None, "lock s": float("inf")}}
    ).splitlines()
    assert [cell.strip() for cell in lines[0].split("|")[1:-1]] == ["ear", "F", "error ms", "lock s"]
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == ["one", "0.50", "-12.3", "–"]
    assert [cell.strip() for cell in lines[3].split("|")[1:-1]] == ["another", "–", "–", "never"]
    assert len({len(line) for line in lines}) == 1


def test_peers_are_given_whole_hops_and_a_tempo_of_their_own_beats() -> None:
    assert [(len(hop), given) for hop, given in peers.hops(np.zeros(1000, np.float32), 441)] == [(441, 441), (441, 882)]
    tell = peers.Teller()
    told = [tell.beat(0.5 * n, 0.5 * n + 0.01) for n in range(4)]
    assert [one["index"] for one in told] == [0, 1, 2, 3]
    assert [one["bpm"] for one in told] == [None, 120.0, 120.0, 120.0]


def test_what_a_program_used_is_its_own_and_its_exit_code_too() -> None:
    holds = "import sys; held = bytearray(60_000_000); print('{}'); sys.exit(3)"
    heavy = np.ones(20_000_000)  # 160 MB of this process must not count as the child's
    command = [sys.executable, "-I", "-S", str(BENCH / "measured.py"), sys.executable, "-c", holds]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    used = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 3
    assert used["type"] == "usage"
    assert 60 < used["memory_mb"] < heavy.nbytes / 1e6


@pytest.mark.slow
@pytest.mark.timeout(150)  # it starts the ear's process, which takes its time on a machine that has none
def test_a_real_time_run_announces_what_listen_announces(tmp_path: Path) -> None:
    song = drums(beat_times((124.0, 7.0)))
    soundfile.write(tmp_path / "song.wav", song, RATE)
    said = [one for one in listen(wavfile.blocks(tmp_path / "song.wav"), levels=False) if one["type"] == "beat"]
    heard = [one for one in asyncio.run(realtime.hear(tmp_path / "song.wav")).news if one["type"] == "beat"]
    seen = figures.same_beats(said, heard)
    assert seen.first > 4
    assert seen.holds, seen
    assert all(one["received"] >= one["emitted"] - 0.001 for one in heard)
