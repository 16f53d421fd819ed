"""`showctl privacy WHAT`: what is kept of a performer, handed out or taken away. WHAT is a table, each with its own module.

Kept of a performer are, in the state folder: performers/NAME.npz (and NAME.WORN.npz), which is how they move, by their consent;
their tries in gestures/gestures.jsonl, words and scores; and in performers.json, until the end of a night, whether they are
disarmed.
The journals know devices by the names that the venue gave them, what the show was asked for and when, and nobody's name and no
motion: a night can be replayed without them, so they stay as they are. Venue and show files, of which the history holds the last
versions, are written by people and stay theirs to change.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

GATE = "performers.json"  # in the state folder: how the gate of a night stands
COMMANDS: dict[str, str] = {
    "export": "everything that is kept of a performer, in one archive",
    "erase": "everything that is kept of a performer is taken away",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `privacy` takes: one of COMMANDS, and what that takes."""
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    for name, text in COMMANDS.items():
        module = importlib.import_module(f"showctl.commands.privacy_{name}")
        module.arguments(commands.add_parser(name, help=text, description=f"{text.capitalize()}.", allow_abbrev=False))


def run(args: argparse.Namespace) -> int:
    """0 done, 1 nothing is kept or something could not be done, 2 wrong use."""
    return int(importlib.import_module(f"showctl.commands.privacy_{args.command}").run(args))


def gate(state: Path) -> dict[str, Any]:
    """How the gate of a night stands; nothing where there is none."""
    try:
        body = json.loads((state / GATE).read_text())
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}


def standing(state: Path, performer: str) -> tuple[bool, float | None]:
    """Whether the operator has taken somebody out, and when (s of the show) they did something last, where that is kept."""
    body = gate(state)
    return performer in body.get("barred", ()), body.get("last", {}).get(f"by {performer}")
