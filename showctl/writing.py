"""What is held goes back into the files of the running show: asked for by a remote, done by a process of its own.

That process (`config.writeback`) reads the files, changes one value, checks and replaces; the watcher of the files then finds the
change as it finds anybody's. Whoever asks names a palette and nothing else: which files there are is known here alone.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from showctl.model import WireError

TIMEOUT_S = 12.0


class Writer:
    """Writes into the files of one show, one palette at a time."""

    def __init__(self, venue: Path, show: Path) -> None:
        self._files = {"venue": str(venue), "show": str(show)}
        self._busy = False

    async def write(self, palette: str, held: Iterable[tuple[str, float]]) -> str:
        """Put what is held into a palette; -> what was written where. WireError says why it was not."""
        if self._busy:
            raise WireError("another palette is being written: ask again when it is")
        self._busy = True
        try:
            return await asyncio.to_thread(self._run, json.dumps({**self._files, "palette": palette, "held": dict(held)}))
        finally:
            self._busy = False

    def _run(self, job: str) -> str:
        command = [sys.executable, "-m", "showctl.config.writeback"]
        try:
            done = subprocess.run(
                command, input=job, capture_output=True, text=True, timeout=TIMEOUT_S, start_new_session=True, check=True
            )
            answer = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            raise WireError(f"the files took longer than {TIMEOUT_S:.0f} s: look at them before you ask again") from None
        except subprocess.CalledProcessError as error:
            why = error.stderr.strip().rpartition("\n")[2]
            raise WireError(f"nothing was written, by a mistake of showctl's own: {why[:120]}") from None
        if not answer["ok"]:
            raise WireError(answer["text"])
        return str(answer["text"])
