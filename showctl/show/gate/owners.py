"""Which wearable of the venue a device is; None for one that nobody named, of which nothing may come."""

from __future__ import annotations

from collections.abc import Iterable

from showctl.plan import Wearable


def wearable_of(wearables: Iterable[Wearable], profile: str, name: str, source: str) -> Wearable | None:
    """`profile`, `name` and `source` (ip:port, mqtt:SENDER) as the intake has them; the name is PROFILE/ITS-OWN-NAME or
    PROFILE@SOURCE."""
    own = name.removeprefix(f"{profile}/") if name.startswith(f"{profile}/") else None
    places = (own, source, source.rpartition(":")[0])
    return next((one for one in wearables if one.profile == profile and one.address in places), None)


def chosen(wearables: Iterable[Wearable]) -> dict[str, str]:
    """Address -> profile, for the intake: of who is known by where they send from no other profile is looked at."""
    found: dict[str, str] = {}
    for one in wearables:
        if found.setdefault(one.address, one.profile) != one.profile:
            found[one.address] = ""  # one phone, two apps: their addresses tell them apart
    return {address: profile for address, profile in found.items() if profile and "." in address}
