"""mpv as the player: against a stand-in that does what its manual says."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress

import pytest

from showctl.model import DeviceError, State
from showctl.model.player import (
    Define,
    Follow,
    Loop,
    Mode,
    Part,
    PausePlay,
    Play,
    PlayerClock,
    ResumePlay,
    Speed,
    StopPlay,
    Volume,
)
from showctl.outputs import mpv
from showctl.outputs.mpv import Mpv
from tests.fakes.mpv import FakeMpv

LENGTHS = {"/one.wav": 1.0, "/two.wav": 30.0}


class Playing:
    def __init__(self, path):
        self.clocks, self.statuses, self.seq = [PlayerClock(Mode.STOPPED, 0, 0)], [], 0
        self.started = 0
        self.mpv = Mpv(str(path), on_started=self._start, on_clock=self.clocks.append, on_status=self.statuses.append)

    def _start(self):
        self.started += 1
        for name in ("one", "two", "gone"):
            self.ask(Define, name, (Part(f"/{name}.wav", (0, 1)),))

    @property
    def clock(self):
        return self.clocks[-1]

    def ask(self, command, *fields, **more):
        self.seq += 1
        assert self.mpv.send(command(self.seq, *fields, **more))
        return self.seq

    async def until(self, true, what):
        try:
            async with asyncio.timeout(10):
                while not true():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            pytest.fail(f"waited in vain for {what}: {self.clock} {self.statuses[-1:]}")

    async def mode(self, mode):
        await self.until(lambda: self.clock.mode is mode, mode)


@asynccontextmanager
async def playing(folder):
    async with FakeMpv(folder / "mpv.sock", LENGTHS) as fake:
        one = Playing(folder / "mpv.sock")
        task = asyncio.create_task(one.mpv.run())
        try:
            await one.until(lambda: one.started, "the connection")
            yield one, fake
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_track_is_played_from_where_it_is_asked_for(tmp_path):
    async with playing(tmp_path) as (one, fake):
        take = one.ask(Play, "two", 12.5)
        await one.mode(Mode.PLAYING)
        await one.until(lambda: (one.clock.take, one.clock.seq) == (take, take), "its number")
        assert 12.5 <= one.clock.position < 13.0
        assert one.clock.length == 30.0
        await one.until(lambda: fake.properties["start"] == "none", "the next file to begin at its beginning")
        again = one.ask(Play, "two", 3.0)
        await one.until(lambda: one.clock.seq == again and one.clock.position < 4.0, "the seek")
        assert ["seek", 3.0, "absolute+exact"] in fake.commands


async def test_what_follows_plays_by_itself_and_is_known_by_its_number(tmp_path):
    async with playing(tmp_path) as (one, fake):
        one.ask(Play, "one")
        follows = one.ask(Follow, "two")
        await one.until(lambda: one.clock.take == follows and one.clock.mode is Mode.PLAYING, "the second")
        assert fake.playing == "/two.wav"


async def test_the_end_is_told(tmp_path):
    async with playing(tmp_path) as (one, _):
        one.ask(Play, "one")
        one.ask(Follow)
        await one.mode(Mode.PLAYING)
        await one.mode(Mode.ENDED)


async def test_pause_stop_with_a_fade_and_on_from_there(tmp_path):
    async with playing(tmp_path) as (one, fake):
        take = one.ask(Play, "two", 5.0)
        await one.mode(Mode.PLAYING)
        paused = one.ask(PausePlay)
        await one.until(lambda: (one.clock.mode, one.clock.seq) == (Mode.PAUSED, paused), "the pause")
        one.ask(ResumePlay)
        await one.mode(Mode.PLAYING)
        stop = one.ask(StopPlay, 0.3)
        await one.mode(Mode.STOPPING)
        await one.until(lambda: fake.properties["volume"] < 80.0, "the fade")
        await one.until(lambda: (one.clock.mode, one.clock.seq) == (Mode.STOPPED, stop), "the stop")
        at = one.clock.position
        assert 5.0 < at < 8.0
        await one.until(lambda: fake.properties["volume"] == 100.0, "the volume as it was")
        resumed = one.ask(ResumePlay)
        await one.until(lambda: (one.clock.mode, one.clock.seq) == (Mode.PLAYING, resumed), "the music")
        assert one.clock.take == take
        assert fake.position == pytest.approx(at, abs=1.0)


async def test_a_loop_a_jump_that_waits_speed_and_volume(tmp_path):
    async with playing(tmp_path) as (one, fake):
        one.ask(Play, "two")
        one.ask(Volume, 0.125)
        one.ask(Speed, 2.0)
        await one.until(lambda: one.clock.mode is Mode.PLAYING and one.clock.rate == 2.0, "the speed")
        assert fake.properties["volume"] == 50.0
        one.ask(Loop, 1.0, 2.0)
        await one.until(lambda: any(b.position < a.position for a, b in zip(one.clocks, one.clocks[1:])), "a round")
        one.ask(Loop)
        jump = one.ask(Play, "two", 20.0, when=3.0)
        await one.until(lambda: one.clock.take == jump and one.clock.position >= 20.0, "the jump")
        before = [c.position for c in one.clocks if c.take != jump][-1]
        assert before > 2.5


async def test_a_file_that_is_gone_is_told_and_the_next_plays(tmp_path):
    async with playing(tmp_path) as (one, _):
        gone = one.ask(Play, "gone")
        await one.until(lambda: any(s.refused_seq == gone for s in one.statuses), "a word")
        one.ask(Play, "nothing")
        assert "no track 'nothing'" in one.statuses[-1].refused
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)


async def test_where_the_next_file_is_gone_nothing_plays_and_that_is_told(tmp_path):
    async with playing(tmp_path) as (one, _):
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        gone = one.ask(Play, "gone")
        await one.until(lambda: any(s.refused_seq == gone for s in one.statuses), "a word")
        assert one.clock.mode is Mode.STOPPED
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)


async def test_mpv_that_is_not_there_or_goes_away_is_said_with_the_cure(tmp_path):
    one = Playing(tmp_path / "mpv.sock")
    with pytest.raises(DeviceError, match="mpv --idle --input-ipc-server="):
        await one.mpv.run()
    assert not one.mpv.send(PausePlay(1))
    async with FakeMpv(tmp_path / "mpv.sock", LENGTHS) as fake:
        task = asyncio.create_task(one.mpv.run())
        await one.until(lambda: one.started, "the connection")
        for writer, _ in fake._watchers:
            writer.close()
        with pytest.raises(DeviceError, match="has gone"):
            await task


@pytest.fixture
def quick(monkeypatch):
    """Patience for a test, not for a night."""
    for name, seconds in (("STATUS_S", 0.05), ("ANSWER_S", 0.3), ("GONE_S", 2.0), ("OPEN_S", 0.5)):
        monkeypatch.setattr(mpv, name, seconds)


async def test_mpv_that_hangs_is_told_begins_nothing_late_and_stops_when_it_wakes(tmp_path, quick):
    async with playing(tmp_path) as (one, fake):
        take = one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        fake.awake.clear()
        await one.until(lambda: one.statuses[-1].state is State.DEGRADED, "a word")
        assert "mpv has not answered `get_version` for" in one.statuses[-1].detail
        for command, *fields in ((Play, "one"), (ResumePlay,)):
            refused = one.ask(command, *fields)
            assert one.statuses[-1].refused_seq == refused
            assert "has not answered" in one.statuses[-1].refused
        stop = one.ask(StopPlay, 0.0)
        fake.awake.set()
        await one.until(lambda: one.clock.seq == stop, "the stop")
        await one.until(lambda: one.statuses[-1].state is State.RUNNING, "health")
        assert (one.clock.mode, one.clock.take, fake.playing) == (Mode.STOPPED, take, None)
        assert ["loadfile", "/one.wav", "replace"] not in fake.commands
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)


@pytest.mark.parametrize("asked", [(Play, "one"), (ResumePlay,)])
async def test_what_is_refused_in_a_fade_does_not_call_it_off(tmp_path, quick, monkeypatch, asked):
    monkeypatch.setattr(mpv, "GONE_S", 10.0)
    async with playing(tmp_path) as (one, fake):
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        fake.awake.clear()
        stop = one.ask(StopPlay, 1.0)
        await one.until(lambda: one.statuses[-1].state is State.DEGRADED, "a word")
        refused = one.ask(asked[0], *asked[1:])
        assert one.statuses[-1].refused_seq == refused
        fake.awake.set()
        await one.until(lambda: one.clock.seq == stop and fake.playing is None, "the stop")


async def test_mpv_that_hangs_for_long_counts_as_gone_and_is_asked_for_nothing_before_it_answers(tmp_path, quick):
    one = Playing(tmp_path / "mpv.sock")
    async with FakeMpv(tmp_path / "mpv.sock", LENGTHS) as fake:
        task = asyncio.create_task(one.mpv.run())
        await one.until(lambda: one.started, "the connection")
        fake.awake.clear()
        with pytest.raises(DeviceError, match="does not answer: it hangs"):
            await task
        assert not one.mpv.send(PausePlay(1))
        with pytest.raises(DeviceError, match="does not answer: it hangs"):
            await one.mpv.run()
        assert one.started == 1
        fake.commands.clear()
        fake.awake.set()
        task = asyncio.create_task(one.mpv.run())
        await one.until(lambda: one.started == 2, "the connection")
        assert {words[0] for words in fake.commands} <= {"observe_property", "get_version"}
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def back_again(one, fake):
    """mpv hung until it counted as gone, and is connected to again; what it played goes on."""
    task = asyncio.create_task(one.mpv.run())
    await one.until(lambda: one.started, "the connection")
    yield
    fake.awake.clear()
    with pytest.raises(DeviceError, match="does not answer: it hangs"):
        await task
    fake.commands.clear()
    fake.awake.set()
    task = asyncio.create_task(one.mpv.run())
    await one.until(lambda: one.started == 2, "the connection")
    await one.until(lambda: "path" in one.mpv._values, "what it plays")
    await one.until(lambda: not one.mpv._asked or ["stop"] in fake.commands, "the answers")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("meanwhile", ["plays", "pauses", "fades"])
async def test_a_track_that_plays_on_while_mpv_is_away_is_stopped_when_it_is_back(tmp_path, quick, meanwhile):
    one = Playing(tmp_path / "mpv.sock")
    async with FakeMpv(tmp_path / "mpv.sock", LENGTHS) as fake:
        async with back_again(one, fake):
            one.ask(Play, "two")
            await one.mode(Mode.PLAYING)
            if meanwhile == "pauses":
                one.ask(PausePlay)
                await one.mode(Mode.PAUSED)
            elif meanwhile == "fades":
                one.ask(StopPlay, 30.0)
                await one.until(lambda: fake.properties["volume"] < 100.0, "the fade")
        assert ["stop"] in fake.commands
        assert not [words for words in fake.commands if words[0] == "loadfile" or words[1:2] == ["pause"]]
        await one.until(lambda: fake.playing is None, "silence")


@pytest.mark.parametrize("theirs", [False, True])
async def test_at_our_end_what_plays_of_ours_is_stopped(tmp_path, theirs):
    async with FakeMpv(tmp_path / "mpv.sock", LENGTHS | {"/theirs.wav": 60.0}) as fake:
        one = Playing(tmp_path / "mpv.sock")
        task = asyncio.create_task(one.mpv.run())
        await one.until(lambda: one.started, "the connection")
        one.ask(Play, "two", 1.0)
        await one.mode(Mode.PLAYING)
        if theirs:
            fake._load("/theirs.wav")
            await one.until(lambda: one.mpv._values.get("path") == "/theirs.wav", "their music")
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await one.until(lambda: not fake.connections, "the end of the connection")
        assert (fake.playing is None) != theirs


async def test_what_mpv_plays_for_somebody_else_is_left_alone(tmp_path, quick):
    one = Playing(tmp_path / "mpv.sock")
    async with FakeMpv(tmp_path / "mpv.sock", LENGTHS | {"/theirs.wav": 60.0}) as fake:
        async with back_again(one, fake):
            fake._load("/theirs.wav")
            await one.until(lambda: one.mpv._values.get("path") == "/theirs.wav", "their music")
        assert ["stop"] not in fake.commands
        assert fake.playing == "/theirs.wav"


async def test_mpv_that_has_not_answered_yet_takes_nothing_that_it_would_do_when_it_wakes(tmp_path):
    one = Playing(tmp_path / "mpv.sock")
    async with FakeMpv(tmp_path / "mpv.sock", LENGTHS) as fake:
        fake.awake.clear()
        task = asyncio.create_task(one.mpv.run())
        await one.until(lambda: fake.connections, "the connection")
        assert not one.mpv.ready
        assert not one.mpv.send(ResumePlay(1))
        fake.awake.set()
        await one.until(lambda: one.started, "an answer")
        assert one.mpv.ready
        assert ["set_property", "pause", False] not in fake.commands
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_mpv_that_hangs_with_its_socket_full_is_left_all_the_same(tmp_path, quick, monkeypatch):
    monkeypatch.setattr(mpv, "MOST_ASKED", 20_000)
    one = Playing(tmp_path / "mpv.sock")
    async with FakeMpv(tmp_path / "mpv.sock", LENGTHS) as fake:
        task = asyncio.create_task(one.mpv.run())
        await one.until(lambda: one.started, "the connection")
        fake.awake.clear()
        for n in range(15_000):
            one.ask(Volume, n / 15_000)
        with pytest.raises(DeviceError, match="does not answer: it hangs"):
            await asyncio.wait_for(task, 10.0)
        fake.awake.set()


async def test_a_machine_that_stood_still_says_nothing_of_mpv(tmp_path, monkeypatch):
    """Whatever was asked just before it is not unanswered for so long, and mpv is not gone."""
    late, real = [0.0], time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + late[0])
    async with playing(tmp_path) as (one, _):
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        for _ in range(3):
            one.ask(Volume, 0.5)
            late[0] += 100.0
            take = one.ask(Play, "two", 12.0)
            await asyncio.sleep(0.3)
            await one.until(lambda take=take: one.clock.take == take and one.clock.mode is Mode.PLAYING, "the music")
        assert {one.state for one in one.statuses} == {State.RUNNING}
        assert (one.started, [one.refused for one in one.statuses if one.refused]) == (1, [])


async def test_what_waits_for_answers_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(mpv, "MOST_ASKED", 20)
    async with playing(tmp_path) as (one, fake):
        fake.awake.clear()
        await one.until(lambda: not one.mpv._asked, "answers")
        for n in range(100):
            one.ask(Volume, n / 100)
        assert len(one.mpv._asked) == 20
        one.ask(StopPlay, 0.0)
        fake.awake.set()
        await one.until(lambda: not one.mpv._asked, "the answers")
        assert ["stop"] in fake.commands
