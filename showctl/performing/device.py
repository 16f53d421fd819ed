"""One wearable: its readings become motion, and its motion candidates, postures and faders.

Recognising takes a tenth to half of a millisecond a sample, and a burst of Wi-Fi brings a dozen samples at once. So samples wait
in a bounded queue, and `work` takes one of them at a time; what a finger does waits for nothing.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from showctl.analysis.gesture.controls import Controls, ControlSettings
from showctl.analysis.gesture.posture import Posture
from showctl.analysis.gesture.recogniser import Recogniser
from showctl.analysis.gesture.stream import MotionStream
from showctl.enrolments import Kept
from showctl.model import Candidate, Health, MotionSample, Reading, State, WearableView
from showctl.plan import ControlBinding, Sign, Wearable

WAITING = 64  # samples; more is a second of motion and too old to act upon
MUCH = 2.0  # of energy: as much as a page can show
HEARD_S, HEALTH_S = 1.0, 0.9  # how long ago something was heard of who is heard; how old a health may be
EDGES = {"tilt": 5.0, "roll": 5.0, "height": 0.05}  # by so much a posture has to be left


class WornDevice:
    """A wearable of the venue, and all that is made of what it sends."""

    def __init__(self, wearable: Wearable) -> None:
        self.wearable = wearable
        self.stream = MotionStream(wearable.name)
        self.controls = Controls(())
        self.postures: tuple[Sign, ...] = ()
        self.enrolled: tuple[str, ...] = ()
        self.left_out = 0  # samples that came faster than they could be looked at
        self.heard = -math.inf  # s, anything at all
        self._posture = Posture()
        self._kept: Kept | None = None
        self._recogniser: Recogniser | None = None
        self._bindings: tuple[ControlBinding, ...] = ()
        self._in: dict[Sign, bool] = {}
        self._health: Health | None = None
        self._looked = -math.inf  # s, when it was examined
        self._waiting: deque[MotionSample] = deque(maxlen=WAITING)

    def enrol(self, kept: Kept | None) -> None:
        """Recognise this from now on; None: nothing. The same again goes on as it stands."""
        if kept is not self._kept:
            self._kept = kept
            self.enrolled = () if kept is None else kept.enrolment.gestures
            self._recogniser = None if kept is None else Recogniser(kept.enrolment)

    def fade_with(self, bindings: Sequence[ControlBinding]) -> None:
        """Its motion moves these; where they are the same as before they go on as they stand."""
        if tuple(bindings) != self._bindings:
            self._bindings = tuple(bindings)
            self.controls = Controls([settings(one) for one in bindings])

    def hear(self, reading: Reading) -> None:
        """Anything that it says."""
        self.heard = max(self.heard, reading.arrival)
        self.controls.hear(reading)
        self._keep(self.stream.feed(reading))

    def advance(self, now: float) -> None:
        """Time goes on without a word from it."""
        self._keep(self.stream.advance(now))

    @property
    def waits(self) -> bool:
        """Is there motion that was not looked at yet?"""
        return bool(self._waiting)

    def work(self, now: float) -> tuple[list[Candidate], list[Reading]]:
        """Look at the next sample: what may have been a gesture, and which postures the device is in."""
        sample = self._waiting.popleft()
        self.controls.feed(sample, now)
        if not sample.lost:
            self._posture.feed(sample)
        found = [] if self._recogniser is None else self._recogniser.feed(sample)
        return found, [] if sample.lost else [self._held(sign, now) for sign in self.postures]

    def _held(self, sign: Sign, now: float) -> Reading:
        """Whether the device is held so: within the limits, and a little beyond as long as it was before."""
        asked, was = sign.posture, self._in.get(sign, False)
        assert asked is not None
        value = None if asked.kind == "value" else self._posture.value(asked.kind)
        edge = EDGES[asked.kind] if was else 0.0
        self._in[sign] = value is not None and asked.low - edge <= value <= asked.high + edge
        return Reading(self.wearable.name, "posture", (float(self._in[sign]),), now, None, sign.name)

    def health(self, now: float) -> Health:
        """In words that say what to do, as it was within HEALTH_S. Nobody misses what was never heard."""
        if self._health is None or now - self._looked >= HEALTH_S:
            self._looked, self._health = now, self._examined(now)
        return self._health

    def _examined(self, now: float) -> Health:
        health = self.stream.health(now)
        if self.heard > -math.inf:
            return replace(health, counters=(*health.counters, ("left_out", float(self.left_out))))
        return Health(health.part, State.STARTING, f"not heard yet: it is to send as `{self.wearable.address}`")

    def view(self, now: float) -> WearableView:
        """As it is shown."""
        health = self.health(now)
        counters = dict(health.counters)
        return WearableView(
            self.wearable.name,
            self.wearable.performer,
            self.wearable.worn,
            heard=now - self.heard <= HEARD_S,
            trouble="" if health.state is State.RUNNING else health.detail,
            rate=counters.get("readings_hz", 0.0),
            loss=counters.get("loss", 0.0),
            motion=min(1.0, self._posture.energy / MUCH) if self.stream.age(now) <= HEARD_S else 0.0,
            battery=counters.get("battery"),
            signal=counters.get("signal"),
            enrolled=self.enrolled,
        )

    def _keep(self, samples: list[MotionSample]) -> None:
        self.left_out += max(0, len(self._waiting) + len(samples) - WAITING)
        self._waiting.extend(samples)


def settings(binding: ControlBinding) -> ControlSettings:
    """A binding as a fader. Where its level rests is the gate's to say."""
    return ControlSettings(binding.name, binding.kind, binding.low, binding.high, None, slew=binding.slew, of=binding.of)
