"""`showctl gesture devices`: the wearables that are known, what each sends, how it is connected, and where we know it from."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from showctl.wire.wearable.profile import Profile

GYROSCOPE = {"rate", "quaternion"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="one of them, with all its addresses")
    parser.add_argument("--json", action="store_true", help="one JSON object a device")


def run(args: argparse.Namespace) -> int:
    """Say it; 0, or 1 where there is no device of that name."""
    from showctl.wire.wearable.profiles import PROFILES, TABLES

    if args.name is not None and args.name not in PROFILES:
        import difflib
        import sys

        near = difflib.get_close_matches(args.name, PROFILES, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(PROFILES)}"
        print(f"showctl gesture devices: there is no device {args.name!r}{hint}", file=sys.stderr)
        return 1
    for name in PROFILES if args.name is None else [args.name]:
        one, routes = PROFILES[name], TABLES[name]["routes"]
        print(json.dumps(as_json(one, routes)) if args.json else as_text(one, routes if args.name else None))
    return 0


def gives(profile: Profile) -> str:
    """What a performer can do with it."""
    told = set(profile.channels)
    if told & {"event", "value", "values"} and not profile.rate:
        return "recognises by itself"
    if "landmarks" in told:
        return "hands before a camera"
    if not profile.rate:
        return "nothing yet"
    return "gestures and faders" if told & GYROSCOPE else "faders only (no gyroscope)"


def as_json(profile: Profile, routes: dict[str, str | list[str]]) -> dict[str, object]:
    """Everything, as one object."""
    return {
        "name": profile.name,
        "title": profile.title,
        "gives": gives(profile),
        "channels": list(profile.channels),
        "rate_hz": profile.rate,
        "timed": profile.timed,
        "identity": "address" if profile.identified else "sender",
        "certain": profile.certain,
        "source": profile.source,
        "connect": profile.connect,
        "routes": routes,
    }


def as_text(profile: Profile, routes: dict[str, str | list[str]] | None) -> str:
    """A few lines; with all addresses where they are given."""
    lines = [
        f"{profile.name:<12} {profile.title}: {gives(profile)}",
        f"{'':<12} sends    {', '.join(profile.channels)}",
        f"{'':<12} connect  {profile.connect}",
        f"{'':<12} known    {'' if profile.certain else 'not for certain: '}{profile.source}",
    ]
    for address, meaning in (routes or {}).items():
        lines += [f"{'':<12} {address:<28} {text}" for text in ([meaning] if isinstance(meaning, str) else meaning)]
    return "\n".join(lines)
