"""`showctl room relearn VENUE`: the microphones of the running show stand well where they stand now, as they sound now."""

from __future__ import annotations

import argparse

from showctl.commands import room_apply

arguments = room_apply.common


def run(args: argparse.Namespace) -> int:
    """Ask; as `room apply`, and where the venue has microphones without an equaliser, too."""
    return room_apply.ask(args, "relearn")
