"""`showctl reload`: have the running daemon read its files again now, over its own HTTP door.

Nobody needs it to take up what was saved, as the daemon watches the files. It is for `--force`, where a change was refused
because it moves fixtures that are lit, for `--undo`, and for a daemon that does not watch.
"""

from __future__ import annotations

import argparse
import sys

from showctl.commands import door
from showctl.commands.set import post


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `reload` takes."""
    deed = parser.add_mutually_exclusive_group()
    deed.add_argument("--force", action="store_true", help="also what moves or takes away fixtures that are lit")
    deed.add_argument(
        "--undo", action="store_true", help="play what was played before the last reload; the files stay as they are"
    )
    door.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Send it; 0 if the daemon takes it, 1 if it says why not, 2 for wrong use, 69 if nobody answers."""
    asked = {"type": "undo_reload"} if args.undo else {"type": "reload", "force": args.force}
    code, text = post(args.to, args.token, asked)
    if code == door.DONE:
        print("showctl reload: asked; the page and the log say what comes of it")
    else:
        print(f"showctl reload: {text}", file=sys.stderr)
    return code
