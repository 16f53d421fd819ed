"""Where the tracks stood, in a file of the state folder, so that a crash goes on with the song where it was: paused, and silent.

An end that was asked for leaves nothing. What cannot be read or written costs nothing but that, and is said; a write is tried
again, as a disk that is full or away may be well with the next.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import asdict
from pathlib import Path

from showctl.show.setstate import SetState, unpacked

MOST_BYTES = 100_000

log = logging.getLogger("showctl")


class Kept:
    """The file at `path`, of one show."""

    def __init__(self, path: Path, show: str) -> None:
        self._path, self._show = path, show
        self._saved: SetState | None = None  # what is on disk
        self._unsaved = ""  # why it is not as it should be
        self._saving, self._over = threading.Lock(), False

    def load(self) -> SetState | None:
        """How the tracks stood when a run ended that was not asked to; None where there was none, or of another show."""
        try:
            data = self._path.read_bytes()[: MOST_BYTES + 1]
            body = json.loads(data)
            return unpacked(body["state"]) if body["show"] == self._show else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("where the tracks stood cannot be read from %s: %s", self._path, error)
            return None

    def save(self, state: SetState) -> None:
        """Have it on disk, where it has changed; may be called in a thread."""
        with self._saving:
            if self._over or state == self._saved:
                return
            temporary = self._path.with_suffix(".new")
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_text(json.dumps({"show": self._show, "state": asdict(state)}))
                os.replace(temporary, self._path)
                self._saved, self._unsaved = state, ""
            except OSError as error:
                if str(error) != self._unsaved:
                    self._unsaved = str(error)
                    log.warning("where the tracks stand cannot be kept in %s: %s", self._path, error)

    def forget(self) -> None:
        """There is nothing to be taken up, nor will be: a thread may be about to save."""
        with self._saving:
            self._over = True
            self._path.unlink(missing_ok=True)
