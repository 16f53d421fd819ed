"""The daemon's end of the process that hears the room: starts it, reads what it hears, tells it what the PA plays through.

Monotonic seconds become show time here. A process that ends, or says nothing for SILENT_S, is a DeviceError out of `run`: the
supervisor starts it again.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from showctl import child
from showctl.inputs.room_log import LevelLog
from showctl.inputs.room_past import Pasts
from showctl.model import DeviceError, EqBand, Health, LevelLimit, State, WireError
from showctl.plan import PaMicrophone
from showctl.units import round_level
from showctl.wire.room import (
    BANDS,
    MESSAGE_LIMIT,
    PLACES,
    RELEARN,
    RoomHeard,
    RoomSetup,
    decode_heard,
    decode_places,
    encode_bands,
    encode_places,
    encode_setup,
    says,
)

SILENT_S, FIRST_WORD_S = 10.0, 60.0  # it speaks every second; before that it has to be loaded
HOWLS_S = 20.0  # that a howl is told


def unwatched(limits: tuple[LevelLimit, ...], microphones: tuple[PaMicrophone, ...]) -> str:
    """That nobody watches the venue's limit of loudness; empty where somebody does, or where there is none."""
    if not limits or any(one.sensitivity is not None for one in microphones):
        return ""
    what = "no microphone has a `sensitivity`: hold a calibrator of 94 dB to one and write down what its input shows"
    return f"nobody watches `spl_limit`: {what}"


class RoomEar:
    """Hears the room as long as `run` runs. `offset` is show time - monotonic; `on_heard` gets each record in show time."""

    def __init__(
        self,
        setup: RoomSetup,
        on_heard: Callable[[RoomHeard], None],
        offset: float,
        pasts: Pasts | None = None,
        log: LevelLog | None = None,
    ) -> None:
        """`pasts` is how loud it was before; `log` is where it is written down, None for nowhere."""
        self._setup, self._on_heard, self._offset = setup, on_heard, offset
        self._pasts, self._log = pasts or Pasts(), log
        self._places = encode_places(())  # where the microphones stand, as the process said last
        self._socket: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._bands: tuple[EqBand, ...] = ()
        self._spoke, self._patience = 0.0, FIRST_WORD_S
        self._malformed = 0
        self._told: tuple[State, str] = (State.STARTING, "what hears the room is being started")
        self._since = 0.0
        self._heard: RoomHeard | None = None
        self._howl: tuple[float, str] = (0.0, "")  # show time and words of the last one

    def play(self, bands: tuple[EqBand, ...]) -> None:
        """The PA plays through these bands from now on."""
        if bands != self._bands:
            self._bands = bands
            self._tell_bands()

    def relearn(self) -> None:
        """The microphones stand well where they stand now; a process that begins anew is not told where they stood before."""
        self._places = encode_places(())
        self._tell(RELEARN)

    def _tell_bands(self) -> None:
        self._tell(encode_bands(self._bands))

    def _tell(self, data: bytes) -> None:
        if self._socket is not None:
            with suppress(OSError):  # one that has ended or hangs: the next asks for it
                self._socket.send(data)

    @property
    def heard(self) -> RoomHeard | None:
        """What was heard last, in show time; None while nothing is."""
        return self._heard

    @property
    def problem(self) -> str:
        """Why nothing is heard, in words; empty where something is."""
        return self._told[1] if self._heard is None else ""

    def health(self) -> Health:
        """How it is, the worst first, in words with the next step."""
        counters: list[tuple[str, float]] = [("malformed", float(self._malformed))]
        if (heard := self._heard) is not None:
            counters += [("programme_dbfs", round_level(heard.programme)), ("lost_frames", float(heard.lost))]
        return Health("room", *self._told, self._since, tuple(counters))

    # --- the process -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Hear until cancelled. Raises DeviceError when the process ended or hangs."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ended: asyncio.Future[None] = loop.create_future()
        with ours:
            ours.setblocking(False)
            with theirs:
                await self._start(theirs)
            self._socket = ours
            self._spoke, self._patience = loop.time(), FIRST_WORD_S
            loop.add_reader(ours, child.wake, partial(self._drain, ours), ended)
            try:
                while not ended.done():
                    await asyncio.wait([ended], timeout=1.0)
                    if self._pasts.due(loop.time()):
                        await asyncio.to_thread(self._pasts.save, self._pasts.seconds())
                    if self._log is not None and self._log.due():
                        await asyncio.to_thread(self._log.write)
                    if not ended.done() and loop.time() - self._spoke > self._patience:
                        raise DeviceError(f"what hears the room has said nothing for {self._patience:.0f} s: it is started again")
                ended.result()
                why = self._told[1] if self._told[0] is State.DEGRADED and self._heard is None else "its process ended"
                raise DeviceError(f"{why}: it is started again")
            finally:
                self._socket, self._heard = None, None
                loop.remove_reader(ours)
                ours.close()  # it ends by itself when its daemon's end is gone
                self._say(State.DEGRADED, "the room is not heard: its process is not there")
                await self._end()

    async def _start(self, theirs: socket.socket) -> None:
        words = [encode_setup(self._setup), str(theirs.fileno())]
        self._process = await child.begin("what hears the room", "showctl.inputs.room", words, theirs)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await child.end(process)

    def _drain(self, ours: socket.socket) -> bool:
        """What waits, in order. False at the end of the process."""
        for data in child.messages(ours, MESSAGE_LIMIT + 1):
            if not data:
                return False
            self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        try:
            if says(data) == "places":
                decode_places(data)
                self._places = data
                return
            heard = decode_heard(data)
        except WireError:
            self._malformed += 1  # told in the health's counters
            return
        fresh = self._pasts.add([one.name for one in self._setup.microphones], heard.levels)
        if self._log is not None:
            self._log.add(fresh)
        self._answer(heard.wants)
        self._spoke, self._patience = asyncio.get_running_loop().time(), SILENT_S
        shift = self._offset
        heard = replace(
            heard,
            time=heard.time + shift,
            responses=tuple(None if one is None else replace(one, time=one.time + shift) for one in heard.responses),
            levels=tuple(None if one is None else replace(one, time=one.time + shift) for one in heard.levels),
            howls=tuple(replace(one, time=one.time + shift) for one in heard.howls),
        )
        if heard.howls:
            self._howl = heard.time, heard.howls[-1].text
        self._heard = heard if heard.state is State.RUNNING else None
        self._say(*self._words(heard))
        self._on_heard(heard)

    def _answer(self, wants: tuple[str, ...]) -> None:
        """Tell one that has just begun what it asks for: of several pasts one at a time, they are long."""
        if BANDS in wants:
            self._tell_bands()
        if PLACES in wants:
            self._tell(self._places)
        if names := [name for name in wants if name not in (BANDS, PLACES)]:
            self._tell(self._pasts.message(names[0]))

    def _words(self, heard: RoomHeard) -> tuple[State, str]:
        if heard.state is not State.RUNNING:
            return heard.state, heard.detail
        warnings = [w for level in heard.levels if level is not None for w in level.warnings]
        if heard.troubles:
            return State.DEGRADED, "; ".join(heard.troubles)
        if heard.time - self._howl[0] < HOWLS_S and self._howl[1]:
            return State.DEGRADED, self._howl[1]
        if warnings:
            worst = max(warnings, key=lambda w: w.over)
            return State.DEGRADED if worst.over else State.RUNNING, worst.text
        if nobody := unwatched(self._setup.limits, self._setup.microphones):
            return State.DEGRADED, nobody
        count = len(self._setup.microphones)
        return State.RUNNING, f"hears {count} microphone{'s' if count != 1 else ''} through {heard.detail} at {heard.rate} Hz"

    def _say(self, state: State, detail: str) -> None:
        if (state, detail) != self._told:
            self._told, self._since = (state, detail), asyncio.get_running_loop().time() + self._offset
