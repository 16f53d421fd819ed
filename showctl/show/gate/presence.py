"""Which devices are heard. By their age in seconds: after FREEZE_S nothing discrete may act, after HOLD_S levels stand still,
after LOST_S the device is lost, and whatever armed its performer before that does not count for it any more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

FREEZE_S, HOLD_S, LOST_S = 0.1, 0.25, 1.0


class Presence:
    """When each wearable was heard, and when it was lost last."""

    def __init__(self, devices: Iterable[str]) -> None:
        self._heard = dict.fromkeys(devices, -math.inf)
        self._lost = dict.fromkeys(self._heard, -math.inf)
        self._unbroken = dict.fromkeys(self._heard, math.inf)

    def hear(self, now: float, heard: Mapping[str, float]) -> list[str]:
        """Take the times (s) at which devices were heard; returns those that have just been lost."""
        gone = []
        for device, before in self._heard.items():
            at = min(now, heard.get(device, before))
            if at > before:
                if at - before > LOST_S:  # also where nobody looked meanwhile
                    self._lost[device] = max(self._lost[device], at)
                if at - before > FREEZE_S:
                    self._unbroken[device] = at
                self._heard[device] = at
            if now - self._heard[device] > LOST_S:
                if self._heard[device] > self._lost[device]:
                    gone.append(device)
                self._lost[device] = now
        return gone

    def age(self, device: str, now: float) -> float:
        """Seconds since it was heard; inf for one that never was."""
        return now - self._heard.get(device, -math.inf)

    def fresh(self, device: str, now: float) -> bool:
        """Whether anything discrete may act."""
        return self.age(device, now) <= FREEZE_S

    def heard(self, device: str) -> tuple[float, float]:
        """Since when (s) it has been heard without a hole, and until when."""
        return self._unbroken.get(device, math.inf), self._heard.get(device, -math.inf)

    def lost_at(self, device: str) -> float:
        """The last moment (s) at which it was lost; -inf if it never was."""
        return self._lost.get(device, math.inf)

    def missing(self, now: float) -> tuple[str, ...]:
        """Those that are lost."""
        return tuple(one for one in self._heard if self.age(one, now) > LOST_S)

    def take_over(self, old: Presence, devices: set[str]) -> None:
        """Go on from what was known of these devices."""
        for device in devices:
            self._heard[device], self._lost[device] = old._heard[device], old._lost[device]
            self._unbroken[device] = old._unbroken[device]
