"""The process that hears the room: programme and microphones in, what the room does to it out, once a second.

    python -m showctl.inputs.room SETUP FD

SETUP is JSON (`wire.room`), FD one end of a socket pair (SOCK_SEQPACKET). As the ear it has a session of its own, ends when the
daemon's end of the socket is gone, and becomes a fresh process where a sound card went away.

The daemon tells which bands the PA plays through. The programme is played through the same bands here, unheard, before it is
compared with the microphones: so the responses are those of the room WITHOUT equaliser, and a band that moves changes nothing in
them. Were the bands taken off afterwards, what was heard over the last minute and what is set now would not belong together, and
a loop over both would swing. The programme therefore has to be taken before the PA's equaliser.

Calibration files are taken out here. Responses carry the time of their newest sound on CLOCK_MONOTONIC.
"""

from __future__ import annotations

import gc
import math
import os
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes: a second core belongs to others
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from showctl.analysis.room.howl import HowlWatch
from showctl.analysis.room.level import LevelMeter
from showctl.analysis.room.listening import RoomListener
from showctl.analysis.room.microphone import Calibration, Refused, calibration
from showctl.model import AudioBlock, DeviceError, EqBand, Howl, LevelPast, Levels, RoomResponse, State, WireError
from showctl.plan import PaMicrophone
from showctl.sound.equaliser import EqLimits, Equaliser
from showctl.sound.meter import Condition, Meter
from showctl.sound.portaudio import Input, go_first
from showctl.wire.room import (
    BANDS,
    MESSAGE_LIMIT,
    RoomHeard,
    RoomSetup,
    decode_bands,
    decode_past,
    decode_setup,
    encode_heard,
    says,
)

STATUS_S, LOOK_S = 1.0, 0.1
PLAYS = -50.0  # dBFS RMS: below, no microphone need hear anything
RECENT = 3  # records over which the programme's level is told
DEAF_S = 45.0  # s of programme after which a microphone must know some of it
AIR_S = 0.001  # s: sound through the air takes longer, from the nearest loudspeaker too
WAITING = 32  # howls
ANY = EqLimits(bands=32, boost=40.0, cut=80.0, summed=200.0, q=(0.05, 50.0))  # what a console may hold, hands included
CALIBRATOR = 94.0  # dB of sound pressure that a sensitivity is told for


class Listening:
    """Blocks of a card -> what is known of the room. Times in seconds of the stream; no clock, no files.

    `curves` are the microphones' calibrations, None for one that is taken as flat.
    """

    def __init__(self, setup: RoomSetup, rate: int, curves: Sequence[Calibration | None], bands: tuple[EqBand, ...] = ()) -> None:
        self._setup, self.rate, self._curves = setup, rate, curves
        self._programme = [channel - 1 for channel in setup.programme]
        self._microphones = [one.channel - 1 for one in setup.microphones]
        self._listener = RoomListener(rate, len(self._microphones))
        self._equaliser = Equaliser(1, rate, ANY, slew=60.0)
        self._meters = [Meter() for _ in self._microphones]
        self._levels = [self._meter(one.sensitivity, n, curves[n]) for n, one in enumerate(setup.microphones)]
        self._howls = [HowlWatch(rate, n) for n in range(len(self._microphones))]
        self._new: deque[Howl] = deque(maxlen=WAITING)
        self._last: list[Levels | None] = [None] * len(self._microphones)
        self._answers: tuple[RoomResponse | None, ...] = (None,) * len(self._microphones)
        self._deaf = [0.0] * len(self._microphones)  # s of programme since anything of it was known
        self._square, self._frames = 0.0, 0
        self._recent: deque[float] = deque(maxlen=RECENT)  # mean squares of the programme
        self._fed = 0  # frames that the listener had
        self.end = 0.0  # s of the stream that have come
        self.play(bands)

    def _meter(self, sensitivity: float | None, channel: int, curve: Calibration | None) -> LevelMeter | None:
        if sensitivity is None:
            return None
        taps = None if curve is None else curve.taps(self.rate)
        return LevelMeter(self.rate, CALIBRATOR - sensitivity, self._setup.limits, channel, taps)

    def play(self, bands: tuple[EqBand, ...]) -> None:
        """The PA plays through these bands from now on. ValueError for what is no band."""
        self._equaliser.set([bands])

    def remember(self, microphone: str, past: LevelPast, ago: float) -> None:
        """How loud it was before this began, to s ago."""
        for one, meter in zip(self._setup.microphones, self._levels, strict=True):
            if one.name == microphone and meter is not None:
                meter.remember(past, round(ago))

    def pasts(self) -> dict[str, LevelPast]:
        """How loud it was until now, by microphone."""
        levels = zip(self._setup.microphones, self._levels, strict=True)
        return {one.name: meter.past() for one, meter in levels if meter is not None}

    @property
    def channels(self) -> int:
        """Inputs that the card must have."""
        return 1 + max(*self._programme, *self._microphones)

    def feed(self, block: AudioBlock) -> None:
        """What came in. ValueError where the card has too few inputs."""
        if block.samples.shape[1] < self.channels:
            raise ValueError(f"the card has {block.samples.shape[1]} inputs, the venue file wants number {self.channels}")
        dry = block.samples[:, self._programme].mean(axis=1, keepdims=True)
        heard = AudioBlock(block.start, block.samples[:, self._microphones], block.rate, block.lost)
        self._square += float(np.sum(np.square(dry, dtype=np.float64)))
        self._frames += len(dry)
        for n, meter in enumerate(self._meters):
            meter.add(replace(heard, samples=heard.samples[:, n : n + 1]))
        for n, level in enumerate(self._levels):
            if level is not None and (said := level.feed(heard)):
                self._last[n] = said[-1]
        for watch in self._howls:
            self._new.extend(watch.feed(heard))
        wet = np.empty_like(dry)
        self._equaliser.process(dry, wet)
        self._fed += len(dry)
        self.end = (block.start + len(dry)) / self.rate
        missed = self.end - self._fed / self.rate  # s that were lost, which the listener knows nothing of
        for answers in self._listener.feed(wet[:, 0], heard.samples):
            self._answers = tuple(self._well(one, missed, n) for n, one in enumerate(answers))

    def _well(self, response: RoomResponse, missed: float, microphone: int) -> RoomResponse:
        """With its calibration taken out, numbers only, and its time in the stream."""
        curve = self._curves[microphone]
        known = response.magnitude if curve is None else response.magnitude - curve.at(response.freq)
        fine = np.isfinite(known) & np.isfinite(response.coherence)
        return replace(
            response,
            time=response.time + missed,
            magnitude=np.where(fine, known, 0.0),
            coherence=np.where(fine, response.coherence, 0.0),
            trusted=response.trusted & fine,
        )

    def take(self) -> RoomHeard:
        """What is known now; the howls since the last time."""
        if self._frames:
            self._recent.append(self._square / self._frames)
            if self._recent[-1] > 10 ** (PLAYS / 10):
                self._deaf = [seconds + self._frames / self.rate for seconds in self._deaf]
            self._square, self._frames = 0.0, 0
        for n, one in enumerate(self._answers):
            if one is not None and one.trusted.any():
                self._deaf[n] = 0.0
        mean = sum(self._recent) / max(1, len(self._recent))
        programme = max(-120.0, 10 * math.log10(mean)) if mean > 0 else -120.0
        howls = tuple(self._new)
        self._new.clear()
        return RoomHeard(
            self.end,
            State.RUNNING,
            "",
            self.rate,
            0,
            programme,
            self._answers,
            tuple(self._last),
            howls,
            tuple(filter(None, (self._trouble(n, programme > PLAYS) for n in range(len(self._microphones))))),
        )

    def _trouble(self, microphone: int, plays: bool) -> str:
        """What is wrong with one, in words with the next step."""
        name, condition = self._setup.microphones[microphone].name, self._meters[microphone].condition
        if condition is Condition.ZERO:
            return f"microphone {name} is dead, there is digital silence: look at its cable, its phantom power, its input"
        if condition is Condition.CLIPS:
            return f"microphone {name} clips: turn its gain down"
        if plays and condition is Condition.QUIET:
            return f"microphone {name} hears nothing while the programme plays: look at its cable, its phantom power, its gain"
        response = self._answers[microphone]
        if response is not None and response.delay_trusted and response.delay < AIR_S:
            return (
                f"microphone {name} has the programme {1000 * response.delay:.1f} ms after it is sent, sooner than any sound "
                "through the air: is a line in its input, or are the inputs of programme and microphone swapped?"
            )
        if plays and self._deaf[microphone] > DEAF_S:
            return (
                f"microphone {name} does not hear the programme: is it plugged into input "
                f"{self._setup.microphones[microphone].channel}, does the PA play, is the programme on the right inputs?"
            )
        return ""


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
        self._wrong = ""
        self._next = 0.0
        self._pasts: dict[str, tuple[float, LevelPast]] = {}  # with the monotonic time of the newest second
        self._fed = 0.0  # monotonic s, when sound came last
        self._wants = [BANDS, *(one.name for one in setup.microphones if one.sensitivity is not None)]

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
        if self._now() >= self._next:
            self._next = self._now() + STATUS_S
            if not self._send(self._heard()):
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
        self._listening = Listening(self._setup, rate, self._curves, self._bands)
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
            told = self._remember(data) if says(data) == "past" else self._play(data)
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

    def _remember(self, data: bytes) -> str:
        """How loud it was at a microphone before this process began."""
        name, newest, past = decode_past(data)
        if self._listening is not None:
            self._listening.remember(name, past, self._now() - newest)
        else:
            self._pasts[name] = newest, past
        return name


def curve_of(path: Path) -> Calibration:
    """What a calibration file says. OSError; ValueError, in words, for what is none."""
    curve = calibration(path.read_text(encoding="utf-8", errors="replace"))
    if isinstance(curve, Refused):
        raise ValueError(f"{path}:{curve.line}: {curve.text}")
    return curve


def curves_of(microphones: Sequence[PaMicrophone]) -> list[Calibration | None]:
    """The microphones' calibration files, read. DeviceError in words where one cannot be used."""
    found: list[Calibration | None] = []
    for one in microphones:
        try:
            found.append(curve_of(Path(one.calibration)) if one.calibration else None)
        except OSError as error:
            raise DeviceError(f"the calibration of microphone {one.name}: {one.calibration}: {error.strerror}") from None
        except ValueError as error:
            raise DeviceError(str(error)) from None
    return found


def main(argv: list[str] | None = None) -> int:
    """Hear the room until the daemon is gone."""
    words, number = sys.argv[1:] if argv is None else argv
    setup = decode_setup(words)
    with socket.socket(fileno=int(number)) as sock:
        channels = max(*setup.programme, *(one.channel for one in setup.microphones))
        try:
            room = Room(setup, sock, Input(setup.card, channels=channels), curves_of(setup.microphones))
        except DeviceError as error:
            sock.send(encode_heard(RoomHeard(time.monotonic(), State.DEGRADED, str(error))))
            return 1
        gc.collect()
        gc.freeze()  # what lives now lives for ever: the collector need not look at it again
        go_first()
        try:
            room.run()
        except DeviceError:
            os.set_inheritable(sock.fileno(), True)
            os.execv(sys.executable, [sys.executable, "-m", "showctl.inputs.room", words, str(sock.fileno())])
    return 0


if __name__ == "__main__":
    sys.exit(main())
