"""`showctl gesture WHAT`: the wearables of performers. WHAT is a table, each with its own module."""

from __future__ import annotations

import argparse
import importlib

COMMANDS: dict[str, str] = {
    "devices": "the wearables that are known: what each sends, and how it is connected",
    "learn": "what arrives from wearables, which they are, and a profile for others",
    "enrol": "a performer shows gestures a few times each: they are audited, kept with consent, and known from then on",
    "spot": "the gestures in a recorded stream of motion, found as they would be live, from a few examples of each",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `gesture` takes: one of COMMANDS, and what that takes."""
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    for name, text in COMMANDS.items():
        module = importlib.import_module(f"showctl.commands.gesture_{name}")
        module.arguments(commands.add_parser(name, help=text, description=f"{text.capitalize()}.", allow_abbrev=False))


def run(args: argparse.Namespace) -> int:
    """As the subcommand has it: 0 done, 1 found something wrong, 2 wrong use, 69 missing, 78 cannot be run."""
    return int(importlib.import_module(f"showctl.commands.gesture_{args.command}").run(args))
