"""What is said of OSC: lines of the log, held down so that no flood becomes one of lines, and the words of its health."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from showctl.wire.osc_senders import SenderView

log = logging.getLogger("showctl.osc")

LOG_EVERY_S, LOG_SENDERS = 60.0, 32  # one line a sender, and so many senders remembered
SHOWN = 8  # senders in quarantine, and those who are cut off, the latest of each


class Lines:
    """At most one line of log a sender in LOG_EVERY_S; of more senders than can be remembered none."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._told: dict[str, tuple[float, int]] = {}  # sender -> time of its last line, packets held back since

    def tell(self, host: str, what: str) -> None:
        """Why something of a sender was dropped."""
        now = self._now()
        if host in self._told:
            last, held = self._told[host]
            if now - last < LOG_EVERY_S:
                self._told[host] = (last, held + 1)
                return
            more = f" ({held} more packets dropped since)" if held else ""
        else:
            if len(self._told) >= LOG_SENDERS:
                self._told = {h: seen for h, seen in self._told.items() if now - seen[0] < LOG_EVERY_S}
            if len(self._told) >= LOG_SENDERS:
                return
            more = ""
        self._told[host] = (now, 0)
        log.warning("OSC from %s dropped: %s%s", host, what, more)


def standing(views: Sequence[SenderView], rate: float) -> str:
    """Who is in quarantine and who is cut off, for the health."""
    strange = [view for view in views if view.state == "quarantine"][:SHOWN]
    cut = [view for view in views if view.state == "cut off"][:SHOWN]
    text = ""
    if strange:
        who = ", ".join(f"{view.name} ({view.packets} packets{f', {view.like}' if view.like else ''})" for view in strange)
        text += f"; in quarantine: {who}; allow or name them in the venue file if they are yours"
    if cut:
        who = ", ".join(f"{view.name} ({view.cut_off} packets)" for view in cut)
        text += f"; cut off at {rate:g} messages a second: {who}"
    return text
