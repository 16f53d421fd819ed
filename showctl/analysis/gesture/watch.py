"""How a wearable is: battery, signal, loss, age, and whether what it says can be motion at all.

A device that lies still reads 1 g. One that reads anything else has another unit than its profile says, or another sign; that is
said, and what to do about it, since a recogniser would merely never recognise anything.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

from showctl import rotation
from showctl.model import MOTION_HZ, Health, MotionSample, Reading, State

LOW_BATTERY = 20.0  # %
WEAK_SIGNAL = -80.0  # dBm
MUCH_LOSS = 0.1
SILENT_S = 1.0
STILL = 5.0  # deg/s
STILL_S = 1.0
ONE_G = (0.8, 1.2)
WATCHED = 500  # readings, or samples, that a share is of
RATE_S = 2.0  # readings are counted over


class Watch:
    """Watches one device."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._vitals: dict[str, float] = {}  # battery, voltage, signal
        self._heard = -math.inf  # s, arrival
        self._arrivals: deque[float] = deque(maxlen=4 * WATCHED)
        self._missing: deque[int] = deque(maxlen=WATCHED)  # readings that did not come before each that did
        self._lost: deque[bool] = deque(maxlen=WATCHED)
        self._still = 0  # samples in a row
        self._resting: float | None = None  # g at rest
        self._against = False  # at rest, acceleration points down where the quaternion has up

    def hear(self, reading: Reading) -> None:
        """Anything that it says."""
        if reading.channel in ("battery", "voltage", "signal"):
            self._vitals[reading.channel] = reading.values[0]
        elif reading.channel in ("acceleration", "linear", "gravity", "rate", "quaternion"):
            self._heard = max(self._heard, reading.arrival)
            self._arrivals.append(reading.arrival)

    def step(self, seconds: float, pace: float) -> None:
        """From one reading of a channel to the next, by the device's own time, and what that usually is."""
        if pace > 0 and seconds < SILENT_S:
            self._missing.append(max(0, round(seconds / pace) - 1))

    def sample(self, sample: MotionSample) -> None:
        """A sample that was made."""
        self._lost.append(sample.lost)
        if sample.lost or not math.hypot(*sample.rate) < STILL:
            self._still = 0
            return
        self._still += 1
        if self._still >= STILL_S * MOTION_HZ:
            self._resting = math.hypot(*sample.acceleration)
            if sample.quaternion is not None:
                up = rotation.up(sample.quaternion)
                self._against = sum(a * b for a, b in zip(up, sample.acceleration, strict=True)) < 0

    def silence(self, now: float) -> float:
        """Seconds since anything of its motion was heard."""
        return now - self._heard

    def loss(self) -> float:
        """The share of its motion that did not come: of readings where it numbers them by time, else of samples."""
        missing = sum(self._missing)
        return max(missing / (missing + len(self._missing) or 1), sum(self._lost) / (len(self._lost) or 1))

    def health(
        self, now: float, channels: tuple[str, ...], moves: bool, gestures: bool, counts: Mapping[str, int], hopeless: bool
    ) -> Health:
        """In words. `moves`: samples were made; `gestures`: they have a rate; `hopeless`: its clock cannot be followed."""
        told = self._troubles(now, channels, moves, gestures)
        notes = ["its time tags are of no use: arrivals are taken"] if hopeless else []
        rate = sum(now - one < RATE_S for one in self._arrivals) / RATE_S
        counters = {"silent_s": min(self.silence(now), 1e6), "readings_hz": rate, "loss": self.loss(), **self._vitals, **counts}
        quiet = [
            f"{rate:.0f} readings a second",
            *(f"battery {self._vitals[k]:.0f} %" for k in ("battery",) if k in self._vitals),
        ]
        return Health(
            f"wearable {self._device}",
            State.DEGRADED if told else State.RUNNING,
            "; ".join(told + notes or quiet),
            max(self._heard, 0.0),
            tuple((name, float(value)) for name, value in counters.items()),
        )

    def _troubles(self, now: float, channels: tuple[str, ...], moves: bool, gestures: bool) -> list[str]:
        told = []
        if self.silence(now) > SILENT_S:
            told.append(
                f"nothing came for {self.silence(now):.0f} s: is it on, and in reach?"
                if moves
                else "nothing of its motion came yet"
            )
        elif not moves:
            told.append(f"it sends {', '.join(channels)}: switch on acceleration, or linear acceleration and gravity")
        elif not gestures:
            told.append("it sends no rate of turning and no quaternion: tilt and energy work, gestures do not")
        if self._vitals.get("battery", 100.0) < LOW_BATTERY:
            told.append(f"battery at {self._vitals['battery']:.0f} %")
        if self._vitals.get("signal", 0.0) < WEAK_SIGNAL:
            told.append(f"signal at {self._vitals['signal']:.0f} dBm: nearer to the access point")
        if self.loss() > MUCH_LOSS:
            told.append(f"{100 * self.loss():.0f} % of its motion is lost on the way")
        if self._resting is not None and not ONE_G[0] <= self._resting <= ONE_G[1]:
            told.append(
                f"at rest it reads {self._resting:.2f} g instead of 1: not the unit of its profile; see `showctl gesture learn`"
            )
        if self._against:
            told.append("its acceleration is upside down to its quaternion: turn the sign in its profile")
        return told
