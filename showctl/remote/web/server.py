"""The web server: the page, the same show as JSON, and the buttons.

    GET  /             the page            GET /ws         WebSocket: stream.py says what comes, control.py what may be sent
    GET  /api/health   Board.health_json   GET /metrics    the counters of every part, as Prometheus reads them
    GET  /api/state    Board.state_json    POST /api/control   one control as JSON
    GET  /api/explain?fixture=NAME   why a lamp is as it is: every layer of its values, from rest to slots

It shows the Board and hands ControlEvents to `emit`; it decides nothing about the show. Everything that reaches it is
checked by guard.py first. It costs nothing while no page is open: the publisher waits for the first client. All files of the
page are read once, when the server opens, and are small.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

from aiohttp import WSMsgType, web

from showctl.address import is_loopback
from showctl.model import ConfigError, ControlEvent, DeviceError, EqCommand, Flash, Health, Problem, State, WireError
from showctl.remote.board import Board
from showctl.remote.web.control import WriteBack, parse_control
from showctl.remote.web.guard import HEADERS, Guard, Scope
from showctl.remote.web.listening import Listening
from showctl.remote.web.stream import Client, Publisher, encode
from showctl.supervise import loaded

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

MAX_CLIENTS = 32
MAX_CONNECTIONS = 128  # of TCP, who may not ask among them
MAX_MESSAGE = 1024  # bytes of a control; the longest that makes sense has about 100
FRAME_PERIOD = 0.04  # s between frames for the page
SLOW = 3  # frames from one look at the rest of the board to the next: about 8 a second
HEARTBEAT = 4.0  # s between two questions whether a page is still there; one and a half of them later it is gone
READ_TIMEOUT = 5.0  # s that a POST may take to arrive
_TOO_MANY = "too many commands at once; send it again\n"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebServer:
    """One listener. `open` it, then `run` it until cancelled; `run` opens it by itself where it is not open (any more).

    `emit` takes a control and says whether there was room for it; `now` is show time (s). `tokens` maps each token to
    its scope; beyond loopback there must be one. `write` puts what is held into a palette of the files, `equaliser` has
    something done at the PA's equaliser (both a WireError: why not). `allow_hosts` are further names that this machine is
    called by, `allow` the networks ("10.0.0.0/24") that may call it; none: all.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        board: Board,
        emit: Callable[[ControlEvent], bool],
        now: Callable[[], float],
        tokens: Mapping[str, Scope] | None = None,
        allow_hosts: Iterable[str] = (),
        allow: Iterable[str] = (),
        write: Callable[[str], Awaitable[str]] | None = None,
        equaliser: Callable[[EqCommand], Awaitable[None]] | None = None,
        why: Callable[[str], list[dict[str, object]]] | None = None,
    ) -> None:
        tokens = tokens or {}
        if not tokens and not is_loopback(host):
            text = f"the page on {host} can be reached from other machines, so it needs a token: set web.tokens in the venue file"
            raise ConfigError([Problem("--http", 1, 1, text, "web-token")])
        self._host, self._port = host, port
        self._board, self._emit, self._now, self._write, self._why = board, emit, now, write, why
        self._equaliser = equaliser
        self._doing: set[asyncio.Task[None]] = set()
        self._guard = Guard(host, tokens, allow_hosts, allow, now)
        self._publisher = Publisher(board, now)
        self._clients: set[Client] = set()
        self._pages: set[asyncio.BaseTransport | None] = set()  # their connections
        self._somebody = asyncio.Event()
        self._listening: Listening | None = None
        self._files: dict[str, tuple[bytes, str, str]] = {}
        self.controls = 0  # accepted
        self.refused = 0  # controls that were malformed or one too many
        self.frames_dropped = 0  # frames that slow clients missed

    @property
    def address(self) -> str:
        """HOST:PORT that it listens on, the real port also where 0 was asked for. RuntimeError before `open`."""
        if self._listening is None or (found := self._listening.address) is None:
            raise RuntimeError("the web server is not open")
        host, port = found
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def clients(self) -> int:
        """How many pages are open."""
        return len(self._clients)

    async def open(self) -> None:
        """Listen. DeviceError says who is in the way and what to do."""
        self._files = {path.name: _read(path) for path in STATIC.iterdir() if path.suffix in TYPES}
        app = web.Application(middlewares=[self._check], client_max_size=MAX_MESSAGE)
        app.on_response_prepare.append(_add_headers)
        app.add_routes(
            [
                web.get("/api/health", self._get_health),
                web.get("/api/state", self._get_state),
                web.get("/api/explain", self._get_explain),
                web.get("/metrics", self._get_metrics),
                web.post("/api/control", self._post_control),
                web.post("/login", self._post_login),
                web.get("/ws", self._get_socket),
                web.get("/", self._get_page),
                web.get("/{name}", self._get_file),
            ]
        )
        listening = Listening(app, MAX_CONNECTIONS, self._pages.__contains__)
        try:
            await listening.open(self._host, self._port)
        except OSError as error:
            raise DeviceError(_why_not(self._host, self._port, error)) from error
        self._listening = listening
        self._board.report(Health("web", State.RUNNING, f"page at http://{self.address}", self._now()))

    async def run(self) -> None:
        """Keep every open page up to date, until cancelled; then everything is closed. Raises DeviceError as `open` does."""
        if self._listening is None:
            await self.open()
        try:
            while True:
                if not self._clients:
                    self._somebody.clear()
                    await self._somebody.wait()
                for turn in range(SLOW):
                    self._publish(everything=turn == 0)
                    await asyncio.sleep(FRAME_PERIOD)
        finally:
            await self.close()

    async def close(self) -> None:
        """Let every client go and stop to listen."""
        listening, self._listening = self._listening, None
        if listening is not None:
            await listening.close(client.socket for client in self._clients)

    def _publish(self, everything: bool) -> None:
        changed = self._publisher.refresh() if everything else []
        for topic in changed + self._publisher.refresh_frame():
            for client in self._clients:
                client.offer(topic, self._publisher.latest[topic])

    # --- checks ----------------------------------------------------------------------------------------------------

    @web.middleware
    async def _check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._guard.check_peer(request)
        self._guard.check_host(request)
        if request.method != "GET" or request.path == "/ws":
            self._guard.check_origin(request)
        return await handler(request)

    def _need(self, request: web.Request, scope: Scope) -> None:
        """401 without a token that holds, 403 with one that may less."""
        held = self._guard.scope(request)
        if held is None:
            text = "a token is needed: send Authorization: Bearer TOKEN, or open the page and log in\n"
            raise web.HTTPUnauthorized(text=text, headers={"WWW-Authenticate": "Bearer"})
        if scope == "control" and held != "control":
            raise web.HTTPForbidden(text="this token may look but not control\n")

    # --- the show as JSON and text -----------------------------------------------------------------------------------

    async def _get_health(self, request: web.Request) -> web.Response:
        self._need(request, "view")
        return web.json_response(self._board.health_json(), headers={"Cache-Control": "no-store"})

    async def _get_state(self, request: web.Request) -> web.Response:
        self._need(request, "view")
        return web.json_response(self._board.state_json(), headers={"Cache-Control": "no-store"})

    async def _get_explain(self, request: web.Request) -> web.Response:
        self._need(request, "view")
        name = request.query.get("fixture", "")
        found = self._why(name) if self._why is not None and name else None
        if not found:
            raise web.HTTPNotFound(text=f"no fixture is called {name[:80]!r}: ask like /api/explain?fixture=par.1\n")
        body = {"fixture": name, "time": self._now(), "parameters": found}
        return web.json_response(body, headers={"Cache-Control": "no-store"})

    async def _get_metrics(self, request: web.Request) -> web.Response:
        self._need(request, "view")
        await loaded("showctl.remote.web.metrics")  # costs 80 ms: only where somebody asks
        from showctl.remote.web.metrics import CONTENT_TYPE, metrics

        own = {
            "clients": len(self._clients),
            "controls": self.controls,
            "controls_refused": self.refused,
            "frames_dropped": self.frames_dropped + sum(client.dropped for client in self._clients),
        }
        return web.Response(body=metrics(self._board, own), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    # --- controls ----------------------------------------------------------------------------------------------------

    async def _post_control(self, request: web.Request) -> web.Response:
        self._need(request, "control")
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType(text="send JSON with Content-Type: application/json\n")
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                body = await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="the body did not arrive within 5 s\n") from None
        try:
            event = self._control(body, request)
            text = await self._done(event) if isinstance(event, WriteBack | EqCommand) else ""
        except WireError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from None
        if event is None:
            raise web.HTTPServiceUnavailable(text=_TOO_MANY)
        return web.json_response({"ok": True, "text": text} if text else {"ok": True})

    async def _done(self, asked: WriteBack | EqCommand) -> str:
        """What takes its time is done: what is held is written into a palette of the files, the equaliser does as it is told;
        -> what came of it. Raises WireError."""
        if isinstance(asked, WriteBack):
            if self._write is None:
                raise WireError("this show has no files that are watched: nothing can be written back")
            return await self._write(asked.palette)
        try:
            if self._equaliser is None:
                raise WireError("nothing here has an equaliser")
            await self._equaliser(asked)
        except WireError:
            self.refused += 1
            raise
        self.controls += 1
        return ""

    def _control(self, body: str | bytes, request: web.Request) -> ControlEvent | EqCommand | WriteBack | None:
        """Hand on what the body asks for; None where there was no room. What takes its time is left to the caller. Raises
        WireError."""
        try:
            event = parse_control(body, self._board.plan, self._board.words, self._now(), f"web:{request.remote}")
        except WireError:
            self.refused += 1
            raise
        if isinstance(event, WriteBack | EqCommand):
            return event
        accepted = self._emit(event)
        self.controls += accepted
        self.refused += not accepted
        return event if accepted else None

    # --- the page ----------------------------------------------------------------------------------------------------

    async def _get_page(self, request: web.Request) -> web.StreamResponse:
        token = request.query.get("token")
        if token is not None:
            return self._log_in(request, token)
        return self._file(request, "login.html" if self._guard.scope(request) is None else "index.html")

    async def _get_file(self, request: web.Request) -> web.StreamResponse:
        """Style and code of the page: nothing of the show is in them, so the login page may have them too."""
        name = request.match_info["name"]
        if name not in self._files or name.endswith(".html"):
            raise web.HTTPNotFound(text=f"there is no {name[:40]!r} here; the page is at /\n")
        return self._file(request, name)

    def _file(self, request: web.Request, name: str) -> web.StreamResponse:
        body, kind, tag = self._files[name]
        headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache"}
        if any(one.value == tag for one in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        status = 401 if name == "login.html" else 200
        return web.Response(body=body, status=status, content_type=kind, charset="utf-8", headers=headers)

    async def _post_login(self, request: web.Request) -> web.StreamResponse:
        return self._log_in(request, str((await request.post()).get("token", "")))

    def _log_in(self, request: web.Request, token: str) -> web.StreamResponse:
        """A token for a cookie. The answer is a page that goes on to the real one, so that the token leaves the address line;
        a redirect would not do, as a browser that follows a link from elsewhere keeps a Strict cookie back on it."""
        if self._guard.redeem(request, token.strip()) is None:
            return self._file(request, "login.html")
        body, kind, _ = self._files["welcome.html"]
        response = web.Response(body=body, content_type=kind, charset="utf-8", headers={"Cache-Control": "no-store"})
        self._guard.set_cookie(request, response, token.strip())
        return response

    # --- WebSocket -----------------------------------------------------------------------------------------------------

    async def _get_socket(self, request: web.Request) -> web.StreamResponse:
        self._need(request, "view")
        if len(self._clients) >= MAX_CLIENTS:
            raise web.HTTPServiceUnavailable(text=f"{MAX_CLIENTS} pages are open already; close one\n")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE, compress=False, timeout=2.0)
        client = Client(socket, self._guard.scope(request) or "view")
        self._clients.add(client)  # before the first await, so that no burst gets past the limit
        transport = request.transport
        self._pages.add(transport)
        writer = None
        try:
            await socket.prepare(request)
            self._welcome(client)
            writer = asyncio.create_task(client.write(), name=f"page {request.remote}")
            writer.add_done_callback(lambda done: _let_go(done, request))
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break  # the page never sends anything else
                if (answer := self._answer(client, message.data, request)) is not None:
                    client.reply(answer)
        finally:
            self._clients.discard(client)
            self._pages.discard(transport)
            self._unflash(client, request)
            self.frames_dropped += client.dropped
            if writer is not None:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)  # what went wrong in it was told by _let_go
        return socket

    def _welcome(self, client: Client) -> None:
        """All that is known now, then whatever changes."""
        pages = "".join(tag for _, _, tag in self._files.values())
        client.offer("hello", encode("hello", {"scope": client.scope, "page": hashlib.sha256(pages.encode()).hexdigest()[:12]}))
        self._publish(everything=True)
        for topic, message in self._publisher.latest.items():
            client.offer(topic, message)
        self._somebody.set()

    def _answer(self, client: Client, text: str, request: web.Request) -> dict[str, str | bool] | None:
        """What to answer a page; None where that takes a while, and comes later."""
        if client.scope != "control":
            return {"ok": False, "text": "this token may look but not control"}
        try:
            event = self._control(text, request)
        except WireError as error:
            return {"ok": False, "text": str(error)}
        if isinstance(event, WriteBack | EqCommand):
            task = asyncio.create_task(self._answer_later(client, event))
            self._doing.add(task)
            task.add_done_callback(self._doing.discard)
            return None
        if isinstance(event, Flash):
            (client.flashing.add if event.on else client.flashing.discard)(event.submaster)
        return {"ok": True} if event else {"ok": False, "text": _TOO_MANY.strip()}

    async def _answer_later(self, client: Client, asked: WriteBack | EqCommand) -> None:
        try:
            text = await self._done(asked)
            client.reply({"ok": True, "text": text} if text else {"ok": True})
        except WireError as error:
            client.reply({"ok": False, "text": str(error)})

    def _unflash(self, client: Client, request: web.Request) -> None:
        """A page that is gone holds no flash button down."""
        for name in client.flashing - {held for other in self._clients for held in other.flashing}:
            self._emit(Flash(time=self._now(), source=f"web:{request.remote}", submaster=name, on=False))


def _read(path: Path) -> tuple[bytes, str, str]:
    body = path.read_bytes()
    return body, TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16]


def _why_not(host: str, port: int, error: OSError) -> str:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"another program already listens on {where}: end it, or choose another port with --http {host}:PORT"
    if error.errno == errno.EACCES:
        return f"no permission to listen on {where}: choose a port above 1023 with --http {host}:PORT"
    return f"cannot listen on {where} ({error.strerror or error}): give an address of this machine with --http HOST:PORT"


def _let_go(writer: asyncio.Task[None], request: web.Request) -> None:
    """A writer that ended by itself means a client that is gone or takes nothing: end the connection, whatever it is doing."""
    if writer.cancelled():
        return
    error = writer.exception()
    if not isinstance(error, TimeoutError | ConnectionError):
        log.error("the page at %s was cut off by a fault of ours", request.remote, exc_info=error)
    if request.transport is not None:
        request.transport.abort()


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
