"""What a device without time tags sent while the network stood still: all of it arrives at once, and must be spread out again.

The first reading behind a gap is kept for a moment. Where it stays alone, the others were lost, and it is of the moment at which
it arrived. Where more of its channel come within TOGETHER_S they are what was held up, and lie evenly, at the device's usual
pace, up to the arrival of the last.
"""

from __future__ import annotations

from collections.abc import Mapping

from showctl.model import Reading

TOGETHER_S = 0.012  # what arrives within this was held up together
OLDEST_S = 0.5  # what must have been measured longer ago is of no use any more
MOST = 1024  # readings that are kept


class Backlog:
    """Of one device."""

    def __init__(self, gap: float) -> None:
        """`gap` is a silence (s) behind which there may be a backlog."""
        self._gap = gap
        self._kept: list[Reading] = []

    def keeps(self, reading: Reading, newest: float) -> bool:
        """Is it one to be kept? `newest` is the time of the last reading that was made use of (s)."""
        if not self._kept and not self._gap < reading.arrival - newest < float("inf"):
            return False
        if len(self._kept) >= MOST:
            return False
        self._kept.append(reading)
        return True

    def taken(self, now: float, paces: Mapping[str, float], newest: float) -> list[tuple[str, float, tuple[float, ...]]]:
        """Channel, time and values of what was kept, in the order of time; nothing as long as more may come. `paces` are the
        usual seconds from one reading of a channel to the next."""
        if not self._kept or now - self._kept[0].arrival < TOGETHER_S:
            return []
        by_channel: dict[str, list[Reading]] = {}
        for reading in self._kept:
            by_channel.setdefault(reading.channel, []).append(reading)
        spread = []
        for name, readings in by_channel.items():
            last = readings[-1].arrival
            pace = min(paces.get(name, 0.0), (last - newest) / len(readings))
            for n, reading in enumerate(reversed(readings)):
                time = last - n * pace
                if time > last - OLDEST_S:
                    spread.append((name, time, reading.values))
        self._kept.clear()
        return sorted(spread, key=lambda one: one[1])
