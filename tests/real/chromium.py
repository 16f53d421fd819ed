"""Chromium without a window, driven over its DevTools protocol through aiohttp: no other dependency.

Sizes are CSS pixels. Whatever the page writes to its console, and every exception in it, is kept in `complaints`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--mute-audio",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
]


class Left(AssertionError):
    """The page was left for another while it was asked."""


class Tab:
    """One tab: send it commands, wait for its events."""

    def __init__(self, wire: aiohttp.ClientWebSocketResponse) -> None:
        self._wire = wire
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._wire:
            body = json.loads(message.data)
            if "id" in body:
                self._answers.pop(body["id"]).set_result(body)
            elif body["method"] == "Network.requestWillBeSent":
                self.requests.append(body["params"]["request"]["url"])
            elif body["method"] == "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(body["params"]["exceptionDetails"])[:500])
            elif body["method"] == "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(body["params"]["args"])[:500])
            elif body["method"] == "Log.entryAdded":
                self.complaints.append(f"{body['params']['entry']['text']} {body['params']['entry'].get('url', '')}")

    async def command(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a DevTools command; AssertionError where it refuses."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._wire.send_json({"id": self._number, "method": method, "params": params})
        async with asyncio.timeout(20):
            body = await answer
        if "navigated" in body.get("error", {}).get("message", ""):
            raise Left(body)
        assert "error" not in body, body
        return dict(body["result"])

    async def size(self, width: int, height: int, scale: float = 1.0) -> None:
        """Make the window this big."""
        mobile = width < 600
        await self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )

    async def open(self, url: str) -> None:
        """Begin to load a page."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.command(f"{domain}.enable")
        await self.command("Page.navigate", url=url)

    async def ask(self, script: str) -> Any:
        """The value of a JavaScript expression (or of its promise)."""
        result = await self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def until(self, script: str, seconds: float = 15.0) -> Any:
        """Wait until an expression is true; its value. AssertionError, with what the page complained of, after `seconds`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            with contextlib.suppress(Left):  # of the page that comes it is not known yet
                if value := await self.ask(script):
                    return value
            assert loop.time() < deadline, f"{script} never came true; {self.complaints}"
            await asyncio.sleep(0.05)

    async def picture(self, path: Path | None = None) -> bytes:
        """What is to be seen, as PNG."""
        data = base64.b64decode((await self.command("Page.captureScreenshot", format="png"))["data"])
        if path is not None:
            path.write_bytes(data)
        return data

    async def key(self, code: str, key: str, repeat: bool = False) -> None:
        """Press a key (with `repeat`: hold it)."""
        virtual = ord(key.upper()) if len(key) == 1 else 0
        common = {"code": code, "key": key, "windowsVirtualKeyCode": virtual, "text": key}
        await self.command("Input.dispatchKeyEvent", type="keyDown", autoRepeat=repeat, **common)
        if not repeat:
            await self.command("Input.dispatchKeyEvent", type="keyUp", **common)

    async def close(self) -> None:
        """Let go of the wire."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._wire.close()


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[str]:
    """A browser for many tabs: its address, for `tab`. In a profile of its own; ended with all its children."""
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield _address(profile, process)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _address(profile: Path, process: subprocess.Popen[bytes]) -> str:
    """Chromium says where it listens in a file, once it does: a line with the port and one with the path."""
    file, deadline = profile / "DevToolsActivePort", time.monotonic() + 40
    while not file.exists() or len(lines := file.read_text().split()) < 2:
        assert process.poll() is None, f"chromium ended with {process.returncode}"
        assert time.monotonic() < deadline, "chromium does not say where it listens"
        time.sleep(0.05)
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"


@contextlib.asynccontextmanager
async def tab(browser: str) -> AsyncIterator[Tab]:
    """A tab that shares nothing with any other, no cookie and no storage, as if the browser had just been installed."""
    async with aiohttp.ClientSession() as session:
        whole = Tab(await session.ws_connect(browser))
        try:
            context = await whole.command("Target.createBrowserContext")
            made = await whole.command("Target.createTarget", url="about:blank", **context)
            root = browser.partition("/devtools/")[0]
            one = Tab(await session.ws_connect(f"{root}/devtools/page/{made['targetId']}", max_msg_size=0))
            try:
                yield one
            finally:
                await one.close()
                await whole.command("Target.disposeBrowserContext", **context)
        finally:
            await whole.close()
