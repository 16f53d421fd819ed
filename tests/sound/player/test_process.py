"""The player's process over a stream that is no card: what is played and told, and how it ends."""

from __future__ import annotations

import socket
import time

import numpy as np
import pytest

from showctl.model import State
from showctl.model.player import (
    Define,
    Mode,
    PausePlay,
    Play,
    ResumePlay,
    StopPlay,
)
from showctl.sound.player.shelf import Shelf
from showctl.sound.portaudio import DeviceGone
from showctl.wire.player import decode_said
from tests.sound.player.told import Told, song


def test_a_track_is_played_and_its_clock_told(told, tmp_path):
    told.ask(Define, "song", song(tmp_path))
    take = told.ask(Play, "song")
    told.until(lambda: told.clock.mode is Mode.PLAYING and told.clock.position > 0.2, "the music")
    clock = told.clock
    assert (clock.take, clock.seq, clock.rate, clock.length) == (take, take, 1.0, 3.0)
    assert abs(clock.at_ns / 1e9 - time.monotonic()) < 5.0


def test_what_plays_stops_pauses_and_goes_on(told, tmp_path):
    told.ask(Define, "song", song(tmp_path))
    told.ask(Play, "song")
    told.until(lambda: told.clock.mode is Mode.PLAYING, "the music")
    turns = [(PausePlay, Mode.PAUSED), (ResumePlay, Mode.PLAYING), (StopPlay, Mode.STOPPED), (ResumePlay, Mode.PLAYING)]
    for command, mode in turns:
        wanted = mode, told.ask(command)
        told.until(lambda wanted=wanted: (told.clock.mode, told.clock.seq) == wanted, mode)


def test_a_card_that_is_not_there_is_told_and_looked_for():
    one = Told("gone")
    try:
        one.step()
        assert one.status.state is State.DEGRADED
        assert "looked for until it comes" in one.status.detail
        seq = one.ask(Play, "song")
        one.until(lambda: one.status.refused_seq == seq, "a word")
        assert "nothing can be played" in one.status.refused
    finally:
        one.close()


def test_nonsense_is_refused_and_the_music_goes_on(told, tmp_path):
    told.ask(Define, "song", song(tmp_path))
    told.ask(Play, "song")
    told.until(lambda: told.clock.mode is Mode.PLAYING, "the music")
    told.socket.send(b"nonsense")
    told.until(lambda: "not JSON" in told.status.refused, "a word")
    assert told.clock.mode is Mode.PLAYING


def test_asked_to_end_it_goes_out_first(told, tmp_path):
    told.ask(Define, "song", song(tmp_path))
    told.ask(Play, "song")
    told.until(lambda: told.clock.mode is Mode.PLAYING, "the music")
    told.player.end()
    told.player.run()
    told.card.play(0.5)
    assert told.card.mixer.mode is Mode.STOPPED
    out = np.concatenate(told.card.out)
    assert np.abs(out[-24_000:-19_200]).max() > 0.05, "still on its way out"
    assert not out[-4800:].any()


def test_without_its_daemon_it_ends(told, tmp_path):
    assert told.step()
    told.socket.shutdown(socket.SHUT_RDWR)
    assert not told.player.step(0.0)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (DeviceGone("a card has gone away: plug it in again"), "a card has gone away: plug it in again"),
        (ZeroDivisionError("of ours"), "a mistake of ours (ZeroDivisionError('of ours')), report it"),
    ],
)
def test_whatever_it_ends_of_it_says_last(told, trouble, words):
    told.step(0.1)
    told.card.lost, told.card.trouble = 3, trouble
    with pytest.raises(type(trouble)):
        told.player.run()
    told.said.extend(rest(told.socket))
    assert (told.status.state, told.status.detail, told.status.lost) == (State.FAILED, words, 3)


def test_ended_by_a_signal_it_says_so(told):
    told.step(0.1)
    told.player.end()
    told.player.run()
    told.said.extend(rest(told.socket))
    assert (told.status.state, told.status.detail) == (State.FAILED, "it was ended by a signal (SIGTERM)")


def rest(sock):
    """What was said before the end."""
    while True:
        try:
            data = sock.recv(65_536)
        except BlockingIOError:
            return
        if not data:
            return
        yield decode_said(data)


def test_a_card_that_asks_for_nothing_is_told_while_it_is_waited_for(told):
    told.step(0.1)
    told.card.stands = True
    told.until(lambda: told.status.state is State.DEGRADED, "a word")
    assert "a card asks for no sound any more" in told.status.detail
    told.card.stands = False
    told.until(lambda: told.status.state is State.RUNNING, "a good word")


def test_where_there_is_no_memory_that_is_told_and_it_is_tried_again(told, tmp_path, monkeypatch):
    told.step(0.1)
    look = Shelf.work

    def none(self):
        raise MemoryError

    monkeypatch.setattr(Shelf, "work", none)
    told.until(lambda: "MemoryError" in told.status.detail, "a word")
    monkeypatch.setattr(Shelf, "work", look)
    told.ask(Define, "song", song(tmp_path))
    told.ask(Play, "song")
    told.until(lambda: told.clock.mode is Mode.PLAYING, "the music")
    told.until(lambda: told.status.state is State.RUNNING, "a good word")
