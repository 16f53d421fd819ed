"""The line to a program that speaks OSC over UDP: one socket, both ways, and whether there is anybody at its other end.

Only words from the program's own address are heard. Silence counts only while we listened (`watched`). A program that says
nothing for OPEN_S at the beginning, or for GONE_S later, is a DeviceError out of `run`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from showctl.model import DeviceError, WireError
from showctl.plan.tracks import Address, TracksPlan
from showctl.watched import Watched
from showctl.wire.ableton import Ableton
from showctl.wire.dialect import Dialect
from showctl.wire.osc import decode
from showctl.wire.qlab import QLab
from showctl.wire.reaper import Reaper

TICK_S = 0.02
OPEN_S = ANSWER_S = 2.0
GONE_S = 10.0


class Line:
    """To the program at `address` that speaks `dialect`, which takes in what it says."""

    def __init__(
        self,
        dialect: Dialect,
        address: Address,
        *,
        on_word: Callable[[], None],
        on_tick: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        """`on_word` is called behind each packet, `on_tick` every TICK_S, `on_end` for last words where `run` is cancelled."""
        self._dialect, self._address = dialect, address
        self._on_word, self._on_tick, self._on_end = on_word, on_tick, on_end
        self._socket: asyncio.DatagramTransport | None = None
        self.answers = False  # it has said something
        self.clock = Watched(time.monotonic)  # of all that is waited for here
        self._first = self._last = 0.0  # s of that, when it spoke
        self.unread = ""  # why something that it said could not be read

    async def run(self) -> None:
        """Listen until cancelled. Raises DeviceError when there is nobody, or nobody any more."""
        title, here = self._dialect.title, "127.0.0.1" if self._address.host.startswith("127.") else "0.0.0.0"
        try:
            self._socket, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Ears(self.hear), local_addr=(here, self._address.answers)
            )
        except OSError as error:
            text = f"port {self._address.answers}, where {title} answers, cannot be had ({error}): end what has it"
            raise DeviceError(text) from error
        try:
            self.say(self._dialect.greet())
            while True:
                await asyncio.sleep(TICK_S)
                self._tick()
        except asyncio.CancelledError:
            self._on_end()
            raise
        finally:
            self.answers = False
            self._socket.close()
            self._socket = None

    @property
    def silent(self) -> float:
        """Seconds without a word."""
        return self.clock.look() - self._last

    @property
    def age(self) -> float:
        """Seconds since its first word."""
        return self.clock.look() - self._first

    def _tick(self) -> None:
        place = f"{self._dialect.title} at {self._address.host}:{self._address.port}"
        if trouble := self._dialect.trouble:
            raise DeviceError(trouble)
        if not self.answers and self.silent > OPEN_S:
            raise DeviceError(f"{place} does not answer: start it, and {self._dialect.setup}")
        if self.silent > GONE_S:
            raise DeviceError(f"{place} has said nothing for {self.silent:.0f} s: is it there, and the network?")
        self._on_tick()

    def hear(self, data: bytes, host: str) -> None:
        """A packet from a host."""
        if host != self._address.host:
            return
        try:
            messages = decode(data, accents=True)
        except WireError as error:
            self.unread = str(error)
            return
        for message in messages:
            self._dialect.take_in(message)
        self._last = self.clock.look()
        if not self.answers:
            self.answers, self._first = True, self._last
        self._on_word()

    def say(self, packets: list[bytes]) -> None:
        """Send, where there is a line."""
        if self._socket is not None:
            for packet in packets:
                self._socket.sendto(packet, self._address[:2])

    @property
    def deaf(self) -> str:
        """That it says nothing, where it should have; else nothing."""
        return f"{self._dialect.title} has said nothing for {self.silent:.0f} s" if self.silent > ANSWER_S else ""


class _Ears(asyncio.DatagramProtocol):
    """Packets, with the host that they came from. What the network says of packets of ours is no matter: silence is."""

    def __init__(self, hear: Callable[[bytes, str], None]) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._hear(data, addr[0])


def dialect_of(plan: TracksPlan, word: str = "") -> Dialect:
    """The dialect of the program that a plan names; `word` is its passcode."""
    if plan.player == "reaper":
        return Reaper()
    return Ableton() if plan.player == "ableton" else QLab(word, Address.of(plan.card).answers)


def passcode(file: str) -> str:
    """What a file holds; nothing where there is none. Raises DeviceError where it cannot be read."""
    if not file:
        return ""
    try:
        return Path(file).read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise DeviceError(f"QLab: no passcode: {error}; check `passcode_file` in the venue file") from error
