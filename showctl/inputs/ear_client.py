"""The daemon's end of the ear: starts its process, reads what it heard, says how it is.

Monotonic seconds become show time here. A beat's index never falls, also when a new ear begins at zero.

A process that ends, or says nothing for SILENT_S, is a DeviceError out of `run`: the supervisor starts it again.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from showctl import child
from showctl.model import DeviceError, Features, Health, State, WireError
from showctl.units import round_level
from showctl.wire.features import MESSAGE_LIMIT, CodeRead, EarStatus, decode, encode_choice

NEWEST = 1000  # Features handed over at once, at most: a loop that was late longer than 10 s skips the rest
BATCH = 2000  # messages a wake-up of the loop, at most: an ear that raves has its turn, and the tick has its own
SILENT_S = 10.0  # the ear speaks every second; a driver that hangs it for so long will not come back
FIRST_WORD_S = 60.0  # before its first word it has to be loaded: twenty busy programs on two cores make ten seconds of that
END_S = 2.0  # it is given this long to end by itself


class Ear:
    """The part of the daemon that hears. `source` is file:PATH, song:SEED or device:NAME; `offset` is show time - monotonic.

    `ltc` is the channel of linear time code, from 1; `on_codes` is told what is read there, in show time. `channels` are those
    that are listened to; () for the first two of a device, all of a file.
    """

    def __init__(
        self,
        source: str,
        *,
        output: bool,
        on_features: Callable[[list[Features]], None],
        on_status: Callable[[Health], None],
        offset: float,
        ltc: int | None = None,
        on_codes: Callable[[list[CodeRead]], None] = lambda _: None,
        channels: Sequence[int] = (),
    ) -> None:
        self._ltc, self._on_codes, self._channels = ltc, on_codes, tuple(channels)
        self._source, self._output, self._offset = source, output, offset
        self._on_features, self._on_status = on_features, on_status
        self._process: asyncio.subprocess.Process | None = None
        self._health: tuple[State, str] | None = None
        self._since = 0.0
        self._socket: socket.socket | None = None  # our end, while there is a process
        self._spoke = 0.0  # loop time of the last message
        self._patience = FIRST_WORD_S
        self._malformed = 0
        self._index_base = self._index = 0

    def listen_to(self, channels: Sequence[int]) -> None:
        """Other channels from now on."""
        if tuple(channels) == self._channels:
            return
        self._channels = tuple(channels)
        if self._socket is not None:
            with suppress(OSError):  # an ear that has ended or hangs: the one that follows it is started with them
                self._socket.send(encode_choice(self._channels))

    @property
    def pid(self) -> int | None:
        """The ear's process, None while there is none."""
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Hear until cancelled. Raises DeviceError when the process ended or hangs."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            ours.setblocking(False)
            try:
                await self._start(theirs)
            finally:
                theirs.close()
            ended = loop.create_future()
            self._socket = ours
            loop.add_reader(ours, child.wake, partial(self._drain, ours), ended)
            try:
                await self._watch(ended)
            finally:
                self._socket = None
                loop.remove_reader(ours)
                ours.close()  # the ear ends by itself when its daemon's end is gone
                await self._end()

    async def _start(self, theirs: socket.socket) -> None:
        self._report(State.STARTING, f"the ear opens {self._source}")
        words = ["--source", self._source, "--fd", str(theirs.fileno())]
        words += ["--speaker"] if self._output else []
        words += [] if self._ltc is None else ["--ltc", str(self._ltc)]
        words += [word for channel in self._channels for word in ("--channel", str(channel))]
        self._process = await child.begin("the ear's process", "showctl.inputs.ear", words, theirs)

    async def _watch(self, ended: asyncio.Future[None]) -> None:
        """Wait for the end, or for too long a silence."""
        loop = asyncio.get_running_loop()
        self._spoke, self._patience = loop.time(), FIRST_WORD_S
        while True:
            left = self._spoke + self._patience - loop.time()
            if left <= 0:
                begun = self._patience != FIRST_WORD_S
                why = "the sound driver hangs" if begun else "is this machine busy with something else?"
                raise DeviceError(f"the ear has said nothing for {self._patience:.0f} s: {why}; it is started again")
            await asyncio.wait([ended], timeout=min(left, SILENT_S))
            if ended.done():
                ended.result()
                assert self._process is not None
                with suppress(TimeoutError):  # it closed its socket and still lives: _end sees to that
                    await asyncio.wait_for(self._process.wait(), END_S)
                code = self._process.returncode
                raise DeviceError(f"the ear's process ended ({_reason(code)}): it is started again")

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await child.end(process)

    def _drain(self, ours: socket.socket) -> bool:
        """What waits, in order (BATCH at most): the newest Features and codes, how the ear is. False at the end of the ear."""
        heard: deque[Features] = deque(maxlen=NEWEST)
        codes: deque[CodeRead] = deque(maxlen=NEWEST)
        alive = True
        for data in child.messages(ours, MESSAGE_LIMIT, BATCH):
            if not data:
                alive = False
                break
            self._take(data, heard, codes)
        self._spoke, self._patience = asyncio.get_running_loop().time(), SILENT_S
        if heard:
            self._on_features(list(heard))
        if codes:
            self._on_codes(list(codes))
        return alive

    def _take(self, data: bytes, heard: deque[Features], codes: deque[CodeRead]) -> None:
        try:
            message = decode(data)
        except WireError:
            self._malformed += 1  # told in the health's counters; an ear that talks nonsense must not stop the show
            return
        if isinstance(message, EarStatus):
            self._report(message.state, message.detail, message)
        elif isinstance(message, CodeRead):
            codes.append(replace(message, time=message.time + self._offset))
        else:
            heard.append(self._enter(message))

    def _enter(self, features: Features) -> Features:
        """Monotonic -> show time; rounding is left to the seam of the engine."""
        grid = features.grid
        if grid is not None:
            if grid.index + self._index_base < self._index:  # a new ear, or one that began anew
                self._index_base = self._index + 1
            self._index = grid.index + self._index_base
            grid = replace(grid, anchor=grid.anchor + self._offset, index=self._index)
        coming = features.coming
        if coming is not None:
            coming = replace(coming, time=coming.time + self._offset)
        return replace(features, time=features.time + self._offset, grid=grid, coming=coming)

    def _report(self, state: State, detail: str, status: EarStatus | None = None) -> None:
        now = asyncio.get_running_loop().time() + self._offset
        if (state, detail) != self._health:
            self._health, self._since = (state, detail), now
        counters: tuple[tuple[str, float], ...] = ()
        if status is not None:
            counters = (
                ("peak_dbfs", round_level(status.peak)),
                ("rate", status.rate),
                ("lost_frames", status.lost),
                ("overflows", status.overflows),
                ("clipped", status.clipped),
                ("malformed", self._malformed),
            )
        self._on_status(Health("ear", state, detail, self._since, counters))


def _reason(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return "it closed its socket" if code is None else f"exit code {code}"
