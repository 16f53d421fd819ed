"""OSCQuery: the address space over HTTP, and values both ways over a WebSocket, for surfaces that set themselves up.

    GET /PATH          the node of `wire.osc_query` with all below it, and what is told now
    GET /PATH?VALUE    one attribute; ?HOST_INFO: who answers
    WebSocket          text {"COMMAND": "LISTEN" or "IGNORE", "DATA": PATH}; we say PATH_CHANGED where another show is played;
                       binary: OSC. What is told comes as it changes; what is sent is taken as if it came by UDP

Source: the OSCQuery proposal, third revision (Vidvox). Who may ask is who may command by OSC: the same allow-list, the same
rate, no wearables, and nobody whom another site's page sends (`web.guard`). Everything is bounded: who is connected, what each
listens to, what each is told in a second, and how many questions are answered at once. A slow reader sees less often.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol, TypeAlias

from aiohttp import WSMsgType, hdrs, web

from showctl.model import DeviceError, Health, State
from showctl.plan import Plan
from showctl.remote.board import Board
from showctl.remote.web.guard import Guard
from showctl.remote.web.listening import Listening
from showctl.remote.web.stream import Client
from showctl.wire.osc import Value
from showctl.wire.osc_answers import Values, message
from showctl.wire.osc_query import OK, ROOT, Json, Node, answer, host_info, tree_of
from showctl.wire.osc_senders import Bucket, Verdict

log = logging.getLogger(__name__)
Peer: TypeAlias = tuple[str, int]

PART = "osc query"
LIKE = "asks by OSCQuery"
MOST_CLIENTS, MOST_OF_ONE = 16, 4  # WebSockets in all, and of one address
MOST_PATHS = 256  # that one listens to
MOST_CONNECTIONS = 64  # of TCP, who may not ask among them: beyond that the oldest without a WebSocket is closed
MOST_ASKING = 32  # questions that wait for their answer
TELL_S = 0.02  # at most so often
TOLD_HZ, TOLD_BURST = 500.0, 500.0  # values a second to one, and at once
LATEST = 256  # events, and answers, that wait for one; older ones are dropped. A turn brings 64 each of those and of what is new
HEARD_HZ, HEARD_BURST = 2000.0, 500.0  # frames of one a second, and at once; beyond that
APART_S = 0.001  # from one to the next, so that the rest waits in the network
REFUSED_S = 0.01  # that a refusal takes, one after the other
LONGEST_TEXT, LARGEST = 1024, 65535  # characters of a command, bytes of a packet
HEARTBEAT = 4.0  # s between two questions whether somebody is still there
ELSEWHERE = 65536  # + TCP port: the port of a peer that is no UDP port
ANYWHERE = frozenset({"0.0.0.0", "::"})
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door(Protocol):
    """What takes OSC, and knows who may: `inputs.osc.OscInput`."""

    port: int

    @property
    def ip(self) -> str | None: ...

    def admit(self, peer: Peer, like: str) -> Verdict | None: ...

    def accept(self, data: bytes, peer: Peer) -> bool: ...

    def connect(self, peer: Peer, way: Callable[[bytes], bool]) -> None: ...

    def disconnect(self, peer: Peer) -> None: ...


class Listener:
    """One WebSocket, and what it listens to."""

    def __init__(self, socket: web.WebSocketResponse, peer: Peer, now: float) -> None:
        self.client, self.peer = Client(socket, "view"), peer
        self.paths: dict[str, Values | None] = {}  # -> what was told last; what was told longest ago stands first
        self._may, self._says = Bucket(TOLD_HZ, TOLD_BURST, now), Bucket(HEARD_HZ, HEARD_BURST, now)
        self._number = 0

    def tell(self, values: Mapping[str, Values], now: float) -> int:
        """Hand on what is new, as far as it may be told; -> how many values."""
        new = [path for path, last in self.paths.items() if path in values and values[path] != last]
        told = 0
        for path in new:
            if not self._may.take(now):
                break
            del self.paths[path]
            self.paths[path] = values[path]
            if (packet := message(path, values[path])) is not None:
                self.client.offer(path, packet)
                told += 1
        return told

    def rest(self, now: float) -> float:
        """How long (s) to wait before what it says next is read."""
        return 0.0 if self._says.take(now) else APART_S

    def hand(self, packet: bytes) -> bool:
        """An answer, or something that happened."""
        self._number = (self._number + 1) % LATEST
        self.client.offer(f" {self._number}", packet)
        return True


class OscQuery:
    """One listener. `open` it, then `run` it until cancelled; `run` opens it by itself where it is not open (any more)."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        door: Door,
        board: Board,
        values: Callable[[], Mapping[str, Values]],
        now: Callable[[], float],
        called: Iterable[str] = (),
    ) -> None:
        """`values` is all that is told now, by path below /showctl; `now` is show time (s); `called` are further names that this
        machine goes by."""
        self._host, self._port = host, port
        self._door, self._board, self._values, self._now = door, board, values, now
        self._guard = Guard(host, {}, called, (), now)
        self._listening: Listening | None = None
        self._listeners: dict[Peer, Listener] = {}
        self._somebody = asyncio.Event()
        self._grown: tuple[Plan, Node] | None = None
        self._known: Node | None = None  # that those who are connected know
        self._growing, self._answering, self._refusing = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
        self._asking = 0
        self._hindered = ""  # why it does not listen
        self._since = now()
        self._counts = dict.fromkeys(("asked", "refused", "told", "dropped"), 0)

    @property
    def address(self) -> Peer | None:
        """Where it listens, the real port also where 0 was asked for; None while it does not."""
        return None if self._listening is None else self._listening.address

    async def open(self) -> None:
        """Listen. DeviceError says who is in the way and what to do."""
        app = web.Application(middlewares=[self._check], client_max_size=1)
        app.router.add_get("/{path:.*}", self._get)
        listening = Listening(app, MOST_CONNECTIONS, lambda transport: _peer(transport) in self._listeners)
        try:
            await listening.open(self._host, self._port)
        except OSError as error:
            self._hindered = _why_not(self._host, self._port, error)
            raise DeviceError(self._hindered) from error
        self._listening, self._hindered, self._since = listening, "", self._now()

    async def run(self) -> None:
        """Tell everybody what is new, until cancelled; costs nothing while nobody is connected. Raises DeviceError as `open`."""
        if self._listening is None:
            await self.open()
        try:
            while True:
                if not self._listeners:
                    self._somebody.clear()
                    await self._somebody.wait()
                await self._keep_up()
                values, now = self._values(), self._now()
                self._counts["told"] += sum(one.tell(values, now) for one in self._listeners.values())
                await asyncio.sleep(TELL_S)
        finally:
            await self.close()

    async def close(self) -> None:
        """Let everybody go and stop to listen."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.close(one.client.socket for one in self._listeners.values())

    def event(self, path: str, *values: Value) -> None:
        """Something happened that is told once, to all who listen to its path: `feedback`, with what it says."""
        packet = message(path, values)
        for one in self._listeners.values():
            if packet is not None and path in one.paths:
                one.hand(packet)

    def health(self) -> Health:
        """How it is; the counters are since the start."""
        counters = tuple((name, float(count)) for name, count in (*self._counts.items(), ("connected", len(self._listeners))))
        if (address := self.address) is None:
            state = State.DEGRADED if self._hindered else State.STARTING
            detail = self._hindered or f"not listening on {_written((self._host, self._port))}"
            return Health(PART, state, detail, self._since, counters)
        return Health(PART, State.RUNNING, f"OSCQuery at http://{_written(address)}/", self._since, counters)

    # --- questions -------------------------------------------------------------------------------------------------

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._may(request)
            answered = await handler(request)
        except web.HTTPException as error:
            self._counts["refused"] += 1
            error.headers.update(HEADERS)
            error.force_close()
            async with self._refusing:  # who goes on asking has to connect again and to wait its turn, and is no burden
                await asyncio.sleep(REFUSED_S)
            raise
        except ConnectionError:  # gone before the answer
            raise
        except Exception:
            log.exception("a question by OSCQuery from %s was not answered, by a fault of ours", request.remote)
            raise web.HTTPInternalServerError(text="this is a fault of showctl\n") from None
        return answered

    def _may(self, request: web.Request) -> None:
        """403 unless the caller may command by OSC and its page is ours, 429 where it asks too often."""
        if not (peer := _peer(request.transport))[0]:
            raise web.HTTPForbidden(text="who asks is gone\n")
        self._guard.check_host(request)  # first: another site's page takes nothing of what its machine may send
        if request.method != hdrs.METH_GET or hdrs.UPGRADE in request.headers:
            self._guard.check_origin(request)
        match self._door.admit(peer, LIKE):
            case Verdict.STRANGER:
                raise web.HTTPForbidden(text="this address may not ask; allow it under osc in the venue file\n")
            case Verdict.CUT_OFF:
                raise web.HTTPTooManyRequests(text="more messages a second than rate in the venue file allows\n")

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await self._connected(request)
        self._counts["asked"] += 1
        if request.query_string == "HOST_INFO":
            return web.json_response(self._info(), headers=HEADERS)
        if self._asking >= MOST_ASKING:
            raise web.HTTPServiceUnavailable(text="too many questions at once; ask again\n")
        self._asking += 1
        try:
            root = await self._tree()
            async with self._answering:  # one at a time: none may take the machine from the show
                status, body = await asyncio.to_thread(_said, root, request.path, request.query_string, self._values())
        finally:
            self._asking -= 1
        if status != OK:
            return web.Response(status=status, text=body, headers=HEADERS)
        return web.Response(text=body, content_type="application/json", headers=HEADERS)

    def _info(self) -> dict[str, object]:
        ip = self._door.ip  # where it is the one that was asked, or any, it goes without saying
        other = None if ip in ANYWHERE or self.address is None or ip == self.address[0] else ip
        return host_info(self._board.plan.venue or "showctl", other, self._door.port)

    async def _tree(self) -> Node:
        """The tree of what is played; of a long plan it takes longer than a tick may wait, so it grows beside."""
        async with self._growing:
            plan = self._board.plan
            if self._grown is None or self._grown[0] is not plan:
                self._grown = plan, await asyncio.to_thread(tree_of, plan)
            return self._grown[1]

    async def _keep_up(self) -> None:
        """Where another plan is played, tell everybody, and forget what is no longer there."""
        root = await self._tree()
        if root is self._known:
            return
        before, self._known = self._known, root
        if before is None or await asyncio.to_thread(before.__eq__, root):
            return
        for one in self._listeners.values():
            one.paths = {path: last for path, last in one.paths.items() if _is_told(root, path)}
            one.client.offer(" changed", json.dumps({"COMMAND": "PATH_CHANGED", "DATA": "/"}))

    # --- WebSockets ------------------------------------------------------------------------------------------------

    async def _connected(self, request: web.Request) -> web.StreamResponse:
        peer = _peer(request.transport)
        if len(self._listeners) >= MOST_CLIENTS or sum(host == peer[0] for host, _ in self._listeners) >= MOST_OF_ONE:
            raise web.HTTPServiceUnavailable(text="too many are connected already; end one\n")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LARGEST, compress=False, timeout=2.0, autoping=False)
        one = Listener(socket, peer, self._now())
        self._listeners[peer] = one  # before the first await, so that no burst gets past the limit
        writer = None
        try:
            await socket.prepare(request)
            self._door.connect(peer, one.hand)
            await self._tree()
            self._somebody.set()
            writer = asyncio.create_task(one.client.write(), name=f"OSCQuery {peer[0]}")
            writer.add_done_callback(lambda done: _let_go(done, request))
            async for said in socket:
                if said.type is WSMsgType.PING:
                    await socket.pong(said.data)
                elif said.type is not WSMsgType.PONG and not self._heard(one, said.type, said.data):
                    break
                await asyncio.sleep(one.rest(self._now()))  # what waits behind it is not done in one go
        finally:
            del self._listeners[peer]
            self._door.disconnect(peer)
            if writer is not None:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)  # what went wrong in it was told by _let_go
        return socket

    def _heard(self, one: Listener, kind: WSMsgType, data: str | bytes) -> bool:
        """A message of somebody who is connected; False where that has to end."""
        if kind is WSMsgType.BINARY and isinstance(data, bytes):
            return self._door.accept(data, one.peer)
        if kind is not WSMsgType.TEXT or not isinstance(data, str):
            return False
        verdict = self._door.admit(one.peer, LIKE)
        if verdict is None and self._grown is not None and _commanded(one, data, self._grown[1]):
            return True
        self._counts["dropped"] += 1
        return verdict is not Verdict.STRANGER


def _commanded(one: Listener, text: str, root: Node) -> bool:
    """LISTEN and IGNORE; False for what is neither, or of something that there is not."""
    try:
        asked = json.loads(text) if len(text) <= LONGEST_TEXT else None
    except (ValueError, RecursionError):
        return False
    if not isinstance(asked, dict) or not isinstance(path := asked.get("DATA"), str):
        return False
    below = path.removeprefix(ROOT + "/")
    if asked.get("COMMAND") == "IGNORE":
        return one.paths.pop(below, ()) != ()
    if asked.get("COMMAND") != "LISTEN" or not path.startswith(ROOT + "/") or not _is_told(root, below):
        return False
    if below not in one.paths and len(one.paths) >= MOST_PATHS:
        return False
    one.paths[below] = None  # told anew, also where it was listened to before
    return True


def _is_told(root: Node, below: str) -> bool:
    node = root.at(f"{ROOT}/{below}")
    return node is not None and node.is_told and node.path == f"{ROOT}/{below}"


def _said(root: Node, path: str, query: str, values: Mapping[str, Values]) -> tuple[int, str | None]:
    """Status and body of an answer."""
    status, found = answer(root, path, query, values)
    if found is not None:
        return status, _text(found)
    return status, {400: "no attribute of OSCQuery\n", 404: "there is nothing of this name\n"}.get(status)


def _text(found: Json) -> str:
    """A node as JSON, those below one by one: a large tree in one go would hold up the loop, which runs in another thread."""
    below = found.pop("CONTENTS", None)
    text = json.dumps(found, allow_nan=False)
    if below is None:
        return text
    time.sleep(0)  # its turn
    inside = ", ".join(f"{json.dumps(name)}: {_text(one)}" for name, one in below.items())
    return f'{text[:-1]}{", " if found else ""}"CONTENTS": {{{inside}}}}}'


def _peer(transport: asyncio.BaseTransport | None) -> Peer:
    """Who is at the other end, told apart from whoever has the same UDP port; nobody where it is gone already."""
    name = None if transport is None else transport.get_extra_info("peername")
    return (str(name[0]), ELSEWHERE + int(name[1])) if name else ("", ELSEWHERE)


def _written(address: Peer) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _why_not(host: str, port: int, error: OSError) -> str:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"another program already listens on {where}: end it, or choose another port for `osc: {{query: ...}}`"
    if error.errno == errno.EACCES:
        return f"no permission to listen on {where}: choose a port above 1023 for `osc: {{query: ...}}`"
    return f"OSCQuery cannot listen on {where} ({error.strerror or error}): is it an address of this machine, and the network up?"


def _let_go(writer: asyncio.Task[None], request: web.Request) -> None:
    """A writer that ended by itself means a client that is gone or takes nothing: end the connection."""
    if writer.cancelled():
        return
    error = writer.exception()
    if not isinstance(error, TimeoutError | ConnectionError):
        log.error("OSCQuery to %s was cut off by a fault of ours", request.remote, exc_info=error)
    if request.transport is not None:
        request.transport.abort()
