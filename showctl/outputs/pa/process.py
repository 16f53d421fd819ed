"""The in-process equaliser, a process of its own: a sound card's inputs through the bands of each zone to its outputs.

    python -m showctl.outputs.pa.process SETUP FD [WANTED]

SETUP and WANTED are JSON (wire.pa); FD is a socket that listens already. The PA sounds through this process, so it outlives the
daemon: it goes on with what it holds until a daemon comes again, and ends on SIGTERM alone. One daemon is served, the newest.

A sound card that goes away cannot be had back by the same PortAudio: the process then becomes a fresh one (exec, same process
id, same socket, what it held) that looks for the card. Bands that break a limit are refused in words; the last good ones stay.
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

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy comes: a pool of threads would take turns with the callback
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from showctl.model import DeviceError, State, WireError
from showctl.sound.duplex import Duplex
from showctl.sound.equaliser import EqLimits, Equaliser
from showctl.sound.portaudio import DeviceGone, go_first
from showctl.sound.through import Through
from showctl.wire import pa

LOOK_S, STATUS_S, RETRY_S = 0.05, 1.0, 2.5


class Stream(Protocol):
    """What sound.duplex.Duplex does."""

    rate: int
    device: str
    lost: int

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
        listener: socket.socket,
        wanted: pa.PaWanted | None = None,
        open_stream: OpenStream = Duplex,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.setup, self.held = setup, wanted or pa.PaWanted(tuple(() for _ in setup.zones))
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
        self._limits = EqLimits(bands=pa.MOST_BANDS, boost=setup.gain[1], cut=-setup.gain[0], summed=setup.boost, q=setup.q)

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
            self._through = Through(self._routes, Equaliser(len(self._routes), self._stream.rate, self._limits))
            self._take(self.held)
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
            self._refused = ""
            if (wanted := pa.decode_wanted(data)) != self.held:
                self._take(wanted)
        except WireError as error:
            self._refused = str(error)

    def _take(self, wanted: pa.PaWanted) -> None:
        """Have it heard, or say why not."""
        if len(wanted.zones) != len(self.setup.zones):
            self._refused = f"bands for {len(wanted.zones)} zones: there are {len(self.setup.zones)}"
            return
        if self._through is not None:
            try:
                equaliser = self._through.equaliser
                pairs = zip(self.setup.zones, wanted.zones, strict=True)
                equaliser.set([bands for routes, bands in pairs for _ in routes])
                equaliser.bypass(wanted.bypassed)
            except ValueError as error:
                self._refused = str(error)
                return
        self.held, self._refused = wanted, ""

    def _status(self) -> pa.PaStatus:
        stream, through = self._stream, self._through
        if stream is None or through is None:
            return pa.PaStatus(State.DEGRADED, self._problem, self.setup, self.held, False, 0, 0, self._refused, os.getpid())
        eq = through.equaliser
        state, detail = State.RUNNING, f"plays through {stream.device} at {stream.rate} Hz"
        if through.fault:
            state, detail = State.DEGRADED, f"a mistake of ours ({through.fault}): the sound passes as it comes in; report it"
        return pa.PaStatus(state, detail, self.setup, self.held, eq.moving, stream.lost, eq.broken, self._refused, os.getpid())

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


def main(argv: list[str] | None = None) -> int:
    """Be the PA's equaliser until SIGTERM."""
    setup, fd, *rest = sys.argv[1:] if argv is None else argv
    listener = socket.socket(fileno=int(fd))
    process = Pa(pa.decode_setup(setup), listener, pa.decode_wanted(rest[0].encode()) if rest else None)
    signal.signal(signal.SIGTERM, lambda *_: setattr(process, "ended", True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the daemon's terminal is not for the PA
    gc.collect()
    gc.freeze()  # what lives now lives for ever: the collector need not look at it again
    go_first()
    try:
        process.run()
    except DeviceGone:
        os.set_inheritable(listener.fileno(), True)
        held = pa.encode_wanted(process.held).decode()
        os.execv(sys.executable, [sys.executable, "-m", "showctl.outputs.pa.process", setup, fd, held])
    return 0


if __name__ == "__main__":
    sys.exit(main())
