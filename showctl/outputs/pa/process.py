"""The in-process equaliser, a process of its own: a sound card's inputs through the bands of each zone to its outputs.

    python -m showctl.outputs.pa.process SETUP LIMITS FD [WANTED]

SETUP, LIMITS and WANTED are JSON (wire.pa); FD is a socket that listens already. The PA sounds through this process, so it
outlives the daemon: it goes on with what it holds until a daemon comes again, and ends on SIGTERM alone. One daemon is served,
the newest.

A sound card that goes away cannot be had back by the same PortAudio: the process then becomes a fresh one (exec, same process
id, same socket, what it held) that looks for the card. Bands that break a limit are refused in words, and the last good ones
stay. What it holds is brought within where limits come that are narrower, or a card of another rate, and is faded to.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Protocol

# No rank.come_up: there is no sound in the house until all of this is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes: a pool of threads would take turns with the callback
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from showctl.model import DeviceError, State, WireError
from showctl.rank import go_first
from showctl.sound.duplex import Duplex
from showctl.sound.equaliser import EqLimits, Equaliser
from showctl.sound.portaudio import DeviceGone
from showctl.sound.through import Through
from showctl.wire import pa

LOOK_S, STATUS_S, RETRY_S = 0.05, 1.0, 2.5
USUAL_RATE = 48_000  # Hz, while no card is open
_NOTHING = pa.encode_wanted(pa.PaWanted(())).decode()


class Stream(Protocol):
    """What sound.duplex.Duplex does."""

    rate: int
    device: str
    lost: int

    @property
    def stands(self) -> bool:
        """Whether the card asks for nothing just now."""

    def play(self, work: Through) -> None:
        """Answer every block so."""

    def tend(self) -> None:
        """Raises DeviceGone."""

    def close(self) -> None:
        """Let go."""


OpenStream = Callable[[str, str, int, int], Stream]


class Pa:
    """The loop between the daemon's socket and the stream."""

    def __init__(
        self,
        setup: pa.PaSetup,
        limits: pa.PaLimits,
        listener: socket.socket,
        wanted: tuple[pa.Bands, ...] | None = None,
        open_stream: OpenStream = Duplex,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.setup, self.limits = setup, limits
        self.held: tuple[pa.Bands, ...] = tuple(() for _ in setup.zones)
        self.ended = False
        self._listener, self._open, self._now = listener, open_stream, now
        self._daemon: socket.socket | None = None
        self._stream: Stream | None = None
        self._through: Through | None = None
        self._refused = ""
        self._retry = self._told_at = 0.0
        self._told = b""
        self._routes = [route for zone in setup.zones for route in zone]
        self._problem = "the sound card is being opened" if self._routes else "no zone of the PA has an output: name some"
        if wanted is not None:
            self._take(wanted)

    def run(self) -> None:
        """Until `ended`. Raises DeviceGone where only a new process can help."""
        try:
            while not self.ended:
                self.step(LOOK_S)
        finally:
            if self._stream is not None and self.ended:
                self._stream.close()

    def step(self, wait: float) -> None:
        """Look after the card, hear the daemon, tell it how things are."""
        self._tend()
        watched = [self._listener, *([self._daemon] if self._daemon else [])]
        ready = select.select(watched, [], [], wait)[0]
        if self._daemon in ready:
            self._hear()
        if self._listener in ready:
            self._accept()
        self._tell()

    def _tend(self) -> None:
        if self._stream is not None:
            self._stream.tend()
        elif self._routes and self._now() >= self._retry:
            try:
                inputs, outputs = (1 + max(ends) for ends in zip(*self._routes, strict=True))
                self._stream = self._open(self.setup.card_in, self.setup.card_out, inputs, outputs)
            except DeviceError as error:
                self._problem, self._retry = f"{error}; it is looked for until it comes", self._now() + RETRY_S
                return
            self._through = Through(self._routes, Equaliser(len(self._routes), self._stream.rate))
            self._limit(self.limits)
            self._stream.play(self._through)

    def _accept(self) -> None:
        if self._daemon is not None:
            self._daemon.close()
        self._daemon, _ = self._listener.accept()
        self._daemon.setblocking(False)
        self._told = b""

    def _hear(self) -> None:
        assert self._daemon is not None
        try:
            data = self._daemon.recv(pa.MESSAGE_LIMIT + 1)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._let_go()
            return
        try:
            told = pa.decode_told(data)
            self._refused = ""
            if isinstance(told, pa.PaLimits):
                self._limit(told)
            elif told.zones != self.held:
                self._take(told.zones, told.quick)
        except WireError as error:
            self._refused = str(error)

    def _limit(self, limits: pa.PaLimits) -> None:
        """These limits hold from now on, for what is held already, too."""
        self.limits = limits
        if self._through is not None:
            self._through.equaliser.limits = _of(limits)
        self._take(tuple(_of(limits).within(bands, self._rate) for bands in self.held))

    @property
    def _rate(self) -> int:
        return self._stream.rate if self._stream is not None else USUAL_RATE

    def _take(self, wanted: tuple[pa.Bands, ...], quick: bool = False) -> None:
        """Have it heard, or say why not."""
        if len(wanted) != len(self.setup.zones):
            self._refused = f"bands for {len(wanted)} zones: there are {len(self.setup.zones)}"
        elif broken := next(filter(None, (_of(self.limits).broken(bands, self._rate) for bands in wanted)), ""):
            self._refused = broken
        else:
            if self._through is not None:
                self._through.equaliser.set(
                    [bands for routes, bands in zip(self.setup.zones, wanted, strict=True) for _ in routes], quick
                )
            self.held, self._refused = wanted, ""

    def _status(self) -> pa.PaStatus:
        stream, through = self._stream, self._through
        if stream is None or through is None:
            return pa.PaStatus(
                State.DEGRADED, self._problem, self.setup, self.limits, self.held, False, 0, 0, self._refused, os.getpid()
            )
        eq = through.equaliser
        state, detail = State.RUNNING, f"plays through {stream.device} at {stream.rate} Hz"
        if stream.stands:
            why = f"{stream.device} asks for no sound any more, the PA is silent: does its server stand still?"
            state, detail = State.DEGRADED, why
        if through.fault:
            state, detail = State.DEGRADED, f"a mistake of ours ({through.fault}): the sound passes as it comes in; report it"
        return pa.PaStatus(
            state, detail, self.setup, self.limits, self.held, eq.moving, stream.lost, eq.broken, self._refused, os.getpid()
        )

    def _tell(self) -> None:
        """A status a second, and at once where it has changed. One that finds no room is left out: the next is newer."""
        if self._daemon is None:
            return
        data = pa.encode_status(self._status())
        if data == self._told and self._now() < self._told_at + STATUS_S:
            return
        try:
            self._daemon.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return
        except ConnectionError:
            self._let_go()
            return
        self._told, self._told_at = data, self._now()

    def _let_go(self) -> None:
        if self._daemon is not None:
            self._daemon.close()
        self._daemon = None


def _of(limits: pa.PaLimits) -> EqLimits:
    return EqLimits(pa.MOST_BANDS, limits.gain[1], -limits.gain[0], limits.boost, q=limits.q)


def main(argv: list[str] | None = None) -> int:
    """Be the PA's equaliser until SIGTERM."""
    setup, first, fd, *rest = sys.argv[1:] if argv is None else argv
    listener = socket.socket(fileno=int(fd))
    limits, wanted = (pa.decode_told(one.encode()) for one in (first, rest[0] if rest else _NOTHING))
    assert isinstance(limits, pa.PaLimits)
    assert isinstance(wanted, pa.PaWanted)
    process = Pa(pa.decode_setup(setup), limits, listener, wanted.zones or None)
    signal.signal(signal.SIGTERM, lambda *_: setattr(process, "ended", True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the daemon's terminal is not for the PA
    gc.collect()
    gc.freeze()  # what lives now lives for ever: the collector need not look at it again
    go_first()
    try:
        process.run()
    except DeviceGone:
        os.set_inheritable(listener.fileno(), True)
        held = [pa.encode_limits(process.limits).decode(), fd, pa.encode_wanted(pa.PaWanted(process.held)).decode()]
        os.execv(sys.executable, [sys.executable, "-m", "showctl.outputs.pa.process", setup, *held])
    return 0


if __name__ == "__main__":
    sys.exit(main())
