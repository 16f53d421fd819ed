"""The ear as a night has it, made to speak as `showctl listen` does: python realtime.py listen FILE --json

Starts the ear's own process on the file, which is played in real time as `run --audio file:PATH` does, reads what it sends with
the daemon's end of it, and folds that into announcements. Times are seconds of the sound: what the ear says in monotonic
seconds, less the moment at which it began to play. Each object has `received` besides: the second of the sound at which the
daemon's end had it, which `emitted`, the sound that the ear had taken, cannot be later than.

With it, ../shared/bench/score_beats.py scores a real-time run: --showctl "python bench/hearing/realtime.py".
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from showctl.analysis.hearing.announce import Announcer
from showctl.analysis.hearing.hops import HOPS_PER_SECOND
from showctl.inputs.ear_client import Ear
from showctl.inputs.wavfile import duration_of
from showctl.model import DeviceError, Features

PATIENCE_S = 20.0  # for the ear to start, and for its last word
STARTS = 3


class Listener:
    """Takes what the daemon would get, until the sound is over."""

    def __init__(self, seconds: float) -> None:
        self.news: list[dict[str, Any]] = []
        self.over = asyncio.Event()
        self.held_up = 0.0  # s that the sound stood still because the ear's process did not run
        self._seconds, self._announcer = seconds, Announcer()
        self._began: float | None = None
        self._hops = 0

    def hear(self, heard: list[Features]) -> None:
        """A batch, in monotonic seconds."""
        now = time.monotonic()
        for features in heard:
            if self._began is None:
                self._began = features.time - 1 / HOPS_PER_SECOND
            self._hops += 1
            self.held_up = max(self.held_up, features.time - self._began - self._hops / HOPS_PER_SECOND)
            if features.time - self._began > self._seconds + 1e-6:
                self.over.set()
                return
            received = round(now - self._began, 4)
            self.news += [{**one, "received": received} for one in self._announcer.feed(moved(features, -self._began))]


def moved(features: Features, by: float) -> Features:
    """The same, so many seconds later."""
    grid = features.grid and replace(features.grid, anchor=features.grid.anchor + by)
    coming = features.coming and replace(features.coming, time=features.coming.time + by)
    return replace(features, time=features.time + by, grid=grid, coming=coming)


async def hear(file: Path) -> Listener:
    """Play the file to the ear. DeviceError when its process ends before the sound does, TimeoutError when the sound never ends.

    An ear that has not begun to hear is started again, as the supervisor does: on a machine without time for it that is no fault.
    """
    starts = 0
    while True:
        starts += 1
        listener = Listener(duration_of(file))
        try:
            await played(file, listener)
            return listener
        except DeviceError:
            if listener.news or starts == STARTS:
                raise


async def played(file: Path, listener: Listener) -> None:
    """The ear's process on the file until the listener has heard it all. Errors as in `hear`."""
    ear = Ear(f"file:{file}", output=False, on_features=listener.hear, on_status=lambda _: None, offset=0.0)
    runs, ends = asyncio.create_task(ear.run()), asyncio.create_task(listener.over.wait())
    try:
        async with asyncio.timeout(duration_of(file) + PATIENCE_S):
            await asyncio.wait([runs, ends], return_when=asyncio.FIRST_COMPLETED)
        if runs.done():
            runs.result()
    finally:
        for task in (runs, ends):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, DeviceError):
                await task


def main(arguments: list[str]) -> int:
    if len(arguments) != 3 or arguments[0] != "listen" or arguments[2] != "--json":
        print("usage: realtime.py listen FILE --json", file=sys.stderr)
        return 2
    listener = asyncio.run(hear(Path(arguments[1]).resolve()))
    for news in listener.news:
        print(json.dumps(news))
    print(json.dumps({"type": "end", "held_up": round(listener.held_up, 4)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
