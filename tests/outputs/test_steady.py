"""The line through what a player says of its place."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.outputs.steady import Steady

MS = 1_000_000


def test_what_is_held_up_by_the_network_does_not_move_the_line() -> None:
    chance, line = random.Random(1), Steady()
    for n in range(100):
        heard = n * 50 + chance.choice([0, 5, 30, 120])
        line.add(heard * MS, n * 0.05)
        if n > 10:
            assert line.place(heard * MS) == pytest.approx(heard / 1000, abs=0.006)


def test_a_jump_ahead_is_believed_at_once_and_one_back_when_it_is_sure() -> None:
    line = Steady()
    for n in range(10):
        line.add(n * 100 * MS, n * 0.1)
    line.add(1000 * MS, 20.0)
    assert line.place(1000 * MS) == 20.0
    places = []
    for n in range(11, 15):
        line.add(n * 100 * MS, 5.0 + n * 0.1)
        places.append(line.place(n * 100 * MS))
    assert places[0] > 20.0
    assert places[-1] == pytest.approx(6.4)


def test_one_word_that_comes_very_late_is_no_jump() -> None:
    line = Steady()
    for n in range(10):
        line.add(n * 100 * MS, n * 0.1)
    line.add(1900 * MS, 1.0)
    assert line.place(2000 * MS) == pytest.approx(2.0)


def test_a_round_is_seen_between_words() -> None:
    line = Steady()
    line.round((1.0, 2.0))
    line.add(0, 1.8)
    assert line.place(100 * MS) == pytest.approx(1.9)
    assert line.place(300 * MS) == pytest.approx(1.1)
    line.add(400 * MS, 1.2)
    assert line.place(400 * MS) == pytest.approx(1.2)
    line.anew()
    line.add(500 * MS, 2.5)
    assert line.place(500 * MS) == 2.5


def test_a_clock_that_runs_otherwise_is_followed() -> None:
    line = Steady()
    for n in range(600):
        line.add(n * 100 * MS, n * 0.1 * 0.999)
    assert line.place(60_000 * MS) == pytest.approx(59.94, abs=0.005)


@given(st.lists(st.tuples(st.integers(0, 10**10), st.floats(-1e6, 1e6)), max_size=50), st.floats(0.5, 2.0))
def test_whatever_comes_there_is_a_place(words: list[tuple[int, float]], rate: float) -> None:
    line = Steady()
    line.anew(rate)
    line.round((1.0, 2.0))
    assert not line.known
    for ns, place in sorted(words):
        line.add(ns, place)
        assert abs(line.place(ns)) < 1e7
