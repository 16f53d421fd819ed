"""Commands to the player: in their order, what waits for a file, what is refused, what holds without a card."""

from __future__ import annotations

import pytest

from showctl.model import DeviceError, State
from showctl.model.player import (
    Define,
    Follow,
    Forget,
    Loop,
    Mode,
    Part,
    PausePlay,
    Play,
    Prepare,
    ResumePlay,
    Stay,
    StopPlay,
    Volume,
)
from tests.sound.player.told import RATE, Card, Told, song


def test_a_volume_while_a_track_is_waited_for_is_no_sign_that_it_plays(told, tmp_path):
    told.step()
    told.ask(Volume, 0.5)
    told.step(0.01)
    told.step(0.01)
    assert told.clock.seq == 0


@pytest.mark.parametrize("why", ["unknown", "missing", "beyond"])
def test_what_cannot_be_played_is_refused_by_its_number(told, tmp_path, why):
    told.ask(Define, "gone", (Part(str(tmp_path / "gone.wav"), (0, 1)),))
    told.ask(Define, "song", song(tmp_path))
    seq = told.ask(Play, {"unknown": "nothing", "missing": "gone", "beyond": "song"}[why], 99.0)
    told.until(lambda: told.said and told.status.refused_seq == seq, "a word")
    assert {"unknown": "no track", "missing": "gone.wav", "beyond": "3.0 s long"}[why] in told.status.refused
    told.ask(Play, "song")
    told.until(lambda: told.clock.mode is Mode.PLAYING, "the next one")


def test_a_file_that_was_put_right_is_played_when_it_is_asked_for_again(told, tmp_path):
    told.ask(Define, "song", (Part(str(tmp_path / "song.wav"), (0, 1)),))
    seq = told.ask(Play, "song")
    told.until(lambda: told.said and told.status.refused_seq == seq, "a word")
    song(tmp_path)
    told.ask(Play, "song")
    told.until(lambda: told.clock.mode is Mode.PLAYING, "the music")
    told.until(lambda: told.status.state is State.RUNNING, "a good word")


@pytest.mark.parametrize("name", ["gone", "nothing"])
def test_what_belongs_to_a_track_that_cannot_be_played_is_not_done(told, tmp_path, name):
    told.ask(Define, "song", song(tmp_path))
    told.ask(Define, "gone", (Part(str(tmp_path / "gone.wav"), (0, 1)),))
    told.ask(Play, "song")
    told.ask(Loop, 0.5, 1.5)
    told.until(lambda: told.clock.mode is Mode.PLAYING, "the music")
    seq = told.ask(Play, name)
    told.ask(Loop, of=seq)
    told.ask(Follow, "song", of=seq)
    told.until(lambda: told.status.refused_seq == seq, "a word")
    told.step(4.0)
    told.step(0.1)
    assert told.clock.mode is Mode.PLAYING
    assert told.clock.position < 1.6
    assert told.status.refused_seq == seq


def test_without_a_card_it_is_the_play_that_is_refused(tmp_path):
    told = Told("gone")
    told.ask(Define, "song", song(tmp_path))
    seq = told.ask(Play, "song")
    told.ask(Loop, of=seq)
    told.ask(Follow, "song", of=seq)
    told.step()
    told.until(lambda: told.said and told.status.refused_seq, "a word")
    assert told.status.refused_seq == seq
    told.close()


def test_what_is_asked_for_meanwhile_takes_the_place_of_what_waits(told, tmp_path):
    told.step()
    told.player._shelf.close()  # nothing is fetched any more: a disk that hangs
    told.ask(Define, "song", song(tmp_path))
    told.ask(Play, "song")
    told.ask(Follow, "song")
    told.step(0.01)
    assert told.clock.mode is Mode.STOPPED
    seq = told.ask(StopPlay)
    told.step(0.01)
    told.step(0.01)
    assert told.clock.seq == seq
    assert not told.player._orders.waiting


def test_a_pause_or_a_jump_to_the_bar_leaves_what_follows_though_its_file_is_still_read(told, tmp_path, monkeypatch):
    told.ask(Define, "song", song(tmp_path))
    told.ask(Play, "song")
    told.until(lambda: told.clock.mode is Mode.PLAYING, "the music")
    told.player._shelf.close()  # nothing is fetched any more: a disk that sleeps
    told.player._shelf._thread.join()
    told.ask(Define, "next", song(tmp_path, "next.wav"))
    told.ask(Follow, "next")
    told.ask(PausePlay)
    told.ask(ResumePlay)
    told.ask(Play, "song", 0.5, when=2.0)
    told.step(0.01)
    told.step(0.01)
    assert [type(one) for one in told.player._orders.waiting] == [Follow, Play]
    while told.player._shelf.work():
        pass
    told.step(0.01)
    told.step(0.01)
    assert told.card.mixer._follow.source.name == "next"
    assert told.card.mixer._pending is not None


def test_what_waits_for_its_bar_is_called_off(told, tmp_path):
    told.ask(Define, "song", song(tmp_path))
    take = told.ask(Play, "song")
    told.until(lambda: told.clock.mode is Mode.PLAYING, "the music")
    told.ask(Play, "song", 0.0, when=told.clock.position + 0.5)
    told.ask(Stay)
    told.step(0.01)
    told.step(1.0)
    assert told.card.mixer.take == take
    assert told.card.mixer.position > 1.0 * RATE


def test_a_disk_that_hangs_is_told_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr("showctl.sound.player.orders.PATIENCE_S", 0.05)
    one = Told()
    try:
        one.step()
        one.player._shelf.close()
        one.ask(Define, "song", song(tmp_path))
        seq = one.ask(Play, "song")
        one.until(lambda: one.said and one.status.refused_seq == seq, "a word")
        assert "is the disk there" in one.status.refused
    finally:
        one.close()


def test_follow_and_loop_wait_for_the_track_that_they_are_of(told, tmp_path):
    told.ask(Define, "a", song(tmp_path, "a.wav", 1.0))
    told.ask(Define, "b", song(tmp_path, "b.wav", 1.0))
    told.ask(Prepare, "b")
    told.ask(Play, "a")
    follows = told.ask(Follow, "b")
    told.ask(Loop)
    told.until(lambda: told.clock.take == follows, "the second")
    told.ask(Forget, "a")
    told.until(lambda: told.clock.mode is Mode.ENDED, "the end")


def test_what_holds_for_any_card_is_done_when_one_comes(tmp_path, monkeypatch):
    monkeypatch.setattr("showctl.sound.player.process.RETRY_S", 0.05)
    there = []

    class Late(Card):
        def __init__(self, card, channels):
            if not there:
                raise DeviceError("there is no sound output")
            super().__init__(card, channels)

    one = Told(opens=Late)
    try:
        one.ask(Define, "song", song(tmp_path))
        one.ask(Volume, 0.25)
        one.ask(Prepare, "song", 1.0)
        one.step()
        assert one.status.refused == ""
        there.append(True)
        one.until(lambda: one.cards, "the card")
        one.until(lambda: one.card.mixer._volume == 0.25, "the volume")
        one.ask(Play, "song", 1.0)
        one.until(lambda: one.clock.mode is Mode.PLAYING, "the music")
    finally:
        one.close()


def test_without_a_card_what_is_to_be_silent_is_so_and_not_refused(tmp_path):
    told = Told("gone")
    for command in (StopPlay, PausePlay, Stay, Loop):
        told.ask(command)
    told.step()
    told.until(lambda: told.said, "a word")
    assert told.status.refused == ""
    seq = told.ask(ResumePlay)
    told.until(lambda: told.status.refused_seq == seq, "a refusal")
    told.close()
