"""What lasts as long as it is held: each flash that is on, with what ends it. Whatever takes the hand away, no end is forgotten:
what was held in another life, or by a plan that is no more, is owed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from showctl.model import ControlEvent, Flash
from showctl.plan import GestureBinding


class Holding:
    """What is held now, by device and binding."""

    def __init__(self) -> None:
        self._ends: dict[tuple[str, GestureBinding], Flash] = {}
        self._owed: list[Flash] = []

    def begin(self, device: str, binding: GestureBinding, event: Flash) -> None:
        """It lasts from now on."""
        self._ends[device, binding] = replace(event, on=False)

    def owed(self, now: float) -> list[ControlEvent]:
        """What is let go in any case."""
        found, self._owed = self._owed, []
        return [replace(one, time=now) for one in found]

    def ended(self, now: float, lasts: Callable[[str, GestureBinding], bool]) -> list[ControlEvent]:
        """What is let go, since it does not last any more."""
        gone = [key for key in self._ends if not lasts(*key)]
        return [replace(self._ends.pop(key), time=now) for key in gone]

    @property
    def flashing(self) -> list[str]:
        """Submasters that flash."""
        return [one.submaster for one in (*self._ends.values(), *self._owed)]

    def restore(self, flashing: Iterable[str], now: float) -> None:
        """These flashed in the life before this one."""
        self._owed = [Flash(time=now, source="gesture", submaster=one, on=False) for one in flashing]

    def take_over(self, old: Holding, lasts: Callable[[str, GestureBinding], bool]) -> None:
        """Go on from another plan's: what it does not have any more is let go."""
        self._owed += old._owed
        for key, event in old._ends.items():
            if lasts(*key):
                self._ends[key] = event
            else:
                self._owed.append(event)
