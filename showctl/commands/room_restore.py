"""`showctl room restore VENUE`: the running show's equaliser becomes what was found at the start; `auto` becomes `advise`."""

from __future__ import annotations

import argparse

from showctl.commands import room_apply

arguments = room_apply.common


def run(args: argparse.Namespace) -> int:
    """Ask; as `room apply`."""
    return room_apply.ask(args, "restore")
