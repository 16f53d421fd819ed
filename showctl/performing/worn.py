"""The wearables that a venue names, and no others: which message is of which of them, whatever it arrived over.

Who is known by his IP address alone may change his port: phones do so each time that their program starts. Readings leave here
under the name that the venue gave the device; what is of nobody is for the quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from showctl.model import Reading
from showctl.plan import Wearable
from showctl.wire.osc import Message
from showctl.wire.places import plain_ip, split, ways
from showctl.wire.wearable.decode import device_name
from showctl.wire.wearable.intake import Wearables
from showctl.wire.wearable.mqtt import SENDER
from showctl.wire.wearable.profile import LONGEST_ADDRESS, Profile

MOST_MET = 1024  # pairs of address and sender that are remembered


class Worn(Wearables):
    """The wearables of a venue."""

    def __init__(self, wearables: Sequence[Wearable], profiles: Mapping[str, Profile]) -> None:
        """`profiles` by name, the venue's own among them; of those that are not worn here none may claim a message."""
        self.wearables = tuple(wearables)
        self.sources: dict[str, str] = {}  # wearable -> where it was heard from last, ip:port
        self._feedback = {one.name: one.feedback for one in wearables if one.feedback is not None}
        self._places = {one.address for one in wearables}
        self._speakers: dict[str, str] = {}  # where it sends from -> as the venue has written it
        self._met: dict[tuple[str, str], Wearable | None] = {}
        super().__init__([profiles[name] for name in dict.fromkeys(one.profile for one in wearables)], chosen(wearables))

    def knows(self, address: str, source: str) -> bool:
        """Is a message to this address, from ip:port, of one of ours?"""
        return self._whose(address, self._speaker(source)) is not None

    def take(self, message: Message, source: str, arrival: float) -> tuple[Reading, ...]:
        """What a message says, of the wearable by its name; nothing where it is of none."""
        speaker = self._speaker(source)
        wearable = self._whose(message.address, speaker)
        if wearable is None:
            return ()
        readings = super().take(message, speaker, arrival)
        if readings:
            self.sources[wearable.name] = source
        return tuple(replace(one, device=wearable.name) for one in readings)

    def listens(self, name: str) -> tuple[str, int] | None:
        """Where a wearable is told what came of it, ip and port: where the venue says, else where it was heard from last."""
        source = self.sources.get(name, "")
        host, port = ("", None) if source.startswith(SENDER) else split(source)  # nowhere: not heard yet, or over MQTT
        named, place = self._feedback.get(name, ("", port))
        host = named or host
        return None if place is None or not host else (host, place)

    def _speaker(self, source: str) -> str:
        """Who sends from ip:port, as the venue has written it."""
        if source not in self._speakers:
            if len(self._speakers) >= MOST_MET:
                self._speakers.clear()
            self._speakers[source] = next((place for place in ways(source) if place in self._places), source)
        return self._speakers[source]

    def _whose(self, address: str, speaker: str) -> Wearable | None:
        if len(address) > LONGEST_ADDRESS:
            return None
        met = (address, speaker)
        if met not in self._met:
            if len(self._met) >= MOST_MET:
                self._met.clear()
            self._met[met] = self._asked(address, speaker)
        return self._met[met]

    def _asked(self, address: str, speaker: str) -> Wearable | None:
        for profile, route, free in self.routes(address):
            found = wearable_of(self.wearables, profile.name, device_name(profile, route, free, speaker), speaker)
            if found is not None:
                return found
        return None


def wearable_of(wearables: Iterable[Wearable], profile: str, name: str, source: str) -> Wearable | None:
    """Which wearable of the venue a device is; None for one that nobody named, of which nothing may come.

    `profile`, `name` and `source` (ip:port, mqtt:SENDER) as the intake has them; the name is PROFILE/ITS-OWN-NAME or
    PROFILE@SOURCE.
    """
    own = (name.removeprefix(f"{profile}/"),) if name.startswith(f"{profile}/") else ()
    there = (*own, *ways(source))
    return next((one for one in wearables if one.profile == profile and one.address in there), None)


def chosen(wearables: Iterable[Wearable]) -> dict[str, str]:
    """Address -> profile, for the intake: of who is known by where they send from no other profile is looked at."""
    found: dict[str, str] = {}
    for one in wearables:
        if found.setdefault(one.address, one.profile) != one.profile:
            found[one.address] = ""  # one phone, two apps: their addresses tell them apart
    return {address: profile for address, profile in found.items() if profile and plain_ip(split(address)[0]) is not None}
