"""The loop between the card and the daemon's socket: sound in, once a second what is known of it out, what the daemon says in.

What howls is told at once, with all else that is known then."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from showctl.analysis.room.microphone import Calibration
from showctl.analysis.room.place import Pattern, Places, packed, unpacked
from showctl.inputs.room.listening import Listening
from showctl.model import AudioBlock, DeviceError, EqBand, LevelPast, State, WireError
from showctl.wire.room import (
    BANDS,
    MESSAGE_LIMIT,
    PLACES,
    RoomHeard,
    RoomSetup,
    decode_bands,
    decode_past,
    decode_places,
    encode_heard,
    encode_places,
    says,
)

STATUS_S, LOOK_S = 1.0, 0.1


class Source(Protocol):
    """What sound.portaudio.Input does."""

    name: str
    rate: int
    device: str
    problem: str

    @property
    def lost(self) -> int:
        """Audio frames dropped."""

    def tend(self) -> None:
        """Open it, look after it. Raises DeviceError where only a new process can help."""

    def at(self, frame: float) -> float:
        """Monotonic seconds."""

    def blocks(self) -> list[AudioBlock]:
        """What has come."""

    def close(self) -> None:
        """Let go."""


class Room:
    """The loop between the card and the daemon's socket."""

    def __init__(
        self,
        setup: RoomSetup,
        sock: socket.socket,
        source: Source,
        curves: Sequence[Calibration | None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._setup, self._socket, self._source, self._curves, self._now = setup, sock, source, curves, now
        self._listening: Listening | None = None
        self._bands: tuple[EqBand, ...] = ()
        self._places = Places(len(setup.microphones))
        self._wrong = ""
        self._next = 0.0
        self._pasts: dict[str, tuple[float, LevelPast]] = {}  # with the monotonic time of the newest second
        self._fed = 0.0  # monotonic s, when sound came last
        self._told_places: tuple[Pattern | None, ...] = ()
        self._wants = [BANDS, PLACES, *(one.name for one in setup.microphones if one.sensitivity is not None)]

    def run(self) -> None:
        """Until the daemon's end is closed. Raises DeviceError, after telling the daemon, when only a new process can help."""
        try:
            while self.step(LOOK_S):
                pass
        except DeviceError as error:
            self._send(RoomHeard(self._now(), State.DEGRADED, str(error)))
            raise
        finally:
            self._source.close()

    def step(self, wait: float) -> bool:
        """Take what has come, tell what is known; False when there is nobody to tell."""
        self._source.tend()
        for block in self._source.blocks():
            self._hear(block)
        howling = self._listening is not None and self._listening.howling  # that does not wait for the second to pass
        if howling or self._now() >= self._next:
            self._next = self._next if self._now() < self._next else self._now() + STATUS_S
            if not self._send(self._heard()) or not self._tell_places():
                return False
        return not select.select([self._socket], [], [], wait)[0] or self._obey()

    def _hear(self, block: AudioBlock) -> None:
        if self._listening is None or block.rate != self._listening.rate or block.start / block.rate < self._listening.end - 1e-6:
            self._begin(block.rate)
        assert self._listening is not None
        self._fed = self._now()
        try:
            self._listening.feed(block)
            self._wrong = ""
        except ValueError as error:
            self._wrong = str(error)

    def _begin(self, rate: int) -> None:
        """A stream that has just begun is listened to; how loud it was before is known on."""
        if self._listening is not None:
            self._pasts |= {name: (self._fed, past) for name, past in self._listening.pasts().items()}
        self._places.begun()
        self._listening = Listening(self._setup, rate, self._curves, self._bands, self._places)
        for name, (newest, past) in self._pasts.items():
            self._listening.remember(name, past, self._now() - newest)

    def _heard(self) -> RoomHeard:
        """All that is known, in monotonic time."""
        source, listening = self._source, self._listening
        problem = source.problem or self._wrong
        if listening is None or problem:
            state = State.DEGRADED if problem else State.STARTING
            detail = problem or f"opens {source.name}"
            return RoomHeard(self._now(), state, detail, source.rate, source.lost, wants=tuple(self._wants))
        heard, rate = listening.take(), listening.rate

        def at(seconds: float) -> float:
            return source.at(seconds * rate)

        return replace(
            heard,
            time=at(heard.time),
            detail=source.device,
            lost=source.lost,
            responses=tuple(None if one is None else replace(one, time=at(one.time)) for one in heard.responses),
            levels=tuple(None if one is None else replace(one, time=at(one.time)) for one in heard.levels),
            howls=tuple(replace(one, time=at(one.time)) for one in heard.howls),
            wants=tuple(self._wants),
        )

    def _send(self, heard: RoomHeard) -> bool:
        """Whether the daemon is there. A record that finds no room is left out: the next is newer."""
        try:
            self._socket.send(encode_heard(heard), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        return True

    def _tell_places(self) -> bool:
        """Where the microphones stand, for a process that begins anew; whether the daemon is there."""
        stood = self._places.stood
        if stood == self._told_places or not any(stood) or PLACES in self._wants:
            return True
        try:
            data = encode_places([None if one is None else packed(one) for one in stood])
            self._socket.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        self._told_places = stood
        return True

    def _obey(self) -> bool:
        """What the daemon says; False when its end is gone."""
        try:
            data = self._socket.recv(MESSAGE_LIMIT, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        if data:
            self._take(data)
        return bool(data)

    def _take(self, data: bytes) -> None:
        try:
            match says(data):
                case "past":
                    told = self._remember(data)
                case "places":
                    told = self._remember_places(data)
                case "relearn":
                    self._places.relearn()
                    told = ""
                case _:
                    told = self._play(data)
        except (WireError, ValueError) as error:
            self._wrong = f"what the daemon says cannot be followed: {error}"
        else:
            self._wants = [one for one in self._wants if one != told]

    def _play(self, data: bytes) -> str:
        """The bands that the PA plays through."""
        bands = decode_bands(data)
        if self._listening is not None:
            self._listening.play(bands)
        self._bands = bands
        return BANDS

    def _remember_places(self, data: bytes) -> str:
        """Where the microphones stood before this process began; it is learnt anew where nothing can be made of that."""
        with suppress(WireError, ValueError):
            places = [None if one is None else unpacked(one) for one in decode_places(data)]
            if len(places) == len(self._setup.microphones):
                self._places.remember(places)
        return PLACES

    def _remember(self, data: bytes) -> str:
        """How loud it was at a microphone before this process began."""
        name, newest, past = decode_past(data)
        if self._listening is not None:
            self._listening.remember(name, past, self._now() - newest)
        else:
            self._pasts[name] = newest, past
        return name
