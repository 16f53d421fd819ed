"""The player's process over a stream that is no card: commands, what waits for a file, what is refused, what is told."""

from __future__ import annotations

import socket
import time
from collections import deque

import numpy as np
import pytest
import soundfile

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
    PlayerClock,
    PlayerSetup,
    PlayerStatus,
    Prepare,
    ResumePlay,
    Stay,
    StopPlay,
    Volume,
)
from showctl.sound.player.mixer import Mixer
from showctl.sound.player.process import Player
from showctl.sound.player.stream import Snapshot
from showctl.sound.portaudio import DeviceGone
from showctl.wire.player import decode_said, encode_command

RATE = 48_000


class Card:
    """A stream that makes a block whenever it is asked to."""

    trouble = None

    def __init__(self, card, channels):
        if card == "gone":
            raise DeviceError("there is no sound output called 'gone'")
        self.rate, self.device, self.lost, self.late, self.fault, self.silent = RATE, "a card", 0, 0, "", 0.0
        self.mixer = Mixer(len(channels), RATE)
        self.snapshot = None
        self._deeds = deque()
        self.out = []

    def ask(self, deed):
        self._deeds.append(deed)
        return True

    def tend(self):
        if self.trouble is not None:
            raise self.trouble

    def close(self):
        pass

    def play(self, seconds):
        """So much sound."""
        mixer = self.mixer
        for _ in range(round(seconds * RATE / 480)):
            while self._deeds:
                self._deeds.popleft()(mixer)
            block, began, now = np.zeros((480, mixer.width), np.float32), mixer.frames, time.monotonic()
            mixer.render(block)
            self.out.append(block)
            length = 0 if mixer.source is None else mixer.source.frames
            self.snapshot = Snapshot(
                began, now, mixer.frames, mixer.position, mixer.speed, mixer.mode, mixer.take, mixer.seq, length, 0.01
            )


class Told:
    """A process in this one, and the daemon's end of its socket."""

    def __init__(self, card="", opens=Card):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.setblocking(False)
        self.cards, self.said, self.seq = [], [], 0
        self._theirs = theirs

        def opened(name, channels):
            self.cards.append(opens(name, channels))
            return self.cards[-1]

        self.player = Player(PlayerSetup(card, (0, 1)), theirs, opened)

    @property
    def card(self):
        return self.cards[0]

    def ask(self, command, *fields, **more):
        self.seq += 1
        self.socket.send(encode_command(command(self.seq, *fields, **more)))
        return self.seq

    def step(self, seconds=0.0):
        """Let it work, and the card play."""
        alive = self.player.step(0.0)
        if self.cards and seconds:
            self.card.play(seconds)
        while True:
            try:
                self.said.append(decode_said(self.socket.recv(65_536)))
            except BlockingIOError:
                return alive

    def until(self, true, what):
        end = time.monotonic() + 10
        while not true():
            assert time.monotonic() < end, f"waited in vain for {what}: {self.said[-3:]}"
            self.step(0.01)
            time.sleep(0.002)

    @property
    def clock(self):
        return next((one for one in reversed(self.said) if isinstance(one, PlayerClock)), PlayerClock(Mode.STOPPED, 0, 0))

    @property
    def status(self):
        return next(one for one in reversed(self.said) if isinstance(one, PlayerStatus))

    def close(self):
        self.socket.close()
        if self.player._shelf is not None:
            self.player._shelf.close()
        self._theirs.close()


@pytest.fixture
def told(tmp_path):
    one = Told()
    yield one
    one.close()


def song(folder, name="song.wav", seconds=3.0):
    sound = 0.1 * np.random.default_rng(1).standard_normal((int(seconds * RATE), 2)).astype(np.float32)
    soundfile.write(folder / name, sound, RATE, subtype="FLOAT")
    return (Part(str(folder / name), (0, 1)),)


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
    told.card.silent = 0.6
    told.until(lambda: told.status.state is State.DEGRADED, "a word")
    assert "a card asks for no sound any more" in told.status.detail
    told.card.silent = 0.0
    told.until(lambda: told.status.state is State.RUNNING, "a good word")


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
