"""`showctl room WHAT`: the acoustics of the room, and the equaliser that fits it. WHAT is a table, each with its own module."""

from __future__ import annotations

import argparse
import importlib

COMMANDS: dict[str, str] = {
    "apply": "what the running show proposes for the equaliser is taken over",
    "bypass": "the running show's equaliser becomes flat, or with --off what it was before",
    "calibrate": "the sensitivity of a microphone, by a calibrator of 94 or 114 dB that is put on it",
    "fit": "the equaliser that brings the room to a target, from impulse responses",
    "measure": "sweeps from each zone of the PA to every microphone: impulse responses, arrival, polarity, decay",
    "relearn": "the microphones stand well where they stand now: moved, swapped or turned up, they are to stay so",
    "report": "reverberation, clarity and speech intelligibility of impulse responses, an octave at a time",
    "restore": "the running show's equaliser becomes what was found at the start",
    "undo": "the running show's equaliser goes back to before its last change",
    "transfer": "what the room does to the programme, heard through the show: delay, clock, magnitude, and what of it to trust",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `room` takes: one of COMMANDS, and what that takes."""
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    for name, text in COMMANDS.items():
        module = importlib.import_module(f"showctl.commands.room_{name}")
        module.arguments(commands.add_parser(name, help=text, description=f"{text.capitalize()}.", allow_abbrev=False))


def run(args: argparse.Namespace) -> int:
    """As the subcommand has it: 0 done, 1 found something wrong, 2 wrong use, 69 missing, 78 cannot be run."""
    return int(importlib.import_module(f"showctl.commands.room_{args.command}").run(args))
