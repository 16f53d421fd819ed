"""`showctl render`: a show offline, as fast as it goes, byte for byte repeatable."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from showctl.model import AudioBlock
    from showctl.render import Summary
    from showctl.replay import Batch
    from showctl.wire.journal import Load

WRONG, WRONG_USE, MISSING, CANNOT_RUN = 1, 2, 69, 78
MOST_HZ = 1000.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("venue", type=Path, metavar="VENUE", help="the venue file")
    parser.add_argument("cues", type=Path, metavar="CUES", help="the show file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where frames-NNNN.npz and events.jsonl go")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="a sound file that is listened to")
    parser.add_argument(
        "--events", type=Path, metavar="LOG", help="what the engine is given: a file, or the folder `journal` that `run` records"
    )
    parser.add_argument("--seconds", type=_number(0.0, 30 * 86400.0), metavar="N", help="how long (to the last sound or event)")
    parser.add_argument(
        "--rate", type=_number(1.0, MOST_HZ), metavar="HZ", help="frames a second (44; of a night: its own steps)"
    )


def _number(low: float, high: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value) or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text}: between {low:g} and {high:g}")
        return value

    return number


def run(args: argparse.Namespace) -> int:
    """Render; 0, 1 for sound or a journal that cannot be read, 2 for wrong use, 69 without libsndfile, 78 for bad files."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the matrices are small: a pool of threads would only cost
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from showctl.model import ConfigError, DeviceError

    if args.audio is None and args.events is None and args.seconds is None:
        print("showctl render: how long? Give --audio, --events or --seconds", file=sys.stderr)
        return WRONG_USE
    try:
        began = time.process_time()
        summary = _render(args)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return CANNOT_RUN
    except DeviceError as error:
        print(f"showctl render: {error}", file=sys.stderr)
        return MISSING
    except OSError as error:
        name = str(error.filename or args.out)
        cure = "; name another folder with --out" if name.startswith(str(args.out)) else ""
        print(f"showctl render: {name}: {error.strerror or error}{cure}", file=sys.stderr)
        return WRONG
    except ValueError as error:
        print(error if str(error).startswith(str(args.events)) else f"showctl render: {error}", file=sys.stderr)
        return WRONG
    spent = time.process_time() - began
    said = f"{summary.frames} frames ({summary.seconds:.1f} s) and {summary.events} events in {args.out}, {spent:.1f} s of CPU"
    print(said, file=sys.stderr)
    if not summary.events and args.events is None:
        hint = 'no cue was fired: to press GO, write lines like {"time": 1.0, "type": "go"} to a file and name it with --events'
        print(f"showctl render: {hint}", file=sys.stderr)
    return 0


def _render(args: argparse.Namespace) -> Summary:
    from showctl.config.load import load
    from showctl.inputs import wavfile
    from showctl.render import RATE, render, replay
    from showctl.replay import begins, find, read_journal, steps

    loaded = load(args.venue, args.cues)
    for warning in loaded.warnings:
        print(warning, file=sys.stderr)
    files = [] if args.events is None else find(args.events, _warn)
    length = args.seconds or (wavfile.duration_of(args.audio) if args.audio else None)
    with _progress(length) as progress:
        if args.audio is None and files and begins(files[0]) is not None:
            night = _checked(steps(files, _warn), loaded.version)
            return replay(loaded.plan, args.out, night, seconds=args.seconds, rate=args.rate, progress=progress)
        return render(
            loaded.plan,
            args.out,
            sound=None if args.audio is None else _listened(wavfile.blocks(args.audio), loaded.venue.audio.channels),
            journal=read_journal(files),
            seconds=args.seconds,
            rate=args.rate or RATE,
            progress=progress,
        )


def _listened(sound: Iterator[AudioBlock], channels: list[int]) -> Iterator[AudioBlock]:
    """The channels that the venue listens to."""
    from showctl.inputs.ear_channels import Chosen

    return map(Chosen(tuple(channels)).of, sound) if channels else sound


def _checked(night: Iterator[Load | Batch], show: str) -> Iterator[Load | Batch]:
    """A recorded night; where other files were played than these, it is told."""
    from showctl.wire.journal import Load

    told = {show, ""}
    for one in night:
        if isinstance(one, Load) and one.show not in told:
            told.add(one.show)
            _warn(f"from {one.time:.1f} s on {one.name} was played from other files than these: the light may be another")
        yield one


def _warn(text: str) -> None:
    print(f"showctl render: {text}", file=sys.stderr)


@contextmanager
def _progress(seconds: float | None) -> Iterator[Callable[[float], None] | None]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rendering", total=seconds)
        yield lambda now: bar.update(task, completed=now)
