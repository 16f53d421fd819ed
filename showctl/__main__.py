"""The command line: a table of subcommands. Each lives in `showctl.commands`, and only the one that is asked for is imported,
so that `--help` needs no card, no network, no X and a twentieth of a second.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from typing import NoReturn

from showctl import __version__

COMMANDS = {
    "demo": "the built-in venue, show and song: light in ten seconds, without any hardware",
    "run": "the daemon: a venue and a show, live",
    "set": "a hand on the running show: hold, release, park, identify, check, house lights, write back",
    "beat": "help the running show with its beat: tap, half, double, nudge, downbeat, lock",
    "reload": "have the daemon read the files again, although lit fixtures move, or undo the last reload",
    "history": "the good versions of the files that were played, and back to one of them",
    "init": "write a venue and a show to begin with",
    "check": "every mistake in venue and show files, with its place and its cure",
    "fmt": "venue and show files in the one way they are written, comments kept",
    "schema": "JSON Schema of venue and show files, for editors",
    "fixtures": "the fixture types there are, what is on their slots, whether fixture files are usable, a venue from an MVR plan",
    "explain": "why a fixture is as it is in a cue",
    "render": "the same show offline, as fast as it goes, byte for byte repeatable",
    "diff": "what of the light is another in a second render, as text and as a picture",
    "listen": "what the ear hears: beats, onsets, sections, levels",
    "room": "the acoustics of the room, and the equaliser that fits it",
    "gesture": "wearables: which are known, what arrives, enrolment",
    "privacy": "what is kept of a performer: export it, erase it",
    "devices": "the sound devices and MIDI desks of this machine, by name",
    "doctor": "what of this machine works, and what to do about the rest",
    "service": "the systemd units: install, status",
    "sacn": "the sACN output by itself: bench",
    "osc": "OSC by itself: what arrives, what the intake takes",
}


class Parser(argparse.ArgumentParser):
    """Wrong use is one line: what, and what to type."""

    def error(self, message: str) -> NoReturn:
        """Print one line and leave with exit code 2."""
        print(f"{self.prog}: {hint(message, self)}", file=sys.stderr)
        raise SystemExit(2)


def hint(message: str, parser: argparse.ArgumentParser) -> str:
    """The message of argparse with a suggestion for a mistyped option, and where help is."""
    prefix = "unrecognized arguments: "
    if message.startswith(prefix):
        wrong = message[len(prefix) :].split()[0]
        options = [option for action in parser._actions for option in action.option_strings]
        near = difflib.get_close_matches(wrong.split("=")[0], options, 1)
        message = f"unknown {'option' if wrong.startswith('-') else 'argument'} {wrong}" + (
            f"; did you mean {near[0]}?" if near else ""
        )
    return f"{message} (try: {parser.prog} --help)"


def overview() -> str:
    """The table of subcommands as `showctl --help` prints it."""
    rows = "\n".join(f"  {name:<9} {text}" for name, text in COMMANDS.items())
    head = "usage: showctl COMMAND ...\n\nLight in step with the music, from text files."
    return f"{head}\n\n{rows}\n\nshowctl COMMAND --help says more."


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; returns its exit code (0 done, 1 found something wrong, 2 wrong use, 69 missing, 78 cannot be run)."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["help"] and argv[1:]:
        argv = [argv[1], "--help"]
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(overview(), file=sys.stdout if argv else sys.stderr)
        return 0 if argv else 2
    if argv[0] in ("-V", "--version"):
        print(f"showctl {__version__}")
        return 0
    name = argv[0]
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        suggestion = f"; did you mean {near[0]}?" if near else ""
        print(f"showctl: there is no command {name!r}{suggestion} (try: showctl --help)", file=sys.stderr)
        return 2
    command = importlib.import_module(f"showctl.commands.{name}")
    parser = Parser(prog=f"showctl {name}", description=COMMANDS[name].capitalize() + ".", allow_abbrev=False)
    command.arguments(parser)
    arguments = parser.parse_args(argv[1:])
    try:
        return int(command.run(arguments))
    except KeyboardInterrupt:
        return 130


def program() -> int:
    """`main` as a program, whose reader may leave early (`showctl listen song.wav | head`)."""
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


if __name__ == "__main__":
    sys.exit(program())
