"""`showctl privacy export NAME --out FILE.zip`: all that is kept of a performer, in forms that other programs read.

about.json        what was consented to and when, with which device, which gestures, what the audit said; whether the operator has
                  taken them out, and when (s of the show) they did something last, as far as a night that runs knows it
NAME.npz          the enrolment as the daemon reads it
NAME.csv          the recordings of the examples, where they were kept: gesture,rep,ax,ay,az,gx,gy,gz at 50 Hz
tried.jsonl       every gesture that was tried, with its score and what became of it
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from showctl.commands.privacy import standing

if TYPE_CHECKING:
    from showctl.enrolments import Kept

NOTHING, WRONG = 1, 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("performer", metavar="NAME", help="as the venue file has it")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.zip", help="the archive; it must not be there yet")
    parser.add_argument("--state", type=Path, metavar="DIR", help="the state folder of `showctl run`")


def run(args: argparse.Namespace) -> int:
    """Write the archive; 0, 1 where nothing is kept or it cannot be read, 2 where it cannot be written."""
    from showctl import enrolments
    from showctl.commands.run import state_folder
    from showctl.outputs.gesture_log import lines_of

    state = state_folder(args.state, "showctl")
    if args.out.exists():
        return _said(f"{args.out} is there already: choose another name", WRONG)
    try:
        names = enrolments.names(state, args.performer)
        tried = lines_of(state / "gestures", args.performer)
        taken_out, last = standing(state, args.performer)
        if not names and not tried and not taken_out and last is None:
            return _said(f"nothing is kept of {args.performer} in {state}", NOTHING)
        parts: dict[str, bytes] = {}
        about: dict[str, Any] = {"performer": args.performer, "enrolments": [], "tries": len(tried)}
        about |= {"taken_out": taken_out, "acted_last": last}
        for name in names:
            parts[f"{name}.npz"] = enrolments.path_of(state, name).read_bytes()
            about["enrolments"].append(_enrolment(name, state, parts))
        parts["tried.jsonl"] = "".join(json.dumps(one) + "\n" for one in tried).encode()
        parts["about.json"] = (json.dumps(about, indent=2) + "\n").encode()
        _write(args.out, parts)
    except OSError as error:
        return _said(str(error), WRONG)
    print(f"{args.out}: {', '.join(parts)}")
    return 0


def _enrolment(name: str, state: Path, parts: dict[str, bytes]) -> dict[str, Any]:
    """What is to be told of an enrolment; of one that cannot be read, that."""
    from showctl import enrolments

    try:
        kept = enrolments.load(state, name)
    except ValueError as error:
        return {"name": name, "unreadable": str(error)}
    if kept is None:  # erased meanwhile
        return {"name": name}
    if kept.recordings:
        parts[f"{name}.csv"] = _recordings(kept)
    return {
        "name": name,
        "gestures": kept.enrolment.gestures,
        "consent": asdict(kept.consent),
        "profile": kept.profile,
        "audit": asdict(kept.enrolment.audit),
    }


def _recordings(kept: Kept) -> bytes:
    import csv

    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(["gesture", "rep", "ax", "ay", "az", "gx", "gy", "gz"])
    for rep, (gesture, motion) in enumerate(kept.recordings):
        rows.writerows([gesture, rep, *row] for row in motion.tolist())
    return out.getvalue().encode()


def _write(path: Path, parts: dict[str, bytes]) -> None:
    """The archive appears whole or not at all, readable for nobody else. Raises OSError."""
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    os.replace(part, path)


def _said(text: str, code: int) -> int:
    print(f"showctl privacy export: {text}", file=sys.stderr)
    return code
