"""The daemon's end of the output: it writes looks into the shared file, and minds the process that sends them.

Every call is cheap and waits for nobody (`open` and `close` aside): a look is copied into a slot of the file, which the output
reads at its next deadline; a datagram wakes it for an early one. Whether the network takes it is the output's business and
shows in `health`. An output that lives is adopted, with its sockets, its sequence numbers and its last look; where there is
none a new one is started, in a session of its own, which does not end with the daemon. `tend`, called about once a second,
starts a new one when the output died or hangs, soon at first, then every half minute at most.

Only one daemon may own a runtime directory: it holds the lock `daemon.lock`. Times are CLOCK_MONOTONIC ns.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from showctl.model import DeviceError, Health, State
from showctl.outputs.sacn import frames as shared
from showctl.outputs.sacn.frames import EARLY, FRESH_NS, LOOK_CAME, TERMINATE, Frames, Patch, as_universes
from showctl.outputs.sacn.sender import explain
from showctl.plan import Universe
from showctl.wire.e131_stream import PERIOD

AHEAD_NS = 2_000_000  # a deadline nearer than this is too near to compute a look for
AWAKE = 2  # looks that an output at work may be behind
HANGS_NS = 5_000_000_000  # an output that holds the lock and whose heart did not beat for so long is ended
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0  # between two starts of an output
SETTLED_S = 10.0  # an output that lived so long is well: the next start is soon again
END_S = 1.0  # how long `close` waits for an output that was told to end
RECENT_NS = 2_000_000_000  # an error newer than this is health
SHORT_PATH = 100  # characters that the address of a Unix socket has room for


class DaemonRunning(Exception):
    """Another daemon owns this runtime directory. `pid` says which, 0 if it does not say."""

    def __init__(self, runtime: Path, pid: int) -> None:
        super().__init__(
            f"process {pid or '?'} is the daemon of {runtime} already: stop it first, or give --state another directory"
        )
        self.pid = pid


class Output:
    """The sACN output as the daemon sees it. Made by `open`."""

    def __init__(self, runtime: Path, lock: TextIO, frames: Frames, patch: Patch) -> None:
        self.runtime, self.patch, self.adopted = runtime, patch, False
        self._lock: TextIO | None = lock
        self._frames, self._file = frames, frames.file
        self._numbers = numbers(patch.universes)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._address = str(runtime / shared.SOCKET)
        self._pid, self._pidfd = 0, -1
        self._child = 0  # a process that we started and must reap
        self._started = self._next_start = 0.0  # s
        self._wait = FIRST_WAIT_S
        self._restarts, self._why = 0, f"see {runtime / shared.LOG}"
        self._seen_beat = 0

    @classmethod
    def open(
        cls,
        runtime_dir: Path,
        universes: Sequence[Universe],
        *,
        source_name: str,
        interface: str | None,
        ttl: int,
        state_dir: Path,
        on_stop: str,
        orphan: float | None = None,
        period: int = PERIOD,
    ) -> Output:
        """Own the output of a runtime directory: the one that lives there, or a new one.

        `orphan` is in seconds, `period` of the grid in ns. Raises DaemonRunning if another daemon owns it, DeviceError where
        the directory cannot be used, ValueError for universes that the output cannot take.
        """
        runtime = runtime_dir.resolve()
        if len(str(runtime)) > SHORT_PATH - len(shared.SOCKET):
            raise DeviceError(f"the path {runtime} is too long for a socket: use a runtime directory with a shorter one")
        cid = shared.persistent_cid(state_dir)
        patch = Patch(cid, source_name, tuple(universes), interface or "", ttl, on_stop=on_stop, orphan=orphan or 0.0)
        shared.check_patch(patch)
        runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = own(runtime)
        try:
            self = cls(runtime, lock, shared.open_frames(runtime), patch)
        except BaseException:
            lock.close()
            raise
        self._file["epoch"] += 1
        self._file["daemon_pid"] = os.getpid()
        self._file["daemon_beat"] = time.monotonic_ns()
        self._file["period"] = max(period, PERIOD)
        self._write_patch()
        self.adopted = self._find()
        if not self.adopted:
            self._start()
        return self

    # --- looks -----------------------------------------------------------------------------------------------------

    @property
    def period(self) -> int:
        """From one deadline to the next, ns."""
        return int(self._file["period"])

    def last_frame(self) -> NDArray[np.uint8] | None:
        """What was sent last, (U, 512) in the order of the present universes; None if nothing of them ever was."""
        return as_universes(self._frames.read_look(), self.patch.universes)

    def next_deadline(self, now_ns: int) -> int:
        """The first deadline of the grid that lies at least 2 ms after now_ns."""
        grid, period = int(self._file["grid"]), self.period
        return grid + -(-(now_ns + AHEAD_NS - grid) // period) * period

    def submit(self, slots: NDArray[np.uint8], deadline_ns: int, early: bool = False) -> None:
        """The look (U, 512) of a deadline; `early`: of a control event, to leave at once where that is allowed.

        Never waits, and never raises for the network or for an output that is gone: `health` has that.
        """
        file, number = self._file, self._frames.write_look(self._numbers, slots, deadline_ns)
        file["daemon_beat"] = time.monotonic_ns()
        if early:
            self._say(EARLY)
        elif not 0 <= number - int(file["taken"]) <= AWAKE:
            self._say(LOOK_CAME)  # it does not take look after look: it waits for its first one

    def set_safe(self, slots: NDArray[np.uint8]) -> None:
        """The look (U, 512) that the output sends when it was without a daemon for `orphan` seconds."""
        self._frames.write_safe(self._numbers, slots)

    def set_universes(self, universes: Sequence[Universe]) -> None:
        """Another patch: what stays goes on, what left is terminated. Raises ValueError for what the output cannot take."""
        patch = replace(self.patch, universes=tuple(universes))
        shared.check_patch(patch)
        self.patch, self._numbers = patch, numbers(universes)
        self._write_patch()

    @property
    def frames(self) -> int:
        """How many frames have left, of this and of earlier outputs of the directory."""
        return int(self._file["frames"])

    def sent_at(self, first: int) -> NDArray[np.int64]:
        """When the frames from number `first` on left (ns), as far back as is remembered (1024)."""
        end = self.frames
        return self._file["sent_at"][np.arange(max(first, end - shared.TIMES + 1, 0), end) % shared.TIMES]  # type: ignore[no-any-return]

    def _write_patch(self) -> None:
        if self._frames.read_patch() != self.patch:
            self._frames.write_patch(self.patch)
            self._say(LOOK_CAME)

    def _say(self, word: str) -> bool:
        """One datagram. A full or missing socket is no loss: the look lies in the file, and the next deadline reads it."""
        try:
            self._socket.sendto(word.encode(), self._address)
        except OSError:
            return False
        return True

    # --- the process -------------------------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The output process, 0 for none."""
        return self._pid if self._pidfd >= 0 else 0

    def alive(self) -> bool:
        """Whether the output runs and its heart beats."""
        return self._runs() and self._beats(FRESH_NS)

    def taken_over(self) -> bool:
        """Whether the output passed through its loop since the last call: food for the watchdog."""
        beat = int(self._file["output_beat"])
        moved, self._seen_beat = beat != self._seen_beat, beat
        return moved

    def tend(self) -> None:
        """About once a second: an output that is gone or hangs is replaced."""
        now = time.monotonic()
        if self.alive():
            if now - self._started > SETTLED_S:
                self._wait = FIRST_WAIT_S
            return
        if now < self._next_start or self._find():
            return
        if self._runs() and now - self._started < HANGS_NS / 1e9:
            return  # it has only just been started
        if self._held_by():
            if self._beats(HANGS_NS):
                return
            self._kill()
        self._restarts += 1
        self._start()

    def _runs(self) -> bool:
        return self._pidfd >= 0 and not self._ended(0.0)

    def _ended(self, seconds: float) -> bool:
        """Wait for the watched process to end; whether it did."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _beats(self, within: int) -> bool:
        return time.monotonic_ns() - int(self._file["output_beat"]) < within

    def _held_by(self) -> int:
        """The process that holds the output's lock, 0 for none."""
        with (self.runtime / shared.OUTPUT_LOCK).open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                return int(file.read().strip() or 0)
        return 0

    def _find(self) -> bool:
        """Adopt the output that holds the lock and lives."""
        pid = self._held_by()
        if not pid or pid != int(self._file["output_pid"]) or not self._beats(FRESH_NS):
            return False
        return self._watch(pid)

    def _watch(self, pid: int) -> bool:
        self._forget()
        try:
            self._pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        self._pid = pid
        return True

    def _forget(self) -> None:
        """Let go of the process that was watched, and reap a child of ours that has ended."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        if self._child:
            with contextlib.suppress(ChildProcessError):  # somebody else in this process reaps all children
                if os.waitpid(self._child, os.WNOHANG)[0]:
                    self._child = 0

    def _start(self) -> None:
        """A new output: its own session, no terminal, what it says in a file (a pipe of ours would keep our reader waiting)."""
        now = time.monotonic()
        self._started, self._next_start = now, now + self._wait
        self._wait = min(2 * self._wait, LONGEST_WAIT_S)
        self._forget()
        self._file["output_beat"] = self._file["taken"] = 0
        command = [sys.executable, "-m", "showctl.outputs.sacn.process", str(self.runtime)]
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # no pool of threads for copying bytes
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, self.runtime / shared.LOG, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        try:
            # not subprocess: nobody waits for this child, it is meant to outlive us
            pid = os.posix_spawn(sys.executable, command, environment, file_actions=files, setsid=True)
        except OSError as error:  # no memory, no processes left: as bad as one that ended at once, and tried again like that
            self._why = f"{sys.executable}: {error}"
            return
        self._why = f"see {self.runtime / shared.LOG}"
        self._child = pid
        self._watch(pid)

    def _kill(self) -> None:
        """End an output that holds the lock and hangs."""
        pid = self._held_by()
        # the lock may have a new holder that has not written its number yet: make sure that this one is an output
        if pid and self._watch(pid) and b"showctl.outputs.sacn.process" in command_line(pid):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            self._ended(END_S)

    def close(self, policy: str) -> None:
        """Give the output up: "hold" leaves it sending the last look, "terminate" ends its streams and waits for that (1 s)."""
        if self._lock is None:
            return
        if policy == TERMINATE and self._runs():
            for _ in range(20):  # a new one may not listen yet
                if self._say(TERMINATE) or self._ended(END_S / 20):
                    break
            if not self._ended(END_S):
                self._kill()
        if policy == TERMINATE:
            self._file["newest"] = 0
        self._file["daemon_pid"] = 0
        self._forget()
        self._socket.close()
        self._lock.close()
        self._lock = None

    # --- health ------------------------------------------------------------------------------------------------------

    def health(self) -> Health:
        """How the output is, as a part named "output"."""
        file, state, detail = self._file, State.RUNNING, ""
        if not self._runs() or (int(file["output_beat"]) and not self._beats(FRESH_NS)):
            state = State.FAILED
            detail = f"the output process is gone or hangs: a new one is started within {self._wait:.0f} s; {self._why}"
        elif not int(file["output_beat"]):
            state, detail = State.STARTING, "the output process is starting"
        elif time.monotonic_ns() - int(file["error_at"]) < RECENT_NS and int(file["error_number"]):
            state, detail = State.DEGRADED, explain(int(file["error_number"]), bytes(file["error_to"]).decode())
        errors = [(name(int(i)), float(file["errors"][i])) for i in np.flatnonzero(file["errors"])]
        counters = [(key, float(file[key])) for key in ("packets", "frames", "late")]
        return Health("output", state, detail, counters=(*counters, ("restarts", float(self._restarts)), *errors))


def name(number: int) -> str:
    """An errno's name as a counter: "ENETUNREACH"."""
    return errno.errorcode.get(number, str(number))


def numbers(universes: Sequence[Universe]) -> NDArray[np.uint16]:
    """The universe numbers as the shared file keeps them."""
    return np.array([universe.number for universe in universes], np.uint16)


def command_line(pid: int) -> bytes:
    """What a process was started as; nothing if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def own(runtime: Path) -> TextIO:
    """The daemon's lock of a runtime directory; raises DaemonRunning if another daemon holds it."""
    file = (runtime / shared.DAEMON_LOCK).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip()
        file.close()
        raise DaemonRunning(runtime, int(pid) if pid.isdigit() else 0) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
