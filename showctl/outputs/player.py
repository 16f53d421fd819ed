"""The daemon's end of the player: starts its process, hands commands over, tells where the music is and how it is.

A process that ends, or says nothing for SILENT_S, is a DeviceError out of `run`, with what it said last (a status that is FAILED)
or how it ended: the supervisor tells that and starts it again, and the next one is told everything anew by `on_started`. Nothing
sounds then until somebody asks for it. Only time in which we looked counts: where the whole machine stood still, nobody spoke.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from showctl import child
from showctl.model import DeviceError, Health, State, WireError
from showctl.model import player as nouns
from showctl.watched import LOOK_S, Watched
from showctl.wire import player as wire

BATCH = 200  # messages a wake-up of the loop, at most
MOST_WAITING = 4000  # commands for a process that does not listen
SILENT_S = 5.0  # it speaks many times a second; a driver that hangs it for so long will not come back
FIRST_WORD_S = 60.0  # that it may take to come up on a busy machine


class PlayerProcess:
    """The part of the daemon that plays tracks through a sound card. `on_clock` and `on_status` are told what it says."""

    def __init__(
        self,
        setup: nouns.PlayerSetup,
        *,
        on_started: Callable[[], None],
        on_clock: Callable[[nouns.PlayerClock], None],
        on_status: Callable[[nouns.PlayerStatus], None],
    ) -> None:
        self._setup = setup
        self._on_started, self._on_clock, self._on_status = on_started, on_clock, on_status
        self._process: asyncio.subprocess.Process | None = None
        self._socket: socket.socket | None = None
        self._spoken = False
        self._words = 0  # messages that it has sent, some at a time
        self._last_words = ""
        self._waiting: deque[bytes] = deque()
        self.malformed = 0

    @property
    def pid(self) -> int | None:
        """The player's process, None while there is none."""
        return self._process.pid if self._process else None

    @property
    def ready(self) -> bool:
        """Whether there is a process that does what it is told now: one that comes up, and has said nothing yet, may be waiting
        for its sound card, and would begin a song whenever that comes."""
        return self._socket is not None and self._spoken

    def send(self, command: nouns.Command) -> bool:
        """Hand a command over; False where there is no process, or it takes no more."""
        if self._socket is None or len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append(wire.encode_command(command))
        if len(self._waiting) == 1:
            self._flush()
        return True

    def _flush(self) -> None:
        """Hand over what waits: a process that comes up is told hundreds of tracks at once, more than a socket holds."""
        loop = asyncio.get_running_loop()
        while self._waiting and self._socket is not None:
            try:
                self._socket.send(self._waiting[0])
            except BlockingIOError:
                loop.add_writer(self._socket, self._flush)
                return
            except ConnectionError:
                self._waiting.clear()  # it has ended: `run` hears of that
                break
            self._waiting.popleft()
        if self._socket is not None:
            loop.remove_writer(self._socket)

    async def run(self) -> None:
        """Play until cancelled. Raises DeviceError when the process ended or hangs."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            ours.setblocking(False)
            words = [wire.encode_setup(self._setup), str(theirs.fileno())]
            try:
                self._process = await child.begin("the player's process", "showctl.sound.player.process", words, theirs)
            finally:
                theirs.close()
            ended = loop.create_future()
            self._socket, self._spoken, self._last_words = ours, False, ""
            loop.add_reader(ours, child.wake, partial(self._drain, ours), ended)
            try:
                self._on_started()
                await self._watch(ended)
            finally:
                self._socket = None
                self._waiting.clear()
                loop.remove_reader(ours)
                loop.remove_writer(ours)
                ours.close()  # the music goes out and the process ends when our end is gone
                process, self._process = self._process, None
                if process is not None:
                    await child.end(process)

    async def _watch(self, ended: asyncio.Future[None]) -> None:
        loop = asyncio.get_running_loop()
        watched, words, since = Watched(loop.time), self._words, 0.0
        while (patience := SILENT_S if self._spoken else FIRST_WORD_S) > watched.look() - since:
            await asyncio.wait([ended], timeout=min(LOOK_S, patience))
            if ended.done():
                ended.result()
                raise DeviceError(f"{await self._why_it_ended()}; it is started again")
            if words != self._words:
                words, since = self._words, watched.look()
        raise DeviceError(f"the player has said nothing for {patience:.0f} s, the sound driver hangs: it is started again")

    async def _why_it_ended(self) -> str:
        """In its own words, where it had any."""
        if self._last_words:
            return f"the player has ended: {self._last_words}"
        code = None
        if self._process is not None:
            with suppress(TimeoutError):
                code = await asyncio.wait_for(self._process.wait(), child.END_S)
        if code is None:
            return "the player's process says nothing more"
        if code < 0:
            return f"the player's process was ended by a signal ({signal.Signals(-code).name}), by the system or by somebody"
        return f"the player's process ended without a word (exit code {code}), as when it cannot be loaded"

    def _drain(self, ours: socket.socket) -> bool:
        """What waits, in order; of clocks that say the same but for the time the newest. False at the end of the process."""
        clock: nouns.PlayerClock | None = None
        alive = True
        for data in child.messages(ours, wire.MESSAGE_LIMIT, BATCH):
            if not data:
                alive = False
                break
            said: nouns.PlayerClock | nouns.PlayerStatus | None = None
            with suppress(WireError):
                said = wire.decode_said(data)
            if said is None:
                self.malformed += 1  # a player that talks nonsense must not stop the show
            elif isinstance(said, nouns.PlayerStatus):
                if said.state is State.FAILED:
                    self._last_words = said.detail
                else:
                    self._on_status(said)
            else:
                if clock is not None and (clock.mode, clock.take) != (said.mode, said.take):
                    self._on_clock(clock)
                clock = said
        self._words, self._spoken = self._words + 1, True
        if clock is not None:
            self._on_clock(clock)
        return alive


def health(status: nouns.PlayerStatus | None, since: float, ended: int = 0) -> Health:
    """How the player is, with its counters, which begin anew with each process; `ended` is how often one has gone."""
    if status is None:
        return Health("player", State.STARTING, "the player's process is started", since)
    counters = (
        ("rate", float(status.rate)),
        ("lost", float(status.lost)),
        ("late", float(status.late)),
        ("starved", float(status.starved)),
        ("memory", float(status.memory)),
        ("latency", status.latency),
        ("ended", float(ended)),
    )
    return Health("player", status.state, status.detail, since, counters)
