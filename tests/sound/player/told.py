"""The player's process in this one, over a stream that is no card."""

from __future__ import annotations

import socket
import time
from collections import deque

import numpy as np
import soundfile

from showctl.model import DeviceError
from showctl.model.player import (
    Mode,
    Part,
    PlayerClock,
    PlayerSetup,
    PlayerStatus,
)
from showctl.sound.player.mixer import Mixer
from showctl.sound.player.process import Player
from showctl.sound.player.stream import Snapshot
from showctl.wire.player import decode_said, encode_command

RATE = 48_000


class Card:
    """A stream that makes a block whenever it is asked to."""

    trouble = None

    def __init__(self, card, channels):
        if card == "gone":
            raise DeviceError("there is no sound output called 'gone'")
        self.rate, self.device, self.lost, self.late, self.fault, self.stands = RATE, "a card", 0, 0, "", False
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


def song(folder, name="song.wav", seconds=3.0):
    sound = 0.1 * np.random.default_rng(1).standard_normal((int(seconds * RATE), 2)).astype(np.float32)
    soundfile.write(folder / name, sound, RATE, subtype="FLOAT")
    return (Part(str(folder / name), (0, 1)),)
