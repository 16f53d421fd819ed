"""What the gate tells: each gesture with its score and what became of it, for the journal; and what a performer should feel.

A performer is told `armed` and `disarmed` as it changes, and `refused` only where something might have come of it: whoever dances
with nothing armed is left in peace. Motion itself is never told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from showctl.model import Feedback, FeedbackKind, Happened, Reading
from showctl.plan import GestureBinding, Wearable

SETTLED_S = 0.3  # that nobody is armed before it is told: a packet that is late does not flicker
BATTERY_LOW, BATTERY_WELL = 20.0, 25.0  # %
STRANGERS, STRANGERS_S = 64, 10.0  # that are told of, and how often
MOST = 64  # of a step


class Telling:
    """What is told in one step; what was told before."""

    def __init__(self) -> None:
        self._told: list[Happened] = []
        self._feedback: list[Feedback] = []
        self._left = 0
        self._armed: dict[str, tuple[bool, float]] = {}  # device -> as was told, and since when it is not otherwise
        self._low: set[str] = set()  # devices whose battery is low
        self._strangers: dict[str, float] = {}  # devices that nobody named -> s

    def take(self, now: float) -> tuple[tuple[Happened, ...], tuple[Feedback, ...]]:
        """All of this step."""
        if self._left:
            self._told.append(Happened(now, "gestures_untold", (("count", self._left),)))
        told, feedback = tuple(self._told), tuple(self._feedback)
        self._told, self._feedback, self._left = [], [], 0
        return told, feedback

    def tell(self, now: float, kind: str, **data: str | float | int | bool | None) -> None:
        """Something for the journal."""
        if len(self._told) < MOST:
            self._told.append(Happened(now, kind, tuple(data.items())))
        else:
            self._left += 1

    def gesture(self, now: float, device: Wearable, gesture: str, score: float | None, outcome: str, reason: str) -> None:
        """A gesture, and what became of it."""
        score = None if score is None or not math.isfinite(score) else round(score, 3)
        who = {"device": device.name, "performer": device.performer}
        self.tell(now, "gesture", **who, gesture=gesture, score=score, outcome=outcome, reason=reason)

    def feel(self, now: float, device: Wearable, kind: FeedbackKind, text: str = "") -> None:
        """Something for who wears the device."""
        if len(self._feedback) < MOST:
            self._feedback.append(Feedback(now, device.name, device.performer, kind, text))

    def both(
        self, now: float, device: Wearable, binding: GestureBinding, kind: FeedbackKind, text: str, score: float | None
    ) -> None:
        """What came of a gesture, for both."""
        self.gesture(now, device, binding.gesture, score, kind, text)
        self.feel(now, device, kind, text)

    def stranger(self, now: float, device: str) -> None:
        """A device that nobody named: of it nothing comes, which is said now and then."""
        before = self._strangers.get(device)
        if len(self._strangers) < STRANGERS if before is None else now - before >= STRANGERS_S:
            self._strangers[device] = now
            self.tell(now, "gesture", device=device, outcome="refused", reason="no wearable of this venue")

    def armed(self, now: float, device: Wearable, armed: bool) -> None:
        """Whether anything that is done with this device counts."""
        told, since = self._armed.get(device.name, (False, now))
        if armed != told and (armed or now - since >= SETTLED_S):
            told = armed
            self.feel(now, device, "armed" if armed else "disarmed")
        elif armed != told:
            self._armed[device.name] = (told, since)
            return
        self._armed[device.name] = (told, now)

    def battery(self, now: float, device: Wearable, readings: Iterable[Reading]) -> None:
        """Say once that a battery is low."""
        for one in readings:
            if one.channel != "battery" or one.device != device.name or not one.values:
                continue
            if one.values[0] < BATTERY_LOW and device.name not in self._low:
                self._low.add(device.name)
                self.feel(now, device, "battery", f"battery at {one.values[0]:.0f} %")
            elif one.values[0] > BATTERY_WELL:
                self._low.discard(device.name)

    def take_over(self, old: Telling) -> None:
        """What was told once is not told again."""
        self._armed, self._low, self._strangers = dict(old._armed), set(old._low), dict(old._strangers)
