"""`showctl sacn bench`: the fields that scripts rely on, and one line for each mistake."""

import json

import pytest

from showctl.__main__ import main


def test_bench_sends_and_says_what_it_cost(capsys):
    assert main(["sacn", "bench", "--universes", "40", "--seconds", "0.6", "--to", "127.77.0.1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["packets"] > 40
    assert result["packets"] % 40 == 0
    assert 1 < result["rate_hz"] <= 44
    assert set(result["interval_ms"]) == {"p50", "p99", "max"}
    assert result["cpu_seconds"] > 0
    assert result["late_frames"] >= 0


def test_bench_for_people(capsys):
    assert main(["sacn", "bench", "--seconds", "0.5", "--to", "127.77.0.1", "--rate", "20"]) == 0
    assert "% of a core" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--universes", "0"], "--universes"),
        (["--universes", "600"], "at most 512"),
        (["--to", "venue.local"], "IPv4"),
        (["--rate", "50"], "--rate"),
        (["--seconds", "0"], "--seconds"),
    ],
)
def test_a_mistake_is_one_line(capsys, words, said):
    assert main(["sacn", "bench", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == 1
