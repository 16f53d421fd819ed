"""`showctl schema venue|show`: JSON Schema for editors.

With the YAML extension of VS Code, or any editor with a YAML language server, keys are completed and explained as one types:

    showctl schema show --out show.schema.json

and the line that it prints as the first of the show. `showctl check` knows more.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `schema` takes."""
    parser.add_argument("kind", choices=("venue", "show"), help="the kind of file that it is for")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there, and say how an editor finds it")


def run(args: argparse.Namespace) -> int:
    """Print or write the schema; 1 if it cannot be written."""
    from showctl.config.editor import json_schema

    text = json.dumps(json_schema(args.kind), indent=2, ensure_ascii=False)
    if args.out is None:
        print(text)
        return 0
    try:
        args.out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        print(f"showctl schema: {args.out}: {error.strerror}: name a file that you may write", file=sys.stderr)
        return 1
    print(f"# yaml-language-server: $schema={args.out}")
    return 0
