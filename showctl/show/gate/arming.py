"""Who is armed, by what, and since when.

A clutch arms its performer from the moment it is pressed for as long as it is down, and its own device has to be heard: a dead
man's handle. A window of cues opens when its list goes into one of them and closes when it leaves them; that the list stands
there already (after a restart, after a reload) opens nothing. Windows of the operator open with his word and close by themselves.
He can also take a performer out of the show: then nothing arms them until he says so.

All of it is times. Whether something counts for a device is a comparison: it has to be later than the device was lost, and later
than the last stop.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from showctl.model import ListState, PlaybackState
from showctl.plan import GesturesPlan, Sign, Wearable, Window
from showctl.show.gate.fingers import PAUSE_S, Fingers
from showctl.show.gate.presence import FREEZE_S, LOST_S, Presence

BURST_S = 0.3  # after a loss: by then all has come that it held up
OPERATOR_S = 30.0  # that a window of the operator is open, unless it says otherwise


@dataclass(slots=True)
class Arming:
    """What arms the performers of a plan."""

    plan: GesturesPlan
    fingers: Fingers
    presence: Presence
    barred: set[str] = field(default_factory=set)  # performers whom the operator took out
    stopped: float = -math.inf  # s, the last stop
    _opened: dict[tuple[Window, str], float] = field(default_factory=dict)  # window and performer -> s
    _stood: dict[str, tuple[str, bool]] = field(default_factory=dict)  # list -> cue, and whether it is released

    def follow(self, now: float, playback: PlaybackState) -> None:
        """Windows open and close with the cues."""
        for state in playback.lists:
            stands, before = (state.current, state.state == "released"), self._stood.get(state.name)
            if before == stands:
                continue
            self._stood[state.name] = stands
            went = before is not None and before[0] != state.current
            for window in self._windows("cue"):
                if window.list == state.name:
                    stays = inside(window, state)
                    self._move(window, now if went and stays else None, stays)
        self._close(now)

    def _move(self, window: Window, opens: float | None, stays: bool) -> None:
        for performer in self.plan.performers:
            if opens is not None:
                self._opened[window, performer] = opens
            elif not stays:
                self._opened.pop((window, performer), None)

    def _close(self, now: float) -> None:
        for (window, performer), at in list(self._opened.items()):
            limit = window.seconds if window.seconds is not None or window.kind == "cue" else OPERATOR_S
            if limit is not None and now - at > limit:
                del self._opened[window, performer]

    def arm(self, now: float, performer: str | None, playback: PlaybackState) -> None:
        """The operator arms a performer, or all."""
        lists = {state.name: state for state in playback.lists}
        for name in self._meant(performer):
            self.barred.discard(name)
            for window in (*self._windows("operator"), *self._windows("cue")):
                if window.kind == "operator" or (window.list in lists and inside(window, lists[window.list])):
                    self._opened[window, name] = now

    def disarm(self, performer: str | None) -> None:
        """The operator takes a performer out, or all."""
        for name in self._meant(performer):
            self.barred.add(name)
            for key in [key for key in self._opened if key[1] == name]:
                del self._opened[key]

    def since(self, window: Window, device: Wearable, now: float) -> float | None:
        """Since when this window arms what is done with this device; None if it does not."""
        if device.performer in self.barred:
            return None
        at: float | None
        if window.kind == "always":
            at = math.inf
        elif window.kind == "clutch":
            at = self.clutch(device.performer, now)
        else:
            at = self._opened.get((window, device.performer))
        if at is None or at <= self.presence.lost_at(device.name) or at <= self.stopped:
            return None
        return at

    def ended(self, device: Wearable, at: float) -> bool:
        """Whether the operator or a stop has ended what was armed at that time (s), be the device heard or not."""
        return device.performer in self.barred or at <= self.stopped

    def clutch(self, performer: str, now: float) -> float | None:
        """Since when a clutch of this performer is held, by a device that is heard; None if none is."""
        found = []
        for one in self.plan.wearables:
            if one.performer == performer and one.clutch is not None and self.presence.age(one.name, now) <= FREEZE_S:
                at = self.fingers.since(one.name, one.clutch, now)
                if at is not None and self._pressed_anew(one, one.clutch, at, now):
                    found.append(at)
        return max(found, default=None)

    def _pressed_anew(self, device: Wearable, clutch: Sign, at: float, now: float) -> bool:
        """Whether a clutch that is down since `at` (s) was pressed since its device was lost last, for certain.

        What comes first of one that was held all the time looks like a press. So it was up in between, or it is a button that
        comes so late that who repeats how it stands would have told of it before. (Of a finger that may be a hole of its device.)
        """
        lost = self.presence.lost_at(device.name)
        if at <= lost + BURST_S:
            return False
        late = clutch.kind != "touch" and at > lost + PAUSE_S
        return late or self.fingers.was_up(device.name, clutch, lost, now)

    def why_not(self, window: Window, device: Wearable, now: float) -> str:
        """Why this does not arm, for people."""
        if device.performer in self.barred:
            return "disarmed by the operator"
        if self.presence.age(device.name, now) > LOST_S:
            return f"{device.name} is not heard"
        if window.kind == "clutch":
            worn = (one for one in self.plan.wearables if one.performer == device.performer)
            down = any(one.clutch is not None and self.fingers.said(one.name, one.clutch, now) for one in worn)
            return "let the clutch go and hold it again" if down else "the clutch is not held"
        if (window, device.performer) in self._opened:
            return "not armed since it was lost, or stopped"
        return "not armed in this cue" if window.kind == "cue" else "not armed by the operator"

    def _windows(self, kind: str) -> Iterable[Window]:
        every = [*(one.window for one in self.plan.bindings), *(one.window for one in self.plan.controls)]
        return dict.fromkeys(window for window in every if window.kind == kind)

    def _meant(self, performer: str | None) -> Iterable[str]:
        return [one for one in self.plan.performers if performer in (None, one)]

    def take_over(self, old: Arming) -> None:
        """Go on from another plan's: windows that are as they were stay open."""
        self.barred, self.stopped = old.barred & set(self.plan.performers), old.stopped
        mine = {*self._windows("cue"), *self._windows("operator")}
        self._opened = {key: at for key, at in old._opened.items() if key[0] in mine and key[1] in self.plan.performers}
        self._stood = dict(old._stood)


def inside(window: Window, state: ListState) -> bool:
    """Whether a list stands in the cues of a window."""
    if state.state == "released":
        return False
    try:
        return window.first <= Decimal(state.current) <= window.last
    except InvalidOperation:
        return False
