"""`showctl privacy erase NAME`: all that is kept of a performer is taken away, and said one by one.

A daemon that runs forgets the enrolment within a second. Each file is taken away, or written anew without them, as a whole.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from showctl.commands.privacy import GATE, gate, standing

NOTHING, WRONG = 1, 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("performer", metavar="NAME", help="as the venue file has it")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--state", type=Path, metavar="DIR", help="the state folder of `showctl run`")


def run(args: argparse.Namespace) -> int:
    """Erase; 0, 1 where nothing is kept, nobody said yes or something could not be erased, 2 for wrong use."""
    from showctl import enrolments
    from showctl.commands.run import state_folder
    from showctl.outputs.gesture_log import lines_of

    state = state_folder(args.state, "showctl")
    if not args.yes and not sys.stdin.isatty():
        return _said("write --yes: without a terminal nobody can be asked", WRONG)
    names, folder = enrolments.names(state, args.performer, torn=True), state / "gestures"
    try:
        tries = len(lines_of(folder, args.performer))
        if not names and not tries and standing(state, args.performer) == (False, None):
            return _said(f"nothing is kept of {args.performer} in {state}", NOTHING)
        print(*[f"to be erased: {path}" for name in names for path in enrolments.files(state, name)], sep="\n")
        print(f"to be erased: {tries} lines of {folder}, what {args.performer} tried, with scores")
        if not args.yes and not _confirmed(args.performer):
            return _said("nothing was erased", NOTHING)
        return _erase(state, args.performer, names)
    except OSError as error:
        return _said(f"not all of it could be erased: {error}", NOTHING)


def _confirmed(performer: str) -> bool:
    try:
        return input(f"It cannot be brought back. Write {performer} to erase it: ").strip() == performer
    except EOFError:
        return False


def _erase(state: Path, performer: str, names: list[str]) -> int:
    from showctl import enrolments
    from showctl.outputs.gesture_log import without

    for name in names:
        there = enrolments.files(state, name)
        enrolments.erase(state, name)
        print(*[f"erased: {path}" for path in there], sep="\n")
    print(f"erased: {without(state / 'gestures', performer)} lines of {state / 'gestures'}")
    _forget(state, performer)
    print(f"kept: the journals, which know devices and what they asked for, not {performer}")
    print(f"kept: venue and show files, and their versions in {state / 'history'}, which say who wears what: yours to change")
    return 0


def _forget(state: Path, performer: str) -> None:
    """That the operator has taken them out, and when they did something last."""
    path, body = state / GATE, gate(state)
    if not body:
        return
    barred = [one for one in body.get("barred", []) if one != performer]
    theirs = (f"by {performer} ", f"quick {performer} ")
    last = {key: at for key, at in body.get("last", {}).items() if not f"{key} ".startswith(theirs)}
    part = path.with_suffix(".part")
    part.write_text(json.dumps({**body, "barred": barred, "last": last}))
    os.replace(part, path)
    print(f"erased: {performer} in {path}")


def _said(text: str, code: int) -> int:
    print(f"showctl privacy erase: {text}", file=sys.stderr)
    return code
