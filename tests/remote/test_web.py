"""The web server, over real connections on loopback: what it shows, what it takes, and whom it turns away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from showctl.address import is_loopback
from showctl.config.words import Words
from showctl.model import (
    Back,
    BeatState,
    Blackout,
    Check,
    ConfigError,
    ControlEvent,
    DeviceError,
    Downbeat,
    EqCommand,
    ExitLoop,
    Flash,
    FreeBeat,
    Go,
    Goto,
    Health,
    Hold,
    Identify,
    LetGo,
    LockBeat,
    Nudge,
    Octave,
    Park,
    Pause,
    PlaybackState,
    Release,
    Resume,
    SetHouse,
    SetMaster,
    SetRate,
    ShowFrame,
    State,
    StopAll,
    Tap,
    Unpark,
    WireError,
)
from showctl.plan import PaPlan, PaZone
from showctl.remote.board import Board, Shown
from showctl.remote.web import server as server_module
from showctl.remote.web.control import parse_control
from showctl.remote.web.guard import Guard, host_name
from showctl.remote.web.server import MAX_CLIENTS, WebServer
from showctl.remote.web.stream import HEADER, REPLIES, Client, music_json
from tests.remote import fake_show

PLAN = replace(
    fake_show.plan(),
    house=(len(fake_show.plan().parameters) - 1,),  # the probe is the hall
    pa=PaPlan(zones=(PaZone("main", (1, 2)),), console="internal"),
)
WORDS = Words(PLAN)
TOKENS = {"look-at-this-show": "view", "run-this-whole-show": "control"}


@dataclass
class Site:
    """A server that runs, and what it handed on."""

    server: WebServer
    board: Board
    session: aiohttp.ClientSession
    events: list[ControlEvent] = field(default_factory=list)
    full: bool = False  # whether the queue of controls takes no more
    time: float = 10.0

    @property
    def url(self) -> str:
        return f"http://{self.server.address}"

    def emit(self, event: ControlEvent) -> bool:
        if not self.full:
            self.events.append(event)
        return not self.full

    async def post(self, body: Any, **headers: str) -> tuple[int, str]:
        async with self.session.post(f"{self.url}/api/control", json=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(f"{self.url}{path}", headers=headers) as answer:
            return answer.status, await answer.text()

    def socket(self, **headers: str) -> Any:
        return self.session.ws_connect(f"{self.url}/ws", headers=headers)


@contextlib.asynccontextmanager
async def serve(host: str = "127.0.0.1", **options: Any) -> AsyncIterator[Site]:
    board = Board(PLAN)
    fake_show.healthy(board)
    fake_show.move(board, 10.0)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        site: Site
        server = WebServer(host, 0, board=board, emit=lambda event: site.emit(event), now=lambda: site.time, **options)
        site = Site(server, board, session)
        await server.open()
        running = asyncio.create_task(server.run())
        try:
            yield site
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def topics(page: aiohttp.ClientWebSocketResponse, *wanted: str) -> dict[str, Any]:
    """Read until each of these topics has come; the latest of each."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while not set(wanted) <= set(found):
            message = await page.receive()
            if message.type is aiohttp.WSMsgType.BINARY:
                found["frame"] = message.data
            elif message.type is aiohttp.WSMsgType.TEXT:
                found |= json.loads(message.data)
            else:
                raise AssertionError(f"closed: {message}")
    return found


# --- what it shows ---------------------------------------------------------------------------------------------------


async def test_health_and_state_are_those_of_the_board() -> None:
    async with serve() as site:
        status, text = await site.get("/api/health")
        assert (status, json.loads(text)) == (200, site.board.health_json())
        assert {"web", "output", "mqtt"} <= {part["name"] for part in json.loads(text)["parts"]}
        status, text = await site.get("/api/state")
        assert (status, json.loads(text)) == (200, site.board.state_json())


async def test_metrics_give_the_state_and_counters_of_each_part() -> None:
    async with serve() as site:
        await site.post({"type": "go"})
        status, text = await site.get("/metrics")
        assert status == 200
        assert 'showctl_part_counter{counter="packets",part="output"} 7040.0' in text
        assert 'showctl_part_state{part="mqtt",state="degraded"} 1.0' in text
        assert 'showctl_part_counter{counter="controls",part="page"} 1.0' in text


async def test_every_answer_carries_the_headers_that_keep_strangers_out() -> None:
    async with serve() as site:
        for path in ("/", "/style.css", "/api/health", "/nothing-here"):
            async with site.session.get(site.url + path) as answer:
                assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_the_page_is_small_and_all_of_it_comes_from_here() -> None:
    files = [path for path in server_module.STATIC.iterdir() if path.name not in {"login.html", "welcome.html"}]
    assert sum(path.stat().st_size for path in files) <= 100_000
    assert len(files) <= 8
    for path in files:
        text = path.read_text().replace("http://www.w3.org/", "")  # a namespace, never fetched
        assert "http://" not in text
        assert "https://" not in text


async def test_a_file_of_the_page_is_typed_and_fetched_once() -> None:
    async with serve() as site:
        async with site.session.get(f"{site.url}/stage.js") as answer:
            assert answer.content_type == "text/javascript"
            tag = answer.headers["ETag"]
        async with site.session.get(f"{site.url}/stage.js", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
        for path in ("/login.html", "/server.py", "/..%2fserver.py", "/%2e%2e/server.py"):
            assert (await site.get(path))[0] == 404


# --- what it takes ---------------------------------------------------------------------------------------------------

WHO: dict[str, Any] = {"time": 10.0, "source": "web:127.0.0.1"}


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"type": "go"}, Go(list="main", **WHO)),
        ({"type": "go", "list": "probe"}, Go(list="probe", **WHO)),
        ({"type": "back", "list": "main"}, Back(**WHO)),
        ({"type": "pause"}, Pause(**WHO)),
        ({"type": "resume"}, Resume(**WHO)),
        ({"type": "release"}, Release(**WHO)),
        ({"type": "stop"}, StopAll(**WHO)),
        ({"type": "goto", "cue": "5.5"}, Goto(cue="5.5", **WHO)),
        ({"type": "goto", "cue": 5.50}, Goto(cue="5.5", **WHO)),
        ({"type": "goto", "cue": 10}, Goto(cue="10", **WHO)),
        ({"type": "blackout", "on": True}, Blackout(on=True, **WHO)),
        ({"type": "master", "level": 0.5}, SetMaster(level=0.5, **WHO)),
        ({"type": "master", "level": 1, "submaster": "probe"}, SetMaster(level=1.0, submaster="probe", **WHO)),
        ({"type": "tap"}, Tap(**WHO)),
        ({"type": "beat", "do": "nudge", "ms": -25}, Nudge(by=-0.025, **WHO)),
        ({"type": "beat", "do": "earlier"}, Nudge(by=-0.01, **WHO)),
        ({"type": "beat", "do": "half"}, Octave(step=-1, **WHO)),
        ({"type": "beat", "do": "downbeat"}, Downbeat(**WHO)),
        ({"type": "beat", "do": "lock"}, LockBeat(on=True, **WHO)),
        ({"type": "beat", "do": "unlock"}, LockBeat(on=False, **WHO)),
        ({"type": "beat", "do": "free"}, FreeBeat(**WHO)),
        ({"type": "exit"}, ExitLoop(**WHO)),
        ({"type": "rate", "rate": 1.5, "list": "probe"}, SetRate(rate=1.5, list="probe", **WHO)),
        ({"type": "house", "level": 0.3, "fade": 3}, SetHouse(level=0.3, fade=3.0, **WHO)),
        ({"type": "flash", "submaster": "front", "on": False}, Flash(submaster="front", on=False, **WHO)),
        ({"type": "hold", "what": "front.1 intensity 70%"}, Hold(values=(("front.1/intensity", 0.7),), **WHO)),
        ({"type": "hold", "what": "house 30% 2s"}, SetHouse(level=0.3, fade=2.0, **WHO)),
        ({"type": "park", "what": "1/300 255"}, Park(values=(("1/300", 1.0),), **WHO)),
        ({"type": "let_go"}, LetGo(**WHO)),
        ({"type": "let_go", "what": "front.2"}, LetGo(keys=("front.2/intensity",), **WHO)),
        ({"type": "unpark", "what": "wash.3 red"}, Unpark(keys=("wash.3/red",), **WHO)),
        ({"type": "identify", "fixture": "spot.2", "on": True}, Identify(fixture="spot.2", on=True, **WHO)),
        ({"type": "check", "step": -1}, Check(step=-1, **WHO)),
        ({"type": "eq", "do": "apply"}, EqCommand(do="apply", **WHO)),
        ({"type": "eq", "do": "yours", "band": 3}, EqCommand(do="yours", band=2, **WHO)),
    ],
)
async def test_a_control_reaches_the_engine_by_post_and_by_socket(body: dict[str, Any], event: ControlEvent) -> None:
    async with serve() as site:
        assert (await site.post(body))[0] == 200
        async with site.socket() as page:
            await page.send_json(body)
            assert (await topics(page, "reply"))["reply"] == {"ok": True}
        assert site.events == [event, event]


WRONG = [
    ("[]", "send a JSON object"),
    ("", "not JSON"),
    ("\xff", "not JSON"),
    ("[" * 900, "not JSON"),
    ('{"type": "explode"}', "one of back, beat, blackout"),
    ('{"type": ["go"]}', "one of back"),
    ('{"type": "go", "cue": "1"}', "go has no field 'cue'; it takes list"),
    ('{"type": "go", "list": "nowhere"}', "no list 'nowhere'; there is main, probe"),
    ('{"type": "go", "list": ["main"]}', "no list"),
    ('{"type": "go", "type": "stop"}', "there twice"),
    ('{"type": "goto"}', "goto needs"),
    ('{"type": "goto", "cue": true}', "goto needs"),
    ('{"type": "goto", "cue": "soon"}', "not the number of a cue"),
    ('{"type": "goto", "cue": "NaN"}', "has no cue"),
    ('{"type": "goto", "cue": 99}', "has no cue 99"),
    ('{"type": "blackout"}', "true or false"),
    ('{"type": "blackout", "on": 1}', "true or false"),
    ('{"type": "master", "level": NaN}', "NaN is not a number"),
    ('{"type": "master", "level": 1e999}', "0..1"),
    ('{"type": "master", "level": 1.01}', "0..1"),
    ('{"type": "master", "level": -0.01}', "0..1"),
    ('{"type": "master", "level": true}', "0..1"),
    ('{"type": "master", "level": "1"}', "0..1"),
    ('{"type": "master", "level": 1, "submaster": "nobody"}', "no submaster 'nobody'; there is probe, front"),
    ('{"type": "master", "level": ' + "9" * 900 + "}", "0..1"),
    ('{"type": "tap", "on": true}', "no other field"),
    ('{"type": "rate"}', "0..20"),
    ('{"type": "rate", "rate": 21}', "0..20"),
    ('{"type": "house", "level": 2}', "0..1"),
    ('{"type": "house", "level": 1, "fade": -1}', "fade"),
    ('{"type": "flash", "on": true}', "submaster"),
    ('{"type": "flash", "submaster": "nobody", "on": true}', "no submaster"),
    ('{"type": "flash", "submaster": "front", "on": 1}', "true or false"),
    ('{"type": "hold"}', "wash intensity 70%"),
    ('{"type": "hold", "what": ["front"]}', "wash intensity 70%"),
    ('{"type": "hold", "what": "frnt intensity 5%"}', "did you mean `front`"),
    ('{"type": "hold", "what": "front intensity 500%"}', "above 100%"),
    ('{"type": "park"}', "park needs"),
    ('{"type": "let_go", "what": ""}', "nothing was said"),
    ('{"type": "unpark", "what": "nobody"}', "nobody"),
    ('{"type": "identify", "fixture": "front", "on": true}', "no fixture 'front'"),
    ('{"type": "eq"}', "eq needs"),
    ('{"type": "eq", "do": ["apply"]}', "eq needs"),
    ('{"type": "eq", "do": "apply", "band": 1}', "belongs to"),
    ('{"type": "eq", "do": "mine", "band": 0}', "belongs to"),
    ('{"type": "eq", "do": "mine", "band": true}', "belongs to"),
    ('{"type": "beat"}', "beat needs"),
    ('{"type": "beat", "do": "stop"}', "beat needs"),
    ('{"type": "beat", "do": ["half"]}', "beat needs"),
    ('{"type": "beat", "do": "half", "ms": 3}', "belongs to"),
    ('{"type": "beat", "do": "nudge"}', "nudge needs"),
    ('{"type": "beat", "do": "nudge", "ms": 1001}', "nudge needs"),
    ('{"type": "check"}', "check needs"),
    ('{"type": "check", "step": 2}', "check needs"),
    ('{"type": "check", "step": true}', "check needs"),
    ('{"type": "write"}', "write needs"),
    ('{"type": "write", "palette": " "}', "write needs"),
    ('{"type": "write", "palette": ["blood"]}', "write needs"),
    ('{"type": "write", "palette": "blood", "path": "/etc/passwd"}', "write has no field 'path'"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
async def test_what_is_wrong_is_answered_in_one_line_and_moves_nothing(text: str, why: str) -> None:
    body = text.encode("latin-1")
    async with serve() as site:
        headers = {"Content-Type": "application/json"}
        async with site.session.post(f"{site.url}/api/control", data=body, headers=headers) as answer:
            said = await answer.text()
            assert answer.status == 400
            assert why in said
            assert said.count("\n") == 1
        assert not site.events
        assert site.server.refused == 1


@pytest.mark.parametrize(
    ("pa", "why"),
    [
        (None, "names no equaliser"),
        (PaPlan(zones=(PaZone("main", (1,)),)), "names no equaliser"),
        (PaPlan(zones=(PaZone("main", (1,)),), console="x32", host="10.0.0.5"), "no zone has an equaliser"),
        (PaPlan(console="internal"), "no zone has an equaliser"),
    ],
)
def test_an_equaliser_that_is_not_there_is_said_to_be_missing_rather_than_busy(pa: PaPlan | None, why: str) -> None:
    plan = replace(PLAN, pa=pa)
    with pytest.raises(WireError, match=why):
        parse_control('{"type": "eq", "do": "apply"}', plan, Words(plan), 1.0, "test")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
HANDS = ("hold", "let_go", "park", "unpark", "flash", "identify", "check", "house", "rate", "exit", "eq")
bodies = st.fixed_dictionaries(
    {"type": st.sampled_from(["go", "goto", "blackout", "master", "tap", "stop", "other", *HANDS]) | json_values},
    optional={
        "list": st.sampled_from(["main", "probe"]) | json_values,
        "cue": st.sampled_from(["1", "5.5", "10"]) | json_values,
        "on": json_values,
        "level": st.floats(-1, 2) | json_values,
        "submaster": st.sampled_from(["probe", "front"]) | json_values,
        "what": st.sampled_from(["front", "wash red 5%"]) | json_values,
        "fixture": st.sampled_from(["spot.1"]) | json_values,
        "step": st.integers(-2, 2) | json_values,
        "rate": st.floats(-1, 30) | json_values,
    },
)


@given(bodies.map(json.dumps) | json_values.map(json.dumps) | st.text(max_size=100) | st.binary(max_size=100))
def test_no_body_whatever_raises_anything_but_the_senders_fault(body: str | bytes) -> None:
    event, said = None, ""
    try:
        event = parse_control(body, PLAN, WORDS, 1.0, "web")
    except WireError as error:
        said = str(error)
    assert (event is None) == (0 < len(said) < 200)
    assert "\n" not in said
    if isinstance(event, SetMaster):
        assert 0.0 <= event.level <= 1.0


async def test_a_flash_button_comes_up_when_its_page_is_gone() -> None:
    async with serve() as site:
        async with site.socket() as page, site.socket() as other:
            for one, name in ((page, "front"), (page, "probe"), (other, "probe")):
                await one.send_json({"type": "flash", "submaster": name, "on": True})
                assert (await topics(one, "reply"))["reply"] == {"ok": True}
            await page.close()
            async with asyncio.timeout(5):
                while len(site.events) < 4:
                    await asyncio.sleep(0.01)
            assert site.events[3:] == [Flash(submaster="front", on=False, **WHO)]  # the other page still holds probe
        async with asyncio.timeout(5):
            while len(site.events) < 5:
                await asyncio.sleep(0.01)
        assert site.events[4:] == [Flash(submaster="probe", on=False, **WHO)]


async def test_what_is_held_is_written_back_and_the_answer_says_where() -> None:
    asked: list[str] = []

    async def write(palette: str) -> str:
        asked.append(palette)
        if palette != "colour blood":
            raise WireError(f"no palette is called {palette}")
        return "show.yaml: colour `blood` is written"

    async with serve(write=write, tokens=TOKENS) as site:
        may = {"Authorization": "Bearer run-this-whole-show"}
        code, text = await site.post({"type": "write", "palette": "colour blood"}, **may)
        assert (code, json.loads(text)) == (200, {"ok": True, "text": "show.yaml: colour `blood` is written"})
        assert await site.post({"type": "write", "palette": "blod"}, **may) == (400, "no palette is called blod\n")
        assert (await site.post({"type": "write", "palette": "x"}, Authorization="Bearer look-at-this-show"))[0] == 403
        async with site.socket(**may) as page:
            for palette, ok in (("colour blood", True), ("blod", False)):
                await page.send_json({"type": "write", "palette": palette})
                assert (await topics(page, "reply"))["reply"]["ok"] is ok
        assert asked == ["colour blood", "blod"] * 2
        assert not site.events


def test_house_lights_that_are_not_there_are_not_moved() -> None:
    plan = fake_show.plan()
    for body in ({"type": "house", "level": 0.5}, {"type": "hold", "what": "house 50%"}):
        with pytest.raises(WireError, match="no house lights"):
            parse_control(json.dumps(body), plan, Words(plan), 1.0, "web")


async def test_a_show_whose_files_are_not_watched_is_not_written() -> None:
    async with serve() as site:
        code, text = await site.post({"type": "write", "palette": "colour blood"})
        assert (code, "no files that are watched" in text) == (400, True)


async def test_one_command_too_many_is_refused_aloud() -> None:
    async with serve() as site:
        site.full = True
        assert await site.post({"type": "go"}) == (503, "too many commands at once; send it again\n")
        async with site.socket() as page:
            await page.send_json({"type": "go"})
            reply = (await topics(page, "reply"))["reply"]
            assert reply == {"ok": False, "text": "too many commands at once; send it again"}


async def test_a_body_has_to_be_json_and_small() -> None:
    async with serve() as site:
        url = f"{site.url}/api/control"
        async with site.session.post(url, data='{"type": "go"}', headers={"Content-Type": "text/plain"}) as answer:
            assert answer.status == 415
        async with site.session.post(url, json={"type": "go", "list": "x" * 5000}) as answer:
            assert answer.status == 413
        async with site.socket() as page:
            await page.send_str("x" * 5000)
            async with asyncio.timeout(5):
                while (await page.receive()).type not in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}:
                    pass
        assert not site.events


# --- whom it turns away ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.7", "a@localhost", "[::1", ""]
)
async def test_a_name_that_is_not_ours_is_no_way_in(host: str) -> None:
    async with serve() as site:
        for path in ("/", "/api/health", "/ws", "/stage.js"):
            assert (await site.get(path, Host=host))[0] in {400, 403}
        assert (await site.post({"type": "go"}, Host=host))[0] in {400, 403}
        assert not site.events


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9000", "127.0.0.1:1", "[::1]:8080", "show.venue", "localhost."])
async def test_loopback_and_allowed_names_are(host: str) -> None:
    async with serve(allow_hosts=["Show.Venue"]) as site:
        assert (await site.get("/api/health", Host=host))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_presses_no_button(headers: dict[str, str]) -> None:
    async with serve() as site:
        assert (await site.post({"type": "go"}, **headers))[0] == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with site.socket(**headers):
                pass
        assert caught.value.status == 403
        assert not site.events


async def test_our_own_page_does() -> None:
    async with serve() as site:
        assert (await site.post({"type": "go"}, Origin=site.url, **{"Sec-Fetch-Site": "same-origin"}))[0] == 200
        async with site.socket(Origin=site.url) as page:
            await topics(page, "patch")


async def test_only_the_networks_that_are_named_get_an_answer() -> None:
    async with serve(allow=["10.0.0.0/24"]) as site:
        assert (await site.get("/api/health"))[0] == 200  # this machine always may
    guard = Guard("0.0.0.0", TOKENS, (), ["10.0.0.0/24"], lambda: 0.0)
    for address, may in (("10.0.0.7", True), ("10.0.1.7", False), ("fe80::1%eth0", False), ("::1", True)):
        request = make_mocked_request("GET", "/", transport=_Peer(address))
        with contextlib.nullcontext() if may else pytest.raises(web.HTTPForbidden):
            guard.check_peer(request)


class _Peer(asyncio.Transport):
    """A connection from an address."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 50000)})


def test_beyond_loopback_a_token_is_a_must() -> None:
    with pytest.raises(ConfigError, match="needs a token"):
        WebServer("0.0.0.0", 0, board=Board(PLAN), emit=lambda _: True, now=lambda: 0.0)


async def test_tokens_have_scopes() -> None:
    async with serve(tokens=TOKENS) as site:
        look, run = ({"Authorization": f"Bearer {token}"} for token in TOKENS)
        assert (await site.get("/api/state"))[0] == 401
        assert (await site.get("/metrics", Authorization="Bearer wrong"))[0] == 401
        assert (await site.get("/metrics", Authorization="Basic x"))[0] == 401
        assert (await site.get("/api/state", **look))[0] == 200
        assert (await site.post({"type": "go"}))[0] == 401
        assert (await site.post({"type": "go"}, **look))[0] == 403
        assert not site.events
        assert (await site.post({"type": "go"}, **run))[0] == 200
        async with site.socket(**look) as page:
            assert (await topics(page, "hello"))["hello"]["scope"] == "view"
            await page.send_json({"type": "go"})
            assert not (await topics(page, "reply"))["reply"]["ok"]
        assert len(site.events) == 1


@pytest.mark.parametrize("way", ["link", "form"])
async def test_a_token_becomes_a_cookie_that_does_not_hold_it(way: str) -> None:
    token = "run-this-whole-show"
    async with serve(tokens=TOKENS) as site:
        assert (await site.get("/"))[0] == 401
        if way == "link":
            answer = await site.session.get(f"{site.url}/", params={"token": token})
        else:
            answer = await site.session.post(f"{site.url}/login", data={"token": token})
        async with answer:
            assert answer.status == 200
            cookie = answer.headers["Set-Cookie"]
        assert token not in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        status, page = await site.get("/")
        assert status == 200
        assert "stage" in page
        assert (await site.post({"type": "go"}, Origin=site.url))[0] == 200


async def test_guessing_tokens_ends_soon() -> None:
    async with serve(tokens=TOKENS) as site:
        answers = [(await site.get("/api/state", Authorization=f"Bearer {n}"))[0] for n in range(12)]
        assert answers == [401] * 10 + [429] * 2
        right = {"Authorization": "Bearer look-at-this-show"}
        assert (await site.get("/api/state", **right))[0] == 429
        site.time += 61.0
        assert (await site.get("/api/state", **right))[0] == 200


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("[::1]:80", "::1"),
        ("a:b", ""),
        ("u@h", ""),
        ("h/x", ""),
        ("", ""),
        ("[::1", ""),
        ("h:99999", ""),
    ],
)
def test_host_headers_are_read_strictly(header: str, name: str) -> None:
    assert host_name(header) == name


@given(st.text(max_size=40))
def test_no_host_header_raises(header: str) -> None:
    is_loopback(host_name(header))


# --- the stream ----------------------------------------------------------------------------------------------------------


def test_the_page_sees_the_beat_that_lights_see() -> None:
    board = Board(PLAN)
    assert music_json(board, 1.0)["beat"] is None
    beats = BeatState("tap", flashes=True, nudge=0.02, octaves=-1, counts=True, bar=2)
    state = PlaybackState((), beat=8.75, bpm=120.0, beats=beats)
    board.show(ShowFrame(4.0, np.zeros((4, 512), np.uint8), state))
    told = music_json(board, 4.05)
    assert told["beat"] == {"in": 0.075, "period": 0.5, "bpm": 120.0, "bar": 4, "beats": 4, "confidence": 0.0}
    assert (told["beats"]["source"], told["beats"]["nudge_ms"], told["beats"]["octaves"]) == ("tap", 20.0, -1)
    for other, bar in ((replace(beats, flashes=False), None), (replace(beats, counts=False), 0)):
        board.show(ShowFrame(4.0, np.zeros((4, 512), np.uint8), replace(state, beats=other)))
        found = music_json(board, 4.05)["beat"]
        assert (found and found["bar"]) == bar


async def test_a_page_gets_all_there_is_and_then_what_changes() -> None:
    async with serve() as site, site.socket() as page:
        all_of_it = await topics(page, "hello", "patch", "show", "playback", "music", "health", "frame")
        assert len(all_of_it["patch"]["fixtures"]) == 27
        assert all_of_it["show"]["cue_lists"][0]["cues"][5]["number"] == "5.5"
        assert all_of_it["music"]["beat"]["beats"] == 4
        fake_show.move(site.board, 11.0)
        header, slots = HEADER.unpack_from(site.board.frame and (await topics(page, "frame"))["frame"]), site.board.frame
        assert header == (11.0,)
        assert len(slots) == 4 * 512


async def test_the_frame_is_the_one_that_was_sent_and_its_offsets_are_those_of_the_patch() -> None:
    async with serve() as site, site.socket() as page:
        got = await topics(page, "patch", "frame")
        slots = np.frombuffer(got["frame"], np.uint8, offset=HEADER.size)
        assert slots.tobytes() == site.board.frame
        spot = next(one for one in got["patch"]["fixtures"] if one["name"] == "spot.2")
        assert (spot["x"], spot["z"], spot["kind"]) == (-2.25, 5.6, "spot")
        pan = next(one for one in spot["parameters"] if one["name"] == "pan")
        assert (pan["universe"], pan["slots"], pan["at"]) == (3, [17, 18], [2 * 512 + 16, 2 * 512 + 17])
        table = slots.reshape(4, 512)
        assert [slots[at] for at in pan["at"]] == [table[2, 16], table[2, 17]]


async def test_what_did_not_change_is_not_sent_again() -> None:
    async with serve() as site, site.socket() as page:
        await topics(page, "frame", "health")
        site.time += 1.0  # the clock moves on by a second, nothing else does
        rest = await topics(page, "clock", "music")
        assert not {"frame", "health", "patch", "show", "playback"} & set(rest)


async def test_a_part_that_only_counts_is_no_news() -> None:
    async with serve() as site, site.socket() as page:
        await topics(page, "health")
        site.board.report(Health("output", State.RUNNING, "4 universes to 127.0.0.1, 44 a second", 9.0, (("packets", 9e9),)))
        site.time += 1.0
        assert "health" not in await topics(page, "clock", "music")
        site.board.report(Health("output", State.FAILED, "no route", 11.0))
        ill = (await topics(page, "health"))["health"]["parts"]
        assert {"name": "output", "state": "failed", "detail": "no route", "since": 11.0} in ill


async def test_another_show_brings_its_patch_before_its_frames() -> None:
    async with serve() as site, site.socket() as page:
        await topics(page, "frame")
        site.board.load(Shown.of(replace(PLAN, fixtures=PLAN.fixtures[:3])))
        fake_show.move(site.board, 12.0)
        async with asyncio.timeout(5):
            order = []
            while "frame" not in order:
                message = await page.receive()
                order.append("frame" if message.type is aiohttp.WSMsgType.BINARY else next(iter(json.loads(message.data))))
        assert "patch" in order


async def test_only_so_many_pages_are_served() -> None:
    async with serve() as site, contextlib.AsyncExitStack() as stack:
        for _ in range(MAX_CLIENTS):
            await stack.enter_async_context(site.socket())
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with site.socket():
                pass
        assert caught.value.status == 503
        await stack.aclose()
        async with asyncio.timeout(5):
            while site.server.clients:
                await asyncio.sleep(0)
        async with site.socket() as page:
            await topics(page, "patch")


class _Stuck:
    """A socket that takes nothing until it is let."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.sent: list[str | bytes] = []

    async def send_bytes(self, data: bytes) -> None:
        await self.gate.wait()
        self.sent.append(data)

    send_str = send_bytes


async def test_a_slow_page_misses_frames_and_costs_no_memory() -> None:
    stuck = _Stuck()
    client = Client(stuck, "control")  # type: ignore[arg-type]
    writer = asyncio.create_task(client.write())
    client.offer("frame", b"first")
    await asyncio.sleep(0)
    for number in range(1000):
        client.offer("frame", b"%d" % number)
        client.offer("playback", f"{number}")
        client.reply({"ok": True})
    stuck.gate.set()
    async with asyncio.timeout(5):
        while len(stuck.sent) < 3 + REPLIES:
            await asyncio.sleep(0)
    assert stuck.sent[0] == b"first"
    assert stuck.sent[-2:] == [b"999", "999"]
    assert client.dropped == 999
    writer.cancel()


async def test_a_page_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("showctl.remote.web.stream.SEND_TIMEOUT", 0.05)
    async with serve() as site:
        host, _, port = site.server.address.rpartition(":")
        raw = socket.create_connection((host, int(port)))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ask = f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        raw.sendall(f"{ask}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        with raw:
            async with asyncio.timeout(20):
                while not site.server.clients:
                    await asyncio.sleep(0)
                while site.server.clients:  # big frames until its buffers are full
                    site.board.frame = np.random.default_rng(0).bytes(2_000_000)
                    await asyncio.sleep(0.01)
                    site.board.frame = np.random.default_rng(1).bytes(2_000_000)
                    await asyncio.sleep(0.01)


# --- the port --------------------------------------------------------------------------------------------------------------


async def test_a_taken_port_is_told_with_its_cure() -> None:
    async with serve() as site:
        port = int(site.server.address.rpartition(":")[2])
        second = WebServer("127.0.0.1", port, board=site.board, emit=site.emit, now=lambda: 0.0)
        with pytest.raises(DeviceError, match=rf"already listens on 127\.0\.0\.1:{port}.*--http"):
            await second.open()
    await second.open()  # now that the first is gone
    assert second.address == f"127.0.0.1:{port}"
    await second.close()


async def test_an_address_of_another_machine_is_told() -> None:
    server = WebServer("192.0.2.1", 0, board=Board(PLAN), emit=lambda _: True, now=lambda: 0.0, tokens=TOKENS)
    with pytest.raises(DeviceError, match="an address of this machine"):
        await server.open()


async def test_it_can_run_again_after_it_was_stopped() -> None:
    async with serve() as site:
        assert (await site.get("/api/health"))[0] == 200
    again = asyncio.create_task(site.server.run())
    async with asyncio.timeout(5):
        while True:
            with contextlib.suppress(RuntimeError):
                site.server.address  # noqa: B018 - it raises until the port is open
                break
            await asyncio.sleep(0)
    again.cancel()
    await asyncio.gather(again, return_exceptions=True)
