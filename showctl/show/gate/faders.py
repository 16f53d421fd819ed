"""Motion as levels: what a performer's tilt does to a submaster, a volume or a speed.

Where a level stands when it is armed is where it begins: the fader of the device is told to wait there (`PickUp`), and the same
when somebody else has moved the level meanwhile. There is one step a frame, in which it moves by its slew at most, and by no more
than that allows in STEP_S, 2 % of full at the usual slew, whatever comes in. A device that is not heard leaves the level where it
is; one that is lost while it moved it lets the level go to its rest in REST_TAKES_S. After that it has to be armed anew.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from showctl.model import ControlEvent, PlaybackState, SetMaster, SetRate, TrackRate, TrackVolume
from showctl.plan import ControlBinding
from showctl.show.gate.arming import Arming
from showctl.show.gate.presence import FREEZE_S, HOLD_S, LOST_S

STEP_S, REST_TAKES_S = 0.02, 2.0
STILL, SAME = 1e-3, 1e-6  # a share that did not move; one level
UNDER_WAY_S = 0.3  # so long levels of its own may be on their way to the state of the show


@dataclass(frozen=True, slots=True)
class PickUp:
    """A fader of a device is to wait at this share (0..1) until the performer meets it."""

    device: str
    name: str
    share: float


@dataclass(slots=True)
class Fader:
    """One level, and how it stands."""

    binding: ControlBinding
    armed: float | None = None  # s, since when; None: it is not
    level: float = 1.0
    share: float | None = None  # where the device was told to wait, until it moves
    resting: float = 0.0  # 1/s, how fast it goes to its rest; 0: it does not
    sent: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=64))

    def follow(self, share: float | None, most: float) -> None:
        """Go towards where the device is, 0..1, by at most so much."""
        if share is None or not math.isfinite(share) or (self.share is not None and abs(share - self.share) < STILL):
            return
        self.share = None
        low, high = self.binding.range
        self.go(low + (high - low) * min(max(share, 0.0), 1.0), most)

    def go(self, to: float, most: float) -> None:
        """Go towards a level."""
        way = to - self.level
        self.level = to if abs(way) <= most else self.level + math.copysign(most, way)

    def is_mine(self, standing: float, now: float) -> bool:
        """Whether a level of the show is one that was asked for here."""
        while len(self.sent) > 1 and self.sent[1][0] < now - UNDER_WAY_S:
            self.sent.popleft()
        for n, (_, level) in enumerate(self.sent):
            if abs(level - standing) < SAME:
                for _ in range(n):  # the show has seen this one: those before it can only be another hand's
                    self.sent.popleft()
                return True
        return False

    def is_taken(self, standing: float | None, now: float) -> bool:
        """Whether another hand has moved the level that this one moves."""
        return self.armed is not None and standing is not None and not self.is_mine(standing, now)

    def begins(self, since: float, standing: float | None, now: float) -> bool:
        """Whether it begins anew, where the level stands: it was just armed, or another hand has moved the level."""
        taken = self.is_taken(standing, now)
        if self.armed == since and not taken:
            return False
        self.armed, self.level = since, self.level if standing is None else standing
        self.sent.clear()
        self.sent.append((now, self.level))
        return True

    def pick_up(self) -> PickUp:
        """What the device is told: to wait where the level stands."""
        low, high = self.binding.range
        self.share = min(max((self.level - low) / (high - low), 0.0), 1.0)
        return PickUp(self.binding.device, self.binding.name, self.share)

    def event(self, now: float) -> ControlEvent | None:
        """What is asked for, if the level has moved since it was asked for last."""
        if self.sent and abs(self.level - self.sent[-1][1]) < SAME:
            return None
        self.sent.append((now, self.level))
        common = {"time": now, "source": f"gesture:{self.binding.device}"}
        match self.binding.do:
            case SetRate() | TrackRate() as one:
                return replace(one, rate=self.level, **common)  # type: ignore[arg-type]
            case SetMaster() | TrackVolume() as other:
                return replace(other, level=self.level, **common)  # type: ignore[arg-type]
        return None


class Faders:
    """All levels that motion moves."""

    def __init__(self, bindings: tuple[ControlBinding, ...]) -> None:
        self._all = [Fader(one) for one in bindings]
        self._stepped = -math.inf
        self._patient = -math.inf  # s, until when a device may be silent that was heard in the life before this one

    def step(
        self, now: float, shares: Mapping[tuple[str, str], float], arming: Arming, playback: PlaybackState
    ) -> Iterator[ControlEvent | PickUp]:
        """What is asked for at `now` (s); `shares` are the faders of the devices, 0..1, by device and name."""
        passed = min(max(now - self._stepped, 0.0), STEP_S)
        self._stepped = now
        devices = {one.name: one for one in arming.plan.wearables}
        for one in self._all:
            device, age = devices[one.binding.device], arming.presence.age(one.binding.device, now)
            standing = _standing(one.binding.do, playback)
            if one.armed is not None and arming.ended(device, one.armed):
                one.armed = None
            if age > LOST_S and now >= self._patient:
                self._lost(one, standing, now, passed)
            elif age <= FREEZE_S:
                since = arming.since(one.binding.window, device, now)
                one.resting = 0.0
                if since is None:
                    one.armed = None
                elif one.begins(since, standing, now):
                    yield one.pick_up()
                    continue  # what the device says now is not from where it waits
            elif one.is_taken(standing, now):
                one.armed = None  # it begins anew when it is heard again
            if one.armed is not None and age <= HOLD_S:
                one.follow(shares.get((device.name, one.binding.name)), one.binding.slew * passed)
            if (one.armed is not None or one.resting) and (event := one.event(now)) is not None:
                yield event

    def _lost(self, one: Fader, standing: float | None, now: float, passed: float) -> None:
        """It goes to its rest, if it was this device that moved it, and until another hand does."""
        rest = one.binding.rest
        if rest is not None and one.armed is not None:
            one.resting = abs(rest - one.level) / REST_TAKES_S
        one.armed = None
        if not one.resting or rest is None or (standing is not None and not one.is_mine(standing, now)):
            one.resting = 0.0
            return
        one.go(rest, one.resting * passed)

    def moving(self) -> list[tuple[str, str, float]]:
        """Those that move a level now, or take it to its rest: device, name and level."""
        return [(one.binding.device, one.binding.name, one.level) for one in self._all if one.armed is not None or one.resting]

    def moved(self, before: Iterable[tuple[str, str, float]], now: float) -> None:
        """Some moved a level in the life before this one: where their device does not come back, they go to their rest."""
        levels, self._patient = {(device, name): level for device, name, level in before}, now + LOST_S
        for one in self._all:
            level = levels.get((one.binding.device, one.binding.name))
            if level is not None and one.binding.rest is not None:
                one.level = level
                one.resting = abs(one.binding.rest - level) / REST_TAKES_S
                one.sent.append((now, level))

    def take_over(self, old: Faders, devices: set[str]) -> None:
        """Go on from the faders that are as they were."""
        before = {one.binding: one for one in old._all if one.binding.device in devices}
        self._all = [before.get(one.binding, one) for one in self._all]
        self._stepped = old._stepped


def _standing(do: ControlEvent, playback: PlaybackState) -> float | None:
    """Where a level stands in the show; None where the show does not say."""
    match do:
        case SetMaster(submaster=str(name)):
            return dict(playback.submasters).get(name)
        case TrackVolume():
            return playback.track_volume
        case SetRate(list=name):
            return next((one.rate for one in playback.lists if one.name == name), None)
    return None
