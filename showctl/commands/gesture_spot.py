"""`showctl gesture spot`: the gestures in a recorded stream, found sample by sample as they would be live.

Enrols from the examples of `--enrol` against the motion that is shipped and that of `--null`, then feeds the stream. Each line
is a decision, with the time when it was made; rejected candidates say why. Nothing depends on what comes later.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from showctl.analysis.gesture.enrolment import Enrolment
    from showctl.model import Candidate

WRONG_USE = 2
SEED = 6  # of the rehearsal: the same examples give the same enrolment
DEVICE = "stream"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--enrol", type=Path, required=True, metavar="FILE.csv", help="examples: gesture,rep,ax,ay,az,gx,gy,gz")
    parser.add_argument("--stream", type=Path, required=True, metavar="FILE.csv", help="ax,ay,az,gx,gy,gz: g and deg/s")
    parser.add_argument("--rate", type=float, required=True, metavar="HZ", help="samples a second, of all files")
    parser.add_argument(
        "--null", type=Path, nargs="+", action="extend", default=[], metavar="FILE.csv", help="more motion without gestures"
    )
    parser.add_argument("--only-null", action="store_true", help="leave out the motion that is shipped")
    parser.add_argument("--json", action="store_true", help="one JSON object a decision")


def run(args: argparse.Namespace) -> int:
    """Spot; 0, or 2 where a file is not what it should be."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small: a pool of threads would only cost
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        stream, enrolment = _read(args)
    except (ValueError, OSError) as error:
        print(f"showctl gesture spot: {error}", file=sys.stderr)
        return WRONG_USE
    for words in enrolment.audit.refused:
        print(f"showctl gesture spot: {words}", file=sys.stderr)
    show = _as_json if args.json else _as_text
    for candidate in spotted(enrolment, stream):
        print(show(candidate))
    return 0


def _read(args: argparse.Namespace) -> tuple[Any, Enrolment]:
    """The stream at 50 Hz, and what was enrolled."""
    import numpy as np

    from showctl.analysis.gesture.enrolment import enrolled
    from showctl.commands.gesture_files import FASTEST, SLOWEST, bridged, examples, motion, null_for, resampled

    if not SLOWEST <= args.rate <= FASTEST:
        raise ValueError(f"--rate {args.rate:g}: {SLOWEST:g} to {FASTEST:g} samples a second can be used")
    shown = [(name, resampled(one, args.rate)) for name, one in examples(args.enrol)]
    stream = resampled(motion(args.stream), args.rate)
    null = null_for(shown, [resampled(bridged(motion(path)), args.rate) for path in args.null], shipped_too=not args.only_null)
    return stream, enrolled(shown, null, np.random.default_rng(SEED))


def spotted(enrolment: Enrolment, stream: Any) -> Iterator[Candidate]:
    """What a Recogniser says of a stream (n, 6) at 50 Hz, NaN where samples are lost."""
    from showctl.analysis.gesture.recogniser import Recogniser
    from showctl.model import MOTION_HZ, MotionSample

    recogniser = Recogniser(enrolment)
    for number, row in enumerate(stream.tolist()):
        ax, ay, az, gx, gy, gz = row
        sample = MotionSample(number / MOTION_HZ, DEVICE, (ax, ay, az), (gx, gy, gz), lost=ax != ax)
        yield from recogniser.feed(sample)


def _as_json(candidate: Candidate) -> str:
    thing: dict[str, Any] = {} if candidate.accepted else {"type": "rejected"}
    thing |= {"time": round(candidate.time, 4), "gesture": candidate.gesture, "score": round(candidate.score, 4)}
    return json.dumps(thing | {"reason": candidate.reason})


def _as_text(candidate: Candidate) -> str:
    said = candidate.gesture if candidate.accepted else f"({candidate.gesture})"
    return f"{candidate.time:9.2f} s  {said:<20} {candidate.reason}"
