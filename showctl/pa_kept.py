"""What the loop over the PA must not lose, in a file of the state folder: the equaliser as it was found, and whose its bands are.

A run that ends without being asked to leaves it to the next one; an end that was asked for removes it. What cannot be read or
written costs nothing but that, and is said.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path

from showctl.model import WireError
from showctl.pa_loop import decode_found, encode_found
from showctl.show.eq_bands import NOTHING, Found

log = logging.getLogger("showctl")


class Kept:
    """The file at `path`. An equaliser is told by its name: what was found at another is not its."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved: tuple[str, Found] = ("", NOTHING)
        self._saving, self._ended = threading.Lock(), False

    def read(self, name: str) -> Found:
        """What a run that ended without being asked to had found."""
        try:
            found = decode_found(self._path.read_bytes(), name)
        except FileNotFoundError:
            return NOTHING
        except (OSError, WireError) as error:
            log.warning("what the equaliser was before the last run cannot be read from %s: %s", self._path, error)
            return NOTHING
        self._saved = name, found
        return found

    async def keep(self, name: str, found: Found) -> None:
        """Have it on disk, where it has changed; a disk that hangs is waited for by a thread."""
        if not found.snapshot or (name, found) == self._saved:
            return
        self._saved = name, found
        try:
            await asyncio.to_thread(self._write, encode_found(found, name))
        except OSError as error:
            log.warning("what the equaliser was cannot be kept in %s: %s", self._path, error)

    def _write(self, data: bytes) -> None:
        """Whole or not at all; in a thread, which may outlive the task that waits for it."""
        with self._saving:
            if not self._ended:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                new = self._path.with_suffix(".new")
                new.write_bytes(data)
                new.replace(self._path)

    def forget(self) -> None:
        """This end was asked for: what the next run finds is its own."""
        with self._saving:
            self._ended = True
            self._path.unlink(missing_ok=True)
