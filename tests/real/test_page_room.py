"""The room's sound on the page, in a real browser: the curve is drawn and moves, limits are told, and what is asked of the
equaliser takes two presses."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest

from showctl.model import EqCommand, RoomView
from showctl.remote.board import Shown
from showctl.remote.web.server import WebServer
from tests.real import page
from tests.real.chromium import CHROMIUM
from tests.real.page import BOX, BOXES, DESK, PHONE, TEXTS, Hall
from tests.remote import fake_show

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; on Debian: apt install chromium"),
]
browser, hall = page.browser, page.hall
PATH = "document.querySelector('#curve path.%s')?.getAttribute('d') ?? ''"


async def opened(hall: Hall, size: tuple[int, int] = DESK, view: RoomView | None = None) -> None:
    """The page of a venue with a PA."""
    hall.board.load(Shown.of(fake_show.plan(fake_show.PA)))
    fake_show.move(hall.board, 10.0, dark=True)
    hall.board.hear_room(fake_show.room(10.0) if view is None else view)
    await hall.open(size)
    await looked(hall)


async def looked(hall: Hall) -> None:
    """The panel of the room is opened."""
    await hall.tab.until("!document.getElementById('tabs').hidden")
    await hall.press("#tabs [data-tab=room]")
    await hall.tab.until(PATH % "now")


async def points(hall: Hall, name: str) -> list[tuple[float, float]]:
    """The points (px) of a curve."""
    found = re.findall(r"[ML]([\d.]+) ([\d.]+)", await hall.tab.ask(PATH % name))
    return [(float(x), float(y)) for x, y in found]


async def test_the_curve_is_drawn_as_it_is_known_and_moves_with_what_is_heard(hall: Hall) -> None:
    view = fake_show.room(10.0)
    await opened(hall, view=view)
    assert view.curves is not None
    curves = view.curves
    before, now, target = [await points(hall, name) for name in ("before", "now", "target")]
    assert (len(before), len(now), len(target)) == (51, 51, 53)  # two bands nobody trusts
    rows = list(zip(curves.before[2:].tolist(), before, strict=True))
    a_db = (rows[-1][1][1] - rows[6][1][1]) / (rows[6][0] - rows[-1][0])
    zero = rows[6][1][1] + rows[6][0] * a_db
    for known, drawn in ((curves.before[2:], before), (curves.now[2:], now), (curves.target, target)):
        assert [y for _, y in drawn] == pytest.approx((zero - a_db * known).tolist(), abs=0.2 * a_db)
    steps = [after[0] - one[0] for one, after in zip(target, target[1:], strict=False)]
    assert steps == pytest.approx([steps[0]] * 52, abs=0.2)  # as pitch is heard
    assert await hall.tab.ask("document.querySelectorAll('#curve text.ours').length") == 5  # a band that does nothing is none
    assert await hall.text("#room-off") == "2.1 dB RMS off"
    old = await hall.tab.ask(PATH % "now")
    better = replace(curves, now=curves.target + 0.5 * (curves.now - curves.target), proposed=None)
    assert view.state is not None
    hall.board.hear_room(replace(view, curves=better, state=replace(view.state, error=1.0, proposal=())))
    await hall.tab.until(f"({PATH % 'now'}) !== {old!r}")
    assert await points(hall, "before") == before
    assert await points(hall, "proposed") == []
    assert await hall.text("#room-off") == "1.0 dB RMS off"
    hall.board.hear_room(
        replace(view, curves=replace(better, before=0 * curves.before + float("nan"), now=better.before * float("nan")))
    )
    await hall.tab.until(f"({PATH % 'now'}) === ''")
    assert len(await points(hall, "target")) == 53
    assert hall.tab.complaints == []


async def test_a_venue_without_a_pa_has_no_room_and_what_does_not_change_is_not_drawn_again(hall: Hall) -> None:
    await hall.open()
    assert await hall.tab.ask("document.getElementById('room').hidden && document.getElementById('loud').hidden")
    await opened(hall)
    await hall.tab.ask(
        "window.drawn = 0; new MutationObserver((all) => (window.drawn += all.length))"
        ".observe(document.getElementById('room'), {subtree: true, childList: true, attributes: true, characterData: true})"
    )
    hall.board.hear_room(replace(fake_show.room(10.0), time=11.0))
    hall.board.report(replace(hall.board.health["ear"], detail="another word"))
    await hall.tab.until("document.getElementById('parts').textContent.includes('another word')")
    assert await hall.tab.ask("window.drawn") == 0
    hall.board.hear_room(fake_show.room(10.0, error=1.9))
    await hall.tab.until("window.drawn > 0")


async def test_a_venue_that_has_no_pa_any_more_leads_back_to_the_show(hall: Hall) -> None:
    await opened(hall)
    assert await hall.tab.ask("document.body.dataset.tab") == "room"
    hall.board.load(Shown.of(fake_show.plan()))
    hall.board.room = None
    await hall.tab.until("document.body.dataset.tab === 'show' && document.getElementById('tabs').hidden")
    assert (await hall.tab.ask(BOX % "#stack"))[3] > 100
    assert hall.tab.complaints == []


async def test_a_limit_that_is_passed_and_an_equaliser_that_stands_still_are_told_why(hall: Hall) -> None:
    await opened(hall)
    assert await hall.text("#loud-chip") == "97.2 dB(A)"
    assert [await hall.text(f"#levels tr:nth-child({n})") for n in (2, 3)] == [
        "front of house98.397.697.2121.3128.9",
        "limit99135135",
    ]
    hall.board.hear_room(fake_show.room(10.0, loud=99.6, frozen="microphone balcony is dead"))
    await hall.tab.until("document.querySelector('#loud-chip.failed')?.textContent === '99.6 dB(A)'")
    assert await hall.text("#alarms .failed") == "LAeq over an hour is 99.6 dB(A), the limit 99"
    assert await hall.tab.ask("document.querySelectorAll('#levels td.failed').length") == 1
    assert await hall.text("#room-words.degraded") == "Stands still: microphone balcony is dead"
    assert await hall.text("#room-tab.failed") == "too loud"
    hall.board.hear_room(replace(fake_show.room(10.0), levels=(None, None)))
    await hall.tab.until("document.getElementById('alarms').textContent.includes('no level is measured')")
    assert await hall.tab.ask("document.getElementById('loud').hidden")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_what_is_asked_of_the_equaliser_takes_two_presses(hall: Hall, size: tuple[int, int]) -> None:
    await opened(hall, size)

    async def press(selector: str) -> None:
        await hall.tab.ask(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")  # clear of the dock
        await hall.press(selector)

    async def asked(selector: str) -> dict[str, Any]:
        await press(selector)
        assert hall.events.empty()
        await press(selector)
        event = await hall.event()
        assert isinstance(event, EqCommand)
        return {"do": event.do, "band": event.band}

    for do in ("apply", "apply_at_once", "bypass", "undo", "restore", "relearn", "auto", "off"):
        assert await asked(f"#eq [data-do={do}]") == {"do": do, "band": None}
    assert await hall.text("#eq-bands li:nth-child(4) button") == "Hand back"
    assert await asked("#eq-bands li:nth-child(4) button") == {"do": "yours", "band": 3}
    assert await asked("#eq-bands li:nth-child(2) button") == {"do": "mine", "band": 1}
    await press("#eq-bypass")
    assert await hall.text("#eq-bypass") == "Flat now?"
    await hall.tab.until("document.getElementById('eq-bypass').textContent === 'Bypass'")  # a while later: never mind
    assert hall.events.empty()
    view = fake_show.room(10.0)
    assert view.state is not None
    hall.board.hear_room(replace(view, on=False, state=replace(view.state, bypassed=True, mode="auto")))
    await hall.tab.until("document.getElementById('eq-bypass').hidden && document.getElementById('eq-apply').disabled")
    assert await asked("#eq-unbypass") == {"do": "unbypass", "band": None}
    assert await asked("#eq-on") == {"do": "switch_on", "band": None}
    assert await hall.tab.ask("document.querySelector('#eq-modes [aria-pressed=true]').textContent") == "Auto"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_it_suits_a_finger_and_a_dark_hall(hall: Hall, size: tuple[int, int]) -> None:
    await opened(hall, size, fake_show.room(10.0, loud=99.6, frozen="only 30 % of the bands can be trusted"))
    assert await hall.tab.ask("document.documentElement.scrollWidth") == size[0]
    assert await hall.tab.ask("document.getElementById('room').scrollWidth <= document.getElementById('room').clientWidth")
    boxes = await hall.tab.ask(BOXES)
    assert [box for box in boxes if min(box["width"], box["height"]) < 44] == []
    assert [box for box in boxes if not (box["text"] or box["label"])] == []
    texts = await hall.tab.ask(TEXTS)
    assert [text for text in texts if text["size"] < 16 or text["contrast"] < 7] == []
    assert await hall.tab.ask("document.getElementById('curve').clientHeight") >= 100
    assert await hall.luma() <= 0.10


async def test_a_token_that_may_only_look_sees_the_room_and_asks_nothing_of_it(hall: Hall) -> None:
    await opened(hall)
    server = WebServer(
        "127.0.0.1", 0, board=hall.board, emit=lambda _: True, now=lambda: 10.0, tokens={"only-for-looking": "view"}
    )
    await server.open()
    running = asyncio.create_task(server.run())
    try:
        await hall.tab.open(f"http://{server.address}/?token=only-for-looking")
        await hall.tab.until("document.getElementById('eq') && !document.body.matches('.away')")
        await looked(hall)
        assert await hall.tab.ask("document.getElementById('eq').inert")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
