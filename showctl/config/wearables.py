"""The `wearables` of a venue: which devices are heard, what they send, who wears them. No other is listened to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from showctl.config.tree import Key, Node, Report
from showctl.config.values import did_you_mean
from showctl.plan import Sign, Wearable
from showctl.wire.places import joined
from showctl.wire.wearable.profile import Profile, profile
from showctl.wire.wearable.profiles import PROFILES

if TYPE_CHECKING:
    from showctl.config import schema

FINGERS = ("button", "press", "touch", "event")


@dataclass(frozen=True, slots=True)
class Wearing:
    """Who wears what in a venue."""

    wearables: tuple[Wearable, ...] = ()
    profiles: Mapping[str, Profile] | None = None  # ours, and those that the venue writes itself
    unsure: bool = False  # some had mistakes: nobody is called unknown

    def worn_by(self, performer: str, worn: str = "") -> list[Wearable]:
        """The devices of a performer: all, or that which is worn there."""
        return [one for one in self.wearables if one.performer == performer and worn in ("", one.worn)]

    def cannot(self, one: Wearable, sign: Sign) -> str:
        """Why a device cannot give a sign; empty if it can."""
        known = (self.profiles or {}).get(one.profile)
        return "" if known is None else cannot(sign, known)

    @property
    def performers(self) -> tuple[str, ...]:
        """Everybody who wears anything."""
        return tuple(dict.fromkeys(one.performer for one in self.wearables))


def cannot(sign: Sign, known: Profile) -> str:
    """Why a device of this profile cannot give a sign; empty if it can."""
    told = known.channels
    if sign.kind in ("movement", "posture"):
        wants = ("rate", "quaternion") if sign.kind == "movement" else ("acceleration", "linear", "gravity", "quaternion")
        return "" if set(wants) & set(told) else f"`{known.name}` sends no motion that a {sign.kind} could be known by"
    there = [one for one in FINGERS if one in told or f"{one}s" in told]
    return "" if sign.kind in there else f"`{known.name}` sends no {sign.kind}; it sends {', '.join(there) or 'motion alone'}"


def profiles_of(venue: schema.Venue) -> dict[str, Profile]:
    """The profiles of a venue that has no mistakes, besides ours: for whoever listens."""
    return PROFILES | {name: _profile(name, data) for name, data in venue.profiles.items()}


def _profile(name: str, data: Mapping[str, Any]) -> Profile:
    """Read a profile whose scalars are all text; ValueError for what is none."""
    types: dict[str, Callable[[Any], float | bool]] = {"rate": float, "timed": _truth, "certain": _truth}
    return profile(name, {key: types[key](one) if key in types else one for key, one in data.items()})


def _truth(text: Any) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"`{str(text)[:40]}`: write `true` or `false`")
    return bool(text == "true")


def compile_wearables(venue: schema.Venue, root: Node, unsure: bool, report: Report) -> Wearing:
    """The devices of a venue; mistakes go to the report. `unsure`: some were cut out for their mistakes already."""
    known, found = dict(PROFILES), dict[str, Wearable]()
    for name, data in venue.profiles.items():
        if name in PROFILES:
            text = f"`{name}` is a profile that is known already: choose another name"
            report.error(root.key("profiles", name), "E-profile", text)
            continue
        try:
            known[name] = _profile(name, data)
        except (ValueError, TypeError) as error:
            report.error(root.key("profiles", name), "E-profile", str(error))
    for name, one in venue.wearables.items():
        way: tuple[Key, ...] = ("wearables", name)
        if one.profile not in {*known, *venue.profiles}:
            near = did_you_mean(one.profile, known)
            text = f"no profile is called `{one.profile[:80]}`{near}: `showctl gesture devices` lists them"
            report.error(root.at(*way, "profile"), "E-unknown-profile", text)
            unsure = True
            continue
        if one.clutch is not None and one.profile in known and (why := cannot(one.clutch, known[one.profile])):
            report.error(root.at(*way, "clutch"), "E-sign", why)
        made = Wearable(name, one.profile, one.address, one.performer, one.worn or "", one.clutch, one.feedback, one.button_limit)
        _twice(made, found, root, report)
        _alone(made, venue.osc.allow, root, report)
        found[name] = made
    return Wearing(tuple(found.values()), known, unsure)


def _alone(one: Wearable, allowed: Sequence[str], root: Node, report: Report) -> None:
    """All of this machine would be a wearable, and so not command."""
    try:
        place = ip_address(one.address)
    except ValueError:  # with a port, or a name of its own
        return
    if place.is_loopback and f"{place}/{place.max_prefixlen}" not in allowed:
        text = f"whatever sends OSC from {one.address} counts as `{one.name}`, so no program of this machine may send /showctl/go"
        port = joined(one.address, 9000)
        cure = f"give its port (`{port}`), or write `{one.address}` into `osc: {{allow: [...]}}` if all of them may"
        report.warning(root.at("wearables", one.name, "address"), "W-this-machine", f"{text}: {cure}")


def _twice(one: Wearable, found: Mapping[str, Wearable], root: Node, report: Report) -> None:
    """One device under two names, or two that could not be told apart."""
    for other in found.values():
        if (other.profile, other.address) == (one.profile, one.address):
            mark = root.at("wearables", one.name, "address")
            report.error(mark, "E-name-twice", f"`{other.name}` is the same device: name it once")
        elif (other.performer, other.worn) == (one.performer, one.worn):
            text = f"`{other.name}` is worn by {one.performer}, too{', and there' if one.worn else ''}"
            mark = root.key("wearables", one.name)
            report.error(mark, "E-name-twice", f"{text}: say where each is, `worn: left` and `worn: right`")
