"""What the page shows of health, said in the log, too: whoever starts `showctl run` in a terminal looks there first.

One line when a part begins to lack something, one when it has it again, and each of them once a minute at most.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from showctl.model import Health, State
from showctl.supervise import Quiet

log = logging.getLogger("showctl")

_NUMBER = re.compile(r"\d+")


class Nurse:
    """Visits the parts. `quiet` is the supervisor's, so that what it has written is not written again."""

    def __init__(self, quiet: Quiet, silent: frozenset[str] = frozenset()) -> None:
        """`silent` are parts that write their own lines."""
        self._quiet, self._silent = quiet, silent
        self._lacks: dict[str, str] = {}  # part -> what it lacks, without numbers: a counter in it is no news

    def visit(self, parts: Iterable[Health]) -> None:
        """Look at every part; call it once a second."""
        for one in parts:
            if one.part not in self._silent and one.state is not State.STARTING:
                self._look(one)

    def _look(self, one: Health) -> None:
        lacks = "" if one.state is State.RUNNING else _NUMBER.sub("#", one.detail) or one.state.value
        if lacks == self._lacks.get(one.part, ""):
            return
        self._lacks[one.part] = lacks
        words = one.detail or one.state.value
        more = self._quiet.line(f"{one.part}: {words if lacks else 'well'}")
        if more is not None:
            log.warning("%s: %s%s%s", one.part, "" if lacks else "well again, ", words, more)
