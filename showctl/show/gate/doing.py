"""What performers did: candidates of the recogniser, presses, and what has been held for long enough -> bindings that are meant.

A button or posture counts once for each time that it is held. How long that takes depends on what it is for: what stays on
(blackout, the lock of the beat) takes LATCH_S, the stop of a performer who is not armed STOP_HELD_S. Of several bindings of one
gesture that is meant which is armed; of two, that of the cue before that of the operator and that of the clutch.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from showctl.model import Candidate, StopAll
from showctl.plan import Gesture, GestureBinding, Wearable, Window
from showctl.show.gate.arming import Arming
from showctl.show.gate.fingers import Press

STOP_HELD_S, LATCH_S = 0.6, 0.3
PREFER = {"cue": 0, "operator": 1, "clutch": 2, "always": 3}


@dataclass(frozen=True, slots=True)
class Done:
    """Something that a performer did, and the binding that it is of."""

    time: float  # s
    device: Wearable
    binding: GestureBinding
    score: float | None = None
    held: bool = False  # for as long as it takes
    series: str = ""  # why it alone is nothing: the same was there just before, so it counts as the second time or for the stop
    fresh: bool = False  # the message that told of it is itself what was heard
    middle: float = math.inf  # s, of a movement: when half of it was made


@dataclass(frozen=True, slots=True)
class Idle:
    """Something of which nothing comes, and why."""

    device: Wearable
    gesture: str
    score: float | None
    outcome: str
    reason: str


class Doing:
    """Knows what is meant by what performers do."""

    def __init__(self, arming: Arming) -> None:
        self._arming, self._fingers, plan = arming, arming.fingers, arming.plan
        self._devices = {one.name: one for one in plan.wearables}
        self.gestures = {one.name: one for one in plan.gestures}
        self._bindings: dict[str, list[GestureBinding]] = {name: [] for name in self.gestures}
        for one in sorted(plan.bindings, key=lambda one: PREFER[one.window.kind]):
            self._bindings[one.gesture].append(one)
        self._windows: dict[str, dict[Window, None]] = {name: {} for name in plan.performers}
        for one in plan.bindings:
            for performer in one.performers:
                self._windows[performer][one.window] = None
        for control in plan.controls:
            self._windows[self._devices[control.device].performer][control.window] = None
        self._counted: dict[tuple[str, str], float] = {}  # device and gesture -> when the last went down of what has counted

    def recognised(self, candidates: Iterable[Candidate], now: float) -> Iterator[Done | Idle]:
        """What movements are meant for."""
        for one in candidates:
            device = self._devices.get(one.device)
            if device is None:
                continue
            gesture = self.gestures.get(one.gesture)
            if not (one.accepted or one.series):
                yield Idle(device, one.gesture, one.score, "not recognised", one.reason)
            elif not math.isfinite(one.time):
                yield Idle(device, one.gesture, one.score, "refused", "its time is no number")
            elif gesture is None or gesture.sign.kind != "movement" or gesture.worn not in ("", device.worn):
                yield Idle(device, one.gesture, one.score, "refused", "nothing is bound to it")
            elif (binding := self._binding(gesture, device, now)) is None:
                yield Idle(device, one.gesture, one.score, "refused", f"{device.performer} may not")
            else:
                series, middle = "" if one.accepted else one.reason, math.inf if one.middle is None else one.middle
                yield Done(min(one.time, now), device, binding, one.score, series=series, middle=middle)

    def pressed(self, presses: Iterable[Press], now: float) -> Iterator[Done | Idle]:
        """What counts as soon as it is pressed."""
        for one in presses:
            device = self._devices[one.device]
            for gesture in self.gestures.values():
                if not one.is_of(gesture.sign) or gesture.worn not in ("", device.worn):
                    continue
                if (binding := self._binding(gesture, device, now)) is None:
                    yield Idle(device, gesture.name, None, "refused", f"{device.performer} may not")
                elif not gesture.sign.held or not self._takes(gesture, binding, device, now):
                    self._counted[device.name, gesture.name] = one.time
                    yield Done(min(one.time - one.late, now), device, binding, fresh=True)

    def held(self, now: float) -> Iterator[Done]:
        """What has been held for long enough, and has not counted yet."""
        for gesture in self.gestures.values():
            if not gesture.sign.held:
                continue
            for device in self._devices.values():
                since, key = self.since(gesture, device, now), (device.name, gesture.name)
                if since is None:
                    continue
                newest = self._fingers.newest(device.name, gesture.sign, now) or since
                if since <= self._counted.get(key, -math.inf):  # whatever joins what has counted is no other time
                    self._counted[key] = newest
                    continue
                binding = self._binding(gesture, device, now)
                if binding is None or now - since < self._takes(gesture, binding, device, now):
                    continue
                stops = isinstance(binding.do, StopAll)
                if stops or self._arming.presence.fresh(device.name, now):
                    self._counted[key] = newest
                    yield Done(now, device, binding, held=True, fresh=stops)

    def take_over(self, old: Doing, devices: Collection[str], now: float) -> None:
        """Go on from another plan's, which was asked last at `now` (s).

        What is held has counted, unless it was on its way to, for the same gesture.
        """
        for gesture in self.gestures.values():
            for name in devices:
                newest = self._fingers.newest(name, gesture.sign, now)
                before = old.gestures.get(gesture.name)
                counted = old._counted.get((name, gesture.name)) if before == gesture else newest
                if counted is not None:
                    self._counted[name, gesture.name] = counted

    def since(self, gesture: Gesture, device: Wearable, now: float) -> float | None:
        """Since when (s) a held gesture is made with this device; None if it is not."""
        return self._fingers.since(device.name, gesture.sign, now) if gesture.worn in ("", device.worn) else None

    def _takes(self, gesture: Gesture, binding: GestureBinding, device: Wearable, now: float) -> float:
        latches = LATCH_S if binding.way == "turns" else 0.0
        stops = isinstance(binding.do, StopAll) and binding.window.kind == "always" and not self.armed(device, now)
        return max(gesture.hold, latches, STOP_HELD_S if stops else 0.0)

    def _binding(self, gesture: Gesture, device: Wearable, now: float) -> GestureBinding | None:
        mine = [one for one in self._bindings[gesture.name] if device.performer in one.performers]
        armed = (one for one in mine if self._arming.since(one.window, device, now) is not None)
        return next(armed, mine[0] if mine else None)

    def windows(self, performer: str) -> Iterable[Window]:
        """All that arms something that this performer may do."""
        return self._windows[performer]

    def arms(self, device: Wearable, now: float) -> Iterator[Window]:
        """What arms something that is done with this device now, but for what always is."""
        for one in self._windows[device.performer]:
            if one.kind != "always" and self._arming.since(one, device, now) is not None:
                yield one

    def armed(self, device: Wearable, now: float) -> bool:
        """Whether anything does."""
        return next(self.arms(device, now), None) is not None
