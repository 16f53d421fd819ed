"""The player, a process of its own: commands in, sound out, and fifty times a second where the music is.

    python -m showctl.sound.player.process SETUP FD

SETUP is JSON (wire.player), FD one end of a socket pair (SOCK_SEQPACKET). Commands are acted upon in their order; what waits for
a file (`play` of a place that is not in memory) holds up only what depends on it, and is given up when something else is
asked for, or after PATIENCE_S. Everything that was prepared sounds with the next block.

When the daemon's end goes away the music goes out within END_S and the process ends. A sound card that goes away cannot be had
back by the same PortAudio: then the process ends, and the daemon starts another.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from showctl.rank import come_up, go_first

if __name__ == "__main__":
    come_up()  # before what follows is loaded, which would take its time at the daemon's own rank

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes: a pool of threads would take turns with the callback
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from showctl.model import DeviceError, State, WireError
from showctl.model import player as nouns
from showctl.sound.player import varispeed
from showctl.sound.player.mixer import Mixer, Start
from showctl.sound.player.shelf import Shelf, Track
from showctl.sound.player.stream import Deed, Snapshot, Stream
from showctl.sound.timebase import Timebase
from showctl.wire import player as wire

CLOCK_S, STATUS_S, STATUS_AT_MOST_S, RETRY_S = 0.02, 1.0, 0.2, 2.5
PATIENCE_S = 5.0  # with a file that is asked for
ENOUGH_S = 0.5  # of sound that must be in memory before it is begun
END_S = 0.3
RANK = 5  # SCHED_RR, of all threads but the callback's, which has a higher one
BATCH = 200  # commands at once

OpenStream = Callable[[str, tuple[int, ...]], Stream]


class Refused(Exception):
    """A command that cannot be done, in words."""


class Player:
    """The loop between the daemon's socket, the shelf and the stream."""

    def __init__(
        self,
        setup: nouns.PlayerSetup,
        sock: socket.socket,
        open_stream: OpenStream = Stream,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._setup, self._socket, self._open, self._now = setup, sock, open_stream, now
        self._socket.setblocking(False)
        self._news = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stream: Stream | None = None
        self._shelf: Shelf | None = None
        self._time = Timebase(1)
        self._defined: dict[str, nouns.Define] = {}
        self._standing: dict[type, nouns.Command] = {}  # what holds for any card: the last Volume, Speed and Prepare
        self._waiting: deque[nouns.Play | nouns.Follow | nouns.Loop] = deque()
        self._waits_until = 0.0
        self._problem, self._retry = "the sound card is being opened", 0.0
        self._refused, self._refused_seq = "", 0
        self._void = 0  # the Play that was refused last
        self._told: tuple[object, ...] | None = None
        self._clock_at = self._status_at = 0.0
        self._said = b""
        self._over = False

    def run(self) -> None:
        """Until the daemon's end is gone, or `end`. Raises DeviceError where only a new process can help."""
        try:
            while not self._over and self.step(CLOCK_S):
                pass
            self._fade_out()
        except DeviceError as error:
            self._say(wire.encode_status(nouns.PlayerStatus(State.DEGRADED, str(error))))
            raise
        finally:
            if self._shelf is not None:
                self._shelf.close()
            if self._stream is not None:
                self._stream.close()
            os.close(self._news)

    def end(self) -> None:
        """`run` ends, after the music has gone out; may be called by a signal."""
        self._over = True

    def step(self, wait: float) -> bool:
        """Look after the card, hear the daemon, do what can be done, tell; False when the daemon is gone."""
        self._tend()
        socket_, news = self._socket.fileno(), self._news
        ready = select.select([socket_, news], [], [], wait)[0]
        if news in ready:
            os.eventfd_read(news)
        if socket_ in ready and not self._hear():
            return False
        self._advance()
        return self._tell()

    # --- the card ----------------------------------------------------------------------------------------------------------

    def _tend(self) -> None:
        if self._stream is not None:
            self._stream.tend()
            return
        if self._now() < self._retry:
            return
        try:
            stream = self._open(self._setup.card, self._setup.channels)
        except DeviceError as error:
            self._problem, self._retry = f"{error}; it is looked for until it comes", self._now() + RETRY_S
            return
        mixer = stream.mixer
        self._shelf = Shelf(mixer.width, mixer.rate, lambda: mixer.heads, partial(os.eventfd_write, self._news, 1))
        self._stream, self._time = stream, Timebase(mixer.rate)
        for command in (*self._defined.values(), *self._standing.values()):
            self._take(command)
        self._shelf.start()

    # --- commands ----------------------------------------------------------------------------------------------------------

    def _hear(self) -> bool:
        for _ in range(BATCH):
            try:
                data = self._socket.recv(wire.MESSAGE_LIMIT + 1)
            except BlockingIOError:
                return True
            except ConnectionError:
                return False
            if not data:
                return False
            try:
                self._take(wire.decode_command(data))
            except WireError as error:
                self._refuse(0, str(error))
        return True

    def _take(self, command: nouns.Command) -> None:
        try:
            self._do(command)
        except (Refused, ValueError) as refused:
            self._give_up(command, str(refused))

    def _give_up(self, command: nouns.Command, why: str) -> None:
        """It cannot be done; nor can what belongs to it."""
        if isinstance(command, nouns.Play):
            self._void = command.seq
            self._waiting = deque(one for one in self._waiting if not self._is_void(one))
        self._refuse(command.seq, why)

    def _is_void(self, command: nouns.Command) -> bool:
        return isinstance(command, nouns.Follow | nouns.Loop) and 0 < command.of == self._void

    def _refuse(self, seq: int, why: str) -> None:
        self._refused, self._refused_seq = why, seq

    def _do(self, command: nouns.Command) -> None:
        if self._is_void(command):
            return
        match command:
            case nouns.Define():
                self._defined[command.track] = command
                if self._shelf is not None:
                    self._shelf.define(command)
                return
            case nouns.Forget():
                self._defined.pop(command.track, None)
                if self._shelf is not None:
                    self._shelf.forget(command.track)
                return
            case nouns.Volume() | nouns.Speed() | nouns.Prepare():
                self._standing[type(command)] = command
        stream, shelf = self._stream, self._shelf
        if stream is None or shelf is None:
            if type(command) in self._standing:  # done when there is a card
                return
            raise Refused(f"nothing can be played: {self._problem}")
        rate, seq = stream.rate, command.seq
        match command:
            case nouns.Prepare():
                shelf.prepare(command.track, command.at * rate)
            case nouns.Volume():
                self._ask(stream, lambda mixer: mixer.volume(command.gain))
            case nouns.Speed():
                self._ask(stream, lambda mixer: mixer.run_at(command.rate))
            case nouns.Play():
                self._leave_out()
                if command.when is None:
                    self._waiting.clear()  # it does not wait behind what follows another
                shelf.again(command.track)
                self._wait(command)
            case nouns.Follow() | nouns.Loop():
                self._wait(command)
            case nouns.Stay():
                self._waiting = deque(one for one in self._waiting if not (isinstance(one, nouns.Play) and one.when is not None))
                self._ask(stream, Mixer.stay)
            case nouns.PausePlay():
                self._leave_out()
                self._ask(stream, Mixer.pause, seq)
            case nouns.ResumePlay():
                self._leave_out()
                self._ask(stream, Mixer.resume, seq)
            case nouns.StopPlay():
                self._waiting.clear()
                frames = round(command.out * rate)
                self._ask(stream, lambda mixer: mixer.stop(frames), seq)

    def _leave_out(self) -> None:
        """What waits to begin does not; what follows what plays still does."""
        plays = {one.seq for one in self._waiting if isinstance(one, nouns.Play)}
        self._waiting = deque(one for one in self._waiting if not isinstance(one, nouns.Play) and one.of not in plays)

    def _ask(self, stream: Stream, deed: Deed, turns: int = 0) -> None:
        """Have it done. `turns` is the number of a command after which something else plays, or nothing: the clock tells it."""

        def do(mixer: Mixer) -> None:
            deed(mixer)
            mixer.seq = turns or mixer.seq

        if not stream.ask(do):
            raise Refused("too many commands wait for the sound card")

    def _wait(self, command: nouns.Play | nouns.Follow | nouns.Loop) -> None:
        if not self._waiting:
            self._waits_until = self._now() + PATIENCE_S
        self._waiting.append(command)
        self._advance()

    def _advance(self) -> None:
        """Do what waits, in order, as far as it is ready."""
        while self._waiting and self._stream is not None and self._shelf is not None:
            command = self._waiting[0]
            try:
                deed = self._deed(command, self._shelf, self._stream.rate)
                if deed is None and self._now() < self._waits_until:
                    return
                if deed is None:
                    raise Refused(f"its file has not been read within {PATIENCE_S:g} s: is the disk there?")
                self._waiting.popleft()
                self._ask(self._stream, deed, command.seq if isinstance(command, nouns.Play) else 0)
            except Refused as refused:
                if self._waiting and self._waiting[0] is command:
                    self._waiting.popleft()
                self._give_up(command, str(refused))
            self._waits_until = self._now() + PATIENCE_S

    def _deed(self, command: nouns.Play | nouns.Follow | nouns.Loop, shelf: Shelf, rate: int) -> Deed | None:
        """What is to be done, None while it has to wait."""
        if isinstance(command, nouns.Loop):
            ends = None if command.first is None or command.last is None else (command.first * rate, command.last * rate)
            whole = None if ends is None else (float(round(ends[0])), float(round(ends[1])))
            return lambda mixer: mixer.loop(whole)
        if command.track is None:
            return lambda mixer: mixer.follow(None)
        track, at = self._track(command.track, shelf), float(round(command.at * rate))
        if track.opened and at >= track.frames:
            raise Refused(f"{command.track} is {track.frames / rate:.1f} s long, and {command.at:.1f} s was asked for")
        if not track.there(at, ENOUGH_S) and (isinstance(command, nouns.Play) or not track.opened):
            shelf.hurry(track, at)
            return None
        if isinstance(command, nouns.Follow):
            cross = round(command.crossfade * rate)
            start = Start(track, command.seq, at, into=cross, out=cross, power=True)
            return lambda mixer: mixer.follow(start)
        when = float("inf") if command.when is None else float(round(command.when * rate))
        start = Start(track, command.seq, at, round(command.into * rate), round(command.out * rate), when)
        return lambda mixer: mixer.play(start)

    def _track(self, name: str, shelf: Shelf) -> Track:
        track = shelf.find(name)
        if track is None:
            raise Refused(f"there is no track {name!r}")
        if not track.opened and track.trouble:
            raise Refused(track.trouble)
        return track

    # --- what is told ------------------------------------------------------------------------------------------------------

    def _tell(self) -> bool:
        """The clock when it is due or its state is another, a status a second and when it is another."""
        now, alive = self._now(), True
        snapshot = None if self._stream is None else self._stream.snapshot
        if snapshot is not None:
            state = (snapshot.mode, snapshot.take, snapshot.seq)
            if now >= self._clock_at or state != self._told:
                self._told, self._clock_at = state, now + 0.9 * CLOCK_S
                alive = self._say(wire.encode_clock(self._clock(snapshot)))
        if now >= self._status_at:
            data = wire.encode_status(self._status())
            if data != self._said or now >= self._status_at + STATUS_S - STATUS_AT_MOST_S:
                self._said, self._status_at = data, now + STATUS_AT_MOST_S
                alive = self._say(data) and alive
        return alive

    def _clock(self, snapshot: Snapshot) -> nouns.PlayerClock:
        rate = self._time.rate
        self._time.observe(snapshot.began, snapshot.now)
        leaves = self._time.at(snapshot.frames) + snapshot.latency
        return nouns.PlayerClock(
            snapshot.mode,
            snapshot.take,
            snapshot.seq,
            snapshot.position / rate,
            snapshot.speed,
            round(1e9 * leaves),
            snapshot.length / rate,
        )

    def _status(self) -> nouns.PlayerStatus:
        stream, shelf = self._stream, self._shelf
        if stream is None or shelf is None:
            return nouns.PlayerStatus(State.DEGRADED, self._problem, refused=self._refused, refused_seq=self._refused_seq)
        troubles = shelf.troubles()
        state, detail = State.RUNNING, f"plays through {stream.device} at {stream.rate} Hz"
        if troubles:
            name, why = troubles[0]
            more = f", and {len(troubles) - 1} more" if len(troubles) > 1 else ""
            state, detail = State.DEGRADED, f"track {name} cannot be played ({why}){more}: put its file right"
        if stream.fault:
            state, detail = State.DEGRADED, f"a mistake of ours ({stream.fault}): nothing is heard; report it"
        return nouns.PlayerStatus(
            state,
            detail,
            stream.rate,
            0.0 if stream.snapshot is None else round(stream.snapshot.latency, 4),
            stream.lost,
            stream.late,
            stream.mixer.starved,
            shelf.bytes,
            troubles,
            self._refused,
            self._refused_seq,
        )

    def _say(self, data: bytes) -> bool:
        """False when the daemon's end is gone. What finds no room is left out: the next is newer."""
        try:
            self._socket.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        return True

    def _fade_out(self) -> None:
        if self._stream is not None:
            frames = round(END_S * self._stream.rate)
            self._stream.ask(lambda mixer: mixer.stop(frames))
            until = self._now() + 2 * END_S
            while self._now() < until and self._stream.mixer.mode in (nouns.Mode.PLAYING, nouns.Mode.STOPPING):
                time.sleep(0.01)


def main(argv: list[str] | None = None) -> int:
    """Be the player until the daemon is gone."""
    setup, fd = sys.argv[1:] if argv is None else argv
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the daemon's terminal is not for the music
    with socket.socket(fileno=int(fd)) as sock:
        player = Player(wire.decode_setup(setup), sock)
        signal.signal(signal.SIGTERM, lambda *_: player.end())  # a service manager ends daemon and player at once
        varispeed.warm()
        gc.collect()
        gc.freeze()  # what lives now lives for ever: the collector need not look at it again
        go_first()
        with contextlib.suppress(OSError):  # a user may not; whoever holds the interpreter's lock holds up the callback
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(RANK))
        try:
            player.run()
        except DeviceError:
            return 1  # told already
    return 0


if __name__ == "__main__":
    sys.exit(main())
