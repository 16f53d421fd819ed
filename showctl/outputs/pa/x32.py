"""The console that a venue file names, by one UDP socket: what the equaliser is to be goes out, what the console says comes in.

All that is said is decided in `wire.x32_dialogue`; here are the socket and the time. The socket is connected, so the kernel lets
nothing through but that console. Nothing here waits for an answer: a console without power is words in the health of the part.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable

from showctl.model import ConsoleState, DeviceError, EqState, Health, State
from showctl.plan import PaPlan
from showctl.wire.x32 import Console, Limits, equaliser
from showctl.wire.x32_dialogue import Dialogue

TICK_S = 0.02  # between two looks at what is to be sent
BATCH = 200  # packets in one wake-up: with /xremote a console tells every fader that moves
LARGEST = 65535  # bytes of a UDP packet
GONE = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}  # comes and goes


class X32Console:
    """Talks to the console at host:port as long as `run` runs. Equalisers are called as `PaZone.console` says."""

    def __init__(self, host: str, port: int, dialogue: Dialogue, now: Callable[[], float]) -> None:
        self.host, self.port = host, port
        self._dialogue, self._now = dialogue, now
        self._since = now()
        self._state = State.STARTING
        self._socket: socket.socket | None = None
        self._network = ""  # what the network said last, until a packet gets through

    @classmethod
    def of(cls, kind: Console, plan: PaPlan, now: Callable[[], float]) -> X32Console:
        """The console of a venue, with the equalisers of its zones."""
        equalisers = [equaliser(kind, zone.console) for zone in plan.zones if zone.console]
        return cls(plan.host, plan.port, Dialogue(kind, equalisers, Limits(plan.gain, plan.q)), now)

    def limit(self, plan: PaPlan) -> None:
        """The limits of another version of the venue file hold from now on."""
        self._dialogue.limits = Limits(plan.gain, plan.q)

    def plays(self, plan: PaPlan) -> bool:
        """Whether it is what another version of the venue file names, limits aside."""
        names = [zone.console for zone in plan.zones if zone.console]
        return (plan.console, plan.host, plan.port, names) == (self._dialogue.console, self.host, self.port, self._dialogue.names)

    def apply(self, name: str, state: EqState) -> None:
        """Have an equaliser become what the policy decided."""
        for index, band in state.writes:
            self._dialogue.write(name, index, band, state.snapshot[index] if state.snapshot else None)
        if state.switch == "on":
            self._dialogue.switch_on(name)
        elif state.switch == "found":
            self._dialogue.switch_back(name)

    def console(self, name: str) -> ConsoleState:
        """What an equaliser is, and what was touched since this was asked last: for the next step of the policy."""
        return self._dialogue.take(name)

    def settled(self, name: str) -> bool:
        """Whether the console has confirmed all that it was told."""
        return self._dialogue.settled(name)

    async def run(self) -> None:
        """Talk until cancelled. Raises DeviceError where there is no way to that address."""
        loop, broken = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
        self._socket = self._open()
        loop.add_reader(self._socket, self._wake, self._socket, broken)
        try:
            while not broken.done():
                self._send(self._socket)
                await asyncio.wait([broken], timeout=TICK_S)
            broken.result()
        finally:
            loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def health(self) -> Health:
        """How the console is, in words that say what to do."""
        state, words = self._dialogue.health(self._now())
        if state is not self._state:
            self._state, self._since = state, self._now()
        told = f"{self.host}:{self.port}: {words}"
        if state is not State.RUNNING and self._network:
            told += f" ({self._network})"
        counters = tuple((name, float(count)) for name, count in self._dialogue.counts.items())
        return Health("console", state, told, self._since, counters)

    def end(self) -> None:
        """Nothing was started for it."""

    # --- packets -------------------------------------------------------------------------------------------------------

    def _open(self) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            opened.connect((self.host, self.port))
        except OSError as error:
            opened.close()
            text = f"the console at {self.host}:{self.port} cannot be reached: {_said(error)}; look at this machine's network"
            raise DeviceError(text) from error
        return opened

    def _wake(self, source: socket.socket, broken: asyncio.Future[None]) -> None:
        try:
            for _ in range(BATCH):
                try:
                    data = source.recv(LARGEST)
                except BlockingIOError:
                    break
                except OSError as error:  # what became of a packet that was sent
                    self._note(error)
                    continue
                self._network = ""
                self._dialogue.received(data, self._now())
            self._send(source)
        except Exception as error:  # our mistake, or a dead socket: it ends run(), rather than the loop logging it each time
            if not broken.done():
                broken.set_exception(error)

    def _send(self, to: socket.socket) -> None:
        for data in self._dialogue.due(self._now()):
            try:
                to.send(data)
            except BlockingIOError:
                return  # the rest is asked for and written again, as what is lost on the way
            except OSError as error:
                self._note(error)

    def _note(self, error: OSError) -> None:
        """A console that is off or a cable that is out shows as silence: here only the network's own words are kept."""
        if error.errno not in GONE:
            raise DeviceError(f"the console at {self.host}:{self.port} cannot be reached: {_said(error)}") from error
        self._network = _said(error)


def _said(error: OSError) -> str:
    return os.strerror(error.errno or 0).lower()
