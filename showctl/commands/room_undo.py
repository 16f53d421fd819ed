"""`showctl room undo VENUE`: the running show's equaliser goes back to before its last change, at last to what was found."""

from __future__ import annotations

import argparse

from showctl.commands import room_apply

arguments = room_apply.common


def run(args: argparse.Namespace) -> int:
    """Ask; as `room apply`."""
    return room_apply.ask(args, "undo")
