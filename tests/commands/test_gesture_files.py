"""Motion that gesture commands read from files: whose it is held to be."""

from __future__ import annotations

import numpy as np

from showctl.commands.gesture_files import PERSON, null_for
from tests.analysis.gesture.motions import gesture, rest

DRAW = np.random.default_rng(1)
SHOWN = [("vee", gesture("vee", DRAW))]


def test_some_minutes_of_a_file_count_as_a_person() -> None:
    evening = rest(3 * PERSON + 7, DRAW)
    people = null_for(SHOWN, [evening], shipped_too=False)
    assert len(people) >= 4
    assert all(sum(map(len, person)) <= PERSON for person in people)
    assert np.array_equal(np.concatenate([one for person in people for one in person]), evening)


def test_a_short_rehearsal_is_divided_too() -> None:
    people = null_for(SHOWN, [rest(3000, DRAW), rest(3000, DRAW)], shipped_too=False)
    assert len(people) >= 6
    assert sum(len(one) for person in people for one in person) == 6000


def test_what_is_shipped_stays_with_its_people() -> None:
    assert len(null_for(SHOWN, [])) == 19
