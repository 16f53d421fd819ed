"""The readings of one device -> its motion, 50 samples a second on a grid of show time, holes and all.

Acceleration and rate may come in separate packets, at any rate, late, doubled, in another order or not at all. A sample is made
as soon as each channel has a reading behind its time, on the straight line between the two around it (of quaternions: the great
circle). Where these lie further apart than the device's own pace allows, the sample is `lost`: it repeats what was last known
and is no motion. Nothing is invented.

    acceleration   as it comes; else linear + gravity; else linear, and where up is by the quaternion
    rate           as it comes; else how fast the quaternion turns; else NaN: without a gyroscope there is tilt, but no gesture

What is missing is waited for as long as PATIENCE_S, since a burst of packets after a gap of Wi-Fi brings it. A device that says
when it measured loses nothing then; of another the readings of a burst are taken as evenly spaced, at its usual pace, up to the
last of them (`backlog`). Times rise strictly, also where the device's clock is set (`device_clock`).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import replace
from typing import TypeAlias, cast

from showctl import rotation
from showctl.analysis.gesture.backlog import Backlog
from showctl.analysis.gesture.device_clock import DeviceClock, Placed
from showctl.analysis.gesture.watch import Watch
from showctl.model import MOTION_HZ, Health, MotionSample, Quaternion, Reading, Vector

Plan: TypeAlias = tuple[str, ...]  # channels that make one of the sample's

ACCELERATIONS: tuple[Plan, ...] = (("acceleration",), ("linear", "gravity"), ("linear", "quaternion"))
RATES: tuple[Plan, ...] = (("rate",), ("spin",))  # spin: how fast the quaternion turns
MOTION = ("acceleration", "linear", "gravity", "rate", "quaternion")

KEPT = 64  # readings of a channel
SETTLE_S = 0.3  # before the first sample: all channels that will come have come
PATIENCE_S = 0.25  # what is missing is waited for so long
HOLE_S, HOLE_READINGS = 0.08, 2.5  # further apart than this, and than so many of its usual distances: a hole
LONGEST_PACE_S = 0.1  # a device slower than 10 readings a second has holes only
OVERTAKEN_S = 0.06  # a hole is one when nothing came into it for so long: packets overtake each other
PROMPT_S = 0.025  # a quaternion that comes as often as this is waited for, too
GONE_S = 1.0  # a channel that was silent for so long is not waited for
MOST_LOST = MOTION_HZ // 2  # samples of a hole; a longer one is followed by a step in time
FASTEST = 5000.0  # deg/s
NO_RATE: Vector = (math.nan, math.nan, math.nan)


class _Channel:
    """The last readings of one channel, in the order of their times."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.values: list[tuple[float, ...]] = []

    def add(self, time: float, values: tuple[float, ...]) -> bool:
        """Put a reading where it belongs; False where there is one of that time."""
        n = bisect_left(self.times, time)
        if n < len(self.times) and self.times[n] == time:
            return False
        self.times.insert(n, time)
        self.values.insert(n, values)
        if len(self.times) > KEPT:
            del self.times[0], self.values[0]
        return True

    def pace(self) -> float:
        """Seconds from one reading to the next, as a rule: the median stands half of them lost."""
        steps = sorted(b - a for a, b in zip(self.times, self.times[1:], strict=False))
        return min(steps[len(steps) // 2], LONGEST_PACE_S) if steps else LONGEST_PACE_S

    def mean_pace(self) -> float:
        """The same on the average: what arrives in bursts has no other."""
        return (self.times[-1] - self.times[0]) / (len(self.times) - 1) if len(self.times) > 1 else LONGEST_PACE_S

    def around(self, time: float) -> tuple[int, float] | None:
        """The reading before `time` and how far the way to the next one is gone; None in a hole."""
        n = bisect_right(self.times, time) - 1
        if n < 0:
            return None
        if self.times[n] == time:
            return n, 0.0
        if n + 1 == len(self.times):
            return None
        distance = self.times[n + 1] - self.times[n]
        if distance > max(HOLE_S, HOLE_READINGS * self.pace()):
            return None
        return n, (time - self.times[n]) / distance

    def at(self, time: float) -> tuple[float, ...] | None:
        """A vector at `time`; None in a hole."""
        found = self.around(time)
        if found is None:
            return None
        n, share = found
        if share == 0:
            return self.values[n]
        return tuple(a + share * (b - a) for a, b in zip(self.values[n], self.values[n + 1], strict=True))

    def turned_at(self, time: float) -> Quaternion | None:
        """A quaternion at `time`; None in a hole."""
        found = self.around(time)
        if found is None:
            return None
        n, share = found
        here = cast("Quaternion", self.values[n])
        return here if share == 0 else rotation.between(here, cast("Quaternion", self.values[n + 1]), share)


class MotionStream:
    """The motion of one device. Feed it everything that the device says; ask `advance` now and then, too."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.counts: Counter[str] = Counter()  # readings, late, stale, set (the clock), samples, lost
        self._clock = DeviceClock()
        self._watch = Watch(device)
        self._backlog = Backlog(HOLE_S)
        self._timed = False  # it says when it measured
        self._channels: dict[str, _Channel] = {}
        self._began: float | None = None  # s, when the first reading was measured
        self._newest = -math.inf  # s, the last one
        self._next: int | None = None  # the next sample is of the time _next / MOTION_HZ
        self._last: MotionSample | None = None
        self._moved = -math.inf  # s, the last sample that is none of the lost
        self._run = 0  # lost samples in a row

    def feed(self, reading: Reading) -> list[MotionSample]:
        """One reading; the samples that can be made now, in the order of their times."""
        self._watch.hear(reading)
        if reading.channel not in MOTION:
            return []
        self.counts["readings"] += 1
        placed, time = self._clock.place(reading.time, reading.arrival)
        if placed is Placed.LATE:
            self.counts["late"] += 1
            return []
        if placed is Placed.SET:
            self._set()
        self._timed = reading.time is not None and not self._clock.hopeless
        if self._timed:
            return self._hear(reading.channel, time, reading.values)
        made = self._unpack(reading.arrival)
        if self._backlog.keeps(reading, self._newest):
            return made
        return made + self._hear(reading.channel, time, reading.values)

    def late(self, reading: Reading) -> float:
        """How late (s) something comes that is no motion, by the same clock; 0 where nobody can know."""
        placed, _ = self._clock.place(reading.time, reading.arrival)
        if placed is Placed.SET:
            self._set()
        return self._clock.late(reading.time, reading.arrival)

    def _set(self) -> None:
        """The device's clock was set: nothing from before goes together with what comes."""
        self.counts["set"] += 1
        self._channels.clear()
        self._began, self._newest = None, -math.inf

    def _unpack(self, now: float) -> list[MotionSample]:
        """What was kept behind a gap, once it is clear how much of it there is."""
        kept = self._backlog.taken(now, {name: channel.pace() for name, channel in self._channels.items()}, self._newest)
        return [sample for name, time, values in kept for sample in self._hear(name, time, values)]

    def _hear(self, name: str, time: float, values: tuple[float, ...]) -> list[MotionSample]:
        if not self._add(name, time, values):
            self.counts["stale"] += 1
            return []
        if self._began is None:
            self._began = time
        self._newest = max(self._newest, time)
        return self._make(self._ready(), self._newest)

    def advance(self, now: float) -> list[MotionSample]:
        """The samples that are given up by now, where nothing came: at most half a second of them in a row."""
        made = self._unpack(now)
        if self._last is None or now - PATIENCE_S <= self._newest:
            return made
        return made + self._make(now - PATIENCE_S, now)

    def age(self, now: float) -> float:
        """How old the newest motion is, s: a hole, a sensor that is silent and a device that is away all make it grow. Infinite
        where there never was any."""
        return now - self._moved

    def health(self, now: float) -> Health:
        """How the device is, in words that say what to do."""
        gestures = self._plan(RATES) is not None
        return self._watch.health(now, tuple(self._channels), self._last is not None, gestures, self.counts, self._clock.hopeless)

    # --- readings --------------------------------------------------------------------------------------------------

    def _add(self, name: str, time: float, values: tuple[float, ...]) -> bool:
        """Keep a reading, unless it is no newer than what is there."""
        channel = self._channels.setdefault(name, _Channel())
        if channel.times and time <= channel.times[-1]:
            if self._timed:  # overtaken: of use as long as nothing was made of the time behind it
                return (self._next is None or time * MOTION_HZ > self._next - 1) and channel.add(time, values)
            if time == channel.times[-1]:  # two in one moment: the last one counts
                channel.values[-1] = values
            return time == channel.times[-1]
        if name == "quaternion" and channel.times:
            self._spin(channel, time, cast("Quaternion", values))
        if name in ("rate", "acceleration", "quaternion") and self._timed and channel.times:
            self._watch.step(time - channel.times[-1], channel.pace())
        return channel.add(time, values)

    def _spin(self, quaternions: _Channel, time: float, now: Quaternion) -> None:
        """How fast the quaternion turned on the way here. Arrivals are uneven: without time tags an even pace is nearer to it."""
        passed, pace = time - quaternions.times[-1], quaternions.mean_pace()
        if not self._timed and len(quaternions.times) > 1 and passed < HOLE_READINGS * pace:
            passed = pace
        turning = rotation.rate(cast("Quaternion", quaternions.values[-1]), now, max(passed, 1e-6))
        if math.hypot(*turning) <= FASTEST:
            middle = (time + quaternions.times[-1]) / 2
            self._channels.setdefault("spin", _Channel()).add(middle, turning)

    # --- samples ---------------------------------------------------------------------------------------------------

    def _plan(self, plans: tuple[Plan, ...]) -> Plan | None:
        """The first of the plans all of whose channels come."""

        def comes(name: str) -> bool:
            return name in self._channels and self._newest - self._channels[name].times[-1] < GONE_S

        return next((plan for plan in plans if all(comes(name) for name in plan)), None)

    def _ready(self) -> float:
        """Samples up to this time can be made: every channel has come so far, or was waited for."""
        acceleration, turning = self._plan(ACCELERATIONS), self._plan(RATES)
        if self._began is None or self._newest - self._began < SETTLE_S:
            return -math.inf
        if acceleration is None:
            return -math.inf if self._last is None else self._newest - PATIENCE_S
        needed = {*acceleration, *(turning or ())}
        if self._plan((("quaternion",),)) and self._channels["quaternion"].pace() <= PROMPT_S:
            needed.add("quaternion")
        reached = min(self._channels[name].times[-1] for name in needed)
        return max(reached, self._newest - PATIENCE_S)

    def _make(self, until: float, known: float) -> list[MotionSample]:
        """The samples up to `until`; `known` is how far anything is known, or waited for."""
        if until == -math.inf:
            return []
        if self._next is None or self._last is None:  # nothing yet: begin with the newest
            self._next = max(self._next or 0, math.floor(until * MOTION_HZ))
        made: list[MotionSample] = []
        acceleration, turning = self._plan(ACCELERATIONS), self._plan(RATES)
        while self._next / MOTION_HZ <= until:
            if self._run >= MOST_LOST:
                self._skip(until)
                if self._next / MOTION_HZ > until:
                    break
            time = self._next / MOTION_HZ
            sample = self._sample(time, acceleration, turning)
            if sample is None and self._last is not None:  # a hole: what was overtaken may yet come
                if self._timed and known - time < OVERTAKEN_S:
                    break
                sample = self._hole(time)
            self._next += 1
            if sample is not None:
                made.append(sample)
        for sample in made:
            self._watch.sample(sample)
        return made

    def _skip(self, until: float) -> None:
        """Behind a long hole: go on where there is something again, or wait there."""
        assert self._next is not None
        there = [time for channel in self._channels.values() for time in channel.times if time * MOTION_HZ >= self._next]
        self._next = max(self._next, math.ceil(min(there) * MOTION_HZ) if there else math.floor(until * MOTION_HZ) + 1)
        self._run = 0 if there else self._run

    def _sample(self, time: float, acceleration: Plan | None, turning: Plan | None) -> MotionSample | None:
        """The motion at `time`; None in a hole."""
        quaternion = self._channels["quaternion"].turned_at(time) if "quaternion" in self._channels else None
        force = None if acceleration is None else self._acceleration(acceleration, time, quaternion)
        rate = NO_RATE if turning is None else cast("Vector | None", self._channels[turning[0]].at(time))
        if turning is None and self._last is not None and not math.isnan(self._last.rate[0]):
            rate = None  # it had a gyroscope before: that it is silent is a loss
        if force is None or rate is None:
            return None
        self._run, self._moved = 0, time
        self.counts["samples"] += 1
        self._last = MotionSample(time, self.device, force, rate, quaternion)
        return self._last

    def _hole(self, time: float) -> MotionSample:
        """What is told where nothing is known: the last that was."""
        assert self._last is not None
        self._run += 1
        self.counts["samples"] += 1
        self.counts["lost"] += 1
        self._last = replace(self._last, time=time, lost=True)
        return self._last

    def _acceleration(self, plan: Plan, time: float, quaternion: Quaternion | None) -> Vector | None:
        parts = [
            quaternion and rotation.up(quaternion) if name == "quaternion" else self._channels[name].at(time) for name in plan
        ]
        if any(part is None for part in parts):
            return None
        x, y, z = (math.fsum(axis) for axis in zip(*cast("list[tuple[float, ...]]", parts), strict=True))
        return (x, y, z)
