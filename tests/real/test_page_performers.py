"""Performers on the page, in a real browser: how they stand is told, and the operator's word reaches the show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from showctl.model import Arm, Confirm, Disarm
from showctl.plan import GesturesPlan, Wearable
from showctl.remote.board import Shown
from showctl.wire.osc_senders import SenderView
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
SHOWN = fake_show.PERFORMERS
WORN = GesturesPlan(tuple(Wearable(one.name, "plain", one.name, one.performer, one.worn) for one in SHOWN.wearables))
ROWS = "[...document.querySelectorAll('#tried li')].map((row) => [...row.children].map((one) => one.textContent))"


async def opened(hall: Hall, size: tuple[int, int] = DESK, pa: bool = False) -> None:
    hall.board.load(Shown.of(replace(fake_show.plan(fake_show.PA if pa else None), gestures=WORN)))
    fake_show.move(hall.board, 10.0, dark=True)
    if pa:
        hall.board.hear_room(fake_show.room(10.0))
    hall.board.see_performers(SHOWN)
    hall.board.senders = (SenderView("10.0.0.77:9000", "quarantine", 120, 0, 1.0, 9.0, "looks like zigsim"),)
    await hall.open(size)
    await hall.tab.until("!document.getElementById('performers').hidden")
    await hall.press("#tabs [data-tab=performers]")


async def test_how_performers_and_their_wearables_stand_is_told(hall: Hall) -> None:
    await opened(hall)
    anna, ben = "#performer-list li:nth-child(1)", "#performer-list li:nth-child(2)"
    assert await hall.text(f"{anna} .who span") == "armed: cue, clutch"
    assert await hall.text("#asks span") == "anna asks for `goto 9`: once more or the operator's yes, within 3 s"
    assert await hall.text("#performers-tab") == "1 armed"
    assert await hall.text(f"{anna} .device span") == "81 %, -52 dBm, 2 % lost, 100 Hz"
    assert "scaleX(0.55)" in await hall.tab.ask(f"document.querySelector('{anna} .meter i').style.transform")
    assert await hall.text(f"{ben} .who span") == "phone is not heard"
    assert await hall.tab.ask(f"document.querySelector('{ben} .device').className") == "device failed"
    assert await hall.tab.ask(ROWS) == [
        ["anna: wave", "7.4", "done: `go`"],
        ["anna: punch", "3.2", "not sure enough: 3.2, 4.5 is needed"],
        ["ben: next", "", "let the clutch go and hold it again"],
    ]
    assert await hall.text("#performer-troubles") == "ben has not shown circle: showctl gesture enrol ben circle"
    assert await hall.text("#strangers") == "10.0.0.77:9000: looks like zigsim"
    hall.board.see_performers(replace(SHOWN, tried=(), troubles=()))
    await hall.tab.until("!document.querySelector('#tried li')")
    assert hall.tab.complaints == []


async def test_to_arm_takes_two_presses_to_disarm_one(hall: Hall) -> None:
    async def press(row: int, words: str) -> None:
        """The button of a performer that begins with these words."""
        await hall.press(f'#performer-list li:nth-child({row}) button[aria-label^="{words}"]')

    async def asked() -> tuple[type, str | None]:
        event = await hall.event()
        assert isinstance(event, Arm | Disarm | Confirm)
        return type(event), event.performer

    await opened(hall)
    await press(2, "Arm")
    await hall.tab.until("document.querySelectorAll('.does')[1].textContent.includes('Sure?')")
    await press(1, "Disarm")
    assert await asked() == (Disarm, "anna"), "one press of ARM alone asks for nothing"
    await press(2, "Arm")
    await press(2, "Arm")
    assert await asked() == (Arm, "ben")


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_the_operators_yes_is_over_the_stage_whichever_panel_is_open(hall: Hall, size: tuple[int, int]) -> None:
    await opened(hall, size)
    for tab in ("performers", "show"):
        await hall.tab.ask(f"document.querySelector('#tabs [data-tab={tab}]').click()")
        await hall.tab.ask("document.getElementById('side').scrollIntoView()")
        await hall.tab.until("!document.querySelector('#asks button').disabled")
        await hall.press("#asks button")
        assert await hall.event() == Confirm(time=10.0, source="web:127.0.0.1", performer="anna")
    anna, ben = SHOWN.performers
    hall.board.see_performers(replace(SHOWN, performers=(replace(anna, asked=""), replace(ben, asked="`goto 4`", yes=True))))
    deaf = "document.querySelector('#asks li').textContent.startsWith('ben') && document.querySelector('#asks button').disabled"
    assert await hall.tab.until(deaf), "a press that was meant for anna is no yes to ben"
    hall.board.see_performers(replace(SHOWN, performers=(replace(anna, asked=""), ben)))
    await hall.tab.until("!document.querySelector('#asks li')")
    assert hall.events.empty()


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_what_the_operators_yes_does_not_answer_has_no_button_for_it(hall: Hall, size: tuple[int, int]) -> None:
    await opened(hall, size)
    anna, ben = SHOWN.performers
    again = replace(ben, asked="`goto 4`: once more or with the clutch, within 3 s")
    hall.board.see_performers(replace(SHOWN, performers=(anna, again)))
    await hall.tab.until("document.querySelectorAll('#asks li').length === 2")
    said = "[...document.querySelectorAll('#asks li')].map((one) => [one.textContent, one.querySelectorAll('button').length])"
    assert await hall.tab.ask(said) == [
        ["anna asks for `goto 9`: once more or the operator's yes, within 3 sYes", 1],
        ["ben asks for `goto 4`: once more or with the clutch, within 3 s", 0],
    ]
    hall.board.see_performers(replace(SHOWN, performers=(anna, replace(again, yes=True))))
    await hall.tab.until("document.querySelectorAll('#asks button').length === 2")
    assert hall.tab.complaints == []


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_it_can_be_read_and_pressed_in_a_dark_hall(hall: Hall, size: tuple[int, int]) -> None:
    await opened(hall, size)
    mine = {f"{what} {who}" for what, who in [("Disarm", "anna"), ("Arm", "ben"), ("Disarm", "ben")]}
    boxes = [one for one in await hall.tab.ask(BOXES) if one["label"] in mine]
    assert len(boxes) == 3
    assert all(one["width"] >= 44 and one["height"] >= 44 for one in boxes)
    assert all(one["x"] >= 0 and one["x"] + one["width"] <= size[0] for one in boxes)
    texts = await hall.tab.ask(TEXTS)
    assert all(one["size"] >= 16 and one["contrast"] >= 7 for one in texts), [one for one in texts if one["contrast"] < 7]


SIZES = {"laptop": DESK, "wide": (1920, 1080), "between": (1759, 900), "small": (960, 600)}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_the_stage_is_what_people_look_at_with_everything_there_is(hall: Hall, size: tuple[int, int]) -> None:
    await opened(hall, size, pa=True)
    for tab in ("show", "room", "performers"):
        await hall.tab.ask(f"document.querySelector('#tabs [data-tab={tab}]').click()")
        x, _, width, height = await hall.tab.ask(BOX % "#stage")
        assert width >= size[0] / 2
        assert height >= 0.3 * size[1]
        shown = {name: await hall.tab.ask(BOX % f"#{name}") for name in ("stack", "room", "performers")}
        seen = {name for name, box in shown.items() if box[2] and box[3]}
        assert seen == ({"stack", "room", "performers"} if size[0] >= 1760 else {tab.replace("show", "stack")})
        assert all(shown[name][0] >= x + width for name in seen), "nothing covers the stage"
        assert all(shown[name][2] >= 340 and shown[name][3] >= 120 for name in seen)
        assert await hall.tab.ask("document.documentElement.scrollWidth") == size[0]
    assert hall.tab.complaints == []


async def test_where_nobody_wears_anything_there_is_nothing_of_it(hall: Hall) -> None:
    await hall.open()
    assert await hall.tab.ask("document.getElementById('performers').hidden")
    assert not await hall.tab.ask("document.body.classList.contains('worn')")
