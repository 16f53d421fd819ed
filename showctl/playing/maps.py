"""The maps of the beats of a show's tracks: worked out by a process of its own, one after the other, and read when they come.

What is said in the show file (`tempo`) goes over what was heard. A file that cannot be heard costs its map and nothing else: the
ear is listened to then, as with any other music.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import numpy as np

from showctl import mapping
from showctl.model import BeatMap, DeviceError
from showctl.plan import TrackPlan

LINE_LIMIT = 1 << 20  # bytes
LOOK_S = 5.0  # between two looks whether a file is another one
Stamp: TypeAlias = tuple[int, int] | None  # when it was written (ns), and its bytes; None: it is not there


class Maps:
    """Finds the map of each track. `on_found` is told each as it comes, `folder` is where they are kept."""

    def __init__(self, folder: Path, on_found: Callable[[str, BeatMap], None]) -> None:
        self._folder, self._on_found = folder, on_found
        self.troubles: dict[str, str] = {}  # file, and why there is no map of it
        self._known: dict[str, BeatMap] = {}  # by file
        self._stamps: dict[str, Stamp] = {}  # of the files as they were when they were worked out
        self._wanted: tuple[TrackPlan, ...] = ()
        self._changed = asyncio.Event()

    @property
    def missing(self) -> int:
        """Tracks whose beats are not known yet."""
        return sum(one.parts[0].file not in self._known and one.parts[0].file not in self.troubles for one in self._wanted)

    def want(self, tracks: Iterable[TrackPlan]) -> None:
        """Find those of these tracks."""
        self._wanted = tuple(tracks)
        for one in self._wanted:
            found = self._known.get(one.parts[0].file)
            if found is None and one.tempo is not None:  # the beats are said; only what else is heard has to be waited for
                found = BeatMap(np.zeros(0), np.zeros(0, np.int64), length=one.length)
            if found is not None:
                self._tell(one, found)
        self._changed.set()

    async def run(self) -> None:
        """Work out what is missing, or another file by now, until cancelled. DeviceError where no process can be started."""
        again = True  # what could not be worked out is tried once more when the show is loaded
        while True:
            self._changed.clear()
            stamps = await asyncio.to_thread(_stamps, list(dict.fromkeys(one.parts[0].file for one in self._wanted)))
            files = [file for file, stamp in stamps.items() if self._is_due(file, stamp, again)]
            for file in files:
                self.troubles.pop(file, None)
            if files:
                self._stamps |= {file: stamps[file] for file in files}
                await self._work_out(files)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOOK_S)
            again = self._changed.is_set()

    def _is_due(self, file: str, stamp: Stamp, again: bool) -> bool:
        if file not in self._known and (again or file not in self.troubles):
            return True
        return stamp is not None and stamp != self._stamps.get(file)

    async def _work_out(self, files: list[str]) -> None:
        command = [sys.executable, "-m", "showctl.mapping", str(self._folder), *files]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
                limit=LINE_LIMIT,
            )
        except OSError as error:
            raise DeviceError(f"the beats of the tracks cannot be worked out: {error}") from error
        try:
            assert process.stdout is not None
            async for line in process.stdout:
                await self._take(line)
            code = await process.wait()
            for file in files:
                if file not in self._known:
                    self.troubles.setdefault(file, f"its process ended with {code}")
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _take(self, line: bytes) -> None:
        said = json.loads(line)
        file = str(said["file"])
        if "map" not in said:
            self.troubles[file] = str(said.get("why", ""))
            return
        try:
            found = await asyncio.to_thread(mapping.load, Path(said["map"]))
        except (ValueError, OSError) as error:
            self.troubles[file] = str(error)
            return
        self._known[file] = found
        for one in self._wanted:
            if one.parts[0].file == file:
                self._tell(one, found)

    def _tell(self, track: TrackPlan, found: BeatMap) -> None:
        if track.tempo is not None:
            found = found.with_tempo(track.tempo, track.downbeat, track.beats_per_bar)
        self._on_found(track.name, found)


def _stamps(files: list[str]) -> dict[str, Stamp]:
    """How the files are now: takes its time where a disk does."""
    found: dict[str, Stamp] = {}
    for file in files:
        try:
            status = os.stat(file)
            found[file] = status.st_mtime_ns, status.st_size
        except OSError:
            found[file] = None
    return found
