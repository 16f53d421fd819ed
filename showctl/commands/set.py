"""`showctl set WHAT...`: a hand on the running show, in words, over the daemon's own HTTP door.

    showctl set wash intensity 70%      hold it          showctl set --release [wash]     let go of it, or of everything
    showctl set --park 1/101 50%        park it          showctl set --unpark [1/101]     and free it again
    showctl set --identify par.3 [--off]                 showctl set --check next|back|off
    showctl set --house 30% [--fade 3s]                  showctl set --write "colour blood"

The words are understood by the daemon, against the show that it plays: this is only its messenger.
"""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from showctl.commands import door
from showctl.commands.door import DONE

STEPS = {"next": 1, "back": -1, "off": 0}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `set` takes."""
    parser._negative_number_matcher = re.compile("-[0-9]")  # -20deg is an angle, no option; argparse itself knows only -20
    parser.add_argument("what", nargs="*", metavar="WHAT", help="wash intensity 70%%, par.1 colour blood, 1/101 128 ...")
    deed = parser.add_mutually_exclusive_group()
    deed.add_argument("--release", action="store_true", help="let go of WHAT (`wash`, `wash colour`), or of all that is held")
    deed.add_argument("--park", action="store_true", help="nothing changes WHAT any more: no cue, no master, no blackout")
    deed.add_argument("--unpark", action="store_true", help="WHAT, or all that is parked, is free again")
    deed.add_argument("--identify", metavar="FIXTURE", help="it blinks full, open and white")
    deed.add_argument("--check", choices=tuple(STEPS), help="one fixture after the other at full")
    deed.add_argument("--house", metavar="LEVEL", help="the house lights: 30%%, full, out")
    deed.add_argument("--write", metavar="PALETTE", help="what is held becomes this palette of the file: `colour blood`")
    parser.add_argument("--off", action="store_true", help="with --identify: no longer")
    parser.add_argument("--fade", metavar="TIME", help="with --house: in this time, 3s")
    door.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Send it; 0 if the daemon takes it, 1 if it says why not, 2 for wrong use, 69 if nobody answers."""
    asked = body(args)
    if isinstance(asked, str):
        print(f"showctl set: {asked}", file=sys.stderr)
        return 2
    code, text = post(args.to, args.token, asked)
    if text:
        print(text if code == DONE else f"showctl set: {text}", file=sys.stdout if code == DONE else sys.stderr)
    return code


def body(args: argparse.Namespace) -> dict[str, Any] | str:
    """The control that is asked for, or what is wrong with how it was asked for."""
    what = " ".join(args.what)
    alone = args.identify or args.check or args.house or args.write
    if what and alone:
        return f"`{what}` is one thing too many here: ask for one at a time"
    if (args.off and not args.identify) or (args.fade and not args.house):
        return "--off belongs to --identify, --fade to --house"
    if args.identify:
        return {"type": "identify", "fixture": args.identify, "on": not args.off}
    if args.check:
        return {"type": "check", "step": STEPS[args.check]}
    if args.house:
        return {"type": "hold", "what": f"house {args.house} {args.fade or ''}".strip()}
    if args.write:
        return {"type": "write", "palette": args.write}
    if args.release or args.unpark:
        return {"type": "let_go" if args.release else "unpark"} | ({"what": what} if what else {})
    if not what:
        return "what? write target, what and value: showctl set wash intensity 70% (try: showctl set --help)"
    return {"type": "park" if args.park else "hold", "what": what}


def post(to: str | None, token: str | None, asked: dict[str, Any]) -> tuple[int, str]:
    """Hand a control to the daemon: exit code, and what is to be said."""
    code, answer, text = door.ask(to, token, "/api/control", asked)
    return code, str(answer.get("text", "")) if code == DONE else text
