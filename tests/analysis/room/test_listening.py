"""The room heard block by block: the same answers in any cut, pauses passed over, begun anew when the room is another."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from showctl.analysis.room.listening import RoomListener
from showctl.model import RoomResponse
from tests.analysis.room.test_transfer import BANDS, INSIDE, RATE, crowd, late, programme

pytestmark = pytest.mark.slow
Sound = NDArray[np.float32]


def listened(reference: Sound, microphones: Sound, block: int) -> list[tuple[RoomResponse, ...]]:
    listener = RoomListener(RATE, microphones.shape[1])
    cuts = range(0, len(reference), block)
    return [one for at in cuts for one in listener.feed(reference[at : at + block], microphones[at : at + block])]


def test_two_microphones_with_clocks_of_their_own_in_any_cut() -> None:
    song = programme(26)
    near, far = late(song, 0.01, 20.0), 0.5 * late(song, 0.12, -35.0) + 0.5 * crowd(len(song))
    heard = np.stack([near, far], axis=1).astype(np.float32)
    answers, others = listened(song, heard, 1024), listened(song, heard, 7777)
    assert len(answers) == len(others) == len(song) // (1 << 14)
    assert all(
        np.array_equal(a.magnitude, b.magnitude) for x, y in zip(answers, others, strict=True) for a, b in zip(x, y, strict=True)
    )
    assert not any(a.trusted.any() for a in answers[0])
    first, second = answers[-1]
    assert first.drift == pytest.approx(20.0, abs=0.1)
    assert second.drift == pytest.approx(-35.0, abs=0.5)
    assert first.delay_at(0.0) == pytest.approx(0.01, abs=5e-5)
    assert second.delay_at(0.0) == pytest.approx(0.12, abs=5e-5)
    assert first.magnitude[INSIDE] == pytest.approx(0.0, abs=0.15)
    trusted = second.trusted & INSIDE
    assert trusted.mean() > 0.3
    assert np.sqrt(np.mean((second.magnitude[trusted] - 20 * np.log10(0.5)) ** 2)) < 0.6


def test_a_pause_changes_nothing_and_another_room_is_learnt_anew() -> None:
    song = programme(60)
    song[20 * RATE : 26 * RATE] = 0
    heard = late(song, 0.02) + 0.1 * crowd(len(song))
    heard[36 * RATE :] *= 0.3  # the microphone has been turned away
    answers = [one[0] for one in listened(song, heard[:, None].astype(np.float32), 4000)]
    before = [a for a in answers if 20 < a.time < 25]
    assert all(a.trusted[INSIDE].mean() > 0.8 for a in before)
    forgotten = [a for a in answers if 36 < a.time < 46 and not a.trusted.any()]
    assert forgotten
    after = answers[-1]
    assert after.trusted[INSIDE].mean() > 0.5
    assert np.median(after.magnitude[after.trusted]) == pytest.approx(20 * np.log10(0.3), abs=0.2)


def test_without_a_programme_nothing_is_trusted() -> None:
    noise = crowd(20 * RATE)
    answers = listened(np.zeros_like(noise), noise[:, None], 2048)
    assert answers
    assert not any(one[0].trusted.any() or one[0].delay_trusted for one in answers)
    assert all(len(one[0].magnitude) == len(BANDS) for one in answers)


def test_blocks_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="2 microphones"):
        RoomListener(RATE, 2).feed(np.zeros(10, np.float32), np.zeros((10, 1), np.float32))
