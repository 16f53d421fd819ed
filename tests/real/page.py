"""A page in a real browser with a show behind it, and how its tests ask it what it shows."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from showctl.model import (
    ControlEvent,
    EqCommand,
)
from showctl.remote.board import Board
from showctl.remote.web.server import WebServer
from tests.real.chromium import Tab, chromium, tab
from tests.remote import fake_show

PHONE, DESK = (390, 844), (1280, 800)

# The mean of a picture, 0..1 of what the screen can show (luma), measured by the browser that took it.
LUMA = """(async () => {
  const image = new Image();
  image.src = "data:image/png;base64,%s";
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += 0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2];
  return (4 * sum) / data.length / 255;
})()"""

# Light on the canvas of the stage: [red, green, blue] summed over all pixels.
LIGHT = """(() => {
  const canvas = document.getElementById("canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c++) sum[c] += data[i + c];
  return sum;
})()"""

# Notes the red of the stage whenever another picture of it is there.
EVERY_PICTURE = f"""const look = () => {{
  const red = {LIGHT}[0];
  if (red !== window.pictures.at(-1)) window.pictures.push(red);
  requestAnimationFrame(look);
}};
look();"""

# How many pixels of the stage have very nearly this colour: the rings around what is held or parked.
RING = """(() => {
  const canvas = document.getElementById("canvas"), colour = [%s];
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < data.length; i += 4) count += colour.every((part, c) => Math.abs(part - data[i + c]) < 12);
  return count;
})()"""

BOXES = """[...document.querySelectorAll("button, [role=slider], input, a")]
  .filter((one) => one.getClientRects().length).map((one) => {
  const box = one.getBoundingClientRect();
  return {id: one.id, text: one.textContent.trim(), label: one.getAttribute("aria-label"),
    x: box.left, y: box.top, width: box.width, height: box.height};
})"""

# Every element that shows text of its own: its size, and the contrast of its colour with what is painted behind it.
TEXTS = """(() => {
  const part = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [0, 0, 0];
  };
  return [...document.body.querySelectorAll("*")].filter((one) =>
    [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) && one.getClientRects().length
  ).map((one) => {
    const style = getComputedStyle(one), ink = light(numbers(style.color)), paper = light(behind(one));
    const [high, low] = ink > paper ? [ink, paper] : [paper, ink];
    return {text: one.textContent.trim().slice(0, 30), size: parseFloat(style.fontSize), contrast: (high + 0.05) / (low + 0.05)};
  });
})()"""


# The mean x of what is red on the stage, once it lies on the asked side of spot.1 (which hangs at 0.17 to 0.35 of the width).
RED_CENTRE = """(() => {
  const canvas = document.getElementById("canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0, count = 0;
  for (let i = 0; i < data.length; i += 4) {
    const red = data[i] - data[i + 2] - 8;
    if (red > 0) { sum += red * ((i / 4) %% canvas.width); count += red; }
  }
  const centre = sum / count / canvas.width;
  return count && centre %s 0.25 && centre;
})()"""

# Where an element is: [x, y, width, height].
BOX = (
    "(() => { const box = document.querySelector('%s').getBoundingClientRect(); return [box.x, box.y, box.width, box.height] })()"
)


@dataclass
class Hall:
    """A server with a show on its board, and a browser that looks at it."""

    tab: Tab
    board: Board
    server: WebServer
    events: asyncio.Queue[ControlEvent | EqCommand] = field(default_factory=asyncio.Queue)
    running: asyncio.Task[None] | None = None

    async def open(self, size: tuple[int, int] = DESK) -> None:
        await self.tab.size(*size)
        await self.tab.open(f"http://{self.server.address}/")
        await self.tab.until("document.body && !document.body.matches('.away')")
        await self.tab.until("document.getElementById('current').textContent !== '--'")

    async def event(self) -> ControlEvent | EqCommand:
        async with asyncio.timeout(10):
            return await self.events.get()

    async def press(self, selector: str) -> None:
        """A real press of the mouse in the middle of a control."""
        await self.tab.ask(f"document.querySelector({selector!r}).scrollIntoView({{block: 'nearest'}})")
        x, y, width, height = await self.tab.ask(BOX % selector)
        at = {"x": x + width / 2, "y": y + height / 2}
        for kind in ("mousePressed", "mouseReleased"):
            await self.tab.command("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    async def text(self, selector: str) -> str:
        return str(await self.tab.ask(f"document.querySelector({selector!r}).textContent"))

    async def light_is(self, condition: str) -> list[float]:
        """Wait until the light on the stage, `l` = [red, green, blue], meets a condition."""
        await self.tab.until(f"(() => {{ const l = {LIGHT}; return {condition} }})()")
        return list(await self.tab.ask(LIGHT))

    async def luma(self) -> float:
        picture = base64.b64encode(await self.tab.picture()).decode()
        return float(await self.tab.ask(LUMA % picture))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chromium(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest.fixture
async def hall(browser: str) -> AsyncIterator[Hall]:
    board = Board(fake_show.plan(), frozenset({"output"}))
    fake_show.healthy(board)
    fake_show.move(board, 10.0, dark=True)
    events: asyncio.Queue[ControlEvent | EqCommand] = asyncio.Queue(100)

    def emit(event: ControlEvent) -> bool:
        events.put_nowait(event)
        return True

    async def equaliser(command: EqCommand) -> None:
        events.put_nowait(command)

    server = WebServer("127.0.0.1", 0, board=board, emit=emit, equaliser=equaliser, now=lambda: 10.0)
    await server.open()
    running = asyncio.create_task(server.run())
    try:
        async with tab(browser) as one:
            yield Hall(one, board, server, events, running)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
