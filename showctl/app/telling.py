"""What happens in a night, as lines of the log."""

from __future__ import annotations

import logging
from collections.abc import Callable

from showctl.model import Happened
from showctl.supervise import Quiet

log = logging.getLogger("showctl")

DEEDS = frozenset({"cue", "section", "blackout", "pause", "resume", "release", "stop", "track"})  # each of them is worth its line


class Teller:
    """Says what happens: a deed each second at most, all else each minute."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._quiet, self._deeds = Quiet(now), Quiet(now, every=1.0)

    def tell(self, happened: Happened) -> None:
        """A line of it, unless its like has just been told."""
        said = (f"{key}={value}" for key, value in happened.data if not isinstance(value, float))
        quiet = self._deeds if happened.type in DEEDS else self._quiet
        more = quiet.line(" ".join((happened.type, *said)))  # without numbers: a fader that moves is one cause
        if more is not None:
            log.info("%8.2f %s%s", happened.time, words(happened), more)


def words(happened: Happened) -> str:
    """An event as one line of log."""
    said = ((key, f"{value:g}" if isinstance(value, float) else value) for key, value in happened.data)
    return f"{happened.type} " + " ".join(f"{key}={value}" for key, value in said if value not in (None, ""))
