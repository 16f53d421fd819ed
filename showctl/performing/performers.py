"""All performers of a plan: what their wearables send, the gate that judges it, and what is asked of the show and told.

    message -> Worn -> Reading -> WornDevice -> Candidate, posture, fader  \\
                          \\--> buttons, presses, touches, events ----------> Gate -> ControlEvent, Feedback, Happened

What a finger does, and what a movement was taken for, is judged at once (`ready`); all else with the next tick. No I/O here: time
is passed in, what comes of a step is returned.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from showctl.analysis.gesture.stream import MOTION
from showctl.enrolments import Kept
from showctl.model import (
    Candidate,
    ControlEvent,
    Happened,
    Health,
    PerformersView,
    PlaybackState,
    Reading,
    Tried,
    WearableView,
)
from showctl.performing.device import WornDevice
from showctl.performing.worn import Worn
from showctl.plan import GesturesPlan, Plan, Quantise, Wearable
from showctl.show.gate import Gate, GateInputs, GateStep
from showctl.waiting import Waiting, ended_by, let_go
from showctl.wire.osc import Message
from showctl.wire.wearable.mqtt import Topics
from showctl.wire.wearable.profile import Profile

FINGERS = frozenset(("button", "press", "touch", "event"))
WAITING = 256  # readings and candidates between two steps; more is nobody's hand
SHOWN = 12  # of what was tried
DONE = frozenset(("heard", "waiting"))  # outcomes after which something comes of it


class Performers:
    """Everybody who wears something in this plan. ValueError for a plan in which nobody does."""

    def __init__(self, plan: Plan, profiles: Mapping[str, Profile]) -> None:
        self.gate = Gate(plan)
        self.tried: deque[Tried] = deque(maxlen=SHOWN)
        self._wear(profiles)
        self.devices = {one.name: WornDevice(one) for one in self.plan.wearables}
        self.kept: dict[str, Kept] = {}
        self._candidates: deque[Candidate] = deque(maxlen=WAITING)
        self._readings = Waiting[Reading](WAITING, let_go)
        self._asked = Waiting[ControlEvent](WAITING, ended_by)
        self._timed = Waiting[tuple[ControlEvent, Quantise, str]](WAITING, lambda _: None)
        self._heard: dict[str, float] = {}  # device -> s, its motion
        self.ready = False  # something came that is not to wait for the tick
        self._bind()

    @property
    def plan(self) -> GesturesPlan:
        """Who wears what, and what is bound."""
        return self.gate.plan

    # --- what comes in -----------------------------------------------------------------------------------------------

    def take(self, message: Message, source: str, arrival: float) -> bool:
        """A message from ip:port; False where it is of no wearable of ours."""
        if not self.worn.knows(message.address, source):
            return False
        self.hear(self.worn.take(message, source, arrival))
        return True

    def take_topic(self, topic: str, payload: bytes, arrival: float) -> None:
        """A message of MQTT whose topic below its base is `topic`."""
        self.hear(self._topics.take(topic, payload, arrival))

    def hear(self, readings: tuple[Reading, ...]) -> None:
        """What devices say, each under its name in the venue."""
        for one in readings:
            device = self.devices[one.device]
            device.hear(one)
            if one.channel in MOTION:
                self._heard[one.device] = max(self._heard.get(one.device, -math.inf), one.arrival)
            elif one.channel in FINGERS:
                self._readings.put(replace(one, late=device.stream.late(one)))
                self.ready = True
            elif one.channel == "battery":
                self._readings.put(one)

    def ask(self, control: ControlEvent) -> bool:
        """What others ask for: the gate knows of it; False where too much waits for it already."""
        return self._asked.put(control)

    def ask_timed(self, control: ControlEvent, on: Quantise, words: str) -> bool:
        """What others ask for with the next beat or bar; False where too much waits already."""
        return self._timed.put((control, on, words))

    def zero(self, performer: str | None) -> None:
        """How the devices of a performer, or of all, are held now is the middle of their faders."""
        for one in self.devices.values():
            if performer in (None, one.wearable.performer):
                one.controls.zero()

    def advance(self, now: float) -> None:
        """Time goes on: what is missing of motion is waited for no longer."""
        for one in self.devices.values():
            one.advance(now)

    def work(self, now: Callable[[], float], until: float) -> bool:
        """Look at motion that waits, device by device, until that time (s); is there more?"""
        while waiting := [one for one in self.devices.values() if one.waits]:
            for one in waiting:
                at = now()
                if at > until:
                    return True
                self._look(one, at)
        return False

    def _look(self, device: WornDevice, now: float) -> None:
        found, postures = device.work(now)
        self._candidates.extend(found)
        for one in postures:
            self._readings.put(one)
        self.ready = self.ready or any(one.accepted or one.series for one in found)

    # --- what comes of it --------------------------------------------------------------------------------------------

    def step(self, now: float, playback: PlaybackState, at: float, frame: bool = True) -> GateStep:
        """Judge all that came until now (s); `playback` is how the show stood at the time `at`. Levels move with a `frame`."""
        self.ready = False
        made = self.gate.step(now, self._gathered(now), playback, at, frame)
        for one in made.pick_up:
            self.devices[one.device].controls.pick_up((one.name, one.share))
        for told in made.told:
            if told.type == "gesture":
                self.tried.appendleft(tried(told))
        return made

    def _gathered(self, now: float) -> GateInputs:
        candidates = tuple(self._candidates)
        self._candidates.clear()
        return GateInputs(
            candidates,
            self._readings.take(),
            {(name, fader): share for name, one in self.devices.items() for fader, share in one.controls.values(now).items()},
            {name: heard for name, one in self.devices.items() if (heard := self._heard.get(name, one.heard)) > -math.inf},
            self._asked.take(),
            self._timed.take(),
        )

    # --- other plans, other enrolments -------------------------------------------------------------------------------

    def take_over(self, gate: Gate, profiles: Mapping[str, Profile]) -> None:
        """The gate of another version: what is as it was goes on as it stands, what has changed begins anew, disarmed."""
        gate.take_over(self.gate)
        before = {one.name: one for one in self.plan.wearables}
        self.gate = gate
        if gate.plan.wearables != tuple(before.values()) or dict(profiles) != self._profiles:
            self._wear(profiles)
        for name in [name for name in self.devices if before[name] not in gate.plan.wearables]:
            del self.devices[name]
            self._heard.pop(name, None)
        self.devices = {one.name: self.devices.get(one.name) or WornDevice(one) for one in gate.plan.wearables}
        self._candidates.clear()
        staying = {name for name, one in self.devices.items() if before.get(name) == one.wearable}
        for one in self._readings.take():  # what was pressed was meant by the version before
            if let_go(one) is not None and one.device in staying:
                self._readings.put(one)
        self._bind()
        self.enrol(self.kept)

    def _wear(self, profiles: Mapping[str, Profile]) -> None:
        self.worn, self._profiles = Worn(self.plan.wearables, profiles), dict(profiles)
        self._topics = Topics(self.worn)

    def _bind(self) -> None:
        postures = tuple(one.sign for one in self.plan.gestures if one.sign.posture is not None)
        for name, device in self.devices.items():
            clutch = () if device.wearable.clutch is None or device.wearable.clutch.posture is None else (device.wearable.clutch,)
            device.postures = tuple(dict.fromkeys((*postures, *clutch)))
            device.fade_with([one for one in self.plan.controls if one.device == name])

    def names(self) -> frozenset[str]:
        """The enrolments that are of interest: of performers, and of what they wear."""
        return frozenset(name for one in self.plan.wearables for name in own_names(one))

    def enrol(self, kept: Mapping[str, Kept]) -> None:
        """What is enrolled from now on, by name; who is as before goes on."""
        for device in self.devices.values():
            device.enrol(next((kept[name] for name in own_names(device.wearable) if name in kept), None))
        self.kept = dict(kept)

    # --- how it stands -----------------------------------------------------------------------------------------------

    def healths(self, now: float) -> list[Health]:
        """Of each device."""
        return [one.health(now) for one in self.devices.values()]

    def troubles(self, now: float) -> list[str]:
        """What a person must put right, in sentences."""
        moves = {one.name: one for one in self.plan.gestures if one.sign.kind == "movement"}
        missing = dict[str, list[str]]()
        for device in self.devices.values():
            mine = device.wearable
            for binding in self.plan.bindings:
                gesture = moves.get(binding.gesture)
                if gesture is None or mine.performer not in binding.performers or gesture.worn not in ("", mine.worn):
                    continue
                if gesture.name not in self._known(mine.performer):
                    missing.setdefault(mine.performer, []).append(gesture.name)
        unknown = [
            f"{who} has not shown {' and '.join(names)}: showctl gesture enrol {who} {' '.join(names)}"
            for who, names in ((who, dict.fromkeys(what)) for who, what in missing.items())
        ]
        return [*self.worn.troubles(now), *unknown]

    def _known(self, performer: str) -> set[str]:
        return {name for one in self.devices.values() if one.wearable.performer == performer for name in one.enrolled}

    def view(self, now: float, troubles: tuple[str, ...] = ()) -> PerformersView:
        """As it is shown."""
        devices: tuple[WearableView, ...] = tuple(one.view(now) for one in self.devices.values())
        return PerformersView(devices, self.gate.performers(now), tuple(self.tried), troubles)


def own_names(one: Wearable) -> tuple[str, ...]:
    """Under which names what a wearable is used for may be enrolled, the nearest first."""
    return (f"{one.performer}.{one.worn}", one.performer) if one.worn else (one.performer,)


def tried(told: Happened) -> Tried:
    """Of a Happened "gesture" what is shown of it."""
    words: dict[str, Any] = dict(told.data)
    outcome = str(words.get("outcome", ""))
    return Tried(
        told.time,
        str(words.get("performer", "")),
        str(words.get("device", "")),
        str(words.get("gesture", "")),
        words.get("score"),
        outcome in DONE,
        str(words.get("reason", "")),
    )
