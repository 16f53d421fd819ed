"""The beat of a track of our own: at the player's clock to a fraction of a millisecond, through loops, jumps and speeds."""

from __future__ import annotations

import numpy as np
import pytest

from showctl.model import BeatMap, Features, Inputs, Section
from showctl.model.track import HEARD
from showctl.plan import Plan
from showctl.show.engine import ShowEngine
from showctl.show.seam import Seam
from showctl.show.trackbeat import Moment, TrackBeat

NOTHING = Plan(())
PERIOD, LENGTH = 0.47, 60.0
BEATS = 0.31 + PERIOD * np.arange(int((LENGTH - 0.31) / PERIOD))


def rows(*strokes: float) -> np.ndarray:
    """A word each tenth of a second, and kicks."""
    steady = float(list(Section).index(Section.STEADY))
    times = np.arange(0.0, LENGTH, 0.1)
    table = np.zeros((len(times) + len(strokes), len(HEARD)))
    table[: len(times), 0] = times
    table[len(times) :, 0] = strokes
    table[len(times) :, 7] = 1.0
    table[:, 1:5], table[:, 5], table[:, 10:13] = -20.0, 0.5, (steady, 1.0, -1.0)
    return table[np.argsort(table[:, 0])]


def song(*strokes: float) -> BeatMap:
    return BeatMap(BEATS, np.arange(len(BEATS)) % 4 + 1, 4, LENGTH, rows(*strokes))


class Played:
    """An engine that hears a track from show time `begins` on; looked at fifty times a second."""

    def __init__(self, found: BeatMap, begins: float = 10.0, rate: float = 1.0, plan: Plan = NOTHING) -> None:
        self.beat = TrackBeat(found, plan.sound_latency, plan.lamp_latency)
        self.engine, self.seam = ShowEngine(plan), Seam()
        self.now, self.position, self.rate = begins, 0.0, rate
        self.turn: tuple[float, float] | None = None
        self.into: BeatMap | None = None  # of what follows without a gap
        self.told: list[Features] = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            turn = self.turn if self.into is None else (LENGTH, 0.0)
            moment = Moment(self.now, self.position, self.rate, turn, self.into)
            entering = [one for one in map(self.seam.take, self.beat.look(moment)) if one is not None]
            self.told += entering
            self.engine.step(self.now, Inputs(tuple(entering)))
            self.now += 0.02
            self.position += 0.02 * self.rate
            if self.turn is not None and self.position >= self.turn[0]:
                self.position += self.turn[1] - self.turn[0]
            if self.into is not None and self.position >= LENGTH:
                self.position -= LENGTH
                self.beat.play(self.into)
                self.beat.jump(self.position)
                self.into = None

    def phase(self) -> float:
        """How far the show's beat is from that of the track (beats, -0.5 to 0.5)."""
        frame = self.engine.step(self.now, Inputs())
        true = np.interp(self.position, BEATS, np.arange(len(BEATS)))
        return float((frame.playback.beat - true + 0.5) % 1.0 - 0.5)


@pytest.mark.parametrize("rate", [0.5, 1.0, 1.37, 2.0])
def test_the_beat_is_that_of_the_track_at_any_speed(rate: float) -> None:
    night = Played(song(), rate=rate)
    night.run(6.0)
    assert abs(night.phase()) * PERIOD / rate < 0.0005
    state = night.engine.playback
    assert state.bpm == pytest.approx(60.0 / PERIOD * rate, abs=0.05)
    assert state.beats.source == "ear"
    assert state.beats.flashes


def test_bars_are_those_of_the_track() -> None:
    night = Played(song())
    night.run(6.0)
    playback = night.engine.playback
    there = float(np.interp(night.position, BEATS, np.arange(len(BEATS))))
    ahead = -there % 4
    line = (playback.beats.bar - playback.beat) % 4
    assert line == pytest.approx(ahead, abs=0.06) or abs(line - ahead) > 3.9


def test_a_loop_of_bars_keeps_the_beat_without_a_hitch() -> None:
    night = Played(song())
    night.turn = (float(BEATS[12]), float(BEATS[4]))
    for _ in range(40):
        night.run(0.37)
        if night.now > 11.0:
            assert abs(night.phase()) < 0.002


def test_a_jump_to_a_bar_on_the_bar_keeps_the_beat() -> None:
    night = Played(song())
    night.run(3.0)
    night.turn = (float(BEATS[8]), float(BEATS[80]))
    while night.position < 20.0:
        night.run(0.02)
    night.turn = None
    night.beat.jump(night.position)
    for _ in range(20):
        night.run(0.1)
        assert abs(night.phase()) < 0.002


def test_a_seek_off_the_beat_is_caught_up_within_two_beats() -> None:
    night = Played(song())
    night.run(3.0)
    night.position += 7.13
    night.beat.jump(night.position)
    night.run(2 * PERIOD + 0.1)
    assert abs(night.phase()) < 0.002


def test_strokes_have_their_own_time_and_are_told_once() -> None:
    night = Played(song(1.234, 2.5, 30.0))
    night.run(5.0)
    kicks = [one.time for one in night.told if one.strikes[0] > 0.0]
    assert kicks == pytest.approx([11.234, 12.5])


def test_of_a_track_only_the_lamps_are_late() -> None:
    plan = Plan((), sound_latency=0.05, lamp_latency=0.03)
    night = Played(song(2.0), plan=plan)
    night.run(5.0)
    early = night.phase() * PERIOD
    assert early == pytest.approx(0.03, abs=0.0005), "the beat is so much earlier than it is heard"
    assert [one.time for one in night.told if one.strikes[0] > 0.0] == pytest.approx([12.0 - 0.03])


def test_the_end_of_the_beats_is_the_end_of_the_grid() -> None:
    night = Played(song())
    night.position = LENGTH - 1.0
    night.beat.jump(night.position)
    night.run(2.0)
    assert night.told[-1].grid is None


@pytest.mark.parametrize("rate", [0.7, 1.0, 1.6])
def test_where_another_track_follows_without_a_gap_its_first_beat_is_told_before_the_join(rate: float) -> None:
    period = 0.6
    after = BeatMap(0.05 + period * np.arange(90), np.arange(90) % 3 + 1, 3, LENGTH, rows())
    night = Played(song(), rate=rate)
    night.position = LENGTH - 3.0
    night.beat.jump(night.position)
    night.into = after
    night.run(6.0 / rate)
    joined = 10.0 + 3.0 / rate
    told = {one.grid.index: one.grid for one in night.told if one.grid is not None}
    assert [one.time for one in night.told if one.grid is None and one.time > 10.1] == [], "there always is a next beat"
    indices = sorted(told)
    assert indices == list(range(indices[0], indices[-1] + 1))
    first = next(one for one in told.values() if one.beats_per_bar == 3)
    assert first.anchor == pytest.approx(joined + 0.05 / rate, abs=0.001)
    assert first.bar_position == 1
    heard = next(one.time for one in night.told if one.grid == first)
    assert heard < first.anchor - 0.02, "while lamps can still be sent for"
    frame = night.engine.step(night.now, Inputs())
    assert frame.playback.bpm == pytest.approx(60.0 / period * rate, abs=0.05)
    assert (frame.playback.beat - (night.position - 0.05) / period + 0.5) % 1.0 - 0.5 == pytest.approx(0.0, abs=0.002)


def test_without_what_is_heard_the_beat_alone_is_told() -> None:
    night = Played(BeatMap(BEATS, np.arange(len(BEATS)) % 4 + 1, 4, LENGTH))
    night.run(4.0)
    assert abs(night.phase()) * PERIOD < 0.0005


def test_a_steady_tempo_that_is_said_goes_over_what_was_heard() -> None:
    found = song().with_tempo(120.0, 1.1, 3)
    assert np.allclose(np.diff(found.beats), 0.5)
    assert found.beats[0] >= 0.0
    assert found.bar(1) == pytest.approx(1.1)
    assert found.bar(2) == pytest.approx(2.6)
    assert found.bar_at(1.0) == 0
    assert found.bar_at(2.59) == 1
    assert found.next_bar(1.2) == pytest.approx(2.6)
    assert found.next_beat(1.2) == pytest.approx(1.6)
    assert found.next_bar(LENGTH) is None
