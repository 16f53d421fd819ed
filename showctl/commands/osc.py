"""`showctl osc WHAT`: OSC by itself. WHAT is a table, each with its own module."""

from __future__ import annotations

import argparse
import importlib

COMMANDS: dict[str, str] = {
    "bench": "what the OSC intake takes without loss on this machine, and what it costs",
    "monitor": "what arrives by OSC, live, and how much of it each sender sends",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `osc` takes: one of COMMANDS, and what that takes."""
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    for name, text in COMMANDS.items():
        module = importlib.import_module(f"showctl.commands.osc_{name}")
        module.arguments(commands.add_parser(name, help=text, description=f"{text.capitalize()}.", allow_abbrev=False))


def run(args: argparse.Namespace) -> int:
    """As the subcommand has it: 0 done, 1 found something wrong, 2 wrong use, 69 missing."""
    return int(importlib.import_module(f"showctl.commands.osc_{args.command}").run(args))
