"""The player, a process of its own: commands in, sound out, and fifty times a second where the music is.

    python -m showctl.sound.player.process SETUP FD

SETUP is JSON (wire.player), FD one end of a socket pair (SOCK_SEQPACKET). Commands are acted upon in their order (`orders`), and
everything that was prepared sounds with the next block.

When the daemon's end goes away the music goes out within END_S and the process ends. A sound card that goes away cannot be had
back by the same PortAudio: then the process ends, and the daemon starts another. Whatever it ends of, it says so last: a status
that is FAILED.
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
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from showctl.rank import come_up, go_first

if __name__ == "__main__":
    come_up()  # before what follows is loaded, which would take its time at the daemon's own rank

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes: a pool of threads would take turns with the callback
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from showctl.model import DeviceError, State, WireError
from showctl.model import player as nouns
from showctl.sound.player import varispeed
from showctl.sound.player.orders import Orders
from showctl.sound.player.shelf import Shelf
from showctl.sound.player.stream import Snapshot, Stream
from showctl.sound.timebase import Timebase
from showctl.wire import player as wire

CLOCK_S, STATUS_S, STATUS_AT_MOST_S, RETRY_S = 0.02, 1.0, 0.2, 2.5
END_S = 0.3
RANK = 5  # SCHED_RR, of all threads but the callback's, which has a higher one
BATCH = 200  # commands at once

OpenStream = Callable[[str, tuple[int, ...]], Stream]


class Player:
    """The loop between the daemon's socket, its orders, the shelf and the stream."""

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
        self._orders = Orders(now)
        self._problem, self._retry = "the sound card is being opened", 0.0
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
            if self._over:
                self._say_last("it was ended by a signal (SIGTERM)")
        except DeviceError as error:
            self._say_last(str(error))
            raise
        except Exception as error:
            self._say_last(f"a mistake of ours ({error!r}), report it")
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
        self._orders.advance()
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
        self._orders.open(stream, self._shelf)
        self._shelf.start()

    # --- the daemon --------------------------------------------------------------------------------------------------------

    def _hear(self) -> bool:
        """Do what it asks for; False when it is gone."""
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
                self._orders.take(wire.decode_command(data), self._problem)
            except WireError as error:
                self._orders.refuse(0, str(error))
        return True

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
        stream, shelf, orders = self._stream, self._shelf, self._orders
        if stream is None or shelf is None:
            return nouns.PlayerStatus(State.DEGRADED, self._problem, refused=orders.refused, refused_seq=orders.refused_seq)
        troubles = shelf.troubles()
        state, detail = State.RUNNING, f"plays through {stream.device} at {stream.rate} Hz"
        if troubles:
            name, why = troubles[0]
            more = f", and {len(troubles) - 1} more" if len(troubles) > 1 else ""
            state, detail = State.DEGRADED, f"track {name} cannot be played ({why}){more}: put its file right"
        if stream.stands:
            state, detail = State.DEGRADED, f"{stream.device} asks for no sound any more: does its server stand still?"
        if shelf.fault:
            state, detail = State.DEGRADED, f"no more of the tracks can be read ({shelf.fault}): is there enough memory?"
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
            orders.refused,
            orders.refused_seq,
        )

    def _say_last(self, why: str) -> None:
        self._say(wire.encode_status(replace(self._status(), state=State.FAILED, detail=why)))

    def _say(self, data: bytes) -> bool:
        """False when the daemon's end is gone. What finds no room is left out: the next is newer."""
        try:
            self._socket.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except ConnectionError:
            return False
        except OSError:  # no room, in the socket or in the kernel
            pass
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
