"""The tracks in the daemon, with a player that is none: who is told what, and what a crash and a reload leave."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from showctl.model import (
    BeatMap,
    DeviceError,
    JumpTrack,
    NextTrack,
    PauseTrack,
    PlayTrack,
    PreviousTrack,
    ResumeTrack,
    SeekTrack,
    State,
    StopAll,
    StopTrack,
    TrackRate,
    TrackVolume,
)
from showctl.model.player import Define, Forget, Mode, PausePlay, Play, PlayerClock, PlayerStatus, Speed, Volume
from showctl.plan import Marker, Plan, SetEntry, TrackPart, TrackPlan, TracksPlan
from showctl.playing import maps
from showctl.playing import tracks as playing
from showctl.playing.kept import Kept
from showctl.playing.tracks import Tracks
from showctl.show.setstate import SetState, unpacked

TRACKS = tuple(TrackPlan(name, (TrackPart(f"/songs/{name}.wav", (0, 1)),), 60.0) for name in ("one", "two"))
PLAN = Plan((), tracks=TracksPlan(TRACKS, (SetEntry("one"), SetEntry("two"))), venue="Room", show="Night")
MAP = BeatMap(np.arange(0.0, 60.0, 0.5), np.arange(120) % 4 + 1, 4, 60.0)
WHO = {"time": 0.0, "source": "x"}


class Player:
    """Takes commands down, and says what a test has it say."""

    def __init__(self, night):
        self.night, self.sent, self.ready = night, [], False

    def send(self, command):
        self.sent.append(command)
        return True

    async def run(self):
        self.ready, self.gone = True, asyncio.get_running_loop().create_future()
        self.night.tracks._begin()
        try:
            await self.gone
        finally:
            self.ready = False

    async def leave(self, why="the card is gone"):
        """It goes away, and none comes before `night.back` is set."""
        self.night.back.clear()
        self.gone.set_exception(DeviceError(why))
        await until(lambda: not self.ready)
        await asyncio.sleep(0)

    async def come_back(self):
        self.sent.clear()
        self.night.back.set()
        await until(lambda: self.ready)

    def clock(self, position, mode=Mode.PLAYING):
        """What is heard now is `position`."""
        plays = [one.seq for one in self.sent if isinstance(one, Play)]
        seq = max([one.seq for one in self.sent if not isinstance(one, Define | Volume)], default=0)
        ns = round(1e9 * (self.night.now - self.night.offset))
        self.night.tracks._hear(PlayerClock(mode, max(plays, default=0), seq, position, 1.0, ns, 60.0))


class Night:
    def __init__(self, folder, plan=PLAN):
        self.now, self.offset, self.plan = 100.0, -1000.0, plan
        self.features, self.health, self.told, self.views, self.players = [], {}, [], [], []
        self.changed, self.back = asyncio.Event(), asyncio.Event()
        self.back.set()
        self.tracks = Tracks(
            plan,
            now=lambda: self.now,
            offset=self.offset,
            state=folder,
            on_features=self.features.extend,
            on_health=lambda one: self.health.__setitem__(one.part, one),
            on_told=self.told.append,
            on_view=self.views.append,
        )

    @property
    def player(self):
        return self.players[-1]

    def sent(self, kind):
        return [one for one in self.player.sent if isinstance(one, kind)]

    def words(self):
        return [(one.type, *dict(one.data).values()) for one in self.told]


@asynccontextmanager
async def night(folder, monkeypatch, plan=PLAN):
    one = Night(folder, plan)

    def made(self, tracks):
        one.players.append(Player(one))
        return one.players[-1]

    async def keep(name, part):
        while True:
            with suppress(DeviceError):
                await part()
            await one.back.wait()

    async def nothing(self, files):
        self.asked = files

    monkeypatch.setattr(Tracks, "_player", made)
    monkeypatch.setattr(playing.Maps, "_work_out", nothing)
    task = asyncio.create_task(one.tracks.run(keep, lambda: one.plan, one.changed))
    try:
        await until(lambda: one.players and one.player.sent)
        yield one
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(true):
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_player_is_told_every_track_and_what_hands_ask_for(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        assert [define.track for define in one.sent(Define)] == ["one", "two"]
        one.tracks.ask(PlayTrack(**WHO))
        assert one.sent(Play)[0].track == "one"
        one.player.clock(3.0)
        assert one.words() == [("track", "one", "play")]
        one.now += 2.0
        view = one.tracks.view()
        assert (view.state, view.track, view.position, view.standby) == ("playing", "one", 5.0, "two")
        one.tracks.ask(TrackVolume(level=0.5, **WHO))
        assert one.sent(Volume)[-1].gain == 0.25


async def test_what_cannot_be_is_told_with_who_asked(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks.ask(PauseTrack(**WHO))
        assert one.words() == [("refused", "pausetrack", "no track plays", "x")]
        one.tracks.ask(StopAll(**WHO))
        assert len(one.told) == 1, "a stop of all is none of its business where nothing plays"


async def test_without_a_player_nothing_is_begun_and_that_is_told(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(7.0)
        await one.player.leave()
        one.told.clear()
        for asked in (PlayTrack(**WHO), PlayTrack(track="two", **WHO), ResumeTrack(**WHO)):
            one.tracks.ask(asked)
        assert [word[:3] for word in one.words()] == [
            ("refused", name, "the player is not there yet: its health says why")
            for name in ("playtrack", "playtrack", "resumetrack")
        ]
        assert (one.tracks.view().state, one.tracks.view().track) == ("paused", "one")


async def test_a_player_that_goes_away_is_told_with_the_reason_and_the_song_waits(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks.ask(PlayTrack(**WHO))
        one.tracks._learn_of(PlayerStatus(State.RUNNING, "plays through a card"))
        one.player.clock(7.0)
        one.now += 2.0
        await one.player.leave("its process was ended by a signal (SIGKILL)")
        assert one.words()[-1] == ("track", "one", "paused", "player", 7.0)
        assert (one.views[-1].state, one.views[-1].position) == ("paused", 7.0)
        for _ in range(2):
            health = one.tracks.health()
            assert (health.state, health.detail) == (State.DEGRADED, "its process was ended by a signal (SIGKILL)")
            await one.player.come_back()
        one.tracks._learn_of(PlayerStatus(State.RUNNING, "plays through a card"))
        health = one.tracks.health()
        assert health.state is State.RUNNING
        assert dict(health.counters)["ended"] == 1.0
        assert one.words()[-1] == ("track", "one", "paused", "player", 7.0), "and no second time"


@pytest.mark.parametrize(
    ("asked", "stands"),
    [
        (NextTrack(**WHO), ("stopped", "two", 0.0)),
        (NextTrack(quantise="bar", **WHO), ("stopped", "two", 0.0)),
        (SeekTrack(to=30.0, **WHO), ("paused", "two", 30.0)),
        (JumpTrack(marker="solo", **WHO), ("paused", "two", 20.0)),
        (JumpTrack(marker="solo", quantise="bar", **WHO), ("paused", "two", 20.0)),
        (PreviousTrack(**WHO), ("refused", "two", 7.0)),
    ],
)
async def test_what_leaves_it_silent_is_done_while_the_player_is_away(tmp_path, monkeypatch, asked, stands):
    marked = replace(TRACKS[0], markers=(Marker("solo", 20.0),))
    plan = replace(PLAN, tracks=TracksPlan((marked, TRACKS[1]), (SetEntry("one"), SetEntry("two"))))
    async with night(tmp_path, monkeypatch, plan) as one:
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(7.0)
        await one.player.leave()
        one.told.clear()
        one.tracks.ask(asked)
        await one.player.come_back()
        one.player.clock(0.0, Mode.STOPPED)
        view, refused = one.tracks.view(), [word[0] for word in one.words()]
        assert (refused[0] if refused else view.state, view.standby, view.position) == stands
        assert not one.sent(Play)
        one.tracks.ask(PlayTrack(**WHO))
        assert len(one.sent(Play)) == 1


async def test_a_fader_that_is_moved_while_the_player_is_away_holds_when_it_is_back(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        await one.player.leave()
        one.tracks.ask(TrackVolume(level=0.5, **WHO))
        one.tracks.ask(TrackRate(rate=2.0, **WHO))
        assert not one.told
        await one.player.come_back()
        assert one.sent(Volume)[-1].gain == 0.25
        assert one.sent(Speed)[-1].rate == 2.0


async def test_another_latency_is_that_of_the_song_that_plays_already(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks._learn("one", MAP)
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(3.1)
        one.plan = replace(PLAN, sound_latency=0.1)
        one.tracks.change(one.plan)
        one.player.clock(3.1)
        assert one.features[-1].grid.anchor == pytest.approx(100.5), "the engine takes off what the plan says now"


async def test_a_file_that_was_mixed_anew_is_heard_anew(tmp_path, monkeypatch):
    asked = []

    async def work_out(self, files):
        asked.append([Path(file).name for file in files])
        for file in files:
            if Path(file).name == "two.wav":
                self.troubles[file] = "no sound in it"
            else:
                self._known[file] = MAP

    monkeypatch.setattr(maps, "LOOK_S", 0.05)
    monkeypatch.setattr(maps.Maps, "_work_out", work_out)
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.wav").write_bytes(b"1")
    one = maps.Maps(tmp_path / "maps", lambda *_: None)
    wanted = [TrackPlan(name, (TrackPart(str(tmp_path / f"{name}.wav"), (0, 1)),), 60.0) for name in ("one", "two", "three")]
    one.want(wanted)
    task = asyncio.create_task(one.run())
    try:
        await until(lambda: asked)
        (tmp_path / "one.wav").write_bytes(b"another")
        await until(lambda: len(asked) > 1)
        (tmp_path / "two.wav").unlink()
        (tmp_path / "three.wav").write_bytes(b"another")
        await until(lambda: len(asked) > 2)
        one.want(wanted)
        await until(lambda: len(asked) > 3)
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert asked == [["one.wav", "two.wav", "three.wav"], ["one.wav"], ["three.wav"], ["two.wav"]]


async def test_while_a_track_plays_whose_beats_are_known_its_map_speaks(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(3.1)
        assert not one.tracks.leads
        one.tracks._learn("one", MAP)
        one.player.clock(3.1)
        assert one.tracks.leads
        [heard] = one.features
        assert heard.grid.anchor == pytest.approx(100.4)
        assert (heard.grid.bar_position, heard.grid.period) == (4, 0.5), "3.5 s is beat 7"
        one.tracks.ask(PauseTrack(**WHO))
        one.player.clock(3.2, Mode.PAUSED)
        assert not one.tracks.leads
        assert one.features[-1].grid is None


async def test_the_map_of_the_next_song_says_nothing_of_where_the_one_before_still_is(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks._learn("one", MAP)
        one.tracks._learn("two", replace(MAP, beats=MAP.beats + 0.2))
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(3.1)
        before = one.tracks.list.clock
        one.features.clear()
        one.tracks.ask(NextTrack(**WHO))
        one.now += 0.02
        one.tracks._hear(replace(before, position=3.12, at_ns=before.at_ns + 20_000_000))
        assert not one.features, "the player has not got as far as that"
        one.player.clock(0.0)
        assert one.features[-1].grid.anchor == pytest.approx(one.now + 0.2)


async def test_a_tempo_that_is_said_is_known_at_once(tmp_path, monkeypatch):
    steady = replace(TRACKS[0], tempo=120.0, downbeat=0.25)
    plan = replace(PLAN, tracks=TracksPlan((steady, TRACKS[1]), (SetEntry("one"),)))
    async with night(tmp_path, monkeypatch, plan) as one:
        assert list(one.tracks.list.maps) == ["one"]
        assert one.tracks.list.maps["one"].bar(1) == 0.25
        assert one.tracks.maps.missing == 2, "what else is heard of it is not"
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(3.0)
        assert one.tracks.leads


async def test_after_a_crash_the_song_is_paused_where_it_was_and_nothing_sounds(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks.ask(NextTrack(**WHO))
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(12.0)
        kept = tmp_path / "tracks.json"
        await until(lambda: kept.exists() and json.loads(kept.read_text())["state"]["mode"] == "playing")
    async with night(tmp_path, monkeypatch) as one:
        assert one.words() == [("track", "two", "paused", "restore", 12.0)]
        assert one.tracks.view().state == "paused"
        assert not one.sent(Play)
        one.tracks.ask(ResumeTrack(**WHO))
        assert (one.sent(Play)[0].track, one.sent(Play)[0].at) == ("two", 12.0)


@pytest.mark.parametrize("torn", ["", "{", '{"show": "Room / Night"}', '{"show": "Room / Night", "state": {"mode": 3}}', "[]"])
async def test_what_was_kept_and_is_torn_costs_nothing_but_that(tmp_path, monkeypatch, torn):
    (tmp_path / "tracks.json").write_text(torn)
    async with night(tmp_path, monkeypatch) as one:
        assert one.tracks.view().standby == "one"


def test_what_is_written_while_it_ends_leaves_nothing(tmp_path):
    kept = Kept(tmp_path / "tracks.json", "Room / Night")
    kept.save(SetState(position=1.0))
    kept.forget()
    kept.save(SetState(position=2.0))
    assert not (tmp_path / "tracks.json").exists(), "a thread may have been about to"


async def test_an_end_that_was_asked_for_leaves_nothing_and_another_show_takes_nothing(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks.ask(SeekTrack(to=5.0, **WHO))
        await until((tmp_path / "tracks.json").exists)
    async with night(tmp_path, monkeypatch, replace(PLAN, show="Another")) as one:
        assert one.tracks.view().state == "stopped"
        one.tracks.forget()
        assert not (tmp_path / "tracks.json").exists()


async def test_a_player_that_is_started_again_is_told_all_anew_and_is_silent(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(7.0)
        one.player.sent.clear()
        one.tracks._begin()
        assert len(one.sent(Define)) == 2
        assert not one.sent(Play)
        assert one.tracks.view().state == "paused"
        one.tracks.ask(ResumeTrack(**WHO))
        assert one.sent(Play)[0].at == 7.0


@pytest.mark.parametrize(
    ("asked", "state"),
    [(StopAll(**WHO), "stopped"), (StopTrack(fade=8.0, **WHO), "stopped"), (PauseTrack(**WHO), "paused")],
)
async def test_a_stop_or_pause_while_the_player_is_away_holds_when_it_is_back(tmp_path, monkeypatch, asked, state):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(7.0)
        await one.player.leave()
        one.now += 12.0
        assert one.tracks.view().position == 7.0, "nobody knows what is heard"
        one.told.clear()
        one.tracks.ask(asked)
        assert not one.told, "it is refused to nobody"
        assert one.tracks.view().state == state
        await one.player.come_back()
        one.player.clock(19.0, Mode.STOPPED)
        assert (one.tracks.view().state, one.tracks.view().track) == (state, "one")
        assert not one.sent(Play)
        one.tracks.ask(ResumeTrack(**WHO))
        assert one.sent(Play)[0].at == 7.0


async def test_a_reload_while_a_track_plays_leaves_it_alone(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks.ask(PlayTrack(**WHO))
        one.player.clock(7.0)
        one.player.sent.clear()
        third = replace(TRACKS[0], name="three")
        one.plan = replace(
            PLAN, tracks=TracksPlan((TRACKS[0], third), (SetEntry("three"), SetEntry("one", "next"), SetEntry("three")))
        )
        one.changed.set()
        await until(lambda: one.player.sent)
        assert [define.track for define in one.sent(Define)] == ["three"]
        assert [forget.track for forget in one.sent(Forget)] == ["two"]
        assert not one.sent(Play)
        assert not one.sent(PausePlay)
        view = one.tracks.view()
        assert (view.state, view.track, view.following, view.standby) == ("playing", "one", "three", "three")


async def test_another_card_is_another_player_and_a_show_without_tracks_none(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.plan = replace(PLAN, tracks=replace(PLAN.tracks, card="X32"))
        one.changed.set()
        await until(lambda: len(one.players) == 2 and one.player.sent)
        one.plan = replace(PLAN, tracks=None)
        one.changed.set()
        await until(lambda: one.views[-1] is None)
        one.plan = PLAN
        one.changed.set()
        await until(lambda: len(one.players) == 3 and one.player.sent)


async def test_how_it_is_says_what_is_not_yet_and_what_cannot_be(tmp_path, monkeypatch):
    async with night(tmp_path, monkeypatch) as one:
        one.tracks._learn_of(PlayerStatus(State.RUNNING, "plays through a card"))
        assert one.health["player"].detail == "plays through a card; the beats of 2 tracks are being worked out"
        one.tracks.maps.troubles["/songs/one.wav"] = "no sound in it"
        one.tracks._learn_of(PlayerStatus(State.RUNNING, "plays through a card", refused="gone", refused_seq=99))
        assert "one.wav cannot be worked out: no sound in it" in one.health["player"].detail
        one.player.clock(0.0, Mode.STOPPED)
        assert ("refused", "player", "gone") in one.words()


@pytest.mark.parametrize("wrong", [{"rate": 0.0}, {"rate": 9.0}, {"volume": 4.0}, {"position": float("inf")}, {"rate": "1"}])
def test_a_state_with_figures_that_cannot_be_is_none(wrong):
    with pytest.raises(ValueError, match="no state"):
        unpacked(asdict(SetState()) | wrong)
    assert unpacked(asdict(SetState(volume=0.5))) == SetState(volume=0.5)


def test_what_could_not_be_written_is_tried_again_although_nothing_changed_and_said_once(tmp_path, caplog):
    folder = tmp_path / "state"
    folder.write_text("in the way")
    state = SetState(position=12.5)
    kept = Kept(folder / "tracks.json", "Room / Night")
    for _ in range(5):
        kept.save(state)
    assert [record.message.split(":")[0] for record in caplog.records] == [
        f"where the tracks stand cannot be kept in {folder}/tracks.json"
    ]
    folder.unlink()
    kept.save(state)
    assert Kept(folder / "tracks.json", "Room / Night").load() == state
    written = (folder / "tracks.json").stat().st_mtime_ns
    kept.save(state)
    assert (folder / "tracks.json").stat().st_mtime_ns == written, "what is there is not written again"
