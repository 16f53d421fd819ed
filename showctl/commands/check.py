"""`showctl check FILE...`: every mistake of venue and show files in one pass, each with its place and its cure.

Problems go to standard output, one a line (`PATH:LINE:COLUMN: error|warning: TEXT [code]`, or one JSON object with --json); the
summary goes to standard error. Exit code 1 if there is any error, with --strict any warning as well.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `check` takes."""
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="a venue, a show, or both: one show in one venue")
    parser.add_argument("--strict", action="store_true", help="a warning is as bad as an error")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Print every problem; 1 if there is an error (with --strict any problem), else 0."""
    from showctl.config.load import check

    problems = check(args.files)
    for problem in problems:
        print(json.dumps(_fields(problem), ensure_ascii=False) if args.json else problem)
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    print(f"showctl check: {_count(errors, 'error')}, {_count(warnings, 'warning')}", file=sys.stderr)
    return int(errors > 0 or (args.strict and warnings > 0))


def _fields(problem: object) -> dict[str, object]:
    return {name: getattr(problem, name) for name in ("path", "line", "column", "severity", "code", "text")}


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'s' * (number != 1)}"
