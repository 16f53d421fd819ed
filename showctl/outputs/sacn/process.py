"""The output process: owns the sACN sockets and the grid of frames, and goes on whatever becomes of the daemon.

    python -m showctl.outputs.sacn.process RUNTIME_DIR [--wait]

Frames leave on absolute deadlines of the grid; a deadline that was missed by more than half a period is left out, never caught
up. What is to be sent is read from the shared file (`frames`) at each deadline; a datagram to `output.sock` only wakes: "look"
(while nothing is sent yet), "early" (a control event: universes that were idle leave at once, and the grid starts anew from
there unless others are streaming on it), "hold" and "terminate" (end, as the word says). Without a daemon the last look stays,
for ever; only where the patch says `orphan` does the safe look come after that time, or, where there is none and the stream
is to end with the daemon, its termination.

A second output of the same directory ends with exit code 1 and says who holds it; with --wait it waits for its turn. SIGTERM
ends the process as the patch's `on_stop` says. Imports stay few, so that a new one sends within a fraction of a second.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from showctl.outputs.sacn.frames import EARLY, FRESH_NS, HOLD, OUTPUT_LOCK, SAFE, SOCKET, TERMINATE, open_frames
from showctl.outputs.sacn.sender import Log, Sender
from showctl.outputs.sacn.transmitter import Transmitter, sleep_until

IDLE_S = 0.2  # how often the heart beats while there is nothing to send
PRIORITY = 20  # SCHED_FIFO
LOCK_PATIENCE_S = 0.5  # who only looks whether it is held holds the lock for a moment


class OutputProcess:
    """The loop of the output. All times are CLOCK_MONOTONIC ns."""

    def __init__(self, runtime: Path, log: Log) -> None:
        frames = open_frames(runtime)
        self.file, self.frames, self.log = frames.file, frames, log
        self.sender = Sender(frames.file, log)
        self.transmitter = Transmitter(frames, self.sender)
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        os.chdir(runtime)  # the address of a socket has room for some 100 characters, a path may have more
        with contextlib.suppress(FileNotFoundError):
            os.unlink(SOCKET)
        self.control.bind(SOCKET)
        self.ending: str | None = None  # hold or terminate
        self.deadline = 0
        self.orphaned = False
        self.file["output_pid"] = os.getpid()
        self.file["starts"] += 1

    def run(self) -> None:
        """Send until told to end."""
        while not self.ending:
            if not self.transmitter.busy:
                self._idle()
                continue
            now = time.monotonic_ns()
            if now < self.deadline:
                self._listen((self.deadline - now) / 1e9)
            else:
                self._serve(now)
        if self.ending == TERMINATE:
            self.transmitter.terminate(self.deadline)
            self.file["newest"] = 0  # what was terminated is not taken up again
        self.close()

    def close(self) -> None:
        """Give everything back."""
        self.file["output_beat"] = 0
        self.sender.close()
        self.control.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(SOCKET)

    def _idle(self) -> None:
        """Nothing to send yet: look whether there is now, or wait a while for it."""
        self.file["output_beat"] = time.monotonic_ns()
        self._take()
        if not self.transmitter.busy:
            self._mind_the_daemon(time.monotonic_ns())
            self._listen(0.0 if self.ending else IDLE_S)
            return
        now, grid, period = time.monotonic_ns(), int(self.file["grid"]), self.transmitter.period
        self.deadline = grid + -(-(now - grid) // period) * period

    def _serve(self, now: int) -> None:
        """One deadline: send what is due, or leave the frame out if it is too late for it."""
        transmitter, period = self.transmitter, self.transmitter.period
        half = period // 2
        missed = -((half + self.deadline - now) // period)  # deadlines that lie more than half a period back
        if missed > 0:
            self.file["late"] += missed
            self.deadline += missed * period
            if now < self.deadline:
                return
        self._take()
        self._mind_the_daemon(now)
        self.sender.mend(now)
        streams, offsets = transmitter.streams, transmitter.offsets
        which, wait = streams.due(now + offsets)
        if 0 < wait <= self.deadline + half - now:
            sleep_until(now + wait)
            now = time.monotonic_ns()
            which, _ = streams.due(now + offsets)
        if which.any():
            transmitter.send(which, now, paced=True)
        elif streams.left_out(now + offsets):
            self.file["late"] += 1
        transmitter.say_goodbye()
        transmitter.discover(now)
        self.file["output_beat"] = time.monotonic_ns()
        self.deadline += period

    def _early(self) -> None:
        """A control event: what was idle leaves now. What streams keeps its rhythm, and the grid with it."""
        now = time.monotonic_ns()
        if now >= self.deadline or not self.transmitter.busy:
            return  # its deadline has come, or nothing was ever sent: the grid serves it
        self._take()
        streams = self.transmitter.streams
        if 0 < (wait := streams.early_wait(now)) < self.deadline - now:
            sleep_until(now + wait)  # the deadline is still to come, and there is nothing else to do before it
            self._take()
            now = time.monotonic_ns()
        which = streams.early(now)
        if not which.any():
            return
        alone = not streams.streaming(now)
        self.transmitter.send(which, now, paced=False)
        if alone:
            self.file["grid"] = now
            self.deadline = now + self.transmitter.period

    def _take(self) -> None:
        self.transmitter.take_patch()
        if self.transmitter.take_look():
            self.orphaned = False

    def _listen(self, seconds: float) -> None:
        """Wait for the time given or a datagram, and act on it."""
        if not select.select([self.control], [], [], seconds)[0]:
            return
        try:
            word = self.control.recv(64).decode(errors="replace")
        except BlockingIOError:  # select may be wrong: nothing came
            return
        if word == EARLY:
            self._early()
        elif word in (HOLD, TERMINATE):
            self.ending = word

    def _mind_the_daemon(self, now: int) -> None:
        """After `orphan` seconds without a daemon: the safe look, or the end of a stream that ends with its daemon."""
        patch, alone = self.transmitter.patch, now - int(self.file["daemon_beat"])
        if self.orphaned or not patch.orphan or alone < patch.orphan * 1e9 + FRESH_NS:
            return
        self.orphaned = True
        safe = self.frames.read_look(SAFE)
        then = "the safe look" if safe else "the stream ends" if patch.on_stop == TERMINATE else "the last look stays"
        self.log("orphan", f"no daemon for {alone / 1e9:.0f} s: {then}")
        if safe is not None:
            self.transmitter.show(safe)
        elif patch.on_stop == TERMINATE:
            self.ending = TERMINATE


# --- as a program ----------------------------------------------------------------------------------------------------


def hold_lock(path: Path, wait: bool) -> TextIO:
    """The lock of the one output of this directory; raises BlockingIOError if another holds it for good."""
    file = path.open("a+")
    end = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            break
        except BlockingIOError:
            if time.monotonic() > end:
                file.close()
                raise
            time.sleep(0.02)
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def hurry() -> None:
    """Run before everybody else where that is allowed, and without a collector that stops the world."""
    with contextlib.suppress(OSError):  # no permission: it works, with more jitter on a busy machine
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    gc.collect()
    gc.freeze()
    gc.disable()


def main(arguments: Sequence[str]) -> int:
    """`RUNTIME_DIR [--wait]`; returns the exit code."""
    words = [word for word in arguments if word != "--wait"]
    if len(words) != 1:
        print("usage: python -m showctl.outputs.sacn.process RUNTIME_DIR [--wait]", file=sys.stderr)
        return 2
    runtime = Path(words[0]).resolve()
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        lock = hold_lock(runtime / OUTPUT_LOCK, "--wait" in arguments)
    except BlockingIOError:
        holder = (runtime / OUTPUT_LOCK).read_text().strip()
        print(f"sacn: process {holder} is the output of {runtime} already", file=sys.stderr)
        return 1
    with lock:
        output = OutputProcess(runtime, Log())

        def stop(*_: object) -> None:
            output.ending = output.transmitter.patch.on_stop

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon, which says what becomes of the light
        hurry()
        output.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
