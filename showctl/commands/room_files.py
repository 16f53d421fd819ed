"""What `room report`, `fit` and `transfer` share: files in, text and a picture out, and mistakes as one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

WRONG_USE, MISSING, CANNOT_RUN = 2, 69, 78


def responses(parser: argparse.ArgumentParser, text: str) -> None:
    """The option that names impulse responses."""
    parser.add_argument("--ir", type=Path, nargs="+", action="extend", required=True, metavar="FILE", help=text)


def picture(parser: argparse.ArgumentParser, text: str) -> None:
    """The option that draws."""
    parser.add_argument("--picture", type=Path, metavar="OUT.svg", help=text)


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
        print(f"showctl {command}: {error.filename}: {error.strerror}", file=sys.stderr)
        return WRONG_USE
    print("\n".join(lines))
    return 0
