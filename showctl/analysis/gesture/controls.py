"""The motion of a device as faders, each 0..1: what `posture` makes of it, or a number that the device says itself (`value`).
The way of each to its fader:

    zeroed -> 0..1 of its range -> 1 euro filter -> dead zone, as play in a gear: no step at its edge -> soft takeover -> slew

The slew limit allows no more at once than in the time of one sample, 2 % of the way at the usual SLEW: whatever the network
does, nothing jumps.

Time without motion (`MotionSample.lost` or nothing at all): after FREEZE_S nothing discrete may act on it, after HOLD_S the
values stand, after REST_S they go to their `rest` in REST_TAKES_S; from there a fader takes over only where the performer meets
it. All of it is by the time that is passed in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias, get_args

from showctl.analysis.gesture.one_euro import OneEuro
from showctl.analysis.gesture.posture import FULL_TURN, Motion, Posture
from showctl.model import MOTION_HZ, MotionSample, Reading

Kind: TypeAlias = Motion | Literal["value"]
KINDS: tuple[Kind, ...] = (*get_args(Motion), "value")

MOST_CONTROLS = 16
RANGES: dict[Kind, tuple[float, float]] = {
    "tilt": (-60.0, 60.0),
    "roll": (-60.0, 60.0),
    "height": (-0.9, 0.9),
    "energy": (0.05, 1.5),
    "yaw_rate": (-180.0, 180.0),
    "value": (0.0, 1.0),
}
NUMBERS = frozenset(("value", "values", "landmarks"))  # channels of a kind value
ZEROED = frozenset(("tilt", "roll", "height"))  # what `zero` makes the middle of the range
FREEZE_S, HOLD_S, REST_S, REST_TAKES_S = 0.1, 0.25, 1.0, 2.0
LEAST_HZ, BETA = 1.0, 1.8  # of the 1 euro filter; beta for 0..1 is 0.01 a degree of half a turn
DEAD_ZONE = 0.02
SLEW = 1.0  # 1/s
STEP_S = 1 / MOTION_HZ  # what a fader moves at once is what it may move in this time
MET = 0.02  # so near the performer has met the fader


class Mode(StrEnum):
    """How a control stands."""

    WAITING = "waiting to be met"
    LIVE = "live"
    HELD = "held"
    RESTING = "at rest"


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """One fader. Raises ValueError for what cannot be one."""

    name: str
    kind: Kind
    low: float | None = None  # what is 0, in the kind's unit; left out: of RANGES
    high: float | None = None  # what is 1; below `low` the fader runs the other way
    rest: float | None = 0.0  # 0..1, where it goes without motion; None: it stays
    dead_zone: float = DEAD_ZONE
    slew: float = SLEW  # 1/s
    of: str = ""  # of a value, its name; of values and landmarks with a number from 1 behind it: "ry.1"

    def __post_init__(self) -> None:
        low, high = self.range
        if self.kind not in KINDS:
            raise ValueError(f"{self.name}: {self.kind!r} is none of {', '.join(KINDS)}")
        if not (math.isfinite(low) and math.isfinite(high)) or low == high:
            raise ValueError(f"{self.name}: it runs from {low:g} to {high:g}; give it a range")
        if self.rest is not None and not 0 <= self.rest <= 1:
            raise ValueError(f"{self.name}: rest is 0 to 1, not {self.rest:g}")
        if (self.kind == "value") != bool(self.of) or not re.fullmatch(r"([^.]+(\.[1-9]\d?)?)?", self.of):
            raise ValueError(f"{self.name}: `of` says which value, NAME or NAME.3, and belongs to the kind value alone")
        if not 0 <= self.dead_zone <= 0.25 or not 0 < self.slew <= 10:
            raise ValueError(f"{self.name}: dead_zone is 0 to 0.25, slew above 0 and up to 10 a second")

    @property
    def range(self) -> tuple[float, float]:
        """What is 0 and what is 1."""
        low, high = RANGES.get(self.kind, (0.0, 1.0))
        return (low if self.low is None else self.low, high if self.high is None else self.high)


class Controls:
    """All faders that one device moves."""

    def __init__(self, settings: Sequence[ControlSettings]) -> None:
        """Raises ValueError for two of one name, or too many."""
        if len({one.name for one in settings}) < len(settings) or len(settings) > MOST_CONTROLS:
            raise ValueError(f"at most {MOST_CONTROLS} controls of a device, each with a name of its own")
        self._faders = {one.name: _Fader(one) for one in settings}
        self._posture = Posture()
        self._moved = -math.inf  # s, show time: when the last sample came that is none of the lost
        self._values = [fader for fader in self._faders.values() if fader.settings.of]

    def feed(self, sample: MotionSample, now: float | None = None) -> dict[str, float]:
        """A sample, and the values 0..1 after it, by name. `now` is show time, left out: that of the sample."""
        now = sample.time if now is None else now
        if not sample.lost:
            self._posture.feed(sample)
            self._moved = now
            for fader in self._faders.values():
                if fader.settings.kind != "value":
                    fader.aim(self._posture.value(fader.settings.kind, fader.raw), sample.time, now)
        return self.values(now)

    def hear(self, reading: Reading) -> None:
        """A number that the device says itself: for faders of the kind value."""
        if reading.channel in NUMBERS:
            for fader in self._values:
                name, _, number = fader.settings.of.partition(".")
                n = int(number or 1) - 1
                if name == reading.name and n < len(reading.values):
                    fader.aim(reading.values[n], reading.arrival, reading.arrival)

    def values(self, now: float) -> dict[str, float]:
        """The values 0..1 by name; ask as often as they are used, since they move without samples, too."""
        return {name: fader.at(now) for name, fader in self._faders.items()}

    def modes(self) -> dict[str, Mode]:
        """How each stands."""
        return {name: fader.mode for name, fader in self._faders.items()}

    def discrete(self, now: float) -> bool:
        """May anything discrete (a gesture, a posture) act on this motion? Not once it is FREEZE_S old."""
        return now - self._moved <= FREEZE_S

    def zero(self, *names: str) -> None:
        """The posture of now is the middle of the range: of these tilts, rolls and heights, or of all."""
        for name, fader in self._faders.items():
            if not names or name in names:
                fader.zero()

    def pick_up(self, *values: tuple[str, float]) -> None:
        """Soft takeover from now on: a fader moves only once the performer meets where it stands, or where `values` put it."""
        for fader in self._faders.values():
            fader.pick_up()
        for name, value in values:
            self._faders[name].put(value)


class _Fader:
    """One value on its way from the posture to 0..1."""

    def __init__(self, settings: ControlSettings) -> None:
        self.settings = settings
        self.raw: float | None = None  # in the kind's unit, before zeroing
        self._filter = OneEuro(LEAST_HZ, BETA)
        self._zero = 0.0
        self._moved = -math.inf  # s, show time: when it was aimed last
        self._played: float | None = None  # 0..1, behind the dead zone
        self._side: int | None = None  # of the fader, where it was waited for
        self._aimed: float | None = None  # s, the time of the last sample
        self._at: float | None = None  # s, when it was asked last
        self._far = 1.0  # the way to `rest`, from where it stood
        self.value = settings.rest or 0.0
        self.mode = Mode.WAITING

    def aim(self, raw: float | None, time: float, now: float) -> None:
        """What it is to follow, measured at `time` and here `now`; None where there is none in this posture."""
        passed = 1 / MOTION_HZ if self._aimed is None else min(time - self._aimed, HOLD_S)
        self._aimed, self._moved = time, max(self._moved, now)
        if raw is None:
            return
        self.raw = self._wrapped(raw)
        low, high = self.settings.range
        share = max(0.0, min(1.0, (self.raw - self._zero - low) / (high - low)))
        self._play(self._filter(share, passed))
        self._meet()

    def at(self, now: float) -> float:
        """The value now."""
        age = now - self._moved
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        if age > REST_S:
            self._rest(passed)
        elif age > HOLD_S:
            if self.mode is Mode.LIVE:
                self.mode = Mode.HELD
        elif self._played is not None:
            if self.mode is Mode.HELD:
                self.mode = Mode.LIVE
            elif self.mode is Mode.RESTING:
                self.pick_up()
            if self.mode is Mode.LIVE:
                self._go(self._played, self.settings.slew, passed)
        return self.value

    def zero(self) -> None:
        if self.settings.kind in ZEROED and self.raw is not None:
            low, high = self.settings.range
            self._zero = self.raw - (low + high) / 2

    def pick_up(self) -> None:
        self.mode, self._side = Mode.WAITING, None
        self._meet()

    def put(self, value: float) -> None:
        self.value = max(0.0, min(1.0, value))
        self.pick_up()

    def _wrapped(self, raw: float) -> float:
        """A roll as it counts: that between -180 and 180 degrees where it is in the range, else on the side where it was."""
        if self.settings.kind != "roll":
            return raw
        low, high = sorted(self.settings.range)
        main = (raw - self._zero + 180) % FULL_TURN - 180 + self._zero
        return main if low <= main - self._zero <= high else raw

    def _play(self, share: float) -> None:
        """The dead zone as play in a gear, stretched so that the ends are reached, and a little before the range ends."""
        half = self.settings.dead_zone / 2
        wide = share * (1 + 4 * half) - 2 * half
        before = wide if self._played is None else self._played
        self._played = max(0.0, min(1.0, min(max(before, wide - half), wide + half)))

    def _meet(self) -> None:
        """Live as soon as the performer is where the fader stands, or has passed it."""
        if self.mode is not Mode.WAITING or self._played is None:
            return
        away = self._played - self.value
        side = (away > MET) - (away < -MET)
        if side == 0 or (self._side is not None and side != self._side):
            self.mode = Mode.LIVE
        self._side = side

    def _rest(self, passed: float) -> None:
        if self.mode in (Mode.LIVE, Mode.HELD):
            self.mode = Mode.RESTING
            self._filter.reset()
            self._played = self.raw = None
            self._far = abs((self.settings.rest or 0.0) - self.value)
        if self.settings.rest is not None:
            self._go(self.settings.rest, self._far / REST_TAKES_S, passed)

    def _go(self, to: float, speed: float, passed: float) -> None:
        most = speed * min(passed, STEP_S)
        self.value += max(-most, min(most, to - self.value))
