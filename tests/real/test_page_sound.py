"""The page of a venue with a PA while a song plays: sound by JACK, the daemon as people start it, a browser. What is drawn is
what /api/state says, and follows the room: its curve, who is trusted, how loud it is, whose a band is, feedback, and a swapped
cable until it is put back."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.real.chromium import CHROMIUM, Tab, chromium, tab
from tests.real.conftest import need
from tests.real.hall import Hall, concert, fake_console
from tests.real.jack import RATE, jack
from tests.real.test_room_loop import BRIGHT, HUMP, STANDING, room, song

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; on Debian: apt install chromium"),
]
LIMIT = "  spl_limit: {laeq: 70dB, minutes: 60, lcpeak: 135dB}\n"
THERE = "document.querySelector('%s') !== null"
HOWLS, HOWL = 40.0, 2510.0  # s after which the crowd's sound has one, Hz


def crowd() -> np.ndarray:
    """(2, frames): people, and at the second microphone a loop that runs away by 12 dB/s."""
    draw = np.random.default_rng(9)
    found = 0.02 * draw.normal(size=(2, round(113 * RATE)))
    t = np.arange(round(3.5 * RATE)) / RATE
    begin = round(HOWLS * RATE)
    found[1, begin : begin + len(t)] += np.minimum(0.3, 0.001 * 10 ** (12 * t / 20)) * np.sin(2 * np.pi * HOWL * t)
    return found


async def drawn(page: Tab, name: str) -> list[float]:
    """dB of a curve's points, by the grid of the picture."""
    path = await page.ask(f"document.querySelector('#curve path.{name}')?.getAttribute('d') ?? ''")
    lines = await page.ask(
        "[...document.querySelectorAll('#curve text[text-anchor=end]')]"
        ".map((one) => [Number(one.textContent.replace('\u2212', '-')), Number(one.getAttribute('y')) - 5])"
    )
    (high, top), (low, bottom) = max(lines), min(lines)
    return [low + (bottom - float(y)) * (high - low) / (bottom - top) for _, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


class Concert:
    """The page beside what the daemon tells."""

    def __init__(self, page: Tab, hall: Hall) -> None:
        self.page, self.hall = page, hall

    async def state(self) -> dict[str, Any]:
        return await asyncio.to_thread(self.hall.state)

    async def soon(self, true: Callable[[], Awaitable[Any]], seconds: float, what: str) -> None:
        """Both move every second: they are asked again until they agree."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not await true():
            assert loop.time() < deadline, f"waited {seconds:g} s in vain for {what}"
            await asyncio.sleep(0.2)

    async def curve(self, name: str) -> None:
        async def agrees() -> bool:
            told = [one for one in (await self.state())["room"]["curves"][name] if one is not None]
            found = await drawn(self.page, name)
            return len(found) == len(told) > 20 and bool(np.allclose(found, told, atol=0.3))

        await self.soon(agrees, 20, f"{name} to be drawn as it is told")

    async def trust(self) -> None:
        async def agrees() -> bool:
            told = (await self.state())["room"]["curves"]["trust"]
            every = "[...document.querySelectorAll('#curve .trust')].map((one) => Number(one.getAttribute('opacity')))"
            return float(np.mean(told)) > 0.9 and await self.page.ask(every) == told

        await self.soon(agrees, 60, "trust, band by band")

    async def levels(self) -> None:
        async def agrees() -> bool:
            told = [[one["name"], one["laeq_1"], one["laeq_60"]] for one in (await self.state())["level"]["microphones"]]
            every = "[...document.querySelectorAll('#levels tr')].map((row) => [...row.cells].map((one) => one.textContent))"
            rows = await self.page.ask(every)
            found = [[row[0], float(row[1]), float(row[3])] for row in rows[1:3]]
            return found == told and rows[3][0] == "limit" and rows[3][3] == "70"

        await self.soon(agrees, 30, "the levels in the table")

    async def text(self, name: str) -> str:
        return str(await self.page.ask(f"document.getElementById('{name}').textContent"))


async def test_the_page_follows_the_room(tmp_path: Path) -> None:
    need("jackd", "jack_lsp", "jack_connect", "jack_disconnect")
    (tmp_path / "browser").mkdir()
    venue = {"bands": STANDING, "target": "flat", "sensitivity": -38.0, "mode": "advise", "more": LIMIT}
    with (
        jack(f"showctl-page-{os.getpid()}", 3),
        fake_console() as console,
        chromium(tmp_path / "browser") as browser,
        concert(tmp_path, song(), room(HUMP, BRIGHT), [crowd()], console=console, **venue) as hall,  # type: ignore[arg-type]
    ):
        async with tab(browser) as page:
            await page.size(1280, 800)
            await page.open(hall.url)
            await page.until("document.getElementById('tabs')?.hidden === false")
            await page.ask("document.querySelector('#tabs [data-tab=room]').click()")
            shown = Concert(page, hall)
            await learns(shown)
            await proposes(shown)
            await page.until("document.querySelector('#alarms li.degraded')?.textContent.includes('feedback at 25')", 90)
            await swapped(shown)
            for width in (1280, 390):
                await page.size(width, 800)
                await page.until("document.getElementById('curve').clientHeight >= 100", 10)
                assert await page.ask("document.documentElement.scrollWidth") == width
            assert page.complaints == []


async def learns(shown: Concert) -> None:
    """At first nothing is known; then the curve, who trusts it, and how loud it is."""
    page = shown.page
    await page.until(THERE % "#curve path.target", 30)
    await page.until("document.getElementById('room-words').textContent.startsWith('Stands still: nothing is known yet')", 30)
    await page.until(THERE % "#curve path.now", 60)
    await shown.trust()
    for name in ("target", "before", "now"):
        await shown.curve(name)
    await page.until(THERE % "#loud-chip.failed", 20)
    assert re.search("mic[01], mic[01]: LAeq over an hour is .* above the limit of 70", await shown.text("alarms"))
    await shown.levels()


async def proposes(shown: Concert) -> None:
    """What is proposed may be applied; a band that a hand touches at the console is the engineer's, and is in the curve."""
    page = shown.page
    await page.until(THERE % "#curve path.proposed", 60)
    assert await page.ask("!document.getElementById('eq-apply').disabled")
    shown.hall.hand.turns(2, "g", 0.6)
    await page.until(THERE % "#eq-bands li:nth-child(3).theirs", 15)
    await page.until("document.querySelector('#curve text.theirs')?.textContent === '3'", 15)
    await shown.curve("now")


async def swapped(shown: Concert) -> None:
    """Why it stands still is read on the page, and that it does no more."""
    await asyncio.to_thread(shown.hall.cable, 0, 2, 1)
    await shown.page.until("document.getElementById('room-words').textContent.includes('mic0 and mic1 look swapped')", 60)
    assert "put the cables back" in await shown.page.ask("document.querySelector('#room-words.degraded').title")
    await asyncio.to_thread(shown.hall.cable)
    await shown.page.until("document.querySelector('#room-words.degraded') === null", 60)
    await shown.curve("now")
