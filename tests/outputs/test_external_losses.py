"""What gets lost between us and a program that plays songs, and a program that is started anew: over real UDP."""

from __future__ import annotations

import asyncio

import pytest

from showctl.model.player import Loop, Mode, PausePlay, Play, StopPlay
from showctl.wire.osc import encode
from tests.fakes.ableton import FakeAbleton
from tests.fakes.qlab import FakeQLab
from tests.outputs.test_external import FAKES, SONGS, Playing, every, free_port, playing, quick, running

pytestmark = pytest.mark.slow
__all__ = ["quick"]


def losing(fake, *addresses):
    """Each of these is lost once."""
    left, take = set(addresses), fake._take if hasattr(fake, "_take") else fake._do

    def once(address, *rest):
        key = next((one for one in left if address.endswith(one)), None)
        left.discard(key)
        return None if key else take(address, *rest)

    setattr(fake, "_take" if hasattr(fake, "_take") else "_do", once)
    return left


@every
async def test_a_start_that_is_lost_once_is_said_again(kind):
    async with playing(kind) as (one, fake):
        left = losing(fake, *{"reaper": ("/play", "/time"), "qlab": ("/start",), "ableton": ("/continue_playing",)}[kind])
        take = one.ask(Play, "two", 5.0)
        await one.mode(Mode.PLAYING, take)
        assert not left
        assert fake.sounds[0] == "two"
        assert 4.9 < one.clock.position < 8.0


@every
async def test_a_seek_that_is_lost_once_ends_no_song(kind):
    async with playing(kind) as (one, fake):
        one.ask(Play, "two", 5.0)
        await one.mode(Mode.PLAYING)
        left = losing(fake, *{"reaper": ("/play", "/time"), "qlab": ("/start",), "ableton": ("/set/current_song_time",)}[kind])
        seek = one.ask(Play, "two", 20.0)
        await one.mode(Mode.PLAYING, seek)
        assert not left
        assert fake.sounds == ("two", pytest.approx(one.clock.position, abs=0.6))


async def test_a_place_in_a_song_of_another_tempo_is_found():
    answers = free_port()
    async with FakeAbleton(SONGS, answers, tempo=90.0) as fake:
        one = Playing("ableton", fake.port, answers)
        async with running(one):
            await one.until(lambda: one.started, "an answer")
            await one.known()
            told, hold = {name: at * 90.0 / 60.0 for name, at, _ in SONGS}, fake._hold

            def jump(beats=None):  # the tempo of the place, as the master track has it there
                hold(beats)
                if beats is not None:
                    fake.tempo = 140.0 if beats >= told["three"] else 90.0

            fake._hold = jump
            fake.songs = [(name, told[name] * 60.0 / 90.0, length) for name, _, length in SONGS]
            do = fake._do
            fake._do = lambda what, *values: (
                [part for pair in told.items() for part in pair] if what == "song/get/cue_points" else do(what, *values)
            )
            take = one.ask(Play, "three", 20.0)
            await one.mode(Mode.PLAYING, take)
            assert (fake.beats - told["three"]) * 60.0 / 140.0 == pytest.approx(one.clock.position, abs=0.5)


async def test_a_pause_whose_answer_is_lost_is_no_switch(quick):
    async with playing("reaper") as (one, fake):
        one.ask(Play, "two", 5.0)
        await one.mode(Mode.PLAYING)
        say, fake.say = fake.say, lambda *_: None
        one.ask(PausePlay)
        await one.until(lambda: fake.paused, "the pause")
        heard = len(fake.heard)
        fake.say = say
        await one.mode(Mode.PAUSED)
        await asyncio.sleep(0.4)
        assert fake.sounds is None
        assert one.clock.mode is Mode.PAUSED
        assert ("/pause", 1.0) not in fake.heard[heard:]


async def test_a_loop_behind_another_one_takes_its_place():
    async with playing("reaper") as (one, fake):
        one.ask(Play, "three", 1.0)
        await one.mode(Mode.PLAYING)
        one.ask(Loop, 1.0, 3.0)
        await one.until(lambda: fake.repeat, "the loop")
        one.ask(Loop)
        one.ask(Loop, 20.0, 22.0)
        await one.until(lambda: fake.loop == [80.0, 82.0], "the other")
        await asyncio.sleep(0.2)
        assert fake.repeat


async def test_a_reaper_that_is_started_anew_has_its_regions(quick):
    async with playing("reaper") as (one, fake):
        fake.begin_anew()
        fake.regions = [("other", 0.0, 50.0), ("two", 100.0, 30.0)]
        await one.until(lambda: one.player._dialect.names() == ["other", "two"], "its regions")
        take = one.ask(Play, "two", 3.0)
        await one.mode(Mode.PLAYING, take)
        assert fake.sounds[0] == "two"


async def test_a_qlab_that_is_started_anew_is_given_the_passcode_again(quick, tmp_path):
    (tmp_path / "secret").write_text("7321\n")
    async with FakeQLab(SONGS, passcode="7321") as fake:
        one = Playing("qlab", fake.port, 53_001, tmp_path / "secret")
        async with running(one):
            await one.until(lambda: one.started, "an answer")
            await one.known()
            one.ask(Play, "two")
            await one.mode(Mode.PLAYING)
            fake.begin_anew()
            await one.until(lambda: fake.connected, "the passcode")
            await one.known()
            take = one.ask(Play, "three")
            await one.mode(Mode.PLAYING, take)


async def test_an_accent_hides_no_other_name():
    async with playing("reaper") as (one, _):
        word = encode("/region/9/name", "J??ger").replace(b"??", "ä".encode())
        one.player._line.hear(word, "127.0.0.1")
        one.player._line.hear(encode("/region/9/time", 200.0), "127.0.0.1")
        assert "Jäger" in one.player._dialect.names()
        assert not one.player._line.unread


@every
async def test_what_plays_is_silent_when_another_player_takes_over(kind):
    answers = free_port()
    async with FAKES[kind](SONGS, answers=answers) as fake:
        one = Playing(kind, fake.port, answers)
        async with running(one):
            await one.until(lambda: one.started, "an answer")
            await one.known()
            full = fake.volume
            one.ask(Play, "two", 5.0)
            await one.mode(Mode.PLAYING)
            one.ask(StopPlay, 30.0)
            await one.until(lambda: fake.volume < full, "the fade")
            assert fake.sounds is not None
        await one.until(lambda: fake.sounds is None and fake.volume == pytest.approx(full), "silence")


async def test_who_goes_on_over_there_leads_the_light_to_no_other_place():
    async with playing("reaper") as (one, fake):
        one.ask(Play, "two", 5.0)
        await one.mode(Mode.PLAYING)
        await one.until(lambda: one.clock.position > 6.5, "some seconds")
        one.ask(PausePlay)
        await one.mode(Mode.PAUSED)
        first = len(one.clocks)
        say, fake.say = fake.say, lambda *_: None
        fake._do("/play")
        fake.say = say
        fake.say(encode("/pause", 0.0), encode("/play", 1.0))  # and where, only with its next look
        await one.mode(Mode.PLAYING)
        await one.until(lambda: len(one.clocks) > first + 20, "the clock")
        assert min(clock.position for clock in one.clocks[first:]) > 6.3
