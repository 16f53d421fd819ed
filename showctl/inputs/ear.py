"""The ear, a process of its own: sound in, Features out, and in words what is wrong with the sound.

    python -m showctl.inputs.ear --source file:song.wav --fd 3 [--speaker] [--ltc CHANNEL]

It is started by the daemon with one end of a socket pair (SOCK_SEQPACKET) and a session of its own, so a sound driver that
hangs or crashes takes nothing else down. Every few milliseconds it takes what the source has, feeds the analysis, puts every
time of the result on CLOCK_MONOTONIC (the moment the sound entered the machine) and sends one record a hop. A channel of
linear time code is cut out before (`ear_ltc`), and each time that is read there is a record, too. It ends by itself when the
daemon's end of the socket is gone. What the daemon may say while it runs is to which channels it is to listen now.

Where a device went away, PortAudio cannot be used any more: the process then becomes a fresh one (exec, same process id, same
socket) that looks for it.

If the daemon does not read, the newest thousand records wait here, and older ones are dropped.
"""

from __future__ import annotations

import argparse
import gc
import os
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from showctl.rank import come_up, go_first

if __name__ == "__main__":
    come_up()  # before what follows is loaded, which would take its time at the daemon's own rank

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes: a pool of threads costs memory and saves nothing here
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from showctl.inputs.ear_channels import Chosen
from showctl.inputs.ear_ltc import STEREO, Tape
from showctl.model import AudioBlock, DeviceError, Features, State
from showctl.sound.meter import Condition, Meter
from showctl.wire.features import (
    STATUS_LIMIT,
    CodeRead,
    EarStatus,
    decode_choice,
    encode_code,
    encode_features,
    encode_status,
)

WAITING = 1000  # records kept for a daemon that is late, 10 s
STATUS_EVERY_S, STATUS_AT_MOST_EVERY_S = 1.0, 0.5
PATIENCE_S = 2.0  # with a source that has not said a word


class Source(Protocol):
    """Where sound comes from: sound.paced.Paced, sound.portaudio.Input."""

    name: str
    rate: int  # Hz, 0 until it is known
    device: str  # what is open, "" for nothing
    problem: str  # in words, with the next step
    overflows: int

    @property
    def lost(self) -> int:
        """Audio frames dropped."""

    @property
    def wait(self) -> float:
        """Seconds until there may be more."""

    @property
    def stretch(self) -> float:
        """Monotonic seconds for each second of the stream."""

    def at(self, frame: float) -> float:
        """Monotonic seconds of a frame of the stream."""

    def tend(self) -> None:
        """Open, close and look after what can come loose."""

    def reach(self, channels: int, /) -> bool:
        """Open so many channels from now on, if there are; whether the sound begins anew for that."""

    def blocks(self) -> list[AudioBlock]:
        """What has come since the last call."""

    def close(self) -> None:
        """Let go of everything."""


class Hears(Protocol):
    """What analysis.hearing.analyzer.Analyzer does."""

    def feed(self, block: AudioBlock) -> list[Features]:
        """Blocks in, Features with stream seconds out."""


class Ear:
    """The loop between a source and the daemon's socket."""

    def __init__(
        self,
        source: Source,
        sock: socket.socket,
        analyzer: Callable[[int], Hears],
        now: Callable[[], float] = time.monotonic,
        remark: str = "",
        tape: Tape | None = None,
        chosen: Chosen | None = None,
    ) -> None:
        """`remark` is what to say of the sound while nothing worse is to be said; `tape` cuts out and reads time code.

        `chosen` takes the channels that are listened to; without it all are.
        """
        self._source, self._socket, self._make, self._now = source, sock, analyzer, now
        self._remark, self._tape, self._chosen = remark, tape, chosen
        self._analyzer: Hears | None = None
        self._rate = 0
        self._meter = Meter()
        self._waiting: deque[bytes] = deque(maxlen=WAITING)
        self._last = 0.0  # the time of the last Features: it never falls
        self._told: tuple[State, str] | None = None
        self._next_status, self._soonest_status = 0.0, 0.0
        self._began = now()

    def run(self) -> None:
        """Until the daemon's end is closed. Raises DeviceError, after telling the daemon, when only a new process can help."""
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        try:
            while self.step():
                if poller.poll(1000 * self._source.wait) and not self._obey():
                    return
        except DeviceError as error:
            self._send(encode_status(EarStatus(State.DEGRADED, str(error), self._source.name)))
            raise
        finally:
            self._source.close()

    def step(self) -> bool:
        """Take what has come and send what was heard; False when there is nobody to tell."""
        self._source.tend()
        for block in self._source.blocks():
            self._hear(block)
        self._tell()
        return self._flush()

    def _hear(self, block: AudioBlock) -> None:
        if self._analyzer is None or block.rate != self._rate:
            self._analyzer, self._rate = self._make(block.rate), block.rate
        music = block
        if self._tape is not None:
            music, read = self._tape.split(block)
            for one in read:
                self._waiting.append(encode_code(CodeRead(self._source.at(one.time), one.frame)))
        block = music if self._chosen is None else self._chosen.of(block, music)
        self._meter.add(block)
        for features in self._analyzer.feed(block):
            self._waiting.append(encode_features(self._to_monotonic(features)))

    def _to_monotonic(self, features: Features) -> Features:
        """Stream seconds -> monotonic seconds, by the source's clock. `time` never falls, however the fit moves."""
        self._last = max(self._last, self._source.at(features.time * self._rate))
        grid = features.grid
        if grid is not None:
            anchor = self._source.at(grid.anchor * self._rate)
            grid = replace(grid, anchor=anchor, period=grid.period * self._source.stretch)
        coming = features.coming
        if coming is not None:
            coming = replace(coming, time=self._source.at(coming.time * self._rate))
        return replace(features, time=self._last, grid=grid, coming=coming)

    def _tell(self) -> None:
        """A status a second, and sooner when what it says has changed."""
        now = self._now()
        state = self._state(now)
        if now < self._next_status and (state == self._told or now < self._soonest_status):
            return
        self._told, self._next_status, self._soonest_status = state, now + STATUS_EVERY_S, now + STATUS_AT_MOST_EVERY_S
        source, meter = self._source, self._meter
        peak, clipped = meter.take_peak(), meter.clipped
        status = EarStatus(*state, source.name, source.device, source.rate, peak, source.lost, source.overflows, clipped)
        self._send(encode_status(status))  # if there is no room it is left out: the next one is newer

    def _state(self, now: float) -> tuple[State, str]:
        """What a technician must know now, the worst first, with the next step."""
        source = self._source
        live = bool(source.device)
        if source.problem:
            return State.DEGRADED, source.problem
        if not self._rate:
            if now - self._began < PATIENCE_S:
                return State.STARTING, f"opens {source.name}"
            return State.DEGRADED, f"no sound has come from {source.name} yet: is it playing?"
        name = source.device or source.name
        if self._tape is not None and self._tape.problem:
            return State.DEGRADED, f"{name} {self._tape.problem}"
        if self._chosen is not None and self._chosen.problem and (live or not self._chosen.missing):
            return State.DEGRADED, f"{name} {self._chosen.problem}"
        if self._tape is not None and self._tape.alone:
            return State.RUNNING, f"{name}: {self._tape.words}"
        state, words = self._sound(name, live)
        return state, words if self._tape is None else f"{words}; {self._tape.words}"

    def _sound(self, name: str, live: bool) -> tuple[State, str]:
        """What is to be said of what is listened to."""
        match self._meter.condition:
            case Condition.ZERO if live:
                return State.DEGRADED, f"{name} sends digital silence: unmute it, or connect its port to something that plays"
            case Condition.ZERO:  # a break in a song is no fault, a song without a sound is
                state = State.RUNNING if self._meter.sounded else State.DEGRADED
                return state, f"{name} is digital silence here: if it should sound by now, name another with --audio"
            case Condition.CLIPS if live:
                return State.DEGRADED, f"{name} clips: turn the send down at the desk until its peaks stay below -6 dBFS"
            case Condition.CLIPS:
                return State.RUNNING, f"{name} clips: it was made too loud; export it with peaks below -1 dBFS"
            case Condition.QUIET:
                return State.RUNNING, f"{name} is below -60 dBFS: if something plays, turn the send up at the desk"
        if self._remark:
            return State.DEGRADED, self._remark
        which = "" if self._chosen is None or self._chosen.missing else f", {self._chosen.words}"
        return State.RUNNING, f"hears {name} at {self._rate} Hz{which}"

    def _flush(self) -> bool:
        while self._waiting:
            sent = self._send(self._waiting[0])
            if sent is None:
                return False
            if not sent:
                break
            self._waiting.popleft()
        return True

    def _send(self, data: bytes) -> bool | None:
        """Whether it went; None when the daemon's end is gone."""
        try:
            self._socket.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except (BrokenPipeError, ConnectionError):
            return None
        return True

    def _obey(self) -> bool:
        """Listen to the channels that the daemon asks for; False when its end is gone."""
        try:
            data = self._socket.recv(STATUS_LIMIT, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        if data:
            self._choose(decode_choice(data))
        return bool(data)

    def _choose(self, channels: tuple[int, ...]) -> None:
        self._chosen = Chosen(channels) if channels else None
        if self._source.reach(max((STEREO, *channels))):
            self._analyzer = None  # the new stream counts its frames from nought

    @property
    def channels(self) -> tuple[int, ...]:
        """Those that are listened to, from 1; () where none were chosen."""
        return () if self._chosen is None else self._chosen.channels


def open_source(spec: str, speaker: bool, channels: int = STEREO) -> Source:
    """The source that `file:PATH`, `song:SEED` or `device:NAME` names. ValueError for anything else.

    `channels` is how many are opened of a device, if it has so many.
    """
    from showctl.sound.paced import Paced
    from showctl.sound.portaudio import Input, Output

    kind, _, rest = spec.partition(":")
    if kind == "device" and rest:
        return Input(rest, channels=channels)
    output = Output() if speaker else None
    if kind == "file" and rest:
        from showctl.inputs.wavfile import blocks

        path = Path(rest)
        return Paced(path.name, lambda: blocks(path, 480), output)
    if kind == "song" and rest.isdecimal():
        from showctl.inputs.ear_song import Song

        song = Song(int(rest))
        return Paced("the demo song", song.blocks, output, loop=True, on_close=song.close)
    raise ValueError(f"{spec!r} is not file:PATH, song:SEED or device:NAME")


def remark(spec: str) -> str:
    """What is wrong with the rate of a `file:PATH`, with the next step; empty if nothing is."""
    kind, _, rest = spec.partition(":")
    if kind != "file":
        return ""
    from showctl.inputs.wavfile import narrow

    return narrow(Path(rest))


def main(argv: list[str] | None = None) -> int:
    """Be the ear until the daemon is gone."""
    parser = argparse.ArgumentParser(prog="python -m showctl.inputs.ear", description=__doc__)
    parser.add_argument("--source", required=True, help="file:PATH, song:SEED or device:NAME")
    parser.add_argument("--fd", required=True, type=int, help="number of the inherited socket")
    parser.add_argument("--speaker", action="store_true", help="play file: and song: to the default output, if there is one")
    parser.add_argument("--ltc", type=int, metavar="CHANNEL", help="the channel, from 1, that carries linear time code")
    parser.add_argument("--channel", type=int, action="append", metavar="N", default=[], help="listen to this channel, from 1")
    args = parser.parse_args(argv)
    from showctl.analysis.hearing.analyzer import Analyzer

    with socket.socket(fileno=args.fd) as sock:
        tape = None if args.ltc is None else Tape(args.ltc, live=args.source.startswith("device:"))
        chosen = Chosen(tuple(args.channel)) if args.channel else None
        source = open_source(args.source, args.speaker, max(STEREO, args.ltc or 0, *args.channel))
        ear = Ear(source, sock, Analyzer, remark=remark(args.source), tape=tape, chosen=chosen)
        gc.collect()
        gc.freeze()  # what lives now lives for ever: the collector need not look at it again
        go_first()
        try:
            ear.run()
        except DeviceError:
            os.set_inheritable(args.fd, True)
            os.execv(sys.executable, [sys.executable, "-m", "showctl.inputs.ear", *_words(args, ear.channels)])
    return 0


def _words(args: argparse.Namespace, channels: tuple[int, ...]) -> list[str]:
    """The command line that begins anew with these channels."""
    words = ["--source", args.source, "--fd", str(args.fd), *(["--speaker"] if args.speaker else [])]
    words += [] if args.ltc is None else ["--ltc", str(args.ltc)]
    return [*words, *(word for channel in channels for word in ("--channel", str(channel)))]


if __name__ == "__main__":
    sys.exit(main())
