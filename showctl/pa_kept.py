"""What the loop over the PA must not lose, in a file of the state folder: equalisers as they were found, and whose their bands
are.

Each is known by its name, the one that was followed last stands last, and at most MOST of them are kept: a venue file may name
another one first, and come back to it. A run that ends without being asked to leaves all of it to the next one; an end
that was asked for leaves what is the engineer's. What cannot be read or written costs nothing but that, and is said.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from pathlib import Path
from typing import Any

from showctl.model import EqBand, EqMode, WireError
from showctl.show.eq_bands import NOTHING, REMEMBERED, Found
from showctl.wire.checked import a_band, a_dict, a_list, an_object, as_list

MOST = 8  # equalisers
MOST_BANDS = 32
MOST_BYTES = 300_000

log = logging.getLogger("showctl")


class Kept:
    """The file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._finds: dict[str, Found] = {}
        self._news = False  # that are not on disk
        self._saving, self._ended = threading.Lock(), False
        try:
            self._finds = decoded(path.read_bytes())
        except FileNotFoundError:
            pass  # there was no run, or nothing to be left
        except (OSError, WireError) as error:
            log.warning("what the equaliser was before the last run cannot be read from %s: %s", path, error)

    def of(self, name: str) -> Found:
        """What was found at an equaliser, by this run or the last one."""
        return self._finds.get(name, NOTHING)

    def remember(self, name: str, found: Found) -> None:
        """What is found there now."""
        if found == self.of(name):
            return
        self._finds.pop(name, None)
        self._finds[name], self._news = found, True
        while len(self._finds) > MOST:
            del self._finds[next(iter(self._finds))]

    async def keep(self, name: str, found: Found) -> None:
        """Have it on disk, where it has changed; a disk that hangs is waited for by a thread."""
        if found.snapshot:
            self.remember(name, found)
        if self._news:
            self._news = False
            try:
                await asyncio.to_thread(self._write, encoded(self._finds))
            except OSError as error:
                log.warning("what the equaliser was cannot be kept in %s: %s", self._path, error)

    def _write(self, data: bytes) -> None:
        """In a thread, which may outlive the task that waits for it."""
        with self._saving:
            if not self._ended:
                self._replace(data)

    def _replace(self, data: bytes) -> None:
        """Whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.write_bytes(data)
        new.replace(self._path)

    def end(self) -> None:
        """This end was asked for: what the next run finds is its own, but for bands of the engineer's."""
        left = {name: found.left() for name, found in self._finds.items() if found.left() != NOTHING}
        with self._saving:
            self._ended = True
            try:
                if left:
                    self._replace(encoded(left))
                else:
                    self._path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("whose the bands are cannot be kept in %s: %s", self._path, error)


def encoded(finds: dict[str, Found]) -> bytes:
    """JSON of what was found, by the names of the equalisers."""
    return json.dumps({name: _body(found) for name, found in finds.items()}, allow_nan=False).encode()


def decoded(data: bytes) -> dict[str, Found]:
    """What was encoded. Raises WireError on anything else."""
    body = an_object(data, MOST_BYTES)
    if len(body) > MOST:
        raise WireError("more equalisers than are ever kept")
    return {name: _found(a_dict(one)) for name, one in body.items()}


def _body(found: Found) -> dict[str, Any]:
    bands = {key: [as_list(band) for band in getattr(found, key)] for key in ("snapshot", "held", "bypassed")}
    undo = [[as_list(band) for band in one] for one in found.undo]
    return {"owners": found.owners, **bands, "undo": undo, "asked": found.asked}


def _found(body: dict[str, Any]) -> Found:
    snapshot, held, bypassed = (_bands(body.get(key)) for key in ("snapshot", "held", "bypassed"))
    owners = tuple(a_list(body.get("owners"), MOST_BANDS))
    if len(owners) != len(snapshot or held) or not all(one in ("showctl", "engineer", "notch") for one in owners):
        raise WireError("owners that do not belong to the bands")
    undo = tuple(map(_bands, a_list(body.get("undo"), REMEMBERED)))
    return Found(snapshot, owners, held, bypassed, undo, None if body.get("asked") is None else _modes(body["asked"]))


def _modes(value: Any) -> tuple[EqMode, EqMode]:
    pair = a_list(value, 2)
    if len(pair) != 2 or not all(one in ("off", "advise", "auto") for one in pair):
        raise WireError("modes that are none")
    return pair[0], pair[1]


def _bands(value: Any) -> tuple[EqBand, ...]:
    return tuple(a_band(one) for one in a_list(value, MOST_BANDS))
