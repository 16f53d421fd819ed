"""From the messages of all wearables to readings, each with the device it is of. Protocol state, the time as an argument. PURE.

Which profile a message is of is told by its address; where two have it, by its arguments, and then by what its sender was
before. A device whose address tells it from its like belongs to who spoke for it first: a second sender of that name is refused
and named, until the first has been silent for OWNER_S. All others are told apart by the ip:port that they send from.

What a network doubles is dropped: the same time tag, address and arguments from the same sender within DOUBLE_S. Without a time
tag only presses and events are judged so: a hand that is still says the same numbers again and means it. Of a button without one
a release always counts, and saying again how it stands is no copy, since many devices do that as long as it is held; but a press
so soon after the one before, with the release between them, is one that the release has overtaken.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from showctl.model import Quaternion, Reading
from showctl.wire.osc import IMMEDIATELY, Message
from showctl.wire.places import split
from showctl.wire.wearable.decode import Refused, device_name, fits, readings, whole
from showctl.wire.wearable.profile import LONGEST_ADDRESS, VECTORS, Profile, Route, free_element
from showctl.wire.wearable.profiles import PROFILES

MOST_DEVICES = 32
MOST_NAMES = 64  # buttons, values and events of a device
MOST_KNOWN = 1024  # addresses that are remembered
MOST_ELEMENTS = 16  # of an address
MOST_RECENT = 128  # messages of a device that are compared with the next
MOST_TROUBLES = 8  # that are told
OWNER_S = 2.0  # silence after which another sender may have the name
FORGOTTEN_S = 60.0  # silence after which a device makes room
DOUBLE_S = 0.25
AGAIN_S = 0.05  # how often it is of use to hear again how a button stands: a press sent three times against loss is one
TOGETHER_S = 0.1  # axes that come one a packet belong together within this
MOMENTS = frozenset(("press", "event"))


@dataclass(slots=True)
class Device:
    """A device that is heard."""

    name: str
    profile: Profile
    source: str
    heard: float  # s, when it was heard last
    names: set[str] = field(default_factory=set)
    recent: OrderedDict[int, float] = field(default_factory=OrderedDict)  # hash of a message -> when it arrived
    buttons: dict[str, tuple[bool, float, float]] = field(default_factory=dict)  # without time tags: as of `_button`
    axes: dict[str, dict[str, Reading]] = field(default_factory=dict)  # channel -> axis -> what came


class Wearables:
    """All wearables that send here. Nothing that is sent raises; what is refused is counted by its reason."""

    def __init__(self, profiles: Iterable[Profile] = tuple(PROFILES.values()), chosen: Mapping[str, str] | None = None) -> None:
        """`profiles` are those that are known, `chosen` the name of the profile of a sender (ip:port or ip), where it is
        written down: then no other is looked at. Raises ValueError for a profile that is chosen and unknown."""
        self.counts: Counter[Refused] = Counter()
        self._exact: dict[str, list[tuple[Profile, Route]]] = {}
        self._free: dict[tuple[str, str], list[tuple[Profile, Route]]] = {}  # what stands around the free element
        self._known: dict[str, list[tuple[Profile, Route, str]]] = {}  # addresses that came
        self._devices: OrderedDict[str, Device] = OrderedDict()
        self._troubles: OrderedDict[str, float] = OrderedDict()  # sentence -> when it was last so
        known = set()
        for profile in profiles:
            known.add(profile.name)
            for route in profile.routes:
                if route.around is None:
                    self._exact.setdefault(route.address, []).append((profile, route))
                else:
                    self._free.setdefault(route.around, []).append((profile, route))
        self._chosen = dict(chosen or {})
        if not set(self._chosen.values()) <= known:
            raise ValueError(f"there is no profile {min(set(self._chosen.values()) - known)!r}, only {', '.join(sorted(known))}")

    def take(self, message: Message, source: str, arrival: float) -> tuple[Reading, ...]:
        """One message from `source` (ip:port) that arrived at `arrival` (s, show time): what it says."""
        found = self._route(message, source)
        if isinstance(found, Refused):
            return self.refuse(found)
        profile, route, free = found
        made = readings(profile, route, message, device_name(profile, route, free, source), arrival, free)
        if isinstance(made, Refused):
            return self.refuse(made)
        if not made:  # known, and of no use
            return ()
        device = self._device(device_name(profile, route, free, source), profile, source, arrival)
        if isinstance(device, Refused):
            return self.refuse(device)
        if self._doubled(device, message, made, arrival):
            return self.refuse(Refused.DUPLICATE)
        names = {one.name for one in made}
        if len(device.names | names) > MOST_NAMES:
            return self.refuse(Refused.NAMES)
        device.names |= names
        made = tuple(one for one in made if one.channel != "button" or one.time is not None or self._button(device, one))
        return tuple(whole for one in made if (whole := self._together(device, one)) is not None)

    def refuse(self, why: Refused) -> tuple[Reading, ...]:
        """Count a message of which nothing is made."""
        self.counts[why] += 1
        return ()

    def routes(self, address: str) -> list[tuple[Profile, Route, str]]:
        """The profiles and routes that an address may be of, and what stands at its free element."""
        if len(address) > LONGEST_ADDRESS:
            return []
        found = self._known.get(address)
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[address] = self._candidates(address)
        return found

    def devices(self) -> list[Device]:
        """Those that are heard, the one heard last at the end."""
        return list(self._devices.values())

    def troubles(self, now: float) -> list[str]:
        """What a person must put right, in sentences, as far as it was so in the last minute."""
        return [text for text, at in self._troubles.items() if now - at < FORGOTTEN_S]

    # --- which profile ---------------------------------------------------------------------------------------------

    def _route(self, message: Message, source: str) -> tuple[Profile, Route, str] | Refused:
        candidates = self.routes(message.address)
        chosen = self._chosen and (self._chosen.get(source) or self._chosen.get(split(source)[0]))
        if chosen:
            candidates = [one for one in candidates if one[0].name == chosen]
        if not candidates:
            return Refused.ADDRESS
        fitting = [one for one in candidates if fits(one[1], message)]
        if len(fitting) > 1:
            before = {one.profile.name for one in self._devices.values() if one.source == source}
            return next((one for one in fitting if one[0].name in before), fitting[0])
        return fitting[0] if fitting else Refused.SHAPE

    def _candidates(self, address: str) -> list[tuple[Profile, Route, str]]:
        """The routes that an address may be of; what is written out goes before what is free."""
        if address in self._exact:
            return [(profile, route, "") for profile, route in self._exact[address]]
        parts = address.split("/")
        if len(parts) > MOST_ELEMENTS:
            return []
        found = []
        for n in range(1, len(parts)):
            around = ("/".join(parts[:n]) + "/", "".join(f"/{part}" for part in parts[n + 1 :]))
            if around in self._free and free_element(parts[n]):
                found += [(profile, route, parts[n]) for profile, route in self._free[around]]
        return found

    # --- which device ----------------------------------------------------------------------------------------------

    def _device(self, name: str, profile: Profile, source: str, arrival: float) -> Device | Refused:
        device = self._devices.get(name)
        if device is None:
            if len(self._devices) >= MOST_DEVICES and not self._forget(arrival):
                self.trouble(f"more than {MOST_DEVICES} devices send: {source} is left out", arrival)
                return Refused.CROWDED
            device = self._devices[name] = Device(name, profile, source, arrival)
        elif device.source != source:
            if arrival - device.heard < OWNER_S:
                self.trouble(
                    f"{source} says that it is {name}, as {device.source} does: only the first is listened to. Give one another "
                    "name (channel, prefix, uuid)",
                    arrival,
                )
                return Refused.SENDER
            device.source = source
            device.recent.clear()
            device.buttons.clear()
            device.axes.clear()
        device.heard = max(device.heard, arrival)
        self._devices.move_to_end(name)
        return device

    def _forget(self, now: float) -> bool:
        """Make room: the device that has been silent for longest, where that is long enough."""
        oldest = next(iter(self._devices.values()))
        if now - oldest.heard < FORGOTTEN_S:
            return False
        del self._devices[oldest.name]
        return True

    def trouble(self, text: str, now: float) -> None:
        """Something that a person must put right."""
        self._troubles[text] = now
        self._troubles.move_to_end(text)
        if len(self._troubles) > MOST_TROUBLES:
            self._troubles.popitem(last=False)

    # --- what came twice, what comes in pieces ---------------------------------------------------------------------

    def _doubled(self, device: Device, message: Message, made: Iterable[Reading], arrival: float) -> bool:
        if message.timetag <= IMMEDIATELY and not any(one.channel in MOMENTS for one in made):
            return False
        same = hash((message.timetag, message.address, message.arguments))  # a message may be long
        doubled = arrival - device.recent.get(same, -DOUBLE_S) < DOUBLE_S
        device.recent[same] = arrival
        device.recent.move_to_end(same)
        while len(device.recent) > MOST_RECENT:
            device.recent.popitem(last=False)
        return doubled

    def _button(self, device: Device, one: Reading) -> bool:
        """Is it of use what is told of a button without a time tag?"""
        down, at = one.values[0] > 0.0, one.arrival
        was, told, pressed = device.buttons.get(one.name, (False, -math.inf, -math.inf))
        if down == was and at - told < AGAIN_S:
            return False
        if down and not was and at - pressed < DOUBLE_S:
            self.refuse(Refused.DUPLICATE)
            return False
        device.buttons[one.name] = (down, at, at if down else pressed)
        return True

    def _together(self, device: Device, one: Reading) -> Reading | None:
        """A reading as it is, or of the last axis all axes at once; None as long as some are missing."""
        letters = "xyzw" if one.channel == "quaternion" else "xyz" if one.channel in VECTORS else ""
        if not letters or len(one.values) > 1:
            return one
        axes = device.axes.setdefault(one.channel, {})
        axes[one.name] = one
        if any(letter not in axes or one.arrival - axes[letter].arrival > TOGETHER_S for letter in letters):
            return None
        values = tuple(axes[letter].values[0] for letter in ("wxyz" if letters == "xyzw" else letters))
        axes.clear()
        if one.channel == "quaternion":
            turned = whole(device.profile, cast("Quaternion", values))
            if turned is None:
                self.refuse(Refused.RANGE)
                return None
            values = turned
        return Reading(one.device, one.channel, values, one.arrival, one.time)
