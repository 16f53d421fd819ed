"""Cables and microphones that are not where they were, told by sound alone, dead meanwhile or not; and when all is well again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from showctl.analysis.room.place import Places, packed, unpacked
from showctl.inputs.room.listening import Listening
from showctl.model import AudioBlock
from showctl.plan import PaMicrophone
from showctl.wire.room import RoomHeard, RoomSetup
from tests.analysis.room.test_transfer import RATE, programme

pytestmark = pytest.mark.slow
Sound = NDArray[np.float32]
NAMES = ("left", "right", "back")
SETUP = RoomSetup("card", (1,), tuple(PaMicrophone(name, n + 2) for n, name in enumerate(NAMES)))
DELAYS = (0.018, 0.031, 0.046)  # s
DEAD, BACK, SWAPPED = 40.0, 55.0, 75.0  # s


def response(seed: int, delay: float, fill: float = 0.0) -> NDArray[np.float64]:
    """(frames,) of one place: a direct sound that is not clear, early reflections, and a hall of 1.2 s."""
    draw, first = np.random.default_rng(seed), round(delay * RATE)
    taps = np.zeros(first + RATE)
    late = np.arange(RATE) / RATE
    taps[first:] = 0.06 * draw.normal(size=RATE) * np.exp(-late * (6.9 / 1.2 + 10 * fill))
    taps[first] += 0.5
    for at in draw.uniform(0.002, 0.05, 7):  # some as strong as the direct sound
        taps[first + round(at * RATE)] += draw.choice([-1, 1]) * draw.uniform(0.2, 0.5) * (1 - fill / 2)
    return taps


class Stage:
    """A hall with three microphones; `heard` is (4, frames), the programme first, before anybody touches a cable."""

    def __init__(self, seconds: float, loud: float = 1.0) -> None:
        song = programme(seconds, seed=5)
        music = [self.through(song, response(n, DELAYS[n])) for n in range(3)]
        self.song, self.scale = song, [0.05 / one.std() for one in music]
        draw = np.random.default_rng(8)
        self.noise = [loud * 0.05 * draw.normal(size=len(song)) for _ in music]
        self.heard = np.stack([song, *(g * one + n for g, one, n in zip(self.scale, music, self.noise, strict=True))])

    @staticmethod
    def through(song: Sound, taps: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(signal.fftconvolve(song, taps)[: len(song)])

    def at(self, n: int, taps: NDArray[np.float64]) -> NDArray[np.float64]:
        """What microphone n hears at another place."""
        return np.asarray(self.scale[n] * self.through(self.song, taps) + self.noise[n])

    def inputs(self) -> NDArray[np.float64]:
        return self.heard.copy()


def frames(seconds: float) -> int:
    return round(seconds * RATE)


def listened(
    inputs: NDArray[np.float64], do: Callable[[float, Listening], None] | None = None, places: Places | None = None
) -> list[RoomHeard]:
    """One record a second."""
    listening, told = Listening(SETUP, RATE, [None] * 3, places=places), []
    for at in range(0, inputs.shape[1] - RATE + 1, RATE):
        listening.feed(AudioBlock(at, inputs[:, at : at + RATE].T.astype(np.float32), RATE))
        told.append(listening.take())
        if do is not None:
            do(at / RATE + 1, listening)
    return told


def said(told: list[RoomHeard], since: float, until: float | None = None) -> list[str]:
    """The first trouble of each second, empty where there is none."""
    return [one.troubles[0] if one.troubles else "" for one in told if since < one.time <= (until or told[-1].time)]


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage(135)


def dead(stage: Stage) -> NDArray[np.float64]:
    """The left microphone is dead for a quarter of a minute."""
    inputs = stage.inputs()
    inputs[1, frames(DEAD) : frames(BACK)] = 0.0
    return inputs


def swapped(inputs: NDArray[np.float64], order: list[int], since: float, until: float = 1e3) -> NDArray[np.float64]:
    here = slice(frames(since), min(frames(until), inputs.shape[1]))
    other = inputs.copy()
    other[:, here] = inputs[order, here]
    return other


def test_a_microphone_that_comes_back_where_it_was_is_well_by_itself(stage: Stage) -> None:
    told = listened(dead(stage)[:, : frames(100)])
    assert not any(said(told, 15, DEAD))
    assert all("left is dead" in one for one in said(told, DEAD + 3, BACK))
    assert not any(said(told, BACK + 3))
    again = told[-1].responses[0]
    assert again is not None
    assert again.trusted.mean() > 0.3
    assert again.delay == pytest.approx(DELAYS[0], abs=0.03)


@pytest.mark.parametrize("first", [True, False], ids=["after one was dead", "out of the blue"])
def test_two_that_are_swapped_are_named_until_they_are_put_back(stage: Stage, first: bool) -> None:
    inputs = dead(stage) if first else stage.inputs()
    told = listened(swapped(inputs, [0, 2, 1, 3], SWAPPED, 105))
    words = said(told, SWAPPED + 17, 105)
    assert len(words) > 8
    assert all(one.startswith("microphones left and right look swapped: left hears now what right heard") for one in words)
    assert "and right what left heard: put the cables back, or, if it is to stay so, `showctl room relearn`" in words[-1]
    assert not any(said(told, 105 + 20)), "they are back, and all is well without anybody's doing"
    nothing_known = [one for one in told if SWAPPED + 5 < one.time < SWAPPED + 16]
    assert all(any(r is None or not r.trusted.any() for r in one.responses) or one.troubles for one in nothing_known)


def test_two_that_are_swapped_while_the_card_was_away_are_named_by_the_process_that_follows(stage: Stage) -> None:
    before, after = Places(3), Places(3)
    listened(stage.inputs()[:, : frames(40)], places=before)
    after.remember([None if one is None else unpacked(packed(one)) for one in before.stood])
    told = listened(stage.inputs()[[0, 2, 1, 3], frames(60) : frames(85)], places=after)
    assert "microphones left and right look swapped" in told[-1].troubles[0]
    again = Places(3)
    again.remember([None if one is None else unpacked(packed(one)) for one in before.stood])
    assert not any(said(listened(stage.inputs()[:, frames(60) : frames(90)], places=again), 0))
    with pytest.raises(ValueError, match="a place is"):
        unpacked(b"nothing")


def test_three_that_are_swapped_in_a_ring_are_told_each_by_whose_sound_it_hears(stage: Stage) -> None:
    told = listened(swapped(dead(stage), [0, 2, 3, 1], SWAPPED)[:, : frames(110)])
    words = " ".join(told[-1].troubles)
    assert "left hears now what right heard" in words
    assert "right hears now what back heard" in words
    assert "back hears now what left heard" in words


def test_two_of_three_that_are_swapped_leave_the_third_alone(stage: Stage) -> None:
    told = listened(swapped(stage.inputs(), [0, 1, 3, 2], SWAPPED)[:, : frames(110)])
    assert len(told[-1].troubles) == 1
    assert "microphones right and back look swapped" in told[-1].troubles[0]


@pytest.mark.parametrize("first", [True, False], ids=["after one was dead", "out of the blue"])
def test_programme_and_a_microphone_that_are_swapped(stage: Stage, first: bool) -> None:
    inputs = dead(stage) if first else stage.inputs()
    told = listened(swapped(inputs, [1, 0, 2, 3], SWAPPED, 110))
    words = said(told, SWAPPED + 25, 110)
    assert words
    assert all("before it is sent: the inputs of the programme and" in one for one in words)
    assert any("of the programme and left look swapped" in one for one in words) or "of a microphone" in words[-1]
    assert not any(said(told, 131)), "they are back"


def test_a_microphone_that_is_two_metres_farther_away_stands_elsewhere_until_it_is_relearned(stage: Stage) -> None:
    inputs = stage.inputs()
    inputs[1, frames(60) :] = stage.at(0, response(77, DELAYS[0] + 0.0058))[frames(60) :]
    asked: list[float] = []

    def relearn(time: float, listening: Listening) -> None:
        if time == 110:
            asked.append(time)
            listening.relearn()

    told = listened(inputs, relearn)
    words = said(told, 85, 110)
    assert all("microphone left hears the PA as from another place than before" in one for one in words)
    assert not any(said(told, 111))


def test_people_who_come_in_do_not_make_it_another_place(stage: Stage) -> None:
    inputs = stage.inputs()
    for n in range(3):
        inputs[n + 1, frames(60) :] = 0.8 * stage.at(n, response(n, DELAYS[n], fill=0.5))[frames(60) :]
    assert not any(said(listened(inputs), 15))


def test_a_pa_that_is_another_for_all_of_them_is_learnt_after_a_while(stage: Stage) -> None:
    inputs = stage.inputs()
    for n in range(3):  # another loudspeaker plays instead
        inputs[n + 1, frames(50) :] = stage.at(n, response(50 + n, DELAYS[2 - n]))[frames(50) :]
    swap = swapped(inputs, [0, 2, 1, 3], 110)
    told = listened(swap)
    assert not any(said(told, 15, 110)), "it is no microphone's fault"
    assert "microphones left and right look swapped" in said(told, 130)[-1], "and what is there now is known"


@pytest.mark.parametrize(("change", "words"), [(-1.0, "turned round (polarity)"), (0.25, "12 dB softer than it was")])
def test_one_that_comes_back_turned_round_or_with_another_gain(stage: Stage, change: float, words: str) -> None:
    inputs = dead(stage)
    inputs[1, frames(BACK) :] *= change
    told = listened(inputs[:, : frames(100)])
    assert all(f"microphone left {'hears all' if change < 0 else 'is'} {words}" in one for one in said(told, BACK + 30))
    louder = stage.inputs()
    louder[1:, frames(60) :] *= 0.25  # the PA is turned down
    assert not any(said(listened(louder[:, : frames(110)]), 15))
