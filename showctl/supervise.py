"""One part for ever: run it, tell how it is, back off, run it again. And the service manager's side of health.

A part is an `async def run()` that only returns when it is no longer wanted. DeviceError is the world's fault: its text
becomes the part's health, everything else goes on, and it is tried again. Any other exception is our bug: it is logged with
its traceback, once a minute at most. A vital part that fails three times in ten seconds ends the daemon, and the service
manager starts a fresh one, which adopts the light.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import importlib
import logging
import logging.handlers
import os
import queue
import random
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable

from showctl.model import DeviceError, Health, State

log = logging.getLogger("showctl")

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 30.0
VITAL_FAILURES, VITAL_WINDOW_S = 3, 10.0
WELL_AFTER_S = 60.0  # a part that ran this long starts again with the first wait
LOG_WAITING, LOG_END_S = 1000, 1.0  # lines that wait for a terminal or a pipe that takes none; how long the end waits for them


async def loaded(*modules: str) -> None:
    """Have modules ready that only some nights need: in a thread, as the loop has no tenth of a second to spare."""
    for name in modules:
        await asyncio.to_thread(importlib.import_module, name)


class Quiet:
    """Lets a line of log through once in `every` seconds for each cause, and says how many it held back."""

    def __init__(self, now: Callable[[], float], every: float = 60.0, causes: int = 200) -> None:
        self._now, self._every, self._causes = now, every, causes
        self._seen: dict[str, tuple[float, int]] = {}

    def line(self, cause: str) -> str | None:
        """What to append to the line if it may be written now, else None."""
        now = self._now()
        last, held = self._seen.get(cause, (-self._every, 0))
        if now - last < self._every:
            self._seen[cause] = (last, held + 1)
            return None
        if len(self._seen) >= self._causes:
            self._seen.pop(next(iter(self._seen)))
        self._seen[cause] = (now, 0)
        return f" ({held} more in the last minutes)" if held else ""


class LogQueue(logging.handlers.QueueHandler):
    """Hands lines to a thread that writes them: a terminal on Ctrl-S, or a pipe that nobody reads, must not stop the show.

    When LOG_WAITING lines wait, further ones are dropped.
    """

    def __init__(self, target: logging.Handler) -> None:
        self._waiting = queue.Queue[logging.LogRecord](LOG_WAITING)
        super().__init__(self._waiting)
        self.setFormatter(logging.Formatter())  # the words alone: the target adds the rest
        self._target = target
        threading.Thread(target=self._write, name="log", daemon=True).start()
        atexit.register(self._end)

    def enqueue(self, record: logging.LogRecord) -> None:
        """Keep a line for the thread, where there is room."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(record)

    def _write(self) -> None:
        while True:
            self._target.handle(self._waiting.get())
            self._waiting.task_done()

    def _end(self) -> None:
        """Give the last lines a moment."""
        with self._waiting.all_tasks_done:
            self._waiting.all_tasks_done.wait_for(lambda: not self._waiting.unfinished_tasks, LOG_END_S)


class Supervisor:
    """Runs the parts and knows their health."""

    def __init__(self, now: Callable[[], float], on_health: Callable[[Health], None]) -> None:
        self._now, self._on_health = now, on_health
        self.quiet = Quiet(now)

    async def keep(self, name: str, run: Callable[[], Awaitable[None]], *, vital: bool = False) -> None:
        """Run a part until it returns or is cancelled; raises only for a vital part that keeps failing."""
        wait, failures = FIRST_WAIT_S, deque[float](maxlen=VITAL_FAILURES)
        while True:
            began = self._now()
            try:
                await run()
                return
            except DeviceError as error:
                self._tell(name, State.DEGRADED, str(error))
            except Exception as error:
                failures.append(self._now())
                self._tell(name, State.FAILED, f"{type(error).__name__}: {error}; it is started again", error)
                if vital and len(failures) == VITAL_FAILURES and failures[-1] - failures[0] < VITAL_WINDOW_S:
                    raise
            if self._now() - began > WELL_AFTER_S:
                wait = FIRST_WAIT_S
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))
            wait = min(2 * wait, LONGEST_WAIT_S)

    def _tell(self, name: str, state: State, detail: str, error: Exception | None = None) -> None:
        self._on_health(Health(name, state, detail, self._now()))
        more = self.quiet.line(f"{name}: {detail}")
        if more is not None:
            log.warning("%s: %s%s", name, detail, more, exc_info=error)


def sd_notify(message: str) -> None:
    """Tell the service manager (sd_notify(3)); nothing happens where there is none."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
        try:
            s.sendto(message.encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError as error:
            log.debug("the service manager does not listen: %s", error)


def watchdog_period() -> float | None:
    """Seconds between two WATCHDOG=1 that the service manager asks for (half its limit), or None."""
    limit = os.environ.get("WATCHDOG_USEC", "")
    return int(limit) / 2e6 if limit.isdigit() and int(limit) else None
