"""What `room report`, `fit`, `transfer` and `measure` share: files in, text and a picture out, and mistakes as one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from showctl.analysis.room.microphone import Calibration
    from showctl.analysis.room.target import Target
    from showctl.model import AudioBlock

WRONG_USE, MISSING, CANNOT_RUN = 2, 69, 78
LONGEST_S, SHORTEST_S = 60.0, 0.25  # of an impulse response; the shortest holds the lowest sixth of an octave, 40 Hz


def responses(parser: argparse.ArgumentParser, text: str) -> None:
    """The option that names impulse responses."""
    parser.add_argument("--ir", type=Path, nargs="+", action="extend", required=True, metavar="FILE", help=text)


def calibrations(parser: argparse.ArgumentParser) -> None:
    """The option that names calibration files."""
    parser.add_argument(
        "--calibration",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help="what the microphones hear too loud (FRD, .cal, .txt): one for all files, or one for each; it is taken out",
    )


def picture(parser: argparse.ArgumentParser, text: str) -> None:
    """The option that draws."""
    parser.add_argument("--picture", type=Path, metavar="OUT.svg", help=text)


def whole_response(path: Path) -> AudioBlock:
    """The sound of a file that is long enough for an impulse response. ValueError, in a line for people, OSError."""
    from showctl.inputs.wavfile import whole

    block = whole(path, LONGEST_S)
    seconds = len(block.samples) / block.rate
    if seconds < SHORTEST_S:
        raise ValueError(
            f"{path}: {seconds:.2f} s is too short for an impulse response: {SHORTEST_S:g} s at least, decay and noise"
        )
    return block


def named(target: str) -> Target:
    """A target by name or from a file. ConfigError, OSError, ValueError."""
    from showctl.analysis.room.target import NAMED, read

    if target in NAMED:
        return NAMED[target]
    if not Path(target).exists():
        raise ValueError(f"--target {target}: neither {' nor '.join(NAMED)}, and there is no such file")
    return read(Path(target).read_text(encoding="utf-8-sig", errors="replace"), target)


def curves(files: Sequence[Path], calibrated_by: Sequence[Path]) -> list[Calibration | None]:
    """The calibration of each file. ValueError where there are too few, one cannot be read, or its file has had it already."""
    if not calibrated_by:
        return [None] * len(files)
    from showctl.inputs.room.calibrations import curve_of
    from showctl.summary import calibrated

    if len(calibrated_by) not in (1, len(files)):
        raise ValueError(f"--calibration: {len(calibrated_by)} files for {len(files)}: give one for all of them, or one for each")
    for path in files:
        if by := calibrated(path):
            raise ValueError(f"{path}: {by} has been taken out of it by `room measure`: leave --calibration out")
    found = [curve_of(path) for path in calibrated_by]
    return [found[n % len(found)] for n in range(len(files))]


def told(command: str, picture: Path | None, work: Callable[[], tuple[list[str], Callable[[], str]]]) -> int:
    """Do `work`, which returns lines to print and what draws the picture, if it is asked for.

    0, or 2 where a file cannot be used (ValueError, OSError), 69 where a library is missing (DeviceError), 78 for mistakes in a
    configuration (ConfigError).
    """
    from showctl.model import ConfigError, DeviceError

    try:
        if picture is not None and picture.suffix.lower() != ".svg":
            raise ValueError(f"{picture}: a picture is SVG, name it {picture.stem}.svg")
        lines, drawn = work()
        if picture is not None:
            picture.write_text(drawn(), encoding="utf-8")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return CANNOT_RUN
    except DeviceError as error:
        print(f"showctl {command}: {error}", file=sys.stderr)
        return MISSING
    except ValueError as error:
        print(f"showctl {command}: {error}", file=sys.stderr)
        return WRONG_USE
    except OSError as error:
        print(f"showctl {command}: {error.filename or picture}: {error.strerror}", file=sys.stderr)  # a full disk names no file
        return WRONG_USE
    print("\n".join(lines))
    return 0
