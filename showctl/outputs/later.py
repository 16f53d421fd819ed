"""What a player is about to do: a jump that waits for its place, the end of a song, a fade. For players that others have built.

Our own player does these to the sample; a program at the end of a socket is told at the right moment, which is good to some
hundredths of a second. There is one of each at most, and whatever else is asked for calls it off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

STEPS_S = 0.04  # between two steps of a fade


class Later:
    """Timers by name, and one fade."""

    def __init__(self) -> None:
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._fading: asyncio.Task[None] | None = None

    def at(self, name: str, seconds: float, do: Callable[[], None]) -> None:
        """Have something done in so many seconds, in place of what waited by that name."""
        self.off(name)
        self._timers[name] = asyncio.get_running_loop().call_later(max(0.0, seconds), do)

    def off(self, name: str) -> None:
        """What waits by that name does not happen."""
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()

    def fade(self, seconds: float, loud: Callable[[float], None], end: Callable[[], None]) -> None:
        """Go out: `loud` is told a share from 1 down, and then `end` is called."""
        self._fading = asyncio.create_task(self._fade(seconds, loud, end))

    async def _fade(self, seconds: float, loud: Callable[[float], None], end: Callable[[], None]) -> None:
        steps = round(seconds / STEPS_S)
        for step in range(steps, 0, -1):
            loud(step / steps)
            await asyncio.sleep(STEPS_S)
        self._fading = None
        end()

    def settle(self) -> bool:
        """Nothing of all that happens; True where a fade was on its way."""
        for name in list(self._timers):
            self.off(name)
        was, self._fading = self._fading, None
        if was is None:
            return False
        was.cancel()
        return True
