"""The set list against the real mixer: what hands ask for is what is heard."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from showctl.model import (
    BeatMap,
    ExitTrackLoop,
    JumpTrack,
    LoopTrack,
    NextTrack,
    PauseTrack,
    PlayTrack,
    PreviousTrack,
    ResumeTrack,
    SeekTrack,
    StayTrack,
    StopAll,
    StopTrack,
    TrackRate,
    TrackVolume,
)
from showctl.model.player import (
    Define,
    Follow,
    Loop,
    Mode,
    PausePlay,
    Play,
    PlayerClock,
    Prepare,
    ResumePlay,
    Speed,
    Stay,
    StopPlay,
    Volume,
)
from showctl.plan import Marker, SetEntry, TrackPart, TrackPlan, TracksPlan
from showctl.show.refused import Refused
from showctl.show.setlist import SetList
from showctl.show.setstate import SetState
from showctl.sound.player.mixer import Mixer, Start
from tests.sound.player.sources import Whole

RATE, BLOCK = 1000, 10  # frames a second, and of a block
LENGTH = 8.0  # s of each track


def track(name: str, *markers: Marker) -> TrackPlan:
    return TrackPlan(name, (TrackPart(f"{name}.wav", (0, 1)),), LENGTH, markers=markers)


MARKS = (Marker("verse", 2.0), Marker("drop", None, 3))
TRACKS = tuple(track(name, *MARKS) for name in ("one", "two", "three", "other"))
ENTRIES = (SetEntry("one", "next"), SetEntry("two", "next", 1.0), SetEntry("three", "hold"), SetEntry("one"))
PLAN = TracksPlan(TRACKS, ENTRIES)
BEATS = np.arange(0.25, LENGTH, 0.5)
MAP = BeatMap(BEATS, np.arange(len(BEATS)) % 4 + 1, 4, LENGTH)


class Night:
    """A set list and a player that does what it is told, block by block."""

    def __init__(self, plan: TracksPlan = PLAN, state: SetState | None = None) -> None:
        self.list = SetList(plan, state)
        self.mixer = Mixer(2, RATE)
        names = [one.name for one in plan.tracks]
        self.sources = {name: Whole(np.full((int(LENGTH * RATE), 2), 0.01 * (n + 1), np.float32)) for n, name in enumerate(names)}
        self.now, self.gone, self.void = 0.0, set[str](), 0
        self.slow = set[str]()  # what is still read when something else is asked for
        self.defined: dict[str, Define] = {}
        self.prepared: list[str] = []
        self.do(self.list.begin(0.0))

    def do(self, commands: list) -> None:
        numbers = [one.seq for one in commands]
        assert len(set(numbers)) == len(numbers)
        for one in commands:
            self.one(one)

    def one(self, one) -> None:
        mixer = self.mixer
        match one:
            case Define():
                self.defined[one.track] = one
            case Prepare():
                self.prepared.append(one.track)
            case Play() if one.track in self.gone:
                self.void = one.seq
                self.list.refused(one.seq, "the file is gone", self.now)
            case Play() if one.track in self.slow:
                self.void = one.seq
            case Follow() | Loop() if 0 < one.of == self.void:
                pass
            case Play():
                when = float("inf") if one.when is None else one.when * RATE
                mixer.play(
                    Start(self.sources[one.track], one.seq, one.at * RATE, round(one.into * RATE), round(one.out * RATE), when)
                )
                mixer.seq = one.seq
            case Stay():
                mixer.stay()
            case PausePlay():
                mixer.pause()
                mixer.seq = one.seq
            case ResumePlay():
                mixer.resume()
                mixer.seq = one.seq
            case StopPlay():
                mixer.stop(round(one.out * RATE))
                mixer.seq = one.seq
            case Follow() if one.track is None:
                mixer.follow(None)
            case Follow():
                cross = round(one.crossfade * RATE)
                mixer.follow(Start(self.sources[one.track], one.seq, one.at * RATE, cross, cross, power=True))
            case Loop():
                mixer.loop(None if one.first is None else (one.first * RATE, one.last * RATE))
            case Volume():
                mixer.volume(one.gain)
            case Speed():
                mixer.run_at(one.rate)

    def run(self, seconds: float) -> np.ndarray:
        out = np.zeros((round(seconds * RATE), 2), np.float32)
        for at in range(0, len(out), BLOCK):
            self.mixer.render(out[at : at + BLOCK])
            self.now += BLOCK / RATE
            mixer = self.mixer
            clock = PlayerClock(
                mixer.mode, mixer.take, mixer.seq, mixer.position / RATE, mixer.speed, round(1e9 * self.now), LENGTH
            )
            self.do(self.list.hear(clock, self.now))
        return out[:, 0]

    def ask(self, kind, **fields) -> None:
        self.do(self.list.ask(kind(time=self.now, **fields), self.list.heard(round(1e9 * self.now))))

    @property
    def hears(self) -> str:
        """Which track sounds, by its level; empty for silence."""
        level = round(float(self.run(0.02)[-1]) * 100)
        return ["", *self.sources][level] if level < 5 else "?"

    @property
    def stands(self):
        state = self.list.state
        return state.mode, state.at and state.at.track, state.standby and state.standby.track

    def told(self):
        return [(one.type, *dict(one.data).values()) for one in self.list.take_told()]


def in_a_known_song() -> Night:
    """The first song has played for a second, and its beats are known."""
    night = Night()
    night.do(night.list.learn("one", MAP))
    night.ask(PlayTrack)
    night.run(1.0)
    return night


def test_play_begins_what_stands_by_and_the_set_list_goes_its_way() -> None:
    night = Night()
    assert night.stands == ("stopped", None, "one")
    assert "one" in night.prepared
    night.ask(PlayTrack)
    assert night.hears == "one"
    assert night.stands == ("playing", "one", "two")
    assert night.list.following.track == "two"
    night.run(8.5)
    assert night.hears == "two"
    assert night.stands == ("playing", "two", "three")
    night.run(6.0)  # a crossfade of a second before its end
    night.run(1.5)
    assert night.hears == "three"
    night.run(8.0)
    assert night.stands == ("stopped", "three", "three"), "it holds: the same stands by again"
    assert night.hears == ""
    assert night.told() == [
        ("track", "one", "play"),
        ("track", "two", "play"),
        ("track", "three", "play"),
        ("track", "three", "end", "three"),
    ]


def test_at_the_end_of_the_list_nothing_stands_by_and_that_is_said() -> None:
    night = Night()
    for _ in range(3):
        night.ask(NextTrack)
    assert night.stands == ("stopped", None, "one")
    assert night.list.state.standby.index == 3
    night.ask(PlayTrack)
    night.run(8.5)
    assert night.stands == ("stopped", "one", None)
    with pytest.raises(Refused, match="come to its end"):
        night.ask(PlayTrack)
    night.ask(PreviousTrack)
    assert night.stands == ("stopped", "one", "one")


def test_a_pause_in_the_moment_of_a_join_does_not_lose_what_follows() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(7.99)
    old = night.list.clock
    night.mixer.render(np.zeros((30, 2), np.float32))  # it goes on to the second, and nobody has heard of it
    night.list.hear(old, night.now)
    night.ask(PauseTrack)
    night.run(0.5)
    assert night.stands[:2] == ("paused", "two")
    night.ask(ResumeTrack)
    night.run(8.5)
    assert night.stands[:2] == ("playing", "three")


def test_next_while_it_plays_begins_the_next_and_previous_comes_back() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(1.0)
    night.ask(NextTrack)
    night.run(1.0)
    assert night.hears == "two"
    night.ask(PreviousTrack)
    night.run(0.5)
    assert night.hears == "one"
    night.run(4.0)
    night.ask(PreviousTrack)
    night.run(0.1)
    assert night.hears == "one"
    assert night.list.state.position < 0.3, "the same from its beginning"


def test_where_another_follows_without_a_gap_it_is_known_where_it_joins() -> None:
    night = Night()
    assert night.list.joins() is None, "nothing plays"
    night.ask(PlayTrack)
    night.run(0.1)
    assert night.list.joins() == (LENGTH, "two")
    night.ask(LoopTrack, first=1.0, last=2.0)
    assert night.list.joins() is None, "it goes round"
    night.ask(ExitTrackLoop)
    night.run(LENGTH)
    assert night.hears == "two"
    assert night.list.joins() is None, "a crossfade"
    night.ask(NextTrack)
    night.run(0.5)
    assert night.stands[1] == "three"
    assert night.list.joins() is None, "nothing follows"


def test_next_on_the_bar_begins_with_the_next_bar_of_what_plays() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(0.1)
    with pytest.raises(Refused, match="not known yet"):
        night.ask(NextTrack, quantise="bar")
    night.do(night.list.learn("one", MAP))
    night.run(0.6)
    night.ask(NextTrack, quantise="bar")
    assert night.list.turn() == (2.25, float("inf"))
    while night.stands[1] == "one":
        night.run(0.01)
    assert night.now == pytest.approx(2.25, abs=0.03)
    night.run(0.5)
    assert night.list.state.position == pytest.approx(night.now - 2.25, abs=0.002)
    assert night.stands == ("playing", "two", "three")
    assert night.list.following.track == "three", "and goes its way from there"
    assert night.told()[-1] == ("track", "two", "play")


def test_what_waits_for_the_bar_can_be_called_off() -> None:
    night = in_a_known_song()
    night.ask(NextTrack, quantise="bar")
    night.run(0.1)
    assert night.list.turn() is not None
    night.ask(StayTrack)
    assert night.list.turn() is None
    night.run(4.0)
    assert night.stands[:2] == ("playing", "one")


def test_next_while_it_is_paused_only_stands_by_and_play_begins_it() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(1.0)
    night.ask(PauseTrack)
    night.run(0.5)
    night.ask(NextTrack)
    night.run(0.5)
    assert night.stands == ("stopped", "one", "two")
    assert night.hears == ""
    night.ask(PlayTrack)
    assert night.hears == "two"


def test_pause_and_resume_and_play_which_resumes_too() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(2.0)
    night.ask(PauseTrack)
    night.run(3.0)
    assert night.hears == ""
    assert night.stands[0] == "paused"
    assert night.list.state.position == pytest.approx(2.0, abs=0.02)
    night.ask(ResumeTrack)
    night.run(1.0)
    assert night.list.state.position == pytest.approx(3.0, abs=0.03)
    night.ask(PauseTrack)
    night.run(0.1)
    night.ask(PlayTrack)
    assert night.hears == "one"


def test_stop_of_all_is_taken_back_by_resume_and_play_begins_anew() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(3.0)
    night.ask(StopAll)
    night.run(1.0)
    assert night.hears == ""
    assert night.stands == ("stopped", "one", "one")
    night.ask(ResumeTrack)
    night.run(0.5)
    assert night.hears == "one"
    assert night.list.state.position == pytest.approx(3.5, abs=0.05)
    night.ask(StopTrack, fade=1.0)
    night.run(0.5)
    assert 0.0 < night.run(0.02)[-1] < 0.01
    night.run(1.0)
    night.ask(PlayTrack)
    night.run(0.2)
    assert night.list.state.position == pytest.approx(0.2, abs=0.05)


def test_a_track_by_its_name_leaves_the_set_list_where_it_was() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(1.0)
    night.ask(PlayTrack, track="other")
    night.run(1.0)
    assert night.hears == "other"
    assert night.stands == ("playing", "other", "two")
    night.run(8.0)
    assert night.stands == ("stopped", "other", "two")
    with pytest.raises(Refused, match="no track 'nothing'"):
        night.ask(PlayTrack, track="nothing")


def test_a_track_by_its_name_that_is_stopped_leaves_the_set_list_where_it_was() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(1.0)
    night.ask(PlayTrack, track="other")
    night.run(1.0)
    night.ask(StopTrack, fade=0.1)
    night.run(0.5)
    assert night.stands == ("stopped", "other", "two")
    night.ask(ResumeTrack)
    night.run(0.1)
    assert night.hears == "other"
    night.ask(StopAll)
    night.run(0.5)
    night.ask(NextTrack)
    assert night.stands == ("stopped", "other", "three")


def test_next_after_a_track_by_its_name_goes_on_in_the_list() -> None:
    night = Night()
    night.ask(NextTrack)
    night.ask(PlayTrack, track="other")
    night.run(0.5)
    night.ask(NextTrack)
    night.run(0.5)
    assert night.hears == "two"


def test_seek_while_it_plays_while_it_is_paused_and_before_it_began() -> None:
    night = Night()
    night.ask(SeekTrack, to=5.0)
    assert night.stands == ("paused", "one", "one")
    assert night.hears == "", "nothing sounds by itself"
    night.ask(PlayTrack)
    night.run(0.5)
    assert night.list.state.position == pytest.approx(5.5, abs=0.02)
    night.ask(SeekTrack, to=1.0)
    night.run(0.5)
    assert night.list.state.position == pytest.approx(1.5, abs=0.02)
    night.ask(PauseTrack)
    night.run(0.1)
    night.ask(SeekTrack, to=4.0)
    assert night.hears == ""
    night.ask(ResumeTrack)
    night.run(0.5)
    assert night.list.state.position == pytest.approx(4.5, abs=0.02)
    with pytest.raises(Refused, match=r"8\.0 s long"):
        night.ask(SeekTrack, to=9.0)


@pytest.mark.parametrize(("quantise", "lines"), [("beat", BEATS), ("bar", BEATS[::4])])
def test_a_jump_is_on_the_beat_or_the_bar_and_keeps_it(quantise: str, lines: np.ndarray) -> None:
    night = Night()
    night.do(night.list.learn("one", MAP))
    night.ask(PlayTrack)
    night.run(0.87)
    night.ask(JumpTrack, marker="drop", quantise=quantise)
    jumped = False
    for _ in range(300):
        before = night.list.state.position
        night.run(0.01)
        if jumped := night.list.state.position - before > 0.1:
            break
    line = lines[np.searchsorted(lines, 0.87 + 0.06)]
    assert jumped
    assert night.now == pytest.approx(line, abs=0.03), "it went when the line came"
    night.run(1.0)
    behind = night.list.state.position - 4.25
    assert behind == pytest.approx(night.now - line, abs=0.002), "and is as far behind the marker as it was"


def test_a_jump_on_the_beat_of_an_unknown_song_is_refused_and_at_once_is_not() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(0.5)
    with pytest.raises(Refused, match="not known yet"):
        night.ask(JumpTrack, marker="verse", quantise="bar")
    with pytest.raises(Refused, match="not known yet"):
        night.ask(JumpTrack, marker="drop")
    with pytest.raises(Refused, match="no marker 'chorus'"):
        night.ask(JumpTrack, marker="chorus")
    night.ask(JumpTrack, marker="verse")
    night.run(0.2)
    assert night.list.state.position == pytest.approx(2.2, abs=0.02)


def test_a_marker_at_a_bar_is_ready_once_the_beats_are_known() -> None:
    night = Night()
    assert night.defined["one"].ready == (2.0,)
    night.do(night.list.learn("one", MAP))
    assert night.defined["one"].ready == (2.0, 4.25)


def test_a_song_that_is_longer_by_now_can_be_sought_to_its_end() -> None:
    night = Night()
    with pytest.raises(Refused, match=r"8.0 s long: it has no 9.0 s"):
        night.ask(SeekTrack, to=9.0)
    night.do(night.list.learn("one", replace(MAP, length=10.0)))
    night.ask(SeekTrack, to=9.0)
    assert night.list.state.position == 9.0


def test_a_loop_goes_round_and_out_of_it() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(1.5)
    night.ask(LoopTrack, first=1.0, last=2.0)
    for _ in range(40):
        night.run(0.1)
        assert 0.95 <= night.list.state.position <= 2.01
    night.ask(ExitTrackLoop)
    night.run(2.0)
    assert night.list.state.position > 2.5
    night.ask(LoopTrack, first=1.0, last=2.0)
    night.run(0.5)
    assert night.list.state.position < 2.0, "what lies behind is played from its beginning"


def test_a_loop_of_bars_begins_with_the_bar_that_plays() -> None:
    night = Night()
    night.do(night.list.learn("one", MAP))
    night.ask(PlayTrack)
    night.run(3.0)
    night.ask(LoopTrack, bars=1)
    assert night.list.loop == (2.25, 4.25)
    night.run(3.0)
    assert 2.2 < night.list.state.position < 4.3
    for bars in (0, 300, 100):
        with pytest.raises(Refused):
            night.ask(LoopTrack, bars=bars)


def test_a_seek_out_of_a_loop_ends_it() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.ask(LoopTrack, first=1.0, last=2.0)
    night.run(3.0)
    night.ask(SeekTrack, to=0.5)
    night.run(3.0)
    assert night.list.state.position == pytest.approx(3.5, abs=0.05)
    assert night.list.loop is None


def test_volume_and_rate_hold_for_what_comes() -> None:
    night = Night()
    night.ask(TrackVolume, level=0.5)
    night.ask(TrackRate, rate=2.0)
    night.ask(PlayTrack)
    night.run(1.0)
    assert night.run(0.05)[-1] == pytest.approx(0.0025, rel=1e-3)
    night.run(3.5)
    assert night.stands[1] == "two"
    for kind, fields in ((TrackVolume, {"level": 1.1}), (TrackVolume, {"level": float("nan")}), (TrackRate, {"rate": 3.0})):
        with pytest.raises(Refused):
            night.ask(kind, **fields)


def test_a_loop_or_a_rate_that_the_player_does_not_have_is_none_here_either() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(1.0)
    loop = night.list.ask(LoopTrack(time=1.0, source="x", first=1.0, last=2.0), 1.0)[-1]
    pace = night.list.ask(TrackRate(time=1.0, source="x", rate=2.0), 1.0)[-1]
    assert night.list.loop == (1.0, 2.0)
    assert night.list.state.rate == 2.0
    night.list.refused(loop.seq, "it has no loop", 1.0)
    night.list.refused(pace.seq, "it has one speed", 1.0)
    assert night.list.loop is None
    assert night.list.state.rate == 1.0
    assert night.list.state.mode == "playing"


def test_what_needs_a_track_that_plays_is_refused_where_none_does() -> None:
    night = Night()
    for kind, fields in ((PauseTrack, {}), (ResumeTrack, {}), (LoopTrack, {"first": 0.0, "last": 1.0})):
        with pytest.raises(Refused):
            night.ask(kind, **fields)
    night.ask(StopTrack)
    night.ask(StopAll)
    assert night.hears == ""


def test_a_player_that_is_started_again_is_silent_and_goes_on_where_it_was() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(3.0)
    again = Night(state=night.list.state)
    assert again.stands == ("paused", "one", "two")
    again.run(1.0)
    assert again.hears == ""
    again.ask(ResumeTrack)
    again.run(0.5)
    assert again.list.state.position == pytest.approx(3.5, abs=0.05)


def test_a_clock_from_before_a_command_does_not_undo_it() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(1.0)
    old = night.list.clock
    night.list.ask(PauseTrack(time=1.0), 1.0)
    night.list.hear(old, 1.01)
    assert night.stands[0] == "paused"


def test_a_file_that_is_gone_is_told_and_the_rest_is_played() -> None:
    night = Night()
    night.gone.add("one")
    night.ask(PlayTrack)
    night.run(0.2)
    assert night.stands == ("stopped", "one", "two")
    assert ("refused", "player", "the file is gone") in night.told()
    night.ask(PlayTrack)
    assert night.hears == "two"


def test_where_another_cannot_be_played_what_plays_goes_on_as_it_would_have() -> None:
    night = Night()
    night.gone.add("other")
    night.ask(PlayTrack)
    night.run(1.0)
    night.ask(PlayTrack, track="other")
    assert night.hears == "one"
    assert night.stands == ("playing", "one", "two")
    assert night.list.following.track == "two"
    night.run(7.5)
    assert night.stands == ("playing", "two", "three")
    assert night.list.following.track == "three"


def test_a_loop_goes_on_where_another_cannot_be_played() -> None:
    night = Night()
    night.gone.add("three")
    night.ask(PlayTrack)
    night.run(1.0)
    night.ask(LoopTrack, first=1.5, last=3.0)
    night.ask(PlayTrack, track="three")
    night.run(9.0)
    assert night.list.loop == (1.5, 3.0)
    assert night.hears == "one"
    assert 1.5 <= night.list.state.position < 3.0


def test_a_pause_stays_one_where_another_cannot_be_played() -> None:
    night = Night()
    night.gone.add("other")
    night.ask(PlayTrack)
    night.run(1.0)
    night.ask(PauseTrack)
    night.run(0.1)
    night.ask(SeekTrack, to=5.0)
    night.ask(PlayTrack, track="other")
    night.run(0.1)
    assert night.stands == ("paused", "one", "two")
    night.ask(ResumeTrack)
    night.run(0.5)
    assert night.stands[0] == "playing"
    assert night.list.state.position == pytest.approx(5.5, abs=0.05)


@pytest.mark.parametrize("before", [(), ((PlayTrack, StopTrack)), (PlayTrack, PauseTrack), (PlayTrack,)])
def test_a_pause_while_a_file_is_still_read_is_of_that_song(before) -> None:
    night = Night(replace(PLAN, fade=0.0))
    for kind in before:
        night.ask(kind)
        night.run(1.0)
    night.slow.add("other")
    night.ask(PlayTrack, track="other")
    night.ask(PauseTrack)
    night.slow.clear()
    night.run(0.5)
    assert night.stands[:2] == ("paused", "other")
    night.ask(ResumeTrack)
    night.run(0.5)
    assert night.hears == "other"
    assert night.list.state.position == pytest.approx(0.52, abs=0.05)


def test_after_a_pause_the_next_song_still_follows() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(1.0)
    night.ask(PauseTrack)
    night.run(1.0)
    night.ask(ResumeTrack)
    night.run(7.5)
    assert night.stands == ("playing", "two", "three")


@pytest.mark.parametrize(("entries", "standby"), [(("one", "two"), "two"), (("three", "two"), "two"), (("other",), "other")])
def test_a_track_that_is_taken_out_of_the_show_while_it_plays_leaves_the_list_where_it_was(entries, standby) -> None:
    night = Night(TracksPlan(TRACKS, tuple(map(SetEntry, ("one", "two", "three")))))
    night.ask(PlayTrack)
    night.run(0.5)
    left = tuple(one for one in TRACKS if one.name != "one")
    night.do(night.list.change(TracksPlan(left, tuple(SetEntry(name) for name in entries if name != "one"))))
    night.run(0.5)
    assert night.stands == ("playing", "one", standby)
    for kind, fields in ((JumpTrack, {"marker": "drop"}), (LoopTrack, {"first": 1.0, "last": 2.0}), (SeekTrack, {"to": 1.0})):
        with pytest.raises(Refused, match="no track 'one' any more"):
            night.ask(kind, **fields)
    night.run(8.0)
    assert night.stands[::2] == ("stopped", standby)


def test_a_track_that_is_taken_out_while_it_plays_is_followed_by_nothing_but_what_the_list_says() -> None:
    night = Night(TracksPlan(TRACKS, (SetEntry("one", "next"), SetEntry("two", "next"), SetEntry("three"))))
    night.ask(PlayTrack)
    night.run(0.5)
    night.do(night.list.change(TracksPlan(TRACKS[1:], (SetEntry("two", "next"), SetEntry("three")))))
    night.run(8.0)
    assert night.stands == ("stopped", "one", "two")
    night.ask(PlayTrack)
    night.run(8.5)
    assert night.stands == ("playing", "three", None)


@pytest.mark.parametrize("tracks", [TRACKS, tuple(one for one in TRACKS if one.name != "two")])
@pytest.mark.parametrize(
    ("left", "standby"), [(("one", "three"), "three"), (("one", "other", "three"), "other"), (("one",), None)]
)
def test_what_stands_by_and_is_cut_from_the_list_gives_way_to_what_came_after_it(tracks, left, standby) -> None:
    night = Night(TracksPlan(TRACKS, tuple(map(SetEntry, ("one", "two", "three")))))
    night.ask(PlayTrack)
    night.run(8.5)
    assert night.stands == ("stopped", "one", "two")
    night.do(night.list.change(TracksPlan(tracks, tuple(map(SetEntry, left)))))
    assert night.stands == ("stopped", "one", standby)


def test_a_song_that_waits_for_its_bar_is_where_the_list_has_it_when_it_comes() -> None:
    night = Night(TracksPlan(TRACKS, tuple(map(SetEntry, ("one", "two", "three")))))
    night.do(night.list.learn("one", MAP))
    night.ask(PlayTrack)
    night.run(0.5)
    night.ask(NextTrack, quantise="bar")
    night.do(night.list.change(TracksPlan(TRACKS, tuple(map(SetEntry, ("other", "one", "two", "three"))))))
    night.run(3.0)
    assert night.stands == ("playing", "two", "three")


def test_a_place_that_was_sought_in_a_pause_is_kept_by_a_stop() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(2.0)
    night.ask(PauseTrack)
    night.run(0.1)
    night.ask(SeekTrack, to=5.0)
    night.ask(StopTrack)
    night.run(0.5)
    assert night.list.state.position == 5.0
    night.ask(ResumeTrack)
    night.run(1.0)
    assert night.list.state.position == pytest.approx(6.0, abs=0.05)


@pytest.mark.parametrize("ends", [(2.6, 3.4), (2.25, 4.25)])
@pytest.mark.parametrize("asked", [(NextTrack, {}), (PlayTrack, {"track": "two"}), (JumpTrack, {"marker": "inside"})])
def test_what_waits_for_a_bar_that_a_loop_never_comes_to_comes_with_its_end(ends, asked) -> None:
    night = Night(TracksPlan((track("one", Marker("inside", 2.7)), *TRACKS[1:]), ENTRIES))
    night.do(night.list.learn("one", MAP))
    night.ask(PlayTrack)
    night.run(2.3)
    night.ask(LoopTrack, first=ends[0], last=ends[1])
    night.run(ends[1] - 2.3 - 0.03)  # too late for the bar that may be there
    kind, fields = asked
    take = night.mixer.take
    night.ask(kind, quantise="bar", **fields)
    assert night.list.turn()[0] == ends[1]
    night.run(ends[1] - ends[0] + 0.1)
    assert night.mixer.take > take


def test_what_is_asked_for_in_one_breath_is_of_where_the_first_leads() -> None:
    night = in_a_known_song()
    night.ask(JumpTrack, marker="drop")
    night.ask(LoopTrack, bars=1)
    assert night.list.loop == (4.25, 6.25)
    night.run(5.0)
    assert night.list.state.position == pytest.approx(5.25, abs=0.05)
    night.ask(SeekTrack, to=1.0)
    night.ask(JumpTrack, marker="verse", quantise="bar")
    assert night.list.turn() == (2.25, 2.0)
    night.run(0.5)
    assert night.list.state.position == pytest.approx(1.5, abs=0.05)


def test_a_song_that_begins_anew_on_the_bar_does_not_go_round_where_it_did() -> None:
    night = in_a_known_song()
    night.ask(LoopTrack, bars=1)
    night.ask(PlayTrack, track="one", quantise="bar")
    night.run(1.5)
    assert night.list.state.position == pytest.approx(0.25, abs=0.02)
    night.run(3.0)
    assert night.list.state.position == pytest.approx(3.25, abs=0.02)


def test_the_next_turn_is_the_loop_where_that_ends_before_what_waits() -> None:
    night = in_a_known_song()
    night.ask(NextTrack, quantise="bar")
    night.ask(LoopTrack, first=1.0, last=2.0)
    assert night.list.turn() == (2.0, 1.0)
    night.run(3.5)
    assert night.stands[1] == "one"
    night.ask(ExitTrackLoop)
    assert night.list.turn()[0] == 2.25
    night.run(1.0)
    assert night.stands[1] == "two"


def test_a_reload_in_the_moment_of_a_join_does_not_lose_where_it_is() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(7.99)
    night.mixer.render(np.zeros((30, 2), np.float32))  # it goes on to the second, and nobody has heard of it
    night.do(night.list.change(TracksPlan(TRACKS, (SetEntry("three"), *ENTRIES))))
    night.run(1.0)
    assert night.stands == ("playing", "two", "three")
    assert night.list.state.at.index == 2


def test_a_jump_back_in_the_moment_of_a_join_keeps_what_follows() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(7.99)
    night.mixer.render(np.zeros((30, 2), np.float32))  # it goes on to the second, and nobody has heard of it
    night.ask(JumpTrack, marker="verse")
    night.run(1.0)
    assert night.stands == ("playing", "one", "two")
    night.run(6.0)
    assert night.stands == ("playing", "two", "three")


def test_a_song_by_its_name_that_plays_already_begins_anew_where_it_stands() -> None:
    night = Night()
    night.ask(PlayTrack)
    night.run(1.0)
    night.ask(PlayTrack, track="one")
    night.run(1.0)
    assert night.list.state.position == pytest.approx(1.0, abs=0.05)
    assert night.stands == ("playing", "one", "two"), "not the one at the end of the list, after which nothing comes"


DEEDS = st.one_of(
    st.builds(lambda name: (PlayTrack, {"track": name}), st.sampled_from([None, "one", "other", "nothing"])),
    *(
        st.just((kind, {}))
        for kind in (PauseTrack, ResumeTrack, NextTrack, PreviousTrack, StopAll, StopTrack, ExitTrackLoop, StayTrack)
    ),
    st.builds(lambda to: (SeekTrack, {"to": to}), st.floats(-1.0, 9.0)),
    st.builds(lambda a, b: (LoopTrack, {"first": a, "last": b}), st.floats(0.0, 8.0), st.floats(0.0, 8.0)),
    st.builds(lambda on: (JumpTrack, {"marker": "drop", "quantise": on}), st.sampled_from(["none", "beat", "bar"])),
    st.builds(lambda bars: (LoopTrack, {"bars": bars}), st.integers(0, 5)),
    st.builds(lambda rate: (TrackRate, {"rate": rate}), st.floats(0.4, 2.1)),
)


LISTS = st.lists(
    st.builds(SetEntry, st.sampled_from(["one", "two", "three"]), st.sampled_from(["stop", "hold", "next"])),
    min_size=1,
    max_size=4,
)
MORE = st.one_of(
    DEEDS,
    st.builds(lambda on: (NextTrack, {"quantise": on}), st.sampled_from(["beat", "bar"])),
    st.builds(lambda on: (PlayTrack, {"track": "one", "quantise": on}), st.sampled_from(["beat", "bar"])),
    st.builds(
        lambda tracks, entries: ("change", TracksPlan(tracks, tuple(entries))), st.sampled_from([TRACKS, TRACKS[1:]]), LISTS
    ),
    st.just(("restart", None)),
)


@given(st.lists(st.tuples(MORE, st.floats(0.02, 4.0)), max_size=12), st.sampled_from([(), ("other",), ("other", "one")]))
def test_whatever_is_asked_for_and_changed_list_and_player_agree_in_the_end(deeds, gone) -> None:
    night = Night(replace(PLAN, fade=0.1))
    night.gone.update(gone)
    for (kind, fields), seconds in deeds:
        for name in night.list.tracks:
            night.do(night.list.learn(name, MAP))
        if kind == "change":
            night.do(night.list.change(fields))
        elif kind == "restart":
            night.mixer = Mixer(2, RATE)
            night.do(night.list.begin(0.0))
            assert night.hears == "", "nothing sounds by itself"
        else:
            with suppress(Refused):
                night.ask(kind, **fields)
        night.run(round(seconds, 2))
    night.run(2.5)
    state, mixer = night.list.state, night.mixer
    for place in (state.at, state.standby):
        assert place is None or place.index is None or night.list.plan.setlist[place.index].track == place.track
    if mixer.mode is Mode.PLAYING:
        assert (night.list.loop is None) == (mixer._loop is None)
        assert (night.list.following is None) == (mixer._follow is None)
        assert (night.list._takes.jump_ahead(night.list.clock) is None) == (mixer._pending is None)
    assert (state.mode == "playing") == (mixer.mode is Mode.PLAYING)
    if state.mode == "playing":
        assert mixer.source is night.sources[state.at.track]
        assert abs(state.position - mixer.position / RATE) < 0.05
    else:
        assert night.hears == ""
