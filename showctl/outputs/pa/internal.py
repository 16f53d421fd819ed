"""The daemon's end of the in-process equaliser, told and asked as a console is: see outputs.pa.x32.

Its process plays the PA, so it is found running or else started, and is left running when the daemon goes. What it holds is
what was found, brought within the limits of the venue file where they have become narrower; until that is so nothing is told of
it. Each zone has BANDS of its own, at first flat and an octave apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from showctl import child
from showctl.model import ConsoleState, DeviceError, EqBand, EqState, Health, State, WireError
from showctl.plan import PaPlan
from showctl.watched import LOOK_S, Watched
from showctl.wire import pa

BANDS = 10
SILENT_S = 10.0  # it speaks every second; a driver that hangs it for so long will not come back
FIRST_S = 60.0  # that it may take to come up on a busy machine


def setup(plan: PaPlan) -> pa.PaSetup:
    """What the process is started for. The programme's inputs go to the outputs in turn: left to 1, 3, 5, right to 2, 4, 6."""
    programme = plan.programme or (1, 2)
    zones = tuple(
        tuple((programme[(channel - 1) % len(programme)] - 1, channel - 1) for channel in zone.channels) for zone in plan.zones
    )
    return pa.PaSetup(plan.card_in, plan.card_out, zones)


def limits(plan: PaPlan) -> pa.PaLimits:
    """What no band may go beyond, whoever asks for it."""
    return pa.PaLimits(plan.gain, plan.boost, plan.q)


def flat(q: tuple[float, float]) -> pa.Bands:
    """The bands of a zone at first: a Q of 1, or the nearest within the venue's limits, beyond which no band may be."""
    return tuple(EqBand("peaking", 31.25 * 2.0**n, 0.0, min(max(1.0, q[0]), q[1])) for n in range(BANDS))


class InternalConsole:
    """The equalisers of a plan's zones, called by their names. `path` is the socket in the runtime directory."""

    def __init__(self, plan: PaPlan, path: Path, now: Callable[[], float]) -> None:
        self._setup, self._limits, self._path, self._now = setup(plan), limits(plan), path, now
        self._names = [zone.name for zone in plan.zones]
        self._wanted = [flat(plan.q) for _ in plan.zones]
        self._agreed = False  # it holds these limits, and we know what it made of its bands
        self._status: pa.PaStatus | None = None
        self._answered: float | None = None  # s
        self._socket: socket.socket | None = None
        self._child: int | None = None  # that we started
        self._health = (State.STARTING, "the equaliser's process is looked for")
        self._since = now()

    # --- as of any console -----------------------------------------------------------------------------------------------

    def apply(self, name: str, state: EqState) -> None:
        """Have a zone's bands become what the policy decided."""
        if state.writes and self._agreed:
            bands = list(self._wanted[self._names.index(name)])
            for index, band in state.writes:
                bands[index] = band
            self._wanted[self._names.index(name)] = tuple(bands)
            self._send(state.quick)

    def limit(self, plan: PaPlan) -> None:
        """The limits of another version of the venue file hold from now on; the sound goes on."""
        if limits(plan) != self._limits:
            self._limits, self._agreed = limits(plan), False
            self._say(pa.encode_limits(self._limits))

    def plays(self, plan: PaPlan) -> bool:
        """Whether it is what another version of the venue file wants, limits aside."""
        return plan.console == "internal" and setup(plan) == self._setup and [zone.name for zone in plan.zones] == self._names

    def console(self, name: str) -> ConsoleState:
        """What a zone holds, for the next step of the policy."""
        if self._status is None or not self._agreed:
            return ConsoleState(self._answered)
        return ConsoleState(self._answered, self._status.held[self._names.index(name)])

    def settled(self, name: str) -> bool:
        """Whether the process holds what it was told, and it is heard."""
        index, status = self._names.index(name), self._status
        return status is not None and self._agreed and status.held[index] == self._wanted[index] and not status.moving

    def health(self) -> Health:
        """How it is, in words that say what to do."""
        status = self._status
        counters: tuple[tuple[str, float], ...] = ()
        if status is not None:
            counters = (("lost", float(status.lost)), ("broken", float(status.broken)))
        return Health("equaliser", *self._health, self._since, counters)

    # --- the process -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Find or start the process and talk to it until cancelled. Raises DeviceError when it ended, or hangs."""
        self._socket = self._connected() or self._started()
        loop, ended = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
        loop.add_reader(self._socket, child.wake, partial(self._drain, self._socket), ended)
        self._answered = answered = None
        watched, since = Watched(self._now), 0.0
        try:
            while not ended.done():
                await asyncio.wait([ended], timeout=LOOK_S)
                at, allowed = watched.look(), FIRST_S if self._answered is None else SILENT_S
                if self._answered != answered:
                    answered, since = self._answered, at
                if at - since > allowed:
                    self._end(self._status.pid if self._status else self._child, signal.SIGKILL)
                    raise DeviceError(
                        f"the equaliser has said nothing for {allowed:.0f} s, the sound driver hangs: it is started again"
                    )
            ended.result()
            raise DeviceError("the equaliser's process ended: it is started again")
        finally:
            loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None
            self._tell(State.DEGRADED, "the equaliser's process is not there")

    def end(self) -> None:
        """End the process: the PA is silent from then on."""
        self._end(self._status.pid if self._status else self._child)

    def _end(self, pid: int | None, by: signal.Signals = signal.SIGTERM) -> None:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # it has ended by itself
            if pid and b"showctl.outputs.pa.process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, by)

    def _connected(self) -> socket.socket | None:
        """The socket of a process that is there."""
        one = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            one.connect(str(self._path))
        except (FileNotFoundError, ConnectionRefusedError):
            one.close()
            return None
        one.setblocking(False)
        return one

    def _started(self) -> socket.socket:
        """The socket of a process that is started now."""
        self._path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen(1)
            os.set_inheritable(listener.fileno(), True)
            first, wanted = pa.encode_limits(self._limits), pa.encode_wanted(pa.PaWanted(tuple(self._wanted)))
            self._spawn([pa.encode_setup(self._setup), first.decode(), str(listener.fileno()), wanted.decode()])
            found = self._connected()  # it waits in line until the process has come up
        if found is None:
            raise DeviceError(f"the equaliser's socket {self._path} has gone: is its folder being cleared?")
        return found

    def _spawn(self, words: list[str]) -> None:
        """Start it in a session of its own; it is meant to outlive us."""
        if self._child is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._child, os.WNOHANG)
        command = [sys.executable, "-m", "showctl.outputs.pa.process", *words]
        log = str(self._path.with_suffix(".log"))
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        try:
            self._child = os.posix_spawn(sys.executable, command, environment, file_actions=files, setsid=True)
        except OSError as error:
            raise DeviceError(f"the equaliser's process cannot be started: {error}") from error

    def _drain(self, source: socket.socket) -> bool:
        """What waits, in order. False at the end of the process."""
        for data in child.messages(source, pa.MESSAGE_LIMIT):
            if not data:
                return False
            try:
                status = pa.decode_status(data)
            except WireError as error:
                raise DeviceError(f"the equaliser talks nonsense: {error}") from error
            self._take(status)
        return True

    def _take(self, status: pa.PaStatus) -> None:
        if status.setup != self._setup:
            self._end(status.pid)
            raise DeviceError("the equaliser's process ran for another venue file: it is started again")
        self._status, self._answered = status, self._now()
        if status.limits != self._limits:
            self._agreed = False
            self._say(pa.encode_limits(self._limits))
            return
        if not self._agreed:
            self._agreed, self._wanted = True, [bands or flat(self._limits.q) for bands in status.held]
        if status.refused:
            self._wanted = list(status.held)  # else all that comes after it would be refused with it
        elif status.held != tuple(self._wanted):
            self._send()
        detail = f"{status.detail}; refused: {status.refused}" if status.refused else status.detail
        self._tell(State.DEGRADED if status.refused else status.state, detail)

    def _tell(self, state: State, detail: str) -> None:
        if (state, detail) != self._health:
            self._health, self._since = (state, detail), self._now()

    def _send(self, quick: bool = False) -> None:
        self._say(pa.encode_wanted(pa.PaWanted(tuple(self._wanted), quick)))

    def _say(self, data: bytes) -> None:
        if self._socket is not None:
            with contextlib.suppress(BlockingIOError, ConnectionError):  # said again with the next status; `settled` says no
                self._socket.send(data)
