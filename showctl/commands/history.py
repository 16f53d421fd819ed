"""`showctl history`: the good versions of venue and show that were played, and a way back to one of them.

    showctl history [--state DIR]                          a line each, the newest first
    showctl history [--state DIR] --restore N              its files are written back where they came from
    showctl history [--state DIR] --restore N --to FOLDER  or below another folder

What would be overwritten is kept beside, as NAME.before-restore. A daemon that runs takes up what was restored as if it had
been saved by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from showctl.commands.run import state_folder


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `history` takes."""
    parser.add_argument("--state", type=Path, metavar="DIR", help="the --state of the daemon")
    parser.add_argument("--restore", type=int, metavar="N", help="write the files of version N back")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="below this folder instead of where they came from")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """List, or write back; 1 if there is no such version."""
    from showctl import history

    folder = state_folder(args.state, "showctl") / "history"
    found = history.versions(folder)
    if args.restore is not None:
        return _restore(args, found, folder)
    if not found:
        print(f"showctl history: no version is kept in {folder} (give the --state of the daemon)", file=sys.stderr)
        return 1
    for one in found:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.time))
        if args.json:
            files = [str(one.top / path) for path in one.files]
            said = {"number": one.number, "time": one.time, "version": one.name, "changed": one.changed, "files": files}
            print(json.dumps(said, ensure_ascii=False))
        else:
            print(f"{one.number:6d}  {when}  {one.name}  {one.changed}")
    return 0


def _restore(args: argparse.Namespace, found: list, folder: Path) -> int:  # type: ignore[type-arg]
    from showctl import history

    version = next((one for one in found if one.number == args.restore), None)
    if version is None:
        print(f"showctl history: there is no version {args.restore} in {folder}", file=sys.stderr)
        return 1
    try:
        written = history.restore(version, args.to)
    except OSError as error:
        print(f"showctl history: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    for path in written:
        print(path)
    print(f"showctl history: {len(written)} of {len(version.files)} files were written, the others are so", file=sys.stderr)
    return 0
