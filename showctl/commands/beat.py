"""`showctl beat half`: help the running show with its beat, over its own HTTP door, in the words of the page and of OSC.

It is for scripts, and for who has only a terminal; who stands at the desk taps, or presses the buttons of the page.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from showctl.commands import door
from showctl.commands.set import post

TAP, NUDGE = "tap", "nudge"
DEEDS = {
    TAP: "the beat is now; twice and more also say how fast",
    "half": "half as fast as it is heard",
    "double": "twice as fast",
    "earlier": "10 ms earlier than it is heard",
    "later": "10 ms later",
    NUDGE: "later by so many ms (earlier below 0): nudge -25",
    "downbeat": "a bar begins now",
    "lock": "it runs on by itself as it is",
    "unlock": "it follows what is heard again",
    "free": "the ear alone: nothing of all this counts any more",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `beat` takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"  {word:<10}{what}" for word, what in DEEDS.items())
    parser.add_argument("do", choices=tuple(DEEDS), metavar="WORD", help="one of those below")
    parser.add_argument("ms", nargs="?", type=float, metavar="MS", help="of a nudge")
    door.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Send it; 0 if the daemon takes it, 1 if it says why not, 2 for wrong use, 69 if nobody answers."""
    if (args.do == NUDGE) != (args.ms is not None):
        print("showctl beat: write by how many ms: `showctl beat nudge -25`; only a nudge takes a number", file=sys.stderr)
        return 2
    asked: dict[str, Any] = {"type": TAP} if args.do == TAP else {"type": "beat", "do": args.do}
    code, text = post(args.to, args.token, asked | ({} if args.ms is None else {"ms": args.ms}))
    if text:
        print(f"showctl beat: {text}", file=sys.stderr)
    return code
