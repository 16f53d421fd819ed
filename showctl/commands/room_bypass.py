"""`showctl room bypass VENUE [--off]`: the running show's equaliser becomes flat, or what it was before the bypass."""

from __future__ import annotations

import argparse

from showctl.commands import room_apply


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    room_apply.common(parser)
    parser.add_argument("--off", action="store_true", help="end the bypass")


def run(args: argparse.Namespace) -> int:
    """Ask; as `room apply`."""
    return room_apply.ask(args, "unbypass" if args.off else "bypass")
