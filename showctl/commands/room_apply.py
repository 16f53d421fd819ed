"""`showctl room apply VENUE`: what the running show proposes for the equaliser is taken over, once; for the mode `advise`.

It asks the daemon at its HTTP door, at the page that the venue file names, and hears within the second whether it is done or
why not. It returns then, not when the bands have moved: that takes minutes while people listen, and the daemon's health tells.
With `--at-once` nobody listens, and it takes seconds. `--switch-on` applies nothing: it makes an equaliser ready that is off.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from showctl.commands import door
from showctl.commands.set import post

CANNOT = 78


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    common(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--at-once", action="store_true", help="nobody listens: at 1 dB a second, not half a dB in ten")
    how.add_argument("--switch-on", action="store_true", help="instead: make an equaliser that is off flat, and switch it on")


def common(parser: argparse.ArgumentParser) -> None:
    """What every command for the running show's equaliser takes."""
    parser.add_argument("venue", metavar="VENUE.yaml", type=Path)
    door.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Ask; 0 if the daemon takes it, 1 if it says why not, 69 if nobody answers, 78 if the venue has no equaliser."""
    return ask(args, "switch_on" if args.switch_on else "apply_at_once" if args.at_once else "apply")


def ask(args: argparse.Namespace, do: str) -> int:
    """Ask the show that runs in this venue."""
    from showctl.config.load import load_pa, load_venue
    from showctl.model import ConfigError

    try:
        plan, venue = load_pa(args.venue), load_venue(args.venue)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return CANNOT
    if plan is None or (plan.console is None and not (do == "relearn" and plan.microphones)):
        print(f"showctl room: {args.venue} names no equaliser: write `console` under `pa`", file=sys.stderr)
        return CANNOT
    door.of_venue(args, venue.web)
    code, text = post(args.to, args.token, {"type": "eq", "do": do})
    if text:
        print(f"showctl room: {text}", file=sys.stderr)
    return code
