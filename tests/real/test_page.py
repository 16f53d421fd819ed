"""The page in a real browser: it shows the frame that was sent, its buttons reach the engine, and it suits a dark hall."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

import pytest

from showctl.model import (
    BeatState,
    Blackout,
    Check,
    Downbeat,
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
    SetHouse,
    SetMaster,
    SetRate,
    State,
    Tap,
    Unpark,
)
from showctl.remote.board import Shown
from showctl.remote.web.server import WebServer
from tests.real import page
from tests.real.chromium import CHROMIUM, Tab
from tests.real.page import BOX, BOXES, DESK, EVERY_PICTURE, PHONE, RED_CENTRE, RING, TEXTS, Hall
from tests.remote import fake_show

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; on Debian: apt install chromium"),
]
browser, hall = page.browser, page.hall


async def test_it_loads_in_few_requests_and_without_complaint(hall: Hall) -> None:
    await hall.open()
    assert hall.tab.complaints == []
    ours = f"http://{hall.server.address}/"
    asked = [url for url in hall.tab.requests if not url.startswith("data:")]
    assert all(url.startswith(ours) for url in asked), asked
    assert len(asked) <= 9, asked


async def test_the_stage_shows_the_frame_that_was_sent(hall: Hall) -> None:
    board = hall.board
    board.frame = bytes(4 * 512)
    await hall.open()
    dark = await hall.light_is("l[0] > 0")
    frame = bytearray(4 * 512)
    for wash in range(8):  # universe 2: intensity, red, green, blue, white every 10 slots
        frame[512 + 10 * wash : 512 + 10 * wash + 2] = b"\xff\xff"
    board.frame = bytes(frame)
    red = await hall.light_is(f"l[0] > {dark[0]} * 1.3")
    assert red[0] - dark[0] > 5 * (red[1] - dark[1])
    for wash in range(8):
        frame[512 + 10 * wash + 1], frame[512 + 10 * wash + 3] = 0, 255
    board.frame = bytes(frame)
    blue = await hall.light_is(f"l[2] > {dark[2]} * 1.3")
    assert blue[2] - dark[2] > 5 * (blue[0] - dark[0])
    board.frame = bytes(4 * 512)
    await hall.light_is(f"l[0] === {dark[0]} && l[2] === {dark[2]}")


async def test_a_head_shines_where_pan_and_tilt_say(hall: Hall) -> None:
    frame = bytearray(4 * 512)
    frame[1024 + 4 : 1024 + 7] = bytes([255, 48, 255])  # spot.1: dimmer, shutter open, red
    # Anticlockwise from above by 90 degrees of 540, so from the audience to the right, and back; tilt 40 degrees of 270.
    tilt = round((0.5 + 40 / 270) * 65535).to_bytes(2, "big")
    middle = []
    await hall.open()
    for pan in (-90, 90):
        frame[1024:1026] = round((0.5 + pan / 540) * 65535).to_bytes(2, "big")
        frame[1026:1028] = tilt
        hall.board.frame = bytes(frame)
        middle.append(await hall.tab.until(RED_CENTRE % (">" if pan < 0 else "<")))
    assert middle[0] > middle[1]


async def test_the_buttons_reach_the_engine(hall: Hall) -> None:
    await hall.open()
    await hall.press("#go")
    assert await hall.event() == Go(time=10.0, source="web:127.0.0.1", list="main")
    await hall.press("#pause")
    assert isinstance(await hall.event(), Pause)
    await hall.press("#tap")
    assert isinstance(await hall.event(), Tap)
    await hall.press("#blackout")
    assert await hall.event() == Blackout(time=10.0, source="web:127.0.0.1", on=True)
    assert hall.board.playback is not None
    hall.board.playback = replace(hall.board.playback, blackout=True)
    await hall.tab.until("document.getElementById('blackout').getAttribute('aria-pressed') === 'true'")
    assert await hall.text("#cover") == "Blackout"
    await hall.press("#blackout")
    assert await hall.event() == Blackout(time=10.0, source="web:127.0.0.1", on=False)
    assert hall.tab.complaints == []


async def test_the_beat_is_helped_and_what_was_said_of_it_is_shown(hall: Hall) -> None:
    who = {"time": 10.0, "source": "web:127.0.0.1"}
    assert hall.board.playback is not None
    await hall.open()
    assert await hall.text("#nudged") == "0 ms"
    for name, event in (
        ("later", Nudge(by=0.01, **who)),
        ("earlier", Nudge(by=-0.01, **who)),
        ("half", Octave(step=-1, **who)),
        ("double", Octave(step=1, **who)),
        ("downbeat", Downbeat(**who)),
        ("lock", LockBeat(on=True, **who)),
    ):
        await hall.press(f"#{name}")
        assert await hall.event() == event
    beats = BeatState("lock", flashes=True, nudge=-0.03, octaves=-1, downbeat=True, counts=True)
    hall.board.playback = replace(hall.board.playback, beats=beats)
    await hall.tab.until("document.getElementById('sure').textContent === 'locked'")
    assert [await hall.text(f"#{name}") for name in ("nudged", "half", "double")] == ["-30 ms", "Half 1/2", "Double"]
    on = await hall.tab.ask("[...document.querySelectorAll('#beats .on')].map((one) => one.id).join()")
    assert on == "nudged,half,downbeat,lock"
    await hall.press("#lock")
    assert await hall.event() == LockBeat(on=False, **who)
    await hall.press("#free")
    assert await hall.event() == FreeBeat(**who)
    assert hall.tab.complaints == []


async def test_a_held_space_bar_is_one_go_wherever_the_focus_is(hall: Hall) -> None:
    await hall.open()
    await hall.tab.ask("document.getElementById('back').focus()")
    await hall.tab.key("Space", " ", repeat=True)
    await hall.tab.key("Space", " ")  # not held: a press
    for _ in range(5):
        await hall.tab.key("Space", " ", repeat=True)
    await hall.press("#tap")
    assert [type(await hall.event()) for _ in range(2)] == [Go, Tap]
    assert hall.events.empty()


async def test_a_cue_in_the_list_asks_before_it_jumps(hall: Hall) -> None:
    await hall.open()
    await hall.press("#stack li:nth-child(2) button")
    await hall.tab.until("document.querySelector('#stack li:nth-child(2)').matches('.armed')")
    assert hall.events.empty()
    await hall.press("#stack li:nth-child(2) button")
    assert await hall.event() == Goto(time=10.0, source="web:127.0.0.1", list="main", cue="2")


async def test_a_fader_runs_upwards_and_only_its_handle_takes_hold(hall: Hall) -> None:
    await hall.open()
    front = ".fader:nth-child(3)"
    assert await hall.text(f"{front} .value") == "60 %"
    box = await hall.tab.ask(BOX % f"{front} .track")
    x = box[0] + box[2] / 2
    await drag(hall.tab, x, box[1] + box[3] - 5, box[1])  # beneath the handle: nothing
    handle = (await hall.tab.ask(BOX % f"{front} .handle"))[1]
    await drag(hall.tab, x, handle + 22, handle - 60)
    last = await hall.event()
    while not hall.events.empty():
        last = await hall.event()
    assert isinstance(last, SetMaster)
    assert (last.submaster, last.level > 0.6) == ("front", True)
    # Nothing came of it on this board, so the fader goes back to what holds.
    await hall.tab.until(f"document.querySelector('{front} .value').textContent === '60 %'")


async def mouse(tab: Tab, kind: str, selector: str) -> None:
    x, y, width, height = await tab.ask(BOX % selector)
    at = {"x": x + width / 2, "y": y + height / 2}
    await tab.command("Input.dispatchMouseEvent", type=kind, button="left", buttons=1, clickCount=1, **at)


async def test_a_flash_button_is_down_as_long_as_the_finger_is_and_no_longer_than_the_page(hall: Hall) -> None:
    await hall.open()
    front, who = ".fader:nth-child(3) .flash", {"time": 10.0, "source": "web:127.0.0.1", "submaster": "front"}
    await hall.tab.ask(f"document.querySelector('{front}').scrollIntoView()")
    await mouse(hall.tab, "mousePressed", front)
    assert await hall.event() == Flash(on=True, **who)
    assert hall.board.playback is not None
    hall.board.playback = replace(hall.board.playback, flashed=("front",))
    await hall.tab.until(f"document.querySelector('{front}').getAttribute('aria-pressed') === 'true'")
    await mouse(hall.tab, "mouseMoved", "#canvas")  # off the button, still down
    assert hall.events.empty()
    await mouse(hall.tab, "mouseReleased", "#canvas")
    assert await hall.event() == Flash(on=False, **who)
    await mouse(hall.tab, "mousePressed", front)
    assert await hall.event() == Flash(on=True, **who)
    await hall.tab.ask("dispatchEvent(new Event('blur'))")  # another window comes before it
    assert await hall.event() == Flash(on=False, **who)
    await mouse(hall.tab, "mouseReleased", front)
    await mouse(hall.tab, "mousePressed", front)
    assert await hall.event() == Flash(on=True, **who)
    await hall.tab.command("Page.navigate", url="about:blank")
    assert await hall.event() == Flash(on=False, **who)
    assert hall.events.empty()


async def test_what_is_held_is_shown_as_held_and_let_go_one_by_one_or_all(hall: Hall) -> None:
    assert hall.board.playback is not None
    hall.board.frame = bytes(4 * 512)
    await hall.open()
    assert not await hall.tab.ask("document.getElementById('held').children.length")
    held = (("wash.2/intensity", 0.7), ("wash.2/red", 1.0), ("bar.1:3/red", 0.5), ("1/101", 0.5))
    hall.board.playback = replace(hall.board.playback, held=held, parked=(("front.1/intensity", 0.25),), checked="spot.1")
    await hall.tab.until("document.getElementById('held').children.length === 4")
    assert await hall.text("#held-count") == "4 held, 1 parked"
    assert await hall.text("#held li:nth-child(1)") == "Releasewash.2intensity 70 %, red 100 %"
    assert await hall.text("#held li:nth-child(2)") == "Releasebar.1red 3 50 %"
    assert await hall.text("#held li:nth-child(4)") == "Unparkfront.1parked at intensity 25 %"
    assert await hall.text("#checked") == "spot.1"
    for colour in ("255, 182, 92", "156, 194, 255"):
        await hall.tab.until(f"{RING % colour} > 20")
    who: dict[str, Any] = {"time": 10.0, "source": "web:127.0.0.1"}
    await hall.press("#held li:nth-child(3) button")
    assert await hall.event() == LetGo(keys=("1/101",), **who)
    await hall.press("#held li:nth-child(4) button")
    assert await hall.event() == Unpark(keys=("front.1/intensity",), **who)
    await hall.press("#held li:nth-child(1) button")
    one = await hall.event()
    assert isinstance(one, LetGo)
    assert set(one.keys) == {f"wash.2/{name}" for name in ("intensity", "red", "green", "blue", "white")}
    await hall.press("#let-go")
    await hall.tab.until("document.getElementById('let-go').textContent === 'Let go of all?'")
    assert hall.events.empty()
    await hall.press("#let-go")
    assert await hall.event() == LetGo(**who)
    hall.board.playback = replace(hall.board.playback, held=(), parked=())
    await hall.tab.until("!document.getElementById('held').children.length")
    await hall.tab.until(f"{RING % '255, 182, 92'} === 0")


async def test_words_are_held_and_parked_and_the_space_bar_is_a_space_among_them(hall: Hall) -> None:
    await hall.open()
    who: dict[str, Any] = {"time": 10.0, "source": "web:127.0.0.1"}
    await hall.tab.ask("document.getElementById('words').focus()")
    await hall.tab.command("Input.insertText", text="front.1 intensity")
    await hall.tab.key("Space", " ")
    await hall.tab.key("KeyT", "t")
    await hall.tab.ask("document.getElementById('words').value = document.getElementById('words').value.replace('t', '') + '70%'")
    value = await hall.tab.ask("document.getElementById('words').value")
    assert value.startswith("fron")
    await hall.tab.ask("document.getElementById('words').value = 'front.1 intensity 70%'")
    await hall.press("#hold")
    assert await hall.event() == Hold(values=(("front.1/intensity", 0.7),), **who)
    await hall.tab.key("Space", " ")
    assert isinstance(await hall.event(), Go)  # the line has let go of the keys
    await hall.press("#park")
    assert await hall.event() == Park(values=(("front.1/intensity", 0.7),), **who)
    await hall.tab.ask("document.getElementById('words').value = 'frnt intensity 70%'")
    await hall.press("#hold")
    await hall.tab.until("document.getElementById('problem').textContent.includes('did you mean `front`')")
    assert hall.events.empty()


async def test_check_identify_house_rate_and_the_end_of_a_loop(hall: Hall) -> None:
    hall.board.load(Shown.of(replace(hall.board.plan, house=(0,))))
    fake_show.move(hall.board, 10.0)
    await hall.open()
    who: dict[str, Any] = {"time": 10.0, "source": "web:127.0.0.1"}
    await hall.press("#check-next")
    assert await hall.event() == Check(step=1, **who)
    await hall.press("#check-back")
    assert await hall.event() == Check(step=-1, **who)
    x, y = await hall.tab.ask(
        "(() => { const s = document.getElementById('canvas').getBoundingClientRect(); return [s.x + s.width / 2, s.y] })()"
    )
    named = "document.getElementById('words').value.trim()"
    for step in range(60):  # down the middle of the stage until a fixture is touched
        at = {"x": x, "y": y + 4 + 8 * step}
        for kind in ("mousePressed", "mouseReleased"):
            await hall.tab.command("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)
        if fixture := await hall.tab.ask(named):
            break
    await hall.press("#identify")
    assert await hall.event() == Identify(fixture=fixture, on=True, **who)
    assert hall.board.playback is not None
    hall.board.playback = replace(hall.board.playback, identified=(fixture,), checked="front.1")
    await hall.tab.until("document.getElementById('identify').getAttribute('aria-pressed') === 'true'")
    await hall.press("#identify")
    assert await hall.event() == Identify(fixture=fixture, on=False, **who)
    await hall.press("#check-off")
    assert await hall.event() == Check(step=0, **who)
    await hall.press("#faster")
    assert await hall.event() == SetRate(rate=1.1, **who)
    await hall.press("#rate")
    assert await hall.event() == SetRate(rate=1.0, **who)
    await hall.press("#exit")
    assert await hall.event() == ExitLoop(**who)
    await hall.tab.ask("document.querySelector('.fader:nth-child(2) .handle').focus()")
    await hall.tab.command("Input.dispatchKeyEvent", type="rawKeyDown", code="ArrowUp", key="ArrowUp", windowsVirtualKeyCode=38)
    assert await hall.event() == SetHouse(level=0.01, **who)
    assert await hall.text(".fader:nth-child(2) .name") == "House"
    assert hall.tab.complaints == []


async def drag(tab: Tab, x: float, top: float, bottom: float) -> None:
    for kind, y in (("mousePressed", top), ("mouseMoved", (top + bottom) / 2), ("mouseMoved", bottom), ("mouseReleased", bottom)):
        await tab.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_it_suits_a_finger_and_a_dark_hall(hall: Hall, size: tuple[int, int]) -> None:
    assert hall.board.playback is not None
    held, parked = (("wash.2/red", 0.7), ("1/101", 1.0)), (("front.1/intensity", 0.5),)
    hall.board.playback = replace(hall.board.playback, held=held, parked=parked, identified=("spot.1",), checked="spot.2")
    await hall.open(size)
    await hall.tab.until("document.getElementById('held').children.length === 4")
    assert await hall.tab.ask("document.documentElement.scrollWidth") == size[0]
    boxes = await hall.tab.ask(BOXES)
    assert len(boxes) >= 10
    assert [box for box in boxes if min(box["width"], box["height"]) < 44] == []
    assert [box for box in boxes if not (box["text"] or box["label"])] == []
    for name in ("blackout", "tap"):
        one = next(box for box in boxes if box["id"] == name)
        assert min(one["width"], one["height"]) >= 64
        docked = [box for box in boxes if box["id"] in {"go", "back", "pause", "blackout", "tap"} and box is not one]
        assert min(apart(one, other) for other in docked) >= 24
    texts = await hall.tab.ask(TEXTS)
    assert len(texts) > 30
    assert [text for text in texts if text["size"] < 16] == []
    assert [text for text in texts if text["contrast"] < 7] == []
    assert await hall.luma() <= 0.10


def apart(a: dict[str, Any], b: dict[str, Any]) -> float:
    """The gap between two boxes (px)."""
    across = max(a["x"] - b["x"] - b["width"], b["x"] - a["x"] - a["width"])
    down = max(a["y"] - b["y"] - b["height"], b["y"] - a["y"] - a["height"])
    return float(max(across, down))


async def test_the_first_screen_of_a_phone_says_what_matters(hall: Hall) -> None:
    await hall.open(PHONE)
    wanted = {
        "bpm": "124.0",
        "sure": "confidence 87 %",
        "level": "level -22 LUFS",
        "current": "3  Verse",
        "pending": "4  Build",
        "waiting": "waits for section build",
        "sacn": "sACN on",
        "problem": "mqtt degraded: no broker answers",
    }
    for name, words in wanted.items():
        assert (await hall.text(f"#{name}")).startswith(words)
        bottom = await hall.tab.ask(f"document.getElementById('{name}').getBoundingClientRect().bottom")
        assert 0 < bottom <= await hall.tab.ask("document.getElementById('dock').getBoundingClientRect().top")


async def test_it_says_whether_light_leaves_the_machine(hall: Hall) -> None:
    await hall.open()
    assert await hall.text("#sacn") == "sACN on"
    hall.board.report(Health("output", State.FAILED, "no route to the network", 11.0))
    await hall.tab.until("document.getElementById('sacn').textContent === 'sACN failed'")
    assert await hall.text("#problem") == "output failed: no route to the network"
    hall.board.report(Health("output", State.RUNNING, "off: nothing leaves this machine", 12.0))
    await hall.tab.until("document.getElementById('sacn').textContent === 'sACN off'")


async def test_a_token_that_may_only_look_leads_to_a_page_without_buttons(hall: Hall) -> None:
    server = WebServer(
        "127.0.0.1", 0, board=hall.board, emit=lambda _: True, now=lambda: 10.0, tokens={"only-for-looking": "view"}
    )
    await server.open()
    running = asyncio.create_task(server.run())
    try:
        await hall.tab.size(*DESK)
        await hall.tab.open(f"http://{server.address}/")
        await hall.tab.until("document.getElementById('token') !== null")
        await hall.tab.ask("document.getElementById('token').value = 'only-for-looking'")
        await hall.press("button")
        await hall.tab.until("document.getElementById('dock') && !document.body.matches('.away')")
        await hall.tab.until("document.getElementById('dock').inert && document.getElementById('faders').inert")
        assert await hall.tab.ask("location.pathname + location.search") == "/"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_without_the_server_it_says_so_and_comes_back_by_itself(hall: Hall) -> None:
    await hall.open()
    assert hall.running is not None
    port = hall.server.address.rpartition(":")[2]
    hall.running.cancel()
    await asyncio.gather(hall.running, return_exceptions=True)
    await hall.tab.until("document.body.matches('.away') && document.getElementById('dock').inert")
    assert await hall.text("#link") == "not connected"
    assert await hall.text("#sacn") == "sACN unknown"
    await hall.tab.key("Space", " ")
    again = WebServer("127.0.0.1", int(port), board=hall.board, emit=lambda _: True, now=lambda: 20.0)
    await again.open()
    running = asyncio.create_task(again.run())
    try:
        await hall.tab.until("!document.body.matches('.away') && !document.getElementById('dock').inert")
        assert hall.events.empty()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_nothing_on_the_page_flashes_for_those_who_asked_for_less_motion(hall: Hall) -> None:
    await hall.tab.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    hall.board.frame = bytes(4 * 512)
    await hall.open()
    await hall.light_is("l[0] > 0")
    await hall.tab.ask(f"(() => {{ window.pictures = []; {EVERY_PICTURE} }})()")
    hall.board.frame = b"\xff" * (4 * 512)
    reds = await hall.tab.until("window.pictures.length > 4 && window.pictures")  # a flash would be two: dark and light
    assert reds == sorted(reds)
    assert await hall.tab.ask("document.getElementById('lamp').style.opacity") == "0.5"
