"""The door for what was made for an Eos console: OSC over TCP, as Companion speaks it, and feedback by UDP, as TouchOSC wants it.

One port takes both framings of OSC over TCP (see `wire.osc_stream`; Eos has 3032 and 3037 for them). Each listener is told
what is new at most TOLD_HZ times a second; one that does not read is cut off, so that nothing piles up here. Who may connect:
the networks of `allow`, and this machine itself where the socket is bound to loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from showctl.model import ControlEvent, DeviceError, Health, PlaybackState, State, WireError
from showctl.plan import Plan
from showctl.supervise import Quiet
from showctl.wire.eos import Desk, Feedback, asked
from showctl.wire.osc import Message, decode
from showctl.wire.osc_arguments import Refusal
from showctl.wire.osc_stream import Deframer, frame

log = logging.getLogger("showctl.eos")

LISTENERS = 16
TOLD_HZ = 10.0
BACKLOG = 1 << 16  # bytes that a listener has not read when it is cut off
CHUNK = 4096


@dataclass(slots=True, eq=False)
class Listener:
    """Somebody who is connected."""

    writer: asyncio.StreamWriter
    feedback: Feedback
    stream: Deframer = field(default_factory=Deframer)

    def send(self, packets: list[bytes]) -> None:
        """Queue packets; one who does not read is cut off."""
        if self.writer.transport.get_write_buffer_size() > BACKLOG:
            self.writer.transport.abort()
            return
        self.writer.write(b"".join(frame(one, self.stream.slip) for one in packets))


class EosDoor:
    """Takes connections on host:port and tells `feedback` (UDP addresses); hands what is asked for to `emit`."""

    def __init__(
        self,
        listen: tuple[str, int] | None,
        feedback: Sequence[tuple[str, int]] = (),
        *,
        allow: Sequence[str] = (),
        emit: Callable[[ControlEvent], bool],
        now: Callable[[], float],
        plan: Callable[[], Plan],
        playback: Callable[[], PlaybackState | None],
    ) -> None:
        self.listen, self._to = listen, tuple(feedback)
        self._allow = [ipaddress.ip_network(one, strict=False) for one in allow]
        self._emit, self._now, self._plan, self._playback = emit, now, plan, playback
        self._local = False  # bound to loopback
        self._seen = plan()
        self._desk = Desk.of(self._seen)
        self._listeners: set[Listener] = set()
        self._udp = Feedback(self._desk)
        self._server: asyncio.Server | None = None
        self._socket: socket.socket | None = None
        self._quiet = Quiet(now)
        self._since = now()
        self._counts = dict.fromkeys(("received", "fired", "dropped", "refused_sender", "refused_full"), 0)

    async def open(self) -> None:
        """Take the port. Raises DeviceError where that cannot be."""
        if self.listen is not None:
            host, port = self.listen
            try:
                self._server = await asyncio.start_server(self._serve, host, port, limit=CHUNK)
            except OSError as error:
                cure = "another program has it: choose another port for `eos`" if error.errno == errno.EADDRINUSE else ""
                detail = f"{os.strerror(error.errno or 0)}{': ' if cure else ''}{cure}"
                raise DeviceError(f"OSC as an Eos speaks it cannot listen on {host}:{port}: {detail}") from error
            own = self._server.sockets[0].getsockname()
            self.listen, self._local = (host, own[1]), ipaddress.ip_address(own[0]).is_loopback
        if self._to:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)

    async def close(self) -> None:
        """Give the port back, and end every connection."""
        if self._server is not None:
            self._server.close()
        for one in list(self._listeners):
            one.writer.transport.abort()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def run(self) -> None:
        """Tell every listener what is new, until cancelled."""
        if self._server is None and self._socket is None:
            await self.open()
        try:
            while True:
                await asyncio.sleep(1 / TOLD_HZ)
                self._tell_all()
        finally:
            await self.close()

    def health(self) -> Health:
        """How the door is."""
        counters = tuple((name, float(count)) for name, count in self._counts.items())
        words = [f"listens on {self.listen[0]}:{self.listen[1]}, {len(self._listeners)} connected"] if self.listen else []
        words += [f"tells {', '.join(f'{host}:{port}' for host, port in self._to)}"] if self._to else []
        return Health("eos", State.RUNNING, "; ".join(words), self._since, counters)

    # --- what is told ------------------------------------------------------------------------------------------------

    def _tell_all(self) -> None:
        playback, now = self._playback(), self._now()
        self._follow_plan()
        for one in list(self._listeners):
            one.send(one.feedback.tell(playback, now))
        if self._socket is not None:
            for packet in self._udp.tell(playback, now):
                for to in self._to:
                    with contextlib.suppress(OSError):  # who is not there now is told the next time
                        self._socket.sendto(packet, to)

    def _follow_plan(self) -> None:
        """Another plan has other numbers: everything is told anew."""
        if self._plan() is not self._seen:
            self._seen = self._plan()
            self._desk = Desk.of(self._seen)
            for feedback in (self._udp, *(one.feedback for one in self._listeners)):
                feedback.reset(self._desk)

    # --- connections -------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("peername")[0]
        if not self._allowed(host) or len(self._listeners) >= LISTENERS:
            self._counts["refused_sender"] += 1
            self._say(f"{host} may not connect; allow it in the venue file (`osc: allow`) if it is yours")
            writer.transport.abort()
            return
        listener = Listener(writer, Feedback(self._desk))
        self._listeners.add(listener)
        try:
            while data := await reader.read(CHUNK):
                for packet in listener.stream.feed(data):
                    self.take(packet, host, listener)
        except (WireError, OSError) as error:
            self._counts["dropped"] += 1
            self._say(f"{host} is cut off: {error}")
        finally:
            self._listeners.discard(listener)
            writer.transport.abort()

    def _allowed(self, host: str) -> bool:
        address = ipaddress.ip_address(host.partition("%")[0])
        return (self._local and address.is_loopback) or any(address in network for network in self._allow)

    def take(self, packet: bytes, host: str, listener: Listener | None = None) -> None:
        """One packet: questions are answered, what it asks for is emitted, all else counted. WireError for no OSC."""
        for message in decode(packet):
            self._counts["received"] += 1
            answer = listener.feedback.answer(message) if listener is not None else None
            if listener is not None and answer is not None:
                listener.send(answer)
            else:
                self.act(message, f"eos:{host}")

    def act(self, message: Message, source: str) -> None:
        """Do what one message asks for."""
        self._follow_plan()  # messages by UDP come where nobody is told anything, too
        found = asked(message, self._desk, self._playback(), self._now(), source)
        if isinstance(found, Refusal):
            self._counts["dropped"] += 1
            self._say(f"{source}: {found.value}: {message.address[:80]!r}")
            return
        for one in found:
            if self._emit(one):
                self._counts["fired"] += 1
            else:
                self._counts["refused_full"] += 1

    def _say(self, text: str) -> None:
        held = self._quiet.line(text)
        if held is not None:
            log.warning("%s%s", text, held)
