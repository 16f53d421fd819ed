"""`showctl schema venue|show`: JSON Schema for editors.

With the YAML extension of VS Code, or any editor with a YAML language server, keys are completed and explained as one types:

    showctl schema show > show.schema.json

and `# yaml-language-server: $schema=show.schema.json` as the first line of the show. `showctl check` knows more.
"""

from __future__ import annotations

import argparse
import json


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `schema` takes."""
    parser.add_argument("kind", choices=("venue", "show"), help="the kind of file that it is for")


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    from showctl.config.editor import json_schema

    print(json.dumps(json_schema(args.kind), indent=2, ensure_ascii=False))
    return 0
