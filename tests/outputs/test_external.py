"""Programs that play songs by OSC: against stand-ins that do what their documents say, over real UDP."""

from __future__ import annotations

import asyncio
import math
import random
import socket
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
    Stay,
    StopPlay,
    Volume,
)
from showctl.outputs import external, line
from showctl.outputs.external import External
from showctl.plan.tracks import Address, TracksPlan
from showctl.wire.osc import encode
from tests.fakes.ableton import FakeAbleton
from tests.fakes.qlab import FakeQLab
from tests.fakes.reaper import FakeReaper

pytestmark = pytest.mark.slow

SONGS = (("one", 10.0, 1.0), ("two", 20.0, 30.0), ("three", 60.0, 30.0))  # name, where it begins there, length
FAKES = {"reaper": FakeReaper, "qlab": FakeQLab, "ableton": FakeAbleton}
LOOPING, PACED = ("reaper", "ableton"), ("reaper", "qlab")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Playing:
    def __init__(self, kind, port, answers, passcode_file=""):
        self.clocks, self.statuses, self.seq = [PlayerClock(Mode.STOPPED, 0, 0)], [], 0
        self.started = 0
        plan = TracksPlan((), (), kind, str(Address("127.0.0.1", port, answers)), passcode_file=str(passcode_file))
        self.player = External(plan, on_started=self._start, on_clock=self.clocks.append, on_status=self.statuses.append)

    def _start(self):
        self.started += 1
        for name, _, length in (*SONGS, ("gone", 0.0, 5.0)):
            self.ask(Define, name, (Part(f"/{name}.wav", (0, 1)),), there=name, length=length)

    @property
    def clock(self):
        return self.clocks[-1]

    @property
    def refused(self):
        return self.statuses[-1].refused_seq if self.statuses else 0

    def ask(self, command, *fields, **more):
        self.seq += 1
        assert self.player.send(command(self.seq, *fields, **more))
        return self.seq

    @property
    def heard(self):
        """Seconds of the song, now."""
        return self.clock.position_at(time.monotonic_ns())

    async def until(self, true, what):
        try:
            async with asyncio.timeout(15):
                while not true():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            pytest.fail(f"waited in vain for {what}: {self.clock} {self.statuses[-1:]}")

    async def mode(self, mode, seq=None):
        await self.until(lambda: self.clock.mode is mode and seq in (None, self.clock.seq), mode)

    async def known(self):
        await self.until(lambda: all(self.player._dialect.said(name) for name, *_ in SONGS), "its songs")


@asynccontextmanager
async def running(one):
    task = asyncio.create_task(one.player.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, DeviceError):
            await task


@asynccontextmanager
async def playing(kind, **more):
    answers = free_port()
    async with FAKES[kind](SONGS, answers=answers) as fake:
        one = Playing(kind, fake.port, answers, **more)
        async with running(one):
            await one.until(lambda: one.started, "an answer")
            await one.known()
            yield one, fake


every = pytest.mark.parametrize("kind", FAKES)


@every
async def test_a_song_is_played_from_where_it_is_asked_for(kind):
    async with playing(kind) as (one, fake):
        take = one.ask(Play, "two", 12.5)
        await one.mode(Mode.PLAYING, take)
        assert one.clock.take == take
        assert one.clock.length == 30.0
        assert 12.4 <= one.clock.position < 14.0
        assert fake.sounds[0] == "two"
        assert one.heard == pytest.approx(fake.sounds[1], abs=0.5)
        again = one.ask(Play, "two", 3.0)
        await one.mode(Mode.PLAYING, again)
        assert 2.9 <= one.clock.position < 4.5
        other = one.ask(Play, "three")
        await one.mode(Mode.PLAYING, other)
        assert fake.sounds[0] == "three"


@every
async def test_the_clock_runs_on_between_words(kind):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        first = len(one.clocks)
        await one.until(lambda: one.clock.position > 2.0, "two seconds")
        told = one.clocks[first:]
        assert len(told) > 20
        assert all(b.position >= a.position - 1e-6 for a, b in zip(told, told[1:]))
        zero = [clock.position - clock.at_ns / 1e9 for clock in told]
        assert max(zero) - min(zero) < 0.25
        assert one.heard == pytest.approx(fake.sounds[1], abs=0.3)


@every
async def test_pause_and_on(kind):
    async with playing(kind) as (one, fake):
        take = one.ask(Play, "two", 5.0)
        await one.mode(Mode.PLAYING)
        paused = one.ask(PausePlay)
        await one.mode(Mode.PAUSED, paused)
        assert fake.sounds is None
        at = one.clock.position
        resumed = one.ask(ResumePlay)
        await one.mode(Mode.PLAYING, resumed)
        assert one.clock.take == take
        assert fake.sounds[0] == "two"
        assert at - 0.5 < fake.sounds[1] < at + 3.0


@every
@pytest.mark.parametrize("orders", [("pause", "resume"), ("play", "pause"), ("play", "stop"), ("play", "pause", "play")])
async def test_of_orders_in_one_moment_the_last_holds(kind, orders):
    async with playing(kind) as (one, fake):
        if orders[0] == "pause":
            one.ask(Play, "two", 5.0)
            await one.mode(Mode.PLAYING)
        does = {"play": (Play, "two", 5.0), "pause": (PausePlay,), "resume": (ResumePlay,), "stop": (StopPlay, 2.0)}
        for order in orders:
            last = one.ask(*does[order])
        meant = {"pause": Mode.PAUSED, "stop": Mode.STOPPED}.get(orders[-1], Mode.PLAYING)
        await one.mode(meant, last)
        await asyncio.sleep(0.7)
        assert one.clock.mode is meant
        assert (fake.sounds is not None) == (meant is Mode.PLAYING)
        assert not one.refused


@every
async def test_a_stop_fades_and_leaves_the_level_as_it_was(kind):
    async with playing(kind) as (one, fake):
        one.ask(Volume, 1.0)
        one.ask(Play, "two", 5.0)
        await one.mode(Mode.PLAYING)
        full = fake.volume
        stop = one.ask(StopPlay, 0.5)
        await one.mode(Mode.STOPPING)
        await one.until(lambda: fake.volume < full, "the fade")
        assert fake.sounds is not None
        await one.mode(Mode.STOPPED, stop)
        assert fake.sounds is None
        assert 5.0 <= one.clock.position < 10.0
        await one.until(lambda: fake.volume == full, "the level")


@every
async def test_a_stop_in_a_fade_is_at_once(kind):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two", 5.0)
        await one.mode(Mode.PLAYING)
        one.ask(StopPlay, 30.0)
        await one.mode(Mode.STOPPING)
        stop = one.ask(StopPlay, 0.3)
        await one.mode(Mode.STOPPED, stop)
        assert fake.sounds is None


@every
async def test_the_end_is_told_and_it_is_silent(kind):
    async with playing(kind) as (one, fake):
        take = one.ask(Play, "one")
        await one.mode(Mode.PLAYING)
        await one.mode(Mode.ENDED)
        assert one.clock.take == take
        assert fake.sounds is None


@every
async def test_what_follows_plays_by_itself(kind):
    async with playing(kind) as (one, fake):
        one.ask(Play, "one")
        follows = one.ask(Follow, "three")
        await one.until(lambda: (one.clock.take, one.clock.mode) == (follows, Mode.PLAYING), "the third")
        assert fake.sounds[0] == "three"
        assert not [clock for clock in one.clocks if clock.mode is Mode.ENDED]


@every
async def test_a_jump_waits_for_its_place_or_is_called_off(kind):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        one.ask(Play, "three", when=1.0)
        one.ask(Stay)
        jump = one.ask(Play, "two", 20.0, when=2.0)
        await one.until(lambda: one.clock.take == jump and one.clock.position >= 20.0, "the jump")
        before = [clock.position for clock in one.clocks if clock.take != jump][-1]
        assert 1.5 < before < 4.0
        assert fake.sounds[0] == "two"


@pytest.mark.parametrize("kind", [kind for kind in FAKES if kind in LOOPING])
async def test_a_loop(kind):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two", 1.0)
        await one.mode(Mode.PLAYING)
        one.ask(Loop, 1.0, 2.2)
        await one.until(lambda: sum(b.position < a.position - 0.8 for a, b in zip(one.clocks, one.clocks[1:])) >= 2, "two rounds")
        assert all(clock.position < 2.7 for clock in one.clocks)
        one.ask(Loop)
        await one.until(lambda: one.clock.position > 2.8, "out of it")
        assert not fake.repeat


@pytest.mark.parametrize("kind", [kind for kind in FAKES if kind not in LOOPING])
async def test_a_loop_is_refused_where_there_is_none(kind):
    async with playing(kind) as (one, _):
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        loop = one.ask(Loop, 1.0, 2.0)
        assert one.statuses[-1].refused_seq == loop
        assert "no loop" in one.statuses[-1].refused
        one.ask(Loop)
        assert one.statuses[-1].refused_seq == loop


@pytest.mark.parametrize("kind", [kind for kind in FAKES if kind in PACED])
async def test_speed(kind):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two")
        one.ask(Speed, 2.0)
        await one.until(lambda: one.clock.mode is Mode.PLAYING and one.clock.rate == 2.0, "the speed")
        await one.until(lambda: one.clock.position > 4.0, "some seconds")
        assert one.heard == pytest.approx(fake.sounds[1], abs=0.5)


@pytest.mark.parametrize("kind", [kind for kind in FAKES if kind not in PACED])
async def test_another_speed_is_refused_where_there_is_none(kind):
    async with playing(kind) as (one, _):
        assert not any(status.refused for status in one.statuses)
        speed = one.ask(Speed, 2.0)
        assert one.statuses[-1].refused_seq == speed
        assert "one speed" in one.statuses[-1].refused


@every
async def test_volume_is_full_half_and_silent(kind):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        for gain in (1.0, 0.25, 0.0):
            one.ask(Volume, gain)
            await one.until(lambda gain=gain: fake.amplitude == pytest.approx(gain, abs=0.02), f"a gain of {gain}")


@every
async def test_a_name_that_is_not_there_is_refused_with_those_that_are(kind):
    async with playing(kind) as (one, fake):
        gone = one.ask(Play, "gone")
        assert one.statuses[-1].refused_seq == gone
        assert "no 'gone'" in one.statuses[-1].refused
        assert "one, three, two" in one.statuses[-1].refused
        one.ask(Play, "nothing")
        assert "no track 'nothing'" in one.statuses[-1].refused
        assert fake.sounds is None
        await one.until(lambda: one.statuses and one.statuses[-1].troubles, "health")
        assert one.statuses[-1].state is State.DEGRADED
        assert one.statuses[-1].troubles[0][0] == "gone"


@every
async def test_what_somebody_does_over_there_is_followed(kind):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two", 5.0)
        await one.mode(Mode.PLAYING)
        fake.by_hand("stop")
        await one.mode(Mode.PAUSED)
        at = one.clock.position
        assert 4.9 < at < 8.0
        resumed = one.ask(ResumePlay)
        await one.mode(Mode.PLAYING, resumed)
        assert at - 0.5 < fake.sounds[1] < at + 3.0


@pytest.fixture
def quick(monkeypatch):
    """Patience for a test, not for a night."""
    monkeypatch.setattr(external, "STATUS_S", 0.1)
    for name, seconds in (("ANSWER_S", 0.5), ("OPEN_S", 0.8), ("GONE_S", 3.0)):
        monkeypatch.setattr(line, name, seconds)


@every
async def test_one_that_hangs_is_told_begins_nothing_late_and_stops_when_it_wakes(kind, quick):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        fake.awake = False
        await one.until(lambda: any("said nothing" in status.detail for status in one.statuses), "a word")
        assert one.statuses[-1].state is State.DEGRADED
        refused = one.ask(Play, "three")
        assert one.statuses[-1].refused_seq == refused
        stop = one.ask(StopPlay, 0.0)
        await asyncio.sleep(0.3)
        assert fake.sounds is not None
        fake.awake = True
        await one.mode(Mode.STOPPED, stop)
        assert fake.sounds is None


@every
async def test_one_that_is_away_for_long_has_gone_and_is_stopped_when_it_is_back(kind, quick):
    answers = free_port()
    async with FAKES[kind](SONGS, answers=answers) as fake:
        one = Playing(kind, fake.port, answers)
        async with running(one) as task:
            await one.until(lambda: one.started, "an answer")
            await one.known()
            one.ask(Play, "two")
            await one.mode(Mode.PLAYING)
            fake.awake = False
            with pytest.raises(DeviceError, match="has said nothing for"):
                await task
        assert not one.player.ready
        assert not one.player.send(PausePlay(1))
        assert fake.sounds is not None
        fake.awake = True
        async with running(one):
            await one.until(lambda: one.started == 2, "an answer")
            await one.until(lambda: fake.sounds is None, "silence")


@every
async def test_what_it_plays_for_somebody_else_is_left_alone(kind, quick):
    answers = free_port()
    async with FAKES[kind]((*SONGS, ("theirs", 100.0, 50.0)), answers=answers) as fake:
        fake.by_hand("play", "theirs")
        one = Playing(kind, fake.port, answers)
        async with running(one):
            await one.until(lambda: one.started, "an answer")
            await one.known()
            await asyncio.sleep(0.5)
            assert fake.sounds[0] == "theirs"
            assert one.clock.mode is Mode.STOPPED


@every
async def test_a_start_that_is_lost_is_refused_and_called_off(kind, quick):
    async with playing(kind) as (one, fake):
        fake.deaf_to = {"/play", "/time", "start", "/live/song/continue_playing"}
        lost = one.ask(Play, "two")
        await one.until(lambda: one.refused == lost, "a word")
        assert "did not begin 'two'" in one.statuses[-1].refused
        fake.deaf_to = set()
        await asyncio.sleep(0.3)
        assert fake.sounds is None


@every
async def test_a_stop_that_is_lost_is_said_again(kind, quick):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two")
        await one.mode(Mode.PLAYING)
        fake.deaf_to = {"/stop", "hardStop", "/live/song/stop_playing"}
        stop = one.ask(StopPlay, 0.0)
        await asyncio.sleep(0.2)
        assert one.clock.seq != stop
        fake.deaf_to = set()
        await one.mode(Mode.STOPPED, stop)
        assert fake.sounds is None


@every
async def test_one_that_is_not_there_is_said_with_the_cure(kind, quick):
    one = Playing(kind, free_port(), free_port())
    with pytest.raises(DeviceError, match=r"at 127\.0\.0\.1:\d+ does not answer: start it, and "):
        await one.player.run()
    assert not one.started


@every
async def test_a_port_that_somebody_has_is_said(kind):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        one = Playing(kind, free_port(), taken.getsockname()[1])
        with pytest.raises(DeviceError, match="cannot be had"):
            await one.player.run()


@every
async def test_only_its_own_address_is_heard_and_what_is_no_osc_is_passed_over(kind, quick):
    answers = free_port()
    one = Playing(kind, free_port(), answers)
    async with running(one) as task:
        await asyncio.sleep(0.05)
        one.player._line.hear(encode("/time", 1.0), "10.0.0.66")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind(("127.0.0.2", 0))
            stranger.sendto(encode("/time", 1.0), ("127.0.0.1", answers))
        with pytest.raises(DeviceError):
            await task
    assert not one.started
    async with playing(kind) as (two, _):
        two.player._line.hear(b"nonsense", "127.0.0.1")
        two.ask(Play, "two")
        await two.mode(Mode.PLAYING)


# --- of one each ------------------------------------------------------------------------------------------------------------


async def test_qlab_is_given_its_passcode(tmp_path):
    (tmp_path / "secret").write_text("7321\n")
    answers = free_port()
    async with FakeQLab(SONGS, passcode="7321") as fake:
        one = Playing("qlab", fake.port, answers, tmp_path / "secret")
        async with running(one):
            await one.until(lambda: one.started, "an answer")
            await one.known()
            take = one.ask(Play, "two")
            await one.mode(Mode.PLAYING, take)


@pytest.mark.parametrize(
    ("more", "said"), [({"passcode": "7321"}, "check `passcode_file`"), ({"access": "view"}, "give this passcode control")]
)
async def test_a_qlab_that_refuses_us_is_said(more, said):
    async with FakeQLab(SONGS, **more) as fake:
        one = Playing("qlab", fake.port, free_port())
        with pytest.raises(DeviceError, match=said):
            await one.player.run()


async def test_a_passcode_that_cannot_be_read_is_said(tmp_path):
    one = Playing("qlab", free_port(), free_port(), tmp_path / "nothing")
    with pytest.raises(DeviceError, match="check `passcode_file`"):
        await one.player.run()


async def test_a_song_of_live_has_its_tempo():
    answers = free_port()
    async with FakeAbleton(SONGS, answers, tempo=90.0) as fake:
        one = Playing("ableton", fake.port, answers)
        async with running(one):
            await one.until(lambda: one.started, "an answer")
            await one.known()
            one.ask(Play, "two", 12.0)
            await one.mode(Mode.PLAYING)
            assert one.heard == pytest.approx(fake.sounds[1], abs=0.5)


async def test_a_live_without_the_track_for_volume_says_so_and_stops_all_the_same(quick):
    answers = free_port()
    async with FakeAbleton(SONGS, answers, tracks=["Drums"]) as fake:
        one = Playing("ableton", fake.port, answers)
        async with running(one):
            await one.until(lambda: one.started, "an answer")
            await one.known()
            await one.until(lambda: any("no track called" in status.detail for status in one.statuses), "a word")
            one.ask(Play, "two", 12.0)
            await one.mode(Mode.PLAYING)
            stop = one.ask(StopPlay, 0.2)
            await one.mode(Mode.STOPPED, stop)
            assert fake.volume == 0.85


async def test_what_cannot_be_read_is_hinted_at(quick):
    async with playing("reaper") as (one, _):
        one.player._line.hear(encode("/region/9/name", "Jan")[:-1], "127.0.0.1")
        one.player._tracks.pop("gone")
        await one.until(lambda: one.statuses and "cannot be read" in one.statuses[-1].detail, "a word")


@every
async def test_whatever_it_says_a_night_goes_on(kind):
    chance = random.Random(kind)
    odd = (
        float("nan"),
        float("inf"),
        -1e30,
        1e30,
        -1,
        0,
        1,
        2**31 - 1,
        True,
        None,
        "",
        "two",
        "x" * 300,
        b"",
        '{"status": "ok"}',
    )
    parts = (
        "play",
        "stop",
        "pause",
        "repeat",
        "time",
        "region",
        "marker",
        "1",
        "2",
        "name",
        "length",
        "reply",
        "cue",
        "two",
        "live",
    )
    parts += ("song", "get", "is_playing", "tempo", "current_song_time", "cue_points", "track_names", "valuesForKeys", "connect")
    async with playing(kind) as (one, fake):
        hear = one.player._line.hear
        take = one.ask(Play, "two")
        await one.mode(Mode.PLAYING, take)
        for _ in range(3000):
            address = "/" + "/".join(chance.choices(parts, k=chance.randint(1, 4)))
            hear(encode(address, *chance.choices(odd, k=chance.randint(0, 4))), "127.0.0.1")
            hear(chance.randbytes(chance.randint(0, 60)), "127.0.0.1")
        for message in ("/region/1/name", "/region/2/time", "/live/song/get/cue_points", "/reply/cue/two/valuesForKeys"):
            for value in odd:
                hear(encode(message, value), "127.0.0.1")
        assert all(math.isfinite(clock.position) for clock in one.clocks)
        one.ask(StopPlay, 0.0)
        await one.until(lambda: fake.sounds is None, "silence")
